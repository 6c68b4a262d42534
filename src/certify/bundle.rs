//! A bundle: the files of a statement, made and checked. Every byte of every file is covered by the signature, directly or
//! by a digest in what is signed.

use super::{
    account::{Evidence, account},
    envelope::{self, EnvelopeError},
    key::{KeyError, PublicKey, SigningKey},
    scenarios::ROUNDS,
    statement::{PREDICATE_TYPE, artifact_name, predicate, sha256, subjects, write},
};
use crate::{
    model::{
        Profile, RunReport,
        certificate::{Certificate, Declaration, Signer},
        chaos::Scenario,
    },
    suite::Catalog,
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use sigstore_types::Statement;
use std::collections::{BTreeMap, BTreeSet};

/// The files of a bundle by name.
pub type Files = BTreeMap<String, Vec<u8>>;

/// The signed statement.
pub const STATEMENT: &str = "statement.dsse.json";
/// The public half of the key under it.
pub const KEY: &str = "public-key.pem";
/// The profile.
pub const PROFILE: &str = "profile.json";
/// What is declared about the target.
pub const TARGET: &str = "target.json";
/// The run of the cases.
pub const RUN: &str = "run.json";
/// The page for people.
pub const PAGE: &str = "statement.html";
/// The badge.
pub const BADGE: &str = "badge.svg";

/// The file of a round of scenarios, counted from 1.
#[must_use]
pub fn round_name(number: usize) -> String {
    format!("chaos-{number}.json")
}

/// Why a bundle is refused.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// A file is not there.
    #[error("the file {0} is missing")]
    Missing(String),
    /// A file that nobody signed.
    #[error("the statement does not name the file {0}")]
    Stray(String),
    /// A file was changed.
    #[error("the file {0} is not the one that was signed: its digest differs")]
    Changed(String),
    /// The envelope.
    #[error("{STATEMENT}: {0}")]
    Envelope(#[from] EnvelopeError),
    /// The public key in the bundle.
    #[error("{KEY}: {0}")]
    Key(#[from] KeyError),
    /// Signed by somebody else than the caller trusts.
    #[error("it is signed by the key {found}, and not by the one that you trust, {wanted}")]
    Untrusted {
        /// The key in the bundle.
        found: String,
        /// The key of the caller.
        wanted: String,
    },
    /// A file has another content than its name says.
    #[error("{file}: {problem}")]
    Unreadable {
        /// Which one.
        file: String,
        /// What is wrong.
        problem: String,
    },
    /// The evidence does not give the profile what it asks for.
    #[error("the runs do not give the profile {profile} what it asks for: {}", because.join("; "))]
    NotConformant {
        /// Which profile.
        profile: String,
        /// Why, a sentence each.
        because: Vec<String>,
    },
    /// The statement says something else than its evidence.
    #[error("the statement says something else than its evidence: {0}")]
    Contradiction(String),
    /// The suite of the bundle is not at hand, so nobody can tell whether it is complete.
    #[error(
        "it was made with gauntlet {version}, suite {wanted}, and this one has {own}: whether the runs are complete cannot be told"
    )]
    OtherSuite {
        /// The version in the bundle.
        version: String,
        /// The digest in the bundle.
        wanted: String,
        /// The digest of the suite at hand.
        own: String,
    },
}

/// Signs the files of a bundle: adds the public key and the statement.
///
/// # Errors
/// The key does not sign.
pub fn seal(
    mut files: Files,
    certificate: &Certificate,
    evidence: &Evidence,
    catalog: &Catalog,
    key: &SigningKey,
) -> Result<Files, KeyError> {
    files.insert(KEY.into(), key.public().to_pem().into_bytes());
    let payload = write(subjects(&files, certificate), predicate(certificate, evidence, catalog));
    let sealed = envelope::seal(&payload, key)?;
    files.insert(STATEMENT.into(), sealed);
    Ok(files)
}

/// A bundle whose signature and digests fit.
#[derive(Debug, Clone)]
pub struct Opened {
    /// What the statement rests on.
    pub evidence: Evidence,
    /// Who signed it.
    pub signer: Signer,
    statement: Statement,
}

/// Checks signature and digests. `trusted` is the key that the caller wants under the statement.
///
/// # Errors
/// Anything differs from what was signed.
pub fn open(files: &Files, trusted: Option<&PublicKey>) -> Result<Opened, Refusal> {
    let file = |name: &str| files.get(name).ok_or_else(|| Refusal::Missing(name.into()));
    let sealed = file(STATEMENT)?;
    let key = PublicKey::from_pem(file(KEY)?)?;
    if let Some(trusted) = trusted.filter(|trusted| **trusted != key) {
        return Err(Refusal::Untrusted { found: key.signer().key, wanted: trusted.signer().key });
    }
    let statement: Statement = parse(STATEMENT, &envelope::open(sealed, &key)?)?;
    if statement.type_ != Statement::TYPE_V1 || statement.predicate_type != PREDICATE_TYPE {
        let problem = format!("wanted an in-toto Statement v1 of the type {PREDICATE_TYPE}");
        return Err(Refusal::Unreadable { file: STATEMENT.into(), problem });
    }
    let target: Declaration = parse(TARGET, file(TARGET)?)?;
    let mut named = BTreeSet::new();
    for subject in statement.subject.iter().filter(|subject| !subject.name.starts_with("artifact:")) {
        let bytes = file(&subject.name)?;
        if subject.digest.sha256 != Some(sha256(bytes)) {
            return Err(Refusal::Changed(subject.name.clone()));
        }
        named.insert(subject.name.as_str());
    }
    if let Some(stray) = files.keys().find(|name| *name != STATEMENT && !named.contains(name.as_str())) {
        return Err(Refusal::Stray(stray.clone()));
    }
    let profile: Profile = parse(PROFILE, file(PROFILE)?)?;
    let run: RunReport = parse(RUN, file(RUN)?)?;
    let mut rounds = Vec::new();
    for number in 1..=ROUNDS {
        if let Some(bytes) = files.get(&round_name(number)) {
            rounds.push(parse(&round_name(number), bytes)?);
        }
    }
    Ok(Opened { evidence: Evidence { profile, target, run, rounds }, signer: key.signer(), statement })
}

/// Applies the rules of the profile to the evidence again, and compares with what is stated.
///
/// # Errors
/// The suite is another one, or the evidence does not bear the statement.
pub fn examine(opened: &Opened, catalog: &Catalog, scenarios: &[Scenario]) -> Result<Certificate, Refusal> {
    let Opened { evidence, signer, statement } = opened;
    let tool = &evidence.run.tool;
    if tool.suite != catalog.digest() {
        return Err(Refusal::OtherSuite {
            version: tool.version.clone(),
            wanted: tool.suite.clone(),
            own: catalog.digest().into(),
        });
    }
    let name = &evidence.profile.name;
    if catalog.profiles.get(name) != Some(&evidence.profile) {
        return Err(Refusal::Contradiction(format!("{PROFILE} is not the profile {name} of this suite")));
    }
    let certificate = account(evidence, catalog, scenarios, signer)
        .map_err(|because| Refusal::NotConformant { profile: name.clone(), because })?;
    if evidence.run.summary.profile.as_ref() != Some(&certificate.cases) {
        return Err(Refusal::Contradiction(format!("the summary of {RUN} is not what its cases give")));
    }
    if statement.predicate != predicate(&certificate, evidence, catalog) {
        return Err(Refusal::Contradiction("its predicate is not what the runs give".into()));
    }
    let artifact = artifact_name(&certificate);
    let stated = statement.subject.iter().find(|subject| subject.name.starts_with("artifact:"));
    let stated = stated
        .map(|subject| (subject.name.as_str(), subject.digest.sha256.map(|hash| format!("sha256:{}", hash.to_hex()))));
    let declared = evidence.target.artifact.clone().map(|digest| (artifact.as_str(), Some(digest)));
    if stated != declared {
        return Err(Refusal::Contradiction(format!("its artifact is not the one of {TARGET}")));
    }
    Ok(certificate)
}

fn parse<T: DeserializeOwned>(file: &str, bytes: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(bytes).map_err(|error| Refusal::Unreadable { file: file.into(), problem: error.to_string() })
}

/// The value as a file of a bundle: pretty printed, with a line feed at its end.
#[must_use]
pub fn json_file(value: &impl serde::Serialize) -> Vec<u8> {
    let value: Value = serde_json::to_value(value).unwrap_or_default();
    format!("{value:#}\n").into_bytes()
}
