//! Any PDU as a person reads it: header fields and parts by name, text shown, oddities named.

use bytes::Bytes;
use waxwing_describe::oddities;
pub use waxwing_describe::{Description, Value};

use crate::content::{Content, Limits, Part, SMIL};
use crate::decode::Decoded;
use crate::error::DecodeError;
use crate::header::{Field, Header};
use crate::pdu::Pdu;
use crate::smil::Smil;

/// Describes a PDU. Of data that is no text the size alone is told.
pub fn describe(octets: &[u8]) -> Description {
    let octets = Bytes::copy_from_slice(octets);
    match Pdu::decode(octets.clone()) {
        Ok(decoded) => Description::new(vec![pdu(&decoded, Limits::default().depth)], None),
        Err(error) => {
            let known = known(&error);
            let members = known.into_iter().chain([("octets", Value::octets(&octets))]).collect();
            Description::new(vec![Value::Object(members)], Some(error.to_string()))
        }
    }
}

/// What an error tells of the PDU.
fn known(error: &DecodeError) -> Vec<(&'static str, Value)> {
    let kind = error.kind.map(|kind| ("message_type", Value::hex(kind.code(), 2).meaning(Some(kind))));
    let id = error.transaction_id.as_ref().map(|id| ("transaction_id", text(id)));
    let version = error.version.map(|version| ("version", Value::text(version)));
    kind.into_iter().chain(id).chain(version).collect()
}

fn text(text: &str) -> Value {
    Value::text_or_octets(text.as_bytes())
}

fn pdu(decoded: &Decoded, depth: usize) -> Value {
    let Pdu { kind, transaction_id, version, headers, content } = &decoded.pdu;
    let mut members = vec![("message_type", Value::hex(kind.code(), 2).meaning(Some(kind)))];
    members.extend(transaction_id.as_ref().map(|id| ("transaction_id", text(id))));
    members.push(("version", Value::text(version)));
    if !headers.is_empty() {
        members.push(("headers", header_fields(headers)));
    }
    members.extend(content.iter().flat_map(|content| content_members(content, depth)));
    let missing: Vec<Value> = decoded.pdu.missing().into_iter().map(Value::text).collect();
    if !missing.is_empty() {
        members.push(("missing", Value::List(missing)));
    }
    members.extend(oddities(decoded.quirks.names(), &[]));
    Value::Object(members)
}

/// Header fields by name; those that stand more than once as a list, in the place of the first. Those without a number come last.
fn header_fields(headers: &[Header]) -> Value {
    let mut fields: Vec<(Field, Vec<Value>)> = Vec::new();
    let mut others = Vec::new();
    for header in headers {
        match header.field().filter(|_| !matches!(header, Header::Other { .. })) {
            Some(field) => match fields.iter_mut().find(|(known, _)| *known == field) {
                Some((_, values)) => values.push(header.describe_value()),
                None => fields.push((field, vec![header.describe_value()])),
            },
            None => others.push(text(&header.to_string())),
        }
    }
    let mut members: Vec<(&'static str, Value)> = fields
        .into_iter()
        .map(|(field, mut values)| {
            let value = if values.len() == 1 { values.swap_remove(0) } else { Value::List(values) };
            (field.name(), value)
        })
        .collect();
    if !others.is_empty() {
        members.push(("others", Value::List(others)));
    }
    Value::Object(members)
}

fn content_members(content: &Content, depth: usize) -> Vec<(&'static str, Value)> {
    let mut members = vec![("content_type", text(&content.content_type().to_string()))];
    match content {
        Content::Single(part) => members.extend(data_members(part, depth)),
        content => {
            members.push(("parts", Value::List(content.parts().iter().map(|it| part(it, depth)).collect())));
            members.extend(presentation(content));
        }
    }
    members
}

/// What phones may not show as the presentation means it.
fn presentation(content: &Content) -> Option<(&'static str, Value)> {
    let root = content.root().filter(|root| root.content_type.is(SMIL))?;
    let findings = match Smil::parse(&root.decoded_text()) {
        Ok(smil) => smil.check(content.parts()).iter().map(|finding| text(&finding.to_string())).collect(),
        Err(error) => vec![Value::text(error)],
    };
    (!findings.is_empty()).then_some(("presentation", Value::List(findings)))
}

fn part(part: &Part, depth: usize) -> Value {
    let mut members = vec![("content_type", text(&part.content_type.to_string()))];
    members.extend(part.name().map(|name| ("name", text(&name))));
    members.extend(part.content_id().map(|id| ("content_id", text(id))));
    members.extend(part.content_location().map(|location| ("content_location", text(location))));
    members.extend(part.disposition().map(|disposition| ("disposition", text(&disposition.kind))));
    members.extend(data_members(part, depth));
    Value::Object(members)
}

/// The size, and what is inside: text, parts, or another PDU.
fn data_members(part_: &Part, depth: usize) -> Vec<(&'static str, Value)> {
    /// Characters of a text that are shown.
    const SHOWN: usize = 4_000;
    let mut members = vec![("size", Value::count(part_.data.len()))];
    if part_.is_text() {
        let shown = part_.decoded_text();
        let cut = shown.char_indices().nth(SHOWN).map_or(shown.len(), |(at, _)| at);
        // Line ends are what text has; other controls would change a terminal.
        let clean = |char: char| if char.is_control() && char != '\n' { ' ' } else { char };
        members.push(("text", Value::Text(shown.get(..cut).unwrap_or_default().chars().map(clean).collect())));
        return members;
    }
    if depth == 0 {
        return members;
    }
    if part_.content_type.is(waxwing_wap::mms::CONTENT_TYPE) {
        if let Ok(decoded) = Pdu::decode(part_.data.clone()) {
            members.push(("pdu", pdu(&decoded, depth - 1)));
        }
    } else if let Some(Ok(decoded)) = part_.multipart(Limits::default()) {
        let parts = decoded.content.parts().iter().map(|inner| part(inner, depth - 1)).collect();
        members.push(("parts", Value::List(parts)));
        members.extend(oddities(decoded.quirks.names(), &[]));
    }
    members
}
