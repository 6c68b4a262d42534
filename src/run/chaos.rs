//! A run of scenarios: each on an issuer and a target of its own.

use super::{
    baseline::Universe,
    chaos_target::{Standing, about},
    error::RunError,
    exit::FailOn,
    opening,
    session::Score,
    stop::Stop,
    subject::Subject,
    terms::Terms,
    trust,
};
use crate::{
    builtin,
    chaos::{Desk, Field, fingerprint, fingerprint_desk, left_out, play},
    issuer::{FaultyDocuments, FaultyIssuer, FaultyOptions},
    model::{
        Alg, Event, Outcome, Recipe, RunReport, TrustConfig,
        chaos::{Fingerprint, Needed, Scale, Scenario, ScenarioResult, StepResult},
        keyset::{AlteredMember, KeySet},
        target::{Decryption, KeySource, TargetFile},
    },
    suite::{Baseline, Catalog, scenarios},
    target,
    token::{Forge, KeyRing, Setting},
    traffic::Mint,
};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::{sync::mpsc, task::JoinSet};

/// What the built-in validator is configured for: the first one signs.
const BUILTIN_ALGORITHMS: &[Alg] = &[Alg::Es256, Alg::Rs256];

/// Which scenarios to play, and how.
pub struct ChaosRequest {
    /// What is tested.
    pub subject: Subject,
    /// The scenarios, in order.
    pub scenarios: Vec<Scenario>,
    /// What drives nonces and shares of requests.
    pub seed: u64,
    /// Scenarios at the same time, where each has a target of its own.
    pub jobs: usize,
    /// From which outcome on the run is red.
    pub fail_on: FailOn,
    /// The list of known failures.
    pub baseline: Option<Baseline>,
    /// Where our side listens.
    pub issuer: FaultyOptions,
    /// The arguments of the command, for the report.
    pub args: Vec<String>,
}

/// What all scenarios of a run share.
struct Company {
    subject: Tested,
    catalog: Catalog,
    ring: KeyRing,
    seed: u64,
    issuer: FaultyOptions,
    scale: Scale,
}

enum Tested {
    Builtin(Option<builtin::Flaw>),
    File(PathBuf, Box<TargetFile>),
}

/// Plays, and hands every event to `sink` as it happens.
///
/// # Errors
/// Nothing was played: keys cannot be made, the target fetches no keys of ours, or nothing is selected.
pub async fn execute_chaos(
    request: ChaosRequest,
    catalog: Catalog,
    mut stop: Stop,
    sink: &mut (dyn FnMut(&Event) + Send),
) -> Result<RunReport, RunError> {
    let fail_on = request.fail_on;
    let mut score = Score::new(sink, Terms::of_subject(&request.subject));
    if let Some(baseline) = request.baseline.clone() {
        let all = scenarios(None)?;
        let ids = all.iter().chain(&request.scenarios).map(|scenario| scenario.id.as_str());
        score.hold_against(baseline, Universe::new(&catalog, ids));
    }
    let ended = tokio::select! {
        ended = run(request, catalog, &mut score) => ended.map(|()| None),
        reason = stop.wanted() => Ok(Some(reason)),
    };
    let stopped = ended?;
    score.finish(Vec::new(), stopped, fail_on)
}

/// The scale that scenarios of a subject calculate with.
///
/// # Errors
/// The subject fetches no keys of ours.
pub fn scale_of(subject: &Subject) -> Result<Scale, RunError> {
    match subject {
        Subject::Builtin(_) => Ok(Scale::SHORT),
        Subject::File(_, file) if file.trust.keys.is_served() => Ok(Scale::declared(&file.cache)),
        _ => Err(RunError::FetchesNoKeys),
    }
}

/// Measures how a target keeps our key set. `watch` is how long it is looked at for any one thing; `said` hears what is
/// being measured.
///
/// # Errors
/// The target fetches no keys of ours, does not come up, or takes no good token.
pub async fn measure_cache(
    subject: Subject,
    catalog: Catalog,
    issuer: FaultyOptions,
    watch: Duration,
    said: &mut (dyn FnMut(&str) + Send),
) -> Result<Fingerprint, RunError> {
    let scale = scale_of(&subject)?;
    let (subject, ring) = prepared(subject)?;
    let seed = issuer.seed;
    Company { subject, catalog, ring, seed, issuer, scale }.study(watch, said).await
}

/// An issuer that anybody's tests can make misbehave, with one key that is published and signs.
///
/// # Errors
/// Keys cannot be made, or an address cannot be listened on.
pub async fn serve_faulty(
    algorithms: &[Alg],
    audience: &str,
    catalog: Catalog,
    issuer: FaultyOptions,
) -> Result<(Arc<FaultyIssuer>, Desk, TrustConfig), RunError> {
    let ring = KeyRing::generate(algorithms)?;
    if ring.public().is_none() {
        return Err(RunError::FetchesNoKeys);
    }
    let seed = issuer.seed;
    let company = Company { subject: Tested::Builtin(None), catalog, ring, seed, issuer, scale: Scale::SHORT };
    let served = Arc::new(FaultyIssuer::start(&company.issuer, company.documents()?).await?);
    let trust =
        TrustConfig { audience: audience.to_owned(), algorithms: algorithms.to_vec(), ..company.trust(&served)? };
    let mint = company.mint(&served, &trust, "c".into());
    let desk = fingerprint_desk(mint, &served, format!("s-{:04x}", seed & 0xffff))
        .map_err(|error| RunError::Unprepared(error.to_string()))?;
    Ok((served, desk, trust))
}

/// The target, and keys of its algorithms.
fn prepared(subject: Subject) -> Result<(Tested, KeyRing), RunError> {
    let (subject, algorithms) = match subject {
        Subject::Builtin(flaw) => (Tested::Builtin(flaw), BUILTIN_ALGORITHMS.to_vec()),
        Subject::File(path, file) => {
            let algorithms = file.trust.algorithms.clone();
            (Tested::File(path, file), algorithms)
        }
        _ => return Err(RunError::FetchesNoKeys),
    };
    let ring = KeyRing::generate(&algorithms)?;
    if ring.public().is_none() {
        return Err(RunError::FetchesNoKeys);
    }
    Ok((subject, ring))
}

async fn run(request: ChaosRequest, catalog: Catalog, score: &mut Score<'_>) -> Result<(), RunError> {
    let ChaosRequest { subject, scenarios, seed, jobs, issuer, args, .. } = request;
    if scenarios.is_empty() {
        return Err(RunError::NothingSelected);
    }
    let scale = scale_of(&subject)?;
    let about = about(&subject);
    let (subject, ring) = prepared(subject)?;
    score.emit(opening::of_scenarios(about, &catalog, scenarios.len(), seed, args));
    let company = Arc::new(Company { subject, catalog, ring, seed, issuer, scale });
    let jobs = if company.stands_alone() { jobs.max(1) } else { 1 };
    let (alone, together): (Vec<_>, Vec<_>) =
        scenarios.into_iter().enumerate().partition(|(_, scenario)| scenario.alone);
    all(&company, together, jobs, score).await;
    all(&company, alone, 1, score).await;
    Ok(())
}

/// So many scenarios at a time.
async fn all(company: &Arc<Company>, scenarios: Vec<(usize, Scenario)>, jobs: usize, score: &mut Score<'_>) {
    let mut waiting = scenarios.into_iter();
    let mut playing = JoinSet::new();
    let (send, mut events) = mpsc::unbounded_channel();
    loop {
        while playing.len() < jobs
            && let Some((index, scenario)) = waiting.next()
        {
            let (company, send) = (Arc::clone(company), send.clone());
            playing.spawn(async move {
                let result = company.one(index, &scenario, &send).await;
                // The receiver lives as long as this function.
                let _ = send.send(Event::ScenarioFinished { index, result: Box::new(result) });
            });
        }
        tokio::select! {
            Some(event) = events.recv() => score.emit(event),
            done = playing.join_next() => match done {
                Some(Ok(())) => {}
                Some(Err(error)) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                Some(Err(_)) => {}
                None => break,
            },
        }
    }
    while let Ok(event) = events.try_recv() {
        score.emit(event);
    }
}

impl Company {
    /// Whether every scenario has a target of its own, so that several may be played at the same time.
    fn stands_alone(&self) -> bool {
        match &self.subject {
            Tested::Builtin(_) => true,
            Tested::File(_, file) => file.start.is_some() && self.issuer.base.port == 0 && self.issuer.jwks_port == 0,
        }
    }

    fn missing(&self, scenario: &Scenario) -> Option<Needed> {
        let offers = |needed: &Needed| match (&self.subject, needed) {
            (Tested::Builtin(_), Needed::Restart | Needed::Stale) => true,
            (Tested::Builtin(_), Needed::Https | Needed::Discovery) => false,
            (Tested::File(_, file), Needed::Restart) => file.start.is_some() || !file.hooks.restart.is_empty(),
            (Tested::File(_, file), Needed::Https) => file.trust.https,
            (Tested::File(_, file), Needed::Stale) => file.cache.stale.is_some(),
            (Tested::File(_, file), Needed::Discovery) => file.trust.keys == KeySource::Discovery,
        };
        scenario.needs.iter().find(|needed| !offers(needed)).copied()
    }

    async fn one(&self, index: usize, scenario: &Scenario, events: &mpsc::UnboundedSender<Event>) -> ScenarioResult {
        if let Some(missing) = self.missing(scenario) {
            return left_out(scenario, self.scale, Outcome::Skip, missing.missing().into());
        }
        let length_ms = u64::try_from(scenario.length(&self.scale).0.as_millis()).unwrap_or(u64::MAX);
        let (id, title) = (scenario.id.clone(), scenario.title.clone());
        // Whoever listens may have gone; the result is still worth having.
        let _ = events.send(Event::ScenarioStarted { id, title, length_ms });
        match self.stage(index, scenario, events).await {
            Ok(result) => result,
            Err(error) => left_out(scenario, self.scale, Outcome::Inconclusive, error.to_string()),
        }
    }

    async fn stage(
        &self,
        index: usize,
        scenario: &Scenario,
        events: &mpsc::UnboundedSender<Event>,
    ) -> Result<ScenarioResult, RunError> {
        let seed = self.seed.wrapping_add(index as u64);
        let mut options = FaultyOptions { seed, ..self.issuer.clone() };
        options.base.https |= matches!(&self.subject, Tested::File(_, file) if file.trust.https);
        let issuer = Arc::new(FaultyIssuer::start(&options, self.documents()?).await?);
        let trust = self.trust(&issuer)?;
        let mint = self.mint(&issuer, &trust, format!("s{index}"));
        let nonce = format!("c{index}-{:04x}", seed & 0xffff);
        let desk = Desk::open(scenario, &self.scale, mint, &issuer, nonce)
            .map_err(|error| RunError::Unprepared(error.to_string()))?;
        let standing = self.connect(&issuer, &trust).await?;
        let target = standing.target().await?;
        let reads_discovery = matches!(&self.subject, Tested::File(_, file) if file.trust.keys == KeySource::Discovery);
        let keeper = Box::new(standing.clone());
        let mut field = Field { issuer, target, keeper, scale: self.scale, reads_discovery };
        let id = scenario.id.clone();
        let mut said = |step: &StepResult| {
            let _ = events.send(Event::ScenarioStep { id: id.clone(), step: step.clone() });
        };
        let mut result = play(scenario, &mut field, desk, &mut said).await;
        result.notes.extend(standing.close().await);
        if let Ok(issuer) = Arc::try_unwrap(field.issuer) {
            issuer.stop().await;
        }
        Ok(result)
    }

    /// Measures the target's key cache.
    async fn study(&self, watch: Duration, said: &mut (dyn FnMut(&str) + Send)) -> Result<Fingerprint, RunError> {
        let mut options = FaultyOptions { seed: self.seed, ..self.issuer.clone() };
        options.base.https |= matches!(&self.subject, Tested::File(_, file) if file.trust.https);
        let issuer = Arc::new(FaultyIssuer::start(&options, self.documents()?).await?);
        let trust = self.trust(&issuer)?;
        let mint = self.mint(&issuer, &trust, "f".into());
        let unprepared = |error: String| RunError::Unprepared(error);
        let desk = fingerprint_desk(mint, &issuer, format!("f-{:04x}", self.seed & 0xffff))
            .map_err(|error| unprepared(error.to_string()))?;
        let standing = self.connect(&issuer, &trust).await?;
        let target = standing.target().await?;
        let reads_discovery = matches!(&self.subject, Tested::File(_, file) if file.trust.keys == KeySource::Discovery);
        let keeper = Box::new(standing.clone());
        let mut field = Field { issuer, target, keeper, scale: self.scale, reads_discovery };
        let found = fingerprint(&mut field, desk, watch, said).await;
        standing.close().await;
        if let Ok(issuer) = Arc::try_unwrap(field.issuer) {
            issuer.stop().await;
        }
        found.map_err(RunError::NotMeasurable)
    }

    fn documents(&self) -> Result<FaultyDocuments, RunError> {
        let jwk = |name: &str| -> Result<String, RunError> { Ok(self.ring.key(name)?.0.jwk().to_owned()) };
        let altered = AlteredMember { key: "spare-es256-private".into(), private: true, ..AlteredMember::default() };
        let private = KeySet { altered: vec![altered], body: Some("${member}".into()), ..KeySet::default() };
        let private = self.ring.serve(&private)?;
        Ok(FaultyDocuments {
            attacker_jwks: self.ring.rogue_jwks(),
            foreign_jwks: format!("{{\"keys\":[{}]}}", jwk("spare-es256-foreign")?).into_bytes(),
            oct_jwk: jwk(Mint::symmetric())?,
            private_jwk: String::from_utf8_lossy(&private).into_owned(),
            algorithms: self.algorithms(),
            max_age: None,
        })
    }

    fn algorithms(&self) -> Vec<Alg> {
        match &self.subject {
            Tested::Builtin(_) => BUILTIN_ALGORITHMS.to_vec(),
            Tested::File(_, file) => file.trust.algorithms.clone(),
        }
    }

    fn trust(&self, issuer: &FaultyIssuer) -> Result<TrustConfig, RunError> {
        let subject = match &self.subject {
            Tested::Builtin(flaw) => Subject::Builtin(*flaw),
            Tested::File(path, file) => Subject::File(path.clone(), file.clone()),
        };
        let trust = trust::trust_of(&subject, self.algorithms(), issuer.world(), &self.ring, None)?;
        // A second issuer and decryption are no part of any scenario.
        Ok(TrustConfig { second: None, decryption: Decryption::default(), ..trust })
    }

    fn mint(&self, issuer: &FaultyIssuer, trust: &TrustConfig, label: String) -> Mint {
        let setting = Setting {
            world: issuer.world().clone(),
            issuer: trust.issuer.clone(),
            audience: trust.audience.clone(),
            typ: trust.typ.clone(),
            leeway: trust.leeway,
            encryption: trust.decryption.usual(),
            seed: self.seed,
            rules: trust.rules.clone(),
        };
        let own: BTreeMap<String, Recipe> = match &self.subject {
            Tested::Builtin(_) => BTreeMap::new(),
            Tested::File(_, file) => file.recipe.clone(),
        };
        let alg = self.ring.public().unwrap_or(Alg::Es256);
        Mint::new(Arc::new(Forge::new(self.ring.clone(), setting)), self.catalog.access_token(&own), alg, label)
    }

    async fn connect(&self, issuer: &FaultyIssuer, trust: &TrustConfig) -> Result<Standing, RunError> {
        Ok(match &self.subject {
            Tested::Builtin(flaw) => {
                let server = builtin::Server::start_caching(*flaw, trust, &self.scale).await?;
                let file = trust::builtin_file(&server.url(), false);
                let connection = target::connect(&file, Path::new("."), issuer.world(), trust).await?;
                Standing::builtin(server, connection, trust.clone())
            }
            Tested::File(path, file) => {
                let folder = path.parent().unwrap_or(Path::new("."));
                Standing::new(target::connect(file, folder, issuer.world(), trust).await?)
            }
        })
    }
}
