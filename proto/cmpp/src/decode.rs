//! From a frame to a PDU, without copying or allocating.

use crate::error::Fault;
use crate::field::Reader;
use crate::frame::{HEADER_LEN, Header};
use crate::{CommandId, DecodeError, DecodeErrorKind, MsgId, Pdu, Quirks, Version};

/// A decoded PDU.
#[derive(Clone, Copy, Debug)]
pub struct Decoded<'a> {
    /// The header.
    pub header: Header,
    /// The fields.
    pub pdu: Pdu<'a>,
    /// What was odd and let pass.
    pub quirks: Quirks,
    /// The layout that the PDU was read in: the one asked for, unless `quirks` has [`Quirks::OTHER_LAYOUT`].
    pub version: Version,
    /// Octets at the end that belong to no field; empty unless `quirks` says so.
    pub ignored: &'a [u8],
}

/// Decodes one whole frame, header included, of a peer that speaks this version.
///
/// Tolerant of what real peers send and can be understood; [`Quirks`] says what it was. A message of fixed length, so most responses,
/// is taken in the layout of either version, by its length: a CONNECT_RESP tells a client so which version the server speaks.
///
/// The views borrow from `frame`. Where that is a [`bytes::Bytes`], any field can be kept without a copy by `slice_ref`.
pub fn decode(frame: &[u8], version: Version) -> Result<Decoded<'_>, DecodeError> {
    let Some(header) = Header::parse(frame) else {
        return Err(error(CommandId(0), 0, frame, wrong_length()));
    };
    read(header, frame, version).map_err(|fault| error(header.command_id, header.sequence_id, frame, fault))
}

/// The version in whose layout a frame fits to the octet; `None` where neither does, or both do: half of the commands are the same in
/// both versions.
pub fn guess_version(frame: &[u8]) -> Option<Version> {
    const MISFIT: Quirks = Quirks::OTHER_LAYOUT.union(Quirks::MISSING_TAIL).union(Quirks::SHORT_TAIL).union(Quirks::LONG_TAIL);
    let fits = |version| decode(frame, version).is_ok_and(|decoded| !decoded.quirks.intersects(MISFIT));
    match (fits(Version::V2), fits(Version::V3)) {
        (true, false) => Some(Version::V2),
        (false, true) => Some(Version::V3),
        _ => None,
    }
}

#[inline]
fn read(header: Header, frame: &[u8], asked: Version) -> Result<Decoded<'_>, Fault> {
    if header.total_length as usize != frame.len() {
        return Err(wrong_length());
    }
    let Some(lengths) = Pdu::fixed_lengths(header.command_id) else {
        return Err(Fault { field: "Command_Id", kind: DecodeErrorKind::UnknownCommand, result: 2 });
    };
    let body = &frame[HEADER_LEN..];
    let version = layout(asked, lengths, body.len());
    let mut reader = Reader::new(body);
    let pdu = Pdu::read_fields(header.command_id, version, &mut reader)?;
    let mut quirks = reader.quirks;
    if version != asked {
        quirks.insert(Quirks::OTHER_LAYOUT);
    }
    if !reader.rest.is_empty() && !quirks.contains(Quirks::SHORT_TAIL) {
        quirks.insert(Quirks::LONG_TAIL);
    }
    quirks.insert(pdu.report_quirks(version));
    Ok(Decoded { header, pdu, quirks, version, ignored: reader.rest })
}

/// The layout whose length fits, the one asked for first; `lengths` are those of 2.0 and 3.0 and `None` for bodies of variable length,
/// which do not tell.
#[inline]
fn layout(asked: Version, lengths: [Option<usize>; 2], length: usize) -> Version {
    let other = asked.other();
    let (Some(own), Some(others)) = (lengths[usize::from(asked.is_v3())], lengths[usize::from(other.is_v3())]) else { return asked };
    // Longer than one and shorter than the other: the longer one cannot be read at all.
    if length != own && (length == others || (length < own && length > others)) { other } else { asked }
}

fn wrong_length() -> Fault {
    Fault { field: "Total_Length", kind: DecodeErrorKind::WrongFrameLength, result: 1 }
}

#[cold]
fn error(command_id: CommandId, sequence_id: u32, frame: &[u8], fault: Fault) -> DecodeError {
    let at = match command_id {
        CommandId::DELIVER => frame.get(12..),
        CommandId::FWD => frame.get(26..),
        _ => None,
    };
    let msg_id = MsgId(at.and_then(|octets| octets.first_chunk()).map_or(0, |octets| u64::from_be_bytes(*octets)));
    DecodeError { command_id, sequence_id, msg_id, field: fault.field, kind: fault.kind, result: fault.result }
}
