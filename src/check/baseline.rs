//! Findings that are known and accepted for now: a committed file that only shrinks.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Failure, Opened, Settings};
use crate::diagnostic::{Context, Diagnostic, Severity};
use crate::discover::display_path;
use crate::source::{FileId, Language, Location, SourceFile, Span};

/// What makes two findings the same while lines move.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Key {
    /// Relative to the project's root, with `/`.
    file: String,
    rule: String,
    message: String,
}

/// One line of the file.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Entry {
    #[serde(flatten)]
    key: Key,
    count: usize,
}

/// An opened baseline.
#[derive(Debug)]
pub(super) struct Baseline {
    /// The file among the sources.
    file: FileId,
    /// What is left to hide, and the entry's line from 1.
    left: BTreeMap<Key, (usize, u32)>,
}

impl Baseline {
    /// Reads the file: one JSON object a line, so that branches merge.
    pub(super) fn read(path: &Path, settings: &Settings, opened: &mut Opened) -> Result<Self, Failure> {
        let shown = display_path(path, &settings.cwd);
        let text = std::fs::read_to_string(path)
            .map_err(|e| Failure::new(format!("baseline {shown}: {e}")).help("`dbtruth check --baseline FILE --update-baseline` writes it"))?;
        let mut left = BTreeMap::new();
        for (n, line) in text.lines().enumerate().filter(|(_, l)| !l.trim().is_empty()) {
            let entry: Entry = serde_json::from_str(line).map_err(|e| {
                Failure::new(format!("{shown}:{}:{}: {e}", n + 1, e.column())).help("take the line out, or write the file again with `--update-baseline`")
            })?;
            left.insert(entry.key, (entry.count, u32::try_from(n + 1).unwrap_or(u32::MAX)));
        }
        let file = opened.add(SourceFile::new(shown, Language::Yaml, text));
        Ok(Self { file, left })
    }

    /// Whether the finding is an accepted one; each entry accepts as many as it counts.
    pub(super) fn hide(&mut self, settings: &Settings, opened: &Opened, d: &Diagnostic) -> bool {
        let Some(key) = key(settings, opened, d) else { return false };
        match self.left.get_mut(&key) {
            Some((count, _)) if *count > 0 => {
                *count -= 1;
                true
            }
            _ => false,
        }
    }

    /// Entries that accept more than there is. `asked` says whether a file was looked at in this run.
    pub(super) fn findings(&self, opened: &Opened, asked: impl Fn(&str) -> bool) -> Vec<Diagnostic> {
        let source = opened.sources.get(self.file);
        let stale = self.left.iter().filter(|(key, (count, _))| *count > 0 && asked(&key.file));
        stale
            .map(|(key, (count, line))| {
                let span: Span = source.line_span(*line);
                let message = format!("the baseline accepts {count} more of `{}` in {} than there are", key.rule, key.file);
                Diagnostic::new("unused-suppression", Severity::Warning, Location::new(self.file, span), Context::Docs, message)
                    .help("`--update-baseline` takes out what is repaired")
            })
            .collect()
    }
}

fn key(settings: &Settings, opened: &Opened, d: &Diagnostic) -> Option<Key> {
    let path = opened.path_of(d.location.file)?;
    Some(Key { file: display_path(path, &settings.root), rule: d.rule.to_owned(), message: d.message.clone() })
}

/// Writes the file, and gives what it now accepts: all findings when there was none, else only those that it already accepted. It grows only when told to.
pub(super) fn update(path: &Path, settings: &Settings, opened: &Opened, diagnostics: &[Diagnostic]) -> Result<Baseline, Failure> {
    let mut now: BTreeMap<Key, usize> = BTreeMap::new();
    for key in diagnostics.iter().filter_map(|d| key(settings, opened, d)) {
        *now.entry(key).or_default() += 1;
    }
    if !settings.allow_growth
        && let Ok(old) = std::fs::read_to_string(path)
    {
        let old: BTreeMap<Key, usize> = old.lines().filter_map(|l| serde_json::from_str::<Entry>(l).ok()).map(|e| (e.key, e.count)).collect();
        now = now.into_iter().filter_map(|(key, count)| Some((count.min(*old.get(&key)?), key))).map(|(count, key)| (key, count)).collect();
    }
    let (mut text, mut left) = (String::new(), BTreeMap::new());
    for (n, (key, count)) in now.into_iter().enumerate() {
        left.insert(key.clone(), (count, u32::try_from(n + 1).unwrap_or(u32::MAX)));
        text.push_str(&serde_json::to_string(&Entry { key, count }).map_err(|e| Failure::new(e.to_string()))?);
        text.push('\n');
    }
    let cannot = |e: std::io::Error| Failure::new(format!("baseline {}: {e}", path.display()));
    let mut file = tempfile::NamedTempFile::new_in(path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))).map_err(cannot)?;
    std::io::Write::write_all(&mut file, text.as_bytes()).map_err(cannot)?;
    #[cfg(unix)]
    file.as_file().set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644)).map_err(cannot)?;
    file.persist(path).map_err(|e| cannot(e.error))?;
    Ok(Baseline { file: opened.lock, left })
}
