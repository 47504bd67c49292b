//! Reading rows under a permit: one record, a page of them, a count. Names no entity.

use super::answer::Trouble;
use super::permit::Permit;
use super::tenant::Tenant;
use super::users::ProtectedData;
use bitting_dialects::autotask::page::{self, Token};
use bitting_dialects::autotask::record::Layout;
use bitting_dialects::autotask::search::Search;
use bitting_dialects::connectwise::record;
use bitting_psa::backend::with_id;
use bitting_psa::row::Row;
use bitting_query::{Comparison, Filter, Kind, Select, Value, and};
use bitting_store::StoreError;
use bitting_store::table::{Cell, Cells, Flow};
use std::sync::Arc;

/// A page as it goes out: `{"items":[…],"pageDetails":{…}}`.
pub struct Asked<'a> {
    pub search: &'a Search,
    pub token: &'a Token,
    /// `https://host/ATServicesRest/V1.0/Tickets/query/next?paging=`
    pub next: &'a str,
}

/// One record as JSON, if it is there and the permit covers it.
pub async fn record(
    tenant: &Tenant,
    permit: &Permit<'_>,
    id: i64,
    under: Filter,
    data: bool,
) -> Result<Option<Vec<u8>>, StoreError> {
    let layout = Layout::new(permit.entity(), None, &|index| permit.hides(index), data);
    let filter = and(and(permit.rows(), under), with_id(id));
    let mut out = Vec::new();
    let mut found = false;
    read(tenant, permit, &layout, filter, 1, &mut out, &mut |_| {
        found = true;
    })
    .await?;
    Ok(found.then_some(out))
}

/// One page.
pub async fn page(
    tenant: &Tenant,
    permit: &Permit<'_>,
    under: Filter,
    asked: Asked<'_>,
) -> Result<Vec<u8>, StoreError> {
    let Asked {
        search,
        token,
        next,
    } = asked;
    let include = search.include.as_deref();
    let layout = Layout::new(
        permit.entity(),
        include,
        &|index| permit.hides(index),
        false,
    );
    let mut filter = and(and(permit.rows(), under), search.filter.clone());
    if token.after > i64::MIN {
        let after = Filter::Compare {
            path: bitting_psa::backend::column("id", Kind::Integer),
            op: Comparison::Greater,
            value: Value::Integer(token.after),
        };
        filter = and(after, filter);
    }
    let mut out = b"{\"items\":[".to_vec();
    let mut ids = Vec::new();
    let more = read(
        tenant,
        permit,
        &layout,
        filter,
        search.size,
        &mut out,
        &mut |id| ids.push(id),
    )
    .await?;
    let link = |token: &Token| format!("{next}{}", token.text());
    let following = ids
        .last()
        .filter(|_| more)
        .map(|last| link(&token.next(*last)));
    let previous = token.previous().map(|token| link(&token));
    page::finish(
        &mut out,
        ids.len() as u64,
        search.size,
        previous.as_deref(),
        following.as_deref(),
    );
    Ok(out)
}

/// Appends up to `limit` records, and tells whether there are more.
async fn read(
    tenant: &Tenant,
    permit: &Permit<'_>,
    layout: &Layout,
    filter: Filter,
    limit: u64,
    out: &mut Vec<u8>,
    each: &mut (dyn FnMut(i64) + Send),
) -> Result<bool, StoreError> {
    let entity = permit.entity();
    let data = permit.user_defined();
    let defined = match data {
        ProtectedData::None => Arc::from([]),
        _ => tenant.defined(entity.id),
    };
    let masked = data < ProtectedData::ViewProtected;
    let select = Select {
        table: entity.table.clone(),
        columns: layout.columns.clone(),
        filter,
        order: Vec::new(),
        limit: Some(limit + 1),
        offset: 0,
    };
    let (mut rows, mut more) = (0, false);
    tenant
        .backend
        .read(&select, &mut |cells: &dyn Cells| {
            if rows == limit {
                more = true;
                return Flow::Stop;
            }
            if rows > 0 {
                out.push(b',');
            }
            rows += 1;
            layout.write(out, &defined, masked, &|index| shown(cells.cell(index)));
            each(bitting_psa::backend::id_of(cells));
            Flow::Continue
        })
        .await?;
    Ok(more)
}

/// How many rows there are under the permit.
pub async fn count(
    tenant: &Tenant,
    permit: &Permit<'_>,
    filter: Filter,
) -> Result<u64, StoreError> {
    let filter = and(permit.rows(), filter);
    tenant.backend.raw_count(permit.entity(), &filter).await
}

/// One row in hand, if it is there and the permit covers it.
pub async fn row(
    tenant: &Tenant,
    permit: &Permit<'_>,
    id: i64,
    under: Filter,
) -> Result<Option<Row>, Trouble> {
    let filter = and(and(permit.found(), under), with_id(id));
    let rows = tenant
        .backend
        .raw_rows(permit.entity(), filter, Vec::new(), Some(1))
        .await?;
    Ok(rows.into_iter().next())
}

fn shown(cell: Cell<'_>) -> record::Cell<'_> {
    match cell {
        Cell::Null => record::Cell::Null,
        Cell::Integer(number) => record::Cell::Integer(number),
        Cell::Number(number) => record::Cell::Number(number),
        Cell::Boolean(flag) => record::Cell::Boolean(flag),
        Cell::Text(text) => record::Cell::Text(text),
    }
}
