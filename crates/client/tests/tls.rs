//! What a certificate can be wrong in, each on a real TLS socket: told apart, in a sentence that says what to do.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use bitting_client::{ClientError, Credentials, Distrust, Options, Psa, Secret};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

/// An authority with its file.
struct Authority {
    params: CertificateParams,
    key: KeyPair,
    directory: tempfile::TempDir,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let directory = tempfile::tempdir().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        std::fs::write(directory.path().join("ca.pem"), pem).unwrap();
        Self {
            params,
            key,
            directory,
        }
    }

    fn file(&self) -> PathBuf {
        self.directory.path().join("ca.pem")
    }

    /// A PSA on a free port whose certificate is for `name`, from one year to the other. It knows every company.
    fn psa(&self, name: &str, years: (i32, i32)) -> String {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.not_before = date_time_ymd(years.0, 1, 1);
        params.not_after = date_time_ymd(years.1, 1, 1);
        let key = KeyPair::generate().unwrap();
        let issuer = Issuer::from_params(&self.params, &self.key);
        let leaf = params.signed_by(&key, &issuer).unwrap();
        let secret = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], secret)
            .unwrap();
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("https://{}", listener.local_addr().unwrap());
        thread::spawn(move || {
            for stream in listener.incoming() {
                let connection = ServerConnection::new(config.clone()).unwrap();
                // A client that does not trust us hangs up; the next one may.
                let _ = answer(StreamOwned::new(connection, stream.unwrap()));
            }
        });
        address
    }
}

fn answer(stream: StreamOwned<ServerConnection, std::net::TcpStream>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    while line != "\r\n" {
        line.clear();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
    }
    let mut stream = reader.into_inner();
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}")?;
    stream.conn.send_close_notify();
    stream.flush()
}

fn open(address: &str, authority: Option<&Path>) -> Result<Psa, ClientError> {
    let credentials = Credentials {
        company: "acme".to_owned(),
        public_key: "public".to_owned(),
        private_key: Secret::new("hidden-half"),
        client_id: None,
    };
    let options = Options {
        ca_file: authority,
        ..Options::default()
    };
    Psa::open(address, credentials, &options)
}

#[test]
fn each_fault_of_a_certificate_is_told_apart() {
    let authority = Authority::new();
    let file = authority.file();
    let cases = [
        (
            "127.0.0.1",
            (2020, 2120),
            false,
            Distrust::Authority,
            "--ca-file",
        ),
        (
            "psa.example.com",
            (2020, 2120),
            true,
            Distrust::Name,
            "belongs to another host",
        ),
        (
            "127.0.0.1",
            (2019, 2020),
            true,
            Distrust::Expired,
            "it has expired",
        ),
        (
            "127.0.0.1",
            (2110, 2120),
            true,
            Distrust::Early,
            "check the clock",
        ),
    ];
    for (name, years, trusted, expected, says) in cases {
        let address = authority.psa(name, years);
        let error = open(&address, trusted.then_some(&*file)).err().expect(says);
        let ClientError::Certificate { distrust, .. } = &error else {
            panic!("{error}");
        };
        assert_eq!(*distrust, expected, "{error}");
        let said = error.to_string();
        assert!(said.contains(says) && said.starts_with(&address), "{said}");
    }
    let address = authority.psa("127.0.0.1", (2020, 2120));
    open(&address, Some(&authority.file())).expect("a certificate in order opens");
}

#[test]
fn http_and_https_taken_for_each_other_are_said() {
    let authority = Authority::new();
    let secure = authority.psa("127.0.0.1", (2020, 2120));
    let said = open(&secure.replace("https", "http"), None)
        .err()
        .expect("no TLS")
        .to_string();
    assert!(said.contains("begins with https://"), "{said}");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let plain = format!("https://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.write_all(
                b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
            );
        }
    });
    let said = open(&plain, Some(&authority.file()))
        .err()
        .expect("TLS on a plain port")
        .to_string();
    assert!(said.contains("does not speak TLS"), "{said}");
}
