//! `report`: how far the sources that speak of a database agree with its lock.
//!
//! Sources are the live database (when one is named), models, scripts (queries and SQL), documents and caches. What a source says wrongly is what
//! `check` finds there, so that a report and a run never disagree; what it leaves out is counted here.

mod build;
mod html;
mod json;
mod markdown;
mod text;

use std::collections::BTreeMap;

use serde::Serialize;

pub use build::{Seen, look, report};
pub use html::html;
pub use json::json;
pub use markdown::markdown;
pub use text::text;

/// Where something is said of the database, in the order of reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// The live database.
    Database,
    /// Mapped classes and table objects.
    Models,
    /// Queries in code and SQL.
    Scripts,
    /// Markdown.
    Documents,
    /// Bound cache entries.
    Caches,
}

impl Source {
    /// All of them.
    pub const ALL: [Source; 5] = [Source::Database, Source::Models, Source::Scripts, Source::Documents, Source::Caches];

    /// As reports name it.
    pub fn name(self) -> &'static str {
        match self {
            Source::Database => "database",
            Source::Models => "models",
            Source::Scripts => "scripts",
            Source::Documents => "documents",
            Source::Caches => "caches",
        }
    }
}

/// How a source stands to a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// It says nothing of it.
    #[default]
    Absent,
    /// All it says is true.
    Agrees,
    /// It leaves something out, and nothing it says is wrong.
    Lacks,
    /// Something it says is wrong.
    Drifts,
}

impl Standing {
    /// As reports name it.
    pub fn name(self) -> &'static str {
        match self {
            Standing::Absent => "absent",
            Standing::Agrees => "agrees",
            Standing::Lacks => "lacks",
            Standing::Drifts => "drifts",
        }
    }
}

/// Something wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Fault {
    /// The rule; `database` for differences between the lock and the live database.
    pub rule: &'static str,
    /// `error`, `warning` or `info`.
    pub severity: crate::diagnostic::Severity,
    /// The column in question.
    pub column: Option<String>,
    /// One line.
    pub message: String,
    /// `file:line:column`; `None` for the database.
    pub place: Option<String>,
}

/// What one source says of one table.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Cell {
    /// The verdict.
    pub standing: Standing,
    /// Names of columns that the lock has and the source leaves out. Of scripts: columns that none names, which is no fault.
    pub lacks: Vec<String>,
    /// Names that the source has and the lock does not.
    pub extra: Vec<String>,
    /// What is wrong.
    pub faults: Vec<Fault>,
    /// How often the source names the table or its columns.
    pub references: usize,
    /// Models of the table.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<String>,
}

/// One table, over all sources.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub table: String,
    /// `table`, `view`…
    pub kind: &'static str,
    /// How many columns the lock has.
    pub columns: usize,
    /// The worst standing of its sources.
    pub standing: Standing,
    /// By source, those that were looked at.
    pub sources: BTreeMap<Source, Cell>,
}

impl Row {
    /// Its name as people write it.
    pub fn title(&self) -> String {
        if self.schema == "public" { self.table.clone() } else { format!("{}.{}", self.schema, self.table) }
    }
}

/// The whole report.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// Sources that were looked at.
    pub sources: Vec<Source>,
    /// Every table and view of the lock, by name.
    pub rows: Vec<Row>,
    /// What is wrong and belongs to no table of the lock: unknown tables, migrations, housekeeping.
    pub elsewhere: Vec<Fault>,
    /// The counts of `check`.
    pub summary: crate::check::Summary,
}

impl Report {
    /// How many rows stand so.
    pub fn count(&self, standing: Standing) -> usize {
        self.rows.iter().filter(|r| r.standing == standing).count()
    }

    /// References that were held to the lock, of a hundred; `None` where there are none.
    pub fn coverage(&self) -> Option<f64> {
        #[allow(clippy::cast_precision_loss, reason = "a percentage for people")]
        (self.summary.references > 0).then(|| self.summary.checked as f64 * 100.0 / self.summary.references as f64)
    }

    /// Whether anything is wrong: exit code 1.
    pub fn drifts(&self) -> bool {
        let bad = |f: &Fault| f.severity >= crate::diagnostic::Severity::Warning;
        self.elsewhere.iter().any(bad) || self.rows.iter().any(|r| r.sources.values().any(|c| c.faults.iter().any(bad)))
    }

    /// One line: tables, what drifts, coverage.
    pub fn headline(&self) -> String {
        let coverage = self.coverage().map_or_else(|| "no references".to_owned(), |c| format!("{c:.1} % of {} references checked", self.summary.references));
        let (drift, all) = (self.count(Standing::Drifts), self.rows.len());
        let verdict = if drift == 0 { format!("all {all} tables and views conform") } else { format!("{drift} of {all} tables and views drift") };
        format!("{verdict}, {coverage}")
    }
}
