//! The pages of one integration, as far as there are any: one is there only where jobs of it run beside the server.

use super::visit::Visit;
use crate::jobs::Jobs;
use bitting_catalog::profile::{Profile, Psa};
use maud::{Markup, html};
use std::sync::Arc;

/// The pages of one profile.
pub fn tabs(visit: &Visit<'_>, profile: &Profile, on: &str) -> Markup {
    let mut all = vec![
        ("", "Profile and plan"),
        ("connect", "Connect"),
        ("verify", "Verify now"),
        ("guide", "Guide"),
    ];
    if has(visit, profile) {
        all.push(("side", "Connection and jobs"));
    }
    html! { nav.tabs aria-label=(profile.title()) { @for (path, words) in all {
        a href=(visit.at(format!("integrations/{}/{path}", profile.slug).trim_end_matches('/'))) aria-current=[(path == on).then_some("page")] { (words) }
    } } }
}

/// What the jobs of a profile are called: one product has others for Autotask.
pub fn slug(profile: &Profile) -> String {
    match profile.product.psa {
        Psa::ConnectWise => profile.slug.clone(),
        Psa::Autotask => format!("{}_autotask", profile.slug),
    }
}

/// Whether jobs of this integration run beside the server.
pub fn has(visit: &Visit<'_>, profile: &Profile) -> bool {
    let slugs = visit.server.console.with_jobs.get();
    slugs.is_some_and(|slugs| slugs.contains(&slug(profile)))
}

/// Learns once which integrations have jobs.
pub async fn learn(visit: &Visit<'_>) {
    if visit.server.console.with_jobs.get().is_none()
        && let Ok(all) = work(visit, |jobs| jobs.overview()).await
    {
        let slugs = all.into_iter().map(|one| one.slug).collect();
        let _ = visit.server.console.with_jobs.set(slugs);
    }
}

/// Asks those who run the jobs, who may wait for a disk.
pub async fn work<T: Send + 'static>(
    visit: &Visit<'_>,
    work: impl FnOnce(&dyn Jobs) -> std::result::Result<T, String> + Send + 'static,
) -> std::result::Result<T, String> {
    let Some(jobs) = visit.server.jobs().cloned() else {
        return Err("No jobs run beside this server.".to_owned());
    };
    let jobs: Arc<dyn Jobs> = jobs;
    let worked = tokio::task::spawn_blocking(move || work(&*jobs));
    worked.await.unwrap_or_else(|error| {
        tracing::error!(%error, "the console's question about jobs broke off");
        Err("It broke off; the server's log says why.".to_owned())
    })
}
