//! Tickets of the service desk and of projects, which share a table: which board they go to, what a board,
//! a company and a contact fill in, and what follows from a status.

pub mod assigning;
pub mod closing;
pub mod configurations;
pub mod marking;
pub mod merging;
pub mod notes;
pub mod service_level;
mod working_time;

use super::companies;
use super::related::{self, id, text};
use crate::paths;
use crate::paths::service::{BOARDS, STATUSES, TICKETS};
use bitting_catalog::route::Method;
use bitting_dialects::connectwise::error::FieldError;
use bitting_dialects::connectwise::layout::SCOPE;
use bitting_psa::backend::equals;
use bitting_psa::context::Context;
use bitting_psa::draft::Draft;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_query::{Kind, Value};

const PROJECT_TICKETS: &str = "project/tickets";
const TEAMS: &str = "service/boards/teams";
const PROJECTS: &str = "project/projects";
const COMMUNICATIONS: &str = "company/contacts/communications";
/// Setting with the id of the board for tickets that name none.
const DEFAULT_BOARD: &str = "default-board";

/// What a ticket looks other things up within: its company, its board.
pub async fn prepare(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    from_project(context, draft).await?;
    from_email(context, draft).await?;
    if draft.is_null("board")
        && !related::wrong(draft, "board")
        && let Some(board) = board(context, draft).await?
    {
        draft.set("board", Value::Integer(board));
    }
    // What belonged to another board or company does not move along; the caller's own words come later.
    if !draft.is_new() && draft.changed("board") {
        for name in ["status", "type", "subType", "item"] {
            draft.set(name, Value::Null);
        }
        if !draft.gave("team") {
            draft.set("team", Value::Null);
        }
    }
    if !draft.is_new() && draft.changed("company") {
        draft.set("site", Value::Null);
        if !draft.gave("contact") {
            draft.set("contact", Value::Null);
        }
    }
    Ok(())
}

/// A project's ticket is on the project's board and for its company.
async fn from_project(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    let Some(project) = draft.integer("project") else {
        return Ok(());
    };
    if let Some(project) = related::one(context.instance, PROJECTS, project).await? {
        for name in ["board", "company"] {
            if !related::wrong(draft, name) {
                draft.default(name, id(project.integer(&format!("{name}_id"))));
            }
        }
    }
    Ok(())
}

/// `contactEmailLookup` names the contact by an e-mail address, and with it the company.
async fn from_email(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    let Some(address) = draft.text("contactEmailLookup").filter(|_| draft.is_new()) else {
        return Ok(());
    };
    let filter = equals("value", Kind::Text, text(address.trim()));
    let found = related::filtered(context.instance, COMMUNICATIONS, filter).await?;
    let Some(contact) = found.first().and_then(|row| row.integer("contact_id")) else {
        return Ok(());
    };
    if let Some(contact) = related::one(context.instance, paths::company::CONTACTS, contact).await?
    {
        draft.default("contact", Value::Integer(contact.id));
        draft.default("company", id(contact.integer("company_id")));
    }
    Ok(())
}

/// The board of a ticket that names none: the caller's own, else the instance's, else the first active one
/// that is not barred to the caller.
async fn board(context: Context<'_>, draft: &Draft<'_>) -> Result<Option<i64>, Problem> {
    let project = &*draft.entity.path == PROJECT_TICKETS;
    let usable = |row: &Row| !row.flag("inactive_flag") && row.flag("project_flag") == project;
    let setting = context
        .instance
        .setting(DEFAULT_BOARD)
        .and_then(|board| board.trim().parse().ok());
    for board in [context.caller.default_board, setting]
        .into_iter()
        .flatten()
    {
        if let Some(row) = related::one(context.instance, BOARDS, board).await?
            && usable(&row)
        {
            return Ok(Some(board));
        }
    }
    let boards = related::all(context.instance, BOARDS).await?;
    let open = |row: &&Row| usable(row) && !context.caller.excluded_boards.contains(&row.id);
    Ok(boards.iter().find(open).map(|row| row.id))
}

/// Fills in and checks a ticket.
pub async fn save(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    if &*draft.entity.path == PROJECT_TICKETS {
        let kind = if draft.flag("isIssueFlag") {
            "ProjectIssue"
        } else {
            "ProjectTicket"
        };
        draft.set("recordType", text(kind));
    }
    if draft.is_new()
        && let Some(company) = draft.integer("company")
    {
        companies::open_for_work(context, draft, company).await?;
    }
    from_board(context, draft).await?;
    from_company(context, draft).await?;
    from_contact(context, draft).await?;
    parent(context, draft).await?;
    assigning::follow(context, draft).await?;
    closing::follow(context, draft).await
}

async fn from_board(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    let Some(board) = draft.integer("board") else {
        if !related::wrong(draft, "board") {
            let message = "There is no active board for this ticket; name one as board.";
            let error = FieldError::not_found(&draft.resource, "board/id", message);
            draft.errors.push(error);
        }
        return Ok(());
    };
    let Some(row) = related::one(context.instance, BOARDS, board).await? else {
        return Ok(());
    };
    if draft.is_null("status") && !related::wrong(draft, "status") {
        draft.set("status", id(status(context, board).await?));
    }
    team(context, draft, board).await?;
    // A record put as a whole is made anew: what it leaves out has its default, as on creation.
    let whole = context.method == Method::Put;
    if draft.is_new() || whole {
        for (name, column) in [
            ("location", "location_id"),
            ("department", "department_id"),
            ("billTime", "bill_time"),
            ("billExpenses", "bill_expense"),
            ("billProducts", "bill_product"),
        ] {
            if whole || !draft.gave(name) {
                draft.default(name, row.get(column).clone());
            }
        }
        draft.default("location", id(context.caller.default_location));
        draft.default("department", id(context.caller.default_department));
    }
    Ok(())
}

/// The status of a new ticket: the board's default, else its first open one.
pub async fn status(context: Context<'_>, board: i64) -> Result<Option<i64>, Problem> {
    let mut rows = related::under(context.instance, STATUSES, "board_id", board).await?;
    rows.retain(|row| !row.flag("inactive"));
    rows.sort_by_key(|row| {
        let order = row.integer("sort_order").unwrap_or(i64::MAX);
        (
            !row.flag("default_flag"),
            row.flag("closed_status"),
            order,
            row.id,
        )
    });
    Ok(rows.first().map(|row| row.id))
}

/// The team must be one of the board; a new ticket gets the board's default team.
async fn team(context: Context<'_>, draft: &mut Draft<'_>, board: i64) -> Result<(), Problem> {
    if draft.column("team").is_none() {
        return Ok(());
    }
    let teams = related::under(context.instance, TEAMS, "board_id", board).await?;
    match draft.integer("team") {
        Some(team) if draft.changed("team") && !teams.iter().any(|row| row.id == team) => {
            let message = format!("Service Team {team} not found for Service Board {board}");
            draft
                .errors
                .push(FieldError::not_found(&draft.resource, "team/id", message));
        }
        None if draft.is_new() && !draft.gave("team") => {
            let marked = teams.iter().find(|row| row.flag("default_flag"));
            draft.set("team", id(marked.map(|row| row.id)));
        }
        _ => {}
    }
    Ok(())
}

/// Columns of a site that its tickets carry too.
const ADDRESS: [&str; 7] = [
    "name",
    "address_line1",
    "address_line2",
    "city",
    "state_reference_id",
    "zip",
    "country_id",
];

/// The company's site with its address, where the caller names none.
async fn from_company(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    let whole = context.method == Method::Put;
    let mut primary = None;
    if let Some(company) = draft.integer("company")
        && draft.is_null("site")
        && (draft.is_new() || whole || draft.changed("company"))
        && (whole || !draft.gave("site"))
    {
        primary = companies::primary_part(context.instance, company, &ADDRESS).await?;
        draft.set("site", id(primary.as_ref().map(|site| site.id)));
    }
    if !whole && !draft.changed("site") {
        return Ok(());
    }
    let site = match (primary, draft.integer("site")) {
        (None, Some(site)) => related::one(context.instance, paths::company::SITES, site).await?,
        (primary, _) => primary,
    };
    let site = site.unwrap_or_default();
    let state = match site.integer("state_reference_id") {
        Some(state) => related::one(context.instance, paths::company::STATES, state).await?,
        None => None,
    };
    let state = state.map_or(Value::Null, |state| state.get("identifier").clone());
    let copied = [
        ("siteName", site.get("name").clone()),
        ("addressLine1", site.get("address_line1").clone()),
        ("addressLine2", site.get("address_line2").clone()),
        ("city", site.get("city").clone()),
        ("stateIdentifier", state),
        ("zip", site.get("zip").clone()),
        ("country", site.get("country_id").clone()),
    ];
    for (name, value) in copied {
        if !draft.gave(name) || (whole && draft.is_null(name)) {
            draft.set(name, value);
        }
    }
    Ok(())
}

/// Name, phone and e-mail of the contact.
async fn from_contact(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    if !draft.changed("contact") {
        return Ok(());
    }
    let Some(contact) = draft.integer("contact") else {
        if !draft.is_new() {
            for name in [
                "contactName",
                "contactPhoneNumber",
                "contactPhoneExtension",
                "contactEmailAddress",
            ] {
                if !draft.gave(name) {
                    draft.set(name, Value::Null);
                }
            }
        }
        return Ok(());
    };
    let Some(row) = related::one(context.instance, paths::company::CONTACTS, contact).await? else {
        return Ok(());
    };
    let items = related::few(context.instance, COMMUNICATIONS, "contact_id", contact).await?;
    let of = |kind: &str| {
        let fits = |row: &&Row| row.text("communication_type") == Some(kind);
        let marked = items
            .iter()
            .filter(fits)
            .find(|row| row.flag("default_flag"));
        marked.or_else(|| items.iter().find(fits))
    };
    let (phone, email) = (of("Phone"), of("Email"));
    let value =
        |row: Option<&Row>, column: &str| row.map_or(Value::Null, |row| row.get(column).clone());
    let name = [row.text("first_name"), row.text("last_name")];
    let name: Vec<&str> = name.into_iter().flatten().collect();
    for (field, value) in [
        ("contactName", text(name.join(" "))),
        ("contactPhoneNumber", value(phone, "value")),
        ("contactPhoneExtension", value(phone, "extension")),
        ("contactEmailAddress", value(email, "value")),
    ] {
        if !draft.gave(field) {
            draft.set(field, value);
        }
    }
    Ok(())
}

/// A ticket may hang under another one, which then says so.
async fn parent(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    if !draft.changed("parentTicketId") {
        return Ok(());
    }
    if let Some(parent) = draft.integer("parentTicketId") {
        let known = related::seen(context, draft.entity, parent).await?;
        if known.is_none() || parent == draft.row.id {
            let message = format!("Ticket {parent} not found");
            draft.errors.push(FieldError::not_found(
                &draft.resource,
                "parentTicketId",
                message,
            ));
            return Ok(());
        }
        let values = [("has_child_ticket", Value::Boolean(true))];
        draft
            .also
            .push(related::update(context, TICKETS, parent, &values)?);
    }
    let former = draft
        .before
        .as_ref()
        .and_then(|row| row.integer("parent_ticket_id"));
    if let Some(former) = former {
        let children =
            related::under(context.instance, TICKETS, "parent_ticket_id", former).await?;
        if children.iter().all(|row| row.id == draft.row.id) {
            let values = [("has_child_ticket", Value::Boolean(false))];
            draft
                .also
                .push(related::update(context, TICKETS, former, &values)?);
        }
    }
    Ok(())
}

/// The three texts of a POST become notes and are never shown with the ticket.
pub async fn alongside(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    let node = draft.row.integer(SCOPE);
    for (field, flag) in [
        ("initialDescription", "detailDescriptionFlag"),
        ("initialInternalAnalysis", "internalAnalysisFlag"),
        ("initialResolution", "resolutionFlag"),
    ] {
        let said = draft.text(field).map(str::to_owned);
        draft.set(field, Value::Null);
        let Some(said) = said.filter(|said| !said.trim().is_empty() && draft.is_new()) else {
            continue;
        };
        let changes = notes::insert(context, draft, flag, said, node).await?;
        draft.also.extend(changes);
    }
    Ok(())
}
