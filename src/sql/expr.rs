//! Expressions: every name in them, and types where names hang on them.

use std::rc::Rc;

use crate::symbol::Symbol;

use super::hint;
use super::nullable;
use super::problem::ProblemKind;
use super::resolve::{Resolver, is_hole};
use super::scope::Column;
use super::signature;
use super::types::Type;
use crate::schema::QualifiedName;
use crate::schema::types::{self, Unqualified};
use crate::source::Span;
use crate::syntax::sql::ast::{Binary, Case, Expr, ExprKind, Ident, Query, TypeName};

impl Resolver<'_> {
    /// Reads an expression; gives its type.
    pub(super) fn expr(&mut self, expr: &Expr) -> Type {
        self.value(expr).ty
    }

    pub(super) fn exprs(&mut self, exprs: &[Expr]) {
        for expr in exprs {
            self.expr(expr);
        }
    }

    /// Reads an expression; gives it as a column of no name.
    pub(super) fn value(&mut self, expr: &Expr) -> Column {
        if let ExprKind::Column(parts) = &expr.kind {
            return self.column_ref(parts);
        }
        self.exact = None;
        let (ty, nullable) = self.typed(expr);
        Column { nullable, exact: self.exact.take(), ..Column::computed(Symbol::from("?column?"), ty) }
    }

    /// Reads expressions; gives whether any of them may be NULL.
    fn any_nullable<'e>(&mut self, exprs: impl IntoIterator<Item = &'e Expr>) -> bool {
        exprs.into_iter().fold(false, |nullable, e| self.value(e).nullable | nullable)
    }

    /// Reads an operand of a comparison; gives whether it may be NULL, or is of a type whose comparisons may be.
    pub(super) fn value_of_scalar(&mut self, expr: &Expr) -> bool {
        let found = self.value(expr);
        found.nullable || !nullable::is_scalar(&found.ty)
    }

    /// The type of an expression, and whether it may be NULL (true where nobody can tell).
    fn typed(&mut self, expr: &Expr) -> (Type, bool) {
        let boolean = |nullable| (Type::base("boolean"), nullable);
        match &expr.kind {
            ExprKind::Column(parts) => {
                let found = self.column_ref(parts);
                (found.ty, found.nullable)
            }
            ExprKind::Star(parts) if !parts.is_empty() => {
                self.row_star(parts);
                (Type::Unknown, true)
            }
            ExprKind::Star(_) | ExprKind::Param | ExprKind::Hole | ExprKind::Broken | ExprKind::Default => (Type::Unknown, true),
            ExprKind::Null => (Type::Literal, true),
            ExprKind::String(_) => (Type::Literal, false),
            ExprKind::Number(text) => (number_type(text), false),
            ExprKind::BitString => (Type::base("bit"), false),
            ExprKind::Bool(_) => boolean(false),
            ExprKind::FieldStar(inner) => {
                self.expr(inner);
                (Type::Unknown, true)
            }
            ExprKind::Field(inner, field) => (self.field(inner, *field), true),
            ExprKind::Index(inner, bounds, slice) => {
                let found = self.value(inner);
                self.exprs(bounds);
                self.exact = found.exact.and_then(|e| if *slice { Some(e) } else { e.as_str().strip_suffix("[]").map(Symbol::from) });
                (if *slice { found.ty } else { found.ty.element() }, true)
            }
            ExprKind::Call(call) => self.call(call),
            ExprKind::Cast(inner, ty) => self.cast(inner, ty),
            ExprKind::Binary(binary) => self.binary(binary),
            // `IN (&ids)`: no operator of PostgreSQL, but a variable of the client that sends it (SQL*Plus and its kin).
            ExprKind::Unary(op, inner) if op == "&" && matches!(inner.kind, ExprKind::Column(_)) => (Type::Unknown, true),
            ExprKind::Unary(op, inner) => {
                let found = self.value(inner);
                let strict = matches!(op.as_str(), "-" | "+") && nullable::is_scalar(&found.ty);
                (found.ty, found.nullable || !strict)
            }
            ExprKind::And(all) | ExprKind::Or(all) => boolean(self.any_nullable(all)),
            ExprKind::Like(all) => boolean(all.iter().fold(false, |nullable, e| self.value_of_scalar(e) | nullable)),
            ExprKind::Not(inner) => boolean(self.value(inner).nullable),
            ExprKind::IsNull(inner, _) | ExprKind::IsTest(inner) => {
                self.expr(inner);
                boolean(false)
            }
            ExprKind::IsDistinct(pair) => {
                let left = self.expr(&pair.0);
                let right = self.expr(&pair.1);
                self.compare(&left, &pair.1);
                self.compare(&right, &pair.0);
                boolean(false)
            }
            ExprKind::In(inner, list) => {
                let found = self.value(inner);
                let mut nullable = found.nullable || !nullable::is_scalar(&found.ty);
                let members: Vec<Column> = list.iter().map(|m| self.value(m)).collect();
                nullable |= members.iter().any(|m| m.nullable || !nullable::is_scalar(&m.ty));
                // constants take the type that all members have in common
                let common = members.iter().all(|m| m.ty == found.ty || m.ty == Type::Literal);
                if common || matches!(found.ty, Type::Enum(_)) {
                    list.iter().for_each(|m| self.compare(&found.ty, m));
                }
                if let ExprKind::Row(fields) = &inner.kind {
                    nullable = self.rows_compared(fields, list);
                }
                for (member, expr) in members.iter().zip(list) {
                    self.comparable_at("=", expr.span, &found.ty, &member.ty);
                }
                boolean(nullable)
            }
            ExprKind::InQuery(inner, query) => {
                self.expr(inner);
                self.query(query);
                boolean(true)
            }
            ExprKind::Between(three) => {
                let found = self.value(&three.0);
                let nullable = self.value_of_scalar(&three.1) | self.value_of_scalar(&three.2) | found.nullable | !nullable::is_scalar(&found.ty);
                self.compare(&found.ty, &three.1);
                self.compare(&found.ty, &three.2);
                boolean(nullable)
            }
            _ => self.composed(expr),
        }
    }

    /// `left op right`
    fn binary(&mut self, binary: &Binary) -> (Type, bool) {
        let left = self.value(&binary.left);
        let right = self.value(&binary.right);
        let given = left.nullable || right.nullable;
        if let (ExprKind::Row(fields), "=" | "<>" | "!=") = (&binary.left.kind, binary.op.as_str()) {
            return (Type::base("boolean"), self.rows_compared(fields, std::slice::from_ref(&binary.right)));
        }
        if is_comparison(&binary.op) {
            self.compare(&left.ty, &binary.right);
            self.compare(&right.ty, &binary.left);
            // `1 = 1 {filter} {more}`: comparisons in a row are what holes were read as; PostgreSQL's grammar takes none.
            let in_a_row = [&binary.left, &binary.right].into_iter().any(|e| matches!(&e.kind, ExprKind::Binary(b) if is_comparison(&b.op)));
            if !in_a_row {
                self.comparable(binary, &left.ty, &right.ty);
            }
            let scalars = nullable::is_scalar(&left.ty) && nullable::is_scalar(&right.ty);
            return (Type::base("boolean"), given || !scalars || binary.op == "overlaps");
        }
        let typed = type_texts(&[left.ty.clone(), right.ty.clone()]).and_then(|texts| signature::operator_result(&binary.op, &texts));
        match typed {
            Some(ty) => (Type::of_column(self.schema, &ty), given || !nullable::is_total_operator(&binary.op)),
            None => (operator_type(&binary.op, &left.ty, &right.ty), true),
        }
    }

    /// Rows that are compared with rows are what their members make of it; a server shows them member by member.
    fn rows_compared(&mut self, fields: &[Expr], with: &[Expr]) -> bool {
        let rows = with.iter().map(|e| if let ExprKind::Row(row) = &e.kind { Some(row) } else { None });
        let Some(rows) = rows.collect::<Option<Vec<_>>>().filter(|all| all.iter().all(|r| r.len() == fields.len())) else { return true };
        self.any_doubtful(fields.iter().chain(rows.into_iter().flatten()))
    }

    /// The kinds that are built of others.
    fn composed(&mut self, expr: &Expr) -> (Type, bool) {
        match &expr.kind {
            ExprKind::AnyArray(pair, op) => {
                let left = self.value(&pair.0);
                self.expr(&pair.1);
                if let ExprKind::Array(members) = &pair.1.kind {
                    members.iter().for_each(|m| self.compare(&left.ty, m));
                }
                // the way in which a server shows IN
                let nullable = match nullable::members(&pair.1) {
                    Some(members) if is_comparison(op) || op.contains('~') => self.any_doubtful(members) | left.nullable | !nullable::is_scalar(&left.ty),
                    _ => true,
                };
                (Type::base("boolean"), nullable)
            }
            ExprKind::AnyQuery(pair, _) => {
                self.expr(&pair.0);
                self.query(&pair.1);
                (Type::base("boolean"), true)
            }
            ExprKind::Case(case) => self.case(case),
            ExprKind::Array(members) => {
                let mut ty = Type::Literal;
                for member in members {
                    let member = self.expr(member);
                    ty = common(ty, member);
                }
                let ty = match ty {
                    Type::Literal if members.is_empty() => Type::Unknown,
                    Type::Literal => Type::Array(Rc::new(Type::base("text"))),
                    Type::Unknown => Type::Unknown,
                    Type::Array(_) => ty,
                    ty => Type::Array(Rc::new(ty)),
                };
                (ty, false)
            }
            ExprKind::ArrayQuery(query) => match self.scalar_query(query).0 {
                Type::Unknown | Type::Literal => (Type::Unknown, false),
                ty => (Type::Array(Rc::new(ty)), false),
            },
            ExprKind::Row(members) => {
                let mut fields = Vec::new();
                let mut known = true;
                for (n, member) in members.iter().enumerate() {
                    if let ExprKind::Star(parts) = &member.kind {
                        self.row_star(parts);
                        known = false;
                        continue;
                    }
                    let ty = self.expr(member);
                    fields.push((Symbol::from(&format!("f{}", n + 1)), ty));
                }
                (if known { Type::Record(Rc::new(fields)) } else { Type::Unknown }, true)
            }
            ExprKind::Query(query) => self.scalar_query(query),
            ExprKind::Exists(query) => {
                self.query(query);
                (Type::base("boolean"), false)
            }
            ExprKind::Collate(inner, _) | ExprKind::Named(_, inner) => {
                let found = self.value(inner);
                self.exact = found.exact;
                (found.ty, found.nullable)
            }
            ExprKind::AtTimeZone(parts) => {
                let parts: Vec<Column> = parts.iter().map(|p| self.value(p)).collect();
                let nullable = parts.iter().any(|p| p.nullable);
                let ty = match parts.first().and_then(|p| p.ty.sql()).as_deref() {
                    Some("timestamptz") => Type::base("timestamp"),
                    Some("timestamp" | "date") => Type::base("timestamptz"),
                    _ => Type::Unknown,
                };
                (ty, nullable)
            }
            // `current_schema` is NULL where no schema of the path exists
            ExprKind::SqlValue(word) => (sql_value(word), word == "current_schema"),
            ExprKind::Grouping(args) => {
                self.exprs(args);
                (Type::base("integer"), false)
            }
            ExprKind::Special(word, args) => {
                let args: Vec<Column> = args.iter().map(|a| self.value(a)).collect();
                (special_type(word, &args), word != "trim" || args.iter().any(|a| a.nullable))
            }
            _ => (Type::Unknown, true),
        }
    }

    fn case(&mut self, case: &Case) -> (Type, bool) {
        let operand = case.operand.as_ref().map(|o| self.expr(o));
        let (mut result, mut nullable) = (Vec::new(), case.otherwise.is_none());
        for (when, then) in &case.whens {
            self.expr(when);
            if let Some(ty) = &operand {
                self.compare(ty, when);
            }
            let found = self.value(then);
            nullable |= found.nullable;
            result.push((found.ty, found.exact));
        }
        if let Some(otherwise) = &case.otherwise {
            let found = self.value(otherwise);
            nullable |= found.nullable;
            // it comes first when the common type is chosen (`transformCaseExpr`)
            result.insert(0, (found.ty, found.exact));
            self.exact = same(&result);
        }
        (result.into_iter().map(|(ty, _)| ty).fold(Type::Literal, common), nullable)
    }

    pub(super) fn row_star(&mut self, parts: &[Ident]) {
        let target = crate::syntax::sql::ast::Target {
            expr: Expr { span: parts.first().map_or_else(Span::default, |p| p.span), kind: ExprKind::Star(parts.to_vec()) },
            alias: None,
        };
        self.targets(std::slice::from_ref(&target));
    }

    /// `(query)` as a value: NULL where the query gives no row.
    pub(super) fn scalar_query(&mut self, query: &Query) -> (Type, bool) {
        let shape = self.query(query);
        match shape.columns.as_slice() {
            [only] if !shape.open => {
                self.exact = only.exact;
                (only.ty.clone(), only.nullable || !shape.one_row)
            }
            _ => (Type::Unknown, true),
        }
    }

    /// `(expr).field`
    pub(super) fn field(&mut self, inner: &Expr, field: Ident) -> Type {
        let ty = self.expr(inner);
        if is_hole(&field) {
            return Type::Unknown;
        }
        match &ty {
            Type::Record(fields) => match fields.iter().find(|(n, _)| *n == field.name) {
                Some((_, ty)) => ty.clone(),
                None => {
                    if !self.is_function_of(None, field.name) {
                        self.missing_field(inner, field, None, fields.iter().map(|(n, _)| n.as_str()).collect());
                    }
                    Type::Unknown
                }
            },
            Type::Row(name) => {
                let Some(fields) = self.fields(name) else { return Type::Unknown };
                match fields.iter().find(|c| c.name == field.name) {
                    Some(column) => {
                        if self.schema.relations.contains_key(&**name) {
                            self.note(field.span, name, Some(&field.name), crate::diagnostic::Access::Read);
                        }
                        column.ty.clone()
                    }
                    None => {
                        let system = self.is_whole_row(inner) && super::scope::SYSTEM_COLUMNS.iter().any(|(n, _)| *n == field.as_str());
                        if !system && !self.is_function_of(Some(name), field.name) {
                            let name = Rc::clone(name);
                            self.missing_field(inner, field, Some(&name), fields.iter().map(|c| c.name.as_str()).collect());
                        }
                        Type::Unknown
                    }
                }
            }
            _ => Type::Unknown,
        }
    }

    /// `(t)` for a table's own row: that has system columns, a value of its type has none (`ParseComplexProjection`).
    fn is_whole_row(&self, expr: &Expr) -> bool {
        let ExprKind::Column(parts) = &expr.kind else { return false };
        match parts.as_slice() {
            [name] => self.levels.last().is_none_or(|level| !matches!(Self::in_level(level, name.name), super::scope::Found::One(_))),
            _ => false,
        }
    }

    pub(super) fn missing_field(&mut self, inner: &Expr, field: Ident, of: Option<&QualifiedName>, names: Vec<&'static str>) {
        let near = hint::nearest(&field.name, names.iter().copied()).map(str::to_owned);
        let message = match of {
            Some(of) => format!("field `{}` does not exist in type `{}`", field.name, of.name),
            None => format!("field `{}` does not exist in the row", field.name),
        };
        let p = self.problem(ProblemKind::UnknownColumn, inner.span.cover(field.span), message);
        p.column = Some(field.as_str().to_owned());
        p.schema = of.map(|o| o.schema.clone());
        p.table = of.map(|o| o.name.clone());
        p.suggestion = near;
    }

    pub(super) fn cast(&mut self, inner: &Expr, written: &TypeName) -> (Type, bool) {
        let found = self.value(inner);
        let ty = Type::of_name(self.schema, written);
        self.compare(&ty, inner);
        if let (Type::Base(name), ExprKind::String(text)) = (&ty, &inner.kind)
            && name.as_str() == "regclass"
        {
            self.regclass(text, inner.span);
        }
        let nullable = found.nullable || !nullable::is_total_cast(&found.ty, &ty);
        self.exact = self.exact_type(written, &ty);
        (ty, nullable)
    }

    /// A type as written, where it says more than the type itself.
    fn exact_type(&self, written: &TypeName, ty: &Type) -> Option<Symbol> {
        let names = Unqualified { search_path: &self.schema.search_path, extensions: &[] };
        let text = types::canonical(&super::ddl::spelled(written), names);
        (!written.percent_type && !ty.is_plainly(&text)).then(|| Symbol::from(&text))
    }

    /// A constant beside a value of a type must be one, too: of an enum, one of its labels.
    pub(super) fn compare(&mut self, ty: &Type, value: &Expr) {
        let Type::Enum(name) = ty else {
            self.read_as(ty, value);
            return;
        };
        let ExprKind::String(text) = &value.kind else { return };
        let Some(labels) = self.schema.enums.get(&**name) else { return };
        if labels.iter().any(|l| l == text) || self.schema.incomplete.iter().any(|i| i.object == name.to_string()) {
            return;
        }
        let near = hint::nearest(text, labels.iter().map(String::as_str)).map(str::to_owned);
        let name = Rc::clone(name);
        let shown: Vec<String> = labels.iter().take(12).map(|l| format!("`{l}`")).collect();
        let p = self.problem(ProblemKind::UnknownEnumValue, value.span, format!("enum `{}` has no value `{text}`", name.name));
        p.schema = Some(name.schema.clone());
        p.table = Some(name.name.clone());
        p.help = Some(format!("it has {}", shown.join(", ")));
        p.suggestion = near;
    }
}

fn is_comparison(op: &str) -> bool {
    matches!(op, "=" | "<>" | "!=" | "<" | ">" | "<=" | ">=" | "overlaps")
}

fn number_type(text: &str) -> Type {
    let digits = text.replace('_', "");
    if digits.bytes().all(|b| b.is_ascii_digit()) {
        if digits.parse::<i32>().is_ok() {
            Type::base("integer")
        } else if digits.parse::<i64>().is_ok() {
            Type::base("bigint")
        } else {
            Type::base("numeric")
        }
    } else if text.starts_with("0x") || text.starts_with("0o") || text.starts_with("0b") {
        Type::Unknown
    } else {
        Type::base("numeric")
    }
}

/// The types by name for [`signature`], literals as nothing; `None` where one is not known.
pub(super) fn type_texts(types: &[Type]) -> Option<Vec<String>> {
    types.iter().map(|ty| if *ty == Type::Literal { Some(String::new()) } else { ty.sql() }).collect()
}

pub(super) fn common(a: Type, b: Type) -> Type {
    match (a, b) {
        (Type::Literal, other) | (other, Type::Literal) => other,
        (a, b) if a == b => a,
        (Type::Base(a), Type::Base(b)) => signature::common_type(&a, &b).map_or(Type::Unknown, Type::base),
        _ => Type::Unknown,
    }
}

/// What several values have in common of their exact types. A constant without a type takes that of the others, but has no length of its own.
pub(super) fn same(all: &[(Type, Option<Symbol>)]) -> Option<Symbol> {
    let first = all.iter().find_map(|(_, exact)| *exact)?;
    let plain = !first.as_str().contains('(');
    all.iter().all(|(ty, exact)| *exact == Some(first) || plain && *ty == Type::Literal).then_some(first)
}

fn operator_type(op: &str, left: &Type, right: &Type) -> Type {
    match op {
        "->" => match left.sql().as_deref() {
            Some("json" | "jsonb") => left.clone(),
            _ => Type::Unknown,
        },
        "->>" | "#>>" => Type::base("text"),
        "||" => match (left, right) {
            (Type::Base(name), _) | (_, Type::Base(name)) if matches!(name.as_str(), "text" | "varchar") => Type::base("text"),
            (a, b) if a == b => a.clone(),
            _ => Type::Unknown,
        },
        "+" | "-" | "*" | "/" | "%" => match (left, right) {
            (a, b) if a == b && matches!(a.sql().as_deref(), Some("integer" | "bigint" | "numeric" | "double precision")) => a.clone(),
            _ => Type::Unknown,
        },
        // whatever they compare, they compare it
        "@>" | "<@" | "&&" | "?" | "?|" | "?&" | "@@" | "@?" | "-|-" => match (left, right) {
            (Type::Base(_) | Type::Array(_), Type::Base(_) | Type::Array(_) | Type::Literal) => Type::base("boolean"),
            _ => Type::Unknown,
        },
        _ => Type::Unknown,
    }
}

fn sql_value(word: &str) -> Type {
    match word {
        "current_date" => Type::base("date"),
        "current_time" => Type::base("timetz"),
        "current_timestamp" => Type::base("timestamptz"),
        "localtime" => Type::base("time"),
        "localtimestamp" => Type::base("timestamp"),
        _ => Type::base("name"),
    }
}

fn special_type(word: &str, args: &[Column]) -> Type {
    let text =
        |ty: &Type| matches!(ty, Type::Literal) || matches!(ty, Type::Base(name) if matches!(name.as_str(), "text" | "varchar" | "char" | "name" | "integer"));
    match word {
        "trim" | "substring" | "overlay" if args.iter().all(|a| text(&a.ty)) => Type::base("text"),
        "extract" => Type::base("numeric"),
        "position" => Type::base("integer"),
        "xmlelement" | "xmlforest" | "xmlparse" | "xmlpi" | "xmlroot" => Type::base("xml"),
        _ => Type::Unknown,
    }
}
