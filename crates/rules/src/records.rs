//! What the words for a kind of record mean that documents and the audit trail are asked with, and whether
//! the caller may look at the record behind one. Knows nothing of what hangs on it.

use bitting_catalog::entity::Entity;
use bitting_dialects::connectwise::error::ApiError;
use bitting_policy::Verb;
use bitting_psa::caller::Caller;
use bitting_psa::instance::Instance;
use bitting_psa::permit::{Permit, authorize};
use bitting_psa::problem::Problem;

/// One kind of record that something can be attached to.
#[derive(Debug)]
pub struct Kind {
    /// As it is kept; asked for in any letter case.
    pub name: &'static str,
    /// Other words for the same.
    pub also: &'static [&'static str],
    /// Entities that may hold the record, in the order in which they are looked into. None: what is
    /// attached hangs on no record, and only the right on itself decides.
    pub paths: &'static [&'static str],
}

const fn kind(
    name: &'static str,
    also: &'static [&'static str],
    paths: &'static [&'static str],
) -> Kind {
    Kind { name, also, paths }
}

/// Every kind there is.
pub static KINDS: &[Kind] = &[
    kind("Activity", &[], &["sales/activities"]),
    kind("Agreement", &[], &["finance/agreements"]),
    kind("Company", &[], &["company/companies"]),
    kind("Configuration", &["Config"], &["company/configurations"]),
    kind("Contact", &[], &["company/contacts"]),
    kind("CustomImage", &[], &[]),
    kind("Document", &[], &[]),
    kind("Expense", &[], &["expense/entries"]),
    kind("HTMLTemplate", &[], &[]),
    kind("Invoice", &[], &["finance/invoices"]),
    kind("KnowledgeBase", &[], &["service/knowledgeBaseArticles"]),
    kind("Meeting", &[], &[]),
    kind("MeetingNote", &[], &[]),
    kind("Member", &[], &["system/members"]),
    kind("Opportunity", &[], &["sales/opportunities"]),
    kind("Priority", &[], &["service/priorities"]),
    kind(
        "ProductSetup",
        &["ProductCatalog"],
        &["procurement/catalog"],
    ),
    kind("Project", &[], &["project/projects"]),
    kind("ProjectActivity", &[], &["sales/activities"]),
    kind("ProjectTicket", &[], &["project/tickets"]),
    kind("PurchaseOrder", &[], &["procurement/purchaseorders"]),
    kind("Rma", &[], &["procurement/rmaTags"]),
    kind("SalesOrder", &[], &["sales/orders"]),
    kind("Schedule", &[], &["schedule/entries"]),
    kind(
        "ServiceTemplate",
        &["StandardServiceTemplate"],
        &["service/templates"],
    ),
    kind(
        "Ticket",
        &["Service", "SrDetail"],
        &["service/tickets", "project/tickets"],
    ),
    kind("TimeEntry", &["Time"], &["time/entries"]),
    kind("AgreementAddition", &[], &["finance/agreements/additions"]),
    kind("Unassigned", &[], &[]),
];

/// The kind that a word names.
pub fn named(word: &str) -> Option<&'static Kind> {
    let word = word.trim();
    KINDS.iter().find(|kind| {
        kind.name.eq_ignore_ascii_case(word)
            || kind.also.iter().any(|also| also.eq_ignore_ascii_case(word))
    })
}

/// Passes when the caller may read the record: what hangs on a record is for those who may see the record.
/// The permit under which it
/// was seen; none for a kind that hangs on no record. Refused with the record's own denial, or not found when the record is out of sight.
pub async fn readable<'a>(
    instance: &'a Instance,
    caller: &'a Caller,
    kind: &Kind,
    id: i64,
) -> Result<Option<Permit<'a>>, Problem> {
    let backend = &instance.backend;
    let mut denial = None;
    let mut seen: Option<&Entity> = None;
    for path in kind.paths {
        let Some(entity) = instance.catalog().entity_at(path) else {
            continue;
        };
        let needs = &entity.right.needs;
        match authorize(backend.grounds(), caller, entity, needs, Verb::Inquire) {
            Ok(permit) => {
                seen = seen.or(Some(entity));
                if backend.row(&permit, id).await?.is_some() {
                    return Ok(Some(permit));
                }
            }
            Err(refused) => denial = denial.or(Some(refused)),
        }
    }
    match (seen, denial) {
        (Some(entity), _) => Err(ApiError::not_found(&entity.schema, &id.to_string()).into()),
        (None, Some(denial)) => Err(denial.by(&caller.role.name).into()),
        (None, None) => Ok(None),
    }
}
