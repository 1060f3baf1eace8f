//! Reading the primitives of WSP, from octets that others wrote.

use crate::charset::{Charset, lenient_text};
use crate::error::{DecodeError, Problem};

/// A place in octets. Methods read from there and move it; an error leaves it where the value began.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    octets: &'a [u8],
    at: usize,
    /// Where `octets` begin in what the caller was given, so that errors tell places there.
    base: usize,
}

/// A value by the syntax that all header fields share, so that unknown ones can be skipped (WAP-230-WSP, section 8.4.1.2).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Value<'a> {
    /// One octet with its high bit set: seven bits, a short integer or a token.
    Short(u8),
    /// So many octets: a long integer or a value of several.
    Octets(&'a [u8]),
    /// Text, without its NUL and its quote octet; a single NUL, which "no value" is written as too, is an empty one.
    Text(&'a [u8]),
}

impl<'a> Reader<'a> {
    /// A reader of octets from their beginning.
    pub const fn new(octets: &'a [u8]) -> Self {
        Self { octets, at: 0, base: 0 }
    }

    /// Where the reader is, in octets from the beginning of what the first reader was given.
    pub const fn offset(&self) -> usize {
        self.base + self.at
    }

    /// What is not read yet.
    pub fn rest(&self) -> &'a [u8] {
        self.octets.get(self.at..).unwrap_or_default()
    }

    /// All is read.
    pub fn is_empty(&self) -> bool {
        self.rest().is_empty()
    }

    /// The next octet, which stays unread.
    pub fn peek(&self) -> Option<u8> {
        self.octets.get(self.at).copied()
    }

    /// One octet.
    ///
    /// # Errors
    /// There is none left.
    pub fn octet(&mut self, what: &'static str) -> Result<u8, DecodeError> {
        let octet = self.peek().ok_or_else(|| self.error(what, Problem::Ends { needed: 1, available: 0 }))?;
        self.at += 1;
        Ok(octet)
    }

    /// So many octets.
    ///
    /// # Errors
    /// There are fewer left.
    pub fn take(&mut self, length: usize, what: &'static str) -> Result<&'a [u8], DecodeError> {
        let rest = self.rest();
        let taken = rest.get(..length).ok_or_else(|| self.error(what, Problem::Ends { needed: length, available: rest.len() }))?;
        self.at += length;
        Ok(taken)
    }

    /// A reader of the next so many octets, which this one steps over.
    ///
    /// # Errors
    /// There are fewer left.
    pub fn sub(&mut self, length: usize, what: &'static str) -> Result<Self, DecodeError> {
        let base = self.offset();
        Ok(Self { octets: self.take(length, what)?, at: 0, base })
    }

    /// `uintvar`: seven bits an octet, the highest first (8.1.2).
    ///
    /// # Errors
    /// It has no end, more than five octets, or more than 32 bits.
    pub fn uintvar(&mut self) -> Result<u32, DecodeError> {
        let what = "uintvar";
        let start = *self;
        let mut value = 0u64;
        for _ in 0..5 {
            let octet = match self.octet(what) {
                Ok(octet) => octet,
                Err(error) => {
                    *self = start;
                    return Err(error);
                }
            };
            value = value << 7 | u64::from(octet & 0x7f);
            if octet & 0x80 == 0 {
                if let Ok(value) = u32::try_from(value) {
                    return Ok(value);
                }
                break;
            }
        }
        *self = start;
        Err(self.error(what, Problem::TooLargeNumber))
    }

    /// Integer-value: a short integer, or a long integer with its length (8.4.2.3). Leading zeros are let pass.
    ///
    /// # Errors
    /// Text stands there, or the number has more than 64 bits, or it is cut off.
    pub fn integer(&mut self) -> Result<u64, DecodeError> {
        let what = "integer";
        match self.peek() {
            Some(octet) if octet & 0x80 != 0 => {
                self.at += 1;
                Ok(u64::from(octet & 0x7f))
            }
            Some(length @ 0..=30) => {
                let start = *self;
                self.at += 1;
                let value = self.take(usize::from(length), what).and_then(|octets| {
                    unsigned(octets).ok_or_else(|| DecodeError::new(what, start.offset(), Problem::LongInteger(octets.len())))
                });
                if value.is_err() {
                    *self = start;
                }
                value
            }
            Some(other) => Err(self.error(what, Problem::Unexpected(other))),
            None => Err(self.error(what, Problem::Ends { needed: 1, available: 0 })),
        }
    }

    /// Value-length (8.4.2.2): how many octets follow.
    ///
    /// # Errors
    /// Neither a short length nor a quoted one stands there. That so many octets do follow is not checked.
    pub fn value_length(&mut self) -> Result<usize, DecodeError> {
        let start = *self;
        match self.octet("value length")? {
            short @ 0..=30 => Ok(usize::from(short)),
            31 => match self.uintvar() {
                Ok(length) => Ok(length as usize),
                Err(error) => {
                    *self = start;
                    Err(error)
                }
            },
            other => {
                *self = start;
                Err(self.error("value length", Problem::Unexpected(other)))
            }
        }
    }

    /// Octets up to a NUL, which is stepped over; a quote octet 7F before them is left out. The last string of all may lack its NUL, as
    /// that of some phones does.
    pub fn text(&mut self) -> &'a [u8] {
        let rest = self.rest();
        let length = rest.iter().position(|octet| *octet == 0).unwrap_or(rest.len());
        self.at += (length + 1).min(rest.len());
        let text = rest.get(..length).unwrap_or_default();
        text.strip_prefix(&[0x7f]).unwrap_or(text)
    }

    /// Text as a `String`: see [`text`](Self::text); UTF-8, or ISO-8859-1 where it is not. The quote before a quoted-string is left out, and so
    /// is one after it, which some write.
    pub fn string(&mut self) -> String {
        let text = self.text();
        let text = match text {
            [b'"', inner @ .., b'"'] | [b'"', inner @ ..] => inner,
            other => other,
        };
        lenient_text(text)
    }

    /// Encoded-string-value: text, or text with its charset before it (WAP-209-MMSEncapsulation, 7.2.9).
    ///
    /// # Errors
    /// The length is more than there is, or the charset is not known.
    pub fn encoded_string(&mut self) -> Result<String, DecodeError> {
        if self.peek().is_none_or(|octet| octet > 31) {
            return Ok(lenient_text(self.text()));
        }
        let start = *self;
        let read = |reader: &mut Self| {
            let length = reader.value_length()?;
            let mut inner = reader.sub(length, "encoded string")?;
            let offset = inner.offset();
            let charset = Charset(u32::try_from(inner.integer()?).unwrap_or(u32::MAX));
            let octets = if charset.is_wide() { strip_wide_nul(inner.rest()) } else { inner.text() };
            charset.decode(octets).ok_or(DecodeError::new("encoded string", offset, Problem::Charset(charset.0)))
        };
        read(self).inspect_err(|_| *self = start)
    }

    /// Any value, by its first octet.
    ///
    /// # Errors
    /// Its length is more than there is.
    pub fn value(&mut self) -> Result<Value<'a>, DecodeError> {
        match self.peek() {
            None => Err(self.error("value", Problem::Ends { needed: 1, available: 0 })),
            Some(octet) if octet & 0x80 != 0 => {
                self.at += 1;
                Ok(Value::Short(octet & 0x7f))
            }
            Some(1..=31) => {
                let start = *self;
                let octets = self.value_length().and_then(|length| self.take(length, "value"));
                if octets.is_err() {
                    *self = start;
                }
                octets.map(Value::Octets)
            }
            Some(_) => Ok(Value::Text(self.text())),
        }
    }

    pub(crate) fn error(&self, what: &'static str, problem: Problem) -> DecodeError {
        DecodeError::new(what, self.offset(), problem)
    }
}

/// A number of so many octets, the highest first; `None` above 64 bits.
pub(crate) fn unsigned(octets: &[u8]) -> Option<u64> {
    let significant = octets.iter().position(|octet| *octet != 0).map_or(&[][..], |first| octets.get(first..).unwrap_or_default());
    if significant.len() > 8 {
        return None;
    }
    Some(significant.iter().fold(0, |value, octet| value << 8 | u64::from(*octet)))
}

fn strip_wide_nul(octets: &[u8]) -> &[u8] {
    octets.strip_suffix(&[0, 0]).unwrap_or(octets)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn uintvars_have_32_bits_at_most() {
        for (octets, value) in [(&[0x87, 0xa5, 0][..], 0x1d280), (&[0], 0), (&[0x80, 0x01], 1), (&[0x8f, 0xff, 0xff, 0xff, 0x7f], u32::MAX)]
        {
            assert_eq!(Reader::new(octets).uintvar().unwrap(), value);
        }
        for octets in [&[0x80, 0x80, 0x80, 0x80, 0x80, 0x00][..], &[0x9f, 0xff, 0xff, 0xff, 0x7f], &[0x80], &[]] {
            let mut reader = Reader::new(octets);
            assert!(reader.uintvar().is_err());
            assert_eq!(reader.offset(), 0);
        }
    }

    #[test]
    fn integers_are_short_or_long() {
        for (octets, value) in [(&[0xff][..], 0x7f), (&[0x80], 0), (&[2, 3, 0xf4], 1012), (&[4, 0, 0, 5, 1], 1281), (&[0], 0)] {
            assert_eq!(Reader::new(octets).integer().unwrap(), value);
        }
        assert!(Reader::new(&[3, 1, 2]).integer().is_err());
        assert!(Reader::new(b"1\0").integer().is_err());
        assert!(Reader::new(&[9, 1, 0, 0, 0, 0, 0, 0, 0, 0]).integer().is_err());
    }

    #[test]
    fn text_may_lack_its_end_and_quotes_are_left_out() {
        assert_eq!(Reader::new(b"abc").text(), b"abc");
        let mut reader = Reader::new(b"\x7f\xe9t\0\"<id>\0\"x\"\0");
        assert_eq!((reader.string().as_str(), reader.string().as_str(), reader.string().as_str()), ("ét", "<id>", "x"));
        assert!(reader.is_empty());
    }

    #[test]
    fn encoded_strings_have_charsets() {
        let utf8 = [&[0x0a, 0xea][..], "Zkouška".as_bytes(), &[0]].concat();
        assert_eq!(Reader::new(&utf8).encoded_string().unwrap(), "Zkouška");
        assert_eq!(Reader::new(&[9, 2, 3, 0xf7, 0x4f, 0x60, 0x59, 0, 0, 0]).encoded_string().unwrap(), "\u{4f60}\u{5900}");
        assert_eq!(Reader::new(b"plain\0").encoded_string().unwrap(), "plain");
        assert!(Reader::new(&[9, 0xea, b'a']).encoded_string().is_err());
        assert!(Reader::new(&[3, 0x81, b'a', 0]).encoded_string().is_err());
    }

    #[test]
    fn any_value_can_be_stepped_over() {
        let mut reader = Reader::new(&[0x81, 2, 1, 2, 31, 1, 9, b'a', 0, 5]);
        assert_eq!(reader.value().unwrap(), Value::Short(1));
        assert_eq!(reader.value().unwrap(), Value::Octets(&[1, 2]));
        assert_eq!(reader.value().unwrap(), Value::Octets(&[9]));
        assert_eq!(reader.value().unwrap(), Value::Text(b"a"));
        assert_eq!(
            reader.value().unwrap_err().to_string(),
            "value at octet 10: 5 octets are needed and 0 are left; the data is cut off, or a length in it is wrong"
        );
        assert_eq!(reader.offset(), 9);
    }
}
