//! The names inside statements that define things, and what such a statement does to the schema for those behind it.

use std::rc::Rc;

use ustr::Ustr;

use super::ddl::Ddl;
use super::problem::{Problem, SqlReference};
use super::resolve::{Resolver, is_hole};
use super::scope::{Found, Item, Rte};
use crate::diagnostic::Access;
use crate::schema::Schema;
use crate::source::{FileId, Span};
use crate::syntax::sql::ast::{
    AlterAction, AlterColumn, AlterRelation, BodyText, ColumnConstraintKind, ColumnDef, CopySource, CreateFunction, CreateTable, Expr, FunctionBody, Grant,
    Ident, IndexKey, ObjectKind, ObjectName, ParameterMode, References, Statement, StatementKind, TableConstraint, TableConstraintKind, TableElement,
};
use crate::syntax::sql::template::Template;
use crate::syntax::sql::{Parameters, Skip, parse};

/// The schema as a script changes it.
pub(super) enum Overlay<'a> {
    /// Nothing has changed yet.
    Given(&'a Schema),
    /// What the statements so far made of it.
    Changed(Box<Ddl>),
}

impl<'a> Overlay<'a> {
    /// The schema, with another search path where one is given.
    pub(super) fn new(schema: &'a Schema, search_path: Option<&Vec<String>>) -> Self {
        let mut out = Overlay::Given(schema);
        if let Some(path) = search_path.filter(|p| **p != schema.search_path) {
            out.change().schema_mut().search_path.clone_from(path);
        }
        out
    }

    /// The schema as it stands.
    pub(super) fn schema(&self) -> &Schema {
        match self {
            Overlay::Given(schema) => schema,
            Overlay::Changed(ddl) => ddl.schema(),
        }
    }

    fn change(&mut self) -> &mut Ddl {
        if let Overlay::Given(schema) = self {
            *self = Overlay::Changed(Box::new(Ddl::from_schema(schema.clone())));
        }
        match self {
            Overlay::Changed(ddl) => ddl,
            Overlay::Given(_) => unreachable!("was changed above"),
        }
    }

    /// Applies what a statement defines, so that the next ones know it.
    pub(super) fn apply(&mut self, statement: &Statement, text: &str) {
        match &statement.kind {
            StatementKind::Set(set) if set.name == "search_path" => {
                let path = if set.reset { Schema::new().search_path } else { set.values.clone() };
                let ddl = self.change();
                ddl.apply(text, std::slice::from_ref(statement));
                ddl.schema_mut().search_path = path.into_iter().filter(|s| s != "$user").collect();
            }
            StatementKind::CreateTable(_)
            | StatementKind::CreateView(_)
            | StatementKind::CreateType(_)
            | StatementKind::CreateDomain(_)
            | StatementKind::CreateSequence(_)
            | StatementKind::CreateFunction(_)
            | StatementKind::CreateSchema(_)
            | StatementKind::CreateIndex(_)
            | StatementKind::AlterRelation(_)
            | StatementKind::AlterType(_)
            | StatementKind::AlterDomain(_)
            | StatementKind::AlterSchema(_)
            | StatementKind::AlterFunction(_)
            | StatementKind::Drop(_) => self.change().apply(text, std::slice::from_ref(statement)),
            _ => {}
        }
    }
}

impl Resolver<'_> {
    /// Names in anything that is no query.
    pub(super) fn define(&mut self, statement: &Statement) {
        match &statement.kind {
            StatementKind::Copy(copy) => match &copy.source {
                CopySource::Table(name, columns) => {
                    let access = if copy.from { Access::Write } else { Access::Read };
                    self.relation_and_columns(name, columns.iter().chain(&copy.option_columns), access, copy.condition.as_ref());
                }
                CopySource::Query(inner) => {
                    self.run(inner);
                }
            },
            StatementKind::Touch(touch) => {
                for (name, columns) in &touch.relations {
                    let access = if touch.kind == crate::syntax::sql::ast::TouchKind::Truncate { Access::Write } else { Access::Read };
                    self.relation_and_columns(name, columns.iter(), access, None);
                }
            }
            StatementKind::CreateTable(table) => self.create_table(table),
            StatementKind::CreateView(view) => {
                if let Some(query) = &view.query
                    && !view.recursive
                {
                    self.query(query);
                }
            }
            StatementKind::CreateFunction(function) => self.create_function(function),
            StatementKind::CreateIndex(index) => {
                let keys: Vec<&Expr> = index.keys.iter().map(|k| &k.expr).chain(&index.condition).collect();
                self.over_relation(&index.table, &keys, index.include.iter());
            }
            StatementKind::Policy(policy) => {
                let exprs: Vec<&Expr> = policy.using.iter().chain(&policy.check).collect();
                self.over_relation(&policy.table, &exprs, [].iter());
            }
            StatementKind::CreateTrigger(trigger) => {
                if let Some(from) = &trigger.from {
                    self.existing(from);
                }
                self.with_rows(&trigger.table, trigger.update_of.iter(), |this| {
                    if let Some(when) = &trigger.when {
                        this.expr(when);
                    }
                });
            }
            StatementKind::CreateRule(rule) => self.with_rows(&rule.table, [].iter(), |this| {
                if let Some(condition) = &rule.condition {
                    this.expr(condition);
                }
                for action in &rule.actions {
                    this.run(action);
                }
            }),
            StatementKind::CreateStatistics(statistics) => self.within(|this| {
                this.from_clause(&statistics.from);
                this.exprs(&statistics.exprs);
            }),
            StatementKind::AlterRelation(alter) => self.alter_relation(alter),
            StatementKind::Grant(grant) => self.grant(grant),
            StatementKind::Comment(comment) => {
                if let (Some(name), ObjectKind::Column) = (&comment.name, comment.object) {
                    self.relation_and_columns(name, comment.part.iter(), Access::Ddl, None);
                }
            }
            StatementKind::Do(block) => {
                let span = block.body.as_ref().map_or(statement.span, |b| b.span);
                self.skipped.push((Skip::Procedural, span));
            }
            StatementKind::CreateSchema(schema) => {
                // bare names in it belong to the new schema: only what is qualified could be judged
                let _ = schema;
            }
            _ => {}
        }
    }

    fn grant(&mut self, grant: &Grant) {
        for relation in &grant.relations {
            self.relation_and_columns(relation, grant.columns.iter(), Access::Ddl, None);
        }
    }

    /// A relation that the statement needs to exist.
    fn existing(&mut self, name: &ObjectName) -> Rc<Rte> {
        let before = self.problems.len();
        let rte = self.table_rte(name, Access::Ddl, false);
        self.forgive(before);
        Rc::new(rte)
    }

    /// A definition is often older than the schema it is held against: what it alters may be gone by now. Its names are references, no findings.
    fn forgive(&mut self, before: usize) {
        self.problems.truncate(before);
    }

    fn relation_and_columns<'i>(&mut self, name: &ObjectName, columns: impl Iterator<Item = &'i Ident>, access: Access, condition: Option<&Expr>) {
        self.within(|this| {
            let before = this.problems.len();
            let rte = Rc::new(this.table_rte(name, access, false));
            for column in columns {
                this.named_column(column, &rte, access);
            }
            if access == Access::Ddl {
                this.forgive(before);
            }
            this.level().items = vec![Item::new(rte)];
            if let Some(condition) = condition {
                this.expr(condition);
            }
        });
    }

    /// A bare column name of a given relation.
    fn named_column(&mut self, column: &Ident, rte: &Rc<Rte>, access: Access) {
        if is_hole(column) {
            return;
        }
        match rte.find(column.name) {
            Found::One(found) => {
                if let (Some(relation), true) = (&rte.relation, found.direct) {
                    let relation = Rc::clone(relation);
                    self.note(column.span, &relation, Some(&column.name), access);
                }
            }
            Found::Perhaps | Found::Many => {}
            Found::Nothing => {
                let relation = rte.relation.as_deref().cloned();
                let table = relation.as_ref().map_or_else(String::new, |r| r.name.clone());
                let near = super::hint::nearest(&column.name, rte.columns.iter().map(|c| c.name.as_str())).map(str::to_owned);
                let message = format!("column `{}` of table `{table}` does not exist", column.name);
                let p = self.problem(super::problem::ProblemKind::UnknownColumn, column.span, message);
                p.schema = relation.map(|r| r.schema);
                p.table = Some(table);
                p.column = Some(column.as_str().to_owned());
                p.suggestion = near;
            }
        }
    }

    /// Expressions over one relation.
    fn over_relation<'i>(&mut self, name: &ObjectName, exprs: &[&Expr], columns: impl Iterator<Item = &'i Ident>) {
        self.within(|this| {
            let before = this.problems.len();
            let rte = this.existing(name);
            for column in columns {
                this.named_column(column, &rte, Access::Ddl);
            }
            this.level().all.push(Rc::clone(&rte));
            this.level().items = vec![Item::new(rte)];
            for expr in exprs {
                this.expr(expr);
            }
            this.forgive(before);
        });
    }

    /// Triggers and rules see the old and the new row.
    fn with_rows<'i>(&mut self, name: &ObjectName, columns: impl Iterator<Item = &'i Ident>, f: impl FnOnce(&mut Self)) {
        self.within(|this| {
            let before = this.problems.len();
            let rte = this.existing(name);
            for column in columns {
                this.named_column(column, &rte, Access::Ddl);
            }
            for row in ["old", "new"] {
                let row = Rte { name: Some(Ustr::from(row)), aliased: true, ..(*rte).clone() };
                let item = Item { cols_visible: false, ..Item::new(Rc::new(row)) };
                this.level().items.push(item);
            }
            f(this);
            this.forgive(before);
        });
    }

    fn create_table(&mut self, table: &CreateTable) {
        if let Some(query) = &table.query {
            self.run(query);
        }
        for name in table.inherits.iter().chain(&table.partition_of) {
            self.existing(name);
        }
        for element in &table.elements {
            match element {
                TableElement::Column(column) => self.column_references(column, &table.name),
                TableElement::Constraint(constraint) => self.constraint_references(constraint, &table.name),
                TableElement::Like(like) => {
                    self.existing(&like.source);
                }
                TableElement::Broken(_) => {}
            }
        }
    }

    fn column_references(&mut self, column: &ColumnDef, table: &ObjectName) {
        for constraint in &column.constraints {
            if let ColumnConstraintKind::References(references) = &constraint.kind {
                self.referenced(references, table);
            }
        }
    }

    fn referenced(&mut self, references: &References, table: &ObjectName) {
        let itself = references.table.name.name == table.name.name && references.table.schema_str() == table.schema_str();
        if !itself {
            self.relation_and_columns(&references.table, references.columns.iter(), Access::Ddl, None);
        }
    }

    fn constraint_references(&mut self, constraint: &TableConstraint, table: &ObjectName) {
        if let TableConstraintKind::ForeignKey { references, .. } = &constraint.kind {
            self.referenced(references, table);
        }
    }

    fn alter_relation(&mut self, alter: &AlterRelation) {
        if matches!(alter.object, ObjectKind::Index | ObjectKind::Sequence) {
            return;
        }
        let before = self.problems.len();
        let rte = self.existing(&alter.name);
        for action in &alter.actions {
            match action {
                AlterAction::AddColumn { column, .. } => self.column_references(column, &alter.name),
                AlterAction::AddConstraint(constraint) => {
                    self.constraint_references(constraint, &alter.name);
                    self.constraint_columns(constraint, &rte);
                }
                AlterAction::DropColumn { name, .. } | AlterAction::RenameColumn(name, _) => self.named_column(name, &rte, Access::Ddl),
                AlterAction::AlterColumn(name, change) => {
                    self.named_column(name, &rte, Access::Ddl);
                    if let AlterColumn::SetType { using: Some(using), .. } = change {
                        self.over(&rte, [using]);
                    }
                }
                AlterAction::AttachPartition(name) | AlterAction::DetachPartition(name) | AlterAction::Inherit(name) | AlterAction::NoInherit(name) => {
                    self.existing(name);
                }
                _ => {}
            }
        }
        self.forgive(before);
    }

    fn constraint_columns(&mut self, constraint: &TableConstraint, rte: &Rc<Rte>) {
        match &constraint.kind {
            TableConstraintKind::PrimaryKey(columns) | TableConstraintKind::Unique { columns, .. } | TableConstraintKind::ForeignKey { columns, .. } => {
                for column in columns {
                    self.named_column(column, rte, Access::Ddl);
                }
            }
            TableConstraintKind::Check(expr) => self.over(rte, [expr]),
            TableConstraintKind::Exclude(keys, condition) => {
                let keys: Vec<&IndexKey> = keys.iter().collect();
                self.over(rte, keys.iter().map(|k| &k.expr).chain(condition));
            }
            _ => {}
        }
    }

    fn over<'e>(&mut self, rte: &Rc<Rte>, exprs: impl IntoIterator<Item = &'e Expr>) {
        self.within(|this| {
            this.level().items = vec![Item::new(Rc::clone(rte))];
            for expr in exprs {
                this.expr(expr);
            }
        });
    }

    fn create_function(&mut self, function: &CreateFunction) {
        for parameter in &function.parameters {
            if let Some(default) = &parameter.default {
                self.expr(default);
            }
        }
        let statements = match &function.body {
            FunctionBody::Atomic(statements) => statements.as_slice(),
            FunctionBody::Return(expr) => {
                self.in_function(function, |this| {
                    this.expr(expr);
                });
                return;
            }
            FunctionBody::Text(body) => {
                self.body_text(function, body);
                return;
            }
            FunctionBody::None => return,
        };
        for statement in statements {
            self.in_function(function, |this| {
                this.run(statement);
            });
        }
    }

    /// A body in quotes. Only SQL is read; other languages are counted.
    fn body_text(&mut self, function: &CreateFunction, body: &BodyText) {
        if function.language.is_none_or(|l| l.name != "sql") {
            self.skipped.push((Skip::Procedural, body.span));
            return;
        }
        if !body.verbatim {
            // its places cannot be told
            return;
        }
        let template = Template::from_source(FileId(0), &body.text, 0);
        let script = parse(&template, Parameters::Dollar);
        let shift = |span: Span| Span { start: span.start + body.span.start, end: span.end + body.span.start };
        self.skipped.extend(script.skipped.iter().map(|(span, skip)| (*skip, shift(*span))));
        let mut own = None;
        if let Some(path) = function.search_path.as_ref().filter(|p| !p.is_empty()) {
            let mut schema = self.schema.clone();
            schema.search_path.clone_from(path);
            own = Some(schema);
        }
        let mut inner = Resolver::new(own.as_ref().unwrap_or(self.schema), &template);
        for entry in &script.statements {
            inner.in_function(function, |this| {
                this.run(&entry.statement);
            });
        }
        // a dump may define functions before the tables they read
        if !self.template.text().contains("check_function_bodies") {
            self.problems.extend(inner.problems.into_iter().map(|p| Problem { span: shift(p.span), ..p }));
        }
        self.references.extend(inner.references.into_iter().map(|r| SqlReference { span: shift(r.span), ..r }));
    }

    fn in_function(&mut self, function: &CreateFunction, f: impl FnOnce(&mut Self)) {
        let named: Vec<_> = function
            .parameters
            .iter()
            .filter(|p| p.mode != ParameterMode::Out)
            .filter_map(|p| Some((p.name?.name, self.written_type(p.ty.as_ref()))))
            .collect();
        self.within(|this| {
            let level = this.level();
            level.variables = named;
            level.variables_of = Some(function.name.name.name);
            f(this);
        });
    }
}
