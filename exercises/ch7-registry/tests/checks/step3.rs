use std::fs;
use std::os::unix::fs::PermissionsExt;

use http_client::{Challenge, Client, Error, Login};
use registry::{AUTHORIZE, authorize};
use registry_server::{Options, Server};

use crate::common::{RegistryFixture, USER, closed, keeps, open, requests};

const TWICE: &str = "the first request goes without a login, and its answer says what is wanted";

#[test]
fn basic_sends_the_login() {
    let (fixture, (server, password)) = (RegistryFixture::new(), closed(false));
    let address = server.address().to_string();
    let outcome = fixture.run_with(&["login", &address, USER], &password);
    keeps(&password, &outcome);
    checks::view!("basic", requests(&server, str::to_owned), {
        "GET /v2/" => TWICE,
    });
    outcome.ok("the right password was not taken");
}

#[test]
fn bearer_gets_a_token_for_the_login() {
    let (fixture, (server, password)) = (RegistryFixture::new(), closed(true));
    let address = server.address().to_string();
    let outcome = fixture.run_with(&["login", &address, USER], &password);
    checks::view!("bearer", requests(&server, str::to_owned), {
        "GET /v2/" => "the registry itself never sees the password: it sees the token",
        "GET /token" => "the token service wants the login as Basic",
    });
    outcome.ok("the right password was not taken");
    let token = &server.log()[1].query;
    assert!(token.contains("service=registry-server"), "the token was asked for without the service: '{token}'");
}

#[test]
fn a_token_is_for_one_scope() {
    let (fixture, server) =
        (RegistryFixture::new(), Server::start(Options { tokens: true, ..Options::default() }).unwrap());
    let repository = format!("{}/quotes", checks::nonce());
    let digest = server.add_manifest(&repository, "1", crate::common::OCI_MANIFEST, b"{}").unwrap();
    let name = format!("{}/{repository}:1", server.address());
    let outcome = fixture.run(&["manifest", &name]);
    checks::view!("scope", requests(&server, str::to_owned), {
        "GET manifests/1" => "401 again means that the token was not asked for with the scope of the challenge",
        "GET /token" => "without a login the token is asked for without one",
    });
    let outcome = outcome.ok("anybody gets a token for a public image, without a login");
    assert!(outcome.out.contains(&digest), "the manifest was not read: {}", outcome.out);
}

#[test]
fn wrong_passwords_are_told_and_not_kept() {
    for tokens in [false, true] {
        let (fixture, (server, password)) = (RegistryFixture::new(), closed(tokens));
        let wrong = checks::nonce();
        let address = server.address().to_string();
        let outcome = fixture.run_with(&["login", &address, USER], &wrong).refused("a wrong password was taken");
        keeps(&wrong, &outcome);
        assert!(outcome.err.contains(&address), "the error does not name the registry: {}", outcome.err);
        assert!(!fixture.credentials().exists(), "a login was stored that the registry refused");
        let sent = server.log().iter().filter(|entry| entry.authorization.is_some()).count();
        assert!(sent == 1, "the wrong password was sent {sent} times; once is enough to know");
        fixture.run_with(&["login", &address, USER], &password).ok("the right password was not taken");
    }
}

#[test]
fn without_a_login_the_error_says_what_to_do() {
    for tokens in [false, true] {
        let (fixture, (server, _)) = (RegistryFixture::new(), closed(tokens));
        let address = server.address().to_string();
        let outcome =
            fixture.run(&["ping", &address]).refused("a registry that asks for a login let us in without one");
        assert!(outcome.err.contains("login"), "the error should say how to log in: {}", outcome.err);
    }
}

#[test]
fn logins_are_stored_as_docker_does() {
    let (fixture, (server, password)) = (RegistryFixture::new(), closed(false));
    let address = server.address().to_string();
    fs::create_dir(fixture.path("docker")).unwrap();
    let before = r#"{"auths":{"other.example":{"auth":"eDp5"}},"proxies":{"default":{"noProxy":"x"}}}"#;
    fs::write(fixture.credentials(), before).unwrap();
    fixture.run_with(&["login", &address, USER], &password).ok("the right password was not taken");
    let mode = fs::metadata(fixture.credentials()).unwrap().permissions().mode() & 0o777;
    assert!(mode == 0o600, "config.json can be read by others: its mode is {mode:o}, not 600");
    let text = fs::read_to_string(fixture.credentials()).unwrap();
    let coded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, format!("{USER}:{password}"));
    for kept in ["other.example", "eDp5", "noProxy", &address, &coded] {
        assert!(text.contains(kept), "config.json should hold {kept}");
    }
    fixture.run(&["ping", &address]).ok("the stored login was not used");
    fixture.run(&["logout", &address]).ok("logout failed");
    let text = fs::read_to_string(fixture.credentials()).unwrap();
    assert!(!text.contains(&address) && text.contains("noProxy"), "logout should remove this login and nothing else");
}

#[test]
fn identity_tokens_go_in_a_form() {
    // The embedded registry takes its user's password for an identity token.
    let (fixture, (server, token)) = (RegistryFixture::new(), closed(true));
    let address = server.address().to_string();
    fs::create_dir(fixture.path("docker")).unwrap();
    let config = format!(r#"{{"auths":{{"{address}":{{"auth":"","identitytoken":"{token}"}}}}}}"#);
    fs::write(fixture.credentials(), config).unwrap();
    let outcome = fixture.run(&["ping", &address]);
    keeps(&token, &outcome);
    checks::view!("identity", requests(&server, str::to_owned), {
        "POST /token" => "an identity token is exchanged by a POST, and never sent as Basic",
        "GET /token" => "an identity token is exchanged by a POST: a GET's address would be logged, secret and all",
    });
    let told = server.log().iter().any(|entry| entry.query.contains("refresh_token"));
    assert!(!told, "the identity token stands in an address, which proxies and servers log");
    outcome.ok("the identity token was not taken");
}

#[test]
fn a_registry_that_asks_nothing_is_told_nothing() {
    let (fixture, server) = (RegistryFixture::new(), open());
    let password = checks::nonce();
    let address = server.address().to_string();
    fixture.run_with(&["login", &address, USER], &password).ok("an open registry takes any login");
    let outcome = fixture.run(&["ping", &address]);
    checks::view!("open", requests(&server, str::to_owned), {
        "GET /v2/" => "the password was sent though nobody asked for it",
    });
    outcome.ok("an open registry let nobody in");
}

#[test]
fn podmans_file_is_used_if_it_is_named() {
    let (fixture, (server, password)) = (RegistryFixture::new(), closed(false));
    let (address, file) = (server.address().to_string(), fixture.path("auth.json"));
    fixture.run_with_auth_file(&file, &["login", &address, USER], &password).ok("the right password was not taken");
    let mode = fs::metadata(&file).unwrap().permissions().mode() & 0o777;
    assert!(mode == 0o600, "the logins can be read by others: the file's mode is {mode:o}, not 600");
    fixture.run_with_auth_file(&file, &["ping", &address], "").ok("the stored login was not used");
}

#[test]
fn secrets_travel_encrypted_or_not_at_all() {
    // 192.0.2.1 is nobody's (RFC 5737): a request to it would hang, not fail at once.
    let client = Client::new("localhost:1", Some(Login::new(USER, "geheim")), &AUTHORIZE);
    let realm = "http://192.0.2.1/token".to_owned();
    let answer = authorize(&client, &Challenge::Bearer { realm, service: None, scope: None });
    let refused = matches!(answer, Err(Error::NotEncrypted(_)));
    assert!(refused, "the password would have gone over plain HTTP to another machine");
}
