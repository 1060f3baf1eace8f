//! Any PDU as a person reads it: fields, TLVs and states by name, receipts parsed, oddities named.
//!
//! Passwords are never shown, only their length: descriptions end up in logs and support tickets.

use std::fmt;

pub use waxwing_describe::{Description, Value};
use waxwing_describe::{Framed, oddities};

use crate::frame::{self, Header};
use crate::message::Message;
use crate::pdu::Body;
use crate::receipt::{NetworkErrorCode, Receipt, ReceiptKind};
use crate::time::SmppTime;
use crate::tlv::{Tlv, TlvKind, Tlvs};
use crate::visit::{FieldValue, Visitor};
use crate::{CommandStatus, DataCoding, Decoded, InterfaceVersion, MessageState, Tag, decode};

/// Describes one PDU or several back to back.
pub fn describe(octets: &[u8]) -> Description {
    Description::of_frames(octets, &Smpp)
}

struct Smpp;

impl Framed for Smpp {
    const HEADER_LEN: usize = frame::HEADER_LEN;

    fn next(&self, octets: &[u8]) -> Result<Option<usize>, impl fmt::Display> {
        frame::next(octets, frame::DEFAULT_MAX_LEN)
    }

    fn header(&self, octets: &[u8]) -> Option<(u32, Value)> {
        Header::parse(octets).map(|header| (header.command_length, describe_header(&header)))
    }

    fn pdu(&self, frame: &[u8]) -> Result<Value, impl fmt::Display> {
        decode(frame).map(|decoded| describe_pdu(&decoded))
    }
}

fn describe_pdu(decoded: &Decoded<'_>) -> Value {
    let mut fields = Fields::default();
    decoded.pdu.visit(&mut fields);
    let mut members = vec![("header", describe_header(&decoded.header))];
    if !fields.members.is_empty() {
        members.push(("body", Value::Object(fields.members)));
    }
    let tlvs = decoded.pdu.tlvs();
    if !tlvs.is_empty() {
        members.push(("tlvs", describe_tlvs(tlvs)));
    }
    if let Some(message) = decoded.pdu.message() {
        match Receipt::from_message(&message, true) {
            Some(receipt) => members.push(("receipt", describe_receipt(&receipt))),
            None => members.push(("message", describe_message(&message))),
        }
    }
    members.extend(oddities(decoded.quirks.names(), decoded.ignored));
    Value::Object(members)
}

fn describe_header(header: &Header) -> Value {
    let mut members = vec![
        ("command_length", Value::number(header.command_length)),
        ("command_id", hex(header.command_id.0).meaning(header.command_id.name())),
        ("command_status", status(header.command_status)),
        ("sequence_number", Value::number(header.sequence_number)),
    ];
    if let Some(description) = header.command_status.description().filter(|_| !header.command_status.is_ok()) {
        members.insert(3, ("command_status_text", Value::text(description)));
    }
    Value::Object(members)
}

fn status(status: CommandStatus) -> Value {
    hex(status.0).meaning(status.name())
}

/// A number in hexadecimal, by whole octets.
fn hex(value: impl Into<u64>) -> Value {
    Value::hex(value, 2)
}

/// Collects the fields of a PDU; items of a list become objects of their own.
#[derive(Default)]
struct Fields {
    members: Vec<(&'static str, Value)>,
    item: Option<Vec<(&'static str, Value)>>,
}

impl Visitor for Fields {
    fn field(&mut self, name: &'static str, value: FieldValue<'_>) {
        let value = match value {
            FieldValue::Code { value, name: _ } if name == "error_status_code" => status(CommandStatus(value)),
            FieldValue::Code { value, name } => Value::number(value).meaning(name),
            FieldValue::Flags { value, meaning: words } => hex(value).meaning(Some(words)),
            FieldValue::Integer(value) => Value::number(value),
            FieldValue::Octets(octets) => Value::octets(octets),
            FieldValue::Secret(length) => Value::text(format!("(hidden, {length} octets)")),
            FieldValue::Text(octets) => describe_text(name, octets),
        };
        self.item.as_mut().unwrap_or(&mut self.members).push((name, value));
    }

    fn begin_item(&mut self, _: &'static str) {
        self.item = Some(Vec::new());
    }

    fn end_item(&mut self, list: &'static str) {
        let item = Value::Object(self.item.take().unwrap_or_default());
        match self.members.last_mut() {
            Some((name, Value::List(items))) if *name == list => items.push(item),
            _ => self.members.push((list, Value::List(vec![item]))),
        }
    }
}

fn describe_text(name: &str, octets: &[u8]) -> Value {
    let value = Value::text_or_octets(octets);
    match name {
        "schedule_delivery_time" | "validity_period" | "final_date" => match SmppTime::parse(octets) {
            Ok(Some(time)) => value.meaning(Some(time)),
            Ok(None) => value,
            Err(error) => value.meaning(Some(error)),
        },
        _ => value,
    }
}

fn describe_tlvs(tlvs: Tlvs<'_>) -> Value {
    let one = |tlv: Tlv<'_>| {
        let kind = if tlv.tag.is_vendor() { "vendor" } else { "unknown" };
        Value::Object(vec![
            ("tag", hex(tlv.tag.0).meaning(Some(tlv.tag.name().unwrap_or(kind)))),
            ("length", Value::count(tlv.value.len())),
            ("value", describe_tlv_value(tlv)),
        ])
    };
    Value::List(tlvs.iter().map(one).collect())
}

fn describe_tlv_value(tlv: Tlv<'_>) -> Value {
    let raw = || Value::octets(tlv.value);
    let Some(spec) = tlv.tag.spec() else { return raw() };
    if !tlv.fits_spec() {
        return raw().meaning(Some(format!("{} to {} octets expected", spec.min, spec.max)));
    }
    let integer = || tlv.value.iter().fold(0, |value, octet| value << 8 | i64::from(*octet));
    match (tlv.tag, spec.kind) {
        (Tag::MESSAGE_STATE, _) => Value::number(integer()).meaning(MessageState(integer() as u8).name()),
        (Tag::SC_INTERFACE_VERSION, _) => Value::number(integer()).meaning(InterfaceVersion(integer() as u8).name()),
        (Tag::NETWORK_ERROR_CODE, _) => raw().meaning(NetworkErrorCode::parse(tlv.value)),
        (Tag::BROADCAST_ERROR_STATUS, _) => status(CommandStatus(integer() as u32)),
        (_, TlvKind::CString) => Value::text_or_octets(tlv.value.strip_suffix(&[0]).unwrap_or(tlv.value)),
        (_, TlvKind::Octets) => raw(),
        (_, TlvKind::Int1 | TlvKind::Int2 | TlvKind::Int4) => Value::number(integer()),
    }
}

fn describe_message(message: &Message<'_>) -> Value {
    let (udh, body) = message.split_udh();
    let mut members = vec![("octets", Value::count(message.octets().len()))];
    if !udh.is_empty() {
        members.push(("user_data_header", Value::octets(udh)));
    }
    if let Some(text) = message_text(message.data_coding, body) {
        members.push(("text", Value::Text(text)));
    }
    if let Some(segment) = message.segment() {
        let words = format!("{} of {}, reference {}", segment.number, segment.total, segment.reference);
        members.push(("segment", Value::Text(words)));
    }
    Value::Object(members)
}

/// The message as text where its coding is beyond doubt; the default alphabet is shown where it agrees with ASCII.
fn message_text(coding: DataCoding, octets: &[u8]) -> Option<String> {
    match coding {
        DataCoding::DEFAULT | DataCoding::IA5 => {
            let plain = octets.iter().all(|octet| matches!(octet, b' '..=b'~' | b'\r' | b'\n'));
            plain.then(|| String::from_utf8_lossy(octets).into_owned())
        }
        DataCoding::LATIN1 => Some(octets.iter().map(|octet| char::from(*octet)).collect()),
        DataCoding::UCS2 => {
            let (units, odd) = octets.as_chunks::<2>();
            let units: Vec<u16> = units.iter().map(|unit| u16::from_be_bytes(*unit)).collect();
            odd.is_empty().then(|| String::from_utf16_lossy(&units))
        }
        _ => None,
    }
}

fn describe_receipt(receipt: &Receipt<'_>) -> Value {
    let text = &receipt.text;
    let kind = match receipt.kind {
        ReceiptKind::Final => "final",
        ReceiptKind::Intermediate => "intermediate",
    };
    let mut members = vec![("kind", Value::text(kind))];
    let optional = [
        ("message_id", receipt.message_id.map(Value::text_or_octets)),
        ("message_id_in_text", text.id.filter(|id| Some(*id) != receipt.message_id).map(Value::text_or_octets)),
        ("state", receipt.state.map(Value::text)),
        ("network_error", receipt.network_error.map(Value::text)),
        ("submitted", text.sub.map(Value::number)),
        ("delivered", text.dlvrd.map(Value::number)),
        ("submit_date", text.submit_date.map(Value::text)),
        ("done_date", text.done_date.map(Value::text)),
        ("stat", text.stat.map(Value::text_or_octets)),
        ("err", text.err.map(Value::text_or_octets)),
        ("text", text.text.map(Value::text_or_octets)),
    ];
    members.extend(optional.into_iter().filter_map(|(name, value)| Some((name, value?))));
    Value::Object(members)
}

#[cfg(test)]
mod tests {
    use super::*;

    const THROTTLED: &[u8] = b"\0\0\0\x10\x80\0\0\x04\0\0\0\x58\0\0\0\x09";

    #[test]
    fn a_status_is_told_by_name_and_in_words() {
        let description = describe(THROTTLED);
        assert_eq!(
            description.to_string(),
            "header:\n  command_length: 16\n  command_id: 0x80000004 (submit_sm_resp)\n  command_status: 0x58 (ESME_RTHROTTLED)\n  \
             command_status_text: Throttling: the ESME exceeded its allowed message rate\n  sequence_number: 9"
        );
        assert!(description.to_json().contains(r#""command_status":{"value":88,"name":"ESME_RTHROTTLED"}"#));
    }

    #[test]
    fn what_cannot_be_described_is_told() {
        for (octets, error) in [
            (&b""[..], "no octets"),
            (&THROTTLED[..10], "incomplete PDU: 10 octets, a header has 16"),
            (b"\0\0\0\x20\0\0\0\x15\0\0\0\0\0\0\0\x01", "incomplete PDU: 16 of 32 octets"),
            (b"\0\0\0\x01", "command_length 1 is outside 16 to 70000: the session has to be closed"),
            (
                b"\0\0\0\x10\0\0\0\x99\0\0\0\0\0\0\0\x01",
                "0x99 (sequence number 1): command_id is unknown; to be answered with ESME_RINVCMDID",
            ),
        ] {
            assert_eq!(describe(octets).error(), Some(error));
        }
    }

    #[test]
    fn several_pdus_are_described_in_turn() {
        let description = describe(&THROTTLED.repeat(3));
        assert_eq!((description.pdus().len(), description.error()), (3, None));
        let cut = describe(&[THROTTLED, &THROTTLED[..4]].concat());
        assert_eq!((cut.pdus().len(), cut.error().is_some()), (1, true));
    }

    #[test]
    fn quirks_and_ignored_octets_are_shown() {
        let text = describe(b"\0\0\0\x12\0\0\0\x15\0\0\0\0\0\0\0\x01\x0d\x0a").to_string();
        assert!(text.contains("quirks:\n  [0] trailing_octets\nignored: hex 0d0a"), "{text}");
    }
}
