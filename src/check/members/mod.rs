//! A large repository in which several projects lie side by side: each is linked by itself, with those that it imports from.
//!
//! What a project says of tables hangs on its own code and on what it imports, so the others need not be in memory at the same time, and a run over one file reads none of them.
//! That holds in every kind of run, with a cache and without, and for what all files say as for what one says: which projects there are is told by names of files and folders alone.

mod folders;
mod made;
mod merge;
mod reach;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

pub(super) use self::folders::Folders;
use self::merge::Merged;
use self::reach::{Reach, Reached};
use super::memo::{self, Asked, Memo};
use super::read::{self, Parsed};
use super::{Failure, Opened, Outcome, Settings, run_alone};
use crate::discover::{Candidate, is_in};
use crate::project::modules::{first_part, is_library};
use crate::schema::Schema;
use crate::source::{FILES_AT_ONCE, FileId, Language, SourceFile};
use crate::symbol::Symbol;
use crate::syntax::python;

/// The project that a run is about, among those of a repository.
#[derive(Clone, Debug, Default)]
pub struct Member {
    /// Its folders; none for what lies in no project.
    folders: Vec<PathBuf>,
    /// The first parts of everything that is imported in it.
    names: Arc<BTreeSet<Symbol>>,
    /// Of the settings' files those that are read already, in their order; or nothing.
    parsed: Arc<Vec<Option<Parsed>>>,
    lock: SharedLock,
}

/// What the lock says, with what the configuration adds to it, and the file: there once the first project has read it.
type SharedLock = Arc<OnceLock<(Arc<Schema>, Arc<SourceFile>)>>;

impl Member {
    /// Its folders, by which what is kept of it is known.
    pub(super) fn folders(&self) -> &[PathBuf] {
        &self.folders
    }

    /// The lock, which all projects share.
    pub(super) fn lock(&self) -> &OnceLock<(Arc<Schema>, Arc<SourceFile>)> {
        &self.lock
    }

    /// Whether a file is another project's, read because this one imports it.
    pub(super) fn is_guest(&self, absolute: &Path) -> bool {
        !self.folders.is_empty() && !self.folders.iter().any(|folder| is_in(absolute, folder))
    }

    /// Whether a text of this project imports anything that nobody here imported when it was last looked where imports lead.
    pub(super) fn imports_more(&self, absolute: &Path, text: &str) -> bool {
        let folder = self.folders.iter().find(|folder| is_in(absolute, folder));
        let deep = folder.map_or(0, |folder| reach::depth(absolute, folder));
        python::imports(text).any(|import| {
            let is_new = || !is_library(import.module) && !self.names.contains(&Symbol::from(first_part(import.module)));
            if import.level > 0 { import.level as usize > deep } else { is_new() }
        })
    }

    /// One of the settings' files, if it is read already.
    pub(super) fn parsed(&self, n: usize) -> Option<&Parsed> {
        self.parsed.get(n)?.as_ref()
    }
}

/// What a project consists of and reads, kept for the next run.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// Of the names of all Python files.
    state: u64,
    /// The folders that it consists of.
    folders: Vec<String>,
    /// Files of others, by their numbers.
    guests: BTreeSet<usize>,
    names: BTreeSet<Symbol>,
}

/// The projects of a repository, and what is asked of them.
struct Members<'s> {
    settings: &'s Settings,
    folders: &'s Folders,
    reach: Reach<'s>,
    memo: Option<&'s Memo>,
    /// Files that are read already, by their numbers.
    given: FxHashMap<usize, Parsed>,
    /// See [`Kept::state`].
    state: u64,
    /// The numbers of those of which the answer is there.
    done: BTreeSet<u32>,
    lock: SharedLock,
}

/// Runs over every project with files that are reported, one after another. `last` says that the program ends after it.
pub(super) fn run(settings: &Settings, folders: &Folders, memo: Option<&Memo>, asked: Option<Asked>, last: bool) -> Result<Outcome, Failure> {
    run_given(settings, folders, (memo, asked), FxHashMap::default(), last)
}

/// The same over files that are read already, with their places among the sources; `None` where that is one project.
pub(super) fn run_read(settings: &Settings, opened: &Opened) -> Option<Result<Outcome, Failure>> {
    let folders = Folders::find(settings)?;
    let ids: FxHashMap<&Path, FileId> = opened.sources.iter().filter_map(|(id, _)| Some((opened.path_of(id)?, id))).collect();
    let parsed = |(n, file): (usize, &Candidate)| {
        let id = *ids.get(&*file.absolute)?;
        Some((n, (opened.sources.share(id), Arc::clone(&opened.facts[id.0 as usize]))))
    };
    let given = settings.files.iter().enumerate().filter_map(parsed).collect();
    Some(run_given(settings, &folders, (None, None), given, false))
}

/// `asked` is what is known of a question about everything, to which there is no answer yet.
fn run_given(
    settings: &Settings,
    folders: &Folders,
    (memo, asked): (Option<&Memo>, Option<Asked>),
    given: FxHashMap<usize, Parsed>,
    last: bool,
) -> Result<Outcome, Failure> {
    let reported: Vec<usize> = settings.reported();
    let mut concerned: Vec<Option<u32>> = reported.iter().map(|n| folders.of_file[*n]).collect();
    concerned.sort_unstable();
    concerned.dedup();
    if concerned.is_empty() {
        // That there is nothing to look at must not hide that there is no lock.
        concerned.push(None);
    }
    // Of one project the answer is kept by itself.
    let recalled = asked.as_ref().is_some_and(|a| !a.is_of_index());
    let whole = memo.filter(|_| concerned.len() > 1).and_then(|memo| Some((memo, asked.or_else(|| Asked::of(settings))?)));
    if let Some((memo, asked)) = whole.as_ref().filter(|_| !recalled)
        && let Some(outcome) = memo.recall(settings, asked)
    {
        return Ok(outcome);
    }
    let state = if memo.is_some() { names_of(&settings.files) } else { 0 };
    let mut members =
        Members { settings, folders, reach: Reach::new(settings, folders), memo, given, state, done: BTreeSet::new(), lock: SharedLock::default() };
    // The largest come first: what they take of memory serves all others.
    let mut sizes = vec![0_usize; folders.all.len()];
    folders.of_file.iter().flatten().for_each(|m| sizes[*m as usize] += 1);
    concerned.sort_by_key(|m| std::cmp::Reverse(m.map_or(0, |m| sizes[m as usize])));
    let mut merged = Merged::new(settings);
    for (n, member) in concerned.iter().enumerate() {
        if !member.is_some_and(|m| members.done.contains(&m)) {
            merged.add(members.one(*member, last && n + 1 == concerned.len())?);
        }
    }
    made::elsewhere(settings, folders, members.reach.made, &mut merged);
    let outcome = merged.finish(settings)?;
    if let Some((memo, asked)) = &whole {
        memo.keep_settled(settings, asked, &outcome);
    }
    Ok(outcome)
}

impl Members<'_> {
    /// What a run over one project finds; without a number, over what lies in none.
    fn one(&mut self, member: Option<u32>, last: bool) -> Result<Outcome, Failure> {
        let Some(n) = member else { return memo::alone(&self.settings_of(None), self.memo, last) };
        let Some(memo) = self.memo else {
            self.parse(n);
            for other in self.reach.own(n) {
                self.parse(other);
            }
            let reached = self.reach.of(n);
            let settings = self.settings_of(Some(&reached));
            self.reach.parsed.clear();
            self.done.extend(reached.own);
            let outcome = run_alone(&settings, last);
            take_apart(settings);
            return outcome;
        };
        let name = memo.member_name(self.settings, &self.folders.all[n as usize]);
        let before = self.recall(memo, &name).filter(|r| r.own.contains(&n));
        if let Some(reached) = &before
            && let Some(outcome) = memo.known(&self.settings_of(Some(reached)))
        {
            self.done.extend(&reached.own);
            return outcome;
        }
        let reached = self.reach.of(n);
        let settings = self.settings_of(Some(&reached));
        self.done.extend(&reached.own);
        if before.as_ref() == Some(&reached) {
            return memo.anew(&settings, last);
        }
        self.keep(memo, &name, &reached);
        memo::alone(&settings, self.memo, last)
    }

    /// Reads the files of a project.
    fn parse(&mut self, member: u32) {
        let is_own =
            |n: &usize| self.folders.of_file[*n] == Some(member) && self.settings.files[*n].language == Language::Python && !self.reach.parsed.contains_key(n);
        let files: Vec<usize> = (0..self.settings.files.len()).filter(is_own).collect();
        let one = |n: &usize| self.given.get(n).cloned().or_else(|| read::known(&self.settings.files[*n]));
        let read: Vec<_> = files.par_iter().with_max_len(FILES_AT_ONCE).map(one).collect();
        self.reach.parsed.extend(files.into_iter().zip(read).filter_map(|(n, read)| Some((n, read?))));
    }

    /// The settings of a run over one project, or over what lies in none.
    fn settings_of(&self, reached: Option<&Reached>) -> Settings {
        let all = self.settings;
        let folders: Vec<PathBuf> = reached.iter().flat_map(|r| &r.own).map(|m| self.folders.place(&all.root, *m)).collect();
        let is_read = |n: &usize| match (reached, self.folders.of_file[*n]) {
            (Some(reached), Some(of)) => reached.own.contains(&of) || reached.guests.contains(n),
            (None, of) => of.is_none(),
            (Some(_), None) => false,
        };
        let numbers: Vec<usize> = (0..all.files.len()).filter(is_read).collect();
        let report = match reached {
            None => all.report.clone(),
            Some(_) => folders.iter().flat_map(|folder| all.report.iter().filter_map(|r| shared(folder, r))).collect(),
        };
        let names = Arc::new(reached.map(|r| r.names.clone()).unwrap_or_default());
        let parsed = Arc::new(numbers.iter().map(|n| self.reach.parsed.get(n).cloned()).collect());
        Settings {
            cwd: all.cwd.clone(),
            root: all.root.clone(),
            config: all.config.clone(),
            lock: all.lock.clone(),
            files: numbers.iter().map(|n| all.files[*n].clone()).collect(),
            report,
            lines: all.lines.clone(),
            select: all.select.clone(),
            ignore: all.ignore.clone(),
            statements: all.statements,
            learns: all.learns,
            apart: all.apart,
            member: Some(Member { folders, names, parsed, lock: Arc::clone(&self.lock) }),
            // These are for all projects together.
            ..Settings::default()
        }
    }

    fn recall(&self, memo: &Memo, name: &str) -> Option<Reached> {
        let kept: Kept = memo.read_kept(name).filter(|k: &Kept| k.state == self.state)?;
        let number = |folder: &String| self.folders.all.binary_search(folder).ok().and_then(|n| u32::try_from(n).ok());
        let own: Option<BTreeSet<u32>> = kept.folders.iter().map(number).collect();
        Some(Reached { own: own?, guests: kept.guests, names: kept.names })
    }

    fn keep(&self, memo: &Memo, name: &str, reached: &Reached) {
        let folders = reached.own.iter().map(|m| self.folders.all[*m as usize].clone()).collect();
        // A folder that cannot be written costs time, nothing else.
        let _ = memo.write_kept(name, &Kept { state: self.state, folders, guests: reached.guests.clone(), names: reached.names.clone() });
    }
}

/// Frees what was read for a project. Memory is given back soonest by the thread that took it, and every thread took some.
fn take_apart(settings: Settings) {
    let parsed = settings.member.map(|member| Arc::try_unwrap(member.parsed).unwrap_or_default());
    parsed.unwrap_or_default().into_par_iter().with_max_len(FILES_AT_ONCE).for_each(drop);
}

/// What a folder and what is asked about have in common.
fn shared(folder: &Path, asked: &Path) -> Option<PathBuf> {
    if is_in(folder, asked) { Some(folder.to_owned()) } else { is_in(asked, folder).then(|| asked.to_owned()) }
}

/// A digest of the names of all files: where imports lead hangs on them, and numbers stand for them.
fn names_of(files: &[Candidate]) -> u64 {
    use std::hash::Hasher;
    let mut hash = std::hash::DefaultHasher::new();
    for file in files {
        hash.write(file.path.as_bytes());
        hash.write_u8(0);
    }
    hash.finish()
}
