//! Names as people write them: equal in spite of case, dashes and blanks, and the nearest one.
//!
//! Must not know what a name stands for.

/// The part of a name that counts: letters and digits in lower case, `&` as `and`.
///
/// `Configuration – Display Passwords`, `Configuration-display passwords` and
/// `Table Setup (customize)` / `Table setup` fold to the same text.
pub(crate) fn fold(name: &str) -> String {
    let lower: String = name.chars().flat_map(char::to_lowercase).collect();
    let mut folded = String::with_capacity(lower.len());
    for ch in lower.replace("(customize)", "").chars() {
        if ch == '&' {
            folded.push_str("and");
        } else if ch.is_alphanumeric() {
            folded.push(ch);
        }
    }
    folded
}

/// `Service / Service Board`, `Service/Service Board`, `Service\Service Board` in two parts.
pub(crate) fn split(full_name: &str) -> Option<(&str, &str)> {
    full_name.split_once(['/', '\\'])
}

/// A stable identifier from a name: `Time & Expense` becomes `TimeAndExpense`.
pub(crate) fn identifier(name: &str) -> String {
    let mut made = String::with_capacity(name.len());
    let mut at_start = true;
    for ch in name.replace('&', " and ").chars() {
        if !ch.is_alphanumeric() {
            at_start = true;
        } else if at_start {
            made.extend(ch.to_uppercase());
            at_start = false;
        } else {
            made.push(ch);
        }
    }
    made
}

/// The candidate whose folded spelling is fewest edits away from the wanted one; one that holds it whole
/// (`Company Type` for `Type`) comes before all others.
pub(crate) fn nearest<'a, T>(
    wanted: &str,
    candidates: impl Iterator<Item = (&'a str, T)>,
) -> Option<T> {
    let wanted = fold(wanted);
    candidates
        .map(|(name, value)| {
            let name = fold(name);
            let holds = wanted.len() > 3 && name.contains(&wanted);
            (!holds, distance(&wanted, &name), value)
        })
        .min_by_key(|(apart, edits, _)| (*apart, *edits))
        .map(|(.., value)| value)
}

/// Number of single-letter insertions, deletions and replacements between two texts.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_fold_together() {
        let same = [
            (
                "Configuration – Display Passwords",
                "Configuration-display passwords",
            ),
            ("Table Setup (customize)", "table setup"),
            ("CRM / Sales Activities", "CRM/Sales Activities"),
            ("Time and Expense", "Time & Expense"),
            ("Workflow_Rules", "Workflow Rules"),
        ];
        for (a, b) in same {
            assert_eq!(fold(a), fold(b));
        }
        assert_ne!(fold("Purchase Orders"), fold("Purchase Orders (Aiso)"));
    }

    #[test]
    fn edits_are_counted() {
        for (a, b, edits) in [
            ("", "abc", 3),
            ("kitten", "sitting", 3),
            ("same", "same", 0),
            ("ab", "b", 1),
        ] {
            assert_eq!(distance(a, b), edits, "{a} {b}");
            assert_eq!(distance(b, a), edits, "{b} {a}");
        }
    }

    #[test]
    fn identifiers_are_words_joined() {
        assert_eq!(identifier("Time & Expense"), "TimeAndExpense");
        assert_eq!(identifier("CRM/Sales Activities"), "CRMSalesActivities");
        assert_eq!(identifier("Purchase Orders (Aiso)"), "PurchaseOrdersAiso");
    }
}
