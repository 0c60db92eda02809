//! What is said of several projects, as one answer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::{Failure, Opened, Outcome, Settings, accept, memo};
use crate::discover::{display_path, normalise};
use crate::source::{FileId, Language, SourceFile, Sources};

/// What was found so far. Of the files only those are kept that findings point into.
pub(super) struct Merged {
    pub outcome: Outcome,
    by_path: BTreeMap<String, FileId>,
    notes: BTreeSet<String>,
}

impl Merged {
    pub fn new(settings: &Settings) -> Self {
        let mut sources = Sources::default();
        let lock = display_path(&settings.lock.path, &settings.cwd);
        // Its text comes with the first finding that points into it.
        let id = sources.add(SourceFile::new(lock.clone(), Language::Yaml, ""));
        let outcome = Outcome { sources, notes: settings.notes.clone(), troubles: settings.troubles.clone(), ..Outcome::default() };
        Self { outcome, by_path: [(lock, id)].into(), notes: BTreeSet::new() }
    }

    /// Adds what was found in one project.
    pub fn add(&mut self, mut other: Outcome) {
        for d in &mut other.diagnostics {
            for place in memo::places_of(d) {
                place.file = self.file(other.sources.share(place.file));
            }
        }
        self.outcome.diagnostics.append(&mut other.diagnostics);
        let (all, one) = (&mut self.outcome.summary, other.summary);
        all.files += one.files;
        all.references += one.references;
        all.checked += one.checked;
        one.skipped.into_iter().for_each(|(reason, times)| all.skip(&reason, times));
        // Several projects may read one file that nobody can read.
        self.outcome.troubles.append(&mut other.troubles);
        let notes = other.notes.into_iter().filter(|n| self.notes.insert(n.clone()));
        self.outcome.notes.extend(notes);
    }

    fn file(&mut self, source: Arc<SourceFile>) -> FileId {
        let sources = &mut self.outcome.sources;
        if let Some(known) = self.by_path.get(source.path.as_str()) {
            // Of a file that findings of an earlier run point into, no more is read than they need.
            if sources.get(*known).text.len() < source.text.len() {
                sources.set(*known, source);
            }
            return *known;
        }
        let path = source.path.to_string();
        let id = sources.add(source);
        self.by_path.insert(path, id);
        id
    }

    /// The whole answer, without what the user has accepted.
    pub fn finish(self, settings: &Settings) -> Result<Outcome, Failure> {
        let mut outcome = self.outcome;
        outcome.hint();
        outcome.troubles.sort();
        outcome.troubles.dedup();
        let sources = std::mem::take(&mut outcome.sources);
        let paths = sources.iter().skip(1).map(|(_, f)| Some(normalise(f.path.as_ref(), &settings.cwd).into()));
        let paths = std::iter::once(None).chain(paths).collect();
        let facts = vec![Arc::default(); sources.len()];
        let mut opened = Opened { paths, facts, ..Opened::empty(settings, sources, Arc::default(), FileId(0)) };
        outcome.order(&opened.sources);
        accept(settings, &mut opened, &mut outcome)?;
        outcome.sources = opened.sources;
        outcome.finish();
        Ok(outcome)
    }
}
