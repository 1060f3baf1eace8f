//! Certificates that OpenSSL made.

use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

/// An authority (`ca`) and a certificate for 127.0.0.1 that it has signed (`server`), and an authority that has signed nothing (`stranger`):
/// `.pem` and `.key` of each.
#[derive(Debug)]
pub struct Certificates {
    folder: TempDir,
}

impl Certificates {
    /// Makes them.
    pub fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("waxwing-tls-").tempdir().expect("a temporary folder");
        let new = |name: &str, subject: &str, more: &[&str]| {
            let (key, cert) = (format!("{name}.key"), format!("{name}.pem"));
            let mut arguments = vec!["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
            arguments.extend(["-keyout", key.as_str(), "-out", cert.as_str(), "-subj", subject]);
            arguments.extend(more);
            let output = Command::new("openssl").args(arguments).current_dir(folder.path()).output();
            let output = output.unwrap_or_else(|error| panic!("openssl: {error}; run scripts/install-test-peers.sh"));
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        };
        for authority in ["ca", "stranger"] {
            new(authority, &format!("/CN=Test {authority}"), &["-addext", "basicConstraints=critical,CA:TRUE"]);
        }
        let leaf = ["-CA", "ca.pem", "-CAkey", "ca.key", "-addext", "subjectAltName=IP:127.0.0.1"];
        new("server", "/CN=localhost", &[&leaf[..], &["-addext", "basicConstraints=critical,CA:FALSE"]].concat());
        Self { folder }
    }

    /// Where a file of them is.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The same as a string of TOML.
    pub fn toml(&self, name: &str) -> String {
        format!("{:?}", self.path(name).to_string_lossy())
    }
}

impl Default for Certificates {
    fn default() -> Self {
        Self::new()
    }
}
