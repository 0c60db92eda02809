//! Bytes into text into trees, in parallel.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rayon::prelude::*;

use super::{Opened, Settings};
use crate::diagnostic::{Context, Diagnostic, Severity};
use crate::discover::{Candidate, Origin};
use crate::source::{FileId, Language, Location, SourceFile, Span};
use crate::syntax::python;

/// Larger files are not read: no hand writes them, and one of them would decide how long everybody waits.
const LARGEST: u64 = 16 << 20;

/// What became of one file.
enum Read {
    Python(String, python::Module),
    Text(String),
    /// Not text, and why.
    NotText(String),
    TooLarge,
    /// The system could not read it.
    Failed(String),
    /// We crashed on it.
    Crashed,
}

/// Reads and parses every file, in the order of the candidates.
pub fn all(settings: &Settings, opened: &mut Opened) {
    let read: Vec<Read> = settings.files.par_iter().map(guarded).collect();
    for (candidate, read) in settings.files.iter().zip(read) {
        let asked = settings.reports(&candidate.absolute);
        let mut skip = |reason: &str| {
            if asked {
                *opened.skipped.entry(reason.to_owned()).or_default() += 1;
            }
        };
        match read {
            Read::Text(text) => {
                add(opened, candidate, text);
            }
            Read::Python(text, module) => {
                let file = add(opened, candidate, text);
                for error in &module.errors {
                    opened.diagnostics.push(syntax_error(file, error.span, candidate.language, error.message.clone()));
                }
                opened.modules.push((file, module));
            }
            Read::NotText(why) => {
                skip("file is not text");
                let file = add(opened, candidate, String::new());
                opened.diagnostics.push(syntax_error(file, Span::default(), candidate.language, why));
            }
            Read::TooLarge => {
                skip("file larger than 16 MiB");
                opened.notes.push(format!("{}: larger than 16 MiB, not read", candidate.path));
            }
            Read::Failed(why) => opened.troubles.push(format!("{}: cannot be read: {why}", candidate.path)),
            Read::Crashed => opened.troubles.push(format!("{}: dbtruth crashed on this file; please report it", candidate.path)),
        }
    }
}

fn add(opened: &mut Opened, candidate: &Candidate, text: String) -> FileId {
    opened.paths.push(Some(candidate.absolute.clone()));
    opened.sources.add(SourceFile::new(&candidate.path, candidate.language, text))
}

fn syntax_error(file: FileId, span: Span, language: Language, message: String) -> Diagnostic {
    let context = match language {
        Language::Python => Context::Query,
        Language::Sql => Context::Sql,
        Language::Markdown | Language::Yaml => Context::Docs,
    };
    Diagnostic::new("syntax-error", Severity::Warning, Location::new(file, span), context, message)
}

/// A crash on one file must not hide what the others say.
fn guarded(candidate: &Candidate) -> Read {
    catch_unwind(AssertUnwindSafe(|| one(candidate))).unwrap_or(Read::Crashed)
}

fn one(candidate: &Candidate) -> Read {
    let bytes = match &candidate.origin {
        Origin::Memory(bytes) => bytes.clone(),
        Origin::Disk(path) => {
            if std::fs::metadata(path).is_ok_and(|m| m.len() > LARGEST) {
                return Read::TooLarge;
            }
            match std::fs::read(path) {
                Ok(bytes) => bytes,
                Err(error) => return Read::Failed(error.to_string()),
            }
        }
    };
    let text = match crate::syntax::decode(bytes, candidate.language) {
        Ok(decoded) => decoded.text,
        Err(error) => return Read::NotText(error.to_string()),
    };
    match candidate.language {
        Language::Python => {
            let module = python::parse(&text);
            Read::Python(text, module)
        }
        Language::Sql | Language::Markdown | Language::Yaml => Read::Text(text),
    }
}
