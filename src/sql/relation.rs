//! Which relation a name means, and the entry it makes.

use super::builtin::{self, Builtin};
use super::function::builtin_type;
use super::hint;
use super::problem::ProblemKind;
use super::resolve::{Resolver, is_hole};
use super::scope::{Column, Rte};
use super::types::Type;
use crate::diagnostic::Access;
use crate::schema::{QualifiedName, Relation, RelationKind};
use crate::symbol::Symbol;
use crate::syntax::sql::ast::ObjectName;
use std::rc::Rc;

/// Relations of other databases, in statements that PostgreSQL's grammar happens to read.
const FOREIGN: &[&str] = &["dual", "sqlite_master", "sqlite_schema", "sqlite_sequence", "sqlite_stat1", "sysobjects", "duckdb_tables"];

/// What a relation's name was found to mean.
pub(super) enum Target {
    /// A relation of the schema.
    Known(QualifiedName),
    /// A sequence.
    Sequence,
    /// Something that exists, or may exist, without known columns.
    Open,
    /// Nothing; the finding is made.
    Missing,
}

impl Resolver<'_> {
    /// Whether something of that name, though no relation, excuses it.
    pub(super) fn excused(&self, name: &ObjectName) -> bool {
        let (schema, bare) = (name.schema_str(), name.name.as_str());
        self.schema.find(&self.schema.composites, schema, bare).is_some()
            || self.schema.relations.iter().any(|(key, relation)| {
                schema.is_none_or(|s| s == key.schema)
                    && (relation.indexes.iter().any(|i| i.name == bare)
                        || relation.unique.iter().any(|u| u.name == bare)
                        || bare.strip_suffix("_pkey") == Some(key.name.as_str())
                        || relation.primary_key_name.as_deref() == Some(bare))
            })
            || self.schema.may_be_of_installed_app(bare)
            || self.schema.incomplete.iter().any(|i| {
                let object = i.object.as_str();
                object == bare || Some(object) == schema || object.rsplit_once('.').is_some_and(|(s, n)| n == bare && schema.is_none_or(|w| w == s))
            })
    }

    /// Finds a relation for reading or writing; makes the finding if there is none.
    pub(super) fn find_relation(&mut self, name: &ObjectName, access: Access) -> (Target, Option<&'static builtin::Relation>) {
        let (schema, bare) = (name.schema_str(), name.name.as_str());
        if is_hole(&name.name) || name.schema.as_ref().is_some_and(is_hole) {
            return (Target::Open, None);
        }
        let catalog_first = schema.is_none() && !self.schema.search_path.iter().any(|s| s == "pg_catalog");
        let builtin = match schema {
            None if catalog_first => Builtin::get().relation(None, bare),
            Some(s) => Builtin::get().relation(Some(s), bare),
            None => None,
        };
        if builtin.is_some() {
            return (Target::Open, builtin);
        }
        let own = || if schema.is_none() { self.schema.relation(Some("pg_catalog"), bare) } else { None };
        // a temporary table hides the others
        let temporary = if schema.is_none() { self.schema.relation(Some("pg_temp"), bare) } else { None };
        if let Some((key, _)) = temporary.or_else(|| self.schema.relation(schema, bare)).or_else(own) {
            let key = key.clone();
            self.note(name.name.span, &key, None, access);
            return (Target::Known(key), None);
        }
        if schema.is_none()
            && let Some(found) = self.schema.search_path.iter().find_map(|s| Builtin::get().relation(Some(s), bare))
        {
            return (Target::Open, Some(found));
        }
        if self.is_sequence(schema, bare) {
            return (Target::Sequence, None);
        }
        if schema.is_none() && (self.open_names || FOREIGN.contains(&bare)) {
            return (Target::Open, None);
        }
        if bare.ends_with("_seq") || Builtin::is_open(bare) || self.excused(name) {
            return (Target::Open, None);
        }
        if schema.is_some_and(|s| self.is_slip(s, bare)) {
            self.missing_relation(name);
            if let Some(p) = self.problems.last_mut() {
                p.doubtful = true;
                p.span = name.span();
            }
            return (Target::Missing, None);
        }
        let system = schema.is_some_and(|s| s == "pg_catalog" || s == "information_schema");
        if let Some(s) = schema
            && !system
            && (s.starts_with("pg_temp") || s.starts_with("pg_toast") || !self.schema.knows_namespace(s))
            && !self.is_misspelt(s, bare)
        {
            return (Target::Open, None);
        }
        self.missing_relation(name);
        (Target::Missing, None)
    }

    /// A schema nobody knows may stand outside of what the lock covers; one that is nearly a known one, with just that relation in it, is a slip.
    pub(super) fn is_misspelt(&self, schema: &str, name: &str) -> bool {
        let mut others = self.schema.named(name).map(|(k, _)| k.schema.as_str()).collect::<Vec<_>>();
        for builtin in ["pg_catalog", "information_schema"] {
            if Builtin::get().relation(Some(builtin), name).is_some() {
                others.push(builtin);
            }
        }
        hint::nearest(schema, others.into_iter()).is_some()
    }

    /// `orders.orders`, `id.orders`: no schema has the name, but the table itself or a column of it.
    fn is_slip(&self, schema: &str, name: &str) -> bool {
        if self.schema.has_namespace(schema) || schema.starts_with("pg_") {
            return false;
        }
        let own = self.schema.relation(None, name).map(|(_, r)| r);
        let builtin = ["pg_catalog", "information_schema"].iter().find_map(|s| Builtin::get().relation(Some(s), name));
        let column = own.is_some_and(|r| r.column(schema).is_some()) || builtin.is_some_and(|r| r.columns.iter().any(|(c, _)| *c == schema));
        column || (schema == name && (own.is_some() || builtin.is_some()))
    }

    pub(super) fn is_sequence(&self, schema: Option<&str>, name: &str) -> bool {
        let has = |schema: &str| self.schema.sequences.contains(&QualifiedName::new(schema, name));
        schema.map_or_else(|| self.schema.search_path.iter().any(|s| has(s)), has)
    }

    pub(super) fn missing_relation(&mut self, name: &ObjectName) {
        let (schema, bare) = (name.schema_str(), name.name.as_str());
        let near = {
            let searched = self.schema.search_path.iter().map(String::as_str).filter(|_| schema.is_none());
            let near_names = schema
                .into_iter()
                .chain(searched)
                .flat_map(|s| self.schema.names_in(s))
                .chain(self.levels.iter().flat_map(|l| l.ctes.iter().map(|c| c.name.as_str())));
            hint::nearest(bare, near_names).map(str::to_owned)
        };
        let elsewhere = self.schema.named(bare).next().map(|(k, _)| k.clone());
        let p = self.problem(ProblemKind::UnknownTable, name.name.span, format!("table `{name}` does not exist"));
        p.schema = schema.map(str::to_owned);
        p.table = Some(bare.to_owned());
        match elsewhere {
            Some(other) => {
                p.help = Some(format!("there is `{other}`, which this name does not reach"));
                p.suggestion = Some(other.to_string());
            }
            None => p.suggestion = near,
        }
    }

    /// An entry for a table's name; `ctes` if names of WITH count.
    pub(super) fn table_rte(&mut self, name: &ObjectName, access: Access, ctes: bool) -> Rte {
        if ctes
            && name.schema.is_none()
            && let Some(entry) = self.levels.iter().rev().find_map(|l| l.ctes.iter().rev().find(|c| c.name == name.name.name))
        {
            let columns = entry.columns.iter().cloned().map(Column::given).collect();
            return Rte { name: Some(name.name.name), columns, open: entry.open, ordered: entry.ordered, ..Rte::default() };
        }
        let named = |rte: Rte| Rte { name: Some(name.name.name), ..rte };
        let (target, builtin) = self.find_relation(name, access);
        match (target, builtin) {
            (Target::Known(key), _) => match self.schema.relations.get_key_value(&key) {
                Some((key, relation)) => named(self.relation_rte(key, relation)),
                None => named(Rte { open: true, ..Rte::default() }),
            },
            (_, Some(relation)) => named(builtin_rte(relation)),
            (Target::Sequence, None) => {
                let column = |(name, ty): (&str, &str)| Column { nullable: false, ..Column::computed(Symbol::from(name), Type::base(ty)) };
                let columns = [("last_value", "bigint"), ("log_cnt", "bigint"), ("is_called", "boolean")].map(column).to_vec();
                named(Rte { columns, system: true, ordered: true, ..Rte::default() })
            }
            _ => named(Rte { open: true, system: true, ..Rte::default() }),
        }
    }

    /// An entry with a relation's columns.
    pub(super) fn relation_rte(&self, key: &QualifiedName, relation: &Relation) -> Rte {
        let source = Rc::new(key.clone());
        let column = |c: &crate::schema::Column| {
            let name = Symbol::from(&c.name);
            // what is only partly known may have been given another type
            let ty = if relation.open { Type::Unknown } else { Type::of_column(self.schema, &c.ty) };
            Column {
                name,
                exact: (!relation.open && !ty.is_plainly(&c.ty)).then(|| Symbol::from(&c.ty)),
                ty,
                // nobody holds a foreign table to what is declared
                nullable: !c.not_null || relation.kind == RelationKind::ForeignTable,
                source: Some((Rc::clone(&source), name)),
                direct: true,
                uncertain: false,
                origin: 0,
            }
        };
        let (columns, ordered) = match &relation.physical_order {
            Some(order) if order.len() == relation.columns.len() => (order.iter().filter_map(|n| relation.column(n)).map(column).collect(), true),
            _ => (relation.columns.iter().map(column).collect(), relation.columns.len() < 2),
        };
        let view_without_columns = relation.columns.is_empty() && matches!(relation.kind, RelationKind::View | RelationKind::MaterializedView);
        Rte {
            columns,
            open: relation.open || view_without_columns,
            system: relation.kind != RelationKind::View,
            relation: Some(source),
            ordered,
            ..Rte::default()
        }
    }
}

pub(super) fn builtin_rte(relation: &'static builtin::Relation) -> Rte {
    let columns: Vec<Column> = relation.columns.iter().map(|(name, ty)| Column::computed(Symbol::from(name), builtin_type(ty))).collect();
    Rte { columns, system: !relation.view, ordered: true, relation: Some(Rc::new(QualifiedName::new(relation.schema, relation.name))), ..Rte::default() }
}
