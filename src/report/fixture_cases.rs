//! The cases of the fixture.

use super::fixture::{answer, bare, fetch, finding, statement, token};
use crate::model::{
    CaseId, Level, Observation, Outcome, RunReport, Severity, Verdict,
    expect::Measure,
    outcome::{BaselineStatus, Control},
    report::{CaseResult, Controls, FamilyInfo, Measurement, Statement, Unit},
    side::{Health, MemoryUse, Side, Timing},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use serde_json::{Value, json};

/// One case with what all its variants share.
struct Block {
    id: &'static str,
    grade: (Level, Severity),
    refs: &'static [&'static str],
    says: Statement,
    expected: &'static str,
}

/// Writes families, statements and variants into the report.
pub fn fill(report: &mut RunReport) {
    for (name, title, about) in [
        ("algorithm", "Algorithm", "The header names an algorithm; the validator must decide which ones it takes."),
        ("signature", "Signature", "A token counts only with a signature that fits its bytes and a trusted key."),
        ("claims", "Claims", "Issuer, audience and times are checked, whoever signed."),
        ("key-id", "Key choice", "The header may point at keys; it must not choose whom to trust."),
        ("presentation", "Presentation", "How a token is shown and how a refusal is said (RFC 6750)."),
        ("time", "Time", "Frozen vectors judged at the time of their making."),
    ] {
        report.families.insert(name.into(), FamilyInfo { title: title.into(), about: about.into() });
    }
    algorithm(report);
    signature(report);
    claims(report);
    key_choice(report);
    presentation(report);
}

fn add(report: &mut RunReport, block: &Block, variants: &[&str], mut of: impl FnMut(&mut CaseResult, &str)) {
    let line = 10 + report.cases.len();
    report.statements.insert(block.id.into(), block.says.clone());
    for name in variants {
        let suffix = if name.is_empty() { String::new() } else { format!(":{name}") };
        let id: CaseId = format!("{}{suffix}", block.id).parse().unwrap();
        let mut case = bare(id, block.grade, block.refs, line, block.expected);
        of(&mut case, name);
        report.cases.push(case);
    }
}

fn good() -> (Value, Value) {
    let header = json!({ "alg": "RS256", "typ": "JWT", "kid": "2026-11-a" });
    let claims = json!({
        "iss": "http://127.0.0.1:34127", "aud": "orders", "sub": "user-4711",
        "iat": 1_795_353_475, "exp": 1_795_353_775, "jti": "b7e1c3", "scope": "orders:read orders:write",
    });
    (header, claims)
}

fn signed() -> String {
    BASE64.encode((0..=255_u8).map(|byte| byte.wrapping_mul(167)).collect::<Vec<_>>())
}

/// A token that differs from a good one in some header members, and what the target did with it.
fn sent(case: &mut CaseResult, change: &[(&str, Value)], signature: &str, damage: &[&str], verdict: Verdict) {
    let twin = good();
    let (mut header, mut claims) = twin.clone();
    for (place, value) in change {
        let part = if claims.get(place).is_some() { &mut claims } else { &mut header };
        part[*place] = value.clone();
    }
    let token = token((&twin.0, &twin.1), &header, &claims, signature, damage);
    let (status, body) = match verdict {
        Verdict::Accept => (200, r#"{"sub":"user-4711","scope":"orders:read orders:write"}"#),
        _ => (401, r#"{"error":"invalid_token"}"#),
    };
    let mut seen = answer(verdict, status, &token.compact, body);
    seen.claims = (verdict == Verdict::Accept).then(|| claims.clone());
    let good = super::fixture::token((&twin.0, &twin.1), &twin.0, &twin.1, &signed(), &[]);
    case.twin = Some(answer(Verdict::Accept, 200, &good.compact, r#"{"sub":"user-4711"}"#));
    let curl = format!("curl -i -H 'Authorization: Bearer {}' http://127.0.0.1:8080/whoami", token.compact);
    case.reproduce.as_mut().unwrap().curl = Some(curl);
    case.token = Some(token);
    case.observation = Some(seen);
    case.controls = Controls { base: Control::Accepted, feature: Control::Accepted };
}

fn judged(case: &mut CaseResult, check: &str, outcome: Outcome, said: [&str; 3]) {
    case.outcome = case.outcome.max(outcome);
    case.findings.push(finding(&case.id, check, outcome, (case.level, case.severity), said));
}

fn passed(case: &mut CaseResult) {
    judged(case, "verdict", Outcome::Pass, ["reject", "reject", "the target answered 401, and took the twin"]);
}

fn skipped(case: &mut CaseResult, reason: &str) {
    judged(case, "verdict", Outcome::Skip, ["reject", "nothing", reason]);
}

fn algorithm(report: &mut RunReport) {
    let none = Block {
        id: "algorithm/none-any-case",
        grade: (Level::Must, Severity::Critical),
        refs: &["RFC8725#3.2", "RFC7515#4.1.1", "CVE-2015-9235", "CWE-347"],
        says: statement(
            "A token that names no algorithm is refused, however `none` is spelt",
            "Whoever can write a header can write `none`. A validator that believes it takes any identity from anybody, without a key.",
            "Compare the header's alg with a list of allowed names, exactly and before any key is looked up.",
            "Pass the list of algorithms that you issue to the verify call; never take it from the token.",
        ),
        expected: "reject",
    };
    add(report, &none, &["none", "None", "NONE", "nOnE", "none.trailing", "empty"], |case, name| {
        let lax = !matches!(name, "none" | "empty");
        let verdict = if lax { Verdict::Accept } else { Verdict::Reject };
        sent(case, &[("alg", json!(name))], "", &["set-alg", "strip-signature"], verdict);
        match lax {
            true => judged(case, "verdict", Outcome::Fail, ["reject", "accept", "the target answered 200"]),
            false => passed(case),
        }
    });
    let confusion = Block {
        id: "algorithm/public-key-as-secret",
        grade: (Level::Must, Severity::Critical),
        refs: &["RFC8725#2.1", "CVE-2016-10555"],
        says: statement(
            "A token signed by HMAC with the text of the public key is refused",
            "The public key is public. If the validator uses its text as an HMAC secret, anybody can sign.",
            "Bind each key to one family of algorithms.",
            "Allow only the algorithms that your identity provider signs with.",
        ),
        expected: "reject",
    };
    add(report, &confusion, &["pem", "der", "jwk"], |case, _| {
        sent(case, &[("alg", json!("HS256"))], &BASE64.encode([7; 32]), &["sign-with-public-key"], Verdict::Accept);
        judged(case, "verdict", Outcome::Fail, ["reject", "accept", "the target answered 200"]);
        case.findings[0].baseline = BaselineStatus::Known;
    });
    let listed = Block {
        id: "algorithm/listed",
        grade: (Level::Must, Severity::Medium),
        refs: &["RFC7518#3.1"],
        says: statement(
            "A token by each declared algorithm is accepted",
            "A refusal would be an outage.",
            "Check the algorithm's name.",
            "Check the list.",
        ),
        expected: "accept",
    };
    add(report, &listed, &["RS256", "ES256", "PS256"], |case, name| match name {
        "PS256" => skipped(case, "needs alg:PS256"),
        _ => {
            sent(case, &[("alg", json!(name))], &signed(), &[], Verdict::Accept);
            judged(case, "verdict", Outcome::Pass, ["accept", "accept", "the target answered 200"]);
        }
    });
}

fn signature(report: &mut RunReport) {
    let must = |id, title| Block {
        id,
        grade: (Level::Must, Severity::Critical),
        refs: &["RFC7515#5.2", "CWE-347"],
        says: statement(
            title,
            "The signature is the only thing that ties claims to an issuer.",
            "Verify before you parse claims, and treat every error as a refusal.",
            "Use verify, not decode.",
        ),
        expected: "reject",
    };
    let stripped = must("signature/stripped", "A token without its signature is refused");
    add(report, &stripped, &["empty", "missing"], |case, _| {
        sent(case, &[], "", &["strip-signature"], Verdict::Reject);
        passed(case);
    });
    let flipped = must("signature/bit-flipped", "A token with one bit of its signature turned is refused");
    add(report, &flipped, &["0", "1", "7", "63", "64", "127", "1024", "2047"], |case, _| {
        sent(case, &[], &signed().replace('A', "B"), &["flip-bit"], Verdict::Reject);
        passed(case);
    });
    let zero = must("signature/ecdsa-zero", "An ECDSA signature of zeros is refused");
    add(report, &zero, &["r", "s", "both", "order"], |case, _| skipped(case, "needs alg:ES384"));
}

fn claims(report: &mut RunReport) {
    let block = |id, level, severity, expected, title, why| Block {
        id,
        grade: (level, severity),
        refs: &["RFC7519#4.1.4"],
        says: statement(
            title,
            why,
            "Check it on every call, with the leeway that was configured.",
            "Turn the check on; keep the leeway small.",
        ),
        expected,
    };
    let why = "A stolen token is worth something until it expires.";
    let expired =
        block("claims/expired", Level::Must, Severity::High, "reject", "A token past its expiry is refused", why);
    add(report, &expired, &["1h", "10y"], |case, _| {
        sent(case, &[("exp", json!(1_700_000_000))], &signed(), &["set-exp"], Verdict::Reject);
        passed(case);
        if case.id.variant.as_deref() == Some("1h") {
            case.measured = Some(Measurement {
                name: Measure::ExpLeeway,
                value: Some(60),
                unit: Unit::Seconds,
                searched_to: 86_400,
                declared: Some(60),
                probes: 24,
                about: "to a second".into(),
            });
        }
    });
    let audience = block(
        "claims/other-audience",
        Level::Must,
        Severity::High,
        "reject",
        "A token for someone else is refused",
        "Another service's token must not open this one.",
    );
    add(report, &audience, &[""], |case, _| {
        sent(case, &[("aud", json!("billing"))], &signed(), &[], Verdict::Reject);
        passed(case);
    });
    let missing = block(
        "claims/expiry-missing",
        Level::Policy,
        Severity::Medium,
        "either",
        "A token without an expiry is taken or refused as declared",
        "The standards leave it open.",
    );
    add(report, &missing, &[""], |case, _| {
        sent(case, &[], &signed(), &["drop-exp"], Verdict::Accept);
        judged(
            case,
            "verdict",
            Outcome::Note,
            ["either", "accept", "the target took it; declare missing-exp under [policy] to have it judged"],
        );
    });
    let deep = block(
        "claims/deep-nesting",
        Level::Must,
        Severity::High,
        "reject",
        "A deeply nested claim does not stop the service",
        "One token must not cost a process.",
    );
    add(report, &deep, &["10000"], |case, _| {
        sent(case, &[("scope", json!("[[[[[[[[[[[[[[[[…"))], &signed(), &["nest-claim"], Verdict::Reject);
        case.observation = Some(Observation {
            elapsed_us: 5_000_100,
            attempts: 2,
            side: Side {
                timing: Some(Timing { token_us: vec![5_000_100], control_us: vec![812] }),
                memory: Some(MemoryUse { before: 40 << 20, peak: 900 << 20, after: 52 << 20 }),
                health: Some(Health {
                    sent: 3,
                    accepted: 0,
                    slowed: 0,
                    first_refusal: Some("unreachable (no connection: Connection refused)".into()),
                }),
                ..Side::default()
            },
            ..Observation::bare(Verdict::Timeout, "no answer within 5s")
        });
        case.controls.base = Control::Refused;
        judged(
            case,
            "verdict",
            Outcome::Inconclusive,
            ["reject", "timeout", "the good tokens around it were refused as well: the target may be down"],
        );
    });
}

fn key_choice(report: &mut RunReport) {
    let block = |id, title, why| Block {
        id,
        grade: (Level::Must, Severity::High),
        refs: &["RFC8725#3.10", "CWE-918"],
        says: statement(
            title,
            why,
            "Ignore jku and x5u, or allow only configured addresses.",
            "Configure the key set's address and block outgoing requests.",
        ),
        expected: "reject",
    };
    let jku = block(
        "key-id/foreign-jku",
        "An address in the header is not fetched",
        "A header that makes the service fetch an address turns it into the attacker's proxy, and lets him bring his own key.",
    );
    add(report, &jku, &["jku", "x5u"], |case, name| {
        sent(
            case,
            &[(name, json!("http://127.0.0.1:39001/c/5b1e9a70/keys.json"))],
            &signed(),
            &["set-header"],
            Verdict::Reject,
        );
        passed(case);
        if name == "jku" {
            case.observation.as_mut().unwrap().outbound.push(fetch());
            judged(
                case,
                "untouched",
                Outcome::Fail,
                [
                    "no request to the canary",
                    "1 request to the canary",
                    "the token made the target fetch a planted address",
                ],
            );
        }
    });
    let unknown = block("key-id/unknown", "A key id that nobody published is refused", "It names no trusted key.");
    add(report, &unknown, &[""], |case, _| {
        sent(case, &[("kid", json!("nobody"))], &signed(), &[], Verdict::Reject);
        passed(case);
    });
}

fn presentation(report: &mut RunReport) {
    let should = |id, title, expected| Block {
        id,
        grade: (Level::Should, Severity::Low),
        refs: &["RFC6750#3", "RFC9110#11.1"],
        says: statement(
            title,
            "Clients decide by the answer what to do next.",
            "Follow RFC 6750 to the letter.",
            "Let the library answer; do not rewrite it in the gateway.",
        ),
        expected,
    };
    let case_of = should("presentation/scheme-any-case", "The scheme `Bearer` is understood in any case", "accept");
    add(report, &case_of, &["bearer", "BEARER"], |case, name| {
        let verdict = if name == "bearer" { Verdict::Reject } else { Verdict::Accept };
        sent(case, &[], &signed(), &[], verdict);
        match verdict {
            Verdict::Accept => judged(case, "verdict", Outcome::Pass, ["accept", "accept", "the target answered 200"]),
            _ => judged(case, "verdict", Outcome::Warn, ["accept", "reject", "the target answered 401"]),
        }
    });
    let challenge = should("presentation/challenge", "A refusal says why", "reject");
    add(report, &challenge, &[""], |case, _| {
        sent(case, &[("alg", json!("XX999"))], &signed(), &[], Verdict::Reject);
        passed(case);
        judged(
            case,
            "challenge-error",
            Outcome::Warn,
            ["error=\"invalid_token\"", "no error attribute", "the challenge is `Bearer realm=\"orders\"`"],
        );
    });
    let frozen = Block {
        id: "time/rfc7515-examples",
        ..should("time/rfc7515-examples", "The examples of RFC 7515 are judged as printed", "accept")
    };
    add(report, &frozen, &["A.1", "A.2", "A.3"], |case, _| skipped(case, "needs control:clock"));
}
