//! Expressions.

use super::{Ident, ObjectName, OrderItem, Query, TypeName};
use crate::source::Span;

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// Its bytes, without parentheses around it.
    pub span: Span,
    /// What it is.
    pub kind: ExprKind,
}

/// The kinds of expressions.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// `a`, `t.a`, `s.t.a`, `db.s.t.a` (a whole row where the last part names a relation)
    Column(Vec<Ident>),
    /// `*`, `t.*`, `s.t.*`: the parts before the star. Only in target lists, `row(…)`, and `count(*)`-like calls.
    Star(Vec<Ident>),
    /// `(expr).field`
    Field(Box<Expr>, Ident),
    /// `(expr).*`
    FieldStar(Box<Expr>),
    /// `expr[…]`; the bounds of a slice are both listed. `true` for a slice.
    Index(Box<Expr>, Vec<Expr>, bool),
    /// A string constant, decoded.
    String(String),
    /// A number as written.
    Number(String),
    /// `B'…'`, `X'…'`
    BitString,
    /// `true`, `false`
    Bool(bool),
    /// `NULL`
    Null,
    /// `DEFAULT`
    Default,
    /// A placeholder of any style.
    Param,
    /// Something put in at run time that may be anything.
    Hole,
    /// `f(…)`
    Call(Box<Call>),
    /// `expr::type`, `CAST(expr AS type)`, `date '2020-01-01'`
    Cast(Box<Expr>, TypeName),
    /// Any other operator with two operands.
    Binary(Box<Binary>),
    /// A prefix operator (`-`, `+`, `@`, `NOT` is [`ExprKind::Not`])
    Unary(String, Box<Expr>),
    /// `a AND b AND c`
    And(Vec<Expr>),
    /// `a OR b OR c`
    Or(Vec<Expr>),
    /// `NOT a`
    Not(Box<Expr>),
    /// `a IS NULL`, `a ISNULL`; with `true`, `a IS NOT NULL`, `a NOTNULL`
    IsNull(Box<Expr>, bool),
    /// `a IS [NOT] TRUE|FALSE|UNKNOWN|DOCUMENT|NORMALIZED|JSON…`
    IsTest(Box<Expr>),
    /// `a IS [NOT] DISTINCT FROM b`
    IsDistinct(Box<(Expr, Expr)>),
    /// `a [NOT] IN (b, c)`
    In(Box<Expr>, Vec<Expr>),
    /// `a [NOT] IN (query)`
    InQuery(Box<Expr>, Box<Query>),
    /// `a [NOT] BETWEEN b AND c`
    Between(Box<(Expr, Expr, Expr)>),
    /// `a [NOT] LIKE|ILIKE|SIMILAR TO b [ESCAPE c]`: the operands
    Like(Vec<Expr>),
    /// `a op ANY|SOME|ALL (array)`
    AnyArray(Box<(Expr, Expr)>, String),
    /// `a op ANY|SOME|ALL (query)`
    AnyQuery(Box<(Expr, Query)>, String),
    /// `CASE`
    Case(Box<Case>),
    /// `ARRAY[…]` and nested brackets
    Array(Vec<Expr>),
    /// `ARRAY(query)`
    ArrayQuery(Box<Query>),
    /// `ROW(…)` and `(a, b)`
    Row(Vec<Expr>),
    /// `(query)`
    Query(Box<Query>),
    /// `EXISTS (query)`
    Exists(Box<Query>),
    /// `a COLLATE c`
    Collate(Box<Expr>, ObjectName),
    /// `a AT TIME ZONE b`, `a AT LOCAL`
    AtTimeZone(Vec<Expr>),
    /// `CURRENT_DATE`, `CURRENT_USER`… in lower case
    SqlValue(String),
    /// `GROUPING(a, b)`
    Grouping(Vec<Expr>),
    /// SQL's own call syntax (`extract`, `overlay`, `xmlelement`, `json_value`…): its name in lower case, and everything in it that may hold references
    Special(String, Vec<Expr>),
    /// `name := value`, `name => value`, `VARIADIC value` as arguments of a call
    Named(Ident, Box<Expr>),
    /// The parser does not read it, or it nests too deep.
    Broken,
}

/// `left op right`
#[derive(Clone, Debug, PartialEq)]
pub struct Binary {
    /// The operator as written, `OPERATOR(s.+)` reduced to `+`; words in lower case.
    pub op: String,
    /// Its bytes.
    pub op_span: Span,
    /// Left operand.
    pub left: Expr,
    /// Right operand.
    pub right: Expr,
}

/// `f(args)`
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// What is called.
    pub name: ObjectName,
    /// `f(*)`
    pub star: bool,
    /// `f(DISTINCT …)`
    pub distinct: bool,
    /// One argument was marked `VARIADIC`.
    pub variadic: bool,
    /// Arguments; named ones are [`ExprKind::Named`].
    pub args: Vec<Expr>,
    /// `f(x ORDER BY y)`
    pub order_by: Vec<OrderItem>,
    /// `WITHIN GROUP (ORDER BY y)`
    pub within_group: Vec<OrderItem>,
    /// `FILTER (WHERE x)`
    pub filter: Option<Expr>,
    /// `OVER …`
    pub over: Option<Over>,
}

/// `OVER …`
#[derive(Clone, Debug, PartialEq)]
pub enum Over {
    /// `OVER w`
    Name(Ident),
    /// `OVER (…)`
    Window(Window),
}

/// A window definition.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// The window it starts from.
    pub base: Option<Ident>,
    /// `PARTITION BY`
    pub partition_by: Vec<Expr>,
    /// `ORDER BY`
    pub order_by: Vec<OrderItem>,
    /// Offsets of the frame's bounds.
    pub frame: Vec<Expr>,
}

/// `CASE`
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// `CASE operand WHEN`
    pub operand: Option<Expr>,
    /// `WHEN a THEN b`
    pub whens: Vec<(Expr, Expr)>,
    /// `ELSE c`
    pub otherwise: Option<Expr>,
}
