//! The simulated ISMG, as an SP sees it, and the load generator over CMPP.
#![allow(clippy::unwrap_used)]

use std::net::SocketAddr;
use std::time::Duration;

use bytes::BytesMut;
use tokio::net::TcpStream;
use waxwing_cmpp::{
    Body, Cancel, CommandId, Connect, Deliver, DeliverResp, MsgId, Pdu, Query, Report, Submit, SubmitResp, Terminals, Version, auth,
    decode, encode,
};
use waxwing_core::Clock;
use waxwing_endpoints::Endpoint;
use waxwing_endpoints::cmpp::dialect::{Cmpp, Frame};
use waxwing_endpoints::load::cmpp::Sp;
use waxwing_endpoints::load::{self, End, Load, Matched, Pace, Sent};
use waxwing_endpoints::simulator::{CentreConfig, Incoming, IsmgConfig, start_ismg};
use waxwing_session::{Engine, Event, Link, Options};
use waxwing_testkit::CarrierConfig;

const BOUND: Duration = Duration::from_secs(30);

fn config(carrier: CarrierConfig) -> IsmgConfig {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let config = IsmgConfig::new(CentreConfig { window: 4, ..CentreConfig::new(any, carrier) });
    IsmgConfig { secret: Some("secret".into()), ..config }
}

fn quick() -> CarrierConfig {
    CarrierConfig { latency_ms: 1, receipt_delay_ms: 5, ..CarrierConfig::default() }
}

fn start(config: IsmgConfig) -> (Endpoint, SocketAddr) {
    let ismg = start_ismg(config, Clock::system()).unwrap();
    let address = ismg.address.unwrap();
    (ismg, address)
}

/// An SP that does one thing after another.
struct Client {
    link: Link<Cmpp, TcpStream>,
    /// What came besides answers.
    delivered: Vec<Frame>,
}

/// The answer to CONNECT, as long as it was.
async fn connect(to: SocketAddr, secret: &str, byte: u8) -> (Client, Frame) {
    let stream = TcpStream::connect(to).await.unwrap();
    let mut link = Link::new(Engine::client(Cmpp::new(4096), Options::default(), std::time::Instant::now()), stream);
    let timestamp = auth::timestamp(1, 2, 3, 4, 5);
    let authenticator_source = auth::source(b"901234", secret.as_bytes(), timestamp);
    let mut out = BytesMut::new();
    let body = Connect { source_addr: b"901234", authenticator_source, version: byte, timestamp };
    encode(&body, Version::V2, 0, &mut out).unwrap();
    link.login(&out).unwrap();
    let mut batch = Vec::new();
    link.events(&mut batch).await.unwrap();
    let Some(Event::LoginResponse { pdu }) = batch.pop() else { panic!("{batch:?}") };
    link.engine_mut().dialect_mut().set_version(decode(&pdu.octets, Version::V2).unwrap().version);
    link.bound();
    (Client { link, delivered: Vec::new() }, pdu)
}

impl Client {
    fn version(&self) -> Version {
        self.link.engine().dialect().version()
    }

    async fn ask(&mut self, body: &impl Body) -> Frame {
        let mut out = BytesMut::new();
        encode(body, self.version(), 0, &mut out).unwrap();
        self.link.request(&out, 0).unwrap();
        self.until(true).await.unwrap()
    }

    /// Answers what is delivered; gives the first response, or goes on until there is a delivery.
    async fn until(&mut self, response: bool) -> Option<Frame> {
        let version = self.version();
        loop {
            if !response && !self.delivered.is_empty() {
                return None;
            }
            let mut batch = Vec::new();
            tokio::time::timeout(BOUND, self.link.events(&mut batch)).await.unwrap().unwrap();
            let mut answer = None;
            for event in batch {
                match event {
                    Event::Response { pdu, .. } => answer = Some(pdu),
                    Event::Request { pdu, seq } => {
                        let Pdu::Deliver(p) = decode(&pdu.octets, version).unwrap().pdu else { panic!("{pdu:?}") };
                        self.link.respond_with(|out| encode(&DeliverResp { msg_id: p.msg_id, result: 0 }, version, seq, out).unwrap());
                        self.delivered.push(pdu);
                    }
                    other => panic!("{other:?}"),
                }
            }
            if answer.is_some() && response {
                return answer;
            }
        }
    }

    async fn delivery(&mut self) -> Frame {
        self.until(false).await;
        self.delivered.remove(0)
    }

    async fn submit(&mut self, fmt: u8, content: &[u8], report: bool) -> SubmitResp {
        let body = Submit {
            registered_delivery: report.into(),
            msg_fmt: fmt,
            src_id: b"10690001",
            dest_terminal_id: Terminals::one(b"13800138000"),
            msg_content: content,
            ..Default::default()
        };
        let answer = self.ask(&body).await;
        let Pdu::SubmitResp(r) = decode(&answer.octets, self.version()).unwrap().pdu else { panic!("{answer:?}") };
        r
    }
}

fn deliver(frame: &Frame, version: Version) -> Deliver<'_> {
    let Pdu::Deliver(p) = decode(&frame.octets, version).unwrap().pdu else { panic!("{frame:?}") };
    p
}

#[tokio::test]
async fn who_may_connect_and_in_which_version() {
    let status = |frame: &Frame| {
        let Pdu::ConnectResp(r) = decode(&frame.octets, Version::V2).unwrap().pdu else { panic!("{frame:?}") };
        (r.status, frame.octets.len(), r.authenticator_ismg == [0; 16])
    };
    let (_ismg, to) = start(config(quick()));
    for (secret, byte, seen) in
        [("secret", 0x20, (0, 30, false)), ("secret", 0x30, (0, 33, false)), ("wrong", 0x20, (3, 30, true)), ("wrong", 0x30, (3, 33, true))]
    {
        assert_eq!(status(&connect(to, secret, byte).await.1), seen);
    }
    let (_other, to) = start(IsmgConfig { sp_id: Some("901235".into()), ..config(quick()) });
    assert_eq!(status(&connect(to, "secret", 0x20).await.1), (2, 30, true));
    let pinned = IsmgConfig { version: Some(Version::V2), ..config(quick()) };
    let (_pinned, to) = start(pinned.clone());
    assert_eq!(status(&connect(to, "secret", 0x30).await.1), (4, 33, true));
    let (_lax, to) = start(IsmgConfig { any_version: true, wrong_authenticator: true, ..pinned });
    let answer = connect(to, "secret", 0x30).await.1;
    assert_eq!(status(&answer), (0, 30, false));
    let Pdu::ConnectResp(r) = decode(&answer.octets, Version::V2).unwrap().pdu else { unreachable!() };
    let sent = auth::source(b"901234", b"secret", auth::timestamp(1, 2, 3, 4, 5));
    assert!(!auth::ismg_is_valid(&r.authenticator_ismg, 0, &sent, b"secret"));
}

#[tokio::test]
async fn nothing_is_answered_before_connect() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let (_ismg, to) = start(config(quick()));
    let mut stream = TcpStream::connect(to).await.unwrap();
    let mut out = BytesMut::new();
    let body = Submit { dest_terminal_id: Terminals::one(b"13800138000"), ..Default::default() };
    encode(&body, Version::V2, 1, &mut out).unwrap();
    stream.write_all(&out).await.unwrap();
    let mut answer = Vec::new();
    tokio::time::timeout(BOUND, stream.read_to_end(&mut answer)).await.unwrap().unwrap();
    assert!(answer.is_empty(), "{answer:?}");
}

#[tokio::test]
async fn reports_say_what_was_submitted() {
    for (byte, form, length) in [(0x20, None, 60), (0x30, None, 71), (0x20, Some(Version::V3), 71), (0x30, Some(Version::V2), 60)] {
        let (_ismg, to) = start(IsmgConfig { country_code: true, report_form: form, ..config(quick()) });
        let (mut client, _) = connect(to, "secret", byte).await;
        let accepted = client.submit(8, &[0x60, 0xa8], true).await;
        assert_eq!((accepted.result, accepted.msg_id.parts().gateway), (0, 1001));
        let frame = client.delivery().await;
        let p = deliver(&frame, client.version());
        assert_eq!((p.registered_delivery, p.dest_id, p.src_terminal_id), (1, &b"10690001"[..], &b"8613800138000"[..]));
        assert_eq!(p.msg_content.len(), length);
        let report = Report::decode(p.msg_content).unwrap();
        assert_eq!((report.msg_id, report.stat, report.dest_terminal_id), (accepted.msg_id, &b"DELIVRD"[..], &b"8613800138000"[..]));
        assert_ne!(p.msg_id, accepted.msg_id);
    }
}

#[tokio::test]
async fn messages_come_back_and_by_themselves() {
    let incoming = vec![Incoming { from: "13900139000".into(), to: "10690001".into(), text: "退订".into() }];
    let plain = config(quick());
    let (_ismg, to) = start(IsmgConfig { centre: CentreConfig { incoming, ..plain.centre.clone() }, ..plain });
    let (mut client, _) = connect(to, "secret", 0x20).await;
    let frame = client.delivery().await;
    let p = deliver(&frame, Version::V2);
    assert_eq!((p.src_terminal_id, p.msg_fmt, p.msg_content), (&b"13900139000"[..], 8, &[0x90, 0x00, 0x8b, 0xa2][..]));
    for (fmt, asked, answered) in [(0, b"ECHO TD".to_vec(), &b"TD"[..]), (15, [b"ECHO ".as_slice(), &[0xcd, 0xcb]].concat(), &[0xcd, 0xcb])]
    {
        client.submit(fmt, &asked, false).await;
        let frame = client.delivery().await;
        let p = deliver(&frame, Version::V2);
        assert_eq!((p.src_terminal_id, p.dest_id, p.msg_fmt, p.msg_content), (&b"13800138000"[..], &b"10690001"[..], fmt, answered));
    }
}

#[tokio::test]
async fn messages_are_counted_and_cancelled() {
    let (_ismg, to) = start(config(CarrierConfig { receipt_delay_ms: 3_600_000, ..quick() }));
    let (mut client, _) = connect(to, "secret", 0x30).await;
    let accepted = client.submit(0, b"hello", true).await;
    for (id, success) in [(MsgId(7), 1), (accepted.msg_id, 0), (accepted.msg_id, 1)] {
        let answer = client.ask(&Cancel { msg_id: id }).await;
        assert_eq!((answer.header.command_id, answer.octets.len()), (CommandId::CANCEL_RESP, 16));
        assert_eq!(answer.octets[12..], [0, 0, 0, success], "{id}");
        if success == 0 {
            let frame = client.delivery().await;
            assert_eq!(Report::decode(deliver(&frame, Version::V3).msg_content).unwrap().stat, b"DELETED");
        }
    }
    let answer = client.ask(&Query { time: b"20261122", ..Default::default() }).await;
    let Pdu::QueryResp(r) = decode(&answer.octets, Version::V3).unwrap().pdu else { panic!("{answer:?}") };
    assert_eq!((r.time, r.mt_tlmsg, r.mt_tlusr, r.mt_scs, r.mt_wt, r.mt_fl), (&b"20261122"[..], 1, 1, 1, 0, 0));
}

#[tokio::test]
async fn reports_of_a_connection_that_is_gone_go_to_another() {
    let (_ismg, to) = start(config(CarrierConfig { receipt_delay_ms: 200, ..quick() }));
    let (mut first, _) = connect(to, "secret", 0x20).await;
    let accepted = first.submit(0, b"hello", true).await;
    first.link.close(Duration::from_secs(1)).await;
    let (mut second, _) = connect(to, "secret", 0x30).await;
    let frame = second.delivery().await;
    assert_eq!(Report::decode(deliver(&frame, Version::V3).msg_content).unwrap().msg_id, accepted.msg_id);
}

async fn run(to: SocketAddr, links: u32, count: u64, sp: Sp) -> Sent {
    let load = Load {
        to: to.to_string(),
        links,
        window: 16,
        pace: Pace::Window,
        end: End::Count(count),
        receipts: true,
        expect: None,
        matching: true,
        stamped: false,
        limit: BOUND,
    };
    load::start(load, sp).1.await.unwrap()
}

#[tokio::test]
async fn every_report_finds_its_message_however_it_comes() {
    let carrier = CarrierConfig { early_receipt_rate: 0.3, jitter_ms: 10, delivered_rate: 0.5, ..quick() };
    let plain = config(carrier);
    let (_ismg, to) = start(IsmgConfig { centre: CentreConfig { receipts_elsewhere: true, ..plain.centre.clone() }, ..plain });
    for version in [Version::V2, Version::V3] {
        let sp = Sp { recipients: 3, ..Sp::new("901234", "secret", version) };
        let sent = run(to, 3, 100, sp).await;
        assert!(sent.complete, "{sent:?}");
        assert_eq!((sent.accepted, sent.receipts, sent.failed, sent.messages), (100, 300, 0, 0));
        assert_eq!(sent.matched, Matched { matched: 300, ..Matched::default() });
    }
}

#[tokio::test]
async fn refusals_are_told_apart() {
    let (_ismg, to) = start(config(CarrierConfig { error_rate: 0.5, error_code: 13, duplicate_receipt_rate: 1.0, ..quick() }));
    let sent = run(to, 1, 60, Sp::new("901234", "secret", Version::V2)).await;
    assert!(sent.failed > 0 && sent.accepted > 0 && sent.accepted + sent.failed == 60, "{sent:?}");
    assert_eq!(sent.codes.get(&Some(13)), Some(&sent.failed));
    let (_ismg, to) = start(config(CarrierConfig { tps: 20, ..quick() }));
    let sent = run(to, 1, 25, Sp::new("901234", "secret", Version::V3)).await;
    assert_eq!((sent.accepted, sent.failed, sent.codes.get(&Some(8))), (25, 0, Some(&sent.pauses)));
    assert!(sent.pauses > 0 && sent.complete, "{sent:?}");
}
