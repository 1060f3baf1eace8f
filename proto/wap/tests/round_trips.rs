//! Whatever a document says, it says the same after a way through XML, WBXML and a push.
#![allow(clippy::unwrap_used)]

mod common;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use waxwing_wap::document::*;
use waxwing_wap::security::{Method, Secret, Security};
use waxwing_wap::sms::{Content, Outgoing, Received};
use waxwing_wap::wbxml::{Options, PublicId, StringTable, Version};
use waxwing_wap::wsp::{ContentType, HeaderName, HeaderValue, Parameter};
use waxwing_wap::{Charset, Push};

/// Text without white space around it, for XML does not keep that.
fn text() -> impl Strategy<Value = String> {
    "([!-~é你𝄞]([ -~é你𝄞]{0,30}[!-~é你𝄞])?)?"
}

/// Text that is there.
fn some_text() -> impl Strategy<Value = String> {
    "[!-~é你𝄞]([ -~é你𝄞]{0,30}[!-~é你𝄞])?"
}

fn url() -> impl Strategy<Value = String> {
    let start = prop_oneof![Just("http://"), Just("https://www."), Just("http://www."), Just(""), Just("mailat:"), Just("imap://")];
    let end = "([a-z&<%é]{0,9}(\\.com/?|\\.org/?|\\.edu/?|\\.net/?)?){1,4}";
    (start, end).prop_map(|(start, end)| format!("{start}x{end}"))
}

fn date() -> impl Strategy<Value = jiff::Timestamp> {
    (0i64..4_000_000_000).prop_map(|second| jiff::Timestamp::from_second(second).unwrap())
}

fn si() -> impl Strategy<Value = Document> {
    let action =
        prop_oneof![Just(SiAction::None), Just(SiAction::Low), Just(SiAction::Medium), Just(SiAction::High), Just(SiAction::Delete)];
    let info = vec((some_text(), text()).prop_map(|(class, text)| InfoItem { class, text }), 0..3);
    let dates = (option::of(date()), option::of(1i64..1_000_000));
    (option::of(url()), text(), some_text(), action, dates, info).prop_map(|(href, text, id, action, (created, after), info)| {
        let expires = created.zip(after).map(|(created, after)| created + jiff::SignedDuration::from_secs(after));
        Document::Si(Si { href, text, id: Some(id), action, created, expires, info })
    })
}

fn characteristic() -> impl Strategy<Value = Characteristic> {
    let kind = prop_oneof![
        Just("NAPDEF".to_owned()),
        Just("APPLICATION".to_owned()),
        Just("PORT".to_owned()),
        Just("RESOURCE".to_owned()),
        Just("PXLOGICAL".to_owned()),
        some_text(),
    ];
    let name =
        prop_oneof![Just("NAME".to_owned()), Just("APPID".to_owned()), Just("NAPID".to_owned()), Just("INTERNET".to_owned()), some_text()];
    let value = prop_oneof![Just("IPV4".to_owned()), Just("APPSRV".to_owned()), Just("GSM-GPRS".to_owned()), Just("1".to_owned()), text()];
    let parms = vec((name, option::of(value)).prop_map(|(name, value)| Parm { name, value }), 0..5);
    let leaf = (kind, parms).prop_map(|(kind, parms)| Characteristic { kind, parms, characteristics: Vec::new() });
    leaf.prop_recursive(4, 12, 3, |inner| {
        (inner.clone(), vec(inner, 0..3)).prop_map(|(outer, characteristics)| Characteristic { characteristics, ..outer })
    })
}

fn rights() -> impl Strategy<Value = Document> {
    let kind =
        prop_oneof![Just(PermissionKind::Play), Just(PermissionKind::Display), Just(PermissionKind::Execute), Just(PermissionKind::Print)];
    let time = prop_oneof![Just("2026-01-01T00:00:00".to_owned()), Just("2027-12-31T23:59:59Z".to_owned())];
    let interval = prop_oneof![Just("P7D".to_owned()), Just("P1Y2M3DT4H5M6S".to_owned())];
    let constraint = (option::of(any::<u32>()), option::of(time.clone()), option::of(time), option::of(interval))
        .prop_map(|(count, start, end, interval)| Constraint { count, start, end, interval });
    let permission = (kind, option::of(constraint)).prop_map(|(kind, constraint)| Permission { kind, constraint });
    let key = prop_oneof![Just("vUEwR8LzEJoeiC+dgT1mgg==".to_owned()), Just("AAECAw==".to_owned()), Just("YWJj".to_owned())];
    (some_text(), option::of(key), vec(permission, 0..4))
        .prop_map(|(uid, key, permissions)| Document::Rights(Rights { key, ..Rights::new(uid, permissions) }))
}

fn ota() -> impl Strategy<Value = Document> {
    let kind = prop_oneof![Just("ADDRESS".to_owned()), Just("URL".to_owned()), Just("MMSURL".to_owned()), some_text()];
    let name = prop_oneof![Just("BEARER".to_owned()), Just("PORT".to_owned()), Just("NAME".to_owned()), some_text()];
    let value =
        prop_oneof![Just("GPRS".to_owned()), Just("9201".to_owned()), Just("AUTO".to_owned()), Just("AUTOMATIC".to_owned()), text()];
    let characteristic = (kind, option::of(text()), vec((name, value), 0..5));
    let characteristic = characteristic.prop_map(|(kind, value, parms)| OtaCharacteristic { kind, value, parms });
    let characteristic = characteristic.prop_filter("a bookmark needs a URL", |characteristic| characteristic.kind != "BOOKMARK");
    vec(characteristic, 1..5).prop_map(|characteristics| Document::Ota(Ota { characteristics }))
}

fn document() -> impl Strategy<Value = Document> {
    let sl = prop_oneof![Just(SlAction::ExecuteLow), Just(SlAction::ExecuteHigh), Just(SlAction::Cache)];
    let operation = prop_oneof![url().prop_map(Invalidate::Object), url().prop_map(Invalidate::Service)];
    let version = option::of(prop_oneof![Just("1.0".to_owned()), Just("1.1".to_owned())]);
    prop_oneof![
        3 => si(),
        1 => (url(), sl).prop_map(|(href, action)| Document::Sl(Sl { href, action })),
        1 => vec(operation, 1..4).prop_map(|operations| Document::Co(Co { operations })),
        1 => (url(), option::of(date())).prop_map(|(mailbox, timestamp)| Document::Emn(Emn { mailbox, timestamp })),
        2 => rights(),
        2 => ota(),
        3 => (version, vec(characteristic(), 1..4))
            .prop_map(|(version, characteristics)| Document::Provisioning(Provisioning { version, characteristics })),
    ]
}

fn options() -> impl Strategy<Value = Options> {
    let version = prop_oneof![Just(Version::V1_1), Just(Version::V1_2), Just(Version::V1_3)];
    let string_table = prop_oneof![Just(StringTable::WhenNeeded), Just(StringTable::Repeated)];
    let public_id = prop_oneof![Just(PublicId::Number), Just(PublicId::Name)];
    (version, string_table, public_id).prop_map(|(version, string_table, public_id)| Options { version, string_table, public_id })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn documents_are_the_same_after_xml_and_wbxml(document in document(), options in options()) {
        let xml = document.to_xml().unwrap();
        prop_assert_eq!(&Document::from_xml(&xml).unwrap(), &document, "{}", xml);
        let wbxml = document.to_wbxml(options).unwrap();
        prop_assert_eq!(&Document::from_wbxml(&wbxml).unwrap(), &document, "{:02x?}", wbxml);
        prop_assert_eq!(&Document::from_wbxml_as(&wbxml, document.language()).unwrap(), &document);
        let plain = document.to_wbxml(Options { string_table: StringTable::WhenNeeded, ..options }).unwrap();
        prop_assert!(wbxml.len() <= plain.len(), "a string table of repeated strings makes it longer: {:02x?}", wbxml);
    }

    #[test]
    fn documents_come_out_of_pushes(document in document(), options in options(), digits in "[0-9]{4,16}", transaction_id in any::<u8>()) {
        let outgoing = Outgoing::of(&document, None, options, transaction_id).unwrap();
        let received = Received::decode(&outgoing.pdu().unwrap()).unwrap();
        prop_assert!(received.decoded.quirks.is_empty());
        prop_assert_eq!(received.decoded.push.transaction_id, transaction_id);
        prop_assert_eq!(&received.content, &Content::Document(document.clone(), None));
        let secret = Secret::UserPin { pin: digits };
        if let Ok(outgoing) = Outgoing::of(&document, Some(&secret), options, transaction_id) {
            let received = Received::decode(&outgoing.pdu().unwrap()).unwrap();
            let security = Security::of(&received.decoded.push.content_type).unwrap();
            prop_assert_eq!(security.method, Some(Method::UserPin));
            prop_assert!(secret.check(&received.decoded.push.body, &security.mac.unwrap()).unwrap());
        } else {
            prop_assert!(!matches!(document, Document::Provisioning(_)));
        }
    }

    #[test]
    fn pushes_come_back(id in any::<u64>(), uri in "[!#-~][!-~]{0,30}", body in vec(any::<u8>(), 0..200)) {
        let content_type = ContentType::new("text/plain").with(Parameter::charset(Charset(id as u32)));
        let mut push = Push::new(content_type, body);
        push.headers.push(HeaderName::APPLICATION_ID, HeaderValue::integer(id));
        push.headers.push(HeaderName::INITIATOR_URI, HeaderValue::Text(uri));
        let decoded = Push::decode(&push.encode().unwrap()).unwrap();
        prop_assert_eq!(decoded.push, push);
        prop_assert!(decoded.quirks.is_empty());
    }
}
