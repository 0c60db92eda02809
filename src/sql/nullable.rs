//! What can be proven never to be NULL.
//!
//! Only what holds for every row and every version counts; whatever is not listed may be NULL. The lists are of `pg_catalog`'s own functions and operators,
//! which a schema that has a function of the same name could hide: the caller asks for that first.

use super::resolve::Resolver;
use super::scope::{Column, Found, Item};
use super::types::Type;
use crate::schema::QualifiedName;
use crate::symbol::Symbol;
use crate::syntax::sql::ast::{Call, Expr, ExprKind, Select};
use std::rc::Rc;

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

/// Functions that give a value where all arguments are values; also those that only a server's own text of a query names (`like_escape`).
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
    "timezone",
    "like_escape",
    "similar_to_escape",
];

/// Window functions that number rows.
const NUMBERS: &[&str] = &["row_number", "rank", "dense_rank", "percent_rank", "cume_dist"];

/// Aggregates: alone in a select list without GROUP BY they give exactly one row.
const AGGREGATES: &[&str] = &["count", "sum", "avg", "min", "max", "array_agg", "string_agg", "json_agg", "jsonb_agg", "bool_and", "bool_or", "every"];

/// Aggregates that give a value for one row or more, whatever is in it.
const COLLECTS: &[&str] = &["array_agg", "json_agg", "jsonb_agg"];

/// Whether a call may give NULL, where its arguments are (or are not) so. `grouped`: it stands in a query with GROUP BY, whose groups have a row each.
pub(super) fn of_call(call: &Call, arguments: &[bool], grouped: bool) -> bool {
    if call.name.schema.is_some_and(|s| s.name != "pg_catalog") {
        return true;
    }
    match call.name.name.as_str() {
        name if NEVER.contains(&name) => call.variadic,
        name if NUMBERS.contains(&name) => call.over.is_none(),
        "coalesce" | "greatest" | "least" => arguments.iter().all(|nullable| *nullable),
        name if grouped && call.over.is_none() && call.filter.is_none() && AGGREGATES.contains(&name) => {
            call.variadic || !COLLECTS.contains(&name) && arguments.first().is_none_or(|nullable| *nullable)
        }
        // the escape character may be NULL, and then is a backslash
        "similar_escape" => arguments.first().is_none_or(|nullable| *nullable),
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

/// Columns that are values where a condition holds: the entry they belong to, and their name.
pub(super) type Present = Vec<(u32, Symbol)>;

/// Takes NULL away from these columns of an entry.
pub(super) fn narrow_item(item: &mut Item, present: &Present) {
    let is = |c: &Column| c.nullable && c.origin > 0 && present.contains(&(c.origin, c.name));
    if item.rte.columns.iter().any(is) {
        Rc::make_mut(&mut item.rte).columns.iter_mut().filter(|c| is(c)).for_each(|c| c.nullable = false);
    }
}

impl Resolver<'_> {
    /// Whether a SELECT without anything that takes rows away computes an aggregate over all it reads. Its level must be the last.
    pub(super) fn gives_one_row(&self, select: &Select) -> bool {
        let whole = select.group_by.is_empty() && !select.grouping_sets && select.having.is_none();
        whole && matches!(select.targets.as_slice(), [only] if self.is_aggregate(&only.expr))
    }

    /// An aggregate of this level: one over another level's columns alone belongs to that level (`check_agglevels_and_constraints` in `parse_agg.c`).
    fn is_aggregate(&self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Call(call) if call.name.name.name == "coalesce" => call.args.first().is_some_and(|e| self.is_aggregate(e)),
            ExprKind::Call(call) => {
                let builtin = call.name.schema.is_none_or(|s| s.name == "pg_catalog");
                let own = call.star || call.args.iter().any(|arg| self.column_named(arg).is_some());
                builtin && own && call.over.is_none() && AGGREGATES.contains(&call.name.name.as_str())
            }
            ExprKind::Cast(inner, _) => self.is_aggregate(inner),
            _ => false,
        }
    }

    /// In this level, the columns that a condition takes the NULLs away from have none from here on.
    pub(super) fn narrow(&mut self, condition: &Expr) {
        let present = self.present(condition);
        if !present.is_empty() {
            self.level().items.iter_mut().for_each(|item| narrow_item(item, &present));
        }
    }

    /// The columns of this level that are values wherever the condition is true. What a server makes of a condition when it shows a view (`IN` becomes `= ANY`,
    /// constants get casts, rows are taken apart) must say the same as what was written.
    pub(super) fn present(&self, condition: &Expr) -> Present {
        match &condition.kind {
            ExprKind::And(all) => all.iter().flat_map(|c| self.present(c)).collect(),
            ExprKind::Or(all) => in_all(all.iter().map(|c| self.present(c))),
            ExprKind::IsNull(inner, true) => self.column_named(inner).map(key).into_iter().collect(),
            ExprKind::Not(inner) => self.refused(inner),
            ExprKind::Binary(binary) => self.compared(&binary.op, &binary.left, &binary.right),
            ExprKind::In(inner, list) if !list.is_empty() => match (&inner.kind, list.as_slice()) {
                (ExprKind::Row(_), [only]) => self.compared("=", inner, only),
                (ExprKind::Row(members), _) => self.strict(members),
                (_, [only]) => self.strict([&**inner, only]),
                _ => self.strict([&**inner]),
            },
            ExprKind::Between(three) => self.strict([&three.0, &three.1, &three.2]),
            ExprKind::Like(all) => self.strict(all.iter().take(1)),
            ExprKind::AnyArray(pair, _) => self.strict(members(&pair.1).map(|_| &pair.0)),
            ExprKind::Column(_) => self.strict([condition]),
            _ => Present::new(),
        }
    }

    /// The columns that are values wherever the condition is false.
    fn refused(&self, condition: &Expr) -> Present {
        match &condition.kind {
            ExprKind::Or(all) => all.iter().flat_map(|c| self.refused(c)).collect(),
            ExprKind::And(all) => in_all(all.iter().map(|c| self.refused(c))),
            ExprKind::Not(inner) => self.present(inner),
            ExprKind::IsNull(inner, false) => self.column_named(inner).map(key).into_iter().collect(),
            ExprKind::In(inner, _) if matches!(inner.kind, ExprKind::Row(_)) => Present::new(),
            ExprKind::In(inner, list) if !list.is_empty() => self.strict(std::iter::once(&**inner).chain(list)),
            ExprKind::Between(three) => self.strict([&three.0]),
            ExprKind::Binary(binary) if matches!(binary.left.kind, ExprKind::Row(_)) => Present::new(),
            ExprKind::Binary(_) | ExprKind::Like(_) | ExprKind::AnyArray(..) | ExprKind::Column(_) => self.present(condition),
            _ => Present::new(),
        }
    }

    fn compared(&self, op: &str, left: &Expr, right: &Expr) -> Present {
        match (op, &left.kind, &right.kind) {
            ("=", ExprKind::Row(ours), ExprKind::Row(theirs)) if ours.len() == theirs.len() => self.strict(ours.iter().chain(theirs)),
            (_, ExprKind::Row(_), _) | (_, _, ExprKind::Row(_)) => Present::new(),
            ("=" | "<>" | "!=" | "<" | ">" | "<=" | ">=", ..) => self.strict([left, right]),
            ("~~" | "!~~" | "~~*" | "!~~*" | "~" | "!~" | "~*" | "!~*", ..) => self.strict([left]),
            _ => Present::new(),
        }
    }

    /// The columns among these: a built-in comparison holds of no NULL; another type's operator may do as it likes.
    fn strict<'e>(&self, exprs: impl IntoIterator<Item = &'e Expr>) -> Present {
        exprs.into_iter().filter_map(|e| self.value_compared(e)).collect()
    }

    fn value_compared(&self, expr: &Expr) -> Option<(u32, Symbol)> {
        match &expr.kind {
            // a cast of NULL is NULL
            ExprKind::Cast(inner, ty) if is_scalar(&Type::of_name(self.schema, ty)) => self.value_compared(inner),
            ExprKind::Collate(inner, _) => self.value_compared(inner),
            _ => self.column_named(expr).filter(|c| is_scalar(&c.ty)).map(key),
        }
    }

    /// The column of this level that an expression names.
    fn column_named(&self, expr: &Expr) -> Option<Column> {
        let ExprKind::Column(parts) = &expr.kind else { return None };
        let level = self.levels.last()?;
        let item = |is: &dyn Fn(&Item) -> bool, name: Symbol| level.items.iter().find(|i| i.rel_visible && is(i)).map_or(Found::Nothing, |i| i.rte.find(name));
        let found = match parts.as_slice() {
            [name] => Self::in_level(level, name.name),
            [table, name] => item(&|i| i.rte.name == Some(table.name), name.name),
            [schema, table, name] => {
                let is = |r: &QualifiedName| r.schema == schema.as_str() && r.name == table.as_str();
                item(&|i| !i.rte.aliased && i.rte.relation.as_ref().is_some_and(|r| is(r)), name.name)
            }
            _ => return None,
        };
        match found {
            Found::One(column) if !column.uncertain && column.origin > 0 => Some(column),
            _ => None,
        }
    }
}

fn in_all(mut all: impl Iterator<Item = Present>) -> Present {
    let first = all.next().unwrap_or_default();
    all.fold(first, |both, more| both.into_iter().filter(|c| more.contains(c)).collect())
}

fn key(column: Column) -> (u32, Symbol) {
    (column.origin, column.name)
}

/// The members of an array that is written out, with casts around it or not; at least one.
pub(super) fn members(array: &Expr) -> Option<&[Expr]> {
    match &array.kind {
        ExprKind::Array(members) if !members.is_empty() => Some(members),
        ExprKind::Cast(inner, _) => members(inner),
        _ => None,
    }
}
