//! From a target file to a target that tokens can be shown to.

use super::{
    Target,
    carry::Carry,
    classify,
    client_auth::Credentials,
    compose::{Blueprint, Draft},
    error::TargetError,
    fields, guard,
    hooks::{self, Revoker},
    http::{self, HttpTarget, Parts},
    placeholders::Facts,
    raw::Door,
    reached::Reached,
    redact::Redactor,
    route::{Route, Way},
    start::{self, Started, Surroundings},
    stdio::StdioTarget,
    tls,
    upstream::Upstream,
};
use crate::model::{
    Capabilities, Capability, Period, TargetFile, TrustConfig, World,
    capability::of_rules,
    target::Hooks,
    transport::{Stdio, Transport},
};
use reqwest::{Client, header::AUTHORIZATION, redirect};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::time::{Instant, sleep, timeout_at};

/// The longest wait for a target to take connections again after its restart hook.
const BACK: Period = Period::from_secs(30);
/// How often we look.
const LOOK: Duration = Duration::from_millis(50);

/// A target that is ready, with what keeps it up.
pub struct Connection {
    target: Arc<Target>,
    started: Option<Started>,
    hooks: Hooks,
    facts: Facts,
    folder: PathBuf,
}

/// Connects to the target of a file that lies in `folder`: checks that it may be aimed at, starts it where the file
/// says how, and runs the hook `before`.
///
/// # Errors
/// Everything that the user can put right before a run: an address that is not allowed, a placeholder without a value,
/// a target that does not start.
pub async fn connect(
    file: &TargetFile,
    folder: &Path,
    world: &World,
    trust: &TrustConfig,
) -> Result<Connection, TargetError> {
    let route = match Way::of(&file.transport)? {
        Way::Stdio(stdio) => return adapter(stdio, file, folder, world, trust).await,
        Way::Http(route) => *route,
    };
    let port = file.start.as_ref().map(|_| start::free_port()).transpose()?;
    let upstream = match &file.transport {
        Transport::Gateway(gateway) => Some(Upstream::start(gateway.listen, &gateway.identity).await?),
        _ => None,
    };
    let facts = Facts::new(world, trust, port).before(upstream.as_ref().map(Upstream::url));
    let mut facts = Facts::with_keys(trust, facts)?;
    let tls = route.tls.cloned();
    let around = match &file.transport {
        Transport::Gateway(gateway) => clients(&gateway.around, gateway.timeout, &file.guard.allow_hosts).await?,
        _ => Vec::new(),
    };
    let target = prepare(file, route, folder, &mut facts).await?.before(upstream).not_around(around);
    let started = match &file.start {
        None => None,
        Some(start) => {
            let ca = tls.and_then(|tls| tls.ca).map(|ca| folder.join(ca));
            let surroundings = Surroundings { folder, allowed: &file.guard.allow_hosts, ca: ca.as_deref() };
            Some(Started::new(start, &mut facts, &surroundings).await?)
        }
    };
    hooks::run("hooks.before", &file.hooks.before, &mut facts, folder).await?;
    let target = Arc::new(Target::Http(Box::new(target)));
    Ok(Connection { target, started, hooks: file.hooks.clone(), facts, folder: folder.to_owned() })
}

/// A client for each address that must not answer; the guard has seen them all.
async fn clients(around: &[String], timeout: Period, allowed: &[String]) -> Result<Vec<(String, Client)>, TargetError> {
    let mut clients = Vec::new();
    for address in around {
        let (_, aim) = guard::check("transport.gateway.around", address, allowed).await?;
        let client = Client::builder()
            .no_proxy()
            .no_gzip()
            .redirect(redirect::Policy::none())
            .timeout(timeout.0)
            .resolve_to_addrs(&aim.host, &aim.addresses)
            .build()?;
        clients.push((address.clone(), client));
    }
    Ok(clients)
}

/// Starts an adapter and tells it whom to trust.
async fn adapter(
    stdio: &Stdio,
    file: &TargetFile,
    folder: &Path,
    world: &World,
    trust: &TrustConfig,
) -> Result<Connection, TargetError> {
    let mut facts = Facts::new(world, trust, None);
    let command = facts.fill_all("transport.stdio.command", &stdio.command)?;
    let env = facts.fill_values("transport.stdio.env", &stdio.env)?;
    hooks::run("before", &file.hooks.before, &mut facts, folder).await?;
    let target = StdioTarget::start(command, env, folder, stdio.timeout).await?;
    target.configure(trust).await?;
    let target = Arc::new(Target::Stdio(Box::new(target)));
    Ok(Connection { target, started: None, hooks: file.hooks.clone(), facts, folder: folder.to_owned() })
}

/// Everything that can go wrong without a running target does so here.
pub(super) async fn prepare(
    file: &TargetFile,
    route: Route<'_>,
    folder: &Path,
    facts: &mut Facts,
) -> Result<HttpTarget, TargetError> {
    let (url_place, headers_place) = route.places;
    let text = facts.fill(url_place, route.url)?;
    let mut headers = facts.fill_values(headers_place, &route.headers)?;
    let credentials = Credentials::new("transport.introspection.auth", route.auth, folder, &text, facts)?;
    if let Some(start) = &file.start {
        // For the secrets in it: a target may well show its own environment.
        facts.fill_values("start.env", &start.env)?;
        facts.fill_all("start.command", &start.command)?;
    }
    let public = fields::public(&route.headers);
    headers.extend(credentials.authorization.map(|value| (AUTHORIZATION.to_string(), value)));
    let secret = |(name, _): &(&String, &String)| !public.iter().any(|field| name.eq_ignore_ascii_case(field.as_str()));
    let own: BTreeMap<&String, &String> = headers.iter().filter(secret).collect();
    let redactor = Redactor::new(facts.secrets_as_sent().chain(own.into_values().cloned()));

    let (url, aim) = guard::check(url_place, &text, &file.guard.allow_hosts).await?;
    let https = url.scheme() == "https";
    let config = tls::declared(https, route.tls, folder)?;
    let door = Door::new(&aim, http::door_tls(https, &config)).map_err(|because| TargetError::Url {
        place: url_place,
        text: redactor.text(url.to_string()),
        because,
    })?;
    let carry = match route.carry {
        Carry::Form { name, mut others } => {
            others.extend(credentials.form);
            Carry::Form { name, others }
        }
        other => other,
    };
    let blueprint = Blueprint::new(Draft {
        method: http::method(route.method)?,
        url,
        headers: &headers,
        public,
        carry,
        assertion: credentials.assertion,
        redactor: redactor.clone(),
    })?;
    HttpTarget::new(Parts {
        name: route.name,
        accept: route.accept.clone(),
        reject: route.reject.clone(),
        claims: route.claims,
        timeout: route.timeout,
        aim: &aim,
        blueprint,
        tls: config,
        door,
        redactor,
        rate: file.guard.rate.as_deref(),
        provides: declared(file),
    })
}

/// What the target file says of its trust.
fn declared(file: &TargetFile) -> Capabilities {
    let mut declared: Capabilities = file.trust.algorithms.iter().copied().map(Capability::Alg).collect();
    if file.trust.typ.eq_ignore_ascii_case("at+jwt") {
        declared.insert(Capability::ProfileAtJwt);
    }
    if !file.hooks.revoke_token.is_empty() {
        declared.insert(Capability::HookRevokeToken);
    }
    declared.extend(of_rules(&file.trust.rules()));
    declared
}

impl Connection {
    /// Fills the placeholders of a text of the target file; `place` says where it is written.
    ///
    /// # Errors
    /// A placeholder has no value.
    pub fn fill(&mut self, place: &str, text: &str) -> Result<String, TargetError> {
        self.facts.fill(place, text)
    }

    /// What another process needs to reach the target in the same way; `file` is the one that this connection was made
    /// for.
    #[must_use]
    pub fn reached(&self, file: &TargetFile) -> Reached {
        Reached::new(file, &self.folder, &self.facts, &self.target)
    }

    /// An adapter that was started without a target file.
    #[must_use]
    pub fn of_adapter(target: StdioTarget, world: &World, trust: &TrustConfig) -> Connection {
        Connection {
            target: Arc::new(Target::Stdio(Box::new(target))),
            started: None,
            hooks: Hooks::default(),
            facts: Facts::new(world, trust, None),
            folder: PathBuf::from("."),
        }
    }

    /// The target, to be shared by everybody who shows it tokens.
    #[must_use]
    pub fn target(&self) -> Arc<Target> {
        Arc::clone(&self.target)
    }

    /// The process behind it, where the harness started it.
    #[must_use]
    pub fn started(&self) -> Option<&Started> {
        self.started.as_ref()
    }

    /// Restarts the target by its hook, or else by starting it again; false where the file offers neither.
    ///
    /// # Errors
    /// The hook fails, or the target does not come back.
    pub async fn restart(&mut self) -> Result<bool, TargetError> {
        if !self.hooks.restart.is_empty() {
            hooks::run("hooks.restart", &self.hooks.restart, &mut self.facts, &self.folder).await?;
            self.wait_until_back().await?;
        } else if let Some(started) = &mut self.started {
            started.restart().await?;
        } else if let Target::Stdio(target) = self.target.as_ref() {
            target.close().await;
        } else {
            return Ok(false);
        }
        if let Target::Http(target) = self.target.as_ref() {
            target.start_over();
        }
        Ok(true)
    }

    /// The hook `revoke-token`, where the file has one.
    #[must_use]
    pub fn revoker(&self) -> Option<Revoker> {
        Revoker::new(&self.hooks.revoke_token, &self.facts, &self.folder)
    }

    /// Runs a command of the target file that makes the target fetch our key set again.
    ///
    /// # Errors
    /// It fails.
    pub async fn refresh(&mut self, command: &[String]) -> Result<(), TargetError> {
        hooks::run("jwks.refresh.command", command, &mut self.facts, &self.folder).await
    }

    /// Whole tokens that the started target printed, each as its start and its length.
    #[must_use]
    pub fn log_leaks(&self) -> Vec<String> {
        match (self.target.as_ref(), &self.started) {
            (Target::Stdio(target), _) => target.log_leaks(),
            (_, started) => started.as_ref().map(Started::log_leaks).unwrap_or_default(),
        }
    }

    /// Runs the hook `after` and stops what was started.
    ///
    /// # Errors
    /// The hook fails; the target is stopped all the same.
    pub async fn close(mut self) -> Result<(), TargetError> {
        let after = hooks::run("hooks.after", &self.hooks.after, &mut self.facts, &self.folder).await;
        if let Some(started) = self.started.take() {
            started.stop().await;
        }
        if let Target::Stdio(target) = self.target.as_ref() {
            target.close().await;
        }
        after
    }

    async fn wait_until_back(&self) -> Result<(), TargetError> {
        let Target::Http(target) = self.target.as_ref() else { return Ok(()) };
        let deadline = Instant::now() + BACK.0;
        let mut because = "nobody listens".to_owned();
        let knocking = async {
            while let Err(failure) = target.knock().await {
                because = classify::read_failure(&failure, BACK).because;
                sleep(LOOK).await;
            }
        };
        let back = timeout_at(deadline, knocking).await;
        back.map_err(|_| TargetError::NotBack { within: BACK, because })
    }
}
