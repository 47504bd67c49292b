//! Filling a company that no server has open.

use super::{Options, ShownUser, Work, shelf_of, shown_user};
use crate::host::error::HostError;
use bitting_autotask as autotask;
use bitting_autotask::options::AutotaskOptions;
use bitting_autotask::shelf::Rack;
use bitting_calls::cutting::{Shown, pairs};
use bitting_calls::seed::{self, Demo};
use bitting_calls::shelf;

/// A company that was filled without a server.
pub struct Filled {
    pub company: String,
    /// Where its rows are, for people.
    pub place: String,
    pub admin: Option<Shown>,
    pub least: Option<Shown>,
}

/// Fills a company that no server has open, and that has no records yet. `progress` hears how many rows are
/// done. All rows go into one transaction: stopped half-way, the company is as empty as before.
pub fn fill<'a>(
    options: &'a Options,
    wanted: &'a Demo,
    progress: &'a mut (dyn FnMut(u64) + Send),
) -> Work<'a, Result<Filled, HostError>> {
    Box::pin(fill_up(options, wanted, progress))
}

async fn fill_up(
    options: &Options,
    wanted: &Demo,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<Filled, HostError> {
    if let Some(fault) = shelf::fault(&options.company) {
        return Err(HostError::Company(fault));
    }
    let shelf = shelf_of(options)?;
    let company = shelf::Company {
        company: options.company.clone(),
        name: options.company_name.clone(),
    };
    let instance = shelf.open(&company).await?;
    let seeded = seed::company(&instance, Some(wanted), progress)
        .await
        .map_err(HostError::Seed)?;
    if !seeded.new {
        return Err(HostError::Company(format!(
            "the company '{}' has records already, and they stay as they are; name another data directory, or \
             another company with --company",
            options.company
        )));
    }
    let (admin, least) = pairs(&instance, &seeded, false).await?;
    Ok(Filled {
        company: instance.company.clone(),
        place: instance.backend.place().to_owned(),
        admin,
        least,
    })
}

/// What `fill_autotask` made.
pub struct FilledAutotask {
    /// File, or schema of the database.
    pub place: String,
    pub admin: ShownUser,
    pub least: Option<ShownUser>,
}

/// Fills the Autotask database of a data directory that no server has open, with the records of `options.demo`.
pub async fn fill_autotask(
    options: &Options,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<FilledAutotask, HostError> {
    let shelf = shelf_of(options)?;
    let rack = Rack::new(AutotaskOptions::default())?;
    let tenant = rack.open(&shelf, autotask::shelf::FIRST).await?;
    let first = autotask::seed::company(&tenant, options.demo.as_ref(), options.ready, progress)
        .await
        .map_err(HostError::Seed)?;
    let Some(admin) = &first.admin else {
        return Err(HostError::Company(
            "the Autotask database has records already, and they stay as they are; name another data directory"
                .to_owned(),
        ));
    };
    Ok(FilledAutotask {
        place: tenant.backend.place().to_owned(),
        admin: shown_user(admin),
        least: first.least.as_ref().map(shown_user),
    })
}
