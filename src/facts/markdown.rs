//! Documents: their blocks, the Python in their fences, the entities of their diagrams.

use serde::{Deserialize, Serialize};

use crate::source::Span;
use crate::syntax::markdown::{self, Block, Document, Fence};
use crate::syntax::python;

/// What a document holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Markdown {
    /// Its blocks. SQL stands in the fences whose language is `sql` or one of its dialects.
    pub document: Document,
    /// The Python in its fences.
    pub python: Vec<Snippet>,
    /// Its entity diagrams.
    pub diagrams: Vec<Diagram>,
}

/// Python in a fence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snippet {
    /// Its bytes.
    pub span: Span,
    /// Its tree, with places in the document.
    pub module: python::Module,
}

/// A mermaid `erDiagram`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagram {
    /// Entities in order, each as often as it is written; one that only a relationship names has no attributes.
    pub entities: Vec<Entity>,
}

/// An entity of a diagram.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entity {
    /// Its name, without quotes.
    pub name: String,
    /// The name's bytes.
    pub span: Span,
    /// Its attributes.
    pub attributes: Vec<Attribute>,
}

/// An attribute of an entity: `type name PK "comment"`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    /// Its type.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// The name's bytes.
    pub span: Span,
}

/// Reads a document.
pub(super) fn read(text: &str) -> Markdown {
    let document = markdown::parse(text);
    let mut made = Markdown::default();
    for block in &document.blocks {
        let Block::Fence(fence) = block else { continue };
        match fence.language.as_str() {
            "python" | "py" | "python3" => made.python.extend(snippet(text, fence)),
            "mermaid" => made.diagrams.extend(diagram(text, fence)),
            _ => {}
        }
    }
    made.document = document;
    made
}

/// A console session (`>>>`) is no Python, and one that does not parse is an excerpt with dots: neither says anything.
fn snippet(text: &str, fence: &Fence) -> Option<Snippet> {
    if !fence.is_verbatim() || text[fence.code.range()].trim_start().starts_with(">>>") {
        return None;
    }
    let module = python::parse_part(text, fence.code).filter(|m| m.errors.is_empty())?;
    Some(Snippet { span: fence.code, module })
}

/// The entities of an `erDiagram`; `None` for other diagrams.
///
/// After mermaid's documentation of entity relationship diagrams: a line is an entity with or without a block of attributes, or a relationship
/// `A ||--o{ B : label`; names may be quoted or have an alias in brackets.
fn diagram(text: &str, fence: &Fence) -> Option<Diagram> {
    let mut lines = fence.lines.iter().map(|l| (l.start as usize, &text[l.range()])).filter(|(_, l)| !skipped(l.trim()));
    if lines.next()?.1.trim() != "erDiagram" {
        return None;
    }
    let mut entities: Vec<Entity> = Vec::new();
    let mut open = false;
    for (start, line) in lines {
        let words = words(line, start);
        if open {
            open = !words.iter().any(|w| w.0 == "}");
            if let ([kind, name, ..], Some(entity)) = (words.as_slice(), entities.last_mut())
                && kind.0 != "}"
            {
                entity.attributes.push(Attribute { kind: kind.0.to_owned(), name: name.0.to_owned(), span: name.1 });
            }
            continue;
        }
        let Some(first) = words.first() else { continue };
        entities.push(Entity { name: first.0.to_owned(), span: first.1, attributes: Vec::new() });
        open = words.last().is_some_and(|w| w.0 == "{");
        if let [_, link, other, ..] = words.as_slice()
            && (link.0.contains("--") || link.0.contains(".."))
        {
            entities.push(Entity { name: other.0.to_owned(), span: other.1, attributes: Vec::new() });
        }
    }
    Some(Diagram { entities })
}

/// Lines that mean nothing to a diagram's content: blank, comments, front matter.
fn skipped(line: &str) -> bool {
    line.is_empty() || line.starts_with("%%") || line.starts_with("---") || line.starts_with("title") || line.starts_with("direction ")
}

/// The words of a line with their places; quotes around a word are left out, an alias in brackets is cut off.
fn words(line: &str, start: usize) -> Vec<(&str, Span)> {
    let (mut made, mut at) = (Vec::new(), 0);
    while let Some(from) = line[at..].find(|c: char| !c.is_whitespace()).map(|n| at + n) {
        let rest = &line[from..];
        let (from, len, next) = if let Some(quoted) = rest.strip_prefix('"') {
            let len = quoted.find('"').unwrap_or(quoted.len());
            (from + 1, len, from + 1 + (len + 1).min(quoted.len()))
        } else {
            let len = rest.find(char::is_whitespace).unwrap_or(rest.len());
            let name = if len > 1 { rest[..len].find(['[', '"']).filter(|&n| n > 0).unwrap_or(len) } else { len };
            (from, name, from + len)
        };
        made.push((&line[from..from + len], Span::new(start + from, start + from + len)));
        at = next;
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::python::StmtKind;

    #[test]
    fn entities_of_a_diagram() {
        let text = "```mermaid\nerDiagram\n  %% note\n  orders ||--o{ \"order lines\" : has\n  orders {\n    bigint id PK \"the key\"\n    text status\n  }\n  c[Customer] {\n  }\n```\n";
        let made = read(text);
        let shown: Vec<_> = made.diagrams[0]
            .entities
            .iter()
            .map(|e| format!("{} {:?}", &text[e.span.range()], e.attributes.iter().map(|a| &text[a.span.range()]).collect::<Vec<_>>()))
            .collect();
        assert_eq!(shown, ["orders []", "order lines []", "orders [\"id\", \"status\"]", "c []"]);
    }

    #[test]
    fn other_diagrams_have_no_entities() {
        assert_eq!(read("```mermaid\nflowchart LR\n a --> b\n```\n").diagrams, []);
    }

    #[test]
    fn python_keeps_its_place() {
        let text = "# é\n\n```python\nx = db.table('users')\n```\n\n```python\nx = ...\n... (\n```\n\n```py\n>>> x\n```\n";
        let made = read(text);
        assert_eq!(made.python.len(), 1);
        let StmtKind::Assign(assign) = &made.python[0].module.body[0].kind else { panic!("{:?}", made.python) };
        assert_eq!(&text[assign.1.span.range()], "db.table('users')");
    }
}
