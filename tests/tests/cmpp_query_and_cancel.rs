//! QUERY is answered from what really happened, and CANCEL calls a message back that has not left yet.

use std::time::Duration;

use serde_json::json;
use waxwing_tests::cmpp::{Login, Sp, Submit, clock, command, number, time};
use waxwing_tests::{Carrier, Config, Gateway, cmpp_relay, until};

const BOUND: Duration = Duration::from_secs(20);
const VERSIONS: [u8; 2] = [0x20, 0x30];

/// MT_TLMsg, MT_Tlusr, MT_Scs, MT_WT, MT_FL, MO_Scs, MO_WT, MO_FL for today, as China's clocks have it. A message to many is as many messages.
fn counts(sp: &mut Sp, query_type: u8, query_code: &str) -> [u32; 8] {
    let [year, month, day, ..] = clock(0, 8 * 3_600);
    let mut body = format!("20{year:02}{month:02}{day:02}").into_bytes();
    body.push(query_type);
    body.extend(format!("{query_code:\0<10}").into_bytes());
    body.extend([0; 8]);
    let answer = sp.request(command::QUERY, body.clone());
    assert_eq!(answer.body.len(), 51, "{answer:?}");
    assert_eq!(answer.body[..19], body[..19], "Time, Query_Type and Query_Code come back");
    let mut counts = [0; 8];
    for (count, octets) in counts.iter_mut().zip(answer.body[19..].chunks(4)) {
        *count = number(octets);
    }
    counts
}

#[test]
fn query_tells_what_happened_today() {
    let (gateway, mut carrier) = cmpp_relay(json!({}));
    for (version, before) in VERSIONS.into_iter().zip([0, 1]) {
        let mut sp = Sp::ready(gateway.cmpp(), version);
        if before == 0 {
            assert_eq!(counts(&mut sp, 0, ""), [0; 8]);
        }
        sp.submit_ok(&Submit::new("to two").to(&["13800138001", "13800138002"]));
        sp.submit_ok(&Submit { service_id: "NEWS".into(), ..Submit::new("ECHO of one") });
        for _ in 0..3 {
            sp.wait_for_report(BOUND);
        }
        sp.wait_for_mo(BOUND);
        sp.submit_ok(&Submit { at_time: time(3_600), ..Submit::new("in an hour") });
        let round = before + 1;
        let expected = [4 * round, 4 * round, 3 * round, round, 0, round, 0, 0];
        let mut last = [0; 8];
        let deadline = std::time::Instant::now() + BOUND;
        while last != expected && std::time::Instant::now() < deadline {
            last = counts(&mut sp, 0, "");
        }
        assert_eq!(last, expected, "messages, recipients, sent, waiting, failed; MO sent, waiting, failed");
        until("by service", BOUND, || {
            let [messages, users, sent, ..] = counts(&mut sp, 1, "NEWS");
            [messages, users, sent] == [round; 3]
        });
        assert_eq!(counts(&mut sp, 1, "NOSUCH")[..5], [0; 5]);
    }
    assert_eq!(carrier.submits().len(), 6);
}

#[test]
fn failures_are_counted_as_such() {
    const ESME_RINVDSTADR: u32 = 0x0B;
    let (gateway, mut carrier) = cmpp_relay(json!({}));
    carrier.refuse(ESME_RINVDSTADR, 1);
    let mut sp = Sp::ready(gateway.cmpp(), 0x20);
    let id = sp.submit_ok(&Submit::new("refused"));
    let report = sp.wait_for_report(BOUND);
    assert_eq!(report.msg_id, id);
    assert!(["UNDELIV", "REJECTD"].contains(&report.stat.as_str()), "{report:?}");
    until("it is counted", BOUND, || counts(&mut sp, 0, "")[..5] == [1, 1, 0, 0, 1]);
}

#[test]
fn cancel_calls_a_message_back() {
    let (gateway, mut carrier) = cmpp_relay(json!({}));
    for version in VERSIONS {
        let mut sp = Sp::ready(gateway.cmpp(), version);
        let kept = sp.submit_ok(&Submit { at_time: time(3), ..Submit::new("kept") });
        let called_back = sp.submit_ok(&Submit { at_time: time(3), ..Submit::new("called back") });
        assert_eq!(sp.cancel(called_back), 0);
        let report = sp.wait_for_report(BOUND);
        assert_eq!((report.msg_id, report.stat.as_str()), (kept, "DELIVRD"));
        assert_ne!(sp.cancel(kept), 0, "it has left");
        assert_ne!(sp.cancel(called_back), 0, "it is gone already");
        assert_ne!(sp.cancel(0x0102_0304_0506_0708), 0, "there never was one");
    }
    let submits = carrier.submits();
    assert!(submits.len() == 2 && submits.iter().all(|submit| submit["text"] == "kept"), "{submits:#?}");
}

#[test]
fn each_of_many_recipients_by_its_own_id() {
    let (gateway, mut carrier) = cmpp_relay(json!({}));
    let mut sp = Sp::ready(gateway.cmpp(), 0x30);
    let submit = Submit { at_time: time(3), ..Submit::new("to three, later").to(&["13800138001", "13800138002", "13800138003"]) };
    let id = sp.submit_ok(&submit);
    for called_back in [id, id + 2] {
        assert_eq!(sp.cancel(called_back), 0);
    }
    let report = sp.wait_for_report(BOUND);
    assert_eq!((report.msg_id, report.stat.as_str(), report.dest_terminal_id.as_str()), (id + 1, "DELIVRD", "13800138002"));
    assert_eq!(carrier.submits().len(), 1);
}

#[test]
fn a_long_message_by_the_id_of_any_of_its_parts() {
    let (gateway, mut carrier) = cmpp_relay(json!({}));
    let mut sp = Sp::ready(gateway.cmpp(), 0x20);
    for which in 0..2 {
        let parts = Submit::parts(&"长".repeat(100), 1).into_iter().map(|part| Submit { at_time: time(3), ..part });
        let ids: Vec<u64> = parts.map(|part| sp.submit_ok(&part)).collect();
        assert_eq!(sp.cancel(ids[which]), 0);
    }
    // What is due then has left when what is due later has.
    sp.submit_ok(&Submit { at_time: time(4), ..Submit::new("later") });
    assert_eq!(carrier.wait_for_submits(1, BOUND)[0]["text"], "later");
}

#[test]
fn cancel_by_nobody_else() {
    let mut carrier = Carrier::start(json!({}));
    let other = "[[account]]\nname = \"other\"\npassword = \"secret\"\n[account.cmpp]\nsp_id = \"901235\"";
    let config = Config::without_doors().cmpp("").shop_over_cmpp("").with(other).smpp_connector(carrier.address(), "").route_to_carrier();
    let gateway = Gateway::start(&config);
    carrier.wait_for_bind();
    let mut sp = Sp::ready(gateway.cmpp(), 0x20);
    let id = sp.submit_ok(&Submit { at_time: time(3), ..Submit::new("mine") });
    let mut other = Sp::ready_as(gateway.cmpp(), &Login { source: "901235".into(), ..Login::shop(0x20) });
    assert_ne!(other.cancel(id), 0);
    assert_eq!(counts(&mut other, 0, ""), [0; 8]);
    assert_eq!(carrier.wait_for_submits(1, BOUND)[0]["text"], "mine");
}
