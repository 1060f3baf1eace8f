//! The user data header: what stands before the text of a short message (3GPP TS 23.040, section 9.2.3.24).
//!
//! A header is a length octet and information elements. Order and unknown elements are kept, so that what was read is written back
//! octet for octet. Reading is lenient where the standard asks for it, and an error still carries everything that was read before it.

mod element;
mod error;

pub use self::element::Element;
pub use self::error::{HeaderTooLong, UdhError, UdhProblem};
use crate::alphabet::Alphabet;

/// A user data header. At most 255 octets of elements: the length octet can't say more.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct UserDataHeader {
    elements: Vec<Element>,
    octets: usize,
}

/// Which part of which message a short message is.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Concatenation {
    /// The reference that all parts share.
    pub reference: u16,
    /// The reference has 16 bits on the wire; else 8.
    pub wide: bool,
    /// How many parts there are, from 1.
    pub total: u8,
    /// Which part this is, from 1 to `total`.
    pub number: u8,
}

/// Application ports.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Ports {
    /// The receiver's port.
    pub destination: u16,
    /// The sender's port.
    pub source: u16,
    /// The ports have 16 bits on the wire; else 8.
    pub wide: bool,
}

impl UserDataHeader {
    /// A header without elements.
    pub const fn new() -> Self {
        Self { elements: Vec::new(), octets: 0 }
    }

    /// Reads the header at the start of user data, and gives back what follows it.
    ///
    /// For packed septets that is where the fill bits begin; see [`fill_bits`](crate::alphabet::pack::fill_bits).
    ///
    /// # Errors
    /// Lengths that lie, with the elements before the lie and the place where the payload may begin.
    pub fn parse(user_data: &[u8]) -> Result<(Self, &[u8]), UdhError> {
        let mut header = Self::new();
        let Some((&length, after)) = user_data.split_first() else {
            return Err(UdhError { problem: UdhProblem::Empty, offset: 0, header, payload_offset: 0 });
        };
        let Some((elements, payload)) = after.split_at_checked(usize::from(length)) else {
            let problem = UdhProblem::HeaderBeyondEnd { declared: length, available: after.len() };
            // What stands there may be elements all the same; the problem of the length octet is the one to report.
            let _ = header.take_elements(after);
            return Err(UdhError { problem, offset: 0, header, payload_offset: user_data.len() });
        };
        match header.take_elements(elements) {
            Ok(()) => Ok((header, payload)),
            Err((problem, at)) => Err(UdhError { problem, offset: 1 + at, header, payload_offset: 1 + elements.len() }),
        }
    }

    /// The elements, in the order of the wire.
    pub fn elements(&self) -> &[Element] {
        &self.elements
    }

    /// There are no elements; such a header is better not sent.
    pub fn is_empty(&self) -> bool {
        self.elements.is_empty()
    }

    /// How many octets the header takes with its length octet; 0 if it has no elements, since then it is not sent.
    pub fn octets(&self) -> usize {
        if self.is_empty() { 0 } else { 1 + self.octets }
    }

    /// Appends an element.
    ///
    /// # Errors
    /// The header would be longer than its length octet can say; it stays as it was.
    pub fn push(&mut self, element: Element) -> Result<(), HeaderTooLong> {
        let octets = self.octets + element.octets();
        if octets > usize::from(u8::MAX) {
            return Err(HeaderTooLong { octets });
        }
        self.octets = octets;
        self.elements.push(element);
        Ok(())
    }

    /// The header on the wire, length octet first. Empty if there are no elements.
    pub fn encode(&self) -> Vec<u8> {
        if self.is_empty() {
            return Vec::new();
        }
        let mut out = Vec::with_capacity(self.octets());
        out.push(self.octets as u8);
        for element in &self.elements {
            element.write(&mut out);
        }
        out
    }

    /// Which part of which message this is, wherever in the header the element stands.
    ///
    /// Of several such elements the last one counts, and one with part or total 0 or a part beyond the total is ignored, as the standard
    /// says (3GPP TS 23.040, 9.2.3.24 and 9.2.3.24.1).
    pub fn concatenation(&self) -> Option<Concatenation> {
        let sane = |element: &Element| {
            let part = match *element {
                Element::Concat8 { reference, total, number } => {
                    Concatenation { reference: u16::from(reference), wide: false, total, number }
                }
                Element::Concat16 { reference, total, number } => Concatenation { reference, wide: true, total, number },
                _ => return None,
            };
            (part.number > 0 && part.number <= part.total).then_some(part)
        };
        self.elements.iter().rev().find_map(sane)
    }

    /// The application ports; of several such elements the last one counts.
    pub fn ports(&self) -> Option<Ports> {
        self.elements.iter().rev().find_map(|element| match *element {
            Element::Ports8 { destination, source } => {
                Some(Ports { destination: u16::from(destination), source: u16::from(source), wide: false })
            }
            Element::Ports16 { destination, source } => Some(Ports { destination, source, wide: true }),
            _ => None,
        })
    }

    /// The 7-bit alphabet that the header selects; of several elements of a kind the last one counts.
    pub fn alphabet(&self) -> Alphabet {
        let mut alphabet = (0, 0);
        for element in &self.elements {
            match *element {
                Element::LockingShift { language } => alphabet.0 = language,
                Element::SingleShift { language } => alphabet.1 = language,
                _ => {}
            }
        }
        Alphabet::from_identifiers(alphabet.0, alphabet.1)
    }

    /// The same header without the elements that `drop` picks, the others in their order.
    #[must_use]
    pub fn without(&self, drop: impl Fn(&Element) -> bool) -> Self {
        let elements: Vec<Element> = self.elements.iter().filter(|element| !drop(element)).cloned().collect();
        let octets = elements.iter().map(Element::octets).sum();
        Self { elements, octets }
    }

    /// Takes elements until the octets end; from an element that lies, what is wrong and where.
    fn take_elements(&mut self, octets: &[u8]) -> Result<(), (UdhProblem, usize)> {
        let mut rest = octets;
        while let Some((&identifier, after)) = rest.split_first() {
            let at = octets.len() - rest.len();
            let Some((&length, after)) = after.split_first() else {
                return Err((UdhProblem::ElementWithoutLength { identifier }, at));
            };
            let Some((data, after)) = after.split_at_checked(usize::from(length)) else {
                let problem = UdhProblem::ElementBeyondEnd { identifier, declared: length, available: after.len() };
                return Err((problem, at));
            };
            // A header whose length octet lies may be followed by any number of octets; what can't be written again is not taken.
            if self.push(Element::read(identifier, data)).is_err() {
                return Ok(());
            }
            rest = after;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
