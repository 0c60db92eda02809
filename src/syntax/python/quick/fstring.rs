//! String literals: where they end, and the holes of f-strings.

use super::token::T;
use super::{Parser, at};
use crate::source::Span;
use crate::syntax::python::ast::Expr;
use crate::syntax::python::lower::string::{Builder, Prefix};

impl Parser<'_> {
    /// Literals in a row: one string.
    pub(super) fn string(&mut self) -> Option<Expr> {
        let start = self.start();
        let mut builder = Builder::default();
        while self.kind() == T::Str {
            self.literal(&mut builder)?;
        }
        Some(at(self.since(start), builder.finish()))
    }

    /// Goes past literals without holes that are a whole statement; otherwise stays where it is.
    pub(super) fn prose(&mut self) -> bool {
        let mark = self.lexer.mark();
        let all = std::iter::from_fn(|| (self.kind() == T::Str).then(|| self.unread_literal())).all(|read| read.is_some());
        let whole = all && matches!(self.kind(), T::Newline | T::Semicolon);
        if !whole {
            self.lexer.back_to(mark);
        }
        whole
    }

    fn unread_literal(&mut self) -> Option<()> {
        let opening = self.text();
        let letters = opening.find(['\'', '"'])?;
        if opening[..letters].contains(['f', 'F', 'b', 'B']) {
            return None;
        }
        let quote = *opening.as_bytes().get(letters)?;
        let quotes = opening.len() - letters;
        let end = self.closing(self.lexer.end as usize, quote, quotes)?;
        self.lexer.end_literal(end + quotes)
    }

    fn literal(&mut self, into: &mut Builder) -> Option<()> {
        let opening = self.text();
        let letters = opening.find(['\'', '"'])?;
        let prefix = Prefix::of(&opening[..letters]);
        let quote = *opening.as_bytes().get(letters)?;
        let quotes = opening.len() - letters;
        let from = self.lexer.end as usize;
        let end = if prefix.holes { self.holed(into, prefix, from, quote, quotes)? } else { self.plain(into, prefix, from, quote, quotes)? };
        into.is(prefix);
        self.lexer.end_literal(end + quotes)
    }

    /// A literal without holes; gives where its closing quotes begin.
    fn plain(&mut self, into: &mut Builder, prefix: Prefix, from: usize, quote: u8, quotes: usize) -> Option<usize> {
        let end = self.closing(from, quote, quotes)?;
        into.decode(self.lexer.text.get(from..end)?, from, prefix);
        Some(end)
    }

    /// Where the closing quotes of a literal without holes begin.
    fn closing(&self, from: usize, quote: u8, quotes: usize) -> Option<usize> {
        let bytes = self.lexer.text.as_bytes();
        let mut at = from;
        loop {
            let found = memchr::memchr3(quote, b'\\', b'\n', bytes.get(at..)?)? + at;
            match bytes[found] {
                b'\\' => at = found + if bytes.get(found + 1) == Some(&b'\r') { 3 } else { 2 },
                b'\n' if quotes == 1 => return None,
                b'\n' => at = found + 1,
                _ if closes(bytes, found, quote, quotes) => return Some(found),
                _ => at = found + 1,
            }
        }
    }

    /// The same for an f-string.
    fn holed(&mut self, into: &mut Builder, prefix: Prefix, from: usize, quote: u8, quotes: usize) -> Option<usize> {
        let text = self.lexer.text;
        let bytes = text.as_bytes();
        let (mut at, mut done) = (from, from);
        loop {
            match *bytes.get(at)? {
                b'\\' if prefix.raw => at += if bytes.get(at + 1).is_some_and(|b| matches!(b, b'\\' | b'"' | b'\'')) { 2 } else { 1 },
                b'\\' => match bytes.get(at + 1)? {
                    b'N' if bytes.get(at + 2) == Some(&b'{') => at += memchr::memchr(b'}', &bytes[at..])? + 1,
                    b'{' | b'}' => return None,
                    b'\r' => at += 3,
                    _ => at += 2,
                },
                b'\n' if quotes == 1 => return None,
                byte if byte == quote && closes(bytes, at, quote, quotes) => break,
                b'{' if bytes.get(at + 1) == Some(&b'{') => at += 2,
                b'}' if bytes.get(at + 1) == Some(&b'}') => at += 2,
                b'}' => return None,
                b'{' => {
                    into.decode(text.get(done..at)?, done, prefix);
                    at = self.hole(into, at)?;
                    done = at;
                }
                _ => at += 1,
            }
        }
        into.decode(text.get(done..at)?, done, prefix);
        Some(at)
    }

    /// `{expression=!r:format}`; gives where it ends.
    fn hole(&mut self, into: &mut Builder, open: usize) -> Option<usize> {
        self.lexer.open_hole(open + 1)?;
        let outer = std::mem::replace(&mut self.height, 0);
        let expr = self.right_side()?;
        self.height = self.height.max(outer);
        self.taller()?;
        let mut plain = true;
        if self.eat(T::Assign)? {
            plain = false;
            // `{x = }` writes its own source text before the value.
            into.plain(self.lexer.text.get(open + 1..self.start() as usize)?, open + 1);
        }
        if self.eat(T::Exclamation)? {
            plain = false;
            self.ident()?;
        }
        let end = match self.kind() {
            T::RBrace => self.lexer.end as usize,
            T::Colon => {
                plain = false;
                self.lexer.close_hole();
                self.format_end()?
            }
            _ => return None,
        };
        into.hole(expr, Span::new(open, end), plain);
        Some(end)
    }

    /// Behind the brace that ends the format behind the colon at hand.
    fn format_end(&self) -> Option<usize> {
        let bytes = self.lexer.text.as_bytes();
        let (mut at, mut open) = (self.lexer.end as usize, 1);
        while open > 0 {
            match bytes.get(at)? {
                b'{' => open += 1,
                b'}' => open -= 1,
                b'"' | b'\'' | b'\\' | b'\n' | b'\r' => return None,
                _ => {}
            }
            at += 1;
        }
        Some(at)
    }
}

fn closes(bytes: &[u8], at: usize, quote: u8, quotes: usize) -> bool {
    quotes == 1 || bytes.get(at..at + 3) == Some(&[quote; 3])
}
