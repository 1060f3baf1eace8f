//! A SUBMIT to many: one Msg_Id for the whole range of recipients, a report for each under its own, and all or nothing.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::json;
use waxwing_tests::cmpp::{Sp, Submit};
use waxwing_tests::{Config, Gateway, cmpp_relay, cmpp_relay_with};

const BOUND: Duration = Duration::from_secs(30);
const VERSIONS: [u8; 2] = [0x20, 0x30];

fn phones(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("1380013{number:04}")).collect()
}

/// The id of the recipient with that index: only the 16 bits of the sequence count on.
fn nth(id: u64, index: usize) -> u64 {
    id & !0xffff | u64::from((id as u16).wrapping_add(u16::try_from(index).expect("at most 99")))
}

/// Waits for a report about each recipient under its own id.
fn assert_reports(sp: &mut Sp, id: u64, recipients: &[String]) {
    let mut waiting: HashMap<u64, &String> = recipients.iter().enumerate().map(|(index, phone)| (nth(id, index), phone)).collect();
    assert_eq!(waiting.len(), recipients.len());
    while !waiting.is_empty() {
        let (_, deliver) = sp.wait_for_deliver(BOUND);
        let report = deliver.report();
        let phone = waiting.remove(&report.msg_id).unwrap_or_else(|| panic!("{:#x} is not from {id:#x} on", report.msg_id));
        assert_eq!((&report.dest_terminal_id, &deliver.src_terminal_id, report.stat.as_str()), (phone, phone, "DELIVRD"));
        assert_eq!(deliver.dest_id, "12345");
        assert_ne!(deliver.msg_id, report.msg_id, "the DELIVER has an id of its own");
    }
}

#[test]
fn a_report_for_each() {
    let (gateway, mut carrier) = cmpp_relay(json!({}));
    for (version, round) in VERSIONS.into_iter().zip(1..) {
        let mut sp = Sp::ready(gateway.cmpp(), version);
        let mut recipients = phones(98);
        recipients.push("8613900139000".into());
        let id = sp.submit_ok(&Submit { recipients: recipients.clone(), ..Submit::new("to all of you") });
        assert_eq!(id >> 16 & 0x003f_ffff, 1001, "the gateway's code in {id:#x}");
        assert_reports(&mut sp, id, &recipients);
        let next = sp.submit_ok(&Submit::new("next"));
        assert!((99..=u64::from(u16::MAX) - 99).contains(&(next.wrapping_sub(id) & 0xffff)), "the range is reserved: {id:#x}, {next:#x}");
        assert_eq!(sp.wait_for_report(BOUND).msg_id, next);
        assert_eq!(carrier.wait_for_submits(100 * round, BOUND).len(), 100 * round);
    }
    let submits = carrier.submits();
    assert!(submits[..99].iter().all(|submit| submit["text"] == "to all of you"));
    assert_eq!(submits[98]["dest"], "8613900139000");
    assert_eq!(submits[0]["dest"], "8613800130000");
}

#[test]
fn one_bad_number_refuses_all() {
    let (gateway, mut carrier) = cmpp_relay(json!({}));
    for version in VERSIONS {
        let mut sp = Sp::ready(gateway.cmpp(), version);
        for bad in ["", "13800abc000", "00000000000000000000"] {
            let (id, result) = sp.submit(&Submit::new("all or nothing").to(&["13800138001", bad, "13800138003"]));
            let allowed = if version == 0x30 { vec![13] } else { vec![13, 9] };
            assert!(id == 0 && allowed.contains(&result), "{bad:?}: {result}");
        }
        sp.submit_ok(&Submit::new("after"));
    }
    let submits = carrier.wait_for_submits(2, BOUND);
    assert!(submits.iter().all(|submit| submit["text"] == "after"), "{submits:#?}");
}

#[test]
fn more_than_the_account_may() {
    let (gateway, _carrier) = cmpp_relay_with(json!({}), "max_recipients = 3", "");
    let mut sp = Sp::ready(gateway.cmpp(), 0x20);
    sp.submit_ok(&Submit { recipients: phones(3), ..Submit::new("three") });
    assert_ne!(sp.submit(&Submit { recipients: phones(4), ..Submit::new("four") }).1, 0);
    sp.assert_alive();
}

#[test]
fn no_id_is_given_twice_where_the_sequence_wraps() {
    let config = Config::without_doors().cmpp("").shop_over_cmpp("").simulator("receipt_delay_ms = 0\nlatency_ms = 0").route_to_carrier();
    let gateway = Gateway::start(&config);
    let mut sp = Sp::ready(gateway.cmpp(), 0x20);
    let recipients = phones(99);
    let silent = Submit { registered_delivery: 0, recipients: recipients.clone(), ..Submit::new("around the corner") };
    let mut before = sp.submit_ok(&silent);
    let mut wrapped = false;
    // 65,536 in ranges of 99, and the range that goes over the end.
    for _ in 0..670 {
        let near = (before as u16).checked_add(2 * 99).is_none();
        let submit = Submit { registered_delivery: u8::from(near), ..silent.clone() };
        let id = sp.submit_ok(&submit);
        assert_eq!(id >> 16 & 0x003f_ffff, 1001, "no carry into the gateway's code: {id:#x}");
        if near {
            assert_reports(&mut sp, id, &recipients);
        }
        wrapped |= (id as u16) < (before as u16);
        before = id;
    }
    assert!(wrapped, "the sequence has gone round");
}
