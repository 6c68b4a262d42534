//! The in-toto Statement v1 about a bundle, with a predicate of the type test-result.

use super::{
    account::Evidence,
    rules::{CaseStanding, assess},
};
use crate::{
    model::{certificate::Certificate, outcome::JUDGE},
    suite::{Catalog, Demand},
};
use aws_lc_rs::digest::{SHA256, digest};
use serde_json::{Value, json};
use sigstore_types::{Digest, Sha256Hash, Statement, Subject};
use std::collections::BTreeMap;

/// <https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md>
pub const PREDICATE_TYPE: &str = "https://in-toto.io/attestation/test-result/v0.1";

/// The subjects: every file of the bundle by its SHA-256, so that ordinary tools can check one file as well, and the tested
/// program where its digest is known.
pub(super) fn subjects(files: &BTreeMap<String, Vec<u8>>, certificate: &Certificate) -> Vec<Subject> {
    let mut subjects: Vec<Subject> =
        files.iter().map(|(name, bytes)| Subject::new(name, Digest::sha256(sha256(bytes)))).collect();
    let artifact = certificate.target.artifact.as_deref().and_then(|text| text.strip_prefix("sha256:"));
    if let Some(hash) = artifact.and_then(|hex| Sha256Hash::from_hex(hex).ok()) {
        subjects.push(Subject::new(artifact_name(certificate), Digest::sha256(hash)));
    }
    subjects
}

/// How the tested program is called among the subjects: no file of a bundle has such a name.
pub(super) fn artifact_name(certificate: &Certificate) -> String {
    format!("artifact:{}", certificate.target.name)
}

pub(super) fn sha256(bytes: &[u8]) -> Sha256Hash {
    let hash = digest(&SHA256, bytes);
    let mut whole = [0; 32];
    whole.copy_from_slice(hash.as_ref());
    Sha256Hash::new(whole)
}

/// What the statement says in the terms of in-toto.
pub(super) fn predicate(certificate: &Certificate, evidence: &Evidence, catalog: &Catalog) -> Value {
    let demand = Demand::of(&evidence.profile, catalog);
    let cases = assess(&evidence.profile, &demand, 0, &evidence.run).cases;
    let passed = cases.iter().filter(|(_, standing)| **standing == CaseStanding::Passed).map(|(case, _)| case.clone());
    let played = certificate.scenarios.iter().filter(|scenario| scenario.skipped.is_none());
    let passed: Vec<String> = passed.chain(played.map(|scenario| format!("scenario/{}", scenario.id))).collect();
    let hex = |digest: &str| digest.strip_prefix("sha256:").unwrap_or(digest).to_owned();
    let Certificate { profile, profile_digest, target, tool, seed, started, finished, .. } = certificate;
    json!({
        "result": "PASSED",
        "configuration": [
            {
                "name": format!("{} {}", tool.name, tool.version),
                "digest": { "sha256": hex(&tool.suite) },
                "annotations": { "judge": JUDGE, "seed": seed, "started": started, "finished": finished },
            },
            { "name": format!("profile/{}", profile.name), "digest": { "sha256": hex(profile_digest) } },
            { "name": target.described_by, "digest": { "sha256": hex(&target.configuration) } },
        ],
        "passedTests": passed,
        "warnedTests": [],
        "failedTests": [],
    })
}

/// The statement as it is signed.
pub(super) fn write(subjects: Vec<Subject>, predicate: Value) -> Vec<u8> {
    serde_json::to_vec(&Statement::new(subjects, PREDICATE_TYPE, predicate)).unwrap_or_default()
}
