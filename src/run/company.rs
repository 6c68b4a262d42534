//! What the scenarios of a run share, and how each gets an issuer and a target of its own.

use super::{
    chaos_target::Standing, error::RunError, provider::RealProvider, subject::Subject, trust, withheld::Withheld,
};
use crate::{
    builtin::{self, Reach},
    chaos::{Desk, Field, Provider, Room, fingerprint, fingerprint_desk, left_out, play},
    issuer::{FaultyDocuments, FaultyIssuer, FaultyOptions},
    model::{
        Alg, Event, Outcome, Recipe, TrustConfig, World,
        chaos::{Fingerprint, Needed, Scale, Scenario, ScenarioResult, StepResult},
        keyset::{AlteredMember, KeySet},
        target::{Decryption, KeySource, TargetFile},
    },
    suite::Catalog,
    target,
    token::{Forge, KeyRing, Samples, Setting, ring_of_issuer},
    traffic::{Mint, Pool},
};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::sync::mpsc;

/// What the built-in validator is configured for: the first one signs.
const BUILTIN_ALGORITHMS: &[Alg] = &[Alg::Es256, Alg::Rs256];

/// What all scenarios of a run share.
pub(super) struct Company {
    subject: Tested,
    catalog: Catalog,
    ring: KeyRing,
    algorithms: Vec<Alg>,
    seed: u64,
    issuer: FaultyOptions,
    scale: Scale,
    real: Option<Real>,
    room: Room,
}

/// A real identity provider that we stand in front of.
struct Real {
    provider: RealProvider,
    samples: Arc<Samples>,
    withheld: Withheld,
}

enum Tested {
    Builtin(Option<builtin::Flaw>),
    File(PathBuf, Box<TargetFile>),
}

/// The scale that scenarios of a subject calculate with.
///
/// # Errors
/// The subject fetches no keys through us.
pub fn scale_of(subject: &Subject) -> Result<Scale, RunError> {
    match subject {
        Subject::Builtin(_) => Ok(Scale::SHORT),
        Subject::File(_, file) if file.trust.keys.is_served() || file.trust.keys.is_proxied() => {
            Ok(Scale::declared(&file.cache))
        }
        _ => Err(RunError::FetchesNoKeys),
    }
}

impl Company {
    /// Makes keys of the target's algorithms, or meets the provider whose keys they are.
    ///
    /// # Errors
    /// The target fetches no keys through us, keys cannot be made, or the provider cannot be had.
    pub(super) async fn gather(
        subject: Subject,
        catalog: Catalog,
        seed: u64,
        issuer: FaultyOptions,
        room: Room,
    ) -> Result<Company, RunError> {
        let scale = scale_of(&subject)?;
        let (subject, algorithms) = match subject {
            Subject::Builtin(flaw) => (Tested::Builtin(flaw), BUILTIN_ALGORITHMS.to_vec()),
            Subject::File(path, file) => {
                let algorithms = file.trust.algorithms.clone();
                (Tested::File(path, file), algorithms)
            }
            _ => return Err(RunError::FetchesNoKeys),
        };
        if let Tested::File(path, file) = &subject
            && let KeySource::Proxy(proxied) = &file.trust.keys
        {
            let folder = path.parent().unwrap_or(Path::new("."));
            let (provider, samples, withheld) = RealProvider::of_file(proxied, &file.guard.allow_hosts, folder).await?;
            let set = provider.present().await.set;
            let (ring, _) = ring_of_issuer(&samples.all(), set.as_deref(), false)?;
            let algorithms = vec![samples.first()?.alg()];
            let real = Some(Real { provider, samples, withheld });
            return Ok(Company { subject, catalog, ring, algorithms, seed, issuer, scale, real, room });
        }
        let ring = KeyRing::generate(&algorithms)?;
        if ring.public().is_none() {
            return Err(RunError::FetchesNoKeys);
        }
        Ok(Company { subject, catalog, ring, algorithms, seed, issuer, scale, real: None, room })
    }

    /// For an issuer that is served alone, with keys of these algorithms.
    pub(super) fn alone(algorithms: &[Alg], catalog: Catalog, issuer: FaultyOptions) -> Result<Company, RunError> {
        let ring = KeyRing::generate(algorithms)?;
        if ring.public().is_none() {
            return Err(RunError::FetchesNoKeys);
        }
        let (subject, seed) = (Tested::Builtin(None), issuer.seed);
        let algorithms = algorithms.to_vec();
        Ok(Company {
            subject,
            catalog,
            ring,
            algorithms,
            seed,
            issuer,
            scale: Scale::SHORT,
            real: None,
            room: Room::default(),
        })
    }

    /// An event as it may be shown.
    pub(super) fn shown(&self, event: Event) -> Event {
        match &self.real {
            Some(real) => real.withheld.event(event),
            None => event,
        }
    }

    /// Whether every scenario has a target of its own, so that several may be played at the same time.
    pub(super) fn stands_alone(&self) -> bool {
        match &self.subject {
            Tested::Builtin(_) => true,
            Tested::File(_, file) => file.start.is_some() && self.issuer.base.port == 0 && self.issuer.jwks_port == 0,
        }
    }

    fn missing(&self, scenario: &Scenario) -> Option<Needed> {
        let offers = |needed: &Needed| match (&self.subject, needed) {
            (_, Needed::TwoAlgorithms) => [Alg::Rs256, Alg::Es256].iter().all(|alg| self.algorithms.contains(alg)),
            (_, Needed::AsksIntrospection | Needed::Resolver) => false,
            (_, Needed::Provider) => self.real.is_some(),
            (Tested::Builtin(_), _) => true,
            (Tested::File(_, file), Needed::Fleet) => self.stands_alone() && file.trust.keys == KeySource::JwksUri,
            (Tested::File(_, file), Needed::Restart) => file.start.is_some() || !file.hooks.restart.is_empty(),
            (Tested::File(_, file), Needed::Https) => file.trust.https,
            (Tested::File(_, file), Needed::Stale) => file.cache.stale.is_some(),
            (Tested::File(_, file), Needed::Discovery) => file.trust.keys == KeySource::Discovery,
            (Tested::File(_, file), Needed::SecondIssuer) => {
                file.trust.issuers.iter().any(|issuer| issuer == "${issuer2}") && self.ring.second_jwks().is_ok()
            }
        };
        scenario.needs.iter().find(|needed| !offers(needed)).copied()
    }

    pub(super) async fn one(
        &self,
        index: usize,
        scenario: &Scenario,
        events: &mpsc::UnboundedSender<Event>,
    ) -> ScenarioResult {
        if let Some(missing) = self.missing(scenario) {
            return left_out(scenario, self.scale, Outcome::Skip, missing.missing().into());
        }
        if self.real.is_some() && scenario.needs_our_keys() {
            let why = "it wants keys of our own, and the identity provider's are its own";
            return left_out(scenario, self.scale, Outcome::Skip, why.into());
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
        let issuer = self.raise(seed, &scenario.needs).await?;
        let trust = self.trust(&issuer, &scenario.needs)?;
        let mint = self.mint(&issuer, &trust, format!("s{index}"));
        let nonce = format!("c{index}-{:04x}", seed & 0xffff);
        let desk = match &self.real {
            Some(real) => Desk::in_front_of(&real.provider.present().await, Some(Pool::new(mint, nonce)), &issuer),
            None => Desk::open(scenario, &self.scale, mint, &issuer, nonce)
                .map_err(|error| RunError::Unprepared(error.to_string()))?,
        };
        let mut fleet = Vec::new();
        for number in 1..=scenario.instances {
            let world = if scenario.instances == 1 { issuer.world().clone() } else { issuer.world_of(number) };
            let trust =
                TrustConfig { jwks_uri: trust.jwks_uri.as_ref().map(|_| world.jwks_uri.clone()), ..trust.clone() };
            fleet.push(self.connect(&world, &trust, &scenario.needs).await?);
        }
        let Some((standing, others)) = fleet.split_first() else { return Err(RunError::NeverBegan) };
        let mut field = self.field(issuer, standing, &scenario.needs).await?;
        for other in others {
            field.others.push(other.target().await?);
        }
        let id = scenario.id.clone();
        let mut said = |step: &StepResult| {
            let _ = events.send(Event::ScenarioStep { id: id.clone(), step: step.clone() });
        };
        let mut result = play(scenario, &mut field, desk, &mut said).await;
        for standing in fleet {
            result.notes.extend(standing.close().await);
        }
        if let Ok(issuer) = Arc::try_unwrap(field.issuer) {
            issuer.stop().await;
        }
        Ok(result)
    }

    /// An issuer of its own, or the provider's stand-in.
    async fn raise(&self, seed: u64, needs: &[Needed]) -> Result<Arc<FaultyIssuer>, RunError> {
        let mut options = FaultyOptions { seed, ..self.issuer.clone() };
        options.base.https |= match &self.subject {
            Tested::Builtin(_) => needs.contains(&Needed::Https),
            Tested::File(_, file) => file.trust.https,
        };
        let mut issuer = FaultyIssuer::start(&options, self.documents()?).await?;
        if let Some(Real { provider, .. }) = &self.real {
            issuer.stand_before(&provider.issuer, provider.metadata.clone());
        }
        Ok(Arc::new(issuer))
    }

    async fn field(&self, issuer: Arc<FaultyIssuer>, standing: &Standing, needs: &[Needed]) -> Result<Field, RunError> {
        let target = standing.target().await?;
        let reads_discovery = match &self.subject {
            Tested::Builtin(_) => needs.contains(&Needed::Discovery),
            // How a target reaches a provider through us is its own affair; whether it has read our copy shows.
            Tested::File(..) if self.real.is_some() => issuer.discovery.log().count() > 0,
            Tested::File(_, file) => file.trust.keys == KeySource::Discovery,
        };
        let eyes = match &self.subject {
            Tested::File(_, file) if !file.observe.is_empty() => Some(Arc::new(standing.eyes(file).await?)),
            _ => None,
        };
        let provider = self.real.as_ref().map(|real| Arc::new(real.provider.clone()) as Arc<dyn Provider>);
        let keeper = Box::new(standing.clone());
        Ok(Field {
            issuer,
            target,
            others: Vec::new(),
            keeper,
            scale: self.scale,
            reads_discovery,
            provider,
            room: self.room.clone(),
            eyes,
        })
    }

    /// Measures the target's key cache.
    pub(super) async fn study(
        &self,
        watch: Duration,
        said: &mut (dyn FnMut(&str) + Send),
    ) -> Result<Fingerprint, RunError> {
        if self.real.is_some() {
            // Nothing is learned of a cache without changing keys.
            return Err(RunError::FetchesNoKeys);
        }
        let issuer = self.raise(self.seed, &[]).await?;
        let trust = self.trust(&issuer, &[])?;
        let mint = self.mint(&issuer, &trust, "f".into());
        let desk = fingerprint_desk(mint, &issuer, format!("f-{:04x}", self.seed & 0xffff))
            .map_err(|error| RunError::Unprepared(error.to_string()))?;
        let standing = self.connect(issuer.world(), &trust, &[]).await?;
        let mut field = self.field(issuer, &standing, &[]).await?;
        let found = fingerprint(&mut field, desk, watch, said).await;
        standing.close().await;
        if let Ok(issuer) = Arc::try_unwrap(field.issuer) {
            issuer.stop().await;
        }
        found.map_err(RunError::NotMeasurable)
    }

    pub(super) fn documents(&self) -> Result<FaultyDocuments, RunError> {
        if self.real.is_some() {
            // In front of a real provider no key of ours is ever shown.
            return Ok(FaultyDocuments::without_keys(self.algorithms.clone()));
        }
        let jwk = |name: &str| -> Result<String, RunError> { Ok(self.ring.key(name)?.0.jwk().to_owned()) };
        let altered = AlteredMember { key: "spare-es256-private".into(), private: true, ..AlteredMember::default() };
        let private = KeySet { altered: vec![altered], body: Some("${member}".into()), ..KeySet::default() };
        let private = self.ring.serve(&private)?;
        Ok(FaultyDocuments {
            attacker_jwks: self.ring.rogue_jwks(),
            second_jwks: self.ring.second_jwks()?,
            foreign_jwks: format!("{{\"keys\":[{}]}}", jwk("spare-es256-foreign")?).into_bytes(),
            oct_jwk: jwk(Mint::symmetric())?,
            private_jwk: String::from_utf8_lossy(&private).into_owned(),
            algorithms: self.algorithms.clone(),
            max_age: None,
        })
    }

    pub(super) fn trust(&self, issuer: &FaultyIssuer, needs: &[Needed]) -> Result<TrustConfig, RunError> {
        let subject = match &self.subject {
            Tested::Builtin(flaw) => Subject::Builtin(*flaw),
            Tested::File(path, file) => Subject::File(path.clone(), file.clone()),
        };
        let trust = trust::trust_of(&subject, self.algorithms.clone(), issuer.world(), &self.ring, None)?;
        let trust = match &self.real {
            Some(real) => real.trust(trust, issuer.world())?,
            None => trust,
        };
        let second = trust.second.filter(|_| needs.contains(&Needed::SecondIssuer));
        // Decryption is no part of any scenario.
        Ok(TrustConfig { second, decryption: Decryption::default(), ..trust })
    }

    pub(super) fn mint(&self, issuer: &FaultyIssuer, trust: &TrustConfig, label: String) -> Mint {
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
        let mut own: BTreeMap<String, Recipe> = match &self.subject {
            Tested::Builtin(_) => BTreeMap::new(),
            Tested::File(_, file) => file.recipe.clone(),
        };
        let alg = self.ring.public().unwrap_or(Alg::Es256);
        let forge = Forge::new(self.ring.clone(), setting);
        let Some(real) = &self.real else {
            return Mint::new(Arc::new(forge), self.catalog.access_token(&own), alg, label);
        };
        if real.samples.first().is_ok_and(|sample| sample.header("kid").is_none()) {
            own.entry("access-token".into()).or_default().drop_header.push("kid".into());
        }
        let ordinary = self.catalog.access_token(&own);
        Mint::new(Arc::new(forge.with_samples(Arc::clone(&real.samples), ordinary.clone())), ordinary, alg, label)
    }

    async fn connect(&self, world: &World, trust: &TrustConfig, needs: &[Needed]) -> Result<Standing, RunError> {
        Ok(match &self.subject {
            Tested::Builtin(flaw) => {
                let reach = Reach {
                    ca: world.issuer_ca.clone().map(PathBuf::from),
                    discovery: needs.contains(&Needed::Discovery).then(|| world.discovery.clone()),
                };
                let server = builtin::Server::start_caching(*flaw, trust, &self.scale, &reach).await?;
                let file = trust::builtin_file(&server.url(), false);
                let connection = target::connect(&file, Path::new("."), world, trust).await?;
                Standing::builtin(server, connection, trust.clone())
            }
            Tested::File(path, file) => {
                let folder = path.parent().unwrap_or(Path::new("."));
                Standing::new(target::connect(file, folder, world, trust).await?)
            }
        })
    }
}

impl Real {
    /// What the target trusts: what the provider's own tokens say, where the target file says nothing.
    fn trust(&self, trust: TrustConfig, world: &World) -> Result<TrustConfig, RunError> {
        let audience = match trust.audience {
            empty if empty.is_empty() => self.samples.first()?.text_claim("aud"),
            audience => audience,
        };
        let issuer = self.provider.issuer.clone();
        Ok(TrustConfig { issuer, audience, jwks_uri: Some(world.jwks_uri.clone()), ..trust })
    }
}
