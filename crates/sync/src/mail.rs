//! Mail to the person who has to know when an integration breaks. Without a mail server it is laid into the
//! output folder, and the run says so.

use crate::Failure;
use crate::work::{Work, hash, moment};
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use lettre::{Message, SmtpTransport, Transport as _};
use serde::Deserialize;
use std::time::Duration;

/// A mail server.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    pub host: String,
    pub port: Option<u16>,
    pub from: String,
    /// STARTTLS. Switch it off for a server on the same machine only.
    #[serde(default = "yes")]
    pub tls: bool,
    pub user: Option<String>,
    /// Environment variable that holds the password.
    pub password_variable: Option<String>,
}

fn yes() -> bool {
    true
}

/// An address that mail can go to.
pub fn address(text: &str) -> Result<Mailbox, Failure> {
    text.parse()
        .map_err(|error| Failure::Settings(format!("`{text}` is no mail address: {error}")))
}

/// Sends a text. `occasion` is what it is about, the same at every try: a run that is killed between the mail and the
/// note that it went out sends it again, and its number tells the reader's mail program that it is the same one.
pub fn send(
    work: &mut Work<'_>,
    server: Option<&Mail>,
    to: &str,
    occasion: &str,
    (subject, text): (&str, &str),
) -> Result<(), Failure> {
    let Some(server) = server else {
        let file = work.home.output(
            work.integration,
            &format!("mail-{}.txt", moment(work.now).replace(':', "")),
        );
        crate::home::write(&file, &format!("To: {to}\nSubject: {subject}\n\n{text}"))?;
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
    let builder = if server.tls {
        SmtpTransport::starttls_relay(&server.host).map_err(|error| fault(error.to_string()))?
    } else {
        SmtpTransport::builder_dangerous(&server.host)
    };
    let mut builder = builder.timeout(Some(Duration::from_secs(20)));
    if let Some(port) = server.port {
        builder = builder.port(port);
    }
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
