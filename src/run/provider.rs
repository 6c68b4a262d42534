//! A real identity provider that we stand in front of: its documents, and tokens of its own.
//!
//! It is asked by our clock and never because somebody asked us, for each document and for a token at most once in ten
//! seconds, however many scenarios are played: a flood of requests ends with us.

use super::{error::RunError, lent, withheld::Withheld};
use crate::{
    chaos::{News, Provider},
    model::{
        credential::{Proxied, TokenSource},
        placeholder::{Unknown, as_text, fill_text},
    },
    target::obtain,
    token::{ForgeError, Samples},
};
use serde_json::{Map, Value};
use std::{
    path::{Path, PathBuf},
    pin::Pin,
    sync::Arc,
};
use tokio::{
    sync::Mutex,
    time::{Duration, Instant, sleep_until},
};

/// The least time between two requests for the same thing.
const PAUSE: Duration = Duration::from_secs(10);
/// Where the target file says it.
const PLACE: &str = "trust.keys.proxy.upstream";

/// A provider. Clones are the same one.
#[derive(Clone)]
pub struct RealProvider {
    /// Its `iss`.
    pub issuer: String,
    /// Its metadata, where it has some.
    pub metadata: Option<Map<String, Value>>,
    jwks_uri: String,
    allowed: Vec<String>,
    tokens: Option<Tokens>,
    state: Arc<Mutex<State>>,
}

#[derive(Clone)]
struct Tokens {
    source: TokenSource,
    folder: PathBuf,
    held: Arc<Samples>,
    withheld: Withheld,
}

struct State {
    set: Vec<u8>,
    asked: Instant,
    trouble: Option<String>,
}

impl RealProvider {
    /// Finds the key set behind an address: of an issuer, of its metadata, or of the key set itself. Hosts beyond loopback
    /// must be in `allowed`.
    ///
    /// # Errors
    /// It may not be asked, does not answer, or there is no key set.
    pub async fn find(upstream: &str, allowed: &[String]) -> Result<RealProvider, RunError> {
        let nowhere = Path::new(".");
        let fetch = async |at: &str| obtain::document(PLACE, at, nowhere, allowed).await;
        let base = upstream.trim_end_matches('/');
        let well_known = if base.contains("/.well-known/") {
            base.to_owned()
        } else {
            format!("{base}/.well-known/openid-configuration")
        };
        let metadata = fetch(&well_known).await.ok().and_then(|body| serde_json::from_slice(&body).ok());
        let metadata: Option<Map<String, Value>> = metadata;
        let text = |name: &str| metadata.as_ref().and_then(|metadata| Some(metadata.get(name)?.as_str()?.to_owned()));
        let jwks_uri = text("jwks_uri").unwrap_or_else(|| upstream.to_owned());
        // Metadata lead to the key set, and anybody's host they may name: but only where that is allowed.
        let set = fetch(&jwks_uri).await?;
        if !is_set(&set) {
            return Err(RunError::NoUpstream(upstream.to_owned()));
        }
        Ok(RealProvider {
            issuer: text("issuer").unwrap_or_default(),
            metadata,
            jwks_uri,
            allowed: allowed.to_vec(),
            tokens: None,
            state: Arc::new(Mutex::new(State { set, asked: Instant::now(), trouble: None })),
        })
    }

    /// The one that a target file names; `${env:NAME}` stands for a variable of the environment.
    ///
    /// # Errors
    /// As [`RealProvider::find`].
    pub(super) async fn named(proxied: &Proxied, allowed: &[String]) -> Result<RealProvider, RunError> {
        let variable = |name: &str| Some(Value::from(std::env::var(name.strip_prefix("env:")?).ok()?));
        let upstream = fill_text(&proxied.upstream, Unknown::Refuse, &variable).map_err(ForgeError::from)?;
        RealProvider::find(&as_text(&upstream), allowed).await
    }

    /// The same with good tokens.
    ///
    /// # Errors
    /// As [`RealProvider::find`], or there is no token.
    pub(super) async fn of_file(
        proxied: &Proxied,
        allowed: &[String],
        folder: &Path,
    ) -> Result<(RealProvider, Arc<Samples>, Withheld), RunError> {
        let provider = RealProvider::named(proxied, allowed).await?;
        let withheld = Withheld::default();
        let first = lent::tokens(&proxied.token, folder).await?;
        withheld.learn(&first);
        let held = Arc::new(Samples::new(first)?);
        let tokens = Tokens {
            source: proxied.token.clone(),
            folder: folder.to_owned(),
            held: Arc::clone(&held),
            withheld: withheld.clone(),
        };
        let issuer = match held.first()?.text_claim("iss") {
            empty if empty.is_empty() => provider.issuer.clone(),
            issuer => issuer,
        };
        Ok((RealProvider { tokens: Some(tokens), issuer, ..provider }, held, withheld))
    }

    /// The address of its key set.
    #[must_use]
    pub fn jwks_uri(&self) -> &str {
        &self.jwks_uri
    }

    /// What is known of it now, without asking.
    pub async fn present(&self) -> News {
        let state = self.state.lock().await;
        self.told(&state)
    }

    fn told(&self, state: &State) -> News {
        let tokens = self.tokens.as_ref().map_or_else(Vec::new, |tokens| tokens.held.all());
        News { set: Some(state.set.clone()), tokens, trouble: state.trouble.clone() }
    }

    async fn ask(&self, state: &mut State) {
        state.trouble = None;
        match obtain::document(PLACE, &self.jwks_uri, Path::new("."), &self.allowed).await {
            Ok(set) if is_set(&set) => state.set = set,
            Ok(_) => {
                state.trouble = Some("the provider answered with what is no key set; its last one is served".into())
            }
            Err(error) => state.trouble = Some(format!("the provider's key set could not be had: {error}")),
        }
        if let Some(tokens) = &self.tokens
            && let TokenSource::Command(_) = tokens.source
        {
            match lent::tokens(&tokens.source, &tokens.folder).await {
                Ok(fresh) => {
                    tokens.withheld.learn(&fresh);
                    // A list that was read is not empty.
                    let _ = tokens.held.replace(fresh);
                }
                Err(error) => state.trouble = Some(format!("no fresh token: {error}")),
            }
        }
        // The pause begins when the last answer is there, so that no delay on the way can shorten it.
        state.asked = Instant::now();
    }
}

impl Provider for RealProvider {
    fn news(&self) -> Pin<Box<dyn Future<Output = News> + Send + '_>> {
        Box::pin(async move {
            let asked = self.state.lock().await.asked;
            sleep_until(asked + PAUSE).await;
            let mut state = self.state.lock().await;
            // Somebody else may have asked while we waited.
            if state.asked.elapsed() >= PAUSE {
                self.ask(&mut state).await;
            }
            self.told(&state)
        })
    }
}

fn is_set(body: &[u8]) -> bool {
    serde_json::from_slice::<Value>(body).is_ok_and(|set| set["keys"].is_array())
}
