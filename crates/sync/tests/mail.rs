//! Mail through a server that speaks SMTP as theirs do: STARTTLS and a password; and nothing in clear where the server
//! cannot encrypt, or where its certificate is somebody else's.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use bitting_sync::api::Api;
use bitting_sync::mail::{self, Mail};
use bitting_sync::office_protect::INTEGRATION;
use bitting_sync::progress::Progress;
use bitting_sync::psa::Kind;
use bitting_sync::work::{Counts, Work};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use support::{Desk, psa};

/// Lines that a server got, those of a mail among them, each with whether it came encrypted.
type Heard = Arc<Mutex<Vec<(bool, String)>>>;

/// Answers until the client goes, or asks for encryption that there is.
fn talk<S: Read + Write>(
    stream: &mut BufReader<S>,
    heard: &Heard,
    tls: bool,
    offers: &str,
) -> bool {
    let mut data = false;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).unwrap_or(0) == 0 {
            return false;
        }
        let line = line.trim_end().to_owned();
        heard.lock().unwrap().push((tls, line.clone()));
        if data && line != "." {
            continue;
        }
        data = line == "DATA";
        let answer = match line.split(' ').next().unwrap_or_default() {
            "EHLO" => format!("250-post office\r\n250 {offers}"),
            "STARTTLS" => "220 go on".to_owned(),
            "AUTH" => "235 welcome".to_owned(),
            "DATA" => "354 go on".to_owned(),
            "QUIT" => "221 bye".to_owned(),
            _ => "250 fine".to_owned(),
        };
        if write!(stream.get_mut(), "{answer}\r\n").is_err() {
            return false;
        }
        let _ = stream.get_mut().flush();
        if line == "STARTTLS" {
            return true;
        }
    }
}

/// A mail server; with a certificate it offers STARTTLS, or speaks TLS from the first byte.
fn server(certificate: Option<&rcgen::CertifiedKey<rcgen::KeyPair>>, first: bool) -> (u16, Heard) {
    let config = certificate.map(|made| {
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key);
        Arc::new(config.expect("a certificate"))
    });
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let heard = Heard::default();
    let hearing = heard.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.expect("a connection");
            if first {
                let config = config.clone().expect("a certificate");
                let tls = ServerConnection::new(config).expect("a server");
                let mut stream = BufReader::new(StreamOwned::new(tls, stream));
                if write!(stream.get_mut(), "220 post office\r\n").is_ok() {
                    talk(&mut stream, &hearing, true, "AUTH PLAIN");
                }
                continue;
            }
            let mut stream = BufReader::new(stream);
            let _ = write!(stream.get_mut(), "220 post office\r\n");
            let offers = if config.is_some() {
                "STARTTLS"
            } else {
                "AUTH PLAIN"
            };
            if !talk(&mut stream, &hearing, false, offers) {
                continue;
            }
            let config = config.clone().expect("offered");
            let tls = ServerConnection::new(config).expect("a server");
            let mut stream = BufReader::new(StreamOwned::new(tls, stream.into_inner()));
            talk(&mut stream, &hearing, true, "AUTH PLAIN");
        }
    });
    (port, heard)
}

fn send(mail: &Mail) -> Result<(), String> {
    let (psa, _) = psa(|_, _| (200, "", "[]".to_owned()));
    let desk = Desk::new(&INTEGRATION, "");
    let mut work = Work {
        api: Api::new(&psa, &desk.state.steps),
        state: &desk.state,
        home: &desk.home,
        progress: &Progress::Silent,
        integration: "office_protect",
        psa: Kind::ConnectWise,
        job: "tickets",
        now: desk.now,
        counts: Counts::default(),
    };
    let text = ("It is broken", "Events wait.\n");
    mail::send(&mut work, Some(mail), "ops@example.com", "once", text)
        .map_err(|failure| failure.to_string())
}

/// The password is the value of a variable that is there everywhere.
fn to(port: u16, tls: bool, authority: Option<&Path>) -> Mail {
    Mail {
        host: "localhost".to_owned(),
        port: Some(port),
        from: "bitting@example.com".to_owned(),
        tls,
        tls_first: None,
        ca_file: authority.map(PathBuf::from),
        user: Some("bitting".to_owned()),
        password_variable: Some("PATH".to_owned()),
    }
}

fn said(heard: &Heard, word: &str) -> Vec<bool> {
    let heard = heard.lock().unwrap();
    let of = heard.iter().filter(|(_, line)| line.starts_with(word));
    of.map(|(tls, _)| *tls).collect()
}

#[test]
fn a_mail_and_its_password_go_out_encrypted_or_not_at_all() {
    let names = vec!["localhost".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).expect("a certificate");
    let folder = tempfile::tempdir().expect("a folder");
    let authority = folder.path().join("ca.pem");
    std::fs::write(&authority, made.cert.pem()).expect("written");
    let (port, heard) = server(Some(&made), false);
    send(&to(port, true, Some(&authority))).expect("sent");
    assert_eq!(said(&heard, "AUTH PLAIN"), [true]);
    assert_eq!(said(&heard, "Subject: It is broken"), [true]);

    // Nobody vouches for the certificate.
    let (port, heard) = server(Some(&made), false);
    let fault = send(&to(port, true, None)).expect_err("refused");
    assert!(
        fault.contains("cannot be sent through localhost"),
        "{fault}"
    );
    assert!(said(&heard, "AUTH").is_empty() && said(&heard, "Subject").is_empty());

    // The server does not encrypt: neither the password nor the mail goes out.
    let (port, heard) = server(None, false);
    let fault = send(&to(port, true, None)).expect_err("refused");
    assert!(
        fault.contains("cannot be sent through localhost"),
        "{fault}"
    );
    assert!(said(&heard, "AUTH").is_empty() && said(&heard, "Subject").is_empty());

    // Somebody chose so.
    send(&to(port, false, None)).expect("sent");
    assert_eq!(said(&heard, "AUTH PLAIN"), [false]);

    let missing = folder.path().join("none.pem");
    let fault = send(&to(port, true, Some(&missing))).expect_err("no authority");
    assert!(fault.contains("none.pem"), "{fault}");
    let mut unset = to(port, false, None);
    unset.password_variable = Some("NO_SUCH_VARIABLE".to_owned());
    let fault = send(&unset).expect_err("no password");
    assert!(fault.contains("NO_SUCH_VARIABLE is not set"), "{fault}");
}

/// TLS from the first byte, as on port 465, which a test may not open: the same way on another port, chosen there.
#[test]
fn tls_from_the_first_byte() {
    let names = vec!["localhost".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).expect("a certificate");
    let folder = tempfile::tempdir().expect("a folder");
    let authority = folder.path().join("ca.pem");
    std::fs::write(&authority, made.cert.pem()).expect("written");
    let (port, heard) = server(Some(&made), true);
    let first = |authority: Option<&Path>| Mail {
        tls_first: Some(true),
        ..to(port, true, authority)
    };
    send(&first(Some(&authority))).expect("sent");
    assert_eq!(said(&heard, "AUTH PLAIN"), [true]);
    assert_eq!(said(&heard, "Subject: It is broken"), [true]);
    assert!(said(&heard, "STARTTLS").is_empty());
    // Nobody vouches for the certificate: nothing is said.
    let before = heard.lock().unwrap().len();
    let fault = send(&first(None)).expect_err("refused");
    assert!(
        fault.contains("cannot be sent through localhost"),
        "{fault}"
    );
    assert_eq!(heard.lock().unwrap().len(), before);
    // A server that begins in clear is no such server.
    let (port, heard) = server(Some(&made), false);
    let mail = Mail {
        tls_first: Some(true),
        ..to(port, true, Some(&authority))
    };
    let fault = send(&mail).expect_err("refused");
    assert!(
        fault.contains("cannot be sent through localhost"),
        "{fault}"
    );
    assert!(said(&heard, "AUTH").is_empty() && said(&heard, "Subject").is_empty());
    // The port alone says so too.
    let known = |port: Option<u16>, tls_first: Option<bool>| {
        let mail = Mail {
            port,
            tls_first,
            ..to(0, true, None)
        };
        mail.begins_with_tls()
    };
    assert!(known(Some(465), None) && known(Some(2465), Some(true)));
    assert!(!known(Some(465), Some(false)) && !known(Some(587), None) && !known(None, None));
}
