//! Header fields, with their code pages (WAP-230-WSP, sections 8.4.1 and 8.4.2.6).

use std::fmt;

use super::reader::{Reader, Value, unsigned};
use super::{ContentType, application_id_code, application_id_name, tables, write};
use crate::charset::lenient_text;
use crate::error::{DecodeError, EncodeError};

/// Header fields in the order of the wire.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Headers(pub Vec<Header>);

/// A header field.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Header {
    /// The name.
    pub name: HeaderName,
    /// The value.
    pub value: HeaderValue,
}

/// The name of a header field.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum HeaderName {
    /// A number of the default code page, without its high bit: see [`header_name`].
    WellKnown(u8),
    /// A number of another code page, without its high bit.
    Paged {
        /// The code page, from 2.
        page: u8,
        /// The number.
        code: u8,
    },
    /// A name as text.
    Text(String),
}

/// The value of a header field, by its syntax; what it means is up to the name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum HeaderValue {
    /// Seven bits: a short integer or a token.
    Short(u8),
    /// A value with its length: a long integer or one of several octets.
    Octets(Vec<u8>),
    /// Text.
    Text(String),
}

/// The name of a header field of the default code page by its number without the high bit.
pub fn header_name(code: u8) -> Option<&'static str> {
    tables::HEADER_NAMES.iter().find(|(known, _)| *known == code).map(|(_, name)| *name)
}

impl HeaderName {
    /// `Content-Length`.
    pub const CONTENT_LENGTH: Self = Self::WellKnown(0x0d);
    /// `Content-Location`.
    pub const CONTENT_LOCATION: Self = Self::WellKnown(0x0e);
    /// `X-Wap-Application-Id`.
    pub const APPLICATION_ID: Self = Self::WellKnown(0x2f);
    /// `X-Wap-Content-URI`.
    pub const CONTENT_URI: Self = Self::WellKnown(0x30);
    /// `X-Wap-Initiator-URI`.
    pub const INITIATOR_URI: Self = Self::WellKnown(0x31);
    /// `Push-Flag`.
    pub const PUSH_FLAG: Self = Self::WellKnown(0x34);
    /// `Content-ID`.
    pub const CONTENT_ID: Self = Self::WellKnown(0x40);
}

impl HeaderValue {
    /// A number as a header field has it.
    pub fn integer(value: u64) -> Self {
        if value < 0x80 {
            return Self::Short(value as u8);
        }
        let mut octets = Vec::new();
        write::long_integer(value, &mut octets);
        octets.remove(0);
        Self::Octets(octets)
    }

    /// The value as a number, also where some write it as text.
    pub fn as_integer(&self) -> Option<u64> {
        match self {
            Self::Short(short) => Some((*short).into()),
            Self::Octets(octets) => unsigned(octets),
            Self::Text(text) => text.trim().parse().ok(),
        }
    }
}

impl Headers {
    /// The first value of a name.
    pub fn get(&self, name: &HeaderName) -> Option<&HeaderValue> {
        self.0.iter().find(|header| header.name == *name).map(|header| &header.value)
    }

    /// Adds a field.
    pub fn push(&mut self, name: HeaderName, value: HeaderValue) {
        self.0.push(Header { name, value });
    }

    /// Which application the push is for, by number; `None` if it does not say, or names one without a number.
    pub fn application_id(&self) -> Option<u64> {
        match self.get(&HeaderName::APPLICATION_ID)? {
            HeaderValue::Text(name) => application_id_code(name),
            // Some write the long form of a short number, with or without the high bit.
            value => value.as_integer().map(|number| if (0x80..0x100).contains(&number) { number & 0x7f } else { number }),
        }
    }

    /// Reads fields to the end of the reader. Shift codes are followed, and what is unknown is stepped over by its syntax.
    ///
    /// A length that is more than there is ends the reading: the error says where, and what stood before it is kept.
    pub fn decode(reader: &mut Reader<'_>) -> (Self, Option<DecodeError>) {
        let mut headers = Self::default();
        let error = headers.take(reader).err();
        (headers, error)
    }

    fn take(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        /// Shift-delimiter: the code page stands in the next octet.
        const SHIFT: u8 = 0x7f;
        let mut page = 1;
        while let Some(first) = reader.peek() {
            let name = match first {
                0x80.. => {
                    reader.octet("header name")?;
                    match page {
                        1 => HeaderName::WellKnown(first & 0x7f),
                        page => HeaderName::Paged { page, code: first & 0x7f },
                    }
                }
                SHIFT => {
                    reader.octet("shift")?;
                    page = reader.octet("code page")?.max(1);
                    continue;
                }
                // Short-cut-shift-delimiter: the octet is the code page.
                0x01..=0x1f => {
                    page = reader.octet("code page")?;
                    continue;
                }
                // Padding that a wrong length leaves.
                0x00 => {
                    reader.octet("header name")?;
                    continue;
                }
                _ => HeaderName::Text(reader.string()),
            };
            let value = match reader.value()? {
                Value::Short(short) => HeaderValue::Short(short),
                Value::Octets(octets) => HeaderValue::Octets(octets.to_vec()),
                Value::Text([b'"', text @ ..]) if name == HeaderName::CONTENT_ID => HeaderValue::Text(lenient_text(text)),
                Value::Text(text) => HeaderValue::Text(lenient_text(text)),
            };
            self.0.push(Header { name, value });
        }
        Ok(())
    }

    /// Writes the fields, those of another code page behind a shift and back.
    ///
    /// # Errors
    /// A name or a value has no coding.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        for Header { name, value } in &self.0 {
            let mut paged = false;
            match name {
                HeaderName::WellKnown(code) => out.push(0x80 | code),
                HeaderName::Paged { page, code } => {
                    paged = true;
                    out.extend([0x7f, *page, 0x80 | code]);
                }
                HeaderName::Text(name) => write::token(name, "the name of a header field", out)?,
            }
            const WHAT: &str = "the value of a header field";
            match value {
                HeaderValue::Short(short) if *short > 0x7f => {
                    return Err(EncodeError::TooLarge { what: WHAT, value: (*short).into(), limit: 0x7f });
                }
                HeaderValue::Short(short) => out.push(0x80 | short),
                HeaderValue::Octets(octets) => {
                    write::value_length(octets.len(), WHAT, out)?;
                    out.extend_from_slice(octets);
                }
                HeaderValue::Text(text) if *name == HeaderName::CONTENT_ID => write::quoted_string(text, WHAT, out)?,
                HeaderValue::Text(text) => write::text(text, WHAT, out)?,
            }
            if paged {
                out.extend([0x7f, 1]);
            }
        }
        Ok(())
    }
}

impl fmt::Display for HeaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WellKnown(code) => match header_name(*code) {
                Some(name) => f.write_str(name),
                None => write!(f, "header-{code:#04x}"),
            },
            Self::Paged { page, code } => write!(f, "header-{code:#04x}-of-page-{page}"),
            Self::Text(name) => f.write_str(name),
        }
    }
}

impl fmt::Display for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.name)?;
        match (&self.name, &self.value) {
            (HeaderName::WellKnown(0x2f), value) => match value.as_integer().map(|number| (number, application_id_name(number))) {
                Some((_, Some(name))) => f.write_str(name),
                Some((number, None)) => write!(f, "{number:#x}"),
                None => write_value(value, f),
            },
            (HeaderName::WellKnown(0x34), HeaderValue::Short(flags)) => {
                let names = ["initiator-authenticated", "content-trusted", "last-push"];
                let set: Vec<&str> = names.into_iter().enumerate().filter(|(bit, _)| flags >> bit & 1 == 1).map(|(_, name)| name).collect();
                write!(f, "{flags}")?;
                if set.is_empty() { Ok(()) } else { write!(f, " ({})", set.join(", ")) }
            }
            (HeaderName::WellKnown(0x11), HeaderValue::Octets(octets)) => {
                let mut coded = Vec::new();
                let length = write::value_length(octets.len(), "a content type", &mut coded);
                coded.extend_from_slice(octets);
                match length.ok().and_then(|()| ContentType::decode(&mut Reader::new(&coded)).ok()) {
                    Some(content_type) => write!(f, "{content_type}"),
                    None => write_value(&self.value, f),
                }
            }
            (_, value) => write_value(value, f),
        }
    }
}

fn write_value(value: &HeaderValue, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match value {
        HeaderValue::Short(short) => write!(f, "{short}"),
        HeaderValue::Octets(octets) if (1..=4).contains(&octets.len()) => write!(f, "{}", unsigned(octets).unwrap_or_default()),
        HeaderValue::Octets(octets) => octets.iter().try_for_each(|octet| write!(f, "{octet:02x}")),
        HeaderValue::Text(text) => f.write_str(text),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines(octets: &[u8]) -> Vec<String> {
        Headers::decode(&mut Reader::new(octets)).0.0.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn known_and_unknown_fields_are_read() {
        let octets = b"\xaf\x84\xb4\x87\x8d\x02\x01\x00\xb1http://a\0\xc0\"<id>\0\xf0\x03abc\x7f\x05\x81\x80\x01\xf1zz\0X-A\0b\0";
        let expected = [
            "X-Wap-Application-Id: mms.ua",
            "Push-Flag: 7 (initiator-authenticated, content-trusted, last-push)",
            "Content-Length: 256",
            "X-Wap-Initiator-URI: http://a",
            "Content-ID: <id>",
            "header-0x70: 6382179",
            "header-0x01-of-page-5: 0",
            "header-0x71: zz",
            "X-A: b",
        ];
        assert_eq!(lines(octets), expected);
        assert_eq!(lines(b"\xaf\x02\x80\x02"), ["X-Wap-Application-Id: x-wap-docomo:imode.mail.ua"]);
    }

    #[test]
    fn application_ids_have_many_forms() {
        for octets in [&b"\xaf\x84"[..], b"\xaf\x01\x04", b"\xaf\x01\x84", b"\xafx-wap-application:mms.ua\0", b"\xafmms.ua\0"] {
            assert_eq!(Headers::decode(&mut Reader::new(octets)).0.application_id(), Some(4), "{octets:02x?}");
        }
    }

    #[test]
    fn what_stood_before_a_lie_is_kept() {
        let (headers, error) = Headers::decode(&mut Reader::new(b"\xaf\x84\xb1\x09ab"));
        assert_eq!(headers.0.len(), 1);
        assert_eq!(error.unwrap().offset, 4);
    }

    fn any_header() -> impl Strategy<Value = Header> {
        let name = prop_oneof![
            (0u8..0x80).prop_map(HeaderName::WellKnown),
            (2u8..=255, 0u8..0x80).prop_map(|(page, code)| HeaderName::Paged { page, code }),
            "[A-Za-z-]{1,20}".prop_map(HeaderName::Text),
        ];
        let value = prop_oneof![
            (0u8..0x80).prop_map(HeaderValue::Short),
            proptest::collection::vec(any::<u8>(), 1..60).prop_map(HeaderValue::Octets),
            "[!#-~éあ][^\0]{0,30}|".prop_map(HeaderValue::Text),
        ];
        (name, value).prop_map(|(name, value)| Header { name, value })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(headers in proptest::collection::vec(any_header(), 0..8)) {
            let headers = Headers(headers);
            let mut out = Vec::new();
            headers.encode(&mut out).unwrap();
            prop_assert_eq!(Headers::decode(&mut Reader::new(&out)), (headers, None));
        }
    }
}
