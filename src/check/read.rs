//! Bytes into text, in parallel.

use rayon::prelude::*;

use super::{Outcome, Settings};
use crate::diagnostic::{Context, Diagnostic, Severity};
use crate::discover::{Candidate, Origin};
use crate::source::{Language, Location, SourceFile, Span};

/// Larger files are not read: no hand writes them, and one of them would decide how long everybody waits.
const LARGEST: u64 = 16 << 20;

enum Read {
    Text(String),
    /// Not text; the first bad byte.
    NotText(String),
    TooLarge,
    Failed(String),
}

/// Reads every file and adds it to the sources, in the order of the candidates.
pub fn all(settings: &Settings, outcome: &mut Outcome) {
    let texts: Vec<Read> = settings.files.par_iter().map(one).collect();
    for (candidate, read) in settings.files.iter().zip(texts) {
        let reported = settings.reports(&candidate.absolute);
        outcome.summary.files += usize::from(reported);
        let text = match read {
            Read::Text(text) => text,
            Read::NotText(why) => {
                let file = outcome.sources.add(SourceFile::new(&candidate.path, candidate.language, ""));
                if reported {
                    outcome.summary.skip("file is not text");
                    outcome.diagnostics.push(Diagnostic::new(
                        "syntax-error",
                        Severity::Warning,
                        Location::new(file, Span::default()),
                        context(candidate.language),
                        why,
                    ));
                }
                continue;
            }
            Read::TooLarge => {
                outcome.summary.skip("file larger than 16 MiB");
                outcome.notes.push(format!("{}: larger than 16 MiB, not read", candidate.path));
                continue;
            }
            Read::Failed(why) => {
                outcome.troubles.push(format!("{}: cannot be read: {why}", candidate.path));
                continue;
            }
        };
        outcome.sources.add(SourceFile::new(&candidate.path, candidate.language, text));
    }
}

fn context(language: Language) -> Context {
    match language {
        Language::Python => Context::Query,
        Language::Sql => Context::Sql,
        Language::Markdown | Language::Yaml => Context::Docs,
    }
}

fn one(candidate: &Candidate) -> Read {
    let bytes = match &candidate.origin {
        Origin::Memory(bytes) => bytes.clone(),
        Origin::Disk(path) => {
            let file = std::fs::metadata(path);
            if file.as_ref().is_ok_and(|m| m.len() > LARGEST) {
                return Read::TooLarge;
            }
            match std::fs::read(path) {
                Ok(bytes) => bytes,
                Err(error) => return Read::Failed(error.to_string()),
            }
        }
    };
    match String::from_utf8(bytes) {
        Ok(text) => Read::Text(text),
        Err(error) => Read::NotText(format!("the file is not UTF-8 (byte {})", error.utf8_error().valid_up_to())),
    }
}
