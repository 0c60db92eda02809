//! Types that do not go together: constants that their column's type cannot read, comparisons that no operator makes, values that no cast brings into a column.
//!
//! Only families of built-in types count, between which PostgreSQL itself has neither an operator nor an implicit or assignment cast (`pg_operator`, `pg_cast` of
//! versions 12 to 18). A database may define its own: the rule that says this is a warning.

use crate::symbol::Symbol;

use super::input;
use super::problem::ProblemKind;
use super::resolve::Resolver;
use super::types::Type;
use crate::source::Span;
use crate::syntax::sql::ast::{Binary, Expr, ExprKind};

/// Types that compare with each other, and with no other family.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    Number,
    Text,
    Boolean,
    Uuid,
    Day,
    Json,
    Jsonb,
    Row,
}

fn family(ty: &Type) -> Option<Family> {
    let name = match ty {
        Type::Base(name) => name,
        Type::Row(_) => return Some(Family::Row),
        _ => return None,
    };
    Some(match name.as_str() {
        "smallint" | "integer" | "bigint" | "numeric" | "real" | "double precision" => Family::Number,
        "text" | "varchar" => Family::Text,
        "boolean" => Family::Boolean,
        "uuid" => Family::Uuid,
        "date" | "timestamp" | "timestamptz" => Family::Day,
        "json" => Family::Json,
        "jsonb" => Family::Jsonb,
        _ => return None,
    })
}

/// How a type is spoken of.
fn shown(ty: &Type) -> String {
    ty.sql().unwrap_or_else(|| "row".to_owned())
}

impl Resolver<'_> {
    /// A constant that becomes a value of the type, because it stands beside one or is cast to it.
    pub(super) fn read_as(&mut self, ty: &Type, value: &Expr) {
        let ExprKind::String(text) = &value.kind else { return };
        let Some(what) = input::unreadable(ty, text) else { return };
        let short: String = if text.chars().count() > 40 { text.chars().take(39).chain(['…']).collect() } else { text.clone() };
        let message = format!("`{short}` {what}, and stands for a value of type `{}`", shown(ty));
        self.problem(ProblemKind::TypeMismatch, value.span, message);
    }

    /// `left op right` where no operator takes both.
    pub(super) fn comparable(&mut self, binary: &Binary, left: &Type, right: &Type) {
        self.comparable_at(&binary.op, binary.op_span, left, right);
    }

    pub(super) fn comparable_at(&mut self, op: &str, span: Span, left: &Type, right: &Type) {
        if !matches!(op, "=" | "<>" | "!=" | "<" | ">" | "<=" | ">=") {
            return;
        }
        let json = |ty: &Type| family(ty) == Some(Family::Json);
        let refused = match (family(left), family(right)) {
            // json has no comparison at all
            (Some(a), Some(b)) => (a != b && !self.has_own_operators(left) && !self.has_own_operators(right)) || a == Family::Json,
            (Some(Family::Json), None) => *right == Type::Literal,
            (None, Some(Family::Json)) => *left == Type::Literal,
            _ => false,
        };
        if !refused {
            return;
        }
        let name = |ty: &Type| if *ty == Type::Literal { "unknown".to_owned() } else { shown(ty) };
        let p = self.problem(ProblemKind::TypeMismatch, span, format!("there is no operator `{} {op} {}`", name(left), name(right)));
        p.help = Some(if json(left) || json(right) { "compare `jsonb`, or a field by `->>`" } else { "cast one side to the other's type" }.to_owned());
    }

    /// A type made by `CREATE TYPE` may have come with operators, which no lock holds.
    fn has_own_operators(&self, ty: &Type) -> bool {
        matches!(ty, Type::Row(name) if self.schema.composites.contains_key(&**name))
    }

    /// A value on its way into a column of that type: `given` is its own.
    pub(super) fn assignable(&mut self, column: Symbol, ty: &Type, declared: Option<&str>, value: &Expr, given: &Type) {
        match &value.kind {
            ExprKind::String(text) => {
                if let Some(most) = declared.and_then(length).filter(|most| text.trim_end_matches(' ').chars().count() > *most) {
                    let message = format!("`{text}` is too long for column `{column}`, which takes {most} characters");
                    self.problem(ProblemKind::TypeMismatch, value.span, message).column = Some(column.as_str().to_owned());
                }
            }
            ExprKind::Number(number) => self.fitting(column, ty, value.span, number, false),
            ExprKind::Unary(op, inner) if op == "-" => {
                if let ExprKind::Number(number) = &inner.kind {
                    self.fitting(column, ty, value.span, number, true);
                }
            }
            _ => {}
        }
        let json = |f: Family| matches!(f, Family::Json | Family::Jsonb);
        let refused = match (family(ty), family(given)) {
            (Some(Family::Text), _) => false,
            (Some(a), Some(b)) => a != b && !(json(a) && json(b)),
            _ => false,
        };
        if refused {
            let message = format!("column `{column}` is of type `{}`, but the value is of type `{}`", shown(ty), shown(given));
            self.problem(ProblemKind::TypeMismatch, value.span, message).column = Some(column.as_str().to_owned());
        }
    }

    fn fitting(&mut self, column: Symbol, ty: &Type, span: Span, number: &str, negative: bool) {
        if !input::fits(ty, number, negative) {
            let message = format!("the number is out of range for column `{column}` of type `{}`", shown(ty));
            self.problem(ProblemKind::TypeMismatch, span, message).column = Some(column.as_str().to_owned());
        }
    }

    /// Something that must be true or false.
    pub(super) fn condition(&mut self, expr: &Expr) {
        let ty = self.expr(expr);
        if matches!(expr.kind, ExprKind::Number(_)) || family(&ty).is_none_or(|f| f == Family::Boolean) {
            return;
        }
        self.problem(ProblemKind::TypeMismatch, expr.span, format!("a condition must be `boolean`, this is `{}`", shown(&ty)));
    }
}

/// How many characters a type takes.
fn length(declared: &str) -> Option<usize> {
    let rest = ["varchar(", "character varying(", "char(", "character("].iter().find_map(|p| declared.strip_prefix(p))?;
    rest.strip_suffix(')')?.parse().ok()
}
