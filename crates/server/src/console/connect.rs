//! Connect: from a profile to a proved key in four steps. What was chosen travels in the address, so that Back
//! works and nothing half-done is kept; only the last step writes.

use super::bench::{Pair, Planned, Refusal, Sign};
use super::chosen::{everything, order, selection};
use super::desk::Desk;
use super::page::{self, Field, Page, inline};
use super::tabs::{has, tabs};
use super::{members, proof};
use crate::console::{
    outcome::{Outcome, Result},
    visit::Visit,
};
use bitting_calls::http::form::{Form, encode};
use bitting_catalog::profile::{Profile, Status};
use maud::{Markup, html};
use serde_json::Value;

const STEPS: [(&str, &str); 4] = [
    ("", "Features"),
    ("member", "Member"),
    ("plan", "Plan"),
    ("key", "Key and proof"),
];

/// Fields that travel as they are.
const FIELDS: [&str; 4] = ["role", "member", "location", "board"];

pub async fn answer(
    visit: &Visit<'_>,
    desk: &Desk<'_>,
    profile: &Profile,
    rest: &[&str],
) -> Result<Outcome> {
    match rest {
        [] => Ok(features(visit, profile)),
        ["member"] => member(visit, desk, profile, None).await,
        ["plan"] if visit.post => make(visit, desk, profile).await,
        ["plan"] => planned(visit, desk, profile).await,
        ["key"] => Ok(shown(visit, profile)),
        _ => Ok(Outcome::Nowhere),
    }
}

/// Everything that was chosen, for the next form. `but` are fields that the form has itself.
fn carried(profile: &Profile, form: &Form, but: &[&str]) -> Markup {
    html! {
        @for (name, value) in travelling(profile, form).iter().filter(|(name, _)| !but.contains(&name.as_str())) {
            input type="hidden" name=(name) value=(value);
        }
    }
}

fn travelling(profile: &Profile, form: &Form) -> Vec<(String, String)> {
    let mut all = Vec::new();
    if form.given("chosen").is_some() {
        all.push(("chosen".to_owned(), "1".to_owned()));
        all.extend(
            form.every("feature")
                .map(|id| ("feature".to_owned(), id.to_owned())),
        );
    }
    for gap in profile.unfilled(&everything(profile)) {
        let name = format!("set.{}", gap.name);
        let text = form.trimmed(&name).to_owned();
        all.push((name, text));
    }
    for name in FIELDS {
        all.push((name.to_owned(), form.trimmed(name).to_owned()));
    }
    all.retain(|(_, value)| !value.is_empty());
    all
}

fn address(visit: &Visit<'_>, profile: &Profile, step: &str, form: &Form) -> String {
    let query: Vec<String> = travelling(profile, form)
        .iter()
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    let base = visit.at(&format!("integrations/{}/connect", profile.slug));
    let path = if step.is_empty() {
        base
    } else {
        format!("{base}/{step}")
    };
    if query.is_empty() {
        path
    } else {
        format!("{path}?{}", query.join("&"))
    }
}

/// The frame of a step.
fn step(visit: &Visit<'_>, profile: &Profile, at: usize, form: &Form, body: &Markup) -> Page {
    let title = profile.title();
    let body = html! {
        (page::crumbs(&[("Integrations", Some(visit.at("integrations"))), (&title, Some(visit.at(&format!("integrations/{}", profile.slug)))), ("Connect", None)]))
        h1 { "Connect " (title) }
        (tabs(visit, profile, "connect"))
        ol.wizard { @for (index, (path, words)) in STEPS.iter().enumerate() {
            li.done[index < at] aria-current=[(index == at).then_some("step")] {
                @if index < at && at < 3 { a href=(address(visit, profile, path, form)) { (words) } } @else { span { (words) } }
            }
        } }
        (body)
    };
    Page::new("integrations", format!("Connect {title}"), body)
}

fn features(visit: &Visit<'_>, profile: &Profile) -> Outcome {
    let form = &visit.query;
    let selection = selection(profile, &order(profile, form));
    let gaps = profile.unfilled(&everything(profile));
    let body = html! {
        form.card method="get" action=(visit.at(&format!("integrations/{}/connect/member", profile.slug))) {
            input type="hidden" name="chosen" value="1";
            (carried(profile, form, &["chosen", "feature"]))
            @if profile.feature.is_empty() { p { "This integration has one set of rights; there is nothing to choose." } }
            @else { fieldset { legend { "What shall it do?" }
                p.hint { "Each feature asks for rights of its own. What is not ticked is not granted." }
                @for feature in &profile.feature {
                    @let used = feature.status == Status::Used;
                    (page::tick_of("feature", &feature.id, &feature.title, selection.features.contains(&feature.id),
                        &if used { feature.why.clone() } else { format!("{} (planned, legacy or temporary)", feature.why) }))
                }
            } }
            @for gap in gaps {
                (page::text_field(&format!("set.{}", gap.name), &gap.name, form.trimmed(&format!("set.{}", gap.name)), &format!("{}. One a line{}", gap.hint.trim_end_matches('.'),
                    if gap.examples.is_empty() { ".".to_owned() } else { format!("; the guide shows {}.", gap.examples.join(", ")) }), None, Field { long: true, ..Field::default() }))
            }
            button type="submit" { "Next: the member" }
        }
    };
    Outcome::Page(step(visit, profile, 0, form, &body))
}

async fn names(desk: &Desk<'_>, path: &str) -> Result<Vec<(String, String)>> {
    let rows = desk.list(path, "pageSize=1000&fields=name").await?;
    let mut names: Vec<String> = rows
        .iter()
        .filter_map(|row| row["name"].as_str().map(str::to_owned))
        .collect();
    names.sort_by_key(|name| name.to_lowercase());
    names.dedup();
    Ok(names.into_iter().map(|name| (name.clone(), name)).collect())
}

async fn member(
    visit: &Visit<'_>,
    desk: &Desk<'_>,
    profile: &Profile,
    refusal: Option<&Refusal>,
) -> Result<Outcome> {
    let form = if visit.post {
        &visit.form
    } else {
        &visit.query
    };
    let said = |name: &str, usual: Option<&bitting_catalog::profile::MemberValue>| match form
        .given(name)
    {
        Some(text) => text.to_owned(),
        None => usual
            .and_then(|value| value.value.clone())
            .unwrap_or_default(),
    };
    let of = &profile.member;
    let usual = profile.product.product.clone();
    let identifier: String = usual
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(15)
        .collect();
    let identifier = match said("member", of.identifier.as_ref()) {
        text if text.is_empty() => identifier,
        text => text,
    };
    let role = match form.trimmed("role") {
        "" => profile.role_name(),
        text => text.to_owned(),
    };
    let location = match said("location", of.location.as_ref()) {
        text if text.is_empty() => "Corporate".to_owned(),
        text => text,
    };
    let (mut locations, boards) = (
        names(desk, "system/locations").await?,
        names(desk, "service/boards").await?,
    );
    if !locations.iter().any(|(name, _)| *name == location) {
        locations.insert(0, (location.clone(), location.clone()));
    }
    let error = |field: &str| {
        let own = refusal.filter(|refusal| refusal.field == Some(field));
        own.map(|refusal| refusal.text.as_str())
    };
    let why = |value: &Option<bitting_catalog::profile::MemberValue>| {
        value
            .as_ref()
            .map(|value| match (&value.choose, value.why.as_str()) {
                (Some(choose), "") => choose.clone(),
                (Some(choose), why) => format!("{choose}: {why}"),
                (None, why) => why.to_owned(),
            })
            .unwrap_or_default()
    };
    let body = html! {
        @if let Some(refusal) = refusal.filter(|refusal| !matches!(refusal.field, Some("role" | "member"))) { (page::wrong(&refusal.text)) }
        form.card method="get" action=(visit.at(&format!("integrations/{}/connect/plan", profile.slug))) {
            (carried(profile, form, &FIELDS))
            (page::text_field("role", "Role ID", &role, "A role of its own: no other member gets these rights.", error("role"), Field { required: true, max: Some(30), ..Field::default() }))
            (page::text_field("member", "Member ID", &identifier, "At most 15 characters. One that is there is changed as the plan says.", error("member"), Field { required: true, max: Some(15), ..Field::default() }))
            (page::choice("location", "Location", &locations, &location, None, &format!("Which records it sees. {}", why(&of.location)), None))
            (page::choice("board", "Default board", &boards, &said("board", of.default_board.as_ref()), Some("the system's own"), &format!("Board of tickets that it makes without one. {}", why(&of.default_board)), None))
            button type="submit" { "Next: the plan" }
        }
    };
    let page = step(visit, profile, 1, form, &body);
    Ok(Outcome::Page(page.with_status(if refusal.is_some() {
        422
    } else {
        200
    })))
}

async fn planned(visit: &Visit<'_>, desk: &Desk<'_>, profile: &Profile) -> Result<Outcome> {
    let form = &visit.query;
    let asked = order(profile, form);
    let plan = desk
        .bench(move |bench, company| bench.plan(company, &asked))
        .await;
    let plan = match plan {
        Ok(plan) => plan,
        Err(refusal) => return member(visit, desk, profile, Some(&refusal)).await,
    };
    let body = html! {
        (lines(&plan))
        form.card method="post" action=(visit.at(&format!("integrations/{}/connect/plan", profile.slug))) {
            (page::csrf(visit))
            (carried(profile, form, &[]))
            p { "This makes the role and the member as above, cuts a key, and proves it with its own calls." }
            button type="submit" { "Connect" } " "
            a.button.quiet href=(address(visit, profile, "member", form)) { "Back" }
        }
    };
    Ok(Outcome::Page(step(visit, profile, 2, form, &body)))
}

/// A plan as a coloured list.
fn lines(plan: &Planned) -> Markup {
    html! {
        section { h2 { "What will change" }
            p { b { (plan.summary) } ", on role " b { (plan.role) } " and API member " b { (plan.member) } "." }
            @if plan.lines.is_empty() { p.said { "Everything is as wanted already; only the key is new." } }
            ul.diff { @for (sign, text) in &plan.lines { @match sign {
                Sign::Add => li.plus { "+ " (text) },
                Sign::Change => li.change { "~ " (text) },
                Sign::Remove => li.minus { "− " (text) },
            } } }
            @if !plan.notes.is_empty() { ul.notes { @for note in &plan.notes { li { (inline(note)) } } } }
        }
    }
}

/// Makes the plan true, cuts the key, proves it; the next page shows it once.
async fn make(visit: &Visit<'_>, desk: &Desk<'_>, profile: &Profile) -> Result<Outcome> {
    let asked = order(profile, &visit.form);
    let wanted = asked.clone();
    let done = desk
        .bench(move |bench, company| bench.apply(company, &wanted))
        .await;
    let done = match done {
        Ok(done) => done,
        Err(refusal) => return member(visit, desk, profile, Some(&refusal)).await,
    };
    let (key, pair) = desk.cut_key(done.member, &profile.title(), None).await?;
    let shown = members::pair_shown(&desk.instance.company, &key.description, &pair);
    let opens = Pair {
        public: pair.public,
        private: pair.private,
    };
    let proved = desk
        .bench(move |bench, company| bench.prove(company, &asked, &opens))
        .await;
    let part = html! {
        section { h2 { "Done" }
            @if done.said.is_empty() { p { "Role and member were as wanted already." } }
            ul { @for one in &done.said { li { (inline(one)) } } }
        }
        (shown)
        @match &proved {
            Ok(proof) => (proof::shown(proof)),
            Err(refusal) => (page::wrong(&format!("The proof did not come about: {}", refusal.text))),
        }
        (next(visit, profile, done.member))
    };
    let to = visit.at(&format!("integrations/{}/connect/key", profile.slug));
    visit.session.show_once(&to, part);
    Ok(Outcome::See(to))
}

fn next(visit: &Visit<'_>, profile: &Profile, member: i64) -> Markup {
    html! {
        section { h2 { "What is left" }
            ol.steps {
                li { "Paste both keys into " (profile.product.product) ", with the company id and the address of this server." }
                @if has(visit, profile) {
                    li { "Its jobs run here too: " a href=(visit.at(&format!("integrations/{}/side", profile.slug))) { "Connection and jobs" } "." }
                }
                li { a href=(visit.at(&format!("members/{member}/keys"))) { "The member and its keys" } "; " a href=(visit.at(&format!("integrations/{}/verify", profile.slug))) { "Verify now" } " proves it again at any time." }
            }
        }
    }
}

fn shown(visit: &Visit<'_>, profile: &Profile) -> Outcome {
    let here = visit.at(&format!("integrations/{}/connect/key", profile.slug));
    let body = match visit.session.shown_once(&here) {
        Some(part) => part,
        None => html! {
            (page::empty("The key was shown once and is gone. A lost key is replaced: delete it at the member and cut another."))
            p { a.button href=(visit.at(&format!("integrations/{}/connect", profile.slug))) { "Connect again" } }
        },
    };
    Outcome::Page(step(visit, profile, 3, &Form::default(), &body))
}

/// Verify now: a key that lives for a moment proves what a member holds.
pub async fn verify(visit: &Visit<'_>, desk: &Desk<'_>, profile: &Profile) -> Result<Outcome> {
    let here = visit.at(&format!("integrations/{}/verify", profile.slug));
    let form = if visit.post {
        &visit.form
    } else {
        &visit.query
    };
    let mut refusal = None;
    if visit.post {
        match visit.form.text("of").parse::<i64>() {
            Ok(member) => match verified(desk, profile, member, form).await? {
                Ok(part) => {
                    visit.session.show_once(&here, part);
                    return Ok(Outcome::See(format!("{here}?of={member}")));
                }
                Err(text) => refusal = Some(text),
            },
            Err(_) => refusal = Some("Choose the member whose rights are to be proved.".to_owned()),
        }
    }
    let members = desk
        .list(
            "system/apiMembers",
            "pageSize=1000&orderBy=identifier&conditions=inactiveFlag%3DFalse",
        )
        .await?;
    let options: Vec<(String, String)> = members.iter().map(named).collect();
    let selection = selection(profile, &order(profile, form));
    let chosen = match form.trimmed("of") {
        "" => guessed(profile, &members),
        text => text.to_owned(),
    };
    let title = profile.title();
    let result = visit.session.shown_once(&here);
    let body = html! {
        (page::crumbs(&[("Integrations", Some(visit.at("integrations"))), (&title, Some(visit.at(&format!("integrations/{}", profile.slug)))), ("Verify now", None)]))
        h1 { "Verify " (title) }
        (tabs(visit, profile, "verify"))
        p { "A key of this member is cut for five minutes, asks what it may, and is deleted. Keys that are in use stay as they are." }
        form.card method="post" {
            (page::csrf(visit))
            input type="hidden" name="chosen" value="1";
            (page::choice("of", "Member", &options, &chosen, Some("choose a member"), "", refusal.as_deref()))
            @if !profile.feature.is_empty() { fieldset.ticks { legend { "Features in use" }
                @for feature in &profile.feature { label { input type="checkbox" name="feature" value=(feature.id) checked[selection.features.contains(&feature.id)]; span { (feature.title) } } } } }
            @for gap in profile.unfilled(&everything(profile)) {
                (page::text_field(&format!("set.{}", gap.name), &gap.name, form.trimmed(&format!("set.{}", gap.name)), &gap.hint, None, Field { long: true, ..Field::default() }))
            }
            button type="submit" { "Verify now" }
        }
        @if let Some(result) = result { (result) }
    };
    let page = Page::new("integrations", format!("Verify {title}"), body);
    Ok(Outcome::Page(page.with_status(if refusal.is_some() {
        422
    } else {
        200
    })))
}

fn named(member: &Value) -> (String, String) {
    let text = |field: &str| member[field].as_str().unwrap_or_default();
    (
        member["id"].to_string(),
        format!("{} ({})", text("identifier"), text("name")),
    )
}

/// The member that was made for this profile, by the names its guide suggests.
fn guessed(profile: &Profile, members: &[Value]) -> String {
    let folded = |text: &str| {
        let kept = text.chars().filter(char::is_ascii_alphanumeric);
        kept.collect::<String>().to_lowercase()
    };
    let identifier = profile.member.identifier.as_ref();
    let own = [
        folded(&profile.product.product),
        folded(&profile.role_name()),
        folded(
            identifier
                .and_then(|value| value.value.as_deref())
                .unwrap_or_default(),
        ),
    ];
    let found = members.iter().find(|member| {
        let names = [
            &member["identifier"],
            &member["name"],
            &member["securityRole"]["name"],
        ];
        names
            .iter()
            .filter_map(|name| name.as_str())
            .any(|name| own.contains(&folded(name)))
    });
    found
        .map(|member| member["id"].to_string())
        .unwrap_or_default()
}

async fn verified(
    desk: &Desk<'_>,
    profile: &Profile,
    member: i64,
    form: &Form,
) -> Result<std::result::Result<Markup, String>> {
    // A member that is not there has no keys to cut either.
    members::named(desk, member, bitting_policy::Verb::Edit).await?;
    let asked = order(profile, form);
    let until = desk.instance.now() + jiff::SignedDuration::from_mins(5);
    let (key, pair) = desk
        .cut_key(member, "Verify now, for five minutes", Some(until))
        .await?;
    let opens = Pair {
        public: pair.public,
        private: pair.private,
    };
    let proved = desk
        .bench(move |bench, company| bench.prove(company, &asked, &opens))
        .await;
    desk.delete_key(key.id).await?;
    Ok(proved
        .map(|proof| proof::shown(&proof))
        .map_err(|refusal| refusal.text))
}
