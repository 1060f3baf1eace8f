//! Content in the parts of CMPP: Msg_Fmt, Msg_Content, and how much of it fits.
//!
//! What came as octets that the other side reads the same way leaves as it came. Text, and octets in codings that CMPP has no Msg_Fmt for,
//! are encoded anew. How many characters fit is a setting, since gateways differ; a part of a long message has the header of 6 octets (7 with
//! references of 16 bits).

use bytes::Bytes;
use smallvec::smallvec;
use waxwing_core::{Message, content};
use waxwing_gsm::charset::Charset;
use waxwing_gsm::dcs::MessageClass;
use waxwing_gsm::segment::{Concat, Limits, SegmentError, segment_octets};
use waxwing_gsm::transliterate::transliterate;
use waxwing_gsm::udh::{Element, UserDataHeader};

use super::config::{PartLengths, Signature, SignaturePlace, Wide};
use super::native::Native;
use crate::flight::Parts;

/// Msg_Fmt: ASCII.
pub(super) const ASCII: u8 = 0;
/// Msg_Fmt: to be written into the SIM.
pub(super) const SIM: u8 = 3;
/// Msg_Fmt: octets.
pub(super) const BINARY: u8 = 4;
/// Msg_Fmt: UTF-16, big-endian.
pub(super) const UCS2: u8 = 8;
/// Msg_Fmt: Chinese, in GB 18030 and its subsets.
pub(super) const GB: u8 = 15;
/// Msg_Fmt as a GSM data coding scheme: UCS-2 that is shown at once.
const FLASH_UCS2: u8 = 0x18;

/// Octets of user data that a short message has.
const USER_DATA: usize = 140;
/// Most octets of Msg_Content with Msg_Fmt 0.
const ASCII_MAX: usize = 160;

/// The name of the charset of Msg_Fmt 15, as messages keep it.
pub(super) const GB_CHARSET: &str = "gb18030";
/// And that of Msg_Fmt 0 and 3, where octets above 127 are read as other gateways read them.
pub(super) const ASCII_CHARSET: &str = "iso-8859-1";

/// How content leaves.
#[derive(Clone, Copy, Debug)]
pub(super) struct Splitting<'a> {
    pub(super) wide: Wide,
    pub(super) lengths: PartLengths,
    pub(super) signature: Option<&'a Signature>,
    /// References have 16 bits.
    pub(super) wide_reference: bool,
}

/// What differs between the parts of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chunk {
    /// Msg_Content, with its header if `udhi`.
    pub(super) octets: Bytes,
    pub(super) udhi: bool,
    pub(super) fmt: u8,
    /// Pk_total, Pk_number.
    pub(super) total: u8,
    pub(super) number: u8,
}

/// Why content cannot leave.
#[derive(Debug, thiserror::Error)]
pub(super) enum SplitError {
    #[error(transparent)]
    Segment(#[from] SegmentError),
    #[error("the user data header is not one: {0}")]
    Header(#[from] waxwing_gsm::udh::UdhError),
    #[error("the message takes {0} parts; at most 255 can be numbered")]
    TooManyParts(usize),
    #[error("the signature and the user data header leave no room for text")]
    NoRoom,
}

/// The parts of a message. `reference` is shared by them.
pub(super) fn parts(m: &Message, native: Option<&Native>, how: &Splitting<'_>, reference: u16) -> Result<Parts<Chunk>, SplitError> {
    match &m.text {
        Some(text) => {
            let header = if m.udh.is_empty() { UserDataHeader::new() } else { UserDataHeader::parse(&m.udh)?.0 };
            let coding = if m.class == 1 { Some(FLASH_UCS2) } else { (m.data_coding == 8).then_some(UCS2) };
            text_parts(text, &header, coding, how, reference)
        }
        None => octet_parts(m, native, how, reference),
    }
}

/// Msg_Fmt as SMPP data_coding and the charset of data_coding 0, in which messages keep their octets.
pub(super) fn data_coding(fmt: u8) -> (u32, &'static str) {
    match fmt {
        ASCII => (0, ASCII_CHARSET),
        GB => (0, GB_CHARSET),
        other => (other.into(), ""),
    }
}

fn octet_parts(m: &Message, native: Option<&Native>, how: &Splitting<'_>, reference: u16) -> Result<Parts<Chunk>, SplitError> {
    let meaning = content::coding(m);
    let (header, octets) = content::split(m);
    let part = content::part_of(m);
    let text = meaning.charset.is_text() && header.ports().is_none();
    // The Msg_Fmt under which the octets mean the same: that which they came with, or that of their charset.
    let fmt = native.and_then(Native::fmt).or(match meaning.charset {
        Charset::Gb18030 | Charset::Gbk => Some(GB),
        Charset::Ucs2 if meaning.class == Some(MessageClass::Flash) => Some(FLASH_UCS2),
        // A setting that says so counts for text of other protocols too; a part stays what it is.
        Charset::Ucs2 if how.wide == Wide::Gbk && part.is_none() => None,
        Charset::Ucs2 => Some(UCS2),
        // No Msg_Fmt has a class: F5, which Nokia's handsets were sent octets with, is binary here. Handsets go by the ports.
        Charset::Octets => Some(BINARY),
        Charset::Gsm7 | Charset::Ascii | Charset::Latin1 if text && plain(&meaning.charset.decode(&octets).text) => None,
        _ => None,
    });
    let room = if fmt == Some(ASCII) { ASCII_MAX } else { USER_DATA };
    let whole = m.payload.len() <= room || part.is_some();
    if let Some(fmt) = fmt
        && whole
        && (part.is_some() || !text || how.signature.is_none())
    {
        let (total, number) = part.map_or((1, 1), |p| (p.total, p.number));
        return Ok(smallvec![Chunk { octets: m.payload.clone(), udhi: m.udhi, fmt, total, number }]);
    }
    if !text {
        let limits = Limits { concat: concat(how), ..Limits::default() };
        let segments = segment_octets(&octets, &header, limits, reference)?;
        return Ok(segments
            .into_iter()
            .map(|s| Chunk {
                octets: s.user_data().into(),
                udhi: !s.udh.is_empty(),
                fmt: fmt.unwrap_or(BINARY),
                total: s.total,
                number: s.number,
            })
            .collect());
    }
    let text = meaning.charset.decode(&octets).text;
    if let Some(p) = part {
        // It stays the part it is, in the room it has: what ASCII lacks fits only where the part is short.
        return Ok(smallvec![recoded(&text, &header, p.total, p.number, how)]);
    }
    let rest = header.without(is_concatenation);
    let coding = if meaning.class == Some(MessageClass::Flash) { Some(FLASH_UCS2) } else { fmt.filter(|&f| f != ASCII && f != SIM) };
    text_parts(&text, &rest, coding, how, reference)
}

/// A part of a long message in another coding.
fn recoded(text: &str, header: &UserDataHeader, total: u8, number: u8, how: &Splitting<'_>) -> Chunk {
    let chunk = |octets: Vec<u8>, fmt| {
        let udhi = !header.is_empty();
        Chunk { octets: [header.encode(), octets].concat().into(), udhi, fmt, total, number }
    };
    let wide = if plain(text) { (text.as_bytes().to_vec(), ASCII) } else { encoded(text, how.wide) };
    if wide.1 == ASCII || wide.0.len() + header.encode().len() <= USER_DATA {
        return chunk(wide.0, wide.1);
    }
    let stand_ins = transliterate(text, |c| c.is_ascii()).unwrap_or_else(|| text.to_owned());
    chunk(Charset::Ascii.encode_lossy(&stand_ins).octets, ASCII)
}

/// Text as octets, and their Msg_Fmt.
fn encoded(text: &str, wide: Wide) -> (Vec<u8>, u8) {
    match wide {
        Wide::Gbk => (Charset::Gb18030.encode_lossy(text).octets, GB),
        Wide::Ucs2 => (Charset::Ucs2.encode_lossy(text).octets, UCS2),
    }
}

/// All of it is in Msg_Fmt 0.
fn plain(text: &str) -> bool {
    text.is_ascii()
}

fn is_concatenation(e: &Element) -> bool {
    matches!(e, Element::Concat8 { .. } | Element::Concat16 { .. })
}

fn concat(how: &Splitting<'_>) -> Concat {
    if how.wide_reference { Concat::Udh16 } else { Concat::Udh8 }
}

/// Text, with the header besides that of its parts. `coding` is a Msg_Fmt to use whatever the characters are.
fn text_parts(
    text: &str,
    header: &UserDataHeader,
    coding: Option<u8>,
    how: &Splitting<'_>,
    reference: u16,
) -> Result<Parts<Chunk>, SplitError> {
    let (text, reserved) = signed(text, how.signature);
    let signature_is_plain = how.signature.is_none_or(|s| plain(&s.text));
    let fmt = match coding {
        Some(fmt) => fmt,
        None if plain(&text) && signature_is_plain => ASCII,
        None => match how.wide {
            Wide::Gbk => GB,
            Wide::Ucs2 => UCS2,
        },
    };
    let room = Room::of(fmt, how, if header.is_empty() { 0 } else { header.octets() + 1 });
    let place = how.signature.filter(|s| s.by_carrier).map(|s| s.place);
    let (single, single_octets) = room.single;
    let (part, part_octets) = room.part;
    let all = Size::of(&text, fmt);
    if all.units + reserved <= single && all.octets + reserved * room.octets_a_unit <= single_octets {
        let octets = [header.encode(), encode(&text, fmt)].concat().into();
        return Ok(smallvec![Chunk { octets, udhi: !header.is_empty(), fmt, total: 1, number: 1 }]);
    }
    if part <= reserved || part_octets <= reserved * room.octets_a_unit {
        return Err(SplitError::NoRoom);
    }
    let less = (part - reserved, part_octets - reserved * room.octets_a_unit);
    let first = if place == Some(SignaturePlace::Start) { less } else { (part, part_octets) };
    let mut pieces = cut(&text, fmt, first, (part, part_octets));
    if place == Some(SignaturePlace::End) {
        // The last one must leave room, so that some of it may have to go into one more.
        if let Some(last) = pieces.pop() {
            pieces.extend(cut(last, fmt, less, less));
        }
    }
    let total = u8::try_from(pieces.len()).map_err(|_| SplitError::TooManyParts(pieces.len()))?;
    let mut chunks = Parts::with_capacity(pieces.len());
    for (piece, number) in pieces.into_iter().zip(1..=u8::MAX) {
        let mut with = header.clone();
        let element = if how.wide_reference {
            Element::Concat16 { reference, total, number }
        } else {
            Element::Concat8 { reference: (reference & 0xff) as u8, total, number }
        };
        with.push(element).map_err(|_| SplitError::NoRoom)?;
        let octets = [with.encode(), encode(piece, fmt)].concat().into();
        chunks.push(Chunk { octets, udhi: true, fmt, total, number });
    }
    Ok(chunks)
}

/// The text with the signature as the rule has it, and the units to leave free for the carrier's.
fn signed(text: &str, rule: Option<&Signature>) -> (String, usize) {
    let Some(rule) = rule else { return (text.to_owned(), 0) };
    let bare = match rule.place {
        SignaturePlace::Start => text.strip_prefix(&rule.text),
        SignaturePlace::End => text.strip_suffix(&rule.text),
    };
    if rule.by_carrier {
        return (bare.unwrap_or(text).to_owned(), rule.text.encode_utf16().count());
    }
    match (bare, rule.place) {
        (Some(_), _) => (text.to_owned(), 0),
        (None, SignaturePlace::Start) => (format!("{}{text}", rule.text), 0),
        (None, SignaturePlace::End) => (format!("{text}{}", rule.text), 0),
    }
}

fn encode(text: &str, fmt: u8) -> Vec<u8> {
    match fmt {
        ASCII => text.as_bytes().to_vec(),
        GB => Charset::Gb18030.encode_lossy(text).octets,
        _ => Charset::Ucs2.encode_lossy(text).octets,
    }
}

/// What text takes: in the units that its Msg_Fmt is limited in, and in octets.
#[derive(Clone, Copy, Debug, Default)]
struct Size {
    units: usize,
    octets: usize,
}

impl Size {
    fn of(text: &str, fmt: u8) -> Size {
        text.chars().fold(Size::default(), |sum, c| sum.plus(Size::of_char(c, fmt)))
    }

    fn of_char(c: char, fmt: u8) -> Size {
        match fmt {
            ASCII => Size { units: 1, octets: 1 },
            // Beyond the two octets of GBK, GB 18030 has four; the network needs a surrogate pair for them where UTF-16 does.
            GB => {
                let octets = if c.is_ascii() { 1 } else { Charset::Gb18030.encode_lossy(c.encode_utf8(&mut [0; 4])).octets.len() };
                Size { units: c.len_utf16(), octets }
            }
            _ => Size { units: c.len_utf16(), octets: 2 * c.len_utf16() },
        }
    }

    fn plus(self, other: Size) -> Size {
        Size { units: self.units + other.units, octets: self.octets + other.octets }
    }
}

/// How much fits into a single message, and into a part of a long one: units and octets.
struct Room {
    single: (usize, usize),
    part: (usize, usize),
    octets_a_unit: usize,
}

impl Room {
    /// `header` octets are taken by other things than the parts' own header.
    fn of(fmt: u8, how: &Splitting<'_>, header: usize) -> Room {
        let l = &how.lengths;
        let own = if how.wide_reference { 7 } else { 6 };
        // What is in front of the parts' header shares its length octet.
        let beside = header.saturating_sub(1);
        match fmt {
            ASCII => Room {
                single: (usize::from(l.ascii_single).saturating_sub(header), ASCII_MAX - header.min(ASCII_MAX)),
                part: (usize::from(l.ascii_part).saturating_sub(beside), ASCII_MAX),
                octets_a_unit: 1,
            },
            GB => Room {
                single: (usize::from(l.gbk_single).saturating_sub(header), USER_DATA.saturating_sub(header)),
                part: (usize::from(l.gbk_part).saturating_sub(beside), USER_DATA.saturating_sub(own + beside)),
                octets_a_unit: 2,
            },
            _ => Room {
                single: (usize::from(l.ucs2_single).saturating_sub(header.div_ceil(2)), USER_DATA.saturating_sub(header)),
                part: (usize::from(l.ucs2_part).saturating_sub(beside.div_ceil(2)), USER_DATA.saturating_sub(own + beside)),
                octets_a_unit: 2,
            },
        }
    }
}

/// Cuts text between characters: the first piece within one bound, the others within another, each units and octets.
fn cut(text: &str, fmt: u8, first: (usize, usize), others: (usize, usize)) -> Vec<&str> {
    let mut pieces = Vec::new();
    let (mut start, mut used, mut bound) = (0, Size::default(), first);
    for (at, c) in text.char_indices() {
        let size = Size::of_char(c, fmt);
        let then = used.plus(size);
        if (then.units > bound.0 || then.octets > bound.1) && at > start {
            pieces.push(&text[start..at]);
            (start, used, bound) = (at, size, others);
        } else {
            used = then;
        }
    }
    pieces.push(&text[start..]);
    pieces
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use waxwing_core::Address;

    fn how(wide: Wide, signature: Option<&Signature>) -> Splitting<'_> {
        Splitting { wide, lengths: PartLengths::default(), signature, wide_reference: false }
    }

    fn text(t: &str) -> Message {
        Message::new_text(Address::default(), Address::default(), t)
    }

    fn lens(m: &Message, how: &Splitting<'_>) -> Vec<(u8, usize, bool)> {
        parts(m, None, how, 7).unwrap().iter().map(|c| (c.fmt, c.octets.len(), c.udhi)).collect()
    }

    #[test]
    fn trap_18_and_22_lengths_are_those_of_the_profile() {
        let h = how(Wide::Ucs2, None);
        assert_eq!(lens(&text(&"a".repeat(159)), &h), [(0, 159, false)]);
        assert_eq!(lens(&text(&"a".repeat(160)), &h), [(0, 159, true), (0, 13, true)]);
        assert_eq!(lens(&text(&"中".repeat(70)), &h), [(8, 140, false)]);
        assert_eq!(lens(&text(&"中".repeat(71)), &h), [(8, 140, true), (8, 14, true)]);
        let gbk = how(Wide::Gbk, None);
        assert_eq!(lens(&text(&"中".repeat(70)), &gbk), [(15, 140, false)]);
        assert_eq!(lens(&text(&"中".repeat(68)), &gbk), [(15, 136, false)]);
        // Mixed text is counted in characters, since the network sends it on as UCS-2; octets have a bound of their own.
        let mixed: String = "中a".repeat(60);
        assert_eq!(lens(&text(&mixed), &gbk), [(15, 107, true), (15, 85, true)]);
        let wide = Splitting { wide_reference: true, ..how(Wide::Ucs2, None) };
        assert!(lens(&text(&"a".repeat(160)), &wide)[0].1 <= 160);
    }

    #[test]
    fn nothing_is_cut_inside_a_character() {
        for wide in [Wide::Ucs2, Wide::Gbk] {
            let t: String = format!("中{}", "😀".repeat(80));
            let got = parts(&text(&t), None, &how(wide, None), 1).unwrap();
            let charset = if wide == Wide::Gbk { Charset::Gb18030 } else { Charset::Ucs2 };
            let joined: String = got
                .iter()
                .map(|c| {
                    let decoded = charset.decode(&c.octets[6..]);
                    assert!(!decoded.text.contains('\u{fffd}'));
                    decoded.text
                })
                .collect();
            assert_eq!(joined, t);
            assert!(got.iter().all(|c| c.octets.len() <= 140));
        }
    }

    #[test]
    fn trap_23_the_carriers_signature_has_room_in_the_part_it_goes_into() {
        let rule = |place, by_carrier| Signature { text: "【公司】".into(), place, by_carrier };
        let carrier = rule(SignaturePlace::Start, true);
        let h = how(Wide::Ucs2, Some(&carrier));
        assert_eq!(lens(&text(&"中".repeat(66)), &h), [(8, 132, false)]);
        assert_eq!(lens(&text(&"中".repeat(67)), &h), [(8, 6 + 2 * 63, true), (8, 6 + 2 * 4, true)]);
        // A text that has it already is not signed twice, and plain text is not sent where a Chinese signature joins it.
        assert_eq!(lens(&text("【公司】abc"), &h), [(8, 6, false)]);
        let end = rule(SignaturePlace::End, true);
        let h = how(Wide::Ucs2, Some(&end));
        assert_eq!(lens(&text(&"中".repeat(134)), &h), [(8, 140, true), (8, 6 + 2 * 63, true), (8, 6 + 2 * 4, true)]);
        let ours = rule(SignaturePlace::Start, false);
        let h = how(Wide::Ucs2, Some(&ours));
        assert_eq!(lens(&text("abc"), &h), [(8, 14, false)]);
        assert_eq!(lens(&text("【公司】abc"), &h), [(8, 14, false)]);
    }

    #[test]
    fn trap_24_flash_is_a_data_coding_scheme() {
        let mut m = text("ab");
        m.class = 1;
        assert_eq!(lens(&m, &how(Wide::Gbk, None)), [(0x18, 4, false)]);
    }

    #[test]
    fn octets_leave_as_they_came_where_that_means_the_same() {
        let came = |data_coding: u32, charset: &str, payload: &'static [u8]| Message {
            data_coding,
            charset: charset.into(),
            payload: Bytes::from_static(payload),
            ..Message::default()
        };
        let h = how(Wide::Ucs2, None);
        let one = |m: &Message| {
            let p = parts(m, None, &h, 1).unwrap();
            (p[0].fmt, p[0].octets.to_vec())
        };
        assert_eq!(one(&came(8, "", b"\x4e\x2d")), (8, b"\x4e\x2d".to_vec()));
        assert_eq!(one(&came(0, "gb18030", b"\xd6\xd0")), (15, b"\xd6\xd0".to_vec()));
        for data_coding in [4, 0x15, 0xf5, 0xf7] {
            assert_eq!(one(&came(data_coding, "", b"\x01\x02")), (4, b"\x01\x02".to_vec()), "{data_coding:x}");
        }
        // What an SP sent with it, it leaves with.
        let native = Native { msg_fmt: 0xf5 + 1, ..Native::default() };
        let nokia = Message { native: native.stored(), ..came(0xf5, "", b"\x01\x02") };
        assert_eq!(parts(&nokia, Native::of(&nokia).as_ref(), &h, 1).unwrap()[0].fmt, 0xf5);
        // The GSM alphabet has no Msg_Fmt: `@` is octet 0 there.
        assert_eq!(one(&came(0, "", b"\x00a")), (0, b"@a".to_vec()));
        assert_eq!(one(&came(0, "", b"\x05")), (8, b"\x00\xe9".to_vec()));
        assert_eq!(one(&came(0, "iso-8859-1", b"abc")), (0, b"abc".to_vec()));
        let native = Native { msg_fmt: u32::from(SIM) + 1, ..Native::default() };
        let sim = Message { native: native.stored(), ..came(3, "", b"abc") };
        assert_eq!(parts(&sim, Native::of(&sim).as_ref(), &h, 1).unwrap()[0].fmt, SIM);
    }

    #[test]
    fn a_part_stays_the_part_it_is() {
        let m = Message {
            data_coding: 0,
            udhi: true,
            payload: [&b"\x05\x00\x03\x07\x02\x01"[..], &[0x05; 153]].concat().into(),
            ..Message::default()
        };
        let p = parts(&m, None, &how(Wide::Ucs2, None), 1).unwrap();
        assert_eq!((p.len(), p[0].fmt, p[0].total, p[0].number, p[0].octets.len()), (1, ASCII, 2, 1, 159));
        assert_eq!(&p[0].octets[6..9], b"eee");
    }
}
