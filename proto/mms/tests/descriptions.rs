//! PDUs as people and machines read them.
#![allow(clippy::unwrap_used)]

mod common;

use common::{content, number, pdus};
use waxwing_mms::*;

fn text(octets: &[u8]) -> String {
    describe::describe(octets).to_string()
}

#[test]
fn a_message_is_told_with_its_parts() {
    let pdu = Pdu::send_req(
        Version::V1_2,
        "T1",
        Sender::Insert,
        [Header::To(number("+447700900124")), Header::To(number("+447700900125"))],
        content(),
    )
    .with(Header::Subject("Grüße".into()))
    .with(Header::Date(1_800_000_000))
    .with(Header::Expiry(Time::After(86_400)))
    .with(Header::Priority(Priority::High))
    .with(Header::DeliveryReport(true))
    .with(Header::MessageSize(30_000));
    let expected = "\
message_type: 0x80 (m-send-req)
transaction_id: T1
version: 1.2
headers:
  From: insert-address-token
  To:
    [0] +447700900124/TYPE=PLMN
    [1] +447700900125/TYPE=PLMN
  Subject: Grüße
  Date: 1800000000 (Fri, 15 Jan 2027 08:00:00 GMT)
  X-Mms-Expiry: 86400 (seconds after receipt)
  X-Mms-Priority: 0x82 (High)
  X-Mms-Delivery-Report: Yes
  X-Mms-Message-Size: 30000
content_type: application/vnd.wap.multipart.related; type=application/smil; start=\"<smil>\"
parts:
  [0]
    content_type: application/smil; charset=utf-8; name=smil.smil
    name: smil.smil
    content_id: smil
    content_location: smil.smil
    size: 371
    text: <smil>";
    let told = text(&pdu.encode().unwrap());
    assert!(told.starts_with(expected), "{told}");
    let picture = "
  [1]
    content_type: image/jpeg; name=photo.jpg
    name: photo.jpg
    content_id: photo.jpg
    content_location: photo.jpg
    size: 18
  [2]
    content_type: text/plain; charset=utf-8; name=text.txt
    name: text.txt
    content_id: text.txt
    content_location: text.txt
    size: 22
    text: Grüße aus dem Urlaub
  [3]";
    assert!(told.contains(picture), "{told}");
    let json = describe::describe(&pdu.encode().unwrap()).to_json();
    let start = r#"{"pdus":[{"message_type":{"value":128,"name":"m-send-req"},"transaction_id":"T1","version":"1.2","headers":{"From":"insert-address-token","To":["+447700900124/TYPE=PLMN","+447700900125/TYPE=PLMN"],"#;
    assert!(json.starts_with(start), "{json}");
}

#[test]
fn what_is_odd_or_missing_is_told() {
    assert_eq!(
        text(b"\x8c\x82\x98T\0\x8d\x90\x96abc\0\xc0\x81X-A\0b\0\x8f\xff\x86\x82"),
        "\
message_type: 0x82 (m-notification-ind)
transaction_id: T
version: 1.0
headers:
  Subject: abc
  X-Mms-Priority: 0xff
  others:
    [0] header-0x40: 1
    [1] X-A: b
    [2] X-Mms-Delivery-Report: 2
missing:
  [0] X-Mms-Message-Class
  [1] X-Mms-Message-Size
  [2] X-Mms-Expiry
  [3] X-Mms-Content-Location
quirks:
  [0] unknown_header
  [1] unreadable_value
  [2] missing_header"
    );
    assert_eq!(text(b"\x8c\x85\x98T\0\x8d\x92"), "message_type: 0x85 (m-acknowledge-ind)\ntransaction_id: T\nversion: 1.2");
}

#[test]
fn what_can_not_be_read_is_told_as_far_as_it_is_known() {
    assert_eq!(
        text(b"\x8c\x80\x98T\0\x8d\x90\x88\x05\x81"),
        "message_type: 0x80 (m-send-req)\ntransaction_id: T\nversion: 1.0\noctets: hex 8c809854008d90880581\n\n\
        error: m-send-req: X-Mms-Expiry at octet 9: 5 octets are needed and 1 are left; the data is cut off, or a length in it is wrong"
    );
    assert_eq!(
        text(b"hello"),
        "octets: \"hello\"\n\nerror: X-Mms-Message-Type at octet 0: there is no X-Mms-Message-Type; this is no MMS PDU"
    );
}

#[test]
fn what_is_inside_of_others_is_told() {
    let view = pdus().into_iter().find(|pdu| pdu.kind == PduType::MboxViewConf).unwrap();
    let told = text(&view.encode().unwrap());
    for piece in [
        "message_type: 0x8e (m-mbox-view-conf)",
        "message_type: 0x93 (m-mbox-descr)",
        "text: Grüße aus dem Urlaub",
        "X-Mms-MM-Flags: add holiday",
    ] {
        assert!(told.contains(piece), "{piece} in {told}");
    }
    let nested = Part::of_multipart(&Multipart::mixed(vec![Part::text("deep down").named("a.txt")])).unwrap();
    let pdu = Pdu::retrieve_conf(Version::V1_0, None, 0, Multipart::mixed(vec![nested]));
    assert!(text(&pdu.encode().unwrap()).contains("text: deep down"));
    // A presentation that means parts that are not there.
    let smil =
        Part::new(waxwing_wap::wsp::ContentType::new("application/smil"), &b"<smil><par dur=\"1s\"><img src=\"x\"/></par></smil>"[..]);
    let pdu = Pdu::retrieve_conf(Version::V1_0, None, 0, Multipart::related(smil, Vec::new()));
    assert!(text(&pdu.encode().unwrap()).contains("presentation:\n  [0] slide 1 refers to \"x\", which is no part of the message"));
}

#[test]
fn every_pdu_is_told() {
    for pdu in pdus() {
        let description = describe::describe(&pdu.encode().unwrap());
        assert_eq!(description.error(), None);
        assert!(description.to_string().starts_with(&format!("message_type: {:#04x} ({})", pdu.kind.code(), pdu.kind)));
        assert!(!description.to_string().contains("quirks"), "{description}");
    }
}
