//! The whole path on this machine: a client, our listener, the spool, our connector, a simulated SMSC, and back.
#![allow(clippy::unwrap_used, missing_docs)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use tokio::net::TcpStream;
use waxwing_core::*;
use waxwing_endpoints::Endpoint;
use waxwing_endpoints::simulator::{CentreConfig, SmscConfig, start_smsc};
use waxwing_endpoints::smpp::dialect::{Frame, Smpp};
use waxwing_endpoints::smpp::{BindKind, ConnectorConfig, ListenerConfig, start_connector, start_listener};
use waxwing_session::{Engine, Event, Link, Options, Trace};
use waxwing_smpp::{
    BindTransceiver, CommandStatus, Decoder, DeliverSmResp, Destination, DestinationsBuf, Pdu, QuerySm, RegisteredDelivery, SubmitMulti,
    SubmitSm, encode,
};
use waxwing_spool::Spool;
use waxwing_spool::log::{EmbeddedSpool, SpoolConfig};
use waxwing_testkit::{CarrierConfig, IdFormat};

struct World {
    gateway: Arc<Gateway>,
    listener: Endpoint,
    _connector: Endpoint,
    _smsc: Endpoint,
    _dir: tempfile::TempDir,
}

fn world(carrier: CarrierConfig, change: impl FnOnce(&mut ConnectorConfig)) -> World {
    world_behind(carrier, change, |_| {})
}

fn world_behind(carrier: CarrierConfig, change: impl FnOnce(&mut ConnectorConfig), door: impl FnOnce(&mut ListenerConfig)) -> World {
    let dir = tempfile::tempdir().unwrap();
    let spool = EmbeddedSpool::open(SpoolConfig::small(dir.path().join("spool"))).unwrap();
    let gateway = Gateway::new(spool.clone(), Clock::system(), Arc::new(Metrics::new()));
    let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
    let smsc = start_smsc(SmscConfig { centre: CentreConfig::new(any, carrier), login: None }, Clock::system()).unwrap();
    let state = ConnectorState::new("carrier", spool.queue("connector:carrier"));
    let mut config = ConnectorConfig::new(smsc.address.unwrap().to_string());
    change(&mut config);
    let config_account = AccountConfig {
        name: "shop".into(),
        password: Secret::parse("secret"),
        numbers: vec![Mask::parse("12345").unwrap()],
        ..AccountConfig::default()
    };
    let account = Account::new(
        config_account,
        spool.group("shop"),
        spool.queue("account:shop"),
        spool.queue("hook:shop"),
        Arc::default(),
        Default::default(),
    );
    let line = Line {
        state: state.clone(),
        senders: vec![],
        to: vec![],
        any: true,
        weight: 1,
        retry: config.retry.clone(),
        errors: config.errors.clone(),
        no_answer: config.no_answer,
        receipt_wait: config.receipt_wait,
    };
    gateway.install(Setup {
        accounts: Accounts::new(vec![Arc::new(account)]),
        routes: RouteTable::new(vec![line], vec![]),
        ..Setup::empty()
    });
    let trace = Trace::new();
    let connector = start_connector(&gateway, &state, config, &trace).unwrap();
    let mut at = ListenerConfig::new(any);
    door(&mut at);
    let listener = start_listener(&gateway, at, &trace).unwrap();
    World { gateway, listener, _connector: connector, _smsc: smsc, _dir: dir }
}

struct Client {
    link: Link<Smpp, TcpStream>,
    /// Message ids and statuses in the order of their coming.
    answers: Vec<(CommandStatus, String)>,
    /// Short messages received.
    received: Vec<String>,
}

impl Client {
    async fn bind(to: SocketAddr) -> Client {
        let stream = TcpStream::connect(to).await.unwrap();
        let options = Options { window: 1000, ..Options::default() };
        let mut link = Link::new(Engine::client(Smpp::new(70_000), options, Instant::now()), stream);
        let mut out = BytesMut::new();
        let bind = BindTransceiver { system_id: b"shop", password: b"secret", ..BindTransceiver::default() };
        encode(&bind, CommandStatus::ESME_ROK, 0, &mut out).unwrap();
        link.login(&out).unwrap();
        let mut batch = Vec::new();
        link.events(&mut batch).await.unwrap();
        let Some(Event::LoginResponse { pdu }) = batch.pop() else { panic!("no bind response") };
        assert!(pdu.header.command_status.is_ok());
        link.bound();
        Client { link, answers: vec![], received: vec![] }
    }

    fn submit(&mut self, text: &str) {
        let mut out = BytesMut::new();
        let p = SubmitSm {
            source_addr: waxwing_smpp::Address { addr: b"12345", ..Default::default() },
            destination_addr: waxwing_smpp::Address { addr: b"447778001210", ..Default::default() },
            registered_delivery: RegisteredDelivery(1),
            short_message: text.as_bytes(),
            ..SubmitSm::default()
        };
        encode(&p, CommandStatus::ESME_ROK, 0, &mut out).unwrap();
        self.link.request(&out, 0).unwrap();
    }

    fn submit_multi(&mut self, recipients: usize) {
        let mut list = DestinationsBuf::new();
        for _ in 0..recipients {
            let a = waxwing_smpp::Address { addr: b"447778001210", ..Default::default() };
            list.push(Destination::Sme(a)).unwrap();
        }
        let p = SubmitMulti {
            source_addr: waxwing_smpp::Address { addr: b"12345", ..Default::default() },
            dest_address: list.as_list(),
            short_message: b"to all",
            ..SubmitMulti::default()
        };
        let mut out = BytesMut::new();
        encode(&p, CommandStatus::ESME_ROK, 0, &mut out).unwrap();
        self.link.request(&out, 0).unwrap();
    }

    fn query(&mut self, id: &str) {
        let mut out = BytesMut::new();
        encode(&QuerySm { message_id: id.as_bytes(), ..QuerySm::default() }, CommandStatus::ESME_ROK, 0, &mut out).unwrap();
        self.link.request(&out, 0).unwrap();
    }

    async fn until(&mut self, done: impl Fn(&Client) -> bool) {
        let all = async {
            let mut batch: Vec<Event<Frame>> = Vec::new();
            while !done(self) {
                self.link.events(&mut batch).await.unwrap();
                for e in batch.drain(..) {
                    match e {
                        Event::Response { pdu, .. } => {
                            let id = match Decoder::new().decode(&pdu.octets).map(|d| d.pdu) {
                                Ok(Pdu::SubmitSmResp(r)) => r.message_id,
                                Ok(Pdu::SubmitMultiResp(r)) => r.message_id,
                                Ok(Pdu::QuerySmResp(r)) => Some(r.message_id),
                                other => panic!("{other:?}"),
                            };
                            let id = String::from_utf8_lossy(id.unwrap_or_default()).into_owned();
                            self.answers.push((pdu.header.command_status, id));
                        }
                        Event::Request { seq, pdu } => {
                            let Ok(Pdu::DeliverSm(d)) = Decoder::new().decode(&pdu.octets).map(|d| d.pdu) else { panic!() };
                            self.received.push(String::from_utf8_lossy(d.short_message).into_owned());
                            self.link.respond_with(|out| encode(&DeliverSmResp::default(), CommandStatus::ESME_ROK, seq, out).unwrap());
                        }
                        other => panic!("{other:?}"),
                    }
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(20), all).await.expect("in time");
    }
}

async fn a_hundred_with_receipts(carrier: CarrierConfig, change: impl FnOnce(&mut ConnectorConfig)) {
    let w = world(carrier, change);
    let mut c = Client::bind(w.listener.address.unwrap()).await;
    (0..100).for_each(|i| c.submit(&format!("message {i}")));
    c.until(|c| c.received.len() == 100 && c.answers.len() == 100).await;
    let mut ids: Vec<String> = c.answers.iter().map(|(s, id)| (assert!(s.is_ok()), id.clone()).1).collect();
    let mut told: Vec<String> = c.received.iter().map(|r| r[3..11].to_owned()).collect();
    ids.sort();
    told.sort();
    assert_eq!(ids, told, "each message has its own receipt");
    assert!(c.received.iter().all(|r| r.contains("stat:DELIVRD")));
    drop(w.gateway);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_message_gets_its_receipt() {
    a_hundred_with_receipts(CarrierConfig { receipt_delay_ms: 20, ..CarrierConfig::default() }, |_| {}).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn receipts_before_responses_twice_and_in_decimal_find_their_messages() {
    let carrier = CarrierConfig {
        early_receipt_rate: 0.5,
        duplicate_receipt_rate: 0.3,
        receipt_delay_ms: 5,
        jitter_ms: 10,
        ids: IdFormat::HexThenDecimal,
        ..CarrierConfig::default()
    };
    a_hundred_with_receipts(carrier, |c| c.binds = 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn receipts_on_a_bind_of_their_own_find_their_messages() {
    let carrier = CarrierConfig { receipt_delay_ms: 0, ..CarrierConfig::default() };
    a_hundred_with_receipts(carrier, |c| c.bind = BindKind::Pair).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_carrier_that_throttles_gets_everything_in_order() {
    let w = world(CarrierConfig { tps: 40, receipt_delay_ms: 0, ..CarrierConfig::default() }, |c| {
        c.throttle_pause = Duration::from_millis(100);
        c.window = 10;
    });
    let mut c = Client::bind(w.listener.address.unwrap()).await;
    (0..100).for_each(|i| c.submit(&format!("message {i}")));
    c.until(|c| c.received.len() == 100).await;
    assert!(w.gateway.metrics.render().contains("waxwing_messages_throttled_total"));
    assert!(w.gateway.metrics.render().contains("waxwing_messages_retried_total{connector=\"carrier\"} 0"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_handset_answers_reaches_the_client() {
    let w = world(CarrierConfig::default(), |_| {});
    let mut c = Client::bind(w.listener.address.unwrap()).await;
    c.submit("ECHO balance");
    c.until(|c| c.received.iter().any(|r| r == "balance")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_was_away_gets_its_receipts_when_it_is_back() {
    let w = world(CarrierConfig { receipt_delay_ms: 300, ..CarrierConfig::default() }, |_| {});
    let mut c = Client::bind(w.listener.address.unwrap()).await;
    (0..10).for_each(|i| c.submit(&format!("message {i}")));
    c.until(|c| c.answers.len() == 10).await;
    drop(c);
    let mut c = Client::bind(w.listener.address.unwrap()).await;
    c.until(|c| c.received.len() == 10).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_a_throttling_carrier_holds_up_too_long_expires() {
    let w = world(CarrierConfig { tps: 1, receipt_delay_ms: 0, ..CarrierConfig::default() }, |c| {
        c.throttle_pause = Duration::from_millis(100);
    });
    let account = w.gateway.setup().accounts.get("shop").unwrap().clone();
    let soon = Clock::system().now() + 1500;
    let batch = (0..30)
        .map(|i| {
            let mut message = Message::new_text(Address::parse("12345"), Address::parse("+447778001210"), format!("message {i}"));
            message.door = Door::Smpp as i32;
            message.want = want::FINAL;
            Submission { message, expires: Some(soon), ..Submission::default() }
        })
        .collect();
    assert!(w.gateway.submit(&account, batch).await.iter().all(Result::is_ok));
    let mut c = Client::bind(w.listener.address.unwrap()).await;
    c.until(|c| c.received.len() == 30).await;
    let expired = c.received.iter().filter(|r| r.contains("stat:EXPIRED")).count();
    assert!((20..30).contains(&expired), "{expired} of 30");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_is_faster_than_its_rate_is_throttled_and_stays_up() {
    let w = world_behind(CarrierConfig::default(), |_| {}, |door| door.rate = std::num::NonZeroU32::new(10));
    let mut c = Client::bind(w.listener.address.unwrap()).await;
    (0..50).for_each(|i| c.submit(&format!("message {i}")));
    c.until(|c| c.answers.len() == 50).await;
    let taken = c.answers.iter().filter(|(s, _)| s.is_ok()).count();
    assert!((10..40).contains(&taken), "{taken} of 50");
    assert!(c.answers.iter().all(|(s, _)| s.is_ok() || *s == CommandStatus::ESME_RTHROTTLED));
    // Another connection has a rate of its own.
    let mut other = Client::bind(w.listener.address.unwrap()).await;
    other.submit("hello");
    other.until(|c| c.answers.len() == 1).await;
    assert!(other.answers[0].0.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_gateway_under_pressure_refuses_after_a_pause_and_answers_everything_else_at_once() {
    let w = world(CarrierConfig::default(), |_| {});
    let mut c = Client::bind(w.listener.address.unwrap()).await;
    let mut other = Client::bind(w.listener.address.unwrap()).await;
    w.gateway.set_pressure(Some("a test"));
    let start = tokio::time::Instant::now();
    (0..20).for_each(|i| c.submit(&format!("message {i}")));
    c.submit_multi(2);
    c.query("00000001");
    other.query("00000001");
    c.until(|c| c.answers.len() == 1).await;
    other.until(|c| c.answers.len() == 1).await;
    assert_eq!((c.answers[0].0, start.elapsed()), (CommandStatus::ESME_RINVMSGID, Duration::ZERO));
    c.until(|c| c.answers.len() > 1).await;
    let waited = start.elapsed();
    c.until(|c| c.answers.len() == 22).await;
    assert!(c.answers[1..].iter().all(|(code, _)| *code == CommandStatus::ESME_RMSGQFUL), "{:?}", c.answers);
    assert_eq!(start.elapsed(), waited, "one pause for all of them");
    assert!((100..150).contains(&waited.as_millis()), "{waited:?}");
    // The disk's time is not the clock's.
    tokio::time::resume();
    w.gateway.set_pressure(None);
    c.submit("hello");
    c.until(|c| c.answers.len() == 23).await;
    assert!(c.answers[22].0.is_ok());
}
