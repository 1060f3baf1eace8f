//! The digests of login (CMPP 3.0 section 8.4.1).
//!
//! The timestamp is hashed as ten decimal digits and sent as a number, so from January to September a zero has to be put back before
//! hashing. And peers differ in how they hash an account shorter than six characters, and a gateway's status; servers should accept
//! either form.

use md5::{Digest, Md5};

use crate::Version;

/// Octets of the field Source_Addr.
const SOURCE_ADDR: usize = 6;

/// The Timestamp of a CONNECT: MMDDHHMMSS read as a decimal number. Read the clock once for the field and the digest.
pub const fn timestamp(month: u8, day: u8, hour: u8, minute: u8, second: u8) -> u32 {
    (((month as u32 * 100 + day as u32) * 100 + hour as u32) * 100 + minute as u32) * 100 + second as u32
}

/// The ten digits MMDDHHMMSS of a Timestamp, leading zero included.
pub const fn timestamp_digits(timestamp: u32) -> [u8; 10] {
    let mut digits = [b'0'; 10];
    let (mut rest, mut at) = (timestamp, digits.len());
    while at > 0 {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    digits
}

/// AuthenticatorSource: MD5 of account, nine NULs, secret, timestamp, the account as it is.
pub fn source(source_addr: &[u8], secret: &[u8], timestamp: u32) -> [u8; 16] {
    let mut md5 = Md5::new();
    md5.update(source_addr);
    md5.update([0; 9]);
    md5.update(secret);
    md5.update(timestamp_digits(timestamp));
    md5.finalize().into()
}

/// AuthenticatorSource as some clients make it: the account filled up to 6 octets with NULs, as the field has it. The same as
/// [`source`] for an account of 6 characters, as the standard wants it.
pub fn source_padded(source_addr: &[u8], secret: &[u8], timestamp: u32) -> [u8; 16] {
    let mut padded = [0; SOURCE_ADDR];
    let length = source_addr.len().min(SOURCE_ADDR);
    padded[..length].copy_from_slice(&source_addr[..length]);
    source(&padded, secret, timestamp)
}

/// Whether a client's AuthenticatorSource proves that it knows the secret, in either form. Takes the same time for every digest.
pub fn source_is_valid(authenticator: &[u8; 16], source_addr: &[u8], secret: &[u8], timestamp: u32) -> bool {
    let bare = same(authenticator, &source(source_addr, secret, timestamp));
    let padded = same(authenticator, &source_padded(source_addr, secret, timestamp));
    bare | padded
}

/// AuthenticatorISMG: MD5 of status, AuthenticatorSource, secret. The status is hashed as wide as it is sent: 1 octet in 2.0, of which
/// only the lowest 8 bits count, 4 octets in 3.0.
///
/// A refusal because of the authenticator carries zeros instead.
pub fn ismg(status: u32, version: Version, authenticator_source: &[u8; 16], secret: &[u8]) -> [u8; 16] {
    let mut md5 = Md5::new();
    match version {
        Version::V2 => md5.update([status as u8]),
        Version::V3 => md5.update(status.to_be_bytes()),
    }
    md5.update(authenticator_source);
    md5.update(secret);
    md5.finalize().into()
}

/// Whether a gateway's AuthenticatorISMG proves that it knows the secret, with a status of either width: some hash 4 octets in 2.0 too.
/// Many gateways send zeros or junk, so a client should only warn.
pub fn ismg_is_valid(authenticator: &[u8; 16], status: u32, authenticator_source: &[u8; 16], secret: &[u8]) -> bool {
    let narrow = same(authenticator, &ismg(status, Version::V2, authenticator_source, secret));
    let wide = same(authenticator, &ismg(status, Version::V3, authenticator_source, secret));
    narrow | wide
}

/// Compares without stopping at the first difference.
fn same(left: &[u8; 16], right: &[u8; 16]) -> bool {
    left.iter().zip(right).fold(0, |differences, (left, right)| differences | (left ^ right)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(octets: &[u8]) -> String {
        octets.iter().map(|octet| format!("{octet:02x}")).collect()
    }

    #[test]
    fn known_answers() {
        let authenticator = source(b"900001", b"888888", 1_021_080_510);
        assert_eq!(hex(&authenticator), "90d00c1d517abd0b4f65f6bcf8535d16");
        assert_eq!(hex(&ismg(0, Version::V2, &authenticator, b"888888")), "6c0b846e25bab6daa4ed1c466e0f4bd8");
        assert_eq!(hex(&ismg(0, Version::V3, &authenticator, b"888888")), "7942977274098cf210ab0c16c367bc8d");
    }

    #[test]
    fn trap_1_the_timestamp_has_a_leading_zero_from_january_to_september() {
        assert_eq!(&timestamp_digits(102_030_405), b"0102030405");
        assert_eq!(timestamp(1, 2, 3, 4, 5), 102_030_405);
        assert_eq!(timestamp(12, 31, 23, 59, 59), 1_231_235_959);
        assert_eq!(&timestamp_digits(u32::MAX), b"4294967295");
        assert_eq!(hex(&source(b"901234", b"1234", 102_030_405)), "e45edee925b9c275458dfcc54b2bebd8");
    }

    #[test]
    fn trap_3_a_gateways_status_may_be_hashed_in_either_width() {
        let authenticator = source(b"900001", b"888888", 1_021_080_510);
        for version in [Version::V2, Version::V3] {
            assert!(ismg_is_valid(&ismg(3, version, &authenticator, b"s"), 3, &authenticator, b"s"));
            assert!(!ismg_is_valid(&ismg(3, version, &authenticator, b"s"), 0, &authenticator, b"s"));
        }
        assert!(!ismg_is_valid(&[0; 16], 0, &authenticator, b"s"));
    }

    #[test]
    fn trap_4_short_accounts_are_hashed_bare_or_padded() {
        let (bare, padded) = (source(b"abc", b"secret", 1), source_padded(b"abc", b"secret", 1));
        assert_ne!(bare, padded);
        assert_eq!(padded, source(b"abc\0\0\0", b"secret", 1));
        assert_eq!(source(b"900001", b"secret", 1), source_padded(b"900001", b"secret", 1));
        for authenticator in [bare, padded] {
            assert!(source_is_valid(&authenticator, b"abc", b"secret", 1));
            assert!(!source_is_valid(&authenticator, b"abc", b"Secret", 1));
            assert!(!source_is_valid(&authenticator, b"abc", b"secret", 2));
        }
    }
}
