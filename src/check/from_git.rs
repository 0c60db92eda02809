//! Settling a run over what git says: the index of the next commit, or what differs from a revision.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::settings::config_dir;
use super::{Failure, LockInput, Settings};
use crate::config::{self, Loaded};
use crate::discover::git::{Blobs, Entry, Git, Staged};
use crate::discover::{Blob, Candidate, Origin, display_path, is_in, language_of, normalise};

impl Settings {
    /// What is about to be committed: code, lock and configuration as the index has them. Files that git does not know stay out.
    pub fn staged(cwd: &Path, paths: &[PathBuf], lock: Option<&Path>) -> Result<Self, Failure> {
        let git = open(cwd)?;
        let (index, staged) = rayon::join(|| Index::read(&git), || git.staged());
        let (mut index, staged) = (index?, staged.map_err(Failure::new)?);
        index.entries.retain(|e| !staged.announced.contains(&e.path));
        let config = index.config(cwd)?;
        let root = config.path.as_deref().and_then(Path::parent).unwrap_or(&git.top).to_path_buf();
        let lock = index.lock(cwd, lock, config_dir(&config, &root), config.config.lock_name())?;
        let mut settings = Self { cwd: cwd.to_path_buf(), root, config, lock, ..Self::default() };
        settings.files = index.files(cwd, &settings.root, &settings.config.config.exclude)?;
        settings.report = settings.staged_targets(staged, paths);
        settings.note_when_nothing_staged();
        Ok(settings)
    }

    /// Reads what git has, all at once: for who is going to look at each file's bytes.
    pub fn fetch(&mut self) -> Result<(), Failure> {
        let blobs: Vec<&Blob> = self.files.iter().filter_map(|f| if let Origin::Blob(b) = &f.origin { Some(b) } else { None }).collect();
        let bytes = Blob::read(&blobs).map_err(Failure::new)?;
        let origins = self.files.iter_mut().map(|f| &mut f.origin).filter(|o| matches!(o, Origin::Blob(_)));
        origins.zip(bytes).for_each(|(origin, bytes)| *origin = Origin::Memory(bytes));
        Ok(())
    }

    /// The worktree, but only what differs from a revision is reported.
    pub fn since(cwd: &Path, paths: &[PathBuf], lock: Option<&Path>, revision: &str) -> Result<Self, Failure> {
        let (lines, deleted) = open(cwd)?.changed_since(revision).map_err(|e| Failure::new(format!("--since {revision}: {e}")))?;
        let mut settings = Self::worktree(cwd, paths, lock)?;
        let all = deleted.iter().any(|p| language_of(p).is_some()) || lines.keys().any(|p| settings.concerns_all(p));
        settings.lines = (!all).then_some(lines);
        Ok(settings)
    }

    /// The staged files; everything under the root where a staged change can break what is not staged.
    fn staged_targets(&self, staged: Staged, paths: &[PathBuf]) -> Vec<PathBuf> {
        let all = staged.deleted.iter().any(|p| language_of(p).is_some() || self.concerns_all(p)) || staged.changed.iter().any(|p| self.concerns_all(p));
        let chosen: Vec<PathBuf> = if all { vec![self.root.clone()] } else { staged.changed.into_iter().collect() };
        let wanted: Vec<PathBuf> = paths.iter().map(|p| normalise(p, &self.cwd)).collect();
        if wanted.is_empty() {
            return chosen;
        }
        if all {
            return wanted;
        }
        chosen.into_iter().filter(|c| wanted.iter().any(|w| c.starts_with(w))).collect()
    }

    fn note_when_nothing_staged(&mut self) {
        if !self.files.iter().any(|f| self.reports(&f.absolute)) {
            self.notes.push("nothing to check: no Python, SQL or Markdown file is staged".to_owned());
        }
    }
}

fn open(cwd: &Path) -> Result<Git, Failure> {
    Git::open(cwd).map_err(|e| Failure::new(e).help("`--staged` and `--since` need a git repository around the working directory"))
}

/// The files of the next commit.
struct Index<'a> {
    git: &'a Git,
    /// By the bytes of their paths.
    entries: Vec<Entry>,
    store: Arc<Mutex<Blobs>>,
}

impl<'a> Index<'a> {
    fn read(git: &'a Git) -> Result<Self, Failure> {
        let mut entries = git.index().map_err(Failure::new)?;
        entries.sort_by(|a, b| a.path.as_os_str().cmp(b.path.as_os_str()));
        let store = Arc::new(Mutex::new(git.blobs().map_err(Failure::new)?));
        Ok(Self { git, entries, store })
    }

    fn blob(&self, name: String) -> Blob {
        Blob { name, store: Arc::clone(&self.store) }
    }

    fn bytes(&self, path: &Path) -> Result<Option<Vec<u8>>, Failure> {
        let Ok(found) = self.entries.binary_search_by(|e| e.path.as_os_str().cmp(path.as_os_str())) else { return Ok(None) };
        Ok(Blob::read(&[&self.blob(self.entries[found].blob.clone())]).map_err(Failure::new)?.pop())
    }

    /// The nearest configuration above the working directory, inside the repository.
    fn config(&self, cwd: &Path) -> Result<Loaded, Failure> {
        for dir in cwd.ancestors().take_while(|d| d.starts_with(&self.git.top)) {
            for name in config::NAMES {
                let path = dir.join(name);
                let Some(bytes) = self.bytes(&path)? else { continue };
                let text = String::from_utf8(bytes).map_err(|_| Failure::new(format!("{}: not UTF-8", path.display())))?;
                if let Some(config) = config::parse(name, &display_path(&path, cwd), &text)? {
                    return Ok(Loaded { config, path: Some(path), text });
                }
            }
        }
        Ok(Loaded::default())
    }

    /// The staged lock; one outside the repository is read where it is.
    fn lock(&self, cwd: &Path, typed: Option<&Path>, dir: &Path, name: &str) -> Result<LockInput, Failure> {
        let path = typed.map_or_else(|| dir.join(name), |l| normalise(l, cwd));
        if let Some(typed) = typed.filter(|t| t.to_string_lossy().contains(':')) {
            return LockInput::typed(typed, cwd);
        }
        if !path.starts_with(&self.git.top) {
            return Ok(LockInput { path, bytes: None });
        }
        if let Some(bytes) = self.bytes(&path)? {
            return Ok(LockInput { path, bytes: Some(bytes) });
        }
        let shown = display_path(&path, cwd);
        let help =
            if path.is_file() { format!("it is not in the git index: `git add {shown}`") } else { "`dbtruth pull` writes it; then `git add` it".to_owned() };
        Err(Failure::new(format!("no lock: {shown}")).help(help))
    }

    /// What is to be read; takes the entries.
    fn files(&mut self, cwd: &Path, root: &Path, exclude: &[String]) -> Result<Vec<Candidate>, Failure> {
        let excluded = crate::discover::excluder(root, exclude).map_err(Failure::new)?;
        let entries = std::mem::take(&mut self.entries);
        // Without patterns of the user's the folder decides, and tells how its files are shown; git lists a folder's files one after another.
        let by_folder = exclude.is_empty() && cfg!(unix);
        let mut folder = Folder::default();
        let mut files = Vec::with_capacity(entries.len());
        for Entry { path, blob } in entries {
            let Some(language) = language_of(&path) else { continue };
            let shown = || (is_in(&path, root) && !excluded(&path)).then(|| display_path(&path, cwd));
            let shown = match path.to_str().filter(|_| by_folder).and_then(|text| text.rsplit_once('/')) {
                Some((above, name)) => {
                    if folder.absolute.as_deref() != Some(above) {
                        let shown_as = shown().and_then(|s| s.strip_suffix(name).map(str::to_owned));
                        folder = Folder { absolute: Some(above.to_owned()), shown_as };
                    }
                    folder.shown_as.as_ref().map(|prefix| format!("{prefix}{name}"))
                }
                None => shown(),
            };
            if let Some(shown) = shown {
                files.push(Candidate { path: shown, absolute: path, language, origin: Origin::Blob(self.blob(blob)) });
            }
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(files)
    }
}

/// What holds for all files of a folder.
#[derive(Default)]
struct Folder {
    /// Its path; none before the first.
    absolute: Option<String>,
    /// What the names of its files begin with, as reports print them; `None` where they are not read.
    shown_as: Option<String>,
}
