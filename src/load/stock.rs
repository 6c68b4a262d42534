//! Mints and renders every request of a window, on all processors, into one arena.

use super::arena::{Arena, Kind, Owed, Shot};
use crate::{
    model::{Alg, Recipe, chaos::TokenClass},
    target::Wire,
    token::{Forge, ForgeError},
    traffic::{Deal, Mint, Press, SigningKey},
};
use serde_json::json;
use std::{collections::BTreeMap, sync::Arc, thread, time::Duration};

/// The life of ordinary tokens, in seconds; those of longer runs live as long as the run, and this much.
const SPARE: u64 = 300;
/// Runs up to this long need no longer life.
const SHORT: u64 = 200;
/// What mints and renders one request may cost, at most: the estimate of when a window can open.
const DEAREST: f64 = 1.0 / 1_500.0;

/// What to mint.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Token classes with their weights.
    pub mix: BTreeMap<TokenClass, u32>,
    /// The algorithm that signs.
    pub alg: Alg,
    /// How many requests.
    pub count: usize,
    /// The length that good tokens are padded to.
    pub bytes: Option<u32>,
    /// Of every hundred good tokens, how many are one and the same.
    pub replay: u32,
    /// How long the traffic takes, warm-up included.
    pub lasts: Duration,
    /// How long after the beginning of the traffic every good token expires.
    pub expires: Option<Duration>,
    /// What begins every `jti`.
    pub nonce: String,
}

/// Rendered requests, and the moment at which the traffic must begin where they expire in its midst.
pub struct Stock {
    /// The requests.
    pub arena: Arc<Arena>,
    /// Seconds since the epoch.
    pub begins: Option<i64>,
}

/// Mints as wanted, for a target that trusts the forge's ring. `good` is the recipe of a token that it takes. Requests
/// are rendered for the wire; without one an arena holds the bare tokens.
///
/// # Errors
/// The key ring or the cryptographic library refuses.
pub fn mint(forge: &Arc<Forge>, good: &Recipe, wanted: &Wanted, wire: Option<&Wire>) -> Result<Stock, ForgeError> {
    let now = jiff::Timestamp::now().as_second();
    let begins = wanted.expires.map(|_| now + 1 + (wanted.count as f64 * DEAREST) as i64);
    let mut good = good.clone();
    if let (Some(begins), Some(after)) = (begins, wanted.expires) {
        good.claims.insert("exp".into(), json!(begins + i64::try_from(after.as_secs()).unwrap_or(i64::MAX / 2)));
    } else if wanted.lasts.as_secs() > SHORT && good.claims.contains_key("exp") {
        good.claims.insert("exp".into(), json!(format!("${{now + {}s}}", wanted.lasts.as_secs() + SPARE)));
    }
    let smith = |good: &Recipe| Mint::new(Arc::clone(forge), good.clone(), wanted.alg, "load".into());
    let name = wanted.alg.name().to_lowercase();
    let key = SigningKey { kid: forge.ring().key(&name)?.0.kid().to_owned(), ring: name };
    if let Some(bytes) = wanted.bytes {
        pad(&mut good, &smith, &key, (now, &format!("{}-000000", wanted.nonce)), bytes as usize)?;
    }
    let mint = smith(&good);
    let weights = weights(wanted);
    let kinds: Vec<Kind> = weights.iter().map(|(class, _)| kind(*class, wanted, forge)).collect();
    let mut deal = Deal::new(&weights.iter().map(|(_, weight)| *weight).collect::<Vec<_>>());
    let order: Vec<usize> = (0..wanted.count).filter_map(|_| deal.draw()).collect();
    let presses: Vec<Press> = weights.iter().map(|(class, _)| mint.press(*class, &key)).collect();
    let make = |kind: usize, nonce: &str| mint.mint(&presses[kind], now, nonce);
    render(&order, kinds, wanted, wire, &make).map(|arena| Stock { arena: Arc::new(arena), begins })
}

/// The classes with their weights, good tokens split into new ones and repeated ones.
fn weights(wanted: &Wanted) -> Vec<(TokenClass, u32)> {
    let replay = wanted.replay.min(100);
    let mut weights: BTreeMap<TokenClass, u32> = BTreeMap::new();
    for (class, weight) in &wanted.mix {
        if *class == TokenClass::Valid && replay > 0 {
            *weights.entry(TokenClass::Valid).or_default() += weight * (100 - replay);
            *weights.entry(TokenClass::Replay).or_default() += weight * replay;
        } else {
            *weights.entry(*class).or_default() += weight * if replay > 0 { 100 } else { 1 };
        }
    }
    weights.into_iter().filter(|(_, weight)| *weight > 0).collect()
}

fn kind(class: TokenClass, wanted: &Wanted, forge: &Forge) -> Kind {
    let owed = match (class.is_forged(), wanted.expires) {
        (true, _) => Owed::Reject,
        (false, None) => Owed::Accept,
        (false, Some(after)) => Owed::expiring(after, forge.setting().leeway.0),
    };
    Kind { class, owed }
}

/// Fills a claim of the good recipe until its tokens have the length.
fn pad(
    good: &mut Recipe,
    smith: &dyn Fn(&Recipe) -> Mint,
    key: &SigningKey,
    (now, nonce): (i64, &str),
    bytes: usize,
) -> Result<(), ForgeError> {
    let length = |good: &Recipe| -> Result<usize, ForgeError> {
        let mint = smith(good);
        Ok(mint.mint(&mint.press(TokenClass::Valid, key), now, nonce)?.len())
    };
    let set = |good: &mut Recipe, fill: usize| {
        good.claims.insert("filler".into(), json!("x".repeat(fill)));
    };
    set(good, 0);
    let bare = length(good)?;
    if bare >= bytes {
        good.claims.shift_remove("filler");
        return Ok(());
    }
    // Four characters of base64url for three bytes of a claim.
    set(good, (bytes - bare) * 3 / 4);
    Ok(())
}

/// A block of requests that one thread made: what is where, and how long the tokens are.
struct Block {
    bytes: Vec<u8>,
    spans: Vec<(usize, usize, usize)>,
    tokens: Vec<u32>,
}

/// Makes the token of a kind with a `jti`.
type Make<'m> = &'m (dyn Fn(usize, &str) -> Result<Arc<str>, ForgeError> + Sync);

fn render(
    order: &[usize],
    kinds: Vec<Kind>,
    wanted: &Wanted,
    wire: Option<&Wire>,
    make: Make<'_>,
) -> Result<Arena, ForgeError> {
    let repeated = kinds.iter().position(|kind| kind.class == TokenClass::Replay);
    let threads = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let share = order.len().div_ceil(threads).max(1);
    let blocks: Vec<Result<Block, ForgeError>> = thread::scope(|scope| {
        let workers: Vec<_> = order
            .chunks(share)
            .enumerate()
            .map(|(number, chunk)| {
                let first = number * share;
                scope.spawn(move || {
                    let mut block = Block { bytes: Vec::new(), spans: Vec::new(), tokens: Vec::new() };
                    for (place, kind) in chunk.iter().enumerate().filter(|(_, kind)| Some(**kind) != repeated) {
                        block.push(*kind, &make(*kind, &format!("{}-{:06}", wanted.nonce, first + place))?, wire);
                    }
                    block.bytes.shrink_to_fit();
                    Ok(block)
                })
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().unwrap_or(Err(ForgeError::Crypto("minting")))).collect()
    });
    let mut arena = Arena::new(kinds);
    let (mut made, mut lengths): (Vec<Shot>, Vec<u32>) = (Vec::new(), Vec::new());
    for block in blocks {
        let block = block?;
        made.extend(arena.add(block.bytes, block.spans));
        lengths.extend(block.tokens);
    }
    arena.distinct = made.len() as u64;
    let mut again = None;
    if let Some(kind) = repeated {
        let token = make(kind, &format!("{}-again", wanted.nonce))?;
        let mut block = Block { bytes: Vec::new(), spans: Vec::new(), tokens: Vec::new() };
        block.push(kind, &token, wire);
        lengths.extend(std::iter::repeat_n(block.tokens[0], order.len() - made.len()));
        again = arena.add(block.bytes, block.spans).pop();
        arena.distinct += 1;
    }
    let mut fresh = made.into_iter();
    let next = |kind: &usize| if Some(*kind) == repeated { again } else { fresh.next() };
    let shots = order.iter().filter_map({
        let mut next = next;
        move |kind| next(kind)
    });
    let shots: Vec<Shot> = shots.collect();
    arena.order(shots);
    lengths.sort_unstable();
    arena.median_token = lengths.get(lengths.len() / 2).copied().map_or(0, u64::from);
    Ok(arena)
}

impl Block {
    fn push(&mut self, kind: usize, token: &str, wire: Option<&Wire>) {
        let start = self.bytes.len();
        match wire {
            Some(wire) => wire.render(token.as_bytes(), &mut self.bytes),
            None => self.bytes.extend_from_slice(token.as_bytes()),
        }
        self.spans.push((kind, start, self.bytes.len() - start));
        self.tokens.push(u32::try_from(token.len()).unwrap_or(u32::MAX));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::{
        decode_segment,
        testing::{self, good},
    };
    use serde_json::Value;
    use std::collections::BTreeSet;

    fn forge() -> Arc<Forge> {
        Arc::new(testing::forge(&[Alg::Es256, Alg::Hs256]))
    }

    fn wanted(mix: &[(TokenClass, u32)], count: usize) -> Wanted {
        Wanted {
            mix: mix.iter().copied().collect(),
            alg: Alg::Hs256,
            count,
            bytes: None,
            replay: 0,
            lasts: Duration::from_secs(10),
            expires: None,
            nonce: "n".into(),
        }
    }

    fn tokens(stock: &Stock) -> Vec<String> {
        let arena = &stock.arena;
        (0..arena.len()).map(|place| String::from_utf8(arena.bytes(arena.shot(place)).to_vec()).unwrap()).collect()
    }

    fn claims(token: &str) -> Value {
        serde_json::from_slice(&decode_segment(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
    }

    #[test]
    fn classes_come_by_their_weights_and_no_token_twice() {
        let stock =
            mint(&forge(), &good(), &wanted(&[(TokenClass::Valid, 9), (TokenClass::BadSig, 1)], 50), None).unwrap();
        let forged =
            (0..50).filter(|place| stock.arena.kinds()[stock.arena.shot(*place).kind()].class == TokenClass::BadSig);
        assert_eq!(forged.count(), 5);
        let tokens = tokens(&stock);
        assert_eq!(tokens.iter().collect::<BTreeSet<_>>().len(), 50);
        // In order, whichever thread made them.
        assert_eq!(claims(&tokens[49])["jti"], "n-000049");
        assert_eq!((stock.arena.distinct, stock.arena.median_token), (50, tokens[0].len() as u64));
    }

    #[test]
    fn repeated_tokens_are_one_and_long_ones_have_their_length() {
        let many = Wanted { replay: 90, bytes: Some(2000), ..wanted(&[(TokenClass::Valid, 1)], 100) };
        let stock = mint(&forge(), &good(), &many, None).unwrap();
        let tokens = tokens(&stock);
        assert_eq!((tokens.iter().collect::<BTreeSet<_>>().len(), stock.arena.distinct), (11, 11));
        assert!(tokens.iter().all(|token| token.len().abs_diff(2000) <= 4), "{}", tokens[0].len());
    }

    #[test]
    fn tokens_outlive_the_run_or_expire_when_wanted() {
        let now = jiff::Timestamp::now().as_second();
        let long = Wanted { lasts: Duration::from_secs(3600), ..wanted(&[(TokenClass::Valid, 1)], 1) };
        let exp = claims(&tokens(&mint(&forge(), &good(), &long, None).unwrap())[0])["exp"].as_i64().unwrap();
        assert!(exp >= now + 3900);
        let soon = Wanted { expires: Some(Duration::from_secs(5)), ..wanted(&[(TokenClass::Valid, 1)], 1) };
        let stock = mint(&forge(), &good(), &soon, None).unwrap();
        assert_eq!(claims(&tokens(&stock)[0])["exp"].as_i64(), stock.begins.map(|begins| begins + 5));
        assert!(matches!(stock.arena.kinds()[0].owed, Owed::Expires(..)));
    }
}
