//! A connection, plain or with TLS, as one type.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsStream;

/// A TCP connection with or without TLS.
#[derive(Debug)]
pub enum Stream {
    /// Octets as they are.
    Plain(TcpStream),
    /// Within TLS.
    Tls(Box<TlsStream<TcpStream>>),
}

impl Stream {
    /// The address on this side.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.tcp().local_addr()
    }

    /// The address on the other side.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.tcp().peer_addr()
    }

    /// The peer's certificate in DER, if it showed one.
    pub fn peer_certificate(&self) -> Option<&[u8]> {
        match self {
            Self::Plain(_) => None,
            Self::Tls(tls) => Some(tls.get_ref().1.peer_certificates()?.first()?.as_ref()),
        }
    }

    /// TLS version and cipher suite, for the log; `None` without TLS.
    pub fn tls_parameters(&self) -> Option<String> {
        let Self::Tls(tls) = self else { return None };
        let connection = tls.get_ref().1;
        Some(format!("{:?} {:?}", connection.protocol_version()?, connection.negotiated_cipher_suite()?.suite()))
    }

    fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(tcp) => tcp,
            Self::Tls(tls) => tls.get_ref().0,
        }
    }
}

/// TCP options of a connection, either side.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TcpOptions {
    /// Idle time before the system probes the connection, and time between probes. Default 60 s; `None` for never.
    pub keepalive: Option<Duration>,
    /// Send small segments at once. Default true: the link batches its writes by itself.
    pub nodelay: bool,
}

impl Default for TcpOptions {
    fn default() -> Self {
        Self { keepalive: Some(Duration::from_secs(60)), nodelay: true }
    }
}

impl TcpOptions {
    pub(crate) fn apply(&self, tcp: &TcpStream) -> io::Result<()> {
        tcp.set_nodelay(self.nodelay)?;
        if let Some(time) = self.keepalive {
            SockRef::from(tcp).set_tcp_keepalive(&TcpKeepalive::new().with_time(time).with_interval(time))?;
        }
        Ok(())
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_read(cx, buf),
            Self::Tls(tls) => Pin::new(tls).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_write(cx, octets),
            Self::Tls(tls) => Pin::new(tls).poll_write(cx, octets),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_flush(cx),
            Self::Tls(tls) => Pin::new(tls).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Self::Tls(tls) => Pin::new(tls).poll_shutdown(cx),
        }
    }
}
