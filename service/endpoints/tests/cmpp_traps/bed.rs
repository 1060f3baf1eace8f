//! What a trap is laid in: a gateway, its spool and one account.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::net::TcpListener;
use waxwing_core::*;
use waxwing_endpoints::Endpoint;
use waxwing_endpoints::cmpp::{ConnectorConfig, Exchange, IsmgConfig, start_connector, start_listener};
use waxwing_session::Trace;
use waxwing_spool::log::{EmbeddedSpool, SpoolConfig};
use waxwing_spool::{SentPart, Spool};

use crate::wire::Carrier;

pub(crate) const BOUND: Duration = Duration::from_secs(20);
pub(crate) const VERSIONS: [u8; 2] = [0x20, 0x30];
pub(crate) const PHONE: &[u8] = b"13800138000";

/// A gateway with one account, and a line over which nothing leaves unless the test takes it, or is the carrier.
pub(crate) struct Bed {
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) account: Arc<Account>,
    pub(crate) state: Arc<ConnectorState>,
    pub(crate) trace: Trace,
    pub(crate) exchange: Arc<Exchange>,
    _dir: tempfile::TempDir,
}

/// The account's side of CMPP.
pub(crate) fn profile() -> CmppProfile {
    CmppProfile { sp_id: "901234".into(), secret: "secret".into(), ..CmppProfile::default() }
}

pub(crate) fn bed(profile: CmppProfile) -> Bed {
    let dir = tempfile::tempdir().unwrap();
    let config = SpoolConfig { segment_size: 1 << 20, max_tx: 256 << 10, ..SpoolConfig::small(dir.path().join("spool")) };
    let spool = EmbeddedSpool::open(config).unwrap();
    let gateway = Gateway::new(spool.clone(), Clock::system(), Arc::new(Metrics::new()));
    let state = ConnectorState::new("carrier", spool.queue("connector:carrier"));
    let account = install(&gateway, &state, account(profile));
    // Its first second is over already, so that nobody has to wait for it.
    let began = AtomicBool::new(false);
    let clock = Clock::new(move || Clock::system().now() - if began.swap(true, Ordering::Relaxed) { 0 } else { 1000 });
    Bed { gateway, account, state, trace: Trace::new(), exchange: Arc::new(Exchange::new(clock)), _dir: dir }
}

/// The account.
pub(crate) fn account(profile: CmppProfile) -> AccountConfig {
    AccountConfig {
        name: "shop".into(),
        numbers: vec![Mask::parse("10690001*").unwrap()],
        cmpp: Some(Box::new(profile)),
        ..AccountConfig::default()
    }
}

/// Lets the account have these settings from now on.
fn install(gateway: &Gateway, state: &Arc<ConnectorState>, config: AccountConfig) -> Arc<Account> {
    let spool = &gateway.spool;
    let queues = (spool.group("shop"), spool.queue("account:shop"), spool.queue("hook:shop"));
    let account = Arc::new(Account::new(config, queues.0, queues.1, queues.2, Arc::default(), Default::default()));
    let line = Line {
        state: state.clone(),
        senders: vec![],
        to: vec![],
        any: true,
        weight: 1,
        retry: RetryPolicy::default(),
        errors: ErrorTable::cmpp(),
        no_answer: NoAnswer::Resend,
        receipt_wait: 3_600_000,
    };
    gateway.install(Setup {
        accounts: Accounts::new(vec![account.clone()]),
        routes: RouteTable::new(vec![line], vec![]),
        ..Setup::empty()
    });
    account
}

impl Bed {
    pub(crate) fn reload(&self, config: AccountConfig) {
        install(&self.gateway, &self.state, config);
    }

    pub(crate) fn listen(&self, change: impl FnOnce(&mut IsmgConfig)) -> Endpoint {
        let mut config = IsmgConfig::new("127.0.0.1:0".parse().unwrap(), 1001);
        change(&mut config);
        start_listener(&self.gateway, &self.exchange, config, &self.trace).unwrap()
    }

    /// A line to a carrier that the test is.
    pub(crate) async fn carrier(&self, change: impl FnOnce(&mut ConnectorConfig)) -> (Carrier, Endpoint) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut config = ConnectorConfig {
            source_addr: "901234".into(),
            secret: "secret".into(),
            src_id: "10690001".into(),
            reconnect: waxwing_session::BackoffOptions { initial: Duration::from_millis(5), ..Default::default() },
            ..ConnectorConfig::new(listener.local_addr().unwrap().to_string())
        };
        change(&mut config);
        let line = start_connector(&self.gateway, &self.exchange, &self.state, config, &self.trace).unwrap();
        (Carrier { listener }, line)
    }

    pub(crate) async fn submit(&self, m: Message) -> MsgId {
        let s = Submission { message: m, ..Submission::default() };
        self.gateway.submit(&self.account, vec![s]).await.pop().unwrap().unwrap()
    }

    /// So many messages that wait for the carrier.
    pub(crate) async fn waiting(&self, count: usize) -> Vec<Outgoing> {
        let outbox = Outbox::connector(&self.gateway, &self.state, policy());
        let mut all = Vec::new();
        let wait = async {
            loop {
                let ready = outbox.ready();
                all.extend(outbox.claim(count - all.len()));
                if all.len() == count {
                    return;
                }
                ready.await;
            }
        };
        tokio::time::timeout(BOUND, wait).await.unwrap();
        all
    }

    pub(crate) async fn texts(&self, count: usize) -> Vec<String> {
        self.waiting(count).await.iter().map(|out| content::text(&out.message).unwrap_or_default()).collect()
    }

    /// The carrier takes so many messages and reports them as delivered.
    pub(crate) async fn report(&self, count: usize) {
        let waiting = self.waiting(count).await;
        let counters = Arc::new(ConnectorCounters::new(&self.gateway.metrics, &self.state.name));
        let mut receipts = Vec::new();
        let settled = waiting.into_iter().map(|out| {
            let remote = Bytes::from(format!("remote {}", out.id().0));
            receipts.push(CarrierReceipt {
                remotes: vec![remote.clone()],
                state: State::Delivered as i32,
                error: Bytes::new(),
                done: self.gateway.clock.now(),
                raw: Bytes::new(),
                stat: Bytes::from_static(b"DELIVRD"),
            });
            Settlement { out, result: SendResult::Sent { parts: vec![SentPart { part: 0, remote }], total: 1, receipt: true } }
        });
        let settled: Vec<_> = settled.collect();
        Outbox::connector(&self.gateway, &self.state, policy()).settle(settled).await.unwrap();
        self.gateway.carrier_receipts(&self.state, &counters, receipts, None).await.unwrap();
    }

    /// The next thing that waits for the account.
    pub(crate) async fn arrival(&self) -> Message {
        let outbox = Outbox::deliveries(&self.gateway, self.account.queue, "account", RetryPolicy::default());
        let wait = async {
            loop {
                let ready = outbox.ready();
                if let Some(out) = outbox.claim(1).pop() {
                    let message = (*out.message).clone();
                    let result = SendResult::Sent { parts: vec![], total: 1, receipt: false };
                    outbox.settle(vec![Settlement { out, result }]).await.unwrap();
                    return message;
                }
                ready.await;
            }
        };
        tokio::time::timeout(BOUND, wait).await.unwrap()
    }

    pub(crate) fn metrics(&self) -> String {
        self.gateway.metrics.render()
    }
}

pub(crate) fn policy() -> OutboxPolicy {
    OutboxPolicy { retry: RetryPolicy::default(), no_answer: NoAnswer::Resend, receipt_wait: 3_600_000, spellings: None }
}

pub(crate) fn text(t: &str) -> Message {
    let to = Address::parse(std::str::from_utf8(PHONE).unwrap());
    Message { want: want::FINAL, door: Door::Smpp as i32, ..Message::new_text(Address::parse("10690001"), to, t) }
}
