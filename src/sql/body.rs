//! Function bodies: those in SQL are read, others counted.

use super::define::Overlay;
use super::problem::{Problem, SqlReference};
use super::resolve::Resolver;
use crate::source::{FileId, Location, Span};
use crate::syntax::sql::ast::{BodyText, CreateFunction, FunctionBody, ParameterMode};
use crate::syntax::sql::template::Template;
use crate::syntax::sql::{Parameters, Skip, parse_around};

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
        if function.language.is_none_or(|l| l.name != "sql") {
            self.skipped.push((Skip::Procedural, body.span));
            return;
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

fn offset(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
