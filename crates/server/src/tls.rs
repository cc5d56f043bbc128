//! The certificate that HTTPS is served with, and its change while connections are open.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use arc_swap::ArcSwap;
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::{ClientHello, ParsedCertificate, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, InconsistentKeys, RootCertStore, ServerConfig};
use tokio_rustls::TlsAcceptor;

use crate::config::Tls;

/// A certificate with its key, as the files have them.
#[derive(Debug)]
pub(crate) struct Certificates {
    key: Arc<CertifiedKey>,
    /// What does not keep it from being served: that it has expired.
    pub(crate) warnings: Vec<String>,
}

/// Which file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Of {
    Certificate,
    Key,
}

/// What is wrong with a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    pub(crate) of: Of,
    pub(crate) message: String,
    pub(crate) remedy: &'static str,
}

impl Certificates {
    /// Reads both files, and whether they belong together. Blocks.
    pub(crate) fn read(tls: &Tls) -> Result<Self, Vec<Wrong>> {
        let provider = rustls::crypto::ring::default_provider();
        let (certificates, key) = match (certificates(&tls.certificate), private_key(&tls.key)) {
            (Ok(certificates), Ok(key)) => (certificates, key),
            (certificates, key) => return Err([certificates.err(), key.err()].into_iter().flatten().collect()),
        };
        let warnings = expiry(&tls.certificate, &certificates[0]).into_iter().collect();
        let key = CertifiedKey::from_der(certificates, key, &provider).map_err(|error| {
            let (file, certificate) = (tls.key.display(), tls.certificate.display());
            vec![match error {
                rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => Wrong {
                    of: Of::Key,
                    message: format!("{file} is not the key of the certificate in {certificate}"),
                    remedy: "name the key that the certificate was made for; the certificate itself comes first in its file",
                },
                rustls::Error::InvalidCertificate(error) => Wrong {
                    of: Of::Certificate,
                    message: format!("{certificate} has no certificate that can be read: {error:?}"),
                    remedy: "name a file with an X.509 certificate in PEM",
                },
                error => Wrong {
                    of: Of::Key,
                    message: format!("{file} has no key that can be used: {error}"),
                    remedy: "use a key of ECDSA (P-256, P-384), Ed25519, or RSA of 2048 bits or more",
                },
            }]
        })?;
        Ok(Self { key: Arc::new(key), warnings })
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Wrong> {
    let wrong = |error| of_pem(Of::Certificate, path, error);
    let certificates =
        CertificateDer::pem_file_iter(path).map_err(wrong)?.collect::<Result<Vec<_>, _>>().map_err(wrong)?;
    if certificates.is_empty() { Err(wrong(pem::Error::NoItemsFound)) } else { Ok(certificates) }
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, Wrong> {
    PrivateKeyDer::from_pem_file(path).map_err(|error| of_pem(Of::Key, path, error))
}

fn of_pem(of: Of, path: &Path, error: pem::Error) -> Wrong {
    let file = path.display();
    let (message, remedy) = match (error, of) {
        (pem::Error::Io(error), _) if error.kind() == io::ErrorKind::PermissionDenied => {
            (format!("{file} cannot be read: {error}"), "let the user that the server runs as read it")
        }
        (pem::Error::Io(error), Of::Certificate) => {
            (format!("{file} cannot be read: {error}"), "name a certificate's file, in PEM")
        }
        (pem::Error::Io(error), Of::Key) => {
            (format!("{file} cannot be read: {error}"), "name a private key's file, in PEM")
        }
        (pem::Error::NoItemsFound, Of::Certificate) => {
            (format!("{file} has no certificate"), "name a file of PEM, with -----BEGIN CERTIFICATE-----")
        }
        (pem::Error::NoItemsFound, Of::Key) => (
            format!("{file} has no private key, or one that is encrypted"),
            "name a file of PEM, with -----BEGIN PRIVATE KEY-----; openssl pkey -in FILE -out FILE takes a key's password off",
        ),
        (error, _) => (format!("{file} is no PEM: {error}"), "name a file of PEM"),
    };
    Wrong { of, message, remedy }
}

/// What is to be said of a certificate's time.
fn expiry(path: &Path, certificate: &CertificateDer<'_>) -> Option<String> {
    let parsed = ParsedCertificate::try_from(certificate).ok()?;
    let algorithms = rustls::crypto::ring::default_provider().signature_verification_algorithms.all;
    // No authority is known here, so this fails at any rate; but of its times first.
    let nobody = RootCertStore::empty();
    let now = UnixTime::now();
    let date = |time: UnixTime| humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(time.as_secs()));
    match verify_server_cert_signed_by_trust_anchor(&parsed, &nobody, &[], now, algorithms).err()? {
        rustls::Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. }) => Some(format!(
            "the certificate in {} has expired at {}: clients will refuse it",
            path.display(),
            date(not_after)
        )),
        rustls::Error::InvalidCertificate(CertificateError::NotValidYetContext { not_before, .. }) => Some(format!(
            "the certificate in {} holds from {} on: clients will refuse it",
            path.display(),
            date(not_before)
        )),
        _ => None,
    }
}

/// The certificate of the connections that come; those that are open keep theirs.
#[derive(Debug)]
pub(crate) struct Live(ArcSwap<CertifiedKey>);

impl Live {
    pub(crate) fn new(certificates: Certificates) -> Arc<Self> {
        Arc::new(Self(ArcSwap::new(certificates.key)))
    }

    pub(crate) fn set(&self, certificates: Certificates) {
        self.0.store(certificates.key);
    }

    /// What agrees on keys with a client: over TLS 1.3 or 1.2, for HTTP/2 or HTTP/1.1.
    pub(crate) fn acceptor(self: &Arc<Self>) -> Result<TlsAcceptor, rustls::Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(self.clone());
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

impl ResolvesServerCert for Live {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}
