//! Malformed PDUs get the standard's result with their own sequence number and cost nobody the session; where the framing is lost, or
//! somebody is at the wrong door, the connection ends. All of it is counted.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::json;
use waxwing_tests::cmpp::{Login, Pdu, Received, Sp, Submit, Version, command, number};
use waxwing_tests::{Config, Gateway, cmpp_relay, cmpp_relay_with, until};

const BOUND: Duration = Duration::from_secs(10);
/// Results of SUBMIT_RESP.
const STRUCTURE: u32 = 1;
const LENGTH: u32 = 4;
const NUMBER: u32 = 13;
/// Status of CONNECT_RESP.
const AUTHENTICATION: u32 = 3;
const VERSIONS: [u8; 2] = [0x20, 0x30];

fn bad_input(gateway: &Gateway) -> f64 {
    gateway.metric("waxwing_bad_input_total", &["place=\"cmpp listener\""])
}

/// Panics unless the counter grows by at least `count` over what it was before.
fn assert_counted(gateway: &Gateway, before: f64, count: f64) {
    until("it is counted", BOUND, || bad_input(gateway) >= before + count);
}

#[test]
fn a_message_length_past_the_end() {
    let (gateway, mut carrier) = cmpp_relay(json!({}));
    for version in VERSIONS {
        let mut sp = Sp::ready(gateway.cmpp(), version);
        let (id, result) = sp.submit(&Submit { claimed_length: Some(200), ..Submit::new("short") });
        assert_eq!((id, result), (0, LENGTH));
        sp.assert_alive();
        sp.submit_ok(&Submit::new("after"));
    }
    assert_eq!(carrier.wait_for_submits(2, BOUND)[0]["text"], "after");
    assert_counted(&gateway, 0.0, 2.0);
}

#[test]
fn no_recipients_and_too_many() {
    let (gateway, mut carrier) = cmpp_relay(json!({}));
    for version in VERSIONS {
        let mut sp = Sp::ready(gateway.cmpp(), version);
        let none = Submit { recipients: Vec::new(), ..Submit::new("to nobody") };
        assert_eq!(sp.submit(&none), (0, STRUCTURE));
        for (claimed, results) in [(0, [STRUCTURE, STRUCTURE]), (2, [STRUCTURE, NUMBER]), (255, [STRUCTURE, LENGTH])] {
            let (id, result) = sp.submit(&Submit { claimed_recipients: Some(claimed), ..Submit::new("to how many?") });
            assert!(id == 0 && results.contains(&result), "DestUsr_tl {claimed}: {result}");
        }
        let hundred: Vec<String> = (0..100).map(|number| format!("138001380{number:02}")).collect();
        let (id, result) = sp.submit(&Submit { recipients: hundred, ..Submit::new("one too many") });
        assert!(id == 0 && result != 0, "100 recipients: {result}");
        sp.assert_alive();
        sp.submit_ok(&Submit::new("after"));
    }
    assert_eq!(carrier.wait_for_submits(2, BOUND).len(), 2);
    assert_eq!(carrier.submits()[1]["text"], "after");
}

#[test]
fn a_truncated_submit_keeps_the_session() {
    let (gateway, mut carrier) = cmpp_relay(json!({}));
    for version in VERSIONS {
        let mut sp = Sp::ready(gateway.cmpp(), version);
        let whole = Submit::new("truncated").body(sp.version());
        // Without the last field it is a message all the same: some gateways leave it out.
        let tail = if sp.version() == Version::V3 { 20 } else { 8 };
        for length in 0..whole.len() - tail {
            let (_, result) = sp.request(command::SUBMIT, whole[..length].to_vec()).id_and_result(sp.version());
            assert!([STRUCTURE, LENGTH].contains(&result), "a body of {length} octets: {result}");
        }
        sp.assert_alive();
    }
    assert!(carrier.submits().is_empty());
}

#[test]
fn an_unknown_command() {
    let (gateway, _carrier) = cmpp_relay(json!({}));
    let mut sp = Sp::ready(gateway.cmpp(), 0x20);
    sp.send(0x0000_0077, vec![1, 2, 3]);
    sp.assert_alive();
    // A response to nothing.
    sp.send(command::DELIVER | command::RESPONSE, vec![0; 9]);
    sp.assert_alive();
    assert_counted(&gateway, 0.0, 1.0);
}

#[test]
fn requests_that_are_too_short_or_too_long() {
    let (gateway, _carrier) = cmpp_relay(json!({}));
    for version in VERSIONS {
        let mut sp = Sp::ready(gateway.cmpp(), version);
        assert_ne!(sp.cancel(0x0102_0304_0506_0708), 0, "nothing has that id");
        let answer = sp.request(command::CANCEL, vec![1, 2, 3]);
        assert_ne!(number(&answer.body), 0, "{answer:?}");
        // ACTIVE_TEST has no body; one that has is answered all the same.
        let answer = sp.request(command::ACTIVE_TEST, vec![9; 4]);
        assert_eq!(answer.body.len(), 1);
        sp.assert_alive();
    }
}

#[test]
fn a_wrong_authenticator_and_an_unknown_account() {
    let (gateway, _carrier) = cmpp_relay(json!({}));
    for version in VERSIONS {
        let wrong = Login { secret: "guessed".into(), ..Login::shop(version) };
        let unknown = Login { source: "900000".into(), ..Login::shop(version) };
        for login in [wrong, unknown] {
            let mut sp = Sp::connect(gateway.cmpp());
            let answer = sp.login(&login);
            assert_eq!((answer.status, answer.empty), (AUTHENTICATION, true), "{answer:?}");
            assert_eq!(answer.layout, Version::of_byte(version));
            assert!(sp.wait_for_close(BOUND).is_empty());
        }
    }
    assert_counted(&gateway, 0.0, 4.0);
    Sp::ready(gateway.cmpp(), 0x20).assert_alive();
}

#[test]
fn a_replayed_timestamp() {
    let (gateway, _carrier) = cmpp_relay_with(json!({}), "max_links = 100", "replay_window = \"1s\"");
    let mut first = Sp::ready(gateway.cmpp(), 0x20);
    // Several links of an SP may log in within the same second; what comes again after the window is somebody else's recording.
    until("the replay is refused", BOUND, || Sp::connect(gateway.cmpp()).login(&Login::shop(0x20)).status == AUTHENTICATION);
    Sp::ready_as(gateway.cmpp(), &Login { timestamp: 1_231_235_959, ..Login::shop(0x20) }).assert_alive();
    first.assert_alive();
}

#[test]
fn a_short_account_padded_or_bare() {
    let config = Config::without_doors().cmpp("").shop_with("[account.cmpp]\nsp_id = \"9012\"");
    let gateway = Gateway::start(&config.simulator("").route_to_carrier());
    for padded in [false, true] {
        let login = Login { source: "9012".into(), padded, ..Login::shop(0x20) };
        Sp::ready_as(gateway.cmpp(), &login).assert_alive();
    }
}

#[test]
fn version_bytes_as_they_come() {
    let (gateway, _carrier) = cmpp_relay(json!({}));
    for (version, layout) in [(0x20, Version::V2), (0x21, Version::V2), (0x02, Version::V2), (0x00, Version::V2), (0x30, Version::V3)] {
        let mut sp = Sp::ready(gateway.cmpp(), version);
        assert_eq!(sp.version(), layout, "{version:#x}");
        sp.submit_ok(&Submit::new("x"));
        sp.terminate();
    }
}

#[test]
fn anything_before_connect_ends_the_connection() {
    let (gateway, mut carrier) = cmpp_relay(json!({}));
    for (command, body) in [(command::SUBMIT, Submit::new("too early").body(Version::V2)), (command::ACTIVE_TEST, Vec::new())] {
        let mut sp = Sp::connect(gateway.cmpp());
        sp.send(command, body);
        sp.wait_for_close(BOUND);
    }
    assert_counted(&gateway, 0.0, 2.0);
    assert!(carrier.submits().is_empty());
}

/// The connection ends at once: nothing waits for the octets that such a length promises.
fn assert_framing_is_fatal(gateway: &Gateway, address: SocketAddr, octets: &[u8]) {
    for login_first in [false, true] {
        let before = bad_input(gateway);
        let mut sp = if login_first { Sp::ready(address, 0x20) } else { Sp::connect(address) };
        sp.send_octets(octets).expect("sent");
        assert!(sp.wait_for_close(BOUND).is_empty(), "nothing is said to {octets:02x?}");
        assert_counted(gateway, before, 1.0);
    }
}

#[test]
fn lengths_out_of_range_end_the_connection() {
    let (gateway, _carrier) = cmpp_relay(json!({}));
    let address = gateway.cmpp();
    assert_framing_is_fatal(&gateway, address, &[0, 0, 0, 11, 0, 0, 0, 8, 0, 0, 0, 9]);
    assert_framing_is_fatal(&gateway, address, &[0, 0, 0, 0]);
    assert_framing_is_fatal(&gateway, address, &[0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 4, 0, 0, 0, 9]);
    assert_framing_is_fatal(&gateway, address, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_framing_is_fatal(&gateway, address, b"GET ");
    Sp::ready(address, 0x20).assert_alive();
}

#[test]
fn a_flood_of_strangers_is_counted_and_does_not_fill_the_log() {
    const STRANGERS: usize = 200;
    let (gateway, _carrier) = cmpp_relay(json!({}));
    let mut good = Sp::ready(gateway.cmpp(), 0x20);
    for _ in 0..STRANGERS {
        let mut sp = Sp::connect(gateway.cmpp());
        sp.send_octets(b"GET / HTTP/1.1\r\n\r\n").expect("sent");
        sp.wait_for_close(BOUND);
    }
    assert_counted(&gateway, 0.0, 200.0);
    let lines = gateway.log().lines().filter(|line| line.contains("listener=cmpp-")).count();
    assert!((1..50).contains(&lines), "{lines} lines about {STRANGERS} strangers");
    good.assert_alive();
}

#[test]
fn any_msg_fmt_is_answered() {
    let (gateway, mut carrier) = cmpp_relay(json!({}));
    let mut sp = Sp::ready(gateway.cmpp(), 0x30);
    let submits: Vec<Submit> = (0..=255).map(|msg_fmt| Submit { msg_fmt, registered_delivery: 0, ..Submit::new("any") }).collect();
    let answers = sp.submit_all(&submits);
    let taken = answers.iter().filter(|(id, result)| *result == 0 && *id != 0).count();
    assert!(answers.iter().all(|(id, result)| (*id == 0) == (*result != 0)), "{answers:?}");
    assert_eq!(carrier.wait_for_submits(taken, BOUND).len(), taken);
    sp.assert_alive();
}

#[test]
fn octet_by_octet_and_many_at_once() {
    let (gateway, mut carrier) = cmpp_relay(json!({}));
    let mut sp = Sp::ready(gateway.cmpp(), 0x30);
    let submit = |sequence, text: &str| Pdu { command: command::SUBMIT, sequence, body: Submit::new(text).body(Version::V3) }.encode();
    for octet in submit(77, "slow") {
        sp.send_octets(&[octet]).expect("sent");
    }
    assert_eq!(sp.response(77).id_and_result(Version::V3).1, 0);
    let mut many = Vec::new();
    for number in 100..110 {
        many.extend(submit(number, &format!("many-{number}")));
    }
    sp.send_octets(&many).expect("sent");
    let last = 109;
    assert_eq!(sp.response(last).id_and_result(Version::V3).1, 0);
    assert_eq!(carrier.wait_for_submits(11, BOUND).len(), 11);
}

#[test]
fn random_octets_never_kill_the_gateway() {
    let (mut gateway, _carrier) = cmpp_relay_with(json!({}), "max_links = 1000", "");
    let mut random = fastrand::Rng::with_seed(1);
    for version in VERSIONS {
        let layout = Version::of_byte(version);
        let good = Pdu { command: command::SUBMIT, sequence: 5, body: Submit::new("mutated").body(layout) }.encode();
        for _ in 0..waxwing_tests::rounds("WAXWING_MUTATIONS", 2_000).min(20_000) / 40 {
            let mut sp = Sp::ready(gateway.cmpp(), version);
            for _ in 0..20 {
                let mut octets = good.clone();
                for _ in 0..random.usize(1..4) {
                    // The length field stays as it is, so that the mutated PDU is looked at as a whole.
                    let index = random.usize(4..octets.len());
                    octets[index] = random.u8(..);
                }
                if sp.send_octets(&octets).is_err() {
                    break;
                }
            }
            while !matches!(sp.receive(Duration::from_millis(5)), Received::Closed | Received::Silence) {}
        }
    }
    assert!(gateway.exited().is_none(), "the gateway still runs");
    Sp::ready(gateway.cmpp(), 0x20).assert_alive();
}
