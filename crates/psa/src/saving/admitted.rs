//! Whether the record as it will be lies within the permit: owner, place, board and customize list.

use crate::backend::with_id;
use crate::context::Context;
use crate::draft::Draft;
use crate::permit::{Listed, Permit};
use crate::problem::Problem;
use bitting_dialects::connectwise::layout::{ENTERED_BY, SCOPE};
use bitting_policy::Why;
use bitting_query::{Path, matches};
use std::collections::BTreeSet;

/// The record as it will be must lie within the permit too.
pub async fn admitted(
    context: Context<'_>,
    permit: &Permit<'_>,
    draft: &Draft<'_>,
    owners: &BTreeSet<i64>,
) -> Result<(), Problem> {
    let backend = &context.instance.backend;
    let refuse = |why| {
        Problem::from(
            permit
                .refuse(backend.grounds(), why)
                .by(&permit.caller().role.name),
        )
    };
    if (permit.mine() || permit.withholds())
        && crate::mine::is_owned(draft.entity)
        && !owners.contains(&permit.caller().member)
    {
        return Err(refuse(Why::Ownership));
    }
    if crate::shape::is_scoped(draft.entity) && !permit.caller().sees(draft.row.integer(SCOPE)) {
        return Err(refuse(Why::Location));
    }
    if let Some(board) = permit.board_of(&draft.row)
        && permit.caller().excluded_boards.contains(&board)
    {
        return Err(refuse(Why::Board));
    }
    let member = permit.caller().member;
    let own = if crate::mine::is_owned(draft.entity) {
        owners.contains(&member)
    } else {
        draft.row.text(ENTERED_BY) == Some(&*permit.caller().identifier)
    };
    if permit.closed_by_project(&draft.row, own) {
        return Err(refuse(Why::ProjectRole));
    }
    if let Some(listed) = permit.listed(backend.grounds()) {
        let list = listed.list;
        if !allowed(context, draft, listed).await? {
            return Err(refuse(Why::ListEntryNotAllowed(list)));
        }
    }
    Ok(())
}

/// Whether a customize list of the role lets the record's entry through.
async fn allowed(context: Context<'_>, draft: &Draft<'_>, listed: Listed) -> Result<bool, Problem> {
    let Some(path) = listed.path.clone() else {
        return Ok(false);
    };
    let Some((first, rest)) = path.through.split_first() else {
        let filter = listed.filter();
        return Ok(matches(&filter, &crate::row::Target(&draft.row)));
    };
    // Nothing named is on no list.
    let Some(id) = draft.row.integer(&first.column) else {
        return Ok(listed.denied);
    };
    let catalog = context.instance.catalog();
    let target = catalog
        .entities
        .iter()
        .find(|entity| entity.table == first.table);
    let Some(target) = target else {
        return Ok(false);
    };
    let filter = listed.on(Path {
        through: rest.to_vec(),
        ..path
    });
    let filter = bitting_query::and(with_id(id), filter);
    let found = context
        .instance
        .backend
        .raw_rows(target, filter, Vec::new(), Some(1))
        .await?;
    Ok(!found.is_empty())
}
