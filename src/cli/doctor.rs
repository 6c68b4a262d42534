//! `gauntlet doctor`.

use super::{
    Ended,
    shared::{Choice, Issuer, Suite, Tested, fresh_seed, runtime, told_to_stop},
    terminal::paint,
};
use crate::{
    conformance::{Plan, Standing, build, calibrate},
    model::report::CalibrationCheck,
    report::{Role, visible},
    run::{ExitCode, RunError, Stage},
};
use clap::Args;
use std::collections::BTreeMap;

/// Say what is misconfigured between the harness and a target, before a run
#[derive(Debug, Args)]
pub(super) struct Doctor {
    #[command(flatten)]
    tested: Tested,
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    suite: Suite,
    #[command(flatten)]
    issuer: Issuer,
}

impl Doctor {
    pub fn execute(self) -> Ended {
        let catalog = self.suite.load()?;
        let subject = self.tested.subject()?;
        let selection = self.choice.selection()?.allowing(subject.allows());
        let issuer = self.issuer.options();
        let look = async {
            let stage = Stage::set(subject, &catalog, &issuer, None, fresh_seed()).await?;
            let plan = build(&catalog, &stage.provides, &selection, &stage.recipes, Some(&stage.forge), None);
            anstream::println!("target    {} at {}", visible(&stage.about().name), visible(&stage.about().address));
            anstream::println!("issuer    {}", stage.ours.testbed.world().issuer);
            anstream::println!("key set   {}", stage.ours.testbed.world().jwks_uri);
            let mode = stage.mode().map(|mode| plan.said(mode));
            let calibration = calibrate(&stage.bench(&catalog, String::new()), &stage.trust.algorithms).await;
            let withheld = stage.withheld().cloned();
            stage.strike().await;
            let shown = |check| match &withheld {
                Some(withheld) => withheld.check(check),
                None => check,
            };
            let checks: Vec<CalibrationCheck> = calibration.checks.into_iter().map(shown).collect();
            Ok((checks, calibration.standing, plan, mode))
        };
        let (checks, standing, plan, mode) = runtime()?.block_on(async {
            tokio::select! {
                seen = look => seen,
                reason = told_to_stop() => Err(RunError::StoppedEarly(reason)),
            }
        })?;
        for check in &checks {
            anstream::println!("{}", line(check));
        }
        for sentence in mode.into_iter().flatten() {
            anstream::println!("keys      {sentence}");
        }
        anstream::println!("{}", planned(&plan));
        Ok(match standing {
            Standing::Testable => ExitCode::Ok,
            Standing::AcceptsEverything => ExitCode::Failed,
            Standing::NotTestable => ExitCode::NotTestable,
        })
    }
}

fn line(check: &CalibrationCheck) -> String {
    let word = paint(Role::Outcome(check.outcome), &format!("{:<13}", check.outcome));
    let mut text = format!("{word} {}: {}", check.name, visible(&check.observed));
    if let Some(hint) = &check.hint {
        text.push_str(&format!("\n              help: {}", visible(hint)));
    }
    text
}

fn planned(plan: &Plan) -> String {
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for skipped in &plan.skipped {
        *reasons.entry(&skipped.because).or_default() += 1;
    }
    let mut text = format!("plan      {} cases, {} tokens to judge", plan.case_count(), plan.cases.len());
    for (because, count) in reasons {
        text.push_str(&format!("\n          {count} variants left out: {because}"));
    }
    text
}
