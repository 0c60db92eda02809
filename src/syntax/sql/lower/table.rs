//! CREATE TABLE, its columns and constraints.

use squawk_syntax::SyntaxKind;
use squawk_syntax::ast::{self, AstNode};

use super::Lower;
use super::names::squeeze;
use crate::syntax::sql::ast::{
    ColumnConstraint, ColumnConstraintKind, ColumnDef, CreateTable, Ident, IndexKey, Like, ObjectName, References, Statement, StatementKind, TableConstraint,
    TableConstraintKind, TableElement,
};

impl Lower<'_> {
    pub(super) fn empty_table(name: ObjectName) -> CreateTable {
        CreateTable {
            name,
            temporary: false,
            foreign: false,
            if_not_exists: false,
            elements: Vec::new(),
            inherits: Vec::new(),
            partition_of: None,
            partition_by: Vec::new(),
            of_type: None,
            query: None,
            query_columns: Vec::new(),
            broken: false,
        }
    }

    pub(super) fn create_table(&self, s: &ast::CreateTable) -> StatementKind {
        let Some(name) = s.table_name().and_then(|n| self.new_object(n.path())) else { return StatementKind::Broken };
        let mut table = Self::empty_table(name);
        table.temporary = matches!(s.persistence(), Some(ast::Persistence::Temp(_)));
        table.if_not_exists = s.if_not_exists().is_some();
        table.inherits = s.inherits().map_or_else(Vec::new, |i| i.table_name_refs().filter_map(|t| self.table_ref(Some(t))).collect());
        table.partition_of = s.partition_of().and_then(|p| self.table_ref(p.table_name_ref()));
        table.of_type = s.of_type().and_then(|o| self.type_name(o.ty())).map(|t| t.name);
        table.partition_by = s.partition_by().map_or_else(Vec::new, |p| self.index_keys(p.partition_item_list()));
        self.table_elements(&mut table, s.table_arg_list());
        StatementKind::CreateTable(Box::new(table))
    }

    pub(super) fn create_foreign_table(&self, s: &ast::CreateForeignTable) -> StatementKind {
        let Some(name) = s.table_name().and_then(|n| self.new_object(n.path())) else { return StatementKind::Broken };
        let mut table = Self::empty_table(name);
        table.foreign = true;
        table.if_not_exists = s.if_not_exists().is_some();
        table.inherits = s.inherits().map_or_else(Vec::new, |i| i.table_name_refs().filter_map(|t| self.table_ref(Some(t))).collect());
        table.partition_of = s.partition_of().and_then(|p| self.table_ref(p.table_name_ref()));
        self.table_elements(&mut table, s.table_arg_list());
        StatementKind::CreateTable(Box::new(table))
    }

    pub(super) fn create_table_as(&self, s: &ast::CreateTableAs) -> StatementKind {
        let Some(name) = s.table_name().and_then(|n| self.new_object(n.path())) else { return StatementKind::Broken };
        let mut table = Self::empty_table(name);
        table.temporary = matches!(s.persistence(), Some(ast::Persistence::Temp(_)));
        table.if_not_exists = s.if_not_exists().is_some();
        if let Some(list) = s.table_arg_list() {
            for arg in list.args() {
                if let ast::TableArg::Column(c) = arg {
                    table.query_columns.extend(c.name().map(|n| self.ident_of(&n)));
                }
            }
        }
        match s.query() {
            Some(ast::CreateTableAsQuery::SelectVariant(select)) => {
                let query = self.select_variant(&select);
                table.query = Some(Box::new(Statement { span: query.span, kind: StatementKind::Query(Box::new(query)) }));
            }
            Some(ast::CreateTableAsQuery::Execute(_)) | None => table.broken = true,
        }
        StatementKind::CreateTable(Box::new(table))
    }

    fn table_elements(&self, table: &mut CreateTable, list: Option<ast::TableArgList>) {
        let Some(list) = list else { return };
        table.broken |= list.syntax().children().any(|c| c.kind() == SyntaxKind::ERROR);
        for arg in list.args() {
            table.elements.push(match &arg {
                ast::TableArg::Column(c) => self.column_def(c).map_or_else(|| TableElement::Broken(self.span(c.syntax())), TableElement::Column),
                ast::TableArg::LikeClause(l) => self.like_clause(l).map_or_else(|| TableElement::Broken(self.span(l.syntax())), TableElement::Like),
                ast::TableArg::TableConstraint(c) => TableElement::Constraint(self.table_constraint(c)),
            });
        }
    }

    fn like_clause(&self, like: &ast::LikeClause) -> Option<Like> {
        let options = like
            .like_options()
            .map(|o| match o {
                ast::LikeOption::IncludingProperty(p) => (true, p.table_property().map_or_else(String::new, |t| squeeze(&t.syntax().text().to_string()))),
                ast::LikeOption::ExcludingProperty(p) => (false, p.table_property().map_or_else(String::new, |t| squeeze(&t.syntax().text().to_string()))),
            })
            .collect();
        Some(Like { source: self.relation_ref(like.relation_name_ref())?, options })
    }

    fn column_def(&self, column: &ast::Column) -> Option<ColumnDef> {
        let mut def = ColumnDef {
            span: self.span(column.syntax()),
            name: self.ident_of(&column.name()?),
            ty: self.type_name(column.ty()),
            collation: None,
            constraints: Vec::new(),
        };
        for clause in column.clauses() {
            match clause {
                ast::ColumnClause::Collate(c) => def.collation = self.object(c.collation_ref().and_then(|c| c.path_ref())),
                ast::ColumnClause::ColumnConstraint(c) => def.constraints.extend(ast::Constraint::cast(c.syntax().clone()).map(|c| self.column_constraint(&c))),
                _ => {}
            }
        }
        apply_timing(&mut def.constraints, column.syntax());
        Some(def)
    }

    /// `ADD COLUMN`: the same pieces, hung differently.
    pub(super) fn added_column(&self, add: &ast::AddColumn) -> Option<ColumnDef> {
        let name = self.ident_of(&add.column_name()?);
        let end = self.span(add.syntax());
        let mut constraints: Vec<_> = add.constraints().map(|c| self.column_constraint(&c)).collect();
        apply_timing(&mut constraints, add.syntax());
        Some(ColumnDef {
            span: crate::source::Span { start: name.span.start, end: end.end },
            name,
            ty: self.type_name(add.ty()),
            collation: add.collate().and_then(|c| self.object(c.collation_ref().and_then(|c| c.path_ref()))),
            constraints,
        })
    }

    fn constraint_name(&self, constraint: &ast::Constraint) -> Option<Ident> {
        constraint.constraint_name().map(|n| self.ident_of(&n))
    }

    pub(super) fn column_constraint(&self, constraint: &ast::Constraint) -> ColumnConstraint {
        let kind = match constraint {
            ast::Constraint::NotNullConstraint(_) => ColumnConstraintKind::NotNull,
            ast::Constraint::NullConstraint(_) => ColumnConstraintKind::Null,
            ast::Constraint::DefaultConstraint(c) => ColumnConstraintKind::Default(self.expr(c.expr())),
            ast::Constraint::CheckConstraint(c) => ColumnConstraintKind::Check(self.expr(c.expr())),
            ast::Constraint::PrimaryKeyConstraint(_) => ColumnConstraintKind::PrimaryKey,
            ast::Constraint::UniqueConstraint(c) => ColumnConstraintKind::Unique { nulls_not_distinct: nulls_not_distinct(c.syntax()) },
            ast::Constraint::GeneratedConstraint(c) => match c.generated_as() {
                Some(ast::GeneratedAs::GeneratedIdentity(i)) => {
                    ColumnConstraintKind::Identity { always: matches!(i.generated_when(), Some(ast::GeneratedWhen::GeneratedAlways(_))) }
                }
                Some(ast::GeneratedAs::GeneratedStored(g)) => {
                    ColumnConstraintKind::Generated { expr: self.expr(g.expr()), stored: matches!(g.generated_kind(), Some(ast::GeneratedKind::Stored(_))) }
                }
                None => ColumnConstraintKind::Other,
            },
            ast::Constraint::ReferencesConstraint(c) => {
                let columns = c.column().map(|n| self.ident_of(&n)).into_iter().collect();
                match self.table_ref(c.table()) {
                    Some(table) => {
                        ColumnConstraintKind::References(self.references(table, columns, c.match_type(), c.referential_actions(), c.constraint_options()))
                    }
                    None => ColumnConstraintKind::Other,
                }
            }
            ast::Constraint::ExcludeConstraint(_) | ast::Constraint::ForeignKeyConstraint(_) => ColumnConstraintKind::Other,
        };
        ColumnConstraint { span: self.span(constraint.syntax()), name: self.constraint_name(constraint), kind }
    }

    fn references(
        &self,
        table: ObjectName,
        columns: Vec<Ident>,
        match_type: Option<ast::MatchType>,
        actions: impl Iterator<Item = ast::ReferentialAction>,
        options: impl Iterator<Item = ast::ConstraintOption>,
    ) -> References {
        let mut out = References {
            table,
            columns,
            match_type: match_type.map(|m| squeeze(&m.syntax().text().to_string()).trim_start_matches("match ").to_owned()),
            on_delete: None,
            on_update: None,
            set_columns: Vec::new(),
            deferrable: false,
            initially_deferred: false,
        };
        for action in actions {
            let (action, delete) = match action {
                ast::ReferentialAction::OnDeleteAction(a) => (a.ref_action(), true),
                ast::ReferentialAction::OnUpdateAction(a) => (a.ref_action(), false),
            };
            let Some(action) = action else { continue };
            let text = Some(squeeze(&action.syntax().text().to_string()));
            if delete {
                out.on_delete = text;
            } else {
                out.on_update = text;
            }
            match action {
                ast::RefAction::SetNullColumns(c) => out.set_columns.extend(self.columns(c.column_ref_list())),
                ast::RefAction::SetDefaultColumns(c) => out.set_columns.extend(self.columns(c.column_ref_list())),
                _ => {}
            }
        }
        for option in options {
            match option {
                ast::ConstraintOption::DeferrableConstraintOption(_) => out.deferrable = true,
                ast::ConstraintOption::InitiallyDeferredConstraintOption(_) => {
                    out.deferrable = true;
                    out.initially_deferred = true;
                }
                _ => {}
            }
        }
        out
    }

    pub(super) fn table_constraint(&self, constraint: &ast::TableConstraint) -> TableConstraint {
        let kind = match constraint {
            ast::TableConstraint::CheckConstraint(c) => TableConstraintKind::Check(self.expr(c.expr())),
            ast::TableConstraint::NotNullConstraint(c) => {
                c.column_name_ref().map_or(TableConstraintKind::Broken, |n| TableConstraintKind::NotNull(self.ident_of(&n)))
            }
            ast::TableConstraint::PrimaryKeyConstraint(c) => match self.using_index(c.using_index()) {
                Some(index) => TableConstraintKind::PrimaryKeyUsing(index),
                None => TableConstraintKind::PrimaryKey(self.key_columns(c.index_parameters())),
            },
            ast::TableConstraint::UniqueConstraint(c) => match self.using_index(c.using_index()) {
                Some(index) => TableConstraintKind::UniqueUsing(index),
                None => TableConstraintKind::Unique { columns: self.key_columns(c.index_parameters()), nulls_not_distinct: nulls_not_distinct(c.syntax()) },
            },
            ast::TableConstraint::ForeignKeyConstraint(c) => {
                let list =
                    |l: Option<ast::ForeignKeyColumnList>| l.map_or_else(Vec::new, |l| l.column_name_refs().map(|n| self.ident_of(&n)).collect::<Vec<_>>());
                match self.table_ref(c.table_name_ref()) {
                    Some(table) => TableConstraintKind::ForeignKey {
                        columns: list(c.from_columns()),
                        references: self.references(table, list(c.to_columns()), c.match_type(), c.referential_actions(), c.constraint_options()),
                    },
                    None => TableConstraintKind::Broken,
                }
            }
            ast::TableConstraint::ExcludeConstraint(c) => {
                let keys = c.constraint_exclusion_list().map_or_else(Vec::new, |l| {
                    l.constraint_exclusions().map(|e| IndexKey { span: self.span(e.syntax()), expr: self.expr(e.expr()) }).collect()
                });
                TableConstraintKind::Exclude(keys, c.where_condition_clause().and_then(|w| self.maybe(w.expr())))
            }
        };
        let common = ast::Constraint::cast(constraint.syntax().clone());
        TableConstraint {
            span: self.span(constraint.syntax()),
            name: common.as_ref().and_then(|c| self.constraint_name(c)),
            kind,
            not_valid: common.is_some_and(|c| c.is_not_valid()),
        }
    }

    fn using_index(&self, using: Option<ast::UsingIndexName>) -> Option<Ident> {
        self.object(using?.index_ref()?.path_ref()).map(|o| o.name)
    }

    fn key_columns(&self, parameters: Option<ast::IndexParameters>) -> Vec<Ident> {
        let list = parameters.and_then(|p| p.column_list());
        list.map_or_else(Vec::new, |l| l.column_name_refs().map(|n| self.ident_of(&n)).collect())
    }

    pub(super) fn index_keys(&self, list: Option<ast::PartitionItemList>) -> Vec<IndexKey> {
        list.map_or_else(Vec::new, |l| l.partition_items().map(|i| IndexKey { span: self.span(i.syntax()), expr: self.expr(i.expr()) }).collect())
    }
}

fn nulls_not_distinct(node: &squawk_syntax::SyntaxNode) -> bool {
    node.descendants().any(|n| n.kind() == SyntaxKind::NULLS_NOT_DISTINCT)
}

/// `REFERENCES t DEFERRABLE INITIALLY DEFERRED`: where the parser hangs the timing beside the constraint instead of inside it, put it back.
fn apply_timing(constraints: &mut [ColumnConstraint], node: &squawk_syntax::SyntaxNode) {
    let deferrable = node.children().any(|c| c.kind() == SyntaxKind::DEFERRABLE_CONSTRAINT_OPTION);
    let deferred = node.children().any(|c| c.kind() == SyntaxKind::INITIALLY_DEFERRED_CONSTRAINT_OPTION);
    for constraint in constraints {
        if let ColumnConstraintKind::References(r) = &mut constraint.kind {
            r.deferrable |= deferrable || deferred;
            r.initially_deferred |= deferred;
        }
    }
}
