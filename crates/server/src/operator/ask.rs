//! A call on Bitting's own API with its caller known: its body read, its right asked for, its answer written.

use crate::server::Server;
use bitting_calls::http::{Body, Received};
use bitting_catalog::entity::Entity;
use bitting_dialects::connectwise::error::ApiError;
use bitting_policy::Verb;
use bitting_psa::answer::Reply;
use bitting_psa::caller::Caller;
use bitting_psa::instance::Instance;
use bitting_psa::permit::{Permit, authorize};
use bitting_psa::problem::Problem;
use http::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// A call on this API with its caller known.
pub(super) struct Ask<'a> {
    pub(super) server: &'a Server,
    pub(super) instance: Arc<Instance>,
    pub(super) caller: Arc<Caller>,
    pub(super) method: Method,
    pub(super) received: &'a Received,
}

impl<'a> Ask<'a> {
    /// The right on the vendor's own entity decides here too.
    pub(super) fn permit(&'a self, path: &str, verb: Verb) -> Result<Permit<'a>, Problem> {
        let entity = self.entity(path)?;
        let grounds = self.instance.backend.grounds();
        authorize(grounds, &self.caller, entity, &entity.right.needs, verb)
            .map_err(|denial| denial.by(&self.caller.role.name).into())
    }

    pub(super) fn entity(&self, path: &str) -> Result<&Entity, Problem> {
        self.instance
            .catalog()
            .entity_at(path)
            .ok_or_else(|| ApiError::no_endpoint().into())
    }

    pub(super) fn body<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let Body::Read(bytes) = &self.received.body else {
            return Err(ApiError::too_large(bitting_calls::http::BODY_LIMIT).into());
        };
        let bytes: &[u8] = if bytes.is_empty() { b"{}" } else { bytes };
        serde_json::from_slice(bytes).map_err(|error| {
            ApiError::bad_request(format!("The body cannot be read: {error}.")).into()
        })
    }

    pub(super) fn operator(&self) -> Result<(), Problem> {
        if self.caller.is_operator() {
            Ok(())
        } else {
            Err(ApiError::security().into())
        }
    }

    pub(super) fn operator_or_admin(&self) -> Result<(), Problem> {
        if self.caller.role.admin {
            Ok(())
        } else {
            Err(ApiError::security().into())
        }
    }

    pub(super) fn unsupported(allowed: &str) -> Problem {
        ApiError::method_not_allowed(allowed).into()
    }
}

pub(super) fn number(text: &str) -> Result<i64, Problem> {
    text.parse().map_err(|_| {
        ApiError::bad_request(format!("{text} is no id; ids are whole numbers.")).into()
    })
}

pub(super) fn reply<T: Serialize + ?Sized>(status: u16, value: &T) -> Result<Reply, Problem> {
    let body = serde_json::to_vec(value).map_err(|error| ApiError::server(error.to_string()))?;
    Ok(Reply::json(status, body))
}
