//! GitHub annotations. A step shows ten of each level and drops the rest without a word, so we choose which ten, and put all of
//! them into the job summary.

use std::fmt::Write as _;

use super::concise::level;
use super::escape::{github_data, github_property, markdown, no_commands};
use crate::check::Outcome;
use crate::diagnostic::{Diagnostic, Severity};

/// GitHub's limit per level and step.
const SHOWN: usize = 10;

/// GitHub refuses a summary above 1 MiB as a whole.
const SUMMARY_LIMIT: usize = 900_000;

pub(super) fn render(outcome: &Outcome) -> String {
    let mut out = String::new();
    for severity in [Severity::Error, Severity::Warning, Severity::Info] {
        let all: Vec<&Diagnostic> = outcome.diagnostics.iter().filter(|d| d.severity == severity).collect();
        // The last place is kept for the word on the rest.
        let shown = if all.len() > SHOWN { SHOWN - 1 } else { all.len() };
        for d in &all[..shown] {
            out.push_str(&annotation(d, outcome));
        }
        if all.len() > shown {
            let _ = writeln!(out, "::{}::{} more of this level stand in the job summary", command(severity), all.len() - shown);
        }
    }
    out.push_str(&no_commands(&super::escape::visible(&super::summary_line(&outcome.summary))));
    out.push('\n');
    out
}

fn command(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "notice",
    }
}

fn annotation(d: &Diagnostic, outcome: &Outcome) -> String {
    let file = outcome.sources.get(d.location.file);
    let (start, end) = (file.position(d.location.span.start), file.position(d.location.span.end));
    let mut line =
        format!("::{} title={},file={},line={},endLine={}", command(d.severity), github_property(d.rule), github_property(&file.path), start.line, end.line);
    // GitHub rejects columns on annotations of several lines.
    if start.line == end.line {
        let _ = write!(line, ",col={},endColumn={}", start.column, end.column);
    }
    let text = match &d.help {
        Some(help) => format!("{}\nhelp: {help}", d.message),
        None => d.message.clone(),
    };
    format!("{line}::{}\n", github_data(&text))
}

/// All findings as Markdown, for `$GITHUB_STEP_SUMMARY`.
pub fn job_summary(outcome: &Outcome) -> String {
    let mut out = format!("### dbtruth\n\n{}\n", markdown(&super::summary_line(&outcome.summary)));
    if outcome.diagnostics.is_empty() {
        return out;
    }
    out.push_str("\n| level | place | rule | finding |\n|---|---|---|---|\n");
    let mut ordered: Vec<&Diagnostic> = outcome.diagnostics.iter().collect();
    ordered.sort_by_key(|d| std::cmp::Reverse(d.severity));
    for (n, d) in ordered.iter().enumerate() {
        let file = outcome.sources.get(d.location.file);
        let at = file.position(d.location.span.start);
        let help = d.help.as_ref().map(|h| format!("<br>{}", markdown(h))).unwrap_or_default();
        let row = format!("| {} | {}:{}:{} | {} | {}{help} |\n", level(d.severity), markdown(&file.path), at.line, at.column, d.rule, markdown(&d.message));
        if out.len() + row.len() > SUMMARY_LIMIT {
            let _ = writeln!(out, "\n{} more findings do not fit here.", ordered.len() - n);
            break;
        }
        out.push_str(&row);
    }
    out
}
