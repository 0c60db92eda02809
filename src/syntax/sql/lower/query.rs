//! Queries.

use squawk_syntax::ast::{self, AstNode};

use super::Lower;
use crate::source::Span;
use crate::syntax::sql::ast::{
    Alias, ColumnDefinition, Cte, Expr, ExprKind, FromItem, FromKind, Ident, Join, JoinKind, Query, QueryBody, Select, SetOperation, SetOperator, Statement,
    StatementKind, TableFunction, Target, With,
};

impl Lower<'_> {
    /// Any statement that gives rows.
    pub(super) fn select_variant(&self, select: &ast::SelectVariant) -> Query {
        let span = self.span(select.syntax());
        self.nested(|this| match select {
            ast::SelectVariant::Select(s) => this.select(s),
            ast::SelectVariant::SelectInto(s) => this.select_into(s),
            ast::SelectVariant::CompoundSelect(s) => this.compound(s),
            ast::SelectVariant::ParenSelect(s) => this.paren_select(s),
            ast::SelectVariant::Table(s) => this.table_query(s),
            ast::SelectVariant::Values(s) => this.values(s),
        })
        .unwrap_or_else(|| broken_query(span))
    }

    fn finish(&self, span: Span, with: Option<ast::WithClause>, body: QueryBody, tails: impl Iterator<Item = ast::SelectTailClause>) -> Query {
        let mut query = Query { span, with: with.map(|w| self.with(&w)), body, order_by: Vec::new(), limits: Vec::new(), locks: Vec::new() };
        for tail in tails {
            match tail {
                ast::SelectTailClause::OrderByClause(c) => query.order_by = self.order_by(Some(c)),
                ast::SelectTailClause::LimitClause(c) => {
                    if let Some(ast::LimitValue::Expr(e)) = c.limit_value() {
                        query.limits.push(self.expr(Some(e)));
                    }
                }
                ast::SelectTailClause::OffsetClause(c) => query.limits.extend(self.maybe(c.expr())),
                ast::SelectTailClause::FetchClause(c) => query.limits.extend(self.maybe(c.expr())),
                ast::SelectTailClause::LockingClause(c) => {
                    let names = c.locking_of().map_or_else(Vec::new, |of| of.exprs().filter_map(|e| self.expr_as_object(e)).collect());
                    query.locks.push(names);
                }
            }
        }
        query
    }

    fn select(&self, s: &ast::Select) -> Query {
        let body = Select {
            span: self.span(s.syntax()),
            distinct_on: Vec::new(),
            distinct: false,
            targets: Vec::new(),
            into: None,
            from: self.from_items(s.from_clause().map(|f| f.items())),
            condition: s.where_clause().and_then(|w| self.maybe(w.expr())),
            grouping_sets: has_grouping_sets(s.group_by_clause()),
            group_by: self.group_by(s.group_by_clause()),
            having: s.having_clause().and_then(|h| self.maybe(h.expr())),
            windows: self.windows(s.window_clause()),
        };
        let body = self.select_list(body, s.select_clause());
        self.finish(self.span(s.syntax()), s.with_clause(), QueryBody::Select(Box::new(body)), s.tail_clauses())
    }

    fn select_into(&self, s: &ast::SelectInto) -> Query {
        let body = Select {
            span: self.span(s.syntax()),
            distinct_on: Vec::new(),
            distinct: false,
            targets: Vec::new(),
            into: s.into_clause().and_then(|i| self.new_object(i.table_name()?.path())),
            from: self.from_items(s.from_clause().map(|f| f.items())),
            condition: s.where_clause().and_then(|w| self.maybe(w.expr())),
            grouping_sets: has_grouping_sets(s.group_by_clause()),
            group_by: self.group_by(s.group_by_clause()),
            having: s.having_clause().and_then(|h| self.maybe(h.expr())),
            windows: self.windows(s.window_clause()),
        };
        let body = self.select_list(body, s.select_clause());
        self.finish(self.span(s.syntax()), s.with_clause(), QueryBody::Select(Box::new(body)), s.tail_clauses())
    }

    fn select_list(&self, mut body: Select, clause: Option<ast::SelectClause>) -> Select {
        let Some(clause) = clause else { return body };
        body.targets = self.targets(clause.target_list());
        if let Some(ast::SelectQuantifier::DistinctClause(d)) = clause.select_quantifier() {
            body.distinct = true;
            body.distinct_on = d.distinct_on().map_or_else(Vec::new, |on| self.exprs(on.exprs()));
        }
        body
    }

    pub(super) fn targets(&self, list: Option<ast::TargetList>) -> Vec<Target> {
        list.map_or_else(Vec::new, |l| l.targets().map(|t| self.target(&t)).collect())
    }

    fn target(&self, target: &ast::Target) -> Target {
        let alias = target.as_name().and_then(|a| a.name()).map(|n| self.ident_of(&n));
        let expr = match target.expr() {
            Some(e) => self.expr(Some(e)),
            None if target.star_token().is_some() => Expr { span: self.span(target.syntax()), kind: ExprKind::Star(Vec::new()) },
            None => Expr { span: self.span(target.syntax()), kind: ExprKind::Broken },
        };
        Target { expr, alias }
    }

    fn group_by(&self, clause: Option<ast::GroupByClause>) -> Vec<Expr> {
        let mut out = Vec::new();
        if let Some(list) = clause.and_then(|c| c.group_by_list()) {
            for item in list.group_bys() {
                self.group_item(&item, &mut out);
            }
        }
        out
    }

    fn group_item(&self, item: &ast::GroupBy, out: &mut Vec<Expr>) {
        match item {
            ast::GroupBy::GroupingExpr(e) => out.extend(self.maybe(e.expr())),
            ast::GroupBy::GroupingCube(c) => out.extend(self.exprs(c.exprs())),
            ast::GroupBy::GroupingRollup(r) => out.extend(self.exprs(r.exprs())),
            ast::GroupBy::GroupingSets(sets) => {
                for inner in sets.group_bys() {
                    self.nested(|this| this.group_item(&inner, out));
                }
            }
        }
    }

    fn windows(&self, clause: Option<ast::WindowClause>) -> Vec<(Ident, super::super::ast::Window)> {
        let Some(clause) = clause else { return Vec::new() };
        clause.window_defs().filter_map(|d| Some((self.ident_of(&d.window()?), self.window(d.window_spec())))).collect()
    }

    fn compound(&self, s: &ast::CompoundSelect) -> Query {
        let op = match s.op() {
            Some(ast::CompoundOp::Union(_)) => SetOperator::Union,
            Some(ast::CompoundOp::Intersect(_)) => SetOperator::Intersect,
            Some(ast::CompoundOp::Except(_)) => SetOperator::Except,
            None => return broken_query(self.span(s.syntax())),
        };
        let side = |select: Option<ast::SelectVariant>| match select {
            Some(select) => self.select_variant(&select),
            None => broken_query(self.span(s.syntax())),
        };
        let (mut left, right) = (side(s.lhs()), side(s.rhs()));
        // WITH in front of a compound belongs to the whole of it, but the parser hangs it on the first member. What stands inside the parentheses of
        // a first member is not taken: it hangs on the query in there.
        let with = left.with.take();
        let body = QueryBody::SetOperation(Box::new(SetOperation { op, left, right }));
        let mut query = self.finish(self.span(s.syntax()), None, body, s.tail_clauses());
        query.with = with.or_else(|| s.syntax().children().find_map(ast::WithClause::cast).map(|w| self.with(&w)));
        query
    }

    fn paren_select(&self, s: &ast::ParenSelect) -> Query {
        let span = self.span(s.syntax());
        let inner = s.select().map_or_else(|| broken_query(span), |inner| self.select_variant(&inner));
        self.finish(span, s.with_clause(), QueryBody::Nested(Box::new(inner)), s.tail_clauses())
    }

    fn table_query(&self, s: &ast::Table) -> Query {
        let body = self.relation_name(s.relation_name()).map_or(QueryBody::Broken, QueryBody::Table);
        self.finish(self.span(s.syntax()), s.with_clause(), body, s.tail_clauses())
    }

    fn values(&self, s: &ast::Values) -> Query {
        let rows = s.row_list().map_or_else(Vec::new, |l| l.rows().map(|r| self.exprs(r.exprs())).collect());
        self.finish(self.span(s.syntax()), s.with_clause(), QueryBody::Values(rows), s.tail_clauses())
    }

    pub(super) fn with(&self, clause: &ast::WithClause) -> With {
        With { recursive: clause.recursive_token().is_some(), ctes: clause.with_tables().filter_map(|t| self.cte(&t)).collect() }
    }

    fn cte(&self, table: &ast::WithTable) -> Option<Cte> {
        let name = self.ident_of(&table.name()?);
        let statement = match table.query() {
            Some(query) => self.with_query(&query),
            None => Statement { span: self.span(table.syntax()), kind: StatementKind::Broken },
        };
        let list = |columns: ast::AstChildren<ast::ColumnNameRef>| columns.map(|c| self.ident_of(&c)).collect::<Vec<_>>();
        let search = table.search_clause().and_then(|s| {
            let set = self.ident_of(&s.set_column()?.column_name_ref()?);
            Some((s.columns().map_or_else(Vec::new, |c| list(c.column_name_refs())), set))
        });
        let cycle = table.cycle_clause().map(|c| {
            let mut new = Vec::new();
            new.extend(c.set_column().and_then(|s| s.column_name_ref()).map(|n| self.ident_of(&n)));
            new.extend(c.path().and_then(|p| p.column_name_ref()).map(|n| self.ident_of(&n)));
            (c.columns().map_or_else(Vec::new, |c| list(c.column_name_refs())), new)
        });
        Some(Cte { name, columns: self.column_names(table.column_list()), statement, search, cycle })
    }

    fn with_query(&self, query: &ast::WithQuery) -> Statement {
        let span = self.span(query.syntax());
        let kind = self.nested(|this| match query {
            ast::WithQuery::Insert(s) => this.insert(s),
            ast::WithQuery::Update(s) => this.update(s),
            ast::WithQuery::Delete(s) => this.delete(s),
            ast::WithQuery::Merge(s) => this.merge(s),
            ast::WithQuery::Select(_)
            | ast::WithQuery::CompoundSelect(_)
            | ast::WithQuery::ParenSelect(_)
            | ast::WithQuery::Table(_)
            | ast::WithQuery::Values(_) => match ast::SelectVariant::cast(query.syntax().clone()) {
                Some(select) => StatementKind::Query(Box::new(this.select_variant(&select))),
                None => StatementKind::Broken,
            },
        });
        Statement { span, kind: kind.unwrap_or(StatementKind::Broken) }
    }

    pub(super) fn from_items(&self, items: Option<ast::AstChildren<ast::FromListItem>>) -> Vec<FromItem> {
        items.map_or_else(Vec::new, |items| items.map(|i| self.from_list_item(Some(i))).collect())
    }

    pub(super) fn from_list_item(&self, item: Option<ast::FromListItem>) -> FromItem {
        let Some(item) = item else { return broken_item(Span { start: self.base, end: self.base }) };
        let span = self.span(item.syntax());
        self.nested(|this| match &item {
            ast::FromListItem::JoinExpr(join) => this.join(join),
            ast::FromListItem::FromItem(item) => this.from_item(item),
        })
        .unwrap_or_else(|| broken_item(span))
    }

    fn join(&self, expr: &ast::JoinExpr) -> FromItem {
        let left = self.from_list_item(expr.from_list_item());
        let Some(join) = expr.join() else { return left };
        FromItem { span: self.span(expr.syntax()), ..self.join_onto(left, &join) }
    }

    fn join_onto(&self, left: FromItem, join: &ast::Join) -> FromItem {
        let kind = match join.join_type() {
            Some(ast::JoinType::JoinLeft(_)) => JoinKind::Left,
            Some(ast::JoinType::JoinRight(_)) => JoinKind::Right,
            Some(ast::JoinType::JoinFull(_)) => JoinKind::Full,
            Some(ast::JoinType::JoinCross(_)) => JoinKind::Cross,
            Some(ast::JoinType::JoinInner(_)) | None => JoinKind::Inner,
        };
        let (mut on, mut using, mut using_alias) = (None, Vec::new(), None);
        match join.join_condition() {
            Some(ast::JoinCondition::OnClause(c)) => on = self.maybe(c.expr()),
            Some(ast::JoinCondition::JoinUsingClause(c)) => {
                using = self.columns(c.column_ref_list());
                using_alias = self.alias_ident(c.alias().and_then(|a| a.name()));
            }
            None => {}
        }
        let natural = join.natural_token().is_some();
        let make = |left: FromItem, right: FromItem| {
            let span = left.span.cover(right.span);
            let join = Join { kind, natural, left, right, on: on.clone(), using: using.clone(), using_alias };
            FromItem { span, alias: None, lateral: false, kind: FromKind::Join(Box::new(join)) }
        };
        match join.from_list_item() {
            // `a CROSS JOIN b JOIN c ON …` leans to the left, but the parser takes `b JOIN c` for the right side
            Some(right) if kind == JoinKind::Cross || natural => self.lean_left(left, right, &make),
            right => make(left, self.from_list_item(right)),
        }
    }

    fn lean_left(&self, left: FromItem, right: ast::FromListItem, make: &dyn Fn(FromItem, FromItem) -> FromItem) -> FromItem {
        let span = left.span;
        let ast::FromListItem::JoinExpr(outer) = &right else { return make(left, self.from_list_item(Some(right))) };
        let (Some(inner), Some(join)) = (outer.from_list_item(), outer.join()) else { return make(left, self.from_list_item(Some(right))) };
        self.nested(|this| {
            let left = this.lean_left(left, inner, make);
            this.join_onto(left, &join)
        })
        .unwrap_or_else(|| broken_item(span))
    }

    fn from_item(&self, item: &ast::FromItem) -> FromItem {
        let span = self.span(item.syntax());
        let alias = item.alias().map(|a| self.alias(&a));
        let (lateral, kind) = match item {
            ast::FromItem::RelationFromItem(r) => {
                let mut sample = Vec::new();
                if let Some(clause) = r.tablesample_clause() {
                    self.gather(clause.syntax(), &mut sample);
                }
                // the method's name is no column: keep its arguments
                let sample = sample.into_iter().flat_map(|e| if let ExprKind::Call(c) = e.kind { c.args } else { vec![e] }).collect();
                let kind = match self.relation_ref(r.relation_name_ref()) {
                    // `FROM current_date` calls it
                    Some(name) if name.schema.is_none() && !name.name.quoted && is_sql_value(name.name.as_str()) => {
                        let call = Expr { span: name.name.span, kind: ExprKind::SqlValue(name.name.as_str().to_owned()) };
                        function_item(Some(call), false)
                    }
                    Some(name) => FromKind::Table(name, sample),
                    None => FromKind::Broken,
                };
                (false, kind)
            }
            ast::FromItem::ParenFromItem(p) => return self.paren_from_item(p, span, alias),
            ast::FromItem::FunctionFromItem(f) => {
                let call = f.call_expr().map(|c| self.expr(Some(ast::Expr::CallExpr(c))));
                (f.lateral_token().is_some(), function_item(call, f.with_ordinality().is_some()))
            }
            ast::FromItem::ExprFromItem(e) => {
                let call = match e.call_expr() {
                    Some(c) => Some(ast::Expr::CallExpr(c)),
                    None => e.syntax().children().find_map(ast::Expr::cast),
                };
                (e.lateral_token().is_some(), function_item(call.map(|c| self.expr(Some(c))), false))
            }
            ast::FromItem::RowsFromItem(r) => {
                let calls = r
                    .rows_from_args()
                    .map(|a| {
                        let call = a.call_expr().map(ast::Expr::CallExpr).or_else(|| a.syntax().children().find_map(ast::Expr::cast));
                        (self.expr(call), self.definitions(a.column_def_list()))
                    })
                    .collect();
                (r.lateral_token().is_some(), FromKind::Function(Box::new(TableFunction { calls, rows_from: true, ordinality: r.with_ordinality().is_some() })))
            }
            ast::FromItem::XmlTableFromItem(x) => (x.lateral_token().is_some(), self.xml_table(x.xml_table())),
            ast::FromItem::JsonTableFromItem(j) => (j.lateral_token().is_some(), self.json_table(j.json_table())),
            ast::FromItem::GraphTableFromItem(_) => (false, FromKind::Broken),
        };
        FromItem { span, alias, lateral, kind }
    }

    fn paren_from_item(&self, p: &ast::ParenFromItem, span: Span, alias: Option<Alias>) -> FromItem {
        let lateral = p.lateral_token().is_some();
        if let Some(select) = p.paren_select() {
            let query = self.paren_select(&select);
            let query = match query {
                Query { with: None, body: QueryBody::Nested(inner), order_by, limits, locks, .. }
                    if order_by.is_empty() && limits.is_empty() && locks.is_empty() =>
                {
                    *inner
                }
                other => other,
            };
            return FromItem { span, alias, lateral, kind: FromKind::Query(Box::new(query)) };
        }
        let Some(paren) = p.paren_expr() else { return broken_item(span) };
        self.nested(|this| this.paren_inside(&paren, span, alias.clone(), lateral)).unwrap_or_else(|| broken_item(span))
    }

    fn paren_inside(&self, paren: &ast::ParenExpr, span: Span, alias: Option<Alias>, lateral: bool) -> FromItem {
        if let Some(item) = paren.from_list_item() {
            let inner = self.from_list_item(Some(item));
            return FromItem { span, alias: alias.or(inner.alias), lateral: lateral || inner.lateral, kind: inner.kind };
        }
        if let Some(ast::Expr::ParenExpr(inner)) = paren.expr() {
            return self.nested(|this| this.paren_inside(&inner, span, alias.clone(), lateral)).unwrap_or_else(|| broken_item(span));
        }
        match paren.syntax().children().find_map(ast::SelectVariant::cast) {
            Some(select) => FromItem { span, alias, lateral, kind: FromKind::Query(Box::new(self.select_variant(&select))) },
            None => broken_item(span),
        }
    }

    pub(super) fn alias(&self, alias: &ast::FromAlias) -> Alias {
        let mut out = Alias { name: alias.name().map(|n| self.ident_of(&n)), columns: Vec::new(), definitions: Vec::new() };
        match alias.columns() {
            Some(ast::FromAliasColumns::ColumnList(list)) => out.columns = self.column_names(Some(list)),
            Some(ast::FromAliasColumns::ColumnDefList(list)) => out.definitions = self.definitions(Some(list)),
            None => {}
        }
        // squawk reads `(a, b)` behind an alias as definitions without types in places
        if !out.definitions.is_empty() && out.definitions.iter().all(|d| d.ty.is_none()) {
            out.columns = out.definitions.drain(..).map(|d| d.name).collect();
        }
        out
    }

    fn definitions(&self, list: Option<ast::ColumnDefList>) -> Vec<ColumnDefinition> {
        let Some(list) = list else { return Vec::new() };
        list.column_defs().filter_map(|d| Some(ColumnDefinition { name: self.ident_of(&d.name()?), ty: self.type_name(d.ty()) })).collect()
    }

    fn xml_table(&self, table: Option<ast::XmlTable>) -> FromKind {
        let Some(table) = table else { return FromKind::Broken };
        let (mut args, mut columns) = (Vec::new(), Vec::new());
        if let Some(n) = table.xml_namespace_list() {
            self.gather(n.syntax(), &mut args);
        }
        if let Some(p) = table.xml_row_passing_clause() {
            self.gather(p.syntax(), &mut args);
        }
        for column in table.xml_table_column_list().into_iter().flat_map(|l| l.xml_table_columns()) {
            if let Some(name) = column.column_name() {
                columns.push((self.ident_of(&name), self.type_name(column.ty())));
            }
            if let Some(options) = column.xml_column_option_list() {
                self.gather(options.syntax(), &mut args);
            }
        }
        FromKind::Columns("xmltable", args, columns)
    }

    fn json_table(&self, table: Option<ast::JsonTable>) -> FromKind {
        let Some(table) = table else { return FromKind::Broken };
        let (mut args, mut columns) = (Vec::new(), Vec::new());
        args.extend(self.maybe(table.expr()));
        if let Some(p) = table.json_passing_clause() {
            self.gather(p.syntax(), &mut args);
        }
        self.json_columns(table.json_table_column_list(), &mut columns);
        FromKind::Columns("json_table", args, columns)
    }

    fn json_columns(&self, list: Option<ast::JsonTableColumnList>, out: &mut Vec<(Ident, Option<super::super::ast::TypeName>)>) {
        for column in list.into_iter().flat_map(|l| l.json_table_columns()) {
            let (name, ty) = match column {
                ast::JsonTableColumn::JsonTableExistsColumn(c) => (c.column_name(), c.ty()),
                ast::JsonTableColumn::JsonTableOrdinalityColumn(c) => (c.column_name(), None),
                ast::JsonTableColumn::JsonTableValueColumn(c) => (c.column_name(), c.ty()),
                ast::JsonTableColumn::JsonTableNestedColumn(c) => {
                    self.nested(|this| this.json_columns(c.json_table_column_list(), out));
                    continue;
                }
            };
            if let Some(name) = name {
                out.push((self.ident_of(&name), self.type_name(ty)));
            }
        }
    }
}

fn function_item(call: Option<Expr>, ordinality: bool) -> FromKind {
    match call {
        Some(call) => FromKind::Function(Box::new(TableFunction { calls: vec![(call, Vec::new())], rows_from: false, ordinality })),
        None => FromKind::Broken,
    }
}

fn is_sql_value(word: &str) -> bool {
    matches!(
        word,
        "current_date"
            | "current_time"
            | "current_timestamp"
            | "localtime"
            | "localtimestamp"
            | "current_user"
            | "current_role"
            | "session_user"
            | "user"
            | "current_catalog"
            | "current_schema"
            | "system_user"
    )
}

fn broken_item(span: Span) -> FromItem {
    FromItem { span, alias: None, lateral: false, kind: FromKind::Broken }
}

pub(super) fn broken_query(span: Span) -> Query {
    Query { span, with: None, body: QueryBody::Broken, order_by: Vec::new(), limits: Vec::new(), locks: Vec::new() }
}

fn has_grouping_sets(clause: Option<ast::GroupByClause>) -> bool {
    clause.and_then(|c| c.group_by_list()).is_some_and(|list| list.group_bys().any(|g| !matches!(g, ast::GroupBy::GroupingExpr(_))))
}
