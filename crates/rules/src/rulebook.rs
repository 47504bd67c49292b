//! The rules as what stands below them asks for them: whoever opens an instance or a call hands this in.

use super::{audit, changes, custom_fields, documents, members, tickets};
use bitting_catalog::Catalog;
use bitting_catalog::entity::Entity;
use bitting_psa::caller::Caller;
use bitting_psa::context::{Context, Rules};
use bitting_psa::draft::Draft;
use bitting_psa::instance::{Groundwork, Instance, Later, Memory};
use bitting_psa::row::Row;
use bitting_store::table::{Change, Table};
use std::sync::OnceLock;

/// Every rule there is.
#[derive(Debug, Clone, Copy)]
pub struct Rulebook;

impl Groundwork for Rulebook {
    fn tables(&self) -> Vec<Table> {
        vec![documents::files::table(), audit::table()]
    }

    fn memory(&self) -> Vec<Memory> {
        vec![
            Box::new(OnceLock::<changes::Trails>::new()),
            Box::new(tickets::service_level::Clocks::default()),
        ]
    }

    fn decides_rights(&self, catalog: &Catalog, entity: &Entity) -> bool {
        members::decides_rights(catalog, entity)
    }

    fn read<'i>(&self, instance: &'i Instance) -> Later<'i, ()> {
        Box::pin(custom_fields::load(instance))
    }

    fn caller<'i>(&self, instance: &'i Instance, member: i64) -> Later<'i, Option<Caller>> {
        Box::pin(members::caller(instance, member))
    }

    fn member_with<'i>(
        &self,
        instance: &'i Instance,
        identifier: &'i str,
    ) -> Later<'i, Option<i64>> {
        Box::pin(members::member_with(instance, identifier))
    }

    fn top_location<'i>(&self, instance: &'i Instance) -> Later<'i, Option<i64>> {
        Box::pin(members::top_location(instance))
    }
}

impl Rules for Rulebook {
    fn prepare<'a, 'd: 'a>(&self, context: Context<'a>, draft: &'a mut Draft<'d>) -> Later<'a, ()> {
        Box::pin(super::prepare(context, draft))
    }

    fn before_save<'a, 'd: 'a>(
        &self,
        context: Context<'a>,
        draft: &'a mut Draft<'d>,
    ) -> Later<'a, ()> {
        Box::pin(super::before_save(context, draft))
    }

    fn alongside<'a, 'd: 'a>(
        &self,
        context: Context<'a>,
        draft: &'a mut Draft<'d>,
    ) -> Later<'a, ()> {
        Box::pin(super::alongside(context, draft))
    }

    fn before_delete<'a>(
        &self,
        context: Context<'a>,
        entity: &'a Entity,
        row: &'a Row,
        also: &'a mut Vec<Change>,
    ) -> Later<'a, ()> {
        Box::pin(super::before_delete(context, entity, row, also))
    }

    fn after_delete(&self, instance: &Instance, entity: &Entity, id: i64) {
        super::after_delete(instance, entity, id);
    }

    fn saved<'a, 'd: 'a>(
        &self,
        context: Context<'a>,
        draft: &'a Draft<'d>,
        changes: &'a mut Vec<Change>,
    ) -> Later<'a, ()> {
        Box::pin(changes::saved(context, draft, changes))
    }

    fn removed<'a>(
        &self,
        context: Context<'a>,
        entity: &'a Entity,
        row: &'a Row,
        changes: &'a mut Vec<Change>,
    ) -> Later<'a, ()> {
        Box::pin(changes::removed(context, entity, row, changes))
    }

    fn complete<'a>(&self, context: Context<'a>, changes: &'a mut Vec<Change>) -> Later<'a, ()> {
        Box::pin(changes::complete(context, changes))
    }
}
