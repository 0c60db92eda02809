//! Operations that other packages add to Alembic's.

use super::Alembic;
use super::columns::last;
use super::operations::Call;
use crate::migrations::python::{Args, Machine, Value};
use crate::migrations::sqltext::{Sql, quoted};
use crate::schema::QualifiedName;

type M<'m, 'a> = Machine<'m, 'a, Alembic<'a>>;

/// Runs one of them; `None` where it is not known.
pub fn run<'a>(m: &mut M<'_, 'a>, call: &Call<'_, 'a>) -> Option<Value<'a>> {
    match call.name {
        "sync_enum_values" => sync_enum_values(m, call),
        "create_entity" | "replace_entity" => entity(m, call, true),
        "drop_entity" => entity(m, call, false),
        "batch_alter_table" | "inline_literal" | "run_async" | "configure" => return None,
        _ => unknown(m, call),
    }
    Some(Value::Unknown)
}

/// Words in the name of an operation about things that a lock does not hold.
const ASIDE: &[&str] =
    &["trigger", "triggers", "policy", "policies", "rls", "grant", "revoke", "extension", "role", "user", "publication", "comment", "index", "indexes"];

/// An operation that the project or a package adds: whatever it names is only partly known.
fn unknown<'a>(m: &mut M<'_, 'a>, call: &Call<'_, 'a>) {
    if call.name.split('_').any(|w| ASIDE.contains(&w)) {
        return;
    }
    let reason = "an operation that is not Alembic's own makes or changes it";
    // `op.create_view(VIEW)`: the object knows its name.
    let name = |v: &Value<'a>| match v {
        Value::Made(made) => made.args.positional.first().and_then(|a| a.0.constant()),
        Value::Instance(i) => i.args.positional.first().and_then(|a| a.0.constant()),
        v => v.constant(),
    };
    let names: Vec<String> = call.args.positional.iter().map(|a| &a.0).chain(call.args.keywords.iter().map(|k| &k.1)).filter_map(name).collect();
    let schema = call.args.named("schema").unwrap_or_else(|| "public".to_owned());
    // The first is what it is about; where that is a schema, the one behind it.
    let about = if names.len() > 1 && m.host.db.schema().has_namespace(&names[0]) { &names[1..] } else { &names[..] };
    match about.first().map(|n| n.split('(').next().unwrap_or(n).trim()) {
        Some(n) if !n.is_empty() && !n.contains(char::is_whitespace) => {
            let name = match n.split_once('.') {
                Some((schema, n)) => QualifiedName::new(schema, n),
                None => m.host.db.find(None, n).map_or_else(|| QualifiedName::new(schema, n), |f| f.0.clone()),
            };
            m.host.db.not_understood(Some(&name), reason);
        }
        _ => m.host.db.lose("an operation that is not Alembic's own could not be worked out"),
    }
}

/// `alembic-postgresql-enum`: `sync_enum_values(schema, enum, new labels, affected columns, …)`; older releases leave the schema out.
/// `alembic-autogenerate-enums`: `sync_enum_values(schema, enum, old labels, new labels)`; it adds what is new and takes nothing away.
fn sync_enum_values<'a>(m: &mut M<'_, 'a>, call: &Call<'_, 'a>) {
    let a = call.args;
    let (mut schema, mut name) = (a.named("enum_schema"), a.named("enum_name"));
    let mut labels = a.keyword("new_values").cloned();
    let mut words = Vec::new();
    let mut old = a.keyword("old_values").cloned();
    for (v, _) in &a.positional {
        match v {
            Value::List(_) | Value::Tuple(_) if labels.is_none() => labels = Some(v.clone()),
            // Columns are written as pairs or objects; plain words are labels.
            Value::List(_) | Value::Tuple(_) if old.is_none() && is_words(m, v) => old = labels.replace(v.clone()),
            v => words.extend(v.constant()),
        }
    }
    let mut words = words.into_iter();
    if a.keyword("enum_schema").is_none() && words.len() > 1 {
        schema = words.next();
    }
    name = name.or_else(|| words.next());
    let labels = labels.and_then(|l| m.members_of(&l).iter().map(Value::constant).collect::<Option<Vec<_>>>());
    let (Some(name), Some(labels)) = (name, labels) else {
        m.lost(None, "an enum is changed in a way that could not be worked out", call.at);
        return;
    };
    let name = QualifiedName::new(schema.unwrap_or_else(|| "public".to_owned()), name);
    let old: Option<Vec<String>> = old.map(|o| m.members_of(&o).iter().filter_map(Value::constant).collect());
    let enums = &mut m.host.db.schema_mut().enums;
    match enums.get_mut(&name).zip(old) {
        Some((there, old)) => {
            let new: Vec<_> = labels.into_iter().filter(|l| !there.contains(l) && !old.contains(l)).collect();
            there.extend(new);
        }
        None => {
            enums.insert(name, labels);
        }
    }
}

/// Whether a list has members, all of them known strings.
fn is_words<'a>(m: &mut M<'_, 'a>, list: &Value<'a>) -> bool {
    let members = m.members_of(list);
    !members.is_empty() && members.iter().all(|v| v.constant().is_some())
}

/// `alembic_utils`: views and functions as objects.
fn entity<'a>(m: &mut M<'_, 'a>, call: &Call<'_, 'a>, create: bool) {
    let Some(made) = call.args.get(0, "entity").and_then(|v| if let Value::Made(e) = v { Some(std::rc::Rc::clone(e)) } else { None }) else {
        m.lost(None, "an object is made whose definition could not be worked out", call.at);
        return;
    };
    let text = |n: usize, key: &str, args: &Args<'a>| args.text(n, key);
    let (schema, signature) = (text(0, "schema", &made.args).unwrap_or_else(|| "public".to_owned()), text(1, "signature", &made.args));
    let (Some(signature), definition) = (signature, text(2, "definition", &made.args)) else { return };
    let kind = match last(made.path.as_str()) {
        "PGView" => "VIEW",
        "PGMaterializedView" => "MATERIALIZED VIEW",
        "PGFunction" => "FUNCTION",
        // Extensions, triggers, policies and grants change no shape.
        _ => return,
    };
    let name = if kind == "FUNCTION" { signature.clone() } else { quoted(&signature) };
    let sql = match (create, definition) {
        (false, _) => format!("DROP {kind} IF EXISTS {}.{name}", quoted(&schema)),
        (true, Some(d)) if kind == "FUNCTION" => format!("CREATE OR REPLACE FUNCTION {}.{name} {d}", quoted(&schema)),
        (true, Some(d)) => {
            let drop = format!("DROP {kind} IF EXISTS {}.{name}", quoted(&schema));
            m.sql(&Sql::new(call.at, &drop).finish());
            format!("CREATE {kind} {}.{name} AS {d}", quoted(&schema))
        }
        (true, None) => return,
    };
    m.sql(&Sql::new(call.at, &sql).finish());
}
