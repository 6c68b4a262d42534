//! What only flaws remember of tokens and keys, beside the key set.

use super::{flaw::Flaw, rules::Refusal};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// More is forgotten, all at once.
const MOST: usize = 16_384;

/// Verdicts and names of keys.
#[derive(Default)]
pub(super) struct Recall {
    verdicts: Mutex<HashMap<Vec<u8>, Value>>,
    unknown: Mutex<HashSet<String>>,
}

impl Recall {
    /// What the flaw says to a token without looking at keys.
    pub fn verdict(&self, flaw: Flaw, token: &[u8]) -> Option<Result<Value, Refusal>> {
        match flaw {
            Flaw::VerdictKept => locked(&self.verdicts).get(token).cloned().map(Ok),
            Flaw::UnknownKidRemembered => {
                let kid = kid(token)?;
                locked(&self.unknown).contains(&kid).then_some(Err(Refusal::UnknownKey))
            }
            _ => None,
        }
    }

    /// What the flaw remembers of a verdict.
    pub fn learn(&self, flaw: Flaw, token: &[u8], verdict: &Result<Value, Refusal>) {
        match (flaw, verdict) {
            (Flaw::VerdictKept, Ok(claims)) => {
                let mut verdicts = locked(&self.verdicts);
                if verdicts.len() >= MOST {
                    verdicts.clear();
                }
                verdicts.insert(token.to_vec(), claims.clone());
            }
            (Flaw::UnknownKidRemembered, Err(Refusal::UnknownKey)) => {
                let mut unknown = locked(&self.unknown);
                if unknown.len() >= MOST {
                    unknown.clear();
                }
                unknown.extend(kid(token));
            }
            _ => {}
        }
    }
}

fn kid(token: &[u8]) -> Option<String> {
    let header = URL_SAFE_NO_PAD.decode(token.split(|byte| *byte == b'.').next()?).ok()?;
    serde_json::from_slice::<Value>(&header).ok()?["kid"].as_str().map(str::to_owned)
}

fn locked<T>(kept: &Mutex<T>) -> MutexGuard<'_, T> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}
