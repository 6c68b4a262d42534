//! What cannot be shown on the grounds of a sample token.

use super::plan::Planned;
use crate::{
    model::expect::Expect,
    token::{Forge, ForgeError},
};
use std::collections::BTreeMap;

/// Why a variant makes no sense with sample tokens: only the issuer could sign a token of it, or the token would be the
/// sample itself, since what was to differ is not ours to change. Nothing where the keys are ours.
pub(super) fn impossible(planned: &Planned, forge: &Forge) -> Option<String> {
    forge.samples()?;
    let only_the_issuer = || Some(ForgeError::NeedsIssuer.to_string());
    // What is measured is measured on tokens that differ in what is signed.
    if planned.case.measure.is_some() {
        return only_the_issuer();
    }
    let mut before = BTreeMap::new();
    for earlier in &planned.case.before {
        match forge.mint(&earlier.token.over(&planned.twin), 0, "plan", &before) {
            Ok(token) => {
                before.insert(earlier.name.clone(), token);
            }
            Err(ForgeError::NeedsIssuer) => return only_the_issuer(),
            // Any other trouble is a mistake in the case.
            Err(_) => {}
        }
    }
    let mint = |recipe| forge.mint(recipe, 0, "plan", &before);
    match (mint(&planned.token), mint(&planned.twin)) {
        (Err(ForgeError::NeedsIssuer), _) | (_, Err(ForgeError::NeedsIssuer)) => only_the_issuer(),
        (Ok(token), Ok(twin)) => {
            let shown_alike = planned.case.present.is_none() && planned.case.expect == Expect::Reject;
            let same = shown_alike && token.bytes == twin.bytes;
            same.then(|| "the damaged token would be the good one here".to_owned())
        }
        _ => None,
    }
}
