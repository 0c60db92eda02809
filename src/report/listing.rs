//! `refs` and `models`: what was found, for scripts (version 1, structs of their own) and for people.

use std::fmt::Write as _;

use serde::Serialize;

use super::escape::{no_commands, visible};
use super::json::{Range, line};
use crate::diagnostic::{Access, Context};
use crate::project::models::{Framework, Model};
use crate::project::uses::Reference;
use crate::source::Sources;

/// One place that names a table or a column.
#[derive(Serialize)]
pub struct RefEntry {
    file: String,
    range: Range,
    schema: Option<String>,
    table: String,
    column: Option<String>,
    access: Access,
    context: Context,
    via: String,
    model: Option<String>,
    attribute: Option<String>,
}

impl RefEntry {
    /// From what linking found; `schema` is the one the relation was found in.
    pub fn new(sources: &Sources, r: &Reference, schema: Option<&str>) -> Self {
        let text = |u: Option<crate::symbol::Symbol>| u.map(|u| u.to_string());
        Self {
            file: sources.get(r.location.file).path.to_string(),
            range: Range::of(sources, r.location),
            schema: schema.map(str::to_owned),
            table: r.relation.name.to_string(),
            column: text(r.column),
            access: r.access,
            context: r.context,
            via: r.via.to_owned(),
            model: text(r.model),
            attribute: text(r.attribute),
        }
    }
}

impl RefEntry {
    /// The file, as reported.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Its line, from 1.
    pub fn line(&self) -> u32 {
        self.range.line()
    }

    /// The column named, if one is.
    pub fn column(&self) -> Option<&str> {
        self.column.as_deref()
    }

    /// What is done with it.
    pub fn access(&self) -> Access {
        self.access
    }

    /// What kind of text it stands in.
    pub fn context(&self) -> Context {
        self.context
    }

    /// The access as reports name it.
    pub fn access_name(&self) -> &'static str {
        match self.access {
            Access::Define => "define",
            Access::Read => "read",
            Access::Write => "write",
            Access::Ddl => "ddl",
        }
    }

    /// `file:line:column`
    pub fn place(&self) -> String {
        format!("{}:{}", self.file, self.range.place())
    }
}

/// `refs --format json`
pub fn refs_json(references: &[RefEntry]) -> String {
    #[derive(Serialize)]
    struct Refs<'a> {
        version: u32,
        references: &'a [RefEntry],
    }
    line(&Refs { version: 1, references })
}

/// One line a place.
pub fn refs_text(references: &[RefEntry]) -> String {
    let mut out = String::new();
    for r in references {
        let access = r.access_name();
        let column = r.column.as_ref().map(|c| format!(".{c}")).unwrap_or_default();
        let schema = r.schema.as_ref().map(|s| format!("{s}.")).unwrap_or_default();
        let _ = writeln!(out, "{}", visible(&format!("{}:{}: {access} {schema}{}{column}", r.file, r.range.place(), r.table)));
    }
    no_commands(&out).into_owned()
}

/// One model and what it maps to.
#[derive(Serialize)]
pub struct ModelEntry {
    file: String,
    line: u32,
    class: Option<String>,
    variable: Option<String>,
    framework: &'static str,
    schema: Option<String>,
    table: String,
    columns: Vec<ColumnEntry>,
}

#[derive(Serialize)]
struct ColumnEntry {
    attribute: String,
    column: String,
    #[serde(rename = "type")]
    ty: Option<String>,
    nullable: Option<bool>,
    primary_key: bool,
    foreign_keys: Vec<String>,
}

impl ModelEntry {
    /// From what linking found; `schema` is the one the relation was found in.
    pub fn new(sources: &Sources, model: &Model, schema: Option<&str>) -> Self {
        let file = sources.get(model.at.file);
        let columns = model.columns.iter().map(|c| ColumnEntry {
            attribute: c.attribute.to_string(),
            column: c.column.to_string(),
            ty: c.ty.clone(),
            nullable: c.nullable,
            primary_key: c.primary_key,
            foreign_keys: c.foreign_keys.iter().map(|(target, _)| target.clone()).collect(),
        });
        Self {
            file: file.path.to_string(),
            line: file.position(model.at.span.start).line,
            // A class that a call makes has no statement of its own.
            class: (model.class.is_some() || model.framework == Framework::SqlAlchemy).then(|| model.name.to_string()),
            variable: model.variable.map(|v| v.to_string()),
            framework: model.framework.name(),
            schema: schema.map(str::to_owned),
            table: model.relation.name.to_string(),
            columns: columns.collect(),
        }
    }
}

/// `models --format json`
pub fn models_json(models: &[ModelEntry]) -> String {
    #[derive(Serialize)]
    struct Models<'a> {
        version: u32,
        models: &'a [ModelEntry],
    }
    line(&Models { version: 1, models })
}

/// One line a model, one line a column.
pub fn models_text(models: &[ModelEntry]) -> String {
    let mut out = String::new();
    for m in models {
        let name = m.class.as_ref().or(m.variable.as_ref()).map_or("?", String::as_str);
        let schema = m.schema.as_ref().map(|s| format!("{s}.")).unwrap_or_default();
        let _ = writeln!(out, "{}", visible(&format!("{}:{}: {name} ({}) → {schema}{}", m.file, m.line, m.framework, m.table)));
        for c in &m.columns {
            let renamed = if c.attribute == c.column { String::new() } else { format!(" → {}", c.column) };
            let ty = c.ty.as_ref().map(|t| format!(" {t}")).unwrap_or_default();
            let _ = writeln!(out, "{}", visible(&format!("    {}{renamed}{ty}", c.attribute)));
        }
    }
    no_commands(&out).into_owned()
}
