//! What is unwise about a token, whoever signed it.

use serde_json::Value;

/// Names of claims that usually hold personal data (OIDC Core section 5.1).
const PERSONAL: [&str; 10] = [
    "email",
    "phone_number",
    "birthdate",
    "address",
    "given_name",
    "family_name",
    "name",
    "gender",
    "picture",
    "preferred_username",
];

/// Everything unwise about a token, as sentences. `bytes` is its length on the wire, `now` seconds since the epoch.
#[must_use]
pub fn hygiene(header: &Value, claims: &Value, bytes: usize, now: i64) -> Vec<String> {
    let mut hints = Vec::new();
    let time = |name: &str| claims.get(name).and_then(Value::as_f64).map(|seconds| seconds as i64);
    let alg = header.get("alg").and_then(Value::as_str).unwrap_or_default();
    if alg.is_empty() || alg.eq_ignore_ascii_case("none") {
        hints.push("it is not signed: nobody can tell who made it (RFC 8725 3.2)".to_owned());
    } else if alg.starts_with("HS") {
        hints.push(format!("{alg} is symmetric: whoever can verify it can also forge it"));
    }
    for name in ["jwk", "jku", "x5u", "x5c"] {
        if header.get(name).is_some() {
            hints.push(format!(
                "the header carries {name}: a validator must not take its key from there (RFC 8725 3.10)"
            ));
        }
    }
    match (time("exp"), time("iat").or_else(|| time("nbf"))) {
        (None, _) => hints.push("it never expires: it has no numeric exp".to_owned()),
        (Some(exp), _) if exp <= now => hints.push(format!("it expired {} ago", span(now - exp))),
        (Some(exp), Some(issued)) if exp - issued > 3600 => {
            hints.push(format!("it lives {}: a stolen one is good for as long", span(exp - issued)));
        }
        _ => {}
    }
    for name in ["nbf", "iat"] {
        if claims.get(name).is_some_and(|value| !value.is_number()) {
            hints.push(format!("its {name} is no number: validators may refuse it, or ignore it (RFC 7519 4.1)"));
        }
    }
    for (name, meaning) in
        [("iss", "who made it"), ("aud", "whom it is for"), ("jti", "which one it is, for logs and revocation")]
    {
        if claims.get(name).is_none() {
            hints.push(format!("it has no {name}: it does not say {meaning}"));
        }
    }
    if bytes > 4096 {
        hints.push(format!("{bytes} bytes: many servers limit a header line to 8 KiB, some to 4 KiB"));
    } else if bytes > 1024 {
        hints.push(format!("{bytes} bytes go with every request; below 1 KB is usual"));
    }
    let personal: Vec<&str> = PERSONAL.into_iter().filter(|name| claims.get(name).is_some()).collect();
    if !personal.is_empty() {
        hints.push(format!("anybody who sees it can read personal data: {}", personal.join(", ")));
    }
    hints
}

fn span(seconds: i64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_clean_token_has_nothing_to_say() {
        let claims = json!({ "iss": "a", "aud": "b", "jti": "c", "iat": 1000, "exp": 1300 });
        assert_eq!(hygiene(&json!({ "alg": "ES256" }), &claims, 500, 1000), Vec::<String>::new());
    }

    #[test]
    fn each_habit_is_named() {
        let claims = json!({ "email": "a@example.org", "iat": 1000, "nbf": true, "exp": 100_000 });
        let hints = hygiene(&json!({ "alg": "none", "jku": "https://a.example" }), &claims, 5000, 1000).join("\n");
        for word in [
            "not signed",
            "jku",
            "lives",
            "nbf is no number",
            "no iss",
            "no aud",
            "no jti",
            "5000 bytes",
            "personal data: email",
        ] {
            assert!(hints.contains(word), "{word} is missing in {hints}");
        }
    }
}
