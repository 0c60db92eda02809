//! `dbtruth hook install|uninstall|run`: the git hook for those who use no hook manager.

use std::path::PathBuf;

use super::args::{Check, Hook};
use super::check::working_directory;
use super::{Code, check, out};
use crate::check::Failure;
use crate::discover::display_path;
use crate::discover::git::Git;

/// The hook's text; its second line tells ours from everyone else's.
const SHIM: &str = include_str!("../../hooks/pre-commit.sh");

/// How the second line of any version of the shim begins.
const MARK: &str = "# dbtruth hook ";

/// Runs the command.
pub fn run(hook: Hook) -> Result<Code, Failure> {
    match hook {
        Hook::Install => install(),
        Hook::Uninstall => uninstall(),
        Hook::Run => check::run(&Check { staged: true, ..Check::default() }),
    }
}

fn path() -> Result<(PathBuf, String), Failure> {
    let cwd = working_directory()?;
    let path = Git::open(&cwd).and_then(|git| git.hooks_folder()).map_err(Failure::new)?.join("pre-commit");
    let shown = display_path(&path, &cwd);
    Ok((path, shown))
}

/// What stands there now: nothing, ours, or someone else's.
fn is_ours(path: &PathBuf) -> Option<bool> {
    // A link that leads nowhere is somebody's, too: writing would go through it.
    std::fs::symlink_metadata(path).ok()?;
    let Ok(bytes) = std::fs::read(path) else { return Some(false) };
    Some(String::from_utf8_lossy(&bytes).lines().nth(1).is_some_and(|l| l.starts_with(MARK)))
}

fn install() -> Result<Code, Failure> {
    let (path, shown) = path()?;
    if is_ours(&path) == Some(false) {
        return Err(
            Failure::new(format!("{shown} is another tool's hook; it is left as it is")).help("call `dbtruth hook run` from it, or use your hook manager")
        );
    }
    let written = path.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| write_executable(&path));
    written.map_err(|e| Failure::new(format!("{shown}: cannot be written: {e}")))?;
    out::say(&format!("{shown} written"));
    Ok(0)
}

fn write_executable(path: &PathBuf) -> std::io::Result<()> {
    std::fs::write(path, SHIM)?;
    #[cfg(unix)]
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    Ok(())
}

fn uninstall() -> Result<Code, Failure> {
    let (path, shown) = path()?;
    match is_ours(&path) {
        None => out::say(&format!("{shown}: there is no hook")),
        Some(false) => return Err(Failure::new(format!("{shown} is another tool's hook; it is left as it is"))),
        Some(true) => {
            std::fs::remove_file(&path).map_err(|e| Failure::new(format!("{shown}: cannot be removed: {e}")))?;
            out::say(&format!("{shown} removed"));
        }
    }
    Ok(0)
}
