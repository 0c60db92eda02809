//! `dbtruth merge %O %A %B %P`: git's merge driver for locks.

use std::path::Path;
use std::process::Command;

use super::args::Merge;
use super::{Code, out};
use crate::check::Failure;
use crate::schema::lock;

/// Runs the command: 0 merged, 1 conflicts are left, marked in the file (git then stops and names it).
pub fn run(args: &Merge) -> Result<Code, Failure> {
    let shown = args.name.clone().unwrap_or_else(|| args.ours.display().to_string());
    let (base, ours, theirs) = (text(&args.base)?, text(&args.ours)?, text(&args.theirs)?);
    match lock::merge(&base, &ours, &theirs) {
        Ok(merged) => {
            lock::replace(&args.ours, &merged.text).map_err(|e| Failure::new(format!("{shown}: cannot be written: {e}")))?;
            for conflict in &merged.conflicts {
                out::say(&format!("{shown}: conflict: {conflict}"));
            }
            Ok(Code::from(!merged.conflicts.is_empty()))
        }
        Err((side, error)) => {
            out::say(&format!("note: {shown}: {side} is no lock that can be read ({error}); merged line by line"));
            by_lines(args)
        }
    }
}

fn text(path: &Path) -> Result<String, Failure> {
    let bytes = std::fs::read(path).map_err(|e| Failure::new(format!("{}: cannot be read: {e}", path.display())))?;
    String::from_utf8(bytes).map_err(|_| Failure::new(format!("{}: not UTF-8", path.display())))
}

/// As git does without us.
fn by_lines(args: &Merge) -> Result<Code, Failure> {
    let mut git = Command::new("git");
    git.args(["merge-file", "-q", "-L", "ours", "-L", "base", "-L", "theirs"]).args([&args.ours, &args.base, &args.theirs]);
    let status = git.status().map_err(|e| Failure::new(format!("git cannot be run: {e}")))?;
    match status.code() {
        Some(0) => Ok(0),
        // The number of conflicts; 255 and death are failures.
        Some(1..=127) => Ok(1),
        _ => Err(Failure::new("git merge-file failed")),
    }
}
