//! A certificate authority made for one run, and the certificate that it gives our listener.

use super::error::IssuerError;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use std::{net::IpAddr, sync::Arc};

/// How long certificates hold; strict clients refuse more than 825 days.
const DAYS: i64 = 30;

/// What a listener needs, and what a target must trust.
pub(super) struct Identity {
    pub(super) server: Arc<ServerConfig>,
    /// The authority's certificate.
    pub(super) ca_pem: String,
}

/// Makes an authority and a certificate for loopback, the address that is bound, and the public host.
pub(super) fn make(bind: IpAddr, host: &str) -> Result<Identity, IssuerError> {
    let (chain, key, ca_pem) =
        issue(bind, host).map_err(|source| IssuerError::Certificate { host: host.to_owned(), source })?;
    let mut server = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    server.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Identity { server: Arc::new(server), ca_pem })
}

type Chain = (Vec<rustls::pki_types::CertificateDer<'static>>, PrivateKeyDer<'static>, String);

fn issue(bind: IpAddr, host: &str) -> Result<Chain, rcgen::Error> {
    let mut authority = params(Vec::new(), "gauntlet test authority")?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let authority_key = KeyPair::generate()?;
    let certificate = authority.self_signed(&authority_key)?;

    let mut names = vec!["127.0.0.1".to_owned(), "::1".to_owned(), "localhost".to_owned()];
    for name in [bind.to_string(), host.to_owned()] {
        if !names.contains(&name) && name != "0.0.0.0" && name != "::" {
            names.push(name);
        }
    }
    let mut leaf = params(names, "gauntlet test issuer")?;
    leaf.use_authority_key_identifier_extension = true;
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let leaf_key = KeyPair::generate()?;
    let signed = leaf.signed_by(&leaf_key, &Issuer::new(authority, authority_key))?;
    let key = PrivatePkcs8KeyDer::from(leaf_key.serialize_der());
    Ok((vec![signed.der().clone()], key.into(), certificate.pem()))
}

fn params(names: Vec<String>, common_name: &str) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, common_name);
    // A day back, for targets whose clock lags.
    let (year, month, day) = date(-1);
    params.not_before = date_time_ymd(year, month, day);
    let (year, month, day) = date(DAYS);
    params.not_after = date_time_ymd(year, month, day);
    Ok(params)
}

/// Year, month and day, so many days from today.
fn date(days_away: i64) -> (i32, u8, u8) {
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let date = today.saturating_add(jiff::Span::new().days(days_away));
    (date.year().into(), date.month().unsigned_abs(), date.day().unsigned_abs())
}
