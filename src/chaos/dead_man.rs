//! The dead man's switch in front of a real identity provider: whoever changes what it serves must go on saying that he is
//! there. When he no longer does, everything is served as the provider has it.

use super::desk::Desk;
use crate::issuer::FaultyIssuer;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    task::JoinHandle,
    time::{Instant, interval},
};

/// How long nobody may say anything.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often we look.
const LOOK: Duration = Duration::from_millis(500);

/// When somebody last said that he is there. Clones are the same switch.
#[derive(Debug, Clone)]
pub struct DeadMan {
    last: Arc<Mutex<Instant>>,
    patience: Duration,
}

impl Default for DeadMan {
    fn default() -> DeadMan {
        DeadMan::patient(PATIENCE)
    }
}

impl DeadMan {
    fn patient(patience: Duration) -> DeadMan {
        DeadMan { last: Arc::new(Mutex::new(Instant::now())), patience }
    }

    /// Says that somebody is there.
    pub fn beat(&self) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    fn is_over(&self) -> bool {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).elapsed() >= self.patience
    }

    /// Watches until the task is aborted. `released` hears that something was changed and now is no more.
    pub fn watch(
        &self,
        issuer: Arc<FaultyIssuer>,
        desk: Arc<Mutex<Desk>>,
        zero: std::time::Instant,
        released: impl Fn() + Send + 'static,
    ) -> JoinHandle<()> {
        let switch = self.clone();
        tokio::spawn(async move {
            let mut looks = interval(LOOK);
            loop {
                looks.tick().await;
                if switch.is_over() && release(&issuer, &desk, zero.elapsed()) {
                    released();
                }
            }
        })
    }
}

/// Serves everything as the provider has it; whether anything was changed.
fn release(issuer: &FaultyIssuer, desk: &Mutex<Desk>, at: Duration) -> bool {
    let mut changed = false;
    for endpoint in [&issuer.jwks, &issuer.discovery] {
        changed |= !endpoint.faults().is_empty();
        endpoint.heal();
    }
    let mut desk = desk.lock().unwrap_or_else(PoisonError::into_inner);
    changed |= desk.show_all(issuer, at);
    if changed {
        desk.troubles.insert("nobody was at the controls for ten seconds: everything is served as it is".into());
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        chaos::News,
        issuer::{FaultyDocuments, FaultyOptions, Options},
        model::chaos::{Action, Fault, FaultRule, Scale},
    };

    #[tokio::test]
    async fn what_nobody_holds_any_more_is_as_the_provider_has_it() {
        let options = FaultyOptions { base: Options::default(), jwks_port: 0, seed: 1 };
        let issuer = FaultyIssuer::start(&options, FaultyDocuments::without_keys(Vec::new())).await.unwrap();
        let set = br#"{"keys":[{"kty":"EC","kid":"a"}]}"#.to_vec();
        let news = News { set: Some(set.clone()), ..News::default() };
        let mut desk = Desk::in_front_of(&news, None, &issuer);
        desk.apply(&Action::Unpublish("a".into()), &issuer, Duration::ZERO).unwrap();
        issuer.jwks.begin(FaultRule::always(Fault::Freeze), Scale::SHORT.symbols());
        let (issuer, desk) = (Arc::new(issuer), Arc::new(Mutex::new(desk)));
        let watch = |patience| {
            let (says, heard) = tokio::sync::mpsc::unbounded_channel();
            let switch = DeadMan::patient(patience);
            let watching = switch.watch(Arc::clone(&issuer), Arc::clone(&desk), std::time::Instant::now(), move || {
                says.send(()).unwrap();
            });
            (watching, heard)
        };
        let (patient, mut unheard) = watch(Duration::from_secs(3600));
        tokio::time::sleep(LOOK * 2).await;
        assert_eq!((issuer.jwks.faults().len(), unheard.try_recv().is_err()), (1, true), "somebody is there");
        patient.abort();

        let (watching, mut heard) = watch(Duration::ZERO);
        tokio::time::timeout(Duration::from_secs(30), heard.recv()).await.unwrap().unwrap();
        assert_eq!((issuer.jwks.faults().len(), issuer.jwks.stock().now().to_vec()), (0, set));
        tokio::time::sleep(LOOK * 3).await;
        assert!(heard.try_recv().is_err(), "it is said once");
        watching.abort();
    }
}
