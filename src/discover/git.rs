//! Asking git. By its own program: it alone is right about indexes, filters, worktrees and everything a hook puts into the environment.
//!
//! Every command runs in our own working directory with the environment unchanged, because a hook gets `GIT_INDEX_FILE` relative to
//! it (`commit -a` and `commit PATH` use an index of their own). Names come NUL-separated: git quotes them otherwise.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::index::{self, Listing};
use super::object::ObjectName;
use super::repository;

/// A repository as seen from the working directory.
#[derive(Clone, Debug)]
pub struct Git {
    cwd: PathBuf,
    /// Top folder of the worktree.
    pub top: PathBuf,
    /// The index, where we can read it ourselves.
    index: Option<PathBuf>,
}

/// What is about to be committed, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Staged {
    /// Added, changed, or of a changed type; absolute.
    pub changed: BTreeSet<PathBuf>,
    /// Deleted (the old name of a rename is one); absolute.
    pub deleted: BTreeSet<PathBuf>,
    /// In the index by `add -N` alone, which shows them as empty; absolute.
    pub announced: BTreeSet<PathBuf>,
}

/// A git that works out what the next commit changes, while we do something else.
#[derive(Debug)]
pub struct Asked<'g> {
    git: &'g Git,
    diff: Child,
}

impl Asked<'_> {
    /// What it says.
    pub fn answer(self) -> Result<Staged, String> {
        self.git.staged(end(self.diff)?)
    }
}

/// A diff that names files.
const RAW_DIFF: [&str; 7] = ["diff", "--raw", "-z", "--no-abbrev", "--no-renames", "--no-relative", "--no-ext-diff"];

/// What a git says until it ends.
fn end(git: Child) -> Result<Vec<u8>, String> {
    let out = git.wait_with_output().map_err(|e| format!("git cannot be asked: {e}"))?;
    if out.status.success() { Ok(out.stdout) } else { Err(complaint(&out.stderr)) }
}

/// What a diff says of one file.
struct Changed {
    /// `M`, `A`, `D`…
    status: char,
    path: PathBuf,
    /// It has no bytes now.
    is_empty: bool,
}

/// The lines, from 1, that differ in a file; whole files where they are new.
pub type ChangedLines = BTreeMap<PathBuf, Option<Vec<RangeInclusive<u32>>>>;

impl Git {
    /// The repository around `cwd`.
    pub fn open(cwd: &Path) -> Result<Self, String> {
        let git = Self { cwd: cwd.to_path_buf(), top: PathBuf::new(), index: None };
        if let Some((top, index)) = repository::usual(cwd) {
            return Ok(Self { top, index: Some(index), ..git });
        }
        // An older git gives back the question that it does not know.
        let out = git.run(&["rev-parse", "--show-toplevel", "--git-path", "index", "--show-object-format"])?;
        let mut lines = out.strip_suffix(b"\n").unwrap_or(&out).rsplitn(3, |&b| b == b'\n');
        let (format, index) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
        let top = native_path(lines.next().ok_or("git does not say where the worktree begins")?).into_owned();
        // git resolves symlinks; our paths must begin as the caller's do.
        let real = std::fs::canonicalize(cwd).map_err(|e| e.to_string())?;
        let below = real.strip_prefix(&top).unwrap_or(Path::new("")).components().count();
        let top = cwd.ancestors().nth(below).filter(|a| std::fs::canonicalize(a).is_ok_and(|a| a == top)).map_or(top.clone(), Path::to_path_buf);
        let index = (format == b"sha1").then(|| cwd.join(native_path(index)));
        Ok(Self { top, index, ..git })
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("git");
        command.current_dir(&self.cwd).env("GIT_OPTIONAL_LOCKS", "0").arg("--literal-pathspecs").args(args).stderr(Stdio::piped());
        command
    }

    fn run(&self, args: &[&str]) -> Result<Vec<u8>, String> {
        end(self.begin(args)?)
    }

    fn begin(&self, args: &[&str]) -> Result<Child, String> {
        self.command(args).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().map_err(|e| format!("git cannot be started: {e}"))
    }

    /// Hands over what git says up to each NUL, without keeping all of it.
    fn each_record(&self, args: &[&str], mut take: impl FnMut(&[u8])) -> Result<(), String> {
        let failed = |e: std::io::Error| format!("git cannot be asked: {e}");
        let mut child = self.command(args).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().map_err(|e| format!("git cannot be started: {e}"))?;
        let output = child.stdout.take().ok_or("git gave no output")?;
        std::thread::scope(|scope| {
            let mut output = BufReader::with_capacity(1 << 16, output);
            // Whatever git complains of is read meanwhile: it would wait for us once that pipe is full.
            let rest = scope.spawn(|| child.wait_with_output());
            let mut record = Vec::new();
            while output.read_until(0, &mut record).map_err(failed)? > 0 {
                take(record.strip_suffix(b"\0").unwrap_or(&record));
                record.clear();
            }
            let out = rest.join().map_err(|_| "git cannot be asked".to_owned())?.map_err(failed)?;
            if out.status.success() { Ok(()) } else { Err(complaint(&out.stderr)) }
        })
    }

    /// Where a file of the index lies in the worktree, by its name from the top.
    pub fn absolute(&self, name: &[u8]) -> PathBuf {
        let mut path = PathBuf::with_capacity(self.top.as_os_str().len() + name.len() + 1);
        path.push(&self.top);
        path.push(native_path(name));
        path
    }

    /// Where git looks for hooks: `core.hooksPath`, else the folder that all worktrees share.
    pub fn hooks_folder(&self) -> Result<PathBuf, String> {
        let out = self.run(&["rev-parse", "--git-path", "hooks"])?;
        Ok(self.cwd.join(native_path(out.strip_suffix(b"\n").unwrap_or(&out))))
    }

    /// Every regular file of the index, those that were only [announced](Staged::announced) among them. Symlinks and submodules are left out.
    pub fn index(&self) -> Result<Listing, String> {
        let read = self.index.as_ref().and_then(|path| index::read(&std::fs::read(path).ok()?));
        read.map_or_else(|| self.listed(), Ok)
    }

    /// The same, as git lists it.
    fn listed(&self) -> Result<Listing, String> {
        // `:/` would be a pathspec with magic, which `--literal-pathspecs` forbids; a changed directory does the same.
        let top = self.top.to_string_lossy();
        let mut listing = Listing::default();
        let mut unmerged: Option<PathBuf> = None;
        self.each_record(&["ls-files", "-s", "-z", "--full-name", "--", &top], |record| {
            let Some(tab) = memchr::memchr(b'\t', record) else { return };
            let (head, name) = (&record[..tab], &record[tab + 1..]);
            let mut fields = head.split(|&b| b == b' ');
            let (mode, blob, stage) = (fields.next().unwrap_or_default(), fields.next().unwrap_or_default(), fields.next().unwrap_or_default());
            if stage != b"0" {
                unmerged.get_or_insert_with(|| self.absolute(name));
            } else if let Some(blob) = ObjectName::of_hex(blob).filter(|_| mode.starts_with(b"100")) {
                listing.push(name, blob);
            }
        })?;
        if let Some(path) = unmerged {
            return Err(format!("the index has unmerged files, {} among them; resolve the conflict first", path.display()));
        }
        listing.sort();
        Ok(listing)
    }

    /// The bytes of a file in a revision.
    pub fn file_at(&self, revision: &str, file: &Path) -> Result<Vec<u8>, String> {
        if revision.starts_with('-') {
            return Err(format!("`{revision}` is no revision"));
        }
        let inside = file.strip_prefix(&self.top).map_err(|_| format!("{} lies outside the repository", file.display()))?;
        self.run(&["cat-file", "blob", &format!("{revision}:{}", inside.to_string_lossy())])
    }

    /// Asks what the next commit changes.
    pub fn ask_staged(&self) -> Result<Asked<'_>, String> {
        Ok(Asked { git: self, diff: self.begin(&[&RAW_DIFF[..], &["--cached", "--ita-visible-in-index"]].concat())? })
    }

    fn staged(&self, first: Vec<u8>) -> Result<Staged, String> {
        let mut all = self.changed(&first);
        let mut staged = Staged::default();
        // What is only announced is told from a new empty file by asking once more.
        if all.iter().any(|c| c.is_empty) {
            let visible = std::mem::replace(&mut all, self.raw_diff(&["--cached", "--ita-invisible-in-index"])?);
            let others: BTreeSet<&PathBuf> = all.iter().map(|c| &c.path).collect();
            staged.announced = visible.into_iter().map(|c| c.path).filter(|p| !others.contains(p)).collect();
        }
        for Changed { status, path, .. } in all {
            if status == 'D' {
                staged.deleted.insert(path)
            } else {
                staged.changed.insert(path)
            };
        }
        Ok(staged)
    }

    /// Which files a diff with these arguments names.
    fn raw_diff(&self, args: &[&str]) -> Result<Vec<Changed>, String> {
        Ok(self.changed(&self.run(&[&RAW_DIFF[..], args].concat())?))
    }

    fn changed(&self, out: &[u8]) -> Vec<Changed> {
        let mut fields = out.split(|&b| b == 0);
        let mut found = Vec::new();
        while let (Some(head), Some(name)) = (fields.next(), fields.next()) {
            let status = head.iter().rev().find(|b| b.is_ascii_uppercase()).map_or('M', |&b| b as char);
            // `:100644 100644 <old> <new> M`
            let is_empty = head.split(|&b| b == b' ').nth(3).and_then(ObjectName::of_hex).is_some_and(|n| n.is_empty_blob());
            found.push(Changed { status, path: self.absolute(name), is_empty });
        }
        found
    }

    /// The store of blobs.
    pub fn blobs(&self) -> Blobs {
        Blobs { git: self.clone(), running: None }
    }

    /// The lines of the worktree that differ from a revision; untracked files count as new.
    pub fn changed_since(&self, revision: &str) -> Result<(ChangedLines, BTreeSet<PathBuf>), String> {
        if revision.starts_with('-') {
            return Err(format!("`{revision}` is no revision"));
        }
        let mut deleted = BTreeSet::new();
        let mut order = Vec::new();
        for Changed { status, path, .. } in self.raw_diff(&[revision, "--"])? {
            if status == 'D' {
                deleted.insert(path.clone());
            }
            order.push(path);
        }
        let patch =
            self.run(&["diff", "--patch", "--unified=0", "--no-color", "--no-renames", "--no-relative", "--no-ext-diff", "--no-textconv", revision, "--"])?;
        let mut lines = changed_lines(&patch, &order);
        lines.retain(|path, _| !deleted.contains(path));
        let top = self.top.to_string_lossy();
        for name in self.run(&["ls-files", "--others", "--exclude-standard", "-z", "--full-name", "--", &top])?.split(|&b| b == 0).filter(|n| !n.is_empty()) {
            lines.insert(self.absolute(name), None);
        }
        Ok((lines, deleted))
    }
}

/// The first line of what git says when it fails.
fn complaint(said: &[u8]) -> String {
    String::from_utf8_lossy(said).lines().next().unwrap_or("git failed").trim_start_matches("fatal: ").to_owned()
}

/// Blobs by their names: one `cat-file --batch`, from when it is first asked.
#[derive(Debug)]
pub struct Blobs {
    git: Git,
    running: Option<Running>,
}

/// A running `cat-file --batch`.
#[derive(Debug)]
struct Running {
    child: Child,
    /// Taken away when we are done, which is how git learns of it.
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Running {
    fn start(git: &Git) -> Result<Self, String> {
        let mut command = git.command(&["cat-file", "--batch"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|e| format!("git cannot be started: {e}"))?;
        let input = child.stdin.take().ok_or("git took no input")?;
        let output = BufReader::new(child.stdout.take().ok_or("git gave no output")?);
        Ok(Self { child, input: Some(input), output })
    }
}

impl Blobs {
    /// The contents of blobs, in the order asked.
    pub fn read(&mut self, names: &[ObjectName]) -> Result<Vec<Vec<u8>>, String> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        if self.running.is_none() {
            self.running = Some(Running::start(&self.git)?);
        }
        let Some(Running { input, output, .. }) = &mut self.running else { return Err("git cannot be started".to_owned()) };
        let asked = names.iter().map(|n| format!("{n}\n")).collect::<String>();
        let input = input.as_mut().ok_or("git took no input")?;
        std::thread::scope(|scope| {
            // git answers while we still ask; one thread would wait for itself once both pipes are full.
            scope.spawn(move || input.write_all(asked.as_bytes()).and_then(|()| input.flush()));
            names.iter().map(|name| read_blob(*name, output)).collect()
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.child.wait();
    }
}

fn read_blob(name: ObjectName, output: &mut impl BufRead) -> Result<Vec<u8>, String> {
    let mut head = String::new();
    output.read_line(&mut head).map_err(|e| e.to_string())?;
    let size = head.trim_end().rsplit_once("blob ").and_then(|(_, n)| n.parse::<usize>().ok());
    let Some(size) = size else { return Err(format!("git has no blob {name}")) };
    let mut bytes = vec![0; size + 1];
    output.read_exact(&mut bytes).map_err(|e| e.to_string())?;
    bytes.pop();
    Ok(bytes)
}

/// Reads the hunks of a patch whose files come in the order of `files`.
fn changed_lines(patch: &[u8], files: &[PathBuf]) -> ChangedLines {
    let mut found = ChangedLines::new();
    let mut files = files.iter();
    let mut current: Option<&PathBuf> = None;
    for line in patch.split(|&b| b == b'\n') {
        if line.starts_with(b"diff --git ") {
            current = files.next();
            if let Some(path) = current {
                found.insert(path.clone(), Some(Vec::new()));
            }
        } else if let (Some(hunk), Some(path)) = (line.strip_prefix(b"@@ "), current)
            && let Some(range) = hunk_lines(&String::from_utf8_lossy(hunk))
            && let Some(Some(ranges)) = found.get_mut(path)
        {
            ranges.push(range);
        }
    }
    found
}

/// `-12,0 +13,2 @@ …` → 13..=14; `None` where lines were only taken away.
fn hunk_lines(hunk: &str) -> Option<RangeInclusive<u32>> {
    let new = hunk.split(' ').find_map(|f| f.strip_prefix('+'))?;
    let (start, count) = new.split_once(',').unwrap_or((new, "1"));
    let (start, count): (u32, u32) = (start.parse().ok()?, count.parse().ok()?);
    (count > 0).then(|| start..=start + count - 1)
}

#[cfg(unix)]
fn native_path(bytes: &[u8]) -> Cow<'_, Path> {
    use std::os::unix::ffi::OsStrExt;
    Cow::Borrowed(Path::new(std::ffi::OsStr::from_bytes(bytes)))
}

#[cfg(not(unix))]
fn native_path(bytes: &[u8]) -> Cow<'_, Path> {
    Cow::Owned(PathBuf::from(String::from_utf8_lossy(bytes).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hunks_name_the_new_lines() {
        let patch = b"diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1,2 @@ def f\n-a\n+b\n+c\n@@ -9,2 +10,0 @@\n-x\n-@@ -1 +1 @@\ndiff --git a/y b/y\nBinary files differ\n";
        let files = [PathBuf::from("x"), PathBuf::from("y")];
        let lines = changed_lines(patch, &files);
        assert_eq!(lines[Path::new("x")], Some(vec![1..=2]));
        assert_eq!(lines[Path::new("y")], Some(vec![]));
    }
}
