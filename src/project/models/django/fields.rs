//! Django's model fields in PostgreSQL's words (`django.db.backends.postgresql`, `data_types`).

use super::super::super::eval::Evaluator;
use super::super::super::index::{Binding, ClassId};
use super::super::super::value::Value;
use super::super::declared::{Arguments, Declared, SqlType};
use super::super::types::last;
use crate::symbol::Symbol;

/// What kind of field a class is, as far as columns go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A column of its own.
    Plain,
    /// `ForeignKey`
    ForeignKey,
    /// `OneToOneField`
    OneToOne,
    /// `ManyToManyField`
    ManyToMany,
    /// No column at all: `GenericForeignKey`, `GenericRelation`, a tag manager.
    Nothing,
}

/// The kind of the field class of that name. One whose name ends in that of one of Django's keys is such a key: packages name theirs so
/// (`ChainedForeignKey`, `HistoricForeignKey`).
pub fn kind(name: &str) -> Kind {
    match listed(name) {
        Kind::Plain if name.ends_with("GenericForeignKey") => Kind::Nothing,
        Kind::Plain if name.ends_with("ForeignKey") => Kind::ForeignKey,
        Kind::Plain if name.ends_with("OneToOneField") => Kind::OneToOne,
        kind => kind,
    }
}

/// The kind of a field class that is known by its whole name.
fn listed(name: &str) -> Kind {
    match name {
        "ForeignKey" | "TreeForeignKey" | "ParentalKey" | "SortableForeignKey" | "CurrentUserField" => Kind::ForeignKey,
        "OneToOneField" | "AutoOneToOneField" | "TreeOneToOneField" => Kind::OneToOne,
        "ManyToManyField" | "TreeManyToManyField" | "ParentalManyToManyField" | "SortedManyToManyField" => Kind::ManyToMany,
        "GenericForeignKey" | "GenericRelation" | "TaggableManager" | "ClusterTaggableManager" | "ImageSpecField" | "CompositePrimaryKey" => Kind::Nothing,
        _ => Kind::Plain,
    }
}

/// Where `related_name` stands when it is given by position: `ManyToManyField(to, related_name)`, `ForeignKey(to, on_delete, related_name)`; the third of
/// `OneToOneField` is `to_field` (signatures of `django.db.models.fields.related`).
pub fn related_name_position(many: bool, one_to_one: bool) -> Option<usize> {
    match (many, one_to_one) {
        (true, _) => Some(1),
        (false, true) => None,
        (false, false) => Some(2),
    }
}

/// Whether the library's field class of that name is known: of others nobody can say that they have a column.
pub fn is_known(ev: &mut Evaluator<'_, '_>, path: &str) -> bool {
    path.starts_with("django.") || listed(last(path)) != Kind::Plain || by_name(ev, last(path), &Arguments::default()).is_some()
}

/// Whether a field class of the project may itself say what the other side of its relation is called (`remote_field.related_name = …`).
pub fn names_itself(ev: &Evaluator<'_, '_>, class: ClassId) -> bool {
    ["contribute_to_class", "contribute_to_related_class"].iter().any(|n| ev.world.class_member(class, Symbol::from(n)).is_some())
}

/// Whether a package's field class of that name may bring further columns: what is known of the others says that they do not.
pub fn may_bring_columns(ev: &mut Evaluator<'_, '_>, path: &str) -> bool {
    !is_known(ev, path) || last(path) == "MoneyField"
}

/// Whether a field class of the project has no column: derived from the bare `Field`, it says no type (`Field.db_type` then gives none).
pub fn has_no_column(ev: &Evaluator<'_, '_>, path: &str, class: ClassId) -> bool {
    last(path) == "Field" && !says_type(ev, class)
}

/// Whether a field class of the project says what its column is.
pub fn says_type(ev: &Evaluator<'_, '_>, class: ClassId) -> bool {
    ["db_type", "get_internal_type"].iter().any(|n| ev.world.class_member(class, Symbol::from(n)).is_some())
}

/// Whether a field class of the project gives its model further fields when it is put into it (`Field.contribute_to_class`): by `add_to_class`, or by putting
/// others in beside itself.
pub fn adds_fields(ev: &Evaluator<'_, '_>, class: ClassId) -> bool {
    let Some((_, [.., Binding::Function(f)])) = ev.world.class_member(class, Symbol::from("contribute_to_class")) else { return false };
    let def = ev.world.index.function(*f);
    let Some(text) = def.node.body.last().and_then(|last| ev.world.sources.get(def.file).text.get(def.node.name.span.end as usize..last.span.end as usize))
    else {
        return false;
    };
    text.contains("add_to_class(") || text.matches(".contribute_to_class(").count() > 1
}

/// Whether the class of that name is a field.
pub fn is_field(path: &str) -> bool {
    let name = last(path);
    let root = path.split('.').next().unwrap_or_default();
    let elsewhere = matches!(
        root,
        "sqlalchemy"
            | "sqlmodel"
            | "pydantic"
            | "marshmallow"
            | "rest_framework"
            | "wtforms"
            | "graphene"
            | "dataclasses"
            | "attr"
            | "attrs"
            | "peewee"
            | "mongoengine"
            | "odmantic"
            | "tortoise"
    ) || path.starts_with("django.forms");
    !elsewhere && (name.ends_with("Field") || kind(name) != Kind::Plain)
}

/// The column type of a field class by its name and arguments; `None` where it is not known.
pub fn column_type(ev: &mut Evaluator<'_, '_>, path: &str, class: Option<ClassId>, args: &Arguments<'_>) -> Option<SqlType> {
    if let Some(c) = class
        && let Some(t) = own_type(ev, c, args)
    {
        return t;
    }
    by_name(ev, last(path), args)
}

/// What a field class of the project says by itself: `db_type`, `get_internal_type`. `Some(None)` where that is not understood.
fn own_type(ev: &mut Evaluator<'_, '_>, class: ClassId, args: &Arguments<'_>) -> Option<Option<SqlType>> {
    for name in ["db_type", "get_internal_type"] {
        if let Some((_, [.., Binding::Function(f)])) = ev.world.class_member(class, Symbol::from(name)) {
            let v = ev.run_for(*f, Value::Instance(class));
            let text = v.constant().map(std::borrow::Cow::into_owned);
            return Some(match (name, text) {
                ("db_type", Some(t)) => Some(SqlType::plain(t.to_lowercase())),
                (_, Some(t)) => by_name(ev, &t, args),
                _ => None,
            });
        }
    }
    None
}

fn by_name(ev: &mut Evaluator<'_, '_>, name: &str, args: &Arguments<'_>) -> Option<SqlType> {
    let int = |name: &str| args.keyword(name).and_then(|a| if let Value::Int(n) = a.value { Some(n) } else { None });
    let text = |default: Option<i64>| {
        let given = args.keyword("max_length").is_some();
        match int("max_length").or(if given { None } else { default }) {
            Some(n) => format!("varchar({n})"),
            None => "varchar".to_owned(),
        }
    };
    Some(SqlType::plain(match name {
        "AutoField" | "IntegerField" | "PositiveIntegerField" | "OrderWrt" => "integer".to_owned(),
        "BigAutoField" | "BigIntegerField" | "PositiveBigIntegerField" => "bigint".to_owned(),
        "SmallAutoField" | "SmallIntegerField" | "PositiveSmallIntegerField" => "smallint".to_owned(),
        "BinaryField" => "bytea".to_owned(),
        "BooleanField" | "NullBooleanField" => "boolean".to_owned(),
        "CharField" | "CommaSeparatedIntegerField" | "StatusField" => text(None),
        "SlugField" | "AutoSlugField" => text(Some(50)),
        "EmailField" => text(Some(254)),
        "URLField" => text(Some(200)),
        "FileField" | "ImageField" | "FilePathField" | "ThumbnailerImageField" | "ProcessedImageField" => text(Some(100)),
        "PhoneNumberField" => text(Some(128)),
        "CountryField" => text(Some(2)),
        "DateField" => "date".to_owned(),
        "DateTimeField" | "CreationDateTimeField" | "ModificationDateTimeField" | "AutoCreatedField" | "AutoLastModifiedField" | "MonitorField" => {
            "timestamptz".to_owned()
        }
        "TimeField" => "time".to_owned(),
        "DurationField" => "interval".to_owned(),
        "DecimalField" | "MoneyField" => match (int("max_digits"), int("decimal_places")) {
            (Some(p), Some(s)) => format!("numeric({p},{s})"),
            _ => "numeric".to_owned(),
        },
        "FloatField" => "double precision".to_owned(),
        "IPAddressField" | "GenericIPAddressField" => "inet".to_owned(),
        "JSONField" => "jsonb".to_owned(),
        "TextField" | "MarkdownField" | "HTMLField" | "RichTextField" | "RichTextUploadingField" => "text".to_owned(),
        "UUIDField" | "ShortUUIDField" if name == "UUIDField" => "uuid".to_owned(),
        "HStoreField" => "hstore".to_owned(),
        "SearchVectorField" => "tsvector".to_owned(),
        "CICharField" | "CITextField" | "CIEmailField" => "citext".to_owned(),
        "IntegerRangeField" => "int4range".to_owned(),
        "BigIntegerRangeField" => "int8range".to_owned(),
        "DecimalRangeField" => "numrange".to_owned(),
        "DateTimeRangeField" => "tstzrange".to_owned(),
        "DateRangeField" => "daterange".to_owned(),
        "VectorField" => int("dimensions").map_or_else(|| "vector".to_owned(), |n| format!("vector({n})")),
        "ArrayField" => {
            let base = args.get(0, "base_field")?;
            return nested(ev, &base.value).map(|t| SqlType { text: t.text.map(|t| format!("{t}[]")), ..SqlType::default() });
        }
        "GeneratedField" => return nested(ev, &args.keyword("output_field")?.value),
        _ => return None,
    }))
}

fn nested(ev: &mut Evaluator<'_, '_>, v: &Value<'_>) -> Option<SqlType> {
    let Declared::DjangoField(path, class, args) = Declared::of(v)? else { return None };
    let (path, class, args) = (*path, *class, args.clone());
    // An array of arrays is written in the same way; deeper than this nobody goes.
    column_type(ev, &path, class, &args)
}

/// Columns that abstract base classes of Django and its best-known packages bring: name, type, may be NULL.
pub fn of_library_base(path: &str) -> Option<&'static [(&'static str, &'static str, bool)]> {
    Some(match path {
        "django.contrib.auth.models.AbstractUser" => &[
            ("password", "varchar(128)", false),
            ("last_login", "timestamptz", true),
            ("is_superuser", "boolean", false),
            ("username", "varchar(150)", false),
            ("first_name", "varchar(150)", false),
            ("last_name", "varchar(150)", false),
            ("email", "varchar(254)", false),
            ("is_staff", "boolean", false),
            ("is_active", "boolean", false),
            ("date_joined", "timestamptz", false),
        ],
        "django.contrib.auth.models.AbstractBaseUser" | "django.contrib.auth.base_user.AbstractBaseUser" => {
            &[("password", "varchar(128)", false), ("last_login", "timestamptz", true)]
        }
        "django.contrib.auth.models.PermissionsMixin" => &[("is_superuser", "boolean", false)],
        "model_utils.models.TimeStampedModel" | "django_extensions.db.models.TimeStampedModel" => {
            &[("created", "timestamptz", false), ("modified", "timestamptz", false)]
        }
        "model_utils.models.SoftDeletableModel" => &[("is_removed", "boolean", false)],
        "django.db.models.Model" | "django.contrib.gis.db.models.Model" => &[],
        _ => return None,
    })
}
