//! A column that its model lacks, written as the model writes its others.

use std::collections::BTreeSet;

use super::declaration::{self, Declaration, indent, line_end, newline, quoted, statements, text};
use super::types::{self, Style, Written};
use super::{imports, insert};
use crate::diagnostic::{Diagnostic, Edit, Fix};
use crate::generate;
use crate::project::index::{ClassId, last_name};
use crate::project::models::{Framework, Model};
use crate::rules::Context;
use crate::schema::{Column, ForeignKey, Identity, QualifiedName, Relation};
use crate::source::{FileId, SourceFile};
use crate::syntax::python::{ExprKind, Stmt, StmtKind};

/// Lines longer than this are broken once.
const WIDTH: usize = 100;

/// What is to be written, and where.
struct Addition<'r, 'a> {
    context: &'r Context<'r, 'a>,
    class: ClassId,
    file: FileId,
    source: &'a SourceFile,
    table: &'r QualifiedName,
    relation: &'r Relation,
    column: &'r Column,
    attribute: String,
    edits: Vec<Edit>,
}

/// The repair of `unmapped-column`.
pub(super) fn fix(context: &Context<'_, '_>, d: &Diagnostic) -> Option<Fix> {
    let world = &context.project.world;
    let model = world.models.all.iter().find(|m| m.at == d.location && m.class.is_some())?;
    let (table, relation) = context.schema.relation(d.schema.as_deref(), d.table.as_deref()?)?;
    let column = relation.column(d.column.as_deref()?)?;
    let class = model.class?;
    let file = world.index.class(class).file;
    let mut taken: BTreeSet<String> = model.members.keys().map(|k| k.to_string()).collect();
    let attribute = generate::attribute(&column.name, model.framework == Framework::SqlModel || model.framework == Framework::Pydantic, &mut taken);
    let mut addition = Addition { context, class, file, source: world.sources.get(file), table, relation, column, attribute, edits: Vec::new() };
    let line = addition.line(model)?;
    let (at, lead) = place(context, class)?;
    let mut edits = vec![insert(file, at, format!("{}{lead}{line}", newline(addition.source)))];
    edits.append(&mut addition.edits);
    let fillable = !column.is_required();
    let safe = match model.framework {
        Framework::SqlAlchemy | Framework::SqlAlchemyCore => true,
        // A field that must be given changes what callers have to write.
        Framework::SqlModel | Framework::Pydantic => fillable,
        // The next `makemigrations` sees it.
        Framework::Django => false,
    };
    super::fix(safe, edits)
}

/// Where a declaration goes: the end of a line, and the indentation of the next. Behind the last column, else behind the table's name, else first in the class.
fn place<'a>(context: &Context<'_, 'a>, class: ClassId) -> Option<(usize, &'a str)> {
    let def = context.project.world.index.class(class);
    let source = context.project.world.sources.get(def.file);
    let mut column: Option<&Stmt> = None;
    let mut other: Option<&Stmt> = None;
    for statement in &def.node.body {
        let target = match &statement.kind {
            StmtKind::Assign(a) => a.0.first(),
            StmtKind::AnnAssign(a) => Some(&a.0),
            StmtKind::Prose if other.is_none() => {
                other = Some(statement);
                continue;
            }
            _ => None,
        };
        let Some(ExprKind::Name(name)) = target.map(|t| &t.kind) else { continue };
        if is_column(statement, name.starts_with("__")) {
            column = Some(statement);
        } else if name.starts_with("__") || name.as_str() == "model_config" {
            other = Some(statement);
        }
    }
    let behind = column.or(other);
    match behind {
        // Two statements on one line, or a string that ends elsewhere: not taken apart.
        Some(s) => {
            let rest = source.text.get(s.span.end as usize..line_end(source, s.span.end))?.trim_start();
            (rest.is_empty() || rest.starts_with('#')).then(|| (line_end(source, s.span.end), indent(source, s.span.start)))
        }
        None => {
            let first = def.node.body.first()?;
            let own_line = source.position(first.span.start).line > source.position(def.node.name.span.start).line;
            let before = source.line_span(source.position(first.span.start).line).start as usize;
            let above = before.checked_sub(newline(source).len())?;
            own_line.then(|| (above, indent(source, first.span.start)))
        }
    }
}

/// Whether a statement of a class body declares a column, as far as its form tells.
fn is_column(statement: &Stmt, dunder: bool) -> bool {
    let value = match &statement.kind {
        StmtKind::Assign(a) => Some(&a.1),
        StmtKind::AnnAssign(a) => a.2.as_ref(),
        _ => return false,
    };
    let called = value.and_then(last_name).map(|n| n.as_str());
    if dunder
        || matches!(called, Some("relationship" | "Relationship" | "relation" | "synonym" | "association_proxy" | "ConfigDict" | "column_property" | "backref"))
    {
        return false;
    }
    let is_call = value.is_some_and(|v| matches!(v.kind, ExprKind::Call(_)));
    is_call || matches!(statement.kind, StmtKind::AnnAssign(_))
}

/// All declarations of a class body with a call or an annotation.
fn declarations<'a>(context: &Context<'_, 'a>, class: ClassId) -> Vec<Declaration<'a>> {
    let mut names = Vec::new();
    statements(&context.project.world.index.class(class).node.body, &mut |s| {
        let target = match &s.kind {
            StmtKind::Assign(a) => a.0.first(),
            StmtKind::AnnAssign(a) => Some(&a.0),
            _ => None,
        };
        if let Some(ExprKind::Name(n)) = target.map(|t| &t.kind) {
            names.push(n.as_str());
        }
    });
    names.into_iter().filter_map(|n| declaration::find(context, class, n)).collect()
}

impl Addition<'_, '_> {
    fn line(&mut self, model: &Model) -> Option<String> {
        match model.framework {
            Framework::Django => self.django(),
            Framework::SqlModel => self.sqlmodel(),
            Framework::Pydantic => self.pydantic(),
            Framework::SqlAlchemy => self.sqlalchemy(),
            Framework::SqlAlchemyCore => None,
        }
    }

    /// The class's own style, else that of other classes in the file.
    fn style(&self) -> (bool, Style) {
        let world = &self.context.project.world;
        let mut classes = vec![self.class];
        classes.extend(world.models.all.iter().filter(|m| m.at.file == self.file).filter_map(|m| m.class));
        for class in classes {
            for d in declarations(self.context, class) {
                let mapped = d.annotation.is_some_and(|a| text(self.source, a).contains("Mapped["));
                if mapped || d.called() == Some("mapped_column") {
                    return (true, Style::default());
                }
                if let Some((_, call)) = d.call().filter(|_| d.called() == Some("Column")) {
                    let written = text(self.source, &call.func);
                    let prefix = written.strip_suffix("Column").filter(|p| !p.is_empty()).map(str::to_owned);
                    // What `import sqlalchemy as sa` gives is found by the imports; only a Flask extension is a prefix of its own.
                    let prefix =
                        prefix.filter(|p| imports::name(self.context, self.file, "sqlalchemy", "Column").is_none_or(|n| n.name != format!("{p}Column")));
                    return (false, Style { prefix, old: true });
                }
            }
        }
        (self.source.text.contains("mapped_column"), Style { prefix: None, old: !self.source.text.contains("mapped_column") })
    }

    fn take(&mut self, written: Written) -> String {
        self.edits.extend(written.edits);
        written.text
    }

    fn sqlalchemy(&mut self) -> Option<String> {
        let (new, style) = self.style();
        let constructor = if new {
            self.import("sqlalchemy.orm", "mapped_column")
        } else if let Some(prefix) = &style.prefix {
            Some((format!("{prefix}Column"), None))
        } else {
            self.import("sqlalchemy", "Column")
        };
        let mut arguments = Vec::new();
        if self.attribute != self.column.name {
            arguments.push(quoted(self.source, &self.column.name));
        }
        if !new || !is_default(&self.column.ty) {
            let ty = types::sqlalchemy(self.context, self.file, &self.column.ty, &style)?;
            arguments.push(self.take(ty));
        }
        self.constraints(&style, &mut arguments)?;
        let primary = self.relation.primary_key.contains(&self.column.name);
        if !new && self.column.not_null && !primary {
            arguments.push("nullable=False".to_owned());
        }
        let head = if new {
            let annotation = types::python(self.context, self.file, &self.column.ty)?;
            let annotation = self.take(annotation);
            let annotation = if self.column.not_null || primary { annotation } else { self.optional(&annotation) };
            format!("{}: Mapped[{annotation}]", self.attribute)
        } else {
            self.attribute.clone()
        };
        if new && arguments.is_empty() {
            return Some(head);
        }
        let (name, edit) = constructor?;
        self.edits.extend(edit);
        Some(self.call(&format!("{head} = {name}"), &arguments))
    }

    fn import(&self, module: &str, name: &str) -> Option<(String, Option<Edit>)> {
        imports::name(self.context, self.file, module, name).map(|n| (n.name, n.edit))
    }

    fn optional(&mut self, annotation: &str) -> String {
        let written = types::optional(self.context, self.file, annotation);
        self.take(written)
    }

    /// Keys, defaults and what the database fills by itself.
    fn constraints(&mut self, style: &Style, arguments: &mut Vec<String>) -> Option<()> {
        if let Some(target) = self.target() {
            let call = types::localise(self.context, self.file, &format!("sa.ForeignKey({})", quoted(self.source, &target)), style)?;
            arguments.push(self.take(call));
        }
        let column = self.column;
        let filled = match (&column.generated, column.identity) {
            (Some(g), _) => Some(format!("sa.Computed({}, persisted={})", quoted(self.source, &g.expression), if g.stored { "True" } else { "False" })),
            (None, Some(Identity::Always)) => Some("sa.Identity(always=True)".to_owned()),
            (None, Some(Identity::ByDefault)) => Some("sa.Identity()".to_owned()),
            (None, None) => None,
        };
        if let Some(filled) = filled {
            let call = types::localise(self.context, self.file, &filled, style)?;
            arguments.push(self.take(call));
        }
        if self.relation.primary_key.contains(&column.name) {
            arguments.push("primary_key=True".to_owned());
        }
        if let Some(default) = &column.default {
            let call = types::localise(self.context, self.file, &format!("sa.text({})", quoted(self.source, &escaped(default))), style)?;
            let call = self.take(call);
            arguments.push(format!("server_default={call}"));
        }
        Some(())
    }

    /// `table.column` of a foreign key over this column alone.
    fn target(&self) -> Option<String> {
        let key: &ForeignKey = self.relation.foreign_keys.iter().find(|k| k.columns.len() == 1 && k.columns[0] == self.column.name)?;
        let default = self.context.schema.search_path.first() == Some(&key.target.schema);
        let prefix = if default && self.table.schema == key.target.schema { String::new() } else { format!("{}.", key.target.schema) };
        Some(format!("{prefix}{}.{}", key.target.name, key.target_columns.first()?))
    }

    fn sqlmodel(&mut self) -> Option<String> {
        let primary = self.relation.primary_key.contains(&self.column.name);
        let annotation = types::python(self.context, self.file, &self.column.ty)?;
        let annotation = self.take(annotation);
        let filled = self.column.not_null && !self.column.is_required();
        let annotation = if self.column.not_null && !filled && !primary { annotation } else { self.optional(&annotation) };
        let mut arguments = Vec::new();
        if !self.column.not_null || filled || primary {
            arguments.push("default=None".to_owned());
        }
        if primary {
            arguments.push("primary_key=True".to_owned());
        } else if filled {
            arguments.push("nullable=False".to_owned());
        }
        if let Some(target) = self.target() {
            arguments.push(format!("foreign_key={}", quoted(self.source, &target)));
        } else if let Some(length) = varchar(&self.column.ty) {
            arguments.push(format!("max_length={length}"));
        } else if !is_default(&self.column.ty) && self.column.ty != "text" {
            let ty = types::sqlalchemy(self.context, self.file, &self.column.ty, &Style::default())?;
            arguments.push(format!("sa_type={}", self.take(ty)));
        }
        let mut pairs = Vec::new();
        if self.attribute != self.column.name {
            pairs.push(format!("{}: {}", quoted(self.source, "name"), quoted(self.source, &self.column.name)));
        }
        if let Some(default) = &self.column.default {
            let call = types::localise(self.context, self.file, &format!("sa.text({})", quoted(self.source, &escaped(default))), &Style::default())?;
            pairs.push(format!("{}: {}", quoted(self.source, "server_default"), self.take(call)));
        }
        if !pairs.is_empty() {
            arguments.push(format!("sa_column_kwargs={{{}}}", pairs.join(", ")));
        }
        let head = format!("{}: {annotation}", self.attribute);
        match arguments.as_slice() {
            [] => Some(head),
            [only] if only == "default=None" => Some(format!("{head} = None")),
            _ => {
                let (name, edit) = self.import("sqlmodel", "Field")?;
                self.edits.extend(edit);
                Some(self.call(&format!("{head} = {name}"), &arguments))
            }
        }
    }

    fn pydantic(&mut self) -> Option<String> {
        let annotation = types::python(self.context, self.file, &self.column.ty)?;
        let annotation = self.take(annotation);
        let required = self.column.is_required();
        let annotation = if required { annotation } else { self.optional(&annotation) };
        let head = format!("{}: {annotation}", self.attribute);
        if self.attribute == self.column.name {
            return Some(if required { head } else { format!("{head} = None") });
        }
        let (name, edit) = self.import("pydantic", "Field")?;
        self.edits.extend(edit);
        let mut arguments = if required { Vec::new() } else { vec!["default=None".to_owned()] };
        arguments.push(format!("alias={}", quoted(self.source, &self.column.name)));
        Some(self.call(&format!("{head} = {name}"), &arguments))
    }

    fn django(&mut self) -> Option<String> {
        let field = django_field(&self.column.ty)?;
        let written = declarations(self.context, self.class).into_iter().find_map(|d| {
            let (_, call) = d.call()?;
            let called = text(self.source, &call.func);
            called.ends_with("Field").then(|| called.rsplit_once('.').map_or(String::new(), |(p, _)| format!("{p}.")))
        });
        let prefix = written.or_else(|| self.import("django.db", "models").filter(|(_, edit)| edit.is_none()).map(|(n, _)| format!("{n}.")))?;
        let (name, mut arguments) = field;
        if self.column.generated.is_some() || self.column.identity.is_some() || self.relation.primary_key.contains(&self.column.name) {
            return None;
        }
        if !self.column.not_null {
            arguments.push("null=True".to_owned());
            arguments.push("blank=True".to_owned());
        }
        // Django refuses a name that ends in `_` or holds `__`.
        let plain = self.column.name.trim_matches('_').replace("__", "_");
        self.attribute = if super::rename::is_reserved(&plain) || plain.is_empty() { format!("{plain}_field") } else { plain };
        if self.attribute != self.column.name {
            arguments.push(format!("db_column={}", quoted(self.source, &self.column.name)));
        }
        Some(self.call(&format!("{} = {prefix}{name}", self.attribute), &arguments))
    }

    /// `head(arguments)`, broken once where it is too long for a line.
    fn call(&self, head: &str, arguments: &[String]) -> String {
        let flat = format!("{head}({})", arguments.join(", "));
        let lead = place(self.context, self.class).map_or("    ", |p| p.1);
        if lead.len() + flat.chars().count() <= WIDTH {
            return flat;
        }
        let end = newline(self.source);
        format!("{head}({end}{lead}{lead}{}{end}{lead})", arguments.join(", "))
    }
}

/// A colon would begin a bound parameter.
fn escaped(sql: &str) -> String {
    sql.replace(':', "\\:").replace("\\:\\:", "::")
}

/// Types that an annotation alone gives: what SQLAlchemy's `type_annotation_map` has by default.
fn is_default(ty: &str) -> bool {
    matches!(ty, "integer" | "boolean" | "date" | "uuid" | "numeric" | "timestamp" | "time" | "bytea" | "interval" | "varchar")
}

fn varchar(ty: &str) -> Option<&str> {
    ty.strip_prefix("varchar(")?.strip_suffix(')')
}

/// The field class of a type, and its arguments.
fn django_field(ty: &str) -> Option<(&'static str, Vec<String>)> {
    if let Some(n) = varchar(ty) {
        return Some(("CharField", vec![format!("max_length={n}")]));
    }
    if let Some((p, s)) = ty.strip_prefix("numeric(").and_then(|t| t.strip_suffix(')')).and_then(|t| t.split_once(',')) {
        return Some(("DecimalField", vec![format!("max_digits={p}"), format!("decimal_places={s}")]));
    }
    let name = match ty {
        "integer" => "IntegerField",
        "bigint" => "BigIntegerField",
        "smallint" => "SmallIntegerField",
        "text" | "varchar" => "TextField",
        "boolean" => "BooleanField",
        "date" => "DateField",
        "timestamptz" | "timestamp" => "DateTimeField",
        "time" => "TimeField",
        "interval" => "DurationField",
        "double precision" | "real" => "FloatField",
        "uuid" => "UUIDField",
        "jsonb" | "json" => "JSONField",
        "bytea" => "BinaryField",
        "inet" => "GenericIPAddressField",
        _ => return None,
    };
    Some((name, Vec::new()))
}
