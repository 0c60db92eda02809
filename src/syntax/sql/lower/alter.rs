//! ALTER, DROP, COMMENT, GRANT.

use squawk_syntax::SyntaxNode;
use squawk_syntax::ast::{self, AstNode};

use super::Lower;
use crate::syntax::sql::ast::{
    AlterAction, AlterColumn, AlterDomain, AlterDomainAction, AlterFunction, AlterRelation, AlterSchema, AlterSequence, AlterType, AlterTypeAction, Comment,
    Drop, FunctionSignature, Grant, Ident, ObjectKind, ObjectName, Parameter, Policy, StatementKind,
};

impl Lower<'_> {
    pub(super) fn alter_table(&self, s: &ast::AlterTable) -> StatementKind {
        let Some(name) = self.table_relation(s.table_relation_name()) else { return StatementKind::Other };
        self.relation(ObjectKind::Table, s.if_exists().is_some(), name, s.actions().map(|a| self.table_action(&a)).collect())
    }

    pub(super) fn alter_foreign_table(&self, s: &ast::AlterForeignTable) -> StatementKind {
        let Some(name) = self.table_relation(s.table_relation_name()) else { return StatementKind::Broken };
        self.relation(ObjectKind::ForeignTable, s.if_exists().is_some(), name, s.actions().map(|a| self.table_action(&a)).collect())
    }

    #[expect(clippy::unused_self, reason = "reads like its siblings")]
    fn relation(&self, object: ObjectKind, if_exists: bool, name: ObjectName, actions: Vec<AlterAction>) -> StatementKind {
        StatementKind::AlterRelation(Box::new(AlterRelation { object, if_exists, name, actions }))
    }

    fn new_name(&self, path: Option<ast::Path>) -> Option<Ident> {
        self.new_object(path).map(|o| o.name)
    }

    fn constraint_ref(&self, name: Option<ast::ConstraintNameRef>) -> Option<Ident> {
        self.object(name?.path_ref()).map(|o| o.name)
    }

    fn column_ref(&self, name: Option<ast::ColumnNameRef>) -> Option<Ident> {
        name.map(|n| self.ident_of(&n))
    }

    fn schema_ref(&self, set: &ast::SetSchema) -> Option<Ident> {
        set.schema_ref().map(|n| self.ident_of(&n))
    }

    fn table_action(&self, action: &ast::AlterTableAction) -> AlterAction {
        let span = self.span(action.syntax());
        self.known_table_action(action).unwrap_or(AlterAction::Broken(span))
    }

    fn known_table_action(&self, action: &ast::AlterTableAction) -> Option<AlterAction> {
        Some(match action {
            ast::AlterTableAction::AddColumn(a) => AlterAction::AddColumn { if_not_exists: a.if_not_exists().is_some(), column: self.added_column(a)? },
            ast::AlterTableAction::DropColumn(a) => AlterAction::DropColumn {
                if_exists: a.if_exists().is_some(),
                name: self.column_ref(a.column_name_ref())?,
                cascade: cascades(a.drop_behavior()),
            },
            ast::AlterTableAction::AlterColumn(a) => AlterAction::AlterColumn(self.column_ref(a.column_name_ref())?, self.column_action(a.option())),
            ast::AlterTableAction::AddConstraint(a) => {
                AlterAction::AddConstraint(self.table_constraint(&ast::TableConstraint::cast(a.constraint()?.syntax().clone())?))
            }
            ast::AlterTableAction::DropConstraint(a) => AlterAction::DropConstraint {
                if_exists: a.if_exists().is_some(),
                name: self.constraint_ref(a.constraint_name_ref())?,
                cascade: cascades(a.drop_behavior()),
            },
            ast::AlterTableAction::ValidateConstraint(a) => AlterAction::ValidateConstraint(self.constraint_ref(a.constraint_name_ref())?),
            ast::AlterTableAction::RenameColumn(a) => self.rename_column(a)?,
            ast::AlterTableAction::RenameConstraint(a) => {
                AlterAction::RenameConstraint(self.constraint_ref(a.constraint_name_ref())?, self.ident_of(&a.constraint_name()?))
            }
            ast::AlterTableAction::TableRenameTo(a) => AlterAction::RenameTo(self.new_name(a.table_name()?.path())?),
            ast::AlterTableAction::SetSchema(a) => AlterAction::SetSchema(self.schema_ref(a)?),
            ast::AlterTableAction::AttachPartition(a) => AlterAction::AttachPartition(self.table_ref(a.table_name_ref())?),
            ast::AlterTableAction::DetachPartition(a) => AlterAction::DetachPartition(self.table_ref(a.table_name_ref())?),
            ast::AlterTableAction::InheritTable(a) => AlterAction::Inherit(self.table_ref(a.table_name_ref())?),
            ast::AlterTableAction::NoInheritTable(a) => AlterAction::NoInherit(self.table_ref(a.table_name_ref())?),
            ast::AlterTableAction::OfType(a) => AlterAction::OfType(self.type_name(a.ty())?.name),
            other => AlterAction::Other(self.span(other.syntax())),
        })
    }

    fn rename_column(&self, a: &ast::RenameColumn) -> Option<AlterAction> {
        Some(AlterAction::RenameColumn(self.column_ref(a.column_name_ref())?, self.ident_of(&a.column_name()?)))
    }

    fn column_action(&self, option: Option<ast::AlterColumnOption>) -> AlterColumn {
        let always = |when: Option<ast::GeneratedWhen>| matches!(when, Some(ast::GeneratedWhen::GeneratedAlways(_)));
        match option {
            Some(ast::AlterColumnOption::SetType(t)) => match self.type_name(t.ty()) {
                Some(ty) => AlterColumn::SetType { ty, using: t.using_expr().and_then(|u| self.maybe(u.expr())) },
                None => AlterColumn::Other,
            },
            Some(ast::AlterColumnOption::SetDefault(d)) => AlterColumn::SetDefault(self.expr(d.expr())),
            Some(ast::AlterColumnOption::DropDefault(_)) => AlterColumn::DropDefault,
            Some(ast::AlterColumnOption::SetNotNull(_)) => AlterColumn::SetNotNull,
            Some(ast::AlterColumnOption::DropNotNull(_)) => AlterColumn::DropNotNull,
            Some(ast::AlterColumnOption::SetExpression(e)) => AlterColumn::SetExpression(self.expr(e.expr())),
            Some(ast::AlterColumnOption::DropExpression(_)) => AlterColumn::DropExpression,
            Some(ast::AlterColumnOption::AddGenerated(g)) => AlterColumn::AddIdentity(always(g.generated_when())),
            Some(ast::AlterColumnOption::SetGenerated(g)) => AlterColumn::SetIdentity(always(g.generated_when())),
            Some(ast::AlterColumnOption::SetGeneratedOptions(o)) => {
                let set = o.set_generated_options().find_map(|o| match o {
                    ast::SetGeneratedOption::SetGenerated(g) => Some(always(g.generated_when())),
                    _ => None,
                });
                set.map_or(AlterColumn::Other, AlterColumn::SetIdentity)
            }
            Some(ast::AlterColumnOption::DropIdentity(_)) => AlterColumn::DropIdentity,
            _ => AlterColumn::Other,
        }
    }

    pub(super) fn alter_view(&self, s: &ast::AlterView) -> StatementKind {
        let Some(name) = s.view_ref().and_then(|v| self.object(v.path_ref())) else { return StatementKind::Broken };
        let span = self.span(s.syntax());
        let action = match s.action() {
            Some(ast::AlterViewAction::RenameColumn(r)) => self.rename_column(&r),
            Some(ast::AlterViewAction::SetSchema(r)) => self.schema_ref(&r).map(AlterAction::SetSchema),
            Some(ast::AlterViewAction::ViewRenameTo(r)) => r.view().and_then(|v| self.new_name(v.path())).map(AlterAction::RenameTo),
            Some(ast::AlterViewAction::AlterViewColumn(c)) => {
                let change = match c.alter_view_column_action() {
                    Some(ast::AlterViewColumnAction::SetDefault(d)) => AlterColumn::SetDefault(self.expr(d.expr())),
                    Some(ast::AlterViewColumnAction::DropDefault(_)) => AlterColumn::DropDefault,
                    None => AlterColumn::Other,
                };
                c.name().map(|n| AlterAction::AlterColumn(self.ident_of(&n), change))
            }
            Some(other) => Some(AlterAction::Other(self.span(other.syntax()))),
            None => None,
        };
        self.relation(ObjectKind::View, s.if_exists().is_some(), name, vec![action.unwrap_or(AlterAction::Broken(span))])
    }

    pub(super) fn alter_materialized_view(&self, s: &ast::AlterMaterializedView) -> StatementKind {
        let Some(name) = s.view_ref().and_then(|v| self.object(v.path_ref())) else { return StatementKind::Other };
        let actions = s.action().map(|a| {
            let span = self.span(a.syntax());
            let action = match a {
                ast::AlterMaterializedViewAction::RenameColumn(r) => self.rename_column(&r),
                ast::AlterMaterializedViewAction::SetSchema(r) => self.schema_ref(&r).map(AlterAction::SetSchema),
                ast::AlterMaterializedViewAction::ViewRenameTo(r) => r.view().and_then(|v| self.new_name(v.path())).map(AlterAction::RenameTo),
                ast::AlterMaterializedViewAction::AlterTableAction(t) => Some(self.table_action(&t)),
                _ => Some(AlterAction::Other(span)),
            };
            action.unwrap_or(AlterAction::Broken(span))
        });
        let actions = actions.collect();
        self.relation(ObjectKind::MaterializedView, s.if_exists().is_some(), name, actions)
    }

    pub(super) fn alter_index(&self, s: &ast::AlterIndex) -> StatementKind {
        let Some(name) = s.index_ref().and_then(|v| self.object(v.path_ref())) else { return StatementKind::Other };
        let action = match s.action() {
            Some(ast::AlterIndexAction::IndexRenameTo(r)) => r.index().and_then(|v| self.new_name(v.path())).map(AlterAction::RenameTo),
            _ => Some(AlterAction::Other(self.span(s.syntax()))),
        };
        self.relation(ObjectKind::Index, s.if_exists().is_some(), name, action.into_iter().collect())
    }

    pub(super) fn alter_sequence(&self, s: &ast::AlterSequence) -> StatementKind {
        let Some(name) = s.sequence_ref().and_then(|v| self.object(v.path_ref())) else { return StatementKind::Broken };
        let mut owned_by = None;
        for action in s.actions() {
            match action {
                ast::AlterSequenceAction::SequenceRenameTo(r) => {
                    let action = r.sequence().and_then(|v| self.new_name(v.path())).map(AlterAction::RenameTo);
                    return self.relation(ObjectKind::Sequence, s.if_exists().is_some(), name, action.into_iter().collect());
                }
                ast::AlterSequenceAction::SetSchema(r) => {
                    let action = self.schema_ref(&r).map(AlterAction::SetSchema);
                    return self.relation(ObjectKind::Sequence, s.if_exists().is_some(), name, action.into_iter().collect());
                }
                ast::AlterSequenceAction::SequenceOption(o) => owned_by = self.owned_by(&o).or(owned_by),
                _ => {}
            }
        }
        StatementKind::AlterSequence(Box::new(AlterSequence { if_exists: s.if_exists().is_some(), name, owned_by }))
    }

    pub(super) fn alter_type(&self, s: &ast::AlterType) -> StatementKind {
        let Some(name) = s.type_name_ref().and_then(|v| self.object(v.path_ref())) else { return StatementKind::Broken };
        let actions = match s.action() {
            Some(ast::AlterTypeAction::AlterTypeAttributeActionList(list)) => list.actions().map(|a| self.attribute_action(&a)).collect(),
            Some(action) => vec![self.type_action(&action)],
            None => vec![None],
        };
        StatementKind::AlterType(Box::new(AlterType { name, actions: actions.into_iter().map(|a| a.unwrap_or(AlterTypeAction::Other)).collect() }))
    }

    fn type_action(&self, action: &ast::AlterTypeAction) -> Option<AlterTypeAction> {
        Some(match action {
            ast::AlterTypeAction::AddValue(a) => {
                let (mut before, mut after) = (None, None);
                match a.value_position() {
                    Some(ast::ValuePosition::BeforeValue(v)) => before = v.literal().and_then(|l| l.string_value()),
                    Some(ast::ValuePosition::AfterValue(v)) => after = v.literal().and_then(|l| l.string_value()),
                    None => {}
                }
                AlterTypeAction::AddValue { if_not_exists: a.if_not_exists().is_some(), label: a.literal()?.string_value()?, before, after }
            }
            ast::AlterTypeAction::RenameValue(r) => AlterTypeAction::RenameValue(r.from()?.string_value()?, r.to()?.string_value()?),
            ast::AlterTypeAction::RenameAttribute(r) => {
                AlterTypeAction::RenameAttribute(self.ident_of(&r.composite_field_ref()?), self.ident_of(&r.composite_field()?))
            }
            ast::AlterTypeAction::TypeRenameTo(r) => AlterTypeAction::RenameTo(self.new_name(r.type_name()?.path())?),
            ast::AlterTypeAction::SetSchema(r) => AlterTypeAction::SetSchema(self.schema_ref(r)?),
            _ => AlterTypeAction::Other,
        })
    }

    fn attribute_action(&self, action: &ast::AlterTypeAttributeAction) -> Option<AlterTypeAction> {
        Some(match action {
            ast::AlterTypeAttributeAction::AddAttribute(a) => AlterTypeAction::AddAttribute(self.ident_of(&a.composite_field()?), self.type_name(a.ty())),
            ast::AlterTypeAttributeAction::DropAttribute(a) => {
                AlterTypeAction::DropAttribute(self.ident_of(&a.composite_field_ref()?), a.if_exists().is_some())
            }
            ast::AlterTypeAttributeAction::AlterAttribute(a) => {
                AlterTypeAction::AlterAttribute(self.ident_of(&a.composite_field_ref()?), self.type_name(a.ty()))
            }
        })
    }

    pub(super) fn alter_domain(&self, s: &ast::AlterDomain) -> StatementKind {
        let Some(name) = s.domain_ref().and_then(|v| self.object(v.path_ref())) else { return StatementKind::Broken };
        let action = s.action().and_then(|a| {
            Some(match a {
                ast::AlterDomainAction::SetDefault(d) => AlterDomainAction::SetDefault(self.expr(d.expr())),
                ast::AlterDomainAction::DropDefault(_) => AlterDomainAction::DropDefault,
                ast::AlterDomainAction::SetNotNull(_) => AlterDomainAction::SetNotNull,
                ast::AlterDomainAction::DropNotNull(_) => AlterDomainAction::DropNotNull,
                ast::AlterDomainAction::AddConstraint(c) => AlterDomainAction::AddConstraint(self.column_constraint(&c.constraint()?)),
                ast::AlterDomainAction::DropConstraint(c) => AlterDomainAction::DropConstraint(self.constraint_ref(c.constraint_name_ref())?),
                ast::AlterDomainAction::RenameConstraint(c) => {
                    AlterDomainAction::RenameConstraint(self.constraint_ref(c.constraint_name_ref())?, self.ident_of(&c.constraint_name()?))
                }
                ast::AlterDomainAction::DomainRenameTo(r) => AlterDomainAction::RenameTo(self.new_name(r.domain()?.path())?),
                ast::AlterDomainAction::SetSchema(r) => AlterDomainAction::SetSchema(self.schema_ref(&r)?),
                ast::AlterDomainAction::OwnerTo(_) | ast::AlterDomainAction::ValidateConstraint(_) => AlterDomainAction::Other,
            })
        });
        action.map_or(StatementKind::Broken, |action| StatementKind::AlterDomain(Box::new(AlterDomain { name, action })))
    }

    pub(super) fn alter_schema(&self, s: &ast::AlterSchema) -> StatementKind {
        let Some(name) = s.schema_ref() else { return StatementKind::Broken };
        let rename_to = match s.action() {
            Some(ast::AlterSchemaAction::SchemaRenameTo(r)) => r.schema().map(|n| self.ident_of(&n)),
            _ => None,
        };
        StatementKind::AlterSchema(AlterSchema { name: self.ident_of(&name), rename_to })
    }

    pub(super) fn alter_policy(&self, s: &ast::AlterPolicy) -> StatementKind {
        let (Some(name), Some(table)) = (s.policy_ref(), s.on_table().and_then(|t| self.table_ref(t.table_name_ref()))) else { return StatementKind::Broken };
        let (mut using, mut check) = (None, None);
        if let Some(ast::AlterPolicyAction::AlterPolicyTo(to)) = s.action() {
            using = to.using_expr_clause().and_then(|u| self.maybe(u.expr()));
            check = to.with_check_expr_clause().and_then(|c| self.maybe(c.expr()));
        }
        StatementKind::Policy(Box::new(Policy { name: self.ident_of(&name), table, using, check }))
    }

    /// `ALTER FUNCTION` and its kin: they share the shape of their nodes.
    pub(super) fn alter_routine(&self, signature: Option<FunctionSignature>, node: &SyntaxNode) -> StatementKind {
        let Some(function) = signature else { return StatementKind::Broken };
        let mut out = AlterFunction { function, rename_to: None, set_schema: None };
        for child in node.children() {
            if let Some(set) = ast::SetSchema::cast(child.clone()) {
                out.set_schema = self.schema_ref(&set);
            } else if let Some(r) = ast::FunctionRenameTo::cast(child.clone()) {
                out.rename_to = r.function_name().and_then(|n| self.new_name(n.path()));
            } else if let Some(r) = ast::ProcedureRenameTo::cast(child.clone()) {
                out.rename_to = r.procedure_name().and_then(|n| self.new_name(n.path()));
            } else if let Some(r) = ast::RoutineRenameTo::cast(child.clone()) {
                out.rename_to = r.routine_name().and_then(|n| self.new_name(n.path()));
            } else if let Some(r) = ast::AggregateRenameTo::cast(child) {
                out.rename_to = r.aggregate_name().and_then(|n| self.new_name(n.path()));
            }
        }
        StatementKind::AlterFunction(Box::new(out))
    }

    pub(super) fn function_sig(&self, sig: Option<ast::FunctionSig>) -> Option<FunctionSignature> {
        let sig = sig?;
        let name = self.object(sig.function_name_ref()?.path_ref())?;
        Some(FunctionSignature { name, arguments: sig.param_list().map(|l| self.parameters(&l)) })
    }

    pub(super) fn procedure_sig(&self, sig: Option<ast::ProcedureSig>) -> Option<FunctionSignature> {
        let sig = sig?;
        let name = self.object(sig.procedure_name_ref()?.path_ref())?;
        Some(FunctionSignature { name, arguments: sig.param_list().map(|l| self.parameters(&l)) })
    }

    pub(super) fn routine_sig(&self, sig: Option<ast::RoutineSig>) -> Option<FunctionSignature> {
        let sig = sig?;
        let name = self.object(sig.routine_name_ref()?.path_ref())?;
        Some(FunctionSignature { name, arguments: sig.param_list().map(|l| self.parameters(&l)) })
    }

    pub(super) fn aggregate_sig(&self, sig: Option<ast::Aggregate>) -> Option<FunctionSignature> {
        let sig = sig?;
        Some(FunctionSignature { name: self.object(sig.path_ref())?, arguments: sig.param_list().map(|l| self.parameters(&l)) })
    }

    /// Any `DROP`: which names stand in it, and whether they go with what depends on them.
    pub(super) fn drop(&self, object: ObjectKind, node: &SyntaxNode) -> StatementKind {
        let mut out = Drop { object, if_exists: false, names: Vec::new(), arguments: Vec::new(), on: None, cascade: false };
        self.drop_parts(node, &mut out);
        if out.names.is_empty() {
            return StatementKind::Broken;
        }
        StatementKind::Drop(out)
    }

    fn drop_parts(&self, node: &SyntaxNode, out: &mut Drop) {
        for child in node.children() {
            let mut signature = |s: Option<FunctionSignature>| {
                if let Some(s) = s {
                    out.names.push(s.name);
                    out.arguments.push(s.arguments);
                }
            };
            if let Some(on) = ast::OnRelation::cast(child.clone()) {
                out.on = self.relation_ref(on.relation_name_ref());
            } else if let Some(on) = ast::OnTable::cast(child.clone()) {
                out.on = self.table_ref(on.table_name_ref());
            } else if let Some(s) = ast::FunctionSig::cast(child.clone()) {
                signature(self.function_sig(Some(s)));
            } else if let Some(s) = ast::ProcedureSig::cast(child.clone()) {
                signature(self.procedure_sig(Some(s)));
            } else if let Some(s) = ast::RoutineSig::cast(child.clone()) {
                signature(self.routine_sig(Some(s)));
            } else if let Some(s) = ast::Aggregate::cast(child.clone()) {
                signature(self.aggregate_sig(Some(s)));
            } else if ast::IfExists::can_cast(child.kind()) {
                out.if_exists = true;
            } else if ast::Cascade::can_cast(child.kind()) {
                out.cascade = true;
            } else if ast::DropBehavior::can_cast(child.kind()) {
            } else if let Some(path) = child.children().find_map(ast::PathRef::cast) {
                out.names.extend(self.object(Some(path)));
            } else if ast::AnyNameRef::can_cast(child.kind()) {
                out.names.push(ObjectName::bare(self.ident(&child)));
            } else {
                self.nested(|this| this.drop_parts(&child, out));
            }
        }
    }

    pub(super) fn comment(&self, s: &ast::CommentOn) -> StatementKind {
        let mut out = Comment { object: ObjectKind::Other, name: None, part: None, text: s.literal().and_then(|l| l.string_value()) };
        let Some(object) = s.comment_object() else { return StatementKind::Broken };
        match &object {
            ast::CommentObject::ObjectColumn(c) => {
                out.object = ObjectKind::Column;
                let parts = c.name().and_then(|n| n.path_ref()).map_or_else(Vec::new, |p| self.path_parts(&p));
                if let Some((column, table)) = parts.split_last() {
                    out.part = Some(*column);
                    out.name = super::names::object_from_parts(table);
                }
            }
            ast::CommentObject::ObjectTable(o) => (out.object, out.name) = (ObjectKind::Table, self.table_ref(o.table_name_ref())),
            ast::CommentObject::ObjectForeignTable(o) => (out.object, out.name) = (ObjectKind::ForeignTable, self.table_ref(o.table_name_ref())),
            ast::CommentObject::ObjectView(o) => (out.object, out.name) = (ObjectKind::View, o.view_ref().and_then(|v| self.object(v.path_ref()))),
            ast::CommentObject::ObjectMaterializedView(o) => {
                (out.object, out.name) = (ObjectKind::MaterializedView, o.view_ref().and_then(|v| self.object(v.path_ref())));
            }
            ast::CommentObject::ObjectType(o) => (out.object, out.name) = (ObjectKind::Type, o.type_name_ref().and_then(|v| self.object(v.path_ref()))),
            ast::CommentObject::ObjectDomain(o) => (out.object, out.name) = (ObjectKind::Domain, o.domain_ref().and_then(|v| self.object(v.path_ref()))),
            ast::CommentObject::ObjectSequence(o) => {
                (out.object, out.name) = (ObjectKind::Sequence, o.sequence_ref().and_then(|v| self.object(v.path_ref())));
            }
            ast::CommentObject::ObjectIndex(o) => (out.object, out.name) = (ObjectKind::Index, o.index_ref().and_then(|v| self.object(v.path_ref()))),
            ast::CommentObject::ObjectConstraint(o) => {
                out.object = if o.domain_token().is_some() { ObjectKind::DomainConstraint } else { ObjectKind::Constraint };
                out.part = self.constraint_ref(o.constraint_name_ref());
                out.name = self.table_ref(o.table_name_ref());
            }
            ast::CommentObject::ObjectTrigger(o) => {
                (out.object, out.part, out.name) = (ObjectKind::Trigger, o.trigger_ref().map(|n| self.ident_of(&n)), self.relation_ref(o.relation_name_ref()));
            }
            ast::CommentObject::ObjectRule(o) => {
                (out.object, out.part, out.name) = (ObjectKind::Rule, o.rule_ref().map(|n| self.ident_of(&n)), self.relation_ref(o.relation_name_ref()));
            }
            ast::CommentObject::ObjectPolicy(o) => {
                (out.object, out.part, out.name) = (ObjectKind::Policy, o.policy_ref().map(|n| self.ident_of(&n)), self.table_ref(o.table_name_ref()));
            }
            _ => {}
        }
        StatementKind::Comment(out)
    }

    /// `GRANT`, `REVOKE`: relations and their columns.
    pub(super) fn grant(&self, privileges: Option<ast::Privileges>, on: Option<ast::OnPrivilegeObjectsClause>) -> StatementKind {
        let mut out = Grant { columns: Vec::new(), relations: Vec::new() };
        match on.and_then(|o| o.privilege_objects()) {
            Some(ast::PrivilegeObjects::PrivilegeTable(t)) => out.relations.extend(t.relation_name_refs().filter_map(|r| self.relation_ref(Some(r)))),
            Some(ast::PrivilegeObjects::PrivilegeDefault(t)) => out.relations.extend(t.relation_name_refs().filter_map(|r| self.relation_ref(Some(r)))),
            _ => return StatementKind::Other,
        }
        match privileges {
            Some(ast::Privileges::AllPrivileges(p)) => out.columns.extend(self.columns(p.column_ref_list())),
            Some(ast::Privileges::RevokeCommandList(l)) => {
                for command in l.revoke_commands() {
                    out.columns.extend(self.columns(command.column_ref_list()));
                }
            }
            None => {}
        }
        StatementKind::Grant(out)
    }

    pub(super) fn parameter_types(&self, list: Option<ast::ParamList>) -> Vec<super::super::ast::TypeName> {
        list.map_or_else(Vec::new, |l| self.parameters(&l).into_iter().filter_map(|p: Parameter| p.ty).collect())
    }
}

fn cascades(behavior: Option<ast::DropBehavior>) -> bool {
    matches!(behavior, Some(ast::DropBehavior::Cascade(_)))
}
