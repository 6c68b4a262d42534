//! Messages between a Locust master and its workers: MessagePack of `[type, data, node]`.

use rmpv::Value;

/// One message.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Message {
    /// What it is: `spawn`, `stats`, `heartbeat`.
    pub kind: String,
    /// What comes with it.
    pub data: Value,
}

/// A map with texts as keys.
pub(super) fn map(members: Vec<(&str, Value)>) -> Value {
    Value::Map(members.into_iter().map(|(name, value)| (name.into(), value)).collect())
}

impl Message {
    /// The bytes of a message from `node`.
    pub fn encode(kind: &str, data: Value, node: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        // Writing to a vector cannot fail.
        let _ = rmpv::encode::write_value(&mut bytes, &Value::Array(vec![kind.into(), data, node.into()]));
        bytes
    }

    /// Reads a message; `None` where the bytes are none.
    pub fn decode(mut bytes: &[u8]) -> Option<Message> {
        let Value::Array(members) = rmpv::decode::read_value(&mut bytes).ok()? else { return None };
        let mut members = members.into_iter();
        Some(Message { kind: members.next()?.as_str()?.to_owned(), data: members.next().unwrap_or(Value::Nil) })
    }

    /// For `spawn`: the classes of users with how many of each this worker is to have.
    pub fn users(&self) -> Vec<(String, u32)> {
        let Value::Map(data) = &self.data else { return Vec::new() };
        let counts = data.iter().find(|(name, _)| name.as_str() == Some("user_classes_count"));
        let Some((_, Value::Map(counts))) = counts else { return Vec::new() };
        counts
            .iter()
            .filter_map(|(name, count)| Some((name.as_str()?.to_owned(), u32::try_from(count.as_u64()?).ok()?)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_message_comes_back_as_it_was() {
        let counts = map(vec![("Tokens", 3.into()), ("Other", 2.into())]);
        let bytes = Message::encode("spawn", map(vec![("user_classes_count", counts)]), "worker-1");
        let read = Message::decode(&bytes).unwrap();
        assert_eq!((read.kind.as_str(), read.users()), ("spawn", vec![("Tokens".into(), 3), ("Other".into(), 2)]));
        assert_eq!(Message::decode(&Message::encode("stop", Value::Nil, "w")).unwrap().users(), []);
    }

    proptest! {
        #[test]
        fn hostile_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Message::decode(&bytes).map(|message| message.users());
        }
    }
}
