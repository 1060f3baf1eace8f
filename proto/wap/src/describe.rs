//! Pushes and documents as people read them: fields and their values by name, oddities named.

use waxwing_describe::{Description, Value};
use waxwing_gsm::udh::UserDataHeader;

use crate::Document;
use crate::document::{Characteristic, Invalidate, OtaCharacteristic};
use crate::mms;
use crate::push::Push;
use crate::security::Security;
use crate::sms::{Content, Received, is_push};

/// Describes a push PDU.
pub fn push(octets: &[u8]) -> Description {
    match Received::decode(octets) {
        Ok(received) => received_description(&received, Vec::new()),
        Err(error) => failed(Vec::new(), octets, error.to_string()),
    }
}

/// Describes the user data of an SMS with its header: ports, parts, and the push if it is one. Of several parts each is described by
/// itself; what it holds can be told of the joined ones only.
pub fn user_data(octets: &[u8]) -> Description {
    let (header, payload) = match UserDataHeader::parse(octets) {
        Ok(parsed) => parsed,
        Err(error) => return failed(Vec::new(), octets, error.to_string()),
    };
    let mut members = Vec::new();
    if let Some(ports) = header.ports() {
        members.push(("destination_port", Value::number(ports.destination)));
        members.push(("source_port", Value::number(ports.source)));
    }
    if let Some(part) = header.concatenation() {
        let part =
            [("reference", Value::number(part.reference)), ("number", Value::number(part.number)), ("total", Value::number(part.total))];
        members.push(("part", Value::Object(part.to_vec())));
    }
    if !header.ports().is_some_and(is_push) {
        members.push(("payload", Value::octets(payload)));
        return Description::new(vec![Value::Object(members)], None);
    }
    match Received::decode(payload) {
        _ if header.concatenation().is_some_and(|part| part.number > 1) => {
            failed(members, payload, "not the first part of a push".to_owned())
        }
        Ok(received) => received_description(&received, members),
        Err(error) => failed(members, payload, error.to_string()),
    }
}

/// Describes bare WBXML.
pub fn wbxml(octets: &[u8]) -> Description {
    match Document::from_wbxml(octets) {
        Ok(document) => Description::new(vec![Value::Object(document_members(&document))], None),
        Err(error) => failed(Vec::new(), octets, error.to_string()),
    }
}

fn failed(mut members: Vec<(&'static str, Value)>, octets: &[u8], error: String) -> Description {
    members.push(("octets", Value::octets(octets)));
    Description::new(vec![Value::Object(members)], Some(error))
}

fn received_description(received: &Received, mut members: Vec<(&'static str, Value)>) -> Description {
    let Push { transaction_id, content_type, headers, body } = &received.decoded.push;
    members.push(("transaction_id", Value::number(*transaction_id)));
    members.push(("content_type", Value::text(content_type)));
    if !headers.0.is_empty() {
        members.push(("headers", Value::List(headers.0.iter().map(Value::text).collect())));
    }
    let mut error = None;
    match &received.content {
        Content::Document(document, security) => {
            members.extend(security.iter().map(|security| ("security", security_value(security))));
            members.extend(document_members(document));
        }
        Content::Mms(pdu) => members.push(("mms", mms_value(pdu))),
        Content::Other => members.push(("body", Value::octets(body))),
        Content::Unreadable(reason) => {
            members.push(("body", Value::octets(body)));
            error = Some(reason.clone());
        }
    }
    if !received.decoded.quirks.is_empty() {
        members.push(("quirks", Value::List(received.decoded.quirks.iter().map(Value::text).collect())));
    }
    Description::new(vec![Value::Object(members)], error)
}

/// What can be told of an MMS PDU here: which it is, and its octets.
fn mms_value(pdu: &[u8]) -> Value {
    let name = match pdu {
        [0x8c, code, ..] => mms::message_type_name(*code),
        _ => None,
    };
    Value::Object(vec![("message_type", name.map_or_else(|| Value::text("unknown"), Value::text)), ("octets", Value::octets(pdu))])
}

fn security_value(security: &Security) -> Value {
    let method = Value::text(security.method.map_or("unknown", |method| method.name()));
    let mac = security.mac.iter().map(|mac| ("mac", text(mac)));
    Value::Object([("method", method)].into_iter().chain(mac).collect())
}

fn text(text: &str) -> Value {
    Value::text_or_octets(text.as_bytes())
}

fn document_members(document: &Document) -> Vec<(&'static str, Value)> {
    let kind = ("document", Value::text(document.kind()));
    let mut members = vec![kind];
    match document {
        Document::Co(co) => {
            let operations = co.operations.iter().map(|operation| match operation {
                Invalidate::Object(uri) => Value::Object(vec![("object", text(uri))]),
                Invalidate::Service(uri) => Value::Object(vec![("service", text(uri))]),
            });
            members.push(("invalidate", Value::List(operations.collect())));
        }
        Document::Emn(emn) => {
            members.push(("mailbox", text(&emn.mailbox)));
            members.extend(emn.timestamp.map(|timestamp| ("timestamp", Value::text(timestamp))));
        }
        Document::Ota(ota) => {
            members.push(("characteristics", Value::List(ota.characteristics.iter().map(ota_value).collect())));
        }
        Document::Provisioning(provisioning) => {
            members.extend(provisioning.version.iter().map(|version| ("version", text(version))));
            members.push(("characteristics", Value::List(provisioning.characteristics.iter().map(characteristic_value).collect())));
        }
        Document::Rights(rights) => {
            members.extend([("version", text(&rights.version)), ("uid", text(&rights.uid))]);
            members.extend(rights.key.iter().map(|key| ("key", text(key))));
            let permissions = rights.permissions.iter().map(|permission| {
                let mut members = vec![("allowed", Value::text(format!("{:?}", permission.kind).to_lowercase()))];
                if let Some(constraint) = &permission.constraint {
                    members.extend(constraint.count.map(|count| ("count", Value::number(count))));
                    let times = [("start", &constraint.start), ("end", &constraint.end), ("interval", &constraint.interval)];
                    members.extend(times.into_iter().filter_map(|(name, time)| Some((name, text(time.as_ref()?)))));
                }
                Value::Object(members)
            });
            members.push(("permissions", Value::List(permissions.collect())));
        }
        Document::Si(si) => {
            members.extend(si.href.iter().map(|href| ("href", text(href))));
            members.push(("text", text(&si.text)));
            members.push(("action", Value::text(si.action.name())));
            members.extend(si.id.iter().map(|id| ("si_id", text(id))));
            members.extend(si.created.map(|created| ("created", Value::text(created))));
            members.extend(si.expires.map(|expires| ("si_expires", Value::text(expires))));
            let info = si.info.iter().map(|item| Value::Object(vec![("class", text(&item.class)), ("text", text(&item.text))]));
            let info: Vec<Value> = info.collect();
            if !info.is_empty() {
                members.push(("info", Value::List(info)));
            }
        }
        Document::Sl(sl) => members.extend([("href", text(&sl.href)), ("action", Value::text(sl.action.name()))]),
    }
    members
}

fn setting(name: &str, value: &str) -> Value {
    text(&if value.is_empty() { name.to_owned() } else { format!("{name} = {value}") })
}

fn ota_value(characteristic: &OtaCharacteristic) -> Value {
    let mut members = vec![("type", text(&characteristic.kind))];
    members.extend(characteristic.value.iter().map(|value| ("value", text(value))));
    if !characteristic.parms.is_empty() {
        members.push(("settings", Value::List(characteristic.parms.iter().map(|(name, value)| setting(name, value)).collect())));
    }
    Value::Object(members)
}

/// As deep as the document is, which decoding limits.
fn characteristic_value(characteristic: &Characteristic) -> Value {
    let mut members = vec![("type", text(&characteristic.kind))];
    if !characteristic.parms.is_empty() {
        let settings = characteristic.parms.iter().map(|parm| setting(&parm.name, parm.value.as_deref().unwrap_or_default()));
        members.push(("settings", Value::List(settings.collect())));
    }
    if !characteristic.characteristics.is_empty() {
        members.push(("characteristics", Value::List(characteristic.characteristics.iter().map(characteristic_value).collect())));
    }
    Value::Object(members)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SI: &[u8] = b"\xea\x06\x01\xae\x02\x05\x6a\0\x45\xc6\x0c\x03wap.ozeki.hu\0\x08\x01\x03Ozeki\0\x01\x01";

    #[test]
    fn a_push_is_told_by_its_fields() {
        let description = push(SI);
        assert_eq!(
            description.to_string(),
            "transaction_id: 234\ncontent_type: application/vnd.wap.sic\ndocument: service indication\nhref: http://wap.ozeki.hu\n\
             text: Ozeki\naction: signal-high"
        );
        assert!(description.to_json().contains(r#""href":"http://wap.ozeki.hu""#), "{}", description.to_json());
    }

    #[test]
    fn user_data_is_told_with_its_ports() {
        let octets = [&b"\x06\x05\x04\x0b\x84\x23\xf0"[..], SI].concat();
        let told = user_data(&octets).to_string();
        assert!(told.starts_with("destination_port: 2948\nsource_port: 9200\ntransaction_id: 234\n"), "{told}");
        let part = [&b"\x0b\x00\x03\x07\x02\x02\x05\x04\x0b\x84\x23\xf0"[..], b"rest"].concat();
        assert_eq!(user_data(&part).error(), Some("not the first part of a push"));
        assert_eq!(user_data(b"\x06\x05\x04\x15\x81\0\0tone").error(), None);
        assert!(user_data(b"\x06\x05").error().is_some());
    }

    #[test]
    fn bare_wbxml_is_told_by_its_type() {
        assert!(wbxml(&SI[4..]).to_string().starts_with("document: service indication\n"));
        assert!(wbxml(b"\x02\x0a\x6a\0\x05").error().is_some());
    }

    #[test]
    fn an_mms_is_told_by_its_message_type() {
        let told = push(&mms::notification(1, mms::TypeForm::Number, b"\x8c\x82\x98a\0")).to_string();
        assert!(told.contains("headers:\n  [0] X-Wap-Application-Id: mms.ua\nmms:\n  message_type: m-notification-ind\n"), "{told}");
    }
}
