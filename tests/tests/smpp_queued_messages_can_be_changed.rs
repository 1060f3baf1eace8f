//! query_sm, replace_sm and cancel_sm: a message that still waits can be asked for, replaced and called back by whoever sent it.

use std::time::Duration;

use serde_json::json;
use waxwing_tests::smpp::{Esme, Pdu, Submit, command};
use waxwing_tests::{Carrier, Config, Gateway};

const BOUND: Duration = Duration::from_secs(20);
const ESME_RINVMSGID: u32 = 0x0c;
const ESME_RCANCELFAIL: u32 = 0x11;

/// message_state (SMPP 3.4, 5.2.28).
const ENROUTE: u8 = 1;
const DELIVERED: u8 = 2;
const DELETED: u8 = 4;

fn start() -> (Gateway, Carrier) {
    let mut carrier = Carrier::start(json!({}));
    let config = Config::new()
        .shop()
        .with("[[account]]\nname = \"other\"\npassword = \"secret\"")
        .smpp_connector(carrier.address(), "")
        .route_to_carrier();
    let gateway = Gateway::start(&config);
    carrier.wait_for_bind();
    gateway.wait_until_up("carrier");
    (gateway, carrier)
}

/// A message that leaves in so many seconds.
fn later(esme: &mut Esme, text: &str, seconds: u32) -> String {
    let submit = Submit { schedule: format!("0000000000{seconds:02}000R"), registered_delivery: 1, ..Submit::new(text) };
    let answer = esme.submit(&submit);
    assert_eq!(answer.status, 0, "{text}");
    answer.first_string()
}

fn source() -> Vec<u8> {
    [&[3, 0][..], b"12345\0"].concat()
}

fn query(esme: &mut Esme, id: &str) -> Pdu {
    esme.request(command::QUERY_SM, [id.as_bytes(), b"\0", &source()].concat())
}

/// message_state of a query_sm_resp: the last octet but one.
fn state(answer: &Pdu) -> u8 {
    assert_eq!(answer.status, 0, "{answer:?}");
    answer.body[answer.body.len() - 2]
}

fn cancel(esme: &mut Esme, id: &str) -> u32 {
    let body = [b"\0", id.as_bytes(), b"\0", &source(), &[1, 1], b"447700900123\0"].concat();
    esme.request(command::CANCEL_SM, body).status
}

fn replace(esme: &mut Esme, id: &str, text: &str) -> u32 {
    let length = u8::try_from(text.len()).expect("a short text");
    let body = [id.as_bytes(), b"\0", &source(), b"\0\0", &[1, 0, length], text.as_bytes()].concat();
    esme.request(command::REPLACE_SM, body).status
}

#[test]
fn asked_for_until_it_is_delivered() {
    let (gateway, mut carrier) = start();
    let mut esme = Esme::bound(gateway.smpp());
    let id = later(&mut esme, "in a second", 1);
    assert_eq!(state(&query(&mut esme, &id)), ENROUTE);
    carrier.wait_for_submits(1, BOUND);
    esme.wait_for_receipt(BOUND);
    waxwing_tests::until("it is delivered", BOUND, || state(&query(&mut esme, &id)) == DELIVERED);
    assert_eq!(query(&mut esme, "00FFFFFF").status & 0xff, query(&mut esme, "nonsense").status & 0xff);
    assert_ne!(query(&mut esme, "00FFFFFF").status, 0);
}

#[test]
fn called_back_and_replaced() {
    let (gateway, mut carrier) = start();
    let mut esme = Esme::bound(gateway.smpp());
    let cancelled = later(&mut esme, "never", 2);
    let replaced = later(&mut esme, "old words", 3);
    assert_eq!(cancel(&mut esme, &cancelled), 0);
    assert_eq!(state(&query(&mut esme, &cancelled)), DELETED);
    assert_eq!(replace(&mut esme, &replaced, "new words"), 0);
    assert_eq!(carrier.wait_for_submits(1, BOUND)[0]["text"], "new words");
    loop {
        let receipt = esme.wait_for_receipt(BOUND);
        if receipt.contains(&replaced) {
            assert!(receipt.contains("stat:DELIVRD"), "{receipt}");
            break;
        }
        assert!(receipt.contains(&cancelled) && receipt.contains("stat:DELETED"), "{receipt}");
    }
    assert_eq!(carrier.submits().len(), 1);
    assert_eq!(cancel(&mut esme, &replaced), ESME_RCANCELFAIL);
    assert_eq!(cancel(&mut esme, "00FFFFFF"), ESME_RINVMSGID);
}

#[test]
fn by_nobody_else() {
    let (gateway, mut carrier) = start();
    let mut esme = Esme::bound(gateway.smpp());
    let id = later(&mut esme, "mine", 2);
    let mut other = Esme::connect(gateway.smpp()).expect("a connection");
    assert_eq!(other.bind(command::BIND_TRANSCEIVER, "other", "secret").status, 0);
    assert_ne!(query(&mut other, &id).status, 0);
    assert_ne!(cancel(&mut other, &id), 0);
    assert_ne!(replace(&mut other, &id, "theirs"), 0);
    assert_eq!(carrier.wait_for_submits(1, BOUND)[0]["text"], "mine");
}
