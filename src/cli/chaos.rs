//! `gauntlet chaos`.

use super::{
    Ended,
    ending::{conclude, until_told},
    game_day::{self, Keys},
    output::{Folder, Log},
    run::FailLevel,
    shared::{FaultyIssuer, KnownFailures, TargetName, fresh_seed, runtime, usage},
    terminal::paint,
};
use crate::{
    chaos::{Listening, Part, Room},
    model::{
        Event,
        chaos::{Scale, Scenario},
    },
    report::{Format, handover, scenario_block, visible},
    run::{ChaosRequest, ExitCode, RunError, execute_chaos, scale_of},
    suite::{Catalog, SuiteError, scenarios},
};
use clap::Args;
use globset::Glob;
use miette::Report;
use std::{net::SocketAddr, path::PathBuf};
use tokio::task::JoinHandle;

/// Change and break the issuer's keys while tokens flow, and judge how the target copes
///
/// Each scenario has an issuer of its own, and a target of its own where we start it. Times in scenarios follow the
/// [cache] table of the target file: T lifetime, C cooldown, H fetch timeout, S stale.
#[derive(Debug, Args)]
pub(super) struct Chaos {
    /// A target file, builtin:strict, or builtin:FLAW
    #[arg(value_name = "TARGET", default_value = "builtin:strict")]
    target: TargetName,
    /// Only scenarios whose id matches the glob, such as 'emergency-revocation*'; may be repeated
    #[arg(long, value_name = "GLOB")]
    only: Vec<String>,
    /// No scenario whose id matches the glob; may be repeated
    #[arg(long, value_name = "GLOB")]
    skip: Vec<String>,
    /// Only the few scenarios that find most defects
    #[arg(long)]
    quick: bool,
    /// Refuse a target whose cache lifetime is over ten seconds: such a run would take hours
    #[arg(long)]
    ci: bool,
    /// Read the scenarios from a directory instead of the binary
    #[arg(long, value_name = "DIR")]
    scenarios: Option<PathBuf>,
    /// Print what would happen and when, and play nothing
    #[arg(long)]
    dry_run: bool,
    /// Lead a drill: one scenario at a time, cues that wait for go, a status line for each stream every second, keys g (go), h
    /// (heal) and a (abort), and a hand-over in Markdown at the end; with --dry-run the plan by the clock on the wall
    #[arg(long)]
    game_day: bool,
    /// Heal and end as soon as this file is there
    #[arg(long, value_name = "FILE")]
    stop_file: Option<PathBuf>,
    /// Serve live figures for a Prometheus: GET /metrics
    #[arg(long, value_name = "ADDRESS")]
    metrics: Option<SocketAddr>,
    /// Take orders (POST /control/go, heal, abort) and an alert manager's webhook (POST /alerts); off loopback a token in
    /// GAUNTLET_CONTROL_TOKEN is wanted
    #[arg(long, value_name = "ADDRESS")]
    control: Option<SocketAddr>,
    #[command(flatten)]
    issuer: FaultyIssuer,
    /// Write the reports into this directory [default: reports/<target>/<run>]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Reports beside run.json
    #[arg(long, value_name = "FORMATS", value_delimiter = ',', default_value = "html,junit")]
    format: Vec<Format>,
    /// What makes the run red: a broken must, or also a missed objective
    #[arg(long, value_enum, value_name = "LEVEL", default_value = "must")]
    fail_on: FailLevel,
    #[command(flatten)]
    known: KnownFailures,
    /// What drives nonces and shares of requests
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Scenarios at the same time, where each has a target of its own
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=16))]
    jobs: u16,
    /// Stop after this long; results so far are written, and the exit code is 5
    #[arg(long, value_name = "TIME")]
    max_time: Option<crate::model::Period>,
    /// Only the closing summary
    #[arg(long)]
    quiet: bool,
}

impl Chaos {
    pub fn execute(self) -> Ended {
        let catalog = Catalog::load(None)?;
        let subject = self.target.fetching_subject()?;
        let scenarios = self.selected()?;
        let scale = scale_of(&subject)?;
        let lifetime = scale.lifetime;
        if self.ci && lifetime.0.as_secs() > 10 {
            return Err(usage(
                format!("--ci wants a target with a cache lifetime of at most 10s, found {lifetime}"),
                "start the target with a short lifetime, and say so in its file: [cache] lifetime = \"4s\"",
            ));
        }
        if self.dry_run && self.game_day {
            game_day::plan(&scenarios, &scale);
            return Ok(ExitCode::Ok);
        }
        if self.dry_run {
            self.plan(&scenarios, &scale);
            return Ok(ExitCode::Ok);
        }
        let name = subject.name();
        let baseline = self.known.read(&name)?;
        let seed = self.seed.unwrap_or_else(fresh_seed);
        let room = if self.game_day { Room::of_game_day() } else { Room::default() };
        let request = ChaosRequest {
            subject,
            scenarios,
            seed,
            // People can lead one at a time.
            jobs: if self.game_day { 1 } else { usize::from(self.jobs) },
            fail_on: self.fail_on.into(),
            baseline,
            issuer: self.issuer.options(seed),
            args: std::env::args().skip(1).collect(),
            room: room.clone(),
        };
        let folder = Folder::new(self.out.clone(), &name);
        let mut log = Log::default();
        let quiet = self.quiet;
        let report = runtime()?.block_on(until_told(self.max_time.map(|time| time.0), async |stop| {
            let _open = self.open(&room).await?;
            let keys = self.game_day.then(|| Keys::heed(room.clone()));
            let mut minders = Vec::new();
            if self.game_day && !quiet {
                minders.push(game_day::status(room.clone()));
            }
            minders.extend(self.stop_file.clone().map(|file| game_day::stop_file(room.clone(), file)));
            let report = execute_chaos(request, catalog, stop, &mut |event| {
                log.write(event, &folder);
                if !quiet {
                    show(event);
                }
            })
            .await;
            minders.iter().for_each(JoinHandle::abort);
            drop(keys);
            report
        }))?;
        let mut written = folder.write(&report, &self.format)?;
        if self.game_day {
            written.push(folder.put(&report, "handover.md", handover(&report).as_bytes())?);
        }
        Ok(conclude(&report, &log, &written))
    }

    /// Opens the doors that are asked for; they are shut when what comes back is dropped.
    async fn open(&self, room: &Room) -> Result<Vec<Listening>, RunError> {
        let token = || std::env::var("GAUNTLET_CONTROL_TOKEN").ok().filter(|token| !token.is_empty());
        let mut open = Vec::new();
        if let Some(bind) = self.metrics {
            let door = room.listen(bind, Part::Metrics, None).await?;
            anstream::eprintln!("metrics    http://{}/metrics", door.address);
            open.push(door);
        }
        if let Some(bind) = self.control {
            let door = room.listen(bind, Part::Control, token()).await?;
            anstream::eprintln!("control    http://{}/control/state", door.address);
            anstream::eprintln!("alerts     http://{}/alerts", door.address);
            open.push(door);
        }
        Ok(open)
    }

    fn selected(&self) -> Result<Vec<Scenario>, Report> {
        let globs = |texts: &[String]| -> Result<Vec<_>, Report> {
            let read = |text: &String| match Glob::new(text) {
                Ok(glob) => Ok(glob.compile_matcher()),
                Err(error) => Err(SuiteError::BadGlob { glob: text.clone(), reason: error.kind().to_string() }.into()),
            };
            texts.iter().map(read).collect()
        };
        let (only, skip) = (globs(&self.only)?, globs(&self.skip)?);
        let mut all = scenarios(self.scenarios.as_deref())?;
        all.retain(|scenario| {
            let named = only.is_empty() || only.iter().any(|glob| glob.is_match(&scenario.id));
            named && !skip.iter().any(|glob| glob.is_match(&scenario.id)) && (scenario.quick || !self.quick)
        });
        if all.is_empty() {
            return Err(RunError::NoScenario.into());
        }
        Ok(all)
    }

    fn plan(&self, scenarios: &[Scenario], scale: &Scale) {
        let symbols = scale.symbols();
        for scenario in scenarios {
            anstream::println!("{}  {} ({})", scenario.id, scenario.title, scenario.length(scale));
            for step in &scenario.timeline {
                let at = step.at.seconds(&symbols).unwrap_or(0.0);
                let length = step.length.as_ref().and_then(|length| length.seconds(&symbols));
                let length = length.map_or(String::new(), |length| format!(" for {length:.1}s"));
                anstream::println!("  {at:>7.1}s  {}{length}", step.label());
            }
        }
        let minutes = |alone: bool| {
            let lengths = scenarios.iter().filter(|scenario| scenario.alone == alone);
            lengths.map(|scenario| scenario.length(scale).0.as_secs_f64()).sum::<f64>() / 60.0
        };
        let (together, alone, jobs) = (minutes(false), minutes(true), f64::from(self.jobs));
        anstream::eprintln!(
            "nothing was played; the {} scenarios take {:.0} min one after the other, and {:.0} min with {jobs} at a time, \
             where we start the target",
            scenarios.len(),
            together + alone,
            together / jobs + alone
        );
    }
}

pub(super) fn show(event: &Event) {
    match event {
        Event::RunStarted { target, plan, .. } => {
            anstream::eprintln!("{}: {} scenarios", visible(&target.name), plan.cases);
        }
        Event::ScenarioStarted { id, title, length_ms } => {
            anstream::eprintln!("  {id}: {title} (about {:.0}s)", *length_ms as f64 / 1000.0);
        }
        Event::ScenarioFinished { result, .. } => anstream::eprint!("{}", scenario_block(result, &paint)),
        Event::Remark { text, .. } => anstream::eprintln!("note: {}", visible(text)),
        _ => {}
    }
}
