//! Placeholders in files: `${issuer}`, `${alg}`, `${now + 5m}`, `${before.good.signature}`.
//!
//! A string that is exactly one placeholder takes the value's type (a time is a number); inside longer text the value
//! is inserted as text. `$${` stands for a literal `${`.

use super::period::Period;
use serde_json::Value;

/// What to do with a name that the lookup does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unknown {
    /// Leave the placeholder as it stands, for a later pass.
    Keep,
    /// Refuse.
    Refuse,
}

/// Why a text with placeholders could not be filled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlaceholderError {
    /// `${` without its `}`.
    #[error("`${{` without a closing `}}` in {0:?}")]
    Unclosed(String),
    /// A name that nothing gives a value to.
    #[error("nothing is called `${{{0}}}` here")]
    Unknown(String),
    /// `now`, but what follows is not a sum of known terms.
    #[error("`${{{0}}}` is no time; write `now` followed by terms such as `+ 5m`, `- leeway` or `+ lifetime`")]
    BadTime(String),
}

enum Part<'a> {
    Text(&'a str),
    Name(&'a str),
}

fn parts(text: &str) -> Result<Vec<Part<'_>>, PlaceholderError> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        if rest[..start].ends_with('$') {
            found.push(Part::Text(&rest[..start]));
            found.push(Part::Text("{"));
            rest = &rest[start + 2..];
            continue;
        }
        let end = rest[start..].find('}').ok_or_else(|| PlaceholderError::Unclosed(text.to_owned()))? + start;
        found.push(Part::Text(&rest[..start]));
        found.push(Part::Name(rest[start + 2..end].trim()));
        rest = &rest[end + 1..];
    }
    found.push(Part::Text(rest));
    Ok(found)
}

/// Fills the placeholders of one text.
///
/// # Errors
/// An unclosed placeholder, or with [`Unknown::Refuse`] a name that `lookup` does not know.
pub fn fill_text(
    text: &str,
    unknown: Unknown,
    lookup: &dyn Fn(&str) -> Option<Value>,
) -> Result<Value, PlaceholderError> {
    if !text.contains("${") {
        return Ok(Value::String(text.to_owned()));
    }
    if unknown == Unknown::Keep && text.contains("$${") {
        // The literal belongs to the last pass; unescaping it here would expose it there.
        return fill_keeping_literals(text, lookup);
    }
    let parts = parts(text)?;
    if let [Part::Text(""), Part::Name(name), Part::Text("")] = parts[..] {
        return match (lookup(name), unknown) {
            (Some(value), _) => Ok(value),
            (None, Unknown::Keep) => Ok(Value::String(text.to_owned())),
            (None, Unknown::Refuse) => Err(PlaceholderError::Unknown(name.to_owned())),
        };
    }
    let mut filled = String::new();
    for part in parts {
        match part {
            Part::Text(text) => filled.push_str(text),
            Part::Name(name) => match (lookup(name), unknown) {
                (Some(value), _) => filled.push_str(&as_text(&value)),
                (None, Unknown::Keep) => filled.push_str(&format!("${{{name}}}")),
                (None, Unknown::Refuse) => return Err(PlaceholderError::Unknown(name.to_owned())),
            },
        }
    }
    Ok(Value::String(filled))
}

fn fill_keeping_literals(text: &str, lookup: &dyn Fn(&str) -> Option<Value>) -> Result<Value, PlaceholderError> {
    let pieces: Result<Vec<String>, _> =
        text.split("$${").map(|piece| fill_text(piece, Unknown::Keep, lookup).map(|value| as_text(&value))).collect();
    Ok(Value::String(pieces?.join("$${")))
}

/// A value as it stands inside a longer text.
#[must_use]
pub fn as_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Fills every string of a JSON value, names of members included.
///
/// # Errors
/// As [`fill_text`].
pub fn fill_value(
    value: &Value,
    unknown: Unknown,
    lookup: &dyn Fn(&str) -> Option<Value>,
) -> Result<Value, PlaceholderError> {
    Ok(match value {
        Value::String(text) => fill_text(text, unknown, lookup)?,
        Value::Array(items) => {
            Value::Array(items.iter().map(|item| fill_value(item, unknown, lookup)).collect::<Result<_, _>>()?)
        }
        Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|(name, member)| {
                    let name = as_text(&fill_text(name, unknown, lookup)?);
                    Ok((name, fill_value(member, unknown, lookup)?))
                })
                .collect::<Result<_, PlaceholderError>>()?,
        ),
        other => other.clone(),
    })
}

/// The names in a text, for checks before anything runs.
///
/// # Errors
/// An unclosed placeholder.
pub fn names(text: &str) -> Result<Vec<&str>, PlaceholderError> {
    Ok(parts(text)?
        .into_iter()
        .filter_map(|part| match part {
            Part::Name(name) => Some(name),
            Part::Text(_) => None,
        })
        .collect())
}

/// What a time expression is counted with.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// Seconds since the epoch that `now` stands for.
    pub now: i64,
    /// The clock leeway that the target declares.
    pub leeway: Period,
    /// The life of an ordinary token.
    pub lifetime: Period,
}

/// Evaluates `now`, `now + 5m`, `now - leeway - 2s`; `None` where the name is not a time at all.
///
/// # Errors
/// The text starts like a time but does not go on as one.
pub fn time(name: &str, times: &Times) -> Result<Option<i64>, PlaceholderError> {
    let Some(rest) = name.strip_prefix("now") else { return Ok(None) };
    let bad = || PlaceholderError::BadTime(name.to_owned());
    let mut total = times.now;
    let mut rest = rest.trim_start();
    while !rest.is_empty() {
        let sign: i64 = match rest.as_bytes()[0] {
            b'+' => 1,
            b'-' => -1,
            _ => return Err(bad()),
        };
        let body = &rest[1..];
        let end = body.find(['+', '-']).unwrap_or(body.len());
        let seconds = match body[..end].trim() {
            "leeway" => times.leeway.seconds(),
            "lifetime" => times.lifetime.seconds(),
            length => length.parse::<Period>().map_err(|_| bad())?.seconds(),
        };
        total = total.saturating_add(sign.saturating_mul(seconds));
        rest = body[end..].trim_start();
    }
    Ok(Some(total))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn lookup(name: &str) -> Option<Value> {
        match name {
            "issuer" => Some(json!("https://as.example")),
            "n" => Some(json!(7)),
            _ => None,
        }
    }

    #[test]
    fn a_lone_placeholder_keeps_its_type_and_text_takes_it_in() {
        let fill = |text| fill_text(text, Unknown::Refuse, &lookup).unwrap();
        assert_eq!(fill("${n}"), json!(7));
        assert_eq!(fill("n=${n};${issuer}/x"), json!("n=7;https://as.example/x"));
        assert_eq!(fill("$${n}"), json!("${n}"));
    }

    #[test]
    fn unknown_names_wait_or_are_refused() {
        assert_eq!(fill_text("${later}-${n}", Unknown::Keep, &lookup).unwrap(), json!("${later}-7"));
        assert_eq!(fill_text("$${n}", Unknown::Keep, &lookup).unwrap(), json!("$${n}"));
        assert_eq!(
            fill_text("${later}", Unknown::Refuse, &lookup).unwrap_err().to_string(),
            "nothing is called `${later}` here"
        );
        assert!(fill_text("${open", Unknown::Refuse, &lookup).is_err());
    }

    #[test]
    fn times_are_sums() {
        let times = Times { now: 1000, leeway: Period::from_secs(60), lifetime: Period::from_secs(300) };
        let at = |name| time(name, &times).unwrap();
        assert_eq!(at("now"), Some(1000));
        assert_eq!(at("now + 5m"), Some(1300));
        assert_eq!(at("now - leeway - 2s"), Some(938));
        assert_eq!(at("now+lifetime"), Some(1300));
        assert_eq!(at("issuer"), None);
        assert!(time("now * 2", &times).is_err());
        assert!(time("nowhere", &times).is_err());
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_filled_or_refused_without_panic(text in ".{0,60}") {
            let _ = fill_text(&text, Unknown::Refuse, &lookup);
            let _ = fill_text(&text, Unknown::Keep, &lookup);
            let _ = time(&text, &Times { now: 0, leeway: Period::from_secs(0), lifetime: Period::from_secs(1) });
        }
    }
}
