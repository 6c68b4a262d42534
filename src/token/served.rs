//! From the description of a key set to the bytes that are served (RFC 7517 section 5).

use super::{error::ForgeError, jwk, keyring::KeyRing};
use crate::model::keyset::{Filler, KeySet};
use serde_json::{Map, Value, json};

/// What stands before the list of keys in a set.
const KEYS: &str = "{\"keys\":";

/// The set of these members. Some have megabytes: each is given up as soon as it is written.
fn whole_set(members: Vec<String>) -> String {
    let length: usize = members.iter().map(|member| member.len() + 1).sum();
    let mut set = String::with_capacity(KEYS.len() + length + 3);
    set.push_str(KEYS);
    for (index, member) in members.into_iter().enumerate() {
        set.push(if index == 0 { '[' } else { ',' });
        set.push_str(&member);
    }
    set.push_str(if set.len() == KEYS.len() { "[]}" } else { "]}" });
    set
}

impl KeyRing {
    /// The body that a file describes: a set of its members, or whatever it wants served instead.
    ///
    /// # Errors
    /// A member names a key that the ring does not hold, or a change does not fit its JWK.
    pub fn serve(&self, set: &KeySet) -> Result<Vec<u8>, ForgeError> {
        let mut members: Vec<String> = Vec::new();
        for name in &set.members {
            if name == "trusted" {
                for key in self.trusted.values().filter(|key| key.alg().is_asymmetric()) {
                    members.push(if set.certified { jwk::certified(self, key)? } else { key.jwk().to_owned() });
                }
            } else {
                members.push(self.key(name)?.0.jwk().to_owned());
            }
        }
        for altered in &set.altered {
            members.push(jwk::altered(self, altered)?);
        }
        members.extend(set.raw_members.iter().cloned());
        for filler in &set.filler {
            self.fill(filler, &mut members)?;
        }
        let body = set.body.as_deref().unwrap_or("${set}");
        let first = members.first().filter(|_| body.contains("${member}")).cloned().unwrap_or_default();
        let whole = whole_set(members);
        if body == "${set}" {
            return Ok(whole.into_bytes());
        }
        let keys = &whole[KEYS.len()..whole.len() - 1];
        Ok(body.replace("${set}", &whole).replace("${keys}", keys).replace("${member}", &first).into_bytes())
    }

    fn fill(&self, filler: &Filler, members: &mut Vec<String>) -> Result<(), ForgeError> {
        match filler {
            Filler::Copies { key, times } => {
                let (key, _) = self.key(key)?;
                let mut jwk: Map<String, Value> =
                    serde_json::from_str(key.jwk()).map_err(|error| ForgeError::Filled(error.to_string()))?;
                for number in 0..*times {
                    jwk.insert("kid".into(), json!(format!("filler-{number}")));
                    members.push(Value::from(jwk.clone()).to_string());
                }
            }
            Filler::Text { bytes } => {
                let mut member = r#"{"kty":"filler","kid":"filler-text","text":""#.to_owned();
                member.reserve_exact(*bytes as usize + 2);
                member.extend(std::iter::repeat_n('x', *bytes as usize));
                member.push_str("\"}");
                members.push(member);
            }
            Filler::Modulus { bits } => {
                // All ones: long enough, odd, and of no known factors that anybody would need.
                let modulus = super::encode_segment(vec![0xff; (bits / 8) as usize]);
                let jwk = json!({ "kty": "RSA", "kid": "filler-modulus", "use": "sig", "n": modulus, "e": "AQAB" });
                members.push(jwk.to_string());
            }
        }
        Ok(())
    }

    /// What a validator in our own process is handed while another key set is in use: the set as served, and HMAC
    /// secrets where they are wanted. `None` where the text is no JSON object with a list of keys.
    #[must_use]
    pub fn handed_over_with(&self, served: &[u8], secrets: bool) -> Option<Value> {
        let mut set: Value = serde_json::from_slice(served).ok()?;
        let keys = set.get_mut("keys")?.as_array_mut()?;
        let ours = self.trusted.values().filter(|key| secrets && !key.alg().is_asymmetric());
        keys.extend(ours.map(|key| key.members(true)));
        Some(set)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Alg;

    fn served(ring: &KeyRing, set: Value) -> String {
        String::from_utf8(ring.serve(&serde_json::from_value(set).unwrap()).unwrap()).unwrap()
    }

    #[test]
    fn a_set_is_served_as_described() {
        let ring = KeyRing::generate(&[Alg::Es256, Alg::Hs256]).unwrap();
        let whole = served(&ring, json!({ "members": ["trusted"], "raw-members": ["null"] }));
        assert_eq!(whole, format!("{{\"keys\":[{},null]}}", ring.key("es256").unwrap().0.jwk()));
        let single = served(&ring, json!({ "members": ["public"], "body": "${member}|${keys}|${set}" }));
        let jwk = ring.key("es256").unwrap().0.jwk().to_owned();
        assert_eq!(single, format!("{jwk}|[{jwk}]|{{\"keys\":[{jwk}]}}"));
    }

    #[test]
    fn filler_is_as_large_as_asked_for() {
        let ring = KeyRing::generate(&[Alg::Es256]).unwrap();
        let fill = |filler: Value| -> Vec<Value> {
            let text = served(&ring, json!({ "filler": [filler] }));
            serde_json::from_str::<Value>(&text).unwrap()["keys"].as_array().unwrap().clone()
        };
        let copies = fill(json!({ "copies": { "key": "spare-es256-filler", "times": 3 } }));
        assert_eq!((copies.len(), &copies[2]["kid"], &copies[0]["x"]), (3, &json!("filler-2"), &copies[2]["x"]));
        assert_eq!(fill(json!({ "text": { "bytes": 9 } }))[0]["text"], "x".repeat(9));
        let modulus = fill(json!({ "modulus": { "bits": 16384 } }))[0]["n"].as_str().unwrap().to_owned();
        assert_eq!(super::super::decode_segment(&modulus).unwrap().len(), 2048);
    }

    #[test]
    fn what_is_handed_over_holds_our_secrets_and_the_served_keys() {
        let ring = KeyRing::generate(&[Alg::Es256, Alg::Hs256]).unwrap();
        let set = ring.handed_over_with(br#"{"keys":[null],"more":1}"#, true).unwrap();
        assert_eq!((&set["keys"][0], &set["keys"][1]["kty"], &set["more"]), (&Value::Null, &json!("oct"), &json!(1)));
        assert_eq!(ring.handed_over_with(b"{\"keys\":[]}", false), Some(json!({ "keys": [] })));
        for body in ["<html>", "[]", "{}", r#"{"keys":{}}"#] {
            assert_eq!(ring.handed_over_with(body.as_bytes(), true), None, "{body}");
        }
    }
}
