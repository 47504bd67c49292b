//! How many there can be: user-defined fields of an entity, categories of devices, locations of a company. The
//! vendor gives the numbers and not the sentences.

use super::super::answer::Trouble;
use super::super::tenant::Tenant;
use crate::definitions::DEFINED_FOR;
use crate::draft::Draft;
use bitting_psa::backend::equals;
use bitting_query::{Filter, Kind, Value, and};

/// Active categories of configuration items.
const CATEGORIES: u64 = 200;
/// Locations of one company.
const LOCATIONS: u64 = 5_000;

/// Refuses a record beyond the most there can be.
pub async fn hold(tenant: &Tenant, draft: &mut Draft<'_>) -> Result<(), Trouble> {
    let active = || equals("is_active", Kind::Boolean, Value::Boolean(true));
    let of = |name: &str, id: i64| equals(name, Kind::Integer, Value::Integer(id));
    let (most, filter, what) = match &*draft.entity.path {
        "UserDefinedFieldDefinitions" => {
            let Some(number) = draft
                .integer("udfType")
                .filter(|_| draft.changes("udfType"))
            else {
                return Ok(());
            };
            let target = DEFINED_FOR.iter().find(|(known, _)| *known == number);
            let target = target.and_then(|(_, path)| tenant.catalog().entity_at(path));
            let served = target.and_then(|target| target.served.as_ref());
            let Some((target, most)) = target.zip(served.and_then(|served| served.user_defined))
            else {
                return Ok(());
            };
            let what = format!("user-defined fields of the {} Entity", target.schema);
            (u64::from(most), of("udf_type", number), what)
        }
        "ConfigurationItemCategories" if draft.flag("isActive") && draft.changes("isActive") => (
            CATEGORIES,
            active(),
            "active configuration item categories".to_owned(),
        ),
        "CompanyLocations" if draft.before.is_none() => match draft.integer("companyID") {
            Some(company) => (
                LOCATIONS,
                of("company_id", company),
                "locations of one company".to_owned(),
            ),
            None => return Ok(()),
        },
        _ => return Ok(()),
    };
    let others = Filter::Not(Box::new(bitting_psa::backend::with_id(draft.row.id)));
    let count = tenant
        .backend
        .raw_count(draft.entity, &and(filter, others))
        .await?;
    if count >= most {
        draft
            .errors
            .push(format!("There can be no more than {most} {what}."));
    }
    Ok(())
}
