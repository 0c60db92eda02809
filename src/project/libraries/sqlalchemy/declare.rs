//! Names in the declaration of a model: its columns, and the strings and names that other parts of the declaration use for them.

use crate::symbol::Symbol;

use crate::diagnostic::{Access, Context};
use crate::project::eval::{Args, Evaluator};
use crate::project::index::ClassId;
use crate::project::models::{Model, ModelId};
use crate::project::text::Text;
use crate::project::uses::{Certainty, Reference, RelationName};
use crate::project::value::Value;
use crate::project::world::World;
use crate::source::{Location, Span};
use crate::syntax::python::{ArgKind, Call, Expr, ExprKind};

use super::emit::{self, Found};
use super::values::ColumnRef;

/// Every relation and column that a model declares, and the columns its foreign keys point at; of the models that matter.
pub fn declarations(world: &World<'_>, matters: impl Fn(&Model) -> bool) -> Vec<Reference> {
    let mut all = Vec::new();
    for model in world.models.all.iter().filter(|m| matters(m)) {
        let certainty = if model.foreign { Certainty::Low } else { Certainty::High };
        let reference = |location, relation, column, access, attribute| Reference {
            location,
            relation,
            column,
            access,
            context: Context::Model,
            via: model.framework.name(),
            model: Some(model.name),
            attribute,
            certainty,
        };
        all.push(reference(model.relation_at, model.relation, None, Access::Define, None));
        // Of a model without a table nothing more is worth saying.
        let has_table = world.schema.has_relation(model.relation.schema.map(|s| s.as_str()), &model.relation.name);
        for c in &model.columns {
            // A child of joined inheritance repeats its parent's columns, which lie in the parent's table.
            let elsewhere = c.owner.filter(|o| Some(*o) != model.class).and_then(|o| world.models.of_class(o));
            if elsewhere.is_none() {
                all.push(reference(c.at, model.relation, Some(c.column), Access::Define, Some(c.attribute)));
                for (target, at) in &c.foreign_keys {
                    if let Some((relation, column)) = split_target(target) {
                        let model = if has_table { None } else { Some(model.name) };
                        all.push(Reference { model, ..reference(narrow(world, *at, relation.name), relation, None, Access::Read, None) });
                        all.push(reference(narrow(world, *at, column), relation, Some(column), Access::Read, None));
                    }
                }
            }
        }
    }
    all
}

fn split_target(target: &str) -> Option<(RelationName, Symbol)> {
    let (table, column) = target.rsplit_once('.')?;
    let (schema, name) = match table.rsplit_once('.') {
        Some((s, t)) => (Some(Symbol::from(s)), t),
        None => (None, table),
    };
    Some((RelationName { schema, name: Symbol::from(name) }, Symbol::from(column)))
}

/// One name's own token in `"schema.table.column"`: the last that is that whole word.
fn narrow(world: &World<'_>, at: Location, name: Symbol) -> Location {
    let text = world.sources.get(at.file).slice(at.span);
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let whole = |n: &usize| !text[..*n].ends_with(is_word) && !text[n + name.as_str().len()..].starts_with(is_word);
    match text.rmatch_indices(name.as_str()).map(|(n, _)| n).find(whole) {
        Some(n) => Location::new(at.file, Span::new(at.span.start as usize + n, at.span.start as usize + n + name.as_str().len())),
        None => at,
    }
}

/// A bare name in a class body that means a column declared above it.
pub fn class_name<'a>(ev: &mut Evaluator<'_, 'a>, class: ClassId, name: Symbol, span: Span) -> Option<Value<'a>> {
    if !emit::is_mapped(ev, class) || super::attributes::is_django(ev, class) {
        return None;
    }
    let Found::Columns(all) = emit::find(ev, class, name) else { return None };
    let at = ev.at(span);
    emit::columns(ev, &all, at, Access::Read);
    Some(super::attributes::column_value(name, &all))
}

/// `UniqueConstraint("a")`, `Index("name", "a")`, `relationship("X", primaryjoin="…")`, by the last part of what is called.
pub fn call<'a>(ev: &mut Evaluator<'_, 'a>, name: &str, call: &'a Call, args: &Args<'a>) -> bool {
    match name {
        "UniqueConstraint" | "PrimaryKeyConstraint" | "Index" | "ExcludeConstraint" => {
            if let Some(class) = ev.place.class {
                constraint(ev, Owner::Class(class), name, call, args);
            }
        }
        "ForeignKeyConstraint" => {
            if let Some(class) = ev.place.class {
                foreign_key_constraint(ev, Owner::Class(class), args, call);
            }
        }
        "relationship" | "relation" | "backref" | "dynamic_loader" | "Relationship" => relationship(ev, call, args),
        _ => return false,
    }
    true
}

/// What a constraint belongs to.
#[derive(Clone, Copy)]
enum Owner {
    Class(ClassId),
    Table(ModelId),
}

/// Constraints written inside a `Table(…)` call.
pub fn table<'a>(ev: &mut Evaluator<'_, 'a>, id: ModelId, call: &'a Call) {
    for a in &call.args {
        let ExprKind::Call(inner) = &a.value.kind else { continue };
        let Some(name) = crate::project::index::last_name(&inner.func) else { continue };
        let quiet = std::mem::replace(&mut ev.quiet, true);
        let values = inner.args.iter().map(|a| ev.eval(&a.value)).collect();
        ev.quiet = quiet;
        let args = Args { values };
        match name.as_str() {
            "UniqueConstraint" | "PrimaryKeyConstraint" | "Index" | "ExcludeConstraint" => constraint(ev, Owner::Table(id), name.as_str(), inner, &args),
            "ForeignKeyConstraint" => foreign_key_constraint(ev, Owner::Table(id), &args, inner),
            _ => {}
        }
    }
}

fn constraint<'a>(ev: &mut Evaluator<'_, 'a>, owner: Owner, name: &str, call: &'a Call, args: &Args<'a>) {
    // An index's first argument is its name.
    let skip = usize::from(name == "Index");
    let positional = call.args.iter().zip(&args.values).filter(|(a, _)| matches!(a.kind, ArgKind::Positional)).skip(skip);
    for (_, v) in positional {
        let v = if let (Value::Tuple(t), "ExcludeConstraint") = (v, name) { t.first().unwrap_or(v) } else { v };
        if let Value::Str(t) = v {
            column_string(ev, owner, t);
        }
    }
}

fn foreign_key_constraint<'a>(ev: &mut Evaluator<'_, 'a>, owner: Owner, args: &Args<'a>, call: &'a Call) {
    let items = |v: Option<&Value<'a>>| match v {
        Some(Value::List(l)) => l.items.clone(),
        Some(Value::Tuple(t)) => t.to_vec(),
        _ => Vec::new(),
    };
    for v in items(args.get(call, 0, "columns")) {
        if let Value::Str(t) = &v {
            column_string(ev, owner, t);
        }
    }
    for v in items(args.get(call, 1, "refcolumns")) {
        if let Value::Str(t) = &v
            && let (Some(text), Some(at)) = (t.constant(), t.location())
            && let Some((relation, column)) = split_target(&text)
            && ev.notes()
        {
            let location = narrow(ev.world, at, column);
            // The models know the table's schema where the string leaves it out.
            let model =
                ev.world.models.all.iter().find(|m| m.relation.name == relation.name && (relation.schema.is_none() || m.relation.schema == relation.schema));
            let reference = Reference {
                location,
                relation: model.map_or(relation, |m| m.relation),
                column: Some(column),
                access: Access::Read,
                context: Context::Model,
                via: "sqlalchemy",
                model: model.map(|m| m.name),
                attribute: None,
                certainty: Certainty::High,
            };
            ev.uses.references.push(Reference { location: narrow(ev.world, at, relation.name), column: None, ..reference });
            ev.uses.references.push(reference);
        }
    }
}

fn column_string(ev: &mut Evaluator<'_, '_>, owner: Owner, text: &Text<'_>) {
    let (Some(name), Some(at)) = (text.constant(), text.location()) else { return };
    match owner {
        Owner::Table(id) => {
            if let Some(column) = ev.world.models.get(id).columns.iter().position(|c| c.column.as_str() == name) {
                emit::column(ev, ColumnRef { model: id, column }, at, Access::Read);
            }
        }
        Owner::Class(class) => {
            if let Some((id, model)) = ev.world.models.of_class(class)
                && let Some(column) = model.columns.iter().position(|c| c.column.as_str() == name)
            {
                emit::column(ev, ColumnRef { model: id, column }, at, Access::Read);
            } else if let Found::Columns(all) = emit::find(ev, class, Symbol::from(&name)) {
                emit::columns(ev, &all, at, Access::Read);
            }
        }
    }
}

/// Arguments of a relationship that are Python over class names.
const EXPRESSIONS: &[&str] = &["primaryjoin", "secondaryjoin", "order_by", "foreign_keys", "remote_side", "secondary"];

fn relationship<'a>(ev: &mut Evaluator<'_, 'a>, call: &'a Call, args: &Args<'a>) {
    for (a, v) in call.args.iter().zip(&args.values) {
        let ArgKind::Keyword(k) = a.kind else { continue };
        match v {
            Value::Dict(d) if k.as_str() == "sa_relationship_kwargs" => {
                for e in &d.entries {
                    if let (Some(key), Value::Str(t)) = (e.key.constant(), &e.value) {
                        expression(ev, &key, t);
                    }
                }
            }
            Value::Str(t) => expression(ev, k.as_str(), t),
            Value::List(l) if EXPRESSIONS.contains(&k.as_str()) => {
                for v in &l.items {
                    if let Value::Str(t) = v {
                        expression(ev, k.as_str(), t);
                    }
                }
            }
            _ => {}
        }
    }
}

fn expression(ev: &mut Evaluator<'_, '_>, keyword: &str, text: &Text<'_>) {
    if !EXPRESSIONS.contains(&keyword) {
        return;
    }
    let Some(source) = text.constant() else { return };
    if keyword == "secondary" {
        secondary(ev, &source, text);
        return;
    }
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    let mut at = 0;
    while at < source.len() {
        let Some(start) = source[at..].find(is_word).map(|n| at + n) else { break };
        let end = source[start..].find(|c: char| !is_word(c)).map_or(source.len(), |n| start + n);
        path(ev, &source[start..end], start, text);
        at = end;
    }
}

/// `Class.attribute`, `module.Class.attribute`, `table.c.column` in a string.
fn path(ev: &mut Evaluator<'_, '_>, path: &str, start: usize, text: &Text<'_>) {
    let mut parts: Vec<(usize, &str)> = Vec::new();
    let mut at = start;
    for p in path.split('.') {
        parts.push((at, p));
        at += p.len() + 1;
    }
    let located = |n: usize| text.locate(parts[n].0..parts[n].0 + parts[n].1.len());
    let Some(n) = parts.len().checked_sub(1).filter(|n| *n > 0) else { return };
    let (_, name) = parts[n];
    if n >= 2
        && matches!(parts[n - 1].1, "c" | "columns")
        && let Some((id, column)) = table_named(ev, parts[n - 2].1, name)
        && let Some(location) = located(n)
    {
        emit::column(ev, ColumnRef { model: id, column }, location, Access::Read);
        return;
    }
    // `Class.attr`, perhaps with something like `.desc` behind it.
    for n in (1..parts.len()).rev() {
        if let Some(class) = class_named(ev, parts[n - 1].1)
            && let Some(location) = located(n)
        {
            match emit::find(ev, class, Symbol::from(parts[n].1)) {
                Found::Columns(all) => emit::columns(ev, &all, location, Access::Read),
                Found::Missing => {
                    if let Some((id, _)) = ev.world.models.of_class(class) {
                        emit::missing_attribute(ev, id, Symbol::from(parts[n].1), location, Certainty::High);
                    }
                }
                _ => {}
            }
            return;
        }
    }
}

/// The mapped class of that name: the only one, else the one that the class around means.
fn class_named(ev: &Evaluator<'_, '_>, name: &str) -> Option<ClassId> {
    let all = ev.world.models.by_name.get(&Symbol::from(name))?;
    let of = |id: &ModelId| ev.world.models.get(*id).class;
    match (all.as_slice(), ev.place.class) {
        ([one], _) => of(one),
        (all, Some(own)) => crate::project::models::nearest(ev.world, own, all.iter().filter_map(of)),
        (all, None) => all.iter().filter_map(of).find(|c| ev.world.index.class(*c).file == ev.place.file),
    }
}

fn table_named(ev: &Evaluator<'_, '_>, table: &str, column: &str) -> Option<(ModelId, usize)> {
    let mut all = ev.world.models.by_table.get(&Symbol::from(table))?.iter();
    all.find_map(|&id| ev.world.models.get(id).columns.iter().position(|c| c.column.as_str() == column).map(|n| (id, n)))
}

fn secondary(ev: &mut Evaluator<'_, '_>, source: &str, text: &Text<'_>) {
    let name = source.rsplit('.').next().unwrap_or(source).trim();
    let start = source.len() - source.rsplit('.').next().map_or(0, str::len);
    let found = ev.world.models.by_table.get(&Symbol::from(name)).and_then(|all| all.first()).copied();
    if let (Some(id), Some(location)) = (found, text.locate(start..start + name.len())) {
        emit::relation(ev, id, location, Access::Read);
    }
}

/// `table("orders", column("id"))`: names, and nothing more is known of it.
pub fn light_table<'a>(ev: &mut Evaluator<'_, 'a>, call: &'a Call, args: &Args<'a>) {
    let Some((name, at)) = args.positional(call, 0).and_then(Value::text).and_then(|t| t.constant().zip(t.location())) else { return };
    if !ev.notes() {
        return;
    }
    let schema = args.keyword(call, "schema").and_then(Value::constant).map(|s| Symbol::from(&s));
    let relation = RelationName { schema: schema.filter(|s| s.as_str() != "public"), name: Symbol::from(&name) };
    let known = ev.world.schema.relation(relation.schema.map(|s| s.as_str()), &relation.name).is_some();
    // A revision speaks of the schema of its own time; a name that the lock does not have may be a CTE's.
    let certainty = match (ev.world.is_migration(ev.place.file), known) {
        (true, _) => Certainty::Low,
        (false, true) => Certainty::High,
        (false, false) => Certainty::Medium,
    };
    let context = emit::context(ev);
    let reference =
        |location, column| Reference { location, relation, column, access: Access::Read, context, via: "sqlalchemy", model: None, attribute: None, certainty };
    ev.uses.references.push(reference(at, None));
    for e in call.positionals().skip(1) {
        if let Some((column, at)) = named_column(ev, e) {
            ev.uses.references.push(reference(at, Some(column)));
        }
    }
}

/// The name in `Column("name", …)` or `column("name")`, and where it stands.
pub fn named_column<'a>(ev: &mut Evaluator<'_, 'a>, e: &'a Expr) -> Option<(Symbol, Location)> {
    let ExprKind::Call(column) = &e.kind else { return None };
    let named = crate::project::index::last_name(&column.func).is_some_and(|n| matches!(n.as_str(), "column" | "Column"));
    let first = column.positional(0).filter(|_| named)?;
    let quiet = std::mem::replace(&mut ev.quiet, true);
    let v = ev.eval(first);
    ev.quiet = quiet;
    let text = v.text()?;
    Some((Symbol::from(&text.constant()?), text.location()?))
}
