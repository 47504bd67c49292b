//! Days without work: those of the settings, and those of the PSA's list that counts.

use super::reports::{CALENDARS, HOLIDAYS};
use super::rows::{Book, scan};
use super::settings::Settings;
use crate::Failure;
use std::collections::{BTreeMap, BTreeSet};

struct List {
    name: String,
    days: Vec<String>,
}

/// The PSA's lists of holidays, and those that its calendars follow.
pub struct Holidays {
    lists: BTreeMap<i64, List>,
    followed: BTreeSet<i64>,
}

impl Holidays {
    pub fn read(book: Book<'_>) -> Result<Self, Failure> {
        let mut lists: BTreeMap<i64, List> = BTreeMap::new();
        scan(book, &HOLIDAYS, |row| {
            let id = row.by("Holiday_List_RecID").id().unwrap_or_default();
            let day = row.by("Holiday_Date").text().get(..10).unwrap_or_default();
            let list = lists.entry(id).or_insert_with(|| List {
                name: row.by("Holiday_List_Name").text().to_owned(),
                days: Vec::new(),
            });
            list.days.push(day.to_owned());
        })?;
        let mut followed = BTreeSet::new();
        scan(book, &CALENDARS, |row| {
            followed.extend(row.by("Holiday_List_RecID").id());
        })?;
        Ok(Self { lists, followed })
    }

    pub fn names(&self) -> Vec<&str> {
        self.lists.values().map(|list| list.name.as_str()).collect()
    }

    /// The list that counts: the one of the settings, else the only one there is, else the one that every calendar
    /// with a list follows. Which of several is otherwise a person's to say; the health check asks.
    pub fn chosen(&self, settings: &Settings) -> Option<&[String]> {
        let list = match &settings.holiday_list {
            Some(name) => self.lists.values().find(|list| list.name == *name),
            None if self.lists.len() == 1 => self.lists.values().next(),
            None if self.followed.len() == 1 => {
                self.followed.first().and_then(|id| self.lists.get(id))
            }
            None => None,
        };
        list.map(|list| list.days.as_slice())
    }

    /// Every day without work.
    pub fn days(&self, settings: &Settings) -> BTreeSet<String> {
        let own = settings.holidays.iter().cloned();
        let theirs = self.chosen(settings).unwrap_or_default();
        own.chain(theirs.iter().cloned()).collect()
    }
}
