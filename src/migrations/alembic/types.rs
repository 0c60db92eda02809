//! Column types as migrations write them, in SQL.

use crate::symbol::Symbol;

use super::Alembic;
use super::columns::last;
use crate::migrations::python::{Args, Machine, Value};
use crate::migrations::sqltext::quoted;
use crate::project::models::types::{Rule, simple};

/// A type in SQL.
#[derive(Clone, Debug, Default)]
pub struct SqlType {
    /// As `CREATE TABLE` says it; `None` where not understood.
    pub text: Option<String>,
    /// A native enum that comes with it.
    pub enumeration: Option<Enumeration>,
    /// Whether a sole primary key of this type counts up by itself.
    pub integer: bool,
}

/// A native enum.
#[derive(Clone, Debug)]
pub struct Enumeration {
    /// Its schema, where given.
    pub schema: Option<String>,
    /// Its name.
    pub name: String,
    /// Labels, where known.
    pub labels: Option<Vec<String>>,
    /// Whether the table that uses it creates it.
    pub create: bool,
}

impl Enumeration {
    /// `schema.name` in quotes.
    pub fn sql_name(&self) -> String {
        match &self.schema {
            Some(s) => format!("{}.{}", quoted(s), quoted(&self.name)),
            None => quoted(&self.name),
        }
    }
}

type M<'m, 'a> = Machine<'m, 'a, Alembic<'a>>;

/// The type that a value stands for where a type is expected.
pub fn of_value<'a>(m: &mut M<'_, 'a>, value: &Value<'a>) -> SqlType {
    of_value_at(m, value, 0)
}

fn of_value_at<'a>(m: &mut M<'_, 'a>, value: &Value<'a>, depth: usize) -> SqlType {
    if depth > 8 {
        return SqlType::default();
    }
    match value {
        Value::External(path) => constructed(m, path.as_str(), &Args::default(), depth),
        Value::Made(made) => {
            // `A().with_variant(B, "postgresql")` is B there, and A for any other dialect.
            if last(made.path.as_str()) == "with_variant" {
                let dialects: Vec<_> = made.args.positional.iter().skip(1).filter_map(|a| a.0.constant()).chain(made.args.text(9, "dialect_name")).collect();
                let chosen = if dialects.iter().any(|d| d == "postgresql") { made.args.positional.first().map(|a| &a.0) } else { made.receiver.as_ref() };
                return chosen.map_or_else(SqlType::default, |v| of_value_at(m, v, depth + 1));
            }
            if matches!(last(made.path.as_str()), "evaluates_none" | "copy" | "adapt") {
                return made.receiver.as_ref().map_or_else(SqlType::default, |v| of_value_at(m, v, depth + 1));
            }
            if last(made.path.as_str()) == "Variant" {
                return variant(m, &made.args, depth);
            }
            constructed(m, made.path.as_str(), &made.args, depth)
        }
        Value::Class(_) | Value::Instance(_) => of_class(m, value, depth),
        _ => SqlType::default(),
    }
}

/// `sa.Variant(base, {"postgresql": type})`, of SQLAlchemy 1.x.
fn variant<'a>(m: &mut M<'_, 'a>, args: &Args<'a>, depth: usize) -> SqlType {
    let chosen = match args.get(1, "mapping") {
        Some(Value::Dict(d)) => d.borrow().entries.iter().find(|e| e.0.constant().as_deref() == Some("postgresql")).map(|e| e.1.clone()),
        _ => None,
    };
    chosen.or_else(|| args.get(0, "base").cloned()).map_or_else(SqlType::default, |v| of_value_at(m, &v, depth + 1))
}

fn int(args: &Args<'_>, n: usize, name: &str) -> Option<i64> {
    if let Some(Value::Int(i)) = args.get(n, name) { Some(*i) } else { None }
}

fn constructed<'a>(m: &mut M<'_, 'a>, path: &str, args: &Args<'a>, depth: usize) -> SqlType {
    let name = last(path);
    let plain = |text: String| SqlType { integer: matches!(text.as_str(), "integer" | "bigint" | "smallint"), text: Some(text), enumeration: None };
    let Some(rule) = simple(name) else { return SqlType::default() };
    match rule {
        Rule::Fixed("uuid") if matches!(args.keyword("native_uuid").or_else(|| args.keyword("native")), Some(Value::Bool(false))) => {
            plain("char(32)".to_owned())
        }
        Rule::Fixed("interval") => plain(match (args.text(9, "fields"), int(args, 9, "precision")) {
            (Some(fields), _) => format!("interval {}", fields.to_lowercase()),
            (None, Some(p)) => format!("interval({p})"),
            _ => "interval".to_owned(),
        }),
        Rule::Fixed(text) => plain(text.to_owned()),
        Rule::Length(name) => match args.get(0, "length") {
            Some(Value::Int(n)) => plain(format!("{name}({n})")),
            None | Some(Value::None) => plain(if name == "varchar" { name.to_owned() } else { format!("{name}(1)") }),
            Some(_) => plain(name.to_owned()),
        },
        Rule::Numeric => plain(match (int(args, 0, "precision"), int(args, 1, "scale")) {
            (Some(p), Some(s)) => format!("numeric({p},{s})"),
            (Some(p), None) => format!("numeric({p})"),
            _ => "numeric".to_owned(),
        }),
        Rule::Float => plain(if int(args, 0, "precision").is_some_and(|p| p <= 24) { "real" } else { "double precision" }.to_owned()),
        Rule::Zoned(name, _) => {
            let zoned = matches!(args.get(0, "timezone"), Some(Value::Bool(true)));
            let precision = int(args, 9, "precision").map_or_else(String::new, |p| format!("({p})"));
            plain(format!("{name}{precision} {} time zone", if zoned { "with" } else { "without" }))
        }
        Rule::Array => {
            let item = args.get(0, "item_type").cloned().unwrap_or_default();
            let dimensions = usize::try_from(int(args, 9, "dimensions").unwrap_or(1)).unwrap_or(1).clamp(1, 6);
            let inner = of_value_at(m, &item, depth + 1);
            SqlType { text: inner.text.map(|t| format!("{t}{}", "[]".repeat(dimensions))), enumeration: inner.enumeration, integer: false }
        }
        Rule::Enum => enumeration(m, args),
        Rule::Sized(name) => plain(int(args, 0, "dim").map_or_else(|| name.to_owned(), |n| format!("{name}({n})"))),
        Rule::Inner => args.get(0, "sqltype").cloned().map_or_else(SqlType::default, |v| of_value_at(m, &v, depth + 1)),
        Rule::Geo(name) => {
            let kind = args.text(0, "geometry_type").unwrap_or_else(|| "GEOMETRY".to_owned());
            plain(format!("{name}({kind},{})", int(args, 1, "srid").unwrap_or(-1)))
        }
    }
}

/// `sa.Enum(…)`, `postgresql.ENUM(…)`.
fn enumeration<'a>(m: &mut M<'_, 'a>, args: &Args<'a>) -> SqlType {
    let mut labels: Option<Vec<String>> = Some(Vec::new());
    let mut name = args.named("name");
    if args.open {
        labels = None;
    }
    for (v, at) in &args.positional {
        match v {
            Value::Class(class) => {
                name = name.or_else(|| Some(class.node.name.as_str().to_lowercase()));
                let members = m.members_of(v);
                labels = match args.keyword("values_callable") {
                    // A member is written as its name unless a function says otherwise.
                    None | Some(Value::None) => members.iter().map(|x| m.attribute_of(x, "name").constant()).collect(),
                    Some(function) => {
                        let made = m.call_value(function, Args { positional: vec![(v.clone(), *at)], ..Args::default() }, *at);
                        m.members_of(&made).iter().map(Value::constant).collect()
                    }
                };
            }
            Value::List(_) | Value::Tuple(_) => labels = m.members_of(v).iter().map(Value::constant).collect(),
            v => match (v.constant(), &mut labels) {
                (Some(l), Some(labels)) => labels.push(l),
                _ => labels = None,
            },
        }
    }
    let native = !matches!(args.keyword("native_enum"), Some(Value::Bool(false)));
    if !native || (name.is_none() && args.keyword("name").is_none()) {
        let longest = labels.as_ref().and_then(|l| l.iter().map(|l| l.chars().count()).max());
        let length = int(args, 99, "length").and_then(|n| usize::try_from(n).ok()).or(longest);
        return SqlType { text: length.map(|n| format!("varchar({n})")).or_else(|| Some("varchar".to_owned())), enumeration: None, integer: false };
    }
    let Some(name) = name else { return SqlType::default() };
    let create = !matches!(args.keyword("create_type"), Some(Value::Bool(false))) && !args.flag("inherit_schema_only");
    let e = Enumeration { schema: args.named("schema"), name, labels: labels.filter(|l| !l.is_empty()), create };
    SqlType { text: Some(e.sql_name()), enumeration: Some(e), integer: false }
}

/// A type class of the project: what it says of PostgreSQL, else what it is made of.
fn of_class<'a>(m: &mut M<'_, 'a>, value: &Value<'a>, depth: usize) -> SqlType {
    let class = match value {
        Value::Class(c) => std::rc::Rc::clone(c),
        Value::Instance(i) => std::rc::Rc::clone(&i.class),
        _ => return SqlType::default(),
    };
    let at = m.place_of(&class);
    if m.has_member(&class, "load_dialect_impl") {
        let dialect = Value::External(Symbol::from(super::inspect::DIALECT));
        let made = m.call_member(value, &class, "load_dialect_impl", vec![dialect], at);
        let found = of_value_at(m, &made, depth + 1);
        if found.text.is_some() {
            return found;
        }
    }
    if m.has_member(&class, "get_col_spec") {
        let spec = m.call_member(value, &class, "get_col_spec", Vec::new(), at);
        return SqlType { text: spec.constant().map(|t| t.to_lowercase()), ..SqlType::default() };
    }
    if m.has_member(&class, "impl") {
        let imp = m.attribute_of(&Value::Class(class.clone()), "impl");
        // `MyString(50)` hands its arguments to what it is made of.
        if let (Value::External(path), Some(args)) = (&imp, passed(value)) {
            return constructed(m, path.as_str(), &args, depth + 1);
        }
        return of_value_at(m, &imp, depth + 1);
    }
    for base in &class.bases {
        let found = of_value_at(m, base, depth + 1);
        if found.text.is_some() {
            return found;
        }
    }
    SqlType::default()
}

fn passed<'a>(value: &Value<'a>) -> Option<Args<'a>> {
    match value {
        Value::Instance(i) => Some(i.args.clone()),
        _ => Some(Args::default()),
    }
}
