//! The parts of a long message are answered at once, each under its own id, and put together aside; the carrier gets the text whole, and
//! each part its report.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use waxwing_tests::cmpp::{self, Sp, Submit};
use waxwing_tests::{Carrier, cmpp_relay, cmpp_relay_with};

const BOUND: Duration = Duration::from_secs(20);

fn text() -> String {
    // The emoji stands where a cut at 67 units would go through it.
    format!("{}🙂{}", "长".repeat(66), "短信网关合并长短信。".repeat(12))
}

/// Waits until the carrier has this text in parts of its own, whatever stands between them.
fn assert_whole(carrier: &mut Carrier, text: &str) {
    waxwing_tests::until("the whole text at the carrier", BOUND, || {
        let texts: Vec<&str> = carrier.submits().iter().filter_map(|submit| submit["text"].as_str()).collect();
        texts.concat() == text
    });
}

fn assert_reports(sp: &mut Sp, ids: impl IntoIterator<Item = u64>) {
    let mut missing: BTreeSet<u64> = ids.into_iter().collect();
    while !missing.is_empty() {
        let report = sp.wait_for_report(BOUND);
        assert_eq!(report.stat, "DELIVRD");
        assert!(missing.remove(&report.msg_id), "{report:?}, wanted {missing:x?}");
    }
}

#[test]
fn each_part_is_answered_before_the_others_come() {
    let (gateway, mut carrier) = cmpp_relay(json!({}));
    for version in [0x20, 0x30] {
        let mut sp = Sp::ready(gateway.cmpp(), version);
        let parts = Submit::parts(&text(), version);
        let before = carrier.submits().len();
        let mut ids = BTreeSet::new();
        for part in &parts {
            assert_eq!(carrier.submits().len(), before, "nothing leaves before the last part");
            ids.insert(sp.submit_ok(part));
        }
        assert_eq!(ids.len(), parts.len());
        assert_reports(&mut sp, ids);
        let texts: Vec<String> = carrier.submits()[before..].iter().filter_map(|s| s["text"].as_str().map(str::to_owned)).collect();
        assert_eq!(texts.concat(), text());
    }
}

#[test]
fn in_any_order_over_several_links() {
    let (gateway, mut carrier) = cmpp_relay(json!({}));
    let mut links = [Sp::ready(gateway.cmpp(), 0x20), Sp::ready(gateway.cmpp(), 0x20)];
    let parts = Submit::parts(&text(), 9);
    let count = parts.len();
    let mut ids = BTreeSet::new();
    for (index, part) in parts.iter().enumerate().rev() {
        ids.insert(links[index % 2].submit_ok(part));
    }
    assert_eq!(ids.len(), count);
    assert_whole(&mut carrier, &text());
    // Each over one of the links.
    let mut reported = BTreeSet::new();
    waxwing_tests::until("all reports", BOUND, || {
        for link in &mut links {
            while !link.has_no_more() {
                reported.insert(link.wait_for_report(BOUND).msg_id);
            }
        }
        reported.len() == count
    });
    assert_eq!(reported, ids);
}

#[test]
fn two_at_once_with_the_same_reference_to_two_phones() {
    let (gateway, mut carrier) = cmpp_relay(json!({}));
    let mut sp = Sp::ready(gateway.cmpp(), 0x30);
    let (one, two) = ("一".repeat(100), "二".repeat(100));
    let mut ids = Vec::new();
    let pairs = Submit::parts(&one, 5).into_iter().zip(Submit::parts(&two, 5));
    for (first, second) in pairs {
        ids.push(sp.submit_ok(&first));
        ids.push(sp.submit_ok(&second.to(&["13900139000"])));
    }
    assert_reports(&mut sp, ids);
    for (dest, text) in [("8613800138000", one), ("8613900139000", two)] {
        let own: Vec<&Value> = carrier.submits().iter().filter(|submit| submit["dest"] == dest).collect();
        assert_eq!(own.iter().filter_map(|submit| submit["text"].as_str()).collect::<String>(), text);
    }
}

#[test]
fn the_same_part_twice_is_no_second_part() {
    let (gateway, mut carrier) = cmpp_relay(json!({}));
    let mut sp = Sp::ready(gateway.cmpp(), 0x20);
    let parts = Submit::parts(&text(), 7);
    sp.submit_ok(&parts[0]);
    for part in &parts {
        assert_eq!(sp.submit(part).1, 0);
    }
    assert_whole(&mut carrier, &text());
}

#[test]
fn to_several_recipients_each_part_of_each_has_its_report() {
    let (gateway, mut carrier) = cmpp_relay(json!({}));
    let mut sp = Sp::ready(gateway.cmpp(), 0x20);
    let text = "群".repeat(100);
    let mut ids = Vec::new();
    for part in Submit::parts(&text, 3) {
        let id = sp.submit_ok(&part.to(&["13800138001", "13800138002"]));
        ids.extend([id, id + 1]);
    }
    assert_reports(&mut sp, ids);
    for dest in ["8613800138001", "8613800138002"] {
        let own = carrier.submits().iter().filter(|submit| submit["dest"] == dest);
        assert_eq!(own.filter_map(|submit| submit["text"].as_str()).collect::<String>(), text);
    }
}

#[test]
fn without_a_header_they_are_messages_of_their_own_unless_the_account_says_otherwise() {
    let texts = ["first of two, ", "second of two"];
    let parts = |registered_delivery| {
        let part = move |(text, number): (&&str, u8)| Submit { pk_total: 2, pk_number: number, registered_delivery, ..Submit::new(text) };
        texts.iter().zip(1..).map(part).collect::<Vec<_>>()
    };
    let (gateway, mut carrier) = cmpp_relay(json!({}));
    let mut sp = Sp::ready(gateway.cmpp(), 0x20);
    let ids: Vec<u64> = parts(1).iter().map(|part| sp.submit_ok(part)).collect();
    assert_reports(&mut sp, ids);
    let submits = carrier.wait_for_submits(2, BOUND);
    assert!(texts.iter().all(|text| submits.iter().any(|submit| submit["text"] == *text)), "{submits:#?}");

    let (gateway, mut carrier) = cmpp_relay_with(json!({}), "join_by_pk = true", "");
    let mut sp = Sp::ready(gateway.cmpp(), 0x20);
    let ids: Vec<u64> = parts(1).iter().map(|part| sp.submit_ok(part)).collect();
    assert_reports(&mut sp, ids);
    assert_eq!(carrier.wait_for_submits(1, BOUND)[0]["text"], texts.concat());
}

/// Parts with the given headers, octets and Msg_Fmt.
fn raw_parts(msg_fmt: u8, header: impl Fn(u8, u8) -> Vec<u8>, chunks: &[&[u8]]) -> Vec<Submit> {
    let total = u8::try_from(chunks.len()).expect("a few");
    let part = |(chunk, number): (&&[u8], u8)| Submit {
        msg_fmt,
        tp_udhi: 1,
        pk_total: total,
        pk_number: number,
        content: [header(total, number).as_slice(), chunk].concat(),
        ..Submit::new("")
    };
    chunks.iter().zip(1..).map(part).collect()
}

#[test]
fn in_every_form_that_there_is() {
    let (gateway, mut carrier) = cmpp_relay(json!({}));
    let mut sp = Sp::ready(gateway.cmpp(), 0x20);
    let ascii = "The quick brown fox jumps over the lazy dog. ".repeat(9);
    // 你好 after a letter, cut through the middle of a character by an SP that counts octets.
    let gb = [b"a".as_slice(), &[0xc4, 0xe3, 0xba, 0xc3].repeat(50)].concat();
    let gb_text = format!("a{}", "你好".repeat(50));
    let wide = cmpp::ucs2(&"宽".repeat(90));
    let short_header = |reference: u8| move |total, number| vec![5, 0, 3, reference, total, number];
    let ports_first = |total, number| vec![11, 5, 4, 0x1f, 0x40, 0x1f, 0x41, 0, 3, 9, total, number];
    let cases: [(Vec<Submit>, &str); 4] = [
        // An octet for each character on the wire, as many as a phone has septets.
        (raw_parts(0, short_header(1), &ascii.as_bytes().chunks(153).collect::<Vec<_>>()), &ascii),
        (raw_parts(15, short_header(2), &gb.chunks(134).collect::<Vec<_>>()), &gb_text),
        (raw_parts(8, |total, number| vec![6, 8, 4, 0x12, 0x34, total, number], &wide.chunks(132).collect::<Vec<_>>()), &"宽".repeat(90)),
        (raw_parts(8, ports_first, &wide.chunks(128).collect::<Vec<_>>()), &"宽".repeat(90)),
    ];
    for (parts, text) in cases {
        let before = carrier.submits().len();
        let ids: Vec<u64> = parts.iter().map(|part| sp.submit_ok(part)).collect();
        assert_reports(&mut sp, ids);
        let texts = carrier.submits()[before..].iter().filter_map(|submit| submit["text"].as_str());
        assert_eq!(texts.collect::<String>(), text);
    }
}

#[test]
fn parts_that_came_before_and_after_a_kill() {
    let (mut gateway, mut carrier) = cmpp_relay(json!({}));
    let mut sp = Sp::ready(gateway.cmpp(), 0x30);
    let parts = Submit::parts(&text(), 0x77);
    let (last, first) = parts.split_last().expect("parts");
    let mut ids: Vec<u64> = first.iter().map(|part| sp.submit_ok(part)).collect();
    gateway.kill();
    gateway.start_again();
    carrier.wait_for_bind();
    let mut sp = Sp::ready(gateway.cmpp(), 0x30);
    ids.push(sp.submit_ok(last));
    assert_reports(&mut sp, ids);
    assert_whole(&mut carrier, &text());
}

#[test]
fn left_alone_where_the_account_says_so() {
    let (gateway, mut carrier) = cmpp_relay_with(json!({}), "merge_long = false", "");
    let mut sp = Sp::ready(gateway.cmpp(), 0x20);
    let parts = Submit::parts(&"长".repeat(100), 0x5a);
    sp.submit_ok(&parts[0]);
    let first = carrier.wait_for_submits(1, BOUND)[0].clone();
    assert_eq!((&first["udh"][0], &first["text"]), (&json!(format!("00035a{:02x}01", parts.len())), &json!(parts[0].text())));
}
