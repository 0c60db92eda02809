//! Repairs: for a finding, the edits that mend it.
//!
//! A repair is safe where nothing but what was meant can change: the one name that stands out, a comment that does nothing, a model's statement about a column that the
//! lock settles. Everything else waits for `--unsafe-fixes`. What is not certain to be right at the byte gets no repair.

mod add_column;
mod alter;
mod declaration;
mod enums;
mod imports;
mod rename;
mod rename_attribute;
mod types;

use std::collections::BTreeSet;

use crate::diagnostic::{Diagnostic, Edit, Fix, Safety};
use crate::rules::Context;
use crate::source::{FileId, Language, Location, Sources, Span};

/// Gives each finding its repair, where there is one.
pub fn attach(context: &Context<'_, '_>, found: &mut [Diagnostic]) {
    let renames = rename::Renames::of(context, found);
    for d in found.iter_mut() {
        if d.fix.is_some() {
            continue;
        }
        d.fix = match d.rule {
            "unmapped-column" => add_column::fix(context, d),
            "nullability-mismatch" => alter::nullability(context, d),
            "type-mismatch" => alter::ty(context, d),
            "primary-key-mismatch" => alter::primary_key(context, d),
            "foreign-key-mismatch" => alter::foreign_key(context, d),
            "enum-mismatch" => enums::fix(context, d),
            _ => renames.fix(context, d),
        };
    }
}

/// Takes repairs away that would change Python that does not parse: what a broken line hides, no repair can know.
pub fn spare_broken_files(sources: &Sources, found: &mut [Diagnostic]) {
    let broken: BTreeSet<FileId> = found.iter().filter(|d| d.rule == "syntax-error").map(|d| d.location.file).collect();
    let is_broken = |e: &Edit| broken.contains(&e.location.file) && sources.get(e.location.file).language == Language::Python;
    for d in found.iter_mut().filter(|_| !broken.is_empty()) {
        d.fix = d.fix.take().filter(|f| !f.edits.iter().any(is_broken));
    }
}

/// A repair of these edits.
fn fix(safe: bool, edits: Vec<Edit>) -> Option<Fix> {
    let edits = imports::merged(edits);
    let safety = if safe { Safety::Safe } else { Safety::Unsafe };
    (!edits.is_empty()).then_some(Fix { safety, edits })
}

/// Replaces what stands at a place.
fn replace(location: Location, content: impl Into<String>) -> Edit {
    Edit { location, content: content.into() }
}

/// Inserts before a byte.
fn insert(file: crate::source::FileId, at: usize, content: impl Into<String>) -> Edit {
    Edit { location: Location::new(file, Span::new(at, at)), content: content.into() }
}
