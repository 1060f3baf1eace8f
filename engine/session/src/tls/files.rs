//! Certificates and keys from PEM files.

use std::path::{Path, PathBuf};

use rustls::RootCertStore;
use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::TlsError;

pub(super) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let text = read(path)?;
    let found = CertificateDer::pem_slice_iter(&text)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| TlsError::Pem { detail: error.to_string(), path: path.to_owned() })?;
    if found.is_empty() {
        return Err(TlsError::Missing { path: path.to_owned(), wanted: "certificate" });
    }
    Ok(found)
}

pub(super) fn key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_slice(&read(path)?).map_err(|error| match error {
        PemError::NoItemsFound => TlsError::Missing { path: path.to_owned(), wanted: "unencrypted private key" },
        error => TlsError::Pem { detail: error.to_string(), path: path.to_owned() },
    })
}

/// The CA certificates of a file; one that cannot be used is an error.
pub(super) fn roots(path: &Path) -> Result<RootCertStore, TlsError> {
    let mut store = RootCertStore::empty();
    for certificate in certificates(path)? {
        store.add(certificate).map_err(|error| TlsError::Root { detail: error.to_string(), path: path.to_owned() })?;
    }
    Ok(store)
}

/// The CA certificates that this machine trusts. Those that rustls does not understand are left out, as system bundles
/// hold old ones.
pub(super) fn system_roots() -> Result<RootCertStore, TlsError> {
    let path = system_bundle();
    let mut store = RootCertStore::empty();
    let (added, _) = store.add_parsable_certificates(certificates(&path)?);
    if added == 0 {
        return Err(TlsError::Missing { path, wanted: "usable CA certificate" });
    }
    Ok(store)
}

/// Where distributions keep the bundle; the variable is the one that OpenSSL obeys.
fn system_bundle() -> PathBuf {
    const PLACES: [&str; 5] = [
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/ssl/ca-bundle.pem",
        "/etc/ssl/cert.pem",
    ];
    if let Some(path) = std::env::var_os("SSL_CERT_FILE") {
        return path.into();
    }
    PLACES.iter().map(PathBuf::from).find(|path| path.exists()).unwrap_or_else(|| PLACES[0].into())
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(|source| TlsError::Read { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::print_stdout, clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_roots_of_this_machine() {
        match system_roots() {
            Ok(store) => assert!(!store.is_empty()),
            Err(TlsError::Read { path, .. }) => println!("skipped: this machine has no {}", path.display()),
            Err(error) => panic!("{error}"),
        }
    }
}
