//! Digests of a suite: two runs with the same one asked the same questions and judged the answers in the same way.

use super::source::SuiteFile;
use crate::model::outcome::JUDGE;
use aws_lc_rs::digest::{SHA256, digest};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The digests of one suite.
#[derive(Debug, Clone)]
pub(super) struct Digests {
    /// Of all of it, `sha256:…`.
    pub suite: String,
    /// Of what each case asks, by `family/name`: the first half of the SHA-256, in hexadecimal.
    pub cases: BTreeMap<String, String>,
}

/// `sha256:` and the SHA-256, in hexadecimal, of the UTF-8 text of this JSON value without white space and with all members
/// sorted by name: `judge`, the number of the judge; `scenarios` and `vectors`, each file as JSON by its name.
///
/// So neither the order of files, nor comments, nor the order of keys, nor white space between them counts, and anybody
/// can compute it again from the files of the repository.
pub(super) fn of(vectors: &[SuiteFile], scenarios: &[SuiteFile]) -> Digests {
    let vectors = documents(vectors);
    let cases = vectors.as_object().into_iter().flatten().flat_map(|(name, file)| asked(name, file)).collect();
    let suite = of_value(json!({ "judge": JUDGE, "scenarios": documents(scenarios), "vectors": vectors }));
    Digests { suite, cases }
}

/// What each case of a file asks, wording left out: a better text is no other question.
fn asked(name: &str, file: &Value) -> Vec<(String, String)> {
    const WORDING: [&str; 6] = ["title", "why", "fix", "refs", "aliases", "quick"];
    let family = name.trim_end_matches(".toml");
    let grade = |member: &str| file.pointer(&format!("/family/{member}")).cloned();
    let blocks = file.get("case").and_then(Value::as_array).into_iter().flatten();
    let digest_of = |block: &Value| {
        let name = block.get("name")?.as_str()?;
        let mut asks = block.as_object()?.clone();
        asks.retain(|member, _| !WORDING.contains(&member.as_str()));
        let set = block.get("needs-keyset").and_then(Value::as_str);
        let keyset = set.and_then(|set| file.get("keyset")?.get(set)).cloned();
        let whole = json!({
            "case": asks, "harm": grade("harm"), "keyset": keyset, "level": grade("level"), "severity": grade("severity"),
        });
        Some((format!("{family}/{name}"), of_value(whole)["sha256:".len()..][..32].to_owned()))
    };
    blocks.filter_map(digest_of).collect()
}

/// The digest of a value, computed in the same way.
pub(super) fn of_value(value: Value) -> String {
    format!("sha256:{}", hex(digest(&SHA256, sorted(value).to_string().as_bytes()).as_ref()))
}

fn documents(files: &[SuiteFile]) -> Value {
    let document = |file: &SuiteFile| {
        let is_json = file.name.ends_with(".json");
        let parsed = if is_json { serde_json::from_str(&file.text).ok() } else { toml::from_str(&file.text).ok() };
        // A text that cannot be read counts as it is; whoever loads the suite refuses it.
        let value: Value = parsed.unwrap_or_else(|| Value::String(file.text.clone()));
        (format!("{}.{}", file.stem, if is_json { "json" } else { "toml" }), value)
    };
    Value::Object(files.iter().map(document).collect())
}

/// The same value with the members of every object sorted by name.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut members: Vec<(String, Value)> = members.into_iter().collect();
            members.sort_by(|(one, _), (other, _)| one.cmp(other));
            Value::Object(members.into_iter().map(|(name, value)| (name, sorted(value))).collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        plain => plain,
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, text: &str) -> SuiteFile {
        let stem = name.split('.').next().unwrap().to_owned();
        SuiteFile { name: name.into(), stem, text: text.into() }
    }

    #[test]
    fn layout_and_order_do_not_count_and_content_does() {
        let (a, b) = (file("a.toml", "# why\nx = 1\ny = [ 2,\n 3 ]"), file("b.toml", "z = \"a  b\""));
        let suite = |vectors: &[SuiteFile], scenarios: &[SuiteFile]| of(vectors, scenarios).suite;
        let first = suite(&[a.clone(), b.clone()], &[]);
        assert_eq!(first, suite(&[b.clone(), file("a.toml", "y=[2,3]\nx=1\n")], &[]));
        assert_ne!(first, suite(&[a.clone(), file("b.toml", "z = \"a b\"")], &[]));
        assert_ne!(first, suite(std::slice::from_ref(&a), std::slice::from_ref(&b)));
        assert_ne!(first, suite(&[file("c.toml", &a.text), b], &[]));
    }

    #[test]
    fn it_is_what_its_documentation_says() {
        // printf '%s' '{"judge":2,"scenarios":{},"vectors":{"a.toml":{"x":1,"y":[2]}}}' | sha256sum
        let text = format!(r#"{{"judge":{JUDGE},"scenarios":{{}},"vectors":{{"a.toml":{{"x":1,"y":[2]}}}}}}"#);
        let wanted = format!("sha256:{}", hex(digest(&SHA256, text.as_bytes()).as_ref()));
        assert_eq!(of(&[file("a.toml", "y = [2]\nx = 1")], &[]).suite, wanted);
    }

    #[test]
    fn what_a_case_asks_changes_with_its_expectation_and_not_with_its_wording() {
        let text = "[family]\nlevel = \"must\"\n[[case]]\nname = \"c\"\ntitle = \"T\"\nexpect = \"reject\"\n";
        let asks = |text: &str| of(&[file("f.toml", text)], &[]).cases["f/c"].clone();
        assert_eq!(asks(text), asks(&text.replace("\"T\"", "\"Another title\"")));
        assert_ne!(asks(text), asks(&text.replace("reject", "accept")));
        assert_ne!(asks(text), asks(&text.replace("must", "should")));
    }
}
