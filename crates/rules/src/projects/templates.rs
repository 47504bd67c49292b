//! Templates of projects: taken from a project, and laid down in one, with phases and tickets. And the
//! workplan, which shows a project by its phases.

use super::super::related::{self, text};
use crate::acting;
use crate::paths::project::{PHASES, PROJECTS, TICKETS};
use bitting_dialects::connectwise::error::{ApiError, FieldError};
use bitting_dialects::connectwise::layout::SCOPE;
use bitting_policy::Verb;
use bitting_psa::draft::Draft;
use bitting_psa::permit::Permit;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_psa::saving;
use bitting_psa::{answer::Answer, context::Context};
use bitting_query::Value;
use bitting_store::table::Change;
use serde_json::{Value as Json, json};
use std::collections::HashMap;

const TEMPLATES: &str = "project/projectTemplates";
const TEMPLATE_PHASES: &str = "project/projectTemplates/projectTemplatePhases";
const TEMPLATE_TICKETS: &str = "project/projectTemplates/projectTemplateTickets";

/// (field of a template's phase, field of a project's phase)
const OF_PHASE: [(&str, &str); 6] = [
    ("description", "description"),
    ("budgetHours", "budgetHours"),
    ("notes", "notes"),
    ("markAsMilestone", "markAsMilestoneFlag"),
    ("phaseBilledSeparately", "billSeparatelyFlag"),
    ("wbsCode", "wbsCode"),
];

/// (field of a template's ticket, field of a project's ticket)
const OF_TICKET: [(&str, &str); 11] = [
    ("description", "summary"),
    ("budgetHours", "budgetHours"),
    ("duration", "duration"),
    ("wbsCode", "wbsCode"),
    ("priority", "priority"),
    ("source", "source"),
    ("workRole", "workRole"),
    ("workType", "workType"),
    ("predecessorType", "predecessorType"),
    ("lagDays", "lagDays"),
    ("lagNonworkingDaysFlag", "lagNonworkingDaysFlag"),
];

/// `createFromProject/{id}`: a template of a project that the caller sees, with the phases and tickets of it
/// that it may read.
pub async fn create(
    context: Context<'_>,
    permit: &Permit<'_>,
    body: &[u8],
) -> Result<Answer, Problem> {
    let project = id_at(context, 0)?;
    let entity = related::entity(context.instance, PROJECTS)?;
    if related::seen(context, entity, project).await?.is_none() {
        return Err(ApiError::not_found("Project", &project.to_string()).into());
    }
    let project = related::open_to(context, PROJECTS, Verb::Inquire, project).await?;
    let mut members = if body.iter().all(u8::is_ascii_whitespace) {
        serde_json::Map::new()
    } else {
        related::object(body, "ProjectTemplate")?
    };
    if related::member(&members, "name").is_none() {
        members.insert("name".to_owned(), json!(project.text("name")));
    }
    members.remove("id");
    let below = Context {
        parents: &[],
        ..context
    };
    let bytes = Json::Object(members).to_string();
    let (template, mut changes) = Box::pin(saving::composed(
        below,
        permit,
        bytes.as_bytes(),
        context.release,
    ))
    .await?;
    let mut made: HashMap<i64, i64> = HashMap::new();
    let mut phases = open(context, PHASES, &project).await?;
    phases.sort_by_key(|row| (row.integer("parent_phase_id").is_some(), row.id));
    for row in phases {
        let values = [
            ("templateRecId", Value::Integer(template)),
            (
                "parentPhase",
                related::id(
                    row.integer("parent_phase_id")
                        .and_then(|above| made.get(&above).copied()),
                ),
            ),
        ];
        let (id, more) = copied(
            context,
            PHASES,
            &row,
            TEMPLATE_PHASES,
            &OF_PHASE,
            true,
            &values,
        )
        .await?;
        made.insert(row.id, id);
        changes.extend(more);
    }
    for row in open(context, TICKETS, &project).await? {
        let phase = row
            .integer("phase_id")
            .and_then(|phase| made.get(&phase).copied());
        let values = [
            ("projectTemplateId", Value::Integer(template)),
            ("projectTemplatePhaseId", related::id(phase)),
        ];
        let (_, more) = copied(
            context,
            TICKETS,
            &row,
            TEMPLATE_TICKETS,
            &OF_TICKET,
            true,
            &values,
        )
        .await?;
        changes.extend(more);
    }
    saving::finish(context, permit.entity(), changes).await?;
    acting::shown(below, &permit.reading(), template).await
}

/// Records of a project that the caller may read.
async fn open(context: Context<'_>, path: &str, project: &Row) -> Result<Vec<Row>, Problem> {
    let entity = related::entity(context.instance, path)?;
    let permit = acting::authorized(context, entity, Verb::Inquire)?;
    let backend = &context.instance.backend;
    let filter = bitting_psa::backend::equals(
        "project_id",
        bitting_query::Kind::Integer,
        Value::Integer(project.id),
    );
    let filter = bitting_query::and(filter, permit.own_by_parent(backend.grounds(), false));
    Ok(backend.rows(&permit, filter, Vec::new(), None).await?)
}

/// A row after another's model: the fields of the table, from left to right or (`back`) the other way.
async fn copied(
    context: Context<'_>,
    from: &str,
    row: &Row,
    to: &str,
    fields: &[(&str, &str)],
    back: bool,
    values: &[(&str, Value)],
) -> Result<(i64, Vec<Change>), Problem> {
    let source = related::entity(context.instance, from)?;
    let target = related::entity(context.instance, to)?;
    let id = related::next_id(context.instance, to).await?;
    let mut draft = Draft::new(target, Row::new(id));
    for (left, right) in fields {
        let (of, into) = if back { (right, left) } else { (left, right) };
        draft.set(into, super::super::set_up::value(source, row, of).clone());
    }
    for (name, value) in values {
        draft.set(name, value.clone());
    }
    saving::fill_defaults(&mut draft);
    Ok((id, related::inserted(context, draft, None).await?))
}

/// `applyTemplate/{id}` and `applyTemplates`: the phases and tickets of templates come into the project.
pub async fn apply(
    context: Context<'_>,
    permit: &Permit<'_>,
    body: &[u8],
) -> Result<Answer, Problem> {
    let project = id_at(context, 0)?;
    let below = Context {
        parents: &[],
        ..context
    };
    let project = saving::existing(below, permit, project).await?;
    let templates = if context.route.rule.as_deref() == Some("apply_project_template") {
        vec![id_at(context, 1)?]
    } else {
        named(body)?
    };
    let phases = acting::authorized(
        context,
        related::entity(context.instance, PHASES)?,
        Verb::Add,
    )?;
    let tickets = acting::authorized(
        context,
        related::entity(context.instance, TICKETS)?,
        Verb::Add,
    )?;
    let _turn = context.instance.ledger().await?;
    let mut changes = Vec::new();
    let mut last = None;
    for template in templates {
        let template = related::open_to(context, TEMPLATES, Verb::Inquire, template).await?;
        changes.extend(laid(below, &project, &template, &phases, &tickets).await?);
        last = Some(template.id);
    }
    let mut draft = Draft::changing(permit.entity(), project.clone());
    draft.set("projectTemplateId", related::id(last));
    changes.extend(saving::settle(below, permit, &mut draft).await?);
    saving::finish(context, permit.entity(), changes).await?;
    let plan = plan(below, project.id).await?;
    Ok(Answer::json(acting::status(context), &plan))
}

/// The ids of the templates that a body lists.
fn named(body: &[u8]) -> Result<Vec<i64>, Problem> {
    let list: Json = serde_json::from_slice(body)
        .map_err(|error| ApiError::conversion(format!("The body is not JSON: {error}")))?;
    let id = |item: &Json| related::member(item.as_object()?, "id").and_then(related::number);
    let ids: Option<Vec<i64>> = list
        .as_array()
        .and_then(|list| list.iter().map(id).collect());
    match ids {
        Some(ids) if !ids.is_empty() => Ok(ids),
        _ => {
            let error = FieldError::missing("projectTemplate", "id");
            Err(Problem::field("projectTemplate", error))
        }
    }
}

/// The changes that lay a template down in a project, under the permits for phases and tickets.
async fn laid(
    context: Context<'_>,
    project: &Row,
    template: &Row,
    phases: &Permit<'_>,
    tickets: &Permit<'_>,
) -> Result<Vec<Change>, Problem> {
    let instance = context.instance;
    let node = project.integer(SCOPE);
    let mut changes = Vec::new();
    let mut made: HashMap<i64, i64> = HashMap::new();
    let mut models =
        related::under(instance, TEMPLATE_PHASES, "template_rec_id", template.id).await?;
    models.sort_by_key(|row| (row.integer("parent_phase").is_some(), row.id));
    let source = related::entity(instance, TEMPLATE_PHASES)?;
    for row in models {
        let id = related::next_id(instance, PHASES).await?;
        let mut draft = Draft::new(phases.entity(), Row::new(id));
        for (from, to) in OF_PHASE {
            draft.set(to, super::super::set_up::value(source, &row, from).clone());
        }
        let above = row
            .integer("parent_phase")
            .and_then(|above| made.get(&above).copied());
        for (name, value) in [
            ("projectId", Value::Integer(project.id)),
            ("parentPhase", related::id(above)),
            ("board", project.get("board_id").clone()),
            ("agreement", project.get("agreement_id").clone()),
            ("locationId", project.get("location_id").clone()),
            ("businessUnitId", project.get("department_id").clone()),
            ("billTime", text("NoDefault")),
            ("billExpenses", text("NoDefault")),
            ("billProducts", text("NoDefault")),
        ] {
            draft.set(name, value);
        }
        draft.default("description", text("Phase"));
        saving::fill_defaults(&mut draft);
        bitting_psa::references::fill_defaults(instance, &mut draft).await?;
        changes.extend(saving::laid_down(context, phases, &mut draft, node).await?);
        made.insert(row.id, id);
    }
    let source = related::entity(instance, TEMPLATE_TICKETS)?;
    let first = made.values().min().copied();
    let models = related::under(
        instance,
        TEMPLATE_TICKETS,
        "project_template_id",
        template.id,
    )
    .await?;
    for row in models {
        let id = related::next_id(instance, TICKETS).await?;
        let mut draft = Draft::new(tickets.entity(), Row::new(id));
        for (from, to) in OF_TICKET {
            draft.set(to, super::super::set_up::value(source, &row, from).clone());
        }
        let phase = row
            .integer("project_template_phase_id")
            .and_then(|phase| made.get(&phase).copied());
        let board = project.integer("board_id");
        let status = match board {
            Some(board) => super::super::tickets::status(context, board).await?,
            None => None,
        };
        for (name, value) in [
            ("recordType", text("ProjectTicket")),
            ("project", Value::Integer(project.id)),
            ("phase", related::id(phase.or(first))),
            ("board", related::id(board)),
            ("status", related::id(status)),
            ("company", project.get("company_id").clone()),
            ("site", project.get("site_id").clone()),
            ("agreement", project.get("agreement_id").clone()),
            ("location", project.get("location_id").clone()),
            ("department", project.get("department_id").clone()),
            ("billTime", text("NoDefault")),
            ("billExpenses", text("NoDefault")),
            ("billProducts", text("NoDefault")),
            ("closedFlag", Value::Boolean(false)),
        ] {
            draft.set(name, value);
        }
        saving::fill_defaults(&mut draft);
        bitting_psa::references::fill_defaults(instance, &mut draft).await?;
        for (field, flag) in [
            ("notes", "detailDescriptionFlag"),
            ("internalAnalysis", "internalAnalysisFlag"),
            ("resolution", "resolutionFlag"),
        ] {
            if let Value::Text(said) = super::super::set_up::value(source, &row, field)
                && !said.trim().is_empty()
            {
                let note =
                    super::super::tickets::notes::insert(context, &draft, flag, said.clone(), node)
                        .await?;
                draft.also.extend(note);
            }
        }
        changes.extend(saving::laid_down(context, tickets, &mut draft, node).await?);
    }
    Ok(changes)
}

/// An id among the words of the path.
fn id_at(context: Context<'_>, index: usize) -> Result<i64, Problem> {
    let word = context.words.get(index).copied().unwrap_or_default();
    word.parse()
        .map_err(|_| ApiError::not_found("Project", word).into())
}

/// `projectWorkplan`: the phases of a project in sight, in the order of their codes.
pub async fn workplan(context: Context<'_>) -> Result<Answer, Problem> {
    let project = id_at(context, 0)?;
    let below = Context {
        parents: &[],
        ..context
    };
    related::open_to(below, PROJECTS, Verb::Inquire, project).await?;
    let plan = plan(below, project).await?;
    Ok(Answer::json(200, &plan))
}

async fn plan(context: Context<'_>, project: i64) -> Result<Json, Problem> {
    let entity = related::entity(context.instance, PHASES)?;
    let permit = bitting_psa::permit::pass_through(context.caller, entity);
    let filter = bitting_psa::backend::equals(
        "project_id",
        bitting_query::Kind::Integer,
        Value::Integer(project),
    );
    let mut rows = context
        .instance
        .backend
        .rows(&permit, filter, Vec::new(), None)
        .await?;
    let code = |row: &Row| -> Vec<u64> {
        let code = row.text("wbs_code").unwrap_or_default();
        code.split('.')
            .map(|part| part.trim().parse().unwrap_or(u64::MAX))
            .collect()
    };
    rows.sort_by_key(|row| (code(row), row.id));
    let named = async |path: &str, id: Option<i64>, label: &str| -> Result<Json, Problem> {
        let row = match id {
            Some(id) => related::one(context.instance, path, id).await?,
            None => None,
        };
        Ok(row.map_or(
            Json::Null,
            |row| json!({ "id": row.id, "name": row.text(label) }),
        ))
    };
    let mut phases = Vec::new();
    for row in rows {
        let status = named("project/phaseStatuses", row.integer("status_id"), "name").await?;
        let above = named(PHASES, row.integer("parent_phase_id"), "description").await?;
        let mut phase = json!({
            "id": row.id,
            "projectId": project,
            "description": row.text("description"),
            "status": status,
            "parentPhase": above,
            "wbsCode": row.text("wbs_code"),
            "markAsMilestoneFlag": row.flag("mark_as_milestone_flag"),
            "notes": row.text("notes"),
            "startDate": row.text("scheduled_start"),
            "endDate": row.text("scheduled_end"),
            "budgetHours": row.number("budget_hours"),
            "actualHours": row.number("actual_hours"),
            "scheduled_Hours": row.number("scheduled_hours"),
            "billPhaseSeparately": row.flag("bill_separately_flag"),
        });
        if let Json::Object(members) = &mut phase {
            members.retain(|_, value| !value.is_null());
        }
        phases.push(phase);
    }
    Ok(json!({ "projectId": project, "phases": phases }))
}
