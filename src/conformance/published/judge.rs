//! The opinion about answers to published vectors. Pure.

use super::super::judge::broken;
use crate::{
    model::{
        Alg, Capabilities, Capability, Case, ContentEncryption, Finding, KeyManagement, Outcome, TrustConfig, Verdict,
        expect::Expect,
        outcome::{BaselineStatus, Control},
        report::Controls,
        vector::{Published, VectorAsk},
    },
    target::Opened,
};

/// A vector with what the target said.
pub(super) struct Answer<'v> {
    vector: &'v Published,
    pub seen: Opened,
    /// The keys that the target was handed.
    keys: String,
    /// The header's `alg`.
    alg: Option<String>,
    /// Its `enc`, where the object is encrypted.
    enc: Option<String>,
}

impl<'v> Answer<'v> {
    pub fn new(vector: &'v Published, seen: Opened, trust: &TrustConfig) -> Answer<'v> {
        let header = vector.header();
        let text = |name: &str| header.get(name).and_then(|value| value.as_str()).map(str::to_owned);
        let secret = trust.decryption.keys.as_ref().map_or("", |keys| keys.reveal().as_str());
        let keys = format!("{} {secret}", trust.keys);
        Answer { vector, seen, keys, alg: text("alg"), enc: text("enc") }
    }

    fn verdict(&self) -> Verdict {
        self.seen.observation.verdict
    }

    /// Whether a vector that may be taken was taken.
    fn holds(&self) -> bool {
        self.verdict() == Verdict::Accept && self.vector.case.expect != Expect::Reject
    }
}

/// What shows that the target can be asked about a vector.
enum Kin<'k> {
    /// It took a good vector under the same keys.
    SameKeys(&'k Published),
    /// It took a good vector of the same algorithm.
    SameAlgorithm(&'k Published),
    /// It says that it knows the algorithm, and took a good vector of another one.
    Declared,
    /// Nothing.
    None,
}

/// Judges each answer by the others.
pub(super) fn all(answers: &[Answer<'_>], declares: &Capabilities) -> Vec<(Controls, Vec<Finding>)> {
    answers
        .iter()
        .map(|answer| {
            let kin = kin(answer, answers, declares);
            let known = !matches!(kin, Kin::None) || declares_it(answer, declares);
            let control = |holds: bool| if holds { Control::Accepted } else { Control::Refused };
            let base = answers.iter().any(|other| other.vector.ask == answer.vector.ask && other.holds());
            let controls = Controls { base: control(base), feature: control(!matches!(kin, Kin::None)) };
            let (outcome, because) = opinion(answer, &kin, known);
            let mut findings = vec![finding(answer, "verdict", outcome, because)];
            findings.extend(contents(answer));
            (controls, findings)
        })
        .collect()
}

fn kin<'k>(answer: &Answer<'_>, all: &'k [Answer<'k>], declares: &Capabilities) -> Kin<'k> {
    let taken = || all.iter().filter(|other| other.holds() && other.vector.case.id != answer.vector.case.id);
    if let Some(same) = taken().find(|other| other.keys == answer.keys) {
        return Kin::SameKeys(same.vector);
    }
    let same_alg = taken().find(|other| answer.alg.is_some() && other.alg == answer.alg);
    // What opens with one key management and another content encryption shows both.
    let knows_enc = answer.enc.is_none() || taken().any(|other| other.enc == answer.enc);
    if let Some(same) = same_alg.filter(|_| knows_enc) {
        return Kin::SameAlgorithm(same.vector);
    }
    let same_question = taken().any(|other| other.vector.ask == answer.vector.ask);
    if same_question && declares_it(answer, declares) { Kin::Declared } else { Kin::None }
}

/// Whether the target says of itself that it knows the algorithms of a vector.
fn declares_it(answer: &Answer<'_>, declares: &Capabilities) -> bool {
    let Some(alg) = &answer.alg else { return false };
    let enc = answer.enc.as_ref().map(|name| name.parse::<ContentEncryption>());
    match (alg.parse::<Alg>(), alg.parse::<KeyManagement>(), enc) {
        (Ok(alg), _, None) => declares.contains(&Capability::Alg(alg)),
        (_, Ok(alg), Some(Ok(enc))) => {
            declares.contains(&Capability::JweAlg(alg)) && declares.contains(&Capability::JweEnc(enc))
        }
        _ => false,
    }
}

fn opinion(answer: &Answer<'_>, kin: &Kin<'_>, known: bool) -> (Outcome, String) {
    let case = &answer.vector.case;
    let why = &answer.seen.observation.because;
    let stranger = || format!("the target shows nothing of {}", named(answer));
    match (case.expect, answer.verdict()) {
        (_, Verdict::Unsupported) => (Outcome::Skip, format!("the adapter skips it: {why}")),
        (_, Verdict::Unreachable | Verdict::RateLimited) => {
            (Outcome::Inconclusive, format!("the target is down: {why}"))
        }
        (_, Verdict::OddAnswer) => (Outcome::Inconclusive, why.clone()),
        (Expect::Accept, Verdict::Accept) => (Outcome::Pass, "accepted, as it must be".into()),
        (Expect::Either, Verdict::Accept) => (Outcome::Note, "accepted; the standards allow both".into()),
        (Expect::Reject, Verdict::Accept) => (broken(case.level), "the target accepted it".into()),
        (Expect::Either, Verdict::Reject | Verdict::Refused) => {
            (Outcome::Note, format!("refused ({why}); the standards allow both"))
        }
        (Expect::Accept, Verdict::Reject | Verdict::Refused) if known => {
            (broken(case.level), format!("a good one was refused: {why}"))
        }
        (Expect::Reject, Verdict::Reject | Verdict::Refused) if !matches!(kin, Kin::None) => {
            (Outcome::Pass, format!("refused ({why}), and {}", kin.sentence()))
        }
        (Expect::Accept | Expect::Reject, Verdict::Reject | Verdict::Refused) => (Outcome::Skip, stranger()),
        (Expect::Accept, Verdict::ServerError) if known => {
            (broken(case.level), format!("a good one knocked it over: {why}"))
        }
        (Expect::Reject | Expect::Either, Verdict::ServerError) if !matches!(kin, Kin::None) => {
            (Outcome::Warn, format!("it refused, but by falling over: {why}"))
        }
        (_, Verdict::ServerError) => (Outcome::Skip, stranger()),
        (Expect::Either, Verdict::Timeout | Verdict::Reset) => {
            (Outcome::Warn, format!("it knocked the target over: {why}"))
        }
        (_, Verdict::Timeout | Verdict::Reset) => (broken(case.level), format!("it knocked the target over: {why}")),
    }
}

fn named(answer: &Answer<'_>) -> String {
    let what = match answer.vector.ask {
        VectorAsk::VerifyJws => "verifying",
        VectorAsk::Decrypt => "decrypting",
        VectorAsk::Validate => "validating",
    };
    match (&answer.alg, &answer.enc) {
        (Some(alg), Some(enc)) => format!("{what} {alg} with {enc}"),
        (Some(alg), None) => format!("{what} {alg}"),
        (None, _) => format!("{what} like this"),
    }
}

impl Kin<'_> {
    fn sentence(&self) -> String {
        match self {
            Kin::SameKeys(other) => format!("{} was accepted under the same keys", other.case.id),
            Kin::SameAlgorithm(other) => format!("{} of the same algorithm was accepted", other.case.id),
            Kin::Declared => "the target says that it knows the algorithm".to_owned(),
            Kin::None => String::new(),
        }
    }
}

/// Whether what the target found inside is what was put there.
fn contents(answer: &Answer<'_>) -> Option<Finding> {
    let (wanted, found) = (answer.vector.payload.as_ref()?, answer.seen.payload.as_ref()?);
    let holds = wanted == found;
    let (outcome, because) = if holds {
        (Outcome::Pass, "as wanted".to_owned())
    } else {
        (Outcome::Fail, "the target says that other bytes are inside".to_owned())
    };
    let mut finding = finding(answer, "payload", outcome, because);
    let start = |bytes: &[u8]| String::from_utf8_lossy(bytes).chars().take(80).collect::<String>();
    (finding.expected, finding.observed) = (start(wanted), start(found));
    Some(finding)
}

fn finding(answer: &Answer<'_>, check: &str, outcome: Outcome, because: String) -> Finding {
    let Case { id, level, severity, expect, .. } = &answer.vector.case;
    let seen = &answer.seen.observation;
    let because = match &answer.vector.erratum {
        Some(erratum) => format!("{because}. To be known: {erratum}"),
        None => because,
    };
    Finding {
        id: Finding::id(id, check),
        outcome,
        level: *level,
        severity: *severity,
        baseline: BaselineStatus::New,
        expected: expect.to_string(),
        observed: format!("{} ({})", seen.verdict, seen.because),
        because,
    }
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
