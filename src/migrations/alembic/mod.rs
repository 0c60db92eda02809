//! Alembic: revisions in the order of their graph, each `upgrade()` interpreted, each operation as SQL.

mod columns;
mod create;
mod extensions;
mod graph;
mod indexes;
mod inspect;
mod naming;
mod operations;
mod types;

use std::collections::BTreeSet;
use std::rc::Rc;

use super::database::{Database, UNDECIDED};
use super::python::{Args, Host, Machine, Made, Value};
use super::session::{paths_in, sets_path};
use crate::schema::QualifiedName;
use crate::source::{Location, Span};
use crate::syntax::python::{ExprKind, Function, ParamKind, StmtKind};
use crate::syntax::sql::template::Template;
use columns::last;
pub use graph::{Graph, Revision};
use operations::{Call, Table};

type M<'m, 'a> = Machine<'m, 'a, Alembic<'a>>;

/// What Alembic and SQLAlchemy do in a migration.
#[derive(Clone)]
pub struct Alembic<'a> {
    /// The database so far.
    pub db: Database,
    /// `naming_convention` of the metadata.
    pub convention: Vec<(String, String)>,
    /// Tables by the metadata they were made with.
    tables: Vec<(Rc<Made<'a>>, Rc<Made<'a>>)>,
}

impl Alembic<'_> {
    /// On that database.
    pub fn new(db: Database) -> Self {
        Self { db, convention: Vec::new(), tables: Vec::new() }
    }
}

impl<'a> Host<'a> for Alembic<'a> {
    fn call(m: &mut M<'_, 'a>, path: &'static str, args: &Args<'a>, at: Location) -> Option<Value<'a>> {
        if let Some(v) = inspect::call(path) {
            return Some(v);
        }
        if path == "yoyo.step" {
            if let Some((v, at)) = args.positional.first() {
                m.statement_value(v, *at);
            }
            return Some(Value::Unknown);
        }
        if path == "io.StringIO" {
            return args.positional.first().map(|a| a.0.clone());
        }
        if let Some(name) = path.strip_prefix("alembic.op.") {
            return operations::run(m, &Call { name, args, batch: None, at });
        }
        for handle in [inspect::BIND, inspect::CONTEXT, inspect::DIALECT, inspect::INSPECTOR] {
            if let Some(name) = path.strip_prefix(handle).and_then(|p| p.strip_prefix('.')) {
                if let Some(v) = inspect::method(m, handle, name, args, at) {
                    return Some(v);
                }
                if is_execute(name)
                    && let Some((v, at)) = args.positional.first()
                {
                    m.statement_value(v, *at);
                }
                return Some(Value::Unknown);
            }
        }
        None
    }

    fn method(m: &mut M<'_, 'a>, receiver: &Value<'a>, name: &'static str, args: &Args<'a>, at: Location) -> Option<Value<'a>> {
        let Value::Made(made) = receiver else { return None };
        let made = Rc::clone(made);
        match (last(made.path.as_str()), name) {
            // `batch.f("name")` is a name, as `op.f("name")` is.
            ("batch_alter_table", "f") => None,
            ("batch_alter_table", _) => {
                let table = made.args.get(0, "table_name").and_then(|v| columns::name(v, made.at));
                let Some(table) = table else {
                    m.lost(None, "a table is changed whose name could not be worked out", at);
                    return Some(Value::Unknown);
                };
                let batch = Some(Table { schema: made.args.text(1, "schema"), name: table });
                Some(operations::run(m, &Call { name, args, batch, at }).unwrap_or_default())
            }
            ("Enum" | "ENUM", "create") => {
                if let Some(mut e) = types::of_value(m, receiver).enumeration {
                    e.create = true;
                    create::create_enum(m, &e, at);
                }
                Some(Value::None)
            }
            ("Enum" | "ENUM", "drop") => {
                if let Some(e) = types::of_value(m, receiver).enumeration {
                    m.sql(&super::sqltext::Sql::new(at, &format!("DROP TYPE IF EXISTS {}", e.sql_name())).finish());
                }
                Some(Value::None)
            }
            ("Table", "create" | "drop") => {
                m.table_object(&made, name == "create");
                Some(Value::None)
            }
            ("__table__", "create" | "drop") => {
                m.table_of_class(&made, name == "create", at);
                Some(Value::None)
            }
            ("MetaData" | "metadata", "create_all") => {
                m.create_all(&made, args);
                Some(Value::None)
            }
            (_, name) if is_execute(name) && made.path.as_str().starts_with("sqlalchemy") => {
                let (v, at) = args.positional.first()?.clone();
                m.statement_value(&v, at);
                Some(Value::Unknown)
            }
            _ => None,
        }
    }

    fn attribute(m: &mut M<'_, 'a>, receiver: &Value<'a>, name: &'static str, at: Location) -> Option<Value<'a>> {
        match receiver {
            Value::External(path) => inspect::attribute(path.as_str(), name, at),
            Value::Made(made) if name == "schema" && matches!(last(made.path.as_str()), "MetaData" | "metadata") => {
                let schema = naming::metadata(m, receiver, 0)?;
                schema.made()?.args.keyword("schema").cloned()
            }
            _ => None,
        }
    }

    fn runs_sql(m: &mut M<'_, 'a>, args: &Args<'a>, at: Location) -> bool {
        let [(cursor, _), (Value::Str(sql), _)] = args.positional.as_slice() else { return false };
        let word = sql.text().split_whitespace().find(|w| !w.starts_with("--")).unwrap_or_default().to_ascii_lowercase();
        let statement =
            matches!(word.as_str(), "create" | "alter" | "drop") || (sql.text().contains(';') && sql.text().to_ascii_lowercase().contains("create "));
        if cursor.path() != Some(inspect::BIND) || !statement {
            return false;
        }
        m.statement_value(&Value::Str(Rc::clone(sql)), at);
        true
    }

    fn asked(m: &mut M<'_, 'a>, name: &str) {
        m.host.db.ask(None, name);
    }

    fn done(&self) -> usize {
        self.db.executed()
    }

    fn save(&self) -> Self {
        self.clone()
    }
}

/// Whether the path of a call says that it makes a statement about data.
fn is_data(path: &str) -> bool {
    const WORDS: &[&str] = &["insert", "update", "delete", "select", "values", "where", "filter", "query", "from_select", "on_conflict_do_nothing"];
    path.starts_with("sqlalchemy") || path.split('.').any(|p| WORDS.contains(&p.trim_end_matches("()")))
}

fn is_execute(name: &str) -> bool {
    matches!(name, "execute" | "exec_driver_sql" | "scalar" | "scalars" | "exec")
}

impl<'a> M<'_, 'a> {
    /// Why what happens now may not happen.
    fn doubt(&self) -> Option<&'static str> {
        self.uncertain().then_some(UNDECIDED)
    }

    /// Runs SQL on the database.
    fn sql(&mut self, sql: &Template) {
        let doubt = self.doubt();
        self.host.db.execute(sql, doubt);
    }

    /// Runs what is given to `execute`.
    fn statement_value(&mut self, value: &Value<'a>, at: Location) {
        if let Some(sql) = columns::raw(value, at) {
            self.sql(&sql);
            return;
        }
        match value {
            Value::Made(made) => match last(made.path.as_str()) {
                "CreateSequence" => {
                    let sequence = made.args.positional.first().and_then(|s| s.0.made()).and_then(|s| s.args.text(0, "name"));
                    if let Some(name) = sequence {
                        let sql = format!("CREATE SEQUENCE {}", super::sqltext::quoted(&name));
                        self.sql(&super::sqltext::Sql::new(at, &sql).finish());
                    }
                }
                kind @ ("CreateTable" | "DropTable") => {
                    if let Some(Value::Made(t)) = made.args.positional.first().map(|t| t.0.clone()) {
                        self.table_object(&t, kind == "CreateTable");
                    }
                }
                // `table.update().where(…)`, `insert(table)`: data.
                _ if is_data(made.path.as_str()) => {}
                _ => self.host.db.lose("SQL that a migration runs could not be worked out"),
            },
            Value::List(_) | Value::Tuple(_) => {
                for v in self.members_of(value) {
                    self.statement_value(&v, at);
                }
            }
            _ => self.host.db.lose("SQL that a migration runs could not be worked out"),
        }
    }

    /// Something was not understood.
    fn lost(&mut self, table: Option<&Table>, reason: &str, at: Location) {
        let _ = at;
        match table {
            Some(t) => {
                let name = self.host.db.find(t.schema.as_deref(), &t.name.text).map(|f| f.0.clone());
                let name = name.unwrap_or_else(|| QualifiedName::new(t.schema.as_deref().unwrap_or("public"), t.name.text.as_str()));
                self.host.db.not_understood(Some(&name), reason);
            }
            None => self.host.db.not_understood(None, reason),
        }
    }

    /// `Table("name", metadata, …).create(bind)`
    fn table_object(&mut self, made: &Rc<Made<'a>>, create: bool) {
        let Some(name) = made.args.get(0, "name").and_then(|v| columns::name(v, made.at)) else {
            self.lost(None, "a table is created whose name could not be worked out", made.at);
            return;
        };
        let table = Table { schema: made.args.named("schema"), name };
        if create {
            if self.host.db.find(table.schema.as_deref(), &table.name.text).is_some() {
                return;
            }
            let parts: Vec<_> = made.args.positional.iter().skip(2).cloned().collect();
            create::build_table(self, &table, &parts, &made.args, made.at);
        } else {
            let mut sql = super::sqltext::Sql::new(made.at, "DROP TABLE IF EXISTS ");
            sql.qualified(table.schema.as_deref(), &table.name);
            self.sql(&sql.finish());
        }
    }

    /// `Model.__table__.create(bind)`: the table is there, and what it looks like the model says.
    fn table_of_class(&mut self, made: &Rc<Made<'a>>, create: bool, at: Location) {
        let Some(class) = made.args.positional.first().map(|c| c.0.clone()) else { return };
        let name = self.attribute_of(&class, "__tablename__");
        let Some(name) = columns::name(&name, at) else {
            self.host.db.create_all = true;
            return;
        };
        let mut sql = super::sqltext::Sql::new(at, if create { "CREATE TABLE IF NOT EXISTS " } else { "DROP TABLE IF EXISTS " });
        sql.name(&name);
        if create {
            sql.raw(" ()");
        }
        self.sql(&sql.finish());
        if create {
            let table = Table { schema: None, name };
            self.lost(Some(&table), "a model creates it, not a migration", at);
        }
    }

    fn create_all(&mut self, metadata: &Rc<Made<'a>>, args: &Args<'a>) {
        let chosen = args.keyword("tables").map(|t| self.members_of(t));
        let own: Vec<_> = self.own_tables(metadata);
        if let Some(chosen) = chosen {
            for t in chosen {
                match t {
                    Value::Made(t) if last(t.path.as_str()) == "Table" => self.table_object(&t, true),
                    Value::Made(t) if last(t.path.as_str()) == "__table__" => self.table_of_class(&t, true, metadata.at),
                    _ => self.host.db.create_all = true,
                }
            }
        } else if own.is_empty() {
            self.host.db.create_all = true;
        } else {
            for t in own {
                self.table_object(&t, true);
            }
        }
    }

    /// Tables that were made with a metadata, in order.
    fn own_tables(&self, metadata: &Rc<Made<'a>>) -> Vec<Rc<Made<'a>>> {
        self.host.tables.iter().filter(|(m, _)| Rc::ptr_eq(m, metadata)).map(|(_, t)| Rc::clone(t)).collect()
    }
}

/// A tree of revisions: the folder of its `env.py` (if there is one) and its revision files.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// The file `env.py`.
    pub env: Option<String>,
    /// Revision files, sorted.
    pub files: Vec<String>,
}

/// What one revision did.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its identifier.
    pub revision: String,
    /// Its file.
    pub path: String,
    /// What PostgreSQL would have refused.
    pub problems: Vec<super::database::Problem>,
}

/// Replays one tree on the database.
pub fn replay(files: &dyn super::python::Files<'_>, tree: &Tree, db: Database) -> (Database, Graph, Vec<Step>) {
    let mut m = Machine::new(files, Alembic::new(db));
    let mut graph = Graph::default();
    let Some(first) = tree.files.first().and_then(|f| m.load(f)) else { return (m.host.db, graph, Vec::new()) };
    m.enter(first);
    let mut nested = Vec::new();
    let folders: BTreeSet<String> = tree.files.iter().map(|p| folder(p)).collect();
    for path in &tree.files {
        let Some(module) = m.load(path) else { continue };
        let Some(r) = revision(&mut m, module, path) else { continue };
        if is_nested(path, &folders) { nested.push(r) } else { graph.add(r) }
    }
    // Folders inside a folder of revisions are not read by themselves (`recursive_version_locations` of `alembic.ini`): they count where the two belong together.
    let joined = nested.iter().flat_map(|r| &r.down).any(|d| graph.revisions.contains_key(d));
    if joined || !graph.missing().is_empty() {
        nested.into_iter().for_each(|r| graph.add(r));
    }
    if graph.doubled {
        m.host.db.not_understood(None, "two revisions have the same identifier");
    }
    if let Some(env) = &tree.env {
        environment(&mut m, env);
    }
    let mut steps = Vec::new();
    let (parts, mut last) = (graph.parts(), None);
    for r in graph.order() {
        let part = parts.get(r.id.as_str()).copied();
        // A base that nothing joins to those before it begins another history, perhaps of another kind of database.
        if last.is_some() && last != Some(part) {
            m.host.db.next_history();
        }
        last = Some(part);
        // A revision stands by itself: those before it ran on another day, and what they set was gone.
        m.host.db.reset_path();
        m.run_module(&r.path);
        let upgrade = m.global(r.module, "upgrade");
        m.doubts.clear();
        let at = Location::new(m.file_of(r.module), Span::default());
        for upgrade in per_engine(&mut m, r.module).unwrap_or_else(|| vec![upgrade]) {
            if let Value::Function(_) = upgrade {
                m.call_in(r.module, &upgrade, Args::default(), at);
            }
        }
        let problems = m.host.db.take_problems();
        steps.push(Step { revision: r.id.clone(), path: r.path.clone(), problems });
    }
    if m.exhausted() {
        m.host.db.lose_all("the history takes too many steps to replay");
    }
    m.host.db.leave_environment();
    (m.host.db, graph, steps)
}

/// The steps of a revision of Alembic's template `multidb`: `upgrade(engine_name)` calls `upgrade_<engine>()`, one for each database.
fn per_engine<'a>(m: &mut M<'_, 'a>, module: usize) -> Option<Vec<Value<'a>>> {
    let functions: Vec<&Function> = m.body_of(module).iter().filter_map(|s| if let StmtKind::Function(f) = &s.kind { Some(&**f) } else { None }).collect();
    let upgrade = functions.iter().find(|f| f.name.as_str() == "upgrade")?;
    let names: Vec<&str> = functions.iter().map(|f| f.name.as_str()).filter(|n| n.starts_with("upgrade_")).collect();
    let takes_engine = upgrade.params.first().is_some_and(|p| p.default.is_none() && matches!(p.kind, ParamKind::Plain));
    (takes_engine && !names.is_empty()).then(|| names.into_iter().map(|n| m.global(module, n)).collect())
}

/// Whether a revision lies in a folder inside another one's.
fn is_nested(path: &str, folders: &BTreeSet<String>) -> bool {
    let own = folder(path);
    folders.iter().any(|f| f.len() < own.len() && own.starts_with(f.as_str()))
}

/// The folder of a path, with a slash at its end.
fn folder(path: &str) -> String {
    path.rsplit_once('/').map_or(String::new(), |x| format!("{}/", x.0))
}

/// Functions by which a Python file among SQL migrations takes its step.
const STEPS: &[&str] = &["run_create", "upgrade", "up", "migrate", "apply", "forward", "forwards"];

/// Runs a Python file that stands among SQL migrations: its functions get a cursor for whatever they ask.
pub fn run_script(files: &dyn super::python::Files<'_>, path: &str, db: Database) -> Database {
    let mut m = Machine::new(files, Alembic::new(db));
    if let Some(module) = m.run_module(path) {
        m.enter(module);
        let at = Location::new(m.file_of(module), Span::default());
        for name in STEPS {
            let step = m.global(module, name);
            if let Value::Function(_) = step {
                let bind = (Value::External(inspect::BIND.into()), at);
                let positional = vec![bind.clone(), bind];
                m.call_in(module, &step, Args { positional, ..Args::default() }, at);
                break;
            }
        }
    }
    m.host.db.take_problems();
    m.host.db
}

/// What a file says of its place in the graph; `None` if it is no revision.
fn revision(m: &mut M<'_, '_>, module: usize, path: &str) -> Option<Revision> {
    let strings = |v: &Value<'_>| match v {
        Value::None | Value::Unknown => Vec::new(),
        v => v.constant().map_or_else(|| v.items().map(|i| i.0.iter().filter_map(Value::constant).collect()).unwrap_or_default(), |one| vec![one]),
    };
    let written = m.global(module, "revision");
    let id = written.constant()?;
    let at = if let Value::Str(t) = &written { t.locate(Span::new(0, t.text().len())) } else { None };
    Some(Revision {
        id,
        at,
        down: strings(&m.global(module, "down_revision")),
        depends_on: strings(&m.global(module, "depends_on")),
        labels: strings(&m.global(module, "branch_labels")),
        path: path.to_owned(),
        module,
    })
}

/// What `env.py` sets up: the naming convention of the metadata, and the schema that bare names go to.
fn environment(m: &mut M<'_, '_>, env: &str) {
    let Some(module) = m.load(env) else { return };
    let target = m.global(module, "target_metadata");
    m.host.convention = naming::convention(m, &target);
    let mut texts = Vec::new();
    for stmt in m.body_of(module) {
        stmt.each(&mut |s| {
            s.each_expr(&mut |e| {
                e.each(&mut |e| {
                    if let ExprKind::Str(_) = e.kind {
                        texts.push(e);
                    }
                });
            });
        });
    }
    let texts: Vec<String> =
        texts.into_iter().filter_map(|e| if let Value::Str(t) = m.eval_in(module, e) { Some(t.text().to_owned()) } else { None }).collect();
    let set: Vec<&String> = texts.iter().filter(|t| sets_path(t)).collect();
    let Some(first) = set.first() else { return };
    // One that is put together for each of several schemas says that none is the only one.
    let known = set.iter().all(|t| !paths_in(t).is_empty());
    m.host.db.session_path(if known { paths_in(first).into_iter().next() } else { None });
}
