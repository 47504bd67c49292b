//! Reads a registry from TOML, strictly, and says where it is wrong.
//!
//! Must not know what the names mean: any PSA's rows and lists have this shape.

use super::name::{fold, identifier, nearest, split};
use super::{Action, CustomizeList, Module, MyLevel, Registry, Table, entity_key};
use crate::{ActionId, EntryId, ListId, Verb};
use serde::Deserialize;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use toml::Spanned;

/// A fault in the data files.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {fault}{}", nearest.as_ref().map(|n| format!("; did you mean `{n}`?")).unwrap_or_default())]
pub struct RegistryError {
    /// The file's name as it was given.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong, and what to do.
    pub fault: String,
    /// The name that was probably meant.
    pub nearest: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    table_setup: Option<Spanned<String>>,
    #[serde(default)]
    module: Vec<ModuleText>,
    #[serde(default)]
    list: Vec<ListText>,
    #[serde(default)]
    category: Vec<CategoryText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ModuleText {
    name: Spanned<String>,
    #[serde(default)]
    aliases: Vec<Spanned<String>>,
    #[serde(default)]
    action: Vec<ActionText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ActionText {
    name: Spanned<String>,
    #[serde(default)]
    aliases: Vec<Spanned<String>>,
    my: MyText,
    #[serde(default)]
    closed: Vec<Verb>,
    #[serde(default)]
    report: bool,
    #[serde(default)]
    reads_everything: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum MyText {
    Yes,
    No,
    Unknown,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListText {
    identifier: Spanned<String>,
    action: Spanned<String>,
    holds: String,
    entries: EntriesText,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum EntriesText {
    Tables,
    Tenant,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CategoryText {
    name: Spanned<String>,
    module: Spanned<String>,
    #[serde(default)]
    aliases: Vec<Spanned<String>>,
    #[serde(default)]
    table: Vec<TableText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TableText {
    name: Spanned<String>,
    #[serde(default)]
    aliases: Vec<Spanned<String>>,
    basis: BasisText,
    #[serde(default)]
    entities: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum BasisText {
    Seen,
    Old,
    Likely,
}

/// One file's name and text, to turn a place in it into a line.
#[derive(Clone, Copy)]
struct Source<'a> {
    file: &'a str,
    text: &'a str,
}

impl Source<'_> {
    fn at(self, offset: usize, fault: String) -> RegistryError {
        let before = self.text.as_bytes().iter().take(offset);
        RegistryError {
            file: self.file.to_owned(),
            line: 1 + before.filter(|b| **b == b'\n').count(),
            fault,
            nearest: None,
        }
    }

    fn fault<T>(self, at: &Spanned<T>, fault: String) -> RegistryError {
        self.at(at.span().start, fault)
    }
}

impl RegistryError {
    fn meant(mut self, nearest: Option<String>) -> Self {
        self.nearest = nearest;
        self
    }
}

pub(super) fn read(files: &[(&str, &str)]) -> Result<Registry, RegistryError> {
    let mut texts = Vec::with_capacity(files.len());
    for (file, text) in files {
        let source = Source { file, text };
        let parsed: File = toml::from_str(text).map_err(|e| {
            let offset = e.span().map_or(0, |span| span.start);
            source.at(offset, e.message().to_owned())
        })?;
        texts.push((source, parsed));
    }
    let mut registry = Registry {
        modules: Vec::new(),
        actions: Vec::new(),
        lists: Vec::new(),
        tables: Vec::new(),
        table_setup: ActionId::NOWHERE,
        table_list: None,
        action_by_name: HashMap::new(),
        table_by_name: HashMap::new(),
        table_by_entity: HashMap::new(),
    };
    // Lists and tables name actions and modules of any file, so all of those come first.
    for (source, file) in &texts {
        for module in &file.module {
            registry.add_module(*source, module)?;
        }
    }
    for (source, file) in &texts {
        for list in &file.list {
            registry.add_list(*source, list)?;
        }
        for category in &file.category {
            registry.add_category(*source, category)?;
        }
        if let Some(name) = &file.table_setup {
            registry.table_setup = registry.row(*source, name)?;
        }
    }
    registry.check_table_setup(texts.first().map(|(source, _)| *source))?;
    Ok(registry)
}

impl Registry {
    fn add_module(&mut self, source: Source, text: &ModuleText) -> Result<(), RegistryError> {
        let module = Module {
            name: text.name.as_ref().clone(),
            identifier: identifier(text.name.as_ref()),
            aliases: plain(&text.aliases),
        };
        let spellings: Vec<String> = spellings(&text.name, &text.aliases)
            .map(|s| fold(s.as_ref()))
            .collect();
        for other in &self.modules {
            let mut names = std::iter::once(&other.name).chain(&other.aliases);
            if names.any(|n| spellings.contains(&fold(n))) {
                let fault = format!(
                    "module `{}` exists already; give it another name",
                    module.name
                );
                return Err(source.fault(&text.name, fault));
            }
        }
        for (place, action) in text.action.iter().enumerate() {
            let id = ActionId(self.actions.len() as u16);
            for name in self::spellings(&action.name, &action.aliases) {
                for module in &spellings {
                    match self
                        .action_by_name
                        .entry((module.clone(), fold(name.as_ref())))
                    {
                        Entry::Vacant(free) => _ = free.insert(id),
                        Entry::Occupied(taken) if *taken.get() == id => {}
                        Entry::Occupied(_) => {
                            let fault = format!(
                                "action `{}` is spelled like another one of its module; remove one",
                                name.as_ref()
                            );
                            return Err(source.fault(name, fault));
                        }
                    }
                }
            }
            self.actions.push(Action {
                id,
                module: module.name.clone(),
                name: action.name.as_ref().clone(),
                aliases: plain(&action.aliases),
                my: match action.my {
                    MyText::Yes => MyLevel::Yes,
                    MyText::No => MyLevel::No,
                    MyText::Unknown => MyLevel::Unknown,
                },
                closed: action.closed.clone(),
                customize: None,
                report: action.report,
                reads_everything: action.reads_everything,
                module_identifier: module.identifier.clone(),
                identifier: identifier(action.name.as_ref()),
                sort_order: place as u32 + 1,
            });
        }
        self.modules.push(module);
        Ok(())
    }

    fn add_list(&mut self, source: Source, text: &ListText) -> Result<(), RegistryError> {
        let id = ListId(self.lists.len() as u16);
        let action = self.row(source, &text.action)?;
        if self.list(text.identifier.as_ref()).is_some() {
            let fault = format!(
                "list `{}` exists already; remove one",
                text.identifier.as_ref()
            );
            return Err(source.fault(&text.identifier, fault));
        }
        let row = &mut self.actions[usize::from(action.0)];
        if row.customize.replace(id).is_some() {
            let fault = format!(
                "action `{}` has a list already; remove one",
                row.full_name()
            );
            return Err(source.fault(&text.action, fault));
        }
        let fixed = text.entries == EntriesText::Tables;
        if fixed && self.table_list.replace(id).is_some() {
            let fault =
                "only one list can hold the tables; write `entries = \"tenant\"`".to_owned();
            return Err(source.fault(&text.identifier, fault));
        }
        self.lists.push(CustomizeList {
            id,
            identifier: text.identifier.as_ref().clone(),
            action,
            holds: text.holds.clone(),
            fixed,
        });
        Ok(())
    }

    fn add_category(&mut self, source: Source, text: &CategoryText) -> Result<(), RegistryError> {
        let Some(module) = self
            .modules
            .iter()
            .find(|m| m.name == *text.module.as_ref())
        else {
            let fault = format!("there is no module `{}`", text.module.as_ref());
            let names = self.modules.iter().map(|m| (m.name.as_str(), &m.name));
            let meant = nearest(text.module.as_ref(), names).cloned();
            return Err(source.fault(&text.module, fault).meant(meant));
        };
        let module = module.name.clone();
        for table in &text.table {
            let id = EntryId(self.tables.len() as u32);
            for name in spellings(&table.name, &table.aliases) {
                let whole = name
                    .as_ref()
                    .split_once(" / ")
                    .and_then(|_| split(name.as_ref()));
                let keys: Vec<(String, String)> = match whole {
                    Some((category, name)) => vec![(fold(category), fold(name))],
                    None => spellings(&text.name, &text.aliases)
                        .map(|category| (fold(category.as_ref()), fold(name.as_ref())))
                        .collect(),
                };
                for key in keys {
                    let taken = self.table_by_name.insert(key, id);
                    if taken.is_some_and(|other| other != id) {
                        let fault = format!(
                            "table `{}` is spelled like another one; remove one",
                            name.as_ref()
                        );
                        return Err(source.fault(name, fault));
                    }
                }
            }
            for entity in &table.entities {
                let taken = self
                    .table_by_entity
                    .insert(entity_key(entity.as_ref()), id)
                    .and_then(|other| self.get_table(other).map(Table::full_name));
                if let Some(other) = taken {
                    let fault = format!(
                        "`{}` is guarded by `{other}` already; name it once",
                        entity.as_ref()
                    );
                    return Err(source.fault(entity, fault));
                }
            }
            self.tables.push(Table {
                id,
                category: text.name.as_ref().clone(),
                name: table.name.as_ref().clone(),
                aliases: plain(&table.aliases),
                entities: plain(&table.entities),
                basis: match table.basis {
                    BasisText::Seen => "seen",
                    BasisText::Old => "old",
                    BasisText::Likely => "likely",
                }
                .to_owned(),
                module: module.clone(),
                identifier: format!(
                    "{}{}",
                    identifier(text.name.as_ref()),
                    identifier(table.name.as_ref())
                ),
            });
        }
        Ok(())
    }

    /// The action that a `Module / Action` in the data names.
    fn row(&self, source: Source, name: &Spanned<String>) -> Result<ActionId, RegistryError> {
        let (module, action) = split(name.as_ref()).unwrap_or(("", name.as_ref()));
        self.action(module, action).ok_or_else(|| {
            let fault = format!("there is no action `{}`", name.as_ref());
            let meant = self.nearest_action(module, action).map(Action::full_name);
            source.fault(name, fault).meant(meant)
        })
    }

    /// Tables without a row in front of them would stand open, so the data must name both parts.
    fn check_table_setup(&self, source: Option<Source>) -> Result<(), RegistryError> {
        let Some(source) = source else { return Ok(()) };
        let listed = self.table_list.and_then(|id| self.get_list(id));
        let fault = match listed {
            None if self.tables.is_empty() && self.table_setup == ActionId::NOWHERE => {
                return Ok(());
            }
            Some(list) if list.action == self.table_setup => return Ok(()),
            None => "tables need a [[list]] with `entries = \"tables\"`",
            Some(_) => "`table_setup` must name the action of the list that holds the tables",
        };
        Err(source.at(0, fault.to_owned()))
    }
}

fn spellings<'a>(
    name: &'a Spanned<String>,
    aliases: &'a [Spanned<String>],
) -> impl Iterator<Item = &'a Spanned<String>> {
    std::iter::once(name).chain(aliases)
}

fn plain(names: &[Spanned<String>]) -> Vec<String> {
    names.iter().map(|name| name.as_ref().clone()).collect()
}
