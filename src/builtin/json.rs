//! JSON by the letter of RFC 8259, with a say in what repeated members mean.
//!
//! serde_json already refuses trailing data, byte order marks, bad UTF-8, lone surrogates, numbers out of range and
//! nesting past 128 levels. It takes the last of repeated members; RFC 7515 section 4 lets a validator refuse them, and
//! refusing is the only answer that no second parser can disagree with.

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::fmt;

/// What to do about a second member of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeated {
    Refuse,
    First,
    Last,
}

/// Reads one JSON text and nothing behind it.
pub(super) fn parse(text: &[u8], repeated: Repeated) -> Result<Value, serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_slice(text);
    let value = repeated.deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}

/// Reads the JSON text at the start; whatever follows is ignored.
pub(super) fn parse_start(text: &[u8], repeated: Repeated) -> Result<Value, serde_json::Error> {
    repeated.deserialize(&mut serde_json::Deserializer::from_slice(text))
}

impl<'de> DeserializeSeed<'de> for Repeated {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Repeated {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value without repeated members")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = sequence.next_element_seed(self)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(self)?;
            match self {
                Repeated::Refuse if map.contains_key(&name) => return Err(A::Error::custom("repeated member")),
                Repeated::First => {
                    map.entry(name).or_insert(value);
                }
                _ => {
                    map.insert(name, value);
                }
            }
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn strict(text: &str) -> Option<Value> {
        parse(text.as_bytes(), Repeated::Refuse).ok()
    }

    #[test]
    fn repeated_members_are_refused_at_any_depth_and_however_written() {
        for text in [r#"{"a":1,"a":1}"#, r#"{"x":[{"a":1,"a":2}]}"#, r#"{"a":1,"\u0061":2}"#, r#"{"":1,"":2}"#] {
            assert_eq!(strict(text), None, "{text}");
        }
        assert_eq!(strict(r#"{"a":{"a":1},"b":{"a":1}}"#), Some(json!({"a": {"a": 1}, "b": {"a": 1}})));
    }

    #[test]
    fn first_and_last_can_be_asked_for() {
        let text = br#"{"exp":1,"exp":2}"#;
        assert_eq!(parse(text, Repeated::First).unwrap(), json!({"exp": 1}));
        assert_eq!(parse(text, Repeated::Last).unwrap(), json!({"exp": 2}));
    }

    #[test]
    fn only_json_passes() {
        for text in ["", "{}x", "{}{}", "\u{feff}{}", "{'a':1}", "{a:1}", "[1,]", "NaN", "[1e400]", "[01]", "[.5]"] {
            assert_eq!(strict(text), None, "{text}");
        }
        for text in [r#""\ud800""#, "\"a\nb\"", "/**/{}"] {
            assert_eq!(strict(text), None, "{text}");
        }
        assert_eq!(parse(b"\"\xff\"", Repeated::Refuse).ok(), None);
        assert_eq!(strict(" \t\r\n{} \n"), Some(json!({})));
        assert_eq!(parse_start(b"{}x", Repeated::Refuse).ok(), Some(json!({})));
    }

    #[test]
    fn nesting_ends_at_the_limit() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(strict(&nested(100)).is_some());
        assert!(strict(&nested(129)).is_none());
        assert!(strict(&nested(100_000)).is_none());
    }

    fn arbitrary_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec((any::<String>(), inner), 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_serde_json_writes_is_read_back(value in arbitrary_json()) {
            let text = serde_json::to_string(&value).unwrap();
            let plain: Value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(parse(text.as_bytes(), Repeated::Refuse).unwrap(), plain);
        }

        #[test]
        fn a_repeated_member_never_passes(value in arbitrary_json(), name in any::<String>(), wrap in 0_usize..5) {
            let name = serde_json::to_string(&name).unwrap();
            let inner = format!("{{{name}:{value},{name}:{value}}}");
            let text = format!("{}{inner}{}", "[".repeat(wrap), "]".repeat(wrap));
            prop_assert!(parse(text.as_bytes(), Repeated::Refuse).is_err());
            prop_assert!(parse(text.as_bytes(), Repeated::First).is_ok());
        }

        #[test]
        fn bytes_never_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let strict = parse(&bytes, Repeated::Refuse);
            if strict.is_ok() {
                prop_assert_eq!(strict.ok(), serde_json::from_slice(&bytes).ok());
            }
        }
    }
}
