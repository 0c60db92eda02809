//! What an analysis says.

use crate::diagnostic::Access;
use crate::schema::QualifiedName;
use crate::source::Span;
use crate::syntax::sql::Skip;

/// Everything said about one text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Analysis {
    /// Every table and column that a name in the text was found to mean. What `*` expands to is not listed.
    pub references: Vec<SqlReference>,
    /// What PostgreSQL would refuse.
    pub problems: Vec<Problem>,
    /// Columns of the last statement's result, in order; `None` where nobody can tell, or it gives none.
    pub outputs: Option<Vec<Output>>,
    /// Statements that were not read, and why.
    pub skipped: Vec<(Skip, Span)>,
    /// Statements that were read.
    pub statements: usize,
    /// Nothing was skipped, no hole was met.
    pub complete: bool,
}

/// A use of a table or column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqlReference {
    /// The bytes of the name, in the template's text.
    pub span: Span,
    /// The relation.
    pub relation: QualifiedName,
    /// The column; `None` for the relation itself.
    pub column: Option<String>,
    /// What is done with it.
    pub access: Access,
}

/// Something PostgreSQL would refuse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Which rule says it.
    pub kind: ProblemKind,
    /// The exact token, in the template's text.
    pub span: Span,
    /// One line, names in backticks.
    pub message: String,
    /// At most a warning: the statement defines things and may be older than the schema, or it was read around a broken part.
    pub doubtful: bool,
    /// What to do, where there is more to say than a suggested name.
    pub help: Option<String>,
    /// Schema of the relation in question.
    pub schema: Option<String>,
    /// The relation in question.
    pub table: Option<String>,
    /// The column in question.
    pub column: Option<String>,
    /// The one name that was probably meant (as PostgreSQL's hint has it, where it gives one).
    pub suggestion: Option<String>,
    /// Relations that were in scope.
    pub candidates: Vec<QualifiedName>,
    /// Where a column was named without its table: relations of the innermost FROM clause, each as often as it stands there.
    pub beside: Vec<QualifiedName>,
}

/// Which rule a problem belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProblemKind {
    /// A relation, or an alias that is not in scope.
    UnknownTable,
    /// A column.
    UnknownColumn,
    /// Two columns could be meant.
    AmbiguousColumn,
    /// The same name twice in FROM.
    DuplicateAlias,
    /// A function in a schema that is known.
    UnknownFunction,
    /// A label an enum does not have.
    UnknownEnumValue,
    /// A NOT NULL column without default is left out.
    MissingRequiredColumn,
    /// A generated column, or one that is always an identity.
    GeneratedColumnWrite,
    /// More or fewer values than columns.
    InsertArity,
    /// NULL for a NOT NULL column.
    NullIntoNotNull,
    /// No unique constraint or index fits.
    InvalidConflictTarget,
    /// A constant that its column's type cannot read.
    TypeMismatch,
}

impl ProblemKind {
    /// The rule's name.
    pub fn rule(self) -> &'static str {
        match self {
            ProblemKind::UnknownTable => "unknown-table",
            ProblemKind::UnknownColumn => "unknown-column",
            ProblemKind::AmbiguousColumn => "ambiguous-column",
            ProblemKind::DuplicateAlias => "duplicate-alias",
            ProblemKind::UnknownFunction => "unknown-function",
            ProblemKind::UnknownEnumValue => "unknown-enum-value",
            ProblemKind::MissingRequiredColumn => "missing-required-column",
            ProblemKind::GeneratedColumnWrite => "generated-column-write",
            ProblemKind::InsertArity => "insert-arity",
            ProblemKind::NullIntoNotNull => "null-into-not-null",
            ProblemKind::InvalidConflictTarget => "invalid-conflict-target",
            ProblemKind::TypeMismatch => "type-mismatch",
        }
    }
}

/// A column of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Its name.
    pub name: String,
    /// Its type in SQL, where known.
    pub ty: Option<String>,
    /// Whether it may be NULL (true where nobody can tell).
    pub nullable: bool,
    /// Its type in full, where it has a length, a scale, or is a domain.
    pub(crate) exact: Option<String>,
    /// The table's column it is, where it is one unchanged.
    pub source: Option<(QualifiedName, String)>,
}
