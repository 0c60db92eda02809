//! Calls: their arguments, whether the function exists, and the type of what it gives.

use super::builtin::Builtin;
use super::expr::{common, same, type_texts};
use super::function::{builtin_type, takes};
use super::hint;
use super::nullable;
use super::problem::ProblemKind;
use super::resolve::{Resolver, is_hole};
use super::signature;
use super::types::Type;
use crate::schema::{QualifiedName, Returns};
use crate::symbol::Symbol;
use crate::syntax::sql::ast::{Call, ExprKind, Over};
use std::rc::Rc;

impl Resolver<'_> {
    pub(super) fn call(&mut self, call: &Call) -> (Type, bool) {
        if call.name.schema.is_some_and(|s| s.name == "sqlc") {
            return (self.macro_of_sqlc(call), true);
        }
        let (mut types, mut nulls, mut exact) = (Vec::new(), Vec::new(), Vec::new());
        for arg in &call.args {
            if let ExprKind::Star(parts) = &arg.kind {
                self.row_star(parts);
                types.push(Type::Unknown);
                nulls.push(true);
                continue;
            }
            let found = self.value(arg);
            types.push(found.ty);
            nulls.push(found.nullable);
            exact.push(found.exact);
        }
        for order in &call.order_by {
            self.expr(&order.expr);
        }
        for order in &call.within_group {
            let ty = self.expr(&order.expr);
            types.push(ty);
        }
        if let Some(filter) = &call.filter {
            self.expr(filter);
        }
        if let Some(Over::Window(window)) = &call.over {
            self.window(window);
        }
        self.check_function(call);
        self.check_argument_names(call);
        let grouped = self.level().grouped && types.first().is_none_or(nullable::is_scalar);
        let ty = self.function_type(call, &types);
        self.exact = match call.name.name.as_str() {
            "coalesce" | "greatest" | "least" => same(&types.into_iter().zip(exact).collect::<Vec<_>>()),
            "nullif" if types.first() == Some(&ty) => exact.first().copied().flatten(),
            _ => None,
        };
        (ty, self.may_be_own(call.name.name.name) || nullable::of_call(call, &nulls, grouped))
    }

    /// Whether a bare name may mean a function of the schema. A server tells by the arguments; for what a view is said to give, none may have the name anywhere.
    fn may_be_own(&self, name: Symbol) -> bool {
        let functions = &self.schema.functions;
        if self.proving { functions.keys().any(|k| k.name == name.as_str()) } else { self.schema.find(functions, None, &name).is_some() }
    }

    /// sqlc writes parameters as `sqlc.arg(name)`, `sqlc.narg('name')`, `sqlc.slice('names')`, and a whole row as `sqlc.embed(table)`
    /// (<https://docs.sqlc.dev/en/stable/reference/macros.html>).
    fn macro_of_sqlc(&mut self, call: &Call) -> Type {
        if let ("embed", [arg]) = (call.name.name.as_str(), call.args.as_slice())
            && let ExprKind::Column(parts) = &arg.kind
        {
            self.row_star(parts);
        }
        Type::Unknown
    }

    /// A function in a schema whose functions are known.
    pub(super) fn check_function(&mut self, call: &Call) {
        let Some(schema) = call.name.schema else { return };
        if is_hole(&schema) || is_hole(&call.name.name) || schema.name == "pg_catalog" || schema.name == "information_schema" {
            return;
        }
        let functions = &self.schema.functions;
        let known = functions.keys().any(|k| k.schema == schema.as_str());
        let name = call.name.name.name.as_str();
        let key = QualifiedName::new(schema.as_str(), name);
        if !known || functions.contains_key(&key) {
            return;
        }
        let typed = self.schema.relations.contains_key(&key) || self.schema.composites.contains_key(&key) || self.schema.domains.contains_key(&key);
        if typed || self.schema.incomplete.iter().any(|i| i.object.contains(schema.as_str())) {
            return;
        }
        let near = hint::nearest(name, functions.keys().filter(|k| k.schema == schema.as_str()).map(|k| k.name.as_str())).map(str::to_owned);
        // functions of extensions are not in the schema: only a misspelt name is certain
        let Some(near) = near else { return };
        let p = self.problem(ProblemKind::UnknownFunction, call.name.name.span, format!("function `{}.{name}` does not exist", schema.name));
        p.schema = Some(schema.as_str().to_owned());
        p.table = Some(name.to_owned());
        p.suggestion = Some(near);
    }

    /// `f(name => value)` needs a function with an argument of that name.
    fn check_argument_names(&mut self, call: &Call) {
        let name = call.name.name.name;
        let ours = call.name.schema.is_some_and(|s| !is_hole(&s)) || Builtin::get().functions(&name).is_empty();
        let Some((key, overloads)) = self.schema.find(&self.schema.functions, call.name.schema_str(), &name).filter(|_| ours) else { return };
        let known = |wanted: Symbol| {
            let inputs = overloads.iter().flat_map(|f| &f.arguments).filter(|a| a.mode != crate::schema::ArgMode::Out);
            inputs.filter_map(|a| a.name.as_deref()).any(|n| n == wanted.as_str())
        };
        let missing = call.args.iter().find_map(|a| match &a.kind {
            ExprKind::Named(given, _) if !is_hole(given) && !known(given.name) => Some(*given),
            _ => None,
        });
        let Some(missing) = missing else { return };
        let names = overloads.iter().flat_map(|f| &f.arguments).filter_map(|a| a.name.as_deref());
        let near = hint::nearest(&missing.name, names).map(str::to_owned);
        let key = key.clone();
        let p = self.problem(ProblemKind::UnknownFunction, call.name.name.span, format!("function `{name}` has no argument `{}`", missing.name));
        p.schema = Some(key.schema);
        p.table = Some(key.name);
        p.help = near.map(|n| format!("perhaps you meant `{n}`"));
    }

    pub(super) fn function_type(&self, call: &Call, types: &[Type]) -> Type {
        let name = call.name.name.name;
        let first = types.first().cloned().unwrap_or(Type::Unknown);
        if call.name.schema.is_none_or(|s| s.name == "pg_catalog") {
            match name.as_str() {
                "nullif" => return null_if(types),
                "coalesce" | "greatest" | "least" => return types.iter().cloned().fold(Type::Literal, common),
                "row" => return Type::Unknown,
                _ => {}
            }
        }
        if let Some((_, overloads)) = self.schema.find(&self.schema.functions, call.name.schema_str(), &name) {
            let mut fitting = overloads.iter().filter(|f| takes(f, call.args.len()));
            return match (fitting.next(), fitting.next()) {
                (Some(only), None) => self.result_type(only, &first),
                _ => Type::Unknown,
            };
        }
        if call.name.schema.is_some_and(|s| s.name != "pg_catalog") {
            return Type::Unknown;
        }
        if let Some(ty) = type_texts(types).and_then(|texts| signature::function_result(&name, &texts)) {
            return Type::of_column(self.schema, &ty);
        }
        let count = u16::try_from(call.args.len()).unwrap_or(u16::MAX);
        let mut fits = Builtin::get().functions(&name).iter().filter(|f| f.least <= count && (count <= f.most || f.variadic));
        let Some(form) = fits.next() else { return Type::Unknown };
        if !form.outs.is_empty() {
            return match fits.next() {
                None if form.outs.len() > 1 => Type::Record(Rc::new(form.outs.iter().map(|(n, t)| (Symbol::from(n), builtin_type(t))).collect())),
                None => builtin_type(form.outs[0].1),
                Some(_) => Type::Unknown,
            };
        }
        let others: Vec<_> = fits.collect();
        if others.iter().all(|o| o.result == form.result) {
            return polymorphic(form.result, first);
        }
        // overloads such as `min`, `sum`, `abs`: the one for the argument's own type
        let own = first.sql();
        let exact = std::iter::once(form).chain(others.iter().copied()).any(|f| own.is_some() && builtin_type(f.result).sql() == own);
        match name.as_str() {
            "unnest" => first.element(),
            "sum" => match own.as_deref() {
                Some("smallint" | "integer") => Type::base("bigint"),
                Some("bigint") => Type::base("numeric"),
                _ if exact => first,
                _ => Type::Unknown,
            },
            "avg" => match own.as_deref() {
                Some("smallint" | "integer" | "bigint" | "numeric") => Type::base("numeric"),
                Some("real" | "double precision") => Type::base("double precision"),
                _ => Type::Unknown,
            },
            "min" | "max" | "abs" | "mod" => match first {
                Type::Enum(_) => first,
                _ if exact => first,
                _ => Type::Unknown,
            },
            _ => Type::Unknown,
        }
    }

    pub(super) fn result_type(&self, function: &crate::schema::Function, first: &Type) -> Type {
        match &function.returns {
            Returns::One(ty) | Returns::SetOf(ty) if ty.starts_with("any") => polymorphic(ty, first.clone()),
            Returns::One(ty) | Returns::SetOf(ty) => {
                let outs: Vec<_> =
                    function.arguments.iter().filter(|a| matches!(a.mode, crate::schema::ArgMode::Out | crate::schema::ArgMode::InOut)).collect();
                match outs.as_slice() {
                    [] if ty == "record" => Type::Unknown,
                    [] => Type::of_column(self.schema, ty),
                    [one] => Type::of_column(self.schema, &one.ty),
                    many => Type::Record(Rc::new(
                        many.iter()
                            .enumerate()
                            .map(|(n, a)| (Symbol::from(a.name.as_deref().unwrap_or(&format!("column{}", n + 1))), Type::of_column(self.schema, &a.ty)))
                            .collect(),
                    )),
                }
            }
            Returns::Table(columns) => match columns.as_slice() {
                [(_, only)] => Type::of_column(self.schema, only),
                many => Type::Record(Rc::new(many.iter().map(|(n, t)| (Symbol::from(n), Type::of_column(self.schema, t))).collect())),
            },
            Returns::Nothing => Type::Unknown,
        }
    }
}

pub(super) fn polymorphic(result: &str, first: Type) -> Type {
    match result {
        "anyelement" | "anynonarray" | "anyenum" | "anycompatible" | "anycompatiblenonarray" => match first {
            // the result may be an element of the argument as well as the argument itself
            Type::Array(_) | Type::Literal => Type::Unknown,
            other => other,
        },
        "anyarray" | "anycompatiblearray" => match first {
            Type::Array(_) => first,
            Type::Unknown | Type::Literal => Type::Unknown,
            other => Type::Array(Rc::new(other)),
        },
        other => builtin_type(other),
    }
}

/// NULLIF gives what the `=` it stands for takes on its left side (`transformAExprOp` and `make_nullif`): two types that have an operator of their own stay.
fn null_if(types: &[Type]) -> Type {
    let [Type::Base(a), b] = types else { return types.first().cloned().unwrap_or_default() };
    if a.as_str() == "varchar" {
        return Type::base("text");
    }
    let families: [&[&str]; 3] = [&["smallint", "integer", "bigint"], &["real", "double precision"], &["date", "timestamp", "timestamptz"]];
    let mixed = |b: &str| families.iter().any(|f| f.contains(&a.as_str()) && f.contains(&b));
    match b {
        Type::Literal => types[0].clone(),
        Type::Base(b) if a == b || mixed(b) => types[0].clone(),
        _ => common(types[0].clone(), b.clone()),
    }
}
