//! One spelling for the expressions of a schema: defaults, checks, generated columns, index keys.
//!
//! PostgreSQL prints an expression after analysing it: with the casts it put in, `IN` as `= ANY (ARRAY[…])`, everything in parentheses. People
//! write it shorter. [`Printer`] turns both into the same text, so that a lock does not depend on where it was read from. What its parser does not
//! know it leaves as written, with spaces and case made uniform.

mod classes;
mod literal;
mod names;
mod parse;
mod primary;
mod print;
mod simplify;
mod token;
mod tree;

#[cfg(test)]
mod tests;

pub use names::{columns, rename};
use parse::Parser;
use simplify::Simplifier;
use token::Token;
use tree::Node;

use super::types::{self, TypeRef, Unqualified};

/// What the spelling of an expression depends on.
#[derive(Clone, Copy)]
pub struct Printer<'a> {
    /// Schemas that are not written.
    pub names: Unqualified<'a>,
    /// The canonical type of a column of the relation that the expression stands in.
    pub column_type: &'a dyn Fn(&str) -> Option<String>,
}

impl Printer<'_> {
    /// A condition: CHECK, WHERE of an index, the expression of a generated column.
    pub fn condition(&self, text: &str) -> String {
        match parse::expression(text) {
            Some(node) => print::print(&self.simplifier().condition(node)),
            None => loose(text),
        }
    }

    /// A column's default, for a column of that (canonical) type. `None` for `NULL`, which PostgreSQL does not keep either.
    pub fn default(&self, text: &str, ty: &str) -> Option<String> {
        let Some(node) = parse::expression(text) else { return Some(loose(text)) };
        let node = self.simplifier().default(node, ty);
        let null = |node: &Node| *node == Node::Word("null".to_owned());
        match &node {
            Node::Cast(inner, _) if null(inner) => None,
            other if null(other) => None,
            other => Some(print::print(other)),
        }
    }

    /// What the lock calls the definition of an index: `[USING] btree (keys) …` in any spelling → `btree (keys) include (…) where (…)`.
    pub fn index(&self, text: &str) -> String {
        self.index_parts(text).unwrap_or_else(|| loose(text))
    }

    /// An exclusion constraint behind the word EXCLUDE.
    pub fn exclusion(&self, text: &str) -> String {
        self.index(text)
    }

    /// Type, in the lock's spelling.
    pub fn ty(&self, text: &str) -> String {
        types::canonical(text, self.names)
    }

    fn simplifier(&self) -> Simplifier<'_> {
        Simplifier { names: self.names, column_type: self.column_type }
    }

    fn index_parts(&self, text: &str) -> Option<String> {
        let mut parser = Parser::new(text)?;
        parser.take_words(&["using"]);
        let mut out = match parser.peek()? {
            Token::Punctuation('(') => "btree".to_owned(),
            _ => parser.name()?,
        };
        let method = out.clone();
        parser.need('(')?;
        let mut keys = Vec::new();
        loop {
            keys.push(self.index_key(&mut parser, &method)?);
            if !parser.take(',') {
                break;
            }
        }
        parser.need(')')?;
        out = format!("{out} ({})", keys.join(", "));
        if parser.take_words(&["include"]) {
            parser.need('(')?;
            let columns = parser.list(')')?;
            out = format!("{out} include ({})", columns.iter().map(print::print).collect::<Vec<_>>().join(", "));
        }
        loop {
            if parser.take_words(&["nulls", "not", "distinct"]) {
                out.push_str(" nulls not distinct");
            } else if parser.take_words(&["with"]) {
                // Storage parameters change nothing that a query could see.
                while parser.next()? != Token::Punctuation(')') {}
            } else if parser.take_words(&["tablespace"]) {
                parser.name()?;
            } else if !parser.take_words(&["nulls", "distinct"]) {
                break;
            }
        }
        if parser.take_words(&["where"]) {
            let condition = self.simplifier().condition(parser.expression(0)?);
            out = format!("{out} where ({})", print::print(&condition));
        }
        // DEFERRABLE and the like of an exclusion constraint.
        while let Some(token) = parser.next() {
            let Token::Word(word) = token else { return None };
            if word != "not" || parser.peek() != Some(&Token::Word("deferrable".to_owned())) {
                out = format!("{out} {word}");
            } else {
                parser.next();
            }
        }
        Some(out)
    }

    /// One key: a column or an expression, then operator class and order.
    fn index_key(&self, parser: &mut Parser, method: &str) -> Option<String> {
        let node = self.simplifier().condition(parser.expression(0)?);
        let plain = matches!(node, Node::Name(_) | Node::Call(..));
        let collated = if let Node::Collate(inner, _) = &node { matches!(**inner, Node::Name(_) | Node::Call(..)) } else { false };
        let text = print::print(&node);
        let mut out = if plain || collated { text } else { format!("({text})") };
        let mut words: Vec<String> = Vec::new();
        loop {
            match parser.peek() {
                Some(Token::Word(_) | Token::Quoted(_)) => {
                    let mut name = vec![parser.name()?];
                    while parser.take('.') {
                        name.push(parser.name()?);
                    }
                    if name.len() == 2 && self.names.drops(&name[0]) {
                        name.remove(0);
                    }
                    let pg_catalog = name.len() == 2 && name[0] == "pg_catalog";
                    if words.is_empty()
                        && (name.len() == 1 || pg_catalog)
                        && classes::is_default(method, &name[name.len() - 1])
                        && parser.peek() != Some(&Token::Punctuation('('))
                    {
                        // what the method takes by itself is not printed
                        continue;
                    }
                    words.push(if name.len() == 1 { name.remove(0) } else { print::name(&name) });
                }
                // Parameters of an operator class.
                Some(Token::Punctuation('(')) if !words.is_empty() => {
                    parser.next();
                    let parameters = parser.list(')')?;
                    let last = words.last_mut()?;
                    *last = format!("{last} ({})", parameters.iter().map(print::print).collect::<Vec<_>>().join(", "));
                }
                // The operator of an exclusion constraint.
                Some(Token::Operator(_)) if words.last().is_some_and(|w| w == "with") => {
                    if let Some(Token::Operator(op)) = parser.next() {
                        words.push(op);
                    }
                }
                _ => break,
            }
        }
        // What the order already implies is not printed by PostgreSQL.
        let text = words.join(" ");
        let text = match text.strip_suffix("desc nulls first") {
            Some(head) => format!("{head}desc"),
            None => text.strip_suffix("asc nulls last").or(text.strip_suffix("nulls last").filter(|_| !text.contains("desc"))).unwrap_or(&text).to_owned(),
        };
        let text = if text == "asc" || text.ends_with(" asc") { &text[..text.len() - 3] } else { &text };
        let text = text.replace("asc nulls first", "nulls first");
        if !text.trim().is_empty() {
            out = format!("{out} {}", text.trim());
        }
        Some(out)
    }
}

/// Text that the parser does not know: words in lower case, single spaces, the rest as it is.
fn loose(text: &str) -> String {
    let Some(tokens) = token::tokens(text) else { return text.split_whitespace().collect::<Vec<_>>().join(" ") };
    let mut out = String::new();
    let mut tight = true;
    for token in tokens {
        let (piece, before, after) = match token {
            Token::Word(word) => (word, false, false),
            Token::Quoted(name) => (super::lock::quote(&name), false, false),
            Token::String(text) => (format!("'{}'", text.replace('\'', "''")), false, false),
            Token::Raw(text) | Token::Number(text) => (text, false, false),
            Token::Operator(op) => (op, false, false),
            Token::Cast => ("::".to_owned(), true, true),
            Token::Punctuation(c) => (c.to_string(), matches!(c, ')' | ']' | ',' | '.' | '(' | '['), matches!(c, '(' | '[' | '.')),
        };
        if !tight && !before {
            out.push(' ');
        }
        out.push_str(&piece);
        tight = after;
    }
    out
}

/// The canonical type without modifiers, as a cast names it.
fn cast_type(ty: &TypeRef, names: Unqualified<'_>) -> String {
    ty.bare().print(names)
}
