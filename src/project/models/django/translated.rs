//! Fields that django-modeltranslation doubles: registered for a model, each gets a column for every language, `title_en`, `title_pt_br`
//! (`build_localized_fieldname` in modeltranslation/utils.py). Which languages there are the lock knows.

use rustc_hash::FxHashMap;

use crate::source::FileId;
use crate::symbol::Symbol;
use crate::syntax::python::{Call, ExprKind, StmtKind};

use super::super::super::eval::Evaluator;
use super::super::super::index::ClassId;
use super::super::super::value::Value;
use super::super::super::world::{Place, World, is_from};
use super::super::Member;
use super::super::draft::Draft;
use super::super::types::last;

/// Packages that register fields for translation; the second hands on the first's functions.
const PACKAGES: &[&str] = &["modeltranslation", "wagtail_modeltranslation"];

/// Fields registered for translation, by model; `None` where they could not be worked out.
#[derive(Clone, Debug, Default)]
pub struct Translated(FxHashMap<ClassId, Option<Vec<Symbol>>>);

/// Whether a file may register models.
pub fn may_register(world: &World<'_>, file: FileId) -> bool {
    world.index.module_of(file).is_some_and(|m| PACKAGES.iter().any(|p| m.packages.contains(&Symbol::from(p))))
}

impl Translated {
    /// Reads all registrations: `@register(Model)` over a class of options, `translator.register(Model, Options)`.
    pub fn find(ev: &mut Evaluator<'_, '_>) -> Self {
        let (world, mut found) = (ev.world, Self::default());
        for &file in world.index.order.iter().filter(|f| may_register(world, **f)) {
            let mut ev = Evaluator::quiet_on(world, Place::module(file), &ev.trail);
            for &class in world.index.classes_of(file) {
                for d in &world.index.class(class).node.decorators {
                    if let ExprKind::Call(call) = &d.kind {
                        found.call(&mut ev, call, Some(class));
                    }
                }
            }
            let Some(module) = world.index.module_of(file) else { continue };
            for s in &module.node.body {
                if let StmtKind::Expr(e) = &s.kind
                    && let ExprKind::Call(call) = &e.kind
                {
                    found.call(&mut ev, call, None);
                }
            }
        }
        found
    }

    /// `register(Model or several, Options)`; over a class, that is the options.
    fn call<'a>(&mut self, ev: &mut Evaluator<'_, 'a>, call: &'a Call, over: Option<ClassId>) {
        let registers = ev.eval(&call.func).external().is_some_and(|p| last(p) == "register" && PACKAGES.iter().any(|root| is_from(p, root)));
        let Some(models) = call.positional(0).filter(|_| registers).map(|m| ev.eval(m)) else { return };
        let options = over.or_else(|| match call.argument(1, "opts_class").map(|o| ev.eval(o)) {
            Some(Value::Class(c)) => Some(c),
            _ => None,
        });
        let fields = options.and_then(|o| fields(ev, o));
        let several = match &models {
            Value::List(l) => &l.items[..],
            Value::Tuple(t) => &t[..],
            one => std::slice::from_ref(one),
        };
        for m in several {
            let Value::Class(c) = m else { continue };
            match (self.0.entry(*c).or_insert_with(|| Some(Vec::new())), &fields) {
                (Some(known), Some(more)) => known.extend(more),
                (known, _) => *known = None,
            }
        }
    }

    /// Gives a model the columns of its languages. A child has those of its parents' fields that lie in its own table.
    pub fn apply(&self, ev: &Evaluator<'_, '_>, class: ClassId, d: &mut Draft<'_>) {
        let Some(lineage) = ev.world.lineage(class).filter(|_| !self.0.is_empty()) else { return };
        let schema = d.model.relation.schema;
        let table = ev.world.schema.relation(schema.as_ref().map(Symbol::as_str), &d.model.relation.name).map(|t| t.1);
        for fields in lineage.mro.iter().filter_map(|c| self.0.get(c)) {
            // Without the table nobody knows the languages.
            let (Some(fields), Some(table)) = (fields, table) else {
                d.model.open = true;
                continue;
            };
            for name in fields {
                d.of_packages.push(*name);
                // The column of a translated key is `owner_en_id`.
                let prefix = format!("{name}_");
                let keys = table.columns.iter().filter_map(|c| c.name.strip_suffix("_id").filter(|short| short.starts_with(&prefix)));
                keys.for_each(|short| d.note(Symbol::from(short), Member::Other));
            }
        }
    }
}

/// The fields that options name; those of their bases are added (`FieldsAggregationMetaClass` in modeltranslation/translator.py).
fn fields(ev: &mut Evaluator<'_, '_>, options: ClassId) -> Option<Vec<Symbol>> {
    let (name, mut all) = (Symbol::from("fields"), Vec::new());
    for &c in &ev.world.lineage(options)?.mro {
        if !ev.world.index.class(c).names.contains_key(&name) {
            continue;
        }
        let v = ev.plain_attribute(&Value::Class(c), name);
        let items = match &v {
            Value::List(l) if l.rest.is_none() => &l.items[..],
            Value::Tuple(t) => &t[..],
            _ => return None,
        };
        for item in items {
            all.push(Symbol::from(&item.constant()?));
        }
    }
    Some(all)
}
