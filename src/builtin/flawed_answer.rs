//! What flaws make of the answer that brings a key set, before its body is read.

use super::{fetch::Answer, flaw::Flaw};
use reqwest::{
    StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName},
};
use serde_json::Value;

/// More than this is huge for a flaw.
const HUGE: usize = 1 << 18;

/// What becomes of an answer.
pub(super) enum Verdict {
    /// It is read as usual.
    Usual,
    /// It is read as usual, with this body.
    Body(Vec<u8>),
    /// It is not used.
    Unusable,
    /// It crashes whoever needs a key.
    Crash,
}

/// How the flaw takes an answer; `first` where no key set was held before.
pub(super) fn read(flaw: Flaw, answer: &Answer, first: bool) -> Verdict {
    let text = |name: HeaderName| answer.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_so = match flaw {
        Flaw::JsonLabelRequired => text(CONTENT_TYPE) != "application/json",
        Flaw::LengthRequired => !answer.measured,
        Flaw::NoStoreUnusable => ["no-store", "max-age=0"].iter().any(|word| text(CACHE_CONTROL).contains(word)),
        Flaw::NotModifiedCrashes => answer.status == StatusCode::NOT_MODIFIED && first,
        Flaw::BrokenSetCrashes => answer.status.is_success() && !is_set(&answer.body),
        Flaw::HugeSetCrashes => answer.body.len() > HUGE,
        Flaw::SetBomTolerated => {
            let bare = answer.body.strip_prefix("\u{feff}".as_bytes());
            return bare.map_or(Verdict::Usual, |body| Verdict::Body(body.to_vec()));
        }
        _ => false,
    };
    match flaw {
        _ if !is_so => Verdict::Usual,
        Flaw::NotModifiedCrashes | Flaw::BrokenSetCrashes | Flaw::HugeSetCrashes => Verdict::Crash,
        _ => Verdict::Unusable,
    }
}

fn is_set(body: &[u8]) -> bool {
    serde_json::from_slice::<Value>(body).is_ok_and(|set| set.get("keys").is_some_and(Value::is_array))
}
