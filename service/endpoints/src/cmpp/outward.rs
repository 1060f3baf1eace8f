//! From messages to SUBMIT: what a carrier gets.

use bytes::{Bytes, BytesMut};
use waxwing_cmpp::{EncodeError, Encoder, MsgId, Submit, Terminals, Version};
use waxwing_core::{Address, Message, Outgoing, TON_ALPHANUMERIC, want};
use waxwing_smpp::time::{AbsoluteTime, SmppTime};

use super::config::{ConnectorConfig, Fee, RecipientForm};
use super::native::{LINK_ID_TLV, Native, RESERVE_TLV};
use super::split::{self, Chunk, SplitError, Splitting};
use crate::flight::Parts;
use crate::smpp::RequestReceipts;

/// The parts of a message for a carrier.
pub(super) fn parts(m: &Message, c: &ConnectorConfig, reference: u16) -> Result<Parts<Chunk>, SplitError> {
    let how = Splitting { wide: c.wide, lengths: c.lengths, signature: c.signature.as_ref(), wide_reference: c.wide_reference };
    split::parts(m, Native::of(m).as_ref(), &how, reference)
}

/// Whether the carrier is asked for a report.
pub(super) fn asks_receipt(m: &Message, c: &ConnectorConfig) -> bool {
    match c.request_receipts {
        RequestReceipts::Always => true,
        RequestReceipts::Never => false,
        RequestReceipts::Asked => m.want & (want::FINAL | want::BUFFERED) != 0,
    }
}

/// Appends a SUBMIT with the sequence number 0.
pub(super) fn submit(out: &Outgoing, part: &Chunk, c: &ConnectorConfig, version: Version, dst: &mut BytesMut) -> Result<(), EncodeError> {
    let m = &*out.message;
    let native = Native::of(m).unwrap_or_default();
    let validity = m.validity_given.then(|| local_time(out.expires, c.utc_offset)).flatten();
    let source = source(m, c);
    let recipient = recipient(&m.destination, c.recipient);
    let small = |n: u32| u8::try_from(n).unwrap_or(0);
    let fee = charging(&native, c, version);
    // Only 3.0 says which numbers are pseudo-codes, and such a one leaves as its SP wrote it. Of what another gateway forwarded the number
    // is known as well, and reports are found by it.
    let pseudo = native.terminal_type == 1 && version == Version::V3 && native.dest_pseudo.is_empty() && !native.recipient.is_empty();
    let recipient = if pseudo { native.recipient.to_vec() } else { recipient };
    let service = if c.service_id.is_empty() { m.service_type.as_bytes() } else { c.service_id.as_bytes() };
    let body = Submit {
        msg_id: MsgId(0),
        pk_total: part.total,
        pk_number: part.number,
        registered_delivery: asks_receipt(m, c).into(),
        msg_level: if native.msg_level > 0 { small(native.msg_level) } else { out.priority.saturating_sub(1) },
        service_id: service.get(..10).unwrap_or(service),
        fee_user_type: fee.user_type,
        fee_terminal_id: fee.terminal_id,
        fee_terminal_type: fee.terminal_type,
        tp_pid: small(m.protocol_id),
        tp_udhi: part.udhi.into(),
        msg_fmt: part.fmt,
        msg_src: if c.msg_src.is_empty() { c.source_addr.as_bytes() } else { c.msg_src.as_bytes() },
        fee_type: fee.fee_type,
        fee_code: fee.code,
        valid_time: validity.as_ref().map_or(&[], |v| &v[..]),
        at_time: &[],
        src_id: &source,
        dest_terminal_id: Terminals::one(&recipient),
        dest_terminal_type: pseudo.into(),
        msg_content: &part.octets,
        link_id: kept(&native.link_id, m, LINK_ID_TLV, 20),
        reserve: kept(&native.reserve, m, RESERVE_TLV, 8),
    };
    // A part that came a little too long is its submitter's choice; splitting it again would break the whole.
    Encoder::new(version).max_content(u8::MAX).encode(&body, 0, dst)
}

/// A field that came by CMPP, or as a TLV from somebody who answers by another protocol.
fn kept<'a>(own: &'a Bytes, m: &'a Message, tag: u16, width: usize) -> &'a [u8] {
    if own.is_empty() { m.tlv(tag).filter(|v| v.len() <= width).map_or(&[], |v| v) } else { own }
}

/// The charging fields of a SUBMIT, which belong together.
struct Charging<'a> {
    user_type: u8,
    terminal_id: &'a [u8],
    terminal_type: u8,
    fee_type: &'a [u8],
    code: &'a [u8],
}

/// What a carrier is told about charging: what our agreement with it says, or with `keep_fee` what an SP wrote. All of it is one or the
/// other, since a price of the one means nothing with a payer of the other; and 2.0 has no room for a payer who is a pseudo-code.
fn charging<'a>(native: &'a Native, c: &'a ConnectorConfig, version: Version) -> Charging<'a> {
    let Fee { user_type, terminal_id, fee_type, code } = &c.fee;
    let fits = version == Version::V3 || (native.fee_terminal_type == 0 && native.fee_terminal_id.len() <= 21);
    if c.keep_fee && native.has_fee && fits {
        return Charging {
            user_type: u8::try_from(native.fee_user_type).unwrap_or(0),
            terminal_id: &native.fee_terminal_id,
            terminal_type: u8::try_from(native.fee_terminal_type).unwrap_or(0),
            fee_type: &native.fee_type,
            code: &native.fee_code,
        };
    }
    Charging {
        user_type: *user_type,
        terminal_id: terminal_id.as_bytes(),
        terminal_type: 0,
        fee_type: fee_type.as_bytes(),
        code: code.as_bytes(),
    }
}

/// Src_Id: the service code, with what the sender has behind it where it may.
fn source(m: &Message, c: &ConnectorConfig) -> Vec<u8> {
    let code = c.src_id.as_bytes();
    let own = &m.source.octets[..];
    if code.is_empty() || own.starts_with(code) {
        return own.to_vec();
    }
    if c.extend_src_id && m.source.ton != TON_ALPHANUMERIC && m.source.is_digits() && code.len() + own.len() <= 20 {
        return [code, own].concat();
    }
    code.to_vec()
}

/// Dest_terminal_Id.
pub(super) fn recipient(a: &Address, form: RecipientForm) -> Vec<u8> {
    match form {
        RecipientForm::Bare => bare(a).to_vec(),
        RecipientForm::CountryCode if is_bare(&a.octets) => [b"86", &a.octets[..]].concat(),
        RecipientForm::CountryCode | RecipientForm::Same => a.octets.to_vec(),
    }
}

/// A number as eleven digits if it is a mobile number of China, else as it is.
pub(super) fn bare(a: &Address) -> &[u8] {
    match a.octets.strip_prefix(b"86") {
        Some(rest) if is_bare(rest) => rest,
        _ => &a.octets,
    }
}

fn is_bare(digits: &[u8]) -> bool {
    digits.len() == 11 && digits[0] == b'1' && digits.iter().all(u8::is_ascii_digit)
}

/// A moment in SMPP's absolute form, in the local time of the carrier.
pub(super) fn local_time(at: u64, utc_offset: i32) -> Option<[u8; 16]> {
    let local = i64::try_from(at).ok()? + i64::from(utc_offset) * 60_000;
    let mut text = SmppTime::Absolute(AbsoluteTime::from_unix_ms(local)).format();
    let quarters = utc_offset.unsigned_abs() / 15;
    // The digits are local by now; what is left is to say so, in whole seconds as everybody writes them.
    text[12] = b'0';
    text[13] = b'0' + u8::try_from(quarters / 10 % 10).ok()?;
    text[14] = b'0' + u8::try_from(quarters % 10).ok()?;
    text[15] = if utc_offset < 0 { b'-' } else { b'+' };
    Some(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use waxwing_cmpp::{Pdu, decode};
    use waxwing_core::MsgId as Number;
    use waxwing_spool::{GroupId, Lease};

    fn out(message: Message) -> Outgoing {
        Outgoing {
            lease: Lease { id: Number(1), token: 1 },
            group: GroupId(0),
            attempts: 0,
            accepted: 0,
            expires: 1_767_294_330_700,
            priority: 1,
            sent_parts: vec![],
            message: Box::new(message),
        }
    }

    fn config() -> ConnectorConfig {
        ConnectorConfig { source_addr: "901234".into(), src_id: "106900".into(), service_id: "SVC".into(), ..ConnectorConfig::new("x:1") }
    }

    fn submitted(m: Message, c: &ConnectorConfig, check: impl Fn(&Submit<'_>)) {
        for version in [Version::V2, Version::V3] {
            let mut dst = BytesMut::new();
            let chunks = parts(&m, c, 7).unwrap();
            submit(&out(m.clone()), &chunks[0], c, version, &mut dst).unwrap();
            let Pdu::Submit(s) = decode(&dst, version).unwrap().pdu else { unreachable!() };
            check(&s);
        }
    }

    #[test]
    fn a_text_becomes_a_submit_by_the_profile() {
        let m = Message { validity_given: true, ..Message::new_text(Address::parse("Shop"), Address::parse("+8613800138000"), "你好") };
        submitted(m, &config(), |s| {
            assert_eq!((s.src_id, s.service_id, s.msg_src), (&b"106900"[..], &b"SVC"[..], &b"901234"[..]));
            assert_eq!((s.fee_user_type, s.fee_type, s.fee_code, s.registered_delivery), (2, &b"01"[..], &b"0"[..], 1));
            assert_eq!((s.msg_fmt, s.msg_content, s.valid_time), (8, &b"\x4f\x60\x59\x7d"[..], &b"260102030530032+"[..]));
            assert!(s.dest_terminal_id.iter().eq([&b"13800138000"[..]]));
            assert_eq!((s.pk_total, s.pk_number, s.tp_udhi), (1, 1, 0));
        });
    }

    #[test]
    fn senders_stay_within_the_service_code() {
        let from = |sender: &str, extend: bool| {
            let c = ConnectorConfig { extend_src_id: extend, ..config() };
            String::from_utf8(source(&Message::new_text(Address::parse(sender), Address::default(), ""), &c)).unwrap()
        };
        assert_eq!(from("1069001234", false), "1069001234");
        assert_eq!(from("88", false), "106900");
        assert_eq!(from("88", true), "10690088");
        assert_eq!(from("Shop", true), "106900");
    }

    #[test]
    fn numbers_have_the_form_that_the_carrier_wants() {
        let form = |n: &str, f| String::from_utf8(recipient(&Address::parse(n), f)).unwrap();
        assert_eq!(form("+8613800138000", RecipientForm::Bare), "13800138000");
        assert_eq!(form("+447778001210", RecipientForm::Bare), "447778001210");
        assert_eq!(form("13800138000", RecipientForm::CountryCode), "8613800138000");
        assert_eq!(form("+8613800138000", RecipientForm::Same), "8613800138000");
    }

    #[test]
    fn trap_29_link_id_and_reserve_are_kept() {
        let native = Native {
            link_id: (&b"12345678901234567890"[..]).into(),
            reserve: (&b"\x01\x02\x03\x04\x05\x06\x07\x08"[..]).into(),
            ..Native::default()
        };
        let like = || Message::new_text(Address::default(), Address::parse("13800138000"), "x");
        let tlvs = super::super::native::tlvs(&native.link_id, &native.reserve);
        for m in [Message { native: native.clone().stored(), ..like() }, Message { tlvs, ..like() }] {
            submitted(m, &config(), |s| {
                assert!(s.link_id == b"12345678901234567890" || s.reserve == b"\x01\x02\x03\x04\x05\x06\x07\x08");
            });
        }
    }

    #[test]
    fn charging_is_the_connectors_unless_the_sps_is_to_be_kept() {
        let native = Native {
            has_fee: true,
            fee_user_type: 3,
            fee_terminal_id: (&b"13900139000"[..]).into(),
            fee_type: (&b"02"[..]).into(),
            fee_code: (&b"000100"[..]).into(),
            ..Native::default()
        };
        let m = |n: &Native| Message {
            native: n.clone().stored(),
            ..Message::new_text(Address::default(), Address::parse("13800138000"), "x")
        };
        let ours = |s: &Submit<'_>| {
            assert_eq!((s.fee_user_type, s.fee_terminal_id, s.fee_type, s.fee_code), (2, &b""[..], &b"01"[..], &b"0"[..]));
            assert_eq!(s.fee_terminal_type, 0);
        };
        let theirs = |s: &Submit<'_>| {
            assert_eq!((s.fee_user_type, s.fee_terminal_id, s.fee_type, s.fee_code), (3, &b"13900139000"[..], &b"02"[..], &b"000100"[..]));
        };
        submitted(m(&native), &config(), ours);
        let keep = ConnectorConfig { keep_fee: true, ..config() };
        submitted(m(&native), &keep, theirs);
        // What came by another door has nothing to keep.
        submitted(m(&Native::default()), &keep, ours);
        // A pseudo-code is one where the version can say so, and pays nothing where it cannot.
        let pseudo = Native { fee_terminal_id: [b'7'; 32].to_vec().into(), fee_terminal_type: 1, ..native };
        let version_of = |version| {
            let mut dst = BytesMut::new();
            submit(&out(m(&pseudo)), &parts(&m(&pseudo), &keep, 7).unwrap()[0], &keep, version, &mut dst).unwrap();
            dst
        };
        let (v2, v3) = (version_of(Version::V2), version_of(Version::V3));
        let Pdu::Submit(s) = decode(&v2, Version::V2).unwrap().pdu else { unreachable!() };
        ours(&s);
        let Pdu::Submit(s) = decode(&v3, Version::V3).unwrap().pdu else { unreachable!() };
        assert_eq!((s.fee_terminal_id.len(), s.fee_terminal_type, s.fee_code), (32, 1, &b"000100"[..]));
    }

    #[test]
    fn a_pseudo_code_is_one_where_the_version_can_say_so() {
        let native = Native { terminal_type: 1, recipient: (&b"13800138000"[..]).into(), fee_terminal_type: 1, ..Native::default() };
        let m = Message { native: native.stored(), ..Message::new_text(Address::default(), Address::parse("+8613800138000"), "x") };
        for (version, kind) in [(Version::V2, 0), (Version::V3, 1)] {
            let c = ConnectorConfig { recipient: RecipientForm::CountryCode, ..config() };
            let mut dst = BytesMut::new();
            submit(&out(m.clone()), &parts(&m, &c, 7).unwrap()[0], &c, version, &mut dst).unwrap();
            let Pdu::Submit(s) = decode(&dst, version).unwrap().pdu else { unreachable!() };
            assert_eq!((s.dest_terminal_type, s.fee_terminal_type), (kind, 0));
            let number = if kind == 1 { &b"13800138000"[..] } else { b"8613800138000" };
            assert!(s.dest_terminal_id.iter().eq([number]));
        }
        let forwarded = Native { dest_pseudo: (&b"somebody"[..]).into(), ..Native::of(&m).unwrap() };
        submitted(Message { native: forwarded.stored(), ..m }, &config(), |s| {
            assert_eq!(s.dest_terminal_type, 0);
            assert!(s.dest_terminal_id.iter().eq([&b"13800138000"[..]]));
        });
    }
}
