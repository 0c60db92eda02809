//! JSON, version 1. These structs are the contract: the program's own types may change, these may not.

use serde::Serialize;

use crate::check::Outcome;
use crate::diagnostic::{self, Context, Safety, Severity};
use crate::report::escape;
use crate::source::{Location, Sources, Span};

/// `check --format json`.
#[derive(Serialize)]
struct Check<'a> {
    version: u32,
    diagnostics: Vec<Diagnostic<'a>>,
    summary: Summary<'a>,
}

/// One finding.
#[derive(Serialize)]
pub(super) struct Diagnostic<'a> {
    rule: &'a str,
    severity: Severity,
    message: &'a str,
    help: Option<&'a str>,
    file: &'a str,
    range: Range,
    schema: Option<&'a str>,
    table: Option<&'a str>,
    column: Option<&'a str>,
    suggestion: Option<&'a str>,
    context: Context,
    related: Vec<Related<'a>>,
    fix: Option<Fix<'a>>,
}

#[derive(Serialize)]
struct Related<'a> {
    file: &'a str,
    range: Range,
    message: &'a str,
}

#[derive(Serialize)]
struct Fix<'a> {
    safety: Safety,
    edits: Vec<Edit<'a>>,
}

#[derive(Serialize)]
struct Edit<'a> {
    file: &'a str,
    range: Range,
    content: &'a str,
}

#[derive(Serialize)]
struct Summary<'a> {
    files: usize,
    references: usize,
    checked: usize,
    skipped: &'a std::collections::BTreeMap<String, usize>,
    errors: usize,
    warnings: usize,
}

/// A range as people count it: from 1, columns in characters; offsets in bytes from 0.
#[derive(Serialize)]
pub struct Range {
    start: Point,
    end: Point,
}

#[derive(Serialize)]
struct Point {
    line: u32,
    column: u32,
    offset: u32,
}

impl Range {
    /// `line:column` of its start.
    pub fn place(&self) -> String {
        format!("{}:{}", self.start.line, self.start.column)
    }

    /// Its first line, from 1.
    pub fn line(&self) -> u32 {
        self.start.line
    }

    /// The range of a place in its file.
    pub fn of(sources: &Sources, location: Location) -> Self {
        let file = sources.get(location.file);
        let point = |offset| {
            let p = file.position(offset);
            Point { line: p.line, column: p.column, offset: p.offset }
        };
        let Span { start, end } = location.span;
        Self { start: point(start), end: point(end) }
    }
}

/// The report of `check`, on one line.
pub fn check(outcome: &Outcome) -> String {
    let summary = &outcome.summary;
    let report = Check {
        version: 1,
        diagnostics: diagnostics(outcome),
        summary: Summary {
            files: summary.files,
            references: summary.references,
            checked: summary.checked,
            skipped: &summary.skipped,
            errors: summary.errors,
            warnings: summary.warnings,
        },
    };
    line(&report)
}

/// The findings of an outcome.
pub(super) fn diagnostics(outcome: &Outcome) -> Vec<Diagnostic<'_>> {
    outcome.diagnostics.iter().map(|d| convert(d, &outcome.sources)).collect()
}

/// One line of JSON that no CI runner takes for a command.
pub fn line(value: &impl Serialize) -> String {
    let text = serde_json::to_string(value).expect("the structs hold nothing that JSON cannot");
    escape::json_no_commands(&text) + "\n"
}

fn convert<'a>(d: &'a diagnostic::Diagnostic, sources: &'a Sources) -> Diagnostic<'a> {
    let file = |at: Location| sources.get(at.file).path.as_str();
    Diagnostic {
        rule: d.rule,
        severity: d.severity,
        message: &d.message,
        help: d.help.as_deref(),
        file: file(d.location),
        range: Range::of(sources, d.location),
        schema: d.schema.as_deref(),
        table: d.table.as_deref(),
        column: d.column.as_deref(),
        suggestion: d.suggestion.as_deref(),
        context: d.context,
        related: d.related.iter().map(|r| Related { file: file(r.location), range: Range::of(sources, r.location), message: &r.message }).collect(),
        fix: d.fix.as_ref().map(|f| Fix {
            safety: f.safety,
            edits: f.edits.iter().map(|e| Edit { file: file(e.location), range: Range::of(sources, e.location), content: &e.content }).collect(),
        }),
    }
}
