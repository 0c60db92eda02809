//! SQL files that are templates of Jinja: what a run would make of them only the program that fills them knows.
//!
//! Text between `{% if … %}` and its end may run, may not, or may run often: what it touches is open afterwards. A `{{ value }}` is a hole, or nothing where only
//! options of a statement can stand (`) {{ tablespace }};`).

use crate::source::{FileId, Location, Span};
use crate::syntax::sql::template::Template;

/// Why what stands between two tags is not sure.
const DOUBT: &str = "a template (Jinja) decides whether it runs";

/// A piece of a file, with the reason why it may not run.
pub(super) type Part = (Template, Option<&'static str>);

/// A file as what runs one after the other; one that is no template is one part.
pub(super) fn parts(file: FileId, text: &str) -> Vec<Part> {
    if !is_template(text) {
        return vec![(Template::from_source(file, text, 0), None)];
    }
    let mut reader = Reader { file, parts: Vec::new(), current: Template::default(), depth: 0, doubtful: false };
    let mut rest = text;
    while let Some(open) = ["{%", "{{", "{#"].iter().filter_map(|mark| rest.find(mark)).min() {
        let start = text.len() - rest.len() + open;
        let close = match rest.as_bytes()[open + 1] {
            b'%' => "%}",
            b'{' => "}}",
            _ => "#}",
        };
        // `{%}` opens nothing: what closes stands behind what opens.
        let Some(length) = rest[open + 2..].find(close).map(|n| n + 2) else { break };
        let inside = rest[open + 2..open + length].trim_matches(|c: char| c.is_whitespace() || matches!(c, '-' | '+'));
        reader.text(&rest[..open], start - open);
        rest = &rest[open + length + 2..];
        match close {
            "%}" => reader.tag(inside),
            "}}" => reader.value(Span::new(start, start + length + 2)),
            _ => {}
        }
    }
    reader.text(rest, text.len() - rest.len());
    reader.flush();
    reader.parts
}

/// Whether a text has tags or values of Jinja; `'{{1,2},{3,4}}'` is an array.
pub(super) fn is_template(text: &str) -> bool {
    let value = |(n, _): (usize, &str)| {
        let inside = text[n + 2..].split("}}").next().unwrap_or_default().trim();
        let name = inside.starts_with(|c: char| c.is_alphabetic() || c == '_') && !inside.contains(['{', '\n']);
        name && !text[..n].ends_with('\'') && text[n + 2..].contains("}}")
    };
    text.match_indices("{%").any(|(n, _)| text[n + 2..].contains("%}")) || text.match_indices("{{").any(value)
}

struct Reader {
    file: FileId,
    parts: Vec<Part>,
    current: Template,
    /// How many tags are open.
    depth: usize,
    /// What is being read stands between tags, or begins there.
    doubtful: bool,
}

impl Reader {
    fn text(&mut self, text: &str, at: usize) {
        self.current.push_verbatim(text, Location::new(self.file, Span::new(at, at + text.len())));
    }

    /// `{{ value }}`
    fn value(&mut self, at: Span) {
        let option = self.current.text().trim_end().ends_with(')');
        if !option {
            self.current.push_hole(Location::new(self.file, at));
        }
    }

    /// `{% word … %}`
    fn tag(&mut self, inside: &str) {
        let word = inside.split_whitespace().next().unwrap_or_default();
        if word.starts_with("end") {
            self.depth = self.depth.saturating_sub(1);
            if self.depth == 0 && self.at_end_of_statement() {
                self.flush();
            }
        } else if matches!(word, "if" | "for" | "macro" | "call" | "filter" | "block" | "raw" | "with") {
            if self.depth == 0 && self.at_end_of_statement() {
                self.flush();
            }
            self.depth += 1;
            self.doubtful = true;
        }
        // Two texts that a tag keeps apart are two words.
        self.current.push_value(" ", Location::new(self.file, Span::default()));
    }

    fn at_end_of_statement(&self) -> bool {
        let text = self.current.text().trim_end();
        text.is_empty() || text.ends_with(';')
    }

    fn flush(&mut self) {
        let part = std::mem::take(&mut self.current);
        self.parts.push((part, std::mem::take(&mut self.doubtful).then_some(DOUBT)));
        self.doubtful = self.depth > 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, bool)> {
        parts(FileId(0), text).into_iter().map(|(t, doubt)| (t.text().split_whitespace().collect::<Vec<_>>().join(" "), doubt.is_some())).collect()
    }

    #[test]
    fn what_stands_between_tags_is_doubtful() {
        let text = "CREATE TABLE a (x int) {{ db.space }};\n{# note #}{%- if more -%}\nCREATE TABLE b_{{ n }} (x int);\n{% endif %}\nSELECT 1;";
        let want = [("CREATE TABLE a (x int) ;", false), ("CREATE TABLE b__db_hole_ (x int);", true), ("SELECT 1;", false)];
        assert_eq!(read(text), want.map(|(t, d)| (t.to_owned(), d)));
    }

    #[test]
    fn a_tag_that_is_only_its_brackets() {
        for text in ["RAISE EXCEPTION 'id {%}', x;", "{%}", "{{}}", "{#}", "{% {%}", "{% if a %}{%}{% endif %}"] {
            assert!(read(text).len() < 5, "{text}");
        }
        assert!(!is_template("RAISE EXCEPTION 'id {%}', x;"));
    }

    #[test]
    fn arrays_are_no_templates() {
        assert!(!is_template("SELECT '{{1,2},{3,4}}'::int[], '{{a}}', '{%'"));
        assert!(is_template("SELECT 1 FROM {{ table }}") && is_template("{% include 'a' %}"));
    }
}
