//! From one phone to another: times, reports, hiding, passing on.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use waxwing_tests::http;
use waxwing_tests::mm1::{Answer, Mm1, Pdu, path_of};
use waxwing_tests::mms::{Network, to_send};
use waxwing_tests::{Config, push, tshark, until};

use crate::common::*;

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
