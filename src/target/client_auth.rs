//! How we say who we are to an introspection endpoint (RFC 7662 section 2.1).

use super::{error::TargetError, placeholders::Facts};
use crate::model::{Alg, transport::ClientAuth};
use base64::{Engine, engine::general_purpose::STANDARD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::json;
use std::{
    fs,
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};
use url::form_urlencoded;

/// The grant that `client_assertion_type` names (RFC 7523 section 2.2).
const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// An assertion lives this long: it is used at once.
const LIFETIME: u64 = 60;

/// What goes into every request.
#[derive(Default)]
pub(super) struct Credentials {
    /// The value of `Authorization`.
    pub authorization: Option<String>,
    /// Parameters of the form.
    pub form: Vec<(String, String)>,
    /// Makes a further parameter for each request.
    pub assertion: Option<Assertion>,
}

impl Credentials {
    /// Reads them; `place` is where they are written, and `endpoint` the address that assertions are for.
    ///
    /// # Errors
    /// A variable that is not set, or a key that cannot be read.
    pub fn new(
        place: &str,
        auth: Option<&ClientAuth>,
        folder: &Path,
        endpoint: &str,
        facts: &mut Facts,
    ) -> Result<Credentials, TargetError> {
        let mut secret = |field: &str, name: &str| facts.fill(&format!("{place}.{field}"), &format!("${{env:{name}}}"));
        Ok(match auth {
            None => Credentials::default(),
            Some(ClientAuth::Basic { user, password_env }) => {
                let password = secret("basic.password-env", password_env)?;
                // RFC 6749 section 2.3.1: both are form-encoded first.
                let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
                let pair = STANDARD.encode(format!("{}:{}", encode(user), encode(&password)));
                Credentials { authorization: Some(format!("Basic {pair}")), ..Credentials::default() }
            }
            Some(ClientAuth::Post { client_id, secret_env }) => {
                let secret = secret("post.secret-env", secret_env)?;
                let form = vec![("client_id".into(), client_id.clone()), ("client_secret".into(), secret)];
                Credentials { form, ..Credentials::default() }
            }
            Some(ClientAuth::Bearer { token_env }) => {
                let token = secret("bearer.token-env", token_env)?;
                Credentials { authorization: Some(format!("Bearer {token}")), ..Credentials::default() }
            }
            Some(ClientAuth::PrivateKeyJwt { client_id, key, alg, kid, audience }) => {
                let path = folder.join(key);
                let failed = |because: String| TargetError::ClientKey { path: path.clone(), because };
                let pem = fs::read(&path).map_err(|error| failed(error.to_string()))?;
                let (alg, key) = signing_key(*alg, &pem).map_err(failed)?;
                let mut header = Header::new(alg);
                header.kid.clone_from(kid);
                let form =
                    vec![("client_id".into(), client_id.clone()), ("client_assertion_type".into(), ASSERTION.into())];
                let assertion = Assertion {
                    client_id: client_id.clone(),
                    audience: audience.clone().unwrap_or_else(|| endpoint.to_owned()),
                    header,
                    key,
                    made: AtomicU64::new(0),
                };
                // Tried once now, so that later ones need no care.
                jsonwebtoken::encode(&assertion.header, &json!({}), &assertion.key)
                    .map_err(|error| failed(error.to_string()))?;
                Credentials { authorization: None, form, assertion: Some(assertion) }
            }
        })
    }
}

fn signing_key(alg: Alg, pem: &[u8]) -> Result<(Algorithm, EncodingKey), String> {
    let algorithm: Algorithm = alg.name().parse().map_err(|_| format!("{alg} cannot sign an assertion here"))?;
    let key = match algorithm {
        Algorithm::RS256
        | Algorithm::RS384
        | Algorithm::RS512
        | Algorithm::PS256
        | Algorithm::PS384
        | Algorithm::PS512 => EncodingKey::from_rsa_pem(pem),
        Algorithm::ES256 | Algorithm::ES384 => EncodingKey::from_ec_pem(pem),
        Algorithm::EdDSA => EncodingKey::from_ed_pem(pem),
        _ => return Err(format!("{alg} has no private key")),
    };
    key.map(|key| (algorithm, key)).map_err(|error| error.to_string())
}

/// Makes assertions, a fresh one for each request: their `jti` may be used once.
pub(super) struct Assertion {
    client_id: String,
    audience: String,
    header: Header,
    key: EncodingKey,
    made: AtomicU64,
}

impl Assertion {
    /// The next one.
    pub fn make(&self) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let count = self.made.fetch_add(1, Ordering::Relaxed);
        let claims = json!({
            "iss": self.client_id, "sub": self.client_id, "aud": self.audience,
            "iat": now.as_secs(), "exp": now.as_secs() + LIFETIME,
            "jti": format!("{}-{}-{count}", std::process::id(), now.as_nanos()),
        });
        // The key was tried when it was read.
        jsonwebtoken::encode(&self.header, &claims, &self.key).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::testing;
    use jsonwebtoken::{DecodingKey, Validation};
    use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256};

    fn credentials(auth: &ClientAuth, folder: &Path) -> Result<Credentials, TargetError> {
        let mut facts = Facts::new(&testing::world(), &testing::trust(), None);
        Credentials::new(
            "transport.introspection.auth",
            Some(auth),
            folder,
            "https://as.example/introspect",
            &mut facts,
        )
    }

    #[test]
    fn secrets_come_from_the_environment() {
        let path = std::env::var("PATH").unwrap();
        let here = Path::new(".");
        let basic = ClientAuth::Basic { user: "a b".into(), password_env: "PATH".into() };
        let value = credentials(&basic, here).unwrap().authorization.unwrap();
        let pair = STANDARD.decode(value.strip_prefix("Basic ").unwrap()).unwrap();
        let encoded: String = form_urlencoded::byte_serialize(path.as_bytes()).collect();
        assert_eq!(String::from_utf8(pair).unwrap(), format!("a+b:{encoded}"));
        let bearer = ClientAuth::Bearer { token_env: "PATH".into() };
        assert_eq!(credentials(&bearer, here).unwrap().authorization.unwrap(), format!("Bearer {path}"));
        let post = ClientAuth::Post { client_id: "c".into(), secret_env: "PATH".into() };
        let form = credentials(&post, here).unwrap().form;
        assert_eq!(form, [("client_id".into(), "c".into()), ("client_secret".to_owned(), path)]);
        let missing = ClientAuth::Bearer { token_env: "GAUNTLET_NO_SUCH_VARIABLE".into() };
        let error = credentials(&missing, here).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains("transport.introspection.auth.bearer.token-env"), "{error}");
    }

    #[test]
    fn each_assertion_is_fresh_and_signed_by_the_clients_key() {
        let folder = std::env::temp_dir().join(format!("gauntlet-client-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        fs::write(folder.join("client.pem"), pair.serialize_pem()).unwrap();
        let auth = |alg, key: &str| ClientAuth::PrivateKeyJwt {
            client_id: "orders".into(),
            key: key.into(),
            alg,
            kid: Some("k1".into()),
            audience: None,
        };
        let assertion = credentials(&auth(Alg::Es256, "client.pem"), &folder).unwrap().assertion.unwrap();
        let (one, other) = (assertion.make(), assertion.make());
        assert_ne!(one, other);
        let mut wanted = Validation::new(Algorithm::ES256);
        wanted.set_audience(&["https://as.example/introspect"]);
        let key = DecodingKey::from_ec_pem(pair.public_key_pem().as_bytes()).unwrap();
        let read = jsonwebtoken::decode::<serde_json::Value>(&one, &key, &wanted).unwrap();
        assert_eq!((&read.claims["iss"], &read.claims["sub"]), (&json!("orders"), &json!("orders")));
        assert_eq!(read.header.kid.as_deref(), Some("k1"));
        for (alg, key, says) in [
            (Alg::Es256, "missing.pem", "missing.pem"),
            (Alg::Rs256, "client.pem", "client.pem"),
            (Alg::Hs256, "client.pem", "HS256 has no private key"),
        ] {
            let error = credentials(&auth(alg, key), &folder).map(|_| ()).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
        fs::remove_dir_all(&folder).unwrap();
    }
}
