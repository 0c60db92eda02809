//! What can be proven never to be NULL.
//!
//! Only what holds for every row and every version counts; whatever is not listed may be NULL. The lists are of `pg_catalog`'s own functions and operators,
//! which a schema that has a function of the same name could hide: the caller asks for that first.

use super::resolve::{Resolver, Shape};
use super::scope::{Column, Found};
use super::types::Type;
use crate::syntax::sql::ast::{Call, Expr, ExprKind, FromItem, FromKind, Query, QueryBody};
use ustr::Ustr;

/// Functions that give a value whatever they are given.
const NEVER: &[&str] = &[
    "count",
    "now",
    "clock_timestamp",
    "statement_timestamp",
    "transaction_timestamp",
    "timeofday",
    "gen_random_uuid",
    "random",
    "pi",
    "version",
    "concat",
    "num_nulls",
    "num_nonnulls",
    "json_build_object",
    "jsonb_build_object",
    "json_build_array",
    "jsonb_build_array",
];

/// Functions that give a value where all arguments are values.
const TOTAL: &[&str] = &[
    "lower",
    "upper",
    "initcap",
    "length",
    "char_length",
    "character_length",
    "octet_length",
    "bit_length",
    "btrim",
    "ltrim",
    "rtrim",
    "abs",
    "round",
    "ceil",
    "ceiling",
    "floor",
    "trunc",
    "sign",
    "sqrt",
    "power",
    "mod",
    "md5",
    "replace",
    "translate",
    "left",
    "right",
    "lpad",
    "rpad",
    "reverse",
    "repeat",
    "starts_with",
    "strpos",
    "date_trunc",
    "cardinality",
    "to_json",
    "to_jsonb",
    "row_to_json",
    "quote_ident",
    "quote_literal",
    "nextval",
];

/// Window functions that number rows.
const NUMBERS: &[&str] = &["row_number", "rank", "dense_rank", "percent_rank", "cume_dist"];

/// Aggregates: alone in a select list without GROUP BY they give exactly one row.
const AGGREGATES: &[&str] = &["count", "sum", "avg", "min", "max", "array_agg", "string_agg", "json_agg", "jsonb_agg", "bool_and", "bool_or", "every"];

/// Whether a call may give NULL, where its arguments are (or are not) so.
pub(super) fn of_call(call: &Call, arguments: &[bool]) -> bool {
    if call.name.schema.is_some_and(|s| s.name != "pg_catalog") {
        return true;
    }
    match call.name.name.as_str() {
        name if NEVER.contains(&name) => call.variadic,
        name if NUMBERS.contains(&name) => call.over.is_none(),
        "coalesce" | "greatest" | "least" => arguments.iter().all(|nullable| *nullable),
        name if TOTAL.contains(&name) => call.variadic || arguments.is_empty() || arguments.iter().any(|nullable| *nullable),
        _ => true,
    }
}

/// Whether a function in FROM gives values only.
pub(super) fn gives_values(call: &Call) -> bool {
    call.name.schema.is_none_or(|s| s.name == "pg_catalog") && matches!(call.name.name.as_str(), "generate_series" | "generate_subscripts")
}

/// A type whose built-in comparisons give true or false for any two values.
pub(super) fn is_scalar(ty: &Type) -> bool {
    matches!(ty, Type::Base(name) if name.as_str() != "record") || matches!(ty, Type::Enum(_) | Type::Literal)
}

/// Operators of `pg_catalog` that give a value for any two values (or fail).
pub(super) fn is_total_operator(op: &str) -> bool {
    matches!(op, "+" | "-" | "*" | "/" | "%" | "^" | "||" | "~" | "!~" | "~*" | "!~*" | "~~" | "!~~" | "~~*" | "!~~*" | "@>" | "<@" | "&&" | "?")
}

/// Whether a cast of a value gives a value. Since PostgreSQL 18 that of a JSON null does not.
pub(super) fn is_total_cast(from: &Type, to: &Type) -> bool {
    let json = matches!(from, Type::Base(name) if matches!(name.as_str(), "json" | "jsonb"));
    match (from, to) {
        (Type::Literal, Type::Unknown) => false,
        (Type::Literal, _) => true,
        (Type::Base(_), Type::Base(_)) => {
            !json || from == to || matches!(to, Type::Base(name) if matches!(name.as_str(), "json" | "jsonb" | "text" | "varchar"))
        }
        (Type::Enum(_), Type::Base(_)) | (Type::Base(_), Type::Enum(_)) => true,
        _ => false,
    }
}

/// Whether a query without anything that takes rows away computes an aggregate over all it reads.
pub(super) fn gives_one_row(query: &Query) -> bool {
    match &query.body {
        QueryBody::Nested(inner) => query.limits.is_empty() && gives_one_row(inner),
        QueryBody::Select(select) => {
            let whole = query.limits.is_empty() && select.group_by.is_empty() && !select.grouping_sets && select.having.is_none();
            whole && matches!(select.targets.as_slice(), [only] if is_aggregate(&only.expr, &select.from))
        }
        _ => false,
    }
}

/// An aggregate of that query: one over another level's columns alone belongs to that level (`check_agglevels_and_constraints` in `parse_agg.c`).
fn is_aggregate(expr: &Expr, from: &[FromItem]) -> bool {
    match &expr.kind {
        ExprKind::Call(call) if call.name.name.name == "coalesce" => call.args.first().is_some_and(|e| is_aggregate(e, from)),
        ExprKind::Call(call) => {
            let builtin = call.name.schema.is_none_or(|s| s.name == "pg_catalog");
            let own = call.star
                || call.args.iter().any(|arg| match &arg.kind {
                    ExprKind::Column(parts) if parts.len() == 2 => from.iter().any(|item| names(item, parts[0].name)),
                    _ => false,
                });
            builtin && own && call.over.is_none() && AGGREGATES.contains(&call.name.name.as_str())
        }
        ExprKind::Cast(inner, _) => is_aggregate(inner, from),
        _ => false,
    }
}

/// Whether an item of FROM goes by that name.
fn names(item: &FromItem, name: Ustr) -> bool {
    match (&item.alias, &item.kind) {
        (Some(alias), _) => alias.name.is_some_and(|n| n.name == name),
        (None, FromKind::Table(table, _)) => table.name.name == name,
        (None, FromKind::Join(join)) => names(&join.left, name) || names(&join.right, name),
        _ => false,
    }
}

impl Resolver<'_> {
    /// Columns that a condition takes the NULLs away from. `keys` tell which columns of the result they are.
    pub(super) fn narrow(&mut self, condition: &Expr, shape: &mut Shape, keys: &[String]) {
        match &condition.kind {
            ExprKind::And(all) => all.iter().for_each(|c| self.narrow(c, shape, keys)),
            ExprKind::IsNull(inner, true) => self.present(inner, shape, keys),
            ExprKind::Binary(binary) if matches!(binary.op.as_str(), "=" | "<>" | "!=" | "<" | ">" | "<=" | ">=") => {
                self.compared(&binary.left, shape, keys);
                self.compared(&binary.right, shape, keys);
            }
            ExprKind::In(inner, list) if !list.is_empty() => self.compared(inner, shape, keys),
            ExprKind::Between(three) => self.compared(&three.0, shape, keys),
            ExprKind::Like(all) => all.iter().take(1).for_each(|e| self.compared(e, shape, keys)),
            _ => {}
        }
    }

    /// A built-in comparison holds of no NULL; another type's operator may do as it likes.
    fn compared(&mut self, expr: &Expr, shape: &mut Shape, keys: &[String]) {
        if self.column_named(expr).is_some_and(|c| is_scalar(&c.ty)) {
            self.present(expr, shape, keys);
        }
    }

    /// The column of this level that an expression names.
    fn column_named(&mut self, expr: &Expr) -> Option<Column> {
        let ExprKind::Column(parts) = &expr.kind else { return None };
        let found = match parts.as_slice() {
            [name] => Self::in_level(self.level(), name.name),
            [table, name] => {
                self.level().items.iter().find(|i| i.rel_visible && i.rte.name == Some(table.name)).map_or(Found::Nothing, |i| i.rte.find(name.name))
            }
            _ => return None,
        };
        match found {
            Found::One(column) if !column.uncertain => Some(column),
            _ => None,
        }
    }

    fn present(&mut self, expr: &Expr, shape: &mut Shape, keys: &[String]) {
        let Some(column) = self.column_named(expr) else { return };
        let Some(key) = super::query::key_of(&column) else { return };
        let same = |c: &Column| c.ty == column.ty;
        for (n, _) in keys.iter().enumerate().filter(|(_, k)| **k == key) {
            if let Some(column) = shape.columns.get_mut(n).filter(|c| same(c)) {
                column.nullable = false;
            }
        }
    }
}
