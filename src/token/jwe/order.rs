//! What is wanted of one encryption: the names, and the damage that is worked into it.

use crate::model::{
    ContentEncryption, KeyManagement, Slot,
    jwe::{CbcPadding, EphemeralKey, JweDamage, RsaBlock},
};

/// One encryption.
#[derive(Clone, Copy)]
pub(super) struct Order<'a> {
    pub alg: KeyManagement,
    pub enc: ContentEncryption,
    pub damage: &'a [JweDamage],
}

impl Order<'_> {
    /// The last damage of a kind. Its parameter has its value by now: `settled` has looked.
    fn find<T: Copy>(&self, pick: impl Fn(&JweDamage) -> Option<&Slot<T>>) -> Option<T> {
        self.damage.iter().rev().find_map(|damage| pick(damage)?.value().copied())
    }

    pub fn content_key_bytes(&self) -> Option<usize> {
        let bytes = self.find(|damage| match damage {
            JweDamage::ContentKeyBytes { bytes } => Some(bytes),
            _ => None,
        });
        bytes.map(|bytes| bytes as usize)
    }

    pub fn rsa_block(&self) -> Option<RsaBlock> {
        self.find(|damage| match damage {
            JweDamage::RsaBlock { block } => Some(block),
            _ => None,
        })
    }

    pub fn cbc_padding(&self) -> Option<CbcPadding> {
        self.find(|damage| match damage {
            JweDamage::CbcPadding { padding } => Some(padding),
            _ => None,
        })
    }

    pub fn ephemeral_key(&self) -> Option<EphemeralKey> {
        self.find(|damage| match damage {
            JweDamage::EphemeralKey { key } => Some(key),
            _ => None,
        })
    }

    pub fn salt_bytes(&self) -> Option<usize> {
        let bytes = self.find(|damage| match damage {
            JweDamage::SaltBytes { bytes } => Some(bytes),
            _ => None,
        });
        bytes.map(|bytes| bytes as usize)
    }
}
