//! Settling a run over what git says: the index of the next commit, or what differs from a revision.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::settings::config_dir;
use super::{Failure, LockInput, Settings};
use crate::config::{self, Loaded};
use crate::discover::git::{Blobs, Git, Staged};
use crate::discover::{Blob, Candidate, Listing, ObjectName, Origin, Place, display_path, is_in, language_of, normalise};
use crate::source::{Language, Shared, Span};

impl Settings {
    /// What is about to be committed: code, lock and configuration as the index has them. Files that git does not know stay out.
    pub fn staged(cwd: &Path, paths: &[PathBuf], lock: Option<&Path>) -> Result<Self, Failure> {
        let git = open(cwd)?;
        // git reads the index too; meanwhile we do.
        let asked = git.ask_staged().map_err(Failure::new)?;
        let index = Index::read(&git);
        let staged = asked.answer().map_err(Failure::new)?;
        let mut index = index?;
        if !staged.announced.is_empty() {
            index.listing.retain(|name| !staged.announced.contains(&git.absolute(name)));
        }
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
        let bytes = Blob::read_all(&blobs).map_err(Failure::new)?;
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
        if self.reported().is_empty() {
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
    listing: Listing,
    store: Arc<Mutex<Blobs>>,
}

impl<'a> Index<'a> {
    fn read(git: &'a Git) -> Result<Self, Failure> {
        Ok(Self { git, listing: git.index().map_err(Failure::new)?, store: Arc::new(Mutex::new(git.blobs())) })
    }

    fn blob(&self, name: ObjectName) -> Blob {
        Blob { name, store: Arc::clone(&self.store) }
    }

    fn bytes(&self, path: &Path) -> Result<Option<(Vec<u8>, ObjectName)>, Failure> {
        let Some(name) = path.strip_prefix(&self.git.top).ok().and_then(|p| self.listing.find(&name_of(p))) else { return Ok(None) };
        self.blob(*name).read(path).map(|bytes| Some((bytes, *name))).map_err(Failure::new)
    }

    /// The nearest configuration above the working directory, inside the repository.
    fn config(&self, cwd: &Path) -> Result<Loaded, Failure> {
        for dir in cwd.ancestors().take_while(|d| d.starts_with(&self.git.top)) {
            for name in config::NAMES {
                let path = dir.join(name);
                let Some((bytes, _)) = self.bytes(&path)? else { continue };
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
            return Ok(LockInput { path, ..LockInput::default() });
        }
        if let Some((bytes, name)) = self.bytes(&path)? {
            return Ok(LockInput { path, bytes: Some(bytes), name: Some(name) });
        }
        let shown = display_path(&path, cwd);
        let help =
            if path.is_file() { format!("it is not in the git index: `git add {shown}`") } else { "`dbtruth pull` writes it; then `git add` it".to_owned() };
        Err(Failure::new(format!("no lock: {shown}")).help(help))
    }

    /// What is to be read.
    fn files(&self, cwd: &Path, root: &Path, exclude: &[String]) -> Result<Vec<Candidate>, Failure> {
        let excluded = crate::discover::excluder(root, exclude).map_err(Failure::new)?;
        let mut paths = Paths::new(&self.listing);
        // Without patterns of the user's the folder decides, and tells how its files are shown; git lists a folder's files one after another.
        let by_folder = exclude.is_empty() && cfg!(unix);
        let mut folder = Folder::default();
        for (n, (name, blob)) in self.listing.iter().enumerate() {
            let Some(plain) = std::str::from_utf8(name).ok().filter(|_| by_folder) else {
                let path = self.git.absolute(name);
                if let Some(language) = language_of(&path).filter(|_| is_in(&path, root) && !excluded(&path)) {
                    paths.odd.push((display_path(&path, cwd), path, language, *blob));
                }
                continue;
            };
            let (above, file) = plain.rsplit_once('/').unwrap_or(("", plain));
            let Some(language) = language_of(Path::new(file)) else { continue };
            if folder.name.as_deref() != Some(above) {
                folder = Folder::of(above, file, &self.git.absolute(name), |path| (is_in(path, root) && !excluded(path)).then(|| display_path(path, cwd)));
            }
            if let Some(begins) = &folder.begins {
                paths.add(begins, file, language, n);
            }
        }
        let mut files = paths.candidates(&self.listing, |name| Origin::Blob(self.blob(name)));
        if !files.is_sorted_by(|a, b| *a.path <= *b.path) {
            files.sort_by(|a, b| a.path.cmp(&b.path));
        }
        Ok(files)
    }
}

/// A path as git writes it.
fn name_of(path: &Path) -> Vec<u8> {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        path.as_os_str().as_bytes().to_vec()
    }
    #[cfg(not(unix))]
    path.to_string_lossy().replace('\\', "/").into_bytes()
}

/// What holds for all files of a folder.
#[derive(Default)]
struct Folder {
    /// Its name, from the top of the worktree; none before the first.
    name: Option<String>,
    /// What the paths of its files begin with, absolute and as reports print them; `None` where they are not read.
    begins: Option<(String, String)>,
}

impl Folder {
    /// `path` is where `file` lies, a file of the folder; `shown` tells how that is printed.
    fn of(name: &str, file: &str, path: &Path, shown: impl Fn(&Path) -> Option<String>) -> Self {
        let begins = shown(path).and_then(|s| Some((path.to_str()?.strip_suffix(file)?.to_owned(), s.strip_suffix(file)?.to_owned())));
        Self { name: Some(name.to_owned()), begins }
    }
}

/// Paths of files in one piece of memory.
struct Paths {
    text: String,
    found: Vec<Found>,
    /// Files whose paths are no text, or were looked at by themselves: how they are shown, and where they are.
    odd: Vec<(String, PathBuf, Language, ObjectName)>,
}

/// Where the absolute path and the one that is shown are in the text, and which file of the listing it is.
struct Found {
    absolute: Span,
    shown: Span,
    language: Language,
    entry: u32,
}

impl Paths {
    fn new(listing: &Listing) -> Self {
        Self { text: String::with_capacity(2 * listing.len_of_names()), found: Vec::with_capacity(listing.len()), odd: Vec::new() }
    }

    fn add(&mut self, (absolute, shown): &(String, String), file: &str, language: Language, entry: usize) {
        let mut push = |folder: &str| {
            let start = self.text.len();
            self.text.push_str(folder);
            self.text.push_str(file);
            Span::new(start, self.text.len())
        };
        let at = push(absolute);
        // What lies below the working directory is shown by the end of its path.
        let shown = if absolute.ends_with(shown) { Span::new(at.range().end - shown.len() - file.len(), at.range().end) } else { push(shown) };
        self.found.push(Found { absolute: at, shown, language, entry: u32::try_from(entry).unwrap_or(u32::MAX) });
    }

    fn candidates(self, listing: &Listing, origin: impl Fn(ObjectName) -> Origin) -> Vec<Candidate> {
        let room = self.found.len() + self.odd.len();
        let text = Arc::new(self.text);
        let shared = |at: Span| Shared::new(Arc::clone(&text), at);
        let plain = self.found.into_iter().filter_map(|f| {
            let origin = origin(*listing.get(f.entry as usize)?);
            Some(Candidate { path: shared(f.shown), absolute: Place::Shared(shared(f.absolute)), language: f.language, origin })
        });
        let odd = self.odd.into_iter();
        let odd = odd.map(|(shown, path, language, blob)| Candidate { path: shown.into(), absolute: Place::Own(path), language, origin: origin(blob) });
        let mut all = Vec::with_capacity(room);
        all.extend(plain);
        all.extend(odd);
        all
    }
}
