//! WBXML token by token: the examples of the standards, every form that a token can have, and what cannot be read.
#![allow(clippy::unwrap_used)]

use waxwing_wap::Document;
use waxwing_wap::document::*;
use waxwing_wap::wbxml::{Element, Extension, Limits, Node, Options, PublicId, StringTable, Version, decode, encode, tables};

const PLAIN: Options = Options { version: Version::V1_1, string_table: StringTable::Forbidden, public_id: PublicId::Number };

fn href(octets: &[u8]) -> String {
    match Document::from_wbxml(octets).unwrap() {
        Document::Sl(sl) => sl.href,
        other => panic!("{other:?}"),
    }
}

/// The examples of WAP-167-ServiceInd (section 8.3), WAP-168-ServiceLoad (section 9.3) and the settings specification.
#[test]
fn the_examples_of_the_standards() {
    let si = Si {
        created: Some("1999-06-25T15:23:15Z".parse().unwrap()),
        expires: Some("1999-06-30T00:00:00Z".parse().unwrap()),
        ..Si::new("http://www.xyz.com/email/123/abc.wml", "You have 4 new emails")
    };
    let sl = Sl { href: "http://www.xyz.com/ppaid/123/abc.wml".to_owned(), action: SlAction::ExecuteLow };
    for (document, octets) in [
        (
            Document::Si(si),
            &b"\x01\x05\x6a\0\x45\xc6\x0d\x03xyz\0\x85\x03email/123/abc.wml\0\x0a\xc3\x07\x19\x99\x06\x25\x15\x23\x15\
              \x10\xc3\x04\x19\x99\x06\x30\x01\x03You have 4 new emails\0\x01\x01"[..],
        ),
        (Document::Sl(sl), b"\x01\x06\x6a\0\x85\x0a\x03xyz\0\x85\x03ppaid/123/abc.wml\0\x01"),
        (
            Document::Ota(Ota::bookmark("Example", "http://www.example.com/")),
            b"\x01\x01\x6a\0\x45\xc6\x7f\x01\x87\x15\x11\x03Example\0\x01\x87\x17\x11\x03http://www.example.com/\0\x01\x01\x01",
        ),
    ] {
        assert_eq!(document.to_wbxml(PLAIN).unwrap(), octets, "{document:?}");
        assert_eq!(Document::from_wbxml(octets).unwrap(), document);
    }
}

#[test]
fn code_pages_are_switched_where_they_have_to_be() {
    let application = Characteristic::new("APPLICATION").with("APPID", "w2").with("NAME", "n").with("TO-PROXY", "p");
    let nap = Characteristic::new("NAPDEF").with("NAP-ADDRTYPE", "APN");
    let document = Document::Provisioning(Provisioning { version: Some("1.0".to_owned()), characteristics: vec![application, nap] });
    let octets = b"\x01\x0b\x6a\0\xc5\x46\x01\
        \xc6\0\x01\x55\x01\x87\x36\x06\x03w2\0\x01\x87\x07\x06\x03n\0\x01\x87\x39\x06\x03p\0\x01\x01\
        \xc6\0\0\x55\x01\x87\x09\x06\x89\x01\x01\x01";
    assert_eq!(document.to_wbxml(PLAIN).unwrap(), octets);
    assert_eq!(Document::from_wbxml(octets).unwrap(), document);
}

#[test]
fn strings_have_many_forms() {
    for (octets, expected) in [
        // Inline, by token, in the table, by entity, as opaque data, with extensions between.
        (&b"\x03\x06\x6a\0\x85\x08\x03a\0\x85\x01"[..], "a.com/"),
        (b"\x03\x06\x6a\x06ab\0cd\0\x85\x08\x83\x03\x83\x00\x83\x01\x01", "cdabb"),
        (b"\x03\x06\x6a\0\x85\x08\x02\x87\x69\x02\x41\x01", "ϩA"),
        (b"\x03\x06\x6a\0\x85\x08\xc3\x02hi\x01", "hi"),
        (b"\x03\x06\x6a\0\x85\x08\x03a\0\xc0\x80\x05\x40x\0\x03b\0\x01", "ab"),
        // The last string of a table without its NUL; a code page switch that changes nothing.
        (b"\x03\x06\x6a\x02ab\x85\0\0\x08\x83\x00\0\0\x01", "ab"),
        // The public identifier in the string table, the name of the attribute as a literal, a processing instruction before.
        (b"\x02\0\0\x6a\x22-//WAPFORUM//DTD SL 1.0//EN\0href\0\0\x43\x04\x1c\x03x\0\x01\x85\x04\x1c\x03y\0\x01", "y"),
        // Version 1.0, which has no charset; UTF-16; no charset said; ISO-8859-1.
        (b"\x00\x06\0\x85\x08\x03a\0\x01", "a"),
        (b"\x03\x06\x87\x77\0\x85\x08\x03\0a\x4f\x60\0\0\x01", "a你"),
        (b"\x03\x06\0\0\x85\x08\x03\xc3\xa9\0\x01", "é"),
        (b"\x03\x06\x04\0\x85\x08\x03\xe9\0\x01", "é"),
        // The last of several attributes; padding after the end.
        (b"\x03\x06\x6a\0\x85\x08\x03a\0\x09\x03b\0\x01\0\0\0", "http://b"),
    ] {
        assert_eq!(href(octets), expected, "{octets:02x?}");
    }
}

#[test]
fn literal_names_are_those_of_the_language() {
    let octets = b"\x02\x0e\x6a\x3brights\0context\0version\0agreement\0asset\0uid\0permission\0play\0\x44\0\x44\x07\x44\x0f\x03\
        1.0\0\x01\x01\x44\x17\x44\x21\x44\x07\x44\x27\x03cid:1\0\x01\x01\x01\x44\x2b\x04\x36\x01\x01\x01";
    let rights = Rights::new("cid:1", vec![Permission { kind: PermissionKind::Play, constraint: None }]);
    assert_eq!(Document::from_wbxml(octets).unwrap(), Document::Rights(rights));
}

#[test]
fn keys_are_octets_in_wbxml_and_base64_in_xml() {
    let rights = Rights { key: Some("AAECAw==".to_owned()), ..Rights::new("cid:1", vec![]) };
    let document = Document::Rights(rights);
    let wbxml = document.to_wbxml(PLAIN).unwrap();
    assert!(wbxml.windows(6).any(|window| window == [0x4c, 0xc3, 4, 0, 1, 2]), "{wbxml:02x?}");
    assert!(document.to_xml().unwrap().contains("<ds:KeyValue>AAECAw==</ds:KeyValue>"));
}

#[test]
fn extensions_and_octets_go_both_ways() {
    let mut root = Element::new("si");
    root.children = vec![
        Node::Extension(Extension::Alone(2)),
        Node::Extension(Extension::Number(1, 300)),
        Node::Extension(Extension::Text(0, "x".to_owned())),
        Node::Octets(vec![0, 1, 2]),
        Node::Text("t".to_owned()),
    ];
    let wbxml = encode(&root, &tables::SI, PLAIN).unwrap();
    assert_eq!(wbxml, b"\x01\x05\x6a\0\x45\xc2\x81\x82\x2c\x40x\0\xc3\x03\0\x01\x02\x03t\0\x01");
    let (language, again) = decode(&wbxml, Limits::default()).unwrap();
    assert_eq!((language.public_id, again), (5, root));
}

#[test]
fn names_without_tokens_need_a_string_table() {
    let vendor = Characteristic::new("X-VENDOR").with("X-PARM", "1");
    let document = Document::Provisioning(Provisioning { version: None, characteristics: vec![vendor] });
    // The generic tokens of this language have any name.
    assert_eq!(
        document.to_wbxml(PLAIN).unwrap(),
        b"\x01\x0b\x6a\0\x45\xc6\x50\x03X-VENDOR\0\x01\x87\x05\x03X-PARM\0\x06\x031\0\x01\x01\x01"
    );
    let ota = Document::Ota(Ota { characteristics: vec![OtaCharacteristic::new("X")] });
    let error = ota.to_wbxml(PLAIN).unwrap_err();
    assert_eq!(error.to_string(), "\"TYPE\" has no token, so that it needs a string table; allow one");
    assert_eq!(ota.to_wbxml(Options::default()).unwrap(), b"\x02\x01\x6a\x05TYPE\0\x45\x86\x04\0\x03X\0\x01\x01");
}

#[test]
fn repeated_strings_stand_in_the_table_once() {
    let names = ["www.operator.example", "www.operator.example", "www.operator.example"];
    let operations = names.map(|name| Invalidate::Object(name.to_owned())).to_vec();
    let document = Document::Co(Co { operations });
    let wbxml = document.to_wbxml(Options { string_table: StringTable::Repeated, ..Options::default() }).unwrap();
    assert_eq!(wbxml.windows(20).filter(|window| *window == b"www.operator.example").count(), 1);
    assert_eq!(Document::from_wbxml(&wbxml).unwrap(), document);
    let bound = Options { string_table: StringTable::Forbidden, ..Options::default() };
    assert!(wbxml.len() < document.to_wbxml(bound).unwrap().len());
}

#[test]
fn types_are_told_by_number_or_by_name() {
    let document = Document::Sl(Sl { href: "http://a".to_owned(), action: SlAction::ExecuteLow });
    let named = document.to_wbxml(Options { public_id: PublicId::Name, ..Options::default() }).unwrap();
    assert_eq!(named, b"\x02\0\0\x6a\x1c-//WAPFORUM//DTD SL 1.0//EN\0\x85\x09\x03a\0\x01");
    assert_eq!(Document::from_wbxml(&named).unwrap(), document);
}

#[test]
fn errors_tell_what_and_where() {
    for (octets, expected) in [
        (&b""[..], "WBXML version at octet 0: 1 octets are needed and 0 are left; the data is cut off, or a length in it is wrong"),
        (b"<si/>", "WBXML version at octet 0: 0x3c cannot stand here"),
        (
            b"\x02\x0a\x6a\0\x45",
            "public identifier at octet 1: the document type 0x0a is not known; known are SI, SL, CO, EMN, PROV, DRMREL and the OTA \
             settings of Nokia and Ericsson",
        ),
        (b"\x02\x06\xce\x0f\0\x85", "charset at octet 4: the charset with MIBenum 9999 is not known"),
        (
            b"\x02\x06\x6a\x40ab",
            "string table at octet 4: 64 octets are needed and 2 are left; the data is cut off, or a length in it is wrong",
        ),
        (
            b"\x02\x06\x6a\0\x45",
            "content of an element at octet 5: 1 octets are needed and 0 are left; the data is cut off, or a length in it is wrong",
        ),
        (b"\x02\x06\x6a\0\x49\x01", "tag at octet 4: code page 0 has no tag with the token 0x09"),
        (b"\x02\x06\x6a\0\x85\x30\x01", "attribute at octet 5: code page 0 has no attribute with the token 0x30"),
        (b"\x02\x06\x6a\0\x85\x08\x99\x01", "attribute value at octet 6: code page 0 has no attribute value with the token 0x99"),
        (
            b"\x02\x06\x6a\0\x85\x08\x83\x07\x01",
            "string table reference at octet 8: the string table has 0 octets, and octet 7 is asked for",
        ),
        (b"\x02\x06\x6a\0\x85\x08\x03ab", "inline string at octet 7: the string does not end"),
        (
            b"\x02\x05\x6a\0\x45\xc6\x0a\xc3\x02\x20\x0a\x01\x01\x01",
            "date at octet 7: 200a is no date; a date is yyyymmddhhmmss in decimal digits, two an octet",
        ),
        (b"\x02\x05\x6a\0\x05", "document at octet 0: indication: is missing"),
    ] {
        assert_eq!(Document::from_wbxml(octets).unwrap_err().to_string(), expected, "{octets:02x?}");
    }
}
