//! What Umbrella's jobs ask of a PSA, so that each of them is one job on both: companies, one record per
//! organisation, tickets. What a PSA calls things, and the calls themselves, are behind this.

use super::seen::Seen;
use super::settings::Decided;
use super::source::Organisation;
use crate::Failure;
use crate::sight::Standing;
use crate::work::Work;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;

/// A company that goes by what an administrator typed.
#[derive(Debug, Clone, Copy)]
pub struct Company {
    pub id: i64,
    pub active: bool,
}

/// Companies by what was typed, in lower case.
pub type Companies = BTreeMap<String, Vec<Company>>;

/// The record of an organisation as it was last left.
#[derive(Debug, Clone, Copy)]
pub struct Held<'r> {
    pub id: i64,
    pub company: Option<i64>,
    /// The user that made it, where it was written down.
    pub by: Option<&'r str>,
}

/// How a ticket stands.
#[derive(Debug)]
pub enum Ticket {
    Open,
    Closed,
    /// Proven to be deleted.
    Gone,
    /// Deleted or hidden; why that cannot be told.
    Unknown(String),
}

/// A ticket to be opened.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'s> {
    pub seen: &'s Seen,
    pub company: i64,
    /// The record of the organisation, where the company has one.
    pub record: Option<i64>,
}

/// A PSA, as Umbrella needs one.
pub trait Psa: Copy {
    /// What the record of an organisation is called.
    const RECORD: &'static str;
    /// What the settings name a company by.
    const COMPANY_ID: &'static str;
    /// What may hide a record from the key.
    const HIDES: &'static str;
    /// Who the key belongs to.
    const KEEPER: &'static str;
    /// What every record is made with: a type with its questions, a product with its fields.
    type Shape;
    /// What a person decides about Umbrella there.
    type Settings: DeserializeOwned + Into<Decided>;
    /// What every ticket is made with.
    type Form;

    /// What a person decided, as far as it is the same on both.
    fn decided(work: &Work<'_, Self>) -> Result<Decided, Failure> {
        work.settings::<Self::Settings>().map(Into::into)
    }

    /// The companies that these go by.
    fn companies(work: &mut Work<'_, Self>, wanted: &[&str]) -> Result<Companies, Failure>;

    /// What records are made with, as it stands in the PSA; made where it is missing and can be.
    fn shape(work: &mut Work<'_, Self>) -> Result<Self::Shape, Failure>;

    /// What the record of an organisation is known by.
    fn mark(org: &Organisation) -> String;

    /// The figures of an organisation as its record holds them.
    fn answers(shape: &Self::Shape, org: &Organisation, day: &str) -> Vec<Value>;

    /// Records by what they are known by and their company.
    fn there(
        work: &mut Work<'_, Self>,
        shape: &Self::Shape,
    ) -> Result<BTreeMap<(String, i64), i64>, Failure>;

    /// Makes a record; answers its id.
    fn make(
        work: &mut Work<'_, Self>,
        shape: &Self::Shape,
        company: i64,
        org: &Organisation,
        answers: &[Value],
    ) -> Result<i64, Failure>;

    /// Brings a record up to date, and back into use where `revive` says so.
    fn change(
        work: &mut Work<'_, Self>,
        id: i64,
        org: &Organisation,
        answers: &[Value],
        revive: bool,
    ) -> Result<(), Failure>;

    /// Puts a record out of use; answers what a person should know of it.
    fn retire(work: &mut Work<'_, Self>, id: i64) -> Result<Option<String>, Failure>;

    /// How a record stands that is not among those of its kind any more.
    fn standing(work: &mut Work<'_, Self>, held: Held<'_>) -> Result<Standing, Failure>;

    /// Who makes records, where that bears on what the key sees later.
    fn maker(work: &Work<'_, Self>) -> Option<String>;

    /// What tickets are made with, as the settings name it.
    fn form(work: &mut Work<'_, Self>) -> Result<Self::Form, Failure>;

    /// How a ticket stands that was opened before.
    fn ticket(work: &mut Work<'_, Self>, id: i64) -> Result<Ticket, Failure>;

    /// Tells a window on an open ticket, once; answers whether that was new.
    fn append(work: &mut Work<'_, Self>, ticket: i64, seen: &Seen) -> Result<bool, Failure>;

    /// The ticket of a window, where a run that was cut off had made it.
    fn opened(work: &mut Work<'_, Self>, seen: &Seen) -> Result<Option<i64>, Failure>;

    /// Opens a ticket; answers its id.
    fn open(
        work: &mut Work<'_, Self>,
        form: &Self::Form,
        wanted: Wanted<'_>,
    ) -> Result<i64, Failure>;
}
