//! Which PDU it is. The ids themselves stand in the table of [`crate::pdu`].

use std::fmt;

/// Which PDU it is: Command_Id of the header. Unknown ids are kept.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommandId(pub u32);

impl CommandId {
    const RESPONSE: u32 = 0x8000_0000;

    /// Whether this is a response.
    pub const fn is_response(self) -> bool {
        self.0 & Self::RESPONSE != 0
    }

    /// The response to this request; `None` for responses and unknown commands.
    pub const fn response(self) -> Option<Self> {
        if self.is_response() || self.name().is_none() { None } else { Some(Self(self.0 | Self::RESPONSE)) }
    }

    /// The request that this responds to; `None` for requests and unknown commands.
    pub const fn request(self) -> Option<Self> {
        if self.is_response() && self.name().is_some() { Some(Self(self.0 & !Self::RESPONSE)) } else { None }
    }
}

impl fmt::Display for CommandId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "{:#010x}", self.0),
        }
    }
}

impl fmt::Debug for CommandId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{name}({:#x})", self.0),
            None => write!(f, "CommandId({:#x})", self.0),
        }
    }
}
