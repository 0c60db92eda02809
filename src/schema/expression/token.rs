//! The tokens of an SQL expression.

/// One token; names are folded and unquoted, strings decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A bare word, folded to lower case.
    Word(String),
    /// A name in double quotes.
    Quoted(String),
    /// A string constant of any style.
    String(String),
    /// `B'…'`, `X'…'`, `$1`: kept as written.
    Raw(String),
    /// A number, as written.
    Number(String),
    /// An operator such as `<=` or `->>`.
    Operator(String),
    /// `(`, `)`, `[`, `]`, `,`, `.`, `;`, `:`
    Punctuation(char),
    /// `::`
    Cast,
}

const OPERATOR: &[u8] = b"+-*/<>=~!@#%^&|`?";

/// The tokens of `text`, or `None` where something does not end.
pub(super) fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut scan = Scan { text, at: 0 };
    let mut out = Vec::new();
    while let Some(token) = scan.next_token()? {
        out.push(token);
    }
    Some(out)
}

struct Scan<'a> {
    text: &'a str,
    at: usize,
}

fn is_name(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_' || b == b'$' || b >= 0x80
}

impl Scan<'_> {
    fn byte(&self, ahead: usize) -> u8 {
        self.text.as_bytes().get(self.at + ahead).copied().unwrap_or(0)
    }

    /// The next token; the outer `None` means that it does not end.
    #[expect(clippy::option_option, reason = "broken and finished are two things")]
    fn next_token(&mut self) -> Option<Option<Token>> {
        self.skip_space()?;
        let start = self.at;
        let b = self.byte(0);
        Some(Some(match b {
            0 if start >= self.text.len() => return Some(None),
            b'\'' => Token::String(self.string(false)?),
            b'e' | b'E' if self.byte(1) == b'\'' => {
                self.at += 1;
                Token::String(self.string(true)?)
            }
            b'b' | b'B' | b'x' | b'X' if self.byte(1) == b'\'' => {
                self.at += 1;
                self.string(false)?;
                Token::Raw(self.text[start..self.at].to_owned())
            }
            b'"' => Token::Quoted(self.delimited(b'"')?),
            b'$' if self.byte(1).is_ascii_digit() => {
                self.at += 1;
                while self.byte(0).is_ascii_digit() {
                    self.at += 1;
                }
                Token::Raw(self.text[start..self.at].to_owned())
            }
            b'$' => Token::String(self.dollar()?),
            b'0'..=b'9' => self.number(),
            b'.' if self.byte(1).is_ascii_digit() => self.number(),
            b':' if self.byte(1) == b':' => {
                self.at += 2;
                Token::Cast
            }
            b'(' | b')' | b'[' | b']' | b',' | b'.' | b';' | b':' => {
                self.at += 1;
                Token::Punctuation(char::from(b))
            }
            b if OPERATOR.contains(&b) => self.operator(),
            b if is_name(b) => {
                while is_name(self.byte(0)) {
                    self.at += 1;
                }
                Token::Word(self.text[start..self.at].to_lowercase())
            }
            _ => return None,
        }))
    }

    fn skip_space(&mut self) -> Option<()> {
        loop {
            if self.byte(0).is_ascii_whitespace() {
                self.at += 1;
            } else if self.text[self.at..].starts_with("--") {
                self.at += self.text[self.at..].find('\n').unwrap_or(self.text.len() - self.at);
            } else if self.text[self.at..].starts_with("/*") {
                self.at += self.text[self.at..].find("*/")? + 2;
            } else {
                return Some(());
            }
        }
    }

    fn delimited(&mut self, quote: u8) -> Option<String> {
        let mut out = String::new();
        let mut from = self.at + 1;
        loop {
            let end = from + memchr::memchr(quote, self.text.as_bytes().get(from..)?)?;
            out.push_str(&self.text[from..end]);
            self.at = end + 1;
            if self.byte(0) != quote {
                return Some(out);
            }
            out.push(char::from(quote));
            from = end + 2;
        }
    }

    fn string(&mut self, escapes: bool) -> Option<String> {
        if !escapes {
            return self.delimited(b'\'');
        }
        let mut out = String::new();
        let mut chars = self.text[self.at + 1..].char_indices().peekable();
        while let Some((n, c)) = chars.next() {
            match c {
                '\'' if chars.peek().is_some_and(|(_, c)| *c == '\'') => {
                    chars.next();
                    out.push('\'');
                }
                '\'' => {
                    self.at += 1 + n + 1;
                    return Some(out);
                }
                '\\' => match chars.next()?.1 {
                    'n' => out.push('\n'),
                    't' => out.push('\t'),
                    'r' => out.push('\r'),
                    'b' => out.push('\u{8}'),
                    'f' => out.push('\u{c}'),
                    // Octal and hexadecimal escapes are bytes of the database's encoding; too rare to decode.
                    '0'..='9' | 'x' | 'u' | 'U' => return None,
                    c => out.push(c),
                },
                c => out.push(c),
            }
        }
        None
    }

    fn dollar(&mut self) -> Option<String> {
        let rest = &self.text[self.at..];
        let tag = &rest[..=1 + rest[1..].find('$')?];
        let body = &rest[tag.len()..];
        let end = body.find(tag)?;
        self.at += tag.len() + end + tag.len();
        Some(body[..end].to_owned())
    }

    fn number(&mut self) -> Token {
        let start = self.at;
        while self.byte(0).is_ascii_alphanumeric()
            || self.byte(0) == b'.'
            || matches!(self.byte(0), b'+' | b'-') && matches!(self.text.as_bytes()[self.at - 1], b'e' | b'E')
        {
            self.at += 1;
        }
        Token::Number(self.text[start..self.at].to_owned())
    }

    /// An operator takes as many characters as it can, with PostgreSQL's exceptions: no comment inside, and a `+` or `-` at the end only
    /// behind characters that no plain SQL operator has ("Lexical Structure, Operators" in the manual).
    fn operator(&mut self) -> Token {
        let start = self.at;
        while OPERATOR.contains(&self.byte(0)) && !(self.at > start && (self.text[self.at..].starts_with("--") || self.text[self.at..].starts_with("/*"))) {
            self.at += 1;
        }
        let special = |b: &u8| b"~!@#%^&|`?".contains(b);
        while self.at - start > 1 && matches!(self.text.as_bytes()[self.at - 1], b'+' | b'-') && !self.text.as_bytes()[start..self.at].iter().any(special) {
            self.at -= 1;
        }
        Token::Operator(self.text[start..self.at].to_owned())
    }
}
