//! SQLModel: classes that are Pydantic models and, with `table=True`, tables.

use crate::symbol::Symbol;

use crate::source::Location;
use crate::syntax::python::ExprKind;

use super::super::eval::Evaluator;
use super::super::fold;
use super::super::index::{Binding, ClassId};
use super::super::uses::RelationName;
use super::super::value::Value;
use super::super::world::Place;
use super::declared::{Arguments, Column, Declared, ForeignKey, SqlType, Target};
use super::draft::{Draft, Related, nullable};
use super::mapped::{self, Annotation, Python};
use super::{Framework, Member, construct, declarative, enums, is_test_path, naming, types};

/// Whether a class descends from `SQLModel`.
pub fn is_sqlmodel(ev: &Evaluator<'_, '_>, class: ClassId) -> bool {
    ev.world.lineage(class).is_some_and(|l| l.has_outside("sqlmodel", &["SQLModel"]))
}

/// Whether the class itself says `table=True`.
pub fn is_table(ev: &Evaluator<'_, '_>, class: ClassId) -> bool {
    let Some(lineage) = ev.world.lineage(class) else { return false };
    lineage.keywords.iter().any(|(c, name, value)| *c == class && name.as_str() == "table" && matches!(value.kind, ExprKind::Bool(true)))
}

/// Maps one class; `None` where it is no table.
pub fn draft<'a>(ev: &mut Evaluator<'_, 'a>, class: ClassId) -> Option<Draft<'a>> {
    if !is_table(ev, class) {
        return None;
    }
    let world = ev.world;
    let def = world.index.class(class);
    let at = Location::new(def.file, def.node.name.span);
    let parent = declarative::parent(ev, class);
    let (name, relation_at) = naming::table_name(ev, class)?;
    let metadata = declarative::metadata_of(ev, class);
    let mut d = Draft::new(Framework::SqlModel, Symbol::from(&def.qualname), RelationName { schema: metadata.schema, name }, relation_at, at);
    d.model.class = Some(class);
    d.metadata = metadata;
    d.parent = parent;
    d.model.foreign = metadata.foreign || is_test_path(&world.sources.get(def.file).path);
    d.model.open = declarative::is_open(ev, class);
    d.model.root = super::roots::of_class(ev, class);
    // Pydantic's fields pass through every base, mapped ones too.
    let owners = world.lineage(class).map(|l| l.mro.clone()).unwrap_or_default();
    for (n, &owner) in owners.iter().enumerate().rev() {
        let def = world.index.class(owner);
        for &name in &def.order {
            if name.as_str().starts_with('_') || owners[..n].iter().any(|&near| world.index.class(near).names.contains_key(&name)) {
                continue;
            }
            if let Some(binding) = def.names.get(&name).and_then(|b| b.last()) {
                field(ev, owner, name, *binding, &mut d);
            }
        }
    }
    super::members::note_all(ev, class, &mut d);
    declarative::table_arguments(ev, class, &mut d);
    Some(d)
}

fn field<'a>(ev: &mut Evaluator<'_, 'a>, owner: ClassId, name: Symbol, binding: Binding<'a>, d: &mut Draft<'a>) {
    let place = Place { file: ev.world.index.class(owner).file, class: Some(owner), function: None };
    let mut inner = Evaluator::quiet_on(ev.world, place, &ev.trail);
    let (annotation, value, at, given) = match binding {
        Binding::Value { value, annotation: Some(a), target } => (a, inner.eval(value), Location::new(place.file, target.span), true),
        Binding::Declared { annotation, target } => (annotation, Value::Unknown, Location::new(place.file, target.span), false),
        _ => return,
    };
    let annotation = mapped::read(&mut inner, annotation);
    if annotation.class_var {
        return;
    }
    if let Some(Declared::Relationship(r)) = Declared::of(&value) {
        let own = annotation.python.iter().filter_map(|p| if let Python::Class(c) = p { Some(*c) } else { None });
        let related =
            Related { classes: own.chain(annotation.inside.iter().copied()).collect(), text: annotation.quoted.clone(), many: Some(annotation.collection) };
        // SQLModel takes the class from the annotation alone.
        let r = super::declared::Relationship { class: Value::Unknown, text: None, ..r.clone() };
        d.relationships.push((name, r, related));
        d.note(name, Member::Relationship { target: None, many: Some(annotation.collection) });
        return;
    }
    let args = match Declared::of(&value) {
        Some(Declared::Field(args)) => args.clone(),
        _ => mapped::field_inside(&annotation).unwrap_or_default(),
    };
    let plain_default = given && !matches!(Declared::of(&value), Some(Declared::Field(_)));
    let mut column = column(&mut inner, &args, &annotation, at);
    column.has_default |= plain_default;
    let null = if args.keyword("sa_column").is_some() && column.nullable.is_none() { nullable(&column) } else { null(&args, &annotation, &column) };
    let of_none = matches!(value, Value::None) || args.get(0, "default").is_some_and(|a| matches!(a.value, Value::None));
    let null = null.filter(|_| !of_none || annotation.optional || column.nullable.is_some() || !may_be_null(ev, d, column.name.map_or(name, |n| n.0)));
    d.add(name, at, column, Some(owner), null);
}

/// Whether the lock lets a column be NULL. `name: str = None` may be NULL under Pydantic 1 and may not under Pydantic 2, so the database has the last word.
fn may_be_null(ev: &Evaluator<'_, '_>, d: &Draft<'_>, column: Symbol) -> bool {
    let (name, schema) = (d.model.relation.name, d.model.relation.schema);
    let mut tables = ev.world.schema.named(name.as_str()).filter(|(q, _)| schema.is_none_or(|s| q.schema == s.as_str()));
    tables.any(|(_, r)| r.column(&column).is_some_and(|c| !c.not_null))
}

/// Whether the column may be NULL, as SQLModel's `is_field_noneable` decides.
fn null(args: &Arguments<'_>, annotation: &Annotation<'_>, column: &Column) -> Option<bool> {
    match column.nullable {
        Some(said) => said,
        None => Some(!column.primary_key && annotation.optional),
    }
    .filter(|_| !args.open)
}

fn column<'a>(ev: &mut Evaluator<'_, 'a>, args: &Arguments<'a>, annotation: &Annotation<'a>, at: Location) -> Column {
    if let Some(Declared::Column(c)) = args.keyword("sa_column").and_then(|a| Declared::of(&a.value)) {
        return c.clone();
    }
    // Arguments meant for the column itself.
    let mut inner = Arguments::default();
    if let Some(a) = args.keyword("sa_column_args") {
        inner.all.extend(fold::items(&a.value, a.at).unwrap_or_default().into_iter().map(|value| super::declared::Argument {
            name: None,
            value,
            at: a.at,
            expr: None,
        }));
    }
    if let Some(Value::Dict(dict)) = args.keyword("sa_column_kwargs").map(|a| &a.value) {
        inner.all.extend(dict.entries.iter().filter_map(|e| {
            Some(super::declared::Argument { name: Some(Symbol::from(&e.key.constant()?)), value: e.value.clone(), at: e.at, expr: e.expr.map(|x| x.1) })
        }));
        inner.open |= dict.open;
    }
    let mut column = construct::column(ev, &inner, at);
    column.open = args.open;
    column.primary_key |= args.is_true("primary_key");
    column.unique |= args.is_true("unique");
    column.has_default |= args.keyword("default").is_some_and(|a| !matches!(a.value, Value::None))
        || args.keyword("default_factory").is_some()
        || args.positional().next().is_some_and(|a| !matches!(a.value, Value::None));
    if column.nullable.is_none() {
        column.nullable = args.keyword("nullable").map(|a| fold::truth(&a.value));
    }
    if let Some(a) = args.keyword("foreign_key") {
        let target = a.value.constant().map_or(Target::Unknown, |t| Target::Text(t.into_owned()));
        column.foreign_keys.push(ForeignKey { target, at: construct::text_at(a) });
    }
    if let Some(a) = args.keyword("sa_type").filter(|a| !matches!(a.value, Value::None)) {
        (column.ty, column.type_at) = (Some(types::of_value(ev, &a.value).unwrap_or_default()), Some(a.at));
    }
    if column.ty.is_none() {
        column.ty = Some(python_type(ev, annotation, args).unwrap_or_default());
    }
    column
}

/// The column type of a field by its annotation, as SQLModel's `get_sqlalchemy_type` decides.
fn python_type(ev: &mut Evaluator<'_, '_>, annotation: &Annotation<'_>, args: &Arguments<'_>) -> Option<SqlType> {
    let int = |name: &str| args.keyword(name).and_then(|a| if let Value::Int(n) = a.value { Some(n) } else { None });
    for p in &annotation.python {
        match p {
            Python::Class(c) if enums::is_enum(ev, *c) => {
                let name = ev.world.index.class(*c).node.name.as_str().to_lowercase();
                let labels = enums::members(ev, *c).map(|all| all.iter().map(|m| m.name.as_str().to_owned()).collect());
                return Some(SqlType { text: Some(name), labels, enum_class: Some(*c), is_enum: true, ..SqlType::default() });
            }
            Python::External(path) => match (path.as_str(), types::last(path)) {
                ("builtins.str" | "pathlib.Path", _) => return Some(text(int("max_length"))),
                ("decimal.Decimal", _) => {
                    return Some(SqlType::plain(match (int("max_digits"), int("decimal_places")) {
                        (Some(p), Some(s)) => format!("numeric({p},{s})"),
                        (Some(p), None) => format!("numeric({p},0)"),
                        _ => "numeric".to_owned(),
                    }));
                }
                (p, name) if p.starts_with("pydantic") || p.starts_with("ipaddress") => {
                    return Some(match name {
                        "UUID1" | "UUID3" | "UUID4" | "UUID5" | "UUID6" | "UUID7" => SqlType::plain("uuid"),
                        "AwareDatetime" | "NaiveDatetime" | "PastDatetime" | "FutureDatetime" => SqlType::plain("timestamp"),
                        "PastDate" | "FutureDate" => SqlType::plain("date"),
                        "PositiveInt" | "NegativeInt" | "NonNegativeInt" | "NonPositiveInt" | "StrictInt" => SqlType::plain("integer"),
                        "PositiveFloat" | "NegativeFloat" | "NonNegativeFloat" | "StrictFloat" => SqlType::plain("double precision"),
                        "StrictBool" => SqlType::plain("boolean"),
                        _ => text(int("max_length")),
                    });
                }
                _ => {
                    if let Some(t) = types::of_python(path) {
                        return Some(t);
                    }
                }
            },
            _ => {}
        }
    }
    mapped::sql_type(ev, &annotation.python, &Vec::new())
}

fn text(length: Option<i64>) -> SqlType {
    SqlType::plain(length.map_or_else(|| "varchar".to_owned(), |n| format!("varchar({n})")))
}
