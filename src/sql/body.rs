//! Function bodies: those in SQL and PL/pgSQL are read, others counted.

use super::define::Overlay;
use super::problem::{Problem, ProblemKind, SqlReference};
use super::resolve::Resolver;
use super::types::Type;
use crate::source::{FileId, Location, Span};
use crate::symbol::Symbol;
use crate::syntax::sql::ast::{BodyText, CreateFunction, FunctionBody, ParameterMode};
use crate::syntax::sql::procedural::{self, Part};
use crate::syntax::sql::template::Template;
use crate::syntax::sql::{Parameters, Skip, parse, parse_around};

impl Resolver<'_> {
    pub(super) fn create_function(&mut self, function: &CreateFunction) {
        for parameter in &function.parameters {
            if let Some(default) = &parameter.default {
                self.expr(default);
            }
        }
        let statements = match &function.body {
            FunctionBody::Atomic(statements) => statements.as_slice(),
            FunctionBody::Return(expr) => {
                self.in_function(function, |this| {
                    this.expr(expr);
                });
                return;
            }
            FunctionBody::Text(body) => {
                self.body_text(function, body);
                return;
            }
            FunctionBody::None => return,
        };
        for statement in statements {
            self.in_function(function, |this| {
                this.run(statement);
            });
        }
    }

    /// A body in quotes. Only SQL is read; other languages are counted.
    fn body_text(&mut self, function: &CreateFunction, body: &BodyText) {
        match function.language.map(|l| l.name.as_str()) {
            Some("sql") => {}
            Some("plpgsql") => {
                let given = function.parameters.iter().filter_map(|p| p.name).chain(function.returns_table.iter().map(|c| c.name));
                let names: Vec<String> = given.map(|n| n.name.as_str().to_owned()).collect();
                self.procedure(body, names, Some(function));
                return;
            }
            _ => {
                self.skipped.push((Skip::Procedural, body.span));
                return;
            }
        }
        let Some(template) = self.body_template(body) else {
            self.skipped.push((Skip::Unparsable, body.span));
            return;
        };
        let script = parse_around(&template, Parameters::Dollar);
        let outside = |span: Span| template.locate(span).map(|l| l.span);
        self.skipped.extend(script.skipped.iter().map(|(span, skip)| (*skip, outside(*span).unwrap_or(body.span))));
        let mut overlay = Overlay::new(self.schema, function.search_path.as_ref().filter(|p| !p.is_empty()));
        // a dump may define functions before the tables they read
        let silent = self.template.text().contains("check_function_bodies");
        for entry in &script.statements {
            let mut inner = Resolver::new(overlay.schema(), &template);
            inner.in_function(function, |this| {
                this.run(&entry.statement);
            });
            inner.around(entry);
            let problems = inner.problems.into_iter().filter(|_| !silent).filter_map(|p| Some(Problem { span: outside(p.span)?, ..p }));
            self.problems.extend(problems);
            self.references.extend(inner.references.into_iter().filter_map(|r| Some(SqlReference { span: outside(r.span)?, ..r })));
            overlay.apply(&entry.statement, template.text());
        }
    }

    /// A body in PL/pgSQL. PostgreSQL reads it only when it runs, with all that its callers made and left behind: so only columns of tables that are known can
    /// be missing, and that is never more than likely.
    pub(super) fn procedure(&mut self, body: &BodyText, mut names: Vec<String>, function: Option<&CreateFunction>) {
        let Some(template) = self.body_template(body) else {
            self.skipped.push((Skip::Unparsable, body.span));
            return;
        };
        let outside = |span: Span| template.locate(span).map(|l| l.span);
        let procedure = procedural::read(template.text());
        names.extend(procedure.names);
        self.skipped.extend(procedure.dynamic.iter().map(|span| (Skip::Procedural, outside(*span).unwrap_or(body.span))));
        let guarded = asks_for_names(template.text());
        let mut overlay = Overlay::new(self.schema, function.and_then(|f| f.search_path.as_ref()).filter(|p| !p.is_empty()));
        for parts in &procedure.statements {
            let Some(statement) = put_together(&template, parts) else { continue };
            let script = parse(&statement, Parameters::Dollar);
            let place = |span: Span| statement.locate(span).map(|l| l.span);
            self.skipped.extend(script.skipped.iter().filter_map(|(span, _)| Some((Skip::Procedural, place(*span)?))));
            for entry in &script.statements {
                let mut inner = Resolver::new(overlay.schema(), &statement);
                let level = inner.level();
                level.variables = names.iter().map(|n| (Symbol::from(n), Type::Unknown)).collect();
                level.variables_of = function.map(|f| f.name.name.name);
                inner.within(|this| this.run(&entry.statement));
                let known = |p: &Problem| !guarded && p.kind == ProblemKind::UnknownColumn && p.table.is_some();
                let text = self.template.text();
                let problems = inner.problems.into_iter().filter(known).filter(|p| !p.table.as_deref().is_some_and(|t| makes(text, t)));
                self.problems.extend(problems.filter_map(|p| Some(Problem { span: place(p.span)?, doubtful: true, ..p })));
                self.references.extend(inner.references.into_iter().filter_map(|r| Some(SqlReference { span: place(r.span)?, ..r })));
                overlay.apply(&entry.statement, statement.text());
            }
        }
    }

    /// The body as a text of its own, its places those of the whole; `None` where these cannot be told.
    fn body_template(&self, body: &BodyText) -> Option<Template> {
        let at = |start: usize, end: usize| Location::new(FileId(0), Span { start: body.span.start + offset(start), end: body.span.start + offset(end) });
        let mut template = Template::default();
        if body.verbatim {
            template.push_verbatim(&body.text, at(0, body.text.len()));
            return Some(template);
        }
        // a quote inside quotes is written twice
        let raw = self.template.text().get(body.span.range())?;
        let mut from = 0;
        while let Some(n) = raw[from..].find("''") {
            template.push_verbatim(&raw[from..from + n], at(from, from + n));
            template.push_value("'", at(from + n, from + n + 2));
            from += n + 2;
        }
        template.push_verbatim(&raw[from..], at(from, raw.len()));
        (template.text() == body.text).then_some(template)
    }

    fn in_function(&mut self, function: &CreateFunction, f: impl FnOnce(&mut Self)) {
        let named: Vec<_> = function
            .parameters
            .iter()
            .filter(|p| p.mode != ParameterMode::Out)
            .filter_map(|p| Some((p.name?.name, self.written_type(p.ty.as_ref()))))
            .collect();
        self.within(|this| {
            let level = this.level();
            level.variables = named;
            level.variables_of = Some(function.name.name.name);
            f(this);
        });
    }
}

/// Whether a body looks up what there is, or is ready for what there is not: then a name that is missing may be what it expects.
fn asks_for_names(body: &str) -> bool {
    const WORDS: &[&str] = &["information_schema", "pg_attribute", "pg_class", "pg_tables", "to_regclass", "undefined_column", "undefined_table"];
    let body = body.to_ascii_lowercase();
    WORDS.iter().any(|word| body.contains(word))
}

/// Whether a text makes a table of that name itself: its columns may be newer than the schema.
fn makes(text: &str, table: &str) -> bool {
    text.match_indices(table).any(|(at, _)| {
        let statement = text[..at].rsplit(';').next().unwrap_or_default();
        let words: Vec<String> = statement.split_ascii_whitespace().rev().take(8).map(str::to_ascii_lowercase).collect();
        words.iter().zip(words.iter().skip(1)).any(|(last, before)| last == "table" && matches!(before.as_str(), "create" | "unlogged"))
            && !statement.ends_with(|c: char| c.is_alphanumeric() || c == '_')
            && words.iter().take_while(|w| *w != "table").all(|w| matches!(w.as_str(), "if" | "not" | "exists") || w.ends_with(['.', '"']))
    })
}

/// A statement of a body as a text of its own.
fn put_together(body: &Template, parts: &[Part]) -> Option<Template> {
    let first = parts.iter().find_map(|p| if let Part::Copied(span) = p { Some(*span) } else { None })?;
    let at = body.locate(first)?;
    let mut out = Template::default();
    for part in parts {
        match part {
            Part::Copied(span) => {
                out.append(&body.part(*span));
                out.push_value(" ", at);
            }
            Part::Select => out.push_value("SELECT ", at),
        }
    }
    Some(out)
}

fn offset(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
