//! The nearest known name to one that is not known. Knows only letters.

/// The candidate closest to `word`, when it is close enough to be meant.
///
/// Case, blanks and punctuation weigh nothing; beyond that a third of the letters may differ.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = letters(word);
    let limit = (wanted.len() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (distance(&wanted, &letters(candidate)), candidate))
        .filter(|(away, _)| *away <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// How many letters two words differ in, without case, blanks and punctuation.
pub(super) fn distance_of(left: &str, right: &str) -> usize {
    distance(&letters(left), &letters(right))
}

fn letters(word: &str) -> Vec<char> {
    word.chars()
        .filter(|letter| letter.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// Edits (insert, remove, replace) between two words.
fn distance(left: &[char], right: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in right.iter().enumerate() {
            let cost = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = cost.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant() {
        let names = [
            "Service Tickets",
            "Close Service Tickets",
            "Table Setup",
            "Contacts",
        ];
        for (word, expected) in [
            ("Service Ticket", Some("Service Tickets")),
            ("table  setup", Some("Table Setup")),
            ("Contact", Some("Contacts")),
            ("Setup", None),
            ("Closed Service Tickets", Some("Close Service Tickets")),
            ("Warehouse", None),
        ] {
            assert_eq!(nearest(word, names), expected, "{word}");
        }
    }
}
