//! A validator in this process.

use super::{
    bare::{Bare, Opened},
    protocol::{Answer, Contents, Validator},
    shown::Shown,
};
use crate::model::{Capabilities, Capability, Observation, TrustConfig, Verdict};
use std::{
    any::Any,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{PoisonError, RwLock},
    time::Instant,
};
use tokio::runtime::{Handle, RuntimeFlavor};

/// Wraps a validator so that tokens can be shown to it.
pub struct InProcess(RwLock<Box<dyn Validator>>);

impl fmt::Debug for InProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InProcess")
    }
}

impl InProcess {
    /// Takes a validator that already knows whom to trust.
    #[must_use]
    pub fn new(validator: Box<dyn Validator>) -> Self {
        InProcess(RwLock::new(validator))
    }

    /// Shows it a token. A panic is its failure, not ours.
    pub(super) fn present(&self, shown: &Shown<'_>) -> Observation {
        let start = Instant::now();
        let judge = || self.0.read().unwrap_or_else(PoisonError::into_inner).validate(shown.token, shown.now);
        let answer = beside_the_runtime(|| catch_unwind(AssertUnwindSafe(judge)));
        let mut observation = match answer {
            Ok(Answer::Accept(claims)) => Observation {
                claims: Some(claims).filter(|claims| !claims.is_null()),
                ..Observation::bare(Verdict::Accept, "accepted")
            },
            Ok(Answer::Reject(why)) => Observation::bare(Verdict::Reject, why),
            Ok(Answer::Error(why)) => Observation::bare(Verdict::ServerError, why),
            Err(panic) => Observation::bare(Verdict::ServerError, format!("panicked: {}", message(&*panic))),
        };
        observation.request = String::from_utf8_lossy(shown.token).into_owned();
        observation.elapsed_us = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
        observation
    }

    /// Asks it about a bare JWS or JWE.
    pub(super) fn open(&self, how: Bare, token: &[u8]) -> Opened {
        let start = Instant::now();
        let ask = || {
            let validator = self.0.read().unwrap_or_else(PoisonError::into_inner);
            match how {
                Bare::VerifyJws => validator.verify_jws(token),
                Bare::Decrypt => validator.decrypt(token),
            }
        };
        let (mut observation, payload) = match beside_the_runtime(|| catch_unwind(AssertUnwindSafe(ask))) {
            Ok(Contents::Good(payload)) => (Observation::bare(Verdict::Accept, "accepted"), Some(payload)),
            Ok(Contents::Refused(why)) => (Observation::bare(Verdict::Reject, why), None),
            Ok(Contents::Failed(why)) => (Observation::bare(Verdict::ServerError, why), None),
            Ok(Contents::Unsupported(why)) => (Observation::bare(Verdict::Unsupported, why), None),
            Err(panic) => {
                let because = format!("panicked: {}", message(&*panic));
                (Observation::bare(Verdict::ServerError, because), None)
            }
        };
        observation.request = String::from_utf8_lossy(token).into_owned();
        observation.elapsed_us = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
        Opened { observation, payload }
    }

    /// Tells it that a token is revoked.
    pub(super) fn revoke(&self, jti: &str) {
        self.0.read().unwrap_or_else(PoisonError::into_inner).revoke(jti);
    }

    /// Tells it anew whom to trust. A panic is its failure, not ours: it says why.
    ///
    /// # Errors
    /// The validator panicked.
    pub fn configure(&self, trust: &TrustConfig) -> Result<(), String> {
        let configure = || self.0.write().unwrap_or_else(PoisonError::into_inner).configure(trust);
        let done = beside_the_runtime(|| catch_unwind(AssertUnwindSafe(configure)));
        done.map_err(|panic| format!("panicked: {}", message(&*panic)))
    }

    /// What the validator says it can do, and the clock, which is an argument here.
    pub(super) fn provides(&self) -> Capabilities {
        let mut provides = self.0.read().unwrap_or_else(PoisonError::into_inner).provides();
        provides.extend([Capability::ControlClock, Capability::JwksPhases]);
        provides
    }
}

/// A validator may block, for instance on a key set that our own runtime serves: other tasks must go on.
fn beside_the_runtime<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current() {
        Ok(handle) if handle.runtime_flavor() == RuntimeFlavor::MultiThread => tokio::task::block_in_place(work),
        _ => work(),
    }
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::TrustConfig;
    use serde_json::{Value, json};

    struct Scripted;

    impl Validator for Scripted {
        fn provides(&self) -> Capabilities {
            Capabilities::from([Capability::ClaimsReturned])
        }

        fn configure(&mut self, _: &TrustConfig) {}

        fn validate(&self, token: &[u8], now: i64) -> Answer {
            match token {
                b"good" => Answer::Accept(json!({ "now": now })),
                b"quiet" => Answer::Accept(Value::Null),
                b"bad" => Answer::Reject("the signature does not match".into()),
                b"fall" => Answer::Error("out of memory".into()),
                other => panic!("cannot read {} bytes", other.len()),
            }
        }
    }

    #[test]
    fn answers_become_observations() {
        let target = InProcess::new(Box::new(Scripted));
        let see = |token: &[u8]| target.present(&Shown::plain(token, 7));
        assert_eq!(see(b"good").claims, Some(json!({ "now": 7 })));
        assert_eq!((see(b"quiet").verdict, see(b"quiet").claims), (Verdict::Accept, None));
        assert_eq!(
            (see(b"bad").verdict, see(b"bad").because.as_str()),
            (Verdict::Reject, "the signature does not match")
        );
        assert_eq!(see(b"fall").verdict, Verdict::ServerError);
        let panicked = see(b"\xff\xff");
        assert_eq!(
            (panicked.verdict, panicked.because.as_str()),
            (Verdict::ServerError, "panicked: cannot read 2 bytes")
        );
        assert!(target.provides().contains(&Capability::ControlClock));
        assert!(target.provides().contains(&Capability::ClaimsReturned));
    }
}
