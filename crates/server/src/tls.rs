//! TLS that works on the first paste: a local certificate authority, kept beside the data, and a leaf
//! certificate for this machine's names. Knows nothing of requests.

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, date_time_ymd,
};
use rustls::ServerConfig;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error(
        "cannot read {file}: {reason}; give a readable PEM file, or leave it out for a local certificate"
    )]
    Read {
        file: PathBuf,
        reason: std::io::Error,
    },
    #[error("cannot write {file}: {reason}")]
    Write {
        file: PathBuf,
        reason: std::io::Error,
    },
    #[error("{file} holds no usable {what}: {reason}")]
    Pem {
        file: PathBuf,
        what: &'static str,
        reason: String,
    },
    #[error(
        "{file}, part of the local certificate authority, is damaged: {reason}; delete {ca} and {key} and a \
         new authority is made, whose ca.pem clients must then trust instead"
    )]
    Authority {
        file: PathBuf,
        ca: PathBuf,
        key: PathBuf,
        reason: String,
    },
    #[error("cannot make a certificate: {0}")]
    Make(#[from] rcgen::Error),
    #[error("the TLS library refuses the certificate: {0}")]
    Refused(#[from] rustls::Error),
}

/// A ready acceptor and the file clients have to trust.
#[derive(Debug, Clone)]
pub struct Tls {
    pub config: Arc<ServerConfig>,
    pub ca_file: PathBuf,
}

/// Where the certificate comes from.
#[derive(Debug, Clone)]
pub enum Source {
    /// A local authority in this directory, made when missing.
    Local(PathBuf),
    /// Files of the user's own.
    Files { certificate: PathBuf, key: PathBuf },
}

/// Loads or makes the certificates. `names` are host names and addresses of the leaf.
pub fn prepare(source: &Source, names: &[String]) -> Result<Tls, TlsError> {
    match source {
        Source::Local(directory) => local(directory, names),
        Source::Files { certificate, key } => {
            let chain = chain(certificate)?;
            let key = private_key(key)?;
            Ok(Tls {
                config: config(chain, key)?,
                ca_file: certificate.clone(),
            })
        }
    }
}

fn local(directory: &Path, names: &[String]) -> Result<Tls, TlsError> {
    let ca_file = directory.join("ca.pem");
    let key_file = directory.join("ca-key.pem");
    let damaged = |file: &Path, reason: String| TlsError::Authority {
        file: file.to_owned(),
        ca: ca_file.clone(),
        key: key_file.clone(),
        reason,
    };
    // Bytes that are no text are damage too, and not a file that somebody named.
    let damage = |file: &Path, error: TlsError| match error {
        TlsError::Pem { reason, .. } => damaged(file, reason),
        TlsError::Read { reason, .. } => damaged(file, reason.to_string()),
        other => other,
    };
    let (params, ca_key) = if ca_file.exists() && key_file.exists() {
        let text = read(&key_file).map_err(|error| damage(&key_file, error))?;
        let key =
            KeyPair::from_pem(&text).map_err(|error| damaged(&key_file, error.to_string()))?;
        (authority()?, key)
    } else {
        let key = KeyPair::generate()?;
        let params = authority()?;
        let certificate = params.self_signed(&key)?;
        write(&key_file, key.serialize_pem().as_bytes(), true)?;
        write(&ca_file, certificate.pem().as_bytes(), false)?;
        (params, key)
    };
    let issuer = Issuer::new(params, ca_key);
    let mut leaf = CertificateParams::new(names.to_vec())?;
    leaf.distinguished_name = name("Bitting local server");
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    leaf.use_authority_key_identifier_extension = true;
    leaf.not_before = date_time_ymd(2024, 1, 1);
    leaf.not_after = date_time_ymd(2044, 1, 1);
    let leaf_key = KeyPair::generate()?;
    let certificate = leaf.signed_by(&leaf_key, &issuer)?;
    let key =
        PrivateKeyDer::try_from(leaf_key.serialize_der()).map_err(|reason| TlsError::Pem {
            file: key_file.clone(),
            what: "key",
            reason: reason.to_owned(),
        })?;
    let mut served = vec![certificate.der().clone()];
    served.extend(chain(&ca_file).map_err(|error| damage(&ca_file, error))?);
    Ok(Tls {
        config: config(served, key)?,
        ca_file,
    })
}

/// The authority's parameters; with its stored key they make the same authority again.
fn authority() -> Result<CertificateParams, TlsError> {
    let mut params = CertificateParams::new(Vec::<String>::new())?;
    params.distinguished_name = name("Bitting local CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    // Long enough that nobody's test suite breaks on a Monday.
    params.not_before = date_time_ymd(2024, 1, 1);
    params.not_after = date_time_ymd(2044, 1, 1);
    Ok(params)
}

fn name(common: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common);
    name
}

fn config(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<Arc<ServerConfig>, TlsError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn chain(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let text = read(file)?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    match chain {
        Ok(chain) if !chain.is_empty() => Ok(chain),
        Ok(_) => Err(TlsError::Pem {
            file: file.to_owned(),
            what: "certificate",
            reason: "there is none in it".to_owned(),
        }),
        Err(error) => Err(TlsError::Pem {
            file: file.to_owned(),
            what: "certificate",
            reason: error.to_string(),
        }),
    }
}

fn private_key(file: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let text = read(file)?;
    PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(|error| TlsError::Pem {
        file: file.to_owned(),
        what: "private key",
        reason: error.to_string(),
    })
}

fn read(file: &Path) -> Result<String, TlsError> {
    fs::read_to_string(file).map_err(|reason| TlsError::Read {
        file: file.to_owned(),
        reason,
    })
}

/// Writes a file as a whole or not at all; secret ones are readable by their owner alone.
fn write(file: &Path, bytes: &[u8], secret: bool) -> Result<(), TlsError> {
    let failed = |reason| TlsError::Write {
        file: file.to_owned(),
        reason,
    };
    let partial = file.with_extension("partial");
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(if secret { 0o600 } else { 0o644 });
    }
    #[cfg(not(unix))]
    let _ = secret;
    let mut opened = options.open(&partial).map_err(failed)?;
    opened.write_all(bytes).map_err(failed)?;
    opened.sync_all().map_err(failed)?;
    fs::rename(&partial, file).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::{Source, TlsError, prepare};

    #[test]
    fn a_damaged_authority_is_named_with_what_to_do() {
        let rubbish: [&[u8]; 3] = [b"", b"rubbish", b"\xff\xfe\x00"];
        let files = ["ca.pem", "ca-key.pem"];
        for (damaged, rubbish) in files
            .iter()
            .flat_map(|file| rubbish.map(|bytes| (file, bytes)))
        {
            let directory = tempfile::tempdir().expect("a directory");
            let source = Source::Local(directory.path().to_owned());
            let names = ["localhost".to_owned()];
            assert!(prepare(&source, &names).is_ok());
            assert!(prepare(&source, &names).is_ok(), "the same one again");
            std::fs::write(directory.path().join(damaged), rubbish).expect("written");
            let Err(error @ TlsError::Authority { .. }) = prepare(&source, &names) else {
                panic!("a damaged {damaged} is served");
            };
            let said = error.to_string();
            assert!(said.contains(damaged) && said.contains("delete"), "{said}");
        }
    }
}
