//! Signing in and out, the first visit, the one-time link, and a new password.

use super::door::SHORTEST;
use super::page::{self, Field, Page};
use crate::console::{
    outcome::Outcome,
    visit::Visit,
    web::{cookie, cookie_name, has_token, host, page_response, see, set_cookie},
};
use crate::server::Server;
use bitting_calls::http::Received;
use bitting_calls::http::form::Form;
use bitting_psa::secret::{Secret, word};
use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use maud::{Markup, html};
use std::time::Instant;

/// Pages for those who are not signed in.
pub async fn answer(
    server: &Server,
    received: &Received,
    word: &str,
    query: &Form,
    form: &Form,
) -> Response<Full<Bytes>> {
    let console = &server.console;
    let post = received.parts.method == http::Method::POST;
    if word == "enter" {
        if console.door.enter_by_link(query.text("link")) {
            return open(server, received);
        }
        let text = "This link was used already, or the server has started anew since. \
                    The server prints a new one each time it starts.";
        return show(
            received,
            403,
            &html! { h1 { "The link opens nothing" } (page::wrong(text)) p { a href="/console/sign-in" { "Sign in with the password" } } },
        );
    }
    if !console.door.has_password() {
        return first(server, received, post, form).await;
    }
    if !post {
        return show(received, 200, &sign_in(None, &visitor(received)));
    }
    let from = received.peer.ip();
    if let Some(wait) = console.sessions.locked(from, Instant::now()) {
        let text = format!(
            "Too many wrong passwords from this address. Try again in {} minutes.",
            wait.as_secs().div_ceil(60)
        );
        return show(received, 429, &sign_in(Some(&text), &visitor(received)));
    }
    if !from_our_form(received, form) {
        let text = "The form was open for too long. Try again.";
        return show(received, 403, &sign_in(Some(text), &visitor(received)));
    }
    let password = Secret::new(form.text("password"));
    if !console.door.opens(password).await {
        console.sessions.failed(from, Instant::now());
        let text = "The password is wrong.";
        return show(received, 401, &sign_in(Some(text), &visitor(received)));
    }
    console.sessions.succeeded(from);
    open(server, received)
}

/// The first visit sets the password. Whoever comes first would own the server, so that only this very
/// machine may; from elsewhere it takes the link that the server printed.
async fn first(
    server: &Server,
    received: &Received,
    post: bool,
    form: &Form,
) -> Response<Full<Bytes>> {
    if !is_here(received) {
        let body = html! {
            h1 { "No password is set yet" }
            p { "Open the one-time link that " code { "bitting serve" } " printed when it started, or open this page on the server's own machine." }
        };
        return show(received, 403, &body);
    }
    if !post {
        return show(
            received,
            200,
            &set(None, &visitor(received), server.console.door.is_kept()),
        );
    }
    let error = if from_our_form(received, form) {
        choose(server, form).await.err()
    } else {
        Some("The form was open for too long. Try again.".to_owned())
    };
    match error {
        None => open(server, received),
        Some(error) => show(
            received,
            422,
            &set(
                Some(&error),
                &visitor(received),
                server.console.door.is_kept(),
            ),
        ),
    }
}

async fn choose(server: &Server, form: &Form) -> Result<(), String> {
    if form.text("password") != form.text("again") {
        return Err("The two passwords differ.".to_owned());
    }
    let password = Secret::new(form.text("password"));
    let set = server.console.door.set(password).await;
    set.map_err(|error| error.to_string())
}

/// A new password for someone who is signed in; every other session ends.
pub async fn password(visit: &Visit<'_>) -> Outcome {
    let error = if visit.post {
        match choose(visit.server, &visit.form).await {
            Ok(()) => {
                visit.server.console.sessions.close_all();
                return Outcome::See("/console/sign-in".to_owned());
            }
            Err(error) => Some(error),
        }
    } else {
        None
    };
    let body = html! {
        h1 { "Administrator's password" }
        p { "Setting it ends every session, this one too." }
        form.card method="post" action="/console/password" {
            (page::csrf(visit))
            (passwords(error.as_deref()))
            button type="submit" { "Set the password" }
        }
    };
    let page = Page::new("instances", "Administrator's password", body);
    Outcome::Page(page.with_status(if visit.post { 422 } else { 200 }))
}

pub fn signed_out(received: &Received) -> Response<Full<Bytes>> {
    let mut response = see("/console/sign-in");
    set_cookie(&mut response, received, "session", "");
    response
}

fn open(server: &Server, received: &Received) -> Response<Full<Bytes>> {
    if let Some(before) = cookie(received, &cookie_name(received, "session")) {
        server.console.sessions.close(&before);
    }
    let token = server.console.sessions.open(Instant::now());
    let mut response = see("/console/");
    set_cookie(&mut response, received, "session", token.reveal());
    response
}

fn sign_in(error: Option<&str>, visitor: &str) -> Markup {
    html! {
        h1 { "Sign in" }
        @if let Some(error) = error { (page::wrong(error)) }
        form method="post" action="/console/sign-in" {
            input type="hidden" name="csrf" value=(visitor);
            input type="text" name="user" value="administrator" autocomplete="username" hidden;
            (page::text_field("password", "Administrator's password", "", "", None,
                Field { kind: "password", required: true, complete: "current-password", ..Field::default() }))
            button type="submit" { "Sign in" }
        }
        p.hint { "Forgotten? Start the server again: it prints a link that signs in once." }
    }
}

fn set(error: Option<&str>, visitor: &str, kept: bool) -> Markup {
    html! {
        h1 { "Set the administrator's password" }
        p { "This is the first visit. Whoever knows this password holds every right on this server." }
        @if !kept { p.hint { "The server runs without " code { "--data" } ": the password is gone when it stops." } }
        form method="post" action="/console/first" {
            input type="hidden" name="csrf" value=(visitor);
            (passwords(error))
            button type="submit" { "Set the password" }
        }
    }
}

fn passwords(error: Option<&str>) -> Markup {
    let field = Field {
        kind: "password",
        required: true,
        complete: "new-password",
        ..Field::default()
    };
    html! {
        input type="text" name="user" value="administrator" autocomplete="username" hidden;
        (page::text_field("password", "Password", "", &format!("At least {SHORTEST} characters."), error, field))
        (page::text_field("again", "The same again", "", "", None, field))
    }
}

/// The token that ties a form before signing in to the browser that asked for it.
fn visitor(received: &Received) -> String {
    cookie(received, &cookie_name(received, "visit"))
        .filter(|token| token.len() == 16 && token.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        .unwrap_or_else(word)
}

fn from_our_form(received: &Received, form: &Form) -> bool {
    cookie(received, &cookie_name(received, "visit"))
        .is_some_and(|token| !token.is_empty() && has_token(received, form, &token))
}

fn show(received: &Received, status: u16, body: &Markup) -> Response<Full<Bytes>> {
    let text = page::bare("Sign in", body);
    let mut response = page_response(status, text);
    // The same token stands in the page's form.
    let token = token_in(body).unwrap_or_default();
    if !token.is_empty() {
        set_cookie(&mut response, received, "visit", &token);
    }
    response
}

fn token_in(body: &Markup) -> Option<String> {
    let (_, rest) = body.0.split_once("name=\"csrf\" value=\"")?;
    let (token, _) = rest.split_once('"')?;
    Some(token.to_owned())
}

/// Whether the browser runs on this machine and asked for it by a name of this machine: no proxy, and no
/// other site's name that leads here.
fn is_here(received: &Received) -> bool {
    let forwarded = ["x-forwarded-for", "x-forwarded-host", "forwarded"]
        .iter()
        .any(|name| received.parts.headers.contains_key(*name));
    let name = host(received).unwrap_or_default();
    let name = match name.strip_prefix('[') {
        Some(six) => six.split(']').next().unwrap_or_default(),
        None => name.split(':').next().unwrap_or_default(),
    };
    let ip = received.peer.ip().to_canonical();
    !forwarded && ip.is_loopback() && ["localhost", "127.0.0.1", "::1"].contains(&name)
}
