//! The analysis of a text, statement by statement.

use std::rc::Rc;

use crate::symbol::Symbol;

use super::define::Overlay;
use super::problem::{Analysis, Output, Problem, ProblemKind, SqlReference};
use super::scope::{Column, Level, Rte};
use super::types::Type;
use crate::diagnostic::Access;
use crate::schema::{QualifiedName, Schema};
use crate::source::Span;
use crate::syntax::sql::ast::{AlterAction, Expr, Ident, ObjectName, Query, Statement, StatementKind};
use crate::syntax::sql::template::{HOLE, Template};
use crate::syntax::sql::{Parameters, ScriptStatement, Skip, parse_around};

/// What an analysis may know beside the text.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// How the text marks its parameters.
    pub parameters: Parameters,
    /// Schemas to search instead of the schema's own.
    pub search_path: Option<Vec<String>>,
    /// Names that are no columns: parameters and variables of the function whose body the text is.
    pub variables: Vec<Variable>,
    /// That function's name.
    pub function: Option<String>,
    /// A trigger function's rows: `new` and `old` are rows of this relation (of any relation, if `None` and [`Self::trigger`]).
    pub trigger_of: Option<QualifiedName>,
    /// The text is a trigger function's.
    pub trigger: bool,
}

/// A parameter or variable of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its type in SQL, where known.
    pub ty: Option<String>,
}

/// Analyses a text. Never fails; what is not understood is counted.
pub fn analyse(template: &Template, schema: &Schema, options: &Options) -> Analysis {
    let script = parse_around(template, options.parameters);
    let mut overlay = Overlay::new(schema, options.search_path.as_ref());
    let mut analysis = Analysis {
        skipped: script.skipped.iter().map(|(span, skip)| (*skip, *span)).collect(),
        statements: script.statements.len(),
        complete: script.skipped.is_empty() && !template.has_holes(),
        ..Analysis::default()
    };
    let last = script.statements.len();
    for (n, entry) in script.statements.iter().enumerate() {
        let mut resolver = Resolver::new(overlay.schema(), template);
        resolver.set_variables(options);
        resolver.open_scope = entry.open_scope;
        resolver.open_names = entry.open_names;
        let outputs = resolver.statement(&entry.statement);
        resolver.around(entry);
        analysis.references.append(&mut resolver.references);
        analysis.problems.append(&mut resolver.problems);
        analysis.skipped.append(&mut resolver.skipped);
        if n + 1 == last {
            analysis.outputs = outputs;
        } else {
            overlay.apply(&entry.statement, template.text());
        }
    }
    // documents of a schema do not always stand in the order in which it can be made
    let made: Vec<&str> = script.statements.iter().filter_map(|s| makes(&s.statement)).map(|name| name.name.as_str()).collect();
    analysis.problems.retain(|p| !(p.doubtful && p.kind == ProblemKind::UnknownTable && p.table.as_deref().is_some_and(|t| made.contains(&t))));
    analysis.complete &= analysis.skipped.is_empty();
    analysis.problems.retain(|p| !template.touches_hole(p.span));
    analysis.references.retain(|r| !template.touches_hole(r.span));
    analysis
}

/// The relation that a statement makes, or gives that name.
fn makes(statement: &Statement) -> Option<ObjectName> {
    match &statement.kind {
        StatementKind::CreateTable(table) => Some(table.name),
        StatementKind::CreateView(view) => Some(view.name),
        StatementKind::AlterRelation(alter) => {
            alter.actions.iter().find_map(|a| if let AlterAction::RenameTo(name) = a { Some(ObjectName::bare(*name)) } else { None })
        }
        _ => None,
    }
}

impl Resolver<'_> {
    /// What may be said of a statement that was read around broken parts: names of tables and columns beside them, and only where it names a table of the schema
    /// (another database's statement is broken too).
    pub(super) fn around(&mut self, entry: &ScriptStatement) {
        if entry.broken.is_empty() {
            return;
        }
        let familiar = self.references.iter().any(|r| self.schema.relations.contains_key(&r.relation));
        let apart = |span: Span| !entry.broken.iter().any(|b| b.start < span.end && span.start < b.end);
        self.problems.retain_mut(|p| {
            p.doubtful = true;
            familiar && matches!(p.kind, ProblemKind::UnknownTable | ProblemKind::UnknownColumn | ProblemKind::UnknownEnumValue) && apart(p.span)
        });
        self.references.retain(|r| apart(r.span));
    }
}

/// What a query depends on: relations, and the columns of theirs that it names or passes through by a star.
pub(crate) fn query_uses(query: &Query, schema: &Schema) -> Vec<(QualifiedName, Option<String>)> {
    let template = Template::default();
    let mut resolver = Resolver::new(schema, &template);
    let outputs = resolver.top_query(query).outputs().unwrap_or_default();
    let named = resolver.references.into_iter().map(|r| (r.relation, r.column));
    named.chain(outputs.into_iter().filter_map(|o| o.source).map(|(relation, column)| (relation, Some(column)))).collect()
}

/// The columns of a query, for the view it defines. `None` where nobody can tell.
pub fn query_outputs(query: &Query, schema: &Schema) -> Option<Vec<Output>> {
    let template = Template::default();
    let mut resolver = Resolver::new(schema, &template);
    let shape = resolver.top_query(query);
    if resolver.problems.is_empty() { shape.outputs() } else { None }
}

/// For each column of a view's query, whether it can be proven never to be NULL. `None` where nothing is said: something it reads is not known, and bare names
/// might come from there. What a server shows as the view's definition says the same as what was written, else that is a fault.
pub(crate) fn never_null(query: &Query, schema: &Schema) -> Option<Vec<bool>> {
    let template = Template::default();
    let mut resolver = Resolver::new(schema, &template);
    resolver.proving = true;
    let shape = resolver.top_query(query);
    // a label that was renamed since changes no name
    let misread =
        |p: &Problem| matches!(p.kind, ProblemKind::UnknownTable | ProblemKind::UnknownColumn | ProblemKind::AmbiguousColumn | ProblemKind::DuplicateAlias);
    let known = !shape.open && !resolver.doubt && !resolver.problems.iter().any(misread);
    known.then(|| shape.columns.iter().map(|c| !c.nullable && !c.uncertain).collect())
}

/// The columns a query gives.
#[derive(Clone, Debug, Default)]
pub(super) struct Shape {
    pub(super) columns: Vec<Column>,
    /// It may give more.
    pub(super) open: bool,
    /// They stand in their order.
    pub(super) ordered: bool,
    /// It is one row, whatever is read.
    pub(super) one_row: bool,
}

impl Shape {
    pub(super) fn unknown() -> Self {
        Self { open: true, ..Self::default() }
    }

    pub(super) fn outputs(self) -> Option<Vec<Output>> {
        if self.open {
            return None;
        }
        Some(
            self.columns
                .into_iter()
                .map(|c| Output {
                    name: c.name.as_str().to_owned(),
                    ty: c.ty.sql(),
                    nullable: c.nullable,
                    exact: c.exact.map(|e| e.as_str().to_owned()),
                    source: c.source.map(|(table, column)| ((*table).clone(), column.as_str().to_owned())),
                })
                .collect(),
        )
    }
}

/// One statement's analysis.
pub(super) struct Resolver<'a> {
    pub(super) schema: &'a Schema,
    pub(super) template: &'a Template,
    pub(super) levels: Vec<Level>,
    pub(super) references: Vec<SqlReference>,
    pub(super) problems: Vec<Problem>,
    /// Parts that were not read.
    pub(super) skipped: Vec<(Skip, Span)>,
    /// Any FROM may hold more than what is written.
    pub(super) open_scope: bool,
    /// Bare table names may be names of WITH that nobody sees.
    pub(super) open_names: bool,
    /// Entries so far, for [`Column::origin`].
    pub(super) origins: u32,
    /// What it gives is told of a view, where what was written and what a server shows must lead to the same.
    pub(super) proving: bool,
    /// Something in FROM may have columns that nobody knows.
    pub(super) doubt: bool,
    /// [`Column::exact`] of the expression that was read last, until [`Resolver::value`] takes it.
    pub(super) exact: Option<Symbol>,
    /// Expressions are read that were read before.
    pub(super) again: bool,
}

impl<'a> Resolver<'a> {
    pub(super) fn new(schema: &'a Schema, template: &'a Template) -> Self {
        Self {
            schema,
            template,
            levels: vec![Level::default()],
            references: Vec::new(),
            problems: Vec::new(),
            skipped: Vec::new(),
            open_scope: false,
            open_names: false,
            origins: 0,
            proving: false,
            doubt: false,
            exact: None,
            again: false,
        }
    }

    /// Whether any of these may be NULL, or is of a type whose comparisons may be, asked of what was read before: nothing is noted twice. What is read a second time
    /// in the course of it is not read a third time, and may be NULL: nesting must not double the work at each level.
    pub(super) fn any_doubtful<'e>(&mut self, exprs: impl IntoIterator<Item = &'e Expr>) -> bool {
        if std::mem::replace(&mut self.again, true) {
            return true;
        }
        let (references, problems, skipped) = (self.references.len(), self.problems.len(), self.skipped.len());
        let out = exprs.into_iter().fold(false, |nullable, e| self.value_of_scalar(e) | nullable);
        self.references.truncate(references);
        self.problems.truncate(problems);
        self.skipped.truncate(skipped);
        self.again = false;
        out
    }

    fn set_variables(&mut self, options: &Options) {
        let level = &mut self.levels[0];
        for variable in &options.variables {
            let ty = variable.ty.as_deref().map_or(Type::Unknown, |t| Type::of_column(self.schema, t));
            level.variables.push((Symbol::from(&variable.name), ty));
        }
        level.variables_of = options.function.as_deref().map(Symbol::from);
        if options.trigger || options.trigger_of.is_some() {
            for name in ["new", "old"] {
                let rte = match &options.trigger_of {
                    Some(relation) => self.row_of(relation, Symbol::from(name)),
                    None => Rte { name: Some(Symbol::from(name)), aliased: true, open: true, ..Rte::default() },
                };
                self.add_hidden(Rc::new(rte));
            }
        }
    }

    /// A row variable: its fields need its name in front.
    fn add_hidden(&mut self, rte: Rc<Rte>) {
        let level = &mut self.levels[0];
        level.items.push(super::scope::Item { cols_visible: false, ..super::scope::Item::new(rte) });
    }

    /// An entry named `name` with a relation's columns.
    pub(super) fn row_of(&self, relation: &QualifiedName, name: Symbol) -> Rte {
        let mut rte = match self.schema.relations.get_key_value(relation) {
            Some((key, found)) => self.relation_rte(key, found),
            None => Rte { open: true, ..Rte::default() },
        };
        rte.name = Some(name);
        rte.aliased = true;
        rte
    }

    pub(super) fn level(&mut self) -> &mut Level {
        self.levels.last_mut().expect("a level is pushed before anything is read")
    }

    /// Runs `f` in a new query level.
    pub(super) fn within<T>(&mut self, f: impl FnOnce(&mut Self) -> T) -> T {
        self.levels.push(Level { open: self.open_scope, ..Level::default() });
        let out = f(self);
        self.levels.pop();
        out
    }

    /// Notes that a name means a relation or a column of it.
    pub(super) fn note(&mut self, span: Span, relation: &QualifiedName, column: Option<&str>, access: Access) {
        self.references.push(SqlReference { span, relation: relation.clone(), column: column.map(str::to_owned), access });
    }

    pub(super) fn problem(&mut self, kind: ProblemKind, span: Span, message: String) -> &mut Problem {
        self.problems.push(Problem {
            kind,
            span,
            message,
            doubtful: false,
            help: None,
            schema: None,
            table: None,
            column: None,
            suggestion: None,
            candidates: Vec::new(),
            beside: Vec::new(),
        });
        self.problems.last_mut().expect("just pushed")
    }

    /// Relations in scope at this point, nearest first.
    pub(super) fn candidates(&self) -> Vec<QualifiedName> {
        let mut out: Vec<QualifiedName> = Vec::new();
        for level in self.levels.iter().rev() {
            for rte in &level.all {
                if let Some(relation) = &rte.relation
                    && !out.contains(relation)
                {
                    out.push((**relation).clone());
                }
            }
        }
        out
    }

    /// A query on its own.
    pub(super) fn top_query(&mut self, query: &Query) -> Shape {
        self.query(query)
    }

    fn statement(&mut self, statement: &Statement) -> Option<Vec<Output>> {
        self.run(statement).and_then(Shape::outputs)
    }

    /// Analyses a statement; gives the shape of its result, if it has one.
    pub(super) fn run(&mut self, statement: &Statement) -> Option<Shape> {
        match &statement.kind {
            StatementKind::Query(query) => Some(self.query(query)),
            StatementKind::Insert(insert) => self.insert(insert),
            StatementKind::Update(update) => self.update(update),
            StatementKind::Delete(delete) => self.delete(delete),
            StatementKind::Merge(merge) => self.merge(merge),
            StatementKind::Explain(inner) => {
                self.run(inner);
                None
            }
            StatementKind::Prepare(prepare) => {
                self.run(&prepare.statement);
                None
            }
            StatementKind::Declare(cursor) => {
                self.query(&cursor.query);
                None
            }
            StatementKind::Execute(args) => {
                self.exprs(args);
                None
            }
            StatementKind::Call(call) => {
                self.expr(call);
                None
            }
            _ => {
                self.define(statement);
                None
            }
        }
    }
}

/// Whether a hole takes part in the name.
pub(super) fn is_hole(ident: &Ident) -> bool {
    ident.name.as_str().contains(HOLE)
}
