//! PAP: what is written is read again, what others write is read, what is damaged is refused with its place and never harms.
#![allow(clippy::unwrap_used)]

use jiff::Timestamp;
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use waxwing_wap::pap::*;

/// The example of WAP-247-PAP, section 9.2, with what all the attributes may say.
const PUSH: &str = r#"<?xml version="1.0"?>
<!DOCTYPE pap PUBLIC "-//WAPFORUM//DTD PAP 2.0//EN" "http://www.wapforum.org/DTD/pap_2.0.dtd">
<pap product-name="Initiator 1">
  <!-- a comment -->
  <push-message push-id="9fjeo39jf084@pi.com" replace-push-id='old' replace-method="pending-only"
      deliver-before-timestamp="2026-02-28T06:45:00Z" deliver-after-timestamp="2026-02-27T06:45:00Z" unknown="x"
      source-reference="a &amp; b" ppg-notify-requested-to="http://pi.com/notify?a=1&amp;b=2" progress-notes-requested="TRUE">
    <address address-value="WAPPUSH=+155519990730/TYPE=PLMN@ppg.carrier.com"></address>
    <address address-value="WAPPUSH=john/TYPE=USER@ppg.carrier.com"/>
    <quality-of-service priority="high" delivery-method="preferconfirmed" network-required="true" network="GSM"
        bearer-required="true" bearer="SMS"/>
  </push-message>
</pap>
"#;

#[test]
fn the_example_of_the_specification() {
    let pap = Pap::from_xml(PUSH).unwrap();
    assert_eq!((pap.version, pap.product.as_deref()), (Version::V2_0, Some("Initiator 1")));
    let PapMessage::Push(m) = &pap.message else { panic!("{pap:?}") };
    assert_eq!((m.push_id.as_str(), m.replace_push_id.as_deref()), ("9fjeo39jf084@pi.com", Some("old")));
    assert_eq!(m.replace_method, ReplaceMethod::PendingOnly);
    assert_eq!(m.deliver_before, "2026-02-28T06:45:00Z".parse().ok());
    assert_eq!(m.notify_to.as_deref(), Some("http://pi.com/notify?a=1&b=2"));
    assert!(m.progress_notes && m.source_reference.as_deref() == Some("a & b"));
    assert_eq!(m.addresses.len(), 2);
    let quality = m.quality.clone().unwrap();
    assert_eq!((quality.priority, quality.delivery_method), (Priority::High, DeliveryMethod::PreferConfirmed));
    assert_eq!((quality.network_required, quality.bearer.as_deref()), (true, Some("SMS")));
    assert_eq!(Pap::from_xml(&pap.to_xml()).unwrap(), pap);
}

#[test]
fn versions_are_those_of_the_dtd() {
    for (doctype, version) in [
        ("", Version::V2_0),
        ("<!DOCTYPE pap PUBLIC \"-//WAPFORUM//DTD PAP//EN\" \"http://www.wapforum.org/DTD/pap_1.0.dtd\">", Version::V1_0),
        ("<!DOCTYPE pap PUBLIC \"-//WAPFORUM//DTD PAP 2.1//EN\" \"x\">", Version::V2_1),
    ] {
        let pap = Pap::from_xml(&format!("\r\n{doctype}<pap><cancel-message push-id='1'/></pap>")).unwrap();
        assert_eq!(pap.version, version);
        assert_eq!(Pap::from_xml(&pap.to_xml()).unwrap(), pap);
    }
}

#[test]
fn errors_have_line_and_column() {
    for (xml, says) in [
        ("<pap>\n <push-message>\n</pap>", "line 3, column"),
        ("<pap>\n  <cancel-message/></pap>", "line 2, column 3: cancel-message: the attribute push-id is missing"),
        ("\n\n <html/>", "line 3, column 2: the root element is html"),
        ("<pap/>", "line 1, column 1: there is nothing in the element pap"),
        ("<pap><x/></pap>", "line 1, column 6: x is no message of PAP"),
        ("<pap><push-message push-id='1'/></pap>", "push-message has no address"),
        (
            "<pap><push-message push-id='1'>\n<address/></push-message></pap>",
            "line 2, column 1: address: the attribute address-value is missing",
        ),
        (
            "<pap>\n<push-message push-id='1' deliver-before-timestamp='tomorrow'><address address-value='1'/></push-message></pap>",
            "line 2, column 1: deliver-before-timestamp: \"tomorrow\" is no time",
        ),
        (
            "<pap><push-message push-id='1'><address address-value='1'/>\n<quality-of-service priority='urgent'/></push-message></pap>",
            "line 2, column 1: priority: \"urgent\" is none of high, medium, low",
        ),
        ("<pap><badmessage-response code='x' bad-message-fragment=''/></pap>", "\"x\" is no status code"),
        ("<pap><statusquery-response push-id='1'/></pap>", "statusquery-response has no statusquery-result"),
        ("<!DOCTYPE pap [\n<!ENTITY a 'b'>]><pap/>", "line 2, column 1: the document declares an entity"),
    ] {
        let error = Pap::from_xml(xml).unwrap_err();
        assert!(error.to_string().contains(says), "{xml}: {error}");
        assert_eq!(error.code, Code::BAD_REQUEST);
    }
    let many = "<address address-value='1'/>".repeat(MAX_ADDRESSES + 1);
    let error = Pap::from_xml(&format!("<pap><cancel-message push-id='1'>{many}</cancel-message></pap>")).unwrap_err();
    assert!(error.to_string().contains("more than 10000 addresses"), "{error}");
    assert!(Pap::from_xml(&" ".repeat(MAX_LENGTH + 1)).is_err());
}

/// A multipart entity as initiators send it.
fn entity() -> Vec<u8> {
    let si = "<?xml version=\"1.0\"?>\n<si><indication href=\"http://a.example\">x</indication></si>";
    format!("\r\n--b\r\nContent-Type: application/xml\r\n\r\n{PUSH}\r\n--b\r\nContent-Type: text/vnd.wap.si\r\n\r\n{si}\r\n--b--\r\n")
        .into_bytes()
}

fn exercise(octets: &[u8]) {
    if let Ok(parts) = parts_of("multipart/related; boundary=b", octets) {
        assert!(parts.iter().map(|p| p.body.len()).sum::<usize>() <= octets.len());
        for part in &parts {
            if let Some(Ok(pap)) = part.text().map(|text| Pap::from_xml(&text)) {
                assert_eq!(Pap::from_xml(&pap.to_xml()), Ok(pap));
            }
        }
    }
    let _ = to_wsp("multipart/mixed; boundary=b", octets);
    let text = String::from_utf8_lossy(octets);
    if let Err(e) = Pap::from_xml(&text) {
        assert!(e.position.line as usize <= text.matches('\n').count() + 1 && e.fragment.len() <= 60 * 4, "{e:?}");
    }
}

#[test]
fn every_truncation() {
    let entity = entity();
    for length in 0..entity.len() {
        exercise(&entity[..length]);
        // All but the line end behind the closing boundary is needed.
        assert_eq!(parts_of("multipart/related; boundary=b", &entity[..length]).is_ok(), length >= entity.len() - 2, "{length}");
    }
    for length in (0..PUSH.trim_end().len()).filter(|l| PUSH.is_char_boundary(*l)) {
        assert!(Pap::from_xml(&PUSH[..length]).is_err(), "{length}");
        exercise(&PUSH.as_bytes()[..length]);
    }
}

#[test]
fn many_mutations() {
    let samples = [entity(), PUSH.as_bytes().to_vec(), everything().iter().map(Pap::to_xml).collect::<String>().into_bytes()];
    let mut rng = fastrand::Rng::with_seed(0x9A9);
    for _ in 0..20_000 {
        let mut wire = rng.choice(&samples).unwrap().clone();
        for _ in 0..rng.usize(1..6) {
            let at = rng.usize(0..wire.len());
            match rng.u8(0..5) {
                0 => wire[at] = rng.u8(..),
                1 => wire[at] ^= 1 << rng.u8(0..8),
                2 => wire.insert(at, *rng.choice(b"<>&\"'-\r\n=/:!").unwrap()),
                3 if wire.len() > 1 => drop(wire.remove(at)),
                _ => wire.truncate(at.max(1)),
            }
        }
        exercise(&wire);
    }
}

/// One of each message.
fn everything() -> Vec<Pap> {
    let (push_id, address) = ("1@a", "WAPPUSH=+447700900123/TYPE=PLMN@ppg");
    let (addresses, time) = (vec![address.to_owned()], Some("2026-01-02T03:04:05Z".parse().unwrap()));
    let description = Some("<\"&'\n>".to_owned());
    let quality = Some(QualityOfService { network: Some("GSM".into()), ..QualityOfService::default() });
    let messages = [
        PapMessage::Push(PushMessage { push_id: push_id.into(), addresses: addresses.clone(), ..PushMessage::default() }),
        PapMessage::PushResponse(PushResponse {
            push_id: push_id.into(),
            sender_address: Some("http://ppg/pap".into()),
            sender_name: Some("ppg".into()),
            reply_time: time,
            notes: vec![ProgressNote { stage: "routing".into(), note: description.clone(), time }],
            code: Code::ACCEPTED,
            description: description.clone(),
        }),
        PapMessage::Cancel(AddressedMessage { push_id: push_id.into(), addresses: addresses.clone() }),
        PapMessage::CancelResponse(CancelResponse {
            push_id: push_id.into(),
            results: vec![CancelResult { code: Code::OK, description: description.clone(), addresses: addresses.clone() }],
        }),
        PapMessage::ResultNotification(ResultNotification {
            push_id: push_id.into(),
            sender_address: None,
            sender_name: None,
            received_time: time,
            event_time: time,
            state: MessageState::Delivered,
            code: Code::OK,
            description: None,
            address: address.into(),
            quality: quality.clone(),
        }),
        PapMessage::ResultNotificationResponse(ResultNotificationResponse {
            push_id: push_id.into(),
            code: Code::OK,
            description: None,
            address: address.into(),
        }),
        PapMessage::StatusQuery(AddressedMessage { push_id: push_id.into(), addresses: Vec::new() }),
        PapMessage::StatusQueryResponse(StatusQueryResponse {
            push_id: push_id.into(),
            results: vec![StatusQueryResult {
                event_time: time,
                state: MessageState::Pending,
                code: Code::OK,
                description,
                addresses,
                quality,
            }],
        }),
        PapMessage::CapabilityQuery(CapabilityQuery { query_id: Some("q".into()), app_id: None, address: address.into() }),
        PapMessage::CapabilityQueryResponse(CapabilityQueryResponse {
            query_id: Some("q".into()),
            code: Code::CAPABILITIES_NOT_AVAILABLE,
            description: None,
            address: address.into(),
        }),
        PapMessage::BadMessage(BadMessage { code: Code::BAD_REQUEST, description: None, fragment: "<pap".into() }),
    ];
    messages.into_iter().map(Pap::from).collect()
}

#[test]
fn every_message_is_read_as_it_was_written() {
    for pap in everything() {
        let xml = pap.to_xml();
        assert_eq!(Pap::from_xml(&xml), Ok(pap), "{xml}");
    }
}

fn word() -> impl Strategy<Value = String> {
    // What is blank at an end is not kept.
    "[!-~éß€]{1,12}( [!-~éß€]{1,5})?"
}

fn time() -> impl Strategy<Value = Option<Timestamp>> {
    of((0i64..4_000_000_000).prop_map(|s| Timestamp::from_second(s).unwrap()))
}

fn quality() -> impl Strategy<Value = QualityOfService> {
    let words = (prop::sample::select(Priority::ALL), prop::sample::select(DeliveryMethod::ALL));
    (words, any::<bool>(), of(word()), any::<bool>(), of(word())).prop_map(|((priority, delivery_method), n, network, b, bearer)| {
        QualityOfService { priority, delivery_method, network_required: n, network, bearer_required: b, bearer }
    })
}

proptest! {
    #[test]
    fn any_push_message_is_read_as_it_was_written(
        (push_id, replace_push_id, source_reference, notify_to) in (word(), of(word()), of(word()), of(word())),
        (deliver_before, deliver_after, progress_notes) in (time(), time(), any::<bool>()),
        replace_method in prop::sample::select(ReplaceMethod::ALL),
        addresses in vec(word(), 1..5),
        quality in of(quality()),
    ) {
        let message = PushMessage {
            push_id, replace_push_id, replace_method, deliver_before, deliver_after, source_reference, notify_to, progress_notes,
            addresses, quality,
        };
        let pap = Pap::from(PapMessage::Push(message));
        prop_assert_eq!(Pap::from_xml(&pap.to_xml()), Ok(pap));
    }

    #[test]
    fn any_parts_are_taken_apart_as_they_were_joined(bodies in vec(vec(any::<u8>(), 0..60), 1..6), crlf in any::<bool>()) {
        let end = if crlf { "\r\n" } else { "\n" };
        let mut entity = Vec::new();
        for body in &bodies {
            entity.extend(format!("--a boundary{end}X-Some: thing{end}{end}").bytes());
            entity.extend(body);
            entity.extend(end.bytes());
        }
        entity.extend(b"--a boundary--");
        let parts = parts_of("multipart/mixed; boundary=\"a boundary\"", &entity).unwrap();
        // A carriage return before a bare line feed cannot be told from a line end.
        let lossy = |b: &[u8]| if crlf { b.to_vec() } else { b.strip_suffix(b"\r").unwrap_or(b).to_vec() };
        let expected: Vec<Vec<u8>> = bodies.iter().map(|b| lossy(b)).collect();
        prop_assert_eq!(parts.into_iter().map(|p| p.body).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn any_address_is_read_as_it_is_shown(client in "[!-?A-~]{1,20}", gateway in "[a-z.]{0,10}") {
        let address = PushAddress { client, kind: AddressKind::User, gateway: gateway.clone() };
        if !gateway.is_empty() {
            prop_assert_eq!(PushAddress::parse(&address.to_string()), Ok(address));
        }
    }
}
