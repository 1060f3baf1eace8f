//! What can be wrong with a PDU that came, and with one that is to go.

use std::fmt;

use crate::header::Field;
use crate::kind::{PduType, Version};

/// A PDU that can't be read: what was known of it when reading ended, so that it can be answered, and why.
///
/// What is answered is up to the kind: an m-send-req with [`ResponseStatus::FormatCorrupt`](crate::ResponseStatus::FormatCorrupt), a kind
/// that is not known with [`ResponseStatus::UnsupportedMessage`](crate::ResponseStatus::UnsupportedMessage).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DecodeError {
    /// The kind, if it was read.
    pub kind: Option<PduType>,
    /// The transaction id, if it was read.
    pub transaction_id: Option<String>,
    /// The version, if it was read.
    pub version: Option<Version>,
    /// The name of the header field, or of the piece of the body, that can't be read.
    pub place: &'static str,
    /// Where, counted in octets from the first one of the PDU; in content that is decoded by itself, from its first.
    pub offset: usize,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong with a PDU that came.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Problem {
    /// No octet at all.
    #[error("there are no octets")]
    Empty,
    /// More header fields than are taken.
    #[error("there are more than {0} header fields")]
    Headers(usize),
    /// No `X-Mms-Message-Type`: it is no MMS PDU.
    #[error("there is no X-Mms-Message-Type; this is no MMS PDU")]
    NoMessageType,
    /// More parts than the limits allow.
    #[error("there are more than {0} parts")]
    Parts(usize),
    /// A message type that no version up to 1.3 has.
    #[error("the message type {0:#04x} is not known; known are 0x80 to 0x97")]
    MessageType(u8),
    /// A value that cannot be read.
    #[error("{0}")]
    Value(Box<waxwing_wap::Problem>),
}

impl DecodeError {
    /// An error at a place, of a PDU of which nothing is known.
    pub(crate) fn new(place: &'static str, offset: usize, problem: Problem) -> Self {
        Self { kind: None, transaction_id: None, version: None, place, offset, problem }
    }

    /// The error of a value at a place.
    pub(crate) fn value(place: &'static str, error: waxwing_wap::DecodeError) -> Self {
        Self::new(place, error.offset, Problem::Value(Box::new(error.problem)))
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(kind) = self.kind {
            write!(f, "{kind}: ")?;
        }
        write!(f, "{} at octet {}: {}", self.place, self.offset, self.problem)
    }
}

impl std::error::Error for DecodeError {}

/// A PDU that the standard forbids, or that has no coding.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum EncodeError {
    /// A header field that the kind has to have.
    #[error("{kind} has to have {field}; add it")]
    Missing {
        /// The kind.
        kind: PduType,
        /// The field.
        field: Field,
    },
    /// More parts than a reader has to take.
    #[error("there are {parts} parts and {limit} are allowed; leave some out")]
    Parts {
        /// How many there are.
        parts: usize,
        /// How many are allowed.
        limit: usize,
    },
    /// A header field that may stand once stands more than once.
    #[error("{kind} has {field} more than once; leave all but one out")]
    Repeated {
        /// The kind.
        kind: PduType,
        /// The field.
        field: Field,
    },
    /// Text with characters that its charset lacks, or in a charset that is not known here.
    #[error("{field} can't be written in {charset}; use UTF-8")]
    Charset {
        /// The field.
        field: Field,
        /// The charset.
        charset: waxwing_wap::Charset,
    },
    /// A value has no coding.
    #[error("{place}: {error}")]
    Value {
        /// The header field, or the piece of the body.
        place: &'static str,
        /// What is wrong with it.
        error: waxwing_wap::EncodeError,
    },
}
