//! What a decoder let pass.
//!
//! Real peers send PDUs that the specification forbids and that nevertheless mean something.
//! The decoder takes them and says so here, so that an operator can count them by peer.

use std::fmt;

/// Set of oddities that the decoder tolerated in one PDU.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Quirks(u16);

macro_rules! quirks {
    ($( $konst:ident = $bit:literal, $name:literal, $doc:literal; )*) => {
        impl Quirks {
            $( #[doc = $doc] pub const $konst: Self = Self(1 << $bit); )*

            /// Each single quirk with its name (lower case, for metrics labels).
            pub const NAMES: &'static [(Self, &'static str)] = &[$((Self::$konst, $name)),*];
        }
    };
}

quirks! {
    TRAILING_OCTETS = 0, "trailing_octets", "One to three octets at the end of the body that cannot be a TLV; ignored.";
    TLV_PAST_END = 1, "tlv_past_end", "A TLV whose length goes past the end of the PDU; it and what follows is ignored.";
    TLV_BAD_LENGTH = 2, "tlv_bad_length", "A TLV of the specification with a length outside its range; kept raw.";
    MISSING_BODY = 3, "missing_body", "A positive response without its body; the fields have their defaults.";
    MISSING_FIELDS = 4, "missing_fields", "A response whose body ends before its last field; the missing ones have their defaults.";
    MISSING_NUL = 5, "missing_nul", "The last string of a response has no closing NUL.";
    OVERLONG_FIELD = 6, "overlong_field", "A string in a response is longer than the specification allows; taken whole.";
    EIGHT_BIT_ADDRESS = 7, "eight_bit_address", "An address has octets outside ASCII; taken as octets.";
    UDHI_WITHOUT_UDH = 8, "udhi_without_udh", "esm_class announces a user data header and the message has none that fits.";
    TWO_MESSAGES = 9, "two_messages", "Both short_message and message_payload carry octets.";
}

impl Quirks {
    /// Nothing odd.
    pub const NONE: Self = Self(0);

    /// Whether nothing was odd.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether every quirk of `other` is in this set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Adds the quirks of `other`.
    pub fn insert(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// The bits, one for each quirk; their positions are stable.
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// Names of the quirks in the set.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES.iter().filter(move |(quirk, _)| self.contains(*quirk)).map(|(_, name)| *name)
    }
}

impl fmt::Display for Quirks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.names().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(f, "{separator}{name}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Quirks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Quirks({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::Quirks;

    #[test]
    fn a_set_names_its_members() {
        let mut quirks = Quirks::NONE;
        assert!(quirks.is_empty());
        quirks.insert(Quirks::MISSING_NUL);
        quirks.insert(Quirks::TRAILING_OCTETS);
        assert!(quirks.contains(Quirks::MISSING_NUL) && !quirks.contains(Quirks::MISSING_BODY));
        assert_eq!(quirks.to_string(), "trailing_octets, missing_nul");
    }
}
