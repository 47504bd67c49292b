//! The controls of Autotask's security level screen that profiles may name, and their values from
//! the least to the most. Knows nothing of profiles.
//!
//! Guides and tenants spell some controls in several ways (a tenant calls its companies Accounts,
//! Companies or Organizations), so each control carries its other spellings.

mod entries;

pub use entries::ENTRIES;

/// Values of one cell, least first.
pub type Values = &'static [&'static str];

/// What a control takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    /// One value of a list.
    Choice(Values),
    /// A whole number of at least 0.
    Number,
    /// A row of four cells; an empty list is a cell that cannot be set.
    Object {
        view: Values,
        add: Values,
        edit: Values,
        delete: Values,
    },
}

/// One control.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    pub section: &'static str,
    pub subsection: &'static str,
    pub name: &'static str,
    pub aliases: &'static [&'static str],
    pub control: Control,
}

const CRM: &str = "CRM";
const DESK: &str = "Service Desk";

/// Sections of the screen, in its order.
pub const SECTIONS: [&str; 11] = [
    "Contracts",
    CRM,
    "Inventory",
    "Projects",
    DESK,
    "Knowledge Base and Documents",
    "Timesheets",
    "Reports",
    "Admin",
    "Other",
    "Web Services API",
];

/// Entities of the Resource Impersonation grid.
pub const IMPERSONATED: [&str; 25] = [
    "Account",
    "Account Notes",
    "Account To-Dos",
    "Attachments",
    "Configuration Item Notes",
    "Configuration Items",
    "Contacts",
    "Contract Notes",
    "Inventory Items",
    "Inventory Locations",
    "Opportunities",
    "Product Notes",
    "Products",
    "Project Notes",
    "Projects",
    "Purchase Orders",
    "Quotes",
    "Sales Orders",
    "Service Calls",
    "Subscriptions",
    "Task Notes",
    "Tasks",
    "Ticket Notes",
    "Tickets",
    "Time Entries",
];

/// The control of that name, however it is spelled. `*` stands for a whole section.
pub fn find(section: &str, subsection: &str, name: &str) -> Option<&'static Entry> {
    let same = |left: &str, right: &str| left.eq_ignore_ascii_case(right);
    ENTRIES.iter().find(|entry| {
        same(entry.section, section)
            && same(entry.subsection, subsection)
            && (same(entry.name, name) || entry.aliases.iter().any(|alias| same(alias, name)))
    })
}

impl Entry {
    /// The values of a cell: column `""` for a plain value, else View, Add, Edit, Delete.
    /// Nothing where the control has no such cell.
    pub fn values(&self, column: &str) -> Option<Values> {
        let values = match (self.control, column) {
            (Control::Choice(values), "") => values,
            (Control::Object { view, .. }, "View") => view,
            (Control::Object { add, .. }, "Add") => add,
            (Control::Object { edit, .. }, "Edit") => edit,
            (Control::Object { delete, .. }, "Delete") => delete,
            _ => return None,
        };
        (!values.is_empty()).then_some(values)
    }

    /// How much a value grants, 0 for the least; nothing for a value the cell does not take.
    pub fn rank(&self, column: &str, value: &str) -> Option<u32> {
        if self.control == Control::Number && column.is_empty() {
            return value.parse().ok();
        }
        let place = self
            .values(column)?
            .iter()
            .position(|known| *known == value)?;
        Some(place as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_control_is_found_by_each_of_its_names_and_stands_in_a_section() {
        for entry in ENTRIES {
            assert!(SECTIONS.contains(&entry.section), "{entry:?}");
            for name in entry.aliases.iter().chain([&entry.name]) {
                assert_eq!(
                    find(entry.section, entry.subsection, name),
                    Some(entry),
                    "{name}"
                );
            }
        }
    }

    #[test]
    fn ranks_follow_the_order_of_values() {
        for entry in ENTRIES {
            for column in ["", "View", "Add", "Edit", "Delete"] {
                for (place, value) in entry.values(column).unwrap_or_default().iter().enumerate() {
                    assert_eq!(entry.rank(column, value), Some(place as u32), "{entry:?}");
                }
                assert_eq!(entry.rank(column, "Sometimes"), None);
            }
        }
    }
}
