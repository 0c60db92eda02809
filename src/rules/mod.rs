//! The rules. One rule: one page in `rules/`, one file here, one line in [`ALL`].
//!
//! A rule reads the linked project and the schema and gives findings; it knows nothing of files, rendering or exit codes. Levels from the configuration, suppression
//! and order come later.

mod ambiguous_column;
mod broken_migration;
mod deprecated_name;
mod duplicate_alias;
mod enum_mismatch;
mod fold;
mod foreign_key_mismatch;
mod generated_column_write;
mod insert_arity;
mod invalid_conflict_target;
mod mapped;
mod missing_required_column;
mod multiple_heads;
mod null_into_not_null;
mod nullability_mismatch;
mod primary_key_mismatch;
mod stale_lock;
pub mod suggest;
mod syntax_error;
mod type_mismatch;
mod unique_mismatch;
mod unknown_attribute;
mod unknown_column;
mod unknown_enum_value;
mod unknown_function;
mod unknown_relationship;
mod unknown_table;
mod unmapped_column;
mod unmapped_table;
mod unregistered_model;
mod unused_suppression;

use std::collections::BTreeSet;

use crate::symbol::Symbol;

use crate::config::Level;
use crate::diagnostic::{Diagnostic, Severity};
use crate::project::Project;
use crate::project::models::{Model, ModelId};
use crate::project::uses::{Certainty, RelationName};
use crate::schema::{QualifiedName, Relation, Schema};
use crate::source::{FileId, Language, Location};
use crate::sql::ProblemKind;

/// How code asks which columns there are: by the information schema, PostgreSQL's own catalog, or SQLAlchemy's inspector.
const CATALOG: &[&str] = &["information_schema", "pg_attribute", ".get_columns("];

/// So many bytes behind such a question a name belongs to it.
const NEAR: usize = 400;

/// What a rule may look at.
pub struct Context<'r, 'a> {
    /// The code.
    pub project: &'r Project<'a>,
    /// The database.
    pub schema: &'r Schema,
    /// The lock among the sources, for labels into it.
    pub lock: Option<FileId>,
    /// Configured folders of migrations, as the sources name paths.
    pub migrations: &'r [String],
    /// Only what is found in these files will be looked at.
    pub only: Option<Vec<FileId>>,
    /// See [`Context::histories`].
    pub histories: std::sync::OnceLock<Vec<crate::migrations::History>>,
    /// The models that rules look at, as far as they were asked for.
    pub models: std::sync::OnceLock<Vec<ModelId>>,
}

/// A rule.
pub struct Rule {
    /// Kebab-case; never reused.
    pub name: &'static str,
    /// Without configuration.
    pub level: Level,
    /// One line, what it fires on.
    pub summary: &'static str,
    /// The page: why, wrong, right.
    pub page: &'static str,
    /// Finds. Empty for rules whose findings come out of the flow itself (syntax errors, suppressions).
    pub check: fn(&Context<'_, '_>, &mut Vec<Diagnostic>),
}

/// All rules, sorted by name.
pub const ALL: &[Rule] = &[
    ambiguous_column::RULE,
    broken_migration::RULE,
    deprecated_name::RULE,
    duplicate_alias::RULE,
    enum_mismatch::RULE,
    foreign_key_mismatch::RULE,
    generated_column_write::RULE,
    insert_arity::RULE,
    invalid_conflict_target::RULE,
    missing_required_column::RULE,
    multiple_heads::RULE,
    null_into_not_null::RULE,
    nullability_mismatch::RULE,
    primary_key_mismatch::RULE,
    stale_lock::RULE,
    syntax_error::RULE,
    type_mismatch::RULE,
    unique_mismatch::RULE,
    unknown_attribute::RULE,
    unknown_column::RULE,
    unknown_enum_value::RULE,
    unknown_function::RULE,
    unknown_relationship::RULE,
    unknown_table::RULE,
    unmapped_column::RULE,
    unmapped_table::RULE,
    unregistered_model::RULE,
    unused_suppression::RULE,
];

/// The rule of that name.
pub fn find(name: &str) -> Option<&'static Rule> {
    ALL.iter().find(|r| r.name == name)
}

/// Rules that judge revisions, each in its own time.
const OF_HISTORY: &[&str] = &["broken-migration", "multiple-heads", "stale-lock", "unregistered-model"];

/// Runs all rules.
pub fn run(context: &Context<'_, '_>) -> Vec<Diagnostic> {
    run_of(context, ALL.iter())
}

/// Runs the rules that need no replayed history: what an editor can afford after each keystroke.
pub fn run_without_history(context: &Context<'_, '_>) -> Vec<Diagnostic> {
    run_of(context, ALL.iter().filter(|r| !OF_HISTORY.contains(&r.name)))
}

/// Rules whose findings hang on the code alone, whatever the lock says.
pub const WITHOUT_LOCK: &[&str] = &["multiple-heads", "unregistered-model"];

/// Runs the rules that read the lock.
pub fn run_by_lock(context: &Context<'_, '_>) -> Vec<Diagnostic> {
    run_of(context, ALL.iter().filter(|r| !WITHOUT_LOCK.contains(&r.name)))
}

fn run_of<'r>(context: &Context<'_, '_>, rules: impl Iterator<Item = &'r Rule>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for rule in rules {
        let before = found.len();
        (rule.check)(context, &mut found);
        if !OF_HISTORY.contains(&rule.name) {
            // A revision speaks of the schema of its own time: what it names may rightly be gone, and models it imports are not those it was written for.
            let mut rest = found.split_off(before);
            rest.retain(|d| !context.project.world.is_migration(d.location.file) && !context.is_of_another_database(d));
            // Something that was not understood may have changed any table: then nothing is sure enough for an error.
            if context.schema.incomplete.iter().any(|i| i.object == crate::schema::WHOLE) {
                rest.iter_mut().filter(|d| d.severity == Severity::Error).for_each(|d| d.severity = Severity::Warning);
            }
            found.append(&mut rest);
        }
    }
    found
}

pub use fold::fold;
pub use unregistered_model::reached;

/// The labels of a column type that is an enum.
fn enum_labels<'a>(schema: &'a Schema, ty: &str) -> Option<&'a [String]> {
    let bare = |s: &str| s.trim_matches('"').to_owned();
    let (namespace, name) = match ty.split_once('.') {
        Some((namespace, name)) => (Some(bare(namespace)), bare(name)),
        None => (None, bare(ty)),
    };
    schema.find(&schema.enums, namespace.as_deref(), &name).map(|(_, labels)| labels.as_slice())
}

/// Findings of one kind about SQL text.
fn sql_problems(context: &Context<'_, '_>, kind: ProblemKind, rule: &Rule, found: &mut Vec<Diagnostic>) {
    for p in context.project.uses.sql_problems.iter().filter(|p| p.problem.kind == kind) {
        let asked_for = || p.problem.column.as_deref().is_some_and(|c| context.asks_catalog(p.location.file, p.problem.table.as_deref(), c));
        let certainty = match kind {
            ProblemKind::UnknownTable => context.sure_of_missing_table(p.certainty),
            ProblemKind::UnknownColumn if asked_for() => p.certainty.min(Certainty::Medium),
            _ => p.certainty,
        };
        let Some(severity) = grade(rule.level.severity().unwrap_or(Severity::Warning), certainty) else { continue };
        let problem = &p.problem;
        if kind == ProblemKind::UnknownTable && problem.table.as_deref().is_some_and(crate::schema::is_bookkeeping) {
            continue;
        }
        let mut d = Diagnostic::new(rule.name, severity, p.location, p.context, problem.message.clone());
        d = d.about(problem.schema.as_deref(), problem.table.as_deref(), problem.column.as_deref());
        d.suggestion = problem.suggestion.clone().or_else(|| nearest(context, problem));
        let help = if problem.suggestion.is_none() && d.suggestion.is_some() { None } else { problem.help.clone() };
        d.help = help.or_else(|| d.suggestion.as_ref().map(|s| format!("did you mean `{s}`?")));
        let known = problem.table.as_deref().and_then(|t| context.schema.relation(problem.schema.as_deref(), t));
        match known {
            Some((name, relation)) => found.push(context.with_definition(d, name, relation.at)),
            None => found.push(d),
        }
    }
}

/// The name that was probably meant where PostgreSQL itself would give no hint: an abbreviation, a plural, a label.
fn nearest(context: &Context<'_, '_>, problem: &crate::sql::Problem) -> Option<String> {
    match problem.kind {
        ProblemKind::UnknownColumn => {
            let (_, relation) = context.schema.relation(problem.schema.as_deref(), problem.table.as_deref()?)?;
            suggest::column(problem.table.as_deref()?, problem.column.as_deref()?, relation).map(str::to_owned)
        }
        ProblemKind::UnknownEnumValue => {
            let mut names = problem.message.split('`').skip(1).step_by(2);
            let (name, wrong) = (names.next()?, names.next()?);
            let labels = enum_labels(context.schema, name)?;
            suggest::best(wrong, labels.iter().map(String::as_str)).map(str::to_owned)
        }
        _ => None,
    }
}

/// The severity of a finding: certain → as the rule has it, likely → at most a warning, a guess → silence.
pub fn grade(severity: Severity, certainty: Certainty) -> Option<Severity> {
    match certainty {
        Certainty::High => Some(severity),
        Certainty::Medium => Some(severity.min(Severity::Warning)),
        Certainty::Low => None,
    }
}

/// What the lock says of a relation that code names.
pub enum Known<'s> {
    /// It is there, and complete.
    Closed(&'s QualifiedName, &'s Relation),
    /// Something about it is not known: nothing may be called missing.
    Open,
    /// It is not there.
    Missing,
}

impl<'r, 'a> Context<'r, 'a> {
    /// All of a project, held to a schema.
    pub fn new(project: &'r Project<'a>, schema: &'r Schema, lock: Option<FileId>, migrations: &'r [String]) -> Self {
        let (histories, models) = (std::sync::OnceLock::default(), std::sync::OnceLock::default());
        Self { project, schema, lock, migrations, only: None, histories, models }
    }
}

impl<'a> Context<'_, 'a> {
    /// Looks a relation up.
    pub fn relation(&self, name: RelationName) -> Known<'_> {
        let schema = name.schema.map(|s| s.as_str());
        if let Some((qualified, relation)) = self.schema.relation(schema, &name.name) {
            return if relation.open { Known::Open } else { Known::Closed(qualified, relation) };
        }
        let outside = schema.is_some_and(|s| !self.schema.knows_namespace(s) || s == "information_schema" || s.starts_with("pg_"));
        let tool = crate::schema::is_bookkeeping(&name.name) || (schema.is_none() && name.name.starts_with("pg_"));
        let bare = format!(".{}", name.name);
        let confessed = self.schema.incomplete.iter().any(|i| i.object == name.name.as_str() || i.object.ends_with(&bare))
            || self.schema.may_be_of_installed_app(&name.name);
        if outside || tool || confessed { Known::Open } else { Known::Missing }
    }

    /// Whether a relation is [`Known::Missing`].
    pub fn is_missing(&self, name: RelationName) -> bool {
        let is_there = self.schema.has_relation(name.schema.map(|s| s.as_str()), &name.name);
        !is_there && matches!(self.relation(name), Known::Missing)
    }

    /// How sure it can be that a table is not there: a lock of migrations that go on from tables which something else made says nothing of others that it made.
    fn sure_of_missing_table(&self, certainty: Certainty) -> Certainty {
        let goes_on = self.schema.incomplete.iter().any(|i| i.reason.starts_with(crate::schema::NONE_CREATES));
        if goes_on { certainty.min(Certainty::Medium) } else { certainty }
    }

    /// Whether a file of code asks the catalog which columns there are, and names this one in quotes of its own, near the question or beside its table: it knows that
    /// the column may be missing.
    fn asks_catalog(&self, file: FileId, table: Option<&str>, column: &str) -> bool {
        let source = self.project.world.sources.get(file);
        let quoted = |text: &str, name: &str| ['"', '\''].iter().any(|q| text.contains(&format!("{q}{name}{q}")));
        let text: &str = &source.text;
        let asks: Vec<usize> = CATALOG.iter().flat_map(|ask| text.match_indices(ask).map(|m| m.0)).collect();
        if source.language != Language::Python || asks.is_empty() || !quoted(text, column) {
            return false;
        }
        let near = |at: &usize| quoted(text.get(*at..text.floor_char_boundary(at + NEAR)).unwrap_or_default(), column);
        asks.iter().any(near) || table.is_some_and(|t| text.lines().any(|line| quoted(line, column) && quoted(line, t)))
    }

    /// Whether the project itself makes a table of that name, in a SQL file that is no migration of this database or (`in_code`) in SQL that its code sends. The lock of
    /// one service says nothing of a table that belongs to the next one.
    pub fn is_made_besides(&self, name: RelationName, in_code: bool) -> bool {
        let made = (name.name, None);
        self.project.created_by_others.contains(&made) || in_code && self.project.uses.created.contains(&made)
    }

    /// Whether a finding is about a table that the service in whose folder it stands has in a database of its own, be there one of that name in ours.
    fn is_of_another_database(&self, d: &Diagnostic) -> bool {
        let Some(table) = d.table.as_deref().map(Symbol::from) else { return false };
        let path = &self.project.world.sources.get(d.location.file).path;
        let of_table = self.project.created_by_others.range((table, None)..).take_while(|m| m.0 == table);
        of_table.filter_map(|m| m.1).any(|folder| folder.as_str().ends_with('/') && path.starts_with(folder.as_str()))
    }

    /// Adds where the lock defines the relation.
    fn with_definition(&self, diagnostic: Diagnostic, name: &QualifiedName, at: Option<crate::source::Span>) -> Diagnostic {
        match self.in_lock(at) {
            Some(at) => diagnostic.related(at, format!("`{}` is defined here", display(name))),
            None => diagnostic,
        }
    }

    /// Models that findings asked for may be about: all, or those with a part in the file that is looked at, and whatever shares a table with them.
    fn models(&self) -> impl Iterator<Item = &Model> {
        let models = &self.project.world.models;
        self.models.get_or_init(|| self.find_models()).iter().map(|id| models.get(*id))
    }

    fn find_models(&self) -> Vec<ModelId> {
        let models = &self.project.world.models;
        let id = |n: usize| ModelId(u32::try_from(n).unwrap_or(u32::MAX));
        let Some(files) = &self.only else { return (0..models.all.len()).map(id).collect() };
        let tables: BTreeSet<Symbol> = models.all.iter().filter(|m| m.stands_in(files)).map(|m| m.relation.name).collect();
        (0..models.all.len()).filter(|n| tables.contains(&models.all[*n].relation.name)).map(id).collect()
    }

    /// The project's migrations, replayed once for all rules that ask.
    pub fn histories(&self) -> &[crate::migrations::History] {
        self.histories.get_or_init(|| crate::migrations::histories_of(&self.project.world, self.migrations))
    }

    /// Where the lock defines something.
    pub fn in_lock(&self, at: Option<crate::source::Span>) -> Option<Location> {
        Some(Location::new(self.lock?, at?))
    }
}

/// A relation's name as people write it: the schema only where it is not `public`.
pub fn display(name: &QualifiedName) -> String {
    if name.schema == "public" { name.name.clone() } else { name.to_string() }
}
