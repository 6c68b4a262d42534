//! Bytes out: keys, key sets, and the forge that mints good tokens and damaged ones.
//!
//! CPU only: no files, no sockets, no clock. The same recipe, keys, time and nonce give the same signing input.

mod anatomy;
mod compact;
mod draft;
mod error;
mod forge;
mod hygiene;
mod issuer_key;
mod jwe;
mod jwk;
mod key;
mod keyring;
pub mod keywrap;
mod lent;
mod members;
mod mutate;
mod pki;
mod private;
mod public;
pub(crate) mod raw;
mod recover;
mod reshape;
mod respell;
mod sample;
mod scheme;
mod second;
mod served;
mod special;
mod spelling;
mod template;
#[cfg(test)]
pub(crate) mod testing;
mod verifying;

pub use anatomy::evidence;
pub use compact::{decode_segment, encode_segment};
pub use error::ForgeError;
pub use forge::{Forge, LIFETIME, Setting, Token};
pub use hygiene::hygiene;
pub use issuer_key::{KnownBy, ring_of_issuer};
pub use jwe::{JweParts, RecipientKey, private_jwks};
pub use key::{Key, RsaBits};
pub use keyring::KeyRing;
pub use lent::LentForm;
pub use members::unambiguous_members;
pub use public::public_form;
pub use reshape::reshape;
pub use sample::{SampleToken, Samples};
pub use template::Template;

#[cfg(test)]
mod tests;
