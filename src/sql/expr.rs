//! Expressions: every name in them, and types where names hang on them.

use std::rc::Rc;

use ustr::Ustr;

use super::call::never_null;
use super::hint;
use super::problem::ProblemKind;
use super::resolve::{Resolver, is_hole};
use super::scope::Column;
use super::signature;
use super::types::Type;
use crate::schema::QualifiedName;
use crate::source::Span;
use crate::syntax::sql::ast::{Expr, ExprKind, Ident, Query};

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
        let name = Ustr::from("?column?");
        if let ExprKind::Column(parts) = &expr.kind {
            return self.column_ref(parts);
        }
        let nullable = !matches!(expr.kind, ExprKind::String(_) | ExprKind::Number(_) | ExprKind::Bool(_) | ExprKind::BitString)
            && !matches!(&expr.kind, ExprKind::Call(call) if never_null(call))
            && !matches!(expr.kind, ExprKind::Exists(_) | ExprKind::IsNull(_) | ExprKind::IsTest(_) | ExprKind::IsDistinct(_));
        let ty = self.type_of(expr);
        let nullable = nullable && !self.not_null_anyway(expr);
        Column { nullable, ..Column::computed(name, ty) }
    }

    /// `coalesce(…, 'x')` and casts of constants.
    #[expect(clippy::unused_self, reason = "a question about the expression alone, asked like its siblings")]
    pub(super) fn not_null_anyway(&self, expr: &Expr) -> bool {
        fn constant(expr: &Expr) -> bool {
            match &expr.kind {
                ExprKind::String(_) | ExprKind::Number(_) | ExprKind::Bool(_) => true,
                ExprKind::Cast(inner, _) => constant(inner),
                ExprKind::Call(call) => call.name.name.name == "coalesce" && call.args.last().is_some_and(constant),
                ExprKind::SqlValue(_) => true,
                _ => false,
            }
        }
        constant(expr)
    }

    pub(super) fn type_of(&mut self, expr: &Expr) -> Type {
        let boolean = || Type::base("boolean");
        match &expr.kind {
            ExprKind::Column(parts) => self.column_ref(parts).ty,
            ExprKind::Star(parts) if !parts.is_empty() => {
                self.row_star(parts);
                Type::Unknown
            }
            ExprKind::Star(_) | ExprKind::Param | ExprKind::Hole | ExprKind::Broken | ExprKind::Default => Type::Unknown,
            ExprKind::String(_) | ExprKind::Null => Type::Literal,
            ExprKind::Number(text) => number_type(text),
            ExprKind::BitString => Type::base("bit"),
            ExprKind::Bool(_) => boolean(),
            ExprKind::FieldStar(inner) => {
                self.expr(inner);
                Type::Unknown
            }
            ExprKind::Field(inner, field) => self.field(inner, *field),
            ExprKind::Index(inner, bounds, slice) => {
                let ty = self.expr(inner);
                self.exprs(bounds);
                if *slice { ty } else { ty.element() }
            }
            ExprKind::Call(call) => self.call(call),
            ExprKind::Cast(inner, ty) => self.cast(inner, ty),
            ExprKind::Binary(binary) => {
                let left = self.expr(&binary.left);
                let right = self.expr(&binary.right);
                if is_comparison(&binary.op) {
                    self.compare(&left, &binary.right);
                    self.compare(&right, &binary.left);
                    return boolean();
                }
                let typed = type_texts(&[left.clone(), right.clone()]).and_then(|texts| signature::operator_result(&binary.op, &texts));
                typed.map_or_else(|| operator_type(&binary.op, &left, &right), |ty| Type::of_column(self.schema, &ty))
            }
            ExprKind::Unary(_, inner) => self.expr(inner),
            ExprKind::And(all) | ExprKind::Or(all) | ExprKind::Like(all) => {
                self.exprs(all);
                boolean()
            }
            ExprKind::Not(inner) | ExprKind::IsNull(inner) | ExprKind::IsTest(inner) => {
                self.expr(inner);
                boolean()
            }
            ExprKind::IsDistinct(pair) => {
                let left = self.expr(&pair.0);
                let right = self.expr(&pair.1);
                self.compare(&left, &pair.1);
                self.compare(&right, &pair.0);
                boolean()
            }
            ExprKind::In(inner, list) => {
                let ty = self.expr(inner);
                for member in list {
                    self.expr(member);
                    self.compare(&ty, member);
                }
                boolean()
            }
            ExprKind::InQuery(inner, query) => {
                self.expr(inner);
                self.query(query);
                boolean()
            }
            ExprKind::Between(three) => {
                let ty = self.expr(&three.0);
                self.expr(&three.1);
                self.expr(&three.2);
                self.compare(&ty, &three.1);
                self.compare(&ty, &three.2);
                boolean()
            }
            _ => self.composed(expr),
        }
    }

    /// The kinds that are built of others.
    pub(super) fn composed(&mut self, expr: &Expr) -> Type {
        match &expr.kind {
            ExprKind::AnyArray(pair, _) => {
                let left = self.expr(&pair.0);
                self.expr(&pair.1);
                if let ExprKind::Array(members) = &pair.1.kind {
                    members.iter().for_each(|m| self.compare(&left, m));
                }
                Type::base("boolean")
            }
            ExprKind::AnyQuery(pair, _) => {
                self.expr(&pair.0);
                self.query(&pair.1);
                Type::base("boolean")
            }
            ExprKind::Case(case) => {
                let operand = case.operand.as_ref().map(|o| self.expr(o));
                let mut result = Type::Literal;
                for (when, then) in &case.whens {
                    self.expr(when);
                    if let Some(ty) = &operand {
                        self.compare(ty, when);
                    }
                    let ty = self.expr(then);
                    result = common(result, ty);
                }
                if let Some(otherwise) = &case.otherwise {
                    let ty = self.expr(otherwise);
                    result = common(result, ty);
                }
                result
            }
            ExprKind::Array(members) => {
                let mut ty = Type::Literal;
                for member in members {
                    let member = self.expr(member);
                    ty = common(ty, member);
                }
                match ty {
                    Type::Literal if members.is_empty() => Type::Unknown,
                    Type::Literal => Type::Array(Rc::new(Type::base("text"))),
                    Type::Unknown => Type::Unknown,
                    Type::Array(_) => ty,
                    ty => Type::Array(Rc::new(ty)),
                }
            }
            ExprKind::ArrayQuery(query) => match self.scalar_query(query) {
                Type::Unknown | Type::Literal => Type::Unknown,
                ty => Type::Array(Rc::new(ty)),
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
                    fields.push((Ustr::from(&format!("f{}", n + 1)), ty));
                }
                if known { Type::Record(Rc::new(fields)) } else { Type::Unknown }
            }
            ExprKind::Query(query) => self.scalar_query(query),
            ExprKind::Exists(query) => {
                self.query(query);
                Type::base("boolean")
            }
            ExprKind::Collate(inner, _) => self.expr(inner),
            ExprKind::AtTimeZone(parts) => {
                let first = parts.first().map_or(Type::Unknown, |p| self.expr(p));
                self.exprs(parts.get(1..).unwrap_or_default());
                match first.sql().as_deref() {
                    Some("timestamptz") => Type::base("timestamp"),
                    Some("timestamp" | "date") => Type::base("timestamptz"),
                    _ => Type::Unknown,
                }
            }
            ExprKind::SqlValue(word) => sql_value(word),
            ExprKind::Grouping(args) => {
                self.exprs(args);
                Type::base("integer")
            }
            ExprKind::Special(word, args) => {
                self.exprs(args);
                special_type(word)
            }
            ExprKind::Named(_, value) => self.expr(value),
            _ => Type::Unknown,
        }
    }

    pub(super) fn row_star(&mut self, parts: &[Ident]) {
        let target = crate::syntax::sql::ast::Target {
            expr: Expr { span: parts.first().map_or_else(Span::default, |p| p.span), kind: ExprKind::Star(parts.to_vec()) },
            alias: None,
        };
        self.targets(std::slice::from_ref(&target));
    }

    pub(super) fn scalar_query(&mut self, query: &Query) -> Type {
        let shape = self.query(query);
        match shape.columns.as_slice() {
            [only] if !shape.open => only.ty.clone(),
            _ => Type::Unknown,
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
                        let system = super::scope::SYSTEM_COLUMNS.iter().any(|(n, _)| *n == field.as_str());
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

    pub(super) fn cast(&mut self, inner: &Expr, ty: &crate::syntax::sql::ast::TypeName) -> Type {
        self.expr(inner);
        let ty = Type::of_name(self.schema, ty);
        self.compare(&ty, inner);
        ty
    }

    /// A constant beside an enum must be one of its labels.
    pub(super) fn compare(&mut self, ty: &Type, value: &Expr) {
        let Type::Enum(name) = ty else { return };
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

fn special_type(word: &str) -> Type {
    match word {
        "extract" => Type::base("numeric"),
        "position" => Type::base("integer"),
        "xmlelement" | "xmlforest" | "xmlparse" | "xmlpi" | "xmlroot" => Type::base("xml"),
        _ => Type::Unknown,
    }
}
