//! What a received message is, if it is more than a text: pushes, settings, tones, logos, message waiting.

use serde_json::{Map, Value, json};
use waxwing_core::{Message, content};
use waxwing_gsm::dcs::DataCoding;
use waxwing_smart::{Smart, UserData};
use waxwing_wap::sms::{self, Content, Kind, Received};

use crate::mms;

/// What a received message is, and what it says.
#[derive(Clone, Debug, PartialEq)]
pub struct Recognised {
    /// As the kinds of what can be sent are called where there is such a kind; `mms` for MMS PDUs other than notifications, `push` for
    /// pushes of other content, `business_card`, `calendar_entry`.
    pub kind: &'static str,
    /// Its fields by name.
    pub fields: Map<String, Value>,
    /// Why it could not be read as a whole.
    pub error: Option<String>,
}

/// Recognises a received message, which has to be whole: its parts joined. `None` of a plain text, and of octets that nobody knows.
pub fn recognise(message: &Message) -> Option<Recognised> {
    if message.text.is_some() {
        return None;
    }
    let (header, octets) = content::split(message);
    if let Some(ports) = header.ports()
        && sms::is_push(ports)
    {
        return Some(push(&octets));
    }
    let data_coding = DataCoding(u8::try_from(message.data_coding).ok()?);
    let part = UserData::parse(&message.payload, message.udhi, data_coding, u8::try_from(message.protocol_id).unwrap_or(0));
    let kind = |smart: &Smart| match smart {
        Smart::Ringtone(_) => "ringtone",
        Smart::OperatorLogo(_) => "operator_logo",
        Smart::CliIcon(_) => "cli_icon",
        Smart::Multipart(_) => "picture",
        Smart::VObject(object) => match object.kind {
            waxwing_smart::vobject::VObjectKind::Card => "business_card",
            waxwing_smart::vobject::VObjectKind::Calendar => "calendar_entry",
        },
        Smart::Ems(_) => "ems",
        Smart::Waiting(_) => "voicemail",
        Smart::Text(_) => "text",
    };
    match Smart::decode(std::slice::from_ref(&part)) {
        Ok(None) => None,
        // A class or a protocol identifier makes a text no less a text.
        Ok(Some(Smart::Text(_))) => None,
        Ok(Some(smart)) => Some(Recognised { kind: kind(&smart), fields: members(&smart.describe()), error: None }),
        Err(e) => Some(Recognised { kind: "smart", fields: Map::new(), error: Some(e.to_string()) }),
    }
}

impl Recognised {
    /// As JSON: an object with `kind`, the fields, and `error` if there is one.
    pub fn to_json(&self) -> Value {
        let mut object = Map::from_iter([("kind".to_owned(), json!(self.kind))]);
        object.extend(self.fields.clone());
        object.extend(self.error.iter().map(|e| ("error".to_owned(), json!(e))));
        Value::Object(object)
    }
}

fn push(octets: &[u8]) -> Recognised {
    let received = match Received::decode(octets) {
        Ok(received) => received,
        Err(e) => return Recognised { kind: "push", fields: Map::new(), error: Some(e.to_string()) },
    };
    let mut fields = waxwing_wap::describe::push(octets).pdus().first().map(members).unwrap_or_default();
    let mut error = None;
    let kind = match (received.kind(), &received.content) {
        (_, Content::Mms(pdu)) => match mms::headers(pdu) {
            Ok((content, _)) => {
                fields.remove("mms");
                fields.extend(mms_fields(&content));
                if content.message_type == 0x82 { "mms_notification" } else { "mms" }
            }
            Err(e) => {
                error = Some(e.to_string());
                "mms"
            }
        },
        (Kind::Co, _) => "co",
        (Kind::Emn, _) => "email_notification",
        (Kind::MmsNotification, _) => "mms_notification",
        (Kind::OtaBookmark, _) => "bookmark",
        (Kind::OtaSettings, _) => "ota",
        (Kind::Provisioning, _) => "provisioning",
        (Kind::Rights, _) => "rights",
        (Kind::Si, _) => "si",
        (Kind::Sl, _) => "sl",
        (Kind::Other(_), _) => "push",
    };
    if let Content::Unreadable(why) = received.content {
        error = Some(why);
    }
    Recognised { kind, fields, error }
}

fn mms_fields(content: &mms::MmsContent) -> Map<String, Value> {
    let name = waxwing_wap::mms::message_type_name(content.message_type);
    let all = [
        ("message_type", name.map(|n| json!(n))),
        ("mms_transaction_id", content.transaction_id.as_ref().map(|v| json!(v))),
        ("sender", content.from.as_ref().map(|v| json!(v))),
        ("subject", content.subject.as_ref().map(|v| json!(v))),
        ("class", content.class.as_ref().map(|v| json!(v))),
        ("url", content.content_location.as_ref().map(|v| json!(v))),
        ("size", content.size.map(|v| json!(v))),
        ("expiry", content.expiry.map(|v| json!(v))),
    ];
    all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// Members of a description, without the one that says what it is in words.
fn members(value: &waxwing_describe::Value) -> Map<String, Value> {
    let mut members = match serde_json::from_str(&value.to_json()) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    };
    members.remove("kind");
    members
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{Limits, compose};

    /// What is sent is recognised as what it is.
    #[test]
    fn what_can_be_sent_is_recognised() {
        for (json, kind, field, value) in [
            (r#"{"kind":"si","url":"http://a.example","text":"Hi"}"#, "si", "href", json!("http://a.example")),
            (r#"{"kind":"sl","url":"http://a.example"}"#, "sl", "href", json!("http://a.example")),
            (r#"{"kind":"bookmark","url":"http://a.example"}"#, "bookmark", "document", json!("OTA bookmark")),
            (r#"{"kind":"mms_notification","url":"http://m/1","size":5,"sender":"+44"}"#, "mms_notification", "url", json!("http://m/1")),
            (r#"{"kind":"browser_settings","name":"N","apn":"a","pin":"1234"}"#, "provisioning", "document", json!("client provisioning")),
            (r#"{"kind":"email_notification","mailbox":"a@b"}"#, "email_notification", "mailbox", json!("mailat:a@b")),
            (r#"{"kind":"ringtone","rtttl":"Tone:d=4:c"}"#, "ringtone", "name", json!("Tone")),
            (r#"{"kind":"push","content_type":"a/b","data":{"hex":"01"}}"#, "push", "content_type", json!("a/b")),
        ] {
            let mut message = Message::default();
            compose(&serde_json::from_str(json).unwrap(), &Limits::default()).unwrap()[0].put_into(&mut message);
            let recognised = recognise(&message).unwrap();
            assert_eq!((recognised.kind, recognised.fields.get(field), &recognised.error), (kind, Some(&value), &None), "{recognised:?}");
            assert_eq!(recognised.to_json()["kind"], kind);
        }
        for (json, kind) in [(r#"{"kind":"voicemail","count":3}"#, "voicemail"), (r#"{"kind":"ems","items":[{"sound":1}]}"#, "ems")] {
            let mut message = Message::default();
            compose(&serde_json::from_str(json).unwrap(), &Limits::default()).unwrap()[0].put_into(&mut message);
            assert_eq!(recognise(&message).unwrap().kind, kind);
        }
    }

    #[test]
    fn texts_and_unknown_octets_are_none() {
        let of = |data_coding, udhi, payload: &'static [u8]| {
            recognise(&Message { data_coding, udhi, payload: payload.into(), ..Message::default() })
        };
        assert_eq!(of(0, false, b"Hello"), None);
        assert_eq!(of(0x10, false, b"Hello"), None);
        assert_eq!(of(4, false, &[1, 2, 3]), None);
        assert_eq!(of(4, true, &[6, 5, 4, 0x12, 0x34, 0, 0, 9]), None);
    }

    #[test]
    fn a_push_whose_lengths_lie_is_told_and_does_no_harm() {
        let whole = b"\x06\x05\x04\x0b\x84\x23\xf0\x01\x06\x7f\xae\x02\x05\x6a\0\x45\xc6\x0c\x03wap.ozeki.hu\0\x01\x03Ozeki\0\x01\x01";
        for length in 7..whole.len() {
            let recognised = recognise(&Message { data_coding: 4, udhi: true, payload: whole[..length].into(), ..Message::default() });
            assert!(recognised.is_some(), "{length}");
        }
        let lies = Message { data_coding: 4, udhi: true, payload: whole[..].into(), ..Message::default() };
        let told = recognise(&lies).unwrap().to_json();
        assert!(told.get("error").is_some() || told.get("quirks").is_some(), "{told}");
    }

    /// Pushes of phones, operators and other products: each is recognised, and none does harm at any truncation.
    #[test]
    fn pushes_of_others_are_recognised() {
        let Some(folder) = std::env::var_os("WAXWING_SAMPLES") else {
            let _ = std::io::Write::write_all(
                &mut std::io::stderr().lock(),
                b"SKIPPED pushes_of_others_are_recognised: WAXWING_SAMPLES is not set\n",
            );
            return;
        };
        for entry in std::fs::read_dir(std::path::Path::new(&folder).join("push")).unwrap() {
            let path = entry.unwrap().path();
            let pdu = std::fs::read(&path).unwrap();
            let whole = [&[6, 5, 4, 0x0b, 0x84, 0x23, 0xf0][..], &pdu].concat();
            let of =
                |octets: &[u8]| recognise(&Message { data_coding: 4, udhi: true, payload: octets.to_vec().into(), ..Message::default() });
            let recognised = of(&whole).unwrap();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let kind = match () {
                () if name.contains("-si") => "si",
                () if name.contains("-cp") => "provisioning",
                () if name.contains("dm-") => "push",
                () => "mms_notification",
            };
            assert_eq!((recognised.kind, &recognised.error), (kind, &None), "{name}: {recognised:?}");
            for length in 7..whole.len() {
                assert!(of(&whole[..length]).is_some(), "{name} {length}");
            }
        }
    }
}
