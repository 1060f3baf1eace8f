//! CMPP 2.0 and 3.0: every message of SP, ISMG and GNS, status reports, authenticators, and a description of any PDU for people.
//!
//! A pure codec: no sockets, no clock, no runtime. Three steps, kept apart because they fail differently:
//!
//! 1. [`frame::next`] finds where a PDU ends. Its error is fatal: close.
//! 2. [`decode`] reads the fields, borrowing from the frame and allocating nothing. Its error costs that PDU only and says how to
//!    answer it; what real peers do wrong and can be understood is let pass and told in [`Quirks`].
//! 3. [`encode`] appends a PDU to a buffer. It is strict: what the standard forbids does not leave.
//!
//! Versions differ in the widths of fields. One table has both, and the [`Version`] of the session says which applies.
//!
//! ```
//! use waxwing_cmpp::{decode, encode, frame, MsgId, Pdu, Submit, SubmitResp, Terminals, Version};
//!
//! let version = Version::of_byte(0x30);
//! let mut wire = bytes::BytesMut::new();
//! let submit = Submit {
//!     msg_src: b"901234",
//!     src_id: b"10690001",
//!     dest_terminal_id: Terminals::one(b"13800138000"),
//!     msg_content: b"Hello",
//!     ..Default::default()
//! };
//! encode(&submit, version, 7, &mut wire)?;
//!
//! while let Some(length) = frame::next(&wire, frame::DEFAULT_MAX_LEN)? {
//!     let frame = wire.split_to(length).freeze();
//!     let mut answer = bytes::BytesMut::new();
//!     match decode(&frame, version) {
//!         Ok(decoded) => {
//!             if let Pdu::Submit(submit) = decoded.pdu {
//!                 assert!(submit.dest_terminal_id.iter().eq([b"13800138000"]));
//!                 let response = SubmitResp { msg_id: MsgId::new(12, 31, 23, 59, 58, 1001, 0), result: 0 };
//!                 encode(&response, version, decoded.header.sequence_id, &mut answer)?;
//!             }
//!         }
//!         Err(error) => {
//!             error.encode_answer(version, &mut answer);
//!         }
//!     }
//!     assert_eq!(answer.len(), 24);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(test)]
mod arbitrary;
pub mod auth;
mod command;
mod content;
mod decode;
pub mod describe;
mod encode;
mod error;
mod field;
pub mod frame;
mod msg_id;
mod pdu;
#[cfg(test)]
mod properties;
mod quirks;
mod record;
mod report;
mod terminals;
mod version;
mod visit;
mod words;

pub use command::CommandId;
pub use decode::{Decoded, decode, guess_version};
pub use encode::{Encoder, encode};
pub use error::{DecodeError, DecodeErrorKind, EncodeError};
pub use msg_id::{MsgId, MsgIdError, MsgIdParts};
pub use pdu::*;
pub use quirks::Quirks;
pub use report::{MoReport, Report, ReportError};
pub use terminals::Terminals;
pub use version::Version;
pub use visit::{FieldValue, Visitor};
pub use words::{result, status};

/// The example of the README, kept true.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
