//! Our side up, and the target connected to it.

use super::{
    arena::Arena,
    error::RunError,
    lent::Lent,
    ours::OurSide,
    refresh::{Way, Ways},
    subject::{Inside, Subject},
    trust::{builtin_file, capabilities, trust_of, wants_https},
    withheld::Withheld,
};
use crate::{
    builtin,
    conformance::{Bench, Memory},
    issuer::Options,
    model::{Capabilities, Capability, Harm, Period, Recipe, TrustConfig, report::TargetInfo},
    suite::Catalog,
    target::{self, Connection, InProcess, Started, StdioTarget, Target},
    token::{Forge, Setting},
};
use std::{
    collections::BTreeMap,
    path::Path,
    sync::Arc,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

/// The longest wait for a reply of an adapter that no target file describes.
const ADAPTER_PATIENCE: Period = Period::from_secs(5);

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
    /// What the user lends us, where the keys are not ours.
    lent: Option<Lent>,
    /// Whether we are where earlier runs may have been, for a target that was there as well.
    is_known_place: bool,
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
        let (mut name, allows, mut recipes) = (subject.name(), subject.allows(), subject.recipes());
        let lent = match &subject {
            Subject::File(path, file) => Lent::read(file, folder_of(path), epoch_seconds()).await?,
            _ => None,
        };
        // An adapter says itself which algorithms it knows, so it is asked before keys are made.
        let mut adapter = None;
        if let Subject::Adapter(command) = &subject {
            adapter =
                Some(StdioTarget::start(command.clone(), BTreeMap::new(), Path::new("."), ADAPTER_PATIENCE).await?);
        }
        let algorithms = match (&adapter, &lent) {
            (Some(adapter), _) => adapter.algorithms(),
            (None, Some(lent)) => lent.algorithms.clone(),
            (None, None) => subject.algorithms(),
        };
        let options = Options { https: wants_https(&subject) || issuer.https, ..issuer.clone() };
        let ours = match (ours, &lent) {
            (_, Some(lent)) => OurSide::beside_lent_keys(lent.ring.clone(), &algorithms, catalog, &options).await?,
            (Some(ours), None) => ours,
            (None, None) => OurSide::raise(&algorithms, catalog, &options).await?,
        };
        let world = ours.testbed.world();
        let trust = trust_of(&subject, algorithms, world, &ours.ring, lent.as_ref())?;
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
        let mut forge = Forge::new(ours.ring.clone(), setting);
        if let Some(lent) = &lent {
            lent.adapt(&mut recipes);
            if let Some(samples) = &lent.samples {
                forge = forge.with_samples(Arc::clone(samples), catalog.access_token(&recipes));
            }
        }
        let forge = Arc::new(forge);
        let mut about = TargetInfo {
            name: String::new(),
            about: String::new(),
            transport: String::new(),
            address: String::new(),
            file: None,
            provides: Vec::new(),
            lacks: Vec::new(),
            policy: BTreeMap::new(),
            promoted: Vec::new(),
            waived: Vec::new(),
        };
        let mut server = None;
        let mut connection = None;
        let mut ways = Ways { any: Some(Way::Configure), live: Some(Way::Configure) };
        let is_gateway = matches!(subject, Subject::Gateway(_));
        let is_known_place =
            issuer.port != 0 && matches!(&subject, Subject::File(_, file) if file.start.is_none() && lent.is_none());
        let target = match subject {
            Subject::Builtin(flaw) | Subject::Gateway(flaw) => {
                about.policy = Arena::configuring(flaw).policy();
                let started = builtin::Server::start(flaw, &trust).await?;
                about.about = flaw.map_or_else(
                    || "the built-in validator, as the RFCs would have it".to_owned(),
                    |flaw| format!("the built-in validator with one flaw: {}", flaw.about()),
                );
                ways = Ways { any: Some(Way::Forget), live: Some(Way::Expire) };
                let file = builtin_file(&started.url(), is_gateway);
                let connected = target::connect(&file, Path::new("."), world, &trust).await?;
                let target = connected.target();
                if let Some(service) = target.upstream_url() {
                    started.stand_before(&service);
                }
                (server, connection) = (Some(started), Some(connected));
                target
            }
            Subject::File(path, file) => {
                let folder = folder_of(&path);
                about.about.clone_from(&file.target.about);
                about.file = Some(path.display().to_string());
                about.policy.clone_from(&file.policy);
                about.promoted.clone_from(&file.promote);
                about.waived.clone_from(&file.waive);
                let since = Instant::now();
                let connected = target::connect(&file, folder, world, &trust).await?;
                // An adapter is always told the keys; everybody else fetches them.
                if file.trust.keys.is_served() {
                    ways = Ways::of_file(&file, since.elapsed());
                } else if lent.is_some() {
                    ways = Ways::default();
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
        if let Some(lent) = &lent {
            lent.restrict(&mut provides, &target, issuer.public_url.is_some());
        }
        about.transport = target.transport_name().to_owned();
        about.address = target.address();
        about.provides = provides.iter().map(ToString::to_string).collect();
        let policy = about.policy.clone();
        Ok(Stage {
            ours,
            forge,
            trust,
            provides,
            policy,
            allows,
            recipes,
            target,
            connection,
            server,
            ways,
            about,
            lent,
            is_known_place,
        })
    }

    /// Makes the choices of a profile where the target file makes none.
    pub(super) fn choose(&mut self, policy: &BTreeMap<String, String>) {
        for (name, choice) in policy {
            self.policy.entry(name.clone()).or_insert_with(|| choice.clone());
        }
        self.about.policy.clone_from(&self.policy);
    }

    /// What a report says about the target.
    #[must_use]
    pub fn about(&self) -> &TargetInfo {
        &self.about
    }

    /// The tested side.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The tested side, to be shared.
    pub(super) fn shared_target(&self) -> Arc<Target> {
        Arc::clone(&self.target)
    }

    /// Reads what a started target uses.
    pub(super) fn gauge(&self) -> Option<crate::target::MemoryGauge> {
        self.connection.as_ref().and_then(Connection::started).map(Started::memory)
    }

    /// Lets the target begin anew, as after a restart; false where nobody knows how.
    ///
    /// # Errors
    /// It is possible, and failed.
    pub(super) async fn start_over(&mut self) -> Result<bool, RunError> {
        if let Some(server) = &self.server {
            server.restart(&self.trust);
            return Ok(true);
        }
        self.restart().await
    }

    /// What must not be shown, where the keys are the user's.
    #[must_use]
    pub fn withheld(&self) -> Option<&Withheld> {
        self.lent.as_ref().map(|lent| &lent.withheld)
    }

    /// How the target trusts us, where the keys are the user's: `with a key of yours`.
    #[must_use]
    pub fn mode(&self) -> Option<&'static str> {
        self.lent.as_ref().map(|lent| lent.mode)
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
            .with_earlier_keys(self.is_known_place)
            .with_revoker(revoker)
            .with_renewal(self.lent.as_ref().and_then(|lent| lent.renewal.clone()))
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

fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new("."))
}

/// Seconds since the epoch.
fn epoch_seconds() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}
