//! Which company an organisation is: by the company id that an administrator typed in the console. Many
//! organisations may be one company.

use super::source::Organisation;
use super::{COMPANIES, SLUG};
use crate::Failure;
use crate::api::{encode, id, literal};
use crate::state::{Record, Shelf};
use crate::work::Work;
use std::collections::BTreeMap;

/// Company ids per question; longer lists make longer addresses than some gateways take.
const CHUNK: usize = 40;
const COMPANY: &str = "company";

pub fn map(work: &mut Work<'_>) -> Result<(), Failure> {
    let organisations: Vec<Organisation> =
        super::console::organisations(work, super::console::Depth::Names)?;
    let mut wanted: Vec<&str> = organisations
        .iter()
        .map(|org| org.company.as_str())
        .filter(|company| !company.is_empty())
        .collect();
    wanted.sort_unstable();
    wanted.dedup();
    // Text compares without letter case in the PSA.
    let mut found: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for chunk in wanted.chunks(CHUNK) {
        let list: Vec<String> = chunk.iter().map(|company| literal(company)).collect();
        let conditions = format!("identifier in ({}) and deletedFlag=false", list.join(","));
        let path = format!(
            "company/companies?conditions={}&fields=id,identifier&orderBy=id",
            encode(&conditions)
        );
        for company in work.api.all(COMPANIES, &path)? {
            work.counts.read += 1;
            let identifier = company["identifier"]
                .as_str()
                .unwrap_or_default()
                .to_lowercase();
            found.entry(identifier).or_default().push(id(&company));
        }
    }
    let known = work.state.hashes(Shelf::Mapping, SLUG, COMPANY)?;
    let mut changed = Vec::new();
    for org in organisations {
        let mut record = known
            .get(&org.org)
            .cloned()
            .unwrap_or_else(|| Record::new(SLUG, COMPANY, org.org.clone()));
        let (state, company) = match found.get(&org.company.to_lowercase()).map(Vec::as_slice) {
            _ if org.company.is_empty() => ("not mapped", None),
            None | Some([]) => {
                work.warn(format!(
                    "organisation {}: there is no company `{}`, or the key's location hides it",
                    org.org, org.company
                ));
                ("unmatched", None)
            }
            Some([company]) => ("matched", Some(*company)),
            Some(several) => {
                work.warn(format!("organisation {}: {} companies have the company id `{}`; it stays unmapped until one of them has", org.org, several.len(), org.company));
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
pub fn undecided(work: &Work<'_>, org: &str) -> Result<bool, Failure> {
    let known = work.state.find(Shelf::Mapping, SLUG, COMPANY, org)?;
    Ok(known.is_some_and(|known| known.psa_id.is_none() && known.state != "not mapped"))
}

/// Company of each organisation that has one.
pub fn mapped(work: &Work<'_>) -> Result<BTreeMap<String, i64>, Failure> {
    let records = work.state.all(Shelf::Mapping, SLUG, COMPANY)?;
    Ok(records
        .into_iter()
        .filter_map(|record| Some((record.key, record.psa_id?)))
        .collect())
}
