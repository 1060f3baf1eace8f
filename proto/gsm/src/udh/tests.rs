#![allow(clippy::unwrap_used)]

use bytes::Bytes;

use super::*;
use crate::alphabet::Language;

fn concat8(reference: u8, total: u8, number: u8) -> Element {
    Element::Concat8 { reference, total, number }
}

#[test]
fn a_concatenation_header_is_read_and_written() {
    let user_data = [0x05, 0x00, 0x03, 0xcc, 0x02, 0x01, 0x82];
    let (header, payload) = UserDataHeader::parse(&user_data).unwrap();
    assert_eq!(header.elements(), [concat8(0xcc, 2, 1)]);
    assert_eq!(header.concatenation(), Some(Concatenation { reference: 0xcc, wide: false, total: 2, number: 1 }));
    assert_eq!((header.octets(), payload), (6, &[0x82][..]));
    assert_eq!(header.encode(), user_data[..6]);
}

#[test]
fn concatenation_need_not_come_first() {
    // WAP push: ports, then concatenation with a wide reference, then a single shift.
    let user_data = [0x0f, 0x05, 0x04, 0x0b, 0x84, 0x23, 0xf0, 0x08, 0x04, 0x12, 0x34, 0x03, 0x02, 0x24, 0x01, 0x01];
    let (header, payload) = UserDataHeader::parse(&user_data).unwrap();
    assert!(payload.is_empty());
    assert_eq!(header.concatenation(), Some(Concatenation { reference: 0x1234, wide: true, total: 3, number: 2 }));
    assert_eq!(header.ports(), Some(Ports { destination: 2948, source: 9200, wide: true }));
    assert_eq!(header.alphabet(), Alphabet { locking: None, single: Some(Language::Turkish) });
    assert_eq!(header.encode(), user_data);
    let plain = header.without(Element::is_concatenation);
    assert_eq!(plain.encode(), [0x09, 0x05, 0x04, 0x0b, 0x84, 0x23, 0xf0, 0x24, 0x01, 0x01]);
}

#[test]
fn unknown_and_misshapen_elements_are_kept() {
    // EMS text formatting, a picture of two octets, a concatenation of the wrong length, ports of 8 bits, message waiting.
    let user_data = [
        0x16, 0x0a, 0x03, 0x00, 0x05, 0x10, 0x12, 0x02, 0xaa, 0xbb, 0x00, 0x02, 0x01, 0x02, 0x04, 0x02, 0xf0, 0xf1, 0x01, 0x02, 0x80, 0x03,
        0x70,
    ];
    let error = UserDataHeader::parse(&user_data).unwrap_err();
    assert_eq!(error.problem, UdhProblem::ElementWithoutLength { identifier: 0x70 });
    assert_eq!((error.offset, error.payload_offset), (22, 23));
    let header = error.header;
    assert_eq!(header.concatenation(), None);
    assert_eq!(header.elements()[1], Element::Other { identifier: 0x12, data: Bytes::from_static(&[0xaa, 0xbb]) });
    assert_eq!(header.elements()[2], Element::Other { identifier: 0x00, data: Bytes::from_static(&[0x01, 0x02]) });
    assert_eq!(header.ports(), Some(Ports { destination: 0xf0, source: 0xf1, wide: false }));
    assert_eq!(header.elements()[4], Element::Waiting { indication: 0x80, count: 3 });
    assert_eq!(header.encode()[1..], user_data[1..22]);
}

#[test]
fn the_last_sane_concatenation_counts() {
    let header = |parts: &[Element]| {
        let mut header = UserDataHeader::new();
        for part in parts {
            header.push(part.clone()).unwrap();
        }
        header.concatenation().map(|part| (part.reference, part.total, part.number))
    };
    assert_eq!(header(&[concat8(1, 2, 1), concat8(2, 2, 2)]), Some((2, 2, 2)));
    assert_eq!(header(&[concat8(1, 2, 1), concat8(2, 2, 3)]), Some((1, 2, 1)));
    assert_eq!(header(&[concat8(1, 2, 0)]), None);
    assert_eq!(header(&[concat8(1, 0, 0)]), None);
    assert_eq!(header(&[concat8(1, 1, 1), Element::Concat16 { reference: 300, total: 2, number: 2 }]), Some((300, 2, 2)));
}

#[test]
fn lengths_that_lie_carry_what_was_read() {
    let beyond = UserDataHeader::parse(&[0x0a, 0x00, 0x03, 0x01, 0x02, 0x01, 0x41]).unwrap_err();
    assert_eq!(beyond.problem, UdhProblem::HeaderBeyondEnd { declared: 10, available: 6 });
    assert_eq!(beyond.header.elements(), [concat8(1, 2, 1)]);
    assert_eq!(beyond.payload_offset, 7);

    let element = UserDataHeader::parse(&[0x08, 0x00, 0x03, 0x01, 0x02, 0x01, 0x70, 0x05, 0xff, 0x41]).unwrap_err();
    assert_eq!(element.problem, UdhProblem::ElementBeyondEnd { identifier: 0x70, declared: 5, available: 1 });
    assert_eq!(element.header.elements(), [concat8(1, 2, 1)]);
    assert_eq!((element.offset, element.payload_offset), (6, 9));
    assert_eq!(
        element.to_string(),
        "user data header, octet 6: element 0x70 says 5 octets and the header has 1 left; either the sender's header is broken or the \
         message has none and the header flag is wrong"
    );

    assert_eq!(UserDataHeader::parse(&[]).unwrap_err().problem, UdhProblem::Empty);
}

#[test]
fn a_header_of_no_elements_is_not_sent() {
    let (header, payload) = UserDataHeader::parse(&[0x00, 0x41]).unwrap();
    assert!(header.is_empty());
    assert_eq!(payload, [0x41]);
    assert_eq!(header.octets(), 0);
    assert!(header.encode().is_empty());
}

#[test]
fn a_header_has_no_more_than_255_octets() {
    let mut header = UserDataHeader::new();
    let long = Element::Other { identifier: 0x70, data: Bytes::from(vec![0; 200]) };
    header.push(long.clone()).unwrap();
    assert_eq!(header.push(long), Err(HeaderTooLong { octets: 404 }));
    assert_eq!(header.elements().len(), 1);
    header.push(Element::Other { identifier: 0x71, data: Bytes::from(vec![0; 51]) }).unwrap();
    assert_eq!(header.octets(), 256);
    assert_eq!(UserDataHeader::parse(&header.encode()).unwrap().0, header);
}
