//! The types of expressions, as far as names hang on them: enum labels, fields of composites, columns of functions.

use std::rc::Rc;

use crate::symbol::Symbol;

use crate::schema::{QualifiedName, Schema};
use crate::syntax::sql::ast::TypeName;

/// The type of an expression.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum Type {
    /// Nobody can tell.
    #[default]
    Unknown,
    /// A constant in quotes that has no type yet, or NULL.
    Literal,
    /// A built-in type, by the name a lock writes (`integer`, `text`, `timestamptz`).
    Base(Symbol),
    /// An enum of the schema.
    Enum(Rc<QualifiedName>),
    /// A composite type, or the row type of a relation.
    Row(Rc<QualifiedName>),
    /// An anonymous row of known columns.
    Record(Rc<Vec<(Symbol, Type)>>),
    /// An array.
    Array(Rc<Type>),
}

impl Type {
    /// A built-in type.
    pub fn base(name: &str) -> Self {
        Type::Base(Symbol::from(name))
    }

    /// What an element of it is.
    pub fn element(&self) -> Type {
        match self {
            Type::Array(inner) => (**inner).clone(),
            _ => Type::Unknown,
        }
    }

    /// Whether that text says no more than the type itself.
    pub fn is_plainly(&self, text: &str) -> bool {
        matches!(self, Type::Base(name) if name.as_str() == text)
    }

    /// In SQL, where it has a name.
    pub fn sql(&self) -> Option<String> {
        match self {
            Type::Unknown | Type::Record(_) => None,
            Type::Literal => Some("text".to_owned()),
            Type::Base(name) => Some(name.as_str().to_owned()),
            Type::Enum(name) | Type::Row(name) => Some(name.to_string()),
            Type::Array(inner) => Some(format!("{}[]", inner.sql()?)),
        }
    }

    /// The type a column of the schema has. `text` is canonical SQL; names in it are looked up by the schema's search path.
    pub fn of_column(schema: &Schema, text: &str) -> Type {
        let text = text.trim();
        if let Some(inner) = text.strip_suffix("[]") {
            return Type::Array(Rc::new(Type::of_column(schema, inner)));
        }
        let bare = match (text.find('('), text.rfind(')')) {
            (Some(open), Some(close)) if open < close => format!("{}{}", text[..open].trim_end(), &text[close + 1..]),
            _ => text.to_owned(),
        };
        let (namespace, name) = parts(&bare);
        Type::named(schema, namespace.as_deref(), &name)
    }

    /// The type a written name means.
    pub fn of_name(schema: &Schema, ty: &TypeName) -> Type {
        if ty.percent_type {
            return Type::Unknown;
        }
        let mut out = Type::named(schema, ty.name.schema_str(), ty.name.name.as_str());
        for _ in 0..ty.array {
            out = Type::Array(Rc::new(out));
        }
        out
    }

    /// The type of that name. Domains count as what they are made of.
    pub fn named(schema: &Schema, namespace: Option<&str>, name: &str) -> Type {
        // a type of the schema may not hide a built-in one: `pg_catalog` is searched first
        if namespace.is_none_or(|n| n == "pg_catalog")
            && let Some(canonical) = canonical(name)
        {
            return Type::base(canonical);
        }
        if let Some((name, _)) = schema.find(&schema.enums, namespace, name) {
            return Type::Enum(Rc::new(name.clone()));
        }
        if let Some((found, domain)) = schema.find(&schema.domains, namespace, name) {
            // a domain over itself cannot exist; one over a domain is followed one step at a time
            return if domain.base == found.name { Type::Unknown } else { Type::of_domain(schema, &domain.base, 8) };
        }
        if let Some((name, _)) = schema.find(&schema.composites, namespace, name) {
            return Type::Row(Rc::new(name.clone()));
        }
        if let Some((name, _)) = schema.relation(namespace, name) {
            return Type::Row(Rc::new(name.clone()));
        }
        if namespace.is_none()
            && let Some(element) = name.strip_prefix('_')
        {
            // the internal name of an array type
            let inner = Type::named(schema, None, element);
            return if inner == Type::Unknown { Type::Unknown } else { Type::Array(Rc::new(inner)) };
        }
        Type::Unknown
    }

    fn of_domain(schema: &Schema, base: &str, left: u8) -> Type {
        let (namespace, name) = parts(base.trim());
        if left == 0 {
            return Type::Unknown;
        }
        match schema.find(&schema.domains, namespace.as_deref(), &name) {
            Some((_, inner)) => Type::of_domain(schema, &inner.base, left - 1),
            None => Type::of_column(schema, base),
        }
    }
}

/// Splits `schema.name`, quotes removed.
fn parts(text: &str) -> (Option<String>, String) {
    let mut out = vec![String::new()];
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                out.last_mut().expect("never empty").push('"');
            }
            '"' => quoted = !quoted,
            '.' if !quoted => out.push(String::new()),
            c => out.last_mut().expect("never empty").push(c),
        }
    }
    let name = out.pop().unwrap_or_default();
    (out.pop(), name)
}

/// The name a lock writes for a built-in type, from any of its names.
fn canonical(name: &str) -> Option<&str> {
    Some(match name {
        "int" | "int4" | "serial" | "serial4" => "integer",
        "int2" | "smallserial" | "serial2" => "smallint",
        "int8" | "bigserial" | "serial8" => "bigint",
        "float4" => "real",
        "float8" | "float" => "double precision",
        "decimal" | "dec" => "numeric",
        "bool" => "boolean",
        "varchar" | "character varying" | "char varying" => "varchar",
        "bpchar" | "character" | "nchar" => "char",
        "timestamp with time zone" => "timestamptz",
        "timestamp without time zone" => "timestamp",
        "time with time zone" => "timetz",
        "time without time zone" => "time",
        "bit varying" => "varbit",
        "integer" | "smallint" | "bigint" | "real" | "double precision" | "boolean" => name,
        _ if super::builtin::Builtin::get().has_type(name) => name,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_the_type_their_text_names() {
        let mut schema = Schema::new();
        schema.enums.insert(QualifiedName::new("public", "Order Status"), vec!["a".to_owned()]);
        assert_eq!(Type::of_column(&schema, "timestamp(3) with time zone"), Type::base("timestamptz"));
        assert_eq!(Type::of_column(&schema, "numeric(12,2)[]"), Type::Array(Rc::new(Type::base("numeric"))));
        assert!(matches!(Type::of_column(&schema, "public.\"Order Status\""), Type::Enum(_)));
        assert_eq!(Type::of_column(&schema, "geometry(Point,4326)"), Type::Unknown);
    }
}
