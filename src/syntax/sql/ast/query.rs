//! Queries and the statements that write rows.

use super::{Expr, Ident, ObjectName, Statement, TypeName, Window};
use crate::source::Span;

/// A query with everything that may stand around it.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// Its bytes.
    pub span: Span,
    /// `WITH`
    pub with: Option<With>,
    /// What gives the rows.
    pub body: QueryBody,
    /// `ORDER BY`
    pub order_by: Vec<OrderItem>,
    /// `LIMIT`, `OFFSET`, `FETCH FIRST`: their expressions.
    pub limits: Vec<Expr>,
    /// `FOR UPDATE OF t`: the names behind OF, each clause.
    pub locks: Vec<Vec<ObjectName>>,
}

/// What gives the rows of a query.
#[derive(Clone, Debug, PartialEq)]
pub enum QueryBody {
    /// `SELECT`
    Select(Box<Select>),
    /// `VALUES`
    Values(Vec<Vec<Expr>>),
    /// `TABLE t`
    Table(ObjectName),
    /// `a UNION b UNION ALL c…`, flattened over equal nesting to the left: at least two members.
    SetOperation(Box<SetOperation>),
    /// `(query)`
    Nested(Box<Query>),
    /// The parser does not read it.
    Broken,
}

/// `left UNION right`
#[derive(Clone, Debug, PartialEq)]
pub struct SetOperation {
    /// `union`, `intersect`, `except`
    pub op: SetOperator,
    /// Left side.
    pub left: Query,
    /// Right side.
    pub right: Query,
}

/// Which set operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "their names say it")]
pub enum SetOperator {
    Union,
    Intersect,
    Except,
}

/// `WITH [RECURSIVE] …`
#[derive(Clone, Debug, PartialEq)]
pub struct With {
    /// `RECURSIVE`
    pub recursive: bool,
    /// In order.
    pub ctes: Vec<Cte>,
}

/// `name (columns) AS (statement)`
#[derive(Clone, Debug, PartialEq)]
pub struct Cte {
    /// Its name.
    pub name: Ident,
    /// Column aliases.
    pub columns: Vec<Ident>,
    /// A query, or INSERT, UPDATE, DELETE, MERGE.
    pub statement: Statement,
    /// `SEARCH … BY a, b SET c`: (columns, new column)
    pub search: Option<(Vec<Ident>, Ident)>,
    /// `CYCLE a, b SET c USING d`: (columns, [c, d])
    pub cycle: Option<(Vec<Ident>, Vec<Ident>)>,
}

/// One `SELECT`.
#[derive(Clone, Debug, PartialEq)]
pub struct Select {
    /// Its bytes.
    pub span: Span,
    /// `DISTINCT ON (…)`; plain DISTINCT leaves it empty.
    pub distinct_on: Vec<Expr>,
    /// `DISTINCT`
    pub distinct: bool,
    /// What is selected.
    pub targets: Vec<Target>,
    /// `INTO t`: the table it creates.
    pub into: Option<ObjectName>,
    /// `FROM`
    pub from: Vec<FromItem>,
    /// `WHERE`
    pub condition: Option<Expr>,
    /// `GROUP BY`: all expressions, those inside GROUPING SETS, ROLLUP and CUBE too.
    pub group_by: Vec<Expr>,
    /// GROUPING SETS, ROLLUP or CUBE stand among them: what is grouped by is NULL in some rows.
    pub grouping_sets: bool,
    /// `HAVING`
    pub having: Option<Expr>,
    /// `WINDOW w AS (…)`
    pub windows: Vec<(Ident, Window)>,
}

/// An item of a target list.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// What is computed.
    pub expr: Expr,
    /// `AS alias`
    pub alias: Option<Ident>,
}

/// An item of ORDER BY.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderItem {
    /// What is sorted by.
    pub expr: Expr,
}

/// Something in FROM.
#[derive(Clone, Debug, PartialEq)]
pub struct FromItem {
    /// Its bytes.
    pub span: Span,
    /// `AS name (columns)`
    pub alias: Option<Alias>,
    /// `LATERAL`
    pub lateral: bool,
    /// What it is.
    pub kind: FromKind,
}

/// The kinds of FROM items.
#[derive(Clone, Debug, PartialEq)]
pub enum FromKind {
    /// `[ONLY] t [TABLESAMPLE m (args)]`
    Table(ObjectName, Vec<Expr>),
    /// `(query)`
    Query(Box<Query>),
    /// `f(args)`, `ROWS FROM (f(…), …)`
    Function(Box<TableFunction>),
    /// `XMLTABLE`, `JSON_TABLE`: its name in lower case, the arguments, and the columns it gives
    Columns(&'static str, Vec<Expr>, Vec<(Ident, Option<TypeName>)>),
    /// A join.
    Join(Box<Join>),
    /// The parser does not read it, or a hole stands there.
    Broken,
}

/// A function in FROM.
#[derive(Clone, Debug, PartialEq)]
pub struct TableFunction {
    /// The calls (one, or several with ROWS FROM), each with its own column definitions.
    pub calls: Vec<(Expr, Vec<ColumnDefinition>)>,
    /// `ROWS FROM (…)`
    pub rows_from: bool,
    /// `WITH ORDINALITY`
    pub ordinality: bool,
}

/// A name and a type in a column definition list.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnDefinition {
    /// The column.
    pub name: Ident,
    /// Its type.
    pub ty: Option<TypeName>,
}

/// `AS name (columns)`
#[derive(Clone, Debug, PartialEq)]
pub struct Alias {
    /// The name; `None` for `AS (a int, b text)`.
    pub name: Option<Ident>,
    /// Column aliases.
    pub columns: Vec<Ident>,
    /// Column definitions of a function that returns records.
    pub definitions: Vec<ColumnDefinition>,
}

/// A join.
#[derive(Clone, Debug, PartialEq)]
pub struct Join {
    /// How rows are kept.
    pub kind: JoinKind,
    /// `NATURAL`
    pub natural: bool,
    /// Left side.
    pub left: FromItem,
    /// Right side.
    pub right: FromItem,
    /// `ON condition`
    pub on: Option<Expr>,
    /// `USING (columns)`
    pub using: Vec<Ident>,
    /// `USING (…) AS alias`
    pub using_alias: Option<Ident>,
}

/// How a join keeps rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "their names say it")]
pub enum JoinKind {
    Inner,
    Left,
    Right,
    Full,
    Cross,
}

/// `INSERT`
#[derive(Clone, Debug, PartialEq)]
pub struct Insert {
    /// `WITH`
    pub with: Option<With>,
    /// Where to.
    pub table: ObjectName,
    /// `INSERT INTO t AS alias`
    pub alias: Option<Ident>,
    /// The columns; `None` without a list.
    pub columns: Option<Vec<AssignTarget>>,
    /// `OVERRIDING SYSTEM VALUE` (true) or `USER VALUE` (false)
    pub overriding: Option<bool>,
    /// What is inserted; `None` for `DEFAULT VALUES`.
    pub source: Option<Query>,
    /// `ON CONFLICT`
    pub on_conflict: Option<OnConflict>,
    /// `RETURNING`
    pub returning: Returning,
}

/// A column that is assigned: `a`, `a.field`, `a[1]`.
#[derive(Clone, Debug, PartialEq)]
pub struct AssignTarget {
    /// The column.
    pub column: Ident,
    /// Fields behind it.
    pub fields: Vec<Ident>,
    /// Expressions in subscripts behind it.
    pub subscripts: Vec<Expr>,
}

/// `ON CONFLICT`
#[derive(Clone, Debug, PartialEq)]
pub struct OnConflict {
    /// Its bytes.
    pub span: Span,
    /// `(a, lower(b))`: plain columns and expressions.
    pub targets: Vec<Expr>,
    /// `WHERE` of the index
    pub target_condition: Option<Expr>,
    /// `ON CONSTRAINT name`
    pub constraint: Option<Ident>,
    /// `DO UPDATE SET …`; `None` for `DO NOTHING`
    pub update: Option<(Vec<Assignment>, Option<Expr>)>,
}

/// `a = value`, `(a, b) = (…)`
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    /// One, or several in parentheses.
    pub targets: Vec<AssignTarget>,
    /// Whether the targets stand in parentheses.
    pub multiple: bool,
    /// What is assigned.
    pub value: Expr,
}

/// `UPDATE`
#[derive(Clone, Debug, PartialEq)]
pub struct Update {
    /// `WITH`
    pub with: Option<With>,
    /// What is changed.
    pub table: ObjectName,
    /// Its alias.
    pub alias: Option<Ident>,
    /// `SET`
    pub assignments: Vec<Assignment>,
    /// `FROM`
    pub from: Vec<FromItem>,
    /// `WHERE`
    pub condition: Option<Expr>,
    /// `RETURNING`
    pub returning: Returning,
}

/// `DELETE`
#[derive(Clone, Debug, PartialEq)]
pub struct Delete {
    /// `WITH`
    pub with: Option<With>,
    /// Where from.
    pub table: ObjectName,
    /// Its alias.
    pub alias: Option<Ident>,
    /// `USING`
    pub using: Vec<FromItem>,
    /// `WHERE`
    pub condition: Option<Expr>,
    /// `RETURNING`
    pub returning: Returning,
}

/// `MERGE`
#[derive(Clone, Debug, PartialEq)]
pub struct Merge {
    /// `WITH`
    pub with: Option<With>,
    /// What is changed.
    pub table: ObjectName,
    /// Its alias.
    pub alias: Option<Ident>,
    /// `USING`
    pub source: Option<FromItem>,
    /// `ON`
    pub on: Option<Expr>,
    /// `WHEN …`
    pub clauses: Vec<MergeClause>,
    /// `RETURNING`
    pub returning: Returning,
}

/// `WHEN [NOT] MATCHED [BY …] [AND condition] THEN action`
#[derive(Clone, Debug, PartialEq)]
pub struct MergeClause {
    /// Which rows.
    pub when: MergeWhen,
    /// `AND condition`
    pub condition: Option<Expr>,
    /// What happens.
    pub action: MergeAction,
}

/// Which rows a clause of MERGE is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MergeWhen {
    /// `MATCHED`
    Matched,
    /// `NOT MATCHED [BY TARGET]`: the target's columns are not visible
    NotMatchedByTarget,
    /// `NOT MATCHED BY SOURCE`: the source's columns are not visible
    NotMatchedBySource,
}

/// What a clause of MERGE does.
#[derive(Clone, Debug, PartialEq)]
pub enum MergeAction {
    /// `UPDATE SET …`
    Update(Vec<Assignment>),
    /// `INSERT (columns) VALUES (…)`; without values `DEFAULT VALUES`
    Insert {
        /// The columns; `None` without a list.
        columns: Option<Vec<AssignTarget>>,
        /// `OVERRIDING SYSTEM VALUE` (true) or `USER VALUE` (false)
        overriding: Option<bool>,
        /// The values.
        values: Option<Vec<Expr>>,
    },
    /// `DELETE`, `DO NOTHING`
    Other,
}

/// `COPY`
#[derive(Clone, Debug, PartialEq)]
pub struct Copy {
    /// What is copied.
    pub source: CopySource,
    /// `FROM` (true) or `TO` (false)
    pub from: bool,
    /// `WHERE`
    pub condition: Option<Expr>,
    /// Columns named in options (`FORCE_NULL (a, b)`).
    pub option_columns: Vec<Ident>,
}

/// What COPY copies.
#[derive(Clone, Debug, PartialEq)]
pub enum CopySource {
    /// `t (a, b)`
    Table(ObjectName, Vec<Ident>),
    /// `(query)`
    Query(Box<Statement>),
}

/// `RETURNING [WITH (OLD AS o, NEW AS n)] …`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Returning {
    /// What is returned; empty without the clause.
    pub targets: Vec<Target>,
    /// Another name for the row as it was.
    pub old: Option<Ident>,
    /// Another name for the row as it became.
    pub new: Option<Ident>,
}
