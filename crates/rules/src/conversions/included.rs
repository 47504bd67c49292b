//! What goes along with a conversion, as far as the body asks for it: notes, documents and products of the
//! opportunity. Each is read and written under the right on itself.

use super::{ORDERS, TICKETS, Way, kind};
use crate::acting;
use crate::acting::authorized;
use crate::documents;
use crate::related::{self, text};
use bitting_dialects::connectwise::error::FieldError;
use bitting_dialects::connectwise::layout::SCOPE;
use bitting_dialects::connectwise::names;
use bitting_policy::Verb;
use bitting_psa::backend::equals;
use bitting_psa::context::Context;
use bitting_psa::moment;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_psa::saving;
use bitting_query::{Kind, Value};
use bitting_store::table::Change;
use serde_json::{Map, Value as Json};

const NOTES: &str = "sales/opportunities/notes";
const TICKET_NOTES: &str = "service/tickets/notes";
pub const PRODUCTS: &str = "procurement/products";

/// Which of several records go along.
#[derive(Debug)]
enum Which {
    All,
    These(Vec<i64>),
}

impl Which {
    fn keeps(&self, id: i64) -> bool {
        match self {
            Self::All => true,
            Self::These(ids) => ids.contains(&id),
        }
    }

    fn is_none(&self) -> bool {
        matches!(self, Self::These(ids) if ids.is_empty())
    }
}

/// What a body asks for.
#[derive(Debug)]
pub struct Wishes {
    resource: String,
    notes: Which,
    documents: Which,
    products: Which,
}

impl Wishes {
    pub fn read(members: &Map<String, Json>, schema: &str) -> Result<Self, Problem> {
        let mut wishes = Self {
            resource: names::resource(schema),
            notes: Which::All,
            documents: Which::All,
            products: Which::All,
        };
        wishes.notes = wishes.which(members, "includeAllNotesFlag", "includeNoteIds")?;
        wishes.documents =
            wishes.which(members, "includeAllDocumentsFlag", "includeDocumentIds")?;
        wishes.products = wishes.which(members, "includeAllProductsFlag", "includeProductIds")?;
        Ok(wishes)
    }

    fn which(&self, members: &Map<String, Json>, all: &str, some: &str) -> Result<Which, Problem> {
        match related::member(members, all) {
            Some(Json::Bool(true)) => return Ok(Which::All),
            None | Some(Json::Bool(false)) => {}
            Some(_) => return Err(self.wrong(all, "is neither true nor false")),
        }
        let Some(ids) = related::member(members, some) else {
            return Ok(Which::These(Vec::new()));
        };
        let ids = ids
            .as_array()
            .and_then(|ids| ids.iter().map(related::number).collect());
        match ids {
            Some(ids) => Ok(Which::These(ids)),
            None => Err(self.wrong(some, "is no list of ids")),
        }
    }

    /// A member of the body that cannot be read.
    pub fn wrong(&self, name: &str, why: &str) -> Problem {
        let error = FieldError::invalid(&self.resource, name, format!("{name} {why}."));
        Problem::field(&self.resource, error)
    }

    /// Every id that the body names must be one of the record's.
    fn found(&self, name: &str, which: &Which, there: &[i64]) -> Result<(), Problem> {
        let Which::These(ids) = which else {
            return Ok(());
        };
        match ids.iter().find(|id| !there.contains(id)) {
            None => Ok(()),
            Some(id) => {
                let message = format!("{name}: {id} is not one of the record that is converted.");
                let error = FieldError::not_found(&self.resource, name, message);
                Err(Problem::field(&self.resource, error))
            }
        }
    }
}

/// The changes that take along what the body asks for.
pub async fn changes(
    context: Context<'_>,
    way: &Way,
    wishes: &Wishes,
    old: &Row,
    new: &Row,
) -> Result<Vec<Change>, Problem> {
    let (from, to) = (old.id, new.id);
    let mut changes = Vec::new();
    let mut lists: Vec<(&str, Value)> = Vec::new();
    if !wishes.notes.is_none() {
        changes.extend(notes(context, way, wishes, from, new, &mut lists).await?);
    }
    if !wishes.documents.is_none() {
        let (ids, made) = documents::copies::made(
            context,
            (kind(way.from).0, from),
            (kind(way.to).0, to),
            &|id| wishes.documents.keeps(id),
        )
        .await?;
        let there: Vec<i64> = ids.iter().map(|(from, _)| *from).collect();
        wishes.found("includeDocumentIds", &wishes.documents, &there)?;
        changes.extend(made);
        let ids: Vec<i64> = ids.iter().map(|(_, to)| *to).collect();
        lists.push(("document_ids", list(new, "document_ids", &ids)));
    }
    if !wishes.products.is_none() {
        let (ids, moved) = products(context, way, wishes, from, to).await?;
        changes.extend(moved);
        lists.push(("product_ids", list(new, "product_ids", &ids)));
    }
    if way.to == ORDERS && !lists.is_empty() {
        changes.push(related::update(context, ORDERS, to, &lists)?);
    }
    Ok(changes)
}

/// The ids that a record lists already, and these.
fn list(row: &Row, column: &str, ids: &[i64]) -> Value {
    let mut all = related::numbers(row, column);
    all.extend(
        ids.iter()
            .filter(|id| !all.contains(id))
            .copied()
            .collect::<Vec<_>>(),
    );
    text(serde_json::to_string(&all).unwrap_or_default())
}

/// Notes of an opportunity: internal ones on a ticket, because they were not written for the customer; on
/// an order, which has but one field for them, a paragraph each.
async fn notes(
    context: Context<'_>,
    way: &Way,
    wishes: &Wishes,
    from: i64,
    new: &Row,
    lists: &mut Vec<(&str, Value)>,
) -> Result<Vec<Change>, Problem> {
    let instance = context.instance;
    let entity = related::entity(instance, NOTES)?;
    let permit = authorized(context, entity, Verb::Inquire)?;
    let column = entity.parents.last().map_or("", |parent| &parent.column);
    let filter = equals(column, Kind::Integer, Value::Integer(from));
    let mut rows = instance
        .backend
        .rows(&permit, filter, Vec::new(), None)
        .await?;
    rows.retain(|row| wishes.notes.keeps(row.id));
    let there: Vec<i64> = rows.iter().map(|row| row.id).collect();
    wishes.found("includeNoteIds", &wishes.notes, &there)?;
    let words: Vec<&str> = rows.iter().filter_map(|row| row.text("text")).collect();
    if way.to == TICKETS {
        let ticket_notes = related::entity(instance, TICKET_NOTES)?;
        authorized(context, ticket_notes, Verb::Add)?;
        let mut changes = Vec::new();
        for words in words {
            let id = related::next_id(instance, TICKET_NOTES).await?;
            let now = text(moment::time(context.now));
            let values = [
                ("ticketId", Value::Integer(new.id)),
                ("text", text(words)),
                ("internalAnalysisFlag", Value::Boolean(true)),
                ("internalFlag", Value::Boolean(true)),
                ("member", Value::Integer(context.caller.member)),
                ("dateCreated", now),
                ("createdBy", text(&*context.caller.identifier)),
            ];
            let node = new.integer(SCOPE);
            changes.extend(related::insert(context, TICKET_NOTES, id, &values, node).await?);
        }
        return Ok(changes);
    }
    if !words.is_empty() {
        let all: Vec<&str> = new.text("notes").into_iter().chain(words).collect();
        lists.push(("notes", text(all.join("\n\n"))));
    }
    Ok(Vec::new())
}

/// Products of an opportunity, which from now on belong to the order or ticket too.
async fn products(
    context: Context<'_>,
    way: &Way,
    wishes: &Wishes,
    from: i64,
    to: i64,
) -> Result<(Vec<i64>, Vec<Change>), Problem> {
    let entity = related::entity(context.instance, PRODUCTS)?;
    let reading = authorized(context, entity, Verb::Inquire)?;
    let filter = equals("opportunity_id", Kind::Integer, Value::Integer(from));
    let rows = context
        .instance
        .backend
        .rows(&reading, filter, Vec::new(), None)
        .await?;
    let ids: Vec<i64> = rows
        .iter()
        .map(|row| row.id)
        .filter(|id| wishes.products.keeps(*id))
        .collect();
    wishes.found("includeProductIds", &wishes.products, &ids)?;
    let field = if way.to == ORDERS {
        "salesOrder"
    } else {
        "ticket"
    };
    let mut changes = Vec::new();
    for id in &ids {
        let permit = authorized(context, entity, Verb::Edit)?;
        let mut draft = acting::opened(context, &permit, *id).await?;
        draft.set(field, Value::Integer(to));
        changes.extend(saving::settle(context, &permit, &mut draft).await?);
    }
    Ok((ids, changes))
}
