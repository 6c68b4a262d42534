//! What an answer gives away: text of the token that is not escaped, errors from inside, keys, files.

use crate::model::{
    Observation,
    side::{Leak, LeakKind},
};

/// Texts that only an error from inside holds. Each is long or odd enough that no ordinary answer has it.
const INTERNALS: &[&str] = &[
    "Traceback (most recent call last)",
    "goroutine 1 [running]",
    "stack backtrace:",
    "' panicked at ",
    "runtime error: ",
    "java.lang.",
    "org.springframework.",
    "io.jsonwebtoken.",
    "com.nimbusds.",
    "at System.",
    "Microsoft.IdentityModel.",
    "Unhandled exception",
    "UnhandledPromiseRejection",
    "PHP Fatal error",
    "Stack trace:",
    "You have an error in your SQL syntax",
    "SQLSTATE[",
    "syntax error at or near",
    "sqlite3.OperationalError",
    "unrecognized token: ",
    "ORA-009",
    "No such file or directory",
    "TemplateSyntaxError",
];

/// The names of what is secret in a JWK (RFC 7518 sections 6.2.2, 6.3.2 and 6.4).
const PRIVATE_MEMBERS: &[&str] = &["d", "p", "q", "dp", "dq", "qi", "k"];

/// A private member holds at least so many characters; `"k":"v"` alone is no key.
const SHORTEST_SECRET: usize = 20;

/// The most characters of an excerpt.
const EXCERPT: usize = 120;

/// Everything of the kind in the evidence of an answer. `marker` is text of the token that must not come back as it is.
pub(super) fn leaks(seen: &Observation, marker: Option<&str>) -> Vec<Leak> {
    // The answer's head holds the challenges, but only as far as the evidence goes.
    let answer = [seen.response.as_str(), &seen.challenges.join("\n")].join("\n");
    let mut found = Vec::new();
    let mut note = |kind, at: Option<usize>| {
        found.extend(at.map(|at| Leak { kind, text: excerpt(&answer, at) }));
    };
    note(LeakKind::Reflection, marker.filter(|marker| !marker.is_empty()).and_then(|marker| answer.find(marker)));
    note(LeakKind::Internals, INTERNALS.iter().filter_map(|text| answer.find(text)).min().or_else(|| frame(&answer)));
    note(LeakKind::KeyMaterial, answer.find("PRIVATE KEY-----").or_else(|| private_member(&answer)));
    note(LeakKind::FileContent, answer.find("root:x:0:0:"));
    found
}

/// A line of a stack trace as Node and Java write it: `at name (file:12:3)`, `at a.b.C.d(C.java:12)`.
fn frame(answer: &str) -> Option<usize> {
    answer.match_indices("at ").map(|(at, _)| at).find(|at| {
        let before = answer[..*at].chars().next_back();
        // In JSON a line end is written as `\n`.
        let starts = before.is_none_or(char::is_whitespace) || answer[..*at].trim_end_matches(' ').ends_with("\\n");
        let rest: String = answer[at + 3..].chars().take(200).take_while(|c| *c != ')').collect();
        let place = rest.split_once('(').map_or("", |(_, place)| place);
        let numbered = place
            .rsplit_once(':')
            .is_some_and(|(_, line)| !line.is_empty() && line.bytes().all(|b| b.is_ascii_digit()));
        starts && numbered && place.contains('.')
    })
}

fn private_member(answer: &str) -> Option<usize> {
    PRIVATE_MEMBERS.iter().find_map(|name| {
        let quoted = format!("\"{name}\"");
        answer.match_indices(&quoted).map(|(at, _)| at).find(|at| {
            let value = answer[at + quoted.len()..].trim_start().strip_prefix(':').map(str::trim_start);
            let secret = value.and_then(|value| value.strip_prefix('"')).unwrap_or_default();
            let length = secret.bytes().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')).count();
            length >= SHORTEST_SECRET && answer.contains("\"kty\"")
        })
    })
}

fn excerpt(answer: &str, at: usize) -> String {
    answer[at..].chars().take_while(|character| *character != '\n').take(EXCERPT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Verdict;

    fn kinds(response: &str, marker: Option<&str>) -> Vec<LeakKind> {
        let seen = Observation { response: response.into(), ..Observation::bare(Verdict::Reject, "status 401") };
        leaks(&seen, marker).into_iter().map(|leak| leak.kind).collect()
    }

    #[test]
    fn an_ordinary_refusal_gives_nothing_away() {
        for answer in [
            "HTTP/1.1 401\r\nwww-authenticate: Bearer error=\"invalid_token\"\r\n\r\n{\"error\":\"invalid_token\",\"k\":\"v\"}",
            "{\"message\":\"Token expired at 12:30 (see the log)\"}",
            "{\"kty\":\"RSA\",\"n\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\",\"e\":\"AQAB\"}",
            "{\"error\":\"key &lt;b&gt; unknown\"}",
        ] {
            assert_eq!(kinds(answer, Some("<b>")), [], "{answer}");
        }
    }

    #[test]
    fn what_is_inside_is_found() {
        let found = |answer: &str| kinds(answer, Some("a\"<b>"));
        assert_eq!(found("no key a\"<b> here"), [LeakKind::Reflection]);
        for answer in [
            "Traceback (most recent call last):\n  File \"x.py\"",
            "Error: x\n    at verify (/app/node_modules/x/verify.js:12:7)\n",
            "{\"stack\":\"Error: x\\n    at Object.verify (/app/verify.js:12:7)\"}",
            "\tat com.acme.Filter.doFilter(Filter.java:41)",
            "SQLSTATE[42000]: Syntax error",
        ] {
            assert_eq!(found(answer), [LeakKind::Internals], "{answer}");
        }
        let jwk = "{\"kty\":\"oct\",\"k\": \"c2VjcmV0LXNlY3JldC1zZWNyZXQ\"}";
        assert_eq!(found(jwk), [LeakKind::KeyMaterial]);
        assert_eq!(found("-----BEGIN RSA PRIVATE KEY-----"), [LeakKind::KeyMaterial]);
        assert_eq!(found("root:x:0:0:root:/root:/bin/sh"), [LeakKind::FileContent]);
    }

    proptest::proptest! {
        #[test]
        fn any_answer_is_searched_without_panic(answer in ".{0,80}", marker in ".{0,8}") {
            let _ = kinds(&answer, Some(&marker));
            let _ = kinds(&format!("at {answer}(é:1) at ä"), None);
        }
    }
}
