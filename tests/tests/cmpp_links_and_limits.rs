//! What an SP may do is told it in CMPP's own words: too many links, a wrong address, a version too high, too fast, and fields that are not
//! its own.

use std::time::Duration;

use serde_json::json;
use waxwing_tests::cmpp::{Login, Sp, Submit, Version};
use waxwing_tests::{Carrier, Config, Gateway, cmpp_relay_with, until};

const BOUND: Duration = Duration::from_secs(20);
const VERSIONS: [u8; 2] = [0x20, 0x30];

/// Status of CONNECT_RESP.
const ADDRESS: u32 = 2;
const VERSION: u32 = 4;
const LINKS: u32 = 5;
/// Result of SUBMIT_RESP.
const SERVICE: u32 = 7;
const FLOW: u32 = 8;
const SRC_ID: u32 = 10;
const MSG_SRC: u32 = 11;

fn start_with(account: &str, profile: &str) -> (Gateway, Carrier) {
    let mut carrier = Carrier::start(json!({}));
    let account = format!("country = \"CN\"\n{account}\n[account.cmpp]\nsp_id = \"901234\"\n{profile}");
    let config = Config::without_doors().cmpp("").shop_with(&account).smpp_connector(carrier.address(), "").route_to_carrier();
    let gateway = Gateway::start(&config);
    carrier.wait_for_bind();
    gateway.wait_until_up("carrier");
    (gateway, carrier)
}

#[test]
fn links_at_the_same_time() {
    for version in VERSIONS {
        // One of its own for each, since a place is free a moment after the TERMINATE_RESP only.
        let (gateway, _carrier) = cmpp_relay_with(json!({}), "max_links = 2", "");
        let first = Sp::ready(gateway.cmpp(), version);
        let mut second = Sp::ready(gateway.cmpp(), version);
        let answer = Sp::connect(gateway.cmpp()).login(&Login::shop(version));
        assert_eq!((answer.status, answer.layout), (LINKS, Version::of_byte(version)));
        second.assert_alive();
        first.terminate();
        until("a place is free", BOUND, || Sp::connect(gateway.cmpp()).login(&Login::shop(version)).status == 0);
        second.terminate();
    }
}

#[test]
fn only_from_its_own_addresses() {
    let (gateway, _carrier) = start_with("hosts = [\"192.0.2.0/24\"]", "");
    for version in VERSIONS {
        let mut sp = Sp::connect(gateway.cmpp());
        assert_eq!(sp.login(&Login::shop(version)).status, ADDRESS);
        sp.wait_for_close(BOUND);
    }
    let (gateway, _carrier) = start_with("hosts = [\"127.0.0.0/8\"]", "");
    Sp::ready(gateway.cmpp(), 0x20).assert_alive();
}

#[test]
fn a_version_above_the_agreed_one() {
    let (gateway, _carrier) = start_with("", "version = \"2.0\"");
    let answer = Sp::connect(gateway.cmpp()).login(&Login::shop(0x30));
    // In the layout of the version that was asked for, and saying which one is spoken.
    assert_eq!((answer.status, answer.layout, answer.version), (VERSION, Version::V3, 0x20), "{answer:?}");
    let mut sp = Sp::ready(gateway.cmpp(), 0x20);
    assert_eq!(sp.version(), Version::V2);
    sp.submit_ok(&Submit::new("as agreed"));
}

#[test]
fn messages_a_second() {
    for version in VERSIONS {
        let (gateway, mut carrier) = start_with("rate = 5", "");
        let mut sp = Sp::ready(gateway.cmpp(), version);
        let submits: Vec<Submit> = (0..60).map(|number| Submit::new(&format!("{number}"))).collect();
        let answers = sp.submit_all(&submits);
        assert!(answers.iter().all(|(id, result)| (*result == 0 && *id != 0) || (*result == FLOW && *id == 0)), "{answers:?}");
        let accepted = answers.iter().filter(|(_, result)| *result == 0).count();
        assert!((1..60).contains(&accepted), "{accepted} of 60 at once with 5 a second");
        assert_eq!(carrier.wait_for_submits(accepted, BOUND).len(), accepted);
        until("it may go on later", BOUND, || sp.submit(&Submit::new("later")).1 == 0);
        carrier.wait_for_submits(accepted + 1, BOUND);
        // A message to many counts as many, and is taken or refused as a whole.
        let many: Vec<String> = (0..50).map(|number| format!("138001380{number:02}")).collect();
        assert_eq!(sp.submit(&Submit { recipients: many, ..Submit::new("to fifty at once") }), (0, FLOW));
        assert_eq!(carrier.submits().len(), accepted + 1);
    }
}

#[test]
fn a_rate_of_the_door() {
    let (gateway, _carrier) = cmpp_relay_with(json!({}), "", "rate = 5");
    let mut sp = Sp::ready(gateway.cmpp(), 0x20);
    let submits: Vec<Submit> = (0..60).map(|number| Submit::new(&format!("{number}"))).collect();
    let results: Vec<u32> = sp.submit_all(&submits).into_iter().map(|(_, result)| result).collect();
    assert!(results.contains(&0) && results.contains(&FLOW), "{results:?}");
}

#[test]
fn fields_that_are_not_its_own() {
    let (gateway, mut carrier) = start_with("", "service_ids = [\"HELP\", \"NEWS\"]\nsrc_id = \"12345\"");
    for version in VERSIONS {
        let mut sp = Sp::ready(gateway.cmpp(), version);
        let right = Submit::new("right");
        let wrong_service = Submit { service_id: "ADS".into(), ..right.clone() };
        assert_eq!(sp.submit(&wrong_service), (0, SERVICE));
        let results = [
            (SRC_ID, Submit { src_id: "99999".into(), ..right.clone() }),
            (SRC_ID, Submit { src_id: "1234".into(), ..right.clone() }),
            (MSG_SRC, Submit { msg_src: "909090".into(), ..right.clone() }),
        ];
        for (expected, submit) in results {
            let (id, result) = sp.submit(&submit);
            // 2.0 has no words for these two: 9 is its "other".
            let allowed = if version == 0x30 { vec![expected] } else { vec![expected, 9] };
            assert!(id == 0 && allowed.contains(&result), "{submit:?}: {result}");
        }
        sp.submit_ok(&right);
        sp.submit_ok(&Submit { src_id: "1234567".into(), service_id: "NEWS".into(), ..Submit::new("a longer number of its own") });
    }
    let submits = carrier.wait_for_submits(4, BOUND);
    assert_eq!(submits.len(), 4, "{submits:#?}");
    assert_eq!(submits[1]["source"], "1234567");
}

#[test]
fn msg_src_is_not_looked_at_where_the_account_says_so() {
    let (gateway, _carrier) = start_with("", "check_msg_src = false");
    Sp::ready(gateway.cmpp(), 0x30).submit_ok(&Submit { msg_src: "909090".into(), ..Submit::new("x") });
}
