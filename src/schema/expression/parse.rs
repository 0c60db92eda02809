//! A parser of PostgreSQL's expressions, with the precedence of its grammar (`gram.y`; "Operator Precedence" in the manual).

use super::token::{Token, tokens};
use super::tree::Node;

/// Deeper expressions are left as they are written.
const DEPTH: usize = 120;

/// How strongly operators bind, weakest first.
pub(super) mod power {
    pub const OR: u8 = 1;
    pub const AND: u8 = 2;
    pub const NOT: u8 = 3;
    pub const IS: u8 = 4;
    pub const COMPARE: u8 = 5;
    pub const LIKE: u8 = 6;
    pub const OTHER: u8 = 7;
    pub const SUM: u8 = 8;
    pub const PRODUCT: u8 = 9;
    pub const POWER: u8 = 10;
    pub const ZONE: u8 = 11;
    pub const COLLATE: u8 = 12;
    pub const SIGN: u8 = 13;
    pub const POSTFIX: u8 = 14;
}

/// The power of a binary operator written with symbols.
pub(super) fn symbol_power(op: &str) -> u8 {
    match op {
        "=" | "<" | ">" | "<=" | ">=" | "<>" | "!=" => power::COMPARE,
        "+" | "-" => power::SUM,
        "*" | "/" | "%" => power::PRODUCT,
        "^" => power::POWER,
        _ => power::OTHER,
    }
}

/// The expression that is the whole of `text`.
pub(super) fn expression(text: &str) -> Option<Node> {
    let mut parser = Parser::new(text)?;
    let node = parser.expression(0)?;
    parser.is_at_end().then_some(node)
}

pub(super) struct Parser {
    tokens: Vec<Token>,
    pub(super) at: usize,
    depth: usize,
}

impl Parser {
    pub(super) fn new(text: &str) -> Option<Self> {
        Some(Self { tokens: tokens(text)?, at: 0, depth: 0 })
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at >= self.tokens.len()
    }

    pub(super) fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    pub(super) fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    pub(super) fn ahead(&self, n: usize) -> Option<&Token> {
        self.tokens.get(self.at + n)
    }

    pub(super) fn word_ahead(&self, n: usize, word: &str) -> bool {
        matches!(self.ahead(n), Some(Token::Word(w)) if w == word)
    }

    /// Consumes the words if they all follow.
    pub(super) fn take_words(&mut self, words: &[&str]) -> bool {
        let all = words.iter().enumerate().all(|(n, word)| self.word_ahead(n, word));
        if all {
            self.at += words.len();
        }
        all
    }

    pub(super) fn take(&mut self, c: char) -> bool {
        let found = self.peek() == Some(&Token::Punctuation(c));
        self.at += usize::from(found);
        found
    }

    pub(super) fn need(&mut self, c: char) -> Option<()> {
        self.take(c).then_some(())
    }

    /// A name, quoted or not.
    pub(super) fn name(&mut self) -> Option<String> {
        match self.next()? {
            Token::Word(name) | Token::Quoted(name) => Some(name),
            _ => None,
        }
    }

    pub(super) fn expression(&mut self, least: u8) -> Option<Node> {
        self.depth += 1;
        if self.depth > DEPTH {
            return None;
        }
        let mut left = self.prefix()?;
        while let Some(next) = self.infix(&left, least)? {
            left = next;
        }
        self.depth -= 1;
        Some(left)
    }

    fn prefix(&mut self) -> Option<Node> {
        match self.peek()? {
            Token::Word(word) if word == "not" => {
                self.at += 1;
                Some(Node::Not(Box::new(self.expression(power::NOT)?)))
            }
            Token::Operator(op) => {
                let op = op.clone();
                self.at += 1;
                let least = if op == "-" || op == "+" { power::SIGN } else { power::OTHER };
                Some(Node::Unary(op, Box::new(self.expression(least)?)))
            }
            _ => self.primary(),
        }
    }

    /// What follows `left`, if it binds more strongly than `least`. The outer `None` is a mistake, the inner the end.
    #[expect(clippy::option_option, reason = "broken and finished are two things")]
    fn infix(&mut self, left: &Node, least: u8) -> Option<Option<Node>> {
        let boxed = || Box::new(left.clone());
        let node = match self.peek() {
            Some(Token::Cast) if power::POSTFIX > least => {
                self.at += 1;
                Node::Cast(boxed(), self.type_name()?)
            }
            Some(Token::Punctuation('[')) if power::POSTFIX > least => {
                self.at += 1;
                Node::Subscript(boxed(), self.bounds()?)
            }
            Some(Token::Punctuation('.')) if power::POSTFIX > least => {
                self.at += 1;
                Node::Field(boxed(), self.name()?)
            }
            Some(Token::Operator(op)) => {
                let op = op.clone();
                let power = symbol_power(&op);
                if power <= least {
                    return Some(None);
                }
                self.at += 1;
                return self.binary(left.clone(), op, power).map(Some);
            }
            Some(Token::Word(word)) => {
                let word = word.clone();
                return self.word_infix(left, &word, least);
            }
            _ => return Some(None),
        };
        Some(Some(node))
    }

    fn binary(&mut self, left: Node, op: String, power: u8) -> Option<Node> {
        for quantifier in ["any", "some", "all"] {
            if self.word_ahead(0, quantifier) && self.ahead(1) == Some(&Token::Punctuation('(')) {
                self.at += 2;
                let inner = self.expression(0)?;
                self.need(')')?;
                let quantifier = if quantifier == "all" { "all" } else { "any" };
                return Some(Node::Quantified(Box::new(left), op, quantifier.to_owned(), Box::new(inner)));
            }
        }
        let right = self.expression(power)?;
        Some(Node::Binary(op, Box::new(left), Box::new(right)))
    }

    #[expect(clippy::option_option, reason = "broken and finished are two things")]
    fn word_infix(&mut self, left: &Node, word: &str, least: u8) -> Option<Option<Node>> {
        let left = || left.clone();
        Some(Some(match word {
            "or" if power::OR > least => {
                self.at += 1;
                flatten(left(), self.expression(power::OR)?, false)
            }
            "and" if power::AND > least => {
                self.at += 1;
                flatten(left(), self.expression(power::AND)?, true)
            }
            "is" if power::IS > least => {
                self.at += 1;
                self.is(left())?
            }
            "isnull" | "notnull" if power::IS > least => {
                self.at += 1;
                Node::Is(Box::new(left()), if word == "isnull" { "null" } else { "not null" }.to_owned())
            }
            "at" if power::ZONE > least && self.word_ahead(1, "time") && self.word_ahead(2, "zone") => {
                self.at += 3;
                Node::AtTimeZone(Box::new(left()), Box::new(self.expression(power::ZONE)?))
            }
            "collate" if power::COLLATE > least => {
                self.at += 1;
                let mut name = vec![self.name()?];
                while self.take('.') {
                    name.push(self.name()?);
                }
                Node::Collate(Box::new(left()), name)
            }
            "operator" if power::OTHER > least && self.ahead(1) == Some(&Token::Punctuation('(')) => {
                self.at += 2;
                while let Some(Token::Word(_) | Token::Quoted(_)) = self.peek() {
                    self.at += 1;
                    self.need('.')?;
                }
                let Some(Token::Operator(op)) = self.next() else { return None };
                self.need(')')?;
                self.binary(left(), op, power::OTHER)?
            }
            "in" | "between" | "like" | "ilike" | "similar" if power::LIKE > least => self.membership(left(), false)?,
            "not" if power::LIKE > least && ["in", "between", "like", "ilike", "similar"].iter().any(|w| self.word_ahead(1, w)) => {
                self.at += 1;
                self.membership(left(), true)?
            }
            _ => return Some(None),
        }))
    }

    fn is(&mut self, left: Node) -> Option<Node> {
        let not = if self.take_words(&["not"]) { "not " } else { "" };
        if self.take_words(&["distinct", "from"]) {
            let right = self.expression(power::IS)?;
            return Some(Node::Binary(format!("is {not}distinct from"), Box::new(left), Box::new(right)));
        }
        let Some(Token::Word(word)) = self.next() else { return None };
        matches!(word.as_str(), "null" | "true" | "false" | "unknown" | "document" | "normalized").then(|| Node::Is(Box::new(left), format!("{not}{word}")))
    }

    fn membership(&mut self, left: Node, not: bool) -> Option<Node> {
        let Some(Token::Word(word)) = self.next() else { return None };
        let name = |op: &str| format!("{}{op}", if not { "not " } else { "" });
        match word.as_str() {
            "in" => {
                self.need('(')?;
                Some(Node::In(Box::new(left), not, self.list(')')?))
            }
            "between" => {
                let symmetric = self.take_words(&["symmetric"]);
                let low = self.expression(power::LIKE)?;
                if symmetric || !self.take_words(&["and"]) {
                    return None;
                }
                let high = self.expression(power::LIKE)?;
                let pair = |op: &str, side: Node| Node::Binary(op.to_owned(), Box::new(left.clone()), Box::new(side));
                // PostgreSQL's parser expands it the same way (`transformAExprBetween`).
                Some(if not { Node::Or(vec![pair("<", low), pair(">", high)]) } else { Node::And(vec![pair(">=", low), pair("<=", high)]) })
            }
            "like" | "ilike" => {
                let right = self.expression(power::LIKE)?;
                (!self.word_ahead(0, "escape")).then(|| Node::Binary(name(&word), Box::new(left), Box::new(right)))
            }
            _ => {
                if !self.take_words(&["to"]) {
                    return None;
                }
                let right = self.expression(power::LIKE)?;
                (!self.word_ahead(0, "escape")).then(|| Node::Binary(name("similar to"), Box::new(left), Box::new(right)))
            }
        }
    }

    fn bounds(&mut self) -> Option<Vec<Node>> {
        let empty = || Node::Word(String::new());
        let first = if self.peek() == Some(&Token::Punctuation(':')) { empty() } else { self.expression(0)? };
        let mut bounds = vec![first];
        if self.take(':') {
            bounds.push(if self.peek() == Some(&Token::Punctuation(']')) { empty() } else { self.expression(0)? });
        }
        self.need(']')?;
        Some(bounds)
    }

    /// Expressions up to `close`, which is consumed.
    pub(super) fn list(&mut self, close: char) -> Option<Vec<Node>> {
        let mut out = Vec::new();
        if self.take(close) {
            return Some(out);
        }
        loop {
            out.push(self.expression(0)?);
            if !self.take(',') {
                break;
            }
        }
        self.need(close)?;
        Some(out)
    }
}

fn flatten(left: Node, right: Node, and: bool) -> Node {
    let mut items = Vec::new();
    for side in [left, right] {
        match side {
            Node::And(inner) if and => items.extend(inner),
            Node::Or(inner) if !and => items.extend(inner),
            other => items.push(other),
        }
    }
    if and { Node::And(items) } else { Node::Or(items) }
}
