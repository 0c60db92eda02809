//! Bytes into text into facts, in parallel.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rayon::prelude::*;

use super::suppress::context;
use super::{Opened, Settings};
use crate::diagnostic::{Diagnostic, Severity};
use crate::discover::{Candidate, Origin};
use crate::facts::{self, FileFacts, Problem, ProblemKind, Skip};
use crate::source::{Location, SourceFile, Span};

/// Larger files are not read: no hand writes them, and one of them would decide how long everybody waits.
const LARGEST: u64 = 16 << 20;

/// What became of one file.
enum Read {
    Done(Box<(SourceFile, FileFacts)>),
    TooLarge,
    /// The system could not read it.
    Failed(String),
    /// We crashed on it.
    Crashed,
}

/// Reads every file and takes its facts, in the order of the candidates.
pub(super) fn all(settings: &Settings, opened: &mut Opened) {
    let read: Vec<Read> = settings.files.par_iter().map(guarded).collect();
    for (candidate, read) in settings.files.iter().zip(read) {
        let asked = settings.reports(&candidate.absolute);
        let mut skip = |reason: &str| {
            if asked {
                *opened.skipped.entry(reason.to_owned()).or_default() += 1;
            }
        };
        match read {
            Read::Done(done) => {
                let (source, facts) = *done;
                facts.skipped.iter().for_each(|s| skip(&s.reason));
                let language = source.language;
                let file = opened.sources.add(source);
                let syntax = facts.problems.iter().filter(|p| p.kind == ProblemKind::Syntax);
                opened.diagnostics.extend(
                    syntax.map(|p| Diagnostic::new("syntax-error", Severity::Warning, Location::new(file, p.span), context(language), p.message.clone())),
                );
                opened.paths.push(Some(candidate.absolute.clone()));
                opened.facts.push(facts);
            }
            Read::TooLarge => {
                skip("the file is larger than 16 MiB");
                opened.notes.push(format!("{}: larger than 16 MiB, not read", candidate.path));
            }
            Read::Failed(why) => opened.troubles.push(format!("{}: cannot be read: {why}", candidate.path)),
            Read::Crashed => opened.troubles.push(format!("{}: dbtruth crashed on this file; please report it", candidate.path)),
        }
    }
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
    match String::from_utf8(bytes) {
        Ok(text) => {
            let source = SourceFile::new(&candidate.path, candidate.language, text);
            let facts = facts::extract(&source);
            Read::Done(Box::new((source, facts)))
        }
        Err(error) => {
            let message = format!("the file is not UTF-8 (byte {})", error.utf8_error().valid_up_to());
            let facts = FileFacts {
                skipped: vec![Skip { reason: "the file is not text".to_owned(), span: Span::default() }],
                problems: vec![Problem { kind: ProblemKind::Syntax, span: Span::default(), message }],
                ..FileFacts::default()
            };
            Read::Done(Box::new((SourceFile::new(&candidate.path, candidate.language, ""), facts)))
        }
    }
}
