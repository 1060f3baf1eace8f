//! Smart messages as plain text, for networks without user data headers: `//SCKL15811581A50301 024A3A...` (Smart Messaging Specification
//! 3.0.0, 2.2; WDP, WAP-259, appendix B).
//!
//! Behind `//SCK` comes `L` and ports of four digits, or at once ports of two; the receiver's, then perhaps the sender's, then perhaps
//! reference, number of parts and part. A space or a line end closes it. Binary content follows as hexadecimal digits.

use waxwing_gsm::udh::{Concatenation, UserDataHeader};

const PREFIX: &str = "//SCK";

/// What such a text says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Sckl {
    /// The receiver's port.
    pub destination: u16,
    /// The sender's port, if it is told.
    pub source: Option<u16>,
    /// Which part of which message it is, if it is one.
    pub part: Option<Concatenation>,
    /// The content: the octets that hexadecimal digits stand for, or the text itself.
    pub content: Vec<u8>,
}

impl Sckl {
    /// Reads a text. `None` if it is no such message.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(PREFIX)?;
        let (width, rest) = rest.strip_prefix('L').map_or((2, rest), |rest| (4, rest));
        let end = rest.find([' ', '\r', '\n'])?;
        let (digits, content) = rest.split_at_checked(end)?;
        let content = content.strip_prefix("\r\n").or_else(|| content.get(1..)).unwrap_or_default();

        let number = |from: usize, width: usize| {
            let digits = digits.get(from..from + width).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
            u16::from_str_radix(digits, 16).ok()
        };
        let destination = number(0, width)?;
        let (mut source, mut part) = (None, None);
        if digits.len() != width {
            source = Some(number(width, width)?);
        }
        if digits.len() > 2 * width {
            let [reference, total, number] = [0, 2, 4].map(|at| number(2 * width + at, 2));
            let part_of = Concatenation { reference: reference?, wide: false, total: total? as u8, number: number? as u8 };
            part = Some(part_of).filter(|part| (1..=part.total).contains(&part.number));
        }
        if ![width, 2 * width, 2 * width + 6].contains(&digits.len()) {
            return None;
        }

        let mut content = octets(content).unwrap_or_else(|| content.as_bytes().to_vec());
        // Some tools put the header that they would have sent as octets before the content.
        if source.is_none()
            && let Ok((header, rest)) = UserDataHeader::parse(&content)
            && let Some(ports) = header.ports().filter(|ports| ports.destination == destination)
        {
            (source, part) = (Some(ports.source), header.concatenation());
            content = rest.to_vec();
        }
        Some(Self { destination, source, part, content })
    }
}

/// The octets that hexadecimal digits stand for; `None` for other text.
fn octets(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end().as_bytes();
    if digits.is_empty() || !digits.len().is_multiple_of(2) {
        return None;
    }
    let nibble = |digit: u8| char::from(digit).to_digit(16).map(|nibble| nibble as u8);
    digits.chunks(2).map(|pair| Some(nibble(*pair.first()?)? << 4 | nibble(*pair.get(1)?)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_that_are_found_are_read() {
        let part = |reference, total, number| Some(Concatenation { reference, wide: false, total, number });
        for (text, destination, source, part, content) in [
            ("//SCKL1581 024A3A65", 0x1581, None, None, &[0x02, 0x4a, 0x3a, 0x65][..]),
            ("//SCKL15811581A50302 00ff\r\n", 0x1581, Some(0x1581), part(0xa5, 3, 2), &[0x00, 0xff]),
            ("//SCKL1583 0B0504158300000003010301300048", 0x1583, Some(0), part(1, 3, 1), &[0x30, 0x00, 0x48]),
            ("//SCKL1581 06050415810000024A", 0x1581, Some(0), None, &[0x02, 0x4a]),
            ("//SCKL55805580C20201\r\nGG", 0x5580, Some(0x5580), part(0xc2, 2, 1), b"GG"),
            ("//SCKL23F4\r\nBEGIN:VCARD\r\n", 0x23f4, None, None, b"BEGIN:VCARD\r\n"),
            ("//SCKE2 BEGIN:VCARD", 0xe2, None, None, b"BEGIN:VCARD"),
            ("//SCKE4E4010205 x", 0xe4, Some(0xe4), None, b"x"),
        ] {
            let read = Sckl { destination, source, part, content: content.to_vec() };
            assert_eq!(Sckl::parse(text), Some(read), "{text}");
        }
    }

    #[test]
    fn other_texts_are_not() {
        for text in [
            "",
            "//SCK",
            "//SCKL",
            "//SCKL1581",
            "//SCKL158 02",
            "//SCKLXYZW 02",
            "//SCKL158115 02",
            "//SCKL+581 02",
            "//SCKLé 02",
            "x//SCKL1581 02",
        ] {
            assert_eq!(Sckl::parse(text), None, "{text}");
        }
    }
}
