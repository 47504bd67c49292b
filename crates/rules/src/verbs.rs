//! Verbs of their own that are neither a record's life nor a subject's: which rule answers which path.

use super::{
    colors, contact_sync, conversions, copying, counts, images, imports, links, management,
    outside, picker, portal, purchasing, sso, templates, tickets, workflows,
};
use bitting_psa::permit::Permit;
use bitting_psa::problem::Problem;
use bitting_psa::{answer::Answer, context::Context};

/// Answers a path by its rule; `None` when no rule does.
pub async fn answer(
    context: Context<'_>,
    permit: &Permit<'_>,
    rule: &str,
    id: Option<i64>,
    body: &[u8],
) -> Result<Option<Answer>, Problem> {
    match rule {
        "opportunity_to_order"
        | "opportunity_to_ticket"
        | "order_to_ticket"
        | "opportunity_to_agreement"
        | "opportunity_to_project"
        | "order_to_agreement"
        | "order_to_project"
        | "sales_conversions" => conversions::answer(context, permit, rule, id, body)
            .await
            .map(Some),
        "member_image" | "contact_image" | "priority_image" | "menu_entry_image" => {
            images::answer(context, permit, rule, id, body)
                .await
                .map(Some)
        }
        "mark_note_as" => tickets::marking::mark(context, permit, id, body)
            .await
            .map(Some),
        "quantity_on_hand" => purchasing::quantity_on_hand(context, permit)
            .await
            .map(Some),
        "catalog_pricing" => purchasing::price(context, permit, id, body).await.map(Some),
        "purchasing_demand" => purchasing::demands::answer(context, body).await.map(Some),
        "rebatch_purchase_order" => purchasing::batch(context, permit, id, true).await.map(Some),
        "unbatch_purchase_order" => purchasing::batch(context, permit, id, false)
            .await
            .map(Some),
        "link_company_service_template" => templates::link(context, id, true).await.map(Some),
        "unlink_company_service_template" => templates::link(context, id, false).await.map(Some),
        "generate_template" | "generate_company_service_template" => {
            templates::generate(context, permit, id, body)
                .await
                .map(Some)
        }
        "link_sso_user" | "unlink_sso_user" | "submit_sso_member" | "register_sso_token"
        | "submit_sso_members" => sso::answer(context, permit, rule, id, body).await.map(Some),
        "request_portal_password" => portal::request(context, permit, body).await.map(Some),
        "validate_portal_credentials" => portal::validate(context, permit, body).await.map(Some),
        "clear_picker_items" => picker::clear(context, permit, body).await.map(Some),
        "reset_colors" => colors::reset(context, permit).await.map(Some),
        "clear_color" => colors::clear(context, permit, id).await.map(Some),
        "quick_access" => counts::tabs(context, permit).await.map(Some),
        "company_surveys" => counts::surveys(context, permit).await.map(Some),
        "notification_type" => contact_sync::monitoring(context, permit).await.map(Some),
        "resolve_link" => links::resolve(context, permit, id, body).await.map(Some),
        "import_mass_maintenance" => imports::mass_maintenance(context, id).await.map(Some),
        "import_from_marketplace" => imports::marketplace(context, permit, body).await.map(Some),
        "workflow_field_action" => workflows::field(context, permit, id, body).await.map(Some),
        "test_workflow_event" => workflows::test(context, permit, id).await.map(Some),
        "management_log_download" => management::download(context, permit, id).await.map(Some),
        _ => match copying::answer(context, permit, rule, id, body).await? {
            Some(answer) => Ok(Some(answer)),
            None => outside::answer(context, permit, rule, id, body).await,
        },
    }
}
