//! Real samples, made by phones, operators and other products, say what they are known to say.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod common;

use common::{manifest, samples, user_data_of};
use waxwing_gsm::udh::UserDataHeader;
use waxwing_wap::document::{Document, SiAction};
use waxwing_wap::security::{Method, Secret, Security};
use waxwing_wap::sms::{Content, Kind, Received, receive};
use waxwing_wap::{describe, push};

fn received(octets: &[u8]) -> Received {
    Received::decode(octets).unwrap()
}

#[test]
fn pushes_are_what_the_manifest_says() {
    let Some(directory) = samples("pushes_are_what_the_manifest_says") else { return };
    let mut seen = 0;
    for folder in ["push", "push-partial"] {
        for (file, octets, verdict) in manifest(&directory, folder) {
            let received = received(&octets);
            let expected = match verdict.as_str() {
                verdict if verdict.starts_with("m-notification-ind") => Kind::MmsNotification,
                verdict if verdict.contains("DTD SI 1.0") => Kind::Si,
                verdict if verdict.contains("DTD PROV 1.0") => Kind::Provisioning,
                _ => Kind::Other("application/vnd.syncml.notification".to_owned()),
            };
            assert_eq!(received.kind(), expected, "{file}: {received:?}");
            assert_eq!(received.decoded.quirks, Vec::<push::Quirk>::new(), "{file}");
            if let Content::Mms(pdu) = &received.content {
                assert!(pdu.starts_with(b"\x8c\x82"), "{file}");
                assert!(received.decoded.push.headers.application_id() == Some(4) || octets.starts_with(b"\x00\x06\x04"), "{file}");
            }
            seen += 1;
        }
    }
    assert!(seen >= 16, "{seen} samples");
}

#[test]
fn service_indications_have_their_values() {
    let Some(directory) = samples("service_indications_have_their_values") else { return };
    for (file, href, text, action) in [
        ("vonage-si.push", "http://wap.ozeki.hu", "Ozeki", SiAction::High),
        ("smsc-si.push", "http://mysite.ru", "mysite", SiAction::Medium),
        ("vn-si.push", "http://neo.vn", "den trai tim", SiAction::Medium),
        ("jou-si.push", "http://wap.job.am", "PPP", SiAction::Medium),
        ("hushsms-si.push", "http://test.com", "subject", SiAction::Medium),
    ] {
        let received = received(&std::fs::read(directory.join("push").join(file)).unwrap());
        let Content::Document(Document::Si(si), None) = received.content else { panic!("{file}: {received:?}") };
        assert_eq!((si.href.as_deref(), si.text.as_str(), si.action), (Some(href), text, action), "{file}");
    }
    let octets = std::fs::read(directory.join("push/hushsms-si.push")).unwrap();
    let headers: Vec<String> = received(&octets).decoded.push.headers.0.iter().map(ToString::to_string).collect();
    assert_eq!(
        headers,
        ["X-Wap-Application-Id: wml.ua", "Push-Flag: 3 (initiator-authenticated, content-trusted)", "X-Wap-Initiator-URI: sender"]
    );
}

#[test]
fn operators_sign_provisioning_with_the_pin_that_they_say() {
    let Some(directory) = samples("operators_sign_provisioning_with_the_pin_that_they_say") else { return };
    let mut seen = 0;
    for (file, octets, _) in manifest(&directory, "push").into_iter().filter(|(file, ..)| file.ends_with("-cp.push")) {
        let received = received(&octets);
        let push = &received.decoded.push;
        let security = Security::of(&push.content_type).unwrap();
        assert_eq!(security.method, Some(Method::UserPin), "{file}");
        let mac = security.mac.unwrap();
        assert!(Secret::UserPin { pin: "1111".to_owned() }.check(&push.body, &mac).unwrap(), "{file}");
        assert!(!Secret::UserPin { pin: "1112".to_owned() }.check(&push.body, &mac).unwrap(), "{file}");
        let Content::Document(Document::Provisioning(document), _) = &received.content else { panic!("{file}") };
        let kinds: Vec<&str> = document.characteristics.iter().map(|characteristic| characteristic.kind.as_str()).collect();
        for kind in ["BOOTSTRAP", "NAPDEF", "PXLOGICAL", "APPLICATION"] {
            assert!(kinds.contains(&kind), "{file}: {kinds:?}");
        }
        let nap = document.characteristics.iter().find(|characteristic| characteristic.kind == "NAPDEF").unwrap();
        assert_eq!((nap.get("BEARER"), nap.get("NAP-ADDRTYPE").unwrap_or("APN")), (Some("GSM-GPRS"), "APN"), "{file}");
        let application = document.characteristics.iter().find(|characteristic| characteristic.kind == "APPLICATION").unwrap();
        assert_eq!(application.get("APPID"), Some("w2"), "{file}");
        seen += 1;
    }
    assert!(seen >= 4, "{seen} samples");
}

#[test]
fn short_messages_are_recognised_by_their_ports() {
    let Some(directory) = samples("short_messages_are_recognised_by_their_ports") else { return };
    let mut first_part = Vec::new();
    let mut seen = 0;
    for (file, tpdu, _) in manifest(&directory, "tpdu") {
        let user_data = user_data_of(&tpdu);
        let (header, payload) = UserDataHeader::parse(user_data).unwrap();
        let payload = match header.concatenation() {
            Some(part) if part.number == 1 => {
                first_part = payload.to_vec();
                continue;
            }
            Some(_) => [first_part.as_slice(), payload].concat(),
            None => payload.to_vec(),
        };
        let received = receive(header.ports().unwrap(), &payload).unwrap().unwrap();
        assert_eq!(received.kind(), Kind::MmsNotification, "{file}");
        let Content::Mms(pdu) = &received.content else { panic!("{file}") };
        assert!(pdu.windows(8).any(|window| window == b"\x83http://" || window.ends_with(b"http://")), "{file}");
        let description = describe::user_data(user_data);
        assert_eq!(description.error().is_some(), header.concatenation().is_some(), "{file}");
        seen += 1;
    }
    assert_eq!(seen, 5);
}

#[test]
fn no_truncation_of_a_sample_does_harm() {
    let Some(directory) = samples("no_truncation_of_a_sample_does_harm") else { return };
    for folder in ["push", "push-partial", "tpdu"] {
        for (file, octets, _) in manifest(&directory, folder) {
            for length in 0..octets.len() {
                let cut = &octets[..length];
                for description in [describe::push(cut), describe::user_data(cut), describe::wbxml(cut)] {
                    assert!(description.to_json().len() < 100_000, "{file} cut to {length}");
                }
                if folder == "push" {
                    // A document that lacks its end is not taken for a whole one.
                    let whole = Received::decode(cut).is_ok_and(|received| matches!(received.content, Content::Document(..)));
                    assert!(!whole, "{file} cut to {length}");
                }
            }
        }
    }
}
