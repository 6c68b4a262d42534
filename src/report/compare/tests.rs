use super::*;
use crate::{
    model::{Outcome, RunReport, chaos::Measured},
    report::{fixture, plain},
};

const NONE: Tolerance = Tolerance(0.2);

fn compared(change: impl FnOnce(&mut RunReport)) -> Comparison {
    let old = fixture::report();
    let mut new = old.clone();
    change(&mut new);
    Comparison::of(&old, &new, NONE)
}

/// Gives the verdict of a variant another outcome.
fn set(report: &mut RunReport, id: &str, outcome: Outcome) {
    let case = report.cases.iter_mut().find(|case| case.id.to_string() == id).unwrap();
    (case.outcome, case.findings[0].outcome) = (outcome, outcome);
}

fn ids(changes: &[Change]) -> Vec<&str> {
    changes.iter().map(|change| change.finding.as_str()).collect()
}

#[test]
fn a_run_is_the_same_as_itself() {
    let comparison = compared(|_| ());
    assert_eq!((comparison.verdict(), comparison.broken.len(), comparison.moved.len()), (Verdict::Same, 0, 0));
    assert_eq!(comparison.headline(), format!("no check changed; {} came to the same", comparison.unchanged));
}

#[test]
fn each_change_has_its_list() {
    let comparison = compared(|new| {
        set(new, "claims/other-audience", Outcome::Fail);
        set(new, "algorithm/none-any-case:NONE", Outcome::Pass);
        set(new, "key-id/unknown", Outcome::Skip);
        set(new, "claims/deep-nesting:10000", Outcome::Pass);
    });
    assert_eq!(ids(&comparison.broken), ["claims/other-audience#verdict"]);
    assert_eq!(ids(&comparison.fixed), ["algorithm/none-any-case:NONE#verdict"]);
    assert_eq!(ids(&comparison.lost), ["key-id/unknown#verdict"]);
    assert_eq!(ids(&comparison.gained), ["claims/deep-nesting:10000#verdict"]);
    assert_eq!(comparison.verdict(), Verdict::Worse);
    insta::assert_snapshot!(comparison_text(&comparison, &plain));
    insta::assert_snapshot!(comparison_markdown(&comparison));
}

#[test]
fn new_and_removed_cases_are_apart_and_no_regression() {
    let mut old = fixture::report();
    let new = old.clone();
    old.cases.retain(|case| case.id.family != "algorithm");
    let grown = Comparison::of(&old, &new, NONE);
    assert_eq!((grown.verdict(), grown.broken.len(), grown.new_cases), (Verdict::Same, 0, 3));
    assert!(grown.broken_in_new_cases.len() > 3);
    let shrunk = Comparison::of(&new, &old, NONE);
    assert_eq!(shrunk.removed_cases.len(), 3);
    assert_eq!(shrunk.apart(), "0 cases only in the new run, 3 only in the old one; the suite is the same");
    let mut other = old.clone();
    other.tool.suite = "sha256:00".into();
    assert_eq!(Comparison::of(&new, &other, NONE).apart(), "0 new cases, 3 removed");
    assert_eq!((shrunk.verdict(), shrunk.fixed.len()), (Verdict::Same, 0), "what is gone is not mended");
}

#[test]
fn nothing_that_hides_a_check_is_green() {
    let hidden = compared(|new| set(new, "claims/other-audience", Outcome::Inconclusive));
    assert_eq!(hidden.verdict(), Verdict::Undecided);
    let skipped = compared(|new| set(new, "claims/other-audience", Outcome::Skip));
    assert_eq!(skipped.verdict(), Verdict::Undecided);
    assert_eq!(compared(|new| new.complete = false).verdict(), Verdict::Incomplete);
    let empty = compared(|new| {
        new.cases.clear();
        new.summary.executed = 0;
    });
    assert_eq!(empty.verdict(), Verdict::Undecided);
    assert!(comparison_text(&empty, &plain).contains("!! The new run tested nothing."));
}

#[test]
fn a_warning_and_a_slower_value_are_weaker() {
    assert_eq!(compared(|new| set(new, "claims/other-audience", Outcome::Warn)).verdict(), Verdict::Weaker);
    let leeway = |value| {
        compared(|new| {
            let case = new.cases.iter_mut().find(|case| case.measured.is_some()).unwrap();
            case.measured.as_mut().unwrap().value = value;
        })
    };
    // The fixture has 60 seconds.
    assert!(leeway(Some(70)).moved.is_empty());
    let [more, less, none] = [leeway(Some(90)), leeway(Some(0)), leeway(None)];
    assert_eq!((more.verdict(), more.moved[0].worse), (Verdict::Weaker, true));
    assert_eq!((less.verdict(), less.moved[0].worse), (Verdict::Same, false));
    assert!(none.moved[0].worse && none.moved[0].now.starts_with("no limit"), "{:?}", none.moved);
    assert_eq!(leeway(Some(60)).moved, []);
}

#[test]
fn times_of_scenarios_are_compared_by_what_is_worse() {
    let mut old = fixture::report();
    old.scenarios = vec![serde_json::from_str(include_str!("../../../tests/fixtures/scenario.json")).unwrap()];
    let mut new = old.clone();
    let facts = &mut new.scenarios[0].facts;
    facts.survived = Some(Measured { seconds: 3.0, at_least: false });
    facts.took_new = Some(Measured { seconds: 1.3, at_least: false });
    new.scenarios[0].assertions[0].outcome = Outcome::Pass;
    let comparison = Comparison::of(&old, &new, NONE);
    let said: Vec<_> = comparison.moved.iter().map(|moved| (moved.now.as_str(), moved.worse)).collect();
    assert_eq!(said, [("3.0 s", true)]);
    assert_eq!(ids(&comparison.fixed), ["chaos/rotate:a,b#always, of forged: accepted = 0"]);
}

#[test]
fn a_tolerance_is_a_share() {
    assert_eq!("20%".parse(), Ok(Tolerance(0.2)));
    for wrong in ["20", "-1%", "NaN%", "%", "x%"] {
        assert!(wrong.parse::<Tolerance>().is_err(), "{wrong}");
    }
}

#[test]
fn markdown_stays_short_whatever_changed() {
    let mut old = fixture::large(20_000);
    let new = old.clone();
    old.cases.iter_mut().flat_map(|case| &mut case.findings).for_each(|finding| finding.outcome = Outcome::Pass);
    let text = comparison_markdown(&Comparison::of(&old, &new, NONE));
    assert!(text.len() < 20_000 && text.contains("more; `--format json` has them all"), "{}", text.len());
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(16))]
    #[test]
    fn no_text_of_the_target_becomes_markup(text in "[<>|`*_\\[\\]()@!\\n\u{1b}\u{202e}-]{0,30}") {
        let of = |hostile: RunReport| {
            let mut old = hostile.clone();
            old.cases.iter_mut().flat_map(|case| &mut case.findings).for_each(|finding| finding.outcome = Outcome::Pass);
            let comparison = Comparison::of(&old, &hostile, NONE);
            (comparison_markdown(&comparison), comparison_text(&comparison, &plain))
        };
        let ((plain, _), (hostile, terminal)) = (of(fixture::report()), of(fixture::hostile(&text)));
        for markup in ["<", "|", "](", "**", "\n"] {
            proptest::prop_assert_eq!(plain.matches(markup).count(), hostile.matches(markup).count(), "{}", markup);
        }
        let steers = terminal.contains(['\u{1b}', '\u{202e}']);
        proptest::prop_assert!(!steers);
    }
}
