//! Segment headers and frames: how bytes in a log file are known to be whole, current and in the right place.
//!
//! A file begins with a [`Header`]; frames follow from [`HEADER_LEN`]. One frame is one transaction:
//! magic (4), payload length (4), offset at which its group began (4), CRC-32 (4), payload; all little-endian. The CRC covers the file's
//! nonce and number and the frame's offset too, so that what a recycled file held before never passes for new.

use std::ops::Range;

/// Where frames begin.
pub(crate) const HEADER_LEN: u32 = 128;
/// Octets before a frame's payload.
pub(crate) const FRAME_HEAD: u32 = 16;

const FRAME_MAGIC: u32 = 0x5852_4657;
const HEADER_MAGIC: [u8; 8] = *b"WAXSPOOL";
const VERSION: u32 = 1;

/// The head of a log file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) segment: u64,
    pub(crate) created: u64,
    pub(crate) next_id: u64,
    pub(crate) next_key: u64,
    /// Where the frames of the previous file end; 0 if there is none.
    pub(crate) prev_end: u32,
    pub(crate) nonce: u64,
    pub(crate) hash_key: [u8; 16],
}

impl Header {
    pub(crate) fn encode(&self) -> [u8; HEADER_LEN as usize] {
        let mut out = [0u8; HEADER_LEN as usize];
        out[0..8].copy_from_slice(&HEADER_MAGIC);
        out[8..12].copy_from_slice(&VERSION.to_le_bytes());
        out[12..20].copy_from_slice(&self.segment.to_le_bytes());
        out[20..28].copy_from_slice(&self.created.to_le_bytes());
        out[28..36].copy_from_slice(&self.next_id.to_le_bytes());
        out[36..44].copy_from_slice(&self.next_key.to_le_bytes());
        out[44..48].copy_from_slice(&self.prev_end.to_le_bytes());
        out[48..56].copy_from_slice(&self.nonce.to_le_bytes());
        out[56..72].copy_from_slice(&self.hash_key);
        let crc = crc32fast::hash(&out[..124]);
        out[124..128].copy_from_slice(&crc.to_le_bytes());
        out
    }

    /// `None` where the bytes are no header of this version.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Header> {
        let bytes = bytes.get(..HEADER_LEN as usize)?;
        let long = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap_or_default());
        let ok = bytes[0..8] == HEADER_MAGIC && word(bytes, 8) == VERSION && word(bytes, 124) == crc32fast::hash(&bytes[..124]);
        ok.then(|| Header {
            segment: long(12),
            created: long(20),
            next_id: long(28),
            next_key: long(36),
            prev_end: word(bytes, 44),
            nonce: long(48),
            hash_key: bytes[56..72].try_into().unwrap_or_default(),
        })
    }

    pub(crate) fn seed(&self) -> Seed {
        let mut state = crc32fast::Hasher::new();
        state.update(&self.nonce.to_le_bytes());
        state.update(&self.segment.to_le_bytes());
        Seed(state)
    }
}

/// The part of every frame's CRC that ties it to its file.
#[derive(Clone, Debug)]
pub(crate) struct Seed(crc32fast::Hasher);

impl Seed {
    fn crc(&self, offset: u32, group: u32, payload: &[u8]) -> u32 {
        let mut state = self.0.clone();
        let mut head = [0u8; 12];
        head[0..4].copy_from_slice(&offset.to_le_bytes());
        head[4..8].copy_from_slice(&group.to_le_bytes());
        head[8..12].copy_from_slice(&(payload.len() as u32).to_le_bytes());
        state.update(&head);
        state.update(payload);
        state.finalize()
    }

    /// Fills in the head of the frame that starts at `start` in `buf`, where it lies at `offset` of the file, and ends with `buf`.
    pub(crate) fn close_frame(&self, buf: &mut [u8], start: usize, offset: u32, group: u32) {
        let (head, payload) = buf[start..].split_at_mut(FRAME_HEAD as usize);
        head[0..4].copy_from_slice(&FRAME_MAGIC.to_le_bytes());
        head[4..8].copy_from_slice(&(payload.len() as u32).to_le_bytes());
        head[8..12].copy_from_slice(&group.to_le_bytes());
        head[12..16].copy_from_slice(&self.crc(offset, group, payload).to_le_bytes());
    }

    /// Looks at what lies at `at` in `buf`, which is `offset` in the file.
    pub(crate) fn parse(&self, buf: &[u8], at: usize, offset: u32) -> Parsed {
        let Some(head) = buf.get(at..at + FRAME_HEAD as usize) else { return Parsed::Short(FRAME_HEAD as usize) };
        if word(head, 0) != FRAME_MAGIC {
            return Parsed::Bad;
        }
        let len = word(head, 4) as usize;
        let whole = FRAME_HEAD as usize + len;
        if len > super::config::MAX_SEGMENT as usize {
            return Parsed::Bad;
        }
        let Some(payload) = buf.get(at + FRAME_HEAD as usize..at + whole) else { return Parsed::Short(whole) };
        let group = word(head, 8);
        if self.crc(offset, group, payload) != word(head, 12) {
            return Parsed::Bad;
        }
        Parsed::Frame { payload: at + FRAME_HEAD as usize..at + whole, group }
    }

    /// Whether `rest`, which begins at `from` in the file with no good frame, holds a whole frame anywhere that was written after
    /// everything up to `from` had been synced: then what is missing was acknowledged, and no crash explains it. Returns its offset.
    pub(crate) fn later_group(&self, rest: &[u8], from: u32) -> Option<u32> {
        let mut at = 0;
        while let Some(found) = rest.get(at..).and_then(|tail| tail.windows(4).position(|w| w == FRAME_MAGIC.to_le_bytes())) {
            let start = at + found;
            match self.parse(rest, start, from + start as u32) {
                Parsed::Frame { group, .. } if group > from => return Some(from + start as u32),
                Parsed::Frame { payload, .. } => at = payload.end,
                Parsed::Bad | Parsed::Short(_) => at = start + 1,
            }
        }
        None
    }
}

/// What lies at a place in a log file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Parsed {
    /// A whole frame.
    Frame { payload: Range<usize>, group: u32 },
    /// The buffer ends before that many octets.
    Short(usize),
    /// No frame, or a damaged one.
    Bad,
}

fn word(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).map_or(0, u32::from_le_bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn header() -> Header {
        Header { segment: 7, created: 1, next_id: 2, next_key: 3, prev_end: 4, nonce: 5, hash_key: [6; 16] }
    }

    fn frame(header: &Header, offset: u32, group: u32, payload: &[u8]) -> Vec<u8> {
        let mut buf = vec![0; FRAME_HEAD as usize];
        buf.extend_from_slice(payload);
        header.seed().close_frame(&mut buf, 0, offset, group);
        buf
    }

    #[test]
    fn header_survives_and_every_flipped_bit_is_seen() {
        let bytes = header().encode();
        assert_eq!(Header::decode(&bytes), Some(header()));
        for bit in 0..bytes.len() * 8 {
            let mut bad = bytes;
            bad[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Header::decode(&bad), None, "bit {bit}");
        }
    }

    #[test]
    fn frame_is_bound_to_offset_segment_and_nonce() {
        let buf = frame(&header(), 128, 128, b"payload");
        assert_eq!(header().seed().parse(&buf, 0, 128), Parsed::Frame { payload: 16..23, group: 128 });
        assert_eq!(header().seed().parse(&buf, 0, 129), Parsed::Bad);
        assert_eq!(Header { segment: 8, ..header() }.seed().parse(&buf, 0, 128), Parsed::Bad);
        assert_eq!(Header { nonce: 8, ..header() }.seed().parse(&buf, 0, 128), Parsed::Bad);
        assert_eq!(header().seed().parse(&buf[..22], 0, 128), Parsed::Short(23));
        assert_eq!(header().seed().parse(&buf[..9], 0, 128), Parsed::Short(16));
    }

    #[test]
    fn a_later_group_behind_a_hole_is_found_but_the_same_group_is_not() {
        let mut file = vec![0u8; 400];
        let same = frame(&header(), 200, 128, b"same group as the hole");
        file[200..200 + same.len()].copy_from_slice(&same);
        assert_eq!(header().seed().later_group(&file[128..], 128), None);
        let later = frame(&header(), 300, 300, b"later");
        file[300..300 + later.len()].copy_from_slice(&later);
        assert_eq!(header().seed().later_group(&file[128..], 128), Some(300));
    }
}
