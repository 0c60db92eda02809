//! Classes of frameworks that are about a model: pages of the admin, forms, serializers, filters, views. What they list are names of its fields, and what their
//! methods are given or ask for are its rows.
//!
//! All that is told from this is what a name touches. Whether a name is missing is told only where nothing else can give it, see [`super::meta`].

use std::sync::Arc;

use crate::diagnostic::Access;
use crate::project::eval::Evaluator;
use crate::project::index::{Binding, ClassId, FunctionDef, FunctionId, last_name};
use crate::project::models::ModelId;
use crate::project::value::Value;
use crate::symbol::Symbol;
use crate::syntax::python::{Arg, ArgKind, Body, Call, Expr, ExprKind, Param, StmtKind};

use super::lookups::{self, Path};
use super::queryset::Set;
use super::{Django, django, instance, model};

/// The class of requests, of which only `user` matters here.
pub const REQUEST: &str = "django.http.HttpRequest";

/// Options by which pages of the admin (django/contrib/admin/options.py), generic views (django/views/generic) and views of the REST framework
/// (`rest_framework/filters.py`, `generics.py`) name fields of their model.
const LISTS: &[&str] = &[
    "autocomplete_fields",
    "date_hierarchy",
    "exclude",
    "fields",
    "fieldsets",
    "filter_fields",
    "filter_horizontal",
    "filter_vertical",
    "filterset_fields",
    "list_display",
    "list_display_links",
    "list_editable",
    "list_filter",
    "list_select_related",
    "lookup_field",
    "ordering",
    "ordering_fields",
    "prepopulated_fields",
    "radio_fields",
    "raw_id_fields",
    "readonly_fields",
    "search_fields",
    "slug_field",
    "sortable_by",
];

/// The same in the `Meta` of a form, serializer, filter or table, beside `fields`.
pub const META_LISTS: &[&str] = &["exclude", "extra_kwargs", "read_only_fields", "readonly_fields", "widgets", "labels", "help_texts", "search_fields"];

/// The signs in front of a name to search by: `^title`, `=title`, `@title`, `$title`.
const SIGNS: &[char] = &['^', '=', '@', '$', '-', '+'];

/// Whether a class derives from something of Django or a package for it.
fn is_of_framework(ev: &Evaluator<'_, '_>, class: ClassId) -> bool {
    let of = |path: &str| path.starts_with("django") || path.starts_with("rest_framework") || path.starts_with("drf_") || path.starts_with("import_export.");
    ev.world.lineage(class).is_some_and(|l| l.outside.iter().any(|v| v.external().or_else(|| v.object_path()).is_some_and(of)))
}

fn has_base(ev: &Evaluator<'_, '_>, class: ClassId, end: &str) -> bool {
    ev.world.lineage(class).is_some_and(|l| l.outside.iter().any(|v| v.external().is_some_and(|p| p.ends_with(end))))
}

/// The model that a class of a framework is about: its `queryset`'s, its `model`, that of its `Meta`, or the one it is registered for.
pub fn subject(ev: &mut Evaluator<'_, '_>, class: ClassId) -> Option<ModelId> {
    if ev.world.django.is_empty() || ev.world.models.of_class(class).is_some() || !is_of_framework(ev, class) {
        return None;
    }
    let own = Value::Class(class);
    if let Some(Django::Set(s)) = Django::of(&ev.plain_attribute(&own, Symbol::from("queryset"))) {
        return Some(s.model);
    }
    if let Value::Class(of) = ev.plain_attribute(&own, Symbol::from("model")) {
        return model(ev, of);
    }
    if let Some((_, [.., Binding::Class(meta)])) = ev.world.class_member(class, Symbol::from("Meta")) {
        let Value::Class(of) = ev.plain_attribute(&Value::Class(*meta), Symbol::from("model")) else { return None };
        return model(ev, of);
    }
    registered(ev, class)
}

/// `@admin.register(Book)` on a class, or `admin.site.register(Book, BookAdmin)` in its file; of a page for several models nothing is said.
fn registered(ev: &mut Evaluator<'_, '_>, class: ClassId) -> Option<ModelId> {
    let def = ev.world.index.class(class);
    let is_register = |c: &Call| last_name(&c.func).is_some_and(|n| n.as_str() == "register");
    let mut named: Vec<&Expr> = Vec::new();
    for d in &def.node.decorators {
        if let ExprKind::Call(c) = &d.kind
            && is_register(c)
        {
            named.extend(c.positionals());
        }
    }
    for s in &ev.world.index.module_of(def.file)?.node.body {
        if let StmtKind::Expr(e) = &s.kind
            && let ExprKind::Call(c) = &e.kind
            && is_register(c)
            && let Some(page) = c.argument(1, "admin_class")
            && matches!(page.kind, ExprKind::Name(n) if n == def.node.name.name)
        {
            named.extend(c.positional(0));
        }
    }
    let [one] = named.as_slice() else { return None };
    match Evaluator::quiet_on(ev.world, crate::project::world::Place::module(def.file), &ev.trail).eval(one) {
        Value::Class(of) => model(ev, of),
        _ => None,
    }
}

/// The body of a class that is about a model: the fields that it lists.
pub fn class_body<'a>(ev: &mut Evaluator<'_, 'a>, class: ClassId, body: &'a Body) {
    let mut lists = super::meta::options(body).filter(|o| LISTS.contains(&o.0.as_str())).peekable();
    if lists.peek().is_none() {
        return;
    }
    let Some(id) = subject(ev, class) else { return };
    for (_, value) in lists {
        let v = super::meta::quietly(ev, value);
        mention(ev, id, &v, 0);
    }
}

/// Notes the fields among texts, in lists of them, in lists of lists, and under the keys of dicts.
pub fn mention<'a>(ev: &mut Evaluator<'_, 'a>, id: ModelId, v: &Value<'a>, depth: usize) {
    match v {
        Value::Str(t) => {
            if let Some(path) = Path::behind(t, SIGNS) {
                lookups::walk(ev, id, &path, Access::Read);
            }
        }
        Value::List(l) if depth < 5 => l.items.iter().for_each(|v| mention(ev, id, v, depth + 1)),
        Value::Tuple(all) if depth < 5 => all.iter().for_each(|v| mention(ev, id, v, depth + 1)),
        Value::Dict(d) if depth < 5 => {
            for e in &d.entries {
                // Of a set of fields, which is a dict, the names are under `fields`.
                match e.key.constant().as_deref() {
                    Some("fields") => mention(ev, id, &e.value, depth + 1),
                    Some("classes" | "description") => {}
                    _ => mention(ev, id, &Value::Str(e.key.clone()), depth + 1),
                }
            }
        }
        _ => {}
    }
}

/// Rows that somebody else made: they may have further names.
fn some_rows<'a>(id: ModelId) -> Value<'a> {
    django(Django::Set(Arc::new(Set { open: true, ..Set::new(id, None) })))
}

/// `self.instance` of a form or serializer, `self.object` of a view, `request.user`.
pub fn attribute<'a>(ev: &mut Evaluator<'_, 'a>, value: &Value<'a>, name: Symbol) -> Option<Value<'a>> {
    match (value, name.as_str()) {
        (Value::Instance(c), "instance" | "object") => {
            if ev.world.class_member(*c, name).is_some() {
                return None;
            }
            let id = subject(ev, *c)?;
            Some(instance(ev, id))
        }
        (Value::Instance(c), "request") if ev.world.django.user.is_some() && is_of_framework(ev, *c) => {
            ev.world.class_member(*c, name).is_none().then(|| Value::object(REQUEST))
        }
        (Value::Object(o), "user") if o.path.as_str() == REQUEST => ev.world.django.user.map(|id| instance(ev, id)),
        _ => None,
    }
}

/// What a method that the framework itself has gives: `self.get_object()`, `super().get_queryset()`, `form.save()`.
pub fn method<'a>(ev: &mut Evaluator<'_, 'a>, class: ClassId, name: &str, first: Option<&Value<'a>>) -> Option<Value<'a>> {
    match name {
        "filter_queryset" | "paginate_queryset" => {
            let rows = first.filter(|v| Django::of(v).is_some()).cloned()?;
            is_of_framework(ev, class).then_some(rows)
        }
        "get_object" => subject(ev, class).map(|id| instance(ev, id)),
        "get_queryset" => subject(ev, class).map(some_rows),
        "save" if ["ModelForm", "ModelSerializer"].iter().any(|end| has_base(ev, class, end)) => subject(ev, class).map(|id| instance(ev, id)),
        _ => None,
    }
}

/// What a framework hands to the methods that a project writes for it, and to any function of the name that requests always go by.
pub fn parameter<'a>(ev: &mut Evaluator<'_, 'a>, function: FunctionId, n: usize, param: &Param) -> Option<Value<'a>> {
    let name = param.name.as_str();
    if ev.world.django.is_empty() {
        return None;
    }
    let def = ev.world.index.function(function);
    if name == "request" {
        let plain = param.annotation.as_ref().is_none_or(|a| last_name(a).is_some_and(|n| n.as_str().ends_with("Request")));
        return (plain && ev.world.django.user.is_some() && !ev.world.is_test(def.file)).then(|| Value::object(REQUEST));
    }
    if param.annotation.is_some() {
        return None;
    }
    if name == "instance" && def.class.is_none() {
        return sender(ev, def);
    }
    let class = def.class?;
    match name {
        "queryset" | "qs" => subject(ev, class).map(some_rows),
        // Where a page stands inside another's, most of its methods are given the other's object.
        "obj" | "instance" if n == 1 || !has_base(ev, class, "Inline") => subject(ev, class).map(|id| instance(ev, id)),
        _ if n == 1 => {
            let field = def.node.name.as_str().strip_prefix("get_")?;
            if !has_base(ev, class, "ModelSerializer") || ev.world.class_member(class, Symbol::from(field)).is_none() {
                return None;
            }
            subject(ev, class).map(|id| instance(ev, id))
        }
        _ => None,
    }
}

/// `@receiver(post_save, sender=Book)`: whose object the signal is about.
fn sender<'a>(ev: &Evaluator<'_, 'a>, def: &FunctionDef<'a>) -> Option<Value<'a>> {
    let mut senders = def.node.decorators.iter().filter_map(|d| {
        let ExprKind::Call(c) = &d.kind else { return None };
        let named = last_name(&c.func).is_some_and(|n| n.as_str() == "receiver");
        c.args.iter().find(|a: &&Arg| named && matches!(a.kind, ArgKind::Keyword(k) if k.as_str() == "sender"))
    });
    let (Some(one), None) = (senders.next(), senders.next()) else { return None };
    match Evaluator::quiet_on(ev.world, crate::project::world::Place::module(def.file), &ev.trail).eval(&one.value) {
        Value::Class(of) => model(ev, of).map(|id| instance(ev, id)),
        _ => None,
    }
}
