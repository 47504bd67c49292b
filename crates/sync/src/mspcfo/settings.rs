//! What a person decides about MSPCFO's figures.

use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    pub hours_per_day: f64,
    /// Days, `2026-12-25`.
    pub holidays: Vec<String>,
    pub holiday_list: Option<String>,
    /// Team role of a client's lead; its account manager where there is none.
    pub lead_role: Option<String>,
    /// Business groups that are left out.
    pub excluded_groups: Vec<String>,
    pub margin: f64,
    pub min_cogs: f64,
    pub cutoff: f64,
    pub zero_price: bool,
    pub high_margin: f64,
    pub own_companies: Vec<i64>,
    pub internal_technical: f64,
    /// Whether hours that are not billable count in the effective rate of fixed-fee agreements.
    pub non_billable: bool,
    pub agreement_types: BTreeMap<String, String>,
    pub work_types: BTreeMap<String, Kind>,
    pub wage: Vec<Wage>,
}

/// What a work type's hours count as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Kind {
    Client,
    #[serde(rename = "Client Admin")]
    ClientAdmin,
    #[serde(rename = "Internal Technical")]
    InternalTechnical,
    Admin,
    Sales,
    Exclude,
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
            holiday_list: None,
            lead_role: None,
            excluded_groups: Vec::new(),
            margin: 0.30,
            min_cogs: 0.35,
            cutoff: 5000.0,
            zero_price: true,
            high_margin: 0.90,
            own_companies: Vec::new(),
            internal_technical: 0.5,
            non_billable: true,
            agreement_types: BTreeMap::new(),
            work_types: BTreeMap::new(),
            wage: Vec::new(),
        }
    }
}

impl Settings {
    /// Whether agreements of this type have a fixed fee, which is also what counts for a type of no kind.
    pub fn fixed_fee(&self, kind: &str) -> bool {
        self.agreement_types
            .get(kind)
            .is_none_or(|kind| kind == "FFA")
    }

    /// Whether agreements of this type sell nothing but licences.
    pub fn licences(&self, kind: &str) -> bool {
        self.agreement_types
            .get(kind)
            .is_some_and(|kind| kind == "License & Subscription")
    }

    /// Whether a business group does not count.
    pub fn leaves_out(&self, group: &str) -> bool {
        self.excluded_groups
            .iter()
            .any(|out| out.eq_ignore_ascii_case(group))
    }

    /// What hours of a work type count as, at a client's or at home.
    pub fn kind(&self, work_type: &str, client: bool) -> Kind {
        match self.work_types.get(work_type) {
            Some(kind) => *kind,
            None if client => Kind::Client,
            None => Kind::Admin,
        }
    }

    /// How much of an hour counts as a client's.
    pub fn credit(&self, kind: Kind) -> f64 {
        match kind {
            Kind::Client | Kind::ClientAdmin => 1.0,
            Kind::InternalTechnical => self.internal_technical,
            Kind::Admin | Kind::Sales | Kind::Exclude => 0.0,
        }
    }
}

/// The wage history, ready for millions of questions.
pub struct Wages(BTreeMap<String, Vec<(String, f64)>>);

impl Wages {
    pub fn new(settings: &Settings) -> Self {
        let mut wages: BTreeMap<String, Vec<(String, f64)>> = BTreeMap::new();
        for wage in &settings.wage {
            let of = wages.entry(wage.member.to_ascii_lowercase()).or_default();
            of.push((wage.from.clone(), wage.cost));
        }
        for of in wages.values_mut() {
            of.sort_by(|a, b| a.0.cmp(&b.0));
        }
        Self(wages)
    }

    /// The steps of a member's wage, oldest first; the member in lower case.
    pub fn of(&self, member: &str) -> &[(String, f64)] {
        self.0.get(member).map_or(&[], Vec::as_slice)
    }

    /// The cost of an hour on a day, out of a member's steps.
    pub fn on(steps: &[(String, f64)], day: &str) -> Option<f64> {
        steps
            .iter()
            .rev()
            .find(|(from, _)| from.as_str() <= day)
            .map(|(_, cost)| *cost)
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp)]
mod tests {
    use super::*;

    #[test]
    fn the_wage_of_a_day_is_that_of_the_latest_step_before_it() {
        let step = |from: &str, cost| Wage {
            member: "RPatel".to_owned(),
            from: from.to_owned(),
            cost,
        };
        let settings = Settings {
            wage: vec![step("2026-07-01", 45.0), step("2026-01-01", 41.5)],
            ..Settings::default()
        };
        let wages = Wages::new(&settings);
        for (day, cost) in [
            ("2025-12-31", None),
            ("2026-01-01", Some(41.5)),
            ("2026-06-30", Some(41.5)),
            ("2026-07-01", Some(45.0)),
        ] {
            assert_eq!(Wages::on(wages.of("rpatel"), day), cost, "{day}");
        }
        assert!(wages.of("akent").is_empty());
    }

    #[test]
    fn hours_count_as_their_work_type_says() {
        let text =
            "[work_types]\n\"Research\" = \"Internal Technical\"\n\"Vacation\" = \"Exclude\"\n";
        let settings: Settings = toml::from_str(text).unwrap_or_default();
        for (work_type, client, credit) in [
            ("Remote", true, 1.0),
            ("Remote", false, 0.0),
            ("Research", false, 0.5),
            ("Vacation", true, 0.0),
        ] {
            let kind = settings.kind(work_type, client);
            assert_eq!(settings.credit(kind), credit, "{work_type} {client}");
        }
    }
}
