//! Query sets: which names each method looks up, and what comes out.

use std::sync::Arc;

use crate::symbol::Symbol;

use crate::diagnostic::Access;
use crate::project::eval::{Args, Evaluator};
use crate::project::index::{Binding, ClassId};
use crate::project::libraries::sqlalchemy::emit;
use crate::project::models::ModelId;
use crate::project::text::Text;
use crate::project::uses::Certainty;
use crate::project::value::{Dict, DictEntry, Value};
use crate::source::Location;
use crate::syntax::python::{ArgKind, Call};

use super::lookups::{End, Path, walk};
use super::{Django, django, graph, instance};

/// What rows come out as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Objects.
    Objects,
    /// `values(…)`
    Dicts(Vec<Symbol>),
    /// `values_list(…)`
    Tuples(usize),
    /// `values_list(…, flat=True)` and other scalars.
    Scalars,
}

/// A manager or query set.
#[derive(Clone, Debug)]
pub struct Set {
    /// Of which rows.
    pub model: ModelId,
    /// The project's own manager class, if it is one.
    pub manager: Option<ClassId>,
    /// Annotations of the chain.
    pub names: Vec<Symbol>,
    /// There may be others.
    pub open: bool,
    /// What rows come out as.
    pub shape: Shape,
}

impl Set {
    /// All rows of a model.
    pub fn new(model: ModelId, manager: Option<ClassId>) -> Self {
        Self { model, manager, names: Vec::new(), open: manager.is_some(), shape: Shape::Objects }
    }
}

/// What a loop over the rows yields.
pub fn element<'a>(ev: &Evaluator<'_, 'a>, set: &Set) -> Value<'a> {
    match &set.shape {
        Shape::Objects => instance(ev, set.model),
        Shape::Tuples(n) => Value::Tuple(Arc::new(vec![Value::Unknown; *n])),
        Shape::Dicts(names) => {
            let at = ev.world.models.get(set.model).at;
            let entries = names.iter().map(|n| DictEntry { key: Text::made(n, at), at, value: Value::Unknown, expr: None, conditional: false }).collect();
            Value::Dict(Arc::new(Dict { entries, open: true }))
        }
        Shape::Scalars => Value::Unknown,
    }
}

fn wrap<'a>(set: Set) -> Value<'a> {
    django(Django::Set(Arc::new(set)))
}

/// `set.name(args)`
pub fn method<'a>(ev: &mut Evaluator<'_, 'a>, set: &Arc<Set>, name: &str, call: &'a Call, args: &Args<'a>) -> Option<Value<'a>> {
    let same = || django(Django::Set(set.clone()));
    // The project's own methods of managers and query sets go on with the same rows, unless they are known to give something else.
    if let Some(m) = set.manager
        && let Some((_, [.., Binding::Function(f)])) = ev.world.class_member(m, Symbol::from(name))
    {
        let v = ev.result_of(*f);
        // One that takes the place of Django's own may take other names besides.
        if matches!(name, "filter" | "exclude" | "get" | "create" | "update") {
            let access = if matches!(name, "create" | "update") { Access::Write } else { Access::Read };
            lookups(ev, &Set { open: true, ..(**set).clone() }, call, args, &[], access);
        }
        // So do those that say no more than that they give such a query set.
        let alike = v.is_unknown() || matches!(v, Value::Instance(c) if ev.world.django.managers.contains_key(&c));
        return Some(if alike { wrap(Set { open: true, ..(**set).clone() }) } else { v });
    }
    let name = name.strip_prefix('a').filter(|n| ASYNC.contains(n)).unwrap_or(name);
    Some(match name {
        "filter" | "exclude" | "complex_filter" => {
            lookups(ev, set, call, args, &[], Access::Read);
            same()
        }
        "get" => {
            lookups(ev, set, call, args, &[], Access::Read);
            element(ev, set)
        }
        "create" => {
            lookups(ev, &made_by_itself(ev, set), call, args, &[], Access::Write);
            instance(ev, set.model)
        }
        "get_or_create" | "update_or_create" => {
            lookups(ev, set, call, args, &["defaults", "create_defaults"], Access::Read);
            for k in ["defaults", "create_defaults"] {
                // `get_or_create(**found)` may bring them too.
                let spread = || call.args.iter().zip(&args.values).filter(|(a, _)| matches!(a.kind, ArgKind::DoubleSpread)).find_map(|(_, v)| entry(v, k));
                if let Some(Value::Dict(d)) = args.keyword(call, k).or_else(spread) {
                    for e in &d.entries {
                        if let Some(key) = e.key.constant() {
                            resolve(ev, &Set { names: Vec::new(), ..made_by_itself(ev, set) }, &Path::from_key(&key, e.at), Access::Write);
                        }
                    }
                }
            }
            Value::Tuple(Arc::new(vec![instance(ev, set.model), Value::Unknown]))
        }
        "update" => {
            lookups(ev, set, call, args, &[], Access::Write);
            Value::Unknown
        }
        "annotate" | "alias" | "extra" | "aggregate" => annotate(ev, set, name, call, args),
        "values" | "values_list" => values(ev, set, name, call, args),
        "only" | "defer" | "order_by" | "distinct" | "select_related" | "prefetch_related" | "select_for_update" => {
            names(ev, set, call, args);
            same()
        }
        "latest" | "earliest" => {
            names(ev, set, call, args);
            element(ev, set)
        }
        "dates" | "datetimes" => {
            // The field; then the kind and the order.
            if let Some(path) = args.positional(call, 0).and_then(Value::text).and_then(Path::from_text) {
                resolve(ev, set, &path, Access::Read);
            }
            wrap(Set { shape: Shape::Scalars, ..(**set).clone() })
        }
        "first" | "last" => Value::union([element(ev, set), Value::None]),
        "bulk_update" => {
            let fields = args.get(call, 1, "fields").cloned();
            name_list(ev, set.model, fields.as_ref(), Access::Write);
            Value::Unknown
        }
        "bulk_create" => {
            for k in ["update_fields", "unique_fields"] {
                let fields = args.keyword(call, k).cloned();
                name_list(ev, set.model, fields.as_ref(), if k == "update_fields" { Access::Write } else { Access::Read });
            }
            Value::list_of(instance(ev, set.model))
        }
        "in_bulk" | "count" | "exists" | "delete" | "explain" | "contains" | "raw" | "as_manager" | "add" | "remove" | "set" | "clear" => Value::Unknown,
        "iterator" | "all" | "none" | "using" | "reverse" | "union" | "intersection" | "difference" | "get_queryset" | "db_manager" => same(),
        // A method of a custom query set.
        _ => wrap(Set { open: true, ..(**set).clone() }),
    })
}

/// What a dict holds under a key.
fn entry<'v, 'a>(v: &'v Value<'a>, key: &str) -> Option<&'v Value<'a>> {
    if let Value::Dict(d) = v { d.get(key).map(|e| &e.value) } else { None }
}

const ASYNC: &[&str] = &[
    "get",
    "create",
    "get_or_create",
    "update_or_create",
    "update",
    "first",
    "last",
    "latest",
    "earliest",
    "aggregate",
    "bulk_create",
    "bulk_update",
    "delete",
    "count",
    "exists",
    "iterator",
];

/// Keywords as look-ups, and `Q` objects given by position.
fn lookups<'a>(ev: &mut Evaluator<'_, 'a>, set: &Set, call: &'a Call, args: &Args<'a>, except: &[&str], access: Access) {
    for (a, v) in call.args.iter().zip(&args.values) {
        match (a.kind, v) {
            (ArgKind::Keyword(k), _) if except.contains(&k.as_str()) => {}
            (ArgKind::Keyword(k), _) => {
                let path = Path::from_keyword(ev, k.ident());
                if let End::Field(Some(c)) = resolve(ev, set, &path, access)
                    && !k.as_str().contains("__")
                {
                    emit::literal(ev, c, v, Some(&a.value), access == Access::Write);
                }
                expressions(ev, set, v);
            }
            (ArgKind::DoubleSpread, Value::Dict(d)) => {
                for e in &d.entries {
                    if let Some(key) = e.key.constant().filter(|k| !except.contains(&&**k)) {
                        resolve(ev, set, &Path::from_key(&key, e.at), access);
                    }
                }
            }
            (ArgKind::DoubleSpread, _) => ev.uses.skip("keywords of a query that are not known"),
            _ => expressions(ev, set, v),
        }
    }
}

/// Names inside `Q`, `F`, aggregates.
fn expressions<'a>(ev: &mut Evaluator<'_, 'a>, set: &Set, v: &Value<'a>) {
    expressions_but(ev, set, v, &[]);
}

/// The same, where some names are no fields.
fn expressions_but<'a>(ev: &mut Evaluator<'_, 'a>, set: &Set, v: &Value<'a>, but: &[Symbol]) {
    let paths = |one: &Value<'a>| if let Some(Django::Expression(paths)) = Django::of(one) { !paths.is_empty() } else { false };
    // `for model, q in ((Author, Q(…)), (Book, Q(…)))`: which of several is meant for the rows of one model nobody can tell.
    let several = v.alternatives().iter().filter(|one| paths(one)).count() > 1;
    let set = if several { &Set { open: true, ..set.clone() } } else { set };
    for one in v.alternatives() {
        if let Some(Django::Expression(paths)) = Django::of(one) {
            for p in paths.iter().filter(|p| !but.contains(&p.first())) {
                resolve(ev, set, p, Access::Read);
            }
        }
    }
}

/// Walks a name; one that neither model nor chain has is missing, where both are known wholly.
fn resolve(ev: &mut Evaluator<'_, '_>, set: &Set, path: &Path, access: Access) -> End {
    if set.names.contains(&path.first()) {
        return End::Nothing;
    }
    let end = walk(ev, set.model, path, access);
    if !set.open && set.names.is_empty() {
        lacking(ev, set.model, path, &end);
    }
    end
}

fn lacking(ev: &mut Evaluator<'_, '_>, id: ModelId, path: &Path, end: &End) {
    match *end {
        End::Nothing => missing(ev, id, path.first(), path.location()),
        End::Beyond(model, name, at) => missing(ev, model, name, Some(at)),
        End::Field(_) => {}
    }
}

/// Walks a name that is written or listed outside of any chain.
pub fn plain(ev: &mut Evaluator<'_, '_>, id: ModelId, path: &Path, access: Access) {
    let end = walk(ev, id, path, access);
    lacking(ev, id, path, &end);
}

/// A look-up that begins with no field of the model. Models of installed apps may point here without our seeing them, at the user model most of all.
fn missing(ev: &mut Evaluator<'_, '_>, id: ModelId, name: Symbol, at: Option<Location>) {
    let model = ev.world.models.get(id);
    let known = model.members.contains_key(&name) || model.class.is_some_and(|c| ev.world.class_member(c, name).is_some());
    let all_seen = !model.open && !model.foreign && model.class.and_then(|c| ev.world.lineage(c)).is_some_and(|l| !l.open);
    // taggit's `TaggableManager` adds a relation of that name to its model (`post_through_setup` in taggit/managers.py).
    let known = known || name.as_str() == "tagged_items" || model.members.contains_key(&Symbol::from(crate::project::models::ANY_NAME));
    if known || !all_seen || may_be_user(ev, id) || name.as_str().ends_with("_id") || name.as_str().is_empty() {
        return;
    }
    if let Some(at) = at {
        emit::missing_attribute(ev, id, name, at, Certainty::Medium);
    }
}

/// Whether a model stands for users: by the settings, or where these were not seen by what it derives from.
fn may_be_user(ev: &Evaluator<'_, '_>, id: ModelId) -> bool {
    let derives = || {
        let lineage = ev.world.models.get(id).class.and_then(|c| ev.world.lineage(c));
        lineage.is_some_and(|l| l.has_outside("django", &["AbstractUser", "AbstractBaseUser"]))
    };
    ev.world.django.user.map_or_else(derives, |user| user == id)
}

fn annotate<'a>(ev: &mut Evaluator<'_, 'a>, set: &Set, name: &str, call: &'a Call, args: &Args<'a>) -> Value<'a> {
    let mut next = set.clone();
    for (a, v) in call.args.iter().zip(&args.values) {
        // Each may use the names of those before it.
        let before = next.names.get(set.names.len()..).unwrap_or_default();
        expressions_but(ev, set, v, before);
        match a.kind {
            ArgKind::Keyword(k) => next.names.push(k.name),
            _ => next.open = true,
        }
    }
    match name {
        "aggregate" => Value::Unknown,
        "extra" => wrap(Set { open: true, ..next }),
        _ => wrap(next),
    }
}

fn values<'a>(ev: &mut Evaluator<'_, 'a>, set: &Set, name: &str, call: &'a Call, args: &Args<'a>) -> Value<'a> {
    names(ev, set, call, args);
    let mut next = set.clone();
    let mut given = Vec::new();
    for (a, v) in call.args.iter().zip(&args.values) {
        match (a.kind, v) {
            (ArgKind::Positional, Value::Str(t)) => given.extend(t.constant().map(|t| Symbol::from(&t))),
            (ArgKind::Keyword(k), _) if !matches!(k.as_str(), "flat" | "named") => {
                expressions(ev, set, v);
                next.names.push(k.name);
                given.push(k.name);
            }
            _ => {}
        }
    }
    let flat = call.keyword("flat").is_some() || call.keyword("named").is_some();
    next.shape = match name {
        "values" => Shape::Dicts(given),
        _ if flat => Shape::Scalars,
        _ => Shape::Tuples(given.len()),
    };
    wrap(next)
}

/// Names given as strings by position; `Prefetch("x")` too.
fn names<'a>(ev: &mut Evaluator<'_, 'a>, set: &Set, call: &'a Call, args: &Args<'a>) {
    for (a, v) in call.args.iter().zip(&args.values) {
        match (a.kind, v) {
            (ArgKind::Positional, Value::Str(t)) => {
                if let Some(p) = Path::from_text(t) {
                    resolve(ev, set, &p, Access::Read);
                }
            }
            (ArgKind::Positional | ArgKind::Spread, Value::List(l)) => {
                for v in &l.items {
                    if let Value::Str(t) = v
                        && let Some(p) = Path::from_text(t)
                    {
                        resolve(ev, set, &p, Access::Read);
                    }
                }
            }
            _ => expressions(ev, set, v),
        }
    }
}

/// A list of field names.
pub fn name_list<'a>(ev: &mut Evaluator<'_, 'a>, id: ModelId, list: Option<&Value<'a>>, access: Access) {
    let items: &[Value<'a>] = match list {
        Some(Value::List(l)) => &l.items,
        Some(Value::Tuple(t)) => t,
        _ => return,
    };
    for v in items {
        if let Value::Str(t) = v
            && let Some(p) = Path::from_text(t)
        {
            plain(ev, id, &p, access);
        }
    }
}

/// Whether a model has a constructor of the project's own, which takes what it likes.
fn makes_itself(ev: &Evaluator<'_, '_>, id: ModelId) -> bool {
    let class = ev.world.models.get(id).class;
    class.is_none_or(|c| ["__init__", "__new__"].iter().any(|n| ev.world.class_member(c, Symbol::from(n)).is_some()))
}

/// The rows where new ones are made: names that the constructor may take are not missing.
fn made_by_itself(ev: &Evaluator<'_, '_>, set: &Set) -> Set {
    Set { open: set.open || makes_itself(ev, set.model), ..set.clone() }
}

/// `Model(name=…)`
pub fn write_keywords<'a>(ev: &mut Evaluator<'_, 'a>, id: ModelId, call: &'a Call, args: &Args<'a>) {
    let own = makes_itself(ev, id);
    for (a, v) in call.args.iter().zip(&args.values) {
        if let ArgKind::Keyword(k) = a.kind {
            let path = Path::from_keyword(ev, k.ident());
            if own {
                walk(ev, id, &path, Access::Write);
            } else {
                plain(ev, id, &path, Access::Write);
            }
            if let Some(c) = graph::field_column(ev.world, id, k.name) {
                emit::literal(ev, c, v, Some(&a.value), true);
            }
        }
    }
}
