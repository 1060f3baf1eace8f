//! From a frame to a PDU, without copying or allocating.

use crate::error::Fault;
use crate::field::Reader;
use crate::frame::{HEADER_LEN, Header};
use crate::tlv::Tlvs;
use crate::{CommandId, CommandStatus, DecodeError, DecodeErrorKind, Pdu, Quirks};

/// Decodes a frame as leniently as real peers need it; the same as `Decoder::new().decode(frame)`.
///
/// The views borrow from `frame`. Where that is a [`bytes::Bytes`], any field can be kept without a copy:
///
/// ```
/// # use waxwing_smpp::{decode, encode, Pdu, SubmitSm, CommandStatus};
/// # let mut buffer = bytes::BytesMut::new();
/// # encode(&SubmitSm { short_message: b"hello", ..Default::default() }, CommandStatus::ESME_ROK, 1, &mut buffer).unwrap();
/// let frame: bytes::Bytes = buffer.freeze();
/// let decoded = decode(&frame)?;
/// if let Pdu::SubmitSm(submit) = decoded.pdu {
///     let kept: bytes::Bytes = frame.slice_ref(submit.short_message);
///     assert_eq!(&kept[..], b"hello");
/// }
/// # Ok::<(), waxwing_smpp::DecodeError>(())
/// ```
pub fn decode(frame: &[u8]) -> Result<Decoded<'_>, DecodeError> {
    Decoder::new().decode(frame)
}

/// A decoded PDU.
#[derive(Clone, Copy, Debug)]
pub struct Decoded<'a> {
    /// The header.
    pub header: Header,
    /// The fields and TLVs.
    pub pdu: Pdu<'a>,
    /// What was odd and let pass.
    pub quirks: Quirks,
    /// Octets at the end that belong to no field and no TLV; empty unless `quirks` says so.
    pub ignored: &'a [u8],
}

/// How to decode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decoder {
    strict: bool,
    max_tlvs: usize,
}

impl Decoder {
    /// Most TLVs that a PDU may have by default.
    pub const MAX_TLVS: usize = 256;

    /// Lenient, with at most [`Decoder::MAX_TLVS`] TLVs.
    pub const fn new() -> Self {
        Self { strict: false, max_tlvs: Self::MAX_TLVS }
    }

    /// Whether to refuse what lenient mode reports as a quirk of structure: octets after the last TLV, a TLV past the end, a known TLV
    /// of a wrong length, incomplete responses. Addresses of 8-bit octets, a missing UDH and a message in two places stay quirks:
    /// they are a matter of policy.
    pub const fn strict(self, strict: bool) -> Self {
        Self { strict, ..self }
    }

    /// Most TLVs that a PDU may have.
    pub const fn max_tlvs(self, max_tlvs: usize) -> Self {
        Self { max_tlvs, ..self }
    }

    /// Decodes one whole frame, header included.
    pub fn decode<'a>(&self, frame: &'a [u8]) -> Result<Decoded<'a>, DecodeError> {
        let Some(header) = Header::parse(frame) else {
            let fault = Fault { field: "command_length", kind: DecodeErrorKind::WrongFrameLength, status: CommandStatus::ESME_RINVCMDLEN };
            return Err(error(CommandId(0), 0, fault));
        };
        self.body(header, frame).map_err(|fault| error(header.command_id, header.sequence_number, fault))
    }

    fn body<'a>(&self, header: Header, frame: &'a [u8]) -> Result<Decoded<'a>, Fault> {
        if header.command_length as usize != frame.len() {
            let kind = DecodeErrorKind::WrongFrameLength;
            return Err(Fault { field: "command_length", kind, status: CommandStatus::ESME_RINVCMDLEN });
        }
        let body = &frame[HEADER_LEN..];
        let response = header.command_id.is_response();
        if response
            && body.is_empty()
            && !header.command_status.is_ok()
            && let Some(pdu) = Pdu::empty(header.command_id)
        {
            // The body of a negative response is left out by the specification (3.4 section 4.4.2).
            return Ok(Decoded { header, pdu, quirks: Quirks::NONE, ignored: &[] });
        }
        let mut reader = Reader { rest: body, lenient_response: response && !self.strict, quirks: Quirks::NONE };
        let Some(pdu) = Pdu::read_fields(header.command_id, &mut reader) else {
            let kind = DecodeErrorKind::UnknownCommand;
            return Err(Fault { field: "command_id", kind, status: CommandStatus::ESME_RINVCMDID });
        };
        let mut pdu = pdu?;
        let mut quirks = reader.quirks;
        if quirks.contains(Quirks::MISSING_FIELDS) && body.is_empty() {
            quirks = Quirks::MISSING_BODY;
        }
        let mut ignored: &[u8] = &[];
        if !reader.rest.is_empty() {
            let parsed = Tlvs::examine(reader.rest);
            if parsed.count > self.max_tlvs {
                let kind = DecodeErrorKind::TooMany { max: self.max_tlvs };
                return Err(Fault { field: "tlvs", kind, status: CommandStatus::ESME_RINVTLVSTREAM });
            }
            if self.strict {
                refuse(&parsed)?;
            }
            quirks.insert(parsed.quirks);
            ignored = parsed.ignored;
            pdu.set_tlvs(parsed.tlvs);
        }
        if let Some(message) = pdu.message() {
            quirks.insert(message.quirks());
        }
        Ok(Decoded { header, pdu, quirks, ignored })
    }
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

fn refuse(parsed: &crate::tlv::Parsed<'_>) -> Result<(), Fault> {
    if let Some(tag) = parsed.bad_length {
        let kind = DecodeErrorKind::Strict(Quirks::TLV_BAD_LENGTH);
        return Err(Fault { field: tag.name().unwrap_or("tlvs"), kind, status: CommandStatus::ESME_RINVPARLEN });
    }
    if !parsed.ignored.is_empty() {
        return Err(Fault { field: "tlvs", kind: DecodeErrorKind::Strict(parsed.quirks), status: CommandStatus::ESME_RINVTLVSTREAM });
    }
    Ok(())
}

fn error(command_id: CommandId, sequence_number: u32, fault: Fault) -> DecodeError {
    DecodeError { command_id, sequence_number, field: fault.field, kind: fault.kind, status: fault.status }
}
