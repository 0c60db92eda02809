//! `drift`: what the live database and the models have otherwise than the lock, as text, JSON (version 1) and Markdown.

use std::fmt::Write as _;

use serde::Serialize;

use super::changes::{self, ChangeEntry};
use super::escape::{self, no_commands, visible};
use super::{count, json};
use crate::check::Outcome;

/// How drift is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum DriftFormat {
    /// For people.
    #[default]
    Text,
    /// Version 1, for scripts.
    Json,
    /// For an issue, a pull request or a job summary.
    Markdown,
}

/// The live database against the lock.
pub struct Database {
    /// What it has otherwise.
    pub changes: Vec<ChangeEntry>,
    /// Differences in objects that the lock itself calls incomplete: no drift, but counted.
    pub unsure: usize,
    /// Nothing that code could notice differs, and still `pull` would write other bytes (the search path, the order of labels).
    pub rewritten: bool,
}

/// Everything that was compared; a side that nobody asked for is `None`.
pub struct Report {
    /// The lock as shown.
    pub lock: String,
    /// The live database.
    pub database: Option<Database>,
    /// Findings about models.
    pub models: Option<Outcome>,
}

impl Report {
    /// Whether anything differs.
    pub fn drifted(&self) -> bool {
        self.database.as_ref().is_some_and(|d| d.rewritten || !d.changes.is_empty()) || self.models.as_ref().is_some_and(|m| m.exit_code() == 1)
    }

    fn verdict(&self) -> String {
        let mut parts = Vec::new();
        if let Some(d) = &self.database {
            let mut text = if d.changes.is_empty() && d.rewritten {
                "the database differs in what only the lock's text shows".to_owned()
            } else {
                format!("{} in the database", count(d.changes.len(), "difference"))
            };
            if d.unsure > 0 {
                let _ = write!(text, " ({} more in objects that the lock calls incomplete)", d.unsure);
            }
            parts.push(text);
        }
        if let Some(m) = &self.models {
            parts.push(format!("{} in the models", count(m.diagnostics.len(), "difference")));
        }
        format!("{}: {}", if self.drifted() { "drift" } else { "no drift" }, parts.join(", "))
    }
}

/// The report for standard output.
pub fn render(format: DriftFormat, report: &Report) -> String {
    match format {
        DriftFormat::Text => text(report),
        DriftFormat::Json => json(report),
        DriftFormat::Markdown => markdown(report),
    }
}

/// `file:line:column: level[rule] message (help)` for each finding about models.
fn findings(outcome: &Outcome) -> impl Iterator<Item = String> + '_ {
    outcome.diagnostics.iter().map(|d| {
        let file = outcome.sources.get(d.location.file);
        let at = file.position(d.location.span.start);
        let help = d.help.as_ref().map(|h| format!(" ({h})")).unwrap_or_default();
        format!("{}:{}:{}: {}[{}] {}{help}", file.path, at.line, at.column, super::concise::level(d.severity), d.rule, d.message)
    })
}

fn text(report: &Report) -> String {
    let mut out = String::new();
    if let Some(d) = report.database.as_ref().filter(|d| !d.changes.is_empty()) {
        let _ = writeln!(out, "the database has otherwise than {}:", visible(&report.lock));
        out.push_str(&changes::text(&d.changes));
    }
    if let Some(m) = report.models.as_ref().filter(|m| !m.diagnostics.is_empty()) {
        let _ = writeln!(out, "the models have otherwise than {}:", visible(&report.lock));
        for finding in findings(m) {
            let _ = writeln!(out, "{}", visible(&finding));
        }
    }
    let _ = writeln!(out, "{}", report.verdict());
    no_commands(&out).into_owned()
}

fn markdown(report: &Report) -> String {
    let mut out = format!("### {}\n", escape::markdown(&report.verdict()));
    if let Some(d) = report.database.as_ref().filter(|d| !d.changes.is_empty()) {
        let _ = writeln!(out, "\nThe database has otherwise than {}:\n", escape::markdown(&report.lock));
        out.push_str(&changes::markdown(&d.changes));
    }
    if let Some(m) = report.models.as_ref().filter(|m| !m.diagnostics.is_empty()) {
        let _ = writeln!(out, "\nThe models have otherwise than {}:\n", escape::markdown(&report.lock));
        for finding in findings(m) {
            let _ = writeln!(out, "- {}", escape::markdown(&finding));
        }
    }
    out
}

fn json(report: &Report) -> String {
    #[derive(Serialize)]
    struct Drift<'a> {
        version: u32,
        drift: bool,
        database: Option<Side<'a>>,
        models: Option<Models<'a>>,
    }
    #[derive(Serialize)]
    struct Side<'a> {
        changes: &'a [ChangeEntry],
        incomplete: usize,
        rewritten: bool,
    }
    #[derive(Serialize)]
    struct Models<'a> {
        diagnostics: Vec<json::Diagnostic<'a>>,
    }
    json::line(&Drift {
        version: 1,
        drift: report.drifted(),
        database: report.database.as_ref().map(|d| Side { changes: &d.changes, incomplete: d.unsure, rewritten: d.rewritten }),
        models: report.models.as_ref().map(|m| Models { diagnostics: json::diagnostics(m) }),
    })
}
