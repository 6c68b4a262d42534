//! A key set with many more keys than those that sign.

use super::{
    load_side::Side,
    refresh::{self, Taken},
};
use crate::model::keyset::KeySet;

impl Side {
    /// Publishes so many keys beside the trusted ones and brings them to the target; the error says why it has not taken
    /// them.
    pub(super) async fn publish(&mut self, more: u32) -> Result<(), String> {
        let spare = (0..more).map(|number| format!("spare-public-load-{number}"));
        let set = KeySet { members: std::iter::once("trusted".to_owned()).chain(spare).collect(), ..KeySet::default() };
        let Some(way) = self.stage.ways.any.clone() else {
            return Err("the target file does not say how another key set reaches the target: [jwks] refresh".into());
        };
        match refresh::bring(&mut self.stage, &self.bench, &set, &way, None).await? {
            Taken::Yes => Ok(()),
            Taken::Ignored(seen) => Err(format!("with {more} more keys a good token is refused: {}", seen.because)),
            Taken::Unseen(because) | Taken::Down(because) => Err(because),
        }
    }
}
