//! Keys and tokens of the user's own, as the target file says where they are.

use super::{error::RunError, provider::RealProvider, withheld::Withheld};
use crate::{
    conformance::{Fetch, Renewal},
    model::{
        Alg, Capabilities, Capability, Recipe, Secret,
        credential::{KeyMaterial, Sample, StaticKey, TokenSource, Whereabouts},
        target::{KeySource, TargetFile},
    },
    target::{Target, obtain},
    token::{Key, KeyRing, KnownBy, LentForm, SampleToken, Samples, ring_of_issuer},
};
use std::{collections::BTreeMap, path::Path, sync::Arc};

/// Where the target file says it.
const TOKEN: &str = "trust.keys.sample.token";

/// What the user lends to us.
pub(super) struct Lent {
    /// His keys in the place of ours.
    pub ring: KeyRing,
    /// What they are for.
    pub algorithms: Vec<Alg>,
    /// His tokens, where that is all.
    pub samples: Option<Arc<Samples>>,
    /// How others are had when they run out.
    pub renewal: Option<Arc<Renewal>>,
    /// Whether tokens name their key.
    pub names_key: bool,
    /// What must not be shown.
    pub withheld: Withheld,
    /// The mode in a few words.
    pub mode: &'static str,
}

impl Lent {
    /// Reads it; `None` where the keys are ours. `now` is in seconds since the epoch.
    ///
    /// # Errors
    /// It cannot be had, or is not what it should be.
    pub async fn read(file: &TargetFile, folder: &Path, now: i64) -> Result<Option<Lent>, RunError> {
        match &file.trust.keys {
            KeySource::Static(key) => Lent::of_key(key, &file.trust.algorithms, folder).map(Some),
            KeySource::Sample(sample) => Lent::of_sample(sample, file, folder, now).await.map(Some),
            // Judging tokens one by one needs nobody in between: its tokens and its public keys are enough.
            KeySource::Proxy(proxied) => {
                let provider = RealProvider::named(proxied, &file.guard.allow_hosts).await?;
                let (token, jwks) = (proxied.token.clone(), Some(provider.jwks_uri().to_owned()));
                let sample = Sample { token, jwks, recover_key: false };
                Lent::of_sample(&sample, file, folder, now).await.map(Some)
            }
            KeySource::Discovery | KeySource::JwksUri | KeySource::Configure => Ok(None),
        }
    }

    fn of_key(lent: &StaticKey, algorithms: &[Alg], folder: &Path) -> Result<Lent, RunError> {
        let form = match lent.key {
            KeyMaterial::Jwk(_) => LentForm::Jwk,
            KeyMaterial::Pem(_) => LentForm::Pem,
            KeyMaterial::Secret(_) => LentForm::Secret,
            KeyMaterial::SecretBase64(_) => LentForm::SecretBase64,
        };
        let text = obtain::secret("trust.keys.static.key", lent.key.whereabouts(), folder)?;
        let read = |alg: &Alg| Ok((*alg, Key::from_lent(text.reveal(), form, *alg, lent.kid.as_deref())?));
        let keys = algorithms.iter().map(read).collect::<Result<Vec<_>, RunError>>()?;
        let names_key = keys.iter().all(|(_, key)| !key.kid().is_empty());
        Ok(Lent {
            ring: KeyRing::of_lent(keys, None)?,
            algorithms: algorithms.to_vec(),
            samples: None,
            renewal: None,
            names_key,
            withheld: Withheld::of_key(text.reveal()),
            mode: "with a key of yours",
        })
    }

    async fn of_sample(sample: &Sample, file: &TargetFile, folder: &Path, now: i64) -> Result<Lent, RunError> {
        let tokens = tokens(&sample.token, folder).await?;
        let published = match &sample.jwks {
            Some(at) => {
                let allowed = &file.guard.allow_hosts;
                Some(obtain::document("trust.keys.sample.jwks", at, folder, allowed).await?)
            }
            None => None,
        };
        let (withheld, samples) = (Withheld::default(), Samples::new(tokens)?);
        let (first, tokens) = (samples.first()?, samples.all());
        withheld.learn(&tokens);
        let (algorithms, names_key) = (vec![first.alg()], first.header("kid").is_some());
        // Working a key out of two tokens takes a while, and must not hold up everybody else.
        let patient = sample.recover_key;
        let worked = tokio::task::spawn_blocking(move || ring_of_issuer(&tokens, published.as_deref(), patient));
        let (ring, known) = worked.await.map_err(|error| RunError::Runtime(error.to_string()))??;
        let samples = Arc::new(samples);
        let fetch = fetch(&sample.token, folder, &withheld);
        Ok(Lent {
            ring,
            algorithms,
            renewal: Some(Arc::new(Renewal::new(Arc::clone(&samples), fetch, now))),
            samples: Some(samples),
            names_key,
            withheld,
            mode: match known {
                KnownBy::KeySet => "with a sample token and the issuer's public keys",
                KnownBy::TwoTokens => "with sample tokens, the public key worked out from two of them",
                KnownBy::Nothing => "with nothing but a sample token",
            },
        })
    }

    /// The sample in use.
    pub fn sample(&self) -> Option<Arc<SampleToken>> {
        self.samples.as_ref().and_then(|samples| samples.first().ok())
    }

    /// Ordinary tokens that do not name their key, where his do not.
    pub fn adapt(&self, recipes: &mut BTreeMap<String, Recipe>) {
        if !self.names_key {
            recipes.entry("access-token".into()).or_default().drop_header.push("kid".into());
        }
    }

    /// What cannot be shown with keys that are not ours. A target on this machine reaches our canary, as does one that
    /// is told of a public address.
    pub fn restrict(&self, provides: &mut Capabilities, target: &Target, is_public: bool) {
        for lost in [Capability::JwksRemote, Capability::JwksPhases, Capability::IssuersTwo] {
            provides.remove(&lost);
        }
        if is_public || target.is_on_this_machine() {
            provides.insert(Capability::ObserveOutbound);
        }
        if self.samples.is_some() {
            // Its times are not ours to set, and it is needed again.
            provides.remove(&Capability::ControlClock);
            provides.remove(&Capability::HookRevokeToken);
        }
    }
}

/// Good tokens from where they come from.
pub(super) async fn tokens(source: &TokenSource, folder: &Path) -> Result<Vec<SampleToken>, RunError> {
    let text = match source {
        TokenSource::Env(name) => {
            let text = obtain::secret(TOKEN, &Whereabouts::Env(name.clone()), folder)?;
            Secret::new(String::from_utf8_lossy(text.reveal()).into_owned())
        }
        TokenSource::Command(command) => Secret::new(obtain::printed_by(TOKEN, command, folder).await?),
    };
    Ok(SampleToken::read_all(text.reveal())?)
}

/// How other tokens are had; `None` where they cannot be.
fn fetch(source: &TokenSource, folder: &Path, withheld: &Withheld) -> Option<Fetch> {
    if let TokenSource::Env(_) = source {
        return None;
    }
    let (source, folder, withheld) = (source.clone(), folder.to_owned(), withheld.clone());
    Some(Box::new(move || {
        let (source, folder, withheld) = (source.clone(), folder.clone(), withheld.clone());
        Box::pin(async move {
            let fresh = tokens(&source, &folder).await.map_err(|error| error.to_string())?;
            withheld.learn(&fresh);
            Ok(fresh)
        })
    }))
}
