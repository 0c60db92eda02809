//! Django: managers, query sets, look-ups, objects.

pub mod about;
pub mod graph;
pub mod lookups;
mod manager;
pub mod meta;
pub mod queryset;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::symbol::Symbol;

use crate::diagnostic::Access;
use crate::project::eval::{Args, Evaluator};
use crate::project::index::{Binding, ClassId};
use crate::project::libraries::LibraryValue;
use crate::project::libraries::sqlalchemy::emit;
use crate::project::models::{Framework, Member, ModelId};
use crate::project::value::Value;
use crate::project::world::is_from;
use crate::source::Location;
use crate::syntax::python::{ArgKind, Call, Expr, Ident};

use lookups::Path;
use queryset::{Set, Shape};

/// A value of Django's ORM. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Django {
    /// A manager or query set.
    Set(Arc<Set>),
    /// `Q(…)`, `F("x")`, `Count("x")`: the names it looks up, once the model is known.
    Expression(Arc<Vec<Path>>),
}

impl Django {
    /// Whether two are known to be the same.
    pub fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Django::Set(a), Django::Set(b)) => a.model == b.model && a.shape == b.shape && a.open == b.open && a.names == b.names,
            (Django::Expression(a), Django::Expression(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }

    /// Both ways' annotations are known where two ways meet.
    pub fn merge(&self, other: &Self) -> Option<Self> {
        match (self, other) {
            (Django::Set(a), Django::Set(b)) if a.model == b.model && a.shape == b.shape => {
                let mut names = a.names.clone();
                names.extend(b.names.iter().copied().filter(|n| !a.names.contains(n)));
                Some(Django::Set(Arc::new(Set { names, open: a.open || b.open, ..(**a).clone() })))
            }
            (Django::Expression(a), Django::Expression(b)) => Some(Django::Expression(Arc::new(a.iter().chain(b.iter()).cloned().collect()))),
            _ => None,
        }
    }

    /// Rows of which others, that nobody saw made, may take the place (`queryset or Book.objects.all()`): those may have further names.
    pub fn opened(&self) -> Option<Self> {
        match self {
            Django::Set(s) if !s.open => Some(Django::Set(Arc::new(Set { open: true, ..(**s).clone() }))),
            _ => None,
        }
    }

    /// The Django value inside, if it is one.
    pub fn of<'v>(v: &'v Value<'_>) -> Option<&'v Django> {
        if let Value::Library(LibraryValue::Django(d)) = v { Some(d) } else { None }
    }
}

/// Wraps a Django value.
pub fn django<'a>(d: Django) -> Value<'a> {
    Value::Library(LibraryValue::Django(d))
}

/// The Django model of a class.
pub fn model(ev: &Evaluator<'_, '_>, class: ClassId) -> Option<ModelId> {
    ev.world.models.of_class(class).filter(|(_, m)| m.framework == Framework::Django).map(|(id, _)| id)
}

/// The instance of a model's class.
pub fn instance<'a>(ev: &Evaluator<'_, 'a>, id: ModelId) -> Value<'a> {
    ev.world.models.get(id).class.map_or(Value::Unknown, Value::Instance)
}

/// All rows of a model.
fn rows_of<'a>(id: ModelId, manager: Option<ClassId>) -> Value<'a> {
    django(Django::Set(Arc::new(Set::new(id, manager))))
}

/// All rows of a model where nothing names the manager that they come from.
fn rows_by_default<'a>(ev: &Evaluator<'_, 'a>, id: ModelId) -> Value<'a> {
    django(Django::Set(Arc::new(default_set(ev, id))))
}

fn default_set(ev: &Evaluator<'_, '_>, id: ModelId) -> Set {
    Set { open: ev.world.django.first_is_open(ev.world, id), ..Set::new(id, None) }
}

/// The rows of a model that an annotation promises (`QuerySet[Book]`): who made them may have given them further names. With a second parameter
/// (`QuerySet[Book, dict[str, Any]]`) they come out as that.
pub fn annotated<'a>(ev: &Evaluator<'_, 'a>, class: ClassId, parameters: usize) -> Option<Value<'a>> {
    let id = model(ev, class)?;
    let shape = if parameters > 1 { Shape::Scalars } else { Shape::Objects };
    Some(django(Django::Set(Arc::new(Set { open: true, shape, ..Set::new(id, None) }))))
}

/// `value.attr`
pub fn attribute<'a>(ev: &mut Evaluator<'_, 'a>, value: &Value<'a>, attr: Ident) -> Option<Value<'a>> {
    match value {
        Value::Class(c) => {
            let id = model(ev, *c)?;
            let plain = ev.plain_attribute(value, attr.name);
            match plain {
                Value::Instance(m) if ev.world.django.managers.contains_key(&m) => {
                    let open = ev.world.django.own_manager(ev.world, id, attr.name).is_none_or(|own| own.open);
                    Some(django(Django::Set(Arc::new(Set { open, ..Set::new(id, Some(m)) }))))
                }
                plain => manager(ev, id, attr.name, &plain),
            }
        }
        Value::Instance(c) => {
            if attr.as_str() == "model"
                && let Some(Some(id)) = ev.world.django.managers.get(c)
            {
                return ev.world.models.get(*id).class.map(Value::Class);
            }
            let Some(id) = model(ev, *c) else { return about::attribute(ev, value, attr.name) };
            let at = ev.at(attr.span);
            object_attribute(ev, id, attr.name, at, Access::Read)
        }
        Value::Object(_) => about::attribute(ev, value, attr.name),
        Value::Library(LibraryValue::Django(Django::Set(s))) => match attr.as_str() {
            "model" => ev.world.models.get(s.model).class.map(Value::Class),
            _ => None,
        },
        _ => None,
    }
}

/// `Model.name`, where that is a manager that is no instance of a class of the project.
fn manager<'a>(ev: &Evaluator<'_, 'a>, id: ModelId, name: Symbol, plain: &Value<'a>) -> Option<Value<'a>> {
    if let Some(own) = ev.world.django.own_manager(ev.world, id, name) {
        return Some(django(Django::Set(Arc::new(Set { open: own.open, ..Set::new(id, own.class) }))));
    }
    if matches!(plain, Value::Object(o) if o.path.as_str().contains("Manager")) {
        return Some(rows_of(id, None));
    }
    if !graph::MANAGERS.contains(&name.as_str()) {
        return None;
    }
    Some(if name.as_str() == "_default_manager" { rows_by_default(ev, id) } else { rows_of(id, None) })
}

fn object_attribute<'a>(ev: &mut Evaluator<'_, 'a>, id: ModelId, name: Symbol, at: Location, access: Access) -> Option<Value<'a>> {
    if name.as_str() == "pk" {
        if let Some(c) = graph::primary_key(ev.world, id) {
            emit::column(ev, c, at, access);
        }
        return Some(Value::Unknown);
    }
    if let Some(edge) = ev.world.django.accessor(ev.world, id, name).cloned() {
        if edge.many {
            return Some(rows_by_default(ev, edge.target));
        }
        if let Some(graph::Touched::Column(c)) = edge.touched.first()
            && c.model == id
        {
            emit::column(ev, *c, at, access);
        }
        return Some(instance(ev, edge.target));
    }
    let c = graph::through_parents(ev.world, id).find_map(|m| graph::field_column(ev.world, m, name))?;
    // A method or property of the same name hides nothing: a column is declared once.
    if matches!(ev.world.models.get(id).members.get(&name), Some(Member::Other)) {
        return None;
    }
    emit::column(ev, c, at, access);
    Some(Value::Unknown)
}

/// `receiver.attr = value`
pub fn store_at<'a>(ev: &mut Evaluator<'_, 'a>, receiver: &Value<'a>, attr: Ident, at: Location, value: &Value<'a>, expr: Option<&'a Expr>) {
    for one in receiver.alternatives() {
        let Value::Instance(c) = one else { continue };
        let Some(id) = model(ev, *c) else { continue };
        object_attribute(ev, id, attr.name, at, Access::Write);
        if let Some(column) = graph::field_column(ev.world, id, attr.name) {
            emit::literal(ev, column, value, expr, true);
        }
    }
}

/// `receiver.name(args)`
pub fn method<'a>(ev: &mut Evaluator<'_, 'a>, receiver: &Value<'a>, name: Ident, call: &'a Call, args: &Args<'a>) -> Option<Value<'a>> {
    match receiver {
        Value::Library(LibraryValue::Django(Django::Set(s))) => queryset::method(ev, &s.clone(), name.as_str(), call, args),
        // `F("name").desc()`
        Value::Library(LibraryValue::Django(Django::Expression(_))) if matches!(name.as_str(), "asc" | "desc") => Some(receiver.clone()),
        Value::Instance(c) => {
            if let Some(&Some(id)) = ev.world.django.managers.get(c) {
                let own = matches!(ev.world.class_member(*c, name.name), Some((_, [.., Binding::Function(_)])));
                return if own { None } else { queryset::method(ev, &Arc::new(Set::new(id, Some(*c))), name.as_str(), call, args) };
            }
            let Some(id) = model(ev, *c) else {
                let own = ev.world.class_member(*c, name.name).is_some();
                return if own { None } else { about::method(ev, *c, name.as_str(), args.values.first()) };
            };
            if matches!(name.as_str(), "save" | "asave" | "refresh_from_db" | "arefresh_from_db") {
                let fields = args.keyword(call, "update_fields").or_else(|| args.keyword(call, "fields")).cloned();
                let access = if name.as_str().ends_with("save") { Access::Write } else { Access::Read };
                queryset::name_list(ev, id, fields.as_ref(), access);
                return Some(Value::None);
            }
            None
        }
        // `apps.get_model("shop", "Book")`; that of a migration is another, handed to it.
        Value::External(p) if matches!(p.as_str(), "django.apps.apps" | "django.apps.registry.apps") && name.as_str() == "get_model" => {
            by_label(ev, call, args)
        }
        Value::Object(o) if o.path.as_str().starts_with("builtins.super.") => {
            // `super().get_queryset()` in a manager.
            let class = ClassId(o.path.as_str().rsplit('.').next()?.parse().ok()?);
            let own = ev.world.lineage(class)?.mro.iter().skip(1).any(|c| ev.world.index.class(*c).names.contains_key(&name.name));
            match ev.world.django.managers.get(&class) {
                _ if own => None,
                Some(&Some(id)) => queryset::method(ev, &Arc::new(Set::new(id, Some(class))), name.as_str(), call, args),
                Some(None) => None,
                None => about::method(ev, class, name.as_str(), args.values.first()),
            }
        }
        _ => None,
    }
}

/// The class of the model of that app and name: `("shop", "Book")`, `("shop.Book")`.
fn by_label<'a>(ev: &Evaluator<'_, 'a>, call: &'a Call, args: &Args<'a>) -> Option<Value<'a>> {
    let first = args.get(call, 0, "app_label")?.constant()?.into_owned();
    let (label, name) = match args.get(call, 1, "model_name") {
        Some(name) => (first, name.constant()?.into_owned()),
        None => first.split_once('.').map(|(label, name)| (label.to_owned(), name.to_owned()))?,
    };
    graph::labelled(ev.world, &label, &name).and_then(|id| ev.world.models.get(id).class).map(Value::Class)
}

/// `callee(args)`
pub fn call<'a>(ev: &mut Evaluator<'_, 'a>, callee: &Value<'a>, call: &'a Call, args: &Args<'a>) -> Option<Value<'a>> {
    match callee {
        Value::Class(c) => {
            let id = model(ev, *c)?;
            queryset::write_keywords(ev, id, call, args);
            None
        }
        Value::External(path) if is_from(path, "django") => {
            let name = path.rsplit('.').next().unwrap_or_default();
            match name {
                "get_object_or_404" | "get_list_or_404" | "aget_object_or_404" => {
                    let set = match args.positional(call, 0)? {
                        Value::Class(c) => default_set(ev, model(ev, *c)?),
                        v => match Django::of(v)? {
                            Django::Set(s) => (**s).clone(),
                            Django::Expression(_) => return None,
                        },
                    };
                    queryset::method(ev, &Arc::new(set), if name == "get_list_or_404" { "filter" } else { "get" }, call, args)
                }
                "get_user_model" => ev.world.django.user.and_then(|id| ev.world.models.get(id).class).map(Value::Class),
                "Value" | "OuterRef" | "RawSQL" | "Subquery" | "Exists" => Some(django(Django::Expression(Arc::default()))),
                _ if is_from(path, "django.db.models") || is_from(path, "django.contrib.postgres") || is_of_gis(path) => Some(expression(ev, path, call, args)),
                _ => None,
            }
        }
        _ => None,
    }
}

/// What `django.contrib.gis.db.models` hands on of `django.db.models`, with its own aggregates; its functions take other texts than names of fields.
fn is_of_gis(path: &str) -> bool {
    path.strip_prefix("django.contrib.gis.db.models.").is_some_and(|name| !name.contains('.'))
}

/// Whether a text in that place is no field's name, but what the expression does with one: the unit of `Trunc("date", "day")`, say.
fn is_value(path: &str, name: &str, n: usize) -> bool {
    match name {
        // django/db/models/functions; the delimiter: django/contrib/postgres/aggregates/general.py; what is looked for: django/contrib/postgres/search.py
        "Collate" | "Extract" | "SearchHeadline" | "SearchRank" | "StringAgg" | "TrigramDistance" | "TrigramSimilarity" | "Trunc" => n > 0,
        "Lexeme" | "SearchConfig" | "SearchQuery" => true,
        // These take what is looked for first; the last two the key inside (django/db/models/fields/json.py).
        "TrigramStrictWordDistance" | "TrigramStrictWordSimilarity" | "TrigramWordDistance" | "TrigramWordSimilarity" | "KeyTransform" | "KeyTextTransform" => {
            n == 0
        }
        // `IContains(F("name"), "x")`
        _ => is_from(path, "django.db.models.lookups"),
    }
}

/// `Q(author__name="x")`, `F("price")`, `Count("books", filter=Q(…))`
fn expression<'a>(ev: &mut Evaluator<'_, 'a>, path: &str, call: &'a Call, args: &Args<'a>) -> Value<'a> {
    let mut all = Vec::new();
    let name = path.rsplit('.').next().unwrap_or_default();
    let field = name.ends_with("Field");
    for (n, (a, v)) in call.args.iter().zip(&args.values).enumerate() {
        match (a.kind, v) {
            (ArgKind::Positional, Value::Str(_)) if is_value(path, name, n) => {}
            // `Count("*")`
            (ArgKind::Positional, Value::Str(t)) if t.constant().is_some_and(|t| t == "*") => {}
            (ArgKind::Keyword(k), v)
                if matches!(name, "Q" | "When") && !matches!(k.as_str(), "then" | "_connector" | "_negated") && (name, k.as_str()) != ("When", "condition") =>
            {
                all.push(Path::from_keyword(ev, k.ident()));
                if let Some(Django::Expression(inner)) = Django::of(v) {
                    all.extend(inner.iter().cloned());
                }
            }
            (_, Value::Library(LibraryValue::Django(Django::Expression(inner)))) => all.extend(inner.iter().cloned()),
            (ArgKind::DoubleSpread, Value::Dict(d)) if matches!(name, "Q" | "When") => {
                all.extend(d.entries.iter().filter_map(|e| e.key.constant().map(|k| Path::from_key(&k, e.at))));
            }
            // `Q(("name", value))`, or the name of a column in an expression.
            (ArgKind::Positional, Value::Str(t)) if !field && !matches!(name, "Q" | "UniqueConstraint" | "CheckConstraint" | "Index") => {
                all.extend(Path::from_text(t));
            }
            (ArgKind::Keyword(k), Value::Str(t)) if k.as_str() == "expression" => all.extend(Path::from_text(t)),
            (ArgKind::Positional, Value::Tuple(pair)) if name == "Q" => {
                if let Some(Value::Str(t)) = pair.first() {
                    all.extend(Path::from_text(t));
                }
            }
            (_, Value::List(l)) if !field => {
                for v in &l.items {
                    if let Some(Django::Expression(inner)) = Django::of(v) {
                        all.extend(inner.iter().cloned());
                    }
                }
            }
            _ => {}
        }
    }
    django(Django::Expression(Arc::new(all)))
}

/// `Q(…) | Q(…)`, `F("a") + F("b")`
pub fn boolean<'a>(left: &Value<'a>, right: &Value<'a>) -> Option<Value<'a>> {
    match (Django::of(left), Django::of(right)) {
        (Some(Django::Expression(a)), Some(Django::Expression(b))) => Some(django(Django::Expression(Arc::new(a.iter().chain(b.iter()).cloned().collect())))),
        (Some(_), _) => Some(left.clone()),
        (None, Some(_)) => Some(right.clone()),
        _ => None,
    }
}

/// `rows[0]`, `rows[:10]`
pub fn subscript<'a>(ev: &mut Evaluator<'_, 'a>, base: &Value<'a>, key: &Value<'a>) -> Option<Value<'a>> {
    let Some(Django::Set(set)) = Django::of(base) else { return None };
    Some(if matches!(key, Value::Int(_)) { queryset::element(ev, set) } else { base.clone() })
}
