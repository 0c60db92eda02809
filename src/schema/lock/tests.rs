//! What a lock can hold, and what it refuses.

use proptest::prelude::*;

use super::*;
use crate::schema::{ArgMode, Argument, Column, Domain, ForeignKey, Function, Generated, Identity, QualifiedName, Relation, RelationKind, Returns, Unique};

/// The example of the contract.
const EXAMPLE: &str = r"# dbtruth schema lock. Written by `dbtruth pull`; change the database, not this file.
version: 1
search_path: [public]
tables:
  public.batches:
    comment: one row for each produced lot
    columns:
      batch_number: varchar(64) not null
      expiry_date: date not null
      id: uuid not null default gen_random_uuid()
      margin: numeric(12,2) generated always as (price - cost) stored
      status: order_status not null default 'draft'::order_status
    primary key: [id]
    unique:
      batches_product_id_batch_number_key: [product_id, batch_number]
    foreign keys:
      batches_product_id_fkey: (product_id) references public.products (id) on delete cascade
    checks:
      batches_quantity_check: quantity >= 0
    indexes:
      batches_expiry_idx: btree (expiry_date) where (quantity > 0)
views:
  public.stock:
    columns:
      on_hand: bigint
enums:
  public.order_status: [draft, confirmed, shipped, cancelled]
domains:
  public.email: text not null default ''::text
composites:
  public.address: {columns: {city: text, zip: text}}
sequences: [public.invoice_seq]
functions:
  public.match_chunks(query text, match_count integer default 10): table(chunk_id bigint, score double precision)
incomplete: []
";

fn batches(schema: &Schema) -> &Relation {
    schema.relation(None, "batches").expect("the example has batches").1
}

#[test]
fn the_example_reads_and_writes_back_to_the_same_bytes() {
    let schema = read(EXAMPLE).unwrap();
    assert_eq!(write(&schema), EXAMPLE);
    let table = batches(&schema);
    let id = table.column("id").unwrap();
    assert_eq!((id.ty.as_str(), id.not_null, id.default.as_deref()), ("uuid", true, Some("gen_random_uuid()")));
    assert_eq!(table.column("margin").unwrap().generated, Some(Generated { expression: "price - cost".into(), stored: true }));
    assert_eq!(table.foreign_keys[0].actions, "on delete cascade");
    assert_eq!(table.indexes[0].keys, [Some("expiry_date".to_owned())]);
    assert!(table.indexes[0].partial);
    let function = &schema.functions[&QualifiedName::new("public", "match_chunks")][0];
    assert_eq!(function.arguments[1].name.as_deref(), Some("match_count"));
    assert_eq!(function.returns, Returns::Table(vec![("chunk_id".into(), "bigint".into()), ("score".into(), "double precision".into())]));
}

#[test]
fn spans_point_at_names_and_lines() {
    let schema = read(EXAMPLE).unwrap();
    let slice = |span: Option<crate::source::Span>| &EXAMPLE[span.expect("a span").range()];
    assert_eq!(slice(batches(&schema).at), "public.batches");
    assert_eq!(slice(batches(&schema).column("expiry_date").unwrap().at), "expiry_date: date not null");
}

#[test]
fn quoted_json_strings_read_as_well() {
    let text = concat!(
        "version: 1\nsearch_path: [\"public\", \"app\"]\ntables:\n  \"public.Odd Table\":\n    columns:\n      \"a\": \"character varying(10) not null default (opaque)\"\n",
        "      \"b\": \"timestamp without time zone\"\n  \"public.none\":\n    columns: {}\n",
        "composites:\n  \"public.pair\":\n    columns:\n      \"x\": \"double precision\"\n",
        "enums:\n  \"public.e\": [\"a b\", \"\\\"q\\\"\"]\nsequences: [\"public.s\"]\n",
        "functions:\n  \"public.f(integer, VARIADIC \\\"any\\\")\": \"setof public.none\"\n  \"public.g()\": \"None\"\n",
    );
    let schema = read(text).unwrap();
    let odd = schema.relation(Some("public"), "Odd Table").unwrap().1;
    assert_eq!(odd.column("a").unwrap().ty, "character varying(10)");
    assert_eq!(odd.column("b").unwrap().ty, "timestamp without time zone");
    assert_eq!(schema.composites[&QualifiedName::new("public", "pair")], [("x".to_owned(), "double precision".to_owned())]);
    assert_eq!(schema.enums[&QualifiedName::new("public", "e")], ["a b", "\"q\""]);
    let f = &schema.functions[&QualifiedName::new("public", "f")][0];
    assert_eq!(f.arguments[1], Argument { name: None, ty: "\"any\"".into(), mode: ArgMode::Variadic, default: None });
    assert_eq!(f.returns, Returns::SetOf("public.none".into()));
    assert_eq!(schema.functions[&QualifiedName::new("public", "g")][0].returns, Returns::Nothing);
}

#[test]
fn any_other_yaml_means_the_same() {
    let other = "---\n# by hand\n\"version\": 1\nsearch_path:\n- public\ntables: {\n  public.t: {columns: {\n    yes: 'text',\n    0x1f: integer not null}, primary key: [0x1f],\n    comment: \"two\n      lines\"}}\n";
    let ours = "version: 1\nsearch_path: [public]\ntables:\n  public.t:\n    comment: two lines\n    columns:\n      0x1f: integer not null\n      yes: text\n    primary key: [0x1f]\n";
    assert!(node::read(other).is_none() && node::read(ours).is_some());
    assert_eq!(write(&read(other).unwrap()), write(&read(ours).unwrap()));
}

#[test]
fn byte_order_marks_and_windows_lines_do_no_harm() {
    let text = format!("\u{feff}{}", EXAMPLE.replace('\n', "\r\n"));
    let schema = read(&text).unwrap();
    assert_eq!(write(&schema), EXAMPLE);
}

#[test]
fn columns_are_taken_apart_outside_quotes_and_parentheses() {
    let read = |text| line::read_column("c", text).unwrap();
    assert_eq!(read("text default 'not null generated'::text").default.as_deref(), Some("'not null generated'::text"));
    assert_eq!(read("boolean default (x is not null)").default.as_deref(), Some("(x is not null)"));
    assert_eq!(read("boolean default x is not null").default.as_deref(), Some("x is not null"));
    let tail = read("integer default 0 not null");
    assert_eq!((tail.default.as_deref(), tail.not_null), (Some("0"), true));
    assert_eq!(read("\"default\" not null").ty, "\"default\"");
    assert_eq!(read("timestamp(3) without time zone[] not null").ty, "timestamp(3) without time zone[]");
    assert_eq!(read("int not null generated by default as identity").identity, Some(Identity::ByDefault));
    assert_eq!(read("text generated always as ((a || ')') || b) virtual").generated, Some(Generated { expression: "(a || ')') || b".into(), stored: false }));
    assert!(line::read_column("c", "").is_err());
    assert!(line::read_column("c", "text not null generated always as (a").is_err());
    assert!(line::read_column("c", "text not null maybe").is_err());
}

#[test]
fn arguments_with_and_without_names() {
    let read = |text| line::read_argument(text).map(|a| (a.name, a.ty)).unwrap();
    assert_eq!(read("double precision"), (None, "double precision".into()));
    assert_eq!(read("a double precision"), (Some("a".into()), "double precision".into()));
    assert_eq!(read("timestamp with time zone"), (None, "timestamp with time zone".into()));
    assert_eq!(read("time timestamp without time zone"), (Some("time".into()), "timestamp without time zone".into()));
    assert_eq!(read("character varying[]"), (None, "character varying[]".into()));
    assert_eq!(read("OUT \"Odd name\" text"), (Some("Odd name".into()), "text".into()));
    assert_eq!(read("public.thing"), (None, "public.thing".into()));
}

fn error(text: &str) -> LockError {
    read(text).expect_err("must be refused")
}

#[test]
fn a_bad_merge_is_named_with_its_remedy() {
    let found = error(&EXAMPLE.replace("      expiry_date", "<<<<<<< HEAD\n      expiry_date"));
    assert_eq!((found.line, found.column), (9, 1));
    assert!(found.message.contains("merge conflict") && found.help.unwrap().contains("dbtruth pull"));
    let found = error(&EXAMPLE.replace("      expiry_date: date not null\n", "      expiry_date: date not null\n      expiry_date: text\n"));
    assert_eq!((found.line, found.column, found.message.as_str()), (10, 7, "`expiry_date` stands twice in the same place of the lock"));
}

#[test]
fn what_no_lock_may_hold() {
    for (text, line, message) in [
        ("", 1, "empty"),
        ("# only a comment\n", 1, "`version`"),
        ("version: \"2\\n\\e[0m\"\n", 1, "unknown lock version `2\u{fffd}\u{fffd}[0m`"),
        ("version: 2\n", 1, "unknown lock version `2`"),
        ("search_path: [public]\n", 1, "`version`"),
        ("version: 1\ntable:\n  public.t: {}\n", 2, "unknown key `table`"),
        ("version: 1\ntables:\n  public.t:\n    colums: {}\n", 4, "unknown key `colums`"),
        ("version: 1\ntables:\n  t:\n    columns: {}\n", 3, "does not name a schema"),
        ("version: 1\ntables: [a]\n", 2, "must be a map"),
        ("version: 1\nenums:\n  public.e: &a [x]\n", 3, "anchors, aliases and tags"),
        ("version: 1\nenums:\n  public.e: [!!str x]\n", 3, "anchors, aliases and tags"),
        ("version: 1\nenums: {a: *b}\n", 2, "anchors, aliases and tags"),
        ("version: 1\ntables:\n\tpublic.t: {}\n", 3, "YAML"),
        ("version: 1\ntables:\n  public.t:\n    columns:\n      a: [text]\n", 5, "expected text"),
        ("version: 1\n--- \nversion: 1\n", 2, "YAML"),
    ] {
        let found = error(text);
        assert!(found.message.contains(message), "{text:?}: {found}");
        assert!(found.line == line || found.message.contains("YAML"), "{text:?}: {found}");
    }
    assert_eq!(error("version: 1\ntable: {}\n").help.as_deref(), Some("did you mean `tables`?"));
}

#[test]
fn depth_and_size_have_limits() {
    let deep = format!("version: 1\nenums: {}\n", "[".repeat(40_000));
    assert!(error(&deep).message.contains("nested"), "{}", error(&deep));
    let items = format!("version: 1\nenums: \n {}x\n", "- ".repeat(40_000));
    assert!(error(&items).message.contains("nested"), "{}", error(&items));
    assert!(error(&"#".repeat((32 << 20) + 1)).message.contains("MiB"));
}

#[test]
fn open_relations_stand_under_incomplete_and_come_back_open() {
    let mut schema = read(EXAMPLE).unwrap();
    schema.relations.get_mut(&QualifiedName::new("public", "stock")).unwrap().open = true;
    let text = write(&schema);
    assert!(text.ends_with("incomplete:\n  - {object: public.stock, reason: not fully understood}\n"), "{text}");
    assert!(read(&text).unwrap().relation(None, "stock").unwrap().1.open);
}

#[test]
fn saving_is_atomic_and_says_whether_anything_changed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("schema.lock.yaml");
    let schema = read(EXAMPLE).unwrap();
    assert!(would_change(&path, &schema).unwrap());
    assert!(save(&path, &schema).unwrap());
    assert!(!would_change(&path, &schema).unwrap() && !save(&path, &schema).unwrap());
    assert_eq!(std::fs::read_to_string(&path).unwrap(), EXAMPLE);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");
}

/// A schema of odd names: what the writer must keep safe.
pub(super) fn odd_schema(names: &[String]) -> Schema {
    let mut schema = Schema::new();
    for (n, name) in names.iter().enumerate() {
        let mut relation = Relation::new(if n % 3 == 2 { RelationKind::MaterializedView } else { RelationKind::Table });
        for other in names {
            let mut column = Column::new(other, if n % 2 == 0 { "numeric(12,2)" } else { "text" });
            column.not_null = n % 2 == 0;
            column.default = Some(format!("'{}'::text", other.replace('\'', "''")));
            column.comment = Some(other.clone());
            relation.put_column(column);
            relation.checks.insert(other.clone(), format!("\"{}\" > 0", other.replace('"', "\"\"")));
        }
        relation.comment = Some(name.clone());
        relation.primary_key = vec![name.clone()];
        relation.unique = vec![Unique { name: name.clone(), columns: names.to_vec(), nulls_not_distinct: n % 2 == 1 }];
        let target = QualifiedName::new("public", name.clone());
        relation.foreign_keys =
            vec![ForeignKey { name: name.clone(), columns: vec![name.clone()], target, target_columns: names.to_vec(), actions: String::new() }];
        schema.relations.insert(QualifiedName::new(if n % 2 == 0 { "public" } else { "a.b" }, name), relation.into());
        schema.enums.insert(QualifiedName::new("public", format!("e{name}")), names.to_vec());
        schema.composites.insert(QualifiedName::new("public", name), names.iter().map(|n| (n.clone(), "numeric(1,2)".to_owned())).collect());
        let checks = [(name.clone(), format!("value <> '{}'", name.replace('\'', "''")))].into();
        schema
            .domains
            .insert(QualifiedName::new("public", name), Domain { base: "text".into(), not_null: false, default: Some("'a: b'::text".into()), checks });
        schema.sequences.insert(QualifiedName::new("public", name));
        let argument = Argument { name: Some(name.clone()), ty: "integer".into(), mode: ArgMode::In, default: Some("'x, )'::text".into()) };
        schema
            .functions
            .insert(QualifiedName::new("public", name), vec![Function { arguments: vec![argument], returns: Returns::One("void".into()), at: None }]);
        schema.mark_incomplete(format!("x {name}"), name.clone());
    }
    schema
}

fn without_places(mut schema: Schema) -> Schema {
    for relation in schema.relations.values_mut() {
        relation.at = None;
        relation.columns.iter_mut().for_each(|c| c.at = None);
    }
    schema.functions.values_mut().flatten().for_each(|f| f.at = None);
    schema
}

/// Names that YAML readers are known to misread, and some that PostgreSQL allows all the same.
const ODD: [&str; 30] = [
    "yes",
    "no",
    "on",
    "null",
    "~",
    "1e3",
    "0x1f",
    "2024-01-01",
    "a: b",
    "#x",
    "a #b",
    "a.b",
    "é",
    "e\u{301}",
    "\"q\"",
    "it's",
    "back\\slash",
    "tab\there",
    "two\nlines",
    " lead",
    "trail ",
    "-",
    "- a",
    "?",
    "[x]",
    "{y}",
    "&a",
    "*b",
    "!c",
    "\u{85}\u{2028}\u{feff}😀",
];

#[test]
fn odd_names_survive() {
    let schema = odd_schema(&ODD.map(str::to_owned));
    let text = write(&schema);
    assert!(node::read(&text).is_some(), "our own form takes the fast path");
    assert_eq!(without_places(read(&text).unwrap()), schema);
    assert_eq!(write(&read(&text).unwrap()), text);
}

#[test]
fn the_version_may_stand_in_quotes_and_must_be_known() {
    assert_eq!(write(&read(&EXAMPLE.replacen("version: 1", "version: \"1\"", 1)).unwrap()), EXAMPLE);
    for other in ["2", "'one'", "1.0", "[1]", "{}", ""] {
        assert!(read(&EXAMPLE.replacen("version: 1", &format!("version: {other}"), 1)).is_err(), "{other}");
    }
}

#[test]
fn odd_names_survive_pyyaml() {
    let script = "import sys, json, yaml; print(json.dumps(yaml.safe_load(sys.stdin.buffer.read().decode())))";
    let found = std::process::Command::new("python3").args(["-c", "import yaml"]).output().is_ok_and(|o| o.status.success());
    assert!(found, "this test needs python3 with PyYAML: `./test` installs it");
    let schema = odd_schema(&ODD.map(str::to_owned));
    let mut child =
        std::process::Command::new("python3").args(["-c", script]).stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(write(&schema).as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let seen: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    for (name, labels) in &schema.enums {
        assert_eq!(seen["enums"][name.to_string()], serde_json::json!(labels));
    }
    for (name, relation) in &schema.relations {
        let section = if relation.kind == RelationKind::Table { "tables" } else { "views" };
        let table = &seen[section][line::relation_key(name)];
        assert_eq!(table["comment"], serde_json::json!(relation.comment));
        for column in &relation.columns {
            assert_eq!(table["columns"][&column.name], serde_json::json!(line::column(column)));
        }
    }
}

/// Both readers of the same text: the same document, places aside.
fn same_by_both(text: &str) -> bool {
    fn strip(node: node::Node<'_>) -> node::Node<'_> {
        let value = match node.value {
            node::Value::List(items) => node::Value::List(items.into_iter().map(strip).collect()),
            node::Value::Map(entries) => {
                node::Value::Map(entries.into_iter().map(|(k, v)| (node::Key { at: Span::default(), text: k.text }, strip(v))).collect())
            }
            node::Value::Nothing => node::Value::Text("".into()),
            text @ node::Value::Text(_) => text,
        };
        node::Node { at: Span::default(), value }
    }
    use crate::source::Span;
    match (node::read(text), full::read(text)) {
        (Some(fast), Ok(full)) => {
            let (fast, full) = (strip(fast), strip(full));
            assert_eq!(fast, full, "{text}");
            true
        }
        // The document is fine, the lock is not: both ways end in an error.
        (Some(_), Err(error)) if error.to_string().contains("invalid type") => read(text).is_err(),
        (Some(fast), Err(error)) => panic!("the fast reader took what YAML refuses ({error}): {fast:?}\n{text}"),
        (None, _) => false,
    }
}

/// Table by table or as one document: the same schema, or no schema.
fn same_in_parts(text: &str) -> bool {
    let whole = node::read(text).and_then(|node| read::schema(node, text).ok());
    let parts = read::canonical(text);
    if let Some(parts) = &parts {
        assert_eq!(Some(parts), whole.as_ref(), "{text}");
        // A key that takes two lines is not passed over.
        let known = read_known(&text.into());
        assert!(known.as_ref().is_none_or(|known| known == parts) && (known.is_some() || text.contains("\n  ? ")), "{text}");
    }
    parts.is_some()
}

#[test]
fn our_own_form_is_read_table_by_table() {
    assert!(same_in_parts(EXAMPLE) && same_in_parts(&EXAMPLE.replace('\n', "\r\n")) && same_in_parts(&write(&odd_schema(&ODD.map(str::to_owned)))));
    for other in [
        // Out of order, twice, under both, in a list, with nothing in it: the whole document says what is wrong, or that nothing is.
        "tables:\n  public.b: {}\n  public.a: {}\n",
        "tables:\n  public.a: {}\n  public.a: {}\n",
        "tables:\n  public.a: {}\nviews:\n  public.a: {}\n",
        "tables:\n  public.a: {}\ntables:\n  public.b: {}\n",
        "tables:\n- public.a\n",
        "tables:\n  - public.a\n",
        "- tables:\n  public.a: {}\n",
        "tables:\n  public.a: {}\n public.b: {}\n",
    ] {
        assert!(!same_in_parts(&format!("version: 1\n{other}")), "{other}");
    }
    for other in ["tables:\nviews: {}\n", "tables: # none\n  public.a: {}\n", "tables:\n    public.a: {}\n    public.b: {}\nenums: {}\n"] {
        assert!(same_in_parts(&format!("version: 1\n{other}")), "{other}");
    }
}

proptest! {
    #[test]
    fn any_name_survives(names in proptest::collection::btree_set("[ -~]{1,12}|\\PC{1,6}|[\\x01-\\x1f:#'\"a \\\\]{1,8}", 1..4)) {
        let schema = odd_schema(&names.into_iter().collect::<Vec<_>>());
        let text = write(&schema);
        let back = without_places(read(&text).unwrap());
        prop_assert_eq!(&back, &schema);
        prop_assert!(same_by_both(&text));
    }

    #[test]
    fn both_readers_agree_on_what_people_write(cut in 0usize..1000, len in 0usize..40, put in "[ \\[\\]{},:#'\"a-c\\n?-]{0,6}") {
        let text = mutated(cut, len, &put);
        same_by_both(&text);
        same_in_parts(&text);
        let _ = read(&text);
    }

    #[test]
    fn nothing_panics(text in "\\PC{0,200}|(?s).{0,200}") {
        let _ = read(&format!("version: 1\n{text}"));
        let _ = line::read_column("c", &text);
        let _ = line::read_domain(&text);
        let _ = line::read_index("i", &text);
        let _ = line::read_foreign_key("f", &text);
        let _ = line::read_function(&text, &text);
    }
}

#[test]
fn relations_are_found_by_their_name_alone() {
    let mut schema = Schema::new();
    for (namespace, name) in [("a", "orders"), ("a", "users"), ("a\0", "users"), ("ab", "users"), ("b", "orders"), ("b", "z"), ("ö", "users")] {
        schema.relations.insert(QualifiedName::new(namespace, name), Relation::new(RelationKind::Table).into());
    }
    for name in ["orders", "users", "z", "nothing", ""] {
        let all: Vec<_> = schema.relations.keys().filter(|k| k.name == name).collect();
        assert_eq!(schema.named(name).map(|(k, _)| k).collect::<Vec<_>>(), all, "{name}");
    }
    assert_eq!(schema.names_in("a").collect::<Vec<_>>(), ["orders", "users"]);
    assert_eq!(schema.names_in("c").count(), 0);
    assert_eq!(Schema::new().named("users").count(), 0);
}

fn mutated(cut: usize, len: usize, put: &str) -> String {
    let start = cut % EXAMPLE.len();
    let end = (start + len).min(EXAMPLE.len());
    format!("{}{put}{}", &EXAMPLE[..start], &EXAMPLE[end..])
}

#[test]
#[ignore = "a measurement: cargo test --profile judge lock::tests::speed -- --ignored --nocapture"]
fn speed() {
    let mut schema = Schema::new();
    for n in 0..1000 {
        let mut relation = Relation::new(RelationKind::Table);
        for c in 0..20 {
            let mut column = Column::new(format!("column_{c}_of_table"), "varchar(64)");
            column.not_null = c % 2 == 0;
            column.default = (c % 4 == 0).then(|| "'draft'::order_status".to_owned());
            relation.put_column(column);
        }
        relation.primary_key = vec!["column_0_of_table".into()];
        schema.relations.insert(QualifiedName::new("public", format!("table_{n:04}")), relation.into());
    }
    let text = write(&schema);
    for (what, run) in [("document", (|text| drop(node::read(text).unwrap())) as fn(&str)), ("schema", |text| drop(read(text).unwrap()))] {
        let start = std::time::Instant::now();
        (0..20).for_each(|_| run(&text));
        println!("{what}: {} bytes, {:?} a read", text.len(), start.elapsed() / 20);
    }
}
