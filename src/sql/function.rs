//! Functions as FROM items: the columns they give.

use super::builtin::Builtin;
use super::nullable;
use super::resolve::Resolver;
use super::scope::{Column, Rte};
use super::types::Type;
use crate::schema::{QualifiedName, Returns};
use crate::symbol::Symbol;
use crate::syntax::sql::ast::{Alias, Call, ColumnDefinition, Expr, ExprKind, TableFunction};
use std::rc::Rc;

impl Resolver<'_> {
    pub(super) fn function_rte(&mut self, function: &TableFunction, alias: Option<&Alias>) -> Rte {
        let mut out = Rte { ordered: true, ..Rte::default() };
        let alias_name = alias.and_then(|a| a.name).map(|n| n.name);
        let alone = function.calls.len() == 1 && !function.rows_from;
        for (call, definitions) in &function.calls {
            let ty = self.expr(call);
            let definitions = match alias {
                Some(alias) if definitions.is_empty() && alone => &alias.definitions,
                _ => definitions,
            };
            self.call_columns(call, &ty, definitions, alias_name, alone, &mut out);
        }
        if function.ordinality {
            out.columns.push(Column { nullable: false, ..Column::computed(Symbol::from("ordinality"), Type::base("bigint")) });
        }
        let first = function.calls.first().map(|(call, _)| call_name(call));
        out.name = alias_name.or(first.flatten());
        out
    }

    /// The columns one call gives to FROM.
    fn call_columns(&mut self, call: &Expr, ty: &Type, definitions: &[ColumnDefinition], alias: Option<Symbol>, alone: bool, out: &mut Rte) {
        if !definitions.is_empty() {
            out.columns.extend(definitions.iter().map(|d| Column::computed(d.name.name, self.written_type(d.ty.as_ref()))));
            return;
        }
        let own = alias.filter(|_| alone).or_else(|| call_name(call)).unwrap_or_else(|| Symbol::from("?column?"));
        let ExprKind::Call(call) = &call.kind else {
            // `CURRENT_DATE` and casts give one value
            if let ExprKind::Hole | ExprKind::Broken | ExprKind::Special(..) = call.kind {
                out.open = true;
            }
            out.columns.push(Column::computed(own, ty.clone()));
            return;
        };
        match self.function_columns(call, ty) {
            Columns::Row(columns) => out.columns.extend(columns),
            Columns::Value(ty) => out.columns.push(Column { nullable: !(alone && nullable::gives_values(call)), ..Column::computed(own, ty) }),
            Columns::Unknown => {
                out.columns.push(Column { uncertain: true, ..Column::computed(own, Type::Unknown) });
                out.open = true;
            }
        }
    }

    /// What a function gives as a FROM item.
    pub(super) fn function_columns(&self, call: &Call, ty: &Type) -> Columns {
        let name = call.name.name.name;
        if let Some((_, overloads)) = self.schema.find(&self.schema.functions, call.name.schema_str(), &name) {
            let count = call.args.len();
            let fitting: Vec<_> = overloads.iter().filter(|f| takes(f, count) || call.variadic).collect();
            let [only] = fitting.as_slice() else {
                let mut all = fitting.iter().map(|f| self.returned(f, ty));
                let first = all.next();
                return match first {
                    Some(first) if all.all(|other| other == first) => first,
                    _ => Columns::Unknown,
                };
            };
            return self.returned(only, ty);
        }
        if call.name.schema.is_some_and(|s| s.name != "pg_catalog") {
            return Columns::Unknown;
        }
        if name == "unnest" && call.args.len() == 1 {
            // one argument's type decides: elements of an array, lexemes of a tsvector, ranges of a multirange
            return match ty {
                Type::Unknown | Type::Literal => Columns::Unknown,
                ty => self.columns_of_type(ty),
            };
        }
        if name == "unnest" && call.args.len() > 1 {
            return Columns::Row(call.args.iter().map(|_| Column::computed(name, Type::Unknown)).collect());
        }
        let count = u16::try_from(call.args.len()).unwrap_or(u16::MAX);
        let forms = Builtin::get().functions(&name);
        let fits: Vec<_> = forms.iter().filter(|f| f.least <= count && (count <= f.most || f.variadic)).collect();
        match fits.as_slice() {
            [] => Columns::Unknown,
            [form] if !form.outs.is_empty() => out_columns(&form.outs),
            all if all.iter().any(|f| f.result == "record") => Columns::Unknown,
            all if all.iter().all(|f| !f.result.starts_with("any")) => Columns::Value(if let [one] = all { builtin_type(one.result) } else { ty.clone() }),
            _ => self.columns_of_type(ty),
        }
    }

    pub(super) fn returned(&self, function: &crate::schema::Function, ty: &Type) -> Columns {
        let outs: Vec<_> = function.arguments.iter().filter(|a| matches!(a.mode, crate::schema::ArgMode::Out | crate::schema::ArgMode::InOut)).collect();
        let column = |name: &str, ty: &str| Column::computed(Symbol::from(name), Type::of_column(self.schema, ty));
        match &function.returns {
            Returns::Table(columns) if columns.len() > 1 => Columns::Row(columns.iter().map(|(n, t)| column(n, t)).collect()),
            // a single column of `returns table` keeps its name too
            Returns::Table(columns) => Columns::Row(columns.iter().map(|(n, t)| column(n, t)).collect()),
            _ if outs.len() > 1 => {
                Columns::Row(outs.iter().enumerate().map(|(n, a)| column(a.name.as_deref().unwrap_or(&format!("column{}", n + 1)), &a.ty)).collect())
            }
            Returns::One(_) | Returns::SetOf(_) if outs.len() == 1 => match outs[0].name.as_deref() {
                Some(name) => Columns::Row(vec![column(name, &outs[0].ty)]),
                None => Columns::Value(Type::of_column(self.schema, &outs[0].ty)),
            },
            Returns::One(result) | Returns::SetOf(result) => {
                if matches!(
                    result.as_str(),
                    "anyarray" | "anyrange" | "anymultirange" | "anyenum" | "anycompatiblearray" | "anycompatiblerange" | "anycompatiblemultirange"
                ) {
                    return Columns::Value(Type::Unknown);
                }
                let ty = if result.starts_with("any") { ty.clone() } else { Type::of_column(self.schema, result) };
                if result == "record" { Columns::Unknown } else { self.columns_of_type(&ty) }
            }
            Returns::Nothing => Columns::Unknown,
        }
    }

    pub(super) fn columns_of_type(&self, ty: &Type) -> Columns {
        match ty {
            Type::Unknown | Type::Literal => Columns::Unknown,
            Type::Row(name) => match self.fields(name) {
                Some(fields) => Columns::Row(fields),
                None => Columns::Unknown,
            },
            Type::Record(fields) => Columns::Row(fields.iter().map(|(n, t)| Column::computed(*n, t.clone())).collect()),
            Type::Base(name) if name.as_str() == "record" => Columns::Unknown,
            Type::Base(_) | Type::Enum(_) | Type::Array(_) => Columns::Value(ty.clone()),
        }
    }

    /// The columns of a composite type or a relation's row; `None` where they are not all known.
    pub(super) fn fields(&self, name: &QualifiedName) -> Option<Vec<Column>> {
        if let Some(fields) = self.schema.composites.get(name) {
            return Some(fields.iter().map(|(n, t)| Column::computed(Symbol::from(n), Type::of_column(self.schema, t))).collect());
        }
        let (key, relation) = self.schema.relations.get_key_value(name)?;
        let rte = self.relation_rte(key, relation);
        // a value of a table's type need not be a row of the table
        (!rte.open).then(|| rte.columns.into_iter().map(|c| Column { direct: false, nullable: true, ..c }).collect())
    }
}

/// What a call gives to FROM.
#[derive(PartialEq)]
pub(super) enum Columns {
    Row(Vec<Column>),
    Value(Type),
    Unknown,
}

pub(super) fn out_columns(outs: &[(&str, &str)]) -> Columns {
    Columns::Row(outs.iter().map(|(n, t)| Column::computed(Symbol::from(n), builtin_type(t))).collect())
}

/// A type as the built-in data writes it.
pub(super) fn builtin_type(text: &str) -> Type {
    if let Some(inner) = text.strip_suffix("[]") {
        return Type::Array(Rc::new(builtin_type(inner)));
    }
    match text {
        "timestamp_with_time_zone" => Type::base("timestamptz"),
        "timestamp_without_time_zone" => Type::base("timestamp"),
        "time_with_time_zone" => Type::base("timetz"),
        "time_without_time_zone" => Type::base("time"),
        "double_precision" => Type::base("double precision"),
        "character_varying" => Type::base("varchar"),
        "character" => Type::base("char"),
        "bit_varying" => Type::base("varbit"),
        _ if text.starts_with("any") || text == "record" => Type::Unknown,
        _ => Type::base(text),
    }
}

/// Whether a function can be called with so many arguments.
pub(super) fn takes(function: &crate::schema::Function, count: usize) -> bool {
    use crate::schema::ArgMode;
    let inputs: Vec<_> = function.arguments.iter().filter(|a| a.mode != ArgMode::Out).collect();
    let variadic = inputs.iter().any(|a| a.mode == ArgMode::Variadic);
    let least = inputs.iter().filter(|a| a.default.is_none() && a.mode != ArgMode::Variadic).count();
    least <= count && (count <= inputs.len() || variadic)
}

/// The name of a function, as FROM names its entry.
pub(super) fn call_name(call: &Expr) -> Option<Symbol> {
    match &call.kind {
        ExprKind::Call(call) => Some(call.name.name.name),
        ExprKind::SqlValue(word) => Some(Symbol::from(word)),
        ExprKind::Special(word, _) => Some(Symbol::from(word)),
        ExprKind::Cast(_, ty) => Some(ty.name.name.name),
        _ => None,
    }
}
