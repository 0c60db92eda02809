use super::*;
use crate::facts;
use crate::project::Project;
use crate::schema::lock;
use crate::source::{Language, Sources};

const LOCK: &str = "version: 1
search_path: [public]
tables:
  public.order_items:
    columns:
      id: bigint not null
      order_id: bigint not null
      quantity: integer not null
  public.orders:
    columns:
      created_at: timestamptz not null
      customer_id: bigint
      id: bigint not null
      status: text not null
  shop.users:
    columns:
      email: text
      id: bigint not null
";

/// What a document names, one line each: `table.column`, with `!` where the table has no such column, `?` where it is a guess.
fn named(path: &str, text: &str) -> Vec<String> {
    let schema = lock::read(LOCK).unwrap_or_else(|e| panic!("{e}"));
    let mut sources = Sources::default();
    let id = sources.add(SourceFile::new(path, Language::Markdown, text));
    let facts = facts::extract(sources.get(id));
    let code = sources.add(SourceFile::new("app.py", Language::Python, "import supabase\n"));
    let module = facts::extract(sources.get(code)).module.unwrap_or_else(|| panic!("a module"));
    let modules = [(code, &module)];
    let project = Project::link(&sources, &modules, &schema);
    let found = uses(&project.world, id, facts.markdown.as_ref().unwrap_or_else(|| panic!("a document")));
    let mut lines: Vec<(Span, String)> = Vec::new();
    for r in &found.references {
        let Some(column) = r.column else { continue };
        let (_, relation) = schema.relation(r.relation.schema.as_deref(), &r.relation.name).unwrap_or_else(|| panic!("{r:?}"));
        assert_eq!(text[r.location.span.range()].to_ascii_lowercase(), column.as_str());
        let mark = if relation.column(&column).is_none() { "!" } else { "" };
        let guess = if r.certainty == Certainty::Low { "?" } else { "" };
        lines.push((r.location.span, format!("{}.{column}{mark}{guess}", r.relation.name)));
    }
    for p in &found.sql_problems {
        lines.push((p.location.span, format!("{}{}", p.problem.message, if p.certainty == Certainty::Low { "?" } else { "" })));
    }
    lines.sort();
    lines.into_iter().map(|l| l.1).collect()
}

#[test]
fn a_table_of_columns_under_a_heading() {
    let text = "# Database\n\n## Table: `orders`\n\nEvery order.\n\n| Column | Type |\n|---|---|\n| `id` | bigint |\n| **status** | text |\n| total (PK) | numeric |\n| see below | |\n\n\
                ### Indexes\n\n| Name | Columns |\n|---|---|\n| orders_idx | total |\n";
    assert_eq!(named("a.md", text), ["orders.id", "orders.status", "orders.total!"]);
}

#[test]
fn lists_under_labels() {
    let text = "**Table**: `orders`\n\n- `id` (bigint): the key\n- **created**: when\n- customer_id - who\n\nTable: order_items\nFields: id, order_id, amount\n\n\
                The `users` table:\n\n* id\n* mail\n";
    assert_eq!(
        named("a.md", text),
        ["orders.id", "orders.created!", "orders.customer_id", "order_items.id", "order_items.order_id", "order_items.amount!", "users.id", "users.mail!"]
    );
}

#[test]
fn headings_for_tables_and_columns() {
    let text = "| Table | Column | Note |\n|---|---|---|\n| orders | `id` | |\n| | state | |\n| products | title | |\n| `order_items` | `id`, `order_id`, `price` | |\n";
    assert_eq!(named("a.md", text), ["orders.id", "orders.state!", "order_items.id", "order_items.order_id", "order_items.price!"]);
}

#[test]
fn what_only_looks_like_it_is_silent() {
    for text in [
        // The answer of an interface.
        "## Orders\n\n| Field | Type |\n|---|---|\n| id | int |\n| lines | list |\n| customer | object |\n",
        // Prose.
        "## orders\n\n- Use the index\n- `id` is good\n",
        "The orders are listed in the table below.\n\n| Name | Price |\n|---|---|\n| id | 1 |\n| widget | 2 |\n",
        // Names for people.
        "## Table orders\n\nIndexes:\n\n- `orders_pkey`\n- `id`\n",
        // A table that nobody has.
        "## Table `invoices`\n\n- `id`\n- `total`\n",
        "```mermaid\nerDiagram\n  INVOICE {\n    int id\n    int total\n  }\n```\n",
        "Some `orders` and `users` have a table of their own:\n\n- `total`\n- `id`\n",
    ] {
        let found = named("a.md", text);
        assert!(found.iter().all(|f| !f.contains('!')), "{text}\n{found:?}");
    }
}

#[test]
fn diagrams() {
    let text = "```mermaid\nerDiagram\n  ORDERS ||--o{ order_items : has\n  orders {\n    bigint id PK\n    text state\n    text customerName\n  }\n  customer {\n    int x\n  }\n```\n";
    assert_eq!(named("a.md", text), ["orders.id", "orders.state!"]);
}

#[test]
fn sql_in_fences() {
    let text = "> ```sql\n> SELECT state\n> FROM orders;\n> ```\n";
    assert_eq!(named("a.md", text), ["column `state` does not exist"]);
    assert_eq!(named("CHANGELOG.md", text), ["column `state` does not exist?"]);
    let changes = "```sql\nALTER TABLE orders ADD COLUMN total numeric;\nSELECT total, nothing FROM orders;\n```\n";
    assert!(named("a.md", changes).iter().all(|f| f.ends_with('?')));
    let plan = "```sql\nALTER TABLE orders ADD COLUMN total numeric;\n```\nThen\n```sql\nSELECT id, total, nothing FROM orders;\n```\n";
    assert_eq!(named("a.md", plan), ["orders.id", "column `nothing` does not exist"]);
    assert_eq!(named("a.md", "```bash\npsql -c 'select x from orders'\n```\n"), [""; 0]);
}

#[test]
fn python_in_fences() {
    let text = "```python\nfrom supabase import create_client\n\ndef show(url, key):\n    client = create_client(url, key)\n    return client.table(\"orders\").select(\"id, state\").execute()\n```\n";
    assert_eq!(named("a.md", text), ["orders.id", "orders.state!"]);
}
