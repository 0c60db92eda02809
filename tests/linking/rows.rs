//! Rows: what a query gives, what a function hands on, what is written.

use super::holds;

/// Rows are filled in after they were put into a list, by a loop, by their place or by a helper.
#[test]
fn rows_that_get_keys_later() {
    let head = "from supabase import create_client\nsb = create_client('', '')\n";
    let ways = [
        "for r in rows:\n        r['customer_id'] = 1",
        "for r in rows:\n        r.update({'customer_id': 1})",
        "for n, r in enumerate(rows):\n        r['customer_id'] = n",
        "for n in range(len(rows)):\n        rows[n]['customer_id'] = n",
        "for r in rows:\n        if given:\n            r['customer_id'] = 1",
        "fill(rows)",
        "for r in rows:\n        stamp(r)",
        "same = rows\n    for r in same:\n        r.setdefault('customer_id', 1)",
    ];
    for made in ["[{'total': x} for x in given]", "[{'total': 1}, {'total': 2}]"] {
        for way in ways {
            let code = format!(
                "{head}def fill(rows):\n    for row in rows:\n        row['customer_id'] = 1\ndef stamp(row):\n    row['customer_id'] = 1\n    return row\ndef f(given):\n    rows = {made}\n    {way}\n    sb.table('orders').insert(rows).execute()\n"
            );
            holds(&[("a.py", &code)]);
        }
    }
    let code = format!(
        "{head}def look(rows):\n    for row in rows:\n        print(row['total'])\n    return len(rows)\ndef f(given):\n    rows = []\n    for x in given:\n        row = {{'total': x}}\n        rows.append(row)\n        row['customer_id'] = x\n    sb.table('orders').insert(rows).execute()\n    more = [{{'total': x}} for x in given]\n    look(more)\n    sb.table('orders').insert(more).execute()  # ! customer_id\n    base = {{'total': 1}}\n    one = base.copy()\n    one['customer_id'] = 1\n    sb.table('orders').insert(one).execute()\n    sb.table('orders').insert(base).execute()  # ! customer_id\n    also = base\n    also['customer_id'] = 1\n    sb.table('orders').insert(base).execute()\n"
    );
    holds(&[("a.py", &code)]);
}

/// Two calls of one function give two dicts.
#[test]
fn what_a_call_gives_is_no_other_calls() {
    let code = "from supabase import create_client
sb = create_client('', '')
def base():
    return {'name': 'x'}
def f():
    one = base()
    two = base()
    one['tier'] = 'x'
    two['last_seen'] = 'x'
    sb.table('customers').insert(one).execute()
    sb.table('tenants').insert(two).execute()
";
    holds(&[("a.py", code)]);
}
