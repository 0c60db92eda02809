//! What may be written: columns that exist, as many values as columns, no NULL where none may be.

use super::dml::plain_values;
use super::hint;
use super::problem::ProblemKind;
use super::resolve::{Resolver, is_hole};
use super::scope::{Found, Rte};
use super::types::Type;
use crate::diagnostic::Access;
use crate::schema::{self, RelationKind};
use crate::source::Span;
use crate::syntax::sql::ast::{AssignTarget, Expr, ExprKind, Ident, Insert, OnConflict};
use std::rc::Rc;

/// How the identity of a written value is judged.
#[derive(Clone, Copy)]
pub(super) struct Write {
    /// `OVERRIDING SYSTEM VALUE` or `USER VALUE`: an identity column may be named.
    pub(super) overriding: bool,
}

impl Resolver<'_> {
    /// More values than columns, or more named columns than values.
    pub(super) fn arity(&mut self, insert: &Insert, target: &Rc<Rte>, values: usize, place: &dyn Fn(usize) -> Span) {
        if self.open_scope {
            return;
        }
        let wanted = match &insert.columns {
            Some(columns) if columns.iter().any(|c| is_hole(&c.column)) => return,
            Some(columns) => columns.len(),
            None if target.open || self.definition(target).is_none() => return,
            None => target.columns.len(),
        };
        let (span, message) = if values > wanted {
            (place(wanted), format!("INSERT has more values ({values}) than target columns ({wanted})"))
        } else if values < wanted && insert.columns.is_some() {
            let column = insert.columns.as_ref().and_then(|c| c.get(values)).map_or(insert.table.span(), |c| c.column.span);
            (column, format!("INSERT has more target columns ({wanted}) than values ({values})"))
        } else {
            return;
        };
        let relation = target.relation.as_deref().cloned();
        let p = self.problem(ProblemKind::InsertArity, span, message);
        p.schema = relation.as_ref().map(|r| r.schema.clone());
        p.table = relation.map(|r| r.name);
    }

    /// NOT NULL columns without default that the statement leaves out.
    pub(super) fn required_columns(&mut self, insert: &Insert, target: &Rc<Rte>) {
        if self.open_scope {
            // something stands between the table and its values
            return;
        }
        let Some(relation) = self.definition(target).filter(|r| r.kind == RelationKind::Table) else { return };
        let named: Option<Vec<&str>> = match (&insert.columns, &insert.source) {
            (Some(columns), _) if columns.iter().any(|c| is_hole(&c.column)) => return,
            (Some(columns), Some(_)) => Some(columns.iter().map(|c| c.column.as_str()).collect()),
            (_, None) => Some(Vec::new()),
            (None, Some(_)) => None,
        };
        let values = insert.source.as_ref().and_then(plain_values).and_then(|rows| rows.first());
        let missing: Vec<String> = match named {
            // A column that does not exist was meant to be one that does: one cause, one finding.
            Some(named) if named.iter().any(|n| relation.column(n).is_none()) => return,
            Some(named) => relation.columns.iter().filter(|c| self.is_required(c) && !named.contains(&c.name.as_str())).map(|c| c.name.clone()).collect(),
            None => {
                // without a list the first columns are filled: which are left out is known where their order is
                let (Some(row), true) = (values, target.ordered) else { return };
                let unknown =
                    row.iter().any(|v| matches!(v.kind, ExprKind::Hole | ExprKind::Broken)) || (row.len() == 1 && matches!(row[0].kind, ExprKind::Param));
                if unknown {
                    return;
                }
                let rest = target.columns.iter().skip(row.len());
                rest.filter_map(|c| relation.column(&c.name)).filter(|c| self.is_required(c)).map(|c| c.name.clone()).collect()
            }
        };
        for column in missing {
            let key = target.relation.as_deref().cloned();
            let table = key.as_ref().map_or_else(String::new, |k| k.name.clone());
            let message = format!("required column `{column}` of table `{table}` is missing from the INSERT");
            let doubtful = self.definition(target).and_then(|r| r.column(&column)).is_some_and(|c| self.schema.may_be_filled(c));
            let p = self.problem(ProblemKind::MissingRequiredColumn, insert.table.name.span, message);
            p.doubtful = doubtful;
            p.schema = key.map(|k| k.schema);
            p.table = Some(table);
            p.column = Some(column);
        }
    }

    pub(super) fn is_required(&self, column: &schema::Column) -> bool {
        if !column.is_required() {
            return false;
        }
        // a domain brings its own default
        let name = column.ty.rsplit('.').next().unwrap_or("").trim_matches('"');
        let namespace = column.ty.rsplit_once('.').map(|(s, _)| s.trim_matches('"'));
        self.schema.find(&self.schema.domains, namespace, name).is_none_or(|(_, d)| d.default.is_none())
    }

    /// A column that is written.
    pub(super) fn assign_target(&mut self, target: &AssignTarget, rte: &Rc<Rte>) {
        self.exprs(&target.subscripts);
        if is_hole(&target.column) {
            return;
        }
        let column = target.column;
        match rte.find(column.name) {
            Found::One(found) => {
                if let Some(relation) = &rte.relation
                    && found.direct
                {
                    let relation = Rc::clone(relation);
                    self.note(column.span, &relation, Some(&column.name), Access::Write);
                }
                self.assigned_fields(target, found.ty);
            }
            Found::Perhaps | Found::Many => {}
            Found::Nothing => {
                let relation = rte.relation.as_deref().cloned();
                let table = relation.as_ref().map_or_else(|| rte.name.map_or_else(String::new, |n| n.as_str().to_owned()), |r| r.name.clone());
                let near = hint::nearest(&column.name, rte.columns.iter().map(|c| c.name.as_str())).map(str::to_owned);
                let p = self.problem(ProblemKind::UnknownColumn, column.span, format!("column `{}` of table `{table}` does not exist", column.name));
                p.schema = relation.as_ref().map(|r| r.schema.clone());
                p.table = Some(table);
                p.column = Some(column.as_str().to_owned());
                p.suggestion = near;
                p.candidates = relation.into_iter().collect();
            }
        }
    }

    /// `SET column.field = …`, with subscripts in between.
    pub(super) fn assigned_fields(&mut self, target: &AssignTarget, mut ty: Type) {
        for field in &target.fields {
            while let (Type::Array(_), false) = (&ty, target.subscripts.is_empty()) {
                ty = ty.element();
            }
            let Type::Row(name) = &ty else { return };
            let Some(fields) = self.fields(name) else { return };
            if is_hole(field) {
                return;
            }
            match fields.iter().find(|f| f.name == field.name) {
                Some(found) => ty = found.ty.clone(),
                None => {
                    let near = hint::nearest(&field.name, fields.iter().map(|f| f.name.as_str())).map(str::to_owned);
                    let message = format!("field `{}` of column `{}` does not exist", field.name, target.column.name);
                    let p = self.problem(ProblemKind::UnknownColumn, target.column.span.cover(field.span), message);
                    p.column = Some(field.as_str().to_owned());
                    p.suggestion = near;
                    return;
                }
            }
        }
    }

    /// A value that goes into a column; `given` is its type.
    pub(super) fn assigned(&mut self, column: &Ident, target: &Rc<Rte>, value: &Expr, given: &Type, write: Write) {
        let Some(relation) = self.definition(target).filter(|r| matches!(r.kind, RelationKind::Table)) else {
            if let Found::One(found) = target.find(column.name) {
                self.compare(&found.ty, value);
                self.assignable(column.name, &found.ty, None, value, given);
            }
            return;
        };
        let Some(definition) = relation.column(&column.name) else { return };
        let (generated, always) = (definition.generated.is_some(), definition.identity == Some(schema::Identity::Always));
        let not_null = definition.not_null;
        let declared = definition.ty.clone();
        let key = target.relation.as_deref().cloned();
        let table = key.as_ref().map_or_else(String::new, |k| k.name.clone());
        let name = column.name;
        let required = self.is_required(definition);
        let filled = self.schema.may_be_filled(definition);
        let problem = if matches!(value.kind, ExprKind::Default) {
            let message = format!("DEFAULT for column `{name}` of table `{table}`, which is `not null` and has no default");
            required.then_some((ProblemKind::NullIntoNotNull, value.span, message))
        } else if generated {
            Some((ProblemKind::GeneratedColumnWrite, column.span, format!("column `{name}` of table `{table}` is generated and can only be set to DEFAULT")))
        } else if always && !write.overriding {
            let message = format!("column `{name}` of table `{table}` is `generated always as identity` and can only be set to DEFAULT");
            Some((ProblemKind::GeneratedColumnWrite, column.span, message))
        } else if not_null && is_null(value) && !(write.overriding && definition.identity.is_some()) {
            Some((ProblemKind::NullIntoNotNull, value.span, format!("NULL for column `{name}` of table `{table}`, which is `not null`")))
        } else {
            None
        };
        if let Some((kind, span, message)) = problem {
            let p = self.problem(kind, span, message);
            p.doubtful = filled && kind == ProblemKind::NullIntoNotNull;
            p.schema = key.map(|k| k.schema);
            p.table = Some(table);
            p.column = Some(name.as_str().to_owned());
        }
        if let Found::One(found) = target.find(name) {
            self.compare(&found.ty, value);
            self.assignable(name, &found.ty, Some(&declared), value, given);
        }
    }

    /// A row for all columns, in an order that nobody knows: with more NULLs than there are columns that take one, one of the others gets it.
    pub(super) fn nulls_anywhere(&mut self, row: &[Expr], target: &Rc<Rte>) {
        let Some(relation) = self.definition(target).filter(|r| r.kind == RelationKind::Table) else { return };
        let nulls: Vec<Span> = row.iter().filter(|v| is_null(v)).map(|v| v.span).collect();
        let takes = relation.columns.iter().filter(|c| !c.not_null).count();
        if row.len() != relation.columns.len() || nulls.len() <= takes {
            return;
        }
        let not_null: Vec<String> = relation.columns.iter().filter(|c| c.not_null).map(|c| c.name.clone()).collect();
        let key = target.relation.as_deref().cloned();
        let table = key.as_ref().map_or_else(String::new, |k| k.name.clone());
        // which of several it is hangs on their order
        for column in not_null {
            let message = format!("NULL for column `{column}` of table `{table}`, which is `not null`");
            let p = self.problem(ProblemKind::NullIntoNotNull, nulls[0], message);
            p.schema = key.as_ref().map(|k| k.schema.clone());
            p.table = Some(table.clone());
            p.column = Some(column);
            if nulls.len() < row.len() {
                break;
            }
        }
    }

    /// `ON CONFLICT (columns)` needs a unique constraint or index over exactly these columns.
    pub(super) fn conflict_target(&mut self, conflict: &OnConflict, target: &Rc<Rte>) {
        let Some(relation) = self.definition(target).filter(|r| r.kind == RelationKind::Table) else { return };
        let key = target.relation.as_deref().cloned();
        if key.as_ref().is_some_and(|k| !self.schema.knows_keys(k)) {
            return;
        }
        let table = key.as_ref().map_or_else(String::new, |k| k.name.clone());
        let (span, message) = if let Some(name) = conflict.constraint {
            let text = name.as_str();
            let pkey = relation.primary_key_name.clone().unwrap_or_else(|| format!("{table}_pkey"));
            let known =
                (!relation.primary_key.is_empty() && pkey == text) || relation.unique.iter().any(|u| u.name == text) || relation.exclusions.contains_key(text);
            if known || is_hole(&name) {
                return;
            }
            (name.span, format!("constraint `{text}` of table `{table}` does not exist"))
        } else {
            let mut columns = Vec::new();
            for expr in &conflict.targets {
                match &expr.kind {
                    ExprKind::Column(parts) if parts.len() == 1 && !is_hole(&parts[0]) && relation.column(parts[0].as_str()).is_some() => {
                        columns.push(parts[0].as_str());
                    }
                    _ => return,
                }
            }
            if columns.is_empty() || has_unique(relation, &columns, conflict.target_condition.is_some()) {
                return;
            }
            let span = conflict.targets.iter().map(|e| e.span).reduce(Span::cover).unwrap_or(conflict.span);
            (span, format!("no unique constraint or index of table `{table}` covers exactly ({})", columns.join(", ")))
        };
        let p = self.problem(ProblemKind::InvalidConflictTarget, span, message);
        p.schema = key.map(|k| k.schema);
        p.table = Some(table);
    }
}

pub(super) fn is_null(value: &Expr) -> bool {
    match &value.kind {
        ExprKind::Null => true,
        ExprKind::Cast(inner, _) => is_null(inner),
        _ => false,
    }
}

pub(super) fn has_unique(relation: &schema::Relation, columns: &[&str], condition: bool) -> bool {
    let same = |key: &mut dyn Iterator<Item = &str>| {
        let key: Vec<&str> = key.collect();
        key.iter().all(|k| columns.contains(k)) && columns.iter().all(|c| key.contains(c))
    };
    (!relation.primary_key.is_empty() && same(&mut relation.primary_key.iter().map(String::as_str)))
        || relation.unique.iter().any(|u| same(&mut u.columns.iter().map(String::as_str)))
        || relation.indexes.iter().filter(|i| i.unique).any(|i| {
            // a partial index serves only where its condition is given
            (!i.partial || condition) && i.keys.iter().all(Option::is_some) && same(&mut i.keys.iter().flatten().map(String::as_str))
        })
}
