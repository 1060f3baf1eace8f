//! Delivery receipts, in all the shapes that message centres give them.
//!
//! The specification (3.4 appendix B) calls the text form "vendor specific"; TLVs came later and many centres send both. What
//! matters to a gateway is one answer: which message, which state. [`Receipt::from_message`] gives it.

mod id;
mod state;
mod text;
mod tlv;

pub use id::{candidates, decimal_to_hex, hex_to_decimal, normalise};
pub use state::{parse_state, state_word};
pub use text::{ReceiptDate, TextReceipt};
pub use tlv::{NetworkErrorCode, put_tlvs};

use crate::message::Message;
use crate::{MessageState, MessageType, Tag};

/// What a receipt reports on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceiptKind {
    /// The outcome of the delivery.
    Final,
    /// A state on the way.
    Intermediate,
}

/// A delivery receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt<'a> {
    /// Final or intermediate: by the state where that is known not to be final, else by esm_class.
    pub kind: ReceiptKind,
    /// Id of the message: receipted_message_id where there is one, else the text's.
    pub message_id: Option<&'a [u8]>,
    /// State of the message: the message_state TLV where it is one of the specification, else the text's.
    pub state: Option<MessageState>,
    /// network_error_code.
    pub network_error: Option<NetworkErrorCode>,
    /// What the text says, even where a TLV says otherwise; a peer may put the id in hexadecimal here and in decimal there.
    pub text: TextReceipt<'a>,
}

impl<'a> Receipt<'a> {
    /// The receipt in a message; `None` for an ordinary message.
    ///
    /// A message is a receipt by its esm_class (receipt or intermediate notification) or by having both receipted_message_id and
    /// message_state. With `guess`, so is one whose text has an id and a state in the customary form: some message centres
    /// leave esm_class at 0. With `guess`, a subscriber could forge a receipt, so let only trusted peers have it.
    pub fn from_message(message: &Message<'a>, guess: bool) -> Option<Self> {
        let kind = match message.esm_class.message_type() {
            MessageType::DELIVERY_RECEIPT => Some(ReceiptKind::Final),
            MessageType::INTERMEDIATE_NOTIFICATION => Some(ReceiptKind::Intermediate),
            _ => None,
        };
        let tlv_id = message.tlvs.get_cstring(Tag::RECEIPTED_MESSAGE_ID).filter(|id| !id.is_empty());
        let tlv_state = message.tlvs.get_u8(Tag::MESSAGE_STATE).map(MessageState);
        let by_tlvs = tlv_id.is_some() && tlv_state.is_some();
        if kind.is_none() && !by_tlvs && !guess {
            return None;
        }
        let (_, octets) = message.split_udh();
        let text = TextReceipt::parse(octets);
        if kind.is_none() && !by_tlvs && !text.is_plausible() {
            return None;
        }
        let state = match (tlv_state, text.state()) {
            (Some(state), None) => Some(state),
            (Some(state), _) if state.name().is_some() && state != MessageState::UNKNOWN => Some(state),
            (_, state) => state,
        };
        Some(Self {
            // Many message centres report states on the way as ordinary receipts.
            kind: if state.is_some_and(|state| !state.is_final()) { ReceiptKind::Intermediate } else { kind.unwrap_or(ReceiptKind::Final) },
            message_id: tlv_id.or(text.id),
            state,
            network_error: message.tlvs.get(Tag::NETWORK_ERROR_CODE).and_then(NetworkErrorCode::parse),
            text,
        })
    }

    /// The ids under which the message may be known: that of the TLV, and that of the text where it differs.
    pub fn ids(&self) -> impl Iterator<Item = &'a [u8]> {
        let second = self.text.id.filter(|id| Some(*id) != self.message_id);
        self.message_id.into_iter().chain(second)
    }
}
