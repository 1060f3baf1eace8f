//! tshark, an independent dissector, reads in our PDUs what we wrote.
//!
//! It knows the kinds up to m-mbox-descr (0x93) and the header fields up to X-Mms-Previously-Sent-Date (0x21). Header fields that are newer
//! it shows by their syntax; PDUs that are newer it does not name. These have only the standard behind them.
#![allow(clippy::unwrap_used)]

mod common;

use common::{content, number, pdus};
use waxwing_mms::content::Multipart;
use waxwing_mms::{Field, Header, Part, Pdu, PduType, Sender, Version, drm};
use waxwing_proto_testing::Capture;
use waxwing_wap::Charset;
use waxwing_wap::wsp::{ContentType, Parameter};

/// The last kind that tshark has a name for.
const LAST_KIND: PduType = PduType::MboxDescr;
/// The last header field that tshark knows.
const LAST_FIELD: Field = Field::PreviouslySentDate;

/// Adds a PDU as the answer to an HTTP request.
fn add(capture: &mut Capture, pdu: &[u8]) {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: application/vnd.wap.mms-message\r\nContent-Length: {}\r\n\r\n", pdu.len());
    capture.add_segment(&[head.as_bytes(), pdu].concat());
}

#[test]
fn every_pdu_is_read_without_complaints() {
    let Some(mut capture) = Capture::open("every_pdu_is_read_without_complaints", 80, &[]) else { return };
    let known: Vec<Pdu> = pdus().into_iter().filter(|pdu| pdu.kind <= LAST_KIND).collect();
    for pdu in &known {
        add(&mut capture, &pdu.encode().unwrap());
    }
    assert_eq!(capture.complaints(), Vec::<String>::new());
    let lines = capture.fields(&[
        "mmse.message_type",
        "mmse.transaction_id",
        "mmse.mms_version",
        "mmse.from",
        "mmse.to",
        "mmse.subject",
        "mmse.content_location",
        "mmse.message_id",
        "mmse.response_status",
        "mmse.status",
        "mmse.message_size",
    ]);
    assert_eq!(lines.len(), known.len());
    for (pdu, line) in known.iter().zip(lines) {
        let fields: Vec<&str> = line.split('\t').collect();
        // A mailbox has PDUs inside of PDUs, which are told along.
        let first = |index: usize| fields[index].split(',').next().unwrap();
        assert_eq!(first(0), format!("0x{:02x}", pdu.kind.code()), "{line}");
        assert_eq!(first(1), pdu.transaction_id.as_deref().unwrap_or_default(), "{line}");
        assert_eq!(first(2), pdu.version.to_string(), "{line}");
        let from = match pdu.from() {
            Some(Sender::Address(address)) => address.to_string(),
            Some(Sender::Insert) => "<insert address>".to_owned(),
            None => String::new(),
        };
        assert_eq!(fields[3], from, "{line}");
        let to: Vec<String> = pdu.recipients().filter(|(field, _)| *field == Field::To).map(|(_, address)| address.to_string()).collect();
        assert_eq!(fields[4], to.join(","), "{line}");
        // It shows octets above 127 as what they are not.
        let subject = pdu.subject().map_or("", |subject| &subject.text);
        let subject: String = subject.bytes().map(|octet| if octet < 0x80 { octet.into() } else { char::REPLACEMENT_CHARACTER }).collect();
        assert_eq!(fields[5], subject, "{line}");
        let locations: Vec<&str> = pdu.content_locations().collect();
        // Of the numbered form of 1.2 it knows nothing, and of mailboxes it tells locations inside of others.
        if !matches!(pdu.kind, PduType::MboxDeleteConf | PduType::MboxViewConf | PduType::MboxUploadReq) {
            assert_eq!(fields[6], locations.join(","), "{line}");
        }
        assert_eq!(fields[7], pdu.message_id().map_or("", String::as_str), "{line}");
        if pdu.kind != PduType::MboxDeleteConf {
            assert_eq!(fields[8], pdu.response_status().map_or(String::new(), |status| format!("{:#04x}", status.code())), "{line}");
        }
        assert_eq!(fields[9], pdu.status().map_or(String::new(), |status| format!("{:#04x}", status.code())), "{line}");
        assert_eq!(fields[10], pdu.message_size().map_or(String::new(), u64::to_string), "{line}");
    }
}

#[test]
fn newer_pdus_are_read_as_far_as_they_are_known() {
    let Some(mut capture) = Capture::open("newer_pdus_are_read_as_far_as_they_are_known", 80, &[]) else { return };
    let newer: Vec<Pdu> = pdus().into_iter().filter(|pdu| pdu.kind > LAST_KIND).collect();
    assert_eq!(newer.len(), 4);
    for pdu in &newer {
        add(&mut capture, &pdu.encode().unwrap());
    }
    assert_eq!(capture.complaints(), Vec::<String>::new());
    let lines = capture.fields(&["mmse.message_type", "mmse.transaction_id", "mmse.mms_version"]);
    let expected = newer.iter().map(|pdu| {
        let id = pdu.transaction_id.as_deref().unwrap_or_default();
        format!("0x{:02x}\t{id}\t{}", pdu.kind.code(), pdu.version)
    });
    assert_eq!(lines, expected.collect::<Vec<_>>());
}

#[test]
fn parts_are_read_with_their_names() {
    let Some(mut capture) = Capture::open("parts_are_read_with_their_names", 80, &[]) else { return };
    let send = Pdu::send_req(Version::V1_0, "T", Sender::Insert, [Header::To(number("+1"))], content());
    add(&mut capture, &send.encode().unwrap());
    let latin = ContentType::new("text/plain").with(Parameter::charset(Charset(2026)));
    let locked = drm::Message::forward_lock(ContentType::new("image/gif"), &b"GIF89a"[..]).to_part(drm::Encoding::Binary).unwrap();
    let inner = Multipart { content_type: ContentType::new("application/vnd.wap.multipart.alternative"), parts: vec![Part::text("a")] };
    let mixed = Multipart::mixed(vec![
        Part::new(latin, &b"\xa7\x41"[..]).with_content_location("big5.txt"),
        locked.with_content_id("locked"),
        Part::of_multipart(&inner).unwrap(),
        // Of a part without data it says that it is malformed, which is not so.
        Part::new(ContentType::new("x-unknown/x-type"), &b"?"[..]),
    ]);
    add(&mut capture, &Pdu::retrieve_conf(Version::V1_0, None, 1_800_000_000, mixed).encode().unwrap());
    assert_eq!(capture.complaints(), Vec::<String>::new());
    let lines = capture.fields(&[
        "wsp.header.content_type",
        "wsp.parameter.name",
        "wsp.parameter.charset",
        "wsp.parameter.start",
        "wsp.header.content_location",
        "wsp.header.content_id",
    ]);
    let fields: Vec<Vec<&str>> = lines.iter().map(|line| line.split('\t').collect()).collect();
    assert_eq!(fields[0][1], "smil.smil,photo.jpg,text.txt,voice.amr");
    assert_eq!(fields[0][2], "UTF-8,UTF-8");
    assert_eq!(fields[0][3], "<smil>");
    assert_eq!(fields[0][4], "smil.smil,photo.jpg,text.txt,voice.amr");
    for name in ["<smil>", "<photo.jpg>", "<text.txt>", "<voice.amr>"] {
        assert!(fields[0][5].contains(name), "{}", fields[0][5]);
    }
    assert_eq!((fields[1][2], fields[1][4]), ("Big5", "big5.txt"));
}

#[test]
fn a_retrieve_conf_of_raw_content_is_read_as_well() {
    let Some(mut capture) = Capture::open("a_retrieve_conf_of_raw_content_is_read_as_well", 80, &[]) else { return };
    let send = Pdu::send_req(Version::V1_0, "T", Sender::Insert, [Header::To(number("+1"))], content()).encode().unwrap();
    let raw = Pdu::decode_headers(send).unwrap().pdu;
    let retrieve = raw.to_retrieve_conf(Version::V1_2, Some("R".to_owned()), "M".to_owned(), 1_800_000_000, &number("+2"));
    let Some(waxwing_mms::Content::Raw(content)) = &retrieve.content else { panic!("{retrieve:?}") };
    add(&mut capture, &[&retrieve.encode_headers().unwrap()[..], &content.body()].concat());
    assert_eq!(capture.complaints(), Vec::<String>::new());
    let lines = capture.fields(&["mmse.message_type", "mmse.from", "mmse.to", "wsp.parameter.name"]);
    assert_eq!(lines, ["0x84\t+2/TYPE=PLMN\t+1/TYPE=PLMN\tsmil.smil,photo.jpg,text.txt,voice.amr"]);
}

#[test]
fn every_known_header_field_has_the_form_that_it_knows() {
    let Some(mut capture) = Capture::open("every_known_header_field_has_the_form_that_it_knows", 80, &[]) else { return };
    let headers: Vec<Header> = pdus().into_iter().flat_map(|pdu| pdu.headers).filter(|header| header.field() <= Some(LAST_FIELD)).collect();
    let fields: std::collections::BTreeSet<Field> = headers.iter().filter_map(Header::field).collect();
    assert!(fields.len() >= 26, "{fields:?}");
    // One after the other in a PDU that needs none of them.
    for field in &fields {
        if let Some(header) = headers.iter().find(|header| header.field() == Some(*field)) {
            let pdu = Pdu::mbox_descr(Version::V1_2, [header.clone()], None);
            add(&mut capture, &pdu.encode().unwrap());
        }
    }
    assert_eq!(capture.complaints(), Vec::<String>::new());
    // What it does not know it calls by number.
    assert_eq!(capture.select("mmse.header.uint || mmse.header.bytes || mmse.header.string"), Vec::<String>::new());
}

#[test]
fn the_check_would_see_a_broken_pdu() {
    let Some(mut capture) = Capture::open("the_check_would_see_a_broken_pdu", 80, &[]) else { return };
    add(&mut capture, b"\x8c\x82\x98T\0\x8d\x90\x88\x7f\x80");
    assert_ne!(capture.complaints(), Vec::<String>::new());
}
