//! One folder with its lock: which link serves it, which is under way, and when the next is due.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use crossbeam_channel::Sender;
use gen_lsp_types::Diagnostic;

use super::generation::{self, Event, Job, Start};
use super::position::Encoding;
use crate::check::{Buffers, Memory};

/// Bytes of stack for each thread: walks over trees recurse as deep as trees are cut.
const STACK: usize = 16 << 20;

/// A link that answers.
struct Serving {
    id: u64,
    jobs: Sender<Job>,
    /// The texts as it knows them.
    known: Buffers,
}

/// A folder that is linked as one project.
pub struct Workspace {
    /// The folder.
    pub root: PathBuf,
    serving: Option<Serving>,
    linking: Option<Serving>,
    memory: Option<Memory>,
    next: u64,
    /// When to link again.
    pub due: Option<Instant>,
    took: Duration,
    /// Findings as last said, by path.
    pub said: BTreeMap<PathBuf, Vec<Diagnostic>>,
    watched: Vec<(PathBuf, Option<(SystemTime, u64)>)>,
    waiting: Vec<Job>,
}

/// What a workspace needs to start a link.
pub struct Means {
    /// How places are counted.
    pub encoding: Encoding,
    /// Threads for the first link of a folder: all there are.
    pub all: Arc<rayon::ThreadPool>,
    /// Threads for later ones, which must leave room for answers.
    pub some: Arc<rayon::ThreadPool>,
    /// Where links report.
    pub events: Sender<Event>,
}

impl Means {
    /// Starts the threads.
    pub fn new(encoding: Encoding, events: Sender<Event>) -> Result<Self, rayon::ThreadPoolBuildError> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let pool = |threads: usize| rayon::ThreadPoolBuilder::new().num_threads(threads).stack_size(STACK).build().map(Arc::new);
        Ok(Self { encoding, all: pool(cores)?, some: pool(cores.saturating_sub(1).max(1))?, events })
    }
}

fn stamp(path: &Path) -> Option<(SystemTime, u64)> {
    let data = std::fs::metadata(path).ok()?;
    Some((data.modified().ok()?, data.len()))
}

impl Workspace {
    /// A folder that is to be linked at once.
    pub fn new(root: PathBuf) -> Self {
        Self {
            root,
            serving: None,
            linking: None,
            memory: Some(Memory::keeping()),
            next: 0,
            due: Some(Instant::now()),
            took: Duration::ZERO,
            said: BTreeMap::new(),
            watched: Vec::new(),
            waiting: Vec::new(),
        }
    }

    /// Asks for a link as soon as nothing more changes: the longer one takes, the longer the pause that is waited for.
    pub fn link_soon(&mut self) {
        self.due = Some(Instant::now() + (self.took / 4).clamp(Duration::from_millis(50), Duration::from_millis(1500)));
    }

    /// Asks for a link without delay.
    pub fn link_now(&mut self) {
        self.due = Some(Instant::now());
    }

    /// When there will be something to do without being told; while a link is under way, its end is told.
    pub fn wakes(&self) -> Option<Instant> {
        self.due.filter(|_| self.linking.is_none())
    }

    /// Starts a link where one is due and none is under way.
    pub fn start_if_due(&mut self, buffers: impl FnOnce(&Path) -> Buffers, means: &Means) {
        if self.linking.is_some() || self.due.is_none_or(|due| due > Instant::now()) {
            return;
        }
        let Some(memory) = self.memory.take() else { return };
        self.due = None;
        self.next += 1;
        let buffers = buffers(&self.root);
        let (jobs, received) = crossbeam_channel::unbounded();
        self.linking = Some(Serving { id: self.next, jobs, known: buffers.clone() });
        let pool = Arc::clone(if self.serving.is_none() { &means.all } else { &means.some });
        let (root, id, encoding, events, quick) = (self.root.clone(), self.next, means.encoding, means.events.clone(), Arc::clone(&means.all));
        let start = Start { root, id, buffers, memory, encoding, pool, quick, events };
        let thread = std::thread::Builder::new().name("link".to_owned()).stack_size(STACK);
        if thread.spawn(move || generation::run(start, &received)).is_err() {
            // No thread can be had now; perhaps later.
            self.linking = None;
            self.memory = Some(Memory::keeping());
            self.due = Some(Instant::now() + Duration::from_secs(1));
        }
    }

    /// Hands a changed text on.
    pub fn edit(&mut self, path: &Path, text: &Arc<str>) {
        if let Some(serving) = &mut self.serving
            && serving.known.get(path).is_none_or(|known| known != text)
        {
            serving.known.insert(path.to_path_buf(), Arc::clone(text));
            let _ = serving.jobs.send(Job::Edit(path.to_path_buf(), Arc::clone(text)));
        }
        self.link_soon();
    }

    /// Hands on the text of a file that decides for all others. What is linked is judged by a new lock at once; a link follows.
    pub fn decided(&mut self, path: &Path, text: &Arc<str>) {
        let Some(serving) = &mut self.serving else { return self.link_now() };
        if serving.known.get(path).is_none_or(|known| known != text) {
            serving.known.insert(path.to_path_buf(), Arc::clone(text));
            let _ = serving.jobs.send(Job::Lock(path.to_path_buf(), Arc::clone(text)));
        }
        self.link_soon();
    }

    /// Hands a question on; it waits where nothing is linked yet.
    pub fn ask(&mut self, job: Job) {
        match &self.serving {
            Some(serving) => {
                let _ = serving.jobs.send(job);
            }
            None => self.waiting.push(job),
        }
    }

    /// A link is done: from now on it serves. Gives the files whose text has changed since, which it was told.
    pub fn linked(&mut self, id: u64, memory: Memory, took: Duration, watched: Vec<PathBuf>, now: &Buffers) -> Option<BTreeSet<PathBuf>> {
        let mut serving = self.linking.take_if(|l| l.id == id)?;
        self.memory = Some(memory);
        self.took = took;
        self.watch(watched);
        let mut changed = BTreeSet::new();
        for (path, text) in now {
            if serving.known.get(path).is_none_or(|known| known != text) {
                changed.insert(path.clone());
                let _ = serving.jobs.send(Job::Edit(path.clone(), Arc::clone(text)));
            }
        }
        if !changed.is_empty() || serving.known.keys().any(|p| !now.contains_key(p)) {
            self.link_soon();
        }
        serving.known.clone_from(now);
        for job in self.waiting.drain(..) {
            let _ = serving.jobs.send(job);
        }
        self.serving = Some(serving);
        Some(changed)
    }

    /// A link failed. What served before goes on; gives the questions that nothing can answer.
    pub fn failed(&mut self, id: u64, memory: Memory, watched: Vec<PathBuf>) -> Option<Vec<Job>> {
        self.linking.take_if(|l| l.id == id)?;
        self.memory = Some(memory);
        self.watch(watched);
        Some(if self.serving.is_none() { std::mem::take(&mut self.waiting) } else { Vec::new() })
    }

    /// The questions that wait for a link, which will not come: what serves already answers those it was asked.
    pub fn unanswered(self) -> Vec<Job> {
        self.waiting
    }

    /// Whether that link serves.
    pub fn is_served_by(&self, id: u64) -> bool {
        self.serving.as_ref().is_some_and(|s| s.id == id)
    }

    /// Whether anything can be asked.
    pub fn is_served(&self) -> bool {
        self.serving.is_some()
    }

    fn watch(&mut self, paths: Vec<PathBuf>) {
        self.watched = paths.into_iter().map(|p| (p.clone(), stamp(&p))).collect();
    }

    /// Whether that file decides for all others.
    pub fn watches(&self, path: &Path) -> bool {
        self.watched.iter().any(|(p, _)| p == path)
    }

    /// Looks whether the lock or the configuration is another than it was; clients need not tell. Gives whether it is.
    pub fn look(&mut self) -> bool {
        let changed: Vec<PathBuf> = self.watched.iter().filter(|(p, s)| stamp(p) != *s).map(|w| w.0.clone()).collect();
        if changed.is_empty() {
            return false;
        }
        for (path, stamp_of) in &mut self.watched {
            *stamp_of = stamp(path);
        }
        self.link_now();
        if let ([path], Some(serving)) = (changed.as_slice(), &self.serving)
            // What an editor has open counts, whatever is on the disk.
            && !serving.known.contains_key(path)
            && let Ok(text) = std::fs::read_to_string(path)
        {
            let _ = serving.jobs.send(Job::Lock(path.clone(), text.into()));
            self.link_soon();
        }
        true
    }
}
