//! Why a message can't be split.

use crate::text::Unencodable;

/// Why a message can't be coded or split.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SegmentError {
    /// The header says that the message is a part of another one, and it would have to be split further.
    #[error("the message is a part already and would take {count} segments; join the parts first or send shorter ones")]
    AlreadyPart {
        /// How many segments it would take.
        count: usize,
    },
    /// The policy allows no charset.
    #[error("the policy allows no charset; name at least one")]
    NoCharset,
    /// The header leaves no room for a character.
    #[error("a user data header of {header} octets leaves no room for text in {capacity} octets; shorten the header or raise the capacity")]
    NoRoom {
        /// How many octets the header takes.
        header: usize,
        /// How many octets a segment may have.
        capacity: usize,
    },
    /// The message takes more segments than the policy allows.
    #[error("the message takes {count} segments and {limit} are allowed; shorten it or raise the limit")]
    TooManySegments {
        /// How many segments it would take.
        count: usize,
        /// How many are allowed.
        limit: u8,
    },
    /// No charset of the policy has a character of the text.
    #[error(transparent)]
    Unencodable(#[from] Unencodable),
}
