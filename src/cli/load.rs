//! `gauntlet load`.

use super::{
    Ended,
    ending::{conclude, until_told},
    output::{Folder, Log},
    run::FailLevel,
    shared::{Issuer, TargetName, fresh_seed, runtime, usage},
    terminal::paint,
};
use crate::{
    builtin::{Pace, Yardstick},
    load::Thresholds,
    model::{
        Event, Outcome, Period, TargetFile,
        chaos::Rate,
        load::{Drive, LoadPlan},
    },
    report::{Format, load_block, visible},
    run::{ExitCode, LoadRequest, Players, RunError, Subject, execute_load},
    suite::{Catalog, load_plan, load_plans, load_trouble},
};
use clap::Args;
use miette::Report;
use std::{
    path::{Path, PathBuf},
    str::FromStr,
};

/// The plan of those who name none and want users.
const USERS: &str = "users";

/// Send tokens fast, and say how many, how fast, and whether every verdict was still right
///
/// Without a plan, the plans for a first look are run. Arrival times are fixed before the first token is sent, latency counts
/// from them, and every verdict is held against what was owed: one accepted forgery, or a target that refuses good
/// tokens, makes the run red however fast it was. Ctrl-C closes the window that is under way: what was sent until then is
/// reported, marked incomplete, and nothing of it counts as held.
#[derive(Debug, Args)]
pub(super) struct Load {
    /// A target file, builtin:strict, builtin:FLAW, or builtin:yardstick[:PACE], a server of known speed
    #[arg(value_name = "TARGET", default_value = "builtin:strict")]
    target: Aim,
    /// Plans by name (see --list), or paths of plan files
    #[arg(value_name = "PLAN")]
    plans: Vec<String>,
    /// List the plans and end
    #[arg(long)]
    list: bool,
    /// Send so many tokens in a second, whatever becomes of them: 500/s
    #[arg(long, value_name = "RATE", conflicts_with = "connections")]
    rate: Option<Rate>,
    /// Send over so many connections, each token when the answer before it is there
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=65536))]
    connections: Option<u32>,
    /// Have so many users sign in, call, renew their tokens and now and then show a bad one [plan: users]
    #[arg(
        long,
        value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=16384),
        conflicts_with_all = ["rate", "connections", "find_max", "versus"]
    )]
    users: Option<u32>,
    /// Send over HTTP/2, which the target must speak: chosen in the TLS handshake, or begun without asking
    #[arg(long, conflicts_with = "users")]
    http2: bool,
    /// How long each window lasts
    #[arg(long, value_name = "TIME")]
    duration: Option<Period>,
    /// Different tokens to mint ahead, at most
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    tokens: Option<u32>,
    /// The algorithm that signs
    #[arg(long, value_name = "ALG")]
    alg: Option<crate::model::Alg>,
    /// Look for the highest rate at which p99 stays below --p99 and every verdict is right
    #[arg(long, conflicts_with_all = ["versus", "rate", "connections"])]
    find_max: bool,
    /// The longest 99th percentile while the highest rate is looked for
    #[arg(long, value_name = "TIME", default_value = "50ms", requires = "find_max")]
    p99: Period,
    /// Another target: the same load on both in turns, and how they differ with 95 % confidence
    #[arg(long = "vs", value_name = "TARGET")]
    versus: Option<Aim>,
    /// How often two targets take turns
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=100), requires = "versus")]
    rounds: u32,
    /// Threads of the engine [default: half of the processors]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=64))]
    threads: Option<u32>,
    #[command(flatten)]
    issuer: Issuer,
    /// Write the reports into this directory [default: reports/<target>/<run>]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Reports beside run.json
    #[arg(long, value_name = "FORMATS", value_delimiter = ',', default_value = "html,junit")]
    format: Vec<Format>,
    /// What makes the run red: a broken must, or also a missed objective
    #[arg(long, value_enum, value_name = "LEVEL", default_value = "must")]
    fail_on: FailLevel,
    /// What drives nonces and arrivals at random
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Stop after this long; plans that are finished are written, and the exit code is 5
    #[arg(long, value_name = "TIME")]
    max_time: Option<Period>,
    /// Only the closing summary
    #[arg(long)]
    quiet: bool,
}

/// What a TARGET argument of this command names.
#[derive(Debug, Clone)]
pub(super) enum Aim {
    Named(TargetName),
    Yardstick(Pace),
}

impl FromStr for Aim {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.strip_prefix("builtin:yardstick") {
            Some("") => Ok(Aim::Yardstick(Pace::default())),
            Some(pace) if pace.starts_with(':') => pace[1..].parse().map(Aim::Yardstick),
            _ => text.parse().map(Aim::Named),
        }
    }
}

impl Aim {
    /// The target, and the server behind it where it is one of known speed.
    pub(super) fn subject(&self) -> Result<(Subject, Option<Yardstick>), Report> {
        Ok(match self {
            Aim::Named(name) => (name.fetching_subject()?, None),
            Aim::Yardstick(pace) => {
                let server = Yardstick::start(*pace, 0).map_err(RunError::from)?;
                (described(&server, *pace)?, Some(server))
            }
        })
    }

    /// Whether it is the server of known speed.
    pub(super) fn is_yardstick(&self) -> bool {
        matches!(self, Aim::Yardstick(_))
    }
}

impl Load {
    pub fn execute(self: Box<Self>) -> Ended {
        if self.list {
            for plan in load_plans(None)? {
                let word = if plan.text.quick { "*" } else { " " };
                anstream::println!("{word} {:<16} {} ({})", plan.id, plan.text.title, plan.text.drive);
            }
            return Ok(ExitCode::Ok);
        }
        let catalog = Catalog::load(None)?;
        let plans = self.selected()?;
        let asks_provider = plans.iter().any(|plan| plan.text.ask.is_of_provider());
        if asks_provider && (self.find_max || self.versus.is_some()) {
            return Err(usage(
                "--find-max and --vs are about validators, and this plan asks an identity provider",
                "drive it at several rates instead: sweep = { rate = [\"50/s\", \"100/s\"] } in a plan file",
            ));
        }
        // Nobody has to fetch our keys where only an identity provider is asked.
        let (subject, yardstick) = match &self.target {
            Aim::Named(name) if asks_provider => (name.subject()?, None),
            target => target.subject()?,
        };
        let mut yardsticks = Vec::from_iter(yardstick);
        let versus = match &self.versus {
            None => None,
            Some(aim) => {
                let (subject, yardstick) = aim.subject()?;
                yardsticks.extend(yardstick);
                Some(subject)
            }
        };
        let folder = Folder::new(self.out.clone(), &subject.name());
        let own = folder.clone();
        let pages = move |run: &str| own.path(run);
        let half = std::thread::available_parallelism().map_or(1, |all| (all.get() / 2).max(1));
        let request = LoadRequest {
            subject,
            versus,
            plans,
            find_max: self
                .find_max
                .then(|| Thresholds { p99: self.p99.0, window: self.duration.unwrap_or(Period::from_secs(3)).0 }),
            rounds: self.rounds,
            threads: self.threads.unwrap_or(u32::try_from(half).unwrap_or(1)),
            seed: self.seed.unwrap_or_else(fresh_seed),
            fail_on: self.fail_on.into(),
            issuer: self.issuer.options(),
            yardsticks,
            players: Players { command: players(), folder: Box::new(pages) },
            args: std::env::args().skip(1).collect(),
        };
        let mut log = Log::default();
        let quiet = self.quiet;
        let runtime = runtime()?;
        let ended = runtime.block_on(until_told(self.max_time.map(|time| time.0), async |stop| {
            let mut sink = |event: &Event| {
                log.write(event, &folder);
                if !quiet {
                    show(event);
                }
            };
            execute_load(request, &catalog, stop, &mut sink).await
        }));
        // A run that was stopped may still be minting; nobody wants those tokens any more.
        runtime.shutdown_background();
        let report = ended?;
        let mut written = folder.write(&report, &self.format)?;
        let users = report.load.iter().flat_map(|plan| &plan.users);
        written.extend(users.filter_map(|users| Some(folder.path(&report.run.id).join(users.page.as_ref()?))));
        Ok(conclude(&report, &log, &written))
    }

    /// The plans that were named, or those for a first look, with the options laid over them.
    fn selected(&self) -> Result<Vec<LoadPlan>, Report> {
        let known = load_plans(None)?;
        let mut plans = Vec::new();
        for name in &self.plans {
            match known.iter().find(|plan| plan.id == *name) {
                Some(plan) => plans.push(plan.clone()),
                None if Path::new(name).exists() => plans.push(load_plan(Path::new(name))?),
                None => {
                    return Err(usage(
                        format!("no plan is called {name:?}, and there is no such file"),
                        "`gauntlet load --list` shows the plans",
                    ));
                }
            }
        }
        if plans.is_empty() {
            let fits = |plan: &LoadPlan| if self.users.is_some() { plan.id == USERS } else { plan.text.quick };
            plans.extend(known.into_iter().filter(fits));
        }
        // One search is enough where nobody says what to search with.
        if self.find_max && self.plans.is_empty() {
            plans.truncate(1);
        }
        for plan in &mut plans {
            let text = &mut plan.text;
            text.duration = self.duration.unwrap_or(text.duration);
            text.tokens = self.tokens.unwrap_or(text.tokens);
            text.alg = self.alg.or(text.alg);
            text.http2 |= self.http2;
            if let Some(rate) = self.rate {
                text.drive = Drive::Rate(rate);
            }
            if let Some(count) = self.connections {
                text.drive = Drive::Connections(count);
            }
            if let Some(count) = self.users {
                text.drive = Drive::Users(count);
            }
            if std::iter::once(&self.target).chain(&self.versus).any(Aim::is_yardstick) {
                // It verifies nothing, so only good tokens say anything about it.
                text.mix.retain(|class, _| !class.is_forged());
            }
            if let Some((what, help)) = load_trouble(plan) {
                return Err(usage(format!("{}: {what}", plan.id), help));
            }
        }
        Ok(plans)
    }
}

/// The command that plays users: this program once more, so that both are of one version.
#[cfg(feature = "users")]
fn players() -> Vec<String> {
    let own = std::env::current_exe().ok().and_then(|path| path.into_os_string().into_string().ok());
    own.map_or(Vec::new(), |own| vec![own, super::journey::NAME.to_owned()])
}

#[cfg(not(feature = "users"))]
fn players() -> Vec<String> {
    Vec::new()
}

/// The target file of a yardstick.
fn described(server: &Yardstick, pace: Pace) -> Result<Subject, Report> {
    let behaves = if pace == Pace::default() { "at once".to_owned() } else { pace.to_string() };
    let text = format!(
        "format = \"target/1\"\n[target]\nname = \"builtin-yardstick\"\n\
         about = \"a server of known speed ({behaves}) that verifies nothing\"\n\
         [transport.bearer]\nurl = \"{}/\"\n\
         [trust]\nkeys = \"jwks-uri\"\naudience = \"https://orders.example\"\nalgorithms = [\"HS256\", \"ES256\", \"RS256\"]\n",
        server.url()
    );
    let file: TargetFile = toml::from_str(&text).map_err(|error| usage(error, "this is a bug in gauntlet"))?;
    Ok(Subject::File(PathBuf::from("builtin:yardstick"), Box::new(file)))
}

fn show(event: &Event) {
    match event {
        Event::RunStarted { target, plan, .. } => {
            anstream::eprintln!("{} at {}: {} plans", visible(&target.name), visible(&target.address), plan.cases);
        }
        Event::Calibrated { check } if check.outcome >= Outcome::Inconclusive => {
            anstream::eprintln!("{}: {}: {}", check.outcome, check.name, visible(&check.observed));
            if let Some(hint) = &check.hint {
                anstream::eprintln!("  help: {}", visible(hint));
            }
        }
        Event::LoadStarted { id, window, drive, length_ms, .. } => {
            let place = if window.is_empty() { String::new() } else { format!(", {window}") };
            anstream::eprintln!("  {id}{place}: {drive} (about {:.0}s)", *length_ms as f64 / 1000.0);
        }
        Event::LoadSecond { second, count, wrong, broken, p99_us, .. } if wrong + broken > 0 || second % 5 == 4 => {
            let trouble = match (wrong, broken) {
                (0, 0) => String::new(),
                _ => format!(", {wrong} wrong verdicts, {broken} without an answer"),
            };
            anstream::eprintln!("    {:>4}s {count}/s, p99 {:.1}ms{trouble}", second + 1, *p99_us as f64 / 1e3);
        }
        Event::LoadTried { step, .. } => {
            let word = if step.held { "held".to_owned() } else { step.because.clone() };
            anstream::eprintln!("    {:.0}/s: {word} (p99 {:.1}ms)", step.rate, step.p99_ms);
        }
        Event::LoadFinished { result, .. } => anstream::eprint!("{}", load_block(result, &paint)),
        Event::Remark { text, .. } => anstream::eprintln!("note: {}", visible(text)),
        _ => {}
    }
}
