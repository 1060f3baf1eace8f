//! Who may connect: a list of networks.

use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;

/// Networks that may connect. An empty list allows everybody.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct SourceList {
    networks: Vec<IpNet>,
}

/// An entry that is neither an address nor a network.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`{entry}` is neither an address nor a network: write 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32")]
pub struct SourceError {
    /// The entry.
    pub entry: String,
}

impl SourceList {
    /// A list from addresses (`192.0.2.7`) and networks (`192.0.2.0/24`).
    pub fn parse<S: AsRef<str>>(entries: impl IntoIterator<Item = S>) -> Result<Self, SourceError> {
        let networks = entries.into_iter().map(|entry| parse_entry(entry.as_ref().trim())).collect::<Result<_, _>>()?;
        Ok(Self { networks })
    }

    /// Whether `address` may connect. An IPv4 address mapped into IPv6, as a dual-stack socket shows it, counts as
    /// the IPv4 address.
    pub fn allows(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks.is_empty() || self.networks.iter().any(|network| network.contains(&address))
    }

    /// Whether everybody may connect.
    pub fn is_empty(&self) -> bool {
        self.networks.is_empty()
    }
}

fn parse_entry(entry: &str) -> Result<IpNet, SourceError> {
    let network = match IpAddr::from_str(entry) {
        Ok(address) => Ok(IpNet::from(address)),
        Err(_) => IpNet::from_str(entry).map(|network| network.trunc()),
    };
    network.map_err(|_| SourceError { entry: entry.to_owned() })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn addresses_and_networks() {
        let list = SourceList::parse(["192.0.2.7", " 198.51.100.9/24 ", "2001:db8::/32"]).unwrap();
        for (address, allowed) in [
            ("192.0.2.7", true),
            ("192.0.2.8", false),
            ("198.51.100.200", true),
            ("::ffff:192.0.2.7", true),
            ("::ffff:192.0.2.8", false),
            ("2001:db8:1::1", true),
            ("2001:db9::1", false),
        ] {
            assert_eq!(list.allows(address.parse().unwrap()), allowed, "{address}");
        }
    }

    #[test]
    fn empty_allows_all() {
        assert!(SourceList::default().allows("203.0.113.1".parse().unwrap()));
    }

    #[test]
    fn the_error_names_the_entry() {
        let error = SourceList::parse(["192.0.2.0/24", "192.0.2.0/33"]).unwrap_err();
        assert!(error.to_string().contains("`192.0.2.0/33`"), "{error}");
    }
}
