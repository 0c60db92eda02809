//! Constraints, of tables and of columns, and the names they get.

use super::naming::joined_columns;
use super::{Ddl, NoteKind, Source};
use crate::schema::expression;
use crate::schema::primary_key_name;
use crate::schema::{ForeignKey, QualifiedName, Unique};
use crate::source::Span;
use crate::syntax::sql::ast::{ColumnConstraint, ColumnConstraintKind, Ident, References, TableConstraint, TableConstraintKind};

/// The text between the parentheses of `CHECK (…)`; the tree's span of an expression leaves its own parentheses out.
fn check_text(source: Source<'_>, constraint: Span) -> Option<&str> {
    let text = source.slice(constraint);
    let word = find_word(text, "check")?;
    let body = &text[word + "check".len()..];
    let open = body.find('(')?;
    let close = matching(&body[open..])?;
    Some(&body[open + 1..open + close])
}

/// The first place of a word outside quotes.
fn find_word(text: &str, wanted: &str) -> Option<usize> {
    let mut words = crate::schema::lock::line::Words::new(text);
    std::iter::from_fn(|| words.next_word()).find(|(_, w)| w.eq_ignore_ascii_case(wanted)).map(|(at, _)| at)
}

/// Where the parenthesis at the start of `text` closes.
fn matching(text: &str) -> Option<usize> {
    crate::schema::lock::line::closing(text).map(|n| n - 1)
}

impl Ddl {
    /// A constraint of a table.
    pub(super) fn add_constraint(&mut self, source: Source<'_>, table: &QualifiedName, constraint: &TableConstraint) {
        let name = constraint.name.as_ref().map(|n| n.as_str().to_owned());
        if let Some(name) = &name
            && self.has_constraint(table, name)
        {
            self.note(constraint.span, NoteKind::Exists("constraint", name.clone()));
            return;
        }
        match &constraint.kind {
            TableConstraintKind::PrimaryKey(columns) => {
                let columns = self.key_columns(table, columns);
                self.set_primary_key(table, name, columns);
            }
            TableConstraintKind::Unique { columns, nulls_not_distinct } => {
                let columns = self.key_columns(table, columns);
                self.add_unique(table, name, columns, *nulls_not_distinct);
            }
            TableConstraintKind::PrimaryKeyUsing(index) | TableConstraintKind::UniqueUsing(index) => {
                let primary = matches!(constraint.kind, TableConstraintKind::PrimaryKeyUsing(_));
                self.adopt_index(table, name, index, primary);
            }
            TableConstraintKind::ForeignKey { columns, references } => {
                let columns = self.key_columns(table, columns);
                self.add_foreign_key(table, name, columns, references);
            }
            TableConstraintKind::Check(_) => match check_text(source, constraint.span) {
                Some(text) => self.add_check(table, name, text, find_word(source.slice(constraint.span), "inherit").is_none()),
                None => self.open(table, constraint.span, "a CHECK that was not understood"),
            },
            TableConstraintKind::NotNull(column) => self.set_not_null(table, column, true),
            TableConstraintKind::Exclude(keys, _) => {
                let text = source.slice(constraint.span);
                let definition = find_word(text, "exclude").map(|at| &text[at + "exclude".len()..]).unwrap_or_default();
                let definition = self.print(Some(table), |p| p.exclusion(definition));
                let columns: Vec<&str> = keys.iter().map(|key| plain_column(source.expr(&key.expr)).unwrap_or("expr")).collect();
                let name = name.unwrap_or_else(|| self.free_relation_name(&table.schema, &table.name, &joined_columns(columns.into_iter()), "excl"));
                if let Some(relation) = self.relation_mut(table) {
                    relation.exclusions.insert(name, definition);
                }
            }
            TableConstraintKind::Broken => self.open(table, constraint.span, "a constraint that was not understood"),
        }
    }

    /// A constraint of one column, also of a column that was just added.
    pub(super) fn add_column_constraint(&mut self, source: Source<'_>, table: &QualifiedName, column: Ident, constraint: &ColumnConstraint) {
        let name = constraint.name.as_ref().map(|n| n.as_str().to_owned());
        let one = vec![column.as_str().to_owned()];
        match &constraint.kind {
            ColumnConstraintKind::NotNull => self.set_not_null(table, &column, true),
            ColumnConstraintKind::Default(expr) => {
                let text = source.expr(expr);
                self.set_default(table, column.as_str(), Some(text));
            }
            ColumnConstraintKind::Generated { expr, stored } => {
                let expression = self.condition(Some(table), source.expr(expr));
                if let Some(column) = self.relation_mut(table).and_then(|r| r.column_mut(column.as_str())) {
                    column.generated = Some(crate::schema::Generated { expression, stored: *stored });
                }
            }
            ColumnConstraintKind::Identity { always } => self.set_identity(table, column.as_str(), Some(*always)),
            ColumnConstraintKind::PrimaryKey => self.set_primary_key(table, name, one),
            ColumnConstraintKind::Unique { nulls_not_distinct } => self.add_unique(table, name, one, *nulls_not_distinct),
            ColumnConstraintKind::References(references) => self.add_foreign_key(table, name, one, references),
            ColumnConstraintKind::Check(_) => match check_text(source, constraint.span) {
                Some(text) => self.add_check(table, name, text, find_word(source.slice(constraint.span), "inherit").is_none()),
                None => self.open(table, constraint.span, "a CHECK that was not understood"),
            },
            ColumnConstraintKind::Null | ColumnConstraintKind::Other => {}
        }
    }

    /// The columns as text; those that are missing are noted.
    fn key_columns(&mut self, table: &QualifiedName, columns: &[Ident]) -> Vec<String> {
        for column in columns {
            let missing = self.schema.relations.get(table).is_some_and(|r| !r.open && r.column(column.as_str()).is_none());
            if missing {
                self.note(column.span, NoteKind::UnknownColumn(table.clone(), column.as_str().to_owned()));
            }
        }
        columns.iter().map(|c| c.as_str().to_owned()).collect()
    }

    /// Whether the table has a constraint of that name.
    pub(super) fn has_constraint(&self, table: &QualifiedName, name: &str) -> bool {
        self.schema.relations.get(table).is_some_and(|r| {
            r.checks.contains_key(name)
                || r.exclusions.contains_key(name)
                || r.unique.iter().any(|u| u.name == name)
                || r.foreign_keys.iter().any(|k| k.name == name)
                || !r.primary_key.is_empty() && r.primary_key_constraint(&table.name) == name
        })
    }

    /// Makes the columns the primary key; they become NOT NULL.
    pub(super) fn set_primary_key(&mut self, table: &QualifiedName, name: Option<String>, columns: Vec<String>) {
        if self.guarded && self.schema.relations.get(table).is_some_and(|r| !r.primary_key.is_empty()) {
            // a block that asks whether there is one
            return;
        }
        let name = name.unwrap_or_else(|| self.free_relation_name(&table.schema, &table.name, "", "pkey"));
        let Some(relation) = self.relation_mut(table) else { return };
        for column in &columns {
            if let Some(column) = relation.column_mut(column) {
                column.not_null = true;
            }
        }
        relation.primary_key = columns;
        relation.primary_key_name = Some(name).filter(|n| *n != primary_key_name(&table.name));
    }

    fn add_unique(&mut self, table: &QualifiedName, name: Option<String>, columns: Vec<String>, nulls_not_distinct: bool) {
        // PostgreSQL makes one index of two equal constraints without names (`transformIndexConstraints`).
        let same = |u: &Unique| u.columns == columns && u.nulls_not_distinct == nulls_not_distinct;
        let repeated = name.is_none() && self.schema.relations.get(table).is_some_and(|r| r.primary_key == columns || r.unique.iter().any(same));
        if repeated && self.creating(table) {
            return;
        }
        let name = name.unwrap_or_else(|| self.free_relation_name(&table.schema, &table.name, &joined_columns(columns.iter().map(String::as_str)), "key"));
        if let Some(relation) = self.relation_mut(table) {
            relation.unique.push(Unique { name, columns, nulls_not_distinct });
        }
    }

    /// A unique index becomes a constraint, with its name or another.
    fn adopt_index(&mut self, table: &QualifiedName, name: Option<String>, index: &Ident, primary: bool) {
        let Some(relation) = self.relation_mut(table) else { return };
        let Some(n) = relation.indexes.iter().position(|i| i.name == index.as_str()) else {
            self.note(index.span, NoteKind::UnknownObject("index", index.as_str().to_owned()));
            return;
        };
        let found = relation.indexes.remove(n);
        let nulls_not_distinct = found.definition.contains(" nulls not distinct");
        let columns: Vec<String> = found.keys.into_iter().flatten().collect();
        let name = name.unwrap_or(found.name);
        if primary {
            self.set_primary_key(table, Some(name), columns);
        } else {
            relation.unique.push(Unique { name, columns, nulls_not_distinct });
        }
    }

    fn add_foreign_key(&mut self, table: &QualifiedName, name: Option<String>, columns: Vec<String>, references: &References) {
        let target = self.find_relation(&references.table);
        let known = self.schema.relations.get(&target);
        let target_columns = if references.columns.is_empty() {
            known.map(|r| r.primary_key.clone()).unwrap_or_default()
        } else {
            references.columns.iter().map(|c| c.as_str().to_owned()).collect()
        };
        if known.is_none() {
            self.note(references.table.span(), NoteKind::UnknownRelation(references.table.to_string()));
        } else if let Some(missing) = references.columns.iter().find(|c| known.is_some_and(|r| !r.open && r.column(c.as_str()).is_none())) {
            self.note(missing.span, NoteKind::UnknownColumn(target.clone(), missing.as_str().to_owned()));
        }
        let name = name.unwrap_or_else(|| self.free_constraint_name(&table.schema, &table.name, &joined_columns(columns.iter().map(String::as_str)), "fkey"));
        let key = ForeignKey { name, columns, target, target_columns, actions: actions(references) };
        if let Some(relation) = self.relation_mut(table) {
            relation.foreign_keys.push(key);
        }
    }

    /// A CHECK; by itself it is named after its column if it has only one.
    pub(super) fn add_check(&mut self, table: &QualifiedName, name: Option<String>, text: &str, inherited: bool) {
        let condition = self.condition(Some(table), text);
        let name = name.unwrap_or_else(|| {
            let relation = self.schema.relations.get(table);
            let columns = expression::columns(&condition, |c| relation.is_some_and(|r| r.column(c).is_some()));
            let column = if columns.len() == 1 { columns[0].as_str() } else { "" };
            self.free_constraint_name(&table.schema, &table.name, column, "check")
        });
        let children = if inherited { self.children(table) } else { Vec::new() };
        for child in children {
            if let Some(relation) = self.relation_mut(&child) {
                relation.checks.insert(name.clone(), condition.clone());
            }
        }
        if let Some(relation) = self.relation_mut(table) {
            relation.checks.insert(name, condition);
        }
    }

    /// `SET NOT NULL`, `DROP NOT NULL`.
    pub(super) fn set_not_null(&mut self, table: &QualifiedName, column: &Ident, not_null: bool) {
        let found = self.relation_mut(table).and_then(|r| r.column_mut(column.as_str())).map(|c| c.not_null = not_null);
        if found.is_none() {
            self.missing_column(table, column);
        }
    }

    /// `DROP CONSTRAINT`; gives whether it was there.
    pub(super) fn remove_constraint(&mut self, table: &QualifiedName, name: &str) -> bool {
        if !self.has_constraint(table, name) {
            return false;
        }
        for child in self.children(table) {
            self.remove_constraint(&child, name);
        }
        let Some(relation) = self.relation_mut(table) else { return false };
        relation.checks.remove(name);
        relation.exclusions.remove(name);
        relation.unique.retain(|u| u.name != name);
        relation.foreign_keys.retain(|k| k.name != name);
        if relation.primary_key_constraint(&table.name) == name {
            relation.primary_key.clear();
            relation.primary_key_name = None;
        }
        true
    }
}

/// The column that an index key is, when it is nothing else.
pub(super) fn plain_column(text: &str) -> Option<&str> {
    let text = text.trim();
    let bare = text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).unwrap_or(text);
    let name = |c: char| c.is_alphanumeric() || c == '_' || c == '$' || (bare.len() < text.len() && c != '"');
    (!bare.is_empty() && bare.chars().all(name)).then_some(bare)
}

/// What follows the column lists, in the order of `pg_get_constraintdef`; `no action` is the default and is left out.
fn actions(references: &References) -> String {
    let mut out = Vec::new();
    if let Some(kind) = references.match_type.as_ref().filter(|m| *m != "simple") {
        out.push(format!("match {kind}"));
    }
    for (word, action) in [("update", &references.on_update), ("delete", &references.on_delete)] {
        if let Some(action) = action.as_ref().filter(|a| *a != "no action") {
            out.push(format!("on {word} {action}"));
        }
    }
    if references.deferrable || references.initially_deferred {
        out.push("deferrable".to_owned());
    }
    if references.initially_deferred {
        out.push("initially deferred".to_owned());
    }
    out.join(" ")
}
