//! What the console needs from outside: plans, proofs, audits and guides are made over the PSA's API
//! alone. Whoever runs the server hands in one thing that can do them. Plain words only, so that neither side
//! knows the other's types.

use bitting_catalog::security::SecurityLevel;
use bitting_psa::secret::Secret;

/// What was chosen for an integration.
#[derive(Debug, Clone, Default)]
pub struct Order {
    /// `connectwise/umbrella`.
    pub profile: String,
    /// Ids of features; `-name` leaves a default one out.
    pub features: Vec<String>,
    /// Placeholder to entries.
    pub answers: Vec<(String, Vec<String>)>,
    pub role: Option<String>,
    pub member: Option<String>,
    pub location: Option<String>,
    pub board: Option<String>,
    /// Autotask: first and last name of the API user, and its address.
    pub user: Option<String>,
    pub email: Option<String>,
    /// Autotask: the integration vendor, where the guide leaves a choice.
    pub vendor: Option<String>,
    /// Autotask: No Permission first, then only what is listed.
    pub cleared: bool,
}

/// Why something was not done, with the field of the form that it is about: `role`, `member`, `url`,
/// `company`, `public_key`, `private_key`, `code`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub field: Option<&'static str>,
    pub text: String,
}

impl Refusal {
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            field: None,
            text: text.into(),
        }
    }

    pub fn on(field: &'static str, text: impl Into<String>) -> Self {
        Self {
            field: Some(field),
            text: text.into(),
        }
    }
}

/// What a line of a plan does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    Add,
    Change,
    Remove,
}

/// What would change.
#[derive(Debug, Clone, Default)]
pub struct Planned {
    /// `3 to add, 0 to change, 1 to remove`.
    pub summary: String,
    pub role: String,
    pub member: String,
    pub lines: Vec<(Sign, String)>,
    pub notes: Vec<String>,
}

/// What was done.
#[derive(Debug, Clone, Default)]
pub struct Done {
    pub role: i64,
    pub member: i64,
    /// A sentence each.
    pub said: Vec<String>,
}

/// How one right of a key stands.
#[derive(Debug, Clone)]
pub struct Proved {
    /// `granted`, `missing`, `excess` or `unproved`.
    pub state: &'static str,
    pub right: String,
    pub held: String,
    pub needed: String,
    pub why: String,
    pub remedy: String,
}

/// What a key was found to hold.
#[derive(Debug, Clone, Default)]
pub struct Proof {
    pub member: String,
    pub role: String,
    pub rights: Vec<Proved>,
    /// Calls that were made: method, path, status and what it showed.
    pub calls: Vec<(String, u16, &'static str)>,
    /// Sentences: facts of the member, diagnoses, notes.
    pub notes: Vec<String>,
}

impl Proof {
    pub fn count(&self, state: &str) -> usize {
        let of_state = self.rights.iter().filter(|right| right.state == state);
        of_state.count()
    }
}

/// One member of an audit, or one API user.
#[derive(Debug, Clone)]
pub struct Audited {
    pub id: i64,
    pub member: String,
    pub name: String,
    pub role: String,
    pub inactive: bool,
    pub keys: Option<usize>,
    pub last_used: Option<String>,
    /// Title of the profile it was measured against.
    pub profile: Option<String>,
    /// Name of that profile.
    pub slug: Option<String>,
    pub measured_by: String,
    pub excess: Vec<String>,
    /// Risk (`high`, `medium`, `low`), what was found, what to do.
    pub findings: Vec<(&'static str, String, String)>,
    pub score: u32,
}

/// A company's members, the worst first.
#[derive(Debug, Clone, Default)]
pub struct Audit {
    pub taken: String,
    pub score: u32,
    pub members: Vec<Audited>,
    pub notes: Vec<String>,
    /// The page to hand over: HTML that needs nothing beside itself.
    pub page: String,
}

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    Heading(usize, String),
    Paragraph(String),
    Bullets(Vec<String>),
    Steps(Vec<String>),
    Table(Vec<String>, Vec<Vec<String>>),
}

/// The integration's own form, as it was pasted. For Autotask `public_key` is the user name, `private_key` the
/// secret, and `company` is empty.
#[derive(Debug, Clone)]
pub struct Pasted {
    pub url: String,
    pub company: String,
    pub public_key: String,
    pub private_key: Secret,
    /// Autotask's tracking identifier; empty on ConnectWise.
    pub code: Secret,
}

/// A pair that opens the PSA.
#[derive(Debug, Clone)]
pub struct Pair {
    pub public: String,
    pub private: Secret,
}

/// Credentials of an Autotask API user, just made.
#[derive(Debug, Clone)]
pub struct Credentials {
    pub user: String,
    pub secret: Secret,
    pub code: Secret,
}

/// A security level that a profile asks for.
#[derive(Debug, Clone, Default)]
pub struct Level {
    pub level: SecurityLevel,
    pub notes: Vec<String>,
}

/// What was done on Autotask.
#[derive(Debug, Clone)]
pub struct Made {
    /// Id of the API user's resource.
    pub user: i64,
    /// A sentence each.
    pub said: Vec<String>,
    /// What is left for a person.
    pub by_hand: Vec<String>,
    pub credentials: Credentials,
}

/// Works over the PSA's API, and blocks while it does.
pub trait Bench: Send + Sync {
    /// The integration's guide, filled in for this company.
    fn guide(&self, company: &str, order: &Order) -> Result<Vec<Block>, Refusal>;
    /// What is there against what is wanted. Changes nothing.
    fn plan(&self, company: &str, order: &Order) -> Result<Planned, Refusal>;
    /// Makes the plan true: role and member.
    fn apply(&self, company: &str, order: &Order) -> Result<Done, Refusal>;
    /// Proves what a key holds, by its own calls.
    fn prove(&self, company: &str, order: &Order, pair: &Pair) -> Result<Proof, Refusal>;
    /// The security level that a profile asks for, as a new one would be.
    fn level(&self, order: &Order) -> Result<Level, Refusal>;
    /// The same as [`Bench::plan`] for an Autotask instance.
    fn plan_autotask(&self, instance: &str, order: &Order) -> Result<Planned, Refusal>;
    /// Makes level and user, and cuts a key.
    fn apply_autotask(&self, instance: &str, order: &Order) -> Result<Made, Refusal>;
    /// Proves what credentials hold, by their own calls.
    fn prove_autotask(&self, order: &Order, credentials: &Credentials) -> Result<Proof, Refusal>;
    /// Every API member, and what it holds beyond its need.
    fn audit(&self, company: &str) -> Result<Audit, Refusal>;
    /// Every API user of an Autotask instance, and what it holds beyond its need.
    fn audit_autotask(&self, instance: &str) -> Result<Audit, Refusal>;
    /// Tries a connection as the integration would use it: address, company, key and rights.
    fn check(&self, order: &Order, pasted: &Pasted) -> Result<Proof, Refusal>;
    /// The same on Autotask: zone, user name, secret, tracking identifier and rights.
    fn check_autotask(&self, order: &Order, pasted: &Pasted) -> Result<Proof, Refusal>;
}
