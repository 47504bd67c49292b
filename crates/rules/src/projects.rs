//! Projects, their phases, teams and tickets: what they take from one another, how far they are, and who is
//! on them.

pub mod recap;
pub mod roles;
pub mod team;
pub mod templates;
pub mod tickets;

use super::related::{self, id, ordered, text};
use super::set_up;
use super::tickets::closing;
use crate::paths::project::{PHASES, PROJECTS, ROLES, TEAM, TICKETS};
use bitting_dialects::connectwise::error::FieldError;
use bitting_psa::backend::equals;
use bitting_psa::draft::Draft;
use bitting_psa::moment;
use bitting_psa::number::hundredths;
use bitting_psa::permit::Permit;
use bitting_psa::problem::Problem;
use bitting_psa::{answer::Answer, context::Context};
use bitting_query::{Kind, Value};
use bitting_store::table::Change;

/// Answers a verb by its rule; `None` for a rule of another subject.
pub async fn answer(
    context: Context<'_>,
    permit: &Permit<'_>,
    rule: &str,
    id: Option<i64>,
    body: &[u8],
) -> Result<Option<Answer>, Problem> {
    let answer = match rule {
        "ticket_to_project" | "project_ticket_to_service" => {
            Box::pin(tickets::convert(context, permit, id, body)).await?
        }
        "create_project_template" => Box::pin(templates::create(context, permit, body)).await?,
        "apply_project_template" | "apply_project_templates" => {
            Box::pin(templates::apply(context, permit, body)).await?
        }
        "project_workplan" => templates::workplan(context).await?,
        _ => return Ok(None),
    };
    Ok(Some(answer))
}

/// Fills in a project. Closing one, opening it again and changing a closed one ask for a row of their own.
pub async fn save(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    let instance = context.instance;
    if draft.is_new() {
        if let Some((row, company)) = set_up::referred(instance, draft, "company").await? {
            for (name, source) in [
                ("contact", "defaultContact"),
                ("site", "site"),
                ("billingTerms", "billingTerms"),
                ("taxCode", "taxCode"),
                ("currency", "currency"),
                ("billToCompany", "billToCompany"),
            ] {
                let value = company.value(instance, &row, source).clone();
                if !draft.gave(name) && value != Value::Null {
                    draft.set(name, value);
                }
            }
            draft.default("billToCompany", Value::Integer(row.id));
        }
        if let Some((board, of)) = set_up::referred(instance, draft, "board").await? {
            for (name, source) in [("location", "location"), ("department", "department")] {
                draft.default(name, of.value(instance, &board, source).clone());
            }
        }
        draft.default("location", id(context.caller.default_location));
        draft.default("department", id(context.caller.default_department));
        if !context.caller.is_operator() && !draft.gave("manager") {
            draft.set("manager", Value::Integer(context.caller.member));
        }
        for (name, word) in [
            ("billTime", "Billable"),
            ("billExpenses", "Billable"),
            ("billProducts", "Billable"),
            ("billingRateType", "WorkRole"),
            ("budgetAnalysis", "ActualHours"),
        ] {
            draft.default(name, text(word));
        }
        draft.default("percentComplete", Value::Number(0.0));
        draft.default("actualHours", Value::Number(0.0));
        if draft.is_null("status") {
            let path = "project/statuses";
            let first = set_up::first(instance, path, "id", &["closedFlag"]).await?;
            draft.set("status", id(first.map(|row| row.id)));
        }
    }
    if !draft.is_new() && draft.changed("company") && !draft.gave("contact") {
        // Whom to ask at the former company does not move along.
        let company = set_up::referred(instance, draft, "company").await?;
        let contact = company.map(|(row, of)| of.value(instance, &row, "defaultContact").clone());
        draft.set("contact", contact.unwrap_or(Value::Null));
    }
    if draft.changed("board")
        && let Some((board, of)) = set_up::referred(instance, draft, "board").await?
        && !of.flag(instance, &board, "projectFlag")
    {
        let message = format!("Project Board {} not found", board.id);
        let error = FieldError::not_found(&draft.resource, "board/id", message);
        draft.errors.push(error);
    }
    ordered(draft, "estimatedStart", "estimatedEnd");
    closed(context, draft).await
}

async fn closed(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    let closed = match set_up::referred(context.instance, draft, "status").await? {
        Some((row, _)) => row.flag("closed_flag"),
        None => false,
    };
    let was = draft
        .before
        .as_ref()
        .is_some_and(|row| row.flag("closed_flag"));
    if closed || was {
        closing::may_close(context, draft.entity, draft.before.as_ref()).await?;
    }
    draft.set("closedFlag", Value::Boolean(closed));
    if closed && !was {
        draft.default("actualEnd", text(moment::time(context.now)));
    } else if was && !closed && !draft.gave("actualEnd") {
        draft.set("actualEnd", Value::Null);
    }
    Ok(())
}

/// A new project's manager is on its team, in the role that set-up marks for managers.
pub async fn alongside(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    let (true, Some(manager)) = (draft.is_new(), draft.integer("manager")) else {
        return Ok(());
    };
    let roles = related::all(context.instance, ROLES).await?;
    let Some(role) = roles.iter().find(|row| row.flag("manager_role_flag")) else {
        return Ok(());
    };
    let id = related::next_id(context.instance, TEAM).await?;
    let values = [
        ("projectId", Value::Integer(draft.row.id)),
        ("member", Value::Integer(manager)),
        ("projectRole", Value::Integer(role.id)),
    ];
    let node = draft
        .row
        .integer(bitting_dialects::connectwise::layout::SCOPE);
    let changes = related::insert(context, TEAM, id, &values, node).await?;
    draft.also.extend(changes);
    Ok(())
}

/// Fills a phase from its project.
pub async fn save_phase(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    let instance = context.instance;
    let Some(project) = draft.integer("projectId") else {
        return Ok(());
    };
    if draft.is_new() {
        if let Some(row) = related::one(instance, PROJECTS, project).await? {
            for (name, column) in [
                ("board", "board_id"),
                ("agreement", "agreement_id"),
                ("locationId", "location_id"),
                ("businessUnitId", "department_id"),
            ] {
                if !draft.gave(name) {
                    draft.default(name, row.get(column).clone());
                }
            }
        }
        for name in ["billTime", "billExpenses", "billProducts"] {
            draft.default(name, text("NoDefault"));
        }
        if draft.is_null("wbsCode") {
            let code = wbs(context, project, draft.integer("parentPhase")).await?;
            draft.set("wbsCode", text(code));
        }
    }
    if let Some(above) = draft.integer("parentPhase")
        && draft.changed("parentPhase")
    {
        let row = related::one(instance, PHASES, above).await?;
        let fits = row.is_some_and(|row| row.integer("project_id") == Some(project));
        if !fits || above == draft.row.id {
            let message = format!("ProjectPhase {above} not found for Project {project}");
            let error = FieldError::not_found(&draft.resource, "parentPhase/id", message);
            draft.errors.push(error);
        }
    }
    ordered(draft, "scheduledStart", "scheduledEnd");
    Ok(())
}

/// The next code under a phase, or at the top: 1, 2, 2.1.
async fn wbs(context: Context<'_>, project: i64, above: Option<i64>) -> Result<String, Problem> {
    let phases = related::under(context.instance, PHASES, "project_id", project).await?;
    let beside = phases
        .iter()
        .filter(|row| row.integer("parent_phase_id") == above)
        .count();
    let above = phases.iter().find(|row| Some(row.id) == above);
    let prefix = above.and_then(|row| row.text("wbs_code"));
    Ok(match prefix {
        Some(prefix) => format!("{prefix}.{}", beside + 1),
        None => format!("{}", beside + 1),
    })
}

/// A member is on a project's team once.
pub async fn save_team(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    let (Some(project), Some(member)) = (draft.integer("projectId"), draft.integer("member"))
    else {
        return Ok(());
    };
    let team = related::under(context.instance, TEAM, "project_id", project).await?;
    let again = team
        .iter()
        .any(|row| row.id != draft.row.id && row.integer("member_id") == Some(member));
    if again && draft.changed("member") {
        let message = format!("Member {member} is on the team already.");
        let error = FieldError::exists(&draft.resource, "member", message);
        draft.errors.push(error);
    }
    ordered(draft, "startDate", "endDate");
    Ok(())
}

/// The change that shows how far a project is: the part of its tickets that is closed, this one as it will
/// be.
pub async fn progress(
    context: Context<'_>,
    project: i64,
    ticket: i64,
    closed: Option<bool>,
) -> Result<Change, Problem> {
    let filter = equals("project_id", Kind::Integer, Value::Integer(project));
    let tickets = related::filtered(context.instance, TICKETS, filter).await?;
    let others = tickets.iter().filter(|row| row.id != ticket);
    let (mut all, mut done) = (0.0, 0.0);
    for flag in others.map(|row| row.flag("closed_flag")).chain(closed) {
        all += 1.0;
        done += f64::from(u8::from(flag));
    }
    let part = if all > 0.0 {
        hundredths(done / all)
    } else {
        0.0
    };
    let values = [("percent_complete", Value::Number(part))];
    related::update(context, PROJECTS, project, &values)
}
