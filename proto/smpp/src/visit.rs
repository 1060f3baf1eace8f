//! Walking over the fields of any PDU by name, without knowing which PDU it is.

use std::fmt;

/// Receives the fields of a PDU in wire order.
pub trait Visitor {
    /// One field: its name in the specification and its value.
    fn field(&mut self, name: &'static str, value: FieldValue<'_>);

    /// The fields that follow belong to the next item of this list.
    fn begin_item(&mut self, list: &'static str) {
        let _ = list;
    }

    /// The item of this list is complete.
    fn end_item(&mut self, list: &'static str) {
        let _ = list;
    }
}

/// The value of a field, with as much meaning as the codec knows.
#[derive(Clone, Copy)]
pub enum FieldValue<'a> {
    /// A number with a named meaning (no name where the value is reserved).
    Code {
        /// The number on the wire.
        value: u32,
        /// What it means.
        name: Option<&'a str>,
    },
    /// An octet of flags.
    Flags {
        /// The octet on the wire.
        value: u8,
        /// What the flags say.
        meaning: &'a dyn fmt::Display,
    },
    /// A plain number.
    Integer(u32),
    /// Message octets in whatever coding.
    Octets(&'a [u8]),
    /// A password; only its length is told.
    Secret(usize),
    /// Octets that are text in all likelihood.
    Text(&'a [u8]),
}

impl fmt::Debug for FieldValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code { value, name: Some(name) } => write!(f, "{value} ({name})"),
            Self::Code { value, name: None } => write!(f, "{value}"),
            Self::Flags { value, meaning } => write!(f, "{value:#04x} ({meaning})"),
            Self::Integer(value) => write!(f, "{value}"),
            Self::Octets(octets) | Self::Text(octets) => write!(f, "\"{}\"", octets.escape_ascii()),
            Self::Secret(length) => write!(f, "<{length} octets>"),
        }
    }
}

/// Feeds the fields of a PDU to a `Debug` builder, so that passwords never reach a log.
pub(crate) struct DebugVisitor<'b, 'f, 'g>(pub(crate) &'b mut fmt::DebugStruct<'f, 'g>);

impl Visitor for DebugVisitor<'_, '_, '_> {
    fn field(&mut self, name: &'static str, value: FieldValue<'_>) {
        self.0.field(name, &value);
    }
}
