//! Mail to the person who has to know when an integration breaks. Without a mail server it is laid into the
//! output folder, and the run says so.

use crate::Failure;
use crate::private;
use crate::text::{hash, moment};
use crate::work::Work;
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{Message, SmtpTransport, Transport as _};
use serde::Deserialize;
use std::path::PathBuf;
use std::time::Duration;

/// A mail server.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    pub host: String,
    pub port: Option<u16>,
    pub from: String,
    /// STARTTLS, or TLS from the first byte on port 465. Switch it off for a server on the same machine only.
    #[serde(default = "yes")]
    pub tls: bool,
    /// TLS from the first byte, whatever the port; by default on 465 alone.
    pub tls_first: Option<bool>,
    /// An authority, in PEM, that the server's certificate may come from besides the public ones.
    pub ca_file: Option<PathBuf>,
    pub user: Option<String>,
    /// Environment variable that holds the password.
    pub password_variable: Option<String>,
}

fn yes() -> bool {
    true
}

/// Where TLS begins with the first byte.
const SMTPS: u16 = 465;

impl Mail {
    fn port(&self) -> u16 {
        self.port.unwrap_or(if self.tls { 587 } else { 25 })
    }

    /// Whether TLS begins with the first byte, and not by STARTTLS.
    pub fn begins_with_tls(&self) -> bool {
        self.tls && self.tls_first.unwrap_or(self.port() == SMTPS)
    }
}

/// How a connection is encrypted. A server that cannot is refused: nothing goes out in clear that was not to.
fn encrypted(server: &Mail) -> Result<Tls, String> {
    if !server.tls {
        return Ok(Tls::None);
    }
    let mut parameters = TlsParameters::builder(server.host.clone());
    if let Some(file) = &server.ca_file {
        let fault = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
        let pem = std::fs::read(file).map_err(|error| fault(&error))?;
        let authority = Certificate::from_pem(&pem).map_err(|error| fault(&error))?;
        parameters = parameters.add_root_certificate(authority);
    }
    let parameters = parameters.build().map_err(|error| error.to_string())?;
    Ok(if server.begins_with_tls() {
        Tls::Wrapper(parameters)
    } else {
        Tls::Required(parameters)
    })
}

/// An address that mail can go to.
pub fn address(text: &str) -> Result<Mailbox, Failure> {
    text.parse()
        .map_err(|error| Failure::Settings(format!("`{text}` is no mail address: {error}")))
}

/// Sends a text. `occasion` is what it is about, the same at every try: a run that is killed between the mail and the
/// note that it went out sends it again, and its number tells the reader's mail program that it is the same one.
pub fn send<A>(
    work: &mut Work<'_, A>,
    server: Option<&Mail>,
    to: &str,
    occasion: &str,
    (subject, text): (&str, &str),
) -> Result<(), Failure> {
    let Some(server) = server else {
        let file = work.home.output(
            work.integration,
            &format!(
                "mail-{}-{}.txt",
                moment(work.now).replace(':', ""),
                &hash(occasion)[..8]
            ),
        );
        let letter = format!("To: {to}\nSubject: {subject}\n\n{text}");
        private::write(&file, letter.as_bytes())?;
        work.warn(format!(
            "the settings name no mail server; the mail to {to} is in {}",
            file.display()
        ));
        return work.state.steps.done();
    };
    let fault = |error: String| {
        Failure::Settings(format!(
            "the mail to {to} cannot be sent through {}: {error}",
            server.host
        ))
    };
    let (from, to_whom) = (address(&server.from)?, address(to)?);
    let number = hash(&format!("{} {to} {occasion}", work.integration));
    let message = Message::builder()
        .message_id(Some(format!("<{number}@{}>", from.email.domain())))
        .from(from)
        .to(to_whom)
        .subject(subject)
        .body(text.to_owned())
        .map_err(|error| fault(error.to_string()))?;
    let mut builder = SmtpTransport::builder_dangerous(&server.host)
        .port(server.port())
        .tls(encrypted(server).map_err(fault)?)
        .timeout(Some(Duration::from_secs(20)));
    if let (Some(user), Some(variable)) = (&server.user, &server.password_variable) {
        let password = std::env::var(variable)
            .map_err(|_| fault(format!("the environment variable {variable} is not set")))?;
        builder = builder.credentials(Credentials::new(user.clone(), password));
    }
    builder
        .build()
        .send(&message)
        .map_err(|error| fault(error.to_string()))?;
    work.state.steps.done()
}
