//! PostgreSQL's type names: one spelling each for the lock, and which of them stand for the same kind of value.

use super::lock::line::take_identifier;
use super::lock::quote;

/// A type taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TypeRef {
    /// Schema as written, without `pg_catalog`.
    pub schema: Option<String>,
    /// The canonical name: `integer`, `varchar`, `timestamptz`, or a user type exactly as PostgreSQL stores it.
    pub name: String,
    /// Whether [`Self::name`] is one of PostgreSQL's own types.
    pub builtin: bool,
    /// What stands in the parentheses.
    pub modifiers: Vec<String>,
    /// `day to second` of an interval.
    pub fields: Option<String>,
    /// An array; PostgreSQL does not keep the number of its dimensions.
    pub array: bool,
}

/// Which schemas need not be written before a type's or function's name.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unqualified<'a> {
    /// The search path.
    pub search_path: &'a [String],
    /// Schemas that extensions live in: `extensions.citext` is written `citext`.
    pub extensions: &'a [String],
}

impl Unqualified<'_> {
    /// Whether `schema` is left out.
    pub fn drops(self, schema: &str) -> bool {
        schema == "pg_catalog" || self.search_path.iter().chain(self.extensions).any(|s| s == schema)
    }
}

/// The lock's spelling of a type in any spelling that PostgreSQL takes: `int4` → `integer`, `character varying(10)` → `varchar(10)`.
pub fn canonical(text: &str, names: Unqualified<'_>) -> String {
    parse(text).map_or_else(|| text.trim().to_owned(), |ty| ty.print(names))
}

/// What a serial pseudo-type really is: `serial` → `integer`.
pub fn serial(text: &str) -> Option<&'static str> {
    Some(match text.trim().to_ascii_lowercase().as_str() {
        "serial" | "serial4" => "integer",
        "bigserial" | "serial8" => "bigint",
        "smallserial" | "serial2" => "smallint",
        _ => return None,
    })
}

/// Takes a type name apart; `None` where it is none.
pub fn parse(text: &str) -> Option<TypeRef> {
    let mut text = text.trim();
    let mut array = false;
    loop {
        let head = text.trim_end();
        if let Some(inner) = head.strip_suffix(']')
            && let Some(open) = inner.rfind('[')
            && inner[open + 1..].bytes().all(|b| b.is_ascii_digit())
        {
            (text, array) = (&inner[..open], true);
        } else if let Some(inner) = strip_array_word(head) {
            (text, array) = (inner, true);
        } else {
            text = head;
            break;
        }
    }
    let (first, mut rest) = take_name(text)?;
    let mut schema = None;
    let mut name = first;
    if let Some(after) = rest.strip_prefix('.') {
        let (second, tail) = take_name(after)?;
        schema = Some(name.text);
        (name, rest) = (second, tail);
    }
    schema = schema.filter(|s| s != "pg_catalog");
    let (modifiers, tail) = take_modifiers(rest)?;
    let words = format!("{}{tail}", if tail.trim().is_empty() { "" } else { " " });
    let words = words.split_whitespace().map(str::to_ascii_lowercase).collect::<Vec<_>>().join(" ");
    if name.quoted || schema.is_some() {
        // A quoted name is no keyword: `"char"` is another type than `char`, but `"integer"` exists nowhere.
        let builtin = schema.is_none() && name.text == "char";
        return words.is_empty().then_some(TypeRef { schema, name: name.text, builtin, modifiers, fields: None, array });
    }
    let mut ty = builtin(&name.text, &words, modifiers)?;
    ty.array = array;
    Some(ty)
}

struct Name {
    text: String,
    quoted: bool,
}

fn take_name(text: &str) -> Option<(Name, &str)> {
    let quoted = text.starts_with('"');
    let (name, rest) = take_identifier(text)?;
    Some((Name { text: if quoted { name } else { name.to_lowercase() }, quoted }, rest))
}

fn strip_array_word(text: &str) -> Option<&str> {
    let head = text.get(..text.len().checked_sub(6)?)?;
    text[head.len()..].eq_ignore_ascii_case(" array").then_some(head)
}

/// The modifiers, wherever the parentheses stand, and the words around them.
fn take_modifiers(rest: &str) -> Option<(Vec<String>, String)> {
    let Some(open) = rest.find('(') else { return Some((Vec::new(), rest.to_owned())) };
    let close = open + rest[open..].find(')')?;
    let modifiers = rest[open + 1..close].split(',').map(|m| m.trim().to_owned()).collect();
    Some((modifiers, format!("{} {}", &rest[..open], &rest[close + 1..])))
}

/// A name that is no quoted one, with the words behind it. Unknown names are types of the user.
fn builtin(name: &str, words: &str, mut modifiers: Vec<String>) -> Option<TypeRef> {
    let zoned = match words {
        "with time zone" => Some(true),
        "without time zone" => Some(false),
        _ => None,
    };
    let mut fields = None;
    let canonical = match (name, words) {
        ("int" | "int4" | "integer", "") => "integer",
        ("int8" | "bigint", "") => "bigint",
        ("int2" | "smallint", "") => "smallint",
        ("float4" | "real", "") => "real",
        ("float8", "") | ("double", "precision") => "double precision",
        ("float", "") => {
            let single = modifiers.first().and_then(|m| m.parse::<u32>().ok()).is_some_and(|bits| bits <= 24);
            modifiers.clear();
            if single { "real" } else { "double precision" }
        }
        ("bool" | "boolean", "") => "boolean",
        ("decimal" | "dec" | "numeric", "") => {
            // `numeric(10)` has scale 0, and PostgreSQL prints it so.
            if modifiers.len() == 1 {
                modifiers.push("0".to_owned());
            }
            "numeric"
        }
        ("varchar", "") | ("character" | "char" | "nchar", "varying") | ("national", "character varying" | "char varying") => "varchar",
        ("character" | "char" | "nchar", "") | ("national", "character" | "char") => {
            if modifiers.is_empty() {
                modifiers.push("1".to_owned());
            }
            "char"
        }
        ("bit", "") => {
            if modifiers.is_empty() {
                modifiers.push("1".to_owned());
            }
            "bit"
        }
        ("varbit", "") | ("bit", "varying") => "varbit",
        ("timestamp", _) if words.is_empty() || zoned == Some(false) => "timestamp",
        ("timestamptz", "") => "timestamptz",
        ("timestamp", _) if zoned == Some(true) => "timestamptz",
        ("time", _) if words.is_empty() || zoned == Some(false) => "time",
        ("timetz", "") => "timetz",
        ("time", _) if zoned == Some(true) => "timetz",
        ("interval", _) => {
            fields = Some(words.to_owned()).filter(|w| !w.is_empty());
            "interval"
        }
        (_, "") => {
            let builtin = BUILTIN.binary_search(&name).is_ok() || NAMED.binary_search(&name).is_ok();
            return Some(TypeRef { name: name.to_owned(), builtin, modifiers, ..TypeRef::default() });
        }
        _ => return None,
    };
    Some(TypeRef { name: canonical.to_owned(), builtin: true, modifiers, fields, ..TypeRef::default() })
}

impl TypeRef {
    /// As the lock writes it.
    pub fn print(&self, names: Unqualified<'_>) -> String {
        let mut out = String::new();
        if let Some(schema) = self.schema.as_ref().filter(|s| !names.drops(s)) {
            out.push_str(&quote(schema));
            out.push('.');
        }
        // `"char"` must keep its quotes; the others that are builtin never need any.
        if self.builtin && self.name != "char" || self.name == "char" && !self.modifiers.is_empty() {
            out.push_str(&self.name);
        } else {
            out.push_str(&quote(&self.name));
        }
        if let Some(fields) = &self.fields {
            out.push(' ');
            out.push_str(fields);
        }
        if !self.modifiers.is_empty() {
            out.push('(');
            out.push_str(&self.modifiers.join(","));
            out.push(')');
        }
        if self.array {
            out.push_str("[]");
        }
        out
    }

    /// The same without modifiers and fields: what a cast in a default says.
    #[must_use]
    pub fn bare(&self) -> Self {
        let name = if self.builtin && self.name == "char" && !self.modifiers.is_empty() { "bpchar" } else { &self.name };
        Self { name: name.to_owned(), modifiers: Vec::new(), fields: None, ..self.clone() }
    }
}

/// Types of `pg_catalog` that people use and that have one name only. Sorted.
const BUILTIN: [&str; 70] = [
    "aclitem",
    "any",
    "anyarray",
    "anycompatible",
    "anycompatiblearray",
    "anyelement",
    "anyenum",
    "anymultirange",
    "anynonarray",
    "anyrange",
    "box",
    "bpchar",
    "bytea",
    "cid",
    "cidr",
    "circle",
    "cstring",
    "date",
    "datemultirange",
    "daterange",
    "event_trigger",
    "fdw_handler",
    "inet",
    "int2vector",
    "int4multirange",
    "int4range",
    "int8multirange",
    "int8range",
    "internal",
    "json",
    "jsonb",
    "jsonpath",
    "language_handler",
    "line",
    "lseg",
    "macaddr",
    "macaddr8",
    "money",
    "name",
    "nummultirange",
    "numrange",
    "oid",
    "oidvector",
    "path",
    "pg_lsn",
    "pg_snapshot",
    "point",
    "polygon",
    "record",
    "refcursor",
    "regclass",
    "regcollation",
    "regconfig",
    "regdictionary",
    "regnamespace",
    "regoper",
    "regproc",
    "regprocedure",
    "regrole",
    "regtype",
    "text",
    "tid",
    "trigger",
    "tsmultirange",
    "tsquery",
    "tsrange",
    "tstzmultirange",
    "tstzrange",
    "tsvector",
    "uuid",
];
/// The rest of them.
const NAMED: [&str; 6] = ["txid_snapshot", "unknown", "void", "xid", "xid8", "xml"];

/// Kinds of values between which PostgreSQL converts without being asked, or which a program would not tell apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "their names say it")]
pub enum Family {
    Integer,
    Numeric,
    Float,
    Text,
    Boolean,
    Date,
    Time,
    Timestamp,
    Interval,
    Uuid,
    Json,
    Bytes,
    Bits,
    Network,
    Money,
    Xml,
    Range,
    TextSearch,
    /// An array of such.
    Array(Box<Family>),
    /// Any other type, by its canonical name without modifiers.
    Other(String),
}

/// The family of a type in any spelling. Extensions' `citext` counts as text.
pub fn family(text: &str) -> Family {
    let Some(ty) = parse(text) else { return Family::Other(text.trim().to_owned()) };
    let one = match ty.name.as_str() {
        "integer" | "bigint" | "smallint" | "oid" | "serial" | "bigserial" | "smallserial" | "serial4" | "serial8" | "serial2" => Family::Integer,
        "numeric" => Family::Numeric,
        "real" | "double precision" => Family::Float,
        "text" | "varchar" | "char" | "bpchar" | "name" | "citext" => Family::Text,
        "boolean" => Family::Boolean,
        "date" => Family::Date,
        "time" | "timetz" => Family::Time,
        "timestamp" | "timestamptz" => Family::Timestamp,
        "interval" => Family::Interval,
        "uuid" => Family::Uuid,
        "json" | "jsonb" => Family::Json,
        "bytea" => Family::Bytes,
        "bit" | "varbit" => Family::Bits,
        "inet" | "cidr" | "macaddr" | "macaddr8" => Family::Network,
        "money" => Family::Money,
        "xml" => Family::Xml,
        "tsvector" | "tsquery" => Family::TextSearch,
        name if ty.builtin && name.ends_with("range") => Family::Range,
        _ => Family::Other(TypeRef { array: false, ..ty.bare() }.print(Unqualified { search_path: &["public".to_owned()], extensions: &[] })),
    };
    if ty.array { Family::Array(Box::new(one)) } else { one }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock(text: &str) -> String {
        let path = ["public".to_owned()];
        canonical(text, Unqualified { search_path: &path, extensions: &["extensions".to_owned()] })
    }

    #[test]
    fn any_spelling_gives_one_name() {
        for (given, expected) in [
            ("int4", "integer"),
            ("INT", "integer"),
            ("pg_catalog.int8", "bigint"),
            ("character varying(10)", "varchar(10)"),
            ("CHARACTER VARYING", "varchar"),
            ("character(3)", "char(3)"),
            ("char", "char(1)"),
            ("\"char\"", "\"char\""),
            ("bpchar", "bpchar"),
            ("timestamp(3) with time zone", "timestamptz(3)"),
            ("timestamp without time zone", "timestamp"),
            ("time with time zone[]", "timetz[]"),
            ("timestamp with time zone[]", "timestamptz[]"),
            ("numeric(12, 2)", "numeric(12,2)"),
            ("decimal(10)", "numeric(10,0)"),
            ("float(24)", "real"),
            ("float", "double precision"),
            ("double precision[]", "double precision[]"),
            ("bit varying(5)", "varbit(5)"),
            ("bit", "bit(1)"),
            ("interval day to second(3)", "interval day to second(3)"),
            ("integer[3][3]", "integer[]"),
            ("text array", "text[]"),
            ("public.order_status", "order_status"),
            ("public.\"Order Status\"[]", "\"Order Status\"[]"),
            ("app.status", "app.status"),
            ("extensions.vector(3)", "vector(3)"),
            ("public.geometry(Point,4326)", "geometry(Point,4326)"),
        ] {
            assert_eq!(lock(given), expected, "{given}");
        }
    }

    #[test]
    fn canonical_names_stay_what_they_are() {
        for name in BUILTIN.iter().chain(&NAMED).chain(&[
            "char(1)",
            "varchar(3)",
            "timestamptz",
            "interval day to second(3)",
            "\"char\"",
            "order_status",
            "app.\"X\"[]",
        ]) {
            assert_eq!(lock(name), *name);
        }
        assert!(BUILTIN.is_sorted() && NAMED.is_sorted());
    }

    #[test]
    fn families() {
        assert_eq!(family("character varying(10)"), family("text"));
        assert_eq!(family("timestamptz"), Family::Timestamp);
        assert_eq!(family("int4[]"), Family::Array(Box::new(Family::Integer)));
        assert_eq!(family("public.order_status"), Family::Other("order_status".into()));
        assert_eq!(family("vector(3)"), Family::Other("vector".into()));
    }
}
