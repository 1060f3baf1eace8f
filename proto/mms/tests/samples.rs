//! Real PDUs, made by phones, operators and other products, are what other decoders say that they are.
#![allow(clippy::unwrap_used)]

mod common;

use common::{manifest, samples};
use waxwing_mms::{Content, Field, MmsAddress, Pdu, PduType, Quirks, Smil, describe, smil};

/// All of a PDU but data.
fn outline(pdu: &Pdu) -> String {
    let parts =
        pdu.content.iter().flat_map(Content::parts).map(|part| format!("{:?} {:?} {}", part.content_type, part.headers, part.data.len()));
    format!("{:?} {:?}", pdu.headers, parts.collect::<Vec<_>>())
}

#[test]
fn every_sample_is_what_the_manifest_says() {
    let Some(directory) = samples("every_sample_is_what_the_manifest_says") else { return };
    let mut seen = 0;
    for sample in manifest(&directory) {
        seen += 1;
        let decoded = match Pdu::decode(sample.octets.clone()) {
            Ok(decoded) => decoded,
            Err(error) => {
                assert!(sample.other.starts_with("FAIL"), "{}: {error}", sample.file);
                continue;
            }
        };
        let Pdu { kind, content, .. } = &decoded.pdu;
        assert!(sample.tshark.starts_with(&format!("{kind} ")), "{}: {kind}, not {}", sample.file, sample.tshark);
        let parts = match content {
            Some(Content::Multipart(multipart)) => multipart.parts.len(),
            _ => 0,
        };
        assert!(sample.other.ends_with(&format!("parts={parts}")), "{}: {parts} parts, not {}", sample.file, sample.other);
        assert_eq!(decoded.quirks, Quirks::NONE, "{}", sample.file);
        let text = describe::describe(&sample.octets);
        assert_eq!(text.error(), None, "{}", sample.file);
    }
    assert!(seen >= 28, "{seen} samples");
}

#[test]
fn what_was_decoded_is_encoded_and_decoded_to_the_same() {
    let Some(directory) = samples("what_was_decoded_is_encoded_and_decoded_to_the_same") else { return };
    for sample in manifest(&directory) {
        let Ok(decoded) = Pdu::decode(sample.octets.clone()) else { continue };
        let wire = decoded.pdu.encode().unwrap_or_else(|error| panic!("{}: {error}", sample.file));
        let again = Pdu::decode(wire).unwrap();
        assert!(again.pdu == decoded.pdu, "{}: {:?} and {:?}", sample.file, outline(&again.pdu), outline(&decoded.pdu));
        assert_eq!(again.quirks, Quirks::NONE, "{}", sample.file);
        // With the content as it came: the octets from the content type on are the same.
        let raw = Pdu::decode_headers(sample.octets.clone()).unwrap().pdu;
        let wire = raw.encode().unwrap();
        if let Some(Content::Raw(content)) = &raw.content {
            let length = content.body_len();
            assert_eq!(wire[wire.len() - length..], sample.octets[sample.octets.len() - length..], "{}", sample.file);
            let head = raw.encode_headers().unwrap();
            assert_eq!([&head[..], &content.body()].concat(), wire, "{}", sample.file);
        }
        assert!(Pdu::decode(wire).unwrap().pdu == decoded.pdu, "{}", sample.file);
    }
}

#[test]
fn values_are_those_that_were_sent() {
    let Some(directory) = samples("values_are_those_that_were_sent") else { return };
    let read = |name: &str| Pdu::decode(std::fs::read(directory.join("mms").join(name)).unwrap()).unwrap().pdu;
    let pdu = read("jolla-m-notification_3.ind");
    assert_eq!((pdu.kind, pdu.transaction_id.as_deref()), (PduType::NotificationInd, Some("Ad0b9pXNC_Be1I_VQ")));
    assert_eq!(pdu.sender(), Some(&MmsAddress::Number("+358540000000".to_owned())));
    assert_eq!(pdu.message_size(), Some(&137_105));
    assert_eq!(pdu.content_location().map(String::as_str), Some("http://mmsc42:10021/mmsc/4_2?Ad0b9pXNC_Be1I_VQ"));
    // The space before this one is no part of it.
    assert_eq!(read("ofono-ni-mms-1-3-con-271.mms").content_location().map(String::as_str), Some("http://eps3.de/O/Z9IZO"));
    assert_eq!(read("jolla-test_retrieve-NotFound-m-notification.ind").subject().unwrap().text, "Питер");
    assert_eq!(read("ofono-sr-mms-related-multi-to.mms").recipients().filter(|(field, _)| *field == Field::To).count(), 2);
    // A 1.0 gateway's answer that is text and no multipart.
    let pdu = read("jolla-m-retrieve_5.conf");
    assert_eq!(pdu.content.as_ref().unwrap().parts()[0].decoded_text(), "4504:Message not found");
    let pdu = read("ofono-rc-mms-1-3-con-213.mms");
    let text = pdu.content.as_ref().unwrap().parts()[0].decoded_text();
    assert!(text.starts_with("French ê has a roof over the e. German ü is"), "{text}");
    let pdu = read("jolla-m-retrieve_8.conf");
    let parts = pdu.content.as_ref().unwrap().parts();
    assert_eq!(parts[1].file_name().as_deref(), Some("Mamma Mia Cell.vcf"));
    assert_eq!(parts[1].disposition().unwrap().kind, "attachment");
}

#[test]
fn presentations_are_found_and_mean_parts_of_theirs() {
    let Some(directory) = samples("presentations_are_found_and_mean_parts_of_theirs") else { return };
    let mut seen = 0;
    for sample in manifest(&directory) {
        let Ok(decoded) = Pdu::decode(sample.octets) else { continue };
        let Some(content) = decoded.pdu.content else { continue };
        let Some(root) = content.root() else { continue };
        let text = root.decoded_text();
        let presentation = Smil::parse(&text).unwrap_or_else(|error| panic!("{}: {error}", sample.file));
        assert!(!presentation.slides.is_empty(), "{}", sample.file);
        let media: Vec<&str> = presentation.slides.iter().flat_map(|slide| &slide.media).map(|media| media.source.as_str()).collect();
        assert_eq!(smil::sources(&text).unwrap(), media, "{}", sample.file);
        let unknown: Vec<_> = media.iter().filter(|source| !content.parts().iter().any(|part| part.is_called(source))).collect();
        assert!(unknown.is_empty(), "{}: {unknown:?}", sample.file);
        for finding in presentation.check(content.parts()) {
            let known = matches!(&finding, smil::Finding::NoDuration(1)) || finding == smil::Finding::Region("Media".to_owned());
            assert!(known, "{}: {finding}", sample.file);
        }
        let rewritten = smil::rewrite(&text, |source| Some(format!("cid:{source}"))).unwrap();
        assert_eq!(rewritten.replace("\"cid:", "\""), text, "{}", sample.file);
        seen += 1;
    }
    assert!(seen >= 12, "{seen} presentations");
}

#[test]
fn no_truncation_of_a_sample_does_harm() {
    let Some(directory) = samples("no_truncation_of_a_sample_does_harm") else { return };
    for sample in manifest(&directory) {
        let octets = bytes::Bytes::from(sample.octets);
        // Every length where header fields are, and others further on.
        let lengths = (0..octets.len()).filter(|length| *length < 3_000 || length % 97 == 0);
        for length in lengths {
            if let Ok(decoded) = Pdu::decode(octets.slice(..length)) {
                let size: usize = decoded.pdu.content.iter().flat_map(Content::parts).map(|part| part.data.len()).sum();
                assert!(size <= length, "{} cut to {length}", sample.file);
            }
        }
    }
}
