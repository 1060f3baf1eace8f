//! Two gateways on this machine: one is an SP of the other, which is an SP of a simulated ISMG.
#![allow(clippy::unwrap_used, missing_docs)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use waxwing_core::*;
use waxwing_endpoints::Endpoint;
use waxwing_endpoints::cmpp::{ConnectorConfig, Exchange, IsmgConfig, Signature, SignaturePlace, Wide, start_connector, start_listener};
use waxwing_endpoints::simulator::{self, CentreConfig, start_ismg};
use waxwing_session::Trace;
use waxwing_spool::Spool;
use waxwing_spool::log::{EmbeddedSpool, SpoolConfig};
use waxwing_testkit::CarrierConfig;

/// A gateway with one account and one line.
struct House {
    gateway: Arc<Gateway>,
    account: Arc<Account>,
    listener: Option<Endpoint>,
    _connector: Endpoint,
    _dir: tempfile::TempDir,
}

fn any() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

fn house(account: AccountConfig, line: ConnectorConfig, door: Option<IsmgConfig>) -> House {
    let dir = tempfile::tempdir().unwrap();
    let spool = EmbeddedSpool::open(SpoolConfig::small(dir.path().join("spool"))).unwrap();
    let gateway = Gateway::new(spool.clone(), Clock::system(), Arc::new(Metrics::new()));
    let state = ConnectorState::new("carrier", spool.queue("connector:carrier"));
    let queues = (spool.group("shop"), spool.queue("account:shop"), spool.queue("hook:shop"));
    let account = Arc::new(Account::new(account, queues.0, queues.1, queues.2, Arc::default(), Default::default()));
    let route = Line {
        state: state.clone(),
        senders: vec![],
        to: vec![],
        any: true,
        weight: 1,
        retry: line.retry.clone(),
        errors: line.errors.clone(),
        no_answer: line.no_answer,
        receipt_wait: line.receipt_wait,
    };
    gateway.install(Setup {
        accounts: Accounts::new(vec![account.clone()]),
        routes: RouteTable::new(vec![route], vec![]),
        ..Setup::empty()
    });
    let trace = Trace::new();
    let exchange = Arc::new(Exchange::new(Clock::system()));
    let connector = start_connector(&gateway, &exchange, &state, line, &trace).unwrap();
    let listener = door.map(|d| start_listener(&gateway, &exchange, d, &trace).unwrap());
    House { gateway, account, listener, _connector: connector, _dir: dir }
}

impl House {
    async fn submit(&self, m: Message) -> MsgId {
        let s = Submission { message: m, ..Submission::default() };
        self.gateway.submit(&self.account, vec![s]).await.pop().unwrap().unwrap()
    }

    /// The next thing that waits for the account.
    async fn arrival(&self) -> Message {
        let outbox = Outbox::deliveries(&self.gateway, self.account.queue, "account", RetryPolicy::default());
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
}

/// An application's gateway, an SP of another gateway, an SP of a simulated ISMG.
struct World {
    sp: House,
    ismg: House,
    _carrier: Endpoint,
}

fn world(version: Option<u8>, carrier: CarrierConfig, profile: CmppProfile, change: impl Fn(&mut ConnectorConfig)) -> World {
    let simulated = start_ismg(simulator::IsmgConfig::new(CentreConfig::new(any(), carrier)), Clock::system()).unwrap();
    let line = |address: String| ConnectorConfig {
        source_addr: "901234".into(),
        secret: "secret".into(),
        src_id: "10690001".into(),
        version,
        ..ConnectorConfig::new(address)
    };
    let shop = AccountConfig {
        name: "shop".into(),
        numbers: vec![Mask::parse("10690001*").unwrap()],
        cmpp: Some(Box::new(CmppProfile { sp_id: "901234".into(), secret: "secret".into(), ..profile })),
        ..AccountConfig::default()
    };
    let ismg = house(shop.clone(), line(simulated.address.unwrap().to_string()), Some(IsmgConfig::new(any(), 1001)));
    let mut up = line(ismg.listener.as_ref().unwrap().address.unwrap().to_string());
    change(&mut up);
    let sp = house(AccountConfig { cmpp: None, ..shop }, up, None);
    World { sp, ismg, _carrier: simulated }
}

fn text(t: &str) -> Message {
    Message {
        want: want::FINAL,
        door: Door::Smpp as i32,
        ..Message::new_text(Address::parse("10690001"), Address::parse("13800138000"), t)
    }
}

fn quick() -> CarrierConfig {
    CarrierConfig { latency_ms: 0, receipt_delay_ms: 5, ..CarrierConfig::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_and_its_report_cross_two_gateways_in_either_version() {
    for version in [None, Some(0x20), Some(0x30)] {
        let w = world(version, quick(), CmppProfile::default(), |_| {});
        let id = w.sp.submit(text("你好")).await;
        let receipt = w.sp.arrival().await.receipt.unwrap();
        assert_eq!((receipt.id, receipt.state(), words(&receipt.stat)), (id.0, State::Delivered, "DELIVRD"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_message_is_joined_on_its_way_and_every_part_is_reported() {
    for wide in [Wide::Ucs2, Wide::Gbk] {
        let w = world(None, quick(), CmppProfile::default(), |c| c.wide = wide);
        w.sp.submit(text(&"好长的短信".repeat(40))).await;
        let receipt = w.sp.arrival().await.receipt.unwrap();
        assert_eq!((receipt.state(), receipt.parts, receipt.delivered), (State::Delivered, 3, 3), "{wide:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_message_may_stay_in_its_parts() {
    let apart = CmppProfile { merge_long: false, ..CmppProfile::default() };
    let w = world(None, quick(), apart, |_| {});
    w.sp.submit(text(&"x".repeat(400))).await;
    let receipt = w.sp.arrival().await.receipt.unwrap();
    assert_eq!((receipt.state(), receipt.parts, receipt.delivered), (State::Delivered, 3, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_handset_answers_crosses_two_gateways() {
    let w = world(None, quick(), CmppProfile::default(), |_| {});
    w.sp.submit(Message { want: 0, ..text("ECHO 退订 TD") }).await;
    // The report is asked for by default, and told to nobody who did not ask.
    let m = w.sp.arrival().await;
    assert_eq!((m.kind(), content::text(&m).as_deref()), (Kind::Mo, Some("退订 TD")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_keeps_the_word_it_came_with() {
    let w = world(None, CarrierConfig { delivered_rate: 0.0, ..quick() }, CmppProfile::default(), |_| {});
    w.sp.submit(text("no")).await;
    let receipt = w.sp.arrival().await.receipt.unwrap();
    assert_eq!((receipt.state(), words(&receipt.stat)), (State::Undeliverable, "UNDELIV"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_overtakes_its_answer_finds_its_message() {
    let early = CarrierConfig { early_receipt_rate: 1.0, duplicate_receipt_rate: 0.5, latency_ms: 20, ..quick() };
    let w = world(None, early, CmppProfile::default(), |c| c.links = 3);
    for n in 0..20 {
        w.sp.submit(text(&format!("message {n}"))).await;
    }
    for _ in 0..20 {
        assert_eq!(w.sp.arrival().await.receipt.unwrap().state(), State::Delivered);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn flow_control_slows_the_line_down_and_loses_nothing() {
    let w = world(None, quick(), CmppProfile::default(), |c| c.throttle_pause = Duration::from_millis(20));
    w.ismg.gateway.set_pressure(Some("a test"));
    w.sp.submit(text("first")).await;
    w.sp.submit(text("second")).await;
    tokio::time::timeout(Duration::from_secs(10), async {
        while w.sp.gateway.metrics.render().lines().filter(|l| l.contains("throttled") && !l.ends_with(" 0")).count() == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
    .unwrap();
    w.ismg.gateway.set_pressure(None);
    for _ in 0..2 {
        assert_eq!(w.sp.arrival().await.receipt.unwrap().state(), State::Delivered);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_secret_lets_nobody_in_and_a_signature_is_put_once() {
    let rule = Signature { text: "【店】".into(), place: SignaturePlace::Start, by_carrier: false };
    let w = world(None, quick(), CmppProfile::default(), |c| c.signature = Some(rule.clone()));
    w.sp.submit(text("【店】ECHO")).await;
    assert_eq!(w.sp.arrival().await.receipt.unwrap().state(), State::Delivered);
    let closed = world(None, quick(), CmppProfile::default(), |c| c.secret = "wrong".into());
    closed.sp.submit(text("hello")).await;
    tokio::time::timeout(Duration::from_secs(10), async {
        while !closed.ismg.gateway.metrics.render().contains("bind refused") {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
    .unwrap();
}
