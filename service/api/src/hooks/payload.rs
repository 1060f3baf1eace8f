//! The JSON of webhooks: `{"type", "timestamp", "data"}`, as Standard Webhooks has it.

use serde_json::{Map, Value, json};
use waxwing_core::{Kind, Message, Millis, MsgId, Receipt, State, want};

use crate::content::to_hex;
use crate::rest::rfc3339;

/// The body for a receipt or a received message; `id` and `accepted` are those of the entry in the account's queue.
pub(crate) fn body(message: &Message, id: MsgId, accepted: Millis) -> Value {
    match (&message.receipt, message.kind()) {
        (Some(receipt), Kind::Receipt) => envelope(receipt_type(receipt), receipt.done.max(1), receipt_data(message, receipt)),
        _ => envelope("message.received", accepted, received_data(message, id, accepted)),
    }
}

fn envelope(kind: &str, at: Millis, data: Value) -> Value {
    json!({ "type": kind, "timestamp": rfc3339(at), "data": data })
}

/// What a receipt is called: by the wish that it fulfils.
fn receipt_type(r: &Receipt) -> &'static str {
    match r.event {
        want::DELIVERED => "message.delivered",
        want::ACCEPTED => "message.accepted",
        want::BUFFERED => "message.buffered",
        _ => "message.failed",
    }
}

fn receipt_data(m: &Message, r: &Receipt) -> Value {
    let state = State::try_from(r.state).unwrap_or(State::Unknown);
    // The receipt travels from the recipient to the sender; its data is about the message.
    let mut data = object(json!({
        "id": MsgId(r.id).to_string(),
        "from": m.destination.to_string(),
        "to": m.source.to_string(),
        "state": state.name(),
        "parts": r.parts,
        "parts_delivered": r.delivered,
        "accepted_at": rfc3339(r.submitted),
        "done_at": rfc3339(r.done),
    }));
    for (name, value) in [
        ("error", &r.error),
        ("reason", &r.reason),
        ("reference", &m.reference),
        ("connector", &m.connector),
        ("carrier_id", &r.remote_id),
        ("carrier_state", &r.stat),
        ("text", &r.text),
    ] {
        if !value.is_empty() {
            data.insert(name.into(), value.as_str().into());
        }
    }
    Value::Object(data)
}

fn received_data(m: &Message, id: MsgId, accepted: Millis) -> Value {
    let (header, octets) = waxwing_core::content::split(m);
    let mut data = object(json!({
        "id": id.to_string(),
        "from": m.source.to_string(),
        "to": m.destination.to_string(),
        "text": waxwing_core::content::text(m),
        "data": to_hex(&octets),
        "data_coding": m.data_coding,
        "received_at": rfc3339(accepted),
        "connector": m.connector,
    }));
    if !header.is_empty() {
        data.insert("udh".into(), to_hex(&header.encode()).into());
    }
    if !m.remote_id.is_empty() {
        data.insert("carrier_id".into(), m.remote_id.as_str().into());
    }
    Value::Object(data)
}

fn object(v: Value) -> Map<String, Value> {
    match v {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use waxwing_core::Address;

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
            receipt: Some(receipt),
            ..Message::default()
        };
        let v = body(&m, MsgId(43), 5);
        assert_eq!((v["type"].as_str(), v["timestamp"].as_str()), (Some("message.delivered"), Some("2023-11-14T22:13:20.123Z")));
        let d = &v["data"];
        assert_eq!((d["id"].as_str(), d["from"].as_str(), d["to"].as_str()), (Some("0000002A"), Some("Shop"), Some("+44777")));
        assert_eq!((d["state"].as_str(), d["reference"].as_str(), d.get("error")), (Some("delivered"), Some("r"), None));
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
        let d = &body(&m, MsgId(1), 1_700_000_000_000)["data"];
        assert_eq!((d["text"].as_str(), d["data"].as_str(), d["udh"].as_str()), (Some("П"), Some("041f"), Some("050003010201")));
        let binary = Message { payload: Bytes::from_static(&[1]), data_coding: 4, ..m };
        let d = &body(&Message { udhi: false, ..binary }, MsgId(1), 1)["data"];
        assert!(d["text"].is_null());
        assert_eq!(d["data"], "01");
    }
}
