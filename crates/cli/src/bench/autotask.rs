//! The Autotask half of the workbench: the level a profile asks for, its plan, level, user and key, and the proof.

use super::{UNUSED, Workbench, for_pages, opened, proof_of, refused, sign};
use bitting_catalog::profile::Psa as Of;
use bitting_client::{ApiUser, Autotask, ClientError, Secret};
use bitting_connect::ConnectError;
use bitting_connect::autotask::apply::{apply, cut};
use bitting_connect::autotask::audit::audit;
use bitting_connect::autotask::held::Instance;
use bitting_connect::autotask::plan::{Line, Plan, plan};
use bitting_connect::autotask::verify::{Asked, verify};
use bitting_connect::autotask::wanted::{Choices, Wanted, wanted};
use bitting_psa::secret::Secret as Kept;
use bitting_server::console::bench::{
    Audit, Credentials, Level, Made, Order, Pasted, Planned, Proof, Refusal,
};

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
            ..Choices::default()
        };
        wanted(profile, &choices, &self.known()?.screen).map_err(|error| of_form(&error))
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
        let clicks = plan.by_hand();
        let by_hand = clicks
            .iter()
            .map(|click| format!("by hand: {}: {}", click.at, click.set));
        Ok(Planned {
            summary: plan.summary(),
            role: plan.wanted.level.name.clone(),
            member: plan.wanted.user.name(),
            lines: plan
                .lines()
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
        plan(Some(instance), wanted, &self.known()?.screen).map_err(|error| of_form(&error))
    }

    pub fn autotask_apply(&self, instance: &str, order: &Order) -> Result<Made, Refusal> {
        let psa = self.as_operator(&self.company)?;
        let instance = Instance::new(&psa, Some(instance));
        let plan = self.autotask_planned(&instance, order)?;
        let applied = apply(Some(&instance), &plan, &self.known()?.screen)
            .map_err(|error| of_form(&error))?;
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

    pub fn autotask_audit(&self, instance: &str) -> Result<Audit, Refusal> {
        let psa = self.as_operator(&self.company)?;
        let instance = Instance::new(&psa, Some(instance));
        let now = bitting_connect::now();
        let known = self.known()?;
        let found = audit(&instance, &known.profiles, &known.screen, UNUSED, now)
            .map_err(|error| refused(&error))?;
        Ok(Self::audited(&known.profiles, found, Of::Autotask))
    }

    /// A connection as the integration would use it: the zone knows the user, and the credentials open it.
    pub fn autotask_check(&self, order: &Order, pasted: &Pasted) -> Result<Proof, Refusal> {
        let wanted = self.autotask_wanted(order)?;
        let url = pasted.url.trim_end_matches('/');
        let own = url.eq_ignore_ascii_case(&self.https);
        let user = ApiUser {
            user: pasted.public_key.clone(),
            secret: Secret::new(pasted.private_key.reveal()),
            code: Secret::new(pasted.code.reveal()),
        };
        let ca_file = own.then_some(&*self.ca_file);
        let key = Autotask::open(url, user, ca_file).map_err(|error| opened(&error))?;
        key.zone().map_err(|error| match error {
            ClientError::Refused { .. } => Refusal::on(
                "public_key",
                "No zone knows this user name; compare it with the API user's Username (Key).",
            ),
            error => opened(&error),
        })?;
        let entered = key.ask("GET", "ThresholdInformation", None);
        let entered = entered.map_err(|error| opened(&error))?;
        if entered.status == 401 {
            let text = "The zone refuses it: secret or tracking identifier is wrong, or the user is locked or inactive.";
            return Err(Refusal::on("private_key", text));
        }
        self.autotask_report(&key, &wanted)
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
        self.autotask_report(&key, &wanted)
    }

    fn autotask_report(&self, key: &Autotask, wanted: &Wanted) -> Result<Proof, Refusal> {
        let report = verify(&Asked {
            key,
            wanted,
            screen: &self.known()?.screen,
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
