//! Good tokens of an issuer that we do not play, and what can be made of them without its key.
//!
//! A recipe is worked out as for an issuer of ours; what it changes against the ordinary recipe is changed in the sample.
//! Where the signature must then be the issuer's, there is none: [`ForgeError::NeedsIssuer`].

use super::{
    compact::decode_segment,
    draft::{Draft, Part, Signer},
    error::ForgeError,
    forge::Forge,
    members::unambiguous_members,
    mutate::Anvil,
};
use crate::model::{Alg, Recipe};
use serde_json::{Map, Value};
use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

/// A good token, taken apart.
#[derive(PartialEq, Eq)]
pub struct SampleToken {
    text: String,
    header_bytes: Vec<u8>,
    payload_bytes: Vec<u8>,
    signature: Vec<u8>,
    header: Map<String, Value>,
    claims: Map<String, Value>,
    alg: Alg,
}

/// It is a password: nothing of it is shown.
impl fmt::Debug for SampleToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SampleToken([secret])")
    }
}

impl SampleToken {
    /// Takes a compact token apart.
    ///
    /// # Errors
    /// It is no signed token in compact form, or no reader could be sure what it says. The token is not quoted.
    pub fn read(text: &str) -> Result<SampleToken, ForgeError> {
        let refuse = |found: &str| ForgeError::Lent(format!("the sample should be a signed token, and {found}"));
        let text = text.strip_prefix("Bearer ").unwrap_or(text).trim();
        let segments: Vec<&str> = text.split('.').collect();
        let [header, payload, signature] = segments[..] else {
            return Err(refuse(match segments.len() {
                5 => "this is an encrypted one, which only its reader can open",
                1 => "this is an opaque text",
                _ => "this does not have three segments",
            }));
        };
        let decode = |segment, name: &str| {
            decode_segment(segment).ok_or_else(|| refuse(&format!("its {name} is not base64url")))
        };
        let [header_bytes, payload_bytes] = [decode(header, "header")?, decode(payload, "payload")?];
        let signature = decode(signature, "signature")?;
        let members = |bytes: &[u8], name: &str| {
            unambiguous_members(bytes).ok_or_else(|| refuse(&format!("its {name} is no plain JSON object")))
        };
        let (header, claims) = (members(&header_bytes, "header")?, members(&payload_bytes, "payload")?);
        let alg = header.get("alg").and_then(Value::as_str).and_then(|alg| alg.parse().ok());
        let alg = alg.ok_or_else(|| refuse("its algorithm is none that we know"))?;
        Ok(SampleToken { text: text.to_owned(), header_bytes, payload_bytes, signature, header, claims, alg })
    }

    /// Reads all tokens of a text, white space between them.
    ///
    /// # Errors
    /// There is none, or one cannot be read.
    pub fn read_all(text: &str) -> Result<Vec<SampleToken>, ForgeError> {
        let words = text.split_ascii_whitespace().filter(|word| !word.eq_ignore_ascii_case("bearer"));
        let mut found: Vec<SampleToken> = Vec::new();
        for word in words {
            let token = SampleToken::read(word)?;
            if !found.contains(&token) {
                found.push(token);
            }
        }
        if found.is_empty() {
            return Err(ForgeError::Lent("a sample token is wanted, and there is none".into()));
        }
        Ok(found)
    }

    /// The algorithm that its header names.
    #[must_use]
    pub fn alg(&self) -> Alg {
        self.alg
    }

    /// A text member of its header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.header.get(name)?.as_str()
    }

    /// A claim as one text: the first of a list, nothing where it is neither.
    #[must_use]
    pub fn text_claim(&self, name: &str) -> String {
        let text = match self.claims.get(name) {
            Some(Value::Array(items)) => items.first().and_then(Value::as_str),
            other => other.and_then(Value::as_str),
        };
        text.unwrap_or_default().to_owned()
    }

    /// The second in which it runs out.
    #[must_use]
    pub fn expires(&self) -> Option<i64> {
        let exp = self.claims.get("exp")?;
        // A fraction of a second is none to us.
        exp.as_i64().or_else(|| exp.as_f64().map(|exp| exp as i64))
    }

    /// The three segments as they are.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.text.split('.')
    }

    /// The decoded payload.
    #[must_use]
    pub fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }

    pub(super) fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// What its signature covers (RFC 7515 section 2).
    pub(super) fn signing_input(&self) -> &[u8] {
        let end = self.text.rfind('.').unwrap_or(self.text.len());
        &self.text.as_bytes()[..end]
    }

    /// The very bytes of header or payload, where these are its members and nothing was done to them.
    pub(super) fn as_it_was(&self, header: &Part, payload: &Part) -> (Vec<u8>, Vec<u8>) {
        let whole = |part: &Part, members: &Map<String, Value>, bytes: &Vec<u8>| {
            let rendered = part.render();
            if rendered == Part::from_recipe(None, members).render() { bytes.clone() } else { rendered }
        };
        (whole(header, &self.header, &self.header_bytes), whole(payload, &self.claims, &self.payload_bytes))
    }
}

/// The good tokens that are in use; they change when they run out.
#[derive(Debug)]
pub struct Samples(RwLock<Vec<Arc<SampleToken>>>);

impl Samples {
    /// These tokens, of which there is at least one.
    ///
    /// # Errors
    /// There is none.
    pub fn new(tokens: Vec<SampleToken>) -> Result<Samples, ForgeError> {
        let samples = Samples(RwLock::default());
        samples.replace(tokens)?;
        Ok(samples)
    }

    /// Takes others in use.
    ///
    /// # Errors
    /// There is none; those in use stay.
    pub fn replace(&self, tokens: Vec<SampleToken>) -> Result<(), ForgeError> {
        if tokens.is_empty() {
            return Err(ForgeError::Lent("a sample token is wanted, and there is none".into()));
        }
        let mut held = self.0.write().unwrap_or_else(PoisonError::into_inner);
        *held = tokens.into_iter().map(Arc::new).collect();
        Ok(())
    }

    /// The good token.
    ///
    /// # Errors
    /// None is held.
    pub fn first(&self) -> Result<Arc<SampleToken>, ForgeError> {
        self.nth(0)
    }

    /// Another good token of the same key.
    ///
    /// # Errors
    /// There is one token only.
    pub fn second(&self) -> Result<Arc<SampleToken>, ForgeError> {
        let (first, second) = (self.nth(0)?, self.nth(1)?);
        let same_key = first.alg == second.alg && first.header.get("kid") == second.header.get("kid");
        if same_key { Ok(second) } else { Err(ForgeError::NeedsIssuer) }
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<SampleToken>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn nth(&self, index: usize) -> Result<Arc<SampleToken>, ForgeError> {
        let held = self.0.read().unwrap_or_else(PoisonError::into_inner);
        held.get(index).cloned().ok_or(ForgeError::NeedsIssuer)
    }
}

/// Signs input where that takes no key: the sample's own, or one whose signature will be damaged or taken away. Returns
/// whether the signature belongs to the input.
pub(super) fn sign(sample: &SampleToken, input: &[u8]) -> (Vec<u8>, bool) {
    (sample.signature().to_vec(), input == sample.signing_input())
}

/// The draft of a recipe on the grounds of a sample. `ordinary` is the recipe of good tokens, filled in as `filled` is.
pub(super) fn draft(sample: Arc<SampleToken>, filled: &Recipe, ordinary: &Recipe, signer: Signer) -> Draft {
    let changed = Recipe {
        header: changes(&sample.header, &filled.header, &ordinary.header),
        claims: changes(&sample.claims, &filled.claims, &ordinary.claims),
        ..filled.clone()
    };
    Draft { sample: Some(sample), ..Draft::new(&changed, signer) }
}

/// What is different in `filled` against `ordinary`, done to these members.
fn changes(
    sample: &Map<String, Value>,
    filled: &Map<String, Value>,
    ordinary: &Map<String, Value>,
) -> Map<String, Value> {
    let mut members = sample.clone();
    for (name, value) in filled {
        if ordinary.get(name) != Some(value) {
            members.insert(name.clone(), value.clone());
        }
    }
    for name in ordinary.keys().filter(|name| !filled.contains_key(*name)) {
        members.shift_remove(name);
    }
    members
}

impl Forge {
    /// The draft of a recipe that is filled in, before its mutations.
    pub(super) fn ground(&self, filled: &Recipe, signer: Signer, anvil: &Anvil<'_>) -> Result<Draft, ForgeError> {
        let Some((samples, ordinary)) = self.grounds() else { return Ok(Draft::new(filled, signer)) };
        let ordinary = self.fill(ordinary, &self.signer(ordinary)?, anvil.now, anvil.nonce, anvil.before)?;
        Ok(draft(samples.first()?, filled, &ordinary, signer))
    }
}
