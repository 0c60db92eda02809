//! From what PostgreSQL prints, and from what people write, to one and the same tree.

use super::tree::Node;
use super::{cast_type, literal};
use crate::schema::types::{self, Family, TypeRef, Unqualified};

pub(super) struct Simplifier<'a> {
    pub names: Unqualified<'a>,
    pub column_type: &'a dyn Fn(&str) -> Option<String>,
}

/// What stands around a node: whether a literal's type can be seen without its cast.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Around {
    /// Nothing, arithmetic, or another cast: the cast says something.
    Opaque,
    /// An operand of a comparison, an argument, an element: PostgreSQL put the cast there, or would have.
    Typed,
}

impl Simplifier<'_> {
    /// A condition or an expression of no given type.
    pub(super) fn condition(&self, node: Node) -> Node {
        self.node(node, Around::Opaque)
    }

    /// The default of a column of that type.
    pub(super) fn default(&self, node: Node, ty: &str) -> Node {
        let Some(ty) = types::parse(ty) else { return self.condition(node) };
        match self.node(node, Around::Opaque) {
            Node::String(text) => self.literal(&text, &ty),
            other => other,
        }
    }

    /// A string literal that becomes a value of `ty`.
    fn literal(&self, text: &str, ty: &TypeRef) -> Node {
        let name = cast_type(ty, self.names);
        if !ty.array {
            match types::family(&ty.name) {
                Family::Float if literal::float(text.trim()).is_some() => return Node::Number(literal::float(text.trim()).unwrap_or_default()),
                Family::Integer | Family::Numeric | Family::Float if literal::is_number(text.trim()) => return Node::Number(text.trim().to_owned()),
                Family::Boolean => {
                    if let Some(value) = literal::boolean(text) {
                        return Node::Word(value.to_string());
                    }
                }
                family if ty.builtin => return Node::Cast(Box::new(Node::String(literal::canonical(text, &family, &ty.name))), name),
                _ => {}
            }
        }
        let elements = if ty.array && matches!(types::family(&ty.name), Family::Text | Family::Integer) { literal::array(text) } else { None };
        Node::Cast(Box::new(Node::String(elements.unwrap_or_else(|| text.to_owned()))), name)
    }

    fn boxed(&self, node: Node, around: Around) -> Box<Node> {
        Box::new(self.node(node, around))
    }

    fn all(&self, nodes: Vec<Node>, around: Around) -> Vec<Node> {
        nodes.into_iter().map(|n| self.node(n, around)).collect()
    }

    fn node(&self, node: Node, around: Around) -> Node {
        use Around::{Opaque, Typed};
        match node {
            Node::Cast(inner, ty) => self.cast(*inner, &ty, around),
            Node::Call(name, distinct, args) => self.call(name, distinct, args),
            Node::Binary(op, left, right) => self.binary(&op, *left, *right),
            Node::Quantified(left, op, quantifier, right) => self.quantified(*left, op, quantifier, *right),
            Node::In(left, not, items) => {
                let left = self.node(*left, Typed);
                membership(left, not, self.all(items, Typed))
            }
            Node::Unary(op, inner) => match (op.as_str(), self.node(*inner, Opaque)) {
                ("-", Node::Number(n)) if !n.starts_with('-') => Node::Number(format!("-{n}")),
                ("+", Node::Number(n)) => Node::Number(n),
                (_, inner) => Node::Unary(op, Box::new(inner)),
            },
            Node::And(items) => regroup(self.all(items, Typed), true),
            Node::Or(items) => regroup(self.all(items, Typed), false),
            Node::Not(inner) => Node::Not(self.boxed(*inner, Typed)),
            Node::Is(inner, words) => Node::Is(self.boxed(*inner, Typed), words),
            Node::Named(name, inner) => Node::Named(name, self.boxed(*inner, Typed)),
            Node::Case(operand, whens, otherwise) => {
                let operand = operand.map(|o| self.boxed(*o, Typed));
                let whens = whens.into_iter().map(|(a, b)| (self.node(a, Typed), self.node(b, Typed))).collect();
                // PostgreSQL prints the ELSE that is always there.
                let otherwise = otherwise.map(|o| self.node(*o, Typed)).filter(|o| !is_null(o)).map(Box::new);
                Node::Case(operand, whens, otherwise)
            }
            Node::Array(items) => Node::Array(self.all(items, Typed)),
            Node::Row(items) => Node::Row(self.all(items, Typed)),
            Node::Subscript(inner, bounds) => Node::Subscript(self.boxed(*inner, Opaque), self.all(bounds, Typed)),
            Node::Field(inner, field) => Node::Field(self.boxed(*inner, Opaque), field),
            Node::Collate(inner, name) => Node::Collate(self.boxed(*inner, Typed), self.unqualified(name)),
            Node::AtTimeZone(inner, zone) => Node::AtTimeZone(self.boxed(*inner, Opaque), self.boxed(*zone, Typed)),
            Node::Extract(field, inner) => Node::Extract(field, self.boxed(*inner, Opaque)),
            Node::Position(needle, text) => Node::Position(self.boxed(*needle, Typed), self.boxed(*text, Typed)),
            Node::String(_) if around == Typed => shortened(node),
            Node::Name(_) | Node::String(_) | Node::Number(_) | Node::Word(_) => node,
        }
    }

    fn unqualified(&self, mut name: Vec<String>) -> Vec<String> {
        if name.len() == 2 && self.names.drops(&name[0]) {
            name.remove(0);
        }
        name
    }

    fn cast(&self, inner: Node, ty: &str, around: Around) -> Node {
        let Some(ty) = types::parse(ty) else { return Node::Cast(self_boxed(inner), ty.to_owned()) };
        let inner = self.node(inner, Around::Opaque);
        let plain = ty.modifiers.is_empty() && ty.fields.is_none();
        match inner {
            Node::String(text) if ty.name == "regclass" && ty.builtin => Node::Cast(Box::new(Node::String(self.relation(&text))), "regclass".to_owned()),
            Node::String(text) if plain => match self.literal(&text, &ty) {
                Node::Cast(text, _) if around == Around::Typed => shortened(*text),
                other => other,
            },
            Node::Number(number) if plain && !ty.array && numeric(&ty) => Node::Number(number),
            // Elements carry their own casts; an empty array needs the one behind it.
            Node::Array(items) if ty.array && plain && !items.is_empty() => Node::Array(items),
            inner if plain && around == Around::Typed && self.is_implicit(&inner, &ty) => match inner {
                // `('a'::character varying)::text`
                Node::Cast(innermost, _) if matches!(*innermost, Node::String(_)) => shortened(*innermost),
                // `((a || b)::character varying)::text`: the inner one would not have been printed alone either
                Node::Cast(innermost, name) => match types::parse(&name) {
                    Some(between) if between.modifiers.is_empty() && self.is_implicit(&innermost, &between) => *innermost,
                    _ => Node::Cast(innermost, name),
                },
                inner => inner,
            },
            // A cast of a cast to the same type.
            Node::Cast(innermost, name) if name == ty.print(self.names) => Node::Cast(innermost, name),
            Node::Word(word) if word == "null" && around == Around::Typed => Node::Word(word),
            inner => Node::Cast(Box::new(inner), ty.print(self.names)),
        }
    }

    /// The name inside a `regclass` literal.
    fn relation(&self, text: &str) -> String {
        match super::parse::expression(text) {
            Some(Node::Name(parts)) => super::print::name(&self.unqualified(parts)),
            _ => text.to_owned(),
        }
    }

    /// Whether PostgreSQL converts `node` to `ty` without being asked; it prints such casts of operands and arguments all the same.
    fn is_implicit(&self, node: &Node, ty: &TypeRef) -> bool {
        let Some(from) = self.type_of(node) else { return false };
        if ty.array != from.array {
            return false;
        }
        let rank = |name: &str| ["smallint", "integer", "bigint", "numeric", "real", "double precision"].iter().position(|t| *t == name);
        let time = |name: &str| ["date", "timestamp", "timestamptz"].iter().position(|t| *t == name);
        let text = |name: &str| matches!(name, "text" | "varchar" | "char" | "bpchar" | "name" | "citext");
        from.name == ty.name
            || text(&from.name) && text(&ty.name)
            || rank(&from.name).zip(rank(&ty.name)).is_some_and(|(a, b)| a < b)
            || time(&from.name).zip(time(&ty.name)).is_some_and(|(a, b)| a < b)
            || from.name == "cidr" && ty.name == "inet"
    }

    /// The type of what is certain: columns, and the functions that conditions mostly call.
    fn type_of(&self, node: &Node) -> Option<TypeRef> {
        match node {
            Node::Name(parts) => types::parse(&(self.column_type)(parts.last()?)?),
            Node::Cast(_, ty) => types::parse(ty),
            Node::Subscript(inner, bounds) if bounds.len() == 1 => self.type_of(inner).filter(|ty| ty.array).map(|ty| TypeRef { array: false, ..ty }),
            Node::Call(name, _, args) => match name.last()?.as_str() {
                "length" | "char_length" | "character_length" | "octet_length" | "array_length" | "cardinality" | "jsonb_array_length" => {
                    types::parse("integer")
                }
                "lower" | "upper" | "btrim" | "ltrim" | "rtrim" | "substring" | "substr" | "left" | "right" | "replace" | "concat" | "md5"
                | "regexp_replace" | "jsonb_typeof" => types::parse("text"),
                "now" => types::parse("timestamptz"),
                "coalesce" | "greatest" | "least" | "nullif" | "abs" => args.iter().find_map(|arg| self.type_of(arg)),
                _ => None,
            },
            Node::Number(text) => types::parse(if text.contains('.') { "numeric" } else { "integer" }),
            Node::Binary(op, left, right) if matches!(op.as_str(), "+" | "-" | "*" | "/" | "%") => {
                let rank = |ty: &TypeRef| ["smallint", "integer", "bigint", "numeric", "real", "double precision"].iter().position(|t| *t == ty.name);
                let (left, right) = (self.type_of(left)?, self.type_of(right)?);
                let (a, b) = (rank(&left)?, rank(&right)?);
                Some(if a >= b { left } else { right })
            }
            Node::Binary(op, ..) if op == "->>" || op == "#>>" || op == "||" => types::parse("text").filter(|_| op != "||"),
            Node::Word(word) => match word.as_str() {
                "current_timestamp" => types::parse("timestamptz"),
                "current_date" => types::parse("date"),
                _ => None,
            },
            _ => None,
        }
    }

    fn binary(&self, op: &str, left: Node, right: Node) -> Node {
        // The operators behind the words (`pg_operator`: `texticlike` and its kin).
        let op = match op {
            "!=" => "<>",
            "~~" => "like",
            "!~~" => "not like",
            "~~*" => "ilike",
            "!~~*" => "not ilike",
            other => other,
        };
        // SIMILAR TO is a regular expression made by a function (`similar_escape` before version 13).
        if let ("~" | "!~", Node::Call(name, _, args)) = (op, &right)
            && matches!(name.last().map(String::as_str), Some("similar_to_escape" | "similar_escape"))
            && let Some(pattern) = args.first()
        {
            let pattern = self.boxed(pattern.clone(), Around::Typed);
            return Node::Binary(if op == "~" { "similar to" } else { "not similar to" }.to_owned(), self.boxed(left, Around::Typed), pattern);
        }
        // Rows are compared column by column (`make_row_comparison_op`).
        if let (Node::Row(a), Node::Row(b), "=" | "<>") = (&left, &right, op)
            && a.len() == b.len()
        {
            let pairs = a.iter().zip(b).map(|(a, b)| self.binary(op, a.clone(), b.clone())).collect();
            return if op == "=" { Node::And(pairs) } else { Node::Or(pairs) };
        }
        let around = if matches!(op, "+" | "-" | "*" | "/" | "%" | "^") { Around::Opaque } else { Around::Typed };
        let side = |node: Node| {
            let node = self.node(node, around);
            // In arithmetic the casts of literals stay, those that PostgreSQL adds to columns do not.
            match node {
                Node::Cast(inner, ty) if around == Around::Opaque && !matches!(*inner, Node::String(_)) => match types::parse(&ty) {
                    Some(parsed) if parsed.modifiers.is_empty() && self.is_implicit(&inner, &parsed) => *inner,
                    _ => Node::Cast(inner, ty),
                },
                other => other,
            }
        };
        let (left, mut right) = (side(left), side(right));
        if let (Node::String(path), "#>" | "#>>" | "#-" | "?|" | "?&") = (&right, op)
            && let Some(path) = literal::array(path)
        {
            right = Node::String(path);
        }
        Node::Binary(op.to_owned(), Box::new(left), Box::new(right))
    }

    /// `= any (array[…])` is `in (…)`, `<> all (array[…])` is `not in (…)`.
    fn quantified(&self, left: Node, op: String, quantifier: String, right: Node) -> Node {
        let left = self.node(left, Around::Typed);
        let right = match self.node(right, Around::Typed) {
            // `(array[…])::text[]` around elements that have casts of their own.
            Node::Cast(inner, _) if matches!(*inner, Node::Array(_)) => *inner,
            other => other,
        };
        let op = if op == "!=" { "<>".to_owned() } else { op };
        match right {
            Node::Array(items) if op == "=" && quantifier == "any" && !items.is_empty() => membership(left, false, items),
            Node::Array(items) if op == "<>" && quantifier == "all" && !items.is_empty() => membership(left, true, items),
            right => Node::Quantified(Box::new(left), op, quantifier, Box::new(right)),
        }
    }

    fn call(&self, name: Vec<String>, distinct: bool, args: Vec<Node>) -> Node {
        let name = self.unqualified(name);
        let mut args = self.all(args, Around::Typed);
        let one = if name.len() == 1 { name[0].as_str() } else { "" };
        match (one, args.len()) {
            ("nextval" | "currval" | "setval", 1..) => {
                if let Node::String(text) = &args[0] {
                    args[0] = Node::Cast(Box::new(Node::String(self.relation(text))), "regclass".to_owned());
                }
            }
            // How versions before 14 print EXTRACT, AT TIME ZONE and POSITION.
            ("date_part", 2) => {
                if let Node::String(field) = &args[0] {
                    return Node::Extract(field.to_lowercase(), Box::new(args.swap_remove(1)));
                }
            }
            ("timezone", 2) => {
                let inner = args.swap_remove(1);
                return Node::AtTimeZone(Box::new(inner), Box::new(args.swap_remove(0)));
            }
            ("position", 2) => {
                let text = args.swap_remove(0);
                return Node::Position(Box::new(args.swap_remove(0)), Box::new(text));
            }
            _ => {}
        }
        Node::Call(name, distinct, args)
    }
}

fn shortened(node: Node) -> Node {
    match node {
        Node::String(text) => Node::String(literal::short(&text)),
        other => other,
    }
}

fn self_boxed(node: Node) -> Box<Node> {
    Box::new(node)
}

fn numeric(ty: &TypeRef) -> bool {
    matches!(types::family(&ty.name), Family::Integer | Family::Numeric | Family::Float)
}

fn is_null(node: &Node) -> bool {
    match node {
        Node::Word(word) => word == "null",
        Node::Cast(inner, _) => is_null(inner),
        _ => false,
    }
}

/// `in` of a single value is a comparison, for PostgreSQL's parser too.
fn membership(left: Node, not: bool, mut items: Vec<Node>) -> Node {
    if items.len() == 1
        && let Some(item) = items.pop()
    {
        return Node::Binary(if not { "<>" } else { "=" }.to_owned(), Box::new(left), Box::new(item));
    }
    Node::In(Box::new(left), not, items)
}

/// Flattens what simplifying has made nested.
fn regroup(items: Vec<Node>, and: bool) -> Node {
    let mut out = Vec::with_capacity(items.len());
    for item in items {
        match item {
            Node::And(inner) if and => out.extend(inner),
            Node::Or(inner) if !and => out.extend(inner),
            other => out.push(other),
        }
    }
    if and { Node::And(out) } else { Node::Or(out) }
}
