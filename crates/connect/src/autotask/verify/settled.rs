//! One cell that the guide names: granted, missing, or shown by nothing that a call tells.

use super::Asked;
use super::counts::Counts;
use super::witness::Witness;
use crate::autotask::known::{Access, actions, columns, head, needs, path};
use crate::autotask::wanted::level_screen;
use crate::probe::Shown;
use crate::report::{Right, State};
use bitting_catalog::security::Permission;
use bitting_catalog::served::Act;

/// A cell with the value that the guide wants in it.
#[derive(Clone, Copy)]
pub struct Cell<'a> {
    pub entry: &'a Permission,
    /// Its column, empty where the row is one cell.
    pub name: &'a str,
    pub value: &'a str,
}

/// What the operations that a cell decides show of it.
#[derive(Default)]
struct Evidence {
    /// One of them goes as far as is wanted.
    open: bool,
    /// Those that do not, a sentence each.
    shut: Vec<String>,
}

/// How a cell stands, by the operations that it decides.
pub fn right(
    asked: &Asked<'_>,
    cell: Cell<'_>,
    witnesses: &[Witness<'_>],
    counts: &Counts,
) -> Right {
    let Cell { entry, value, .. } = cell;
    let mut evidence = Evidence::default();
    for witness in witnesses.iter().filter(|w| decides(asked, w, cell)) {
        // A class of records: only the rows tell it apart from the others.
        let class = format!("{} of {}", witness.entity.path, entry.full_name());
        match counts.get(&class) {
            Some(count) if witness.told != Some(Access::All) => {
                evidence.of_class(witness, *count);
            }
            _ => evidence.of_operation(witness, counts),
        }
    }
    let mut right = Right {
        module: entry.section.clone(),
        action: entry.name.clone(),
        verb: Some(head(cell.name)).filter(|head| !head.is_empty()),
        entry: None,
        held: "not told".to_owned(),
        needed: value.to_owned(),
        state: State::Unproved,
        why: asked.wanted.reason(&entry.full_name()).to_owned(),
        remedy: String::new(),
    };
    if !evidence.shut.is_empty() {
        right.state = State::Missing;
        "less".clone_into(&mut right.held);
        right.why = evidence.told();
        right.remedy = remedy(asked, cell);
    } else if evidence.open {
        right.state = State::Granted;
        value.clone_into(&mut right.held);
    }
    right
}

impl Evidence {
    /// What the rows of a class show: how many the key counts, and how many there are.
    fn of_class(
        &mut self,
        witness: &Witness<'_>,
        (seen, all, shown): (Option<u64>, Option<u64>, Shown),
    ) {
        let path = &witness.entity.path;
        match (seen, all) {
            _ if shown == Shown::Refused => self.shut.push(format!("{path} are refused")),
            (Some(0), Some(all)) if all > 0 => {
                self.shut
                    .push(format!("0 of {all} {path} answered, without an error"));
            }
            (Some(seen), _) if seen > 0 => self.open = true,
            _ => {}
        }
    }

    /// What entityInformation tells of an operation, and where it tells nothing, the entity's own count.
    fn of_operation(&mut self, witness: &Witness<'_>, counts: &Counts) {
        let path = &witness.entity.path;
        let counted = counts
            .get(&**path)
            .filter(|_| witness.act == Act::Query)
            .map(|(_, _, shown)| *shown);
        match witness.told {
            _ if counted == Some(Shown::Refused) => self.shut.push(format!("{path} are refused")),
            Some(told) if told < witness.wanted => self.shut.push(format!(
                "{path} {} is {} (needs {})",
                witness.act.word(),
                told.word(),
                witness.wanted.word()
            )),
            Some(_) if witness.wanted > Access::None => self.open = true,
            None if counted == Some(Shown::Granted) => self.open = true,
            _ => {}
        }
    }

    /// The first few of what is shut.
    fn told(&self) -> String {
        const FEW: usize = 3;
        let first: Vec<&str> = self.shut.iter().take(FEW).map(String::as_str).collect();
        let more = if self.shut.len() > FEW { " …" } else { "" };
        format!("{}{more}", first.join(", "))
    }
}

fn remedy(asked: &Asked<'_>, cell: Cell<'_>) -> String {
    let column = match head(cell.name) {
        "" => String::new(),
        head => format!("{head} "),
    };
    format!(
        "{} > {}: set {column}to {}",
        level_screen(&asked.wanted.level.name),
        path(cell.entry),
        cell.value
    )
}

/// Whether a cell has a say in an operation.
fn decides(asked: &Asked<'_>, witness: &Witness<'_>, cell: Cell<'_>) -> bool {
    let (needs, verb) = needs(witness.entity, witness.act);
    actions(needs).into_iter().any(|action| {
        asked
            .screen
            .permission(action)
            .is_some_and(|found| found.full_name() == cell.entry.full_name())
    }) && columns(cell.entry, verb).contains(&cell.name)
}
