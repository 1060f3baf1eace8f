//! Business cards and calendar entries (Smart Messaging Specification 3.0.0, 3.2 and 3.3): text for a port. What the text says is its
//! writer's and its reader's business.

use crate::{EncodeError, Splitting, UserData};

/// The port of business cards.
pub const VCARD_PORT: u16 = 0x23f4;

/// The port of calendar entries.
pub const VCALENDAR_PORT: u16 = 0x23f5;

/// A business card or a calendar entry.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VObject {
    /// Which of them.
    pub kind: VObjectKind,
    /// The vCard or vCalendar, with its own line ends.
    pub text: String,
}

/// What a text is.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum VObjectKind {
    /// A business card.
    Card,
    /// A calendar entry.
    Calendar,
}

impl VObjectKind {
    /// The port that it goes to.
    pub const fn port(self) -> u16 {
        match self {
            Self::Card => VCARD_PORT,
            Self::Calendar => VCALENDAR_PORT,
        }
    }
}

impl VObject {
    /// The object as short messages, in UTF-8: plain ASCII for the phones that know no other.
    ///
    /// # Errors
    /// It takes more segments than allowed.
    pub fn encode(&self, splitting: Splitting) -> Result<Vec<UserData>, EncodeError> {
        splitting.to_port(self.kind.port(), self.text.as_bytes())
    }
}
