//! Which members the values of a catalog have. A member or a case that is not listed here does not compile.

use super::bytes::{Pack, Reader, Shared, Writer};
use crate::catalog::Catalog;
use crate::conditions::{Conditions, When};
use crate::entity::{
    Basis, Entity, EntityId, Field, Guard, GuardedBy, Kind, ListedBy, Literal, Ownership, Parent,
    Reference, Release, Right, Scalar, Scope, View,
};
use crate::route::{Method, Operation, Route, RouteKind};
use crate::served::{Act, Below, Can, Operations, Picklist, PicklistValue, Rows, Served, Team};
use bitting_policy::{ActionId, EntryId, Needs};
use std::sync::Arc;

/// Values with members.
macro_rules! records {
    ($($kind:ident { $($member:tt),* $(,)? })*) => {$(
        impl Pack for $kind {
            fn pack(&self, out: &mut Writer) {
                records!(@each $kind, self, out, $($member),*);
            }
            fn unpack(from: &mut Reader) -> Option<Self> {
                Some($kind { $($member: Pack::unpack(from)?),* })
            }
        }
    )*};
    (@each $kind:ident, $value:ident, $out:ident, $($member:tt),*) => {
        $(Pack::pack(&$value.$member, $out);)*
    };
}

records! {
    Entity {
        id, path, schema, table, parents, fields, hidden, stored, right, extra_rights, ownership, scope, guarded,
        listed_by, rules, unique, indexes, sparse, views, stored_in, only, soft_delete, custom_fields, info, links, label, served,
    }
    Parent { param, entity, column, field }
    Field {
        name, column, kind, max, required, required_on_update, read_only, post_only, write_only, blank, values, default,
        since, until, within, id_of, indexed, native, picklist, queryable, shown_link, conditions,
    }
    Conditions { required_if, valid_if, required_unless }
    When { field, is }
    Reference { shape, target, members, href, since }
    Release { year, number }
    Right { needs, basis, reason }
    Ownership { fields, parent, by }
    Scope { location, via, parent, board, project }
    Guard { fields, by }
    ListedBy { list, field }
    View { schema, fields, computed, right, info, since }
    Route { path, also, kind, entity, methods, params, view, right, rule }
    Operation { method, status, body, returns, list, since }
    Served {
        root, below, can, restricted, protected_data, asks, told, webhooks, files, user_defined, rows,
    }
    Below { parent, segment, route, field, operations, basis }
    Can { create, query, update, delete }
    Rows { mine, own, organizations, through, territory, classes, team, line }
    Team { entity, row, resource }
    Picklist { name, values, parent, default }
    PicklistValue { value, label, parent }
    EntityId { 0 }
    ActionId { 0 }
    EntryId { 0 }
    Operations { 0 }
}

/// Words out of a fixed set, as their place in it.
macro_rules! words {
    ($($kind:ident { $($word:ident),* $(,)? })*) => {$(
        impl Pack for $kind {
            fn pack(&self, out: &mut Writer) {
                // Names every word, so that none is forgotten below.
                match self { $($kind::$word)|* => {} }
                let place = [$($kind::$word),*].iter().position(|word| word == self);
                place.unwrap_or_default().pack(out);
            }
            fn unpack(from: &mut Reader) -> Option<Self> {
                [$($kind::$word),*].get(usize::unpack(from)?).copied()
            }
        }
    )*};
}

words! {
    Basis { Stated, Granted, Inferred, Chosen }
    Scalar { Integer, Number, Boolean, Text }
    RouteKind {
        Collection, Item, ItemByName, Count, Info, Usages, UsagesList, Default, Action, Bulk, Binary, Singleton, Search,
    }
    Method { Get, Post, Put, Patch, Delete }
    Act { Create, Query, Update, Delete }
}

/// One of several, some of which hold something: the case's number, then what it holds.
macro_rules! cases {
    ($($kind:ident { $($number:literal => $case:ident $(($held:ident))? $({ $($member:ident),* })?),* $(,)? })*) => {$(
        impl Pack for $kind {
            fn pack(&self, out: &mut Writer) {
                match self {
                    $($kind::$case $(($held))? $({ $($member),* })? => {
                        <u16 as Pack>::pack(&$number, out);
                        $($held.pack(out);)?
                        $($($member.pack(out);)*)?
                    })*
                }
            }
            fn unpack(from: &mut Reader) -> Option<Self> {
                Some(match u16::unpack(from)? {
                    $($number => {
                        $(let $held = Pack::unpack(from)?;)?
                        $($(let $member = Pack::unpack(from)?;)*)?
                        $kind::$case $(($held))? $({ $($member),* })?
                    })*
                    _ => return None,
                })
            }
        }
    )*};
}

cases! {
    Kind {
        0 => Integer,
        1 => Number,
        2 => Boolean,
        3 => Text,
        4 => DateTime,
        5 => Date,
        6 => Uuid,
        7 => Reference(to),
        8 => References(to),
        9 => List(of),
        10 => Embedded { shape, list },
        11 => Any,
    }
    Literal { 0 => Bool(value), 1 => Integer(value), 2 => Number(value), 3 => Text(value) }
    GuardedBy { 0 => Right(needs), 1 => Price, 2 => Cost }
    Needs {
        0 => Anyone,
        1 => AnyMember,
        2 => Action(id),
        3 => Table(id),
        4 => Every(parts),
        5 => Either(parts),
    }
}

/// Values that several others hold.
macro_rules! shared {
    ($($kind:ident),*) => {$(
        impl Pack for Arc<$kind> {
            fn pack(&self, out: &mut Writer) {
                out.shared(self);
            }
            fn unpack(from: &mut Reader) -> Option<Self> {
                if let Some(place) = usize::unpack(from)?.checked_sub(1) {
                    return match from.shared.get(place)? {
                        Shared::$kind(value) => Some(value.clone()),
                        _ => None,
                    };
                }
                let value = Arc::new($kind::unpack(from)?);
                from.shared.push(Shared::$kind(value.clone()));
                Some(value)
            }
        }
    )*};
}

shared!(Reference, Picklist);

impl Pack for Catalog {
    fn pack(&self, out: &mut Writer) {
        // How entities are found is worked out anew.
        let Catalog {
            entities,
            routes,
            shapes,
            references,
            ..
        } = self;
        references.pack(out);
        shapes.pack(out);
        entities.pack(out);
        routes.pack(out);
    }
    fn unpack(from: &mut Reader) -> Option<Self> {
        let (references, shapes) = (Pack::unpack(from)?, Pack::unpack(from)?);
        let (entities, routes) = (Pack::unpack(from)?, Pack::unpack(from)?);
        Some(Catalog::of(entities, routes, shapes, references))
    }
}
