//! Which addresses callbacks may go to.
//!
//! A callback makes this machine call an address that a client chose. By default the addresses that never are an application's, and that
//! cloud machines give their secrets away on, are refused: link-local ones (169.254.0.0/16, fe80::/10) and the unspecified ones. Loopback
//! and private networks are allowed, because operators' applications live there; an operator whose clients are strangers denies them
//! (`[callback] deny`). What is fetched for clients, and what push initiators name, may not be in this machine's own network either, unless
//! it is allowed ([`AddressGuard::strict`]). What is checked is the address that is connected to, after the name was resolved, so that a name cannot change
//! its mind in between.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper_util::client::legacy::connect::dns::Name;
use ipnet::IpNet;
use url::{Host, Url};

/// Denied unless configured otherwise.
const DENIED: [&str; 5] = ["169.254.0.0/16", "fe80::/10", "0.0.0.0/8", "::/128", "fd00:ec2::254/128"];

/// This machine's own network: loopback, private, shared and site-local addresses (RFC 1918, 4193, 6598, 3879), and those that are nobody's
/// on the internet (RFC 6890): for protocols and benchmarks, of groups, reserved.
const PRIVATE: [&str; 13] = [
    "127.0.0.0/8",
    "::1/128",
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "100.64.0.0/10",
    "fc00::/7",
    "fec0::/10",
    "192.0.0.0/24",
    "198.18.0.0/15",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "ff00::/8",
];

/// Networks that callbacks may and may not go to. Allowed beats denied; what is in neither list is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressGuard {
    allow: Arc<[IpNet]>,
    deny: Arc<[IpNet]>,
}

impl Default for AddressGuard {
    fn default() -> AddressGuard {
        AddressGuard::new(&[], &[])
    }
}

impl AddressGuard {
    /// `allow` are exceptions from what is denied; `deny` adds to what is denied anyway.
    pub fn new(allow: &[IpNet], deny: &[IpNet]) -> AddressGuard {
        let always = DENIED.iter().filter_map(|n| n.parse().ok());
        AddressGuard { allow: allow.into(), deny: always.chain(deny.iter().copied()).collect() }
    }

    /// The same, and loopback and private networks are denied as well unless they are allowed: for addresses whose content is fetched and
    /// looked at, and for those that push initiators name, so that nobody looks into this machine's network through it.
    #[must_use]
    pub fn strict(&self) -> AddressGuard {
        let own = PRIVATE.iter().filter_map(|n| n.parse().ok());
        AddressGuard { allow: self.allow.clone(), deny: self.deny.iter().copied().chain(own).collect() }
    }

    /// Whether an address may be called: itself, and the IPv4 address that translators and tunnels would make of an IPv6 address.
    pub fn allows(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        let allowed = |ip: &IpAddr| self.allow.iter().any(|n| n.contains(ip));
        let denied = |ip: &IpAddr| self.deny.iter().any(|n| n.contains(ip));
        let carried = match ip {
            IpAddr::V4(_) => None,
            IpAddr::V6(ip) => carried(ip).map(IpAddr::V4),
        };
        allowed(&ip) || (!denied(&ip) && carried.is_none_or(|ip| allowed(&ip) || !denied(&ip)))
    }

    /// A callback's address: http or https, with a host, which is not an address that is denied. Names are looked up when they are called.
    ///
    /// # Errors
    /// With what is wrong.
    pub fn check_url(&self, url: &str) -> Result<Url, String> {
        let url = Url::parse(url).map_err(|e| format!("{url:?} is no URL: {e}"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!("{url} begins with neither http:// nor https://"));
        }
        let ip = match url.host() {
            Some(Host::Ipv4(ip)) => Some(IpAddr::V4(ip)),
            Some(Host::Ipv6(ip)) => Some(IpAddr::V6(ip)),
            Some(Host::Domain(_)) => None,
            None => return Err(format!("{url} has no host")),
        };
        match ip {
            Some(ip) if !self.allows(ip) => Err(denied(ip)),
            _ => Ok(url),
        }
    }
}

/// The IPv4 address inside an IPv6 address: of NAT64 (RFC 6052, 8215), 6to4 (RFC 3056), Teredo (RFC 4380), and of the old form `::a.b.c.d`.
fn carried(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let v4 = |high: u16, low: u16| Some(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)));
    match ip.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x64, 0xff9b, 1, _, _, _, high, low] => v4(high, low),
        [0x2002, high, low, ..] => v4(high, low),
        [0x2001, 0, .., high, low] => v4(!high, !low),
        // Not `::` and `::1`, which are what they are.
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 => v4(high, low),
        _ => None,
    }
}

fn denied(ip: IpAddr) -> String {
    format!("this gateway may not call {ip}; see allow and deny in [callback]")
}

/// Looks names up and leaves out what the guard denies.
#[derive(Clone)]
pub(crate) struct GuardedResolver(pub(crate) AddressGuard);

impl tower_service::Service<Name> for GuardedResolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = std::io::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let guard = self.0.clone();
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let allowed: Vec<SocketAddr> = found.iter().copied().filter(|a| guard.allows(a.ip())).collect();
            match (allowed.is_empty(), found.first()) {
                (true, Some(first)) => Err(std::io::Error::new(std::io::ErrorKind::PermissionDenied, denied(first.ip()))),
                _ => Ok(allowed.into_iter()),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use tower_service::Service as _;

    #[test]
    fn addresses_that_give_secrets_away_are_denied_in_every_spelling() {
        let guard = AddressGuard::default();
        for url in [
            "http://169.254.169.254/latest/meta-data",
            "http://2852039166/",
            "http://0xa9.0xfe.0xa9.0xfe/",
            "http://[::ffff:169.254.169.254]/",
            "http://[fe80::1]/",
            "http://0/",
            "http://[::]/",
            "https://169.254.1.1:8443/",
            "ftp://example.net/",
            "file:///etc/passwd",
            "example.net",
            "http://",
        ] {
            assert!(guard.check_url(url).is_err(), "{url}");
        }
        for url in ["http://127.0.0.1:8080/x", "http://10.0.0.1/", "https://example.net/?a=%d", "http://[::1]/"] {
            guard.check_url(url).unwrap();
        }
    }

    #[test]
    fn lists_of_the_operator_count() {
        let net = |s: &str| s.parse::<IpNet>().unwrap();
        let guard = AddressGuard::new(&[net("10.1.0.0/16")], &[net("10.0.0.0/8"), net("127.0.0.0/8")]);
        assert!(guard.allows("10.1.2.3".parse().unwrap()));
        assert!(!guard.allows("10.2.2.3".parse().unwrap()));
        assert!(!guard.allows("::ffff:127.0.0.1".parse().unwrap()));
        assert!(!guard.allows("169.254.1.1".parse().unwrap()));
    }

    #[test]
    fn what_is_fetched_does_not_lie_in_our_own_network() {
        let guard = AddressGuard::new(&["10.1.0.0/16".parse().unwrap()], &[]).strict();
        for url in [
            "http://127.0.0.1:8800/",
            "http://127.1/",
            "http://0x7f000001/",
            "http://[::1]/",
            "http://10.0.0.1/",
            "http://192.168.1.1/",
            "http://[::ffff:172.16.0.1]/",
            "http://[::ffff:7f00:1]/",
            "http://[::127.0.0.1]/",
            "http://[64:ff9b::7f00:1]/",
            "http://[64:ff9b:1::10.0.0.1]/",
            "http://[2002:7f00:1::]/",
            "http://[2001:0:1:2:3:4:80ff:fffe]/",
            "http://[fec0::1]/",
            "http://224.0.0.1/",
        ] {
            assert!(guard.check_url(url).is_err(), "{url}");
        }
        for url in
            ["http://10.1.2.3/", "http://192.0.2.1/", "http://[64:ff9b::10.1.2.3]/", "http://[64:ff9b::c000:201]/", "http://[2001:db8::1]/"]
        {
            guard.check_url(url).unwrap();
        }
        assert!(AddressGuard::default().allows("::1".parse().unwrap()));
    }

    #[tokio::test]
    async fn names_are_checked_after_they_are_looked_up() {
        let name = || "localhost".parse::<Name>().unwrap();
        let deny: Vec<IpNet> = ["127.0.0.0/8", "::1/128"].iter().map(|n| n.parse().unwrap()).collect();
        let e = GuardedResolver(AddressGuard::new(&[], &deny)).call(name()).await.unwrap_err();
        assert_eq!(e.kind(), std::io::ErrorKind::PermissionDenied);
        assert!(GuardedResolver(AddressGuard::default()).call(name()).await.unwrap().count() > 0);
    }
}
