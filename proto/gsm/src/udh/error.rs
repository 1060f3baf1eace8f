//! What can be wrong with a user data header.

use super::UserDataHeader;

/// A user data header that can't be read to its end, and what could be read of it.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "user data header, octet {offset}: {problem}; either the sender's header is broken or the message has none and the header flag is wrong"
)]
pub struct UdhError {
    /// What is wrong.
    pub problem: UdhProblem,
    /// Where in the user data, counted in octets from the length octet.
    pub offset: usize,
    /// The elements before that place.
    pub header: UserDataHeader,
    /// Where the payload begins, if the length octet of the header is to be believed; the end of the user data otherwise.
    pub payload_offset: usize,
}

/// What is wrong with a user data header.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum UdhProblem {
    /// There is user data of no length, so not even the length octet.
    #[error("there is no length octet")]
    Empty,
    /// The length octet says more than there is.
    #[error("the header says {declared} octets and {available} follow")]
    HeaderBeyondEnd {
        /// What the length octet says.
        declared: u8,
        /// How many octets follow it.
        available: usize,
    },
    /// An element says more than the header has left.
    #[error("element {identifier:#04x} says {declared} octets and the header has {available} left")]
    ElementBeyondEnd {
        /// The information element identifier.
        identifier: u8,
        /// What the element's length octet says.
        declared: u8,
        /// How many octets of the header follow it.
        available: usize,
    },
    /// The header ends behind an identifier.
    #[error("the header ends behind the identifier of element {identifier:#04x}")]
    ElementWithoutLength {
        /// The information element identifier.
        identifier: u8,
    },
}

/// An element did not fit: a header has at most 255 octets of elements.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a user data header of {octets} octets is longer than the 255 that its length octet can say; send fewer or shorter elements")]
pub struct HeaderTooLong {
    /// How many octets of elements the header would have.
    pub octets: usize,
}
