//! Our side up, and the target connected to it.

use super::{
    arena::Arena,
    decryption::{BUILTIN_DECRYPTS, decryption},
    error::RunError,
    ours::OurSide,
    refresh::{Way, Ways},
};
use crate::{
    builtin::{self, Flaw},
    conformance::{Bench, Memory},
    issuer::Options,
    model::{
        Alg, Capabilities, Capability, ContentEncryption, Harm, KeyManagement, Period, Recipe, TrustConfig, World,
        access::AccessRules,
        capability::of_rules,
        placeholder::{Unknown, as_text, fill_text},
        report::TargetInfo,
        target::{KeySource, SecondIssuer, TargetFile},
    },
    suite::Catalog,
    target::{self, Connection, InProcess, Started, StdioTarget, Target, protocol::Validator},
    token::{Forge, KeyRing, Setting},
};
use serde_json::json;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

/// What the built-in validators are configured for. RS512 and PS512 are left out, so that a valid signature in an
/// algorithm that is not allowed can be shown.
pub const BUILTIN_ALGORITHMS: &[Alg] = &[
    Alg::Rs256,
    Alg::Rs384,
    Alg::Ps256,
    Alg::Ps384,
    Alg::Es256,
    Alg::Es384,
    Alg::Es512,
    Alg::Es256k,
    Alg::EdDsa,
    Alg::Ed25519,
    Alg::MlDsa44,
    Alg::MlDsa65,
    Alg::MlDsa87,
    Alg::Hs256,
    Alg::Hs384,
    Alg::Hs512,
];

const AUDIENCE: &str = "https://orders.example";

/// The longest wait for a reply of an adapter that no target file describes.
const ADAPTER_PATIENCE: Period = Period::from_secs(5);

/// What is tested.
pub enum Subject {
    /// The built-in validator over HTTP, strict or with one flaw.
    Builtin(Option<Flaw>),
    /// What a target file describes.
    File(PathBuf, Box<TargetFile>),
    /// A validator in this process.
    InProcess(Box<Inside>),
    /// A library behind an adapter: the command that starts it, run in the current folder.
    Adapter(Vec<String>),
}

/// A validator in this process, and what it is to be configured with.
pub struct Inside {
    /// The name in reports.
    pub name: String,
    /// The validator.
    pub validator: Box<dyn Validator>,
    /// The algorithms that it may allow; the first one signs ordinary tokens.
    pub algorithms: Vec<Alg>,
    /// The key management that it decrypts; the first one encrypts ordinary tokens.
    pub decrypts: Vec<KeyManagement>,
    /// The content encryption that it takes.
    pub content_encryption: Vec<ContentEncryption>,
    /// The `typ` of its tokens.
    pub typ: String,
    /// The choices that it declares.
    pub policy: BTreeMap<String, String>,
    /// What it is to want beyond a valid token.
    pub rules: AccessRules,
    /// What its tokens need, laid over the recipe of that name.
    pub recipes: BTreeMap<String, Recipe>,
}

impl Subject {
    /// The built-in validator, strict or with one flaw, where the flaw shows.
    #[must_use]
    pub fn builtin(flaw: Option<Flaw>) -> Subject {
        Arena::showing(flaw).subject(flaw)
    }

    /// The name in reports.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Subject::Builtin(None) => "builtin-strict".into(),
            Subject::Builtin(Some(flaw)) => format!("builtin-{}", flaw.name()),
            Subject::File(_, file) => file.target.name.clone(),
            Subject::InProcess(inside) => inside.name.clone(),
            Subject::Adapter(command) => {
                let last = command.iter().rev().find(|word| !word.starts_with('-')).map(Path::new);
                let stem = last.and_then(Path::file_stem).map(|stem| stem.to_string_lossy().into_owned());
                stem.unwrap_or_else(|| "adapter".into())
            }
        }
    }

    /// Grades beyond `safe` that may be sent without being asked for: what we start ourselves is ours to harm.
    #[must_use]
    pub fn allows(&self) -> Vec<Harm> {
        match self {
            Subject::Builtin(_) | Subject::InProcess(..) | Subject::Adapter(_) => vec![Harm::Intrusive, Harm::Harmful],
            Subject::File(..) if self.is_in_production() => Vec::new(),
            Subject::File(_, file) if file.start.is_some() => vec![Harm::Intrusive, Harm::Harmful],
            Subject::File(_, file) => file.guard.allow.clone(),
        }
    }

    /// Whether people depend on the target.
    #[must_use]
    pub fn is_in_production(&self) -> bool {
        matches!(self, Subject::File(_, file) if file.target.environment.as_deref() == Some("production"))
    }

    fn algorithms(&self) -> Vec<Alg> {
        match self {
            Subject::Builtin(flaw) => Arena::configuring(*flaw).algorithms().to_vec(),
            Subject::File(_, file) => file.trust.algorithms.clone(),
            Subject::InProcess(inside) => inside.algorithms.clone(),
            Subject::Adapter(_) => Vec::new(),
        }
    }

    /// What the target file lays over recipes.
    #[must_use]
    pub fn recipes(&self) -> BTreeMap<String, Recipe> {
        match self {
            Subject::File(_, file) => file.recipe.clone(),
            Subject::InProcess(inside) => inside.recipes.clone(),
            Subject::Builtin(flaw) => Arena::configuring(*flaw).recipes(),
            Subject::Adapter(_) => BTreeMap::new(),
        }
    }
}

/// Everything that stands while a run goes on.
pub struct Stage {
    /// Our side.
    pub ours: OurSide,
    /// Mints tokens for the target.
    pub forge: Arc<Forge>,
    /// What the target was told.
    pub trust: TrustConfig,
    /// What the target can do.
    pub provides: Capabilities,
    /// What the target file declares.
    pub policy: BTreeMap<String, String>,
    /// Grades that may be sent without being asked for.
    pub allows: Vec<Harm>,
    /// What the target file lays over recipes.
    pub recipes: BTreeMap<String, Recipe>,
    pub(super) target: Arc<Target>,
    pub(super) connection: Option<Connection>,
    pub(super) server: Option<builtin::Server>,
    /// How another key set reaches the target.
    pub(super) ways: Ways,
    about: TargetInfo,
}

impl Stage {
    /// Makes keys, starts our side, starts or reaches the target.
    ///
    /// # Errors
    /// Any of it fails; what was started is stopped again.
    pub async fn set(
        subject: Subject,
        catalog: &Catalog,
        issuer: &Options,
        ours: Option<OurSide>,
        seed: u64,
    ) -> Result<Stage, RunError> {
        let (mut name, allows, recipes) = (subject.name(), subject.allows(), subject.recipes());
        // An adapter says itself which algorithms it knows, so it is asked before keys are made.
        let mut adapter = None;
        if let Subject::Adapter(command) = &subject {
            adapter =
                Some(StdioTarget::start(command.clone(), BTreeMap::new(), Path::new("."), ADAPTER_PATIENCE).await?);
        }
        let algorithms = adapter.as_ref().map_or_else(|| subject.algorithms(), StdioTarget::algorithms);
        let ours = match ours {
            Some(ours) => ours,
            None => {
                let options = Options { https: wants_https(&subject) || issuer.https, ..issuer.clone() };
                OurSide::raise(&algorithms, catalog, &options).await?
            }
        };
        let world = ours.testbed.world();
        let trust = trust_of(&subject, algorithms, world, &ours.ring)?;
        let setting = Setting {
            world: world.clone(),
            issuer: trust.issuer.clone(),
            audience: trust.audience.clone(),
            typ: trust.typ.clone(),
            leeway: trust.leeway,
            encryption: trust.decryption.usual(),
            seed,
            rules: trust.rules.clone(),
        };
        let forge = Arc::new(Forge::new(ours.ring.clone(), setting));
        let mut about = TargetInfo {
            name: String::new(),
            about: String::new(),
            transport: String::new(),
            address: String::new(),
            file: None,
            provides: Vec::new(),
            lacks: Vec::new(),
            policy: BTreeMap::new(),
        };
        let mut server = None;
        let mut connection = None;
        let mut ways = Ways { any: Some(Way::Configure), live: Some(Way::Configure) };
        let target = match subject {
            Subject::Builtin(flaw) => {
                about.policy = Arena::configuring(flaw).policy();
                let started = builtin::Server::start(flaw, &trust).await?;
                about.about = flaw.map_or_else(
                    || "the built-in validator, as the RFCs would have it".to_owned(),
                    |flaw| format!("the built-in validator with one flaw: {}", flaw.about()),
                );
                let url = format!("{}/whoami", started.url());
                server = Some(started);
                ways = Ways { any: Some(Way::Forget), live: Some(Way::Expire) };
                let file = builtin_file(&url);
                let connected = target::connect(&file, Path::new("."), world, &trust).await?;
                let target = connected.target();
                connection = Some(connected);
                target
            }
            Subject::File(path, file) => {
                let folder = path.parent().unwrap_or(Path::new("."));
                about.about.clone_from(&file.target.about);
                about.file = Some(path.display().to_string());
                about.policy.clone_from(&file.policy);
                let since = Instant::now();
                let connected = target::connect(&file, folder, world, &trust).await?;
                // An adapter is always told the keys; everybody else fetches them.
                if file.trust.keys != KeySource::Configure {
                    ways = Ways::of_file(&file, since.elapsed());
                }
                let target = connected.target();
                connection = Some(connected);
                target
            }
            Subject::InProcess(inside) => {
                let Inside { mut validator, policy, .. } = *inside;
                about.policy = policy;
                validator.configure(&trust);
                Arc::new(Target::InProcess(InProcess::new(validator)))
            }
            Subject::Adapter(_) => {
                let adapter = adapter.take().ok_or(RunError::NeverBegan)?;
                adapter.configure(&trust).await?;
                let info = adapter.info();
                if !info.name.is_empty() {
                    name = info.name.clone();
                }
                about.about = format!("{} {} ({}) behind its adapter", info.name, info.version, info.language);
                let connected = Connection::of_adapter(adapter, world, &trust);
                let target = connected.target();
                connection = Some(connected);
                target
            }
        };
        about.name = name;
        let mut provides = capabilities(&target, &trust);
        if ways.any.is_some() && ours.ring.public().is_some() {
            provides.insert(Capability::JwksPhases);
        } else {
            provides.remove(&Capability::JwksPhases);
        }
        about.transport = target.transport_name().to_owned();
        about.address = target.address();
        about.provides = provides.iter().map(ToString::to_string).collect();
        let policy = about.policy.clone();
        Ok(Stage { ours, forge, trust, provides, policy, allows, recipes, target, connection, server, ways, about })
    }

    /// What a report says about the target.
    #[must_use]
    pub fn about(&self) -> &TargetInfo {
        &self.about
    }

    /// A bench for this target.
    #[must_use]
    pub fn bench(&self, catalog: &Catalog, reproduce: String) -> Bench {
        let good = catalog.access_token(&self.recipes);
        let journal = self.ours.testbed.journal().clone();
        let (forge, target) = (Arc::clone(&self.forge), Arc::clone(&self.target));
        let revoker = self.connection.as_ref().and_then(Connection::revoker);
        let gauge = self.connection.as_ref().and_then(Connection::started).map(Started::memory);
        Bench::new(forge, target, Some(journal), good, epoch_seconds, reproduce)
            .with_memory(self.ours.memory.clone())
            .with_gauge(gauge)
            .with_revoker(revoker)
    }

    /// What other runs on the same keys left for this one.
    #[must_use]
    pub fn memory(&self) -> Option<&Memory> {
        self.ours.memory.as_deref()
    }

    /// Starts the target again, where that is possible.
    ///
    /// # Errors
    /// It is possible, and failed.
    pub async fn restart(&mut self) -> Result<bool, RunError> {
        match &mut self.connection {
            Some(connection) => Ok(connection.restart().await?),
            None => Ok(false),
        }
    }

    /// Takes everything down.
    pub async fn strike(self) -> Struck {
        let leaks = self.connection.as_ref().map(Connection::log_leaks).unwrap_or_default();
        let mut trouble = None;
        if let Some(connection) = self.connection {
            trouble = connection.close().await.err().map(|error| error.to_string());
        }
        if let Some(server) = self.server {
            server.stop().await;
        }
        self.ours.strike().await;
        Struck { leaks, trouble }
    }
}

/// What is left when everything is down.
pub struct Struck {
    /// What looks like whole tokens in the log of a started target.
    pub leaks: Vec<String>,
    /// What the hook `after` complained about.
    pub trouble: Option<String>,
}

/// Seconds since the epoch.
fn epoch_seconds() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

fn wants_https(subject: &Subject) -> bool {
    matches!(subject, Subject::File(_, file) if file.trust.https)
}

pub(super) fn trust_of(
    subject: &Subject,
    algorithms: Vec<Alg>,
    world: &World,
    ring: &KeyRing,
) -> Result<TrustConfig, RunError> {
    let keys = ring.handed_over();
    Ok(match subject {
        Subject::Builtin(_) | Subject::InProcess(..) | Subject::Adapter(_) => TrustConfig {
            issuer: world.issuer.clone(),
            audience: AUDIENCE.into(),
            algorithms,
            leeway: Period::from_secs(0),
            typ: typ_of(subject),
            jwks_uri: matches!(subject, Subject::Builtin(_)).then(|| world.jwks_uri.clone()),
            keys,
            rules: match subject {
                Subject::InProcess(inside) => inside.rules.clone(),
                Subject::Builtin(flaw) => Arena::configuring(*flaw).rules(),
                _ => AccessRules::default(),
            },
            decryption: match subject {
                Subject::InProcess(inside) => decryption(ring, &inside.decrypts, &inside.content_encryption)?,
                _ => decryption(ring, BUILTIN_DECRYPTS, ContentEncryption::ALL)?,
            },
            second: second_for(subject, world, ring),
        },
        Subject::File(_, file) => {
            let trust = &file.trust;
            let fill = |text: &str| -> Result<String, RunError> {
                let known = |name: &str| match name {
                    "issuer" => Some(json!(world.issuer)),
                    "issuer2" => Some(json!(world.issuer2)),
                    "discovery" => Some(json!(world.discovery)),
                    _ => None,
                };
                Ok(as_text(&fill_text(text, Unknown::Refuse, &known).map_err(crate::token::ForgeError::from)?))
            };
            TrustConfig {
                issuer: fill(&trust.issuer)?,
                audience: fill(&trust.audience)?,
                algorithms,
                leeway: trust.leeway,
                typ: trust.typ.clone(),
                jwks_uri: matches!(trust.keys, KeySource::Discovery | KeySource::JwksUri)
                    .then(|| world.jwks_uri.clone()),
                keys,
                rules: trust.rules(),
                decryption: decryption(ring, &trust.decrypts, &trust.content_encryption)?,
                second: match trust.issuers.iter().map(|text| fill(text)).collect::<Result<Vec<_>, _>>()? {
                    issuers if issuers.contains(&world.issuer2) => second(world, ring),
                    _ => None,
                },
            }
        }
    })
}

/// The second issuer, for the built-in server and for validators in this process that know how to trust two.
fn second_for(subject: &Subject, world: &World, ring: &KeyRing) -> Option<SecondIssuer> {
    match subject {
        Subject::Builtin(_) => second(world, ring),
        Subject::InProcess(inside) if inside.validator.provides().contains(&Capability::IssuersTwo) => {
            second(world, ring).map(|second| SecondIssuer { jwks_uri: None, ..second })
        }
        _ => None,
    }
}

/// `None` where the target takes no public keys, and a second issuer has nothing to publish.
fn second(world: &World, ring: &KeyRing) -> Option<SecondIssuer> {
    ring.public()?;
    let keys = serde_json::from_slice(&ring.second_jwks().ok()?).ok()?;
    Some(SecondIssuer { issuer: world.issuer2.clone(), jwks_uri: Some(world.jwks_uri2.clone()), keys })
}

fn typ_of(subject: &Subject) -> String {
    match subject {
        Subject::Builtin(flaw) => Arena::configuring(*flaw).typ().into(),
        Subject::InProcess(inside) => inside.typ.clone(),
        Subject::Adapter(_) => "JWT".into(),
        Subject::File(_, file) => file.trust.typ.clone(),
    }
}

/// The target file that the built-in validator would have.
pub(super) fn builtin_file(url: &str) -> TargetFile {
    let text = format!(
        "format = \"target/1\"\n[target]\nname = \"builtin\"\n[transport.bearer]\nurl = \"{url}\"\nclaims.pointer = \"/claims\"\n\
         [trust]\nkeys = \"jwks-uri\"\naudience = \"{AUDIENCE}\"\nalgorithms = [\"RS256\"]\n"
    );
    toml::from_str(&text).expect("a constant text with an address in it parses")
}

/// What the transport shows, and what we know of the target because we play its issuer.
fn capabilities(target: &Target, trust: &TrustConfig) -> Capabilities {
    let mut provides = target.provides();
    if trust.second.is_some() {
        provides.insert(Capability::IssuersTwo);
    } else {
        provides.remove(&Capability::IssuersTwo);
    }
    provides.extend(trust.algorithms.iter().copied().map(Capability::Alg));
    let decryption = &trust.decryption;
    if !decryption.algorithms.is_empty() {
        provides.insert(Capability::JweDecrypt);
        provides.extend(decryption.algorithms.iter().copied().map(Capability::JweAlg));
        provides.extend(decryption.content.iter().copied().map(Capability::JweEnc));
    }
    // An adapter runs beside us, and a library that follows an address reaches our canary.
    if trust.jwks_uri.is_some() || matches!(target, Target::Stdio(_)) {
        provides.insert(Capability::ObserveOutbound);
    }
    if trust.typ.eq_ignore_ascii_case("at+jwt") {
        provides.insert(Capability::ProfileAtJwt);
    }
    provides.extend(of_rules(&trust.rules));
    provides
}
