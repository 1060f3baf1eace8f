//! From messages to DELIVER: status reports and received messages for an SP.

use bytes::BytesMut;
use waxwing_cmpp::{Deliver, EncodeError, Encoder, MsgId, Report, Version};
use waxwing_core::{CmppProfile, CmppText, Kind, Message, Outgoing, Receipt};

use super::config::{PartLengths, Wide};
use super::forward::stat;
use super::ids::LocalTime;
use super::native::Native;
use super::outward::bare;
use super::split::{self, Chunk, Splitting};
use crate::flight::Parts;

/// What differs between the DELIVERs of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DeliverPart {
    /// The report about this Msg_Id.
    Report(MsgId),
    /// Content.
    Chunk(Chunk),
}

/// The DELIVERs of a message: of a receipt one for each Msg_Id that its submitter was given.
pub(super) fn parts(out: &Outgoing, profile: &CmppProfile, reference: u16) -> Result<Parts<DeliverPart>, String> {
    let m = &*out.message;
    if m.kind() == Kind::Receipt {
        return Ok(reported(m).into_iter().map(DeliverPart::Report).collect());
    }
    let how = Splitting {
        wide: match profile.deliver_fmt {
            CmppText::Ucs2 => Wide::Ucs2,
            CmppText::Gbk => Wide::Gbk,
        },
        lengths: PartLengths {
            ascii_single: profile.ascii_single,
            ascii_part: profile.ascii_part,
            gbk_single: profile.gbk_single,
            gbk_part: profile.gbk_part,
            ..PartLengths::default()
        },
        signature: None,
        wide_reference: false,
    };
    let native = Native::of(m);
    let chunks = split::parts(m, native.as_ref(), &how, reference).map_err(|e| e.to_string())?;
    Ok(chunks.into_iter().map(DeliverPart::Chunk).collect())
}

/// The Msg_Ids that a receipt is about. One of a message that came by another door has none: its number stands for it.
pub(super) fn reported(m: &Message) -> Vec<MsgId> {
    let ids: Vec<MsgId> = m.door_data.split(' ').filter_map(MsgId::from_hex).collect();
    if !ids.is_empty() && m.door() == waxwing_core::Door::Cmpp {
        return ids;
    }
    vec![MsgId(m.receipt.as_ref().map_or(0, |r| r.id))]
}

/// What DELIVERs of a session have in common.
pub(super) struct Delivering<'a> {
    pub(super) version: Version,
    pub(super) profile: &'a CmppProfile,
    pub(super) utc_offset: i32,
    /// A receipt is about a message that was to leave to another gateway.
    pub(super) to_gateway: bool,
}

/// Appends a DELIVER with the sequence number 0. `msg_id` is its own.
pub(super) fn deliver(m: &Message, part: &DeliverPart, msg_id: MsgId, how: &Delivering<'_>, dst: &mut BytesMut) -> Result<(), EncodeError> {
    let native = Native::of(m).unwrap_or_default();
    let service = m.service_type.as_bytes();
    let like = Deliver {
        msg_id,
        dest_id: &m.destination.octets,
        service_id: service.get(..10).unwrap_or(service),
        tp_pid: u8::try_from(m.protocol_id).unwrap_or(0),
        src_terminal_id: fitting(bare(&m.source), how.version),
        src_terminal_type: u8::try_from(native.terminal_type).unwrap_or(0),
        link_id: &native.link_id,
        reserve: &native.reserve,
        ..Deliver::default()
    };
    let encoder = Encoder::new(how.version);
    match (part, &m.receipt) {
        (DeliverPart::Report(about), Some(r)) => {
            let number = if native.recipient.is_empty() { bare(&m.source) } else { &native.recipient };
            let number = fitting(number, how.version);
            let mut content = BytesMut::with_capacity(Report::len(Version::V3));
            report(*about, r, number, how, &mut content)?;
            let body = Deliver { registered_delivery: 1, src_terminal_id: number, msg_fmt: split::ASCII, msg_content: &content, ..like };
            encoder.encode(&body, 0, dst)
        }
        (DeliverPart::Chunk(c), _) => {
            let body = Deliver { tp_udhi: c.udhi.into(), msg_fmt: c.fmt, msg_content: &c.octets, ..like };
            encoder.max_content(u8::MAX).encode(&body, 0, dst)
        }
        // A receipt without its content cannot be made.
        (DeliverPart::Report(_), None) => Ok(()),
    }
}

/// A number in the room that numbers have: a pseudo-code of 3.0 may have 32 octets, and 2.0 has 21. What is too long loses its end, because
/// a report with half a number is better than none.
fn fitting(number: &[u8], layout: Version) -> &[u8] {
    let room = if layout == Version::V3 { 32 } else { 21 };
    number.get(..room).unwrap_or(number)
}

/// Appends the body of a status report.
pub(super) fn report(about: MsgId, r: &Receipt, number: &[u8], how: &Delivering<'_>, dst: &mut BytesMut) -> Result<(), EncodeError> {
    let (submit_time, done_time) = (LocalTime::at(r.submitted, how.utc_offset).minutes(), LocalTime::at(r.done, how.utc_offset).minutes());
    // As the carrier spelt it, where it has the room: seven octets.
    let stat = stat::of_mt(r, how.version, how.to_gateway);
    let form = match how.profile.report_form {
        Some(60) => Version::V2,
        Some(71) => Version::V3,
        _ => how.version,
    };
    let body = Report {
        msg_id: about,
        stat: &stat,
        submit_time: &submit_time,
        done_time: &done_time,
        dest_terminal_id: fitting(number, form),
        smsc_sequence: (r.id & 0xffff_ffff) as u32,
    };
    body.encode(form, dst)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use waxwing_cmpp::{Pdu, decode};
    use waxwing_core::{Address, Door, State};

    fn receipt(door_data: &str) -> Message {
        Message {
            kind: Kind::Receipt as i32,
            door: Door::Cmpp as i32,
            source: Address::parse("+8613800138000"),
            destination: Address::parse("10690001"),
            door_data: door_data.into(),
            native: Native { recipient: bytes::Bytes::from_static(b"13800138000"), ..Native::default() }.stored(),
            receipt: Some(Box::new(Receipt {
                id: 7,
                state: State::Undeliverable as i32,
                stat: "MK:0001".into(),
                submitted: 1_767_294_330_000,
                done: 1_767_294_390_000,
                ..Receipt::default()
            })),
            ..Message::default()
        }
    }

    #[test]
    fn a_report_is_made_for_each_id_and_keeps_the_stat() {
        let m = receipt("cfdfbe8003e9ffff cfdfbe8003e90000");
        assert_eq!(reported(&m), [MsgId(0xcfdf_be80_03e9_ffff), MsgId(0xcfdf_be80_03e9_0000)]);
        for (version, form, length) in [(Version::V2, None, 60), (Version::V3, None, 71), (Version::V3, Some(60), 60)] {
            let profile = CmppProfile { report_form: form, ..CmppProfile::default() };
            let how = Delivering { version, profile: &profile, utc_offset: 480, to_gateway: false };
            let mut out = BytesMut::new();
            deliver(&m, &DeliverPart::Report(reported(&m)[1]), MsgId(9), &how, &mut out).unwrap();
            let Pdu::Deliver(d) = decode(&out, version).unwrap().pdu else { unreachable!() };
            assert_eq!((d.msg_id, d.registered_delivery, d.msg_content.len(), d.dest_id), (MsgId(9), 1, length, &b"10690001"[..]));
            assert_eq!(d.src_terminal_id, b"13800138000");
            let r = Report::decode(d.msg_content).unwrap();
            assert_eq!((r.msg_id, r.stat, r.dest_terminal_id), (MsgId(0xcfdf_be80_03e9_0000), &b"MK:0001"[..], &b"13800138000"[..]));
            assert_eq!((r.submit_time, r.done_time), (&b"2601020305"[..], &b"2601020306"[..]));
        }
    }

    #[test]
    fn a_receipt_of_another_door_is_known_by_its_number() {
        let m = Message { door: Door::Rest as i32, ..receipt("cfdfbe8003e9ffff") };
        assert_eq!(reported(&m), [MsgId(7)]);
    }

    #[test]
    fn trap_25_a_number_that_is_too_long_for_a_report_loses_its_end_and_not_the_report() {
        let mut m = receipt("cfdfbe8003e9ffff");
        m.native = Native { recipient: bytes::Bytes::from_static(&[b'7'; 32]), ..Native::default() }.stored();
        for (version, form, octets) in
            [(Version::V2, None, 21), (Version::V3, Some(60), 21), (Version::V2, Some(71), 21), (Version::V3, None, 32)]
        {
            let profile = CmppProfile { report_form: form, ..CmppProfile::default() };
            let how = Delivering { version, profile: &profile, utc_offset: 480, to_gateway: false };
            let mut out = BytesMut::new();
            deliver(&m, &DeliverPart::Report(MsgId(1)), MsgId(9), &how, &mut out).unwrap();
            let Pdu::Deliver(d) = decode(&out, version).unwrap().pdu else { unreachable!() };
            assert_eq!(Report::decode(d.msg_content).unwrap().dest_terminal_id.len(), octets, "{version:?} {form:?}");
        }
    }
}
