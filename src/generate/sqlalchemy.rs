//! SQLAlchemy 2.0 declarative models, or SQLModel's, whose metadata creates the schema they came from.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::beside::{self, Sequences};
use super::layout::{Node, annotated, statement};
use super::names;
use super::pydantic::docstring;
use super::python_types::python;
use super::relationships::{Relationship, relationships};
use super::sqlalchemy_types::{is_default_schema, sql, type_object};
use crate::schema::{Column, ForeignKey, Identity, Index, QualifiedName, Relation, RelationKind, Schema};

/// Attributes of a declarative class that a column of that name would break.
pub(super) fn is_reserved(name: &str) -> bool {
    matches!(name, "metadata" | "registry" | "type_annotation_map")
}

/// Python names of a table.
pub(super) struct Named {
    /// The class.
    pub class: String,
    /// Column → attribute.
    pub attributes: BTreeMap<String, String>,
}

/// Which library the classes are written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// SQLAlchemy's own declarative classes.
    Declarative,
    /// SQLModel.
    SqlModel,
}

impl Style {
    fn metadata(self) -> &'static str {
        match self {
            Style::Declarative => "Base.metadata",
            Style::SqlModel => "sqlmodel.SQLModel.metadata",
        }
    }

    fn reserves(self, name: &str) -> bool {
        is_reserved(name) || (self == Style::SqlModel && super::pydantic::is_reserved(name))
    }
}

/// What a module is made of while it is written.
struct Writer<'s> {
    schema: &'s Schema,
    style: Style,
    sequences: Sequences,
    variables: BTreeSet<String>,
    modules: BTreeSet<&'static str>,
    custom: bool,
    named: BTreeMap<&'s QualifiedName, Named>,
}

/// Names for all relations.
pub(super) fn name_all(schema: &Schema, style: Style) -> BTreeMap<&QualifiedName, Named> {
    let mut used = BTreeSet::new();
    let one = |(q, relation): (&'_ QualifiedName, &Relation), used: &mut BTreeSet<String>| {
        let class = names::class(q, used);
        let mut taken = BTreeSet::new();
        let attributes = super::ordered(relation).into_iter().map(|c| (c.name.clone(), names::attribute(&c.name, |n| style.reserves(n), &mut taken))).collect();
        Named { class, attributes }
    };
    schema.relations.iter().map(|(q, r)| (q, one((q, r), &mut used))).collect()
}

/// The whole module.
pub fn module(schema: &Schema, style: Style) -> String {
    let named = name_all(schema, style);
    let relationships = relationships(schema, &named, style);
    let mut variables: BTreeSet<String> = named.values().map(|n| n.class.clone()).collect();
    variables.extend(["views", "Base", "PgType"].map(str::to_owned));
    let mut w = Writer { schema, style, sequences: beside::sequences(schema), variables, modules: BTreeSet::new(), custom: false, named };
    let sequences: Vec<QualifiedName> = schema.sequences.iter().chain(w.sequences.owned.keys()).cloned().collect();
    let sequences: String = sequences.iter().map(|q| w.sequence(q)).collect();
    let (mut classes, mut views) = (String::new(), String::new());
    for (q, relation) in &schema.relations {
        let is_table = matches!(relation.kind, RelationKind::Table | RelationKind::ForeignTable);
        if is_table && !relation.primary_key.is_empty() {
            w.class(&mut classes, q, relation, relationships.get(q).map_or(&[][..], Vec::as_slice));
        } else {
            w.table(if is_table { &mut classes } else { &mut views }, q, relation, is_table);
        }
    }
    w.assemble(&classes, &views, &sequences)
}

impl Writer<'_> {
    /// A name at the module's top level.
    fn variable(&mut self, name: &str) -> String {
        let plain = names::attribute(name, is_reserved, &mut BTreeSet::new());
        names::unique(plain, &mut self.variables)
    }

    fn sequence(&mut self, q: &QualifiedName) -> String {
        let mut items = vec![Node::string(&q.name)];
        if !is_default_schema(self.schema, q) {
            items.push(Node::keyword("schema", Node::string(&q.schema)));
        }
        items.push(Node::keyword("metadata", Node::atom(self.style.metadata())));
        let variable = self.variable(&q.name);
        statement(0, &format!("{variable} = "), &Node::call("sa.Sequence", items))
    }

    fn assemble(&self, classes: &str, views: &str, sequences: &str) -> String {
        let (library, command) = match self.style {
            Style::Declarative => ("SQLAlchemy", "sqlalchemy"),
            Style::SqlModel => ("SQLModel", "sqlmodel"),
        };
        let mut out = format!("\"\"\"{library} models of the database. Written by `dbtruth generate {command}` from the lock; do not edit.\"\"\"\n\n");
        for m in &self.modules {
            let _ = writeln!(out, "import {m}");
        }
        if !self.modules.is_empty() {
            out.push('\n');
        }
        out.push_str("import sqlalchemy as sa\n");
        let body = format!("{classes}{views}");
        if self.style == Style::SqlModel {
            out.push_str("import sqlmodel\n");
        }
        if body.contains("pg.") {
            out.push_str("from sqlalchemy.dialects import postgresql as pg\n");
        }
        if self.style == Style::Declarative {
            let mut orm = vec!["DeclarativeBase"];
            for name in ["Mapped", "mapped_column", "relationship"] {
                if body.contains(&format!("{name}[")) || body.contains(&format!("{name}(")) {
                    orm.push(name);
                }
            }
            let _ = writeln!(out, "from sqlalchemy.orm import {}", orm.join(", "));
        }
        if self.custom {
            out.push_str(PG_TYPE);
        }
        if self.style == Style::Declarative {
            out.push_str("\n\nclass Base(DeclarativeBase):\n    \"\"\"The base of all models here.\"\"\"\n");
        }
        let before = self.events("before_create", &beside::before(self.schema));
        let after = self.events("after_create", &beside::after(self.schema, &self.sequences));
        let begins_flat = self.style == Style::SqlModel && !self.custom;
        if !before.is_empty() || !sequences.is_empty() {
            let _ = write!(out, "{}{before}{sequences}", if begins_flat { "\n" } else { "\n\n" });
        }
        out.push_str(classes);
        if !views.is_empty() {
            // In a metadata of their own, so that `create_all` does not make tables of them.
            out.push_str("\n\nviews = sa.MetaData()\n");
            out.push_str(views);
        }
        if !after.is_empty() {
            let _ = write!(out, "\n\n{after}");
        }
        let missing = beside::not_expressed(self.schema);
        if !missing.is_empty() {
            out.push_str("\n# Not made by these models:\n");
            for m in missing {
                let _ = writeln!(out, "# - {}", m.replace(['\n', '\r'], " "));
            }
        }
        out
    }

    /// DDL that runs with `create_all`.
    fn events(&self, when: &str, statements: &[String]) -> String {
        let one = |sql: &String| {
            let ddl = Node::call("sa.DDL", vec![Node::string(&sql.replace('%', "%%"))]);
            statement(0, "", &Node::call("sa.event.listen", vec![Node::atom(self.style.metadata()), Node::string(when), ddl]))
        };
        statements.iter().map(one).collect()
    }

    fn class(&mut self, out: &mut String, name: &QualifiedName, relation: &Relation, relationships: &[Relationship]) {
        let class = self.named[name].class.clone();
        let summary = relation.comment.as_deref().map_or_else(|| format!("A row of {}", name.name), docstring);
        let base = if self.style == Style::SqlModel { "sqlmodel.SQLModel, table=True" } else { "Base" };
        let _ = write!(out, "\n\nclass {class}({base}):\n    \"\"\"{}.\"\"\"\n\n", docstring(summary.trim_end_matches('.')));
        out.push_str(&statement(4, "__tablename__ = ", &Node::string(&name.name)));
        let mut args = self.constraints(relation);
        let mut options = Vec::new();
        if !is_default_schema(self.schema, name) {
            options.push(Node::atom(format!("\"schema\": {}", super::layout::string(&name.schema))));
        }
        if let Some(comment) = &relation.comment {
            options.push(Node::atom(format!("\"comment\": {}", super::layout::string(comment))));
        }
        if !options.is_empty() {
            args.push(Node::braces(options));
        }
        match args.as_slice() {
            [] => {}
            [only @ Node::Group { open: '{', .. }] => out.push_str(&statement(4, "__table_args__ = ", only)),
            _ => out.push_str(&statement(4, "__table_args__ = ", &Node::tuple(args))),
        }
        out.push('\n');
        for column in super::ordered(relation) {
            let attribute = self.named[name].attributes[&column.name].clone();
            let line = match self.style {
                Style::Declarative => self.mapped(name, relation, column, &attribute),
                Style::SqlModel => self.field(name, relation, column, &attribute),
            };
            out.push_str(&line);
        }
        if !relationships.is_empty() {
            out.push('\n');
        }
        for r in relationships {
            out.push_str(&match self.style {
                Style::Declarative => annotated(4, &r.attribute, &format!("Mapped[{}]", r.annotation), &Node::call("relationship", r.arguments.clone())),
                Style::SqlModel => annotated(4, &r.attribute, &r.annotation, &Node::call("sqlmodel.Relationship", r.arguments.clone())),
            });
            if r.annotation.starts_with("typing.") {
                self.modules.insert("typing");
            }
        }
    }

    /// `name: Mapped[type] = mapped_column(…)`
    fn mapped(&mut self, table: &QualifiedName, relation: &Relation, column: &Column, attribute: &str) -> String {
        let ty = python(self.schema, &column.ty, &|_| "str".to_owned(), &mut self.modules);
        let null = if column.not_null { "" } else { " | None" };
        let mut items = Vec::new();
        if attribute != column.name {
            items.push(Node::string(&column.name));
        }
        items.extend(self.column_items(table, relation, column));
        annotated(4, attribute, &format!("Mapped[{}{null}]", ty.annotation), &Node::call("mapped_column", items))
    }

    /// `name: type = sqlmodel.Field(sa_column=sa.Column(…))`. What the database fills by itself may be left out.
    fn field(&mut self, table: &QualifiedName, relation: &Relation, column: &Column, attribute: &str) -> String {
        let ty = python(self.schema, &column.ty, &|_| "str".to_owned(), &mut self.modules);
        let optional = !column.is_required();
        let null = if optional { " | None" } else { "" };
        let mut parts = vec![Node::string(&column.name)];
        parts.extend(self.column_items(table, relation, column));
        if column.not_null && !relation.primary_key.contains(&column.name) {
            parts.push(Node::keyword("nullable", Node::atom("False")));
        }
        let mut items = Vec::new();
        if optional {
            items.push(Node::keyword("default", Node::atom("None")));
        }
        items.push(Node::keyword("sa_column", Node::call("sa.Column", parts)));
        annotated(4, attribute, &format!("{}{null}", ty.annotation), &Node::call("sqlmodel.Field", items))
    }

    fn table(&mut self, out: &mut String, name: &QualifiedName, relation: &Relation, is_table: bool) {
        let variable = self.variable(&name.name);
        let metadata = if is_table { self.style.metadata() } else { "views" };
        let mut items = vec![Node::string(&name.name), Node::atom(metadata)];
        for column in super::ordered(relation) {
            let mut parts = vec![Node::string(&column.name)];
            parts.extend(self.column_items(name, relation, column));
            if column.not_null {
                parts.push(Node::keyword("nullable", Node::atom("False")));
            }
            items.push(Node::call("sa.Column", parts));
        }
        if is_table {
            items.extend(self.constraints(relation));
        }
        if !is_default_schema(self.schema, name) {
            items.push(Node::keyword("schema", Node::string(&name.schema)));
        }
        if is_table && let Some(comment) = &relation.comment {
            items.push(Node::keyword("comment", Node::string(comment)));
        }
        let _ = write!(out, "\n\n{}", statement(0, &format!("{variable} = "), &Node::call("sa.Table", items)));
    }

    fn column_items(&mut self, table: &QualifiedName, relation: &Relation, column: &Column) -> Vec<Node> {
        let ty = type_object(self.schema, &column.ty);
        self.custom |= ty.custom;
        let mut items = vec![ty.node];
        if let Some(identity) = column.identity {
            let always = if identity == Identity::Always { "True" } else { "False" };
            items.push(Node::call("sa.Identity", vec![Node::keyword("always", Node::atom(always))]));
        }
        if let Some(g) = &column.generated {
            let stored = if g.stored { "True" } else { "False" };
            items.push(Node::call("sa.Computed", vec![sql(&g.expression), Node::keyword("persisted", Node::atom(stored))]));
        }
        let primary = relation.primary_key.contains(&column.name);
        if primary {
            items.push(Node::keyword("primary_key", Node::atom("True")));
        }
        match &column.default {
            // SQLAlchemy makes a serial of a lone integer key by itself.
            Some(_) if self.sequences.serial.contains(&(table.clone(), column.name.clone())) => {}
            Some(default) => items.push(Node::keyword("server_default", sql(default))),
            None if primary && column.identity.is_none() => items.push(Node::keyword("autoincrement", Node::atom("False"))),
            None => {}
        }
        if let Some(comment) = &column.comment {
            items.push(Node::keyword("comment", Node::string(comment)));
        }
        items
    }

    fn constraints(&self, relation: &Relation) -> Vec<Node> {
        let mut all = Vec::new();
        if let Some(name) = &relation.primary_key_name {
            let mut items: Vec<Node> = relation.primary_key.iter().map(|c| Node::string(c)).collect();
            items.push(Node::keyword("name", Node::string(name)));
            all.push(Node::call("sa.PrimaryKeyConstraint", items));
        }
        for u in &relation.unique {
            let mut items: Vec<Node> = u.columns.iter().map(|c| Node::string(c)).collect();
            items.push(Node::keyword("name", Node::string(&u.name)));
            if u.nulls_not_distinct {
                items.push(Node::keyword("postgresql_nulls_not_distinct", Node::atom("True")));
            }
            all.push(Node::call("sa.UniqueConstraint", items));
        }
        all.extend(relation.foreign_keys.iter().map(|k| self.foreign_key(k)));
        for (name, condition) in &relation.checks {
            all.push(Node::call("sa.CheckConstraint", vec![sql(condition), Node::keyword("name", Node::string(name))]));
        }
        all.extend(relation.indexes.iter().map(index));
        all
    }

    fn foreign_key(&self, key: &ForeignKey) -> Node {
        let here = key.columns.iter().map(|c| Node::string(c)).collect();
        let prefix = if is_default_schema(self.schema, &key.target) { key.target.name.clone() } else { key.target.to_string() };
        let there = key.target_columns.iter().map(|c| Node::string(&format!("{prefix}.{c}"))).collect();
        let mut items = vec![Node::list(here), Node::list(there), Node::keyword("name", Node::string(&key.name))];
        let actions = key.actions.to_ascii_lowercase();
        for (clause, keyword) in [("on delete ", "ondelete"), ("on update ", "onupdate")] {
            if let Some((_, rest)) = actions.split_once(clause) {
                let action = ["cascade", "set null", "set default", "restrict", "no action"].into_iter().find(|a| rest.starts_with(a));
                items.extend(action.map(|a| Node::keyword(keyword, Node::string(&a.to_uppercase()))));
            }
        }
        if actions.contains("deferrable") && !actions.contains("not deferrable") {
            items.push(Node::keyword("deferrable", Node::atom("True")));
            if actions.contains("initially deferred") {
                items.push(Node::keyword("initially", Node::string("DEFERRED")));
            }
        }
        if actions.contains("match full") {
            items.push(Node::keyword("match", Node::string("FULL")));
        }
        Node::call("sa.ForeignKeyConstraint", items)
    }
}

/// The lock's `btree (a, lower(b) desc) include (c) where (d)` as an `Index`.
fn index(i: &Index) -> Node {
    let mut items = vec![Node::string(&i.name)];
    let definition = i.definition.as_str();
    let open = definition.find('(').unwrap_or(definition.len());
    let method = definition[..open].trim();
    let (keys, mut rest) = brackets(&definition[open..]);
    for key in super::split_top(keys) {
        let plain = key.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        items.push(if plain { Node::string(key) } else { sql(key) });
    }
    if i.unique {
        items.push(Node::keyword("unique", Node::atom("True")));
    }
    if !matches!(method, "" | "btree") {
        items.push(Node::keyword("postgresql_using", Node::string(method)));
    }
    if let Some(include) = rest.trim_start().strip_prefix("include") {
        let (columns, after) = brackets(include.trim_start());
        let columns = super::split_top(columns).into_iter().map(|c| Node::string(c.trim_matches('"'))).collect();
        items.push(Node::keyword("postgresql_include", Node::list(columns)));
        rest = after;
    }
    if let Some(after) = rest.trim_start().strip_prefix("nulls not distinct") {
        items.push(Node::keyword("postgresql_nulls_not_distinct", Node::atom("True")));
        rest = after;
    }
    if let Some(condition) = rest.trim_start().strip_prefix("where") {
        let condition = condition.trim();
        let (inner, after) = brackets(condition);
        items.push(Node::keyword("postgresql_where", sql(if after.trim().is_empty() && !inner.is_empty() { inner } else { condition })));
    }
    Node::call("sa.Index", items)
}

/// What stands in the leading brackets, and what follows them.
fn brackets(text: &str) -> (&str, &str) {
    let (mut depth, mut quote) = (0_i32, None);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '(') => depth += 1,
            (None, ')') => {
                depth -= 1;
                if depth == 0 {
                    return (&text[1..at], &text[at + 1..]);
                }
            }
            (None, _) if depth == 0 => return ("", text),
            _ => {}
        }
    }
    ("", text)
}

/// A type that SQLAlchemy does not know, by its SQL name.
const PG_TYPE: &str = "

class PgType(sa.types.UserDefinedType):
    \"\"\"A PostgreSQL type without a class of its own.\"\"\"

    cache_ok = True

    def __init__(self, name: str) -> None:
        self.name = name

    def get_col_spec(self, **_: object) -> str:
        return self.name
";
