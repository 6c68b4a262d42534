//! A parameter that may still be a placeholder while its case is being expanded.

use schemars::JsonSchema;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{
        DeserializeOwned, Error, IntoDeserializer, MapAccess, SeqAccess, Visitor,
        value::{MapAccessDeserializer, SeqAccessDeserializer, StrDeserializer},
    },
};
use std::{borrow::Cow, fmt, marker::PhantomData};

/// A value of `T`, or the placeholder that `each` will replace by one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Slot<T> {
    /// The value itself.
    Value(T),
    /// Text that holds `${…}`.
    Placeholder(String),
}

impl<T> Slot<T> {
    /// The value; `None` while it is a placeholder.
    pub fn value(&self) -> Option<&T> {
        match self {
            Slot::Value(value) => Some(value),
            Slot::Placeholder(_) => None,
        }
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Slot<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SlotVisitor<T>(PhantomData<T>);

        impl<'de, T: DeserializeOwned> Visitor<'de> for SlotVisitor<T> {
            type Value = Slot<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value or a placeholder")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Slot<T>, E> {
                if text.contains("${") {
                    return Ok(Slot::Placeholder(text.to_owned()));
                }
                let inner: StrDeserializer<'_, E> = text.into_deserializer();
                T::deserialize(inner).map(Slot::Value)
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Slot<T>, E> {
                T::deserialize(IntoDeserializer::<E>::into_deserializer(number)).map(Slot::Value)
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Slot<T>, E> {
                T::deserialize(IntoDeserializer::<E>::into_deserializer(number)).map(Slot::Value)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Slot<T>, A::Error> {
                T::deserialize(SeqAccessDeserializer::new(items)).map(Slot::Value)
            }

            fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Slot<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(members)).map(Slot::Value)
            }
        }

        deserializer.deserialize_any(SlotVisitor(PhantomData))
    }
}

/// Reads a text that a placeholder may have turned into a number: a time stands in a text as its digits.
///
/// # Errors
/// The value is no string, number or truth value.
pub(super) fn scalar_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    struct TextVisitor;

    impl Visitor<'_> for TextVisitor {
        type Value = String;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a text")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
            Ok(text.to_owned())
        }

        fn visit_i64<E: Error>(self, number: i64) -> Result<String, E> {
            Ok(number.to_string())
        }

        fn visit_u64<E: Error>(self, number: u64) -> Result<String, E> {
            Ok(number.to_string())
        }

        fn visit_f64<E: Error>(self, number: f64) -> Result<String, E> {
            Ok(number.to_string())
        }

        fn visit_bool<E: Error>(self, truth: bool) -> Result<String, E> {
            Ok(truth.to_string())
        }
    }

    deserializer.deserialize_any(TextVisitor)
}

impl<T: JsonSchema> JsonSchema for Slot<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("{}OrPlaceholder", T::schema_name()).into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let inner = generator.subschema_for::<T>();
        schemars::json_schema!({ "anyOf": [inner, { "type": "string", "pattern": "\\$\\{" }] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::alg::Alg;

    #[test]
    fn reads_a_value_or_waits() {
        assert_eq!(serde_json::from_str::<Slot<Alg>>("\"RS256\"").unwrap(), Slot::Value(Alg::Rs256));
        assert_eq!(serde_json::from_str::<Slot<Alg>>("\"${alg}\"").unwrap().value(), None);
        assert_eq!(serde_json::from_str::<Slot<u32>>("3").unwrap(), Slot::Value(3));
        assert_eq!(serde_json::from_str::<Slot<Vec<u32>>>("[3]").unwrap(), Slot::Value(vec![3]));
        assert!(serde_json::from_str::<Slot<Alg>>("\"RS257\"").is_err());
    }
}
