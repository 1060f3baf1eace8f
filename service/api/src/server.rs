//! Serving HTTP: connections bounded in number and patience, TLS where wanted, an orderly end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use futures_util::FutureExt as _;
use futures_util::future::Either;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;

use crate::hot::Hot;
use crate::{ApiState, Peer};

/// How connections are treated.
#[derive(Clone)]
pub struct ServeOptions {
    /// Connections at the same time; further ones wait in the system's queue.
    pub max_connections: usize,
    /// How long a client may take to send a request's head, and to think between requests.
    pub head_time: Duration,
    /// How long requests in progress may take to end after the shutdown began.
    pub drain: Duration,
    /// Serve HTTPS with this.
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// Take messages with this ahead of the router; it answers as the router would.
    pub ahead: Option<ApiState>,
}

impl Default for ServeOptions {
    fn default() -> ServeOptions {
        ServeOptions { max_connections: 4096, head_time: Duration::from_secs(30), drain: Duration::from_secs(10), tls: None, ahead: None }
    }
}

/// How long a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Pause after the system could not give a connection (too many open files).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until `shutdown` resolves, then lets requests in progress end.
pub async fn serve(listener: TcpListener, router: Router, options: ServeOptions, shutdown: impl Future<Output = ()>) {
    let ahead = options.ahead.clone();
    let service = move |peer: Peer| {
        let (service, ahead) = (TowerToHyperService::new(router.clone()), ahead.clone());
        service_fn(move |mut request: Request<Incoming>| match (Hot::of(&request), &ahead) {
            (Some(hot), Some(state)) => Either::Left(hot.answer(state.clone(), request, peer).map(Ok)),
            _ => {
                request.extensions_mut().insert(peer);
                Either::Right(service.call(request))
            }
        })
    };
    serve_with(listener, service, options, shutdown).await;
}

/// The same with a service of the caller's for each connection.
pub async fn serve_with<S, B>(listener: TcpListener, service: impl Fn(Peer) -> S, options: ServeOptions, shutdown: impl Future<Output = ()>)
where
    S: Service<Request<Incoming>, Response = Response<B>> + Send + 'static,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    S::Future: Send + 'static,
    B: hyper::body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let slots = Arc::new(Semaphore::new(options.max_connections.clamp(1, Semaphore::MAX_PERMITS)));
    let graceful = GracefulShutdown::new();
    let tls = options.tls.clone().map(TlsAcceptor::from);
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            () = &mut shutdown => break,
            accepted = accept(&listener, &slots) => accepted,
        };
        let (stream, peer, slot) = match accepted {
            Ok(accepted) => accepted,
            Err(e) => {
                tracing::warn!("A connection could not be accepted: {e}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let _ = stream.set_nodelay(true);
        let connection = Connection { service: service(Peer(peer)), peer, head_time: options.head_time, watcher: graceful.watcher() };
        let tls = tls.clone();
        tokio::spawn(async move {
            let _slot: OwnedSemaphorePermit = slot;
            match tls {
                None => connection.run(stream).await,
                Some(tls) => match tokio::time::timeout(HANDSHAKE, tls.accept(stream)).await {
                    Ok(Ok(stream)) => connection.run(stream).await,
                    Ok(Err(e)) => tracing::debug!(%peer, "TLS handshake failed: {e}"),
                    Err(_) => tracing::debug!(%peer, "TLS handshake took too long"),
                },
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(options.drain, graceful.shutdown()).await.is_err() {
        tracing::warn!("HTTP requests were still in progress {} s after the shutdown began", options.drain.as_secs());
    }
}

async fn accept(listener: &TcpListener, slots: &Arc<Semaphore>) -> std::io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let slot = slots.clone().acquire_owned().await.map_err(std::io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    Ok((stream, peer, slot))
}

struct Connection<S> {
    service: S,
    peer: SocketAddr,
    head_time: Duration,
    watcher: Watcher,
}

impl<S, B> Connection<S>
where
    S: Service<Request<Incoming>, Response = Response<B>> + Send + 'static,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    S::Future: Send + 'static,
    B: hyper::body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    async fn run(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let mut builder = http1::Builder::new();
        builder.timer(TokioTimer::new()).header_read_timeout(self.head_time).max_buf_size(64 * 1024);
        // Answers are short: one buffer is sent faster than a list of two. And looking for the client's end while its request is being
        // answered would take another buffer for each request.
        builder.writev(false).half_close(true);
        let connection = builder.serve_connection(TokioIo::new(stream), self.service);
        if let Err(e) = self.watcher.watch(connection).await {
            tracing::debug!(peer = %self.peer, "An HTTP connection broke: {e}");
        }
    }
}
