//! Making a further Autotask database while the server runs.

use crate::server::Server;
use bitting_autotask::seed::{self, First};
use bitting_autotask::shelf::{LONGEST, OTHERS, others};
use bitting_autotask::tenant::Tenant;
use bitting_calls::seed::Demo;
use bitting_dialects::connectwise::error::{ApiError, FieldError};
use bitting_psa::problem::Problem;
use std::sync::Arc;

/// An Autotask database that was just made, with the API users it starts with.
pub(crate) struct Made {
    pub(crate) tenant: Arc<Tenant>,
    pub(crate) first: First,
}

/// Whether a database of this name can be made.
pub(crate) fn check(server: &Server, name: &str) -> Result<(), Problem> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let wrong = |text: String| {
        let error = FieldError::invalid("instance", "name", text);
        Err(Problem::field("instance", error))
    };
    if name.is_empty() || name.len() > LONGEST || !name.chars().all(plain) {
        return wrong(format!(
            "'{name}' cannot name an instance; use 1 to {LONGEST} letters, digits, - and _."
        ));
    }
    let schema = |name: &str| name.to_ascii_lowercase().replace('-', "_");
    let mut known = server.autotask().into_iter();
    // Also names that would share a schema.
    if let Some(same) = known.find(|one| schema(&one.name) == schema(name)) {
        return wrong(format!(
            "There is an Autotask instance {} already.",
            same.name
        ));
    }
    if server.shelf.is_none() || server.tenants.rack().is_none() {
        return Err(ApiError::bad_request("This server serves ConnectWise alone.").into());
    }
    Ok(())
}

/// Makes a database; `progress` hears how many demo rows are done.
pub(crate) async fn make(
    server: &Server,
    name: &str,
    demo: Option<&Demo>,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<Made, Problem> {
    check(server, name)?;
    let (Some((shelf, company)), Some(rack)) = (&server.shelf, server.tenants.rack()) else {
        return Err(ApiError::bad_request("This server serves ConnectWise alone.").into());
    };
    let keeper = server.instance(company).ok_or_else(ApiError::no_endpoint)?;
    let tenant = rack.open(shelf, name).await?;
    let first = seed::company(&tenant, demo, true, progress)
        .await
        .map_err(ApiError::server)?;
    let mut all = others(&keeper);
    all.push(name.to_owned());
    let json = serde_json::to_string(&all).unwrap_or_default();
    keeper.set_setting(OTHERS, Some(&json)).await?;
    let tenant = Arc::new(tenant);
    server.add_autotask(tenant.clone());
    Ok(Made { tenant, first })
}
