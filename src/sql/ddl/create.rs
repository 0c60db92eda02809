//! Tables, indexes and sequences that are made.

use std::collections::BTreeSet;

use super::naming::joined_columns;
use super::{Ddl, NoteKind, Source, TEMPORARY};
use crate::schema::types;
use crate::schema::{Column, Identity, Index, LazyRelation, QualifiedName, Relation, RelationKind};
use crate::source::Span;
use crate::syntax::sql::ast::{
    ColumnConstraintKind, ColumnDef, CreateIndex, CreateSequence, CreateTable, ExprKind, Ident, Like, OwnedBy, StatementKind, TableConstraint,
    TableConstraintKind, TableElement,
};

impl Ddl {
    pub(super) fn create_table(&mut self, source: Source<'_>, create: &CreateTable, span: Span) {
        let name = if create.temporary { QualifiedName::new(TEMPORARY, create.name.name.as_str()) } else { self.new_name(&create.name) };
        if self.schema.relations.contains_key(&name) {
            if !create.if_not_exists {
                self.note(create.name.span(), NoteKind::Exists("relation", name.to_string()));
            }
            return;
        }
        let mut relation = Relation::new(if create.foreign { RelationKind::ForeignTable } else { RelationKind::Table });
        relation.physical_order = Some(Vec::new());
        relation.at = Some(create.name.name.span);
        self.schema.relations.insert(name.clone(), relation.into());
        if name.schema == TEMPORARY {
            self.temporary.insert(name.clone());
        }
        if let Some(parent) = &create.partition_of {
            let parent = self.find_relation(parent);
            self.copy_columns(&parent, &name);
            self.partitions.insert(name.clone(), parent);
        }
        for parent in &create.inherits {
            if let Some(parent) = self.need_relation(parent, false) {
                self.copy_columns(&parent, &name);
                self.inherits.entry(name.clone()).or_default().push(parent);
            }
        }
        if let Some(ty) = &create.of_type {
            let ty = self.find(ty, |n| self.schema.composites.contains_key(n));
            for (column, ty) in self.schema.composites.get(&ty).cloned().unwrap_or_default() {
                self.put(&name, Column::new(column, ty));
            }
        }
        self.create_elements(source, &name, &create.elements);
        if let Some(query) = &create.query {
            self.columns_of_query(&name, query, &create.query_columns);
        }
        if create.broken {
            self.open(&name, span, "part of its definition was not understood");
        }
        if create.partition_of.is_some() {
            // A partition is seen through its parent; its own constraints say nothing new.
            self.schema.relations.get_mut(&name).into_iter().for_each(|r| r.checks.clear());
            if let Some(parent) = self.partitions.get(&name).cloned() {
                self.hand_keys_down(&parent);
            }
        }
    }

    fn columns_of_query(&mut self, name: &QualifiedName, query: &crate::syntax::sql::ast::Statement, names: &[Ident]) {
        let outputs = if let StatementKind::Query(query) = &query.kind { self.outputs(query) } else { None };
        let Some(outputs) = outputs else {
            for column in names {
                self.put(name, Column::new(column.as_str(), "unknown"));
            }
            self.open(name, query.span, "made by a query whose columns are not known");
            return;
        };
        for (n, output) in outputs.into_iter().enumerate() {
            let column = names.get(n).map_or(output.name, |c| c.as_str().to_owned());
            self.put(name, Column::new(column, output.ty));
        }
    }

    pub(super) fn put(&mut self, table: &QualifiedName, column: Column) {
        if let Some(relation) = self.relation_mut(table) {
            relation.put_column(column);
        }
    }

    /// While a table is being created: two equal constraints are one.
    pub(super) fn creating(&self, table: &QualifiedName) -> bool {
        self.creating.as_ref() == Some(table)
    }

    /// Columns first, then what may name any of them; foreign keys last. Keys and checks of columns come in the order they are written.
    fn create_elements(&mut self, source: Source<'_>, name: &QualifiedName, elements: &[TableElement]) {
        self.creating = Some(name.clone());
        let written: BTreeSet<&str> = elements.iter().filter_map(|e| if let TableElement::Column(c) = e { Some(c.name.as_str()) } else { None }).collect();
        let mut columns: Vec<&ColumnDef> = Vec::new();
        for element in elements {
            match element {
                TableElement::Column(column) if is_index_among_columns(column, &written) => {
                    self.open(name, column.span, "part of its definition was not understood");
                }
                // The server refuses it.
                TableElement::Column(column) if columns.iter().any(|c| c.name.name == column.name.name) => {
                    self.note(column.name.span, NoteKind::Exists("column", column.name.as_str().to_owned()));
                }
                TableElement::Column(column) => {
                    self.define_column(source, name, column);
                    columns.push(column);
                }
                TableElement::Like(like) => self.like(name, like),
                TableElement::Broken(span) => self.open(name, *span, "part of its definition was not understood"),
                TableElement::Constraint(_) => {}
            }
        }
        let constraints = || elements.iter().filter_map(|e| if let TableElement::Constraint(c) = e { Some(c) } else { None });
        let phases: [fn(Phase) -> bool; 5] =
            [|p| p == Phase::Value, |p| p == Phase::Check, |p| p == Phase::PrimaryKey, |p| p == Phase::Index, |p| p == Phase::ForeignKey];
        for wanted in phases {
            for column in &columns {
                for constraint in column.constraints.iter().filter(|c| wanted(column_phase(&c.kind))) {
                    self.add_column_constraint(source, name, column.name, constraint);
                }
            }
            for constraint in constraints().filter(|c| wanted(table_phase(c))) {
                self.add_constraint(source, name, constraint);
            }
        }
        self.creating = None;
    }

    /// The column with its type; serial types bring a sequence. Constraints come later.
    pub(super) fn define_column(&mut self, source: Source<'_>, table: &QualifiedName, definition: &ColumnDef) {
        let _ = source;
        let Some(ty) = &definition.ty else {
            // `OF type` and `PARTITION OF` only add to a column that is there.
            return;
        };
        if ty.percent_type {
            self.open(table, definition.span, "a column whose type is taken from another");
        }
        let bare = ty.name.schema.is_none() && !ty.name.name.quoted;
        let mut column = self.column_of(definition.name, ty, definition.span);
        if let Some(integer) = types::serial(ty.name.name.as_str()).filter(|_| bare) {
            integer.clone_into(&mut column.ty);
            column.not_null = true;
            let sequence = self.free_relation_name(&table.schema, &table.name, definition.name.as_str(), "seq");
            let sequence = QualifiedName::new(&table.schema, sequence);
            column.default = Some(self.nextval(&sequence));
            self.owned.insert(sequence, (table.clone(), column.name.clone()));
        }
        self.put(table, column);
    }

    /// The default of a serial column.
    pub(super) fn nextval(&self, sequence: &QualifiedName) -> String {
        let text = format!("nextval('{}.{}')", crate::schema::lock::quote(&sequence.schema), crate::schema::lock::quote(&sequence.name));
        self.default_of(&text, "bigint").unwrap_or_default()
    }

    /// Sets or removes a default.
    pub(super) fn set_default(&mut self, table: &QualifiedName, column: &str, text: Option<&str>) {
        let ty = self.schema.relations.get(table).and_then(|r| r.column(column)).map(|c| c.ty.clone());
        // A literal for a domain is read as a value of its base type.
        let default = text.zip(ty).and_then(|(text, ty)| self.default_of(text, &self.base_type(&ty)));
        if let Some(column) = self.relation_mut(table).and_then(|r| r.column_mut(column)) {
            column.default = default;
        }
    }

    /// Makes an identity column of it, or a plain one again. Its sequence is named like that of a serial column.
    pub(super) fn set_identity(&mut self, table: &QualifiedName, column: &str, always: Option<bool>) {
        let identity = always.map(|always| if always { Identity::Always } else { Identity::ByDefault });
        let had = self.schema.relations.get(table).and_then(|r| r.column(column)).is_some_and(|c| c.identity.is_some());
        if identity.is_some() && !had {
            let sequence = QualifiedName::new(&table.schema, self.free_relation_name(&table.schema, &table.name, column, "seq"));
            self.owned.insert(sequence, (table.clone(), column.to_owned()));
        } else if identity.is_none() {
            self.owned.retain(|_, (t, c)| t != table || c != column);
        }
        if let Some(column) = self.relation_mut(table).and_then(|r| r.column_mut(column)) {
            column.identity = identity;
            column.not_null |= identity.is_some();
        }
    }

    /// What a child takes from its parent: columns with defaults, and checks.
    fn copy_columns(&mut self, from: &QualifiedName, to: &QualifiedName) {
        let Some(parent) = self.schema.relations.get(from).cloned().map(LazyRelation::into_inner) else { return };
        let Some(child) = self.relation_mut(to) else { return };
        for name in physical(&parent) {
            if child.column(&name).is_none()
                && let Some(column) = parent.column(&name)
            {
                // An identity is not inherited, its NOT NULL is.
                child.put_column(Column { identity: None, comment: None, ..column.clone() });
            }
        }
        child.checks.extend(parent.checks);
        child.open |= parent.open;
    }

    fn like(&mut self, table: &QualifiedName, like: &Like) {
        let Some(from) = self.need_relation(&like.source, false) else {
            let reason = format!("made like `{}`, which is not known", like.source);
            self.open(table, like.source.span(), &reason);
            return;
        };
        let Some(model) = self.schema.relations.get(&from).cloned().map(LazyRelation::into_inner) else { return };
        let including = |what: &str| like.options.iter().rev().find(|(_, o)| o == what || o == "all").is_some_and(|(on, _)| *on);
        for name in physical(&model) {
            let Some(column) = model.column(&name) else { continue };
            let mut column = column.clone();
            column.default = column.default.filter(|_| including("defaults"));
            column.generated = column.generated.filter(|_| including("generated"));
            column.comment = column.comment.filter(|_| including("comments"));
            let identity = column.identity.take().filter(|_| including("identity"));
            self.put(table, column);
            if let Some(identity) = identity {
                self.set_identity(table, &name, Some(identity == Identity::Always));
            }
        }
        if including("constraints")
            && let Some(relation) = self.relation_mut(table)
        {
            relation.checks.extend(model.checks);
        }
        if including("indexes") {
            if !model.primary_key.is_empty() {
                self.set_primary_key(table, None, model.primary_key);
            }
            for unique in model.unique {
                let name = self.free_relation_name(&table.schema, &table.name, &joined_columns(unique.columns.iter().map(String::as_str)), "key");
                self.relation_mut(table).into_iter().for_each(|r| r.unique.push(crate::schema::Unique { name: name.clone(), ..unique.clone() }));
            }
            for index in model.indexes {
                let columns = numbered(written_key_names(&index.definition));
                let name = self.free_relation_name(&table.schema, &table.name, &joined_columns(columns.iter().map(String::as_str)), "idx");
                self.relation_mut(table).into_iter().for_each(|r| r.indexes.push(Index { name: name.clone(), ..index.clone() }));
            }
        }
    }

    pub(super) fn create_index(&mut self, source: Source<'_>, create: &CreateIndex) {
        let Some(table) = self.need_relation(&create.table, false) else { return };
        let keys: Vec<Option<String>> = create.keys.iter().map(|key| column_key(&key.expr)).collect();
        let name = if let Some(name) = &create.name {
            name.as_str().to_owned()
        } else {
            let keys = create.keys.iter().map(|key| key_name(&key.expr));
            let columns = numbered(keys.chain(create.include.iter().map(|c| c.as_str().to_owned())));
            self.free_relation_name(&table.schema, &table.name, &joined_columns(columns.iter().map(String::as_str)), "idx")
        };
        if self.is_relation_name(&table.schema, &name) {
            if !create.if_not_exists {
                self.note(create.name.map_or(create.table.span(), |n| n.span), NoteKind::Exists("index", name));
            }
            return;
        }
        let definition = self.print(Some(&table), |p| p.index(source.slice(create.definition)));
        let index = Index { name, unique: create.unique, definition, keys, partial: create.condition.is_some() };
        // The index of a partition belongs to the parent's.
        if let Some(relation) = self.relation_mut(&table) {
            relation.indexes.push(index);
        }
    }

    pub(super) fn create_sequence(&mut self, create: &CreateSequence) {
        let name = self.new_name(&create.name);
        if create.temporary {
            return;
        }
        if self.is_relation_name(&name.schema, &name.name) {
            if !create.if_not_exists {
                self.note(create.name.span(), NoteKind::Exists("sequence", name.to_string()));
            }
            return;
        }
        self.schema.sequences.insert(name.clone());
        if let Some(owner) = &create.owned_by {
            self.own_sequence(&name, owner);
        }
    }

    /// `OWNED BY`
    pub(super) fn own_sequence(&mut self, sequence: &QualifiedName, owner: &OwnedBy) {
        match owner {
            OwnedBy::None => {
                if self.owned.remove(sequence).is_some() {
                    self.schema.sequences.insert(sequence.clone());
                }
            }
            OwnedBy::Column(table, column) => {
                if let Some(table) = self.need_relation(table, false) {
                    self.schema.sequences.remove(sequence);
                    self.owned.insert(sequence.clone(), (table, column.as_str().to_owned()));
                }
            }
        }
    }
}

/// Whether what reads like a column is an index, as another database writes it among the columns: `INDEX by_name (first, last)`. `written` are the table's columns.
fn is_index_among_columns(column: &ColumnDef, written: &BTreeSet<&str>) -> bool {
    let Some(ty) = &column.ty else { return false };
    let word = !column.name.quoted && matches!(column.name.as_str(), "index" | "key" | "fulltext" | "spatial");
    let named = |modifier: &String| modifier.split_whitespace().next().is_some_and(|name| written.contains(name.trim_matches('"').to_lowercase().as_str()));
    word && ty.name.schema.is_none() && !ty.modifiers.is_empty() && ty.modifiers.iter().all(named)
}

/// In the order in which PostgreSQL lays them out.
pub(super) fn physical(relation: &Relation) -> Vec<String> {
    relation.physical_order.clone().unwrap_or_else(|| relation.columns.iter().map(|c| c.name.clone()).collect())
}

/// The column that an index key is.
fn column_key(expr: &crate::syntax::sql::ast::Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Column(parts) if parts.len() == 1 => Some(parts[0].as_str().to_owned()),
        _ => None,
    }
}

/// How a key appears in the name of its index: the column, the function, what is cast… or `expr` (`FigureIndexColname`).
fn key_name(expr: &crate::syntax::sql::ast::Expr) -> String {
    match &expr.kind {
        ExprKind::Column(parts) => parts.last().map_or_else(String::new, |p| p.as_str().to_owned()),
        ExprKind::Call(call) => call.name.name.as_str().to_owned(),
        ExprKind::Collate(inner, _) => key_name(inner),
        ExprKind::Case(_) => "case".to_owned(),
        ExprKind::Cast(inner, ty) => match key_name(inner).as_str() {
            "expr" => ty.name.name.as_str().to_owned(),
            name => name.to_owned(),
        },
        _ => "expr".to_owned(),
    }
}

/// The same for an index that is known by its definition only.
fn written_key_names(definition: &str) -> Vec<String> {
    let Some(open) = definition.find('(') else { return Vec::new() };
    let Some(end) = crate::schema::lock::line::closing(&definition[open..]) else { return Vec::new() };
    let name = |key: &str| crate::schema::lock::line::take_identifier(key).map_or_else(|| "expr".to_owned(), |(name, _)| name);
    let mut keys = crate::schema::lock::line::split_commas(&definition[open + 1..open + end - 1]);
    if let Some(include) = definition.find(" include (") {
        keys.extend(crate::schema::lock::line::split_commas(definition[include + 10..].split(')').next().unwrap_or_default()));
    }
    keys.into_iter().map(name).collect()
}

/// A number behind every name that stands there already (`ChooseIndexColumnNames`).
fn numbered(names: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for name in names {
        let mut candidate = name.clone();
        let mut n = 0;
        while out.contains(&candidate) {
            n += 1;
            let suffix = format!("{n}");
            candidate = format!("{}{suffix}", crate::schema::clip(&name, 63 - suffix.len()));
        }
        out.push(candidate);
    }
    out
}

/// When a constraint is handled within CREATE TABLE.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Nullability, defaults, identity.
    Value,
    Check,
    PrimaryKey,
    Index,
    ForeignKey,
}

fn column_phase(kind: &ColumnConstraintKind) -> Phase {
    match kind {
        ColumnConstraintKind::Check(_) => Phase::Check,
        ColumnConstraintKind::PrimaryKey => Phase::PrimaryKey,
        ColumnConstraintKind::Unique { .. } => Phase::Index,
        ColumnConstraintKind::References(_) => Phase::ForeignKey,
        _ => Phase::Value,
    }
}

fn table_phase(constraint: &TableConstraint) -> Phase {
    match &constraint.kind {
        TableConstraintKind::NotNull(_) => Phase::Value,
        TableConstraintKind::Check(_) | TableConstraintKind::Broken => Phase::Check,
        TableConstraintKind::PrimaryKey(_) | TableConstraintKind::PrimaryKeyUsing(_) => Phase::PrimaryKey,
        TableConstraintKind::Unique { .. } | TableConstraintKind::UniqueUsing(_) | TableConstraintKind::Exclude(..) => Phase::Index,
        TableConstraintKind::ForeignKey { .. } => Phase::ForeignKey,
    }
}
