//! How Django's models point at each other: the names by which look-ups walk from one to the next.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::manager;
use crate::project::digest::{by_django, by_postgres};
use crate::project::eval::Evaluator;
use crate::project::index::{Binding, ClassId, last_name};
use crate::project::late::Late;
use crate::project::libraries::sqlalchemy::values::ColumnRef;
use crate::project::models::django::fields as models;
use crate::project::models::django::meta;
use crate::project::models::{Framework, Member, ModelId};
use crate::project::uses::RelationName;
use crate::project::value::Value;
use crate::project::world::{Place, World, is_from};
use crate::symbol::Symbol;
use crate::syntax::python::{Call, Expr, ExprKind};

/// A column that a step of a look-up touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Touched {
    /// A model's.
    #[serde(rename = "c")]
    Column(ColumnRef),
    /// Of a table that no class stands for (an automatic many-to-many table).
    #[serde(rename = "r")]
    Raw(RelationName, Symbol),
}

/// A step from one model to another.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Edge {
    /// Where it leads.
    #[serde(rename = "t")]
    pub target: ModelId,
    /// The columns it goes over.
    #[serde(rename = "o")]
    pub touched: Vec<Touched>,
    /// Whether an object's attribute of that name is a manager.
    #[serde(rename = "m")]
    pub many: bool,
}

/// A manager that a model declares.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Own {
    /// The class of the project whose methods its rows have, where there is one.
    pub class: Option<ClassId>,
    /// Rows may have names, and methods keywords, that are no field's: the class is not known wholly, or its rows are made by itself.
    pub open: bool,
}

/// All steps.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Steps {
    /// By model and the name in look-ups.
    #[serde(with = "pairs")]
    edges: FxHashMap<(ModelId, Symbol), Edge>,
    /// By model and the name on objects (`book_set`).
    #[serde(with = "pairs")]
    accessors: FxHashMap<(ModelId, Symbol), Edge>,
}

/// All steps, and the managers from which they begin.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Graph {
    #[serde(skip)]
    steps: Late<Steps>,
    /// There is a step.
    any: bool,
    /// By model and name: the managers that it declares.
    #[serde(with = "pairs")]
    own: FxHashMap<(ModelId, Symbol), Own>,
    /// The first manager that a model declares: the one by which other models' objects reach it.
    #[serde(with = "pairs")]
    first: FxHashMap<ModelId, Symbol>,
    /// Managers' and query sets' classes → the model whose rows they give, where there is one.
    #[serde(with = "pairs")]
    pub managers: FxHashMap<ClassId, Option<ModelId>>,
    /// The model that `get_user_model()` gives.
    pub user: Option<ModelId>,
}

/// Maps whose keys are no texts, as lists of pairs.
mod pairs {
    use std::hash::Hash;

    use rustc_hash::FxHashMap;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<K: Serialize, V: Serialize, S: Serializer>(map: &FxHashMap<K, V>, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(map)
    }

    pub fn deserialize<'d, K: Deserialize<'d> + Eq + Hash, V: Deserialize<'d>, D: Deserializer<'d>>(from: D) -> Result<FxHashMap<K, V>, D::Error> {
        Ok(Vec::deserialize(from)?.into_iter().collect())
    }
}

/// How a field points.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pointer {
    One,
    OneToOne,
    Many,
    /// `GenericRelation`: the other way round, over a type and a key that the other side holds.
    Generic,
}

impl Pointer {
    /// By the name of the field's class.
    fn of(name: &str) -> Option<Self> {
        match name {
            n if n.ends_with("ManyToManyField") => Some(Pointer::Many),
            n if n.ends_with("OneToOneField") => Some(Pointer::OneToOne),
            n if n.ends_with("GenericRelation") => Some(Pointer::Generic),
            n if n.ends_with("ForeignKey") && !n.ends_with("GenericForeignKey") || n == "ParentalKey" => Some(Pointer::One),
            _ => None,
        }
    }

    /// By what a field class of the project derives from, whatever it is called itself.
    fn of_class<'a>(world: &World<'a>, place: Place, func: &'a Expr) -> Option<Self> {
        if matches!(&func.kind, ExprKind::Attribute(a) if matches!(a.value.kind, ExprKind::Name(n) if n.as_str() == "models")) {
            return None;
        }
        let Value::Class(class) = Evaluator::quiet(world, place).eval(func) else { return None };
        world.lineage(class)?.outside.iter().filter_map(|v| v.external().filter(|p| is_from(p, "django"))).find_map(|p| Self::of(p.rsplit('.').next()?))
    }
}

impl Graph {
    /// Builds the graph from the models found.
    pub fn build(world: &World<'_>) -> Self {
        let mut graph = Graph { user: user_model(world), ..Graph::default() };
        for (n, model) in world.models.all.iter().enumerate() {
            if model.framework != Framework::Django {
                continue;
            }
            let id = ModelId(u32::try_from(n).unwrap_or(u32::MAX));
            let Some(class) = model.class else { continue };
            for &c in world.lineage(class).map_or(&[][..], |l| &l.mro) {
                // A parent with a table of its own has its own edges; the child reaches them through it.
                if c != class && world.models.of_class(c).is_some() {
                    continue;
                }
                graph.class_body(world, id, c);
            }
            graph.child(world, id);
        }
        graph.any = !graph.steps.edges.is_empty();
        graph
    }

    /// A model with a table beside its parent's: the parent's objects know it by its name, as the other end of the link between them.
    fn child(&mut self, world: &World<'_>, id: ModelId) {
        let model = world.models.get(id);
        let own_name = Symbol::from(&model.name.as_str().rsplit('.').next().unwrap_or_default().to_lowercase());
        let Some(parent) = through_parents(world, id).skip(1).find(|p| world.models.get(*p).relation != model.relation) else { return };
        let touched: Vec<Touched> = [parent, id].iter().filter_map(|m| primary_key(world, *m).map(Touched::Column)).collect();
        let edge = Edge { target: id, touched, many: false };
        self.steps.edges.entry((parent, own_name)).or_insert_with(|| edge.clone());
        self.steps.accessors.entry((parent, own_name)).or_insert(edge);
    }

    fn class_body(&mut self, world: &World<'_>, id: ModelId, class: ClassId) {
        let def = world.index.class(class);
        for &name in &def.order {
            for b in &def.names[&name] {
                let Binding::Value { value, .. } = b else { continue };
                let ExprKind::Call(call) = &value.kind else {
                    // `objects = shared`
                    if MANAGERS.contains(&name.as_str()) {
                        self.manager(world, id, class, name, value);
                    }
                    continue;
                };
                let call = marked(call).unwrap_or(call);
                // `models.ForeignKey[Author, Author](…)`
                let func = if let ExprKind::Subscript(s) = &call.func.kind { &s.0 } else { &call.func };
                let place = Place { file: def.file, class: Some(class), function: None };
                let last = last_name(func).map_or("", |n| n.as_str());
                if last.ends_with("GenericForeignKey") {
                    continue;
                }
                let Some(pointer) = Pointer::of(last).or_else(|| Pointer::of_class(world, place, func)) else {
                    self.manager(world, id, class, name, value);
                    continue;
                };
                if let Some(target) = self.target(world, id, name, place, call) {
                    self.relation(world, id, name, pointer, target, place, call);
                }
            }
        }
    }

    fn manager<'a>(&mut self, world: &World<'a>, id: ModelId, class: ClassId, name: Symbol, value: &'a crate::syntax::python::Expr) {
        let place = Place { file: world.index.class(class).file, class: Some(class), function: None };
        let v = Evaluator::quiet(world, place).eval(value);
        let mut classes: Vec<ClassId> = Vec::new();
        if let Value::Instance(c) = v {
            classes.push(c);
        }
        let direct = !classes.is_empty();
        // `Rows.as_manager()`, `Manager.from_queryset(Rows)()`
        if let ExprKind::Call(call) = &value.kind {
            let mut funcs = vec![&call.func];
            if let ExprKind::Call(inner) = &call.func.kind {
                funcs.push(&inner.func);
                for e in inner.positionals() {
                    if let Value::Class(c) = Evaluator::quiet(world, place).base_class(find_same(value, e).unwrap_or(value)) {
                        classes.push(c);
                    }
                }
            }
            for f in funcs {
                if let ExprKind::Attribute(a) = &f.kind
                    && matches!(a.attr.as_str(), "as_manager" | "from_queryset")
                    && let Value::Class(c) = Evaluator::quiet(world, place).eval(&a.value)
                {
                    classes.push(c);
                }
            }
        }
        if let Some(own) = own_manager(world, name, &v, &classes, direct) {
            self.own.entry((id, name)).or_insert(own);
            self.first.entry(id).or_insert(name);
        }
        for c in classes {
            let is_manager =
                world.lineage(c).is_some_and(|l| l.has_outside("django", &["Manager", "BaseManager", "QuerySet", "UserManager", "BaseUserManager"]));
            if is_manager {
                for &base in world.lineage(c).map_or(&[][..], |l| &l.mro) {
                    let slot = self.managers.entry(base).or_insert(Some(id));
                    if *slot != Some(id) {
                        *slot = None;
                    }
                }
            }
        }
    }

    fn target(&self, world: &World<'_>, id: ModelId, name: Symbol, place: Place, call: &Call) -> Option<ModelId> {
        if let Some(Member::Relationship { target: Some(c), .. }) = world.models.get(id).members.get(&name) {
            return world.models.of_class(*c).map(|m| m.0);
        }
        let to = call.argument(0, "to")?;
        if last_name(to).is_some_and(|n| n.as_str() == "AUTH_USER_MODEL")
            || matches!(&to.kind, ExprKind::Call(c) if last_name(&c.func).is_some_and(|n| n.as_str() == "get_user_model"))
        {
            return self.user;
        }
        let text = match &to.kind {
            ExprKind::Str(s) => s.constant()?.into_owned(),
            ExprKind::Name(_) | ExprKind::Attribute(_) => last_name(to)?.as_str().to_owned(),
            _ => return None,
        };
        if text == "self" {
            return Some(id);
        }
        named(world, &text, place)
    }

    #[expect(clippy::too_many_arguments, reason = "a field is all of these; nothing else ever holds them together")]
    fn relation(&mut self, world: &World<'_>, id: ModelId, name: Symbol, pointer: Pointer, target: ModelId, place: Place, call: &Call) {
        let model = world.models.get(id);
        let key = |m: ModelId| primary_key(world, m).map(Touched::Column);
        let many = matches!(pointer, Pointer::Many | Pointer::Generic);
        let own_name = model.name.as_str().rsplit('.').next().unwrap_or_default().to_lowercase();
        let touched: Vec<Touched> = if pointer == Pointer::Generic {
            let holds = |k: &str, usual: &str| {
                let named = call.keyword(k).and_then(|e| if let ExprKind::Str(s) = &e.kind { s.constant() } else { None });
                field_column(world, target, Symbol::from(named.as_deref().unwrap_or(usual))).map(Touched::Column)
            };
            [holds("object_id_field", "object_id"), holds("content_type_field", "content_type"), key(id), key(target)].into_iter().flatten().collect()
        } else if pointer == Pointer::Many {
            let through = call.keyword("through").and_then(|t| match &t.kind {
                ExprKind::Str(s) => named(world, &s.constant()?, place),
                _ => named(world, last_name(t)?.as_str(), place),
            });
            let middle: Vec<Touched> = if let Some(t) = through {
                [id, target].iter().filter_map(|m| pointing(world, t, *m).map(Touched::Column)).collect()
            } else {
                let table = call.keyword("db_table").and_then(|t| if let ExprKind::Str(s) = &t.kind { s.constant() } else { None });
                automatic_table(world, id, target, name, table.as_deref()).to_vec()
            };
            key(id).into_iter().chain(middle).chain(key(target)).collect()
        } else {
            field_column(world, id, name).map(Touched::Column).into_iter().chain(key(target)).collect()
        };
        let forward = Edge { target, touched: touched.clone(), many };
        self.steps.edges.insert((id, name), forward.clone());
        self.steps.accessors.insert((id, name), forward);
        let text = |k: &str| {
            let position = if k == "related_name" { models::related_name_position(pointer == Pointer::Many, pointer == Pointer::OneToOne) } else { None };
            let given = call.keyword(k).or_else(|| position.and_then(|n| call.positional(n)));
            given.and_then(|e| if let ExprKind::Str(s) = &e.kind { s.constant() } else { None })
        };
        let label = model.relation.name.as_str().strip_suffix(&own_name).and_then(|l| l.strip_suffix('_')).unwrap_or("%(app_label)s");
        let fill = |t: std::borrow::Cow<'_, str>| {
            Symbol::from(&t.replace("%(class)s", &own_name).replace("%(model_name)s", &own_name).replace("%(app_label)s", label))
        };
        let by_default = |class| meta::default_related_name(&mut Evaluator::quiet(world, place), class).map(|n| Symbol::from(&n));
        let related = text("related_name").map(fill).or_else(|| world.models.get(id).class.and_then(by_default));
        let query = text("related_query_name").map(fill);
        // The other side of a generic relation knows it only by a name that is given for look-ups, and has no attribute for it.
        if related.is_some_and(|r| r.as_str().ends_with('+')) || pointer == Pointer::Generic && query.is_none() {
            return;
        }
        let back = if many { touched.into_iter().rev().collect() } else { key(target).into_iter().chain(touched.into_iter().take(1)).collect() };
        let back = Edge { target: id, touched: back, many: pointer != Pointer::OneToOne };
        let query = query.or(related).unwrap_or_else(|| Symbol::from(&own_name));
        self.steps.edges.entry((target, query)).or_insert_with(|| back.clone());
        if pointer == Pointer::Generic {
            return;
        }
        let accessor = related.unwrap_or_else(|| Symbol::from(&if back.many { format!("{own_name}_set") } else { own_name.clone() }));
        self.steps.accessors.entry((target, accessor)).or_insert(back);
    }

    /// Whether no model points at another, and none has a manager of its own.
    pub fn is_empty(&self) -> bool {
        !self.any && self.managers.is_empty() && self.own.is_empty()
    }

    /// Gives the classes it speaks of other numbers.
    pub fn renumber(&mut self, of: &mut dyn FnMut(ClassId) -> ClassId) {
        self.managers = self.managers.iter().map(|(c, m)| (of(*c), *m)).collect();
        self.own.values_mut().for_each(|own| own.class = own.class.map(&mut *of));
    }

    /// The same with these steps.
    #[must_use]
    pub fn with(self, steps: Late<Steps>) -> Self {
        Self { steps, ..self }
    }

    /// All steps.
    pub fn steps(&self) -> &Steps {
        &self.steps
    }

    /// The manager that a model declares by that name.
    pub fn own_manager(&self, world: &World<'_>, model: ModelId, name: Symbol) -> Option<Own> {
        through_parents(world, model).find_map(|m| self.own.get(&(m, name))).copied()
    }

    /// Whether rows that come by way of a model's own manager without naming it (`author.books`) may have names that are no field's.
    pub fn first_is_open(&self, world: &World<'_>, model: ModelId) -> bool {
        through_parents(world, model).find_map(|m| self.own.get(&(m, *self.first.get(&m)?))).is_some_and(|own| own.open)
    }

    /// The step of a look-up by that name.
    pub fn edge(&self, world: &World<'_>, model: ModelId, name: Symbol) -> Option<&Edge> {
        through_parents(world, model).find_map(|m| self.steps.edges.get(&(m, name)))
    }

    /// The step of an object's attribute by that name.
    pub fn accessor(&self, world: &World<'_>, model: ModelId, name: Symbol) -> Option<&Edge> {
        through_parents(world, model).find_map(|m| self.steps.accessors.get(&(m, name)))
    }
}

/// Names by which managers go that are known by nothing else.
pub const MANAGERS: &[&str] = &["objects", "_default_manager", "_base_manager", "all_objects"];

/// What a class attribute is as a manager; `None` where it is something else. `classes` are those of the project that it is made of, `direct` if it is an
/// instance of one.
fn own_manager(world: &World<'_>, name: Symbol, v: &Value<'_>, classes: &[ClassId], direct: bool) -> Option<Own> {
    let manages =
        |l: &crate::project::world::Lineage<'_>| l.outside.iter().any(|v| v.external().is_some_and(|p| p.ends_with("Manager") || p.ends_with("QuerySet")));
    let known = |p: &str| ["django", "builtins", "typing", "typing_extensions", "abc"].iter().any(|from| is_from(p, from));
    let classes: Vec<ClassId> = classes.iter().copied().filter(|c| world.lineage(*c).is_none_or(|l| l.open || manages(l))).collect();
    if let Some(&class) = classes.last() {
        let foreign = |c: &ClassId| world.lineage(*c).is_none_or(|l| l.open || l.outside.iter().any(|v| !v.external().is_some_and(known)));
        let open = classes.iter().any(|c| foreign(c) || manager::makes_rows(world, *c));
        // One that derives from no manager we know of has no methods that we could follow.
        return (!direct || open || world.lineage(class).is_some_and(manages)).then_some(Own { class: Some(class), open });
    }
    match v {
        Value::Object(o) if o.path.ends_with("Manager") => Some(Own { class: None, open: !known(&o.path) }),
        // Not understood: `objects = make_manager()`.
        Value::Unknown | Value::Object(_) | Value::Instance(_) if MANAGERS.contains(&name.as_str()) => Some(Own { class: None, open: true }),
        _ => None,
    }
}

/// The field in `prevent_search(models.ForeignKey(…))`: a function that is given one marks it and hands it back.
fn marked(call: &Call) -> Option<&Call> {
    let [only] = call.args.as_slice() else { return None };
    let ExprKind::Call(inner) = &only.value.kind else { return None };
    let field = |c: &Call| last_name(&c.func).is_some_and(|n| n.as_str().ends_with("Field") || n.as_str().ends_with("ForeignKey"));
    (field(inner) && !field(call)).then_some(inner)
}

/// The table that Django makes for a many-to-many field, by Django's rules for its name and columns.
fn automatic_table(world: &World<'_>, own: ModelId, target: ModelId, field: Symbol, named: Option<&str>) -> [Touched; 2] {
    // Of several classes for one table, the fields are the first one's.
    let first = |m: ModelId| through_parents(world, m).take_while(|p| world.models.get(*p).relation == world.models.get(m).relation).last().unwrap_or(m);
    let own = first(own);
    let model = world.models.get(own);
    let class = |m: ModelId| world.models.get(m).name.as_str().rsplit('.').next().unwrap_or_default().to_lowercase();
    let table = named.map_or_else(|| by_django(&format!("{}_{field}", model.relation.name)), |n| by_postgres(n).to_owned());
    let relation = RelationName { schema: model.relation.schema, name: Symbol::from(&table) };
    let (from, to) = if target == own {
        (format!("from_{}_id", class(own)), format!("to_{}_id", class(own)))
    } else {
        (format!("{}_id", class(own)), format!("{}_id", class(target)))
    };
    [Touched::Raw(relation, Symbol::from(&from)), Touched::Raw(relation, Symbol::from(&to))]
}

/// Finds the same node again with the tree's own lifetime.
fn find_same<'a>(inside: &'a crate::syntax::python::Expr, wanted: &crate::syntax::python::Expr) -> Option<&'a crate::syntax::python::Expr> {
    let ExprKind::Call(call) = &inside.kind else { return None };
    let ExprKind::Call(inner) = &call.func.kind else { return None };
    inner.positionals().find(|e| e.span == wanted.span)
}

/// A model and the models it descends from.
pub fn through_parents(world: &World<'_>, model: ModelId) -> impl Iterator<Item = ModelId> {
    let class = world.models.get(model).class;
    let above = class.and_then(|c| world.lineage(c)).map_or(&[][..], |l| l.mro.get(1..).unwrap_or(&[]));
    std::iter::once(model).chain(above.iter().filter_map(|c| world.models.of_class(*c).map(|m| m.0)))
}

/// The column of a field: by the field's name, or by the name that objects have for the key itself.
pub fn field_column(world: &World<'_>, id: ModelId, name: Symbol) -> Option<ColumnRef> {
    let model = world.models.get(id);
    let with_id = format!("{name}_id");
    let find = |f: &dyn Fn(&crate::project::models::ModelColumn) -> bool| model.columns.iter().position(f);
    let column = find(&|c| c.attribute == name)
        .or_else(|| find(&|c| c.attribute.as_str() == with_id))
        .or_else(|| name.as_str().strip_suffix("_id").and_then(|short| find(&|c| c.attribute.as_str() == short && !c.foreign_keys.is_empty())))
        .or_else(|| name.as_str().strip_suffix("_id").and_then(|short| find(&|c| c.attribute.as_str() == short && c.column == name)))?;
    Some(ColumnRef { model: id, column })
}

/// A model's primary key.
pub fn primary_key(world: &World<'_>, id: ModelId) -> Option<ColumnRef> {
    let columns = &world.models.get(id).columns;
    let column = columns.iter().position(|c| c.primary_key).or_else(|| columns.iter().position(|c| c.column.as_str() == "id"))?;
    Some(ColumnRef { model: id, column })
}

fn pointing(world: &World<'_>, from: ModelId, to: ModelId) -> Option<ColumnRef> {
    let target = world.models.get(to).relation.name;
    let model = world.models.get(from);
    let column = model.columns.iter().position(|c| {
        c.foreign_keys.iter().any(|(k, _)| k.rsplit('.').nth(1).is_some_and(|t| t == target.as_str()))
            || matches!(model.members.get(&c.attribute), Some(Member::Relationship { target: Some(t), .. }) if world.models.of_class(*t).is_some_and(|m| m.0 == to))
    })?;
    Some(ColumnRef { model: from, column })
}

/// The Django model behind `app.Model` or `Model`.
pub fn named(world: &World<'_>, text: &str, place: Place) -> Option<ModelId> {
    let (app, name) = text.rsplit_once('.').map_or((None, text), |(a, n)| (Some(a), n));
    let all: Vec<ModelId> =
        world.models.by_name.get(&Symbol::from(name))?.iter().copied().filter(|id| world.models.get(*id).framework == Framework::Django).collect();
    if let [one] = all.as_slice() {
        return Some(*one);
    }
    let path = |id: &ModelId| world.sources.get(world.models.get(*id).at.file).path.as_str();
    let own = world.sources.get(place.file).path.as_str();
    let folder = |p: &str| p.rsplit_once('/').map_or(String::new(), |(f, _)| f.to_owned());
    all.iter()
        .find(|id| match app {
            Some(a) => path(id).split('/').any(|part| part == a) || world.models.get(**id).relation.name.as_str().starts_with(&format!("{a}_")),
            None => folder(path(id)) == folder(own),
        })
        .copied()
}

/// The only Django model of that name in the app of that label, as its table or its folder tells; case does not matter in the name.
pub fn labelled(world: &World<'_>, label: &str, name: &str) -> Option<ModelId> {
    let of_app = |id: ModelId| {
        let model = world.models.get(id);
        let folder = world.sources.get(model.at.file).path.rsplit_once('/').map_or("", |(f, _)| f);
        model.relation.name.as_str() == format!("{label}_{}", name.to_lowercase()) || folder.split('/').any(|part| part == label)
    };
    let models = world.models.all.iter().enumerate().filter(|(_, m)| m.framework == Framework::Django && m.class.is_some() && !m.foreign);
    let named = models.filter(|(_, m)| m.name.as_str().eq_ignore_ascii_case(name)).map(|(n, _)| ModelId(u32::try_from(n).unwrap_or(u32::MAX)));
    let mut found = named.filter(|id| of_app(*id));
    found.next().filter(|_| found.next().is_none())
}

fn user_model(world: &World<'_>) -> Option<ModelId> {
    for file in &world.index.order {
        let module = &world.index.modules[file];
        if module.names.contains_key(&Symbol::from("AUTH_USER_MODEL"))
            && let Some(text) = world.global(*file, Symbol::from("AUTH_USER_MODEL")).constant()
            && let Some(id) = named(world, &text, Place::module(*file))
        {
            return Some(id);
        }
    }
    None
}
