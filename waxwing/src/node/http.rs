//! The HTTP door: its socket and its certificate.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpListener;

use crate::config::Config;

/// Opens the socket. `anywhere` takes another port where the wanted one is taken (for the demonstration).
pub(super) async fn bind(wanted: SocketAddr, anywhere: bool) -> Result<TcpListener, String> {
    let failed = |e: std::io::Error| {
        let mend = match e.kind() {
            ErrorKind::AddrInUse => format!(
                "; another program listens there (`ss -ltnp 'sport = :{}'` shows which): stop it or give another port",
                wanted.port()
            ),
            ErrorKind::PermissionDenied => "; ports below 1024 need a privilege: give a higher one".to_owned(),
            ErrorKind::AddrNotAvailable => "; this machine has no such address".to_owned(),
            _ => String::new(),
        };
        format!("[http] listen: cannot listen on {wanted}: {e}{mend}")
    };
    match TcpListener::bind(wanted).await {
        Err(e) if anywhere && e.kind() == ErrorKind::AddrInUse => TcpListener::bind(SocketAddr::new(wanted.ip(), 0)).await.map_err(failed),
        result => result.map_err(failed),
    }
}

/// Reads certificate and key, where the configuration has them. Blocks for as long as the disk does.
pub(super) fn tls(config: &Config) -> Result<Option<Arc<ServerConfig>>, String> {
    server_tls(config, "http", config.http.tls_cert.as_deref(), config.http.tls_key.as_deref())
}

/// The same of a section's files.
pub(super) fn server_tls(
    config: &Config,
    section: &str,
    cert: Option<&Path>,
    key: Option<&Path>,
) -> Result<Option<Arc<ServerConfig>>, String> {
    let Some((cert, key)) = cert.zip(key) else { return Ok(None) };
    let (cert, key) = (config.path(cert), config.path(key));
    let wrong = |path: &Path, e: &dyn std::fmt::Display| format!("{} cannot be used: {e}", path.display());
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(&cert)
        .and_then(Iterator::collect)
        .map_err(|e| format!("[{section}] tls_cert: {}", wrong(&cert, &e)))?;
    if chain.is_empty() {
        return Err(format!("[{section}] tls_cert: {} has no certificate in PEM form (`-----BEGIN CERTIFICATE`)", cert.display()));
    }
    let secret = PrivateKeyDer::from_pem_file(&key).map_err(|e| format!("[{section}] tls_key: {}", wrong(&key, &e)))?;
    let built = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|b| b.with_no_client_auth().with_single_cert(chain, secret));
    built.map(|c| Some(Arc::new(c))).map_err(|e| format!("[{section}] tls_cert: {}; does the key belong to it?", wrong(&cert, &e)))
}
