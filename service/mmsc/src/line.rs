//! An operator's message centre, as a phone would reach it: messages are fetched from it and acknowledged, through its proxy where it has
//! one.
//!
//! Where to fetch from is said by an SMS, which anybody may have sent. Without a proxy, only the operator's own host and addresses outside
//! this machine's network are called; with one, nothing but the proxy is.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::rt::TokioIo;
use thiserror::Error;
use tokio::net::{TcpStream, lookup_host};
use waxwing_api::AddressGuard;

use crate::mm1::MMS;

/// Time for a connection, and for an exchange in all.
const CONNECT: Duration = Duration::from_secs(10);
const TOTAL: Duration = Duration::from_secs(120);
/// Longest answer to what is posted, octets.
const ANSWER: usize = 64 << 10;
const USER_AGENT: &str = concat!("waxwing/", env!("CARGO_PKG_VERSION"));

/// How an operator's message centre is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorLine {
    /// The connector over which its notifications come.
    pub connector: String,
    /// Its own address, `http://`: acknowledgements go there.
    pub url: Uri,
    /// The HTTP proxy that leads to it, `host:port`.
    pub proxy: Option<String>,
}

/// Why an operator's message centre was of no help.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub(crate) enum LineError {
    /// Asking again cannot mend it.
    #[error("{0}")]
    Final(String),
    /// It may go better later.
    #[error("{0}")]
    Passing(String),
}

impl OperatorLine {
    /// What lies at a location, at most `most` octets.
    ///
    /// # Errors
    /// See [`LineError`].
    pub(crate) async fn get(&self, location: &str, most: usize, guard: &AddressGuard) -> Result<Bytes, LineError> {
        let uri: Uri = location.parse().map_err(|e| LineError::Final(format!("{location:?} is no address: {e}")))?;
        let request = self.request(Method::GET, &uri).body(Full::default());
        self.exchange(uri, request, most, guard).await
    }

    /// Hands a PDU in.
    ///
    /// # Errors
    /// See [`LineError`].
    pub(crate) async fn post(&self, pdu: Vec<u8>, guard: &AddressGuard) -> Result<(), LineError> {
        let request = self.request(Method::POST, &self.url).header(header::CONTENT_TYPE, MMS).body(Full::from(pdu));
        self.exchange(self.url.clone(), request, ANSWER, guard).await.map(drop)
    }

    fn request(&self, method: Method, uri: &Uri) -> http::request::Builder {
        // A proxy is told the whole address (RFC 9112, 3.2.2).
        let target = match (&self.proxy, uri.path_and_query()) {
            (None, Some(path)) => Uri::from(path.clone()),
            _ => uri.clone(),
        };
        let host = uri.authority().map(|a| a.as_str().rsplit('@').next().unwrap_or_default().to_owned()).unwrap_or_default();
        let builder = Request::builder().method(method).uri(target).header(header::HOST, host);
        builder.header(header::USER_AGENT, USER_AGENT).header(header::ACCEPT, format!("{MMS}, */*"))
    }

    async fn exchange(
        &self,
        uri: Uri,
        request: http::Result<Request<Full<Bytes>>>,
        most: usize,
        guard: &AddressGuard,
    ) -> Result<Bytes, LineError> {
        let request = request.map_err(|e| LineError::Final(format!("{uri} cannot be asked: {e}")))?;
        let exchange = async {
            let stream = self.connect(&uri, guard).await?;
            let passing = |e: hyper::Error| LineError::Passing(format!("{uri}: {e}"));
            let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(passing)?;
            let answer = async {
                let (head, body) = sender.send_request(request).await.map_err(passing)?.into_parts();
                let body = Limited::new(body, most).collect().await;
                let body = body.map_err(|e| LineError::Passing(format!("{uri}: the answer cannot be read within {most} octets: {e}")))?;
                Ok((head.status, body.to_bytes()))
            };
            // The connection moves the octets; it is over when the answer is, or before it where it breaks.
            tokio::pin!(answer);
            tokio::pin!(connection);
            tokio::select! {
                answer = &mut answer => answer,
                _ = &mut connection => answer.await,
            }
        };
        let (status, body) = match tokio::time::timeout(TOTAL, exchange).await {
            Ok(result) => result?,
            Err(_) => return Err(LineError::Passing(format!("{uri}: no answer within {} s", TOTAL.as_secs()))),
        };
        match status {
            s if s.is_success() => Ok(body),
            // Some centres say in a PDU that a message is gone, with such a status.
            StatusCode::NOT_FOUND | StatusCode::GONE | StatusCode::FORBIDDEN | StatusCode::BAD_REQUEST => {
                Err(LineError::Final(format!("{uri} answered {status}")))
            }
            other => Err(LineError::Passing(format!("{uri} answered {other}"))),
        }
    }

    async fn connect(&self, uri: &Uri, guard: &AddressGuard) -> Result<TcpStream, LineError> {
        if uri.scheme_str() != Some("http") {
            return Err(LineError::Final(format!("{uri} does not begin with http://")));
        }
        let Some(host) = uri.host() else { return Err(LineError::Final(format!("{uri} has no host"))) };
        let (place, is_chosen) = match &self.proxy {
            Some(proxy) => (proxy.clone(), true),
            None => {
                let is_operator = self.url.host().is_some_and(|own| own.eq_ignore_ascii_case(host));
                (format!("{host}:{}", uri.port_u16().unwrap_or(80)), is_operator)
            }
        };
        let found = lookup_host(&place).await.map_err(|e| LineError::Passing(format!("{place} cannot be found: {e}")))?;
        let (allowed, denied): (Vec<SocketAddr>, Vec<SocketAddr>) = found.partition(|a| is_chosen || guard.allows(a.ip()));
        let mut failed = match denied.first() {
            Some(a) => {
                LineError::Final(format!("{place} is {}, in this gateway's own network; allow in [callback] lists exceptions", a.ip()))
            }
            None => LineError::Passing(format!("{place} has no address")),
        };
        for address in allowed {
            match tokio::time::timeout(CONNECT, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(e)) => failed = LineError::Passing(format!("{place}: {e}")),
                Err(_) => failed = LineError::Passing(format!("{place}: no connection within {} s", CONNECT.as_secs())),
            }
        }
        Err(failed)
    }
}
