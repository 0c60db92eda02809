//! Django's fields as columns of PostgreSQL.

use std::rc::Rc;

use crate::symbol::Symbol;

use super::{Django, M};
use crate::migrations::python::{Args, ClassValue, Value};
use crate::syntax::python::{ArgKind, Expr, ExprKind, ParamKind, StmtKind};

/// A field of a model, as a migration writes it.
#[derive(Clone, Debug)]
pub struct Field<'a> {
    /// The kind, by the name of Django's own class: `CharField`, `ForeignKey`…; empty where it could not be worked out.
    pub kind: &'static str,
    /// The type of its column, where its class says it.
    pub ty: Option<String>,
    /// Its arguments.
    pub args: Args<'a>,
}

/// What a field points at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ModelKey {
    /// The app.
    pub app: String,
    /// The model, in lower case.
    pub model: String,
}

/// Kinds of fields with a column of a fixed type.
const FIXED: &[(&str, &str)] = &[
    ("AutoField", "integer"),
    ("BigAutoField", "bigint"),
    ("SmallAutoField", "smallint"),
    ("BooleanField", "boolean"),
    ("NullBooleanField", "boolean"),
    ("DateField", "date"),
    ("DateTimeField", "timestamp with time zone"),
    ("DurationField", "interval"),
    ("FloatField", "double precision"),
    ("IntegerField", "integer"),
    ("BigIntegerField", "bigint"),
    ("SmallIntegerField", "smallint"),
    ("PositiveBigIntegerField", "bigint"),
    ("PositiveIntegerField", "integer"),
    ("PositiveSmallIntegerField", "smallint"),
    ("IPAddressField", "inet"),
    ("GenericIPAddressField", "inet"),
    ("JSONField", "jsonb"),
    ("TextField", "text"),
    ("TimeField", "time"),
    ("UUIDField", "uuid"),
    ("BinaryField", "bytea"),
    ("HStoreField", "hstore"),
    ("SearchVectorField", "tsvector"),
    ("CITextField", "citext"),
    ("CICharField", "citext"),
    ("CIEmailField", "citext"),
    ("IntegerRangeField", "int4range"),
    ("BigIntegerRangeField", "int8range"),
    ("DecimalRangeField", "numrange"),
    ("FloatRangeField", "numrange"),
    ("DateTimeRangeField", "tstzrange"),
    ("DateRangeField", "daterange"),
];

/// Kinds of fields that hold text of a length, and the length they have by themselves.
const TEXTS: &[(&str, i64)] = &[
    ("CharField", 0),
    ("SlugField", 50),
    ("EmailField", 254),
    ("URLField", 200),
    ("FileField", 100),
    ("ImageField", 100),
    ("FilePathField", 100),
    ("CommaSeparatedIntegerField", 0),
];

/// Kinds that are neither.
const OTHERS: &[&str] = &[
    "ForeignKey",
    "OneToOneField",
    "ManyToManyField",
    "DecimalField",
    "ArrayField",
    "GeneratedField",
    "VectorField",
    "HalfVectorField",
    "PointField",
    "PolygonField",
    "LineStringField",
    "MultiPointField",
    "MultiPolygonField",
    "GeometryField",
    "GenericForeignKey",
    "GenericRelation",
    "TaggableManager",
];

/// The kind of a class by its name: Django's own, or one that ends with it (`AutoOneToOneField` is a kind of `OneToOneField`).
fn known(name: &str) -> Option<&'static str> {
    let all = || FIXED.iter().map(|f| f.0).chain(TEXTS.iter().map(|t| t.0)).chain(OTHERS.iter().copied());
    all().find(|k| *k == name).or_else(|| all().filter(|k| name.ends_with(k)).max_by_key(|k| k.len()))
}

/// Fields of much used packages whose names do not say of what kind they are.
const PACKAGES: &[(&str, &str)] = &[
    ("SingleTagField", "ForeignKey"),
    ("TagField", "ManyToManyField"),
    ("TaggableManager", "TaggableManager"),
    ("ClusterTaggableManager", "TaggableManager"),
    ("ParentalKey", "ForeignKey"),
    ("TimeZoneField", "CharField"),
    ("CountryField", "CharField"),
    ("PhoneNumberField", "CharField"),
    ("LanguageField", "CharField"),
];

/// The kind of a class outside the project.
fn kind_of(path: &str) -> &'static str {
    let name = last(path);
    let other = PACKAGES.iter().find(|p| p.0 == name && !path.starts_with("django.")).map(|p| p.1);
    // What is stored encrypted is stored as bytes here and as text there.
    other.or_else(|| if name.starts_with("Encrypted") { None } else { known(name) }).unwrap_or("")
}

/// The same, where the arguments tell more: what points somewhere by itself is a foreign key, whatever it is called (`FilerImageField(to="filer.Image")`), and any
/// other field that a migration lists has a column of its own name.
fn kind_with(path: &str, args: &Args<'_>) -> &'static str {
    match kind_of(path) {
        kind @ ("ForeignKey" | "OneToOneField" | "ManyToManyField" | "GenericForeignKey" | "GenericRelation" | "TaggableManager") => kind,
        _ if args.keyword("to").is_some() && !path.starts_with("django.") => "ForeignKey",
        "" if last(path).ends_with("Field") && last(path) != "Field" => "Field",
        kind => kind,
    }
}

/// The field that a value is; `None` if it is none.
pub fn field<'a>(m: &mut M<'_, 'a>, value: &Value<'a>) -> Option<Field<'a>> {
    match value {
        Value::Made(made) => {
            let kind = kind_with(made.path.as_str(), &made.args);
            // `encrypt(models.CharField(null=True))`: what the function stores is its own affair, the rest is the field's.
            let wraps = kind.is_empty() && last(made.path.as_str()).starts_with(|c: char| c.is_ascii_lowercase());
            let inner = if wraps { made.args.positional.first().map(|a| a.0.clone()) } else { None };
            let inner = inner.filter(|v| matches!(v, Value::Made(i) if !kind_of(i.path.as_str()).is_empty()));
            match inner.and_then(|v| field(m, &v)) {
                Some(inner) => Some(Field { kind: "Field", ty: None, args: inner.args }),
                None => Some(Field { kind, ty: None, args: made.args.clone() }),
            }
        }
        // A field class of the project: what it says of itself, else what its bases are.
        Value::Instance(i) => {
            let ty = own_type(m, value, &i.class);
            let mut class = Rc::clone(&i.class);
            let mut args = i.args.clone();
            for _ in 0..20 {
                let mut next = None;
                fixed_arguments(m, &class, &mut args);
                for b in &class.bases {
                    match b {
                        Value::Class(c) => next = Some(Rc::clone(c)),
                        other => {
                            let Some(path) = other.path() else { continue };
                            let kind = if last(path) == "Field" && ty.is_some() { "Field" } else { kind_with(path, &args) };
                            if !kind.is_empty() {
                                return Some(Field { kind, ty, args });
                            }
                        }
                    }
                }
                class = next?;
            }
            None
        }
        _ => None,
    }
}

/// What the `__init__` of a field class always passes on: `super().__init__(max_length=150, unique=True, …)`, `kwargs["null"] = True`. Such arguments do not stand in
/// migrations, since the class's `deconstruct` leaves them out.
fn fixed_arguments<'a>(m: &mut M<'_, 'a>, class: &Rc<ClassValue<'a>>, args: &mut Args<'a>) {
    let mut found: Vec<(Symbol, &'a Expr)> = Vec::new();
    for stmt in &class.node.body {
        let StmtKind::Function(f) = &stmt.kind else { continue };
        if f.name.name.as_str() != "__init__" {
            continue;
        }
        let dict = f.params.iter().find(|p| p.kind == ParamKind::Kwargs).map(|p| p.name.name);
        for inner in &f.body {
            if let Some((name, value, always)) = dict.and_then(|d| put_into(d, &inner.kind)) {
                args.keywords.retain(|k| !always || k.0 != name);
                found.push((name, value));
            }
            inner.each(&mut |s| {
                s.each_expr(&mut |e| {
                    e.each(&mut |e| {
                        if let ExprKind::Call(call) = &e.kind
                            && matches!(&call.func.kind, ExprKind::Attribute(a) if a.attr.as_str() == "__init__")
                        {
                            found.extend(call.args.iter().filter_map(|a| if let ArgKind::Keyword(k) = a.kind { Some((k.name, &a.value)) } else { None }));
                        }
                    });
                });
            });
        }
    }
    let at = m.place_of(class);
    for (name, value) in found {
        if args.keyword(name.as_str()).is_none() {
            let value = m.eval_in(class.module, value);
            // What depends on the arguments is not fixed.
            if matches!(value, Value::Int(_) | Value::Bool(_) | Value::Str(_)) {
                args.keywords.push((name, value, at));
            }
        }
    }
}

/// `kwargs["name"] = value`, which replaces what was given (`true`), and `kwargs.setdefault("name", value)`.
fn put_into(dict: Symbol, stmt: &StmtKind) -> Option<(Symbol, &Expr, bool)> {
    let is_dict = |e: &Expr| matches!(e.kind, ExprKind::Name(n) if n == dict);
    let name = |e: &Expr| if let ExprKind::Str(s) = &e.kind { s.constant().map(|s| Symbol::from(&s)) } else { None };
    match stmt {
        StmtKind::Assign(a) => match a.0.as_slice() {
            [Expr { kind: ExprKind::Subscript(s), .. }] if is_dict(&s.0) => {
                let key = name(&s.1)?;
                // `kwargs["null"] = kwargs.get("null", False)` keeps what was given.
                match &a.1.kind {
                    ExprKind::Call(c) if matches!(&c.func.kind, ExprKind::Attribute(f) if is_dict(&f.value) && matches!(f.attr.as_str(), "get" | "pop")) => {
                        if name(c.positional(0)?)? == key {
                            Some((key, c.positional(1)?, false))
                        } else {
                            None
                        }
                    }
                    _ => Some((key, &a.1, true)),
                }
            }
            _ => None,
        },
        StmtKind::Expr(e) => {
            let ExprKind::Call(call) = &e.kind else { return None };
            let sets = matches!(&call.func.kind, ExprKind::Attribute(a) if a.attr.as_str() == "setdefault" && is_dict(&a.value));
            if sets { Some((name(call.positional(0)?)?, call.positional(1)?, false)) } else { None }
        }
        _ => None,
    }
}

/// What a field class of the project gives as the type of its column: `db_type()`, or the kind that `get_internal_type()` names.
fn own_type<'a>(m: &mut M<'_, 'a>, value: &Value<'a>, class: &Rc<ClassValue<'a>>) -> Option<String> {
    let at = m.place_of(class);
    let connection = Value::External("django.db.connection".into());
    let ty = |m: &mut M<'_, 'a>| m.call_member(value, class, "db_type", vec![connection], at).constant();
    if m.has_member(class, "db_type") {
        return ty(m);
    }
    if m.has_member(class, "get_internal_type") {
        let kind = m.call_member(value, class, "get_internal_type", Vec::new(), at).constant()?;
        return FIXED.iter().find(|f| f.0 == kind).map(|f| f.1.to_owned());
    }
    None
}

/// Last part of a dotted path.
pub fn last(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or_default()
}

fn int(args: &Args<'_>, n: usize, name: &str) -> Option<i64> {
    if let Some(Value::Int(i)) = args.get(n, name) { Some(*i) } else { None }
}

impl<'a> Field<'a> {
    /// A field made here, such as an automatic key.
    pub fn plain(kind: &'static str) -> Self {
        Self { kind, ty: None, args: Args::default() }
    }

    /// Whether it points at another model by a column.
    pub fn is_key(&self) -> bool {
        matches!(self.kind, "ForeignKey" | "OneToOneField")
    }

    /// Whether it has a column at all.
    pub fn has_column(&self) -> bool {
        !matches!(self.kind, "ManyToManyField" | "GenericForeignKey" | "GenericRelation" | "TaggableManager")
    }

    /// `null=True`
    pub fn nullable(&self) -> bool {
        (self.args.flag("null") || self.kind == "NullBooleanField") && !self.primary_key()
    }

    /// `primary_key=True`
    pub fn primary_key(&self) -> bool {
        self.args.flag("primary_key")
    }

    /// Whether its column is unique by itself.
    pub fn unique(&self) -> bool {
        !self.primary_key() && (self.args.flag("unique") || self.kind == "OneToOneField")
    }

    /// The name of its column.
    pub fn column(&self, name: &str) -> String {
        self.args.named("db_column").unwrap_or_else(|| if self.is_key() { format!("{name}_id") } else { name.to_owned() })
    }

    /// The model it points at.
    pub fn target(&self, host: &Django<'a>, app: &str, model: &str) -> Option<ModelKey> {
        host.model_key(self.args.get(0, "to")?, app, model)
    }
}

/// The type of a field's column; `None` where not understood.
pub fn column_type<'a>(m: &mut M<'_, 'a>, app: &str, model: &str, f: &Field<'a>, depth: usize) -> Option<String> {
    if depth > 10 {
        return None;
    }
    if let Some(ty) = &f.ty {
        return Some(ty.clone());
    }
    if let Some((_, ty)) = FIXED.iter().find(|x| x.0 == f.kind) {
        return Some((*ty).to_owned());
    }
    if let Some((_, length)) = TEXTS.iter().find(|x| x.0 == f.kind) {
        let length = int(&f.args, 99, "max_length").unwrap_or(*length);
        return Some(if length > 0 { format!("varchar({length})") } else { "varchar".to_owned() });
    }
    match f.kind {
        "ForeignKey" | "OneToOneField" => {
            let target = f.target(&m.host, app, model)?;
            let target = m.host.concrete(&target).clone();
            let named = f.args.named("to_field");
            let state = m.host.models.get(&target)?.clone();
            let (_, key) = match named {
                Some(n) => state.fields.iter().find(|x| x.0 == n)?.clone(),
                None => state.key()?,
            };
            column_type(m, &target.app, &target.model, &key, depth + 1)
        }
        "DecimalField" => Some(format!("numeric({}, {})", int(&f.args, 99, "max_digits")?, int(&f.args, 99, "decimal_places")?)),
        "ArrayField" => {
            let base = f.args.get(0, "base_field")?.clone();
            let base = field(m, &base)?;
            Some(format!("{}[]", column_type(m, app, model, &base, depth + 1)?))
        }
        "GeneratedField" => {
            let output = f.args.keyword("output_field")?.clone();
            let output = field(m, &output)?;
            column_type(m, app, model, &output, depth + 1)
        }
        "VectorField" | "HalfVectorField" => {
            let name = if f.kind == "VectorField" { "vector" } else { "halfvec" };
            Some(int(&f.args, 0, "dimensions").map_or_else(|| name.to_owned(), |n| format!("{name}({n})")))
        }
        kind => {
            let shape = kind.strip_suffix("Field").filter(|_| !kind.is_empty() && OTHERS.contains(&kind))?;
            let srid = int(&f.args, 99, "srid").unwrap_or(4326);
            Some(format!("geometry({},{srid})", shape.to_uppercase()))
        }
    }
}

/// A name as Django keys models: in lower case.
pub fn lower(text: &str) -> String {
    text.to_lowercase()
}

/// A keyword as an interned name.
pub fn key(name: &str) -> Symbol {
    Symbol::from(name)
}
