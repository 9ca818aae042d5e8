use checks::View;

use crate::common::RegistryFixture;

/// What the program makes of each name.
fn parse(names: &[&str]) -> View {
    let (fixture, mut view) = (RegistryFixture::new(), View::default());
    for name in names {
        let outcome = fixture.run(&["parse", name]);
        let words: Vec<_> = outcome.out.lines().map(|line| line.replacen(' ', "=", 1)).collect();
        let meaning = if outcome.code == 0 { words.join(" ") } else { "refused".to_owned() };
        view.add(name, meaning);
    }
    view
}

#[test]
fn a_name_is_completed() {
    let nonce = checks::nonce();
    let view = parse(&["ubuntu", "ubuntu:24.04", "ada/quotes", "a/b/c:1", &format!("{nonce}/{nonce}:{nonce}")]);
    checks::view!("short", view.to_string().replace(&nonce, "<nonce>"), {
        "ubuntu" => "a name of one part belongs to docker.io's library/, and without a tag it means latest",
        "ubuntu:24.04" => "behind the last colon stands the tag",
        "ada/quotes" => "only names of one part belong to library/; \"ada\" is not a registry, because it has neither a dot nor a colon",
        "a/b/c:1" => "a repository may have any number of parts",
        "<nonce>/<nonce>:<nonce>" => "the parts of the name are not what was given",
    });
}

#[test]
fn a_registry_is_told_from_a_user() {
    let view = parse(&[
        "localhost/app",
        "localhost:5000/app",
        "localhost:5000",
        "ghcr.io/ada/quotes:1",
        "ghcr/ada",
        "[::1]:5000/app",
        "Registry/app",
        "docker.io/ubuntu",
        "index.docker.io/ada/quotes",
        "ghcr.io/ubuntu",
    ]);
    checks::view!("registries", view, {
        "localhost/app" => "\"localhost\" is a registry though it has neither dot nor colon",
        "localhost:5000/app" => "a colon before a slash begins a port, not a tag",
        "localhost:5000" => "without a slash there is no registry: this is the image \"localhost\" with the tag 5000",
        "ghcr.io/ada/quotes:1" => "a first part with a dot is a registry",
        "ghcr/ada" => "a first part without dot, colon or capital letter is a user, not a registry",
        "[::1]:5000/app" => "an IPv6 address stands in brackets, and its colons do not begin a port",
        "Registry/app" => "a first part with a capital letter can only be a host name",
        "docker.io/ubuntu" => "library/ is also put before a one-part name whose registry was given as docker.io",
        "index.docker.io/ada/quotes" => "index.docker.io is an older name of docker.io",
        "ghcr.io/ubuntu" => "library/ is docker.io's alone",
    });
}

#[test]
fn digests_name_one_image_for_ever() {
    let digest = "sha256:".to_owned() + &"0123456789abcdef".repeat(4);
    let names = [format!("quotes@{digest}"), format!("localhost:5000/quotes:1@{digest}")];
    let view = parse(&names.each_ref().map(String::as_str));
    checks::view!("digests", view.to_string().replace(&digest, "<digest>"), {
        "quotes@<digest>" => "a name with a digest and no tag has no tag: \"latest\" would be a lie",
        "localhost:5000/quotes:1@<digest>" => "tag and digest may stand together",
    });
}

#[test]
fn malformed_names_are_refused_with_the_reason() {
    let fixture = RegistryFixture::new();
    let (long_tag, long_name) = ("a".repeat(129), "a".repeat(256));
    let (long_tag, long_name) = (format!("app:{long_tag}"), format!("ghcr.io/{long_name}"));
    let id = "0123456789abcdef".repeat(4);
    let bad_digest = format!("app@sha256:{}", "g".repeat(64));
    let names = [
        "",
        "/",
        "app/",
        "/app",
        "a//b",
        "Quotes",
        "ada/Quotes",
        "app:",
        "app:.x",
        "app:-x",
        "app:a b",
        "a b",
        "app@",
        "app@sha256:12",
        "-app",
        "app-",
        "a..b",
        "a___b",
        "a._b",
        ".a",
        "_a",
        "é",
        "app:é",
        "a:b:c",
        "host.name:port/app",
        "-h.name/app",
        "h..n/app",
        "localhost:99999999/app",
        "http://localhost/app",
        "../../etc/passwd",
        "app\n",
        &long_tag,
        &long_name,
        &id,
        &bad_digest,
        "app@sha256:12@sha256:12",
    ];
    for name in names {
        let outcome = fixture.run(&["parse", name]);
        assert!(outcome.code != 0, "'{name}' is not an image name, but it was taken as:\n{}", outcome.out);
        let outcome = outcome.refused("");
        assert!(outcome.err.len() > name.len() + 20, "'{name}' was refused without a reason: {}", outcome.err);
    }
    for name in ["a--b", "a__b", "a.b", "a-b.c_d", "_/a", "app:_x", "app:A-b.c", &format!("app:{}", "a".repeat(128))] {
        let wanted = !name.starts_with('_');
        assert!(
            (fixture.run(&["parse", name]).code == 0) == wanted,
            "'{name}' is a name: {wanted}; you say the opposite"
        );
    }
}
