//! The names inside statements that define things, and what such a statement does to the schema for those behind it.

use std::rc::Rc;

use crate::symbol::Symbol;

use super::ddl::Ddl;
use super::resolve::{Resolver, is_hole};
use super::scope::{Column, CteEntry, Found, Item, Rte};
use super::types::Type;
use crate::diagnostic::Access;
use crate::schema::{LazyRelation, QualifiedName, Schema};
use crate::syntax::sql::Skip;
use crate::syntax::sql::ast::{Comment, CopySource, CreateView, Expr, Grant, Ident, ObjectKind, ObjectName, OwnedBy, Statement, StatementKind, TouchKind};

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
            StatementKind::Do(block) if block.body.as_ref().is_some_and(|b| may_add_columns(&b.text)) => self.apply_block(statement, text),
            // `SELECT AddGeometryColumn(…)`
            query @ StatementKind::Query(_) if !crate::sql::ddl::changes_of_query(query).is_empty() => {
                self.change().apply(text, std::slice::from_ref(statement));
            }
            _ => {}
        }
    }

    /// Applies a block. Its conditions are not evaluated: what it adds is there, and nothing goes away.
    fn apply_block(&mut self, block: &Statement, text: &str) {
        let mut after = match self {
            Overlay::Given(schema) => Ddl::from_schema(schema.clone()),
            Overlay::Changed(ddl) => (**ddl).clone(),
        };
        after.apply(text, std::slice::from_ref(block));
        let more = |(name, theirs): (&QualifiedName, &LazyRelation)| {
            let ours = self.schema().relations.get(name)?;
            let added: Vec<_> = theirs.columns.iter().filter(|c| ours.column(&c.name).is_none()).cloned().collect();
            (!added.is_empty()).then(|| (name.clone(), added))
        };
        let more: Vec<_> = after.schema().relations.iter().filter_map(more).collect();
        for (name, added) in more {
            if let Some(relation) = self.change().schema_mut().relations.get_mut(&name) {
                added.into_iter().for_each(|column| relation.put_column(column));
            }
        }
    }
}

/// Whether a block may add a column to a table.
fn may_add_columns(body: &str) -> bool {
    let body = body.to_ascii_lowercase();
    body.contains("table") && (body.contains("add") || body.contains("rename"))
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
                    let access = if touch.kind == TouchKind::Truncate { Access::Write } else { Access::Read };
                    self.relation_and_columns(name, columns.iter(), access, None);
                }
            }
            StatementKind::CreateTable(table) => self.create_table(table),
            StatementKind::CreateView(view) => self.create_view(view),
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
            StatementKind::Comment(comment) => self.comment(comment),
            StatementKind::Drop(drop) => {
                // what is dropped is gone from the schema once the statement has run; the table that a trigger or policy stood on is not
                if let Some(table) = drop.on.as_ref().filter(|_| !drop.if_exists) {
                    self.existing(table);
                }
            }
            StatementKind::CreateSequence(sequence) => self.owned_by(sequence.owned_by.as_ref()),
            StatementKind::AlterSequence(sequence) => self.owned_by(sequence.owned_by.as_ref()),
            StatementKind::Do(block) => match &block.body {
                Some(body) if block.language.is_none_or(|l| l.name == "plpgsql") => self.procedure(body, Vec::new(), None),
                body => self.skipped.push((Skip::Procedural, body.as_ref().map_or(statement.span, |b| b.span))),
            },
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

    fn create_view(&mut self, view: &CreateView) {
        let Some(query) = &view.query else { return };
        self.within(|this| {
            if view.recursive {
                // it may read itself
                let columns = Rc::new(view.columns.iter().map(|c| Column::computed(c.name, Type::Unknown)).collect());
                this.level().ctes.push(CteEntry { name: view.name.name.name, columns, open: view.columns.is_empty(), ordered: true });
            }
            this.query(query);
        });
    }

    fn comment(&mut self, comment: &Comment) {
        let Some(name) = &comment.name else { return };
        match comment.object {
            ObjectKind::Column => self.relation_and_columns(name, comment.part.iter(), Access::Ddl, None),
            ObjectKind::Table | ObjectKind::View | ObjectKind::MaterializedView | ObjectKind::ForeignTable => {
                self.existing(name);
            }
            ObjectKind::Constraint | ObjectKind::Trigger | ObjectKind::Rule | ObjectKind::Policy => {
                self.existing(name);
            }
            _ => {}
        }
    }

    fn owned_by(&mut self, owner: Option<&OwnedBy>) {
        if let Some(OwnedBy::Column(table, column)) = owner {
            self.relation_and_columns(table, std::iter::once(column), Access::Ddl, None);
        }
    }

    /// A relation that the statement needs to exist.
    pub(super) fn existing(&mut self, name: &ObjectName) -> Rc<Rte> {
        let before = self.problems.len();
        let rte = self.table_rte(name, Access::Ddl, false);
        self.doubt(before);
        Rc::new(rte)
    }

    /// A definition is often older than the schema it is held against: what it alters may be gone by now.
    pub(super) fn doubt(&mut self, before: usize) {
        for problem in &mut self.problems[before..] {
            problem.doubtful = true;
        }
    }

    pub(super) fn relation_and_columns<'i>(&mut self, name: &ObjectName, columns: impl Iterator<Item = &'i Ident>, access: Access, condition: Option<&Expr>) {
        self.within(|this| {
            let before = this.problems.len();
            let rte = Rc::new(this.table_rte(name, access, false));
            for column in columns {
                this.named_column(column, &rte, access);
            }
            if access == Access::Ddl {
                this.doubt(before);
            }
            this.level().items = vec![Item::new(rte)];
            if let Some(condition) = condition {
                this.expr(condition);
            }
        });
    }

    /// A bare column name of a given relation.
    pub(super) fn named_column(&mut self, column: &Ident, rte: &Rc<Rte>, access: Access) {
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
    pub(super) fn over_relation<'i>(&mut self, name: &ObjectName, exprs: &[&Expr], columns: impl Iterator<Item = &'i Ident>) {
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
            this.doubt(before);
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
                let row = Rte { name: Some(Symbol::from(row)), aliased: true, ..(*rte).clone() };
                let item = Item { cols_visible: false, ..Item::new(Rc::new(row)) };
                this.level().items.push(item);
            }
            f(this);
            this.doubt(before);
        });
    }
}
