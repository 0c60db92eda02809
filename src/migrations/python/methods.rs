//! Python's own functions, and the methods of strings, lists and dicts.

use std::rc::Rc;

use super::value::{Args, Value};
use super::{Host, Machine, strings};
use crate::source::Location;
use crate::syntax::sql::template::Template;

/// `builtins.name(args)` and a few pure functions of the standard library.
#[expect(clippy::too_many_lines, reason = "a table of functions")]
pub(super) fn builtin<'a, H: Host<'a>>(m: &mut Machine<'_, 'a, H>, path: &str, args: &Args<'a>, at: Location) -> Option<Value<'a>> {
    let first = || args.positional.first().map(|a| a.0.clone()).unwrap_or_default();
    if let Some(value) = super::paths::resource(m, path, args, at).or_else(|| super::paths::call(path, args, at)) {
        return Some(value);
    }
    Some(match path {
        "builtins.len" => match first() {
            Value::Str(t) if !t.has_holes() => Value::Int(i64::try_from(t.text().chars().count()).ok()?),
            v => match v.items() {
                Some((items, false)) => Value::Int(i64::try_from(items.len()).ok()?),
                _ => Value::Unknown,
            },
        },
        "builtins.str" => {
            let mut out = Template::default();
            strings::push(&mut out, &first(), at);
            Value::Str(Rc::new(out))
        }
        "builtins.list" | "builtins.set" | "builtins.tuple" | "builtins.sorted" | "builtins.reversed" | "builtins.frozenset" | "builtins.iter" => {
            if args.positional.is_empty() {
                return Some(Value::list(Vec::new(), false));
            }
            let (mut items, open) = m.iterate(&first()).unwrap_or((Vec::new(), true));
            // `set(inspector.get_table_names())` is still the names of the tables.
            if let Value::List(l) = first()
                && l.borrow().tables
                && path != "builtins.tuple"
            {
                return Some(Value::List(l));
            }
            match path {
                "builtins.sorted" if args.keywords.is_empty() => items.sort_by_key(Value::constant),
                "builtins.reversed" => items.reverse(),
                _ => {}
            }
            if path == "builtins.tuple" && !open { Value::Tuple(Rc::new(items)) } else { Value::list(items, open) }
        }
        "builtins.dict" => {
            let mut pairs = super::Pairs { open: args.open, ..super::Pairs::default() };
            match first() {
                Value::Dict(d) => pairs = super::Pairs { entries: d.borrow().entries.clone(), open: d.borrow().open },
                Value::Unknown if args.positional.is_empty() => {}
                _ => pairs.open = true,
            }
            for (k, v, _) in &args.keywords {
                pairs.set(Value::text(k.as_str(), at), v.clone());
            }
            Value::dict(pairs.entries, pairs.open)
        }
        "builtins.range" => {
            let mut ints = args.positional.iter().map(|a| if let Value::Int(n) = a.0 { Some(n) } else { None });
            let (a, b, c) = (ints.next().flatten()?, ints.next(), ints.next());
            let (start, end) = match b {
                Some(b) => (a, b?),
                None => (0, a),
            };
            if c.is_some() || end.saturating_sub(start) > 10_000 {
                return Some(Value::Unknown);
            }
            Value::list((start..end).map(Value::Int).collect(), false)
        }
        "builtins.enumerate" => {
            let (items, open) = m.iterate(&first())?;
            let start = if let Some(Value::Int(n)) = args.get(1, "start") { *n } else { 0 };
            Value::list((start..).zip(items).map(|(n, v)| Value::Tuple(Rc::new(vec![Value::Int(n), v]))).collect(), open)
        }
        "builtins.zip" => {
            let mut columns = Vec::new();
            for a in &args.positional {
                match m.iterate(&a.0) {
                    Some((items, false)) => columns.push(items),
                    _ => return Some(Value::Unknown),
                }
            }
            let n = columns.iter().map(Vec::len).min().unwrap_or(0);
            Value::list((0..n).map(|i| Value::Tuple(Rc::new(columns.iter().map(|c| c[i].clone()).collect()))).collect(), false)
        }
        "builtins.any" | "builtins.all" => {
            let (items, open) = m.iterate(&first())?;
            let want = path == "builtins.any";
            let truths: Vec<_> = items.iter().map(Value::truth).collect();
            if truths.contains(&Some(want)) {
                Value::Bool(want)
            } else if open || truths.contains(&None) {
                Value::Unknown
            } else {
                Value::Bool(!want)
            }
        }
        "builtins.bool" => first().truth().map_or(Value::Unknown, Value::Bool),
        "builtins.next" => match m.iterate(&first()) {
            Some((items, _)) if !items.is_empty() => items[0].clone(),
            Some((_, false)) => args.positional.get(1).map(|a| a.0.clone()).unwrap_or_default(),
            _ => Value::Unknown,
        },
        "builtins.map" => {
            let function = first();
            let (items, open) = m.iterate(&args.positional.get(1)?.0)?;
            let mut out = Vec::new();
            for i in items {
                out.push(m.apply(&function, Args { positional: vec![(i, at)], ..Args::default() }, at));
            }
            Value::list(out, open)
        }
        "builtins.getattr" => {
            let name = args.positional.get(1)?.0.constant()?;
            let v = m.attribute(&first(), crate::symbol::Symbol::from(&name), at.span);
            if matches!(v, Value::Unknown) && args.positional.len() > 2 { Value::Unknown } else { v }
        }
        // Which database it is, asked by the class of the engine.
        "builtins.isinstance" => {
            let handle = first().path().is_some_and(|p| p.starts_with("sqlalchemy.engine."));
            let class = match args.positional.get(1).map(|a| &a.0) {
                Some(Value::Class(c)) => c.node.name.as_str().to_ascii_lowercase(),
                Some(v) => v.path().and_then(|p| p.rsplit('.').next()).unwrap_or_default().to_ascii_lowercase(),
                None => String::new(),
            };
            if handle && class.contains("postgres") {
                Value::Bool(true)
            } else if handle && ["sqlite", "mysql", "mssql", "oracle"].iter().any(|d| class.contains(d)) {
                Value::Bool(false)
            } else {
                Value::Unknown
            }
        }
        "builtins.hasattr" | "builtins.callable" | "builtins.issubclass" | "builtins.input" => Value::Unknown,
        "builtins.print" => Value::None,
        "textwrap.dedent" | "inspect.cleandoc" | "builtins.cast" | "copy.copy" | "copy.deepcopy" => first(),
        "typing.cast" => args.positional.get(1)?.0.clone(),
        // What a deployment sets is not known; what stands as default is as good as any.
        "os.getenv" | "os.environ.get" | "itertools.chain" | "builtins.super" => Value::Unknown,
        _ => return None,
    })
}

/// `receiver.name(args)`
pub(super) fn method<'a, H: Host<'a>>(m: &mut Machine<'_, 'a, H>, receiver: &Value<'a>, name: &str, args: &Args<'a>, at: Location) -> Option<Value<'a>> {
    let first = || args.positional.first().map(|a| a.0.clone()).unwrap_or_default();
    match receiver {
        Value::Str(t) => match name {
            "format" => Some(m.format(t, args, at)),
            "join" => Some(m.join(receiver, &first(), at)),
            "strip" | "lstrip" | "rstrip" if args.positional.is_empty() => Some(receiver.clone()),
            // What was read as bytes is text here.
            "decode" => Some(receiver.clone()),
            "lower" => Some(Value::text(&receiver.constant()?.to_lowercase(), at)),
            "upper" => Some(Value::text(&receiver.constant()?.to_uppercase(), at)),
            "replace" => Some(Value::text(&receiver.constant()?.replace(&first().constant()?, &args.positional.get(1)?.0.constant()?), at)),
            "startswith" => Some(Value::Bool(receiver.constant()?.starts_with(&first().constant()?))),
            "endswith" => Some(Value::Bool(receiver.constant()?.ends_with(&first().constant()?))),
            "split" => {
                let (text, by) = (receiver.constant()?, first());
                let parts: Vec<_> = match by {
                    Value::Unknown if args.positional.is_empty() => text.split_whitespace().map(|p| Value::text(p, at)).collect(),
                    by => text.split(&by.constant()?).map(|p| Value::text(p, at)).collect(),
                };
                Some(Value::list(parts, false))
            }
            _ => None,
        },
        Value::List(l) => {
            match name {
                "append" | "add" => {
                    let doubt = m.uncertain();
                    let mut l = l.borrow_mut();
                    if doubt { l.open = true } else { l.items.push(first()) }
                }
                "extend" | "update" => {
                    let (items, open) = m.iterate(&first()).unwrap_or((Vec::new(), true));
                    let mut l = l.borrow_mut();
                    l.items.extend(items);
                    l.open |= open;
                }
                "copy" => return Some(Value::list(l.borrow().items.clone(), l.borrow().open)),
                "pop" if args.positional.is_empty() => return l.borrow_mut().items.pop(),
                "issubset" | "issuperset" => return None,
                "union" => {
                    let (more, o) = m.iterate(&first()).unwrap_or((Vec::new(), true));
                    let l = l.borrow();
                    return Some(Value::list(l.items.iter().cloned().chain(more).collect(), l.open || o));
                }
                "difference" => {
                    let (less, _) = m.iterate(&first())?;
                    let l = l.borrow();
                    return Some(Value::list(l.items.iter().filter(|x| !less.iter().any(|y| x.equals(y) == Some(true))).cloned().collect(), l.open));
                }
                _ => l.borrow_mut().open = true,
            }
            Some(Value::None)
        }
        Value::Dict(d) => match name {
            "get" => match d.borrow().get(&first()) {
                Ok(Some(v)) => Some(v),
                Ok(None) => Some(args.positional.get(1).map_or(Value::None, |a| a.0.clone())),
                Err(()) => Some(Value::Unknown),
            },
            "items" => {
                let d = d.borrow();
                Some(Value::list(d.entries.iter().map(|(k, v)| Value::Tuple(Rc::new(vec![k.clone(), v.clone()]))).collect(), d.open))
            }
            "keys" => Some(Value::list(d.borrow().entries.iter().map(|e| e.0.clone()).collect(), d.borrow().open)),
            "values" => Some(Value::list(d.borrow().entries.iter().map(|e| e.1.clone()).collect(), d.borrow().open)),
            "copy" => Some(Value::dict(d.borrow().entries.clone(), d.borrow().open)),
            "update" => {
                if let Value::Dict(other) = first() {
                    let entries = other.borrow().entries.clone();
                    let mut d = d.borrow_mut();
                    for (k, v) in entries {
                        d.set(k, v);
                    }
                } else {
                    d.borrow_mut().open = true;
                }
                Some(Value::None)
            }
            _ => {
                d.borrow_mut().open = true;
                None
            }
        },
        Value::Path(p) => super::paths::method(m, p, name, args, at),
        Value::Tuple(_) | Value::None | Value::Bool(_) | Value::Int(_) | Value::Unknown => None,
        _ => None,
    }
}
