//! The recipients of a SUBMIT or FWD.
//!
//! They stay as they stand on the wire and are read one by one, so a PDU with 99 of them allocates nothing.

use std::fmt;

use crate::field::text_of;

/// Numbers of recipients: of a decoded PDU, or from slices for one to be encoded.
///
/// ```
/// use waxwing_cmpp::Terminals;
///
/// let recipients: Vec<&[u8]> = vec![b"13800138000", b"13900139000"];
/// let terminals = Terminals::from(&recipients[..]);
/// assert_eq!(terminals.len(), 2);
/// assert!(terminals.iter().eq([b"13800138000", b"13900139000"]));
/// assert_eq!(Terminals::one(b"13800138000").get(0), Some(&b"13800138000"[..]));
/// ```
#[derive(Clone, Copy)]
pub struct Terminals<'a>(Repr<'a>);

#[derive(Clone, Copy)]
enum Repr<'a> {
    One(&'a [u8]),
    Slices(&'a [&'a [u8]]),
    Wire { octets: &'a [u8], width: usize },
}

impl<'a> Terminals<'a> {
    /// One recipient.
    pub const fn one(number: &'a [u8]) -> Self {
        Self(Repr::One(number))
    }

    /// As they stand on the wire, `width` octets each.
    pub(crate) const fn wire(octets: &'a [u8], width: usize) -> Self {
        Self(Repr::Wire { octets, width })
    }

    /// How many.
    #[inline]
    pub const fn len(&self) -> usize {
        match self.0 {
            Repr::One(_) => 1,
            Repr::Slices(slices) => slices.len(),
            Repr::Wire { octets, width } => octets.len() / width,
        }
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Recipient `index`, counted from 0.
    #[inline]
    pub fn get(&self, index: usize) -> Option<&'a [u8]> {
        match self.0 {
            Repr::One(number) => (index == 0).then_some(number),
            Repr::Slices(slices) => slices.get(index).copied(),
            Repr::Wire { octets, width } => {
                let number = octets.get(index.checked_mul(width)?..)?.get(..width)?;
                Some(text_of(number, true).0)
            }
        }
    }

    /// The recipients in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &'a [u8]> + use<'a> {
        let terminals = *self;
        (0..terminals.len()).map(move |index| terminals.get(index).unwrap_or_default())
    }
}

impl Default for Terminals<'_> {
    fn default() -> Self {
        Self(Repr::Slices(&[]))
    }
}

impl<'a> From<&'a [&'a [u8]]> for Terminals<'a> {
    fn from(slices: &'a [&'a [u8]]) -> Self {
        Self(Repr::Slices(slices))
    }
}

impl<'a, const N: usize> From<&'a [&'a [u8]; N]> for Terminals<'a> {
    fn from(slices: &'a [&'a [u8]; N]) -> Self {
        Self(Repr::Slices(slices))
    }
}

impl PartialEq for Terminals<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Terminals<'_> {}

impl fmt::Debug for Terminals<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|number| number.escape_ascii().to_string())).finish()
    }
}
