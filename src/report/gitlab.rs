//! GitLab Code Quality.

use serde_json::{Value, json};

use super::json::line;
use crate::check::{Outcome, fingerprints};
use crate::diagnostic::Severity;

pub(super) fn render(outcome: &Outcome) -> String {
    let prints = fingerprints(&outcome.sources, &outcome.diagnostics);
    let issues = outcome.diagnostics.iter().zip(prints).map(|(d, fingerprint)| {
        let file = outcome.sources.get(d.location.file);
        let (start, end) = (file.position(d.location.span.start), file.position(d.location.span.end));
        let severity = match d.severity {
            Severity::Error => "major",
            Severity::Warning => "minor",
            Severity::Info => "info",
        };
        json!({
            "check_name": d.rule,
            // GitLab does not show `check_name`.
            "description": format!("{}: {}", d.rule, d.message),
            "severity": severity,
            "fingerprint": fingerprint,
            "location": {
                "path": file.path,
                "positions": {"begin": {"line": start.line, "column": start.column}, "end": {"line": end.line, "column": end.column}},
            },
        })
    });
    line(&Value::Array(issues.collect()))
}
