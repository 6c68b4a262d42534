//! `gauntlet worker`.

use super::{
    Ended,
    ending::{conclude, until_told},
    load::Aim,
    output::{Folder, Log},
    shared::{Issuer, fresh_seed, runtime, usage},
    terminal::paint,
};
use crate::{
    load::locust::LOCUSTFILE,
    model::{Event, Outcome, Period},
    report::{Format, load_block, visible},
    run::{ExitCode, FailOn, WorkerRequest, execute_worker},
    suite::{Catalog, load_plan, load_plans},
};
use clap::Args;
use std::path::{Path, PathBuf};

/// Send tokens for a Locust master, which says how many users there are
///
/// Each user is a connection that sends its next token when its answer is there. Start as many workers as you like,
/// anywhere; Locust spreads the users, shows its web page and gathers the statistics. Every worker checks every verdict
/// and writes a report of its own, with histograms that can be merged. The protocol is neither encrypted nor
/// authenticated: use it on loopback or a private network only.
#[derive(Debug, Args)]
pub(super) struct Worker {
    /// A target file, builtin:strict, builtin:FLAW, or builtin:yardstick[:PACE]
    #[arg(value_name = "TARGET", default_value = "builtin:strict")]
    target: Aim,
    /// What to send: a plan by name, or the path of a plan file; how it arrives is the master's business
    #[arg(value_name = "PLAN", default_value = "steady")]
    plan: String,
    /// The master's address, such as 127.0.0.1:5557
    #[arg(long, value_name = "HOST:PORT", required_unless_present = "print_locustfile")]
    locust: Option<String>,
    /// Print the locustfile that the master needs, and end
    #[arg(long)]
    print_locustfile: bool,
    /// Different tokens to mint ahead
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    tokens: Option<u32>,
    /// The algorithm that signs
    #[arg(long, value_name = "ALG")]
    alg: Option<crate::model::Alg>,
    /// Threads of the engine
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=64))]
    threads: u32,
    #[command(flatten)]
    issuer: Issuer,
    /// Write the reports into this directory [default: reports/<target>/<run>]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Reports beside run.json
    #[arg(long, value_name = "FORMATS", value_delimiter = ',', default_value = "html,junit")]
    format: Vec<Format>,
    /// Leave after this long, in an orderly way
    #[arg(long, value_name = "TIME")]
    max_time: Option<Period>,
}

impl Worker {
    pub fn execute(self) -> Ended {
        if self.print_locustfile {
            anstream::print!("{LOCUSTFILE}");
            return Ok(ExitCode::Ok);
        }
        let catalog = Catalog::load(None)?;
        let known = load_plans(None)?.into_iter().find(|plan| plan.id == self.plan);
        let mut plan = match known {
            Some(plan) => plan,
            None if Path::new(&self.plan).exists() => load_plan(Path::new(&self.plan))?,
            None => {
                return Err(usage(
                    format!("no plan is called {:?}, and there is no such file", self.plan),
                    "`gauntlet load --list` shows the plans",
                ));
            }
        };
        plan.text.tokens = self.tokens.unwrap_or(plan.text.tokens);
        plan.text.alg = self.alg.or(plan.text.alg);
        if self.target.is_yardstick() {
            plan.text.mix.retain(|class, _| !class.is_forged());
        }
        let (subject, yardstick) = self.target.subject()?;
        let name = subject.name();
        let request = WorkerRequest {
            subject,
            plan,
            master: self.locust.clone().unwrap_or_default(),
            threads: self.threads,
            seed: fresh_seed(),
            fail_on: FailOn::Must,
            issuer: self.issuer.options(),
            yardstick,
            args: std::env::args().skip(1).collect(),
        };
        let folder = Folder::new(self.out.clone(), &name);
        let mut log = Log::default();
        let report = runtime()?.block_on(until_told(self.max_time.map(|time| time.0), async |stop| {
            let mut sink = |event: &Event| {
                log.write(event, &folder);
                show(event);
            };
            execute_worker(request, &catalog, stop, &mut sink).await
        }))?;
        let written = folder.write(&report, &self.format)?;
        Ok(conclude(&report, &log, &written))
    }
}

fn show(event: &Event) {
    match event {
        Event::Calibrated { check } if check.outcome >= Outcome::Inconclusive => {
            anstream::eprintln!("{}: {}: {}", check.outcome, check.name, visible(&check.observed));
        }
        Event::LoadFinished { result, .. } => anstream::eprint!("{}", load_block(result, &paint)),
        Event::Remark { text, .. } => anstream::eprintln!("{}", visible(text)),
        _ => {}
    }
}
