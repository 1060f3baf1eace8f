//! Opening a connection: names, addresses, TLS, and errors that say what to mend.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::{TcpSocket, lookup_host};
use tokio::time::{Instant, timeout, timeout_at};

use crate::stream::{Stream, TcpOptions};
use crate::tls::{TlsClient, TlsError};

/// Where and how to connect.
#[derive(Clone, Debug)]
pub struct ConnectOptions {
    /// `host:port`; IPv6 addresses in brackets. A name is resolved anew each time and all its addresses are tried.
    pub address: String,
    /// Local address to connect from. `None`, the default, leaves it to the system.
    pub bind: Option<IpAddr>,
    /// Time to resolve the name and connect, all addresses together. Default 10 s.
    pub connect_timeout: Duration,
    /// TCP options.
    pub tcp: TcpOptions,
    /// TLS; `None`, the default, for plain TCP.
    pub tls: Option<TlsClient>,
    /// Time for the TLS handshake. Default 10 s.
    pub tls_timeout: Duration,
}

impl ConnectOptions {
    /// The defaults for `address`, `host:port`.
    pub fn new(address: impl Into<String>) -> Self {
        Self {
            address: address.into(),
            bind: None,
            connect_timeout: Duration::from_secs(10),
            tcp: TcpOptions::default(),
            tls: None,
            tls_timeout: Duration::from_secs(10),
        }
    }
}

/// Why no connection came about.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Not `host:port`.
    #[error("`{address}` is no address: write it as host:port, an IPv6 address in brackets")]
    Address {
        /// The address as configured.
        address: String,
    },
    /// Every address was tried.
    #[error("cannot connect to {address} ({peer}): {source}; check the address, the firewall, and that the peer is up")]
    Connect {
        /// The address as configured.
        address: String,
        /// The address tried last.
        peer: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The name has no usable address.
    #[error("`{address}` has no {family} address, which the local address to bind to asks for")]
    Family {
        /// The address as configured.
        address: String,
        /// IPv4 or IPv6.
        family: &'static str,
    },
    /// The local address cannot be used.
    #[error("cannot connect from the local address {bind}: {source}; it must belong to this machine")]
    LocalAddress {
        /// The local address.
        bind: IpAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The name cannot be resolved.
    #[error("cannot resolve `{address}`: {source}; check the name and the DNS server")]
    Resolve {
        /// The address as configured.
        address: String,
        /// What the resolver said.
        source: io::Error,
    },
    /// Not in time.
    #[error("no connection to {address} within {seconds} s; check the address, the firewall, and that the peer is up")]
    Timeout {
        /// The address as configured.
        address: String,
        /// The limit.
        seconds: f64,
    },
    /// The TLS configuration cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The TLS handshake failed.
    #[error("TLS with {address} failed: {source}; {}", handshake_mend(source))]
    TlsHandshake {
        /// The address as configured.
        address: String,
        /// What TLS said.
        source: io::Error,
    },
}

fn handshake_mend(error: &io::Error) -> &'static str {
    let text = error.to_string();
    if text.contains("UnknownIssuer") {
        "give the peer's CA certificate as the trusted root"
    } else if text.contains("not valid for name") || text.contains("NotValidForName") {
        "give the name in the peer's certificate as the server name"
    } else if text.contains("xpired") {
        "the peer must renew its certificate (or this machine's clock is wrong)"
    } else {
        "check that the peer speaks TLS on this port, and whether it wants a client certificate"
    }
}

/// Opens a connection.
pub async fn connect(options: &ConnectOptions) -> Result<Stream, ConnectError> {
    let address = &options.address;
    let host = host(address).ok_or_else(|| ConnectError::Address { address: address.clone() })?;
    let timed_out = |limit: Duration| ConnectError::Timeout { address: address.clone(), seconds: limit.as_secs_f64() };
    let deadline = Instant::now() + options.connect_timeout;
    let peers: Vec<SocketAddr> = timeout_at(deadline, lookup_host(address.as_str()))
        .await
        .map_err(|_| timed_out(options.connect_timeout))?
        .map_err(|source| ConnectError::Resolve { address: address.clone(), source })?
        .filter(|peer| options.bind.is_none_or(|bind| bind.is_ipv4() == peer.is_ipv4()))
        .collect();
    let mut failure = match options.bind {
        Some(bind) => ConnectError::Family { address: address.clone(), family: if bind.is_ipv4() { "IPv4" } else { "IPv6" } },
        None => {
            ConnectError::Resolve { address: address.clone(), source: io::Error::new(io::ErrorKind::NotFound, "the name has no address") }
        }
    };
    for (tried, peer) in peers.iter().enumerate() {
        // Each address gets an equal share of what is left, so that one that swallows packets does not starve the rest.
        let share = deadline.saturating_duration_since(Instant::now()) / (peers.len() - tried) as u32;
        match timeout(share, connect_one(options, *peer)).await {
            Ok(Ok(tcp)) => {
                let Some(tls) = &options.tls else { return Ok(Stream::Plain(tcp)) };
                let handshake = timeout(options.tls_timeout, tls.handshake(host, tcp)?).await;
                return match handshake.map_err(|_| timed_out(options.tls_timeout))? {
                    Ok(stream) => Ok(Stream::Tls(Box::new(stream.into()))),
                    Err(source) => Err(ConnectError::TlsHandshake { address: address.clone(), source }),
                };
            }
            Ok(Err(error)) => failure = error,
            Err(_) => failure = timed_out(options.connect_timeout),
        }
        tracing::debug!(%address, %peer, error = %failure, "Address not reached.");
    }
    Err(failure)
}

async fn connect_one(options: &ConnectOptions, peer: SocketAddr) -> Result<tokio::net::TcpStream, ConnectError> {
    let failed = |source| ConnectError::Connect { address: options.address.clone(), peer, source };
    let socket = if peer.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }.map_err(failed)?;
    if let Some(bind) = options.bind {
        socket.bind(SocketAddr::new(bind, 0)).map_err(|source| ConnectError::LocalAddress { bind, source })?;
    }
    let tcp = socket.connect(peer).await.map_err(failed)?;
    options.tcp.apply(&tcp).map_err(failed)?;
    Ok(tcp)
}

/// The host of `host:port`, without brackets.
fn host(address: &str) -> Option<&str> {
    let (host, port) = address.rsplit_once(':')?;
    port.parse::<u16>().ok()?;
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    match bare {
        Some(bare) => Some(bare),
        None if host.is_empty() || host.contains(':') => None,
        None => Some(host),
    }
}

#[cfg(test)]
mod tests {
    use super::host;

    #[test]
    fn hosts() {
        assert_eq!(host("smsc.example.net:2775"), Some("smsc.example.net"));
        assert_eq!(host("[2001:db8::1]:2775"), Some("2001:db8::1"));
        for bad in ["smsc", "smsc:", ":2775", "2001:db8::1:2775", "smsc:99999"] {
            assert_eq!(host(bad), None, "{bad}");
        }
    }
}
