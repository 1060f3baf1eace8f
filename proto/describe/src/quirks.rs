//! What a decoder let pass, as a set of bits.
//!
//! Real peers send PDUs that the specification forbids and that nevertheless mean something. A decoder takes them and says so, so that
//! an operator can count them by peer.

use crate::Value;

/// The members that a description ends in: the names of what was tolerated, and the octets that were ignored. Neither where it is empty.
pub fn oddities<'a>(quirks: impl Iterator<Item = &'a str>, ignored: &[u8]) -> impl Iterator<Item = (&'static str, Value)> {
    let quirks: Vec<Value> = quirks.map(Value::text).collect();
    let quirks = (!quirks.is_empty()).then_some(("quirks", Value::List(quirks)));
    let ignored = (!ignored.is_empty()).then(|| ("ignored", Value::octets(ignored)));
    quirks.into_iter().chain(ignored)
}

/// Makes `Quirks`, the set of a codec's oddities: for each the constant, the position of its bit (0 to 15, stable), its name (lower
/// case, for metrics labels) and its documentation.
///
/// A macro, because the constants belong to the type, and each codec has its own.
///
/// ```
/// waxwing_describe::quirks! {
///     MISSING_TAIL = 0, "missing_tail", "The PDU ends before its last field; it is empty.";
///     LONG_TAIL = 1, "long_tail", "Octets after the last field; ignored.";
/// }
///
/// let mut quirks = Quirks::NONE;
/// quirks.insert(Quirks::LONG_TAIL);
/// assert!(quirks.contains(Quirks::LONG_TAIL) && !quirks.contains(Quirks::MISSING_TAIL));
/// assert_eq!(quirks.to_string(), "long_tail");
/// ```
#[macro_export]
macro_rules! quirks {
    ($( $konst:ident = $bit:literal, $name:literal, $doc:literal; )*) => {
        /// Set of oddities that the decoder tolerated in one PDU.
        #[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
        pub struct Quirks(u16);

        impl Quirks {
            /// Nothing odd.
            pub const NONE: Self = Self(0);

            $( #[doc = $doc] pub const $konst: Self = Self(1 << $bit); )*

            /// Each single quirk with its name (lower case, for metrics labels).
            pub const NAMES: &'static [(Self, &'static str)] = &[$((Self::$konst, $name)),*];

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

        impl ::std::fmt::Display for Quirks {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                for (index, name) in self.names().enumerate() {
                    let separator = if index == 0 { "" } else { ", " };
                    ::std::write!(f, "{separator}{name}")?;
                }
                Ok(())
            }
        }

        impl ::std::fmt::Debug for Quirks {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::write!(f, "Quirks({self})")
            }
        }
    };
}

#[cfg(test)]
mod tests {
    // The set is public for codecs, and here in a private module.
    #![allow(unreachable_pub)]

    use super::*;

    quirks! {
        FIRST = 0, "first", "The first.";
        SECOND = 1, "second", "The second.";
        LAST = 15, "last", "The last that there can be.";
    }

    #[test]
    fn a_set_names_its_members() {
        let mut quirks = Quirks::NONE;
        assert!(quirks.is_empty());
        quirks.insert(Quirks::LAST);
        quirks.insert(Quirks::FIRST);
        assert!(quirks.contains(Quirks::LAST) && !quirks.contains(Quirks::SECOND) && !quirks.is_empty());
        assert!(quirks.intersects(Quirks::SECOND.union(Quirks::LAST)) && !quirks.intersects(Quirks::SECOND));
        assert_eq!((quirks.to_string(), quirks.bits()), ("first, last".to_owned(), 0x8001));
        assert_eq!(format!("{quirks:?}"), "Quirks(first, last)");
    }

    #[test]
    fn oddities_are_told_where_there_are_any() {
        let members = |quirks: Quirks, ignored: &[u8]| Value::Object(oddities(quirks.names(), ignored).collect()).to_json();
        assert_eq!(members(Quirks::NONE, b""), "{}");
        assert_eq!(members(Quirks::SECOND, b""), r#"{"quirks":["second"]}"#);
        assert_eq!(members(Quirks::NONE, b"\0"), r#"{"ignored":{"hex":"00"}}"#);
    }
}
