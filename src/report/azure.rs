//! Azure Pipelines: one `##vso[task.logissue …]` a finding, which the run's page lists and links to the line.
//!
//! The agent reads `##vso[area.action name=value;…]message` anywhere in a line (`Command.TryParse` of microsoft/azure-pipelines-agent).

use std::fmt::Write as _;

use super::escape::{azure_data, azure_property, no_commands, visible};
use crate::check::Outcome;
use crate::diagnostic::{Diagnostic, Severity};

/// The page of a run becomes unusable with more; what is left out is counted.
const SHOWN: usize = 1_000;

pub(super) fn render(outcome: &Outcome) -> String {
    let mut ordered: Vec<&Diagnostic> = outcome.diagnostics.iter().filter(|d| d.severity >= Severity::Warning).collect();
    ordered.sort_by_key(|d| std::cmp::Reverse(d.severity));
    let mut out = String::new();
    for d in ordered.iter().take(SHOWN) {
        let at = outcome.sources.get(d.location.file);
        let place = at.position(d.location.span.start);
        let help = d.help.as_ref().map(|h| format!(" ({h})")).unwrap_or_default();
        let _ = writeln!(
            out,
            "##vso[task.logissue type={};sourcepath={};linenumber={};columnnumber={};code={};]{}",
            super::concise::level(d.severity),
            azure_property(&at.path),
            place.line,
            place.column,
            azure_property(d.rule),
            azure_data(&format!("{}: {}{help}", d.rule, d.message)),
        );
    }
    if let Some(more) = ordered.len().checked_sub(SHOWN).filter(|n| *n > 0) {
        let _ = writeln!(out, "##vso[task.logissue type=warning;]{more} more findings are not listed here");
    }
    out.push_str(&no_commands(&visible(&super::summary_line(&outcome.summary))));
    out.push('\n');
    out
}
