//! What a column reference means (`transformColumnRef`, `colNameToVar`, `refnameNamespaceItem`).

use std::rc::Rc;

use crate::symbol::Symbol;

use super::builtin::Builtin;
use super::hint;
use super::problem::ProblemKind;
use super::resolve::{Resolver, is_hole};
use super::scope::{Column, Found, Level, Rte};
use super::types::Type;
use crate::diagnostic::Access;
use crate::schema::{QualifiedName, Returns};
use crate::source::Span;
use crate::syntax::sql::ast::Ident;

/// What a table's name in front of a column means.
pub(super) enum Entry {
    /// This entry.
    One(Rc<Rte>),
    /// Nothing in scope has the name.
    Nothing,
    /// Nothing known has it.
    Perhaps,
}

impl Resolver<'_> {
    /// A column reference of one to four parts.
    pub(super) fn column_ref(&mut self, parts: &[Ident]) -> Column {
        let unknown = || Column::computed(Symbol::from("?column?"), Type::Unknown);
        let Some(last) = parts.last() else { return unknown() };
        if parts.iter().any(is_hole) {
            return Column { name: last.name, ..unknown() };
        }
        let found = match parts {
            [name] => self.bare_column(*name),
            [table, column] => self.column_of(self.entry(table.name), *table, *column, None),
            [schema, table, column] | [_, schema, table, column] => self.column_of(self.qualified_entry(*schema, table.name), *table, *column, Some(*schema)),
            _ => None,
        };
        found.unwrap_or(Column { name: last.name, ..unknown() })
    }

    fn visible(level: &Level) -> impl Iterator<Item = &super::scope::Item> {
        level.items.iter().filter(|i| !i.lateral_only || level.lateral_active)
    }

    /// Looks a bare name up in one level.
    pub(super) fn in_level(level: &Level, name: Symbol) -> Found {
        let mut found: Option<Column> = None;
        let mut perhaps = level.open;
        for item in Self::visible(level).filter(|i| i.cols_visible) {
            match item.rte.find(name) {
                Found::One(column) => match &found {
                    Some(first) if first.uncertain || column.uncertain => {}
                    Some(_) => return Found::Many,
                    None => found = Some(column),
                },
                Found::Many => return Found::Many,
                Found::Perhaps => perhaps = true,
                Found::Nothing => {}
            }
        }
        match found {
            Some(column) => Found::One(column),
            None if perhaps => Found::Perhaps,
            None => Found::Nothing,
        }
    }

    fn bare_column(&mut self, ident: Ident) -> Option<Column> {
        for level in self.levels.iter().rev() {
            match Self::in_level(level, ident.name) {
                Found::One(column) => {
                    self.note_column(ident.span, &column);
                    return Some(column);
                }
                Found::Many => {
                    let candidates = self.candidates();
                    let p = self.problem(ProblemKind::AmbiguousColumn, ident.span, format!("column reference `{}` is ambiguous", ident.name));
                    p.column = Some(ident.as_str().to_owned());
                    p.candidates = candidates;
                    return None;
                }
                Found::Perhaps => return None,
                Found::Nothing => {}
            }
            if let Some((_, ty)) = level.variables.iter().find(|(n, _)| *n == ident.name) {
                return Some(Column::computed(ident.name, ty.clone()));
            }
        }
        match self.entry(ident.name) {
            Entry::One(rte) => {
                if let Some(relation) = &rte.relation {
                    let relation = Rc::clone(relation);
                    self.note(ident.span, &relation, None, Access::Read);
                }
                Some(Column::computed(ident.name, row_type(&rte)))
            }
            Entry::Perhaps => None,
            Entry::Nothing => {
                let newer = |r: &crate::schema::QualifiedName| r.schema == "pg_catalog" && Builtin::is_newer_column(&r.name, &ident.name);
                if self.candidates().iter().any(newer) {
                    return None;
                }
                self.missing_column(ident, None);
                None
            }
        }
    }

    /// The entry a table's name means in front of a column.
    pub(super) fn entry(&self, name: Symbol) -> Entry {
        let mut perhaps = false;
        for level in self.levels.iter().rev() {
            let found = Self::visible(level).find(|i| i.rel_visible && i.rte.name == Some(name));
            if let Some(item) = found {
                return Entry::One(Rc::clone(&item.rte));
            }
            perhaps |= level.open;
        }
        if perhaps { Entry::Perhaps } else { Entry::Nothing }
    }

    pub(super) fn qualified(&self, schema: Ident, table: Ident) -> Entry {
        self.qualified_entry(schema, table.name)
    }

    fn qualified_entry(&self, schema: Ident, name: Symbol) -> Entry {
        let mut perhaps = false;
        for level in self.levels.iter().rev() {
            let found = Self::visible(level)
                .find(|i| i.rel_visible && !i.rte.aliased && i.rte.relation.as_ref().is_some_and(|r| r.schema == schema.as_str() && r.name == name.as_str()));
            if let Some(item) = found {
                return Entry::One(Rc::clone(&item.rte));
            }
            // an unknown table of that name
            perhaps |= level.open || level.items.iter().any(|i| i.rte.relation.is_none() && i.rte.open && i.rte.name == Some(name));
        }
        if perhaps { Entry::Perhaps } else { Entry::Nothing }
    }

    fn column_of(&mut self, entry: Entry, table: Ident, column: Ident, schema: Option<Ident>) -> Option<Column> {
        let rte = match entry {
            Entry::One(rte) => rte,
            Entry::Perhaps => return None,
            Entry::Nothing => {
                if schema.is_none()
                    && let Some(level) = self.levels.iter().find(|l| l.variables_of == Some(table.name))
                    && let Some((_, ty)) = level.variables.iter().find(|(n, _)| *n == column.name)
                {
                    return Some(Column::computed(column.name, ty.clone()));
                }
                if schema.is_none() && self.levels.iter().any(|l| l.variables.iter().any(|(n, _)| *n == table.name)) {
                    // a field of a row variable
                    return None;
                }
                self.missing_entry(table, schema);
                return None;
            }
        };
        if let Some(relation) = &rte.relation
            && !rte.aliased
        {
            let relation = Rc::clone(relation);
            self.note(table.span, &relation, None, Access::Read);
        }
        match rte.find(column.name) {
            Found::One(found) => {
                self.note_column(column.span, &found);
                Some(found)
            }
            Found::Perhaps => None,
            Found::Many => {
                let p = self.problem(ProblemKind::AmbiguousColumn, column.span, format!("column reference `{}` is ambiguous", column.name));
                p.column = Some(column.as_str().to_owned());
                None
            }
            Found::Nothing => {
                let newer = rte.relation.as_ref().is_some_and(|r| r.schema == "pg_catalog" && Builtin::is_newer_column(&r.name, &column.name));
                if newer || self.is_row_function(&rte, column.name) {
                    return None;
                }
                self.missing_column(column, Some((table, &rte)));
                None
            }
        }
    }

    fn note_column(&mut self, span: Span, column: &Column) {
        if column.direct
            && let Some((relation, name)) = &column.source
        {
            self.note(span, relation, Some(name), Access::Read);
        }
    }

    /// `t.f` is `f(t)` where a function takes the row.
    fn is_row_function(&self, rte: &Rte, name: Symbol) -> bool {
        self.is_function_of(rte.relation.as_deref(), name)
    }

    /// Whether a function of that name takes a row of the relation or composite type (of any, where `None`) and nothing else.
    pub(super) fn is_function_of(&self, relation: Option<&QualifiedName>, name: Symbol) -> bool {
        if Builtin::get().functions(&name).iter().any(|f| f.any_row) {
            return true;
        }
        self.schema.functions.iter().filter(|(key, _)| key.name == name.as_str()).flat_map(|(_, all)| all).any(|function| {
            let required: Vec<_> = function.arguments.iter().filter(|a| a.mode != crate::schema::ArgMode::Out).collect();
            let needed = required.iter().filter(|a| a.default.is_none()).count();
            needed <= 1
                && required.first().is_some_and(|a| {
                    let ty = a.ty.rsplit('.').next().unwrap_or("").trim_matches('"');
                    matches!(ty, "record" | "any" | "anyelement" | "anynonarray" | "anycompatible") || relation.is_none_or(|r| r.name == ty)
                })
                && function.returns != Returns::Nothing
        })
    }

    fn missing_column(&mut self, column: Ident, table: Option<(Ident, &Rc<Rte>)>) {
        let hint = hint::column(&self.levels, table.map(|(t, _)| t.name), column.name);
        let candidates = self.candidates();
        let innermost = self.levels.last().filter(|_| table.is_none()).map(|l| l.all.as_slice()).unwrap_or_default();
        let beside = innermost.iter().filter_map(|rte| rte.relation.as_deref().cloned()).collect();
        let message = match table {
            None => format!("column `{}` does not exist", column.name),
            Some((name, rte)) => match &rte.relation {
                Some(relation) if relation.name != name.as_str() => {
                    format!("column `{}.{}` does not exist in table `{}`", name.name, column.name, relation.name)
                }
                _ => format!("column `{}.{}` does not exist", name.name, column.name),
            },
        };
        let relation = match table {
            Some((_, rte)) => rte.relation.as_deref().cloned(),
            None => match candidates.as_slice() {
                [only] => Some(only.clone()),
                _ => None,
            },
        };
        let p = self.problem(ProblemKind::UnknownColumn, column.span, message);
        p.column = Some(column.as_str().to_owned());
        if let Some(relation) = relation {
            p.schema = Some(relation.schema);
            p.table = Some(relation.name);
        }
        p.candidates = candidates;
        p.beside = beside;
        if let Some((entry, name)) = hint {
            if entry != table.map(|(t, _)| t.name)
                && let Some(entry) = entry
            {
                p.help = Some(format!("perhaps you meant `{entry}.{name}`"));
            }
            p.suggestion = Some(name.as_str().to_owned());
        }
    }

    /// `missing FROM-clause entry` or `invalid reference to FROM-clause entry`.
    pub(super) fn missing_entry(&mut self, table: Ident, schema: Option<Ident>) {
        let name = match schema {
            Some(schema) => format!("{}.{}", schema.name, table.name),
            None => table.name.as_str().to_owned(),
        };
        let is = |rte: &Rc<Rte>| rte.relation.as_ref().is_some_and(|r| r.name == table.name.as_str() && schema.is_none_or(|s| s.name == r.schema.as_str()));
        let hidden = self.levels.iter().rev().flat_map(|l| &l.all).find(|rte| is(rte) && rte.aliased).cloned();
        let known = self.levels.iter().any(|l| l.all.iter().any(|rte| rte.name == Some(table.name)));
        let near = {
            let names: Vec<Symbol> = self.levels.iter().flat_map(|l| l.all.iter().filter_map(|r| r.name)).collect();
            hint::nearest(&table.name, names.iter().map(Symbol::as_str)).map(str::to_owned)
        };
        let candidates = self.candidates();
        let span = schema.map_or(table.span, |s| s.span.cover(table.span));
        let message = if hidden.is_some() || known {
            format!("`{name}` cannot be referenced from this part of the query")
        } else {
            format!("no table or alias `{name}` in the FROM clause")
        };
        let p = self.problem(ProblemKind::UnknownTable, span, message);
        p.table = Some(table.as_str().to_owned());
        p.schema = schema.map(|s| s.as_str().to_owned());
        p.candidates = candidates;
        match hidden.and_then(|rte| rte.name).filter(|n| *n != table.name) {
            Some(alias) => {
                p.help = Some(format!("the table goes by its alias `{alias}` here"));
                p.suggestion = Some(alias.as_str().to_owned());
            }
            None if !known => p.suggestion = near,
            None => {}
        }
    }
}

/// The type of a whole row of an entry.
pub(super) fn row_type(rte: &Rte) -> Type {
    match &rte.relation {
        // a renamed column is a field by its new name
        Some(relation) if rte.columns.iter().all(|c| c.source.as_ref().is_none_or(|(_, name)| *name == c.name)) && !rte.columns.iter().any(|c| c.uncertain) => {
            Type::Row(Rc::clone(relation))
        }
        _ if rte.open || rte.columns.iter().any(|c| c.uncertain) => Type::Unknown,
        // a function or subquery with one column named like itself gives its value, not a row
        _ => Type::Record(Rc::new(rte.columns.iter().map(|c| (c.name, c.ty.clone())).collect())),
    }
}
