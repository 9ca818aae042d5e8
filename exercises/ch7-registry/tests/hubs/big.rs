//! A big public registry: its own host, its token service, and its storage.

use std::collections::HashMap;
use std::sync::Mutex;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use images::Digest;

use crate::web::{Answer, Received};

pub const PASSWORD: &str = "dckr_pat_geheim:7";

/// In what such registries differ.
pub struct Profile {
    registry: &'static str,
    /// Where tokens are given.
    realm: &'static str,
    service: &'static str,
    /// The scope in the challenge of `/v2/` itself.
    root_scope: Option<&'static str>,
    /// Where blobs are.
    pub storage: &'static str,
    /// Where an upload is, below the repository.
    uploads: &'static str,
    /// A token for nothing, or none at all, for those who may nothing.
    gives_empty_tokens: bool,
}

pub const DOCKER_HUB: Profile = Profile {
    registry: "registry-1.docker.io",
    realm: "https://auth.docker.io/token",
    service: "registry.docker.io",
    root_scope: None,
    storage: "production.cloudflare.docker.com",
    uploads: "blobs/uploads",
    gives_empty_tokens: true,
};

pub const GHCR: Profile = Profile {
    registry: "ghcr.io",
    realm: "https://ghcr.io/token",
    service: "ghcr.io",
    root_scope: Some("repository:user/image:pull"),
    storage: "pkg-containers.githubusercontent.com",
    uploads: "blobs/upload",
    gives_empty_tokens: false,
};

pub struct PublicRegistry {
    profile: &'static Profile,
    blobs: Mutex<HashMap<String, Vec<u8>>>,
    /// Media type and bytes, by `repository:key`.
    manifests: Mutex<HashMap<String, (String, Vec<u8>)>>,
    /// What `ratelimit-remaining` says.
    limit: Mutex<Option<&'static str>>,
    busy: Mutex<bool>,
}

impl PublicRegistry {
    pub fn new(profile: &'static Profile) -> Self {
        let (blobs, manifests) = (Mutex::default(), Mutex::default());
        Self { profile, blobs, manifests, limit: Mutex::default(), busy: Mutex::default() }
    }

    pub fn add_blob(&self, bytes: &[u8]) {
        self.blobs.lock().unwrap().insert(Digest::of(bytes).to_string(), bytes.to_owned());
    }

    pub fn add_manifest(&self, repository: &str, tag: &str, media_type: &str, bytes: &[u8]) {
        for key in [tag.to_owned(), Digest::of(bytes).to_string()] {
            let manifest = (media_type.to_owned(), bytes.to_owned());
            self.manifests.lock().unwrap().insert(format!("{repository}:{key}"), manifest);
        }
    }

    pub fn limit(&self, remaining: Option<&'static str>) {
        *self.limit.lock().unwrap() = remaining;
    }

    pub fn busy_once(&self) {
        *self.busy.lock().unwrap() = true;
    }

    pub fn answer(&self, asked: &Received) -> Answer {
        let target = asked.decoded_target();
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        if format!("https://{}{path}", asked.host) == self.profile.realm {
            return self.token(asked, query);
        }
        match &asked.host {
            host if host == self.profile.storage => {
                let digest = path.rsplit('/').next().unwrap_or_default();
                let blob = self.blobs.lock().unwrap().get(digest).cloned();
                blob.map_or(Answer::new(404), |bytes| Answer::new(200).body(bytes))
            }
            host if host == self.profile.registry => self.registry(asked, path, query),
            _ => Answer::new(404),
        }
    }

    /// What of the wanted scopes a user may have: everybody reads `library/…` and
    /// `…/public`, and only the owner writes.
    fn token(&self, asked: &Received, query: &str) -> Answer {
        let login = format!("Basic {}", STANDARD.encode(format!("ada:{PASSWORD}")));
        let user = match asked.header("authorization") {
            None => None,
            Some(value) if value == login => Some("ada"),
            Some(_) => return Answer::new(401).body(r#"{"details":"incorrect username or password"}"#),
        };
        let pairs: Vec<_> = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
        if !pairs.contains(&("service", self.profile.service)) {
            return error(400, "UNSUPPORTED", "no such service");
        }
        let scopes = pairs.iter().filter(|(name, _)| *name == "scope").map(|(_, scope)| *scope);
        let may = |scope: &&str| {
            let parts: Vec<_> = scope.split(':').collect();
            let owner = user.is_some_and(|user| parts[1].starts_with(&format!("{user}/")));
            let public = parts[1].starts_with("library/") || parts[1].ends_with("/public");
            owner || parts[2] == "pull" && (public || user.is_some() && parts[1] == "user/image")
        };
        let wanted: Vec<_> = scopes.collect();
        let granted: Vec<_> = wanted.iter().copied().filter(|scope| may(scope)).collect();
        if granted.len() < wanted.len() && !self.profile.gives_empty_tokens {
            return error(403, "DENIED", "requested access to the resource is denied");
        }
        let token = STANDARD.encode(format!("may {}", granted.join(" ")));
        let text = format!(r#"{{"token":"{token}","access_token":"{token}","expires_in":300}}"#);
        Answer::new(200).with("content-type", "application/json").body(text)
    }

    fn registry(&self, asked: &Received, path: &str, query: &str) -> Answer {
        let rest = path.strip_prefix("/v2/").unwrap_or_default();
        let kinds = ["/blobs/", "/manifests/", "/tags/"];
        let (name, kind, key) = kinds
            .iter()
            .find_map(|kind| rest.split_once(kind).map(|(name, key)| (name, *kind, key)))
            .unwrap_or(("", "", ""));
        if let Some(challenge) = self.challenge(asked, name) {
            return challenge;
        }
        if std::mem::take(&mut *self.busy.lock().unwrap()) {
            return error(429, "TOOMANYREQUESTS", "slow down").with("retry-after", "0");
        }
        match (asked.method.as_str(), kind) {
            (_, "") => Answer::new(200).body("{}"),
            ("GET", "/manifests/") => self.manifest(name, key),
            ("PUT", "/manifests/") => {
                let media_type = asked.header("content-type").unwrap_or_default();
                self.add_manifest(name, key, media_type, &asked.body);
                Answer::new(201).with("docker-content-digest", Digest::of(&asked.body).to_string())
            }
            ("GET", "/tags/") => self.tags(name, query),
            ("POST", "/blobs/") => {
                let location = format!("/v2/{name}/{}/0c2e?_state=Abc-", self.profile.uploads);
                Answer::new(202).with("location", location).with("range", "0-0")
            }
            ("PUT", "/blobs/") if path.contains(self.profile.uploads) && query.starts_with("_state=Abc-&digest=") => {
                self.add_blob(&asked.body);
                Answer::new(201)
            }
            ("HEAD", "/blobs/") if self.blobs.lock().unwrap().contains_key(key) => Answer::new(200),
            ("GET", "/blobs/") => Answer::new(307).with("location", format!("https://{}/{key}", self.profile.storage)),
            _ => error(404, "BLOB_UNKNOWN", "blob unknown to registry"),
        }
    }

    /// One tag on each page, and where the next page is.
    fn tags(&self, name: &str, query: &str) -> Answer {
        let all = self.manifests.lock().unwrap();
        let keys = all.keys().filter_map(|known| known.strip_prefix(&format!("{name}:")));
        let mut tags: Vec<_> = keys.filter(|tag| !tag.contains(':')).collect();
        tags.sort_unstable();
        let last = query.strip_prefix("n=1&last=").unwrap_or_default();
        let mut rest = tags.into_iter().filter(|tag| *tag > last);
        let page = rest.next().unwrap_or_default();
        let answer = Answer::new(200).body(format!(r#"{{"name":"{name}","tags":["{page}"]}}"#));
        match rest.next() {
            Some(_) => answer.with("link", format!("</v2/{name}/tags/list?n=1&last={page}>; rel=\"next\"")),
            None => answer,
        }
    }

    /// The 401 for a request without a token, or with one that is not good for it.
    fn challenge(&self, asked: &Received, name: &str) -> Option<Answer> {
        let Profile { realm, service, root_scope, .. } = self.profile;
        let actions = if matches!(asked.method.as_str(), "GET" | "HEAD") { "pull" } else { "pull,push" };
        let scope = if name.is_empty() { root_scope.map(str::to_owned) } else { None };
        let scope = scope.or_else(|| (!name.is_empty()).then(|| format!("repository:{name}:{actions}")));
        let token = asked.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        let granted = token.map(|token| String::from_utf8(STANDARD.decode(token).unwrap()).unwrap());
        let covers = |granted: &str| {
            let wish = scope.as_deref().filter(|_| !name.is_empty()).unwrap_or_default();
            wish.is_empty() || granted.split(' ').any(|one| one.starts_with(wish))
        };
        if granted.as_deref().is_some_and(covers) {
            return None;
        }
        let mut header = format!("Bearer realm=\"{realm}\",service=\"{service}\"");
        if let Some(scope) = &scope {
            header.push_str(&format!(",scope=\"{scope}\""));
        }
        if granted.is_some() {
            header.push_str(",error=\"insufficient_scope\"");
        }
        Some(error(401, "UNAUTHORIZED", "authentication required").with("www-authenticate", header))
    }

    fn manifest(&self, name: &str, key: &str) -> Answer {
        let limit = *self.limit.lock().unwrap();
        let mut answer = match self.manifests.lock().unwrap().get(&format!("{name}:{key}")) {
            _ if limit.is_some_and(|left| left.starts_with("0;")) => error(
                429,
                "TOOMANYREQUESTS",
                "You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit",
            ),
            Some((media_type, bytes)) => Answer::new(200)
                .with("content-type", media_type)
                .with("docker-content-digest", Digest::of(bytes).to_string())
                .body(bytes.clone()),
            None => error(404, "MANIFEST_UNKNOWN", "manifest unknown"),
        };
        if let Some(left) = limit {
            answer = answer.with("ratelimit-limit", "100;w=21600").with("ratelimit-remaining", left);
            answer = answer.with("docker-ratelimit-source", "192.0.2.1");
        }
        answer
    }
}

fn error(status: u16, code: &str, message: &str) -> Answer {
    let text = format!(r#"{{"errors":[{{"code":"{code}","message":"{message}","detail":null}}]}}"#);
    Answer::new(status).with("content-type", "application/json").body(text)
}
