//! The forms that values of header fields have, each read (tolerant), written (strict), printed and parsed as text.

use std::marker::PhantomData;

use waxwing_wap::wsp::{ContentType, Parameter, ParameterValue, Reader, write};
use waxwing_wap::{Charset, DecodeError, EncodeError};

use super::Field;
use crate::address::MmsAddress;
use crate::codes::Code;
use crate::date;
use crate::quirks::Quirks;
use crate::values::{
    Amount, ElementDescriptor, EncodedText, MessageClass, MmFlag, Numbered, PreviouslySentBy, PreviouslySentDate, Sender, Time,
};

/// A form of values.
pub(super) trait Syntax {
    type Value;

    /// Reads a value. `None` is one that is to be left out, or of a form that does not suit; the header field is then taken by its syntax.
    fn read(reader: &mut Reader<'_>, quirks: &mut Quirks) -> Result<Option<Self::Value>, DecodeError>;

    /// Writes a value.
    fn write(value: &Self::Value, out: &mut Vec<u8>) -> Result<(), EncodeError>;

    /// The value as text on one line.
    fn print(value: &Self::Value) -> String;

    /// The value of a text; `None` if it is none.
    fn parse(text: &str) -> Option<Self::Value>;

    /// What [`parse`](Self::parse) takes, for a person who wrote something else.
    const EXPECTED: &'static str;
}

const WHAT: &str = "the value";

/// Text-string.
pub(super) struct Text;
/// Text-string that is a URI or a name, without white space around it.
pub(super) struct Token;
/// Encoded-string-value.
pub(super) struct Encoded;
/// Yes or no.
pub(super) struct YesNo;
/// Long-integer with a date.
pub(super) struct Date;
/// Long-integer.
pub(super) struct Long;
/// Integer-value.
pub(super) struct Integer;
/// A date or a time from now on, with the length of both.
pub(super) struct When;
/// An address.
pub(super) struct Address;
/// `From`.
pub(super) struct FromValue;
/// `X-Mms-Message-Class`.
pub(super) struct Class;
/// `X-Mms-MM-Flags`.
pub(super) struct Flag;
/// `X-Mms-Mbox-Totals` and `-Quotas`.
pub(super) struct Size;
/// `X-Mms-Previously-Sent-By`.
pub(super) struct SentBy;
/// `X-Mms-Previously-Sent-Date`.
pub(super) struct SentDate;
/// `X-Mms-Attributes`.
pub(super) struct Attribute;
/// `X-Mms-Element-Descriptor`.
pub(super) struct Element;
/// A number with a name.
pub(super) struct Coded<T>(PhantomData<T>);
/// A value with the number of the message that it is of.
pub(super) struct Counted<S>(PhantomData<S>);

/// Text as it stands, and whether its NUL is there.
fn text<'a>(reader: &mut Reader<'a>, quirks: &mut Quirks) -> &'a [u8] {
    let unterminated = !reader.rest().contains(&0);
    if unterminated {
        quirks.insert(Quirks::UNTERMINATED_TEXT);
    }
    reader.text()
}

/// Octets in a charset that is not said.
fn lenient(octets: &[u8]) -> String {
    Charset(0).decode(octets).unwrap_or_default()
}

/// A reader of a value with its length; of all that is left, if the length is more than that. Then the value tells where it ends.
fn within<'a>(reader: &mut Reader<'a>, quirks: &mut Quirks) -> Result<(Reader<'a>, bool), DecodeError> {
    let length = reader.value_length()?;
    if length <= reader.rest().len() {
        return Ok((reader.sub(length, WHAT)?, true));
    }
    quirks.insert(Quirks::VALUE_LENGTH);
    Ok((*reader, false))
}

/// Reads a value with a length by what is inside of it.
fn inside<T>(
    reader: &mut Reader<'_>,
    quirks: &mut Quirks,
    read: impl FnOnce(&mut Reader<'_>, &mut Quirks) -> Result<Option<T>, DecodeError>,
) -> Result<Option<T>, DecodeError> {
    let (mut inner, whole) = within(reader, quirks)?;
    // Inside of a value with a length a text may end with it, without a NUL.
    let before = *quirks;
    let value = read(&mut inner, quirks)?;
    if whole {
        let unterminated = quirks.contains(Quirks::UNTERMINATED_TEXT) && !before.contains(Quirks::UNTERMINATED_TEXT);
        if unterminated || !inner.is_empty() {
            quirks.insert(Quirks::VALUE_LENGTH);
        }
    } else {
        *reader = inner;
    }
    Ok(value)
}

/// Text where a number or a token could stand too: above 127 it is text only if it is valid UTF-8 as a whole.
fn is_text(reader: &Reader<'_>) -> bool {
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

fn write_with_length(
    out: &mut Vec<u8>,
    what: &'static str,
    write: impl FnOnce(&mut Vec<u8>) -> Result<(), EncodeError>,
) -> Result<(), EncodeError> {
    let mut value = Vec::new();
    write(&mut value)?;
    write::value_length(value.len(), what, out)?;
    out.extend_from_slice(&value);
    Ok(())
}

fn one_line(text: &str) -> String {
    if text.contains(char::is_control) { text.replace(char::is_control, " ") } else { text.to_owned() }
}

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
            return Ok(Some(EncodedText { text: lenient(text(reader, quirks)), charset: None }));
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
                Some(text) => EncodedText { text, charset: Some(charset).filter(|charset| charset.0 != 0) },
                None => {
                    quirks.insert(Quirks::UNKNOWN_CHARSET);
                    EncodedText { text: lenient(octets), charset: None }
                }
            }))
        })
    }

    fn write(value: &EncodedText, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let plain = value.text.is_ascii() && !value.text.starts_with(|char: char| char.is_ascii_control());
        let charset = match value.charset {
            None if plain => return write::text(&value.text, WHAT, out),
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
        Some(text.into())
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

impl Syntax for YesNo {
    type Value = bool;
    const EXPECTED: &'static str = "Yes or No";

    fn read(reader: &mut Reader<'_>, _: &mut Quirks) -> Result<Option<bool>, DecodeError> {
        let value = match reader.peek() {
            Some(0x80) => true,
            Some(0x81) => false,
            _ => return Ok(None),
        };
        reader.octet(WHAT)?;
        Ok(Some(value))
    }

    fn write(value: &bool, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        out.push(if *value { 0x80 } else { 0x81 });
        Ok(())
    }

    fn print(value: &bool) -> String {
        if *value { "Yes" } else { "No" }.to_owned()
    }

    fn parse(text: &str) -> Option<bool> {
        match text.to_ascii_lowercase().as_str() {
            "yes" | "true" | "1" => Some(true),
            "no" | "false" | "0" => Some(false),
            _ => None,
        }
    }
}

/// An integer of any form; `None` where there is none.
fn integer(reader: &mut Reader<'_>) -> Result<Option<u64>, DecodeError> {
    match reader.peek() {
        Some(0x1f..=0x7f) | None => Ok(None),
        _ => reader.integer().map(Some),
    }
}

impl Syntax for Date {
    type Value = u64;
    const EXPECTED: &'static str = "a date such as Thu, 31 Dec 2026 23:59:59 GMT";

    fn read(reader: &mut Reader<'_>, _: &mut Quirks) -> Result<Option<u64>, DecodeError> {
        integer(reader)
    }

    fn write(value: &u64, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        write::long_integer(*value, out);
        Ok(())
    }

    fn print(value: &u64) -> String {
        date::print(*value)
    }

    fn parse(text: &str) -> Option<u64> {
        date::parse(text)
    }
}

impl Syntax for Long {
    type Value = u64;
    const EXPECTED: &'static str = "a whole number";

    fn read(reader: &mut Reader<'_>, _: &mut Quirks) -> Result<Option<u64>, DecodeError> {
        integer(reader)
    }

    fn write(value: &u64, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        write::long_integer(*value, out);
        Ok(())
    }

    fn print(value: &u64) -> String {
        value.to_string()
    }

    fn parse(text: &str) -> Option<u64> {
        text.parse().ok()
    }
}

impl Syntax for Integer {
    type Value = u64;
    const EXPECTED: &'static str = Long::EXPECTED;

    fn read(reader: &mut Reader<'_>, _: &mut Quirks) -> Result<Option<u64>, DecodeError> {
        integer(reader)
    }

    fn write(value: &u64, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        write::integer(*value, out);
        Ok(())
    }

    fn print(value: &u64) -> String {
        value.to_string()
    }

    fn parse(text: &str) -> Option<u64> {
        text.parse().ok()
    }
}

/// Tokens of an absolute and of a relative time.
const ABSOLUTE: u8 = 0x80;
const RELATIVE: u8 = 0x81;

impl Syntax for When {
    type Value = Time;
    const EXPECTED: &'static str = "a number of seconds, or a date such as Thu, 31 Dec 2026 23:59:59 GMT";

    fn read(reader: &mut Reader<'_>, quirks: &mut Quirks) -> Result<Option<Time>, DecodeError> {
        if !matches!(reader.peek(), Some(0x01..=0x1f)) {
            return Ok(None);
        }
        inside(reader, quirks, |inner, _| {
            let token = inner.octet(WHAT)?;
            let value = integer(inner)?;
            Ok(match (token, value) {
                (ABSOLUTE, Some(moment)) => Some(Time::At(moment)),
                (RELATIVE, Some(seconds)) => Some(Time::After(seconds)),
                _ => None,
            })
        })
    }

    fn write(value: &Time, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        write_with_length(out, WHAT, |out| {
            let (token, number) = match *value {
                Time::At(moment) => (ABSOLUTE, moment),
                Time::After(seconds) => (RELATIVE, seconds),
            };
            out.push(token);
            write::long_integer(number, out);
            Ok(())
        })
    }

    fn print(value: &Time) -> String {
        match *value {
            Time::At(moment) => date::print(moment),
            Time::After(seconds) => seconds.to_string(),
        }
    }

    fn parse(text: &str) -> Option<Time> {
        match text.strip_prefix('+').unwrap_or(text).parse() {
            Ok(seconds) => Some(Time::After(seconds)),
            Err(_) => date::parse(text).map(Time::At),
        }
    }
}

/// An address as text with its charset.
fn address(reader: &mut Reader<'_>, quirks: &mut Quirks) -> Result<Option<MmsAddress>, DecodeError> {
    let Some(text) = Encoded::read(reader, quirks)? else { return Ok(None) };
    let address = MmsAddress::parse(&text.text);
    match &address {
        None => quirks.insert(Quirks::EMPTY_ADDRESS),
        Some(MmsAddress::Typed { .. }) => quirks.insert(Quirks::ADDRESS_TYPE),
        Some(MmsAddress::Number(_)) if text.text.to_ascii_uppercase().contains("/TYPE=PLNM") => quirks.insert(Quirks::ADDRESS_TYPE),
        Some(_) => {}
    }
    Ok(address)
}

fn write_address(address: &MmsAddress, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    Encoded::write(&address.to_string().into(), out)
}

impl Syntax for Address {
    type Value = MmsAddress;
    const EXPECTED: &'static str = "an address such as +447700900123/TYPE=PLMN or user@example.com";

    fn read(reader: &mut Reader<'_>, quirks: &mut Quirks) -> Result<Option<MmsAddress>, DecodeError> {
        address(reader, quirks)
    }

    fn write(value: &MmsAddress, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        write_address(value, out)
    }

    fn print(value: &MmsAddress) -> String {
        one_line(&value.to_string())
    }

    fn parse(text: &str) -> Option<MmsAddress> {
        MmsAddress::parse(text)
    }
}

/// Tokens of `From`.
const ADDRESS_PRESENT: u8 = 0x80;
const INSERT_ADDRESS: u8 = 0x81;

impl Syntax for FromValue {
    type Value = Sender;
    const EXPECTED: &'static str = Address::EXPECTED;

    fn read(reader: &mut Reader<'_>, quirks: &mut Quirks) -> Result<Option<Sender>, DecodeError> {
        match reader.peek() {
            Some(0x01..=0x1f) => inside(reader, quirks, |inner, quirks| {
                Ok(match inner.peek() {
                    Some(INSERT_ADDRESS) => {
                        inner.octet(WHAT)?;
                        Some(Sender::Insert)
                    }
                    Some(ADDRESS_PRESENT) => {
                        inner.octet(WHAT)?;
                        address(inner, quirks)?.map(Sender::Address)
                    }
                    _ => None,
                })
            }),
            // Bare text, as a few write it.
            Some(0x20..=0x7f) => {
                quirks.insert(Quirks::VALUE_LENGTH);
                Ok(address(reader, quirks)?.map(Sender::Address))
            }
            _ => Ok(None),
        }
    }

    fn write(value: &Sender, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        write_with_length(out, WHAT, |out| {
            match value {
                Sender::Insert => out.push(INSERT_ADDRESS),
                Sender::Address(address) => {
                    out.push(ADDRESS_PRESENT);
                    write_address(address, out)?;
                }
            }
            Ok(())
        })
    }

    fn print(value: &Sender) -> String {
        match value {
            Sender::Insert => "insert-address-token".to_owned(),
            Sender::Address(address) => Address::print(address),
        }
    }

    fn parse(text: &str) -> Option<Sender> {
        match text {
            "insert-address-token" | "#insert" => Some(Sender::Insert),
            _ => MmsAddress::parse(text).map(Sender::Address),
        }
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
        let keyword = EncodedText::from(keyword.trim());
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

/// A number and what belongs to it, as text: `1, something`.
fn split_number(text: &str) -> Option<(u64, &str)> {
    let (number, rest) = text.split_once(',')?;
    Some((number.trim().parse().ok()?, rest.trim()))
}

impl Syntax for SentBy {
    type Value = PreviouslySentBy;
    const EXPECTED: &'static str = "a number, a comma, and an address";

    fn read(reader: &mut Reader<'_>, quirks: &mut Quirks) -> Result<Option<PreviouslySentBy>, DecodeError> {
        Ok(Counted::<Address>::read(reader, quirks)?.map(|counted| PreviouslySentBy { count: counted.number, address: counted.value }))
    }

    fn write(value: &PreviouslySentBy, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        write_with_length(out, WHAT, |out| {
            write::integer(value.count, out);
            write_address(&value.address, out)
        })
    }

    fn print(value: &PreviouslySentBy) -> String {
        format!("{}, {}", value.count, Address::print(&value.address))
    }

    fn parse(text: &str) -> Option<PreviouslySentBy> {
        let (count, address) = split_number(text)?;
        Some(PreviouslySentBy { count, address: MmsAddress::parse(address)? })
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

impl<T: Code + std::fmt::Display> Syntax for Coded<T> {
    type Value = T;
    const EXPECTED: &'static str = "one of its names in the specification, or a number from 128 on";

    fn read(reader: &mut Reader<'_>, _: &mut Quirks) -> Result<Option<T>, DecodeError> {
        let code = reader.peek().filter(|octet| octet & 0x80 != 0);
        if code.is_some() {
            reader.octet(WHAT)?;
        }
        Ok(code.map(T::from_code))
    }

    fn write(value: &T, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let code = value.code();
        if code < 0x80 {
            return Err(EncodeError::TooLarge { what: "a value below 128, which has no coding,", value: code.into(), limit: 0 });
        }
        out.push(code);
        Ok(())
    }

    fn print(value: &T) -> String {
        value.to_string()
    }

    fn parse(text: &str) -> Option<T> {
        T::from_name(text)
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
