//! The parallel walk over a worktree.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use ignore::overrides::OverrideBuilder;
use ignore::{WalkBuilder, WalkState};

use super::{Candidate, Origin, display_path, is_in, language_of};

/// Folders that hold other people's code even where no `.gitignore` says so.
const FOREIGN: [&str; 6] = ["node_modules", "site-packages", "__pycache__", "__pypackages__", "venv", ".git"];

/// A virtual environment holds it.
const ENVIRONMENT: &str = "pyvenv.cfg";

/// What a walk found.
#[derive(Debug, Default)]
pub struct Walk {
    /// Sorted by path.
    pub files: Vec<Candidate>,
    /// Folders and files that could not be read, sorted: `path: reason`.
    pub errors: Vec<String>,
    /// Symlinks to files outside the root, not followed.
    pub outside: usize,
    /// Virtual environments that were gone into.
    environments: Vec<PathBuf>,
}

/// Lists the files under `root` that can be read as some language.
///
/// Hidden folders, `.gitignore`d files, virtual environments and `exclude` (gitignore patterns relative to `root`) are left out.
/// A symlink to a file inside the root is not followed either: its target is found by itself.
pub fn walk(root: &Path, cwd: &Path, exclude: &[String]) -> Result<Walk, String> {
    let mut overrides = OverrideBuilder::new(root);
    for pattern in exclude {
        // An override that begins with `!` leaves out; that is the opposite of gitignore.
        overrides.add(&format!("!{pattern}")).map_err(|e| format!("exclude `{pattern}`: {e}"))?;
    }
    let overrides = overrides.build().map_err(|e| format!("exclude: {e}"))?;
    let found = Mutex::new(Walk::default());
    let walker = WalkBuilder::new(root).overrides(overrides).follow_links(false).filter_entry(|e| !is_foreign(e)).build_parallel();
    walker.run(|| {
        let mut batch = Batch { files: Vec::new(), into: &found };
        Box::new(move |entry| {
            match entry {
                Ok(entry) => batch.see(&entry, root, cwd),
                Err(error) => batch.error(&error),
            }
            WalkState::Continue
        })
    });
    let mut found = found.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    let environments = std::mem::take(&mut found.environments);
    if !environments.is_empty() {
        found.files.retain(|f| !environments.iter().any(|e| is_in(&f.absolute, e)));
    }
    found.files.sort_by(|a, b| a.path.cmp(&b.path));
    found.errors.sort();
    Ok(found)
}

/// The same choice for a list of paths that no walk made: `exclude` and other people's folders.
pub fn excluder(root: &Path, exclude: &[String]) -> Result<impl Fn(&Path) -> bool, String> {
    let mut builder = ignore::gitignore::GitignoreBuilder::new(root);
    for pattern in exclude {
        builder.add_line(None, pattern).map_err(|e| format!("exclude `{pattern}`: {e}"))?;
    }
    let patterns = builder.build().map_err(|e| format!("exclude: {e}"))?;
    let root = root.to_path_buf();
    Ok(move |path: &Path| {
        let foreign = |p: &Path| p.components().any(|c| c.as_os_str().to_str().is_some_and(|n| FOREIGN.contains(&n)));
        let folder = match super::below(path, &root) {
            Some(rest) => rest.rsplit_once('/').is_some_and(|(folder, _)| folder.split('/').any(|n| FOREIGN.contains(&n))),
            None => path.strip_prefix(&root).is_ok_and(|p| p.parent().is_some_and(foreign)),
        };
        folder || (!patterns.is_empty() && patterns.matched_path_or_any_parents(path, false).is_ignore())
    })
}

/// Whether the folder holds installed packages. What makes it a virtual environment is seen inside: to look for that in every folder takes longer than to go into the few
/// that are one, whose packages lie in folders of a name of their own.
fn is_foreign(entry: &ignore::DirEntry) -> bool {
    if entry.depth() == 0 || !entry.file_type().is_some_and(|t| t.is_dir()) {
        return false;
    }
    entry.file_name().to_str().is_some_and(|n| FOREIGN.contains(&n))
}

/// One thread's finds, handed over together.
struct Batch<'a> {
    files: Vec<Candidate>,
    into: &'a Mutex<Walk>,
}

impl Batch<'_> {
    fn see(&mut self, entry: &ignore::DirEntry, root: &Path, cwd: &Path) {
        let Some(language) = language_of(entry.path()) else {
            if entry.file_name() == ENVIRONMENT
                && let Some(folder) = entry.path().parent().filter(|folder| *folder != root)
            {
                self.lock(|w| w.environments.push(folder.to_owned()));
            }
            return;
        };
        let Some(kind) = entry.file_type() else { return };
        if kind.is_symlink() {
            let target = std::fs::canonicalize(entry.path());
            let inside = target.is_ok_and(|t| std::fs::canonicalize(root).is_ok_and(|r| t.starts_with(r)));
            if !inside {
                self.lock(|w| w.outside += 1);
            }
        } else if kind.is_file() {
            let path = display_path(entry.path(), cwd).into();
            self.files.push(Candidate { path, origin: Origin::Disk, absolute: entry.path().into(), language });
        }
    }

    fn error(&mut self, error: &ignore::Error) {
        let text = error.to_string();
        self.lock(|w| w.errors.push(text));
    }

    fn lock(&self, change: impl FnOnce(&mut Walk)) {
        change(&mut self.into.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        let files = std::mem::take(&mut self.files);
        self.lock(|w| w.files.extend(files));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(root: &Path, exclude: &[&str]) -> Vec<String> {
        let exclude: Vec<String> = exclude.iter().map(|&s| s.to_owned()).collect();
        walk(root, root, &exclude).unwrap().files.into_iter().map(|f| f.path.to_string()).collect()
    }

    #[test]
    fn finds_what_is_ours_in_order() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        for path in [
            "b.py",
            "a.sql",
            "docs/x.md",
            "venv/lib/y.py",
            "env2/pyvenv.cfg",
            "env2/z.py",
            "env2/bin/activate_this.py",
            "env20/own.py",
            "node_modules/q.py",
            "legacy/old.py",
            "note.txt",
            ".hidden/h.py",
            "gen/g.py",
        ] {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        std::fs::create_dir(root.join(".git")).unwrap();
        std::fs::write(root.join(".gitignore"), "gen/\n").unwrap();
        assert_eq!(names(root, &[]), ["a.sql", "b.py", "docs/x.md", "env20/own.py", "legacy/old.py"]);
        assert_eq!(names(root, &["legacy/", "*.md"]), ["a.sql", "b.py", "env20/own.py"]);
    }

    #[cfg(unix)]
    #[test]
    fn symlinks_never_lead_out_of_the_root() {
        let outside = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("secret.py"), "").unwrap();
        let dir = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(outside.path(), dir.path().join("linked")).unwrap();
        std::os::unix::fs::symlink(outside.path().join("secret.py"), dir.path().join("s.py")).unwrap();
        std::os::unix::fs::symlink(dir.path(), dir.path().join("loop")).unwrap();
        let found = walk(dir.path(), dir.path(), &[]).unwrap();
        assert_eq!(found.files, []);
        assert_eq!(found.outside, 1);
    }
}
