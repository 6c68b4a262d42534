//! What a target file asks beyond, or below, what the suite asks of everybody: promoted and waived checks.

use super::subject::Subject;
use crate::{
    chaos,
    conformance::gravest,
    model::{
        Event, Level, Outcome, TargetFile,
        chaos::{Grade, ScenarioResult},
        report::CaseResult,
        target::{Term, WAIVED},
    },
    suite::Pattern,
};
use std::sync::Arc;

/// The terms of a target file.
#[derive(Debug, Clone, Default)]
pub(super) struct Terms {
    promote: Vec<Pattern>,
    waive: Vec<(Pattern, String)>,
}

/// What a term makes of a check.
enum Ruling<'a> {
    Promoted,
    Waived(&'a str),
}

impl Terms {
    /// The terms of what is tested.
    pub fn of_subject(subject: &Subject) -> Terms {
        match subject {
            Subject::File(_, file) => Terms::of(file),
            _ => Terms::default(),
        }
    }

    /// The terms of a file. Globs were read when the file was; one that is none names nothing.
    fn of(file: &TargetFile) -> Terms {
        let read = |term: &Term| Pattern::new(&term.finding).ok();
        let waived = |term: &Term| Some((read(term)?, term.because.clone()));
        Terms {
            promote: file.promote.iter().filter_map(read).collect(),
            waive: file.waive.iter().filter_map(waived).collect(),
        }
    }

    /// Puts them on a result. A must is neither promoted nor waived: what is known of it belongs on the list of known
    /// failures, where it cannot be forgotten.
    pub fn event(&self, event: Event) -> Event {
        if self.promote.is_empty() && self.waive.is_empty() {
            return event;
        }
        match event {
            Event::CaseFinished { index, result } => {
                Event::CaseFinished { index, result: Arc::new(self.result(Arc::unwrap_or_clone(result))) }
            }
            Event::ScenarioFinished { index, result } => {
                Event::ScenarioFinished { index, result: Box::new(self.scenario(*result)) }
            }
            other => other,
        }
    }

    fn ruling(&self, finding: &str) -> Option<Ruling<'_>> {
        if let Some((_, because)) = self.waive.iter().find(|(pattern, _)| pattern.names_finding(finding)) {
            return Some(Ruling::Waived(because));
        }
        self.promote.iter().any(|pattern| pattern.names_finding(finding)).then_some(Ruling::Promoted)
    }

    fn result(&self, mut result: CaseResult) -> CaseResult {
        let may_move = |level| matches!(level, Level::Should | Level::Policy);
        match self.ruling(&format!("{}#verdict", result.id)) {
            Some(Ruling::Promoted) if may_move(result.level) => result.level = Level::Must,
            Some(Ruling::Waived(_)) if may_move(result.level) => result.level = Level::May,
            _ => {}
        }
        let before: Vec<Outcome> = result.findings.iter().map(|finding| finding.outcome).collect();
        for finding in &mut result.findings {
            if !may_move(finding.level) {
                continue;
            }
            match self.ruling(&finding.id) {
                Some(Ruling::Promoted) => {
                    finding.level = Level::Must;
                    if finding.outcome == Outcome::Warn {
                        finding.outcome = Outcome::Fail;
                    }
                }
                Some(Ruling::Waived(why)) => {
                    finding.level = Level::May;
                    if finding.outcome == Outcome::Warn {
                        finding.outcome = Outcome::Note;
                        finding.because = format!("{}{WAIVED}{why}", finding.because);
                    }
                }
                None => {}
            }
        }
        if !result.findings.iter().map(|finding| finding.outcome).eq(before) {
            result.outcome = gravest(&result.findings);
        }
        result
    }

    fn scenario(&self, mut result: ScenarioResult) -> ScenarioResult {
        for claim in result.assertions.iter_mut().filter(|claim| claim.level != Grade::Must) {
            match self.ruling(&format!("chaos/{}#{}", result.id, claim.name)) {
                Some(Ruling::Promoted) => {
                    claim.level = Grade::Must;
                    if matches!(claim.outcome, Outcome::Warn | Outcome::Note) {
                        claim.outcome = Outcome::Fail;
                    }
                }
                Some(Ruling::Waived(why)) => {
                    claim.level = Grade::Excellent;
                    if claim.outcome == Outcome::Warn {
                        claim.outcome = Outcome::Note;
                        claim.because = format!("{}{WAIVED}{why}", claim.because);
                    }
                }
                None => {}
            }
        }
        if !result.assertions.is_empty() {
            result.outcome = chaos::gravest(&result.assertions);
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RunReport;

    /// What becomes of a case of the fixture.
    fn ruled(case: &str, tables: &str) -> CaseResult {
        let text = format!(
            "format = \"target/1\"\ntarget.name = \"t\"\ntransport.bearer.url = \"http://127.0.0.1:1/\"\n\
             trust = {{ keys = \"jwks-uri\", audience = \"a\", algorithms = [\"RS256\"] }}\n{tables}"
        );
        let terms = Terms::of(&toml::from_str(&text).unwrap());
        let report: RunReport = serde_json::from_str(include_str!("../../tests/fixtures/run.json")).unwrap();
        let result = report.cases.into_iter().find(|result| result.id.to_string() == case).unwrap();
        let Event::CaseFinished { result, .. } =
            terms.event(Event::CaseFinished { index: 0, result: Arc::new(result) })
        else {
            unreachable!("an event stays what it is")
        };
        Arc::unwrap_or_clone(result)
    }

    #[test]
    fn a_should_can_become_a_must_or_be_waived_with_its_reason() {
        let case = "presentation/scheme-any-case:bearer";
        let promoted = ruled(case, "[[promote]]\nfinding = \"presentation/*\"\n");
        assert_eq!(
            (promoted.outcome, promoted.level, promoted.findings[0].level),
            (Outcome::Fail, Level::Must, Level::Must)
        );
        let waived = ruled(case, "[[waive]]\nfinding = \"presentation/scheme*\"\nbecause = \"old proxy\"\n");
        assert_eq!((waived.outcome, waived.level), (Outcome::Note, Level::May));
        assert!(waived.findings[0].because.ends_with("; waived: old proxy"), "{}", waived.findings[0].because);
        // One check of a case that passed otherwise.
        let one = ruled("presentation/challenge", "[[waive]]\nfinding = \"*#challenge-error\"\nbecause = \"x\"\n");
        assert_eq!((one.outcome, one.level), (Outcome::Note, Level::Should));
    }

    #[test]
    fn a_must_is_neither() {
        let waive = "[[waive]]\nfinding = \"*\"\nbecause = \"everything\"\n";
        let result = ruled("algorithm/none-any-case:NONE", waive);
        assert_eq!((result.outcome, result.level), (Outcome::Fail, Level::Must));
    }
}
