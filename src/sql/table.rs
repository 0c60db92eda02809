//! Tables as they are made and altered: the columns that their constraints and expressions name.

use std::rc::Rc;

use super::resolve::{Resolver, is_hole};
use super::scope::{Column, Item, Rte};
use super::types::Type;
use crate::diagnostic::Access;
use crate::syntax::sql::ast::{
    AlterAction, AlterColumn, AlterRelation, ColumnConstraintKind, ColumnDef, CreateTable, Expr, IndexKey, ObjectKind, ObjectName, References, TableConstraint,
    TableConstraintKind, TableElement,
};

impl Resolver<'_> {
    pub(super) fn create_table(&mut self, table: &CreateTable) {
        if let Some(query) = &table.query {
            self.run(query);
        }
        let own = self.own_columns(table);
        for element in &table.elements {
            match element {
                TableElement::Column(column) => self.column_constraints(column, &table.name, &own),
                TableElement::Constraint(constraint) => {
                    self.constraint_references(constraint, &table.name, &own);
                    self.constraint_columns(constraint, &own);
                }
                TableElement::Like(_) | TableElement::Broken(_) => {}
            }
        }
        self.over(&own, table.partition_by.iter().map(|k| &k.expr));
    }

    /// The columns that a new table will have: its constraints speak of them.
    fn own_columns(&mut self, table: &CreateTable) -> Rc<Rte> {
        let mut own = Rte { name: Some(table.name.name.name), open: table.broken, system: true, ..Rte::default() };
        let taken = table.elements.iter().filter_map(|e| if let TableElement::Like(like) = e { Some(&like.source) } else { None });
        for name in table.inherits.iter().chain(&table.partition_of).chain(taken) {
            let parent = self.existing(name);
            own.open |= parent.open || parent.columns.iter().any(|c| c.uncertain);
            own.columns.extend(parent.columns.iter().map(|c| Column::computed(c.name, c.ty.clone())));
        }
        if let Some(ty) = &table.of_type {
            match self.schema.find(&self.schema.composites, ty.schema_str(), ty.name.as_str()).and_then(|(key, _)| self.fields(key)) {
                Some(fields) => own.columns.extend(fields),
                None => own.open = true,
            }
        }
        for element in &table.elements {
            match element {
                TableElement::Column(column) => {
                    own.open |= is_hole(&column.name);
                    let ty = self.written_type(column.ty.as_ref());
                    // a column that a parent has too is the same one
                    own.columns.retain(|c| c.name != column.name.name);
                    own.columns.push(Column::computed(column.name.name, ty));
                }
                TableElement::Broken(_) => own.open = true,
                _ => {}
            }
        }
        Rc::new(own)
    }

    /// What a column's own constraints name.
    fn column_constraints(&mut self, column: &ColumnDef, table: &ObjectName, own: &Rc<Rte>) {
        for constraint in &column.constraints {
            match &constraint.kind {
                ColumnConstraintKind::References(references) => self.referenced(references, table, own),
                ColumnConstraintKind::Check(expr) | ColumnConstraintKind::Generated { expr, .. } => self.over(own, [expr]),
                _ => {}
            }
        }
    }

    fn referenced(&mut self, references: &References, table: &ObjectName, own: &Rc<Rte>) {
        let itself = references.table.name.name == table.name.name && references.table.schema_str() == table.schema_str();
        if itself {
            for column in &references.columns {
                self.named_column(column, own, Access::Ddl);
            }
        } else {
            self.relation_and_columns(&references.table, references.columns.iter(), Access::Ddl, None);
        }
    }

    fn constraint_references(&mut self, constraint: &TableConstraint, table: &ObjectName, own: &Rc<Rte>) {
        if let TableConstraintKind::ForeignKey { references, .. } = &constraint.kind {
            self.referenced(references, table, own);
            for column in &references.set_columns {
                self.named_column(column, own, Access::Ddl);
            }
        }
    }

    pub(super) fn alter_relation(&mut self, alter: &AlterRelation) {
        if matches!(alter.object, ObjectKind::Index | ObjectKind::Sequence) {
            return;
        }
        let before = self.problems.len();
        let mut rte = (*self.existing(&alter.name)).clone();
        // once it has run, the table has another name, or a schema that hides it
        let moved = alter.actions.iter().any(|a| matches!(a, AlterAction::RenameTo(_) | AlterAction::SetSchema(_)));
        if alter.if_exists || moved {
            self.problems.truncate(before);
        }
        for action in &alter.actions {
            match action {
                AlterAction::AddColumn { column, .. } => {
                    rte.open |= is_hole(&column.name);
                    let ty = self.written_type(column.ty.as_ref());
                    if !rte.columns.iter().any(|c| c.name == column.name.name) {
                        rte.columns.push(Column::computed(column.name.name, ty));
                    }
                }
                AlterAction::RenameColumn(_, new) => rte.columns.push(Column::computed(new.name, Type::Unknown)),
                AlterAction::OfType(_) | AlterAction::Broken(_) => rte.open = true,
                _ => {}
            }
        }
        let rte = Rc::new(rte);
        for action in &alter.actions {
            self.alter_action(action, &alter.name, &rte);
        }
        self.doubt(before);
    }

    fn alter_action(&mut self, action: &AlterAction, table: &ObjectName, rte: &Rc<Rte>) {
        match action {
            AlterAction::AddColumn { column, .. } => self.column_constraints(column, table, rte),
            AlterAction::AddConstraint(constraint) => {
                self.constraint_references(constraint, table, rte);
                self.constraint_columns(constraint, rte);
            }
            AlterAction::DropColumn { name, .. } | AlterAction::RenameColumn(name, _) => {
                // once it has run, the column is gone
                let before = self.problems.len();
                self.named_column(name, rte, Access::Ddl);
                self.problems.truncate(before);
            }
            AlterAction::AlterColumn(name, change) => {
                self.named_column(name, rte, Access::Ddl);
                match change {
                    AlterColumn::SetType { using: Some(expr), .. } | AlterColumn::SetExpression(expr) => self.over(rte, [expr]),
                    _ => {}
                }
            }
            AlterAction::AttachPartition(name) | AlterAction::Inherit(name) => {
                self.existing(name);
            }
            AlterAction::DetachPartition(name) | AlterAction::NoInherit(name) => {
                // often dropped afterwards
                let before = self.problems.len();
                self.existing(name);
                self.problems.truncate(before);
            }
            _ => {}
        }
    }

    fn constraint_columns(&mut self, constraint: &TableConstraint, rte: &Rc<Rte>) {
        match &constraint.kind {
            TableConstraintKind::PrimaryKey(columns) | TableConstraintKind::Unique { columns, .. } | TableConstraintKind::ForeignKey { columns, .. } => {
                for column in columns {
                    self.named_column(column, rte, Access::Ddl);
                }
            }
            TableConstraintKind::NotNull(column) => self.named_column(column, rte, Access::Ddl),
            TableConstraintKind::Check(expr) => self.over(rte, [expr]),
            TableConstraintKind::Exclude(keys, condition) => {
                let keys: Vec<&IndexKey> = keys.iter().collect();
                self.over(rte, keys.iter().map(|k| &k.expr).chain(condition));
            }
            _ => {}
        }
    }

    fn over<'e>(&mut self, rte: &Rc<Rte>, exprs: impl IntoIterator<Item = &'e Expr>) {
        self.within(|this| {
            this.level().all.push(Rc::clone(rte));
            this.level().items = vec![Item::new(Rc::clone(rte))];
            for expr in exprs {
                this.expr(expr);
            }
        });
    }
}
