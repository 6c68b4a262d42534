//! The members of a JSON object, where every reader sees the same ones.

use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

/// The members of an object; `None` where the text is no object, or names a member twice at the top, since two readers
/// may then see two different tokens.
#[must_use]
pub fn unambiguous_members(text: &[u8]) -> Option<Map<String, Value>> {
    struct Once;

    impl<'de> Visitor<'de> for Once {
        type Value = Map<String, Value>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object without repeated members")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
            let mut map = Map::new();
            while let Some((name, value)) = members.next_entry::<String, Value>()? {
                if map.insert(name, value).is_some() {
                    return Err(A::Error::custom("repeated member"));
                }
            }
            Ok(map)
        }
    }

    let mut reader = serde_json::Deserializer::from_slice(text);
    let members = reader.deserialize_map(Once).ok()?;
    reader.end().ok().map(|()| members)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_every_reader_sees_alike_counts() {
        assert_eq!(unambiguous_members(br#"{"a":1,"b":{"a":2}}"#).map(|members| members.len()), Some(2));
        for text in [r#"{"a":1,"a":1}"#, r#"{"a":1,"\u0061":2}"#, "[]", "{}x", "", "\u{feff}{}"] {
            assert_eq!(unambiguous_members(text.as_bytes()), None, "{text}");
        }
    }
}
