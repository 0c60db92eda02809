//! Reviewdog Diagnostic Format (`rdjson`).
//!
//! Its columns count UTF-8 bytes from 1, unlike those of every other format here (`proto/rdf/reviewdog.proto` of reviewdog/reviewdog).

use serde_json::{Value, json};

use super::json::line;
use crate::check::Outcome;
use crate::diagnostic::{Diagnostic, Severity};
use crate::source::{Location, Sources};

pub(super) fn render(outcome: &Outcome) -> String {
    let diagnostics: Vec<Value> = outcome.diagnostics.iter().map(|d| one(d, &outcome.sources)).collect();
    line(&json!({"source": {"name": "dbtruth"}, "diagnostics": diagnostics}))
}

fn one(d: &Diagnostic, sources: &Sources) -> Value {
    let severity = match d.severity {
        Severity::Error => "ERROR",
        Severity::Warning => "WARNING",
        Severity::Info => "INFO",
    };
    let message = d.help.as_ref().map_or_else(|| d.message.clone(), |help| format!("{}\nhelp: {help}", d.message));
    let related: Vec<Value> = d.related.iter().map(|r| json!({"message": r.message, "location": location(r.location, sources)})).collect();
    // A suggestion is one replacement of its own; a fix of several edits, or of another file, cannot be said.
    let suggestions: Vec<Value> = match &d.fix {
        Some(fix) if fix.edits.len() == 1 && fix.edits[0].location.file == d.location.file => {
            vec![json!({"range": range(fix.edits[0].location, sources), "text": fix.edits[0].content})]
        }
        _ => Vec::new(),
    };
    json!({
        "message": message,
        "location": location(d.location, sources),
        "severity": severity,
        "code": {"value": d.rule},
        "suggestions": suggestions,
        "relatedLocations": related,
    })
}

fn location(at: Location, sources: &Sources) -> Value {
    json!({"path": sources.get(at.file).path, "range": range(at, sources)})
}

fn range(at: Location, sources: &Sources) -> Value {
    let file = sources.get(at.file);
    let place = |offset: u32| {
        let position = file.position(offset);
        let start = file.line_starts().get(position.line as usize - 1).copied().unwrap_or(0);
        json!({"line": position.line, "column": position.offset.saturating_sub(start) + 1})
    };
    json!({"start": place(at.span.start), "end": place(at.span.end)})
}
