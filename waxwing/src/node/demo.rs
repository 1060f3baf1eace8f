//! The demonstration: a gateway without a configuration file makes itself one.

use std::fmt::Write as _;
use std::path::Path;

/// The demonstration's configuration, below the current folder.
pub const DEMO_FILE: &str = "data/waxwing.toml";

/// Writes the demonstration's configuration unless it is there from an earlier run. True where it is new.
///
/// # Errors
/// The system's.
pub(crate) fn prepare(path: &Path) -> std::io::Result<bool> {
    if path.exists() {
        return Ok(false);
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = private_file(path)?;
    std::io::Write::write_all(&mut file, text(&password()).as_bytes())?;
    Ok(true)
}

#[cfg(unix)]
fn private_file(path: &Path) -> std::io::Result<std::fs::File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    std::fs::OpenOptions::new().create_new(true).write(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn private_file(path: &Path) -> std::io::Result<std::fs::File> {
    std::fs::OpenOptions::new().create_new(true).write(true).open(path)
}

/// A password that fits into an SMPP bind (8 octets): 40 bits, each character out of 32 that are not mistaken for each other. From the
/// system's generator; where that fails, there is no password and nobody can sign in.
pub(crate) fn password() -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut octets = [0; 8];
    match rustls::crypto::ring::default_provider().secure_random.fill(&mut octets) {
        Ok(()) => octets.iter().map(|b| char::from(ALPHABET[usize::from(b % 32)])).collect(),
        Err(_) => String::new(),
    }
}

/// A new key for signing webhooks (Standard Webhooks): 24 octets.
pub(crate) fn webhook_secret() -> String {
    use base64::Engine as _;
    let mut octets = [0; 24];
    match rustls::crypto::ring::default_provider().secure_random.fill(&mut octets) {
        Ok(()) => format!("whsec_{}", base64::engine::general_purpose::STANDARD.encode(octets)),
        Err(_) => String::new(),
    }
}

fn text(password: &str) -> String {
    let mut t = String::from(HEAD);
    let _ = write!(
        t,
        "[[account]]\nname = \"demo\"\npassword = \"{password}\"\nallow = [\"sms\", \"push\", \"admin\"]\nnumbers = [\"12345\"]\n"
    );
    t
}

const HEAD: &str = r#"# The demonstration. `waxwing serve` without --config made this file and uses it again.
# Copy it somewhere, change it, and start with: waxwing serve --config FILE

[node]
name = "demo"
data = "."                      # this folder

[http]
listen = "127.0.0.1:8800"       # console, REST, /metrics

[[listener]]
protocol = "smpp"
listen = "127.0.0.1:2775"

[[connector]]
name = "simulator"              # takes everything, sends receipts, answers messages that begin with ECHO
protocol = "simulator"

"#;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_demonstration_is_a_configuration_without_mistakes() {
        let c = crate::config::parse(Path::new("d.toml"), Path::new("data"), &text(&password())).unwrap();
        assert!(c.warnings.is_empty(), "{:?}", c.warnings);
        assert_eq!((c.accounts[0].name.as_str(), c.connectors[0].common.any, c.listeners.len()), ("demo", Some(true), 1));
    }

    #[test]
    fn passwords_differ_and_fit_into_a_bind() {
        let all: std::collections::HashSet<String> = (0..100).map(|_| password()).collect();
        assert!(all.len() > 95 && all.iter().all(|p| p.len() == 8));
    }

    #[test]
    fn it_is_made_once_and_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("data/waxwing.toml");
        assert!(prepare(&path).unwrap());
        let first = std::fs::read(&path).unwrap();
        assert!(!prepare(&path).unwrap());
        assert_eq!(std::fs::read(&path).unwrap(), first);
    }
}
