//! Reading a message's content: for receipts, webhooks, the ledger and people.
//!
//! What leaves over a connector is not made from this: octets that need no change are carried as they came.

use std::hash::{BuildHasher, Hasher};

use bytes::Bytes;
use hashbrown::DefaultHashBuilder;
use waxwing_gsm::charset::Charset;
use waxwing_gsm::dcs::smpp::{Meaning, meaning};
use waxwing_gsm::udh::{Element, UserDataHeader};

use crate::{Message, PartInfo};

/// sar_msg_ref_num, sar_total_segments, sar_segment_seqnum (SMPP 3.4, 5.3.2.22 to 24).
const SAR: [u16; 3] = [0x020C, 0x020E, 0x020F];

/// The charset that data_coding 0 stands for in a message.
pub fn default_charset(m: &Message) -> Charset {
    if m.charset.is_empty() { Charset::Gsm7 } else { m.charset.parse().unwrap_or(Charset::Gsm7) }
}

/// What the data coding of a message's octets says.
pub fn coding(m: &Message) -> Meaning {
    meaning(u8::try_from(m.data_coding).unwrap_or(0), default_charset(m))
}

/// The user data header and the octets behind it. No header where none is announced, or where what is announced is none.
pub fn split(m: &Message) -> (UserDataHeader, Bytes) {
    if !m.udhi {
        return (UserDataHeader::new(), m.payload.clone());
    }
    match UserDataHeader::parse(&m.payload) {
        Ok((header, rest)) => (header, m.payload.slice_ref(rest)),
        Err(_) => (UserDataHeader::new(), m.payload.clone()),
    }
}

/// The content as text, or `None` where it is binary.
pub fn text(m: &Message) -> Option<String> {
    match &m.text {
        Some(text) => Some(text.clone()),
        None => octets_as_text(m, usize::MAX),
    }
}

/// The text of the payload; at least its first `n` characters, where it has so many, and perhaps no more.
fn octets_as_text(m: &Message, n: usize) -> Option<String> {
    let (header, mut octets) = split(m);
    let charset = coding(m).charset;
    if !charset.is_text() || header.ports().is_some() {
        return None;
    }
    if matches!(charset, Charset::Gsm7 | Charset::Ascii | Charset::Latin1 | Charset::Ucs2 | Charset::Utf8) {
        // No character of these takes more than four octets, nor does the byte order mark before them.
        octets.truncate(n.saturating_add(1).saturating_mul(4));
    }
    let alphabet = header.alphabet();
    Some(match charset {
        Charset::Gsm7 if !alphabet.is_default() => alphabet.decode(&octets).text,
        _ => charset.decode(&octets).text,
    })
}

/// At most `n` characters of the text, empty where there is none.
pub fn beginning(m: &Message, n: usize) -> String {
    let end = |t: &str| t.char_indices().nth(n).map_or(t.len(), |(at, _)| at);
    match &m.text {
        Some(t) => t[..end(t)].to_owned(),
        None => {
            let mut t = octets_as_text(m, n).unwrap_or_default();
            t.truncate(end(&t));
            t
        }
    }
}

/// Where a message stands in a long one, by its header or its sar_* TLVs.
pub fn part_of(m: &Message) -> Option<PartInfo> {
    if m.udhi
        && let Some(c) = split(m).0.concatenation().filter(|c| c.total > 1)
    {
        return Some(PartInfo { reference: c.reference, total: c.total, number: c.number });
    }
    let [reference, total, number] = SAR.map(|tag| m.tlv(tag).map(|v| v.iter().fold(0u32, |n, &b| (n << 8) | u32::from(b))));
    let part =
        PartInfo { reference: u16::try_from(reference?).ok()?, total: u8::try_from(total?).ok()?, number: u8::try_from(number?).ok()? };
    (part.total > 1 && (1..=part.total).contains(&part.number)).then_some(part)
}

/// A number that the parts of one long message have in common, for those that came as parts.
pub fn concat_key(m: &Message) -> Option<u64> {
    if !m.udhi && m.tlvs.is_empty() {
        return None;
    }
    let part = part_of(m)?;
    let mut h = fixed_hasher().build_hasher();
    h.write(&m.source.octets);
    h.write(&m.destination.octets);
    h.write_u16(part.reference);
    h.write_u8(part.total);
    Some(h.finish())
}

/// The whole of a long message: the payload, and whether a header is left on it. `parts` are the payloads in order, each with the header
/// it came with if `like` has one.
pub fn joined(like: &Message, parts: &[Bytes]) -> (Bytes, bool) {
    let mut whole = Vec::new();
    let mut udhi = false;
    for (n, payload) in parts.iter().enumerate() {
        let (header, octets) = split(&Message { payload: payload.clone(), udhi: like.udhi, ..Message::default() });
        if n == 0 {
            let rest = header.without(|e| matches!(e, Element::Concat8 { .. } | Element::Concat16 { .. })).encode();
            udhi = !rest.is_empty();
            whole.extend_from_slice(&rest);
        }
        whole.extend_from_slice(&octets);
    }
    (Bytes::from(whole), udhi)
}

/// Drops the TLVs that say "this is a part".
pub fn strip_sar(m: &mut Message) {
    m.tlvs.retain(|t| !SAR.iter().any(|&s| u32::from(s) == t.tag));
}

/// One hasher for the life of the process: keys must be equal for all parts of a message, and hard to guess for others.
fn fixed_hasher() -> &'static DefaultHashBuilder {
    static H: std::sync::OnceLock<DefaultHashBuilder> = std::sync::OnceLock::new();
    H.get_or_init(DefaultHashBuilder::default)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{Address, Tlv};

    fn octets(data_coding: u32, udhi: bool, payload: &'static [u8]) -> Message {
        Message { data_coding, udhi, payload: Bytes::from_static(payload), ..Message::default() }
    }

    #[test]
    fn octets_are_read_by_their_coding() {
        assert_eq!(text(&octets(0, false, b"\x00 \x1b\x65")).as_deref(), Some("@ €"));
        assert_eq!(text(&Message { charset: "iso-8859-1".into(), ..octets(0, false, b"@\xe9") }).as_deref(), Some("@é"));
        assert_eq!(text(&octets(8, false, b"\x4e\x2d")).as_deref(), Some("中"));
        assert_eq!(text(&octets(4, false, b"\x01")), None);
        assert_eq!(text(&octets(8, true, b"\x05\x00\x03\x01\x02\x01\x4e\x2d")).as_deref(), Some("中"));
        assert_eq!(text(&octets(0, true, b"Hello")).as_deref(), Some("Hello"), "UDHI without a header");
        assert_eq!(beginning(&Message::new_text(Address::default(), Address::default(), "ääääb"), 4), "ääää");
        assert_eq!(beginning(&octets(0, false, b"Hello, this is a long text"), 5), "Hello");
        assert_eq!(beginning(&octets(0, false, b"\x1b\x65\x1b\x65\x1b\x65x"), 2), "€€");
        assert_eq!(beginning(&octets(8, true, b"\x05\x00\x03\x01\x02\x01\xfe\xff\xd8\x3d\xde\x00\xd8\x3d\xde\x01"), 1), "\u{1f600}");
        assert_eq!(beginning(&octets(0, false, b"abc"), 20), "abc");
    }

    #[test]
    fn parts_are_known_by_header_or_tlvs() {
        let m = octets(0, true, b"\x06\x08\x04\x01\x02\x03\x02x");
        assert_eq!(part_of(&m), Some(PartInfo { reference: 0x102, total: 3, number: 2 }));
        let tlv = |tag: u16, value: &'static [u8]| Tlv { tag: tag.into(), value: Bytes::from_static(value) };
        let mut m = octets(0, false, b"x");
        m.tlvs = vec![tlv(0x20C, b"\x00\x07"), tlv(0x20E, b"\x02"), tlv(0x20F, b"\x01")];
        assert_eq!(part_of(&m), Some(PartInfo { reference: 7, total: 2, number: 1 }));
        assert_eq!(concat_key(&m), concat_key(&m.clone()));
        m.tlvs[2] = tlv(0x20F, b"\x03");
        assert_eq!(part_of(&m), None, "a part beyond the total is no part");
        strip_sar(&mut m);
        assert!(m.tlvs.is_empty());
    }

    #[test]
    fn joining_keeps_what_else_the_header_says() {
        let like = octets(4, true, b"");
        let a = Bytes::from_static(b"\x0b\x05\x04\x0b\x84\x23\xf0\x00\x03\x01\x02\x01ab");
        let b = Bytes::from_static(b"\x0b\x05\x04\x0b\x84\x23\xf0\x00\x03\x01\x02\x02cd");
        let (payload, udhi) = joined(&like, &[a, b]);
        assert!(udhi);
        assert_eq!(&payload[..], b"\x06\x05\x04\x0b\x84\x23\xf0abcd");
    }
}
