//! Fields that django-modeltranslation doubles: registered for a model, each gets a column for every language, `title_en`, `title_pt_br`
//! (`build_localized_fieldname` in modeltranslation/utils.py). Which languages there are the lock knows; where it has none of a field's columns, since they are
//! made outside of the migrations (`sync_translation_fields`), any language may be.

use rustc_hash::FxHashMap;

use crate::schema::Column;
use crate::source::FileId;
use crate::symbol::Symbol;
use crate::syntax::python::{Call, ExprKind, Stmt, StmtKind};

use super::super::super::eval::Evaluator;
use super::super::super::index::ClassId;
use super::super::super::value::Value;
use super::super::super::world::{Place, World, is_from};
use super::super::Member;
use super::super::draft::Draft;
use super::super::types::last;

/// Packages that register fields for translation; the second hands on the first's functions.
const PACKAGES: &[&str] = &["modeltranslation", "wagtail_modeltranslation"];

/// The languages that Django knows (`LANGUAGES` in `django/conf/global_settings.py`), as they stand behind a field's name.
const LANGUAGES: &str = "af ar ar_dz ast az be bg bn br bs ca ckb cs cy da de dsb el en en_au en_gb en_us eo es es_ar es_co es_mx es_ni es_ve et eu fa fi fr fy ga gd \
gl he hi hr hsb ht hu hy ia id ig io is it ja ka kab kk km kn ko ky lb lt lv mk ml mn mr ms my nb ne nl nn no os pa pl pt pt_br ro ru sk sl sq sr sr_latn sv sw \
ta te tg th tk tr tt udm ug uk ur uz vi zh_cn zh_hans zh_hant zh_tw";

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
                found.statement(&mut ev, s);
            }
        }
        found
    }

    /// A registration; or a loop of them: `for model, options in [(Book, BookOptions), …]: register(model, options)`.
    fn statement<'a>(&mut self, ev: &mut Evaluator<'_, 'a>, s: &'a Stmt) {
        match &s.kind {
            StmtKind::Expr(e) => {
                if let ExprKind::Call(call) = &e.kind {
                    self.call(ev, call, None);
                }
            }
            StmtKind::For(f) => {
                let all = ev.eval(&f.iter);
                let items = match &all {
                    Value::List(l) => &l.items[..],
                    Value::Tuple(t) => &t[..],
                    _ => return,
                };
                for item in items {
                    let bound: Vec<_> = match (&f.target.kind, item) {
                        (ExprKind::Name(n), v) => vec![(*n, v)],
                        (ExprKind::Tuple(names), Value::Tuple(values)) => {
                            names.iter().zip(values.iter()).filter_map(|(e, v)| if let ExprKind::Name(n) = e.kind { Some((n, v)) } else { None }).collect()
                        }
                        _ => continue,
                    };
                    ev.env.extend(bound.into_iter().map(|(n, v)| (n, v.clone())));
                    f.body.iter().for_each(|s| self.statement(ev, s));
                }
            }
            _ => {}
        }
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
            let Some(fields) = fields else {
                d.model.open = true;
                continue;
            };
            for name in fields {
                let prefix = format!("{name}_");
                let declared = |c: &Column| d.model.columns.iter().any(|own| own.column.as_str() == c.name);
                let columns = table.into_iter().flat_map(|t| &t.columns).filter(|c| !declared(c));
                let languages: Vec<&str> = columns.filter_map(|c| c.name.strip_prefix(&prefix)).filter(|l| is_language(l)).collect();
                if languages.is_empty() {
                    LANGUAGES.split(' ').for_each(|l| d.note(Symbol::from(&format!("{prefix}{l}")), Member::Other));
                    continue;
                }
                d.of_packages.push(*name);
                // The column of a translated key is `owner_en_id`.
                let keys = languages.iter().filter_map(|l| l.strip_suffix("_id"));
                keys.for_each(|l| d.note(Symbol::from(&format!("{prefix}{l}")), Member::Other));
            }
        }
    }
}

/// Whether what stands behind a field's name is a language, or a key's language.
fn is_language(suffix: &str) -> bool {
    let code = suffix.strip_suffix("_id").unwrap_or(suffix);
    LANGUAGES.split(' ').any(|l| l == code || l == suffix)
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
