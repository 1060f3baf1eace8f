//! TLS on both sides: rustls with ring, certificates from PEM files, reloading without a restart.

mod client;
mod files;
mod server;

use std::path::PathBuf;
use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};

pub use client::{Roots, TlsClient, TlsClientOptions, client_config};
pub use server::{ClientCertificates, TlsServer, TlsServerOptions};

/// A certificate and its key, as PEM files.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Identity {
    /// The certificate, then the intermediate ones, the issuer of each after it.
    pub certificate: PathBuf,
    /// The private key: PKCS#8, PKCS#1 or SEC1, not encrypted.
    pub key: PathBuf,
}

/// Why a TLS configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The certificate and the key are refused.
    #[error("the certificate {certificate} with the key {key} cannot be used: {source}; do they belong together?", certificate = identity.certificate.display(), key = identity.key.display())]
    Identity {
        /// The files.
        identity: Identity,
        /// What TLS said.
        source: rustls::Error,
    },
    /// The file has nothing of the kind wanted.
    #[error("{path} has no {wanted} in PEM form (`-----BEGIN ...`)", path = path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// What should be in it.
        wanted: &'static str,
    },
    /// The file is damaged.
    #[error("{path} is no valid PEM file: {detail}", path = path.display())]
    Pem {
        /// What is wrong.
        detail: String,
        /// The file.
        path: PathBuf,
    },
    /// The TLS library refuses its own defaults; not caused by the configuration.
    #[error("TLS cannot be set up: {0}")]
    Provider(#[from] rustls::Error),
    /// The file cannot be read.
    #[error("cannot read {path}: {source}; check the path and the permissions", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A trusted root is refused.
    #[error("a CA certificate in {path} cannot be used: {detail}", path = path.display())]
    Root {
        /// What is wrong.
        detail: String,
        /// The file.
        path: PathBuf,
    },
    /// The server name can stand in no certificate.
    #[error("`{name}` is neither a host name nor an address; give the name in the peer's certificate as the server name")]
    ServerName {
        /// The name.
        name: String,
    },
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}
