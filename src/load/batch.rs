//! Many tokens of one recipe, for other tools: minted on all processors, written in order.

use crate::{
    model::Recipe,
    token::{Forge, ForgeError},
};
use std::{collections::BTreeMap, io, thread};

/// Tokens that one thread makes before they are written.
const ROUND: usize = 4_096;

/// Why a batch broke off.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// A token cannot be made.
    #[error(transparent)]
    Forge(#[from] ForgeError),
    /// It cannot be written.
    #[error("the tokens cannot be written: {0}")]
    Write(#[from] io::Error),
}

/// Mints `count` tokens of a recipe as of `now` (seconds since the epoch) and writes them, one a line. Each has a `jti`
/// of its own.
///
/// # Errors
/// [`BatchError`].
pub fn batch(
    forge: &Forge,
    recipe: &Recipe,
    count: usize,
    now: i64,
    out: &mut dyn io::Write,
) -> Result<(), BatchError> {
    let threads = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let template = forge.template(recipe).ok();
    let make = |number: usize| -> Result<String, ForgeError> {
        let nonce = format!("forge-{number:08}");
        match &template {
            Some(template) => template.mint(now, &nonce),
            None => Ok(forge.mint(recipe, now, &nonce, &BTreeMap::new())?.text()),
        }
    };
    let mut first = 0;
    while first < count {
        let last = (first + ROUND * threads).min(count);
        let share = (last - first).div_ceil(threads);
        let blocks: Vec<Result<String, ForgeError>> = thread::scope(|scope| {
            let workers: Vec<_> = (0..threads)
                .map(|thread| {
                    let (from, make) = (first + share * thread, &make);
                    scope.spawn(move || {
                        let mut text = String::new();
                        for number in from..(from + share).min(last) {
                            text.push_str(&make(number)?);
                            text.push('\n');
                        }
                        Ok(text)
                    })
                })
                .collect();
            workers.into_iter().map(|worker| worker.join().unwrap_or(Err(ForgeError::Crypto("minting")))).collect()
        });
        for block in blocks {
            out.write_all(block?.as_bytes())?;
        }
        first = last;
    }
    Ok(out.flush()?)
}
