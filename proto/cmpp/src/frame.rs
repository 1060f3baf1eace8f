//! Framing: where one PDU ends and the next begins.
//!
//! Kept apart from decoding, because a framing error ends the session while a decoding error costs one PDU only.

use crate::CommandId;

/// Octets of the header of every PDU.
pub const HEADER_LEN: usize = 12;

/// A bound on Total_Length: above the largest legal PDU, a SUBMIT of 3.0 to 99 recipients, which has 3491 octets. A peer that sends to
/// more than 99 needs a larger one: 255 recipients and 255 octets of content make 8578.
pub const DEFAULT_MAX_LEN: usize = 4096;

/// The header of every PDU (CMPP 3.0 section 8.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Octets of the whole PDU, this field included.
    pub total_length: u32,
    /// Which PDU it is.
    pub command_id: CommandId,
    /// Ties a response to its request; each direction of a connection counts for itself.
    pub sequence_id: u32,
}

impl Header {
    /// Reads the header at the start of `octets`; `None` with fewer than 12 octets. Nothing is validated.
    #[inline]
    pub fn parse(octets: &[u8]) -> Option<Self> {
        let header: &[u8; HEADER_LEN] = octets.first_chunk()?;
        let word = |at: usize| u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        Some(Self { total_length: word(0), command_id: CommandId(word(4)), sequence_id: word(8) })
    }
}

/// The stream cannot be cut into PDUs any more. Fatal: close; CMPP has no answer to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Total_Length {total_length} is outside {HEADER_LEN} to {max_len}: the session has to be closed")]
pub struct FrameError {
    /// The length that the peer announced.
    pub total_length: u32,
    /// The bound in force.
    pub max_len: usize,
}

/// Length of the PDU at the start of `buffer`, header included; `None` until all of it has arrived.
///
/// `max_len` bounds Total_Length in octets; see [`DEFAULT_MAX_LEN`]. A length below 12 or above the bound is an error as soon as its
/// four octets are there, so a peer cannot make us buffer more than the bound, and an HTTP client ("GET ") is found out at once.
#[inline]
pub fn next(buffer: &[u8], max_len: usize) -> Result<Option<usize>, FrameError> {
    let Some(word) = buffer.first_chunk::<4>() else { return Ok(None) };
    let total_length = u32::from_be_bytes(*word);
    let length = total_length as usize;
    if length < HEADER_LEN || length > max_len {
        return Err(FrameError { total_length, max_len });
    }
    Ok((buffer.len() >= length).then_some(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACTIVE_TEST: [u8; 12] = [0, 0, 0, 12, 0, 0, 0, 8, 0, 0, 0, 7];

    #[test]
    fn waits_for_the_whole_pdu() {
        for end in 0..12 {
            assert_eq!(next(&ACTIVE_TEST[..end], DEFAULT_MAX_LEN), Ok(None), "{end} octets");
        }
        let two = [ACTIVE_TEST, ACTIVE_TEST].concat();
        assert_eq!(next(&two, DEFAULT_MAX_LEN), Ok(Some(12)));
    }

    #[test]
    fn refuses_lengths_outside_the_bounds_at_once() {
        assert_eq!(next(&[0, 0, 0, 11], 4096), Err(FrameError { total_length: 11, max_len: 4096 }));
        assert_eq!(next(&[0, 0, 0x10, 1], 4096), Err(FrameError { total_length: 4097, max_len: 4096 }));
        assert_eq!(next(&[0, 0, 0x10, 0], 4096), Ok(None));
    }

    #[test]
    fn trap_8_a_scanner_is_found_out_by_its_first_word() {
        assert_eq!(next(b"GET ", 4096).map_err(|error| error.total_length), Err(0x4745_5420));
    }
}
