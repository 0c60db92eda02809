//! Strings: literals, `+`, `%`, `format`, `join`. Every piece keeps its place; what is unknown is a hole.

use std::rc::Rc;

use super::value::{Args, Value};
use super::{Host, Machine};
use crate::source::{Location, Span};
use crate::syntax::python::{StrLit, StrPart};
use crate::syntax::sql::template::Template;

impl<'a, H: Host<'a>> Machine<'_, 'a, H> {
    pub(super) fn literal(&mut self, lit: &'a StrLit) -> Value<'a> {
        let mut out = Template::default();
        let file = self.here().file;
        for part in &lit.parts {
            match part {
                StrPart::Text(t) => out.push_literal(&t.text, file, &t.segments),
                StrPart::Hole { expr, span, plain } => {
                    let v = self.eval(expr);
                    let at = self.at(*span);
                    if *plain { push(&mut out, &v, at) } else { out.push_hole(at) }
                }
            }
        }
        Value::Str(Rc::new(out))
    }

    pub(super) fn add_strings(&mut self, left: &Value<'a>, right: &Value<'a>, span: Span) -> Value<'a> {
        let mut out = Template::default();
        let at = self.at(span);
        for v in [left, right] {
            push(&mut out, v, at);
        }
        Value::Str(Rc::new(out))
    }

    /// `text % values`
    pub(super) fn percent(&mut self, text: &Template, values: &Value<'a>, span: Span) -> Value<'a> {
        let at = self.at(span);
        let mut pieces = Pieces::new(text, at);
        let mut positional = match values {
            Value::Tuple(t) => t.to_vec(),
            Value::Dict(_) => Vec::new(),
            one => vec![one.clone()],
        }
        .into_iter();
        let source = text.text().to_owned();
        let mut rest = 0;
        while let Some(n) = source[rest..].find('%').map(|n| n + rest) {
            pieces.keep(rest..n);
            let after = &source[n + 1..];
            if after.starts_with('%') {
                pieces.keep(n..n + 1);
                rest = n + 2;
            } else if let Some(end) = after.strip_prefix('(').and_then(|a| a.find(')')) {
                let key = Value::text(&after[1..=end], at);
                let v = match values {
                    Value::Dict(d) => d.borrow().get(&key).ok().flatten().unwrap_or_default(),
                    _ => Value::Unknown,
                };
                push(&mut pieces.out, &v, at);
                rest = (n + 1 + end + 2 + 1).min(source.len());
            } else if after.starts_with(['s', 'd', 'r', 'i']) {
                let v = positional.next().unwrap_or_default();
                if after.starts_with('r') {
                    pieces.out.push_hole(at);
                } else {
                    push(&mut pieces.out, &v, at);
                }
                rest = n + 2;
            } else {
                pieces.keep(n..n + 1);
                rest = n + 1;
            }
        }
        pieces.keep(rest..source.len());
        Value::Str(Rc::new(pieces.out))
    }

    /// `text.format(args)`
    pub(super) fn format(&mut self, text: &Template, args: &Args<'a>, at: Location) -> Value<'a> {
        let mut pieces = Pieces::new(text, at);
        let source = text.text().to_owned();
        let (mut rest, mut next) = (0, 0);
        while let Some(n) = source[rest..].find(['{', '}']).map(|n| n + rest) {
            pieces.keep(rest..n);
            if source[n + 1..].starts_with(&source[n..=n]) {
                pieces.keep(n..n + 1);
                rest = n + 2;
                continue;
            }
            let Some(end) = source[n..].find('}').map(|e| e + n).filter(|_| source[n..].starts_with('{')) else {
                rest = n + 1;
                continue;
            };
            let field = &source[n + 1..end];
            let v = if field.is_empty() {
                next += 1;
                args.positional.get(next - 1).map(|p| p.0.clone())
            } else if let Ok(i) = field.parse::<usize>() {
                args.positional.get(i).map(|p| p.0.clone())
            } else {
                args.keyword(field).cloned()
            };
            push(&mut pieces.out, &v.unwrap_or_default(), at);
            rest = end + 1;
        }
        pieces.keep(rest..source.len());
        Value::Str(Rc::new(pieces.out))
    }

    /// `separator.join(items)`
    pub(super) fn join(&mut self, separator: &Value<'a>, items: &Value<'a>, at: Location) -> Value<'a> {
        let mut out = Template::default();
        match self.iterate(items) {
            Some((items, open)) => {
                for (n, item) in items.iter().enumerate() {
                    if n > 0 {
                        push(&mut out, separator, at);
                    }
                    push(&mut out, item, at);
                }
                if open {
                    out.push_hole(at);
                }
            }
            None => out.push_hole(at),
        }
        Value::Str(Rc::new(out))
    }
}

/// Adds a value as Python would print it.
pub(super) fn push(out: &mut Template, value: &Value<'_>, at: Location) {
    match value {
        Value::Str(t) => out.append(t),
        Value::Int(n) => out.push_value(&n.to_string(), at),
        Value::Bool(b) => out.push_value(if *b { "True" } else { "False" }, at),
        Value::None => out.push_value("None", at),
        Value::Path(p) => out.push_value(p, at),
        // `sa.text(…)` prints as its text.
        Value::Made(m) if matches!(m.path.as_str(), "sqlalchemy.text" | "sqlalchemy.sql.text" | "sqlalchemy.sql.expression.text") => {
            push(out, m.args.get(0, "text").unwrap_or(&Value::Unknown), at);
        }
        other => match other.constant() {
            Some(text) => out.push_value(&text, at),
            None => out.push_hole(at),
        },
    }
}

/// Copies parts of a template, with their places.
struct Pieces<'t> {
    from: &'t Template,
    out: Template,
    at: Location,
}

impl<'t> Pieces<'t> {
    fn new(from: &'t Template, at: Location) -> Self {
        Self { from, out: Template::default(), at }
    }

    fn keep(&mut self, range: std::ops::Range<usize>) {
        if let Some(text) = self.from.text().get(range.clone()).filter(|t| !t.is_empty()) {
            let span = Span::new(range.start, range.end);
            match self.from.locate(span) {
                Some(source) if source.span.len() == text.len() => self.out.push_verbatim(text, source),
                Some(source) => self.out.push_value(text, source),
                None if self.from.touches_hole(span) => self.out.append(&self.from.part(span)),
                None => self.out.push_value(text, self.at),
            }
        }
    }
}
