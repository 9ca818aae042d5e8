//! Cached `Authorization` header and granted scopes, shared between threads.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::{Challenge, Result};

/// The last answer to a challenge, and every scope that was ever needed.
#[derive(Default)]
pub struct TokenCache {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The value of the `Authorization` header, once one was asked for.
    header: Option<String>,
    scopes: Vec<Scope>,
}

/// `repository:ada/quotes:pull,push` (token specification, "Scope").
#[derive(Clone, Debug, PartialEq, Eq)]
struct Scope {
    object: String,
    actions: Vec<String>,
}

impl TokenCache {
    /// What to send with a request, if a challenge was ever answered.
    pub fn header(&self) -> Option<String> {
        self.state().header.clone()
    }

    /// Asks for this scope as well whenever a token is needed.
    pub fn add_scope(&self, scope: &str) {
        merge(&mut self.state().scopes, scope);
    }

    /// The next answer after `used` was refused, and whether `ask` made it just
    /// now. Threads that are refused at the same time ask once: the others take
    /// what the first one got.
    ///
    /// # Errors
    /// Those of `ask`.
    pub fn refresh(
        &self,
        used: Option<&str>,
        challenge: &Challenge,
        ask: impl Fn(&Challenge) -> Result<String>,
    ) -> Result<(String, bool)> {
        let mut state = self.state();
        if let Some(header) = state.header.clone().filter(|header| Some(header.as_str()) != used) {
            return Ok((header, false));
        }
        let wider = widen(&mut state.scopes, challenge);
        let header = match ask(&wider) {
            // Some services give nothing at all if they may not give everything.
            Err(_) if wider != *challenge => ask(challenge)?,
            other => other?,
        };
        state.header = Some(header.clone());
        Ok((header, true))
    }

    /// A thread that panicked has left a whole state behind.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The challenge with everything that was wanted before: a token for one
/// repository must not cost the one for another.
fn widen(scopes: &mut Vec<Scope>, challenge: &Challenge) -> Challenge {
    let mut wider = challenge.clone();
    if let Challenge::Bearer { scope: Some(scope), .. } = &mut wider {
        merge(scopes, scope);
        *scope = scopes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    }
    wider
}

fn merge(scopes: &mut Vec<Scope>, text: &str) {
    for (object, actions) in text.split(' ').filter_map(|scope| scope.rsplit_once(':')) {
        let known = scopes.iter().position(|scope| scope.object == object).unwrap_or_else(|| {
            scopes.push(Scope { object: object.to_owned(), actions: Vec::new() });
            scopes.len() - 1
        });
        for action in actions.split(',') {
            if !scopes[known].actions.iter().any(|known| known == action) {
                scopes[known].actions.push(action.to_owned());
            }
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.object, self.actions.join(","))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot be prepared must fail, and says where")]
mod tests {
    use super::*;
    use crate::Error;

    fn challenge(scope: &str) -> Challenge {
        Challenge::Bearer { realm: "http://r/t".into(), service: None, scope: Some(scope.into()) }
    }

    #[test]
    fn scopes_grow_and_are_never_lost() {
        let mut scopes = Vec::new();
        merge(&mut scopes, "repository:ada/base:pull");
        widen(&mut scopes, &challenge("repository:ada/quotes:pull"));
        let wider = widen(&mut scopes, &challenge("repository:ada/quotes:pull,push"));
        assert_eq!(wider, challenge("repository:ada/base:pull repository:ada/quotes:pull,push"));
        assert_eq!(widen(&mut scopes, &Challenge::Basic), Challenge::Basic);
    }

    #[test]
    fn what_another_thread_got_is_taken() {
        let cache = TokenCache::default();
        let ask = |_: &Challenge| Ok("Bearer 1".to_owned());
        assert_eq!(cache.refresh(None, &Challenge::Basic, ask).unwrap(), ("Bearer 1".to_owned(), true));
        let never = |_: &Challenge| Err(Error::LoginNeeded("nobody should be asked".into()));
        assert_eq!(cache.refresh(None, &Challenge::Basic, never).unwrap(), ("Bearer 1".to_owned(), false));
        assert!(cache.refresh(Some("Bearer 1"), &Challenge::Basic, never).is_err());
    }

    #[test]
    fn less_is_asked_for_if_all_is_refused() {
        let cache = TokenCache::default();
        cache.add_scope("repository:secret/base:pull");
        let ask = |challenge: &Challenge| match challenge {
            Challenge::Bearer { scope: Some(scope), .. } if scope.contains("secret") => {
                Err(Error::LoginNeeded(String::new()))
            }
            _ => Ok("Bearer less".to_owned()),
        };
        assert_eq!(cache.refresh(None, &challenge("repository:a:pull"), ask).unwrap().0, "Bearer less");
    }
}
