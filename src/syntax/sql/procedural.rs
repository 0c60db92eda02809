//! The statements inside a body in PL/pgSQL, cut out by tokens.
//!
//! What the language adds to SQL is left out: `INTO` and its targets, conditions around statements, `PERFORM` for `SELECT`. A text that is put together while
//! it runs (`EXECUTE`) is not read.

use squawk_lexer::{TokenKind, tokenize};

use crate::source::Span;

/// A part of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Bytes of the body.
    Copied(Span),
    /// `SELECT` in place of, or in front of, what the language writes.
    Select,
}

/// What a body says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Procedure {
    /// Its SQL, statement by statement.
    pub statements: Vec<Vec<Part>>,
    /// Names that it declares anywhere, in lower case; those that every body knows among them.
    pub names: Vec<String>,
    /// Statements that are put together while it runs.
    pub dynamic: Vec<Span>,
}

/// Names that every body knows.
const KNOWN: &[&str] = &[
    "found",
    "new",
    "old",
    "sqlerrm",
    "sqlstate",
    "tg_argv",
    "tg_event",
    "tg_level",
    "tg_name",
    "tg_nargs",
    "tg_op",
    "tg_relid",
    "tg_relname",
    "tg_table_name",
    "tg_table_schema",
    "tg_tag",
    "tg_when",
];

/// Words that a statement of SQL begins with.
const STATEMENTS: &[&str] = &["select", "with", "insert", "update", "delete", "merge", "values", "create", "alter", "drop", "truncate", "lock"];

/// Reads a body. Never fails.
pub fn read(body: &str) -> Procedure {
    let mut reader = Reader { body, words: words(body), at: 0, out: Procedure::default() };
    reader.out.names = KNOWN.iter().map(|n| (*n).to_owned()).collect();
    while reader.at < reader.words.len() {
        let before = reader.at;
        reader.statement();
        // Whatever it was, there is an end to it.
        reader.at = reader.at.max(before + 1);
    }
    reader.out
}

/// A token that is neither space nor comment.
#[derive(Clone, Copy)]
struct Word {
    start: usize,
    end: usize,
    /// How many parentheses and brackets are open in front of it.
    depth: u32,
    name: bool,
}

fn words(body: &str) -> Vec<Word> {
    let (mut at, mut depth) = (0, 0_u32);
    let mut all = Vec::new();
    for token in tokenize(body) {
        let start = at;
        at += token.len as usize;
        let mut name = false;
        match token.kind {
            TokenKind::Whitespace | TokenKind::LineComment | TokenKind::BlockComment { .. } | TokenKind::Eof => continue,
            TokenKind::CloseParen | TokenKind::CloseBracket => depth = depth.saturating_sub(1),
            TokenKind::Ident | TokenKind::QuotedIdent { .. } => name = true,
            _ => {}
        }
        all.push(Word { start, end: at, depth, name });
        if matches!(token.kind, TokenKind::OpenParen | TokenKind::OpenBracket) {
            depth += 1;
        }
    }
    all
}

struct Reader<'t> {
    body: &'t str,
    words: Vec<Word>,
    at: usize,
    out: Procedure,
}

impl Reader<'_> {
    fn is(&self, n: usize, word: &str) -> bool {
        self.words.get(n).is_some_and(|w| self.body[w.start..w.end].eq_ignore_ascii_case(word))
    }

    fn is_any(&self, n: usize, of: &[&str]) -> bool {
        of.iter().any(|word| self.is(n, word))
    }

    fn name(&mut self, n: usize) {
        if let Some(w) = self.words.get(n).filter(|w| w.name) {
            self.out.names.push(self.body[w.start..w.end].trim_matches('"').to_ascii_lowercase());
        }
    }

    /// The first word at or behind `from` that is one of these and stands in no parentheses opened since; a `CASE` in between is passed over whole.
    fn find(&self, from: usize, of: &[&str]) -> usize {
        let outside = self.words.get(from).map_or(0, |w| w.depth);
        let mut cases = 0_u32;
        for n in from..self.words.len() {
            if self.words[n].depth > outside {
                continue;
            }
            if cases == 0 && self.is_any(n, of) || self.is(n, ";") {
                return n;
            }
            if self.is(n, "case") {
                cases += 1;
            } else if cases > 0 && self.is(n, "end") {
                cases -= 1;
            }
        }
        self.words.len()
    }

    fn statement(&mut self) {
        let start = self.at;
        if self.is(start, "<") {
            // `<<label>>`
            self.at = start + 5;
        } else if self.is(start, "declare") {
            self.declarations(start + 1);
        } else if self.is_any(start, &["begin", "else", "loop", "exception", ";"]) {
            self.at = start + 1;
        } else if self.is_any(start, &["if", "elsif", "elseif", "while", "when", "case"]) {
            let end = self.find(start + 1, if self.is(start, "case") { &["when"] } else { &["then", "loop"] });
            self.expression(start + 1, end);
            self.at = if self.is(end, "when") { end } else { end + 1 };
        } else if self.is_any(start, &["for", "foreach"]) {
            self.looped(start);
        } else if self.is(start, "return") && self.is(start + 1, "query") {
            self.query(start + 2);
        } else if self.is(start, "perform") {
            let end = self.find(start, &[]);
            self.cut(start + 1, end, true);
            self.at = end + 1;
        } else if self.is_any(start, STATEMENTS) {
            self.query(start);
        } else if self.is(start, "execute") {
            let end = self.find(start, &[]);
            self.dynamic(start, end);
            self.at = end + 1;
        } else if self.is(start, "open") {
            self.query(self.find(start, &["for"]) + 1);
        } else {
            self.assignment(start);
        }
    }

    /// `name := expr;`, `RETURN expr;`, `RAISE … USING …;`: only what holds a query is of interest.
    fn assignment(&mut self, start: usize) {
        let end = self.find(start, &[]);
        let assigns = (start..end).find(|n| self.is(*n, "=") && self.words[*n].depth == self.words[start].depth);
        let from = if self.is(start, "return") { Some(start + 1) } else { assigns.map(|n| n + 1) };
        if let Some(from) = from {
            self.expression(from, end);
        }
        self.at = end + 1;
    }

    /// `name type := (SELECT …);`, `name CURSOR FOR SELECT …;`, up to `BEGIN`.
    fn declarations(&mut self, mut n: usize) {
        while n < self.words.len() && !self.is_any(n, &["begin", "declare"]) {
            self.name(n);
            let end = self.find(n, &[]);
            let cursor = (n..end).find(|m| self.is(*m, "cursor"));
            let query = cursor.and_then(|c| (c..end).find(|m| self.is_any(*m, &["for", "is"])));
            if let (Some(cursor), Some(query)) = (cursor, query) {
                // Its arguments are names too.
                for m in cursor..query {
                    if self.is(m, "(") || self.is(m, ",") {
                        self.name(m + 1);
                    }
                }
                self.cut(query + 1, end, false);
            } else if let Some(value) = (n..end).find(|m| self.is_any(*m, &["=", "default"])) {
                self.expression(value + 1, end);
            }
            n = end + 1;
        }
        self.at = n;
    }

    /// `FOR a, b IN query LOOP`, `FOR n IN 1..10 LOOP`, `FOREACH x IN ARRAY expr LOOP`
    fn looped(&mut self, start: usize) {
        let inside = self.find(start, &["in", "loop"]);
        for n in start + 1..inside {
            self.name(n);
        }
        let end = self.find(inside, &["loop"]);
        let first = (inside + 1..end).find(|n| !self.is(*n, "(")).unwrap_or(end);
        if self.is_any(first, STATEMENTS) {
            self.cut(inside + 1, end, false);
        } else if self.is(first, "execute") {
            self.dynamic(inside + 1, end);
        } else {
            self.expression(inside + 1, end);
        }
        self.at = end + 1;
    }

    /// A statement of SQL, up to its semicolon.
    fn query(&mut self, start: usize) {
        let end = self.find(start, &[]);
        if self.is(start, "execute") {
            self.dynamic(start, end);
        } else {
            self.cut(start, end, false);
        }
        self.at = end + 1;
    }

    /// An expression, where it holds a query.
    fn expression(&mut self, start: usize, end: usize) {
        if (start..end).any(|n| self.is(n, "select")) {
            self.cut(start, end, true);
        }
    }

    fn dynamic(&mut self, start: usize, end: usize) {
        if let (Some(first), Some(last)) = (self.words.get(start), self.words.get(end.saturating_sub(1))) {
            self.out.dynamic.push(Span::new(first.start, last.end));
        }
    }

    /// Takes words as a statement, without `INTO` and its targets.
    fn cut(&mut self, start: usize, end: usize, select: bool) {
        let end = end.min(self.words.len());
        let mut parts = Vec::new();
        if select {
            parts.push(Part::Select);
        }
        let (mut from, mut n) = (start, start);
        while n < end {
            let names_table = n > start && self.is_any(n - 1, &["insert", "merge"]);
            if self.is(n, "into") && !names_table && self.words[n].depth == self.words[start].depth {
                self.copy(from, n, &mut parts);
                n = self.targets(n + 1).min(end);
                from = n;
            } else {
                n += 1;
            }
        }
        self.copy(from, end, &mut parts);
        if parts.iter().any(|p| matches!(p, Part::Copied(_))) {
            self.out.statements.push(parts);
        }
    }

    fn copy(&self, from: usize, to: usize, parts: &mut Vec<Part>) {
        if from < to {
            parts.push(Part::Copied(Span::new(self.words[from].start, self.words[to - 1].end)));
        }
    }

    /// Behind `[STRICT] a, b.c, d[1]`.
    fn targets(&self, mut n: usize) -> usize {
        if self.is(n, "strict") {
            n += 1;
        }
        loop {
            n += 1;
            while self.is(n, ".") {
                n += 2;
            }
            if self.is(n, "[") {
                let depth = self.words[n].depth;
                while n < self.words.len() && !(self.is(n, "]") && self.words[n].depth == depth) {
                    n += 1;
                }
                n += 1;
            }
            if !self.is(n, ",") {
                return n;
            }
            n += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statements(body: &str) -> Vec<String> {
        let text = |parts: &Vec<Part>| {
            let all: Vec<&str> = parts.iter().map(|p| if let Part::Copied(span) = p { &body[span.range()] } else { "SELECT" }).collect();
            all.join(" ")
        };
        read(body).statements.iter().map(text).collect()
    }

    #[test]
    fn statements_are_cut_out_of_what_surrounds_them() {
        let body = "<<outer>> DECLARE v int; n int := (SELECT 1); c CURSOR (k int) FOR SELECT a FROM t;
BEGIN
  SELECT a, b INTO STRICT v, r.x[1] FROM t WHERE a = v;
  SELECT max(a) FROM t INTO v;
  UPDATE t SET a = 1 RETURNING a INTO v;
  INSERT INTO t (a) VALUES (1);
  IF v > 1 AND EXISTS (SELECT 1 FROM t) THEN DELETE FROM t; ELSIF CASE WHEN v = 1 THEN true END THEN NULL; ELSE PERFORM f(a) FROM t; END IF;
  FOR r IN SELECT a FROM t LOOP v := v + 1; EXIT WHEN v > 3; END LOOP;
  FOR i IN 1..10 LOOP x := (SELECT a FROM t); END LOOP;
  CASE v WHEN 1 THEN DELETE FROM u; END CASE;
  EXECUTE 'SELECT ' || v;
  RETURN QUERY SELECT a FROM t;
EXCEPTION WHEN unique_violation THEN RAISE NOTICE 'x';
  RETURN (SELECT a FROM u);
END";
        let wanted = [
            "SELECT (SELECT 1)",
            "SELECT a FROM t",
            "SELECT a, b FROM t WHERE a = v",
            "SELECT max(a) FROM t",
            "UPDATE t SET a = 1 RETURNING a",
            "INSERT INTO t (a) VALUES (1)",
            "SELECT v > 1 AND EXISTS (SELECT 1 FROM t)",
            "DELETE FROM t",
            "SELECT f(a) FROM t",
            "SELECT a FROM t",
            "SELECT (SELECT a FROM t)",
            "DELETE FROM u",
            "SELECT a FROM t",
            "SELECT (SELECT a FROM u)",
        ];
        assert_eq!(statements(body), wanted);
        let names = read(body).names;
        for name in ["v", "n", "c", "k", "r", "i"] {
            assert!(names.iter().any(|n| n == name), "{name} in {names:?}");
        }
        assert_eq!(read(body).dynamic.len(), 1);
    }

    #[test]
    fn broken_bodies_end() {
        for body in ["FOR", "IF", "SELECT a INTO", "<<", "DECLARE", "DECLARE x", "a[", "OPEN", "INTO a[", "FOR x IN", "RETURN", ")))", "SELECT INTO x[1"] {
            read(body);
        }
    }
}
