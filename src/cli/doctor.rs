//! `gauntlet doctor`.

use super::{
    Ended,
    shared::{Choice, Issuer, Suite, Tested, fresh_seed, runtime, told_to_stop},
    terminal::paint,
};
use crate::{
    conformance::{Plan, Standing, build, calibrate},
    model::report::CalibrationCheck,
    report::{Role, count, visible},
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
    /// All reasons why cases are left out
    #[arg(long)]
    verbose: bool,
}

/// So many reasons for what is left out are read; most are for one variant or two.
const REASONS: usize = 5;

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
            let mut told = |text: String| anstream::eprintln!("{text}");
            let bench = stage.bench(&catalog, String::new());
            let calibration = calibrate(&bench, &stage.trust.algorithms, &mut told).await;
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
        anstream::println!("{}", planned(&plan, if self.verbose { usize::MAX } else { REASONS }));
        let (verdict, code) = match standing {
            Standing::Testable => ("ready: good tokens pass, nonsense does not; next comes gauntlet run", ExitCode::Ok),
            Standing::AcceptsEverything => ("it takes whatever it is shown", ExitCode::Failed),
            Standing::NotTestable => ("not testable yet: no refusal would mean anything", ExitCode::NotTestable),
        };
        anstream::println!("verdict   {verdict}");
        Ok(code)
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

fn planned(plan: &Plan, most: usize) -> String {
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for skipped in &plan.skipped {
        *reasons.entry(&skipped.because).or_default() += 1;
    }
    let (cases, tokens) = (count(plan.case_count(), "case"), count(plan.cases.len(), "token"));
    let mut text = format!("plan      {cases}, {tokens} to judge");
    let mut reasons: Vec<(&str, usize)> = reasons.into_iter().collect();
    reasons.sort_by_key(|(_, variants)| std::cmp::Reverse(*variants));
    let others = reasons.split_off(most.min(reasons.len()));
    for (because, variants) in reasons {
        text.push_str(&format!("\n          {} left out: {because}", count(variants, "variant")));
    }
    if !others.is_empty() {
        let variants = others.iter().map(|(_, variants)| variants).sum();
        text.push_str(&format!(
            "\n          {} left out for {} (--verbose)",
            count(variants, "variant"),
            count(others.len(), "other reason")
        ));
    }
    text
}
