//! Bitting's own API under `/bitting/`, for whoever runs the server and for its command line: instances,
//! roles with their levels and lists, members, keys. In the vendor's style, on the same rules.

use crate::answer::Reply;
use crate::http::Received;
use crate::server::Server;
use bitting_dialects::connectwise::error::ApiError;

/// Answers a call below `/bitting/`.
pub async fn answer(_server: &Server, _received: &Received, _segments: &[&str]) -> Reply {
    Reply::error(&ApiError::no_endpoint())
}
