//! What a run found, kept for the next one: when nothing has changed, nothing is read again.
//!
//! When a few have, see [`partial`].
//!
//! One file for each question (working directory, choice of files and rules…), under `.git/dbtruth` or `DBTRUTH_CACHE_DIR`. It holds for exactly the state it was made
//! from: the name, size, times of change and inode of every file, the bytes of lock, configuration and baseline, and the program itself. Anything that does not fit, and
//! any file that cannot be read as ours, counts as not there. Writing happens beside the place and ends with a rename, so that runs at the same time do no harm.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha1::{Digest, Sha1};

use super::known_by::{self, KnownBy};
use super::learnt::{self, Learnt};
use super::{Failure, Folders, Member, Outcome, Settings, Summary, levels, members, partial, read};
use crate::diagnostic::Diagnostic;
use crate::discover::{Candidate, Origin, display_path, is_in, normalise};
use crate::schema;
use crate::source::{FileId, Language, Location, SourceFile};
use crate::syntax::python;

/// Files changed this short a time ago may change once more without showing it: clocks of file systems tick slowly.
const RACY: Duration = Duration::from_millis(if cfg!(unix) { 100 } else { 2_000 });

/// How many answers are kept: of a repository with many projects one for each.
const KEPT: usize = 128;

/// How often what was learnt of a whole project is kept: one for the worktree, one for the index, each as seen from a few folders, for each of many projects.
const LEARNT: usize = 96;

/// What wrote it.
const PROGRAM: &str = env!("CARGO_PKG_VERSION");

/// A folder of answers.
pub struct Memo {
    folder: PathBuf,
}

/// The question and the state it is asked in.
pub(super) struct Asked {
    question: String,
    /// The project, whatever is asked of it.
    project: String,
    /// The lock.
    lock: String,
    /// What each file is known by; nothing where git has a name for each.
    known_by: Vec<KnownBy>,
    /// All files are git's.
    of_index: bool,
    /// Whether the state is old enough to be known by its times.
    settled: bool,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    state: String,
    /// Files that findings point into, in the order of their ids.
    files: Vec<(u32, String, Language)>,
    diagnostics: Vec<Diagnostic>,
    summary: Summary,
    notes: Vec<String>,
}

impl Memo {
    /// The folder for a project: `DBTRUTH_CACHE_DIR`, else `.git/dbtruth` of the repository around it, else none.
    pub fn of(root: &Path) -> Option<Self> {
        if let Some(folder) = std::env::var_os("DBTRUTH_CACHE_DIR").filter(|f| !f.is_empty()) {
            return Some(Self { folder: PathBuf::from(folder) });
        }
        let git = root.ancestors().map(|d| d.join(".git")).find(|g| g.exists())?;
        // A worktree and a submodule have a file there that names the folder.
        let git = if git.is_dir() { git } else { git.parent()?.join(std::fs::read_to_string(&git).ok()?.strip_prefix("gitdir:")?.trim()) };
        git.is_dir().then(|| Self { folder: git.join("dbtruth") })
    }

    pub(super) fn recall(&self, settings: &Settings, asked: &Asked) -> Option<Outcome> {
        let kept: Kept = self.read_kept(&asked.answer()).filter(|k: &Kept| k.state == asked.state(settings))?;
        let mut outcome = Outcome { diagnostics: kept.diagnostics, summary: kept.summary, notes: kept.notes, ..Outcome::default() };
        let ids: Vec<u32> = kept.files.iter().map(|f| f.0).collect();
        // Files that findings point into are looked at up to there.
        let mut ends = vec![0; ids.len()];
        for place in outcome.diagnostics.iter_mut().flat_map(places_of) {
            let n = ids.binary_search(&place.file.0).ok()?;
            place.file = FileId(u32::try_from(n).ok()?);
            ends[n] = place.span.end.max(ends[n]);
        }
        for ((_, path, language), end) in kept.files.iter().zip(ends) {
            outcome.sources.add(SourceFile::new(path.as_str(), *language, text_of(settings, path, *language, end as usize)?));
        }
        Some(outcome)
    }

    fn keep(&self, settings: &Settings, asked: &Asked, outcome: &Outcome) -> std::io::Result<()> {
        let mut diagnostics = outcome.diagnostics.clone();
        let mut ids: Vec<u32> = diagnostics.iter_mut().flat_map(places_of).map(|p| p.file.0).collect();
        ids.sort_unstable();
        ids.dedup();
        let file = |&id: &u32| {
            let source = outcome.sources.get(FileId(id));
            (id, source.path.to_string(), source.language)
        };
        let files = ids.iter().map(file).collect();
        let kept = Kept { state: asked.state(settings), files, diagnostics, summary: outcome.summary.clone(), notes: outcome.notes.clone() };
        self.write_kept(&asked.answer(), &kept)
    }

    /// Findings in a few files, with what was learnt of all others.
    fn partial(&self, settings: &Settings, asked: &Asked) -> Option<Result<Outcome, Failure>> {
        let learnt = Learnt::read(&self.folder.join(format!("{}.learnt", asked.project)))?;
        // Which files such a run reads it finds out turn by turn; the last time's are a good guess.
        let place = self.folder.join(format!("{}.read", asked.question));
        let guess = std::fs::read_to_string(&place).unwrap_or_default();
        let guess_lines: Vec<&str> = guess.lines().collect();
        let same = |n: usize, letters: &str| asked.is_known(settings, n, letters);
        // Numbers in a folder of caches may be anyone's; what they lead astray is done again from the files themselves.
        let run = AssertUnwindSafe(|| partial::run(settings, &learnt, &asked.lock, &same, &guess_lines));
        let result = catch_unwind(run).ok()?.ok()?;
        Some(result.map(|(outcome, read)| {
            let read = read.join("\n");
            if read != guess {
                let _ = self.write(&place, &read);
            }
            outcome
        }))
    }

    /// What a run over one project finds, if it can be told without linking all of it.
    pub(super) fn known(&self, settings: &Settings) -> Option<Result<Outcome, Failure>> {
        self.again(settings, &Asked::of(settings)?, false)
    }

    /// What a run over one project finds that links all of it, kept for the next one.
    pub(super) fn anew(&self, settings: &Settings, last: bool) -> Result<Outcome, Failure> {
        match Asked::of(settings) {
            Some(asked) => self.all(settings, &asked, last),
            None => super::run_alone(settings, last),
        }
    }

    /// `recalled` says that of a worktree it is known that there is no answer.
    fn again(&self, settings: &Settings, asked: &Asked, recalled: bool) -> Option<Result<Outcome, Failure>> {
        // Of an index an answer with the help of what was learnt takes no longer than to look whether there is one, and to write it down.
        let keeps_parts = !asked.of_index;
        if keeps_parts
            && !recalled
            && let Some(outcome) = self.recall(settings, asked)
        {
            return Some(Ok(outcome));
        }
        if let Some(outcome) = self.partial(settings, asked) {
            if let Ok(outcome) = &outcome
                && keeps_parts
            {
                self.keep_settled(settings, asked, outcome);
            }
            return Some(outcome);
        }
        if keeps_parts { None } else { self.recall(settings, asked).map(Ok) }
    }

    fn all(&self, settings: &Settings, asked: &Asked, last: bool) -> Result<Outcome, Failure> {
        let (outcome, tables) = super::run_looking(settings, last, |opened, context| {
            // Numbers stand for files: there must be one for each.
            let all = opened.sources.len() == settings.files.len() + 1;
            let is_canonical = || schema::lock::is_canonical(&opened.sources.get(opened.lock).text);
            if all && asked.settled { partial::tables(context).map(|t| (is_canonical(), t)) } else { None }
        })?;
        if self.keep_settled(settings, asked, &outcome)
            && let Some((is_canonical, tables)) = tables
        {
            let _ = self.keep_learnt(settings, asked, is_canonical, &tables);
        }
        Ok(outcome)
    }

    /// Keeps an answer that will be the same as long as nothing changes; says whether it is one. A folder that cannot be written costs time, nothing else.
    pub(super) fn keep_settled(&self, settings: &Settings, asked: &Asked, outcome: &Outcome) -> bool {
        let settled = asked.settled && !hurried(outcome) && outcome.troubles.is_empty();
        if settled {
            let _ = self.keep(settings, asked, outcome);
        }
        settled
    }

    /// The name under which something of one of several projects is kept, by its folder below the root.
    pub(super) fn member_name(&self, settings: &Settings, folder: &str) -> String {
        format!("{}.member", digest(&(PROGRAM, &settings.cwd, &settings.root, folder)))
    }

    /// What was kept under a name.
    pub(super) fn read_kept<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        let text = std::fs::read_to_string(self.folder.join(name)).ok()?;
        let (sum, body) = text.split_once('\n')?;
        if sum != digest(&body) {
            return None;
        }
        serde_json::from_str(body).ok()
    }

    /// Keeps something under a name.
    pub(super) fn write_kept<T: Serialize>(&self, name: &str, kept: &T) -> std::io::Result<()> {
        let body = serde_json::to_string(kept)?;
        self.write(&self.folder.join(name), &format!("{}\n{body}", digest(&body)))
    }

    fn write(&self, place: &Path, text: &str) -> std::io::Result<()> {
        std::fs::create_dir_all(&self.folder)?;
        let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
        file.write_all(text.as_bytes())?;
        file.persist(place).map_err(|e| e.error)?;
        self.prune()
    }

    fn keep_learnt(&self, settings: &Settings, asked: &Asked, is_canonical: bool, tables: &[String]) -> std::io::Result<()> {
        let stamps = asked.stamps(settings);
        let files: Vec<(&str, &str)> = settings.files.iter().map(|f| f.path.as_str()).zip(stamps.iter().map(String::as_str)).collect();
        if files.iter().any(|(path, _)| path.contains(['\n', '\t'])) {
            return Ok(());
        }
        self.write(&self.folder.join(format!("{}.learnt", asked.project)), &learnt::written((&asked.lock, is_canonical), &files, tables))
    }

    /// Takes the oldest away, of answers and of what was learnt.
    fn prune(&self) -> std::io::Result<()> {
        for (extension, most) in [("found", KEPT), ("learnt", LEARNT), ("read", 2 * KEPT), ("member", KEPT)] {
            let of_ours = |e: &std::fs::DirEntry| e.path().extension().is_some_and(|x| x == extension);
            let mut all: Vec<(SystemTime, PathBuf)> = std::fs::read_dir(&self.folder)?
                .filter_map(Result::ok)
                .filter(of_ours)
                .filter_map(|e| Some((e.metadata().ok()?.modified().ok()?, e.path())))
                .collect();
            all.sort();
            for (_, path) in all.iter().rev().skip(most) {
                std::fs::remove_file(path)?;
            }
        }
        Ok(())
    }
}

/// [`super::run`] for a program that ends after it, or what that gave the last time in the same state.
pub fn run_again(settings: &Settings, memo: Option<&Memo>) -> Result<Outcome, Failure> {
    levels::names_are_rules(settings)?;
    let memo = memo.filter(|_| !python::is_slow());
    // What was said of everything holds for everything, however many projects that is.
    let everything = settings.report.iter().any(|r| is_in(&settings.root, r));
    let asked = memo.filter(|_| everything).and_then(|m| Some((m, Asked::of(settings)?)));
    if let Some((memo, asked)) = asked.as_ref().filter(|(_, asked)| !asked.of_index)
        && let Some(outcome) = memo.recall(settings, asked)
    {
        return Ok(outcome);
    }
    match (Folders::find(settings), asked) {
        (Some(folders), asked) => members::run(settings, &folders, memo, asked.map(|a| a.1), true),
        (None, Some((memo, asked))) => memo.again(settings, &asked, true).unwrap_or_else(|| memo.all(settings, &asked, true)),
        (None, None) => alone(settings, memo, true),
    }
}

/// The same over one project; `last` says that the program ends after it.
pub(super) fn alone(settings: &Settings, memo: Option<&Memo>, last: bool) -> Result<Outcome, Failure> {
    let Some((memo, asked)) = memo.and_then(|m| Some((m, Asked::of(settings)?))) else { return super::run_alone(settings, last) };
    memo.again(settings, &asked, false).unwrap_or_else(|| memo.all(settings, &asked, last))
}

/// What took too long this time may not the next.
fn hurried(outcome: &Outcome) -> bool {
    outcome.summary.skipped.keys().any(|reason| reason.contains("took longer"))
}

impl Asked {
    /// `None` where the answer is not to be kept.
    pub(super) fn of(settings: &Settings) -> Option<Self> {
        if settings.lines.is_some() || settings.update_baseline || !settings.troubles.is_empty() {
            return None;
        }
        let now = SystemTime::now();
        let program = std::env::current_exe().and_then(std::fs::metadata).ok()?;
        let project = (
            (PROGRAM, program.len(), program.modified().ok()?),
            settings.member.as_ref().map(Member::folders),
            (&settings.cwd, &settings.root, &settings.config.path, &settings.config.text, &settings.lock.path),
        );
        let question = digest(&(&project, (&settings.report, &settings.select, &settings.ignore, &settings.baseline)));
        let in_memory = !settings.files.iter().any(|f| matches!(f.origin, Origin::Disk));
        let of_index = settings.files.iter().all(|f| matches!(f.origin, Origin::Blob(_)));
        let known_by = if of_index { Vec::new() } else { known_by::all(settings) };
        let mut newest = UNIX_EPOCH;
        for known in &known_by {
            newest = newest.max(known.newest()?);
        }
        let lock = match (&settings.lock.name, &settings.lock.bytes) {
            (Some(name), _) => name.to_string(),
            (None, Some(bytes)) => digest(bytes),
            (None, None) => digest(&std::fs::read(&settings.lock.path).ok()?),
        };
        Some(Self { question, project: digest(&(project, in_memory)), lock, known_by, of_index, settled: newest + RACY < now })
    }

    /// Whether all files are git's.
    pub(super) fn is_of_index(&self) -> bool {
        self.of_index
    }

    /// The name of what answers the question.
    fn answer(&self) -> String {
        format!("{}.found", self.question)
    }

    /// A name for the state of everything.
    fn state(&self, settings: &Settings) -> String {
        let mut files = Sum::default();
        for (n, candidate) in settings.files.iter().enumerate() {
            (&candidate.path, candidate.language).hash(&mut files);
            match (&candidate.origin, self.known_by.get(n)) {
                (_, Some(known)) => known.hash(&mut files),
                (Origin::Blob(blob), None) => blob.name.hash(&mut files),
                (Origin::Disk | Origin::Memory(_), None) => {}
            }
        }
        let baseline = settings.baseline.as_ref().map(|b| std::fs::read(b).ok());
        digest(&(files.of_all(), &self.lock, baseline, &settings.notes))
    }

    /// What each file is known by, in letters.
    fn stamps(&self, settings: &Settings) -> Vec<String> {
        let one = |(n, candidate): (usize, &Candidate)| match &candidate.origin {
            Origin::Blob(blob) if self.of_index => blob.name.to_string(),
            _ => self.known_by.get(n).map_or_else(String::new, KnownBy::letters),
        };
        settings.files.iter().enumerate().map(one).collect()
    }

    /// Whether the file with that number is as it was when these were its letters.
    fn is_known(&self, settings: &Settings, n: usize, letters: &str) -> bool {
        match settings.files.get(n).map(|f| &f.origin) {
            Some(Origin::Blob(blob)) if self.of_index => blob.name.is_written(letters.as_bytes()),
            _ => self.known_by.get(n).is_some_and(|known| known.is(letters)),
        }
    }
}

/// The text of a file by the name that reports give it, at least as far as a byte and what is shown behind it.
fn text_of(settings: &Settings, shown: &str, language: Language, byte: usize) -> Option<Arc<str>> {
    if let Ok(n) = settings.files.binary_search_by(|c| c.path.as_str().cmp(shown)) {
        return read::text_up_to(&settings.files[n], byte);
    }
    let bytes = match &settings.lock.bytes {
        Some(bytes) if display_path(&settings.lock.path, &settings.cwd) == shown => bytes.clone(),
        _ => std::fs::read(normalise(Path::new(shown), &settings.cwd)).ok()?,
    };
    // What is no text was read as an empty file.
    Some(read::decode(&bytes, language).unwrap_or_default())
}

/// Every place that a finding names.
pub(super) fn places_of(d: &mut Diagnostic) -> Vec<&mut Location> {
    let mut all = vec![&mut d.location];
    all.extend(d.related.iter_mut().map(|r| &mut r.location));
    all.extend(d.fix.iter_mut().flat_map(|f| &mut f.edits).map(|e| &mut e.location));
    all
}

/// What is hashed goes into a SHA-1, in pieces of some size.
#[derive(Default)]
struct Sum {
    hash: Sha1,
    waiting: Vec<u8>,
}

impl Sum {
    fn of_all(mut self) -> Vec<u8> {
        self.hash.update(&self.waiting);
        self.hash.finalize().to_vec()
    }
}

impl Hasher for Sum {
    fn write(&mut self, bytes: &[u8]) {
        self.waiting.extend_from_slice(bytes);
        if self.waiting.len() >= 4096 {
            self.hash.update(&self.waiting);
            self.waiting.clear();
        }
    }

    fn finish(&self) -> u64 {
        0
    }
}

/// 128 bits: twice the standard library's hasher, differently begun. It need not be the same in every version, for the program is part of what is hashed.
struct Twice(DefaultHasher, DefaultHasher);

impl Twice {
    fn new() -> Self {
        let mut second = DefaultHasher::new();
        second.write_u64(0x5851_f42d_4c95_7f2d);
        Self(DefaultHasher::new(), second)
    }

    fn hex(&self) -> String {
        format!("{:016x}{:016x}", self.0.finish(), self.1.finish())
    }
}

pub(super) fn digest(value: &impl Hash) -> String {
    let mut hash = Twice::new();
    value.hash(&mut hash.0);
    value.hash(&mut hash.1);
    hash.hex()
}
