//! Protected objects with their rights, as the documents that go to phones.
#![allow(clippy::unwrap_used)]

use waxwing_mms::{Part, drm};
use waxwing_wap::Document;
use waxwing_wap::document::{Constraint, Permission, PermissionKind};
use waxwing_wap::wbxml::Options;
use waxwing_wap::wsp::ContentType;

const KEY: [u8; 16] = *b"0123456789abcdef";
const CID: &str = "cid:4567829547@example.com";

#[test]
fn separate_delivery_is_an_encrypted_object_and_its_rights() {
    let sealed = drm::Dcf::seal("image/gif", CID, &KEY, &[9; 16], b"GIF89a").with_header("Rights-Issuer", "http://example.com/buy");
    let part = sealed.to_part().unwrap();
    assert!(part.content_type.is("application/vnd.oma.drm.content") && !drm::is_locked(&part));
    let constraint = Constraint {
        count: Some(5),
        start: Some("2026-01-01T00:00:00".to_owned()),
        end: Some("2026-12-31T23:59:59".to_owned()),
        interval: Some("P7D".to_owned()),
    };
    let permissions = [PermissionKind::Play, PermissionKind::Display, PermissionKind::Execute, PermissionKind::Print];
    let permissions = permissions.map(|kind| Permission { kind, constraint: Some(constraint.clone()) });
    let rights = drm::rights(CID, Some(&KEY), permissions.to_vec());
    let document = Document::Rights(rights.clone());
    let xml = document.to_xml().unwrap();
    for piece in [
        "<o-dd:uid>cid:4567829547@example.com</o-dd:uid>",
        "<ds:KeyValue>MDEyMzQ1Njc4OWFiY2RlZg==</ds:KeyValue>",
        "<o-dd:play>",
        "<o-dd:display>",
        "<o-dd:execute>",
        "<o-dd:print>",
        "<o-dd:count>5</o-dd:count>",
        "<o-dd:start>2026-01-01T00:00:00</o-dd:start>",
        "<o-dd:end>2026-12-31T23:59:59</o-dd:end>",
        "<o-dd:interval>P7D</o-dd:interval>",
    ] {
        assert!(xml.contains(piece), "{piece} in {xml}");
    }
    // What the phone gets in a push opens what it got before.
    let Document::Rights(received) = Document::from_wbxml(&document.to_wbxml(Options::default()).unwrap()).unwrap() else { panic!() };
    assert_eq!(received, rights);
    let object = drm::Dcf::decode(&part.data).unwrap();
    assert_eq!((object.content_uri.as_str(), &object.open(&drm::key(&received).unwrap()).unwrap()[..]), (CID, &b"GIF89a"[..]));
}

#[test]
fn combined_delivery_has_the_rights_before_the_object() {
    let rights = drm::rights(CID, None, vec![Permission { kind: PermissionKind::Display, constraint: None }]);
    let message = drm::Message::combined(rights.clone(), ContentType::new("image/gif"), &b"GIF89a"[..]);
    let part = message.to_part(drm::Encoding::Base64).unwrap();
    assert!(drm::is_locked(&part));
    let text = String::from_utf8(part.data.to_vec()).unwrap();
    let (before, after) = text.split_once("Content-Type: image/gif\r\nContent-ID: <4567829547@example.com>\r\n").unwrap();
    assert!(before.starts_with("--waxwing-drm-1\r\nContent-Type: application/vnd.oma.drm.rights+xml\r\n"), "{before}");
    assert!(after.contains("\r\n\r\nR0lGODlh\r\n--waxwing-drm-1--"), "{after}");
    let again = drm::Message::of_part(&part).unwrap();
    assert_eq!(again.rights, Some(rights.clone()));

    // Rights in WBXML, as some send them.
    let wbxml = Document::Rights(rights).to_wbxml(Options::default()).unwrap();
    let octets = [
        b"--b\r\nContent-Type: application/vnd.oma.drm.rights+wbxml\r\n\r\n",
        &wbxml[..],
        b"\r\n--b\r\nContent-Type: image/gif\r\nContent-ID: <4567829547@example.com>\r\n\r\nGIF89a\r\n--b--",
    ];
    let part = Part::new(ContentType::new(drm::MESSAGE), octets.concat());
    assert_eq!(drm::Message::of_part(&part).unwrap(), message);
}

#[test]
fn what_cannot_be_written_is_refused() {
    let evil = ContentType::new("image/gif\r\nX: y");
    assert!(drm::Message::forward_lock(evil, &b""[..]).encode(drm::Encoding::Binary).is_err());
    let rights = drm::rights("", None, Vec::new());
    let error = drm::Message::combined(rights, ContentType::new("a/b"), &b""[..]).encode(drm::Encoding::Binary).unwrap_err();
    assert_eq!(error.to_string(), "the rights can't be read: o-dd:uid: is missing");
}
