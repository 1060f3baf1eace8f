//! Errors of the codec.
//!
//! Three kinds that never mix: a [`FrameError`](crate::frame::FrameError) ends the session, a
//! [`DecodeError`] costs one PDU and says how to answer it, an [`EncodeError`] is our own mistake.

use bytes::{BufMut, BytesMut};

use crate::frame::HEADER_LEN;
use crate::{CommandId, CommandStatus, Tag};

/// A PDU that was framed but cannot be decoded. Recoverable: answer it ([`DecodeError::answer`]) and keep the session.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{command_id} (sequence number {sequence_number}): {field} {kind}; to be answered with {status}")]
pub struct DecodeError {
    /// Command of the PDU, known or not.
    pub command_id: CommandId,
    /// Sequence number that the answer has to repeat.
    pub sequence_number: u32,
    /// Name of the field or TLV in the specification.
    pub field: &'static str,
    /// What is wrong with it.
    pub kind: DecodeErrorKind,
    /// Negative status to answer with.
    pub status: CommandStatus,
}

impl DecodeError {
    /// Command and status of the answer; `None` where nothing may be answered (to a response, outbind, alert_notification).
    ///
    /// A known request is refused with its own response, an unknown one with generic_nack (SMPP 3.4 section 4.3).
    pub fn answer(&self) -> Option<(CommandId, CommandStatus)> {
        let known = self.kind != DecodeErrorKind::WrongFrameLength && self.command_id.name().is_some();
        let answer = if known || self.command_id.is_response() { self.command_id.refusal() } else { Some(CommandId::GENERIC_NACK) };
        answer.map(|command_id| (command_id, self.status))
    }

    /// Appends the negative response (a bare header) to `dst`; `false` where nothing may be answered.
    pub fn encode_answer(&self, dst: &mut BytesMut) -> bool {
        let Some((command_id, status)) = self.answer() else { return false };
        put_bare_header(dst, command_id, status, self.sequence_number);
        true
    }
}

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeErrorKind {
    /// An item of a list carries an unknown flag (dest_flag of submit_multi).
    #[error("has the unknown value {0}")]
    InvalidValue(u8),
    /// The announced length goes past the end of the PDU.
    #[error("announces {announced} octets where {available} are left")]
    PastEnd {
        /// Octets that the length field announces.
        announced: usize,
        /// Octets left in the body.
        available: usize,
    },
    /// Strict mode only: something that lenient mode would have reported as this quirk.
    #[error("is not as the specification demands ({0})")]
    Strict(crate::Quirks),
    /// A string is longer than the specification allows.
    #[error("is longer than {max} octets")]
    TooLong {
        /// Most octets allowed, without the closing NUL.
        max: usize,
    },
    /// More TLVs than the decoder's bound.
    #[error("are more than {max}")]
    TooMany {
        /// The bound.
        max: usize,
    },
    /// The body ends inside or before the field.
    #[error("is cut off by the end of the PDU")]
    Truncated,
    /// No such command in SMPP 3.3 to 5.0.
    #[error("is unknown")]
    UnknownCommand,
    /// The octets given are not one whole frame.
    #[error("differs from the length of the frame")]
    WrongFrameLength,
}

/// A PDU that cannot be put on the wire. Nothing was appended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// A NUL inside a C-octet string would end it early.
    #[error("{field} contains a NUL octet, which would end it: remove it")]
    ContainsNul {
        /// Name of the field or TLV in the specification.
        field: &'static str,
    },
    /// A field is longer than the protocol version allows.
    #[error("{field} has {length} octets, at most {max} are allowed")]
    TooLong {
        /// Name of the field or TLV in the specification.
        field: &'static str,
        /// Octets given.
        length: usize,
        /// Most octets allowed, without a closing NUL.
        max: usize,
    },
    /// A TLV of the specification has a length outside its range.
    #[error("TLV {tag} has {length} octets, {min} to {max} are allowed")]
    TlvLength {
        /// The TLV.
        tag: Tag,
        /// Octets given.
        length: usize,
        /// Fewest allowed.
        min: usize,
        /// Most allowed.
        max: usize,
    },
    /// The peer speaks SMPP 3.3, which has no TLVs, and the message itself is in one.
    #[error("message_payload cannot be sent to an SMPP 3.3 peer: put the message into short_message")]
    PayloadInOldVersion,
}

/// What a field reader found wrong; the decoder adds whose PDU it was.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    pub(crate) field: &'static str,
    pub(crate) kind: DecodeErrorKind,
    pub(crate) status: CommandStatus,
}

/// Appends a PDU that consists of its header only.
pub(crate) fn put_bare_header(dst: &mut BytesMut, command_id: CommandId, status: CommandStatus, sequence_number: u32) {
    dst.reserve(HEADER_LEN);
    dst.put_u32(HEADER_LEN as u32);
    dst.put_u32(command_id.0);
    dst.put_u32(status.0);
    dst.put_u32(sequence_number);
}
