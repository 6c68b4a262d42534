//! A recipe of good tokens, compiled: what does not change is rendered once.

use super::{
    compact::{encode_onto, encode_segment},
    draft::{Draft, Signer},
    error::ForgeError,
    forge::{Forge, LIFETIME},
};
use crate::model::{
    Recipe,
    placeholder::{self, Times, Unknown},
};
use std::fmt::Write;

/// A compiled recipe.
pub struct Template {
    signer: Signer,
    /// The header segment with its dot.
    header: String,
    payload: Vec<Piece>,
    canary: String,
    times: Times,
}

enum Piece {
    Text(String),
    /// Seconds after `now`.
    Time(i64),
    Nonce,
    Canary,
}

impl Template {
    pub(super) fn new(forge: &Forge, recipe: &Recipe) -> Result<Template, ForgeError> {
        if !recipe.mutate.is_empty() || !recipe.then.is_empty() || recipe.encrypt.is_some() || recipe.inner.is_some() {
            return Err(ForgeError::CannotMutate {
                mutation: "a template",
                needs: "a recipe without damage and encryption",
            });
        }
        let signer = forge.signer(recipe)?;
        let value = serde_json::to_value(recipe).map_err(|error| ForgeError::Filled(error.to_string()))?;
        let filled = placeholder::fill_value(&value, Unknown::Keep, &|name| forge.constant(name, &signer))?;
        let filled: Recipe = serde_json::from_value(filled).map_err(|error| ForgeError::Filled(error.to_string()))?;
        let draft = Draft::new(&filled, signer.clone());
        let header = draft.header.render();
        if header.windows(2).any(|pair| pair == b"${") {
            return Err(ForgeError::CannotMutate { mutation: "a template", needs: "a header without changing parts" });
        }
        let times = Times { now: 0, leeway: forge.setting().leeway, lifetime: LIFETIME };
        let text = String::from_utf8(draft.claims.render()).map_err(|error| ForgeError::Filled(error.to_string()))?;
        Ok(Template {
            signer,
            header: format!("{}.", encode_segment(header)),
            payload: pieces(&text, &times)?,
            canary: forge.setting().world.canary.clone(),
            times,
        })
    }

    /// Mints one token: the compact text.
    ///
    /// # Errors
    /// The cryptographic library refuses to sign.
    pub fn mint(&self, now: i64, nonce: &str) -> Result<String, ForgeError> {
        let mut payload = String::with_capacity(512);
        for piece in &self.payload {
            // Writing to a String cannot fail.
            let _ = match piece {
                Piece::Text(text) => payload.write_str(text),
                Piece::Time(offset) => write!(payload, "{}", now + offset - self.times.now),
                Piece::Nonce => payload.write_str(nonce),
                Piece::Canary => write!(payload, "{}/{nonce}", self.canary),
            };
        }
        let mut token = String::with_capacity(self.header.len() + payload.len() * 4 / 3 + 400);
        token.push_str(&self.header);
        encode_onto(payload.as_bytes(), &mut token);
        let signature = self.signer.sign(token.as_bytes())?;
        token.push('.');
        encode_onto(&signature, &mut token);
        Ok(token)
    }
}

/// Cuts the payload's text at its placeholders. A time that is a whole string loses its quotes: it is a number.
fn pieces(text: &str, times: &Times) -> Result<Vec<Piece>, ForgeError> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let end = rest[start..]
            .find('}')
            .map(|end| start + end)
            .ok_or_else(|| placeholder::PlaceholderError::Unclosed(rest.to_owned()))?;
        let name = rest[start + 2..end].trim();
        let (mut head, mut tail) = (&rest[..start], &rest[end + 1..]);
        let piece = match name {
            "nonce" => Piece::Nonce,
            "canary" => Piece::Canary,
            _ => {
                let time = placeholder::time(name, times)?
                    .ok_or_else(|| placeholder::PlaceholderError::Unknown(name.to_owned()))?;
                if let (Some(before), Some(after)) = (head.strip_suffix('"'), tail.strip_prefix('"')) {
                    (head, tail) = (before, after);
                }
                Piece::Time(time)
            }
        };
        pieces.push(Piece::Text(head.to_owned()));
        pieces.push(piece);
        rest = tail;
    }
    pieces.push(Piece::Text(rest.to_owned()));
    Ok(pieces)
}
