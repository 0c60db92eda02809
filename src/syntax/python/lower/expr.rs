//! Expressions.

use crate::symbol::Symbol;

use super::Lowerer;
use super::string::Builder;
use crate::source::Span;
use crate::syntax::python::ast::{Attribute, BinaryOp, CompFor, Comprehension, ComprehensionKind, DictItem, Expr, ExprKind, MAX_DEPTH};
use crate::syntax::python::kinds::Kind;

impl Lowerer<'_> {
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

    pub(super) fn leaf(&mut self, kind: Kind) -> Expr {
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
            Kind::Tuple | Kind::ExpressionList | Kind::PatternList => ExprKind::Tuple(Box::new(self.items())),
            Kind::TuplePattern => return self.tuple_pattern(),
            Kind::List | Kind::ListPattern => ExprKind::List(Box::new(self.items())),
            Kind::Set => ExprKind::Set(Box::new(self.items())),
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
    pub(super) fn only(&mut self) -> Expr {
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
        if items.len() == 1 && commas == 0 { items.remove(0) } else { Expr { span: self.span(), kind: ExprKind::Tuple(Box::new(items)) } }
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
        ExprKind::Dict(Box::new(items))
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
                operators.push(Symbol::from(l.node.kind()));
            } else {
                operands.push(l.expr());
            }
        });
        ExprKind::Compare(Box::new((operands, operators)))
    }

    fn unary(&mut self, op: &str) -> ExprKind {
        let (mut op, mut value) = (Symbol::from(op), None);
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
}

/// One item by itself, or a tuple; `start` is where an empty one would stand.
pub(in crate::syntax::python) fn one_or_tuple(mut items: Vec<Expr>, comma: bool, start: usize) -> Expr {
    if items.len() == 1 && !comma {
        return items.remove(0);
    }
    let empty = Span::new(start, start);
    let span = items.first().zip(items.last()).map_or(empty, |(a, b)| a.span.cover(b.span));
    Expr { span, kind: ExprKind::Tuple(Box::new(items)) }
}

/// What stands between `[` and `]`: `x[*a]` is a tuple even without a comma.
pub(in crate::syntax::python) fn index(items: Vec<Expr>, comma: bool, start: usize) -> Expr {
    let star = matches!(items.as_slice(), [Expr { kind: ExprKind::Starred(_), .. }]);
    one_or_tuple(items, comma || star, start)
}

/// The value of an integer literal that fits.
pub(in crate::syntax::python) fn integer(text: &str) -> Option<i64> {
    let digits = text.replace('_', "").to_ascii_lowercase();
    let (radix, digits) = match digits.get(..2) {
        Some("0x") => (16, &digits[2..]),
        Some("0o") => (8, &digits[2..]),
        Some("0b") => (2, &digits[2..]),
        _ => (10, digits.as_str()),
    };
    i64::from_str_radix(digits, radix).ok()
}
