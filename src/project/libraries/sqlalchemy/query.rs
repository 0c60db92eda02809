//! Queries and statements, as they are built and run.

use std::sync::Arc;

use crate::symbol::Symbol;

use crate::diagnostic::Access;
use crate::project::eval::{Args, Evaluator};
use crate::project::models::ModelId;
use crate::project::text::Text;
use crate::project::uses::Certainty;
use crate::project::value::Value;
use crate::source::Location;
use crate::syntax::python::{ArgKind, Call, Expr, ExprKind};

use super::attributes::{entity, rows};
use super::emit::{self, Found};
use super::values::{ColumnRef, Kind, Orm, Output, Outputs, Query, Rows, Shape, element, orm};
use super::write;

/// Items of a select list from the arguments of `query(…)`, `select(…)`, `with_entities(…)`.
pub fn outputs<'a>(ev: &mut Evaluator<'_, 'a>, call: &'a Call, args: &Args<'a>) -> (Outputs<'a>, Vec<ModelId>) {
    let (mut out, mut scope) = (Outputs::default(), Vec::new());
    for (a, v) in call.args.iter().zip(&args.values) {
        match a.kind {
            ArgKind::Positional => output(ev, v, &a.value, &mut out, &mut scope),
            ArgKind::Spread => {
                out.items.push(Output::default());
                out.open = true;
            }
            ArgKind::Keyword(_) | ArgKind::DoubleSpread => {}
        }
    }
    (out, scope)
}

fn output<'a>(ev: &mut Evaluator<'_, 'a>, v: &Value<'a>, expr: &'a Expr, out: &mut Outputs<'a>, scope: &mut Vec<ModelId>) {
    // `select([a, b])` of 1.x.
    if let (ExprKind::List(exprs) | ExprKind::Tuple(exprs), Value::List(_) | Value::Tuple(_)) = (&expr.kind, v) {
        let items: &[Value<'a>] = match v {
            Value::List(l) => &l.items,
            Value::Tuple(t) => t,
            _ => &[],
        };
        for (v, e) in items.iter().zip(exprs.iter()) {
            output(ev, v, e, out, scope);
        }
        return;
    }
    if let Some(id) = model_of(ev, v) {
        emit::relation(ev, id, ev.at(emit::token(expr)), Access::Read);
        push(scope, id);
    }
    match v {
        Value::Class(c) if emit::is_mapped(ev, *c) => out.items.push(entity(ev, *c)),
        Value::Library(_) => match Orm::of(v) {
            Some(Orm::Alias(c)) => out.items.push(entity(ev, *c)),
            Some(Orm::Column(o)) => {
                if let Some(c) = o.column {
                    push(scope, c.model);
                }
                out.items.push((**o).clone());
            }
            Some(Orm::Table(id) | Orm::Columns(id)) => {
                let columns = ev.world.models.get(*id).columns.iter().enumerate();
                let id = *id;
                out.items.extend(columns.map(|(column, c)| Output {
                    label: Some(c.column),
                    column: Some(ColumnRef { model: id, column }),
                    ..Output::default()
                }));
            }
            Some(Orm::Subquery(inner) | Orm::SubColumns(inner)) => {
                out.items.extend(inner.items.iter().cloned());
                out.open |= inner.open;
            }
            _ => out.items.push(Output::default()),
        },
        Value::List(_) | Value::Tuple(_) => {
            out.items.push(Output::default());
            out.open = true;
        }
        // A class or value that is not known may stand for one item of any kind.
        _ => out.items.push(Output::default()),
    }
}

/// The model a value stands for as a whole.
pub fn model_of(ev: &Evaluator<'_, '_>, v: &Value<'_>) -> Option<ModelId> {
    match v {
        Value::Class(c) => ev.world.models.of_class(*c).map(|(id, _)| id),
        Value::Library(_) => match Orm::of(v)? {
            Orm::Alias(c) => ev.world.models.of_class(*c).map(|(id, _)| id),
            Orm::Table(id) => Some(*id),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a value is something of a select list.
pub fn is_selectable(ev: &Evaluator<'_, '_>, v: &Value<'_>) -> bool {
    match v {
        Value::Class(c) => emit::is_mapped(ev, *c),
        Value::Library(_) => matches!(
            Orm::of(v),
            Some(Orm::Alias(_) | Orm::Table(_) | Orm::Columns(_) | Orm::Column(_) | Orm::Subquery(_) | Orm::SubColumns(_) | Orm::Relationship(_))
        ),
        Value::List(l) => l.items.iter().any(|v| is_selectable(ev, v)),
        Value::Union(all) => all.iter().any(|v| is_selectable(ev, v)),
        _ => false,
    }
}

fn push(scope: &mut Vec<ModelId>, id: ModelId) {
    if !scope.contains(&id) {
        scope.push(id);
    }
}

/// A query over these arguments.
pub fn start<'a>(ev: &mut Evaluator<'_, 'a>, kind: Kind, call: &'a Call, args: &Args<'a>) -> Value<'a> {
    let (outputs, scope) = outputs(ev, call, args);
    orm(Orm::Query(Arc::new(Query { kind, outputs, scope })))
}

/// `insert(Model)`, `update(Model)`, `delete(Model)`
pub fn write<'a>(ev: &mut Evaluator<'_, 'a>, kind: Kind, id: ModelId, at: Option<Location>) -> Value<'a> {
    if let Some(at) = at {
        emit::relation(ev, id, at, Access::Write);
    }
    orm(Orm::Query(Arc::new(Query { kind, outputs: Outputs::default(), scope: vec![id] })))
}

/// `session.execute(statement)` and its kin.
pub fn run<'a>(ev: &mut Evaluator<'_, 'a>, name: &str, q: &Arc<Query<'a>>, call: &'a Call, args: &Args<'a>) -> Option<Value<'a>> {
    let outputs = || Arc::new(q.outputs.clone());
    Some(match name {
        "execute" | "stream" => {
            if let (Kind::Insert | Kind::Update, Some(&id)) = (q.kind, q.scope.first())
                && let Some(v) = args.get(call, 1, "params")
            {
                write::rows(ev, id, v, q.kind == Kind::Insert, call);
            }
            if q.kind == Kind::Insert {
                write::sent(ev, call);
            }
            rows(outputs(), Shape::Rows)
        }
        "scalars" | "stream_scalars" => rows(outputs(), Shape::Scalars),
        "scalar" => Value::union([element(&q.outputs, Shape::Scalars), Value::None]),
        // Flask-SQLAlchemy
        "first_or_404" | "one_or_404" => element(&q.outputs, Shape::Single),
        "exec" | "paginate" => rows(outputs(), Shape::Single),
        _ => return None,
    })
}

/// `query.name(args)`
pub fn method<'a>(ev: &mut Evaluator<'_, 'a>, q: &Arc<Query<'a>>, name: &str, call: &'a Call, args: &Args<'a>) -> Option<Value<'a>> {
    let same = || orm(Orm::Query(q.clone()));
    let with = |outputs: Outputs<'a>, more: Vec<ModelId>| {
        let mut scope = q.scope.clone();
        for m in more {
            push(&mut scope, m);
        }
        orm(Orm::Query(Arc::new(Query { kind: q.kind, outputs, scope })))
    };
    Some(match name {
        "filter_by" => {
            keywords(ev, q, call, args);
            same()
        }
        "order_by" | "group_by" | "distinct" => {
            named_columns(ev, q, call, args);
            fragments(ev, q, call, args);
            same()
        }
        "filter" | "where" | "having" => {
            fragments(ev, q, call, args);
            same()
        }
        "options" => {
            loader_options(ev, q, call);
            same()
        }
        "join" | "outerjoin" | "select_from" | "join_from" | "outerjoin_from" => {
            let more = joined(ev, call, args);
            with(q.outputs.clone(), more)
        }
        "add_columns" | "add_column" | "add_entity" | "column" => {
            let (added, more) = outputs(ev, call, args);
            let mut all = q.outputs.clone();
            all.items.extend(added.items);
            all.open |= added.open;
            with(all, more)
        }
        "with_entities" | "with_only_columns" | "returning" => {
            let (outputs, more) = outputs(ev, call, args);
            with(outputs, more)
        }
        "subquery" | "alias" | "cte" | "lateral" => orm(Orm::Subquery(Arc::new(flat(ev, &q.outputs)))),
        "scalar_subquery" | "as_scalar" | "exists" => orm(Orm::Column(Arc::new(Output::default()))),
        "label" => labelled(&Output::default(), args.positional(call, 0)),
        "count" | "explain" => Value::Unknown,
        "values" | "on_conflict_do_update" | "on_conflict_do_nothing" | "from_select" | "ordered_values" => {
            write::statement(ev, q, name, call, args);
            same()
        }
        "update" if q.kind == Kind::Legacy => {
            if let (Some(&id), Some(v)) = (q.scope.first(), args.get(call, 0, "values")) {
                write::rows(ev, id, v, false, call);
            }
            Value::Unknown
        }
        "delete" if q.kind == Kind::Legacy => Value::Unknown,
        "columns" => same(),
        _ if q.kind == Kind::Legacy => return Some(legacy_result(ev, q, name, call, args).unwrap_or_else(same)),
        // A method of the project's own query class, or one that changes nothing we follow.
        _ => same(),
    })
}

fn legacy_result<'a>(ev: &mut Evaluator<'_, 'a>, q: &Arc<Query<'a>>, name: &str, _call: &'a Call, _args: &Args<'a>) -> Option<Value<'a>> {
    Some(match name {
        "all" | "fetchall" => Value::list_of(q.element()),
        "first" | "one_or_none" | "get" => Value::union([q.element(), Value::None]),
        "one" | "get_or_404" | "first_or_404" | "one_or_404" => q.element(),
        "scalar" | "scalar_one" | "scalar_one_or_none" => Value::union([element(&q.outputs, Shape::Scalars), Value::None]),
        "scalars" => rows(Arc::new(q.outputs.clone()), Shape::Scalars),
        "paginate" => rows(Arc::new(q.outputs.clone()), Shape::Legacy),
        "as_subquery" => orm(Orm::Subquery(Arc::new(flat(ev, &q.outputs)))),
        _ => return None,
    })
}

/// A select list as a subquery shows it: an entity is its columns.
fn flat<'a>(ev: &Evaluator<'_, 'a>, outputs: &Outputs<'a>) -> Outputs<'a> {
    let mut flat = Outputs { items: Vec::new(), open: outputs.open };
    for o in &outputs.items {
        match &o.value {
            Value::Instance(c) if o.entity => {
                if let Some((id, model)) = ev.world.models.of_class(*c) {
                    flat.open |= model.open;
                    flat.items.extend(model.columns.iter().enumerate().map(|(column, c)| Output {
                        label: Some(c.column),
                        column: Some(ColumnRef { model: id, column }),
                        ..Output::default()
                    }));
                } else {
                    flat.open = true;
                    flat.items.push(o.clone());
                }
            }
            _ => flat.items.push(o.clone()),
        }
    }
    flat
}

/// `expression.label("name")`
pub fn labelled<'a>(of: &Output<'a>, name: Option<&Value<'a>>) -> Value<'a> {
    let label = name.and_then(Value::constant).map(|t| Symbol::from(&t));
    orm(Orm::Column(Arc::new(Output { label, column: of.column, value: of.value.clone(), entity: false })))
}

/// `filter_by(name=…)`: of the entity joined last, else of any.
fn keywords<'a>(ev: &mut Evaluator<'_, 'a>, q: &Arc<Query<'a>>, call: &'a Call, args: &Args<'a>) {
    for (a, v) in call.args.iter().zip(&args.values) {
        match a.kind {
            ArgKind::Keyword(k) => {
                let at = ev.at(k.span());
                if let Some(c) = scoped_name(ev, q, k.name, at) {
                    emit::literal(ev, c, v, Some(&a.value), false);
                }
            }
            ArgKind::DoubleSpread => {
                if let Value::Dict(d) = v {
                    for e in &d.entries {
                        let before = ev.uses.missing_attributes.len();
                        if let Some(key) = e.key.constant() {
                            scoped_name(ev, q, Symbol::from(&key), e.at);
                        }
                        // On some ways through the helper it is gone by now.
                        if e.conditional && ev.is_through() {
                            ev.uses.missing_attributes.truncate(before);
                        }
                    }
                } else {
                    ev.hands_on |= ev.is_parameter(&a.value);
                    ev.uses.skip("keywords of a query that are not known");
                }
            }
            ArgKind::Positional | ArgKind::Spread => {}
        }
    }
}

/// A name looked up in the entities of a query; noted, and given where it is one column.
fn scoped_name(ev: &mut Evaluator<'_, '_>, q: &Query<'_>, name: Symbol, at: Location) -> Option<ColumnRef> {
    let mut classes: Vec<_> = q.scope.iter().rev().filter_map(|m| ev.world.models.get(*m).class).collect();
    for o in &q.outputs.items {
        if let Value::Instance(c) = o.value
            && !classes.contains(&c)
        {
            classes.push(c);
        }
    }
    let mut missing = !classes.is_empty() && !q.outputs.open && q.outputs.items.iter().all(|o| o.entity || o.column.is_some());
    // A `Table` that was joined takes part: `query(Ticket).join(tagging).filter_by(tag_id=…)`.
    for &id in q.scope.iter().rev().filter(|m| ev.world.models.get(**m).class.is_none()) {
        let model = ev.world.models.get(id);
        missing &= !(model.open || model.reflected || model.foreign);
        if let Some(column) = model.columns.iter().position(|c| c.attribute == name || c.column == name) {
            let found = ColumnRef { model: id, column };
            emit::column(ev, found, at, Access::Read);
            return Some(found);
        }
    }
    for &c in &classes {
        match emit::find(ev, c, name) {
            Found::Columns(all) => {
                emit::columns(ev, &all, at, Access::Read);
                return if let [one] = all.as_slice() { Some(*one) } else { None };
            }
            Found::Missing => {}
            _ => missing = false,
        }
    }
    if missing && let Some(&id) = q.scope.last() {
        emit::missing_attribute(ev, id, name, at, Certainty::High);
    }
    None
}

/// `filter(text("…"))`: pieces of SQL, over the tables of the query.
fn fragments<'a>(ev: &mut Evaluator<'_, 'a>, q: &Query<'a>, call: &'a Call, args: &Args<'a>) {
    let mut relations: Option<Vec<_>> = None;
    for (a, v) in call.args.iter().zip(&args.values) {
        // A bare string in `order_by` is the name of a label or attribute.
        if let (ExprKind::Call(_), Value::Str(t)) = (&a.value.kind, v) {
            let relations = relations.get_or_insert_with(|| {
                let mut all: Vec<_> = q.scope.iter().map(|m| ev.world.models.get(*m)).filter(|m| !m.foreign).map(|m| m.relation).collect();
                let mut seen = rustc_hash::FxHashSet::default();
                all.retain(|r| seen.insert(*r));
                all
            });
            let (text, relations) = (t.clone(), relations.clone());
            crate::project::libraries::sql_text::fragment(ev, &text, &relations);
        }
    }
}

/// `order_by("name")`: a label of the select list, else an attribute of an entity.
fn named_columns<'a>(ev: &mut Evaluator<'_, 'a>, q: &Arc<Query<'a>>, call: &'a Call, args: &Args<'a>) {
    for (a, v) in call.args.iter().zip(&args.values) {
        // `desc("name")`
        let inner = match (&a.value.kind, v) {
            (_, Value::Str(t)) => Some(t.clone()),
            (ExprKind::Call(c), _) if c.args.len() == 1 => match &c.args[0].value.kind {
                ExprKind::Str(lit) => match crate::project::strings::literal(ev, lit) {
                    Value::Str(t) => Some(t),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        };
        if let Some(t) = inner {
            named_column(ev, q, &t);
        }
    }
}

fn named_column(ev: &mut Evaluator<'_, '_>, q: &Query<'_>, text: &Text<'_>) {
    let Some(whole) = text.constant() else { return };
    let start = whole.len() - whole.trim_start_matches([' ', '-']).len();
    let end = whole[start..].find(|c: char| !c.is_alphanumeric() && c != '_').map_or(whole.len(), |n| start + n);
    let name = &whole[start..end];
    let Some(at) = text.locate(start..end) else { return };
    if name.is_empty() {
        return;
    }
    if let Some(o) = q.outputs.get(name) {
        if let Some(c) = o.column {
            emit::column(ev, c, at, Access::Read);
        }
        return;
    }
    for m in &q.scope {
        let model = ev.world.models.get(*m);
        if let Some(column) = model.columns.iter().position(|c| c.attribute.as_str() == name || c.column.as_str() == name) {
            emit::column(ev, ColumnRef { model: *m, column }, at, Access::Read);
            return;
        }
    }
    // SQLAlchemy knows such a word by the labels and columns of the select list alone ("Can't resolve label reference").
    let rest = whole[end..].trim();
    let one_word = rest.is_empty() || rest.eq_ignore_ascii_case("asc") || rest.eq_ignore_ascii_case("desc");
    let all_known = !q.outputs.open && q.outputs.items.iter().all(|o| o.entity || o.column.is_some());
    if let ([id], true, true) = (q.scope.as_slice(), one_word, all_known)
        && let Some(class) = ev.world.models.get(*id).class
        && matches!(emit::find(ev, class, Symbol::from(name)), emit::Found::Missing)
    {
        emit::missing_attribute(ev, *id, Symbol::from(name), at, Certainty::Medium);
    }
}

/// `options(load_only("a", "b"))` of 1.x.
fn loader_options<'a>(ev: &mut Evaluator<'_, 'a>, q: &Arc<Query<'a>>, call: &'a Call) {
    for a in &call.args {
        let ExprKind::Call(c) = &a.value.kind else { continue };
        if !crate::project::index::last_name(&c.func).is_some_and(|n| matches!(n.as_str(), "load_only" | "defer" | "undefer")) {
            continue;
        }
        // `joinedload(Model.other).load_only("a")` speaks of the other model.
        let of = match &c.func.kind {
            ExprKind::Attribute(method) => match loaded(ev, &method.value) {
                Some(id) => Query { scope: vec![id], outputs: Outputs::default(), kind: q.kind },
                None => continue,
            },
            _ => (**q).clone(),
        };
        for e in c.positionals() {
            if let ExprKind::Str(lit) = &e.kind
                && let Value::Str(t) = crate::project::strings::literal(ev, lit)
            {
                named_column(ev, &of, &t);
            }
        }
    }
}

/// The model that `joinedload(Model.other)` or `Load(Model)` loads.
fn loaded<'a>(ev: &mut Evaluator<'_, 'a>, loader: &'a Expr) -> Option<ModelId> {
    let ExprKind::Call(c) = &loader.kind else { return None };
    let quiet = std::mem::replace(&mut ev.quiet, true);
    let v = ev.eval(&c.args.last()?.value);
    ev.quiet = quiet;
    match Orm::of(&v) {
        Some(Orm::Relationship(c)) => ev.world.models.of_class(*c).map(|(id, _)| id),
        _ => model_of(ev, &v),
    }
}

fn joined<'a>(ev: &mut Evaluator<'_, 'a>, call: &'a Call, args: &Args<'a>) -> Vec<ModelId> {
    let mut more = Vec::new();
    for (a, v) in call.args.iter().zip(&args.values) {
        if let Some(id) = model_of(ev, v) {
            emit::relation(ev, id, ev.at(emit::token(&a.value)), Access::Read);
            push(&mut more, id);
        } else if let Some(Orm::Relationship(c)) = Orm::of(v)
            && let Some((id, _)) = ev.world.models.of_class(*c)
        {
            push(&mut more, id);
        }
    }
    more
}

/// `result.name()`
pub fn result_method<'a>(r: &Arc<Rows<'a>>, name: &str) -> Value<'a> {
    let one = || element(&r.outputs, r.shape);
    match name {
        "all" | "fetchall" | "fetchmany" | "to_list" => Value::list_of(one()),
        "first" | "one_or_none" | "fetchone" => Value::union([one(), Value::None]),
        "one" | "next" | "__next__" => one(),
        "scalar" | "scalar_one" | "scalar_one_or_none" => Value::union([element(&r.outputs, Shape::Scalars), Value::None]),
        "scalars" => rows(r.outputs.clone(), Shape::Scalars),
        "mappings" | "tuples" => rows(r.outputs.clone(), Shape::Rows),
        "partitions" => Value::list_of(Value::list_of(one())),
        "unique" | "yield_per" | "freeze" | "execution_options" => orm(Orm::Rows(r.clone())),
        _ => Value::Unknown,
    }
}
