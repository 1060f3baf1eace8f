//! Walking over the fields of any PDU by name, without knowing which PDU it is.

use std::fmt;

use crate::{MsgId, Terminals};

/// Receives the fields of a PDU in wire order.
pub trait Visitor {
    /// One field: its name in the standard and its value.
    fn field(&mut self, name: &'static str, value: FieldValue<'_>);
}

/// The value of a field, with as much meaning as the codec knows.
#[derive(Clone, Copy)]
pub enum FieldValue<'a> {
    /// A digest of login. `Debug` leaves it out: with the rest of a CONNECT it lets a secret be guessed at leisure.
    Digest(&'a [u8]),
    /// A number, with its meaning where the standard names one.
    Integer {
        /// The number on the wire.
        value: i64,
        /// What it means.
        name: Option<&'static str>,
    },
    /// Id of a message.
    MsgId(MsgId),
    /// Octets in whatever coding.
    Octets(&'a [u8]),
    /// Octets that are text in all likelihood.
    Text(&'a [u8]),
    /// Numbers of recipients.
    Terminals(Terminals<'a>),
}

impl fmt::Debug for FieldValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Digest(octets) => write!(f, "<{} octets>", octets.len()),
            Self::Integer { value, name: Some(name) } => write!(f, "{value} ({name})"),
            Self::Integer { value, name: None } => write!(f, "{value}"),
            Self::MsgId(id) => write!(f, "{id}"),
            Self::Octets(octets) | Self::Text(octets) => write!(f, "\"{}\"", octets.escape_ascii()),
            Self::Terminals(terminals) => terminals.fmt(f),
        }
    }
}
