//! From a PDU to octets: one pass, appended to a buffer, strict about lengths.

use bytes::{BufMut, BytesMut};

use crate::error::put_bare_header;
use crate::field::Writer;
use crate::frame::HEADER_LEN;
use crate::pdu::Body;
use crate::{CommandId, CommandStatus, EncodeError, InterfaceVersion, Tag};

/// Appends a PDU for an SMPP 5.0 peer, which can take whatever a 3.4 peer can; the same as [`Encoder::encode`] for that version.
pub fn encode(body: &impl Body, status: CommandStatus, sequence_number: u32, dst: &mut BytesMut) -> Result<(), EncodeError> {
    Encoder::new(InterfaceVersion::V5_0).encode(body, status, sequence_number, dst)
}

/// Appends the refusal of a request, a bare header, whatever the request was; `false` where nothing may be answered.
pub fn refuse(request: CommandId, status: CommandStatus, sequence_number: u32, dst: &mut BytesMut) -> bool {
    let Some(command_id) = request.refusal() else { return false };
    put_bare_header(dst, command_id, status, sequence_number);
    true
}

/// Encodes for a peer of a certain version.
///
/// For a 3.3 peer TLVs are left out (SMPP 3.4 section 3.4), message ids that we give out may have 8 octets only, and a PDU whose
/// message is in message_payload is refused. Command ids are not held against the version: peers announce odd ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Encoder {
    version: InterfaceVersion,
}

impl Encoder {
    /// For a peer of this version.
    pub const fn new(version: InterfaceVersion) -> Self {
        Self { version }
    }

    /// Appends a PDU, header included, to `dst`. On error nothing is appended.
    ///
    /// A negative response with no field set is written without a body, as the specification has it.
    pub fn encode(&self, body: &impl Body, status: CommandStatus, sequence_number: u32, dst: &mut BytesMut) -> Result<(), EncodeError> {
        let start = dst.len();
        let result = self.append(body, status, sequence_number, dst);
        if result.is_err() {
            dst.truncate(start);
        }
        result
    }

    fn append(&self, body: &impl Body, status: CommandStatus, sequence_number: u32, dst: &mut BytesMut) -> Result<(), EncodeError> {
        let start = dst.len();
        let command_id = body.command_id();
        dst.reserve(256);
        dst.put_u32(0);
        dst.put_u32(command_id.0);
        dst.put_u32(status.0);
        dst.put_u32(sequence_number);
        if command_id.is_response() && !status.is_ok() && body.is_default() {
            dst[start..start + 4].copy_from_slice(&(HEADER_LEN as u32).to_be_bytes());
            return Ok(());
        }
        let mut writer = Writer { dst, version: self.version };
        body.write_fields(&mut writer)?;
        let tlvs = body.tlvs();
        if self.version.has_tlvs() {
            dst.put_slice(tlvs.octets());
        } else if tlvs.get(Tag::MESSAGE_PAYLOAD).is_some() {
            return Err(EncodeError::PayloadInOldVersion);
        }
        let length = dst.len() - start;
        let length = u32::try_from(length).map_err(|_| EncodeError::TooLong { field: "command_length", length, max: u32::MAX as usize })?;
        dst[start..start + 4].copy_from_slice(&length.to_be_bytes());
        Ok(())
    }
}
