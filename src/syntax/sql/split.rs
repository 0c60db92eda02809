//! Cutting a text into statements, by tokens: quotes, dollar quotes and comments hide what they hold.
//!
//! What only `psql` understands is left out: lines with a backslash command, and the rows that follow `COPY … FROM STDIN`.

use squawk_lexer::{Token, TokenKind, tokenize};

use crate::source::Span;

/// Parentheses and brackets nested deeper than this are refused: the parser recurses, and threads of a pool have small stacks.
const MAX_PARENTHESES: u32 = 250;
/// Operators in one chain (without a comma or parenthesis between): each makes the tree one level deeper.
const MAX_CHAIN: u32 = 1500;
/// Operators directly behind one another (`- - - 1`, `NOT NOT x`).
const MAX_PREFIX: u32 = 100;

/// One statement of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Its bytes, from its first token to its last, without the semicolon.
    pub span: Span,
    /// It nests too deep to be parsed.
    pub too_deep: bool,
}

/// All statements of a text, in order. Empty ones are left out.
pub fn split(text: &str) -> Vec<Piece> {
    let mut splitter = Splitter { text, pieces: Vec::new(), at: 0, current: Current::default() };
    let mut from = Some(0);
    while let Some(start) = from {
        splitter.at = start;
        from = splitter.run();
    }
    splitter.finish();
    splitter.pieces
}

fn line_end(text: &str, at: usize) -> usize {
    memchr::memchr(b'\n', &text.as_bytes()[at..]).map_or(text.len(), |n| at + n + 1)
}

/// Behind the line `\.` that ends the rows of COPY, if there is one.
fn copy_rows_end(text: &str, from: usize) -> Option<usize> {
    let mut at = line_end(text, from);
    while at < text.len() {
        let end = line_end(text, at);
        if text[at..end].trim_end() == "\\." {
            return Some(end);
        }
        at = end;
    }
    None
}

struct Splitter<'a> {
    text: &'a str,
    pieces: Vec<Piece>,
    at: usize,
    current: Current,
}

/// What is known of the statement being read.
#[derive(Default)]
struct Current {
    span: Option<(usize, usize)>,
    /// Its first words, in lower case.
    words: Vec<String>,
    /// Words seen since: `from stdin`, `begin atomic`.
    last_word: String,
    stdin: bool,
    parentheses: u32,
    /// Open blocks of a `BEGIN ATOMIC` body.
    blocks: u32,
    chain: Vec<u32>,
    prefix: u32,
    too_deep: bool,
}

impl Current {
    fn ends_here(&self) -> bool {
        if self.blocks > 0 {
            return false;
        }
        // the actions of a rule stand in parentheses with semicolons between
        self.parentheses == 0 || !(self.words.first().is_some_and(|w| w == "create") && self.words.iter().any(|w| w == "rule"))
    }

    fn copies_rows(&self) -> bool {
        self.stdin && self.words.first().is_some_and(|w| w == "copy")
    }

    fn operator(&mut self) {
        self.prefix += 1;
        if self.chain.is_empty() {
            self.chain.push(0);
        }
        if let Some(count) = self.chain.last_mut() {
            *count += 1;
            self.too_deep |= *count > MAX_CHAIN;
        }
        self.too_deep |= self.prefix > MAX_PREFIX;
    }

    fn word(&mut self, word: &str) {
        let word = word.to_ascii_lowercase();
        match word.as_str() {
            "atomic" if self.last_word == "begin" => self.blocks += 1,
            "case" if self.blocks > 0 => self.blocks += 1,
            "end" if self.blocks > 0 => self.blocks -= 1,
            "stdin" if self.last_word == "from" => self.stdin = true,
            "and" | "or" | "not" | "union" | "intersect" | "except" | "join" | "is" | "in" | "like" | "case" | "when" => self.operator(),
            _ => self.prefix = 0,
        }
        if self.words.len() < 6 {
            self.words.push(word.clone());
        }
        self.last_word = word;
    }
}

impl Splitter<'_> {
    /// Reads tokens from [`Self::at`]. Where psql's own text must be left out, gives the place behind it: there one lexes afresh, since an
    /// apostrophe in it opens no string.
    fn run(&mut self) -> Option<usize> {
        for token in tokenize(&self.text[self.at..]) {
            let start = self.at;
            self.at += token.len as usize;
            match token.kind {
                TokenKind::Unknown if self.text[start..].starts_with('\\') => {
                    self.finish();
                    return Some(line_end(self.text, start));
                }
                TokenKind::Semi if self.current.ends_here() => {
                    let copies = self.current.copies_rows();
                    self.finish();
                    let behind = if copies { copy_rows_end(self.text, self.at) } else { None };
                    if behind.is_some() {
                        return behind;
                    }
                }
                _ => self.token(token, start),
            }
        }
        None
    }

    fn token(&mut self, token: Token, start: usize) {
        let text = &self.text[start..self.at];
        match token.kind {
            TokenKind::Whitespace | TokenKind::LineComment | TokenKind::BlockComment { .. } | TokenKind::Semi if self.current.span.is_none() => return,
            TokenKind::Whitespace | TokenKind::LineComment | TokenKind::BlockComment { .. } => return,
            TokenKind::OpenParen | TokenKind::OpenBracket => {
                self.current.parentheses += 1;
                self.current.too_deep |= self.current.parentheses > MAX_PARENTHESES;
                if self.current.chain.is_empty() {
                    self.current.chain.push(0);
                }
                self.current.chain.push(0);
            }
            TokenKind::CloseParen | TokenKind::CloseBracket => {
                self.current.parentheses = self.current.parentheses.saturating_sub(1);
                self.current.chain.pop();
                self.current.prefix = 0;
            }
            TokenKind::Comma => {
                if let Some(count) = self.current.chain.last_mut() {
                    *count = 0;
                }
                self.current.prefix = 0;
            }
            TokenKind::Ident => self.current.word(text),
            TokenKind::Literal { .. } | TokenKind::QuotedIdent { .. } | TokenKind::PositionalParam { .. } => self.current.prefix = 0,
            TokenKind::Dot | TokenKind::Semi => {}
            _ => self.current.operator(),
        }
        let first = self.current.span.map_or(start, |(first, _)| first);
        self.current.span = Some((first, self.at));
    }

    fn finish(&mut self) {
        let current = std::mem::take(&mut self.current);
        if let Some((start, end)) = current.span {
            self.pieces.push(Piece { span: Span::new(start, end), too_deep: current.too_deep });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &str) -> Vec<&str> {
        split(text).into_iter().map(|p| &text[p.span.range()]).collect()
    }

    #[test]
    fn semicolons_in_quotes_and_bodies_do_not_end_a_statement() {
        assert_eq!(pieces("select ';'; select $$;$$ ;; -- x;\nselect 3"), ["select ';'", "select $$;$$", "select 3"]);
        let body = "create function f() returns int begin atomic select case when true then 1 end; select 2; end";
        assert_eq!(pieces(&format!("{body}; select 1")), [body, "select 1"]);
        let rule = "create rule r as on insert to t do (delete from a; delete from b)";
        assert_eq!(pieces(&format!("{rule}; select 1")), [rule, "select 1"]);
    }

    #[test]
    fn what_only_psql_reads_is_left_out() {
        let text = "\\connect it's\nselect 1 \\gset\ncopy t (a) from stdin;\n1'\n;\n\\.\nselect 2;\n";
        assert_eq!(pieces(text), ["select 1", "copy t (a) from stdin", "select 2"]);
    }

    #[test]
    fn an_unclosed_parenthesis_costs_one_statement() {
        assert_eq!(pieces("select (1; select 2"), ["select (1", "select 2"]);
    }

    #[test]
    fn deep_nesting_is_refused() {
        assert!(split(&"(".repeat(100_000))[0].too_deep);
        assert!(split(&format!("select {}1", "- ".repeat(100_000)))[0].too_deep);
        assert!(!split(&format!("insert into t values {}", "(1, -2),".repeat(50_000)))[0].too_deep);
    }
}
