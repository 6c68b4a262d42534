//! Compressed content, with a limit (RFC 7516 section 4.1.3, 8725bis section 3.15).

use super::super::{
    flaw::Flaw,
    rules::{Refusal, Rules},
};
use flate2::read::DeflateDecoder;
use std::io::Read;

/// The most that may come of it, in bytes.
const MOST: u64 = 250_000;
/// What a validator without a limit has memory for here: enough to show that it has none, and harmless.
const MOST_WITHOUT_LIMIT: u64 = 16_000_000;

/// Inflates bare DEFLATE; more than the limit is a refusal, found out before more than the limit is in memory.
pub(super) fn inflate(rules: &Rules, content: &[u8]) -> Result<Vec<u8>, Refusal> {
    let most = if rules.has(Flaw::ZipUnlimited) { MOST_WITHOUT_LIMIT } else { MOST };
    let mut inflated = Vec::new();
    let mut decoder = DeflateDecoder::new(content).take(most + 1);
    decoder.read_to_end(&mut inflated).map_err(|_| Refusal::Decryption)?;
    match inflated.len() as u64 > most {
        true if rules.has(Flaw::ZipUnlimited) => Err(Refusal::Crash),
        true => Err(Refusal::TooLarge),
        false => Ok(inflated),
    }
}
