//! Damaged pushes and documents: no panic, no memory beyond what the input explains.
#![allow(clippy::unwrap_used)]

mod common;

use common::documents;
use waxwing_wap::document::Document;
use waxwing_wap::sms::{Content, Outgoing, Received};
use waxwing_wap::wbxml::{self, Limits, Options, StringTable};
use waxwing_wap::wsp::{ContentType, Headers, Reader};
use waxwing_wap::{describe, mms, xml};

const MUTATIONS: usize = 100_000;

/// Pushes of every kind, with and without string table.
fn pushes() -> Vec<Vec<u8>> {
    let tables = [StringTable::WhenNeeded, StringTable::Repeated];
    let options = tables.map(|string_table| Options { string_table, ..Options::default() });
    let pushes = documents()
        .into_iter()
        .flat_map(|document| options.map(|options| Outgoing::of(&document, None, options, 1).unwrap().pdu().unwrap()));
    let notification = mms::notification(1, mms::TypeForm::Text, b"\x8c\x82\x98abc\0\x8d\x90");
    pushes.chain([notification]).collect()
}

/// Does with octets whatever this crate can do.
fn exercise(octets: &[u8]) {
    let description = describe::push(octets);
    let bound = 200 * octets.len() + 20_000;
    assert!(description.to_string().len() <= bound && description.to_json().len() <= bound, "{octets:02x?}");
    let _ = describe::user_data(octets);
    if let Ok(received) = Received::decode(octets) {
        let push = &received.decoded.push;
        assert!(push.body.len() <= octets.len());
        if let Ok(again) = push.encode() {
            let second = Received::decode(&again).unwrap();
            assert!(second.decoded.push.content_type.is(&push.content_type.media), "{octets:02x?}");
        }
        if let Content::Document(document, _) = &received.content {
            let _ = document.to_xml_unchecked();
            // What came and keeps the rules goes out, and comes back as it was.
            if let Ok(wbxml) = document.to_wbxml(Options::default()) {
                let again = Document::from_wbxml_as(&wbxml, document.language()).unwrap();
                assert_eq!(again.to_wbxml(Options::default()).unwrap(), wbxml, "{octets:02x?}");
            }
        }
    }
    let _ = ContentType::decode(&mut Reader::new(octets));
    let _ = Headers::decode(&mut Reader::new(octets));
}

#[test]
fn every_truncation_of_every_push() {
    for push in pushes() {
        for length in 0..push.len() {
            exercise(&push[..length]);
        }
    }
}

#[test]
fn many_mutations_of_pushes() {
    let pushes = pushes();
    let mut rng = fastrand::Rng::with_seed(0x3A9);
    for _ in 0..MUTATIONS {
        let mut wire = rng.choice(&pushes).unwrap().clone();
        for _ in 0..rng.usize(1..6) {
            // Mostly near the beginning, where lengths and the string table are.
            let limit = if rng.bool() { wire.len() } else { wire.len().min(24) };
            let at = rng.usize(0..limit);
            match rng.u8(0..6) {
                0 => wire[at] = rng.u8(..),
                1 => wire[at] ^= 1 << rng.u8(0..8),
                2 => wire.insert(at, rng.u8(..)),
                3 if wire.len() > 4 => drop(wire.remove(at)),
                4 => wire.truncate(at.max(1)),
                _ => wire[at] = *rng.choice([0, 1, 3, 4, 0x1f, 0x7f, 0x80, 0x83, 0xc3, 0xff].iter()).unwrap(),
            }
        }
        exercise(&wire);
    }
}

#[test]
fn lies_about_lengths_cost_no_memory() {
    // A push whose headers, content type, string table and opaque data have four gigabytes.
    for lie in [
        &b"\x01\x06\x8f\xff\xff\xff\x7f\xae\x02\x05\x6a\0\x45"[..],
        b"\x01\x06\x01\x1f\x8f\xff\xff\xff\x7f\xae\x02",
        b"\x01\x06\x01\xae\x02\x05\x6a\x8f\xff\xff\xff\x7f\x45",
        b"\x01\x06\x01\xae\x02\x05\x6a\0\x45\xc6\x0a\xc3\x8f\xff\xff\xff\x7f",
    ] {
        let info = allocation_counter::measure(|| exercise(lie));
        assert!(info.bytes_max < 100_000, "{} octets for {lie:02x?}", info.bytes_max);
        assert!(describe::push(lie).to_json().len() < 2_000);
    }
    // A string table of 60,000 octets, referred to again and again.
    let mut bomb = vec![2, 5, 0x6a, 0x83, 0xd4, 0x60];
    bomb.extend(vec![b'a'; 59_999]);
    bomb.push(0);
    bomb.extend([0x45, 0x46]);
    bomb.extend([0x83, 0].repeat(100_000));
    let mut error = None;
    let info = allocation_counter::measure(|| error = Document::from_wbxml(&bomb).err());
    assert!(info.bytes_max < 2 << 20, "{} octets", info.bytes_max);
    let error = error.unwrap();
    assert_eq!(error.to_string().split(": ").last(), Some("there are more than 262144 octets of text"));
    // Elements in elements in elements.
    let mut deep = vec![2, 0x0b, 0x6a, 0, 0x45];
    deep.extend([0x46].repeat(100_000));
    let error = Document::from_wbxml(&deep).unwrap_err();
    assert_eq!(error.to_string().split(": ").last(), Some("there are more than 32 levels of elements"));
    // Elements beside elements.
    let mut wide = vec![2, 0x0b, 0x6a, 0, 0x45];
    wide.extend([0x06].repeat(100_000));
    let error = wbxml::decode(&wide, Limits::default()).unwrap_err();
    assert_eq!(error.to_string().split(": ").last(), Some("there are more than 10000 elements and values"));
}

#[test]
fn damaged_xml_does_no_harm() {
    let texts: Vec<String> = documents().iter().map(|document| document.to_xml().unwrap()).collect();
    let mut rng = fastrand::Rng::with_seed(0x3AA);
    for _ in 0..MUTATIONS / 10 {
        let mut text = rng.choice(&texts).unwrap().clone().into_bytes();
        for _ in 0..rng.usize(1..4) {
            let at = rng.usize(0..text.len().max(1));
            match rng.u8(0..4) {
                0 => text[at] = *rng.choice(b"<>&\"'/=!?; \n".iter()).unwrap(),
                1 if text.len() > 1 => drop(text.remove(at)),
                2 => text.insert(at, rng.u8(..)),
                _ => text.truncate(at.max(1)),
            }
        }
        let text = String::from_utf8_lossy(&text).into_owned();
        match Document::from_xml(&text) {
            Ok(document) => assert!(document.to_wbxml(Options::default()).is_ok(), "{text}"),
            Err(error) => assert!(error.to_string().starts_with("line "), "{error}: {text}"),
        }
    }
    // Nested as deeply as the length allows.
    for open in ["<si>", "<a>", "<a b='"] {
        assert!(xml::parse(&open.repeat(xml::MAX_LENGTH / open.len())).is_err());
    }
    let nested = format!("{}{}", "<si>".repeat(7_000), "</si>".repeat(7_000));
    assert!(xml::parse(&nested).is_err());
}
