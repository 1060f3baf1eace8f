//! Golden PDUs are kept as hexadecimal digits.

/// Octets of hexadecimal digits; whatever else stands between them is skipped. Panics where a digit is left over.
pub fn octets(digits: &str) -> Vec<u8> {
    let nibbles: Vec<u8> = digits.chars().filter_map(|digit| digit.to_digit(16)).map(|nibble| nibble as u8).collect();
    let (pairs, left) = nibbles.as_chunks::<2>();
    assert!(left.is_empty(), "an odd number of digits: {digits}");
    pairs.iter().map(|[high, low]| high << 4 | low).collect()
}
