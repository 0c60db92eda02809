//! Column types of SQLAlchemy and its extensions in PostgreSQL's words.
//!
//! The spellings are those that SQLAlchemy's PostgreSQL dialect renders in `CREATE TABLE`, in the lock's canonical form.

use crate::symbol::Symbol;

use super::super::env::Env;
use super::super::eval::Evaluator;
use super::super::fold;
use super::super::index::{Binding, ClassId};
use super::super::value::Value;
use super::super::world::is_from;
use super::declared::{Arguments, Declared, SqlType};
use super::enums;

/// Packages whose classes are column types by their last name.
const PACKAGES: &[&str] = &[
    "sqlalchemy",
    "sqlmodel",
    "sqlalchemy_utils",
    "sqlalchemy_json",
    "sqlalchemy_jsonfield",
    "pgvector",
    "geoalchemy2",
    "citext",
    "advanced_alchemy",
    "fastapi_users_db_sqlalchemy",
    "fastapi_utils",
    "sqlalchemy_utc",
    "sqlalchemy_file",
    "fastapi_storages",
];

/// Whether a dotted path may name a column type.
pub fn is_type_path(path: &str) -> bool {
    PACKAGES.iter().any(|p| is_from(path, p)) && simple(last(path)).is_some()
}

/// The last part of a dotted path.
pub fn last(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or_default()
}

/// How a type class is rendered.
pub enum Rule {
    /// Always this.
    Fixed(&'static str),
    /// `name`, or `name(length)` from the first argument or `length=`.
    Length(&'static str),
    /// `numeric(precision, scale)`
    Numeric,
    /// `float`: the precision decides between `real` and `double precision`.
    Float,
    /// With or without time zone.
    Zoned(&'static str, &'static str),
    /// `item[]`
    Array,
    /// Labels.
    Enum,
    /// `vector(dimensions)`
    Sized(&'static str),
    /// The type given as the first argument.
    Inner,
    /// `geometry(KIND,SRID)`
    Geo(&'static str),
}

/// How the class of that name is rendered by PostgreSQL's dialect.
pub fn simple(name: &str) -> Option<Rule> {
    use Rule::{Array, Enum, Fixed, Float, Geo, Inner, Length, Numeric, Sized, Zoned};
    Some(match name {
        "Integer" | "INTEGER" | "INT" | "RowVersion" => Fixed("integer"),
        "BigInteger" | "BIGINT" | "BigIntIdentity" => Fixed("bigint"),
        "SmallInteger" | "SMALLINT" => Fixed("smallint"),
        "String" | "Unicode" | "VARCHAR" | "NVARCHAR" | "AutoString" => Length("varchar"),
        "CHAR" | "NCHAR" => Length("char"),
        "Text" | "UnicodeText" | "TEXT" | "CLOB" | "URLType" | "ScalarListType" | "EncryptedText" => Fixed("text"),
        "Boolean" | "BOOLEAN" => Fixed("boolean"),
        "Numeric" | "NUMERIC" | "DECIMAL" => Numeric,
        "Float" | "FLOAT" => Float,
        "Double" | "DOUBLE" | "DOUBLE_PRECISION" => Fixed("double precision"),
        "REAL" => Fixed("real"),
        "DateTime" | "DATETIME" | "TIMESTAMP" | "ArrowType" => Zoned("timestamp", "timestamptz"),
        "DateTimeUTC" | "UtcDateTime" | "TIMESTAMPTZ" => Fixed("timestamptz"),
        "Date" | "DATE" | "EnrichedDateType" => Fixed("date"),
        "Time" | "TIME" => Zoned("time", "timetz"),
        "Interval" | "INTERVAL" => Fixed("interval"),
        "LargeBinary" | "BYTEA" | "PickleType" | "EncryptedType" => Fixed("bytea"),
        "JSON" | "JSONType" | "JSONField" => Fixed("json"),
        "JSONB" | "JsonB" => Fixed("jsonb"),
        "mutable_json_type" | "NestedMutableJson" | "MutableJson" => Fixed("jsonb"),
        "UUID" | "Uuid" | "UUIDType" | "GUID" => Fixed("uuid"),
        "ARRAY" => Array,
        "Enum" | "ENUM" => Enum,
        "INET" => Fixed("inet"),
        "CIDR" => Fixed("cidr"),
        "MACADDR" => Fixed("macaddr"),
        "MACADDR8" => Fixed("macaddr8"),
        "TSVECTOR" | "TSVectorType" => Fixed("tsvector"),
        "TSQUERY" => Fixed("tsquery"),
        "HSTORE" => Fixed("hstore"),
        "CITEXT" | "CIText" => Fixed("citext"),
        "OID" => Fixed("oid"),
        "REGCLASS" => Fixed("regclass"),
        "MONEY" => Fixed("money"),
        "BIT" => Length("bit"),
        "XML" => Fixed("xml"),
        "INT4RANGE" | "IntRangeType" => Fixed("int4range"),
        "INT8RANGE" | "Int8RangeType" => Fixed("int8range"),
        "NUMRANGE" | "NumericRangeType" => Fixed("numrange"),
        "DATERANGE" | "DateRangeType" => Fixed("daterange"),
        "TSRANGE" | "DateTimeRangeType" => Fixed("tsrange"),
        "TSTZRANGE" => Fixed("tstzrange"),
        "INT4MULTIRANGE" => Fixed("int4multirange"),
        "INT8MULTIRANGE" => Fixed("int8multirange"),
        "NUMMULTIRANGE" => Fixed("nummultirange"),
        "DATEMULTIRANGE" => Fixed("datemultirange"),
        "TSMULTIRANGE" => Fixed("tsmultirange"),
        "TSTZMULTIRANGE" => Fixed("tstzmultirange"),
        "LtreeType" | "LTREE" => Fixed("ltree"),
        "EmailType" => Fixed("varchar(255)"),
        "ChoiceType" | "StringEncryptedType" | "PasswordType" | "EncryptedString" => Fixed("varchar"),
        "PhoneNumberType" | "ColorType" => Fixed("varchar(20)"),
        "IPAddressType" | "TimezoneType" => Fixed("varchar(50)"),
        "CountryType" => Fixed("varchar(2)"),
        "CurrencyType" => Fixed("varchar(3)"),
        "LocaleType" => Fixed("varchar(10)"),
        "VECTOR" | "Vector" => Sized("vector"),
        "HALFVEC" => Sized("halfvec"),
        "SPARSEVEC" => Sized("sparsevec"),
        "Geometry" => Geo("geometry"),
        "Geography" => Geo("geography"),
        "Raster" => Fixed("raster"),
        "MutableType" | "as_mutable" => Inner,
        _ => return None,
    })
}

/// The type that `path(arguments)` makes.
pub fn constructed(ev: &mut Evaluator<'_, '_>, path: &str, args: &Arguments<'_>) -> Option<SqlType> {
    if !PACKAGES.iter().any(|p| is_from(path, p)) {
        return None;
    }
    let int = |n: usize, name: &str| args.get(n, name).and_then(|a| if let Value::Int(i) = a.value { Some(i) } else { None });
    Some(match simple(last(path))? {
        Rule::Fixed(text) => SqlType::plain(text),
        Rule::Length(name) => SqlType::plain(match (int(0, "length"), name) {
            (Some(n), _) => format!("{name}({n})"),
            // `CHAR` alone is `char(1)`.
            (None, "char" | "bit") if args.all.is_empty() => format!("{name}(1)"),
            (None, _) => name.to_owned(),
        }),
        Rule::Numeric => SqlType::plain(match (int(0, "precision"), int(1, "scale")) {
            (Some(p), Some(s)) => format!("numeric({p},{s})"),
            (Some(p), None) => format!("numeric({p},0)"),
            _ => "numeric".to_owned(),
        }),
        Rule::Float => SqlType::plain(if int(0, "precision").is_some_and(|p| p <= 24) { "real" } else { "double precision" }),
        Rule::Zoned(without, with) => {
            let zoned = matches!(args.get(0, "timezone").map(|a| &a.value), Some(Value::Bool(true)));
            let name = if zoned { with } else { without };
            SqlType::plain(int(1, "precision").map_or_else(|| name.to_owned(), |p| format!("{name}({p})")))
        }
        Rule::Array => {
            let item = args.get(0, "item_type").and_then(|a| of_value(ev, &a.value)).unwrap_or_default();
            SqlType { text: item.text.map(|t| format!("{t}[]")), ..SqlType::default() }
        }
        Rule::Enum => enums::constructed(ev, args),
        Rule::Sized(name) => SqlType::plain(int(0, "dim").map_or_else(|| name.to_owned(), |n| format!("{name}({n})"))),
        Rule::Inner => args.get(0, "sqltype").and_then(|a| of_value(ev, &a.value)).unwrap_or_default(),
        Rule::Geo(name) => SqlType::plain(name),
    })
}

/// The type a value stands for when it is given where a type is expected.
pub fn of_value(ev: &mut Evaluator<'_, '_>, v: &Value<'_>) -> Option<SqlType> {
    match v {
        Value::External(path) => constructed(ev, path, &Arguments::default()),
        Value::Class(c) | Value::Instance(c) => of_class(ev, *c, &Arguments::default()),
        Value::Union(all) => {
            let mut types = all.iter().filter_map(|v| of_value(ev, v));
            let first = types.next()?;
            if types.all(|t| t == first) { Some(first) } else { Some(SqlType::default()) }
        }
        _ => match Declared::of(v)? {
            Declared::Type(t) => Some(t.clone()),
            _ => None,
        },
    }
}

/// Whether a class of the project is a column type.
pub fn is_type_class(ev: &Evaluator<'_, '_>, class: ClassId) -> bool {
    ev.world.lineage(class).is_some_and(|l| l.outside.iter().any(|v| v.external().is_some_and(is_type_base)))
}

fn is_type_base(path: &str) -> bool {
    is_type_path(path) || (is_from(path, "sqlalchemy") && matches!(last(path), "TypeDecorator" | "UserDefinedType" | "TypeEngine" | "ExternalType"))
}

/// The type of a project's own type class, made with these arguments.
pub fn of_class<'a>(ev: &mut Evaluator<'_, 'a>, class: ClassId, args: &Arguments<'a>) -> Option<SqlType> {
    if !is_type_class(ev, class) {
        return None;
    }
    let found = written(ev, class, args)?;
    // Only SQLAlchemy's own `Enum` takes its labels from the annotation of its column; what a class hands on to its `impl` is seen nowhere.
    let unlabelled = found.is_enum && found.labels.is_none() && found.enum_class.is_none();
    Some(SqlType { is_enum: found.is_enum && !unlabelled, ..found })
}

/// What such a class says of itself.
fn written<'a>(ev: &mut Evaluator<'_, 'a>, class: ClassId, args: &Arguments<'a>) -> Option<SqlType> {
    // What the class says of PostgreSQL comes first.
    if let Some((owner, [.., Binding::Function(f)])) = ev.world.class_member(class, Symbol::from("load_dialect_impl")) {
        let (f, _) = (*f, owner);
        let params = &ev.world.index.function(f).node.params;
        let mut env = Env::default();
        for (n, p) in params.iter().enumerate() {
            let v = match n {
                0 => Value::Instance(class),
                1 => Declared::Dialect.value(),
                _ => Value::Unknown,
            };
            env.insert(p.name.name, v);
        }
        let v = ev.run_with(f, env);
        if let Some(t) = of_value(ev, &v) {
            return Some(t);
        }
    }
    if let Some((_, [.., Binding::Function(f)])) = ev.world.class_member(class, Symbol::from("get_col_spec")) {
        let v = ev.run_for(*f, Value::Instance(class));
        return Some(v.constant().map_or_else(SqlType::default, |t| SqlType::plain(t.to_lowercase())));
    }
    let own_init = ev.world.class_member(class, Symbol::from("__init__")).is_some();
    let none = Arguments::default();
    let passed = if own_init { &none } else { args };
    if ev.world.class_member(class, Symbol::from("impl")).is_some() {
        let v = ev.plain_attribute(&Value::Class(class), Symbol::from("impl"));
        return Some(match &v {
            Value::External(path) => constructed(ev, path, passed).unwrap_or_default(),
            Value::Class(c) if *c != class => of_class(ev, *c, passed).unwrap_or_default(),
            other => of_value(ev, other).unwrap_or_default(),
        });
    }
    let bases: Vec<Symbol> = ev.world.lineage(class)?.outside.iter().filter_map(|v| v.external().map(Symbol::from)).collect();
    let found = bases.iter().find_map(|path| constructed(ev, path, passed));
    Some(found.unwrap_or_default())
}

/// The type that a Python type stands for by SQLAlchemy's default annotation map; `None` where it has none.
pub fn of_python(path: &str) -> Option<SqlType> {
    Some(SqlType::plain(match path {
        "builtins.int" => "integer",
        "builtins.str" => "varchar",
        "builtins.bool" => "boolean",
        "builtins.float" => "double precision",
        "builtins.bytes" => "bytea",
        "decimal.Decimal" => "numeric",
        "datetime.datetime" => "timestamp",
        "datetime.date" => "date",
        "datetime.time" => "time",
        "datetime.timedelta" => "interval",
        "uuid.UUID" => "uuid",
        _ => return None,
    }))
}

/// `fold` is used here for one thing: whether a flag is known to be set.
pub(super) fn flag(v: Option<&Value<'_>>) -> Option<bool> {
    v.and_then(fold::truth)
}
