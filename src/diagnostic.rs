//! What a rule says about a place, before anyone decides how to print it.

use serde::{Deserialize, Serialize};

use crate::source::{Location, Span};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Said on request.
    Info,
    /// Probably wrong.
    Warning,
    /// The database would refuse it.
    Error,
}

/// What kind of text the finding stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Context {
    /// A mapped class or table object.
    Model,
    /// A query written in the host language: ORM, PostgREST chain.
    Query,
    /// SQL text.
    Sql,
    /// A migration.
    Migration,
    /// A document.
    Docs,
    /// A cache entry bound to a table.
    Cache,
}

/// What a reference does with the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// A model or table object declares it.
    Define,
    /// It is read.
    Read,
    /// It is written.
    Write,
    /// It is created, altered or dropped.
    Ddl,
}

/// Another place that belongs to the finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Related {
    /// Where.
    pub location: Location,
    /// What is there, in a few words.
    pub message: String,
}

/// Whether an edit may be made without asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Safety {
    /// `--fix` applies it.
    Safe,
    /// `--unsafe-fixes` applies it.
    Unsafe,
}

/// Replace the bytes of `span` by `content`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    /// What is replaced, in which file; an empty span inserts.
    pub location: Location,
    /// The new text.
    pub content: String,
}

/// A repair.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fix {
    /// May it be made without asking?
    pub safety: Safety,
    /// Non-overlapping edits, all or none.
    pub edits: Vec<Edit>,
}

/// A rule's name. (Not written out where it is used: serde would want to borrow it.)
pub type RuleName = &'static str;

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// The rule's name, kebab-case, one of `rules::ALL`.
    #[serde(deserialize_with = "interned")]
    pub rule: RuleName,
    /// After the rule's own grading (patterns by certainty) and the configuration.
    pub severity: Severity,
    /// One line, names in backticks, no final dot.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// The exact token.
    pub location: Location,
    /// Schema of the relation in question, where known.
    pub schema: Option<String>,
    /// Relation in question.
    pub table: Option<String>,
    /// Column in question.
    pub column: Option<String>,
    /// The one name that was probably meant.
    pub suggestion: Option<String>,
    /// What kind of text it stands in.
    pub context: Context,
    /// Other places: the definition in the lock first, then uses.
    pub related: Vec<Related>,
    /// A repair, if there is one.
    pub fix: Option<Fix>,
}

fn interned<'de, D: serde::Deserializer<'de>>(from: D) -> Result<RuleName, D::Error> {
    Ok(crate::symbol::Symbol::from(&String::deserialize(from)?).as_str())
}

impl Diagnostic {
    /// A finding with nothing but the necessary.
    pub fn new(rule: &'static str, severity: Severity, location: Location, context: Context, message: impl Into<String>) -> Self {
        Self {
            rule,
            severity,
            message: message.into(),
            help: None,
            location,
            schema: None,
            table: None,
            column: None,
            suggestion: None,
            context,
            related: Vec::new(),
            fix: None,
        }
    }

    /// Adds the help line.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Names the relation and the column in question.
    #[must_use]
    pub fn about(mut self, schema: Option<&str>, table: Option<&str>, column: Option<&str>) -> Self {
        self.schema = schema.map(str::to_owned);
        self.table = table.map(str::to_owned);
        self.column = column.map(str::to_owned);
        self
    }

    /// Adds another place.
    #[must_use]
    pub fn related(mut self, location: Location, message: impl Into<String>) -> Self {
        self.related.push(Related { location, message: message.into() });
        self
    }

    /// The bytes it points at.
    pub fn span(&self) -> Span {
        self.location.span
    }
}
