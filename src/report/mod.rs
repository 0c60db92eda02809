//! Findings into bytes, one file a format. No writer knows a rule; none changes the exit code.

mod azure;
pub mod changes;
mod checkstyle;
mod concise;
pub mod conformance;
pub mod diagram;
pub mod drift;
pub mod escape;
mod github;
mod gitlab;
mod human;
pub mod json;
mod junit;
pub mod listing;
mod rdjson;
pub mod references;
mod sarif;
pub mod show;
pub mod verify;

use crate::check::{Outcome, Summary};

pub use github::job_summary;

/// An output format of `check`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For a person at a terminal.
    #[default]
    Human,
    /// One line a finding.
    Concise,
    /// Version 1, for scripts.
    Json,
    /// Annotations on a GitHub pull request.
    Github,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// GitLab Code Quality.
    Gitlab,
    /// JUnit XML.
    Junit,
    /// Checkstyle XML.
    Checkstyle,
    /// Reviewdog's JSON.
    Rdjson,
    /// Issues of an Azure Pipelines run.
    Azure,
}

/// How text for people looks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    /// ANSI colours.
    pub colour: bool,
    /// Columns of the terminal.
    pub width: usize,
}

/// The report for standard output.
pub fn render(format: Format, outcome: &Outcome, style: Style) -> String {
    match format {
        Format::Human => human::render(outcome, style),
        Format::Concise => concise::render(outcome),
        Format::Json => json::check(outcome),
        Format::Github => github::render(outcome),
        Format::Sarif => sarif::render(outcome),
        Format::Gitlab => gitlab::render(outcome),
        Format::Junit => junit::render(outcome),
        Format::Checkstyle => checkstyle::render(outcome),
        Format::Rdjson => rdjson::render(outcome),
        Format::Azure => azure::render(outcome),
    }
}

/// Whether the format already says what [`summary_line`] says.
pub fn carries_summary(format: Format) -> bool {
    !matches!(format, Format::Sarif | Format::Gitlab | Format::Junit | Format::Checkstyle | Format::Rdjson)
}

/// What was looked at and what not: the line that every run ends with.
pub fn summary_line(summary: &Summary) -> String {
    let mut line = format!("{}, {}, {} checked", count(summary.files, "file"), count(summary.references, "reference"), summary.checked);
    let skipped: usize = summary.skipped.values().sum();
    if skipped > 0 {
        let reasons: Vec<String> = summary.skipped.iter().map(|(reason, n)| format!("{reason} {n}")).collect();
        line = format!("{line}, {skipped} skipped ({})", reasons.join(", "));
    }
    let verdict = match (summary.errors, summary.warnings) {
        (0, 0) => "no findings".to_owned(),
        (e, 0) => count(e, "error"),
        (0, w) => count(w, "warning"),
        (e, w) => format!("{}, {}", count(e, "error"), count(w, "warning")),
    };
    format!("{line}: {verdict}")
}

/// `1 file`, `2 files`.
pub fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}
