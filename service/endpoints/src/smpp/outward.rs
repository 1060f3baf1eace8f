//! From messages to submit_sm: the octets a carrier gets.
//!
//! What came as octets that the carrier reads the same way leaves as it came. Text, and octets whose data_coding 0 means something else
//! here than there, are encoded anew.

use bytes::{Bytes, BytesMut};
use smallvec::smallvec;
use waxwing_core::{Address, Message, Millis, TON_ALPHANUMERIC, content, want};
use waxwing_gsm::charset::Charset;
use waxwing_gsm::dcs::smpp::data_coding;
use waxwing_gsm::segment::{Concat, Limits, Segment, SegmentError, TextPolicy, segment_octets, segment_with_header};
use waxwing_gsm::udh::UserDataHeader;
use waxwing_smpp::time::{AbsoluteTime, RelativeTime, SmppTime};
use waxwing_smpp::{
    CommandStatus, DataCoding, EncodeError, Encoder, EsmClass, InterfaceVersion, Npi, PriorityFlag, RegisteredDelivery, ReplaceIfPresent,
    SubmitSm, Tag, TlvBuf, Ton,
};

use super::config::{ConnectorConfig, LongMessages, RequestReceipts};
use crate::flight::Parts;

/// Most octets of short_message (SMPP 3.4, 5.2.21).
const SHORT_MESSAGE_MAX: usize = 254;

/// One submit_sm to be: what differs between the parts of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// The user data, with its header if `udhi`.
    pub(crate) octets: Bytes,
    pub(crate) udhi: bool,
    pub(crate) data_coding: u8,
    /// Number from 1 and total, for the sar_* TLVs.
    pub(crate) sar: Option<(u16, u8, u8)>,
    /// In message_payload.
    pub(crate) payload: bool,
}

/// Why a message cannot be sent over this connector.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OutwardError {
    #[error(transparent)]
    Segment(#[from] SegmentError),
    #[error(transparent)]
    Encode(#[from] EncodeError),
    #[error("the user data header is not one: {0}")]
    Header(#[from] waxwing_gsm::udh::UdhError),
}

/// The parts of a message for a carrier. `reference` is shared by the parts.
pub(crate) fn parts(m: &Message, c: &ConnectorConfig, reference: u16) -> Result<Parts<Part>, OutwardError> {
    match &m.text {
        Some(text) => {
            let header = if m.udh.is_empty() { UserDataHeader::new() } else { UserDataHeader::parse(&m.udh)?.0 };
            text_parts(text, header, m, c, reference)
        }
        None => octet_parts(m, c, reference),
    }
}

fn octet_parts(m: &Message, c: &ConnectorConfig, reference: u16) -> Result<Parts<Part>, OutwardError> {
    let (coding, default) = (content::coding(m), content::default_charset(m));
    let dcs = u8::try_from(m.data_coding).unwrap_or(0);
    let same = coding.charset != default || !coding.charset.is_text() || default == c.charset || dcs != 0;
    if !same {
        return recoded(m, c, reference);
    }
    let single = Part { octets: m.payload.clone(), udhi: m.udhi, data_coding: dcs, sar: None, payload: false };
    let septets = coding.charset == Charset::Gsm7 || (dcs == 0 && transcoded(coding.charset));
    let fits = m.payload.len()
        <= if septets && !m.udhi {
            160
        } else if septets {
            160 - 1
        } else {
            140
        };
    if fits {
        return Ok(smallvec![single]);
    }
    if c.long == LongMessages::Payload {
        return Ok(smallvec![Part { payload: m.payload.len() > SHORT_MESSAGE_MAX, ..single }]);
    }
    // A part of a long message that is a little too long is the submitter's choice; splitting it again would break the whole.
    if content::part_of(m).is_some() {
        return Ok(smallvec![Part { payload: m.payload.len() > SHORT_MESSAGE_MAX, ..single }]);
    }
    let (header, octets) = content::split(m);
    let segments = if coding.charset.is_text() {
        let policy =
            TextPolicy { charsets: vec![coding.charset], limits: limits(c), transcoded: transcoded(c.charset), ..TextPolicy::default() };
        segment_with_header(&coding.charset.decode(&octets).text, &policy, &header, reference)?
    } else {
        segment_octets(&octets, &header, limits(c), reference)?
    };
    Ok(segments.into_iter().map(|s| part(s, dcs, c, reference)).collect())
}

/// Octets in one default alphabet for a carrier that has another.
fn recoded(m: &Message, c: &ConnectorConfig, reference: u16) -> Result<Parts<Part>, OutwardError> {
    let (header, octets) = content::split(m);
    let text = content::default_charset(m).decode(&octets).text;
    if header.concatenation().is_some() {
        // It stays the part it is: the header as it came, the text in the carrier's alphabet, with stand-ins for what that lacks.
        let plain = waxwing_gsm::transliterate::transliterate(&text, |ch| c.charset.has(ch)).unwrap_or(text);
        let octets = [&header.encode()[..], &c.charset.encode_lossy(&plain).octets[..]].concat();
        return Ok(smallvec![Part { octets: octets.into(), udhi: true, data_coding: 0, sar: None, payload: false }]);
    }
    text_parts(&text, header, m, c, reference)
}

fn text_parts(text: &str, header: UserDataHeader, m: &Message, c: &ConnectorConfig, reference: u16) -> Result<Parts<Part>, OutwardError> {
    let charsets = if m.data_coding == 8 { vec![Charset::Ucs2] } else { vec![c.charset, Charset::Ucs2] };
    let policy = TextPolicy {
        charsets,
        national: c.national,
        transliterate: c.transliterate,
        limits: limits(c),
        transcoded: transcoded(c.charset),
        ..TextPolicy::default()
    };
    if c.long == LongMessages::Payload && header.is_empty() {
        let charset = if m.data_coding != 8 && c.charset.encode(text).is_ok() { c.charset } else { Charset::Ucs2 };
        let octets = Bytes::from(charset.encode_lossy(text).octets);
        let payload = octets.len() > SHORT_MESSAGE_MAX;
        return Ok(smallvec![Part { octets, udhi: false, data_coding: text_coding(charset, c, m.class), sar: None, payload }]);
    }
    let segments = segment_with_header(text, &policy, &header, reference)?;
    Ok(segments
        .into_iter()
        .map(|s| {
            let dcs = text_coding(s.coding.charset, c, m.class);
            part(s, dcs, c, reference)
        })
        .collect())
}

fn part(s: Segment, data_coding: u8, c: &ConnectorConfig, reference: u16) -> Part {
    let sar = (c.long == LongMessages::Sar && s.total > 1).then_some((reference, s.total, s.number));
    Part { octets: Bytes::from(s.user_data()), udhi: !s.udh.is_empty(), data_coding, sar, payload: false }
}

fn limits(c: &ConnectorConfig) -> Limits {
    let concat = match c.long {
        LongMessages::Udh8 | LongMessages::Payload => Concat::Udh8,
        LongMessages::Udh16 => Concat::Udh16,
        LongMessages::Sar => Concat::External,
    };
    Limits { concat, ..Limits::default() }
}

/// A carrier that takes Latin-1 or ASCII under data_coding 0 turns it into the GSM alphabet: a part then has room for 160 characters.
fn transcoded(charset: Charset) -> bool {
    matches!(charset, Charset::Latin1 | Charset::Ascii)
}

/// data_coding for text: the carrier's default alphabet is 0; a class takes the GSM general group, 0x10 and up.
fn text_coding(charset: Charset, c: &ConnectorConfig, class: u32) -> u8 {
    let plain = if charset == c.charset { 0 } else { data_coding(charset).unwrap_or(0) };
    match u8::try_from(class) {
        Ok(class @ 1..=4) => 0x10 | (if charset == Charset::Ucs2 { 0x08 } else { 0 }) | (class - 1),
        _ => plain,
    }
}

/// Whether the carrier is asked for a receipt.
pub(crate) fn asks_receipt(m: &Message, c: &ConnectorConfig) -> bool {
    match c.request_receipts {
        RequestReceipts::Always => true,
        RequestReceipts::Never => false,
        RequestReceipts::Asked => m.want & (want::FINAL | want::BUFFERED) != 0,
    }
}

/// Appends the submit_sm of one part.
pub(crate) fn submit_sm(m: &Message, p: &Part, c: &ConnectorConfig, about: Times, seq: u32, out: &mut BytesMut) -> Result<(), EncodeError> {
    let mut tlvs = TlvBuf::new();
    for t in &m.tlvs {
        tlvs.put_raw(waxwing_smpp::Tlv { tag: Tag(u16::try_from(t.tag).unwrap_or_default()), value: &t.value });
    }
    for (tag, value) in &c.tlvs {
        tlvs.put(Tag(*tag), value)?;
    }
    if let Some((reference, total, number)) = p.sar {
        tlvs.put_u16(Tag::SAR_MSG_REF_NUM, reference)?;
        tlvs.put_u8(Tag::SAR_TOTAL_SEGMENTS, total)?;
        tlvs.put_u8(Tag::SAR_SEGMENT_SEQNUM, number)?;
    }
    if p.payload {
        tlvs.put(Tag::MESSAGE_PAYLOAD, &p.octets)?;
    }
    let esm_class = u8::try_from(m.esm_class).unwrap_or(0) & !EsmClass::UDHI | if p.udhi { EsmClass::UDHI } else { 0 };
    let mut registered = if asks_receipt(m, c) { 1 } else { 0 };
    if registered == 1 && c.request_receipts == RequestReceipts::Asked && m.want & want::DELIVERED == 0 && m.want & want::FAILED != 0 {
        registered = 2;
    }
    if registered != 0 && m.want & want::BUFFERED != 0 {
        registered |= 0x10;
    }
    let validity = m.validity_given.then(|| validity(about)).flatten();
    let body = SubmitSm {
        service_type: Some(service_type(m)).filter(|s| !s.is_empty()).unwrap_or(c.service_type.as_bytes()),
        source_addr: wire_address(&m.source, c.source_ton_npi),
        destination_addr: wire_address(&m.destination, c.dest_ton_npi),
        esm_class: EsmClass(esm_class),
        protocol_id: u8::try_from(m.protocol_id).unwrap_or(0),
        priority_flag: PriorityFlag(about.priority.saturating_sub(1)),
        schedule_delivery_time: &[],
        validity_period: validity.as_ref().map_or(&[], |v| &v[..]),
        registered_delivery: RegisteredDelivery(registered),
        replace_if_present_flag: ReplaceIfPresent(m.replace_if_present.into()),
        data_coding: DataCoding(p.data_coding),
        sm_default_msg_id: 0,
        short_message: if p.payload { &[] } else { &p.octets },
        tlvs: tlvs.as_tlvs(),
    };
    Encoder::new(InterfaceVersion(c.interface_version)).encode(&body, CommandStatus::ESME_ROK, seq, out)
}

/// service_type of a message. What another protocol calls a service (CMPP's Service_Id) is no service_type: it has another meaning, and
/// twice the length.
pub(super) fn service_type(m: &Message) -> &[u8] {
    if m.native.is_empty() { m.service_type.as_bytes() } else { &[] }
}

/// What a submit_sm says about time and urgency.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    pub(crate) now: Millis,
    pub(crate) expires: Millis,
    pub(crate) priority: u8,
}

/// What is left of the validity, relative where that can be said.
fn validity(t: Times) -> Option<[u8; 16]> {
    let left = t.expires.checked_sub(t.now).filter(|&l| l >= 1000)? / 1000;
    Some(match RelativeTime::from_seconds(left) {
        Some(r) => SmppTime::Relative(r).format(),
        None => SmppTime::Absolute(AbsoluteTime::from_unix_ms(i64::try_from(t.expires).ok()?)).format(),
    })
}

fn wire_address<'a>(a: &'a Address, (ton, npi): (Option<u8>, Option<u8>)) -> waxwing_smpp::Address<'a> {
    let own = |v: u32| u8::try_from(v).unwrap_or(0);
    // An alphanumeric sender is never turned into a number by a connector's setting.
    let alphanumeric = a.ton == TON_ALPHANUMERIC;
    let ton = ton.filter(|_| !alphanumeric).unwrap_or(own(a.ton));
    let npi = npi.filter(|_| !alphanumeric).unwrap_or(own(a.npi));
    waxwing_smpp::Address::new(Ton(ton), Npi(npi), &a.octets)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn config(long: LongMessages) -> ConnectorConfig {
        ConnectorConfig { long, ..ConnectorConfig::new("x:1") }
    }

    fn text(t: &str) -> Message {
        Message::new_text(Address::parse("12345"), Address::parse("+447778001210"), t)
    }

    #[test]
    fn short_text_takes_the_cheapest_alphabet() {
        let p = parts(&text("Grüße @ €"), &config(LongMessages::Udh8), 1).unwrap();
        assert_eq!((p.len(), p[0].data_coding, p[0].udhi), (1, 0, false));
        let p = parts(&text("中文"), &config(LongMessages::Udh8), 1).unwrap();
        assert_eq!((&p[0].octets[..], p[0].data_coding), (&b"\x4e\x2d\x65\x87"[..], 8));
        let flash = Message { class: 1, ..text("now") };
        assert_eq!(parts(&flash, &config(LongMessages::Udh8), 1).unwrap()[0].data_coding, 0x10);
        let forced = Message { data_coding: 8, ..text("a") };
        assert_eq!(&parts(&forced, &config(LongMessages::Udh8), 1).unwrap()[0].octets[..], b"\0a");
    }

    #[test]
    fn long_text_leaves_in_the_way_the_carrier_likes() {
        let long = "a".repeat(300);
        let udh = parts(&text(&long), &config(LongMessages::Udh8), 7).unwrap();
        assert_eq!((udh.len(), &udh[1].octets[..6]), (2, &b"\x05\x00\x03\x07\x02\x02"[..]));
        let sar = parts(&text(&long), &config(LongMessages::Sar), 7).unwrap();
        assert_eq!((sar.len(), sar[1].sar, sar[1].udhi), (2, Some((7, 2, 2)), false));
        let whole = parts(&text(&long), &config(LongMessages::Payload), 7).unwrap();
        assert_eq!((whole.len(), whole[0].payload, whole[0].octets.len()), (1, true, 300));
    }

    #[test]
    fn octets_that_need_no_change_leave_as_they_came() {
        let m = Message {
            text: None,
            payload: Bytes::from_static(b"\x05\x00\x03\x01\x02\x01odd \x80"),
            udhi: true,
            data_coding: 1,
            ..text("")
        };
        let p = parts(&m, &config(LongMessages::Udh8), 1).unwrap();
        assert_eq!((&p[0].octets, p[0].udhi, p[0].data_coding), (&m.payload, true, 1));
    }

    #[test]
    fn another_default_alphabet_is_translated() {
        let m = Message { text: None, payload: Bytes::from_static(b"caf\xe9 @"), charset: "iso-8859-1".into(), ..text("") };
        let p = parts(&m, &config(LongMessages::Udh8), 1).unwrap();
        assert_eq!((&p[0].octets[..], p[0].data_coding), (&b"caf\x05 \x00"[..], 0));
    }

    #[test]
    fn a_long_payload_is_split_for_the_carrier() {
        let m = Message { text: None, payload: Bytes::from(vec![b'x'; 400]), ..text("") };
        let p = parts(&m, &config(LongMessages::Udh8), 1).unwrap();
        assert_eq!(p.len(), 3);
        assert!(p.iter().all(|p| p.octets.len() <= 160 && p.udhi));
        let binary = Message { data_coding: 4, ..m };
        assert_eq!(parts(&binary, &config(LongMessages::Udh8), 1).unwrap().len(), 3);
    }

    #[test]
    fn a_service_of_another_protocol_is_no_service_type() {
        let sent = |m: &Message| {
            let c = ConnectorConfig { service_type: "CMT".into(), ..config(LongMessages::Udh8) };
            let mut out = BytesMut::new();
            submit_sm(m, &parts(m, &c, 1).unwrap()[0], &c, Times { now: 0, expires: 1000, priority: 1 }, 5, &mut out).unwrap();
            let waxwing_smpp::Pdu::SubmitSm(s) = waxwing_smpp::decode(&out).unwrap().pdu else { unreachable!() };
            String::from_utf8(s.service_type.to_vec()).unwrap()
        };
        assert_eq!(sent(&text("x")), "CMT");
        assert_eq!(sent(&Message { service_type: "WAP".into(), ..text("x") }), "WAP");
        assert_eq!(sent(&Message { service_type: "NEWSPAPERS".into(), native: Bytes::from_static(b"cmpp"), ..text("x") }), "CMT");
    }

    #[test]
    fn validity_is_told_relative_and_only_if_it_was_given() {
        let m = Message { validity_given: true, ..text("x") };
        let c = config(LongMessages::Udh8);
        let p = parts(&m, &c, 1).unwrap();
        let about = Times { now: 1000, expires: 3_601_000, priority: 1 };
        let mut out = BytesMut::new();
        submit_sm(&m, &p[0], &c, about, 5, &mut out).unwrap();
        let decoded = waxwing_smpp::decode(&out).unwrap();
        let waxwing_smpp::Pdu::SubmitSm(s) = decoded.pdu else { unreachable!() };
        assert_eq!(s.validity_period, b"000000010000000R");
        assert_eq!((s.destination_addr.ton.0, s.destination_addr.addr), (1, &b"447778001210"[..]));
    }
}
