//! Any PDU as a person reads it: fields and their values by name, status reports parsed, oddities named.
//!
//! The content of a message is told as octets, and as text where those are printable ASCII: charsets are not the codec's business.

use std::fmt;

pub use waxwing_describe::{Description, Value};
use waxwing_describe::{Framed, oddities};

use crate::frame::{self, Header};
use crate::pdu::Body;
use crate::visit::{FieldValue, Visitor};
use crate::{Decoded, Pdu, Version, auth, decode, guess_version, words};

/// Describes one PDU or several back to back. Without a version each PDU is read in the one that it fits to the octet, else as 3.0.
pub fn describe(octets: &[u8], version: Option<Version>) -> Description {
    Description::of_frames(octets, &Cmpp { version })
}

struct Cmpp {
    version: Option<Version>,
}

impl Framed for Cmpp {
    const HEADER_LEN: usize = frame::HEADER_LEN;

    fn next(&self, octets: &[u8]) -> Result<Option<usize>, impl fmt::Display> {
        /// As long as the largest PDU that can be decoded.
        const MAX_LEN: usize = 16_384;
        frame::next(octets, MAX_LEN)
    }

    fn header(&self, octets: &[u8]) -> Option<(u32, Value)> {
        Header::parse(octets).map(|header| (header.total_length, describe_header(&header)))
    }

    fn pdu(&self, frame: &[u8]) -> Result<Value, impl fmt::Display> {
        let version = self.version.or_else(|| guess_version(frame)).unwrap_or(Version::V3);
        decode(frame, version).map(|decoded| describe_pdu(&decoded))
    }
}

fn describe_pdu(decoded: &Decoded<'_>) -> Value {
    let version = decoded.version;
    let mut body = Fields::default();
    decoded.pdu.visit(version, &mut body);
    let mut members = vec![("header", describe_header(&decoded.header))];
    if decoded.pdu.differs_by_version() {
        members.push(("layout", Value::text(version)));
    }
    if !body.0.is_empty() {
        members.push(("body", Value::Object(body.0)));
    }
    members.extend(describe_content(&decoded.pdu));
    members.extend(oddities(decoded.quirks.names(), decoded.ignored));
    Value::Object(members)
}

/// What is inside Msg_Content: a report, or a message with a user data header.
fn describe_content(pdu: &Pdu<'_>) -> Option<(&'static str, Value)> {
    let (report, mo_report, message) = match pdu {
        Pdu::Submit(submit) => (None, None, submit.has_udh().then_some(submit.msg_content)),
        Pdu::Deliver(deliver) => (deliver.report(), None, deliver.has_udh().then_some(deliver.msg_content)),
        Pdu::Fwd(fwd) => (fwd.report(), fwd.mo_report(), fwd.has_udh().then_some(fwd.msg_content)),
        _ => return None,
    };
    let mut fields = Fields::default();
    if let Some(report) = report {
        report.visit(Version::V3, &mut fields);
        return Some(("report", Value::Object(fields.0)));
    }
    if let Some(report) = mo_report {
        report.visit(&mut fields);
        return Some(("report", Value::Object(fields.0)));
    }
    let content = message?;
    let (header, text) = content.split_at_checked(1 + usize::from(*content.first()?))?;
    let members = vec![("user_data_header", Value::octets(header)), ("text", Value::octets(text))];
    Some(("message", Value::Object(members)))
}

fn describe_header(header: &Header) -> Value {
    Value::Object(vec![
        ("Total_Length", Value::number(header.total_length)),
        ("Command_Id", Value::hex(header.command_id.0, 8).meaning(header.command_id.name())),
        ("Sequence_Id", Value::number(header.sequence_id)),
    ])
}

/// Collects the fields of a PDU.
#[derive(Default)]
struct Fields(Vec<(&'static str, Value)>);

impl Visitor for Fields {
    fn field(&mut self, name: &'static str, value: FieldValue<'_>) {
        let value = match value {
            FieldValue::Digest(octets) | FieldValue::Octets(octets) => Value::octets(octets),
            FieldValue::Integer { value, name: Some(name) } => Value::number(value).meaning(Some(name)),
            FieldValue::Integer { value, .. } if name == "Timestamp" => {
                let digits = u32::try_from(value).map(auth::timestamp_digits).unwrap_or_default();
                Value::number(value).meaning(Some(String::from_utf8_lossy(&digits)))
            }
            FieldValue::Integer { value, .. } => Value::number(value),
            FieldValue::MsgId(id) => Value::text(id).meaning(Some(id.to_hex())),
            FieldValue::Terminals(numbers) => Value::List(numbers.iter().map(Value::text_or_octets).collect()),
            FieldValue::Text(stat) if name == "Stat" => match words::stat(stat) {
                Some(word) => Value::text_or_octets(stat).meaning(Some(word)),
                None => Value::text_or_octets(stat),
            },
            FieldValue::Text(text) => Value::text_or_octets(text),
        };
        self.0.push((name, value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFUSED: &[u8] = b"\0\0\0\x15\x80\0\0\x04\0\0\0\x09\xcf\xdf\xbe\x80\x03\xe9\xff\xff\x08";

    #[test]
    fn fields_have_the_names_of_the_standard_and_values_their_meaning() {
        let description = describe(REFUSED, None);
        assert_eq!(
            description.to_string(),
            "header:\n  Total_Length: 21\n  Command_Id: 0x80000004 (CMPP_SUBMIT_RESP)\n  Sequence_Id: 9\nlayout: 2.0\nbody:\n  \
             Msg_Id: 1231235958000100165535 (cfdfbe8003e9ffff)\n  Result: 8 (flow control)"
        );
        let json = description.to_json();
        assert!(json.contains(r#""Msg_Id":{"value":"1231235958000100165535","name":"cfdfbe8003e9ffff"}"#), "{json}");
        assert!(json.contains(r#""Result":{"value":8,"name":"flow control"}"#), "{json}");
    }

    #[test]
    fn a_version_given_is_not_guessed() {
        let text = describe(REFUSED, Some(Version::V3)).to_string();
        assert!(text.contains("layout: 2.0") && text.contains("[0] other_layout"), "{text}");
    }

    #[test]
    fn what_cannot_be_described_is_told() {
        for (octets, error) in [
            (&b""[..], "no octets"),
            (&REFUSED[..10], "incomplete PDU: 10 octets, a header has 12"),
            (&REFUSED[..20], "incomplete PDU: 20 of 21 octets"),
            (b"GET / HTTP/1.1", "Total_Length 1195725856 is outside 12 to 16384: the session has to be closed"),
            (b"\0\0\0\x0c\0\0\0\x99\0\0\0\x01", "0x00000099 (Sequence_Id 1): Command_Id is unknown (result 2)"),
        ] {
            assert_eq!(describe(octets, None).error(), Some(error));
        }
    }

    #[test]
    fn several_pdus_are_described_in_turn() {
        let description = describe(&REFUSED.repeat(3), None);
        assert_eq!((description.pdus().len(), description.error()), (3, None));
        let cut = describe(&[REFUSED, &REFUSED[..4]].concat(), None);
        assert_eq!((cut.pdus().len(), cut.error().is_some()), (1, true));
    }
}
