//! A company's first records: the demo company, or the least that anyone can call with.

use bitting_catalog::Catalog;
use bitting_catalog::entity::Entity;
use bitting_demo::{self as demo, DemoError, Recipes, RoleRecipe, Size, Summary};
use bitting_policy::{ListDocument, Role};
use bitting_psa::backend::Backend;
use bitting_psa::instance::Instance;
use bitting_psa::mine;
use bitting_query::Value;
use bitting_rules::first;
use bitting_store::{Change, StoreError};
use jiff::Timestamp;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

/// Setting that names the members a newcomer starts with, `admin,least`.
const MEMBERS: &str = "first-members";
/// Changes on their way from the generator to the store.
const UNDERWAY: usize = 4_096;

/// What was laid down, now or earlier.
#[derive(Debug, Clone, Copy)]
pub struct Seeded {
    /// The company was empty before.
    pub new: bool,
    pub admin: Option<i64>,
    pub least: Option<i64>,
}

/// Demo records of a new company.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct Demo {
    pub size: Size,
    /// Same seed, same records.
    pub seed: u64,
}

/// Fills a company that is new; leaves one with records as it is. `progress` hears how many rows are done.
pub async fn company(
    instance: &Instance,
    wanted: Option<&Demo>,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<Seeded, String> {
    if instance.setting(MEMBERS).is_some() {
        let [admin, least] = members(instance);
        return Ok(Seeded {
            new: false,
            admin,
            least,
        });
    }
    let (admin, least) = match wanted {
        Some(wanted) => {
            let summary = load(instance, wanted, progress).await?;
            (summary.admin.member, summary.least.member)
        }
        None => {
            let members = first::company(instance)
                .await
                .map_err(|problem| problem.to_string())?;
            let value = format!("{},{}", members.admin, members.least);
            instance
                .set_setting(MEMBERS, Some(&value))
                .await
                .map_err(|problem| problem.to_string())?;
            (members.admin, members.least)
        }
    };
    Ok(Seeded {
        new: true,
        admin: Some(admin),
        least: Some(least),
    })
}

/// What another process has laid down for this one.
pub fn laid(instance: &Instance) -> Seeded {
    let [admin, least] = members(instance);
    Seeded {
        new: true,
        admin,
        least,
    }
}

/// The members a newcomer starts with: the administrator and the least-privilege one.
pub fn members(instance: &Instance) -> [Option<i64>; 2] {
    let members = instance.setting(MEMBERS).unwrap_or_default();
    let mut ids = members.split(',').map(|id| id.parse().ok());
    [ids.next().flatten(), ids.next().flatten()]
}

/// Lays down the demo records of one PSA. Generates on one thread and stores on another, so that no
/// company has to fit into memory.
pub async fn lay_down(
    backend: &Backend,
    psa: &str,
    now: Timestamp,
    wanted: &Demo,
    last: Last<'_>,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<Summary, String> {
    let recipes = Recipes::embedded(psa).map_err(|error| error.to_string())?;
    let catalog = backend.catalog.clone();
    let wanted = wanted.clone();
    let (sender, receiver) = mpsc::sync_channel::<Change>(UNDERWAY);
    let generator = std::thread::spawn(move || {
        let mut emit = |change| {
            // A store that has failed stops listening; its own error is the one to tell.
            let _ = sender.send(change);
        };
        demo::generate(
            &catalog,
            &recipes,
            &wanted.size,
            wanted.seed,
            now,
            &mut emit,
        )
    });
    let mut rows = Rows {
        made: receiver.into_iter(),
        generator: Some(generator),
        summary: None,
        last,
        catalog: backend.catalog.clone(),
        rest: Vec::new().into_iter(),
    };
    let loaded = backend.store.load(&mut rows, progress).await;
    let summary = rows.summary();
    loaded.map_err(|error| error.to_string())?;
    backend.forget_all();
    summary
}

/// What belongs to a company beside the rows of its recipes, known once those are made.
pub(crate) type Last<'a> = &'a (dyn Fn(&Summary) -> Result<Vec<Change>, String> + Sync);

/// The rows of the recipes and then the last ones, as one list: they go into one transaction, so that a
/// server that is killed while it lays them down finds its company empty, and begins again.
struct Rows<'a> {
    made: mpsc::IntoIter<Change>,
    generator: Option<JoinHandle<Result<Summary, DemoError>>>,
    summary: Option<Result<Summary, String>>,
    last: Last<'a>,
    catalog: Arc<Catalog>,
    rest: std::vec::IntoIter<Change>,
}

impl Rows<'_> {
    /// The end of the generator, waited for once.
    fn end(&mut self) {
        let Some(generator) = self.generator.take() else {
            return;
        };
        let broken = |_| "the generator broke off; please report this".to_owned();
        let summary = generator.join().map_err(broken);
        let summary = summary.and_then(|made| made.map_err(|error| error.to_string()));
        self.summary = Some(summary.and_then(|summary| {
            let mut rest = (self.last)(&summary)?;
            // The recipes' rows came with their pairs: nobody has to work those out again.
            rest.extend(mine::all_filled(&self.catalog));
            self.rest = rest.into_iter();
            Ok(summary)
        }));
    }

    fn summary(mut self) -> Result<Summary, String> {
        // A store that has failed leaves rows behind that nobody takes any more.
        while self.next().is_some() {}
        self.end();
        self.summary
            .unwrap_or_else(|| Err("the generator told nothing; please report this".to_owned()))
    }
}

impl Iterator for Rows<'_> {
    type Item = Change;

    fn next(&mut self) -> Option<Change> {
        match self.made.next() {
            Some(change) => Some(change),
            None => {
                self.end();
                self.rest.next()
            }
        }
    }
}

/// Lays down one row of an entity without a caller, and answers its id. Nothing is checked or filled in:
/// this is for records that come before any caller, and for tests that need a row where the API makes none.
pub async fn row(
    instance: &Instance,
    entity: &Entity,
    values: Vec<(Arc<str>, Value)>,
) -> Result<i64, StoreError> {
    let table = entity.table.clone();
    let id = instance.backend.store.next_id(&table).await?;
    let change = Change::Insert { table, id, values };
    instance.backend.write(vec![change]).await?;
    Ok(id)
}

/// The demo company with the levels and lists of its roles.
async fn load(
    instance: &Instance,
    wanted: &Demo,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<Summary, String> {
    let now = instance.now();
    let setting = instance
        .backend
        .store
        .next_id(&Arc::from(bitting_psa::instance::SETTINGS))
        .await
        .map_err(|error| error.to_string())?;
    let last = |summary: &Summary| {
        let members = format!("{},{}", summary.admin.member, summary.least.member);
        let mut changes = vec![bitting_psa::instance::setting_change(
            setting, MEMBERS, &members,
        )];
        for (id, recipe) in &summary.roles {
            changes.push(instance.role_change(&role(instance, *id, recipe)?));
        }
        Ok(changes)
    };
    let backend = &instance.backend;
    let summary = lay_down(backend, "connectwise", now, wanted, &last, progress).await?;
    instance.reload().await.map_err(|error| error.to_string())?;
    Ok(summary)
}

fn role(instance: &Instance, id: i64, recipe: &RoleRecipe) -> Result<Role, String> {
    let registry = instance.registry();
    let fault = |what: String| format!("role {} of the demo company: {what}", recipe.name);
    let mut role = Role::new(registry, id, recipe.name.clone());
    role.admin = recipe.admin;
    for cell in &recipe.cells {
        let action = registry.action(&cell.module, &cell.action).ok_or_else(|| {
            fault(format!(
                "there is no action {} / {}",
                cell.module, cell.action
            ))
        })?;
        let mut levels = [bitting_policy::Level::None; 4];
        for (level, word) in
            levels
                .iter_mut()
                .zip([&cell.add, &cell.edit, &cell.delete, &cell.inquire])
        {
            *level = word.parse().map_err(|error| fault(format!("{error}")))?;
        }
        role.set(registry, action, levels)
            .map_err(|error| fault(error.to_string()))?;
    }
    for list in &recipe.lists {
        let id = registry
            .list(&list.list)
            .ok_or_else(|| fault(format!("there is no list {}", list.list)))?;
        let entries = list.entries.clone();
        let document = if list.allow {
            ListDocument::Allow(entries)
        } else {
            ListDocument::Deny(entries)
        };
        role.set_list(registry, id, &document)
            .map_err(|error| fault(error.to_string()))?;
    }
    Ok(role)
}
