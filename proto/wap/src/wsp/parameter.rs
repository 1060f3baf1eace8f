//! Parameters of content types and of other values (WAP-230-WSP, section 8.4.2.4).

use std::fmt;

use super::reader::{Reader, Value, unsigned};
use super::{content_type_code, content_type_name, tables, write};
use crate::charset::{Charset, lenient_text};
use crate::error::{DecodeError, EncodeError};

/// A parameter: its name, in lower case for the well-known ones, and its value.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Parameter {
    /// The name, such as `charset`.
    pub name: String,
    /// The value.
    pub value: ParameterValue,
}

/// The value of a parameter.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ParameterValue {
    /// None, as `secure` has.
    Absent,
    /// A charset.
    Charset(Charset),
    /// A number.
    Integer(u64),
    /// A value of several octets without a meaning here.
    Octets(Vec<u8>),
    /// Text.
    Text(String),
}

/// Numbers that name and value have on the wire (WAP-230-WSP, table 38).
mod code {
    pub(super) const Q: u8 = 0x00;
    pub(super) const CHARSET: u8 = 0x01;
    pub(super) const TYPE: u8 = 0x03;
    pub(super) const TYPE_RELATED: u8 = 0x09;
    pub(super) const SEC: u8 = 0x11;
    /// These have text-values, which may be quoted; MAC is the first.
    pub(super) const MAC: u8 = 0x12;
    pub(super) const DATES: std::ops::RangeInclusive<u8> = 0x13..=0x15;
    /// The first of those that replace ones of WSP 1.1 to 1.3; peers of these versions know the earlier ones alone.
    pub(super) const RENEWED: u8 = 0x17;
}

impl Parameter {
    /// A parameter with text.
    pub fn text(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: ParameterValue::Text(value.into()) }
    }

    /// `charset`.
    pub fn charset(charset: Charset) -> Self {
        Self { name: "charset".to_owned(), value: ParameterValue::Charset(charset) }
    }

    /// Reads a parameter. A value whose form does not suit its name is taken by its syntax, as phones take it.
    ///
    /// # Errors
    /// A length is more than there is.
    pub fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let Some(first) = reader.peek().filter(|octet| octet & 0x80 == 0 && *octet >= 0x20) else {
            let code = reader.integer()?;
            let known = u8::try_from(code).ok();
            let name = known.and_then(|code| tables::PARAMETERS.iter().find(|(known, _)| *known == code)).map(|(_, name)| *name);
            let value = ParameterValue::decode(known, reader)?;
            return Ok(Self { name: name.map_or_else(|| format!("parameter-{code:#04x}"), str::to_owned), value });
        };
        debug_assert!(first >= 0x20, "text begins with a character");
        let name = reader.string();
        let value = match ParameterValue::decode(None, reader)? {
            // A charset is one also where its name is spelt out.
            ParameterValue::Text(text) if name.eq_ignore_ascii_case("charset") => {
                Charset::from_name(&text).map_or(ParameterValue::Text(text), ParameterValue::Charset)
            }
            value => value,
        };
        Ok(Self { name, value })
    }

    /// Writes the parameter: by number where its name has one, in the form that WSP 1.1 to 1.4 all know.
    ///
    /// # Errors
    /// Name or value have no coding.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let mut known = tables::PARAMETERS.iter().filter(|(code, name)| *code < code::RENEWED && self.name.eq_ignore_ascii_case(name));
        let code = match (&self.value, known.next(), known.next()) {
            // `type` is one number for a number and another for a content type.
            (ParameterValue::Text(_), Some(_), Some((second, _))) => Some(*second),
            (_, first, _) => first.map(|(code, _)| *code),
        };
        match code {
            Some(code) if self.value.suits(code) => {
                out.push(0x80 | code);
                self.value.encode(Some(code), out)
            }
            _ => {
                write::token(&self.name, "the name of a parameter", out)?;
                self.value.encode(None, out)
            }
        }
    }
}

impl ParameterValue {
    fn decode(code: Option<u8>, reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        if code == Some(code::Q) {
            let hundredths = reader.uintvar()?;
            return Ok(Self::Text(q_text(hundredths)));
        }
        let empty = reader.peek() == Some(0);
        Ok(match reader.value()? {
            Value::Text([]) if empty => Self::Absent,
            Value::Short(0) if code == Some(code::CHARSET) => Self::Text("*".to_owned()),
            Value::Short(short) if code == Some(code::CHARSET) => Self::Charset(Charset(short.into())),
            Value::Short(short) if code == Some(code::TYPE_RELATED) => match content_type_name(short.into()) {
                Some(name) => Self::Text(name.to_owned()),
                None => Self::Integer(short.into()),
            },
            Value::Short(short) => Self::Integer(short.into()),
            // A date is in a value of its own, with a length of its own.
            Value::Octets([length, date @ ..])
                if code.is_some_and(|code| code::DATES.contains(&code)) && usize::from(*length) == date.len() =>
            {
                unsigned(date).map_or_else(|| Self::Octets(date.to_vec()), Self::Integer)
            }
            Value::Octets(octets) => match (unsigned(octets), code) {
                (Some(mib), Some(code::CHARSET)) => Self::Charset(Charset(u32::try_from(mib).unwrap_or(u32::MAX))),
                (Some(number), _) => Self::Integer(number),
                (None, _) => Self::Octets(octets.to_vec()),
            },
            Value::Text(text) => {
                let text = match text {
                    [b'"', inner @ .., b'"'] | [b'"', inner @ ..] => lenient_text(inner),
                    other => lenient_text(other),
                };
                match Charset::from_name(&text).filter(|_| code == Some(code::CHARSET)) {
                    Some(charset) => Self::Charset(charset),
                    None => Self::Text(text),
                }
            }
        })
    }

    /// The value has a form that the number asks for.
    fn suits(&self, code: u8) -> bool {
        match self {
            Self::Charset(_) => code == code::CHARSET,
            Self::Integer(_) => !matches!(code, code::CHARSET | code::Q | code::TYPE_RELATED | code::MAC) && !(0x05..=0x07).contains(&code),
            Self::Text(text) if code == code::Q => hundredths(text).is_some(),
            Self::Text(_) => !matches!(code, 0x02 | code::TYPE | 0x08 | 0x0e | code::SEC | 0x16) && !code::DATES.contains(&code),
            Self::Absent => code == 0x10,
            Self::Octets(_) => false,
        }
    }

    fn encode(&self, code: Option<u8>, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        const WHAT: &str = "the value of a parameter";
        match (self, code) {
            (Self::Absent, _) => out.push(0),
            (Self::Charset(charset), Some(_)) => write::integer(charset.0.into(), out),
            (Self::Charset(charset), None) => write::text(&charset.to_string(), WHAT, out)?,
            (Self::Integer(number), Some(code)) if code::DATES.contains(&code) => {
                let mut date = Vec::new();
                write::long_integer(*number, &mut date);
                write::value_length(date.len(), WHAT, out)?;
                out.extend(date);
            }
            (Self::Integer(number), Some(code::SEC)) if *number > 0x7f => {
                return Err(EncodeError::TooLarge { what: "the parameter sec", value: *number, limit: 0x7f });
            }
            (Self::Integer(number), _) => write::integer(*number, out),
            (Self::Octets(octets), _) => {
                write::value_length(octets.len(), WHAT, out)?;
                out.extend_from_slice(octets);
            }
            (Self::Text(text), Some(code::CHARSET)) if text == "*" => out.push(0x80),
            (Self::Text(text), Some(code::Q)) => write::uintvar(hundredths(text).unwrap_or(100), out),
            (Self::Text(text), Some(code::TYPE_RELATED)) => match content_type_code(text).and_then(|code| u8::try_from(code).ok()) {
                Some(code) if code < 0x80 => out.push(0x80 | code),
                _ => write::text(text, WHAT, out)?,
            },
            // A text-value may be a quoted-string, and must be where it is no token.
            (Self::Text(text), Some(code)) if code >= code::MAC => match write::token(text, WHAT, &mut Vec::new()) {
                Ok(()) => write::token(text, WHAT, out)?,
                Err(_) => write::quoted_string(text, WHAT, out)?,
            },
            (Self::Text(text), _) => write::text(text, WHAT, out)?,
        }
        Ok(())
    }
}

/// A quality factor: 1 to 100 are hundredths and one more, 101 to 1099 thousandths and a hundred more (8.4.2.3).
fn q_text(value: u32) -> String {
    match value {
        1..=100 => format!("0.{:02}", value - 1),
        101..=1099 => format!("0.{:03}", value - 100),
        _ => "1".to_owned(),
    }
}

fn hundredths(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("0.")?;
    let number: u32 = digits.parse().ok()?;
    match digits.len() {
        1 => Some(number * 10 + 1),
        2 => Some(number + 1),
        3 if number > 0 => Some(number + 100),
        _ => None,
    }
}

impl fmt::Display for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            ParameterValue::Absent => f.write_str(&self.name),
            ParameterValue::Charset(charset) => write!(f, "{}={charset}", self.name),
            ParameterValue::Integer(number) => write!(f, "{}={number}", self.name),
            ParameterValue::Octets(octets) => {
                write!(f, "{}=", self.name)?;
                octets.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
            }
            ParameterValue::Text(text) if text.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-._*+/".contains(&octet)) => {
                write!(f, "{}={text}", self.name)
            }
            ParameterValue::Text(text) => write!(f, "{}=\"{}\"", self.name, text.replace('\\', "\\\\").replace('"', "\\\"")),
        }
    }
}
