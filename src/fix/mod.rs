//! Applies the repairs that findings carry: in memory, round after round until nothing more can be repaired; then to the disk, or as a diff.
//!
//! A repair is made whole or not at all. Of two that touch the same bytes the first (by file, place and rule) is made, and the other is looked at again in the next
//! round, over what the first has left.

mod apply;
mod diff;
pub mod migration;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

pub use apply::edited;
pub use diff::unified;
pub use write::{Refusal, write, write_new};

use crate::check::{self, Failure, Outcome, Settings, recode};
use crate::diagnostic::{Fix, Safety};
use crate::discover::Origin;
use crate::facts;
use crate::source::{FileId, Shared, SourceFile, Sources};
use apply::Round;

/// More rounds than this are not made: each mends what the one before could not, and real files need two or three.
const MAX_ROUNDS: usize = 50;

/// One file that repairs change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// As reported.
    pub path: String,
    /// Where it is.
    pub absolute: PathBuf,
    /// Its bytes as they were read.
    pub before: Vec<u8>,
    /// Its bytes as they should be, in the same encoding.
    pub after: Vec<u8>,
    /// The text of `before`.
    pub old: String,
    /// The text of `after`.
    pub new: String,
}

/// What repairing came to. Nothing has been written yet.
#[derive(Debug, Default)]
pub struct Fixed {
    /// Files that change, by path.
    pub changes: Vec<Change>,
    /// What a check of the repaired files finds.
    pub outcome: Outcome,
    /// How many repairs were made, by rule.
    pub made: BTreeMap<&'static str, usize>,
    /// Repairs that were left, and why, for the person.
    pub notes: Vec<String>,
}

impl Fixed {
    /// How many repairs were made.
    pub fn count(&self) -> usize {
        self.made.values().sum()
    }
}

/// What may be repaired.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Also repairs that want a look.
    pub unsafe_fixes: bool,
    /// Files that must stay as they are, and why.
    pub untouchable: BTreeMap<PathBuf, String>,
}

/// Whether a repair may be made under these options.
pub fn may(fix: &Fix, options: &Options) -> bool {
    options.unsafe_fixes || fix.safety == Safety::Safe
}

/// Checks and repairs until nothing more can be repaired.
///
/// # Errors
/// When the check itself cannot run.
pub fn run(settings: &Settings, options: &Options) -> Result<Fixed, Failure> {
    let mut work = Work { settings: settings.clone(), options: options.clone(), changes: BTreeMap::new(), refused: BTreeSet::new(), notes: BTreeSet::new() };
    let mut made: BTreeMap<&'static str, usize> = BTreeMap::new();
    let mut states: BTreeSet<Vec<(PathBuf, String)>> = BTreeSet::new();
    let mut outcome = loop {
        let outcome = check::run(&work.settings)?;
        let round = work.round(&outcome);
        if round.is_empty() {
            break outcome;
        }
        for (rule, n) in round {
            *made.entry(rule).or_default() += n;
        }
        let state = work.changes.iter().map(|(path, c)| (path.clone(), c.new.clone())).collect();
        if !states.insert(state) || states.len() > MAX_ROUNDS {
            return Err(Failure::new("repairs undo each other; nothing was written").help("please report it with the file; `--select` repairs rule by rule"));
        }
        work.remember();
    };
    for d in &mut outcome.diagnostics {
        // What was refused is no repair that is left to make.
        d.fix = d.fix.take().filter(|f| !work.refused.contains(&key(&outcome.sources, d.rule, f)));
    }
    let mut changes: Vec<Change> = work.changes.into_values().filter(|c| c.before != c.after).collect();
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(Fixed { changes, outcome, made, notes: work.notes.into_iter().collect() })
}

/// A repair that must not be tried again while its files stay as they are: its rule, and its edits.
type Refused = (&'static str, Vec<(String, u32, u32, String)>);

fn key(sources: &Sources, rule: &'static str, fix: &Fix) -> Refused {
    let edit = |e: &crate::diagnostic::Edit| {
        let file = sources.get(e.location.file).path.to_string();
        (file, e.location.span.start, e.location.span.end, e.content.clone())
    };
    (rule, fix.edits.iter().map(edit).collect())
}

/// What goes from round to round.
struct Work {
    settings: Settings,
    options: Options,
    changes: BTreeMap<PathBuf, Change>,
    refused: BTreeSet<Refused>,
    notes: BTreeSet<String>,
}

impl Work {
    /// Makes as many repairs as do not touch each other; gives how many, by rule.
    fn round(&mut self, outcome: &Outcome) -> BTreeMap<&'static str, usize> {
        let by_path: BTreeMap<Shared, usize> = self.settings.files.iter().enumerate().map(|(n, f)| (f.path.clone(), n)).collect();
        let mut made = BTreeMap::new();
        let mut round = Round::default();
        for d in &outcome.diagnostics {
            let Some(fix) = d.fix.as_ref().filter(|f| may(f, &self.options)) else { continue };
            let key = key(&outcome.sources, d.rule, fix);
            if self.refused.contains(&key) {
                continue;
            }
            let closed = fix.edits.iter().find_map(|e| self.open(outcome.sources.get(e.location.file), &by_path).err());
            if let Some(why) = closed {
                self.notes.insert(why);
                self.refused.insert(key);
            } else if round.add(fix) {
                if still_parses(&outcome.sources, &round, fix) && self.fits(&outcome.sources, &round, fix, &by_path) {
                    *made.entry(d.rule).or_default() += 1;
                } else {
                    round.take_back();
                    self.refused.insert(key);
                }
            }
        }
        for file in round.files() {
            let source = outcome.sources.get(file);
            let Some(change) = by_path.get(&source.path).and_then(|&n| self.changes.get_mut(&*self.settings.files[n].absolute)) else { continue };
            change.new = round.text(file, &source.text);
            if let Some(after) = recode(&change.before, source.language, &change.old, &change.new) {
                change.after = after;
            }
            // What did not fit into the text as it was may fit now; its bytes mean something else in any case.
            self.refused.retain(|(_, edits)| edits.iter().all(|(path, ..)| **path != *source.path));
        }
        made
    }

    /// Makes a file ready to be changed.
    fn open(&mut self, source: &SourceFile, by_path: &BTreeMap<Shared, usize>) -> Result<(), String> {
        let left = |why: &str| format!("{}: left as it is: {why}", source.path);
        let Some(&n) = by_path.get(&source.path) else { return Err(left("it is not one of the files that are checked")) };
        let candidate = &self.settings.files[n];
        if let Some(why) = self.options.untouchable.get(&*candidate.absolute) {
            return Err(left(why));
        }
        if self.changes.contains_key(&*candidate.absolute) {
            return Ok(());
        }
        let bytes = candidate.bytes().map_err(|e| left(&e.to_string()))?;
        let text = source.text.to_string();
        if recode(&bytes, candidate.language, &text, &text).is_none() {
            return Err(left("it changed since it was read"));
        }
        let absolute = candidate.absolute.to_path_buf();
        let change = Change { path: source.path.to_string(), absolute: absolute.clone(), after: bytes.clone(), before: bytes, old: text.clone(), new: text };
        self.changes.insert(absolute, change);
        Ok(())
    }

    /// Whether the encodings of its files can hold a repair.
    fn fits(&self, sources: &Sources, round: &Round, fix: &Fix, by_path: &BTreeMap<Shared, usize>) -> bool {
        fix.edits.iter().all(|e| {
            let source = sources.get(e.location.file);
            let change = by_path.get(&source.path).and_then(|&n| self.changes.get(&*self.settings.files[n].absolute));
            change.is_some_and(|c| recode(&c.before, source.language, &c.old, &round.text(e.location.file, &source.text)).is_some())
        })
    }

    /// The next check reads what this round has made.
    fn remember(&mut self) {
        for candidate in &mut self.settings.files {
            if let Some(change) = self.changes.get(&*candidate.absolute) {
                candidate.origin = Origin::Memory(change.after.clone());
            }
        }
    }
}

/// Whether the files of a repair have no more mistakes of syntax with it than without.
fn still_parses(sources: &Sources, round: &Round, fix: &Fix) -> bool {
    let files: BTreeSet<FileId> = fix.edits.iter().map(|e| e.location.file).collect();
    files.into_iter().all(|file| {
        let source = sources.get(file);
        let mistakes = |text: String| mistakes(&SourceFile::new(source.path.clone(), source.language, text));
        mistakes(round.text(file, &source.text)) <= mistakes(source.text.to_string())
    })
}

/// How many mistakes of syntax a file has.
fn mistakes(file: &SourceFile) -> usize {
    match file.language {
        crate::source::Language::Sql => {
            let template = crate::syntax::sql::template::Template::from_source(FileId(0), &file.text, 0);
            crate::syntax::sql::parse(&template, crate::syntax::sql::Parameters::Guess).skipped.len()
        }
        _ => facts::extract(file).problems.iter().filter(|p| p.kind == facts::ProblemKind::Syntax).count(),
    }
}
