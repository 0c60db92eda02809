//! Operations: what each does to the models, and to the tables.

use std::rc::Rc;

use super::constraints::{add_constraint, add_index, drop_key, drop_unique, recheck, reindex, remove_constraint, remove_index, rename_index, unique_together};
use super::create::{column_index, create_model, create_through, default, definition, foreign_key, is_indexed, key_to, type_or_unknown, unique_name};
use super::fields::{self, Field, ModelKey, field, last, lower};
use super::{Django, M};
use crate::migrations::database::UNDECIDED;
use crate::migrations::python::{Args, ClassValue, Closure, Code, Instance, Made, Value};
use crate::migrations::sqltext::{Name, Sql, quoted};
use crate::project::digest::django_index;
use crate::schema::{QualifiedName, Relation};
use crate::source::Location;
use crate::syntax::python::ExprKind;
use crate::syntax::sql::template::Template;

/// Runs one operation: on the models always, on the tables if `tables`.
pub fn run<'a>(m: &mut M<'_, 'a>, app: &str, op: &Value<'a>, tables: bool) {
    let Value::Made(made) = op else {
        match op {
            Value::Instance(i) => own_operation(m, app, op, &Rc::clone(i), tables),
            _ => m.host.db.not_understood(None, "an operation of a migration could not be worked out"),
        }
        return;
    };
    let a = &made.args;
    let model = |key: &str| Some(ModelKey { app: app.to_owned(), model: lower(&a.text(0, key)?) });
    let done = match last(made.path.as_str()) {
        "CreateModel" => create_model(m, app, made, tables),
        "DeleteModel" => model("name").map(|k| delete_model(m, &k, made.at, tables)),
        "RenameModel" => rename_model(m, app, made, tables),
        "AlterModelTable" => alter_table(m, app, made, tables),
        "AlterModelOptions" => model("name").and_then(|k| alter_options(m, &k, made)),
        "AddField" => model("model_name").and_then(|k| add_field(m, &k, made, tables)),
        "RemoveField" => model("model_name").and_then(|k| remove_field(m, &k, made, tables)),
        "AlterField" => model("model_name").and_then(|k| alter_field(m, &k, made, tables)),
        "RenameField" => model("model_name").and_then(|k| rename_field(m, &k, made, tables)),
        "AlterUniqueTogether" => model("name").and_then(|k| unique_together(m, &k, made, tables)),
        "AddIndex" | "AddIndexConcurrently" => model("model_name").and_then(|k| add_index(m, &k, made, tables)),
        "RemoveIndex" | "RemoveIndexConcurrently" => remove_index(m, made, tables),
        "RenameIndex" => rename_index(m, made, tables),
        "AddConstraint" | "AddConstraintNotValid" => model("model_name").and_then(|k| add_constraint(m, &k, made, tables)),
        "RemoveConstraint" => model("model_name").and_then(|k| remove_constraint(m, &k, made, tables)),
        "AlterOrderWithRespectTo" => model("name").map(|k| order_column(m, &k, made, tables)),
        "RunSQL" => {
            run_sql(m, app, made, tables);
            Some(())
        }
        "RunPython" => {
            run_python(m, made, tables);
            Some(())
        }
        "SeparateDatabaseAndState" => {
            separate(m, app, made, tables);
            Some(())
        }
        _ => extension(m, made, tables),
    };
    if done.is_none() && tables {
        let table = model("model_name").or_else(|| model("name")).filter(|k| m.host.models.contains_key(k)).map(|k| m.host.table(&k));
        match table {
            Some(t) => open(m, &t, "an operation of a migration could not be worked out"),
            None => m.host.db.not_understood(None, "an operation of a migration could not be worked out"),
        }
    }
}

/// An operation class of the project: what its `database_forwards` sends, or else what the operation does that it is built on.
fn own_operation<'a>(m: &mut M<'_, 'a>, app: &str, op: &Value<'a>, instance: &Rc<Instance<'a>>, tables: bool) {
    let class = Rc::clone(&instance.class);
    let at = m.place_of(&class);
    let own = m.has_member(&class, "database_forwards");
    if own && tables {
        let args = ["app", "django.schema_editor", "django.from_state", "django.to_state"].map(|p| Value::External(p.into()));
        m.call_member(op, &class, "database_forwards", args.to_vec(), at);
    }
    // The models change as the base says; the tables, too, unless the class does that by itself.
    let tables = tables && (!own || hands_on(&class));
    let mut next = Some(class);
    for _ in 0..20 {
        let Some(class) = next.take() else { break };
        for base in &class.bases {
            match base {
                Value::Class(c) => next = Some(Rc::clone(c)),
                other => {
                    if let Some(path) = other.path() {
                        let made = Made { path: path.into(), receiver: None, args: instance.args.clone(), at };
                        run(m, app, &Value::Made(Rc::new(made)), tables);
                        return;
                    }
                }
            }
        }
    }
    if tables {
        m.host.db.not_understood(None, "an operation of a migration could not be worked out");
    }
}

/// Whether a class, or one it is built on, calls `super().database_forwards(…)`.
fn hands_on(class: &ClassValue<'_>) -> bool {
    let mut found = false;
    for stmt in &class.node.body {
        stmt.each(&mut |s| {
            s.each_expr(&mut |e| e.each(&mut |e| found |= matches!(&e.kind, ExprKind::Attribute(a) if a.attr.as_str() == "database_forwards")));
        });
    }
    found || class.bases.iter().any(|b| if let Value::Class(c) = b { !std::ptr::eq(&raw const **c, class) && hands_on(c) } else { false })
}

pub(super) fn open(m: &mut M<'_, '_>, table: &str, reason: &str) {
    m.host.db.not_understood(Some(&place(table)), reason);
}

/// Schema and name of a table: `sales"."orders` smuggles a schema past Django's quoting.
pub(super) fn split(table: &str) -> (Option<&str>, &str) {
    table.split_once("\".\"").map_or((None, table), |(schema, name)| (Some(schema), name))
}

/// Where a table stands.
pub(super) fn place(table: &str) -> QualifiedName {
    let (schema, name) = split(table);
    QualifiedName::new(schema.unwrap_or("public"), name)
}

/// A table as it is so far.
pub(super) fn find<'m>(m: &'m M<'_, '_>, table: &str) -> Option<(&'m QualifiedName, &'m Relation)> {
    let (schema, name) = split(table);
    m.host.db.find(schema, name)
}

pub(super) fn name(text: &str, at: Location) -> Name {
    Name { text: text.to_owned(), at }
}

pub(super) fn alter(table: &str, at: Location) -> Sql {
    let mut sql = Sql::new(at, "ALTER TABLE ");
    sql.name(&name(table, at)).raw(" ");
    sql
}

/// `SeparateDatabaseAndState`: the tables by one list, the models by the other.
fn separate<'a>(m: &mut M<'_, 'a>, app: &str, made: &Made<'a>, tables: bool) {
    let list = |m: &mut M<'_, 'a>, n: usize, key: &str| made.args.get(n, key).cloned().map(|v| m.members_of(&v)).unwrap_or_default();
    let models = m.host.models.clone();
    if tables {
        for op in list(m, 0, "database_operations") {
            run(m, app, &op, true);
        }
    }
    m.host.models = models;
    for op in list(m, 1, "state_operations") {
        run(m, app, &op, false);
    }
}

fn run_sql<'a>(m: &mut M<'_, 'a>, app: &str, made: &Made<'a>, tables: bool) {
    if tables {
        match made.args.get(0, "sql") {
            Some(Value::Str(t)) => {
                let t: Template = (**t).clone();
                m.sql(&t);
            }
            Some(list @ (Value::List(_) | Value::Tuple(_))) => {
                for s in m.members_of(list) {
                    // A statement, or a statement with its parameters.
                    let s = if let Some((parts, _)) = s.items() { parts.first().cloned().unwrap_or_default() } else { s };
                    if let Value::Str(t) = s {
                        m.sql(&t);
                    }
                }
            }
            Some(v) if v.path().is_some_and(|p| p.ends_with("RunSQL.noop")) => {}
            _ => m.host.db.not_understood(None, "SQL that a migration runs could not be worked out"),
        }
    }
    for op in made.args.keyword("state_operations").cloned().map(|v| m.members_of(&v)).unwrap_or_default() {
        run(m, app, &op, false);
    }
}

/// `RunPython`: data, as a rule; what it sends as SQL is run.
fn run_python<'a>(m: &mut M<'_, 'a>, made: &Made<'a>, tables: bool) {
    let Some(code @ Value::Function(_)) = made.args.get(0, "code").cloned().filter(|_| tables) else { return };
    // Most such functions move rows about, and there are projects with hundreds of them.
    if let Value::Function(f) = &code
        && !may_send_sql(m, f)
    {
        return;
    }
    let at = made.at;
    let positional = vec![(Value::External("django.apps".into()), at), (Value::External("django.schema_editor".into()), at)];
    let depth = m.doubts.len();
    m.call_value(&code, Args { positional, ..Args::default() }, at);
    m.doubts.truncate(depth);
}

/// Whether a function of a migration may do something to tables: it, or another function of its file, uses the schema editor that it is given, or a connection.
fn may_send_sql<'a>(m: &M<'_, 'a>, f: &Closure<'a>) -> bool {
    let Code::Def(def) = f.code else { return true };
    let editor = def.params.get(1).map_or("schema_editor", |p| p.name.name.as_str());
    let mut found = false;
    m.tree(f.module).body.iter().for_each(|s| {
        s.each(&mut |s| {
            s.each_expr(&mut |e| {
                e.each(&mut |e| match &e.kind {
                    ExprKind::Name(n) => found |= n.as_str() == editor || matches!(n.as_str(), "schema_editor" | "connection" | "connections"),
                    ExprKind::Attribute(a) => found |= matches!(a.attr.as_str(), "connection" | "connections" | "cursor" | "execute"),
                    _ => {}
                });
            });
        });
    });
    found
}

/// `TrigramExtension()`, `CreateExtension("name")`
fn extension(m: &mut M<'_, '_>, made: &Made<'_>, tables: bool) -> Option<()> {
    let kind = last(made.path.as_str());
    let extension = match kind {
        "CreateExtension" => made.args.text(0, "name")?,
        "TrigramExtension" => "pg_trgm".to_owned(),
        "BtreeGinExtension" => "btree_gin".to_owned(),
        "BtreeGistExtension" => "btree_gist".to_owned(),
        "CITextExtension" => "citext".to_owned(),
        "CryptoExtension" => "pgcrypto".to_owned(),
        "HStoreExtension" => "hstore".to_owned(),
        "UnaccentExtension" => "unaccent".to_owned(),
        "VectorExtension" => "vector".to_owned(),
        "AlterModelManagers"
        | "AlterModelTableComment"
        | "ValidateConstraint"
        | "AlterConstraint"
        | "AlterIndexTogether"
        | "AddTrigger"
        | "RemoveTrigger"
        | "CreateCollation"
        | "IgnoreMigration" => return Some(()),
        _ => return None,
    };
    if tables {
        m.sql(&Sql::new(made.at, &format!("CREATE EXTENSION IF NOT EXISTS {}", quoted(&extension))).finish());
    }
    Some(())
}

fn delete_model(m: &mut M<'_, '_>, key: &ModelKey, at: Location, tables: bool) {
    let Some(model) = m.host.models.get(key).cloned() else { return };
    if tables && model.has_table {
        for (n, f) in model.fields.iter().filter(|f| f.1.kind == "ManyToManyField") {
            if let Some(t) = m.host.through(key, n, f) {
                m.sql(&Sql::new(at, &format!("DROP TABLE {} CASCADE", quoted(&t))).finish());
            }
        }
        let table = m.host.table(key);
        m.sql(&Sql::new(at, &format!("DROP TABLE {} CASCADE", quoted(&table))).finish());
    }
    m.host.models.remove(key);
}

fn rename_table(m: &mut M<'_, '_>, old: &str, new: &str, at: Location) {
    if old != new {
        m.sql(&Sql::new(at, &format!("ALTER TABLE {} RENAME TO {}", quoted(old), quoted(new))).finish());
    }
}

fn rename_column(m: &mut M<'_, '_>, table: &str, old: &str, new: &str, at: Location) {
    if old != new {
        m.sql(&Sql::new(at, &format!("ALTER TABLE {} RENAME COLUMN {} TO {}", quoted(table), quoted(old), quoted(new))).finish());
    }
}

/// Tables behind the many-to-many fields of a model: (field, table).
fn throughs(host: &Django<'_>, key: &ModelKey) -> Vec<(String, String)> {
    let Some(model) = host.models.get(key) else { return Vec::new() };
    let fields = model.fields.iter().filter(|f| f.1.kind == "ManyToManyField");
    fields.filter_map(|(n, f)| Some((n.clone(), host.through(key, n, f)?))).collect()
}

fn rename_model<'a>(m: &mut M<'_, 'a>, app: &str, made: &Made<'a>, tables: bool) -> Option<()> {
    let (old, new) = (made.args.text(0, "old_name")?, made.args.text(1, "new_name")?);
    let old_key = ModelKey { app: app.to_owned(), model: lower(&old) };
    let new_key = ModelKey { app: app.to_owned(), model: lower(&new) };
    let old_table = m.host.table(&old_key);
    let old_throughs = throughs(&m.host, &old_key);
    let mut model = m.host.models.remove(&old_key)?;
    model.name = new;
    let has_table = model.has_table;
    m.host.models.insert(new_key.clone(), model);
    // Whoever points at the old name points at the new one.
    let to = Value::text(&format!("{app}.{}", new_key.model), made.at);
    let keys: Vec<ModelKey> = m.host.models.keys().cloned().collect();
    let mut pointing = Vec::new();
    for key in keys {
        let Some(model) = m.host.models.get(&key).cloned() else { continue };
        for (n, (field_name, f)) in model.fields.iter().enumerate() {
            let own = if key == new_key { &old_key } else { &key };
            if f.args.get(0, "to").is_some() && f.target(&m.host, &own.app, &own.model).as_ref() == Some(&old_key) {
                if f.kind == "ManyToManyField" && key != new_key {
                    pointing.extend(m.host.through(&key, field_name, f));
                }
                if let Some(f) = m.host.models.get_mut(&key).and_then(|x| x.fields.get_mut(n)) {
                    set(&mut f.1.args, "to", to.clone(), made.at);
                }
            }
        }
    }
    if !tables || !has_table {
        return Some(());
    }
    let new_table = m.host.table(&new_key);
    rename_table(m, &old_table, &new_table, made.at);
    let (old_column, new_column) = (format!("{}_id", old_key.model), format!("{}_id", new_key.model));
    for ((_, old), (_, new)) in old_throughs.into_iter().zip(throughs(&m.host, &new_key)) {
        rename_table(m, &old, &new, made.at);
        rename_column(m, &new, &old_column, &new_column, made.at);
    }
    for table in pointing {
        rename_column(m, &table, &old_column, &new_column, made.at);
    }
    Some(())
}

/// Sets an argument that may stand in first place or by name.
fn set<'a>(args: &mut Args<'a>, key: &str, value: Value<'a>, at: Location) {
    if let Some(k) = args.keywords.iter_mut().find(|k| k.0 == key) {
        k.1 = value;
    } else if let Some(p) = args.positional.first_mut() {
        p.0 = value;
    } else {
        args.keywords.push((fields::key(key), value, at));
    }
}

fn alter_table<'a>(m: &mut M<'_, 'a>, app: &str, made: &Made<'a>, tables: bool) -> Option<()> {
    let key = ModelKey { app: app.to_owned(), model: lower(&made.args.text(0, "name")?) };
    let old = m.host.table(&key);
    let old_throughs = throughs(&m.host, &key);
    let model = m.host.models.get_mut(&key)?;
    model.db_table = made.args.text(1, "table");
    if tables && model.has_table {
        let new = m.host.table(&key);
        rename_table(m, &old, &new, made.at);
        for ((_, old), (_, new)) in old_throughs.into_iter().zip(throughs(&m.host, &key)) {
            rename_table(m, &old, &new, made.at);
        }
    }
    Some(())
}

/// `AlterModelOptions`: options that are not named are taken back, `managed` among them (`ALTER_OPTION_KEYS`). The table stays as it is, and what follows is done to
/// it, or no longer.
fn alter_options<'a>(m: &mut M<'_, 'a>, key: &ModelKey, made: &Made<'a>) -> Option<()> {
    let Some(Value::Dict(options)) = made.args.get(1, "options") else { return Some(()) };
    let managed = options.borrow().get(&Value::text("managed", made.at));
    let table = m.host.table(key);
    let is_there = find(m, &table).is_some();
    let Some(model) = m.host.models.get_mut(key) else { return Some(()) };
    match managed {
        Ok(None | Some(Value::Bool(true))) if model.unmanaged => (model.has_table, model.unmanaged) = (true, !is_there),
        Ok(Some(Value::Bool(false))) if model.has_table => (model.has_table, model.unmanaged) = (false, true),
        Ok(None | Some(Value::Bool(_))) => {}
        // What follows may be done to the table, or not.
        _ if model.has_table || model.unmanaged => open(m, &table, UNDECIDED),
        _ => {}
    }
    Some(())
}

fn add_field<'a>(m: &mut M<'_, 'a>, key: &ModelKey, made: &Made<'a>, tables: bool) -> Option<()> {
    let n = made.args.text(1, "name")?;
    let f = made.args.get(2, "field").cloned().and_then(|v| field(m, &v))?;
    let model = m.host.models.get_mut(key)?;
    model.fields.retain(|x| x.0 != n);
    model.fields.push((n.clone(), f.clone()));
    if tables && model.has_table { put_field(m, key, &n, &f, made.at) } else { Some(()) }
}

/// `AlterOrderWithRespectTo`: a column of its own keeps the order.
fn order_column<'a>(m: &mut M<'_, 'a>, key: &ModelKey, made: &Made<'a>, tables: bool) {
    let wanted = made.args.get(1, "order_with_respect_to").is_some_and(|v| !matches!(v, Value::None));
    let Some(model) = m.host.models.get_mut(key) else { return };
    let there = model.fields.iter().any(|f| f.0 == "_order");
    let tables = tables && model.has_table;
    let f = Field::plain("IntegerField");
    if wanted && !there {
        model.fields.push(("_order".to_owned(), f.clone()));
        if tables {
            put_field(m, key, "_order", &f, made.at);
        }
    } else if !wanted && there {
        model.fields.retain(|f| f.0 != "_order");
        if tables {
            drop_field(m, key, "_order", &f, made.at);
        }
    }
}

fn put_field<'a>(m: &mut M<'_, 'a>, key: &ModelKey, n: &str, f: &Field<'a>, at: Location) -> Option<()> {
    if f.kind == "ManyToManyField" {
        create_through(m, key, n, f, at);
        return Some(());
    }
    if !f.has_column() {
        return Some(());
    }
    let table = m.host.table(key);
    let definition = definition(m, key, n, f);
    let mut sql = alter(&table, at);
    sql.raw("ADD COLUMN ").raw(&definition);
    m.sql(&sql.finish());
    if let Some(k) = foreign_key(m, key, n, f) {
        let mut sql = alter(&table, at);
        sql.raw(&k);
        m.sql(&sql.finish());
    }
    m.host.deferred.push((table, f.column(n)));
    column_index(m, key, n, f, at);
    Some(())
}

fn remove_field<'a>(m: &mut M<'_, 'a>, key: &ModelKey, made: &Made<'a>, tables: bool) -> Option<()> {
    let n = made.args.text(1, "name")?;
    let f = m.host.models.get(key)?.field(&n)?.clone();
    if tables && m.host.models.get(key)?.has_table {
        drop_field(m, key, &n, &f, made.at);
    }
    m.host.models.get_mut(key)?.fields.retain(|x| x.0 != n);
    Some(())
}

fn drop_field<'a>(m: &mut M<'_, 'a>, key: &ModelKey, n: &str, f: &Field<'a>, at: Location) {
    if f.kind == "ManyToManyField" {
        if let Some(t) = m.host.through(key, n, f) {
            m.sql(&Sql::new(at, &format!("DROP TABLE {} CASCADE", quoted(&t))).finish());
        }
    } else if f.has_column() {
        let table = m.host.table(key);
        let mut sql = alter(&table, at);
        sql.raw("DROP COLUMN ").name(&name(&f.column(n), at)).raw(" CASCADE");
        m.sql(&sql.finish());
    }
}

fn alter_field<'a>(m: &mut M<'_, 'a>, key: &ModelKey, made: &Made<'a>, tables: bool) -> Option<()> {
    let n = made.args.text(1, "name")?;
    let new = made.args.get(2, "field").cloned().and_then(|v| field(m, &v))?;
    let old = m.host.models.get(key)?.field(&n)?.clone();
    let old_type = fields::column_type(m, &key.app, &key.model, &old, 0);
    let at = made.at;
    let model = m.host.models.get_mut(key)?;
    if let Some(f) = model.fields.iter_mut().find(|x| x.0 == n) {
        f.1 = new.clone();
    }
    let both = old.kind == "ManyToManyField" && new.kind == "ManyToManyField";
    if !tables || !model.has_table || !(old.has_column() || new.has_column() || both) {
        return Some(());
    }
    if both {
        alter_through(m, key, &n, (&old, &new), at);
        return Some(());
    }
    if old.has_column() != new.has_column() {
        drop_field(m, key, &n, &old, at);
        return put_field(m, key, &n, &new, at);
    }
    let table = m.host.table(key);
    rename_column(m, &table, &old.column(&n), &new.column(&n), at);
    let column = quoted(&new.column(&n));
    let new_type = type_or_unknown(m, key, &new);
    let change = |m: &mut M<'_, 'a>, table: &str, words: &str| {
        let mut sql = alter(table, at);
        sql.raw(words);
        m.sql(&sql.finish());
    };
    if old_type.as_deref() != Some(&new_type) {
        change(m, &table, &format!("ALTER COLUMN {column} TYPE {new_type}"));
        // Keys that point here change along.
        if new.primary_key() {
            follow_key(m, key, &new_type, at);
        }
    }
    let default_of = |f: &Field<'a>| f.args.keyword("db_default").and_then(default);
    match (default_of(&old), default_of(&new)) {
        (old, Some(d)) if old.as_ref() != Some(&d) => change(m, &table, &format!("ALTER COLUMN {column} SET DEFAULT {d}")),
        (Some(_), None) => change(m, &table, &format!("ALTER COLUMN {column} DROP DEFAULT")),
        _ => {}
    }
    if old.kind.ends_with("AutoField") != new.kind.ends_with("AutoField") {
        change(
            m,
            &table,
            &format!(
                "ALTER COLUMN {column} {}",
                if new.kind.ends_with("AutoField") { "ADD GENERATED BY DEFAULT AS IDENTITY" } else { "DROP IDENTITY IF EXISTS" }
            ),
        );
    }
    if old.nullable() != new.nullable() {
        change(m, &table, &format!("ALTER COLUMN {column} {} NOT NULL", if new.nullable() { "DROP" } else { "SET" }));
    }
    if !old.unique() && new.unique() {
        let name = unique_name(&table, &[name(&new.column(&n), at)], at);
        change(m, &table, &format!("ADD CONSTRAINT {} UNIQUE ({column})", quoted(&name.text)));
    } else if old.unique() && !new.unique() {
        drop_unique(m, &table, &[new.column(&n)], at);
    }
    if !old.primary_key() && new.primary_key() {
        change(m, &table, &format!("ADD PRIMARY KEY ({column})"));
    }
    recheck(m, &table, &new.column(&n), (old.kind.starts_with("Positive"), new.kind.starts_with("Positive")), at);
    reindex(m, key, &n, (&old, &new), (old_type.as_deref(), &new_type), at);
    // Django makes a key anew only for what the database sees of the field.
    let of = |f: &Field<'a>| {
        let target = f.target(&m.host, &key.app, &key.model);
        (target, f.args.named("to_field"), f.nullable(), f.unique(), is_indexed(f), matches!(f.args.keyword("db_constraint"), Some(Value::Bool(false))))
    };
    if old.is_key() && new.is_key() && of(&old) == of(&new) {
        return Some(());
    }
    let (had, has) = (old.is_key(), new.is_key());
    if had {
        drop_key(m, &table, &new.column(&n), at);
    }
    if has && let Some(k) = foreign_key(m, key, &n, &new) {
        change(m, &table, &k);
    }
    Some(())
}

/// The table behind a many-to-many field follows the field: its name, and where it points (`_alter_many_to_many` of Django's schema editor).
fn alter_through<'a>(m: &mut M<'_, 'a>, key: &ModelKey, n: &str, (old, new): (&Field<'a>, &Field<'a>), at: Location) {
    let (Some(before), Some(table)) = (m.host.through(key, n, old), m.host.through(key, n, new)) else { return };
    rename_table(m, &before, &table, at);
    let (was, is) = (old.target(&m.host, &key.app, &key.model), new.target(&m.host, &key.app, &key.model));
    let (Some(was), Some(is)) = (was, is) else {
        open(m, &table, "what a field points at could not be worked out");
        return;
    };
    if was == is {
        return;
    }
    let Some((to, to_field)) = m.host.key_of(&is) else {
        open(m, &table, "it points at a model that the project's migrations do not make");
        return;
    };
    let column = if is == *key { format!("to_{}_id", is.model) } else { format!("{}_id", is.model) };
    let old_column = if was == *key { format!("to_{}_id", was.model) } else { format!("{}_id", was.model) };
    drop_key(m, &table, &old_column, at);
    rename_column(m, &table, &old_column, &column, at);
    if let Some(ty) = fields::column_type(m, &is.app, &is.model, &to_field, 0) {
        m.sql(&Sql::new(at, &format!("ALTER TABLE {} ALTER COLUMN {} TYPE {ty}", quoted(&table), quoted(&column))).finish());
    }
    let key = key_to(&table, &column, &m.host.table(&is), &to_field.column(&to));
    let mut sql = alter(&table, at);
    sql.raw(&key);
    m.sql(&sql.finish());
}

/// Columns that point at a key take its new type.
fn follow_key(m: &mut M<'_, '_>, key: &ModelKey, ty: &str, at: Location) {
    let models: Vec<_> = m.host.models.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
    for (other, model) in models {
        for (n, f) in &model.fields {
            if f.target(&m.host, &other.app, &other.model).as_ref() != Some(key) {
                continue;
            }
            let (table, column) = match f.kind {
                "ManyToManyField" => match m.host.through(&other, n, f) {
                    Some(t) => (t, format!("{}_id", key.model)),
                    None => continue,
                },
                _ if f.is_key() && model.has_table => (m.host.table(&other), f.column(n)),
                _ => continue,
            };
            m.sql(&Sql::new(at, &format!("ALTER TABLE {} ALTER COLUMN {} TYPE {ty}", quoted(&table), quoted(&column))).finish());
        }
    }
}

/// Django makes the indexes of a new field when the migration ends, and by then the column may be called otherwise (`rename_column_references`).
fn rename_deferred(m: &mut M<'_, '_>, table: &str, old: &str, new: &str, at: Location) {
    let Some(column) = m.host.deferred.iter_mut().find(|d| old != new && d.0 == table && d.1 == old) else { return };
    new.clone_into(&mut column.1);
    for suffix in ["", "_like"] {
        let [before, after] = [old, new].map(|column| quoted(&django_index(table, &[column], suffix)));
        m.sql(&Sql::new(at, &format!("ALTER INDEX IF EXISTS {before} RENAME TO {after}")).finish());
    }
}

fn rename_field<'a>(m: &mut M<'_, 'a>, key: &ModelKey, made: &Made<'a>, tables: bool) -> Option<()> {
    let (old, new) = (made.args.text(1, "old_name")?, made.args.text(2, "new_name")?);
    let through = m.host.models.get(key)?.field(&old).cloned().and_then(|f| m.host.through(key, &old, &f).filter(|_| f.kind == "ManyToManyField"));
    let model = m.host.models.get_mut(key)?;
    let f = model.fields.iter_mut().find(|f| f.0 == old)?;
    f.0.clone_from(&new);
    let f = f.1.clone();
    for group in &mut model.unique_together {
        for n in group.iter_mut().filter(|n| **n == old) {
            n.clone_from(&new);
        }
    }
    if tables && model.has_table {
        if let Some(t) = through {
            if let Some(to) = m.host.through(key, &new, &f) {
                rename_table(m, &t, &to, made.at);
            }
        } else if f.has_column() {
            let table = m.host.table(key);
            rename_column(m, &table, &f.column(&old), &f.column(&new), made.at);
            rename_deferred(m, &table, &f.column(&old), &f.column(&new), made.at);
            // The key is made anew under the column's new name.
            if f.is_key() && f.column(&old) != f.column(&new) {
                drop_key(m, &table, &f.column(&new), made.at);
                if let Some(k) = foreign_key(m, key, &new, &f) {
                    let mut sql = alter(&table, made.at);
                    sql.raw(&k);
                    m.sql(&sql.finish());
                }
            }
        }
    }
    Some(())
}
