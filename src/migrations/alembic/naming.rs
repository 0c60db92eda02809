//! Names that SQLAlchemy gives to constraints by the naming convention of the metadata.

use super::Alembic;
use super::columns::last;
use crate::migrations::python::{Machine, Value};
use crate::migrations::sqltext::Name;
use crate::project::digest::by_sqlalchemy;

/// The `naming_convention` of a metadata, as far as it can be seen.
pub fn convention<'a>(m: &mut Machine<'_, 'a, Alembic<'a>>, target: &Value<'a>) -> Vec<(String, String)> {
    let Some(metadata) = metadata(m, target, 0) else { return Vec::new() };
    let Some(Value::Dict(d)) = metadata.made().and_then(|made| made.args.keyword("naming_convention").cloned()) else { return Vec::new() };
    d.borrow().entries.iter().filter_map(|(k, v)| Some((k.constant()?, v.constant()?))).collect()
}

/// The call of `MetaData` behind what `env.py` says.
pub fn metadata<'a>(m: &mut Machine<'_, 'a, Alembic<'a>>, value: &Value<'a>, depth: usize) -> Option<Value<'a>> {
    if depth > 8 {
        return None;
    }
    match value {
        Value::List(_) | Value::Tuple(_) => {
            let members = m.members_of(value);
            members.first().and_then(|v| metadata(m, v, depth + 1))
        }
        Value::Made(made) => {
            if let Some(given) = made.args.keyword("metadata").cloned() {
                return metadata(m, &given, depth + 1);
            }
            if last(made.path.as_str()) == "MetaData" {
                // `Base.metadata` of a class that does not set it: its bases may.
                let class = made.args.positional.first().map(|c| c.0.clone());
                return match class {
                    Some(Value::Class(c)) => c.bases.iter().find_map(|b| {
                        let inherited = m.attribute_of(b, "metadata");
                        if matches!(b, Value::Class(_) | Value::Made(_)) { metadata(m, &inherited, depth + 1) } else { None }
                    }),
                    _ => Some(value.clone()),
                };
            }
            made.receiver.as_ref().and_then(|r| metadata(m, r, depth + 1))
        }
        _ => None,
    }
}

impl Alembic<'_> {
    /// The name that the convention gives; `None` where it leaves it to the server.
    pub fn conventional(&self, kind: &str, table: &str, columns: &[Name], referred: Option<&str>) -> Option<String> {
        let pattern = self.convention.iter().find(|c| c.0 == kind).map(|c| c.1.as_str());
        let pattern = pattern.or((kind == "ix").then_some("ix_%(column_0_label)s"))?;
        let first = columns.first().map(|c| c.text.as_str());
        let joined = |between: &str| columns.iter().map(|c| c.text.as_str()).collect::<Vec<_>>().join(between);
        let mut out = String::new();
        let mut rest = pattern;
        while let Some(n) = rest.find("%(") {
            out.push_str(&rest[..n]);
            let end = rest[n..].find(")s")? + n;
            match &rest[n + 2..end] {
                "table_name" => out.push_str(table),
                "column_0_name" | "column_0_key" => out.push_str(first?),
                "column_0_label" => {
                    out.push_str(table);
                    out.push('_');
                    out.push_str(first?);
                }
                "column_0_N_name" | "column_0_N_key" => out.push_str(&joined("_")),
                "column_0N_name" | "column_0N_key" => out.push_str(&joined("")),
                "referred_table_name" => out.push_str(referred?),
                _ => return None,
            }
            rest = &rest[end + 2..];
        }
        out.push_str(rest);
        Some(by_sqlalchemy(&out))
    }

    /// The name of a check constraint: a convention puts its own words around the one given.
    pub fn check_name(&self, given: Name, table: &str) -> Name {
        let Some((_, pattern)) = self.convention.iter().find(|c| c.0 == "ck") else { return given };
        let full = pattern.replace("%(table_name)s", table).replace("%(constraint_name)s", &given.text);
        let prefix = pattern.replace("%(table_name)s", table);
        let prefix = prefix.split("%(").next().unwrap_or_default();
        if full.contains("%(") || (!prefix.is_empty() && given.text.starts_with(prefix)) { given } else { Name { text: full, at: given.at } }
    }
}
