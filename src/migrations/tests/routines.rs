//! Functions and blocks of PL/pgSQL that make tables.

use super::{columns, pull};
use crate::schema::{Schema, WHOLE};

fn with(body: &str, then: &str) -> Schema {
    let function = format!("CREATE FUNCTION more(kind text, n int) RETURNS void LANGUAGE plpgsql AS $$ {body} $$;");
    pull(&[("migrations/1.sql", &format!("CREATE TABLE hosts (id int);\n{function}\n{then}"))])
}

#[test]
fn a_function_that_makes_tables_makes_them_where_it_is_called() {
    let named = "DECLARE t text; BEGIN FOREACH t IN ARRAY ARRAY['cpu', 'disk'] LOOP EXECUTE 'CREATE TABLE ' || t || '_now (made date)'; END LOOP; END;";
    for call in ["SELECT more('x', 1);", "SELECT * FROM more('x', 1);", "CALL public.more('x', 1);"] {
        let s = with(named, call);
        assert_eq!((columns(&s, "cpu_now"), s.relations.len(), s.incomplete.len()), (vec!["made date".to_owned()], 3, 0), "{call}");
    }
    // Its arguments are what the call says.
    let s = with("BEGIN EXECUTE format('CREATE TABLE %I (id int)', kind || '_log'); END;", "SELECT more('audit', 1); SELECT more('mail', 2);");
    assert_eq!((s.relations.keys().map(|k| k.name.as_str()).collect::<Vec<_>>(), s.incomplete.len()), (vec!["audit_log", "hosts", "mail_log"], 0));
    // One that nobody calls makes nothing.
    let s = with("BEGIN EXECUTE 'CREATE TABLE ' || kind || ' (id int)'; END;", "");
    assert_eq!((s.relations.len(), s.incomplete.len()), (1, 0), "{:?}", s.incomplete);
}

#[test]
fn tables_whose_names_are_worked_out_leave_the_schema_open() {
    let objects = |s: &Schema| s.incomplete.iter().map(|i| i.object.clone()).collect::<Vec<_>>();
    let s = with("BEGIN EXECUTE 'CREATE TABLE ' || kind || ' (id int)'; END;", "SELECT more(name, 1) FROM kinds;");
    assert_eq!(objects(&s), [WHOLE]);
    let s =
        with("BEGIN NULL; END;", "DO $x$ DECLARE r record; BEGIN FOR r IN SELECT 1 LOOP EXECUTE format('CREATE TABLE %I (id int)', r.x); END LOOP; END $x$;");
    assert_eq!(objects(&s), [WHOLE]);
    // Rights and rows are no tables.
    let s = with("BEGIN EXECUTE format('GRANT SELECT ON TABLE %I TO x; -- create ', kind); END;", "SELECT more(name, 1) FROM kinds;");
    assert!(objects(&s).is_empty(), "{:?}", s.incomplete);
}
