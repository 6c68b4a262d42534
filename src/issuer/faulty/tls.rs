//! Certificates that are right, and those that nobody should trust.

use super::stream::Stream;
use crate::{issuer::IssuerError, model::chaos::TlsFault};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
};
use std::{net::IpAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsAcceptor;

/// The longest wait for a client to finish its handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long certificates hold, in days; strict clients refuse more than 825.
const DAYS: i64 = 30;

/// Server set-ups, one for each kind of certificate.
pub struct TlsKit {
    good: Arc<ServerConfig>,
    expired: Arc<ServerConfig>,
    wrong_host: Arc<ServerConfig>,
    unknown_ca: Arc<ServerConfig>,
    incomplete: Arc<ServerConfig>,
    ca_pem: String,
}

impl std::fmt::Debug for TlsKit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TlsKit")
    }
}

/// An authority with the one in between that signs for it.
struct Authority {
    root_pem: String,
    between: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

impl TlsKit {
    /// Makes an authority for loopback, the address that is bound, and the public host.
    ///
    /// # Errors
    /// Certificates for such a name cannot be made.
    pub fn make(bind: IpAddr, host: &str) -> Result<TlsKit, IssuerError> {
        let failed = |source| IssuerError::Certificate { host: host.to_owned(), source };
        let mut names = vec!["127.0.0.1".to_owned(), "::1".to_owned(), "localhost".to_owned()];
        for name in [bind.to_string(), host.to_owned()] {
            if !names.contains(&name) && name != "0.0.0.0" && name != "::" {
                names.push(name);
            }
        }
        let ours = Authority::make("gauntlet test authority").map_err(failed)?;
        let stranger = Authority::make("gauntlet unknown authority").map_err(failed)?;
        let config = |authority: &Authority, names: &[String], from: i64, to: i64, whole: bool| {
            let (leaf, key) = authority.leaf(names, from, to).map_err(failed)?;
            let chain = if whole { vec![leaf, authority.between.clone()] } else { vec![leaf] };
            let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
                .with_safe_default_protocol_versions()?
                .with_no_client_auth()
                .with_single_cert(chain, key)?;
            config.alpn_protocols = vec![b"http/1.1".to_vec()];
            // A resumed session would hide that the certificate has changed.
            config.session_storage = Arc::new(rustls::server::NoServerSessionStorage {});
            config.send_tls13_tickets = 0;
            Ok::<_, IssuerError>(Arc::new(config))
        };
        Ok(TlsKit {
            good: config(&ours, &names, -1, DAYS, true)?,
            expired: config(&ours, &names, -DAYS, -1, true)?,
            wrong_host: config(&ours, &["another-host.invalid".to_owned()], -1, DAYS, true)?,
            unknown_ca: config(&stranger, &names, -1, DAYS, true)?,
            incomplete: config(&ours, &names, -1, DAYS, false)?,
            ca_pem: ours.root_pem,
        })
    }

    /// The certificate that clients must trust.
    #[must_use]
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        Arc::clone(&self.good).into()
    }

    /// Plays a peer that nobody should trust; `over` ends when the fault does. What comes out is the connection of a
    /// client that trusted it all the same.
    pub(super) async fn betray(
        &self,
        mut tcp: TcpStream,
        fault: TlsFault,
        over: impl Future<Output = ()>,
    ) -> Option<Stream> {
        let config = match fault {
            TlsFault::Expired => &self.expired,
            TlsFault::WrongHost => &self.wrong_host,
            TlsFault::UnknownCa => &self.unknown_ca,
            TlsFault::IncompleteChain => &self.incomplete,
            TlsFault::Plaintext => return Some(Stream::Plain(tcp)),
            TlsFault::Stall => {
                // The client may give up first.
                let mut rest = [0; 1024];
                let gone = async { while tcp.read(&mut rest).await.is_ok_and(|read| read > 0) {} };
                tokio::select! { () = gone => {}, () = over => {} }
                return None;
            }
            TlsFault::Alert => return finish(tcp, ALERT).await,
            TlsFault::OldVersion => return finish(tcp, SERVER_HELLO_TLS10).await,
        };
        let acceptor = TlsAcceptor::from(Arc::clone(config));
        let stream = timeout(HANDSHAKE, acceptor.accept(tcp)).await.ok()?.ok()?;
        Some(Stream::Tls(Box::new(stream)))
    }
}

/// Alert, TLS 1.2, two bytes: fatal, handshake_failure (RFC 5246 section 7.2).
const ALERT: &[u8] = &[0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x28];
/// ServerHello of TLS 1.0 (RFC 2246 section 7.4.1.3): random of zeros, no session, TLS_RSA_WITH_AES_128_CBC_SHA, no
/// compression.
const SERVER_HELLO_TLS10: &[u8] = &{
    let mut hello = [0; 47];
    let head = [0x16, 0x03, 0x01, 0x00, 0x2a, 0x02, 0x00, 0x00, 0x26, 0x03, 0x01];
    let mut place = 0;
    while place < head.len() {
        hello[place] = head[place];
        place += 1;
    }
    hello[45] = 0x2f;
    hello
};

/// Reads the client's first record, says the bytes, and closes.
async fn finish(mut tcp: TcpStream, bytes: &[u8]) -> Option<Stream> {
    let mut rest = [0; 4096];
    let talk = async {
        // Its first record, or a part of it: what is in it does not matter.
        let _ = tcp.read(&mut rest).await.ok()?;
        tcp.write_all(bytes).await.ok()?;
        tcp.shutdown().await.ok()?;
        while tcp.read(&mut rest).await.is_ok_and(|read| read > 0) {}
        Some(())
    };
    // Whether the client understood is its business.
    let _ = timeout(HANDSHAKE, talk).await;
    None
}

impl Authority {
    fn make(name: &str) -> Result<Authority, rcgen::Error> {
        let mut root = params(Vec::new(), name, -1, DAYS)?;
        root.is_ca = IsCa::Ca(BasicConstraints::Constrained(1));
        root.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let root_key = KeyPair::generate()?;
        let root_pem = root.self_signed(&root_key)?.pem();
        let mut between = params(Vec::new(), &format!("{name}, in between"), -1, DAYS)?;
        between.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        between.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        between.use_authority_key_identifier_extension = true;
        let between_key = KeyPair::generate()?;
        let signed = between.signed_by(&between_key, &Issuer::new(root, root_key))?.der().clone();
        Ok(Authority { root_pem, between: signed, issuer: Issuer::new(between, between_key) })
    }

    fn leaf(
        &self,
        names: &[String],
        from: i64,
        to: i64,
    ) -> Result<(CertificateDer<'static>, PrivateKeyDer<'static>), rcgen::Error> {
        let mut leaf = params(names.to_vec(), "gauntlet test issuer", from, to)?;
        leaf.use_authority_key_identifier_extension = true;
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate()?;
        let signed = leaf.signed_by(&key, &self.issuer)?.der().clone();
        Ok((signed, PrivatePkcs8KeyDer::from(key.serialize_der()).into()))
    }
}

fn params(names: Vec<String>, common_name: &str, from: i64, to: i64) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, common_name);
    let day = |away: i64| {
        let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
        let date = today.saturating_add(jiff::Span::new().days(away));
        rcgen::date_time_ymd(date.year().into(), date.month().unsigned_abs(), date.day().unsigned_abs())
    };
    params.not_before = day(from);
    params.not_after = day(to);
    Ok(params)
}
