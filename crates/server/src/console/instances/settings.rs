//! The switches of an instance: of a company or of an Autotask database, each with what it takes. Nothing is
//! kept unless all of them fit.

use super::subject::{Of, Subject};
use crate::console::page::{self, Field};
use crate::console::{
    outcome::{Outcome, Result},
    visit::Visit,
};
use crate::operator::{SWITCHES, setting_fault};
use bitting_autotask::tenant::switches;
use maud::{Markup, html};

/// A switch as the form asks for it.
struct Asked {
    name: &'static str,
    takes: &'static str,
    meaning: &'static str,
    /// The only values it takes; empty when it takes others.
    values: &'static [&'static str],
    /// What holds where it is not set.
    usual: &'static str,
    held: Option<String>,
}

fn asked(of: &Of) -> Vec<Asked> {
    match of {
        Of::Company(instance) => SWITCHES
            .iter()
            .map(|switch| Asked {
                name: switch.name,
                takes: switch.takes,
                meaning: switch.meaning,
                values: switch.values,
                usual: switch.values.first().copied().unwrap_or_default(),
                held: instance.setting(switch.name),
            })
            .collect(),
        Of::Tenant(tenant) => switches::SWITCHES
            .iter()
            .map(|switch| Asked {
                name: switch.name,
                takes: switch.takes,
                meaning: switch.meaning,
                values: switch.values(),
                usual: "as the server was started",
                held: tenant.switch(switch),
            })
            .collect(),
    }
}

/// What is wrong with a value, for people.
async fn fault(of: &Of, name: &str, value: Option<&str>) -> Result<Option<String>> {
    match of {
        Of::Company(instance) => match SWITCHES.iter().find(|switch| switch.name == name) {
            Some(switch) => setting_fault(instance, switch, value).await,
            None => Ok(None),
        },
        Of::Tenant(_) => {
            let switch = switches::Switch::find(name);
            Ok(switch.and_then(|switch| switch.fault(value?)))
        }
    }
}

async fn set(of: &Of, name: &str, value: Option<&str>) -> Result<()> {
    match of {
        Of::Company(instance) => instance.set_setting(name, value).await,
        Of::Tenant(tenant) => match switches::Switch::find(name) {
            Some(switch) => Ok(tenant.set_switch(switch, value).await?),
            None => Ok(()),
        },
    }
}

pub fn form<'e>(
    visit: &Visit<'_>,
    subject: &Subject<'_>,
    error: &dyn Fn(&str) -> Option<&'e str>,
) -> Markup {
    html! {
        form.card method="post" {
            (page::csrf(visit))
            @for one in asked(&subject.of) { (field(visit, &one, error(one.name))) }
            button type="submit" { "Save" }
        }
    }
}

fn field(visit: &Visit<'_>, asked: &Asked, error: Option<&str>) -> Markup {
    let name = asked.name;
    let hint = format!("{}. Takes: {}.", sentence(asked.meaning), asked.takes);
    let value = match visit.form.given(name) {
        Some(sent) => sent.to_owned(),
        None => asked.held.clone().unwrap_or_default(),
    };
    if asked.values.is_empty() {
        return page::text_field(name, name, &value, &hint, error, Field::default());
    }
    let values = asked.values.iter();
    let values: Vec<_> = values
        .map(|one| ((*one).to_owned(), (*one).to_owned()))
        .collect();
    let none = format!("not set: {}", asked.usual);
    page::choice(name, name, &values, &value, Some(&none), &hint, error)
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map(|first| first.to_uppercase().chain(chars).collect())
        .unwrap_or_default()
}

pub async fn save(visit: &Visit<'_>, subject: &Subject<'_>) -> Result<Outcome> {
    let all = asked(&subject.of);
    let sent = |name: &str| Some(visit.form.trimmed(name)).filter(|value| !value.is_empty());
    let mut errors = Vec::new();
    for one in &all {
        if let Some(text) = fault(&subject.of, one.name, sent(one.name)).await? {
            errors.push((one.name, text));
        }
    }
    if !errors.is_empty() {
        return Ok(super::refused(visit, subject, &errors));
    }
    let root = match &subject.of {
        Of::Company(_) => "settings".to_owned(),
        Of::Tenant(_) => format!("{}/settings", subject.path()),
    };
    for one in &all {
        let value = sent(one.name);
        if one.held.as_deref() != value {
            let path = format!("{root}/{}", one.name);
            let work = set(&subject.of, one.name, value);
            let desk = subject.desk;
            desk.written(http::Method::PUT, &path, work).await?;
        }
    }
    visit.session.say("Saved.");
    Ok(Outcome::See(visit.at("instances")))
}
