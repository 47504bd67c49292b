//! What an integration shall get on Autotask: a security level, cell by cell, and the form of its API user.
//! Made from the profile and a person's choices alone, before any PSA is asked.

use super::known::{CELLS, Screen, head, least, path, rank, settable};
use crate::ConnectError;
use crate::checklist::Click;
use bitting_catalog::profile::{MemberValue, Profile, Selection, Setting, Start, nearest};
use bitting_catalog::security::{Permission, SecurityLevel, Values};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Most characters of a first or last name.
const NAME: usize = 50;
/// Section and subsection of the grid that says what may be done in somebody else's name.
const GRID: (&str, &str) = ("Web Services API", "Resource Impersonation");
/// The level that guides copy where they say nothing else.
const COPIED: &str = "API User (system) (API-only)";

/// What a person decides on top of the profile.
#[derive(Debug, Clone, Default)]
pub struct Choices {
    pub selection: Selection,
    /// Name of the security level.
    pub level: Option<String>,
    /// First and last name of the API user: `Propel Your MSP API`.
    pub user: Option<String>,
    pub email: Option<String>,
    /// Integration vendor, where the guide leaves a choice.
    pub vendor: Option<String>,
    /// Lines of business of the API user, `Managed Services > East`; none says nothing of them.
    pub lines: Vec<String>,
    /// Levels of the people whom the API user shall act for, where the profile asks for their consent; none for
    /// every level that people hold.
    pub act_for: Vec<String>,
    /// Press No Permission on every section of the copy first, whatever the guide says.
    pub cleared: bool,
}

/// What shall be there in the end.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Wanted {
    pub title: String,
    /// The level as a new one shall be, also where it is a system level itself.
    pub level: SecurityLevel,
    /// The least that serves: what the guide names on a level without anything else. Of what a copy brings
    /// along, the guide says nothing, so that more than this and less than `level` is neither.
    pub least: SecurityLevel,
    pub start: Start,
    pub user: Form,
    /// Cells that the guide names: permission, column, value.
    pub listed: Vec<(String, String, String)>,
    /// Reason of each permission, by its full name.
    pub why: BTreeMap<String, String>,
    /// What no cell of the level holds, and a person sets on a screen.
    pub by_hand: Vec<Click>,
    /// Levels whose people have to consent to be acted for; an empty list is every level that people hold.
    #[serde(default)]
    pub consent: Option<Vec<String>>,
    pub notes: Vec<String>,
    /// Notes that count only where the level, or the user, is still to be made.
    pub level_notes: Vec<String>,
    pub user_notes: Vec<String>,
}

/// The New API User form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Form {
    pub first_name: String,
    pub last_name: String,
    pub email: String,
    /// Whether somebody said that address, so that it is kept to on a user that exists.
    pub email_said: bool,
    /// Integration vendor; without one the tracking identifier is custom.
    pub vendor: Option<String>,
    /// Whether it sees protected user-defined fields.
    pub protected: bool,
    /// Ticks of the Protected Data Permission, as the screen names them.
    #[serde(default)]
    pub ticks: Vec<String>,
    /// Lines of business it works for; nothing leaves them as they are.
    #[serde(default)]
    pub lines: Option<Vec<String>>,
}

impl Form {
    /// `Propel Your MSP API`
    pub fn name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name)
    }
}

/// Works out what is wanted.
pub fn wanted(
    profile: &Profile,
    choices: &Choices,
    screen: &Screen,
) -> Result<Wanted, ConnectError> {
    let (mut notes, mut user_notes) = (Vec::new(), Vec::new());
    let said = profile.level.as_ref();
    let copy_of = said.map_or(COPIED, |level| level.copy_of.as_str());
    let start = match said.map_or(Start::Copy, |level| level.start) {
        Start::Copy if choices.cleared => Start::Cleared,
        Start::AsIs if choices.cleared => {
            notes.push(
                "the guide assigns the system level itself, so there is nothing to clear"
                    .to_owned(),
            );
            Start::AsIs
        }
        start => start,
    };
    let system = screen
        .permissions
        .system
        .iter()
        .find(|level| level.name.eq_ignore_ascii_case(copy_of))
        .ok_or_else(|| unknown_copy(profile, copy_of, screen))?;
    let name = match (start, &choices.level) {
        (Start::AsIs, _) => system.name.clone(),
        (_, Some(name)) => name.clone(),
        (_, None) => profile.role_name(),
    };
    fits("security level", &name)?;
    let mut level = screen.permissions.start(system);
    level.name.clone_from(&name);
    if start == Start::Cleared {
        level.settings.clear();
    }
    let mut wanted = Wanted {
        title: profile.title(),
        least: SecurityLevel {
            name: level.name.clone(),
            copy_of: level.copy_of.clone(),
            ..SecurityLevel::default()
        },
        level,
        start,
        user: form(profile, choices, &mut user_notes)?,
        listed: Vec::new(),
        why: BTreeMap::new(),
        by_hand: Vec::new(),
        consent: None,
        notes: Vec::new(),
        level_notes: Vec::new(),
        user_notes,
    };
    for setting in profile.level_settings(&choices.selection) {
        wanted.take(profile, &setting, screen)?;
    }
    if start == Start::AsIs {
        // Settings beside an untouched system level are facts about it, not changes.
        wanted.level = screen.permissions.start(system);
        wanted.least.settings.clone_from(&wanted.level.settings);
    }
    wanted.open_what_is_written(screen, &mut notes);
    wanted.outside(profile, choices, screen, &mut notes);
    let beyond = wanted.beyond(screen);
    if beyond > 0 {
        wanted.level_notes.push(format!(
            "{beyond} cells of `{}` come along and are in no row of the guide; {}",
            system.name,
            if start == Start::AsIs {
                "only a copy could be narrowed"
            } else {
                "--cleared starts from No Permission instead"
            }
        ));
    }
    screen
        .role(&wanted.level)
        .map_err(|error| ConnectError::Form {
            field: "security level",
            value: name,
            reason: error.to_string(),
        })?;
    notes.extend(crate::wanted::partial(profile));
    wanted.notes = notes;
    Ok(wanted)
}

impl Wanted {
    /// How many cells grant something that the guide does not name.
    pub fn beyond(&self, screen: &Screen) -> usize {
        screen
            .cells()
            .filter(|(entry, cell)| {
                let named = self
                    .listed
                    .iter()
                    .any(|(name, listed, _)| *name == entry.full_name() && listed == cell);
                !named && screen.value(&self.level, entry, cell) != least(entry, cell)
            })
            .count()
    }

    /// The level as it shall be where one of its name is there: of a copy, what the guide does not name stays.
    pub fn target(&self, held: Option<&SecurityLevel>) -> SecurityLevel {
        let mut target = match held {
            Some(held) if self.start == Start::Copy => held.clone(),
            _ => return self.level.clone(),
        };
        for (name, cell, value) in &self.listed {
            put(&mut target, name, cell, value);
        }
        target.name.clone_from(&self.level.name);
        target.inactive = false;
        target
    }

    /// Why a permission is needed.
    pub fn reason(&self, permission: &str) -> &str {
        self.why.get(permission).map_or("", String::as_str)
    }

    fn take(
        &mut self,
        profile: &Profile,
        setting: &Setting,
        screen: &Screen,
    ) -> Result<(), ConnectError> {
        let entries: Vec<&Permission> = if setting.setting == "*" {
            let whole = screen.permissions.entries.iter();
            whole
                .filter(|entry| {
                    entry.section.eq_ignore_ascii_case(&setting.section)
                        && (setting.subsection == "*"
                            || entry.subsection.eq_ignore_ascii_case(&setting.subsection))
                })
                .collect()
        } else {
            let found = screen.permissions.find(&setting.section, &setting.setting);
            found.into_iter().collect()
        };
        if entries.is_empty() && setting.setting == "*" {
            self.by_hand.push(Click {
                at: format!("{} > {}", level_screen(&self.level.name), setting.section),
                set: setting.value.clone().unwrap_or_else(|| "Full".to_owned()),
            });
            return Ok(());
        }
        if entries.is_empty() {
            return Err(unknown(profile, setting, screen));
        }
        for entry in entries {
            let name = entry.full_name();
            if !setting.why.is_empty() {
                self.why.insert(name.clone(), setting.why.clone());
            }
            let whole = setting.setting == "*";
            for cell in CELLS.into_iter().filter(|cell| settable(entry, cell)) {
                let given = if whole {
                    top(entry, cell)
                } else {
                    let found = setting
                        .cells()
                        .find(|(column, _)| *column == head(cell))
                        .map(|(_, value)| value.to_owned());
                    let Some(value) = found else { continue };
                    if rank(entry, cell, &value).is_none() {
                        return Err(unknown_value(profile, setting, entry, cell, &value));
                    }
                    value
                };
                put(&mut self.level, &name, cell, &given);
                put(&mut self.least, &name, cell, &given);
                self.listed.push((name.clone(), cell.to_owned(), given));
            }
        }
        Ok(())
    }

    /// What cannot be viewed cannot be written either: the least view that opens it. A copy brings that along.
    fn open_what_is_written(&mut self, screen: &Screen, notes: &mut Vec<String>) {
        let mut opened = Vec::new();
        let cleared = self.start == Start::Cleared;
        // Ticks of the impersonation grid stand alone.
        let rows = screen.permissions.entries.iter();
        for entry in rows.filter(|entry| entry.subsection != GRID.1) {
            let Some(view) = entry.values("view").get(1).cloned() else {
                continue;
            };
            let at = |cell: &str| screen.value(&self.least, entry, cell);
            let writes = ["add", "edit", "delete"]
                .into_iter()
                .any(|cell| settable(entry, cell) && at(cell) != least(entry, cell));
            if !writes || at("view") != least(entry, "view") {
                continue;
            }
            let name = entry.full_name();
            put(&mut self.least, &name, "view", &view);
            if !cleared {
                continue;
            }
            put(&mut self.level, &name, "view", &view);
            opened.push(format!("{name} View {view}"));
            self.listed.push((name, "view".to_owned(), view));
        }
        if !opened.is_empty() {
            notes.push(format!(
                "{} added: on a cleared level, what cannot be viewed cannot be written",
                opened.join(", ")
            ));
        }
    }

    /// What guides ask for beside the level's cells.
    fn outside(
        &mut self,
        profile: &Profile,
        choices: &Choices,
        screen: &Screen,
        notes: &mut Vec<String>,
    ) {
        let grid = profile.impersonations(&choices.selection);
        for row in &grid {
            let verbs = [
                ("View", row.view),
                ("Add", row.add),
                ("Edit", row.edit),
                ("Delete", row.delete),
            ];
            let verbs: Vec<&str> = verbs
                .into_iter()
                .filter_map(|(verb, on)| on.then_some(verb))
                .collect();
            let entry = screen.permissions.find(GRID.0, &row.entity);
            if let Some(entry) = entry.filter(|entry| entry.subsection == GRID.1) {
                for verb in &verbs {
                    let (name, cell) = (entry.full_name(), verb.to_ascii_lowercase());
                    put(&mut self.level, &name, &cell, "Checked");
                    put(&mut self.least, &name, &cell, "Checked");
                    self.listed.push((name, cell, "Checked".to_owned()));
                }
                continue;
            }
            self.by_hand.push(Click {
                at: format!(
                    "{} > Web Services API > Resource Impersonation > {} > {}",
                    level_screen(&self.level.name),
                    row.section,
                    row.entity
                ),
                set: format!("tick {}", verbs.join(", ")),
            });
        }
        let Some(user) = &profile.user else { return };
        let of_grid = |name: &str| {
            let entry = screen.permissions.named(name);
            entry.is_some_and(|entry| entry.subsection == GRID.1)
        };
        let acts = !grid.is_empty() || self.listed.iter().any(|(name, ..)| of_grid(name));
        if user.others_must_allow_impersonation && acts {
            self.consent = Some(choices.act_for.clone());
        } else if !choices.act_for.is_empty() {
            notes.push("the profile acts for nobody, so that --act-for says nothing".to_owned());
        }
        for (field, value) in [
            ("internal location", &user.internal_location),
            ("user name", &user.user_name),
        ] {
            let Some(value) = value else { continue };
            let text = value.value.as_ref().or(value.choose.as_ref());
            notes.extend(text.map(|text| format!("{field}: set by hand: {text}")));
        }
        let line = user.line_of_business.as_ref();
        if let Some(text) = line.and_then(|line| line.choose.as_ref())
            && choices.lines.is_empty()
        {
            notes.push(format!("line of business: {text}; --line names one"));
        }
    }
}

fn put(level: &mut SecurityLevel, permission: &str, cell: &str, value: &str) {
    let values: &mut Values = level.settings.entry(permission.to_owned()).or_default();
    if let Some(slot) = values.cell(cell) {
        *slot = Some(value.to_owned());
    }
}

/// Where a level is on the screens.
pub fn level_screen(name: &str) -> String {
    format!("Admin > Features & Settings > Resources/Users (HR) > Security Levels > {name}")
}

fn form(
    profile: &Profile,
    choices: &Choices,
    notes: &mut Vec<String>,
) -> Result<Form, ConnectError> {
    let user = profile.user.clone().unwrap_or_default();
    let said = |value: &Option<MemberValue>| value.as_ref().and_then(|value| value.value.clone());
    let (first, last) = match &choices.user {
        Some(name) => match name.trim().rsplit_once(' ') {
            Some((first, last)) => (first.trim().to_owned(), last.to_owned()),
            None => (name.trim().to_owned(), "API".to_owned()),
        },
        None => (
            said(&user.first_name).unwrap_or_else(|| profile.product.product.clone()),
            said(&user.last_name).unwrap_or_else(|| "API".to_owned()),
        ),
    };
    fits("first name", &first)?;
    fits("last name", &last)?;
    let email = choices.email.clone().or_else(|| said(&user.email));
    let email_said = email.is_some();
    let email = email.unwrap_or_else(|| {
        notes.push(format!(
            "e-mail: choose with --email{}; until then it is an address that nobody reads",
            choice(user.email.as_ref())
        ));
        let mut name: String = profile
            .slug
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .collect();
        if name.is_empty() {
            name.push_str("api");
        }
        format!("{name}@example.invalid")
    });
    let vendor = match &choices.vendor {
        Some(vendor) => Some(vendor.clone()),
        None if user.tracking_custom => None,
        None => user.tracking_vendor.first().cloned(),
    };
    if choices.vendor.is_none() && user.tracking_vendor.len() > 1 {
        notes.push(format!(
            "API tracking identifier: the guide leaves a choice between {}; --vendor takes another than the first",
            user.tracking_vendor.join(" and ")
        ));
    }
    Ok(Form {
        first_name: first,
        last_name: last,
        email,
        email_said,
        vendor,
        protected: user
            .protected_data
            .iter()
            .any(|tick| tick.eq_ignore_ascii_case("View Protected Data")),
        ticks: user.protected_data.clone(),
        lines: if choices.lines.is_empty() {
            said(&user.line_of_business).map(|line| vec![line])
        } else {
            Some(choices.lines.clone())
        },
    })
}

fn choice(value: Option<&MemberValue>) -> String {
    let choose = value.and_then(|value| value.choose.as_ref());
    choose.map_or_else(String::new, |choose| format!(": {choose}"))
}

fn top(entry: &Permission, cell: &str) -> String {
    let highest = entry.values(cell).last().cloned();
    highest.unwrap_or_else(|| entry.number.unwrap_or_default().to_string())
}

fn fits(field: &'static str, value: &str) -> Result<(), ConnectError> {
    let reason = match value.trim().chars().count() {
        0 => "it is empty".to_owned(),
        length if length > NAME => {
            format!("it has {length} characters, and the form takes {NAME}")
        }
        _ => return Ok(()),
    };
    Err(ConnectError::Form {
        field,
        value: value.to_owned(),
        reason,
    })
}

fn wrong(profile: &Profile, line: usize, fault: &str, remedy: String) -> ConnectError {
    ConnectError::InTheWay {
        what: format!("{}: {fault}", profile.place(line, fault)),
        remedy,
    }
}

fn unknown_copy(profile: &Profile, copy_of: &str, screen: &Screen) -> ConnectError {
    let known: Vec<&str> = screen
        .permissions
        .system
        .iter()
        .map(|level| level.name.as_str())
        .collect();
    wrong(
        profile,
        profile.line_of("level"),
        &format!("there is no system level `{copy_of}` for API users"),
        format!("choose {}", known.join(" or ")),
    )
}

fn unknown(profile: &Profile, setting: &Setting, screen: &Screen) -> ConnectError {
    let names = screen.permissions.entries.iter();
    let meant = nearest(
        &setting.setting,
        names.clone().map(|entry| entry.name.as_str()),
    )
    .and_then(|near| names.clone().find(|entry| entry.name == near));
    wrong(
        profile,
        setting.line,
        &format!("there is no setting `{}`", setting.title()),
        match meant {
            Some(entry) => format!("did you mean `{}`?", path(entry)),
            None => "`bitting profile check` names what is near".to_owned(),
        },
    )
}

fn unknown_value(
    profile: &Profile,
    setting: &Setting,
    entry: &Permission,
    cell: &str,
    value: &str,
) -> ConnectError {
    wrong(
        profile,
        setting.line,
        &format!("{} {} cannot be `{value}`", path(entry), head(cell)),
        match entry.values(cell) {
            [] => "write a whole number".to_owned(),
            known => format!("choose {}", known.join(", ")),
        },
    )
}
