//! The integration's own side: the form where its keys, URL and company id are pasted, its jobs and their runs.
//! What runs the jobs was joined to the server; nothing here knows what a job does.

use super::autotask::chosen as on_autotask;
use super::bench::{Pasted, Refusal};
use super::page::{self, Field, Page};
use super::tabs::{slug, tabs, work};
use super::{chosen, proof};
use crate::console::{
    outcome::{Outcome, Result},
    visit::Visit,
};
use crate::jobs::{Integration, Job, JobRun, NewConnection};
use bitting_catalog::profile::{Profile, Psa};
use bitting_psa::secret::Secret;
use maud::{Markup, html};

/// Runs on the page.
const SHOWN: usize = 30;

pub async fn answer(visit: &Visit<'_>, profile: &Profile, rest: &[&str]) -> Result<Outcome> {
    let here = visit.at(&format!("integrations/{}/side", profile.slug));
    let slug = slug(profile);
    match rest {
        [] if visit.post => save(visit, profile, &here).await,
        [] => sheet(visit, profile, &[]).await,
        ["check"] if visit.post => Ok(Outcome::Part(check(visit, profile).await)),
        ["runs"] => Ok(Outcome::Part(runs(visit, profile).await)),
        ["run"] if visit.post => {
            let job = visit.form.trimmed("job").to_owned();
            let name = job.clone();
            let begun = work(visit, move |jobs| {
                jobs.start(&slug, (!job.is_empty()).then_some(job.as_str()))
            })
            .await;
            let said = match begun {
                Ok(()) if name.is_empty() => {
                    "All jobs were started, one after the other.".to_owned()
                }
                Ok(()) => format!("{name} was started; what comes of it appears below."),
                Err(text) => return sheet(visit, profile, &[Refusal::new(text)]).await,
            };
            visit.session.say(said);
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

/// A field of the form.
struct Asked {
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    lacking: &'static str,
    /// Kept encrypted, and never shown again.
    secret: bool,
}

const fn open(
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    lacking: &'static str,
) -> Asked {
    Asked {
        name,
        label,
        hint,
        lacking,
        secret: false,
    }
}

const fn secret(name: &'static str, label: &'static str, lacking: &'static str) -> Asked {
    Asked {
        name,
        label,
        hint: "Kept encrypted, never shown again.",
        lacking,
        secret: true,
    }
}

const CONNECTWISE: [Asked; 4] = [
    open(
        "url",
        "URL",
        "Where the PSA is, without a path.",
        "Paste the address of the server.",
    ),
    open(
        "company",
        "Company ID",
        "What people type when they log in.",
        "Paste the company id.",
    ),
    open("public_key", "Public Key", "", "Paste the public key."),
    secret("private_key", "Private Key", "Paste the private key."),
];
const AUTOTASK: [Asked; 4] = [
    open(
        "url",
        "URL of the zone",
        "Where the PSA is, without a path.",
        "Paste the address of the zone.",
    ),
    open(
        "public_key",
        "Username (Key)",
        "The API user's.",
        "Paste the user name.",
    ),
    secret("private_key", "Password (Secret)", "Paste the secret."),
    secret(
        "code",
        "Tracking Identifier",
        "Paste the tracking identifier.",
    ),
];

/// What the last step of a guide asks for.
fn fields(profile: &Profile) -> &'static [Asked; 4] {
    match profile.product.psa {
        Psa::ConnectWise => &CONNECTWISE,
        Psa::Autotask => &AUTOTASK,
    }
}

fn pasted(visit: &Visit<'_>) -> Pasted {
    let form = &visit.form;
    Pasted {
        url: form.trimmed("url").to_owned(),
        company: form.trimmed("company").to_owned(),
        public_key: form.trimmed("public_key").to_owned(),
        private_key: Secret::new(form.trimmed("private_key")),
        code: Secret::new(form.trimmed("code")),
    }
}

/// What is missing in the form, field by field.
fn lacking(visit: &Visit<'_>, profile: &Profile) -> Vec<Refusal> {
    let empty = |asked: &&Asked| visit.form.trimmed(asked.name).is_empty();
    let lacking = fields(profile).iter().filter(empty);
    lacking
        .map(|asked| Refusal::on(asked.name, asked.lacking))
        .collect()
}

/// Tries what stands in the form; nothing is kept. With no secret in it, the kept one is tried. What is wrong
/// with a field is said beside it too.
async fn check(visit: &Visit<'_>, profile: &Profile) -> Markup {
    let slug = slug(profile);
    let lacks = lacking(visit, profile);
    let secrets = || fields(profile).iter().filter(|asked| asked.secret);
    let lacks_secret = |asked: &Asked| lacks.iter().any(|one| one.field == Some(asked.name));
    if !lacks.is_empty() && lacks.len() == secrets().count() && secrets().all(lacks_secret) {
        let tried = work(visit, move |jobs| jobs.check(&slug)).await;
        return html! {
            @match tried {
                Err(text) => (page::wrong(&text)),
                Ok(rights) => {
                    @if rights.iter().any(|one| one.result == "missing" && !one.optional) { p.wrong role="alert" { "The key that is kept lacks rights." } }
                    @else { p.said role="status" { b { "Connected." } " The key that is kept opens the PSA." } }
                    ul.plain { @for one in rights { li { span.proved.(if one.result == "held" { "granted" } else if one.result == "missing" { "missing" } else { "unproved" }) { (one.result) } " " (one.right) @if one.optional { " (optional)" } } } }
                }
            }
            (hints(profile, &[]))
        };
    }
    if !lacks.is_empty() {
        let texts: Vec<&str> = lacks.iter().map(|one| one.text.as_str()).collect();
        return html! { (page::wrong(&texts.join(" "))) (hints(profile, &lacks)) };
    }
    let pasted = pasted(visit);
    let autotask = profile.product.psa == Psa::Autotask;
    let asked = if autotask {
        on_autotask::order(profile, &visit.form)
    } else {
        chosen::order(profile, &visit.form)
    };
    let proved = visit
        .server
        .console
        .over_api(move |bench| {
            if autotask {
                bench.check_autotask(&asked, &pasted)
            } else {
                bench.check(&asked, &pasted)
            }
        })
        .await;
    match proved {
        Ok(found) => html! {
            p.said role="status" { b { "Connected." } @if autotask { " The zone, the user name, the secret and the tracking identifier are right." } @else { " The address, the company and the key are right." } }
            (proof::shown(&found)) (hints(profile, &[]))
        },
        Err(refusal) => {
            html! { (page::wrong(&refusal.text)) (hints(profile, std::slice::from_ref(&refusal))) }
        }
    }
}

/// What stands below each field, put there anew.
fn hints(profile: &Profile, refused: &[Refusal]) -> Markup {
    html! { @for asked in fields(profile) {
        p.hint id=(format!("{}-hint", asked.name)) hx-swap-oob="true" {
            @for one in refused.iter().filter(|one| one.field == Some(asked.name)) { strong { (one.text) } " " }
            (asked.hint)
        }
    } }
}

async fn save(visit: &Visit<'_>, profile: &Profile, here: &str) -> Result<Outcome> {
    let lacks = lacking(visit, profile);
    if !lacks.is_empty() {
        return sheet(visit, profile, &lacks).await;
    }
    let pasted = pasted(visit);
    let url = pasted.url.trim_end_matches('/').to_owned();
    let connection = NewConnection {
        ca_file: visit.server.console.authority(&url),
        url,
        company: pasted.company,
        public_key: pasted.public_key,
        private_key: pasted.private_key.reveal().to_owned(),
        // Names the software that calls, not the tenant.
        client_id: Some(bitting_calls::cutting::CLIENT_ID.to_owned()),
        integration_code: (profile.product.psa == Psa::Autotask)
            .then(|| pasted.code.reveal().to_owned()),
    };
    let slug = slug(profile);
    match work(visit, move |jobs| jobs.connect(&slug, connection)).await {
        Ok(()) => {
            visit.session.say(
                match profile.product.psa {
                    Psa::ConnectWise => "Saved. The private key rests encrypted and is never shown again; the jobs run from now on.",
                    Psa::Autotask => "Saved. Secret and tracking identifier rest encrypted and are never shown again; the jobs run from now on.",
                },
            );
            Ok(Outcome::See(here.to_owned()))
        }
        Err(text) => sheet(visit, profile, &[Refusal::new(text)]).await,
    }
}

async fn sheet(visit: &Visit<'_>, profile: &Profile, refused: &[Refusal]) -> Result<Outcome> {
    let title = profile.title();
    let slug = slug(profile);
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
        (connection_form(visit, profile, &own, &here, &error))
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
    profile: &Profile,
    own: &Integration,
    here: &str,
    error: &dyn Fn(&str) -> Option<&'e str>,
) -> Markup {
    let kept = own.connection.as_ref();
    // The first time, what this server knows of itself; then what is kept; secrets never.
    let value = |asked: &Asked| {
        let (kept, usual) = match asked.name {
            "url" => (kept.map(|one| &*one.url), &*visit.origin),
            "company" => (kept.map(|one| &*one.company), visit.place.name()),
            _ => (kept.map(|one| &*one.public_key), ""),
        };
        match visit.form.given(asked.name) {
            _ if asked.secret => String::new(),
            Some(sent) => sent.to_owned(),
            None => kept.unwrap_or(usual).to_owned(),
        }
    };
    let hint = |asked: &Asked| match (asked.secret, kept) {
        (true, Some(_)) => {
            "One is kept, encrypted, and is never shown. Paste it anew to change the connection."
        }
        _ => asked.hint,
    };
    let field = |asked: &Asked| Field {
        kind: match asked.name {
            "url" => "url",
            _ if asked.secret => "password",
            _ => "text",
        },
        required: !asked.secret,
        ..Field::default()
    };
    html! {
        section { h2 { "Connection" }
            p { "What " (own.title) " itself asks for in the last step of its guide." }
            form.card method="post" action=(here) {
                (page::csrf(visit))
                @for asked in fields(profile) {
                    (page::text_field(asked.name, asked.label, &value(asked), hint(asked), error(asked.name), field(asked)))
                }
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
    let slug = slug(profile);
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
