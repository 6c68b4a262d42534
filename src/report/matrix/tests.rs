use super::*;
use crate::{
    model::{Outcome, RunReport, Severity},
    report::fixture,
};

fn runs() -> Vec<RunReport> {
    let first = fixture::report();
    let mut second = first.clone();
    second.target.name = "strict".into();
    fixture::keep(&mut second, |outcome| matches!(outcome, Outcome::Pass | Outcome::Skip));
    let mut chaos = first.clone();
    chaos.cases.clear();
    chaos.families.clear();
    chaos.run.started = "2026-11-23T10:00:00Z".into();
    chaos.scenarios = vec![serde_json::from_str(include_str!("../../../tests/fixtures/scenario.json")).unwrap()];
    vec![second, chaos, first]
}

#[test]
fn targets_by_families_and_by_scenarios() {
    let matrix = Matrix::of(&runs());
    let names: Vec<&str> = matrix.targets.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names, ["orders-api", "strict"]);
    let orders = &matrix.targets[0];
    assert_eq!((orders.runs.len(), matrix.suites.len()), (2, 1));
    let cell = &orders.families["algorithm"];
    assert_eq!((cell.outcome, cell.counts.fail, cell.worst), (Outcome::Fail, 2, Some(Severity::Critical)));
    assert_eq!(cell.cases[0].id, "algorithm/none-any-case");
    assert_eq!(cell.cases[0].variants, (4, 6));
    assert_eq!(matrix.targets[1].families["algorithm"].outcome, Outcome::Pass);
    let rotate = &orders.scenarios["rotate"];
    assert_eq!((rotate.outcome, rotate.grade, rotate.claims.len()), (Outcome::Fail, None, 2));
    assert!(!orders.in_short.is_empty() && matrix.targets[1].scenarios.is_empty());
    insta::assert_snapshot!(String::from_utf8(matrix_json(&matrix).unwrap()).unwrap());
}

#[test]
fn the_page_stands_alone_and_opens_without_scripts() {
    let page = String::from_utf8(matrix_html(&Matrix::of(&runs())).unwrap()).unwrap();
    assert!(!page.contains("<script") && !page.contains("src=") && !page.contains("<link"));
    assert!(page.contains("default-src 'none'") && page.contains("<details name=\"cell\"><summary"));
    assert_eq!(page.matches("<table>").count(), 2);
    let hostile: Vec<RunReport> = vec![fixture::hostile("<script>alert(1)</script><img src=x>")];
    let page = String::from_utf8(matrix_html(&Matrix::of(&hostile)).unwrap()).unwrap();
    assert!(!page.contains("<script") && !page.contains("<img"), "text of the target is escaped");
    assert!(matrix_html(&Matrix::of(&[])).is_ok());
}

#[test]
fn a_cell_names_a_few_cases_and_counts_the_rest() {
    let matrix = Matrix::of(&[fixture::large(4_000)]);
    let cell = &matrix.targets[0].families["algorithm"];
    assert_eq!(cell.cases.len() + cell.more, cell.counts.fail + cell.counts.warn + cell.counts.inconclusive);
    assert!(cell.more > 0 && matrix_html(&matrix).unwrap().len() < 60_000);
}
