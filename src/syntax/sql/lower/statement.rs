//! Which statement it is.

use squawk_syntax::ast::{self, AstNode, Stmt};

use super::Lower;
use crate::syntax::sql::ast::{
    DeclareCursor, ObjectKind, ObjectName, Prepare, Query, QueryBody, Select, SetParameter, Statement, StatementKind, Touch, TouchKind,
};

impl Lower<'_> {
    pub(super) fn statement(&self, stmt: &Stmt) -> Statement {
        let span = self.span(stmt.syntax());
        let kind = self.nested(|this| this.kind(stmt)).unwrap_or(StatementKind::Broken);
        let kind = match kind {
            StatementKind::Query(query) => into_table(query, span),
            other => other,
        };
        Statement { span, kind }
    }

    fn kind(&self, stmt: &Stmt) -> StatementKind {
        if let Some(select) = ast::SelectVariant::cast(stmt.syntax().clone()) {
            return StatementKind::Query(Box::new(self.select_variant(&select)));
        }
        match stmt {
            Stmt::Insert(s) => self.insert(s),
            Stmt::Update(s) => self.update(s),
            Stmt::Delete(s) => self.delete(s),
            Stmt::Merge(s) => self.merge(s),
            Stmt::Copy(s) => self.copy(s),
            Stmt::Explain(s) => self.explain(s),
            Stmt::Prepare(s) => self.prepare(s),
            Stmt::Execute(s) => StatementKind::Execute(self.arguments(s.arg_list())),
            Stmt::Declare(s) => match (s.cursor(), s.query()) {
                (Some(name), Some(query)) => StatementKind::Declare(Box::new(DeclareCursor { name: self.ident_of(&name), query: self.select_variant(&query) })),
                _ => StatementKind::Broken,
            },
            Stmt::Call(s) => self.call_statement(s),
            Stmt::Do(s) => self.do_block(s),
            Stmt::Set(s) => self.set(s),
            Stmt::Reset(s) => self.reset(s),
            Stmt::Begin(_) | Stmt::Commit(_) | Stmt::Rollback(_) | Stmt::SavepointCreate(_) | Stmt::ReleaseSavepoint(_) | Stmt::PrepareTransaction(_) => {
                StatementKind::Transaction
            }
            Stmt::Truncate(_) | Stmt::Lock(_) | Stmt::Vacuum(_) | Stmt::Analyze(_) | Stmt::Cluster(_) | Stmt::Reindex(_) | Stmt::Refresh(_) => self.touch(stmt),
            Stmt::CommentOn(s) => self.comment(s),
            Stmt::Grant(s) => self.grant(s.privileges(), s.on_privilege_objects_clause()),
            Stmt::Revoke(s) => self.grant(s.privileges(), s.on_privilege_objects_clause()),
            _ => self.create_alter_drop(stmt),
        }
    }

    fn create_alter_drop(&self, stmt: &Stmt) -> StatementKind {
        match stmt {
            Stmt::CreateTable(s) => self.create_table(s),
            Stmt::CreateTableAs(s) => self.create_table_as(s),
            Stmt::CreateForeignTable(s) => self.create_foreign_table(s),
            Stmt::CreateView(s) => self.create_view(s),
            Stmt::CreateMaterializedView(s) => self.create_materialized_view(s),
            Stmt::CreateType(s) => self.create_type(s),
            Stmt::CreateDomain(s) => self.create_domain(s),
            Stmt::CreateSequence(s) => self.create_sequence(s),
            Stmt::CreateFunction(s) => self.create_function(s),
            Stmt::CreateProcedure(s) => self.create_procedure(s),
            Stmt::CreateAggregate(s) => self.create_aggregate(s),
            Stmt::CreateIndex(s) => self.create_index(s),
            Stmt::CreateSchema(s) => self.create_schema(s),
            Stmt::CreateExtension(s) => self.create_extension(s),
            Stmt::CreatePolicy(s) => self.create_policy(s),
            Stmt::CreateTrigger(s) => self.create_trigger(s),
            Stmt::CreateRule(s) => self.create_rule(s),
            Stmt::CreateStatistics(s) => self.create_statistics(s),
            Stmt::AlterTable(s) => self.alter_table(s),
            Stmt::AlterForeignTable(s) => self.alter_foreign_table(s),
            Stmt::AlterView(s) => self.alter_view(s),
            Stmt::AlterMaterializedView(s) => self.alter_materialized_view(s),
            Stmt::AlterIndex(s) => self.alter_index(s),
            Stmt::AlterSequence(s) => self.alter_sequence(s),
            Stmt::AlterType(s) => self.alter_type(s),
            Stmt::AlterDomain(s) => self.alter_domain(s),
            Stmt::AlterSchema(s) => self.alter_schema(s),
            Stmt::AlterPolicy(s) => self.alter_policy(s),
            Stmt::AlterFunction(s) => self.alter_routine(self.function_sig(s.function_sig()), s.syntax()),
            Stmt::AlterProcedure(s) => self.alter_routine(self.procedure_sig(s.procedure_sig()), s.syntax()),
            Stmt::AlterRoutine(s) => self.alter_routine(self.routine_sig(s.routine_sig()), s.syntax()),
            Stmt::AlterAggregate(s) => self.alter_routine(self.aggregate_sig(s.aggregate()), s.syntax()),
            Stmt::AlterExtension(s) => StatementKind::AlterOther(self.span(s.syntax())),
            _ => self.drop_statement(stmt),
        }
    }

    fn drop_statement(&self, stmt: &Stmt) -> StatementKind {
        let object = match stmt {
            Stmt::DropTable(_) => ObjectKind::Table,
            Stmt::DropView(_) => ObjectKind::View,
            Stmt::DropMaterializedView(_) => ObjectKind::MaterializedView,
            Stmt::DropForeignTable(_) => ObjectKind::ForeignTable,
            Stmt::DropIndex(_) => ObjectKind::Index,
            Stmt::DropSequence(_) => ObjectKind::Sequence,
            Stmt::DropType(_) => ObjectKind::Type,
            Stmt::DropDomain(_) => ObjectKind::Domain,
            Stmt::DropSchema(_) => ObjectKind::Schema,
            Stmt::DropFunction(_) => ObjectKind::Function,
            Stmt::DropProcedure(_) => ObjectKind::Procedure,
            Stmt::DropRoutine(_) => ObjectKind::Routine,
            Stmt::DropAggregate(_) => ObjectKind::Aggregate,
            Stmt::DropExtension(_) => ObjectKind::Extension,
            Stmt::DropTrigger(_) => ObjectKind::Trigger,
            Stmt::DropRule(_) => ObjectKind::Rule,
            Stmt::DropPolicy(_) => ObjectKind::Policy,
            _ => return StatementKind::Other,
        };
        self.drop(object, stmt.syntax())
    }

    fn explain(&self, s: &ast::Explain) -> StatementKind {
        let Some(inner) = s.explain_stmt() else { return StatementKind::Broken };
        match Stmt::cast(inner.syntax().clone()) {
            Some(stmt) => StatementKind::Explain(Box::new(self.statement(&stmt))),
            None => StatementKind::Other,
        }
    }

    fn prepare(&self, s: &ast::Prepare) -> StatementKind {
        match (s.name(), s.stmt()) {
            (Some(name), Some(statement)) => StatementKind::Prepare(Box::new(Prepare {
                name: self.ident_of(&name),
                types: self.parameter_types(s.param_list()),
                statement: self.preparable(&statement),
            })),
            _ => StatementKind::Broken,
        }
    }

    fn arguments(&self, list: Option<ast::ArgList>) -> Vec<crate::syntax::sql::ast::Expr> {
        let mut out = Vec::new();
        if let Some(list) = list {
            for arg in list.args() {
                self.gather(arg.syntax(), &mut out);
            }
        }
        out
    }

    fn call_statement(&self, s: &ast::Call) -> StatementKind {
        let Some(name) = s.procedure_name_ref().and_then(|n| self.object(n.path_ref())) else { return StatementKind::Broken };
        let call = crate::syntax::sql::ast::Call {
            name,
            star: false,
            distinct: false,
            variadic: false,
            args: self.arguments(s.arg_list()),
            order_by: Vec::new(),
            within_group: Vec::new(),
            filter: None,
            over: None,
        };
        let span = self.span(s.syntax());
        StatementKind::Call(Box::new(crate::syntax::sql::ast::Expr { span, kind: crate::syntax::sql::ast::ExprKind::Call(Box::new(call)) }))
    }

    fn set(&self, s: &ast::Set) -> StatementKind {
        let local = matches!(s.set_scope(), Some(ast::SetScope::LocalScope(_)));
        match s.set_target() {
            Some(ast::SetTarget::SetConfig(c)) => match self.config(c.config_parameter_ref(), c.config_assignment()) {
                Some((name, values)) => {
                    let reset = matches!(c.config_assignment(), Some(ast::ConfigAssignment::ToConfigValue(to)) if to.default_token().is_some());
                    StatementKind::Set(SetParameter { name, values, local, reset })
                }
                None => StatementKind::Other,
            },
            Some(ast::SetTarget::SetSchemaValue(v)) => {
                let values = v.literal().and_then(|l| l.string_value()).into_iter().collect();
                StatementKind::Set(SetParameter { name: "search_path".to_owned(), values, local, reset: false })
            }
            _ => StatementKind::Other,
        }
    }

    fn reset(&self, s: &ast::Reset) -> StatementKind {
        match s.reset_target() {
            Some(ast::ResetTarget::ConfigParameterRef(name)) => match self.config(Some(name), None) {
                Some((name, values)) => StatementKind::Set(SetParameter { name, values, local: false, reset: true }),
                None => StatementKind::Other,
            },
            _ => StatementKind::Other,
        }
    }

    fn touch(&self, stmt: &Stmt) -> StatementKind {
        let mut relations: Vec<(ObjectName, Vec<_>)> = Vec::new();
        let kind = match stmt {
            Stmt::Truncate(s) => {
                let names = s.table_list().into_iter().flat_map(|l| l.table_relation_names());
                relations.extend(names.filter_map(|t| Some((self.table_relation(Some(t))?, Vec::new()))));
                TouchKind::Truncate
            }
            Stmt::Lock(s) => {
                let names = s.relation_list().into_iter().flat_map(|l| l.relation_names());
                relations.extend(names.filter_map(|t| Some((self.relation_name(Some(t))?, Vec::new()))));
                TouchKind::Lock
            }
            Stmt::Vacuum(s) => {
                relations = self.tables_and_columns(s.table_and_columns_list());
                TouchKind::Vacuum
            }
            Stmt::Analyze(s) => {
                relations = self.tables_and_columns(s.table_and_columns_list());
                TouchKind::Analyze
            }
            Stmt::Cluster(s) => {
                relations.extend(self.table_ref(s.table_name_ref()).map(|t| (t, Vec::new())));
                TouchKind::Cluster
            }
            Stmt::Reindex(s) => match s.reindex_target() {
                Some(ast::ReindexTarget::ReindexTargetTable(t)) => {
                    relations.extend(self.table_ref(t.table_name_ref()).map(|t| (t, Vec::new())));
                    TouchKind::ReindexTable
                }
                _ => return StatementKind::Other,
            },
            Stmt::Refresh(s) => {
                relations.extend(s.view_ref().and_then(|v| self.object(v.path_ref())).map(|t| (t, Vec::new())));
                TouchKind::RefreshMaterializedView
            }
            _ => return StatementKind::Other,
        };
        StatementKind::Touch(Touch { kind, relations })
    }

    fn tables_and_columns(&self, list: Option<ast::TableAndColumnsList>) -> Vec<(ObjectName, Vec<crate::syntax::sql::ast::Ident>)> {
        let Some(list) = list else { return Vec::new() };
        list.table_and_columnss().filter_map(|t| Some((self.table_relation(t.table_relation_name())?, self.columns(t.column_ref_list())))).collect()
    }
}

/// `SELECT … INTO t` makes a table.
fn into_table(query: Box<Query>, span: crate::source::Span) -> StatementKind {
    let name = match &query.body {
        QueryBody::Select(select) => match **select {
            Select { into: Some(name), .. } => name,
            _ => return StatementKind::Query(query),
        },
        _ => return StatementKind::Query(query),
    };
    let mut table = Lower::empty_table(name);
    table.query = Some(Box::new(Statement { span, kind: StatementKind::Query(query) }));
    StatementKind::CreateTable(Box::new(table))
}
