//! TLS of connectors.

use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::RwLock;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio::net::TcpStream;
use tokio_rustls::{Connect, TlsConnector};

use super::{Identity, TlsError, files, provider};

/// Whom a connector trusts, and how it shows who it is.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct TlsClientOptions {
    /// A certificate to show when the peer asks for one.
    pub identity: Option<Identity>,
    /// Accept any certificate: the line is encrypted, but to whom is anybody's guess. Default false; for tests, and
    /// for peers whose certificate cannot be had.
    pub insecure: bool,
    /// Whose certificates are trusted.
    pub roots: Roots,
    /// The name that must stand in the peer's certificate. `None`: the host of the address.
    pub server_name: Option<String>,
}

/// Whose certificates are trusted.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Roots {
    /// The CA certificates in this PEM file only.
    File(PathBuf),
    /// Those that this machine trusts (the distribution's bundle, or `SSL_CERT_FILE`).
    System,
    /// Mozilla's, as compiled in.
    #[default]
    Webpki,
}

/// TLS of a connector; clones share the configuration.
#[derive(Clone)]
pub struct TlsClient {
    config: Arc<RwLock<Arc<ClientConfig>>>,
    options: Arc<TlsClientOptions>,
}

impl TlsClient {
    /// Reads the files. This blocks for as long as the disk does.
    pub fn new(options: TlsClientOptions) -> Result<Self, TlsError> {
        if options.insecure {
            tracing::warn!("TLS accepts any certificate of the peer, as `insecure` is set.");
        }
        let config = Arc::new(RwLock::new(client_config(&options)?));
        Ok(Self { config, options: Arc::new(options) })
    }

    /// Reads the files anew, for connections from now on. On an error everything stays as it was.
    pub fn reload(&self) -> Result<(), TlsError> {
        *self.config.write() = client_config(&self.options)?;
        Ok(())
    }

    pub(crate) fn handshake(&self, host: &str, tcp: TcpStream) -> Result<Connect<TcpStream>, TlsError> {
        let name = self.options.server_name.as_deref().unwrap_or(host);
        let name = ServerName::try_from(name.to_owned()).map_err(|_| TlsError::ServerName { name: name.to_owned() })?;
        let config = Arc::clone(&self.config.read());
        Ok(TlsConnector::from(config).connect(name, tcp))
    }
}

impl std::fmt::Debug for TlsClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.options.fmt(f)
    }
}

/// The same for those who shake hands themselves. Reads the files, which blocks for as long as the disk does.
///
/// # Errors
/// See [`TlsError`].
pub fn client_config(options: &TlsClientOptions) -> Result<Arc<ClientConfig>, TlsError> {
    let provider = provider();
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
    let builder = if options.insecure {
        builder.dangerous().with_custom_certificate_verifier(Arc::new(AnyCertificate { provider }))
    } else {
        builder.with_root_certificates(match &options.roots {
            Roots::File(path) => files::roots(path)?,
            Roots::System => files::system_roots()?,
            Roots::Webpki => RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() },
        })
    };
    let config = match &options.identity {
        None => builder.with_no_client_auth(),
        Some(identity) => builder
            .with_client_auth_cert(files::certificates(&identity.certificate)?, files::key(&identity.key)?)
            .map_err(|source| TlsError::Identity { identity: identity.clone(), source })?,
    };
    Ok(Arc::new(config))
}

/// Accepts any certificate, but still checks that the peer has its key.
#[derive(Debug)]
struct AnyCertificate {
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
