//! The grammar of an image's name, part by part: the distribution project's `reference`
//! package, and distribution-spec, "Pulling manifests". Each function returns what is
//! wrong.

type Check = std::result::Result<(), &'static str>;

/// A host name or an address with an optional port: `localhost:5000`, `[::1]`.
pub fn check_registry(text: &str) -> Check {
    let why = "before the first slash stands no host name with an optional port";
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ => (text, "0"),
    };
    let label = |label: &str| {
        let plain = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        plain && !label.is_empty() && !label.starts_with('-') && !label.ends_with('-')
    };
    let address = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let host_fits = match address {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => host.split('.').all(label),
    };
    let port_fits = port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok();
    if host_fits && port_fits { Ok(()) } else { Err(why) }
}

/// Lower-case parts between slashes, 255 characters in all: `library/ubuntu`.
pub fn check_repository(text: &str) -> Check {
    if text.len() > 255 {
        return Err("the repository's name is longer than 255 characters");
    }
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err("the repository's name must be lower-case");
    }
    let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let separator = |text: &str| matches!(text, "" | "." | "_" | "__") || text.bytes().all(|byte| byte == b'-');
    let part = |part: &str| part.starts_with(letter) && part.ends_with(letter) && part.split(letter).all(separator);
    match text.split('/').all(part) {
        true => Ok(()),
        false => Err("each part between slashes is letters and digits, joined by one '.', one or two '_', or some '-'"),
    }
}

/// 128 characters at most: `3.12-slim`.
pub fn check_tag(text: &str) -> Check {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let fits = text.starts_with(word) && text.chars().all(|c| word(c) || c == '.' || c == '-');
    match fits && text.len() <= 128 {
        true => Ok(()),
        false => Err("a tag is 1 to 128 letters, digits, '_', '.' and '-', and begins with none of the last two"),
    }
}
