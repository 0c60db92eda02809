//! Python source laid out as a formatter would leave it: 88 columns, calls broken the way Black and ruff break them.

/// Columns of a line.
pub(super) const WIDTH: usize = 88;

/// A piece of Python.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// Text that is never broken.
    Atom(String),
    /// `head` + items in brackets: a call, a tuple, a list, a subscript.
    Group {
        /// What stands before the bracket.
        head: String,
        /// The opening bracket.
        open: char,
        /// What stands in it.
        items: Vec<Node>,
        /// A one-tuple needs its comma.
        tuple: bool,
    },
    /// `name=value`, `name: value =`… : text directly before another node.
    Prefixed(String, Box<Node>),
}

impl Node {
    /// Text.
    pub fn atom(text: impl Into<String>) -> Self {
        Node::Atom(text.into())
    }

    /// A string literal.
    pub fn string(text: &str) -> Self {
        Node::Atom(string(text))
    }

    /// `head(items)`
    pub fn call(head: impl Into<String>, items: Vec<Node>) -> Self {
        Node::Group { head: head.into(), open: '(', items, tuple: false }
    }

    /// `[items]`
    pub fn list(items: Vec<Node>) -> Self {
        Node::Group { head: String::new(), open: '[', items, tuple: false }
    }

    /// `(items,)`
    pub fn tuple(items: Vec<Node>) -> Self {
        Node::Group { head: String::new(), open: '(', items, tuple: true }
    }

    /// `{items}`
    pub fn braces(items: Vec<Node>) -> Self {
        Node::Group { head: String::new(), open: '{', items, tuple: false }
    }

    /// `name=value`
    pub fn keyword(name: &str, value: Node) -> Self {
        Node::Prefixed(format!("{name}="), Box::new(value))
    }

    /// On one line, however long.
    pub fn flat(&self) -> String {
        match self {
            Node::Atom(text) => text.clone(),
            Node::Prefixed(prefix, inner) => format!("{prefix}{}", inner.flat()),
            Node::Group { head, open, items, tuple } => {
                let all: Vec<String> = items.iter().map(Node::flat).collect();
                let comma = if *tuple && items.len() == 1 { "," } else { "" };
                format!("{head}{open}{}{comma}{}", all.join(", "), closing(*open))
            }
        }
    }

    /// Writes the node at a column, `indent` being that of its line, `after` what must still fit behind it.
    fn write(&self, out: &mut String, indent: usize, column: usize, after: usize) {
        let flat = self.flat();
        if column + width(&flat) + after <= WIDTH {
            out.push_str(&flat);
            return;
        }
        match self {
            Node::Atom(text) => out.push_str(text),
            Node::Prefixed(prefix, inner) => {
                out.push_str(prefix);
                inner.write(out, indent, column + width(prefix), after);
            }
            Node::Group { head, open, items, .. } if items.is_empty() => {
                out.push_str(head);
                out.push(*open);
                out.push(closing(*open));
            }
            Node::Group { head, open, items, tuple } => {
                out.push_str(head);
                out.push(*open);
                let inner = indent + 4;
                let line = items.iter().map(Node::flat).collect::<Vec<_>>().join(", ");
                // All of it on one line of its own, unless that line would have a comma at its end.
                if *open == '(' && !*tuple && inner + width(&line) <= WIDTH {
                    newline(out, inner);
                    out.push_str(&line);
                } else {
                    for item in items {
                        newline(out, inner);
                        item.write(out, inner, inner, 1);
                        out.push(',');
                    }
                }
                newline(out, indent);
                out.push(closing(*open));
            }
        }
    }
}

fn closing(open: char) -> char {
    match open {
        '(' => ')',
        '[' => ']',
        _ => '}',
    }
}

fn newline(out: &mut String, indent: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', indent));
}

fn width(text: &str) -> usize {
    unicode_width::UnicodeWidthStr::width(text)
}

/// A statement `prefix` + node, indented.
pub fn statement(indent: usize, prefix: &str, node: &Node) -> String {
    let mut out = " ".repeat(indent);
    out.push_str(prefix);
    node.write(&mut out, indent, indent + width(prefix), 0);
    out.push('\n');
    out
}

/// `name: annotation = node`, indented. Where not even the head of the value fits behind the annotation, the value goes into parentheses; where those do not fit either,
/// the annotation's own bracket is opened, as ruff does.
pub fn annotated(indent: usize, name: &str, annotation: &str, node: &Node) -> String {
    let prefix = format!("{name}: {annotation} = ");
    let head = match node {
        Node::Group { head, .. } => width(head) + 1,
        _ => 0,
    };
    let fits = indent + width(&prefix) + width(&node.flat()) <= WIDTH;
    if fits || indent + width(&prefix) + head <= WIDTH {
        return statement(indent, &prefix, node);
    }
    let pad = " ".repeat(indent);
    if indent + width(&prefix) < WIDTH {
        let mut out = format!("{pad}{prefix}(");
        newline(&mut out, indent + 4);
        node.write(&mut out, indent + 4, indent + 4, 0);
        newline(&mut out, indent);
        return out + ")\n";
    }
    match annotation.split_once('[').and_then(|(outer, rest)| rest.strip_suffix(']').map(|inner| (outer, inner))) {
        Some((outer, inner)) => {
            let opened = format!("{pad}{name}: {outer}[\n{pad}    {inner}\n");
            opened + &statement(indent, "] = ", node)
        }
        None if annotation.contains(" | ") => {
            let opened = format!("{pad}{name}: (\n{pad}    {annotation}\n");
            opened + &statement(indent, ") = ", node)
        }
        None => statement(indent, &prefix, node),
    }
}

/// A string literal in double quotes, or in single ones where that saves escapes, as formatters prefer.
pub fn string(text: &str) -> String {
    let quote = if text.matches('"').count() > text.matches('\'').count() { '\'' } else { '"' };
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control()
                || ('\u{200b}'..='\u{200f}').contains(&c)
                || ('\u{202a}'..='\u{202e}').contains(&c)
                || ('\u{2066}'..='\u{2069}').contains(&c)
                || c == '\u{feff}' =>
            {
                let n = u32::from(c);
                out.push_str(&if n > 0xff { format!("\\u{n:04x}") } else { format!("\\x{n:02x}") });
            }
            c => out.push(c),
        }
    }
    out.push(quote);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_break_as_black_breaks_them() {
        let call = |n: usize| Node::call("mapped_column", (0..n).map(|i| Node::atom(format!("argument_{i}"))).collect());
        assert_eq!(statement(4, "a = ", &call(3)), "    a = mapped_column(argument_0, argument_1, argument_2)\n");
        assert_eq!(
            statement(4, "a = ", &call(6)),
            "    a = mapped_column(\n        argument_0, argument_1, argument_2, argument_3, argument_4, argument_5\n    )\n"
        );
        assert!(statement(4, "a = ", &call(7)).ends_with("        argument_6,\n    )\n"));
    }

    #[test]
    fn strings_survive() {
        assert_eq!(string("a\"b"), "'a\"b'");
        assert_eq!(string("a'b\"\\\n\u{202e}"), "\"a'b\\\"\\\\\\n\\u202e\"");
    }
}
