//! Values that are numbers: counts, dates, answers, and numbers with names.

use std::marker::PhantomData;

use waxwing_describe::Value as Description;
use waxwing_wap::wsp::{Reader, write};
use waxwing_wap::{DecodeError, EncodeError};

use super::{Syntax, WHAT, inside, write_with_length};
use crate::codes::Code;
use crate::date;
use crate::quirks::Quirks;
use crate::values::Time;

/// Yes or no.
pub(in crate::header) struct YesNo;

/// Long-integer with a date.
pub(in crate::header) struct Date;

/// Long-integer.
pub(in crate::header) struct Long;

/// Integer-value.
pub(in crate::header) struct Integer;

/// A date or a time from now on, with the length of both.
pub(in crate::header) struct When;

/// A number with a name.
pub(in crate::header) struct Coded<T>(PhantomData<T>);

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

    fn describe(value: &u64) -> Description {
        number(*value).meaning(Some(date::print(*value)))
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

    fn describe(value: &u64) -> Description {
        number(*value)
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

    fn describe(value: &u64) -> Description {
        number(*value)
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

    fn describe(value: &Time) -> Description {
        match *value {
            Time::At(moment) => Date::describe(&moment),
            Time::After(seconds) => number(seconds).meaning(Some("seconds after receipt")),
        }
    }

    fn parse(text: &str) -> Option<Time> {
        match text.strip_prefix('+').unwrap_or(text).parse() {
            Ok(seconds) => Some(Time::After(seconds)),
            Err(_) => date::parse(text).map(Time::At),
        }
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

    fn describe(value: &T) -> Description {
        Description::hex(value.code(), 2).meaning(value.known_name())
    }

    fn parse(text: &str) -> Option<T> {
        T::from_name(text)
    }
}

/// An integer of any form; `None` where there is none.
pub(super) fn integer(reader: &mut Reader<'_>) -> Result<Option<u64>, DecodeError> {
    match reader.peek() {
        Some(0x1f..=0x7f) | None => Ok(None),
        _ => reader.integer().map(Some),
    }
}

/// A number for a description; the largest there as the largest that JSON's readers agree on.
fn number(value: u64) -> Description {
    Description::number(i64::try_from(value).unwrap_or(i64::MAX))
}
