//! Values that are composed of others.

use std::marker::PhantomData;

use waxwing_wap::wsp::{ContentType, Parameter, ParameterValue, Reader, write};
use waxwing_wap::{DecodeError, EncodeError};

use super::number::integer;
use super::text::{is_text, lenient, text};
use super::{Date, Encoded, Syntax, WHAT, inside, one_line, write_with_length};
use crate::header::Field;
use crate::quirks::Quirks;
use crate::values::{Amount, ElementDescriptor, MmFlag, Numbered, PreviouslySentDate};

/// `X-Mms-MM-Flags`.
pub(in crate::header) struct Flag;

/// `X-Mms-Mbox-Totals` and `-Quotas`.
pub(in crate::header) struct Size;

/// `X-Mms-Previously-Sent-Date`.
pub(in crate::header) struct SentDate;

/// `X-Mms-Attributes`.
pub(in crate::header) struct Attribute;

/// `X-Mms-Element-Descriptor`.
pub(in crate::header) struct Element;

/// A value with the number of the message that it is of.
pub(in crate::header) struct Counted<S>(PhantomData<S>);

impl Syntax for Flag {
    type Value = MmFlag;
    const EXPECTED: &'static str = "add, remove or filter, and a keyword";

    fn read(reader: &mut Reader<'_>, quirks: &mut Quirks) -> Result<Option<MmFlag>, DecodeError> {
        if !matches!(reader.peek(), Some(0x01..=0x1f)) {
            return Ok(None);
        }
        inside(reader, quirks, |inner, quirks| {
            let token = inner.octet(WHAT)?;
            let keyword = Encoded::read(inner, quirks)?;
            Ok(match (token, keyword) {
                (0x80, Some(keyword)) => Some(MmFlag::Add(keyword)),
                (0x81, Some(keyword)) => Some(MmFlag::Remove(keyword)),
                (0x82, Some(keyword)) => Some(MmFlag::Filter(keyword)),
                _ => None,
            })
        })
    }

    fn write(value: &MmFlag, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        write_with_length(out, WHAT, |out| {
            let (token, keyword) = match value {
                MmFlag::Add(keyword) => (0x80, keyword),
                MmFlag::Remove(keyword) => (0x81, keyword),
                MmFlag::Filter(keyword) => (0x82, keyword),
            };
            out.push(token);
            Encoded::write(keyword, out)
        })
    }

    fn print(value: &MmFlag) -> String {
        match value {
            MmFlag::Add(keyword) => format!("add {}", Encoded::print(keyword)),
            MmFlag::Remove(keyword) => format!("remove {}", Encoded::print(keyword)),
            MmFlag::Filter(keyword) => format!("filter {}", Encoded::print(keyword)),
        }
    }

    fn parse(text: &str) -> Option<MmFlag> {
        let (verb, keyword) = text.split_once(' ')?;
        let keyword = Encoded::parse(keyword.trim())?;
        match verb.to_ascii_lowercase().as_str() {
            "add" => Some(MmFlag::Add(keyword)),
            "remove" => Some(MmFlag::Remove(keyword)),
            "filter" => Some(MmFlag::Filter(keyword)),
            _ => None,
        }
    }
}

impl Syntax for Size {
    type Value = Amount;
    const EXPECTED: &'static str = "a number, and messages or octets";

    fn read(reader: &mut Reader<'_>, quirks: &mut Quirks) -> Result<Option<Amount>, DecodeError> {
        if !matches!(reader.peek(), Some(0x01..=0x1f)) {
            return Ok(None);
        }
        inside(reader, quirks, |inner, _| {
            let token = inner.octet(WHAT)?;
            let number = integer(inner)?;
            Ok(match (token, number) {
                (0x80, Some(number)) => Some(Amount::Messages(number)),
                (0x81, Some(number)) => Some(Amount::Octets(number)),
                _ => None,
            })
        })
    }

    fn write(value: &Amount, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        write_with_length(out, WHAT, |out| {
            let (token, number) = match *value {
                Amount::Messages(number) => (0x80, number),
                Amount::Octets(number) => (0x81, number),
            };
            out.push(token);
            write::integer(number, out);
            Ok(())
        })
    }

    fn print(value: &Amount) -> String {
        match value {
            Amount::Messages(number) => format!("{number} messages"),
            Amount::Octets(number) => format!("{number} octets"),
        }
    }

    fn parse(text: &str) -> Option<Amount> {
        let (number, unit) = text.split_once(' ')?;
        let number = number.parse().ok()?;
        match unit.trim().to_ascii_lowercase().as_str() {
            "messages" | "message" => Some(Amount::Messages(number)),
            "octets" | "octet" | "bytes" => Some(Amount::Octets(number)),
            _ => None,
        }
    }
}

impl Syntax for SentDate {
    type Value = PreviouslySentDate;
    const EXPECTED: &'static str = "a number, a comma, and a date";

    fn read(reader: &mut Reader<'_>, quirks: &mut Quirks) -> Result<Option<PreviouslySentDate>, DecodeError> {
        Ok(Counted::<Date>::read(reader, quirks)?.map(|counted| PreviouslySentDate { count: counted.number, date: counted.value }))
    }

    fn write(value: &PreviouslySentDate, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        write_with_length(out, WHAT, |out| {
            write::integer(value.count, out);
            Date::write(&value.date, out)
        })
    }

    fn print(value: &PreviouslySentDate) -> String {
        format!("{}, {}", value.count, Date::print(&value.date))
    }

    fn parse(text: &str) -> Option<PreviouslySentDate> {
        let (count, date) = split_number(text)?;
        Some(PreviouslySentDate { count, date: Date::parse(date)? })
    }
}

impl Syntax for Attribute {
    type Value = Field;
    const EXPECTED: &'static str = "the name of a header field";

    fn read(reader: &mut Reader<'_>, _: &mut Quirks) -> Result<Option<Field>, DecodeError> {
        let field = reader.peek().filter(|octet| octet & 0x80 != 0).and_then(|octet| Field::from_code(octet & 0x7f));
        if field.is_some() {
            reader.octet(WHAT)?;
        }
        Ok(field)
    }

    fn write(value: &Field, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        out.push(0x80 | value.code());
        Ok(())
    }

    fn print(value: &Field) -> String {
        value.name().to_owned()
    }

    fn parse(text: &str) -> Option<Field> {
        Field::from_name(text)
    }
}

impl Syntax for Element {
    type Value = ElementDescriptor;
    const EXPECTED: &'static str = "the Content-ID or Content-Location of a part, and parameters behind semicolons";

    fn read(reader: &mut Reader<'_>, quirks: &mut Quirks) -> Result<Option<ElementDescriptor>, DecodeError> {
        if !matches!(reader.peek(), Some(0x01..=0x1f)) {
            return Ok(None);
        }
        inside(reader, quirks, |inner, quirks| {
            if !is_text(inner) {
                return Ok(None);
            }
            let reference = lenient(text(inner, quirks));
            let mut parameters = Vec::new();
            while !inner.is_empty() {
                let Ok(parameter) = Parameter::decode(inner) else { break };
                parameters.push(parameter);
            }
            Ok(Some(ElementDescriptor { reference, parameters }))
        })
    }

    fn write(value: &ElementDescriptor, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        write_with_length(out, WHAT, |out| {
            write::text(&value.reference, WHAT, out)?;
            value.parameters.iter().try_for_each(|parameter| parameter.encode(out))
        })
    }

    fn print(value: &ElementDescriptor) -> String {
        one_line(&ContentType { media: value.reference.clone(), parameters: value.parameters.clone() }.to_string())
    }

    fn parse(text: &str) -> Option<ElementDescriptor> {
        let ContentType { media, parameters } = ContentType::from_text(text);
        // What is printed as a number is one.
        let parameters = parameters.into_iter().map(|Parameter { name, value }| {
            let number = match &value {
                ParameterValue::Text(text) => text.parse().ok(),
                _ => None,
            };
            Parameter { name, value: number.map_or(value, ParameterValue::Integer) }
        });
        Some(ElementDescriptor { reference: media, parameters: parameters.collect() })
    }
}

impl<S: Syntax> Syntax for Counted<S> {
    type Value = Numbered<S::Value>;
    const EXPECTED: &'static str = "a number, a comma, and the value";

    fn read(reader: &mut Reader<'_>, quirks: &mut Quirks) -> Result<Option<Self::Value>, DecodeError> {
        if !matches!(reader.peek(), Some(0x01..=0x1f)) {
            return Ok(None);
        }
        inside(reader, quirks, |inner, quirks| {
            let Some(number) = integer(inner)? else { return Ok(None) };
            Ok(S::read(inner, quirks)?.map(|value| Numbered { number, value }))
        })
    }

    fn write(value: &Self::Value, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        write_with_length(out, WHAT, |out| {
            write::integer(value.number, out);
            S::write(&value.value, out)
        })
    }

    fn print(value: &Self::Value) -> String {
        format!("{}, {}", value.number, S::print(&value.value))
    }

    fn parse(text: &str) -> Option<Self::Value> {
        let (number, value) = split_number(text)?;
        Some(Numbered { number, value: S::parse(value)? })
    }
}

/// A number and what belongs to it, as text: `1, something`.
pub(super) fn split_number(text: &str) -> Option<(u64, &str)> {
    let (number, rest) = text.split_once(',')?;
    Some((number.trim().parse().ok()?, rest.trim()))
}
