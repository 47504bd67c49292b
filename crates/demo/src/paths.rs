//! Reads paths (`parent.owner.identifier`) and texts with blanks to fill (`{type} for {company.name}`).

use super::compile::{Compiler, Scene, slot_of};
use super::error::DemoError;
use super::plan::{Part, Piece, PieceKind, Route, Start, To, Trim};
use bitting_catalog::entity::{Entity, EntityId};

impl<'a> Compiler<'a> {
    /// Reads a path. Its first word is `parent`, `grandparent`, `row`, a stamp or a field of the row;
    /// the others are fields of the rows that are pointed to.
    pub fn route(&mut self, file: &str, scene: &Scene<'a>, text: &str) -> Result<Route, DemoError> {
        let mut words = text.split('.');
        let head = words.next().unwrap_or_default();
        let level = match head {
            "parent" => Some(1),
            "grandparent" => Some(2),
            _ => None,
        };
        let (start, mut result) = if let Some(level) = level {
            let Some((entity, lets)) = scene.above.get(level - 1) else {
                return Err(DemoError::new(
                    file,
                    format!("`{text}`: the row has no {head}; `each` says what it stands below"),
                ));
            };
            let (part, result) = match words.next() {
                None | Some("id") => (Part::Id, Some(self.catalog.home(entity.id).id)),
                Some(word) => self.part(file, entity, lets, word)?,
            };
            (Start::Row(level, part), result)
        } else if head == "row" {
            let Some(item) = scene.item else {
                return Err(DemoError::new(
                    file,
                    format!("`{text}`: there is no row here; `each_row` makes one"),
                ));
            };
            match words.next() {
                None | Some("id") => (Start::Item(None), Some(item)),
                Some(word) => {
                    let entity = self.catalog.entity(item);
                    let (slot, result) = self.field(file, entity, word)?;
                    (Start::Item(Some(self.remember(item, slot))), result)
                }
            }
        } else {
            let (part, result) = self.part(file, scene.entity, &scene.lets, head)?;
            let known = match part {
                Part::Slot(slot) => scene.done.contains(&slot),
                Part::Entered => scene.stamped.contains(&To::Entered),
                Part::By => scene.stamped.contains(&To::By),
                Part::Updated => scene.stamped.contains(&To::Updated),
                Part::Id => true,
            };
            if !known {
                return Err(DemoError::new(
                    file,
                    format!("`{text}`: `{head}` has no value yet; put it before this field"),
                ));
            }
            (Start::Row(0, part), result)
        };
        let mut steps = Vec::new();
        for word in words {
            let Some(target) = result else {
                return Err(DemoError::new(
                    file,
                    format!("`{text}`: what stands before `{word}` points to no row"),
                ));
            };
            if word == "id" {
                continue;
            }
            let (slot, next) = self.field(file, self.catalog.entity(target), word)?;
            steps.push((target, self.remember(target, slot)));
            result = next;
        }
        Ok(Route {
            start,
            steps,
            result,
        })
    }

    /// A path whose value is shown: a row is shown by its name.
    fn shown(&mut self, file: &str, scene: &Scene<'a>, text: &str) -> Result<Route, DemoError> {
        let mut route = self.route(file, scene, text)?;
        let is_id = text.rsplit('.').next() == Some("id");
        if let Some(target) = route.result.take()
            && !is_id
            && let Some((slot, _)) = self
                .name_fields(self.catalog.entity(target))
                .first()
                .copied()
        {
            route.steps.push((target, self.remember(target, slot)));
        }
        Ok(route)
    }

    fn part(
        &self,
        file: &str,
        entity: &'a Entity,
        lets: &[String],
        word: &str,
    ) -> Result<(Part, Option<EntityId>), DemoError> {
        Ok(match word {
            "id" => (Part::Id, Some(self.catalog.home(entity.id).id)),
            "entered" => (Part::Entered, None),
            "updated" => (Part::Updated, None),
            "by" => (Part::By, None),
            _ => {
                if let Some(index) = lets.iter().position(|name| name == word) {
                    return Ok((Part::Slot(entity.every_field().count() + index), None));
                }
                let (slot, result) = self.field(file, entity, word)?;
                (Part::Slot(slot), result)
            }
        })
    }

    /// A field's slot, and the entity it points to.
    pub fn field(
        &self,
        file: &str,
        entity: &'a Entity,
        name: &str,
    ) -> Result<(usize, Option<EntityId>), DemoError> {
        let Some(slot) = slot_of(entity, name) else {
            let names = entity.every_field().map(|field| &*field.name);
            return Err(
                DemoError::new(file, format!("{} has no field `{name}`", entity.path))
                    .meant(name, names),
            );
        };
        let target = entity
            .every_field()
            .nth(slot)
            .and_then(bitting_catalog::entity::Field::target);
        Ok((slot, target.map(|target| self.catalog.home(target).id)))
    }

    /// Reads a text with blanks. Two braces in a row stand for one.
    pub fn pieces(
        &mut self,
        file: &str,
        scene: &Scene<'a>,
        text: &str,
    ) -> Result<Vec<Piece>, DemoError> {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            literal.push_str(&rest[..at]);
            let (brace, tail) = rest[at..].split_at(1);
            if let Some(tail) = tail.strip_prefix(brace) {
                literal.push_str(brace);
                rest = tail;
                continue;
            }
            let Some((inside, tail)) = tail.split_once('}').filter(|_| brace == "{") else {
                return Err(DemoError::new(
                    file,
                    format!("a brace is left alone in `{text}`; write it twice"),
                ));
            };
            if !literal.is_empty() {
                let what = PieceKind::Literal(std::mem::take(&mut literal));
                pieces.push(Piece {
                    what,
                    trim: Trim::None,
                });
            }
            pieces.push(self.piece(file, scene, inside)?);
            rest = tail;
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            pieces.push(Piece {
                what: PieceKind::Literal(literal),
                trim: Trim::None,
            });
        }
        Ok(pieces)
    }

    fn piece(&mut self, file: &str, scene: &Scene<'a>, inside: &str) -> Result<Piece, DemoError> {
        let (name, trim) = match inside.split_once('|') {
            None => (inside, Trim::None),
            Some((name, trim)) => {
                let known = [
                    ("slug", Trim::Slug),
                    ("upper", Trim::Upper),
                    ("capital", Trim::Capital),
                    ("head", Trim::Head),
                    ("short", Trim::Short),
                    ("year", Trim::Year),
                ];
                let Some((_, trim)) = known.iter().find(|(word, _)| *word == trim) else {
                    let names = known.iter().map(|(word, _)| *word);
                    return Err(DemoError::new(file, format!("nothing is called `|{trim}`"))
                        .meant(trim, names));
                };
                (name, *trim)
            }
        };
        let what = if let Some(count) = name
            .strip_prefix('#')
            .and_then(|digits| digits.parse().ok())
        {
            PieceKind::Digits(count)
        } else if let Some(count) = name
            .strip_prefix("hex:")
            .and_then(|digits| digits.parse().ok())
        {
            PieceKind::Hex(count)
        } else if let Some(width) = padded(name, "id") {
            PieceKind::Id(width)
        } else if let Some(width) = padded(name, "n") {
            PieceKind::Place(width)
        } else if name == "round" {
            PieceKind::RoundOfWords
        } else if name == "row_number" {
            PieceKind::ItemNumber
        } else if let Some(word) = self.recipes.words.keys().position(|word| word == name) {
            PieceKind::Word(word)
        } else {
            PieceKind::Route(self.shown(file, scene, name)?)
        };
        Ok(Piece { what, trim })
    }

    /// The number of a word list.
    pub fn word(&self, file: &str, name: &str) -> Result<usize, DemoError> {
        self.recipes
            .words
            .keys()
            .position(|word| word == name)
            .ok_or_else(|| {
                let names = self.recipes.words.keys().map(String::as_str);
                DemoError::new(file, format!("words.toml has no list `{name}`")).meant(name, names)
            })
    }
}

/// `id:05` -> 5, `id` -> 0.
fn padded(name: &str, wanted: &str) -> Option<usize> {
    let rest = name.strip_prefix(wanted)?;
    if rest.is_empty() {
        return Some(0);
    }
    rest.strip_prefix(':')?.parse().ok()
}
