//! One line a finding, for `grep` and for editors: `file:line:column: level[rule] message (help)`.

use super::escape::{no_commands, visible};
use crate::check::Outcome;
use crate::diagnostic::Severity;

/// The word for a level.
pub(super) fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

pub(super) fn render(outcome: &Outcome) -> String {
    let mut out = String::new();
    for d in &outcome.diagnostics {
        let file = outcome.sources.get(d.location.file);
        let at = file.position(d.location.span.start);
        let line = format!("{}:{}:{}: {}[{}] {}", file.path, at.line, at.column, level(d.severity), d.rule, d.message);
        out.push_str(&visible(&line));
        if let Some(help) = &d.help {
            out.push_str(&visible(&format!(" ({help})")));
        }
        out.push('\n');
    }
    out.push_str(&visible(&super::summary_line(&outcome.summary)));
    out.push('\n');
    no_commands(&out).into_owned()
}
