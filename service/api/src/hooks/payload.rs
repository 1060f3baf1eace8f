//! The JSON of webhooks: `{"type", "timestamp", "data"}`, as Standard Webhooks has it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use waxwing_core::{Kind, Message, Millis, MsgId, Receipt, State, want, words};

use crate::content::to_hex;
use crate::rest::rfc3339;
use crate::{MmsPart, MmsReceived};

#[derive(Serialize)]
struct Envelope<T> {
    #[serde(rename = "type")]
    kind: &'static str,
    timestamp: Option<String>,
    data: T,
}

/// About the message that a receipt is of.
#[derive(Serialize)]
struct ReceiptData<'a> {
    id: String,
    from: String,
    to: String,
    state: &'static str,
    parts: u32,
    parts_delivered: u32,
    accepted_at: Option<String>,
    done_at: Option<String>,
    #[serde(skip_serializing_if = "str::is_empty")]
    error: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    reason: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    reference: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    connector: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    carrier_id: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    carrier_state: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    text: &'a str,
}

/// A parameter that came with a message, as a submission takes it: what is to go back with the answer.
#[derive(Serialize)]
struct TlvData {
    tag: u32,
    hex: String,
}

/// A received message.
#[derive(Serialize)]
struct ReceivedData<'a> {
    id: String,
    from: String,
    to: String,
    text: Option<String>,
    data: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    udh: Option<String>,
    data_coding: u32,
    /// What it is, if it is more than a text.
    #[serde(skip_serializing_if = "Option::is_none")]
    push: Option<serde_json::Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tlvs: Vec<TlvData>,
    received_at: Option<String>,
    connector: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    carrier_id: &'a str,
}

/// A multimedia message that came.
#[derive(Serialize)]
struct MultimediaData<'a> {
    id: String,
    from: &'a str,
    to: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    subject: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    class: &'a str,
    priority: &'static str,
    parts: Vec<PartData<'a>>,
    received_at: Option<String>,
    connector: &'a str,
}

/// A part of it: a text as `text`, anything else as `data`.
#[derive(Serialize)]
struct PartData<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    name: &'a str,
    content_type: &'a str,
    size: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<String>,
}

/// The body for a multimedia message, its content inside: once the application has answered, it has everything.
///
/// # Errors
/// None that could happen: everything in it can be written as JSON.
pub(crate) fn multimedia(m: &Message, received: &MmsReceived, id: MsgId, accepted: Millis) -> Result<Vec<u8>, serde_json::Error> {
    let data = MultimediaData {
        id: id.to_string(),
        from: &received.from,
        to: m.destination.to_string(),
        subject: &received.subject,
        class: &received.class,
        priority: match received.priority {
            0 => "low",
            1 => "normal",
            _ => "high",
        },
        parts: received.parts.iter().map(part).collect(),
        received_at: rfc3339(accepted),
        connector: &m.connector,
    };
    envelope("mms.received", accepted, data)
}

fn part(part: &MmsPart) -> PartData<'_> {
    let media = part.media();
    let is_text = media.starts_with("text/") || media == "application/smil";
    let text = is_text.then(|| std::str::from_utf8(&part.data).ok()).flatten();
    PartData {
        name: &part.name,
        content_type: &part.media_type,
        size: part.data.len(),
        text,
        data: text.is_none().then(|| STANDARD.encode(&part.data)),
    }
}

/// The body for a receipt or a received message; `id` and `accepted` are those of the entry in the account's queue.
///
/// # Errors
/// None that could happen: everything in it can be written as JSON.
pub(crate) fn body(message: &Message, id: MsgId, accepted: Millis) -> Result<Vec<u8>, serde_json::Error> {
    match (&message.receipt, message.kind()) {
        (Some(receipt), Kind::Receipt) => envelope(receipt_type(receipt), receipt.done.max(1), receipt_data(message, receipt)),
        _ => envelope("message.received", accepted, received_data(message, id, accepted)),
    }
}

fn envelope(kind: &'static str, at: Millis, data: impl Serialize) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&Envelope { kind, timestamp: rfc3339(at), data })
}

/// What a receipt is called: by the wish that it fulfils.
fn receipt_type(r: &Receipt) -> &'static str {
    match r.event {
        want::DELIVERED => "message.delivered",
        want::ACCEPTED => "message.accepted",
        want::BUFFERED => "message.buffered",
        want::READ => "message.read",
        _ => "message.failed",
    }
}

fn receipt_data<'a>(m: &'a Message, r: &'a Receipt) -> ReceiptData<'a> {
    let state = State::try_from(r.state).unwrap_or(State::Unknown);
    ReceiptData {
        id: MsgId(r.id).to_string(),
        // The receipt travels from the recipient to the sender; its data is about the message.
        from: m.destination.to_string(),
        to: m.source.to_string(),
        state: state.name(),
        parts: r.parts,
        parts_delivered: r.delivered,
        accepted_at: rfc3339(r.submitted),
        done_at: rfc3339(r.done),
        error: words(&r.error),
        reason: &r.reason,
        reference: &m.reference,
        connector: &m.connector,
        carrier_id: words(&r.remote_id),
        carrier_state: words(&r.stat),
        text: words(&r.text),
    }
}

fn received_data(m: &Message, id: MsgId, accepted: Millis) -> ReceivedData<'_> {
    let (header, octets) = waxwing_core::content::split(m);
    ReceivedData {
        id: id.to_string(),
        from: m.source.to_string(),
        to: m.destination.to_string(),
        text: waxwing_core::content::text(m),
        data: to_hex(&octets),
        udh: (!header.is_empty()).then(|| to_hex(&header.encode())),
        data_coding: m.data_coding,
        push: waxwing_push::recognise(m).map(|r| r.to_json()),
        tlvs: m.tlvs.iter().map(|t| TlvData { tag: t.tag, hex: to_hex(&t.value) }).collect(),
        received_at: rfc3339(accepted),
        connector: &m.connector,
        carrier_id: &m.remote_id,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use bytes::Bytes;
    use serde_json::Value;
    use waxwing_core::Address;

    fn json(m: &Message, id: u64, accepted: Millis) -> Value {
        serde_json::from_slice(&body(m, MsgId(id), accepted).unwrap()).unwrap()
    }

    #[test]
    fn a_receipt_is_about_its_message() {
        let receipt = Receipt {
            id: 42,
            state: State::Delivered as i32,
            event: want::DELIVERED,
            done: 1_700_000_000_123,
            parts: 2,
            delivered: 2,
            ..Receipt::default()
        };
        let m = Message {
            kind: Kind::Receipt as i32,
            source: Address::parse("+44777"),
            destination: Address::parse("Shop"),
            reference: "r".into(),
            receipt: Some(receipt.into()),
            ..Message::default()
        };
        let v = json(&m, 43, 5);
        assert_eq!((v["type"].as_str(), v["timestamp"].as_str()), (Some("message.delivered"), Some("2023-11-14T22:13:20.123Z")));
        let d = &v["data"];
        assert_eq!((d["id"].as_str(), d["from"].as_str(), d["to"].as_str()), (Some("0000002A"), Some("Shop"), Some("+44777")));
        assert_eq!((d["state"].as_str(), d["reference"].as_str(), d.get("error")), (Some("delivered"), Some("r"), None));
    }

    #[test]
    fn a_multimedia_message_comes_with_its_content() {
        let m = Message { kind: Kind::Mms as i32, destination: Address::parse("+4412345"), ..Message::default() };
        let picture = MmsPart { name: "a.gif".into(), media_type: "image/gif".into(), data: Bytes::from_static(&[1, 2, 255]) };
        let received = MmsReceived {
            from: "+44777".into(),
            subject: "Hi".into(),
            class: "personal".into(),
            priority: 2,
            parts: vec![MmsPart::text("grüße"), picture],
        };
        let v: Value = serde_json::from_slice(&multimedia(&m, &received, MsgId(42), 1_700_000_000_000).unwrap()).unwrap();
        assert_eq!(v["type"], "mms.received");
        let d = &v["data"];
        assert_eq!(
            (&d["from"], &d["to"], &d["subject"], &d["priority"]),
            (&"+44777".into(), &"+4412345".into(), &"Hi".into(), &"high".into())
        );
        let text = serde_json::json!({"content_type": "text/plain; charset=utf-8", "size": 7, "text": "grüße"});
        let picture = serde_json::json!({"name": "a.gif", "content_type": "image/gif", "size": 3, "data": "AQL/"});
        assert_eq!(d["parts"], serde_json::json!([text, picture]));
    }

    #[test]
    fn a_received_message_comes_as_text_and_as_octets() {
        let m = Message {
            kind: Kind::Mo as i32,
            source: Address::parse("+44777"),
            destination: Address::parse("12345"),
            payload: Bytes::from_static(b"\x05\x00\x03\x01\x02\x01\x04\x1f"),
            udhi: true,
            data_coding: 8,
            ..Message::default()
        };
        let d = &json(&m, 1, 1_700_000_000_000)["data"];
        assert_eq!((d["text"].as_str(), d["data"].as_str(), d["udh"].as_str()), (Some("П"), Some("041f"), Some("050003010201")));
        assert!(d.get("tlvs").is_none());
        let tlvs = vec![waxwing_core::Tlv { tag: 0x3C01, value: Bytes::from_static(b"link") }];
        assert_eq!(json(&Message { tlvs, ..m.clone() }, 1, 1)["data"]["tlvs"], serde_json::json!([{"tag": 15361, "hex": "6c696e6b"}]));
        assert!(d.get("push").is_none());
        let si = Bytes::from_static(b"\x06\x05\x04\x0b\x84\x23\xf0\x01\x06\x01\xae\x02\x05\x6a\0\x45\xc6\x0c\x03a.b\0\x01\x03Hi\0\x01\x01");
        let push = &json(&Message { payload: si, data_coding: 0xf5, ..m.clone() }, 1, 1)["data"]["push"];
        assert_eq!((push["kind"].as_str(), push["href"].as_str(), push["text"].as_str()), (Some("si"), Some("http://a.b"), Some("Hi")));
        let binary = Message { payload: Bytes::from_static(&[1]), data_coding: 4, ..m };
        let d = &json(&Message { udhi: false, ..binary }, 1, 1)["data"];
        assert!(d["text"].is_null());
        assert_eq!(d["data"], "01");
    }
}
