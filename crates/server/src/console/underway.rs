//! Work that takes longer than a page may: it goes on by itself, and its page shows how far it is. Knows
//! nothing of what is done.

use super::page::{self, Page};
use crate::secret::{Secret, word};
use maud::{Markup, PreEscaped, html};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Pieces of work that are remembered; the oldest finished ones go first.
const MOST: usize = 50;

/// All work of a server.
#[derive(Default)]
pub struct Underway {
    all: Mutex<HashMap<String, Arc<Work>>>,
    /// Rows that the last demo company had.
    rows: AtomicU64,
}

/// One piece of work.
pub struct Work {
    title: String,
    /// The session that began it; its outcome can hold keys.
    owner: String,
    /// Rows expected; 0 when nobody knows.
    total: u64,
    done: AtomicU64,
    outcome: Mutex<Outcome>,
}

/// What has come of it.
#[derive(Default)]
enum Outcome {
    #[default]
    Nothing,
    /// A part for the first view of the page that asks, and for that one again: two of its questions may
    /// cross, and an answer may be lost.
    Done {
        part: Secret,
        view: Option<String>,
    },
    Shown,
    Failed(String),
}

impl Work {
    /// So many rows are done.
    pub fn step(&self, count: u64) {
        self.done.store(count, Ordering::Relaxed);
    }

    pub fn finish(&self, part: Markup) {
        *self.outcome.lock() = Outcome::Done {
            part: Secret::new(part.into_string()),
            view: None,
        };
    }

    pub fn fail(&self, text: impl Into<String>) {
        *self.outcome.lock() = Outcome::Failed(text.into());
    }
}

impl Underway {
    /// Learns how many rows a demo company has.
    pub fn expect(&self, rows: u64) {
        if rows > 0 {
            self.rows.store(rows, Ordering::Relaxed);
        }
    }

    /// Begins a piece of work and answers its name.
    pub fn begin(&self, title: impl Into<String>, owner: &str, demo: bool) -> (String, Arc<Work>) {
        let work = Arc::new(Work {
            title: title.into(),
            owner: owner.to_owned(),
            total: if demo {
                self.rows.load(Ordering::Relaxed)
            } else {
                0
            },
            done: AtomicU64::new(0),
            outcome: Mutex::default(),
        });
        let name = word();
        let mut all = self.all.lock();
        if all.len() >= MOST {
            all.retain(|_, work| matches!(*work.outcome.lock(), Outcome::Nothing));
        }
        all.insert(name.clone(), work.clone());
        (name, work)
    }

    fn find(&self, name: &str, owner: &str) -> Option<Arc<Work>> {
        let found = self.all.lock().get(name).cloned();
        found.filter(|work| work.owner == owner)
    }

    /// The page of a piece of work: a view of its own each time it is loaded.
    pub fn page(&self, name: &str, owner: &str, address: &str) -> Option<Page> {
        let work = self.find(name, owner)?;
        let body = html! {
            h1 { (work.title) }
            div #work aria-live="polite" { (Self::shown(&work, &word(), address)) }
        };
        Some(Page::new("instances", work.title.clone(), body))
    }

    /// How far it is, or what came of it, for a view that the page was loaded into.
    pub fn part(&self, name: &str, owner: &str, view: &str, address: &str) -> Option<Markup> {
        Some(Self::shown(&*self.find(name, owner)?, view, address))
    }

    fn shown(work: &Work, asking: &str, address: &str) -> Markup {
        let mut outcome = work.outcome.lock();
        match &mut *outcome {
            Outcome::Nothing => return Self::bar(work, asking, address),
            Outcome::Failed(text) => return page::wrong(text),
            Outcome::Done { part, view } => {
                if view.get_or_insert_with(|| asking.to_owned()) == asking {
                    return PreEscaped(part.reveal().to_owned());
                }
            }
            Outcome::Shown => {}
        }
        *outcome = Outcome::Shown;
        html! {
            p.said { "It is done." }
            p.hint { "What it had to show was shown once." }
        }
    }

    fn bar(work: &Work, view: &str, address: &str) -> Markup {
        let done = work.done.load(Ordering::Relaxed);
        html! {
            div hx-get=(format!("{address}/part?view={view}")) hx-trigger="every 400ms" hx-target="#work" {
                label for="bar" { "Laying down records" }
                @if work.total > 0 { progress #bar max=(work.total) value=(done.min(work.total)) {} } @else { progress #bar {} }
                p.hint { (done) " rows" @if work.total > 0 { " of about " (work.total) } }
                noscript { p { a href=(address) { "Look again" } } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Underway;
    use maud::html;

    /// What a view is shown of a piece of work.
    fn seen(all: &Underway, name: &str, owner: &str, view: &str) -> Option<String> {
        let part = all.part(name, owner, view, "/work");
        part.map(maud::PreEscaped::into_string)
    }

    #[test]
    fn work_shows_how_far_it_is_and_its_outcome_once_to_whoever_began_it() {
        let all = Underway::default();
        all.expect(200);
        let (name, work) = all.begin("Making", "mine", true);
        work.step(50);
        let part = seen(&all, &name, "mine", "first").expect("mine");
        assert!(part.contains("max=\"200\" value=\"50\""), "{part}");
        assert!(part.contains("/part?view=first"), "{part}");
        assert_eq!(seen(&all, &name, "another's", "first"), None);
        work.finish(html! { "hidden" });
        assert_eq!(seen(&all, &name, "another's", "other"), None);
        for _ in 0..2 {
            // Two questions of one view may cross: the later answer must not hide the keys again.
            assert_eq!(
                seen(&all, &name, "mine", "first").as_deref(),
                Some("hidden")
            );
        }
        for view in ["reloaded", "first"] {
            let part = seen(&all, &name, "mine", view).expect("mine");
            assert!(!part.contains("hidden"), "{view}: {part}");
        }
    }

    #[test]
    fn each_load_of_the_page_is_a_view_of_its_own() {
        let all = Underway::default();
        let (name, work) = all.begin("Making", "mine", false);
        work.finish(html! { "hidden" });
        let load = || {
            let page = all.page(&name, "mine", "/work").expect("mine");
            page.body.into_string()
        };
        assert!(load().contains("hidden"));
        assert!(!load().contains("hidden"));
    }
}
