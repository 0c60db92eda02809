//! TLS by rustls: verified unless `sslmode` says otherwise.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use super::LiveError;
use super::dsn::{Dsn, SslMode};
use super::stream::Connector;

/// What the driver connects with.
pub(super) fn connector(dsn: &Dsn) -> Result<Connector, LiveError> {
    let provider = Arc::new(ring::default_provider());
    let broken = |error: &dyn std::fmt::Display| LiveError::new(format!("TLS cannot be set up: {error}"));
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions().map_err(|e| broken(&e))?;
    let level = match dsn.mode {
        SslMode::VerifyFull => Level::Full,
        SslMode::VerifyCa => Level::Authority,
        // As in libpq: with a root certificate `require` means `verify-ca`.
        SslMode::Require if dsn.root.is_some() => Level::Authority,
        _ => Level::None,
    };
    let config = if level == Level::Full {
        builder.with_root_certificates(roots(dsn)?).with_no_client_auth()
    } else {
        let inner = if level == Level::Authority {
            Some(WebPkiServerVerifier::builder_with_provider(Arc::new(roots(dsn)?), Arc::clone(&provider)).build().map_err(|e| broken(&e))?)
        } else {
            None
        };
        builder.dangerous().with_custom_certificate_verifier(Arc::new(Lenient { inner, provider })).with_no_client_auth()
    };
    Ok(Connector::new(config))
}

/// The authorities that are trusted: the given file's, or the system's.
fn roots(dsn: &Dsn) -> Result<RootCertStore, LiveError> {
    let mut store = RootCertStore::empty();
    if let Some(path) = &dsn.root {
        let unreadable = |error: &dyn std::fmt::Display| LiveError::new(format!("cannot read the root certificate `{}`: {error}", path.display()));
        for certificate in CertificateDer::pem_file_iter(path).map_err(|e| unreadable(&e))? {
            let certificate = certificate.map_err(|e| unreadable(&e))?;
            store.add(certificate).map_err(|e| unreadable(&e))?;
        }
        if store.is_empty() {
            return Err(LiveError::new(format!("`{}` holds no certificate", path.display())));
        }
        return Ok(store);
    }
    store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if store.is_empty() {
        return Err(LiveError::with_help(
            "this machine has no root certificates to verify the server with",
            "name the authority's certificate: `?sslmode=verify-full&sslrootcert=FILE`",
        ));
    }
    Ok(store)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    None,
    Authority,
    Full,
}

/// `verify-ca` (the chain but not the name) and `require`, `prefer`, `allow` (nothing): only where the user asked for it.
#[derive(Debug)]
struct Lenient {
    inner: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Lenient {
    fn verify_server_cert(
        &self,
        end: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(inner) = &self.inner else { return Ok(ServerCertVerified::assertion()) };
        match inner.verify_server_cert(end, chain, name, ocsp, now) {
            Err(Error::InvalidCertificate(CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. })) => {
                Ok(ServerCertVerified::assertion())
            }
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
