//! Reports and received messages wait for an SP that is away, over restarts too, and go out again as often as agreed where it does not
//! answer: with the same sequence number and the same content.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;
use waxwing_tests::cmpp::{Deliver, Sp, Submit};
use waxwing_tests::{cmpp_relay, cmpp_relay_with};

const BOUND: Duration = Duration::from_secs(20);

#[test]
fn what_comes_while_the_sp_is_away() {
    let (gateway, mut carrier) = cmpp_relay(json!({"delay_ms": 200}));
    let mut sp = Sp::ready(gateway.cmpp(), 0x20);
    let ids: BTreeSet<u64> = (0..5).map(|number| sp.submit_ok(&Submit::new(&format!("and gone {number}")))).collect();
    sp.terminate();
    for _ in 0..5 {
        carrier.wait_for_event("delivered");
    }
    carrier.send_mo("8613800138000", "12345", "are you there?");
    carrier.wait_for_event("delivered");
    // It comes back speaking the other version: reports have that one's length.
    let mut again = Sp::ready(gateway.cmpp(), 0x30);
    let reported: BTreeSet<u64> = (0..5).map(|_| again.wait_for_report(BOUND).msg_id).collect();
    assert_eq!(reported, ids);
    assert_eq!(again.wait_for_mo(BOUND).text(), "are you there?");
    assert!(again.has_no_more());
}

#[test]
fn over_a_restart() {
    let (mut gateway, mut carrier) = cmpp_relay(json!({"delay_ms": 200}));
    let mut sp = Sp::ready(gateway.cmpp(), 0x30);
    let id = sp.submit_ok(&Submit::new("before the restart"));
    sp.terminate();
    carrier.wait_for_event("delivered");
    gateway.kill();
    gateway.start_again();
    let mut again = Sp::ready(gateway.cmpp(), 0x30);
    let report = again.wait_for_report(BOUND);
    assert_eq!((report.msg_id, report.stat.as_str(), report.dest_terminal_id.as_str()), (id, "DELIVRD", "13800138000"));
}

#[test]
fn again_as_often_as_agreed() {
    let (gateway, _carrier) = cmpp_relay_with(json!({}), "response_timeout = \"1s\"\nsends = 3", "");
    let mut sp = Sp::ready(gateway.cmpp(), 0x20);
    sp.fall_silent();
    let id = sp.submit_ok(&Submit::new("never answered"));
    let sent: Vec<(u32, Deliver)> = (0..3).map(|_| sp.wait_for_deliver(BOUND)).collect();
    assert_eq!(sent[0].1.report().msg_id, id);
    assert!(sent.iter().all(|again| again == &sent[0]), "{sent:#?}");
    // Nothing is lost by that: the next link that answers gets it.
    drop(sp);
    let mut other = Sp::ready(gateway.cmpp(), 0x20);
    let report = other.wait_for_report(BOUND);
    assert_eq!(report.msg_id, id);
    assert!(other.has_no_more());
}

#[test]
fn no_more_than_the_window_at_once() {
    const WINDOW: usize = 4;
    let (gateway, mut carrier) = cmpp_relay_with(json!({}), &format!("window = {WINDOW}"), "");
    let mut sp = Sp::ready(gateway.cmpp(), 0x20);
    sp.fall_silent();
    for number in 0..3 * WINDOW {
        sp.submit_ok(&Submit::new(&format!("{number}")));
    }
    for _ in 0..3 * WINDOW {
        carrier.wait_for_event("delivered");
    }
    for _ in 0..WINDOW {
        sp.wait_for_deliver(BOUND);
    }
    assert!(sp.has_no_more(), "the window is full");
}

#[test]
fn where_the_sp_goes_with_some_unanswered() {
    let (gateway, _carrier) = cmpp_relay(json!({}));
    let mut sp = Sp::ready(gateway.cmpp(), 0x20);
    sp.fall_silent();
    let ids: BTreeSet<u64> = (0..5).map(|number| sp.submit_ok(&Submit::new(&format!("{number}")))).collect();
    sp.wait_for_deliver(BOUND);
    drop(sp);
    let mut again = Sp::ready(gateway.cmpp(), 0x20);
    let mut reported = BTreeSet::new();
    while reported != ids {
        reported.insert(again.wait_for_report(BOUND).msg_id);
    }
}

#[test]
fn no_report_where_none_was_asked_for() {
    let (gateway, mut carrier) = cmpp_relay(json!({}));
    let mut sp = Sp::ready(gateway.cmpp(), 0x30);
    sp.submit_ok(&Submit { registered_delivery: 0, ..Submit::new("no report") });
    let asked = sp.submit_ok(&Submit::new("a report"));
    carrier.wait_for_submits(2, BOUND);
    assert_eq!(sp.wait_for_report(BOUND).msg_id, asked);
    assert!(sp.has_no_more());
}

#[test]
fn in_the_length_that_the_account_wants() {
    for (octets, version) in [(60, 0x30), (71, 0x20)] {
        let (gateway, _carrier) = cmpp_relay_with(json!({}), &format!("report_octets = {octets}"), "");
        let mut sp = Sp::ready(gateway.cmpp(), version);
        let id = sp.submit_ok(&Submit::new("x"));
        let (_, deliver) = sp.wait_for_deliver(BOUND);
        assert_eq!((deliver.content.len(), deliver.report().msg_id), (octets, id));
    }
}
