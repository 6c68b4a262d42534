//! Takes the user's own secrets out of everything that is shown, also where the target echoes them.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

/// What stands in a secret's place.
pub(super) const REDACTED: &str = "[redacted]";
/// The shortest text that is looked for in answers; replacing shorter ones would tear every text apart.
const SHORTEST: usize = 4;

/// Knows the secrets of one target file.
#[derive(Clone, Default)]
pub(super) struct Redactor(Vec<String>);

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Redactor({} secrets)", self.0.len())
    }
}

impl Redactor {
    /// Takes secrets in: header values, values from the environment.
    pub(super) fn new(secrets: impl IntoIterator<Item = String>) -> Self {
        let mut known: Vec<String> = secrets.into_iter().flat_map(forms).collect();
        known.retain(|form| form.len() >= SHORTEST);
        // The longest first, so that no rest of it stays behind.
        known.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        known.dedup();
        Redactor(known)
    }

    /// Bytes that a text should be longer than what is shown of it, so that no secret is cut in half and missed.
    pub(super) fn margin(&self) -> usize {
        self.0.first().map_or(0, String::len)
    }

    /// The text without secrets.
    pub(super) fn text(&self, mut text: String) -> String {
        for secret in &self.0 {
            if text.contains(secret.as_str()) {
                text = text.replace(secret.as_str(), REDACTED);
            }
        }
        text
    }

    /// The value without secrets.
    pub(super) fn value(&self, value: Value) -> Value {
        if self.0.is_empty() {
            return value;
        }
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(items) => items.into_iter().map(|item| self.value(item)).collect(),
            Value::Object(members) => {
                members.into_iter().map(|(name, member)| (self.text(name), self.value(member))).collect()
            }
            plain => plain,
        }
    }
}

/// The shapes in which a target may show a header value: whole, without its scheme, the parts of a cookie, a decoded
/// password, and each of them inside JSON.
fn forms(secret: String) -> Vec<String> {
    let mut found = Vec::new();
    if let Some((scheme, rest)) = secret.split_once(' ') {
        let rest = rest.trim();
        found.push(rest.to_owned());
        let decoded = STANDARD.decode(rest).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"));
        if let Some(pair) = decoded.and_then(|bytes| String::from_utf8(bytes).ok()) {
            found.extend(pair.split_once(':').map(|(_, password)| password.to_owned()));
            found.push(pair);
        }
    }
    found.extend(secret.split(';').filter_map(|part| part.split_once('=')).map(|(_, value)| value.trim().to_owned()));
    found.push(secret);
    let quoted: Vec<String> = found
        .iter()
        .filter(|form| form.contains(['"', '\\']))
        .map(|form| Value::from(form.as_str()).to_string().trim_matches('"').to_owned())
        .collect();
    found.extend(quoted);
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn redact(secret: &str, text: &str) -> String {
        Redactor::new([secret.to_owned()]).text(text.to_owned())
    }

    #[test]
    fn echoes_are_found_in_every_shape() {
        assert_eq!(redact("Bearer abcd1234", "you sent abcd1234"), "you sent [redacted]");
        assert_eq!(redact("Basic dXNlcjpwYXNzd29yZA==", "user:password, password"), "[redacted], [redacted]");
        assert_eq!(redact("sid=s3cr3t; theme=dark", "session s3cr3t"), "session [redacted]");
        assert_eq!(redact("a\"bcd", r#"{"x":"a\"bcd"}"#), r#"{"x":"[redacted]"}"#);
        assert_eq!(redact("key", "the key stays: too short to tell"), "the key stays: too short to tell");
    }

    #[test]
    fn json_is_searched_through() {
        let redactor = Redactor::new(["s3cret".to_owned()]);
        let value = json!({ "s3cret": [1, { "x": "is s3cret" }] });
        assert_eq!(redactor.value(value), json!({ "[redacted]": [1, { "x": "is [redacted]" }] }));
        assert!(!format!("{redactor:?}").contains("s3cret"));
    }
}
