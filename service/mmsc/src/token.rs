//! Words that nobody can guess: by them messages are fetched and pages are opened, without a password.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Characters of a token.
pub(crate) const TOKEN_LEN: usize = 22;

/// 128 random bits of the system's, as 22 characters that URLs and PDUs take as they are.
///
/// # Errors
/// When the system has no random numbers, which happens early in its start only.
pub(crate) fn token() -> Result<String, getrandom::Error> {
    let mut octets = [0; 16];
    getrandom::fill(&mut octets)?;
    Ok(URL_SAFE_NO_PAD.encode(octets))
}

/// 64 random bits as 16 hexadecimal digits: the number that a sender is told.
///
/// # Errors
/// See [`token`].
pub(crate) fn number() -> Result<String, getrandom::Error> {
    let mut octets = [0; 8];
    getrandom::fill(&mut octets)?;
    Ok(format!("{:016X}", u64::from_be_bytes(octets)))
}

/// Whether a word from outside could be a token: nothing else is looked up.
pub(crate) fn is_token(word: &str) -> bool {
    word.len() == TOKEN_LEN && word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn tokens_are_tokens_and_differ() {
        let (a, b) = (token().unwrap(), token().unwrap());
        assert!(is_token(&a) && is_token(&b) && a != b);
        for no in ["", "a", "../../../../etc/passwd", "aaaaaaaaaaaaaaaaaaaaa/", "aaaaaaaaaaaaaaaaaaaaaaa", "ääääääääääää"] {
            assert!(!is_token(no), "{no}");
        }
        assert_eq!(number().unwrap().len(), 16);
    }
}
