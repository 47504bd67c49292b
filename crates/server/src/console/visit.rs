//! Who asks for a page, and of which database.

use super::session;
use crate::server::Server;
use bitting_autotask::tenant::Tenant;
use bitting_calls::http::form::{self, Form};
use std::sync::Arc;

/// Which database a page is about: a company, or an Autotask database by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    ConnectWise(String),
    Autotask(String),
}

/// Stands before the name of an Autotask database in a path; no company id has a dot.
pub(super) const AUTOTASK: &str = "autotask.";

impl Place {
    /// What the first word of a path names.
    pub(super) fn named(server: &Server, word: &str) -> Option<Self> {
        if let Some(name) = word.strip_prefix(AUTOTASK) {
            let tenant = tenant(server, name)?;
            return Some(Self::Autotask(tenant.name.clone()));
        }
        let instance = server.instance(word)?;
        Some(Self::ConnectWise(instance.company.clone()))
    }

    /// The address of its first page, with a slash at its end.
    pub(super) fn address(&self) -> String {
        match self {
            Self::ConnectWise(company) => format!("/console/{}/", form::encode(company)),
            Self::Autotask(name) => {
                format!("/console/{AUTOTASK}{}/", form::encode(&name.to_lowercase()))
            }
        }
    }

    pub(super) fn name(&self) -> &str {
        let (Self::ConnectWise(name) | Self::Autotask(name)) = self;
        name
    }

    pub(super) fn psa(&self) -> &'static str {
        match self {
            Self::ConnectWise(_) => "ConnectWise",
            Self::Autotask(_) => "Autotask",
        }
    }

    /// Every place of a server, ConnectWise first.
    pub(super) fn every(server: &Server) -> Vec<Self> {
        let instances = server.instances().into_iter();
        let companies = instances.map(|one| Self::ConnectWise(one.company.clone()));
        let tenants = server.autotask().into_iter();
        let tenants = tenants.map(|one| Self::Autotask(one.name.clone()));
        companies.chain(tenants).collect()
    }
}

/// An Autotask database by its name.
pub(super) fn tenant(server: &Server, name: &str) -> Option<Arc<Tenant>> {
    let mut all = server.autotask().into_iter();
    all.find(|one| one.name.eq_ignore_ascii_case(name))
}

/// A request of someone who is signed in.
pub(crate) struct Visit<'a> {
    pub(super) server: &'a Server,
    pub(super) session: Arc<session::Session>,
    /// The path below `/console/`, decoded.
    pub(super) path: Vec<String>,
    pub(super) place: Place,
    /// `http://localhost:8080`, as the browser wrote it.
    pub(super) origin: String,
    pub(super) query: Form,
    pub(super) form: Form,
    pub(super) post: bool,
}

impl Visit<'_> {
    /// The address of a page of this place.
    pub(super) fn at(&self, rest: &str) -> String {
        format!("{}{rest}", self.place.address())
    }
}
