//! What a decoder let pass.
//!
//! Real peers send PDUs that the standard forbids and that nevertheless mean something.
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
    OTHER_LAYOUT = 0, "other_layout", "A PDU of fixed length in the layout of the other version, by its length; read in that layout.";
    MISSING_TAIL = 1, "missing_tail", "The PDU ends before its last field (Reserve, LinkID, the octet of ACTIVE_TEST_RESP); it is empty.";
    SHORT_TAIL = 2, "short_tail", "The PDU ends inside its last field (Reserve, LinkID); it is empty, the octets are in `ignored`.";
    LONG_TAIL = 3, "long_tail", "Octets after the last field; they are in `ignored`.";
    NOT_NUL_FILLED = 4, "not_nul_filled", "A string is filled up with spaces, or has octets behind its first NUL; read without either.";
    ZERO_NUMBER = 5, "zero_number", "A number that consists of zeros, as some fill an empty one; read as empty.";
    MANY_RECIPIENTS = 6, "many_recipients", "More recipients than the standard allows: above 99, in a FWD of 3.0 above 1.";
    LONG_CONTENT = 7, "long_content", "More octets of Msg_Content than the standard allows: above 160 with Msg_Fmt 0, else above 140.";
    ODD_VALUE = 8, "odd_value", "A field has a value that the standard does not know, e.g. TP_udhi 0x40; kept.";
    ODD_REPORT = 9, "odd_report", "A status report of another length than the version's (60 in 2.0, 71 in 3.0), or none though announced.";
}

impl Quirks {
    /// Nothing odd.
    pub const NONE: Self = Self(0);

    /// Whether nothing was odd.
    #[inline]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether every quirk of `other` is in this set.
    #[inline]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any quirk of `other` is in this set.
    #[inline]
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The quirks of both sets.
    #[inline]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Adds the quirks of `other`.
    #[inline]
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
        quirks.insert(Quirks::LONG_TAIL);
        quirks.insert(Quirks::OTHER_LAYOUT);
        assert!(quirks.contains(Quirks::LONG_TAIL) && !quirks.contains(Quirks::SHORT_TAIL));
        assert!(quirks.intersects(Quirks::SHORT_TAIL.union(Quirks::LONG_TAIL)));
        assert_eq!(quirks.to_string(), "other_layout, long_tail");
    }
}
