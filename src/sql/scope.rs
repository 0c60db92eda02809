//! Namespaces: which names mean what at a point of a query.

use std::rc::Rc;

use crate::symbol::Symbol;

use super::types::Type;
use crate::schema::QualifiedName;

/// A column of a range table entry.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Its name here.
    pub name: Symbol,
    /// Its type.
    pub ty: Type,
    /// Whether it may be NULL.
    pub nullable: bool,
    /// The table's column it is, unchanged.
    pub source: Option<(Rc<QualifiedName>, Symbol)>,
    /// A name for it names the table's column (not a subquery's output).
    pub direct: bool,
    /// Perhaps another name hides it: an alias list renames the first columns, and nobody knows which are first.
    pub uncertain: bool,
    /// Number of the entry it belongs to: tells the same column of two entries apart.
    pub origin: u32,
    /// Its type in full where that says more than `ty`: length and scale, a domain.
    pub exact: Option<Symbol>,
}

impl Column {
    /// The column as a subquery gives it: a constant that nothing gave a type is text (`resolveTargetListUnknowns`).
    pub fn given(self) -> Self {
        let ty = if self.ty == Type::Literal { Type::base("text") } else { self.ty };
        Self { ty, direct: false, ..self }
    }

    /// A computed column.
    pub fn computed(name: Symbol, ty: Type) -> Self {
        Self { name, ty, nullable: true, source: None, direct: false, uncertain: false, origin: 0, exact: None }
    }
}

/// An entry of the range table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rte {
    /// Its alias, or the relation's name.
    pub name: Option<Symbol>,
    /// It has an alias.
    pub aliased: bool,
    /// The relation it is.
    pub relation: Option<Rc<QualifiedName>>,
    /// Its columns.
    pub columns: Vec<Column>,
    /// It may have columns nobody knows.
    pub open: bool,
    /// It is a join.
    pub join: bool,
    /// It has system columns.
    pub system: bool,
    /// Columns stand in their physical order.
    pub ordered: bool,
}

/// An entry of a namespace.
#[derive(Clone, Debug)]
pub struct Item {
    /// What it is.
    pub rte: Rc<Rte>,
    /// Its name may be used.
    pub rel_visible: bool,
    /// Its columns may be used bare.
    pub cols_visible: bool,
    /// Only LATERAL sees it.
    pub lateral_only: bool,
}

impl Item {
    /// Visible in every way.
    pub fn new(rte: Rc<Rte>) -> Self {
        Self { rte, rel_visible: true, cols_visible: true, lateral_only: false }
    }

    /// An outer join fills it with NULLs where nothing matches.
    pub fn may_miss(&mut self) {
        if self.rte.columns.iter().any(|c| !c.nullable) {
            Rc::make_mut(&mut self.rte).columns.iter_mut().for_each(|c| c.nullable = true);
        }
    }
}

/// A name that WITH gave to a query.
#[derive(Clone, Debug)]
pub struct CteEntry {
    /// Its name.
    pub name: Symbol,
    /// Its columns.
    pub columns: Rc<Vec<Column>>,
    /// Perhaps it has more.
    pub open: bool,
    /// Columns stand in their order.
    pub ordered: bool,
}

/// What PostgreSQL calls a parse state: the names of one query level.
#[derive(Clone, Debug, Default)]
pub struct Level {
    /// The namespace.
    pub items: Vec<Item>,
    /// All range table entries so far, visible or not: hints look at them.
    pub all: Vec<Rc<Rte>>,
    /// WITH queries.
    pub ctes: Vec<CteEntry>,
    /// A LATERAL item is being read.
    pub lateral_active: bool,
    /// Something unknown stands in FROM: any name may come from it.
    pub open: bool,
    /// Names that are no columns: parameters of a function.
    pub variables: Vec<(Symbol, Type)>,
    /// The function whose parameters they are.
    pub variables_of: Option<Symbol>,
    /// It has GROUP BY: an aggregate reads one row or more.
    pub grouped: bool,
}

/// System columns of every table.
pub const SYSTEM_COLUMNS: &[(&str, &str)] = &[("tableoid", "oid"), ("xmin", "xid"), ("cmin", "cid"), ("xmax", "xid"), ("cmax", "cid"), ("ctid", "tid")];

/// What a name was found to be.
#[derive(Clone, Debug)]
pub enum Found {
    /// Nothing.
    Nothing,
    /// This column.
    One(Column),
    /// More than one.
    Many,
    /// Nothing, but something unknown may have it.
    Perhaps,
}

impl Rte {
    /// The column of that name.
    pub fn find(&self, name: Symbol) -> Found {
        let mut found: Option<&Column> = None;
        for column in &self.columns {
            if column.name == name {
                match found {
                    Some(first) if first.uncertain || column.uncertain => {}
                    Some(_) => return Found::Many,
                    None => found = Some(column),
                }
            }
        }
        if let Some(column) = found {
            return Found::One(column.clone());
        }
        if self.system
            && let Some((name, ty)) = SYSTEM_COLUMNS.iter().find(|(n, _)| *n == name)
        {
            return Found::One(Column::computed(Symbol::from(name), Type::base(ty)));
        }
        if self.open { Found::Perhaps } else { Found::Nothing }
    }

    /// Gives names to the first columns (`AS t(a, b)`); the alias itself is set too.
    pub fn rename(&mut self, alias: Symbol, names: &[Symbol]) {
        self.name = Some(alias);
        self.aliased = true;
        if names.is_empty() {
            return;
        }
        let complete = names.len() >= self.columns.len() && !self.open;
        if self.ordered || complete {
            for (n, name) in names.iter().enumerate() {
                match self.columns.get_mut(n) {
                    Some(column) if self.ordered => {
                        column.name = *name;
                    }
                    // all are renamed, but which is which nobody knows
                    Some(column) => *column = Column { name: *name, ..Column::computed(*name, Type::Unknown) },
                    None => self.columns.push(Column::computed(*name, Type::Unknown)),
                }
            }
            return;
        }
        for column in &mut self.columns {
            column.uncertain = true;
        }
        self.columns.splice(0..0, names.iter().map(|n| Column::computed(*n, Type::Unknown)));
    }
}
