//! A content in a pack: a head of fixed size, then the octets.
//!
//! | octets | what |
//! |---|---|
//! | 4 | `WXM1` |
//! | 8 | length of the content, big-endian |
//! | 32 | SHA-256 of the content |
//! | 4 | CRC-32 of the content |
//! | 4 | CRC-32 of the 48 octets before |

use crate::MediaId;

/// Octets of a head.
pub(crate) const HEAD: usize = 52;
pub(crate) const MAGIC: [u8; 4] = *b"WXM1";

/// What a head says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) len: u64,
    pub(crate) id: MediaId,
    pub(crate) crc: u32,
}

impl Head {
    pub(crate) fn encode(&self) -> [u8; HEAD] {
        let mut out = [0; HEAD];
        out[..4].copy_from_slice(&MAGIC);
        out[4..12].copy_from_slice(&self.len.to_be_bytes());
        out[12..44].copy_from_slice(self.id.as_bytes());
        out[44..48].copy_from_slice(&self.crc.to_be_bytes());
        let crc = crc32fast::hash(&out[..48]);
        out[48..].copy_from_slice(&crc.to_be_bytes());
        out
    }

    /// `None` where it is no head.
    pub(crate) fn decode(octets: &[u8; HEAD]) -> Option<Head> {
        let (body, crc) = octets.split_last_chunk::<4>()?;
        if body[..4] != MAGIC || crc32fast::hash(body) != u32::from_be_bytes(*crc) {
            return None;
        }
        let len = u64::from_be_bytes(body[4..12].try_into().ok()?);
        let id = MediaId::from_bytes(body[12..44].try_into().ok()?);
        Some(Head { len, id, crc: u32::from_be_bytes(body[44..48].try_into().ok()?) })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_head_is_read_and_nothing_else_is_one() {
        let head = Head { len: 5, id: MediaId::of([&b"hello"[..]]), crc: crc32fast::hash(b"hello") };
        let octets = head.encode();
        assert_eq!(Head::decode(&octets), Some(head));
        for at in 0..HEAD {
            let mut damaged = octets;
            damaged[at] ^= 1;
            assert_eq!(Head::decode(&damaged), None, "octet {at}");
        }
        assert_eq!(Head::decode(&[0; HEAD]), None);
    }
}
