//! Tables that other projects of the repository make.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::super::{Settings, read};
use super::folders::Folders;
use super::merge::Merged;
use crate::diagnostic::{Context, Diagnostic, Severity};
use crate::discover::display_path;
use crate::project::libraries::sql_text::created;
use crate::source::{FILES_AT_ONCE, Language};
use crate::symbol::Symbol;

/// A table, and perhaps a column of it.
type Name = (Symbol, Option<Symbol>);

/// What texts create, by the numbers of the settings' files. Not of all of them, but of those that were read anyway.
#[derive(Debug, Default)]
pub(super) struct Made(Mutex<FxHashMap<usize, BTreeSet<Name>>>);

impl Made {
    /// Notes what a file creates.
    pub fn note(&self, n: usize, language: Language, text: &str) {
        let mut names = BTreeSet::new();
        if language != Language::Markdown && created::may_create(text.as_bytes()) {
            match language {
                // Where texts begin and end in code is nothing that a name hangs on.
                Language::Python => created::scan(&text.replace(['\'', '"'], " "), &mut names),
                _ => created::scan(text, &mut names),
            }
        }
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(n, names);
    }

    /// What all files create, with the project that each lies in.
    fn everywhere(self, settings: &Settings, folders: &Folders) -> BTreeSet<(Name, Option<u32>)> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).keys().copied().collect::<BTreeSet<usize>>();
        (0..settings.files.len()).into_par_iter().with_max_len(FILES_AT_ONCE).filter(|n| !known.contains(n)).for_each(|n| {
            let file = &settings.files[n];
            let _ = read::with_text(file, |text| self.note(n, file.language, text));
        });
        let all = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        all.into_iter().flat_map(|(n, names)| names.into_iter().map(move |name| (name, folders.of_file[n]))).collect()
    }
}

/// Takes out what is only missing from the lock because a text of another project creates it: the lock of one service says nothing of a table that belongs to the next one.
/// Where a model stands for the table, two things of the repository speak of it, and that is worth a warning.
pub(super) fn elsewhere(settings: &Settings, folders: &Folders, made: Made, merged: &mut Merged) {
    if !merged.outcome.diagnostics.iter().any(|d| name(d).is_some()) {
        return;
    }
    let made = made.everywhere(settings, folders);
    let numbers = (0..folders.all.len()).filter_map(|n| u32::try_from(n).ok());
    let places: BTreeMap<String, u32> = numbers.map(|n| (display_path(&folders.place(&settings.root, n), &settings.cwd) + "/", n)).collect();
    let member = |path: &str| places.range(..=path.to_owned()).next_back().filter(|(folder, _)| path.starts_with(folder.as_str())).map(|p| *p.1);
    let sources = &merged.outcome.sources;
    merged.outcome.diagnostics.retain_mut(|d| {
        let Some(name) = name(d) else { return true };
        let own = member(&sources.get(d.location.file).path);
        let is_made = made.range((name, None)..).take_while(|m| m.0 == name).any(|m| m.1 != own);
        if is_made && d.context == Context::Model && name.1.is_none() {
            d.severity = d.severity.min(Severity::Warning);
            return true;
        }
        !is_made
    });
}

/// What a finding says is missing.
fn name(d: &Diagnostic) -> Option<Name> {
    let (table, column) = (d.table.as_deref().map(Symbol::from)?, d.column.as_deref().map(Symbol::from));
    match d.rule {
        "unknown-table" => Some((table, None)),
        "unknown-column" => Some((table, Some(column?))),
        _ => None,
    }
}
