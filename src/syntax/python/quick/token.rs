//! Tokens, one after another.

use crate::syntax::python::ast::BinaryOp;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum T {
    End,
    Newline,
    Indent,
    Dedent,
    Name,
    Int,
    Number,
    /// A string literal; the token covers only its prefix and opening quotes.
    Str,
    LPar,
    RPar,
    LBracket,
    RBracket,
    LBrace,
    RBrace,
    Comma,
    Colon,
    Semicolon,
    Dot,
    Ellipsis,
    Arrow,
    At,
    Assign,
    Walrus,
    Exclamation,
    Tilde,
    /// `**`
    Power,
    /// `*`
    Star,
    /// `+`, `-`
    Sum(BinaryOp),
    /// `/`, `//`, `%`
    Product(BinaryOp),
    /// `<<`, `>>`
    Shift(BinaryOp),
    Ampersand,
    Caret,
    Bar,
    Compare(Comparison),
    /// `+=` and its kin
    Augmented(BinaryOp),
    And,
    As,
    Assert,
    Async,
    Await,
    Break,
    Class,
    Continue,
    Def,
    Del,
    Elif,
    Else,
    Except,
    False,
    Finally,
    For,
    From,
    Global,
    If,
    Import,
    In,
    Is,
    Lambda,
    None,
    Nonlocal,
    Not,
    Or,
    Pass,
    Raise,
    Return,
    True,
    Try,
    While,
    With,
    Yield,
}

/// `<`, `<=`, `>`, `>=`, `==`, `!=`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    Unequal,
}

impl Comparison {
    /// As it is written.
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Equal => "==",
            Self::Unequal => "!=",
        }
    }
}

/// Bytes that words consist of, where they are ASCII.
static IN_WORDS: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        table[byte as usize] = byte.is_ascii_alphanumeric() || byte == b'_';
        byte += 1;
    }
    table
};

/// By its length first: most words have none of a keyword's, or share it with few.
fn keyword(word: &str) -> T {
    match word.len() {
        2 => match word {
            "as" => T::As,
            "if" => T::If,
            "in" => T::In,
            "is" => T::Is,
            "or" => T::Or,
            _ => T::Name,
        },
        3 => match word {
            "and" => T::And,
            "def" => T::Def,
            "del" => T::Del,
            "for" => T::For,
            "not" => T::Not,
            "try" => T::Try,
            _ => T::Name,
        },
        4 => match word {
            "elif" => T::Elif,
            "else" => T::Else,
            "from" => T::From,
            "None" => T::None,
            "pass" => T::Pass,
            "True" => T::True,
            "with" => T::With,
            _ => T::Name,
        },
        5 => match word {
            "async" => T::Async,
            "await" => T::Await,
            "break" => T::Break,
            "class" => T::Class,
            "False" => T::False,
            "raise" => T::Raise,
            "while" => T::While,
            "yield" => T::Yield,
            _ => T::Name,
        },
        6 => match word {
            "assert" => T::Assert,
            "except" => T::Except,
            "global" => T::Global,
            "import" => T::Import,
            "lambda" => T::Lambda,
            "return" => T::Return,
            _ => T::Name,
        },
        7 if word == "finally" => T::Finally,
        8 => match word {
            "continue" => T::Continue,
            "nonlocal" => T::Nonlocal,
            _ => T::Name,
        },
        _ => T::Name,
    }
}

/// A place in the token stream, to come back to. Blocks must not have been entered or left in between.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    at: usize,
    kind: T,
    start: u32,
    end: u32,
    behind: u32,
    brackets: u32,
}

/// Gives tokens.
pub(super) struct Lexer<'t> {
    pub(super) text: &'t str,
    bytes: &'t [u8],
    /// Behind the token at hand.
    at: usize,
    pub(super) kind: T,
    pub(super) start: u32,
    pub(super) end: u32,
    /// Where the token before the one at hand ended.
    pub(super) behind: u32,
    /// How many brackets and braces of f-strings are open: line ends mean nothing inside.
    brackets: u32,
    indents: Vec<u32>,
    /// Blocks that end here.
    dedents: usize,
    line_begins: bool,
}

fn narrow(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let at = if text.starts_with('\u{FEFF}') { 3 } else { 0 };
        Self {
            text,
            bytes: text.as_bytes(),
            at,
            kind: T::Newline,
            start: 0,
            end: 0,
            behind: 0,
            brackets: 0,
            indents: Vec::new(),
            dedents: 0,
            line_begins: true,
        }
    }

    pub(super) fn mark(&self) -> Mark {
        Mark { at: self.at, kind: self.kind, start: self.start, end: self.end, behind: self.behind, brackets: self.brackets }
    }

    pub(super) fn back_to(&mut self, mark: Mark) {
        (self.at, self.kind, self.start, self.end, self.behind, self.brackets) = (mark.at, mark.kind, mark.start, mark.end, mark.behind, mark.brackets);
        self.line_begins = false;
    }

    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    /// Ends a literal that was read by hand: it becomes the token behind us, and the next one is read.
    pub(super) fn end_literal(&mut self, to: usize) -> Option<()> {
        self.at = to;
        self.end = narrow(to);
        self.advance()
    }

    /// Reads an interpolation's first token; until [`Self::close_hole`] line ends mean nothing.
    pub(super) fn open_hole(&mut self, to: usize) -> Option<()> {
        self.at = to;
        self.brackets += 1;
        self.advance()
    }

    pub(super) fn close_hole(&mut self) {
        self.brackets = self.brackets.saturating_sub(1);
    }

    /// Reads the next token. `None` where the text is not plain Python.
    pub(super) fn advance(&mut self) -> Option<()> {
        if !matches!(self.kind, T::Newline | T::Indent | T::Dedent) {
            self.behind = self.end;
        }
        if self.line_begins && self.brackets == 0 {
            if let Some(kind) = self.line_start()? {
                self.empty(kind);
                return Some(());
            }
        } else {
            self.space()?;
        }
        if self.dedents > 0 {
            self.dedents -= 1;
            self.empty(T::Dedent);
            return Some(());
        }
        let from = self.at;
        let Some(&first) = self.bytes.get(from) else { return self.at_end() };
        let kind = match first {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => self.word()?,
            b'0'..=b'9' => self.number()?,
            b'.' if self.peek(1).is_ascii_digit() => self.number()?,
            b'"' | b'\'' => self.quotes(),
            b'\n' => self.line_end(1),
            b'\r' if self.peek(1) == b'\n' => self.line_end(2),
            _ => self.operator(first)?,
        };
        (self.kind, self.start, self.end) = (kind, narrow(from), narrow(self.at));
        Some(())
    }

    fn empty(&mut self, kind: T) {
        (self.kind, self.start, self.end) = (kind, narrow(self.at), narrow(self.at));
    }

    fn at_end(&mut self) -> Option<()> {
        if self.brackets > 0 {
            return None;
        }
        if matches!(self.kind, T::Newline | T::Indent | T::Dedent) {
            self.empty(T::End);
        } else {
            self.line_begins = true;
            self.empty(T::Newline);
        }
        Some(())
    }

    fn line_end(&mut self, len: usize) -> T {
        self.at += len;
        self.line_begins = true;
        T::Newline
    }

    /// Past space, comments, and line ends that mean nothing.
    fn space(&mut self) -> Option<()> {
        loop {
            match self.peek(0) {
                b' ' | b'\t' => self.at += 1,
                b'#' => self.comment(),
                b'\\' if self.peek(1) == b'\n' => self.at += 2,
                b'\\' if self.peek(1) == b'\r' && self.peek(2) == b'\n' => self.at += 3,
                b'\n' if self.brackets > 0 => self.at += 1,
                b'\r' if self.peek(1) != b'\n' => return None,
                b'\r' if self.brackets > 0 => self.at += 2,
                _ => return Some(()),
            }
        }
    }

    fn comment(&mut self) {
        self.at = memchr::memchr2(b'\n', b'\r', &self.bytes[self.at..]).map_or(self.bytes.len(), |n| self.at + n);
    }

    /// The indentation of the next line that holds something.
    fn line_start(&mut self) -> Option<Option<T>> {
        let (mut column, mut spaces, mut tabs) = (0, false, false);
        loop {
            match self.peek(0) {
                b' ' => {
                    let rest = &self.bytes[self.at..];
                    let run = rest.iter().position(|b| *b != b' ').unwrap_or(rest.len());
                    (column, spaces) = (column + narrow(run), true);
                    self.at += run;
                    continue;
                }
                b'\t' => (column, tabs) = (column + 8, true),
                b'#' => {
                    self.comment();
                    continue;
                }
                b'\n' => (column, spaces, tabs) = (0, false, false),
                b'\r' if self.peek(1) == b'\n' => (column, spaces, tabs) = (0, false, false),
                // A continued empty line, a form feed.
                b'\\' | b'\r' | 0x0c => return None,
                _ => break,
            }
            self.at += 1;
        }
        if self.at >= self.bytes.len() {
            column = 0;
        } else if spaces && tabs {
            return None;
        }
        self.line_begins = false;
        let around = self.indents.last().copied().unwrap_or(0);
        if column > around {
            self.indents.push(column);
            return Some(Some(T::Indent));
        }
        while self.indents.last().is_some_and(|&i| i > column) {
            self.indents.pop();
            self.dedents += 1;
        }
        if self.indents.last().copied().unwrap_or(0) == column { Some(None) } else { None }
    }

    fn word(&mut self) -> Option<T> {
        let from = self.at;
        let rest = &self.bytes[from..];
        self.at += rest.iter().position(|b| !IN_WORDS[*b as usize]).unwrap_or(rest.len());
        let word = &self.text[from..self.at];
        match self.peek(0) {
            0x80.. => None,
            b'"' | b'\'' => {
                let known = word.len() <= 2 && matches!(word.to_ascii_lowercase().as_str(), "r" | "u" | "b" | "f" | "br" | "rb" | "fr" | "rf");
                if known { Some(self.quotes()) } else { None }
            }
            _ => Some(keyword(word)),
        }
    }

    /// Past the opening quotes: six in a row are an empty string of three, two an empty one.
    fn quotes(&mut self) -> T {
        let quote = self.peek(0);
        let three = self.peek(1) == quote && self.peek(2) == quote;
        self.at += if three { 3 } else { 1 };
        T::Str
    }

    fn number(&mut self) -> Option<T> {
        let mut kind = T::Int;
        if self.peek(0) == b'0' && matches!(self.peek(1) | 0x20, b'x' | b'o' | b'b') {
            self.at += 2;
            while self.peek(0).is_ascii_hexdigit() || self.peek(0) == b'_' {
                self.at += 1;
            }
        } else {
            self.digits();
            if self.peek(0) == b'.' {
                kind = T::Number;
                self.at += 1;
                self.digits();
            }
            if matches!(self.peek(0), b'e' | b'E') {
                kind = T::Number;
                self.at += if matches!(self.peek(1), b'+' | b'-') { 2 } else { 1 };
                if !self.peek(0).is_ascii_digit() {
                    return None;
                }
                self.digits();
            }
            if matches!(self.peek(0), b'j' | b'J') {
                kind = T::Number;
                self.at += 1;
            }
        }
        if matches!(self.peek(0), b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'0'..=b'9' | 0x80..) { None } else { Some(kind) }
    }

    fn digits(&mut self) {
        while matches!(self.peek(0), b'0'..=b'9' | b'_') {
            self.at += 1;
        }
    }

    fn operator(&mut self, first: u8) -> Option<T> {
        use BinaryOp::{Add, BitAnd, BitOr, Div, Mod, Mul, Other, RightShift, Sub};
        let (second, third) = (self.peek(1), self.peek(2));
        let (kind, len) = match (first, second, third) {
            (b'(', ..) => self.open(T::LPar),
            (b'[', ..) => self.open(T::LBracket),
            (b'{', ..) => self.open(T::LBrace),
            (b')', ..) => self.close(T::RPar)?,
            (b']', ..) => self.close(T::RBracket)?,
            (b'}', ..) => self.close(T::RBrace)?,
            (b',', ..) => (T::Comma, 1),
            (b';', ..) => (T::Semicolon, 1),
            (b':', b'=', _) => (T::Walrus, 2),
            (b':', ..) => (T::Colon, 1),
            (b'.', b'.', b'.') => (T::Ellipsis, 3),
            (b'.', ..) => (T::Dot, 1),
            (b'-', b'>', _) => (T::Arrow, 2),
            (b'=', b'=', _) => (T::Compare(Comparison::Equal), 2),
            (b'=', ..) => (T::Assign, 1),
            (b'!', b'=', _) => (T::Compare(Comparison::Unequal), 2),
            (b'!', ..) => (T::Exclamation, 1),
            (b'~', ..) => (T::Tilde, 1),
            (b'<', b'<', b'=') => (T::Augmented(Other), 3),
            (b'<', b'<', _) => (T::Shift(Other), 2),
            (b'<', b'=', _) => (T::Compare(Comparison::LessOrEqual), 2),
            (b'<', b'>', _) => return None,
            (b'<', ..) => (T::Compare(Comparison::Less), 1),
            (b'>', b'>', b'=') => (T::Augmented(RightShift), 3),
            (b'>', b'>', _) => (T::Shift(RightShift), 2),
            (b'>', b'=', _) => (T::Compare(Comparison::GreaterOrEqual), 2),
            (b'>', ..) => (T::Compare(Comparison::Greater), 1),
            (b'*', b'*', b'=') => (T::Augmented(Other), 3),
            (b'*', b'*', _) => (T::Power, 2),
            (b'*', b'=', _) => (T::Augmented(Mul), 2),
            (b'*', ..) => (T::Star, 1),
            (b'/', b'/', b'=') => (T::Augmented(Other), 3),
            (b'/', b'/', _) => (T::Product(Other), 2),
            (b'/', b'=', _) => (T::Augmented(Div), 2),
            (b'/', ..) => (T::Product(Div), 1),
            (b'%', b'=', _) => (T::Augmented(Mod), 2),
            (b'%', ..) => (T::Product(Mod), 1),
            (b'+', b'=', _) => (T::Augmented(Add), 2),
            (b'+', ..) => (T::Sum(Add), 1),
            (b'-', b'=', _) => (T::Augmented(Sub), 2),
            (b'-', ..) => (T::Sum(Sub), 1),
            (b'&', b'=', _) => (T::Augmented(BitAnd), 2),
            (b'&', ..) => (T::Ampersand, 1),
            (b'|', b'=', _) => (T::Augmented(BitOr), 2),
            (b'|', ..) => (T::Bar, 1),
            (b'^', b'=', _) => (T::Augmented(Other), 2),
            (b'^', ..) => (T::Caret, 1),
            (b'@', b'=', _) => (T::Augmented(Other), 2),
            (b'@', ..) => (T::At, 1),
            _ => return None,
        };
        self.at += len;
        Some(kind)
    }

    fn open(&mut self, kind: T) -> (T, usize) {
        self.brackets += 1;
        (kind, 1)
    }

    fn close(&mut self, kind: T) -> Option<(T, usize)> {
        self.brackets = self.brackets.checked_sub(1)?;
        Some((kind, 1))
    }
}
