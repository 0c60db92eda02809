//! The tree of SQL text: our own, so that nothing behind `syntax` depends on a parser's node kinds.
//!
//! Every span counts bytes of the text that was parsed (a [`Template`](super::template::Template)'s text). What the parser could not read
//! becomes `Broken`, what we know but nothing asks about becomes `Other`; both keep their span.

mod ddl;
mod expr;
mod query;

use std::fmt;

use crate::symbol::Symbol;

use crate::source::Span;

pub use ddl::*;
pub use expr::*;
pub use query::*;

/// Nothing nests deeper than this; what does becomes `Broken`.
pub const MAX_DEPTH: usize = 250;

/// An identifier as PostgreSQL stores it: folded to lower case unless quoted, quotes and Unicode escapes decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ident {
    /// The stored name.
    pub name: Symbol,
    /// Its bytes, quotes included.
    pub span: Span,
    /// Written in double quotes.
    pub quoted: bool,
}

impl Ident {
    /// The stored name as text.
    pub fn as_str(&self) -> &'static str {
        self.name.as_str()
    }
}

/// `name`, `schema.name` or `catalog.schema.name`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObjectName {
    /// Database, where written (PostgreSQL accepts only the current one).
    pub catalog: Option<Ident>,
    /// Schema, where written.
    pub schema: Option<Ident>,
    /// The object.
    pub name: Ident,
}

impl ObjectName {
    /// A bare name.
    pub fn bare(name: Ident) -> Self {
        Self { catalog: None, schema: None, name }
    }

    /// From the first part to the last.
    pub fn span(&self) -> Span {
        let first = self.catalog.or(self.schema).unwrap_or(self.name);
        first.span.cover(self.name.span)
    }

    /// The schema as text, where written.
    pub fn schema_str(&self) -> Option<&'static str> {
        self.schema.map(|s| s.name.as_str())
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(schema) = self.schema {
            write!(f, "{}.", schema.name)?;
        }
        write!(f, "{}", self.name.name)
    }
}

/// A type as written.
#[derive(Clone, Debug, PartialEq)]
pub struct TypeName {
    /// All its bytes.
    pub span: Span,
    /// The name. Types of several words (`double precision`, `character varying`, `timestamp with time zone`, `bit varying`) are one name in
    /// lower case with single spaces, `quoted` false; modifiers stand apart in [`Self::modifiers`].
    pub name: ObjectName,
    /// What stands in parentheses, as text: `["12", "2"]` for `numeric(12,2)`, `["3"]` for `timestamp(3) with time zone`.
    pub modifiers: Vec<String>,
    /// `day to second` for `interval day to second(3)`.
    pub interval: Option<String>,
    /// Number of `[]` (or `array`) behind it.
    pub array: u8,
    /// `setof`
    pub setof: bool,
    /// `table.column%type`: then [`Self::name`] is the column, its schema part the table.
    pub percent_type: bool,
}

/// One statement of a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// Its bytes, without the semicolon.
    pub span: Span,
    /// What it is.
    pub kind: StatementKind,
}

/// The kinds of statements.
#[derive(Clone, Debug, PartialEq)]
pub enum StatementKind {
    /// `SELECT`, `VALUES`, `TABLE`, with or without parentheses and WITH.
    Query(Box<Query>),
    /// `INSERT`
    Insert(Box<Insert>),
    /// `UPDATE`
    Update(Box<Update>),
    /// `DELETE`
    Delete(Box<Delete>),
    /// `MERGE`
    Merge(Box<Merge>),
    /// `COPY`
    Copy(Box<Copy>),
    /// `TRUNCATE`, `LOCK`, `VACUUM`, `ANALYZE`, `CLUSTER`, `REINDEX TABLE`, `REFRESH MATERIALIZED VIEW`: statements that only name relations.
    Touch(Touch),
    /// `EXPLAIN statement`
    Explain(Box<Statement>),
    /// `PREPARE name (types) AS statement`
    Prepare(Box<Prepare>),
    /// `EXECUTE name (args)`
    Execute(Vec<Expr>),
    /// `DECLARE name CURSOR FOR query`
    Declare(Box<DeclareCursor>),
    /// `CALL procedure(args)`
    Call(Box<Expr>),
    /// `DO $$ … $$`
    Do(DoBlock),
    /// `SET name = value`, `SET SCHEMA 'x'`, `RESET name`
    Set(SetParameter),
    /// `BEGIN`, `COMMIT`, `SAVEPOINT`…
    Transaction,
    /// `CREATE [FOREIGN] TABLE`, also `… AS query` and `SELECT … INTO` (as [`CreateTable::query`])
    CreateTable(Box<CreateTable>),
    /// `CREATE [MATERIALIZED] VIEW`
    CreateView(Box<CreateView>),
    /// `CREATE TYPE`
    CreateType(Box<CreateType>),
    /// `CREATE DOMAIN`
    CreateDomain(Box<CreateDomain>),
    /// `CREATE SEQUENCE`
    CreateSequence(Box<CreateSequence>),
    /// `CREATE FUNCTION`, `CREATE PROCEDURE`
    CreateFunction(Box<CreateFunction>),
    /// `CREATE AGGREGATE` (name and argument types only)
    CreateAggregate(Box<FunctionSignature>),
    /// `CREATE INDEX`
    CreateIndex(Box<CreateIndex>),
    /// `CREATE SCHEMA`
    CreateSchema(Box<CreateSchema>),
    /// `CREATE EXTENSION`
    CreateExtension(CreateExtension),
    /// `CREATE POLICY`, `ALTER POLICY`
    Policy(Box<Policy>),
    /// `CREATE TRIGGER`
    CreateTrigger(Box<CreateTrigger>),
    /// `CREATE RULE`
    CreateRule(Box<CreateRule>),
    /// `CREATE STATISTICS`
    CreateStatistics(Box<CreateStatistics>),
    /// `ALTER TABLE|INDEX|VIEW|MATERIALIZED VIEW|SEQUENCE|FOREIGN TABLE` with table-like actions (renames and schema changes too)
    AlterRelation(Box<AlterRelation>),
    /// `ALTER SEQUENCE` with sequence options
    AlterSequence(Box<AlterSequence>),
    /// `ALTER TYPE`
    AlterType(Box<AlterType>),
    /// `ALTER DOMAIN`
    AlterDomain(Box<AlterDomain>),
    /// `ALTER SCHEMA`
    AlterSchema(AlterSchema),
    /// `ALTER FUNCTION|PROCEDURE|ROUTINE|AGGREGATE … RENAME TO | SET SCHEMA | …`
    AlterFunction(Box<AlterFunction>),
    /// `ALTER EXTENSION … SET SCHEMA`, other objects with a new name that nothing here tracks.
    AlterOther(Span),
    /// `DROP …`
    Drop(Drop),
    /// `COMMENT ON …`
    Comment(Comment),
    /// `GRANT`, `REVOKE` on relations or their columns
    Grant(Grant),
    /// Recognised, but it names nothing that matters here.
    Other,
    /// The parser does not read it, or it nests too deep.
    Broken,
}

/// `EXECUTE IMMEDIATE`-like statements that only name relations.
#[derive(Clone, Debug, PartialEq)]
pub struct Touch {
    /// Which statement.
    pub kind: TouchKind,
    /// The relations, each with the columns named behind it (`ANALYZE t (a, b)`).
    pub relations: Vec<(ObjectName, Vec<Ident>)>,
}

/// Which statement a [`Touch`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "their names say it")]
pub enum TouchKind {
    Truncate,
    Lock,
    Vacuum,
    Analyze,
    Cluster,
    ReindexTable,
    RefreshMaterializedView,
}

/// `PREPARE`
#[derive(Clone, Debug, PartialEq)]
pub struct Prepare {
    /// Its name.
    pub name: Ident,
    /// Parameter types, where given.
    pub types: Vec<TypeName>,
    /// What is prepared.
    pub statement: Statement,
}

/// `DECLARE … CURSOR`
#[derive(Clone, Debug, PartialEq)]
pub struct DeclareCursor {
    /// Its name.
    pub name: Ident,
    /// The query.
    pub query: Query,
}

/// `DO`
#[derive(Clone, Debug, PartialEq)]
pub struct DoBlock {
    /// The body.
    pub body: Option<BodyText>,
    /// `language x`; `plpgsql` by default.
    pub language: Option<Ident>,
}

/// A string whose content is code: what it says and where the content stands.
#[derive(Clone, Debug, PartialEq)]
pub struct BodyText {
    /// The decoded content.
    pub text: String,
    /// The bytes of the content, between the quotes.
    pub span: Span,
    /// Content and bytes correspond one to one (dollar quotes, or a string without escapes).
    pub verbatim: bool,
}

/// `SET` and its kin.
#[derive(Clone, Debug, PartialEq)]
pub struct SetParameter {
    /// The parameter, in lower case: `search_path`, `session_replication_role`… `SET SCHEMA 'x'` gives `search_path`.
    pub name: String,
    /// The values as text (strings decoded, identifiers folded); empty for `RESET` and `TO DEFAULT`.
    pub values: Vec<String>,
    /// `SET LOCAL`
    pub local: bool,
    /// `RESET`, or `SET … TO DEFAULT`
    pub reset: bool,
}
