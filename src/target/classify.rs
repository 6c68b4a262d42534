//! From an answer to a verdict. Pure, and ignorant of what was expected.

use super::reply::Failure;
use crate::model::{
    Period, Verdict,
    transport::{BodyWord, Words},
};
use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde_json::Value;

/// The longest wait that a target can ask for.
const PATIENCE: u64 = 300;

/// How one target is understood.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules<'a> {
    pub(super) accept: &'a Words,
    pub(super) reject: &'a Words,
    /// The status that plain garbage got, once it is known.
    pub(super) garbage: Option<u16>,
}

/// A verdict and its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reading {
    pub(super) verdict: Verdict,
    pub(super) because: String,
    /// Seconds that the target asked us to wait.
    pub(super) retry_after: Option<u64>,
}

impl Reading {
    fn new(verdict: Verdict, because: impl Into<String>) -> Self {
        Reading { verdict, because: because.into(), retry_after: None }
    }
}

impl Rules<'_> {
    /// Reads an answer; `json` is its body, where that is JSON. The target file's words come before any custom of HTTP.
    pub(super) fn read(&self, status: u16, headers: &HeaderMap, json: Option<&Value>) -> Reading {
        for (words, verdict) in [(self.accept, Verdict::Accept), (self.reject, Verdict::Reject)] {
            if words.status.contains(&status) && words.body.as_ref().is_none_or(|word| holds(word, json)) {
                return Reading::new(verdict, because(status, words.body.as_ref()));
            }
        }
        let retry_after = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        match status {
            429 => limited(status, retry_after),
            503 if headers.contains_key(RETRY_AFTER) => limited(status, retry_after),
            500..=599 => Reading::new(Verdict::ServerError, because(status, None)),
            400 | 413 | 414 | 431 if self.garbage == Some(status) => {
                Reading::new(Verdict::Reject, format!("status {status}, as for plain garbage"))
            }
            400 | 413 | 414 | 431 => Reading::new(Verdict::Refused, because(status, None)),
            _ => Reading::new(Verdict::OddAnswer, self.oddity(status)),
        }
    }

    fn oddity(&self, status: u16) -> String {
        let expected = [self.accept, self.reject].into_iter().find(|words| words.status.contains(&status));
        match expected.and_then(|words| words.body.as_ref()) {
            Some(word) => format!("status {status}, but {} is not {}", word.pointer, word.is),
            None => format!("status {status}, neither yes nor no by the target file"),
        }
    }
}

fn holds(word: &BodyWord, json: Option<&Value>) -> bool {
    json.and_then(|body| body.pointer(&word.pointer)) == Some(&word.is)
}

fn because(status: u16, word: Option<&BodyWord>) -> String {
    match word {
        Some(word) => format!("status {status} and {} is {}", word.pointer, word.is),
        None => format!("status {status}"),
    }
}

/// `Retry-After` in seconds (RFC 9110 section 10.2.3); a date is taken as no figure at all.
fn limited(status: u16, retry_after: Option<&str>) -> Reading {
    let seconds = retry_after.and_then(|text| text.trim().parse::<u64>().ok()).map(|seconds| seconds.min(PATIENCE));
    Reading { retry_after: seconds, ..Reading::new(Verdict::RateLimited, because(status, None)) }
}

/// Reads the absence of an answer.
pub(super) fn read_failure(failure: &Failure, within: Period) -> Reading {
    match failure {
        Failure::Timeout(None) => Reading::new(Verdict::Timeout, format!("no answer within {within}")),
        Failure::Timeout(Some(status)) => {
            Reading::new(Verdict::Timeout, format!("status {status}, but no end of the answer within {within}"))
        }
        Failure::Closed => Reading::new(Verdict::Reset, "connection closed before an answer"),
        Failure::Cut(status) => {
            Reading::new(Verdict::Reset, format!("connection closed in the middle of the answer, status {status}"))
        }
        Failure::ClosedWhileWriting => {
            Reading::new(Verdict::Refused, "connection closed while the request was still being written")
        }
        Failure::Malformed(why) => Reading::new(Verdict::OddAnswer, format!("malformed reply: {why}")),
        Failure::Unreachable(why) => Reading::new(Verdict::Unreachable, format!("no connection: {why}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn words(status: &[u16], body: Option<(&str, Value)>) -> Words {
        let body = body.map(|(pointer, is)| BodyWord { pointer: pointer.into(), is });
        Words { status: status.to_vec(), body }
    }

    fn read(status: u16, retry_after: Option<&'static str>, garbage: Option<u16>) -> Reading {
        let rules = Rules { accept: &words(&[200], None), reject: &words(&[401, 403], None), garbage };
        let mut headers = HeaderMap::new();
        if let Some(value) = retry_after {
            headers.insert(RETRY_AFTER, value.parse().unwrap());
        }
        rules.read(status, &headers, None)
    }

    #[test]
    fn statuses_are_read_as_the_target_file_says() {
        for (status, verdict) in [
            (200, Verdict::Accept),
            (401, Verdict::Reject),
            (403, Verdict::Reject),
            (400, Verdict::Refused),
            (413, Verdict::Refused),
            (414, Verdict::Refused),
            (431, Verdict::Refused),
            (429, Verdict::RateLimited),
            (500, Verdict::ServerError),
            (503, Verdict::ServerError),
            (201, Verdict::OddAnswer),
            (302, Verdict::OddAnswer),
            (404, Verdict::OddAnswer),
        ] {
            assert_eq!(read(status, None, None).verdict, verdict, "{status}");
        }
        assert_eq!(read(401, None, None).because, "status 401");
    }

    #[test]
    fn garbage_tells_which_refusals_are_judgements() {
        assert_eq!(read(400, None, Some(400)).verdict, Verdict::Reject);
        assert_eq!(read(431, None, Some(400)).verdict, Verdict::Refused);
        assert_eq!(read(500, None, Some(500)).verdict, Verdict::ServerError);
    }

    #[test]
    fn waits_are_bounded() {
        assert_eq!(read(429, Some("7"), None).retry_after, Some(7));
        assert_eq!(read(429, Some("99999999999"), None).retry_after, Some(300));
        assert_eq!(read(429, Some("-1"), None).retry_after, None);
        let dated = read(503, Some("Wed, 21 Oct 2026 07:28:00 GMT"), None);
        assert_eq!((dated.verdict, dated.retry_after), (Verdict::RateLimited, None));
    }

    #[test]
    fn a_body_may_have_the_last_word() {
        let (yes, no) =
            (words(&[200], Some(("/active", json!(true)))), words(&[200, 401], Some(("/active", json!(false)))));
        let rules = Rules { accept: &yes, reject: &no, garbage: None };
        let read = |status, body: Option<Value>| rules.read(status, &HeaderMap::new(), body.as_ref());
        let taken = read(200, Some(json!({ "active": true })));
        assert_eq!((taken.verdict, taken.because.as_str()), (Verdict::Accept, "status 200 and /active is true"));
        assert_eq!(read(200, Some(json!({ "active": false }))).verdict, Verdict::Reject);
        let odd = read(200, Some(json!({ "active": "true" })));
        assert_eq!((odd.verdict, odd.because.as_str()), (Verdict::OddAnswer, "status 200, but /active is not true"));
        assert_eq!(read(401, None).verdict, Verdict::OddAnswer);
    }

    #[test]
    fn silence_has_many_names() {
        let read = |failure| {
            let reading = read_failure(&failure, Period::from_secs(5));
            (reading.verdict, reading.because)
        };
        assert_eq!(read(Failure::Timeout(None)), (Verdict::Timeout, "no answer within 5s".into()));
        assert_eq!(read(Failure::Timeout(Some(200))).0, Verdict::Timeout);
        assert_eq!(read(Failure::Closed), (Verdict::Reset, "connection closed before an answer".into()));
        assert_eq!(read(Failure::Cut(200)).0, Verdict::Reset);
        assert_eq!(read(Failure::ClosedWhileWriting).0, Verdict::Refused);
        assert_eq!(read(Failure::Malformed("x".into())), (Verdict::OddAnswer, "malformed reply: x".into()));
        assert_eq!(read(Failure::Unreachable("x".into())), (Verdict::Unreachable, "no connection: x".into()));
    }
}
