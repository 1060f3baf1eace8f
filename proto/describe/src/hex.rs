//! Octets as hexadecimal digits.

use std::fmt::Write as _;

/// Two lower-case digits for each octet, nothing between them.
pub fn hex(octets: &[u8]) -> String {
    octets.iter().fold(String::with_capacity(octets.len() * 2), |mut out, octet| {
        // Writing to a String cannot fail.
        let _ = write!(out, "{octet:02x}");
        out
    })
}
