//! Values that are text.

use waxwing_wap::wsp::{Reader, write};
use waxwing_wap::{Charset, DecodeError, EncodeError};

use super::{Syntax, WHAT, inside, one_line, write_with_length};
use crate::quirks::Quirks;
use crate::values::{EncodedText, MessageClass, is_plain};

/// Text-string.
pub(in crate::header) struct Text;

/// Text-string that is a URI or a name, without white space around it.
pub(in crate::header) struct Token;

/// Encoded-string-value.
pub(in crate::header) struct Encoded;

/// `X-Mms-Message-Class`.
pub(in crate::header) struct Class;

impl Syntax for Text {
    type Value = String;
    const EXPECTED: &'static str = "text";

    fn read(reader: &mut Reader<'_>, quirks: &mut Quirks) -> Result<Option<String>, DecodeError> {
        // Some write Encoded-string where text is asked for.
        Ok(Encoded::read(reader, quirks)?.map(|encoded| encoded.text))
    }

    fn write(value: &String, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        write::text(value, WHAT, out)
    }

    fn print(value: &String) -> String {
        one_line(value)
    }

    fn parse(text: &str) -> Option<String> {
        Some(text.to_owned())
    }
}

impl Syntax for Token {
    type Value = String;
    const EXPECTED: &'static str = "text without spaces";

    fn read(reader: &mut Reader<'_>, quirks: &mut Quirks) -> Result<Option<String>, DecodeError> {
        let text = Text::read(reader, quirks)?;
        Ok(text.map(|text| if text.starts_with(' ') || text.ends_with(' ') { text.trim().to_owned() } else { text }))
    }

    fn write(value: &String, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        if value.is_empty() || value.contains(char::is_whitespace) {
            return Err(EncodeError::Token { what: WHAT, text: value.clone() });
        }
        write::text(value, WHAT, out)
    }

    fn print(value: &String) -> String {
        one_line(value)
    }

    fn parse(text: &str) -> Option<String> {
        (!text.is_empty() && !text.contains(char::is_whitespace)).then(|| text.to_owned())
    }
}

impl Syntax for Encoded {
    type Value = EncodedText;
    const EXPECTED: &'static str = "text";

    fn read(reader: &mut Reader<'_>, quirks: &mut Quirks) -> Result<Option<EncodedText>, DecodeError> {
        if is_text(reader) {
            return Ok(Some(lenient(text(reader, quirks)).into()));
        }
        if !matches!(reader.peek(), Some(0x01..=0x1f)) {
            return Ok(None);
        }
        inside(reader, quirks, |inner, quirks| {
            // The charset may be missing, with the text right behind the length.
            let charset = if inner.peek().is_some_and(|octet| (0x20..0x80).contains(&octet)) {
                Charset(0)
            } else {
                Charset(u32::try_from(inner.integer()?).unwrap_or(u32::MAX))
            };
            let octets = if charset.is_wide() { wide_text(inner) } else { text(inner, quirks) };
            Ok(Some(match charset.decode(octets) {
                Some(text) => {
                    // Some write a byte order mark also where the charset has only one order.
                    let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
                    if charset.0 == 0 { text.into() } else { EncodedText { text, charset: Some(charset) } }
                }
                None => {
                    quirks.insert(Quirks::UNKNOWN_CHARSET);
                    lenient(octets).into()
                }
            }))
        })
    }

    fn write(value: &EncodedText, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let charset = match value.charset {
            None if is_plain(&value.text) => return write::text(&value.text, WHAT, out),
            None => Charset::UTF_8,
            Some(charset) => charset,
        };
        if value.text.contains('\0') {
            return Err(EncodeError::Nul { what: WHAT });
        }
        let (charset, octets) = match charset.encode(&value.text) {
            Some(octets) => (charset, octets),
            None => (Charset::UTF_8, value.text.clone().into_bytes()),
        };
        write_with_length(out, WHAT, |out| {
            write::integer(charset.0.into(), out);
            if charset.is_wide() {
                out.extend_from_slice(&octets);
                out.extend([0, 0]);
            } else {
                if octets.first().is_some_and(|first| *first >= 0x7f) {
                    out.push(0x7f);
                }
                out.extend_from_slice(&octets);
                out.push(0);
            }
            Ok(())
        })
    }

    fn print(value: &EncodedText) -> String {
        one_line(&value.text)
    }

    fn parse(text: &str) -> Option<EncodedText> {
        // Whoever has the text may know a better charset than UTF-8.
        Some(EncodedText { text: text.to_owned(), charset: None })
    }
}

impl Syntax for Class {
    type Value = MessageClass;
    const EXPECTED: &'static str = "Personal, Advertisement, Informational, Auto, or a word of your own";

    fn read(reader: &mut Reader<'_>, quirks: &mut Quirks) -> Result<Option<MessageClass>, DecodeError> {
        match reader.peek() {
            Some(code @ 0x80..) => {
                let known = MessageClass::NUMBERED.into_iter().find(|(known, _)| *known == code);
                if known.is_some() {
                    reader.octet(WHAT)?;
                }
                Ok(known.map(|(_, class)| class))
            }
            Some(0x20..=0x7f) => Ok(Some(MessageClass::from_name(lenient(text(reader, quirks)).trim()))),
            _ => Ok(None),
        }
    }

    fn write(value: &MessageClass, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        match MessageClass::NUMBERED.iter().find(|(_, class)| class == value) {
            Some((code, _)) => out.push(*code),
            None => write::token(value.name(), WHAT, out)?,
        }
        Ok(())
    }

    fn print(value: &MessageClass) -> String {
        one_line(value.name())
    }

    fn parse(text: &str) -> Option<MessageClass> {
        write::token(text, WHAT, &mut Vec::new()).ok().map(|()| MessageClass::from_name(text))
    }
}

/// Text as it stands, and whether its NUL is there.
pub(super) fn text<'a>(reader: &mut Reader<'a>, quirks: &mut Quirks) -> &'a [u8] {
    let unterminated = !reader.rest().contains(&0);
    if unterminated {
        quirks.insert(Quirks::UNTERMINATED_TEXT);
    }
    reader.text()
}

/// Octets in a charset that is not said.
pub(super) fn lenient(octets: &[u8]) -> String {
    Charset(0).decode(octets).unwrap_or_default()
}

/// Text where a number or a token could stand too: above 127 it is text only if it is valid UTF-8 as a whole.
pub(super) fn is_text(reader: &Reader<'_>) -> bool {
    match reader.peek() {
        Some(0x80..) => {
            let rest = reader.rest();
            let length = rest.iter().position(|octet| *octet == 0).unwrap_or(rest.len());
            rest.get(..length).is_some_and(|text| std::str::from_utf8(text).is_ok())
        }
        Some(0 | 0x20..=0x7f) => true,
        Some(0x01..=0x1f) | None => false,
    }
}

/// Text of two octets a character up to its NUL of two octets, or to the end.
fn wide_text<'a>(inner: &mut Reader<'a>) -> &'a [u8] {
    let rest = inner.rest();
    let end = rest.chunks(2).position(|pair| pair == [0, 0]).map_or(rest.len(), |pairs| pairs * 2);
    let step = (end + 2).min(rest.len());
    // As long as it was found to be.
    let _ = inner.take(step, WHAT);
    rest.get(..end).unwrap_or_default()
}
