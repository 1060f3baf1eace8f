//! What phones ask of the message centre (MM1), each behaviour by itself: the phones are made by hand, octet by octet; tshark, curl,
//! ImageMagick and ffprobe judge what they get.
#![allow(clippy::unwrap_used)]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tempfile::TempDir;
use waxwing_tests::certificates::Certificates;
use waxwing_tests::http::{self, Catcher};
use waxwing_tests::mm1::{Answer, Mm1, Pdu, path_of};
use waxwing_tests::mms::{Network, to_send};
use waxwing_tests::{Config, push, tshark, until};

const BOUND: Duration = Duration::from_secs(20);
const ALICE: &str = "+4915112345699";
const BOB: &str = "+4915112345600";
const CAROL: &str = "+4915112345601";
const DAVE: &str = "+4915112345602";

// Types of PDUs.
const SEND_CONF: u8 = 0x81;
const NOTIFICATION_IND: u8 = 0x82;
const NOTIFYRESP_IND: u8 = 0x83;
const RETRIEVE_CONF: u8 = 0x84;
const ACKNOWLEDGE_IND: u8 = 0x85;
const DELIVERY_IND: u8 = 0x86;
const READ_REC_IND: u8 = 0x87;
const READ_ORIG_IND: u8 = 0x88;
const FORWARD_REQ: u8 = 0x89;
const FORWARD_CONF: u8 = 0x8a;

// Header fields.
const BCC: u8 = 0x01;
const CC: u8 = 0x02;
const LOCATION: u8 = 0x03;
const DELIVERY_REPORT: u8 = 0x06;
const DELIVERY_TIME: u8 = 0x07;
const EXPIRY: u8 = 0x08;
const FROM: u8 = 0x09;
const CLASS: u8 = 0x0a;
const MESSAGE_ID: u8 = 0x0b;
const PRIORITY: u8 = 0x0f;
const READ_REPORT: u8 = 0x10;
const REPORT_ALLOWED: u8 = 0x11;
const RESPONSE_STATUS: u8 = 0x12;
const SENDER_VISIBILITY: u8 = 0x14;
const STATUS: u8 = 0x15;
const SUBJECT: u8 = 0x16;
const TO: u8 = 0x17;
const TRANSACTION: u8 = 0x18;
const RETRIEVE_STATUS: u8 = 0x19;
const READ_STATUS: u8 = 0x1b;
const REPLY_CHARGING: u8 = 0x1c;
const PREVIOUSLY_SENT_BY: u8 = 0x20;

// Values.
const YES: u8 = 0x80;
const NO: u8 = 0x81;
const OK: u8 = 0x80;
const EXPIRED: u8 = 0x80;
const RETRIEVED: u8 = 0x81;
const REJECTED: u8 = 0x82;
const DEFERRED: u8 = 0x83;
const FORWARDED: u8 = 0x86;
const READ: u8 = 0x80;
const HIDE: u8 = 0x80;
const HIGH: u8 = 0x82;
const INFORMATIONAL: u8 = 0x82;
const SERVICE_DENIED: u8 = 0xe1;
const ADDRESS_UNRESOLVED: u8 = 0xe3;
const MESSAGE_NOT_FOUND: u8 = 0xe4;
const REPLY_CHARGING_NOT_SUPPORTED: u8 = 0xe9;
/// Of X-Mms-Retrieve-Status.
const NOT_FOUND: u8 = 0xe2;

/// A number as the centre writes it into PDUs.
fn typed(number: &str) -> String {
    format!("{number}/TYPE=PLMN")
}

/// A number as it stands in a short message.
fn bare(number: &str) -> &str {
    number.trim_start_matches('+')
}

fn start() -> Network {
    Network::start("unknown = \"phone\"")
}

/// Hands in what has to be taken, and gives its message id.
fn send(phone: &mut Mm1, pdu: &Pdu) -> String {
    let conf = phone.post(pdu);
    assert_eq!((conf.kind(), conf.octet(RESPONSE_STATUS)), (SEND_CONF, OK), "{conf:02x?}");
    conf.text(MESSAGE_ID)
}

/// What a phone reports of the reading of a message.
fn read_rec(message_id: &str, from: &str, to: &str) -> Pdu {
    let pdu = Pdu::without_transaction(READ_REC_IND).text(MESSAGE_ID, message_id).text(TO, &typed(to));
    pdu.from_address(&typed(from)).octet(READ_STATUS, READ)
}

/// The next push, which is a report to this number.
fn report(net: &mut Network, to: &str) -> Answer {
    let pushed = net.next_push();
    assert_eq!(pushed.to, bare(to), "{pushed:02x?}");
    pushed.pdu
}

/// Runs a program that has to succeed, in a folder, and gives what it printed. Arguments have blanks between them.
fn run(folder: &Path, program: &str, arguments: &str) -> String {
    let output = Command::new(program).args(arguments.split_ascii_whitespace()).current_dir(folder).output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}; run scripts/install-test-peers.sh"));
    assert!(output.status.success(), "{program} {arguments}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

#[test]
fn a_phone_that_fetches_later_is_not_told_again_and_reports_reach_the_sender() {
    let mut net = Network::start("unknown = \"phone\"\nnotify_again = [\"1s\", \"1s\", \"1s\"]");
    let (mut alice, mut bob, mut carol) = (net.phone(ALICE), net.phone(BOB), net.phone(CAROL));
    let wishes = to_send("T1", &[BOB], "Hello").octet(DELIVERY_REPORT, YES).octet(READ_REPORT, YES);
    let id = send(&mut alice, &wishes.plain_text("Hello Bob"));
    let told = report(&mut net, BOB);
    bob.tell(&Pdu::new(NOTIFYRESP_IND, &told.text(TRANSACTION)).octet(STATUS, DEFERRED).octet(REPORT_ALLOWED, YES));

    // Carol's phone says nothing and is told four times, the last time after all the times at which Bob's would have been.
    send(&mut alice, &to_send("T2", &[CAROL], "Hello").plain_text("Hello Carol"));
    let all: Vec<String> = (0..4).map(|_| net.next_push().to).collect();
    assert_eq!(all, [bare(CAROL); 4]);

    let (status, got) = bob.get(&told.text(LOCATION));
    assert_eq!((status, got.kind(), got.body.as_slice()), (200, RETRIEVE_CONF, &b"Hello Bob"[..]), "{got:02x?}");
    bob.tell(&Pdu::new(ACKNOWLEDGE_IND, &got.text(TRANSACTION)));
    let delivered = report(&mut net, ALICE);
    assert_eq!((delivered.kind(), delivered.octet(STATUS)), (DELIVERY_IND, RETRIEVED), "{delivered:02x?}");
    assert_eq!((delivered.text(MESSAGE_ID), delivered.text(TO)), (id.clone(), typed(BOB)));
    net.message_to(bare(BOB), &["delivered"]);

    // Nobody reports the reading of what was never sent, or of what is another's.
    let copy = got.text(MESSAGE_ID);
    let made_up = format!("{}{}", if copy.starts_with('1') { '2' } else { '1' }, &copy[1..]);
    for other in [made_up.as_str(), "0000000A-0123456789abcdef@mms.example.net", "x@example.com", id.as_str(), copy.as_str()] {
        carol.tell(&read_rec(other, CAROL, ALICE));
    }
    assert_eq!(net.gateway.metric("waxwing_bad_input_total", &["place=\"mm1\"", "reason=\"read report\""]), 5.0);
    bob.tell(&read_rec(&copy, BOB, ALICE));
    let read = report(&mut net, ALICE);
    assert_eq!((read.kind(), read.octet(READ_STATUS)), (READ_ORIG_IND, READ), "{read:02x?}");
    assert_eq!((read.text(MESSAGE_ID), read.text(FROM), read.text(TO)), (id, typed(BOB), typed(ALICE)));
}

#[test]
fn a_phone_that_fetches_later_is_not_told_again_after_a_kill() {
    let mut net = Network::start("unknown = \"phone\"\nnotify_again = [\"1s\", \"1s\"]");
    send(&mut net.phone(ALICE), &to_send("T1", &[BOB], "Hello").plain_text("Hello Bob"));
    let told = report(&mut net, BOB);
    net.phone(BOB).tell(&Pdu::new(NOTIFYRESP_IND, &told.text(TRANSACTION)).octet(STATUS, DEFERRED));
    // The short message itself would leave again, if nobody knew that the carrier has it.
    net.wait_for_step(bare(BOB), "notification_delivered");
    net.gateway.kill();
    net.gateway.start_again();
    net.carrier.wait_for_bind();
    send(&mut net.phone(ALICE), &to_send("T2", &[CAROL], "Hello").plain_text("Hello Carol"));
    let all: Vec<String> = (0..3).map(|_| net.next_push().to).collect();
    assert_eq!(all, [bare(CAROL); 3]);
    assert_eq!(net.phone(BOB).get(&told.text(LOCATION)).1.body, b"Hello Bob");
}

#[test]
fn a_report_is_what_the_phone_says_and_allows() {
    let mut net = start();
    let (mut alice, mut bob) = (net.phone(ALICE), net.phone(BOB));
    for (transaction, status, allowed) in [("T1", RETRIEVED, NO), ("T2", REJECTED, YES), ("T3", REJECTED, NO), ("T4", RETRIEVED, YES)] {
        let id = send(&mut alice, &to_send(transaction, &[BOB], "Hello").octet(DELIVERY_REPORT, YES).plain_text("Hello Bob"));
        let told = report(&mut net, BOB).text(TRANSACTION);
        bob.tell(&Pdu::new(NOTIFYRESP_IND, &told).octet(STATUS, status).octet(REPORT_ALLOWED, allowed));
        // Where it is not allowed, the next push is Bob's again.
        if allowed == YES {
            let told = report(&mut net, ALICE);
            assert_eq!((told.kind(), told.text(MESSAGE_ID), told.octet(STATUS)), (DELIVERY_IND, id, status), "{told:02x?}");
        }
    }
}

/// One message all the way, and all that the centre writes of it.
#[test]
fn tshark_reads_every_pdu_of_the_centre() {
    let mut net = start();
    let (mut alice, mut bob, mut carol) = (net.phone(ALICE), net.phone(BOB), net.phone(CAROL));
    let wishes = |transaction: &str| to_send(transaction, &[BOB], "Greetings").octet(DELIVERY_REPORT, YES).octet(READ_REPORT, YES);
    let sent = alice.post(&wishes("T1").plain_text("Hello Bob"));
    let refused = alice.post(&wishes("T2").octet(REPLY_CHARGING, YES).plain_text("Hello Bob"));
    let stranger = Mm1::stranger(net.gateway.mmsc()).post(&wishes("T3").plain_text("Hello Bob"));
    let notified = net.next_push();
    let location = notified.pdu.text(LOCATION);
    let (status, got) = bob.get(&location);
    assert_eq!((status, got.kind()), (200, RETRIEVE_CONF));
    bob.tell(&Pdu::new(ACKNOWLEDGE_IND, &got.text(TRANSACTION)));
    let delivered = net.next_push();
    net.message_to(bare(BOB), &["delivered"]);
    bob.tell(&read_rec(&got.text(MESSAGE_ID), BOB, ALICE));
    let read = net.next_push();
    let (gone, absent) = bob.get("/m/AAAAAAAAAAAAAAAAAAAAAA");
    assert_eq!(gone, 404);
    // Passed on by the phone that it waits for; nobody can pass on what is not there.
    send(&mut alice, &wishes("T4").plain_text("Hello Bob"));
    let waiting = net.notified(BOB);
    let forward =
        |transaction: &str, location: &str| Pdu::new(FORWARD_REQ, transaction).from_me().text(TO, &typed(CAROL)).text(LOCATION, location);
    let forwarded = bob.post(&forward("T5", &waiting));
    let unknown = bob.post(&forward("T6", "http://mms/m/AAAAAAAAAAAAAAAAAAAAAA"));
    let (status, carols) = carol.get(&report_of_two(&mut net, CAROL));
    assert_eq!(status, 200);

    let folder = folder();
    let said = push::tshark(folder.path(), &notified.push);
    assert!(said.contains("Type: m-notification-ind") && said.contains("X-Wap-Application-Id: x-wap-application:mms.ua"), "{said}");
    for other in [&delivered, &read] {
        push::tshark(folder.path(), &other.push);
    }
    let all = [&sent, &refused, &stranger, &notified.pdu, &got, &delivered.pdu, &read.pdu, &absent, &forwarded, &unknown, &carols];
    let pdus: Vec<&[u8]> = all.iter().map(|answer| answer.octets.as_slice()).collect();
    let fields = [
        "message_type",
        "transaction_id",
        "mms_version",
        "message_id",
        "from",
        "to",
        "subject",
        "status",
        "response_status",
        "retrieve_status",
        "read_status",
        "content_location",
    ];
    let names: Vec<String> = fields.iter().map(|field| format!("mmse.{field}")).collect();
    let read = tshark::mms_all(folder.path(), &pdus, &names.iter().map(String::as_str).collect::<Vec<_>>());
    let (from, to, by_bob) = (typed(ALICE), typed(BOB), typed(CAROL));
    let (sent_as, copy, token) = (sent.text(MESSAGE_ID), got.text(MESSAGE_ID), got.text(TRANSACTION));
    let (passed_on, carols_copy, carols_token) = (forwarded.text(MESSAGE_ID), carols.text(MESSAGE_ID), carols.text(TRANSACTION));
    assert!(sent_as.ends_with("@mms.example.net") && copy.ends_with("@mms.example.net") && location.ends_with(&token));
    let is = |number: usize, values: [&str; 12]| assert_eq!(read[number], values, "{:02x?}", all[number]);
    is(0, ["0x81", "T1", "1.2", &sent_as, "", "", "", "", "0x80", "", "", ""]);
    is(1, ["0x81", "T2", "1.2", "", "", "", "", "", "0xe9", "", "", ""]);
    is(2, ["0x81", "T3", "1.2", "", "", "", "", "", "0xe1", "", "", ""]);
    is(3, ["0x82", &token, "1.2", "", &from, "", "Greetings", "", "", "", "", &location]);
    is(4, ["0x84", &token, "1.2", &copy, &from, &to, "Greetings", "", "", "", "", ""]);
    is(5, ["0x86", "", "1.2", &sent_as, "", &to, "", "0x81", "", "", "", ""]);
    is(6, ["0x88", "", "1.2", &sent_as, &to, &from, "", "", "", "", "0x80", ""]);
    is(7, ["0x84", "", "1.2", "", "", "", "", "", "", "0xe2", "", ""]);
    is(8, ["0x8a", "T5", "1.2", &passed_on, "", "", "", "", "0x80", "", "", ""]);
    is(9, ["0x8a", "T6", "1.2", "", "", "", "", "", "0xe4", "", "", ""]);
    is(10, ["0x84", &carols_token, "1.2", &carols_copy, &to, &by_bob, "Greetings", "", "", "", "", ""]);
}

/// Where the message is that this number is told of, by one of the next two pushes: the other is a report to somebody else.
fn report_of_two(net: &mut Network, number: &str) -> String {
    let both = [net.next_push(), net.next_push()];
    let mut mine = both.iter().filter(|pushed| pushed.to == bare(number) && pushed.pdu.kind() == NOTIFICATION_IND);
    mine.next().unwrap_or_else(|| panic!("{both:02x?}")).pdu.text(LOCATION)
}

#[test]
fn nobody_is_told_before_the_time_of_delivery() {
    let mut net = start();
    let mut alice = net.phone(ALICE);
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    // In the middle of a second, so that whoever rounds is caught.
    until("the middle of a second", BOUND, || (400..600).contains(&now().subsec_millis()));
    let (begun, at) = (Instant::now(), now().as_secs() + 4);
    send(&mut alice, &to_send("T1", &[BOB], "In two seconds").after(DELIVERY_TIME, 2).plain_text("Hello"));
    send(&mut alice, &to_send("T2", &[CAROL], "In four").at(DELIVERY_TIME, u32::try_from(at).unwrap()).plain_text("Hello"));
    send(&mut alice, &to_send("T3", &[DAVE], "Now").plain_text("Hello"));
    net.notified(DAVE);
    net.notified(BOB);
    assert!(begun.elapsed() >= Duration::from_secs(2), "{:?}", begun.elapsed());
    let location = net.notified(CAROL);
    assert!(now() >= Duration::from_secs(at), "{:?}, not before {at}", now());
    assert_eq!(net.phone(CAROL).get(&location).1.text(SUBJECT), "In four");
}

#[test]
fn what_nobody_fetched_in_time_is_gone_and_its_sender_hears_of_it() {
    let mut net = start();
    let mut alice = net.phone(ALICE);
    let soon = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() + 3;
    let wanted = |transaction: &str, to: &str| to_send(transaction, &[to], "Quick").octet(DELIVERY_REPORT, YES);
    let ids = [
        send(&mut alice, &wanted("T1", BOB).after(EXPIRY, 2).plain_text("Hello")),
        send(&mut alice, &wanted("T2", CAROL).at(EXPIRY, u32::try_from(soon).unwrap()).plain_text("Hello")),
    ];
    let told = [net.next_push(), net.next_push()];
    for pushed in &told {
        // Its value: length, after so many seconds (0x81), length, seconds.
        let expiry = pushed.pdu.fields.iter().find(|(field, _)| *field == EXPIRY).map(|(_, value)| value[1..].to_vec());
        assert!(matches!(expiry.as_deref(), Some([0x81, 1, 0..=3])), "{expiry:02x?}");
    }
    // To have said that it comes later does not help.
    let deferred = &told[0];
    net.phone(&deferred.to).tell(&Pdu::new(NOTIFYRESP_IND, &deferred.pdu.text(TRANSACTION)).octet(STATUS, DEFERRED));
    let mut reports = [report(&mut net, ALICE), report(&mut net, ALICE)];
    reports.sort_by_key(|report| report.text(MESSAGE_ID) != ids[0]);
    for ((report, id), to) in reports.iter().zip(&ids).zip([BOB, CAROL]) {
        assert_eq!((report.kind(), report.octet(STATUS)), (DELIVERY_IND, EXPIRED), "{report:02x?}");
        assert_eq!((&report.text(MESSAGE_ID), report.text(TO)), (id, typed(to)));
        net.message_to(bare(to), &["expired"]);
    }
    for pushed in told {
        let (status, gone) = net.phone(&pushed.to).get(&pushed.pdu.text(LOCATION));
        assert_eq!((status, gone.kind(), gone.octet(RETRIEVE_STATUS)), (404, RETRIEVE_CONF, NOT_FOUND), "{gone:02x?}");
    }
}

#[test]
fn a_sender_who_hides_is_nowhere_to_be_seen() {
    let config = Config::without_doors().root().mmsc("unknown = \"phone\"").with("[[mms_route]]\nto = \"+44*\"\nway = \"link\"");
    let mut net = Network::start_with(config);
    let mut alice = net.phone(ALICE);
    let hidden = to_send("T1", &[BOB, "+447700900123"], "Guess who").octet(SENDER_VISIBILITY, HIDE).octet(DELIVERY_REPORT, YES);
    let id = send(&mut alice, &hidden.plain_text("It is me"));
    let mut bobs = Vec::new();
    let mut link = String::new();
    for _ in 0..2 {
        let sms = net.next_sms();
        assert!(sms.iter().all(|part| part["source"] != bare(ALICE)), "{sms:#?}");
        match sms[0]["text"].as_str() {
            Some(_) => link = sms.iter().map(|part| part["text"].as_str().unwrap()).collect(),
            None => bobs = push::unhex(&push::joined(&sms).1),
        }
    }
    let is_hidden = |octets: &[u8]| !octets.windows(8).any(|w| w == &bare(ALICE).as_bytes()[5..]);
    assert!(!link.contains(bare(ALICE)), "{link}");
    let page = http::get(net.gateway.mmsc(), path_of(link.rsplit(' ').next().unwrap()));
    assert!(page.body.contains("It is me") && !page.body.contains(bare(ALICE)), "{}", page.body);
    assert!(is_hidden(&bobs), "{bobs:02x?}");
    let told = Answer::read(&bobs[3 + usize::from(bobs[2])..]);
    let (status, got) = net.phone(BOB).get(&told.text(LOCATION));
    assert!(status == 200 && is_hidden(&got.octets), "{got:02x?}");
    assert_eq!((told.text(FROM), got.text(FROM), got.text(SUBJECT)), (String::new(), String::new(), "Guess who".to_owned()));
    // Not even passed on; who hides is told of it all the same.
    let forward = Pdu::new(FORWARD_REQ, "F1").from_me().text(TO, &typed(CAROL)).text(LOCATION, &told.text(LOCATION));
    assert_eq!(net.phone(BOB).post(&forward).octet(RESPONSE_STATUS), OK);
    let mut pushes = [net.next_push(), net.next_push(), net.next_push()];
    pushes.sort_by_key(|pushed| pushed.pdu.kind());
    let [passed_on, reports @ ..] = pushes;
    let (status, carols) = net.phone(CAROL).get(&passed_on.pdu.text(LOCATION));
    assert!(status == 200 && is_hidden(&passed_on.push) && is_hidden(&carols.octets), "{carols:02x?}");
    for pushed in reports {
        let (kind, about) = (pushed.pdu.kind(), pushed.pdu.text(MESSAGE_ID));
        assert_eq!((pushed.to.as_str(), kind, &about), (bare(ALICE), DELIVERY_IND, &id), "{pushed:02x?}");
    }
}

#[test]
fn charging_for_replies_is_refused_and_nothing_of_it_stays() {
    let mut net = start();
    let mut alice = net.phone(ALICE);
    let refused = alice.post(&to_send("T1", &[BOB], "Reply, I pay").octet(REPLY_CHARGING, YES).plain_text("Hello"));
    assert_eq!((refused.kind(), refused.text(TRANSACTION)), (SEND_CONF, "T1".to_owned()));
    assert_eq!((refused.octet(RESPONSE_STATUS), refused.text(MESSAGE_ID)), (REPLY_CHARGING_NOT_SUPPORTED, String::new()));
    send(&mut alice, &to_send("T2", &[CAROL], "Reply").plain_text("Hello"));
    net.notified(CAROL);
    net.message_to(bare(CAROL), &["enroute", "accepted", "queued"]);
    let all: Vec<Value> = net.messages("mms").iter().map(|m| m["to"].clone()).collect();
    assert_eq!(all, [CAROL]);
}

#[test]
fn every_recipient_is_told_and_blind_copies_stay_blind() {
    let mut net = start();
    let mut alice = net.phone(ALICE);
    let pdu = to_send("T1", &[BOB], "To all").text(CC, &typed(CAROL)).text(BCC, &typed(DAVE));
    send(&mut alice, &pdu.octet(PRIORITY, HIGH).octet(CLASS, INFORMATIONAL).plain_text("Hello all"));
    let mut told: Vec<_> = (0..3).map(|_| net.next_push()).collect();
    told.sort_by(|one, other| one.to.cmp(&other.to));
    assert_eq!(told.iter().map(|pushed| pushed.to.as_str()).collect::<Vec<_>>(), [BOB, CAROL, DAVE].map(bare));
    for pushed in &told {
        assert_eq!((pushed.pdu.octet(CLASS), pushed.pdu.text(FROM)), (INFORMATIONAL, typed(ALICE)), "{pushed:02x?}");
        let (status, got) = net.phone(&pushed.to).get(&pushed.pdu.text(LOCATION));
        assert_eq!((status, got.octet(PRIORITY), got.octet(CLASS)), (200, HIGH, INFORMATIONAL), "{got:02x?}");
        assert_eq!((got.texts(TO), got.texts(CC), got.texts(BCC)), (vec![typed(BOB)], vec![typed(CAROL)], Vec::new()));
        assert!(!got.octets.windows(13).any(|w| w == bare(DAVE).as_bytes()), "{got:02x?}");
    }
    let mut all: Vec<String> = [BOB, CAROL, DAVE].map(|to| net.message_to(to, &["enroute", "accepted", "queued"])["id"].to_string()).into();
    all.dedup();
    assert_eq!((all.len(), net.messages("mms").len()), (3, 3));
}

#[test]
fn a_message_that_waits_is_passed_on_by_its_phone_alone() {
    let mut net = start();
    let (mut alice, mut bob) = (net.phone(ALICE), net.phone(BOB));
    let id = send(&mut alice, &to_send("T1", &[BOB], "Hello").octet(DELIVERY_REPORT, YES).plain_text("Hello Bob"));
    let location = net.notified(BOB);
    let forward = |location: &str| Pdu::new(FORWARD_REQ, "F1").from_me().text(TO, &typed(CAROL)).text(LOCATION, location);
    // Neither what is not there, nor what is another's.
    for (phone, place) in [(&mut bob, "http://mms/m/AAAAAAAAAAAAAAAAAAAAAA"), (&mut alice, location.as_str())] {
        let refused = phone.post(&forward(place));
        assert_eq!((refused.kind(), refused.octet(RESPONSE_STATUS)), (FORWARD_CONF, MESSAGE_NOT_FOUND), "{refused:02x?}");
    }
    let conf = bob.post(&forward(&location));
    assert_eq!((conf.kind(), conf.octet(RESPONSE_STATUS), conf.text(TRANSACTION)), (FORWARD_CONF, OK, "F1".into()), "{conf:02x?}");
    let (mut delivered, mut passed_on) = (None, None);
    for _ in 0..2 {
        let pushed = net.next_push();
        match pushed.pdu.kind() {
            DELIVERY_IND => delivered = Some(pushed),
            _ => passed_on = Some(pushed),
        }
    }
    let passed_on = passed_on.expect("a notification");
    assert_eq!((passed_on.to.as_str(), passed_on.pdu.text(FROM)), (bare(CAROL), typed(BOB)));
    let (status, got) = net.phone(CAROL).get(&passed_on.pdu.text(LOCATION));
    assert_eq!((status, got.body.as_slice(), got.text(SUBJECT)), (200, &b"Hello Bob"[..], "Hello".to_owned()), "{got:02x?}");
    assert_eq!(got.numbered(PREVIOUSLY_SENT_BY), [(1, [typed(ALICE).as_bytes(), b"\0"].concat())]);
    // It waits for Bob no more, and its sender hears what he did with it.
    assert_eq!(bob.get(&location).0, 404);
    let delivered = delivered.expect("a report");
    assert_eq!((delivered.to.as_str(), delivered.pdu.text(MESSAGE_ID), delivered.pdu.octet(STATUS)), (bare(ALICE), id, FORWARDED));
}

#[test]
fn a_recipient_who_is_named_twice_is_told_once() {
    let mut net = start();
    let mut alice = net.phone(ALICE);
    // In two spellings, with and without the type of the address.
    let pdu = to_send("T1", &[BOB], "Once").text(CC, &typed(BOB)).text(BCC, bare(BOB)).text(CC, &typed(CAROL));
    send(&mut alice, &pdu.plain_text("Hello"));
    send(&mut alice, &to_send("T2", &[DAVE], "The last").plain_text("Hello"));
    let mut told = Vec::new();
    while !told.iter().any(|to| to == bare(DAVE)) {
        told.push(net.next_push().to);
    }
    told.sort();
    assert_eq!(told, [BOB, CAROL, DAVE].map(bare));
}

#[test]
fn a_message_that_is_read_at_once_is_reported_as_read() {
    let mut net = start();
    let (mut alice, mut bob) = (net.phone(ALICE), net.phone(BOB));
    for round in 0..10 {
        let id = send(&mut alice, &to_send(&format!("T{round}"), &[BOB], "Hello").octet(READ_REPORT, YES).plain_text("Hello Bob"));
        let (_, got) = bob.get(&net.notified(BOB));
        // The conversation is on the screen: its phone says both in one breath.
        bob.tell(&Pdu::new(ACKNOWLEDGE_IND, &got.text(TRANSACTION)));
        bob.tell(&read_rec(&got.text(MESSAGE_ID), BOB, ALICE));
        let read = report(&mut net, ALICE);
        assert_eq!((read.kind(), read.text(MESSAGE_ID)), (READ_ORIG_IND, id), "{round}: {read:02x?}");
    }
}

#[test]
fn a_read_report_that_comes_again_is_told_once() {
    let mut net = start();
    let (mut alice, mut bob) = (net.phone(ALICE), net.phone(BOB));
    send(&mut alice, &to_send("T1", &[BOB], "Hello").octet(READ_REPORT, YES).plain_text("Hello Bob"));
    let (_, got) = bob.get(&net.notified(BOB));
    bob.tell(&Pdu::new(ACKNOWLEDGE_IND, &got.text(TRANSACTION)));
    // A phone that did not get the answer says it again.
    for _ in 0..3 {
        bob.tell(&read_rec(&got.text(MESSAGE_ID), BOB, ALICE));
    }
    send(&mut alice, &to_send("T2", &[DAVE], "The last").plain_text("Hello"));
    let kinds = std::iter::from_fn(|| Some(net.next_push()).filter(|pushed| pushed.to != bare(DAVE)).map(|pushed| pushed.pdu.kind()));
    assert_eq!(kinds.collect::<Vec<_>>(), [READ_ORIG_IND]);
}

/// A request to the administration by REST, which has to succeed.
fn administrate(net: &Network, method: &str, path: &str, body: &Value) {
    let headers = [("authorization", http::basic("root", "secret")), ("content-type", "application/json".to_owned())];
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let answer = http::request(net.gateway.http(), method, &format!("/api/v1/subscribers{path}"), &headers, body.to_string().as_bytes());
    assert!((200..300).contains(&answer.status), "{method} {path}: {} {}", answer.status, answer.body);
}

/// What a phone that claims to be somebody else hands in.
fn disguised(transaction: &str) -> Pdu {
    let pdu = Pdu::new(0x80, transaction).from_address("+4917000000000/TYPE=PLMN").text(TO, &typed(CAROL));
    pdu.text(SUBJECT, "Who am I").plain_text("Hello")
}

fn is_denied(phone: &mut Mm1, why: &str) {
    let conf = phone.post(&disguised("T9"));
    assert_eq!((conf.kind(), conf.text(TRANSACTION), conf.octet(RESPONSE_STATUS)), (SEND_CONF, "T9".into(), SERVICE_DENIED), "{why}");
    assert_eq!(conf.text(MESSAGE_ID), "", "{why}");
}

#[test]
fn a_phone_is_who_its_password_says_and_nobody_else() {
    let config = Config::without_doors().root().mmsc("unknown = \"phone\"");
    let mut net = Network::start_with(config.replaced("trusted = [\"127.0.0.1/32\"]", "trusted = [\"192.0.2.0/24\"]"));
    administrate(&net, "POST", "", &json!({"number": BOB, "alias": "bob", "password": "s3=cret"}));
    administrate(&net, "POST", "", &json!({"number": DAVE, "alias": "dave"}));
    let address = net.gateway.mmsc();
    let in_path = |path: &str| Mm1::stranger(address).posting_to(path);
    let by_basic = |name: &str, password: &str| Mm1::stranger(address).with("authorization", &http::basic(name, password));
    let known = [
        in_path("/bob=s3=cret"),
        in_path("/Bob=s3%3Dcret"),
        in_path("/+4915112345600=s3=cret"),
        in_path("/%2B4915112345600=s3=cret/"),
        by_basic("bob", "s3=cret"),
        by_basic(BOB, "s3=cret"),
        // What a header says besides is nobody's word here.
        in_path("/bob=s3=cret").with("x-vzw-mdn", ALICE),
    ];
    for mut phone in known {
        send(&mut phone, &disguised("T1"));
        let told = net.next_push();
        assert_eq!((told.to.as_str(), told.pdu.text(FROM)), (bare(CAROL), typed(BOB)), "{phone:?}");
    }
    for mut phone in [
        Mm1::stranger(address),
        Mm1::connect(address, BOB),
        in_path("/bob=wrong"),
        in_path("/bob="),
        in_path("/+4915112345600=wrong"),
        in_path("/carol=s3=cret"),
        in_path("/dave="),
        in_path("/+4915112345602="),
        by_basic("bob", "wrong"),
        by_basic("dave", ""),
        by_basic("root", "secret"),
    ] {
        let why = format!("{phone:?}");
        is_denied(&mut phone, &why);
    }
    assert_eq!(net.gateway.metric("waxwing_bad_input_total", &["place=\"mm1\"", "reason=\"sign-in\""]), 11.0);

    administrate(&net, "PATCH", "/4915112345600", &json!({"may_send": false}));
    is_denied(&mut in_path("/bob=s3=cret"), "may not send");
    administrate(&net, "PATCH", "/4915112345600", &json!({"may_send": true, "password": "another"}));
    is_denied(&mut in_path("/bob=s3=cret"), "an old password");
    send(&mut in_path("/bob=another"), &disguised("T1"));
    administrate(&net, "DELETE", "/4915112345600", &Value::Null);
    is_denied(&mut in_path("/bob=another"), "no subscriber any more");
}

#[test]
fn a_trusted_gateway_tells_whose_phone_it_is() {
    let config = Config::without_doors().root().mmsc("unknown = \"phone\"");
    let mut net = Network::start_with(config.replaced("auto_provision = true", "auto_provision = false"));
    let told = net.gateway.command(&["subscriber", "add", "--config", "waxwing.toml", BOB, "--alias", "bob", "--password", "s3cret"]);
    assert!(told.contains(bare(BOB)), "{told}");
    // Another process added him: that is known within a second or two.
    let mut bob = net.phone(BOB);
    until("the new phone is known", BOUND, || bob.post(&disguised("T1")).octet(RESPONSE_STATUS) == OK);
    assert_eq!(net.next_push().pdu.text(FROM), typed(BOB));
    // Gateways spell numbers in several ways.
    for spelt in [bare(BOB), "4915112345600/TYPE=PLMN", "+4915112345600, 10.0.0.1"] {
        send(&mut net.phone(spelt), &disguised("T1"));
        assert_eq!(net.next_push().pdu.text(FROM), typed(BOB), "{spelt}");
    }
    for number in [ALICE, "", "nonsense", "+49151123456"] {
        is_denied(&mut net.phone(number), number);
    }
    is_denied(&mut net.phone(BOB).posting_to("/bob=wrong"), "a wrong password beside the right number");
}

#[test]
fn a_subscriber_gets_what_is_set_for_it() {
    let folder = folder();
    let mut net = Network::start("unknown = \"refuse\"");
    administrate(&net, "POST", "", &json!({"number": BOB, "max_size": 20_000}));
    administrate(&net, "POST", "", &json!({"number": CAROL, "web_link": true}));
    administrate(&net, "POST", "", &json!({"number": DAVE, "may_receive": false}));
    let mut alice = net.phone(ALICE);
    let refused = alice.post(&to_send("T1", &[DAVE], "Hello").plain_text("Hello"));
    assert_eq!(refused.octet(RESPONSE_STATUS), ADDRESS_UNRESOLVED, "{refused:02x?}");
    send(&mut alice, &to_send("T2", &[CAROL], "Hello").plain_text("Hello"));
    assert!(net.next_sms()[0]["text"].as_str().is_some_and(|text| text.contains("/l/")), "a link");
    // What is larger than the phone takes is not for it as it is.
    run(folder.path(), "convert", "-size 640x480 plasma: photo.jpg");
    let photo = std::fs::read(folder.path().join("photo.jpg")).unwrap();
    assert!(photo.len() > 30_000, "{}", photo.len());
    let sent = alice.post(&to_send("T3", &[BOB], "Photo").multipart(&[("image/jpeg", "photo.jpg", &photo)]));
    if sent.octet(RESPONSE_STATUS) == OK {
        let (status, got) = net.phone(BOB).get(&net.notified(BOB));
        assert_eq!((status, got.kind()), (200, RETRIEVE_CONF));
        assert!(got.body.len() <= 20_000, "{} octets", got.body.len());
    }
}

#[test]
fn phones_send_and_fetch_over_tls() {
    let certificates = Certificates::new();
    let doors = format!("tls_cert = {}\ntls_key = {}", certificates.toml("server.pem"), certificates.toml("server.key"));
    let mut net = Network::start(&format!("unknown = \"phone\"\n{doors}"));
    let address = net.gateway.mmsc();
    let folder = folder();
    std::fs::write(folder.path().join("request"), to_send("T1", &[BOB], "Hello").plain_text("Hello Bob").0).unwrap();
    let post = format!(
        "-sS -f --data-binary @request -H Content-Type:application/vnd.wap.mms-message -H X-VzW-MDN:{ALICE} -o answer https://{address}/"
    );
    let ca = certificates.path("ca.pem");
    run(folder.path(), "curl", &format!("--cacert {} {post}", ca.display()));
    let conf = Answer::read(&std::fs::read(folder.path().join("answer")).unwrap());
    assert_eq!((conf.kind(), conf.octet(RESPONSE_STATUS)), (SEND_CONF, OK), "{conf:02x?}");
    let location = net.notified(BOB);
    assert!(location.starts_with(&format!("https://{address}/m/")), "{location}");
    run(folder.path(), "curl", &format!("--cacert {} -sS -f -o fetched {location}", ca.display()));
    let got = Answer::read(&std::fs::read(folder.path().join("fetched")).unwrap());
    assert_eq!((got.kind(), got.body.as_slice()), (RETRIEVE_CONF, &b"Hello Bob"[..]));

    let stranger = certificates.path("stranger.pem");
    let refused = Command::new("curl").arg("--cacert").arg(stranger).args(post.split(' ')).current_dir(folder.path()).output().unwrap();
    // "Peer certificate cannot be authenticated with known CA certificates."
    assert_eq!(refused.status.code(), Some(60));
    // Who speaks in the clear gets no word.
    let plain = http::try_request(address, "GET", path_of(&location), &[], b"");
    assert!(plain.is_err(), "{plain:?}");
}

#[test]
fn texts_are_compressed_for_phones_that_take_it() {
    let mut net = start();
    let text = "The same words over and over. ".repeat(1000);
    send(&mut net.phone(ALICE), &to_send("T1", &[BOB], "Long").plain_text(&text));
    let location = net.notified(BOB);
    let plain = net.phone(BOB).fetch(&location);
    assert_eq!((plain.status, plain.header("content-encoding"), plain.header("vary")), (200, None, Some("accept-encoding")));
    assert!(plain.body.len() > text.len() && plain.body.ends_with(text.as_bytes()));
    let not = net.phone(BOB).with("accept-encoding", "gzip;q=0, identity").fetch(&location);
    assert_eq!((not.header("content-encoding"), &not.body), (None, &plain.body));
    let small = net.phone(BOB).with("accept-encoding", "gzip, deflate").fetch(&location);
    assert_eq!((small.status, small.header("content-encoding")), (200, Some("gzip")));
    assert!(small.body.len() < text.len() / 10, "{}", small.body.len());

    // Compressed by others, either way.
    let folder = folder();
    let took = run(folder.path(), "curl", &format!("-sS -f --compressed -w %{{size_download}} -o fetched {location}"));
    assert_eq!(took, small.body.len().to_string());
    assert!(std::fs::read(folder.path().join("fetched")).unwrap() == plain.body, "the same");
    std::fs::write(folder.path().join("request"), to_send("T2", &[CAROL], "Long").plain_text(&text).0).unwrap();
    run(folder.path(), "gzip", "request");
    let mut packed = net.phone(ALICE).with("content-encoding", "gzip");
    send(&mut packed, &Pdu(std::fs::read(folder.path().join("request.gz")).unwrap()));
    let location = net.notified(CAROL);
    assert!(net.phone(CAROL).fetch(&location).body.ends_with(text.as_bytes()));
}

#[test]
fn gateways_and_proxies_ask_in_their_own_ways() {
    let mut net = start();
    send(&mut net.phone(ALICE), &to_send("T1", &[BOB], "Hello").plain_text("Hello Bob"));
    let location = net.notified(BOB);
    let whole = net.phone(BOB).fetch(&location).body;
    let asked = |request: &str| {
        let mut stream = TcpStream::connect(net.gateway.mmsc()).unwrap();
        stream.set_read_timeout(Some(BOUND)).unwrap();
        write!(stream, "{request}\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|w| w == b"\r\n\r\n").expect("the end of the head") + 4;
        let body = answer.split_off(end);
        (String::from_utf8(answer).unwrap().to_ascii_lowercase(), body)
    };
    let path = path_of(&location);
    for request in [
        // An old gateway; a proxy that passes on what it was asked; one that closes.
        format!("GET {path} HTTP/1.0"),
        format!("GET {location} HTTP/1.1\r\nHost: {}\r\nConnection: close", net.gateway.mmsc()),
        format!("GET {path} HTTP/1.1\r\nHost: mms.example.net\r\nVia: 1.1 wap\r\nConnection: close"),
    ] {
        let (head, body) = asked(&request);
        assert!(head.contains(" 200 ok\r\n") && head.contains("content-type: application/vnd.wap.mms-message\r\n"), "{request}: {head}");
        assert!(body == whole, "{request}: {body:02x?}");
    }
    let (head, body) = asked(&format!("HEAD {path} HTTP/1.1\r\nHost: mms\r\nConnection: close"));
    assert!(head.starts_with("http/1.1 200 ") && body.is_empty(), "{head} {body:02x?}");
}

/// A small old phone.
const PROFILE: &str = r##"<?xml version="1.0" encoding="UTF-8"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
         xmlns:prf="http://www.openmobilealliance.org/tech/profiles/UAPROF/ccppschema-20021212#"
         xmlns:mms="http://www.wapforum.org/profiles/MMS/ccppschema-20010111#">
 <rdf:Description rdf:ID="Phone">
  <prf:component>
   <rdf:Description rdf:ID="HardwarePlatform"><prf:Model>Small</prf:Model><prf:ScreenSize>128x128</prf:ScreenSize></rdf:Description>
  </prf:component>
  <prf:component>
   <rdf:Description rdf:ID="MmsCharacteristics">
    <mms:MmsMaxMessageSize>102400</mms:MmsMaxMessageSize>
    <mms:MmsMaxImageResolution>128x128</mms:MmsMaxImageResolution>
    <mms:MmsCcppAccept><rdf:Bag><rdf:li>image/gif</rdf:li><rdf:li>image/jpeg</rdf:li><rdf:li>text/plain</rdf:li></rdf:Bag></mms:MmsCcppAccept>
   </rdf:Description>
  </prf:component>
 </rdf:Description>
</rdf:RDF>"##;

/// What ImageMagick says of the pictures in a message: format, width and height.
fn pictures(folder: &Path, message: &Answer) -> Vec<String> {
    let identify = |(media, octets): (String, Vec<u8>)| {
        std::fs::write(folder.join("picture"), octets).unwrap();
        format!("{media} {}", run(folder, "identify", "-format %m:%wx%h picture"))
    };
    message.parts().into_iter().filter(|(media, _)| media.starts_with("image/")).map(identify).collect()
}

/// A message with a photo of 1024 by 768, and the same as a PNG, to two phones; where each of them finds it.
fn photo(net: &mut Network, folder: &Path) -> [String; 2] {
    run(folder, "convert", "-size 1024x768 plasma: photo.jpg");
    run(folder, "convert", "photo.jpg -resize 50% drawing.png");
    let [photo, drawing] = ["photo.jpg", "drawing.png"].map(|name| std::fs::read(folder.join(name)).unwrap());
    let parts: [(&str, &str, &[u8]); 2] = [("image/jpeg", "photo.jpg", &photo), ("image/png", "drawing.png", &drawing)];
    send(&mut net.phone(ALICE), &to_send("T1", &[BOB, CAROL], "Photo").multipart(&parts));
    let mut told = [net.next_push(), net.next_push()];
    told.sort_by(|one, other| one.to.cmp(&other.to));
    told.map(|pushed| pushed.pdu.text(LOCATION))
}

/// What a server was asked for so far.
fn asked_of(server: &mut Catcher) -> Vec<String> {
    assert_eq!(http::get(server.address(), "/the-last").status, 200);
    // It serves one after the other.
    server.wait_for("the last request", BOUND, |caught| caught.target == "/the-last");
    server.unread().iter().map(|caught| format!("{} {}", caught.method, caught.target)).collect()
}

fn with_profile(net: &Network, number: &str, agent: &str, server: SocketAddr) -> Mm1 {
    net.phone(number).with("user-agent", agent).with("x-wap-profile", &format!("\"http://{server}/small.rdf\""))
}

#[test]
fn pictures_are_made_to_fit_the_phones_profile_which_is_fetched_once() {
    let folder = folder();
    let mut server = Catcher::serving("application/xml", PROFILE);
    let config = Config::without_doors().root().mmsc("unknown = \"phone\"").with("[callback]\nallow = [\"127.0.0.1/32\"]");
    let mut net = Network::start_with(config);
    let [bobs, carols] = photo(&mut net, folder.path());
    for (number, agent, location) in [(BOB, "Small/1.0", &bobs), (BOB, "Small/1.0", &bobs), (CAROL, "Small/1.1", &carols)] {
        let (status, got) = with_profile(&net, number, agent, server.address()).get(location);
        assert_eq!((status, got.kind()), (200, RETRIEVE_CONF));
        let pictures = pictures(folder.path(), &got);
        assert_eq!(pictures[0], "image/jpeg JPEG:128x96", "{pictures:?}");
        assert!(["image/jpeg JPEG:128x96", "image/gif GIF:128x96"].contains(&pictures[1].as_str()), "{pictures:?}");
        assert!(got.octets.len() <= 102_400);
    }
    assert_eq!(asked_of(&mut server), ["GET /small.rdf"]);
}

#[test]
fn profiles_in_the_centres_own_network_are_left_alone() {
    let folder = folder();
    let mut server = Catcher::serving("application/xml", PROFILE);
    let mut net = start();
    let [bobs, _] = photo(&mut net, folder.path());
    let (status, got) = with_profile(&net, BOB, "Small/1.0", server.address()).get(&bobs);
    assert_eq!((status, got.kind()), (200, RETRIEVE_CONF));
    // As for a phone that nothing is known of.
    assert_eq!(pictures(folder.path(), &got), ["image/jpeg JPEG:640x480", "image/png PNG:512x384"]);
    assert_eq!(asked_of(&mut server), Vec::<String>::new());
}

#[test]
fn sounds_and_films_are_converted_and_otherwise_become_words() {
    let folder = folder();
    let mut net = Network::start("unknown = \"phone\"\nffmpeg = \"ffmpeg\"");
    run(folder.path(), "ffmpeg", "-v error -f lavfi -i sine=frequency=440:duration=2 -c:a aac tone.m4a");
    run(folder.path(), "ffmpeg", "-v error -f lavfi -i testsrc=duration=1:size=320x240:rate=10 -c:v mpeg4 film.mp4");
    let [tone, film] = ["tone.m4a", "film.mp4"].map(|name| std::fs::read(folder.path().join(name)).unwrap());
    let parts: [(&str, &str, &[u8]); 2] = [("audio/mp4", "tone.m4a", &tone), ("video/mp4", "film.mp4", &film)];
    send(&mut net.phone(ALICE), &to_send("T1", &[BOB], "Listen").multipart(&parts));
    let location = net.notified(BOB);
    let fetched = |accept: &str| {
        let (status, got) = net.phone(BOB).with("accept", accept).get(&location);
        assert_eq!((status, got.kind()), (200, RETRIEVE_CONF));
        got.parts()
    };
    let codec = |(media, octets): &(String, Vec<u8>)| {
        std::fs::write(folder.path().join("media"), octets).unwrap();
        let said = run(folder.path(), "ffprobe", "-v error -show_entries stream=codec_name,sample_rate -of csv=p=0 media");
        format!("{media} {}", said.trim())
    };
    let words = |(media, octets): &(String, Vec<u8>)| format!("{media} {}", String::from_utf8_lossy(octets));

    let speech = fetched("audio/amr");
    assert_eq!(codec(&speech[0]), "audio/amr amr_nb,8000");
    assert_eq!(words(&speech[1]), "text/plain [film.mp4: this phone cannot show video/mp4]");
    let small = fetched("text/plain, video/3gpp");
    assert_eq!(words(&small[0]), "text/plain [tone.m4a: this phone cannot show audio/mp4]");
    assert!(codec(&small[1]).starts_with("video/3gpp h263"), "{}", codec(&small[1]));
    let none = fetched("text/plain");
    assert!(none.iter().all(|part| part.0 == "text/plain") && words(&none[0]).contains("tone.m4a"), "{none:?}");
    // What is taken as it is comes as it is.
    let same = fetched("audio/mp4, video/mp4");
    assert!(same[0] == ("audio/mp4".to_owned(), tone) && same[1] == ("video/mp4".to_owned(), film), "untouched");
}

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
