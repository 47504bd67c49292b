//! A project opportunity becomes a sales opportunity once, in steps: the opportunity, its product and its service
//! forecast, a document, an activity. Each step is on the ledger and looked up before it is made, so that no
//! failure leaves half of one behind unnoticed and none is made twice.

use super::settings::Settings;
use super::{
    ADD_ACTIVITIES, ADD_DOCUMENTS, ADD_OPPORTUNITIES, COMPANIES, READ_ACTIVITIES, READ_DOCUMENTS,
    READ_OPPORTUNITIES, companies, lookups,
};
use crate::Failure;
use crate::api::{id, literal, short};
use crate::state::{Record, Shelf};
use crate::text::hash;
use crate::work::Work;
use serde::Deserialize;
use serde_json::{Value, json};

/// Kind of the ledger's rows in the outbox.
pub const PROJECT: &str = "project opportunity";

/// A project opportunity of a client review.
#[derive(Deserialize)]
pub struct Project {
    pub id: String,
    pub company: i64,
    pub name: String,
    #[serde(default)]
    pub description: String,
    #[serde(default)]
    pub material: f64,
    #[serde(default)]
    pub material_cost: f64,
    #[serde(default)]
    pub labor: f64,
    #[serde(default)]
    pub labor_cost: f64,
    /// Days.
    pub start: Option<String>,
    pub close: String,
}

/// What the settings say of every opportunity.
struct Mapping {
    kind: Option<i64>,
    stage: Option<i64>,
    status: i64,
    probability: Option<i64>,
    activity_type: Option<i64>,
    sales_rep: Option<i64>,
    start_field: Option<i64>,
}

const STEPS: [&str; 5] = ["opportunity", "material", "labor", "document", "activity"];

pub fn run(work: &mut Work<'_>) -> Result<(), Failure> {
    let settings: Settings = work.settings()?;
    let projects: Vec<Project> = work.input("projects.jsonl")?;
    if projects.is_empty() {
        return Ok(());
    }
    let mapping = mapping(work, &settings)?;
    each(work, projects, &STEPS, |work, project, ledger| {
        project.push(work, &mapping, ledger)
    })
}

/// Pushes what is not pushed yet, each for itself; says of what stops at which step, and what is there already.
pub fn each<'w, A>(
    work: &mut Work<'w, A>,
    projects: Vec<Project>,
    steps: &[&'static str],
    mut push: impl FnMut(&mut Work<'w, A>, &Project, &mut Record) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let slug = work.integration;
    let mut stopped = Vec::new();
    for project in projects {
        work.counts.read += 1;
        let mut ledger = work
            .state
            .find(Shelf::Outbox, slug, PROJECT, &project.id)?
            .unwrap_or_else(|| Record::new(slug, PROJECT, project.id.clone()));
        // From the push on the PSA owns it.
        if ledger.state == "pushed" || ledger.state == "deleted" {
            work.counts.unchanged += 1;
            continue;
        }
        match push(work, &project, &mut ledger) {
            Ok(()) => work.counts.created += 1,
            Err(ended @ (Failure::CutOff | Failure::Overtaken | Failure::Stopped)) => {
                return Err(ended);
            }
            Err(failure) => {
                let there = |step: &&&str| ledger.data[**step].is_i64();
                let done: Vec<&str> = steps.iter().filter(there).copied().collect();
                let next = steps.iter().find(|step| !there(step)).copied();
                let done = if done.is_empty() {
                    "nothing of it is there yet".to_owned()
                } else {
                    format!("{} is there", done.join(", "))
                };
                let told = format!(
                    "project opportunity {} stops at the step `{}` ({done}): {failure}",
                    project.id,
                    next.unwrap_or_default()
                );
                "partly pushed".clone_into(&mut ledger.state);
                ledger.updated = work.moment();
                ledger.hash = short(&failure.to_string(), 500);
                work.state.put(Shelf::Outbox, &mut ledger)?;
                work.warn(told);
                stopped.push(project.id.clone());
                // A fault of this one record holds up no other; anything else would meet all of them.
                if !failure.of_one_record() && !matches!(failure, Failure::Held(_)) {
                    return Err(failure);
                }
            }
        }
    }
    if stopped.is_empty() {
        return Ok(());
    }
    Err(Failure::Held(format!(
        "not pushed whole: {}; the warnings say at which step each stopped, and the next run goes on there",
        stopped.join(", ")
    )))
}

fn mapping(work: &mut Work<'_>, settings: &Settings) -> Result<Mapping, Failure> {
    let chosen = &settings.opportunity;
    let status = match &chosen.status {
        Some(status) => lookups::named(
            work,
            lookups::OPPORTUNITY_STATUSES,
            "opportunity.status",
            status,
        )?,
        // A forecast line must have one: the first that is open.
        None => lookups::rows(work, lookups::OPPORTUNITY_STATUSES)?
            .iter()
            .find(|status| status["closed"] != true)
            .map(id)
            .ok_or_else(|| {
                Failure::Settings(
                    "the PSA has no open opportunity status; choose one as opportunity.status"
                        .to_owned(),
                )
            })?,
    };
    Ok(Mapping {
        status,
        kind: lookups::maybe(
            work,
            lookups::OPPORTUNITY_TYPES,
            "opportunity.type",
            chosen.kind.as_deref(),
        )?,
        stage: lookups::maybe(
            work,
            lookups::STAGES,
            "opportunity.stage",
            chosen.stage.as_deref(),
        )?,
        probability: lookups::maybe(
            work,
            lookups::PROBABILITIES,
            "opportunity.probability",
            chosen.probability.as_deref(),
        )?,
        activity_type: lookups::maybe(
            work,
            lookups::ACTIVITY_TYPES,
            "opportunity.activity_type",
            chosen.activity_type.as_deref(),
        )?,
        sales_rep: lookups::maybe(
            work,
            lookups::PEOPLE,
            "opportunity.sales_rep",
            chosen.sales_rep.as_deref(),
        )?,
        start_field: chosen.start_field,
    })
}

impl Project {
    /// What the PSA's opportunity is known by.
    fn key(&self) -> String {
        let key = format!("propel:{}", self.id);
        // The field takes 50 characters; a longer name would lose what tells it apart.
        if key.chars().count() > 50 {
            format!("propel:{}", hash(&self.id))
        } else {
            key
        }
    }

    fn push(
        &self,
        work: &mut Work<'_>,
        mapping: &Mapping,
        ledger: &mut Record,
    ) -> Result<(), Failure> {
        let rep = companies::account_manager(work, self.company)?
            .or(mapping.sales_rep)
            .ok_or_else(|| {
                Failure::Held(format!(
                    "company {} has no account manager, and opportunity.sales_rep names nobody",
                    self.company
                ))
            })?;
        let opportunity = match ledger.psa_id {
            Some(opportunity) => opportunity,
            None => self.opportunity(work, mapping, rep)?,
        };
        ledger.psa_id = Some(opportunity);
        if !ledger.data.is_object() {
            ledger.data = json!({});
        }
        // Ours stays what is shown, whatever somebody makes of it there.
        ledger.data["description"] = json!(self.description);
        done(work, ledger, "opportunity", opportunity)?;
        for (step, label, kind, revenue, cost) in [
            (
                "material",
                "Material",
                "Product",
                self.material,
                self.material_cost,
            ),
            ("labor", "Labor", "Service", self.labor, self.labor_cost),
        ] {
            if !ledger.data[step].is_i64() {
                let line = forecast(
                    work,
                    opportunity,
                    mapping.status,
                    label,
                    kind,
                    revenue,
                    cost,
                )?;
                done(work, ledger, step, line)?;
            }
        }
        if !ledger.data["document"].is_i64() {
            let document = self.document(work, opportunity)?;
            done(work, ledger, "document", document)?;
        }
        if !ledger.data["activity"].is_i64() {
            let activity = self.activity(work, mapping, opportunity, rep)?;
            done(work, ledger, "activity", activity)?;
        }
        "pushed".clone_into(&mut ledger.state);
        ledger.hash.clear();
        ledger.updated = work.moment();
        work.state.put(Shelf::Outbox, ledger)
    }

    fn opportunity(
        &self,
        work: &mut Work<'_>,
        mapping: &Mapping,
        rep: i64,
    ) -> Result<i64, Failure> {
        let conditions = format!(
            "company/id={} and source={}",
            self.company,
            literal(&self.key())
        );
        let found = work
            .api
            .find(READ_OPPORTUNITIES, "sales/opportunities", &conditions)?;
        if let Some(there) = found.iter().map(id).min() {
            return Ok(there);
        }
        let company = work
            .api
            .get(COMPANIES, &format!("company/companies/{}", self.company))?;
        let contact = company["defaultContact"]["id"].as_i64().ok_or_else(|| {
            Failure::Held(format!("company {} has no default contact, which an opportunity needs; set defaultContact of the company", self.company))
        })?;
        let mut body = json!({
            "name": short(&self.name, 100), "company": { "id": self.company }, "contact": { "id": contact },
            "primarySalesRep": { "id": rep }, "status": { "id": mapping.status },
            "expectedCloseDate": format!("{}T00:00:00Z", self.close), "notes": self.description, "source": self.key(),
        });
        for (member, value) in [
            ("type", mapping.kind),
            ("stage", mapping.stage),
            ("probability", mapping.probability),
        ] {
            if let Some(value) = value {
                body[member] = json!({ "id": value });
            }
        }
        if let (Some(field), Some(start)) = (mapping.start_field, &self.start) {
            body["customFields"] = json!([{ "id": field, "value": format!("{start}T00:00:00Z") }]);
        }
        Ok(id(&work.api.post(
            ADD_OPPORTUNITIES,
            "sales/opportunities",
            &body,
        )?))
    }

    fn document(&self, work: &mut Work<'_>, opportunity: i64) -> Result<i64, Failure> {
        let title = short(&format!("Propel: {}", self.name), 100);
        let there = work.api.all(
            READ_DOCUMENTS,
            &format!("system/documents?recordType=Opportunity&recordId={opportunity}"),
        )?;
        if let Some(found) = there
            .iter()
            .find(|document| document["title"] == title.as_str())
        {
            return Ok(id(found));
        }
        let text = format!(
            "{}\n\n{}\n\nMaterial: {:.2}\nLabor: {:.2}\nExpected start: {}\nExpected close: {}\n",
            self.name,
            self.description,
            self.material,
            self.labor,
            self.start.as_deref().unwrap_or("open"),
            self.close
        );
        let record = opportunity.to_string();
        let fields = [
            ("recordType", "Opportunity"),
            ("recordId", record.as_str()),
            ("title", title.as_str()),
        ];
        let made = work.api.upload(
            ADD_DOCUMENTS,
            "system/documents",
            &fields,
            ("project-opportunity.txt", text.as_bytes()),
        )?;
        Ok(id(&made))
    }

    fn activity(
        &self,
        work: &mut Work<'_>,
        mapping: &Mapping,
        opportunity: i64,
        rep: i64,
    ) -> Result<i64, Failure> {
        let name = short(&format!("Propel: follow up on {}", self.name), 100);
        let conditions = format!("opportunity/id={opportunity} and name={}", literal(&name));
        if let Some(there) = work
            .api
            .find(READ_ACTIVITIES, "sales/activities", &conditions)?
            .iter()
            .map(id)
            .min()
        {
            return Ok(there);
        }
        let mut body = json!({
            "name": name, "company": { "id": self.company }, "opportunity": { "id": opportunity }, "assignTo": { "id": rep },
            "dateStart": format!("{}T09:00:00Z", self.close), "dateEnd": format!("{}T09:30:00Z", self.close), "notes": self.description,
        });
        if let Some(kind) = mapping.activity_type {
            body["type"] = json!({ "id": kind });
        }
        Ok(id(&work.api.post(
            ADD_ACTIVITIES,
            "sales/activities",
            &body,
        )?))
    }
}

/// Puts a step on the ledger.
pub fn done<A>(
    work: &Work<'_, A>,
    ledger: &mut Record,
    step: &str,
    id: i64,
) -> Result<(), Failure> {
    if ledger.data[step].as_i64() == Some(id) {
        return Ok(());
    }
    if !ledger.data.is_object() {
        ledger.data = json!({});
    }
    ledger.data[step] = json!(id);
    "partly pushed".clone_into(&mut ledger.state);
    ledger.updated = work.moment();
    work.state.put(Shelf::Outbox, ledger)
}

/// Lines of a forecast, in either shape that PSAs answer.
pub fn lines(forecast: &Value) -> Vec<Value> {
    let rows = forecast
        .as_array()
        .cloned()
        .unwrap_or_else(|| vec![forecast.clone()]);
    rows.into_iter()
        .flat_map(
            |row| match row.get("forecastItems").and_then(Value::as_array) {
                Some(items) => items.clone(),
                None if row.get("forecastType").is_some() => vec![row],
                None => Vec::new(),
            },
        )
        .collect()
}

fn forecast(
    work: &mut Work<'_>,
    opportunity: i64,
    status: i64,
    label: &str,
    kind: &str,
    revenue: f64,
    cost: f64,
) -> Result<i64, Failure> {
    let path = format!("sales/opportunities/{opportunity}/forecast");
    let there = lines(&work.api.get(READ_OPPORTUNITIES, &path)?);
    if let Some(found) = there
        .iter()
        .find(|line| line["forecastDescription"] == label && line["forecastType"] == kind)
    {
        return Ok(id(found));
    }
    let body = json!({
        "forecastDescription": label, "forecastType": kind, "revenue": revenue, "cost": cost, "quantity": 1,
        "opportunity": { "id": opportunity }, "status": { "id": status }, "includeFlag": true,
    });
    let made = work.api.post(ADD_OPPORTUNITIES, &path, &body)?;
    let found = lines(&made)
        .into_iter()
        .rfind(|line| line["forecastDescription"] == label);
    Ok(found.as_ref().map_or_else(|| id(&made), id))
}
