//! The tree of one Python file.

use serde::{Deserialize, Serialize};

use super::literal::StrLit;
use super::words::Words;
use crate::source::Span;
use crate::symbol::Symbol;

/// Nothing nests deeper than this; what does becomes [`ExprKind::Opaque`] or [`StmtKind::Opaque`].
///
/// Statements and expressions count by themselves, and `.name(…)` counts as one level. A longer `a + b + …`, `a | b | …` or `a and b and …` is a
/// balanced tree instead of a left-leaning one, which means the same to any reader of ours and nests only by its logarithm.
pub const MAX_DEPTH: usize = 200;

/// An identifier with its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ident {
    /// The identifier.
    pub name: Symbol,
    /// Its bytes.
    pub span: Span,
}

impl Ident {
    /// The identifier as text.
    pub fn as_str(&self) -> &'static str {
        self.name.as_str()
    }
}

/// An expression.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Expr {
    /// Its bytes, without parentheses around it.
    pub span: Span,
    /// What it is.
    pub kind: ExprKind,
}

/// A list behind one pointer (a boxed slice takes two words): few nodes hold one, and all would have to be as large.
pub type Items<T> = Box<Vec<T>>;

/// The kinds of expressions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ExprKind {
    /// `name`
    Name(Symbol),
    /// `value.attr`
    Attribute(Box<Attribute>),
    /// `func(args)`
    Call(Box<Call>),
    /// `value[index]`
    Subscript(Box<(Expr, Expr)>),
    /// A string, f-string or implicit concatenation of them. Byte strings are `Bytes`.
    Str(Box<StrLit>),
    /// `b"…"`
    Bytes(Box<StrLit>),
    /// An integer that fits.
    Int(i64),
    /// Any other number.
    Number,
    /// `True`, `False`
    Bool(bool),
    /// `None`
    None,
    /// `...`
    Ellipsis,
    /// `(a, b)` or bare `a, b`
    Tuple(Items<Expr>),
    /// `[a, b]`
    List(Items<Expr>),
    /// `{a, b}`
    Set(Items<Expr>),
    /// `{k: v, **spread}`
    Dict(Items<DictItem>),
    /// `a + b`, `a % b`, `a | b`…
    Binary(Box<(Expr, BinaryOp, Expr)>),
    /// `a and b`, `a or b`; `true` for `and`.
    BoolOp(Box<(Expr, bool, Expr)>),
    /// `a < b <= c`: the operands, and between each two the operator as written (`==`, `in`, `not in`, `is`…).
    Compare(Box<(Vec<Expr>, Vec<Symbol>)>),
    /// `not a`, `-a`, `~a`, `+a`: the operator as written.
    Unary(Box<(Symbol, Expr)>),
    /// `body if test else orelse`, as (test, body, orelse)
    Conditional(Box<(Expr, Expr, Expr)>),
    /// `lambda params: body`
    Lambda(Box<(Vec<Param>, Expr)>),
    /// `[elt for …]`, `{elt for …}`, `{k: v for …}`, `(elt for …)`
    Comprehension(Box<Comprehension>),
    /// `await value`
    Await(Box<Expr>),
    /// `yield value`, `yield from value`
    Yield(Option<Box<Expr>>),
    /// `*value` outside of calls
    Starred(Box<Expr>),
    /// `target := value`
    Named(Box<(Ident, Expr)>),
    /// `a:b:c` inside a subscript
    Slice,
    /// Anything else, or too deep, or broken.
    Opaque,
}

/// `value.attr`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attribute {
    /// What stands before the dot.
    pub value: Expr,
    /// The name behind it.
    pub attr: Ident,
}

/// `func(args)`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// What is called.
    pub func: Expr,
    /// Arguments in their order.
    pub args: Vec<Arg>,
}

impl Call {
    /// The positional argument `n` (from 0); `None` if there are fewer, or a `*spread` comes before it.
    pub fn positional(&self, n: usize) -> Option<&Expr> {
        let mut left = n;
        for a in &self.args {
            match a.kind {
                ArgKind::Positional if left == 0 => return Some(&a.value),
                ArgKind::Positional => left -= 1,
                ArgKind::Spread => return None,
                ArgKind::Keyword(_) | ArgKind::DoubleSpread => {}
            }
        }
        None
    }

    /// The keyword argument of that name.
    pub fn keyword(&self, name: &str) -> Option<&Expr> {
        self.args.iter().find(|a| matches!(a.kind, ArgKind::Keyword(k) if k.name == name)).map(|a| &a.value)
    }

    /// The argument given as position `n` or under `name`.
    pub fn argument(&self, n: usize, name: &str) -> Option<&Expr> {
        self.positional(n).or_else(|| self.keyword(name))
    }

    /// All keyword arguments.
    pub fn keywords(&self) -> impl Iterator<Item = (Ident, &Expr)> {
        self.args.iter().filter_map(|a| if let ArgKind::Keyword(k) = a.kind { Some((k.ident(), &a.value)) } else { None })
    }

    /// All positional arguments that are not spread.
    pub fn positionals(&self) -> impl Iterator<Item = &Expr> {
        self.args.iter().filter(|a| matches!(a.kind, ArgKind::Positional)).map(|a| &a.value)
    }
}

/// An argument of a call, or a base in a class header.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Arg {
    /// How it is passed.
    pub kind: ArgKind,
    /// What is passed.
    pub value: Expr,
}

/// The name in `name=value`. Of its place only the beginning is kept, so that an [`ArgKind`] is no larger than a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keyword {
    /// The identifier.
    pub name: Symbol,
    start: u32,
    /// Leaves the compiler room for the other kinds of arguments.
    room: Room,
}

/// See [`Keyword`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[repr(u8)]
enum Room {
    Empty,
}

impl Keyword {
    /// The identifier as text.
    pub fn as_str(&self) -> &'static str {
        self.name.as_str()
    }

    /// Its bytes.
    pub fn span(&self) -> Span {
        Span { start: self.start, end: self.start + u32::try_from(self.name.len()).unwrap_or(u32::MAX - self.start) }
    }

    /// With its place.
    pub fn ident(&self) -> Ident {
        Ident { name: self.name, span: self.span() }
    }
}

impl From<Ident> for Keyword {
    fn from(name: Ident) -> Self {
        Self { name: name.name, start: name.span.start, room: Room::Empty }
    }
}

/// How an argument is passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ArgKind {
    /// `f(a)`
    Positional,
    /// `f(name=a)`
    Keyword(Keyword),
    /// `f(*a)`
    Spread,
    /// `f(**a)`
    DoubleSpread,
}

/// An entry of a dict display.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum DictItem {
    /// `k: v`
    Pair(Expr, Expr),
    /// `**v`
    Spread(Expr),
}

/// Binary operators that matter; the rest is `Other`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "their names say it")]
pub enum BinaryOp {
    Add,
    Sub,
    Mul,
    Div,
    Mod,
    BitOr,
    BitAnd,
    RightShift,
    Other,
}

/// A comprehension or generator expression.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comprehension {
    /// What it builds.
    pub kind: ComprehensionKind,
    /// The element; a dict's key.
    pub element: Expr,
    /// A dict's value.
    pub value: Option<Expr>,
    /// `for target in iter if …`
    pub clauses: Vec<CompFor>,
}

/// What a comprehension builds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "their names say it")]
pub enum ComprehensionKind {
    List,
    Set,
    Dict,
    Generator,
}

/// `for target in iter if conditions`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CompFor {
    /// What is bound.
    pub target: Expr,
    /// What is looped over.
    pub iter: Expr,
    /// Conditions behind it.
    pub conditions: Vec<Expr>,
}

/// A parameter of a function.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Param {
    /// Its name.
    pub name: Ident,
    /// How it is taken.
    pub kind: ParamKind,
    /// Its annotation.
    pub annotation: Option<Expr>,
    /// Its default.
    pub default: Option<Expr>,
}

/// How a parameter is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ParamKind {
    /// By position or name.
    Plain,
    /// Behind `*` or `*args`: by name only.
    KeywordOnly,
    /// `*args`
    Args,
    /// `**kwargs`
    Kwargs,
}

/// A statement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stmt {
    /// Its bytes (a decorated definition's begin at the first decorator).
    pub span: Span,
    /// What it is.
    pub kind: StmtKind,
}

/// `context as target`
pub type WithItem = (Expr, Option<Expr>);

/// A list of statements.
pub type Body = Vec<Stmt>;

/// The kinds of statements.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum StmtKind {
    /// `import a.b as c, d`
    Import(Items<ImportName>),
    /// `from ..a import b as c`
    ImportFrom(Box<ImportFrom>),
    /// `a = b = value`
    Assign(Box<(Vec<Expr>, Expr)>),
    /// `target: annotation = value`
    AnnAssign(Box<(Expr, Expr, Option<Expr>)>),
    /// `target += value`
    AugAssign(Box<(Expr, BinaryOp, Expr)>),
    /// An expression as a statement.
    Expr(Box<Expr>),
    /// A string without holes as a statement: a docstring, or what stands in for a comment. Nobody asks what it says.
    Prose,
    /// `return value`
    Return(Option<Box<Expr>>),
    /// `raise value`
    Raise(Option<Box<Expr>>),
    /// `del targets`
    Delete(Items<Expr>),
    /// `assert test, message`: only the test.
    Assert(Box<Expr>),
    /// `global a` / `nonlocal a`
    Global(Items<Symbol>),
    /// `if`, with `elif` as an `If` alone in `orelse`
    If(Box<If>),
    /// `for`, `async for`
    For(Box<For>),
    /// `while`
    While(Box<(Expr, Body, Body)>),
    /// `with`, `async with`: items as (context, target)
    With(Box<(Vec<WithItem>, Body)>),
    /// `try`
    Try(Box<Try>),
    /// `match`: subject, and for each case its guard and body. Patterns are kept as the names they bind and the class names they use.
    Match(Box<(Expr, Vec<Case>)>),
    /// `def`, `async def`
    Function(Box<Function>),
    /// `class`
    Class(Box<Class>),
    /// `type X = value` (PEP 695)
    TypeAlias(Box<(Ident, Expr)>),
    /// `pass`, `break`, `continue`
    Nothing,
    /// Broken, too deep, or something no one asked for.
    Opaque,
}

/// One name of `import`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImportName {
    /// `a.b`
    pub module: Symbol,
    /// `as` name.
    pub alias: Option<Symbol>,
    /// Its bytes.
    pub span: Span,
}

/// `from … import …`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImportFrom {
    /// How many leading dots.
    pub level: u32,
    /// `a.b`, empty for `from . import x`.
    pub module: Symbol,
    /// (name, alias); a star import is the name `*`.
    pub names: Vec<(Ident, Option<Symbol>)>,
}

/// `if`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "Python's own terms")]
pub struct If {
    pub test: Expr,
    pub body: Body,
    pub orelse: Body,
}

/// `for`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "Python's own terms")]
pub struct For {
    pub target: Expr,
    pub iter: Expr,
    pub body: Body,
    pub orelse: Body,
}

/// `try`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "Python's own terms")]
pub struct Try {
    pub body: Body,
    pub handlers: Vec<Handler>,
    pub orelse: Body,
    pub finally: Body,
}

/// `except kind as name: body`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "Python's own terms")]
pub struct Handler {
    pub kind: Option<Expr>,
    pub name: Option<Symbol>,
    pub body: Body,
}

/// `case pattern if guard: body`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// Names the pattern binds.
    pub binds: Vec<Ident>,
    /// The class of a class pattern `Name(...)` at the top.
    pub class: Option<Expr>,
    /// `if guard`
    pub guard: Option<Expr>,
    /// The body.
    pub body: Body,
}

/// `def`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Function {
    /// Its name.
    pub name: Ident,
    /// Decorator expressions, first first.
    pub decorators: Vec<Expr>,
    /// Parameters.
    pub params: Vec<Param>,
    /// `-> returns`
    pub returns: Option<Expr>,
    /// Body.
    pub body: Body,
    /// `async def`
    pub is_async: bool,
}

/// `class`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Class {
    /// Its name.
    pub name: Ident,
    /// Decorator expressions, first first.
    pub decorators: Vec<Expr>,
    /// Bases and keywords of the header.
    pub bases: Vec<Arg>,
    /// Body.
    pub body: Body,
}

/// A comment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comment {
    /// With its `#`.
    pub span: Span,
    /// The text behind `#`, kept only for comments that mention `dbtruth`.
    pub text: Box<str>,
}

/// A place the parser could not make sense of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyntaxError {
    /// The bytes of the error node, cut to its first line.
    pub span: Span,
    /// One line.
    pub message: String,
}

/// Two million lines are twenty million expressions: a word more in each is felt.
const _: () = {
    assert!(size_of::<Expr>() == 24);
    assert!(size_of::<Stmt>() == 24);
    assert!(size_of::<Arg>() == 40);
    assert!(size_of::<Call>() == 48);
};

/// One file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Module {
    /// Its statements.
    pub body: Body,
    /// Comments that mention `dbtruth`.
    pub comments: Vec<Comment>,
    /// Where the parser stumbled.
    pub errors: Vec<SyntaxError>,
    /// What else its text says.
    pub words: Words,
}
