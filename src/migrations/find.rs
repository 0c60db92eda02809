//! What kind of migrations a folder holds.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::alembic::Tree;

/// Folders that never hold a project's own migrations.
const SKIPPED: &[&str] = &["node_modules", "site-packages", "__pycache__", "venv", "env", "target", "dist"];
/// How deep folders are searched.
const MAX_DEPTH: usize = 12;

/// Everything found under a path.
#[derive(Clone, Debug, Default)]
pub struct Histories {
    /// Trees of Alembic revisions, sorted by folder.
    pub alembic: Vec<Tree>,
}

/// Looks for migrations under a path.
///
/// # Errors
/// When it cannot be read, or there are none.
pub fn histories(path: &Path) -> Result<Histories, String> {
    let path = std::path::absolute(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let mut files = Vec::new();
    walk(&path, 0, &mut files).map_err(|e| format!("{}: cannot be read: {e}", path.display()))?;
    files.sort();
    let mut trees: BTreeMap<String, Tree> = BTreeMap::new();
    for file in files.iter().filter(|f| f.extension().is_some_and(|e| e == "py")) {
        let Ok(text) = std::fs::read(file) else { continue };
        let text = String::from_utf8_lossy(&text);
        if text.contains("down_revision") && text.contains("def upgrade") {
            let env = environment(file);
            let key = env.clone().unwrap_or_else(|| file.parent().map(slashed).unwrap_or_default());
            let tree = trees.entry(key).or_insert_with(|| Tree { env, files: Vec::new() });
            tree.files.push(slashed(file));
        }
    }
    let found = Histories { alembic: trees.into_values().collect() };
    if found.alembic.is_empty() {
        return Err(format!("{}: no migrations were found", path.display()));
    }
    Ok(found)
}

/// The `env.py` of a revision: beside its folder, or a few folders up.
fn environment(file: &Path) -> Option<String> {
    file.ancestors().skip(1).take(4).map(|dir| dir.join("env.py")).find(|p| p.is_file()).map(|p| slashed(&p))
}

fn slashed(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

fn walk(dir: &Path, depth: usize, out: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if !dir.is_dir() {
        out.push(dir.to_owned());
        return Ok(());
    }
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let kind = entry.file_type()?;
        if kind.is_dir() {
            if depth < MAX_DEPTH && !name.starts_with('.') && !SKIPPED.contains(&&*name) {
                walk(&entry.path(), depth + 1, out)?;
            }
        } else {
            out.push(entry.path());
        }
    }
    Ok(())
}
