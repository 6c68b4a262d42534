use super::*;
use crate::{
    conformance::build,
    model::Capability,
    suite::{Catalog, Selection, SuiteFile},
};
use std::collections::BTreeMap;

const SUITE: &str = r#"
format = "cases/1"
[family]
title = "T"
about = "A."
level = "should"
severity = "low"
[keyset.one]
members = ["spare-es256-one"]
[keyset.same]
members = ["spare-es256-one", "spare-es256-two"]
[keyset.other]
altered = [{ key = "spare-es256-one", set = { kid = "x" } }]
[keyset.third]
raw-members = ["null"]
[keyset.html]
body = "<html>"
controls = "outside"
[keyset.earlier]
members = ["trusted"]
alone = true
[keyset.changed]
members = ["active"]
after = "earlier"
"#;

/// One case for each set, in this order.
fn planned(sets: &[&str]) -> (Vec<Phase>, Vec<Planned>) {
    let mut text = SUITE.to_owned();
    for (number, set) in sets.iter().enumerate() {
        text.push_str(&format!("[[case]]\nname = \"c{number}\"\ntitle = \"t\"\nwhy = \"w\"\n"));
        text.push_str("fix = { library = \"l\", application = \"a\" }\nexpect = \"accept\"\n");
        if !set.is_empty() {
            text.push_str(&format!("needs-keyset = \"{set}\"\n"));
        }
    }
    let file =
        |stem: &str, text: &str| SuiteFile { name: format!("{stem}.toml"), stem: stem.into(), text: text.to_owned() };
    let keysets = "format = \"keysets/1\"\n[keyset.default]\nmembers = [\"trusted\"]\n";
    let catalog = Catalog::from_files(&[file("f", &text), file("keysets", keysets)]).unwrap();
    let provides = [Capability::JwksPhases].into();
    let plan = build(&catalog, &provides, &Selection::all(), &BTreeMap::new(), None, None);
    phases(&catalog, plan.cases)
}

fn names(phases: &[Phase]) -> Vec<String> {
    phases.iter().map(Phase::name).collect()
}

#[test]
fn sets_are_merged_unless_they_stand_alone_or_contradict() {
    let (phases, rest) = planned(&["html", "one", "", "third", "changed", "other", "same", "one"]);
    // `same` serves the key of `one` in the same way, and so it could join; `other` serves it in another one.
    assert_eq!(names(&phases), ["f/one, f/third, f/same", "f/other", "f/changed", "f/html"]);
    assert_eq!((rest.len(), phases[0].cases.len()), (1, 4));
    let served = phases[0].served();
    assert_eq!(served.members, ["trusted", "spare-es256-one", "spare-es256-two"]);
    assert_eq!(served.raw_members, ["null"]);
    assert_eq!(phases[2].served().members, ["active"]);
    assert!(phases[2].after.is_some() && phases[3].controls() == ControlPlace::Outside);
}

#[test]
fn a_split_keeps_every_case_with_its_set() {
    let (mut phases, _) = planned(&["one", "third", "same", "third"]);
    let [first, second] = phases.remove(0).split().unwrap();
    assert_eq!((first.name(), second.name()), ("f/one, f/third".into(), "f/same".into()));
    assert_eq!((first.cases.len(), second.cases.len()), (3, 1));
    let [one, third] = first.split().unwrap();
    assert_eq!((one.cases.len(), third.cases.len()), (1, 2));
    assert_eq!(third.served().members, ["trusted"]);
    assert_eq!(third.split().unwrap_err().name(), "f/third");
}
