//! PostgreSQL types as SQLAlchemy type objects.

use super::layout::Node;
use super::python_types::user_type;
use crate::schema::types::{self, TypeRef};
use crate::schema::{QualifiedName, Schema};

/// A type object, and whether the module's own `PgType` stands in for a type that SQLAlchemy does not have.
pub struct TypeObject {
    /// The expression.
    pub node: Node,
    /// Whether `PgType` is needed.
    pub custom: bool,
}

/// The type object of a column type.
pub fn type_object(schema: &Schema, text: &str) -> TypeObject {
    let known = |node| TypeObject { node, custom: false };
    // One byte, and not `char`.
    if text == "\"char\"" {
        return custom(text);
    }
    let Some(ty) = types::parse(text) else { return custom(text) };
    let of_element = TypeRef { array: false, ..ty.clone() };
    if ty.array {
        let printed = of_element.print(types::Unqualified::default());
        let element = type_object(schema, &printed);
        return TypeObject { node: Node::call("pg.ARRAY", vec![element.node]), custom: element.custom };
    }
    if ty.builtin {
        return builtin(&ty).map_or_else(|| custom(text), known);
    }
    if let Some((name, labels)) = user_type(schema, &schema.enums, &ty) {
        let mut items: Vec<Node> = labels.iter().map(|l| Node::string(l)).collect();
        items.extend(named(schema, name));
        return known(Node::call("pg.ENUM", items));
    }
    if let Some((name, domain)) = user_type(schema, &schema.domains, &ty) {
        let base = type_object(schema, &domain.base);
        let mut items = vec![Node::string(&name.name), base.node];
        if domain.not_null {
            items.push(Node::keyword("not_null", Node::atom("True")));
        }
        if let Some(default) = &domain.default {
            items.push(Node::keyword("default", sql(default)));
        }
        if let Some((constraint, check)) = domain.checks.iter().next() {
            items.push(Node::keyword("check", sql(check)));
            items.push(Node::keyword("constraint_name", Node::string(constraint)));
        }
        if !is_default_schema(schema, name) {
            items.push(Node::keyword("schema", Node::string(&name.schema)));
        }
        return TypeObject { node: Node::call("pg.DOMAIN", items), custom: base.custom };
    }
    match ty.name.as_str() {
        "citext" => known(Node::atom("pg.CITEXT")),
        "hstore" => known(Node::atom("pg.HSTORE")),
        _ => custom(text),
    }
}

fn custom(text: &str) -> TypeObject {
    TypeObject { node: Node::call("PgType", vec![Node::string(text)]), custom: true }
}

/// `sa.text("…")`; a colon would begin a bound parameter.
pub fn sql(text: &str) -> Node {
    Node::call("sa.text", vec![Node::string(&text.replace(':', "\\:").replace("\\:\\:", "::"))])
}

/// `name=` and, where needed, `schema=`.
pub fn named(schema: &Schema, name: &QualifiedName) -> Vec<Node> {
    let mut items = vec![Node::keyword("name", Node::string(&name.name))];
    if !is_default_schema(schema, name) {
        items.push(Node::keyword("schema", Node::string(&name.schema)));
    }
    items
}

/// Whether a name is found without its schema being said.
pub fn is_default_schema(schema: &Schema, name: &QualifiedName) -> bool {
    schema.search_path.first() == Some(&name.schema)
}

fn builtin(ty: &TypeRef) -> Option<Node> {
    let atom = |t: &str| Some(Node::atom(t));
    let modifier = |n: usize| ty.modifiers.get(n).map(|m| Node::atom(m.clone()));
    let sized = |name: &str| Some(modifier(0).map_or_else(|| Node::atom(name), |n| Node::call(name, vec![n])));
    let zoned = |plain: &str, exact: &str, zone: bool| {
        let mut items = Vec::new();
        if zone {
            items.push(Node::keyword("timezone", Node::atom("True")));
        }
        match modifier(0) {
            Some(precision) => {
                items.push(Node::keyword("precision", precision));
                Some(Node::call(exact, items))
            }
            None if zone => Some(Node::call(plain, items)),
            None => Some(Node::atom(plain)),
        }
    };
    match ty.name.as_str() {
        "integer" => atom("sa.Integer"),
        "bigint" => atom("sa.BigInteger"),
        "smallint" => atom("sa.SmallInteger"),
        "numeric" => match (modifier(0), modifier(1)) {
            (Some(p), Some(s)) => Some(Node::call("sa.Numeric", vec![p, s])),
            _ => atom("sa.Numeric"),
        },
        "real" => atom("sa.REAL"),
        "double precision" => atom("sa.Double"),
        "boolean" => atom("sa.Boolean"),
        "text" => atom("sa.Text"),
        "varchar" => sized("sa.String"),
        "char" => sized("sa.CHAR"),
        "bytea" => atom("sa.LargeBinary"),
        "date" => atom("sa.Date"),
        "time" | "timetz" => zoned("sa.Time", "pg.TIME", ty.name == "timetz"),
        "timestamp" | "timestamptz" => zoned("sa.DateTime", "pg.TIMESTAMP", ty.name == "timestamptz"),
        "interval" => {
            let mut items = Vec::new();
            if let Some(fields) = &ty.fields {
                items.push(Node::keyword("fields", Node::string(&fields.to_uppercase())));
            }
            if let Some(precision) = modifier(0) {
                items.push(Node::keyword("precision", precision));
            }
            Some(if items.is_empty() { Node::atom("pg.INTERVAL") } else { Node::call("pg.INTERVAL", items) })
        }
        "uuid" => atom("sa.Uuid"),
        "bit" => sized("pg.BIT"),
        "varbit" => {
            let mut items: Vec<Node> = modifier(0).into_iter().collect();
            items.push(Node::keyword("varying", Node::atom("True")));
            Some(Node::call("pg.BIT", items))
        }
        name @ ("json" | "jsonb" | "inet" | "cidr" | "macaddr" | "macaddr8" | "money" | "oid" | "regclass" | "regconfig" | "tsvector" | "tsquery"
        | "int4range" | "int8range" | "numrange" | "daterange" | "tsrange" | "tstzrange" | "int4multirange" | "int8multirange" | "nummultirange"
        | "datemultirange" | "tsmultirange" | "tstzmultirange") => Some(Node::atom(format!("pg.{}", name.to_uppercase()))),
        _ => None,
    }
}
