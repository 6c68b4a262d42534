//! `gauntlet serve`.

use super::{
    Ended,
    shared::{Issuer, Suite, fresh_seed, runtime, told_to_stop},
};
use crate::{
    builtin::{Flaw, Pace, Reach, Server, Yardstick},
    chaos::{Control, DeadMan},
    issuer::{Documents, FaultyOptions, Testbed},
    model::{Alg, ContentEncryption, Period, TrustConfig, access::AccessRules, chaos::Scale, target::Decryption},
    run::{BUILTIN_ALGORITHMS, BUILTIN_DECRYPTS, ExitCode, RunError, StopReason, decryption, serve_faulty},
    suite::Catalog,
    token::{Forge, KeyRing, Setting},
};
use clap::Args;
use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex},
};
use tokio::io::{AsyncBufReadExt, BufReader};

/// Run the issuer alone, or a built-in validator beside it
///
/// Prints a good token at the start and another one for each line on stdin, so that `curl` can try a target by hand.
#[derive(Debug, Args)]
pub(super) struct Serve {
    #[command(flatten)]
    issuer: Issuer,
    #[command(flatten)]
    suite: Suite,
    /// Also start the built-in validator: strict, or with one flaw
    #[arg(long, value_name = "FLAW", num_args = 0..=1, default_missing_value = "strict")]
    validator: Option<String>,
    /// Also take orders to change keys and to misbehave, on this port (0 lets the system choose); off loopback a token in
    /// GAUNTLET_CONTROL_TOKEN is wanted
    #[arg(long, value_name = "PORT", num_args = 0..=1, default_missing_value = "0")]
    control: Option<u16>,
    /// Instead of all that: a server that takes whatever looks like a token, at once or at a pace such as 5000/s or
    /// stall=200ms/1s, to measure load generators with
    #[arg(long, value_name = "PACE", num_args = 0..=1, default_missing_value = "")]
    yardstick: Option<Pace>,
    /// The aud of good tokens
    #[arg(long, value_name = "AUD", default_value = "https://orders.example")]
    audience: String,
    /// The algorithms to hold keys for; the first one signs
    #[arg(long, value_name = "ALGS", value_delimiter = ',', default_values_t = [Alg::Rs256, Alg::Es256, Alg::EdDsa])]
    algorithms: Vec<Alg>,
}

impl Serve {
    pub fn execute(self) -> Ended {
        if let Some(pace) = self.yardstick {
            let server = Yardstick::start(pace, self.issuer.port).map_err(RunError::from)?;
            let runtime = runtime()?;
            let inside = runtime.enter();
            let stop = told_to_stop();
            drop(inside);
            anstream::eprintln!("yardstick  {}", server.url());
            anstream::eprintln!("Ctrl-C ends");
            runtime.block_on(stop);
            server.stop();
            return Ok(ExitCode::Ok);
        }
        let flaw = match self.validator.as_deref() {
            None | Some("strict") => None,
            Some(name) => Some(name.parse::<Flaw>().map_err(|_| {
                super::shared::usage(format!("no flaw is called {name:?}"), "`gauntlet list flaws` shows them")
            })?),
        };
        let catalog = self.suite.load()?;
        let runtime = runtime()?;
        let ended = match self.control {
            Some(port) => runtime.block_on(self.serve_on_orders(port, flaw, catalog)),
            None => runtime.block_on(self.serve(flaw, &catalog)),
        };
        // A thread still waits for a line on stdin; an orderly end would wait for that line too.
        runtime.shutdown_background();
        ended?;
        Ok(ExitCode::Ok)
    }

    /// The issuer whose keys and faults are somebody else's to order.
    async fn serve_on_orders(&self, port: u16, flaw: Option<Flaw>, catalog: Catalog) -> Result<(), RunError> {
        let options = FaultyOptions { base: self.issuer.options(), jwks_port: 0, seed: fresh_seed() };
        let (issuer, desk, trust) = serve_faulty(&self.algorithms, &self.audience, catalog, options).await?;
        let reach = Reach { ca: issuer.world().issuer_ca.clone().map(PathBuf::from), discovery: None };
        let server = match self.validator {
            Some(_) => Some(Server::start_caching(flaw, &trust, &Scale::SHORT, &reach).await?),
            None => None,
        };
        let token = std::env::var("GAUNTLET_CONTROL_TOKEN").ok().filter(|token| !token.is_empty());
        let bind = SocketAddr::new(self.issuer.bind, port);
        let desk = Arc::new(Mutex::new(desk));
        let control = Control::start(bind, token, desk, Arc::clone(&issuer), Scale::SHORT, DeadMan::default()).await?;
        // Before anything is said: whoever reads it may send a signal at once.
        let stop = told_to_stop();
        let world = issuer.world();
        anstream::eprintln!("issuer     {}", world.issuer);
        anstream::eprintln!("discovery  {}", world.discovery);
        anstream::eprintln!("key set    {}", world.jwks_uri);
        if let Some(ca) = &world.issuer_ca {
            anstream::eprintln!("authority  {ca}");
        }
        if let Some(server) = &server {
            anstream::eprintln!("validator  {}", server.url());
        }
        anstream::eprintln!("control    http://{}/control/state", control.address());
        anstream::eprintln!("Ctrl-C ends");
        stop.await;
        if let Some(server) = server {
            server.stop().await;
        }
        Ok(())
    }

    async fn serve(&self, flaw: Option<Flaw>, catalog: &Catalog) -> Result<(), RunError> {
        let algorithms = if self.validator.is_some() { BUILTIN_ALGORITHMS } else { &self.algorithms };
        let ring = KeyRing::generate(algorithms)?;
        let documents = Documents {
            jwks: ring.jwks(),
            second_jwks: ring.second_jwks()?,
            rogue_jwks: ring.rogue_jwks(),
            rogue_certificates: ring.rogue_certificates(),
            algorithms: algorithms.to_vec(),
            headers: std::collections::BTreeMap::new(),
        };
        let testbed = Testbed::start(&self.issuer.options(), documents).await?;
        let world = testbed.world().clone();
        let trust = TrustConfig {
            issuer: world.issuer.clone(),
            audience: self.audience.clone(),
            algorithms: algorithms.to_vec(),
            leeway: Period::from_secs(0),
            typ: "JWT".into(),
            jwks_uri: Some(world.jwks_uri.clone()),
            keys: ring.handed_over(),
            rules: AccessRules::default(),
            decryption: match self.validator {
                Some(_) => decryption(&ring, BUILTIN_DECRYPTS, ContentEncryption::ALL)?,
                None => Decryption::default(),
            },
            second: None,
        };
        let server = match self.validator {
            Some(_) => Some(Server::start(flaw, &trust).await?),
            None => None,
        };
        // Before anything is said: whoever reads it may send a signal at once.
        let stop = told_to_stop();
        anstream::eprintln!("issuer     {}", world.issuer);
        anstream::eprintln!("discovery  {}", world.discovery);
        anstream::eprintln!("key set    {}", world.jwks_uri);
        if let Some(ca) = &world.issuer_ca {
            anstream::eprintln!("authority  {ca}");
        }
        if let Some(server) = &server {
            anstream::eprintln!("validator  {}", server.url());
        }
        anstream::eprintln!("a line on stdin prints another token; Ctrl-C ends");
        let setting = Setting {
            world,
            issuer: trust.issuer.clone(),
            audience: trust.audience.clone(),
            typ: trust.typ.clone(),
            leeway: trust.leeway,
            encryption: trust.decryption.usual(),
            seed: fresh_seed(),
            rules: AccessRules::default(),
        };
        let forge = Forge::new(ring, setting);
        self.hand_out(&forge, catalog, stop).await?;
        if let Some(server) = server {
            server.stop().await;
        }
        testbed.stop().await;
        Ok(())
    }

    /// Tokens on stdout until Ctrl-C; the end of stdin does not end the server.
    async fn hand_out(
        &self,
        forge: &Forge,
        catalog: &Catalog,
        stop: impl Future<Output = StopReason>,
    ) -> Result<(), RunError> {
        let template = forge.template(&catalog.access_token(&std::collections::BTreeMap::new()))?;
        // One wait for all rounds: a signal between two of them must not be missed.
        let mut stop = std::pin::pin!(stop);
        let mut lines = BufReader::new(tokio::io::stdin()).lines();
        let mut open = true;
        for count in 0u64.. {
            let token = template.mint(jiff::Timestamp::now().as_second(), &format!("serve-{count:06}"))?;
            anstream::println!("{token}");
            loop {
                tokio::select! {
                    _ = &mut stop => return Ok(()),
                    line = lines.next_line(), if open => match line {
                        Ok(Some(_)) => break,
                        _ => open = false,
                    },
                }
            }
        }
        Ok(())
    }
}
