//! The file that a folder of steps begins with, where it lies elsewhere: a dump of the schema as it was before the first step.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::files::{self, Script};
use super::find::slashed;
use super::order::tables;

/// Larger files are dumps of data.
const LARGEST: u64 = 8 << 20;

/// The SQL file, as a path from the folder, that makes the tables which the scripts change and none of them makes: the one that makes most of them, and at
/// least half. What a later state of the schema has already, the steps do not do again.
pub(super) fn of(folder: &Path, scripts: &[Script], files: &[&PathBuf]) -> Option<String> {
    let mut run = BTreeSet::new();
    let (mut made, mut changed) = (BTreeSet::new(), BTreeSet::new());
    for script in scripts {
        // What may not run at all tells nothing of what was there, but it may be the file that is looked for.
        let Script::Sql(path) = script else { continue };
        let path = folder.join(path);
        let text = read(&path)?;
        // A table that a step changes before one makes it was there.
        changed.extend(tables(&text, "alter").into_iter().filter(|t| !made.contains(t)));
        made.extend(tables(&text, "create"));
        run.insert(path);
    }
    changed.retain(|t| !made.contains(t));
    if changed.is_empty() {
        return None;
    }
    let aside = |path: &str| {
        path.split(['/', '.', '_', '-']).any(|w| matches!(w, "test" | "tests" | "testdata" | "fixtures" | "rollback" | "revert" | "down" | "drop"))
    };
    let others = files.iter().filter(|f| files::is_sql(&slashed(f)) && !run.contains(**f) && !aside(&slashed(f).to_ascii_lowercase()));
    let mut best: Option<(usize, &PathBuf)> = None;
    for file in others {
        let Some(text) = read(file) else { continue };
        let here = tables(&text, "create");
        let count = changed.intersection(&here).count();
        if count * 2 >= changed.len() && best.is_none_or(|b| count > b.0) {
            best = Some((count, *file));
        }
    }
    let file = best?.1;
    // From the folder's own path up and down again.
    let shared = folder.components().zip(file.components()).take_while(|(a, b)| a == b).count();
    let up = folder.components().skip(shared).map(|_| "..".to_owned());
    let down = file.components().skip(shared).map(|c| c.as_os_str().to_string_lossy().into_owned());
    Some(up.chain(down).collect::<Vec<_>>().join("/"))
}

/// The text of a file in lower case.
fn read(path: &Path) -> Option<String> {
    std::fs::metadata(path).ok().filter(|m| m.len() <= LARGEST)?;
    Some(String::from_utf8_lossy(&std::fs::read(path).ok()?).to_ascii_lowercase())
}
