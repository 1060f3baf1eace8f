//! Damaged and hostile PDUs and presentations: no panic, no memory and no time beyond what the input explains.
#![allow(clippy::unwrap_used)]

mod common;

use bytes::Bytes;
use common::{manifest, pdus, samples};
use waxwing_mms::*;
use waxwing_proto_testing::Damaged;
use waxwing_wap::wsp::{ContentType, write};

const MUTATIONS: usize = 30_000;

/// Does with octets whatever this crate can do.
fn exercise(octets: &[u8]) {
    let octets = Bytes::copy_from_slice(octets);
    let description = describe::describe(&octets);
    let bound = 400 * octets.len() + 20_000;
    assert!(description.to_string().len() <= bound && description.to_json().len() <= bound, "{octets:02x?}");
    let Ok(decoded) = Pdu::decode(octets.clone()) else { return };
    let pdu = &decoded.pdu;
    let raw = Pdu::decode_headers(octets.clone()).unwrap();
    assert_eq!((raw.pdu.kind, &raw.pdu.headers), (pdu.kind, &pdu.headers), "{octets:02x?}");
    let _ = (pdu.missing(), pdu.deletions(), pdu.descriptions(Limits::default()));
    let _ = HeaderFile::parse(&HeaderFile::of(pdu, Vec::new()).to_string());
    if let Some(content) = &pdu.content {
        let data: usize = content.parts().iter().map(|part| part.data.len()).sum();
        assert!(data <= octets.len(), "{octets:02x?}");
        let leaves = content.leaves(Limits::default());
        for part in leaves.iter().flatten() {
            let _ = (part.name(), part.file_name(), part.decoded_text(), part.is_called("x"));
            let _ = drm::Message::of_part(part);
            let _ = drm::Dcf::decode(&part.data);
        }
        if let Some(root) = content.root()
            && let Ok(smil) = Smil::parse(&root.decoded_text())
        {
            let _ = smil.check(content.parts());
        }
    }
    // What can be written is read again, and then stays what it is.
    let Ok(wire) = pdu.encode() else { return };
    let again = Pdu::decode(wire).unwrap_or_else(|error| panic!("{error}: {octets:02x?}")).pdu;
    if let Ok(wire) = again.encode() {
        let third = Pdu::decode(wire).unwrap().pdu;
        assert_eq!(third.kind, again.kind);
        assert_eq!(third.headers, again.headers, "{octets:02x?}");
    }
}

fn wires() -> Vec<Vec<u8>> {
    pdus().iter().map(|pdu| pdu.encode().unwrap()).collect()
}

#[test]
fn every_truncation_of_every_pdu() {
    for wire in wires() {
        for length in 0..wire.len() {
            exercise(&wire[..length]);
        }
    }
}

#[test]
fn many_mutations_of_pdus() {
    for wire in Damaged::new(wires(), 0x3A9).take(MUTATIONS) {
        exercise(&wire);
    }
}

#[test]
fn many_mutations_of_samples() {
    let Some(directory) = samples("many_mutations_of_samples") else { return };
    // Of large ones the beginning, where there is something to damage.
    let samples = manifest(&directory).into_iter().map(|sample| sample.octets.into_iter().take(2_000).collect());
    for wire in Damaged::new(samples, 0x3AA).take(MUTATIONS / 2) {
        exercise(&wire);
    }
}

#[test]
fn lies_about_lengths_cost_no_memory() {
    let huge = b"\x8f\xff\xff\xff\x7f";
    for lie in [
        &[&b"\x8c\x84\x8d\x90\x84\x1f"[..], huge, b"\xb3"].concat()[..],
        &[&b"\x8c\x84\x8d\x90\x84\xa3"[..], huge].concat(),
        &[&b"\x8c\x84\x8d\x90\x84\xa3\x01"[..], huge, huge, b"\x83"].concat(),
        &[&b"\x8c\x84\x8d\x90\x84\xa3\x01\x02"[..], huge, b"\x83\x83"].concat(),
        &[&b"\x8c\x84\x8d\x90\x96\x1f"[..], huge, b"\xea"].concat(),
        &[&b"\x8c\x84\x8d\x90\x89\x1f"[..], huge, b"\x80"].concat(),
    ] {
        let info = allocation_counter::measure(|| exercise(lie));
        assert!(info.bytes_max < 100_000, "{} octets for {lie:02x?}", info.bytes_max);
    }
}

#[test]
fn more_parts_than_anybody_sends_are_refused() {
    let mut bomb = b"\x8c\x84\x8d\x90\x85\x01\x01\x84\xa3".to_vec();
    write::uintvar(10_000, &mut bomb);
    bomb.extend([1, 0, 0x83].repeat(10_000));
    let mut error = None;
    let info = allocation_counter::measure(|| error = Pdu::decode(bomb.clone()).err());
    // As much as a thousand parts, and the octets themselves.
    assert!(info.bytes_max < 1 << 20, "{} octets", info.bytes_max);
    let error = error.unwrap();
    assert_eq!((error.kind, error.problem), (Some(PduType::RetrieveConf), Problem::Parts(1_000)));
    // As many as are wanted can be had.
    let limits = Limits { parts: 10_000, ..Limits::default() };
    assert_eq!(Pdu::decode_within(bomb.clone(), limits).unwrap().pdu.content.unwrap().parts().len(), 10_000);
    // Untouched, they may go through.
    assert!(Pdu::decode_headers(bomb).is_ok());

    // A thousand parts with a thousand parts each.
    let inner = [&[0x87, 0x68][..], &[1, 0, 0x83].repeat(1_000)].concat();
    let part = Part::new(ContentType::new("application/vnd.wap.multipart.mixed"), inner);
    let content = Content::from(Multipart::mixed(vec![part; 1_000]));
    assert_eq!(content.leaves(Limits::default()).unwrap_err().problem, Problem::Parts(1_000));
}

#[test]
fn more_header_fields_than_anybody_sends_are_refused() {
    let bomb = [&b"\x8c\x80\x98T\0\x8d\x90"[..], &b"\x86\x80".repeat(100_000)].concat();
    let mut error = None;
    let info = allocation_counter::measure(|| error = Pdu::decode(bomb).err());
    assert!(info.bytes_max < 2 << 20, "{} octets", info.bytes_max);
    let error = error.unwrap();
    assert_eq!((error.transaction_id.as_deref(), error.problem), (Some("T"), Problem::Headers(4_096)));
}

#[test]
fn hostile_presentations_are_bounded() {
    let long = " ".repeat(smil::MAX_LENGTH + 1);
    assert_eq!(Smil::parse(&long).unwrap_err().to_string(), "the SMIL has 262145 octets and 262144 are allowed");
    let many = format!("<smil>{}</smil>", "<par>".repeat(20_000));
    assert_eq!(Smil::parse(&many).unwrap_err().to_string(), "the SMIL has more than 5000 elements");
    assert_eq!(Smil::parse("<html/>").unwrap_err().to_string(), "there is no element smil; this is no SMIL");
    // A billion laughs: entities are not expanded, not even read.
    let laughs =
        "<!DOCTYPE smil [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;\">]><smil><body><par><text src=\"&b;&b;\"/></par></body></smil>";
    assert_eq!(Smil::parse(laughs).unwrap().slides[0].media[0].source, "&b;&b;");
    // What never ends.
    for piece in ["<", "<a ", "<a b=", "<a b='", "<!--", "<![CDATA[", "<?", "<!DOCTYPE [", "&", "&#", "<par>", "</par>", "<a b=\"&amp;\" "]
    {
        let text = format!("<smil>{}", piece.repeat(smil::MAX_LENGTH / piece.len() - 10));
        let info = allocation_counter::measure(|| {
            let _ = Smil::parse(&text);
            let _ = smil::sources(&text);
            let _ = smil::rewrite(&text, |_| None);
        });
        assert!(info.bytes_max < 16 << 20, "{} octets for {piece}", info.bytes_max);
    }
    // A thousand references to a thousand parts.
    let parts: Vec<Part> = (0..1_000).map(|number| Part::text("").named(&format!("{number}.txt"))).collect();
    let media = (0..4_000).map(|number| format!("<text src=\"x{number}\"/>")).collect::<String>();
    let smil = Smil::parse(&format!("<smil><body>{media}</body></smil>")).unwrap();
    assert_eq!(smil.check(&parts).len(), 4_000 + 4_000 + 1_000);
}

#[test]
fn damaged_protected_objects_do_no_harm() {
    let key = [7; 16];
    let dcf =
        drm::Dcf::seal("image/gif", "cid:1@example.com", &key, &[9; 16], &[0; 100]).with_header("Rights-Issuer", "http://example.com");
    let rights = drm::rights("cid:1@example.com", None, Vec::new());
    let message = drm::Message::combined(rights, ContentType::new("image/gif"), vec![0; 100]);
    let wires = [dcf.encode().unwrap(), message.encode(drm::Encoding::Base64).unwrap().1, message.encode(drm::Encoding::Binary).unwrap().1];
    let exercise = |wire: Vec<u8>| {
        let wire = Bytes::from(wire);
        if let Ok(dcf) = drm::Dcf::decode(&wire) {
            let _ = (dcf.open(&key), dcf.encode());
        }
        if let Ok(message) = drm::Message::decode(&wire, None) {
            assert!(message.data.len() <= wire.len());
            let _ = message.encode(drm::Encoding::Base64);
        }
    };
    for wire in &wires {
        (0..wire.len()).for_each(|length| exercise(wire[..length].to_vec()));
    }
    Damaged::new(wires, 0x3AB).take(MUTATIONS / 4).for_each(exercise);
    // Delimiters upon delimiters.
    exercise(b"--b\r\n".repeat(20_000));
    exercise(b"\n--".repeat(20_000));
}
