//! Type annotations: what an instance of the annotated type is.

use std::sync::Arc;

use crate::symbol::Symbol;

use crate::syntax::python::{Expr, ExprKind};

use super::eval::Evaluator;
use super::libraries;
use super::value::Value;

/// Generic types whose instances are looped over for instances of the first parameter.
const MANY: &[&str] = &[
    "list",
    "List",
    "set",
    "Set",
    "frozenset",
    "FrozenSet",
    "Sequence",
    "MutableSequence",
    "Iterable",
    "Iterator",
    "Collection",
    "Generator",
    "AsyncGenerator",
    "AsyncIterator",
    "AsyncIterable",
    "deque",
    "Deque",
    "AbstractSet",
    "QuerySet",
    "ScalarResult",
    "Page",
    "Query",
    "RelatedManager",
    "Manager",
];

/// Generic types that stand for their (last or only) parameter.
const TRANSPARENT: &[&str] =
    &["Optional", "Annotated", "Awaitable", "Final", "ClassVar", "Required", "NotRequired", "ReadOnly", "Mapped", "WriteOnlyMapped", "InstrumentedAttribute"];

impl<'a> Evaluator<'_, 'a> {
    /// What an instance of an annotation is.
    pub fn annotation(&mut self, e: &'a Expr) -> Value<'a> {
        match &e.kind {
            ExprKind::None => Value::None,
            ExprKind::Str(lit) => lit.constant().map_or(Value::Unknown, |text| self.annotation_text(&text, 0)),
            ExprKind::Subscript(s) => {
                let base = self.eval(&s.0);
                if let Value::Class(c) = base {
                    return Value::Instance(c);
                }
                self.generic(&base, &s.1)
            }
            ExprKind::Binary(b) => {
                let (l, r) = (self.annotation(&b.0), self.annotation(&b.2));
                Value::union([l, r])
            }
            _ => {
                let v = self.eval(e);
                self.instance_of(&v)
            }
        }
    }

    /// The instance of a type given as a value.
    pub fn instance_of(&mut self, v: &Value<'a>) -> Value<'a> {
        match v {
            Value::Class(c) => Value::Instance(*c),
            Value::External(p) => external_instance(*p),
            Value::Type(inner) => (**inner).clone(),
            Value::Union(all) => {
                let all: Vec<_> = all.iter().map(|v| self.instance_of(v)).collect();
                Value::union(all)
            }
            Value::None => Value::None,
            Value::Object(o) if super::generics::is_variable(v) => self.constraint(&o.clone()),
            _ => Value::Unknown,
        }
    }

    /// An instance of `base[index]`.
    pub(super) fn generic(&mut self, base: &Value<'a>, index: &'a Expr) -> Value<'a> {
        let Some(path) = base.external() else { return Value::Unknown };
        let name = path.rsplit('.').next().unwrap_or_default();
        let args: &'a [Expr] = match &index.kind {
            ExprKind::Tuple(items) => items,
            _ => std::slice::from_ref(index),
        };
        if TRANSPARENT.contains(&name) {
            let first = args.first().map_or(Value::Unknown, |a| self.annotation(a));
            // `Annotated[Session, Depends(get_session)]`: the function knows better where the type says nothing.
            if name == "Annotated"
                && first.is_unknown()
                && let Some(second) = args.get(1)
            {
                return self.eval(second);
            }
            return if name == "Optional" { Value::union([first, Value::None]) } else { first };
        }
        match name {
            "Union" => {
                let all: Vec<_> = args.iter().map(|a| self.annotation(a)).collect();
                Value::union(all)
            }
            "dict" | "Dict" | "Mapping" | "MutableMapping" | "defaultdict" | "DefaultDict" | "OrderedDict" => {
                let all: Vec<_> = args.iter().map(|a| self.annotation(a)).collect();
                match <[Value<'a>; 2]>::try_from(all) {
                    Ok([k, v]) if !v.is_unknown() || matches!(k, Value::Instance(_)) => Value::Mapping(Arc::new((k, v))),
                    _ => Value::object(Symbol::from(path)),
                }
            }
            "Coroutine" => args.last().map_or(Value::Unknown, |a| self.annotation(a)),
            "type" | "Type" => args.first().map_or(Value::Unknown, |a| match self.annotation(a) {
                Value::Instance(c) => Value::Class(c),
                Value::Union(all) => Value::union(all.iter().map(|v| if let Value::Instance(c) = v { Value::Class(*c) } else { Value::Unknown })),
                _ => Value::Unknown,
            }),
            "tuple" | "Tuple" => {
                if args.get(1).is_some_and(|a| matches!(a.kind, ExprKind::Ellipsis)) {
                    let v = self.annotation(&args[0]);
                    return Value::list_of(v);
                }
                let all: Vec<_> = args.iter().map(|a| self.annotation(a)).collect();
                Value::Tuple(Arc::new(all))
            }
            _ if MANY.contains(&name) => {
                let v = args.first().map_or(Value::Unknown, |a| self.annotation(a));
                self.many(name, v, args.len())
            }
            _ => Value::object(Symbol::from(path)),
        }
    }

    /// Something to loop over by its type's name, what a turn of the loop gives, and how many parameters the type has. Django's have rules of their own.
    fn many(&self, name: &str, of: Value<'a>, parameters: usize) -> Value<'a> {
        match of {
            Value::Instance(c) if matches!(name, "QuerySet" | "Manager" | "RelatedManager") => {
                libraries::django::annotated(self, c, parameters).unwrap_or_else(|| Value::list_of(of))
            }
            of => Value::list_of(of),
        }
    }

    /// An annotation written as a string: dotted names, `X | Y`, `Name[...]`.
    pub(super) fn annotation_text(&mut self, text: &str, depth: usize) -> Value<'a> {
        let text = text.trim();
        if depth > 8 || text.len() > 400 {
            return Value::Unknown;
        }
        let alternatives = split_top(text, '|');
        if alternatives.len() > 1 {
            let all: Vec<_> = alternatives.iter().map(|t| self.annotation_text(t, depth + 1)).collect();
            return Value::union(all);
        }
        if text == "None" {
            return Value::None;
        }
        let text = text.trim_matches(['"', '\'']);
        if let Some((name, rest)) = text.split_once('[') {
            let Some(inner) = rest.strip_suffix(']') else { return Value::Unknown };
            let last = name.trim().rsplit('.').next().unwrap_or_default();
            let args = split_top(inner, ',');
            return match last {
                "Union" => {
                    let all: Vec<_> = args.iter().map(|t| self.annotation_text(t, depth + 1)).collect();
                    Value::union(all)
                }
                "type" | "Type" => match self.annotation_text(inner, depth + 1) {
                    Value::Instance(c) => Value::Class(c),
                    _ => Value::Unknown,
                },
                "tuple" | "Tuple" => {
                    let all: Vec<_> = args.iter().map(|t| self.annotation_text(t, depth + 1)).collect();
                    Value::Tuple(Arc::new(all))
                }
                _ if TRANSPARENT.contains(&last) => args.first().map_or(Value::Unknown, |t| self.annotation_text(t, depth + 1)),
                _ if MANY.contains(&last) => {
                    let v = args.first().map_or(Value::Unknown, |t| self.annotation_text(t, depth + 1));
                    self.many(last, v, args.len())
                }
                _ => self.annotation_text(name, depth + 1),
            };
        }
        let v = self.dotted(text);
        self.instance_of(&v)
    }

    /// The value of a dotted name given as text, in this scope.
    pub fn dotted(&mut self, text: &str) -> Value<'a> {
        let mut parts = text.split('.');
        let Some(first) = parts.next().filter(|p| !p.is_empty()) else { return Value::Unknown };
        let first = Symbol::from(first.trim());
        let mut v = match self.env.get(&first) {
            Some(v) => v.clone(),
            None => {
                let mut trail = std::mem::take(&mut self.trail);
                let v = self.world.global_on(self.place.file, first, &mut trail);
                self.trail = trail;
                v
            }
        };
        for p in parts {
            v = self.plain_attribute(&v, Symbol::from(p.trim()));
        }
        v
    }
}

fn external_instance<'a>(path: Symbol) -> Value<'a> {
    match path.as_str() {
        "builtins.str" | "builtins.int" | "builtins.float" | "builtins.bool" | "builtins.bytes" | "typing.Any" | "builtins.object" => Value::Unknown,
        p if p.starts_with("builtins.") || p.starts_with("typing.") => Value::Unknown,
        _ => Value::object(path),
    }
}

/// Splits at a separator outside brackets.
pub(super) fn split_top(text: &str, separator: char) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0_i32, 0);
    for (at, c) in text.char_indices() {
        match c {
            '[' | '(' => depth += 1,
            ']' | ')' => depth -= 1,
            c if c == separator && depth == 0 => {
                parts.push(&text[start..at]);
                start = at + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}
