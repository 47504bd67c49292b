//! Whose rows are whose, at rest: index tables of `(member, row)` that level My reads, and beside them,
//! where the catalog says by what callers narrow their own rows most, tables of `(member and that value,
//! row)`: a caller's own tickets of one company lie together, however many of either there are. Knows no
//! entity by name.

use bitting_catalog::Catalog;
use bitting_catalog::entity::{Entity, Field, Kind as FieldKind};
use bitting_query::{Comparison, Filter, Value};
use bitting_store::table::Change;
use std::sync::Arc;

/// The pair that says a table was filled to its end, also with rows whose flag is null (-1 said it of the others). No
/// member has this key.
pub(crate) const FILLED: (i64, i64) = (-1, -2);

/// The index table that says whose a row is.
pub fn table(name: &str) -> Arc<str> {
    Arc::from(format!("{name}__mine"))
}

/// Whether rows of the entity belong to members.
pub fn is_owned(entity: &Entity) -> bool {
    !entity.ownership.fields.is_empty()
}

/// A table of members' rows by one more column, and by a flag where an index holds the two together: where
/// conditions name both, a caller's own rows with the flag may be few among many without it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct By {
    pub table: Arc<str>,
    pub column: Arc<str>,
    pub flag: Option<Arc<str>>,
}

impl By {
    /// The tables of a table's rows: what any entity asks for whose rows it holds. A table with a flag serves conditions
    /// on the column alone as well, as three keys.
    pub fn of(catalog: &Catalog, table: &str) -> Vec<Self> {
        let mut found: Vec<Self> = Vec::new();
        for entity in catalog.entities.iter().filter(|e| *e.table == *table) {
            let name = entity.ownership.by.as_deref();
            let Some(column) = name.and_then(|name| entity.any_field(name)) else {
                continue;
            };
            for set in &entity.indexes {
                let Some([one, other]) = pair_of(entity, set) else {
                    continue;
                };
                let flag = if one.column == column.column {
                    other
                } else {
                    one
                };
                let holds = one.column == column.column || other.column == column.column;
                if holds && matches!(flag.kind, FieldKind::Boolean) {
                    found.push(Self::named(table, &column.column, Some(&flag.column)));
                }
            }
            if found.iter().all(|by| by.column != column.column) {
                found.push(Self::named(table, &column.column, None));
            }
        }
        found.dedup();
        found
    }

    /// The tables that former versions kept beside those with a flag.
    pub fn gone(tables: &[Self]) -> impl Iterator<Item = Arc<str>> {
        let flagged = tables.iter().filter(|by| by.flag.is_some());
        flagged.map(|by| {
            let flag = by.flag.as_ref().map_or(0, |flag| flag.len() + 1);
            Arc::from(&by.table[..by.table.len() - flag])
        })
    }

    fn named(table: &str, column: &Arc<str>, flag: Option<&Arc<str>>) -> Self {
        let mut name = format!("{table}__mine_{column}");
        if let Some(flag) = flag {
            name.push('_');
            name.push_str(flag);
        }
        Self {
            table: Arc::from(name),
            column: column.clone(),
            flag: flag.cloned(),
        }
    }

    /// The columns that it asks for.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &Arc<str>> {
        std::iter::once(&self.column).chain(&self.flag)
    }

    /// The key of a member's rows with these values, if they fit into one.
    fn key<'v>(&self, member: i64, value: impl Fn(&str) -> Option<&'v Value>) -> Option<i64> {
        let Some(Value::Integer(of)) = value(&self.column) else {
            return None;
        };
        let flag = match &self.flag {
            None => Flag::None,
            Some(flag) => Flag::of(value(flag)?)?,
        };
        key(member, *of, flag)
    }

    /// The keys of a member's rows with this value, whatever the flag.
    fn keys(&self, member: i64, of: i64) -> Option<Vec<i64>> {
        let states: &[Flag] = match self.flag {
            None => &[Flag::None],
            Some(_) => &[Flag::Clear, Flag::Set, Flag::Null],
        };
        states.iter().map(|flag| key(member, of, *flag)).collect()
    }

    /// The pairs of one row, which holds these values.
    pub fn pairs<'o, 'v>(
        &self,
        owners: impl Iterator<Item = &'o i64>,
        value: impl Fn(&str) -> Option<&'v Value>,
        id: i64,
    ) -> Vec<Change> {
        let keys = owners.filter_map(|member| self.key(*member, &value));
        let pair = |key| Change::Pair {
            table: self.table.clone(),
            key,
            id,
        };
        keys.map(pair).collect()
    }
}

fn pair_of<'e>(entity: &'e Entity, set: &[String]) -> Option<[&'e Field; 2]> {
    let [one, other] = set else {
        return None;
    };
    Some([entity.any_field(one)?, entity.any_field(other)?])
}

/// What a key says of the flag.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Flag {
    /// The table has none.
    None,
    Clear,
    Set,
    Null,
}

impl Flag {
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Boolean(false) | Value::Integer(0) => Some(Self::Clear),
            Value::Boolean(true) | Value::Integer(_) => Some(Self::Set),
            Value::Null => Some(Self::Null),
            _ => None,
        }
    }
}

/// Member, value and flag as one key: in one table no two of them share one, and what does not fit has none.
fn key(member: i64, value: i64, flag: Flag) -> Option<i64> {
    let bits = if flag == Flag::None { 40 } else { 39 };
    let fits = (0..1 << 23).contains(&member) && (0..1 << bits).contains(&value);
    let low = member << 40;
    fits.then_some(match flag {
        Flag::None => low | value,
        Flag::Clear => low | (value << 1),
        Flag::Set => low | (value << 1) | 1,
        // Below every other key, and below the one that says a table is filled.
        Flag::Null => !(low | (value << 1) | 1),
    })
}

/// The same rows, found by a narrower table where the filter says both whose and which value.
pub fn sharpen(entity: &Entity, tables: &[By], filter: Filter) -> Filter {
    let Filter::And(mut parts) = filter else {
        return filter;
    };
    let own = parts.iter().position(
        |part| matches!(part, Filter::InIndex { table, .. } if table.ends_with("__mine")),
    );
    let Some(own) = own else {
        return Filter::And(parts);
    };
    let Filter::InIndex { key: member, .. } = parts[own] else {
        return Filter::And(parts);
    };
    for by in tables {
        let Some(Value::Integer(of)) = equated(&parts, &by.column) else {
            continue;
        };
        let flagged = by.flag.is_some();
        let whole = by.key(member, |column| equated(&parts, column));
        let Some(keys) = whole.map_or_else(|| by.keys(member, *of), |key| Some(vec![key])) else {
            continue;
        };
        // Where an index holds the value together with other equalities, it may have fewer rows yet: the plan
        // looks, and takes whichever has.
        let rival = !(flagged && whole.is_some()) && has_joint(entity, &by.column, &parts);
        let table = by.table.clone();
        parts[own] = match keys[..] {
            [key] => Filter::InIndex { table, key },
            _ => Filter::InRuns { table, keys },
        };
        if !rival {
            // Said by the key. A second equality on the same column stays, which no row may satisfy.
            let mut said: Vec<&Arc<str>> = match whole {
                Some(_) => by.columns().collect(),
                None => vec![&by.column],
            };
            parts.retain(|part| {
                let place = said.iter().position(|name| equates(part, name).is_some());
                place.map(|place| said.swap_remove(place)).is_none()
            });
        }
        break;
    }
    bitting_query::and(Filter::And(parts), Filter::Constant(true))
}

/// The value that a part says the column has.
fn equates<'p>(part: &'p Filter, column: &str) -> Option<&'p Value> {
    match part {
        Filter::Compare {
            path,
            op: Comparison::Equal,
            value,
        } if path.through.is_empty() && *path.column == *column => Some(value),
        _ => None,
    }
}

fn equated<'p>(parts: &'p [Filter], column: &str) -> Option<&'p Value> {
    parts.iter().find_map(|part| equates(part, column))
}

/// Whether one index holds this column with others that the filter equates too.
fn has_joint(entity: &Entity, column: &str, parts: &[Filter]) -> bool {
    let equated = |name: &String| {
        let field = entity.any_field(name);
        field.is_some_and(|field| {
            parts.iter().any(|part| {
                matches!(part, Filter::Compare { path, op: Comparison::Equal, .. }
                    if path.through.is_empty() && path.column == field.column)
            })
        })
    };
    let holds = |name: &String| {
        let field = entity.any_field(name);
        field.is_some_and(|field| *field.column == *column)
    };
    let mut sets = entity.indexes.iter();
    sets.any(|set| set.iter().any(holds) && set.iter().all(equated))
}

/// The changes that say every narrower table has every pair, for rows that were laid down with theirs.
pub fn all_filled(catalog: &Catalog) -> Vec<Change> {
    let own = catalog.entities.iter();
    let own = own.filter(|entity| entity.stored_in.is_none() && is_owned(entity));
    own.flat_map(|entity| By::of(catalog, &entity.table))
        .map(|by| filled(&by))
        .collect()
}

/// The change that says a table has every pair: goes last.
pub(crate) fn filled(by: &By) -> Change {
    Change::Pair {
        table: by.table.clone(),
        key: FILLED.0,
        id: FILLED.1,
    }
}

#[cfg(test)]
mod tests {
    use super::{By, Flag, key};
    use proptest::prelude::*;
    use std::sync::Arc;

    fn flag() -> impl Strategy<Value = Flag> {
        prop_oneof![Just(Flag::Clear), Just(Flag::Set), Just(Flag::Null)]
    }

    proptest! {
        #[test]
        fn keys_of_two_pairs_differ(
            one in (0_i64..1 << 23, 0_i64..1 << 40),
            two in (0_i64..1 << 23, 0_i64..1 << 40),
        ) {
            let of = |(member, value)| key(member, value, Flag::None);
            prop_assert_eq!(of(one) == of(two), one == two);
        }

        #[test]
        fn keys_with_flags_differ(
            one in (0_i64..1 << 23, 0_i64..1 << 39, flag()),
            two in (0_i64..1 << 23, 0_i64..1 << 39, flag()),
        ) {
            let of = |(member, value, flag)| key(member, value, flag);
            prop_assert_eq!(of(one) == of(two), one == two);
        }

        #[test]
        fn what_does_not_fit_has_none(
            member in any::<i64>(),
            value in any::<i64>(),
            flag in prop_oneof![Just(Flag::None), flag()],
        ) {
            let most = if flag == Flag::None { 1_i64 << 40 } else { 1 << 39 };
            let fits = (0..1 << 23).contains(&member) && (0..most).contains(&value);
            let found = key(member, value, flag);
            prop_assert_eq!(found.is_some(), fits);
            prop_assert!(found.is_none_or(|key| (key >= 0) == (flag != Flag::Null) && key != super::FILLED.0));
        }
    }

    #[test]
    fn a_table_with_a_flag_has_taken_the_place_of_the_one_without() {
        let column: Arc<str> = "company_id".into();
        let flagged = By::named("tickets", &column, Some(&"closed_flag".into()));
        let plain = By::named("tickets", &column, None);
        let gone: Vec<_> = By::gone(&[flagged]).collect();
        assert_eq!(gone, [plain.table]);
    }
}
