//! What contents, and those who need them, are called by.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

/// A content, by the SHA-256 of its octets. `Display` gives 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MediaId([u8; 32]);

impl MediaId {
    /// Of a content, which may be in pieces.
    pub fn of<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> MediaId {
        let mut hash = Sha256::new();
        pieces.into_iter().for_each(|piece| hash.update(piece));
        MediaId(hash.finalize().into())
    }

    /// As it is stored elsewhere.
    pub const fn from_bytes(octets: [u8; 32]) -> MediaId {
        MediaId(octets)
    }

    /// To be stored elsewhere.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for MediaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

impl fmt::Debug for MediaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MediaId({self})")
    }
}

/// What is no number of a content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a content's number is 64 hexadecimal digits")]
pub struct NoMediaId;

impl FromStr for MediaId {
    type Err = NoMediaId;

    fn from_str(text: &str) -> Result<MediaId, NoMediaId> {
        let mut octets = [0; 32];
        if text.len() != 64 || !text.is_ascii() {
            return Err(NoMediaId);
        }
        for (n, octet) in octets.iter_mut().enumerate() {
            *octet = text.get(2 * n..2 * n + 2).and_then(|two| u8::from_str_radix(two, 16).ok()).ok_or(NoMediaId)?;
        }
        Ok(MediaId(octets))
    }
}

/// Whoever needs a content: a message, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Owner(pub u64);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn numbers_are_printed_and_read() {
        let id = MediaId::of([&b"ab"[..], b"c"]);
        assert_eq!(id.to_string(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(id.to_string().parse::<MediaId>().unwrap(), id);
        for no in ["", "ba78", &"g".repeat(64), &"ä".repeat(32)] {
            no.parse::<MediaId>().unwrap_err();
        }
    }
}
