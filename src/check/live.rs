//! The flow of a program that stays: everything is linked once, and while someone types, one file at a time is looked at again.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use super::suppress::Suppressions;
use super::{Failure, Opened, Outcome, Settings, levels, read, reported, sql_files};
use crate::diagnostic::Diagnostic;
use crate::discover::{Candidate, Origin, display_path, excluder, language_of};
use crate::facts::{self, FileFacts};
use crate::migrations::History;
use crate::project::uses::Uses;
use crate::project::{Project, Relinker, documents};
use crate::schema::Schema;
use crate::source::{FileId, Language, SourceFile, Sources, Span};
use crate::{repair, rules};

/// Texts that an editor has open, by absolute path: they count instead of what is on the disk.
pub type Buffers = BTreeMap<PathBuf, Arc<str>>;

impl Settings {
    /// Settles a run over all files of a folder, as they are in the editor.
    pub fn workspace(folder: &Path, buffers: &Buffers) -> Result<Self, Failure> {
        let mut settings = Self::linked(folder, &[folder.to_path_buf()], None)?;
        settings.report = vec![folder.to_path_buf()];
        settings.apart = true;
        if let Some(text) = buffers.get(&settings.lock.path) {
            settings.lock.bytes = Some(text.as_bytes().to_vec());
        }
        let excluded = excluder(&settings.root, &settings.config.config.exclude).map_err(Failure::new)?;
        for (absolute, text) in buffers {
            let bytes = Origin::Memory(text.as_bytes().to_vec());
            if let Some(known) = settings.files.iter_mut().find(|f| f.absolute == **absolute) {
                known.origin = bytes;
            } else if let Some(language) = language_of(absolute).filter(|_| absolute.starts_with(&settings.root) && !absolute.exists() && !excluded(absolute)) {
                // Not saved yet. A file that is there and was not found is ignored by git.
                settings.files.push(Candidate { path: display_path(absolute, folder).into(), absolute: absolute.into(), language, origin: bytes });
            }
        }
        drop(excluded);
        settings.files.sort_by(|a, b| a.path.cmp(&b.path));
        levels::names_are_rules(&settings)?;
        Ok(settings)
    }
}

/// A place for the versions of files that come after everything was linked. They live as long as it, since what was learnt from them points into them.
#[derive(Debug)]
pub struct Versions {
    slots: Vec<OnceLock<(Sources, Arc<FileFacts>)>>,
    locks: Vec<OnceLock<(Sources, Schema)>>,
}

impl Default for Versions {
    fn default() -> Self {
        Self { slots: (0..Self::MOST).map(|_| OnceLock::new()).collect(), locks: (0..Self::MOST_LOCKS).map(|_| OnceLock::new()).collect() }
    }
}

impl Versions {
    /// So many changes; then everything must be linked anew.
    const MOST: usize = 400;

    /// So many of the lock, which takes more room.
    const MOST_LOCKS: usize = 40;

    fn keep(&self, sources: Sources, facts: Arc<FileFacts>) -> Option<&(Sources, Arc<FileFacts>)> {
        let slot = self.slots.iter().find(|s| s.get().is_none())?;
        Some(slot.get_or_init(|| (sources, facts)))
    }

    pub(super) fn keep_lock(&self, sources: Sources, schema: Schema) -> Option<&(Sources, Schema)> {
        let slot = self.locks.iter().find(|s| s.get().is_none())?;
        Some(slot.get_or_init(|| (sources, schema)))
    }
}

/// What a file's own quick look does not see, or sees too much of, compared with the whole; and the text for which that was found.
#[derive(Debug)]
pub(super) struct Rest {
    pub(super) text: Arc<str>,
    pub(super) missed: Vec<Diagnostic>,
    pub(super) wrong: Vec<Diagnostic>,
}

/// Everything linked, kept.
pub struct Live<'a> {
    /// What it was made of.
    pub settings: &'a Settings,
    /// Files, facts and schema as they were linked.
    pub opened: &'a Opened,
    /// The link; its world knows the newest version of each file.
    pub project: Project<'a>,
    /// What the files changed since then do with the database; `project.uses` is older.
    pub edited: HashMap<FileId, Uses>,
    /// All findings as of the link, or as of the newest lock since, in order.
    pub diagnostics: Vec<Diagnostic>,
    /// What the newest lock says.
    pub schema: &'a Schema,
    by_path: HashMap<PathBuf, FileId>,
    pub(super) facts: Vec<Arc<FileFacts>>,
    /// Those of files that changed since the link, to borrow from.
    pub(super) newer: HashMap<FileId, &'a FileFacts>,
    pub(super) versions: &'a Versions,
    pub(super) relinker: Relinker<'a>,
    pub(super) rests: HashMap<FileId, Rest>,
    /// The project's migrations, replayed.
    pub(super) histories: Vec<History>,
    /// What rules found that do not read the lock.
    pub(super) without_lock: Vec<Diagnostic>,
}

impl<'a> Live<'a> {
    /// Links everything and judges it.
    pub fn new(settings: &'a Settings, opened: &'a Opened, versions: &'a Versions) -> Self {
        let mut project = opened.project(settings);
        let migrations = settings.migration_folders();
        let seen = rules::Context::new(&project, &opened.schema, Some(opened.lock), &migrations);
        let mut by_rules = rules::run(&seen);
        repair::attach(&seen, &mut by_rules);
        let histories = seen.histories.into_inner().unwrap_or_default();
        let without_lock = by_rules.iter().filter(|d| rules::WITHOUT_LOCK.contains(&d.rule)).cloned().collect();
        let mut found = opened.diagnostics.clone();
        found.append(&mut by_rules);
        let relinker = Relinker::new(&mut project);
        let by_path = opened.sources.iter().filter_map(|(id, _)| Some((opened.path_of(id)?.to_path_buf(), id))).collect();
        let (edited, newer, rests) = (HashMap::new(), HashMap::new(), HashMap::new());
        let (diagnostics, schema, facts) = (Vec::new(), &opened.schema, opened.facts.clone());
        let mut live =
            Self { settings, opened, project, edited, diagnostics, schema, by_path, facts, newer, versions, relinker, rests, histories, without_lock };
        live.diagnostics = live.judge(found, None);
        if let Some(Ok(outcome)) = super::members::run_read(settings, opened) {
            live.diagnostics = live.renumbered(outcome);
        }
        live
    }

    /// What was said of several projects, each by itself, in the numbers of the files that are linked here at once.
    fn renumbered(&self, mut outcome: Outcome) -> Vec<Diagnostic> {
        let ids: HashMap<&str, FileId> = self.opened.sources.iter().map(|(id, file)| (file.path.as_str(), id)).collect();
        outcome.diagnostics.retain_mut(|d| {
            super::memo::places_of(d).into_iter().all(|place| {
                let known = ids.get(outcome.sources.get(place.file).path.as_str());
                known.is_some_and(|id| {
                    place.file = *id;
                    true
                })
            })
        });
        outcome.diagnostics
    }

    /// All files with their newest texts.
    pub fn sources(&self) -> &'a Sources {
        self.project.world.sources
    }

    /// The file of an absolute path.
    pub fn file(&self, absolute: &Path) -> Option<FileId> {
        self.by_path.get(absolute).copied().or_else(|| (absolute == self.settings.lock.path).then_some(self.opened.lock))
    }

    /// Absolute path of a file, the lock's too.
    pub fn path(&self, file: FileId) -> Option<&Path> {
        if file == self.opened.lock { Some(&self.settings.lock.path) } else { self.opened.path_of(file) }
    }

    /// Findings in a file as of the link.
    pub fn findings_in(&self, file: FileId) -> Vec<Diagnostic> {
        self.diagnostics.iter().filter(|d| d.location.file == file).cloned().collect()
    }

    /// Gives a file a new text and says what is wrong in it, as far as can be said at once. `None` where only a full link can say anything: the file is not
    /// known, or too many changes came since the last.
    pub fn edit(&mut self, file: FileId, text: &Arc<str>) -> Option<Vec<Diagnostic>> {
        let old = self.sources().get(file);
        if old.language == Language::Yaml {
            return None;
        }
        self.prepare(file);
        let source = Arc::new(SourceFile::new(old.path.clone(), old.language, Arc::clone(text)));
        let facts = Arc::new(facts::extract_typed(&source));
        let (sources, facts) = self.versions.keep(self.sources().with(file, source), facts)?;
        self.facts[file.0 as usize] = Arc::clone(facts);
        self.newer.insert(file, facts);
        self.project.world.sources = sources;
        let uses = match &facts.module {
            Some(node) => self.relinker.replace(&mut self.project, sources, file, node),
            None => self.uses_of(file, facts),
        };
        let found = self.quick(file, uses);
        Some(self.corrected(file, found))
    }

    /// Compares the quick look at a file, as it was linked, with the whole, so that later ones can be corrected by the difference.
    pub fn prepare(&mut self, file: FileId) {
        if self.rests.contains_key(&file) {
            return;
        }
        let facts = &self.opened.facts[file.0 as usize];
        let uses = match &facts.module {
            Some(node) => self.relinker.uses(&self.project, file, node),
            None => self.uses_of(file, facts),
        };
        let quick = self.quick(file, uses);
        let whole = self.findings_in(file);
        let missed = whole.iter().filter(|d| !quick.iter().any(|q| same(q, d))).cloned().collect();
        let wrong = quick.into_iter().filter(|q| !whole.iter().any(|d| same(q, d))).collect();
        self.rests.insert(file, Rest { text: Arc::clone(&self.sources().get(file).text), missed, wrong });
    }

    /// What a file that is no Python does with the database.
    pub(super) fn uses_of(&self, file: FileId, facts: &'a FileFacts) -> Uses {
        let source = self.sources().get(file);
        match (&facts.markdown, source.language) {
            (Some(document), _) => documents::uses(&self.project.world, file, document),
            (None, Language::Sql) => {
                let uses = sql_files::of_file(self.settings, self.opened, self.schema, (file, source));
                // Whether it lies among files for another database only all of them can tell.
                let aside = self.project.apart.get(&file).is_some_and(sql_files::is_set_aside);
                if aside { sql_files::set_aside(uses, file) } else { uses }
            }
            _ => Uses::default(),
        }
    }

    fn quick(&mut self, file: FileId, uses: Uses) -> Vec<Diagnostic> {
        let whole = std::mem::replace(&mut self.project.uses, uses);
        // Tables that code elsewhere creates are known.
        self.project.uses.created.extend(whole.created.iter().copied());
        self.project.uses.dedup();
        let everywhere = rules::Context::new(&self.project, self.schema, Some(self.opened.lock), &[]);
        let seen = rules::Context { only: Some(vec![file]), ..everywhere };
        let mut found = rules::run_without_history(&seen);
        found.retain(|d| d.location.file == file);
        repair::attach(&seen, &mut found);
        drop(seen);
        let uses = std::mem::replace(&mut self.project.uses, whole);
        self.edited.insert(file, uses);
        let language = self.sources().get(file).language;
        found.extend(read::syntax_errors(file, language, &self.facts[file.0 as usize]));
        self.judge(found, Some(file))
    }

    /// Suppressions, levels, order: what `check::run` does behind the rules.
    pub(super) fn judge(&self, mut found: Vec<Diagnostic>, only: Option<FileId>) -> Vec<Diagnostic> {
        let mut suppressions = Suppressions::new(self.sources(), &self.facts);
        repair::spare_broken_files(self.sources(), &mut found);
        found.retain(|d| reported(self.settings, self.opened, d));
        rules::fold(&mut found);
        levels::apply(self.settings, self.opened, &mut found);
        found.retain(|d| !suppressions.hide(d));
        let mut unused = suppressions.findings(only, |rule| levels::runs(self.settings, rule));
        unused.retain(|d| only.is_none_or(|f| f == d.location.file) && reported(self.settings, self.opened, d));
        levels::apply(self.settings, self.opened, &mut unused);
        found.append(&mut unused);
        super::outcome::order(&mut found, self.sources());
        found
    }

    fn corrected(&self, file: FileId, mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
        let Some(rest) = self.rests.get(&file) else { return found };
        let moved = Moved::between(&rest.text, &self.sources().get(file).text);
        let shift = |d: &Diagnostic| {
            let mut d = d.clone();
            d.location.span = moved.span(d.location.span)?;
            for r in d.related.iter_mut().filter(|r| r.location.file == file) {
                r.location.span = moved.span(r.location.span).unwrap_or_default();
            }
            d.fix = None;
            Some(d)
        };
        let wrong: Vec<Diagnostic> = rest.wrong.iter().filter_map(shift).collect();
        found.retain(|d| !wrong.iter().any(|w| same(w, d)));
        for missed in rest.missed.iter().filter_map(shift) {
            if !found.iter().any(|d| same(d, &missed)) {
                found.push(missed);
            }
        }
        super::outcome::order(&mut found, self.sources());
        found
    }
}

/// Whether two findings say the same of the same place.
fn same(a: &Diagnostic, b: &Diagnostic) -> bool {
    a.rule == b.rule && a.location == b.location && a.message == b.message && a.severity == b.severity
}

/// Where the bytes of an old text went in a new one, taking everything between the first and the last difference as one change.
struct Moved {
    prefix: usize,
    old_rest: usize,
    shift: i64,
}

impl Moved {
    fn between(old: &str, new: &str) -> Self {
        let (a, b) = (old.as_bytes(), new.as_bytes());
        let prefix = a.iter().zip(b).take_while(|(x, y)| x == y).count();
        let most = a.len().min(b.len()) - prefix;
        let suffix = a.iter().rev().zip(b.iter().rev()).take(most).take_while(|(x, y)| x == y).count();
        let signed = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        Self { prefix, old_rest: a.len() - suffix, shift: signed(b.len()) - signed(a.len()) }
    }

    fn span(&self, span: Span) -> Option<Span> {
        let Span { start, end } = span;
        if end as usize <= self.prefix {
            return Some(span);
        }
        if (start as usize) < self.old_rest {
            return None;
        }
        let moved = |n: u32| u32::try_from(i64::from(n) + self.shift).ok();
        Some(Span { start: moved(start)?, end: moved(end)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_move_with_the_text_around_them() {
        let moved = Moved::between("abc def ghi", "abc xdefx ghi");
        assert_eq!(moved.span(Span::new(0, 3)), Some(Span::new(0, 3)));
        assert_eq!(moved.span(Span::new(8, 11)), Some(Span::new(10, 13)));
        assert_eq!(moved.span(Span::new(4, 7)), None, "inside the change");
        let same = Moved::between("aaa", "aaaa");
        assert_eq!(same.span(Span::new(0, 3)), Some(Span::new(0, 3)));
    }
}
