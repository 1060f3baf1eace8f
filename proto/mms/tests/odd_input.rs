//! What real phones, operators and gateways send that is not what the standard says, and that means something nevertheless.
#![allow(clippy::unwrap_used)]

use waxwing_mms::*;
use waxwing_wap::Charset;

fn decode(octets: &[u8]) -> Decoded {
    Pdu::decode(octets.to_vec()).unwrap_or_else(|error| panic!("{error}: {octets:02x?}"))
}

/// A notification with something behind it.
fn notification(more: &[u8]) -> Decoded {
    decode(&[&b"\x8c\x82\x98T\0\x8d\x90\x8a\x80\x8e\x02\x75\x30\x88\x05\x81\x03\x03\xf4\x80\x83http://m/1\0"[..], more].concat())
}

fn header(more: &[u8]) -> (String, Quirks) {
    let decoded = notification(more);
    (decoded.pdu.headers.last().unwrap().to_string(), decoded.quirks)
}

#[test]
fn header_fields_in_odd_forms() {
    for (octets, text, quirk) in [
        (&b"\x96abc"[..], "Subject: abc", Quirks::UNTERMINATED_TEXT),
        (b"\x96\0", "Subject: ", Quirks::NONE),
        (b"\x95\x80", "X-Mms-Status: Expired", Quirks::NONE),
        (b"\x96\x04\xeaIL\0", "Subject: IL", Quirks::NONE),
        (b"\x96\x0f\xea\x7f=?utf-8?B??=\0", "Subject: =?utf-8?B??=", Quirks::NONE),
        // The charset is not known, missing, or the length is one of the text alone or of more than there is.
        (b"\x96\x06\x02\x7f\xffab\0", "Subject: ab", Quirks::UNKNOWN_CHARSET),
        (
            b"\x96\x03\xeaab\0\x86\x80",
            "X-Mms-Delivery-Report: Yes",
            Quirks::UNTERMINATED_TEXT.union(Quirks::VALUE_LENGTH).union(Quirks::TRAILING_OCTETS),
        ),
        (b"\x96\x03ab\0", "Subject: ab", Quirks::NONE),
        (b"\x96\x1e\xeaab\0", "Subject: ab", Quirks::VALUE_LENGTH),
        (b"\x96\x03\xeaab", "Subject: ab", Quirks::VALUE_LENGTH.union(Quirks::UNTERMINATED_TEXT)),
        (b"\x96\xd0\x9f\xd0\xb8\0", "Subject: Пи", Quirks::NONE),
        (b"\x96\x08\xea\xef\xbb\xbfabc\0", "Subject: abc", Quirks::NONE),
        (b"\x89\x0e\x80+1/TYPE=PLMN\0", "From: +1/TYPE=PLMN", Quirks::NONE),
        (b"\x89\x10\x80\x0e\x83+1/TYPE=PLMN\0", "From: +1/TYPE=PLMN", Quirks::NONE),
        (b"\x89\x0b\x80#ADC18222\0", "From: #ADC18222", Quirks::NONE),
        (b"\x89\x01\x81", "From: insert-address-token", Quirks::NONE),
        (b"\x89+1/TYPE=PLMN\0", "From: +1/TYPE=PLMN", Quirks::VALUE_LENGTH),
        (b"\x97+1/TYPE=PLNM\0", "To: +1/TYPE=PLMN", Quirks::ADDRESS_TYPE),
        (b"\x97+1/type=plmn\0", "To: +1/TYPE=PLMN", Quirks::NONE),
        (b"\x97447700900123\0", "To: 447700900123/TYPE=PLMN", Quirks::NONE),
        (b"\x97a/TYPE=x-y\0", "To: a/TYPE=x-y", Quirks::ADDRESS_TYPE),
        (b"\xadX-MMS-Unrecognised\0", "X-Mms-Message-Count: X-MMS-Unrecognised", Quirks::UNREADABLE_VALUE),
        (b"X-Scanned-By\0someone\0", "X-Scanned-By: someone", Quirks::NONE),
        (b"Return-Path\0\0", "Return-Path: ", Quirks::NONE),
        (b"X-Number\0\x85", "X-Number: 5", Quirks::NONE),
        (b"X-Last", "X-Last: ", Quirks::UNTERMINATED_TEXT),
        (b"\xc0\x81", "header-0x40: 1", Quirks::UNKNOWN_HEADER),
        (b"\xff\x02\x01\x02", "header-0x7f: 0102", Quirks::UNKNOWN_HEADER),
        (b"\x8f\xff", "X-Mms-Priority: 0xff", Quirks::NONE),
        (b"\x86yes\0", "X-Mms-Delivery-Report: yes", Quirks::UNREADABLE_VALUE),
        (b"\x90\x82", "X-Mms-Read-Report: 2", Quirks::UNREADABLE_VALUE),
        (b"\x9d\x03\x80\x01\x05", "X-Mms-Reply-Charging-Deadline: Thu, 01 Jan 1970 00:00:05 GMT", Quirks::NONE),
        (b"\x9d\x02\x80\x85", "X-Mms-Reply-Charging-Deadline: Thu, 01 Jan 1970 00:00:05 GMT", Quirks::NONE),
        (b"\x9f\x85", "X-Mms-Reply-Charging-Size: 5", Quirks::NONE),
        (b"\x8b<1@a>\0", "Message-ID: <1@a>", Quirks::NONE),
        (b"\x7f\x01\x86\x80", "X-Mms-Delivery-Report: Yes", Quirks::SHIFT_CODE),
        (b"\x01\x86\x80", "X-Mms-Delivery-Report: Yes", Quirks::SHIFT_CODE),
        (b"\x86\x80\0\0\0", "X-Mms-Delivery-Report: Yes", Quirks::TRAILING_OCTETS),
        (b"\0\x86\x80", "X-Mms-Delivery-Report: Yes", Quirks::TRAILING_OCTETS),
    ] {
        assert_eq!(header(octets), (text.to_owned(), quirk), "{octets:02x?}");
    }
    // Left out.
    for octets in [&b"\x81\0"[..], b"\x97 \0", b"\x97/TYPE=PLMN\0"] {
        let decoded = notification(octets);
        assert_eq!((decoded.pdu.recipients().count(), decoded.quirks), (0, Quirks::EMPTY_ADDRESS), "{octets:02x?}");
    }
    // Of another code page, stepped over.
    let decoded = notification(b"\x7f\x02\x97\x80\x7f\x01\x86\x80");
    assert_eq!(decoded.pdu.delivery_report(), Some(&true));
    assert_eq!(decoded.pdu.to(), None);
}

#[test]
fn numbers_in_odd_forms() {
    for (octets, size, expiry) in [
        (&b"\x8e\x04\x00\x00\x05\x01\x88\x03\x81\x01\x3c"[..], 1281, Time::After(60)),
        (b"\x8e\x85\x88\x04\x81\x02\x0e\x10", 5, Time::After(3600)),
        (b"\x8e\x01\x85\x88\x06\x80\x04\x6b\x49\xd2\x00", 0x85, Time::At(0x6b49_d200)),
        (b"\x8e\x00\x88\x06\x81\x04\x00\x03\xf4\x80", 0, Time::After(259_200)),
        (b"\x8e\x09\x00\x00\x00\x00\x00\x00\x00\x01\x00\x88\x1f\x05\x81\x03\x03\xf4\x80", 256, Time::After(259_200)),
    ] {
        let decoded = decode(&[&b"\x8c\x82\x98T\0\x8d\x90\x8a\x80\x83http://m/1\0"[..], octets].concat());
        assert_eq!((decoded.pdu.message_size(), decoded.pdu.expiry()), (Some(&size), Some(&expiry)), "{octets:02x?}");
        assert_eq!(decoded.quirks, Quirks::NONE, "{octets:02x?}");
    }
}

#[test]
fn pdus_in_odd_order_or_with_too_little() {
    let decoded = decode(b"\x98T\0\x8d\x90\x8c\x85");
    assert_eq!((decoded.pdu.kind, decoded.quirks), (PduType::AcknowledgeInd, Quirks::HEADER_ORDER));
    let decoded = decode(b"\x8c\x85\x98T");
    assert_eq!(decoded.pdu.version, Version::V1_0);
    assert_eq!(decoded.quirks, Quirks::UNTERMINATED_TEXT.union(Quirks::MISSING_HEADER));
    let decoded = decode(b"\x8c\x85\x8d\x92");
    assert_eq!((decoded.pdu.missing(), decoded.quirks), (vec![Field::TransactionId], Quirks::MISSING_HEADER));
    let decoded = decode(b"\x8c\x85\x98T\0\x8d\x92\x98U\0\x8f\x81\x8f\x82");
    assert_eq!((decoded.pdu.transaction_id.as_deref(), decoded.quirks), (Some("T"), Quirks::REPEATED_HEADER));
    assert_eq!(decoded.pdu.priority(), Some(&Priority::Normal));
    // A version in a long integer.
    assert_eq!(decode(b"\x8c\x85\x98T\0\x8d\x01\x12").pdu.version, Version::V1_2);
}

#[test]
fn what_is_no_pdu_says_what_is_known_of_it() {
    let error = |octets: &[u8]| Pdu::decode(octets.to_vec()).unwrap_err();
    assert_eq!(error(b"").to_string(), "PDU at octet 0: there are no octets");
    assert_eq!(error(b"This is text").problem, Problem::NoMessageType);
    let unknown = error(b"\x8c\xa0\x98T7\0\x8d\x93");
    assert_eq!(unknown.to_string(), "X-Mms-Message-Type at octet 0: the message type 0xa0 is not known; known are 0x80 to 0x97");
    assert_eq!((unknown.transaction_id.as_deref(), unknown.version), (Some("T7"), Some(Version::V1_3)));
    let cut = error(b"\x8c\x80\x98T7\0\x8d\x90\x88\x05\x81");
    assert_eq!(
        cut.to_string(),
        "m-send-req: X-Mms-Expiry at octet 10: 5 octets are needed and 1 are left; the data is cut off, or a length in it is wrong"
    );
    assert_eq!((cut.kind, cut.transaction_id.as_deref()), (Some(PduType::SendReq), Some("T7")));
    let cut = error(b"\x8c\x80\x98T7\0\x8d\x90\x84\x1f\x20\xb3");
    assert!(cut.to_string().starts_with("m-send-req: Content-Type at octet "), "{cut}");
}

/// A message whose body is this, with its parts.
fn body(content_type: &[u8], body: &[u8]) -> (Vec<Part>, Quirks) {
    let decoded = decode(&[b"\x8c\x84\x8d\x90\x85\x04\x6b\x49\xd2\x00\x84", content_type, body].concat());
    (decoded.pdu.content.unwrap().parts().to_vec(), decoded.quirks)
}

fn mixed(octets: &[u8]) -> (Vec<Part>, Quirks) {
    body(b"\xa3", octets)
}

#[test]
fn lengths_of_parts_that_are_wrong() {
    let one = b"\x01\x02\x83hi";
    for (octets, count, quirks) in [
        (&[&b"\x01"[..], one].concat()[..], 1, Quirks::NONE),
        (&[&b"\x02"[..], one].concat(), 1, Quirks::PART_COUNT),
        (&[&b"\x00"[..], one, one].concat(), 2, Quirks::PART_COUNT),
        (&[&b"\x01"[..], one, one].concat(), 2, Quirks::PART_COUNT),
        (&[&b"\x01"[..], one, b"\0\0\0"].concat(), 1, Quirks::TRAILING_OCTETS),
        (&[&b"\x01"[..], one, b"\r\n--x--"].concat(), 1, Quirks::TRAILING_OCTETS),
        (b"\x01\x01\x09\x83hi", 1, Quirks::PART_LENGTH),
        (b"\x01\x7f\x02\x83hi", 1, Quirks::PART_LENGTH.union(Quirks::PART_HEADERS)),
        (b"\x01\x00\x02hi", 1, Quirks::NONE),
        (b"\x02\x01\x02\x83hi\x01", 1, Quirks::PART_LENGTH.union(Quirks::PART_COUNT)),
        (b"\x00", 0, Quirks::NONE),
        (b"", 0, Quirks::NONE),
        (b"\xff\xff\xff\xff\xff\xff", 0, Quirks::PART_COUNT),
        (b"\x8f\xff\xff\xff\x7f\x01\x02\x83hi", 1, Quirks::PART_COUNT),
    ] {
        let (parts, found) = mixed(octets);
        assert_eq!((parts.len(), found), (count, quirks), "{octets:02x?}");
    }
}

#[test]
fn header_fields_of_parts_in_odd_forms() {
    let part = |headers: &[u8]| {
        let (parts, quirks) = mixed(&[&[1, headers.len() as u8, 2], headers, b"hi"].concat());
        (parts.into_iter().next().unwrap(), quirks)
    };
    for (headers, media, name) in [
        (&b"\x9e\xc0\"<a.jpg>\0"[..], "image/jpeg", Some("a.jpg")),
        (b"\x9e\xc0\"a.jpg\0", "image/jpeg", Some("a.jpg")),
        (b"\x9e\xc0<a.jpg>\0", "image/jpeg", Some("a.jpg")),
        (b"\x9e\xc0\"<a.jpg>\"\0", "image/jpeg", Some("a.jpg")),
        (b"\x9e\x8ea.jpg\0", "image/jpeg", Some("a.jpg")),
        (b"\x9e\x8e\"a.jpg\"\0", "image/jpeg", Some("a.jpg")),
        (b"\x08\x9e\x85a.jpg\0", "image/jpeg", Some("a.jpg")),
        (b"\x08\x9e\x97a.jpg\0", "image/jpeg", Some("a.jpg")),
        (b"\x09\x9e\x97\"a.jpg\0", "image/jpeg", Some("a.jpg")),
        (b"\x0a\x9e\x97\"a.jpg\"\0", "image/jpeg", Some("a.jpg")),
        (b"\x08\x9e\x86a.jpg\0", "image/jpeg", Some("a.jpg")),
        (b"\x0c\x9ename\0a.jpg\0", "image/jpeg", Some("a.jpg")),
        (b"\x0c\x9eName\0a.jpg\0", "image/jpeg", Some("a.jpg")),
        (b"image/jpeg; name=\"a.jpg\"\0", "image/jpeg", Some("a.jpg")),
        (b"IMAGE/JPEG;name=a.jpg\0", "IMAGE/JPEG", Some("a.jpg")),
        (b"\x9e\xae\x08\x81\x86a.jpg\0", "image/jpeg", Some("a.jpg")),
        (b"\x9e\xc5\x08\x82\x98a.jpg\0", "image/jpeg", Some("a.jpg")),
        (b"\x9eContent-ID\0<a.jpg>\0", "image/jpeg", Some("a.jpg")),
        (b"\x9eContent-Location\0a.jpg\0", "image/jpeg", Some("a.jpg")),
        (b"\x9eContent-Disposition\0attachment; filename=\"a.jpg\"\0", "image/jpeg", Some("a.jpg")),
        (b"\x9e\x7f\x01\x8ea.jpg\0", "image/jpeg", Some("a.jpg")),
        (b"\x9e\x01\x8ea.jpg\0", "image/jpeg", Some("a.jpg")),
        (b"\x9e\xf0\x03abc\x8ea.jpg\0", "image/jpeg", Some("a.jpg")),
        (b"\x9e\xf0\x81\xf1x\0\x8ea.jpg", "image/jpeg", Some("a.jpg")),
        (b"\x9e\x8e\0", "image/jpeg", None),
        (b"\x9e", "image/jpeg", None),
        (b"application/smil\0\xc0\"<a.jpg>\0", "application/smil", Some("a.jpg")),
    ] {
        let (part, quirks) = part(headers);
        assert_eq!((part.content_type.media.as_str(), part.name().as_deref(), &*part.data), (media, name, &b"hi"[..]), "{headers:02x?}");
        assert_eq!(quirks, Quirks::NONE, "{headers:02x?}");
        if let Some(name) = name {
            for reference in [name.to_owned(), format!("cid:{name}"), format!("<{name}>"), format!("CID:<{name}>")] {
                assert!(part.is_called(&reference), "{headers:02x?} {reference}");
            }
            // Whatever form it came in, phones of all ages know the one that it leaves in.
            let again = Pdu::decode(Pdu::retrieve_conf(Version::V1_0, None, 0, Multipart::mixed(vec![part.clone()])).encode().unwrap());
            assert_eq!(again.unwrap().pdu.content.unwrap().parts()[0].name().as_deref(), Some(name), "{headers:02x?}");
        }
        assert!(!part.is_called("") && !part.is_called("b.jpg"));
    }
    let (part, quirks) = part(b"\x9e\x8e\x09ab");
    assert_eq!((part.content_location(), quirks), (None, Quirks::PART_HEADERS));
}

#[test]
fn text_in_odd_charsets() {
    for (content_type, data, text, charset) in [
        (&b"\x83"[..], &b"hi"[..], "hi", None),
        (b"\x83", b"h\xc3\xa9", "hé", None),
        (b"\x83", b"h\xe9", "hé", None),
        (b"\x83", b"\xef\xbb\xbfhi", "hi", Some(Charset::UTF_8)),
        (b"\x83", b"\xff\xfeh\0i\0", "hi", Some(Charset::UTF_16)),
        (b"\x83", b"\xfe\xff\0h\0i", "hi", Some(Charset::UTF_16)),
        (b"\x03\x83\x81\xea", b"h\xc3\xa9", "hé", Some(Charset::UTF_8)),
        (b"\x03\x83\x81\x84", b"h\xe9", "hé", Some(Charset::ISO_8859_1)),
        (b"\x03\x83\x81\x83", b"h\xc3\xa9", "hé", Some(Charset::US_ASCII)),
        (b"\x05\x83\x81\x02\x03\xf7", b"\0h\0i", "hi", Some(Charset::UTF_16)),
        (b"\x05\x83\x81\x02\x03\xf7", b"\xff\xfeh\0i\0", "hi", Some(Charset::UTF_16)),
        (b"\x05\x83\x81\x02\x07\xea", b"\xa7\x41", "你", Some(Charset(2026))),
        (b"\x0d\x83\x81utf-8\0\x85a\0", b"\xc3\xa9", "é", Some(Charset::UTF_8)),
        (b"text/plain; charset=\"utf-8\"\0", b"\xc3\xa9", "é", Some(Charset::UTF_8)),
        (b"\x12\x830xff\0iso-8859-1\0", b"\xe9", "é", None),
        (b"\x05\x83\x81\x02\x27\x0f", b"\xe9", "é", Some(Charset(9999))),
    ] {
        // Lengths by what there is.
        let mut content_type = content_type.to_vec();
        if content_type[0] < 0x1f {
            content_type[0] = (content_type.len() - 1) as u8;
        }
        let octets = [&[1, content_type.len() as u8, data.len() as u8], &content_type[..], data].concat();
        let (parts, quirks) = mixed(&octets);
        let part = &parts[0];
        assert_eq!((part.decoded_text().as_str(), part.charset()), (text, charset), "{octets:02x?}");
        assert!(part.is_text() && quirks.is_empty(), "{octets:02x?}");
    }
}

#[test]
fn transfer_encodings_are_undone() {
    for (encoding, data, decoded, quirks) in [
        ("base64", "R0lG\r\nODlh\r\n", "GIF89a", Quirks::TRANSFER_ENCODING),
        ("Base64", "R0lGODlh", "GIF89a", Quirks::TRANSFER_ENCODING),
        ("quoted-printable", "a=3Db=\r\nc", "a=bc", Quirks::TRANSFER_ENCODING),
        ("binary", "R0lG", "R0lG", Quirks::NONE),
        ("8bit", "a=3D", "a=3D", Quirks::NONE),
        ("base64", "not base64!", "not base64!", Quirks::NONE),
    ] {
        let headers = format!("\x23Content-Transfer-Encoding\0{encoding}\0").into_bytes();
        let headers = [&b"\x9d"[..], &headers[1..]].concat();
        let octets = [&[1, headers.len() as u8, data.len() as u8], &headers[..], data.as_bytes()].concat();
        let (parts, found) = mixed(&octets);
        assert_eq!((&*parts[0].data, found), (decoded.as_bytes(), quirks), "{encoding} {data}");
        // Decoded, it says nothing of an encoding any more.
        assert_eq!(parts[0].headers.0.is_empty(), data != "not base64!", "{encoding} {data}");
    }
}

#[test]
fn content_that_is_no_multipart() {
    for (octets, media, data) in [
        (&b"\x83hello"[..], "text/plain", "hello"),
        (b"\x03\x83\x81\xeahello", "text/plain", "hello"),
        (b"application/smil\0<smil/>", "application/smil", "<smil/>"),
        (b"\x9e", "image/jpeg", ""),
    ] {
        let (parts, quirks) = body(octets, b"");
        assert_eq!((parts.len(), parts[0].content_type.media.as_str(), &*parts[0].data), (1, media, data.as_bytes()));
        assert!(quirks.is_empty());
    }
}

#[test]
fn the_root_is_found_in_every_form() {
    let parts = b"\x02\x1b\x07application/smil\0\xc0\"<0.smil>\0<smil/>\x01\x02\x83hi";
    for (content_type, found) in [
        (&b"\x1c\xb3\x89application/smil\0\x8a<0.smil>\0"[..], true),
        (b"\x1a\xb3\x89application/smil\0\x8a0.smil\0", true),
        (b"\x1b\xb3\x89application/smil\0\x99\"<0.smil>\0", true),
        (b"\x1b\xb3\x8a<nothing>\0", true),
        (b"\xa3", true),
        (b"application/vnd.wap.multipart.related; type=\"application/smil\"; start=\"<0.smil>\"\0", true),
        (b"multipart/related; type=\"application/smil\"; start=\"<0.smil>\"\0", true),
        (b"\x8c", true),
    ] {
        let mut content_type = content_type.to_vec();
        if content_type[0] < 0x1f {
            content_type[0] = (content_type.len() - 1) as u8;
        }
        let decoded = decode(&[b"\x8c\x84\x8d\x90\x85\x04\x6b\x49\xd2\x00\x84", &content_type[..], parts].concat());
        let content = decoded.pdu.content.unwrap();
        assert_eq!(content.parts().len(), 2, "{content_type:02x?}");
        assert_eq!(content.root().is_some_and(|root| root.content_id() == Some("0.smil")), found, "{content_type:02x?}");
    }
    let (parts, _) = mixed(b"\x01\x01\x02\x83hi");
    assert_eq!(Multipart::mixed(parts).root(), None);
}

#[test]
fn multiparts_in_multiparts_are_opened() {
    let mut part = Part::text("innermost").named("a.txt");
    for _ in 0..10 {
        part = Part::of_multipart(&Multipart::mixed(vec![part, Part::text("beside")])).unwrap();
    }
    let content = Content::from(Multipart::mixed(vec![part]));
    let leaves = |depth| content.leaves(Limits { depth, ..Limits::default() }).unwrap();
    assert_eq!(leaves(1).len(), 1);
    assert_eq!(leaves(4).len(), 4);
    assert_eq!(leaves(4)[0].content_type.media, "application/vnd.wap.multipart.mixed");
    assert_eq!(leaves(100)[0].decoded_text(), "innermost");
    assert_eq!(leaves(100).len(), 11);
    let error = content.leaves(Limits { parts: 5, depth: 100 }).unwrap_err();
    assert_eq!(error.to_string(), "multipart at octet 0: there are more than 5 parts");
}

#[test]
fn names_of_files_are_safe() {
    let name = |name: &str| Part::text("").with_content_location(name).file_name();
    assert_eq!(name("a.jpg").as_deref(), Some("a.jpg"));
    for evil in
        ["../../etc/passwd.txt", "/etc/passwd.txt", "C:\\passwd.txt", "..\\passwd.txt", "a/./passwd.txt", "pass\twd.txt", "pa|ss?w*d.txt"]
    {
        assert_eq!(name(evil).as_deref(), Some("passwd.txt"), "{evil}");
    }
    for none in ["..", ".", "/", "../"] {
        assert_eq!(name(none), None, "{none}");
    }
    assert_eq!(name(&"é".repeat(300)).unwrap().len(), 200);
    // The one with an extension is the better one.
    let part = Part::text("").with_content_location("/tmp/php0nDmnY").with_content_id("Generic_Text.txt");
    assert_eq!(part.file_name().as_deref(), Some("Generic_Text.txt"));
}
