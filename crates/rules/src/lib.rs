//! Behaviour that is not data. An entity's file names its rules; here they are found. This folder is the
//! only place in the server that knows entities by name.

pub(crate) mod acting;
pub mod activities;
pub mod agreements;
pub mod audit;
pub mod billable_options;
pub mod boards;
pub mod callbacks;
pub mod changes;
mod circles;
mod colors;
pub mod companies;
pub mod configurations;
mod contact_sync;
pub mod contacts;
pub(crate) mod conversions;
mod copying;
mod counts;
pub mod custom_fields;
pub mod documents;
mod email_tokens;
pub mod enrolment;
pub mod expenses;
pub mod finance;
pub mod first;
pub mod forecasts;
mod images;
mod imports;
mod links;
mod management;
pub mod members;
pub mod opportunities;
mod outside;
pub mod paths;
mod picker;
mod portal;
pub mod projects;
mod purchasing;
pub mod recaps;
pub mod records;
pub mod related;
pub mod reports;
pub mod rulebook;
pub mod schedule;
pub mod security;
pub(crate) mod set_up;
mod single_default;
mod sso;
pub mod system;
mod teams;
mod template;
mod templates;
pub mod tickets;
pub mod time;
pub mod tokens;
mod types;
mod verbs;
mod whose;
mod workflows;

use bitting_catalog::entity::Entity;
use bitting_catalog::route::{Method, Route};
use bitting_policy::Verb;
use bitting_psa::answer::Answer;
use bitting_psa::context::Context;
use bitting_psa::draft::Draft;
use bitting_psa::instance::{Instance, Later};
use bitting_psa::permit::Permit;
use bitting_psa::problem::Problem;
use bitting_psa::row::Row;
use bitting_query::Filter;
use bitting_store::table::Change;

/// Fills in what other fields are looked up within (a ticket's board), before they are.
pub async fn prepare(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    for rule in &draft.entity.rules {
        match rule.as_str() {
            "ticket" => tickets::prepare(context, draft).await?,
            "contact" => contacts::prepare(draft),
            _ => {}
        }
    }
    Ok(())
}

/// Fills in and checks a record before it is saved; `draft.before` tells a change from a creation.
pub async fn before_save(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    for rule in &draft.entity.rules {
        match rule.as_str() {
            "ticket" => Box::pin(tickets::save(context, draft)).await?,
            "time_entry" => Box::pin(time::save(context, draft)).await?,
            "expense_entry" => Box::pin(expenses::save(context, draft)).await?,
            "schedule_entry" => Box::pin(schedule::save(context, draft)).await?,
            "project" => Box::pin(projects::save(context, draft)).await?,
            "project_phase" => projects::save_phase(context, draft).await?,
            "project_team" => projects::save_team(context, draft).await?,
            "project_ticket" => projects::tickets::save(context, draft).await?,
            "invoice" => Box::pin(finance::save(context, draft)).await?,
            "invoice_payment" => finance::payments::save(context, draft),
            "product" => Box::pin(finance::products::save(context, draft)).await?,
            "adjustment" => finance::agreements::save_adjustment(context, draft),
            "ticket_note" => tickets::notes::save(context, draft)?,
            "configuration" => configurations::save(context, draft).await?,
            "company" => companies::save(context, draft).await?,
            "site" => companies::sites::save(context, draft).await?,
            "type_association" => types::save(context, draft).await?,
            "contact" => contacts::save(context, draft).await?,
            "contact_communication" => contacts::communications::save(context, draft).await?,
            "board_status" => boards::statuses::save(context, draft).await?,
            "board_team" => teams::board(context, draft).await?,
            "company_team" => teams::company(context, draft).await?,
            "own_records" => picker::save(context, draft),
            "stamped" => stamp(context, draft),
            "member" | "api_member" | "my_account" => {
                Box::pin(enrolment::save(context, draft)).await?;
            }
            "opportunity" => opportunities::save(context, draft).await?,
            "opportunity_note" => opportunities::save_note(context, draft),
            "forecast_item" => forecasts::save_item(context, draft).await?,
            "activity" => activities::save(context, draft).await?,
            "agreement" => agreements::save(context, draft).await?,
            "callback" => callbacks::save(context, draft).await?,
            "user_defined_field" => custom_fields::save(context, draft).await?,
            "addition" => agreements::save_addition(context, draft).await?,
            "integrator_login" => system::save_login(draft),
            _ => {}
        }
    }
    circles::check(context, draft).await?;
    single_default::save(context, draft).await
}

/// Who entered a row of set-up and when, where the row itself shows it.
fn stamp(context: Context<'_>, draft: &mut Draft<'_>) {
    if draft.is_new() {
        let who = context.caller.identifier.to_string();
        draft.set("enteredBy", bitting_query::Value::Text(who));
        let now = bitting_psa::moment::time(context.now);
        draft.set("dateEntered", bitting_query::Value::Text(now));
    }
}

/// Rows that come with a record (notes, sites, associations), once its place is known.
pub async fn alongside(context: Context<'_>, draft: &mut Draft<'_>) -> Result<(), Problem> {
    for rule in &draft.entity.rules {
        match rule.as_str() {
            "ticket" => tickets::alongside(context, draft).await?,
            "board" => boards::alongside(context, draft).await?,
            "company" => companies::alongside(context, draft).await?,
            "contact" => contacts::alongside(context, draft).await?,
            "time_entry" => Box::pin(time::alongside(context, draft)).await?,
            "time_period_setup" => Box::pin(time::periods::alongside(context, draft)).await?,
            "expense_entry" => Box::pin(expenses::alongside(context, draft)).await?,
            "schedule_entry" => Box::pin(schedule::alongside(context, draft)).await?,
            "project" => projects::alongside(context, draft).await?,
            "project_ticket" => projects::tickets::alongside(context, draft).await?,
            "project_role" => projects::roles::alongside(context, draft).await?,
            "project_team" | "opportunity_team" => whose::alongside(context, draft).await?,
            "invoice" => Box::pin(finance::alongside(context, draft)).await?,
            "invoice_payment" => Box::pin(finance::payments::alongside(context, draft)).await?,
            "product" => Box::pin(finance::products::alongside(context, draft)).await?,
            _ => {}
        }
    }
    Ok(())
}

/// What goes with a record that is deleted; or why it stays.
pub async fn before_delete(
    context: Context<'_>,
    entity: &Entity,
    row: &Row,
    also: &mut Vec<Change>,
) -> Result<(), Problem> {
    for rule in &entity.rules {
        match rule.as_str() {
            "company" => companies::delete(context, row, also)?,
            "type_association" => types::delete(context, entity, row, also).await?,
            "contact" => contacts::delete(context, entity, row, also).await?,
            "contact_communication" => {
                contacts::communications::delete(context, row, also).await?;
            }
            "security_role" => also.extend(context.instance.role_removal(row.id)),
            "opportunity" => {
                opportunities::open_to(context, entity, row, Verb::Delete).await?;
            }
            "forecast_item" => forecasts::remove_item(context).await?,
            "document" => documents::delete(context.instance, row, also).await?,
            "menu_entry" => images::delete(row, also),
            "board_status" => boards::statuses::delete(row)?,
            "time_entry" => Box::pin(time::delete(context, entity, row, also)).await?,
            "expense_entry" => Box::pin(expenses::delete(context, entity, row, also)).await?,
            "schedule_entry" => Box::pin(schedule::delete(context, entity, row, also)).await?,
            "project_ticket" => projects::tickets::delete(context, row, also).await?,
            "project_team" | "opportunity_team" => {
                whose::delete(context, entity, row, also).await?;
            }
            "invoice" => Box::pin(finance::delete(context, row, also)).await?,
            "invoice_payment" => Box::pin(finance::payments::delete(context, row, also)).await?,
            "product" => Box::pin(finance::products::delete(context, row, also)).await?,
            "accounting_batch" => Box::pin(finance::batches::delete(context, row, also)).await?,
            _ => {}
        }
    }
    documents::orphans(context.instance, entity, row.id, also).await?;
    Ok(())
}

/// What follows once a record is gone.
pub fn after_delete(instance: &Instance, entity: &Entity, id: i64) {
    for rule in &entity.rules {
        match rule.as_str() {
            "security_role" => instance.forget_role(id),
            _ => {}
        }
    }
    instance.written(entity);
}

/// The verb of a path that differs from what its kind and method say.
pub fn verb(route: &Route, method: Method) -> Option<Verb> {
    match route.rule.as_deref()? {
        "document_upload" => documents::verb(route, method),
        // Both look something up; neither changes a record.
        "catalog_pricing" | "validate_portal_credentials" => Some(Verb::Inquire),
        _ => None,
    }
}

/// What a list or a count is about when its parameters have to say so.
pub fn within<'a>(context: Context<'a>, permit: &'a Permit<'_>) -> Later<'a, Filter> {
    Box::pin(async move {
        match context.route.rule.as_deref() {
            Some("included_properties") => return contact_sync::properties(context, true),
            Some("excluded_properties") => return contact_sync::properties(context, false),
            Some("member_with_sso") => return Ok(sso::linked()),
            _ => {}
        }
        for rule in &permit.entity().rules {
            match rule.as_str() {
                "document" => return documents::within(context).await,
                _ => {}
            }
        }
        Ok(Filter::Constant(true))
    })
}

/// What has to be brought up to date before records of the entity are read or changed.
pub fn before_read<'a>(instance: &'a Instance, entity: &'a Entity) -> Later<'a, ()> {
    Box::pin(async move { agreements::before_read(instance, entity).await })
}

/// The record that a path without an id stands for; `None` where it stands for none.
pub fn standing_for(context: Context<'_>, route: &Route) -> Option<i64> {
    match route.rule.as_deref()? {
        "my_member" => Some(context.caller.member),
        _ => None,
    }
}

/// Rows of an entity that is worked out and not stored, unfiltered; `None` when it is stored.
pub fn computed<'a>(context: Context<'a>, permit: &'a Permit<'_>) -> Later<'a, Option<Vec<Row>>> {
    Box::pin(async move {
        for rule in &permit.entity().rules {
            let rows = match rule.as_str() {
                "all_notes" => tickets::notes::all(context, permit).await?,
                "attached_configuration" => tickets::configurations::rows(context, permit).await?,
                "board" if context.route.rule.as_deref() == Some("active_boards") => {
                    boards::active(context).await?
                }
                "excluded_member" => boards::excluded(context, permit).await?,
                "board_associations" => match boards::associations(context, permit).await? {
                    Some(rows) => rows,
                    None => continue,
                },
                "reports" => reports::names(context, permit)?,
                "project_recap" => projects::recap::rows(context, permit).await?,
                "schedule_details" => schedule::details(context, permit).await?,
                "agreement_recap" => Box::pin(finance::agreements::recaps(context, permit)).await?,
                "unposted_levels" => Box::pin(finance::unposted::levels(context, permit)).await?,
                "order_recap" => recaps::order(context, permit).await?,
                "template_workplan" => recaps::workplan(context, permit).await?,
                "custom_field_infos" => recaps::custom_fields(context, permit).await?,
                "unposted" => Box::pin(finance::unposted::rows(context, permit)).await?,
                "audit_trail" => audit::rows(context, permit).await?,
                "my_security" => security::my_rows(context),
                "my_customize_items" => security::my_items(context),
                "role_settings" => security::role_rows(context, permit.entity()),
                "billable_options" => billable_options::rows(permit),
                "management_logs" => management::logs(context, permit),
                "email_tokens" => email_tokens::rows(permit),
                "marketplace_definitions" => imports::definitions(context, permit),
                "setup_screens" => security::screens(context.instance.registry()),
                _ => continue,
            };
            return Ok(Some(rows));
        }
        // What is worked out by a rule that is not written yet has no rows, and no table to look into.
        Ok((!permit.entity().stored).then(Vec::new))
    })
}

/// A verb of its own on a path (`/copy`, `/merge`), a singleton or a file; `None` when no rule answers it.
pub fn action<'a>(
    context: Context<'a>,
    permit: &'a Permit<'_>,
    rule: &'a str,
    id: Option<i64>,
    body: &'a [u8],
) -> Later<'a, Option<Answer>> {
    Box::pin(async move {
        match rule {
            "agreement_parameters" => Ok(Some(finance::parameters::answer(context, permit).await?)),
            "attached_configuration" => {
                tickets::configurations::answer(context, permit, id, body).await
            }
            "merge_ticket" | "attach_children" => {
                tickets::merging::answer(context, permit, id, body)
                    .await
                    .map(Some)
            }
            "copy_ticket" => tickets::merging::copy(context, permit, id, body)
                .await
                .map(Some),
            "change_configuration_type" => configurations::change_type(context, permit, id, body)
                .await
                .map(Some),
            "copy_configuration_type" => configurations::copying::copy(context, permit, body)
                .await
                .map(Some),
            "merge_company" => companies::merging::answer(context, permit, id, body)
                .await
                .map(Some),
            "excluded_member" => boards::exclude(context, permit, id, body).await,
            "forecast" => forecasts::answer(context, permit, body).await.map(Some),
            "copy_forecast" => forecasts::copy(context, permit, id).await.map(Some),
            "report_rows" | "report_columns" | "report_count" => {
                reports::answer(context, permit, rule).await.map(Some)
            }
            "info" => Ok(Some(system::info(
                context.instance.catalog(),
                context.release,
            ))),
            "default_company" | "default_contact" | "default_opportunity" | "default_rma_tag" => {
                let row = template::row(context, permit).await?;
                template::answer(context, permit, row).await.map(Some)
            }
            "default_api_member" => enrolment::template(context, permit).await.map(Some),
            "deactivate_member" | "deactivate_iam_member" => {
                enrolment::deactivate(context, permit, rule, id, body)
                    .await
                    .map(Some)
            }
            "document_upload" | "document_download" | "document_thumbnail" => {
                documents::answer(context, permit, rule, id, body).await
            }
            "document_upload_sample" => Ok(Some(documents::sample())),
            "member_tokens" => tokens::mint(context).await.map(Some),
            _ => {
                let answer = Box::pin(time::verbs::answer(context, permit, rule, id, body)).await?;
                if answer.is_some() {
                    return Ok(answer);
                }
                let answer = match rule {
                    "delete_schedule_entry" => {
                        Some(Box::pin(schedule::remove(context, permit)).await?)
                    }
                    _ => Box::pin(projects::answer(context, permit, rule, id, body)).await?,
                };
                if answer.is_some() {
                    return Ok(answer);
                }
                let answer = Box::pin(finance::answer(context, permit, rule, id, body)).await?;
                if answer.is_some() {
                    return Ok(answer);
                }
                Box::pin(verbs::answer(context, permit, rule, id, body)).await
            }
        }
    })
}
