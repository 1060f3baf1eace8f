//! From PDUs to messages: what SPs submit, and what gateways deliver.

use std::borrow::Cow;

use bytes::Bytes;
use waxwing_cmpp::{Deliver, MsgId, Report, Submit, result};
use waxwing_core::{Address, CarrierReceipt, CmppProfile, Inbound, Message, Millis, NPI_E164, PartInfo, State, Submission, content, want};
use waxwing_smpp::time::SmppTime;

use super::native::{self, Native};
use super::split::data_coding;

/// Digits of a number that reports are matched by: with or without a country code, the rest is the same.
const MATCHED_DIGITS: usize = 11;

/// A SUBMIT for one of its recipients. `msg_id` is that recipient's.
///
/// # Errors
/// With the result to answer.
pub(super) fn submission(
    frame: &Bytes,
    p: &Submit<'_>,
    recipient: &[u8],
    profile: &CmppProfile,
    msg_id: MsgId,
    now: Millis,
) -> Result<Submission, u32> {
    let expires = time(p.valid_time, now).ok_or(result::STRUCTURE_ERROR)?;
    let due = time(p.at_time, now).ok_or(result::STRUCTURE_ERROR)?;
    let (coding, charset) = data_coding(p.msg_fmt);
    let native = Native {
        msg_fmt: u32::from(p.msg_fmt) + 1,
        msg_level: p.msg_level.into(),
        fee_user_type: p.fee_user_type.into(),
        fee_terminal_id: frame.slice_ref(p.fee_terminal_id),
        fee_terminal_type: p.fee_terminal_type.into(),
        fee_type: frame.slice_ref(p.fee_type),
        fee_code: frame.slice_ref(p.fee_code),
        has_fee: true,
        msg_src: frame.slice_ref(p.msg_src),
        terminal_type: p.dest_terminal_type.into(),
        link_id: wire(frame, p.link_id),
        reserve: wire(frame, p.reserve),
        recipient: frame.slice_ref(recipient),
        ..Native::default()
    };
    let message = Message {
        source: Address::new(0, NPI_E164 as u8, frame.slice_ref(p.src_id)),
        destination: number(frame, recipient),
        payload: frame.slice_ref(p.msg_content),
        data_coding: coding,
        charset: charset.to_owned(),
        udhi: p.has_udh(),
        protocol_id: p.tp_pid.into(),
        service_type: String::from_utf8_lossy(p.service_id).into_owned(),
        want: if p.registered_delivery == 1 { want::FINAL } else { 0 },
        door: waxwing_core::Door::Cmpp as i32,
        // Of a long message only the parts that ask get a report.
        door_data: if p.registered_delivery == 1 { msg_id.to_hex() } else { String::new() },
        reference: msg_id.to_string(),
        native: native.stored(),
        ..Message::default()
    };
    let part = if profile.merge_long { part(p, &message, profile.join_by_pk) } else { None };
    // 0 is what everybody sends who does not think of priorities.
    let priority = (p.msg_level > 0).then(|| p.msg_level.saturating_add(1).min(3));
    Ok(Submission { message, priority, due, expires, part, ..Submission::default() })
}

/// Where a SUBMIT stands in a long message: by its header; by Pk_total, where the account's messages are known to have nothing else.
fn part(p: &Submit<'_>, m: &Message, by_pk: bool) -> Option<PartInfo> {
    if let Some(part) = content::part_of(m) {
        return Some(part);
    }
    let numbered = p.pk_total > 1 && (1..=p.pk_total).contains(&p.pk_number);
    (by_pk && !m.udhi && numbered).then_some(PartInfo { reference: 0, total: p.pk_total, number: p.pk_number })
}

/// A time in the format of SMPP: `Some(None)` where the field is empty (or filled with zeros), `None` where it is no time.
pub(super) fn time(octets: &[u8], now: Millis) -> Option<Option<Millis>> {
    if octets.iter().all(|&b| b == b'0' || b == b' ') {
        return Some(None);
    }
    let at = SmppTime::parse(octets).ok()?.map(|t| t.to_unix_ms(i64::try_from(now).unwrap_or(i64::MAX)));
    Some(at.map(|ms| u64::try_from(ms).unwrap_or(0)))
}

/// A number as it stands, with `+` where it says so and the country code of China understood.
pub(super) fn number(frame: &Bytes, octets: &[u8]) -> Address {
    let plus = octets.first() == Some(&b'+');
    let digits = if plus { &octets[1..] } else { octets };
    // A mobile number of China with its country code: 86, and eleven digits that begin with 1.
    let china = digits.len() == 13 && digits.starts_with(b"861");
    let ton = u8::from(plus || china);
    Address::new(ton, NPI_E164 as u8, frame.slice_ref(digits))
}

/// Octets that stand for nothing, as most have them, are not kept.
pub(super) fn wire(frame: &Bytes, octets: &[u8]) -> Bytes {
    if octets.iter().all(|&b| b == 0) { Bytes::new() } else { frame.slice_ref(octets) }
}

/// What a gateway delivered.
pub(super) enum Delivered {
    /// A status report.
    Report(CarrierReceipt),
    /// A message from a handset.
    Message(Box<Inbound>),
}

/// A DELIVER as a report or a message. Registered_Delivery is only a flag: what has not the length of a report is none.
pub(super) fn deliver(frame: &Bytes, p: &Deliver<'_>, utc_offset: i32, now: Millis) -> Delivered {
    if p.registered_delivery != 0
        && let Ok(report) = Report::decode(p.msg_content)
    {
        return Delivered::Report(receipt(frame, &report, &[p.src_terminal_id], utc_offset, now));
    }
    let (coding, charset) = data_coding(p.msg_fmt);
    let native = Native {
        msg_fmt: u32::from(p.msg_fmt) + 1,
        terminal_type: p.src_terminal_type.into(),
        link_id: wire(frame, p.link_id),
        reserve: wire(frame, p.reserve),
        ..Native::default()
    };
    let message = Message {
        source: number(frame, p.src_terminal_id),
        destination: Address::new(0, NPI_E164 as u8, frame.slice_ref(p.dest_id)),
        payload: frame.slice_ref(p.msg_content),
        data_coding: coding,
        charset: charset.to_owned(),
        udhi: p.has_udh(),
        protocol_id: p.tp_pid.into(),
        service_type: String::from_utf8_lossy(p.service_id).into_owned(),
        remote_id: p.msg_id.to_string(),
        tlvs: native::tlvs(&native.link_id, &native.reserve),
        native: native.stored(),
        ..Message::default()
    };
    Delivered::Message(Box::new(Inbound { part: content::part_of(&message), message }))
}

/// A status report. Its number is the report's own or one of `others`.
pub(super) fn receipt(frame: &Bytes, r: &Report<'_>, others: &[&[u8]], utc_offset: i32, now: Millis) -> CarrierReceipt {
    let state = state(r.stat);
    let mut remotes: Vec<Bytes> = Vec::with_capacity(1);
    for n in std::iter::once(r.dest_terminal_id).chain(others.iter().copied()) {
        let key = remote(r.msg_id, n);
        if !remotes.contains(&key) {
            remotes.push(key);
        }
    }
    let error = match r.stat {
        [b'A'..=b'Z', b'A'..=b'Z', b':', code @ ..] => words(frame, code),
        _ => Bytes::new(),
    };
    CarrierReceipt {
        remotes,
        state: state as i32,
        error,
        done: done_time(r.done_time, utc_offset, now).unwrap_or(now),
        raw: readable(r),
        stat: words(frame, r.stat),
    }
}

/// A report in words, for the record.
fn readable(r: &Report<'_>) -> Bytes {
    let text = |octets| String::from_utf8_lossy(octets);
    let (stat, submitted, done, number) = (text(r.stat), text(r.submit_time), text(r.done_time), text(r.dest_terminal_id));
    let (id, sequence) = (r.msg_id, r.smsc_sequence);
    format!("id:{id} submit date:{submitted} done date:{done} stat:{stat} dest:{number} smsc sequence:{sequence}").into()
}

/// YYMMDDHHMM of a local clock: to be believed where it is of the past days, better known where it is this minute.
fn done_time(octets: &[u8], utc_offset: i32, now: Millis) -> Option<Millis> {
    let (quarters, sign) = (utc_offset.unsigned_abs() / 15, if utc_offset < 0 { '-' } else { '+' });
    let full = [octets, format!("000{quarters:02}{sign}").as_bytes()].concat();
    let at = time(&full, now)??;
    (at + 60_000 <= now && now - at < 7 * 86_400_000).then_some(at)
}

/// The key under which a part is stored, and its report looked up: ids of two gateways behind one line can collide, and numbers may come
/// back with or without a country code.
pub(super) fn remote(id: MsgId, number: &[u8]) -> Bytes {
    let digits = &number[number.len().saturating_sub(MATCHED_DIGITS)..];
    Bytes::from([id.to_hex().as_bytes(), b".", digits].concat())
}

/// Stat as a state. The list is not closed: carriers and resellers have codes of their own, which are kept as they came; all of them tell
/// of a failure.
pub(super) fn state(stat: &[u8]) -> State {
    match stat {
        b"DELIVRD" => State::Delivered,
        b"EXPIRED" => State::Expired,
        b"DELETED" => State::Deleted,
        b"ACCEPTD" => State::Accepted,
        b"ENROUTE" => State::Enroute,
        b"UNKNOWN" | b"" => State::Unknown,
        b"REJECTD" => State::Rejected,
        [b'M', b'I', b':', ..] => State::Expired,
        [b'M', b'J', b':', ..] => State::Deleted,
        [b'M', b'N', b':', ..] => State::Rejected,
        [b'M', b'M', b':', ..] => State::Unknown,
        [b'M', b'L', b':', ..] => State::Accepted,
        _ => State::Undeliverable,
    }
}

fn words(frame: &Bytes, octets: &[u8]) -> Bytes {
    match String::from_utf8_lossy(octets) {
        Cow::Borrowed(_) => frame.slice_ref(octets),
        Cow::Owned(text) => text.into(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use waxwing_cmpp::Version;

    /// 2026-01-02 03:05:30 in China.
    const NOW: u64 = 1_767_294_330_000;

    fn submit(p: &Submit<'_>) -> Result<Submission, u32> {
        // The fields are slices of no frame here.
        let mut all = Vec::new();
        let frame = {
            let mut out = bytes::BytesMut::new();
            waxwing_cmpp::encode(p, Version::V2, 1, &mut out).unwrap();
            out.freeze()
        };
        let decoded = waxwing_cmpp::decode(&frame, Version::V2).unwrap();
        let waxwing_cmpp::Pdu::Submit(p) = decoded.pdu else { unreachable!() };
        for to in p.dest_terminal_id.iter() {
            all.push(submission(&frame, &p, to, &CmppProfile::default(), MsgId(0xcfdf_be80_03e9_ffff), NOW)?);
        }
        Ok(all.remove(0))
    }

    fn like<'a>() -> Submit<'a> {
        Submit {
            pk_total: 1,
            pk_number: 1,
            dest_terminal_id: waxwing_cmpp::Terminals::one(b"8613800138000"),
            src_id: b"10690001",
            msg_content: b"hello",
            ..Submit::default()
        }
    }

    #[test]
    fn a_submit_keeps_what_only_cmpp_has() {
        let s = submit(&Submit { registered_delivery: 1, fee_code: b"10", reserve: b"12345678", msg_level: 2, ..like() }).unwrap();
        let native = Native::of(&s.message).unwrap();
        assert_eq!((&native.fee_code[..], &native.reserve[..], native.fmt()), (&b"10"[..], &b"12345678"[..], Some(0)));
        assert_eq!((s.message.want, s.priority), (want::FINAL, Some(3)));
        assert_eq!((s.message.door_data.as_str(), s.message.reference.as_str()), ("cfdfbe8003e9ffff", "1231235958000100165535"));
        assert_eq!(s.message.destination.ton, 1, "13 digits that begin with 861 have a country code");
    }

    #[test]
    fn times_are_those_of_smpp_and_zeros_are_none() {
        let s = submit(&Submit { valid_time: b"260102040530032+", ..like() }).unwrap();
        assert_eq!(s.expires, Some(NOW + 3_600_000));
        assert_eq!(submit(&Submit { valid_time: b"00000000000000000", ..like() }).unwrap().expires, None);
        assert_eq!(submit(&Submit { at_time: b"tomorrow", ..like() }).unwrap_err(), result::STRUCTURE_ERROR);
    }

    #[test]
    fn trap_25_and_30_reports_are_found_by_id_and_the_last_digits() {
        let id = MsgId(0xcfdf_be80_03e9_ffff);
        let key = remote(id, b"13800138000");
        assert_eq!(&key[..], b"cfdfbe8003e9ffff.13800138000");
        assert_eq!(remote(id, b"8613800138000"), key);
        assert_eq!(remote(id, b"+8613800138000"), key);
        let frame = Bytes::from_static(b"");
        let r = Report { msg_id: id, stat: b"DELIVRD", done_time: b"2601020100", dest_terminal_id: b"", ..Report::default() };
        let got = receipt(&frame.clone(), &Report { stat: b"", ..r }, &[b"8613800138000"], 480, NOW);
        assert_eq!(got.remotes[1], key);
        assert_eq!(got.done, 1_767_286_800_000, "its own time, since it is not that of this minute");
        assert_eq!(receipt(&frame, &Report { stat: b"", done_time: b"2601020305", ..r }, &[], 480, NOW).done, NOW);
    }

    #[test]
    fn stats_outside_the_table_are_failures_and_kept() {
        assert_eq!(state(b"DELIVRD"), State::Delivered);
        assert_eq!(state(b"MK:0001"), State::Undeliverable);
        assert_eq!(state(b"HD:0001"), State::Undeliverable);
        assert_eq!(state(b"2"), State::Undeliverable);
        assert_eq!(state(b"MI:0029"), State::Expired);
    }
}
