//! Sales records that become orders and tickets: a new record with what the old one says, or one that is
//! there already, and what goes along with it. Both then point to one another. Nothing is written unless
//! all of it is.

mod included;

use super::related::{self, text};
use super::set_up;
use crate::acting;
use bitting_catalog::entity::{Entity, Kind as FieldKind};
use bitting_dialects::connectwise::error::ApiError;
use bitting_policy::Verb;
use bitting_psa::backend::equals;
use bitting_psa::moment;
use bitting_psa::permit::Permit;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_psa::saving;
use bitting_psa::saving::turn;
use bitting_psa::{answer::Answer, context::Context};
use bitting_query::{Kind, Value};
use bitting_store::table::Change;
use included::Wishes;
use serde_json::{Map, Value as Json, json};

const OPPORTUNITIES: &str = "sales/opportunities";
const ORDERS: &str = "sales/orders";
const TICKETS: &str = "service/tickets";
const AGREEMENTS: &str = "finance/agreements";
const PROJECTS: &str = "project/projects";
const CONVERSIONS: &str = "sales/opportunities/conversions";

/// One way of conversion.
struct Way {
    rule: &'static str,
    from: &'static str,
    to: &'static str,
    /// Member of the body that names a record which is there already.
    existing: Option<&'static str>,
    /// Schema of the body; a conversion without one takes none.
    body: Option<&'static str>,
    /// What the new record takes over: (field of the old one, field of the new one).
    carry: &'static [(&'static str, &'static str)],
    /// What the new record takes from the body: (member of the body, field of the new record).
    said: &'static [(&'static str, &'static str)],
    /// Member of the body that names the new record, and the field that bears the name.
    name: (&'static str, &'static str),
    /// Field of the old record that names the new one when the body does not.
    named_after: &'static str,
}

/// How documents, and the `/conversions` of a sales record, call an entity.
fn kind(path: &str) -> (&'static str, &'static str) {
    match path {
        OPPORTUNITIES => ("Opportunity", "Opportunity"),
        ORDERS => ("SalesOrder", "Sales Order"),
        AGREEMENTS => ("Agreement", "Agreement"),
        PROJECTS => ("Project", "Project"),
        _ => ("Ticket", "Service Ticket"),
    }
}

/// What agreements and projects take over of what was sold. Fields that one of both lacks are passed over.
const SOLD: &[(&str, &str)] = &[
    ("company", "company"),
    ("contact", "contact"),
    ("site", "site"),
    ("billingTerms", "billingTerms"),
    ("taxCode", "taxCode"),
    ("currency", "currency"),
    ("customerPO", "customerPO"),
    ("poNumber", "customerPO"),
    ("opportunity", "opportunity"),
    ("locationId", "location"),
    ("location", "location"),
    ("businessUnitId", "department"),
    ("department", "department"),
    ("billToCompany", "billToCompany"),
    ("billToContact", "billToContact"),
    ("billToSite", "billToSite"),
    ("shipToCompany", "shipToCompany"),
    ("shipToContact", "shipToContact"),
    ("shipToSite", "shipToSite"),
];

/// What a body says of an agreement.
const AGREED: &[(&str, &str)] = &[
    ("contact", "contact"),
    ("type", "type"),
    ("startDate", "startDate"),
    ("endDate", "endDate"),
    ("noEndingDateFlag", "noEndingDateFlag"),
    ("billCycleId", "billingCycle"),
    ("billOneTimeFlag", "billOneTimeFlag"),
    ("locationId", "location"),
    ("businessUnitId", "department"),
];

/// What a body says of a project.
const PLANNED: &[(&str, &str)] = &[
    ("status", "status"),
    ("board", "board"),
    ("manager", "manager"),
    ("estimatedStart", "estimatedStart"),
    ("estimatedEnd", "estimatedEnd"),
    ("locationId", "location"),
    ("businessUnitId", "department"),
];

static WAYS: [Way; 7] = [
    Way {
        rule: "opportunity_to_order",
        from: OPPORTUNITIES,
        to: ORDERS,
        existing: Some("salesOrderId"),
        body: Some("OpportunityToSalesOrderConversion"),
        carry: &[
            ("company", "company"),
            ("contact", "contact"),
            ("site", "site"),
            ("primarySalesRep", "salesRep"),
            ("billingTerms", "billingTerms"),
            ("taxCode", "taxCode"),
            ("currency", "currency"),
            ("customerPO", "poNumber"),
            ("notes", "notes"),
            ("locationId", "location"),
            ("businessUnitId", "department"),
            ("companyLocationId", "companyLocation"),
            ("shipToCompany", "shipToCompany"),
            ("shipToContact", "shipToContact"),
            ("shipToSite", "shipToSite"),
            ("billToCompany", "billToCompany"),
            ("billToContact", "billToContact"),
            ("billToSite", "billToSite"),
        ],
        said: &[],
        name: ("name", "description"),
        named_after: "name",
    },
    Way {
        rule: "opportunity_to_ticket",
        from: OPPORTUNITIES,
        to: TICKETS,
        existing: Some("ticketId"),
        body: Some("OpportunityToServiceTicketConversion"),
        carry: &[
            ("company", "company"),
            ("contact", "contact"),
            ("site", "site"),
            ("customerPO", "poNumber"),
            ("notes", "initialDescription"),
        ],
        said: &[],
        name: ("summary", "summary"),
        named_after: "name",
    },
    Way {
        rule: "opportunity_to_agreement",
        from: OPPORTUNITIES,
        to: AGREEMENTS,
        existing: Some("agreementId"),
        body: Some("OpportunityToAgreementConversion"),
        carry: SOLD,
        said: AGREED,
        name: ("name", "name"),
        named_after: "name",
    },
    Way {
        rule: "order_to_agreement",
        from: ORDERS,
        to: AGREEMENTS,
        existing: Some("agreementId"),
        body: Some("OrderToAgreementConversion"),
        carry: SOLD,
        said: AGREED,
        name: ("name", "name"),
        named_after: "description",
    },
    Way {
        rule: "opportunity_to_project",
        from: OPPORTUNITIES,
        to: PROJECTS,
        existing: Some("projectId"),
        body: Some("OpportunityToProjectConversion"),
        carry: SOLD,
        said: PLANNED,
        name: ("name", "name"),
        named_after: "name",
    },
    Way {
        rule: "order_to_project",
        from: ORDERS,
        to: PROJECTS,
        existing: Some("projectId"),
        body: Some("OrderToProjectConversion"),
        carry: SOLD,
        said: PLANNED,
        name: ("name", "name"),
        named_after: "description",
    },
    Way {
        rule: "order_to_ticket",
        from: ORDERS,
        to: TICKETS,
        existing: None,
        body: None,
        carry: &[
            ("company", "company"),
            ("contact", "contact"),
            ("site", "site"),
            ("poNumber", "poNumber"),
            ("opportunity", "opportunity"),
            ("notes", "initialDescription"),
        ],
        said: &[],
        name: ("summary", "summary"),
        named_after: "description",
    },
];

/// Answers a conversion, or the list of what a sales record was converted to.
pub async fn answer(
    context: Context<'_>,
    permit: &Permit<'_>,
    rule: &str,
    id: Option<i64>,
    body: &[u8],
) -> Result<Answer, Problem> {
    let id = id.ok_or_else(ApiError::no_endpoint)?;
    match WAYS.iter().find(|way| way.rule == rule) {
        Some(way) => convert(context, permit, way, id, body).await,
        None => list(context, id).await,
    }
}

async fn convert(
    context: Context<'_>,
    permit: &Permit<'_>,
    way: &Way,
    id: i64,
    body: &[u8],
) -> Result<Answer, Problem> {
    let row = acting::model(context, permit.entity(), id).await?;
    let members = match way.body {
        Some(schema) => acting::members(body, schema)?,
        None => Map::new(),
    };
    let wishes = Wishes::read(&members, way.body.unwrap_or_default())?;
    let target = related::entity(context.instance, way.to)?;
    let present = way
        .existing
        .and_then(|name| related::member(&members, name).map(|value| (name, value)));
    // Products take part in sums.
    let products = related::entity(context.instance, included::PRODUCTS)?;
    let _turn = turn::turn(context.instance, products).await;
    let (permit, to, mut changes) = match present {
        Some((name, value)) => {
            let to = related::number(value).ok_or_else(|| wishes.wrong(name, "is no id"))?;
            let permit = acting::authorized(context, target, Verb::Edit)?;
            let mut draft = acting::opened(context, &permit, to).await?;
            draft.set("opportunity", Value::Integer(id));
            let changes = saving::settle(context, &permit, &mut draft).await?;
            (permit, to, changes)
        }
        None => {
            let permit = acting::authorized(context, target, Verb::Add)?;
            let new = begun(context, way, permit.entity(), &row, &members).await?;
            let bytes = Json::Object(new).to_string();
            let release = context.release;
            let (to, changes) =
                saving::composed(context, &permit, bytes.as_bytes(), release).await?;
            (permit, to, changes)
        }
    };
    let new = match related::one(context.instance, way.to, to).await? {
        Some(row) => row,
        None => acting::to_be(&changes, target, to),
    };
    changes.extend(included::changes(context, way, &wishes, &row, &new).await?);
    changes.extend(recorded(context, (way.from, id), (kind(way.to).1, to)).await?);
    saving::finish(context, target, changes).await?;
    acting::shown(context, &permit.reading(), to).await
}

/// The body of the new record: what a client would post that read the old one.
async fn begun(
    context: Context<'_>,
    way: &Way,
    target: &Entity,
    row: &Row,
    members: &Map<String, Json>,
) -> Result<Map<String, Json>, Problem> {
    let source = related::entity(context.instance, way.from)?;
    let mut new = acting::carried(source, row, target, way.carry);
    if way.from == OPPORTUNITIES {
        new.insert("opportunity".to_owned(), json!({ "id": row.id }));
    }
    for (member, field) in way.said {
        if let Some(value) = related::member(members, member) {
            let linked = target
                .any_field(field)
                .is_some_and(|field| matches!(field.kind, FieldKind::Reference(_)));
            let value = if linked && !value.is_object() {
                json!({ "id": value })
            } else {
                value.clone()
            };
            new.insert((*field).to_owned(), value);
        }
    }
    if way.to == PROJECTS {
        planned(context, &mut new).await?;
    }
    let (member, field) = way.name;
    let name = match related::member(members, member) {
        Some(name) => name.clone(),
        None => {
            let after = match set_up::value(source, row, way.named_after) {
                Value::Text(text) if !text.trim().is_empty() => text.trim().to_owned(),
                _ => format!("{} {}", kind(way.from).1, row.id),
            };
            let max = target.any_field(field).and_then(|field| field.max);
            let max = max.map_or(usize::MAX, |max| max as usize);
            json!(after.chars().take(max).collect::<String>())
        }
    };
    new.insert(field.to_owned(), name);
    if way.to == ORDERS {
        let now = moment::time(context.now);
        new.insert("orderDate".to_owned(), json!(now));
        if let Some(status) = order_status(context).await? {
            new.insert("status".to_owned(), json!({ "id": status.id }));
        }
    }
    Ok(new)
}

/// What a project cannot be without: a month's time, the way it is billed, and a board for projects.
async fn planned(context: Context<'_>, new: &mut Map<String, Json>) -> Result<(), Problem> {
    let month = context.now + jiff::SignedDuration::from_hours(24 * 30);
    for (name, value) in [
        ("billingMethod", json!("ActualRates")),
        ("estimatedStart", json!(moment::time(context.now))),
        ("estimatedEnd", json!(moment::time(month))),
    ] {
        new.entry(name).or_insert(value);
    }
    if !new.contains_key("board") {
        let project = equals("project_flag", Kind::Boolean, Value::Boolean(true));
        let boards = related::filtered(context.instance, "service/boards", project).await?;
        let open = |row: &&Row| {
            !row.flag("inactive_flag") && !context.caller.excluded_boards.contains(&row.id)
        };
        if let Some(board) = boards.iter().find(open) {
            new.insert("board".to_owned(), json!({ "id": board.id }));
        }
    }
    Ok(())
}

/// The status of a new order: the one that set-up marks, else the first that is open.
async fn order_status(context: Context<'_>) -> Result<Option<Row>, Problem> {
    const STATUSES: &str = "sales/orders/statuses";
    let marked = equals("default_flag", Kind::Boolean, Value::Boolean(true));
    let marked = related::filtered(context.instance, STATUSES, marked).await?;
    if let Some(row) = marked.into_iter().next() {
        return Ok(Some(row));
    }
    set_up::first(context.instance, STATUSES, "sortOrder", &["closedFlag"]).await
}

/// The change that remembers what a sales record was converted to: (path of its entity, its id), (what the
/// new record is called, its id).
pub async fn recorded(
    context: Context<'_>,
    (from, id): (&str, i64),
    (name, to): (&str, i64),
) -> Result<Vec<Change>, Problem> {
    let new = related::next_id(context.instance, CONVERSIONS).await?;
    let values = [
        ("parentType", text(kind(from).1)),
        ("convertedType", text(name)),
        ("parentId", Value::Integer(id)),
        ("convertedId", Value::Integer(to)),
    ];
    related::insert(context, CONVERSIONS, new, &values, None).await
}

/// What the sales record in the path was converted to, oldest first.
async fn list(context: Context<'_>, id: i64) -> Result<Answer, Problem> {
    let entity = context.instance.catalog().entity(context.route.entity);
    let from = entity.path.trim_end_matches("/conversions");
    let holder = related::entity(context.instance, from)?;
    let missing = || ApiError::not_found(&holder.schema, &id.to_string());
    related::seen(context, holder, id)
        .await?
        .ok_or_else(missing)?;
    let rows = related::under(context.instance, CONVERSIONS, "parent_id", id).await?;
    let shown = rows
        .iter()
        .filter(|row| row.text("parent_type") == Some(kind(from).1))
        .map(|row| {
            json!({
                "parentType": row.text("parent_type"),
                "convertedTo": {
                    "id": row.integer("converted_id"),
                    "name": row.text("converted_type"),
                },
            })
        })
        .collect();
    Ok(Answer::json(acting::status(context), &Json::Array(shown)))
}
