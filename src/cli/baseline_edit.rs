//! Changes to a list of known failures that leave comments and order alone.

use crate::{
    model::{
        Level, Outcome, RunReport,
        baseline::{BaselineReport, EntryStatus, Section},
        outcome::BaselineStatus,
    },
    suite::{Baseline, Entry},
};
use std::collections::{BTreeMap, BTreeSet};
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, TomlError, value};

/// Something to put on the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    pub glob: String,
    pub outcome: Outcome,
}

/// What a person says about the entries.
#[derive(Debug, Clone, Default)]
pub(super) struct Reason {
    pub because: String,
    pub issue: Option<String>,
    pub until: Option<String>,
}

/// What a run shows that is not on the list: failures, undecided musts, and warnings where they are wanted. The variants of
/// a case are one entry where all of them came to the same.
pub(super) fn new_failures(report: &RunReport, warnings: bool) -> Vec<Failure> {
    let wanted = |outcome: Outcome, level: Level| match outcome {
        Outcome::Fail => true,
        Outcome::Warn => warnings,
        Outcome::Inconclusive => level == Level::Must,
        _ => false,
    };
    // By case, check and outcome: which variants.
    let mut variants: BTreeMap<(String, &str, Outcome), Vec<&str>> = BTreeMap::new();
    let mut all: BTreeMap<String, usize> = BTreeMap::new();
    for case in &report.cases {
        *all.entry(case.id.case()).or_default() += 1;
        for finding in case.findings.iter().filter(|finding| finding.baseline != BaselineStatus::Known) {
            if wanted(finding.outcome, finding.level) {
                let check = finding.id.split_once('#').map_or("verdict", |(_, check)| check);
                variants.entry((case.id.case(), check, finding.outcome)).or_default().push(&finding.id);
            }
        }
    }
    let mut failures = Vec::new();
    for ((case, check, outcome), ids) in variants {
        if ids.len() > 1 && all.get(&case) == Some(&ids.len()) {
            failures.push(Failure { glob: format!("{case}#{check}"), outcome });
        } else {
            failures.extend(ids.into_iter().map(|id| Failure { glob: globset::escape(id), outcome }));
        }
    }
    for scenario in &report.scenarios {
        let id = format!("chaos/{}", scenario.id);
        let played = format!("{id}#played");
        let known = report.baseline.as_ref().is_some_and(|baseline| baseline.entry_for(&played).is_some());
        if scenario.assertions.is_empty() && scenario.outcome == Outcome::Inconclusive && !known {
            failures.push(Failure { glob: globset::escape(&played), outcome: Outcome::Inconclusive });
        }
        let new = scenario.assertions.iter().filter(|claim| claim.baseline != BaselineStatus::Known);
        failures.extend(
            new.filter(|claim| claim.outcome == Outcome::Fail || (warnings && claim.outcome == Outcome::Warn)).map(
                |claim| Failure { glob: globset::escape(&format!("{id}#{}", claim.name)), outcome: claim.outcome },
            ),
        );
    }
    failures
}

/// A list without entries.
pub(super) fn empty(target: &str) -> String {
    format!("format = \"baseline/1\"\ntarget = {}\n", value(target))
}

/// The list with more entries at its end.
pub(super) fn with(text: &str, failures: &[Failure], reason: &Reason) -> Result<String, TomlError> {
    let mut document: DocumentMut = text.parse()?;
    let known = document.entry("known").or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
    let Some(known) = known.as_array_of_tables_mut() else { return Ok(text.to_owned()) };
    for failure in failures {
        let mut entry = Table::new();
        entry["finding"] = value(&failure.glob);
        if failure.outcome != Outcome::Fail {
            entry["outcome"] = value(failure.outcome.to_string());
        }
        entry["because"] = value(&reason.because);
        if let Some(issue) = &reason.issue {
            entry["issue"] = value(issue);
        }
        if let Some(until) = &reason.until {
            entry["until"] = value(until);
        }
        entry.decor_mut().set_prefix("\n");
        known.push(entry);
    }
    Ok(document.to_string())
}

/// The entries of a list that a run shows to be out of date.
pub(super) fn out_of_date<'a>(baseline: &'a Baseline, report: &BaselineReport) -> Vec<(&'a Entry, EntryStatus)> {
    let judged = baseline.entries.iter().zip(&report.entries);
    judged.filter(|(_, judged)| judged.status.is_out_of_date()).map(|(entry, judged)| (entry, judged.status)).collect()
}

/// The list without some of its entries.
pub(super) fn without(text: &str, entries: &[&Entry]) -> Result<String, TomlError> {
    let mut document: DocumentMut = text.parse()?;
    for (section, name) in [(Section::Known, "known"), (Section::Skip, "skip")] {
        let gone: BTreeSet<usize> =
            entries.iter().filter(|entry| entry.section == section).map(|entry| entry.place).collect();
        if let Some(tables) = document.get_mut(name).and_then(Item::as_array_of_tables_mut) {
            for place in gone.iter().rev() {
                tables.remove(*place);
            }
            if tables.is_empty() {
                document.remove(name);
            }
        }
    }
    Ok(document.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::baseline_from;

    const LIST: &str = "# Ours.\nformat = \"baseline/1\"\n\n# The gateway.\n[[known]]\nfinding = \"a/b\"  # kid\nbecause = \"x\"\n\n\
                        [[skip]]\ncase = \"i/*\"\nbecause = \"none\"\n\n# Slow.\n[[known]]\nfinding = \"a/c\"\nbecause = \"y\"\n";

    #[test]
    fn entries_come_and_go_and_comments_stay() {
        let baseline = baseline_from("l", LIST).unwrap();
        let names: Vec<_> = baseline.entries.iter().map(|entry| entry.pattern.text()).collect();
        assert_eq!(names, ["a/b", "i/*", "a/c"]);
        let less = without(LIST, &[&baseline.entries[1], &baseline.entries[2]]).unwrap();
        assert_eq!(
            less,
            "# Ours.\nformat = \"baseline/1\"\n\n# The gateway.\n[[known]]\nfinding = \"a/b\"  # kid\nbecause = \"x\"\n"
        );
        let failure = |glob: &str, outcome| Failure { glob: glob.into(), outcome };
        let reason = Reason { because: "said \"so\"".into(), issue: Some("X-1".into()), until: None };
        let more =
            with(&less, &[failure("a/d#verdict", Outcome::Fail), failure("a/e", Outcome::Inconclusive)], &reason);
        let more = more.unwrap();
        assert!(more.starts_with(&less), "{more}");
        let again = baseline_from("l", &more).unwrap();
        assert_eq!(again.entries[1].because, "said \"so\"");
        assert_eq!((again.entries[2].outcome, again.entries[2].issue.as_deref()), (Outcome::Inconclusive, Some("X-1")));
    }

    #[test]
    fn a_new_list_is_refused_until_it_has_reasons() {
        let failures = [Failure { glob: "a/b".into(), outcome: Outcome::Fail }];
        let text = with(&empty("it \"is\""), &failures, &Reason::default()).unwrap();
        assert!(baseline_from("l", &text).unwrap_err().to_string().contains("`because` is empty"), "{text}");
        let text = text.replace("because = \"\"", "because = \"so\"");
        assert_eq!(baseline_from("l", &text).unwrap().target.as_deref(), Some("it \"is\""));
    }
}
