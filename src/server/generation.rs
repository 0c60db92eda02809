//! One link of a folder and what is asked of it, on a thread of its own.
//!
//! Everything linked borrows from everything read, so both live on this thread's stack. When the folder must be linked again, another thread does so while this one
//! goes on answering; then it is told to end.

use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender};
use gen_lsp_types::{CodeActionContext, Diagnostic, Position, Range};
use lsp_server::RequestId;
use serde_json::Value;

use super::position::Encoding;
use super::{actions, completion, lookup, publish, symbols};
use crate::check::{Buffers, Failure, Live, Memory, Opened, Settings, Versions, open_again};
use crate::diagnostic;
use crate::source::FileId;

/// What a link starts from.
pub struct Start {
    /// The folder.
    pub root: PathBuf,
    /// The number of the link.
    pub id: u64,
    /// Open texts.
    pub buffers: Buffers,
    /// Files as they were read the last time.
    pub memory: Memory,
    /// How places are counted.
    pub encoding: Encoding,
    /// The threads that read and link.
    pub pool: Arc<rayon::ThreadPool>,
    /// Threads for what must not wait for a link.
    pub quick: Arc<rayon::ThreadPool>,
    /// Where to report.
    pub events: Sender<Event>,
}

/// What a link is asked to do.
#[derive(Debug)]
pub enum Job {
    /// A text changed.
    Edit(PathBuf, Arc<str>),
    /// A text changed that may be the lock.
    Lock(PathBuf, Arc<str>),
    /// A question.
    Ask(RequestId, Ask),
}

/// Questions about a text or the whole folder.
#[derive(Debug)]
pub enum Ask {
    /// Findings in a text.
    Findings(PathBuf),
    /// What stands there?
    Hover(PathBuf, Position),
    /// Where is it defined?
    Definition(PathBuf, Position),
    /// Who names it? And whether its definition counts.
    References(PathBuf, Position, bool),
    /// What could stand there?
    Completion(PathBuf, Position),
    /// What could be done there?
    Actions(PathBuf, Range, Box<CodeActionContext>),
    /// Tables and columns of like names.
    Symbols(String),
}

/// What a link reports.
pub enum Event {
    /// Everything is linked.
    Linked(Box<Linked>),
    /// It could not be.
    Failed {
        root: PathBuf,
        id: u64,
        memory: Memory,
        failure: Failure,
        /// The lock, the configuration: the next change of one of them is a reason to try again.
        watched: Vec<PathBuf>,
    },
    /// A text's findings, as far as they can be known at once.
    Findings { root: PathBuf, id: u64, path: PathBuf, text: Arc<str>, items: Vec<Diagnostic> },
    /// Everything, judged by a new lock, as far as can be known at once.
    Judged { root: PathBuf, id: u64, findings: BTreeMap<PathBuf, Vec<Diagnostic>> },
    /// Only another link can tell.
    Outdated { root: PathBuf, id: u64 },
    /// An answer.
    Answer(RequestId, Value),
}

/// A finished link.
pub struct Linked {
    pub root: PathBuf,
    pub id: u64,
    pub memory: Memory,
    /// How long it took.
    pub took: Duration,
    /// Findings by path; paths without any are left out.
    pub findings: BTreeMap<PathBuf, Vec<Diagnostic>>,
    /// The lock and the configuration.
    pub watched: Vec<PathBuf>,
    /// What the user should hear.
    pub notes: Vec<String>,
}

/// Links, reports, and answers until nobody asks any more. Whatever crashes is said, and ends nothing but this link.
pub fn run(start: Start, jobs: &Receiver<Job>) {
    let (root, id, events) = (start.root.clone(), start.id, start.events.clone());
    if catch_unwind(AssertUnwindSafe(|| link_and_serve(start, jobs))).is_err() {
        // What was remembered of the files went with it.
        let failure = Failure::new("dbtruth crashed while linking; please report it");
        let _ = events.send(Event::Failed { memory: Memory::keeping(), failure, watched: always_watched(&root), root, id });
    }
}

/// Files that decide for all others, wherever the configuration says the lock is.
fn always_watched(root: &Path) -> Vec<PathBuf> {
    let lock = crate::config::Config::default();
    crate::config::NAMES.iter().copied().chain([lock.lock_name()]).map(|n| root.join(n)).collect()
}

fn link_and_serve(start: Start, jobs: &Receiver<Job>) {
    let Start { root, id, buffers, mut memory, encoding, pool, quick, events } = start;
    let begun = Instant::now();
    let mut watched = always_watched(&root);
    let opened = catch_unwind(AssertUnwindSafe(|| {
        let settings = Settings::workspace(&root, &buffers)?;
        watched.push(settings.lock.path.clone());
        watched.extend(settings.config.path.clone());
        watched.dedup();
        let opened = pool.install(|| open_again(&settings, &mut memory))?;
        Ok((settings, opened))
    }));
    let opened = opened.unwrap_or_else(|_| Err(Failure::new("dbtruth crashed while reading; please report it")));
    let (settings, opened) = match opened {
        Ok(both) => both,
        Err(failure) => {
            let _ = events.send(Event::Failed { root, id, memory, failure, watched });
            return;
        }
    };
    let versions = Versions::default();
    let Ok(live) = catch_unwind(AssertUnwindSafe(|| pool.install(|| Live::new(&settings, &opened, &versions)))) else {
        let failure = Failure::new("dbtruth crashed while linking; please report it");
        let _ = events.send(Event::Failed { root, id, memory, failure, watched });
        return;
    };
    let mut notes = opened.troubles.clone();
    notes.extend(opened.notes.iter().cloned());
    let mut generation = Generation { live, encoding, quick, current: HashMap::new() };
    let findings = generation.all();
    let linked = Linked { root: root.clone(), id, memory, took: begun.elapsed(), findings, watched, notes };
    if events.send(Event::Linked(Box::new(linked))).is_err() {
        return;
    }
    serve(&mut generation, &opened, &buffers, jobs, |event| events.send(event).is_ok(), &root, id);
}

fn serve(generation: &mut Generation<'_>, opened: &Opened, buffers: &Buffers, jobs: &Receiver<Job>, send: impl Fn(Event) -> bool, root: &Path, id: u64) {
    let mut open: Vec<FileId> = buffers.keys().filter_map(|p| generation.live.file(p)).filter(|f| *f != opened.lock).collect();
    loop {
        // Nothing to do: be ready for the first keystroke.
        let next = match jobs.try_recv() {
            Ok(job) => Ok(job),
            Err(crossbeam_channel::TryRecvError::Empty) if !open.is_empty() => {
                if let Some(file) = open.pop() {
                    let _ = catch_unwind(AssertUnwindSafe(|| generation.live.prepare(file)));
                }
                continue;
            }
            Err(_) => jobs.recv(),
        };
        let Ok(first) = next else { return };
        // Of several changes of one text in a row only the last counts.
        let mut waiting = vec![first];
        waiting.extend(jobs.try_iter());
        for n in 0..waiting.len() {
            if let Job::Edit(path, _) | Job::Lock(path, _) = &waiting[n]
                && waiting[n + 1..].iter().any(|later| matches!(later, Job::Edit(p, _) | Job::Lock(p, _) if p == path))
            {
                continue;
            }
            let done = catch_unwind(AssertUnwindSafe(|| generation.work(&waiting[n])));
            let event = match (done, &waiting[n]) {
                (Ok(Done::Findings(items)), Job::Edit(path, text)) => {
                    Event::Findings { root: root.to_path_buf(), id, path: path.clone(), text: Arc::clone(text), items }
                }
                (Ok(Done::Judged(findings)), _) => Event::Judged { root: root.to_path_buf(), id, findings },
                (Ok(Done::Answer(value)), Job::Ask(request, _)) => Event::Answer(request.clone(), value),
                (_, Job::Ask(request, _)) => Event::Answer(request.clone(), Value::Null),
                (_, Job::Edit(..) | Job::Lock(..)) => Event::Outdated { root: root.to_path_buf(), id },
            };
            if !send(event) {
                return;
            }
        }
    }
}

enum Done {
    Findings(Vec<Diagnostic>),
    Judged(BTreeMap<PathBuf, Vec<Diagnostic>>),
    Answer(Value),
    Outdated,
}

/// The link and what it said last.
pub struct Generation<'a> {
    /// Everything linked.
    pub live: Live<'a>,
    /// How places are counted.
    pub encoding: Encoding,
    quick: Arc<rayon::ThreadPool>,
    /// Findings of files that changed since.
    current: HashMap<FileId, Vec<diagnostic::Diagnostic>>,
}

impl Generation<'_> {
    /// Findings in a file, as last known.
    pub fn findings(&self, file: FileId) -> Vec<diagnostic::Diagnostic> {
        self.current.get(&file).cloned().unwrap_or_else(|| self.live.findings_in(file))
    }

    fn all(&self) -> BTreeMap<PathBuf, Vec<Diagnostic>> {
        assert!(!(cfg!(test) && self.live.schema.relations.keys().any(|r| r.name == "crash_in_telling")), "a crash made by a test");
        let mut all: BTreeMap<PathBuf, Vec<Diagnostic>> = BTreeMap::new();
        for d in &self.live.diagnostics {
            if let Some(path) = self.live.path(d.location.file) {
                all.entry(path.to_path_buf()).or_default().push(publish::diagnostic(self, d));
            }
        }
        all
    }

    fn work(&mut self, job: &Job) -> Done {
        assert!(!(cfg!(test) && matches!(job, Job::Ask(_, Ask::Hover(path, _)) if path.ends_with("crash-in-answering.sql"))), "a crash made by a test");
        match job {
            Job::Edit(path, text) => {
                let Some(file) = self.live.file(path) else { return Done::Outdated };
                let Some(found) = self.live.edit(file, text) else { return Done::Outdated };
                let items = found.iter().map(|d| publish::diagnostic(self, d)).collect();
                self.current.insert(file, found);
                Done::Findings(items)
            }
            Job::Lock(path, text) => {
                let (quick, live) = (Arc::clone(&self.quick), &mut self.live);
                if *path != live.settings.lock.path || !quick.install(|| live.relock(text)) {
                    return Done::Outdated;
                }
                self.current.clear();
                Done::Judged(self.all())
            }
            Job::Ask(_, ask) => Done::Answer(self.answer(ask).unwrap_or(Value::Null)),
        }
    }

    fn answer(&self, ask: &Ask) -> Option<Value> {
        let place = |path: &PathBuf, position: &Position| {
            let file = self.live.file(path)?;
            Some((file, self.encoding.offset(self.live.sources().get(file), *position)))
        };
        match ask {
            Ask::Findings(path) => {
                let items: Vec<Diagnostic> =
                    self.live.file(path).map(|f| self.findings(f)).unwrap_or_default().iter().map(|d| publish::diagnostic(self, d)).collect();
                serde_json::to_value(items).ok()
            }
            Ask::Hover(path, position) => {
                let (file, at) = place(path, position)?;
                lookup::hover(self, file, at)
            }
            Ask::Definition(path, position) => {
                let (file, at) = place(path, position)?;
                lookup::definition(self, file, at)
            }
            Ask::References(path, position, definition) => {
                let (file, at) = place(path, position)?;
                lookup::references(self, file, at, *definition)
            }
            Ask::Completion(path, position) => {
                let (file, at) = place(path, position)?;
                completion::complete(self, file, at)
            }
            Ask::Actions(path, range, context) => actions::actions(self, self.live.file(path)?, *range, context),
            Ask::Symbols(query) => symbols::symbols(self, query),
        }
    }
}
