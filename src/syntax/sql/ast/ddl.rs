//! Statements that define things.

use super::{BodyText, Expr, Ident, ObjectName, Query, Statement, TypeName};
use crate::source::Span;

/// `CREATE TABLE`
#[derive(Clone, Debug, PartialEq)]
pub struct CreateTable {
    /// Its name.
    pub name: ObjectName,
    /// `TEMP`
    pub temporary: bool,
    /// `FOREIGN TABLE`
    pub foreign: bool,
    /// `IF NOT EXISTS`
    pub if_not_exists: bool,
    /// Columns, constraints, LIKE.
    pub elements: Vec<TableElement>,
    /// `INHERITS (…)`
    pub inherits: Vec<ObjectName>,
    /// `PARTITION OF parent`
    pub partition_of: Option<ObjectName>,
    /// `PARTITION BY … (keys)`
    pub partition_by: Vec<IndexKey>,
    /// `OF type`
    pub of_type: Option<ObjectName>,
    /// `AS query`, or the query of `SELECT … INTO` (whose `into` is this table)
    pub query: Option<Box<Statement>>,
    /// Column names of `CREATE TABLE t (a, b) AS`
    pub query_columns: Vec<Ident>,
    /// Something in the definition could not be read: columns may be missing.
    pub broken: bool,
}

/// An element of CREATE TABLE.
#[derive(Clone, Debug, PartialEq)]
pub enum TableElement {
    /// A column (without a type in `OF type` and `PARTITION OF`).
    Column(ColumnDef),
    /// A constraint.
    Constraint(TableConstraint),
    /// `LIKE source options`
    Like(Like),
    /// Not understood.
    Broken(Span),
}

/// `LIKE source INCLUDING x EXCLUDING y`
#[derive(Clone, Debug, PartialEq)]
pub struct Like {
    /// Where the columns come from.
    pub source: ObjectName,
    /// `INCLUDING` (true) or `EXCLUDING` (false) and what, in lower case: `all`, `defaults`, `constraints`, `identity`, `generated`, `indexes`, `comments`…
    pub options: Vec<(bool, String)>,
}

/// A column definition.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnDef {
    /// Its bytes.
    pub span: Span,
    /// Its name.
    pub name: Ident,
    /// Its type.
    pub ty: Option<TypeName>,
    /// `COLLATE x`
    pub collation: Option<ObjectName>,
    /// In order.
    pub constraints: Vec<ColumnConstraint>,
}

/// A constraint of a column.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnConstraint {
    /// Its bytes.
    pub span: Span,
    /// `CONSTRAINT name`
    pub name: Option<Ident>,
    /// What it says.
    pub kind: ColumnConstraintKind,
}

/// The kinds of column constraints.
#[derive(Clone, Debug, PartialEq)]
pub enum ColumnConstraintKind {
    /// `NOT NULL`
    NotNull,
    /// `NULL`
    Null,
    /// `DEFAULT expr`
    Default(Expr),
    /// `GENERATED ALWAYS AS (expr) STORED|VIRTUAL`
    Generated {
        /// The expression.
        expr: Expr,
        /// `STORED`
        stored: bool,
    },
    /// `GENERATED ALWAYS|BY DEFAULT AS IDENTITY`
    Identity {
        /// `ALWAYS`
        always: bool,
    },
    /// `PRIMARY KEY`
    PrimaryKey,
    /// `UNIQUE [NULLS NOT DISTINCT]`
    Unique {
        /// `NULLS NOT DISTINCT`
        nulls_not_distinct: bool,
    },
    /// `REFERENCES t (c) …`
    References(References),
    /// `CHECK (expr)`
    Check(Expr),
    /// Anything else that changes nothing here.
    Other,
}

/// `REFERENCES t (columns) actions`
#[derive(Clone, Debug, PartialEq)]
pub struct References {
    /// The table pointed at.
    pub table: ObjectName,
    /// Its columns; empty means its primary key.
    pub columns: Vec<Ident>,
    /// `MATCH FULL` → `full`
    pub match_type: Option<String>,
    /// `ON DELETE …` in lower case: `cascade`, `set null`, `set null (a)`, `set default`, `restrict`, `no action`
    pub on_delete: Option<String>,
    /// `ON UPDATE …`, the same way
    pub on_update: Option<String>,
    /// Columns named in `SET NULL (a, b)` and `SET DEFAULT (a)`.
    pub set_columns: Vec<Ident>,
    /// `DEFERRABLE`
    pub deferrable: bool,
    /// `INITIALLY DEFERRED`
    pub initially_deferred: bool,
}

/// A constraint of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct TableConstraint {
    /// Its bytes.
    pub span: Span,
    /// `CONSTRAINT name`
    pub name: Option<Ident>,
    /// What it says.
    pub kind: TableConstraintKind,
    /// `NOT VALID`
    pub not_valid: bool,
}

/// The kinds of table constraints.
#[derive(Clone, Debug, PartialEq)]
pub enum TableConstraintKind {
    /// `PRIMARY KEY (columns)`
    PrimaryKey(Vec<Ident>),
    /// `PRIMARY KEY USING INDEX i`
    PrimaryKeyUsing(Ident),
    /// `UNIQUE (columns)`
    Unique {
        /// The columns.
        columns: Vec<Ident>,
        /// `NULLS NOT DISTINCT`
        nulls_not_distinct: bool,
    },
    /// `UNIQUE USING INDEX i`
    UniqueUsing(Ident),
    /// `FOREIGN KEY (columns) REFERENCES …`
    ForeignKey {
        /// The columns here.
        columns: Vec<Ident>,
        /// The other side.
        references: References,
    },
    /// `CHECK (expr)`
    Check(Expr),
    /// `NOT NULL column` (PostgreSQL 18)
    NotNull(Ident),
    /// `EXCLUDE …`: the keys, and its condition
    Exclude(Vec<IndexKey>, Option<Expr>),
    /// Not understood.
    Broken,
}

/// A key of an index, a partition or an exclusion constraint.
#[derive(Clone, Debug, PartialEq)]
pub struct IndexKey {
    /// All its bytes, operator class and order included.
    pub span: Span,
    /// A plain column is [`super::ExprKind::Column`] of one part.
    pub expr: Expr,
}

/// `CREATE [MATERIALIZED] VIEW`
#[derive(Clone, Debug, PartialEq)]
pub struct CreateView {
    /// Its name.
    pub name: ObjectName,
    /// `OR REPLACE`
    pub or_replace: bool,
    /// `TEMP`
    pub temporary: bool,
    /// `MATERIALIZED`
    pub materialized: bool,
    /// `RECURSIVE`
    pub recursive: bool,
    /// `IF NOT EXISTS`
    pub if_not_exists: bool,
    /// Column names.
    pub columns: Vec<Ident>,
    /// The query; `None` where it could not be read.
    pub query: Option<Box<Query>>,
}

/// `CREATE TYPE`
#[derive(Clone, Debug, PartialEq)]
pub struct CreateType {
    /// Its name.
    pub name: ObjectName,
    /// What it is.
    pub kind: TypeKind,
}

/// What CREATE TYPE makes.
#[derive(Clone, Debug, PartialEq)]
pub enum TypeKind {
    /// `AS ENUM (…)`: labels with their places
    Enum(Vec<(String, Span)>),
    /// `AS (a int, …)`
    Composite(Vec<ColumnDef>),
    /// `AS RANGE (SUBTYPE = …)`: the options in lower case with their value as text
    Range(Vec<(String, String)>),
    /// A base type or a shell.
    Base,
}

/// `CREATE DOMAIN`
#[derive(Clone, Debug, PartialEq)]
pub struct CreateDomain {
    /// Its name.
    pub name: ObjectName,
    /// Its base type.
    pub ty: Option<TypeName>,
    /// `NOT NULL`, `DEFAULT`, `CHECK` (whose expression says `VALUE`)
    pub constraints: Vec<ColumnConstraint>,
}

/// `CREATE SEQUENCE`
#[derive(Clone, Debug, PartialEq)]
pub struct CreateSequence {
    /// Its name.
    pub name: ObjectName,
    /// `TEMP`
    pub temporary: bool,
    /// `IF NOT EXISTS`
    pub if_not_exists: bool,
    /// `OWNED BY t.c`
    pub owned_by: Option<OwnedBy>,
}

/// `OWNED BY …`
#[derive(Clone, Debug, PartialEq)]
pub enum OwnedBy {
    /// `OWNED BY NONE`
    None,
    /// `OWNED BY t.c`
    Column(ObjectName, Ident),
}

/// `CREATE FUNCTION`, `CREATE PROCEDURE`
#[derive(Clone, Debug, PartialEq)]
pub struct CreateFunction {
    /// Its name.
    pub name: ObjectName,
    /// `OR REPLACE`
    pub or_replace: bool,
    /// `PROCEDURE`
    pub procedure: bool,
    /// Its arguments.
    pub parameters: Vec<Parameter>,
    /// `RETURNS type`
    pub returns: Option<TypeName>,
    /// `RETURNS TABLE (…)`
    pub returns_table: Vec<ColumnDefinition>,
    /// `LANGUAGE x`
    pub language: Option<Ident>,
    /// The body.
    pub body: FunctionBody,
    /// `SET search_path = …`: values as [`super::SetParameter::values`]
    pub search_path: Option<Vec<String>>,
}

pub use super::query::ColumnDefinition;

/// A parameter of a function.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its name.
    pub name: Option<Ident>,
    /// Its type.
    pub ty: Option<TypeName>,
    /// How it is passed.
    pub mode: ParameterMode,
    /// Its default.
    pub default: Option<Expr>,
}

/// How a parameter is passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "their names say it")]
pub enum ParameterMode {
    In,
    Out,
    InOut,
    Variadic,
}

/// The body of a function.
#[derive(Clone, Debug, PartialEq)]
pub enum FunctionBody {
    /// `AS '…'` or `AS $$…$$`
    Text(BodyText),
    /// `BEGIN ATOMIC … END`
    Atomic(Vec<Statement>),
    /// `RETURN expr`
    Return(Box<Expr>),
    /// None, or an object file.
    None,
}

/// A function with the types that tell it from its namesakes.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionSignature {
    /// Its name.
    pub name: ObjectName,
    /// Argument types; `None` without a list.
    pub arguments: Option<Vec<Parameter>>,
}

/// `CREATE INDEX`
#[derive(Clone, Debug, PartialEq)]
pub struct CreateIndex {
    /// Its name; `None` lets PostgreSQL choose.
    pub name: Option<Ident>,
    /// `UNIQUE`
    pub unique: bool,
    /// `IF NOT EXISTS`
    pub if_not_exists: bool,
    /// `ON t`
    pub table: ObjectName,
    /// `USING btree`
    pub method: Option<Ident>,
    /// In order.
    pub keys: Vec<IndexKey>,
    /// `INCLUDE (…)`
    pub include: Vec<Ident>,
    /// `NULLS NOT DISTINCT`
    pub nulls_not_distinct: bool,
    /// `WHERE`
    pub condition: Option<Expr>,
    /// From `USING`, or else from the key list, to the end: what the lock calls the definition.
    pub definition: Span,
}

/// `CREATE SCHEMA`
#[derive(Clone, Debug, PartialEq)]
pub struct CreateSchema {
    /// Its name; with `AUTHORIZATION x` alone, x.
    pub name: Option<Ident>,
    /// `IF NOT EXISTS`
    pub if_not_exists: bool,
    /// Statements inside; bare names in them belong to the new schema.
    pub elements: Vec<Statement>,
}

/// `CREATE EXTENSION`
#[derive(Clone, Debug, PartialEq)]
pub struct CreateExtension {
    /// Its name.
    pub name: Ident,
    /// `SCHEMA x`
    pub schema: Option<Ident>,
}

/// `CREATE POLICY`, `ALTER POLICY`
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Its name.
    pub name: Ident,
    /// The table.
    pub table: ObjectName,
    /// `USING (…)`
    pub using: Option<Expr>,
    /// `WITH CHECK (…)`
    pub check: Option<Expr>,
}

/// `CREATE TRIGGER`
#[derive(Clone, Debug, PartialEq)]
pub struct CreateTrigger {
    /// Its name.
    pub name: Ident,
    /// The table.
    pub table: ObjectName,
    /// `FROM t` of a constraint trigger
    pub from: Option<ObjectName>,
    /// `UPDATE OF a, b`
    pub update_of: Vec<Ident>,
    /// `WHEN (…)`: sees `old` and `new`
    pub when: Option<Expr>,
    /// The function it runs.
    pub function: Option<ObjectName>,
}

/// `CREATE RULE`
#[derive(Clone, Debug, PartialEq)]
pub struct CreateRule {
    /// Its name.
    pub name: Ident,
    /// The relation.
    pub table: ObjectName,
    /// `WHERE`: sees `old` and `new`
    pub condition: Option<Expr>,
    /// What is done.
    pub actions: Vec<Statement>,
}

/// `CREATE STATISTICS`
#[derive(Clone, Debug, PartialEq)]
pub struct CreateStatistics {
    /// Columns and expressions.
    pub exprs: Vec<Expr>,
    /// `FROM`
    pub from: Vec<super::FromItem>,
}

/// What kind of relation a statement says it alters, drops or comments on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "their names say it")]
pub enum ObjectKind {
    Table,
    View,
    MaterializedView,
    ForeignTable,
    Index,
    Sequence,
    Type,
    Domain,
    Schema,
    Function,
    Procedure,
    Routine,
    Aggregate,
    Extension,
    Trigger,
    Rule,
    Policy,
    Column,
    Constraint,
    DomainConstraint,
    Other,
}

/// `ALTER TABLE` and its kin.
#[derive(Clone, Debug, PartialEq)]
pub struct AlterRelation {
    /// `TABLE`, `INDEX`, `VIEW`…
    pub object: ObjectKind,
    /// `IF EXISTS`
    pub if_exists: bool,
    /// Which one.
    pub name: ObjectName,
    /// In order; renames and schema changes stand alone.
    pub actions: Vec<AlterAction>,
}

/// An action of ALTER TABLE.
#[derive(Clone, Debug, PartialEq)]
pub enum AlterAction {
    /// `ADD COLUMN`
    AddColumn {
        /// `IF NOT EXISTS`
        if_not_exists: bool,
        /// The column.
        column: ColumnDef,
    },
    /// `DROP COLUMN`
    DropColumn {
        /// `IF EXISTS`
        if_exists: bool,
        /// The column.
        name: Ident,
        /// `CASCADE`
        cascade: bool,
    },
    /// `ALTER COLUMN name …`
    AlterColumn(Ident, AlterColumn),
    /// `ADD constraint`
    AddConstraint(TableConstraint),
    /// `DROP CONSTRAINT`
    DropConstraint {
        /// `IF EXISTS`
        if_exists: bool,
        /// The constraint.
        name: Ident,
        /// `CASCADE`
        cascade: bool,
    },
    /// `VALIDATE CONSTRAINT`
    ValidateConstraint(Ident),
    /// `RENAME COLUMN a TO b` (also views' and types' columns)
    RenameColumn(Ident, Ident),
    /// `RENAME CONSTRAINT a TO b`
    RenameConstraint(Ident, Ident),
    /// `RENAME TO b`
    RenameTo(Ident),
    /// `SET SCHEMA s`
    SetSchema(Ident),
    /// `ATTACH PARTITION t` (or an index)
    AttachPartition(ObjectName),
    /// `DETACH PARTITION t`
    DetachPartition(ObjectName),
    /// `INHERIT t`
    Inherit(ObjectName),
    /// `NO INHERIT t`
    NoInherit(ObjectName),
    /// `OF type`
    OfType(ObjectName),
    /// `ENABLE|DISABLE TRIGGER|RULE|ROW LEVEL SECURITY`, `OWNER TO`, storage options… : nothing that changes the shape
    Other(Span),
    /// Not understood.
    Broken(Span),
}

/// `ALTER COLUMN …`
#[derive(Clone, Debug, PartialEq)]
pub enum AlterColumn {
    /// `SET DATA TYPE ty USING expr`
    SetType {
        /// The new type.
        ty: TypeName,
        /// `USING`
        using: Option<Expr>,
    },
    /// `SET DEFAULT expr`
    SetDefault(Expr),
    /// `DROP DEFAULT`
    DropDefault,
    /// `SET NOT NULL`
    SetNotNull,
    /// `DROP NOT NULL`
    DropNotNull,
    /// `SET EXPRESSION AS (expr)`
    SetExpression(Expr),
    /// `DROP EXPRESSION`
    DropExpression,
    /// `ADD GENERATED … AS IDENTITY`; true for ALWAYS
    AddIdentity(bool),
    /// `SET GENERATED …`; true for ALWAYS
    SetIdentity(bool),
    /// `DROP IDENTITY`
    DropIdentity,
    /// Statistics, storage, compression, options.
    Other,
}

/// `ALTER SEQUENCE` with options.
#[derive(Clone, Debug, PartialEq)]
pub struct AlterSequence {
    /// `IF EXISTS`
    pub if_exists: bool,
    /// Which one.
    pub name: ObjectName,
    /// `OWNED BY`
    pub owned_by: Option<OwnedBy>,
}

/// `ALTER TYPE`
#[derive(Clone, Debug, PartialEq)]
pub struct AlterType {
    /// Which one.
    pub name: ObjectName,
    /// In order.
    pub actions: Vec<AlterTypeAction>,
}

/// An action of ALTER TYPE.
#[derive(Clone, Debug, PartialEq)]
pub enum AlterTypeAction {
    /// `ADD VALUE 'x' BEFORE|AFTER 'y'`
    AddValue {
        /// `IF NOT EXISTS`
        if_not_exists: bool,
        /// The label.
        label: String,
        /// `BEFORE 'y'`
        before: Option<String>,
        /// `AFTER 'y'`
        after: Option<String>,
    },
    /// `RENAME VALUE 'a' TO 'b'`
    RenameValue(String, String),
    /// `RENAME TO b`
    RenameTo(Ident),
    /// `SET SCHEMA s`
    SetSchema(Ident),
    /// `ADD ATTRIBUTE a type`
    AddAttribute(Ident, Option<TypeName>),
    /// `DROP ATTRIBUTE a`; true with IF EXISTS
    DropAttribute(Ident, bool),
    /// `ALTER ATTRIBUTE a TYPE ty`
    AlterAttribute(Ident, Option<TypeName>),
    /// `RENAME ATTRIBUTE a TO b`
    RenameAttribute(Ident, Ident),
    /// `OWNER TO` and the like.
    Other,
}

/// `ALTER DOMAIN`
#[derive(Clone, Debug, PartialEq)]
pub struct AlterDomain {
    /// Which one.
    pub name: ObjectName,
    /// What happens.
    pub action: AlterDomainAction,
}

/// An action of ALTER DOMAIN.
#[derive(Clone, Debug, PartialEq)]
pub enum AlterDomainAction {
    /// `SET DEFAULT expr`
    SetDefault(Expr),
    /// `DROP DEFAULT`
    DropDefault,
    /// `SET NOT NULL`
    SetNotNull,
    /// `DROP NOT NULL`
    DropNotNull,
    /// `ADD [CONSTRAINT name] CHECK (…)`
    AddConstraint(ColumnConstraint),
    /// `DROP CONSTRAINT name`
    DropConstraint(Ident),
    /// `RENAME CONSTRAINT a TO b`
    RenameConstraint(Ident, Ident),
    /// `RENAME TO b`
    RenameTo(Ident),
    /// `SET SCHEMA s`
    SetSchema(Ident),
    /// `OWNER TO`, `VALIDATE CONSTRAINT`
    Other,
}

/// `ALTER SCHEMA`
#[derive(Clone, Debug, PartialEq)]
pub struct AlterSchema {
    /// Which one.
    pub name: Ident,
    /// `RENAME TO b`
    pub rename_to: Option<Ident>,
}

/// `ALTER FUNCTION` and its kin.
#[derive(Clone, Debug, PartialEq)]
pub struct AlterFunction {
    /// Which one.
    pub function: FunctionSignature,
    /// `RENAME TO b`
    pub rename_to: Option<Ident>,
    /// `SET SCHEMA s`
    pub set_schema: Option<Ident>,
}

/// `DROP …`
#[derive(Clone, Debug, PartialEq)]
pub struct Drop {
    /// What kind of thing.
    pub object: ObjectKind,
    /// `IF EXISTS`
    pub if_exists: bool,
    /// Which ones. For triggers, rules and policies: their names, with [`Self::on`] the table.
    pub names: Vec<ObjectName>,
    /// Signatures of functions (same order as `names`), `None` without a list.
    pub arguments: Vec<Option<Vec<Parameter>>>,
    /// `ON t` of triggers, rules and policies
    pub on: Option<ObjectName>,
    /// `CASCADE`
    pub cascade: bool,
}

/// `COMMENT ON`
#[derive(Clone, Debug, PartialEq)]
pub struct Comment {
    /// What kind of thing.
    pub object: ObjectKind,
    /// The object; for columns the relation; for constraints, triggers, rules and policies the relation they stand on.
    pub name: Option<ObjectName>,
    /// The column (or constraint, trigger…).
    pub part: Option<Ident>,
    /// The text; `None` for `IS NULL`.
    pub text: Option<String>,
}

/// `GRANT`, `REVOKE`
#[derive(Clone, Debug, PartialEq)]
pub struct Grant {
    /// Columns in `SELECT (a, b)`.
    pub columns: Vec<Ident>,
    /// The relations.
    pub relations: Vec<ObjectName>,
}
