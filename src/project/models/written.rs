//! Models as a run writes them down for later ones: few letters, since a run over one file reads them all.

use super::ModelColumn;
use crate::project::index::ClassId;
use crate::source::Location;
use crate::symbol::Symbol;

/// A column: attribute, column and place of the declaration where they are others than before, owner, type and its place, flags, labels, the labels' class, keys.
pub type Column = (
    Symbol,
    Option<Symbol>,
    Location,
    Option<Location>,
    Option<ClassId>,
    Option<String>,
    Option<Location>,
    u8,
    Option<Vec<String>>,
    Option<ClassId>,
    Vec<(String, Location)>,
);

const NULLABLE_KNOWN: u8 = 1;
const NULLABLE: u8 = 2;
const PRIMARY_KEY: u8 = 4;
const UNIQUE: u8 = 8;
const HAS_DEFAULT: u8 = 16;
const UNCONSTRAINED: u8 = 32;
const TYPE_AT_NAME: u8 = 64;

impl From<ModelColumn> for Column {
    fn from(c: ModelColumn) -> Self {
        let flags = [
            (c.nullable.is_some(), NULLABLE_KNOWN),
            (c.nullable == Some(true), NULLABLE),
            (c.primary_key, PRIMARY_KEY),
            (c.unique, UNIQUE),
            (c.has_default, HAS_DEFAULT),
            (c.unconstrained, UNCONSTRAINED),
            (c.type_at == Some(c.at), TYPE_AT_NAME),
        ];
        let flags = flags.iter().filter(|f| f.0).fold(0, |all, f| all | f.1);
        let column = Some(c.column).filter(|n| *n != c.attribute);
        let (declared, type_at) = (Some(c.declared).filter(|d| *d != c.at), c.type_at.filter(|t| *t != c.at));
        (c.attribute, column, c.at, declared, c.owner, c.ty, type_at, flags, c.enum_labels, c.enum_class, c.foreign_keys)
    }
}

impl From<Column> for ModelColumn {
    fn from((attribute, column, at, declared, owner, ty, type_at, flags, enum_labels, enum_class, foreign_keys): Column) -> Self {
        let is = |flag: u8| flags & flag != 0;
        Self {
            attribute,
            column: column.unwrap_or(attribute),
            at,
            declared: declared.unwrap_or(at),
            owner,
            ty,
            type_at: type_at.or(Some(at).filter(|_| is(TYPE_AT_NAME))),
            enum_labels,
            enum_class,
            nullable: is(NULLABLE_KNOWN).then_some(is(NULLABLE)),
            primary_key: is(PRIMARY_KEY),
            unique: is(UNIQUE),
            has_default: is(HAS_DEFAULT),
            foreign_keys,
            unconstrained: is(UNCONSTRAINED),
        }
    }
}

/// Members: names of no further meaning, of which there are many, in one text.
pub mod members {
    use crate::project::models::Member;
    use crate::symbol::Symbol;
    use rustc_hash::FxHashMap;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(all: &FxHashMap<Symbol, Member>, to: S) -> Result<S::Ok, S::Error> {
        let mut others: Vec<&str> = all.iter().filter(|m| matches!(m.1, Member::Other)).map(|m| m.0.as_str()).collect();
        let mut rest: Vec<(&str, &Member)> = all.iter().filter(|m| !matches!(m.1, Member::Other)).map(|m| (m.0.as_str(), m.1)).collect();
        others.sort_unstable();
        rest.sort_unstable_by_key(|m| m.0);
        (others.join(" "), rest).serialize(to)
    }

    pub fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<FxHashMap<Symbol, Member>, D::Error> {
        let (others, rest): (String, Vec<(Symbol, Member)>) = Deserialize::deserialize(from)?;
        let mut all = FxHashMap::default();
        all.reserve(others.len() / 8 + rest.len());
        all.extend(others.split(' ').filter(|n| !n.is_empty()).map(|n| (Symbol::from(n), Member::Other)));
        all.extend(rest);
        Ok(all)
    }
}
