//! A run over a few files of a project: what was learnt when all of it was linked stands in for the files that are not read.
//!
//! The findings are those of a run over everything, or there are none and everything must be linked: whenever a change may concern more than the files that look into it
//! (a migration, a SQL file, an ancestor of classes elsewhere), whenever a file came to be that others may import, and whenever too much would have to be read.

use std::collections::BTreeSet;
use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::learnt::Learnt;
use super::{Failure, Member, Opened, Outcome, Settings, deprecations, memo, opened::read_lock_again, read};
use crate::diagnostic::Context;
use crate::discover::Candidate;
use crate::project::Project;
use crate::project::beyond::{Beyond, MOST_CHANGED, Table, Whole};
use crate::project::keep;
use crate::project::link::MODELS;
use crate::project::modules::ModuleTable;
use crate::source::{FileId, Language, SourceFile, Sources};
use crate::syntax::python;
use crate::{repair, rules};

/// Files that are reported; with more, reading everything once is no worse.
const MOST_ASKED: usize = 64;

/// Files that are read; the same.
const MOST_READ: usize = 1500;

/// Why everything must be linked.
const UNREADABLE: &str = "what was learnt cannot be read";

/// So many files are read sooner by one thread.
const FEW: usize = 16;

/// How often more files may turn out to be needed.
const ROUNDS: usize = 40;

/// Whether one of the settings' files, by number, is known by these letters.
type IsKnown<'k> = &'k dyn Fn(usize, &str) -> bool;

/// The part of a project that a run is about.
struct Part<'s> {
    settings: &'s Settings,
    opened: Opened,
    /// By number, without the lock's: which of the settings' files.
    places: Vec<usize>,
    /// Files that are reported.
    asked: Vec<FileId>,
    /// Python files by name.
    table: Arc<ModuleTable>,
    read: BTreeSet<FileId>,
}

/// Runs over the files that are reported, with the help of what was learnt before; `is_known` tells whether a file is as it was. `Err` says why
/// everything must be linked. `before` are files by their paths that such a run needed once: read at once they spare turns; gives those that this one read.
pub(super) fn run(
    settings: &Settings,
    learnt: &Learnt,
    lock: &str,
    is_known: IsKnown<'_>,
    before: &[&str],
) -> Result<Result<(Outcome, Vec<String>), Failure>, &'static str> {
    if learnt.lock() != lock {
        return Err("the lock is another");
    }
    if settings.statements || !settings.config.config.models.is_empty() {
        return Err("the configuration binds classes");
    }
    let Files { places, changed, asked, last } = Files::compare(settings, learnt, is_known)?;
    let beyond = Arc::new(Beyond::new(Arc::clone(&learnt.pages), changed.iter().copied().collect(), last));
    let open = || opened(settings, &places, learnt.lock_is_canonical()).map(|o| (Arc::new(modules(&o, &changed, &beyond)), o));
    // One after the other: to begin with, two threads cost more than the second of them spares.
    let (opened, whole) = (open(), beyond.whole());
    let mut whole = Some(whole.ok_or(UNREADABLE)?);
    let (table, opened) = match opened {
        Ok(both) => both,
        Err(failure) => return Ok(Err(failure)),
    };
    if let Some(member) = &settings.member {
        stays(settings, member, &places, &changed)?;
    }
    let mut needed: BTreeSet<FileId> = changed.iter().copied().chain(asked.iter().copied()).collect();
    let at = |path: &&str| settings.files.binary_search_by(|f| f.path.as_str().cmp(path)).ok().filter(|n| settings.files[*n].language == Language::Python);
    needed.extend(before.iter().filter_map(at).filter_map(|n| numbered(&places, last, n)).take(MOST_READ / 2));
    let mut part = Part { settings, opened, places, asked, table, read: BTreeSet::new() };
    let of_models: Vec<FileId> = beyond.lines(Table::OfModels).filter_map(|(k, _)| k.parse().ok().map(FileId)).collect();
    // Where all of these were read the last time, the models were collected anew, and probably are again.
    let mut anew = !of_models.is_empty() && of_models.iter().all(|f| needed.contains(f));
    for _ in 0..ROUNDS {
        part.load(&needed)?;
        // Mostly the first time is the last.
        let linked = part.link(&beyond, (whole.take().or_else(|| beyond.whole()).ok_or(UNREADABLE)?, anew));
        let missed = beyond.missed().ok_or("too much would have to be read")?;
        needed = missed.into_iter().filter(|f| *f != part.opened.lock && !part.read.contains(f)).collect();
        if !needed.is_empty() {
            continue;
        }
        if !anew && linked.as_ref().is_err_and(|why| *why == MODELS) {
            // Only now, for collecting costs more than all the rest.
            anew = true;
            needed = of_models.iter().copied().filter(|f| !part.read.contains(f)).collect();
            continue;
        }
        let read = part.read.iter().map(|f| part.candidate(*f).path.to_string()).collect();
        return Ok(part.conclude(linked?).map(|outcome| (outcome, read)));
    }
    Err("more and more turns out to be needed")
}

/// Of one of several projects: whether nothing has changed in those that it imports from, and it imports from no others.
fn stays(settings: &Settings, member: &Member, places: &[usize], changed: &[FileId]) -> Result<(), &'static str> {
    for candidate in changed.iter().map(|f| &settings.files[places[f.0 as usize - 1]]) {
        if member.is_guest(&candidate.absolute) {
            return Err("a file of another project changed");
        }
        let imports_more = |text: &str| member.imports_more(&candidate.absolute, text);
        if candidate.language == Language::Python && read::with_text(candidate, imports_more) == Some(true) {
            return Err("it imports what it did not import");
        }
    }
    Ok(())
}

/// All modules. Where there are new ones, nobody has put them together before.
fn modules(opened: &Opened, changed: &[FileId], beyond: &Arc<Beyond>) -> ModuleTable {
    if changed.iter().any(|f| beyond.is_new(*f)) {
        return ModuleTable::build(&opened.sources, python(&opened.sources));
    }
    ModuleTable::kept(Arc::clone(beyond))
}

fn python(sources: &Sources) -> impl Iterator<Item = FileId> {
    sources.iter().filter(|(_, f)| f.language == Language::Python).map(|(id, _)| id)
}

/// What there is now beside what there was.
struct Files {
    /// See [`Part::places`].
    places: Vec<usize>,
    /// Files that are not as they were, new ones among them.
    changed: Vec<FileId>,
    /// Files that are reported.
    asked: Vec<FileId>,
    /// The last that is not new.
    last: FileId,
}

impl Files {
    /// Files keep the numbers that they had; new ones come behind them.
    fn compare(settings: &Settings, learnt: &Learnt, is_known: IsKnown<'_>) -> Result<Self, &'static str> {
        let (mut places, mut new, mut changed) = (Vec::with_capacity(settings.files.len()), Vec::new(), Vec::new());
        let mut before = learnt.files().peekable();
        for (n, candidate) in settings.files.iter().enumerate() {
            let Some((_, known)) = before.next_if(|b| b.0 == &*candidate.path) else {
                new.push(n);
                continue;
            };
            places.push(n);
            if !is_known(n, known) {
                if candidate.language == Language::Sql {
                    return Err("a SQL file changed");
                }
                changed.push(id(places.len()));
            }
        }
        if before.next().is_some() {
            return Err("a file is gone");
        }
        let last = id(places.len());
        for n in new {
            may_be_new(settings, learnt, n)?;
            places.push(n);
            changed.push(id(places.len()));
        }
        if changed.len() > MOST_CHANGED {
            return Err("many files changed");
        }
        let asked = asked(settings, &places, last)?;
        Ok(Self { places, changed, asked, last })
    }
}

/// What later runs over a part need of this one, if it can be written.
pub(super) fn tables(context: &rules::Context<'_, '_>) -> Option<Vec<String>> {
    let mut tables = context.project.tables()?;
    tables[Table::Reached as usize] = keep::reached(&context.project.world, &rules::reached(context));
    Some(tables)
}

/// The number of the file at that place, counted from 1: the lock is in front.
fn id(place: usize) -> FileId {
    FileId(u32::try_from(place).unwrap_or(u32::MAX))
}

/// The number of one of the settings' files. They stand in their order, but for those that are new, which come behind the `last`.
fn numbered(places: &[usize], last: FileId, n: usize) -> Option<FileId> {
    let known = places.get(..last.0 as usize).and_then(|known| known.binary_search(&n).ok());
    known.or_else(|| places.iter().position(|p| *p == n)).map(|at| id(at + 1))
}

/// Whether a file that came to be can concern nothing but itself: no other imports anything of its name, or of the name of a folder that came with it.
fn may_be_new(settings: &Settings, learnt: &Learnt, n: usize) -> Result<(), &'static str> {
    let candidate = &settings.files[n];
    if candidate.language == Language::Markdown {
        return Ok(());
    }
    let path = candidate.path.as_str();
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = name.rsplit_once('.').map_or(name, |s| s.0);
    if candidate.language != Language::Python || matches!(stem, "__init__" | "conftest" | "manage") {
        return Err("a file is new that concerns others");
    }
    let beyond = Beyond::new(Arc::clone(&learnt.pages), FxHashSet::default(), FileId::default());
    let mut names = vec![stem];
    let mut above = folder;
    while !above.is_empty() && !learnt.files().any(|(p, _)| p.strip_prefix(above).is_some_and(|rest| rest.starts_with('/'))) {
        let (up, last) = above.rsplit_once('/').unwrap_or(("", above));
        names.push(last);
        above = up;
    }
    if names.iter().any(|n| beyond.find(Table::Imported, n).is_some()) { Err("a file is new that others may import") } else { Ok(()) }
}

/// Files that are reported.
fn asked(settings: &Settings, places: &[usize], last: FileId) -> Result<Vec<FileId>, &'static str> {
    let mut asked = Vec::new();
    for n in settings.reported() {
        let candidate = &settings.files[n];
        let Some(file) = numbered(places, last, n) else { continue };
        if candidate.language != Language::Python {
            return Err("a file that is no Python is asked about");
        }
        if settings.is_migration(&candidate.absolute) {
            return Err("a migration is asked about");
        }
        asked.push(file);
        if asked.len() > MOST_ASKED {
            return Err("many files are asked about");
        }
    }
    asked.sort_unstable();
    Ok(asked)
}

/// The lock, and all files by name.
fn opened(settings: &Settings, places: &[usize], is_canonical: bool) -> Result<Opened, Failure> {
    let mut sources = Sources::default();
    let (mut schema, lock) = read_lock_again(settings, &mut sources, is_canonical)?;
    deprecations::apply(settings, &mut schema)?;
    let mut opened = Opened::empty(settings, sources, Arc::new(schema), lock);
    let (unread, nothing): (Arc<str>, _) = (Arc::default(), Arc::default());
    opened.sources.reserve(places.len());
    opened.paths.reserve_exact(places.len());
    opened.facts.reserve_exact(places.len());
    for candidate in places.iter().map(|n| &settings.files[*n]) {
        opened.sources.add(SourceFile::new(candidate.path.clone(), candidate.language, Arc::clone(&unread)));
        // What is not read has no findings.
        opened.paths.push(None);
        opened.facts.push(Arc::clone(&nothing));
    }
    Ok(opened)
}

impl Part<'_> {
    fn candidate(&self, file: FileId) -> &Candidate {
        &self.settings.files[self.places[file.0 as usize - 1]]
    }

    /// Reads files.
    fn load(&mut self, files: &BTreeSet<FileId>) -> Result<(), &'static str> {
        if self.read.len() + files.len() > MOST_READ {
            return Err("too much would have to be read");
        }
        let files: Vec<FileId> = files.iter().copied().collect();
        let one = |f: &FileId| read::known(self.candidate(*f));
        let loaded: Vec<_> = if files.len() > FEW { files.par_iter().map(one).collect() } else { files.iter().map(one).collect() };
        for (file, loaded) in files.into_iter().zip(loaded) {
            let (source, facts) = loaded.ok_or("a file could not be read")?;
            if self.asked.contains(&file) {
                for skip in &facts.skipped {
                    *self.opened.skipped.entry(skip.reason.clone()).or_default() += 1;
                }
            }
            self.opened.diagnostics.extend(read::syntax_errors(file, source.language, &facts));
            self.opened.sources.set(file, source);
            self.opened.paths[file.0 as usize] = Some(self.candidate(file).absolute.clone());
            self.opened.facts[file.0 as usize] = facts;
            self.read.insert(file);
        }
        Ok(())
    }

    /// Links and judges what is read.
    fn link(&self, beyond: &Arc<Beyond>, whole: (Whole, bool)) -> Result<Outcome, &'static str> {
        let settings = self.settings;
        let modules: Vec<(FileId, &python::Module)> = self.read.iter().filter_map(|f| Some((*f, self.opened.facts[f.0 as usize].module.as_ref()?))).collect();
        let part = (&self.table, modules.as_slice(), self.asked.as_slice());
        let project = Project::link_part(&self.opened.sources, part, &self.opened.schema, &settings.config.config, beyond, whole)?;
        let migrations = settings.migration_folders();
        let everywhere = rules::Context::new(&project, &self.opened.schema, Some(self.opened.lock), &migrations);
        let context = rules::Context { only: Some(self.asked.clone()), ..everywhere };
        let mut outcome = Outcome { notes: self.opened.notes.clone(), ..Outcome::default() };
        outcome.diagnostics.clone_from(&self.opened.diagnostics);
        outcome.summary.skipped.clone_from(&self.opened.skipped);
        let mut found = rules::run_without_history(&context);
        found.retain(|d| self.asked.contains(&d.location.file));
        // A model's column is known by its uses everywhere, and an enum's label.
        if found.iter().any(|d| d.context == Context::Model && matches!(d.rule, "unknown-column" | "enum-mismatch")) {
            return Err("a finding concerns other files");
        }
        repair::attach(&context, &mut found);
        outcome.diagnostics.append(&mut found);
        outcome.count(settings, &self.opened, &context);
        if !project.uses.crashed.is_empty() {
            return Err("a crash");
        }
        Ok(outcome)
    }

    fn conclude(mut self, mut outcome: Outcome) -> Result<Outcome, Failure> {
        // Findings may point into files that are not read.
        let mut shown: BTreeSet<FileId> = outcome.diagnostics.iter_mut().flat_map(memo::places_of).map(|p| p.file).collect();
        shown.remove(&self.opened.lock);
        for file in shown.into_iter().filter(|f| !self.read.contains(f)) {
            if let Some((source, _)) = read::known(self.candidate(file)) {
                self.opened.sources.set(file, source);
            }
        }
        super::conclude(self.settings, &mut self.opened, &mut outcome)?;
        outcome.sources = std::mem::take(&mut self.opened.sources);
        outcome.finish();
        // The program ends after it: ten thousand names of files are the system's to free.
        std::mem::forget(self);
        Ok(outcome)
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::check::learnt;
    use crate::diagnostic::Diagnostic;
    use crate::discover::Origin;
    use crate::source::Location;

    /// Files are known by their lengths and beginnings here: enough for tests, which change one at a time.
    fn stamps(settings: &Settings) -> Vec<String> {
        let one = |c: &Candidate| match &c.origin {
            Origin::Disk | Origin::Blob(_) => String::new(),
            Origin::Memory(bytes) => String::from_utf8_lossy(bytes).replace(['\n', '\t', '\r'], " "),
        };
        settings.files.iter().map(one).collect()
    }

    fn learnt(settings: &Settings, tables: &[String]) -> Learnt {
        let stamps = stamps(settings);
        let names: Vec<(&str, &str)> = settings.files.iter().map(|f| f.path.as_str()).zip(stamps.iter().map(String::as_str)).collect();
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("learnt");
        std::fs::write(&path, learnt::written(("", true), &names, tables)).expect("written");
        Learnt::read(&path).expect("it is ours")
    }

    /// All files of a folder with their texts.
    fn project(folder: &Path) -> Settings {
        let mut settings = Settings::worktree(folder, &[], None).expect("settings");
        settings.learns = true;
        for file in &mut settings.files {
            file.origin = Origin::Memory(std::fs::read(&file.absolute).expect("a file"));
        }
        settings
    }

    /// What differs between two outcomes.
    fn difference(whole: &Outcome, part: &Outcome) -> Option<String> {
        let path = |o: &Outcome, d: &Diagnostic| o.sources.get(d.location.file).path.clone();
        let said = |o: &Outcome| -> Vec<String> {
            let place = |l: Location| format!("{} {:?}", o.sources.get(l.file).path, l.span);
            let related = |d: &Diagnostic| d.related.iter().map(|r| format!("{} {}", place(r.location), r.message)).collect::<Vec<_>>();
            let edits = |d: &Diagnostic| d.fix.iter().flat_map(|f| &f.edits).map(|e| format!("{} {}", place(e.location), e.content)).collect::<Vec<_>>();
            let one = |d: &Diagnostic| {
                format!("{} {:?} {} {:?} {} {:?} {:?} {:?}", path(o, d), d.location.span, d.rule, d.severity, d.message, d.help, related(d), edits(d))
            };
            o.diagnostics.iter().map(one).collect()
        };
        let (a, b) = (said(whole), said(part));
        let mut out: Vec<String> = a.iter().filter(|d| !b.contains(d)).map(|d| format!("missed {d}")).collect();
        out.extend(b.iter().filter(|d| !a.contains(d)).map(|d| format!("extra {d}")));
        if (&whole.summary, &whole.notes) != (&part.summary, &part.notes) {
            out.push(format!("{:?} {:?} / {:?} {:?}", whole.summary, whole.notes, part.summary, part.notes));
        }
        (!out.is_empty()).then(|| out.join("\n"))
    }

    /// Small changes of a text: lines that go, come twice or change places, words that become other words of the text.
    fn changes(text: &str, seed: &mut u64, how_many: usize) -> Vec<String> {
        let mut next = |below: usize| {
            *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(*seed >> 33).unwrap_or(0) % below.max(1)
        };
        let lines: Vec<&str> = text.lines().collect();
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let words: Vec<&str> = text.split(|c| !is_word(c)).filter(|w| w.len() > 2).collect();
        let mut all = Vec::new();
        for n in 0..how_many {
            let mut changed = lines.clone();
            let at = next(lines.len());
            let replaced;
            match n % 4 {
                _ if lines.is_empty() || words.is_empty() => changed.push("x = 1"),
                0 => drop(changed.remove(at)),
                1 => changed.insert(at, lines[next(lines.len())]),
                2 => changed.swap(at, next(lines.len())),
                _ => {
                    let mut old = words[next(words.len())];
                    let mut line = (0..lines.len()).cycle().skip(at).take(lines.len()).find(|n| lines[*n].contains(old)).unwrap_or(at);
                    if !lines[line].contains(old) {
                        (old, line) = (lines[at].trim(), at);
                    }
                    replaced = lines[line].replacen(old, words[next(words.len())], 1);
                    changed[line] = &replaced;
                    all.push(changed.join("\n") + "\n");
                    continue;
                }
            }
            all.push(changed.join("\n") + "\n");
        }
        all
    }

    /// Holds runs over one file each to runs over everything; gives how many were the same, and why the others needed everything.
    fn compare(settings: &Settings, step: usize, how_many: usize) -> (usize, std::collections::BTreeMap<&'static str, usize>) {
        let mut kept = None;
        let looked = super::super::run_looking(settings, false, |_, context| kept = tables(context)).map(|_| ());
        looked.expect("it runs");
        let learnt = learnt(settings, &kept.expect("a trace"));
        let python: Vec<usize> = (0..settings.files.len()).filter(|n| settings.files[*n].language == Language::Python).step_by(step).collect();
        let each: Vec<(usize, Vec<&'static str>)> = python
            .par_iter()
            .map(|&n| {
                let Origin::Memory(bytes) = &settings.files[n].origin else { return (0, Vec::new()) };
                let text = String::from_utf8_lossy(bytes).into_owned();
                let mut seed = n as u64;
                let mut texts = vec![text.clone()];
                texts.extend(changes(&text, &mut seed, how_many));
                let (mut same, mut refused, mut last) = (0, Vec::new(), Vec::<String>::new());
                for (which, text) in texts.into_iter().enumerate() {
                    let mut one = settings.clone();
                    one.learns = false;
                    one.report = vec![one.files[n].absolute.to_path_buf()];
                    one.files[n].origin = Origin::Memory(text.clone().into_bytes());
                    // Now and then another file changes as well, and is not asked about.
                    let other = python[usize::try_from(seed >> 33).unwrap_or(0).wrapping_add(which) % python.len()];
                    if let (1, Origin::Memory(bytes)) = (which % 2, &settings.files[other].origin)
                        && other != n
                    {
                        let changed = changes(&String::from_utf8_lossy(bytes), &mut seed, 1).swap_remove(0);
                        let _ = std::fs::write(std::env::temp_dir().join(format!("part-{n}-{which}-other.py")), &changed);
                        one.files[other].origin = Origin::Memory(changed.into_bytes());
                    }
                    // What was read the last time is read at once, every other time.
                    let known = std::mem::take(&mut last);
                    let before: Vec<&str> = known.iter().map(String::as_str).collect();
                    let stamps = stamps(&one);
                    match run(&one, &learnt, "", &|n, known| stamps[n] == known, &before) {
                        Err(why) => refused.push(why),
                        Ok(part) => {
                            let whole = super::super::run(&one).expect("it runs");
                            let (part, read) = part.expect("an outcome");
                            last = read;
                            if let Some(difference) = difference(&whole, &part) {
                                let kept = std::env::temp_dir().join(format!("part-{n}-{which}.py"));
                                let _ = std::fs::write(&kept, &text);
                                panic!("{} (change {which}, {}; {}):\n{difference}", one.files[n].path, kept.display(), one.files[other].path);
                            }
                            same += 1;
                        }
                    }
                }
                (same, refused)
            })
            .collect();
        let mut refused = std::collections::BTreeMap::new();
        each.iter().flat_map(|e| &e.1).for_each(|why| *refused.entry(*why).or_default() += 1);
        (each.iter().map(|e| e.0).sum(), refused)
    }

    /// What a run over one file finds, changed or not, is what a run over everything finds in it.
    #[test]
    fn a_part_says_what_the_whole_says() {
        let projects = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/projects");
        let mut all = 0;
        for project in std::fs::read_dir(projects).expect("projects").map(|e| e.expect("an entry").path()) {
            all += compare(&self::project(&project), 1, 8).0;
        }
        assert!(all > 100, "{all} were compared");
    }

    /// Who the user of a request is says a function of another file, which nothing here imports.
    #[test]
    fn a_part_knows_who_loads_users() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("written");
        write(
            "schema.lock.yaml",
            "version: 1\nsearch_path: [public]\ntables:\n  public.people:\n    columns:\n      id: bigint not null\n      name: text\n    primary key: [id]\n",
        );
        write(
            "models.py",
            "from flask_sqlalchemy import SQLAlchemy\ndb = SQLAlchemy()\nclass Person(db.Model):\n    __tablename__ = 'people'\n    id = db.Column(db.BigInteger, primary_key=True)\n    name = db.Column(db.Text)\n",
        );
        write("auth.py", "from models import Person, manager\n@manager.user_loader\ndef load(key):\n    return Person.query.get(key)\n");
        write("view.py", "from flask_login import current_user\ndef view():\n    return current_user.name\n");
        let settings = project(folder.path());
        let view = Settings { report: vec![folder.path().join("view.py")], ..settings.clone() };
        assert_eq!(super::super::run(&view).expect("it runs").summary.references, 1, "a user's name is a column");
        assert!(compare(&settings, 1, 8).0 > 8);
    }

    /// The same over any tree: `DBTRUTH_TREE`, every so many files (`DBTRUTH_STEP`), so many changes of each (`DBTRUTH_CHANGES`).
    #[test]
    #[ignore = "for big trees"]
    fn a_part_of_a_big_tree() {
        let number = |name: &str, usual| std::env::var(name).ok().and_then(|s| s.parse().ok()).unwrap_or(usual);
        let tree = PathBuf::from(std::env::var("DBTRUTH_TREE").expect("DBTRUTH_TREE"));
        let (same, refused) = compare(&project(&tree), number("DBTRUTH_STEP", 1), number("DBTRUTH_CHANGES", 4));
        println!("{same} the same; {refused:?}");
    }
}
