//! Models and their columns, made.

use super::M;
use super::constraints::{constraint, index};
use super::fields::{self, Field, ModelKey, field, last, lower};
use super::operations::{alter, find, name, open, place, split};
use super::state::Model;
use crate::migrations::database::UNDECIDED;
use crate::migrations::python::{Made, Value};
use crate::migrations::sqltext::{Name, Sql, literal, quoted};
use crate::project::digest::django_index;
use crate::schema::{GENERATION_NOT_KNOWN, KEY_NOT_KNOWN, TYPE_NOT_KNOWN, UNKNOWN_TYPE};
use crate::source::Location;

/// The first of `bases=("app.model", …)` that is a model of the history.
fn base_model<'a>(m: &mut M<'_, 'a>, app: &str, made: &Made<'a>) -> Option<ModelKey> {
    let bases = made.args.get(3, "bases")?.clone();
    let keys: Vec<ModelKey> = m.members_of(&bases).iter().filter(|b| b.constant().is_some()).filter_map(|b| m.host.model_key(b, app, "")).collect();
    keys.into_iter().find(|k| m.host.models.contains_key(k))
}

/// Whether `app.Model` is that model.
fn is_model(text: &str, app: &str, model: &str) -> bool {
    text.split_once('.').is_some_and(|(a, m)| a == app && lower(m) == lower(model))
}

/// Whether another model takes this one's place by that setting; and whether that hangs on a condition, as it does for the other.
fn replaced(m: &M<'_, '_>, app: &str, model: &str, setting: Option<String>) -> (bool, bool) {
    let host = &m.host;
    let by = |setting: &String| host.settings.get(setting).map(|by| is_model(by, app, model));
    let perhaps = host.doubtful_settings.iter().any(|s| setting.as_ref() == Some(s) || by(s) == Some(true));
    let swapped = match setting {
        Some(setting) if setting == "AUTH_USER_MODEL" => !is_model(&host.user_model, app, model),
        Some(setting) => !perhaps && by(&setting) == Some(false),
        None => false,
    };
    (swapped, perhaps)
}

pub(super) fn create_model<'a>(m: &mut M<'_, 'a>, app: &str, made: &Made<'a>, tables: bool) -> Option<()> {
    let model_name = made.args.text(0, "name")?;
    let list = made.args.get(1, "fields")?.clone();
    let mut unclear = list.items().is_none_or(|l| l.1);
    let mut all = Vec::new();
    for pair in m.members_of(&list) {
        let Some((parts, _)) = pair.items() else {
            unclear = true;
            continue;
        };
        match (parts.first().and_then(Value::constant), parts.get(1).and_then(|v| field(m, v))) {
            (Some(n), Some(f)) => all.push((n, f)),
            _ => unclear = true,
        }
    }
    let options: Vec<(Value<'a>, Value<'a>)> = match made.args.get(2, "options") {
        Some(Value::Dict(d)) => d.borrow().entries.clone(),
        _ => Vec::new(),
    };
    let option = |key: &str| options.iter().find(|e| e.0.constant().as_deref() == Some(key)).map(|e| e.1.clone());
    let proxy = matches!(option("proxy"), Some(Value::Bool(true)));
    let proxy_of = if proxy { base_model(m, app, made) } else { None };
    let (swapped, perhaps) = replaced(m, app, &model_name, option("swappable").and_then(|v| v.constant()));
    let managed = option("managed");
    let unmanaged = matches!(managed, Some(Value::Bool(false)));
    let has_table = !unmanaged && !proxy && !swapped;
    let key = ModelKey { app: app.to_owned(), model: lower(&model_name) };
    if !all.iter().any(|f| f.1.primary_key()) {
        let mut id = Field::plain(m.host.auto_field);
        id.args.keywords.push((fields::key("primary_key"), Value::Bool(true), made.at));
        all.insert(0, ("id".to_owned(), id));
    }
    if option("order_with_respect_to").is_some_and(|v| !matches!(v, Value::None)) {
        all.push(("_order".to_owned(), Field::plain("IntegerField")));
    }
    let together = option("unique_together").map(|v| groups(m, &v)).unwrap_or_default();
    let model = Model {
        name: model_name,
        db_table: option("db_table").and_then(|v| v.constant()),
        fields: all,
        has_table,
        unmanaged: unmanaged && !proxy,
        proxy_of,
        unique_together: together.clone(),
    };
    m.host.models.insert(key.clone(), model.clone());
    if !tables || !has_table {
        return Some(());
    }
    let table = m.host.table(&key);
    let mut sql = Sql::new(made.at, "CREATE TABLE ");
    sql.name(&name(&table, made.at)).raw(" (");
    let mut keys = Vec::new();
    let mut first = true;
    for (n, f) in model.fields.iter().filter(|f| f.1.has_column()) {
        let definition = definition(m, &key, n, f);
        sql.raw(if first { "" } else { ", " }).raw(&definition);
        first = false;
        keys.extend(foreign_key(m, &key, n, f).map(|k| (n.clone(), k)));
    }
    for group in &together {
        let columns = columns_of(&model, group, made.at);
        sql.raw(", CONSTRAINT ").name(&unique_name(&table, &columns, made.at)).raw(" UNIQUE ").names(&columns);
    }
    sql.raw(")");
    m.sql(&sql.finish());
    if unclear {
        open(m, &table, "a field could not be worked out");
    }
    // `"managed": settings.TESTING`: where Django does not make the table, something else does, and in its own way.
    if perhaps || managed.is_some_and(|v| !matches!(v, Value::Bool(true))) {
        open(m, &table, UNDECIDED);
    }
    for (_, k) in keys {
        let mut sql = alter(&table, made.at);
        sql.raw(&k);
        m.sql(&sql.finish());
    }
    for (n, f) in &model.fields {
        if f.kind == "ManyToManyField" {
            create_through(m, &key, n, f, made.at);
        } else {
            m.host.deferred.push((table.clone(), f.column(n)));
            column_index(m, &key, n, f, made.at);
        }
    }
    for list in [option("indexes"), option("constraints")].into_iter().flatten() {
        for part in m.members_of(&list) {
            if let Value::Made(part) = part {
                let done = if last(part.path.as_str()).ends_with("Constraint") { constraint(m, &key, &part) } else { index(m, &key, &part) };
                if done.is_none() {
                    m.host.db.schema_mut().mark_incomplete(place(&table).to_string(), KEY_NOT_KNOWN);
                }
            }
        }
    }
    Some(())
}

/// Lists of field names: one list, or several.
pub(super) fn groups<'a>(m: &mut M<'_, 'a>, value: &Value<'a>) -> Vec<Vec<String>> {
    let items = m.members_of(value);
    if items.iter().any(|i| i.constant().is_some()) {
        return vec![items.iter().filter_map(Value::constant).collect()];
    }
    items.iter().map(|g| m.members_of(g).iter().filter_map(Value::constant).collect()).filter(|g: &Vec<String>| !g.is_empty()).collect()
}

pub(super) fn columns_of(model: &Model<'_>, fields: &[String], at: Location) -> Vec<Name> {
    fields.iter().map(|n| name(&model.field(n).map_or_else(|| n.clone(), |f| f.column(n)), at)).collect()
}

/// A column in `CREATE TABLE` and `ADD COLUMN`.
pub(super) fn definition<'a>(m: &mut M<'_, 'a>, key: &ModelKey, n: &str, f: &Field<'a>) -> String {
    let ty = type_or_unknown(m, key, f);
    let mut out = format!("{} {ty}", quoted(&f.column(n)));
    if f.kind == "GeneratedField" {
        let expression = f.args.keyword("expression").and_then(|e| generated(m, key, e, 0));
        if let Some(e) = expression {
            out.push_str(&format!(" GENERATED ALWAYS AS ({e}) STORED"));
        } else {
            let table = m.host.table(key);
            m.host.db.schema_mut().mark_incomplete(place(&table).to_string(), GENERATION_NOT_KNOWN);
        }
        // It may be NULL unless that is ruled out in words.
        if matches!(f.args.keyword("null"), Some(Value::Bool(false))) {
            out.push_str(" NOT NULL");
        }
        return out;
    }
    if let Some(d) = f.args.keyword("db_default").and_then(default) {
        out.push_str(" DEFAULT ");
        out.push_str(&d);
    }
    if !f.nullable() {
        out.push_str(" NOT NULL");
    }
    if f.primary_key() {
        out.push_str(" PRIMARY KEY");
    }
    if f.kind.ends_with("AutoField") {
        out.push_str(" GENERATED BY DEFAULT AS IDENTITY");
    }
    if f.unique() {
        out.push_str(" UNIQUE");
    }
    if f.kind.starts_with("Positive") {
        out.push_str(&format!(" CHECK ({} >= 0)", quoted(&f.column(n))));
    }
    out
}

/// The type of a field's column. That there is a column, and what it is called, is known also where it depends on a model of an app that is only installed.
pub(super) fn type_or_unknown<'a>(m: &mut M<'_, 'a>, key: &ModelKey, f: &Field<'a>) -> String {
    fields::column_type(m, &key.app, &key.model, f, 0).unwrap_or_else(|| {
        let table = m.host.table(key);
        m.host.db.schema_mut().mark_incomplete(place(&table).to_string(), TYPE_NOT_KNOWN);
        UNKNOWN_TYPE.to_owned()
    })
}

pub(super) fn default(value: &Value<'_>) -> Option<String> {
    Some(match value {
        Value::Bool(b) => b.to_string(),
        Value::Int(n) => n.to_string(),
        Value::Made(m) if last(m.path.as_str()) == "Now" => "statement_timestamp()".to_owned(),
        Value::Made(m) if last(m.path.as_str()) == "Value" => return default(m.args.get(0, "value")?),
        v => literal(&v.constant()?),
    })
}

/// Simple expressions of generated columns: a field, or `RawSQL`.
pub(super) fn generated<'a>(m: &M<'_, 'a>, key: &ModelKey, value: &Value<'a>, depth: usize) -> Option<String> {
    if depth > 5 {
        return None;
    }
    match value {
        Value::Str(_) => {
            let n = value.constant()?;
            let f = m.host.models.get(key)?.field(&n)?.clone();
            Some(quoted(&f.column(&n)))
        }
        Value::Made(made) => match last(made.path.as_str()) {
            "F" => generated(m, key, made.args.get(0, "name")?, depth + 1),
            "RawSQL" => made.args.text(0, "sql"),
            _ => None,
        },
        _ => None,
    }
}

/// `ADD CONSTRAINT … FOREIGN KEY`
pub(super) fn foreign_key<'a>(m: &M<'_, 'a>, key: &ModelKey, n: &str, f: &Field<'a>) -> Option<String> {
    if !f.is_key() || matches!(f.args.keyword("db_constraint"), Some(Value::Bool(false))) {
        return None;
    }
    let target = f.target(&m.host, &key.app, &key.model)?;
    let model = m.host.models.get(m.host.concrete(&target))?;
    let (to, to_field) = match f.args.named("to_field") {
        Some(n) => (n.clone(), model.field(&n)?.clone()),
        None => model.key()?,
    };
    let (column, table, to) = (f.column(n), m.host.table(&target), to_field.column(&to));
    Some(key_to(&m.host.table(key), &column, &table, &to))
}

/// `ADD CONSTRAINT … FOREIGN KEY` from a column of a table to one of another.
pub(super) fn key_to(table: &str, column: &str, target: &str, to: &str) -> String {
    let name = key_name(table, column, split(target).1, to);
    format!("ADD CONSTRAINT {} FOREIGN KEY ({}) REFERENCES {} ({}) DEFERRABLE INITIALLY DEFERRED", quoted(&name), quoted(column), quoted(target), quoted(to))
}

/// The name of a foreign key.
fn key_name(table: &str, column: &str, target: &str, to: &str) -> String {
    django_index(table, &[column], &format!("_fk_{target}_{to}"))
}

/// The name of a unique constraint that has none of its own.
pub(super) fn unique_name(table: &str, columns: &[Name], at: Location) -> Name {
    let texts: Vec<&str> = columns.iter().map(|c| c.text.as_str()).collect();
    Name { text: django_index(table, &texts, "_uniq"), at }
}

/// Whether a field has an index of its own: `db_index`, which foreign keys have by themselves.
pub(super) fn is_indexed(f: &Field<'_>) -> bool {
    let wanted = match f.args.keyword("db_index") {
        Some(Value::Bool(b)) => *b,
        _ => f.kind == "ForeignKey" || f.kind == "SlugField",
    };
    wanted && !f.unique() && !f.primary_key() && f.has_column()
}

/// The indexes of a field.
pub(super) fn column_index<'a>(m: &mut M<'_, 'a>, key: &ModelKey, n: &str, f: &Field<'a>, at: Location) {
    if is_indexed(f) {
        let (table, column) = (m.host.table(key), f.column(n));
        index_on(m, &table, &column, &django_index(&table, &[&column], ""), "", at);
    }
    if is_indexed(f) || f.unique() || f.primary_key() {
        like_index(m, key, n, f, at);
    }
}

/// Text that is indexed gets a second index, for `LIKE` in any collation (`_create_like_index_sql` of Django's PostgreSQL backend).
pub(super) fn like_index<'a>(m: &mut M<'_, 'a>, key: &ModelKey, n: &str, f: &Field<'a>, at: Location) {
    let class = match fields::column_type(m, &key.app, &key.model, f, 0) {
        Some(ty) if ty.contains('[') || f.args.keyword("db_collation").is_some() => return,
        Some(ty) if ty.starts_with("varchar") => " varchar_pattern_ops",
        Some(ty) if ty.starts_with("text") => " text_pattern_ops",
        _ => return,
    };
    let (table, column) = (m.host.table(key), f.column(n));
    index_on(m, &table, &column, &django_index(&table, &[&column], "_like"), class, at);
}

fn index_on(m: &mut M<'_, '_>, table: &str, column: &str, index: &str, class: &str, at: Location) {
    // A later migration may ask for what an earlier one left behind.
    let mut sql = Sql::new(at, "CREATE INDEX IF NOT EXISTS ");
    sql.name(&name(index, at)).raw(" ON ").name(&name(table, at)).raw(" (").name(&name(column, at)).raw(class).raw(")");
    m.sql(&sql.finish());
}

/// Gives a table that is written down as a whole the names and indexes that Django gives its parts.
pub(super) fn named(m: &mut M<'_, '_>, table: &str, at: Location) {
    let Some((_, relation)) = find(m, table) else { return };
    let relation = relation.clone();
    let alone = |c: &str| relation.primary_key == [c] || relation.unique.iter().any(|u| u.columns == [c]);
    for k in relation.foreign_keys.iter().filter(|k| k.name.ends_with("_fkey")) {
        let ([column], [to]) = (k.columns.as_slice(), k.target_columns.as_slice()) else { continue };
        let new = key_name(table, column, &k.target.name, to);
        let sql = format!("ALTER TABLE {} RENAME CONSTRAINT {} TO {}", quoted(table), quoted(&k.name), quoted(&new));
        m.sql(&Sql::new(at, &sql).finish());
        if !alone(column) {
            index_on(m, table, column, &django_index(table, &[column], ""), "", at);
        }
    }
    for c in relation.columns.iter().filter(|c| c.ty.starts_with("varchar") && alone(&c.name)) {
        index_on(m, table, &c.name, &django_index(table, &[&c.name], "_like"), " varchar_pattern_ops", at);
    }
    if table == "django_session" {
        index_on(m, table, "expire_date", &django_index(table, &["expire_date"], ""), "", at);
    }
}

/// The table behind a many-to-many field.
pub(super) fn create_through<'a>(m: &mut M<'_, 'a>, key: &ModelKey, n: &str, f: &Field<'a>, at: Location) {
    let Some(through) = m.host.through(key, n, f) else { return };
    let Some(target) = f.target(&m.host, &key.app, &key.model) else { return };
    let (own, other) = (m.host.key_of(key), m.host.key_of(&target));
    let by_settings = m.host.user_model.to_lowercase() == format!("{}.{}", target.app, target.model);
    let Some((own_name, own)) = own.filter(|_| other.is_some() || !by_settings) else {
        // What the model for users is called decides the name of a column.
        m.host.db.schema_mut().mark_incomplete(place(&through).to_string(), "it points at a model that the project's migrations do not make");
        return;
    };
    let own_type = fields::column_type(m, &key.app, &key.model, &own, 0);
    let other_type = other.as_ref().and_then(|(_, f)| fields::column_type(m, &target.app, &target.model, f, 0));
    if own_type.is_none() || other_type.is_none() {
        m.host.db.schema_mut().mark_incomplete(place(&through).to_string(), TYPE_NOT_KNOWN);
    }
    let (own_type, other_type) = (own_type.as_deref().unwrap_or(UNKNOWN_TYPE), other_type.as_deref().unwrap_or(UNKNOWN_TYPE));
    let (from, to) = if target == *key {
        (format!("from_{}_id", key.model), format!("to_{}_id", key.model))
    } else {
        (format!("{}_id", key.model), format!("{}_id", target.model))
    };
    let id = match m.host.auto_field {
        "BigAutoField" => "bigint",
        "SmallAutoField" => "smallint",
        _ => "integer",
    };
    let references = |column: &str, k: &ModelKey, to: Option<&(String, Field<'a>)>| {
        let Some((n, f)) = to else { return String::new() };
        let (table, to) = (m.host.table(k), f.column(n));
        let name = key_name(&through, column, split(&table).1, &to);
        format!("CONSTRAINT {} REFERENCES {} ({}) DEFERRABLE INITIALLY DEFERRED", quoted(&name), quoted(&table), quoted(&to))
    };
    let text = format!(
        "CREATE TABLE {} (\"id\" {id} NOT NULL PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY, {} {own_type} NOT NULL {}, {} {other_type} NOT NULL {}, CONSTRAINT {} UNIQUE ({}, {}))",
        quoted(&through),
        quoted(&from),
        references(&from, key, Some(&(own_name, own))),
        quoted(&to),
        references(&to, &target, other.as_ref()),
        quoted(&django_index(&through, &[&from, &to], "_uniq")),
        quoted(&from),
        quoted(&to),
    );
    m.sql(&Sql::new(at, &text).finish());
    for (column, ty) in [(&from, own_type), (&to, other_type)] {
        index_on(m, &through, column, &django_index(&through, &[column], ""), "", at);
        let class = if ty.starts_with("varchar") { " varchar_pattern_ops" } else { " text_pattern_ops" };
        if ty.starts_with("varchar") || ty == "text" {
            index_on(m, &through, column, &django_index(&through, &[column], "_like"), class, at);
        }
    }
}
