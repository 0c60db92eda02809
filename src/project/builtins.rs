//! Python's own functions and the methods of its containers.

use std::sync::Arc;

use crate::syntax::python::{ArgKind, Call, Expr, ExprKind, For, Ident, Stmt, StmtKind};

use super::eval::{Args, Evaluator};
use super::strings;
use super::text::Text;
use super::value::{Dict, DictEntry, List, Value};

/// A method of a string or container. A container that the method changes is bound again to the name it is known by.
pub fn method<'a>(ev: &mut Evaluator<'_, 'a>, receiver: &'a Expr, value: &Value<'a>, name: Ident, call: &'a Call, args: &Args<'a>) -> Option<Value<'a>> {
    match value {
        Value::Str(t) => strings::method(ev, t, name.as_str(), call, args),
        Value::Union(all) if strings::statement(value).is_some() => {
            let each: Option<Vec<_>> = all.iter().map(|one| strings::method(ev, one.text()?, name.as_str(), call, args)).collect();
            each.map(Value::union)
        }
        Value::List(l) => {
            let mut list = (**l).clone();
            match name.as_str() {
                "append" | "add" | "insert" => list.items.push(args.values.last().cloned().unwrap_or_default()),
                "extend" | "update" => match args.values.first() {
                    Some(Value::List(more)) => {
                        list.items.extend(more.items.iter().cloned());
                        list.rest = list.rest.or_else(|| more.rest.clone());
                    }
                    Some(Value::Tuple(more)) => list.items.extend(more.iter().cloned()),
                    other => list.rest = Some(other.map_or(Value::Unknown, |v| super::libraries::element(ev, v))),
                },
                "copy" => return Some(value.clone()),
                "pop" => return Some(value.element()),
                _ => return None,
            }
            // A list filled in a loop is remembered by what it holds, not by how often.
            if list.items.len() > 64 {
                list.items.truncate(64);
                list.rest.get_or_insert(Value::Unknown);
            }
            rebind(ev, receiver, Value::List(Arc::new(list)));
            Some(Value::None)
        }
        Value::Dict(d) => dict_method(ev, receiver, d, name.as_str(), call, args),
        Value::Mapping(m) => match name.as_str() {
            "get" => Some(Value::union([m.1.clone(), args.positional(call, 1).cloned().unwrap_or(Value::None)])),
            "pop" | "setdefault" | "popleft" => Some(m.1.clone()),
            "items" => Some(Value::list_of(Value::Tuple(Arc::new(vec![m.0.clone(), m.1.clone()])))),
            "values" => Some(Value::list_of(m.1.clone())),
            "keys" => Some(Value::list_of(m.0.clone())),
            "copy" => Some(value.clone()),
            _ => None,
        },
        Value::Union(all)
            if all.iter().all(|v| matches!(v, Value::Dict(_)))
                && matches!(name.as_str(), "get" | "items" | "values" | "keys" | "copy" | "update" | "setdefault" | "pop") =>
        {
            let all: Vec<_> = all.iter().filter_map(|v| method(ev, receiver, v, name, call, args)).collect();
            Some(Value::union(all))
        }
        _ => None,
    }
}

fn dict_method<'a>(ev: &mut Evaluator<'_, 'a>, receiver: &'a Expr, d: &Arc<Dict<'a>>, name: &str, call: &'a Call, args: &Args<'a>) -> Option<Value<'a>> {
    let key = |n: usize| args.positional(call, n).and_then(Value::constant);
    Some(match name {
        "get" | "pop" | "setdefault" => {
            let found = key(0).and_then(|k| d.get(&k).map(|e| e.value.clone()));
            match (name, key(0)) {
                ("pop", _) => {
                    if let Some(key) = args.positional(call, 0) {
                        popped(ev, receiver, d, key);
                    }
                }
                ("setdefault", Some(_)) => {
                    if let (Some(Value::Str(t)), Some(value)) = (args.positional(call, 0), args.positional(call, 1)) {
                        put(ev, receiver, d, t, value.clone(), call.positional(1));
                    }
                }
                _ => {}
            }
            found.unwrap_or_default()
        }
        "items" => {
            let pairs = d.entries.iter().map(|e| Value::Tuple(Arc::new(vec![Value::Str(e.key.clone()), e.value.clone()]))).collect();
            Value::List(Arc::new(List { items: pairs, rest: d.open.then(|| Value::Tuple(Arc::new(vec![Value::Unknown, Value::Unknown]))) }))
        }
        "values" => Value::List(Arc::new(List { items: d.entries.iter().map(|e| e.value.clone()).collect(), rest: d.open.then_some(Value::Unknown) })),
        "keys" => Value::List(Arc::new(List { items: d.entries.iter().map(|e| Value::Str(e.key.clone())).collect(), rest: d.open.then_some(Value::Unknown) })),
        "copy" => Value::Dict(Arc::new((**d).clone())),
        "update" => {
            let mut dict = (**d).clone();
            let more = dict_of(ev, call, args);
            dict.entries.extend(more.entries);
            dict.open |= more.open;
            super::alias::changed(ev, receiver, d, dict);
            Value::None
        }
        _ => return None,
    })
}

/// The dict that `dict(...)` or `.update(...)` is given: a mapping, keywords, spreads.
fn dict_of<'a>(ev: &mut Evaluator<'_, 'a>, call: &'a Call, args: &Args<'a>) -> Dict<'a> {
    let mut dict = Dict::default();
    for (a, v) in call.args.iter().zip(&args.values) {
        match (a.kind, v) {
            (ArgKind::Keyword(k), v) => dict.entries.push(DictEntry {
                key: Text::made(k.as_str(), ev.at(k.span())),
                at: ev.at(k.span()),
                value: v.clone(),
                expr: Some((ev.place.file, &a.value)),
                conditional: false,
            }),
            (ArgKind::Positional | ArgKind::DoubleSpread, Value::Dict(more)) => {
                dict.entries.extend(more.entries.iter().cloned());
                dict.open |= more.open;
            }
            _ => dict.open = true,
        }
    }
    dict
}

/// `a | b` of two dicts.
pub fn merged<'a>(a: &Value<'a>, b: &Value<'a>) -> Value<'a> {
    let (Value::Dict(a), Value::Dict(b)) = (a, b) else { return Value::Unknown };
    let entries = a.entries.iter().chain(&b.entries).cloned().collect();
    Value::Dict(Arc::new(Dict { entries, open: a.open || b.open }))
}

/// `d[key] = value`
pub fn put<'a>(ev: &mut Evaluator<'_, 'a>, receiver: &'a Expr, d: &Arc<Dict<'a>>, key: &Text<'a>, value: Value<'a>, expr: Option<&'a Expr>) {
    let mut dict = (**d).clone();
    let at = key.location().or_else(|| expr.map(|e| ev.at(e.span)));
    match at {
        Some(at) if !key.has_hole() => dict.entries.push(DictEntry { key: key.clone(), at, value, expr: expr.map(|e| (ev.place.file, e)), conditional: false }),
        _ => dict.open = true,
    }
    super::alias::changed(ev, receiver, d, dict);
}

/// Binds a changed container to the name it is known by.
pub fn rebind<'a>(ev: &mut Evaluator<'_, 'a>, receiver: &'a Expr, value: Value<'a>) {
    if let ExprKind::Name(n) = receiver.kind
        && ev.env.contains_key(&n)
    {
        ev.env.insert(n, value);
    }
}

/// `del row["key"]`
pub fn deleted<'a>(ev: &mut Evaluator<'_, 'a>, target: &'a Expr) {
    let ExprKind::Subscript(s) = &target.kind else { return };
    let (receiver, key) = (ev.eval(&s.0), ev.eval(&s.1));
    if let Value::Dict(d) = &receiver
        && key.alternatives().iter().all(|k| k.constant().is_some())
    {
        popped(ev, &s.0, d, &key);
    }
    // `del names[0]`
    if let Value::List(l) = &receiver {
        let mut list = (**l).clone();
        match (&key, list.rest.is_none()) {
            (Value::Int(n), true) if usize::try_from(*n).is_ok_and(|n| n < list.items.len()) => {
                list.items.remove(usize::try_from(*n).unwrap_or_default());
            }
            _ => list = List { items: Vec::new(), rest: Some(Value::Unknown) },
        }
        rebind(ev, &s.0, Value::List(Arc::new(list)));
    }
}

/// `row.pop(key)`, `del row[key]`, where the key may be one of several: any of them may be gone. A key that is not known may be each.
fn popped<'a>(ev: &mut Evaluator<'_, 'a>, receiver: &'a Expr, d: &Arc<Dict<'a>>, key: &Value<'a>) {
    let keys: Vec<_> = key.alternatives().iter().map(|k| k.constant().map(std::borrow::Cow::into_owned)).collect();
    let mut dict = (**d).clone();
    if keys.iter().any(Option::is_none) {
        dict.entries.clear();
        dict.open = true;
    }
    dict.entries.retain(|e| e.key.constant().is_none_or(|have| !keys.iter().flatten().any(|k| *k == have)));
    super::alias::changed(ev, receiver, d, dict);
}

/// `for row in rows: row.pop("x")`: what a loop takes out of the dicts of a list is gone behind it. Whether that was for each of them is not known.
pub fn taken_out_in_loop<'a>(ev: &mut Evaluator<'_, 'a>, f: &'a For) {
    let (ExprKind::Name(list), ExprKind::Name(row)) = (&f.iter.kind, &f.target.kind) else { return };
    let Some(Value::List(held)) = ev.env.get(list) else { return };
    let mut gone = Vec::new();
    let mut visit = |e: &'a Expr| {
        if let ExprKind::Call(c) = &e.kind
            && let ExprKind::Attribute(a) = &c.func.kind
            && a.attr.as_str() == "pop"
            && matches!(a.value.kind, ExprKind::Name(n) if n == *row)
            && let Some(ExprKind::Str(key)) = c.positional(0).map(|k| &k.kind)
        {
            gone.extend(key.constant());
        }
    };
    f.body.iter().for_each(|s| s.each(&mut |s| s.each_expr(&mut |e| e.each(&mut visit))));
    if gone.is_empty() {
        return;
    }
    let mut kept = (**held).clone();
    for item in kept.items.iter_mut().chain(kept.rest.as_mut()) {
        if let Value::Dict(d) = item {
            let dict = Arc::make_mut(d);
            dict.entries.retain(|e| e.key.constant().is_none_or(|k| !gone.contains(&k)));
            dict.open = true;
        }
    }
    rebind(ev, &f.iter, Value::List(Arc::new(kept)));
}

/// `for key in keys: row.pop(key)`, `… del row[key]`: what a loop over keys takes out of a dict is gone behind it.
pub fn taken_out_by_loop<'a>(ev: &mut Evaluator<'_, 'a>, f: &'a For, keys: &Value<'a>) {
    let ExprKind::Name(key) = f.target.kind else { return };
    if !ev.env.iter().any(|(_, v)| matches!(v, Value::Dict(_))) {
        return;
    }
    let is_key = |e: &Expr| matches!(e.kind, ExprKind::Name(n) if n == key);
    let mut dicts: Vec<&'a Expr> = Vec::new();
    let mut visit = |s: &'a Stmt| {
        if let StmtKind::Delete(targets) = &s.kind {
            dicts.extend(targets.iter().filter_map(|t| if let ExprKind::Subscript(t) = &t.kind { is_key(&t.1).then_some(&t.0) } else { None }));
        }
        s.each_expr(&mut |e| {
            e.each(&mut |e| {
                if let ExprKind::Call(c) = &e.kind
                    && let ExprKind::Attribute(a) = &c.func.kind
                    && a.attr.as_str() == "pop"
                    && !is_key(&a.value)
                    && c.positional(0).is_some_and(is_key)
                {
                    dicts.push(&a.value);
                }
            });
        });
    };
    f.body.iter().for_each(|s| s.each(&mut visit));
    for receiver in dicts {
        if let ExprKind::Name(n) = receiver.kind
            && let Some(Value::Dict(d)) = ev.env.get(&n).cloned()
        {
            popped(ev, receiver, &d, keys);
        }
    }
}

/// Python's own functions.
pub fn call<'a>(ev: &mut Evaluator<'_, 'a>, path: &str, call: &'a Call, args: &Args<'a>) -> Option<Value<'a>> {
    let first = || args.positional(call, 0).cloned().unwrap_or_default();
    Some(match path {
        "builtins.dict" => super::libraries::sql_text::zipped_row(ev, call).unwrap_or_else(|| Value::Dict(Arc::new(dict_of(ev, call, args)))),
        "builtins.list" | "builtins.set" | "builtins.sorted" | "builtins.reversed" | "builtins.tuple" | "builtins.frozenset" | "builtins.iter" => match first()
        {
            Value::Unknown if call.args.is_empty() => Value::List(Arc::new(List::default())),
            v @ (Value::List(_) | Value::Tuple(_)) => v,
            v => Value::list_of(super::libraries::element(ev, &v)),
        },
        "builtins.next" | "builtins.max" | "builtins.min" => {
            let v = first();
            let element = super::libraries::element(ev, &v);
            match args.positional(call, 1) {
                Some(default) if path == "builtins.next" => Value::union([element, default.clone()]),
                _ => element,
            }
        }
        "builtins.enumerate" => {
            let v = first();
            let element = super::libraries::element(ev, &v);
            Value::list_of(Value::Tuple(Arc::new(vec![Value::Unknown, element])))
        }
        "builtins.zip" => {
            let all = args.values.iter().map(|v| super::libraries::element(ev, v)).collect();
            Value::list_of(Value::Tuple(Arc::new(all)))
        }
        "builtins.filter" => args.positional(call, 1).cloned().unwrap_or_default(),
        "builtins.getattr" => match args.positional(call, 1) {
            Some(Value::Str(t)) => {
                let name = t.constant()?;
                let at = t.location().map_or(call.positional(1)?.span, |l| l.span);
                let base = first();
                let had = ev.uses.missing_attributes.len();
                let v = ev.attribute(&base, Ident { name: crate::symbol::Symbol::from(&name), span: at });
                // `getattr` is how one asks for what may be missing.
                ev.uses.missing_attributes.truncate(had);
                v
            }
            _ => Value::Unknown,
        },
        "builtins.setattr" => {
            if let (Some(object), Some(names), Some(value)) = (args.positional(call, 0), args.positional(call, 1), args.positional(call, 2)) {
                super::libraries::set_attributes(ev, object, names, value, call);
            }
            Value::None
        }
        "builtins.super" => match (ev.place.class, ev.place.function) {
            // `super(Order, cls)` says at length what `super()` means, unless it names another class.
            (Some(c), Some(_)) if call.args.is_empty() || (call.args.len() == 2 && matches!(first(), Value::Class(f) if f == c)) => {
                Value::object(crate::symbol::Symbol::from(&format!("builtins.super.{}", c.0)))
            }
            _ => Value::Unknown,
        },
        // The function knows what FastAPI will hand over.
        "fastapi.Depends" | "fastapi.Security" | "fastapi.params.Depends" => match first() {
            Value::Function(f) => {
                let yields = ev.world.summary(f).yields.is_some();
                let v = ev.result_of(f);
                if yields { v.element() } else { v }
            }
            Value::Class(c) => Value::Instance(c),
            _ => Value::Unknown,
        },
        "builtins.str" => match first() {
            v @ Value::Str(_) => v,
            Value::Int(n) => Value::Str(Text::made(&n.to_string(), ev.at(call.func.span))),
            _ => Value::Unknown,
        },
        "textwrap.dedent" | "inspect.cleandoc" => first(),
        "copy.copy" | "copy.deepcopy" => super::alias::fresh(&first()),
        "typing.cast" => match call.positional(0) {
            Some(t) => {
                let declared = ev.annotation(t);
                let actual = args.positional(call, 1).cloned().unwrap_or_default();
                // Which keys a row has, its select list knows best; and `cast(datetime, Column(DateTime))` is a column.
                let known = matches!(&actual, Value::Library(l) if l.is_rows() || matches!(l, super::libraries::LibraryValue::Declared(_)));
                if declared.is_unknown() || known { actual } else { declared }
            }
            None => Value::Unknown,
        },
        "importlib.import_module" => match first().constant() {
            Some(path) => match ev.world.index.table.resolve(ev.place.file, 0, &*path) {
                super::modules::ModuleRef::File(f) => Value::Module(f),
                _ => Value::Unknown,
            },
            None => Value::Unknown,
        },
        // An empty default says that something else is meant to stand there.
        "os.getenv" | "os.environ.get" => args.positional(call, 1).filter(|v| v.constant().is_none_or(|text| !text.is_empty())).cloned().unwrap_or_default(),
        p if p.starts_with("builtins.") => Value::Unknown,
        _ => return None,
    })
}
