//! What may be aimed at: loopback, and what the target file lists.

use super::error::TargetError;
use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};
use url::{Host, Url};

/// The longest wait for the resolver.
const RESOLVE: Duration = Duration::from_secs(10);

/// A place that may be aimed at. Requests go to these addresses and no others, so that a name which later stands for
/// something else leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Aim {
    /// The host as the URL names it, without brackets.
    pub(super) host: String,
    /// What it stands for.
    pub(super) addresses: Vec<SocketAddr>,
    /// Whether all of them are on this machine.
    pub(super) loopback: bool,
}

/// Reads an address and checks that it may be aimed at.
pub(super) async fn check(place: &'static str, text: &str, allowed: &[String]) -> Result<(Url, Aim), TargetError> {
    let refuse = |because: &str| TargetError::Url { place, text: text.to_owned(), because: because.to_owned() };
    let url = Url::parse(text).map_err(|error| refuse(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(refuse("the scheme is neither http nor https"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refuse("passwords belong into `headers`, as ${env:NAME}"));
    }
    let entries = allowed.iter().map(|entry| Entry::parse(entry)).collect::<Result<Vec<_>, _>>()?;
    let port = url.port_or_known_default().unwrap_or(80);
    let aim = resolve(&url, port).await?;
    if aim.loopback || is_allowed(&aim, &entries) {
        return Ok((url, aim));
    }
    let addresses: Vec<String> = aim.addresses.iter().map(|address| address.ip().to_string()).collect();
    let named = aim.host.parse::<IpAddr>().is_err();
    Err(TargetError::NotAllowed { host: aim.host, addresses: if named { addresses.join(", ") } else { String::new() } })
}

async fn resolve(url: &Url, port: u16) -> Result<Aim, TargetError> {
    let (host, ips) = match url.host() {
        Some(Host::Ipv4(ip)) => (ip.to_string(), vec![IpAddr::V4(ip)]),
        Some(Host::Ipv6(ip)) => (ip.to_string(), vec![IpAddr::V6(ip)]),
        // It always means this machine (RFC 6761 section 6.3), so the resolver is not asked.
        Some(Host::Domain("localhost")) => {
            ("localhost".into(), vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()])
        }
        Some(Host::Domain(name)) => (name.to_owned(), look_up(name, port).await?),
        None => (String::new(), Vec::new()),
    };
    // An IPv4 address in IPv6 clothes is judged by what it is.
    let loopback = !ips.is_empty() && ips.iter().all(|ip| ip.to_canonical().is_loopback());
    let addresses = ips.into_iter().map(|ip| SocketAddr::new(ip, port)).collect();
    Ok(Aim { host, addresses, loopback })
}

async fn look_up(name: &str, port: u16) -> Result<Vec<IpAddr>, TargetError> {
    let failed = |source| TargetError::Resolve { host: name.to_owned(), source };
    let found = tokio::time::timeout(RESOLVE, tokio::net::lookup_host((name, port)))
        .await
        .map_err(|_| failed(io::ErrorKind::TimedOut.into()))?
        .map_err(failed)?;
    let ips: Vec<IpAddr> = found.map(|address| address.ip()).collect();
    if ips.is_empty() { Err(failed(io::ErrorKind::NotFound.into())) } else { Ok(ips) }
}

/// One entry of `allow-hosts`.
#[derive(Debug, PartialEq, Eq)]
enum Entry {
    Name(String),
    Network { base: IpAddr, bits: u8 },
}

impl Entry {
    fn parse(text: &str) -> Result<Self, TargetError> {
        let refuse = || TargetError::AllowHost(text.to_owned());
        let trimmed = text.trim().trim_end_matches('.');
        if let Ok(base) = trimmed.trim_matches(['[', ']']).parse::<IpAddr>() {
            return Ok(Entry::Network { base, bits: width(base) });
        }
        if let Some((base, bits)) = trimmed.split_once('/') {
            let base: IpAddr = base.parse().map_err(|_| refuse())?;
            let bits: u8 = bits.parse().map_err(|_| refuse())?;
            return if bits <= width(base) { Ok(Entry::Network { base, bits }) } else { Err(refuse()) };
        }
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        if trimmed.is_empty() || !trimmed.bytes().all(plain) {
            return Err(refuse());
        }
        Ok(Entry::Name(trimmed.to_ascii_lowercase()))
    }

    fn covers(&self, ip: IpAddr) -> bool {
        let Entry::Network { base, bits } = self else { return false };
        let (Some(base), Some(ip)) = (number(*base, *bits), number(ip.to_canonical(), *bits)) else { return false };
        base == ip
    }
}

fn width(ip: IpAddr) -> u8 {
    if ip.is_ipv4() { 32 } else { 128 }
}

/// The first bits of an address with its family; `None` where it has fewer.
fn number(ip: IpAddr, bits: u8) -> Option<(bool, u128)> {
    let value = match ip {
        IpAddr::V4(ip) => u128::from(ip.to_bits()),
        IpAddr::V6(ip) => ip.to_bits(),
    };
    let cut = width(ip).checked_sub(bits)?;
    Some((ip.is_ipv4(), value.checked_shr(u32::from(cut)).unwrap_or(0)))
}

/// Listed by its exact name, or every address within a listed network.
fn is_allowed(aim: &Aim, entries: &[Entry]) -> bool {
    let host = aim.host.trim_end_matches('.').to_ascii_lowercase();
    let by_name = entries.iter().any(|entry| matches!(entry, Entry::Name(name) if *name == host));
    let covered = |address: &SocketAddr| entries.iter().any(|entry| entry.covers(address.ip()));
    by_name || (!aim.addresses.is_empty() && aim.addresses.iter().all(covered))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn loopback(url: &str, allowed: &[&str]) -> Result<bool, TargetError> {
        let allowed: Vec<String> = allowed.iter().map(|entry| (*entry).to_owned()).collect();
        check("url", url, &allowed).await.map(|(_, aim)| aim.loopback)
    }

    #[tokio::test]
    async fn loopback_needs_no_entry() {
        for url in ["http://127.0.0.1:1/", "http://127.9.9.9/", "http://localhost/", "https://[::1]:8443/x"] {
            assert!(loopback(url, &[]).await.unwrap(), "{url}");
        }
        assert!(loopback("http://[::ffff:127.0.0.1]/", &[]).await.unwrap());
        // Spellings of an address that a naive check would take for something else.
        assert!(loopback("http://0x7f000001/", &[]).await.unwrap());
    }

    #[tokio::test]
    async fn other_hosts_are_refused_with_the_line_to_add() {
        let error = loopback("http://192.0.2.7/", &["192.0.3.0/24", "orders.example"]).await.unwrap_err();
        assert_eq!(error.to_string(), "wanted a loopback address or a listed host, found `192.0.2.7`");
        let help = miette::Diagnostic::help(&error).unwrap().to_string();
        assert!(help.ends_with("[guard]\nallow-hosts = [\"192.0.2.7\"]"), "{help}");
        for url in ["http://0.0.0.0/", "http://10.0.0.1/", "http://[fe80::1]/", "http://[::ffff:10.0.0.1]/"] {
            assert!(matches!(loopback(url, &[]).await, Err(TargetError::NotAllowed { .. })), "{url}");
        }
    }

    #[tokio::test]
    async fn listed_addresses_and_networks_are_allowed_but_not_loopback() {
        for (url, entry) in [
            ("http://192.0.2.7/", "192.0.2.7"),
            ("http://192.0.2.7/", "192.0.2.0/24"),
            ("http://192.0.2.7/", "0.0.0.0/0"),
            ("http://[2001:db8::9]/", "2001:db8::/32"),
            ("http://[::ffff:192.0.2.7]/", "192.0.2.0/24"),
        ] {
            assert!(!loopback(url, &[entry]).await.unwrap(), "{url} {entry}");
        }
        assert!(loopback("http://192.0.2.7/", &["::/0"]).await.is_err());
    }

    #[test]
    fn a_listed_name_allows_whatever_it_stands_for() {
        let aim =
            Aim { host: "Orders.example.".into(), addresses: vec!["192.0.2.7:80".parse().unwrap()], loopback: false };
        assert!(is_allowed(&aim, &[Entry::parse("orders.EXAMPLE").unwrap()]));
        assert!(!is_allowed(&aim, &[Entry::parse("example").unwrap()]));
        // One address outside the network is enough to refuse.
        let both = vec!["192.0.2.7:80".parse().unwrap(), "198.51.100.1:80".parse().unwrap()];
        let aim = Aim { addresses: both, ..aim };
        assert!(!is_allowed(&aim, &[Entry::parse("192.0.2.0/24").unwrap()]));
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_refused() {
        for entry in ["10.0.0.0/33", "::/129", "*.example", "http://a", "a:80", ""] {
            assert!(matches!(loopback("http://127.0.0.1/", &[entry]).await, Err(TargetError::AllowHost(_))), "{entry}");
        }
        for url in ["", "127.0.0.1", "ftp://127.0.0.1/", "http://u:p@127.0.0.1/"] {
            assert!(matches!(loopback(url, &[]).await, Err(TargetError::Url { .. })), "{url}");
        }
    }
}
