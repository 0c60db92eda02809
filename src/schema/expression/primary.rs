//! The parts of an expression that begin with a name, a constant or a bracket.

use std::fmt::Write as _;

use super::parse::{Parser, power};
use super::token::Token;
use super::tree::Node;

impl Parser {
    /// What stands at the leaves, and what brings brackets of its own.
    pub(super) fn primary(&mut self) -> Option<Node> {
        match self.next()? {
            Token::Number(number) => Some(Node::Number(super::literal::plain(&number))),
            Token::String(text) => Some(Node::String(text)),
            Token::Raw(text) => Some(bit_string(&text).unwrap_or(Node::Word(text))),
            Token::Punctuation('(') => {
                let mut items = self.list(')')?;
                if items.len() == 1 { items.pop() } else { Some(Node::Row(items)) }
            }
            Token::Quoted(name) => self.named(name, true),
            Token::Word(word) => self.word(word),
            _ => None,
        }
    }

    fn word(&mut self, word: String) -> Option<Node> {
        let call = self.peek() == Some(&Token::Punctuation('('));
        match word.as_str() {
            "null" | "true" | "false" | "default" => Some(Node::Word(word)),
            "current_date" | "current_role" | "current_user" | "session_user" | "user" | "current_catalog" | "current_schema" if !call => {
                Some(Node::Word(word))
            }
            "current_timestamp" | "current_time" | "localtime" | "localtimestamp" => {
                if !self.take('(') {
                    return Some(Node::Word(word));
                }
                let Some(Token::Number(precision)) = self.next() else { return None };
                self.need(')')?;
                Some(Node::Word(format!("{word}({precision})")))
            }
            "case" => self.case(),
            "array" if self.take('[') => self.array(),
            "row" if self.take('(') => Some(Node::Row(self.list(')')?)),
            "cast" if self.take('(') => {
                let inner = self.expression(0)?;
                if !self.take_words(&["as"]) {
                    return None;
                }
                let ty = self.type_name()?;
                self.need(')')?;
                Some(Node::Cast(Box::new(inner), ty))
            }
            "extract" if call => {
                self.at += 1;
                let field = match self.next()? {
                    Token::Word(field) | Token::String(field) | Token::Quoted(field) => field.to_lowercase(),
                    _ => return None,
                };
                if !self.take_words(&["from"]) {
                    return None;
                }
                let inner = self.expression(0)?;
                self.need(')')?;
                Some(Node::Extract(field, Box::new(inner)))
            }
            "position" if call => {
                self.at += 1;
                let needle = self.expression(power::LIKE)?;
                if !self.take_words(&["in"]) {
                    return None;
                }
                let text = self.expression(0)?;
                self.need(')')?;
                Some(Node::Position(Box::new(needle), Box::new(text)))
            }
            "substring" | "trim" if call => self.word_call(&word),
            _ => {
                // `date '2020-01-01'`, `interval '1 day'`, `timestamp with time zone '…'`
                let typed = self.typed_literal(&word);
                if typed.is_some() { typed } else { self.named(word, false) }
            }
        }
    }

    /// `substring(a from b for c)` and `trim(both a from b)` as the calls they stand for.
    fn word_call(&mut self, word: &str) -> Option<Node> {
        self.need('(')?;
        if word == "substring" {
            let mut args = vec![self.expression(0)?];
            while self.take(',') || self.take_words(&["from"]) || self.take_words(&["for"]) {
                args.push(self.expression(0)?);
            }
            self.need(')')?;
            return Some(Node::Call(vec!["substring".to_owned()], false, args));
        }
        let function = match (self.take_words(&["leading"]), self.take_words(&["trailing"])) {
            (true, _) => "ltrim",
            (_, true) => "rtrim",
            _ => {
                self.take_words(&["both"]);
                "btrim"
            }
        };
        let mut args = if self.take_words(&["from"]) { Vec::new() } else { vec![self.expression(0)?] };
        if args.is_empty() || self.take_words(&["from"]) {
            args.insert(0, self.expression(0)?);
        }
        while self.take(',') {
            args.push(self.expression(0)?);
        }
        self.need(')')?;
        Some(Node::Call(vec![function.to_owned()], false, args))
    }

    fn typed_literal(&mut self, word: &str) -> Option<Node> {
        let start = self.at;
        let mut ty = word.to_owned();
        while let Some(Token::Word(next)) = self.peek() {
            if !matches!(next.as_str(), "with" | "without" | "time" | "zone" | "precision" | "varying") {
                break;
            }
            ty = format!("{ty} {next}");
            self.at += 1;
        }
        if let Some(Token::String(text)) = self.peek() {
            let text = text.clone();
            self.at += 1;
            return Some(Node::Cast(Box::new(Node::String(text)), ty));
        }
        self.at = start;
        None
    }

    fn named(&mut self, first: String, quoted: bool) -> Option<Node> {
        let mut parts = vec![first];
        while self.peek() == Some(&Token::Punctuation('.')) {
            self.at += 1;
            match self.next()? {
                Token::Word(name) | Token::Quoted(name) => parts.push(name),
                Token::Operator(star) if star == "*" => parts.push("*".to_owned()),
                _ => return None,
            }
        }
        if !self.take('(') {
            // A bare keyword of the grammar here means that we are lost.
            let keyword =
                matches!(parts[0].as_str(), "select" | "from" | "where" | "end" | "then" | "else" | "when" | "as" | "and" | "or" | "in" | "is" | "like");
            return (quoted || !keyword).then_some(Node::Name(parts));
        }
        let distinct = self.take_words(&["distinct"]);
        if self.peek() == Some(&Token::Operator("*".to_owned())) {
            self.at += 1;
            self.need(')')?;
            return Some(Node::Call(parts, false, vec![Node::Word("*".to_owned())]));
        }
        let mut args = Vec::new();
        if !self.take(')') {
            loop {
                args.push(self.argument()?);
                if !self.take(',') {
                    break;
                }
            }
            self.need(')')?;
        }
        // Aggregates and windows are not for defaults and conditions; leave such text alone.
        let tail = ["filter", "over", "within"].iter().any(|w| self.word_ahead(0, w));
        (!tail).then_some(Node::Call(parts, distinct, args))
    }

    fn argument(&mut self) -> Option<Node> {
        if self.take_words(&["variadic"]) {
            return Some(Node::Named("variadic".to_owned(), Box::new(self.expression(0)?)));
        }
        if let (Some(Token::Word(name) | Token::Quoted(name)), Some(Token::Operator(op))) = (self.peek(), self.ahead(1))
            && op == "=>"
        {
            let name = format!("{} =>", crate::schema::lock::quote(name));
            self.at += 2;
            return Some(Node::Named(name, Box::new(self.expression(0)?)));
        }
        self.expression(0)
    }

    fn array(&mut self) -> Option<Node> {
        let mut items = Vec::new();
        if self.take(']') {
            return Some(Node::Array(items));
        }
        loop {
            items.push(if self.take('[') { self.array()? } else { self.expression(0)? });
            if !self.take(',') {
                break;
            }
        }
        self.need(']')?;
        Some(Node::Array(items))
    }

    fn case(&mut self) -> Option<Node> {
        let operand = if self.word_ahead(0, "when") { None } else { Some(Box::new(self.expression(0)?)) };
        let mut whens = Vec::new();
        while self.take_words(&["when"]) {
            let condition = self.expression(0)?;
            if !self.take_words(&["then"]) {
                return None;
            }
            whens.push((condition, self.expression(0)?));
        }
        let otherwise = if self.take_words(&["else"]) { Some(Box::new(self.expression(0)?)) } else { None };
        self.take_words(&["end"]).then_some(Node::Case(operand, whens, otherwise))
    }

    /// The type behind `::`, in a spelling that [`crate::schema::types::parse`] takes.
    pub(super) fn type_name(&mut self) -> Option<String> {
        let mut out = String::new();
        loop {
            match self.next()? {
                Token::Word(word) => out.push_str(&word),
                Token::Quoted(name) => {
                    let _ = write!(out, "\"{}\"", name.replace('"', "\"\""));
                }
                _ => return None,
            }
            if !self.take('.') {
                break;
            }
            out.push('.');
        }
        let follows: &[&[&str]] = &[&["precision"], &["varying"], &["with", "time", "zone"], &["without", "time", "zone"]];
        let extra = |parser: &mut Self, out: &mut String| {
            for words in follows {
                if parser.take_words(words) {
                    out.push(' ');
                    out.push_str(&words.join(" "));
                }
            }
        };
        extra(self, &mut out);
        if self.take('(') {
            let mut inner = Vec::new();
            loop {
                match self.next()? {
                    Token::Number(n) | Token::Word(n) => inner.push(n),
                    _ => return None,
                }
                if !self.take(',') {
                    break;
                }
            }
            self.need(')')?;
            let _ = write!(out, "({})", inner.join(","));
            extra(self, &mut out);
        }
        while self.peek() == Some(&Token::Punctuation('[')) && matches!(self.ahead(1), Some(Token::Punctuation(']') | Token::Number(_))) {
            self.at += 1;
            if let Some(Token::Number(_)) = self.peek() {
                self.at += 1;
            }
            self.need(']')?;
            out.push_str("[]");
        }
        Some(out)
    }
}

/// `B'101'`, `X'5'` as PostgreSQL prints them: `'101'::"bit"`.
fn bit_string(text: &str) -> Option<Node> {
    let digits = text.get(2..text.len() - 1).filter(|_| text.ends_with('\''))?;
    let bits = match text.as_bytes()[0] {
        b'b' | b'B' => digits.to_owned(),
        _ => digits.chars().map(|c| c.to_digit(16).map(|d| format!("{d:04b}"))).collect::<Option<String>>()?,
    };
    Some(Node::Cast(Box::new(Node::String(bits)), "\"bit\"".to_owned()))
}
