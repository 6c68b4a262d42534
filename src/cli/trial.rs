//! A trial: what a profile asks for, run on a target. `certify` and `verify --rerun` share it.

use super::{
    chaos,
    ending::until_told,
    run::Screen,
    shared::{Issuer, Tested, runtime},
};
use crate::{
    certify::ROUNDS,
    issuer::FaultyOptions,
    model::{
        Event, Harm, Period, Profile, RunReport,
        certificate::{Declaration, DeclarationFormat},
        chaos::Scenario,
    },
    run::{Asked, ChaosRequest, FailOn, Request, execute, execute_chaos},
    suite::{Catalog, Selection},
};
use aws_lc_rs::digest::{SHA256, digest};
use clap::Args;
use miette::Report;
use std::{
    fs::File,
    io::{self, Read},
    path::Path,
    time::Duration,
    time::Instant,
};

/// Scenarios at the same time, where each has a target of its own.
const SCENARIOS_AT_ONCE: usize = 4;

/// How a trial is run.
#[derive(Debug, Clone, Args)]
pub(super) struct Trial {
    #[command(flatten)]
    issuer: Issuer,
    /// Port for the key set while scenarios are played; 0 lets the system choose
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    jwks_port: u16,
    /// Also payloads that a careless service might execute (paths, SQL, addresses)
    #[arg(long)]
    intrusive: bool,
    /// Also cases that may exhaust the target
    #[arg(long)]
    harmful: bool,
    /// Blocks of cases in flight at the same time
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=64))]
    jobs: u16,
    /// Give up after this long
    #[arg(long, value_name = "TIME")]
    max_time: Option<Period>,
    /// Nothing while it runs
    #[arg(long)]
    quiet: bool,
}

/// What a trial is about.
pub(super) struct Question<'a> {
    /// The target.
    pub tested: &'a Tested,
    /// What is asked of it.
    pub profile: &'a Profile,
    /// The suite.
    pub catalog: &'a Catalog,
    /// Its scenarios.
    pub scenarios: &'a [Scenario],
    /// What drives nonces and random bytes.
    pub seed: u64,
    /// How often the scenarios are played.
    pub rounds: usize,
}

impl Trial {
    /// Runs the cases, and then the scenarios as often as wanted: not at all where the cases do not give the profile what
    /// it asks for, and no further where a round did not finish.
    pub fn run(&self, question: &Question) -> Result<(RunReport, Vec<RunReport>), Report> {
        let since = Instant::now();
        let asked = Asked::of(question.profile, question.catalog, question.scenarios);
        let run = self.cases(question, asked, since)?;
        let conforms = run.complete && run.summary.profile.as_ref().is_some_and(|profile| profile.conformant);
        let scenarios: Vec<Scenario> = question.profile.scenarios_of(question.scenarios).into_iter().cloned().collect();
        let mut rounds: Vec<RunReport> = Vec::new();
        while conforms && !scenarios.is_empty() && rounds.len() < question.rounds {
            self.say(&format!("scenarios, round {} of {}", rounds.len() + 1, question.rounds));
            let round =
                self.round(question, scenarios.clone(), question.seed.wrapping_add(rounds.len() as u64), since)?;
            let is_complete = round.complete;
            rounds.push(round);
            if !is_complete {
                break;
            }
        }
        Ok((run, rounds))
    }

    fn cases(&self, question: &Question, asked: Asked, since: Instant) -> Result<RunReport, Report> {
        let mut grades = Vec::new();
        grades.extend(self.intrusive.then_some(Harm::Intrusive));
        grades.extend(self.harmful.then_some(Harm::Harmful));
        let request = Request {
            subject: question.tested.subject()?,
            profile: Some(asked),
            selection: Selection::new(&[], &[], false)?.allowing(grades),
            seed: question.seed,
            jobs: usize::from(self.jobs),
            fuzz: 0,
            fail_on: FailOn::Must,
            baseline: None,
            issuer: self.issuer.options(),
            args: std::env::args().skip(1).collect(),
            reproduce: format!("gauntlet run {}", question.tested.text()),
        };
        let mut screen = Screen::new(self.quiet, 0);
        let report = runtime()?.block_on(until_told(self.left(since), async |stop| {
            execute(request, question.catalog, stop, &mut |event| screen.show(event)).await
        }));
        screen.close();
        Ok(report?)
    }

    fn round(
        &self,
        question: &Question,
        scenarios: Vec<Scenario>,
        seed: u64,
        since: Instant,
    ) -> Result<RunReport, Report> {
        let request = ChaosRequest {
            subject: question.tested.fetching_subject()?,
            scenarios,
            seed,
            jobs: SCENARIOS_AT_ONCE,
            fail_on: FailOn::Must,
            baseline: None,
            issuer: FaultyOptions { base: self.issuer.options(), jwks_port: self.jwks_port, seed },
            args: std::env::args().skip(1).collect(),
            room: crate::chaos::Room::default(),
        };
        let show = |event: &Event| {
            if !self.quiet {
                chaos::show(event);
            }
        };
        Ok(runtime()?.block_on(until_told(self.left(since), async |stop| {
            execute_chaos(request, question.catalog.clone(), stop, &mut |event| show(event)).await
        }))?)
    }

    /// What is left of the time.
    fn left(&self, since: Instant) -> Option<Duration> {
        self.max_time.map(|time| time.0.saturating_sub(since.elapsed()))
    }

    fn say(&self, text: &str) {
        if !self.quiet {
            anstream::eprintln!("{text}");
        }
    }
}

impl Question<'_> {
    /// How often a statement wants scenarios played.
    pub const ROUNDS: usize = ROUNDS;
}

/// What can be declared about a target: by its file, or by the words that name it.
pub(super) fn declare(
    tested: &Tested,
    name: &str,
    version: Option<&str>,
    artifact: Option<&Path>,
) -> Result<Declaration, Report> {
    let unreadable = |path: &Path, error: io::Error| {
        super::shared::usage(format!("cannot read {}: {error}", path.display()), "name a file that is there")
    };
    let (described_by, configuration, file) = match tested.file() {
        Some((path, file)) => {
            let described_by = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
            (described_by, digest_of_file(&path).map_err(|error| unreadable(&path, error))?, Some(file))
        }
        None => (tested.text(), hex(digest(&SHA256, tested.text().as_bytes()).as_ref()), None),
    };
    let own = file.as_ref().map(|file| &file.target);
    let builtin = || described_by.starts_with("builtin:").then(|| env!("CARGO_PKG_VERSION").to_owned());
    Ok(Declaration {
        format: DeclarationFormat::V1,
        name: name.to_owned(),
        version: version.map(str::to_owned).or_else(|| own.and_then(|own| own.version.clone())).or_else(builtin),
        about: own.map(|own| own.about.clone()).unwrap_or_default(),
        configuration: format!("sha256:{configuration}"),
        artifact: match artifact {
            Some(path) => Some(format!("sha256:{}", digest_of_file(path).map_err(|error| unreadable(path, error))?)),
            None => None,
        },
        described_by,
    })
}

fn digest_of_file(path: &Path) -> io::Result<String> {
    let (mut file, mut context) = (File::open(path)?, aws_lc_rs::digest::Context::new(&SHA256));
    let mut piece = vec![0; 1 << 16];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(hex(context.finish().as_ref())),
            read => context.update(&piece[..read]),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
