//! The database as a history leaves it, revision by revision.
//!
//! Every operation, of whatever tool, becomes SQL and goes through [`Ddl`]: so constraint names, types and defaults come out as from any other source. Each
//! piece of that SQL knows where it stands in the migration, so what does not go well can be shown at its place.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::passed::Passed;
use super::routines::Routines;
use crate::schema::{QualifiedName, Relation, RelationKind, Schema, WHOLE};
use crate::source::{Location, Span};
use crate::sql::ddl::{Ddl, NoteKind};
use crate::sql::{Options, ProblemKind, analyse};
use crate::syntax::sql::ast::{AlterAction, Call, ColumnConstraintKind, ObjectKind, ObjectName, Statement, StatementKind, TableConstraintKind, TableElement};
use crate::syntax::sql::template::{HOLE, Template};
use crate::syntax::sql::{Parameters, parse};

/// Why a table is open of which it is not known whether what was read happens.
pub(super) const UNDECIDED: &str = "it depends on a condition that could not be decided";

/// Why a table is open that two histories make: nobody can tell which it is.
pub(super) const TWO_CREATE: &str = "two histories of the project create it";

/// Something that PostgreSQL would have refused at that point of the history.
#[derive(Clone, Debug)]
pub struct Problem {
    /// Where the migration says it.
    pub location: Location,
    /// What is wrong.
    pub kind: NoteKind,
}

/// A schema under migrations.
#[derive(Clone, Debug, Default)]
pub struct Database {
    /// Shared with what was saved before a branch, until it changes.
    ddl: Arc<Ddl>,
    /// Tables that are changed although nothing in the history created them.
    phantoms: Arc<BTreeSet<QualifiedName>>,
    /// Tables that were dropped.
    dropped: Arc<BTreeSet<QualifiedName>>,
    /// Tables that the history created itself.
    created: Arc<BTreeSet<QualifiedName>>,
    /// Tables that other histories of the project created, which may be those of another database.
    elsewhere: Arc<BTreeSet<QualifiedName>>,
    /// What PostgreSQL would have refused.
    problems: Vec<Problem>,
    /// Something in the history was not understood and may have changed anything.
    lost: bool,
    /// The history lets the models create their tables.
    pub create_all: bool,
    /// Scripts that were run.
    executed: usize,
    /// Data statements are judged, too.
    pub judge_data: bool,
    /// The very first statement created a table.
    first_creates: Option<bool>,
    /// Where each table that nothing created is first changed.
    supposed_at: Arc<BTreeMap<QualifiedName, Location>>,
    /// Where each table and column was added.
    added: Arc<BTreeMap<(QualifiedName, Option<String>), Location>>,
    /// Tables whose existence a migration asked about, and which were not there.
    asked: Arc<BTreeSet<QualifiedName>>,
    /// Columns that the history dropped, or gave another name.
    let_go: Arc<BTreeSet<(QualifiedName, String)>>,
    /// What `ALTER TABLE IF EXISTS` passed over.
    passed: Arc<Passed>,
    /// Search paths that the environment of the migrations sets.
    paths_set: Vec<Vec<String>>,
    /// Functions that change the schema where they are called.
    routines: Arc<Routines>,
    /// That of the environment whose steps run.
    own_path: Vec<String>,
    /// It sets one that could not be worked out: where bare names lead, nobody knows.
    path_unknown: bool,
}

impl Database {
    /// An empty database.
    pub fn new() -> Self {
        Self { ddl: Arc::new(Ddl::new()), ..Self::default() }
    }

    /// The schema as it stands.
    pub fn schema(&self) -> &Schema {
        self.ddl.schema()
    }

    /// The same, to change it by other means than SQL.
    pub fn schema_mut(&mut self) -> &mut Schema {
        Arc::make_mut(&mut self.ddl).schema_mut()
    }

    /// Tables that are changed although nothing created them.
    pub fn phantoms(&self) -> &BTreeSet<QualifiedName> {
        &self.phantoms
    }

    /// The same database, for scripts that are run on it only to see what they would do to it.
    pub(super) fn beside(&self) -> Self {
        Self { problems: Vec::new(), elsewhere: Arc::default(), dropped: Arc::default(), ..self.clone() }
    }

    /// Whether the history had this column and took it away.
    pub(super) fn has_let_go(&self, table: &QualifiedName, column: &str) -> bool {
        self.let_go.contains(&(table.clone(), column.to_owned()))
    }

    /// Whether the history created this table.
    pub fn created(&self, name: &QualifiedName) -> bool {
        self.created.contains(name)
    }

    /// Whether the history, as far as it was understood, is all there is to the database.
    pub fn is_whole(&self) -> bool {
        !self.lost && !self.create_all && self.phantoms.is_empty() && !self.created.is_empty()
    }

    /// A migration asks whether a table exists.
    pub fn ask(&mut self, schema: Option<&str>, name: &str) -> bool {
        let there = self.find(schema, name).is_some();
        if !there {
            let schema = schema.unwrap_or_else(|| self.default_schema()).to_owned();
            Arc::make_mut(&mut self.asked).insert(QualifiedName::new(schema, name));
        }
        there
    }

    /// Tables that migrations asked about may be there, when something besides the migrations makes tables.
    pub fn confess_asked(&mut self) {
        for name in std::mem::take(Arc::make_mut(&mut self.asked)) {
            if !self.schema().relations.contains_key(&name) && !self.dropped.contains(&name) {
                Arc::make_mut(&mut self.ddl).schema_mut().mark_incomplete(name.to_string(), "migrations ask whether it exists but none creates it");
            }
        }
    }

    /// A table is what the models say from now on.
    pub fn put_model(&mut self, name: &QualifiedName, relation: Relation, reason: &str) {
        let object = name.to_string();
        let schema = Arc::make_mut(&mut self.ddl).schema_mut();
        schema.incomplete.retain(|i| i.object != object);
        schema.relations.insert(name.clone(), relation.into());
        schema.mark_incomplete(object, reason);
    }

    /// Whether the first statement that changes a table creates one.
    pub fn begins_with_create(&self) -> bool {
        self.first_creates == Some(true)
    }

    /// Whether all that was done was understood, tables made by other means apart.
    pub fn is_understood(&self) -> bool {
        !self.lost && !self.create_all
    }

    /// Where each table that nothing created is first changed.
    pub fn supposed_at(&self) -> &BTreeMap<QualifiedName, Location> {
        &self.supposed_at
    }

    /// Where a table, or a column, was added.
    pub fn added_at(&self, table: &QualifiedName, column: Option<&str>) -> Option<Location> {
        self.added.get(&(table.clone(), column.map(str::to_owned))).copied()
    }

    /// What PostgreSQL would have refused so far.
    pub fn take_problems(&mut self) -> Vec<Problem> {
        std::mem::take(&mut self.problems)
    }

    /// The schema in the end.
    pub fn finish(self) -> Schema {
        let mut ddl = Arc::unwrap_or_clone(self.ddl);
        Arc::unwrap_or_clone(self.passed).confess(ddl.schema_mut());
        // Temporary tables are gone.
        ddl.schema_mut().incomplete.retain(|i| i.object.split_once('.').is_none_or(|o| o.0 != crate::sql::ddl::TEMPORARY));
        ddl.finish()
    }

    /// Whether a table is a partition of another, which no lock lists.
    pub fn is_partition(&self, name: &QualifiedName) -> bool {
        self.ddl.is_partition(name)
    }

    /// The relation that a name means here; `None` where there is none.
    pub fn find(&self, schema: Option<&str>, name: &str) -> Option<(&QualifiedName, &Relation)> {
        // a temporary table hides the others
        let temporary = if schema.is_none() { self.schema().relation(Some(crate::sql::ddl::TEMPORARY), name) } else { None };
        if temporary.is_some() {
            return temporary;
        }
        match schema {
            None => self.ddl.path().iter().find_map(|path| self.schema().relation(Some(path), name)).or_else(|| self.ddl.beyond_path(name)),
            schema => self.schema().relation(schema, name),
        }
    }

    /// A session ends, and with it its temporary tables and the search path that it set. Each file of a folder has one of its own: runners open a connection for
    /// it, or put the old one back into its first state (Flyway, Supabase); and what runs on another day than the file before must stand by itself.
    pub fn end_session(&mut self) {
        self.reset_path();
        if self.ddl.has_temporary() {
            Arc::make_mut(&mut self.ddl).end_session();
        }
    }

    /// The search path is what it is at the beginning of a step.
    pub fn reset_path(&mut self) {
        let own = std::mem::take(&mut self.own_path);
        self.set_path(&own);
        self.own_path = own;
    }

    /// An environment ends, and with it the search path that it set.
    pub fn leave_environment(&mut self) {
        self.own_path.clear();
        self.reset_path();
    }

    /// Where bare names are looked up and created from now on; without schemas as usual.
    fn set_path(&mut self, schemas: &[String]) {
        let now = if schemas.is_empty() { &self.ddl.schema().search_path } else { schemas };
        if self.ddl.path() == now {
            return;
        }
        let path = schemas.iter().map(|s| super::sqltext::quoted(s)).collect::<Vec<_>>().join(", ");
        let set = if schemas.is_empty() { "RESET search_path".to_owned() } else { format!("SET search_path TO {path}") };
        Arc::make_mut(&mut self.ddl).run(&set);
        Arc::make_mut(&mut self.ddl).take_notes();
    }

    /// The environment of the migrations sets that search path; `None` for one that could not be worked out.
    pub fn session_path(&mut self, path: Option<Vec<String>>) {
        match path {
            Some(path) => {
                self.own_path.clone_from(&path);
                self.reset_path();
                self.paths_set.push(path);
            }
            None => self.path_unknown = true,
        }
    }

    /// Search paths that environments of migrations set.
    pub fn paths_set(&self) -> &[Vec<String>] {
        &self.paths_set
    }

    /// Whether nobody knows where bare names lead.
    pub fn is_path_unknown(&self) -> bool {
        self.path_unknown
    }

    /// Something may have happened to any table.
    pub fn lose(&mut self, reason: &str) {
        self.lost = true;
        self.schema_mut().mark_incomplete(WHOLE, reason);
    }

    /// Another history begins: a table that it creates, too, is one of two, nobody can tell which.
    pub fn next_history(&mut self) {
        Arc::make_mut(&mut self.elsewhere).extend(self.created.iter().cloned());
        self.dropped = Arc::default();
    }

    /// What follows in the history did not run: every table may look different in the end.
    pub fn lose_all(&mut self, reason: &str) {
        self.lose(reason);
        self.schema_mut().relations.values_mut().for_each(|r| r.open = true);
    }

    /// How many scripts were run so far.
    pub fn executed(&self) -> usize {
        self.executed
    }

    /// Notes that something was not understood. With a relation, that one is open; without, anything may have happened.
    pub fn not_understood(&mut self, relation: Option<&QualifiedName>, reason: &str) {
        if let Some(name) = relation {
            if let Some(r) = Arc::make_mut(&mut self.ddl).schema_mut().relations.get_mut(name) {
                r.open = true;
            }
            Arc::make_mut(&mut self.ddl).schema_mut().mark_incomplete(name.to_string(), reason);
        } else {
            self.lose(reason);
        }
    }

    /// Runs SQL, statement by statement. `doubtful` says why it may not have run at all: what it touches is open afterwards.
    pub fn execute(&mut self, sql: &Template, doubtful: Option<&str>) {
        self.executed += 1;
        let script = parse(sql, Parameters::Dollar);
        let mut skipped = script.skipped.iter().map(|s| s.0).peekable();
        for s in &script.statements {
            while let Some(span) = skipped.next_if(|span| span.start < s.statement.span.start) {
                self.unread(sql, span);
            }
            for change in crate::sql::ddl::changes_of_query(&s.statement.kind).into_iter().chain(self.routine(&s.statement.kind)) {
                let Some(at) = sql.locate(s.statement.span) else { continue };
                let mut template = Template::default();
                template.push_verbatim(&change, at);
                self.execute(&template, doubtful);
            }
            if is_ddl(&s.statement.kind) {
                self.statement(sql, &s.statement, doubtful);
            } else if self.judge_data && doubtful.is_none() {
                self.data(sql, s.statement.span);
            }
        }
        for span in skipped {
            self.unread(sql, span);
        }
    }

    /// Keeps a function that a statement defines; and gives what those do that it calls.
    fn routine(&mut self, kind: &StatementKind) -> Vec<String> {
        if let StatementKind::CreateFunction(create) = kind {
            let schema = create.name.schema_str().unwrap_or_else(|| self.default_schema());
            let name = QualifiedName::new(schema, create.name.name.as_str());
            Arc::make_mut(&mut self.routines).define(name, create);
        }
        if self.routines.is_empty() {
            return Vec::new();
        }
        let names = |call: &Call| match call.name.schema_str() {
            Some(schema) => vec![QualifiedName::new(schema, call.name.name.as_str())],
            None => self.ddl.path().iter().map(|schema| QualifiedName::new(schema, call.name.name.as_str())).collect(),
        };
        self.routines.blocks(kind, names)
    }

    /// A statement that could not be read. What is no DDL changes no shape; the rest opens the relation it names.
    fn unread(&mut self, sql: &Template, span: Span) {
        let text = sql.text().get(span.range()).unwrap_or("");
        let word = text.split_whitespace().next().unwrap_or("").to_ascii_lowercase();
        // An index, a function and their like change the columns of no table.
        let aside = ["index", "function", "procedure", "trigger", "policy", "role", "user", "extension", "event", "statistics", "publication"];
        let about = text.split_whitespace().skip(1).map(str::to_ascii_lowercase).find(|w| !matches!(w.as_str(), "or" | "replace" | "unique" | "constraint"));
        self.lost |= matches!(word.as_str(), "alter" | "create" | "drop") && !about.is_some_and(|w| aside.contains(&w.as_str()));
        Arc::make_mut(&mut self.ddl).run(text);
        Arc::make_mut(&mut self.ddl).take_notes();
    }

    /// A statement about data, held to the schema as it stands.
    fn data(&mut self, sql: &Template, span: Span) {
        let part = sql.part(span);
        let options = Options { search_path: Some(self.ddl.path().to_vec()), ..Options::default() };
        for p in analyse(&part, self.ddl.schema(), &options).problems {
            // Qualified names are written with their dot.
            if self.path_unknown && !part.text().get(p.span.range()).is_some_and(|t| t.contains('.')) {
                continue;
            }
            let kind = match (p.kind, p.table, p.column) {
                (ProblemKind::UnknownTable, Some(table), _) if !self.phantoms.iter().any(|n| n.name == table) && !self.passed.names(&table) => {
                    NoteKind::UnknownRelation(table)
                }
                (ProblemKind::UnknownColumn, Some(table), Some(column)) => {
                    NoteKind::UnknownColumn(QualifiedName::new(p.schema.unwrap_or_default(), table), column)
                }
                _ => continue,
            };
            if let Some(location) = part.locate(p.span) {
                self.problems.push(Problem { location, kind });
            }
        }
    }

    fn statement(&mut self, sql: &Template, statement: &Statement, doubtful: Option<&str>) {
        if has_hole_in_name(&statement.kind) {
            self.schema_mut().mark_incomplete(WHOLE, "a statement makes a function or a type whose name could not be worked out");
            return;
        }
        self.pass(&statement.kind);
        let mut touched = Vec::new();
        for (name, role) in targets(&statement.kind, self.default_schema()) {
            self.first_creates.get_or_insert(role == Role::Creates);
            let at = sql.locate(name.name.span);
            if name.name.as_str().contains(HOLE) || name.schema_str().is_some_and(|s| s.contains(HOLE)) {
                self.not_understood(None, "a statement names a table that could not be worked out");
                return;
            }
            let qualified = self.qualified(&name);
            match role {
                Role::Creates => {
                    self.unsuppose(&qualified, &statement.kind);
                    Arc::make_mut(&mut self.created).insert(qualified.clone());
                    if self.dropped.contains(&qualified) {
                        Arc::make_mut(&mut self.dropped).remove(&qualified);
                    }
                    if let Some(at) = at {
                        Arc::make_mut(&mut self.added).insert((qualified.clone(), None), at);
                    }
                }
                // `ALTER TABLE t_id_seq OWNER TO …`, as dumps spell it
                Role::Changes if self.find(name.schema_str(), name.name.as_str()).is_none() && self.ddl.is_sequence(&name) => {}
                Role::Changes | Role::Drops => {
                    self.suppose(&qualified);
                    if let (Some(at), true) = (at, self.phantoms.contains(&qualified)) {
                        Arc::make_mut(&mut self.supposed_at).entry(qualified.clone()).or_insert(at);
                    }
                }
            }
            self.altered(sql, statement, &qualified);
            if role == Role::Drops && doubtful.is_none() {
                Arc::make_mut(&mut self.dropped).insert(qualified.clone());
            }
            if role == Role::Creates && self.made_twice(&qualified) {
                return;
            }
            touched.push(qualified);
        }
        if let Some(reason) = doubtful {
            self.execute_doubtfully(sql, statement, &touched, reason);
            return;
        }
        Arc::make_mut(&mut self.ddl).apply(sql.text(), std::slice::from_ref(statement));
        for note in Arc::make_mut(&mut self.ddl).take_notes() {
            // A table that is only partly known may have the column.
            if matches!(&note.kind, NoteKind::UnknownColumn(table, _) if self.schema().relations.get(table).is_some_and(|r| r.open)) {
                continue;
            }
            if let Some(location) = sql.locate(note.span) {
                self.problems.push(Problem { location, kind: note.kind });
            }
        }
    }

    /// Keeps what a statement would do to a table that is not there.
    fn pass(&mut self, kind: &StatementKind) {
        if matches!(kind, StatementKind::AlterRelation(_) | StatementKind::Drop(_)) {
            let mut passed = std::mem::take(&mut self.passed);
            Arc::make_mut(&mut passed).see(kind, |name| (self.qualified(name), self.find(name.schema_str(), name.name.as_str()).is_some()));
            self.passed = passed;
        }
    }

    /// What an `ALTER` of a relation adds, and the name that it gives.
    fn altered(&mut self, sql: &Template, statement: &Statement, name: &QualifiedName) {
        let StatementKind::AlterRelation(alter) = &statement.kind else { return };
        for action in &alter.actions {
            if let AlterAction::AddColumn { column, .. } = action
                && let Some(at) = sql.locate(column.name.span)
            {
                Arc::make_mut(&mut self.added).insert((name.clone(), Some(column.name.as_str().to_owned())), at);
            }
            if let AlterAction::DropColumn { name: column, .. } | AlterAction::RenameColumn(column, _) = action {
                Arc::make_mut(&mut self.let_go).insert((name.clone(), column.as_str().to_owned()));
            }
            if let AlterAction::RenameTo(new) = action {
                self.made_twice(&QualifiedName::new(&name.schema, new.as_str()));
            }
        }
    }

    /// A table is made that another history made: which of them, nobody can tell.
    fn made_twice(&mut self, name: &QualifiedName) -> bool {
        let twice = Arc::make_mut(&mut self.elsewhere).remove(name);
        if twice {
            self.not_understood(Some(name), TWO_CREATE);
        }
        twice
    }

    /// What may have happened is taken to have happened, except that nothing goes away; and what it touched is open.
    fn execute_doubtfully(&mut self, sql: &Template, statement: &Statement, touched: &[QualifiedName], reason: &str) {
        let before: Vec<_> = touched.iter().map(|n| (n.clone(), self.ddl.schema().relations.get(n).cloned())).collect();
        Arc::make_mut(&mut self.ddl).apply(sql.text(), std::slice::from_ref(statement));
        Arc::make_mut(&mut self.ddl).take_notes();
        for (name, old) in before {
            let relations = &mut Arc::make_mut(&mut self.ddl).schema_mut().relations;
            match (relations.get_mut(&name), old) {
                (None, Some(old)) => {
                    relations.insert(name.clone(), old);
                }
                // Whether it ran makes no difference.
                (Some(now), Some(old)) if *now == old => continue,
                (Some(now), Some(old)) => {
                    for c in old.into_inner().columns {
                        if now.column(&c.name).is_none() {
                            now.put_column(c);
                        }
                    }
                }
                _ => {}
            }
            if self.ddl.schema().relations.contains_key(&name) {
                self.not_understood(Some(&name), reason);
            }
        }
    }

    /// Where a name stands, or would stand.
    fn qualified(&self, name: &ObjectName) -> QualifiedName {
        match self.find(name.schema_str(), name.name.as_str()) {
            Some((found, _)) => found.clone(),
            None => QualifiedName::new(name.schema_str().unwrap_or_else(|| self.default_schema()), name.name.as_str()),
        }
    }

    /// Where bare names are created.
    fn default_schema(&self) -> &str {
        self.ddl.path().first().map_or("public", String::as_str)
    }

    /// A table that was taken to be there before, since something pointed at it, and that is created only now.
    fn unsuppose(&mut self, name: &QualifiedName, kind: &StatementKind) {
        let anew = matches!(kind, StatementKind::CreateTable(c) if !c.if_not_exists);
        if anew && self.phantoms.contains(name) {
            Arc::make_mut(&mut self.phantoms).remove(name);
            Arc::make_mut(&mut self.supposed_at).remove(name);
            let object = name.to_string();
            let schema = self.schema_mut();
            let before = schema.relations.remove(name);
            schema.incomplete.retain(|i| i.object != object);
            // What was added to it stands for files whose order was guessed wrong.
            let early = before.map(|r| r.into_inner().columns.into_iter().map(|c| c.name)).into_iter().flatten();
            Arc::make_mut(&mut self.passed).add(name, early);
        }
    }

    /// A table that a history changes without having created it was there before, made by other means; unless the history dropped it.
    fn suppose(&mut self, name: &QualifiedName) {
        if self.ddl.schema().relations.contains_key(name) || self.dropped.contains(name) {
            return;
        }
        let mut relation = Relation::new(RelationKind::Table);
        relation.open = true;
        Arc::make_mut(&mut self.ddl).schema_mut().relations.insert(name.clone(), relation.into());
        Arc::make_mut(&mut self.ddl).schema_mut().mark_incomplete(name.to_string(), crate::schema::NONE_CREATES);
        Arc::make_mut(&mut self.phantoms).insert(name.clone());
    }
}

/// What a statement does to the relation it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Creates,
    Changes,
    Drops,
}

/// Whether a function or a type is made whose name is not known in full.
fn has_hole_in_name(kind: &StatementKind) -> bool {
    let name = match kind {
        StatementKind::CreateFunction(f) => f.name,
        StatementKind::CreateType(t) => t.name,
        StatementKind::CreateDomain(d) => d.name,
        StatementKind::CreateSequence(s) => s.name,
        _ => return false,
    };
    name.name.as_str().contains(HOLE) || name.schema_str().is_some_and(|s| s.contains(HOLE))
}

fn is_ddl(kind: &StatementKind) -> bool {
    !matches!(
        kind,
        StatementKind::Query(_)
            | StatementKind::Insert(_)
            | StatementKind::Update(_)
            | StatementKind::Delete(_)
            | StatementKind::Merge(_)
            | StatementKind::Copy(_)
            | StatementKind::Touch(_)
            | StatementKind::Explain(_)
            | StatementKind::Call(_)
    )
}

/// The relations that a statement changes; bare names are created in `default`.
fn targets(kind: &StatementKind, default: &str) -> Vec<(ObjectName, Role)> {
    match kind {
        StatementKind::CreateTable(c) => {
            let referred = c.elements.iter().filter_map(|e| match e {
                TableElement::Constraint(c) => referred(&c.kind),
                TableElement::Column(c) => {
                    c.constraints.iter().find_map(|k| if let ColumnConstraintKind::References(r) = &k.kind { Some(r.table) } else { None })
                }
                _ => None,
            });
            // `users (… REFERENCES auth.users)` points at another table, however alike the names are.
            let place = |n: &ObjectName| n.schema_str().unwrap_or(default).to_owned();
            let own = |r: &ObjectName| r.name.name == c.name.name.name && (r.schema_str().is_none() || place(r) == place(&c.name));
            let referred = referred.filter(|r| !own(r)).map(|r| (r, Role::Changes));
            std::iter::once((c.name, Role::Creates)).chain(referred).collect()
        }
        StatementKind::CreateView(c) => vec![(c.name, Role::Creates)],
        StatementKind::CreateIndex(c) => vec![(c.table, Role::Changes)],
        StatementKind::AlterRelation(a) if !a.if_exists && !matches!(a.object, ObjectKind::Index | ObjectKind::Sequence) => {
            let referred = a.actions.iter().filter_map(|x| if let AlterAction::AddConstraint(c) = x { referred(&c.kind) } else { None });
            std::iter::once(a.name).chain(referred).map(|n| (n, Role::Changes)).collect()
        }
        StatementKind::Drop(d) if !d.if_exists && matches!(d.object, ObjectKind::Table | ObjectKind::View | ObjectKind::MaterializedView) => {
            d.names.iter().map(|n| (*n, Role::Drops)).collect()
        }
        StatementKind::Comment(c) if matches!(c.object, ObjectKind::Table | ObjectKind::Column) => c.name.map(|n| (n, Role::Changes)).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// The table that a foreign key points at.
fn referred(kind: &TableConstraintKind) -> Option<ObjectName> {
    if let TableConstraintKind::ForeignKey { references, .. } = kind { Some(references.table) } else { None }
}
