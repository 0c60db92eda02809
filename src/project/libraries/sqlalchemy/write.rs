//! What is written: constructors, `values(…)`, rows by key, conflict targets.

use crate::symbol::Symbol;

use crate::diagnostic::Access;
use crate::project::eval::{Args, Evaluator};
use crate::project::index::{Binding, ClassId};
use crate::project::models::{Framework, Model, ModelId};
use crate::project::uses::{Certainty, Insert};
use crate::project::value::{Dict, Value};
use crate::source::Location;
use crate::syntax::python::{ArgKind, Call, ExprKind};

use super::attributes::LIBRARY_MEMBERS;
use super::emit::{self, Found};
use super::values::{ColumnRef, Kind, Orm, Query};

/// `Model(name=…)`
pub fn constructor<'a>(ev: &mut Evaluator<'_, 'a>, class: ClassId, call: &'a Call, args: &Args<'a>) {
    // A constructor of the project's own may take any keyword; one whose names agree with columns still writes them.
    let own = matches!(ev.world.class_member(class, Symbol::from("__init__")), Some((_, [.., Binding::Function(_)])));
    let model = ev.world.models.of_class(class);
    for (a, v) in call.args.iter().zip(&args.values) {
        match (a.kind, v) {
            (ArgKind::Keyword(k), v) => {
                let at = ev.at(k.span());
                match emit::find(ev, class, k.name) {
                    Found::Columns(all) => {
                        emit::columns(ev, &all, at, Access::Write);
                        if let [one] = all.as_slice() {
                            emit::literal(ev, *one, v, Some(&a.value), true);
                        }
                    }
                    Found::Missing if !own && !LIBRARY_MEMBERS.contains(&k.as_str()) => {
                        if let Some((id, _)) = model {
                            emit::missing_attribute(ev, id, k.name, at, Certainty::High);
                        }
                    }
                    // Every declarative class has these two, so the constructor takes them; but no column is written.
                    Found::Missing | Found::Unknown | Found::Other if !own && matches!(k.as_str(), "metadata" | "registry") => {
                        if let Some((id, m)) = model
                            && !(m.open || m.foreign || m.reflected)
                            && !ev.world.index.class(class).names.contains_key(&k.name)
                        {
                            emit::missing_attribute(ev, id, k.name, at, Certainty::Medium);
                        }
                    }
                    _ => {}
                }
            }
            (ArgKind::DoubleSpread, Value::Dict(d)) => {
                for e in &d.entries {
                    let Some(key) = e.key.constant().map(|key| Symbol::from(&key)) else { continue };
                    match (emit::find(ev, class, key), model) {
                        (Found::Columns(all), _) => emit::columns(ev, &all, e.at, Access::Write),
                        // What a dict holds when it is given was inferred; of one that another class's fields make, too little is known.
                        (Found::Missing, Some((id, _)))
                            if !own
                                && !e.conditional
                                && (e.expr.is_some_and(|(file, _)| file == ev.place.file) || ev.is_asked_keyword(e.at))
                                && !LIBRARY_MEMBERS.contains(&key.as_str()) =>
                        {
                            emit::missing_attribute(ev, id, key, e.at, Certainty::Medium);
                        }
                        _ => {}
                    }
                }
            }
            (ArgKind::DoubleSpread, _) => {
                // `cls(**kwargs)` in what mapped classes inherit hands them on too.
                ev.hands_on |= (model.is_some() || ev.place.class == Some(class)) && ev.is_parameter(&a.value);
                if model.is_some() {
                    ev.uses.skip("keywords of a constructor that are not known");
                }
            }
            _ => {}
        }
    }
}

/// The column that a key of a written row means: an attribute, else a column's own name.
fn keyed(ev: &Evaluator<'_, '_>, id: ModelId, name: &str) -> Option<ColumnRef> {
    let model = ev.world.models.get(id);
    if let (Some(c), true) = (model.class, model.framework != Framework::SqlAlchemyCore)
        && let Found::Columns(all) = emit::find(ev, c, Symbol::from(name))
        && let [one] = all.as_slice()
    {
        return Some(*one);
    }
    let column = model.columns.iter().position(|c| c.column.as_str() == name)?;
    Some(ColumnRef { model: id, column })
}

/// Whether a key may stand for a `bindparam("key")` of the statement or a `:key` of a `text()` in it, which need not be a column: the file has such a
/// parameter.
fn is_parameter(ev: &Evaluator<'_, '_>, name: &str) -> bool {
    let text = &ev.world.sources.get(ev.place.file).text;
    let ends = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    let in_text = || {
        text.match_indices(name).any(|(at, _)| {
            let before = text[..at].strip_suffix(':');
            before.is_some_and(|b| b.ends_with([' ', '\t', '\n', '(', ',', '=', '<', '>', '"', '\''])) && ends(&text[at + name.len()..])
        })
    };
    text.match_indices("bindparam(").any(|(at, word)| text[at + word.len()..].trim_start().trim_start_matches(['"', '\'']).starts_with(name))
        || !name.is_empty() && text.contains("text(") && in_text()
}

fn key(ev: &mut Evaluator<'_, '_>, id: ModelId, name: &str, (at, access, sure): (Location, Access, Certainty)) -> Option<ColumnRef> {
    if let Some(c) = keyed(ev, id, name) {
        emit::column(ev, c, at, access);
        return Some(c);
    }
    let model = ev.world.models.get(id);
    let exists = is_parameter(ev, name)
        || model.members.contains_key(&Symbol::from(name))
        || model.class.is_some_and(|c| !matches!(emit::find(ev, c, Symbol::from(name)), Found::Missing));
    if !exists && !model.open && !model.reflected && !model.foreign {
        emit::missing_attribute(ev, id, Symbol::from(name), at, sure);
    }
    None
}

fn dict<'a>(ev: &mut Evaluator<'_, 'a>, id: ModelId, d: &Dict<'a>, inline: bool, sure: Certainty) {
    for e in &d.entries {
        if let Some(name) = e.key.constant() {
            let column = key(ev, id, &name, (e.at, Access::Write, sure));
            if let (Some(c), Some((file, expr))) = (column, e.expr)
                && file == ev.place.file
            {
                emit::literal(ev, c, &e.value, Some(expr), true);
                if inline {
                    emit::null(ev, c, expr);
                }
            }
        }
    }
}

/// A row or rows by key: a dict, or a list of them. `insert` says whether they are new.
pub fn rows<'a>(ev: &mut Evaluator<'_, 'a>, id: ModelId, value: &Value<'a>, insert: bool, call: &'a Call) {
    rows_by(ev, id, value, (insert, Certainty::High), call);
}

fn rows_by<'a>(ev: &mut Evaluator<'_, 'a>, id: ModelId, value: &Value<'a>, (insert, sure): (bool, Certainty), call: &'a Call) {
    match value {
        Value::Dict(d) => {
            // A row that is kept in a variable may be filled in later.
            let inline = call.args.iter().any(|a| matches!(a.value.kind, ExprKind::Dict(_) | ExprKind::List(_)));
            dict(ev, id, d, inline, sure);
            if insert {
                let at = ev.at(call.func.span);
                note_insert(ev, id, at, Some(d), &[]);
            }
        }
        Value::List(l) => {
            for v in l.items.iter().chain(&l.rest) {
                rows_by(ev, id, v, (insert, sure), call);
            }
        }
        Value::Union(all) => {
            // Which of them it is may hang on what is written to.
            for v in all.iter() {
                rows_by(ev, id, v, (false, Certainty::Medium), call);
            }
        }
        Value::Tuple(_) => {}
        _ => ev.uses.skip("written row that is not known"),
    }
}

/// Notes which columns an insert writes.
fn note_insert<'a>(ev: &mut Evaluator<'_, 'a>, id: ModelId, location: Location, row: Option<&Dict<'a>>, keywords: &[Symbol]) {
    if !ev.notes() {
        return;
    }
    let context = emit::context(ev);
    let model = ev.world.models.get(id);
    let mut complete = !model.open && !model.reflected;
    let mut columns: Vec<Symbol> = defaulted(model);
    let mut written: Vec<Symbol> = keywords.to_vec();
    if let Some(d) = row {
        complete &= !d.open;
        for e in &d.entries {
            match e.key.constant() {
                Some(k) => written.push(Symbol::from(&k)),
                None => complete = false,
            }
        }
    }
    for name in written {
        match keyed(ev, id, &name).and_then(|c| emit::owner(ev, c)) {
            Some((owner, m, n)) if owner == id => columns.push(m.columns[n].column),
            _ => complete = false,
        }
    }
    columns.sort_unstable_by(|a, b| a.as_str().cmp(b.as_str()));
    columns.dedup();
    let certainty = if model.foreign { Certainty::Low } else { Certainty::High };
    ev.uses.inserts.push(Insert {
        location,
        relation: model.relation,
        columns,
        complete,
        context,
        via: model.framework.name(),
        may_update: false,
        literal: false,
        certainty,
    });
}

/// Columns that the model fills by itself.
fn defaulted(model: &Model) -> Vec<Symbol> {
    model.columns.iter().filter(|c| c.has_default).map(|c| c.column).collect()
}

/// `statement.values(…)`, `.on_conflict_do_update(…)`, `.from_select([...], …)`
pub fn statement<'a>(ev: &mut Evaluator<'_, 'a>, q: &Query<'a>, name: &str, call: &'a Call, args: &Args<'a>) {
    let Some(&id) = q.scope.first() else { return };
    match name {
        "values" => values(ev, q, id, call, args),
        "from_select" => {
            if let Some(v) = args.get(call, 0, "names") {
                names(ev, id, v, Access::Write);
            }
        }
        _ => {
            if let Some(v) = args.keyword(call, "index_elements") {
                names(ev, id, v, Access::Read);
            }
            if let Some(v) = args.keyword(call, "set_") {
                rows(ev, id, v, false, call);
            }
        }
    }
}

fn values<'a>(ev: &mut Evaluator<'_, 'a>, q: &Query<'a>, id: ModelId, call: &'a Call, args: &Args<'a>) {
    let insert = q.kind == Kind::Insert;
    let mut keywords = Vec::new();
    for (a, v) in call.args.iter().zip(&args.values) {
        match a.kind {
            ArgKind::Keyword(k) => {
                let at = ev.at(k.span());
                if let Some(c) = key(ev, id, k.as_str(), (at, Access::Write, Certainty::High)) {
                    emit::literal(ev, c, v, Some(&a.value), true);
                    emit::null(ev, c, &a.value);
                }
                keywords.push(k.name);
            }
            ArgKind::Positional | ArgKind::DoubleSpread => rows(ev, id, v, insert, call),
            ArgKind::Spread => {}
        }
    }
    let spread = call.args.iter().any(|a| matches!(a.kind, ArgKind::DoubleSpread | ArgKind::Spread));
    if insert && !keywords.is_empty() && !spread {
        let at = ev.at(call.func.span);
        note_insert(ev, id, at, None, &keywords);
    }
}

/// A list of column names.
fn names<'a>(ev: &mut Evaluator<'_, 'a>, id: ModelId, v: &Value<'a>, access: Access) {
    let items: &[Value<'a>] = match v {
        Value::List(l) => &l.items,
        Value::Tuple(t) => t,
        one => std::slice::from_ref(one),
    };
    for v in items {
        if let Value::Str(t) = v
            && let (Some(name), Some(at)) = (t.constant(), t.location())
        {
            key(ev, id, &name, (at, access, Certainty::High));
        }
    }
}

/// `session.bulk_insert_mappings(Model, rows)` and `bulk_update_mappings`.
pub fn bulk<'a>(ev: &mut Evaluator<'_, 'a>, name: &str, call: &'a Call, args: &Args<'a>) -> Option<Value<'a>> {
    let id = super::query::model_of(ev, args.positional(call, 0)?)?;
    let at = ev.at(emit::token(call.positional(0)?));
    emit::relation(ev, id, at, Access::Write);
    if let Some(v) = args.get(call, 1, "mappings") {
        rows(ev, id, v, name == "bulk_insert_mappings", call);
    }
    Some(Value::None)
}

/// The table that a value stands for, for `insert(x)`.
pub fn target(ev: &Evaluator<'_, '_>, v: &Value<'_>) -> Option<ModelId> {
    match v {
        Value::Class(_) => super::query::model_of(ev, v),
        Value::Library(_) => match Orm::of(v)? {
            Orm::Table(id) => Some(*id),
            Orm::Alias(c) => ev.world.models.of_class(*c).map(|(id, _)| id),
            _ => None,
        },
        _ => None,
    }
}

/// `execute(insert(Model).values(…))`, `execute(insert(Model), [{…}])`: an insert that is written out in the very call that runs it sends what it says, what the
/// model has defaults for, and nothing else.
pub fn sent(ev: &mut Evaluator<'_, '_>, call: &Call) {
    let Some(statement) = call.positional(0) else { return };
    let rows = call.positional(1).is_some() || call.keyword("params").is_some();
    let mut values = 0;
    let mut e = statement;
    while let ExprKind::Call(c) = &e.kind
        && let ExprKind::Attribute(a) = &c.func.kind
        && !matches!(a.attr.as_str(), "insert" | "Insert")
    {
        match a.attr.as_str() {
            "values" => values += 1,
            "returning" | "on_conflict_do_nothing" | "execution_options" => {}
            _ => return,
        }
        e = &a.value;
    }
    let made_here = matches!(&e.kind, ExprKind::Call(c) if crate::project::index::last_name(&c.func).is_some_and(|n| n.as_str() == "insert"));
    if !made_here || values + usize::from(rows) != 1 {
        return;
    }
    let (file, within, own) = (ev.place.file, statement.span, call.func.span);
    let test = ev.world.is_test(file);
    for i in ev.uses.inserts.iter_mut().filter(|i| i.location.file == file && (within.contains(i.location.span) || i.location.span == own)) {
        i.literal = true;
        if test {
            i.certainty = i.certainty.min(Certainty::Medium);
        }
    }
}
