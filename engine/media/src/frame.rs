//! Headers, frames and trailers: how octets in a pack are known to be whole, and in the right place.
//!
//! A pack begins with a [`Header`]; frames follow from [`HEADER_LEN`]. A frame is a head of [`HEAD_LEN`] octets and a content: magic (4),
//! length of the content (4), offset at which its group began (4), SHA-256 of the content (32), CRC-32 of the content (4), CRC-32 of the
//! head (4); all little-endian. The head's CRC covers the pack's nonce and number and the frame's offset too. A pack that is full ends
//! with a frame of another magic, whose content lists all others ([`Listed`]), and a trailer that says where that frame is.

use crate::MediaId;

/// Where frames begin.
pub(crate) const HEADER_LEN: u32 = 64;
/// Octets before a frame's content.
pub(crate) const HEAD_LEN: u32 = 52;
/// Octets at the end of a full pack.
pub(crate) const TRAILER_LEN: u32 = 12;
/// Octets of one content in the list of a full pack.
pub(crate) const LISTED_LEN: usize = 40;

pub(crate) const BLOB_MAGIC: [u8; 4] = *b"WxMb";
pub(crate) const LIST_MAGIC: [u8; 4] = *b"WxMl";
const TRAILER_MAGIC: [u8; 4] = *b"WxMt";
const HEADER_MAGIC: [u8; 8] = *b"WAXMEDIA";
const VERSION: u32 = 1;

/// The head of a pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) number: u32,
    pub(crate) nonce: u64,
}

/// What kind of frame it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Blob,
    List,
}

/// The head of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) kind: Kind,
    pub(crate) len: u32,
    /// Offset at which the group began that it was written with: everything before was synced when it was written.
    pub(crate) group: u32,
    /// Zeros in a list.
    pub(crate) id: MediaId,
    /// CRC-32 of the content.
    pub(crate) crc: u32,
}

/// A content in a pack's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) id: MediaId,
    /// Of the frame.
    pub(crate) offset: u32,
    /// Of the content.
    pub(crate) len: u32,
}

/// What ties heads and trailers to their pack.
#[derive(Clone, Debug)]
pub(crate) struct Seed(crc32fast::Hasher);

impl Header {
    pub(crate) fn encode(&self) -> [u8; HEADER_LEN as usize] {
        let mut out = [0u8; HEADER_LEN as usize];
        out[0..8].copy_from_slice(&HEADER_MAGIC);
        out[8..12].copy_from_slice(&VERSION.to_le_bytes());
        out[12..16].copy_from_slice(&self.number.to_le_bytes());
        out[16..24].copy_from_slice(&self.nonce.to_le_bytes());
        let crc = crc32fast::hash(&out[..60]);
        out[60..64].copy_from_slice(&crc.to_le_bytes());
        out
    }

    /// `None` where the octets are no header of this version.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Header> {
        let bytes = bytes.get(..HEADER_LEN as usize)?;
        let ok = bytes[0..8] == HEADER_MAGIC && word(bytes, 8) == VERSION && word(bytes, 60) == crc32fast::hash(&bytes[..60]);
        let nonce = u64::from(word(bytes, 16)) | u64::from(word(bytes, 20)) << 32;
        ok.then(|| Header { number: word(bytes, 12), nonce })
    }

    pub(crate) fn seed(&self) -> Seed {
        let mut state = crc32fast::Hasher::new();
        state.update(&self.nonce.to_le_bytes());
        state.update(&self.number.to_le_bytes());
        Seed(state)
    }
}

impl Seed {
    fn crc(&self, offset: u32, bytes: &[u8]) -> u32 {
        let mut state = self.0.clone();
        state.update(&offset.to_le_bytes());
        state.update(bytes);
        state.finalize()
    }

    /// Appends a head that lies at `offset` of the pack.
    pub(crate) fn put_head(&self, out: &mut Vec<u8>, head: &Head, offset: u32) {
        let start = out.len();
        out.extend_from_slice(if head.kind == Kind::Blob { &BLOB_MAGIC } else { &LIST_MAGIC });
        out.extend_from_slice(&head.len.to_le_bytes());
        out.extend_from_slice(&head.group.to_le_bytes());
        out.extend_from_slice(head.id.as_bytes());
        out.extend_from_slice(&head.crc.to_le_bytes());
        let crc = self.crc(offset, &out[start..]);
        out.extend_from_slice(&crc.to_le_bytes());
    }

    /// The head that begins `bytes`, which lies at `offset` of the pack. `None` where it is none, or a damaged one.
    pub(crate) fn head(&self, bytes: &[u8], offset: u32) -> Option<Head> {
        let bytes = bytes.get(..HEAD_LEN as usize)?;
        let kind = match [bytes[0], bytes[1], bytes[2], bytes[3]] {
            BLOB_MAGIC => Kind::Blob,
            LIST_MAGIC => Kind::List,
            _ => return None,
        };
        let (body, crc) = bytes.split_at(HEAD_LEN as usize - 4);
        if word(crc, 0) != self.crc(offset, body) {
            return None;
        }
        let id = MediaId::from_bytes(bytes[12..44].try_into().ok()?);
        Some(Head { kind, len: word(bytes, 4), group: word(bytes, 8), id, crc: word(bytes, 44) })
    }

    /// The trailer of a pack whose list begins at `list`.
    pub(crate) fn trailer(&self, list: u32) -> [u8; TRAILER_LEN as usize] {
        let mut out = [0; TRAILER_LEN as usize];
        out[0..4].copy_from_slice(&TRAILER_MAGIC);
        out[4..8].copy_from_slice(&list.to_le_bytes());
        let crc = self.crc(list, &TRAILER_MAGIC);
        out[8..12].copy_from_slice(&crc.to_le_bytes());
        out
    }

    /// Where the list begins, by the last octets of a pack.
    pub(crate) fn list_offset(&self, trailer: &[u8]) -> Option<u32> {
        let list = word(trailer.get(..TRAILER_LEN as usize)?, 4);
        (trailer == self.trailer(list)).then_some(list)
    }

    /// Whether `rest`, which lies at `base` of the pack, holds a head anywhere that was written after everything up to `since` had been
    /// synced: then what is missing there was acknowledged, and no crash explains it. Returns its offset.
    pub(crate) fn later_group(&self, rest: &[u8], base: u32, since: u32) -> Option<u32> {
        let magics = rest.windows(4).enumerate().filter(|(_, w)| *w == BLOB_MAGIC || *w == LIST_MAGIC);
        let mut places = magics.map(|(at, _)| (at, base + at as u32));
        places.find(|(at, offset)| self.head(&rest[*at..], *offset).is_some_and(|head| head.group > since)).map(|(_, offset)| offset)
    }
}

impl Listed {
    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.id.as_bytes());
        out.extend_from_slice(&self.offset.to_le_bytes());
        out.extend_from_slice(&self.len.to_le_bytes());
    }

    /// All contents of a list.
    pub(crate) fn all(list: &[u8]) -> impl Iterator<Item = Listed> {
        list.chunks_exact(LISTED_LEN).filter_map(|one| {
            Some(Listed { id: MediaId::from_bytes(one[..32].try_into().ok()?), offset: word(one, 32), len: word(one, 36) })
        })
    }

    /// Offset behind the frame.
    pub(crate) fn end(&self) -> u64 {
        u64::from(self.offset) + u64::from(HEAD_LEN) + u64::from(self.len)
    }
}

fn word(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).map_or(0, u32::from_le_bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const HEADER: Header = Header { number: 7, nonce: 5 << 40 | 9 };

    fn head(group: u32) -> Head {
        Head { kind: Kind::Blob, len: 3, group, id: MediaId::of(b"abc"), crc: 9 }
    }

    fn octets(header: &Header, offset: u32, group: u32) -> Vec<u8> {
        let mut out = Vec::new();
        header.seed().put_head(&mut out, &head(group), offset);
        out
    }

    #[test]
    fn headers_heads_and_trailers_survive_and_every_flipped_bit_is_seen() {
        let (header, frame, trailer) = (HEADER.encode(), octets(&HEADER, 64, 64), HEADER.seed().trailer(1234));
        assert_eq!(Header::decode(&header), Some(HEADER));
        assert_eq!((frame.len() as u32, HEADER.seed().head(&frame, 64)), (HEAD_LEN, Some(head(64))));
        assert_eq!(HEADER.seed().list_offset(&trailer), Some(1234));
        let flipped = |bytes: &[u8], bit: usize| {
            let mut bad = bytes.to_vec();
            bad[bit / 8] ^= 1 << (bit % 8);
            bad
        };
        (0..header.len() * 8).for_each(|bit| assert_eq!(Header::decode(&flipped(&header, bit)), None, "bit {bit}"));
        (0..frame.len() * 8).for_each(|bit| assert_eq!(HEADER.seed().head(&flipped(&frame, bit), 64), None, "bit {bit}"));
        (0..trailer.len() * 8).for_each(|bit| assert_eq!(HEADER.seed().list_offset(&flipped(&trailer, bit)), None, "bit {bit}"));
        for len in 0..header.len() {
            assert_eq!(Header::decode(&header[..len]), None);
            assert_eq!(HEADER.seed().head(&frame[..len.min(frame.len() - 1)], 64), None);
        }
    }

    #[test]
    fn a_head_is_bound_to_offset_pack_and_nonce() {
        let frame = octets(&HEADER, 64, 64);
        assert_eq!(HEADER.seed().head(&frame, 65), None);
        assert_eq!(Header { number: 8, ..HEADER }.seed().head(&frame, 64), None);
        assert_eq!(Header { nonce: 8, ..HEADER }.seed().head(&frame, 64), None);
    }

    #[test]
    fn a_later_group_behind_a_hole_is_found_but_the_same_group_is_not() {
        let mut rest = vec![0u8; 300];
        rest[100..100 + HEAD_LEN as usize].copy_from_slice(&octets(&HEADER, 164, 64));
        assert_eq!(HEADER.seed().later_group(&rest, 64, 64), None);
        rest[200..200 + HEAD_LEN as usize].copy_from_slice(&octets(&HEADER, 264, 264));
        assert_eq!(HEADER.seed().later_group(&rest, 64, 64), Some(264));
        assert_eq!(HEADER.seed().later_group(&rest[10..], 74, 64), Some(264));
        assert_eq!(HEADER.seed().later_group(&rest, 64, 264), None);
    }

    #[test]
    fn lists_survive() {
        let one = Listed { id: MediaId::of(b"abc"), offset: 64, len: 3 };
        let mut out = Vec::new();
        one.put(&mut out);
        one.put(&mut out);
        assert_eq!(out.len(), 2 * LISTED_LEN);
        assert_eq!(Listed::all(&out).collect::<Vec<_>>(), [one, one]);
        assert_eq!(one.end(), 64 + 52 + 3);
    }
}
