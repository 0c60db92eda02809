//! The whole flow on one page. The command line, the hook and the editor all call [`run`].

mod failure;
mod from_git;
mod read;
mod settings;

use std::collections::BTreeMap;

pub use failure::Failure;
pub use settings::{LockInput, Settings};

use crate::diagnostic::{Diagnostic, Severity};
use crate::source::Sources;

/// What was looked at and what was not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
    pub fn skip(&mut self, reason: &str) {
        *self.skipped.entry(reason.to_owned()).or_default() += 1;
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
    /// Exit code: 0 clean, 1 findings, 2 could not run in full.
    pub fn exit_code(&self) -> u8 {
        if !self.troubles.is_empty() {
            return 2;
        }
        u8::from(self.diagnostics.iter().any(|d| d.severity >= Severity::Warning))
    }
}

/// Holds the code to the lock.
pub fn run(settings: &Settings) -> Result<Outcome, Failure> {
    let mut outcome = Outcome::default();
    read::all(settings, &mut outcome);
    finish(&mut outcome);
    Ok(outcome)
}

/// Puts findings in their fixed order and counts them.
fn finish(outcome: &mut Outcome) {
    outcome.diagnostics.sort_by(|a, b| (a.location, a.rule, &a.message).cmp(&(b.location, b.rule, &b.message)));
    outcome.diagnostics.dedup();
    let count = |level| outcome.diagnostics.iter().filter(|d| d.severity == level).count();
    outcome.summary.errors = count(Severity::Error);
    outcome.summary.warnings = count(Severity::Warning);
    outcome.troubles.sort();
}
