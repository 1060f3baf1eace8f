//! The forms that values of header fields have, each read (tolerant), written (strict), printed and parsed as text.

mod address;
mod composed;
mod number;
mod text;

pub(super) use address::{Address, FromValue, SentBy};
pub(super) use composed::{Attribute, Counted, Element, Flag, SentDate, Size};
pub(super) use number::{Coded, Date, Integer, Long, When, YesNo};
pub(super) use text::{Class, Encoded, Text, Token};
use waxwing_describe::Value as Description;
use waxwing_wap::wsp::{Reader, write};
use waxwing_wap::{DecodeError, EncodeError};

use crate::quirks::Quirks;

/// A form of values.
pub(super) trait Syntax {
    type Value;

    /// Reads a value. `None` is one that is to be left out, or of a form that does not suit; the header field is then taken by its syntax.
    fn read(reader: &mut Reader<'_>, quirks: &mut Quirks) -> Result<Option<Self::Value>, DecodeError>;

    /// Writes a value.
    fn write(value: &Self::Value, out: &mut Vec<u8>) -> Result<(), EncodeError>;

    /// The value as text on one line.
    fn print(value: &Self::Value) -> String;

    /// The value for a description.
    fn describe(value: &Self::Value) -> Description {
        Description::text_or_octets(Self::print(value).as_bytes())
    }

    /// The value of a text; `None` if it is none.
    fn parse(text: &str) -> Option<Self::Value>;

    /// What [`parse`](Self::parse) takes, for a person who wrote something else.
    const EXPECTED: &'static str;
}

/// The place that errors name; the header field is told around it.
const WHAT: &str = "the value";

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
