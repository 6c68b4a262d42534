use super::*;
use crate::{
    model::{Level, Observation, Period, access::AccessRules, target::Decryption, vector::VectorGroup},
    suite::Catalog,
};
use serde_json::json;
use std::sync::Arc;

fn nobody() -> TrustConfig {
    TrustConfig {
        issuer: String::new(),
        audience: String::new(),
        algorithms: Vec::new(),
        leeway: Period::from_secs(0),
        typ: "JWT".into(),
        jwks_uri: None,
        keys: json!({ "keys": [] }),
        rules: AccessRules::default(),
        decryption: Decryption::default(),
        second: None,
    }
}

/// Vectors of one group: what the verdict owed is, the header's `alg`, and what the target says.
fn judged(told: &[(&str, &str, Verdict)], declares: &[Capability]) -> Vec<(Outcome, String)> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.json");
    let vectors: Vec<_> = told
        .iter()
        .enumerate()
        .map(|(place, (owed, alg, _))| {
            let header = crate::token::encode_segment(json!({ "alg": alg }).to_string());
            json!({ "name": format!("v{place}"), "title": "t", "why": "w", "ask": "verify-jws", "refs": ["RFC7515#5.2"],
                    "token": format!("{header}.x.y"), "verdict": owed, "payload": "AA" })
        })
        .collect();
    let file = json!({ "format": "vectors/1", "family": "mine", "source": { "name": "n", "about": "a", "license": "l" },
                       "groups": [{ "about": "g", "vectors": vectors }] });
    std::fs::write(&path, file.to_string()).unwrap();
    let mut catalog = Catalog::default();
    catalog.add_corpus(&path).unwrap();
    // Each under keys of its own, unless the algorithm is the same.
    for vector in &mut catalog.vectors {
        let keys = vec![vector.header().get("alg").cloned().unwrap_or_default()];
        vector.group = Arc::new(VectorGroup { keys, ..(*vector.group).clone() });
    }
    let answers: Vec<_> = catalog
        .vectors
        .iter()
        .zip(told)
        .map(|(vector, (_, _, verdict))| {
            let trust = super::super::trust::of(&nobody(), vector);
            let observation = Observation::bare(*verdict, "so it says");
            Answer::new(vector, Opened { observation, payload: None }, &trust)
        })
        .collect();
    let declares = declares.iter().copied().collect();
    all(&answers, &declares)
        .into_iter()
        .map(|(_, findings)| (findings[0].outcome, findings[0].because.clone()))
        .collect()
}

fn outcomes(told: &[(&str, &str, Verdict)], declares: &[Capability]) -> Vec<Outcome> {
    judged(told, declares).into_iter().map(|(outcome, _)| outcome).collect()
}

#[test]
fn a_refusal_counts_where_a_good_one_of_its_kind_was_taken() {
    let told = [
        ("accept", "HS256", Verdict::Accept),
        ("reject", "HS256", Verdict::Reject),
        ("reject", "ES256", Verdict::Reject),
    ];
    assert_eq!(outcomes(&told, &[]), [Outcome::Pass, Outcome::Pass, Outcome::Skip]);
    let because = &judged(&told, &[])[1].1;
    assert!(because.ends_with("mine/v0 was accepted under the same keys"), "{because}");
    assert_eq!(outcomes(&told, &[Capability::Alg(Alg::Es256)])[2], Outcome::Pass);
    let nothing_taken = [("accept", "HS256", Verdict::Reject), ("reject", "HS256", Verdict::Reject)];
    assert_eq!(outcomes(&nothing_taken, &[]), [Outcome::Skip, Outcome::Skip]);
}

#[test]
fn refusing_a_good_one_is_a_failure_only_of_who_knows_its_kind() {
    let alone = [("accept", "RS512", Verdict::Reject)];
    assert_eq!(outcomes(&alone, &[]), [Outcome::Skip]);
    assert_eq!(outcomes(&alone, &[Capability::Alg(Alg::Rs512)]), [Outcome::Fail]);
    let second = [("accept", "RS512", Verdict::Accept), ("accept", "RS512", Verdict::Reject)];
    assert_eq!(outcomes(&second, &[]), [Outcome::Pass, Outcome::Fail]);
}

#[test]
fn a_bad_one_that_is_taken_fails_whatever_else_was_seen() {
    assert_eq!(outcomes(&[("reject", "none", Verdict::Accept)], &[]), [Outcome::Fail]);
    // It is no control for others.
    let told = [("reject", "HS256", Verdict::Accept), ("reject", "HS256", Verdict::Reject)];
    assert_eq!(outcomes(&told, &[]), [Outcome::Fail, Outcome::Skip]);
}

#[test]
fn falling_over_is_never_a_refusal() {
    let told = [
        ("accept", "HS256", Verdict::Accept),
        ("reject", "HS256", Verdict::ServerError),
        ("reject", "HS256", Verdict::Timeout),
        ("reject", "HS256", Verdict::OddAnswer),
        ("accept", "HS256", Verdict::ServerError),
        ("either", "HS256", Verdict::Reset),
        ("reject", "HS256", Verdict::Unsupported),
    ];
    let wanted = [
        Outcome::Pass,
        Outcome::Warn,
        Outcome::Fail,
        Outcome::Inconclusive,
        Outcome::Fail,
        Outcome::Warn,
        Outcome::Skip,
    ];
    assert_eq!(outcomes(&told, &[]), wanted);
}

#[test]
fn either_is_noted() {
    let told = [("either", "HS256", Verdict::Accept), ("either", "HS256", Verdict::Reject)];
    assert_eq!(outcomes(&told, &[]), [Outcome::Note, Outcome::Note]);
    assert_eq!(broken(Level::May), Outcome::Note);
}
