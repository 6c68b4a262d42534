//! The policy that the built-in validator declares is the one that it keeps.

use jwt_gauntlet::{
    issuer::Options,
    model::{Case, CaseId, Level, Outcome, RunReport},
    run::{FailOn, Request, Stop, Subject, builtin_policy, execute},
    suite::{Catalog, Selection},
};
use std::collections::BTreeSet;

fn policy_cases(catalog: &Catalog) -> impl Iterator<Item = (&Case, &str)> {
    catalog.cases.iter().map(AsRef::as_ref).filter(|case| case.level == Level::Policy).map(|case| {
        let policy = case.policy.as_ref().expect("the suite's lint wants a policy in each case of this level");
        (case, policy.name.as_str())
    })
}

#[test]
fn every_policy_of_the_suite_is_declared() {
    let catalog = Catalog::load(None).unwrap();
    let declared = builtin_policy();
    let mut missing = BTreeSet::new();
    for (case, name) in policy_cases(&catalog) {
        match declared.get(name) {
            Some(choice) => assert!(case.policy.as_ref().unwrap().when.contains_key(choice), "{}: {choice}", case.id),
            None => drop(missing.insert(name)),
        }
    }
    assert!(missing.is_empty(), "not in BUILTIN_POLICY: {missing:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strict_keeps_the_policy_that_it_declares() {
    let catalog = Catalog::load(None).unwrap();
    let declared: BTreeSet<&CaseId> = policy_cases(&catalog).map(|(case, _)| &case.id).collect();
    let report = strict(&catalog).await;
    let findings: Vec<_> =
        report.cases.iter().filter(|case| declared.contains(&case.id)).flat_map(|case| &case.findings).collect();
    let broken: Vec<String> = findings
        .iter()
        // A method that strict does not serve leaves nothing to judge.
        .filter(|finding| !matches!(finding.outcome, Outcome::Pass | Outcome::Skip))
        .map(|finding| format!("{}: {}: {}", finding.id, finding.outcome, finding.because))
        .collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    assert!(findings.len() > 50, "only {}", findings.len());
    assert_eq!(report.exit_code, 0);
}

async fn strict(catalog: &Catalog) -> RunReport {
    let request = Request {
        subject: Subject::Builtin(None),
        selection: Selection::new(&[], &[], false).unwrap(),
        seed: 1,
        jobs: 1,
        fuzz: 0,
        fail_on: FailOn::Should,
        baseline: None,
        issuer: Options::default(),
        args: Vec::new(),
        reproduce: String::new(),
        profile: None,
    };
    execute(request, catalog, Stop::never(), &mut |_| {}).await.unwrap()
}
