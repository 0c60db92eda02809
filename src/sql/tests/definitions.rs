//! Names in statements that define things: judged, but with doubt, since a definition may be older than the schema.

use super::{clean, finds, run};
use crate::source::FileId;
use crate::syntax::sql::Parameters;
use crate::syntax::sql::template::Template;

#[test]
fn names_in_definitions_are_judged() {
    finds("create index on orders (totl) include (plced) where idd > 1", &["unknown-column: plced", "unknown-column: totl", "unknown-column: idd"]);
    finds("create index on nowhere (a)", &["unknown-table: nowhere"]);
    finds("alter table orders add constraint c check (totl > 0), alter column sttus set not null", &["unknown-column: totl", "unknown-column: sttus"]);
    finds("alter table nowhere add column a int", &["unknown-table: nowhere"]);
    finds("alter table orders add foreign key (custmer_id) references customers (idd)", &["unknown-column: idd", "unknown-column: custmer_id"]);
    finds(
        "create table t (a int check (b > 0), c bigint references customers (key), primary key (d), foreign key (a) references gone)",
        &["unknown-column: b", "unknown-column: key", "unknown-column: d", "unknown-table: gone"],
    );
    finds("grant select (totl) on orders to someone", &["unknown-column: totl"]);
    finds("revoke all on nowhere from someone", &["unknown-table: nowhere"]);
    finds("comment on column orders.totl is 'x'", &["unknown-column: totl"]);
    finds("comment on table nowhere is 'x'", &["unknown-table: nowhere"]);
    finds("create policy p on orders using (owner = 1) with check (totl > 0)", &["unknown-column: owner", "unknown-column: totl"]);
    finds(
        "create trigger t before update of totl on orders for each row when (old.idd <> new.id) execute function f()",
        &["unknown-column: totl", "unknown-column: idd"],
    );
    finds("create sequence s owned by orders.idd", &["unknown-column: idd"]);
    finds("alter sequence orders_id_seq owned by nowhere.id", &["unknown-table: nowhere"]);
    finds("drop policy p on nowhere", &["unknown-table: nowhere"]);
    finds("create view v as select totl from orders", &["unknown-column: totl"]);
    finds("create recursive view v (n) as select 1 union all select m + 1 from v", &["unknown-column: m"]);
    finds("truncate nowhere", &["unknown-table: nowhere"]);
    finds("lock table orders, nowhere", &["unknown-table: nowhere"]);
    finds("copy orders (id, totl) from stdin", &["unknown-column: totl"]);
    finds("create function f() returns bigint language sql as 'select nope from orders where status = ''draft'''", &["unknown-column: nope"]);
}

#[test]
fn what_a_definition_has_done_already_is_no_finding() {
    clean("alter table if exists nowhere add column a int");
    clean("alter table orders drop column nope; alter table orders rename column old to total; alter table was rename to orders");
    clean("alter table orders add column note text, add check (note <> ''), alter column note set default 'x'");
    clean("drop table nowhere; drop trigger if exists t on nowhere");
    clean("create table t (id int primary key, parent int references t (id), check (parent <> id), unique (id, parent))");
    clean("create table t (like orders, extra text, check (extra <> '' and total > 0), unique (extra, id))");
    clean("create table a (b int references later (id)); create table later (id int primary key)");
    clean("create table t (a int, b int); create index on t (a); comment on column t.b is 'x'; grant select (a) on t to someone");
    clean("create table t partition of orders (check (total > 0)) for values in (1)");
    clean("comment on index orders_pkey is 'x'; comment on column address.city is 'x'");
    clean("create trigger t before update of total on orders for each row when (new.total > old.total) execute function f()");
    clean("create sequence s owned by none; grant usage on orders_id_seq to someone");
}

#[test]
fn names_outside_of_the_statement_are_doubtful() {
    let doubtful = |sql: &str| run(&Template::from_source(FileId(0), sql, 0), Parameters::Guess).problems.iter().map(|p| p.doubtful).collect::<Vec<_>>();
    assert_eq!(doubtful("create index on orders (totl)"), [true]);
    assert_eq!(doubtful("create table t (a int, check (b > 0))"), [false]);
    assert_eq!(doubtful("select totl from orders"), [false]);
}
