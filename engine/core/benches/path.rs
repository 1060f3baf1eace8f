//! What the pipeline costs by itself, without disk and sockets: messages in, out to a connector, settled, receipts back, out to the client.
//!
//! The spool takes everything at once and forgets it, and hands out the same messages again and again.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use divan::counter::ItemsCount;
use divan::{AllocProfiler, Bencher, black_box};
use waxwing_core::{
    Account, AccountConfig, Accounts, Address, CarrierReceipt, Clock, ConnectorCounters, ConnectorState, Door, ErrorTable, Gateway, Line,
    Message, Metrics, NoAnswer, Outbox, OutboxPolicy, RetryPolicy, RouteTable, SendResult, Settlement, Setup, State, Submission, want,
};
use waxwing_spool::*;

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

/// Messages a round: what one or two reads of a busy connection bring.
const BATCH: usize = 256;
const NOW: u64 = 1_780_000_000_000;
const CONNECTOR: QueueId = QueueId(1);
const ACCOUNT: QueueId = QueueId(2);

/// What a client submits: 160 octets with a receipt asked for.
fn message() -> Message {
    // As in a session, where everything is cut out of what was read.
    let read = Bytes::from(b"Shop447778001210".iter().copied().chain(std::iter::repeat_n(b'x', 160)).collect::<Vec<u8>>());
    Message {
        source: Address::new(5, 0, read.slice(..4)),
        destination: Address::new(1, 1, read.slice(4..16)),
        payload: read.slice(16..),
        submitted_from: "shop".into(),
        want: want::FINAL,
        door: Door::Smpp as i32,
        ..Message::default()
    }
}

struct World {
    gateway: Arc<Gateway>,
    account: Arc<Account>,
    state: Arc<ConnectorState>,
    counters: ConnectorCounters,
    out: Outbox,
    back: Outbox,
}

fn world() -> World {
    let gateway = Gateway::new(Arc::new(Nowhere::new()), Clock::system(), Arc::new(Metrics::new()));
    let config = AccountConfig { name: "shop".into(), ..AccountConfig::default() };
    let account = Arc::new(Account::new(config, GroupId(1), ACCOUNT, QueueId(3), Arc::default(), Default::default()));
    let state = ConnectorState::new("carrier", CONNECTOR);
    state.session_up();
    let line = Line {
        state: state.clone(),
        senders: vec![],
        to: vec![],
        any: true,
        weight: 1,
        retry: RetryPolicy::default(),
        errors: ErrorTable::smpp(),
        no_answer: NoAnswer::Resend,
        receipt_wait: 1000,
    };
    let routes = RouteTable::new(vec![line], vec![]);
    gateway.install(Setup { accounts: Accounts::new(vec![account.clone()]), routes, ..Setup::empty() });
    let policy = OutboxPolicy { retry: RetryPolicy::default(), no_answer: NoAnswer::Resend, receipt_wait: 1000, spellings: Some(none) };
    World {
        out: Outbox::connector(&gateway, &state, policy),
        back: Outbox::deliveries(&gateway, ACCOUNT, "account", RetryPolicy::default()),
        counters: ConnectorCounters::new(&gateway.metrics, "carrier"),
        gateway,
        account,
        state,
    }
}

fn none(_: &[u8]) -> Vec<Bytes> {
    Vec::new()
}

/// Nothing here waits.
fn now<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    loop {
        if let std::task::Poll::Ready(value) = future.as_mut().poll(&mut cx) {
            return value;
        }
    }
}

#[divan::bench]
fn submit(bencher: Bencher) {
    let w = world();
    let batch = || (0..BATCH).map(|_| Submission { message: message(), ..Submission::default() }).collect::<Vec<_>>();
    let bencher = bencher.counter(ItemsCount::new(BATCH)).with_inputs(batch);
    bencher.bench_values(|batch| black_box(now(w.gateway.submit(&w.account, batch))));
}

#[divan::bench]
fn claim_for_a_connector(bencher: Bencher) {
    let w = world();
    bencher.counter(ItemsCount::new(BATCH)).bench(|| black_box(w.out.claim(BATCH)));
}

#[divan::bench]
fn settle_as_sent(bencher: Bencher) {
    let w = world();
    let settled = |out| {
        let parts = vec![SentPart { part: 0, remote: Bytes::from(b"6a1b2c3d".to_vec()) }];
        Settlement { out, result: SendResult::Sent { parts, total: 1, receipt: true } }
    };
    let batch = || w.out.claim(BATCH).into_iter().map(settled).collect::<Vec<_>>();
    let bencher = bencher.counter(ItemsCount::new(BATCH)).with_inputs(batch);
    bencher.bench_values(|batch| black_box(now(w.out.settle(batch))));
}

#[divan::bench]
fn receipts_of_a_carrier(bencher: Bencher) {
    let w = world();
    let receipt = || CarrierReceipt {
        remotes: vec![Bytes::from(b"6a1b2c3d".to_vec())],
        state: State::Delivered as i32,
        error: "000".into(),
        done: NOW,
        raw: Bytes::from_static(b"id:6a1b2c3d sub:001 dlvrd:001 submit date:2601010000 done date:2601010000 stat:DELIVRD err:000 text:x"),
        stat: "DELIVRD".into(),
    };
    let batch = || (0..BATCH).map(|_| receipt()).collect::<Vec<_>>();
    let bencher = bencher.counter(ItemsCount::new(BATCH)).with_inputs(batch);
    bencher.bench_values(|batch| black_box(now(w.gateway.carrier_receipts(&w.state, &w.counters, batch, Some(none)))));
}

#[divan::bench]
fn claim_for_a_client(bencher: Bencher) {
    let w = world();
    bencher.counter(ItemsCount::new(BATCH)).bench(|| black_box(w.back.claim(BATCH)));
}

#[divan::bench]
fn settle_as_delivered(bencher: Bencher) {
    let w = world();
    let settled = |out| Settlement { out, result: SendResult::Sent { parts: Vec::new(), total: 1, receipt: false } };
    let batch = || w.back.claim(BATCH).into_iter().map(settled).collect::<Vec<_>>();
    let bencher = bencher.counter(ItemsCount::new(BATCH)).with_inputs(batch);
    bencher.bench_values(|batch| black_box(now(w.back.settle(batch))));
}

/// A spool that keeps nothing.
struct Nowhere {
    message: Bytes,
    receipt: Bytes,
}

impl Nowhere {
    fn new() -> Nowhere {
        let receipt = waxwing_core::Receipt {
            id: 0x6b03_0cc9,
            state: State::Delivered as i32,
            error: "000".into(),
            submitted: NOW,
            done: NOW,
            parts: 1,
            delivered: 1,
            text: "xxxxxxxxxxxxxxxxxxxx".into(),
            remote_id: "6a1b2c3d".into(),
            event: want::DELIVERED,
            raw: Bytes::from_static(b"id:6a1b2c3d stat:DELIVRD"),
            stat: "DELIVRD".into(),
            ..Default::default()
        };
        let receipt = Message { kind: 2, connector: "carrier".into(), receipt: Some(Box::new(receipt)), ..message() };
        Nowhere { message: message().to_bytes(), receipt: Message { payload: Bytes::new(), ..receipt }.to_bytes() }
    }
}

impl Spool for Nowhere {
    fn queue(&self, _: &str) -> QueueId {
        CONNECTOR
    }
    fn queue_name(&self, _: QueueId) -> Option<Arc<str>> {
        None
    }
    fn group(&self, _: &str) -> GroupId {
        GroupId(1)
    }
    fn group_name(&self, _: GroupId) -> Option<Arc<str>> {
        static NAME: std::sync::OnceLock<Arc<str>> = std::sync::OnceLock::new();
        Some(NAME.get_or_init(|| "shop".into()).clone())
    }
    fn commit(&self, txs: Vec<Tx>) -> BoxFuture<'static, Result<Vec<Result<TxDone, TxError>>, SpoolError>> {
        // One allocation a transaction, as with a spool that keeps something.
        let done = |tx: &Tx| {
            let accepted = tx.ops.iter().filter(|op| matches!(op, Op::Accept(_))).map(|_| Accepted::New(MsgId(1))).collect();
            Ok(TxDone { accepted, ..TxDone::default() })
        };
        let done = txs.iter().map(done).collect();
        Box::pin(std::future::ready(Ok(done)))
    }
    fn claim(&self, queue: QueueId, max: usize, _: Duration) -> Vec<Claimed> {
        let claimed = |n| Claimed {
            lease: Lease { id: MsgId(n as u64), token: 1 },
            group: GroupId(1),
            priority: 1,
            attempts: 0,
            accepted: NOW,
            expires: NOW + 3_600_000,
            sent_parts: Vec::new(),
            body: if queue == CONNECTOR { self.message.clone() } else { self.receipt.clone() },
        };
        (0..max).map(claimed).collect()
    }
    fn ready(&self, _: QueueId) -> BoxFuture<'static, ()> {
        Box::pin(std::future::ready(()))
    }
    fn renew(&self, _: &Lease, _: Duration) -> bool {
        true
    }
    fn release(&self, _: &Lease) -> bool {
        true
    }
    fn claim_expired(&self, _: usize, _: Duration) -> Vec<Claimed> {
        Vec::new()
    }
    fn overdue_receipts(&self, _: usize) -> Vec<MsgId> {
        Vec::new()
    }
    fn find_remote(&self, _: QueueId, _: &[u8]) -> RemoteLookup {
        RemoteLookup::Found(RemoteMatch {
            id: MsgId(1),
            part: 0,
            version: 1,
            parts: vec![0],
            group: GroupId(1),
            accepted: NOW,
            expires: NOW + 3_600_000,
            body: self.message.clone(),
        })
    }
    fn parked(&self, _: QueueId, _: &[u8]) -> Vec<Parked> {
        Vec::new()
    }
    fn stale_parked(&self, _: usize) -> Vec<Parked> {
        Vec::new()
    }
    fn get(&self, _: MsgId) -> Option<MsgState> {
        None
    }
    fn read_body(&self, _: MsgId) -> Result<Option<Bytes>, SpoolError> {
        Ok(None)
    }
    fn depths(&self) -> Vec<QueueDepth> {
        Vec::new()
    }
    fn list(&self, _: Option<QueueId>, _: Option<MsgId>, _: usize) -> Vec<MsgState> {
        Vec::new()
    }
    fn feed(&self, _: Cursor, _: usize) -> Result<Vec<FeedItem>, SpoolError> {
        Ok(Vec::new())
    }
    fn feed_ready(&self, _: Cursor) -> BoxFuture<'static, ()> {
        Box::pin(std::future::pending())
    }
    fn feed_ack(&self, _: &str, _: Cursor) {}
    fn feed_register(&self, _: &str, _: Option<Cursor>) -> Cursor {
        Cursor::default()
    }
    fn unhealthy(&self) -> Option<SpoolError> {
        None
    }
    fn stats(&self) -> SpoolStats {
        SpoolStats::default()
    }
}
