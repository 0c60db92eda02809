//! Takes a suppression that hides nothing out of its file.

use crate::diagnostic::{Edit, Fix, Safety};
use crate::facts::Suppression;
use crate::source::{FileId, Language, Location, SourceFile, Span};

/// The edit that takes the rules at `unused` (by their number) out of the comment; the whole comment where none is left.
pub(super) fn fix(file: FileId, source: &SourceFile, comment: &Suppression, unused: &[usize], this: usize) -> Option<Fix> {
    let span = if unused.len() == comment.rules.len() { whole(source, comment)? } else { one(comment, unused, this)? };
    Some(Fix { safety: Safety::Safe, edits: vec![Edit { location: Location::new(file, span), content: String::new() }] })
}

/// One name of the list with the comma that joins it to one that stays.
fn one(comment: &Suppression, unused: &[usize], this: usize) -> Option<Span> {
    let own = comment.rules.get(this)?.span;
    let stays_before = (0..this).any(|n| !unused.contains(&n));
    if stays_before {
        return Some(Span { start: comment.rules.get(this.checked_sub(1)?)?.span.end, end: own.end });
    }
    Some(Span { start: own.start, end: comment.rules.get(this + 1)?.span.start })
}

/// The comment from its opener to its end; its line with it where nothing else stands there.
fn whole(source: &SourceFile, comment: &Suppression) -> Option<Span> {
    let text: &str = &source.text;
    let at = comment.span.start as usize;
    let line = source.line_span(source.position(comment.span.start).line);
    let before = text.get(line.start as usize..at)?.trim_end_matches([' ', '\t']);
    let opener = ["<!--", "/*", "--", "#"].into_iter().find(|o| before.ends_with(o))?;
    let start = line.start as usize + before.len() - opener.len();
    let rest = text.get(comment.span.end as usize..line.end as usize)?;
    let len = match opener {
        "/*" => rest.find("*/")? + 2,
        "<!--" => rest.find("-->")? + 3,
        _ => line_comment(source.language, opener, rest),
    };
    let mut end = comment.span.end as usize + len;
    let lead = text.get(line.start as usize..start)?;
    let tail = text.get(end..line.end as usize)?;
    if !lead.trim().is_empty() {
        let start = if tail.trim().is_empty() { line.start as usize + lead.trim_end().len() } else { start };
        return Some(Span::new(start, end));
    }
    if !tail.trim().is_empty() {
        return Some(Span::new(start, end));
    }
    end = line.end as usize;
    let after = text.get(end..)?;
    let ending = if after.starts_with("\r\n") { 2 } else { usize::from(!after.is_empty()) };
    Some(Span::new(line.start as usize, end + ending))
}

/// How many bytes of `rest`, the line behind the brackets, belong to a comment that ends with its line. Another comment behind ours stays; where the comment may
/// stand in a string, so does the quote that ends it.
fn line_comment(language: Language, opener: &str, rest: &str) -> usize {
    let quote = match language {
        Language::Sql => None,
        Language::Python | Language::Yaml if opener == "#" => None,
        Language::Python | Language::Yaml | Language::Markdown => rest.find(['"', '\'']),
    };
    // `#12` is an issue, not a comment.
    let hash = rest.match_indices('#').map(|(n, _)| n).find(|n| !rest[n + 1..].starts_with(|c: char| c.is_ascii_digit()));
    let other = if language == Language::Sql { rest.find("--") } else { hash };
    [quote, other].into_iter().flatten().min().unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts;

    fn without(language: Language, text: &str, unused: &[usize]) -> String {
        let source = SourceFile::new("a", language, text);
        let facts = facts::extract(&source);
        let comment = &facts.suppressions[0];
        let span = fix(FileId(0), &source, comment, unused, unused[0]).expect("a repair").edits[0].location.span;
        format!("{}{}", &text[..span.start as usize], &text[span.end as usize..])
    }

    #[test]
    fn a_comment_goes_with_nothing_else() {
        let python = |text: &str| without(Language::Python, text, &[0]);
        assert_eq!(python("a = 1  # dbtruth: ignore[unknown-column] why\nb\n"), "a = 1\nb\n");
        assert_eq!(python("# dbtruth: ignore[unknown-column]\r\na\r\n"), "a\r\n");
        assert_eq!(python("a = 1  # dbtruth: ignore[unknown-column]  # noqa\n"), "a = 1  # noqa\n");
        assert_eq!(python("a = 1  # dbtruth: ignore[unknown-column] don't, see #12\nb\n"), "a = 1\nb\n");
        assert_eq!(python("a = \"\"\"select 1 -- dbtruth: ignore[unknown-column]\"\"\"\n"), "a = \"\"\"select 1 \"\"\"\n");
        assert_eq!(without(Language::Sql, "select /* dbtruth: ignore[unknown-column] x */ 1;\n", &[0]), "select  1;\n");
        assert_eq!(without(Language::Sql, "select 1; -- dbtruth: ignore[unknown-column] it's #1 -- noqa\n", &[0]), "select 1; -- noqa\n");
        assert_eq!(without(Language::Markdown, "a\n<!-- dbtruth: ignore[unknown-column] -->\nb\n", &[0]), "a\nb\n");
    }

    #[test]
    fn one_of_several_rules_goes_alone() {
        let text = "a = 1  # dbtruth: ignore[unknown-column, unknown-table, unknown-function]\n";
        assert_eq!(without(Language::Python, text, &[0]), "a = 1  # dbtruth: ignore[unknown-table, unknown-function]\n");
        assert_eq!(without(Language::Python, text, &[1]), "a = 1  # dbtruth: ignore[unknown-column, unknown-function]\n");
        assert_eq!(without(Language::Python, text, &[2]), "a = 1  # dbtruth: ignore[unknown-column, unknown-table]\n");
    }
}
