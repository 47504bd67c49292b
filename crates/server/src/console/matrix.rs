//! The matrix of a security role: one drop-down per cell, only with the levels that the cell accepts, and
//! the way back from a form to levels. Knows no record.

use bitting_calls::http::form::Form;
use bitting_policy::{Level, Levels, Registry, Role, Verb};
use maud::{Markup, html};

/// Levels of every action in the registry's order, as a form has them, and what is wrong with each.
pub struct Matrix {
    pub levels: Vec<Levels>,
    pub errors: Vec<Option<String>>,
}

impl Matrix {
    pub fn of(registry: &Registry, role: &Role) -> Self {
        let levels = registry.actions().iter();
        Self {
            levels: levels.map(|action| role.levels(action.id)).collect(),
            errors: vec![None; registry.actions().len()],
        }
    }

    /// Reads a form over what the role holds; a cell that was not sent stays.
    pub fn read(registry: &Registry, role: &Role, form: &Form) -> Self {
        let mut matrix = Self::of(registry, role);
        for (index, levels) in matrix.levels.iter_mut().enumerate() {
            for verb in Verb::EVERY {
                if let Some(level) = form.given(&cell(index, verb)) {
                    match level.parse() {
                        Ok(level) => levels[verb.index()] = level,
                        Err(error) => matrix.errors[index] = Some(error.to_string()),
                    }
                }
            }
        }
        matrix
    }

    /// Puts the levels into the role; what the registry refuses is noted beside its row.
    pub fn apply(&mut self, registry: &Registry, role: &mut Role) -> bool {
        for (index, action) in registry.actions().iter().enumerate() {
            // A row that a live PSA holds otherwise stays as it is while nobody touches it.
            if self.levels[index] != role.levels(action.id)
                && let Err(error) = role.set(registry, action.id, self.levels[index])
            {
                self.errors[index] = Some(error.to_string());
            }
        }
        self.errors.iter().all(Option::is_none)
    }
}

fn cell(index: usize, verb: Verb) -> String {
    format!("c{index}.{}", verb.index())
}

/// The matrix by module. `customize` gives what stands beside a row with a customize list.
pub fn shown(
    registry: &Registry,
    matrix: &Matrix,
    customize: &dyn Fn(bitting_policy::ListId) -> Markup,
) -> Markup {
    html! {
        @for module in registry.modules() {
            @let rows: Vec<_> = registry.actions().iter().enumerate().filter(|(_, action)| action.module == module.name).collect();
            @let granted = rows.iter().filter(|(index, _)| matrix.levels[*index] != [Level::None; 4]).count();
            @let wrong = rows.iter().any(|(index, _)| matrix.errors[*index].is_some());
            details.module open[granted > 0 || wrong] data-granted=(granted) {
                summary { span { (module.name) } " " span.count { @if granted > 0 { (granted) " of " } (rows.len()) @if rows.len() == 1 { " row" } @else { " rows" } } }
                div.wide tabindex="0" role="region" aria-label=(module.name) {
                    table.matrix {
                        thead { tr { th scope="col" { "Action" } @for verb in Verb::EVERY { th scope="col" { (verb) " Level" } } } }
                        tbody { @for (index, action) in rows {
                            tr.granted[matrix.levels[index] != [Level::None; 4]].bad[matrix.errors[index].is_some()] {
                                th scope="row" {
                                    (action.name)
                                    @if action.reads_everything { " " span.flag title="Inquire here reads across all objects" { "reads everything" } }
                                    @if let Some(list) = action.customize { (customize(list)) }
                                    @if let Some(error) = &matrix.errors[index] { p.error role="alert" { (error) } }
                                }
                                @for verb in Verb::EVERY {
                                    td data-is=(verb) { (drop_down(registry, index, verb, matrix.levels[index][verb.index()])) }
                                }
                            }
                        } }
                    }
                }
            }
        }
    }
}

fn drop_down(registry: &Registry, index: usize, verb: Verb, held: Level) -> Markup {
    let action = &registry.actions()[index];
    let levels: Vec<Level> = Level::EVERY
        .into_iter()
        .filter(|level| action.accepts(verb, *level) || *level == held)
        .collect();
    html! {
        @if levels.len() < 2 {
            span.shut title="This cell takes None only" { "None" }
        } @else {
            select name=(cell(index, verb)) class=(held.as_str()) aria-label=(format!("{}: {verb}", action.full_name())) {
                @for level in levels { option selected[level == held] { (level) } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Matrix, shown};
    use bitting_calls::http::form::Form;
    use bitting_policy::{Level, Registry, Role, Verb};

    fn registry() -> Registry {
        bitting_catalog::Catalog::embedded().expect("data").0
    }

    /// The drop-downs of the whole matrix, sent back unchanged, change nothing.
    #[test]
    fn a_form_sent_back_unchanged_keeps_every_level() {
        let registry = registry();
        let mut role = Role::new(&registry, 1, "role");
        for (index, action) in registry.actions().iter().enumerate() {
            let levels = Verb::EVERY.map(|verb| {
                let accepted: Vec<_> = action.levels(verb).collect();
                accepted[index % accepted.len()]
            });
            let _ = role.set(&registry, action.id, levels);
        }
        let before = role.clone();
        let page = shown(
            &registry,
            &Matrix::of(&registry, &role),
            &|_| maud::html! {},
        )
        .into_string();
        let mut sent = Vec::new();
        for select in page.split("<select name=\"").skip(1) {
            let name = select.split('"').next().unwrap_or_default();
            let chosen = select
                .split("<option selected>")
                .nth(1)
                .expect("one is chosen");
            sent.push(format!(
                "{name}={}",
                chosen.split('<').next().unwrap_or_default()
            ));
        }
        assert!(sent.len() > 300, "every open cell is sent: {}", sent.len());
        let form = Form::read(&sent.join("&"));
        let mut matrix = Matrix::read(&registry, &role, &form);
        assert!(matrix.apply(&registry, &mut role));
        assert_eq!(role, before);
    }

    #[test]
    fn add_without_inquire_is_told_beside_its_row_and_changes_nothing() {
        let registry = registry();
        let index = registry
            .action("Service Desk", "Service Tickets")
            .map(|id| usize::from(id.0))
            .expect("known");
        let mut role = Role::new(&registry, 1, "role");
        let form = Form::read(&format!("c{index}.0=All"));
        let mut matrix = Matrix::read(&registry, &role, &form);
        assert!(!matrix.apply(&registry, &mut role));
        let error = matrix.errors[index].clone().expect("told");
        assert!(error.contains("needs Inquire"), "{error}");
        assert_eq!(role.levels(registry.actions()[index].id), [Level::None; 4]);
        let form = Form::read(&format!("c{index}.0=Everything"));
        assert!(Matrix::read(&registry, &role, &form).errors[index].is_some());
    }
}
