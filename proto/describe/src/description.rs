//! What some octets are: PDUs, and why the rest is none.

use std::fmt;

use crate::Value;

/// What some octets are. `Display` gives indented text, the PDUs first and the error last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    pdus: Vec<Value>,
    error: Option<String>,
}

/// A protocol whose PDUs stand back to back, each behind a header that tells its length.
pub trait Framed {
    /// Octets of a header.
    const HEADER_LEN: usize;

    /// Length of the first PDU in octets, 1 to what there are; `None` where it is not there whole. An error tells that no PDU can begin
    /// like this.
    fn next(&self, octets: &[u8]) -> Result<Option<usize>, impl fmt::Display>;

    /// The header that some octets begin with: the length that it tells, and its description. `None` where it is not there whole.
    fn header(&self, octets: &[u8]) -> Option<(u32, Value)>;

    /// A whole PDU, an object; or why it cannot be read.
    fn pdu(&self, frame: &[u8]) -> Result<Value, impl fmt::Display>;
}

impl Description {
    /// Of these PDUs, each an object; and why others of the octets could not be described.
    pub fn new(pdus: Vec<Value>, error: Option<String>) -> Self {
        Self { pdus, error }
    }

    /// Of one PDU or several back to back. It ends at the first that cannot be read, of which the header and the octets are told.
    pub fn of_frames(octets: &[u8], protocol: &impl Framed) -> Self {
        let mut description = Self::new(Vec::new(), None);
        let mut rest = octets;
        while description.error.is_none() && !rest.is_empty() {
            rest = description.add_first(rest, protocol);
        }
        if octets.is_empty() {
            description.error = Some("no octets".to_owned());
        }
        description
    }

    /// Why some of the octets could not be described; `None` if all could.
    pub fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }

    /// The PDUs described, each an object.
    pub fn pdus(&self) -> &[Value] {
        &self.pdus
    }

    /// The PDUs as indented text, an empty line between two; without the error.
    pub fn pdus_to_text(&self) -> String {
        self.pdus.iter().map(Value::to_string).collect::<Vec<_>>().join("\n\n")
    }

    /// The description as one JSON object: `{"pdus":[...],"error":...}`; without `error` where there is none.
    pub fn to_json(&self) -> String {
        let error = self.error.as_ref().map(|error| ("error", Value::text(error)));
        let members = [("pdus", Value::List(self.pdus.clone()))].into_iter().chain(error);
        Value::Object(members.collect()).to_json()
    }

    /// Adds the first PDU, or the error; gives the octets behind it.
    fn add_first<'a, F: Framed>(&mut self, octets: &'a [u8], protocol: &F) -> &'a [u8] {
        let length = match protocol.next(octets) {
            Ok(Some(length)) => length,
            Ok(None) => {
                self.error = Some(match protocol.header(octets) {
                    Some((length, _)) => format!("incomplete PDU: {} of {length} octets", octets.len()),
                    None => format!("incomplete PDU: {} octets, a header has {}", octets.len(), F::HEADER_LEN),
                });
                return &[];
            }
            Err(error) => {
                self.error = Some(error.to_string());
                return &[];
            }
        };
        let (frame, rest) = octets.split_at(length);
        match protocol.pdu(frame) {
            Ok(pdu) => self.pdus.push(pdu),
            Err(error) => {
                let header = protocol.header(frame).map(|(_, header)| ("header", header));
                self.pdus.push(Value::Object(header.into_iter().chain([("octets", Value::octets(frame))]).collect()));
                self.error = Some(error.to_string());
            }
        }
        rest
    }
}

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let between = if self.pdus.is_empty() { "" } else { "\n\n" };
        f.write_str(&self.pdus_to_text())?;
        match &self.error {
            Some(error) => write!(f, "{between}error: {error}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// PDUs of a length octet, which counts itself, and letters.
    struct Letters;

    impl Framed for Letters {
        const HEADER_LEN: usize = 2;

        fn next(&self, octets: &[u8]) -> Result<Option<usize>, impl fmt::Display> {
            match octets.first().map_or(0, |octet| usize::from(*octet)) {
                0 | 1 => Err("too short"),
                length if octets.len() < length => Ok(None),
                length => Ok(Some(length)),
            }
        }

        fn header(&self, octets: &[u8]) -> Option<(u32, Value)> {
            (octets.len() >= Self::HEADER_LEN).then(|| (octets[0].into(), Value::number(octets[0])))
        }

        fn pdu(&self, frame: &[u8]) -> Result<Value, impl fmt::Display> {
            let text = &frame[1..];
            let all = text.iter().all(u8::is_ascii_alphabetic);
            if all { Ok(Value::Object(vec![("letters", Value::text_or_octets(text))])) } else { Err("no letters") }
        }
    }

    fn describe(octets: &[u8]) -> (String, String) {
        let description = Description::of_frames(octets, &Letters);
        (description.to_string(), description.to_json())
    }

    #[test]
    fn pdus_are_described_in_turn() {
        let (text, json) = describe(b"\x03ab\x02c");
        assert_eq!(text, "letters: ab\n\nletters: c");
        assert_eq!(json, r#"{"pdus":[{"letters":"ab"},{"letters":"c"}]}"#);
    }

    #[test]
    fn what_cannot_be_read_ends_the_description() {
        let (text, json) = describe(b"\x03ab\x021\x02c");
        assert_eq!(text, "letters: ab\n\nheader: 2\noctets: hex 0231\n\nerror: no letters");
        assert_eq!(json, r#"{"pdus":[{"letters":"ab"},{"header":2,"octets":{"hex":"0231"}}],"error":"no letters"}"#);
        for (octets, text) in [
            (&b""[..], "error: no octets"),
            (b"\x04", "error: incomplete PDU: 1 octets, a header has 2"),
            (b"\x04ab", "error: incomplete PDU: 3 of 4 octets"),
            (b"\x02a\x01", "letters: a\n\nerror: too short"),
        ] {
            assert_eq!(describe(octets).0, text);
        }
    }
}
