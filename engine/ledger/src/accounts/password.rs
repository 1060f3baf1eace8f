//! Hashing of passwords.

use argon2::Argon2;
use argon2::password_hash::rand_core::OsRng;
use argon2::password_hash::{PasswordHasher, SaltString};

use super::AccountError;

/// The argon2id hash of a password (19 MiB, two passes, one lane: what OWASP recommends), as the configuration takes it:
/// `$argon2id$v=19$...`. Takes tens of milliseconds.
///
/// # Errors
/// When the password is longer than 4 GiB; or the system has no random numbers, which panics in the library instead.
pub fn hash_password(password: &str) -> Result<String, AccountError> {
    let salt = SaltString::generate(&mut OsRng);
    let hash = Argon2::default().hash_password(password.as_bytes(), &salt).map_err(|e| AccountError::Password(e.to_string()))?;
    Ok(hash.to_string())
}
