//! Gateways that find each other by a simulated GNS.
#![allow(clippy::unwrap_used, missing_docs)]

mod common_cmpp;

use std::time::Duration;

use bytes::BytesMut;
use common_cmpp::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use waxwing_cmpp::{Connect, MtRoute, Pdu, Version, auth, decode, encode, status};
use waxwing_core::*;
use waxwing_endpoints::Endpoint;
use waxwing_endpoints::cmpp::gns::{GnsConfig, MoEntry, MtEntry, start_directory};
use waxwing_endpoints::simulator::{self, GnsGateway, start_gns};

const GNS: u32 = 999;

fn mt(gateway: u32, start: &str, end: &str) -> MtEntry {
    MtEntry { id: 0, gateway, address: "192.0.2.1:7930".parse().ok(), start: start.into(), end: end.into(), area: "0010".into() }
}

fn mo(gateway: u32, sp_code: &str) -> MoEntry {
    MoEntry { id: 0, gateway, address: None, sp_code: sp_code.into(), sp_id: "901234".into() }
}

fn knows(code: u32, push: Option<&Node>, version: Version) -> GnsGateway {
    GnsGateway { code, secret: SECRET.into(), push: push.and_then(|n| n.listener.address), version }
}

fn gns(gateways: Vec<GnsGateway>, mt: Vec<MtEntry>, mo: Vec<MoEntry>) -> Endpoint {
    start_gns(simulator::GnsConfig { listen: any(), code: GNS, gateways, mt, mo }, Clock::system()).unwrap()
}

/// How a gateway uses it: by questions alone, unless a test says otherwise.
fn using(gns: &Endpoint, node: &Node, version: Version) -> GnsConfig {
    GnsConfig {
        version,
        account: "gns".into(),
        refresh: None,
        timeout: Duration::from_secs(5),
        ..GnsConfig::new(gns.address.unwrap().to_string(), node.code, SECRET)
    }
}

/// The GNS, as an account of a gateway.
fn gns_account() -> AccountConfig {
    let mut a = peer("gns", GNS, "");
    a.cmpp.as_mut().unwrap().connector = None;
    a
}

/// What routing says for a recipient, as soon as it is not being found out any more.
async fn way(node: &Node, to: &str) -> Result<(), SubmitError> {
    for _ in 0..2000 {
        let message = Message { destination: Address::parse(to), ..text("where to") };
        let s = Submission { message, ..Submission::default() };
        match node.gateway.submit(&node.accounts[0], vec![s]).await.pop().unwrap() {
            Err(SubmitError::Busy(why)) => assert!(why.contains("is being asked for"), "{why}"),
            other => return other.map(drop),
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the way to {to} was never known");
}

/// A gateway with a connector to another one that takes only what the GNS says.
fn asking() -> Node {
    let mut a = Node::new(1001, vec![sp_account(), peer("b", 1002, ""), gns_account()]);
    a.forward("b", 1002, "127.0.0.1:1".into(), false, |_| {});
    a
}

fn depth(node: &Node) -> u64 {
    let of = |d: waxwing_spool::QueueDepth| d.ready + d.deferred + d.leased;
    node.gateway.spool.depths().into_iter().find(|d| &*d.name == "connector:to-b").map_or(0, of)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_way_is_asked_for_once_and_then_known() {
    for version in [Version::V2, Version::V3] {
        let a = asking();
        let gns = gns(vec![knows(1001, None, version)], vec![mt(1001, "138000", "138999"), mt(1002, "138001", "138001")], vec![]);
        let _directory = start_directory(&a.gateway, &a.exchange, using(&gns, &a, version));
        way(&a, "13800138000").await.unwrap();
        assert_eq!(depth(&a), 1);
        // The same segment again, with nobody to ask.
        gns.stop(Duration::from_secs(1)).await;
        way(&a, "13800139999").await.unwrap();
        assert_eq!(depth(&a), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_serves_some_and_others_are_our_own() {
    let a = asking();
    let gns = gns(vec![knows(1001, None, Version::V3)], vec![mt(1001, "1390013", "1390013"), mt(1003, "1370013", "1370013")], vec![]);
    let _directory = start_directory(&a.gateway, &a.exchange, using(&gns, &a, Version::V3));
    // Nobody; ourselves, without a line that takes any traffic; a gateway that we have no connection to; nothing that a GNS would know.
    for to in ["13800138000", "13900138000", "13700138000", "447778001210"] {
        assert!(matches!(way(&a, to).await, Err(SubmitError::NoRoute(_))), "{to}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_gns_a_message_is_put_off_or_takes_the_line_for_any_traffic() {
    let mut a = asking();
    let config = GnsConfig { refresh: None, ..GnsConfig::new("127.0.0.1:1", 1001, SECRET) };
    let _directory = start_directory(&a.gateway, &a.exchange, config);
    let submit = || a.gateway.submit(&a.accounts[0], vec![Submission { message: text("put off"), ..Submission::default() }]);
    assert!(matches!(submit().await.pop().unwrap(), Err(SubmitError::Busy(_))));
    a.submit_to("127.0.0.1:1".into(), None);
    let submit = || a.gateway.submit(&a.accounts[0], vec![Submission { message: text("by the carrier"), ..Submission::default() }]);
    submit().await.pop().unwrap().unwrap();
    assert_eq!(depth(&a), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_secret_is_shown_out() {
    for version in [Version::V2, Version::V3] {
        let gns = gns(vec![knows(1001, None, version)], vec![mt(1002, "1380013", "1380013")], vec![]);
        let mut stream = tokio::net::TcpStream::connect(gns.address.unwrap()).await.unwrap();
        let authenticator_source = auth::source(b"001001", b"wrong", 1_122_000_000);
        let connect = Connect { source_addr: b"001001", authenticator_source, version: version.byte(), timestamp: 1_122_000_000 };
        let mut out = BytesMut::new();
        encode(&connect, version, 1, &mut out).unwrap();
        encode(&MtRoute { source_id: b"001001", terminal_id: b"13800138000" }, version, 2, &mut out).unwrap();
        stream.write_all(&out).await.unwrap();
        let mut answer = Vec::new();
        // Its end may be a reset, since there was more to read.
        let _ = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut answer)).await.unwrap();
        let Pdu::ConnectResp(r) = decode(&answer, version).unwrap().pdu else { panic!("not a CONNECT_RESP") };
        assert_eq!(r.status, status::AUTHENTICATION_ERROR);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_routes_are_fetched_one_by_one() {
    for version in [Version::V2, Version::V3] {
        let a = asking();
        let segments: Vec<MtEntry> = (0..40).map(|n| mt(1002, &format!("1380{n:02}"), &format!("1380{n:02}"))).collect();
        let gns = gns(vec![knows(1001, None, version)], segments, vec![mo(1002, "10690002"), mo(1001, "10690001")]);
        let config = GnsConfig { refresh: Some(Duration::from_secs(3600)), ..using(&gns, &a, version) };
        let directory = start_directory(&a.gateway, &a.exchange, config);
        // Known without a question: the last ones of both kinds.
        tokio::time::timeout(Duration::from_secs(20), async {
            while a.gateway.owner_of("1069000288").is_err() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await
        .unwrap();
        // Looking may have asked for that one before all were fetched: those of handsets' numbers come first, one after the other.
        way(&a, "13803938000").await.unwrap();
        gns.stop(Duration::from_secs(1)).await;
        assert_eq!(&*a.gateway.owner_of("1069000299").unwrap().name, "b");
        // The numbers of an account here come first.
        assert_eq!(&*a.gateway.owner_of("1069000177").unwrap().name, "sp");
        way(&a, "13803938001").await.unwrap();
        assert_eq!(depth(&a), 2);
        directory.stop(Duration::from_secs(1)).await;
        assert!(matches!(way(&a, "13803938000").await, Err(SubmitError::NoRoute(_))), "no GNS, no way");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_gateway_tells_the_gns_the_others_hear() {
    for version in [Version::V2, Version::V3] {
        let a = asking();
        let b = Node::new(1002, vec![peer("a", 1001, ""), gns_account()]);
        let gns = gns(vec![knows(1001, Some(&a), version), knows(1002, Some(&b), version)], vec![], vec![]);
        let _mine = start_directory(&a.gateway, &a.exchange, using(&gns, &a, version));
        let config = GnsConfig {
            segments: vec![("138001".into(), "138002".into())],
            service_codes: vec!["10690002".into()],
            advertise: b.listener.address,
            area_code: "0020".into(),
            ..using(&gns, &b, version)
        };
        let _theirs = start_directory(&b.gateway, &b.exchange, config);
        tokio::time::timeout(Duration::from_secs(20), async {
            while a.gateway.owner_of("10690002").is_err() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await
        .unwrap();
        way(&a, "13800238000").await.unwrap();
        assert_eq!(depth(&a), 1, "{version}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_gns_may_tell_of_routes() {
    let a = asking();
    // Somebody who says it is the GNS, and signs in as another gateway.
    let false_gns = GnsGateway { code: 1003, secret: SECRET.into(), push: a.listener.address, version: Version::V3 };
    let sender = GnsGateway { code: 1004, secret: SECRET.into(), push: None, version: Version::V3 };
    let fake = start_gns(
        simulator::GnsConfig { listen: any(), code: 1002, gateways: vec![false_gns, sender], mt: vec![], mo: vec![] },
        Clock::system(),
    )
    .unwrap();
    let c = Node::new(1004, vec![]);
    let config = GnsConfig { service_codes: vec!["10690002".into()], ..using(&fake, &c, Version::V3) };
    let real = gns(vec![knows(1001, None, Version::V3)], vec![], vec![]);
    let _mine = start_directory(&a.gateway, &a.exchange, using(&real, &a, Version::V3));
    let _theirs = start_directory(&c.gateway, &c.exchange, config);
    a.counted("bad_input_total{place=\"cmpp listener\",reason=\"route update refused\"}").await;
    tokio::time::timeout(Duration::from_secs(10), async {
        while !matches!(a.gateway.owner_of("10690002"), Err(NoRoute::Nothing(_))) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
    .unwrap();
}
