//! Where in a profile's file a fault is: the row's line is known, and what the message quotes is looked for in
//! that row, so that an editor can go to the very word. Knows the format's keys and nothing of what they mean.

/// Columns of a row, as messages and as files write them.
const CELLS: [(&str, &str); 5] = [
    ("Add", "add"),
    ("Edit", "edit"),
    ("Delete", "delete"),
    ("Inquire", "inquire"),
    ("View", "view"),
];

/// Line and column, both from 1, of what a message about the row at `line` speaks of.
pub fn spot(text: &str, line: usize, message: &str) -> (usize, usize) {
    let rows: Vec<(usize, &str)> = text
        .lines()
        .enumerate()
        .skip(line.saturating_sub(1))
        .enumerate()
        // The row ends where the next one begins.
        .take_while(|(index, (_, row))| *index == 0 || !row.starts_with('['))
        .map(|(_, row)| row)
        .collect();
    let find = |needle: &str| {
        rows.iter().find_map(|(number, row)| {
            let at = row.find(needle)?;
            Some((number + 1, row[..at].chars().count() + 1))
        })
    };
    for quoted in message.split('`').skip(1).step_by(2) {
        // The whole first; of a path its last part, which is the one that leads nowhere.
        let parts = quoted.split(['/', '>']).map(str::trim).rev();
        let whole = std::iter::once(quoted).chain(parts);
        for part in whole {
            if let Some(found) = find(&format!("\"{part}\"")) {
                return found;
            }
        }
    }
    for (word, key) in CELLS {
        let said = message
            .split(|letter: char| !letter.is_alphanumeric())
            .any(|found| found == word);
        let written = |(_, row): &&(usize, &str)| {
            row.trim_start()
                .strip_prefix(key)
                .is_some_and(|rest| rest.trim_start().starts_with('='))
        };
        if said && let Some((number, row)) = rows.iter().find(written) {
            let indent = row.len() - row.trim_start().len();
            return (number + 1, indent + 1);
        }
    }
    (line.max(1), 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "[profile]\nvendor = \"V\"\n\n[[grant]]\nmodule = \"Company\"\naction = \"Companie\"\n  add = \"My\"\n\
        customize = { mode = \"allow\", entries = [\"A / B\", \"C / D\"] }\n\n[[grant]]\nmodule = \"Sales\"\nadd = \"All\"\n";

    #[test]
    fn the_very_word_is_found_within_its_row() {
        for (line, message, spot_) in [
            (4, "there is no action `Company / Companie`", (6, 10)),
            (4, "there is no module `Company`", (5, 10)),
            (4, "there is no setup table `C / D`", (8, 51)),
            (4, "Company / Companie: Add cannot be My", (7, 3)),
            (10, "Sales / X: Add is All", (12, 1)),
            // Nothing of it is written: the row itself.
            (10, "there is no action `Nowhere`", (10, 1)),
            (0, "nothing", (1, 1)),
        ] {
            assert_eq!(spot(TEXT, line, message), spot_, "{message}");
        }
    }
}
