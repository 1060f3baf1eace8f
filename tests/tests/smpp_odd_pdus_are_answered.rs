//! Malformed and oversized PDUs get the status that fits, with their own sequence number, and cost nobody the session; only where the
//! framing is lost does the session end.

use std::time::Duration;

use serde_json::json;
use waxwing_tests::relay;
use waxwing_tests::smpp::{Esme, Pdu, Received, Submit, command};

const ESME_RINVMSGLEN: u32 = 0x01;
const ESME_RINVCMDLEN: u32 = 0x02;
const ESME_RINVCMDID: u32 = 0x03;
const ESME_RINVSRCADR: u32 = 0x0A;
const BOUND: Duration = Duration::from_secs(10);

fn pdu(esme: &mut Esme) -> Pdu {
    match esme.receive(BOUND) {
        Received::Pdu(pdu) => pdu,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_source_address_of_21_octets() {
    let (gateway, mut carrier) = relay(json!({}));
    let mut esme = Esme::bound(gateway.smpp());
    let answer = esme.submit(&Submit { source: vec![b'1'; 21], ..Submit::new("x") });
    assert_eq!((answer.command, answer.status), (command::SUBMIT_SM | command::RESPONSE, ESME_RINVSRCADR));
    esme.assert_alive();
    assert_eq!(esme.submit(&Submit::new("after")).status, 0, "the session goes on");
    assert_eq!(carrier.wait_for_submits(1, BOUND)[0]["text"], "after");
}

#[test]
fn a_message_length_past_the_end() {
    let (gateway, _carrier) = relay(json!({}));
    let mut esme = Esme::bound(gateway.smpp());
    let answer = esme.submit(&Submit { claimed_length: Some(200), ..Submit::new("short") });
    assert_eq!((answer.command, answer.status), (command::SUBMIT_SM | command::RESPONSE, ESME_RINVMSGLEN));
    esme.assert_alive();
}

#[test]
fn an_unknown_command() {
    let (gateway, _carrier) = relay(json!({}));
    let mut esme = Esme::bound(gateway.smpp());
    let sequence = esme.send(0x0000_0177, vec![1, 2, 3]).expect("sent");
    let answer = pdu(&mut esme);
    assert_eq!((answer.command, answer.status, answer.sequence), (command::GENERIC_NACK, ESME_RINVCMDID, sequence));
    esme.assert_alive();
}

#[test]
fn a_truncated_submit_keeps_the_session() {
    let (gateway, mut carrier) = relay(json!({}));
    let mut esme = Esme::bound(gateway.smpp());
    let whole = Submit::new("truncated").body();
    for length in 0..whole.len() {
        let sequence = esme.send(command::SUBMIT_SM, whole[..length].to_vec()).expect("sent");
        let answer = esme.response(sequence);
        assert_ne!(answer.status, 0, "a body of {length} octets");
    }
    esme.assert_alive();
    assert!(carrier.submits().is_empty());
}

#[test]
fn tails_that_make_no_sense_are_ignored() {
    let (gateway, mut carrier) = relay(json!({}));
    let mut esme = Esme::bound(gateway.smpp());
    for (text, tail) in [("three octets of junk", vec![1, 2, 3]), ("a TLV past the end", vec![0x14, 0x00, 0x00, 0xff, 1, 2])] {
        assert_eq!(esme.submit(&Submit { tail, ..Submit::new(text) }).status, 0, "{text}");
    }
    esme.assert_alive();
    let submits = carrier.wait_for_submits(2, BOUND);
    assert_eq!(submits[0]["text"], "three octets of junk");
}

#[test]
fn a_length_below_the_header_ends_the_session() {
    let (gateway, _carrier) = relay(json!({}));
    assert_framing_is_fatal(gateway.smpp(), &[0, 0, 0, 15, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 9]);
    Esme::bound(gateway.smpp()).assert_alive();
}

#[test]
fn a_length_of_two_gigabytes_ends_the_session() {
    let (gateway, _carrier) = relay(json!({}));
    assert_framing_is_fatal(gateway.smpp(), &[0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 9]);
    // A browser at the wrong door: its first four octets are such a length.
    assert_framing_is_fatal(gateway.smpp(), b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    Esme::bound(gateway.smpp()).assert_alive();
}

/// The gateway may say generic_nack with ESME_RINVCMDLEN, and closes in any case.
fn assert_framing_is_fatal(address: std::net::SocketAddr, octets: &[u8]) {
    let mut esme = Esme::bound(address);
    esme.send_octets(octets).expect("sent");
    loop {
        match esme.receive(BOUND) {
            Received::Pdu(nack) => assert_eq!((nack.command, nack.status), (command::GENERIC_NACK, ESME_RINVCMDLEN)),
            Received::Closed => return,
            Received::Silence => panic!("the session is still open"),
        }
    }
}

#[test]
fn octet_by_octet_and_many_at_once() {
    let (gateway, mut carrier) = relay(json!({}));
    let mut esme = Esme::bound(gateway.smpp());
    let submit = |sequence, text: &str| Pdu { command: command::SUBMIT_SM, status: 0, sequence, body: Submit::new(text).body() }.encode();
    for octet in submit(77, "slow") {
        esme.send_octets(&[octet]).expect("sent");
    }
    assert_eq!((pdu(&mut esme).sequence), 77);
    let mut many = Vec::new();
    for number in 100..110 {
        many.extend(submit(number, &format!("many-{number}")));
    }
    esme.send_octets(&many).expect("sent");
    let mut answered: Vec<u32> = (0..10).map(|_| pdu(&mut esme)).map(|answer| answer.sequence).collect();
    answered.sort_unstable();
    assert_eq!(answered, (100..110).collect::<Vec<u32>>());
    assert_eq!(carrier.wait_for_submits(11, BOUND).len(), 11);
}

#[test]
fn random_octets_never_kill_the_gateway() {
    let (mut gateway, _carrier) = relay(json!({}));
    let mut random = fastrand::Rng::with_seed(1);
    let good = Pdu { command: command::SUBMIT_SM, status: 0, sequence: 5, body: Submit::new("mutated").tlv(0x1400, b"x").body() }.encode();
    for _ in 0..waxwing_tests::rounds("WAXWING_MUTATIONS", 2_000).min(20_000) / 20 {
        let mut esme = Esme::bound(gateway.smpp());
        for _ in 0..20 {
            let mut octets = good.clone();
            for _ in 0..random.usize(1..4) {
                // The length field stays as it is, so that the mutated PDU is looked at as a whole.
                let index = random.usize(4..octets.len());
                octets[index] = random.u8(..);
            }
            if esme.send_octets(&octets).is_err() {
                break;
            }
        }
        while !matches!(esme.receive(Duration::from_millis(5)), Received::Closed | Received::Silence) {}
    }
    assert!(gateway.exited().is_none(), "the gateway still runs");
    Esme::bound(gateway.smpp()).assert_alive();
}
