//! Where a model declares a column, as statements and calls that can be edited.

use super::insert;
use crate::diagnostic::Edit;
use crate::project::index::{ClassId, last_name};
use crate::rules::Context;
use crate::source::{FileId, Location, SourceFile, Span};
use crate::syntax::python::{Arg, ArgKind, Body, Call, Expr, ExprKind, Stmt, StmtKind};

/// `attribute: annotation = value` or `attribute = value` in a class body.
#[derive(Clone, Copy)]
pub(super) struct Declaration<'a> {
    pub(super) file: FileId,
    pub(super) source: &'a SourceFile,
    /// The whole statement.
    pub(super) statement: &'a Stmt,
    pub(super) annotation: Option<&'a Expr>,
    pub(super) value: Option<&'a Expr>,
}

/// Statements of a class body, those under `if` too.
pub(super) fn statements<'a>(body: &'a Body, visit: &mut dyn FnMut(&'a Stmt)) {
    for statement in body {
        visit(statement);
        if let StmtKind::If(i) = &statement.kind {
            statements(&i.body, visit);
            statements(&i.orelse, visit);
        }
    }
}

/// The declaration of `attribute` in the class.
pub(super) fn find<'a>(context: &Context<'_, 'a>, class: ClassId, attribute: &str) -> Option<Declaration<'a>> {
    let def = context.project.world.index.class(class);
    let source = context.project.world.sources.get(def.file);
    let mut found = None;
    statements(&def.node.body, &mut |statement| {
        let (target, annotation, value) = match &statement.kind {
            StmtKind::Assign(a) if a.0.len() == 1 => (&a.0[0], None, Some(&a.1)),
            StmtKind::AnnAssign(a) => (&a.0, Some(&a.1), a.2.as_ref()),
            _ => return,
        };
        if matches!(&target.kind, ExprKind::Name(n) if n.as_str() == attribute) {
            found = Some(Declaration { file: def.file, source, statement, annotation, value });
        }
    });
    found
}

impl<'a> Declaration<'a> {
    /// The call that declares it: `Column(…)`, `mapped_column(…)`, `Field(…)`, `models.CharField(…)`.
    pub(super) fn call(&self) -> Option<(&'a Expr, &'a Call)> {
        let value = self.value?;
        match &value.kind {
            ExprKind::Call(call) => Some((value, call)),
            _ => None,
        }
    }

    /// The last name of what is called.
    pub(super) fn called(&self) -> Option<&'static str> {
        self.call().and_then(|(_, c)| last_name(&c.func)).map(|n| n.as_str())
    }

    /// The type argument of a `Column(…)` or `mapped_column(…)`: the first positional one that is neither the name nor a constraint.
    pub(super) fn type_argument(&self) -> Option<&'a Expr> {
        let (_, call) = self.call()?;
        let not_type = |e: &Expr| {
            matches!(e.kind, ExprKind::Str(_))
                || last_name(e).is_some_and(|n| matches!(n.as_str(), "ForeignKey" | "Computed" | "Identity" | "Sequence" | "CheckConstraint" | "FetchedValue"))
        };
        call.keyword("type_").or_else(|| call.positionals().find(|e| !not_type(e)))
    }
}

/// The text under an expression.
pub(super) fn text<'s>(source: &'s SourceFile, e: &Expr) -> &'s str {
    source.slice(e.span)
}

/// How the file ends its lines.
pub(super) fn newline(source: &SourceFile) -> &'static str {
    if source.text.contains("\r\n") { "\r\n" } else { "\n" }
}

/// A string literal in the file's own quotes.
pub(super) fn quoted(source: &SourceFile, content: &str) -> String {
    let count = |q: char| source.text.matches(q).count();
    let usual = if count('\'') > count('"') { '\'' } else { '"' };
    let other = if usual == '"' { '\'' } else { '"' };
    // As formatters do: the other quotes where that saves escapes.
    let quote = if content.contains(usual) && !content.contains(other) { other } else { usual };
    let mut out = String::from(quote);
    for c in content.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out.push(quote);
    out
}

/// The white space that a line begins with.
pub(super) fn indent(source: &SourceFile, offset: u32) -> &str {
    let line = source.slice(source.line_span(source.position(offset).line));
    &line[..line.len() - line.trim_start_matches([' ', '\t', '\u{c}']).len()]
}

/// The end of the line on which a byte stands.
pub(super) fn line_end(source: &SourceFile, offset: u32) -> usize {
    source.line_span(source.position(offset).line).end as usize
}

/// Where the brackets of a call begin (behind `(`) and end (at `)`), if nothing in them can be mistaken.
fn brackets(source: &SourceFile, whole: &Expr, call: &Call) -> Option<(usize, usize)> {
    let text = &source.text;
    let (from, to) = (call.func.span.end as usize, whole.span.end as usize);
    let open = from + text.get(from..to)?.find('(')?;
    let between = &text[from..open];
    let closed = text[..to].ends_with(')') && between.trim().is_empty();
    closed.then_some((open + 1, to - 1))
}

/// `name=value` in a call: another value for the one that is there, or one more argument, laid out as its neighbours are.
pub(super) fn set_keyword(file: FileId, source: &SourceFile, whole: &Expr, call: &Call, name: &str, value: &str) -> Option<Vec<Edit>> {
    if let Some(old) = call.keyword(name) {
        return Some(vec![super::replace(Location::new(file, old.span), value)]);
    }
    let (open, close) = brackets(source, whole, call)?;
    let Some(last) = call.args.last() else {
        return Some(vec![insert(file, open, format!("{name}={value}"))]);
    };
    if matches!(last.kind, ArgKind::DoubleSpread) {
        return None;
    }
    let end = last.value.span.end as usize;
    let rest = source.text.get(end..close)?;
    // Brackets behind the argument belong to it, or to a comment; neither is guessed at.
    let code: String = rest.lines().map(|l| l.split('#').next().unwrap_or("").trim()).collect();
    if !matches!(code.as_str(), "" | ",") {
        return None;
    }
    if !rest.contains('\n') {
        return Some(vec![insert(file, end, format!(", {name}={value}"))]);
    }
    let line = format!("{}{}{name}={value}", newline(source), indent(source, last_start(last)));
    let at = line_end(source, last.value.span.end.saturating_sub(1)).min(close);
    if code == "," {
        let comma = end + rest.find(',')?;
        return Some(vec![insert(file, line_end(source, u32::try_from(comma).ok()?).min(close), format!("{line},"))]);
    }
    Some(vec![insert(file, end, ","), insert(file, at, line)])
}

fn last_start(arg: &Arg) -> u32 {
    match arg.kind {
        ArgKind::Keyword(k) => k.span().start,
        _ => arg.value.span.start,
    }
}

/// A first positional argument.
pub(super) fn insert_first(file: FileId, source: &SourceFile, whole: &Expr, call: &Call, value: &str) -> Option<Vec<Edit>> {
    let (open, _) = brackets(source, whole, call)?;
    let Some(first) = call.args.first() else {
        return Some(vec![insert(file, open, value)]);
    };
    let start = last_start(first);
    if source.text.get(open..start as usize)?.contains(['(', '#']) {
        return None;
    }
    let own_line = source.text.get(open..start as usize)?.contains('\n');
    let behind = if own_line { format!(",{}{}", newline(source), indent(source, start)) } else { ", ".to_owned() };
    Some(vec![insert(file, start as usize, format!("{value}{behind}"))])
}

/// Takes one argument out of a call, with the comma that it leaves behind.
pub(super) fn remove_argument(file: FileId, source: &SourceFile, call: &Call, argument: &Expr) -> Option<Edit> {
    let n = call.args.iter().position(|a| std::ptr::eq(&raw const a.value, argument))?;
    let start = |a: &Arg| last_start(a);
    let span = match (n.checked_sub(1).and_then(|p| call.args.get(p)), call.args.get(n + 1)) {
        (Some(before), _) => Span { start: before.value.span.end, end: argument.span.end },
        (None, Some(after)) => Span { start: start(&call.args[n]), end: start(after) },
        (None, None) => Span { start: start(&call.args[n]), end: argument.span.end },
    };
    // A comment or a bracket in what goes away would go with it.
    let gone = source.slice(span);
    let own = source.slice(Span { start: start(&call.args[n]), end: argument.span.end });
    let around = gone.replacen(own, "", 1);
    around.chars().all(|c| c.is_whitespace() || c == ',').then(|| super::replace(Location::new(file, span), ""))
}
