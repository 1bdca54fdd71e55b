//! TLS 1.2 and 1.3 with a given certificate, by rustls and ring (docs/decisions/0009-tls-provider.md). The files are read
//! again when they change; a pair that does not fit leaves the one before in use.

use std::path::PathBuf;
use std::sync::Arc;

use axum_server::tls_rustls::RustlsConfig;
use fido_unlock::Shown;
use rustls::ServerConfig;
use rustls::client::verify_server_name;
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::ParsedCertificate;
use rustls::version::{TLS12, TLS13};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::config::TlsFiles;
use crate::secret_file::{self, Readers, SecretFileFault};

/// The longest file of certificates or keys, in bytes.
const LONGEST: usize = 256 * 1024;

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsFault {
    /// A file cannot be read.
    #[error(transparent)]
    File(#[from] SecretFileFault),
    /// A file is not what it should be.
    #[error("{}: {what}", Shown(&.path.display().to_string()))]
    Form {
        /// The file.
        path: PathBuf,
        /// Why.
        what: String,
    },
    /// Certificate and key are not for each other, or of a kind that is not known.
    #[error("certificate and key: {0}")]
    Pair(rustls::Error),
}

/// A certificate in use.
pub struct Certificate {
    files: TlsFiles,
    /// Whose it has to be.
    name: String,
    config: RustlsConfig,
    /// SHA-256 of what is in use.
    seen: [u8; 32],
}

impl Certificate {
    /// Reads it. `name`: how browsers call the service, without a port.
    ///
    /// # Errors
    /// A file cannot be read or has no certificate or key; they do not fit each other; it is another name's.
    pub fn read(files: &TlsFiles, name: &str) -> Result<Self, TlsFault> {
        let read = Read::files(files)?;
        Ok(Self {
            config: RustlsConfig::from_config(read.config(files, name)?),
            files: files.clone(),
            name: name.to_owned(),
            seen: read.hash(),
        })
    }

    /// What the server takes; it follows this value.
    #[must_use]
    pub fn config(&self) -> RustlsConfig {
        self.config.clone()
    }

    /// Reads the files again; gives whether there is another one now.
    ///
    /// # Errors
    /// As [`Certificate::read`]; the one before stays in use.
    pub fn renew(&mut self) -> Result<bool, TlsFault> {
        let read = Read::files(&self.files)?;
        if read.hash() == self.seen {
            return Ok(false);
        }
        let config = read.config(&self.files, &self.name)?;
        self.config.reload_from_config(config);
        self.seen = read.hash();
        Ok(true)
    }
}

/// The files' bytes.
struct Read {
    certificate: Zeroizing<Vec<u8>>,
    key: Zeroizing<Vec<u8>>,
}

impl Read {
    fn files(files: &TlsFiles) -> Result<Self, TlsFault> {
        Ok(Self {
            certificate: secret_file::read(&files.certificate, LONGEST, Readers::Any)?,
            key: secret_file::read(&files.key, LONGEST, Readers::Group)?,
        })
    }

    fn hash(&self) -> [u8; 32] {
        let certificate = Sha256::digest(&*self.certificate);
        Sha256::new_with_prefix(certificate)
            .chain_update(&*self.key)
            .finalize()
            .into()
    }

    fn config(&self, files: &TlsFiles, name: &str) -> Result<Arc<ServerConfig>, TlsFault> {
        let no_certificate = |what: String| TlsFault::Form {
            path: files.certificate.clone(),
            what,
        };
        let chain: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(&self.certificate).collect();
        let chain = chain.map_err(|error| no_certificate(error.to_string()))?;
        let own = chain
            .first()
            .ok_or_else(|| no_certificate("no certificate in PEM".into()))?;
        ParsedCertificate::try_from(own)
            .and_then(|own| verify_server_name(&own, &server_name(name)?))
            .map_err(|error| no_certificate(format!("not a certificate of {name}: {error}")))?;
        let key = PrivateKeyDer::from_pem_slice(&self.key).map_err(|error| TlsFault::Form {
            path: files.key.clone(),
            what: match error {
                pem::Error::NoItemsFound => "no private key in PEM that is not encrypted itself".to_owned(),
                other => other.to_string(),
            },
        })?;
        let provider = Arc::new(ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(TlsFault::Pair)?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(TlsFault::Pair)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

fn server_name(name: &str) -> Result<ServerName<'_>, rustls::Error> {
    ServerName::try_from(name).map_err(|_| rustls::Error::General("it is no name of a server".into()))
}
