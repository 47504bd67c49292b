//! The Autotask half of the workbench: the level a profile asks for, its plan, level, user and key, and the proof.

use super::{Workbench, for_pages, proof_of, refused, sign};
use bitting_client::{ApiUser, Autotask, Secret};
use bitting_connect::ConnectError;
use bitting_connect::autotask::apply::{apply, cut};
use bitting_connect::autotask::held::Instance;
use bitting_connect::autotask::plan::{Line, Plan, plan};
use bitting_connect::autotask::verify::{Asked, verify};
use bitting_connect::autotask::wanted::{Choices, Wanted, wanted};
use bitting_server::console::bench::{Credentials, Level, Made, Order, Planned, Proof, Refusal};
use bitting_server::secret::Secret as Kept;

impl Workbench {
    fn autotask_wanted(&self, order: &Order) -> Result<Wanted, Refusal> {
        let (profile, choices) = self.choices(order)?;
        let choices = Choices {
            selection: choices.selection,
            level: order.role.clone(),
            user: order.user.clone(),
            email: order.email.clone(),
            vendor: order.vendor.clone(),
            cleared: order.cleared,
        };
        wanted(profile, &choices, &self.screen).map_err(|error| of_form(&error))
    }

    pub fn autotask_level(&self, order: &Order) -> Result<Level, Refusal> {
        let wanted = self.autotask_wanted(order)?;
        let notes = wanted.notes.iter().chain(&wanted.level_notes);
        Ok(Level {
            notes: notes.map(|note| for_pages(note)).collect(),
            level: wanted.level,
        })
    }

    pub fn autotask_plan(&self, instance: &str, order: &Order) -> Result<Planned, Refusal> {
        let psa = self.as_operator(&self.company)?;
        let plan = self.autotask_planned(&Instance::new(&psa, Some(instance)), order)?;
        let clicks = plan.wanted.by_hand.iter();
        let by_hand = clicks.map(|click| format!("by hand: {}: {}", click.at, click.set));
        Ok(Planned {
            summary: plan.summary(),
            role: plan.wanted.level.name.clone(),
            member: plan.wanted.user.name(),
            lines: plan
                .level_lines
                .iter()
                .chain(&plan.user_lines)
                .map(|line| (sign(line.sign), words(line)))
                .collect(),
            notes: plan
                .notes
                .iter()
                .map(|note| for_pages(note))
                .chain(by_hand)
                .collect(),
        })
    }

    fn autotask_planned(&self, instance: &Instance<'_>, order: &Order) -> Result<Plan, Refusal> {
        let wanted = self.autotask_wanted(order)?;
        plan(Some(instance), wanted, &self.screen).map_err(|error| of_form(&error))
    }

    pub fn autotask_apply(&self, instance: &str, order: &Order) -> Result<Made, Refusal> {
        let psa = self.as_operator(&self.company)?;
        let instance = Instance::new(&psa, Some(instance));
        let plan = self.autotask_planned(&instance, order)?;
        let applied =
            apply(Some(&instance), &plan, &self.screen).map_err(|error| of_form(&error))?;
        let user = applied
            .user
            .ok_or_else(|| Refusal::new("The API user was not made."))?;
        let key = match applied.key {
            Some(key) => key,
            None => cut(&instance, user).map_err(|error| refused(&error))?,
        };
        let clicks = applied.remaining.iter();
        Ok(Made {
            user,
            said: applied.done,
            by_hand: clicks
                .map(|click| format!("{}: {}", click.at, click.set))
                .collect(),
            credentials: Credentials {
                user: key.user.user,
                secret: Kept::new(key.user.secret.reveal()),
                code: Kept::new(key.user.code.reveal()),
            },
        })
    }

    pub fn autotask_proof(
        &self,
        order: &Order,
        credentials: &Credentials,
    ) -> Result<Proof, Refusal> {
        let wanted = self.autotask_wanted(order)?;
        let user = ApiUser {
            user: credentials.user.clone(),
            secret: Secret::new(credentials.secret.reveal()),
            code: Secret::new(credentials.code.reveal()),
        };
        let key = Autotask::open(&self.address, user, None)
            .map_err(|error| Refusal::new(error.to_string()))?;
        let report = verify(&Asked {
            key: &key,
            wanted: &wanted,
            screen: &self.screen,
            admin: None,
            probes_only: false,
        })
        .map_err(|error| refused(&error))?;
        Ok(proof_of(report))
    }
}

/// Which field of the form is to blame.
fn of_form(error: &ConnectError) -> Refusal {
    let text = error.to_string();
    match error {
        ConnectError::Form { field, .. } if field.contains("level") => Refusal::on("role", text),
        ConnectError::Form { field, .. } if field.contains("name") => Refusal::on("user", text),
        ConnectError::InTheWay { what, .. } if what.contains("level") => {
            Refusal::on("role", what.clone())
        }
        ConnectError::InTheWay { what, remedy } => {
            Refusal::on("user", for_pages(&format!("{what}; {remedy}")))
        }
        _ => Refusal::new(text),
    }
}

fn words(line: &Line) -> String {
    let Line {
        at, cell, from, to, ..
    } = line;
    let change = if from.is_empty() {
        to.clone()
    } else {
        format!("from {from} to {to}")
    };
    match at.as_str() {
        "level" if from.is_empty() => format!("security level: {to}"),
        "level" => format!("security level, {cell}: {change}"),
        "user" if cell.is_empty() => "make the API user".to_owned(),
        "user" => format!("API user, {cell}: {change}"),
        _ if cell.is_empty() => format!("{at} {change}"),
        _ => format!("{at}: {cell} {change}"),
    }
}
