//! Names that an edit needs and that the file may not have yet.

use super::declaration::{indent, line_end, newline};
use super::insert;
use crate::diagnostic::Edit;
use crate::rules::Context;
use crate::source::{FileId, SourceFile};
use crate::syntax::python::{ExprKind, ImportFrom, Stmt, StmtKind};

/// A name to be written, and the edit that makes it known, where one is needed.
pub(super) struct Named {
    /// As it is to be written here.
    pub(super) name: String,
    /// The import to add.
    pub(super) edit: Option<Edit>,
}

/// `name` of `module` in that file: as it is imported already, else imported beside its kin. `None` where the name means something else there.
pub(super) fn name(context: &Context<'_, '_>, file: FileId, module: &str, name: &str) -> Option<Named> {
    let body = context.project.world.index.module_of(file)?.node.body.as_slice();
    let source = context.project.world.sources.get(file);
    for statement in body {
        if let StmtKind::ImportFrom(from) = &statement.kind
            && let Some((_, alias)) = from.names.iter().find(|(n, _)| from.level == 0 && gives(&from.module, module) && n.as_str() == name)
        {
            return Some(Named { name: alias.map_or_else(|| name.to_owned(), |a| a.to_string()), edit: None });
        }
    }
    for statement in body {
        if let StmtKind::Import(names) = &statement.kind
            && let Some(found) = names.iter().find(|n| n.module.as_str() == module)
        {
            let prefix = found.alias.map_or_else(|| module.to_owned(), |a| a.to_string());
            return Some(Named { name: format!("{prefix}.{name}"), edit: None });
        }
    }
    if is_bound(body, name) {
        return None;
    }
    let own = body.iter().find_map(|s| match &s.kind {
        StmtKind::ImportFrom(from) if from.level == 0 && from.module.as_str() == module && from.names.iter().all(|(n, _)| n.as_str() != "*") => Some((s, from)),
        _ => None,
    });
    let edit = match own {
        Some((statement, from)) => beside(file, source, statement, from, name)?,
        None => alone(file, source, body, module, name),
    };
    Some(Named { name: name.to_owned(), edit: Some(edit) })
}

/// `sqlalchemy.orm` also gives what older code takes from its parts.
fn gives(written: &str, module: &str) -> bool {
    written == module
        || (module == "sqlalchemy" && matches!(written, "sqlalchemy.types" | "sqlalchemy.schema" | "sqlalchemy.sql" | "sqlalchemy.sql.expression"))
}

/// Two names that one repair takes from one module get one statement.
pub(super) fn merged(edits: Vec<Edit>) -> Vec<Edit> {
    let mut out: Vec<Edit> = Vec::with_capacity(edits.len());
    for edit in edits {
        let Some((lead, module, name, tail)) = statement(&edit.content) else {
            out.push(edit);
            continue;
        };
        let same = |e: &&mut Edit| e.location == edit.location && statement(&e.content).is_some_and(|(l, m, _, t)| (l, m, t) == (lead, module, tail));
        match out.iter_mut().find(same) {
            Some(first) => {
                let (_, _, names, _) = statement(&first.content).unwrap_or((lead, module, name, tail));
                let mut names: Vec<&str> = names.split(", ").chain(name.split(", ")).collect();
                names.sort_unstable_by_key(|n| n.to_ascii_lowercase());
                names.dedup();
                first.content = format!("{lead}from {module} import {}{tail}", names.join(", "));
            }
            None => out.push(edit),
        }
    }
    out
}

/// A `from … import …` that is inserted as a statement of its own: what stands before it, the module, the names, what stands behind.
fn statement(content: &str) -> Option<(&str, &str, &str, &str)> {
    let end = |c: char| matches!(c, '\r' | '\n');
    let body = content.trim_matches(end);
    let (module, names) = body.strip_prefix("from ")?.split_once(" import ")?;
    let lead = &content[..content.len() - content.trim_start_matches(end).len()];
    let tail = &content[content.trim_end_matches(end).len()..];
    (!body.contains(end)).then_some((lead, module, names, tail))
}

/// Whether the module binds the name to something else.
fn is_bound(body: &[Stmt], name: &str) -> bool {
    body.iter().any(|s| match &s.kind {
        StmtKind::Import(names) => names.iter().any(|n| n.alias.map_or_else(|| n.module.split('.').next() == Some(name), |a| a.as_str() == name)),
        StmtKind::ImportFrom(from) => from.names.iter().any(|(n, alias)| alias.map_or(n.as_str(), |a| a.as_str()) == name),
        StmtKind::Class(c) => c.name.as_str() == name,
        StmtKind::Function(f) => f.name.as_str() == name,
        StmtKind::Assign(a) => a.0.iter().any(|t| matches!(&t.kind, ExprKind::Name(n) if n.as_str() == name)),
        StmtKind::AnnAssign(a) => matches!(&a.0.kind, ExprKind::Name(n) if n.as_str() == name),
        _ => false,
    })
}

/// One more name in `from module import …`: at its place where the names are sorted, else at the end.
fn beside(file: FileId, source: &SourceFile, statement: &Stmt, from: &ImportFrom, name: &str) -> Option<Edit> {
    let sorted = from.names.is_sorted_by_key(|(n, _)| n.as_str().to_ascii_lowercase());
    let (last, alias) = from.names.last()?;
    let own_lines = source.slice(statement.span).contains('\n');
    let next = from.names.iter().map(|(n, _)| n).find(|n| sorted && n.as_str().to_ascii_lowercase() > name.to_ascii_lowercase());
    if let Some(next) = next {
        // Only where each name has its line does the new one get its own.
        let line = source.slice(source.line_span(source.position(next.span.start).line));
        let alone = own_lines && line.trim_start().starts_with(next.as_str()) && line.split('#').next().is_some_and(|l| l.matches(',').count() <= 1);
        let behind = if alone { format!(",{}{}", newline(source), indent(source, next.span.start)) } else { ", ".to_owned() };
        return Some(insert(file, next.span.start as usize, format!("{name}{behind}")));
    }
    let mut end = last.span.end as usize;
    if let Some(alias) = alias {
        end += source.text.get(end..)?.find(alias.as_str())? + alias.len();
    }
    let line = source.slice(source.line_span(source.position(last.span.start).line));
    let alone = own_lines && line.trim_start().starts_with(last.as_str());
    let before = if alone { format!(",{}{}", newline(source), indent(source, last.span.start)) } else { ", ".to_owned() };
    Some(insert(file, end, format!("{before}{name}")))
}

/// Modules of the standard library that annotations need.
const STANDARD: &[&str] = &["datetime", "decimal", "ipaddress", "typing", "uuid"];

/// A statement of its own for a module of the standard library: in the order of names before or behind those that are there, else above all imports.
fn standard(file: FileId, source: &SourceFile, body: &[Stmt], module: &str, line: &str) -> Edit {
    const KNOWN: &[&str] = &[
        "abc",
        "asyncio",
        "collections",
        "contextlib",
        "csv",
        "dataclasses",
        "datetime",
        "decimal",
        "enum",
        "functools",
        "ipaddress",
        "itertools",
        "json",
        "logging",
        "math",
        "operator",
        "os",
        "pathlib",
        "re",
        "secrets",
        "string",
        "sys",
        "time",
        "typing",
        "uuid",
    ];
    let named = |s: &Stmt| match &s.kind {
        StmtKind::ImportFrom(f) if f.level == 0 => Some((true, f.module.as_str())),
        StmtKind::Import(names) => names.first().map(|n| (false, n.module.as_str())),
        _ => None,
    };
    let own: Vec<(&Stmt, bool, &str)> =
        body.iter().filter_map(|s| named(s).map(|(from, m)| (s, from, m))).filter(|(_, _, m)| KNOWN.contains(&m.split('.').next().unwrap_or(m))).collect();
    let start = |s: &Stmt| source.line_span(source.position(s.span.start).line).start as usize;
    if let Some((next, ..)) = own.iter().find(|(_, from, m)| *from && *m > module) {
        return insert(file, start(next), format!("{line}{}", newline(source)));
    }
    if let Some((last, ..)) = own.last() {
        return insert(file, line_end(source, last.span.end), format!("{}{line}", newline(source)));
    }
    let first = body.iter().find(|s| named(s).is_some_and(|(_, m)| m != "__future__"));
    let future = body.iter().find(|s| named(s).is_some_and(|(_, m)| m == "__future__"));
    match (first, future) {
        (Some(s), _) => insert(file, start(s), format!("{line}{0}{0}", newline(source))),
        (None, Some(s)) => insert(file, line_end(source, s.span.end), format!("{0}{0}{line}", newline(source))),
        (None, None) => above(file, source, body, line),
    }
}

/// Above all code, below the docstring.
fn above(file: FileId, source: &SourceFile, body: &[Stmt], line: &str) -> Edit {
    let docstring = body.first().filter(|s| matches!(s.kind, StmtKind::Prose));
    if let Some(s) = docstring {
        return insert(file, line_end(source, s.span.end), format!("{0}{0}{line}", newline(source)));
    }
    let at = body.first().map_or(0, |s| source.line_span(source.position(s.span.start).line).start as usize);
    let at = if at == 0 && source.text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { at };
    insert(file, at, format!("{line}{0}{0}", newline(source)))
}

/// A statement of its own behind the last import from the same package, else behind the last import at the top, else above all code.
fn alone(file: FileId, source: &SourceFile, body: &[Stmt], module: &str, name: &str) -> Edit {
    let package = |m: &str| m.split('.').next().map(str::to_owned);
    let is_import = |s: &&Stmt| matches!(s.kind, StmtKind::Import(_) | StmtKind::ImportFrom(_));
    let line = format!("from {module} import {name}");
    if STANDARD.contains(&module) {
        return standard(file, source, body, module, &line);
    }
    let own = body.iter().rfind(|s| matches!(&s.kind, StmtKind::ImportFrom(f) if f.level == 0 && package(&f.module) == package(module)));
    let docstring = body.first().filter(|s| matches!(s.kind, StmtKind::Prose));
    let behind = own.or_else(|| body.iter().take_while(|s| is_import(s) || docstring.is_some_and(|d| std::ptr::eq(d, *s))).filter(is_import).last());
    match behind {
        Some(s) => insert(file, line_end(source, s.span.end), format!("{}{line}", newline(source))),
        None => above(file, source, body, &line),
    }
}
