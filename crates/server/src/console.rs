//! The web console: the guides' steps by clicking, in the PSA's own words. It goes through the same pipeline
//! and permits as the API, as the operator or in a member's place; it has no way of its own to any record.
//! Every form carries its session's token, and no page loads anything from another host.

mod activity;
mod assets;
mod audit;
mod autotask;
pub mod bench;
mod chosen;
mod connect;
mod data;
mod desk;
mod docs;
mod door;
mod guide;
mod instances;
mod integrations;
mod jobs;
mod lint;
mod lists;
mod matrix;
mod members;
mod outcome;
mod overview;
mod page;
mod progress;
mod proof;
mod roles;
mod session;
mod sign_in;
pub(crate) mod state;
mod tabs;
mod underway;
mod visit;
mod web;

use crate::server::Server;
use bitting_calls::http::form::{self, Form};
use bitting_calls::http::{Body, Outgoing, Received};
use bytes::Bytes;
use desk::Desk;
use http::{HeaderValue, Method, Response, header};
use http_body_util::Full;
use maud::html;
use outcome::{Outcome, Result};
use page::Page;
pub use state::Console;
use std::sync::Arc;
use std::time::Instant;
use visit::{Place, Visit, tenant};
use web::{
    content, cookie, cookie_name, has_token, origin, page_response, plain, same_origin, see,
};

/// Nothing runs, loads or sends but to this server, and nobody may frame it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                      connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Whether a path is the console's.
pub(crate) fn serves(path: &str) -> bool {
    let first = path.trim_start_matches('/').split('/').next();
    matches!(first, Some("" | "console" | "docs"))
}

/// Answers a request for one of the console's paths.
pub(crate) async fn answer(server: &Server, received: &Received) -> Response<Full<Bytes>> {
    sealed(route(server, received).await)
}

/// What is answered where a page could not be made.
pub(crate) fn failed() -> Response<Full<Bytes>> {
    sealed(plain(
        500,
        "The page could not be made; the server's log says where that failed. Go back and load it again to see what was done.",
    ))
}

/// A page with the headers that every one has.
fn sealed(mut response: Response<Full<Bytes>>) -> Response<Full<Bytes>> {
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "same-origin"),
    ];
    let headers = response.headers_mut();
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(
        "cross-origin-opener-policy",
        HeaderValue::from_static("same-origin"),
    );
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

/// The live stream of calls, where that is what was asked for; everything else is a page.
pub(crate) fn stream(server: &Server, received: &Received) -> Option<Response<Outgoing>> {
    let path = received.parts.uri.path();
    let mut words = path.strip_prefix("/console/")?.split('/');
    let word = percent_encoding::percent_decode_str(words.next()?).decode_utf8_lossy();
    if words.next() != Some("activity") || words.next() != Some("stream") {
        return None;
    }
    let refuse = |status| Some(plain(status, "").map(Outgoing::Whole));
    let Some((token, _)) = signed_in(server, received) else {
        return refuse(401);
    };
    let Some(place) = Place::named(server, &word) else {
        return refuse(404);
    };
    let Ok(turn) = server.console.streams.clone().try_acquire_owned() else {
        return refuse(503);
    };
    let query = Form::read(received.parts.uri.query().unwrap_or_default());
    let sessions = server.console.sessions.clone();
    let live = activity::live::Live {
        watched: activity::Watched::new(&place, &query),
        log: server.log.clone(),
        // A browser that connects again says where it was.
        from: received
            .parts
            .headers
            .get("last-event-id")
            .and_then(|id| id.to_str().ok())
            .unwrap_or_else(|| query.text("from"))
            .parse()
            .ok(),
        ended: server.console.ended.subscribe(),
        // A stream does not keep a session alive, and ends with it.
        alive: Box::new(move || sessions.is_open(&token, Instant::now())),
        _turn: turn,
    };
    let mut response = Response::new(live.run());
    for (name, value) in [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ] {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    Some(response)
}

async fn route(server: &Server, received: &Received) -> Response<Full<Bytes>> {
    let uri = &received.parts.uri;
    let path: Vec<String> = uri
        .path()
        .split('/')
        .filter(|part| !part.is_empty())
        .map(|part| {
            let text = percent_encoding::percent_decode_str(part).decode_utf8_lossy();
            text.into_owned()
        })
        .collect();
    let words: Vec<&str> = path.iter().map(String::as_str).collect();
    let query = Form::read(uri.query().unwrap_or_default());
    let post = received.parts.method == Method::POST;
    if !post && !matches!(received.parts.method, Method::GET | Method::HEAD) {
        return plain(405, "The console takes GET and POST.");
    }
    match words[..] {
        [] => return see("/console/"),
        ["console", "assets", name] => return assets::answer(name),
        ["docs", ref rest @ ..] => return docs::answer(server, rest, &query),
        _ => {}
    }
    let form = match (post, &received.body) {
        (false, _) => Form::default(),
        (true, Body::Read(bytes)) if bytes.len() <= form::LIMIT => {
            Form::read(&String::from_utf8_lossy(bytes))
        }
        (true, _) => return plain(413, "The form is too large."),
    };
    if post && !same_origin(received) {
        return plain(403, "The form came from another site, so nothing was done.");
    }
    if let ["console", word @ ("sign-in" | "enter" | "first")] = words[..] {
        return sign_in::answer(server, received, word, &query, &form).await;
    }
    let Some((token, session)) = signed_in(server, received) else {
        // A part of a page cannot show a form to sign in: htmx is told to go there as a whole.
        let mut response = see("/console/sign-in");
        if received.parts.headers.contains_key("hx-request") {
            *response.status_mut() = http::StatusCode::OK;
            response
                .headers_mut()
                .insert("hx-redirect", HeaderValue::from_static("/console/sign-in"));
        }
        return response;
    };
    if post && !has_token(received, &form, &session.csrf) {
        return plain(
            403,
            "The form's token is missing or of another session, so nothing was done. Load the page again.",
        );
    }
    if words == ["console", "sign-out"] && post {
        server.console.sessions.close(&token);
        return sign_in::signed_out(received);
    }
    let place = path.get(1).and_then(|word| Place::named(server, word));
    let place = place.or_else(|| Place::every(server).into_iter().next());
    let visit = Visit {
        place: place.unwrap_or(Place::ConnectWise(String::new())),
        origin: origin(received),
        server,
        session,
        path: path[1..].to_vec(),
        query,
        form,
        post,
    };
    respond(&visit, dispatch(&visit).await)
}

async fn dispatch(visit: &Visit<'_>) -> Result<Outcome> {
    let words: Vec<&str> = visit.path.iter().map(String::as_str).collect();
    match words[..] {
        [] => return Ok(Outcome::See(visit.at(""))),
        ["password"] => return Ok(sign_in::password(visit).await),
        _ => {}
    }
    let rest = &words[1..];
    match Place::named(visit.server, words[0]) {
        Some(Place::Autotask(name)) => match tenant(visit.server, &name) {
            Some(tenant) => autotask::answer(visit, &tenant, rest).await,
            None => Ok(Outcome::Nowhere),
        },
        Some(Place::ConnectWise(company)) => match visit.server.instance(&company) {
            Some(instance) => connectwise(visit, &Desk::new(visit.server, instance), rest).await,
            None => Ok(Outcome::Nowhere),
        },
        None => Ok(Outcome::Nowhere),
    }
}

async fn connectwise(visit: &Visit<'_>, desk: &Desk<'_>, words: &[&str]) -> Result<Outcome> {
    match words {
        [first, ..] if desk.instance.is_gate() && page::OWN.contains(first) => {
            Ok(Outcome::Page(not_of_a_gate()))
        }
        [] => overview::answer(visit, desk).await,
        ["roles", rest @ ..] => roles::answer(visit, desk, rest).await,
        ["members", rest @ ..] => members::answer(visit, desk, rest).await,
        ["integrations", rest @ ..] => integrations::answer(visit, desk, rest).await,
        ["audit", rest @ ..] => audit::answer(visit, desk, rest).await,
        ["activity", rest @ ..] => activity::answer(visit, desk, rest).await,
        ["data"] => data::answer(visit, desk).await,
        ["instances", rest @ ..] => {
            instances::answer(visit, &instances::subject::Subject::company(desk), rest).await
        }
        _ => Ok(Outcome::Nowhere),
    }
}

/// Records, copies and faults are those of a PSA of one's own: what stands behind a gate is somebody's business.
fn not_of_a_gate() -> Page {
    let body = html! {
        h1 { "Not of a gate" }
        p { "The records are those of the PSA behind this gate: it keeps none, and has no copies, resets or faults." }
        p.hint { "Settings are changed with " code { "bitting instance set" } "." }
    };
    Page::new("", "Not of a gate", body).with_status(404)
}

fn respond(visit: &Visit<'_>, outcome: Result<Outcome>) -> Response<Full<Bytes>> {
    let page = match outcome {
        Ok(Outcome::Part(part)) => return page_response(200, part),
        Ok(Outcome::File(name, text)) => return file(&name, text),
        Ok(Outcome::See(address)) => return see(&address),
        Ok(Outcome::Page(page)) => page,
        Ok(Outcome::Nowhere) => not_found(),
        Err(problem) => {
            let status = bitting_psa::answer::Reply::problem(&problem).status;
            let body = html! {
                h1 { "That did not work" }
                (page::wrong(&desk::message(&problem)))
                p { a href=(visit.at("")) { "Back to the overview" } }
            };
            Page::new("", "That did not work", body).with_status(status)
        }
    };
    page_response(page.status, page::framed(visit, &page))
}

/// A page to hand over. Its name is made of a company id or a profile's name.
fn file(name: &str, text: String) -> Response<Full<Bytes>> {
    let mut response = content(200, "text/html; charset=utf-8", text);
    let plain = |c: &char| c.is_ascii_alphanumeric() || ['-', '_', '.'].contains(c);
    let name: String = name.chars().filter(plain).collect();
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        response
            .headers_mut()
            .insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

fn not_found() -> Page {
    let body = html! {
        h1 { "There is nothing here" }
        p { "The address is wrong, or what it showed was deleted." }
    };
    Page::new("", "Not found", body).with_status(404)
}

/// The session of the request's cookie, with what the cookie holds.
fn signed_in(server: &Server, received: &Received) -> Option<(String, Arc<session::Session>)> {
    let token = cookie(received, &cookie_name(received, "session"))?;
    let session = server.console.sessions.find(&token, Instant::now())?;
    Some((token, session))
}
