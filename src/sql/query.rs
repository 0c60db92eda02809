//! Queries: WITH, SELECT, VALUES, set operations, ORDER BY (`transformStmt` and below).

use std::rc::Rc;

use crate::symbol::Symbol;

use super::expr::common;
use super::problem::ProblemKind;
use super::resolve::{Resolver, Shape, is_hole};
use super::scope::{Column, CteEntry, Found, Item, Rte};
use super::types::Type;
use crate::source::Span;
use crate::syntax::sql::ast::{
    Cte, Expr, ExprKind, Ident, ObjectName, OrderItem, Query, QueryBody, Select, SetOperation, SetOperator, StatementKind, Target, Window, With,
};
use crate::syntax::sql::template::HOLE;

/// A CTE that refers to itself: where its entry stands, so that its first member can give it columns.
#[derive(Clone)]
pub(super) struct Pending {
    level: usize,
    name: Symbol,
    columns: Vec<Symbol>,
    /// Columns that SEARCH and CYCLE add.
    added: Vec<Symbol>,
}

/// How a name in a sort clause is looked up.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    /// Output names first.
    Order,
    /// Columns of FROM first.
    Group,
}

impl Resolver<'_> {
    /// Analyses a query in a level of its own.
    pub(super) fn query(&mut self, query: &Query) -> Shape {
        self.recursive_query(query, None)
    }

    fn recursive_query(&mut self, query: &Query, pending: Option<Pending>) -> Shape {
        self.within(|this| this.query_here(query, pending, &[], &[], &[]))
    }

    /// Clauses behind parentheses belong to the query inside: `(SELECT …) ORDER BY …`.
    fn query_here(&mut self, query: &Query, pending: Option<Pending>, orders: &[&OrderItem], limits: &[&Expr], locks: &[&ObjectName]) -> Shape {
        if let Some(with) = &query.with {
            self.with(with);
        }
        let orders: Vec<&OrderItem> = query.order_by.iter().chain(orders.iter().copied()).collect();
        let limits: Vec<&Expr> = query.limits.iter().chain(limits.iter().copied()).collect();
        let locks: Vec<&ObjectName> = query.locks.iter().flatten().chain(locks.iter().copied()).collect();
        let mut shape = match &query.body {
            QueryBody::Nested(inner) => return self.query_here(inner, pending, &orders, &limits, &locks),
            QueryBody::Select(select) => self.select(select, &orders),
            QueryBody::Values(rows) => self.values(rows, &orders),
            QueryBody::Table(name) => {
                let rte = self.table_rte(name, crate::diagnostic::Access::Read, true);
                let shape = Shape { columns: rte.columns.clone(), open: rte.open, ordered: rte.ordered, one_row: false };
                self.sort_outputs(&shape, &orders);
                let rte = Rc::new(rte);
                self.level().all.push(Rc::clone(&rte));
                self.level().items.push(Item::new(rte));
                shape
            }
            QueryBody::SetOperation(operation) => {
                let shape = self.set_operation(operation, pending);
                self.sort_outputs(&shape, &orders);
                shape
            }
            QueryBody::Broken => Shape::unknown(),
        };
        shape.one_row &= limits.is_empty();
        for limit in limits {
            self.expr(limit);
        }
        for name in locks {
            self.lock(name);
        }
        shape
    }

    fn lock(&mut self, name: &ObjectName) {
        let level = self.level();
        let bare = name.name.name;
        if level.open || is_hole(&name.name) || level.all.iter().any(|r| r.name == Some(bare)) {
            return;
        }
        let p = self.problem(ProblemKind::UnknownTable, name.name.span, format!("relation `{bare}` in the locking clause is not in the FROM clause"));
        p.table = Some(bare.as_str().to_owned());
    }

    /// Reads WITH into the current level.
    pub(super) fn with(&mut self, with: &With) {
        if with.recursive {
            // each may name any other; until it is read, nothing is known of its columns
            for cte in &with.ctes {
                self.level().ctes.push(CteEntry { name: cte.name.name, columns: Rc::default(), open: true, ordered: false });
            }
        }
        let level = self.levels.len() - 1;
        for cte in self.reading_order(with) {
            let entry = self.cte(cte, with.recursive.then_some(level));
            let ctes = &mut self.levels[level].ctes;
            match ctes.iter_mut().rev().find(|c| with.recursive && c.name == entry.name) {
                Some(slot) => *slot = entry,
                None => ctes.push(entry),
            }
        }
    }

    /// With RECURSIVE a query may name one that stands behind it: that is read first (`TopologicalSort` of `parse_cte.c`).
    fn reading_order<'w>(&self, with: &'w With) -> Vec<&'w Cte> {
        let mut rest: Vec<&Cte> = with.ctes.iter().collect();
        if !with.recursive || rest.len() < 2 {
            return rest;
        }
        let names_in = |cte: &Cte| -> Vec<String> {
            let text = self.template.text().get(cte.statement.span.range()).unwrap_or_default();
            let words = text.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '$');
            words.filter(|w| !w.is_empty()).flat_map(|w| [w.to_owned(), w.to_lowercase()]).collect()
        };
        let words: Vec<(Symbol, Vec<String>)> = rest.iter().map(|c| (c.name.name, names_in(c))).collect();
        let needs = |a: &Cte, b: &Cte| a.name.name != b.name.name && words.iter().any(|(n, w)| *n == a.name.name && w.iter().any(|w| w == b.name.as_str()));
        let mut out = Vec::new();
        while !rest.is_empty() {
            let free = rest.iter().position(|cte| !rest.iter().any(|other| needs(cte, other))).unwrap_or(0);
            out.push(rest.remove(free));
        }
        out
    }

    fn cte(&mut self, cte: &Cte, recursive: Option<usize>) -> CteEntry {
        let names: Vec<Symbol> = cte.columns.iter().map(|c| c.name).collect();
        let shape = match &cte.statement.kind {
            StatementKind::Query(query) => {
                let added = cte.search.iter().map(|(_, set)| set.name).chain(cte.cycle.iter().flat_map(|(_, new)| new.iter().map(|n| n.name))).collect();
                let pending = recursive.map(|level| Pending { level, name: cte.name.name, columns: names.clone(), added });
                self.recursive_query(query, pending)
            }
            _ => self.run(&cte.statement).unwrap_or_else(Shape::unknown),
        };
        let mut entry = cte_entry(cte.name.name, shape, &names);
        entry.open |= cte.columns.iter().any(is_hole);
        let columns = Rc::make_mut(&mut entry.columns);
        if let Some((_, set)) = &cte.search {
            columns.push(Column::computed(set.name, Type::Unknown));
        }
        if let Some((_, new)) = &cte.cycle {
            columns.extend(new.iter().map(|n| Column::computed(n.name, Type::Unknown)));
        }
        let named = cte.search.iter().map(|s| &s.0).chain(cte.cycle.iter().map(|c| &c.0)).flatten();
        for column in named {
            if !entry.open && !is_hole(column) && !entry.columns.iter().any(|c| c.name == column.name) {
                let message = format!("column `{}` is not in the WITH query's column list", column.name);
                self.problem(ProblemKind::UnknownColumn, column.span, message).column = Some(column.as_str().to_owned());
            }
        }
        entry
    }

    fn set_operation(&mut self, operation: &SetOperation, pending: Option<Pending>) -> Shape {
        let left = match (&operation.left.body, operation.left.with.is_none()) {
            // the recursive member of `a UNION b UNION c` is the last one
            (QueryBody::SetOperation(_), true) => self.recursive_query(&operation.left, None),
            _ => self.query(&operation.left),
        };
        if let Some(pending) = pending {
            let mut entry = cte_entry(pending.name, left.clone(), &pending.columns);
            let columns = Rc::make_mut(&mut entry.columns);
            // what the recursive member gives comes back through this name
            columns.iter_mut().for_each(|c| c.nullable = true);
            columns.extend(pending.added.iter().map(|n| Column::computed(*n, Type::Unknown)));
            if let Some(slot) = self.levels[pending.level].ctes.iter_mut().rev().find(|c| c.name == pending.name) {
                *slot = entry;
            }
        }
        let right = self.query(&operation.right);
        let paired = left.ordered && right.ordered && !right.open;
        let columns = left
            .columns
            .into_iter()
            .enumerate()
            .map(|(n, column)| {
                let other = if paired { right.columns.get(n) } else { None };
                let ty = other.map_or(Type::Unknown, |other| common(column.ty, other.ty.clone()));
                let nullable = match operation.op {
                    SetOperator::Union => column.nullable || other.is_none_or(|c| c.nullable),
                    SetOperator::Intersect => column.nullable && other.is_none_or(|c| c.nullable),
                    SetOperator::Except => column.nullable,
                };
                let exact = column.exact.filter(|e| other.is_some_and(|c| c.exact == Some(*e)));
                Column { ty, nullable, exact, ..Column::computed(column.name, Type::Unknown) }
            })
            .collect();
        Shape { columns, open: left.open, ordered: left.ordered, one_row: false }
    }

    fn values(&mut self, rows: &[Vec<Expr>], orders: &[&OrderItem]) -> Shape {
        let mut columns: Vec<Column> = Vec::new();
        for row in rows {
            for (n, value) in row.iter().enumerate() {
                let found = self.value(value);
                match columns.get_mut(n) {
                    Some(column) => {
                        column.nullable |= found.nullable;
                        column.exact = column.exact.filter(|e| found.exact == Some(*e));
                        column.ty = common(std::mem::take(&mut column.ty), found.ty);
                    }
                    None => columns.push(Column {
                        nullable: found.nullable,
                        exact: found.exact,
                        ..Column::computed(Symbol::from(&format!("column{}", n + 1)), found.ty)
                    }),
                }
            }
        }
        let open = rows.iter().any(|row| row.iter().any(|e| matches!(e.kind, ExprKind::Hole)));
        let shape = Shape { columns, open, ordered: true, one_row: false };
        self.sort_outputs(&shape, orders);
        shape
    }

    /// ORDER BY behind a set operation or VALUES sees output columns alone.
    fn sort_outputs(&mut self, shape: &Shape, orders: &[&OrderItem]) {
        let columns: Vec<Column> = shape.columns.iter().map(|c| Column { direct: false, ..c.clone() }).collect();
        let rte = Rte { columns, open: shape.open, ordered: true, ..Rte::default() };
        let hidden = std::mem::take(&mut self.level().items);
        self.level().items.push(Item { rel_visible: false, ..Item::new(Rc::new(rte)) });
        for order in orders {
            self.expr(&order.expr);
        }
        self.level().items = hidden;
    }

    fn select(&mut self, select: &Select, orders: &[&OrderItem]) -> Shape {
        self.from_clause(&select.from);
        self.level().grouped = !select.group_by.is_empty() && !select.grouping_sets;
        if let Some(condition) = &select.condition {
            self.narrow(condition);
        }
        let (mut shape, keys) = self.targets(&select.targets);
        shape.one_row = self.gives_one_row(select);
        if let Some(condition) = &select.condition {
            self.condition(condition);
        }
        if select.grouping_sets || self.level().open {
            shape.columns.iter_mut().for_each(|c| c.nullable = true);
        }
        if let Some(having) = &select.having {
            self.condition(having);
        }
        for order in orders {
            self.sort(&order.expr, &shape, &keys, Sort::Order);
        }
        for group in &select.group_by {
            self.group(group, &shape, &keys);
        }
        for expr in &select.distinct_on {
            self.sort(expr, &shape, &keys, Sort::Order);
        }
        for (_, window) in &select.windows {
            self.window(window);
        }
        shape
    }

    /// A row in GROUP BY is a list of its members.
    fn group(&mut self, expr: &Expr, shape: &Shape, keys: &[String]) {
        match &expr.kind {
            ExprKind::Row(members) => members.iter().for_each(|m| self.group(m, shape, keys)),
            _ => self.sort(expr, shape, keys, Sort::Group),
        }
    }

    pub(super) fn window(&mut self, window: &Window) {
        self.exprs(&window.partition_by);
        for order in &window.order_by {
            self.expr(&order.expr);
        }
        self.exprs(&window.frame);
    }

    /// `findTargetlistEntrySQL92`
    fn sort(&mut self, expr: &Expr, shape: &Shape, keys: &[String], how: Sort) {
        let ExprKind::Column(parts) = &expr.kind else {
            self.expr(expr);
            return;
        };
        let [name] = parts.as_slice() else {
            self.expr(expr);
            return;
        };
        if how == Sort::Group && !matches!(Self::in_level(self.level(), name.name), Found::Nothing) {
            self.expr(expr);
            return;
        }
        let mut matching = shape.columns.iter().zip(keys).filter(|(c, _)| c.name == name.name);
        match (matching.next(), shape.open) {
            (Some((column, key)), _) => {
                if matching.any(|(other, k)| k != key && !column.uncertain && !other.uncertain) {
                    let what = if how == Sort::Order { "ORDER BY" } else { "GROUP BY" };
                    let p = self.problem(ProblemKind::AmbiguousColumn, name.span, format!("`{}` in {what} is ambiguous", name.name));
                    p.column = Some(name.as_str().to_owned());
                } else if column.direct
                    && let Some((relation, source)) = column.source.clone()
                {
                    self.note(name.span, &relation, Some(&source), crate::diagnostic::Access::Read);
                }
            }
            (None, true) => {}
            (None, false) => {
                self.expr(expr);
            }
        }
    }

    /// Reads a target list; beside each column a key that is the same for the same expression.
    pub(super) fn targets(&mut self, targets: &[Target]) -> (Shape, Vec<String>) {
        let mut shape = Shape { ordered: true, ..Shape::default() };
        let mut keys = Vec::new();
        for target in targets {
            match &target.expr.kind {
                ExprKind::Star(parts) => {
                    self.star(parts, target.expr.span, &mut shape);
                }
                ExprKind::FieldStar(inner) => {
                    let ty = self.expr(inner);
                    self.expand_row(&ty, &mut shape);
                }
                ExprKind::Hole => shape.open = true,
                _ => {
                    let found = self.value(&target.expr);
                    let name = target.alias.map_or_else(|| self.figure_name(&target.expr), |a| a.name);
                    shape.open |= target.alias.as_ref().is_some_and(is_hole) || name.as_str().contains(HOLE);
                    keys.push(self.key(&target.expr, &found));
                    shape.columns.push(Column { name, ..found });
                }
            }
            let from = keys.len();
            while keys.len() < shape.columns.len() {
                let column = &shape.columns[keys.len()];
                let mut key = key_of(column).unwrap_or_else(|| format!("#{}", keys.len()));
                // two columns of one entry with the same name are two
                while keys[from..].contains(&key) {
                    key.push('+');
                }
                keys.push(key);
            }
        }
        (shape, keys)
    }

    fn key(&self, expr: &Expr, found: &Column) -> String {
        if matches!(expr.kind, ExprKind::Column(_))
            && let Some(key) = key_of(found)
        {
            return key;
        }
        let text = self.template.text().get(expr.span.range()).unwrap_or("");
        text.split_whitespace().collect::<Vec<_>>().join(" ").to_ascii_lowercase()
    }

    fn star(&mut self, parts: &[Ident], span: Span, shape: &mut Shape) {
        if parts.iter().any(is_hole) {
            shape.open = true;
            return;
        }
        match parts {
            [] => {
                let level = self.level();
                let mut open = level.open;
                let mut columns = Vec::new();
                for item in level.items.iter().filter(|i| i.cols_visible && !i.lateral_only) {
                    open |= item.rte.open;
                    shape.ordered &= item.rte.ordered;
                    columns.extend(item.rte.columns.iter().cloned());
                }
                shape.columns.extend(columns);
                shape.open |= open;
            }
            [table] => match self.entry(table.name) {
                super::column::Entry::One(rte) => self.expand(&rte, shape),
                super::column::Entry::Perhaps => shape.open = true,
                super::column::Entry::Nothing => {
                    shape.open = true;
                    self.missing_entry(*table, None);
                }
            },
            [schema, table] | [_, schema, table] => match self.qualified(*schema, *table) {
                super::column::Entry::One(rte) => self.expand(&rte, shape),
                super::column::Entry::Perhaps => shape.open = true,
                super::column::Entry::Nothing => {
                    shape.open = true;
                    self.missing_entry(*table, Some(*schema));
                }
            },
            _ => shape.open = true,
        }
        let _ = span;
    }

    fn expand(&mut self, rte: &Rte, shape: &mut Shape) {
        shape.columns.extend(rte.columns.iter().cloned());
        shape.open |= rte.open;
        shape.ordered &= rte.ordered;
    }

    fn expand_row(&mut self, ty: &Type, shape: &mut Shape) {
        match ty {
            Type::Row(name) => match self.fields(name) {
                Some(fields) => {
                    let ordered =
                        self.schema.composites.contains_key(&**name) || self.schema.relations.get(&**name).is_some_and(|r| r.physical_order.is_some());
                    shape.columns.extend(fields);
                    shape.ordered &= ordered;
                }
                None => shape.open = true,
            },
            Type::Record(fields) => shape.columns.extend(fields.iter().map(|(n, t)| Column::computed(*n, t.clone()))),
            _ => shape.open = true,
        }
    }

    /// `FigureColname`: the name PostgreSQL gives to a target without alias.
    fn figure_name(&self, expr: &Expr) -> Symbol {
        figure(expr).map_or_else(|| Symbol::from("?column?"), |(name, _)| name)
    }
}

pub(super) fn key_of(column: &Column) -> Option<String> {
    (column.origin > 0).then(|| format!("{}.{}", column.origin, column.name))
}

/// An entry for a WITH query, its first columns renamed.
fn cte_entry(name: Symbol, shape: Shape, names: &[Symbol]) -> CteEntry {
    let mut rte = Rte { columns: shape.columns, open: shape.open, ordered: shape.ordered, ..Rte::default() };
    rte.rename(name, names);
    CteEntry { name, columns: Rc::new(rte.columns), open: rte.open, ordered: rte.ordered }
}

/// A name, and whether it is a strong one (`FigureColnameInternal`).
fn figure(expr: &Expr) -> Option<(Symbol, bool)> {
    let strong = |name: &str| Some((Symbol::from(name), true));
    match &expr.kind {
        ExprKind::Column(parts) => parts.last().map(|p| (p.name, true)),
        ExprKind::Field(_, field) => Some((field.name, true)),
        ExprKind::Index(inner, ..) | ExprKind::Collate(inner, _) => figure(inner),
        ExprKind::Call(call) => Some((call.name.name.name, true)),
        ExprKind::Cast(inner, ty) => figure(inner).filter(|(_, strong)| *strong).or_else(|| Some((internal_name(ty.name.name.name), false))),
        ExprKind::Case(case) => case.otherwise.as_ref().and_then(figure).filter(|(_, strong)| *strong).or_else(|| Some((Symbol::from("case"), false))),
        ExprKind::Array(_) | ExprKind::ArrayQuery(_) => strong("array"),
        ExprKind::Row(_) => strong("row"),
        ExprKind::Exists(_) => strong("exists"),
        ExprKind::Grouping(_) => strong("grouping"),
        ExprKind::SqlValue(word) => strong(word),
        ExprKind::Special(word, _) => strong(if word == "trim" { "btrim" } else { word }),
        ExprKind::AtTimeZone(_) => strong("timezone"),
        ExprKind::Bool(_) => Some((Symbol::from("bool"), false)),
        ExprKind::Query(query) => first_target(query).and_then(|t| match t.alias {
            Some(alias) => Some((alias.name, true)),
            None => figure(&t.expr),
        }),
        _ => None,
    }
}

fn first_target(query: &Query) -> Option<&Target> {
    match &query.body {
        QueryBody::Select(select) => select.targets.first(),
        QueryBody::Nested(inner) => first_target(inner),
        QueryBody::SetOperation(operation) => first_target(&operation.left),
        _ => None,
    }
}

/// The catalog's name of a type that SQL spells in words.
fn internal_name(name: Symbol) -> Symbol {
    Symbol::from(match name.as_str() {
        "int" | "integer" => "int4",
        "smallint" => "int2",
        "bigint" => "int8",
        "real" => "float4",
        "float" | "double precision" => "float8",
        "decimal" | "dec" => "numeric",
        "boolean" => "bool",
        "character varying" => "varchar",
        "character" | "char" => "bpchar",
        "timestamp with time zone" => "timestamptz",
        "timestamp without time zone" => "timestamp",
        "time with time zone" => "timetz",
        "time without time zone" => "time",
        "bit varying" => "varbit",
        other => other,
    })
}
