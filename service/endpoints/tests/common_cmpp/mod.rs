//! Gateways for tests: their listeners, accounts and connectors.
#![allow(dead_code, clippy::unwrap_used)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use waxwing_core::*;
use waxwing_endpoints::Endpoint;
use waxwing_endpoints::cmpp::{ConnectorConfig, Exchange, IsmgConfig, Part, start_connector, start_listener};
use waxwing_session::Trace;
use waxwing_spool::Spool;
use waxwing_spool::log::{EmbeddedSpool, SpoolConfig};
use waxwing_testkit::CarrierConfig;

pub(crate) const SECRET: &str = "secret";

/// A gateway: its listener, its accounts, its connectors.
pub(crate) struct Node {
    pub(crate) code: u32,
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) exchange: Arc<Exchange>,
    pub(crate) accounts: Vec<Arc<Account>>,
    pub(crate) lines: Vec<Line>,
    pub(crate) listener: Endpoint,
    pub(crate) connectors: Vec<Endpoint>,
    _dir: tempfile::TempDir,
}

pub(crate) fn any() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

/// Another gateway, as an account.
pub(crate) fn peer(name: &str, code: u32, numbers: &str) -> AccountConfig {
    let cmpp = CmppProfile {
        secret: SECRET.into(),
        gateway: Some(format!("{code:06}")),
        connector: Some(format!("to-{name}")),
        merge_long: false,
        ..CmppProfile::default()
    };
    AccountConfig { cmpp: Some(Box::new(cmpp)), ..account(name, numbers) }
}

pub(crate) fn account(name: &str, numbers: &str) -> AccountConfig {
    let numbers = if numbers.is_empty() { vec![] } else { Mask::parse_list(numbers).unwrap() };
    AccountConfig { name: name.into(), numbers, ..AccountConfig::default() }
}

/// The SP, as an account of its gateway.
pub(crate) fn sp_account() -> AccountConfig {
    let cmpp = CmppProfile { sp_id: "901234".into(), secret: SECRET.into(), ..CmppProfile::default() };
    AccountConfig { cmpp: Some(Box::new(cmpp)), ..account("sp", "10690001*") }
}

pub(crate) fn quick() -> CarrierConfig {
    CarrierConfig { latency_ms: 0, receipt_delay_ms: 5, ..CarrierConfig::default() }
}

pub(crate) fn text(t: &str) -> Message {
    Message {
        want: want::FINAL,
        door: Door::Smpp as i32,
        ..Message::new_text(Address::parse("10690001"), Address::parse("13800138000"), t)
    }
}

impl Node {
    pub(crate) fn new(code: u32, accounts: Vec<AccountConfig>) -> Node {
        let dir = tempfile::tempdir().unwrap();
        let spool = EmbeddedSpool::open(SpoolConfig::small(dir.path().join("spool"))).unwrap();
        let gateway = Gateway::new(spool.clone(), Clock::system(), Arc::new(Metrics::new()));
        let made = accounts.into_iter().map(|a| {
            let n = a.name.clone();
            let queues = (spool.group(&n), spool.queue(&format!("account:{n}")), spool.queue(&format!("hook:{n}")));
            Arc::new(Account::new(a, queues.0, queues.1, queues.2, Arc::default(), Default::default()))
        });
        let accounts: Vec<_> = made.collect();
        let exchange = Arc::new(Exchange::new(Clock::system()));
        let listener = start_listener(&gateway, &exchange, IsmgConfig::new(any(), code), &Trace::new()).unwrap();
        let mut node = Node { code, gateway, exchange, accounts, lines: vec![], listener, connectors: vec![], _dir: dir };
        node.install();
        node
    }

    fn install(&mut self) {
        self.gateway.install(Setup {
            accounts: Accounts::new(self.accounts.clone()),
            routes: RouteTable::new(self.lines.clone(), vec![]),
            ..Setup::empty()
        });
    }

    pub(crate) fn address(&self) -> String {
        self.listener.address.unwrap().to_string()
    }

    pub(crate) fn connect(&mut self, name: &str, config: ConnectorConfig, takes_any: bool) {
        let state = ConnectorState::new(name, self.gateway.spool.queue(&format!("connector:{name}")));
        self.lines.push(Line {
            state: state.clone(),
            senders: vec![],
            to: vec![],
            any: takes_any,
            weight: 1,
            retry: config.retry.clone(),
            errors: config.errors.clone(),
            no_answer: config.no_answer,
            receipt_wait: config.receipt_wait,
        });
        self.install();
        self.connectors.push(start_connector(&self.gateway, &self.exchange, &state, config, &Trace::new()).unwrap());
    }

    /// A connector to another gateway, which is account `name` here.
    pub(crate) fn forward(&mut self, name: &str, peer: u32, address: String, takes_any: bool, change: impl Fn(&mut ConnectorConfig)) {
        let mut config = ConnectorConfig {
            part: Part::Ismg { account: name.into(), peer, max_nodes: 8 },
            source_addr: format!("{:06}", self.code),
            secret: SECRET.into(),
            ..ConnectorConfig::new(address)
        };
        change(&mut config);
        self.connect(&format!("to-{name}"), config, takes_any);
    }

    /// A connector to a gateway as its SP.
    pub(crate) fn submit_to(&mut self, address: String, version: Option<u8>) {
        let config = ConnectorConfig {
            source_addr: "901234".into(),
            secret: SECRET.into(),
            src_id: "10690001".into(),
            version,
            ..ConnectorConfig::new(address)
        };
        self.connect("carrier", config, true);
    }

    pub(crate) async fn submit(&self, m: Message) -> MsgId {
        let s = Submission { message: m, ..Submission::default() };
        self.gateway.submit(&self.accounts[0], vec![s]).await.pop().unwrap().unwrap()
    }

    /// The next thing that waits for the first account.
    pub(crate) async fn arrival(&self) -> Message {
        let outbox = Outbox::deliveries(&self.gateway, self.accounts[0].queue, "account", RetryPolicy::default());
        for _ in 0..2000 {
            let ready = outbox.ready();
            if let Some(out) = outbox.claim(1).pop() {
                let message = (*out.message).clone();
                let result = SendResult::Sent { parts: vec![], total: 1, receipt: false };
                outbox.settle(vec![Settlement { out, result }]).await.unwrap();
                return message;
            }
            let _ = tokio::time::timeout(Duration::from_millis(10), ready).await;
        }
        panic!("nothing arrived");
    }

    pub(crate) async fn receipt(&self) -> Receipt {
        *self.arrival().await.receipt.unwrap()
    }

    /// Waits until a metric is there.
    pub(crate) async fn counted(&self, what: &str) {
        for _ in 0..2000 {
            if self.gateway.metrics.render().lines().any(|l| l.strip_prefix("waxwing_").is_some_and(|l| l.starts_with(what))) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("{what} was not counted:\n{}", self.gateway.metrics.render());
    }
}
