//! The house that the tests live in: a gateway over the real spool, with a carrier played by the test.
#![allow(dead_code, unreachable_pub)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use waxwing_core::*;
use waxwing_spool::log::{EmbeddedSpool, SpoolConfig};
use waxwing_spool::{Op, SentPart, Spool, Tx};

pub struct House {
    pub gateway: Arc<Gateway>,
    pub spool: Arc<EmbeddedSpool>,
    pub time: Arc<AtomicU64>,
    pub lines: Vec<Arc<ConnectorState>>,
    pub dir: tempfile::TempDir,
}

/// The shop, with connectors a and b (b is a's failover) and the number 12345.
pub fn house() -> House {
    house_with(|_| {})
}

pub fn house_with(change: impl Fn(&mut AccountConfig)) -> House {
    let dir = tempfile::tempdir().unwrap();
    let time = Arc::new(AtomicU64::new(1_800_000_000_000));
    let spool = open(&dir, &time);
    furnish(dir, time, spool, change)
}

pub fn open(dir: &tempfile::TempDir, time: &Arc<AtomicU64>) -> Arc<EmbeddedSpool> {
    let clock = time.clone();
    let mut config = SpoolConfig::small(dir.path().join("spool"));
    config.clock = waxwing_spool::log::Clock::new(move || clock.load(Ordering::Relaxed));
    EmbeddedSpool::open(config).unwrap()
}

pub fn furnish(dir: tempfile::TempDir, time: Arc<AtomicU64>, spool: Arc<EmbeddedSpool>, change: impl Fn(&mut AccountConfig)) -> House {
    let now = time.clone();
    let gateway = Gateway::new(spool.clone(), Clock::new(move || now.load(Ordering::Relaxed)), Arc::new(Metrics::new()));
    let lines: Vec<Arc<ConnectorState>> =
        ["a", "b"].iter().map(|n| ConnectorState::new(n, spool.queue(&format!("connector:{n}")))).collect();
    let line = |state: &Arc<ConnectorState>| Line {
        state: state.clone(),
        senders: vec![],
        to: vec![],
        any: false,
        weight: 1,
        retry: RetryPolicy { max_attempts: 3, ..RetryPolicy::default() },
        errors: ErrorTable::smpp(),
        no_answer: NoAnswer::Resend,
        receipt_wait: 3_600_000,
    };
    let route = Route { to: vec![Mask::parse("*").unwrap()], via: vec!["a".into(), "b".into()], ..Route::default() };
    let mut config = AccountConfig { name: "shop".into(), numbers: vec![Mask::parse("12345").unwrap()], ..AccountConfig::default() };
    change(&mut config);
    let account = Account::new(
        config,
        spool.group("shop"),
        spool.queue("account:shop"),
        spool.queue("hook:shop"),
        Arc::default(),
        (Default::default(), Default::default()),
    );
    gateway.install(Setup {
        accounts: Accounts::new(vec![Arc::new(account)]),
        routes: RouteTable::new(lines.iter().map(line).collect(), vec![route]),
        ..Setup::empty()
    });
    House { gateway, spool, time, lines, dir }
}

impl House {
    pub fn account(&self) -> Arc<Account> {
        self.gateway.setup().accounts.get("shop").unwrap().clone()
    }

    pub fn outbox(&self, n: usize) -> Outbox {
        let policy = OutboxPolicy {
            retry: RetryPolicy { max_attempts: 3, ..RetryPolicy::default() },
            no_answer: NoAnswer::Resend,
            receipt_wait: 3_600_000,
            spellings: None,
        };
        Outbox::connector(&self.gateway, &self.lines[n], policy)
    }

    pub fn counters(&self, n: usize) -> ConnectorCounters {
        ConnectorCounters::new(&self.gateway.metrics, &self.lines[n].name)
    }

    pub async fn submit(&self, s: Submission) -> Result<MsgId, SubmitError> {
        self.gateway.submit(&self.account(), vec![s]).await.pop().unwrap()
    }

    /// What waits for the shop's SMPP binds.
    pub fn delivered(&self) -> Vec<Outgoing> {
        Outbox::deliveries(&self.gateway, self.account().queue, "account", RetryPolicy::default()).claim(100)
    }

    /// Stopped and started again.
    pub fn restarted(self, change: impl Fn(&mut AccountConfig)) -> House {
        let House { gateway, spool, time, dir, .. } = self;
        spool.close();
        drop((gateway, spool));
        let spool = open(&dir, &time);
        furnish(dir, time, spool, change)
    }

    /// Takes a message out behind the gateway's back.
    pub async fn spool_cancel(&self, id: MsgId) {
        let note = Bytes::from_static(b"test");
        self.gateway.spool.commit(vec![Tx::one(Op::Cancel { id, note })]).await.unwrap().pop().unwrap().unwrap();
    }

    pub fn pass(&self, ms: u64) {
        self.time.fetch_add(ms, Ordering::Relaxed);
    }

    pub async fn receipt(&self, n: usize, remote: &str, state: State) {
        let r = CarrierReceipt { remotes: vec![Bytes::from(remote.to_owned())], state: state as i32, ..CarrierReceipt::default() };
        self.gateway.carrier_receipts(&self.lines[n], &self.counters(n), vec![r], None).await.unwrap();
    }
}

pub fn hello() -> Submission {
    let mut message = Message::new_text(Address::parse("12345"), Address::parse("+447778001210"), "hello");
    message.door = Door::Smpp as i32;
    message.want = want::FINAL;
    Submission { message, ..Submission::default() }
}

pub fn sent(remotes: &[&str]) -> SendResult {
    let parts = remotes.iter().zip(0..).map(|(r, part)| SentPart { part, remote: Bytes::from((*r).to_owned()) }).collect();
    SendResult::Sent { parts, total: remotes.len() as u8, receipt: true }
}

pub fn refused(class: ErrorClass) -> SendResult {
    SendResult::Refused { class, code: "ESME_X".into(), reason: "refused".into(), sent: vec![] }
}

pub async fn settle(outbox: &Outbox, out: Outgoing, result: SendResult) {
    outbox.settle(vec![Settlement { out, result }]).await.unwrap();
}
