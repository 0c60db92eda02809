//! Expressions.

use tree_sitter::Node;
use ustr::{Ustr, ustr};

use super::Lowerer;
use super::string::Builder;
use crate::source::Span;
use crate::syntax::python::ast::{
    Arg, ArgKind, Attribute, BinaryOp, Call, CompFor, Comprehension, ComprehensionKind, DictItem, Expr, ExprKind, Ident, MAX_DEPTH, Param, ParamKind,
};
use crate::syntax::python::kinds::Kind;

/// Chains of one operator up to this many operands keep their left-leaning shape.
const LEANING: usize = 16;

/// An operator that may be regrouped freely, as far as any reader of ours can tell.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Joint {
    Binary(BinaryOp),
    Bool(bool),
}

/// How many times in a row the same operator joined the chain at hand.
#[derive(Default)]
struct Run {
    joint: Option<Joint>,
    len: usize,
}

impl<'t> Lowerer<'t> {
    /// The expression at the cursor. Its node must hold no error.
    pub(super) fn expr(&mut self) -> Expr {
        let outer = std::mem::replace(&mut self.tallest, 0);
        let value = if self.depth >= MAX_DEPTH {
            self.too_deep();
            self.opaque()
        } else {
            self.depth += 1;
            let value = self.chain();
            self.depth -= 1;
            value
        };
        self.tallest = self.tallest.max(outer);
        value
    }

    /// An expression that may hold an error: the head of a compound statement.
    pub(super) fn header(&mut self) -> Expr {
        if self.has_error() {
            self.note_error();
            return self.opaque();
        }
        self.expr()
    }

    pub(super) fn opaque(&self) -> Expr {
        Expr { span: self.span(), kind: ExprKind::Opaque }
    }

    /// A leaf, and everything that hangs on it to the right: `leaf.a(b)[c] + d and e`.
    fn chain(&mut self) -> Expr {
        let base = self.spine.len();
        let mut kind = self.kind();
        while matches!(kind, Kind::Attribute | Kind::Call | Kind::Subscript | Kind::Binary | Kind::Boolean) {
            let node = self.node;
            let Some(inner) = self.down() else { break };
            self.spine.push((kind, node));
            kind = inner;
        }
        let star = (kind == Kind::ListSplatPattern || kind == Kind::ListSplat) && self.spine.len() > base;
        let mut value = if star { self.only() } else { self.leaf(kind) };
        let (outer, inner) = (self.span().start, value.span.start);
        self.tallest += 1;
        let mut run = Run::default();
        while self.spine.len() > base
            && let Some((kind, whole)) = self.spine.pop()
        {
            value = match kind {
                Kind::Binary | Kind::Boolean => self.joined(value, kind, whole, &mut run),
                _ => {
                    self.regroup(&mut value, &mut run);
                    // `.name(…)` is one level.
                    let called = kind == Kind::Attribute && self.spine.len() > base && self.spine.last().is_some_and(|s| s.0 == Kind::Call);
                    let value = self.linked(value, kind, whole);
                    self.tallest += usize::from(!called);
                    value
                }
            };
            if star && value.span.start == outer {
                value.span.start = inner;
            }
            if self.tallest >= MAX_DEPTH {
                self.too_deep();
                value = Expr { span: value.span, kind: ExprKind::Opaque };
                self.tallest = 1;
            }
        }
        self.regroup(&mut value, &mut run);
        if star {
            // The grammar may read `*f(x)` as `(*f)(x)`.
            return Expr { span: Span { start: outer, end: value.span.end }, kind: ExprKind::Starred(Box::new(value)) };
        }
        value
    }

    /// `value.name`, `value(…)`, `value[…]`: the cursor goes from `value` up to the whole.
    fn linked(&mut self, value: Expr, kind: Kind, whole: Node<'t>) -> Expr {
        let made = match kind {
            Kind::Attribute => {
                let mut attr = Ident { name: Ustr::default(), span: Span::default() };
                while let Some(kind) = self.next() {
                    if kind == Kind::Identifier {
                        attr = self.ident();
                        break;
                    }
                }
                ExprKind::Attribute(Box::new(Attribute { value, attr }))
            }
            Kind::Call => {
                let args = match self.next() {
                    Some(Kind::ArgumentList) => self.arguments(),
                    Some(Kind::Generator) => vec![Arg { kind: ArgKind::Positional, value: self.expr() }],
                    _ => Vec::new(),
                };
                ExprKind::Call(Box::new(Call { func: value, args }))
            }
            _ => {
                let start = self.span().end as usize;
                let (mut items, mut commas) = (Vec::new(), 0);
                while let Some(kind) = self.next() {
                    match kind {
                        Kind::Comma => commas += 1,
                        kind if kind.is_token() => {}
                        _ => items.push(self.expr()),
                    }
                }
                ExprKind::Subscript(Box::new((value, index(items, commas > 0, start))))
            }
        };
        self.up(whole);
        Expr { span: self.span(), kind: made }
    }

    /// `left op right`, `left and right`: the cursor goes from `left` up to the whole.
    fn joined(&mut self, mut left: Expr, kind: Kind, whole: Node<'t>, run: &mut Run) -> Expr {
        let word = self.next();
        let op = self.here();
        let joint = match kind {
            Kind::Boolean => Joint::Bool(word == Some(Kind::AndWord)),
            _ => Joint::Binary(binary_op(op)),
        };
        let free = matches!(joint, Joint::Bool(_) | Joint::Binary(BinaryOp::Add | BinaryOp::BitOr | BinaryOp::BitAnd));
        if run.joint != Some(joint) || !free {
            self.regroup(&mut left, run);
            run.joint = Some(joint);
        }
        run.len += 1;
        let right = match self.next() {
            Some(_) => self.expr(),
            None => self.opaque(),
        };
        self.up(whole);
        let span = self.span();
        if !free {
            self.regroup_height(run);
        }
        Expr { span, kind: join(joint, left, right) }
    }

    /// Ends a run of one operator: a long one becomes a balanced tree.
    fn regroup(&mut self, value: &mut Expr, run: &mut Run) {
        if let Some(joint) = run.joint
            && run.len > LEANING
        {
            let mut operands = Vec::with_capacity(run.len + 1);
            let mut left = std::mem::replace(value, Expr { span: value.span, kind: ExprKind::None });
            for _ in 0..run.len {
                let (next, right) = match left.kind {
                    ExprKind::Binary(b) => (b.0, b.2),
                    ExprKind::BoolOp(b) => (b.0, b.2),
                    kind => (Expr { span: left.span, kind }, Expr { span: left.span, kind: ExprKind::Opaque }),
                };
                operands.push(right);
                left = next;
            }
            operands.push(left);
            operands.reverse();
            *value = balanced(joint, operands);
        }
        self.regroup_height(run);
    }

    fn regroup_height(&mut self, run: &mut Run) {
        self.tallest += if run.len > LEANING { run.len.ilog2() as usize + 1 } else { run.len };
        *run = Run::default();
    }

    fn leaf(&mut self, kind: Kind) -> Expr {
        let kind = match kind {
            Kind::Identifier => ExprKind::Name(self.name()),
            Kind::String => {
                let mut builder = Builder::default();
                self.string(&mut builder);
                builder.finish()
            }
            Kind::ConcatenatedString => {
                let mut builder = Builder::default();
                self.each_node(|l, _| l.string(&mut builder));
                builder.finish()
            }
            Kind::Integer => integer(self.here()).map_or(ExprKind::Number, ExprKind::Int),
            Kind::Float => ExprKind::Number,
            Kind::True => ExprKind::Bool(true),
            Kind::False => ExprKind::Bool(false),
            Kind::None => ExprKind::None,
            Kind::Ellipsis => ExprKind::Ellipsis,
            Kind::Tuple | Kind::ExpressionList | Kind::PatternList => ExprKind::Tuple(self.items()),
            Kind::TuplePattern => return self.tuple_pattern(),
            Kind::List | Kind::ListPattern => ExprKind::List(self.items()),
            Kind::Set => ExprKind::Set(self.items()),
            Kind::Dictionary => self.dictionary(),
            Kind::ListComprehension => self.comprehension(ComprehensionKind::List),
            Kind::SetComprehension => self.comprehension(ComprehensionKind::Set),
            Kind::DictionaryComprehension => self.comprehension(ComprehensionKind::Dict),
            Kind::Generator => self.comprehension(ComprehensionKind::Generator),
            Kind::Comparison => self.comparison(),
            Kind::Not => self.unary("not"),
            Kind::Unary => self.unary(""),
            Kind::Conditional => self.conditional(),
            Kind::Lambda => self.lambda(),
            Kind::Await => ExprKind::Await(Box::new(self.only())),
            Kind::Yield => self.r#yield(),
            Kind::ListSplat | Kind::ListSplatPattern | Kind::SplatType => ExprKind::Starred(Box::new(self.only())),
            Kind::Named => self.named(),
            Kind::Slice => ExprKind::Slice,
            // Wrappers that mean what they hold; the span is that of what they hold.
            Kind::Parenthesized | Kind::Type | Kind::Chevron | Kind::AsPattern | Kind::AsPatternTarget => return self.only(),
            Kind::DottedName => return self.dotted().unwrap_or_else(|| self.opaque()),
            Kind::GenericType | Kind::UnionType | Kind::MemberType => self.typed(kind),
            _ => ExprKind::Opaque,
        };
        Expr { span: self.span(), kind }
    }

    /// The first expression among the children.
    fn only(&mut self) -> Expr {
        let mut found = None;
        self.each_node(|l, _| {
            if found.is_none() {
                found = Some(l.expr());
            }
        });
        found.unwrap_or_else(|| self.opaque())
    }

    fn items(&mut self) -> Vec<Expr> {
        let mut items = Vec::new();
        self.each_node(|l, _| items.push(l.expr()));
        items
    }

    /// `(a, b)` on the left of `=`; `(a)` has the same node.
    fn tuple_pattern(&mut self) -> Expr {
        let (mut items, mut commas) = (Vec::new(), 0);
        self.each(|l, kind| match kind {
            Kind::Comma => commas += 1,
            kind if kind.is_token() => {}
            _ => items.push(l.expr()),
        });
        if items.len() == 1 && commas == 0 { items.remove(0) } else { Expr { span: self.span(), kind: ExprKind::Tuple(items) } }
    }

    fn dictionary(&mut self) -> ExprKind {
        let mut items = Vec::new();
        self.each_node(|l, kind| match kind {
            Kind::Pair => {
                let (key, value) = l.pair();
                items.push(DictItem::Pair(key, value));
            }
            _ => items.push(DictItem::Spread(l.only())),
        });
        ExprKind::Dict(items)
    }

    fn pair(&mut self) -> (Expr, Expr) {
        let mut both = self.items().into_iter();
        let mut take = || both.next().unwrap_or_else(|| self.opaque());
        (take(), take())
    }

    fn comprehension(&mut self, kind: ComprehensionKind) -> ExprKind {
        let mut made = Comprehension { kind, element: self.opaque(), value: None, clauses: Vec::new() };
        self.each_node(|l, kind| match kind {
            Kind::ForIn => {
                let clause = l.for_in();
                made.clauses.push(clause);
            }
            Kind::IfClause => {
                let condition = l.only();
                if let Some(clause) = made.clauses.last_mut() {
                    clause.conditions.push(condition);
                }
            }
            Kind::Pair => {
                let (key, value) = l.pair();
                (made.element, made.value) = (key, Some(value));
            }
            _ => made.element = l.expr(),
        });
        ExprKind::Comprehension(Box::new(made))
    }

    fn for_in(&mut self) -> CompFor {
        let (mut target, mut iter, mut commas) = (None, Vec::new(), 0);
        let start = self.span().start as usize;
        self.each(|l, kind| match kind {
            Kind::Comma => commas += 1,
            kind if kind.is_token() => {}
            _ if target.is_none() => target = Some(l.expr()),
            _ => iter.push(l.expr()),
        });
        CompFor { target: target.unwrap_or_else(|| self.opaque()), iter: one_or_tuple(iter, commas > 0, start), conditions: Vec::new() }
    }

    fn comparison(&mut self) -> ExprKind {
        let (mut operands, mut operators) = (Vec::new(), Vec::new());
        self.each(|l, kind| {
            // `not in` and `is not` are written with any space between, and are tokens by name only.
            if kind.is_token() {
                operators.push(ustr(l.node.kind()));
            } else {
                operands.push(l.expr());
            }
        });
        ExprKind::Compare(Box::new((operands, operators)))
    }

    fn unary(&mut self, op: &str) -> ExprKind {
        let (mut op, mut value) = (ustr(op), None);
        self.each(|l, kind| {
            if kind.is_token() {
                op = l.name();
            } else {
                value = Some(l.expr());
            }
        });
        ExprKind::Unary(Box::new((op, value.unwrap_or_else(|| self.opaque()))))
    }

    fn conditional(&mut self) -> ExprKind {
        let mut three = self.items().into_iter();
        let mut take = || three.next().unwrap_or_else(|| self.opaque());
        let (body, test, orelse) = (take(), take(), take());
        ExprKind::Conditional(Box::new((test, body, orelse)))
    }

    fn lambda(&mut self) -> ExprKind {
        let (mut params, mut body) = (Vec::new(), None);
        self.each_node(|l, kind| match kind {
            Kind::LambdaParameters => params = l.parameters(),
            _ => body = Some(l.expr()),
        });
        ExprKind::Lambda(Box::new((params, body.unwrap_or_else(|| self.opaque()))))
    }

    fn r#yield(&mut self) -> ExprKind {
        let mut value = None;
        self.each_node(|l, _| value = Some(Box::new(l.expr())));
        ExprKind::Yield(value)
    }

    fn named(&mut self) -> ExprKind {
        let (mut target, mut value) = (None, None);
        self.each_node(|l, _| {
            if target.is_none() {
                target = Some(l.ident());
            } else {
                value = Some(l.expr());
            }
        });
        match (target, value) {
            (Some(target), Some(value)) => ExprKind::Named(Box::new((target, value))),
            _ => ExprKind::Opaque,
        }
    }

    /// Annotations have node kinds of their own for what expressions also say: `a[b]`, `a | b`, `a.b`.
    fn typed(&mut self, kind: Kind) -> ExprKind {
        let mut first = None;
        let mut second = None;
        self.each_node(|l, child| match child {
            Kind::TypeParameter => {
                let start = l.span().start as usize;
                let mut commas = 0;
                let mut items = Vec::new();
                l.each(|l, kind| match kind {
                    Kind::Comma => commas += 1,
                    kind if kind.is_token() => {}
                    _ => items.push(l.expr()),
                });
                second = Some((index(items, commas > 0, start), None));
            }
            Kind::Identifier if kind == Kind::MemberType => second = Some((l.opaque(), Some(l.ident()))),
            _ if first.is_none() => first = Some(l.expr()),
            _ => second = Some((l.expr(), None)),
        });
        match (first, second) {
            (Some(value), Some((_, Some(attr)))) => ExprKind::Attribute(Box::new(Attribute { value, attr })),
            (Some(left), Some((right, None))) if kind == Kind::UnionType => ExprKind::Binary(Box::new((left, BinaryOp::BitOr, right))),
            (Some(value), Some((index, None))) => ExprKind::Subscript(Box::new((value, index))),
            _ => ExprKind::Opaque,
        }
    }

    /// The arguments of a call, the bases of a class.
    pub(super) fn arguments(&mut self) -> Vec<Arg> {
        let mut args = Vec::new();
        self.each_node(|l, kind| {
            let (kind, value) = match kind {
                Kind::KeywordArgument => l.keyword_argument(),
                Kind::ListSplat | Kind::ListSplatPattern => (ArgKind::Spread, l.only()),
                Kind::DictionarySplat => (ArgKind::DoubleSpread, l.only()),
                _ => match l.expr() {
                    Expr { kind: ExprKind::Starred(value), .. } => (ArgKind::Spread, *value),
                    value => (ArgKind::Positional, value),
                },
            };
            args.push(Arg { kind, value });
        });
        args
    }

    fn keyword_argument(&mut self) -> (ArgKind, Expr) {
        let (mut name, mut value) = (None, None);
        self.each_node(|l, _| {
            if name.is_none() {
                name = Some(l.ident());
            } else {
                value = Some(l.expr());
            }
        });
        (name.map_or(ArgKind::Positional, ArgKind::Keyword), value.unwrap_or_else(|| self.opaque()))
    }

    /// The parameters of a function or lambda.
    pub(super) fn parameters(&mut self) -> Vec<Param> {
        let mut params = Vec::new();
        let mut plain = ParamKind::Plain;
        self.each(|l, kind| match kind {
            // The lone star is a token in the grammar's eyes and a node in its name list.
            Kind::KeywordSeparator => plain = ParamKind::KeywordOnly,
            Kind::PositionalSeparator => {}
            kind if kind.is_token() => {}
            _ => {
                let param = l.parameter(kind, plain);
                if param.kind == ParamKind::Args {
                    plain = ParamKind::KeywordOnly;
                }
                params.push(param);
            }
        });
        params
    }

    fn parameter(&mut self, kind: Kind, plain: ParamKind) -> Param {
        let mut param = Param { name: Ident { name: Ustr::default(), span: self.span() }, kind: plain, annotation: None, default: None };
        match kind {
            Kind::Identifier => param.name = self.ident(),
            Kind::ListSplatPattern | Kind::DictionarySplatPattern => self.starred(kind, &mut param),
            Kind::TypedParameter | Kind::DefaultParameter | Kind::TypedDefaultParameter => {
                let mut first = true;
                self.each_node(|l, kind| {
                    match kind {
                        Kind::ListSplatPattern | Kind::DictionarySplatPattern if first => l.starred(kind, &mut param),
                        Kind::Identifier if first => param.name = l.ident(),
                        _ if first => {}
                        Kind::Type => param.annotation = Some(l.header()),
                        _ => param.default = Some(l.header()),
                    }
                    first = false;
                });
            }
            // Python 2 could take a tuple apart here: a parameter without a name.
            _ => {}
        }
        param
    }

    fn starred(&mut self, kind: Kind, param: &mut Param) {
        param.kind = if kind == Kind::ListSplatPattern { ParamKind::Args } else { ParamKind::Kwargs };
        self.each_node(|l, _| param.name = l.ident());
    }
}

/// One item by itself, or a tuple; `start` is where an empty one would stand.
pub(super) fn one_or_tuple(mut items: Vec<Expr>, comma: bool, start: usize) -> Expr {
    if items.len() == 1 && !comma {
        return items.remove(0);
    }
    let empty = Span::new(start, start);
    let span = items.first().zip(items.last()).map_or(empty, |(a, b)| a.span.cover(b.span));
    Expr { span, kind: ExprKind::Tuple(items) }
}

/// What stands between `[` and `]`: `x[*a]` is a tuple even without a comma.
fn index(items: Vec<Expr>, comma: bool, start: usize) -> Expr {
    let star = matches!(items.as_slice(), [Expr { kind: ExprKind::Starred(_), .. }]);
    one_or_tuple(items, comma || star, start)
}

fn join(joint: Joint, left: Expr, right: Expr) -> ExprKind {
    match joint {
        Joint::Binary(op) => ExprKind::Binary(Box::new((left, op, right))),
        Joint::Bool(and) => ExprKind::BoolOp(Box::new((left, and, right))),
    }
}

/// The operands joined pairwise, and the pairs again, until one is left.
fn balanced(joint: Joint, mut operands: Vec<Expr>) -> Expr {
    while operands.len() > 1 {
        let mut halved = Vec::with_capacity(operands.len().div_ceil(2));
        let mut rest = operands.into_iter();
        while let Some(left) = rest.next() {
            halved.push(match rest.next() {
                Some(right) => Expr { span: left.span.cover(right.span), kind: join(joint, left, right) },
                None => left,
            });
        }
        operands = halved;
    }
    operands.pop().unwrap_or(Expr { span: Span::default(), kind: ExprKind::Opaque })
}

pub(super) fn binary_op(op: &str) -> BinaryOp {
    match op {
        "+" | "+=" => BinaryOp::Add,
        "-" | "-=" => BinaryOp::Sub,
        "*" | "*=" => BinaryOp::Mul,
        "%" | "%=" => BinaryOp::Mod,
        "|" | "|=" => BinaryOp::BitOr,
        "&" | "&=" => BinaryOp::BitAnd,
        ">>" | ">>=" => BinaryOp::RightShift,
        _ => BinaryOp::Other,
    }
}

/// The value of an integer literal that fits.
fn integer(text: &str) -> Option<i64> {
    let digits = text.replace('_', "").to_ascii_lowercase();
    let (radix, digits) = match digits.get(..2) {
        Some("0x") => (16, &digits[2..]),
        Some("0o") => (8, &digits[2..]),
        Some("0b") => (2, &digits[2..]),
        _ => (10, digits.as_str()),
    };
    i64::from_str_radix(digits, radix).ok()
}
