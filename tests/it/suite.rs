//! The embedded suite as a whole.

use jwt_gauntlet::suite::{Catalog, lint};
use std::collections::BTreeSet;

#[test]
fn the_suite_has_nothing_to_mend() {
    let complaints: Vec<String> = lint(&Catalog::load(None).unwrap())
        .into_iter()
        .map(|complaint| {
            format!("{}:{}: {}: {}", complaint.source.file, complaint.source.line, complaint.case, complaint.what)
        })
        .collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn ids_are_stable() {
    let catalog = Catalog::load(None).unwrap();
    let ids: Vec<String> =
        catalog.cases.iter().map(|case| format!("{} {} {}", case.id, case.level, case.expect)).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
    insta::assert_snapshot!(ids.join("\n"));
}

#[test]
fn the_same_suite_from_a_directory_has_the_same_digest() {
    let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors");
    assert_eq!(Catalog::load(Some(&directory)).unwrap().digest, Catalog::load(None).unwrap().digest);
}
