//! Works out what constants make: conditions, string methods and regular expressions over known text. Used while models are collected, where rules such as
//! "the table's name is the class name in snake case" are written as code.

use std::sync::Arc;

use crate::source::Location;
use crate::syntax::python::{Call, CompFor, Expr};

use super::eval::{Args, Evaluator};
use super::text::Text;
use super::value::{List, Value};

/// Longer lists and texts are not gone through one by one.
const MAX_ITEMS: usize = 200;

/// Whether a value is true in a condition.
pub fn truth(v: &Value<'_>) -> Option<bool> {
    Some(match v {
        Value::None => false,
        Value::Bool(b) => *b,
        Value::Int(n) => *n != 0,
        Value::Str(t) => !t.constant()?.is_empty(),
        Value::Tuple(t) => !t.is_empty(),
        Value::List(l) if l.rest.is_none() => !l.items.is_empty(),
        Value::Class(_) | Value::Function(_) | Value::Module(_) => true,
        _ => return None,
    })
}

/// `left op right` over constants.
pub fn compare<'a>(operators: &[crate::symbol::Symbol], values: &[Value<'a>]) -> Value<'a> {
    let ([left, right], [op]) = (values, operators) else { return Value::Unknown };
    let equal = match (left, right) {
        (Value::Str(_), Value::Str(_)) => match (left.constant(), right.constant()) {
            (Some(a), Some(b)) => Some(a == b),
            _ => None,
        },
        (Value::Int(a), Value::Int(b)) => Some(a == b),
        (Value::Bool(a), Value::Bool(b)) => Some(a == b),
        (Value::None, Value::None) => Some(true),
        (Value::Class(a), Value::Class(b)) => Some(a == b),
        (Value::None, Value::Str(_) | Value::Int(_) | Value::Class(_)) | (Value::Str(_) | Value::Int(_) | Value::Class(_), Value::None) => Some(false),
        _ => None,
    };
    let known = match op.as_str() {
        "==" | "is" => equal,
        "!=" | "is not" => equal.map(|e| !e),
        "in" | "not in" => {
            let items = match right {
                Value::Tuple(t) => Some(t.as_slice()),
                Value::List(l) if l.rest.is_none() => Some(l.items.as_slice()),
                _ => None,
            };
            let found = match (left.constant(), items, right.constant()) {
                (Some(k), Some(items), _) => items.iter().map(|i| i.constant().map(|c| c == k)).collect::<Option<Vec<_>>>().map(|all| all.contains(&true)),
                (Some(k), None, Some(text)) => Some(text.contains(&*k)),
                _ => None,
            };
            found.map(|f| f == (op.as_str() == "in"))
        }
        _ => None,
    };
    known.map_or(Value::Unknown, Value::Bool)
}

/// The members of a value of which all are known: of a list, a tuple, a text's characters.
pub fn items<'a>(v: &Value<'a>, at: Location) -> Option<Vec<Value<'a>>> {
    let all: Vec<_> = match v {
        Value::List(l) if l.rest.is_none() => l.items.clone(),
        Value::Tuple(t) => t.to_vec(),
        Value::Dict(d) if !d.open => d.entries.iter().map(|e| Value::Str(e.key.clone())).collect(),
        Value::Str(t) => t.constant()?.chars().map(|c| Value::Str(Text::made(c.encode_utf8(&mut [0; 4]), at))).collect(),
        _ => return None,
    };
    (all.len() <= MAX_ITEMS).then_some(all)
}

/// `[element for target in iter if conditions]`, one by one; `None` where something about it is not known.
pub fn comprehension<'a>(ev: &mut Evaluator<'_, 'a>, clause: &'a CompFor, element: &'a Expr) -> Option<Value<'a>> {
    let iter = ev.eval(&clause.iter);
    let members = items(&iter, ev.at(clause.iter.span))?;
    let mut out = Vec::with_capacity(members.len());
    for m in members {
        ev.assign(&clause.target, &m, None);
        let mut kept = true;
        for c in &clause.conditions {
            let v = ev.eval(c);
            kept &= truth(&v)?;
        }
        if kept {
            out.push(ev.eval(element));
        }
    }
    Some(Value::List(Arc::new(List { items: out, rest: None })))
}

/// A method of a known text.
pub fn string_method<'a>(ev: &Evaluator<'_, 'a>, text: &str, name: &str, call: &Call, args: &Args<'a>) -> Option<Value<'a>> {
    let at = ev.at(call.func.span);
    let arg = |n: usize| args.positional(call, n).and_then(Value::constant);
    let made = |s: &str| Some(Value::Str(Text::made(s, at)));
    let set = |s: &str| s.chars().collect::<Vec<char>>();
    match (name, arg(0), arg(1)) {
        ("isupper", ..) => Some(Value::Bool(text.chars().any(char::is_uppercase) && !text.chars().any(char::is_lowercase))),
        ("islower", ..) => Some(Value::Bool(text.chars().any(char::is_lowercase) && !text.chars().any(char::is_uppercase))),
        ("isdigit" | "isnumeric", ..) => Some(Value::Bool(!text.is_empty() && text.chars().all(char::is_numeric))),
        ("lower" | "casefold", ..) => made(&text.to_lowercase()),
        ("upper", ..) => made(&text.to_uppercase()),
        ("capitalize" | "title", ..) => {
            let mut c = text.chars();
            made(&c.next().map(|f| f.to_uppercase().chain(c.flat_map(char::to_lowercase)).collect::<String>()).unwrap_or_default())
        }
        ("startswith", Some(p), _) => Some(Value::Bool(text.starts_with(&*p))),
        ("endswith", Some(p), _) => Some(Value::Bool(text.ends_with(&*p))),
        ("replace", Some(from), Some(to)) if !from.is_empty() => made(&text.replace(&*from, &to)),
        ("removesuffix", Some(p), _) => made(text.strip_suffix(&*p).unwrap_or(text)),
        ("removeprefix", Some(p), _) => made(text.strip_prefix(&*p).unwrap_or(text)),
        ("strip", Some(p), _) => made(text.trim_matches(&set(&p)[..])),
        ("lstrip", Some(p), _) => made(text.trim_start_matches(&set(&p)[..])),
        ("rstrip", Some(p), _) => made(text.trim_end_matches(&set(&p)[..])),
        ("split", Some(p), None) if !p.is_empty() => {
            let items = text.split(&*p).map(|s| Value::Str(Text::made(s, at))).collect();
            Some(Value::List(Arc::new(List { items, rest: None })))
        }
        _ => None,
    }
}

/// Functions outside the project whose result depends on known text alone: `re.sub`, `inflection.underscore` and their kin.
pub fn call<'a>(ev: &Evaluator<'_, 'a>, path: &str, call: &Call, args: &Args<'a>) -> Option<Value<'a>> {
    let at = ev.at(call.func.span);
    let arg = |n: usize| args.positional(call, n).and_then(Value::constant);
    let made = |s: &str| Some(Value::Str(Text::made(s, at)));
    match path {
        "re.sub" | "re.split" | "re.findall" => {
            let pattern = arg(0)?;
            let rest: Vec<_> = (1..3).map_while(|n| arg(n).map(|c| c.into_owned())).collect();
            regex(path.rsplit('.').next()?, &pattern, &rest, at)
        }
        "inflection.underscore" | "stringcase.snakecase" | "humps.decamelize" | "humps.main.decamelize" | "caseconverter.snakecase" => {
            made(&underscore(&arg(0)?))
        }
        "inflection.tableize" => made(&plural(&underscore(&arg(0)?))),
        "inflection.pluralize" => made(&plural(&arg(0)?)),
        _ => None,
    }
}

/// A method of a compiled pattern.
pub fn pattern_method<'a>(pattern: &str, name: &str, call: &Call, args: &Args<'a>, at: Location) -> Option<Value<'a>> {
    let rest: Vec<_> = (0..2).map_while(|n| args.positional(call, n).and_then(Value::constant).map(|c| c.into_owned())).collect();
    regex(name, pattern, &rest, at)
}

fn regex<'a>(function: &str, pattern: &str, rest: &[String], at: Location) -> Option<Value<'a>> {
    // Names are short; a pattern that needs more steps than this on one is not a naming rule.
    let regex = fancy_regex::RegexBuilder::new(pattern).backtrack_limit(100_000).build().ok()?;
    let list = |all: Vec<String>| Value::List(Arc::new(List { items: all.iter().map(|s| Value::Str(Text::made(s, at))).collect(), rest: None }));
    match (function, rest) {
        ("sub", [replacement, text]) => {
            // Python writes `\1` where the crate writes `${1}`, and `$` means nothing there.
            let mut out = String::new();
            let mut chars = replacement.chars().peekable();
            while let Some(c) = chars.next() {
                match (c, chars.peek()) {
                    ('\\', Some(d)) if d.is_ascii_digit() => {
                        out.push_str(&format!("${{{d}}}"));
                        chars.next();
                    }
                    ('\\', Some('g')) => {
                        let name: String = chars.by_ref().skip(2).take_while(|c| *c != '>').collect();
                        out.push_str(&format!("${{{name}}}"));
                    }
                    ('$', _) => out.push_str("$$"),
                    (c, _) => out.push(c),
                }
            }
            Some(Value::Str(Text::made(&regex.try_replacen(text, 0, out.as_str()).ok()?, at)))
        }
        ("split", [text]) => {
            let (mut parts, mut start) = (Vec::new(), 0);
            for m in regex.find_iter(text) {
                let m = m.ok()?;
                parts.push(text[start..m.start()].to_owned());
                start = m.end();
            }
            parts.push(text[start..].to_owned());
            Some(list(parts))
        }
        ("findall", [text]) => {
            let mut all = Vec::new();
            for c in regex.captures_iter(text) {
                let c = c.ok()?;
                if c.len() > 2 {
                    return None;
                }
                all.push(c.get(1).or_else(|| c.get(0))?.as_str().to_owned());
            }
            Some(list(all))
        }
        _ => None,
    }
}

/// `CamelCase` as `camel_case`, as the `inflection` package does it.
pub fn underscore(name: &str) -> String {
    let step = |pattern: &str, text: &str| fancy_regex::Regex::new(pattern).map_or_else(|_| text.to_owned(), |r| r.replace_all(text, "${1}_${2}").into_owned());
    let first = step("([A-Z]+)([A-Z][a-z])", name);
    step("([a-z0-9])([A-Z])", &first).replace('-', "_").to_lowercase()
}

/// The regular plural of an English word.
pub fn plural(word: &str) -> String {
    if let Some(stem) = word.strip_suffix('y')
        && !stem.ends_with(['a', 'e', 'i', 'o', 'u'])
    {
        return format!("{stem}ies");
    }
    if word.ends_with(['s', 'x', 'z']) || word.ends_with("ch") || word.ends_with("sh") {
        return format!("{word}es");
    }
    format!("{word}s")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{FileId, Span};

    fn regex_text(function: &str, pattern: &str, rest: &[&str]) -> Vec<String> {
        let rest: Vec<_> = rest.iter().map(|s| (*s).to_owned()).collect();
        let v = regex(function, pattern, &rest, Location::new(FileId(0), Span::new(0, 0))).unwrap_or_default();
        match &v {
            Value::List(l) => l.items.iter().filter_map(|i| i.constant().map(std::borrow::Cow::into_owned)).collect(),
            v => v.constant().map(|c| c.into_owned()).into_iter().collect(),
        }
    }

    #[test]
    fn naming_rules_written_as_regular_expressions() {
        assert_eq!(regex_text("split", "(?=[A-Z])", &["OrderLine"]), ["", "Order", "Line"]);
        assert_eq!(regex_text("sub", r"(?<!^)(?=[A-Z])", &["_", "OrderLine"]), ["Order_Line"]);
        assert_eq!(regex_text("sub", r"(.)([A-Z][a-z]+)", &[r"\1_\2", "OrderLine"]), ["Order_Line"]);
        assert_eq!(regex_text("findall", r"[A-Z][^A-Z]*", &["OrderLine"]), ["Order", "Line"]);
    }

    #[test]
    fn words() {
        assert_eq!(underscore("HTTPServerLog2"), "http_server_log2");
        assert_eq!(["category", "day", "box", "order"].map(plural), ["categories", "days", "boxes", "orders"]);
    }
}
