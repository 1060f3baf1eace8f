//! What a message centre does thousands of times a second copies no data and allocates little.
#![allow(clippy::unwrap_used)]

mod common;

use bytes::Bytes;
use common::{content, number};
use waxwing_mms::*;

fn send_req() -> Bytes {
    let recipients = (0..3).map(|last| Header::To(number(&format!("+44770090012{last}"))));
    let pdu = Pdu::send_req(Version::V1_2, "T1", Sender::Insert, recipients, content())
        .with(Header::Subject("Hello".into()))
        .with(Header::DeliveryReport(true))
        .with(Header::Priority(Priority::Normal));
    pdu.encode().unwrap().into()
}

#[test]
fn data_of_parts_is_that_of_the_pdu() {
    let wire = send_req();
    let range = wire.as_ptr_range();
    let pdu = Pdu::decode(wire.clone()).unwrap().pdu;
    let parts = pdu.content.as_ref().unwrap().parts();
    assert_eq!(parts.len(), 4);
    for part in parts {
        assert!(range.contains(&part.data.as_ptr()), "{:?}", part.name());
    }
    let Some(Content::Raw(raw)) = Pdu::decode_headers(wire.clone()).unwrap().pdu.content else { panic!("raw content") };
    let body = raw.body();
    assert!(range.contains(&body.as_ptr()) && body.as_ptr_range().end == range.end);
}

#[test]
fn a_message_passes_with_few_allocations() {
    let wire = send_req();
    let from = number("+447700900123");
    let mut out = (Vec::new(), Bytes::new());
    let reading = allocation_counter::measure(|| {
        let _ = Pdu::decode_headers(wire.clone()).unwrap();
    });
    // The list of header fields, its seven texts, the transaction id, the content type with its parameters and their lists.
    assert!(reading.count_total <= 30, "{} allocations", reading.count_total);
    let send = Pdu::decode_headers(wire.clone()).unwrap().pdu;
    let passing = allocation_counter::measure(|| {
        let retrieve = send.to_retrieve_conf(Version::V1_2, Some("R1".to_owned()), "M1".to_owned(), 1_800_000_000, &from);
        let Some(Content::Raw(raw)) = &retrieve.content else { panic!("raw content") };
        out = (retrieve.encode_headers().unwrap(), raw.body());
    });
    assert!(passing.count_total <= 40, "{} allocations", passing.count_total);
    // Header fields alone: the body is the one that came.
    assert!(passing.bytes_total < 3_000, "{} octets", passing.bytes_total);
    let retrieve = Pdu::decode([&out.0[..], &out.1].concat()).unwrap();
    assert_eq!(retrieve.quirks, Quirks::NONE);
    assert_eq!(retrieve.pdu.content, Pdu::decode(wire).unwrap().pdu.content);
    assert_eq!((retrieve.pdu.sender(), retrieve.pdu.bcc()), (Some(&from), None));
}

#[test]
fn who_is_hidden_stays_hidden() {
    let mut send =
        Pdu::decode(send_req()).unwrap().pdu.with(Header::Bcc(number("+1"))).with(Header::SenderVisibility(SenderVisibility::Hide));
    let from = number("+447700900123");
    let retrieve = send.to_retrieve_conf(Version::V1_0, None, "M1".to_owned(), 0, &from);
    assert_eq!((retrieve.from(), retrieve.bcc(), retrieve.sender_visibility()), (None, None, None));
    assert_eq!(retrieve.recipients().count(), 3);
    send.set(Header::SenderVisibility(SenderVisibility::Show));
    assert_eq!(send.to_retrieve_conf(Version::V1_0, None, "M1".to_owned(), 0, &from).sender(), Some(&from));
}
