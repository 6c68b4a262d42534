//! Values that tests share.

use super::{Forge, KeyRing, Setting};
use crate::model::{Alg, ContentEncryption, KeyManagement, Period, Recipe, World, access::AccessRules};
use serde_json::json;

/// An issuer that nobody serves.
pub(crate) fn setting() -> Setting {
    Setting {
        world: World::unserved("https://issuer.example"),
        issuer: "https://issuer.example".into(),
        audience: "https://orders.example".into(),
        typ: "JWT".into(),
        leeway: Period::from_secs(0),
        encryption: (KeyManagement::Dir, ContentEncryption::A256Gcm),
        seed: 1,
        rules: AccessRules::default(),
    }
}

/// A forge of it with keys of these algorithms.
pub(crate) fn forge(algs: &[Alg]) -> Forge {
    Forge::new(KeyRing::generate(algs).unwrap(), setting())
}

/// The recipe of a token that it would give somebody.
pub(crate) fn good() -> Recipe {
    serde_json::from_value(json!({
        "header": { "typ": "${typ}", "alg": "${alg}", "kid": "${kid}" },
        "sign": { "key": "active" },
        "claims": {
            "iss": "${issuer}", "aud": "${audience}", "iat": "${now}", "exp": "${now + lifetime}", "jti": "${nonce}"
        },
    }))
    .unwrap()
}
