//! Writing the primitives of WSP. Strict: what the standard forbids does not leave.

use crate::error::EncodeError;

/// Appends a `uintvar` (8.1.2).
pub fn uintvar(value: u32, out: &mut Vec<u8>) {
    for shift in [28, 21, 14, 7] {
        if value >> shift != 0 {
            out.push(0x80 | (value >> shift & 0x7f) as u8);
        }
    }
    out.push((value & 0x7f) as u8);
}

/// Appends an Integer-value: short below 128, else long (8.4.2.3).
pub fn integer(value: u64, out: &mut Vec<u8>) {
    if value < 0x80 {
        out.push(0x80 | value as u8);
    } else {
        long_integer(value, out);
    }
}

/// Appends a Long-integer with its length, as dates have it also when they are small (8.4.2.1).
pub fn long_integer(value: u64, out: &mut Vec<u8>) {
    let octets = value.to_be_bytes();
    let zeros = (value.leading_zeros() as usize / 8).min(7);
    out.push((8 - zeros) as u8);
    out.extend_from_slice(octets.get(zeros..).unwrap_or_default());
}

/// Appends a Value-length (8.4.2.2).
///
/// # Errors
/// The length has more than 32 bits.
pub fn value_length(length: usize, what: &'static str, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    if length <= 30 {
        out.push(length as u8);
        return Ok(());
    }
    let length = u32::try_from(length).map_err(|_| EncodeError::TooLong { what, length, limit: u32::MAX as usize })?;
    out.push(31);
    uintvar(length, out);
    Ok(())
}

/// Appends Text-string with its NUL, and a quote octet before it if it begins with an octet above 127 (8.4.2.1).
///
/// # Errors
/// The text has a NUL.
pub fn text(text: &str, what: &'static str, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    if text.contains('\0') {
        return Err(EncodeError::Nul { what });
    }
    // Controls below 32 would be taken for a length.
    if text.as_bytes().first().is_some_and(|first| *first >= 0x7f) {
        out.push(0x7f);
    } else if text.as_bytes().first().is_some_and(|first| *first < 0x20) {
        return Err(EncodeError::Token { what, text: text.to_owned() });
    }
    out.extend_from_slice(text.as_bytes());
    out.push(0);
    Ok(())
}

/// Appends Quoted-string: a quote, the text, a NUL, and no quote at the end (8.4.2.1).
///
/// # Errors
/// The text has a NUL.
pub fn quoted_string(text: &str, what: &'static str, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    if text.contains('\0') {
        return Err(EncodeError::Nul { what });
    }
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(0);
    Ok(())
}

/// Appends a token with its NUL: what may stand in a MIME header without quotes.
///
/// # Errors
/// The text is empty or has other characters.
pub fn token(text: &str, what: &'static str, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    let allowed = |octet: &u8| octet.is_ascii_graphic() && !b"()<>@,;:\\\"[]?={}".contains(octet);
    if text.is_empty() || !text.as_bytes().iter().all(allowed) {
        return Err(EncodeError::Token { what, text: text.to_owned() });
    }
    out.extend_from_slice(text.as_bytes());
    out.push(0);
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wsp::Reader;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let mut out = Vec::new();
        write(&mut out);
        out
    }

    #[test]
    fn numbers_are_as_short_as_they_can_be() {
        assert_eq!(written(|out| uintvar(0x87a5, out)), [0x82, 0x8f, 0x25]);
        assert_eq!(written(|out| uintvar(0, out)), [0]);
        assert_eq!(written(|out| uintvar(u32::MAX, out)), [0x8f, 0xff, 0xff, 0xff, 0x7f]);
        assert_eq!(written(|out| integer(127, out)), [0xff]);
        assert_eq!(written(|out| integer(128, out)), [1, 128]);
        assert_eq!(written(|out| integer(0x030a, out)), [2, 3, 10]);
        assert_eq!(written(|out| long_integer(0, out)), [1, 0]);
    }

    #[test]
    fn text_without_a_coding_is_refused() {
        let mut out = Vec::new();
        assert!(text("a\0b", "a text", &mut out).is_err());
        assert!(text("\u{1}", "a text", &mut out).is_err());
        assert!(quoted_string("a\0b", "a text", &mut out).is_err());
        for bad in ["", "a b", "a;b", "ä"] {
            assert!(token(bad, "a token", &mut out).is_err(), "{bad}");
        }
        assert!(out.is_empty());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(number in any::<u32>(), long in any::<u64>(), length in 0usize..100_000, string in "[^\0-\x1f][^\0]{0,40}|") {
            let mut out = Vec::new();
            uintvar(number, &mut out);
            integer(long, &mut out);
            long_integer(long, &mut out);
            value_length(length, "a value", &mut out).unwrap();
            text(&string, "a text", &mut out).unwrap();
            quoted_string(&string, "a text", &mut out).unwrap();
            let mut reader = Reader::new(&out);
            prop_assert_eq!(reader.uintvar().unwrap(), number);
            prop_assert_eq!(reader.integer().unwrap(), long);
            prop_assert_eq!(reader.integer().unwrap(), long);
            prop_assert_eq!(reader.value_length().unwrap(), length);
            prop_assert_eq!(reader.text(), string.as_bytes());
            if !string.ends_with('"') {
                prop_assert_eq!(reader.string(), string);
            }
        }
    }
}
