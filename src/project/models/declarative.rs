//! SQLAlchemy's declarative classes, 1.x and 2.0, Flask-SQLAlchemy's among them.

use crate::symbol::Symbol;

use crate::source::Location;
use crate::syntax::python::{ExprKind, StmtKind};

use super::super::eval::Evaluator;
use super::super::index::{Binding, ClassId, last_name};
use super::super::uses::RelationName;
use super::super::value::Value;
use super::super::world::{Place, is_from};
use super::construct::{self, is_sqlalchemy};
use super::declared::{Column, Constraint, Declared, Metadata, SqlType};
use super::draft::{self, Draft, Related};
use super::mapped::{self, Annotation, Python, TypeMap};
use super::types::last;
use super::{Framework, Member, bases, is_test_path, naming};

/// Classes outside the project that make their children mapped.
const BASES: &[&str] = &["DeclarativeBase", "DeclarativeBaseNoMeta", "Model"];

/// Whether a class descends from a declarative base.
pub fn is_declarative(ev: &Evaluator<'_, '_>, class: ClassId) -> bool {
    let Some(lineage) = ev.world.lineage(class) else { return false };
    lineage.outside.iter().any(is_base) || lineage.mro.iter().any(|&c| is_decorated(ev, c)) || has_declarative_metaclass(ev, class)
}

pub(super) fn is_base(v: &Value<'_>) -> bool {
    match v {
        Value::External(p) => {
            (is_from(p, "sqlalchemy") || is_from(p, "flask_sqlalchemy") || is_from(p, "quart_sqlalchemy")) && BASES.contains(&last(p)) || bases::maps(p)
        }
        Value::Object(o) => is_sqlalchemy(&o.path) && matches!(last(&o.path), "declarative_base" | "automap_base" | "registry" | "generate_base"),
        _ => false,
    }
}

/// `@as_declarative()`, `@mapper_registry.mapped`
fn is_decorated(ev: &Evaluator<'_, '_>, class: ClassId) -> bool {
    decorator(ev, class).is_some()
}

fn decorator(ev: &Evaluator<'_, '_>, class: ClassId) -> Option<&'static str> {
    ev.world
        .index
        .class(class)
        .node
        .decorators
        .iter()
        .find_map(|d| last_name(d).map(|n| n.as_str()).filter(|n| matches!(*n, "as_declarative" | "as_declarative_base" | "mapped" | "mapped_as_dataclass")))
}

fn has_declarative_metaclass(ev: &Evaluator<'_, '_>, class: ClassId) -> bool {
    let Some(lineage) = ev.world.lineage(class) else { return false };
    lineage.keywords.iter().any(|(c, name, value)| {
        name.as_str() == "metaclass" && {
            let place = Place::module(ev.world.index.class(*c).file);
            match Evaluator::quiet_on(ev.world, place, &ev.trail).eval(value) {
                Value::External(p) => is_sqlalchemy(&p) && last(&p) == "DeclarativeMeta",
                Value::Class(m) => ev.world.lineage(m).is_some_and(|l| l.has_outside("sqlalchemy", &["DeclarativeMeta"])),
                _ => false,
            }
        }
    })
}

/// Whether a class is the root that others are mapped by, never mapped itself.
pub fn is_root(ev: &Evaluator<'_, '_>, class: ClassId) -> bool {
    if let Some(name) = decorator(ev, class) {
        return matches!(name, "as_declarative" | "as_declarative_base");
    }
    let node = ev.world.index.class(class).node;
    let place = Place::module(ev.world.index.class(class).file);
    node.bases.iter().any(|b| {
        matches!(b.kind, crate::syntax::python::ArgKind::Positional)
            && matches!(Evaluator::quiet_on(ev.world, place, &ev.trail).base_class(&b.value), Value::External(p) if is_sqlalchemy(&p) && is_root_path(&p))
    })
}

/// SQLAlchemy's own root class; Flask-SQLAlchemy's, which is only mapped by as what `db.Model` becomes.
fn is_root_path(path: &str) -> bool {
    matches!(last(path), "DeclarativeBase" | "DeclarativeBaseNoMeta") || matches!(path, "flask_sqlalchemy.Model" | "flask_sqlalchemy.model.Model")
}

fn own_flag(ev: &mut Evaluator<'_, '_>, class: ClassId, name: &str) -> bool {
    let def = ev.world.index.class(class);
    match def.names.get(&Symbol::from(name)).map(|all| all.as_slice()) {
        Some([.., Binding::Value { value, .. }]) => matches!(value.kind, ExprKind::Bool(true)),
        _ => false,
    }
}

/// Whether a class is mapped to a table, its own or its parent's.
pub fn is_mapped(ev: &mut Evaluator<'_, '_>, class: ClassId) -> bool {
    if let Some(&known) = ev.world.mapped.read().unwrap_or_else(std::sync::PoisonError::into_inner).get(&class) {
        return known;
    }
    let mapped = decide(ev, class);
    ev.world.mapped.write().unwrap_or_else(std::sync::PoisonError::into_inner).insert(class, mapped);
    mapped
}

fn decide(ev: &mut Evaluator<'_, '_>, class: ClassId) -> bool {
    if super::sqlmodel::is_sqlmodel(ev, class) {
        return super::sqlmodel::is_table(ev, class);
    }
    if !is_declarative(ev, class) || is_root(ev, class) || own_flag(ev, class, "__abstract__") {
        return false;
    }
    if ev.world.class_member(class, Symbol::from("__table__")).is_some() || naming::table_name(ev, class).is_some() {
        return true;
    }
    parent(ev, class).is_some()
}

/// Whether a class names a table in a way that could not be worked out, so that it is not known to be mapped.
pub fn is_unnamed(ev: &mut Evaluator<'_, '_>, class: ClassId) -> bool {
    let says = |ev: &Evaluator<'_, '_>, name: &str| ev.world.index.class(class).names.contains_key(&Symbol::from(name));
    !is_root(ev, class)
        && !own_flag(ev, class, "__abstract__")
        && (says(ev, "__tablename__") || says(ev, "__table__") && has_unknown_table(ev, class))
        && naming::table_name(ev, class).is_none()
}

/// Whether `__table__` stands for a table of which not even the name could be worked out.
fn has_unknown_table(ev: &mut Evaluator<'_, '_>, class: ClassId) -> bool {
    let shown = ev.world.class_member(class, Symbol::from("__table__")).and_then(|(_, b)| b.last().copied());
    matches!(shown, Some(Binding::Value { .. })) && class_table(ev, class).is_none_or(|t| t.name.is_none())
}

/// The nearest mapped ancestor.
pub fn parent(ev: &mut Evaluator<'_, '_>, class: ClassId) -> Option<ClassId> {
    let mro = ev.world.lineage(class)?.mro.clone();
    mro.into_iter().skip(1).find(|&c| is_mapped(ev, c))
}

/// Whether the class itself, or a mixin that its mapped parent does not have, declares a primary key.
pub fn declares_primary_key(ev: &mut Evaluator<'_, '_>, class: ClassId) -> bool {
    let parent = parent(ev, class);
    owners(ev, class, parent).into_iter().any(|owner| {
        let def = ev.world.index.class(owner);
        let text = ev.world.sources.get(def.file);
        def.node.body.iter().any(|s| ["primary_key=True", "PrimaryKeyConstraint", "__table__"].iter().any(|w| text.slice(s.span).contains(w)))
    })
}

/// Maps one class; `None` where it is not mapped.
pub fn draft<'a>(ev: &mut Evaluator<'_, 'a>, class: ClassId) -> Option<Draft<'a>> {
    if !is_mapped(ev, class) {
        return None;
    }
    let world = ev.world;
    let def = world.index.class(class);
    let at = Location::new(def.file, def.node.name.span);
    let parent = parent(ev, class);
    let own_name = naming::table_name(ev, class);
    if own_name.is_none() && parent.is_none() && has_unknown_table(ev, class) {
        return None;
    }
    let table = class_table(ev, class);
    let (name, relation_at) = match (&table, own_name, parent) {
        (Some(t), ..) if t.name.is_some() => t.name?,
        (_, Some(name), _) => name,
        // The parent's is put in when drafts are linked.
        (_, None, Some(p)) => naming::table_name(ev, p).unwrap_or((def.node.name.name, at)),
        _ => (def.node.name.name, at),
    };
    let metadata = metadata_of(ev, class);
    let relation = RelationName { schema: metadata.schema, name };
    let mut d = Draft::new(Framework::SqlAlchemy, Symbol::from(&def.qualname), relation, relation_at, at);
    d.model.class = Some(class);
    d.metadata = metadata;
    d.parent = parent;
    d.single_table = own_name.is_none() && table.is_none() && parent.is_some();
    d.model.foreign = metadata.foreign || is_test_path(&world.sources.get(def.file).path) || is_bound_elsewhere(ev, class);
    d.model.open = is_open(ev, class);
    d.model.root = super::roots::of_class(ev, class);
    if let Some(t) = &table {
        d.model.relation.schema = t.schema;
        d.model.call = Some(t.at);
        super::tables::add_columns(&mut d, t);
    }
    let owners = owners(ev, class, parent);
    bases::columns(ev, class, parent, &mut d);
    body(ev, class, &mut d, &owners);
    table_arguments(ev, class, &mut d);
    Some(d)
}

/// `__table__ = Table(...)`
fn class_table<'a>(ev: &mut Evaluator<'_, 'a>, class: ClassId) -> Option<std::sync::Arc<super::declared::Table>> {
    let (owner, bindings) = ev.world.class_member(class, Symbol::from("__table__"))?;
    let Some(Binding::Value { value, .. }) = bindings.last() else { return None };
    let place = Place { file: ev.world.index.class(owner).file, class: Some(owner), function: None };
    let v = Evaluator::quiet_on(ev.world, place, &ev.trail).eval(value);
    match Declared::of(&v)? {
        Declared::Table(t) => Some(t.clone()),
        _ => None,
    }
}

/// The classes whose bodies give this table its columns: the class and its mixins, but not what a mapped parent has already. Nearest first.
pub fn owners(ev: &mut Evaluator<'_, '_>, class: ClassId, parent: Option<ClassId>) -> Vec<ClassId> {
    let world = ev.world;
    let Some(lineage) = world.lineage(class) else { return vec![class] };
    let behind = parent.and_then(|p| world.lineage(p)).map(|l| l.mro.as_slice()).unwrap_or_default();
    lineage.mro.iter().copied().filter(|&c| c == class || (!behind.contains(&c) && !is_mapped(ev, c))).collect()
}

/// Whether something about a class may add or change columns in a way that is not followed.
pub fn is_open(ev: &Evaluator<'_, '_>, class: ClassId) -> bool {
    let Some(lineage) = ev.world.lineage(class) else { return true };
    let unknown_base = lineage.outside.iter().any(|v| match v {
        Value::External(p) => {
            !(is_own_base(p) || bases::find(p).is_some() || KNOWN_BASES.contains(&p.split('.').next().unwrap_or_default()) || HARMLESS.contains(&last(p)))
        }
        Value::Object(o) => !is_sqlalchemy(&o.path) || last(&o.path) == "automap_base",
        _ => false,
    });
    lineage.open
        || unknown_base
        || lineage.mro.iter().any(|&c| {
            let body = &ev.world.index.class(c).node.body;
            body.iter().any(|s| matches!(s.kind, StmtKind::For(_) | StmtKind::While(_)))
        })
}

/// A class of SQLAlchemy itself, of SQLModel or Flask-SQLAlchemy: these add no columns.
fn is_own_base(path: &str) -> bool {
    ["sqlalchemy", "sqlmodel", "flask_sqlalchemy", "quart_sqlalchemy"].iter().any(|p| is_from(path, p))
}

/// Packages whose classes add no columns.
const KNOWN_BASES: &[&str] =
    &["builtins", "typing", "typing_extensions", "abc", "enum", "collections", "dataclasses", "flask_login", "pydantic", "marshmallow"];

/// Classes of other packages that add none.
const HARMLESS: &[&str] =
    &["UserMixin", "AnonymousUserMixin", "SerializerMixin", "AllFeaturesMixin", "ActiveRecordMixin", "SearchableMixin", "Generic", "Protocol"];

/// `__bind_key__` names another database.
fn is_bound_elsewhere(ev: &Evaluator<'_, '_>, class: ClassId) -> bool {
    match ev.world.class_member(class, Symbol::from("__bind_key__")) {
        Some((_, [.., Binding::Value { value, .. }])) => !matches!(value.kind, ExprKind::None),
        _ => false,
    }
}

/// The metadata a class belongs to.
pub fn metadata_of(ev: &mut Evaluator<'_, '_>, class: ClassId) -> Metadata {
    let world = ev.world;
    let mut metadata = Metadata::default();
    if world.class_member(class, Symbol::from("metadata")).is_some() {
        let v = ev.plain_attribute(&Value::Class(class), Symbol::from("metadata"));
        metadata = construct::metadata(ev, &v);
    } else if let Some(lineage) = world.lineage(class) {
        if let Some(v) = lineage.outside.iter().find(|v| is_base(v)) {
            metadata = construct::metadata(ev, v);
        }
        if let Some((_, [.., Binding::Value { .. }])) = world.class_member(class, Symbol::from("registry")) {
            let v = ev.plain_attribute(&Value::Class(class), Symbol::from("registry"));
            metadata = construct::metadata(ev, &v);
        }
    }
    metadata
}

/// The project's own rules from Python types to column types.
pub fn type_map(ev: &mut Evaluator<'_, '_>, class: ClassId) -> TypeMap {
    let world = ev.world;
    if let Some((owner, [.., Binding::Value { value, .. }])) = world.class_member(class, Symbol::from("type_annotation_map")) {
        let place = Place { file: world.index.class(owner).file, class: Some(owner), function: None };
        return mapped::type_map(&mut Evaluator::quiet_on(world, place, &ev.trail), value);
    }
    // Advanced Alchemy's registry stores points in time with their zone, and mappings as `jsonb`.
    if world.lineage(class).is_some_and(|l| l.outside.iter().any(|v| v.external().is_some_and(bases::maps))) {
        let external = |path: &str| Python::External(Symbol::from(path));
        return vec![(external("datetime.datetime"), SqlType::plain("timestamptz")), (external("builtins.dict"), SqlType::plain("jsonb"))];
    }
    // `registry(type_annotation_map=…)`, in the class or as the base.
    let registry = match world.class_member(class, Symbol::from("registry")) {
        Some(_) => ev.plain_attribute(&Value::Class(class), Symbol::from("registry")),
        None => world.lineage(class).and_then(|l| l.outside.iter().find(|v| is_base(v)).cloned()).unwrap_or_default(),
    };
    if let Value::Object(o) = &registry
        && let Some((file, call)) = o.call
        && let Some(map) = call.keyword("type_annotation_map")
    {
        return mapped::type_map(&mut Evaluator::quiet_on(world, Place::module(file), &ev.trail), map);
    }
    TypeMap::new()
}

/// Goes through the bodies of a class and its mixins, the farthest first; what stands nearer hides what stands farther.
pub(super) fn body<'a>(ev: &mut Evaluator<'_, 'a>, class: ClassId, d: &mut Draft<'a>, owners: &[ClassId]) {
    let world = ev.world;
    let map = type_map(ev, class);
    for (n, &owner) in owners.iter().enumerate().rev() {
        let def = world.index.class(owner);
        for &name in &def.order {
            let hidden = owners[..n].iter().any(|&near| {
                let bindings = world.index.class(near).names.get(&name);
                bindings.is_some_and(|all| all.iter().any(|b| !matches!(b, Binding::Declared { .. })))
            });
            if hidden || name.as_str().starts_with("__") {
                continue;
            }
            let Some(bindings) = def.names.get(&name) else { continue };
            attribute(ev, class, owner, name, bindings, &map, d);
        }
    }
    super::members::note_all(ev, class, d);
}

/// One attribute of a class body.
fn attribute<'a>(ev: &mut Evaluator<'_, 'a>, class: ClassId, owner: ClassId, name: Symbol, bindings: &[Binding<'a>], map: &TypeMap, d: &mut Draft<'a>) {
    let world = ev.world;
    let place = Place { file: world.index.class(owner).file, class: Some(owner), function: None };
    let mut inner = Evaluator::quiet_on(world, place, &ev.trail);
    for b in bindings.iter().rev() {
        let (value, annotation, at) = match *b {
            Binding::Value { value, annotation, target } => {
                let v = inner.eval(value);
                (v, annotation.map(|a| mapped::read(&mut inner, a)), Location::new(place.file, target.span))
            }
            Binding::Declared { annotation, target } => (Value::Unknown, Some(mapped::read(&mut inner, annotation)), Location::new(place.file, target.span)),
            Binding::Function(f) => {
                let def = world.index.function(f);
                if !naming::is_class_function(def) {
                    continue;
                }
                let at = Location::new(place.file, def.node.name.span);
                let annotation = def.node.returns.as_ref().map(|r| mapped::read(&mut inner, r));
                let v = inner.run_for(f, Value::Class(class));
                ev.made.append(&mut inner.made);
                (v, annotation, at)
            }
            _ => continue,
        };
        let value = dataclass_field(&mut inner, &value).unwrap_or(value);
        if declare(&mut inner, owner, name, at, &value, annotation, map, d) {
            return;
        }
    }
}

/// `field(metadata={"sa": Column(...)})`
fn dataclass_field<'a>(ev: &mut Evaluator<'_, 'a>, v: &Value<'a>) -> Option<Value<'a>> {
    let Value::Object(o) = v else { return None };
    if !matches!(o.path.as_str(), "dataclasses.field" | "attr.ib" | "attrs.field" | "attr.field") {
        return None;
    }
    let Value::Dict(dict) = ev.eval(o.call?.1.keyword("metadata")?) else { return None };
    dict.entries.first().map(|e| e.value.clone())
}

/// Notes what an attribute declares; `false` where it is nothing of a model's.
#[expect(clippy::too_many_arguments, reason = "an attribute is its owner, name, place, value and annotation")]
fn declare<'a>(
    ev: &mut Evaluator<'_, 'a>,
    owner: ClassId,
    name: Symbol,
    at: Location,
    value: &Value<'a>,
    annotation: Option<Annotation<'a>>,
    map: &TypeMap,
    d: &mut Draft<'a>,
) -> bool {
    let annotated = annotation.filter(|a| a.mapped);
    match Declared::of(value) {
        // A column only under some condition, which the table that there is decides.
        Some(Declared::Column(c)) if draft::may_lack(ev.world, d, c.name.map_or(name, |n| n.0), value) => d.note(name, Member::Other),
        Some(Declared::Column(c)) => {
            add_column(ev, owner, name, at, Some(c.clone()), annotated, map, d);
        }
        Some(Declared::Relationship(r)) => {
            d.relationships.push((name, r.clone(), annotated.map(|a| related(&a)).unwrap_or_default()));
            d.note(name, Member::Relationship { target: None, many: None });
        }
        Some(Declared::Synonym(of)) => d.note(name, Member::Synonym(*of)),
        Some(Declared::TableColumn(_, column)) => rename(d, name, *column),
        Some(Declared::Attribute) => d.note(name, Member::Other),
        Some(_) => return false,
        None => match annotated {
            // `Mapped["Other"]` alone, or with something that is not known, is a column only where its type says so.
            Some(a) if value.is_unknown() || matches!(value, Value::Str(_) | Value::Int(_) | Value::Bool(_) | Value::None) => {
                add_column(ev, owner, name, at, None, Some(a), map, d);
            }
            _ => return false,
        },
    }
    true
}

fn related(a: &Annotation<'_>) -> Related {
    let own = a.python.iter().filter_map(|p| if let Python::Class(c) = p { Some(*c) } else { None });
    Related { classes: own.chain(a.inside.iter().copied()).collect(), text: a.quoted.clone(), many: Some(a.collection) }
}

/// An attribute of the class that names a column of its `__table__`.
fn rename(d: &mut Draft<'_>, attribute: Symbol, column: Symbol) {
    if let Some(n) = d.model.columns.iter().position(|c| c.column == column) {
        let own = d.model.columns[n].attribute;
        d.model.members.remove(&own);
        d.model.columns[n].attribute = attribute;
        d.model.members.insert(attribute, Member::Column(n));
    }
}

#[expect(clippy::too_many_arguments, reason = "as for `declare`")]
fn add_column<'a>(
    ev: &mut Evaluator<'_, 'a>,
    owner: ClassId,
    name: Symbol,
    at: Location,
    column: Option<Column>,
    annotated: Option<Annotation<'a>>,
    map: &TypeMap,
    d: &mut Draft<'a>,
) {
    let Some(a) = annotated else {
        let Some(c) = column else { return };
        let null = draft::nullable(&c);
        d.add(name, at, c, Some(owner), null);
        return;
    };
    let mut c = mapped::merge(column, &a.declared, at);
    // With a foreign key, the type is that of the column it points at.
    if c.ty.is_none() && c.foreign_keys.is_empty() {
        c.ty = mapped::sql_type(ev, &a.python, map);
        if c.ty.is_none() {
            // Nothing says what is stored: the column is there all the same.
            d.model.open |= a.quoted.is_some() && a.declared.is_empty();
        }
    } else if c.ty.as_ref().is_some_and(|t| t.is_enum && t.enum_class.is_none() && t.labels.is_none())
        && let Some(t) = mapped::sql_type(ev, &a.python, map)
    {
        c.ty = Some(t);
    }
    let null = match c.nullable {
        Some(said) => said,
        None => Some(a.optional && !c.primary_key),
    };
    d.add(name, at, c, Some(owner), null);
}

/// `__table_args__`: constraints and the schema. SQLAlchemy looks at the attribute of the class where the class or a base that is not mapped defines it,
/// though a mapped parent stand between (`_scan_attributes` of `orm/decl_base.py`).
pub fn table_arguments<'a>(ev: &mut Evaluator<'_, 'a>, class: ClassId, d: &mut Draft<'a>) {
    let name = Symbol::from("__table_args__");
    let world = ev.world;
    let all = world.lineage(class).map_or_else(|| vec![class], |l| l.mro.clone());
    let defines = |c: &ClassId| world.index.class(*c).names.contains_key(&name);
    if !all.iter().any(|&c| defines(&c) && (c == class || !is_mapped(ev, c))) {
        return;
    }
    for owner in all {
        let Some(binding) = world.index.class(owner).names.get(&name).and_then(|b| b.last().copied()) else { continue };
        let place = Place { file: ev.world.index.class(owner).file, class: Some(owner), function: None };
        let mut inner = Evaluator::quiet_on(ev.world, place, &ev.trail);
        let v = match binding {
            Binding::Value { value, .. } => inner.eval(value),
            Binding::Function(f) => inner.run_for(f, Value::Class(class)),
            _ => return,
        };
        // What is not understood may name a schema.
        let last = if let Value::Tuple(t) = &v { t.last() } else { Some(&v) };
        d.any_schema = last.is_some_and(Value::is_unknown);
        return apply(&v, d);
    }
}

pub(super) fn apply<'a>(v: &Value<'a>, d: &mut Draft<'a>) {
    let mut constraints: Vec<Constraint> = Vec::new();
    let parts: &[Value<'a>] = match v {
        Value::Tuple(t) => t,
        Value::List(l) => &l.items,
        other => std::slice::from_ref(other),
    };
    for p in parts {
        match (p, Declared::of(p)) {
            (Value::Dict(dict), _) => {
                if let Some(e) = dict.get("schema") {
                    match e.value.constant() {
                        Some(s) => d.model.relation.schema = Some(Symbol::from(&s)),
                        None => d.model.open |= !matches!(e.value, Value::None),
                    }
                }
            }
            (_, Some(Declared::Constraint(c))) => constraints.push(c.clone()),
            _ => {}
        }
    }
    d.constrain(&constraints);
}
