//! Statements that PostgreSQL's grammar refuses: what stands around the broken part is read, the part is counted.

use super::run;
use crate::source::FileId;
use crate::syntax::sql::template::Template;
use crate::syntax::sql::{Parameters, Skip};

/// Findings and broken parts of a text.
fn around(sql: &str) -> (Vec<String>, Vec<String>) {
    let analysis = run(&Template::from_source(FileId(0), sql, 0), Parameters::Guess);
    assert!(analysis.problems.iter().all(|p| p.doubtful), "{sql}");
    assert!(!analysis.complete, "{sql}");
    let text = |span: crate::source::Span| sql[span.range()].to_owned();
    let found = analysis.problems.iter().map(|p| format!("{}: {}", p.kind.rule(), text(p.span))).collect();
    (
        found,
        analysis
            .skipped
            .iter()
            .map(|(skip, span)| {
                assert_eq!(*skip, Skip::Unparsable);
                text(*span)
            })
            .collect(),
    )
}

#[track_caller]
fn says(sql: &str, found: &[&str], broken: &[&str]) {
    let (findings, parts) = around(sql);
    assert_eq!(parts, broken, "{sql}");
    assert_eq!(findings, found, "{sql}");
}

#[test]
fn the_smallest_part_is_skipped() {
    says("select id, nope, total total total from orders", &["unknown-column: nope"], &["total total total"]);
    says("select id, nope, from orders", &["unknown-column: nope"], &[""]);
    says("select id from orders where nope = 1 and total 1 2", &["unknown-column: nope"], &["total 1 2"]);
    says("select coalesce(nope, 1 1, totl) from orders", &["unknown-column: nope", "unknown-column: totl"], &["1 1"]);
    says("select nope from orders where id in ()", &["unknown-column: nope"], &["id in ()"]);
    says("select nope from orders where", &["unknown-column: nope"], &[""]);
    says("update orders set totl = 1, total 1 2 where idd = 3", &["unknown-column: idd", "unknown-column: totl"], &["total 1 2"]);
    says("insert into orders (customer_id, totl) values (1, 2 3)", &["unknown-column: totl"], &["2 3"]);
    says("delete from orders where idd = 1 returning id id id", &["unknown-column: idd"], &["id id id"]);
}

#[test]
fn other_queries_of_the_statement_are_read() {
    says(
        "with a as (select nope from orders), b as (select from from from) select a.nope, b.x from a, b",
        &["unknown-column: nope"],
        &["select from from from"],
    );
    says("with a as (select id from orders), b as (selec x) select a.idd, b.any from a, b", &["unknown-column: idd"], &["selec x"]);
    says("select (select nope from orders), (select 1 from 2) from customers", &["unknown-column: nope"], &["2"]);
    says("select 1 from orders union select nope from customers wher x = 1", &[], &["customers wher x = 1"]);
}

#[test]
fn what_hangs_on_the_broken_part_is_not_judged() {
    says("select o.nope, nope, c.name from orders o jion customers c on c.id = o.id where o.idd = 1", &[], &["orders o jion customers c on c.id = o.id"]);
    says("select x.nope, nope, o.idd from orders o join (select id from from) x on x.id = o.id", &["unknown-column: idd"], &["select id from from"]);
    says("select nope from nowhere where 1 2", &[], &["1 2"]);
    says("insert into orders (customer_id, total) values (1, 2, 3 4)", &[], &["3 4"]);
    says("select id from orders o join totals t using (customer_id customer_id) where customer_id = 1", &[], &["customer_id customer_id"]);
    // with astray quotes nobody knows what is text and what is not
    says("select 'it's a, nope, of the customer's' from orders", &[], &["'it's a, nope, of the customer's'"]);
}

#[test]
fn what_cannot_be_mended_is_skipped_whole() {
    for sql in
        ["select count(id from orders", "select 'open from orders", "selec nope from orders", "create table t (a int,, b int", "select } nope from orders"]
    {
        says(sql, &[], &[sql]);
    }
}

#[test]
fn templates_are_broken_parts() {
    says("select id, nope, {{ column }} as x from orders where {{ condition }}", &["unknown-column: nope"], &["{{ column }}", "{{ condition }}"]);
    says("select a.id, nope from {{ ref('orders') }} a", &[], &["{{ ref('orders') }} a"]);
}
