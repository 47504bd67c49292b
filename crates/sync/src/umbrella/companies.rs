//! Which company an organisation is: by the company id that an administrator typed. Many
//! organisations may be one company.

use super::psa::Psa;
use super::source::Organisation;
use crate::Failure;
use crate::state::{Record, Shelf};
use crate::work::Work;
use std::collections::BTreeMap;

const COMPANY: &str = "company";

pub fn map<P: Psa>(work: &mut Work<'_, P>) -> Result<(), Failure> {
    let organisations: Vec<Organisation> =
        super::console::organisations(work, super::console::Depth::Names)?;
    let mut wanted: Vec<&str> = organisations
        .iter()
        .map(|org| org.company.as_str())
        .filter(|company| !company.is_empty())
        .collect();
    wanted.sort_unstable();
    wanted.dedup();
    let found = P::companies(work, &wanted)?;
    let slug = work.integration;
    let known = work.state.hashes(Shelf::Mapping, slug, COMPANY)?;
    let mut changed = Vec::new();
    for org in organisations {
        let mut record = known
            .get(&org.org)
            .cloned()
            .unwrap_or_else(|| Record::new(slug, COMPANY, org.org.clone()));
        let companies = found.get(&org.company.to_lowercase());
        let companies = companies.map_or(&[][..], Vec::as_slice);
        let active: Vec<i64> = companies
            .iter()
            .filter(|company| company.active)
            .map(|company| company.id)
            .collect();
        let (state, company) = match (active.as_slice(), companies) {
            _ if org.company.is_empty() => ("not mapped", None),
            ([company], _) => ("matched", Some(*company)),
            ([], []) => {
                work.warn(format!(
                    "organisation {}: there is no company `{}`, or {} hides it",
                    org.org,
                    org.company,
                    P::HIDES
                ));
                ("unmatched", None)
            }
            ([], _) => {
                work.warn(format!(
                    "organisation {}: the company `{}` is inactive; nothing of the organisation is written until it is active again, or another {} is entered",
                    org.org, org.company, P::COMPANY_ID
                ));
                ("inactive", None)
            }
            (several, _) => {
                work.warn(format!(
                    "organisation {}: {} companies have the {} `{}`; it stays unmapped until one of them has",
                    org.org,
                    several.len(),
                    P::COMPANY_ID,
                    org.company
                ));
                ("ambiguous", None)
            }
        };
        if record.id != 0 && record.state == state && record.psa_id == company {
            work.counts.unchanged += 1;
            continue;
        }
        work.counts.changed += 1;
        state.clone_into(&mut record.state);
        record.psa_id = company;
        record.updated = work.moment();
        changed.push(record);
    }
    work.state.put_all(Shelf::Mapping, &mut changed)
}

/// Whether somebody mapped the organisation, though its company was not found, or several were: that may be a
/// hidden company as well as a slip of the pen, so nothing is taken back for it.
pub fn undecided<P: Psa>(work: &Work<'_, P>, org: &str) -> Result<bool, Failure> {
    let slug = work.integration;
    let known = work.state.find(Shelf::Mapping, slug, COMPANY, org)?;
    Ok(known.is_some_and(|known| known.psa_id.is_none() && known.state != "not mapped"))
}

/// Company of each organisation that has one.
pub fn mapped<P: Psa>(work: &Work<'_, P>) -> Result<BTreeMap<String, i64>, Failure> {
    let records = work.state.all(Shelf::Mapping, work.integration, COMPANY)?;
    Ok(records
        .into_iter()
        .filter_map(|record| Some((record.key, record.psa_id?)))
        .collect())
}
