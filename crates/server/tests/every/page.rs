//! The coverage pages, written from what the test saw and from nothing else: `docs/coverage/README.md` with
//! the sums, and a page for each module of the API.

use crate::cases::{Seen, needs, word};
use crate::support::Company;
use bitting_catalog::entity::{Basis, Entity, Right};
use bitting_policy::{Needs, Registry};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

/// Compares the pages at rest with what was seen, or writes them anew.
pub fn compare(company: &Company, seen: &[Seen]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/coverage");
    let accept = std::env::var("INSTA_UPDATE").is_ok_and(|wish| wish == "always");
    let mut stale = Vec::new();
    for (name, text) in pages(company, seen) {
        let path = folder.join(&name);
        if accept {
            std::fs::create_dir_all(&folder).expect("a folder for the pages");
            std::fs::write(&path, text).expect("a page is written");
        } else if std::fs::read_to_string(&path).ok().as_deref() != Some(&text) {
            stale.push(format!("docs/coverage/{name}"));
        }
    }
    assert!(
        stale.is_empty(),
        "not what the test saw: {}; write them anew with INSTA_UPDATE=always cargo test -p bitting-server --test every",
        stale.join(", ")
    );
}

/// What is summed up over some operations.
#[derive(Default, Clone, Copy)]
struct Sums {
    operations: usize,
    allowed: usize,
    denied: usize,
    wrong: usize,
    waiting: usize,
}

impl Sums {
    fn add(&mut self, seen: &Seen) {
        self.operations += 1;
        self.allowed += usize::from(seen.allowed);
        self.denied += usize::from(seen.refused);
        self.wrong += usize::from(!seen.invalid.is_empty());
        self.waiting += usize::from(seen.not_yet);
    }
}

fn percent(part: usize, whole: usize) -> String {
    // Rounded down: 100 % is all of them.
    let tenths = part * 1000 / whole.max(1);
    format!("{}.{} %", tenths / 10, tenths % 10)
}

fn pages(company: &Company, seen: &[Seen]) -> BTreeMap<String, String> {
    let catalog = company.instance.catalog();
    let mut modules: BTreeMap<&str, Vec<&Seen>> = BTreeMap::new();
    for case in seen {
        let path = &*catalog.routes[case.route].path;
        let module = path.trim_start_matches('/').split('/').next();
        modules
            .entry(module.unwrap_or_default())
            .or_default()
            .push(case);
    }
    let mut pages = BTreeMap::new();
    for (module, cases) in &modules {
        pages.insert(format!("{module}.md"), module_page(company, module, cases));
    }
    pages.insert("README.md".to_owned(), first_page(company, &modules, seen));
    pages
}

fn first_page(company: &Company, modules: &BTreeMap<&str, Vec<&Seen>>, seen: &[Seen]) -> String {
    let catalog = company.instance.catalog();
    let mut all = Sums::default();
    for case in seen {
        all.add(case);
    }
    let mut text = format!(
        "# Coverage of the ConnectWise API\n\n\
        Written by the test `every` of the server from what it saw, and refused there when stale. It calls each of \
        the {} operations of the catalog three ways: as it wants to be called, by a key with exactly the right \
        it needs; with a mistake in path, body or conditions; and by a key without rights. An answer counts as \
        allowed when its status is that of the catalog's entry, it holds no field outside the schema of its \
        release (2022.1, 2025.1 and 2026.4, chosen by `Accept`), and no value of another type than the schema says.\n\n\
        | | operations | allowed | denied | wrong input refused | not answered yet |\n|---|--:|--:|--:|--:|--:|\n",
        all.operations
    );
    for (module, cases) in modules {
        let mut sums = Sums::default();
        for case in cases {
            sums.add(case);
        }
        row(&mut text, &format!("[{module}]({module}.md)"), sums);
    }
    row(&mut text, "**all**", all);
    writeln!(
        text,
        "\n{} seen allowed, {} seen denied; `/system/info` is for everyone, and can't be denied.\n\n\
        A mistake is one of path, body or conditions; where a call has none of them, the key is the mistake. Of a list, a record was made first, so that its members were seen.\n\n\
        ## How sure the rights are\n\n\
        The vendor's description does not say which right an operation needs.\n\n\
        | basis | operations | |\n|---|--:|---|",
        percent(all.allowed, all.operations),
        percent(all.denied, all.operations)
    )
    .expect("text");
    for (basis, name, meaning) in BASES {
        let of = |case: &&Seen| needs(catalog, &catalog.routes[case.route]).basis == basis;
        let count = seen.iter().filter(of).count();
        writeln!(text, "| {name} | {count} | {meaning} |").expect("text");
    }
    let waiting: Vec<&Seen> = seen.iter().filter(|case| case.not_yet).collect();
    if !waiting.is_empty() {
        text.push_str("\n## Not answered yet\n\nThese refuse a key without the right, and answer 404 or less than the catalog says to one with it.\n\n");
        for case in waiting {
            let path = &catalog.routes[case.route].path;
            writeln!(text, "- {} `{path}`", word(case.method)).expect("text");
        }
    }
    text
}

const BASES: [(Basis, &str, &str); 4] = [
    (
        Basis::Stated,
        "stated",
        "a vendor says so, or a refusal was seen",
    ),
    (
        Basis::Granted,
        "granted",
        "a vendor gives exactly this for the purpose",
    ),
    (Basis::Inferred, "inferred", "follows from what is known"),
    (
        Basis::Chosen,
        "chosen",
        "our choice, with its reason on the module's page",
    ),
];

fn row(text: &mut String, name: &str, sums: Sums) {
    writeln!(
        text,
        "| {name} | {} | {} | {} | {} | {} |",
        sums.operations, sums.allowed, sums.denied, sums.wrong, sums.waiting
    )
    .expect("text");
}

fn module_page(company: &Company, module: &str, cases: &[&Seen]) -> String {
    let catalog = company.instance.catalog();
    let registry = company.instance.registry();
    let mut text = format!(
        "# {module}\n\nPart of the [coverage of the ConnectWise API](README.md): what each call needs, and the status the test \
        saw. A + marks calls that touch another record as well (a document's, a ticket that is made), which takes the right to that too, or that are about \
        the caller's own records.\n"
    );
    let mut entities: BTreeMap<&str, (&Entity, Vec<&Seen>)> = BTreeMap::new();
    for case in cases {
        let entity = catalog.entity(catalog.routes[case.route].entity);
        let entry = entities.entry(&entity.path).or_insert((entity, Vec::new()));
        entry.1.push(case);
    }
    for (path, (entity, cases)) in entities {
        writeln!(text, "\n## {path}\n\n{}\n", said(registry, &entity.right)).expect("text");
        text.push_str("| | path | level | allowed | denied | wrong |\n|---|---|---|--:|--:|--:|\n");
        let mut further: Vec<String> = Vec::new();
        for case in cases {
            let route = &catalog.routes[case.route];
            let right = needs(catalog, route);
            let mut mark = String::new();
            if *right != entity.right {
                let note = said(registry, right);
                let place = further.iter().position(|known| *known == note);
                let place = place.unwrap_or_else(|| {
                    further.push(note);
                    further.len() - 1
                });
                mark = format!(" ({})", place + 1);
            }
            let mut wrong: Vec<String> = case.invalid.iter().map(u16::to_string).collect();
            wrong.dedup();
            writeln!(
                text,
                "| {} | `{}` | {}{mark} | {} | {} | {} |",
                word(case.method),
                route.path,
                case.level,
                if case.not_yet {
                    "not yet".to_owned()
                } else {
                    format!("{}{}", case.valid, if case.further { " +" } else { "" })
                },
                case.denied,
                wrong.join(", ")
            )
            .expect("text");
        }
        for (index, note) in further.iter().enumerate() {
            writeln!(text, "\n({}) {note}", index + 1).expect("text");
        }
    }
    text
}

/// A right in words, with its basis and, where it is our choice or an inference, the reason.
fn said(registry: &Registry, right: &Right) -> String {
    let basis = BASES.iter().find(|(basis, ..)| *basis == right.basis);
    let basis = basis.map_or("", |(_, name, _)| name);
    format!(
        "{} — {basis}: {}",
        names(registry, &right.needs),
        right.reason
    )
}

fn names(registry: &Registry, needs: &Needs) -> String {
    let join = |parts: &[Needs], word: &str| {
        let parts: Vec<String> = parts.iter().map(|part| names(registry, part)).collect();
        parts.join(word)
    };
    match needs {
        Needs::Anyone => "Open, also without a key".to_owned(),
        Needs::AnyMember => "Open to every member".to_owned(),
        Needs::Action(action) => registry.get(*action).expect("an action").full_name(),
        Needs::Table(table) => {
            let table = registry.get_table(*table).expect("a table").full_name();
            format!("Table Setup with {table}")
        }
        Needs::Every(parts) => join(parts, " and "),
        Needs::Either(parts) => join(parts, " or "),
    }
}
