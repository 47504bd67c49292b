//! The page of work that takes longer than a page may: how far it is, and what came of it.

use super::page::{self, Page};
use super::underway::{Outcome, Underway, Work};
use bitting_psa::secret::word;
use maud::{Markup, PreEscaped, html};
use std::sync::atomic::Ordering;

impl Underway {
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
