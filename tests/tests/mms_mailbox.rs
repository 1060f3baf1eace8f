//! Mailboxes on the network: phones of MMS 1.2 and 1.3 keep messages with the message centre, look what is there, and delete it.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use waxwing_tests::mm1::{Answer, Mm1, Pdu};
use waxwing_tests::mms::Network;
use waxwing_tests::{Config, Gateway, tshark, until};

const BOUND: Duration = Duration::from_secs(20);
const ALICE: &str = "4915112345699";
const BOB: &str = "4915112345600";
const CAROL: &str = "4915112345601";

// Types of PDUs.
const SEND_REQ: u8 = 0x80;
const SEND_CONF: u8 = 0x81;
const RETRIEVE_CONF: u8 = 0x84;
const ACKNOWLEDGE_IND: u8 = 0x85;
const FORWARD_REQ: u8 = 0x89;
const FORWARD_CONF: u8 = 0x8a;
const STORE_REQ: u8 = 0x8b;
const STORE_CONF: u8 = 0x8c;
const VIEW_REQ: u8 = 0x8d;
const VIEW_CONF: u8 = 0x8e;
const UPLOAD_REQ: u8 = 0x8f;
const UPLOAD_CONF: u8 = 0x90;
const MBOX_DELETE_REQ: u8 = 0x91;
const MBOX_DELETE_CONF: u8 = 0x92;
const DELETE_REQ: u8 = 0x94;
const DELETE_CONF: u8 = 0x95;

// Header fields.
const BCC: u8 = 0x01;
const LOCATION: u8 = 0x03;
const DATE: u8 = 0x05;
const FROM: u8 = 0x09;
const MESSAGE_ID: u8 = 0x0b;
const VERSION: u8 = 0x0d;
const SIZE: u8 = 0x0e;
const RESPONSE_STATUS: u8 = 0x12;
const SUBJECT: u8 = 0x16;
const TO: u8 = 0x17;
const TRANSACTION: u8 = 0x18;
const RETRIEVE_STATUS: u8 = 0x19;
const STORE: u8 = 0x22;
const STATE: u8 = 0x23;
const STORE_STATUS: u8 = 0x25;
const STORE_STATUS_TEXT: u8 = 0x26;
const ATTRIBUTES: u8 = 0x28;
const TOTALS: u8 = 0x29;
const MBOX_TOTALS: u8 = 0x2a;
const QUOTAS: u8 = 0x2b;
const MBOX_QUOTAS: u8 = 0x2c;
const COUNT: u8 = 0x2d;
const CONTENT: u8 = 0x2e;
const START: u8 = 0x2f;
const LIMIT: u8 = 0x33;

// Values.
const YES: u8 = 0x80;
const OK: u8 = 0x80;
const ADD: u8 = 0x80;
const REMOVE: u8 = 0x81;
const FILTER: u8 = 0x82;
const DRAFT: u8 = 0x80;
const SENT: u8 = 0x81;
const NEW: u8 = 0x82;
const RETRIEVED: u8 = 0x83;
const FORWARDED: u8 = 0x84;

/// What tshark says of answers of the message centre: it reads all of them, and they are what they are.
fn judge(answers: &[Answer]) {
    let folder = tempfile::tempdir().expect("a folder");
    let pdus: Vec<&[u8]> = answers.iter().map(|answer| answer.octets.as_slice()).collect();
    let read = tshark::mms_all(folder.path(), &pdus, &["mmse.message_type"]);
    // Of a PDU with others in it, it tells the types of all.
    let read: Vec<&str> = read.iter().map(|fields| fields[0].split(',').next().unwrap_or_default()).collect();
    assert_eq!(read, answers.iter().map(|a| format!("0x{:02x}", a.kind())).collect::<Vec<_>>());
}

fn view(transaction: &str) -> Pdu {
    Pdu::new(VIEW_REQ, transaction)
}

fn upload(text: &str) -> Pdu {
    let descr = Pdu::description().text(SUBJECT, text).text(TO, "+4915112345602/TYPE=PLMN").plain_text(text);
    Pdu::new(UPLOAD_REQ, "upload").octet(STATE, DRAFT).holding(&descr)
}

#[test]
fn messages_are_kept_looked_at_passed_on_and_deleted() {
    let mut net = Network::start("unknown = \"phone\"");
    let (mut alice, mut bob) = (net.phone(ALICE), net.phone(BOB));
    let mut answers = Vec::new();

    // Alice keeps what she sends, and sees in it what Bob does not.
    let send = Pdu::new(SEND_REQ, "t1").from_me().text(TO, &format!("+{BOB}/TYPE=PLMN")).text(BCC, &format!("+{CAROL}/TYPE=PLMN"));
    let send = send.text(SUBJECT, "Hello").octet(STORE, YES).flag(ADD, "mine").plain_text("Hello Bob");
    let sent = alice.post(&send);
    assert_eq!((sent.kind(), sent.octet(RESPONSE_STATUS), sent.octet(STORE_STATUS)), (SEND_CONF, OK, OK), "{sent:02x?}");
    let copy = sent.text(LOCATION);
    let (status, kept) = alice.get(&copy);
    assert_eq!((status, kept.kind(), kept.octet(STATE)), (200, RETRIEVE_CONF, SENT), "{kept:02x?}");
    assert_eq!(
        (kept.text(SUBJECT), kept.text(BCC), kept.body.as_slice()),
        ("Hello".into(), format!("+{CAROL}/TYPE=PLMN"), &b"Hello Bob"[..])
    );
    assert_eq!((kept.text(MESSAGE_ID), kept.flags()), (sent.text(MESSAGE_ID), vec![(ADD, "mine".into())]));
    answers.extend([sent, kept]);

    // Bob keeps what waits for him; twice is once, with one more keyword.
    let waiting = net.notified(BOB);
    net.notified(CAROL);
    let store = |word: &str| Pdu::new(STORE_REQ, "t2").text(LOCATION, &waiting).flag(ADD, word);
    let stored = bob.post(&store("family"));
    assert_eq!((stored.kind(), stored.text(TRANSACTION), stored.octet(STORE_STATUS)), (STORE_CONF, "t2".into(), OK), "{stored:02x?}");
    assert_eq!(bob.post(&store("later")).text(LOCATION), stored.text(LOCATION));
    net.message_to(BOB, &["accepted"]);
    // Nobody else can: neither keep it, nor look at it, nor delete it.
    let others = alice.post(&store("hers"));
    assert_eq!((others.octet(STORE_STATUS), others.texts(LOCATION).len()), (0xe3, 0), "{others:02x?}");
    let location = stored.text(LOCATION);
    let others = alice.post(&view("t3").text(LOCATION, &location));
    assert_eq!((others.octet(RESPONSE_STATUS), others.descriptions().len()), (0xe4, 0), "{others:02x?}");
    let others = alice.post(&Pdu::new(MBOX_DELETE_REQ, "t4").text(LOCATION, &location));
    assert_eq!(others.numbered(RESPONSE_STATUS), [(1, vec![0xe4])], "{others:02x?}");
    // Of locations with numbers, as answers to deletions have them, tshark knows nothing.
    answers.push(stored);

    // What is asked of a list is in it, and nothing else.
    let listed = bob.post(&view("t5"));
    let (kind, count) = (listed.kind(), listed.integer(COUNT));
    assert_eq!((kind, listed.octet(RESPONSE_STATUS), listed.text(TRANSACTION), count), (VIEW_CONF, OK, "t5".into(), Some(1)));
    let [descr] = &listed.descriptions()[..] else { panic!("{listed:02x?}") };
    assert_eq!((descr.kind(), descr.octet(STATE), descr.text(LOCATION)), (0x93, NEW, location.clone()), "{descr:02x?}");
    assert_eq!((descr.text(SUBJECT), descr.flags().len(), descr.texts(TO).len()), ("Hello".into(), 2, 0), "{descr:02x?}");
    assert!(descr.integer(DATE).is_some() && descr.integer(SIZE) == Some(13) && descr.body.is_empty(), "{descr:02x?}");
    let whole =
        bob.post(&view("t6").flag(FILTER, "FAMILY").octet(ATTRIBUTES, 0x80 | CONTENT).octet(ATTRIBUTES, 0x80 | TO).octet(TOTALS, YES));
    let [descr] = &whole.descriptions()[..] else { panic!("{whole:02x?}") };
    assert_eq!(
        (descr.body.as_slice(), descr.texts(TO).len(), descr.texts(SUBJECT).len(), descr.octet(STATE)),
        (&b"Hello Bob"[..], 1, 0, 0)
    );
    assert_eq!(whole.amounts(MBOX_TOTALS), [(0x80, 1), (0x81, 13)]);
    for nothing in
        [view("t7").flag(FILTER, "work"), view("t7").octet(STATE, DRAFT), view("t7").integer(START, 1), view("t7").integer(LIMIT, 0)]
    {
        assert_eq!(bob.post(&nothing).integer(COUNT), Some(0));
    }
    answers.extend([listed, whole]);

    // Fetched from the mailbox and acknowledged: its sender's message is delivered, and it is no new one any more.
    let (status, fetched) = bob.get(&location);
    assert_eq!((status, fetched.body.as_slice(), fetched.octet(STATE), fetched.texts(BCC).len()), (200, &b"Hello Bob"[..], NEW, 0));
    let acknowledge = Pdu::new(ACKNOWLEDGE_IND, &fetched.text(TRANSACTION));
    assert_eq!(bob.try_post(&acknowledge).expect("an answer"), (200, Vec::new()));
    net.message_to(BOB, &["delivered"]);
    assert_eq!(bob.post(&view("t8").octet(STATE, RETRIEVED)).integer(COUNT), Some(1));
    answers.push(fetched);

    // Passed on from the mailbox, with a copy, and changed there.
    let forward =
        Pdu::new(FORWARD_REQ, "t9").from_me().text(TO, &format!("+{CAROL}/TYPE=PLMN")).text(LOCATION, &location).octet(STORE, YES);
    let forwarded = bob.post(&forward);
    assert_eq!(
        (forwarded.kind(), forwarded.octet(RESPONSE_STATUS), forwarded.octet(STORE_STATUS)),
        (FORWARD_CONF, OK, OK),
        "{forwarded:02x?}"
    );
    let (_, carols) = net.phone(CAROL).get(&net.notified(CAROL));
    assert_eq!((carols.body.as_slice(), carols.text(SUBJECT)), (&b"Hello Bob"[..], "Hello".into()));
    assert_eq!(bob.post(&view("t10").octet(STATE, FORWARDED)).integer(COUNT), Some(2));
    let changed = bob.post(&Pdu::new(STORE_REQ, "t11").text(LOCATION, &location).octet(STATE, RETRIEVED).flag(REMOVE, "Later"));
    assert_eq!((changed.octet(STORE_STATUS), changed.text(LOCATION)), (OK, location.clone()));
    let descr = bob.post(&view("t12").octet(STATE, RETRIEVED)).descriptions();
    assert_eq!(descr.iter().map(Answer::flags).collect::<Vec<_>>(), [[(ADD, "family".to_owned())]]);
    answers.push(forwarded);

    // Each of several that are to go has its own answer.
    let nowhere = location.replace("/b/", "/m/");
    let gone = bob.post(&Pdu::new(MBOX_DELETE_REQ, "t13").text(LOCATION, &location).text(LOCATION, &nowhere).text(LOCATION, &location));
    assert_eq!((gone.kind(), gone.numbered(RESPONSE_STATUS)), (MBOX_DELETE_CONF, vec![(1, vec![OK]), (2, vec![0xe4]), (3, vec![0xe4])]));
    assert_eq!(gone.numbered(LOCATION)[1].1, [nowhere.as_bytes(), b"\0"].concat());
    let (status, absent) = bob.get(&location);
    assert_eq!((status, absent.octet(RETRIEVE_STATUS)), (404, 0xe2));
    assert_eq!(bob.post(&view("t14")).integer(COUNT), Some(1));
    answers.push(absent);
    judge(&answers);
}

#[test]
fn a_message_that_waits_is_deleted_before_it_is_fetched() {
    let mut net = Network::start("unknown = \"phone\"");
    let (mut alice, mut bob) = (net.phone(ALICE), net.phone(BOB));
    alice.post(&Pdu::new(SEND_REQ, "t1").from_me().text(TO, &format!("+{BOB}/TYPE=PLMN")).plain_text("unwanted"));
    let waiting = net.notified(BOB);
    let delete = || Pdu::in_version(DELETE_REQ, "t2", 0x93).text(LOCATION, &waiting).text(LOCATION, "http://other.example/m/x");
    let others = alice.post(&delete());
    assert_eq!(others.numbered(RESPONSE_STATUS), [(1, vec![0xe4]), (2, vec![0xe4])]);
    let deleted = bob.post(&delete());
    assert_eq!((deleted.kind(), deleted.octet(VERSION), deleted.text(TRANSACTION)), (DELETE_CONF, 0x93, "t2".into()), "{deleted:02x?}");
    assert_eq!(deleted.numbered(RESPONSE_STATUS), [(1, vec![OK]), (2, vec![0xe4])]);
    assert_eq!(bob.get(&waiting).0, 404);
    assert_eq!(bob.post(&delete()).numbered(RESPONSE_STATUS)[0], (1, vec![0xe4]));
    net.message_to(BOB, &["deleted"]);
}

#[test]
fn ten_thousand_messages_are_kept_through_a_kill() {
    const ALL: usize = 10_000;
    let config = Config::without_doors().root().mmsc(&format!("unknown = \"phone\"\nmailbox_messages = {ALL}"));
    let mut gateway = Gateway::start(&config.simulator("").route_to_carrier());
    let locations = Mutex::new(Vec::new());
    let next = AtomicUsize::new(0);
    std::thread::scope(|threads| {
        for _ in 0..8 {
            threads.spawn(|| {
                let mut phone = Mm1::connect(gateway.mmsc(), ALICE);
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= ALL {
                        return;
                    }
                    let conf = phone.post(&upload(&format!("draft {n}")));
                    assert_eq!((conf.kind(), conf.octet(STORE_STATUS)), (UPLOAD_CONF, OK), "{conf:02x?}");
                    locations.lock().expect("whole").push(conf.text(LOCATION));
                }
            });
        }
    });
    let mut phone = Mm1::connect(gateway.mmsc(), ALICE);
    let full = phone.post(&upload("one too many"));
    assert_eq!((full.octet(STORE_STATUS), full.texts(LOCATION).len()), (0xe4, 0), "{full:02x?}");
    assert!(full.text(STORE_STATUS_TEXT).contains("full"), "{full:02x?}");

    gateway.kill();
    gateway.start_again();
    let mut phone = Mm1::connect(gateway.mmsc(), ALICE);
    let acknowledged: HashSet<String> = locations.into_inner().expect("whole").iter().map(|l| token(l)).collect();
    assert_eq!(acknowledged.len(), ALL);
    let mut found = HashSet::new();
    while found.len() < ALL {
        let start = u32::try_from(found.len()).expect("few");
        // As many as it likes, and as many as it is told, in turns.
        let request = if found.len() % 1000 == 0 {
            view("page").integer(START, start)
        } else {
            view("page").integer(START, start).integer(LIMIT, 500)
        };
        let page = phone.post(&request);
        let descriptions = page.descriptions();
        assert_eq!((page.octet(RESPONSE_STATUS), page.integer(COUNT)), (OK, Some(500)));
        found.extend(descriptions.iter().map(|d| token(&d.text(LOCATION))));
        assert_eq!(found.len(), start as usize + 500, "no message is on two pages");
        if start == 0 {
            // tshark refuses more parts than a hundred.
            judge(&[phone.post(&view("few").integer(LIMIT, 50))]);
        }
    }
    assert_eq!(found, acknowledged);
    let last = phone.post(&view("end").integer(START, 10_000).octet(TOTALS, YES).octet(QUOTAS, YES));
    assert_eq!((last.integer(COUNT), last.amounts(MBOX_TOTALS)[0]), (Some(0), (0x80, 10_000)));
    assert_eq!(last.amounts(MBOX_QUOTAS), [(0x80, 10_000), (0x81, 50 << 20)]);
    // The contents are there as well, of a few of them.
    let few = phone.post(&view("few").integer(LIMIT, 20).octet(ATTRIBUTES, 0x80 | CONTENT).octet(ATTRIBUTES, 0x80 | SUBJECT));
    for descr in few.descriptions() {
        assert_eq!(descr.text(SUBJECT).as_bytes(), descr.body, "{descr:02x?}");
        let (status, fetched) = phone.get(&format!("/b/{}", token(&descr.text(LOCATION))));
        assert_eq!((status, &fetched.body, fetched.octet(STATE)), (200, &descr.body, DRAFT));
        assert!(String::from_utf8_lossy(&fetched.octets).contains(&format!("+{ALICE}/TYPE=PLMN")), "the owner is its sender");
    }
}

/// The end of a location: the port before it may be another after a restart.
fn token(location: &str) -> String {
    location.rsplit('/').next().unwrap_or_default().to_owned()
}

#[test]
fn killed_while_phones_store_it_has_all_that_it_acknowledged() {
    let config = Config::without_doors().root().mmsc("unknown = \"phone\"\nmailbox_messages = 100000");
    let mut gateway = Gateway::start(&config.simulator("").route_to_carrier());
    for round in 0..5 {
        let acknowledged = Mutex::new(Vec::new());
        let address: SocketAddr = gateway.mmsc();
        std::thread::scope(|threads| {
            for worker in 0..4 {
                let acknowledged = &acknowledged;
                threads.spawn(move || {
                    let mut phone = Mm1::connect(address, ALICE);
                    for n in 0.. {
                        let text = format!("{round} {worker} {n}");
                        let Ok((200, body)) = phone.try_post(&upload(&text)) else { return };
                        let conf = Answer::read(&body);
                        assert_eq!(conf.octet(STORE_STATUS), OK, "{conf:02x?}");
                        acknowledged.lock().expect("whole").push((token(&conf.text(LOCATION)), text));
                    }
                });
            }
            until("some are stored", BOUND, || acknowledged.lock().expect("whole").len() >= 50 + 20 * round);
            gateway.kill();
        });
        gateway.start_again();
        let mut phone = Mm1::connect(gateway.mmsc(), ALICE);
        for (token, text) in acknowledged.into_inner().expect("whole") {
            let (status, fetched) = phone.get(&format!("/b/{token}"));
            assert_eq!((status, String::from_utf8_lossy(&fetched.body).into_owned()), (200, text));
        }
    }
}

#[test]
fn what_cannot_be_done_is_answered_in_the_protocols_words() {
    let config = Config::without_doors().root().mmsc("mailbox_messages = 3\nmailbox_size = \"2 KiB\"\nmax_size = \"1 KiB\"");
    let gateway = Gateway::start(&config.simulator("").route_to_carrier());
    let mut phone = Mm1::connect(gateway.mmsc(), ALICE);
    let mut answers = Vec::new();
    let mut is = |request: &Pdu, field: u8, status: u8| {
        let answer = phone.post(request);
        assert_eq!(answer.octet(field), status, "{request:02x?}: {answer:02x?}");
        answers.push(answer);
    };
    is(&Pdu::new(STORE_REQ, "t").text(LOCATION, "http://mms/m/AAAAAAAAAAAAAAAAAAAAAA"), STORE_STATUS, 0xe3);
    is(&Pdu::new(STORE_REQ, "t").text(LOCATION, "http://mms/b/AAAAAAAAAAAAAAAAAAAAAA"), STORE_STATUS, 0xe3);
    is(&Pdu::new(STORE_REQ, "t").text(LOCATION, "../../etc/passwd"), STORE_STATUS, 0xe3);
    is(&Pdu::new(STORE_REQ, "t"), STORE_STATUS, 0xe3);
    is(&Pdu::new(UPLOAD_REQ, "t"), STORE_STATUS, 0xe2);
    is(&Pdu::new(UPLOAD_REQ, "t").plain_text("no message"), STORE_STATUS, 0xe2);
    is(&Pdu::new(UPLOAD_REQ, "t").holding(&Pdu::description()), STORE_STATUS, 0xe2);
    is(&Pdu::new(UPLOAD_REQ, "t").holding(&view("inner")), STORE_STATUS, 0xe2);
    is(
        &Pdu::new(UPLOAD_REQ, "t").flag(ADD, &"x".repeat(20)).flag(ADD, "").holding(&Pdu::description().plain_text("x")),
        STORE_STATUS,
        0xe2,
    );
    is(&upload(&"x".repeat(1100)), STORE_STATUS, 0xe0);
    is(&upload(&"x".repeat(900)), STORE_STATUS, OK);
    is(&upload(&"y".repeat(1000)), STORE_STATUS, OK);
    is(&upload(&"z".repeat(600)), STORE_STATUS, 0xe4);
    is(&upload("small"), STORE_STATUS, OK);
    is(&upload("smaller"), STORE_STATUS, 0xe4);
    is(&view("t").text(LOCATION, "http://mms/b/AAAAAAAAAAAAAAAAAAAAAA"), RESPONSE_STATUS, 0xe4);
    is(&(0..600).fold(view("t"), |v, n| v.text(LOCATION, &format!("http://mms/b/{n}"))), RESPONSE_STATUS, 0xe2);
    is(&(0..100).fold(view("t"), |v, n| v.flag(FILTER, &n.to_string())), RESPONSE_STATUS, 0xe2);
    is(&view("t").octet(ATTRIBUTES, 0x80 | CONTENT).octet(ATTRIBUTES, 0x80 | FROM), RESPONSE_STATUS, OK);
    // A message is sent, though there is no room for its copy.
    let send = Pdu::new(SEND_REQ, "t").from_me().text(TO, &format!("+{BOB}/TYPE=PLMN")).octet(STORE, YES).plain_text("x");
    is(&send, RESPONSE_STATUS, OK);
    assert_eq!(answers.last().map(|a| a.octet(STORE_STATUS)), Some(0xe4));
    judge(&answers);

    // Contents that are larger together than a message may be come on several pages.
    let page = |start| view("t").integer(START, start).octet(ATTRIBUTES, 0x80 | CONTENT);
    assert_eq!([0, 2, 3].map(|start| phone.post(&page(start)).integer(COUNT)), [Some(2), Some(1), Some(0)]);

    // A number that no gateway tells is nobody's.
    let mut nobody = Mm1::connect(gateway.mmsc(), "");
    assert_eq!(nobody.post(&view("t")).octet(RESPONSE_STATUS), 0xe1);
    assert_eq!(nobody.post(&upload("x")).octet(STORE_STATUS), 0xe1);
    assert_eq!(nobody.post(&Pdu::new(DELETE_REQ, "t").text(LOCATION, "x")).numbered(RESPONSE_STATUS), [(1, vec![0xe1])]);
}

#[test]
fn without_mailboxes_all_of_it_is_denied() {
    let config = Config::without_doors().root().mmsc("mailbox_messages = 0");
    let gateway = Gateway::start(&config.simulator("").route_to_carrier());
    let mut phone = Mm1::connect(gateway.mmsc(), ALICE);
    assert_eq!(phone.post(&upload("x")).octet(STORE_STATUS), 0xe1);
    assert_eq!(phone.post(&Pdu::new(STORE_REQ, "t").text(LOCATION, "x")).octet(STORE_STATUS), 0xe1);
    assert_eq!(phone.post(&view("t")).octet(RESPONSE_STATUS), 0xe1);
    assert_eq!(phone.post(&Pdu::new(MBOX_DELETE_REQ, "t").text(LOCATION, "x")).numbered(RESPONSE_STATUS), [(1, vec![0xe1])]);
    // Peers of 1.0 have fewer words.
    let old = phone.post(&Pdu::in_version(VIEW_REQ, "t", 0x90));
    assert_eq!((old.octet(VERSION), old.octet(RESPONSE_STATUS)), (0x90, 0x82));
    let send = Pdu::new(SEND_REQ, "t").from_me().text(TO, &format!("+{BOB}/TYPE=PLMN")).octet(STORE, YES).plain_text("x");
    let sent = phone.post(&send);
    assert_eq!((sent.octet(RESPONSE_STATUS), sent.octet(STORE_STATUS)), (OK, 0xe1), "{sent:02x?}");
}

#[test]
fn damaged_requests_are_answered_and_harm_nothing() {
    let config = Config::without_doors().root().mmsc("mailbox_messages = 100000");
    let mut gateway = Gateway::start(&config.simulator("").route_to_carrier());
    let mut phone = Mm1::connect(gateway.mmsc(), ALICE);
    let location = phone.post(&upload("whole")).text(LOCATION);
    let requests = [
        upload("damaged"),
        Pdu::new(STORE_REQ, "t").text(LOCATION, &location).octet(STATE, NEW).flag(ADD, "word").flag(REMOVE, "other"),
        view("t").flag(FILTER, "word").octet(STATE, NEW).integer(START, 1).integer(LIMIT, 300).octet(ATTRIBUTES, 0x80 | CONTENT),
        Pdu::new(MBOX_DELETE_REQ, "t").text(LOCATION, "http://mms/b/AAAAAAAAAAAAAAAAAAAAAA").text(LOCATION, "x"),
        Pdu::in_version(DELETE_REQ, "t", 0x93).text(LOCATION, "http://mms/m/AAAAAAAAAAAAAAAAAAAAAA"),
    ];
    let mut random = fastrand::Rng::with_seed(7);
    for Pdu(whole) in &requests {
        let truncated = (0..whole.len()).map(|end| whole[..end].to_vec());
        let mutated = (0..400).map(|_| {
            let mut octets = whole.clone();
            for _ in 0..random.usize(1..4) {
                let at = random.usize(..octets.len());
                octets[at] = random.u8(..);
            }
            octets
        });
        for octets in truncated.chain(mutated).collect::<Vec<_>>() {
            let answered = phone.try_post(&Pdu(octets.clone()));
            assert!(matches!(answered, Ok((200 | 400, _))), "{octets:02x?}: {answered:?}");
        }
    }
    assert!(gateway.exited().is_none() && !gateway.log().contains("panicked"));
    let location = phone.post(&upload("after")).text(LOCATION);
    let (status, kept) = phone.get(&location);
    assert_eq!((status, kept.body.as_slice()), (200, &b"after"[..]));
}
