//! Whether a manager's rows are those of its model: some, and in some order, but with no names of their own.

use crate::project::index::{Binding, ClassId, FunctionDef};
use crate::project::value::Value;
use crate::project::world::World;
use crate::symbol::Symbol;
use crate::syntax::python::ExprKind;

/// Methods by which a manager or query set may give its rows names that no field has, or take keywords of its own.
const MAKES_ROWS: &[&str] = &["_chain", "_clone", "_filter_or_exclude", "_filter_or_exclude_inplace", "__init__", "__getattr__"];
/// Those that say which rows there are, and may say no more than that.
const CHOOSES: &[&str] = &["get_queryset", "all"];
/// Methods of Django's query sets that choose rows, or what is read of them, and give them no names.
const PLAIN: &[&str] = &[
    "all",
    "complex_filter",
    "defer",
    "distinct",
    "exclude",
    "filter",
    "get_queryset",
    "none",
    "only",
    "order_by",
    "prefetch_related",
    "reverse",
    "select_for_update",
    "select_related",
    "using",
];
/// Methods of query sets that take look-ups: a class with one of its own may take other keywords.
const LOOKUPS: &[&str] =
    &["filter", "exclude", "get", "create", "update", "get_or_create", "update_or_create", "order_by", "values", "values_list", "only", "defer", "annotate"];
/// What stands in look-ups.
const VALUES: &[&str] = &["super", "Q", "F", "Prefetch", "Value", "now", "today"];

/// Whether a manager's rows may have names, and its methods keywords, that are no field's.
pub fn makes_rows(world: &World<'_>, class: ClassId) -> bool {
    let has = |name: &&str| world.class_member(class, Symbol::from(name)).is_some();
    MAKES_ROWS.iter().any(has) || CHOOSES.iter().any(|m| world.class_member(class, Symbol::from(m)).is_some_and(|(_, b)| !only_chooses(world, b)))
}

/// Whether a method, and those of that name that it may hand on to, does nothing but choose among the rows.
fn only_chooses(world: &World<'_>, bindings: &[Binding<'_>]) -> bool {
    let [Binding::Function(f)] = bindings else { return false };
    let f = world.index.function(*f);
    let mut plain = true;
    let mut visit = |e: &crate::syntax::python::Expr| {
        if let ExprKind::Call(c) = &e.kind {
            plain &= match &c.func.kind {
                ExprKind::Attribute(a) => PLAIN.contains(&a.attr.as_str()) || VALUES.contains(&a.attr.as_str()),
                ExprKind::Name(n) => VALUES.contains(&n.as_str()) || is_plain_set(world, f, *n),
                _ => false,
            };
        }
    };
    f.node.body.iter().for_each(|s| s.each(&mut |s| s.each_expr(&mut |e| e.each(&mut visit))));
    plain && above(world, f)
}

/// What a method gets by `super()`: the same of the classes behind its own.
fn above(world: &World<'_>, f: &FunctionDef<'_>) -> bool {
    let Some(lineage) = f.class.and_then(|c| world.lineage(c)) else { return false };
    let name = f.node.name.name;
    let behind = lineage.mro.iter().skip(1).find_map(|c| world.index.class(*c).names.get(&name));
    behind.is_none_or(|b| only_chooses(world, b))
}

/// `OrderSet(self.model, using=self._db)`: a class of query sets whose rows are as plain.
fn is_plain_set(world: &World<'_>, f: &FunctionDef<'_>, name: Symbol) -> bool {
    match world.global(f.file, name) {
        Value::External(p) => p.ends_with(".QuerySet") && p.starts_with("django."),
        Value::Class(c) => {
            let own = |m: &str| world.class_member(c, Symbol::from(m)).is_some();
            let ours = world.lineage(c).is_some_and(|l| !l.open && l.outside.iter().all(|v| v.external().is_some_and(|p| p.starts_with("django."))));
            ours && !MAKES_ROWS.iter().chain(CHOOSES).chain(LOOKUPS).any(|m| own(m))
        }
        _ => false,
    }
}
