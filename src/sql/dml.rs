//! INSERT, UPDATE, DELETE, MERGE (`analyze.c`, `parse_target.c`).

use std::rc::Rc;

use super::resolve::{Resolver, Shape};
use super::scope::{Item, Rte};
use super::types::Type;
use super::write::Write;
use crate::diagnostic::Access;
use crate::schema::{self};
use crate::source::Span;
use crate::syntax::sql::ast::{
    AssignTarget, Assignment, Delete, Expr, ExprKind, Ident, Insert, Merge, MergeAction, MergeWhen, ObjectName, OnConflict, Query, QueryBody, Returning,
    Target, Update,
};

impl Resolver<'_> {
    /// The entry of a statement's target.
    pub(super) fn target(&mut self, name: &ObjectName, alias: Option<Ident>) -> Rc<Rte> {
        let mut rte = self.table_rte(name, Access::Write, false);
        if let Some(alias) = alias {
            rte.rename(alias.name, &[]);
        }
        let rte = Rc::new(rte);
        self.level().all.push(Rc::clone(&rte));
        rte
    }

    /// The definition behind an entry, where it is wholly known.
    pub(super) fn definition(&self, rte: &Rte) -> Option<&schema::Relation> {
        let relation = self.schema.relations.get(rte.relation.as_deref()?)?;
        (!rte.open && !relation.open).then_some(relation)
    }

    pub(super) fn insert(&mut self, insert: &Insert) -> Option<Shape> {
        self.within(|this| {
            if let Some(with) = &insert.with {
                this.with(with);
            }
            let target = this.target(&insert.table, insert.alias);
            if let Some(columns) = &insert.columns {
                for column in columns {
                    this.assign_target(column, &target);
                }
            }
            let write = Write { overriding: insert.overriding.is_some() };
            this.insert_source(insert, &target, write);
            this.required_columns(insert, &target);
            if let Some(conflict) = &insert.on_conflict {
                this.on_conflict(conflict, &target, write);
            }
            this.level().items = vec![Item::new(Rc::clone(&target))];
            this.returning(&insert.returning, &target)
        })
    }

    /// RETURNING. Since PostgreSQL 18 it sees the rows before and after too, as `old` and `new` unless something else goes by these names; which
    /// version runs a statement nobody tells.
    pub(super) fn returning(&mut self, returning: &Returning, target: &Rc<Rte>) -> Option<Shape> {
        if returning.targets.is_empty() {
            return None;
        }
        for (given, usual) in [(returning.old, "old"), (returning.new, "new")] {
            let name = given.map_or_else(|| usual.into(), |n| n.name);
            let level = self.level();
            if !level.items.iter().any(|i| i.rel_visible && i.rte.name == Some(name)) {
                let row = Rte { name: Some(name), aliased: true, ..(**target).clone() };
                let mut item = Item { cols_visible: false, ..Item::new(Rc::new(row)) };
                // an inserted row was not there before
                item.may_miss();
                level.items.push(item);
            }
        }
        Some(self.targets(&returning.targets).0)
    }

    pub(super) fn insert_source(&mut self, insert: &Insert, target: &Rc<Rte>, write: Write) {
        let Some(source) = &insert.source else { return };
        match plain_values(source) {
            Some(rows) => {
                if let Some(with) = &source.with {
                    self.with(with);
                }
                for (n, row) in rows.iter().enumerate() {
                    self.insert_row(row, insert, target, write, n == 0);
                }
            }
            None => {
                let shape = self.query(source);
                if !shape.open {
                    let spans = output_spans(source, shape.columns.len());
                    self.arity(insert, target, shape.columns.len(), &|n| spans.get(n).copied().flatten().unwrap_or(source.span));
                }
                let targets = first_targets(source);
                for (n, value) in targets.iter().enumerate() {
                    let given = shape.columns.get(n).filter(|_| !shape.open && shape.columns.len() == targets.len()).map(|c| c.ty.clone());
                    if let Some(column) = insert.columns.as_ref().and_then(|c| c.get(n)).filter(|c| c.fields.is_empty() && c.subscripts.is_empty()) {
                        self.assigned(&column.column, target, value, &given.unwrap_or_default(), write);
                    }
                }
            }
        }
    }

    pub(super) fn insert_row(&mut self, row: &[Expr], insert: &Insert, target: &Rc<Rte>, write: Write, first: bool) {
        let mut holes = false;
        for (n, value) in row.iter().enumerate() {
            let ty = self.value_of(value);
            holes |= matches!(value.kind, ExprKind::Hole | ExprKind::Broken) || (row.len() == 1 && matches!(value.kind, ExprKind::Param));
            match &insert.columns {
                Some(columns) => {
                    if let Some(column) = columns.get(n).filter(|c| c.fields.is_empty() && c.subscripts.is_empty()) {
                        self.assigned(&column.column, target, value, &ty, write);
                    }
                }
                None if target.ordered => {
                    if let Some(name) = target.columns.get(n).map(|c| c.name) {
                        self.assigned(&Ident { name, span: value.span, quoted: false }, target, value, &ty, write);
                    }
                }
                None => {}
            }
        }
        if insert.columns.is_none() && !target.ordered && !holes {
            self.nulls_anywhere(row, target);
        }
        if first && !holes {
            self.arity(insert, target, row.len(), &|n| row.get(n).map_or(insert.table.span(), |e| e.span));
        }
    }

    pub(super) fn value_of(&mut self, value: &Expr) -> Type {
        match &value.kind {
            ExprKind::Default => Type::Unknown,
            _ => self.expr(value),
        }
    }

    pub(super) fn assignments(&mut self, assignments: &[Assignment], target: &Rc<Rte>) {
        let write = Write { overriding: false };
        for assignment in assignments {
            for column in &assignment.targets {
                self.assign_target(column, target);
            }
            let plain = |t: &AssignTarget| t.fields.is_empty() && t.subscripts.is_empty();
            match (assignment.multiple, &assignment.value.kind) {
                (true, ExprKind::Row(values)) => {
                    for (n, value) in values.iter().enumerate() {
                        let ty = self.value_of(value);
                        if let Some(column) = assignment.targets.get(n).filter(|t| plain(t)) {
                            self.assigned(&column.column, target, value, &ty, write);
                        }
                    }
                }
                _ => {
                    let ty = self.value_of(&assignment.value);
                    if let [column] = assignment.targets.as_slice()
                        && plain(column)
                    {
                        self.assigned(&column.column, target, &assignment.value, &ty, write);
                    }
                }
            }
        }
    }

    pub(super) fn on_conflict(&mut self, conflict: &OnConflict, target: &Rc<Rte>, write: Write) {
        let _ = write;
        // the index is inferred over the target's own columns
        self.level().items = vec![Item::new(Rc::clone(target))];
        self.exprs(&conflict.targets);
        if let Some(condition) = &conflict.target_condition {
            self.expr(condition);
        }
        self.conflict_target(conflict, target);
        let Some((assignments, condition)) = &conflict.update else { return };
        let excluded = Rte {
            name: Some("excluded".into()),
            aliased: true,
            system: false,
            columns: target.columns.clone(),
            open: target.open,
            relation: target.relation.clone(),
            ..Rte::default()
        };
        let excluded = Rc::new(excluded);
        self.level().all.push(Rc::clone(&excluded));
        self.level().items.push(Item::new(excluded));
        self.assignments(assignments, target);
        if let Some(condition) = condition {
            self.expr(condition);
        }
    }

    pub(super) fn update(&mut self, update: &Update) -> Option<Shape> {
        self.within(|this| {
            if let Some(with) = &update.with {
                this.with(with);
            }
            let target = this.target(&update.table, update.alias);
            // items of FROM may not look at the target
            this.level().items.push(Item::new(Rc::clone(&target)));
            this.hidden_while_from(&update.from);
            if let Some(condition) = &update.condition {
                this.condition(condition);
            }
            this.assignments(&update.assignments, &target);
            this.returning(&update.returning, &target)
        })
    }

    pub(super) fn hidden_while_from(&mut self, from: &[crate::syntax::sql::ast::FromItem]) {
        for item in &mut self.level().items {
            item.lateral_only = true;
        }
        self.from_clause(from);
        self.reveal();
    }

    pub(super) fn delete(&mut self, delete: &Delete) -> Option<Shape> {
        self.within(|this| {
            if let Some(with) = &delete.with {
                this.with(with);
            }
            let target = this.target(&delete.table, delete.alias);
            this.level().items.push(Item::new(Rc::clone(&target)));
            this.hidden_while_from(&delete.using);
            if let Some(condition) = &delete.condition {
                this.condition(condition);
            }
            this.returning(&delete.returning, &target)
        })
    }

    pub(super) fn merge(&mut self, merge: &Merge) -> Option<Shape> {
        self.within(|this| {
            if let Some(with) = &merge.with {
                this.with(with);
            }
            let target = this.target(&merge.table, merge.alias);
            if let Some(source) = &merge.source {
                this.from_clause(std::slice::from_ref(source));
            } else {
                this.level().open = true;
            }
            let source = this.level().items.clone();
            if let Some(name) = target.name.filter(|n| source.iter().any(|i| i.rel_visible && i.rte.name == Some(*n)))
                && let Some(at) = &merge.source
            {
                this.duplicate(name, at);
            }
            let item = Item::new(Rc::clone(&target));
            this.level().items.push(item.clone());
            let both = this.level().items.clone();
            if let Some(on) = &merge.on {
                this.expr(on);
            }
            for clause in &merge.clauses {
                this.level().items = match clause.when {
                    MergeWhen::Matched => both.clone(),
                    MergeWhen::NotMatchedByTarget => source.clone(),
                    MergeWhen::NotMatchedBySource => vec![item.clone()],
                };
                if let Some(condition) = &clause.condition {
                    this.expr(condition);
                }
                this.merge_action(&clause.action, &target, merge);
            }
            this.level().items = both;
            // either side may have no row
            this.level().items.iter_mut().for_each(Item::may_miss);
            this.returning(&merge.returning, &target)
        })
    }

    pub(super) fn merge_action(&mut self, action: &MergeAction, target: &Rc<Rte>, merge: &Merge) {
        match action {
            MergeAction::Update(assignments) => self.assignments(assignments, target),
            MergeAction::Insert { columns, overriding, values } => {
                for column in columns.iter().flatten() {
                    self.assign_target(column, target);
                }
                // judged like an INSERT of one row
                let insert = Insert {
                    with: None,
                    table: merge.table,
                    alias: None,
                    columns: columns.clone(),
                    overriding: *overriding,
                    source: None,
                    on_conflict: None,
                    returning: Returning::default(),
                };
                if let Some(values) = values {
                    self.insert_row(values, &insert, target, Write { overriding: overriding.is_some() }, true);
                }
            }
            MergeAction::Other => {}
        }
    }
}

/// The rows of a bare VALUES.
pub(super) fn plain_values(query: &Query) -> Option<&Vec<Vec<Expr>>> {
    match &query.body {
        QueryBody::Values(rows) if query.order_by.is_empty() && query.limits.is_empty() => Some(rows),
        _ => None,
    }
}

fn first_select(query: &Query) -> Option<&[Target]> {
    match &query.body {
        QueryBody::Select(select) => Some(&select.targets),
        QueryBody::Nested(inner) => first_select(inner),
        QueryBody::SetOperation(operation) => first_select(&operation.left),
        _ => None,
    }
}

/// The expressions of a select list without stars.
fn first_targets(query: &Query) -> Vec<&Expr> {
    if !matches!(query.body, QueryBody::Select(_)) {
        return Vec::new();
    }
    match first_select(query) {
        Some(targets) if !targets.iter().any(|t| matches!(t.expr.kind, ExprKind::Star(_) | ExprKind::FieldStar(_) | ExprKind::Hole)) => {
            targets.iter().map(|t| &t.expr).collect()
        }
        _ => Vec::new(),
    }
}

/// Where each output column is written: a star stands for all that it does not leave to its neighbours.
fn output_spans(query: &Query, count: usize) -> Vec<Option<Span>> {
    let Some(targets) = first_select(query) else { return Vec::new() };
    let stars = targets.iter().filter(|t| matches!(t.expr.kind, ExprKind::Star(_) | ExprKind::FieldStar(_))).count();
    let mut out = Vec::new();
    for target in targets {
        let many = if matches!(target.expr.kind, ExprKind::Star(_) | ExprKind::FieldStar(_)) {
            if stars > 1 {
                // which column comes from which star is not known here
                return Vec::new();
            }
            (count + 1).saturating_sub(targets.len())
        } else {
            1
        };
        out.extend(std::iter::repeat_n(Some(target.expr.span), many));
    }
    out
}
