//! When a request is worth another try, and how long to wait for it.

use std::env;
use std::time::Duration;

use ureq::Body;
use ureq::http::Response;

/// How often a request is tried again, unless `GALLEY_RETRIES` says otherwise.
const MAX_RETRIES: u32 = 4;
/// No registry is waited for longer than this: the user may rather try another one.
const MAX_WAIT: Duration = Duration::from_secs(60);
/// The first wait; each one after it is twice as long.
const AFTER_BREAK: Duration = Duration::from_millis(100);
const AFTER_REFUSAL: Duration = Duration::from_millis(500);

/// The tries that are left for one request.
#[derive(Clone, Debug)]
pub struct RetryPolicy {
    tried: u32,
    most: u32,
}

impl RetryPolicy {
    pub fn from_env() -> Self {
        let asked = env::var("GALLEY_RETRIES").ok().and_then(|text| text.parse().ok());
        Self { tried: 0, most: asked.unwrap_or(MAX_RETRIES) }
    }

    /// The transfer made progress: the tries count from here.
    pub fn reset(&mut self) {
        self.tried = 0;
    }

    /// The wait after a connection broke; `None` to give up.
    pub fn after_break(&mut self) -> Option<Duration> {
        self.wait(AFTER_BREAK, None)
    }

    /// The wait after a 429 or a 5xx, in which the registry may say how long.
    pub fn after_refusal(&mut self, asked: Option<Duration>) -> Option<Duration> {
        self.wait(AFTER_REFUSAL, asked)
    }

    fn wait(&mut self, first: Duration, asked: Option<Duration>) -> Option<Duration> {
        if self.tried >= self.most {
            return None;
        }
        let ours = first.saturating_mul(2_u32.saturating_pow(self.tried)).min(MAX_WAIT);
        self.tried += 1;
        Some(asked.unwrap_or(ours)).filter(|wait| *wait <= MAX_WAIT)
    }
}

/// Whether a status means "not now": too many requests, or a server in trouble
/// (RFC 6585, section 4; RFC 9110, section 15.6).
pub fn is_temporary(response: &Response<Body>) -> bool {
    matches!(response.status().as_u16(), 429 | 500 | 502 | 503 | 504)
}

/// The time that a registry wants to be left alone: the seconds in `Retry-After`
/// (RFC 9110, section 10.2.3), or, if none of a rate is left, the time that the rate
/// is for: Docker Hub says `RateLimit-Remaining: 0;w=21600`. The other form of
/// `Retry-After`, a date, needs clocks that agree; then the wait is ours to choose.
pub fn requested_wait(response: &Response<Body>) -> Option<Duration> {
    let header = |name| response.headers().get(name)?.to_str().ok();
    let after = || header("retry-after")?.trim().parse().ok();
    let window = || header("ratelimit-remaining")?.trim().strip_prefix("0;w=")?.parse().ok();
    after().or_else(window).map(Duration::from_secs)
}

/// Whether a connection that was there has gone. One that was never made, or that
/// proved untrustworthy, will be no better the next time.
pub fn is_broken_connection(error: &ureq::Error) -> bool {
    use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};

    match error {
        ureq::Error::Io(error) => {
            matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
        }
        _ => false,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot be prepared must fail, and says where")]
mod tests {
    use super::*;

    fn fresh() -> RetryPolicy {
        RetryPolicy { tried: 0, most: 4 }
    }

    #[test]
    fn waits_double_and_end() {
        let mut policy = fresh();
        let waits: Vec<_> = std::iter::from_fn(|| policy.after_break()).map(|wait| wait.as_millis()).collect();
        assert_eq!(waits, [100, 200, 400, 800]);
        policy.reset();
        assert_eq!(policy.after_refusal(None), Some(Duration::from_millis(500)));
        assert_eq!(RetryPolicy { tried: 0, most: 0 }.after_break(), None);
    }

    #[test]
    fn the_registry_may_say_how_long_within_reason() {
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(fresh().after_refusal(seconds(7)), seconds(7));
        assert_eq!(fresh().after_refusal(seconds(3600)), None);
    }

    #[test]
    fn a_used_up_rate_is_a_long_wait() {
        let answer = |headers: &[(&'static str, &'static str)]| {
            let mut response = Response::new(Body::builder().data(""));
            response.headers_mut().extend(
                headers
                    .iter()
                    .map(|(name, value)| (name.parse::<ureq::http::HeaderName>().unwrap(), value.parse().unwrap())),
            );
            requested_wait(&response).map(|wait| wait.as_secs())
        };
        assert_eq!(answer(&[("ratelimit-limit", "100;w=21600"), ("ratelimit-remaining", "0;w=21600")]), Some(21600));
        assert_eq!(answer(&[("ratelimit-remaining", "0;w=21600"), ("retry-after", "3")]), Some(3));
        assert_eq!(answer(&[("ratelimit-remaining", "76;w=21600")]), None);
        assert_eq!(answer(&[("retry-after", "Sat, 28 Nov 2026 12:00:00 GMT")]), None);
    }

    #[test]
    fn only_temporary_failures_are_tried_again() {
        let temporary = |status: u16| {
            let mut response = Response::new(Body::builder().data(""));
            *response.status_mut() = status.try_into().unwrap();
            is_temporary(&response)
        };
        for status in [429, 500, 502, 503, 504] {
            assert!(temporary(status), "{status}");
        }
        for status in [200, 307, 401, 403, 404, 416, 501] {
            assert!(!temporary(status), "{status}");
        }
        let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        assert!(!is_broken_connection(&ureq::Error::Io(refused)) && !is_broken_connection(&ureq::Error::HostNotFound));
    }
}
