//! `gauntlet proxy`.

use super::{
    Ended,
    shared::{FaultyIssuer, fresh_seed, runtime, told_to_stop},
};
use crate::{
    chaos::{Control, DeadMan, follow},
    issuer::{Ended as FetchEnded, FetchEntry},
    model::chaos::Scale,
    report::visible,
    run::{ExitCode, RealProvider, RunError, stand_in},
};
use clap::Args;
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tokio::time::interval;

/// How often we look for requests.
const LOOK: Duration = Duration::from_millis(200);
/// Different clients, and fetches of each, that the last lines tell of.
const AGENTS: usize = 100;
const TIMES: usize = 10_000;

/// Stand in front of a real identity provider's key set, and let it misbehave on request
///
/// Without any order it is transparent, and shows who fetches the key set and how often. Orders come over the control
/// interface: faults (refuse, hang, status, latency, freeze, snapshot), keys hidden and shown, snapshots kept. Whoever gives
/// orders must go on doing so: ten seconds after the last one (POST /control/heartbeat is the least) everything is served as
/// the provider has it. The provider is asked at most once in ten seconds, whatever the targets do; nothing that they send
/// reaches it.
#[derive(Debug, Args)]
pub(super) struct Proxy {
    /// The provider's issuer, the address of its metadata, or that of its key set
    #[arg(value_name = "UPSTREAM")]
    upstream: String,
    #[command(flatten)]
    issuer: FaultyIssuer,
    /// Another host that the provider's metadata may lead to, by name or as CIDR; may be repeated
    #[arg(long, value_name = "HOST")]
    allow_host: Vec<String>,
    /// Port of the control interface; 0 lets the system choose. Off loopback a token in GAUNTLET_CONTROL_TOKEN is wanted
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    control: u16,
}

impl Proxy {
    pub fn execute(self) -> Ended {
        runtime()?.block_on(self.serve())?;
        Ok(ExitCode::Ok)
    }

    async fn serve(&self) -> Result<(), RunError> {
        // Naming it is allowing it.
        let own = url::Url::parse(&self.upstream).ok().and_then(|url| Some(url.host_str()?.to_owned()));
        let allowed: Vec<String> = own.into_iter().chain(self.allow_host.iter().cloned()).collect();
        let provider = RealProvider::find(&self.upstream, &allowed).await?;
        let seed = fresh_seed();
        let options = self.issuer.options(seed);
        let bind = SocketAddr::new(options.base.bind, self.control);
        let (issuer, desk) = stand_in(&provider, options).await?;
        let (desk, zero, switch) = (Arc::new(Mutex::new(desk)), Instant::now(), DeadMan::default());
        // Before anything is said: whoever reads it may send a signal at once.
        let stop = told_to_stop();
        let world = issuer.world();
        anstream::eprintln!("upstream   {}", provider.jwks_uri());
        anstream::eprintln!("discovery  {}", world.discovery);
        anstream::eprintln!("key set    {}", world.jwks_uri);
        let token = std::env::var("GAUNTLET_CONTROL_TOKEN").ok().filter(|token| !token.is_empty());
        let orders = (Arc::clone(&desk), Arc::clone(&issuer), switch.clone());
        let control = Control::start(bind, token, orders.0, orders.1, Scale::SHORT, orders.2).await?;
        anstream::eprintln!("control    http://{}/control/state", control.address());
        anstream::eprintln!("Ctrl-C ends");
        let following = follow(Arc::new(provider), Arc::clone(&desk), Arc::clone(&issuer), zero);
        let watching = switch.watch(Arc::clone(&issuer), desk, zero, || {
            anstream::eprintln!("nobody is at the controls: everything is served as it is");
        });
        let (mut jwks, mut discovery) = (Tail::default(), Tail::default());
        let mut seen = Fetches::default();
        let mut stop = std::pin::pin!(stop);
        let mut looks = interval(LOOK);
        loop {
            let over = tokio::select! {
                _ = looks.tick() => false,
                _ = &mut stop => true,
            };
            for entry in jwks.over(issuer.jwks.log().since(jwks.0)) {
                seen.add(since(&entry, zero), &entry.headers);
                show("key set", &entry, zero);
            }
            for entry in discovery.over(issuer.discovery.log().since(discovery.0)) {
                show("discovery", &entry, zero);
            }
            if over {
                break;
            }
        }
        following.abort();
        watching.abort();
        anstream::eprint!("{}", seen.text());
        Ok(())
    }
}

/// When the key set was fetched, by the `User-Agent` of who fetched it.
#[derive(Default)]
struct Fetches(BTreeMap<String, Vec<f64>>);

impl Fetches {
    fn add(&mut self, at: Duration, headers: &[String]) {
        let agent = headers.iter().find_map(|line| line.strip_prefix("user-agent: ")).unwrap_or("-");
        if !self.0.contains_key(agent) && self.0.len() >= AGENTS {
            return;
        }
        let times = self.0.entry(agent.to_owned()).or_default();
        if times.len() < TIMES {
            times.push(at.as_secs_f64());
        }
    }

    /// A line for each: how often, and how far apart.
    fn text(&self) -> String {
        let line = |(agent, times): (&String, &Vec<f64>)| {
            let mut gaps: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
            gaps.sort_by(f64::total_cmp);
            let between = match (gaps.first(), gaps.get(gaps.len() / 2), gaps.last()) {
                (Some(least), Some(median), Some(most)) => {
                    format!(", {least:.1} to {most:.1} s apart, {median:.1} s in the middle")
                }
                _ => String::new(),
            };
            format!("{} fetched the key set {} times{between}\n", visible(agent), times.len())
        };
        self.0.iter().map(line).collect()
    }
}

/// How many entries of a log were seen.
#[derive(Default)]
struct Tail(usize);

impl Tail {
    /// Those that are over, up to the first that is still open.
    fn over(&mut self, entries: Vec<FetchEntry>) -> Vec<FetchEntry> {
        let over: Vec<_> = entries.into_iter().take_while(|entry| entry.ended != FetchEnded::Open).collect();
        self.0 += over.len();
        over
    }
}

fn since(entry: &FetchEntry, zero: Instant) -> Duration {
    entry.at.saturating_duration_since(zero)
}

fn show(document: &str, entry: &FetchEntry, zero: Instant) {
    let at = since(entry, zero).as_secs_f64();
    let agent = entry.headers.iter().find_map(|line| line.strip_prefix("user-agent: ")).unwrap_or("-");
    let status = entry.status.map_or("-".to_owned(), |status| status.to_string());
    let faults = if entry.faults.is_empty() { String::new() } else { format!("  [{}]", entry.faults.join(", ")) };
    anstream::eprintln!("{at:>9.1}s  {document:<9}  {status}  {}{faults}", visible(agent));
}
