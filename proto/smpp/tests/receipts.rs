//! Which messages are receipts, and what they say.
#![allow(clippy::unwrap_used)]

use bytes::BytesMut;
use proptest::prelude::*;
use waxwing_smpp::receipt::{NetworkErrorCode, Receipt, ReceiptDate, ReceiptKind, TextReceipt, put_tlvs, state_word};
use waxwing_smpp::*;

const TEXT: &[u8] = b"id:abc sub:001 dlvrd:001 submit date:2603311200 done date:2603311201 stat:EXPIRED err:000 text:hi";

fn message<'a>(esm_class: u8, octets: &'a [u8], tlvs: &'a TlvBuf) -> Message<'a> {
    Message { esm_class: EsmClass(esm_class), data_coding: DataCoding::DEFAULT, short_message: octets, tlvs: tlvs.as_tlvs() }
}

#[test]
fn esm_class_makes_a_receipt_whatever_the_text() {
    let none = TlvBuf::new();
    let receipt = Receipt::from_message(&message(0x04, b"", &none), false).unwrap();
    assert_eq!((receipt.kind, receipt.message_id, receipt.state), (ReceiptKind::Final, None, None));
    let receipt = Receipt::from_message(&message(0x20, TEXT, &none), false).unwrap();
    assert_eq!((receipt.kind, receipt.message_id), (ReceiptKind::Intermediate, Some(&b"abc"[..])));
    let receipt = Receipt::from_message(&message(0x04, b"id:7 stat:BUFFRED", &none), false).unwrap();
    assert_eq!((receipt.kind, receipt.state), (ReceiptKind::Intermediate, Some(MessageState::ENROUTE)));
}

#[test]
fn two_tlvs_make_a_receipt_without_esm_class() {
    let mut tlvs = TlvBuf::new();
    tlvs.put_cstring(Tag::RECEIPTED_MESSAGE_ID, b"7").unwrap();
    assert_eq!(Receipt::from_message(&message(0, b"hello", &tlvs), false), None, "the id alone does not");
    let error = NetworkErrorCode { network_type: 3, code: 0x0145 };
    tlvs.clear();
    put_tlvs(&mut tlvs, b"7", MessageState::UNDELIVERABLE, Some(error)).unwrap();
    let receipt = Receipt::from_message(&message(0, b"", &tlvs), false).unwrap();
    assert_eq!(receipt.message_id, Some(&b"7"[..]));
    assert_eq!((receipt.state, receipt.network_error), (Some(MessageState::UNDELIVERABLE), Some(error)));
}

#[test]
fn a_text_alone_makes_a_receipt_only_when_guessing() {
    let none = TlvBuf::new();
    assert_eq!(Receipt::from_message(&message(0, TEXT, &none), false), None);
    let receipt = Receipt::from_message(&message(0, TEXT, &none), true).unwrap();
    assert_eq!((receipt.kind, receipt.state), (ReceiptKind::Final, Some(MessageState::EXPIRED)));
    assert_eq!(Receipt::from_message(&message(0, b"id:7 is my seat, stat:great", &none), true), None);
    let enroute = b"id:7 stat:ENROUTE";
    assert_eq!(Receipt::from_message(&message(0, enroute, &none), true).unwrap().kind, ReceiptKind::Intermediate);
}

#[test]
fn a_tlv_wins_over_the_text_unless_it_says_nothing() {
    let mut tlvs = TlvBuf::new();
    put_tlvs(&mut tlvs, b"DEF", MessageState::DELIVERED, None).unwrap();
    let receipt = Receipt::from_message(&message(4, TEXT, &tlvs), false).unwrap();
    assert_eq!((receipt.message_id, receipt.state), (Some(&b"DEF"[..]), Some(MessageState::DELIVERED)));
    assert_eq!(receipt.ids().collect::<Vec<_>>(), [&b"DEF"[..], b"abc"]);

    for says_nothing in [MessageState::UNKNOWN, MessageState(77)] {
        tlvs.clear();
        put_tlvs(&mut tlvs, b"", says_nothing, None).unwrap();
        let receipt = Receipt::from_message(&message(4, TEXT, &tlvs), false).unwrap();
        assert_eq!((receipt.message_id, receipt.state), (Some(&b"abc"[..]), Some(MessageState::EXPIRED)));
    }
}

#[test]
fn a_receipt_is_found_in_the_payload_and_behind_a_header() {
    let mut tlvs = TlvBuf::new();
    tlvs.put(Tag::MESSAGE_PAYLOAD, TEXT).unwrap();
    assert_eq!(Receipt::from_message(&message(4, b"", &tlvs), false).unwrap().message_id, Some(&b"abc"[..]));
    let none = TlvBuf::new();
    let with_header = [b"\x03\x24\x01\x00", TEXT].concat();
    assert_eq!(Receipt::from_message(&message(0x44, &with_header, &none), false).unwrap().message_id, Some(&b"abc"[..]));
}

/// Text receipts as seen from message centres of several makes.
#[test]
fn receipts_of_the_field() {
    let none = TlvBuf::new();
    for (text, id, state) in [
        (
            "id:c449ab9744f47b6af1879e49e75e4f40 sub:001 dlvrd:0 submit date:0610191018 done date:0610191018 stat:ACCEPTD err:0 text:This is an Acc",
            "c449ab9744f47b6af1879e49e75e4f40",
            MessageState::ACCEPTED,
        ),
        (
            "id:7220bb6bd0be98fa628de66590f80070 sub:001 dlvrd:1 submit date:0610190851 done date:0610190951 stat:DELIVRD err:0 text:This is a deliv",
            "7220bb6bd0be98fa628de66590f80070",
            MessageState::DELIVERED,
        ),
        (
            "id:1661543146 sub:001 dlvrd:001 submit date:170811113232 done date:170811113235 stat:UNDELIV err:01E text:-",
            "1661543146",
            MessageState::UNDELIVERABLE,
        ),
        ("Id:0a-1b submitdate:1708111132 donedate:1708111132 Stat:REJECTED", "0a-1b", MessageState::REJECTED),
        ("id:42 sub:001 dlvrd:000 submit date:1708111132 done date:1708111132 stat:UNKNOWN err:000 Text:", "42", MessageState::UNKNOWN),
        ("id:0000000009 sub:000 dlvrd:000 submit date:2603311200 done date: stat:DELETED err:  text:", "0000000009", MessageState::DELETED),
    ] {
        let receipt = Receipt::from_message(&message(4, text.as_bytes(), &none), false).unwrap();
        assert_eq!((receipt.message_id, receipt.state), (Some(id.as_bytes()), Some(state)), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_written_text_is_read_again(
        id in "[0-9A-Za-z-]{1,64}", sub in 0..1000u32, dlvrd in 0..1000u32, submitted in 0..4_000_000_000_000i64, seconds: bool,
        state in 0..MessageState::ALL.len(), err in "[0-9A-F]{3}", text in proptest::collection::vec(any::<u8>(), 0..20),
    ) {
        let date = ReceiptDate::from_unix_ms(submitted, seconds);
        let receipt = TextReceipt {
            id: Some(id.as_bytes()),
            sub: Some(sub),
            dlvrd: Some(dlvrd),
            submit_date: Some(date),
            done_date: Some(date),
            stat: Some(state_word(MessageState::ALL[state]).as_bytes()),
            err: Some(err.as_bytes()),
            text: Some(&text),
        };
        let mut written = BytesMut::new();
        receipt.write(&mut written);
        prop_assert_eq!(TextReceipt::parse(&written), receipt);
        let unit = if seconds { 1000 } else { 60_000 };
        prop_assert_eq!(date.to_unix_ms(submitted, 0), submitted / unit * unit);
    }

    #[test]
    fn any_octets_can_be_read(octets in proptest::collection::vec(prop_oneof![Just(b':'), Just(b' '), Just(b'i'), Just(b'd'), any::<u8>()], 0..300)) {
        let receipt = TextReceipt::parse(&octets);
        prop_assert!(receipt.id.is_none_or(|id| !id.is_empty() && id.len() < octets.len()));
    }
}
