//! Documents that go along when a record is made of another: each is copied with its bytes.

use super::{PATH, attached, files, is_file};
use crate::acting::authorized;
use crate::records;
use crate::related;
use bitting_dialects::connectwise::error::ApiError;
use bitting_policy::Verb;
use bitting_psa::context::Context;
use bitting_psa::problem::Problem;
use bitting_psa::saving;
use bitting_query::Value;
use bitting_store::table::Change;

/// Copies the documents of a record that `keep` lets through to another record: their new ids and the
/// changes. The caller needs the right to read documents and to add some.
pub async fn made(
    context: Context<'_>,
    (kind, from): (&str, i64),
    (new_kind, to): (&str, i64),
    keep: &(dyn Fn(i64) -> bool + Sync),
) -> Result<(Vec<(i64, i64)>, Vec<Change>), Problem> {
    let instance = context.instance;
    let entity = related::entity(instance, PATH)?;
    let known = |name: &str| {
        let unknown = || ApiError::server(format!("No record is of the kind {name}."));
        records::named(name).ok_or_else(unknown)
    };
    let (kind, new_kind) = (known(kind)?, known(new_kind)?);
    let reading = authorized(context, entity, Verb::Inquire)?;
    let rows = instance
        .backend
        .rows(&reading, attached(kind, from), Vec::new(), None)
        .await?;
    let (mut ids, mut changes) = (Vec::new(), Vec::new());
    for row in rows.into_iter().filter(|row| keep(row.id)) {
        let adding = authorized(context, entity, Verb::Add)?;
        let id = related::next_id(instance, PATH).await?;
        let mut copy = row.clone();
        copy.id = id;
        copy.set_text("record_type", new_kind.name);
        copy.set("record_id", Value::Integer(to));
        copy.set_text("guid", uuid::Uuid::new_v4().to_string());
        let mut draft = bitting_psa::draft::Draft::new(entity, copy);
        changes.extend(saving::laid_down(context, &adding, &mut draft, None).await?);
        if is_file(&row)
            && let Some(bytes) = files::read(instance, row.id).await?
        {
            changes.push(files::insert(id, &bytes));
        }
        ids.push((row.id, id));
    }
    Ok((ids, changes))
}
