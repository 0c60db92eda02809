//! Names that a model class has besides its columns.

use crate::symbol::Symbol;

use crate::syntax::python::{Body, Expr, ExprKind, StmtKind};

use super::super::eval::Evaluator;
use super::super::index::ClassId;
use super::super::world::is_from;
use super::draft::Draft;
use super::types::last;
use super::{Framework, Member};

/// What SQLAlchemy gives every mapped class.
const SQLALCHEMY: &[&str] = &[
    "metadata",
    "registry",
    "__table__",
    "__mapper__",
    "__tablename__",
    "__table_args__",
    "__mapper_args__",
    "_sa_instance_state",
    "_sa_class_manager",
    // A function in the class that is some column's `default=` is given the execution context in place of an object.
    "current_parameters",
    "get_current_parameters",
];

/// What Flask-SQLAlchemy's base adds.
const FLASK: &[&str] = &["query", "query_class"];

/// What Pydantic's base class has.
const PYDANTIC: &[&str] = &[
    "model_config",
    "model_fields",
    "model_computed_fields",
    "model_extra",
    "model_fields_set",
    "model_construct",
    "model_copy",
    "model_dump",
    "model_dump_json",
    "model_json_schema",
    "model_parametrized_name",
    "model_post_init",
    "model_rebuild",
    "model_validate",
    "model_validate_json",
    "model_validate_strings",
    "sqlmodel_update",
    "dict",
    "json",
    "parse_obj",
    "parse_raw",
    "parse_file",
    "from_orm",
    "construct",
    "copy",
    "schema",
    "schema_json",
    "validate",
    "update_forward_refs",
];

/// Notes every name of the class and of its ancestors inside the project that is not a column already.
pub fn note_all<'a>(ev: &Evaluator<'_, 'a>, class: ClassId, d: &mut Draft<'a>) {
    let world = ev.world;
    let Some(lineage) = world.lineage(class) else { return };
    for &c in &lineage.mro {
        let def = world.index.class(c);
        for &name in &def.order {
            d.note(name, Member::Other);
        }
        for s in &def.node.body {
            if let StmtKind::Function(f) = &s.kind
                && let Some(this) = f.params.first()
            {
                stored(&f.body, this.name.name, d);
            }
        }
    }
    let mut names = match d.model.framework {
        Framework::SqlAlchemy | Framework::SqlModel => SQLALCHEMY.to_vec(),
        _ => Vec::new(),
    };
    let outside = |root: &str| lineage.outside.iter().any(|v| v.external().is_some_and(|p| is_from(p, root)));
    if outside("flask_sqlalchemy") {
        names.extend(FLASK);
    }
    if outside("sqlmodel") || outside("pydantic") {
        names.extend(PYDANTIC);
    }
    if lineage.outside.iter().any(|v| v.external().is_some_and(|p| last(p) == "UserMixin")) {
        names.extend(["is_authenticated", "is_active", "is_anonymous", "get_id"]);
    }
    if lineage.outside.iter().any(|v| v.external().is_some_and(|p| last(p) == "AsyncAttrs")) {
        names.push("awaitable_attrs");
    }
    // SQLAlchemy-Continuum.
    if world.class_member(class, Symbol::from("__versioned__")).is_some() {
        names.push("versions");
    }
    for n in names {
        d.note(Symbol::from(n), Member::Other);
    }
}

/// Attributes that a method stores on its first parameter, or on the class.
fn stored(body: &Body, this: Symbol, d: &mut Draft<'_>) {
    for s in body {
        match &s.kind {
            StmtKind::Assign(a) => a.0.iter().for_each(|t| target(t, this, d)),
            StmtKind::AnnAssign(a) => target(&a.0, this, d),
            StmtKind::AugAssign(a) => target(&a.0, this, d),
            StmtKind::If(i) => {
                stored(&i.body, this, d);
                stored(&i.orelse, this, d);
            }
            StmtKind::For(f) => {
                target(&f.target, this, d);
                stored(&f.body, this, d);
                stored(&f.orelse, this, d);
            }
            StmtKind::While(w) => {
                stored(&w.1, this, d);
                stored(&w.2, this, d);
            }
            StmtKind::With(w) => {
                w.0.iter().filter_map(|(_, t)| t.as_ref()).for_each(|t| target(t, this, d));
                stored(&w.1, this, d);
            }
            StmtKind::Try(t) => {
                stored(&t.body, this, d);
                t.handlers.iter().for_each(|h| stored(&h.body, this, d));
                stored(&t.orelse, this, d);
                stored(&t.finally, this, d);
            }
            _ => {}
        }
    }
}

fn target(e: &Expr, this: Symbol, d: &mut Draft<'_>) {
    match &e.kind {
        ExprKind::Attribute(a) if matches!(a.value.kind, ExprKind::Name(n) if n == this) => d.note(a.attr.name, Member::Other),
        ExprKind::Tuple(items) | ExprKind::List(items) => items.iter().for_each(|i| target(i, this, d)),
        _ => {}
    }
}
