//! A token under construction. Header and payload are lists of JSON texts, not values, so that doubled names, odd
//! numbers and text that is no JSON can be written.

use super::{
    compact::encode_segment,
    error::ForgeError,
    key::Key,
    mutate::respelled,
    sample::{self, SampleToken},
};
use crate::model::{
    Alg, Mutation, Recipe,
    mutation::{Segment, Spelling},
};
use serde_json::{Map, Value};
use std::sync::Arc;

/// A token before it is signed.
#[derive(Clone)]
pub(super) struct Draft {
    pub header: Part,
    pub claims: Part,
    pub signer: Signer,
    /// Whether the signature covers the decoded payload (`b64: false`).
    pub sign_decoded: bool,
    /// What makes the signature in the signer's place.
    pub forgery: Option<Mutation>,
    /// Segments that are written with padding.
    pub padded: Vec<Segment>,
    /// Texts that go into the middle of a segment.
    pub inserted: Vec<(Segment, String)>,
    /// Segments that are written in another spelling.
    pub spelled: Vec<(Segment, Spelling)>,
    /// Whether the payload segment is the payload itself.
    pub unencoded: bool,
    /// The good token on whose grounds it is made, where the issuer's key is not ours.
    pub sample: Option<Arc<SampleToken>>,
}

/// Who signs, and in which algorithm.
#[derive(Clone)]
pub(super) struct Signer {
    pub key: Arc<Key>,
    pub alg: Alg,
}

/// Header or payload.
#[derive(Clone)]
pub(super) enum Part {
    /// An object.
    Members(Members),
    /// Any text.
    Raw(Vec<u8>),
}

/// The members of an object as JSON texts.
#[derive(Clone, Default)]
pub(super) struct Members {
    list: Vec<(String, String)>,
    /// Whitespace between all tokens.
    pub spread: bool,
}

impl Members {
    fn from_values(values: &Map<String, Value>) -> Members {
        let list = values.iter().map(|(name, value)| (quoted(name), value.to_string())).collect();
        Members { list, spread: false }
    }

    /// Sets a member to a JSON text, in place where it stands already.
    pub fn set(&mut self, name: &str, text: &str) {
        let name = quoted(name);
        match self.list.iter_mut().find(|(known, _)| *known == name) {
            Some((_, value)) => text.clone_into(value),
            None => self.list.push((name, text.to_owned())),
        }
    }

    /// A member's JSON text.
    pub fn get(&self, name: &str) -> Option<&str> {
        let name = quoted(name);
        self.list.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    /// Takes a member away.
    pub fn remove(&mut self, name: &str) {
        let name = quoted(name);
        self.list.retain(|(known, _)| *known != name);
    }

    /// Adds a member, whether or not the name is taken. The name is the inside of a JSON string as written.
    pub fn add(&mut self, name: &str, text: &str, first: bool) {
        let member = (format!("\"{name}\""), text.to_owned());
        if first { self.list.insert(0, member) } else { self.list.push(member) }
    }

    /// Turns the order round.
    pub fn reverse(&mut self) {
        self.list.reverse();
    }

    /// Rewrites names and values.
    pub fn rewrite(&mut self, rewrite: impl Fn(&str) -> String) {
        for (name, value) in &mut self.list {
            *name = rewrite(name);
            *value = rewrite(value);
        }
    }

    fn render(&self) -> Vec<u8> {
        let (open, colon, end, comma, close) =
            if self.spread { (" {\r\n\t", " : ", " ", ",\r\n\t", "\r\n} \n") } else { ("{", ":", "", ",", "}") };
        let length: usize = self.list.iter().map(|(name, value)| name.len() + value.len() + 8).sum();
        let mut text = String::with_capacity(length + 12);
        text.push_str(open);
        for (index, (name, value)) in self.list.iter().enumerate() {
            text.extend([if index == 0 { "" } else { comma }, name, colon, value, end]);
        }
        text.push_str(close);
        text.into_bytes()
    }
}

impl Part {
    pub fn from_recipe(raw: Option<&String>, values: &Map<String, Value>) -> Part {
        match raw {
            Some(text) => Part::Raw(text.clone().into_bytes()),
            None => Part::Members(Members::from_values(values)),
        }
    }

    /// The bytes that become the segment.
    pub fn render(&self) -> Vec<u8> {
        match self {
            Part::Members(members) => members.render(),
            Part::Raw(bytes) => bytes.clone(),
        }
    }

    /// The members, where it is an object.
    pub fn members(&mut self, mutation: &'static str) -> Result<&mut Members, ForgeError> {
        match self {
            Part::Members(members) => Ok(members),
            Part::Raw(_) => Err(ForgeError::CannotMutate { mutation, needs: "a part that is not given as raw text" }),
        }
    }
}

impl Draft {
    /// The draft of a recipe without placeholders, before its mutations.
    pub fn new(recipe: &Recipe, signer: Signer) -> Draft {
        Draft {
            header: Part::from_recipe(recipe.raw_header.as_ref(), &recipe.header),
            claims: Part::from_recipe(recipe.raw_claims.as_ref(), &recipe.claims),
            signer,
            sign_decoded: false,
            forgery: None,
            padded: Vec::new(),
            inserted: Vec::new(),
            spelled: Vec::new(),
            unencoded: false,
            sample: None,
        }
    }

    /// Header and payload as they become segments.
    pub fn parts(&self) -> (Vec<u8>, Vec<u8>) {
        match &self.sample {
            Some(sample) => sample.as_it_was(&self.header, &self.claims),
            None => (self.header.render(), self.claims.render()),
        }
    }

    /// The signature over the input, and whether it is one: only the issuer could sign anything but the sample.
    pub fn sign(&self, input: &[u8]) -> Result<(Vec<u8>, bool), ForgeError> {
        match &self.sample {
            Some(token) if self.signer.key.only_verifies() => Ok(sample::sign(token, input)),
            _ => Ok((self.signer.sign(input)?, true)),
        }
    }

    /// The text of a segment.
    pub fn encode(&self, segment: Segment, bytes: &[u8]) -> String {
        if self.unencoded && segment == Segment::Payload {
            return String::from_utf8_lossy(bytes).into_owned();
        }
        let mut text = encode_segment(bytes);
        for (_, spelling) in self.spelled.iter().filter(|(place, _)| *place == segment) {
            // Whether it can be spelled so was seen when the mutation was applied.
            text = respelled(*spelling, &text).unwrap_or(text);
        }
        if self.padded.contains(&segment) {
            text.push_str(&"=".repeat((4 - text.len() % 4) % 4));
        }
        for (_, inserted) in self.inserted.iter().filter(|(place, _)| *place == segment) {
            text.insert_str(text.len() / 2, inserted);
        }
        text
    }

    /// Makes sure that a segment of these bytes asks for padding: JSON may end in a space.
    pub fn fit_padding(&self, segment: Segment, bytes: &mut Vec<u8>) {
        if self.padded.contains(&segment) && bytes.len().is_multiple_of(3) {
            bytes.push(b' ');
        }
        for (_, spelling) in self.spelled.iter().filter(|(place, _)| *place == segment) {
            while !spelling.fits(bytes.len()) {
                bytes.push(b' ');
            }
        }
    }
}

impl Signer {
    /// The signature over the input.
    pub fn sign(&self, input: &[u8]) -> Result<Vec<u8>, ForgeError> {
        self.key.sign(self.alg, input)
    }
}

/// A text as a JSON string.
pub(super) fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
