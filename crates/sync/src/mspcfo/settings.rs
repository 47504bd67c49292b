//! What a person decides about MSPCFO's figures.

use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    pub hours_per_day: f64,
    /// Days, `2026-12-25`.
    pub holidays: Vec<String>,
    pub margin: f64,
    pub min_cogs: f64,
    pub cutoff: f64,
    pub zero_price: bool,
    pub high_margin: f64,
    pub agreement_types: BTreeMap<String, String>,
    pub wage: Vec<Wage>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wage {
    pub member: String,
    /// A day.
    pub from: String,
    pub cost: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            hours_per_day: 8.0,
            holidays: Vec::new(),
            margin: 0.30,
            min_cogs: 0.35,
            cutoff: 5000.0,
            zero_price: true,
            high_margin: 0.90,
            agreement_types: BTreeMap::new(),
            wage: Vec::new(),
        }
    }
}

impl Settings {
    /// The cost that the wage history has for a day, where it has one.
    pub fn wage(&self, member: &str, day: &str) -> Option<f64> {
        let wages = self
            .wage
            .iter()
            .filter(|wage| wage.member.eq_ignore_ascii_case(member) && wage.from.as_str() <= day);
        wages
            .max_by(|a, b| a.from.cmp(&b.from))
            .map(|wage| wage.cost)
    }

    /// Whether agreements of this type sell nothing but licences.
    pub fn licences(&self, kind: &str) -> bool {
        self.agreement_types
            .get(kind)
            .is_some_and(|kind| kind == "License & Subscription")
    }
}
