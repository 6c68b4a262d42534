//! Many tokens of one recipe, for other tools: minted on all processors, written in order.

use crate::{
    model::Recipe,
    token::{Forge, ForgeError},
};
use std::{
    collections::BTreeMap,
    io,
    sync::mpsc::{Receiver, sync_channel},
    thread,
};

/// Tokens that are handed over at once.
const BLOCK: usize = 1_024;
/// Blocks that a thread is ahead of the writer.
const AHEAD: usize = 2;

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
    let text = |first: usize| -> Result<String, ForgeError> {
        let mut text = String::new();
        for number in first..(first + BLOCK).min(count) {
            text.push_str(&make(number)?);
            text.push('\n');
        }
        Ok(text)
    };
    thread::scope(|scope| {
        let made: Vec<Receiver<Result<String, ForgeError>>> = (0..threads)
            .map(|thread| {
                let ((send, receive), text) = (sync_channel(AHEAD), &text);
                scope.spawn(move || {
                    // They end where nobody takes their blocks any more.
                    let blocks = (thread * BLOCK..count).step_by(threads * BLOCK);
                    blocks.map(text).try_for_each(|block| send.send(block))
                });
                receive
            })
            .collect();
        for from in made.iter().cycle().take(count.div_ceil(BLOCK)) {
            let block = from.recv().unwrap_or(Err(ForgeError::Crypto("minting")))?;
            out.write_all(block.as_bytes())?;
        }
        Ok(out.flush()?)
    })
}
