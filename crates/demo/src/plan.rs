//! Recipes resolved against the catalog: every name is an index, every order is settled. Types only;
//! `compile` makes them, `run` follows them.

use super::moment::Round;
use bitting_catalog::entity::{EntityId, Kind};
use bitting_query::Value;
use std::collections::HashSet;

/// All tables of the recipes, in order.
#[derive(Debug)]
pub(super) struct Plan {
    pub blocks: Vec<Block>,
    /// Blocks that do not hang below rows of another block.
    pub roots: Vec<usize>,
    /// Per entity: what is kept of its rows, where anything is.
    pub keep: Vec<Option<Keep>>,
    /// (child, parent): whose children are looked up by parent.
    pub under: HashSet<(EntityId, EntityId)>,
    pub words: Vec<Vec<String>>,
    pub members: EntityId,
    pub locations: EntityId,
    pub roles: EntityId,
}

/// What is kept of an entity's rows while the rest is made.
#[derive(Debug, Default)]
pub(super) struct Keep {
    /// Slots of the row that are kept.
    pub slots: Vec<usize>,
    /// Rows can be named: the rows stand in the recipe.
    pub named: bool,
}

/// One `[[table]]`.
#[derive(Debug)]
pub(super) struct Block {
    pub file: String,
    pub entity: EntityId,
    /// The entity whose table holds the rows.
    pub home: EntityId,
    /// Entity below whose rows these stand.
    pub each: Option<EntityId>,
    /// Names of the parents, where not all of them.
    pub only: Vec<String>,
    pub children: Vec<usize>,
    pub rows: Rows,
    pub conditions: Vec<Condition>,
    pub first_id: Option<i64>,
    /// Number of its stream of random numbers.
    pub stream: usize,
    /// Slots of a row: fields, hidden fields, lets.
    pub slots: usize,
    /// Word lists whose combinations never repeat.
    pub distinct: Vec<usize>,
    /// Fields that are worked out from rows below.
    pub later: Vec<Later>,
}

#[derive(Debug)]
pub(super) enum Rows {
    /// Rows that stand in the recipe, each with its own assignments.
    Fixed(Vec<Vec<Assign>>),
    Made(Count, Vec<Assign>),
}

#[derive(Debug)]
pub(super) enum Count {
    Between(u64, u64),
    /// Worked out from the rows above.
    Made(Box<Maker>),
    /// A part of one of the sizes.
    Sized {
        size: String,
        share: f64,
    },
    /// A part of one of the sizes, spread over all parents, each with at least so many.
    Spread {
        size: String,
        share: f64,
        least: u64,
    },
}

/// One value of a row, in the order of evaluation.
#[derive(Debug)]
pub(super) struct Assign {
    pub to: To,
    pub what: Maker,
    /// `None` for stamps and lets, which stay as they come.
    pub kind: Option<Kind>,
    pub max: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum To {
    Slot(usize),
    Entered,
    Updated,
    By,
}

/// A field worked out from rows below the row.
#[derive(Debug)]
pub(super) struct Later {
    pub slot: usize,
    pub from: EntityId,
    pub what: Gathered,
}

#[derive(Debug)]
pub(super) enum Gathered {
    /// The sum of a slot.
    Sum(usize),
    /// A JSON array of objects: member name, slot (`None` is the id).
    Objects(Vec<(String, Option<usize>)>),
}

/// How a value comes about. Null means that it does not apply.
#[derive(Debug)]
pub(super) enum Maker {
    Constant(Value),
    /// The row of an entity with this name, below a parent where one is given.
    Named {
        target: EntityId,
        name: String,
        within: Option<Route>,
    },
    Names {
        target: EntityId,
        names: Vec<String>,
    },
    /// The ids of all rows below another, as a JSON array.
    Below {
        target: EntityId,
        within: Route,
    },
    Text(Vec<Piece>),
    Integer(Vec<Piece>),
    /// Cumulative weights.
    Pick(Vec<(u64, Maker)>),
    /// By the row's place below its parent.
    Turn(Vec<Maker>),
    FirstOf(Vec<Maker>),
    By {
        route: Route,
        cases: Vec<(String, Maker)>,
        otherwise: Option<Box<Maker>>,
    },
    Copy(Route),
    Not(Route),
    Empty(Route),
    Any {
        target: EntityId,
        within: Option<Route>,
        filter: Option<Filter>,
    },
    First {
        target: EntityId,
        of: Route,
    },
    /// The id the next row of this entity gets.
    Upcoming(EntityId),
    Date {
        from: i64,
        to: i64,
        after: Option<Route>,
        spread: bool,
        round: Option<Round>,
        work: bool,
        latest: Option<i64>,
        /// The end of the span counts from now, not from where its beginning does.
        to_now: bool,
    },
    /// The first day of a month from now on, and of so many later ones for each further row.
    Month {
        from: i64,
        step: i64,
    },
    /// So many hours after a time.
    Hours {
        hours: Route,
        after: Route,
    },
    Number {
        low: f64,
        high: f64,
        step: f64,
        /// Larger where customers are larger than usual.
        grown: bool,
    },
    Chance(f64),
    Multiply(Vec<Operand>),
    Divide(Vec<Operand>),
    Add(Vec<Operand>),
    Subtract(Vec<Operand>),
    Uuid,
    /// A JSON array with one object for each row below another.
    EachRow {
        target: EntityId,
        within: Route,
        members: Vec<(String, Maker)>,
    },
    If(Vec<Condition>, Box<Maker>),
}

#[derive(Debug)]
pub(super) enum Operand {
    Number(f64),
    /// How much larger customers are than usual.
    Growth,
    Route(Route),
}

#[derive(Debug)]
pub(super) enum Condition {
    /// The value is there and not false, or equals this text or name.
    Holds {
        route: Route,
        equals: Option<String>,
        negated: bool,
    },
    /// The time lies at least so many seconds back.
    Older(Route, i64),
    Chance(f64),
    /// The last row below its parent.
    Last,
}

/// Which rows of a target qualify.
#[derive(Debug)]
pub(super) struct Filter {
    /// Number of the filter, for remembering what it found.
    pub number: usize,
    pub wanted: Vec<(usize, Wanted)>,
    /// Preferably rows whose kept column equals a value of this row.
    pub near: Option<(usize, Route)>,
}

#[derive(Debug)]
pub(super) enum Wanted {
    Value(Value),
    Name(EntityId, String),
}

/// Where a value is found: a place in a row at hand, then references followed.
#[derive(Debug, Clone)]
pub(super) struct Route {
    pub start: Start,
    /// Column in what is kept of the entity.
    pub steps: Vec<(EntityId, usize)>,
    /// The entity whose id the value is.
    pub result: Option<EntityId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    /// Rows up: 0 is the row itself.
    Row(usize, Part),
    /// The row that `each_row` is at.
    Item(Option<usize>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Id,
    Slot(usize),
    Entered,
    Updated,
    By,
}

/// A piece of a text.
#[derive(Debug)]
pub(super) struct Piece {
    pub what: PieceKind,
    pub trim: Trim,
}

#[derive(Debug)]
pub(super) enum PieceKind {
    Literal(String),
    Word(usize),
    Route(Route),
    Digits(usize),
    Hex(usize),
    /// Id, padded with zeros.
    Id(usize),
    /// Place below the parent, padded with zeros.
    Place(usize),
    /// Nothing for the first round of distinct words, then 2, 3, …
    RoundOfWords,
    ItemNumber,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trim {
    None,
    /// Small letters and digits only.
    Slug,
    Upper,
    Capital,
    /// The first two words.
    Head,
    /// At most 60 characters.
    Short,
    /// The first four characters, which are the year of a time.
    Year,
}
