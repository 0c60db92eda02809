//! Enums: Python's classes and their members, and the types that SQLAlchemy makes of them.

use crate::symbol::Symbol;

use super::super::eval::Evaluator;
use super::super::index::{Binding, ClassId, FunctionId};
use super::super::text::Text;
use super::super::value::Value;
use super::declared::{Arguments, SqlType};
use super::types;

/// A member of an enum class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnumMember {
    /// Its name.
    pub name: Symbol,
    /// Its value, where it is a known text.
    pub value: Option<String>,
}

/// Whether a class is an enum.
pub fn is_enum(ev: &Evaluator<'_, '_>, class: ClassId) -> bool {
    ev.world.lineage(class).is_some_and(|l| {
        l.outside.iter().any(|v| v.external().is_some_and(|p| matches!(p, "enum.Enum" | "enum.StrEnum" | "enum.IntEnum" | "enum.Flag" | "enum.IntFlag")))
            || l.outside.iter().any(|v| v.external().is_some_and(|p| matches!(types::last(p), "StrEnum" | "IntEnum" | "TextChoices" | "IntegerChoices")))
    })
}

/// The members of an enum class in order; `None` where its body holds something that is not understood.
pub fn members(ev: &mut Evaluator<'_, '_>, class: ClassId) -> Option<Vec<EnumMember>> {
    let world = ev.world;
    let lineage = world.lineage(class)?;
    let strings = lineage.outside.iter().any(|v| v.external().is_some_and(|p| types::last(p) == "StrEnum"));
    let mut out = Vec::new();
    // An enum with members cannot be derived from, so they all stand in one class; those behind it give methods.
    for &c in &lineage.mro {
        let def = world.index.class(c);
        for &name in &def.order {
            let Some(bindings) = def.names.get(&name) else { continue };
            if name.as_str().starts_with('_') {
                continue;
            }
            match bindings.as_slice() {
                [Binding::Value { .. }] => {
                    let v = ev.plain_attribute(&Value::Class(c), name);
                    let value = match &v {
                        Value::Tuple(t) => t.first().and_then(Value::constant).map(std::borrow::Cow::into_owned),
                        Value::Object(o) if types::last(&o.path) == "auto" && strings => Some(name.as_str().to_lowercase()),
                        v => v.text().and_then(Text::constant).map(std::borrow::Cow::into_owned),
                    };
                    out.push(EnumMember { name, value });
                }
                [Binding::Function(_) | Binding::Class(_) | Binding::Declared { .. }, ..] | [] => {}
                _ => return None,
            }
        }
    }
    Some(out)
}

/// `Enum(...)`: of a class, or of labels.
pub fn constructed(ev: &mut Evaluator<'_, '_>, args: &Arguments<'_>) -> SqlType {
    let first = args.positional().next().map(|a| a.value.clone()).or_else(|| args.keyword("enums").map(|a| a.value.clone()));
    let native = !matches!(args.keyword("native_enum").map(|a| &a.value), Some(Value::Bool(false)));
    let name = args.keyword("name").map(|a| &a.value);
    let schema = args.keyword("schema").and_then(|a| a.value.constant()).map(|s| format!("{s}.")).unwrap_or_default();
    let named = |fallback: Option<String>| match name {
        Some(v) => v.constant().map(std::borrow::Cow::into_owned),
        None => fallback,
    };
    // `Enum(enum.Enum, …)` in a type map: a rule for all enums.
    if let Some(Value::External(_)) = first {
        let by_value = args.keyword("values_callable").is_some();
        let text = if native { None } else { Some("varchar".to_owned()) };
        return SqlType { text, by_value, is_enum: true, ..SqlType::default() };
    }
    if let Some(Value::Class(c)) = first {
        let text = named(Some(ev.world.index.class(c).node.name.as_str().to_lowercase()));
        let labels = match args.keyword("values_callable") {
            None => members(ev, c).map(|all| all.iter().map(|m| m.name.as_str().to_owned()).collect()),
            Some(f) => values_by(ev, c, &f.value),
        };
        if !native {
            return varchar(args, labels);
        }
        return SqlType {
            text: text.map(|t| format!("{schema}{t}")),
            labels,
            enum_class: Some(c),
            by_value: args.keyword("values_callable").is_some(),
            is_enum: true,
        };
    }
    let labels: Option<Vec<String>> = match first {
        // `Enum(*LABELS)` is laid out already; `Enum(["a", "b"])` is read the same way.
        Some(Value::List(_) | Value::Tuple(_)) => super::super::fold::items(&first.unwrap_or_default(), ev.at(crate::source::Span::default()))
            .and_then(|all| all.iter().map(|v| v.constant().map(std::borrow::Cow::into_owned)).collect()),
        Some(Value::External(_)) | None => None,
        _ if args.open => None,
        _ => args.positional().map(|a| a.value.constant().map(std::borrow::Cow::into_owned)).collect(),
    };
    if !native {
        return varchar(args, labels);
    }
    SqlType { text: named(None).map(|t| format!("{schema}{t}")), labels, is_enum: true, ..SqlType::default() }
}

/// An enum kept as text: as long as its longest label.
fn varchar(args: &Arguments<'_>, labels: Option<Vec<String>>) -> SqlType {
    let given = args.keyword("length").and_then(|a| if let Value::Int(n) = a.value { Some(n) } else { None });
    let length = given.or_else(|| labels.as_ref().and_then(|all| i64::try_from(all.iter().map(|l| l.chars().count()).max()?).ok()));
    SqlType { text: Some(length.map_or_else(|| "varchar".to_owned(), |n| format!("varchar({n})"))), is_enum: true, ..SqlType::default() }
}

/// Labels by `values_callable`. Nearly all of them list the members' values; one that does not is not understood.
fn values_by(ev: &mut Evaluator<'_, '_>, class: ClassId, callable: &Value<'_>) -> Option<Vec<String>> {
    let source = match callable {
        Value::Lambda(l) => ev.world.sources.get(l.file).slice(l.node.1.span).to_owned(),
        Value::Function(f) => body_text(ev, *f)?,
        Value::Method(m) => body_text(ev, m.1)?,
        _ => return None,
    };
    let all = members(ev, class)?;
    if source.contains(".value") {
        return all.into_iter().map(|m| m.value).collect();
    }
    if source.contains(".name") {
        return Some(all.into_iter().map(|m| m.name.as_str().to_owned()).collect());
    }
    None
}

fn body_text(ev: &Evaluator<'_, '_>, f: FunctionId) -> Option<String> {
    let def = ev.world.index.function(f);
    Some(ev.world.sources.get(def.file).slice(def.node.body.last()?.span).to_owned())
}
