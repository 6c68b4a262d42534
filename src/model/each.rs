//! The values that one name of `each` runs over: written out, or the keys that the target trusts.

use super::alg::{Alg, KeyFamily};
use schemars::JsonSchema;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, IntoDeserializer, SeqAccess, Visitor, value::StrDeserializer},
};
use serde_json::Value;
use std::{borrow::Cow, fmt};

/// The values of one name in `each`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Each {
    /// These.
    Values(Vec<Value>),
    /// Public keys that the target trusts.
    Keys(TrustedKeys),
}

/// Which of the trusted public keys a case runs over: one of each kind (RSA, each curve). Of several keys of a kind it is
/// the one whose algorithm comes first in [`Alg::ALL`], so that ids do not depend on the order in the target file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TrustedKeys {
    /// Every kind.
    Published,
    /// RSA keys only.
    PublishedRsa,
    /// Keys on the curves of ECDSA only.
    PublishedEc,
}

impl TrustedKeys {
    /// The algorithms whose keys are meant.
    pub fn algorithms(self) -> impl Iterator<Item = Alg> {
        Alg::ALL.iter().copied().filter(move |alg| match self {
            TrustedKeys::Published => alg.is_asymmetric(),
            TrustedKeys::PublishedRsa => alg.family() == KeyFamily::Rsa,
            TrustedKeys::PublishedEc => {
                matches!(alg.family(), KeyFamily::P256 | KeyFamily::P384 | KeyFamily::P521 | KeyFamily::Secp256k1)
            }
        })
    }
}

impl<'de> Deserialize<'de> for Each {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EachVisitor;

        impl<'de> Visitor<'de> for EachVisitor {
            type Value = Each;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of values or the name of a set of keys")
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Each, E> {
                let inner: StrDeserializer<'_, E> = name.into_deserializer();
                TrustedKeys::deserialize(inner).map(Each::Keys)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Each, A::Error> {
                let mut values = Vec::new();
                while let Some(value) = list.next_element()? {
                    values.push(value);
                }
                Ok(Each::Values(values))
            }
        }

        deserializer.deserialize_any(EachVisitor)
    }
}

impl JsonSchema for Each {
    fn schema_name() -> Cow<'static, str> {
        "Each".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let keys = generator.subschema_for::<TrustedKeys>();
        schemars::json_schema!({ "anyOf": [{ "type": "array", "items": true }, keys] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_list_or_a_name_is_read() {
        let read = |value: Value| serde_json::from_value::<Each>(value);
        assert_eq!(read(json!([1, "a"])).unwrap(), Each::Values(vec![json!(1), json!("a")]));
        assert_eq!(read(json!("published-rsa")).unwrap(), Each::Keys(TrustedKeys::PublishedRsa));
        assert!(read(json!("publish")).is_err() && read(json!(7)).is_err());
        assert_eq!(TrustedKeys::Published.algorithms().next(), Some(Alg::Rs256));
        assert_eq!(TrustedKeys::PublishedEc.algorithms().count(), 4);
    }
}
