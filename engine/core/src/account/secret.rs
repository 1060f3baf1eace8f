//! Passwords: what they are checked against, and the memory of those that were found right.

use argon2::password_hash::{PasswordHash, PasswordVerifier};
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// A password as the configuration has it.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    /// In clear.
    Plain(String),
    /// An argon2 hash (`$argon2id$...`).
    Argon2(String),
    /// No password: cannot sign in by one.
    None,
}

/// The digest of the password that was last found right, so that a slow hash is computed once and not at each sign-in.
#[derive(Default)]
pub struct Verified(Mutex<Option<[u8; 32]>>);

/// Somebody who can be asked for a password: see [`crate::Accounts::is_right`].
pub trait HasPassword: Send + Sync + 'static {
    /// Its password, and what was found right.
    fn password(&self) -> (&Secret, &Verified);
}

// === impl Secret ===

impl Secret {
    /// A configured value: what begins with `$argon2` is a hash.
    pub fn parse(s: &str) -> Secret {
        if s.is_empty() {
            Secret::None
        } else if s.starts_with("$argon2") {
            Secret::Argon2(s.to_owned())
        } else {
            Secret::Plain(s.to_owned())
        }
    }

    /// Whether the password is right. The slow hash is computed once for each right password; later calls compare a digest of it.
    /// Takes tens of milliseconds where it has to compute: call it from a blocking thread.
    pub fn verify(&self, password: &[u8], verified: &Verified) -> bool {
        match self {
            Secret::None => false,
            Secret::Plain(p) => bool::from(p.as_bytes().ct_eq(password)),
            Secret::Argon2(hash) => {
                let digest = digest(hash, password);
                if verified.is(&digest) {
                    return true;
                }
                let right = matches(hash, password);
                if right {
                    *verified.0.lock() = Some(digest);
                }
                right
            }
        }
    }

    /// [`Secret::verify`] where it can be told at once: a plain password, or one that was verified before.
    pub fn verify_fast(&self, password: &[u8], verified: &Verified) -> Option<bool> {
        match self {
            Secret::Argon2(hash) => verified.is(&digest(hash, password)).then_some(true),
            _ => Some(self.verify(password, verified)),
        }
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Secret::Plain(_) => "Plain(...)",
            Secret::Argon2(_) => "Argon2(...)",
            Secret::None => "None",
        })
    }
}

// === impl Verified ===

impl Verified {
    fn is(&self, digest: &[u8; 32]) -> bool {
        self.0.lock().is_some_and(|v| bool::from(v.ct_eq(digest)))
    }
}

impl Clone for Verified {
    /// For somebody of whom something else than the password has changed.
    fn clone(&self) -> Verified {
        Verified(Mutex::new(*self.0.lock()))
    }
}

impl std::fmt::Debug for Verified {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Verified(...)")
    }
}

/// The hash has a salt of its own, so that equal passwords have different digests.
fn digest(hash: &str, password: &[u8]) -> [u8; 32] {
    let mut h = Sha256::new();
    h.update(hash.as_bytes());
    h.update([0]);
    h.update(password);
    h.finalize().into()
}

/// Computes the slow hash.
pub(super) fn matches(hash: &str, password: &[u8]) -> bool {
    PasswordHash::new(hash).is_ok_and(|h| argon2::Argon2::default().verify_password(password, &h).is_ok())
}
