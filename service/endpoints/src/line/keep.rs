//! Keeps a session of a line up.

use std::net::SocketAddr;
use std::sync::Arc;

use waxwing_session::{Backoff, ConnectOptions, TlsClient, connect};

use super::session::{self, Ended};
use super::{Line, Speaker};
use crate::Stopping;

/// Connects, logs in, works, and begins anew.
pub(super) async fn up<S: Speaker>(line: Arc<Line<S>>, tls: Option<TlsClient>, kind: S::Kind, seed: u64, mut stopping: Stopping) {
    let mut backoff = Backoff::new(line.options.reconnect, seed ^ fastrand::u64(..));
    let mut turn = 0;
    while !stopping.is_stopping() {
        let addresses = &line.options.addresses;
        let address = &addresses[turn % addresses.len().max(1)];
        turn += 1;
        let options = ConnectOptions { tls: tls.clone(), ..ConnectOptions::new(address.clone()) };
        let connected = tokio::select! {
            c = connect(&options) => c,
            () = stopping.stopped() => return,
        };
        match connected {
            Ok(stream) => {
                let peer = stream.peer_addr().unwrap_or_else(|_| SocketAddr::from(([0, 0, 0, 0], 0)));
                match session::run(&line, kind, stream, stopping.clone()).await {
                    Ended::AfterWork(reason) => {
                        backoff.reset();
                        if !stopping.is_stopping() {
                            tracing::warn!(connector = %line.state.name, %peer, "the session ended: {reason}; connecting again");
                        }
                    }
                    Ended::BeforeWork(reason) => tracing::warn!(connector = %line.state.name, %peer, "could not bind: {reason}"),
                    Ended::Broken(e) => {
                        tracing::error!(connector = %line.state.name, "stopped sending: {e}");
                        return stopping.stopped().await;
                    }
                }
            }
            Err(e) => tracing::warn!(connector = %line.state.name, "{e}"),
        }
        let wait = backoff.next_wait();
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = stopping.stopped() => return,
        }
    }
}
