//! What stands between the parentheses of a call, a class or a function.

use crate::symbol::Symbol;

use super::Lowerer;
use crate::syntax::python::ast::{Arg, ArgKind, Expr, ExprKind, Ident, Param, ParamKind};
use crate::syntax::python::kinds::Kind;

impl Lowerer<'_> {
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
        (name.map_or(ArgKind::Positional, |name| ArgKind::Keyword(name.into())), value.unwrap_or_else(|| self.opaque()))
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
        let mut param = Param { name: Ident { name: Symbol::default(), span: self.span() }, kind: plain, annotation: None, default: None };
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
