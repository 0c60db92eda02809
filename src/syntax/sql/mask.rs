//! Parameters and holes: the parser reads neither, so each is replaced before parsing, and spans are mapped back.
//!
//! A parameter is nearly always a value; a hole may be a name, a value, an operator, an assignment, a whole clause, or nothing. The likeliest
//! reading comes first; if the parser stumbles, others are tried, and the reading with the fewest errors is kept.

use squawk_lexer::{TokenKind, tokenize};

use super::script::Parameters;
use super::template::HOLE;

/// Places of one statement that may be read in several ways.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// First byte in the statement's text.
    pub start: usize,
    /// First byte behind it.
    pub end: usize,
    /// Readings, the likeliest first.
    pub readings: &'static [Reading],
    /// A clause that joins further relations may stand here.
    pub may_join: bool,
    /// It ends a select list: the FROM may be part of what is put in.
    pub may_bring_from: bool,
    /// Nothing stands before it.
    pub first: bool,
}

/// How a slot is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// `($1)`: also a row of VALUES, a list behind IN
    Value,
    /// A constant, where the grammar takes nothing else.
    Constant,
    /// A name.
    Name,
    /// Nothing.
    Blank,
    /// `=`
    Operator,
    /// `name = NULL`
    Assignment,
    /// One `%`
    Percent,
    /// One `?`
    Question,
    /// A query in WITH.
    Cte,
    /// `SELECT name`
    Query,
}

impl Reading {
    /// What the parser sees.
    pub fn text(self) -> &'static str {
        match self {
            Reading::Value => "($1)",
            Reading::Constant => "'_db_hole_'",
            Reading::Name => HOLE,
            Reading::Blank => " ",
            Reading::Operator => "=",
            Reading::Assignment => "_db_hole_ = NULL",
            Reading::Percent => "%",
            Reading::Question => "?",
            Reading::Cte => "_db_hole_ AS (SELECT _db_hole_)",
            Reading::Query => "SELECT _db_hole_",
        }
    }
}

const PARAMETER: &[Reading] = &[Reading::Value, Reading::Name, Reading::Constant];
const CONSTANT: &[Reading] = &[Reading::Constant, Reading::Value];
const HOLES: &[Reading] =
    &[Reading::Name, Reading::Blank, Reading::Value, Reading::Operator, Reading::Assignment, Reading::Constant, Reading::Cte, Reading::Query];
/// Behind a member of ORDER BY: `ASC` or `DESC`, which say nothing of names, the likeliest.
const DIRECTION: &[Reading] =
    &[Reading::Blank, Reading::Name, Reading::Value, Reading::Operator, Reading::Assignment, Reading::Constant, Reading::Cte, Reading::Query];
const PERCENT: &[Reading] = &[Reading::Percent];
const QUESTION: &[Reading] = &[Reading::Question];

/// A token that is no blank.
struct Word<'a> {
    kind: TokenKind,
    text: &'a str,
    start: usize,
    end: usize,
}

/// The slots of a statement, in order.
pub fn slots(text: &str, parameters: Parameters) -> Vec<Slot> {
    // most statements have nothing of the kind
    if !text.bytes().any(|b| matches!(b, b'%' | b':' | b'?' | b'@')) && !text.contains(HOLE) {
        return Vec::new();
    }
    let mut words = Vec::new();
    let mut at = 0;
    for token in tokenize(text) {
        let end = at + token.len as usize;
        if !matches!(token.kind, TokenKind::Whitespace | TokenKind::LineComment | TokenKind::BlockComment { .. }) {
            words.push(Word { kind: token.kind, text: &text[at..end], start: at, end });
        }
        at = end;
    }
    let percent = parameters == Parameters::Percent || (parameters == Parameters::Guess && (0..words.len()).any(|n| percent_at(&words, n).is_some()));
    Masker { words: &words, percent, parameters, out: Vec::new(), clauses: vec![false] }.run()
}

struct Masker<'a> {
    words: &'a [Word<'a>],
    percent: bool,
    parameters: Parameters,
    out: Vec<Slot>,
    /// Whether a join may follow, each parenthesis.
    clauses: Vec<bool>,
}

impl Masker<'_> {
    fn run(mut self) -> Vec<Slot> {
        let mut n = 0;
        while n < self.words.len() {
            let taken = self.at(n);
            self.clause(n);
            n += taken.max(1);
        }
        self.out
    }

    /// Reads the slot at a word, if there is one; gives how many words it takes.
    fn at(&mut self, n: usize) -> usize {
        let word = &self.words[n];
        match word.kind {
            TokenKind::Ident if word.text == HOLE => {
                self.push(n, 1, if self.is_direction(n) { DIRECTION } else { HOLES });
                1
            }
            TokenKind::Percent if self.percent => {
                if let Some(count) = percent_at(self.words, n) {
                    self.parameter(n, count);
                    return count;
                }
                if self.touching(n) && self.words[n + 1].kind == TokenKind::Percent {
                    self.push(n, 2, PERCENT);
                    return 2;
                }
                1
            }
            TokenKind::Literal { .. } if self.percent && word.text.starts_with('\'') && (word.text.contains("%s") || word.text.contains("%(")) => {
                // the driver puts something into the quotes
                self.push(n, 1, CONSTANT);
                1
            }
            TokenKind::Colon => self.colon(n),
            TokenKind::At if self.parameters == Parameters::Guess && self.named_at(n) => {
                self.parameter(n, 2);
                2
            }
            TokenKind::Question if self.parameters == Parameters::Question => {
                if self.touching(n) && self.words[n + 1].kind == TokenKind::Question {
                    self.push(n, 2, QUESTION);
                    return 2;
                }
                self.parameter(n, 1);
                1
            }
            _ => 1,
        }
    }

    /// `:name`, `:1`, psql's `:'name'` and `:"name"`; not `::`, `:=`, `[1:n]`.
    fn colon(&mut self, n: usize) -> usize {
        if matches!(self.parameters, Parameters::Percent | Parameters::Question | Parameters::Dollar) || !self.touching(n) {
            return 1;
        }
        let after_colon = n > 0 && self.words[n - 1].kind == TokenKind::Colon && self.words[n - 1].end == self.words[n].start;
        // behind a value a colon is a slice's
        let in_slice =
            n > 0 && self.words[n - 1].end == self.words[n].start && !matches!(self.words[n - 1].kind, TokenKind::OpenParen | TokenKind::Comma | TokenKind::Eq);
        if after_colon || (in_slice && self.open_bracket(n) && !self.in_array(n)) {
            return 1;
        }
        match self.words[n + 1].kind {
            TokenKind::Colon => 2,
            TokenKind::Ident => {
                // PgTyped's `:name!` may not be null; `:name != 1` compares
                let bang = self.words.get(n + 2).is_some_and(|w| w.text == "!" && w.start == self.words[n + 1].end)
                    && self.words.get(n + 3).is_none_or(|w| w.text != "=" || w.start > self.words[n + 2].end);
                let count = if bang { 3 } else { 2 };
                self.parameter(n, count);
                count
            }
            TokenKind::Literal { .. } if self.words[n + 1].text.starts_with('\'') => {
                self.push(n, 2, CONSTANT);
                2
            }
            // `:1`; not the bounds of a slice
            TokenKind::Literal { .. } if self.words[n + 1].text.bytes().all(|b| b.is_ascii_digit()) && (!self.open_bracket(n) || self.in_array(n)) => {
                self.parameter(n, 2);
                2
            }
            TokenKind::QuotedIdent { .. } => {
                self.push(n, 2, HOLES);
                2
            }
            _ => 1,
        }
    }

    /// sqlc's `@name`; not the end of an operator (`<@name`). PostgreSQL's own `@` (the absolute value) is rarely written without a blank.
    fn named_at(&self, n: usize) -> bool {
        let before = n.checked_sub(1).map(|at| &self.words[at]);
        let operator = before.is_some_and(|w| w.end == self.words[n].start && w.text.bytes().all(|b| b"<>=~!@#%^&|`?+-*/".contains(&b)));
        self.touching(n) && self.words[n + 1].kind == TokenKind::Ident && !(operator && before.is_some_and(|w| w.text != "="))
    }

    /// Behind a comma or `ARRAY[` no slice can stand.
    fn in_array(&self, n: usize) -> bool {
        let kind = |back: usize| n.checked_sub(back).map(|at| &self.words[at]);
        match kind(1).map(|w| w.kind) {
            Some(TokenKind::Comma) => true,
            Some(TokenKind::OpenBracket) => kind(2).is_some_and(|w| w.text.eq_ignore_ascii_case("array")),
            _ => false,
        }
    }

    fn open_bracket(&self, n: usize) -> bool {
        let mut depth = 0i32;
        for word in self.words[..n].iter().rev() {
            match word.kind {
                TokenKind::CloseBracket => depth += 1,
                TokenKind::OpenBracket if depth == 0 => return true,
                TokenKind::OpenBracket => depth -= 1,
                _ => {}
            }
        }
        false
    }

    fn touching(&self, n: usize) -> bool {
        self.words.get(n + 1).is_some_and(|next| next.start == self.words[n].end)
    }

    fn parameter(&mut self, n: usize, count: usize) {
        let statement = self.words[0].text.to_ascii_lowercase();
        let before = n.checked_sub(1).map(|n| self.words[n].text.to_ascii_lowercase()).unwrap_or_default();
        let constant =
            matches!(statement.as_str(), "set" | "copy" | "notify") || matches!(before.as_str(), "interval" | "date" | "timestamp" | "timestamptz" | "time");
        self.push(n, count, if constant { CONSTANT } else { PARAMETER });
    }

    fn push(&mut self, n: usize, count: usize, readings: &'static [Reading]) {
        let may_join = *self.clauses.last().unwrap_or(&false);
        let ends = self.words.get(n + count).is_none_or(|next| matches!(next.kind, TokenKind::CloseParen | TokenKind::Semi));
        // A hole behind a comma or an operator is one of the list.
        let behind_whole =
            n.checked_sub(1).is_some_and(|at| matches!(self.words[at].kind, TokenKind::Ident | TokenKind::QuotedIdent { .. } | TokenKind::CloseParen));
        let may_bring_from = ends && behind_whole && readings == HOLES && self.in_targets(n);
        self.out.push(Slot { start: self.words[n].start, end: self.words[n + count - 1].end, readings, may_join, may_bring_from, first: n == 0 });
    }

    /// Whether a word stands in a select list: the last clause that begins before it, at its depth, is SELECT.
    fn in_targets(&self, n: usize) -> bool {
        for (_, word) in self.before(n) {
            match word.text.to_ascii_lowercase().as_str() {
                "select" => return true,
                "from" | "where" | "set" | "values" | "group" | "order" | "having" | "returning" | "into" | "update" | "insert" | "delete" => return false,
                _ => {}
            }
        }
        false
    }

    /// Whether a hole stands behind a member of ORDER BY, and nothing that goes on with it behind the hole. Read as names, several of them leave the parser with as many
    /// mistakes as one of them does, so that none is tried as something else.
    fn is_direction(&self, n: usize) -> bool {
        let lower = |w: &Word<'_>| w.text.to_ascii_lowercase();
        let ends = |w: &Word<'_>| match w.kind {
            TokenKind::Comma | TokenKind::CloseParen | TokenKind::Semi => true,
            TokenKind::Ident => matches!(lower(w).as_str(), "limit" | "offset" | "fetch" | "for" | "nulls" | "rows" | "range" | "groups"),
            _ => false,
        };
        let Some(before) = n.checked_sub(1).map(|at| &self.words[at]) else { return false };
        let behind_whole = matches!(before.kind, TokenKind::Ident | TokenKind::QuotedIdent { .. } | TokenKind::CloseParen) && lower(before) != "by";
        if !behind_whole || !self.words.get(n + 1).is_none_or(ends) {
            return false;
        }
        for (at, word) in self.before(n) {
            match lower(word).as_str() {
                "by" => return at > 0 && lower(&self.words[at - 1]) == "order",
                "select" | "from" | "where" | "set" | "values" | "having" | "returning" | "limit" | "offset" | "partition" => return false,
                _ => {}
            }
        }
        false
    }

    /// The names and keywords before a word that stand at its depth, the nearest first, up to the parenthesis around it.
    fn before(&self, n: usize) -> impl Iterator<Item = (usize, &Word<'_>)> {
        let mut depth = 0i32;
        let inside = self.words[..n].iter().enumerate().rev().map_while(move |(at, word)| {
            match word.kind {
                TokenKind::CloseParen => depth += 1,
                TokenKind::OpenParen => depth -= 1,
                _ => {}
            }
            (depth >= 0).then_some((depth == 0 && word.kind == TokenKind::Ident, at, word))
        });
        inside.filter_map(|(is_own, at, word)| is_own.then_some((at, word)))
    }

    fn clause(&mut self, n: usize) {
        let word = &self.words[n];
        match word.kind {
            TokenKind::OpenParen => self.clauses.push(false),
            TokenKind::CloseParen if self.clauses.len() > 1 => {
                self.clauses.pop();
            }
            TokenKind::Ident => {
                let joins = match word.text.to_ascii_lowercase().as_str() {
                    "from" | "join" | "on" | "using" | "into" | "update" | "lateral" | "cross" | "inner" | "left" => true,
                    "where" | "having" | "group" | "order" | "limit" | "offset" | "returning" | "values" | "set" | "select" => false,
                    _ => return,
                };
                if let Some(last) = self.clauses.last_mut() {
                    *last = joins;
                }
            }
            _ => {}
        }
    }
}

/// `%s`, `%(name)s`, `%d`…: how many words it takes.
fn percent_at(words: &[Word<'_>], n: usize) -> Option<usize> {
    let conversion = |w: &Word<'_>| w.kind == TokenKind::Ident && matches!(w.text, "s" | "d" | "f" | "i" | "r" | "b" | "t");
    let touch = |a: usize| words[a].end == words[a + 1].start;
    if words[n].kind != TokenKind::Percent || words.len() < n + 2 || !touch(n) {
        return None;
    }
    if conversion(&words[n + 1]) {
        return Some(2);
    }
    let named = words.len() > n + 4
        && words[n + 1].kind == TokenKind::OpenParen
        && words[n + 2].kind == TokenKind::Ident
        && words[n + 3].kind == TokenKind::CloseParen
        && touch(n + 3)
        && conversion(&words[n + 4]);
    named.then_some(5)
}

/// What was replaced: bytes of the masked text, and bytes of the statement's text they stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edit {
    /// In the masked text.
    pub masked: (u32, u32),
    /// In the statement's text.
    pub original: (u32, u32),
}

/// The statement as the parser shall see it.
pub fn apply(text: &str, slots: &[Slot], chosen: &[usize]) -> (String, Vec<Edit>) {
    let mut out = String::with_capacity(text.len() + 16);
    let mut edits = Vec::with_capacity(slots.len());
    let mut at = 0;
    let offset = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    for (slot, choice) in slots.iter().zip(chosen) {
        out.push_str(&text[at..slot.start]);
        let start = out.len();
        out.push_str(slot.readings[*choice].text());
        edits.push(Edit { masked: (offset(start), offset(out.len())), original: (offset(slot.start), offset(slot.end)) });
        at = slot.end;
    }
    out.push_str(&text[at..]);
    (out, edits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(text: &str, parameters: Parameters) -> String {
        let slots = slots(text, parameters);
        apply(text, &slots, &vec![0; slots.len()]).0
    }

    #[test]
    fn every_style_of_parameter_becomes_a_value() {
        assert_eq!(masked("a = %s and b = %(x)s and c %% 2 = 0", Parameters::Guess), "a = ($1) and b = ($1) and c % 2 = 0");
        assert_eq!(masked("a = :x and b = y::int", Parameters::Guess), "a = ($1) and b = y::int");
        assert_eq!(masked("a = ? and b ?? 'k'", Parameters::Question), "a = ($1) and b ? 'k'");
        assert_eq!(masked("a = :1 and b[1 :2] = array[:2, :3]", Parameters::Guess), "a = ($1) and b[1 :2] = array[($1), ($1)]");
        assert_eq!(masked("a=@x::int and b @> @y and c <@d and e @@ f", Parameters::Guess), "a=($1)::int and b @> ($1) and c <@d and e @@ f");
        assert_eq!(masked("a = :x! and b = :y!= 1", Parameters::Guess), "a = ($1) and b = ($1)!= 1");
        assert_eq!(masked("a = $1", Parameters::Guess), "a = $1");
        assert_eq!(masked("now() - interval %s", Parameters::Guess), "now() - interval '_db_hole_'");
    }

    #[test]
    fn what_only_looks_like_a_parameter_stays() {
        for text in ["a[1:n]", "a::text", "x := 1", "'12:30' = b", "a % s", "b ? 'k'", "$$ :x %s $$", "a[:]"] {
            assert_eq!(masked(text, Parameters::Guess), text);
        }
    }
}
