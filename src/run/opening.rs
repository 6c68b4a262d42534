//! How a run begins: by what, when, and what is planned.

use super::setup::Stage;
use crate::{
    conformance::Plan,
    model::{
        Case, Event,
        event::PlanCounts,
        report::{FamilyInfo, Host, RunInfo, Statement, TargetInfo, Tool},
    },
    suite::Catalog,
};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// The first event of a run of cases.
pub(super) fn of_cases(stage: &Stage, plan: &Plan, catalog: &Catalog, seed: u64, args: Vec<String>) -> Event {
    let mut target = stage.about().clone();
    target.lacks = plan.lacking(&stage.provides).into_iter().collect();
    let cases = || {
        plan.cases.iter().map(|planned| planned.case.as_ref()).chain(plan.skipped.iter().map(|left| left.case.as_ref()))
    };
    let asked = catalog.asked();
    let statement = |case: &Case| {
        let asks = asked.get(&case.id.case()).cloned().unwrap_or_default();
        let statement = Statement { title: case.title.clone(), why: case.why.clone(), fix: case.fix.clone(), asks };
        (case.id.case(), statement)
    };
    let families: BTreeMap<String, FamilyInfo> = catalog
        .families
        .iter()
        .filter(|(name, _)| cases().any(|case| case.id.family == **name))
        .map(|(name, family)| {
            (name.clone(), FamilyInfo { title: family.title.clone(), about: family.about.trim().to_owned() })
        })
        .collect();
    Event::RunStarted {
        tool: tool(catalog),
        run: begun(seed, args),
        target: Box::new(target),
        plan: PlanCounts { cases: plan.case_count(), variants: plan.cases.len(), skipped: plan.skipped.len() },
        statements: cases().map(statement).collect(),
        families,
    }
}

/// The first event of a run of scenarios.
pub(super) fn of_scenarios(
    target: TargetInfo,
    catalog: &Catalog,
    scenarios: usize,
    seed: u64,
    args: Vec<String>,
) -> Event {
    Event::RunStarted {
        tool: tool(catalog),
        run: begun(seed, args),
        target: Box::new(target),
        plan: PlanCounts { cases: scenarios, variants: scenarios, skipped: 0 },
        statements: BTreeMap::new(),
        families: BTreeMap::new(),
    }
}

/// The first event of a run of load plans.
pub(super) fn of_load(target: TargetInfo, catalog: &Catalog, plans: usize, seed: u64, args: Vec<String>) -> Event {
    of_scenarios(target, catalog, plans, seed, args)
}

fn tool(catalog: &Catalog) -> Tool {
    Tool { name: "gauntlet".into(), version: env!("CARGO_PKG_VERSION").into(), suite: catalog.digest().to_owned() }
}

/// A run that begins now.
fn begun(seed: u64, args: Vec<String>) -> RunInfo {
    let started = Timestamp::now();
    RunInfo {
        id: format!("{}-{:04x}", started.strftime("%Y%m%dT%H%M%SZ"), started.subsec_nanosecond() & 0xffff),
        started: started.to_string(),
        finished: String::new(),
        seed,
        args,
        host: Host {
            os: std::env::consts::OS.into(),
            cpus: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        },
    }
}
