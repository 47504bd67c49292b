//! Line after line of a guide, with what the lines above say of it: the module, the columns, the list that is being
//! told. Knows how names and rights are read only by asking.

use super::columns::{self, Columns, Kind};
use super::lines::Line;
use super::names::{self, Found};
use super::rights::{self, Rights, Said};
use super::{Pasted, Remark, Row, form};
use bitting_policy::{ActionId, Level, Registry, Verb};

pub(super) struct Reader<'a> {
    registry: &'a Registry,
    pasted: Pasted,
    columns: Option<Columns>,
    /// The module of the heading above.
    module: Option<String>,
    /// The action of the line above, which had no rights yet.
    action: Option<Found>,
    /// The rights of the line above, which had no action: `Inquire All:` and a list of actions below.
    rights: Option<Rights>,
    /// The row whose setup tables are being listed, and the category of the heading above.
    listing: Option<(usize, Option<String>)>,
}

impl<'a> Reader<'a> {
    pub fn new(registry: &'a Registry) -> Reader<'a> {
        Reader {
            registry,
            pasted: Pasted::default(),
            columns: None,
            module: None,
            action: None,
            rights: None,
            listing: None,
        }
    }

    pub fn done(mut self) -> Pasted {
        // A row of None all over says what an unnamed one says.
        self.pasted.rows.retain(|row| {
            row.levels
                .iter()
                .flatten()
                .any(|level| *level > Level::None)
        });
        self.pasted
    }

    pub fn take(&mut self, line: &Line) {
        if let Some(columns) = columns::columns(line) {
            self.columns = Some(columns);
            (self.action, self.rights, self.listing) = (None, None, None);
            return;
        }
        match self.columns.clone() {
            Some(columns) if line.cells.len() > 1 => self.table_row(line, &columns),
            _ => self.sentence(line),
        }
    }

    fn table_row(&mut self, line: &Line, columns: &Columns) {
        let cells = columns.place(line, |cell| names::module(self.registry, cell).is_some());
        let of = |wanted: Kind| {
            let at = columns.kinds.iter().position(|kind| *kind == wanted);
            at.map_or("", |at| cells[at].trim())
        };
        let (module, action) = (of(Kind::Module), of(Kind::Action));
        if !module.is_empty()
            && let Some(known) = names::module(self.registry, module)
        {
            self.module = Some(known.name.clone());
        }
        let said: Vec<&String> = cells.iter().filter(|cell| !cell.is_empty()).collect();
        if let [only] = said.as_slice() {
            if let Some(known) = names::module(self.registry, only) {
                self.module = Some(known.name.clone());
                self.listing = None;
            } else {
                self.sentence(line);
            }
            return;
        }
        let found = if action.is_empty() {
            names::find(self.registry, self.module.as_deref(), module)
        } else if module.is_empty() || names::module(self.registry, module).is_some() {
            names::find(self.registry, self.module.as_deref(), action)
        } else {
            names::find(self.registry, None, &format!("{module} > {action}"))
        };
        // `Table Setup (customize): Service / Priority` holds the list in the action's cell.
        let (found, listed) = match (
            found,
            self.named(if action.is_empty() { module } else { action }),
        ) {
            (Found::Unknown(_), (Some(named), rest))
                if rest.trim_start().starts_with([';', ':', '(', '-', ',']) =>
            {
                (named, rest.to_owned())
            }
            (found, _) => (found, String::new()),
        };
        let mut granted = Rights::default();
        let mut uncertain = Vec::new();
        for (kind, cell) in columns.kinds.iter().zip(&cells) {
            let Kind::Verb(verb) = kind else { continue };
            if cell.len() > 1 && cell.ends_with('*') {
                self.pasted.remarks.push(Remark {
                    line: line.number,
                    text: format!("{verb} `{cell}` bears the mark of a footnote"),
                    advice: "look what the footnote says; it may be a right that only some need"
                        .to_owned(),
                });
            }
            match rights::said(cell) {
                Some(Said::Level(level)) => granted.set(*verb, level),
                Some(Said::Tick) => {
                    granted.set(*verb, Level::All);
                    granted.ticked = true;
                }
                Some(Said::Blank) => {}
                None => {
                    granted.set(*verb, Level::None);
                    uncertain.push(format!("{} `{cell}`", verb.as_str()));
                }
            }
        }
        let in_words = of(Kind::Rights);
        if !in_words.is_empty() {
            let more = rights::in_words(in_words);
            for (verb, level) in Verb::EVERY.into_iter().zip(more.levels) {
                if let Some(level) = level {
                    granted.set(verb, level);
                }
            }
            granted.ticked |= more.ticked;
        }
        let name = if action.is_empty() { module } else { action };
        let Some(row) = self.row(line.number, &found, name, &granted) else {
            return;
        };
        if !uncertain.is_empty() {
            let what = uncertain.join(", ");
            self.unread(
                line.number,
                format!("{what} of {name} is no level that is known"),
                "None is taken; write All, My or None into the profile".to_owned(),
            );
            self.pasted.rows[row].uncertain = Some(format!("printed {what}"));
        }
        of(Kind::Why).clone_into(&mut self.pasted.rows[row].why);
        let entries = match of(Kind::Entries) {
            "" => listed,
            entries => entries.to_owned(),
        };
        if !entries.is_empty() && !granted.grants() {
            self.unread(
                line.number,
                format!("{name} has a list and no level, so nothing is granted for it"),
                "guides that do so mean Inquire All, limited to the list: write it into the profile".to_owned(),
            );
            return;
        }
        self.entries(row, line.number, &entries, true);
    }

    /// A line without columns: a heading, an item of a list, a row in words, or prose.
    fn sentence(&mut self, line: &Line) {
        let text = line.text();
        let label = if line.cells.len() == 2 {
            format!(
                "{}: {}",
                line.cells[0].text.trim_end_matches(':'),
                line.cells[1].text
            )
        } else {
            text.clone()
        };
        if form::take(&mut self.pasted, line.number, &label) {
            return;
        }
        let (named, rest) = self.named(&text);
        let granted = rights::in_words(if named.is_some() { rest } else { &text });
        if !granted.says_something() && self.listed(line, &text) {
            return;
        }
        if let Some(module) = names::module(self.registry, &text) {
            self.module = Some(module.name.clone());
            (self.action, self.rights, self.listing) = (None, None, None);
            return;
        }
        if let Some(found) = named {
            self.named_line(line, found, &text, rest, &granted);
        } else if granted.says_something() {
            self.unnamed_line(line, &text, &granted);
        } else {
            (self.action, self.rights) = (None, None);
        }
    }

    /// The action that a line begins with, by one of its exact names, and what follows it.
    fn named<'t>(&self, text: &'t str) -> (Option<Found>, &'t str) {
        let ends: Vec<usize> = rights::words(text)
            .map(|(_, end, _)| end)
            .take(12)
            .collect();
        for end in ends.into_iter().rev() {
            // `Service Tickets` is there before `Service Tickets: Inquire` is tried as a name.
            if let Some(id) = names::exact(self.registry, self.module.as_deref(), &text[..end]) {
                return (Some(Found::Exact(id)), &text[end..]);
            }
        }
        (None, text)
    }

    fn named_line(&mut self, line: &Line, found: Found, text: &str, rest: &str, granted: &Rights) {
        self.listing = None;
        if granted.says_something() {
            if let Some(row) = self.row(line.number, &found, text, granted) {
                let tail = rest.get(granted.tail..).unwrap_or_default().to_owned();
                self.entries(row, line.number, &tail, false);
            }
            self.action = None;
        } else if let Some(granted) = self.rights.clone()
            && (rights::is_empty_talk(rest) || rest.trim_start().starts_with(['(', '-', ':', ',']))
        {
            self.row(line.number, &found, text, &granted);
        } else {
            self.action = Some(found);
            self.rights = None;
        }
    }

    fn unnamed_line(&mut self, line: &Line, text: &str, granted: &Rights) {
        let head = text.get(..granted.head).unwrap_or_default().trim();
        let tail = text.get(granted.tail..).unwrap_or_default().to_owned();
        let whole = head.trim_matches([':', '-', ' ']) == "*";
        if rights::is_empty_talk(head) && !whole {
            if let Some(found) = self.action.clone() {
                if let Some(row) = self.row(line.number, &found, text, granted) {
                    self.entries(row, line.number, &tail, false);
                }
                return;
            }
            let actions: Vec<Option<ActionId>> = tail
                .split([',', ';'])
                .map(|name| names::exact(self.registry, self.module.as_deref(), name))
                .collect();
            if actions.iter().any(Option::is_some) {
                for (name, action) in tail.split([',', ';']).zip(actions) {
                    let found = action.map_or_else(
                        || names::find(self.registry, self.module.as_deref(), name),
                        Found::Exact,
                    );
                    self.row(line.number, &found, name, granted);
                }
            } else if rights::is_empty_talk(&tail) && granted.explicit {
                self.rights = Some(granted.clone());
            }
            return;
        }
        // `Click Add` is no row; `Companies > Archive: Inquire All` is one, of an action that is not there.
        let is_path = head.contains('>')
            && names::module(self.registry, head.split('>').next().unwrap_or_default()).is_some();
        if !(granted.explicit || is_path) || rights::words(head).count() > 8 {
            return;
        }
        let found = names::find(self.registry, self.module.as_deref(), head);
        (self.action, self.listing) = (None, None);
        if let Some(row) = self.row(line.number, &found, head, granted) {
            self.entries(row, line.number, &tail, false);
        }
    }

    /// The row of an action with what is granted; nothing where the action is not known, which is told.
    fn row(&mut self, number: usize, found: &Found, name: &str, granted: &Rights) -> Option<usize> {
        let (module, action, uncertain) = match found {
            Found::Exact(id) | Found::Meant(id, _) => {
                let known = self.registry.get(*id)?;
                let differs = match found {
                    Found::Meant(_, differs) => Some(differs.clone()),
                    _ => None,
                };
                (known.module.clone(), known.name.clone(), differs)
            }
            Found::Whole(module) => (module.clone(), "*".to_owned(), None),
            Found::Unknown(near) => {
                if granted.grants() {
                    let advice = near.as_ref().map_or_else(
                        || "look for it on the Security Roles screen; a later release may have dropped or renamed it".to_owned(),
                        |near| format!("if `{near}` is meant, add it to the profile"),
                    );
                    self.unread(
                        number,
                        format!(
                            "there is no action `{}`, so nothing is granted for it",
                            name.trim_matches([' ', '-', ':', '>'])
                        ),
                        advice,
                    );
                }
                self.listing = None;
                return None;
            }
        };
        if let Some(differs) = &uncertain {
            self.pasted.remarks.push(Remark {
                line: number,
                text: differs.clone(),
                advice: "look whether the guide means that".to_owned(),
            });
        }
        let at = self
            .pasted
            .rows
            .iter()
            .position(|row| row.module == module && row.action == action);
        let at = at.unwrap_or_else(|| {
            self.pasted.rows.push(Row {
                module: module.clone(),
                action: action.clone(),
                line: number,
                ..Row::default()
            });
            self.pasted.rows.len() - 1
        });
        let row = &mut self.pasted.rows[at];
        for (cell, level) in row.levels.iter_mut().zip(granted.levels) {
            *cell = level.map_or(*cell, |level| {
                Some(cell.map_or(level, |held| held.max(level)))
            });
        }
        if granted.ticked && granted.grants() {
            row.printed = Some("granted".to_owned());
        }
        if row.uncertain.is_none() {
            row.uncertain = uncertain;
        }
        let is_tables = matches!(found, Found::Exact(id) | Found::Meant(id, _) if *id == self.registry.table_setup());
        self.listing = is_tables.then_some((at, None));
        Some(at)
    }

    /// An entry of the list that is being told, or its category; true where it was one.
    fn listed(&mut self, line: &Line, text: &str) -> bool {
        let Some((row, category)) = self.listing.clone() else {
            return false;
        };
        let row_of_it = &mut self.pasted.rows[row];
        let lower = text.to_lowercase();
        if [
            "disallow",
            "deny",
            "right side",
            "right-hand",
            "all except",
            "all but",
        ]
        .iter()
        .any(|word| lower.contains(word))
        {
            row_of_it.deny = true;
        }
        if let Some(found) = names::table(self.registry, category.as_deref(), text) {
            if !row_of_it.tables.contains(&found) {
                row_of_it.tables.push(found);
            }
            return true;
        }
        if let Some(found) = names::category(self.registry, text.trim_end_matches(':')) {
            self.listing = Some((row, Some(found)));
            return true;
        }
        let parts = text.contains('/') || text.contains(" > ");
        if names::exact(self.registry, self.module.as_deref(), text).is_some() {
            return false;
        }
        if (parts || line.item) && rights::words(text).count() <= 8 {
            self.unknown_table(line.number, text, category.as_deref());
            return true;
        }
        if text.contains([',', ';']) {
            let text = text.to_owned();
            return self.entries(row, line.number, &text, false);
        }
        false
    }

    /// Entries in one text; true where some were there. `column` says that the text can be nothing else.
    fn entries(&mut self, row: usize, number: usize, text: &str, column: bool) -> bool {
        if text.trim().is_empty() {
            return false;
        }
        let about = &self.pasted.rows[row];
        if (about.module.as_str(), about.action.as_str()) != ("System", "Table Setup") {
            if column {
                self.unread(
                    number,
                    format!("the list `{text}` of {} / {} is your own data", about.module, about.action),
                    "write its entries, or a placeholder, as `customize` into the profile; without it every entry is open".to_owned(),
                );
            }
            return false;
        }
        let bare = text.split_once(':').map_or(text, |(before, after)| {
            if before.to_lowercase().contains("customi") || before.to_lowercase().contains("table")
            {
                after
            } else {
                text
            }
        });
        let pieces: Vec<&str> = bare
            .split([';', ',', '\n'])
            .map(|piece| piece.trim_matches([' ', '(', ')', ':', '-', '.']))
            .filter(|piece| !piece.is_empty() && !piece.to_lowercase().starts_with("customi"))
            .collect();
        let found: Vec<Option<String>> = pieces
            .iter()
            .map(|piece| names::table(self.registry, None, piece))
            .collect();
        if !column && found.iter().all(Option::is_none) {
            return false;
        }
        for (piece, found) in pieces.into_iter().zip(found) {
            match found {
                Some(found) if self.pasted.rows[row].tables.contains(&found) => {}
                Some(found) => self.pasted.rows[row].tables.push(found),
                None => self.unknown_table(number, piece, None),
            }
        }
        true
    }

    fn unknown_table(&mut self, number: usize, text: &str, category: Option<&str>) {
        let text = text.trim_matches(['(', ')', ' ', '.']);
        let whole = category.map_or_else(
            || text.to_owned(),
            |category| format!("{category} / {text}"),
        );
        let near = self.registry.nearest_table(&whole.replace(" > ", " / "));
        let advice = near.map_or_else(
            || "write it as `Category / Table`, as the Table Setup screen does".to_owned(),
            |near| {
                format!(
                    "if `{}` is meant, add it to the profile's entries",
                    near.full_name()
                )
            },
        );
        self.unread(
            number,
            format!("there is no setup table `{text}`, so it is not on the list"),
            advice,
        );
    }

    fn unread(&mut self, line: usize, text: String, advice: String) {
        self.pasted.unread.push(Remark { line, text, advice });
    }
}
