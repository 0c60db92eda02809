//! The search path that an environment of migrations sets.

use super::{pull, step};
use crate::schema::Schema;

fn with_env(set: &str) -> Schema {
    let env = format!(
        "from alembic import context\nfrom models import Base\ntarget_metadata = Base.metadata\ndef run(connection):\n    schema = context.config.get_main_option('s')\n    {set}\n"
    );
    let revision = "import sqlalchemy as sa\nfrom alembic import op\nrevision = 'a'\ndown_revision = None\ndef upgrade():\n    op.create_table('orders', sa.Column('id', sa.Integer()), schema='shop')\n    op.create_table('bare', sa.Column('id', sa.Integer()))\n";
    pull(&[
        ("alembic/env.py", &env),
        ("alembic/versions/a.py", revision),
        (
            "models.py",
            "from sqlalchemy import MetaData\nfrom sqlalchemy.orm import declarative_base\nBase = declarative_base(metadata=MetaData(schema='shop'))\n",
        ),
    ])
}

#[test]
fn what_the_environment_sets_holds_for_the_revisions_and_the_lock() {
    for known in [
        "context.execute('SET search_path TO shop, public')",
        "context.execute(f'set search_path to {target_metadata.schema}')",
        "connection.execute(text('set search_path = \"shop\"'))",
        "engine = create_engine(url, connect_args={'options': '-csearch_path=shop'})",
    ] {
        let s = with_env(known);
        assert_eq!((s.search_path.join(" ").as_str(), s.relation(Some("shop"), "bare").is_some()), ("shop public", true), "{known}");
    }
    for unknown in [
        "context.execute(f'set search_path to {schema}')",
        "context.execute('set search_path to \"%s\"' % schema)",
        "context.execute('SET search_path TO ' + schema)",
        "pass",
    ] {
        let s = with_env(unknown);
        assert_eq!((s.search_path.join(" ").as_str(), s.relation(Some("public"), "bare").is_some()), ("public", true), "{unknown}");
    }
}

#[test]
fn a_path_that_a_revision_sets_ends_with_it() {
    let first = step(
        "a",
        "None",
        "op.execute('CREATE SCHEMA graph')\n    op.execute(\"SET search_path = graph, '$user', public\")\n    op.execute('CREATE TABLE nodes (id int)')",
    );
    let second = step("b", "'a'", "op.create_table('orders', sa.Column('id', sa.Integer()))");
    let s = pull(&[("versions/a.py", &first), ("versions/b.py", &second)]);
    assert_eq!(s.relations.keys().map(ToString::to_string).collect::<Vec<_>>(), ["graph.nodes", "public.orders"]);
    assert!(s.incomplete.is_empty(), "{:?}", s.incomplete);
}
