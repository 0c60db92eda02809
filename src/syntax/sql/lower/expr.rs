//! Expressions.

use squawk_syntax::SyntaxKind;
use squawk_syntax::ast::{self, AstNode, BinOp, LitKind, PostfixOp, PrefixOp};

use crate::symbol::Symbol;

use super::Lower;
use super::between::{binds_more, is_rest, within};
use super::names::{has_token, object_from_parts, squeeze};
use super::precedence::{is_other, lean_left, others_in};
use crate::source::Span;
use crate::syntax::sql::ast::{Binary, BodyText, Call, Case, Expr, ExprKind, Ident, ObjectName, OrderItem, Over, TypeName, Window};
use crate::syntax::sql::template::HOLE;

impl Lower<'_> {
    /// An expression; `Broken` where there is none.
    pub(super) fn expr(&self, expr: Option<ast::Expr>) -> Expr {
        let Some(expr) = expr else { return Expr { span: Span { start: self.base, end: self.base }, kind: ExprKind::Broken } };
        let span = self.span(expr.syntax());
        let kind = self.nested(|this| this.expr_kind(&expr)).unwrap_or(ExprKind::Broken);
        match (expr, kind) {
            (ast::Expr::ParenExpr(paren), kind @ (ExprKind::Query(_) | ExprKind::Broken)) => Expr { span: self.span(paren.syntax()), kind },
            (ast::Expr::ParenExpr(paren), kind) => Expr { span: paren.expr().map_or(span, |e| self.span(e.syntax())), kind },
            (ast::Expr::CastExpr(cast), kind) => self.with_rest(&cast, Expr { span, kind }),
            (_, kind) => Expr { span, kind },
        }
    }

    pub(super) fn exprs(&self, list: impl Iterator<Item = ast::Expr>) -> Vec<Expr> {
        list.filter(|e| !is_rest(e)).map(|e| self.expr(Some(e))).collect()
    }

    /// An expression that may be missing.
    pub(super) fn maybe(&self, expr: Option<ast::Expr>) -> Option<Expr> {
        expr.map(|e| self.expr(Some(e)))
    }

    fn boxed(&self, expr: Option<ast::Expr>) -> Box<Expr> {
        Box::new(self.expr(expr))
    }

    fn expr_kind(&self, expr: &ast::Expr) -> ExprKind {
        match expr {
            ast::Expr::NameRef(name) => self.name_ref(name),
            ast::Expr::FieldExpr(field) => self.field_expr(field),
            ast::Expr::Literal(literal) => self.literal(literal),
            ast::Expr::ParenExpr(paren) => self.paren_expr(paren),
            ast::Expr::BinExpr(binary) => self.binary(binary),
            ast::Expr::CallExpr(call) => self.call(call),
            ast::Expr::CastExpr(cast) => self.cast(cast),
            ast::Expr::PrefixExpr(prefix) => self.prefix(prefix),
            ast::Expr::PostfixExpr(postfix) => {
                let value = self.boxed(postfix.expr());
                match postfix.op() {
                    Some(op @ (PostfixOp::IsNull(_) | PostfixOp::NotNull(_))) => ExprKind::IsNull(value, matches!(op, PostfixOp::NotNull(_))),
                    Some(PostfixOp::AtLocal(_)) => ExprKind::AtTimeZone(vec![*value]),
                    _ => ExprKind::IsTest(value),
                }
            }
            ast::Expr::BetweenExpr(between) => self.between(between),
            ast::Expr::CaseExpr(case) => ExprKind::Case(Box::new(Case {
                operand: self.maybe(case.expr()),
                whens: case.when_clause_list().map_or_else(Vec::new, |l| l.when_clauses().map(|w| (self.expr(w.condition()), self.expr(w.then()))).collect()),
                otherwise: case.else_clause().map(|e| self.expr(e.expr())),
            })),
            ast::Expr::ArrayExpr(array) => match array.select_variant() {
                Some(select) => ExprKind::ArrayQuery(Box::new(self.select_variant(&select))),
                None => ExprKind::Array(self.exprs(array.exprs())),
            },
            ast::Expr::TupleExpr(tuple) => ExprKind::Row(self.exprs(tuple.exprs())),
            ast::Expr::IndexExpr(index) => ExprKind::Index(self.boxed(index.base()), index.index().map(|e| self.expr(Some(e))).into_iter().collect(), false),
            ast::Expr::SliceExpr(slice) => {
                let bounds = [slice.start(), slice.end()].into_iter().flatten().map(|e| self.expr(Some(e))).collect();
                ExprKind::Index(self.boxed(slice.base()), bounds, true)
            }
            ast::Expr::Collate(collate) => {
                let value = self.boxed(collate.expr());
                match self.object(collate.collation_ref().and_then(|c| c.path_ref())) {
                    Some(name) => ExprKind::Collate(value, name),
                    None => ExprKind::IsTest(value),
                }
            }
        }
    }

    fn name_ref(&self, name: &ast::NameRef) -> ExprKind {
        let token = name.syntax().first_token();
        let word = token.as_ref().map(squawk_syntax::SyntaxToken::kind);
        match word {
            Some(
                SyntaxKind::CURRENT_CATALOG_KW
                | SyntaxKind::CURRENT_DATE_KW
                | SyntaxKind::CURRENT_ROLE_KW
                | SyntaxKind::CURRENT_SCHEMA_KW
                | SyntaxKind::CURRENT_TIME_KW
                | SyntaxKind::CURRENT_TIMESTAMP_KW
                | SyntaxKind::CURRENT_USER_KW
                | SyntaxKind::LOCALTIME_KW
                | SyntaxKind::LOCALTIMESTAMP_KW
                | SyntaxKind::SESSION_USER_KW
                | SyntaxKind::SYSTEM_USER_KW
                | SyntaxKind::USER_KW,
            ) => ExprKind::SqlValue(token.map_or_else(String::new, |t| t.text().to_ascii_lowercase())),
            _ => {
                let ident = self.ident_of(name);
                if ident.name == HOLE && !ident.quoted { ExprKind::Hole } else { ExprKind::Column(vec![ident]) }
            }
        }
    }

    fn field_expr(&self, field: &ast::FieldExpr) -> ExprKind {
        let star = field.star_token().is_some();
        let base = field.base();
        let inner = match base {
            Some(ast::Expr::NameRef(n)) => ExprKind::Column(vec![self.ident_of(&n)]),
            other => return self.field_of(self.expr(other), field, star),
        };
        self.field_of(Expr { span: self.span(field.syntax()), kind: inner }, field, star)
    }

    fn field_of(&self, base: Expr, field: &ast::FieldExpr, star: bool) -> ExprKind {
        // `a.b.c` is one column reference, `(a.b).c` a field of one
        let dotted = !matches!(field.base(), Some(ast::Expr::ParenExpr(_)));
        match (base.kind, star) {
            (ExprKind::Column(parts), true) if dotted => ExprKind::Star(parts),
            (ExprKind::Column(mut parts), false) if dotted => {
                if let Some(name) = field.field() {
                    parts.push(self.ident_of(&name));
                }
                ExprKind::Column(parts)
            }
            (kind, true) => ExprKind::FieldStar(Box::new(Expr { span: base.span, kind })),
            (kind, false) => match field.field() {
                Some(name) => ExprKind::Field(Box::new(Expr { span: base.span, kind }), self.ident_of(&name)),
                None => ExprKind::Broken,
            },
        }
    }

    fn literal(&self, literal: &ast::Literal) -> ExprKind {
        match literal.kind() {
            Some(LitKind::String(_) | LitKind::EscString(_) | LitKind::NationalString(_) | LitKind::UnicodeEscString(_) | LitKind::DollarQuotedString(_)) => {
                match literal.string_value() {
                    Some(text) if text.contains(HOLE) => ExprKind::Hole,
                    Some(text) => ExprKind::String(text),
                    None => ExprKind::Broken,
                }
            }
            Some(LitKind::BitString(_) | LitKind::ByteString(_)) => ExprKind::BitString,
            Some(LitKind::True(_) | LitKind::On(_)) => ExprKind::Bool(true),
            Some(LitKind::False(_) | LitKind::Off(_)) => ExprKind::Bool(false),
            Some(LitKind::Null(_)) => ExprKind::Null,
            Some(LitKind::Default(_)) => ExprKind::Default,
            Some(LitKind::IntNumber(t) | LitKind::NumericNumber(t)) => ExprKind::Number(t.text().to_owned()),
            Some(LitKind::PositionalParam(_)) => ExprKind::Param,
            None => {
                if has_token(literal.syntax(), SyntaxKind::DEFAULT_KW) {
                    ExprKind::Default
                } else {
                    ExprKind::Param
                }
            }
        }
    }

    fn paren_expr(&self, paren: &ast::ParenExpr) -> ExprKind {
        if let Some(inner) = paren.expr() {
            return match inner {
                // The rest of a `BETWEEN` may follow it.
                inner @ ast::Expr::CastExpr(_) => self.expr(Some(inner)).kind,
                inner => self.nested(|this| this.expr_kind(&inner)).unwrap_or(ExprKind::Broken),
            };
        }
        let select = paren.syntax().children().find_map(ast::SelectVariant::cast);
        select.map_or(ExprKind::Broken, |s| ExprKind::Query(Box::new(self.select_variant(&s))))
    }

    fn prefix(&self, prefix: &ast::PrefixExpr) -> ExprKind {
        let value = self.expr(prefix.expr());
        let op = match prefix.op() {
            Some(PrefixOp::Not(_)) => return ExprKind::Not(Box::new(value)),
            Some(PrefixOp::Minus(_)) => "-".to_owned(),
            Some(PrefixOp::Plus(_)) => "+".to_owned(),
            Some(PrefixOp::CustomOp(op)) => op.syntax().text().to_string(),
            _ => String::new(),
        };
        let build = |value| ExprKind::Unary(op, Box::new(value));
        if matches!(prefix.expr(), Some(ast::Expr::ParenExpr(_))) { build(value) } else { within(self.span(prefix.syntax()).start, value, build) }
    }

    fn binary(&self, binary: &ast::BinExpr) -> ExprKind {
        let op = binary.op();
        match &op {
            Some(BinOp::And(_)) => return ExprKind::And(self.chain(binary, &|op| matches!(op, BinOp::And(_)))),
            Some(BinOp::Or(_)) => return ExprKind::Or(self.chain(binary, &|op| matches!(op, BinOp::Or(_)))),
            _ => {}
        }
        let left = self.expr(binary.lhs());
        let (text, node) = match op {
            None => return ExprKind::Broken,
            Some(BinOp::In(_)) => return self.in_list(left, binary.rhs()),
            Some(BinOp::NotIn(_)) => return self.negated(binary.syntax(), self.in_list(left, binary.rhs())),
            Some(is @ (BinOp::Is(_) | BinOp::IsNot(_))) => {
                let not = matches!(is, BinOp::IsNot(_));
                let null = matches!(binary.rhs(), Some(ast::Expr::Literal(l)) if matches!(l.kind(), Some(LitKind::Null(_))));
                return if null { ExprKind::IsNull(Box::new(left), not) } else { ExprKind::IsTest(Box::new(left)) };
            }
            Some(is @ (BinOp::IsDistinctFrom(_) | BinOp::IsNotDistinctFrom(_))) => {
                let (not, right) = (matches!(is, BinOp::IsDistinctFrom(_)), self.expr(binary.rhs()));
                // a bare NULL on either side makes it a test for NULL, as the server has it (`transformAExprDistinct`)
                return match (&left.kind, &right.kind) {
                    (_, ExprKind::Null) => ExprKind::IsNull(Box::new(left), not),
                    (ExprKind::Null, _) => ExprKind::IsNull(Box::new(right), not),
                    _ => ExprKind::IsDistinct(Box::new((left, right))),
                };
            }
            Some(BinOp::AtTimeZone(_)) => return within(left.span.start, self.expr(binary.rhs()), |zone| ExprKind::AtTimeZone(vec![left, zone])),
            Some(BinOp::Like(_) | BinOp::Ilike(_) | BinOp::SimilarTo(_) | BinOp::Escape(_)) => return self.like(left, binary),
            Some(BinOp::NotLike(_) | BinOp::NotIlike(_) | BinOp::NotSimilarTo(_)) => return self.negated(binary.syntax(), self.like(left, binary)),
            Some(BinOp::CustomOp(op)) => (op.syntax().text().to_string(), self.span(op.syntax())),
            Some(BinOp::OperatorCall(op)) => {
                let text = op.op().map_or_else(String::new, |o| o.syntax().text().to_string());
                (text.rsplit('.').next().unwrap_or("").to_owned(), self.span(op.syntax()))
            }
            Some(BinOp::ColonColon(op)) => ("::".to_owned(), self.span(op.syntax())),
            Some(other) => self.simple_operator(&other),
        };
        let chained = if is_other(binary) { others_in(binary.rhs()) } else { 0 };
        if chained > 0 {
            let start = left.span.start;
            return within(start, self.expr(binary.rhs()), |right| lean_left(left, text, node, right, chained));
        }
        match self.quantified(binary.rhs()) {
            Some(Quantified::Array(e)) => ExprKind::AnyArray(Box::new((left, e)), text),
            Some(Quantified::Query(q)) => ExprKind::AnyQuery(Box::new((left, q)), text),
            None => {
                let (start, right, tight) = (left.span.start, self.expr(binary.rhs()), binds_more(&text));
                let build = |right| ExprKind::Binary(Box::new(Binary { op: text, op_span: node, left, right }));
                if tight && !matches!(binary.rhs(), Some(ast::Expr::ParenExpr(_))) { within(start, right, build) } else { build(right) }
            }
        }
    }

    /// `NOT IN`, `NOT LIKE`, `NOT BETWEEN`
    fn negated(&self, node: &squawk_syntax::SyntaxNode, kind: ExprKind) -> ExprKind {
        ExprKind::Not(Box::new(Expr { span: self.span(node), kind }))
    }

    fn like(&self, left: Expr, binary: &ast::BinExpr) -> ExprKind {
        match self.quantified(binary.rhs()) {
            Some(Quantified::Array(e)) => ExprKind::AnyArray(Box::new((left, e)), "~~".to_owned()),
            Some(Quantified::Query(q)) => ExprKind::AnyQuery(Box::new((left, q)), "~~".to_owned()),
            None => ExprKind::Like(vec![left, self.expr(binary.rhs())]),
        }
    }

    /// The members of `a AND b AND c`: a chain leans to the left, so a loop reads it without recursion.
    fn chain(&self, binary: &ast::BinExpr, same: &dyn Fn(&BinOp) -> bool) -> Vec<Expr> {
        let mut members = vec![self.expr(binary.rhs())];
        let mut left = binary.lhs();
        while let Some(ast::Expr::BinExpr(inner)) = &left {
            if !inner.op().is_some_and(|op| same(&op)) {
                break;
            }
            members.push(self.expr(inner.rhs()));
            let next = inner.lhs();
            left = next;
        }
        members.push(self.expr(left));
        members.reverse();
        members
    }

    fn in_list(&self, left: Expr, right: Option<ast::Expr>) -> ExprKind {
        let left = Box::new(left);
        match right {
            Some(ast::Expr::TupleExpr(tuple)) if tuple.row_token().is_none() => ExprKind::In(left, self.exprs(tuple.exprs())),
            Some(ast::Expr::ParenExpr(paren)) => {
                let inner = self.expr(Some(ast::Expr::ParenExpr(paren)));
                match inner.kind {
                    ExprKind::Query(query) => ExprKind::InQuery(left, query),
                    _ => ExprKind::In(left, vec![inner]),
                }
            }
            other => ExprKind::In(left, vec![self.expr(other)]),
        }
    }

    fn quantified(&self, expr: Option<ast::Expr>) -> Option<Quantified> {
        let ast::Expr::CallExpr(call) = expr? else { return None };
        let (select, inner) = if let Some(f) = call.any_fn() {
            (f.select_variant(), f.expr())
        } else if let Some(f) = call.some_fn() {
            (f.select_variant(), f.expr())
        } else {
            let f = call.all_fn()?;
            (f.select_variant(), f.expr())
        };
        if let Some(select) = select {
            return Some(Quantified::Query(self.select_variant(&select)));
        }
        let inner = self.expr(inner);
        Some(match inner.kind {
            ExprKind::Query(query) => Quantified::Query(*query),
            _ => Quantified::Array(inner),
        })
    }

    fn cast(&self, cast: &ast::CastExpr) -> ExprKind {
        let Some(mut ty) = self.type_name(cast.ty()) else { return ExprKind::Broken };
        if let Some(q) = cast.interval_qualifier() {
            ty.interval = Some(squeeze(&q.syntax().text().to_string()));
        }
        if let Some(value) = cast.expr() {
            return ExprKind::Cast(self.boxed(Some(value)), ty);
        }
        match cast.literal() {
            Some(literal) => {
                let kind = self.literal(&literal);
                ExprKind::Cast(Box::new(Expr { span: self.span(literal.syntax()), kind }), ty)
            }
            None => ExprKind::Broken,
        }
    }

    fn call(&self, call: &ast::CallExpr) -> ExprKind {
        if let Some(f) = call.exists_fn() {
            return f.select_variant().map_or(ExprKind::Broken, |s| ExprKind::Exists(Box::new(self.select_variant(&s))));
        }
        let Some(callee) = call.expr() else { return self.special(call) };
        let parts = match self.expr(Some(callee)).kind {
            ExprKind::Column(parts) => parts,
            ExprKind::SqlValue(name) => return self.with_precision(call, name),
            _ => return ExprKind::Broken,
        };
        let Some(name) = object_from_parts(&parts) else { return ExprKind::Broken };
        let mut out = Call {
            name,
            star: false,
            distinct: false,
            variadic: false,
            args: Vec::new(),
            order_by: Vec::new(),
            within_group: call.within_clause().map_or_else(Vec::new, |w| self.order_by(w.order_by_clause())),
            filter: call.filter_clause().and_then(|f| self.maybe(f.expr())),
            over: call.over_clause().and_then(|o| o.over_target()).map(|t| self.over(&t)),
        };
        if let Some(list) = call.arg_list() {
            out.star = list.star_token().is_some();
            out.distinct = matches!(list.all_or_distinct(), Some(ast::AllOrDistinct::Distinct(_)));
            for arg in list.args() {
                out.variadic |= arg.variadic_token().is_some();
                match arg.func_arg_expr() {
                    Some(value) => out.args.push(self.func_arg(&value)),
                    None => return ExprKind::Broken,
                }
                out.order_by.extend(self.order_by(arg.order_by_clause()));
            }
        }
        if out.name.schema.is_none() && out.name.name.name == "normalize" {
            // the form is a keyword, not a column
            let form =
                |e: &Expr| matches!(&e.kind, ExprKind::Column(p) if matches!(p.as_slice(), [n] if matches!(n.as_str(), "nfc" | "nfd" | "nfkc" | "nfkd")));
            out.args.retain(|a| !form(a));
        }
        if out.name.schema.is_none() && out.name.name.name == "grouping" && !out.name.name.quoted {
            return ExprKind::Grouping(out.args);
        }
        ExprKind::Call(Box::new(out))
    }

    fn func_arg(&self, arg: &ast::FuncArgExpr) -> Expr {
        match arg {
            ast::FuncArgExpr::Expr(e) => self.expr(Some(e.clone())),
            ast::FuncArgExpr::NamedArg(named) => {
                let value = self.boxed(named.expr());
                let span = self.span(named.syntax());
                match named.name() {
                    Some(name) => Expr { span, kind: ExprKind::Named(self.ident_of(&name), value) },
                    None => *value,
                }
            }
        }
    }

    /// SQL's own call syntax: everything in it that is an expression, in order.
    /// `CURRENT_TIMESTAMP(2)`: the value in a type of that precision.
    fn with_precision(&self, call: &ast::CallExpr, word: String) -> ExprKind {
        let ty = match word.as_str() {
            "current_timestamp" => "timestamptz",
            "localtimestamp" => "timestamp",
            "current_time" => "timetz",
            "localtime" => "time",
            _ => return ExprKind::SqlValue(word),
        };
        let Some(list) = call.arg_list() else { return ExprKind::SqlValue(word) };
        let span = self.span(call.syntax());
        let modifiers = list.args().map(|a| a.syntax().text().to_string()).collect();
        let name = ObjectName::bare(Ident { name: Symbol::from(ty), quoted: false, span });
        let ty = TypeName { span, name, modifiers, interval: None, array: 0, setof: false, percent_type: false };
        ExprKind::Cast(Box::new(Expr { span, kind: ExprKind::SqlValue(word) }), ty)
    }

    fn special(&self, call: &ast::CallExpr) -> ExprKind {
        let Some(node) = call.syntax().children().next() else { return ExprKind::Broken };
        let name = node.first_token().map_or_else(String::new, |t| t.text().to_ascii_lowercase());
        let mut found = Vec::new();
        self.gather(&node, &mut found);
        if let Some(filter) = call.filter_clause() {
            found.extend(self.maybe(filter.expr()));
        }
        if let Some(over) = call.over_clause().and_then(|o| o.over_target())
            && let Over::Window(window) = self.over(&over)
        {
            found.extend(window.partition_by);
            found.extend(window.order_by.into_iter().map(|o| o.expr));
        }
        ExprKind::Special(name, found)
    }

    /// Topmost expressions (and queries) under a node.
    pub(super) fn gather(&self, node: &squawk_syntax::SyntaxNode, found: &mut Vec<Expr>) {
        for child in node.children() {
            if let Some(expr) = ast::Expr::cast(child.clone()) {
                found.push(self.expr(Some(expr)));
            } else if let Some(select) = ast::SelectVariant::cast(child.clone()) {
                found.push(Expr { span: self.span(&child), kind: ExprKind::Query(Box::new(self.select_variant(&select))) });
            } else if ast::NamedArg::can_cast(child.kind()) {
                found.extend(ast::NamedArg::cast(child).and_then(|n| self.maybe(n.expr())));
            } else if !ast::Type::can_cast(child.kind()) {
                self.nested(|this| this.gather(&child, found));
            }
        }
    }

    pub(super) fn order_by(&self, clause: Option<ast::OrderByClause>) -> Vec<OrderItem> {
        let list = clause.and_then(|c| c.sort_by_list());
        list.map_or_else(Vec::new, |l| l.sort_bys().map(|s| OrderItem { expr: self.expr(s.expr()) }).collect())
    }

    fn over(&self, target: &ast::OverTarget) -> Over {
        match target {
            ast::OverTarget::WindowRef(name) => Over::Name(self.ident_of(name)),
            ast::OverTarget::OverWindowSpec(spec) => Over::Window(self.window(spec.window_spec())),
        }
    }

    pub(super) fn window(&self, spec: Option<ast::WindowSpec>) -> Window {
        let Some(spec) = spec else { return Window { base: None, partition_by: Vec::new(), order_by: Vec::new(), frame: Vec::new() } };
        let mut frame = Vec::new();
        if let Some(clause) = spec.frame_clause() {
            self.gather(clause.syntax(), &mut frame);
        }
        Window {
            base: spec.window_ref().map(|w| self.ident_of(&w)),
            partition_by: spec.partition_by_clause().map_or_else(Vec::new, |p| self.exprs(p.exprs())),
            order_by: self.order_by(spec.order_by_clause()),
            frame,
        }
    }

    /// A column reference read as an object's name (`FOR UPDATE OF t`).
    pub(super) fn expr_as_object(&self, expr: ast::Expr) -> Option<ObjectName> {
        match self.expr(Some(expr)).kind {
            ExprKind::Column(parts) => object_from_parts(&parts),
            _ => None,
        }
    }

    /// A string constant whose content is code.
    pub(super) fn body_text(&self, literal: &ast::Literal) -> Option<BodyText> {
        let text = literal.string_value()?;
        let whole = self.span(literal.syntax());
        let token = literal.syntax().first_token()?;
        let raw = token.text();
        let (open, close) = match literal.kind()? {
            LitKind::DollarQuotedString(_) => {
                let tag = raw[1..].find('$')? + 2;
                (tag, tag)
            }
            LitKind::String(_) => (1, 1),
            LitKind::EscString(_) | LitKind::NationalString(_) => (2, 1),
            _ => return None,
        };
        let span = Span::new(whole.start as usize + open, (whole.end as usize).saturating_sub(close));
        let verbatim = span.len() == text.len();
        Some(BodyText { text, span, verbatim })
    }

    fn simple_operator(&self, op: &BinOp) -> (String, Span) {
        let token = match op {
            BinOp::Caret(t)
            | BinOp::ColonEq(t)
            | BinOp::Eq(t)
            | BinOp::FatArrow(t)
            | BinOp::Gteq(t)
            | BinOp::LAngle(t)
            | BinOp::Lteq(t)
            | BinOp::Minus(t)
            | BinOp::Neq(t)
            | BinOp::Neqb(t)
            | BinOp::Overlaps(t)
            | BinOp::Percent(t)
            | BinOp::Plus(t)
            | BinOp::RAngle(t)
            | BinOp::Slash(t)
            | BinOp::Star(t) => t,
            _ => return (String::new(), Span { start: self.base, end: self.base }),
        };
        let range = token.text_range();
        (token.text().to_ascii_lowercase(), Span { start: self.start(range.start().into()), end: self.end(range.end().into()) })
    }

    pub(super) fn alias_ident(&self, name: Option<ast::TableAlias>) -> Option<Ident> {
        name.map(|n| self.ident_of(&n))
    }
}

enum Quantified {
    Array(Expr),
    Query(crate::syntax::sql::ast::Query),
}
