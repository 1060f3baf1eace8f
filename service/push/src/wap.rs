//! WAP pushes: documents made of fields or read from XML, and pushes of any content.

use waxwing_gsm::udh::Ports;
use waxwing_wap::Document;
use waxwing_wap::document::{self, Constraint, Emn, Invalidate, PermissionKind, SiAction, SlAction};
use waxwing_wap::security::Secret;
use waxwing_wap::sms::{self, Outgoing};
use waxwing_wap::wbxml::{Options, Version};
use waxwing_wap::wsp::{ContentType, HeaderName, HeaderValue, application_id_code};

use crate::compose::OCTETS;
use crate::{Allowed, Co, ComposeError, Composed, EmailNotification, Limits, Push, Rights, Si, Sl};

/// Schemes that need no `//`.
const OPAQUE: [&str; 6] = ["mailto:", "tel:", "sms:", "smsto:", "mmsto:", "wtai:"];

pub(crate) fn si(si: &Si, limits: &Limits) -> Result<Composed, ComposeError> {
    let action = match si.action.as_deref().map(str::trim).filter(|a| !a.is_empty()) {
        None => SiAction::default(),
        Some(word) => SiAction::from_name(&word.to_ascii_lowercase()).ok_or_else(|| {
            ComposeError::field("action", format!("{word:?} is none of signal-none, signal-low, signal-medium, signal-high, delete"))
        })?,
    };
    if action != SiAction::Delete && si.text.is_empty() {
        return Err(ComposeError::field("text", "it is empty; say what is to be shown"));
    }
    let document = document::Si {
        href: if action == SiAction::Delete && si.url.is_empty() { None } else { Some(url("url", &si.url)?) },
        text: si.text.clone(),
        id: si.id.clone().filter(|id| !id.is_empty()),
        action,
        created: si.created,
        expires: si.expires,
        info: Vec::new(),
    };
    send("url", &Document::Si(document), None, limits)
}

pub(crate) fn sl(sl: &Sl, limits: &Limits) -> Result<Composed, ComposeError> {
    let action = match sl.action.as_deref().map(str::trim).filter(|a| !a.is_empty()) {
        None => SlAction::default(),
        Some(word) => SlAction::from_name(&word.to_ascii_lowercase())
            .ok_or_else(|| ComposeError::field("action", format!("{word:?} is none of execute-low, execute-high, cache")))?,
    };
    send("url", &Document::Sl(document::Sl { href: url("url", &sl.url)?, action }), None, limits)
}

pub(crate) fn co(co: &Co, limits: &Limits) -> Result<Composed, ComposeError> {
    let objects = co.objects.iter().map(|u| url("objects", u).map(Invalidate::Object));
    let services = co.services.iter().map(|u| url("services", u).map(Invalidate::Service));
    let operations = objects.chain(services).collect::<Result<Vec<_>, _>>()?;
    if operations.is_empty() {
        return Err(ComposeError::field("objects", "there is no URL, neither here nor in services"));
    }
    send("objects", &Document::Co(document::Co { operations }), None, limits)
}

pub(crate) fn email(mail: &EmailNotification, limits: &Limits) -> Result<Composed, ComposeError> {
    let given = mail.mailbox.trim();
    if given.is_empty() {
        return Err(ComposeError::field("mailbox", "it is missing; write it as mailat:user@example.net"));
    }
    let mailbox = if given.contains(':') || !given.contains('@') { given.to_owned() } else { format!("mailat:{given}") };
    send("mailbox", &Document::Emn(Emn { mailbox, timestamp: mail.timestamp }), None, limits)
}

pub(crate) fn rights(rights: &Rights, limits: &Limits) -> Result<Composed, ComposeError> {
    let document = match (&rights.xml, &rights.uid) {
        (Some(_), Some(_)) => return Err(ComposeError::field("xml", "give either xml or uid and permissions")),
        (Some(xml), None) => match parse("xml", xml)? {
            document @ Document::Rights(_) => document,
            other => return Err(other_document("xml", &other, "o-ex:rights")),
        },
        (None, uid) => {
            let uid = uid.clone().filter(|u| !u.is_empty()).ok_or_else(|| ComposeError::field("uid", "it is missing, and so is xml"))?;
            let permissions = rights.permissions.iter().map(permission).collect();
            Document::Rights(document::Rights { key: rights.key.clone(), ..document::Rights::new(uid, permissions) })
        }
    };
    send("xml", &document, None, limits)
}

fn permission(permission: &crate::Permission) -> document::Permission {
    let kind = match permission.allow {
        Allowed::Play => PermissionKind::Play,
        Allowed::Display => PermissionKind::Display,
        Allowed::Execute => PermissionKind::Execute,
        Allowed::Print => PermissionKind::Print,
    };
    let constraint = Constraint {
        count: permission.count,
        start: permission.start.clone(),
        end: permission.end.clone(),
        interval: permission.interval.clone(),
    };
    document::Permission { kind, constraint: (constraint != Constraint::default()).then_some(constraint) }
}

pub(crate) fn any_document(document: &crate::Document, limits: &Limits) -> Result<Composed, ComposeError> {
    send("xml", &parse("xml", &document.xml)?, None, limits)
}

pub(crate) fn push(push: &Push, limits: &Limits) -> Result<Composed, ComposeError> {
    let media = push.content_type.trim();
    if !media.contains('/') {
        return Err(ComposeError::field("content_type", format!("{media:?} is no content type; write it as in application/vnd.wap.sic")));
    }
    let mut pdu = waxwing_wap::Push::new(ContentType::from_text(media), push.data.0.to_vec());
    pdu.transaction_id = transaction_id(&push.data.0);
    if let Some(application) = push.application_id.as_deref().map(str::trim).filter(|a| !a.is_empty()) {
        let code = application.parse().ok().or_else(|| application_id_code(application));
        let value = code.map_or_else(|| HeaderValue::Text(application.to_owned()), HeaderValue::integer);
        pdu.headers.push(HeaderName::APPLICATION_ID, value);
    }
    let octets = pdu.encode().map_err(|e| ComposeError::field("content_type", e))?;
    let ports = Ports { destination: push.port.unwrap_or(sms::PUSH.destination), ..sms::PUSH };
    of_pdu("data", &octets, ports, limits)
}

/// Reads XML.
pub(crate) fn parse(field: &'static str, xml: &str) -> Result<Document, ComposeError> {
    if xml.trim().is_empty() {
        return Err(ComposeError::field(field, "there is no document"));
    }
    Document::from_xml(xml).map_err(|error| ComposeError::Xml { field, error })
}

/// The document is of another type than the kind asks for.
pub(crate) fn other_document(field: &'static str, document: &Document, wanted: &str) -> ComposeError {
    ComposeError::field(field, format!("the document is {}, and this kind takes {wanted}; use kind document", document.kind()))
}

/// The message of a document.
pub(crate) fn send(field: &'static str, document: &Document, secret: Option<&Secret>, limits: &Limits) -> Result<Composed, ComposeError> {
    let seed = document.to_xml().map_err(|e| ComposeError::of_document(field, &e))?;
    let id = transaction_id(seed.as_bytes());
    // The versions that other senders have, which is what handsets were tried with.
    let version = match document {
        Document::Ota(_) => Version::V1_1,
        Document::Provisioning(_) => Version::V1_3,
        _ => Version::V1_2,
    };
    let outgoing = Outgoing::of(document, secret, Options { version, ..Options::default() }, id);
    let outgoing = outgoing.map_err(|e| ComposeError::of_send(field, &e))?;
    let pdu = outgoing.pdu().map_err(|e| ComposeError::field(field, e))?;
    let composed = of_pdu(field, &pdu, outgoing.ports, limits)?;
    Ok(Composed { user_pin: outgoing.user_pin, ..composed })
}

/// The message of a push PDU.
pub(crate) fn of_pdu(field: &'static str, pdu: &[u8], ports: Ports, limits: &Limits) -> Result<Composed, ComposeError> {
    let bounds = waxwing_gsm::segment::Limits { max_segments: limits.segments, ..waxwing_gsm::segment::Limits::default() };
    sms::segments(pdu, ports, bounds, 0).map_err(|e| ComposeError::of_segments(field, &e))?;
    let payload = sms::user_data(pdu, ports);
    Ok(Composed { payload: payload.into(), udhi: true, data_coding: OCTETS, ..Composed::default() })
}

/// Differs for most pushes, and is the same for the same one.
pub(crate) fn transaction_id(content: &[u8]) -> u8 {
    content.iter().fold(content.len() as u8, |id, octet| id.rotate_left(3) ^ octet)
}

/// A URL, with `http://` where its scheme is left out.
pub(crate) fn url(field: &'static str, given: &str) -> Result<String, ComposeError> {
    let given = given.trim();
    if given.is_empty() {
        return Err(ComposeError::field(field, "the URL is missing"));
    }
    if given.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(ComposeError::field(field, format!("{given:?} has a space in it; write it as %20")));
    }
    let end = given.find(['/', '?', '#']).unwrap_or(given.len());
    let has_scheme = given.get(..end).is_some_and(|s| s.ends_with(':')) && given.get(end..).is_some_and(|r| r.starts_with("//"));
    let opaque = OPAQUE.iter().any(|s| given.get(..s.len()).is_some_and(|g| g.eq_ignore_ascii_case(s)));
    Ok(if has_scheme || opaque { given.to_owned() } else { format!("http://{given}") })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use waxwing_core::Message;
    use waxwing_wap::sms::{Content, Received};

    use super::*;
    use crate::{Special, compose};

    fn composed(json: &str) -> Result<Composed, ComposeError> {
        compose(&serde_json::from_str(json).unwrap(), &Limits::default()).map(|mut all| all.remove(0))
    }

    /// What a handset would read.
    fn read(composed: &Composed) -> Document {
        let mut message = Message::default();
        composed.put_into(&mut message);
        let (header, octets) = waxwing_core::content::split(&message);
        assert_eq!((header.ports(), message.data_coding), (Some(sms::PUSH), 4));
        let Content::Document(document, _) = Received::decode(&octets).unwrap().content else { panic!("{octets:02x?}") };
        document
    }

    #[test]
    fn indications_have_the_usual_defaults() {
        let c = composed(r#"{"kind":"si","url":"wap.example.net/a?b=c","text":"Neu: ü"}"#).unwrap();
        assert_eq!(read(&c), Document::Si(document::Si::new("http://wap.example.net/a?b=c", "Neu: ü")));
        let all = r#"{"kind":"si","url":"https://a.example","text":"x","action":"signal-high","id":"7",
                      "created":"2026-01-02T03:04:05Z","expires":"2026-01-03T00:00:00Z"}"#;
        let Document::Si(si) = read(&composed(all).unwrap()) else { panic!() };
        assert_eq!((si.action, si.id.as_deref()), (SiAction::High, Some("7")));
        assert_eq!(si.expires.unwrap().to_string(), "2026-01-03T00:00:00Z");
    }

    #[test]
    fn other_documents_are_what_was_asked_for() {
        let sl = read(&composed(r#"{"kind":"sl","url":"a.example","action":"cache"}"#).unwrap());
        assert_eq!(sl, Document::Sl(document::Sl { href: "http://a.example".into(), action: SlAction::Cache }));
        let co = read(&composed(r#"{"kind":"co","objects":["http://a/1"],"services":["a.example/"]}"#).unwrap());
        let operations = vec![Invalidate::Object("http://a/1".into()), Invalidate::Service("http://a.example/".into())];
        assert_eq!(co, Document::Co(document::Co { operations }));
        let emn = read(&composed(r#"{"kind":"email_notification","mailbox":"u@example.net"}"#).unwrap());
        assert!(matches!(emn, Document::Emn(Emn { mailbox, .. }) if mailbox == "mailat:u@example.net"));
        let rights = r#"{"kind":"rights","uid":"cid:1@a","permissions":[{"allow":"play","count":3}]}"#;
        let Document::Rights(rights) = read(&composed(rights).unwrap()) else { panic!() };
        assert_eq!(rights.permissions[0].constraint.as_ref().unwrap().count, Some(3));
        let xml = read(&composed(r#"{"kind":"document","xml":"<sl href='http://a'/>"}"#).unwrap());
        assert!(matches!(xml, Document::Sl(_)));
    }

    #[test]
    fn any_content_can_be_pushed() {
        let c = composed(
            r#"{"kind":"push","content_type":"application/vnd.syncml.notification","data":{"hex":"0102"},
            "application_id":"7"}"#,
        )
        .unwrap();
        assert_eq!(c.payload[..], [6, 5, 4, 0x0b, 0x84, 0x23, 0xf0, transaction_id(&[1, 2]), 6, 3, 0xc4, 0xaf, 0x87, 1, 2]);
        assert_eq!(composed(r#"{"kind":"push","content_type":"x"}"#).unwrap_err().field_name(), "content_type");
    }

    #[test]
    fn nonsense_is_named_with_its_place() {
        for (json, says) in [
            (r#"{"kind":"si","text":"x"}"#.to_owned(), "url: the URL is missing"),
            (r#"{"kind":"si","url":"a"}"#.to_owned(), "text: it is empty"),
            (r#"{"kind":"si","url":"a b","text":"x"}"#.to_owned(), "write it as %20"),
            (r#"{"kind":"si","url":"a","text":"x","action":"loud"}"#.to_owned(), "action: \"loud\" is none of signal-none"),
            (r#"{"kind":"si","url":"a","text":"x","action":"delete"}"#.to_owned(), "id: the action delete needs an si-id"),
            (r#"{"kind":"sl","url":"a","action":"now"}"#.to_owned(), "action: \"now\" is none of execute-low"),
            (r#"{"kind":"document","xml":"<si>\n <indication href=\"a\">x</indicaton></si>"}"#.to_owned(), "xml: line 2, column"),
            (r#"{"kind":"document","xml":"<html/>"}"#.to_owned(), "xml: line 1, column 1: html: has no place here"),
            (r#"{"kind":"rights","xml":"<sl href='http://a'/>"}"#.to_owned(), "xml: the document is service loading"),
            (r#"{"kind":"co"}"#.to_owned(), "objects: there is no URL"),
            (
                format!(r#"{{"kind":"si","url":"http://a/{}","text":"x"}}"#, "y".repeat(2000)),
                "the message takes 16 segments and 10 are allowed; shorten url",
            ),
        ] {
            let said = composed(&json).unwrap_err().to_string();
            assert!(said.contains(says), "{json}: {said}");
        }
        let e = composed(r#"{"kind":"document","xml":"<si>\n <indication href=\"a\">x</indicaton></si>"}"#).unwrap_err();
        assert_eq!(e.position().unwrap().line, 2);
    }

    #[test]
    fn schemes_are_added_where_they_are_missing() {
        for (given, url) in [
            ("example.net", "http://example.net"),
            ("example.net:8080/a", "http://example.net:8080/a"),
            ("example.net/?u=http://b", "http://example.net/?u=http://b"),
            ("HTTPS://example.net", "HTTPS://example.net"),
            ("tel:+44", "tel:+44"),
        ] {
            assert_eq!(super::url("url", given).unwrap(), url);
        }
    }

    #[test]
    fn kinds_are_all_there() {
        for kind in crate::KINDS {
            let said = serde_json::from_str::<Special>(&format!("{{\"kind\":\"{}\",\"!\":1}}", kind.name)).unwrap_err().to_string();
            assert!(said.contains("unknown field `!`"), "{said}");
        }
    }
}
