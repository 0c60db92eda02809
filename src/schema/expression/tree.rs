//! What an expression is made of, after parsing.

/// An expression. Parentheses are gone; the printer puts back those that are needed.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    /// `a`, `t.a`
    Name(Vec<String>),
    /// A string constant without a type.
    String(String),
    /// A number, with its sign.
    Number(String),
    /// Printed as it stands: `null`, `true`, `current_timestamp`, `B'1'`, `$1`, `*`.
    Word(String),
    /// `f(args)`: the name's parts, `distinct`, the arguments, and what stands behind them (`filter (…)`, `over (…)`), which is not understood.
    Call(Vec<String>, bool, Vec<Node>),
    /// `name := value` as an argument
    Named(String, Box<Node>),
    /// `expr::type`, the type as written
    Cast(Box<Node>, String),
    /// `-a`, `@a`
    Unary(String, Box<Node>),
    /// `a op b`; also `like`, `not like`, `ilike`, `similar to`, `is distinct from`…
    Binary(String, Box<Node>, Box<Node>),
    /// `a and b and c`
    And(Vec<Node>),
    /// `a or b or c`
    Or(Vec<Node>),
    /// `not a`
    Not(Box<Node>),
    /// `a is null`, `a is not true`: the words behind IS
    Is(Box<Node>, String),
    /// `a [not] in (list)`; true for NOT
    In(Box<Node>, bool, Vec<Node>),
    /// `a op any (b)`: operator, `any` or `all`
    Quantified(Box<Node>, String, String, Box<Node>),
    /// `case`
    Case(Option<Box<Node>>, Vec<(Node, Node)>, Option<Box<Node>>),
    /// `array[…]`
    Array(Vec<Node>),
    /// `row(…)`, `(a, b)`
    Row(Vec<Node>),
    /// `a[1]`, `a[1:2]`: bounds; a missing bound is an empty word
    Subscript(Box<Node>, Vec<Node>),
    /// `(a).field`
    Field(Box<Node>, String),
    /// `a collate "C"`
    Collate(Box<Node>, Vec<String>),
    /// `a at time zone b`
    AtTimeZone(Box<Node>, Box<Node>),
    /// `extract(field from a)`
    Extract(String, Box<Node>),
    /// `position(a in b)`
    Position(Box<Node>, Box<Node>),
}
