//! Gateways that forward to each other: an SP's at one end, a carrier's at the other, and perhaps one between.
#![allow(clippy::unwrap_used, missing_docs)]

mod common_cmpp;

use std::net::SocketAddr;
use std::time::Duration;

use bytes::BytesMut;
use common_cmpp::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use waxwing_cmpp::{ConnectResp, Version, encode};
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
