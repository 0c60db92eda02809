//! ALTER TABLE and its kin.

use super::create::physical;
use super::{Ddl, NoteKind, Source};
use crate::schema::expression;
use crate::schema::primary_key_name;
use crate::schema::{Generated, Identity, LazyRelation, QualifiedName, Relation};
use crate::syntax::sql::ast::{AlterAction, AlterColumn, AlterRelation, ColumnDef, Ident, ObjectKind, ObjectName};

impl Ddl {
    pub(super) fn alter_relation(&mut self, source: Source<'_>, alter: &AlterRelation) {
        if alter.object == ObjectKind::Index || alter.object == ObjectKind::Sequence || !self.schema.relations.contains_key(&self.find_relation(&alter.name)) {
            self.alter_index_or_sequence(alter);
            return;
        }
        let mut table = self.find_relation(&alter.name);
        for action in &alter.actions {
            match action {
                AlterAction::RenameTo(name) => table = self.rename_relation(&table, QualifiedName::new(table.schema.clone(), name.as_str()), *name),
                AlterAction::SetSchema(schema) => table = self.rename_relation(&table, QualifiedName::new(schema.as_str(), table.name.clone()), *schema),
                action => self.alter_action(source, &table, action),
            }
        }
    }

    fn has_sequence(&self, name: &QualifiedName) -> bool {
        self.schema.sequences.contains(name) || self.owned.contains_key(name)
    }

    /// Whether a name means a sequence.
    pub(crate) fn is_sequence(&self, name: &ObjectName) -> bool {
        self.has_sequence(&self.find(name, |n| self.has_sequence(n)))
    }

    /// `ALTER INDEX`, `ALTER SEQUENCE`, also spelt ALTER TABLE.
    fn alter_index_or_sequence(&mut self, alter: &AlterRelation) {
        let sequence = self.find(&alter.name, |n| self.has_sequence(n));
        let known_sequence = self.has_sequence(&sequence);
        for action in &alter.actions {
            let new = match action {
                AlterAction::RenameTo(name) => (sequence.schema.clone(), name.as_str().to_owned()),
                AlterAction::SetSchema(schema) => (schema.as_str().to_owned(), sequence.name.clone()),
                AlterAction::AttachPartition(_) | AlterAction::Other(_) if alter.object == ObjectKind::Index => continue,
                AlterAction::Other(_) if known_sequence => continue,
                _ => {
                    self.missing_relation(alter);
                    return;
                }
            };
            if known_sequence {
                self.rename_sequence(&sequence, &QualifiedName::new(new.0, new.1));
            } else if !self.rename_index(&alter.name, &new.1) {
                self.missing_relation(alter);
            }
        }
    }

    fn missing_relation(&mut self, alter: &AlterRelation) {
        if !alter.if_exists {
            self.note(alter.name.span(), NoteKind::UnknownRelation(alter.name.to_string()));
        }
    }

    pub(super) fn missing_column(&mut self, table: &QualifiedName, column: &Ident) {
        if self.schema.relations.get(table).is_some_and(|r| !r.open) {
            self.note(column.span, NoteKind::UnknownColumn(table.clone(), column.as_str().to_owned()));
        }
    }

    fn has_column(&self, table: &QualifiedName, column: &str) -> bool {
        self.schema.relations.get(table).is_some_and(|r| r.column(column).is_some())
    }

    fn alter_action(&mut self, source: Source<'_>, table: &QualifiedName, action: &AlterAction) {
        match action {
            AlterAction::AddColumn { if_not_exists, column } => self.add_column(source, table, column, *if_not_exists),
            AlterAction::DropColumn { if_exists, name, cascade } => {
                if self.has_column(table, name.as_str()) {
                    self.drop_column(table, name.as_str(), *cascade);
                } else if !if_exists {
                    self.missing_column(table, name);
                }
            }
            AlterAction::AlterColumn(column, change) => {
                if self.has_column(table, column.as_str()) {
                    self.alter_column(source, table, column, change);
                } else {
                    self.missing_column(table, column);
                }
            }
            AlterAction::AddConstraint(constraint) => {
                self.add_constraint(source, table, constraint);
                self.hand_keys_down(table);
            }
            AlterAction::DropConstraint { if_exists, name, cascade } => {
                let key = self.unique_columns(table, name.as_str());
                let open = self.schema.relations.get(table).is_some_and(|r| r.open);
                if !self.remove_constraint(table, name.as_str()) && !if_exists && !open && !is_not_null_name(table, name.as_str()) {
                    self.note(name.span, NoteKind::UnknownObject("constraint", name.as_str().to_owned()));
                }
                if let Some(columns) = &key {
                    self.take_keys_back(table, columns);
                }
                if let Some(columns) = key.filter(|_| *cascade) {
                    self.drop_keys_pointing_at(table, &columns);
                }
            }
            AlterAction::RenameColumn(old, new) => self.rename_column(table, old, new),
            AlterAction::RenameConstraint(old, new) => self.rename_constraint(table, old, new),
            AlterAction::AttachPartition(partition) => {
                if let Some(partition) = self.need_relation(partition, false) {
                    self.partitions.insert(partition, table.clone());
                    self.hand_keys_down(table);
                }
            }
            AlterAction::DetachPartition(partition) => {
                let partition = self.find_relation(partition);
                self.partitions.remove(&partition);
            }
            AlterAction::Inherit(parent) => {
                if let Some(parent) = self.need_relation(parent, false) {
                    self.inherits.entry(table.clone()).or_default().push(parent);
                }
            }
            AlterAction::NoInherit(parent) => {
                let parent = self.find_relation(parent);
                if let Some(parents) = self.inherits.get_mut(table) {
                    parents.retain(|p| *p != parent);
                }
            }
            AlterAction::Broken(span) => self.open(table, *span, "an ALTER TABLE that was not understood"),
            AlterAction::ValidateConstraint(_) | AlterAction::OfType(_) | AlterAction::Other(_) | AlterAction::RenameTo(_) | AlterAction::SetSchema(_) => {}
        }
    }

    /// Partitions have the keys of their parent, and keep them should they be detached.
    pub(super) fn hand_keys_down(&mut self, parent: &QualifiedName) {
        for child in self.children(parent) {
            if let Some(direct) = self.partitions.get(&child).cloned() {
                self.keep_keys(&direct, &child);
            }
        }
    }

    /// A key of the parent is gone, and with it those of its partitions.
    fn take_keys_back(&mut self, parent: &QualifiedName, columns: &[String]) {
        let partitions: Vec<_> = self.partitions.iter().filter(|(_, p)| *p == parent).map(|(c, _)| c.clone()).collect();
        for name in partitions {
            let Some(partition) = self.schema.relations.get_mut(&name) else { continue };
            if partition.primary_key == columns {
                partition.primary_key.clear();
                partition.primary_key_name = None;
            }
            partition.unique.retain(|u| u.columns != columns);
        }
    }

    /// The keys of the parent under names of the partition's own.
    fn keep_keys(&mut self, parent: &QualifiedName, partition: &QualifiedName) {
        let Some(parent) = self.schema.relations.get(parent).cloned().map(LazyRelation::into_inner) else { return };
        let Some(relation) = self.schema.relations.get_mut(partition) else { return };
        if relation.primary_key.is_empty() {
            relation.primary_key.clone_from(&parent.primary_key);
        }
        for c in &parent.primary_key {
            relation.column_mut(c).into_iter().for_each(|c| c.not_null = true);
        }
        for unique in parent.unique.iter().filter(|u| !relation.unique.iter().any(|own| own.columns == u.columns)).cloned().collect::<Vec<_>>() {
            let name = crate::schema::Unique { name: format!("{}_{}_key", partition.name, unique.columns.join("_")), ..unique };
            relation.unique.push(name);
        }
        for key in parent.foreign_keys {
            if !relation.foreign_keys.iter().any(|own| own.columns == key.columns && own.target == key.target) {
                relation.foreign_keys.push(key);
            }
        }
    }

    fn add_column(&mut self, source: Source<'_>, table: &QualifiedName, column: &ColumnDef, if_not_exists: bool) {
        if self.has_column(table, column.name.as_str()) {
            if !if_not_exists {
                self.note(column.name.span, NoteKind::Exists("column", column.name.as_str().to_owned()));
            }
            return;
        }
        self.define_column(source, table, column);
        for constraint in &column.constraints {
            self.add_column_constraint(source, table, column.name, constraint);
        }
        let added = self.schema.relations.get(table).and_then(|r| r.column(column.name.as_str())).cloned();
        for child in self.children(table) {
            if let Some(added) = added.clone().filter(|a| !self.has_column(&child, &a.name)) {
                self.put(&child, added);
            }
        }
    }

    fn alter_column(&mut self, source: Source<'_>, table: &QualifiedName, column: &Ident, change: &AlterColumn) {
        let name = column.as_str();
        match change {
            AlterColumn::SetType { ty, .. } => {
                let text = self.type_text(ty);
                self.set_type(table, name, &text);
                for child in self.children(table) {
                    self.set_type(&child, name, &text);
                }
            }
            AlterColumn::SetDefault(expr) => {
                for relation in self.children(table).iter().chain([table]) {
                    self.set_default(relation, name, Some(source.expr(expr)));
                }
            }
            AlterColumn::DropDefault => {
                for relation in self.children(table).iter().chain([table]) {
                    self.set_default(relation, name, None);
                }
            }
            AlterColumn::SetNotNull | AlterColumn::DropNotNull => {
                let not_null = matches!(change, AlterColumn::SetNotNull);
                self.set_not_null(table, column, not_null);
                for child in self.children(table) {
                    self.set_not_null(&child, column, not_null);
                }
            }
            AlterColumn::SetExpression(expr) => {
                let expression = self.condition(Some(table), source.expr(expr));
                if let Some(column) = self.relation_mut(table).and_then(|r| r.column_mut(name)) {
                    let stored = column.generated.as_ref().is_none_or(|g| g.stored);
                    column.generated = Some(Generated { expression, stored });
                }
            }
            AlterColumn::DropExpression => {
                if let Some(column) = self.relation_mut(table).and_then(|r| r.column_mut(name)) {
                    column.generated = None;
                }
            }
            AlterColumn::AddIdentity(always) => self.set_identity(table, name, Some(*always)),
            AlterColumn::SetIdentity(always) => {
                if let Some(column) = self.relation_mut(table).and_then(|r| r.column_mut(name)) {
                    column.identity = Some(if *always { Identity::Always } else { Identity::ByDefault });
                }
            }
            AlterColumn::DropIdentity => self.set_identity(table, name, None),
            AlterColumn::Other => {}
        }
    }

    /// Another type. A default stays the expression it was, since PostgreSQL converts it without showing how.
    fn set_type(&mut self, table: &QualifiedName, name: &str, ty: &str) {
        if let Some(column) = self.relation_mut(table).and_then(|r| r.column_mut(name)) {
            ty.clone_into(&mut column.ty);
        }
    }

    fn rename_column(&mut self, table: &QualifiedName, old: &Ident, new: &Ident) {
        if let Some(column) = self.composite_column(table, old.as_str()) {
            new.as_str().clone_into(column);
            return;
        }
        if !self.has_column(table, old.as_str()) {
            self.missing_column(table, old);
            return;
        }
        if self.has_column(table, new.as_str()) {
            self.note(new.span, NoteKind::Exists("column", new.as_str().to_owned()));
            return;
        }
        for child in self.children(table) {
            rename_in(self.relation_mut(&child), old.as_str(), new.as_str());
            self.views.values_mut().for_each(|view| view.rename_column(&child, old.as_str(), new.as_str()));
        }
        rename_in(self.relation_mut(table), old.as_str(), new.as_str());
        for (name, relation) in &mut self.schema.relations {
            for key in relation.foreign_keys.iter_mut().filter(|k| k.target == *table) {
                rename_all(&mut key.target_columns, old.as_str(), new.as_str());
            }
            let _ = name;
        }
        for view in self.views.values_mut() {
            view.rename_column(table, old.as_str(), new.as_str());
        }
        for owner in self.owned.values_mut().filter(|(t, c)| t == table && c == old.as_str()) {
            new.as_str().clone_into(&mut owner.1);
        }
    }

    fn composite_column(&mut self, name: &QualifiedName, column: &str) -> Option<&mut String> {
        self.schema.composites.get_mut(name)?.iter_mut().find(|(c, _)| c == column).map(|(c, _)| c)
    }

    fn rename_constraint(&mut self, table: &QualifiedName, old: &Ident, new: &Ident) {
        if !self.has_constraint(table, old.as_str()) {
            if !is_not_null_name(table, old.as_str()) {
                self.note(old.span, NoteKind::UnknownObject("constraint", old.as_str().to_owned()));
            }
            return;
        }
        if let Some(relation) = self.relation_mut(table) {
            rename_constraint_in(relation, &table.name, old.as_str(), new.as_str());
        }
    }

    /// `RENAME TO`, `SET SCHEMA`; gives the new name.
    pub(super) fn rename_relation(&mut self, old: &QualifiedName, new: QualifiedName, at: Ident) -> QualifiedName {
        if *old == new || self.schema.relations.contains_key(&new) {
            self.note(at.span, NoteKind::Exists("relation", new.to_string()));
            return old.clone();
        }
        let Some(mut relation) = self.schema.relations.remove(old) else { return new };
        if !relation.primary_key.is_empty() {
            let name = relation.primary_key_constraint(&old.name);
            relation.primary_key_name = Some(name).filter(|n| *n != primary_key_name(&new.name));
        }
        self.schema.relations.insert(new.clone(), relation);
        // What is not known of it is not known under the new name either.
        let (was, is) = (old.to_string(), new.to_string());
        self.schema.incomplete.iter_mut().filter(|i| i.object == was).for_each(|i| i.object.clone_from(&is));
        self.schema.incomplete.sort();
        for key in self.schema.relations.values_mut().flat_map(|r| &mut r.foreign_keys).filter(|k| k.target == *old) {
            key.target = new.clone();
        }
        let moved: Vec<_> = self.owned.iter().filter(|(_, (t, _))| t == old).map(|(s, (_, c))| (s.clone(), c.clone())).collect();
        for (sequence, column) in moved {
            self.owned.insert(sequence.clone(), (new.clone(), column));
            if new.schema != old.schema {
                // Owned sequences go along.
                let target = QualifiedName::new(&new.schema, &sequence.name);
                self.rename_sequence(&sequence, &target);
            }
        }
        self.rename_bookkeeping(old, &new);
        self.rename_type(old, &new);
        new
    }

    fn rename_bookkeeping(&mut self, old: &QualifiedName, new: &QualifiedName) {
        if let Some(parent) = self.partitions.remove(old) {
            self.partitions.insert(new.clone(), parent);
        }
        if let Some(parents) = self.inherits.remove(old) {
            self.inherits.insert(new.clone(), parents);
        }
        let parents = self.partitions.values_mut().chain(self.inherits.values_mut().flatten());
        parents.filter(|p| *p == old).for_each(|p| *p = new.clone());
        if let Some(uses) = self.views.remove(old) {
            self.views.insert(new.clone(), uses);
        }
        for view in self.views.values_mut() {
            view.rename_relation(old, new);
        }
        let (old_text, new_text) = (old.to_string(), new.to_string());
        for entry in self.schema.incomplete.iter_mut().filter(|e| e.object == old_text) {
            entry.object.clone_from(&new_text);
        }
        self.schema.incomplete.sort();
    }

    /// Defaults that draw from a sequence name it as it is called now.
    pub(super) fn rename_sequence(&mut self, old: &QualifiedName, new: &QualifiedName) {
        if self.schema.sequences.remove(old) {
            self.schema.sequences.insert(new.clone());
        }
        if let Some(owner) = self.owned.remove(old) {
            self.owned.insert(new.clone(), owner);
        }
        let (before, after) = (self.nextval(old), self.nextval(new));
        for column in self.schema.relations.values_mut().flat_map(|r| &mut r.columns) {
            if column.default.as_deref() == Some(before.as_str()) {
                column.default = Some(after.clone());
            }
        }
    }

    /// An index or the constraint behind it; false where there is none.
    fn rename_index(&mut self, name: &ObjectName, new: &str) -> bool {
        let old = name.name.as_str();
        let schemas: Vec<String> = name.schema_str().map_or_else(|| self.path.clone(), |s| vec![s.to_owned()]);
        let taken: Vec<String> = schemas.iter().filter(|s| self.is_relation_name(s, new)).cloned().collect();
        for (key, relation) in self.schema.relations.iter_mut().filter(|(key, _)| schemas.contains(&key.schema)) {
            if relation.indexes.iter().any(|i| i.name == old) && taken.contains(&key.schema) {
                self.note(name.span(), NoteKind::Exists("index", new.to_owned()));
                return true;
            }
            if let Some(index) = relation.indexes.iter_mut().find(|i| i.name == old) {
                new.clone_into(&mut index.name);
                return true;
            }
            let unique = relation.unique.iter().any(|u| u.name == old) || relation.exclusions.contains_key(old);
            if unique || !relation.primary_key.is_empty() && relation.primary_key_constraint(&key.name) == old {
                rename_constraint_in(relation, &key.name, old, new);
                return true;
            }
        }
        false
    }

    /// Tables that follow this one's columns: partitions and inheritors, all the way down.
    pub(super) fn children(&self, table: &QualifiedName) -> Vec<QualifiedName> {
        if self.partitions.is_empty() && self.inherits.is_empty() {
            return Vec::new();
        }
        let mut out: Vec<QualifiedName> = Vec::new();
        let mut open = vec![table.clone()];
        while let Some(parent) = open.pop() {
            let partitions = self.partitions.iter().filter(|(_, p)| **p == parent).map(|(c, _)| c);
            let inheritors = self.inherits.iter().filter(|(_, p)| p.contains(&parent)).map(|(c, _)| c);
            for child in partitions.chain(inheritors) {
                if child != table && !out.contains(child) {
                    out.push(child.clone());
                    open.push(child.clone());
                }
            }
        }
        out
    }

    /// The columns of a primary key or unique constraint.
    fn unique_columns(&self, table: &QualifiedName, name: &str) -> Option<Vec<String>> {
        let relation = self.schema.relations.get(table)?;
        if !relation.primary_key.is_empty() && relation.primary_key_constraint(&table.name) == name {
            return Some(relation.primary_key.clone());
        }
        relation.unique.iter().find(|u| u.name == name).map(|u| u.columns.clone())
    }

    pub(super) fn drop_keys_pointing_at(&mut self, table: &QualifiedName, columns: &[String]) {
        for relation in self.schema.relations.values_mut() {
            relation.foreign_keys.retain(|k| k.target != *table || k.target_columns != columns);
        }
    }
}

/// The names that PostgreSQL 18 gives to NOT NULL constraints; the lock does not know them.
fn is_not_null_name(table: &QualifiedName, name: &str) -> bool {
    let _ = table;
    name.ends_with("_not_null")
}

fn rename_all(names: &mut [String], old: &str, new: &str) {
    names.iter_mut().filter(|n| *n == old).for_each(|n| new.clone_into(n));
}

fn rename_in(relation: Option<&mut Relation>, old: &str, new: &str) {
    let Some(relation) = relation else { return };
    let order = physical(relation);
    let Some(mut column) = relation.take_column(old) else { return };
    new.clone_into(&mut column.name);
    relation.put_column(column);
    if relation.physical_order.is_some() {
        let mut order = order;
        rename_all(&mut order, old, new);
        relation.physical_order = Some(order);
    }
    rename_all(&mut relation.primary_key, old, new);
    relation.unique.iter_mut().for_each(|u| rename_all(&mut u.columns, old, new));
    relation.foreign_keys.iter_mut().for_each(|k| rename_all(&mut k.columns, old, new));
    for text in relation.checks.values_mut().chain(relation.exclusions.values_mut()) {
        *text = expression::rename(text, old, new);
    }
    for generated in relation.columns.iter_mut().filter_map(|c| c.generated.as_mut()) {
        generated.expression = expression::rename(&generated.expression, old, new);
    }
    for index in &mut relation.indexes {
        index.definition = expression::rename(&index.definition, old, new);
        index.keys.iter_mut().flatten().filter(|k| *k == old).for_each(|k| new.clone_into(k));
    }
}

fn rename_constraint_in(relation: &mut Relation, table: &str, old: &str, new: &str) {
    if !relation.primary_key.is_empty() && relation.primary_key_constraint(table) == old {
        relation.primary_key_name = Some(new.to_owned()).filter(|n| *n != primary_key_name(table));
    }
    for map in [&mut relation.checks, &mut relation.exclusions] {
        if let Some(text) = map.remove(old) {
            map.insert(new.to_owned(), text);
        }
    }
    relation.unique.iter_mut().filter(|u| u.name == old).for_each(|u| new.clone_into(&mut u.name));
    relation.foreign_keys.iter_mut().filter(|k| k.name == old).for_each(|k| new.clone_into(&mut k.name));
}
