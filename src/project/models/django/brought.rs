//! Columns that no field of the project declares: packages bring them, by a field that has further columns or by a mixin, and Django itself for an order.

use super::super::super::eval::Evaluator;
use super::super::super::fold;
use super::super::super::index::ClassId;
use super::super::super::value::Value;
use super::super::super::world::{Place, World, is_from};
use super::super::Member;
use super::super::declared::{Column, Declared, SqlType};
use super::super::draft::Draft;
use super::super::types::last;
use super::{fields, meta};
use crate::project::scope::by_adding;
use crate::source::{FileId, Location};
use crate::symbol::Symbol;
use crate::syntax::python::{Expr, ExprKind, StmtKind};

/// Mixins of packages that are known to declare no field.
const WITHOUT_FIELDS: &[&str] = &["CloneMixin", "DirtyFieldsMixin", "LifecycleMixin", "LifecycleModelMixin", "RulesModelMixin", "SerializerMixin", "UserMixin"];

/// Whether a file puts fields into classes that it is given.
pub(super) fn may_add(world: &World<'_>, file: FileId) -> bool {
    world.index.module_of(file).is_some_and(|m| m.set_on_objects.contains(&by_adding(None)))
}

/// Takes over the columns of the lock that nothing else declares: those that are called after a package's field (`body_markup_type` of a `MarkupField` named
/// `body`) or after a field that some code puts into classes (`model.add_to_class("language", …)`), and all of them where a base is a package's mixin, which may
/// declare fields like any class. What neither the class nor the lock has stays unknown.
pub(super) fn note(ev: &Evaluator<'_, '_>, class: ClassId, d: &mut Draft<'_>) {
    let any = has_mixin(ev, class);
    let mut prefixes = Vec::new();
    for name in std::mem::take(&mut d.of_packages) {
        prefixes.extend([format!("{name}_"), format!("_{name}_")]);
    }
    let index = &ev.world.index;
    let adds = index.is_set_on_objects(by_adding(None));
    if d.single_table || !any && !adds && prefixes.is_empty() {
        return;
    }
    let is_added = |name: &str| adds && index.is_set_on_objects(by_adding(Some(name)));
    let (Some(lineage), schema) = (ev.world.lineage(class), d.model.relation.schema) else { return };
    let Some((_, relation)) = ev.world.schema.relation(schema.as_ref().map(Symbol::as_str), &d.model.relation.name) else { return };
    for c in &relation.columns {
        let key = c.name.strip_suffix("_id").filter(|key| any || is_added(key));
        if !any && key.is_none() && !is_added(&c.name) && !prefixes.iter().any(|p| c.name.starts_with(p)) {
            continue;
        }
        let column = Symbol::from(&c.name);
        let declared = d.model.columns.iter().any(|own| own.column == column || own.attribute == column)
            || lineage.mro.iter().any(|m| ev.world.index.class(*m).names.contains_key(&column));
        if declared {
            continue;
        }
        let mut made = Column::new(d.model.at);
        made.has_default = true;
        made.ty = Some(SqlType::default());
        made.unconstrained = true;
        d.add(column, d.model.at, made, None, None);
        // It may be a foreign key's.
        if let Some(key) = key {
            d.note(Symbol::from(key), Member::Synonym(column));
        }
    }
}

/// Whether a class's body takes what may be fields out of what something gives (`kind, other = with_other(CHOICES)`): such as the table has columns for.
pub(super) fn unpacks(ev: &Evaluator<'_, '_>, owner: ClassId, d: &Draft<'_>) -> bool {
    let (world, def) = (ev.world, ev.world.index.class(owner));
    let schema = d.model.relation.schema;
    let Some((_, relation)) = world.schema.relation(schema.as_ref().map(Symbol::as_str), &d.model.relation.name) else { return false };
    let place = Place { file: def.file, class: Some(owner), function: None };
    let column = |e: &Expr| matches!(e.kind, ExprKind::Name(n) if relation.column(&n).is_some() || relation.column(&format!("{n}_id")).is_some());
    def.node.body.iter().any(|s| {
        let StmtKind::Assign(a) = &s.kind else { return false };
        let named = a.0.iter().any(|t| matches!(&t.kind, ExprKind::Tuple(names) | ExprKind::List(names) if names.iter().any(column)));
        // What is written out one by one is known one by one.
        if !named || matches!(a.1.kind, ExprKind::Tuple(_) | ExprKind::List(_)) {
            return false;
        }
        let value = Evaluator::quiet_on(world, place, &ev.trail).eval(&a.1);
        let is_field = |v: &Value<'_>| matches!(Declared::of(v), Some(Declared::DjangoField(..)));
        fold::items(&value, Location::new(def.file, a.1.span)).is_none_or(|items| items.iter().any(|v| v.is_unknown() || is_field(v)))
    })
}

/// The column that `order_with_respect_to` asks for.
pub(super) fn order(ev: &mut Evaluator<'_, '_>, class: ClassId, d: &mut Draft<'_>) {
    let asked = meta::attribute(ev, class, "order_with_respect_to").is_some_and(|v| !matches!(v, Value::None));
    if !asked || d.single_table {
        return;
    }
    let mut column = Column::new(d.model.at);
    column.ty = Some(SqlType::plain("integer"));
    column.has_default = true;
    d.add(Symbol::from("_order"), d.model.at, column, None, Some(false));
    for name in ["get_next_in_order", "get_previous_in_order"] {
        d.note(Symbol::from(name), Member::Other);
    }
}

/// Whether a base is a mixin of a package of which it is not known what it declares.
fn has_mixin(ev: &Evaluator<'_, '_>, class: ClassId) -> bool {
    let unknown = |p: &str| {
        let plain = ["django", "builtins", "typing", "abc"].iter().any(|root| is_from(p, root));
        last(p).ends_with("Mixin") && !plain && fields::of_library_base(p).is_none() && !WITHOUT_FIELDS.contains(&last(p))
    };
    ev.world.lineage(class).is_some_and(|l| l.outside.iter().any(|v| v.external().is_some_and(unknown)))
}
