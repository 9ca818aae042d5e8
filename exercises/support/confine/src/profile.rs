//! Seccomp profiles as Docker writes them: JSON with a rule for a list of calls.

use std::fs;
use std::path::Path;

use nix::sys::utsname::uname;
use serde::Deserialize;

use crate::policy::{Action, Comparison, Condition};

/// The rules that containers get unless they ask for others. It names what may be called;
/// everything else is refused.
const DEFAULT: &str = include_str!("default_profile.json");

/// A profile, before it is known which capabilities its container has.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(try_from = "Document")]
pub struct Profile {
    /// The answer to calls that no rule names.
    pub default_action: Action,
    /// The rules, in the order of the file; of several for one call, the first that matches.
    pub rules: Vec<ProfileRule>,
}

/// One rule: what is answered to these calls, in which containers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileRule {
    /// The calls by name. Some exist on other architectures only.
    pub names: Vec<String>,
    /// The answer.
    pub action: Action,
    /// What must hold of the arguments, all of it; empty if they do not matter.
    pub conditions: Vec<Condition>,
    /// The rule counts only where all of this holds.
    pub includes: Scope,
    /// The rule does not count where any of this holds.
    pub excludes: Scope,
}

/// Containers and machines that a rule is, or is not, meant for.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default, rename_all = "camelCase")]
pub struct Scope {
    /// Capabilities by name, such as `CAP_SYS_ADMIN`.
    pub caps: Vec<String>,
    /// Architectures as Go names them: `amd64`, `arm64`.
    pub arches: Vec<String>,
    /// The oldest kernel, such as `4.8`.
    pub min_kernel: Option<String>,
}

impl Scope {
    /// Whether the running kernel is not older than the scope asks for.
    pub fn kernel_is_new_enough(&self) -> bool {
        let version =
            |text: &str| -> Vec<u32> { text.split(['.', '-']).map_while(|part| part.parse().ok()).take(2).collect() };
        let Some(oldest) = &self.min_kernel else { return true };
        uname().is_ok_and(|name| version(&name.release().to_string_lossy()) >= version(oldest))
    }
}

impl Profile {
    /// Reads a profile from its JSON text.
    ///
    /// # Errors
    /// What is wrong with the text, with its line.
    pub fn parse(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    /// Reads a profile from a file.
    ///
    /// # Errors
    /// The file that could not be read, or what is wrong in it.
    pub fn read(path: &Path) -> Result<Self, String> {
        let text = fs::read_to_string(path).map_err(|error| format!("read {}: {error}", path.display()))?;
        Self::parse(&text).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// The rules that containers get unless they ask for others.
    ///
    /// # Errors
    /// None: a test reads the text that is compiled in.
    pub fn default_profile() -> Result<Self, String> {
        Self::parse(DEFAULT)
    }
}

/// The file's own shape. Keys that do not matter here, such as `archMap`, are passed over.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    default_action: String,
    default_errno_ret: Option<u16>,
    #[serde(default)]
    syscalls: Vec<DocumentRule>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DocumentRule {
    #[serde(default)]
    names: Vec<String>,
    /// The form before Docker 1.13.
    name: Option<String>,
    action: String,
    errno_ret: Option<u16>,
    args: Option<Vec<DocumentArgument>>,
    includes: Option<Scope>,
    excludes: Option<Scope>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DocumentArgument {
    index: u8,
    value: u64,
    #[serde(default)]
    value_two: u64,
    op: String,
}

impl TryFrom<Document> for Profile {
    type Error = String;

    fn try_from(document: Document) -> Result<Self, String> {
        let rules = document.syscalls.into_iter().map(ProfileRule::try_from).collect::<Result<_, _>>()?;
        Ok(Self { default_action: action(&document.default_action, document.default_errno_ret)?, rules })
    }
}

impl TryFrom<DocumentRule> for ProfileRule {
    type Error = String;

    fn try_from(rule: DocumentRule) -> Result<Self, String> {
        let conditions = rule.args.unwrap_or_default().into_iter().map(Condition::try_from);
        Ok(Self {
            names: rule.names.into_iter().chain(rule.name).collect(),
            action: action(&rule.action, rule.errno_ret)?,
            conditions: conditions.collect::<Result<_, _>>()?,
            includes: rule.includes.unwrap_or_default(),
            excludes: rule.excludes.unwrap_or_default(),
        })
    }
}

impl TryFrom<DocumentArgument> for Condition {
    type Error = String;

    fn try_from(argument: DocumentArgument) -> Result<Self, String> {
        let (comparison, mask, value) = match argument.op.as_str() {
            "SCMP_CMP_NE" => (Comparison::NotEqual, u64::MAX, argument.value),
            "SCMP_CMP_LT" => (Comparison::Less, u64::MAX, argument.value),
            "SCMP_CMP_LE" => (Comparison::LessOrEqual, u64::MAX, argument.value),
            "SCMP_CMP_EQ" => (Comparison::Equal, u64::MAX, argument.value),
            "SCMP_CMP_GE" => (Comparison::GreaterOrEqual, u64::MAX, argument.value),
            "SCMP_CMP_GT" => (Comparison::Greater, u64::MAX, argument.value),
            // Here the first number is the mask.
            "SCMP_CMP_MASKED_EQ" => (Comparison::Equal, argument.value, argument.value_two),
            other => return Err(format!("'{other}' is not a comparison of libseccomp")),
        };
        if argument.index > 5 {
            return Err(format!("a call has six arguments, and this is number {}", argument.index));
        }
        Ok(Self { argument: argument.index, mask, comparison, value })
    }
}

fn action(name: &str, errno: Option<u16>) -> Result<Action, String> {
    Ok(match name {
        "SCMP_ACT_ALLOW" => Action::Allow,
        // EPERM, unless the profile names another.
        "SCMP_ACT_ERRNO" => Action::Errno(errno.unwrap_or(1)),
        "SCMP_ACT_KILL_PROCESS" => Action::KillProcess,
        "SCMP_ACT_KILL" | "SCMP_ACT_KILL_THREAD" => Action::KillThread,
        "SCMP_ACT_TRAP" => Action::Trap,
        "SCMP_ACT_LOG" => Action::Log,
        other => return Err(format!("'{other}' is not an action that galley knows")),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

    use super::*;

    #[test]
    fn the_default_profile_is_read() {
        let profile = Profile::default_profile().unwrap();
        assert_eq!(profile.default_action, Action::Errno(1));
        let names = profile.rules.iter().flat_map(|rule| &rule.names);
        assert!(names.clone().any(|name| name == "openat"));
        assert!(!names.clone().any(|name| name == "keyctl"), "keys are not a container's to ask for");
    }

    #[test]
    fn podmans_profile_is_read_where_it_is_installed() {
        let path = Path::new("/usr/share/containers/seccomp.json");
        if path.exists() {
            assert!(Profile::read(path).unwrap().rules.len() > 10);
        }
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for text in [
            r#"{"defaultAction": "SCMP_ACT_WISH"}"#,
            r#"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW",
                "args": [{"index": 6, "value": 0, "op": "SCMP_CMP_EQ"}]}]}"#,
            "[]",
        ] {
            assert!(Profile::parse(text).is_err(), "{text}");
        }
    }
}
