//! What `EXECUTE` of PL/pgSQL runs: texts put together by `format()` and `||`, with the variables whose values stand in the same block.

use std::collections::BTreeMap;

use crate::schema::lock::line::Words;
use crate::schema::lock::quote;
use crate::source::{FileId, Location, Span};
use crate::syntax::sql::ast::{Expr, ExprKind, QueryBody, StatementKind};
use crate::syntax::sql::template::{HOLE, Template};
use crate::syntax::sql::{Parameters, parse};

/// Texts that one `EXECUTE` is followed for at most.
const MOST: usize = 200;

/// Expressions inside each other: enough.
const DEPTH: usize = 40;

/// Variables of a block with every value they may have. What is not listed may be anything.
pub(super) type Variables = BTreeMap<String, Vec<String>>;

/// Every text that the expression behind `EXECUTE` may stand for; a hole stands for what is not known.
pub(super) fn texts(after: &str, variables: &Variables) -> Vec<String> {
    let mut words = Words::new(after);
    let mut end = after.len();
    while let Some((at, word)) = words.next_word() {
        if word.eq_ignore_ascii_case("into") || word.eq_ignore_ascii_case("using") {
            end = at;
            break;
        }
    }
    let Some(expr) = expression(&after[..end]) else { return vec![HOLE.to_owned()] };
    let one = |bound: &BTreeMap<&str, &str>| text_of(&expr, bound, DEPTH);
    let mut used = Vec::new();
    names_in(&expr, &mut used, DEPTH);
    let mut rounds: Vec<BTreeMap<&str, &str>> = vec![BTreeMap::new()];
    for (name, values) in variables.iter().filter(|(name, _)| used.contains(name)) {
        if rounds.len() * values.len() > MOST {
            return vec![one(&BTreeMap::new())];
        }
        rounds = rounds
            .iter()
            .flat_map(|bound| values.iter().map(move |v| bound.iter().map(|(k, v)| (*k, *v)).chain([(name.as_str(), v.as_str())]).collect()))
            .collect();
    }
    rounds.iter().map(one).collect()
}

/// Whether a text that is known but for its holes may change the columns of a table.
pub(super) fn may_reshape(text: &str) -> bool {
    let text = text.trim_start().to_ascii_lowercase();
    let words: Vec<&str> = text.split_whitespace().take(12).collect();
    let Some(head) = words.first() else { return false };
    match *head {
        "select" | "insert" | "update" | "delete" | "truncate" | "grant" | "revoke" | "analyze" | "vacuum" | "refresh" | "lock" | "notify" | "reindex"
        | "cluster" | "comment" | "call" | "set" | "reset" => false,
        "create" | "drop" => {
            let object = words.iter().skip(1).find(|w| !matches!(**w, "or" | "replace" | "constraint" | "unique"));
            !object.is_some_and(|w| matches!(*w, "policy" | "trigger" | "index" | "role" | "user" | "database" | "publication" | "subscription" | "statistics"))
        }
        "alter" => {
            let rights = ["owner", "enable", "disable", "force", "cluster", "replica", "reset", "validate"];
            let behind = words.iter().skip(3).find(|w| !w.contains(HOLE) && !matches!(**w, "if" | "exists" | "only"));
            let table = matches!(words.get(1), Some(&("table" | "view")));
            let keeps_columns = table && words.get(2).is_some_and(|w| w.contains(HOLE)) && behind.is_some_and(|w| rights.contains(w));
            let aside = matches!(words.get(1), Some(&("role" | "user" | "database" | "policy" | "index" | "trigger" | "publication" | "default")));
            !keeps_columns && !aside
        }
        _ => true,
    }
}

/// Whether it makes, changes or drops a table or view of its own that is not known: which there are is then not known either. Of partitions nobody need know.
pub(super) fn is_of_tables(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let mut words = text.split_whitespace();
    let changes = words.next().is_some_and(|w| matches!(w, "create" | "alter" | "drop"));
    let object = words.find(|w| !matches!(*w, "or" | "replace" | "materialized" | "unlogged" | "foreign"));
    changes && object.is_some_and(|w| matches!(w, "table" | "view")) && !text.contains("partition")
}

/// The values of `ARRAY['a', 'b']`, `'{a,b}'` is not read; or the one value of a literal.
pub(super) fn values(text: &str, variables: &Variables) -> Option<Vec<String>> {
    let expr = expression(text)?;
    let mut expr = &expr;
    while let ExprKind::Cast(inner, _) = &expr.kind {
        expr = inner;
    }
    match &expr.kind {
        ExprKind::Array(items) => items.iter().map(string).collect(),
        ExprKind::Column(parts) if parts.len() == 1 => variables.get(parts[0].as_str()).cloned(),
        _ => Some(vec![string(expr)?]),
    }
}

fn string(expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::String(text) => Some(text.clone()),
        ExprKind::Cast(inner, _) => match &inner.kind {
            ExprKind::String(text) => Some(text.clone()),
            _ => None,
        },
        _ => None,
    }
}

fn expression(text: &str) -> Option<Expr> {
    let text = format!("SELECT {text}");
    let mut template = Template::default();
    template.push_verbatim(&text, Location::new(FileId(0), Span::new(0, text.len())));
    let mut script = parse(&template, Parameters::Dollar);
    let statement = script.statements.pop().filter(|_| script.statements.is_empty() && script.skipped.is_empty())?;
    let StatementKind::Query(query) = statement.statement.kind else { return None };
    let QueryBody::Select(mut select) = query.body else { return None };
    select.targets.pop().filter(|_| select.targets.is_empty()).map(|t| t.expr)
}

/// The text of an expression; parts that are not known are holes.
fn text_of(expr: &Expr, bound: &BTreeMap<&str, &str>, depth: usize) -> String {
    let hole = || HOLE.to_owned();
    if depth == 0 {
        return hole();
    }
    let text = |e: &Expr| text_of(e, bound, depth - 1);
    match &expr.kind {
        ExprKind::String(text) => text.clone(),
        ExprKind::Cast(inner, _) => text(inner),
        ExprKind::Column(parts) if parts.len() == 1 => bound.get(parts[0].as_str()).map_or_else(hole, |v| (*v).to_owned()),
        ExprKind::Binary(binary) if binary.op == "||" => text(&binary.left) + &text(&binary.right),
        ExprKind::Call(call) if !call.variadic => {
            let args: Vec<String> = call.args.iter().map(text).collect();
            match (call.name.name.as_str(), args.as_slice()) {
                ("format", [form, rest @ ..]) => fill(form, rest).unwrap_or_else(hole),
                ("quote_ident", [name]) => identifier(name),
                ("quote_literal", [value]) => literal(value),
                _ => hole(),
            }
        }
        _ => hole(),
    }
}

fn names_in(expr: &Expr, out: &mut Vec<String>, depth: usize) {
    if depth == 0 {
        return;
    }
    match &expr.kind {
        ExprKind::Cast(inner, _) => names_in(inner, out, depth - 1),
        ExprKind::Column(parts) if parts.len() == 1 => out.push(parts[0].as_str().to_owned()),
        ExprKind::Binary(binary) => {
            names_in(&binary.left, out, depth - 1);
            names_in(&binary.right, out, depth - 1);
        }
        ExprKind::Call(call) => call.args.iter().for_each(|a| names_in(a, out, depth - 1)),
        _ => {}
    }
}

fn identifier(name: &str) -> String {
    if name.contains(HOLE) { HOLE.to_owned() } else { quote(name) }
}

fn literal(value: &str) -> String {
    if value.contains(HOLE) { format!("'{HOLE}'") } else { format!("'{}'", value.replace('\'', "''")) }
}

/// `format(form, …)` as PostgreSQL fills it in: `%s`, `%I`, `%L`, `%%`, with `n$` for a position. None where it would fail.
fn fill(form: &str, args: &[String]) -> Option<String> {
    let mut out = String::new();
    let mut next = 0;
    let mut rest = form;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        let spec = after.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '$' | '-' | '*'));
        let head = &after[..after.len() - spec.len()];
        let kind = spec.chars().next()?;
        rest = &spec[kind.len_utf8()..];
        if kind == '%' {
            out.push('%');
            continue;
        }
        if let Some((n, _)) = head.split_once('$') {
            next = n.parse::<usize>().ok()?.checked_sub(1)?;
        }
        let value = args.get(next)?;
        next += 1;
        match kind {
            's' => out.push_str(value),
            'I' => out.push_str(&identifier(value)),
            'L' => out.push_str(&literal(value)),
            _ => return None,
        }
    }
    out.push_str(rest);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::{Variables, is_of_tables, may_reshape, texts};

    #[test]
    fn texts_are_put_together_as_the_server_does() {
        let mut variables = Variables::new();
        variables.insert("t".to_owned(), vec!["orders".to_owned(), "Odd one".to_owned()]);
        let all = |text: &str| texts(text, &variables);
        assert_eq!(all("format('alter table %I add note text', t)"), ["alter table orders add note text", "alter table \"Odd one\" add note text"]);
        assert_eq!(all("'drop table ' || quote_ident('x') || $q$ cascade$q$"), ["drop table x cascade"]);
        assert_eq!(all("format('%2$s %1$L %%', 'it''s', 'comment') using 1"), ["comment 'it''s' %"]);
        assert_eq!(all("format('drop table %I', r.name)"), ["drop table _db_hole_"]);
        assert_eq!(all("format('%s')"), ["_db_hole_"]);
        assert_eq!(all("oops("), ["_db_hole_"]);
    }

    #[test]
    fn what_leaves_it_open_which_tables_there_are() {
        let all = ["create table _db_hole__current (a int)", "DROP VIEW _db_hole_", "alter table _db_hole_ add a int"];
        assert!(all.into_iter().all(is_of_tables));
        let none =
            ["_db_hole_", "create function _db_hole_()", "create temp table _db_hole_ (a int)", "create table _db_hole_ partition of t for values in (1)"];
        assert!(!none.into_iter().any(is_of_tables));
    }

    #[test]
    fn what_changes_no_columns_is_told_apart() {
        for harmless in [
            "create policy p on _db_hole_ using (true)",
            "ALTER TABLE _db_hole_ ENABLE ROW LEVEL SECURITY",
            "create or replace trigger _db_hole_ after",
            "grant select on _db_hole_ to x",
        ] {
            assert!(!may_reshape(harmless), "{harmless}");
        }
        for other in [
            "alter table _db_hole_ add column a int",
            "_db_hole_",
            "create table _db_hole_ (a int)",
            "drop view _db_hole_",
            "alter table _db_hole_ _db_hole_",
            "drop _db_hole_ x",
        ] {
            assert!(may_reshape(other), "{other}");
        }
    }
}
