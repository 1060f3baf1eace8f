//! TLS of listeners.

use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::RwLock;
use rustls::ServerConfig;
use rustls::server::WebPkiClientVerifier;
use tokio::net::TcpStream;
use tokio_rustls::{Accept, TlsAcceptor};

use super::{Identity, TlsError, files, provider};

/// What a listener shows and asks for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TlsServerOptions {
    /// Whether clients show a certificate. Default no.
    pub clients: ClientCertificates,
    /// The certificate to show.
    pub identity: Identity,
}

/// Whether clients show a certificate, and whose are trusted (a PEM file of CA certificates).
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum ClientCertificates {
    /// None is asked for.
    #[default]
    None,
    /// One that is shown must be good.
    Optional(PathBuf),
    /// A good one must be shown.
    Required(PathBuf),
}

/// TLS of a listener; clones share the configuration.
#[derive(Clone)]
pub struct TlsServer {
    config: Arc<RwLock<Arc<ServerConfig>>>,
    options: Arc<TlsServerOptions>,
}

impl TlsServer {
    /// Reads the files. This blocks for as long as the disk does.
    pub fn new(options: TlsServerOptions) -> Result<Self, TlsError> {
        let config = Arc::new(RwLock::new(config(&options)?));
        Ok(Self { config, options: Arc::new(options) })
    }

    /// Reads the files anew (a renewed certificate), for connections from now on. On an error everything stays as it
    /// was.
    pub fn reload(&self) -> Result<(), TlsError> {
        *self.config.write() = config(&self.options)?;
        Ok(())
    }

    pub(crate) fn handshake(&self, tcp: TcpStream) -> Accept<TcpStream> {
        TlsAcceptor::from(Arc::clone(&self.config.read())).accept(tcp)
    }
}

impl std::fmt::Debug for TlsServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.options.fmt(f)
    }
}

fn config(options: &TlsServerOptions) -> Result<Arc<ServerConfig>, TlsError> {
    let provider = provider();
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
    let builder = match &options.clients {
        ClientCertificates::None => builder.with_no_client_auth(),
        ClientCertificates::Optional(path) | ClientCertificates::Required(path) => {
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(files::roots(path)?), provider);
            let verifier = match &options.clients {
                ClientCertificates::Optional(_) => verifier.allow_unauthenticated(),
                _ => verifier,
            };
            let verifier = verifier.build().map_err(|error| TlsError::Root { detail: error.to_string(), path: path.clone() })?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let identity = &options.identity;
    let config = builder
        .with_single_cert(files::certificates(&identity.certificate)?, files::key(&identity.key)?)
        .map_err(|source| TlsError::Identity { identity: identity.clone(), source })?;
    Ok(Arc::new(config))
}
