//! The TLVs of receipts.

use crate::tlv::TlvBuf;
use crate::{EncodeError, MessageState, Tag};

/// network_error_code (SMPP 3.4 section 5.3.2.31): the error as the mobile network reported it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NetworkErrorCode {
    /// 1 ANSI-136, 2 IS-95, 3 GSM; 5.0 adds 4 ANSI-136 reject, 5 IS-95 reject, 6 the GSM relay protocol, 7 GSM transfer, 8 message centre.
    pub network_type: u8,
    /// The error code in that network's numbering.
    pub code: u16,
}

impl NetworkErrorCode {
    /// Reads the three octets of the TLV; `None` for any other number of octets.
    pub fn parse(octets: &[u8]) -> Option<Self> {
        let &[network_type, high, low] = octets else { return None };
        Some(Self { network_type, code: u16::from_be_bytes([high, low]) })
    }

    /// The three octets of the TLV.
    pub const fn to_octets(self) -> [u8; 3] {
        let [high, low] = self.code.to_be_bytes();
        [self.network_type, high, low]
    }
}

/// Appends the TLVs of a receipt: receipted_message_id, message_state and, where there is one, network_error_code.
pub fn put_tlvs(
    tlvs: &mut TlvBuf,
    message_id: &[u8],
    state: MessageState,
    network_error: Option<NetworkErrorCode>,
) -> Result<(), EncodeError> {
    tlvs.put_cstring(Tag::RECEIPTED_MESSAGE_ID, message_id)?;
    tlvs.put_u8(Tag::MESSAGE_STATE, state.0)?;
    if let Some(error) = network_error {
        tlvs.put(Tag::NETWORK_ERROR_CODE, &error.to_octets())?;
    }
    Ok(())
}

impl std::fmt::Display for NetworkErrorCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let network = match self.network_type {
            1 => "ANSI-136",
            2 => "IS-95",
            3 => "GSM",
            4 => "ANSI-136 reject",
            5 => "IS-95 reject",
            6 => "GSM relay",
            7 => "GSM transfer",
            8 => "message centre",
            other => return write!(f, "network {other} error {}", self.code),
        };
        write!(f, "{network} error {}", self.code)
    }
}
