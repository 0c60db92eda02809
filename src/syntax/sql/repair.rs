//! The smallest broken part of a statement: found by tokens, replaced by a hole, so that what stands around it is still read.
//!
//! A part is what lies between two commas, connectives or clauses of one pair of parentheses. For each place where the parser stumbles, parts around
//! it are tried from the smallest on, until it stumbles no more. Parts that belong to one list become one: with quotes or commas gone astray, what stands between two broken
//! members is no more to be trusted than they are. What cannot be mended so is skipped whole.

use squawk_lexer::{TokenKind, tokenize};

use super::ast::StatementKind;
use super::lower::{Parsed, parse_statement};
use super::mask::{Edit, Slot};
use crate::source::Span;

/// Longer statements are not mended: each try parses all of it.
const MAX_TEXT: usize = 60_000;
/// Tries for one statement.
const MAX_TRIES: usize = 60;
/// Broken parts of one statement.
const MAX_PARTS: usize = 6;

/// What a broken part is read as: a name or value, a query, a row, an assignment, a query of WITH.
const READINGS: &[&str] = &[" _db_hole_ ", " SELECT _db_hole_ ", " ($1) ", " _db_hole_ = NULL ", " _db_hole_ AS (SELECT _db_hole_) "];

/// Words that begin a clause: what is broken on one side of them is not on the other.
const CLAUSES: &[&str] = &[
    "select",
    "from",
    "where",
    "group",
    "having",
    "order",
    "limit",
    "offset",
    "fetch",
    "window",
    "union",
    "intersect",
    "except",
    "returning",
    "set",
    "values",
    "with",
    "into",
    "insert",
    "update",
    "delete",
    "merge",
];

/// Words that part a clause further.
const CONNECTIVES: &[&str] = &[
    "and",
    "or",
    "on",
    "using",
    "join",
    "left",
    "right",
    "full",
    "inner",
    "cross",
    "natural",
    "lateral",
    "case",
    "when",
    "then",
    "else",
    "end",
    "as",
    "by",
    "all",
    "distinct",
    "recursive",
    "do",
    "conflict",
];

/// Statements that are mended, by their first word.
const STATEMENTS: &[&str] = &["select", "with", "insert", "update", "delete", "merge", "values"];

/// A statement read around its broken parts.
pub struct Mended {
    /// What the parser made of it.
    pub parsed: Parsed,
    /// The broken parts (in the whole text), in order.
    pub broken: Vec<Span>,
    /// A part of WITH is broken: no bare table name can be called unknown.
    pub open_names: bool,
}

struct Token {
    start: usize,
    end: usize,
    what: What,
    /// The token that opens the parentheses it stands in.
    parent: Option<usize>,
    /// Of a token that opens: the one that closes.
    close: Option<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Open,
    /// `{`: nothing in it is SQL
    OpenBrace,
    Close,
    Comma,
    Clause,
    Connective,
    Other,
}

/// A part of the text, read as one of [`READINGS`].
#[derive(Clone, Copy, PartialEq, Eq)]
struct Part {
    start: usize,
    end: usize,
    parent: Option<usize>,
    /// The word that begins its clause.
    clause: Option<usize>,
    reading: usize,
}

/// Reads a statement around its broken parts. `slots` and `chosen` say how its parameters and holes are best read; `best` is what came of that.
pub fn mend(text: &str, base: u32, slots: &[Slot], chosen: &[usize], best: Parsed) -> Option<Mended> {
    if text.len() > MAX_TEXT {
        return None;
    }
    let tokens = tokens(text)?;
    let first = tokens.iter().find(|t| t.what != What::Open)?;
    if !STATEMENTS.iter().any(|s| text[first.start..first.end].eq_ignore_ascii_case(s)) {
        return None;
    }
    let mut mender = Mender { text, base, slots, chosen, tokens, tries: 0 };
    let (parts, parsed) = mender.run(best)?;
    let usable = matches!(
        parsed.statement.kind,
        StatementKind::Query(_) | StatementKind::Insert(_) | StatementKind::Update(_) | StatementKind::Delete(_) | StatementKind::Merge(_)
    );
    let offset = |n: usize| base + u32::try_from(n).unwrap_or(u32::MAX);
    usable.then(|| Mended {
        parsed,
        broken: parts.iter().map(|p| Span { start: offset(p.start), end: offset(p.end) }).collect(),
        open_names: parts.iter().any(|p| p.reading == READINGS.len() - 1),
    })
}

/// The tokens that are no blanks; `None` where a quote or a parenthesis has no end: then nobody knows what belongs together.
fn tokens(text: &str) -> Option<Vec<Token>> {
    let (mut out, mut open): (Vec<Token>, Vec<usize>) = (Vec::new(), Vec::new());
    let mut at = 0;
    for token in tokenize(text) {
        let (start, end) = (at, at + token.len as usize);
        at = end;
        let word = &text[start..end];
        let what = match token.kind {
            TokenKind::BlockComment { .. } if !word.ends_with("*/") => return None,
            TokenKind::Whitespace | TokenKind::LineComment | TokenKind::BlockComment { .. } => continue,
            TokenKind::OpenParen | TokenKind::OpenBracket => What::Open,
            TokenKind::CloseParen | TokenKind::CloseBracket => What::Close,
            TokenKind::Comma => What::Comma,
            TokenKind::Ident if CLAUSES.iter().any(|w| word.eq_ignore_ascii_case(w)) => What::Clause,
            TokenKind::Ident if CONNECTIVES.iter().any(|w| word.eq_ignore_ascii_case(w)) => What::Connective,
            _ if word == "{" => What::OpenBrace,
            _ if word == "}" => What::Close,
            _ if is_open_ended(word) => return None,
            _ => What::Other,
        };
        let here = out.len();
        if what == What::Close {
            let opener = open.pop()?;
            let wanted = match &text[out[opener].start..out[opener].end] {
                "(" => ")",
                "[" => "]",
                _ => "}",
            };
            if wanted != word {
                return None;
            }
            out[opener].close = Some(here);
        }
        out.push(Token { start, end, what, parent: open.last().copied(), close: None });
        if matches!(what, What::Open | What::OpenBrace) {
            open.push(here);
        }
    }
    open.is_empty().then_some(out)
}

/// A quote without an end.
fn is_open_ended(word: &str) -> bool {
    ['\'', '"', '$'].iter().any(|quote| {
        // the letters before a quote (`E'…'`) belong to it; `$1` is no quote
        word.find(*quote).is_some_and(|at| {
            (at == 0 || *quote == '\'')
                && (word.len() < at + 2 || !word.ends_with(*quote))
                && !(*quote == '$' && word[at + 1..].starts_with(|c: char| c.is_ascii_digit()))
        })
    })
}

struct Mender<'a> {
    text: &'a str,
    base: u32,
    slots: &'a [Slot],
    chosen: &'a [usize],
    tokens: Vec<Token>,
    tries: usize,
}

impl Mender<'_> {
    fn run(&mut self, mut best: Parsed) -> Option<(Vec<Part>, Parsed)> {
        let mut parts: Vec<Part> = Vec::new();
        while let Some(error) = best.errors.first().copied() {
            let at = error.saturating_sub(self.base) as usize;
            let (next, parsed) = self.better(&parts, at, &best)?;
            (parts, best) = (next, parsed);
        }
        Some((parts, best))
    }

    /// One more part taken for broken, such that the parser stumbles less often, or only behind it.
    fn better(&mut self, parts: &[Part], at: usize, best: &Parsed) -> Option<(Vec<Part>, Parsed)> {
        let now = (best.errors.len(), best.errors.first().copied());
        for place in self.candidates(at) {
            for reading in 0..READINGS.len() {
                let with = merged(parts, Part { reading, ..place });
                if with.len() > MAX_PARTS || self.tries >= MAX_TRIES {
                    return None;
                }
                self.tries += 1;
                let parsed = self.parse(&with);
                let then = (parsed.errors.len(), parsed.errors.first().copied());
                if then.0 == 0 || (then.0 < now.0 && then.1 > now.1) {
                    return Some((with, parsed));
                }
            }
        }
        None
    }

    /// Parts that hold a place, the smallest first.
    fn candidates(&self, at: usize) -> Vec<Part> {
        let mut out: Vec<Part> = Vec::new();
        let add = |out: &mut Vec<Part>, part: Part| {
            if !out.iter().any(|p| (p.start, p.end) == (part.start, part.end)) {
                out.push(part);
            }
        };
        let found = self.tokens.partition_point(|t| t.end <= at);
        // where the parser stumbles on a word that ends a part, the part before it is the broken one
        for start in [found, found.saturating_sub(1)] {
            let mut index = start.min(self.tokens.len() - 1);
            loop {
                let parent = self.tokens[index].parent;
                if parent.is_none_or(|p| self.tokens[p].what != What::OpenBrace) {
                    add(&mut out, self.part(index, true));
                    add(&mut out, self.part(index, false));
                    if let Some(open) = parent
                        && let Some(close) = self.tokens[open].close
                    {
                        let (start, end) = (self.tokens[open].end, self.tokens[close].start);
                        add(&mut out, Part { start, end, parent, clause: None, reading: 0 });
                    }
                }
                let Some(outer) = parent else { break };
                index = outer;
            }
        }
        out.sort_by_key(|p| p.end - p.start);
        out
    }

    /// The part around a token, within the parentheses it stands in: up to the nearest comma or connective, or only to the nearest clause.
    fn part(&self, index: usize, finest: bool) -> Part {
        let parent = self.tokens[index].parent;
        let ends = |t: &Token| t.parent == parent && (t.what == What::Clause || (finest && matches!(t.what, What::Comma | What::Connective)));
        let (low, high) = match parent {
            Some(p) => (p + 1, self.tokens[p].close.unwrap_or(self.tokens.len())),
            None => (0, self.tokens.len()),
        };
        // an end itself belongs to nothing: what is broken is what stands behind it
        let from = self.tokens[low..=index].iter().rposition(ends).map_or(low, |n| low + n + 1);
        let to = self.tokens[from..high].iter().position(ends).map_or(high, |n| from + n);
        let clause = self.tokens[low..from].iter().rposition(|t| t.parent == parent && t.what == What::Clause).map(|n| low + n);
        let start = self.tokens.get(from).map_or(self.text.len(), |t| t.start);
        let end = if to > from { self.tokens[to - 1].end } else { start };
        Part { start, end, parent, clause, reading: 0 }
    }

    fn parse(&self, parts: &[Part]) -> Parsed {
        let mut patches: Vec<(usize, usize, &str)> = parts.iter().map(|p| (p.start, p.end, READINGS[p.reading])).collect();
        let inside = |slot: &Slot| parts.iter().any(|p| p.start <= slot.start && slot.end <= p.end);
        patches.extend(self.slots.iter().zip(self.chosen).filter(|(s, _)| !inside(s)).map(|(s, c)| (s.start, s.end, s.readings[*c].text())));
        patches.sort_by_key(|p| (p.0, p.1));
        let mut masked = String::with_capacity(self.text.len() + 32);
        let mut edits = Vec::with_capacity(patches.len());
        let offset = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let mut at = 0;
        for (start, end, text) in patches {
            // a slot that reaches into a broken part goes with it
            let Some(between) = self.text.get(at..start) else { continue };
            masked.push_str(between);
            let from = masked.len();
            masked.push_str(text);
            edits.push(Edit { masked: (offset(from), offset(masked.len())), original: (offset(start), offset(end)) });
            at = end;
        }
        masked.push_str(&self.text[at..]);
        parse_statement(&masked, self.base, &edits)
    }
}

/// The parts with one more: it swallows those it touches and those of the same list.
fn merged(parts: &[Part], mut new: Part) -> Vec<Part> {
    let mut rest = parts.to_vec();
    loop {
        let joins = |p: &Part| (p.start <= new.end && new.start <= p.end) || (p.parent, p.clause) == (new.parent, new.clause);
        let Some(n) = rest.iter().position(joins) else { break };
        let old = rest.swap_remove(n);
        new = Part { start: new.start.min(old.start), end: new.end.max(old.end), ..new };
    }
    rest.push(new);
    rest.sort_by_key(|p| p.start);
    rest
}
