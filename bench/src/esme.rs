//! SMPP clients that keep their window full.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use waxwing_endpoints::smpp::dialect::{Frame, Smpp};
use waxwing_session::{Engine, Event, Link, Options};
use waxwing_smpp::{Address, BindTransceiver, CommandStatus, DeliverSmResp, Npi, RegisteredDelivery, SubmitSm, Ton, encode};

/// What to send.
#[derive(Clone, Debug)]
pub struct Load {
    /// Where the gateway listens.
    pub to: SocketAddr,
    /// Connections.
    pub binds: u32,
    /// Unanswered submit_sm, each bind.
    pub window: u32,
    /// Messages in all.
    pub count: u64,
    /// Ask for receipts, and wait for them.
    pub receipts: bool,
    /// The most time it may take.
    pub limit: Duration,
}

/// What was sent.
#[derive(Clone, Debug, Default)]
pub struct Sent {
    /// Accepted by the gateway.
    pub accepted: u64,
    /// Refused by it.
    pub refused: u64,
    /// Receipts received.
    pub receipts: u64,
    /// Until the last message was accepted.
    pub accept_time: Duration,
    /// Until the last receipt came.
    pub whole_time: Duration,
}

#[derive(Default)]
struct Shared {
    todo: AtomicU64,
    accepted: AtomicU64,
    refused: AtomicU64,
    receipts: AtomicU64,
    accepted_at: AtomicU64,
    finished_at: AtomicU64,
    finished: Notify,
}

/// Runs the load to its end, or to its limit.
pub async fn run_clients(load: Load) -> Sent {
    let shared = Arc::new(Shared::default());
    let begin = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..load.binds {
        tasks.spawn(client(load.clone(), shared.clone(), begin));
    }
    let all = async { while tasks.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(load.limit, all).await;
    Sent {
        accepted: shared.accepted.load(Ordering::Relaxed),
        refused: shared.refused.load(Ordering::Relaxed),
        receipts: shared.receipts.load(Ordering::Relaxed),
        accept_time: Duration::from_micros(shared.accepted_at.load(Ordering::Relaxed)),
        whole_time: match shared.finished_at.load(Ordering::Relaxed) {
            0 => begin.elapsed(),
            at => Duration::from_micros(at),
        },
    }
}

async fn client(load: Load, shared: Arc<Shared>, begin: Instant) {
    let Ok(stream) = TcpStream::connect(load.to).await else { return };
    let _ = stream.set_nodelay(true);
    let options = Options { window: load.window, max_unanswered: 100_000, ..Options::default() };
    let mut link = Link::new(Engine::client(Smpp::new(70_000), options, Instant::now()), stream);
    let mut out = BytesMut::new();
    let bind = BindTransceiver { system_id: b"bench", password: b"bench", ..Default::default() };
    if encode(&bind, CommandStatus::ESME_ROK, 0, &mut out).is_err() || link.login(&out).is_err() {
        return;
    }
    let mut batch: Vec<Event<Frame>> = Vec::new();
    let mut bound = false;
    loop {
        if bound {
            while link.window_free() > 0 && shared.todo.fetch_add(1, Ordering::Relaxed) < load.count {
                out.clear();
                submit(load.receipts, &mut out);
                if link.request(&out, 0).is_err() {
                    break;
                }
            }
        }
        let finished = shared.finished.notified();
        tokio::select! {
            r = link.events(&mut batch) => if r.is_err() { return },
            () = finished => {}
        }
        for event in batch.drain(..) {
            match event {
                Event::LoginResponse { pdu } if pdu.header.command_status.is_ok() => {
                    link.bound();
                    bound = true;
                }
                Event::Response { pdu, .. } => {
                    if pdu.header.command_status.is_ok() {
                        let all = shared.accepted.fetch_add(1, Ordering::Relaxed) + 1;
                        if all == load.count {
                            shared.accepted_at.store(u64::try_from(begin.elapsed().as_micros()).unwrap_or(0), Ordering::Relaxed);
                        }
                    } else {
                        shared.refused.fetch_add(1, Ordering::Relaxed);
                        shared.todo.fetch_sub(1, Ordering::Relaxed);
                    }
                }
                Event::Request { seq, .. } => {
                    shared.receipts.fetch_add(1, Ordering::Relaxed);
                    link.respond_with(|o| {
                        let _ = encode(&DeliverSmResp { message_id: Some(b""), ..Default::default() }, CommandStatus::ESME_ROK, seq, o);
                    });
                }
                Event::Closed { .. } => return,
                _ => {}
            }
        }
        let accepted = shared.accepted.load(Ordering::Relaxed);
        if accepted >= load.count && (!load.receipts || shared.receipts.load(Ordering::Relaxed) >= load.count) {
            let now = u64::try_from(begin.elapsed().as_micros()).unwrap_or(0);
            let _ = shared.finished_at.compare_exchange(0, now, Ordering::Relaxed, Ordering::Relaxed);
            shared.finished.notify_waiters();
            let _ = link.close(Duration::from_secs(1)).await;
            return;
        }
    }
}

fn submit(receipts: bool, out: &mut BytesMut) {
    // A handset of its own for nearly every message, as in life: indexes on numbers are not to have it easier here.
    let digits = format!("4477{:08}", fastrand::u32(..100_000_000));
    let body = SubmitSm {
        source_addr: Address::new(Ton(0), Npi(1), b"12345"),
        destination_addr: Address::new(Ton(1), Npi(1), digits.as_bytes()),
        registered_delivery: RegisteredDelivery(receipts.into()),
        short_message: b"Your code is 123456. Do not tell it to anybody. It is valid for ten minutes.",
        ..Default::default()
    };
    let _ = encode(&body, CommandStatus::ESME_ROK, 0, out);
}
