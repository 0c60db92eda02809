//! CREATE of everything but tables.

use squawk_syntax::ast::{self, AstNode};

use super::Lower;
use crate::source::Span;
use crate::syntax::sql::ast::{
    BodyText, ColumnDef, ColumnDefinition, CreateDomain, CreateExtension, CreateFunction, CreateIndex, CreateRule, CreateSchema, CreateSequence,
    CreateStatistics, CreateTrigger, CreateType, CreateView, DoBlock, FromItem, FromKind, FunctionBody, FunctionSignature, Ident, ObjectName, OwnedBy,
    Parameter, ParameterMode, Policy, Statement, StatementKind, TypeKind,
};

impl Lower<'_> {
    pub(super) fn create_view(&self, s: &ast::CreateView) -> StatementKind {
        let Some(name) = s.view().and_then(|v| self.new_object(v.path())) else { return StatementKind::Broken };
        StatementKind::CreateView(Box::new(CreateView {
            name,
            or_replace: s.or_replace().is_some(),
            temporary: matches!(s.persistence(), Some(ast::Persistence::Temp(_))),
            materialized: false,
            recursive: s.recursive_token().is_some(),
            if_not_exists: false,
            columns: self.column_names(s.column_list()),
            query: s.query().map(|q| Box::new(self.select_variant(&q))),
        }))
    }

    pub(super) fn create_materialized_view(&self, s: &ast::CreateMaterializedView) -> StatementKind {
        let Some(name) = s.view().and_then(|v| self.new_object(v.path())) else { return StatementKind::Broken };
        StatementKind::CreateView(Box::new(CreateView {
            name,
            or_replace: false,
            temporary: false,
            materialized: true,
            recursive: false,
            if_not_exists: s.if_not_exists().is_some(),
            columns: self.column_names(s.column_list()),
            query: s.query().map(|q| Box::new(self.select_variant(&q))),
        }))
    }

    pub(super) fn create_type(&self, s: &ast::CreateType) -> StatementKind {
        let Some(name) = s.type_name().and_then(|n| self.new_object(n.path())) else { return StatementKind::Broken };
        let kind = match s.kind() {
            Some(ast::CreateTypeKind::EnumType(e)) => TypeKind::Enum(
                e.variant_list().map_or_else(Vec::new, |l| l.variants().filter_map(|v| Some((v.literal()?.string_value()?, self.span(v.syntax())))).collect()),
            ),
            Some(ast::CreateTypeKind::CompositeType(c)) => TypeKind::Composite(c.composite_field_list().map_or_else(Vec::new, |l| {
                l.composite_field_defs()
                    .filter_map(|f| {
                        Some(ColumnDef {
                            span: self.span(f.syntax()),
                            name: self.ident_of(&f.name()?),
                            ty: self.type_name(f.ty()),
                            collation: None,
                            constraints: Vec::new(),
                        })
                    })
                    .collect()
            })),
            Some(ast::CreateTypeKind::RangeType(r)) => TypeKind::Range(attributes(r.attribute_list())),
            Some(ast::CreateTypeKind::BaseType(_)) | None => TypeKind::Base,
        };
        StatementKind::CreateType(Box::new(CreateType { name, kind }))
    }

    pub(super) fn create_domain(&self, s: &ast::CreateDomain) -> StatementKind {
        let Some(name) = s.domain().and_then(|n| self.new_object(n.path())) else { return StatementKind::Broken };
        let mut constraints = Vec::new();
        for qualifier in s.domain_qualifiers() {
            if let ast::DomainQualifier::Constraint(c) = qualifier {
                constraints.push(self.column_constraint(&c));
            }
        }
        StatementKind::CreateDomain(Box::new(CreateDomain { name, ty: self.type_name(s.ty()), constraints }))
    }

    pub(super) fn create_sequence(&self, s: &ast::CreateSequence) -> StatementKind {
        let Some(name) = s.sequence().and_then(|n| self.new_object(n.path())) else { return StatementKind::Broken };
        StatementKind::CreateSequence(Box::new(CreateSequence {
            name,
            temporary: matches!(s.persistence(), Some(ast::Persistence::Temp(_))),
            if_not_exists: s.if_not_exists().is_some(),
            owned_by: s.sequence_options().find_map(|o| self.owned_by(&o)),
        }))
    }

    pub(super) fn owned_by(&self, option: &ast::SequenceOption) -> Option<OwnedBy> {
        let ast::SequenceOption::OptionOwnedBy(o) = option else { return None };
        match o.owned_by_target()? {
            ast::OwnedByTarget::OwnedByNone(_) => Some(OwnedBy::None),
            ast::OwnedByTarget::QualifiedColumnNameRef(c) => {
                let parts = self.path_parts(&c.path_ref()?);
                let (column, table) = parts.split_last()?;
                Some(OwnedBy::Column(super::names::object_from_parts(table)?, *column))
            }
        }
    }

    pub(super) fn create_function(&self, s: &ast::CreateFunction) -> StatementKind {
        let Some(name) = s.name().and_then(|n| self.new_object(n.path())) else { return StatementKind::Broken };
        let mut out = self.routine(name, s.param_list(), s.option_list(), s.body());
        out.or_replace = s.or_replace().is_some();
        if let Some(ret) = s.ret_type() {
            out.returns = self.func_type(ret.func_type());
            out.returns_table = ret.return_table_arg_list().map_or_else(Vec::new, |l| {
                l.args().filter_map(|a| Some(ColumnDefinition { name: self.ident_of(&a.name()?), ty: self.func_type(a.func_type()) })).collect()
            });
        }
        StatementKind::CreateFunction(Box::new(out))
    }

    pub(super) fn create_procedure(&self, s: &ast::CreateProcedure) -> StatementKind {
        let Some(name) = s.name().and_then(|n| self.new_object(n.path())) else { return StatementKind::Broken };
        let mut out = self.routine(name, s.param_list(), s.option_list(), s.body());
        out.or_replace = s.or_replace().is_some();
        out.procedure = true;
        StatementKind::CreateFunction(Box::new(out))
    }

    fn routine(
        &self,
        name: ObjectName,
        parameters: Option<ast::ParamList>,
        options: Option<ast::FuncOptionList>,
        body: Option<ast::RoutineBody>,
    ) -> CreateFunction {
        let mut out = CreateFunction {
            name,
            or_replace: false,
            procedure: false,
            parameters: parameters.map_or_else(Vec::new, |l| self.parameters(&l)),
            returns: None,
            returns_table: Vec::new(),
            language: None,
            body: FunctionBody::None,
            search_path: None,
        };
        for option in options.into_iter().flat_map(|l| l.options()) {
            match option {
                ast::FuncOption::LanguageFuncOption(l) => out.language = self.language(l.language_name(), l.syntax()),
                ast::FuncOption::AsFuncOption(a) => {
                    if let Some(ast::AsFuncTarget::AsDefinition(d)) = a.as_func_target()
                        && let Some(body) = d.literal().and_then(|l| self.body_text(&l))
                    {
                        out.body = FunctionBody::Text(body);
                    }
                }
                ast::FuncOption::SetFuncOption(set) => {
                    if let Some(set) = set.set_config_param()
                        && let Some((name, values)) = self.config(set.config_parameter_ref(), set.config_assignment())
                        && name == "search_path"
                    {
                        out.search_path = Some(values);
                    }
                }
                _ => {}
            }
        }
        match body {
            Some(ast::RoutineBody::AtomicBody(atomic)) => {
                let statements = atomic.routine_body_stmts().filter_map(|s| self.routine_statement(&s)).collect();
                out.body = FunctionBody::Atomic(statements);
            }
            Some(ast::RoutineBody::ReturnStmt(r)) => out.body = FunctionBody::Return(Box::new(self.expr(r.expr()))),
            None => {}
        }
        out
    }

    fn routine_statement(&self, statement: &ast::RoutineBodyStmt) -> Option<Statement> {
        match statement {
            ast::RoutineBodyStmt::Stmt(s) => Some(self.statement(s)),
            ast::RoutineBodyStmt::ReturnStmt(r) => {
                let expr = self.expr(r.expr());
                Some(Statement { span: self.span(r.syntax()), kind: StatementKind::Execute(vec![expr]) })
            }
        }
    }

    fn language(&self, name: Option<ast::LanguageName>, node: &squawk_syntax::SyntaxNode) -> Option<Ident> {
        let name = name?;
        Some(Ident { name: name.name.to_ascii_lowercase().into(), span: self.span(node), quoted: false })
    }

    pub(super) fn parameters(&self, list: &ast::ParamList) -> Vec<Parameter> {
        list.params()
            .map(|p| Parameter {
                name: p.name().map(|n| self.ident_of(&n)),
                ty: self.func_type(p.func_type()),
                mode: match p.mode() {
                    Some(ast::ParamMode::ParamOut(_)) => ParameterMode::Out,
                    Some(ast::ParamMode::ParamInOut(_)) => ParameterMode::InOut,
                    Some(ast::ParamMode::ParamVariadic(_)) => ParameterMode::Variadic,
                    Some(ast::ParamMode::ParamIn(_)) | None => ParameterMode::In,
                },
                default: p.param_default().and_then(|d| self.maybe(d.expr())),
            })
            .collect()
    }

    pub(super) fn create_aggregate(&self, s: &ast::CreateAggregate) -> StatementKind {
        let Some(name) = s.aggregate_name().and_then(|n| self.new_object(n.path())) else { return StatementKind::Broken };
        StatementKind::CreateAggregate(Box::new(FunctionSignature { name, arguments: s.param_list().map(|l| self.parameters(&l)) }))
    }

    pub(super) fn create_index(&self, s: &ast::CreateIndex) -> StatementKind {
        let Some(table) = self.table_relation(s.table_relation_name()) else { return StatementKind::Broken };
        let whole = self.span(s.syntax());
        let start = s
            .using_method()
            .map(|u| self.span(u.syntax()).start)
            .or_else(|| s.partition_item_list().map(|l| self.span(l.syntax()).start))
            .unwrap_or(whole.start);
        let include = s.index_include_clause().and_then(|i| i.partition_item_list()).map_or_else(Vec::new, |l| {
            l.partition_items()
                .filter_map(|i| match self.expr(i.expr()).kind {
                    crate::syntax::sql::ast::ExprKind::Column(parts) => parts.first().copied(),
                    _ => None,
                })
                .collect()
        });
        StatementKind::CreateIndex(Box::new(CreateIndex {
            name: s.index().and_then(|i| self.new_object(i.path())).map(|o| o.name),
            unique: s.unique_token().is_some(),
            if_not_exists: s.if_not_exists().is_some(),
            table,
            method: s.using_method().and_then(|u| u.access_method_ref()).map(|m| self.ident_of(&m)),
            keys: self.index_keys(s.partition_item_list()),
            include,
            nulls_not_distinct: matches!(s.nulls_distinct_option(), Some(ast::NullsDistinctOption::NullsNotDistinct(_))),
            condition: s.where_clause().and_then(|w| self.maybe(w.expr())),
            definition: Span { start, end: whole.end },
        }))
    }

    pub(super) fn create_schema(&self, s: &ast::CreateSchema) -> StatementKind {
        let elements = s.schema_elements().filter_map(|e| ast::Stmt::cast(e.syntax().clone())).map(|s| self.statement(&s)).collect();
        StatementKind::CreateSchema(Box::new(CreateSchema {
            name: s.schema_name().map(|n| self.ident(&n)),
            if_not_exists: s.if_not_exists().is_some(),
            elements,
        }))
    }

    pub(super) fn create_extension(&self, s: &ast::CreateExtension) -> StatementKind {
        let Some(name) = s.extension() else { return StatementKind::Broken };
        StatementKind::CreateExtension(CreateExtension {
            name: self.ident_of(&name),
            schema: s.extension_schema().and_then(|e| e.schema_ref()).map(|n| self.ident_of(&n)),
        })
    }

    pub(super) fn create_policy(&self, s: &ast::CreatePolicy) -> StatementKind {
        let (Some(name), Some(table)) = (s.policy(), s.on_table().and_then(|t| self.table_ref(t.table_name_ref()))) else { return StatementKind::Broken };
        StatementKind::Policy(Box::new(Policy {
            name: self.ident_of(&name),
            table,
            using: s.using_expr_clause().and_then(|u| self.maybe(u.expr())),
            check: s.with_check_expr_clause().and_then(|c| self.maybe(c.expr())),
        }))
    }

    pub(super) fn create_trigger(&self, s: &ast::CreateTrigger) -> StatementKind {
        let Some(name) = s.trigger() else { return StatementKind::Broken };
        let Some(table) = s.on_relation().and_then(|o| self.relation_ref(o.relation_name_ref())) else { return StatementKind::Broken };
        let mut update_of = Vec::new();
        for event in s.trigger_event_list().into_iter().flat_map(|l| l.trigger_events()) {
            if let ast::TriggerEvent::TriggerEventUpdate(u) = event {
                update_of.extend(u.column_name_refs().map(|c| self.ident_of(&c)));
            }
        }
        let function = s.call_expr().and_then(|c| c.expr()).and_then(|e| self.expr_as_object(e));
        StatementKind::CreateTrigger(Box::new(CreateTrigger {
            name: self.ident_of(&name),
            table,
            from: s.from_table().and_then(|f| self.table_ref(f.table_name_ref())),
            update_of,
            when: s.when_condition().and_then(|w| self.maybe(w.expr())),
            function,
        }))
    }

    pub(super) fn create_rule(&self, s: &ast::CreateRule) -> StatementKind {
        let (Some(name), Some(on)) = (s.rule(), s.rule_on()) else { return StatementKind::Broken };
        let Some(table) = self.relation_ref(on.relation_name_ref()) else { return StatementKind::Broken };
        let actions = match s.rule_do().and_then(|d| d.rule_action()) {
            Some(ast::RuleAction::RuleStmt(r)) => vec![r],
            Some(ast::RuleAction::RuleStmtList(l)) => l.rule_stmts().collect(),
            Some(ast::RuleAction::Nothing(_)) | None => Vec::new(),
        };
        StatementKind::CreateRule(Box::new(CreateRule {
            name: self.ident_of(&name),
            table,
            condition: on.where_clause().and_then(|w| self.maybe(w.expr())),
            actions: actions.iter().filter_map(|a| ast::Stmt::cast(a.syntax().clone())).map(|s| self.statement(&s)).collect(),
        }))
    }

    pub(super) fn create_statistics(&self, s: &ast::CreateStatistics) -> StatementKind {
        let from = s.from_table().and_then(|f| Some((self.span(f.syntax()), self.table_ref(f.table_name_ref())?)));
        StatementKind::CreateStatistics(Box::new(CreateStatistics {
            exprs: s.statistics_on_clause().map_or_else(Vec::new, |c| self.exprs(c.exprs())),
            from: from.map(|(span, name)| FromItem { span, alias: None, lateral: false, kind: FromKind::Table(name, Vec::new()) }).into_iter().collect(),
        }))
    }

    pub(super) fn do_block(&self, s: &ast::Do) -> StatementKind {
        let body: Option<BodyText> = s.body().and_then(|l| self.body_text(&l));
        StatementKind::Do(DoBlock { body, language: s.do_language().and_then(|l| self.language(l.language_name(), l.syntax())) })
    }

    /// Name and values of `SET name = value`.
    pub(super) fn config(&self, name: Option<ast::ConfigParameterRef>, assignment: Option<ast::ConfigAssignment>) -> Option<(String, Vec<String>)> {
        let parts = self.path_parts(&name?.path_ref()?);
        let name = parts.iter().map(|p| p.as_str().to_ascii_lowercase()).collect::<Vec<_>>().join(".");
        let mut values = Vec::new();
        if let Some(ast::ConfigAssignment::ToConfigValue(to)) = assignment {
            for value in to.config_values() {
                values.push(match value {
                    ast::ConfigValue::Literal(l) => l.string_value().filter(|s| !s.is_empty()).unwrap_or_else(|| l.syntax().text().to_string()),
                    ast::ConfigValue::ConfigValueName(n) => self.ident_of(&n).as_str().to_owned(),
                    ast::ConfigValue::PrefixExpr(p) => p.syntax().text().to_string(),
                });
            }
        }
        // `SET search_path = ''` means no schema at all
        values.retain(|v| v != "''");
        Some((name, values))
    }
}

/// `(KEY = value, …)` in lower case.
fn attributes(list: Option<ast::AttributeList>) -> Vec<(String, String)> {
    let Some(list) = list else { return Vec::new() };
    list.attribute_options()
        .filter_map(|o| {
            let name = o.name()?.syntax().text().to_string().trim().to_ascii_lowercase();
            let value = o.attribute_value().map_or_else(String::new, |v| v.syntax().text().to_string().trim().to_owned());
            Some((name, value))
        })
        .collect()
}
