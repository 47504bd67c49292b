//! Which category a type of asset has, at two levels: the account's mapping, and each company's own. A company is
//! given a copy of the account's when its first asset is met, and goes its own way from then on. Knows no PSA.

use super::settings::Assets;
use crate::Failure;
use crate::state::{Record, Shelf};
use crate::text::hash;
use crate::work::Work;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// Kind of the rows that keep each company's mapping, and name of the watermark of the account's.
const CATEGORIES: &str = "categories";

/// Category by type.
type Mapping = BTreeMap<i64, String>;

/// The mappings of all companies.
pub struct Categories {
    /// Every mapping that some company has; the account's is the first.
    mappings: Vec<Mapping>,
    /// Which of them each company has.
    of: BTreeMap<i64, usize>,
    /// What the settings say of single companies; an empty category leaves the type out.
    own: BTreeMap<i64, Mapping>,
    /// What types are called in the settings.
    words: BTreeMap<i64, String>,
    fresh: BTreeSet<i64>,
}

impl Categories {
    /// Reads them; `named` finds the type that a word of the settings names.
    pub fn read<'w, A>(
        work: &mut Work<'w, A>,
        settings: &Assets,
        mut named: impl FnMut(&mut Work<'w, A>, &str, &str) -> Result<i64, Failure>,
    ) -> Result<Self, Failure> {
        let mut words = BTreeMap::new();
        let mut mapping = |work: &mut Work<'w, A>,
                           setting: &str,
                           types: &BTreeMap<String, String>|
         -> Result<Mapping, Failure> {
            let mut mapping = Mapping::new();
            for (word, category) in types {
                let kind = named(work, setting, word)?;
                words.insert(kind, word.clone());
                mapping.insert(kind, category.clone());
            }
            Ok(mapping)
        };
        let account = mapping(work, "assets.types", &settings.types)?;
        let mut own = BTreeMap::new();
        for (company, types) in &settings.company {
            let setting = format!("assets.company.{company}");
            let company = company.parse().map_err(|_| {
                Failure::Settings(format!(
                    "[{setting}] names no company: write its id, such as [assets.company.21]"
                ))
            })?;
            own.insert(company, mapping(work, &setting, types)?);
        }
        let (mut numbers, mut mappings, mut of) = (BTreeMap::new(), vec![account], BTreeMap::new());
        let slug = work.integration;
        work.state
            .each(Shelf::Mapping, slug, CATEGORIES, &mut |row| {
                let mut number = numbers.get(row.data).copied();
                if number.is_none() {
                    let mapping: Mapping = serde_json::from_str(row.data).unwrap_or_default();
                    let known = mappings.iter().position(|known| *known == mapping);
                    number = known.or(Some(mappings.len()));
                    if known.is_none() {
                        mappings.push(mapping);
                    }
                }
                let number = number.unwrap_or_default();
                if !numbers.contains_key(row.data) {
                    numbers.insert(row.data.to_owned(), number);
                }
                of.insert(row.psa_id, number);
            })?;
        let categories = Self {
            mappings,
            of,
            own,
            words,
            fresh: BTreeSet::new(),
        };
        categories.changed(work)?;
        Ok(categories)
    }

    /// Says once that the account's mapping has changed, and for whom it does not count.
    fn changed<A>(&self, work: &mut Work<'_, A>) -> Result<(), Failure> {
        let print = hash(&json!(self.mappings[0]).to_string());
        let before = work.state.watermark(work.integration, CATEGORIES)?;
        if before.as_deref() == Some(&print) {
            return Ok(());
        }
        let others = self.of.values().filter(|number| **number != 0).count();
        if before.is_some() && others > 0 {
            work.warn(format!(
                "[assets.types] has changed; {others} companies keep the mapping that they were given with their first asset, see out/categories.jsonl. \
                 Change one company's below [assets.company.ID]"
            ));
        }
        work.state
            .set_watermark(work.integration, CATEGORIES, &print)
    }

    /// Every type that some company imports.
    pub fn types(&self) -> Vec<i64> {
        let own = self.own.values();
        let types = self.mappings.iter().chain(own).flat_map(BTreeMap::keys);
        let types: BTreeSet<i64> = types.copied().collect();
        types.into_iter().collect()
    }

    /// The category of an asset; none where the company does not import its type.
    pub fn of(&mut self, company: i64, kind: i64) -> Option<&str> {
        let fresh = &mut self.fresh;
        let number = *self.of.entry(company).or_insert_with(|| {
            fresh.insert(company);
            0
        });
        let own = self.own.get(&company).and_then(|own| own.get(&kind));
        let category = own.or_else(|| self.mappings[number].get(&kind))?;
        Some(category.as_str()).filter(|category| !category.is_empty())
    }

    /// Keeps the copies that companies were given, and shows every company's mapping.
    pub fn keep<A>(self, work: &Work<'_, A>) -> Result<(), Failure> {
        let mut records: Vec<Record> = Vec::with_capacity(self.fresh.len());
        for company in &self.fresh {
            let mut record = Record::new(work.integration, CATEGORIES, company.to_string());
            record.psa_id = Some(*company);
            record.updated = work.moment();
            record.data = json!(self.mappings[0]);
            records.push(record);
        }
        work.state.put_all(Shelf::Mapping, &mut records)?;
        if work.stays("categories.jsonl") {
            return Ok(());
        }
        let file = work.home.output(work.integration, "categories.jsonl");
        let mut lines = crate::input::Lines::begin(&file)?;
        for (company, number) in &self.of {
            let mut mapping = self.mappings[*number].clone();
            mapping.extend(self.own.get(company).cloned().unwrap_or_default());
            mapping.retain(|_, category| !category.is_empty());
            let name = |kind: i64| {
                let word = self.words.get(&kind);
                word.cloned().unwrap_or_else(|| kind.to_string())
            };
            let types: BTreeMap<String, String> = mapping
                .into_iter()
                .map(|(kind, category)| (name(kind), category))
                .collect();
            lines.put(&json!({ "company": company, "types": types }).to_string());
        }
        lines.end()?;
        work.state.steps.done()
    }
}
