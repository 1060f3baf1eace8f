//! A door for SMPP clients: accepts connections and runs a session on each.

use std::sync::Arc;
use std::time::Duration;

use hashbrown::HashMap;
use parking_lot::Mutex;
use waxwing_core::{Account, AccountLabel, Gateway, LogLimit};
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
    binds: Mutex<HashMap<Arc<str>, u32>>,
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

/// A place among the binds of an account, given back when dropped.
pub(super) struct Place {
    door: Arc<Door>,
    account: Arc<str>,
}

impl Door {
    /// A place for one more bind of the account, if it may have one.
    pub(super) fn place(self: &Arc<Self>, account: &Account) -> Option<Place> {
        let mut binds = self.binds.lock();
        let n = binds.entry(account.name.clone()).or_default();
        if *n >= account.config.max_binds {
            return None;
        }
        *n += 1;
        let label = AccountLabel { account: account.name.to_string() };
        self.gateway.metrics.account_binds.get_or_create(&label).inc();
        Some(Place { door: self.clone(), account: account.name.clone() })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut binds = self.door.binds.lock();
        if let Some(n) = binds.get_mut(&self.account) {
            *n -= 1;
            if *n == 0 {
                binds.remove(&self.account);
            }
        }
        let label = AccountLabel { account: self.account.to_string() };
        self.door.gateway.metrics.account_binds.get_or_create(&label).dec();
    }
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
        binds: Mutex::new(HashMap::new()),
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
