//! A door for SMPP clients: accepts connections and runs a session on each.

use std::sync::Arc;
use std::time::Duration;

use waxwing_core::{Gateway, LogLimit};
use waxwing_session::{FloodGuard, ListenError, ListenOptions, Listener, TlsError, TlsServer, Trace};

use super::config::ListenerConfig;
use super::server;
use crate::{Endpoint, Stopping};

/// What all sessions of a listener share.
pub(super) struct Door {
    pub(super) gateway: Arc<Gateway>,
    pub(super) config: ListenerConfig,
    pub(super) trace: Trace,
    /// Name in the trace and the log.
    pub(super) name: String,
    /// For lines about bad input.
    pub(super) log: LogLimit,
}

/// Why a listener cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Its address.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// Its certificate or key.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// Opens a listener.
///
/// # Errors
/// When its address or its TLS settings cannot be used.
pub fn start_listener(gateway: &Arc<Gateway>, config: ListenerConfig, trace: &Trace) -> Result<Endpoint, OpenError> {
    let tls = config.tls.clone().map(TlsServer::new).transpose()?;
    let options =
        ListenOptions { tls, sources: config.allow.clone(), flood: FloodGuard::new(config.flood), ..ListenOptions::new(config.listen) };
    let listener = Listener::bind(options)?;
    let address = listener.local_addr().ok();
    let door = Arc::new(Door {
        gateway: gateway.clone(),
        name: format!("smpp-{}", address.unwrap_or(config.listen).port()),
        trace: trace.clone(),
        log: LogLimit::new(gateway.clock.clone()),
        config,
    });
    Ok(Endpoint::spawn(address, move |stopping| accept(door, listener, stopping)))
}

async fn accept(door: Arc<Door>, listener: Listener, mut stopping: Stopping) {
    let mut sessions = tokio::task::JoinSet::new();
    loop {
        tokio::select! {
            incoming = listener.accept() => {
                let (door, stopping) = (door.clone(), stopping.clone());
                sessions.spawn(async move {
                    match incoming.establish().await {
                        Ok(accepted) => server::run(door, accepted, stopping).await,
                        Err(e) => {
                            door.gateway.metrics.bad("smpp listener", "connection failed before the bind");
                            if let Some(left_out) = door.log.allow() {
                                tracing::warn!(listener = %door.name, left_out, "{e}");
                            }
                        }
                    }
                });
            }
            Some(_) = sessions.join_next(), if !sessions.is_empty() => {}
            () = stopping.stopped() => break,
        }
    }
    drop(listener);
    let all = async { while sessions.join_next().await.is_some() {} };
    if tokio::time::timeout(Duration::from_secs(30), all).await.is_err() {
        tracing::warn!(listener = %door.name, "sessions did not end in time");
    }
}
