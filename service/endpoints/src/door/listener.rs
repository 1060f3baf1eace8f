//! Accepts connections and runs a session on each.

use std::sync::Arc;
use std::time::Duration;

use waxwing_core::{Gateway, LogLimit};
use waxwing_session::{FloodGuard, ListenOptions, Listener, TlsServer, Trace};

use super::{Door, DoorOptions, Host, OpenError, session};
use crate::{Endpoint, Stopping};

/// Opens a listener.
///
/// # Errors
/// When its address or its TLS settings cannot be used.
pub(crate) fn start<H: Host>(
    gateway: &Arc<Gateway>,
    options: DoorOptions,
    settings: H::Settings,
    trace: &Trace,
) -> Result<Endpoint, OpenError> {
    let tls = options.tls.clone().map(TlsServer::new).transpose()?;
    let listening =
        ListenOptions { tls, sources: options.allow.clone(), flood: FloodGuard::new(options.flood), ..ListenOptions::new(options.listen) };
    let listener = Listener::bind(listening)?;
    let address = listener.local_addr().ok();
    let door = Arc::new(Door::<H> {
        gateway: gateway.clone(),
        name: format!("{}-{}", options.protocol, address.unwrap_or(options.listen).port()),
        trace: trace.clone(),
        log: LogLimit::new(gateway.clock.clone()),
        options,
        settings,
    });
    Ok(Endpoint::spawn(address, move |stopping| accept(door, listener, stopping)))
}

async fn accept<H: Host>(door: Arc<Door<H>>, listener: Listener, mut stopping: Stopping) {
    let mut sessions = tokio::task::JoinSet::new();
    loop {
        tokio::select! {
            incoming = listener.accept() => {
                let (door, stopping) = (door.clone(), stopping.clone());
                sessions.spawn(async move {
                    match incoming.establish().await {
                        Ok(accepted) => session::run(door, accepted, stopping).await,
                        Err(e) => {
                            door.gateway.metrics.bad(H::PLACE, "connection failed before the bind");
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
