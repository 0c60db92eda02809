//! `drift` against a real server.

mod common;
mod database {
    #[allow(dead_code, reason = "made for more than these tests")]
    pub mod cluster;
}

use common::Project;
use database::cluster::Cluster;

const MODEL: &str = "from sqlalchemy import Column, Date, Integer\nfrom sqlalchemy.orm import declarative_base\n\nBase = declarative_base()\n\n\nclass Batch(Base):\n    __tablename__ = \"batches\"\n    id = Column(Integer, primary_key=True)\n    made = Column(Date, nullable=False)\n";

#[test]
fn drift_of_the_database_and_of_the_models() {
    let cluster = Cluster::start(&[]);
    cluster.create("app");
    cluster.sql("app", "create table batches (id int primary key, made date not null)");
    let p = Project::new();
    p.write("models.py", MODEL);
    let url = cluster.url("app");
    p.run(&["pull", "--database-url", &url]).exits(0);
    p.run(&["drift", "--database-url", &url]).exits(0).says("no drift: 0 differences in the database, 0 differences in the models");

    cluster.sql("app", "alter table batches rename made to produced; alter table batches add note text; create table lots (id int)");
    let ran = p.run(&["drift", "--database-url", &url]).exits(1);
    let expected = "the database has otherwise than schema.lock.yaml:\nbreaking  column renamed: `public.batches.made` probably to `produced`\nsafe      column added: `public.batches.note` `text`\nsafe      table added: `public.lots`\ndrift: 3 differences in the database, 0 differences in the models\n";
    assert_eq!(ran.out, expected);
    p.run(&["drift", "--only", "models"]).exits(0).says("no drift");

    p.write("models.py", MODEL.replace("made", "brewed"));
    let ran = p.run(&["drift", "--only", "models"]).exits(1);
    assert!(ran.out.contains("models.py:10:5: error[unknown-column]") && !ran.out.contains("in the database"), "{}", ran.out);
    let json: serde_json::Value = serde_json::from_str(&p.run(&["drift", "--database-url", &url, "--format", "json"]).exits(1).out).expect("JSON");
    assert_eq!(json["version"], 1);
    assert_eq!(json["drift"], true);
    assert_eq!(json["database"]["changes"][0]["kind"], "column-renamed");
    assert_eq!(json["models"]["diagnostics"][0]["rule"], "unknown-column");
    p.run(&["drift", "--database-url", &url, "--format", "markdown"]).exits(1).says("### drift: 3 differences").says("- **breaking** column renamed");

    p.run(&["drift", "--database-url", &cluster.url("nowhere")]).exits(2).says("does not exist");
    p.run(&["drift", "--database-url", &url, "--lock", "other.yaml"]).exits(2).says("no lock: other.yaml");
}

#[test]
fn what_the_lock_does_not_know_is_no_drift_but_counted() {
    let cluster = Cluster::start(&[]);
    cluster.create("app");
    cluster.sql("app", "create table a (id int, x int); create table b (id int)");
    let p = Project::new();
    p.write(
        "schema.lock.yaml",
        "version: 1\nsearch_path: [public]\ntables:\n  public.a:\n    columns:\n      id: integer\n  public.b:\n    columns:\n      id: integer\nincomplete:\n  - {object: public.a, reason: put together at run time}\n",
    );
    let url = cluster.url("app");
    p.run(&["drift", "--database-url", &url]).exits(0).says("0 differences in the database (1 more in objects that the lock calls incomplete)");
    cluster.sql("app", "alter table b add y int");
    p.run(&["drift", "--database-url", &url]).exits(1).says("`public.b.y`").never_says("`public.a.x`");
}

/// What differs in the lock's bytes and in no object is told all the same.
#[test]
fn another_search_path_is_drift() {
    let cluster = Cluster::start(&[]);
    cluster.create("app");
    cluster.sql("app", "create schema app; create table app.t (id int)");
    let p = Project::new();
    let url = cluster.url("app");
    p.run(&["pull", "--database-url", &url]).exits(0);
    cluster.sql("app", "alter database app set search_path = app, public");
    p.run(&["drift", "--only", "database", "--database-url", &url]).exits(1).says("what only the lock's text shows");
}
