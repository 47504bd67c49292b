//! The paths of an API and what each of them does with which entity.

use crate::entity::{EntityId, Right};
use serde::Deserialize;
use std::sync::Arc;

/// One path of the vendor's API with its verbs.
#[derive(Debug, Clone)]
pub struct Route {
    /// As the vendor writes it: `/service/tickets/{parentId}/notes/{id}`.
    pub path: Arc<str>,
    /// The same path as the vendor also writes it (other letter case, a slash at the end).
    pub also: Vec<Arc<str>>,
    pub kind: RouteKind,
    pub entity: EntityId,
    pub methods: Vec<Operation>,
    /// Placeholders in order, as the vendor names them.
    pub params: Vec<String>,
    /// Which of the entity's views it shows.
    pub view: Option<usize>,
    /// A right of its own, where it differs from the entity's.
    pub right: Option<Right>,
    /// Function in `server/rules` that answers it, for kinds that are behaviour.
    pub rule: Option<String>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RouteKind {
    /// List and create.
    #[default]
    Collection,
    /// One record by id.
    Item,
    /// One record by a word of its own (`/system/members/{memberIdentifier}`).
    #[serde(rename = "by_name")]
    ItemByName,
    Count,
    /// A light list, or one record of it.
    Info,
    /// Where a setup row is used.
    Usages,
    UsagesList,
    /// Template of a new record.
    Default,
    /// A verb of its own (`/copy`, `/merge`).
    Action,
    Bulk,
    Binary,
    /// One record that belongs to the caller or the whole system.
    Singleton,
    /// A list whose filter is in the body.
    Search,
}

#[derive(Debug, Clone)]
pub struct Operation {
    pub method: Method,
    pub status: u16,
    /// Shape of the body, if any; a trailing `[]` is an array.
    pub body: Option<Arc<str>>,
    /// Shape of the answer, if any.
    pub returns: Option<Arc<str>>,
    pub list: bool,
    pub since: Option<crate::entity::Release>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}
