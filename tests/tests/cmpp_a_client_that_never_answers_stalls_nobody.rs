//! pycmpp never answers a DELIVER. It gets each one as often as the standard says, and neither another SP nor another link of its own
//! account waits for it.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use serde_json::{Value, json};
use waxwing_tests::client::Run;
use waxwing_tests::cmpp::{Login, Sp, Submit};
use waxwing_tests::cmpp_client::{ids, job};
use waxwing_tests::peer::Peer;
use waxwing_tests::{Carrier, Config, Gateway};

const BOUND: Duration = Duration::from_secs(30);
/// More than any window.
const MANY: usize = 40;
const PHONE: &[&str] = &["13800138000"];

fn start(profile: &str) -> (Gateway, Carrier) {
    let mut carrier = Carrier::start(json!({}));
    let shop = format!("default_sender = \"12345\"\ncountry = \"CN\"\n[account.cmpp]\nsp_id = \"901234\"\n{profile}");
    let quick = "[[account]]\nname = \"quick\"\npassword = \"secret\"\ncountry = \"CN\"\n[account.cmpp]\nsp_id = \"901235\"";
    let config = Config::without_doors().cmpp("").shop_with(&shop).with(quick);
    let gateway = Gateway::start(&config.smpp_connector(carrier.address(), "").route_to_carrier());
    carrier.wait_for_bind();
    gateway.wait_until_up("carrier");
    (gateway, carrier)
}

/// pycmpp with many messages that ask for reports; it stays when it has the answers and the first report.
fn mute(gateway: &Gateway) -> Peer {
    let texts: Vec<String> = (0..MANY).map(|number| format!("mute {number}")).collect();
    let messages: Vec<(&[&str], &str)> = texts.iter().map(|text| (PHONE, text.as_str())).collect();
    let mut job: Value = job(gateway.cmpp(), &messages);
    job["expect_reports"] = 1.into();
    job["stay"] = true.into();
    let mut peer = Peer::start("python_pycmpp.py", &job);
    peer.wait_for_event("staying", BOUND);
    peer
}

#[test]
fn another_account_is_served() {
    let (gateway, _carrier) = start("");
    let _mute = mute(&gateway);
    let login = Login { source: "901235".into(), ..Login::shop(0x20) };
    let mut sp = Sp::ready_as(gateway.cmpp(), &login);
    let submits: Vec<Submit> =
        (0..MANY).map(|number| Submit { msg_src: "901235".into(), ..Submit::new(&format!("quick {number}")) }).collect();
    let answers = sp.submit_all(&submits);
    assert!(answers.iter().all(|(_, result)| *result == 0), "{answers:?}");
    let mut waiting: HashSet<u64> = answers.into_iter().map(|(id, _)| id).collect();
    assert_eq!(waiting.len(), MANY);
    while !waiting.is_empty() {
        let report = sp.wait_for_report(BOUND);
        assert!(waiting.remove(&report.msg_id), "{report:?}");
    }
}

#[test]
fn another_link_of_the_account_gets_all_of_it() {
    let (gateway, _carrier) = start("response_timeout = \"1s\"\nsends = 3\nmax_links = 2");
    let mut mute = mute(&gateway);
    let mut sp = Sp::ready(gateway.cmpp(), 0x20);
    let mut missing = ids(&Run { succeeded: true, events: mute.take_all(|event| event["event"] == "submitted") });
    assert_eq!(missing.len(), MANY);
    while !missing.is_empty() {
        let report = sp.wait_for_report(BOUND);
        missing.remove(&format!("{:016x}", report.msg_id));
    }
    // What pycmpp saw: the same sequence number and the same report each time, at most three times.
    let mut seen: BTreeMap<u64, Vec<Value>> = BTreeMap::new();
    for event in mute.take_all(|event| event["event"] == "report") {
        seen.entry(event["sequence"].as_u64().expect("a number")).or_default().push(event);
    }
    assert!(!seen.is_empty());
    for (sequence, events) in &seen {
        assert!(events.len() <= 3 && events.iter().all(|event| event == &events[0]), "{sequence}: {events:#?}");
    }
}
