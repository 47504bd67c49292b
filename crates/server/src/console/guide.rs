//! A profile's guide as a page, with this server's address and company filled in. Knows no profile.

use super::bench::{Block, Order};
use super::page::{self, Page, inline};
use crate::console::{
    outcome::Outcome,
    visit::{Place, Visit},
};
use maud::{Markup, html};

/// The guide of the order's profile, with what was chosen. `tabs` stands above it.
pub async fn answer(visit: &Visit<'_>, order: Order, title: &str, tabs: &Markup) -> Outcome {
    let company = match &visit.place {
        Place::ConnectWise(name) | Place::Autotask(name) => name.clone(),
    };
    let made = visit
        .server
        .console
        .over_api(move |bench| bench.guide(&company, &order))
        .await;
    let body = html! {
        (page::crumbs(&[("Integrations", Some(visit.at("integrations"))), (title, None)]))
        (tabs)
        @match &made {
            Ok(blocks) => { article.guide { @for block in blocks { (shown(block)) } } }
            Err(refusal) => { h1 { (title) } (page::wrong(&refusal.text)) }
        }
    };
    let page = Page::new("integrations", format!("{title}: guide"), body);
    Outcome::Page(page.with_status(if made.is_ok() { 200 } else { 422 }))
}

pub fn shown(block: &Block) -> Markup {
    html! {
        @match block {
            Block::Heading(1, text) => h1 { (inline(text)) },
            Block::Heading(2, text) => h2 { (inline(text)) },
            Block::Heading(_, text) => h3 { (inline(text)) },
            Block::Paragraph(text) => p { (inline(text)) },
            Block::Bullets(items) => ul { @for item in items { li { (inline(item)) } } },
            Block::Steps(items) => ol.steps { @for item in items { li { (inline(item)) } } },
            Block::Table(head, rows) => {
                div.wide tabindex="0" role="region" aria-label=(head.join(", ")) { table {
                    thead { tr { @for cell in head { th scope="col" { (cell) } } } }
                    tbody { @for row in rows { tr { @for cell in row { td { (inline(cell)) } } } } }
                } }
            }
        }
    }
}
