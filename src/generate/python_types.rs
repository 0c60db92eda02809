//! PostgreSQL types in Python's words.

use std::collections::BTreeSet;

use crate::schema::types::{self, TypeRef};
use crate::schema::{QualifiedName, Schema};

/// What a column's values are in Python.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PythonType {
    /// The annotation.
    pub annotation: String,
    /// Longest text, where the type limits it.
    pub max_length: Option<u32>,
    /// Precision and scale of a `numeric`.
    pub digits: Option<(u32, u32)>,
}

impl PythonType {
    fn plain(annotation: impl Into<String>) -> Self {
        Self { annotation: annotation.into(), max_length: None, digits: None }
    }
}

/// Looks a user's type up by the name the lock writes for it.
pub fn user_type<'s, T>(schema: &'s Schema, map: &'s std::collections::BTreeMap<QualifiedName, T>, ty: &TypeRef) -> Option<(&'s QualifiedName, &'s T)> {
    schema.find(map, ty.schema.as_deref(), &ty.name)
}

/// The Python type of a column type, and the modules its annotation needs. Domains are their base type; composites `dict[str, typing.Any]`.
pub fn python(schema: &Schema, text: &str, enums: &dyn Fn(&QualifiedName) -> String, modules: &mut BTreeSet<&'static str>) -> PythonType {
    python_at(schema, text, enums, modules, 0)
}

fn python_at(schema: &Schema, text: &str, enums: &dyn Fn(&QualifiedName) -> String, modules: &mut BTreeSet<&'static str>, depth: u32) -> PythonType {
    let Some(ty) = types::parse(text) else {
        modules.insert("typing");
        return PythonType::plain("typing.Any");
    };
    // A domain over a domain over…: PostgreSQL allows no circle, a hand-written lock might.
    if depth < 16
        && !ty.builtin
        && let Some((_, domain)) = user_type(schema, &schema.domains, &ty)
    {
        let base = python_at(schema, &domain.base, enums, modules, depth + 1);
        return if ty.array { PythonType::plain(format!("list[{}]", base.annotation)) } else { base };
    }
    let number = |n: usize| ty.modifiers.get(n).and_then(|m| m.parse::<u32>().ok());
    let mut module = |name: &'static str, rest: &str| {
        modules.insert(name);
        PythonType::plain(format!("{name}.{rest}"))
    };
    let one = match ty.name.as_str() {
        "integer" | "bigint" | "smallint" | "oid" if ty.builtin => PythonType::plain("int"),
        "numeric" => PythonType { digits: number(0).zip(number(1)), ..module("decimal", "Decimal") },
        "real" | "double precision" => PythonType::plain("float"),
        "boolean" => PythonType::plain("bool"),
        "varchar" | "char" => PythonType { max_length: number(0), ..PythonType::plain("str") },
        "text" | "bpchar" | "name" | "citext" | "xml" | "money" | "tsvector" | "tsquery" | "bit" | "varbit" | "macaddr" | "macaddr8" | "ltree" => {
            PythonType::plain("str")
        }
        "uuid" => module("uuid", "UUID"),
        "date" => module("datetime", "date"),
        "time" | "timetz" => module("datetime", "time"),
        "timestamp" | "timestamptz" => module("datetime", "datetime"),
        "interval" => module("datetime", "timedelta"),
        "bytea" => PythonType::plain("bytes"),
        "inet" => {
            modules.insert("ipaddress");
            PythonType::plain("ipaddress.IPv4Interface | ipaddress.IPv6Interface")
        }
        "cidr" => {
            modules.insert("ipaddress");
            PythonType::plain("ipaddress.IPv4Network | ipaddress.IPv6Network")
        }
        "vector" | "halfvec" => PythonType::plain("list[float]"),
        "hstore" => PythonType::plain("dict[str, str | None]"),
        _ if !ty.builtin && user_type(schema, &schema.enums, &ty).is_some() => {
            let name = user_type(schema, &schema.enums, &ty).map(|(n, _)| enums(n)).unwrap_or_default();
            PythonType::plain(name)
        }
        _ => module("typing", "Any"),
    };
    if ty.array { PythonType::plain(format!("list[{}]", one.annotation)) } else { one }
}
