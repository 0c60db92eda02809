//! DROP, and what goes along.

use super::{Ddl, NoteKind};
use crate::schema::expression;
use crate::schema::{QualifiedName, Relation};
use crate::syntax::sql::ast::{Drop, ObjectKind, ObjectName};

impl Ddl {
    pub(super) fn drop_objects(&mut self, drop: &Drop) {
        for (n, name) in drop.names.iter().enumerate() {
            match drop.object {
                ObjectKind::Table | ObjectKind::View | ObjectKind::MaterializedView | ObjectKind::ForeignTable => {
                    if let Some(relation) = self.need_relation(name, drop.if_exists) {
                        self.drop_relation(&relation);
                    }
                }
                ObjectKind::Index => self.drop_index(name, drop.if_exists),
                ObjectKind::Sequence => self.drop_sequence(name, drop.if_exists),
                ObjectKind::Type | ObjectKind::Domain => self.drop_type(name, drop.if_exists),
                ObjectKind::Schema => self.drop_schema(name.name.as_str()),
                ObjectKind::Function | ObjectKind::Procedure | ObjectKind::Routine | ObjectKind::Aggregate => {
                    let arguments = drop.arguments.get(n).and_then(Option::as_deref);
                    if !self.drop_function(name, arguments) && !drop.if_exists {
                        self.note(name.span(), NoteKind::UnknownObject("function", name.to_string()));
                    }
                }
                _ => {}
            }
        }
    }

    /// The relation, its partitions, foreign keys to it, the views on it, and the sequences it owns.
    pub(super) fn drop_relation(&mut self, name: &QualifiedName) {
        let mut gone = vec![name.clone()];
        while let Some(name) = gone.pop() {
            if self.schema.relations.remove(&name).is_none() {
                continue;
            }
            // Columns made by LIKE draw from sequences of this table, and lose the default with them.
            let owned: Vec<QualifiedName> = self.owned.iter().filter(|(_, (table, _))| *table == name).map(|(s, _)| s.clone()).collect();
            for sequence in owned {
                let default = self.nextval(&sequence);
                let columns = self.schema.relations.values_mut().flat_map(|r| &mut r.columns);
                columns.filter(|c| c.default.as_deref() == Some(default.as_str())).for_each(|c| c.default = None);
            }
            self.owned.retain(|_, (table, _)| *table != name);
            self.temporary.remove(&name);
            for relation in self.schema.relations.values_mut() {
                relation.foreign_keys.retain(|k| k.target != name);
            }
            gone.extend(self.partitions.iter().filter(|(_, parent)| **parent == name).map(|(child, _)| child.clone()));
            gone.extend(self.inherits.iter().filter(|(_, parents)| parents.contains(&name)).map(|(child, _)| child.clone()));
            gone.extend(self.views.iter().filter(|(_, view)| view.uses.names_relation(&name)).map(|(view, _)| view.clone()));
            self.drop_users_of_type(&name);
            self.partitions.remove(&name);
            self.inherits.remove(&name);
            self.views.remove(&name);
            let object = name.to_string();
            self.schema.incomplete.retain(|e| e.object != object);
        }
    }

    /// The column, and every constraint and index that it is part of.
    pub(super) fn drop_column(&mut self, table: &QualifiedName, column: &str, cascade: bool) {
        let children = self.children(table);
        for relation in children.iter().chain([table]) {
            let key = self.schema.relations.get(relation).map(|r| keys_with(r, column)).unwrap_or_default();
            if let Some(relation) = self.schema.relations.get_mut(relation) {
                remove_column(relation, column);
            }
            for columns in key {
                self.drop_keys_pointing_at(relation, &columns);
            }
        }
        self.owned.retain(|_, (t, c)| t != table || c != column);
        if cascade {
            let views: Vec<_> = self.views.iter().filter(|(_, view)| view.uses.names_column(table, column)).map(|(v, _)| v.clone()).collect();
            for view in views {
                self.drop_relation(&view);
            }
        }
    }

    fn drop_index(&mut self, name: &ObjectName, if_exists: bool) {
        let schemas: Vec<String> = name.schema_str().map_or_else(|| self.path.clone(), |s| vec![s.to_owned()]);
        let wanted = name.name.as_str();
        for (_, relation) in self.schema.relations.iter_mut().filter(|(key, _)| schemas.contains(&key.schema)) {
            let before = relation.indexes.len();
            relation.indexes.retain(|i| i.name != wanted);
            if relation.indexes.len() < before {
                return;
            }
        }
        if !if_exists {
            self.note(name.span(), NoteKind::UnknownObject("index", name.to_string()));
        }
    }

    fn drop_sequence(&mut self, name: &ObjectName, if_exists: bool) {
        let found = self.find(name, |n| self.schema.sequences.contains(n) || self.owned.contains_key(n));
        let known = self.schema.sequences.remove(&found) | self.owned.remove(&found).is_some();
        if !known && !if_exists {
            self.note(name.span(), NoteKind::UnknownObject("sequence", name.to_string()));
        }
        let default = self.nextval(&found);
        for column in self.schema.relations.values_mut().flat_map(|r| &mut r.columns) {
            if column.default.as_deref() == Some(default.as_str()) {
                column.default = None;
            }
        }
    }

    /// The type, and with CASCADE (it could not go otherwise) the columns of it.
    fn drop_type(&mut self, name: &ObjectName, if_exists: bool) {
        let found = self.find(name, |n| self.is_type(n));
        if !self.is_type(&found) {
            if !if_exists {
                self.note(name.span(), NoteKind::UnknownObject("type", name.to_string()));
            }
            return;
        }
        self.schema.enums.remove(&found);
        self.schema.domains.remove(&found);
        self.schema.composites.remove(&found);
        self.schema.ranges.remove(&found);
        self.drop_users_of_type(&found);
    }

    /// Whether a type of the user has that name.
    pub(super) fn is_type(&self, name: &QualifiedName) -> bool {
        let s = &self.schema;
        s.enums.contains_key(name) || s.domains.contains_key(name) || s.composites.contains_key(name) || s.ranges.contains_key(name)
    }

    /// Columns whose type, or element type, is that one.
    pub(super) fn columns_of_type(&self, name: &QualifiedName) -> Vec<(QualifiedName, String)> {
        let is = |ty: &str| self.names_type(ty, name);
        let columns = |(table, r): (&QualifiedName, &crate::schema::LazyRelation)| {
            r.columns.iter().filter(|c| is(&c.ty)).map(|c| (table.clone(), c.name.clone())).collect::<Vec<_>>()
        };
        self.schema.relations.iter().flat_map(columns).collect()
    }

    fn drop_schema(&mut self, schema: &str) {
        let relations: Vec<_> = self.schema.relations.keys().filter(|n| n.schema == schema).cloned().collect();
        for name in relations {
            self.drop_relation(&name);
        }
        let s = &self.schema;
        let types = s.enums.keys().chain(s.domains.keys()).chain(s.composites.keys()).chain(s.ranges.keys());
        let types: Vec<_> = types.filter(|n| n.schema == schema).cloned().collect();
        for ty in types {
            self.drop_users_of_type(&ty);
        }
        let keep = |name: &QualifiedName| name.schema != schema;
        self.schema.enums.retain(|n, _| keep(n));
        self.schema.domains.retain(|n, _| keep(n));
        self.schema.composites.retain(|n, _| keep(n));
        self.schema.ranges.retain(|n, _| keep(n));
        self.schema.functions.retain(|n, _| keep(n));
        self.schema.sequences.retain(keep);
        self.owned.retain(|n, _| keep(n));
    }
}

/// Unique keys that the column is part of.
fn keys_with(relation: &Relation, column: &str) -> Vec<Vec<String>> {
    let keys = relation.unique.iter().map(|u| &u.columns).chain([&relation.primary_key]);
    keys.filter(|k| k.iter().any(|c| c == column)).cloned().collect()
}

fn remove_column(relation: &mut Relation, column: &str) {
    relation.take_column(column);
    let has = |columns: &[String]| columns.iter().any(|c| c == column);
    let mentions = |text: &str| !expression::columns(text, |c| c == column).is_empty();
    if has(&relation.primary_key) {
        relation.primary_key.clear();
        relation.primary_key_name = None;
    }
    relation.unique.retain(|u| !has(&u.columns));
    relation.foreign_keys.retain(|k| !has(&k.columns));
    relation.checks.retain(|_, text| !mentions(text));
    relation.exclusions.retain(|_, text| !mentions(text));
    relation.indexes.retain(|i| !mentions(&i.definition));
}
