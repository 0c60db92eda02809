//! Django: the migrations of all apps of a project in the order of their dependencies, each operation as the SQL that Django sends.

mod conditions;
mod constraints;
mod contrib;
mod create;
mod fields;
mod operations;
mod state;

use std::collections::{BTreeMap, BTreeSet};

use super::alembic::{Graph, Revision, Step};
use super::database::{Database, UNDECIDED};
use super::python::{Args, Files, Host, Machine, Value};
use super::sqltext::Sql;
use crate::source::{Location, Span};
use crate::syntax::sql::template::Template;
use fields::{ModelKey, last, lower};
use operations::{find, place};
pub use state::Model;

type M<'m, 'a> = Machine<'m, 'a, Django<'a>>;

/// What Django does in a migration.
#[derive(Clone)]
pub struct Django<'a> {
    /// The database so far.
    pub db: Database,
    /// The models so far.
    models: BTreeMap<ModelKey, Model<'a>>,
    /// `AUTH_USER_MODEL`
    user_model: String,
    /// The kind of automatic keys.
    auto_field: &'static str,
    /// Settings that name a model.
    settings: BTreeMap<String, String>,
    /// Those of them that are set under a condition.
    doubtful_settings: BTreeSet<String>,
    /// Columns whose indexes Django makes when the migration ends, each with its table.
    deferred: Vec<(String, String)>,
}

/// A project's migrations and what its settings say.
#[derive(Clone, Debug, Default)]
pub struct Apps {
    /// Migration files, each with the label of its app and its name, sorted.
    pub files: Vec<(String, String, String)>,
    /// Labels of apps some of whose migrations are of another kind, and are not replayed.
    pub unread: BTreeSet<String>,
    /// `INSTALLED_APPS` as far as the text of the settings shows.
    pub installed: BTreeSet<String>,
    /// `AUTH_USER_MODEL`
    pub user_model: Option<String>,
    /// `DEFAULT_AUTO_FIELD`
    pub auto_field: Option<String>,
    /// Other settings that name a model (`OAUTH2_PROVIDER_APPLICATION_MODEL = "app.Model"`).
    pub model_settings: BTreeMap<String, String>,
    /// Those of them that are set under a condition.
    pub doubtful_settings: BTreeSet<String>,
    /// `MIGRATION_MODULES`: the package of an app's migrations, by the app's label.
    pub modules: BTreeMap<String, String>,
}

const CURSOR: &str = "django.db.connection.cursor";

impl<'a> Host<'a> for Django<'a> {
    fn call(m: &mut M<'_, 'a>, path: &'static str, args: &Args<'a>, _: Location) -> Option<Value<'a>> {
        if path.ends_with("connection.cursor") || path.ends_with("schema_editor.connection.cursor") {
            return Some(Value::External(CURSOR.into()));
        }
        if path.starts_with(CURSOR) || path.ends_with("schema_editor.execute") {
            if matches!(last(path), "execute") {
                let sql = args.positional.first().and_then(|a| if let Value::Str(t) = &a.0 { Some((**t).clone()) } else { None });
                match sql {
                    Some(sql) => m.sql(&sql),
                    None => m.host.db.lose("SQL that a migration runs could not be worked out"),
                }
            }
            return Some(Value::Unknown);
        }
        None
    }

    fn method(_: &mut M<'_, 'a>, receiver: &Value<'a>, name: &'static str, _: &Args<'a>, _: Location) -> Option<Value<'a>> {
        // Querysets: whether there are rows, and which, is not known.
        let path = receiver.path()?;
        (path.contains("get_model") && !matches!(name, "get_model")).then_some(Value::Unknown)
    }

    fn attribute(_: &mut M<'_, 'a>, receiver: &Value<'a>, name: &'static str, at: Location) -> Option<Value<'a>> {
        let path = receiver.path()?;
        (name == "vendor" && path.ends_with("connection")).then(|| Value::text("postgresql", at))
    }

    fn done(&self) -> usize {
        self.db.executed()
    }

    fn save(&self) -> Self {
        self.clone()
    }
}

impl M<'_, '_> {
    /// Runs SQL on the database.
    fn sql(&mut self, sql: &Template) {
        let doubt = self.uncertain().then_some(UNDECIDED);
        self.host.db.execute(sql, doubt);
    }
}

/// One migration of an app.
struct Node<'a> {
    class: Value<'a>,
    module: usize,
    after: BTreeSet<(String, String)>,
    replaces: Vec<(String, String)>,
}

/// Replays all migrations of a project.
pub fn replay(files: &dyn Files<'_>, apps: &Apps) -> Database {
    replay_steps(files, apps, false).0
}

/// The same, with what each migration did, and the graph of each app's own migrations; `judge` holds data statements to the schema of their time.
pub fn replay_steps(files: &dyn Files<'_>, apps: &Apps, judge: bool) -> (Database, Graph, Vec<Step>) {
    let auto = apps.auto_field.as_deref().map_or("AutoField", last);
    let auto = ["BigAutoField", "SmallAutoField", "UUIDField"].into_iter().find(|k| *k == auto).unwrap_or("AutoField");
    let host = Django {
        db: Database::new(),
        models: BTreeMap::new(),
        user_model: apps.user_model.clone().unwrap_or_else(|| "auth.User".to_owned()),
        auto_field: auto,
        settings: apps.model_settings.clone(),
        doubtful_settings: apps.doubtful_settings.clone(),
        deferred: Vec::new(),
    };
    let mut m = Machine::new(files, host);
    m.host.db.judge_data = judge;
    let nodes = load(&mut m, apps);
    contrib(&mut m, apps);
    m.host.db.take_problems();
    let mut steps = Vec::new();
    let place = |key: &(String, String)| apps.files.iter().find(|f| f.0 == key.0 && f.1 == key.1).map(|f| f.2.clone()).unwrap_or_default();
    for key in order(&nodes) {
        let Some(node) = nodes.get(&key) else { continue };
        m.doubts.clear();
        m.host.db.reset_path();
        m.host.deferred.clear();
        let operations = m.attribute_of(&node.class, "operations");
        let Some((items, open)) = operations.items() else { continue };
        if open {
            m.host.db.not_understood(None, "the operations of a migration could not be worked out");
        }
        m.enter(node.module);
        for op in items {
            operations::run(&mut m, &key.0, &op, true);
        }
        m.leave();
        steps.push(Step { revision: format!("{}.{}", key.0, key.1), path: place(&key), problems: m.host.db.take_problems() });
    }
    if m.exhausted() {
        m.host.db.lose_all("the history takes too many steps to replay");
    }
    with_user(&mut m, apps);
    confess_installed(&mut m, apps);
    confess_followed(&mut m, apps, &nodes);
    confess_unmanaged(&mut m);
    (m.host.db, graph(&nodes, &place), steps)
}

/// Each app's migrations by what they follow in their own app: an app may have one head.
fn graph(nodes: &BTreeMap<(String, String), Node<'_>>, place: &dyn Fn(&(String, String)) -> String) -> Graph {
    let mut graph = Graph::default();
    for (key, node) in nodes {
        let id = |k: &(String, String)| format!("{}.{}", k.0, k.1);
        let down = node.after.iter().filter(|a| a.0 == key.0 && nodes.contains_key(*a)).map(id).collect();
        graph.add(Revision { id: id(key), down, path: place(key), ..Revision::default() });
    }
    graph
}

fn load<'a>(m: &mut M<'_, 'a>, apps: &Apps) -> BTreeMap<(String, String), Node<'a>> {
    let mut nodes = BTreeMap::new();
    for (app, name, path) in &apps.files {
        let Some(module) = m.run_module(path) else { continue };
        let class = m.global(module, "Migration");
        if !matches!(class, Value::Class(_)) {
            continue;
        }
        let pairs = |m: &mut M<'_, 'a>, attribute: &str| {
            let list = m.attribute_of(&class, attribute);
            let items = m.members_of(&list);
            items
                .iter()
                .filter_map(|d| match d {
                    Value::Tuple(_) | Value::List(_) => {
                        let (parts, _) = d.items()?;
                        Some((parts.first()?.constant()?, parts.get(1)?.constant()?))
                    }
                    // `swappable_dependency(settings.AUTH_USER_MODEL)`
                    Value::Made(made) if last(made.path.as_str()) == "swappable_dependency" => {
                        let key = m.host.model_key(made.args.get(0, "value")?, "", "")?;
                        Some((key.app, "__first__".to_owned()))
                    }
                    _ => None,
                })
                .collect::<Vec<_>>()
        };
        let after = pairs(m, "dependencies").into_iter().collect();
        let replaces = pairs(m, "replaces");
        let before = pairs(m, "run_before");
        nodes.insert((app.clone(), name.clone()), (Node { class, module, after, replaces }, before));
    }
    let mut out: BTreeMap<(String, String), Node<'a>> = BTreeMap::new();
    let mut later = Vec::new();
    for (key, (node, before)) in nodes {
        later.extend(before.into_iter().map(|b| (b, key.clone())));
        out.insert(key, node);
    }
    for (target, first) in later {
        if let Some(node) = out.get_mut(&target) {
            node.after.insert(first);
        }
    }
    // On a fresh database a squashed migration runs instead of those it replaces.
    let squashed: Vec<_> = out.iter().filter(|n| !n.1.replaces.is_empty()).map(|(k, n)| (k.clone(), n.replaces.clone())).collect();
    for (by, replaced) in squashed {
        for r in replaced {
            out.remove(&r);
            for node in out.values_mut() {
                if node.after.remove(&r) {
                    node.after.insert(by.clone());
                }
            }
        }
        if let Some(node) = out.get_mut(&by) {
            node.after.remove(&by);
        }
    }
    out
}

/// All migrations, each behind those it depends on, else by app and name.
fn order(nodes: &BTreeMap<(String, String), Node<'_>>) -> Vec<(String, String)> {
    let mut out = Vec::new();
    let mut seen = BTreeSet::new();
    for key in nodes.keys() {
        // A stack instead of recursion: (node, whether what it needs was put on the stack).
        let mut stack = vec![(key.clone(), false)];
        while let Some((key, ready)) = stack.pop() {
            if ready {
                out.push(key);
                continue;
            }
            let Some(node) = nodes.get(&key) else { continue };
            if !seen.insert(key.clone()) {
                continue;
            }
            stack.push((key.clone(), true));
            for (app, name) in node.after.iter().rev() {
                let own: Vec<_> = nodes.keys().filter(|k| k.0 == *app).cloned().collect();
                match name.as_str() {
                    "__first__" => stack.extend(own.first().cloned().map(|k| (k, false))),
                    "__latest__" => stack.extend(own.into_iter().filter(|k| k.0 != key.0).map(|k| (k, false))),
                    _ => stack.push(((app.clone(), name.clone()), false)),
                }
            }
        }
    }
    out
}

/// Tables of Django's own apps, before the project's.
fn contrib(m: &mut M<'_, '_>, apps: &Apps) {
    let at = Location::new(crate::source::FileId(0), Span::default());
    let link = if m.host.auto_field == "BigAutoField" { "bigint" } else { "integer" };
    for app in contrib::APPS.iter().filter(|a| apps.installed.contains(a.path)) {
        for (model, table, columns) in app.models {
            // A project's own user model takes the place of Django's.
            if table.starts_with("auth_user") && m.host.user_model != "auth.User" {
                continue;
            }
            m.sql(&Sql::new(at, &contrib::create(table, columns, link, "")).finish());
            create::named(m, table, at);
            if !model.is_empty() {
                let (name, mut id) = contrib_key(columns, at);
                id.args.keywords.push((fields::key("primary_key"), Value::Bool(true), at));
                let state = Model {
                    name: (*model).to_owned(),
                    db_table: Some((*table).to_owned()),
                    fields: vec![(name, id)],
                    has_table: true,
                    unmanaged: false,
                    proxy_of: None,
                    unique_together: Vec::new(),
                };
                m.host.models.insert(ModelKey { app: app.label.to_owned(), model: (*model).to_owned() }, state);
            }
        }
    }
}

/// The key of one of Django's models, which is the first of its columns: a number, or a text (`session_key varchar(40)`).
fn contrib_key<'a>(columns: &str, at: Location) -> (String, fields::Field<'a>) {
    let mut words = columns.split_whitespace();
    let (name, ty) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let Some(length) = ty.strip_prefix("varchar(").and_then(|t| t.trim_end_matches(')').parse().ok()) else {
        return (name.to_owned(), fields::Field::plain("AutoField"));
    };
    let mut key = fields::Field::plain("CharField");
    key.args.keywords.push((fields::key("max_length"), Value::Int(length), at));
    (name.to_owned(), key)
}

/// A table or view that migrations name and leave to others is there, made by means that are not seen.
fn confess_unmanaged(m: &mut M<'_, '_>) {
    let unmanaged: Vec<ModelKey> = m.host.models.iter().filter(|(_, model)| model.unmanaged).map(|(key, _)| key.clone()).collect();
    for key in unmanaged {
        let table = m.host.table(&key);
        if find(m, &table).is_none() {
            m.host.db.schema_mut().mark_incomplete(place(&table).to_string(), crate::schema::UNMANAGED);
        }
    }
}

/// Apps that are installed from elsewhere bring tables that the project's own migrations do not make.
fn confess_installed(m: &mut M<'_, '_>, apps: &Apps) {
    /// Apps of Django and of much used packages that have no tables.
    const WITHOUT: &[&str] = &[
        "compressor",
        "corsheaders",
        "crispy_forms",
        "debug_toolbar",
        "django_extensions",
        "django_filters",
        "drf_spectacular",
        "rest_framework",
        "storages",
        "whitenoise",
    ];
    let own = |app: &str| apps.files.iter().any(|f| f.0 == app);
    for path in &apps.installed {
        // `package.apps.PackageConfig` names the app by its configuration.
        let package = path.split(".apps.").next().unwrap_or(path);
        let label = last(package);
        let known =
            path.starts_with("django.") || contrib::APPS.iter().any(|a| a.path == path.as_str()) || contrib::WITH_USER.iter().any(|a| a.0 == path.as_str());
        // An app of the project itself, with migrations or without.
        let root = format!("/{}/", package.split('.').next().unwrap_or(package));
        let here = own(label) || apps.files.iter().any(|f| format!("/{}", f.2).contains(&root));
        if !known && !here && !WITHOUT.contains(&package.split('.').next().unwrap_or(package)) {
            m.host.db.schema_mut().mark_incomplete(package, crate::schema::INSTALLED_APP);
        }
    }
}

/// An app that migrations follow and that has none here is installed, whether the settings were seen or not.
fn confess_followed(m: &mut M<'_, '_>, apps: &Apps, nodes: &BTreeMap<(String, String), Node<'_>>) {
    let own: BTreeSet<&str> = apps.files.iter().map(|f| f.0.as_str()).collect();
    let of_django = |label: &str| contrib::APPS.iter().any(|a| a.label == label) || contrib::WITH_USER.iter().any(|a| last(a.0) == label);
    // So are the tables of one that has others than Django's only.
    let followed = apps.unread.iter().map(String::as_str).chain(nodes.values().flat_map(|n| &n.after).map(|a| a.0.as_str()));
    for label in followed.collect::<BTreeSet<_>>().into_iter().filter(|l| !own.contains(l) && !of_django(l)) {
        let known = m.host.db.schema().incomplete.iter().any(|i| i.reason == crate::schema::INSTALLED_APP && last(&i.object) == label);
        if !known {
            m.host.db.schema_mut().mark_incomplete(label, crate::schema::INSTALLED_APP);
        }
    }
}

/// Tables of other apps that point at the user model.
fn with_user(m: &mut M<'_, '_>, apps: &Apps) {
    let at = Location::new(crate::source::FileId(0), Span::default());
    let Some((app, name)) = m.host.user_model.split_once('.').map(|(a, n)| (a.to_owned(), lower(n))) else { return };
    let key = ModelKey { app, model: name };
    let Some((field, f)) = m.host.key_of(&key) else { return };
    let Some(ty) = fields::column_type(m, &key.app, &key.model, &f, 0) else { return };
    let user = format!(
        "{ty} REFERENCES {} ({}) DEFERRABLE INITIALLY DEFERRED",
        super::sqltext::quoted(&m.host.table(&key)),
        super::sqltext::quoted(&f.column(&field))
    );
    for (path, table, columns) in contrib::WITH_USER {
        if apps.installed.contains(*path) {
            m.sql(&Sql::new(at, &contrib::create(table, columns, "integer", &user)).finish());
            create::named(m, table, at);
        }
    }
}
