//! Everything read and parsed, before anything is linked.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::read::{self, Memory};
use super::{Failure, Member, Settings, deprecations, sql_files};
use crate::diagnostic::{Diagnostic, Severity};
use crate::discover::{Place, display_path};
use crate::facts::{FileFacts, Markdown};
use crate::project::libraries::redis;
use crate::project::link::Keep;
use crate::project::uses::Uses;
use crate::project::world::World;
use crate::project::{Project, documents, isolate};
use crate::schema::{self, Schema};
use crate::source::{FileId, Language, Location, SourceFile, Sources, Span};
use crate::syntax::python;

/// The lock and all files of the project, parsed.
#[derive(Debug)]
pub struct Opened {
    /// The lock first, then all files by name.
    pub sources: Sources,
    /// Absolute path of each file of `sources`; `None` for the lock.
    pub paths: Vec<Option<Place>>,
    /// What the lock says.
    pub schema: Arc<Schema>,
    /// The lock among the sources.
    pub lock: FileId,
    /// Facts of each file of `sources`; the lock's are empty.
    pub facts: Vec<Arc<FileFacts>>,
    /// What reading and parsing found.
    pub diagnostics: Vec<Diagnostic>,
    /// Reason → how many files, of those asked about, are not checked in full.
    pub skipped: BTreeMap<String, usize>,
    /// Files that could not be read, files on which we crashed.
    pub troubles: Vec<String>,
    /// What the user should hear.
    pub notes: Vec<String>,
    /// Names of SQL files that migrations run, once asked for.
    pub(super) scripts: OnceLock<FxHashSet<String>>,
}

impl Opened {
    /// Only the lock.
    pub(super) fn empty(settings: &Settings, sources: Sources, schema: Arc<Schema>, lock: FileId) -> Self {
        Self {
            sources,
            paths: vec![None],
            schema,
            lock,
            facts: vec![Arc::default()],
            diagnostics: Vec::new(),
            skipped: BTreeMap::new(),
            troubles: settings.troubles.clone(),
            notes: settings.notes.clone(),
            scripts: OnceLock::new(),
        }
    }

    /// Links everything.
    pub fn project(&self, settings: &Settings) -> Project<'_> {
        self.project_beside(settings, |_| ()).0
    }

    /// The same, and something that needs definitions alone, worked out meanwhile.
    pub(super) fn project_beside<'a, T: Send>(&'a self, settings: &Settings, beside: impl FnOnce(&World<'a>) -> T + Send) -> (Project<'a>, T) {
        let modules: Vec<(FileId, &python::Module)> = self.sources.iter().zip(&self.facts).filter_map(|((id, _), f)| Some((id, f.module.as_ref()?))).collect();
        let config = &settings.config.config;
        let keep = Keep { statements: settings.statements, trace: settings.learns, apart: settings.apart };
        let guest = |file: FileId| settings.member.as_ref().zip(self.path_of(file)).is_some_and(|(member, path)| member.is_guest(path));
        let own: Vec<(FileId, &python::Module)> = modules.iter().copied().filter(|m| !guest(m.0)).collect();
        let link = || Project::link_beside(&self.sources, (&modules, &own), &self.schema, config, keep, beside);
        let ((mut project, beside), (mut others, created)) = rayon::join(link, || sql_files::uses(settings, self));
        others.extend(self.documents(&project));
        project.add_others(others, created, keep);
        (project, beside)
    }

    /// What the documents name.
    fn documents<'a>(&'a self, project: &Project<'a>) -> Vec<(FileId, Uses)> {
        let documents: Vec<(FileId, &Markdown)> = self.sources.iter().zip(&self.facts).filter_map(|((id, _), f)| Some((id, f.markdown.as_ref()?))).collect();
        documents.par_iter().map(|(id, document)| (*id, isolate::uses(&self.sources, *id, || documents::uses(&project.world, *id, document)))).collect()
    }

    /// Notes a crash: a finding on the file, and exit code 2 for the run.
    pub(super) fn crashed(&mut self, file: FileId) {
        let path = &self.sources.get(file).path;
        self.troubles.push(format!("{path}: dbtruth crashed on this file; please report it"));
        let message = "dbtruth crashed on this file, which is not checked; that is a bug of ours, please report it";
        let context = super::suppress::context(self.sources.get(file).language);
        self.diagnostics.push(Diagnostic::new("syntax-error", Severity::Error, Location::new(file, Span::default()), context, message));
    }

    /// The same for files on which linking crashed, once the run's outcome stands.
    pub(super) fn note_crashes(&mut self, files: impl IntoIterator<Item = FileId>, outcome: &mut super::Outcome) {
        files.into_iter().for_each(|file| self.crashed(file));
        outcome.troubles.append(&mut self.troubles);
        outcome.diagnostics.append(&mut self.diagnostics);
    }

    /// Adds a file that findings may point into and that says nothing by itself.
    pub(super) fn add(&mut self, file: SourceFile) -> FileId {
        self.paths.push(None);
        self.facts.push(Arc::default());
        self.sources.add(file)
    }

    /// Absolute path of a file; `None` for the lock.
    pub fn path_of(&self, file: FileId) -> Option<&Path> {
        self.paths.get(file.0 as usize)?.as_deref()
    }
}

/// Reads the lock and all files.
pub fn open(settings: &Settings) -> Result<Opened, Failure> {
    open_again(settings, &mut Memory::default())
}

/// The same; files that are as they were the last time are neither read nor parsed.
pub fn open_again(settings: &Settings, memory: &mut Memory) -> Result<Opened, Failure> {
    let (sources, schema, lock) = lock_of(settings)?;
    let mut opened = Opened::empty(settings, sources, schema, lock);
    for (pattern, table) in &settings.config.config.caches {
        let name = redis::relation_name(table);
        if !redis::is_sane(pattern) {
            opened.troubles.push(format!("the key pattern `{pattern}` in `caches` is longer than 256 bytes or has more than eight wildcards"));
        }
        if opened.schema.relation(name.schema.as_deref(), &name.name).is_none() {
            opened.troubles.push(format!("`caches` binds `{pattern}` to `{table}`, which the lock does not have"));
        }
    }
    read::all(settings, &mut opened, memory)?;
    Ok(opened)
}

/// The lock, with what the configuration adds to it: read once for all projects of a repository.
fn lock_of(settings: &Settings) -> Result<(Sources, Arc<Schema>, FileId), Failure> {
    let mut sources = Sources::default();
    let shared = settings.member.as_ref().map(Member::lock);
    if let Some((schema, source)) = shared.and_then(OnceLock::get) {
        let lock = sources.add(Arc::clone(source));
        return Ok((sources, Arc::clone(schema), lock));
    }
    let (mut schema, lock) = read_lock(settings, &mut sources)?;
    deprecations::apply(settings, &mut schema)?;
    let schema = Arc::new(schema);
    if let Some(shared) = shared {
        // Whoever was first has read the same.
        let _ = shared.set((Arc::clone(&schema), sources.share(lock)));
    }
    Ok((sources, schema, lock))
}

/// Reads the lock. There is no check without one: green by omission helps nobody.
pub fn read_lock(settings: &Settings, sources: &mut Sources) -> Result<(Schema, FileId), Failure> {
    read_lock_again(settings, sources, false)
}

/// The same; of one that `is_canonical`, as was found when it was read before, tables are read when they are looked at.
pub(super) fn read_lock_again(settings: &Settings, sources: &mut Sources, is_canonical: bool) -> Result<(Schema, FileId), Failure> {
    let path = &settings.lock.path;
    let shown = display_path(path, &settings.cwd);
    let bytes: Cow<'_, [u8]> = match &settings.lock.bytes {
        Some(bytes) => bytes.into(),
        None => read_file(path).map_err(|e| match e.kind() {
            std::io::ErrorKind::NotFound => Failure::new(format!("no lock: {shown} does not exist"))
                .help("write it, and commit it: `dbtruth pull --from .` reads the migrations in this folder, `--from schema.sql` a dump, `--database-url URL` a database"),
            _ => Failure::new(format!("{shown}: cannot be read: {e}")),
        })?
        .into(),
    };
    if read::is_lfs_pointer(&bytes) {
        return Err(
            Failure::new(format!("{shown}:1:1: kept in Git LFS, and not fetched")).help("`git lfs pull`; better, keep the lock out of LFS: it is small text")
        );
    }
    let text = std::str::from_utf8(&bytes).map_err(|e| {
        let valid = String::from_utf8_lossy(&bytes[..e.valid_up_to()]);
        let at = SourceFile::new("", Language::Yaml, &*valid).position(u32::MAX);
        Failure::new(format!("{shown}:{}:{}: not UTF-8", at.line, at.column)).help("write it again with `dbtruth pull`")
    })?;
    let text: Arc<str> = text.into();
    let known = if is_canonical { schema::lock::read_known(&text) } else { None };
    let read = || schema::lock::read(&text).map_err(|e| Failure { message: format!("{shown}:{e}"), help: e.help.clone() });
    let schema = known.map_or_else(read, Ok)?;
    let id = sources.add(SourceFile::new(shown, Language::Yaml, text));
    Ok((schema, id))
}

/// Larger files are no locks: ten thousand tables make 8 MB.
const LARGEST_LOCK: u64 = 64 << 20;

/// The bytes of a file that is one: a pipe would be waited for, and a device read without end.
fn read_file(path: &Path) -> std::io::Result<Vec<u8>> {
    let data = std::fs::metadata(path)?;
    if !data.is_file() {
        return Err(std::io::Error::other("it is not a file"));
    }
    if data.len() > LARGEST_LOCK {
        return Err(std::io::Error::other(format!("it is {} MiB large, which no lock is", data.len() >> 20)));
    }
    std::fs::read(path)
}
