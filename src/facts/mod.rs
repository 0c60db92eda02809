//! What one file says by itself.
//!
//! Facts depend on the file's bytes and on this program's version alone, never on other files or the schema. They own their data and serialise,
//! so they can be computed in parallel and kept.

mod markdown;
mod suppression;

use serde::{Deserialize, Serialize};

pub use markdown::{Attribute, Diagram, Entity, Markdown, Snippet};
pub use suppression::{NamedRule, Suppression};

use crate::source::{Language, SourceFile, Span};
use crate::syntax::python;

/// The facts of one file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FileFacts {
    /// The tree of a Python file; `None` for other languages and where parsing was refused (see `skipped`).
    pub module: Option<python::Module>,
    /// The structure of a Markdown file.
    pub markdown: Option<Markdown>,
    /// Comments that silence rules, in order.
    pub suppressions: Vec<Suppression>,
    /// What was not looked at.
    pub skipped: Vec<Skip>,
    /// Mistakes in the file's own form.
    pub problems: Vec<Problem>,
}

/// A part of a file that was not looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skip {
    /// A few words, the same for all skips of a kind, since they are counted by it.
    pub reason: String,
    /// The part.
    pub span: Span,
}

/// A mistake in a file's own form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// What kind.
    pub kind: ProblemKind,
    /// Where.
    pub span: Span,
    /// One line.
    pub message: String,
}

/// Kinds of [`Problem`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProblemKind {
    /// The parser could not make sense of it.
    Syntax,
    /// A comment addresses us in words that mean nothing.
    Suppression,
}

/// The facts of `file`.
pub fn extract(file: &SourceFile) -> FileFacts {
    extract_by(file, python::try_parse)
}

/// The same of a file that someone is typing into, at once: see [`python::try_parse_typed`].
pub fn extract_typed(file: &SourceFile) -> FileFacts {
    extract_by(file, python::try_parse_typed)
}

type Parse = fn(&str, std::time::Duration) -> Result<python::Module, python::Refusal>;

fn extract_by(file: &SourceFile, parse: Parse) -> FileFacts {
    let mut facts = FileFacts::default();
    match file.language {
        Language::Python => read_python(file, &mut facts, parse),
        Language::Markdown => facts.markdown = Some(markdown::read(&file.text)),
        Language::Sql | Language::Yaml => {}
    }
    suppression::read(file, &mut facts);
    facts
}

fn has_lone_return(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b'\r', bytes).any(|at| bytes.get(at + 1) != Some(&b'\n'))
}

/// Each lone `\r` as `\n`.
fn with_ends_of_lines(text: &str) -> String {
    let mut rest = text.chars().peekable();
    let mut out = String::with_capacity(text.len());
    while let Some(c) = rest.next() {
        out.push(if c == '\r' && rest.peek() != Some(&'\n') { '\n' } else { c });
    }
    out
}

/// Whether a text that is no Python has marks of a template engine in it: it is what a project is to be made from.
fn is_template(text: &str) -> bool {
    let name = |c: char| c.is_ascii_alphabetic() || c == '_';
    let hole = |rest: &str| rest.trim_start().starts_with(name) && rest.lines().next().is_some_and(|line| line.contains("}}"));
    text.contains("{%") && text.contains("%}") || text.split("{{").skip(1).any(hole)
}

fn read_python(file: &SourceFile, facts: &mut FileFacts, parse: Parse) {
    // Python ends a line at a lone `\r` too; the grammar does not. The other character is as long, so that every place stays right.
    let text = if has_lone_return(&file.text) { std::borrow::Cow::Owned(with_ends_of_lines(&file.text)) } else { std::borrow::Cow::Borrowed(&*file.text) };
    match parse(&text, python::BUDGET) {
        Ok(module) => {
            let template = !module.errors.is_empty() && is_template(&text);
            if template {
                facts.skipped.push(Skip { reason: "a template for Python".to_owned(), span: file.line_span(1) });
            }
            for error in module.errors.iter().filter(|_| !template) {
                facts.problems.push(Problem { kind: ProblemKind::Syntax, span: error.span, message: error.message.clone() });
                facts.skipped.push(Skip { reason: "statement is not valid Python".to_owned(), span: error.span });
            }
            facts.module = Some(module);
        }
        Err(refusal) => {
            let span = file.line_span(1);
            facts.problems.push(Problem { kind: ProblemKind::Syntax, span, message: refusal.message().to_owned() });
            facts.skipped.push(Skip { reason: refusal.message().to_owned(), span });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_no_broken_python() {
        let read = |text: &str| {
            let file = SourceFile::new("a.py", Language::Python, text);
            let mut facts = FileFacts::default();
            read_python(&file, &mut facts, python::try_parse);
            facts.problems.len()
        };
        assert_eq!(read("import app.{{ project.name }}\n"), 0);
        assert_eq!(read("{% if x %}\nimport a\n{% endif %}\n"), 0);
        assert_eq!(read("import app.\nx = f'{{}}'\n"), 1);
    }

    #[test]
    fn a_broken_statement_is_skipped_and_said() {
        let facts = extract(&SourceFile::new("a.py", Language::Python, "a = 1\nb = = 2\n"));
        assert_eq!(facts.module.map(|m| m.body.len()), Some(2));
        assert_eq!(facts.problems.len(), 1);
        assert_eq!(facts.skipped.len(), 1);
    }

    #[test]
    fn a_file_that_is_too_long_has_no_tree() {
        let facts = extract(&SourceFile::new("a.py", Language::Python, " ".repeat(python::MAX_BYTES + 1)));
        assert_eq!(facts.module, None);
        assert_eq!(facts.skipped[0].reason, "the file is longer than 2 MiB");
    }
}
