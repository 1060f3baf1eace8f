//! Framing: where one PDU ends and the next begins.
//!
//! Kept apart from decoding, because a framing error ends the session while a decoding error costs one PDU only.

use bytes::BytesMut;

use crate::error::put_bare_header;
use crate::{CommandId, CommandStatus};

/// Octets of the header of every PDU.
pub const HEADER_LEN: usize = 16;

/// A bound on command_length that no honest PDU reaches: the largest body holds one message_payload of 64 KiB.
pub const DEFAULT_MAX_LEN: usize = 70_000;

/// The header of every PDU (SMPP 3.4 section 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Octets of the whole PDU, this field included.
    pub command_length: u32,
    /// Which PDU it is.
    pub command_id: CommandId,
    /// Result, in responses; zero in requests.
    pub command_status: CommandStatus,
    /// Ties a response to its request.
    pub sequence_number: u32,
}

impl Header {
    /// Reads the header at the start of `octets`; `None` with fewer than 16 octets. Nothing is validated.
    #[inline]
    pub fn parse(octets: &[u8]) -> Option<Self> {
        let header: &[u8; HEADER_LEN] = octets.first_chunk()?;
        let word = |at: usize| u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        Some(Self {
            command_length: word(0),
            command_id: CommandId(word(4)),
            command_status: CommandStatus(word(8)),
            sequence_number: word(12),
        })
    }
}

/// The stream cannot be cut into PDUs any more. Fatal: send [`FrameError::encode_nack`], then close.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("command_length {command_length} is outside {HEADER_LEN} to {max_len}: the session has to be closed")]
pub struct FrameError {
    /// The length that the peer announced.
    pub command_length: u32,
    /// The bound in force.
    pub max_len: usize,
    /// The header, where all of it had arrived.
    pub header: Option<Header>,
}

impl FrameError {
    /// Sequence number of the PDU, where its header had arrived.
    pub fn sequence_number(&self) -> Option<u32> {
        self.header.map(|header| header.sequence_number)
    }

    /// Appends the generic_nack (ESME_RINVCMDLEN) to send before closing. Its sequence number is 0 where the peer's is unknown.
    pub fn encode_nack(&self, dst: &mut BytesMut) {
        let sequence_number = self.sequence_number().unwrap_or(0);
        put_bare_header(dst, CommandId::GENERIC_NACK, CommandStatus::ESME_RINVCMDLEN, sequence_number);
    }
}

/// Length of the PDU at the start of `buffer`, header included; `None` until all of it has arrived.
///
/// `max_len` bounds command_length in octets; see [`DEFAULT_MAX_LEN`]. A length below 16 or above the bound is an error as soon as
/// it is seen, so a peer cannot make us buffer more than the bound.
#[inline]
pub fn next(buffer: &[u8], max_len: usize) -> Result<Option<usize>, FrameError> {
    let Some(word) = buffer.first_chunk::<4>() else { return Ok(None) };
    let command_length = u32::from_be_bytes(*word);
    let length = command_length as usize;
    if length < HEADER_LEN || length > max_len {
        return Err(FrameError { command_length, max_len, header: Header::parse(buffer) });
    }
    Ok((buffer.len() >= length).then_some(length))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const ENQUIRE_LINK: [u8; 16] = [0, 0, 0, 16, 0, 0, 0, 0x15, 0, 0, 0, 0, 0, 0, 0, 7];

    #[test]
    fn waits_for_the_whole_pdu() {
        for end in 0..16 {
            assert_eq!(next(&ENQUIRE_LINK[..end], DEFAULT_MAX_LEN), Ok(None), "{end} octets");
        }
        let two = [ENQUIRE_LINK, ENQUIRE_LINK].concat();
        assert_eq!(next(&two, DEFAULT_MAX_LEN), Ok(Some(16)));
    }

    #[test]
    fn refuses_lengths_outside_the_bounds_at_once() {
        let mut short = ENQUIRE_LINK;
        short[3] = 15;
        let error = next(&short, DEFAULT_MAX_LEN).unwrap_err();
        assert_eq!(error.sequence_number(), Some(7));
        let mut nack = BytesMut::new();
        error.encode_nack(&mut nack);
        assert_eq!(&nack[..], b"\0\0\0\x10\x80\0\0\0\0\0\0\x02\0\0\0\x07");

        let error = next(&[0x7F, 0xFF, 0xFF, 0xFF], 1000).unwrap_err();
        assert_eq!((error.command_length, error.sequence_number()), (0x7FFF_FFFF, None));
    }
}
