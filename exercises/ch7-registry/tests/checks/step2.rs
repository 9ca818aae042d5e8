use checks::View;

use crate::common::RegistryFixture;

fn read(headers: &[(&str, &str)]) -> View {
    let (fixture, mut view) = (RegistryFixture::new(), View::default());
    for (name, header) in headers {
        let outcome = fixture.run(&["challenge", header]);
        view.add(name, if outcome.code == 0 { outcome.out.trim().to_owned() } else { "refused".to_owned() });
    }
    view
}

#[test]
fn both_schemes_are_read() {
    let nonce = checks::nonce();
    let view = read(&[
        ("basic", "Basic realm=\"the shelf\""),
        (
            "bearer",
            &format!(
                "Bearer realm=\"https://auth.{nonce}.io/token\",service=\"{nonce}\",scope=\"repository:a/b:pull\""
            ),
        ),
        ("without scope", &format!("Bearer realm=\"http://localhost/{nonce}\"")),
    ]);
    checks::view!("schemes", view.name(&nonce, "<nonce>"), {
        "basic" => "Basic asks for name and password; its realm is a text for people",
        "bearer" => "realm, service and scope are parameters, between commas, their values in quotes",
        "without scope" => "service and scope may be missing: then they are None",
    });
}

#[test]
fn the_grammar_is_followed() {
    let view = read(&[
        ("comma in quotes", "Bearer realm=\"http://r/t\",scope=\"repository:a:pull,push\",service=\"s\""),
        ("spaces", "Bearer  realm=\"http://r/t\" , service=\"a b\""),
        ("any case", "BEARER Realm=\"http://r/t\", SERVICE=s"),
        ("words", "bearer realm=http://r/t,service=s"),
        ("equals sign", "Bearer realm=\"http://r/t?account=ada\",service=\"s\""),
        ("escaped quote", "Bearer realm=\"http://r/t\",service=\"a\\\"b,c\""),
        ("two, token last", "Basic realm=\"x\", Bearer realm=\"http://r/t\",service=\"s\""),
        ("two, token first", "Bearer realm=\"http://r/t\",service=\"s\", Basic realm=\"x\""),
        ("bare", "Basic"),
    ]);
    checks::view!("grammar", view, {
        "comma in quotes" => "a comma inside quotes separates nothing: the scope was cut",
        "spaces" => "spaces around commas, and inside quotes, are allowed",
        "any case" => "schemes and names of parameters may be written in any case",
        "words" => "a value without quotes is allowed",
        "equals sign" => "only the first '=' separates name and value",
        "escaped quote" => "\\\" inside quotes is a quote and does not end the text",
        "two, token last" => "one header may hold several challenges; a token is preferred to the password itself",
        "two, token first" => "the realm of the second challenge belongs to the second challenge",
        "bare" => "a scheme may have no parameters",
    });
}

#[test]
fn what_cannot_be_answered_is_refused() {
    let view = read(&[
        ("digest", "Digest realm=\"x\", nonce=\"1\""),
        ("no realm", "Bearer service=\"s\""),
        ("empty", ""),
        ("no scheme", "realm=\"x\""),
    ]);
    checks::view!("refused", view, {
        "digest" => "only Basic and Bearer can be answered",
        "no realm" => "without a realm nobody knows where the token comes from",
        "empty" => "nothing asks for nothing",
        "no scheme" => "the scheme comes first",
    });
}
