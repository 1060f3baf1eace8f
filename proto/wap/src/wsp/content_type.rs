//! Content-Type and what else is coded like it (WAP-230-WSP, sections 8.4.2.24 and 8.4.2.21).

use std::fmt;

use super::reader::Reader;
use super::{Parameter, ParameterValue, tables, write};
use crate::charset::Charset;
use crate::error::{DecodeError, EncodeError, Problem};

/// A content type with its parameters.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ContentType {
    /// The type, such as `application/vnd.wap.sic`; `unknown/0x123` for a number that nobody assigned.
    pub media: String,
    /// The parameters, in their order.
    pub parameters: Vec<Parameter>,
}

/// The name of a well-known content type by its number, the high bit of short ones left out.
pub fn content_type_name(code: u64) -> Option<&'static str> {
    tables::CONTENT_TYPES.iter().find(|(known, _)| u64::from(*known) == code).map(|(_, name)| *name)
}

/// The number of a content type that has one.
pub fn content_type_code(name: &str) -> Option<u32> {
    tables::CONTENT_TYPES.iter().find(|(_, known)| known.eq_ignore_ascii_case(name)).map(|(code, _)| *code)
}

impl ContentType {
    /// A content type without parameters.
    pub fn new(media: impl Into<String>) -> Self {
        Self { media: media.into(), parameters: Vec::new() }
    }

    /// The same with one more parameter.
    #[must_use]
    pub fn with(mut self, parameter: Parameter) -> Self {
        self.parameters.push(parameter);
        self
    }

    /// The type is this one, in any case.
    pub fn is(&self, media: &str) -> bool {
        self.media.eq_ignore_ascii_case(media)
    }

    /// The value of the first parameter of a name.
    pub fn parameter(&self, name: &str) -> Option<&ParameterValue> {
        self.parameters.iter().find(|parameter| parameter.name.eq_ignore_ascii_case(name)).map(|parameter| &parameter.value)
    }

    /// The charset, if one is named.
    pub fn charset(&self) -> Option<Charset> {
        match self.parameter("charset")? {
            ParameterValue::Charset(charset) => Some(*charset),
            ParameterValue::Text(name) => Charset::from_name(name),
            _ => None,
        }
    }

    /// Reads a content type: a short number, text, or the general form with parameters. A parameter that can't be read is left out, and
    /// so are those after it.
    ///
    /// # Errors
    /// The length is more than there is, or there is no type.
    pub fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match reader.peek() {
            None => Err(reader.error("content type", Problem::Ends { needed: 1, available: 0 })),
            Some(0..=31) => {
                let length = reader.value_length()?;
                let mut inner = reader.sub(length, "content type")?;
                let media = Self::decode_media(&mut inner)?;
                let mut parameters = Vec::new();
                while !inner.is_empty() {
                    let Ok(parameter) = Parameter::decode(&mut inner) else { break };
                    parameters.push(parameter);
                }
                Ok(Self { parameters, ..Self::from_text(&media) })
            }
            Some(_) => Ok(Self::from_text(&Self::decode_media(reader)?)),
        }
    }

    fn decode_media(reader: &mut Reader<'_>) -> Result<String, DecodeError> {
        if reader.peek().is_some_and(|octet| (0x20..0x80).contains(&octet)) {
            return Ok(reader.string());
        }
        let code = reader.integer()?;
        Ok(content_type_name(code).map_or_else(|| format!("unknown/{code:#04x}"), str::to_owned))
    }

    /// A content type from its MIME form, such as `text/plain; charset="utf-8"; name=a.txt`. What is no parameter is left out.
    pub fn from_text(text: &str) -> Self {
        // One assigned name has a parameter in it; it is a name as a whole.
        if content_type_code(text).is_some() {
            return Self::new(text);
        }
        let mut pieces = split_unquoted(text).into_iter();
        let media = pieces.next().unwrap_or_default().trim().to_owned();
        let parameters = pieces.filter_map(|piece| {
            let (name, value) = piece.split_once('=')?;
            let value = value.trim();
            let value = match value.strip_prefix('"') {
                Some(quoted) => unescape(quoted.strip_suffix('"').unwrap_or(quoted)),
                None => value.to_owned(),
            };
            let name = name.trim().to_ascii_lowercase();
            let charset = Charset::from_name(&value).filter(|_| name == "charset");
            Some(Parameter { name, value: charset.map_or(ParameterValue::Text(value), ParameterValue::Charset) })
        });
        Self { media, parameters: parameters.collect() }
    }

    /// Writes the content type in its shortest form.
    ///
    /// # Errors
    /// Type or parameters have no coding.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        if self.media.is_empty() {
            return Err(EncodeError::Token { what: "a content type", text: String::new() });
        }
        let mut media = Vec::new();
        let code = content_type_code(&self.media);
        match code {
            Some(code) => write::integer(code.into(), &mut media),
            None => write::text(&self.media, "a content type", &mut media)?,
        }
        if self.parameters.is_empty() && code.is_none_or(|code| code < 0x80) {
            out.extend(media);
            return Ok(());
        }
        for parameter in &self.parameters {
            parameter.encode(&mut media)?;
        }
        write::value_length(media.len(), "a content type", out)?;
        out.extend(media);
        Ok(())
    }
}

impl fmt::Display for ContentType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.media)?;
        self.parameters.iter().try_for_each(|parameter| write!(f, "; {parameter}"))
    }
}

/// Splits at semicolons outside of quotes.
fn split_unquoted(text: &str) -> Vec<&str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(|char| {
        match char {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ';' if !quoted => return true,
            _ => {}
        }
        false
    })
    .collect()
}

fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        out.extend(if char == '\\' { chars.next() } else { Some(char) });
    }
    out
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decoded(octets: &[u8]) -> String {
        let mut reader = Reader::new(octets);
        let content_type = ContentType::decode(&mut reader).unwrap();
        assert!(reader.is_empty(), "{content_type} and more");
        content_type.to_string()
    }

    fn encoded(text: &str) -> Vec<u8> {
        let mut out = Vec::new();
        ContentType::from_text(text).encode(&mut out).unwrap();
        out
    }

    #[test]
    fn every_form_is_read() {
        for (octets, text) in [
            (&b"\xae"[..], "application/vnd.wap.sic"),
            (b"\x01\xbe", "application/vnd.wap.mms-message"),
            (b"\x03\xb0\x81\xea", "application/vnd.wap.slc; charset=utf-8"),
            (b"application/smil\0", "application/smil"),
            (b"\x03\x02\x03\x0a", "application/vnd.wap.emn+wbxml"),
            (b"\x0a\x83\x81\xea\x85a.txt\0", "text/plain; charset=utf-8; name=a.txt"),
            (b"\x18\xb3\x89application/smil\0\x8a<s>\0", "application/vnd.wap.multipart.related; type=application/smil; start=\"<s>\""),
            (b"\x03\xb3\x89\x9e", "application/vnd.wap.multipart.related; type=image/jpeg"),
            (b"text/plain; charset=utf-8\0", "text/plain; charset=utf-8"),
            (b"\x11\x830xff\0iso-8859-1\0", "text/plain; 0xff=iso-8859-1"),
            (b"\x14\x83charset\0iso-8859-1\0", "text/plain; charset=iso-8859-1"),
            (b"\x01\xf9", "unknown/0x79"),
            (b"\x05\x83\x81\xea\x85\x09", "text/plain; charset=utf-8"),
        ] {
            assert_eq!(decoded(octets), text, "{octets:02x?}");
        }
        let spelt = ContentType::decode(&mut Reader::new(b"\x0e\x83Charset\0big5\0")).unwrap();
        assert_eq!(spelt.parameters[0].value, ParameterValue::Charset(Charset(2026)));
        let mac = [&b"\x1f\x2d\xb6\x91\x81\x92"[..], &[b'A'; 40], &[0]].concat();
        assert_eq!(decoded(&mac), format!("application/vnd.wap.connectivity-wbxml; sec=1; mac={}", "A".repeat(40)));
    }

    #[test]
    fn the_shortest_form_is_written() {
        assert_eq!(encoded("application/vnd.wap.sic"), [0xae]);
        assert_eq!(encoded("application/vnd.wap.emn+wbxml"), [3, 2, 3, 10]);
        assert_eq!(encoded("application/smil"), b"application/smil\0");
        assert_eq!(encoded("text/plain; charset=utf-8; name=a.txt"), b"\x0a\x83\x81\xea\x85a.txt\0");
        assert_eq!(encoded("text/plain; x-y=\"a; \\\"b\""), b"\x0b\x83x-y\0a; \"b\0");
        let related = encoded("application/vnd.wap.multipart.related; type=application/smil; start=\"<s>\"");
        assert_eq!(related, b"\x18\xb3\x89application/smil\0\x8a<s>\0");
        let mut out = Vec::new();
        assert!(ContentType::new("").encode(&mut out).is_err());
        assert!(ContentType::new("a/b").with(Parameter::text("a b", "c")).encode(&mut out).is_err());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            media in prop_oneof![Just("text/plain".to_owned()), Just("application/vnd.wap.emn+wbxml".to_owned()), "[a-z]{1,8}/[a-z.+-]{1,20}"],
            name in prop_oneof!["[a-z]{1,9}-x", Just("name".to_owned()), Just("start".to_owned()), Just("mac".to_owned()), Just("q".to_owned())],
            text in "[!#-~ä][ -!#-~é]{0,20}",
            number in any::<u64>(),
        ) {
            let text = if name == "q" { "0.305".to_owned() } else { text };
            let content_type = ContentType::new(media)
                .with(Parameter::charset(Charset::UTF_8))
                .with(Parameter { name: "size".to_owned(), value: ParameterValue::Integer(number) })
                .with(Parameter { name: "creation-date".to_owned(), value: ParameterValue::Integer(number) })
                .with(Parameter { name: "x-number".to_owned(), value: ParameterValue::Integer(number) })
                .with(Parameter::text(name, text));
            let mut out = Vec::new();
            content_type.encode(&mut out).unwrap();
            let mut reader = Reader::new(&out);
            prop_assert_eq!(ContentType::decode(&mut reader).unwrap(), content_type.clone());
            prop_assert!(reader.is_empty());
            prop_assert_eq!(ContentType::from_text(&content_type.to_string()).to_string(), content_type.to_string());
        }
    }
}
