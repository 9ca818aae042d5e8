//! `inspect --format`: the part of Docker's template language that people type.
//!
//! `{{.State.Pid}}` is a path into what `inspect` prints, `{{json .Config}}` the
//! same as JSON, and all around them is text.

use serde_json::Value;

use crate::error::{Error, Result};

/// Puts values in place of the template's paths.
///
/// # Errors
/// [`Error::Usage`]: an open brace, an action of another kind, a path to nothing.
pub fn fill(template: &str, value: &Value) -> Result<String> {
    let mut filled = String::new();
    let mut rest = template;
    while let Some((text, behind)) = rest.split_once("{{") {
        let Some((action, behind)) = behind.split_once("}}") else {
            return Err(Error::Usage(format!("the format '{template}' opens {{{{ and never closes it with }}}}")));
        };
        filled.push_str(text);
        filled.push_str(&perform(action.trim(), value)?);
        rest = behind;
    }
    Ok(filled + rest)
}

fn perform(action: &str, value: &Value) -> Result<String> {
    let (as_json, path) = match action.strip_prefix("json ") {
        Some(path) => (true, path.trim()),
        None => (false, action),
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | ':');
    if !path.starts_with('.') || !path.chars().all(plain) {
        let known = "write a path such as {{.State.Pid}}, or {{json .Config}}";
        return Err(Error::Usage(format!("the format has '{action}', which is no path: {known}")));
    }
    Ok(match look_up(path, value)? {
        Value::String(text) if !as_json => text.clone(),
        other => other.to_string(),
    })
}

fn look_up<'a>(path: &str, value: &'a Value) -> Result<&'a Value> {
    let mut here = value;
    for name in path.split('.').filter(|name| !name.is_empty()) {
        let next = match here {
            Value::Array(items) => name.parse::<usize>().ok().and_then(|index| items.get(index)),
            other => other.get(name),
        };
        here = next.ok_or_else(|| Error::Usage(format!("there is no '{name}' of '{path}'; {}", names_in(here))))?;
    }
    Ok(here)
}

/// What could have been written instead.
fn names_in(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            format!("there are {}", fields.keys().map(String::as_str).collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => format!("there are {} items, counted from 0", items.len()),
        _ => "a value has no parts".to_owned(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on ends here")]
mod tests {
    use serde_json::json;

    use super::fill;

    fn tried(template: &str) -> String {
        let value = json!({ "State": { "Pid": 42, "Status": "running" }, "Cmd": ["soup", "-v"], "None": null });
        fill(template, &value).unwrap_or_else(|error| format!("error: {error}"))
    }

    #[test]
    fn paths_are_replaced_by_values() {
        assert_eq!(tried("{{.State.Pid}}"), "42");
        assert_eq!(tried("pid {{ .State.Pid }}, {{.State.Status}}."), "pid 42, running.");
        assert_eq!(tried("{{.Cmd}} {{.Cmd.1}} {{json .Cmd.1}}"), r#"["soup","-v"] -v "-v""#);
        assert_eq!(tried("{{json .State}} {{.None}}"), r#"{"Pid":42,"Status":"running"} null"#);
        assert_eq!(tried("no braces, ü"), "no braces, ü");
    }

    #[test]
    fn what_is_no_path_is_refused_in_one_line() {
        for (template, words) in [
            ("{{.State.Pit}}", "no 'Pit' of '.State.Pit'; there are Pid, Status"),
            ("{{.Cmd.7}}", "there are 2 items"),
            ("{{.State.Pid.Pid}}", "a value has no parts"),
            ("{{.State", "never closes"),
            ("{{range .Cmd}}", "'range .Cmd', which is no path"),
            ("{{}}", "no path"),
        ] {
            let said = tried(template);
            assert!(said.starts_with("error: ") && said.contains(words), "{template}: {said}");
            assert_eq!(said.lines().count(), 1, "{said}");
        }
    }
}
