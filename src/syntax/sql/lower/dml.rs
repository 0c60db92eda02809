//! Statements that write rows.

use squawk_syntax::ast::{self, AstNode};

use super::Lower;
use crate::syntax::sql::ast::{
    AssignTarget, Assignment, Copy, CopySource, Delete, Expr, ExprKind, Insert, Merge, MergeAction, MergeClause, MergeWhen, OnConflict, Returning, Statement,
    StatementKind, Update,
};

impl Lower<'_> {
    pub(super) fn insert(&self, s: &ast::Insert) -> StatementKind {
        let Some(table) = self.relation_ref(s.relation_name_ref()) else { return StatementKind::Broken };
        StatementKind::Insert(Box::new(Insert {
            with: s.with_clause().map(|w| self.with(&w)),
            table,
            alias: self.alias_ident(s.alias().and_then(|a| a.name())),
            columns: s.column_target_list().map(|l| self.assign_targets(&l)),
            overriding: s.overriding_clause().map(|o| matches!(o, ast::OverridingClause::OverridingSystemValue(_))),
            source: match s.insert_source() {
                Some(ast::InsertSource::SelectVariant(select)) => Some(self.select_variant(&select)),
                _ => None,
            },
            on_conflict: s.on_conflict_clause().map(|c| self.on_conflict(&c)),
            returning: self.returning(s.returning_clause()),
        }))
    }

    pub(super) fn returning(&self, clause: Option<ast::ReturningClause>) -> Returning {
        let Some(clause) = clause else { return Returning::default() };
        let mut out = Returning { targets: self.targets(clause.target_list()), ..Returning::default() };
        for option in clause.returning_option_list().into_iter().flat_map(|l| l.returning_options()) {
            match option {
                ast::ReturningOption::ReturningOld(o) => out.old = self.alias_ident(o.name()),
                ast::ReturningOption::ReturningNew(n) => out.new = self.alias_ident(n.name()),
            }
        }
        out
    }

    fn assign_targets(&self, list: &ast::ColumnTargetList) -> Vec<AssignTarget> {
        list.column_targets().filter_map(|t| self.assign_target(&t)).collect()
    }

    fn assign_target(&self, target: &ast::ColumnTarget) -> Option<AssignTarget> {
        let mut out = AssignTarget { column: self.ident_of(&target.name()?), fields: Vec::new(), subscripts: Vec::new() };
        for accessor in target.accessors() {
            match accessor {
                ast::Accessor::FieldAccessor(f) => out.fields.extend(f.composite_field_ref().map(|n| self.ident_of(&n))),
                ast::Accessor::IndexAccessor(i) => out.subscripts.extend(self.maybe(i.index())),
                ast::Accessor::SliceAccessor(s) => {
                    out.subscripts.extend(self.maybe(s.start()));
                    out.subscripts.extend(self.maybe(s.end()));
                }
            }
        }
        Some(out)
    }

    fn on_conflict(&self, clause: &ast::OnConflictClause) -> OnConflict {
        let mut out = OnConflict { span: self.span(clause.syntax()), targets: Vec::new(), target_condition: None, constraint: None, update: None };
        match clause.conflict_target() {
            Some(ast::ConflictTarget::ConflictOnConstraint(c)) => {
                out.constraint = c.constraint_name_ref().and_then(|n| self.object(n.path_ref())).map(|o| o.name);
            }
            Some(ast::ConflictTarget::ConflictOnIndex(c)) => {
                out.targets = c.conflict_index_item_list().map_or_else(Vec::new, |l| l.conflict_index_items().map(|i| self.expr(i.expr())).collect());
                out.target_condition = c.where_clause().and_then(|w| self.maybe(w.expr()));
            }
            None => {}
        }
        if let Some(ast::ConflictAction::ConflictDoUpdateSet(u)) = clause.conflict_action() {
            out.update = Some((self.assignments(u.set_clause()), u.where_clause().and_then(|w| self.maybe(w.expr()))));
        }
        out
    }

    fn assignments(&self, clause: Option<ast::SetClause>) -> Vec<Assignment> {
        let list = clause.and_then(|c| c.set_column_list());
        list.map_or_else(Vec::new, |l| l.set_columns().filter_map(|c| self.assignment(&c)).collect())
    }

    fn assignment(&self, column: &ast::SetColumn) -> Option<Assignment> {
        match column {
            ast::SetColumn::SetSingleColumn(c) => {
                Some(Assignment { targets: vec![self.assign_target(&c.column_target()?)?], multiple: false, value: self.set_expr(&c.set_expr()?) })
            }
            ast::SetColumn::SetMultipleColumns(c) => {
                let targets = c.column_target_list().map_or_else(Vec::new, |l| self.assign_targets(&l));
                let value = if let Some(select) = c.paren_select() {
                    let span = self.span(select.syntax());
                    Expr { span, kind: ExprKind::Query(Box::new(self.select_variant(&ast::SelectVariant::ParenSelect(select)))) }
                } else if let Some(list) = c.set_expr_list() {
                    let span = self.span(list.syntax());
                    Expr { span, kind: ExprKind::Row(list.set_exprs().map(|e| self.set_expr(&e)).collect()) }
                } else {
                    let value = c.syntax().children().find_map(ast::Expr::cast);
                    self.expr(value)
                };
                Some(Assignment { targets, multiple: true, value })
            }
        }
    }

    fn set_expr(&self, value: &ast::SetExpr) -> Expr {
        match value.expr() {
            Some(e) => self.expr(Some(e)),
            None => Expr { span: self.span(value.syntax()), kind: if value.default_token().is_some() { ExprKind::Default } else { ExprKind::Broken } },
        }
    }

    fn where_or_cursor(&self, clause: Option<ast::WhereClauseOrCurrentOf>) -> Option<Expr> {
        match clause? {
            ast::WhereClauseOrCurrentOf::WhereClause(w) => self.maybe(w.expr()),
            ast::WhereClauseOrCurrentOf::WhereCurrentOf(_) => None,
        }
    }

    pub(super) fn update(&self, s: &ast::Update) -> StatementKind {
        let Some(table) = self.relation_name(s.relation_name()) else { return StatementKind::Broken };
        StatementKind::Update(Box::new(Update {
            with: s.with_clause().map(|w| self.with(&w)),
            table,
            alias: self.alias_ident(s.alias().and_then(|a| a.name())),
            assignments: self.assignments(s.set_clause()),
            from: self.from_items(s.from_clause().map(|f| f.items())),
            condition: self.where_or_cursor(s.where_clause_or_current_of()),
            returning: self.returning(s.returning_clause()),
        }))
    }

    pub(super) fn delete(&self, s: &ast::Delete) -> StatementKind {
        let Some(table) = self.relation_name(s.relation_name()) else { return StatementKind::Broken };
        StatementKind::Delete(Box::new(Delete {
            with: s.with_clause().map(|w| self.with(&w)),
            table,
            alias: self.alias_ident(s.alias().and_then(|a| a.name())),
            using: self.from_items(s.using_clause().map(|f| f.items())),
            condition: self.where_or_cursor(s.where_clause_or_current_of()),
            returning: self.returning(s.returning_clause()),
        }))
    }

    pub(super) fn merge(&self, s: &ast::Merge) -> StatementKind {
        let Some(table) = self.table_relation(s.table_relation_name()) else { return StatementKind::Broken };
        let using = s.using_on_clause();
        StatementKind::Merge(Box::new(Merge {
            with: s.with_clause().map(|w| self.with(&w)),
            table,
            alias: self.alias_ident(s.alias().and_then(|a| a.name())),
            source: using.as_ref().and_then(|u| u.from_list_item()).map(|i| self.from_list_item(Some(i))),
            on: using.and_then(|u| u.on_clause()).and_then(|o| self.maybe(o.expr())),
            clauses: s.merge_when_clauses().map(|c| self.merge_clause(&c)).collect(),
            returning: self.returning(s.returning_clause()),
        }))
    }

    fn merge_clause(&self, clause: &ast::MergeWhenClause) -> MergeClause {
        let (when, condition, action) = match clause {
            ast::MergeWhenClause::MergeWhenMatched(c) => (MergeWhen::Matched, c.merge_condition(), c.merge_action()),
            ast::MergeWhenClause::MergeWhenNotMatchedSource(c) => (MergeWhen::NotMatchedBySource, c.merge_condition(), c.merge_action()),
            ast::MergeWhenClause::MergeWhenNotMatchedTarget(c) => (MergeWhen::NotMatchedByTarget, c.merge_condition(), c.merge_action()),
        };
        let action = match action {
            Some(ast::MergeAction::MergeUpdate(u)) => MergeAction::Update(self.assignments(u.set_clause())),
            Some(ast::MergeAction::MergeInsert(i)) => MergeAction::Insert {
                columns: i.column_target_list().map(|l| self.assign_targets(&l)),
                overriding: i.overriding_clause().map(|o| matches!(o, ast::OverridingClause::OverridingSystemValue(_))),
                values: i.values().and_then(|v| v.row_list()).and_then(|l| l.rows().next()).map(|r| self.exprs(r.exprs())),
            },
            _ => MergeAction::Other,
        };
        MergeClause { when, condition: condition.and_then(|c| self.maybe(c.expr())), action }
    }

    pub(super) fn copy(&self, s: &ast::Copy) -> StatementKind {
        let source = if let Some(query) = s.copy_query() {
            let Some(statement) = query.preparable_stmt() else { return StatementKind::Broken };
            CopySource::Query(Box::new(self.preparable(&statement)))
        } else {
            let Some(table) = s.copy_table() else { return StatementKind::Broken };
            let Some(name) = self.table_ref(table.table_name_ref()) else { return StatementKind::Broken };
            CopySource::Table(name, self.columns(table.column_ref_list()))
        };
        let mut option_columns = Vec::new();
        for option in s.copy_legacy_options() {
            if option.copy_force_kind().is_some() {
                option_columns.extend(option.column_name_refs().map(|c| self.ident_of(&c)));
            }
        }
        StatementKind::Copy(Box::new(Copy {
            source,
            from: matches!(s.copy_direction(), Some(ast::CopyDirection::CopyFrom(_))),
            condition: s.where_clause().and_then(|w| self.maybe(w.expr())),
            option_columns,
        }))
    }

    pub(super) fn preparable(&self, statement: &ast::PreparableStmt) -> Statement {
        let span = self.span(statement.syntax());
        let kind = self.nested(|this| match statement {
            ast::PreparableStmt::Insert(s) => this.insert(s),
            ast::PreparableStmt::Update(s) => this.update(s),
            ast::PreparableStmt::Delete(s) => this.delete(s),
            ast::PreparableStmt::Merge(s) => this.merge(s),
            _ => match ast::SelectVariant::cast(statement.syntax().clone()) {
                Some(select) => StatementKind::Query(Box::new(this.select_variant(&select))),
                None => StatementKind::Broken,
            },
        });
        Statement { span, kind: kind.unwrap_or(StatementKind::Broken) }
    }
}
