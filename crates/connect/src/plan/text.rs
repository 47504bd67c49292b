//! A plan for people: a sign, the thing, from and to; the counts in the last line.

use super::{ADMIN, Line, Plan, Sign, Subject};
use std::fmt::Write as _;

impl Plan {
    /// The plan as text; `colour` for a terminal.
    pub fn text(&self, colour: bool) -> String {
        let mut out = String::new();
        let mut say = |text: &str| {
            out.push_str(text.trim_end());
            out.push('\n');
        };
        say(&format!(
            "Plan for {} on role `{}`",
            self.wanted.title, self.wanted.document.name
        ));
        for (heading, lines) in [
            (
                format!("security role `{}`", self.wanted.document.name),
                &self.role_lines,
            ),
            (
                format!("API member `{}`", self.wanted.member.identifier),
                &self.member_lines,
            ),
        ] {
            if lines.is_empty() {
                say(&format!("\n  {heading}: as wanted"));
                continue;
            }
            say(&format!("\n  {heading}"));
            let mut row = String::new();
            for line in lines {
                // The row's name stands once, its cells below it.
                if let Subject::Cell { module, action, .. } = &line.subject {
                    let name = format!("{module} / {action}");
                    if name != row {
                        let why = if line.why.is_empty() {
                            String::new()
                        } else {
                            format!("  # {}", line.why)
                        };
                        say(&format!("      {name}{why}"));
                        row = name;
                    }
                } else if let Subject::List {
                    row: at,
                    list,
                    entry: Some(_),
                } = &line.subject
                    && row != *list
                {
                    say(&format!("      {at}, customize ({list})"));
                    row.clone_from(list);
                }
                say(&painted(line, colour));
            }
        }
        if let Some(keys) = self.keys.as_ref().filter(|_| self.member.is_some()) {
            let live = keys.iter().filter(|key| !key.inactive_flag).count();
            say(&match live {
                0 => "\n  keys: none that works".to_owned(),
                1 => "\n  keys: 1 that works".to_owned(),
                live => format!("\n  keys: {live} that work"),
            });
        }
        if !self.notes.is_empty() {
            say("");
            for note in &self.notes {
                say(&format!("  note: {note}"));
            }
        }
        let _ = write!(out, "\n{}\n", self.summary());
        out
    }
}

fn painted(line: &Line, colour: bool) -> String {
    let text = shown(line);
    if !colour {
        return text;
    }
    let code = match line.sign {
        Sign::Add => "32",
        Sign::Change => "33",
        Sign::Remove => "31",
    };
    format!("\u{1b}[{code}m{text}\u{1b}[0m")
}

fn shown(line: &Line) -> String {
    let sign = match line.sign {
        Sign::Add => '+',
        Sign::Change => '~',
        Sign::Remove => '-',
    };
    let Line { from, to, .. } = line;
    match &line.subject {
        Subject::Role if line.why == ADMIN => {
            format!("    {sign} make the role, an administrator's")
        }
        Subject::Role => format!("    {sign} make the role"),
        Subject::Member => format!("    {sign} make the member"),
        Subject::Cell { verb, .. } => format!("        {sign} {verb:<8}{from} -> {to}"),
        Subject::List {
            entry: Some(entry), ..
        } if !to.is_empty() => format!("        {sign} {entry} ({to})"),
        Subject::List {
            entry: Some(entry), ..
        } => format!("        {sign} {entry}"),
        Subject::List {
            row,
            list,
            entry: None,
        } => format!("    {sign} {row}, customize ({list}): {from} -> {to}"),
        Subject::Field { field } if from.is_empty() => {
            format!("    {sign} {:<22}{to}", caption(field))
        }
        Subject::Field { field } => format!("    {sign} {:<22}{from} -> {to}", caption(field)),
    }
}

/// A field of the API as the member form calls it.
pub fn caption(field: &str) -> &str {
    match field {
        "name" => "Member Name",
        "securityRole" => "Role ID",
        "securityLocation" => "Location",
        "defaultDepartment" => "Business Unit",
        "serviceDefaultBoard" => "Default Board",
        "excludedServiceBoardIds" => "Restrict Board Access",
        "emailAddress" => "Email",
        "blockPriceFlag" => "Block Price",
        "blockCostFlag" => "Block Cost",
        "inactiveFlag" => "Inactive",
        other => other,
    }
}
