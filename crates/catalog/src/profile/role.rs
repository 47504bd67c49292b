//! From a profile to the role it needs, in the registry's names: wildcards spelled out, aliases
//! resolved, lists as the security role screen knows them. Knows nothing of a role that exists.

use super::document::{Profile, Psa};
use super::entries::{Entries, Pattern};
use super::error::ProfileError;
use super::grant::Placeholder;
use super::merge::{Need, Selection, join_all};
use bitting_policy::{
    Action, Level, ListDocument, Registry, RoleDocument, RowDocument, Table, Verb,
};
use std::collections::{BTreeMap, BTreeSet};

impl Profile {
    /// The smallest role that serves the profile with its default features and the named ones
    /// (see [`Profile::select`]).
    ///
    /// # Errors
    /// An unknown feature or name, a wildcard on an unknown module, a placeholder nobody filled,
    /// or a profile for another PSA.
    pub fn role<S: AsRef<str>>(
        &self,
        registry: &Registry,
        features: &[S],
    ) -> Result<RoleDocument, ProfileError> {
        self.role_for(registry, &self.select(features)?)
    }

    /// The smallest role for a selection with its answers.
    ///
    /// # Errors
    /// As [`Profile::role`].
    pub fn role_for(
        &self,
        registry: &Registry,
        selection: &Selection,
    ) -> Result<RoleDocument, ProfileError> {
        let needs = self.resolved(registry, selection)?;
        let mut document = RoleDocument {
            name: self.role_name(),
            ..RoleDocument::default()
        };
        for (action, need) in needs {
            if need.levels == [Level::None; 4] {
                continue;
            }
            let list = action.customize.and_then(|id| registry.get_list(id));
            if let Some(list) = list {
                let entries = self.list(registry, &need, list.fixed, selection)?;
                if entries != ListDocument::Everything {
                    document.lists.insert(list.identifier.clone(), entries);
                }
            }
            document.rows.push(RowDocument {
                module: need.module,
                action: need.action,
                add: need.levels[Verb::Add.index()],
                edit: need.levels[Verb::Edit.index()],
                delete: need.levels[Verb::Delete.index()],
                inquire: need.levels[Verb::Inquire.index()],
            });
        }
        Ok(document)
    }

    /// One need per action of the registry, in its order, with the registry's names.
    ///
    /// # Errors
    /// [`ProfileError::UnknownName`] and [`ProfileError::WrongPsa`].
    pub fn resolved<'a>(
        &self,
        registry: &'a Registry,
        selection: &Selection,
    ) -> Result<Vec<(&'a Action, Need)>, ProfileError> {
        if self.product.psa != Psa::ConnectWise {
            return Err(ProfileError::WrongPsa {
                file: self.file.clone(),
                found: self.product.psa.folder(),
                wanted: Psa::ConnectWise.folder(),
            });
        }
        let mut spelled = Vec::new();
        for need in self.needs(selection) {
            for action in self.actions(registry, &need)? {
                // A wildcard asks of each action what that action can give.
                let levels = if need.action == "*" {
                    Verb::EVERY.map(|verb| {
                        let level = need.level(verb);
                        if action.accepts(verb, level) {
                            level
                        } else {
                            Level::None
                        }
                    })
                } else {
                    need.levels
                };
                let fixed = action.id == registry.table_setup();
                spelled.push(Need {
                    module: action.module.clone(),
                    action: action.name.clone(),
                    levels,
                    entries: if fixed {
                        canonical(registry, &need.entries)
                    } else {
                        need.entries.clone()
                    },
                    ..need.clone()
                });
            }
        }
        let mut rows: Vec<(&Action, Need)> = join_all(spelled)
            .into_iter()
            .filter_map(|need| {
                let id = registry.action(&need.module, &need.action)?;
                Some((registry.get(id)?, need))
            })
            .collect();
        rows.sort_by_key(|(action, _)| action.id);
        Ok(rows)
    }

    /// Placeholders that the selection needs and does not answer.
    pub fn unfilled(&self, selection: &Selection) -> Vec<&Placeholder> {
        let mut seen = BTreeSet::new();
        self.rows()
            .filter(|(feature, _)| feature.is_none_or(|f| selection.features.contains(&f.id)))
            .filter_map(|(_, grant)| grant.customize.as_ref())
            .flat_map(|customize| &customize.placeholders)
            .filter(|gap| !selection.answers.contains_key(&gap.name) && seen.insert(&gap.name))
            .collect()
    }

    fn actions<'a>(
        &self,
        registry: &'a Registry,
        need: &Need,
    ) -> Result<Vec<&'a Action>, ProfileError> {
        let module = registry.modules().iter().find(|module| {
            let same = |name: &String| name.eq_ignore_ascii_case(&need.module);
            same(&module.name) || module.aliases.iter().any(same)
        });
        let found: Vec<&Action> = if need.action == "*" {
            registry
                .actions()
                .iter()
                .filter(|action| module.is_some_and(|module| module.name == action.module))
                .collect()
        } else {
            let id = registry.action(&need.module, &need.action);
            id.and_then(|id| registry.get(id)).into_iter().collect()
        };
        if found.is_empty() {
            let meant = registry
                .nearest_action(&need.module, &need.action)
                .map(|action| format!(", did you mean `{}`?", action.full_name()))
                .unwrap_or_default();
            let message = match module {
                None => format!("there is no module `{}`{meant}", need.module),
                Some(_) => format!(
                    "there is no action `{} / {}`{meant}",
                    need.module, need.action
                ),
            };
            return Err(self.unknown(need, message));
        }
        Ok(found)
    }

    fn unknown(&self, need: &Need, message: String) -> ProfileError {
        let row = need.lines.first().copied().unwrap_or(1);
        let (line, column) = self.spot(row, &message);
        ProfileError::UnknownName {
            file: self.file.clone(),
            line,
            column,
            message,
        }
    }

    /// A list as the screen knows it: names only.
    fn list(
        &self,
        registry: &Registry,
        need: &Need,
        fixed: bool,
        selection: &Selection,
    ) -> Result<ListDocument, ProfileError> {
        let (patterns, allow) = match &need.entries {
            Entries::All => return Ok(ListDocument::Everything),
            Entries::Only(patterns) => (patterns, true),
            Entries::Except(patterns) => (patterns, false),
        };
        let mut names: BTreeMap<String, String> = BTreeMap::new();
        for pattern in patterns {
            let found = match pattern {
                Pattern::Name(name) if fixed => vec![self.table(registry, need, name)?],
                Pattern::Name(name) => vec![name.clone()],
                // A prefix that stood for tables was spelled out before.
                Pattern::Prefix(start) => {
                    return Err(self.unknown(need, format!("no setup table starts with `{start}`")));
                }
                Pattern::Placeholder(name) => {
                    let names = self.answer(need, name, selection)?;
                    let spell = |name: &String| self.table(registry, need, name);
                    if fixed {
                        names.iter().map(spell).collect::<Result<_, _>>()?
                    } else {
                        names
                    }
                }
            };
            names.extend(found.into_iter().map(|name| (name.to_lowercase(), name)));
        }
        let names = names.into_values().collect();
        Ok(if allow {
            ListDocument::Allow(names)
        } else {
            ListDocument::Deny(names)
        })
    }

    fn table(&self, registry: &Registry, need: &Need, name: &str) -> Result<String, ProfileError> {
        let found = registry.table(name).and_then(|id| registry.get_table(id));
        if let Some(table) = found {
            return Ok(table.full_name());
        }
        let meant = registry
            .nearest_table(name)
            .map(|table| format!(", did you mean `{}`?", table.full_name()))
            .unwrap_or_default();
        Err(self.unknown(need, format!("there is no setup table `{name}`{meant}")))
    }

    fn answer(
        &self,
        need: &Need,
        name: &str,
        selection: &Selection,
    ) -> Result<Vec<String>, ProfileError> {
        if let Some(names) = selection.answers.get(name) {
            return Ok(names.clone());
        }
        let hint = self
            .rows()
            .filter_map(|(_, grant)| grant.customize.as_ref())
            .flat_map(|customize| &customize.placeholders)
            .find(|gap| gap.name == name)
            .map_or_else(String::new, |gap| gap.hint.clone());
        let row = need.lines.first().copied().unwrap_or(1);
        let (line, column) = self.spot(row, &format!("`{name}`"));
        Err(ProfileError::Unfilled {
            file: self.file.clone(),
            line,
            column,
            placeholder: name.to_owned(),
            hint,
        })
    }
}

/// The list with the registry's spellings and with prefixes spelled out. What the registry does not
/// know stays as it is, to be named in an error later.
fn canonical(registry: &Registry, entries: &Entries) -> Entries {
    let spell = |patterns: &BTreeSet<Pattern>| -> BTreeSet<Pattern> {
        let mut spelled = BTreeSet::new();
        for pattern in patterns {
            let found: Vec<&Table> = match pattern {
                Pattern::Name(name) => {
                    let id = registry.table(name);
                    id.and_then(|id| registry.get_table(id))
                        .into_iter()
                        .collect()
                }
                Pattern::Prefix(start) => tables_starting(registry, start),
                Pattern::Placeholder(_) => Vec::new(),
            };
            if found.is_empty() {
                spelled.insert(pattern.clone());
            }
            spelled.extend(
                found
                    .into_iter()
                    .map(|table| Pattern::Name(table.full_name())),
            );
        }
        spelled
    };
    match entries {
        Entries::All => Entries::All,
        Entries::Only(patterns) => Entries::Only(spell(patterns)),
        Entries::Except(patterns) => Entries::Except(spell(patterns)),
    }
}

/// The setup tables whose name starts so. Guides write the category in other spellings too
/// (`Companies` for `Company`), which the registry resolves.
pub(super) fn tables_starting<'a>(registry: &'a Registry, start: &str) -> Vec<&'a Table> {
    let folded = start.trim().to_lowercase();
    registry
        .tables()
        .iter()
        .filter(|table| {
            let category = format!("{start} / {}", table.name);
            table.full_name().to_lowercase().starts_with(&folded)
                || registry.table(&category) == Some(table.id)
        })
        .collect()
}
