//! What was shown, what was not tested, what was waived, and what all of it proves.

use crate::{
    model::{
        ProfileSummary,
        certificate::{Certificate, ScenarioAccount},
        chaos::Grade,
    },
    report::{
        console::{Paint, Role},
        text::visible,
        words::{count, grouped, moment},
    },
};
use std::fmt::Write;

/// Reasons in a list before the rest is counted.
const REASONS: usize = 12;

/// What a statement of somebody about their own target proves.
pub const PROOF: &str = "The signature proves who says this, and that no byte of it was changed since. It does not prove \
                         that it is true: who holds the key could have made up the runs. Whoever wants to know tries it again.";

/// How the cases of a run stand to the profile that it was for.
pub(in crate::report) fn profile_sentence(profile: &ProfileSummary) -> String {
    let cases = format!("{} of {} passed", grouped(profile.must_pass), count(profile.must_total, "case"));
    let scenarios = match profile.scenarios {
        0 => String::new(),
        some => format!("; it also asks for {}, which `gauntlet certify` plays", count(some, "scenario")),
    };
    match profile.conformant {
        true => format!("{} is met: {cases}{scenarios}", profile.name),
        false => format!("{} is not met: {cases}; {}", profile.name, profile.because.join("; ")),
    }
}

/// The statement in plain sentences, to a terminal.
#[must_use]
pub fn certificate_text(certificate: &Certificate, paint: Paint) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "{}", paint(Role::Headline, &headline(certificate)));
    let _ = writeln!(text, "{}\n", certificate.profile.title);
    let mut section = |heading: &str, lines: Vec<String>| {
        let _ = writeln!(text, "{}", paint(Role::Label, heading));
        for line in lines {
            let _ = writeln!(text, "  {line}");
        }
    };
    section("shown", shown(certificate));
    section("not tested", untested(certificate));
    section("waived", waived(certificate));
    section("made", made(certificate));
    section("signed", vec![format!("by the {} key {}", certificate.signer.algorithm, certificate.signer.key)]);
    section("what this proves", vec![PROOF.to_owned()]);
    text
}

/// `orders-api 2.3 conforms to rfc8725`.
pub(super) fn headline(certificate: &Certificate) -> String {
    format!("{} conforms to {}", target(certificate), certificate.profile.name)
}

/// The target and its version.
pub(super) fn target(certificate: &Certificate) -> String {
    let version = certificate.target.version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
    visible(&format!("{}{version}", certificate.target.name))
}

pub(super) fn shown(certificate: &Certificate) -> Vec<String> {
    let cases = &certificate.cases;
    let mut lines =
        vec![format!("all {} that the profile names and that apply passed", count(cases.must_pass, "case"))];
    if !certificate.profile.requires.is_empty() {
        let requires: Vec<String> = certificate.profile.requires.iter().map(ToString::to_string).collect();
        lines.push(format!("the target offers what the profile requires: {}", requires.join(", ")));
    }
    lines.push(format!("with tokens signed by {}", visible(&certificate.algorithms.join(", "))));
    lines.extend(certificate.scenarios.iter().filter(|one| one.skipped.is_none()).map(played));
    lines
}

fn played(scenario: &ScenarioAccount) -> String {
    let grades: Vec<&str> = scenario.grades.iter().map(|grade| grade_word(*grade)).collect();
    let same = grades.iter().all(|grade| *grade == grades[0]);
    let grades = if same { grades.first().map(|grade| format!("grade {grade}")) } else { Some(grades.join(", ")) };
    let rounds = count(scenario.grades.len(), "round");
    format!("{} held in {rounds} ({}): {}", scenario.id, grades.unwrap_or_default(), scenario.title)
}

/// The grade as a word.
pub(super) fn grade_word(grade: Option<Grade>) -> &'static str {
    match grade {
        Some(Grade::Must) => "must",
        Some(Grade::Should) => "should",
        Some(Grade::Excellent) => "excellent",
        None => "none",
    }
}

pub(super) fn untested(certificate: &Certificate) -> Vec<String> {
    let mut reasons: Vec<(usize, String)> = certificate
        .untested
        .iter()
        .map(|(reason, cases)| {
            (cases.len(), format!("{}, such as {}: {}", count(cases.len(), "case"), cases[0], visible(reason)))
        })
        .collect();
    reasons.sort_by(|(one, text), (other, other_text)| other.cmp(one).then_with(|| text.cmp(other_text)));
    let more: usize = reasons.iter().skip(REASONS).map(|(cases, _)| cases).sum();
    let mut lines: Vec<String> = reasons.into_iter().take(REASONS).map(|(_, text)| text).collect();
    if more > 0 {
        lines.push(format!("{} for other reasons", count(more, "case")));
    }
    for scenario in &certificate.scenarios {
        if let Some(because) = &scenario.skipped {
            lines.push(format!("the scenario {}: {}", scenario.id, visible(because)));
        }
    }
    if lines.is_empty() {
        lines.push("every case and scenario that the profile names applied".to_owned());
    }
    if certificate.scenarios.is_empty() {
        lines.push("what happens when keys change or the issuer is down: the profile asks for no scenarios".to_owned());
    }
    lines
}

pub(super) fn waived(certificate: &Certificate) -> Vec<String> {
    if certificate.waived.is_empty() {
        return vec!["nothing; and a list of known failures does not count for a statement".to_owned()];
    }
    let line = |(check, because): &(String, String)| format!("{}: {}", visible(check), visible(because));
    let heading =
        "the target file does not ask for these; what of them the profile names counted all the same".to_owned();
    std::iter::once(heading).chain(certificate.waived.iter().map(line)).collect()
}

pub(super) fn made(certificate: &Certificate) -> Vec<String> {
    let Certificate { tool, target, profile, profile_digest, seed, .. } = certificate;
    let mut lines = vec![
        format!("{} to {}", moment(&certificate.started), moment(&certificate.finished)),
        format!("by {} {}, suite {}, seed {seed}", visible(&tool.name), visible(&tool.version), visible(&tool.suite)),
        format!("profile {} {}", profile.name, visible(profile_digest)),
        format!("target configured by {}, {}", visible(&target.described_by), visible(&target.configuration)),
    ];
    if let Some(artifact) = &target.artifact {
        lines.push(format!("tested program {}", visible(artifact)));
    }
    if !certificate.choices.is_empty() {
        let choices: Vec<String> =
            certificate.choices.iter().take(REASONS).map(|(name, choice)| format!("{name} = {choice}")).collect();
        let more = match certificate.choices.len().saturating_sub(REASONS) {
            0 => String::new(),
            more => format!(" and {} more in run.json", grouped(more)),
        };
        lines.push(format!("choices that the standards leave open: {}{more}", visible(&choices.join(", "))));
    }
    lines
}
