//! A line to an SMSC: keeps its binds up.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use parking_lot::Mutex;
use std::time::Instant;
use waxwing_core::{ConnectorCounters, ConnectorState, Gateway, Outbox, OutboxPolicy};
use waxwing_session::{Backoff, ConnectOptions, TlsClient, TlsError, TokenBucket, Trace, connect};
use waxwing_smpp::CommandId;

use super::client::{self, Ended};
use super::config::{BindKind, ConnectorConfig};
use super::inward;
use crate::{Endpoint, Stopping};

/// What all binds of a connector share.
pub(super) struct Line {
    pub(super) gateway: Arc<Gateway>,
    pub(super) state: Arc<ConnectorState>,
    pub(super) counters: Arc<ConnectorCounters>,
    pub(super) outbox: Outbox,
    pub(super) config: ConnectorConfig,
    pub(super) trace: Trace,
    /// The charset's name, as messages keep it.
    pub(super) charset: String,
    pace: Mutex<Pace>,
    reference: AtomicU32,
}

struct Pace {
    bucket: Option<TokenBucket>,
    paused_until: Option<Instant>,
}

impl Line {
    /// How many submit_sm may leave now, at most `wanted`; they are taken from the rate.
    pub(super) fn allowance(&self, wanted: usize) -> usize {
        let now = Instant::now();
        let mut pace = self.pace.lock();
        if pace.paused_until.is_some_and(|t| t > now) {
            return 0;
        }
        match &mut pace.bucket {
            None => wanted,
            Some(b) => {
                let n = b.available(now).min(u32::try_from(wanted).unwrap_or(u32::MAX));
                if n > 0 && b.take(n, now) { n as usize } else { 0 }
            }
        }
    }

    /// How many of `wanted` messages are worth claiming: those that may leave now. What is claimed earlier stands before a message of
    /// higher priority, or of another account, that comes while it waits for the rate.
    pub(super) fn due(&self, wanted: usize) -> usize {
        match &mut self.pace.lock().bucket {
            None => wanted,
            Some(b) => wanted.min(b.available(Instant::now()).max(1) as usize),
        }
    }

    /// Gives back what was not used.
    pub(super) fn give_back(&self, n: usize) {
        if n > 0
            && let Some(b) = &mut self.pace.lock().bucket
        {
            b.give_back(u32::try_from(n).unwrap_or(u32::MAX));
        }
    }

    /// When something may leave again, if it may not now.
    pub(super) fn resumes_at(&self) -> Option<Instant> {
        let now = Instant::now();
        let mut pace = self.pace.lock();
        let pause = pace.paused_until.filter(|t| *t > now);
        let rate = pace.bucket.as_mut().and_then(|b| (b.available(now) == 0).then(|| b.next_at(now)));
        pause.max(rate)
    }

    /// The carrier says that we are too fast.
    pub(super) fn throttled(&self) {
        self.counters.throttled.inc();
        self.pace.lock().paused_until = Some(Instant::now() + self.config.throttle_pause);
    }

    /// The next reference for a long message.
    pub(super) fn reference(&self) -> u16 {
        (self.reference.fetch_add(1, Ordering::Relaxed) & 0xffff) as u16
    }
}

/// Opens a connector. Its binds are brought up, and brought up again whenever they break, until it is stopped.
///
/// # Errors
/// When its TLS settings cannot be used.
pub fn start_connector(
    gateway: &Arc<Gateway>,
    state: &Arc<ConnectorState>,
    config: ConnectorConfig,
    trace: &Trace,
) -> Result<Endpoint, TlsError> {
    let tls = config.tls.clone().map(TlsClient::new).transpose()?;
    let policy = OutboxPolicy {
        retry: config.retry.clone(),
        no_answer: config.no_answer,
        receipt_wait: config.receipt_wait,
        spellings: inward::receipt_spellings(config.receipt_id),
    };
    let bucket = config.rate.map(|rate| TokenBucket::new(rate, (rate / 10.0).ceil().max(1.0) as u32, Instant::now()));
    let line = Arc::new(Line {
        gateway: gateway.clone(),
        state: state.clone(),
        counters: Arc::new(ConnectorCounters::new(&gateway.metrics, &state.name)),
        outbox: Outbox::connector(gateway, state, policy),
        charset: inward::charset_name(config.charset),
        trace: trace.clone(),
        pace: Mutex::new(Pace { bucket, paused_until: None }),
        reference: AtomicU32::new(fastrand::u32(..)),
        config,
    });
    let kinds: &[CommandId] = match line.config.bind {
        BindKind::Transceiver => &[CommandId::BIND_TRANSCEIVER],
        BindKind::Transmitter => &[CommandId::BIND_TRANSMITTER],
        BindKind::Receiver => &[CommandId::BIND_RECEIVER],
        BindKind::Pair => &[CommandId::BIND_TRANSMITTER, CommandId::BIND_RECEIVER],
    };
    Ok(Endpoint::spawn(None, move |stopping| async move {
        let mut binds = tokio::task::JoinSet::new();
        for n in 0..line.config.binds.max(1) {
            for &kind in kinds {
                binds.spawn(keep_bound(line.clone(), tls.clone(), kind, u64::from(n), stopping.clone()));
            }
        }
        while binds.join_next().await.is_some() {}
    }))
}

/// Connects, binds, works, and begins anew.
async fn keep_bound(line: Arc<Line>, tls: Option<TlsClient>, kind: CommandId, seed: u64, mut stopping: Stopping) {
    let mut backoff = Backoff::new(line.config.reconnect, seed ^ fastrand::u64(..));
    let mut turn = 0;
    while !stopping.is_stopping() {
        let address = &line.config.addresses[turn % line.config.addresses.len().max(1)];
        turn += 1;
        let options = ConnectOptions { tls: tls.clone(), ..ConnectOptions::new(address.clone()) };
        let connected = tokio::select! {
            c = connect(&options) => c,
            () = stopping.stopped() => return,
        };
        match connected {
            Ok(stream) => {
                let peer = stream.peer_addr().unwrap_or_else(|_| SocketAddr::from(([0, 0, 0, 0], 0)));
                match client::run(&line, kind, stream, stopping.clone()).await {
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
