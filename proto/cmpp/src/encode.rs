//! From a PDU to octets: one pass, appended to a buffer, strict about lengths and values.

use bytes::BytesMut;

use crate::field::{Limits, Writer};
use crate::frame::HEADER_LEN;
use crate::pdu::Body;
use crate::{CommandId, EncodeError, Version};

/// Appends a PDU for a peer of this version within the bounds of the standard; the same as `Encoder::new(version).encode(..)`.
pub fn encode(body: &impl Body, version: Version, sequence_id: u32, dst: &mut BytesMut) -> Result<(), EncodeError> {
    Encoder::new(version).encode(body, sequence_id, dst)
}

/// Encodes for a peer of a certain version, within bounds that can be widened.
///
/// Fields that the version does not have (LinkID and terminal types in 2.0, Reserve in 3.0) are left out, whatever they hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encoder {
    version: Version,
    limits: Limits,
}

impl Encoder {
    /// For a peer of this version, within the bounds of the standard: 1 to 99 recipients (one in a FWD of 3.0), 160 octets of content
    /// with Msg_Fmt 0, else 140.
    pub const fn new(version: Version) -> Self {
        Self { version, limits: Limits { recipients: None, content: None } }
    }

    /// Most recipients of one PDU, up to 255. Many peers cannot read above 99; a frame may get longer than
    /// [`DEFAULT_MAX_LEN`](crate::frame::DEFAULT_MAX_LEN).
    pub const fn max_recipients(self, recipients: u8) -> Self {
        Self { limits: Limits { recipients: Some(recipients), ..self.limits }, ..self }
    }

    /// Most octets of Msg_Content, up to 255, whatever Msg_Fmt.
    pub const fn max_content(self, octets: u8) -> Self {
        Self { limits: Limits { content: Some(octets), ..self.limits }, ..self }
    }

    /// Appends a PDU, header included, to `dst`. On error nothing is appended.
    pub fn encode(&self, body: &impl Body, sequence_id: u32, dst: &mut BytesMut) -> Result<(), EncodeError> {
        let (command_id, v3) = (body.command_id(), self.version.is_v3());
        if !v3 && matches!(command_id, CommandId::GET_MO_ROUTE | CommandId::GET_MO_ROUTE_RESP) {
            return Err(EncodeError::NotInVersion { command: body.name(), version: self.version });
        }
        let start = dst.len();
        let length = HEADER_LEN + body.size(v3);
        dst.resize(start + length, 0);
        let (header, rest) = dst[start..].split_at_mut(HEADER_LEN);
        header[..4].copy_from_slice(&(length as u32).to_be_bytes());
        header[4..8].copy_from_slice(&command_id.0.to_be_bytes());
        header[8..].copy_from_slice(&sequence_id.to_be_bytes());
        let result = body.write_fields(&mut Writer::new(rest, body.name(), self.limits), v3);
        if result.is_err() {
            dst.truncate(start);
        }
        result
    }
}
