//! INSERT, UPDATE, DELETE, MERGE (`analyze.c`, `parse_target.c`).

use std::rc::Rc;

use super::hint;
use super::problem::ProblemKind;
use super::resolve::{Resolver, Shape, is_hole};
use super::scope::{Found, Item, Rte};
use super::types::Type;
use crate::diagnostic::Access;
use crate::schema::{self, RelationKind};
use crate::source::Span;
use crate::syntax::sql::ast::{
    AssignTarget, Assignment, Delete, Expr, ExprKind, Ident, Insert, Merge, MergeAction, MergeWhen, ObjectName, OnConflict, Query, QueryBody, Target, Update,
};

/// How the identity of a written value is judged.
#[derive(Clone, Copy)]
struct Write {
    /// `OVERRIDING SYSTEM VALUE` or `USER VALUE`: an identity column may be named.
    overriding: bool,
}

impl Resolver<'_> {
    /// The entry of a statement's target.
    fn target(&mut self, name: &ObjectName, alias: Option<Ident>) -> Rc<Rte> {
        let mut rte = self.table_rte(name, Access::Write, false);
        if let Some(alias) = alias {
            rte.rename(alias.name, &[]);
        }
        let rte = Rc::new(rte);
        self.level().all.push(Rc::clone(&rte));
        rte
    }

    /// The definition behind an entry, where it is wholly known.
    fn definition(&self, rte: &Rte) -> Option<&schema::Relation> {
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
            this.level().items = vec![Item::new(target)];
            this.returning(&insert.returning)
        })
    }

    fn returning(&mut self, targets: &[Target]) -> Option<Shape> {
        if targets.is_empty() {
            return None;
        }
        // PostgreSQL 18 has the rows before and after under these names
        Some(self.targets(targets).0)
    }

    fn insert_source(&mut self, insert: &Insert, target: &Rc<Rte>, write: Write) {
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
                for (n, ty) in first_targets(source).iter().enumerate() {
                    if let Some(column) = insert.columns.as_ref().and_then(|c| c.get(n)) {
                        self.assigned(&column.column, target, ty, write);
                    }
                }
            }
        }
    }

    fn insert_row(&mut self, row: &[Expr], insert: &Insert, target: &Rc<Rte>, write: Write, first: bool) {
        let mut holes = false;
        for (n, value) in row.iter().enumerate() {
            let ty = self.value_of(value);
            holes |= matches!(value.kind, ExprKind::Hole | ExprKind::Broken) || (row.len() == 1 && matches!(value.kind, ExprKind::Param));
            match &insert.columns {
                Some(columns) => {
                    if let Some(column) = columns.get(n).filter(|c| c.fields.is_empty() && c.subscripts.is_empty()) {
                        self.assigned(&column.column, target, value, write);
                    }
                }
                None if target.ordered => {
                    if let Some(name) = target.columns.get(n).map(|c| c.name) {
                        self.assigned(&Ident { name, span: value.span, quoted: false }, target, value, write);
                    }
                }
                None => {}
            }
            drop(ty);
        }
        if first && !holes {
            self.arity(insert, target, row.len(), &|n| row.get(n).map_or(insert.table.span(), |e| e.span));
        }
    }

    fn value_of(&mut self, value: &Expr) -> Type {
        match &value.kind {
            ExprKind::Default => Type::Unknown,
            _ => self.expr(value),
        }
    }

    /// More values than columns, or more named columns than values.
    fn arity(&mut self, insert: &Insert, target: &Rc<Rte>, values: usize, place: &dyn Fn(usize) -> Span) {
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
    fn required_columns(&mut self, insert: &Insert, target: &Rc<Rte>) {
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
            let p = self.problem(ProblemKind::MissingRequiredColumn, insert.table.name.span, message);
            p.schema = key.map(|k| k.schema);
            p.table = Some(table);
            p.column = Some(column);
        }
    }

    fn is_required(&self, column: &schema::Column) -> bool {
        if !column.is_required() {
            return false;
        }
        // a domain brings its own default
        let name = column.ty.rsplit('.').next().unwrap_or("").trim_matches('"');
        let namespace = column.ty.rsplit_once('.').map(|(s, _)| s.trim_matches('"'));
        self.schema.find(&self.schema.domains, namespace, name).is_none_or(|(_, d)| d.default.is_none())
    }

    /// A column that is written.
    fn assign_target(&mut self, target: &AssignTarget, rte: &Rc<Rte>) {
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
    fn assigned_fields(&mut self, target: &AssignTarget, mut ty: Type) {
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

    /// A value that goes into a column.
    fn assigned(&mut self, column: &Ident, target: &Rc<Rte>, value: &Expr, write: Write) {
        let Some(relation) = self.definition(target).filter(|r| matches!(r.kind, RelationKind::Table)) else {
            if let Found::One(found) = target.find(column.name) {
                self.compare(&found.ty, value);
            }
            return;
        };
        let Some(definition) = relation.column(&column.name) else { return };
        let (generated, always) = (definition.generated.is_some(), definition.identity == Some(schema::Identity::Always));
        let not_null = definition.not_null;
        let key = target.relation.as_deref().cloned();
        let table = key.as_ref().map_or_else(String::new, |k| k.name.clone());
        let name = column.name;
        let required = self.is_required(definition);
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
            p.schema = key.map(|k| k.schema);
            p.table = Some(table);
            p.column = Some(name.as_str().to_owned());
        }
        if let Found::One(found) = target.find(name) {
            self.compare(&found.ty, value);
        }
    }

    fn assignments(&mut self, assignments: &[Assignment], target: &Rc<Rte>) {
        let write = Write { overriding: false };
        for assignment in assignments {
            for column in &assignment.targets {
                self.assign_target(column, target);
            }
            let plain = |t: &AssignTarget| t.fields.is_empty() && t.subscripts.is_empty();
            match (assignment.multiple, &assignment.value.kind) {
                (true, ExprKind::Row(values)) => {
                    for (n, value) in values.iter().enumerate() {
                        self.value_of(value);
                        if let Some(column) = assignment.targets.get(n).filter(|t| plain(t)) {
                            self.assigned(&column.column, target, value, write);
                        }
                    }
                }
                _ => {
                    self.value_of(&assignment.value);
                    if let [column] = assignment.targets.as_slice()
                        && plain(column)
                    {
                        self.assigned(&column.column, target, &assignment.value, write);
                    }
                }
            }
        }
    }

    fn on_conflict(&mut self, conflict: &OnConflict, target: &Rc<Rte>, write: Write) {
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

    /// `ON CONFLICT (columns)` needs a unique constraint or index over exactly these columns.
    fn conflict_target(&mut self, conflict: &OnConflict, target: &Rc<Rte>) {
        let Some(relation) = self.definition(target).filter(|r| r.kind == RelationKind::Table) else { return };
        let key = target.relation.as_deref().cloned();
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
                this.expr(condition);
            }
            this.assignments(&update.assignments, &target);
            this.returning(&update.returning)
        })
    }

    fn hidden_while_from(&mut self, from: &[crate::syntax::sql::ast::FromItem]) {
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
            this.level().items.push(Item::new(target));
            this.hidden_while_from(&delete.using);
            if let Some(condition) = &delete.condition {
                this.expr(condition);
            }
            this.returning(&delete.returning)
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
            this.returning(&merge.returning)
        })
    }

    fn merge_action(&mut self, action: &MergeAction, target: &Rc<Rte>, merge: &Merge) {
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
                    returning: Vec::new(),
                };
                if let Some(values) = values {
                    self.insert_row(values, &insert, target, Write { overriding: overriding.is_some() }, true);
                }
            }
            MergeAction::Other => {}
        }
    }
}

fn is_null(value: &Expr) -> bool {
    match &value.kind {
        ExprKind::Null => true,
        ExprKind::Cast(inner, _) => is_null(inner),
        _ => false,
    }
}

fn has_unique(relation: &schema::Relation, columns: &[&str], condition: bool) -> bool {
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

/// The rows of a bare VALUES.
fn plain_values(query: &Query) -> Option<&Vec<Vec<Expr>>> {
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
