//! How code builds strings: literals, f-strings, `+`, `%`, `.format`, `.join` and their kin.

use std::sync::Arc;

use crate::source::Span;
use crate::syntax::python::{ArgKind, Call, StrLit, StrPart};

use super::eval::{Args, Evaluator};
use super::libraries::sql_text::{self, looks_like_sql};
use super::text::{Text, TextPart};
use super::value::{List, Value};

/// Lists and tuples that grow longer than this are no longer followed.
const MAX_ITEMS: usize = 10_000;

/// So many texts may one literal stand for.
const MAX_READINGS: usize = 6;

/// A string literal, with what its holes are known to be.
///
/// Where one hole of a statement is one of several texts (`f"UPDATE t {'SET a = 1' if x else 'SET b = 1'}"`), the literal is one of several; an empty text among them
/// leaves a clause out, and says nothing that the statement with the clause does not say. Where there are more such holes, which goes with which nobody can tell.
pub fn literal<'a>(ev: &mut Evaluator<'_, 'a>, lit: &'a StrLit) -> Value<'a> {
    let mut parts = Vec::with_capacity(lit.parts.len());
    let mut open: Vec<(usize, Vec<Text<'a>>)> = Vec::new();
    for p in &lit.parts {
        match p {
            StrPart::Text(t) => {
                let to = u32::try_from(t.text.len()).unwrap_or(u32::MAX);
                parts.push(TextPart::Literal { file: ev.place.file, literal: t, from: 0, to });
            }
            StrPart::Hole { expr, span, .. } => match ev.eval(expr) {
                Value::Str(t) => parts.extend(t.parts.iter().cloned()),
                Value::Int(n) => parts.push(TextPart::Made { text: n.to_string().into(), at: ev.at(*span) }),
                other => {
                    if let Some(t) = statement(&other) {
                        parts.extend(t.parts.iter().cloned());
                        continue;
                    }
                    if !names_a_table(&parts) {
                        open.extend(readings(&other).map(|all| (parts.len(), all)));
                    }
                    parts.push(TextPart::Hole(ev.at(*span)));
                }
            },
        }
    }
    let whole = Text::new(parts);
    match open.as_slice() {
        [(at, all)] if looks_like_sql(&whole) => {
            // Whatever becomes of the readings, the statement names what it names around the hole.
            sql_text::literal(ev, &Value::Str(whole.clone()));
            let put = |one: &Text<'a>| [&whole.parts[..*at], &one.parts, &whole.parts[at + 1..]].concat();
            Value::union(all.iter().map(|one| Value::Str(Text::new(put(one)))))
        }
        _ => Value::Str(whole),
    }
}

/// Of a statement that may be read in several ways, one: inside another text it stands for all. All begin with one literal: of several statements, which goes with what
/// is put behind it nobody can tell.
pub fn statement<'v, 'a>(value: &'v Value<'a>) -> Option<&'v Text<'a>> {
    let Value::Union(all) = value else { return None };
    let begins = |v: &Value<'a>| match v.text()?.parts.first()? {
        TextPart::Literal { literal, from, .. } => Some((std::ptr::from_ref(*literal), *from)),
        _ => None,
    };
    let first = all.first()?;
    let one = begins(first)?;
    first.text().filter(|t| looks_like_sql(t) && all.iter().all(|v| begins(v) == Some(one)))
}

/// Whether a text ends where a table's name, or the rest of a name, is to follow: which of several tables the code means, and whether it made them itself, is another
/// matter than what a clause says.
fn names_a_table(before: &[TextPart<'_>]) -> bool {
    let Some(text) = before.last().and_then(TextPart::known) else { return true };
    let word = text.trim_end().rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_ascii_lowercase();
    !text.ends_with(|c: char| c.is_whitespace() || matches!(c, '(' | ','))
        || matches!(word.as_str(), "from" | "join" | "into" | "update" | "table" | "only" | "exists")
}

/// The texts that a value is one of, those apart that are empty; `None` where it may be anything else, or where they are many.
fn readings<'a>(value: &Value<'a>) -> Option<Vec<Text<'a>>> {
    let Value::Union(all) = value else { return None };
    let texts: Vec<Text<'a>> = all.iter().map(|v| v.text().cloned()).collect::<Option<_>>()?;
    let said: Vec<Text<'a>> = texts.into_iter().filter(|t| t.constant().is_none_or(|t| !t.trim().is_empty())).collect();
    (1..=MAX_READINGS).contains(&said.len()).then_some(said)
}

/// `left + right`
pub fn add<'a>(ev: &mut Evaluator<'_, 'a>, left: &Value<'a>, right: &Value<'a>, left_span: Span, right_span: Span) -> Value<'a> {
    match (left, right) {
        (Value::Str(l), Value::Str(r)) => Value::Str(l.concat(r)),
        (Value::Str(l), Value::Unknown | Value::Object(_) | Value::Int(_)) => Value::Str(l.concat(&Text::hole(ev.at(right_span)))),
        (Value::Unknown | Value::Object(_), Value::Str(r)) => Value::Str(Text::hole(ev.at(left_span)).concat(r)),
        (Value::Union(all), other) => {
            let all: Vec<_> = all.iter().map(|v| add(ev, v, other, left_span, right_span)).collect();
            Value::union(all)
        }
        (other, Value::Union(all)) => {
            let all: Vec<_> = all.iter().map(|v| add(ev, other, v, left_span, right_span)).collect();
            Value::union(all)
        }
        // `l = l + l` on line after line doubles it.
        (Value::List(l), Value::List(r)) if l.items.len() + r.items.len() > MAX_ITEMS => Value::Unknown,
        (Value::Tuple(l), Value::Tuple(r)) if l.len() + r.len() > MAX_ITEMS => Value::Unknown,
        (Value::List(l), Value::List(r)) => {
            let items = l.items.iter().chain(&r.items).cloned().collect();
            let rest = match (&l.rest, &r.rest) {
                (None, None) => None,
                (a, b) => Some(Value::union(a.iter().chain(b.iter()).cloned())),
            };
            Value::List(Arc::new(List { items, rest }))
        }
        (Value::Tuple(l), Value::Tuple(r)) => Value::Tuple(Arc::new(l.iter().chain(r.iter()).cloned().collect())),
        _ => Value::Unknown,
    }
}

/// `text % values`
pub fn percent<'a>(ev: &mut Evaluator<'_, 'a>, left: &Value<'a>, right: &Value<'a>, span: Span) -> Value<'a> {
    let text = match left {
        Value::Str(text) => text,
        Value::Union(all) => {
            let all: Vec<_> = all.iter().map(|one| percent(ev, one, right, span)).collect();
            return Value::union(all);
        }
        _ => return Value::Unknown,
    };
    let values: Vec<Value<'a>> = match right {
        Value::Tuple(t) => t.to_vec(),
        other => vec![other.clone()],
    };
    let (mut next, mut out) = (0, Vec::new());
    let hole = ev.at(span);
    split_literals(
        text,
        &mut out,
        |s, at| {
            let rest = &s[at..];
            if rest.starts_with("%%") {
                return Some((1, 2, None));
            }
            let inner = rest.strip_prefix('%')?;
            if let Some(named) = inner.strip_prefix('(') {
                let close = named.find(')')?;
                let name = &named[..close];
                let value = match right {
                    Value::Dict(d) => d.get(name).map(|e| e.value.clone()),
                    _ => None,
                };
                let length = 2 + close + 1;
                return rest[length..].starts_with(['s', 'd', 'r']).then_some((0, length + 1, Some(value.unwrap_or_default())));
            }
            if inner.starts_with(['s', 'd', 'r', 'i']) {
                let value = values.get(next).cloned().unwrap_or_default();
                next += 1;
                return Some((0, 2, Some(value)));
            }
            None
        },
        hole,
    );
    Value::Str(Text::new(out))
}

/// `text.format(...)`
pub fn format<'a>(ev: &mut Evaluator<'_, 'a>, text: &Text<'a>, call: &'a Call, args: &Args<'a>) -> Value<'a> {
    let hole = ev.at(call.func.span);
    if looks_like_sql(text) {
        // Which of several tables is meant nobody can tell; if the statement makes it, it may make each.
        for (n, v) in args.values.iter().enumerate() {
            for one in readings(v).into_iter().flatten() {
                let mut values = args.values.clone();
                values[n] = Value::Str(one);
                sql_text::makes(ev, &filled(text, call, &Args { values }, hole));
            }
        }
    }
    Value::Str(filled(text, call, args, hole))
}

/// A text with a call's arguments in the place of its fields.
fn filled<'a>(text: &Text<'a>, call: &'a Call, args: &Args<'a>, hole: crate::source::Location) -> Text<'a> {
    let (mut next, mut out) = (0, Vec::new());
    split_literals(
        text,
        &mut out,
        |s, at| {
            let rest = &s[at..];
            if rest.starts_with("{{") || rest.starts_with("}}") {
                return Some((1, 2, None));
            }
            let inner = rest.strip_prefix('{')?;
            let close = inner.find('}')?;
            let field = inner[..close].split([':', '!']).next().unwrap_or_default();
            let value = if field.is_empty() {
                next += 1;
                args.positional(call, next - 1).cloned()
            } else if let Ok(n) = field.parse::<usize>() {
                args.positional(call, n).cloned()
            } else {
                args.keyword(call, field).cloned()
            };
            Some((0, close + 2, Some(value.unwrap_or_default())))
        },
        hole,
    );
    Text::new(out)
}

/// Walks the literal parts of a text; `found(text, at)` says of a `%` or brace whether it is a field: how many bytes to keep as they are, how many to pass over in
/// all, and the value to put in their place.
fn split_literals<'a>(
    text: &Text<'a>,
    out: &mut Vec<TextPart<'a>>,
    mut found: impl FnMut(&str, usize) -> Option<(usize, usize, Option<Value<'a>>)>,
    hole: crate::source::Location,
) {
    for part in &*text.parts {
        let TextPart::Literal { file, literal, from, to } = part else {
            out.push(part.clone());
            continue;
        };
        let Some(s) = literal.text.get(*from as usize..*to as usize) else { continue };
        let push = |a: usize, b: usize, out: &mut Vec<TextPart<'a>>| {
            if a < b {
                let at = |n: usize| from + u32::try_from(n).unwrap_or(u32::MAX);
                out.push(TextPart::Literal { file: *file, literal, from: at(a), to: at(b) });
            }
        };
        let (mut start, mut at) = (0, 0);
        while at < s.len() {
            let byte = s.as_bytes()[at];
            if !matches!(byte, b'%' | b'{' | b'}') {
                at += 1;
                continue;
            }
            let Some((keep, length, value)) = found(s, at) else {
                at += 1;
                continue;
            };
            push(start, at + keep, out);
            match value {
                Some(Value::Str(t)) => out.extend(t.parts.iter().cloned()),
                Some(Value::Int(n)) => out.push(TextPart::Made { text: n.to_string().into(), at: hole }),
                Some(_) => out.push(TextPart::Hole(hole)),
                None => {}
            }
            at += length;
            start = at;
        }
        push(start, s.len(), out);
    }
}

/// `separator.join(items)`
pub fn join<'a>(ev: &mut Evaluator<'_, 'a>, separator: &Text<'a>, items: &Value<'a>, span: Span) -> Value<'a> {
    let hole = ev.at(span);
    let (items, open): (Vec<Value<'a>>, bool) = match items {
        Value::List(l) => (l.items.clone(), l.rest.is_some()),
        Value::Tuple(t) => (t.to_vec(), false),
        Value::Dict(d) => (d.entries.iter().map(|e| Value::Str(e.key.clone())).collect(), d.open),
        _ => (Vec::new(), true),
    };
    let mut out: Vec<TextPart<'a>> = Vec::new();
    for (n, item) in items.iter().enumerate() {
        if n > 0 {
            out.extend(separator.parts.iter().cloned());
        }
        match item {
            Value::Str(t) => out.extend(t.parts.iter().cloned()),
            other => match statement(other) {
                Some(t) => out.extend(t.parts.iter().cloned()),
                None => out.push(TextPart::Hole(hole)),
            },
        }
    }
    if open {
        if !out.is_empty() {
            out.extend(separator.parts.iter().cloned());
        }
        out.push(TextPart::Hole(hole));
    }
    Value::Str(Text::new(out))
}

/// Methods of strings.
pub fn method<'a>(ev: &mut Evaluator<'_, 'a>, text: &Text<'a>, name: &str, call: &'a Call, args: &Args<'a>) -> Option<Value<'a>> {
    Some(match name {
        "format" => format(ev, text, call, args),
        "join" => join(ev, text, args.positional(call, 0)?, call.func.span),
        // What these change is white space or case of keywords, neither of which a name depends on.
        "strip" | "lstrip" | "rstrip" | "encode" | "decode" | "expandtabs" => Value::Str(text.clone()),
        "lower" | "upper" | "casefold" => match text.constant() {
            Some(t) => Value::Str(Text::made(&if name == "upper" { t.to_uppercase() } else { t.to_lowercase() }, ev.at(call.func.span))),
            None => Value::Unknown,
        },
        "split" => match (text.constant(), call.args.first().map(|a| a.kind)) {
            (Some(t), None) if call.args.is_empty() => {
                let at = ev.at(call.func.span);
                let items = t.split_whitespace().map(|w| Value::Str(Text::made(w, at))).collect();
                Value::List(Arc::new(List { items, rest: None }))
            }
            (Some(_), Some(ArgKind::Positional)) => Value::list_of(Value::Unknown),
            _ => Value::Unknown,
        },
        "replace" | "substitute" | "safe_substitute" | "format_map" => Value::Str(Text::hole(ev.at(call.func.span))),
        _ => return None,
    })
}
