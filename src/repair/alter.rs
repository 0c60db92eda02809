//! What a model says of a column that the lock settles: whether it may be NULL, how long it is, of what type, what its keys are.

use super::declaration::{self, Declaration, quoted, remove_argument, set_keyword, text};
use super::types::{self, Style};
use super::{imports, replace};
use crate::diagnostic::{Diagnostic, Edit, Fix};
use crate::project::models::{Framework, Model, ModelColumn};
use crate::rules::Context;
use crate::schema::types::{TypeRef, parse};
use crate::schema::{Column, QualifiedName, Relation};
use crate::source::{Location, Span};
use crate::syntax::python::{BinaryOp, Call, Expr, ExprKind};

/// A column of a model beside the lock's, and where the model declares it.
pub(super) struct Found<'r, 'a> {
    pub(super) model: &'r Model,
    pub(super) ours: &'r ModelColumn,
    pub(super) table: &'r QualifiedName,
    pub(super) relation: &'r Relation,
    pub(super) theirs: &'r Column,
    pub(super) declaration: Declaration<'a>,
}

/// What a finding about one column of a model speaks of.
pub(super) fn find<'r, 'a>(context: &'r Context<'r, 'a>, d: &Diagnostic) -> Option<Found<'r, 'a>> {
    let (table, relation) = context.schema.relation(d.schema.as_deref(), d.table.as_deref()?)?;
    let theirs = relation.column(d.column.as_deref()?)?;
    let here = |c: &&ModelColumn| {
        c.column.as_str() == theirs.name && (c.at == d.location || c.type_at == Some(d.location) || c.foreign_keys.iter().any(|(_, at)| *at == d.location))
    };
    let (model, ours) = context.project.world.models.all.iter().find_map(|m| Some((m, m.columns.iter().find(here)?)))?;
    // A mixin speaks for several tables, of which this may be the only one that disagrees.
    let class = ours.owner.or(model.class)?;
    if Some(class) != model.class && context.project.world.models.by_owner().get(&(class, ours.attribute)).is_some_and(|all| all.len() > 1) {
        return None;
    }
    let declaration = declaration::find(context, class, &ours.attribute)?;
    Some(Found { model, ours, table, relation, theirs, declaration })
}

/// `nullability-mismatch`
pub(super) fn nullability(context: &Context<'_, '_>, d: &Diagnostic) -> Option<Fix> {
    let f = find(context, d)?;
    let may = !f.theirs.not_null;
    let edits = match f.model.framework {
        Framework::SqlAlchemy => sqlalchemy_null(context, &f.declaration, may)?,
        Framework::SqlModel => sqlmodel_null(context, &f.declaration, may)?,
        Framework::Django => {
            let (whole, call) = f.declaration.call()?;
            set_keyword(f.declaration.file, f.declaration.source, whole, call, "null", boolean(may))?
        }
        Framework::SqlAlchemyCore | Framework::Pydantic => return None,
    };
    super::fix(f.model.framework == Framework::SqlAlchemy, edits)
}

fn boolean(b: bool) -> &'static str {
    if b { "True" } else { "False" }
}

fn sqlalchemy_null(context: &Context<'_, '_>, d: &Declaration<'_>, may: bool) -> Option<Vec<Edit>> {
    let inner = d.annotation.and_then(mapped_inner);
    let annotated = inner.and_then(|inner| optional_edit(context, d, inner, may));
    match (d.call(), annotated) {
        (Some((whole, call)), Some(mut edits)) if call.keyword("nullable").is_some() => {
            edits.extend(set_keyword(d.file, d.source, whole, call, "nullable", boolean(may))?);
            Some(edits)
        }
        (_, Some(edits)) if !edits.is_empty() => Some(edits),
        (Some((whole, call)), _) => set_keyword(d.file, d.source, whole, call, "nullable", boolean(may)),
        _ => None,
    }
}

/// What stands in `Mapped[…]`.
fn mapped_inner(annotation: &Expr) -> Option<&Expr> {
    match &annotation.kind {
        ExprKind::Subscript(s) => matches!(crate::project::index::last_name(&s.0).map(|n| n.as_str()), Some("Mapped")).then_some(&s.1),
        _ => None,
    }
}

/// Makes an annotation optional, or not; no edits where it is so already, `None` where it is of another form.
fn optional_edit(context: &Context<'_, '_>, d: &Declaration<'_>, inner: &Expr, may: bool) -> Option<Vec<Edit>> {
    let at = Location::new(d.file, inner.span);
    match (without_none(inner), may) {
        (Some(_), true) => Some(Vec::new()),
        (Some(bare), false) => Some(vec![replace(at, text(d.source, bare))]),
        (None, true) if matches!(inner.kind, ExprKind::Name(_) | ExprKind::Attribute(_) | ExprKind::Subscript(_)) => {
            let written = types::optional(context, d.file, text(d.source, inner));
            let mut edits = written.edits;
            edits.push(replace(at, written.text));
            Some(edits)
        }
        (None, false) if matches!(inner.kind, ExprKind::Name(_) | ExprKind::Attribute(_)) => Some(Vec::new()),
        _ => None,
    }
}

/// `T` of `T | None` and `Optional[T]`.
fn without_none(e: &Expr) -> Option<&Expr> {
    match &e.kind {
        ExprKind::Binary(b) if b.1 == BinaryOp::BitOr && matches!(b.2.kind, ExprKind::None) => Some(&b.0),
        ExprKind::Binary(b) if b.1 == BinaryOp::BitOr && matches!(b.0.kind, ExprKind::None) => Some(&b.2),
        ExprKind::Subscript(s) if crate::project::index::last_name(&s.0).is_some_and(|n| n.as_str() == "Optional") => Some(&s.1),
        _ => None,
    }
}

fn sqlmodel_null(context: &Context<'_, '_>, d: &Declaration<'_>, may: bool) -> Option<Vec<Edit>> {
    if let Some((whole, call)) = d.call() {
        if let Some(Expr { kind: ExprKind::Call(column), .. }) = call.keyword("sa_column") {
            return set_keyword(d.file, d.source, call.keyword("sa_column")?, column, "nullable", boolean(may));
        }
        if call.keyword("nullable").is_some() {
            return set_keyword(d.file, d.source, whole, call, "nullable", boolean(may));
        }
    }
    let annotation = d.annotation?;
    let mut edits = optional_edit(context, d, annotation, may)?;
    let end = annotation.span.end as usize;
    match d.value {
        None if may => edits.push(super::insert(d.file, end, " = None")),
        Some(Expr { kind: ExprKind::None, span }) if !may => edits.push(replace(Location::new(d.file, Span { start: annotation.span.end, end: span.end }), "")),
        _ => {}
    }
    Some(edits)
}

/// `type-mismatch`
pub(super) fn ty(context: &Context<'_, '_>, d: &Diagnostic) -> Option<Fix> {
    let f = find(context, d)?;
    let (ours, theirs) = (parse(f.ours.ty.as_deref()?)?, parse(&f.theirs.ty)?);
    if ours.name == theirs.name && ours.array == theirs.array && ours.name == "varchar" {
        return length(&f, &ours, &theirs);
    }
    if f.model.framework != Framework::SqlAlchemy {
        return None;
    }
    let old = f.declaration.called() == Some("Column");
    let written = f.declaration.call().map(|(_, c)| text(f.declaration.source, &c.func)).unwrap_or_default();
    let prefix = written
        .strip_suffix("Column")
        .filter(|p| !p.is_empty() && imports::name(context, f.declaration.file, "sqlalchemy", "Column").is_none_or(|n| n.name != written));
    let style = Style { prefix: prefix.map(str::to_owned), old };
    let made = types::sqlalchemy(context, f.declaration.file, &f.theirs.ty, &style)?;
    let mut edits = made.edits;
    let mut done = false;
    if let Some(argument) = f.declaration.type_argument() {
        edits.push(replace(Location::new(f.declaration.file, argument.span), made.text));
        done = true;
    }
    if let Some(inner) = f.declaration.annotation.and_then(mapped_inner) {
        let python = types::python(context, f.declaration.file, &f.theirs.ty)?;
        let bare = without_none(inner).unwrap_or(inner);
        edits.extend(python.edits);
        edits.push(replace(Location::new(f.declaration.file, bare.span), python.text));
        done = true;
    }
    if done { super::fix(false, edits) } else { None }
}

/// Another length, where it is written as a number.
fn length(f: &Found<'_, '_>, ours: &TypeRef, theirs: &TypeRef) -> Option<Fix> {
    let (old, new) = (ours.modifiers.first()?, theirs.modifiers.first()?);
    let at = number(f, old)?;
    super::fix(f.model.framework != Framework::Django, vec![replace(Location::new(f.declaration.file, at), new.clone())])
}

/// Where the declaration writes its length.
fn number(f: &Found<'_, '_>, old: &str) -> Option<Span> {
    let (_, call) = f.declaration.call()?;
    let of = |e: &Expr| (text(f.declaration.source, e) == old).then_some(e.span);
    if let Some(e) = call.keyword("max_length") {
        return of(e);
    }
    let made: &Call = match &f.declaration.type_argument()?.kind {
        ExprKind::Call(c) => c,
        _ => return None,
    };
    of(made.argument(0, "length")?)
}

/// `primary-key-mismatch`: columns that are in the one key and not in the other.
pub(super) fn primary_key(context: &Context<'_, '_>, d: &Diagnostic) -> Option<Fix> {
    let (_, relation) = context.schema.relation(d.schema.as_deref(), d.table.as_deref()?)?;
    let model = context.project.world.models.all.iter().find(|m| m.at == d.location && m.class.is_some())?;
    if !matches!(model.framework, Framework::SqlAlchemy | Framework::SqlModel) {
        return None;
    }
    let mut edits = Vec::new();
    for name in &relation.primary_key {
        model.columns.iter().find(|c| c.column.as_str() == name)?;
    }
    for column in &model.columns {
        let wanted = relation.primary_key.iter().any(|n| n == column.column.as_str());
        if wanted == column.primary_key {
            continue;
        }
        if column.owner.is_some() && column.owner != model.class {
            return None;
        }
        let declaration = declaration::find(context, model.class?, &column.attribute)?;
        match (declaration.call(), wanted) {
            (Some((whole, call)), true) => edits.extend(set_keyword(declaration.file, declaration.source, whole, call, "primary_key", "True")?),
            (Some((_, call)), false) => edits.push(remove_argument(declaration.file, declaration.source, call, call.keyword("primary_key")?)?),
            (None, true) if model.framework == Framework::SqlAlchemy && declaration.value.is_none() => {
                let made = imports::name(context, declaration.file, "sqlalchemy.orm", "mapped_column")?;
                edits.push(super::insert(declaration.file, declaration.annotation?.span.end as usize, format!(" = {}(primary_key=True)", made.name)));
                edits.extend(made.edit);
            }
            _ => return None,
        }
    }
    super::fix(false, edits)
}

/// `foreign-key-mismatch`: the target that the lock has.
pub(super) fn foreign_key(context: &Context<'_, '_>, d: &Diagnostic) -> Option<Fix> {
    let f = find(context, d)?;
    let key = f.relation.foreign_keys.iter().find(|k| k.columns.len() == 1 && k.columns[0] == f.theirs.name)?;
    let default = context.schema.search_path.first() == Some(&key.target.schema) && f.table.schema == key.target.schema;
    let schema = if default { String::new() } else { format!("{}.", key.target.schema) };
    let target = format!("{schema}{}.{}", key.target.name, key.target_columns.first()?);
    let source = f.declaration.source;
    let written = source.slice(d.location.span);
    let edit = match written.chars().next()? {
        '"' | '\'' => replace(d.location, quoted(source, &target)),
        // The inside of a string, as it stands.
        _ if written.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.')) && string_around(source.text.as_ref(), d.location.span) => {
            replace(d.location, target)
        }
        _ => return None,
    };
    super::fix(false, vec![edit])
}

fn string_around(text: &str, span: Span) -> bool {
    let quote = |c: Option<char>| matches!(c, Some('"' | '\''));
    quote(text[..span.start as usize].chars().next_back()) && quote(text[span.end as usize..].chars().next())
}
