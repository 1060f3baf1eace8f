//! Message ids that are the same and do not look it.
//!
//! Message centres answer a submission with one spelling and report with another: upper or lower case, with or without leading
//! zeros or dashes, hexadecimal here and decimal there.

/// One spelling for ids that differ only in case, leading zeros, dashes and surrounding blanks.
///
/// An id of zeros only becomes "0"; an empty one stays empty.
pub fn normalise(id: &[u8]) -> Vec<u8> {
    let id = id.trim_ascii();
    let significant = id.iter().position(|octet| !matches!(octet, b'0' | b'-'));
    let (zeros, rest) = id.split_at(significant.unwrap_or(id.len()));
    if rest.is_empty() {
        return if zeros.contains(&b'0') { vec![b'0'] } else { Vec::new() };
    }
    let mut out = Vec::with_capacity(rest.len());
    out.extend(rest.iter().filter(|&&octet| octet != b'-').map(u8::to_ascii_lowercase));
    out
}

/// The number of a hexadecimal id (at most 32 digits, any case, dashes ignored) in decimal; `None` if it is not hexadecimal.
pub fn hex_to_decimal(id: &[u8]) -> Option<Vec<u8>> {
    number(id, 16).map(|value| value.to_string().into_bytes())
}

/// The number of a decimal id (below 2^128) in lower-case hexadecimal; `None` if it is not decimal.
pub fn decimal_to_hex(id: &[u8]) -> Option<Vec<u8>> {
    number(id, 10).map(|value| format!("{value:x}").into_bytes())
}

/// The spellings under which an id may have been stored, most likely first, without repetition: as it is, normalised, read as
/// hexadecimal and written in decimal, read as decimal and written in hexadecimal. Hold them against stored ids that went through
/// [`normalise`] (the first one: against ids stored as they came).
///
/// A decimal id is always a hexadecimal one as well: a peer whose spelling is known should be asked for that one only.
pub fn candidates(id: &[u8]) -> Vec<Vec<u8>> {
    let mut out = vec![id.to_vec()];
    for spelling in [Some(normalise(id)), hex_to_decimal(id), decimal_to_hex(id)].into_iter().flatten() {
        if !out.contains(&spelling) {
            out.push(spelling);
        }
    }
    out
}

fn number(id: &[u8], radix: u32) -> Option<u128> {
    let mut digits = id.trim_ascii().iter().filter(|&&octet| octet != b'-').map(|&octet| char::from(octet).to_digit(radix));
    let first = u128::from(digits.next()??);
    digits.try_fold(first, |value, digit| value.checked_mul(radix.into())?.checked_add(digit?.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_id_normalise_alike() {
        for id in ["00AB12-cd", "ab12cd", " 0AB12CD "] {
            assert_eq!(normalise(id.as_bytes()), b"ab12cd");
        }
        assert_eq!(normalise(b"000"), b"0");
        assert_eq!(normalise(b"-0-0-"), b"0");
        assert_eq!(normalise(b"0-7-0"), b"70");
        assert_eq!(normalise(b"--"), b"");
        assert_eq!(normalise(b""), b"");
        let uuid = b"7E57D004-2B97-0E7A-B45F-5387367791CD";
        assert_eq!(normalise(uuid), b"7e57d0042b970e7ab45f5387367791cd");
    }

    #[test]
    fn hexadecimal_and_decimal_find_each_other() {
        assert_eq!(hex_to_decimal(b"499602D2").as_deref(), Some(&b"1234567890"[..]));
        assert_eq!(decimal_to_hex(b"1234567890").as_deref(), Some(&b"499602d2"[..]));
        assert_eq!(decimal_to_hex(b"499602D2"), None);
        assert_eq!(hex_to_decimal(b"+12"), None);
        assert_eq!(hex_to_decimal(b""), None);
        assert_eq!(hex_to_decimal(b" 00-FF ").as_deref(), Some(&b"255"[..]));
        assert_eq!(hex_to_decimal(&[b'0'; 40]).as_deref(), Some(&b"0"[..]));
        assert_eq!(decimal_to_hex(u128::MAX.to_string().as_bytes()).as_deref(), Some(&[b'f'; 32][..]));
        assert_eq!(decimal_to_hex(b"340282366920938463463374607431768211456"), None);
        assert_eq!(hex_to_decimal(&[b'f'; 33]), None);
    }

    #[test]
    fn candidates_come_without_repetition() {
        let all: Vec<_> = candidates(b"0012").into_iter().map(|id| String::from_utf8_lossy(&id).into_owned()).collect();
        assert_eq!(all, ["0012", "12", "18", "c"]);
        assert_eq!(candidates(b"a-b.c"), [b"a-b.c".to_vec(), b"ab.c".to_vec()]);
    }
}
