//! NowSMS's log of what phones do.

use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;
use waxwing_tests::http;
use waxwing_tests::mm1::Pdu;
use waxwing_tests::mms::{Network, to_send};
use waxwing_tests::until;

use crate::common::*;

/// The lines of NowSMS's log so far, in columns; each in the file of its day.
fn nowsms_lines(net: &Network) -> Vec<Vec<String>> {
    let files = std::fs::read_dir(net.gateway.folder().join("log")).into_iter().flatten().flatten();
    let mut lines = Vec::new();
    for file in files {
        // A line that is only half there comes with the next look.
        let text = std::fs::read_to_string(file.path()).unwrap();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        for line in whole.lines() {
            let columns: Vec<String> = line.split(',').map(str::to_owned).collect();
            let day = columns[0].get(..10).expect("a day").replace('-', "");
            assert_eq!(file.file_name(), format!("MMSC-{day}.LOG").as_str(), "{line}");
            lines.push(columns);
        }
    }
    lines
}

/// Waits for so many lines of a type in NowSMS's log, and gives what stands behind time and type; the time of each is now.
fn nowsms_log(net: &Network, kind: &str, count: usize) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    until(&format!("{count} lines {kind} in NowSMS's log"), BOUND, || {
        found = nowsms_lines(net).into_iter().filter(|line| line[1] == kind).collect();
        found.len() >= count
    });
    assert_eq!(found.len(), count, "{found:?}");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    for line in &found {
        let local = Command::new("date").args(["-d", &line[0], "+%s %Y-%m-%d %H:%M:%S"]).output().unwrap();
        let said = String::from_utf8(local.stdout).unwrap();
        let (seconds, same) = said.trim().split_once(' ').expect("a time");
        assert!(same == line[0] && (now - 60..=now).contains(&seconds.parse().unwrap()), "{line:?} at {now}");
    }
    // NowSMS writes numbers with their type as well as without.
    found.iter().map(|line| line[2..].iter().map(|column| column.trim_end_matches("/TYPE=PLMN").to_owned()).collect()).collect()
}

/// The only line of a type.
fn nowsms_line(net: &Network, kind: &str) -> Vec<String> {
    nowsms_log(net, kind, 1).remove(0)
}

#[test]
fn nowsms_log_has_every_step_in_its_columns() {
    let mut net = Network::start("unknown = \"phone\"\nnowsms_log = \"log\"");
    let (mut alice, mut bob) = (net.phone(ALICE), net.phone(BOB));
    let wishes = to_send("T1", &[BOB, CAROL], "Hello, world").octet(DELIVERY_REPORT, YES).octet(READ_REPORT, YES);
    send(&mut alice, &wishes.plain_text("Hello Bob"));
    let both = [net.next_push(), net.next_push()];
    let told = both.iter().find(|pushed| pushed.to == bare(BOB)).expect("a push for Bob");
    // Of both, since a line is each recipient's. The content is its type, four octets, and nine.
    let taken = nowsms_log(&net, "MMSIN", 2);
    let id_of = |number: &str| {
        net.wait_for_step(bare(number), "notified");
        let all = net.messages("mms");
        let its = |message: &&Value| message["to"].as_str().is_some_and(|to| bare(to) == bare(number));
        all.iter().find(its).and_then(|message| message["id"].as_str()).expect("a message to this number").to_owned()
    };
    for number in [BOB, CAROL] {
        let line = taken.iter().find(|line| line[2] == number).unwrap_or_else(|| panic!("{number}: {taken:?}"));
        let sms = line[4].as_str();
        assert_eq!(line[..], ["127.0.0.1", ALICE, number, &id_of(number), sms, "13"]);
        let notification = http::get_as(net.gateway.http(), &format!("/api/v1/messages/{sms}"), "root", "secret").json();
        assert_eq!((sms.is_empty(), notification["to"].as_str().map(bare)), (false, Some(bare(number))), "{notification:#}");
    }
    let id = id_of(BOB);

    let (status, got) = bob.get(&told.pdu.text(LOCATION));
    assert_eq!((status, got.kind()), (200, RETRIEVE_CONF));
    assert_eq!(nowsms_line(&net, "MMSRetrieve"), ["127.0.0.1", ALICE, BOB, &format!("{id}.MMS"), "OK", "13"]);
    bob.tell(&Pdu::new(ACKNOWLEDGE_IND, &got.text(TRANSACTION)));
    assert_eq!(report(&mut net, ALICE).kind(), DELIVERY_IND);
    assert_eq!(nowsms_line(&net, "MMSIN-DeliveryReport"), ["SMS:localsystem", BOB, ALICE, &id, "delivered", "13"]);
    bob.tell(&read_rec(&got.text(MESSAGE_ID), BOB, ALICE));
    assert_eq!(report(&mut net, ALICE).kind(), READ_ORIG_IND);
    let read = nowsms_line(&net, "MMSIN-ReadReport");
    assert_eq!((read.len(), &read[1..5]), (6, &[BOB, ALICE, &id, "read"].map(str::to_owned)[..]), "{read:?}");
    // Whoever did nothing has no further line.
    assert_eq!(nowsms_lines(&net).len(), 5, "{:#?}", nowsms_lines(&net));
}
