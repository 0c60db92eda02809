//! What DDL makes of a schema: `pg_dump -s`, migrations, and what people write by hand.
//!
//! [`Ddl`] follows PostgreSQL: the names it chooses for constraints, the sequences behind serial columns, what a rename or a dropped column takes
//! along. What it does not understand makes the relation open and stands under `incomplete`; it never guesses.

mod alter;
mod constraint;
mod create;
mod drop;
mod execute;
mod function;
mod geometry;
mod naming;
mod objects;
mod salvage;
mod script;
mod users;
mod view;

#[cfg(test)]
mod tests;

pub use geometry::changes as changes_of_query;

use std::collections::{BTreeMap, BTreeSet};

use crate::schema::expression::Printer;
use crate::schema::types::{self, Unqualified};
use crate::schema::{Column, QualifiedName, Relation, Schema};
use crate::source::Span;
use crate::syntax::sql::ast::{Expr, Ident, ObjectName, TypeName};

/// Something that did not go as a server would want it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Where, in the text that was run.
    pub span: Span,
    /// What.
    pub kind: NoteKind,
}

/// What a [`Note`] says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoteKind {
    /// The statement names a relation that does not exist at this point.
    UnknownRelation(String),
    /// It names a column that its relation does not have at this point.
    UnknownColumn(QualifiedName, String),
    /// It names another object (type, constraint, index…) that does not exist at this point: what kind, and its name.
    UnknownObject(&'static str, String),
    /// It makes something that is there already: what kind, and its name.
    Exists(&'static str, String),
    /// It was not understood.
    NotUnderstood,
}

/// The schema in which temporary relations stand: it is searched before all others.
pub(crate) const TEMPORARY: &str = "pg_temp";

/// A schema while statements change it.
#[derive(Clone, Debug, Default)]
pub struct Ddl {
    schema: Schema,
    /// The session's search path: where bare names are looked up and created.
    path: Vec<String>,
    /// What it was before `SET LOCAL`, which the end of the transaction undoes.
    before_local: Option<Vec<String>>,
    /// Schemas that extensions were created in.
    extensions: Vec<String>,
    /// Sequences behind serial and identity columns, or owned by a column.
    owned: BTreeMap<QualifiedName, (QualifiedName, String)>,
    /// Partition → its parent. Partitions stand in the schema until [`Ddl::finish`] folds them.
    partitions: BTreeMap<QualifiedName, QualifiedName>,
    /// Child → parents, by INHERITS.
    inherits: BTreeMap<QualifiedName, Vec<QualifiedName>>,
    /// View → its query, and what that mentions.
    views: BTreeMap<QualifiedName, view::View>,
    /// Types that were renamed, in order: (old, new).
    renamed_types: Vec<(QualifiedName, QualifiedName)>,
    /// Temporary relations: they are gone when the session ends.
    temporary: BTreeSet<QualifiedName>,
    /// What could not be done.
    notes: Vec<Note>,
    /// The table that is being created.
    creating: Option<QualifiedName>,
    /// Inside a block that guards its statements: what does not apply is passed over.
    guarded: bool,
}

/// The text that a statement was parsed from; spans of the tree point into it.
#[derive(Clone, Copy)]
struct Source<'a> {
    text: &'a str,
}

impl<'a> Source<'a> {
    fn slice(self, span: Span) -> &'a str {
        self.text.get(span.range()).unwrap_or("")
    }

    fn expr(self, expr: &Expr) -> &'a str {
        self.slice(expr.span)
    }
}

/// Reads a whole `.sql` file, from `pg_dump` or by hand, as the schema it leaves behind.
pub fn load_file(text: &str) -> Schema {
    let mut ddl = Ddl::new();
    ddl.run(text);
    let mut schema = ddl.finish();
    schema.drop_platform(&[]);
    schema
}

impl Ddl {
    /// An empty database with the usual search path.
    pub fn new() -> Self {
        Self::from_schema(Schema::new())
    }

    /// A database that already has that schema.
    pub fn from_schema(schema: Schema) -> Self {
        Self { path: schema.search_path.clone(), schema, ..Self::default() }
    }

    /// The schema as it stands; partitions are still in it.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Whether a table is a partition of another, which no lock lists.
    pub fn is_partition(&self, name: &QualifiedName) -> bool {
        self.partitions.contains_key(name)
    }

    /// The same, to change it by other means than SQL.
    pub fn schema_mut(&mut self) -> &mut Schema {
        &mut self.schema
    }

    /// The session's search path: where bare names are looked up and created.
    pub fn path(&self) -> &[String] {
        &self.path
    }

    /// What could not be done since the last call.
    pub fn take_notes(&mut self) -> Vec<Note> {
        std::mem::take(&mut self.notes)
    }

    /// The schema in the end: partitions folded into their parents, temporary relations gone, overloads in order.
    pub fn finish(mut self) -> Schema {
        self.settle_views();
        for name in self.partitions.keys().chain(&self.temporary) {
            self.schema.relations.remove(name);
        }
        for overloads in self.schema.functions.values_mut() {
            overloads.sort_by_cached_key(|f| f.arguments.iter().map(|a| format!("{a:?}")).collect::<Vec<_>>());
        }
        for relation in self.schema.relations.values_mut() {
            relation.unique.sort_by(|a, b| a.name.cmp(&b.name));
            relation.foreign_keys.sort_by(|a, b| a.name.cmp(&b.name));
            relation.indexes.sort_by(|a, b| a.name.cmp(&b.name));
        }
        self.schema
    }

    /// Whether there is what the end of a session takes away.
    pub(crate) fn has_temporary(&self) -> bool {
        !self.temporary.is_empty() || self.before_local.is_some()
    }

    /// The session ends, and with it its temporary relations.
    pub(crate) fn end_session(&mut self) {
        if let Some(path) = self.before_local.take() {
            self.path = path;
        }
        for name in std::mem::take(&mut self.temporary) {
            self.drop_relation(&name);
        }
    }

    fn note(&mut self, span: Span, kind: NoteKind) {
        if !self.guarded {
            self.notes.push(Note { span, kind });
        }
    }

    fn not_understood(&mut self, span: Span, object: &str, reason: &str) {
        self.schema.mark_incomplete(object, reason);
        self.notes.push(Note { span, kind: NoteKind::NotUnderstood });
    }

    /// The relation is open from now on, for that reason.
    fn open(&mut self, name: &QualifiedName, span: Span, reason: &str) {
        if let Some(relation) = self.schema.relations.get_mut(name) {
            relation.open = true;
        }
        let object = name.to_string();
        self.not_understood(span, &object, reason);
    }

    /// Where a bare name is created.
    fn creation_schema(&self) -> String {
        self.path.first().cloned().unwrap_or_else(|| "public".to_owned())
    }

    /// The name of something that is being created.
    fn new_name(&self, name: &ObjectName) -> QualifiedName {
        let schema = name.schema_str().map_or_else(|| self.creation_schema(), str::to_owned);
        QualifiedName::new(schema, name.name.as_str())
    }

    /// The name that a reference means: as written, or the first schema of the path where `exists` holds, or else where it would be created.
    fn find(&self, name: &ObjectName, exists: impl Fn(&QualifiedName) -> bool) -> QualifiedName {
        if name.schema.is_some() {
            return self.new_name(name);
        }
        let temporary = QualifiedName::new(TEMPORARY, name.name.as_str());
        if !self.temporary.is_empty() && exists(&temporary) {
            return temporary;
        }
        let candidates = self.path.iter().map(|schema| QualifiedName::new(schema, name.name.as_str()));
        candidates.into_iter().find(|n| exists(n)).unwrap_or_else(|| self.new_name(name))
    }

    fn find_relation(&self, name: &ObjectName) -> QualifiedName {
        let found = self.find(name, |n| self.schema.relations.contains_key(n));
        if name.schema.is_some() || self.schema.relations.contains_key(&found) {
            return found;
        }
        self.beyond_path(name.name.as_str()).map_or(found, |(beyond, _)| beyond.clone())
    }

    /// The relation that a bare name means which the search path does not reach, where one schema alone has it: the session that runs the script is given a path that
    /// the script does not say (`SET search_path` in the program, `ALTER ROLE … SET search_path`).
    pub fn beyond_path(&self, name: &str) -> Option<(&QualifiedName, &Relation)> {
        let mut all = self.schema.named(name).filter(|(n, _)| n.schema != TEMPORARY);
        all.next().filter(|_| all.next().is_none()).map(|(n, r)| (n, &**r))
    }

    /// The relation that a statement changes; notes its absence.
    fn need_relation(&mut self, name: &ObjectName, if_exists: bool) -> Option<QualifiedName> {
        let found = self.find_relation(name);
        if self.schema.relations.contains_key(&found) {
            return Some(found);
        }
        if !if_exists {
            self.note(name.span(), NoteKind::UnknownRelation(name.to_string()));
        }
        None
    }

    fn relation_mut(&mut self, name: &QualifiedName) -> Option<&mut Relation> {
        self.schema.relations.get_mut(name).map(|r| &mut **r)
    }

    fn unqualified(&self) -> Unqualified<'_> {
        Unqualified { search_path: &self.schema.search_path, extensions: &self.extensions }
    }

    /// Runs something with a printer that knows the columns of `relation`.
    fn print<T>(&self, relation: Option<&QualifiedName>, run: impl FnOnce(&Printer<'_>) -> T) -> T {
        let relation = relation.and_then(|name| self.schema.relations.get(name));
        let column_type = |column: &str| Some(self.base_type(&relation?.column(column)?.ty));
        run(&Printer { names: self.unqualified(), column_type: &column_type })
    }

    /// A domain's base type, all the way down; other types as they are.
    fn base_type(&self, ty: &str) -> String {
        let mut current = ty.to_owned();
        for _ in 0..16 {
            let Some(parsed) = types::parse(&current).filter(|t| !t.builtin && !t.array) else { break };
            let Some((_, domain)) = self.schema.find(&self.schema.domains, parsed.schema.as_deref(), &parsed.name) else { break };
            current.clone_from(&domain.base);
        }
        current
    }

    fn condition(&self, relation: Option<&QualifiedName>, text: &str) -> String {
        self.print(relation, |p| p.condition(text))
    }

    fn default_of(&self, text: &str, ty: &str) -> Option<String> {
        self.print(None, |p| p.default(text, ty))
    }

    /// A type as the lock writes it; user types are looked up on the session's path.
    fn type_text(&self, ty: &TypeName) -> String {
        types::parse(&spelled(ty)).map_or_else(|| spelled(ty), |parsed| self.resolved(parsed).print(self.unqualified()))
    }

    fn resolved(&self, mut ty: types::TypeRef) -> types::TypeRef {
        if ty.schema.is_none() && !ty.builtin {
            let known = |name: &QualifiedName| {
                let s = &self.schema;
                s.enums.contains_key(name)
                    || s.domains.contains_key(name)
                    || s.composites.contains_key(name)
                    || s.ranges.contains_key(name)
                    || s.relations.contains_key(name)
            };
            ty.schema = self.path.iter().find(|schema| known(&QualifiedName::new(*schema, &ty.name))).cloned();
        }
        ty
    }

    /// A column as the definition says it, without its constraints.
    fn column_of(&self, name: Ident, ty: &TypeName, at: Span) -> Column {
        Column { at: Some(at), ..Column::new(name.as_str(), self.type_text(ty)) }
    }
}

/// A type in a spelling that [`types::parse`] reads.
pub(super) fn spelled(ty: &TypeName) -> String {
    let ident = |name: &Ident| if name.quoted { format!("\"{}\"", name.as_str().replace('"', "\"\"")) } else { name.as_str().to_owned() };
    let mut out = ty.name.schema.as_ref().map(|s| ident(s) + ".").unwrap_or_default();
    out.push_str(&ident(&ty.name.name));
    if let Some(fields) = &ty.interval {
        out = format!("{out} {fields}");
    }
    if !ty.modifiers.is_empty() {
        out = format!("{out}({})", ty.modifiers.join(","));
    }
    if ty.array > 0 {
        out.push_str("[]");
    }
    out
}
