//! How a run of scenarios begins: what is tested, by what, and when.

use super::subject::Subject;
use crate::{
    model::{
        Event,
        event::PlanCounts,
        report::{Host, RunInfo, TargetInfo, Tool},
    },
    suite::Catalog,
};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// What a report says about the target.
pub(super) fn about(subject: &Subject) -> TargetInfo {
    let (about, file, policy) = match subject {
        Subject::Builtin(None) => {
            ("the built-in validator, with a key cache as it should be".into(), None, BTreeMap::new())
        }
        Subject::Builtin(Some(flaw)) => {
            (format!("the built-in validator with one flaw: {}", flaw.about()), None, BTreeMap::new())
        }
        Subject::File(path, file) => (file.target.about.clone(), Some(path.display().to_string()), file.policy.clone()),
        _ => (String::new(), None, BTreeMap::new()),
    };
    TargetInfo {
        name: subject.name(),
        about,
        transport: "bearer".into(),
        address: String::new(),
        file,
        provides: Vec::new(),
        lacks: Vec::new(),
        policy,
    }
}

/// The first event.
pub(super) fn opening(target: TargetInfo, catalog: &Catalog, scenarios: usize, seed: u64, args: Vec<String>) -> Event {
    let started = Timestamp::now();
    Event::RunStarted {
        tool: Tool {
            name: "gauntlet".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            suite: catalog.digest.clone(),
        },
        run: RunInfo {
            id: format!("{}-{:04x}", started.strftime("%Y%m%dT%H%M%SZ"), started.subsec_nanosecond() & 0xffff),
            started: started.to_string(),
            finished: String::new(),
            seed,
            args,
            host: Host {
                os: std::env::consts::OS.into(),
                cpus: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            },
        },
        target: Box::new(target),
        plan: PlanCounts { cases: scenarios, variants: scenarios, skipped: 0 },
        statements: BTreeMap::new(),
        families: BTreeMap::new(),
    }
}
