//! Headings and lines that name a table.

use crate::schema::{QualifiedName, Schema};
use crate::source::Span;

/// A table that a heading or line names.
#[derive(Clone, Debug)]
pub(super) struct Label<'s> {
    /// The table.
    pub relation: &'s QualifiedName,
    /// The name's bytes.
    pub at: Span,
    /// The word "table" stands with it: this is about the database.
    pub sure: bool,
}

/// A word of a heading or line, without the marks around it.
struct Word<'t> {
    text: &'t str,
    at: Span,
    /// It stands in backticks.
    code: bool,
    /// It stands in brackets.
    aside: bool,
}

/// The words of a piece of text.
fn words(text: &str, within: Span) -> Vec<Word<'_>> {
    let content = &text[within.range()];
    let (mut made, mut at, mut aside) = (Vec::new(), 0, false);
    while let Some(from) = content[at..].find(|c: char| !c.is_whitespace()).map(|n| at + n) {
        let len = content[from..].find(char::is_whitespace).unwrap_or(content.len() - from);
        let word = &content[from..from + len];
        let opens = word.trim_start_matches(['*', '_']).starts_with(['(', '[']);
        let marks = |c: char| !(c.is_alphanumeric() || c == '_');
        let start = word.len() - word.trim_start_matches(marks).len();
        let inner = word.trim_matches(marks);
        let code = word[..start].contains('`');
        aside |= opens;
        if !inner.is_empty() {
            let begin = within.start as usize + from + start;
            made.push(Word { text: inner, at: Span::new(begin, begin + inner.len()), code, aside });
        }
        aside &= !word.contains([')', ']']);
        at = from + len;
    }
    made
}

/// The relation a word names: `orders`, `shop.orders`, and `Orders` where `folded`.
pub(super) fn relation<'s>(schema: &'s Schema, word: &str, folded: bool) -> Option<&'s QualifiedName> {
    let exact = |word: &str| match word.split_once('.') {
        Some((namespace, name)) => schema.relation(Some(namespace), name).map(|(q, _)| q),
        None => schema.relation(None, word).map(|(q, _)| q).or_else(|| {
            // Outside the search path, where only one schema has it.
            let mut all = schema.named(word).map(|(k, _)| k);
            all.next().filter(|_| all.next().is_none())
        }),
    };
    exact(word).or_else(|| if folded { exact(&word.to_ascii_lowercase()) } else { None })
}

fn is_table_word(word: &str) -> bool {
    matches!(word.to_ascii_lowercase().as_str(), "table" | "tables" | "view" | "tabelle" | "tabla")
}

/// Words beside a name that say nothing.
fn is_noise(word: &Word<'_>) -> bool {
    word.aside || word.text.bytes().all(|b| b.is_ascii_digit() || b == b'.') || matches!(word.text.to_ascii_lowercase().as_str(), "the" | "a" | "public")
}

/// The table that a heading names: the heading is its name, or says "table" beside it.
pub(super) fn heading<'s>(text: &str, at: Span, schema: &'s Schema) -> Option<Label<'s>> {
    let words = words(text, at);
    let sure = words.iter().any(|w| is_table_word(w.text) && !w.code);
    let named: Vec<(usize, &'s QualifiedName)> = words.iter().enumerate().filter_map(|(n, w)| Some((n, relation(schema, w.text, !w.code)?))).collect();
    let beside = |n: usize| [n.checked_sub(1), Some(n + 1)].into_iter().flatten().any(|m| words.get(m).is_some_and(|w| is_table_word(w.text)));
    let (n, name) = match named.as_slice() {
        [one] => *one,
        several if sure => *several.iter().find(|(n, _)| beside(*n))?,
        _ => return None,
    };
    // Without the word, nothing else may stand there: "Orders of the day" is about something else.
    let alone = words.iter().enumerate().all(|(m, w)| m == n || is_noise(w));
    (alone || (sure && (beside(n) || words[n].code))).then(|| Label { relation: name, at: words[n].at, sure })
}

/// The table that a line names: `Table: orders`, `**orders**`, "the `orders` table has these columns:".
pub(super) fn line<'s>(text: &str, at: Span, schema: &'s Schema) -> Option<Label<'s>> {
    let content = text[at.range()].trim();
    let words = words(text, at);
    if let [only] = words.as_slice() {
        // A name alone on its line needs something that says that it is a label.
        let marked = only.code || content.starts_with("**") || content.ends_with(':');
        let name = relation(schema, only.text, false).filter(|_| marked)?;
        return Some(Label { relation: name, at: only.at, sure: false });
    }
    for (n, w) in words.iter().enumerate().filter(|(_, w)| is_table_word(w.text) && !w.code) {
        let label = words.len() <= 3 || text[w.at.end as usize..].trim_start_matches('*').starts_with(':');
        for m in [Some(n + 1), n.checked_sub(1)].into_iter().flatten() {
            if let Some(word) = words.get(m)
                && (word.code || label)
                && let Some(name) = relation(schema, word.text, false)
            {
                return Some(Label { relation: name, at: word.at, sure: true });
            }
        }
    }
    None
}

/// Whether a heading below a table's own announces its columns.
pub(super) fn is_about_columns(text: &str) -> bool {
    let plain = text.trim_matches(|c: char| !c.is_alphanumeric()).to_ascii_lowercase();
    matches!(plain.as_str(), "columns" | "column" | "fields" | "schema" | "structure" | "definition" | "attributes" | "table columns" | "column reference")
}
