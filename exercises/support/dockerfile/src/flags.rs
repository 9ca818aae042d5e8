//! The flags of instructions. Each is supported, or refused by name.

use parse_dockerfile::Flag;
use strsim::osa_distance;

use crate::ast::Copy;
use crate::diagnostic::Diagnostic;

/// Flags that others know and galley does not, and what to do without them.
const REFUSED: [(&str, &str, &str); 9] = [
    ("RUN", "mount", "install and clean up in one RUN; take files of another stage with COPY --from"),
    ("RUN", "device", "leave it out: a build sees no devices of the host"),
    ("COPY", "parents", "copy each directory to a target of its own name"),
    ("COPY", "exclude", "name the files in .dockerignore"),
    ("ADD", "exclude", "name the files in .dockerignore"),
    ("ADD", "checksum", "fetch the file in a RUN, and check it there with sha256sum -c"),
    ("ADD", "keep-git-dir", "clone the repository in a RUN"),
    ("ADD", "unpack", "archives are always unpacked; COPY leaves them as they are"),
    ("ADD", "from", "use COPY --from"),
];

/// The flags that an instruction has here.
fn supported(instruction: &str) -> &'static [&'static str] {
    match instruction {
        "FROM" => &["platform"],
        "RUN" => &["network", "security"],
        "COPY" => &["from", "chown", "chmod", "link"],
        _ => &["chown", "chmod", "link"],
    }
}

/// FROM: the platform that was asked for.
pub fn of_from(flags: &[Flag<'_>]) -> Result<Option<String>, Diagnostic> {
    let mut platform = None;
    for flag in flags {
        platform = Some(value_of(flag, check(flag, "FROM")?)?);
    }
    Ok(platform)
}

/// RUN: whether the command has no network.
pub fn of_run(flags: &[Flag<'_>]) -> Result<bool, Diagnostic> {
    let mut offline = false;
    for flag in flags {
        let name = check(flag, "RUN")?;
        let value = value_of(flag, name)?;
        match (name, value.as_str()) {
            ("network", "none") => offline = true,
            ("network", "default" | "host") => offline = false,
            ("security", "sandbox") => {}
            _ => {
                let hint =
                    if name == "network" { "none, default and host are" } else { "every RUN is --security=sandbox" };
                return Err(Diagnostic::new(&value, format!("RUN --{name}={value} is not supported")).suggest(hint));
            }
        }
    }
    Ok(offline)
}

/// COPY and ADD: writes the flags into `copy`.
pub fn of_copy(flags: &[Flag<'_>], copy: &mut Copy) -> Result<(), Diagnostic> {
    for flag in flags {
        match check(flag, if copy.add { "ADD" } else { "COPY" })? {
            // It tells other builders how to store the layer.
            "link" => {}
            "from" => copy.from = Some(value_of(flag, "from")?),
            "chown" => copy.chown = Some(value_of(flag, "chown")?),
            name => copy.chmod = Some(value_of(flag, name)?),
        }
    }
    Ok(())
}

/// The flag's name, if the instruction has it here.
fn check(flag: &Flag<'_>, instruction: &str) -> Result<&'static str, Diagnostic> {
    let name = &*flag.name.value;
    let known = supported(instruction);
    if let Some(found) = known.iter().find(|known| **known == name) {
        return Ok(found);
    }
    let word = format!("--{name}");
    if let Some((_, _, hint)) = REFUSED.iter().find(|(of, refused, _)| *of == instruction && *refused == name) {
        return Err(Diagnostic::new(&word, format!("{instruction} {word} is not supported")).suggest(*hint));
    }
    let closest = known.iter().filter(|known| osa_distance(name, known) <= 2).min_by_key(|it| osa_distance(name, it));
    Err(Diagnostic::new(&word, format!("{instruction} has no flag {word}")).suggest(match closest {
        Some(closest) => format!("did you mean --{closest}?"),
        None => format!("it has --{}", known.join(", --")),
    }))
}

fn value_of(flag: &Flag<'_>, name: &str) -> Result<String, Diagnostic> {
    let value = flag.value.as_ref().map(|value| value.value.clone().into_owned());
    value.filter(|value| !value.is_empty()).ok_or_else(|| {
        Diagnostic::new(&format!("--{name}"), format!("--{name} has no value")).suggest(format!("write --{name}=VALUE"))
    })
}
