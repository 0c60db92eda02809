//! Chains as code writes them, and what is seen in each: `table.column access@"token" certainty`.

use crate::project::Project;
use crate::project::uses::Certainty;
use crate::schema::{ArgMode, Argument, Column, ForeignKey, Function, QualifiedName, Relation, RelationKind, Returns, Schema};
use crate::source::{Language, SourceFile, Sources};
use crate::syntax::python;

fn table(schema: &mut Schema, name: &str, columns: &[&str], keys: &[(&str, &str, &str)]) {
    let mut relation = Relation::new(RelationKind::Table);
    for c in columns {
        relation.put_column(Column::new(*c, "text"));
    }
    for (constraint, column, target) in keys {
        relation.foreign_keys.push(ForeignKey {
            name: (*constraint).to_owned(),
            columns: vec![(*column).to_owned()],
            target: QualifiedName::new("public", *target),
            target_columns: vec!["id".to_owned()],
            actions: String::new(),
        });
    }
    schema.relations.insert(QualifiedName::new("public", name), relation.into());
}

fn shop() -> Schema {
    let mut schema = Schema::new();
    table(&mut schema, "customers", &["id", "name", "tier"], &[]);
    let keys = [("orders_customer_fkey", "customer_id", "customers")];
    table(&mut schema, "orders", &["id", "total", "customer_id", "status", "data", "created_at"], &keys);
    table(&mut schema, "items", &["id", "order_id", "sku"], &[("items_order_fkey", "order_id", "orders")]);
    table(&mut schema, "stock", &["sku", "level"], &[]);
    let argument = Argument { name: Some("customer".to_owned()), ty: "customers".to_owned(), mode: ArgMode::In, default: None };
    let function = Function { arguments: vec![argument], returns: Returns::SetOf("stock".to_owned()), at: None };
    schema.functions.insert(QualifiedName::new("public", "favourites"), vec![function]);
    let query = Argument { name: Some("query".to_owned()), ty: "text".to_owned(), mode: ArgMode::In, default: None };
    let rows = Returns::Table(vec![("chunk_id".to_owned(), "bigint".to_owned()), ("score".to_owned(), "real".to_owned())]);
    schema.functions.insert(QualifiedName::new("public", "match_chunks"), vec![Function { arguments: vec![query], returns: rows, at: None }]);
    schema
}

/// Everything seen, a line each, in source order; lines for what is missing begin with `!`.
fn seen(code: &str) -> Vec<String> {
    seen_in(&[("app.py", &format!("from supabase import create_client\nsb = create_client(url, key)\n{code}"))])
}

fn seen_in(files: &[(&str, &str)]) -> Vec<String> {
    let mut sources = Sources::default();
    let trees: Vec<_> = files.iter().map(|(path, text)| (sources.add(SourceFile::new(*path, Language::Python, *text)), python::parse(text))).collect();
    let modules: Vec<_> = trees.iter().map(|(id, tree)| (*id, tree)).collect();
    let schema = shop();
    let project = Project::link(&sources, &modules, &schema);
    let uses = &project.uses;
    let text = |l: crate::source::Location| sources.get(l.file).slice(l.span).to_owned();
    let sure = |c: Certainty| match c {
        Certainty::High => "",
        Certainty::Medium => " likely",
        Certainty::Low => " perhaps",
    };
    let mut out = Vec::new();
    for r in &uses.references {
        let name = r.relation.schema.map_or(String::new(), |s| format!("{s}.")) + r.relation.name.as_str();
        let name = r.column.map_or(name.clone(), |c| format!("{name}.{c}"));
        let access = format!("{:?}", r.access).to_lowercase();
        let spelled = text(r.location);
        let last = r.column.unwrap_or(r.relation.name);
        let odd = if spelled == last.as_str() { String::new() } else { format!(" @{spelled}") };
        out.push((r.location, format!("{name} {access}{odd}{}", sure(r.certainty))));
    }
    for e in &uses.embeds {
        out.push((e.location, format!("! no way from {} to {}{}", e.relation.name, e.name, sure(e.certainty))));
    }
    for k in &uses.row_keys {
        out.push((k.location, format!("! key {} not selected{}", k.key, sure(k.certainty))));
    }
    for c in &uses.calls {
        let names: Vec<_> = c.arguments.iter().map(|a| a.0.as_str()).collect();
        out.push((c.location, format!("{}({}){}", c.function, names.join(", "), sure(c.certainty))));
    }
    out.sort();
    out.into_iter().map(|o| o.1).collect()
}

fn nothing() -> Vec<String> {
    Vec::new()
}

#[test]
fn a_chain_names_its_table_and_columns() {
    let got = seen(
        r#"
q = sb.table("orders").select("id, total, customer:customers!inner(name, tier)")
if tier:
    q = q.eq("customer.tier", tier).not_.is_("created_at", "null")
rows = (await q.order("created_at", desc=True).execute()).data
for r in rows:
    print(r["total"], r["customer"]["name"], r.get("shipped_at"))
"#,
    );
    let want = [
        "orders read",
        "orders.id read",
        "orders.total read",
        "customers read",
        "customers.name read",
        "customers.tier read",
        "customers.tier read",
        "orders.created_at read",
        "orders.created_at read",
        "orders.total read",
        "customers.name read",
        "! key shipped_at not selected likely",
    ];
    assert_eq!(got, want);
}

#[test]
fn payloads_are_followed_through_variables() {
    let got = seen(
        r#"
def save(total, paid):
    row = {"total": total, "data": {"nested": 1}}
    if paid:
        row["status"] = "paid"
    for key in ["customer_id", "id"]:
        row[key] = 1
    row.update({"created_at": now()})
    sb.table("orders").insert([row, {"sum": 3}]).execute()
    sb.table("orders").upsert({"id": 1, column: 2}, on_conflict="id, total").execute()
"#,
    );
    let want = [
        "orders.total write",
        "orders.data write",
        "orders.status write",
        "orders.customer_id write likely",
        "orders.id write likely",
        "orders.created_at write",
        "orders write",
        "orders.sum write",
        "orders write",
        "orders.id write",
        "orders.id read",
        "orders.total read",
    ];
    assert_eq!(got, want);
}

#[test]
fn filters_in_words_and_in_strings() {
    let got = seen(
        r#"
sb.from_("orders").select("*").or_(f"status.eq.{s},and(total.gt.1,{col}.eq.2)").match({"id": 1}).execute()
sb.table("orders").delete().in_("status", ["a", "b"]).filter("data->>kind", "eq", "x").execute()
sb.table("orders").select("id, items(sku)").order("sku", foreign_table="items").eq("items.order_id", 1).execute()
"#,
    );
    let want = [
        "orders read",
        "orders.status read",
        "orders.total read",
        "orders.id read",
        "orders write",
        "orders.status read",
        "orders.data read",
        "orders read",
        "orders.id read",
        "items read",
        "items.sku read",
        "items.sku read",
        "items.order_id read",
    ];
    assert_eq!(got, want);
}

#[test]
fn embeds_follow_foreign_keys_columns_constraints_and_functions() {
    let got = seen(
        r#"
sb.table("orders").select("customer_id(name), orders_customer_fkey(tier), customers!orders_customer_fkey(id)").execute()
sb.table("customers").select("favourites(level), orders(items(sku)), stock(level)").execute()
"#,
    );
    let want = [
        "orders read",
        "customers read @customer_id",
        "customers.name read",
        "customers read @orders_customer_fkey",
        "customers.tier read",
        "customers read",
        "customers.id read",
        "customers read",
        "stock read @favourites",
        "stock.level read",
        "orders read",
        "items read",
        "items.sku read",
        "! no way from customers to stock",
    ];
    assert_eq!(got, want);
}

#[test]
fn rows_have_what_was_selected() {
    let got = seen(
        r#"
row = sb.table("orders").select("n:total, data->a->>b, id::text").eq("id", 1).single().execute().data
use(row["n"], row["b"], row["id"])
print(row["total"])
all = sb.table("orders").select("*").execute()
first = all.data[0] if all.data else None
print(first["status"], first["nope"])
for chunk in sb.rpc("match_chunks", {"query": q}).execute().data or []:
    print(chunk["score"], chunk["text"])
"#,
    );
    let want = [
        "orders read",
        "orders.total read",
        "orders.data read",
        "orders.id read",
        "orders.id read",
        "orders.total read @n",
        "orders.id read",
        "! key total not selected",
        "orders read",
        "orders.status read",
        "orders.nope read",
        "match_chunks(query)",
        "! key text not selected",
    ];
    assert_eq!(got, want);
}

#[test]
fn rows_that_are_enriched_in_memory_have_more() {
    let got = seen(
        r#"
rows = sb.table("orders").select("id").execute().data
for r in rows:
    r["label"] = "x"
    print(r["label"])
    if "maybe" in r:
        print(r["maybe"])
enrich(rows)
print(rows[0]["filled"])
"#,
    );
    assert_eq!(got, ["orders read", "orders.id read"]);
}

#[test]
fn a_count_is_no_column() {
    assert_eq!(seen(r#"n = sb.table("orders").select("count", count="exact").execute().count"#), ["orders read"]);
    assert_eq!(seen(r#"n = sb.table("orders").select("id", count="exact", head=True).execute()"#), ["orders read", "orders.id read"]);
}

#[test]
fn buckets_and_mocks_are_no_tables() {
    assert_eq!(seen(r#"sb.storage.from_("avatars").list()"#), nothing());
    assert_eq!(seen("bucket = sb.storage\nbucket.from_(\"avatars\").update(\"a\", b)"), nothing());
    assert_eq!(seen("mock.table.return_value.select.return_value.execute.return_value = 1"), nothing());
    assert_eq!(seen(r#"sb.table("orders")"#), nothing());
}

/// A package whose objects have such methods too makes it less sure that a chain is one, and says nothing of the schema.
#[test]
fn a_schema_stays_with_a_client_that_is_less_sure() {
    let code = "def f(client):\n    client.schema('sales').from_('orders').select('id').execute()";
    let (plain, with) = (seen(code), seen(&format!("import boto3\n{code}")));
    assert_eq!(plain, ["sales.orders read", "sales.orders.id read"]);
    assert_eq!(with, ["sales.orders read likely", "sales.orders.id read likely"]);
}

#[test]
fn other_libraries_have_tables_too() {
    for code in [
        "import tinydb\ndb = tinydb.TinyDB('x')\ndb.table('orders').insert({'nope': 1})",
        "import boto3\nboto3.resource('dynamodb').table('orders').select('nope')",
        "import ibis\nibis.table('orders').select('nope')",
        "from pyspark.sql import SparkSession\nspark = SparkSession.builder.getOrCreate()\nspark.table('orders').select('nope')",
        "from pypika import Query\nQuery.from_('orders').select('nope')",
        "import sqlalchemy as sa\nsa.table(name).select('nope')",
    ] {
        assert_eq!(seen(code), nothing(), "{code}");
        assert_eq!(seen_in(&[("a.py", code)]), nothing(), "{code}");
    }
    // Without any import of a client there is none.
    assert_eq!(seen_in(&[("a.py", "db.table('orders').select('nope').execute()")]), nothing());
}

#[test]
fn chains_travel_through_functions() {
    let got = seen(
        r#"
def page(q, n):
    return q.order("created_at").range(n, n + 9)

def run(q):
    return q.execute()

def fetch(name, filters):
    q = sb.table(name).select("*")
    return q.match(filters).execute().data

print(run(page(sb.table("orders").select("id"), 1)).data[0]["id"])
fetch("stock", {"levle": 1})
retry(lambda: sb.table("items").select("sku").execute()).data[0]["sku"]
"#,
    );
    let want = [
        "orders.created_at read likely",
        "orders read",
        "orders.id read",
        "orders.id read",
        "stock read likely",
        "stock.levle read likely",
        "items read",
        "items.sku read",
        "items.sku read",
    ];
    assert_eq!(got, want);
}

#[test]
fn names_come_from_constants_of_other_files() {
    let got = seen_in(&[
        ("names.py", "ORDERS = \"orders\"\nclass Cols:\n    TOTAL = 'total'\n"),
        (
            "repo.py",
            "import supabase\nfrom names import ORDERS, Cols\nclass Repo:\n    table = 'stock'\n    def all(self):\n        self.db.table(ORDERS).select('id').eq(Cols.TOTAL, 1).execute()\n        return self.db.table(self.table).select('level').execute()\n",
        ),
    ]);
    assert_eq!(got, ["orders read", "orders.total read", "stock read", "orders.id read", "stock.level read"]);
}

#[test]
fn rest_by_hand_realtime_and_vector_stores() {
    let got = seen(
        r#"
requests.get(f"{BASE}/rest/v1/orders?select=id,total&status=eq.open&order=created_at.desc&or=(total.gt.1,nope.is.null)&limit=1")
httpx.post(f"{url}/rest/v1/items", params={"on_conflict": "sku"}, json={"sku": 1, "lost": 2})
requests.post(url + "/rest/v1/rpc/match_chunks", json=body)
channel.on_postgres_changes("INSERT", schema="public", table="orders", filter="status=eq.x", callback=cb)
from langchain_community.vectorstores import SupabaseVectorStore
SupabaseVectorStore.from_documents(docs, table_name="stock", query_name="match_chunks")
"#,
    );
    let want = [
        "orders read",
        "orders.id read",
        "orders.total read",
        "orders.status read",
        "orders.created_at read",
        "orders.total read",
        "orders.nope read",
        "items write",
        "items.sku read",
        "items.sku write",
        "items.lost write",
        "match_chunks()",
        "orders read",
        "orders.status read",
        "stock write",
        "match_chunks()",
    ];
    assert_eq!(got, want);
}

#[test]
fn a_class_that_is_written_links_its_fields() {
    let got = seen(
        r#"
from pydantic import BaseModel
class Order(BaseModel):
    total: int
    label: str = ""
    status: str
def save(order: Order):
    sb.table("orders").insert(order.model_dump(exclude={"status"})).execute()
"#,
    );
    assert_eq!(got, ["orders.total write likely", "orders.label write likely", "orders write"]);
}

#[test]
fn rows_of_one_query_or_another() {
    let got = seen(
        r#"
rows = sb.table("orders").select("id").execute().data or sb.table("stock").select("level").execute().data
for r in rows:
    print(r["id"], r["level"], r["maybe"])
"#,
    );
    assert_eq!(got.iter().filter(|l| l.starts_with('!')).count(), 0, "{got:?}");
}

#[test]
fn all_columns_of_something_that_is_not_known() {
    let code = "for row in sb.table(name).select('id, items(*)').execute().data:\n    print(row['items']['sku'], row['items']['lost'])\n";
    assert_eq!(seen(code), nothing());
}

#[test]
fn other_services_have_such_paths_too() {
    assert_eq!(seen("requests.get('See https://cloud.example.com/docs/rest/v1/orders')"), nothing());
    assert_eq!(seen("requests.get('https://cloud.example.com/docs/rest/v1/orders')"), nothing());
    assert_eq!(seen("requests.get('https://x.supabase.co/rest/v1/orders')"), ["orders read"]);
    assert_eq!(seen("requests.get(f'{base}/rest/v1/orders')"), ["orders read"]);
    // Where nothing speaks of PostgREST, only what the database has.
    let alone = |code: &str| seen_in(&[("app.py", code)]);
    assert_eq!(alone("requests.get(f'{base}/rest/v1/machines')\nrequests.get('/rest/v1/rpc/run')"), nothing());
    assert_eq!(alone("requests.get(f'{base}/rest/v1/orders')"), ["orders read likely"]);
    assert_eq!(alone("requests.get(f'{base}/rest/v1/machines', headers={'apikey': key})"), ["machines read likely"]);
}
