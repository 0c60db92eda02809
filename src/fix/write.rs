//! Changes onto the disk: whole files, atomically, never outside the project.

use std::fmt;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::Change;

/// Why a file was not written. It is still whole.
#[derive(Debug)]
pub enum Refusal {
    /// Someone else wrote to it since it was read.
    Changed,
    /// It lies outside the project, by itself or through a symbolic link.
    Outside,
    /// It is not a regular file, or may not be written.
    ReadOnly,
    /// It exists already.
    Exists,
    /// The system says no.
    Failed(std::io::Error),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed => write!(f, "changed since it was read; run again"),
            Self::Outside => write!(f, "lies outside the project, or is a link that leads out of it"),
            Self::ReadOnly => write!(f, "may not be written"),
            Self::Exists => write!(f, "exists already and is left as it is"),
            Self::Failed(error) => write!(f, "cannot be written: {error}"),
        }
    }
}

impl From<std::io::Error> for Refusal {
    fn from(error: std::io::Error) -> Self {
        Self::Failed(error)
    }
}

/// Writes one change: a temporary file beside the old one, with its mode, renamed over it. A link inside the project stays a link.
///
/// # Errors
/// When the file is no longer what was read, lies outside `roots`, or cannot be written.
pub fn write(change: &Change, roots: &[PathBuf]) -> Result<(), Refusal> {
    let path = std::fs::canonicalize(&change.absolute)?;
    if !roots.iter().filter_map(|r| std::fs::canonicalize(r).ok()).any(|root| path.starts_with(root)) {
        return Err(Refusal::Outside);
    }
    let metadata = std::fs::metadata(&path)?;
    if !metadata.is_file() || metadata.permissions().readonly() {
        return Err(Refusal::ReadOnly);
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".dbtruth.").tempfile_in(folder)?;
    file.write_all(&change.after)?;
    file.as_file().set_permissions(metadata.permissions())?;
    file.as_file().sync_all()?;
    // As late as can be: what someone saved meanwhile must not be lost.
    if std::fs::read(&path)? != change.before {
        return Err(Refusal::Changed);
    }
    file.persist(&path).map_err(|e| Refusal::Failed(e.error))?;
    Ok(())
}

/// Writes a file that must not exist yet, with the folders it lies in.
///
/// # Errors
/// When it exists, or cannot be written.
pub fn write_new(path: &Path, bytes: &[u8]) -> Result<(), Refusal> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = match std::fs::OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => return Err(Refusal::Exists),
        Err(error) => return Err(error.into()),
    };
    file.write_all(bytes)?;
    file.sync_all()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(path: &Path) -> Change {
        Change { path: "a.py".into(), absolute: path.to_owned(), before: b"old".to_vec(), after: b"new".to_vec(), old: "old".into(), new: "new".into() }
    }

    #[test]
    fn a_file_is_replaced_with_its_mode() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.py");
        std::fs::write(&path, "old").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o751)).unwrap();
        write(&change(&path), &[dir.path().to_owned()]).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o751);
        assert!(matches!(write(&change(&path), &[dir.path().to_owned()]), Err(Refusal::Changed)), "it is no longer what was read");
    }

    #[test]
    fn a_link_that_leads_out_is_refused_and_one_inside_followed() {
        let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (out, inside) = (dir.path().join("out.py"), dir.path().join("in.py"));
        std::fs::write(other.path().join("a.py"), "old").unwrap();
        std::fs::write(dir.path().join("b.py"), "old").unwrap();
        std::os::unix::fs::symlink(other.path().join("a.py"), &out).unwrap();
        std::os::unix::fs::symlink(dir.path().join("b.py"), &inside).unwrap();
        let roots = [dir.path().to_owned()];
        assert!(matches!(write(&change(&out), &roots), Err(Refusal::Outside)));
        assert_eq!(std::fs::read(other.path().join("a.py")).unwrap(), b"old");
        write(&change(&inside), &roots).unwrap();
        assert!(inside.is_symlink());
        assert_eq!(std::fs::read(dir.path().join("b.py")).unwrap(), b"new");
    }

    #[test]
    fn case_31_what_changed_since_it_was_read_is_left() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.py");
        std::fs::write(&path, "somebody was here").unwrap();
        assert!(matches!(write(&change(&path), &[dir.path().to_owned()]), Err(Refusal::Changed)));
        assert_eq!(std::fs::read(&path).unwrap(), b"somebody was here");
    }

    #[test]
    fn case_31_what_may_not_be_written_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.py");
        std::fs::write(&path, "old").unwrap();
        let mut mode = std::fs::metadata(&path).unwrap().permissions();
        mode.set_readonly(true);
        std::fs::set_permissions(&path, mode).unwrap();
        assert!(matches!(write(&change(&path), &[dir.path().to_owned()]), Err(Refusal::ReadOnly)));
        assert!(matches!(write_new(&path, b"x"), Err(Refusal::Exists)));
    }
}
