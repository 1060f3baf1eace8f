//! Whom TLS trusts.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

/// Whose certificates are good.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Trust {
    /// Those of the authorities that Mozilla trusts, as compiled in.
    #[default]
    Webpki,
    /// Those of the authorities in this PEM file.
    File(PathBuf),
    /// Any. Encrypted, but for whom is anybody's guess; still better than nothing where TLS is only [`Offered`](super::RelayTls::Offered).
    Anybody,
}

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum RelayTlsError {
    /// The file has no usable certificate, or cannot be read.
    #[error("{path} has no usable CA certificate: {detail}; give a PEM file with the certificates to trust", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// The TLS library refuses its own defaults; not caused by the configuration.
    #[error("TLS cannot be set up: {0}")]
    Provider(#[from] rustls::Error),
}

/// TLS of a relay. Reads the file, which blocks for as long as the disk does.
pub fn client_tls(trust: &Trust) -> Result<Arc<ClientConfig>, RelayTlsError> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
    let roots = match trust {
        Trust::Webpki => RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() },
        Trust::File(path) => {
            let fault = |detail: String| RelayTlsError::File { path: path.clone(), detail };
            let text = std::fs::read(path).map_err(|error| fault(error.to_string()))?;
            let mut store = RootCertStore::empty();
            for certificate in CertificateDer::pem_slice_iter(&text) {
                let certificate = certificate.map_err(|error| fault(error.to_string()))?;
                store.add(certificate).map_err(|error| fault(error.to_string()))?;
            }
            if store.is_empty() {
                return Err(fault("there is none in it".to_owned()));
            }
            store
        }
        Trust::Anybody => {
            let verifier = Arc::new(AnyCertificate { provider });
            return Ok(Arc::new(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth()));
        }
    };
    Ok(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
}

/// Accepts any certificate, but still checks that the relay has its key.
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
