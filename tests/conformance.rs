//! `show`, `report`, `verify`, `sync`: the lock beside everything that speaks of it.

#[path = "database/cluster.rs"]
#[allow(dead_code, reason = "a part of it is for other tests")]
mod cluster;
mod common;

use cluster::Cluster;
use common::Project;

const SHOP: &str = "version: 1
search_path: [public]
tables:
  public.customers:
    comment: who buys
    columns:
      email: text not null
      id: bigint not null
    primary key: [id]
    unique:
      customers_email_key: [email]
  public.orders:
    columns:
      customer_id: bigint not null
      id: bigint not null
      status: text not null default 'new'::text
    primary key: [id]
    foreign keys:
      orders_customer_id_fkey: (customer_id) references public.customers (id) on delete cascade
";

const MODELS: &str = "from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

class Base(DeclarativeBase):
    pass

class Customer(Base):
    __tablename__ = \"customers\"
    id: Mapped[int] = mapped_column(primary_key=True)
    mail: Mapped[str]
";

fn shop() -> Project {
    let p = Project::new();
    p.write("schema.lock.yaml", SHOP);
    p
}

#[test]
fn show_tells_a_table_and_the_code_around_it() {
    let p = shop();
    p.run(&["show"]).exits(0).says("public.orders     table  3 columns  → public.customers").says("who buys");
    p.write("q.sql", "SELECT id, email FROM customers;\nUPDATE customers SET email = 'x';\n");
    let ran = p.run(&["show", "customers"]).exits(0).says("public.customers (table)").says("primary key");
    ran.says("public.orders (customer_id)  → (id)  on delete cascade").says("read at\n  q.sql:1").says("written at\n  q.sql:2");
    p.run(&["show", "customer"]).exits(2).says("did you mean `customers`?");
    let json = p.run(&["show", "customers", "--format", "json"]).exits(0);
    let json: serde_json::Value = serde_json::from_str(&json.out).expect("JSON");
    assert_eq!(json["tables"][0]["referred_by"][0]["table"], "orders");
    assert_eq!(json["tables"][0]["references"].as_array().map(Vec::len), Some(5));
    let mermaid = p.run(&["show", "--format", "mermaid"]).exits(0);
    mermaid.says("erDiagram").says("bigint customer_id FK").says("\"customers\" ||--o{ \"orders\" : \"customer_id\"");
    p.run(&["show", "orders", "--format", "dot"]).exits(0).says("digraph schema {").says("\"orders\" -> \"customers\" [label=\"customer_id\"];");
}

#[test]
fn report_puts_all_sources_side_by_side() {
    let p = shop();
    p.write("models.py", MODELS);
    p.write("q.sql", "SELECT state FROM orders;\n");
    p.write("guide.md", "## Table orders\n\n- `id`\n- `customer`\n");
    p.write("dbtruth.yaml", "caches: {\"order:*\": orders}\n");
    p.write("cache.py", "def f(r, i):\n    r.hset(f\"order:{i}\", mapping={\"id\": 1, \"status\": 2})\n");
    let ran = p
        .run(&["report"])
        .exits(1)
        .says("2 of 2 tables and views drift")
        .says("models.py:10:5: column `mail` does not exist in table `customers` [unknown-column]");
    ran.says("documents lack customer_id, status").says("caches lack customer_id");
    let json = p.run(&["report", "--format", "json"]).exits(1);
    let json: serde_json::Value = serde_json::from_str(&json.out).expect("JSON");
    assert_eq!(json["version"], 1);
    assert_eq!(json["sources"], serde_json::json!(["models", "scripts", "documents", "caches"]));
    let orders = &json["tables"][1]["sources"];
    assert_eq!(orders["scripts"]["extra"], serde_json::json!(["state"]));
    assert_eq!(orders["documents"]["extra"], serde_json::json!(["customer"]));
    assert_eq!(orders["models"]["standing"], "absent");
    assert_eq!(orders["caches"]["standing"], "lacks");
    p.run(&["report", "--format", "markdown"]).exits(1).says("| customers | 2 | **");
    p.run(&["report", "--format", "html", "-o", "r.html"]).exits(1).says("r.html written");
}

#[test]
fn report_is_clean_where_all_conforms() {
    let p = shop();
    p.write("q.sql", "SELECT id, status, customer_id FROM orders;\n");
    p.run(&["report"]).exits(0).says("all 2 tables and views conform, 100.0 % of 4 references checked");
}

#[test]
fn the_page_needs_nothing_and_no_name_speaks_in_it() {
    let p = Project::new();
    p.write(
        "schema.lock.yaml",
        "version: 1\nsearch_path: [public]\ntables:\n  \"public.<script>alert(1)</script>\":\n    columns:\n      \"</summary><img src=x>\": bigint\n",
    );
    p.write("q.sql", "SELECT \"\"\"x\" FROM \"<script>alert(1)</script>\";\n");
    p.run(&["report", "--format", "html", "-o", "r.html"]).exits(1);
    let page = std::fs::read_to_string(p.path("r.html")).expect("the page");
    assert_eq!(page.matches("<script>").count(), 1, "only ours");
    assert!(page.contains("&lt;script&gt;alert(1)") && !page.contains("<img"), "{page}");
    for outside in ["http://", "https://", "src=", "@import", "url("] {
        // Behind `<`, where it would be markup, not the text of a name.
        let markup = page.split('<').any(|tag| tag.split('>').next().is_some_and(|t| t.contains(outside)));
        assert!(!markup, "{outside}");
    }
}

#[test]
fn report_compares_the_live_database() {
    let cluster = Cluster::start(&[]);
    cluster.sql("postgres", "create table customers (id bigint primary key, email text unique, extra int)");
    let p = shop();
    p.write("q.sql", "SELECT id FROM customers;\n");
    let ran = p.run(&["report", "--database-url", &cluster.url("postgres")]).exits(1).says("the database has no `public.orders` [database]");
    ran.says("the database has a column `extra` that the lock does not").says("`email` is nullable in the database, not null in the lock");
}

#[test]
fn verify_lists_where_the_server_and_check_disagree() {
    let cluster = Cluster::start(&[]);
    cluster.sql(
        "postgres",
        "create table customers (id bigint primary key, email text not null, phone text); create table orders (id bigint, customer_id bigint)",
    );
    let url = cluster.url("postgres");
    let p = shop();
    p.write("requirements.txt", "psycopg\n");
    p.write(
        "a.py",
        "import psycopg

def f(conn: psycopg.Connection, a, b, t):
    cur = conn.cursor()
    cur.execute(\"SELECT id FROM customers WHERE id = %s AND email = %s\", (a, b))
    cur.execute(\"SELECT status FROM orders\")
    cur.execute(\"SELECT phone FROM customers\")
    cur.execute(\"SELECT nothing FROM customers\")
    cur.execute(\"SELECT id || 1 FROM customers WHERE id ~ 'x'\")
    cur.execute(\"SELECT id FROM customers; DROP TABLE customers\")
    cur.execute(\"INSERT INTO customers (id, email) VALUES (%(id)s, %(mail)s)\", a)
    cur.execute(f\"SELECT id FROM {t}\")
",
    );
    let ran = p.run(&["verify", "--database-url", &url]).exits(1);
    let ran = ran.says("a.py:6:18: the server refuses it, check is silent\n    server: column \"status\" does not exist (42703)");
    let ran = ran.says("a.py:7:18: check refuses it, the server accepts it\n    check: column `phone` does not exist");
    let ran = ran.says("a.py:8:18: both refuse it").says("a.py:9:18: the server refuses it, check does not judge this");
    let ran = ran.says(
        "7 statements: 3 accepted by both, 1 refused by both, 1 refused by the server alone, 1 refused for what check does not judge, 1 refused by check alone",
    );
    ran.says("not asked about: 1 × a part of it is not known").says("1 × no query and no change of rows");
    // Nothing was run.
    cluster.sql("postgres", "do $$ begin assert (select count(*) from customers) = 0; end $$");
    let json = p.run(&["verify", "--database-url", &url, "--format", "json"]).exits(1);
    let json: serde_json::Value = serde_json::from_str(&json.out).expect("JSON");
    assert_eq!(json["summary"]["server_only"], 1);
    assert_eq!(json["statements"][0]["agreement"], "server-only");
    p.write("a.py", "import psycopg\n\ndef f(conn: psycopg.Connection):\n    conn.execute(\"SELECT id FROM customers\")\n");
    p.run(&["verify", "--database-url", &url]).exits(0).says("1 statement: 1 accepted by both");
    p.run(&["verify", "--database-url", "postgresql://x@127.0.0.1:1/x"]).exits(2).says("cannot read the database");
}

#[test]
fn sync_pulls_generates_and_reports() {
    let cluster = Cluster::start(&[]);
    cluster.sql("postgres", "create table customers (id bigint primary key, email text not null)");
    let url = cluster.url("postgres");
    let p = Project::new();
    p.write("dbtruth.yaml", "generate: {app/rows.py: pydantic}\n");
    p.write("app/q.sql", "SELECT id FROM customers;\n");
    p.run(&["sync", "--database-url", &url, "--check"]).exits(1).says("schema.lock.yaml would change").says("app/rows.py would change");
    p.run(&["sync", "--database-url", &url]).exits(0).says("schema.lock.yaml written").says("app/rows.py written").says("all 1 tables and views conform");
    p.run(&["sync", "--database-url", &url, "--check"]).exits(0).says("app/rows.py is up to date");
    p.write("dbtruth.yaml", "generate: {app/rows.py: pydantik}\n");
    p.run(&["sync", "--database-url", &url]).exits(2).says("`pydantik` is nothing that can be generated");
}
