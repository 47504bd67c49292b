//! The console's workbench: plans, proofs, audits and guides, all over the PSA's API as the commands do
//! them. Knows no page of the console.

mod autotask;

use anyhow::{Context as _, Result};
use bitting_catalog::Catalog;
use bitting_catalog::profile::{Profile, Psa as Of, Selection, nearest};
use bitting_client::{ClientError, Credentials as KeyPair, KeyFile, Options, Psa, Secret};
use bitting_connect::audit::{Asked as AuditAsked, Risk};
use bitting_connect::autotask::Screen;
use bitting_connect::page::Block as Part;
use bitting_connect::plan::{Line, Plan, Sign as PlanSign, Subject};
use bitting_connect::verify::{Asked, Report, State as RightState, verify};
use bitting_connect::wanted::Choices;
use bitting_connect::{ConnectError, apply, audit, guide, page, plan, probe, wanted};
use bitting_policy::Registry;
use bitting_server::console::bench::{
    Audit, Audited, Bench, Block, Credentials, Done, Level, Made, Order, Pair, Pasted, Planned,
    Proof, Proved, Refusal, Sign,
};
use bitting_server::host::Running;
use std::path::PathBuf;
use std::sync::OnceLock;

/// Days after which a key counts as unused.
const UNUSED: i64 = 90;

/// Everything that works over the API of a running server.
pub struct Workbench {
    address: String,
    https: String,
    ca_file: PathBuf,
    client_id: String,
    operator: Secret,
    /// The company whose operator also speaks for Autotask.
    company: String,
    knowledge: OnceLock<Knowledge>,
}

/// What the steps know beforehand. Read when somebody first asks for one: an idle server has no use for a second
/// copy of all that can be asked for.
struct Knowledge {
    screen: Screen,
    profiles: Vec<Profile>,
    registry: Registry,
    catalog: Catalog,
}

impl Knowledge {
    fn read() -> Result<Self> {
        let (registry, catalog) = Catalog::embedded()?;
        Ok(Self {
            screen: Screen::embedded()?,
            profiles: bitting_connect::profiles::all(None).context("the profiles")?,
            registry,
            catalog,
        })
    }
}

impl Workbench {
    pub fn new(running: &Running) -> Self {
        let ready = &running.ready;
        Self {
            address: ready.http.clone(),
            https: ready.https.clone(),
            ca_file: ready.ca_file.clone(),
            client_id: ready.connectwise.client_id.clone(),
            operator: Secret::new(running.server.settings.operator.reveal()),
            company: ready.connectwise.company.clone(),
            knowledge: OnceLock::new(),
        }
    }

    fn known(&self) -> Result<&Knowledge, Refusal> {
        if let Some(known) = self.knowledge.get() {
            return Ok(known);
        }
        let read = Knowledge::read().map_err(|error| Refusal::new(format!("{error:#}")))?;
        Ok(self.knowledge.get_or_init(|| read))
    }

    fn open(&self, company: &str, public: &str, private: &Secret) -> Result<Psa, Refusal> {
        let credentials = KeyPair {
            company: company.to_owned(),
            public_key: public.to_owned(),
            private_key: private.clone(),
            client_id: Some(self.client_id.clone()),
        };
        let options = Options {
            usual_path: true,
            ..Options::default()
        };
        Psa::open(&self.address, credentials, &options)
            .map_err(|error| Refusal::new(error.to_string()))
    }

    fn as_operator(&self, company: &str) -> Result<Psa, Refusal> {
        self.open(company, bitting_server::server::OPERATOR, &self.operator)
    }

    fn profile(&self, order: &Order) -> Result<&Profile, Refusal> {
        let (psa, slug) = order.profile.split_once('/').unwrap_or_default();
        let profiles = &self.known()?.profiles;
        let found = profiles
            .iter()
            .find(|profile| profile.slug == slug && profile.product.psa.folder() == psa);
        found.ok_or_else(|| {
            let slugs = profiles.iter().map(|profile| profile.slug.as_str());
            let near = nearest(slug, slugs).map(|near| format!("; did you mean {near}?"));
            let near = near.unwrap_or_default();
            Refusal::new(format!("There is no profile {}{near}", order.profile))
        })
    }

    fn choices(&self, order: &Order) -> Result<(&Profile, Choices), Refusal> {
        let profile = self.profile(order)?;
        let mut selection: Selection = profile
            .select(&order.features)
            .map_err(|error| Refusal::new(error.to_string()))?;
        selection.answers.extend(order.answers.iter().cloned());
        let choices = Choices {
            selection,
            role: order.role.clone(),
            member: order.member.clone(),
            location: order.location.clone(),
            board: order.board.clone(),
            ..Choices::default()
        };
        Ok((profile, choices))
    }

    fn planned(&self, psa: &Psa, order: &Order) -> Result<Plan, Refusal> {
        let (profile, choices) = self.choices(order)?;
        if profile.product.psa != Of::ConnectWise {
            return Err(Refusal::new(format!(
                "{} is for Autotask; its plan is made on its own page",
                profile.title()
            )));
        }
        let registry = &self.known()?.registry;
        let wanted =
            wanted::wanted(profile, &choices, registry).map_err(|error| refused(&error))?;
        plan::plan(psa, wanted, registry).map_err(|error| refused(&error))
    }

    fn proof(&self, order: &Order, key: &Psa, admin: Option<&Psa>) -> Result<Proof, Refusal> {
        let (profile, choices) = self.choices(order)?;
        let known = self.known()?;
        let report = verify(&Asked {
            key,
            profile,
            choices: &choices,
            registry: &known.registry,
            catalog: &known.catalog,
            admin,
            write_probes: false,
            probes_only: false,
        })
        .map_err(|error| refused(&error))?;
        Ok(proof_of(report))
    }

    /// The connection as the integration keeps it.
    fn key_file(&self, pasted: &Pasted) -> KeyFile {
        let own = pasted
            .url
            .trim_end_matches('/')
            .eq_ignore_ascii_case(&self.https);
        KeyFile {
            url: pasted.url.trim_end_matches('/').to_owned(),
            credentials: KeyPair {
                company: pasted.company.clone(),
                public_key: pasted.public_key.clone(),
                private_key: Secret::new(pasted.private_key.reveal()),
                client_id: Some(self.client_id.clone()),
            },
            ca_file: own.then(|| self.ca_file.clone()),
        }
    }

    /// An audit for pages.
    fn audited(profiles: &[Profile], found: audit::Audit, psa: Of) -> Audit {
        let who = match psa {
            Of::ConnectWise => "API members",
            Of::Autotask => "API users",
        };
        let title = format!("{who} of {}", found.company);
        let text = page::html(&title, &found.page());
        let named = |title: &str| {
            let profile = profiles
                .iter()
                .find(|profile| profile.product.psa == psa && profile.title() == title);
            profile.map(|profile| profile.slug.clone())
        };
        Audit {
            taken: found.taken,
            score: found.score,
            page: text,
            notes: found.notes,
            members: found
                .members
                .into_iter()
                .map(|one| Audited {
                    slug: one.profile.as_deref().and_then(named),
                    id: one.id,
                    member: one.member,
                    name: one.name,
                    role: one.role,
                    inactive: one.inactive,
                    keys: one.keys,
                    last_used: one.last_used,
                    profile: one.profile,
                    measured_by: one.measured_by.to_owned(),
                    excess: one.excess,
                    findings: one
                        .findings
                        .into_iter()
                        .map(|finding| {
                            let risk = match finding.risk {
                                Risk::High => "high",
                                Risk::Medium => "medium",
                                Risk::Low => "low",
                            };
                            (risk, finding.what, finding.remedy)
                        })
                        .collect(),
                    score: one.score,
                })
                .collect(),
        }
    }
}

impl Bench for Workbench {
    fn guide(&self, company: &str, order: &Order) -> Result<Vec<Block>, Refusal> {
        let (profile, choices) = self.choices(order)?;
        let tenant = guide::Tenant {
            url: Some(self.https.clone()),
            company: (profile.product.psa == Of::ConnectWise).then(|| company.to_owned()),
            client_id: None,
        };
        let parts = guide::guide(profile, &choices, &tenant, &self.known()?.registry)
            .map_err(|error| refused(&error))?;
        Ok(parts.into_iter().map(block).collect())
    }

    fn plan(&self, company: &str, order: &Order) -> Result<Planned, Refusal> {
        let psa = self.as_operator(company)?;
        let plan = self.planned(&psa, order)?;
        Ok(Planned {
            summary: plan.summary(),
            role: plan.wanted.document.name.clone(),
            member: plan.wanted.member.identifier.clone(),
            lines: plan
                .lines()
                .map(|line| (sign(line.sign), words(&plan, line)))
                .collect(),
            notes: plan.notes.iter().map(|note| for_pages(note)).collect(),
        })
    }

    fn apply(&self, company: &str, order: &Order) -> Result<Done, Refusal> {
        let psa = self.as_operator(company)?;
        let plan = self.planned(&psa, order)?;
        let applied =
            apply::apply(&psa, &plan, &self.known()?.registry).map_err(|error| refused(&error))?;
        Ok(Done {
            role: applied.role,
            member: applied.member,
            said: applied.done,
        })
    }

    fn prove(&self, company: &str, order: &Order, pair: &Pair) -> Result<Proof, Refusal> {
        let key = self.open(company, &pair.public, &Secret::new(pair.private.reveal()))?;
        let admin = self.as_operator(company)?;
        self.proof(order, &key, Some(&admin))
    }

    fn level(&self, order: &Order) -> Result<Level, Refusal> {
        self.autotask_level(order)
    }

    fn plan_autotask(&self, instance: &str, order: &Order) -> Result<Planned, Refusal> {
        self.autotask_plan(instance, order)
    }

    fn apply_autotask(&self, instance: &str, order: &Order) -> Result<Made, Refusal> {
        self.autotask_apply(instance, order)
    }

    fn prove_autotask(&self, order: &Order, credentials: &Credentials) -> Result<Proof, Refusal> {
        self.autotask_proof(order, credentials)
    }

    fn audit(&self, company: &str) -> Result<Audit, Refusal> {
        let psa = self.as_operator(company)?;
        let known = self.known()?;
        let found = audit::audit(&AuditAsked {
            psa: &psa,
            profiles: &known.profiles,
            registry: &known.registry,
            catalog: &known.catalog,
            days: UNUSED,
            now: bitting_connect::now(),
        })
        .map_err(|error| refused(&error))?;
        Ok(Self::audited(&known.profiles, found, Of::ConnectWise))
    }

    fn audit_autotask(&self, instance: &str) -> Result<Audit, Refusal> {
        self.autotask_audit(instance)
    }

    fn check(&self, order: &Order, pasted: &Pasted) -> Result<Proof, Refusal> {
        let file = self.key_file(pasted);
        let key = Psa::of_key_file(&file, true).map_err(|error| opened(&error))?;
        key.get("system/info").map_err(|error| opened(&error))?;
        self.proof(order, &key, None)
    }

    fn check_autotask(&self, order: &Order, pasted: &Pasted) -> Result<Proof, Refusal> {
        self.autotask_check(order, pasted)
    }
}

/// A report in plain words.
fn proof_of(report: Report) -> Proof {
    let told = |diagnosis: &bitting_connect::symptom::Diagnosis| {
        format!(
            "{}: {}; {}",
            diagnosis.symptom, diagnosis.cause, diagnosis.cure
        )
    };
    let diagnoses: Vec<String> = report.diagnoses.iter().map(told).collect();
    Proof {
        member: report.member,
        role: report.role,
        rights: report
            .rights
            .into_iter()
            .map(|right| Proved {
                state: match right.state {
                    RightState::Granted => "granted",
                    RightState::Missing => "missing",
                    RightState::Excess => "excess",
                    RightState::Unproved => "unproved",
                },
                right: match (&right.verb, &right.entry) {
                    (_, Some(entry)) => {
                        format!("{} / {}: {entry}", right.module, right.action)
                    }
                    (Some(verb), None) => {
                        format!("{} / {}: {verb}", right.module, right.action)
                    }
                    (None, None) => format!("{} / {}", right.module, right.action),
                },
                held: right.held,
                needed: right.needed,
                why: right.why,
                remedy: right.remedy,
            })
            .collect(),
        calls: report
            .probes
            .into_iter()
            .map(|probed| {
                let shown = match probed.shown {
                    probe::Shown::Granted => "granted",
                    probe::Shown::Refused => "refused",
                    probe::Shown::Nothing => "says nothing of the right",
                };
                (
                    format!("{} {}", probed.method, probed.path),
                    probed.status,
                    shown,
                )
            })
            .collect(),
        notes: diagnoses
            .into_iter()
            .chain(report.facts)
            .chain(report.notes)
            .collect(),
    }
}

/// Which field of the form is to blame.
fn opened(error: &ClientError) -> Refusal {
    let text = error.to_string();
    match error {
        ClientError::Company { .. } => Refusal::on("company", text),
        ClientError::Address { .. }
        | ClientError::Unreachable { .. }
        | ClientError::Certificate { .. }
        | ClientError::BrokenOff { .. }
        | ClientError::Strange { .. } => Refusal::on("url", text),
        ClientError::Refused { status: 401, .. } => Refusal::on("private_key", text),
        _ => Refusal::new(text),
    }
}

fn refused(error: &ConnectError) -> Refusal {
    let text = error.to_string();
    match error {
        ConnectError::Form { field, .. } if *field == "role name" => Refusal::on("role", text),
        ConnectError::Form { .. } => Refusal::on("member", text),
        ConnectError::InTheWay { what, .. } if what.starts_with("the role") => {
            Refusal::on("role", what.clone())
        }
        _ => Refusal::new(text),
    }
}

/// The sentences of the commands name their options; a page has fields.
fn for_pages(note: &str) -> String {
    let mut text = note.to_owned();
    for (option, field) in [
        ("choose with --board: ", "choose one at the step before: "),
        (
            "choose with --location: ",
            "choose one at the step before: ",
        ),
        ("with --role", "at the step before"),
    ] {
        text = text.replace(option, field);
    }
    text
}

fn sign(sign: PlanSign) -> Sign {
    match sign {
        PlanSign::Add => Sign::Add,
        PlanSign::Change => Sign::Change,
        PlanSign::Remove => Sign::Remove,
    }
}

fn words(plan: &Plan, line: &Line) -> String {
    let change = if line.from.is_empty() {
        line.to.clone()
    } else {
        format!("{} to {}", line.from, line.to)
    };
    match &line.subject {
        Subject::Role => format!("make the security role {}", plan.wanted.document.name),
        Subject::Member => format!("make the API member {}", plan.wanted.member.identifier),
        Subject::Cell {
            module,
            action,
            verb,
        } => format!("{module} / {action}: {verb} from {change}"),
        Subject::List {
            row,
            entry: Some(entry),
            ..
        } => format!("{row}, customize: {entry}"),
        Subject::List {
            row, entry: None, ..
        } => format!("{row}, customize: {change}"),
        Subject::Field { field } => format!("API member, {field}: {change}"),
    }
}

fn block(part: Part) -> Block {
    match part {
        Part::Heading(level, text) => Block::Heading(level, text),
        Part::Paragraph(text) => Block::Paragraph(text),
        Part::Bullets(items) => Block::Bullets(items),
        Part::Steps(items) => Block::Steps(items),
        Part::Table(head, rows) => Block::Table(head, rows),
    }
}
