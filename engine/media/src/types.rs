//! The words of the interface: what a content is called, who needs it, and what the store counts.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A content's name: the SHA-256 of its octets. Written as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MediaId([u8; 32]);

/// Whoever needs a content: the number of a message, say. The store knows nothing else of it; callers may tell kinds apart by the highest
/// bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Owner(pub u64);

/// Not 64 hexadecimal digits.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("a media id is 64 hexadecimal digits, not {0:?}")]
pub struct BadMediaId(pub String);

/// What the store has and has done since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MediaStats {
    /// Contents stored and needed (before [`recovered`](crate::MediaStore::recovered): all that are on the disk).
    pub blobs: u64,
    /// Pairs of a content and somebody who needs it.
    pub owners: u64,
    /// Octets of the contents.
    pub octets: u64,
    /// Pack files.
    pub packs: u64,
    /// Octets of the pack files.
    pub disk_octets: u64,
    /// Octets free on the disk, as last looked at.
    pub disk_free: u64,
    /// Contents put, those already there included.
    pub puts: u64,
    /// Contents that were put and already there, or already being written.
    pub known: u64,
    /// Contents read.
    pub gets: u64,
    /// Octets of contents that wait for the disk.
    pub pending: u64,
    /// Syncs of pack files.
    pub syncs: u64,
    /// Octets written.
    pub written: u64,
    /// Octets copied forward out of packs that were mostly dead (a part of `written`).
    pub copied: u64,
    /// Packs removed.
    pub dropped: u64,
    /// How long the last group took to write and sync, microseconds.
    pub last_sync_us: u64,
}

impl MediaId {
    /// The id with these octets.
    pub const fn from_bytes(bytes: [u8; 32]) -> MediaId {
        MediaId(bytes)
    }

    /// Its octets.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The id of a content.
    pub fn of(content: &[u8]) -> MediaId {
        use sha2::Digest;
        MediaId(sha2::Sha256::digest(content).into())
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

impl FromStr for MediaId {
    type Err = BadMediaId;

    fn from_str(text: &str) -> Result<MediaId, BadMediaId> {
        let bad = || BadMediaId(text.chars().take(80).collect());
        let digits = text.as_bytes();
        if digits.len() != 64 {
            return Err(bad());
        }
        let mut id = [0; 32];
        for (octet, pair) in id.iter_mut().zip(digits.chunks_exact(2)) {
            let digit = |d: u8| (d as char).to_digit(16).ok_or_else(bad);
            *octet = (digit(pair[0])? * 16 + digit(pair[1])?) as u8;
        }
        Ok(MediaId(id))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_id_is_the_sha_256_in_hexadecimal() {
        // FIPS 180-2, appendix B.1.
        let text = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let id = MediaId::of(b"abc");
        assert_eq!(id.to_string(), text);
        assert_eq!(text.parse(), Ok(id));
        assert_eq!(text.to_uppercase().parse(), Ok(id));
        assert_eq!(MediaId::from_bytes(*id.as_bytes()), id);
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for text in ["", "ab", &"g".repeat(64), &"a".repeat(63), &"a".repeat(65), &"ä".repeat(32), &"+1".repeat(32)] {
            assert!(text.parse::<MediaId>().is_err(), "{text}");
        }
    }
}
