//! SMPP 3.3, 3.4 and 5.0: every PDU and TLV, delivery receipts, and a description of any PDU for people.
//!
//! A pure codec: no sockets, no clock, no runtime. Three steps, kept apart because they fail differently:
//!
//! 1. [`frame::next`] finds where a PDU ends. Its error is fatal: nack and close.
//! 2. [`decode`] reads the fields, borrowing from the frame and allocating nothing. Its error costs that PDU only and says how to
//!    answer it; what real peers do wrong and can be understood is let pass and told in [`Quirks`].
//! 3. [`encode`] appends a PDU to a buffer. It is strict: what the specification forbids does not leave.
//!
//! ```
//! use waxwing_smpp::{decode, encode, frame, CommandStatus, EnquireLink, EnquireLinkResp, Pdu};
//!
//! let mut wire = bytes::BytesMut::new();
//! encode(&EnquireLink::default(), CommandStatus::ESME_ROK, 7, &mut wire)?;
//!
//! while let Some(length) = frame::next(&wire, frame::DEFAULT_MAX_LEN)? {
//!     let frame = wire.split_to(length).freeze();
//!     let mut answer = bytes::BytesMut::new();
//!     match decode(&frame) {
//!         Ok(decoded) => {
//!             if let Pdu::EnquireLink(_) = decoded.pdu {
//!                 let sequence_number = decoded.header.sequence_number;
//!                 encode(&EnquireLinkResp::default(), CommandStatus::ESME_ROK, sequence_number, &mut answer)?;
//!             }
//!         }
//!         Err(error) => {
//!             error.encode_answer(&mut answer);
//!         }
//!     }
//!     assert_eq!(answer.len(), 16);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(test)]
mod arbitrary;
mod codes;
mod decode;
pub mod describe;
mod encode;
mod error;
mod field;
pub mod frame;
mod list;
mod message;
mod pdu;
#[cfg(test)]
mod properties;
mod quirks;
pub mod receipt;
mod status;
pub mod time;
mod tlv;
mod types;
mod visit;

pub use decode::{Decoded, Decoder, decode};
pub use encode::{Encoder, encode, refuse};
pub use error::{DecodeError, DecodeErrorKind, EncodeError};
pub use list::{
    Destination, Destinations, DestinationsBuf, MessageId, MessageIds, MessageIdsBuf, UnsuccessSme, UnsuccessSmes, UnsuccessSmesBuf,
};
pub use message::{Message, Segment};
pub use pdu::*;
pub use quirks::Quirks;
pub use status::CommandStatus;
pub use tlv::{Tag, Tlv, TlvBuf, TlvIter, TlvKind, TlvSpec, Tlvs};
pub use types::{
    Address, DataCoding, EsmClass, InterfaceVersion, MessageMode, MessageState, MessageType, Npi, PriorityFlag, ReceiptRequest,
    RegisteredDelivery, ReplaceIfPresent, Ton,
};
pub use visit::{FieldValue, Visitor};

/// The example of the README, kept true.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
