//! Names as guides write them, abbreviated, misspelled or under another module, as the screen's own.
//! Knows no levels.

use crate::profile::nearest::distance_of;
use bitting_policy::{Action, ActionId, Module, Registry};

/// What a name was taken for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// This action, by one of its names.
    Exact(ActionId),
    /// This action, under another module or with a slip of the pen; in words what differs.
    Meant(ActionId, String),
    /// Every action of this module.
    Whole(String),
    Unknown(Option<String>),
}

/// Abbreviations of guides, word by word.
const SHORT: [(&str, &str); 14] = [
    ("svc", "service"),
    ("serv", "service"),
    ("co", "company"),
    ("config", "configuration"),
    ("configs", "configurations"),
    ("maint", "maintenance"),
    ("mgmt", "management"),
    ("opp", "opportunity"),
    ("opps", "opportunities"),
    ("agrmt", "agreement"),
    ("attach", "attachments"),
    ("sys", "system"),
    ("proj", "project"),
    ("mgr", "manager"),
];

pub(super) fn spelled_out(name: &str) -> String {
    let words = name.split(' ').map(|word| {
        let bare = word.trim_end_matches('.').to_lowercase();
        let known = SHORT.iter().find(|(short, _)| *short == bare);
        known.map_or(word, |(_, long)| *long)
    });
    words.collect::<Vec<_>>().join(" ")
}

/// The module of that name, with or without words like `module` around it.
pub(super) fn module<'a>(registry: &'a Registry, name: &str) -> Option<&'a Module> {
    let spelled = spelled_out(name.trim_matches([':', ' ', '-', '>']));
    let kept: Vec<&str> = spelled
        .split_whitespace()
        .filter(|word| {
            let word = word.trim_matches([':', '(', ')']).to_lowercase();
            !matches!(
                word.as_str(),
                "module"
                    | "modules"
                    | "tab"
                    | "section"
                    | "permissions"
                    | "rights"
                    | "the"
                    | "actions"
            )
        })
        .collect();
    let bare = fold(&kept.join(" "));
    let by = |fits: &dyn Fn(&str) -> bool| {
        let mut found = registry.modules().iter().filter(|module| {
            fits(&fold(&module.name)) || module.aliases.iter().any(|alias| fits(&fold(alias)))
        });
        let first = found.next();
        first.filter(|_| found.next().is_none())
    };
    // `Service` and `Time` are what people call Service Desk and Time & Expense.
    by(&|name| name == bare)
        .or_else(|| (bare.len() >= 4).then(|| by(&|name| name.starts_with(&bare)))?)
}

/// The words of a name without their plural's end, in the order of letters.
fn stems(name: &str) -> Vec<String> {
    let words =
        super::rights::words(name).map(|(_, _, word)| word.trim_end_matches('s').to_owned());
    let mut stems: Vec<String> = words.collect();
    stems.sort();
    stems
}

fn fold(name: &str) -> String {
    name.replace('&', "and")
        .chars()
        .filter(|ch| ch.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// The action that exactly this text names: alone, or with its module before it.
pub(super) fn exact(registry: &Registry, within: Option<&str>, text: &str) -> Option<ActionId> {
    let text = text.trim_matches([' ', ':', '-', '>', '.', ',', '"']);
    for (at, mark) in text.match_indices(['>', '/', ':', '-', '|', '\\', '.']) {
        let (left, right) = (&text[..at], &text[at + mark.len()..]);
        if let Some(module) = module(registry, left)
            && let Some(found) = registry.action(&module.name, right)
        {
            return Some(found);
        }
    }
    if let Some(found) = within.and_then(|module| registry.action(module, text)) {
        return Some(found);
    }
    let mut found = registry
        .modules()
        .iter()
        .filter_map(|module| registry.action(&module.name, text));
    // A name that two modules have says nothing without one.
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// The action that a guide's module and action mean.
pub(super) fn find(registry: &Registry, within: Option<&str>, text: &str) -> Found {
    let text = text.trim_matches([' ', ':', '-', '>', '.', ',', '"']);
    let parts = [" > ", " / ", " - ", ": ", ">"].iter().find_map(|mark| {
        let (left, right) = text.split_once(mark)?;
        (module(registry, left).is_some() || *mark == " > ").then_some((left, right))
    });
    let (said, name) = parts.map_or((None, text), |(left, right)| (Some(left), right));
    let known = said.map_or_else(
        || within.map(ToOwned::to_owned),
        |said| module(registry, said).map(|module| module.name.clone()),
    );
    for spelling in [text.to_owned(), spelled_out(text)] {
        // A module that is written counts before the one that a heading above named.
        if let Some(id) = exact(registry, known.as_deref(), &spelling) {
            let title = registry.get(id).map(Action::full_name).unwrap_or_default();
            let elsewhere = known
                .as_deref()
                .is_some_and(|module| !title.starts_with(&format!("{module} / ")));
            return if elsewhere || (said.is_some() && known.is_none()) {
                Found::Meant(id, format!("the screen has it as `{title}`"))
            } else {
                Found::Exact(id)
            };
        }
    }
    if let (Some(module), "*" | "all" | "all actions" | "all entries") =
        (&known, name.to_lowercase().as_str())
    {
        return Found::Whole(module.clone());
    }
    // `Setup Tables` is Table Setup.
    let same = |action: &&Action| {
        let spellings = std::iter::once(&action.name).chain(&action.aliases);
        known
            .as_deref()
            .is_none_or(|module| action.module == module)
            && spellings
                .into_iter()
                .any(|spelling| stems(spelling) == stems(name))
    };
    let mut turned = registry.actions().iter().filter(same);
    if let (Some(action), None) = (turned.next(), turned.next()) {
        let differs = format!("`{text}` read as `{}`", action.full_name());
        return Found::Meant(action.id, differs);
    }
    let name = spelled_out(name);
    let name = name.as_str();
    for within in [known.as_deref(), None] {
        let inside = registry
            .actions()
            .iter()
            .filter(|action| within.is_none_or(|module| action.module == module));
        let spellings = inside.flat_map(|action| {
            std::iter::once(&action.name)
                .chain(&action.aliases)
                .map(move |spelling| (distance_of(name, spelling), action))
        });
        // A slip of the pen, and no other name: a right is not granted on a likeness.
        let limit = (fold(name).len() / 7).max(1);
        if let Some((_, action)) = spellings
            .filter(|(away, _)| *away <= limit)
            .min_by_key(|(away, _)| *away)
        {
            return Found::Meant(
                action.id,
                format!("`{text}` read as `{}`", action.full_name()),
            );
        }
    }
    let near = registry
        .nearest_action(known.as_deref().unwrap_or_default(), name)
        .filter(|near| distance_of(name, &near.name) * 2 <= fold(name).len());
    Found::Unknown(near.map(Action::full_name))
}

/// The setup table of that name: `Service / Service Board`, `Service > Service Board`, or alone where no other
/// category has one of the name, or under a heading.
pub(super) fn table(registry: &Registry, category: Option<&str>, text: &str) -> Option<String> {
    let text = text.trim_matches([' ', ':', '-', '>', '.', ',', '"', '(', ')', '[', ']']);
    let title = |full: &str| {
        registry
            .table(full)
            .and_then(|id| registry.get_table(id))
            .map(bitting_policy::Table::full_name)
    };
    if let Some(found) = title(text) {
        return Some(found);
    }
    for (at, mark) in text.match_indices(['>', '-', ':', '|']) {
        let whole = format!("{} / {}", text[..at].trim(), text[at + mark.len()..].trim());
        if let Some(found) = title(&whole) {
            return Some(found);
        }
    }
    if let Some(found) = category.and_then(|category| title(&format!("{category} / {text}"))) {
        return Some(found);
    }
    let mut same = registry.tables().iter().filter(|table| {
        fold(&table.name) == fold(text)
            || table.aliases.iter().any(|alias| fold(alias) == fold(text))
    });
    let first = same.next()?;
    same.next().is_none().then(|| first.full_name())
}

/// The category of setup tables of that name.
pub(super) fn category(registry: &Registry, text: &str) -> Option<String> {
    let bare = fold(text);
    registry
        .tables()
        .iter()
        .find(|table| fold(&table.category) == bare)
        .map(|table| table.category.clone())
}
