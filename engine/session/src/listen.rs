//! Listening: the door with its guards (allowed sources, connection limits, TLS).

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::RwLock;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

use crate::flood::{FloodGuard, Permit};
use crate::sources::SourceList;
use crate::stream::{Stream, TcpOptions};
use crate::tls::TlsServer;

/// Where and how to listen.
#[derive(Clone, Debug)]
pub struct ListenOptions {
    /// The address.
    pub address: SocketAddr,
    /// Connections that the system completes ahead of this program. Default 1024.
    pub backlog: u32,
    /// How many connections at one time; a guard may be shared by several listeners.
    pub flood: FloodGuard,
    /// Who may connect. Default everybody.
    pub sources: SourceList,
    /// TCP options.
    pub tcp: TcpOptions,
    /// TLS; `None`, the default, for plain TCP.
    pub tls: Option<TlsServer>,
    /// Time for the TLS handshake. Default 10 s.
    pub tls_timeout: Duration,
}

impl ListenOptions {
    /// The defaults for `address`.
    pub fn new(address: SocketAddr) -> Self {
        Self {
            address,
            backlog: 1024,
            flood: FloodGuard::default(),
            sources: SourceList::default(),
            tcp: TcpOptions::default(),
            tls: None,
            tls_timeout: Duration::from_secs(10),
        }
    }
}

/// An open door.
#[derive(Debug)]
pub struct Listener {
    accept_errors: AtomicU64,
    options: ListenOptions,
    refused_sources: AtomicU64,
    sources: RwLock<Arc<SourceList>>,
    tcp: TcpListener,
}

/// A connection that passed the guards and has not said anything yet.
#[derive(Debug)]
pub struct Incoming {
    /// The address on the other side.
    pub peer: SocketAddr,
    permit: Permit,
    tcp: TcpStream,
    tcp_options: TcpOptions,
    tls: Option<TlsServer>,
    tls_timeout: Duration,
}

/// A connection ready for a session.
#[derive(Debug)]
pub struct Accepted {
    /// The address on the other side.
    pub peer: SocketAddr,
    /// The connection's place; keep it as long as the connection.
    pub permit: Permit,
    /// The connection.
    pub stream: Stream,
}

/// Why a door cannot be opened, or a connection not be used.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}; {}", mend(source))]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The connection was gone at once.
    #[error("the connection from {peer} failed at once: {source}")]
    Connection {
        /// The address on the other side.
        peer: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The TLS handshake failed.
    #[error("TLS with {peer} failed: {source}; check that it speaks TLS, trusts this certificate, and shows one if asked to")]
    TlsHandshake {
        /// The address on the other side.
        peer: SocketAddr,
        /// What TLS said.
        source: io::Error,
    },
    /// The TLS handshake took too long.
    #[error("{peer} did not complete the TLS handshake within {seconds} s")]
    TlsTimeout {
        /// The address on the other side.
        peer: SocketAddr,
        /// The limit.
        seconds: f64,
    },
}

fn mend(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => "another program, or another listener, has this port",
        io::ErrorKind::AddrNotAvailable => "this machine has no such address",
        io::ErrorKind::PermissionDenied => "ports below 1024 need a privilege (CAP_NET_BIND_SERVICE)",
        _ => "check the address",
    }
}

/// How long to wait when the system cannot accept, mostly for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

impl Listener {
    /// Opens the door. Must be called within a tokio runtime.
    pub fn bind(options: ListenOptions) -> Result<Self, ListenError> {
        let address = options.address;
        let tcp = listen(address, options.backlog).map_err(|source| ListenError::Bind { address, source })?;
        let sources = RwLock::new(Arc::new(options.sources.clone()));
        Ok(Self { accept_errors: AtomicU64::new(0), options, refused_sources: AtomicU64::new(0), sources, tcp })
    }

    /// The address, with the port that the system chose if it was 0.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }

    /// Connections refused since the start because of their source.
    pub fn refused_sources(&self) -> u64 {
        self.refused_sources.load(Ordering::Relaxed)
    }

    /// The guard that counts this door's connections.
    pub fn flood(&self) -> &FloodGuard {
        &self.options.flood
    }

    /// Changes who may connect from now on.
    pub fn set_sources(&self, sources: SourceList) {
        *self.sources.write() = Arc::new(sources);
    }

    /// The next connection that passes the guards; others are closed at once. Cancel-safe. Call
    /// [`Incoming::establish`] in the connection's own task: a slow TLS handshake must not hold up the door.
    pub async fn accept(&self) -> Incoming {
        loop {
            let (tcp, peer) = match self.tcp.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    // The powers of two: a lasting want of file descriptors must not fill the log.
                    let count = self.accept_errors.fetch_add(1, Ordering::Relaxed) + 1;
                    if count.is_power_of_two() {
                        let address = self.options.address;
                        tracing::warn!(%address, %error, count, "Cannot accept a connection; check the limit of open files.");
                    }
                    sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            if !self.sources.read().allows(peer.ip()) {
                self.refused_sources.fetch_add(1, Ordering::Relaxed);
                tracing::debug!(%peer, "Connection refused: the source is not in the allowed list.");
                continue;
            }
            match self.options.flood.acquire(peer.ip()) {
                Ok(permit) => {
                    let ListenOptions { tcp: tcp_options, tls, tls_timeout, .. } = &self.options;
                    let (tcp_options, tls, tls_timeout) = (tcp_options.clone(), tls.clone(), *tls_timeout);
                    return Incoming { peer, permit, tcp, tcp_options, tls, tls_timeout };
                }
                Err(error) => tracing::debug!(%peer, %error, "Connection refused."),
            }
        }
    }
}

impl Incoming {
    /// Makes the connection ready: TCP options and the TLS handshake.
    pub async fn establish(self) -> Result<Accepted, ListenError> {
        let Self { peer, permit, tcp, tcp_options, tls, tls_timeout } = self;
        tcp_options.apply(&tcp).map_err(|source| ListenError::Connection { peer, source })?;
        let stream = match tls {
            None => Stream::Plain(tcp),
            Some(tls) => match timeout(tls_timeout, tls.handshake(tcp)).await {
                Ok(Ok(stream)) => Stream::Tls(Box::new(stream.into())),
                Ok(Err(source)) => return Err(ListenError::TlsHandshake { peer, source }),
                Err(_) => return Err(ListenError::TlsTimeout { peer, seconds: tls_timeout.as_secs_f64() }),
            },
        };
        Ok(Accepted { peer, permit, stream })
    }
}

fn listen(address: SocketAddr, backlog: u32) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // A restart must not wait for the connections of the last run to leave TIME_WAIT.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(i32::try_from(backlog).unwrap_or(i32::MAX))?;
    TcpListener::from_std(socket.into())
}
