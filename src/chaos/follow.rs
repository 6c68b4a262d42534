//! Follows a real identity provider that we stand in front of: its keys and its tokens, as they change.

use super::{desk::Desk, their_keys::News};
use crate::issuer::FaultyIssuer;
use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};
use tokio::task::JoinHandle;

/// Brings what a provider publishes and signs.
pub trait Provider: Send + Sync {
    /// Waits as long as its protection wants, then asks.
    fn news(&self) -> Pin<Box<dyn Future<Output = News> + Send + '_>>;
}

/// Keeps a desk up to date until the task is aborted.
pub fn follow(
    provider: Arc<dyn Provider>,
    desk: Arc<Mutex<Desk>>,
    issuer: Arc<FaultyIssuer>,
    zero: Instant,
) -> JoinHandle<()> {
    tokio::spawn(async move {
        loop {
            let news = provider.news().await;
            desk.lock().unwrap_or_else(PoisonError::into_inner).learn(&news, &issuer, zero.elapsed());
        }
    })
}
