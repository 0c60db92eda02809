//! Columns that no field of the project declares: packages bring them, by a field that has further columns or by a mixin, and Django itself for an order.

use super::super::super::eval::Evaluator;
use super::super::super::index::ClassId;
use super::super::super::value::Value;
use super::super::super::world::is_from;
use super::super::Member;
use super::super::declared::{Column, SqlType};
use super::super::draft::Draft;
use super::super::types::last;
use super::{fields, meta};
use crate::symbol::Symbol;

/// Mixins of packages that are known to declare no field.
const WITHOUT_FIELDS: &[&str] = &["CloneMixin", "DirtyFieldsMixin", "LifecycleMixin", "LifecycleModelMixin", "RulesModelMixin", "SerializerMixin", "UserMixin"];

/// Takes over the columns of the lock that nothing else declares: those that are called after a package's field (`body_markup_type` of a `MarkupField` named
/// `body`), and all of them where a base is a package's mixin, which may declare fields like any class. What neither the class nor the lock has stays unknown.
pub(super) fn note(ev: &Evaluator<'_, '_>, class: ClassId, d: &mut Draft<'_>) {
    let any = has_mixin(ev, class);
    let mut prefixes = Vec::new();
    for name in std::mem::take(&mut d.of_packages) {
        prefixes.extend([format!("{name}_"), format!("_{name}_")]);
    }
    if d.single_table || !any && prefixes.is_empty() {
        return;
    }
    let (Some(lineage), schema) = (ev.world.lineage(class), d.model.relation.schema) else { return };
    let Some((_, relation)) = ev.world.schema.relation(schema.as_ref().map(Symbol::as_str), &d.model.relation.name) else { return };
    for c in relation.columns.iter().filter(|c| any || prefixes.iter().any(|p| c.name.starts_with(p))) {
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
        if let Some(key) = c.name.strip_suffix("_id").filter(|_| any) {
            d.note(Symbol::from(key), Member::Synonym(column));
        }
    }
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
