//! What a run gives back.

use std::collections::BTreeMap;

use super::{Opened, Settings, shown};
use crate::diagnostic::{Access, Context, Diagnostic, Severity};
use crate::project::uses::Certainty;
use crate::rules::{self, Known};
use crate::source::Sources;

/// What was looked at and what was not.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Summary {
    /// Files reported on.
    pub files: usize,
    /// References to tables and columns found in them.
    pub references: usize,
    /// References that were held to the lock.
    pub checked: usize,
    /// Reason → how many references or files were not.
    pub skipped: BTreeMap<String, usize>,
    /// Findings of that level.
    pub errors: usize,
    /// Findings of that level.
    pub warnings: usize,
}

impl Summary {
    /// Counts something that was not checked.
    pub fn skip(&mut self, reason: &str, times: usize) {
        *self.skipped.entry(reason.to_owned()).or_default() += times;
    }
}

/// What a run found.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Every file that a finding may point into, the lock among them.
    pub sources: Sources,
    /// Sorted by file, place, rule.
    pub diagnostics: Vec<Diagnostic>,
    /// The counts.
    pub summary: Summary,
    /// What went wrong without stopping the run: unreadable files, a crash inside one file. Not empty means exit code 2.
    pub troubles: Vec<String>,
    /// What the user should hear although it is no finding.
    pub notes: Vec<String>,
}

impl Outcome {
    /// Exit code: 0 clean, 1 findings (errors or warnings), 2 could not run in full.
    pub fn exit_code(&self) -> u8 {
        if !self.troubles.is_empty() {
            return 2;
        }
        u8::from(self.diagnostics.iter().any(|d| d.severity >= Severity::Warning))
    }

    /// Counts files and references that the user asked about.
    pub(super) fn count(&mut self, settings: &Settings, opened: &Opened, context: &rules::Context<'_, '_>) {
        let asked: Vec<bool> = opened.paths.iter().map(|p| p.as_deref().is_some_and(|p| settings.reports(p))).collect();
        self.summary.files = asked.iter().filter(|a| **a).count();
        let mut one = |file: crate::source::FileId, known: &Known<'_>, certainty: Certainty, made: bool| {
            if !asked[file.0 as usize] {
                return;
            }
            self.summary.references += 1;
            match (certainty, known) {
                (Certainty::Low, _) => self.summary.skip("only a guess", 1),
                (_, Known::Open) => self.summary.skip("table outside the lock or only partly known", 1),
                (_, Known::Missing) if made => self.summary.skip("table that another script of the project makes", 1),
                (_, Known::Closed(..) | Known::Missing) => self.summary.checked += 1,
            }
        };
        // What a revision does to the schema is nothing to check.
        for r in context.project.uses.references.iter().filter(|r| r.access != Access::Ddl || r.context != Context::Migration) {
            let made = r.model.is_none() && context.is_made_besides(r.relation, r.via == "sql");
            one(r.location.file, &context.relation(r.relation), r.certainty, made);
        }
        for p in &context.project.uses.sql_problems {
            one(p.location.file, &Known::Missing, p.certainty, false);
        }
        for ((reason, file), times) in &context.project.uses.skipped {
            if file.is_none_or(|f| asked[f.0 as usize]) {
                self.summary.skip(reason, *times);
            }
        }
        // Of several projects it is said once.
        if settings.member.is_none() {
            self.hint();
        }
    }

    /// Says where so little could be checked that "no findings" would sound better than it is.
    pub(super) fn hint(&mut self) {
        let (found, checked) = (self.summary.references, self.summary.checked);
        if found >= 20 && checked * 10 < found {
            let hint = "a lock from the database, or from `pg_dump --schema-only`, knows more than one from migrations";
            self.notes
                .push(format!("only {checked} of {found} references could be checked, for the lock does not know the others' tables, or not wholly; {hint}"));
        }
    }

    /// Puts findings in their fixed order.
    pub(super) fn order(&mut self, sources: &Sources) {
        order(&mut self.diagnostics, sources);
    }

    /// Orders and counts what is to be reported.
    pub(super) fn finish(&mut self) {
        let sources = std::mem::take(&mut self.sources);
        self.order(&sources);
        self.sources = sources;
        let count = |level| self.diagnostics.iter().filter(|d| d.severity == level).count();
        self.summary.errors = count(Severity::Error);
        self.summary.warnings = count(Severity::Warning);
        self.troubles.sort();
    }
}

/// Puts findings in their fixed order: by file, place, rule.
pub(super) fn order(diagnostics: &mut Vec<Diagnostic>, sources: &Sources) {
    diagnostics.sort_by_cached_key(|d| (shown(sources, d.location.file).to_owned(), d.location.span, d.rule, d.message.clone()));
    diagnostics.dedup();
}
