//! From FWD to messages.

use bytes::Bytes;
use waxwing_cmpp::{Fwd, MsgId, result};
use waxwing_core::{Address, CmppProfile, Inbound, Message, Millis, NPI_E164, PartInfo, Submission, content, want};

use super::super::inward::{number, time, wire};
use super::super::native::Native;
use super::super::split::data_coding;

/// A message to a handset, for one of its recipients. `msg_id` is that recipient's.
///
/// # Errors
/// With the result to answer.
pub(super) fn submission(
    frame: &Bytes,
    p: &Fwd<'_>,
    recipient: &[u8],
    profile: &CmppProfile,
    msg_id: MsgId,
    now: Millis,
) -> Result<Submission, u32> {
    let expires = time(p.valid_time, now).ok_or(result::STRUCTURE_ERROR)?;
    let due = time(p.at_time, now).ok_or(result::STRUCTURE_ERROR)?;
    let native = Native {
        recipient: frame.slice_ref(recipient),
        terminal_type: u32::from(!p.dest_pseudo.is_empty()),
        ..native(frame, p, profile, msg_id)
    };
    let message = Message {
        source: Address::new(0, NPI_E164 as u8, frame.slice_ref(p.src_id)),
        destination: number(frame, recipient),
        want: if p.registered_delivery == 1 { want::FINAL } else { 0 },
        door: waxwing_core::Door::Cmpp as i32,
        door_data: if p.registered_delivery == 1 { msg_id.to_hex() } else { String::new() },
        reference: msg_id.to_string(),
        native: native.stored(),
        ..message(frame, p)
    };
    let part = if profile.merge_long { part(p, &message, profile.join_by_pk) } else { None };
    let priority = (p.msg_level > 0).then(|| p.msg_level.saturating_add(1).min(3));
    Ok(Submission { message, priority, due, expires, part, ..Submission::default() })
}

/// A message from a handset to an SP; `from` is told what becomes of it.
pub(super) fn inbound(frame: &Bytes, p: &Fwd<'_>, profile: &CmppProfile, from: &str) -> Inbound {
    let sp_code = p.dest_id.iter().next().unwrap_or_default();
    let native = Native { terminal_type: p.src_type.into(), ..native(frame, p, profile, p.msg_id) };
    let message = Message {
        source: number(frame, p.src_id),
        destination: Address::new(0, NPI_E164 as u8, frame.slice_ref(sp_code)),
        remote_id: p.msg_id.to_string(),
        door_data: p.msg_id.to_hex(),
        tell: from.to_owned(),
        native: native.stored(),
        ..message(frame, p)
    };
    Inbound { part: content::part_of(&message), message }
}

/// What both directions have.
fn message(frame: &Bytes, p: &Fwd<'_>) -> Message {
    let (coding, charset) = data_coding(p.msg_fmt);
    Message {
        payload: frame.slice_ref(p.msg_content),
        data_coding: coding,
        charset: charset.to_owned(),
        udhi: p.has_udh(),
        protocol_id: p.tp_pid.into(),
        service_type: String::from_utf8_lossy(p.service_id).into_owned(),
        ..Message::default()
    }
}

fn native(frame: &Bytes, p: &Fwd<'_>, profile: &CmppProfile, msg_id: MsgId) -> Native {
    let neighbour = || profile.gateway.as_ref().map(|g| Bytes::copy_from_slice(g.as_bytes())).unwrap_or_default();
    Native {
        msg_fmt: u32::from(p.msg_fmt) + 1,
        msg_level: p.msg_level.into(),
        fee_user_type: p.fee_user_type.into(),
        fee_terminal_id: frame.slice_ref(p.fee_terminal_id),
        fee_type: frame.slice_ref(p.fee_type),
        fee_code: frame.slice_ref(p.fee_code),
        has_fee: true,
        msg_src: frame.slice_ref(p.msg_src),
        link_id: wire(frame, p.link_id),
        reserve: wire(frame, p.reserve),
        nodes: p.nodes_count.into(),
        msg_id: msg_id.0,
        from_gateway: if p.source_id.is_empty() { neighbour() } else { frame.slice_ref(p.source_id) },
        pk_total: p.pk_total.into(),
        pk_number: p.pk_number.into(),
        fee_pseudo: frame.slice_ref(p.fee_terminal_pseudo),
        fee_plan: p.fee_terminal_user_type.into(),
        src_pseudo: frame.slice_ref(p.src_pseudo),
        src_plan: p.src_user_type.into(),
        dest_pseudo: frame.slice_ref(p.dest_pseudo),
        dest_plan: p.dest_user_type.into(),
        ..Native::default()
    }
}

/// Where a FWD stands in a long message: by its header; by Pk_total, where the account's messages are known to have nothing else.
fn part(p: &Fwd<'_>, m: &Message, by_pk: bool) -> Option<PartInfo> {
    if let Some(part) = content::part_of(m) {
        return Some(part);
    }
    let numbered = p.pk_total > 1 && (1..=p.pk_total).contains(&p.pk_number);
    (by_pk && !m.udhi && numbered).then_some(PartInfo { reference: 0, total: p.pk_total, number: p.pk_number })
}
