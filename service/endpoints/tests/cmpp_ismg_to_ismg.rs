//! Gateways that forward to each other: an SP's at one end, a carrier's at the other, and perhaps one between.
#![allow(clippy::unwrap_used, missing_docs)]

mod common_cmpp;

use std::net::SocketAddr;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use common_cmpp::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use waxwing_cmpp::{
    Body, Connect, ConnectResp, Encoder, Fwd, MsgId as Id, Pdu, Submit, Terminals, Version, auth, decode, encode, frame, status,
};
use waxwing_core::*;
use waxwing_endpoints::Endpoint;
use waxwing_endpoints::cmpp::{ConnectorConfig, IsmgConfig, Part, start_listener};
use waxwing_endpoints::simulator::{self, CentreConfig, start_ismg};
use waxwing_session::Trace;
use waxwing_testkit::CarrierConfig;

const VERSIONS: [Option<u8>; 3] = [None, Some(0x20), Some(0x30)];

/// An SP's application and its gateway; who else is there is up to the test.
fn sp_and_gateway(version: Option<u8>, peers: Vec<AccountConfig>) -> (Node, Node) {
    let a = Node::new(1001, [vec![sp_account()], peers].concat());
    let mut sp = Node::new(9999, vec![account("app", "10690001*")]);
    sp.submit_to(a.address(), version);
    (sp, a)
}

/// SP - A - B - carrier.
struct Pair {
    sp: Node,
    a: Node,
    b: Node,
    _carrier: Endpoint,
}

fn pair(version: Option<u8>, carrier: CarrierConfig, change: impl Fn(&mut ConnectorConfig) + Copy) -> Pair {
    let (sp, mut a) = sp_and_gateway(version, vec![peer("b", 1002, "")]);
    let mut b = Node::new(1002, vec![peer("a", 1001, "10690001*")]);
    let carrier = start_ismg(simulator::IsmgConfig::new(CentreConfig::new(any(), carrier)), Clock::system()).unwrap();
    b.submit_to(carrier.address.unwrap().to_string(), version);
    let change = |c: &mut ConnectorConfig| {
        c.version = version;
        change(c);
    };
    b.forward("a", 1001, a.address(), false, change);
    a.forward("b", 1002, b.address(), true, change);
    Pair { sp, a, b, _carrier: carrier }
}

/// SP - A - B - C - carrier.
struct Chain {
    sp: Node,
    a: Node,
    b: Node,
    c: Node,
    _carrier: Endpoint,
}

fn chain(version: Option<u8>, max_nodes: u8) -> Chain {
    let (sp, mut a) = sp_and_gateway(version, vec![peer("b", 1002, "")]);
    let mut b = Node::new(1002, vec![peer("a", 1001, "10690001*"), peer("c", 1003, "")]);
    let mut c = Node::new(1003, vec![peer("b", 1002, "10690001*")]);
    let carrier = start_ismg(simulator::IsmgConfig::new(CentreConfig::new(any(), quick())), Clock::system()).unwrap();
    let set = |config: &mut ConnectorConfig| {
        config.version = version;
        if let Part::Ismg { max_nodes: most, .. } = &mut config.part {
            *most = max_nodes;
        }
    };
    c.submit_to(carrier.address.unwrap().to_string(), version);
    c.forward("b", 1002, b.address(), false, set);
    b.forward("a", 1001, a.address(), false, set);
    b.forward("c", 1003, c.address(), true, set);
    a.forward("b", 1002, b.address(), true, set);
    Chain { sp, a, b, c, _carrier: carrier }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_and_its_report_cross_two_gateways() {
    for version in VERSIONS {
        let w = pair(version, quick(), |_| {});
        let id = w.sp.submit(text("你好")).await;
        let receipt = w.sp.receipt().await;
        assert_eq!((receipt.id, receipt.state(), words(&receipt.stat)), (id.0, State::Delivered, "DELIVRD"), "{version:?}");
        w.a.counted("messages_sent_total{connector=\"to-b\"} 1").await;
        w.b.counted("messages_sent_total{connector=\"carrier\"} 1").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_carriers_word_crosses_two_gateways_unchanged() {
    let w = pair(None, CarrierConfig { delivered_rate: 0.0, ..quick() }, |_| {});
    w.sp.submit(text("no")).await;
    let receipt = w.sp.receipt().await;
    assert_eq!((receipt.state(), words(&receipt.stat)), (State::Undeliverable, "UNDELIV"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_parts_of_a_long_message_cross_and_each_is_reported() {
    for version in VERSIONS {
        let w = pair(version, quick(), |_| {});
        w.sp.submit(text(&"好长的短信".repeat(40))).await;
        let receipt = w.sp.receipt().await;
        assert_eq!((receipt.state(), receipt.parts, receipt.delivered), (State::Delivered, 3, 3), "{version:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handsets_message_crosses_and_the_gateway_next_to_it_hears_of_it() {
    for version in VERSIONS {
        let w = pair(version, quick(), |_| {});
        w.sp.submit(Message { want: 0, ..text("ECHO 退订 TD") }).await;
        let m = w.sp.arrival().await;
        assert_eq!((m.kind(), content::text(&m).as_deref()), (Kind::Mo, Some("退订 TD")), "{version:?}");
        w.b.counted("forwarded_mo_reports_total{account=\"a\",stat=\"DELIVRD\"} 1").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn three_gateways_pass_messages_and_all_reports() {
    for version in VERSIONS {
        let w = chain(version, 8);
        let id = w.sp.submit(text("ECHO through three")).await;
        let mut seen = (false, false);
        while seen != (true, true) {
            let m = w.sp.arrival().await;
            match &m.receipt {
                Some(r) => {
                    assert_eq!((r.id, words(&r.stat)), (id.0, "DELIVRD"), "{version:?}");
                    seen.0 = true;
                }
                None => {
                    assert_eq!(content::text(&m).as_deref(), Some("through three"));
                    seen.1 = true;
                }
            }
        }
        // The one in the middle hands the report on to the one where the message began.
        w.c.counted("forwarded_mo_reports_total{account=\"b\",stat=\"DELIVRD\"} 1").await;
        assert!(!w.b.gateway.metrics.render().contains("forwarded_mo_reports_total{"));
        drop(w.a);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_has_passed_too_many_gateways_goes_no_further() {
    for (version, stat) in [(Some(0x20), "REJECTD"), (Some(0x30), "IB:0071")] {
        let w = chain(version, 1);
        w.sp.submit(text("too far")).await;
        let receipt = w.sp.receipt().await;
        assert_eq!(words(&receipt.stat), stat);
        assert!(!w.c.gateway.metrics.render().contains("messages_accepted_total{account=\"b\"} 1"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_goes_back_to_where_it_came_from() {
    for (version, stat) in [(Some(0x20), "REJECTD"), (Some(0x30), "IB:0009")] {
        let (sp, mut a) = sp_and_gateway(version, vec![peer("b", 1002, "")]);
        let mut b = Node::new(1002, vec![peer("a", 1001, "10690001*")]);
        let set = |c: &mut ConnectorConfig| c.version = version;
        b.forward("a", 1001, a.address(), true, set);
        a.forward("b", 1002, b.address(), true, set);
        sp.submit(text("to and fro")).await;
        assert_eq!(words(&sp.receipt().await.stat), stat);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ring_of_three_is_left_where_it_would_close() {
    for (version, stat) in [(Some(0x20), "REJECTD"), (Some(0x30), "IB:0082")] {
        let (sp, mut a) = sp_and_gateway(version, vec![peer("b", 1002, ""), peer("c", 1003, "")]);
        let mut b = Node::new(1002, vec![peer("a", 1001, "10690001*"), peer("c", 1003, "")]);
        let mut c = Node::new(1003, vec![peer("b", 1002, "10690001*"), peer("a", 1001, "")]);
        let set = |c: &mut ConnectorConfig| c.version = version;
        c.forward("a", 1001, a.address(), true, set);
        c.forward("b", 1002, b.address(), false, set);
        b.forward("c", 1003, c.address(), true, set);
        b.forward("a", 1001, a.address(), false, set);
        a.forward("b", 1002, b.address(), true, set);
        a.forward("c", 1003, c.address(), false, set);
        sp.submit(text("round")).await;
        assert_eq!(words(&sp.receipt().await.stat), stat);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_for_a_gateway_that_is_away_waits_for_it() {
    let quickly = |c: &mut ConnectorConfig| {
        c.reconnect.initial = Duration::from_millis(20);
        c.reconnect.max = Duration::from_millis(50);
    };
    let mut w = pair(None, quick(), quickly);
    w.sp.submit(text("first")).await;
    assert_eq!(w.sp.receipt().await.state(), State::Delivered);
    let address = w.b.listener.address.unwrap();
    std::mem::replace(&mut w.b.listener, Endpoint::spawn(None, |_| async {})).stop(Duration::from_secs(5)).await;
    let id = w.sp.submit(text("second")).await;
    w.sp.counted("messages_sent_total{connector=\"carrier\"} 2").await;
    w.b.listener = start_listener(&w.b.gateway, &w.b.exchange, IsmgConfig::new(address, 1002), &Trace::new()).unwrap();
    let receipt = w.sp.receipt().await;
    assert_eq!((receipt.id, receipt.state()), (id.0, State::Delivered));
}

/// Lets everybody in and never says a word again.
async fn mute() -> SocketAddr {
    let listener = tokio::net::TcpListener::bind(any()).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut connect = [0; 39];
                stream.read_exact(&mut connect).await.unwrap();
                let mut out = BytesMut::new();
                encode(&ConnectResp { version: 0x30, ..ConnectResp::default() }, Version::of_byte(connect[34]), 1, &mut out).unwrap();
                out[8..12].copy_from_slice(&connect[8..12]);
                stream.write_all(&out).await.unwrap();
                let mut sink = [0; 1024];
                while stream.read(&mut sink).await.is_ok_and(|n| n > 0) {}
            });
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_gateway_reports_when_the_next_does_not_answer() {
    for (version, stat) in [(Some(0x20), "REJECTD"), (Some(0x30), "IA:0054")] {
        let (sp, mut a) = sp_and_gateway(version, vec![peer("b", 1002, "")]);
        a.forward("b", 1002, mute().await.to_string(), true, |c| {
            c.version = version;
            c.response_timeout = Duration::from_millis(30);
            c.sends = 2;
            c.retry.max_attempts = 1;
        });
        sp.submit(text("is anybody there")).await;
        assert_eq!(words(&sp.receipt().await.stat), stat);
    }
}

/// A gateway that says what the tests want it to.
struct Raw {
    stream: tokio::net::TcpStream,
    buf: BytesMut,
    version: Version,
    seq: u32,
}

impl Raw {
    async fn sign_in(to: &Node, source: &[u8], version: Version) -> Raw {
        let stream = tokio::net::TcpStream::connect(to.listener.address.unwrap()).await.unwrap();
        let mut raw = Raw { stream, buf: BytesMut::new(), version, seq: 0 };
        let authenticator_source = auth::source(source, SECRET.as_bytes(), 1_122_000_000);
        let connect = Connect { source_addr: source, authenticator_source, version: version.byte(), timestamp: 1_122_000_000 };
        let answer = raw.ask(&connect).await;
        let Pdu::ConnectResp(r) = decode(&answer, version).unwrap().pdu else { panic!("not a CONNECT_RESP") };
        assert_eq!(r.status, status::OK);
        raw
    }

    async fn ask(&mut self, body: &impl Body) -> Bytes {
        self.seq += 1;
        self.ask_as(self.seq, body).await
    }

    async fn ask_as(&mut self, seq: u32, body: &impl Body) -> Bytes {
        let mut out = BytesMut::new();
        Encoder::new(self.version).max_content(255).encode(body, seq, &mut out).unwrap();
        self.stream.write_all(&out).await.unwrap();
        loop {
            if let Some(len) = frame::next(&self.buf, 4096).unwrap() {
                let got = self.buf.split_to(len).freeze();
                // Not what is delivered meanwhile.
                if frame::Header::parse(&got).is_some_and(|h| h.command_id.is_response() && h.sequence_id == seq) {
                    return got;
                }
                continue;
            }
            let read = self.stream.read_buf(&mut self.buf);
            assert_ne!(tokio::time::timeout(Duration::from_secs(10), read).await.unwrap().unwrap(), 0);
        }
    }

    /// The result of a FWD, whose answer says which it is of.
    async fn forward(&mut self, p: &Fwd<'_>) -> u32 {
        let answer = self.ask(p).await;
        let Pdu::FwdResp(r) = decode(&answer, self.version).unwrap().pdu else { panic!("not a FWD_RESP") };
        assert_eq!((r.msg_id, r.pk_total, r.pk_number), (p.msg_id, p.pk_total, p.pk_number));
        r.result
    }
}

fn fwd<'a>(kind: u8, from: &'a [u8], to: &'a [u8], msg_id: Id) -> Fwd<'a> {
    Fwd {
        source_id: b"001002",
        destination_id: b"001001",
        nodes_count: 1,
        msg_fwd_type: kind,
        msg_id,
        pk_total: 1,
        pk_number: 1,
        src_id: from,
        dest_id: Terminals::one(to),
        msg_content: b"hello",
        ..Fwd::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_forwarded_wrongly_is_refused() {
    for version in [Version::V2, Version::V3] {
        let mut a = Node::new(1001, vec![sp_account(), peer("b", 1002, "10690002*")]);
        let theirs = Id::new(11, 22, 12, 0, 0, 1002, 7);
        let (phone, sp) = (&b"13800138000"[..], &b"10690001"[..]);
        let mut b = Raw::sign_in(&a, b"001002", version).await;
        assert_eq!(b.forward(&fwd(0, sp, phone, theirs)).await, 9, "nothing takes it");
        assert_eq!(b.forward(&fwd(1, phone, sp, theirs)).await, 10, "there is no connector for what is to be told of it");
        a.forward("b", 1002, "127.0.0.1:1".into(), true, |_| {});
        assert_eq!(b.forward(&fwd(0, sp, phone, theirs)).await, 9, "it would go back");
        a.submit_to("127.0.0.1:1".into(), None);
        assert_eq!(b.forward(&fwd(0, sp, phone, theirs)).await, 0);
        assert_eq!(b.forward(&fwd(1, phone, sp, theirs)).await, 0);
        assert_eq!(b.forward(&fwd(1, phone, b"10690003", theirs)).await, 9, "no such SP");
        assert_eq!(b.forward(&fwd(1, phone, b"10690002", theirs)).await, 9, "its own SP");
        let ours = Id::new(11, 22, 12, 0, 0, 1001, 7);
        assert_eq!(b.forward(&fwd(0, sp, phone, ours)).await, 10, "it began here");
        assert_eq!(b.forward(&fwd(1, phone, sp, ours)).await, 10);
        for kind in [2, 3] {
            assert_eq!(b.forward(&fwd(kind, phone, sp, ours)).await, 4, "five octets are no report");
        }
        assert_eq!(b.forward(&Fwd { at_time: b"tomorrow", ..fwd(0, sp, phone, theirs) }).await, 1);
        let submit = Submit { dest_terminal_id: Terminals::one(phone), msg_content: b"x", pk_total: 1, pk_number: 1, ..Submit::default() };
        let answer = b.ask(&submit).await;
        let Pdu::SubmitResp(r) = decode(&answer, version).unwrap().pdu else { panic!("not a SUBMIT_RESP") };
        assert_eq!(r.result, 2, "a gateway forwards");
        let mut sp_itself = Raw::sign_in(&a, b"901234", version).await;
        assert_eq!(sp_itself.forward(&fwd(0, sp, phone, theirs)).await, 2, "an SP does not forward");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_forward_again_has_the_same_answer_and_is_one_message() {
    let mut a = Node::new(1001, vec![sp_account(), peer("b", 1002, "")]);
    a.submit_to("127.0.0.1:1".into(), None);
    a.forward("b", 1002, "127.0.0.1:1".into(), false, |_| {});
    let theirs = Id::new(11, 22, 12, 0, 0, 1002, 7);
    let mut b = Raw::sign_in(&a, b"001002", Version::V3).await;
    for _ in 0..2 {
        let first = b.ask_as(100, &fwd(0, b"10690001", b"13800138000", theirs)).await;
        assert_eq!(first[22..26], [0; 4], "{first:?}");
        let mo = b.ask_as(101, &fwd(1, b"13800138000", b"10690001", theirs)).await;
        assert_eq!(mo[22..26], [0; 4], "{mo:?}");
    }
    // And over another connection, with other numbers.
    let mut b = Raw::sign_in(&a, b"001002", Version::V3).await;
    assert_eq!(b.forward(&fwd(0, b"10690001", b"13800138000", theirs)).await, 0);
    assert_eq!(b.forward(&fwd(1, b"13800138000", b"10690001", theirs)).await, 0);
    let waiting = |queue: &str| {
        let depths = a.gateway.spool.depths();
        depths.iter().find(|d| &*d.name == queue).map_or(0, |d| d.ready + d.deferred + d.leased)
    };
    assert_eq!((waiting("connector:carrier"), waiting("account:sp")), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn several_recipients_of_2_0_have_ids_in_a_row_and_fields_travel_on() {
    let mut a = Node::new(1001, vec![sp_account(), peer("b", 1002, ""), peer("c", 1003, "")]);
    a.forward("b", 1002, "127.0.0.1:1".into(), false, |_| {});
    a.forward("c", 1003, "127.0.0.1:1".into(), true, |_| {});
    let theirs = Id::new(11, 22, 12, 0, 0, 1002, 0xffff);
    let mut b = Raw::sign_in(&a, b"001002", Version::V2).await;
    let phones = [&b"13800138000"[..], b"13800138001"];
    let many = Fwd {
        dest_id: Terminals::from(&phones[..]),
        reserve: b"12345678",
        fee_code: b"000100",
        fee_type: b"02",
        msg_src: b"901234",
        registered_delivery: 1,
        ..fwd(0, b"10690001", b"", theirs)
    };
    assert_eq!(b.forward(&many).await, 0);
    // The next gateway, in the version that splits nothing and keeps all.
    let next = tokio::net::TcpListener::bind(any()).await.unwrap();
    a.connectors.pop();
    a.lines.pop();
    a.forward("c", 1003, next.local_addr().unwrap().to_string(), true, |c| c.version = Some(0x20));
    let (mut stream, _) = next.accept().await.unwrap();
    let mut connect = [0; 39];
    stream.read_exact(&mut connect).await.unwrap();
    let mut out = BytesMut::new();
    encode(
        &ConnectResp { version: 0x20, ..ConnectResp::default() },
        Version::V2,
        u32::from_be_bytes(connect[8..12].try_into().unwrap()),
        &mut out,
    )
    .unwrap();
    stream.write_all(&out).await.unwrap();
    let mut buf = BytesMut::new();
    let mut ids = Vec::new();
    while ids.len() < 2 {
        match frame::next(&buf, 4096).unwrap() {
            None => assert_ne!(stream.read_buf(&mut buf).await.unwrap(), 0),
            Some(len) => {
                let got = buf.split_to(len).freeze();
                let Pdu::Fwd(p) = decode(&got, Version::V2).unwrap().pdu else { panic!("not a FWD") };
                assert_eq!((p.source_id, p.destination_id, p.nodes_count), (&b"001002"[..], &b"001003"[..], 2));
                assert_eq!((p.fee_type, p.fee_code, p.msg_src, p.reserve), (&b"02"[..], &b"000100"[..], &b"901234"[..], &b"12345678"[..]));
                assert_eq!((p.registered_delivery, p.msg_content), (1, &b"hello"[..]));
                ids.push((p.msg_id, p.dest_id.iter().next().unwrap().to_vec()));
            }
        }
    }
    ids.sort_by(|a, b| a.1.cmp(&b.1));
    assert_eq!(ids, [(theirs, phones[0].to_vec()), (theirs.nth(1), phones[1].to_vec())]);
}
