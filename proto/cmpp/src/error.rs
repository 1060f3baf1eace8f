//! Errors of the codec.
//!
//! Three kinds that never mix: a [`FrameError`](crate::frame::FrameError) ends the session, a
//! [`DecodeError`] costs one PDU and says how to answer it, an [`EncodeError`] is our own mistake.

use bytes::BytesMut;

use crate::{
    CancelResp, CommandId, ConnectResp, DeliverResp, FwdResp, GetMoRouteResp, GetMtRouteResp, MoRouteResp, MoRouteUpdateResp, MsgId,
    MtRouteResp, MtRouteUpdateResp, PushMoRouteUpdateResp, PushMtRouteUpdateResp, SubmitResp, Version, encode,
};

/// A PDU that was framed but cannot be decoded. Recoverable: answer it ([`DecodeError::encode_answer`]) and keep the session.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{command_id} (Sequence_Id {sequence_id}): {field} {kind} (result {result})")]
pub struct DecodeError {
    /// Command of the PDU, known or not.
    pub command_id: CommandId,
    /// Sequence_Id that the answer has to repeat.
    pub sequence_id: u32,
    /// Msg_Id of a DELIVER or FWD, which the answer has to repeat; zero in others and where the PDU ends before it.
    pub msg_id: MsgId,
    /// Name of the field in the standard.
    pub field: &'static str,
    /// What is wrong with it.
    pub kind: DecodeErrorKind,
    /// Result code of the standard: 1 structure, 2 command word, 4 message length.
    pub result: u8,
}

impl DecodeError {
    /// Appends the response that refuses the PDU with [`DecodeError::result`]; `false` where CMPP has no form for one: responses,
    /// unknown commands, QUERY (whose response has no result).
    ///
    /// CONNECT is refused with status 1, CANCEL with 1; requests to a GNS with 1 (no route, or in 2.0 refused), updates in 3.0 with 5.
    pub fn encode_answer(&self, version: Version, dst: &mut BytesMut) -> bool {
        let (sequence, result) = (self.sequence_id, u32::from(self.result));
        let update = if version == Version::V3 { 5 } else { 1 };
        let done = match self.command_id {
            CommandId::CONNECT => encode(&ConnectResp { status: 1, version: version.byte(), ..Default::default() }, version, sequence, dst),
            CommandId::SUBMIT => encode(&SubmitResp { result, ..Default::default() }, version, sequence, dst),
            CommandId::DELIVER => encode(&DeliverResp { msg_id: self.msg_id, result }, version, sequence, dst),
            CommandId::CANCEL => encode(&CancelResp { success_id: 1 }, version, sequence, dst),
            CommandId::FWD => encode(&FwdResp { msg_id: self.msg_id, result, ..Default::default() }, version, sequence, dst),
            CommandId::MT_ROUTE => encode(&MtRouteResp { result: 1, ..Default::default() }, version, sequence, dst),
            CommandId::MO_ROUTE => encode(&MoRouteResp { result: 1, ..Default::default() }, version, sequence, dst),
            CommandId::GET_MT_ROUTE => encode(&GetMtRouteResp { result: 1, ..Default::default() }, version, sequence, dst),
            CommandId::GET_MO_ROUTE => encode(&GetMoRouteResp { result: 1, ..Default::default() }, version, sequence, dst),
            CommandId::MT_ROUTE_UPDATE => encode(&MtRouteUpdateResp { result: update, ..Default::default() }, version, sequence, dst),
            CommandId::MO_ROUTE_UPDATE => encode(&MoRouteUpdateResp { result: update, ..Default::default() }, version, sequence, dst),
            CommandId::PUSH_MT_ROUTE_UPDATE => encode(&PushMtRouteUpdateResp { result: update }, version, sequence, dst),
            CommandId::PUSH_MO_ROUTE_UPDATE => encode(&PushMoRouteUpdateResp { result: update }, version, sequence, dst),
            _ => return false,
        };
        done.is_ok()
    }
}

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeErrorKind {
    /// DestUsr_tl is 0.
    #[error("is 0: there is no recipient")]
    NoRecipient,
    /// The announced length or count goes past the end of the PDU.
    #[error("announces {announced} octets where {available} are left")]
    PastEnd {
        /// Octets that the field announces.
        announced: usize,
        /// Octets left in the body.
        available: usize,
    },
    /// The body ends inside or before the field.
    #[error("is cut off by the end of the PDU")]
    Truncated,
    /// No such command in CMPP 2.0 or 3.0.
    #[error("is unknown")]
    UnknownCommand,
    /// The octets given are not one whole frame.
    #[error("differs from the length of the frame")]
    WrongFrameLength,
}

/// A PDU or report that cannot be put on the wire. Nothing was appended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// A NUL inside a string would end it early.
    #[error("{command}: {field} contains a NUL octet, which would end it: remove it")]
    ContainsNul {
        /// Name of the command in the standard.
        command: &'static str,
        /// Name of the field in the standard.
        field: &'static str,
    },
    /// A recipient is an empty string.
    #[error("{command}: {field} is empty")]
    Empty {
        /// Name of the command in the standard.
        command: &'static str,
        /// Name of the field in the standard.
        field: &'static str,
    },
    /// The command does not exist in this version.
    #[error("{command} does not exist in CMPP {version}")]
    NotInVersion {
        /// Name of the command in the standard.
        command: &'static str,
        /// The version asked for.
        version: Version,
    },
    /// A number or a count is outside what the version allows.
    #[error("{command}: {field} is {value}, {min} to {max} are allowed")]
    OutOfRange {
        /// Name of the command in the standard.
        command: &'static str,
        /// Name of the field in the standard.
        field: &'static str,
        /// Value given.
        value: i64,
        /// Smallest allowed.
        min: i64,
        /// Largest allowed.
        max: i64,
    },
    /// A field is longer than the version allows.
    #[error("{command}: {field} has {length} octets, at most {max} are allowed")]
    TooLong {
        /// Name of the command in the standard.
        command: &'static str,
        /// Name of the field in the standard.
        field: &'static str,
        /// Octets given.
        length: usize,
        /// Most octets allowed.
        max: usize,
    },
}

/// What a field reader found wrong; the decoder adds whose PDU it was.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    pub(crate) field: &'static str,
    pub(crate) kind: DecodeErrorKind,
    pub(crate) result: u8,
}
