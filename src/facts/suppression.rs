//! Comments that silence rules: `dbtruth: ignore[rule, rule] reason`.
//!
//! | written as | in |
//! |---|---|
//! | `# dbtruth: …` | Python, YAML |
//! | `-- dbtruth: …`, `/* dbtruth: … */` | SQL, SQL in Python strings, SQL in Markdown |
//! | `<!-- dbtruth: … -->` | Markdown |
//!
//! On a line with something else it covers that line, and where a string of several lines ends there, that string. Alone on its line it covers
//! the next line that is neither blank nor a comment. `ignore-file` covers the file.

use serde::{Deserialize, Serialize};

use super::{FileFacts, Problem, ProblemKind};
use crate::source::{Language, SourceFile, Span};
use crate::syntax::python::{ExprKind, Module};

/// A comment that silences rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suppression {
    /// The comment, from `dbtruth:` to the closing bracket.
    pub span: Span,
    /// The rules it names. Whether they exist is not known here.
    pub rules: Vec<NamedRule>,
    /// Findings that begin in here are silenced.
    pub covers: Span,
    /// Whether it is `ignore-file`.
    pub whole_file: bool,
    /// What stands behind the bracket; may be empty.
    pub reason: String,
}

/// A rule by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedRule {
    /// As written.
    pub name: String,
    /// Its bytes.
    pub span: Span,
}

const MARK: &str = "dbtruth:";

/// What opens the comments of a language.
fn openers(language: Language) -> &'static [&'static str] {
    match language {
        Language::Python => &["#", "--", "/*"],
        Language::Sql => &["--", "/*"],
        Language::Markdown => &["<!--", "#", "--", "/*"],
        Language::Yaml => &["#"],
    }
}

/// Adds the suppressions of `file` to its facts, and a problem for each comment that addresses us and is none.
pub(super) fn read(file: &SourceFile, facts: &mut FileFacts) {
    let text: &str = &file.text;
    for at in memchr::memmem::find_iter(text.as_bytes(), MARK) {
        let before = text[..at].trim_end_matches([' ', '\t']);
        let Some(opener) = openers(file.language).iter().find(|o| before.ends_with(**o)) else { continue };
        let begins = before.len() - opener.len();
        let Some(module) = Some(facts.module.as_ref()).filter(|m| m.is_some() || file.language != Language::Python) else { continue };
        // In Python `#` must begin a comment, and `--` must stand in a string.
        if module.is_some_and(|m| in_comment(m, at) != (*opener == "#")) {
            continue;
        }
        let end = text[at..].find(['\n', '\r']).map_or(text.len(), |n| at + n);
        let body_at = at + MARK.len();
        match directive(&text[body_at..end], body_at) {
            Ok(mut made) => {
                made.span = Span::new(at, made.span.end as usize);
                made.covers = if made.whole_file { Span::new(0, text.len()) } else { covers(file, module, begins, opener) };
                facts.suppressions.push(made);
            }
            Err((span, message)) => facts.problems.push(Problem { kind: ProblemKind::Suppression, span, message }),
        }
    }
}

fn in_comment(module: &Module, at: usize) -> bool {
    module.comments.iter().any(|c| c.span.range().contains(&at))
}

/// What stands behind `dbtruth:`, at byte `base`; or what is wrong with it, and where.
fn directive(body: &str, base: usize) -> Result<Suppression, (Span, String)> {
    let at = base + body.len() - body.trim_start().len();
    let body = body.trim_start();
    let word_len = body.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_')).unwrap_or(body.len());
    let word = &body[..word_len];
    let whole_file = match word {
        "ignore" => false,
        "ignore-file" => true,
        "" => return Err((Span::new(base - MARK.len(), base), "nothing follows `dbtruth:`; write `ignore[rule]` or `ignore-file[rule]`".to_owned())),
        _ => {
            let message = format!("`{word}` is not known here; write `ignore[rule]` or `ignore-file[rule]`");
            return Err((Span::new(at, at + word_len), message));
        }
    };
    let rest = &body[word_len..];
    let Some(list) = rest.strip_prefix('[') else {
        return Err((Span::new(at, at + word_len), format!("`{word}` must name the rules: `{word}[rule]`")));
    };
    let Some(close) = list.find(']') else {
        return Err((Span::new(at, at + word_len + 1), "the bracket is never closed".to_owned()));
    };
    let rules = rule_names(&list[..close], at + word_len + 1)?;
    let end = at + word_len + 1 + close + 1;
    let reason = list[close + 1..].trim().trim_end_matches("-->").trim_end_matches("*/").trim().to_owned();
    Ok(Suppression { span: Span::new(at, end), rules, covers: Span::default(), whole_file, reason })
}

fn rule_names(list: &str, base: usize) -> Result<Vec<NamedRule>, (Span, String)> {
    let mut rules = Vec::new();
    let mut at = base;
    for part in list.split(',') {
        let name = part.trim();
        let start = at + part.len() - part.trim_start().len();
        let span = Span::new(start, start + name.len());
        if name.is_empty() {
            return Err((Span::new(base - 1, base + list.len() + 1), "a rule's name is missing between the brackets".to_owned()));
        }
        if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
            return Err((span, format!("`{name}` is not a rule's name; separate names by commas")));
        }
        rules.push(NamedRule { name: name.to_owned(), span });
        at += part.len() + 1;
    }
    Ok(rules)
}

/// The bytes whose findings a comment that begins at `begins` silences.
fn covers(file: &SourceFile, module: Option<&Module>, begins: usize, opener: &str) -> Span {
    let line = file.position(u32::try_from(begins).unwrap_or(u32::MAX)).line;
    let own = file.line_span(line);
    let before = &file.text[own.start as usize..begins];
    // A comment of SQL may have the quotes of its string before it.
    let alone = |c: char| c.is_whitespace() || c == '>' || (opener != "#" && matches!(c, '"' | '\''));
    if before.chars().all(alone) {
        return next_line(file, line).unwrap_or(own);
    }
    module.and_then(|m| string_ending_in(m, own)).map_or(own, |s| s.cover(own))
}

/// The next line that is neither blank nor a comment.
fn next_line(file: &SourceFile, line: u32) -> Option<Span> {
    let last = u32::try_from(file.line_starts().len()).unwrap_or(u32::MAX);
    (line + 1..=last).map(|n| file.line_span(n)).find(|&span| {
        let content = file.slice(span).trim_start();
        !content.is_empty() && !["#", "--", "<!--", "/*"].iter().any(|o| content.starts_with(o))
    })
}

/// A string that begins above `line` and ends on it.
fn string_ending_in(module: &Module, line: Span) -> Option<Span> {
    let mut found = None;
    for stmt in module.body.iter().filter(|s| s.span.start < line.end && s.span.end > line.start) {
        stmt.each(&mut |s| {
            s.each_expr(&mut |e| {
                e.each(&mut |e| {
                    if matches!(e.kind, ExprKind::Str(_)) && e.span.start < line.start && line.start <= e.span.end && e.span.end <= line.end {
                        found = Some(e.span);
                    }
                });
            });
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::extract;

    fn facts(language: Language, text: &str) -> FileFacts {
        extract(&SourceFile::new("f", language, text))
    }

    /// Each suppression as `rules → covered text`.
    fn shown(language: Language, text: &str) -> Vec<String> {
        let show = |s: &Suppression| {
            let rules: Vec<_> = s.rules.iter().map(|r| &text[r.span.range()]).collect();
            format!("{} -> {}", rules.join("+"), &text[s.covers.range()])
        };
        facts(language, text).suppressions.iter().map(show).collect()
    }

    fn problems(text: &str) -> Vec<String> {
        facts(Language::Python, text).problems.iter().map(|p| format!("{}: {}", &text[p.span.range()], p.message)).collect()
    }

    #[test]
    fn on_the_line_and_above_it() {
        let line = "x = 1  # dbtruth: ignore[unknown-column] why\ny = 2\n";
        assert_eq!(shown(Language::Python, line), [format!("unknown-column -> {}", line.lines().next().unwrap_or(""))]);
        assert_eq!(facts(Language::Python, line).suppressions[0].reason, "why");
        assert_eq!(shown(Language::Python, "def f():\n    # dbtruth: ignore[a, b-c]\n    # more\n\n    y = 2\n"), ["a+b-c ->     y = 2"]);
        assert_eq!(shown(Language::Python, "x = 1  # noqa  # dbtruth: ignore[a]\n").len(), 1);
    }

    #[test]
    fn in_sql_and_in_strings_of_sql() {
        assert_eq!(shown(Language::Sql, "select a, -- dbtruth: ignore[a]\n b;"), ["a -> select a, -- dbtruth: ignore[a]"]);
        assert_eq!(shown(Language::Sql, "/* dbtruth: ignore[a] legacy */\nselect b;"), ["a -> select b;"]);
        let python = "q = '''\nselect x -- dbtruth: ignore[a]\n'''\n";
        assert_eq!(shown(Language::Python, python), ["a -> select x -- dbtruth: ignore[a]"]);
        let above = "q = (\n  '-- dbtruth: ignore[a]\\n'\n  'select x'\n)\n";
        assert_eq!(shown(Language::Python, above), ["a ->   'select x'"]);
    }

    #[test]
    fn behind_a_string_of_several_lines() {
        let text = "q = '''\nselect x\n'''  # dbtruth: ignore[a]\n";
        assert_eq!(shown(Language::Python, text), ["a -> '''\nselect x\n'''  # dbtruth: ignore[a]"]);
    }

    #[test]
    fn in_documents_and_for_files() {
        assert_eq!(shown(Language::Markdown, "<!-- dbtruth: ignore[a] old -->\n| x |\n"), ["a -> | x |"]);
        assert_eq!(facts(Language::Markdown, "<!-- dbtruth: ignore[a] old -->").suppressions[0].reason, "old");
        let text = "# dbtruth: ignore-file[a]\nx = 1\n";
        assert_eq!(shown(Language::Python, text), [format!("a -> {text}")]);
    }

    #[test]
    fn a_string_that_speaks_of_it_is_no_comment() {
        assert_eq!(shown(Language::Python, "x = '# dbtruth: ignore[a]'\n# see -- dbtruth: ignore[a]\n"), [""; 0]);
        assert_eq!(problems("x = 'dbtruth: check'  # dbtruth does this\n"), [""; 0]);
    }

    #[test]
    fn mistakes_are_said() {
        assert_eq!(problems("x  # dbtruth: ignroe[a]"), ["ignroe: `ignroe` is not known here; write `ignore[rule]` or `ignore-file[rule]`"]);
        assert_eq!(problems("x  # dbtruth: ignore"), ["ignore: `ignore` must name the rules: `ignore[rule]`"]);
        assert_eq!(problems("x  # dbtruth: ignore[a"), ["ignore[: the bracket is never closed"]);
        assert_eq!(problems("x  # dbtruth: ignore[]"), ["[]: a rule's name is missing between the brackets"]);
        assert_eq!(problems("x  # dbtruth: ignore[a b]"), ["a b: `a b` is not a rule's name; separate names by commas"]);
        assert_eq!(problems("x  # dbtruth:"), ["dbtruth:: nothing follows `dbtruth:`; write `ignore[rule]` or `ignore-file[rule]`"]);
    }
}
