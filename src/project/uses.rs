//! What the code does with the database, as far as it could be seen: the output of linking, the input of rules.

use std::collections::BTreeMap;

use crate::symbol::Symbol;

use crate::diagnostic::{Access, Context};
use crate::project::libraries::sql_text::created::NEW;
use crate::source::Location;

/// How sure an answer is (patterns of severity: all high → error, a medium → warning, any low → silent).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Certainty {
    /// A guess.
    Low,
    /// Likely.
    Medium,
    /// Certain.
    High,
}

/// A relation as the code names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct RelationName {
    /// The schema, where the code gives one.
    pub schema: Option<Symbol>,
    /// The name.
    pub name: Symbol,
}

/// A place that names a relation, or a column of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Reference {
    /// The exact token.
    pub location: Location,
    /// The relation.
    pub relation: RelationName,
    /// The column; `None` where only the relation is named.
    pub column: Option<Symbol>,
    /// What is done with it.
    pub access: Access,
    /// What kind of text it stands in.
    pub context: Context,
    /// The library whose API names it: `sqlalchemy`, `postgrest`, `sql`…
    pub via: &'static str,
    /// Qualified name of the model class it was reached through.
    pub model: Option<Symbol>,
    /// The attribute's name in the code, where it is a model's.
    pub attribute: Option<Symbol>,
    /// How sure it is that this names a relation of the PostgreSQL database that the lock describes.
    pub certainty: Certainty,
}

/// A model attribute that the class does not have.
#[derive(Clone, Debug, PartialEq)]
pub struct MissingAttribute {
    /// The exact token.
    pub location: Location,
    /// Qualified name of the class.
    pub model: Symbol,
    /// Its relation.
    pub relation: RelationName,
    /// The name that does not exist.
    pub attribute: Symbol,
    /// All names that do, sorted.
    pub known: Vec<Symbol>,
    /// How sure.
    pub certainty: Certainty,
}

/// Rows written by key.
#[derive(Clone, Debug, PartialEq)]
pub struct Insert {
    /// The call.
    pub location: Location,
    /// The relation written.
    pub relation: RelationName,
    /// Keys that are written, on some ways through the code at least, sorted.
    pub columns: Vec<Symbol>,
    /// Whether `columns` are all there can be.
    pub complete: bool,
    /// What kind of text it stands in.
    pub context: Context,
    /// The library.
    pub via: &'static str,
    /// Whether it may update an existing row instead (`upsert`).
    pub may_update: bool,
    /// It sends what the code says and nothing else: an ORM fills columns by itself, and objects may be filled in later.
    pub literal: bool,
    /// How sure.
    pub certainty: Certainty,
}

/// A constant compared with, or written to, a column.
#[derive(Clone, Debug, PartialEq)]
pub struct Literal {
    /// Where the constant stands.
    pub location: Location,
    /// The column's relation.
    pub relation: RelationName,
    /// The column.
    pub column: Symbol,
    /// The constant; `None` for `None`.
    pub value: Option<String>,
    /// Whether it is written.
    pub written: bool,
    /// What kind of text it stands in.
    pub context: Context,
    /// How sure.
    pub certainty: Certainty,
}

/// A resource embedded in a select list to which nothing leads from the relation around it.
#[derive(Clone, Debug, PartialEq)]
pub struct Embed {
    /// The token that names it.
    pub location: Location,
    /// The relation it is embedded in.
    pub relation: RelationName,
    /// Its name.
    pub name: Symbol,
    /// The foreign key that the code asks for, where it does.
    pub hint: Option<Symbol>,
    /// What kind of text it stands in.
    pub context: Context,
    /// How sure.
    pub certainty: Certainty,
}

/// A function of the database called by name.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionCall {
    /// The token that names it.
    pub location: Location,
    /// The schema, where the code gives one.
    pub schema: Option<Symbol>,
    /// Its name.
    pub function: Symbol,
    /// Names of arguments that are given, with their places.
    pub arguments: Vec<(Symbol, Location)>,
    /// Whether these are all.
    pub complete: bool,
    /// What kind of text it stands in.
    pub context: Context,
    /// How sure.
    pub certainty: Certainty,
}

/// A key asked of a result row that its select list does not give.
#[derive(Clone, Debug, PartialEq)]
pub struct RowKey {
    /// The exact token.
    pub location: Location,
    /// The key.
    pub key: Symbol,
    /// The relation that was selected from, where known.
    pub relation: Option<RelationName>,
    /// Keys that the row has, sorted.
    pub known: Vec<Symbol>,
    /// What kind of text it stands in.
    pub context: Context,
    /// How sure; `row.get("key")` is never more than likely.
    pub certainty: Certainty,
    /// The class that is made from the row and cannot do without the key.
    pub required_by: Option<Symbol>,
}

/// Columns by which an upsert finds the row that is there already.
#[derive(Clone, Debug, PartialEq)]
pub struct ConflictTarget {
    /// The list of columns.
    pub location: Location,
    /// The relation.
    pub relation: RelationName,
    /// The columns, in order of writing.
    pub columns: Vec<Symbol>,
    /// What kind of text it stands in.
    pub context: Context,
    /// How sure.
    pub certainty: Certainty,
}

/// What PostgreSQL would refuse in SQL text.
#[derive(Clone, Debug, PartialEq)]
pub struct SqlProblem {
    /// The exact token.
    pub location: Location,
    /// What is wrong.
    pub problem: crate::sql::Problem,
    /// What kind of text it stands in.
    pub context: Context,
    /// How sure it is that the text is PostgreSQL's.
    pub certainty: Certainty,
}

/// SQL text that reaches a database, in PostgreSQL's own words.
#[derive(Clone, Debug, PartialEq)]
pub struct SqlText {
    /// The text.
    pub template: crate::syntax::sql::template::Template,
    /// How sure it is that it is PostgreSQL's, and today's.
    pub certainty: Certainty,
}

impl SqlProblem {
    /// Whether what is missing is made by the code itself.
    fn is_created(&self, created: &std::collections::BTreeSet<(Symbol, Option<Symbol>)>) -> bool {
        let p = &self.problem;
        let table = p.table.as_deref().map(Symbol::from);
        match p.kind {
            crate::sql::ProblemKind::UnknownTable => table.is_some_and(|t| created.contains(&(t, None)) || crate::schema::is_bookkeeping(&t)),
            crate::sql::ProblemKind::UnknownColumn => p.column.as_deref().is_some_and(|c| {
                let is_it = |t: Symbol| table.map_or(t.as_str() != NEW, |own| own == t);
                created.iter().any(|(t, column)| column.is_some_and(|x| x.as_str() == c) && is_it(*t))
            }),
            crate::sql::ProblemKind::MissingRequiredColumn => {
                p.column.as_deref().is_some_and(|c| created.contains(&(Symbol::from(NEW), Some(Symbol::from(c)))))
            }
            _ => false,
        }
    }
}

/// Everything seen in one file.
#[derive(Clone, Debug, Default)]
pub struct Uses {
    /// Names of relations and columns.
    pub references: Vec<Reference>,
    /// Attributes that do not exist on their model.
    pub missing_attributes: Vec<MissingAttribute>,
    /// Inserts by key.
    pub inserts: Vec<Insert>,
    /// Constants for columns.
    pub literals: Vec<Literal>,
    /// Embedded resources without a relationship.
    pub embeds: Vec<Embed>,
    /// Functions called by name.
    pub calls: Vec<FunctionCall>,
    /// Keys asked of rows that do not have them.
    pub row_keys: Vec<RowKey>,
    /// Columns by which upserts find rows.
    pub conflict_targets: Vec<ConflictTarget>,
    /// What is wrong in SQL text.
    pub sql_problems: Vec<SqlProblem>,
    /// Tables, and columns of tables, that the code itself creates at run time.
    pub created: std::collections::BTreeSet<(Symbol, Option<Symbol>)>,
    /// Files whose functions are walked with the arguments of a call, where that is to be noted.
    pub called: std::collections::BTreeSet<crate::source::FileId>,
    /// Files on which we crashed.
    pub crashed: std::collections::BTreeSet<crate::source::FileId>,
    /// SQL texts, where they were asked for (see [`super::world::World::keeps_statements`]).
    pub statements: Vec<SqlText>,
    /// What was seen but not understood: reason, and the file that was walked → how often.
    pub skipped: BTreeMap<(&'static str, Option<crate::source::FileId>), usize>,
}

impl Uses {
    /// Counts something that was seen but could not be followed.
    pub fn skip(&mut self, reason: &'static str) {
        *self.skipped.entry((reason, None)).or_default() += 1;
    }

    /// Every place that something was said of.
    pub fn places(&self) -> impl Iterator<Item = Location> {
        let references = self.references.iter().map(|u| u.location);
        let attributes = self.missing_attributes.iter().map(|u| u.location).chain(self.embeds.iter().map(|u| u.location));
        let rows = self.inserts.iter().map(|u| u.location).chain(self.literals.iter().map(|u| u.location)).chain(self.row_keys.iter().map(|u| u.location));
        let calls = self.calls.iter().map(|u| u.location).chain(self.conflict_targets.iter().map(|u| u.location));
        references.chain(attributes).chain(rows).chain(calls).chain(self.sql_problems.iter().map(|u| u.location))
    }

    /// Whether nothing was seen.
    pub fn is_empty(&self) -> bool {
        self.places().next().is_none() && self.created.is_empty() && self.statements.is_empty() && self.skipped.is_empty() && self.crashed.is_empty()
    }

    /// Whether anything here is about one of these tables or functions.
    pub fn name_any(&self, names: &rustc_hash::FxHashSet<Symbol>) -> bool {
        let is = |relation: RelationName| names.contains(&relation.name);
        let text = |name: Option<&str>| name.is_some_and(|n| names.contains(&Symbol::from(n)));
        let of_problem = |p: &crate::sql::Problem| text(p.table.as_deref()) || p.candidates.iter().any(|c| text(Some(&c.name)));
        self.references.iter().any(|u| is(u.relation))
            || self.missing_attributes.iter().any(|u| is(u.relation))
            || self.inserts.iter().any(|u| is(u.relation))
            || self.literals.iter().any(|u| is(u.relation))
            || self.embeds.iter().any(|u| is(u.relation) || names.contains(&u.name))
            || self.calls.iter().any(|u| names.contains(&u.function))
            || self.row_keys.iter().any(|u| u.relation.is_some_and(is))
            || self.conflict_targets.iter().any(|u| is(u.relation))
            || self.sql_problems.iter().any(|u| of_problem(&u.problem))
            || self.created.iter().any(|(table, _)| names.contains(table))
    }

    /// Says which file was walked.
    pub fn belong_to(&mut self, file: crate::source::FileId) {
        self.skipped = std::mem::take(&mut self.skipped).into_iter().map(|((reason, _), times)| ((reason, Some(file)), times)).collect();
    }

    /// Drops what is only missing from the schema because the code itself creates it.
    pub fn drop_created(&mut self) {
        let created = std::mem::take(&mut self.created);
        self.sql_problems.retain(|p| !p.is_created(&created));
        self.created = created;
    }

    /// Drops what was noted twice, because an expression was looked at twice (`x.a += 1` reads and writes `a`).
    pub fn dedup(&mut self) {
        self.drop_created();
        // One problem at one place is said once, as surely as anyone can.
        self.sql_problems.sort_by(|a, b| {
            (a.location, std::cmp::Reverse(a.certainty), &a.problem.message).cmp(&(b.location, std::cmp::Reverse(b.certainty), &b.problem.message))
        });
        self.sql_problems.dedup_by(|b, a| a.location == b.location && a.problem.kind == b.problem.kind);
        let mut seen = rustc_hash::FxHashSet::default();
        self.references.retain(|r| seen.insert(*r));
        let mut seen = rustc_hash::FxHashSet::default();
        self.missing_attributes.retain(|m| seen.insert((m.location, m.attribute)));
        let mut seen = rustc_hash::FxHashSet::default();
        self.literals.retain(|l| seen.insert((l.location, l.relation, l.column, l.written)));
    }

    /// Adds another file's.
    pub fn append(&mut self, mut other: Uses) {
        self.references.append(&mut other.references);
        self.missing_attributes.append(&mut other.missing_attributes);
        self.inserts.append(&mut other.inserts);
        self.literals.append(&mut other.literals);
        self.embeds.append(&mut other.embeds);
        self.calls.append(&mut other.calls);
        self.sql_problems.append(&mut other.sql_problems);
        self.created.append(&mut other.created);
        self.crashed.append(&mut other.crashed);
        self.row_keys.append(&mut other.row_keys);
        self.conflict_targets.append(&mut other.conflict_targets);
        self.statements.append(&mut other.statements);
        for (reason, n) in other.skipped {
            *self.skipped.entry(reason).or_default() += n;
        }
    }
}
