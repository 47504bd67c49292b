//! Verbs and levels out of a guide's words: `Inquire: All`, `Add/Edit - My`, `View All`, a tick in a cell.
//! Knows no names of modules and actions.

use bitting_policy::{Level, Verb};

/// What a stretch of text grants.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Rights {
    /// In the order of [`Verb::EVERY`]; nothing where the text does not name the verb.
    pub levels: [Option<Level>; 4],
    /// A verb or a tick stood there without a level, which means All.
    pub ticked: bool,
    /// A level was written beside a verb.
    pub explicit: bool,
    /// Where the text before the rights ends and where the text behind them begins, in bytes.
    pub head: usize,
    pub tail: usize,
}

impl Rights {
    pub fn says_something(&self) -> bool {
        self.levels.iter().any(Option::is_some)
    }

    pub fn grants(&self) -> bool {
        self.levels
            .iter()
            .flatten()
            .any(|level| *level > Level::None)
    }

    /// The higher level of two that a guide gives in two places.
    pub fn set(&mut self, verb: Verb, level: Level) {
        let cell = &mut self.levels[place(verb)];
        *cell = Some(cell.map_or(level, |held| held.max(level)));
    }
}

pub(super) fn place(verb: Verb) -> usize {
    Verb::EVERY
        .iter()
        .position(|known| *known == verb)
        .unwrap_or(0)
}

/// The verb a word means, in small letters; the words that vendors use for the four columns.
pub(super) fn verb(word: &str) -> Option<Verb> {
    Some(match word {
        "add" | "create" | "new" => Verb::Add,
        "edit" | "update" | "modify" => Verb::Edit,
        "delete" | "remove" | "del" => Verb::Delete,
        "inquire" | "inquiry" | "enquire" | "enquiry" | "view" | "read" | "inq" => Verb::Inquire,
        _ => return None,
    })
}

/// What a cell says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    Level(Level),
    /// A tick: granted, without a level.
    Tick,
    Blank,
}

/// A cell of a verb's column; nothing where it can't be read.
pub(super) fn said(cell: &str) -> Option<Said> {
    let mut words = words(cell).map(|(_, _, word)| word);
    let Some(first) = words.next() else {
        // Dashes, dots and stars say that nothing is granted; a cell with other signs says something.
        let nothing = cell
            .chars()
            .all(|ch| matches!(ch, ' ' | '-' | '.' | '*' | '/' | '_'));
        return nothing.then_some(Said::Blank);
    };
    // `All (see below)` is All, `All or My` is nobody knows what.
    let second = words.next();
    if second.as_deref().and_then(level).is_some() && first != "n" {
        return None;
    }
    match first.as_str() {
        "n" | "na" | "not" | "off" | "unchecked" => Some(Said::Level(Level::None)),
        "x" | "y" | "true" | "on" | "checked" => Some(Said::Tick),
        word => level(word),
    }
}

/// The level a word means.
fn level(word: &str) -> Option<Said> {
    Some(match word {
        "all" => Said::Level(Level::All),
        "my" | "mine" | "own" => Said::Level(Level::My),
        "none" | "no" => Said::Level(Level::None),
        "yes" | "granted" | "required" | "enabled" | "allowed" => Said::Tick,
        _ => return None,
    })
}

/// Words that stand between verbs and levels and say nothing.
fn is_filler(word: &str) -> bool {
    matches!(
        word,
        "level"
            | "levels"
            | "access"
            | "right"
            | "rights"
            | "permission"
            | "permissions"
            | "set"
            | "to"
            | "and"
            | "or"
            | "is"
            | "as"
            | "at"
            | "for"
            | "only"
            | "must"
            | "be"
            | "should"
            | "on"
            | "with"
            | "the"
            | "of"
            | "needs"
    )
}

/// Words with where they begin and end, in small letters.
pub(super) fn words(text: &str) -> impl Iterator<Item = (usize, usize, String)> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + text[at..].find(char::is_alphanumeric)?;
        let length = text[start..]
            .find(|ch: char| !ch.is_alphanumeric())
            .unwrap_or(text.len() - start);
        at = start + length;
        Some((start, at, text[start..at].to_lowercase()))
    })
}

/// The rights in a line of prose, wherever in it they begin.
pub(super) fn rights(text: &str) -> Rights {
    let words: Vec<(usize, usize, String)> = words(text).collect();
    let mut found = Rights {
        head: text.len(),
        tail: text.len(),
        ..Rights::default()
    };
    let verb_at = |at: usize| words.get(at).and_then(|(_, _, word)| verb(word));
    let level_at = |at: usize| words.get(at).and_then(|(_, _, word)| level(word));
    // `All: Inquire` begins with its level.
    let begins = (0..words.len()).find(|at| {
        verb_at(*at).is_some() || (level_at(*at).is_some() && verb_at(at + 1).is_some())
    });
    let Some(first) = begins else {
        return found;
    };
    found.head = words[first].0;
    let (mut pending, mut lead) = (Vec::new(), None);
    let mut at = first;
    while at < words.len() {
        let word = words[at].2.as_str();
        if let Some(verb) = verb(word) {
            match lead {
                Some(level) => found.take(verb, level),
                None => pending.push(verb),
            }
        } else if let Some(level) = level(word) {
            if pending.is_empty() {
                lead = Some(level);
            }
            for verb in pending.drain(..) {
                found.take(verb, level);
            }
        } else if !is_filler(word) {
            break;
        }
        at += 1;
    }
    for verb in pending {
        found.set(verb, Level::All);
        found.ticked = true;
    }
    found.tail = words.get(at).map_or(text.len(), |(start, ..)| *start);
    // `Inquire: All (to find companies), Add: My (to open tickets)`: further pairs count only side by side.
    for at in at..words.len() {
        if let (Some(verb), Some(level)) = (verb_at(at), level_at(at + 1)) {
            found.take(verb, level);
        }
    }
    found
}

/// Rights in words, `Full access` among them.
pub(super) fn in_words(text: &str) -> Rights {
    let mut found = rights(text);
    if !found.says_something() && words(text).any(|(_, _, word)| word == "full") {
        for verb in Verb::EVERY {
            found.set(verb, Level::All);
        }
        found.ticked = true;
    }
    found
}

impl Rights {
    fn take(&mut self, verb: Verb, said: Said) {
        self.explicit = true;
        match said {
            Said::Level(level) => self.set(verb, level),
            Said::Tick => {
                self.set(verb, Level::All);
                self.ticked = true;
            }
            Said::Blank => {}
        }
    }
}

/// Whether a text is made of words without meaning only, `Set` or nothing.
pub(super) fn is_empty_talk(text: &str) -> bool {
    words(text).all(|(_, _, word)| is_filler(&word))
}
