//! The integration's own side: the form where its keys, URL and company id are pasted, its jobs and their runs.
//! What runs the jobs was joined to the server; nothing here knows what a job does.

use super::bench::{Pasted, Refusal};
use super::connect::order;
use super::desk::Desk;
use super::integrations::tabs;
use super::page::{self, Field, Page};
use super::{Outcome, Result, Visit, proof};
use crate::jobs::{Integration, Job, JobRun, Jobs, NewConnection};
use crate::secret::Secret;
use bitting_catalog::profile::{Profile, Psa};
use maud::{Markup, html};
use std::sync::Arc;

/// Runs on the page.
const SHOWN: usize = 30;

/// Whether jobs of this integration run beside the server.
pub fn has(visit: &Visit<'_>, profile: &Profile) -> bool {
    let slugs = visit.server.console.with_jobs.get();
    profile.product.psa == Psa::ConnectWise
        && slugs.is_some_and(|slugs| slugs.contains(&profile.slug))
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

async fn work<T: Send + 'static>(
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

pub async fn answer(
    visit: &Visit<'_>,
    desk: &Desk<'_>,
    profile: &Profile,
    rest: &[&str],
) -> Result<Outcome> {
    let here = visit.at(&format!("integrations/{}/side", profile.slug));
    let slug = profile.slug.clone();
    match rest {
        [] if visit.post => save(visit, profile, &here).await,
        [] => sheet(visit, profile, &[]).await,
        ["check"] if visit.post => Ok(Outcome::Part(check(visit, desk, profile).await)),
        ["runs"] => Ok(Outcome::Part(runs(visit, profile).await)),
        ["run"] if visit.post => {
            let job = visit.form.trimmed("job").to_owned();
            let name = job.clone();
            let begun = work(visit, move |jobs| {
                jobs.start(&slug, (!job.is_empty()).then_some(job.as_str()))
            })
            .await;
            visit.session.say(match begun {
                Ok(()) if name.is_empty() => {
                    "All jobs were started, one after the other.".to_owned()
                }
                Ok(()) => format!("{name} was started; what comes of it appears below."),
                Err(text) => text,
            });
            Ok(Outcome::See(here))
        }
        ["settings"] if visit.post => {
            let text = visit.form.text("settings").replace("\r\n", "\n");
            match work(visit, move |jobs| jobs.set_settings(&slug, &text)).await {
                Ok(()) => {
                    visit
                        .session
                        .say("The settings are saved; the next run takes them.");
                    Ok(Outcome::See(here))
                }
                Err(text) => sheet(visit, profile, &[Refusal::on("settings", text)]).await,
            }
        }
        _ => Ok(Outcome::Nowhere),
    }
}

fn pasted(visit: &Visit<'_>) -> Pasted {
    let form = &visit.form;
    Pasted {
        url: form.trimmed("url").to_owned(),
        company: form.trimmed("company").to_owned(),
        public_key: form.trimmed("public_key").to_owned(),
        private_key: Secret::new(form.trimmed("private_key")),
    }
}

/// What is missing in the form, field by field.
fn lacking(pasted: &Pasted) -> Vec<Refusal> {
    let all = [
        ("url", &*pasted.url, "Paste the address of the server."),
        ("company", &*pasted.company, "Paste the company id."),
        ("public_key", &*pasted.public_key, "Paste the public key."),
        (
            "private_key",
            pasted.private_key.reveal(),
            "Paste the private key.",
        ),
    ];
    all.into_iter()
        .filter(|(_, value, _)| value.is_empty())
        .map(|(field, _, text)| Refusal::on(field, text))
        .collect()
}

/// Tries what stands in the form; nothing is kept. With no private key in it, the kept one is tried.
async fn check(visit: &Visit<'_>, desk: &Desk<'_>, profile: &Profile) -> Markup {
    let pasted = pasted(visit);
    let lacks = lacking(&pasted);
    if lacks.iter().any(|one| one.field != Some("private_key")) {
        let texts: Vec<&str> = lacks.iter().map(|one| one.text.as_str()).collect();
        return page::wrong(&texts.join(" "));
    }
    if !lacks.is_empty() {
        let slug = profile.slug.clone();
        return match work(visit, move |jobs| jobs.check(&slug)).await {
            Err(text) => page::wrong(&text),
            Ok(rights) => html! {
                @if rights.iter().any(|one| one.result == "missing" && !one.optional) { p.wrong role="alert" { "The key that is kept lacks rights." } }
                @else { p.said role="status" { b { "Connected." } " The key that is kept opens the PSA." } }
                ul.plain { @for one in rights { li { span.proved.(if one.result == "held" { "granted" } else if one.result == "missing" { "missing" } else { "unproved" }) { (one.result) } " " (one.right) @if one.optional { " (optional)" } } } }
            },
        };
    }
    let asked = order(profile, &visit.form);
    let proved = desk
        .bench(move |bench, _| bench.check(&asked, &pasted))
        .await;
    match proved {
        Ok(found) => {
            html! { p.said role="status" { b { "Connected." } " The address, the company and the key are right." } (proof::shown(&found)) }
        }
        Err(refusal) => page::wrong(&refusal.text),
    }
}

async fn save(visit: &Visit<'_>, profile: &Profile, here: &str) -> Result<Outcome> {
    let pasted = pasted(visit);
    let lacks = lacking(&pasted);
    if !lacks.is_empty() {
        return sheet(visit, profile, &lacks).await;
    }
    let url = pasted.url.trim_end_matches('/').to_owned();
    let connection = NewConnection {
        ca_file: visit.server.console.authority(&url),
        url,
        company: pasted.company,
        public_key: pasted.public_key,
        private_key: pasted.private_key.reveal().to_owned(),
        // Names the software that calls, not the tenant.
        client_id: Some(crate::host::CLIENT_ID.to_owned()),
        integration_code: None,
    };
    let slug = profile.slug.clone();
    match work(visit, move |jobs| jobs.connect(&slug, connection)).await {
        Ok(()) => {
            visit.session.say(
                "Saved. The private key rests encrypted and is never shown again; the jobs run from now on.",
            );
            Ok(Outcome::See(here.to_owned()))
        }
        Err(text) => sheet(visit, profile, &[Refusal::new(text)]).await,
    }
}

async fn sheet(visit: &Visit<'_>, profile: &Profile, refused: &[Refusal]) -> Result<Outcome> {
    let title = profile.title();
    let slug = profile.slug.clone();
    let known = work(visit, move |jobs| {
        let all = jobs.overview()?;
        let own = all.into_iter().find(|one| one.slug == slug);
        let settings = jobs.settings(&slug).unwrap_or_default();
        Ok(own.map(|own| (own, settings)))
    })
    .await;
    let (own, settings) = match known {
        Ok(Some(known)) => known,
        Ok(None) => return Ok(Outcome::Nowhere),
        Err(text) => {
            let body = html! { h1 { (title) } (tabs(visit, profile, "side")) (page::wrong(&text)) };
            return Ok(Outcome::Page(
                Page::new("integrations", title, body).with_status(503),
            ));
        }
    };
    let error = |field: &str| {
        let own = refused.iter().find(|one| one.field == Some(field));
        own.map(|one| one.text.as_str())
    };
    let here = visit.at(&format!("integrations/{}/side", profile.slug));
    let settings = visit.form.given("settings").unwrap_or(&settings);
    let body = html! {
        (page::crumbs(&[("Integrations", Some(visit.at("integrations"))), (&title, Some(visit.at(&format!("integrations/{}", profile.slug)))), ("Connection and jobs", None)]))
        h1 { (title) }
        (tabs(visit, profile, "side"))
        @for one in refused.iter().filter(|one| one.field.is_none()) { (page::wrong(&one.text)) }
        @if let Some(step) = profile.step.last() { p.hint { "In the product itself: " b { (step.at) } ". " (step.action) } }
        (connection_form(visit, &own, &here, &error))
        section { h2 { "Jobs" } div #runs hx-get=(format!("{here}/runs")) hx-trigger="every 3s" { (tables(visit, &own, &[], &here)) } }
        section { details open[error("settings").is_some()] { summary { "Settings of the jobs" }
            form.card method="post" action=(format!("{here}/settings")) {
                (page::csrf(visit))
                (page::text_field("settings", "Settings", settings, "TOML; each line says what it means.", error("settings"), Field { long: true, ..Field::default() }))
                button type="submit" { "Save the settings" }
            }
        } }
    };
    let status = if refused.is_empty() { 200 } else { 422 };
    let page = Page::new("integrations", format!("{title}: connection"), body);
    Ok(Outcome::Page(page.with_status(status)))
}

fn connection_form<'e>(
    visit: &Visit<'_>,
    own: &Integration,
    here: &str,
    error: &dyn Fn(&str) -> Option<&'e str>,
) -> Markup {
    let kept = own.connection.as_ref();
    let value = |field: &str, kept: Option<&str>, usual: &str| {
        let sent = visit.form.given(field);
        sent.or(kept).unwrap_or(usual).to_owned()
    };
    let text = |hint: &'static str, name: &str, label: &str, value: &str, kind: &'static str| {
        let field = Field {
            kind,
            required: true,
            ..Field::default()
        };
        page::text_field(name, label, value, hint, error(name), field)
    };
    html! {
        section { h2 { "Connection" }
            p { "What " (own.title) " itself asks for in the last step of its guide." }
            form.card method="post" action=(here) {
                (page::csrf(visit))
                (text("Where the PSA is, without a path.", "url", "URL", &value("url", kept.map(|one| &*one.url), &visit.origin), "url"))
                (text("What people type when they log in.", "company", "Company ID", &value("company", kept.map(|one| &*one.company), visit.place.name()), "text"))
                (text("", "public_key", "Public Key", &value("public_key", kept.map(|one| &*one.public_key), ""), "text"))
                (page::text_field("private_key", "Private Key", "", if kept.is_some() { "One is kept, encrypted, and is never shown. Paste it anew to change the connection." } else { "Kept encrypted, never shown again." },
                    error("private_key"), Field { kind: "password", complete: "off", ..Field::default() }))
                div.buttons {
                    button.quiet type="button" hx-post=(format!("{here}/check")) hx-target="#checked" hx-disabled-elt="this" { "Check connection" } " "
                    button type="submit" { "Save" }
                }
            }
            div #checked aria-live="polite" {}
        }
    }
}

async fn runs(visit: &Visit<'_>, profile: &Profile) -> Markup {
    let here = visit.at(&format!("integrations/{}/side", profile.slug));
    let slug = profile.slug.clone();
    let found = work(visit, move |jobs| {
        let all = jobs.overview()?;
        let runs = jobs.runs(&slug, None, SHOWN)?;
        let own = all.into_iter().find(|one| one.slug == slug);
        Ok(own.map(|own| (own, runs)))
    })
    .await;
    match found {
        Ok(Some((own, runs))) => tables(visit, &own, &runs, &here),
        Ok(None) => html! {},
        Err(text) => page::wrong(&text),
    }
}

fn tables(visit: &Visit<'_>, own: &Integration, runs: &[JobRun], here: &str) -> Markup {
    let connected = own.connection.is_some();
    html! {
        @if !connected { (page::empty("The jobs run once the connection is saved.")) }
        div.wide tabindex="0" role="region" aria-label="Jobs" { table {
            thead { tr { th scope="col" { "Job" } th scope="col" { "What it does" } th scope="col" { "Runs" } th scope="col" { "Last" } th scope="col" { "Next" } th scope="col" { span.sr { "Run" } } } }
            tbody { @for job in &own.jobs { (row(visit, job, connected, here)) } }
        } }
        h3 { "Runs" }
        @if runs.is_empty() { (page::empty("No run yet. Run now starts a job; others start at their own rhythm.")) }
        @else { div.wide tabindex="0" role="region" aria-label="Runs" { table {
            thead { tr { th scope="col" { "At" } th scope="col" { "Job" } th scope="col" { "Result" } th scope="col" { "Read" } th scope="col" { "Created" } th scope="col" { "Changed" } th scope="col" { "Remarks" } } }
            tbody { @for run in runs { tr {
                td { (run.at) } th scope="row" { (run.job) }
                td { (result(run)) }
                td.number { (run.read) } td.number { (run.created) } td.number { (run.changed) }
                td { @if let Some(error) = &run.error { (error) } @for warning in &run.warnings { p.hint { (warning) } } }
            } } }
        } } }
    }
}

fn result(run: &JobRun) -> Markup {
    html! { span.status.(if run.done { "good" } else { "refused" }) { @if run.done { "done" } @else { "failed" } } }
}

fn row(visit: &Visit<'_>, job: &Job, connected: bool, here: &str) -> Markup {
    html! { tr {
        th scope="row" { (job.name) }
        td { (job.what) } td { (job.rhythm) }
        td { @if let Some(holder) = &job.running { "running (" (holder) ")" } @else if let Some(last) = &job.last { (result(last)) " " (last.at) } @else { "never" } }
        td { (job.next.as_deref().unwrap_or("—")) }
        td.act { @if connected { form method="post" action=(format!("{here}/run")) {
            (page::csrf(visit)) input type="hidden" name="job" value=(job.name);
            button.quiet type="submit" { "Run now" span.sr { " " (job.name) } }
        } } }
    } }
}
