//! From PDUs to messages: what clients submit, and what carriers deliver.

use std::borrow::Cow;

use bytes::Bytes;
use waxwing_core::{Address, CarrierReceipt, Inbound, Message, Millis, State, Submission, Tlv, content, want};
use waxwing_gsm::charset::Charset;
use waxwing_smpp::receipt::{self, Receipt, ReceiptKind};
use waxwing_smpp::time::SmppTime;
use waxwing_smpp::{
    CommandStatus, DataSm, DeliverSm, EsmClass, MessageState, PriorityFlag, ReceiptRequest, RegisteredDelivery, SubmitMulti, SubmitSm, Tag,
    Tlvs,
};

use super::config::IdSpelling;

/// The bits of esm_class that are not the user data header indicator: mode, type and reply path.
const ESM_CARRIED: u8 = !EsmClass::UDHI;

/// What the kinds of submission have in common.
struct Fields<'a> {
    service_type: &'a [u8],
    source: waxwing_smpp::Address<'a>,
    esm_class: EsmClass,
    protocol_id: u8,
    priority: PriorityFlag,
    schedule: &'a [u8],
    validity: &'a [u8],
    registered: RegisteredDelivery,
    replace: bool,
    data_coding: u8,
    message: waxwing_smpp::Message<'a>,
}

/// The fields of a submit_sm or submit_multi, which have the same names in both.
macro_rules! fields {
    ($p:expr) => {
        Fields {
            service_type: $p.service_type,
            source: $p.source_addr,
            esm_class: $p.esm_class,
            protocol_id: $p.protocol_id,
            priority: $p.priority_flag,
            schedule: $p.schedule_delivery_time,
            validity: $p.validity_period,
            registered: $p.registered_delivery,
            replace: $p.replace_if_present_flag.0 != 0,
            data_coding: $p.data_coding.0,
            message: $p.message(),
        }
    };
}

/// A submit_sm as a submission. `charset` is what data_coding 0 means to the client, as [`charset_name`] has it.
///
/// # Errors
/// With the status to answer.
pub(crate) fn submit_sm(frame: &Bytes, p: &SubmitSm<'_>, charset: &str, now: Millis) -> Result<Submission, CommandStatus> {
    let mut s = submission(frame, &fields!(p), charset, now)?;
    s.message.destination = address(frame, p.destination_addr);
    Ok(s)
}

/// A data_sm as a submission.
///
/// # Errors
/// With the status to answer.
pub(crate) fn data_sm(frame: &Bytes, p: &DataSm<'_>, charset: &str, now: Millis) -> Result<Submission, CommandStatus> {
    let f = Fields {
        service_type: p.service_type,
        source: p.source_addr,
        esm_class: p.esm_class,
        protocol_id: 0,
        priority: PriorityFlag::default(),
        schedule: &[],
        validity: &[],
        registered: p.registered_delivery,
        replace: false,
        data_coding: p.data_coding.0,
        message: p.message(),
    };
    let mut s = submission(frame, &f, charset, now)?;
    s.message.destination = address(frame, p.destination_addr);
    if let Some(secs) = p.tlvs.get_u32(Tag::QOS_TIME_TO_LIVE) {
        s.expires = Some(now + u64::from(secs) * 1000);
    }
    Ok(s)
}

/// What the submissions of a submit_multi have in common; the destination is to be filled in.
///
/// # Errors
/// With the status to answer.
pub(crate) fn submit_multi(frame: &Bytes, p: &SubmitMulti<'_>, charset: &str, now: Millis) -> Result<Submission, CommandStatus> {
    let f = fields!(p);
    submission(frame, &f, charset, now)
}

fn submission(frame: &Bytes, f: &Fields<'_>, charset: &str, now: Millis) -> Result<Submission, CommandStatus> {
    let due = time(f.schedule, now).map_err(|_| CommandStatus::ESME_RINVSCHED)?;
    let expires = time(f.validity, now).map_err(|_| CommandStatus::ESME_RINVEXPIRY)?;
    if f.priority.0 > 4 {
        return Err(CommandStatus::ESME_RINVPRTFLG);
    }
    let message = Message {
        source: address(frame, f.source),
        payload: frame.slice_ref(f.message.octets()),
        data_coding: f.data_coding.into(),
        udhi: f.esm_class.udhi(),
        charset: charset.to_owned(),
        protocol_id: f.protocol_id.into(),
        service_type: String::from_utf8_lossy(f.service_type).into_owned(),
        esm_class: u32::from(f.esm_class.0 & ESM_CARRIED),
        replace_if_present: f.replace,
        tlvs: tlvs(frame, f.message.tlvs),
        want: wanted(f.registered),
        door: waxwing_core::Door::Smpp as i32,
        ..Message::default()
    };
    // 0 is what everybody sends who does not think of priorities.
    let priority = (f.priority.0 > 0).then(|| (f.priority.0 + 1).min(3));
    Ok(Submission { message, priority, due, expires, idempotency: None, route: None, part: None })
}

/// A charset's name as messages keep it: nothing where it is the usual one.
pub(crate) fn charset_name(charset: Charset) -> String {
    if charset == Charset::Gsm7 { String::new() } else { charset.name().to_owned() }
}

/// Which receipts registered_delivery asks for.
pub(crate) fn wanted(r: RegisteredDelivery) -> u32 {
    let end = match r.receipt() {
        ReceiptRequest::ALWAYS => want::FINAL,
        ReceiptRequest::ON_FAILURE => want::FAILED | want::REFUSED,
        ReceiptRequest::ON_SUCCESS => want::DELIVERED,
        _ => 0,
    };
    end | if r.intermediate() { want::BUFFERED } else { 0 }
}

/// A time of SMPP's format; `None` where the field is empty.
pub(crate) fn time(octets: &[u8], now: Millis) -> Result<Option<Millis>, waxwing_smpp::time::TimeError> {
    let at = SmppTime::parse(octets)?.map(|t| t.to_unix_ms(i64::try_from(now).unwrap_or(i64::MAX)));
    Ok(at.map(|ms| u64::try_from(ms).unwrap_or(0)))
}

pub(crate) fn address(frame: &Bytes, a: waxwing_smpp::Address<'_>) -> Address {
    Address::new(a.ton.0, a.npi.0, frame.slice_ref(a.addr))
}

/// All but those that have their place in the message.
fn tlvs(frame: &Bytes, tlvs: Tlvs<'_>) -> Vec<Tlv> {
    tlvs.iter().filter(|t| t.tag != Tag::MESSAGE_PAYLOAD).map(|t| Tlv { tag: t.tag.0.into(), value: frame.slice_ref(t.value) }).collect()
}

/// What a carrier delivered.
pub(crate) enum Delivered {
    /// A receipt.
    Receipt(CarrierReceipt),
    /// A message from a handset.
    Message(Box<Inbound>),
}

/// A deliver_sm as a receipt or a message.
pub(crate) fn deliver_sm(frame: &Bytes, p: &DeliverSm<'_>, how: &Reading<'_>, now: Millis) -> Delivered {
    let message = p.message();
    if let Some(r) = Receipt::from_message(&message, how.guess) {
        return Delivered::Receipt(carrier_receipt(frame, &r, &message, how.ids, now));
    }
    let m = received(frame, p.service_type, (p.source_addr, p.destination_addr), p.protocol_id, &message, how);
    Delivered::Message(Box::new(m))
}

/// A data_sm from a carrier.
pub(crate) fn data_sm_from_carrier(frame: &Bytes, p: &DataSm<'_>, how: &Reading<'_>, now: Millis) -> Delivered {
    let message = p.message();
    if let Some(r) = Receipt::from_message(&message, how.guess) {
        return Delivered::Receipt(carrier_receipt(frame, &r, &message, how.ids, now));
    }
    Delivered::Message(Box::new(received(frame, p.service_type, (p.source_addr, p.destination_addr), 0, &message, how)))
}

/// How a connector reads what its carrier sends.
pub(crate) struct Reading<'a> {
    /// Takes for a receipt what looks like one.
    pub(crate) guess: bool,
    /// How ids are spelt.
    pub(crate) ids: IdSpelling,
    /// What data_coding 0 means.
    pub(crate) charset: &'a str,
}

fn received(
    frame: &Bytes,
    service_type: &[u8],
    (source, destination): (waxwing_smpp::Address<'_>, waxwing_smpp::Address<'_>),
    protocol_id: u8,
    message: &waxwing_smpp::Message<'_>,
    how: &Reading<'_>,
) -> Inbound {
    let m = Message {
        source: address(frame, source),
        destination: address(frame, destination),
        payload: frame.slice_ref(message.octets()),
        data_coding: message.data_coding.0.into(),
        udhi: message.esm_class.udhi(),
        charset: how.charset.to_owned(),
        protocol_id: protocol_id.into(),
        service_type: String::from_utf8_lossy(service_type).into_owned(),
        esm_class: u32::from(message.esm_class.0 & ESM_CARRIED),
        tlvs: tlvs(frame, message.tlvs),
        ..Message::default()
    };
    let part = content::part_of(&m);
    Inbound { message: m, part }
}

fn carrier_receipt(frame: &Bytes, r: &Receipt<'_>, message: &waxwing_smpp::Message<'_>, ids: IdSpelling, now: Millis) -> CarrierReceipt {
    let stated = match r.state {
        Some(s) => state(s),
        None if r.kind == ReceiptKind::Intermediate => State::Enroute,
        None => State::Unknown,
    };
    let error = match (r.network_error, r.text.err) {
        (_, Some(err)) => words(frame, err),
        (Some(e), None) => e.code.to_string().into(),
        (None, None) => Bytes::new(),
    };
    // The text's dates are in a local time that nobody names, mostly without seconds: better than our own clock only where they have them
    // and agree with it read as UTC.
    let date = r.text.done_date.filter(|d| d.second.is_some());
    let done = date.map(|d| d.to_unix_ms(i64::try_from(now).unwrap_or(i64::MAX), 0)).and_then(|ms| u64::try_from(ms).ok());
    CarrierReceipt {
        remotes: r.ids().flat_map(|id| spellings(frame, id, ids)).flatten().collect(),
        state: stated as i32,
        error,
        done: done.filter(|&d| d.abs_diff(now) < 60_000).unwrap_or(now),
        raw: frame.slice_ref(message.octets()),
        stat: r.text.stat.map(|s| words(frame, s)).unwrap_or_default(),
    }
}

/// Octets of a frame as UTF-8.
fn words(frame: &Bytes, octets: &[u8]) -> Bytes {
    match String::from_utf8_lossy(octets) {
        Cow::Borrowed(_) => frame.slice_ref(octets),
        Cow::Owned(text) => text.into(),
    }
}

/// Their state as ours.
pub(crate) fn state(s: MessageState) -> State {
    match s {
        MessageState::SCHEDULED | MessageState::ENROUTE => State::Enroute,
        MessageState::DELIVERED => State::Delivered,
        MessageState::EXPIRED => State::Expired,
        MessageState::DELETED => State::Deleted,
        MessageState::UNDELIVERABLE => State::Undeliverable,
        MessageState::ACCEPTED => State::Accepted,
        MessageState::REJECTED => State::Rejected,
        MessageState::SKIPPED => State::Skipped,
        _ => State::Unknown,
    }
}

/// The key under which an id of a response is stored.
pub(crate) fn stored_id(frame: &Bytes, id: &[u8]) -> Bytes {
    // Digits and small letters stay as they are.
    let same = !id.starts_with(b"0") && id.iter().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase());
    if same { frame.slice_ref(id) } else { Bytes::from(receipt::normalise(id)) }
}

/// How a receipt may name an id of a response, besides naming it alike.
pub(crate) fn receipt_spellings(ids: IdSpelling) -> Option<waxwing_core::Spellings> {
    fn decimal(id: &[u8]) -> Vec<Bytes> {
        receipt::hex_to_decimal(id).map(Bytes::from).into_iter().collect()
    }
    fn hex(id: &[u8]) -> Vec<Bytes> {
        receipt::decimal_to_hex(id).map(Bytes::from).into_iter().collect()
    }
    fn either(id: &[u8]) -> Vec<Bytes> {
        [decimal(id), hex(id)].concat()
    }
    match ids {
        IdSpelling::Same => None,
        IdSpelling::Auto | IdSpelling::HexThenDecimal | IdSpelling::DecimalThenHex => Some(either),
    }
}

/// The keys under which an id of a receipt may be stored, the likeliest first; without [`other_spellings`].
fn spellings(frame: &Bytes, id: &[u8], ids: IdSpelling) -> [Option<Bytes>; 2] {
    let same = stored_id(frame, id);
    let other = match ids {
        IdSpelling::Same | IdSpelling::Auto => None,
        IdSpelling::HexThenDecimal => receipt::decimal_to_hex(id),
        IdSpelling::DecimalThenHex => receipt::hex_to_decimal(id),
    };
    match other.map(Bytes::from).filter(|other| *other != same) {
        // Told how it is spelt: the plain reading is only a fallback.
        Some(other) => [Some(other), Some(same)],
        None => [Some(same), None],
    }
}

/// The keys under which an id of a receipt may be stored as well, if the first leads nowhere.
pub(crate) fn other_spellings(ids: IdSpelling) -> Option<waxwing_core::Spellings> {
    fn either(id: &[u8]) -> Vec<Bytes> {
        [receipt::decimal_to_hex(id), receipt::hex_to_decimal(id)].into_iter().flatten().map(Bytes::from).collect()
    }
    (ids == IdSpelling::Auto).then_some(either)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn ids_are_tried_in_the_spelling_that_is_likeliest() {
        let show = |id: &'static str, how| -> Vec<String> {
            let first = spellings(&Bytes::from_static(id.as_bytes()), id.as_bytes(), how).into_iter().flatten().collect::<Vec<_>>();
            let others = other_spellings(how).map(|f| f(&first[0])).unwrap_or_default();
            first.iter().chain(&others).map(|s| String::from_utf8_lossy(s).into_owned()).collect()
        };
        assert_eq!(show("00FF", IdSpelling::Same), ["ff"]);
        assert_eq!(show("255", IdSpelling::HexThenDecimal), ["ff", "255"]);
        assert_eq!(show("ff", IdSpelling::DecimalThenHex), ["255", "ff"]);
        assert_eq!(show("fish", IdSpelling::DecimalThenHex), ["fish"]);
        assert_eq!(show("255", IdSpelling::Auto), ["255", "ff", "597"]);
        assert_eq!(show("not-a-number", IdSpelling::Auto), ["notanumber"]);
    }

    #[test]
    fn ids_are_cut_out_of_the_frame_where_that_is_their_normal_form() {
        for id in ["6a1b2c3d", "6A1B2C3D", "06a1", "0", "00", "", " 7 ", "7-7", "7e57d004-2b97-0e7a", "a.b", "-0-1"] {
            let frame = Bytes::from_static(id.as_bytes());
            assert_eq!(stored_id(&frame, &frame), receipt::normalise(id.as_bytes()), "{id:?}");
        }
        let frame = Bytes::from_static(b"6a1b2c3d");
        assert_eq!(stored_id(&frame, &frame).as_ptr(), frame.as_ptr());
    }

    #[test]
    fn registered_delivery_becomes_wishes() {
        assert_eq!(wanted(RegisteredDelivery(0)), 0);
        assert_eq!(wanted(RegisteredDelivery(1)), want::FINAL);
        assert_eq!(wanted(RegisteredDelivery(2)), want::FAILED | want::REFUSED);
        assert_eq!(wanted(RegisteredDelivery(0x1D)), want::FINAL | want::BUFFERED);
    }

    #[test]
    fn a_bad_time_is_refused_by_its_own_status() {
        let frame = Bytes::from_static(b"");
        let p = SubmitSm { validity_period: b"soon", ..SubmitSm::default() };
        assert_eq!(submit_sm(&frame, &p, "", 0).unwrap_err(), CommandStatus::ESME_RINVEXPIRY);
        let p = SubmitSm { schedule_delivery_time: b"990000000000000+", ..SubmitSm::default() };
        assert_eq!(submit_sm(&frame, &p, "", 0).unwrap_err(), CommandStatus::ESME_RINVSCHED);
        let p = SubmitSm { validity_period: b"000000010000000R", ..SubmitSm::default() };
        assert_eq!(submit_sm(&frame, &p, "", 1000).unwrap().expires, Some(3_601_000));
    }
}
