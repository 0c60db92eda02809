//! Django's models.

pub mod apps;
mod brought;
pub mod fields;
mod init;
pub mod meta;
#[cfg(test)]
mod tests;
pub mod translated;

use rustc_hash::FxHashMap;

use crate::project::digest::{by_django, by_postgres};
use crate::source::{FileId, Location};
use crate::symbol::Symbol;
use crate::syntax::python::{Arg, Expr, ExprKind, Stmt, StmtKind};

use super::super::eval::Evaluator;
use super::super::fold;
use super::super::index::{Binding, ClassDef, ClassId, last_name};
use super::super::uses::RelationName;
use super::super::value::Value;
use super::super::world::{Lineage, Place, World, is_from};
use super::declared::{Argument, Arguments, Column, Declared, ForeignKey, SqlType, Target};
use super::draft::Draft;
use super::types::last;
use super::{ANY_NAME, Framework, Member, construct, is_test_path, members};
use apps::Apps;
use fields::Kind;
use meta::is_abstract;
use translated::Translated;

/// Base classes outside the project that are Django models.
fn is_base(v: &Value<'_>) -> bool {
    v.external().is_some_and(|p| {
        fields::of_library_base(p).is_some()
            || is_of_contrib(p)
            || matches!(p, "mptt.models.MPTTModel" | "polymorphic.models.PolymorphicModel" | "solo.models.SingletonModel" | "parler.models.TranslatableModel")
    })
}

/// A model of one of Django's own apps: a class that stands directly in its `models`. `django.contrib.gis.db.models` is no app's: it hands on all of
/// `django.db.models`, and only its `Model` is one.
fn is_of_contrib(path: &str) -> bool {
    let Some((app, name)) = path.strip_prefix("django.contrib.").and_then(|p| p.split_once(".models.")) else { return false };
    app != "gis.db" && !name.contains('.') && !name.ends_with("Manager") && !matches!(name, "Meta" | "AnonymousUser")
}

/// Whether a class is a Django model, abstract ones included.
pub fn is_model(ev: &Evaluator<'_, '_>, class: ClassId) -> bool {
    let Some(lineage) = ev.world.lineage(class) else { return false };
    lineage.outside.iter().any(is_base) || lineage.outside.iter().any(may_be_base) && lineage.mro.iter().any(|&c| has_fields(ev, c))
}

/// A class of some package that is a model by its name: `django_softdelete.models.SoftDeleteModel`.
fn may_be_base(v: &Value<'_>) -> bool {
    v.external().is_some_and(|p| !is_from(p, "django") && (p.contains(".models.") || last(p).ends_with("Model")))
}

/// Whether the class's body declares `models.SomeField(...)` or `models.ForeignKey(...)`, by spelling: this is asked of every class.
fn has_fields(ev: &Evaluator<'_, '_>, class: ClassId) -> bool {
    ev.world.index.class(class).names.values().flatten().any(|b| match b {
        Binding::Value { value, .. } => match &value.kind {
            ExprKind::Call(c) => matches!(&c.func.kind, ExprKind::Attribute(a)
                if matches!(a.value.kind, ExprKind::Name(n) if n.as_str() == "models") && (a.attr.as_str().ends_with("Field") || a.attr.as_str() == "ForeignKey")),
            _ => false,
        },
        _ => false,
    })
}

/// Whether a file says something about models that stand elsewhere: it registers them for translation, or puts fields into them.
pub fn decides(world: &World<'_>, file: FileId) -> bool {
    translated::may_register(world, file) || brought::may_add(world, file)
}

/// The project's Django models, and what is needed to name them.
pub struct Django {
    apps: Apps,
    translated: Translated,
    /// (app label, class name), both in lower case.
    by_name: FxHashMap<(String, String), ClassId>,
}

impl Django {
    /// Reads apps and settings; `None` where the project has no Django model.
    pub fn find(ev: &mut Evaluator<'_, '_>) -> Option<Self> {
        let world = ev.world;
        let file_of = |c: &ClassId| world.index.class(*c).file;
        let mut models: Vec<ClassId> = world.index.class_ids().into_iter().filter(|c| !world.is_stub(file_of(c)) && is_model(ev, *c)).collect();
        if models.is_empty() {
            return None;
        }
        let mut django = Django { apps: Apps::find(ev), translated: Translated::find(ev), by_name: FxHashMap::default() };
        // Django loads an app's `models`; a class of the same name beside it is hardly the one that a name means.
        models.sort_by_cached_key(|c| !django.apps.is_models_of_app(world, file_of(c)));
        for c in models {
            let label = django.label(ev, c);
            let name = ev.world.index.class(c).node.name.as_str().to_lowercase();
            django.by_name.entry((label.as_str().to_lowercase(), name)).or_insert(c);
        }
        Some(django)
    }

    fn label(&self, ev: &mut Evaluator<'_, '_>, class: ClassId) -> Symbol {
        if let Some(label) = meta::attribute(ev, class, "app_label").and_then(|v| v.constant().map(|s| Symbol::from(&s))) {
            return label;
        }
        let file = ev.world.index.class(class).file;
        self.apps.of_file(ev.world, file).label.unwrap_or_default()
    }

    /// Maps one class; abstract ones give nothing.
    pub fn draft<'a>(&self, ev: &mut Evaluator<'_, 'a>, class: ClassId) -> Vec<Draft<'a>> {
        if !is_model(ev, class) || is_abstract(ev, class) {
            return Vec::new();
        }
        let world = ev.world;
        let def = world.index.class(class);
        let at = Location::new(def.file, def.node.name.span);
        let mro = world.lineage(class).map(|l| l.mro.clone()).unwrap_or_default();
        let parent = mro.iter().copied().skip(1).find(|&c| !world.is_stub(world.index.class(c).file) && is_model(ev, c) && !is_abstract(ev, c));
        let is_typed = is_typed(world, class);
        let is_proxy = is_typed && parent.is_some() || meta::attribute(ev, class, "proxy").is_some_and(|v| fold::truth(&v) == Some(true));
        let (mut relation, relation_at) = self.relation(ev, class, at);
        let of_library = if parent.is_none() { library_model(ev, class) } else { None };
        let library_proxy = of_library.as_deref().filter(|_| is_proxy);
        if let Some(table) = library_proxy.and_then(library_table) {
            relation = RelationName { schema: None, name: Symbol::from(table) };
        }
        let mut d = Draft::new(Framework::Django, Symbol::from(&def.qualname), relation, relation_at, at);
        d.model.class = Some(class);
        d.parent = parent;
        d.single_table = is_proxy && parent.is_some();
        // The table of a proxy for a model that is not seen is not known.
        d.model.foreign = is_of_test(world, def) || library_proxy.is_some_and(|m| library_table(m).is_none());
        // Models of an app that no settings install have no table, unless there is one.
        let label = self.label(ev, class);
        d.model.foreign |= !is_in_lock(ev, &d.model.relation.name) && !self.apps.may_be_installed(world, def.file, &label);
        // Django refuses two models of one name in an app: the one that does not stand in its `models` is not loaded with it.
        let twin =
            self.by_name.get(&(label.as_str().to_lowercase(), def.node.name.as_str().to_lowercase())).copied().filter(|t| *t != class && !is_abstract(ev, *t));
        let is_aside = |file| !self.apps.is_models_of_app(world, file) && twin.is_some_and(|t| self.apps.is_models_of_app(world, world.index.class(t).file));
        d.model.foreign |= is_aside(def.file) && !is_in_lock(ev, &d.model.relation.name);
        d.model.open = is_open(ev, class) || of_library.is_some() || is_typed;
        // Django makes no foreign key for a table that it does not manage, or only under some condition.
        let unmanaged = meta::attribute(ev, class, "managed").is_some_and(|v| fold::truth(&v) != Some(true));
        let mut extra = Vec::new();
        if !d.single_table && library_proxy.is_none() {
            self.body(ev, class, parent, &mut d, &mut extra);
        }
        if unmanaged {
            d.model.columns.iter_mut().for_each(|c| c.unconstrained = true);
            // One without a field is there to carry permissions, and has no table; and a lock that leaves such tables out does so with those, too, that no
            // migration names.
            let bare = d.model.columns.is_empty() && parent.is_none() && !d.model.open;
            let left_out = || world.schema.incomplete.iter().any(|i| i.reason == crate::schema::UNMANAGED);
            d.model.foreign |= (bare || left_out()) && !is_in_lock(ev, &d.model.relation.name);
        }
        brought::order(ev, class, &mut d);
        self.translated.apply(ev, class, &mut d);
        // One that derives from a model not seen here has that one's key, or a link to it.
        if !d.single_table && of_library.is_none() {
            self.primary_key(ev, class, parent, &mut d);
        }
        brought::note(ev, class, &mut d);
        members::note_all(ev, class, &mut d);
        for name in MEMBERS {
            d.note(Symbol::from(name), Member::Other);
        }
        if let Some(pk) = d.model.columns.iter().find(|c| c.primary_key).map(|c| c.attribute) {
            d.note(Symbol::from("pk"), Member::Synonym(pk));
        }
        extra.insert(0, d);
        extra
    }

    fn relation(&self, ev: &mut Evaluator<'_, '_>, class: ClassId, at: Location) -> (RelationName, Location) {
        if let Some(v) = meta::attribute(ev, class, "db_table")
            && let Some(name) = v.constant()
        {
            let place = v.text().and_then(super::super::text::Text::location).unwrap_or(at);
            // `'"sales"."orders"'` and `'sales"."orders'` smuggle a schema past Django's quoting.
            return match name.split_once("\".\"") {
                Some((schema, table)) => {
                    (RelationName { schema: Some(Symbol::from(schema.trim_matches('"'))), name: Symbol::from(by_postgres(table.trim_matches('"'))) }, place)
                }
                // Django cuts only the names that it makes itself (`Options.contribute_to_class`), PostgreSQL every one.
                None => (RelationName { schema: None, name: Symbol::from(by_postgres(name.trim_matches('"'))) }, place),
            };
        }
        let label = self.label(ev, class);
        let name = format!("{label}_{}", ev.world.index.class(class).node.name.as_str().to_lowercase());
        (RelationName { schema: None, name: Symbol::from(&by_django(&name)) }, at)
    }

    /// Fields of the class and of its abstract bases, the farthest first.
    fn body<'a>(&self, ev: &mut Evaluator<'_, 'a>, class: ClassId, parent: Option<ClassId>, d: &mut Draft<'a>, extra: &mut Vec<Draft<'a>>) {
        let world = ev.world;
        let Some(lineage) = world.lineage(class) else { return };
        let behind = parent.and_then(|p| world.lineage(p)).map(|l| l.mro.as_slice()).unwrap_or_default();
        let owners: Vec<ClassId> =
            lineage.mro.iter().copied().filter(|c| *c == class || !behind.contains(c)).filter(|c| !world.is_stub(world.index.class(*c).file)).collect();
        if parent.is_none() {
            library_columns(ev, class, d);
        }
        for (n, &owner) in owners.iter().enumerate().rev() {
            let def = world.index.class(owner);
            d.model.open |= brought::unpacks(ev, owner, d);
            for &name in &def.order {
                if owners[..n].iter().any(|&near| world.index.class(near).names.contains_key(&name)) {
                    continue;
                }
                let all = in_the_end(world, def, name);
                let values: Vec<_> =
                    all.iter().filter_map(|b| if let Binding::Value { value, target, .. } = b { Some((*value, *target)) } else { None }).collect();
                let place = Place { file: def.file, class: Some(owner), function: None };
                let eval = |e| Evaluator::quiet_on(world, place, &ev.trail).eval(e);
                let found: Vec<_> = values.iter().map(|(value, target)| (eval(*value), *target)).collect();
                let mut declared = found.iter().filter_map(|(v, target)| match Declared::of(v) {
                    Some(Declared::DjangoField(path, field_class, args)) => Some((*path, *field_class, args, *target)),
                    _ => None,
                });
                let Some((path, field_class, args, target)) = declared.next() else { continue };
                // Declared twice, under a condition: where both are of a kind the column is there, and what it is like is not known.
                let alike = declared.filter(|(other, ..)| fields::kind(last(other)) == fields::kind(last(&path))).count() + 1;
                if alike < found.len() {
                    d.model.open = true;
                    d.note(name, Member::Other);
                    continue;
                }
                let field = Field {
                    name,
                    at: Location::new(def.file, target.span),
                    path,
                    class: field_class,
                    args: field_class.map_or_else(|| args.clone(), |c| init::handed_on(ev, c, args)),
                    owner,
                    certain: all.len() == 1,
                };
                self.field(ev, class, &field, d, extra);
            }
        }
    }

    fn field<'a>(&self, ev: &mut Evaluator<'_, 'a>, class: ClassId, f: &Field<'a>, d: &mut Draft<'a>, extra: &mut Vec<Draft<'a>>) {
        let kind = if f.class.is_some_and(|c| fields::has_no_column(ev, &f.path, c)) { Kind::Nothing } else { fields::kind(last(&f.path)) };
        let mut column = Column::new(f.args.all.first().map_or(f.at, |a| a.at));
        column.at = f.at;
        column.primary_key = f.args.is_true("primary_key");
        column.unique = f.args.is_true("unique") || kind == Kind::OneToOne;
        column.has_default = f.args.keyword("default").is_some() || f.args.keyword("db_default").is_some() || last(&f.path) == "GeneratedField";
        column.open = f.args.open;
        let null = match f.args.keyword("null").map(|a| fold::truth(&a.value)) {
            _ if column.primary_key => Some(false),
            Some(said) => said,
            // A generated column is never declared NOT NULL in words, and may be either.
            None if f.args.open || last(&f.path) == "GeneratedField" => None,
            None => Some(last(&f.path) == "NullBooleanField"),
        }
        .filter(|_| f.certain);
        let named = f.args.keyword("db_column").filter(|a| !matches!(a.value, Value::None));
        column.name = named.and_then(|a| Some((Symbol::from(&a.value.constant()?), construct::text_at(a))));
        // Whether it is the key decides whether Django adds one.
        d.model.open |= f.args.keyword("primary_key").is_some_and(|a| fold::truth(&a.value).is_none());
        d.model.open |= f.class.is_some_and(|c| fields::adds_fields(ev, c));
        if !is_from(&f.path, "django") && fields::may_bring_columns(ev, &f.path) {
            d.of_packages.push(f.name);
        }
        match kind {
            Kind::Nothing => {
                d.note(f.name, Member::Other);
                self.query_name(ev, class, f, d);
            }
            // There is a column, and what it is called is not known.
            Kind::Plain | Kind::ForeignKey | Kind::OneToOne if named.is_some() && column.name.is_none() => {
                d.model.open = true;
                d.note(f.name, Member::Other);
            }
            // A field of some package may have a column, or none, and so may one of the project that derives from it; the lock knows. Keys of several columns
            // (`CompositeForeignKey`) have none of their own.
            Kind::Plain | Kind::ForeignKey | Kind::OneToOne
                if !f.class.is_some_and(|c| fields::says_type(ev, c))
                    && !fields::is_known(ev, &f.path)
                    && lacks(
                        ev,
                        d,
                        column.name.as_ref().map_or_else(|| if kind == Kind::Plain { f.name } else { Symbol::from(&format!("{}_id", f.name)) }, |n| n.0),
                    ) =>
            {
                d.note(f.name, Member::Other);
            }
            Kind::Plain => {
                column.ty = Some(fields::column_type(ev, &f.path, f.class, &f.args).filter(|_| f.certain).unwrap_or_default());
                column.type_at = Some(f.at);
                d.add(f.name, f.at, column, Some(f.owner), null);
            }
            Kind::ForeignKey | Kind::OneToOne => {
                let attname = Symbol::from(&format!("{}_id", f.name));
                column.name = column.name.or(Some((attname, f.at)));
                self.key(ev, class, f, &mut column);
                let (target, _) = self.target(ev, class, f.args.get(0, "to"));
                if kind == Kind::OneToOne && f.args.is_true("parent_link") && (d.parent_link.is_none() || target == d.parent) {
                    d.parent_link = Some(f.name);
                }
                d.add(f.name, f.at, column, Some(f.owner), null);
                d.note(attname, Member::Synonym(f.name));
                if let (Some(t), Some(name)) = (target, self.reverse_name(ev, class, f, kind)) {
                    d.reverse.push((t, name, kind == Kind::ForeignKey));
                }
            }
            Kind::ManyToMany => self.many_to_many(ev, class, f, d, extra),
        }
    }

    /// What a foreign key points at, put into its column.
    fn key<'a>(&self, ev: &mut Evaluator<'_, 'a>, class: ClassId, f: &Field<'a>, column: &mut Column) {
        let to = f.args.get(0, "to");
        let at = to.map_or(f.at, construct::text_at);
        let (target, library) = self.target(ev, class, to);
        let field = f.args.keyword("to_field").and_then(|a| a.value.constant().map(|s| Symbol::from(&s)));
        if f.args.keyword("db_constraint").is_some_and(|a| fold::truth(&a.value) != Some(true)) {
            column.type_at = None;
            column.unconstrained = true;
        }
        if field.is_none() && f.args.keyword("to_field").is_some_and(|a| !matches!(a.value, Value::None)) {
            column.type_at = Some(at);
            return;
        }
        match (target, library) {
            (Some(c), _) => {
                let target = field.map_or(Target::PrimaryKey(c), |a| Target::Attribute(c, a));
                column.foreign_keys.push(ForeignKey { target, at });
            }
            // An app whose tables the lock does not have is installed by settings that were not seen.
            (None, Some(table)) if !is_in_lock(ev, table) => column.type_at = Some(at),
            (None, Some(table)) => {
                column.foreign_keys.push(ForeignKey { target: Target::Text(format!("{table}.id")), at });
                column.ty = Some(SqlType::plain("integer"));
            }
            (None, None) => column.type_at = Some(at),
        }
    }

    /// The class a relation leads to, or the table of one of Django's own models.
    fn target<'a>(&self, ev: &mut Evaluator<'_, 'a>, class: ClassId, to: Option<&Argument<'a>>) -> (Option<ClassId>, Option<&'static str>) {
        let Some(to) = to else { return (None, None) };
        let by_text = |text: &str, ev: &mut Evaluator<'_, '_>| {
            if text == "self" {
                return (Some(class), None);
            }
            let (label, name) = match text.rsplit_once('.') {
                Some((l, n)) => (l.rsplit('.').next().unwrap_or(l).to_lowercase(), n.to_lowercase()),
                None => (self.label(ev, class).as_str().to_lowercase(), text.to_lowercase()),
            };
            let here = || match ev.world.index.module_of(ev.world.index.class(class).file)?.names.get(&Symbol::from(text))?.as_slice() {
                [Binding::Class(c)] if is_model(ev, *c) => Some(*c),
                _ => None,
            };
            let found = here().or_else(|| self.by_name.get(&(label.clone(), name.clone())).copied());
            // Where the lock lacks the table of users, the settings that say which model stands for them were not seen.
            let seen = |t: &&'static str| *t != "auth_user" || is_in_lock(ev, t);
            (found, if found.is_none() { library_table(&format!("{label}.{name}")).filter(seen) } else { None })
        };
        match &to.value {
            Value::Class(c) => (Some(*c), None),
            Value::Union(all) => (all.iter().find_map(|v| if let Value::Class(c) = v { Some(*c) } else { None }), None),
            Value::External(p) if last(p) == "AUTH_USER_MODEL" => by_text(self.apps.user_model.as_deref().unwrap_or("auth.user"), ev),
            Value::Object(o) if last(&o.path) == "get_user_model" => by_text(self.apps.user_model.as_deref().unwrap_or("auth.user"), ev),
            Value::External(p) => {
                let parts: Vec<&str> = p.split('.').collect();
                let label = parts.iter().rev().skip(1).find(|x| **x != "models").copied().unwrap_or_default();
                by_text(&format!("{label}.{}", last(p)), ev)
            }
            v => v.constant().map_or((None, None), |t| by_text(&t, ev)),
        }
    }

    /// The name by which the other side knows this one.
    fn reverse_name(&self, ev: &mut Evaluator<'_, '_>, class: ClassId, f: &Field<'_>, kind: Kind) -> Option<Symbol> {
        let one = kind == Kind::OneToOne;
        let position = fields::related_name_position(kind == Kind::ManyToMany, one);
        let given = f.args.keyword("related_name").or_else(|| position.and_then(|n| f.args.positional().nth(n)));
        if let Some(a) = given.filter(|a| !matches!(a.value, Value::None)) {
            let Some(text) = a.value.constant() else { return Some(Symbol::from(ANY_NAME)) };
            return (!text.ends_with('+')).then(|| self.filled(ev, class, &text));
        }
        if f.class.is_some_and(|c| fields::names_itself(ev, c)) {
            return Some(Symbol::from(ANY_NAME));
        }
        let by_default = meta::default_related_name(ev, class).map(|n| self.filled(ev, class, &n));
        let name = || ev.world.index.class(class).node.name.as_str().to_lowercase();
        by_default.or_else(|| Some(Symbol::from(&if one { name() } else { format!("{}_set", name()) })))
    }

    /// A name as an abstract class gives it for each of its children: `%(app_label)s_%(class)s`.
    fn filled(&self, ev: &mut Evaluator<'_, '_>, class: ClassId, text: &str) -> Symbol {
        let name = ev.world.index.class(class).node.name.as_str().to_lowercase();
        let text = text.replace("%(class)s", &name).replace("%(model_name)s", &name);
        Symbol::from(&if text.contains('%') { text.replace("%(app_label)s", self.label(ev, class).as_str()) } else { text })
    }

    /// `GenericRelation(Link, related_query_name="tags")`: what look-ups of links know this model by.
    fn query_name<'a>(&self, ev: &mut Evaluator<'_, 'a>, class: ClassId, f: &Field<'a>, d: &mut Draft<'a>) {
        let Some(text) = f.args.keyword("related_query_name").and_then(|a| a.value.constant()) else { return };
        if let (Some(t), _) = self.target(ev, class, f.args.get(0, "to")) {
            d.reverse.push((t, self.filled(ev, class, &text), true));
        }
    }

    fn many_to_many<'a>(&self, ev: &mut Evaluator<'_, 'a>, class: ClassId, f: &Field<'a>, d: &mut Draft<'a>, extra: &mut Vec<Draft<'a>>) {
        let (target, library) = self.target(ev, class, f.args.get(0, "to"));
        d.note(f.name, Member::Relationship { target, many: Some(true) });
        if let (Some(t), Some(name)) = (target, self.reverse_name(ev, class, f, Kind::ManyToMany)) {
            d.reverse.push((t, name, true));
        }
        if f.args.keyword("through").is_some() || (target.is_none() && library.is_none()) {
            return;
        }
        let named = f.args.keyword("db_table").and_then(|a| a.value.constant().map(std::borrow::Cow::into_owned));
        let table = match &named {
            Some(table) => by_postgres(table.trim_matches('"')).to_owned(),
            None => by_django(&format!("{}_{}", meta::written_table(ev, class).as_deref().unwrap_or(&d.model.relation.name), f.name)),
        };
        let relation = RelationName { schema: d.model.relation.schema, name: Symbol::from(&table) };
        let shown = Symbol::from(&format!("{}.{}", d.model.name, f.name));
        let mut link = Draft::new(Framework::Django, shown, relation, f.at, f.at);
        link.model.foreign = d.model.foreign;
        let mut id = Column::new(f.at);
        id.primary_key = true;
        id.has_default = true;
        id.ty = Some(SqlType::plain(self.auto_type(ev, class)));
        link.add(Symbol::from("id"), f.at, id, None, Some(false));
        let own = ev.world.index.class(class).node.name.as_str().to_lowercase();
        let other = match (target, library) {
            (Some(t), _) => ev.world.index.class(t).node.name.as_str().to_lowercase(),
            (None, Some("django_content_type")) => "contenttype".to_owned(),
            (None, Some(table)) => table.rsplit('_').next().unwrap_or_default().to_owned(),
            _ => return,
        };
        let (from, to) = if target == Some(class) { (format!("from_{own}"), format!("to_{own}")) } else { (own, other) };
        let mut end = |name: &str, target: Option<Target>, ty: Option<SqlType>| {
            let mut c = Column::new(f.at);
            c.foreign_keys.extend(target.map(|target| ForeignKey { target, at: f.at }));
            c.ty = ty;
            link.add(Symbol::from(&format!("{name}_id")), f.at, c, None, Some(false));
        };
        end(&from, Some(Target::PrimaryKey(class)), None);
        match (target, library) {
            (Some(t), _) => end(&to, Some(Target::PrimaryKey(t)), None),
            (None, Some(table)) => {
                let target = is_in_lock(ev, table).then(|| Target::Text(format!("{table}.id")));
                end(&to, target, Some(SqlType::plain("integer")));
            }
            _ => {}
        }
        extra.push(link);
    }

    fn auto_type(&self, ev: &Evaluator<'_, '_>, class: ClassId) -> &'static str {
        let app = self.apps.of_file(ev.world, ev.world.index.class(class).file);
        match app.auto_field.or(self.apps.auto_field).map(|f| f.as_str()) {
            Some("BigAutoField") => "bigint",
            Some("SmallAutoField") => "smallint",
            _ => "integer",
        }
    }

    /// The column that Django adds where no field is the primary key. A link to the parent that is written out is the key
    /// (`Options._prepare` in django/db/models/options.py).
    fn primary_key<'a>(&self, ev: &mut Evaluator<'_, 'a>, class: ClassId, parent: Option<ClassId>, d: &mut Draft<'a>) {
        if d.model.columns.iter().any(|c| c.primary_key) {
            return;
        }
        if let (Some(_), Some(link)) = (parent, d.parent_link) {
            if let Some(c) = d.model.columns.iter_mut().find(|c| c.attribute == link) {
                (c.primary_key, c.nullable) = (true, Some(false));
            }
            return;
        }
        let mut column = Column::new(d.model.at);
        column.primary_key = true;
        column.has_default = true;
        let at = d.model.at;
        if let Some(p) = parent {
            let name = format!("{}_ptr", ev.world.index.class(p).node.name.as_str().to_lowercase());
            let (attribute, attname) = (Symbol::from(&name), Symbol::from(&format!("{name}_id")));
            column.name = Some((attname, at));
            column.foreign_keys.push(ForeignKey { target: Target::PrimaryKey(p), at });
            d.add(attribute, at, column, Some(class), Some(false));
            d.note(attname, Member::Synonym(attribute));
            return;
        }
        let name = Symbol::from("id");
        if d.model.open {
            // A base that is not here may bring a key of its own, of another type or name.
            if lacks(ev, d, name) {
                return;
            }
            // Unless the database has just what Django makes by itself.
            let own = self.auto_type(ev, class);
            column.ty = Some(if is_in_lock_as(ev, d, name, own) { SqlType::plain(own) } else { SqlType::default() });
        } else {
            column.ty = Some(SqlType::plain(self.auto_type(ev, class)));
        }
        d.add(name, at, column, Some(class), Some(false));
    }
}

/// A field of a class body.
struct Field<'a> {
    name: Symbol,
    at: Location,
    path: Symbol,
    class: Option<ClassId>,
    args: Arguments<'a>,
    owner: ClassId,
    /// It is declared only once.
    certain: bool,
}

/// Whether a model is a test's: by its file (`tests.py` is where `startapp` puts tests), or within a test. Django's test runner makes the
/// tables of the former without a migration (`sync_apps` in django/core/management/commands/migrate.py), and nobody those of the latter.
fn is_of_test(world: &World<'_>, def: &ClassDef<'_>) -> bool {
    let path = &world.sources.get(def.file).path;
    let functions = std::iter::successors(def.outer_function, |f| world.index.function(*f).outer);
    is_test_path(path)
        || matches!(path.rsplit('/').next(), Some("tests.py" | "test.py"))
        || functions.into_iter().any(|f| world.index.function(f).node.name.as_str().starts_with("test_"))
}

/// The ways in which a name of a class body may be bound when it ends: the last that is taken always, and those behind it that may be.
fn in_the_end<'w, 'a>(world: &'w World<'a>, def: &'w ClassDef<'a>, name: Symbol) -> &'w [Binding<'a>] {
    let all = def.names.get(&name).map(|b| b.as_slice()).unwrap_or_default();
    let span = |b: &Binding<'_>| match b {
        Binding::Value { target, .. } => Some(target.span),
        Binding::Function(f) => Some(world.index.function(*f).node.name.span),
        Binding::Class(c) => Some(world.index.class(*c).node.name.span),
        _ => None,
    };
    let binds = |s: &Stmt| matches!(s.kind, StmtKind::Assign(_) | StmtKind::AnnAssign(_) | StmtKind::Function(_) | StmtKind::Class(_));
    let always = |b: &Binding<'_>| span(b).is_some_and(|at| def.node.body.iter().any(|s| binds(s) && s.span.start <= at.start && at.end <= s.span.end));
    let first = if all.len() > 1 { all.iter().rposition(always).unwrap_or(0) } else { 0 };
    all.get(first..).unwrap_or_default()
}

/// Whether the lock has a model's table, and it has no column of that name.
fn lacks(ev: &Evaluator<'_, '_>, d: &Draft<'_>, column: Symbol) -> bool {
    let (name, schema) = (d.model.relation.name, d.model.relation.schema);
    let mut tables = ev.world.schema.named(name.as_str()).filter(|(q, _)| schema.is_none_or(|s| q.schema == s.as_str())).peekable();
    tables.peek().is_some() && tables.all(|(_, r)| r.column(&column).is_none())
}

/// Whether the lock has a model's table once, with a column of that name and type.
fn is_in_lock_as(ev: &Evaluator<'_, '_>, d: &Draft<'_>, column: Symbol, ty: &str) -> bool {
    let schema = d.model.relation.schema;
    ev.world.schema.relation(schema.as_ref().map(Symbol::as_str), &d.model.relation.name).is_some_and(|(_, r)| r.column(&column).is_some_and(|c| c.ty == ty))
}

/// Columns that abstract bases outside the project bring.
fn library_columns(ev: &Evaluator<'_, '_>, class: ClassId, d: &mut Draft<'_>) {
    let Some(lineage) = ev.world.lineage(class) else { return };
    for v in lineage.outside.iter().rev() {
        for (name, ty, null) in v.external().and_then(fields::of_library_base).unwrap_or_default() {
            let mut c = Column::new(d.model.at);
            c.ty = Some(SqlType::plain(*ty));
            c.unique = *name == "username";
            let shadowed = lineage.mro.iter().any(|m| ev.world.index.class(*m).names.contains_key(&Symbol::from(name)));
            if !shadowed {
                d.add(Symbol::from(name), d.model.at, c, None, Some(*null));
            }
        }
    }
}

fn is_open(ev: &Evaluator<'_, '_>, class: ClassId) -> bool {
    let Some(lineage) = ev.world.lineage(class) else { return true };
    let known = |p: &str| {
        fields::of_library_base(p).is_some()
            || is_from(p, "django")
            || is_from(p, "builtins")
            || is_from(p, "typing")
            || is_from(p, "abc")
            || last(p).ends_with("Mixin")
    };
    lineage.open || lineage.outside.iter().any(|v| !v.external().is_some_and(known)) || declarative_loop(ev, class) || has_metaclass(ev, class)
}

/// Whether it is one of several classes for one table: django-typedmodels puts the fields of all into the table of the first.
fn is_typed(world: &World<'_>, class: ClassId) -> bool {
    world.lineage(class).is_some_and(|l| l.has_outside("typedmodels", &["TypedModel"]))
}

/// The metaclass in `with_metaclass(Meta, Base)`.
fn metaclass_given(base: &Arg) -> Option<&Expr> {
    match &base.value.kind {
        ExprKind::Call(c) if last_name(&c.func).is_some_and(|n| n.as_str() == "with_metaclass") => c.positional(0),
        _ => None,
    }
}

/// Whether a class, or one that it derives from, is made by a metaclass that may give it further fields: any but Django's `ModelBase`, and those of the project
/// that do nothing when they make a class.
fn has_metaclass(ev: &Evaluator<'_, '_>, class: ClassId) -> bool {
    let (world, Some(lineage)) = (ev.world, ev.world.lineage(class)) else { return false };
    let named = lineage.keywords.iter().filter(|k| k.1.as_str() == "metaclass").map(|k| (k.0, k.2));
    let wrapped = lineage.mro.iter().flat_map(|c| world.index.class(*c).node.bases.iter().filter_map(metaclass_given).map(|e| (*c, e)));
    let plain = |p: &str| ["django", "abc", "builtins", "typing"].iter().any(|root| is_from(p, root));
    named.chain(wrapped).any(|(c, e)| match Evaluator::quiet_on(world, Place::module(world.index.class(c).file), &ev.trail).eval(e) {
        Value::External(p) => !plain(&p),
        Value::Class(m) => {
            let known = |l: &Lineage<'_>| !l.open && l.outside.iter().all(|v| v.external().is_some_and(plain));
            let makes = |name: &&str| world.class_member(m, Symbol::from(name)).is_some();
            !world.lineage(m).is_some_and(known) || ["__new__", "__init__", "__prepare__", "__getattr__"].iter().any(makes)
        }
        _ => true,
    })
}

fn declarative_loop(ev: &Evaluator<'_, '_>, class: ClassId) -> bool {
    ev.world.lineage(class).is_some_and(|l| l.mro.iter().any(|&c| ev.world.index.class(c).node.body.iter().any(|s| matches!(s.kind, StmtKind::For(_)))))
}

/// The model of Django's own applications, with a table, that a class derives from: `auth.group`. Its fields are not seen here.
fn library_model(ev: &Evaluator<'_, '_>, class: ClassId) -> Option<String> {
    ev.world.lineage(class)?.outside.iter().filter(|v| is_base(v)).find_map(|v| {
        let path = v.external().filter(|p| fields::of_library_base(p).is_none())?;
        let (app, name) = path.strip_prefix("django.contrib.")?.split_once(".models.")?;
        (!name.starts_with("Abstract") && !name.starts_with("Base") && !name.ends_with("Mixin")).then(|| format!("{app}.{name}").to_lowercase())
    })
}

/// Whether the lock has a table of that name.
fn is_in_lock(ev: &Evaluator<'_, '_>, table: &str) -> bool {
    ev.world.schema.relation(None, table).is_some()
}

/// Tables of the models that come with Django.
fn library_table(name: &str) -> Option<&'static str> {
    Some(match name {
        "auth.user" => "auth_user",
        "auth.group" => "auth_group",
        "auth.permission" => "auth_permission",
        "contenttypes.contenttype" => "django_content_type",
        "sites.site" => "django_site",
        _ => return None,
    })
}

/// What every Django model has.
const MEMBERS: &[&str] = &[
    "objects",
    "DoesNotExist",
    "MultipleObjectsReturned",
    "Meta",
    "_meta",
    "_state",
    "_default_manager",
    "_base_manager",
    "adelete",
    "arefresh_from_db",
    "asave",
    "check",
    "clean",
    "clean_fields",
    "date_error_message",
    "delete",
    "from_db",
    "full_clean",
    "get_constraints",
    "get_deferred_fields",
    "prepare_database_save",
    "refresh_from_db",
    "save",
    "save_base",
    "serializable_value",
    "unique_error_message",
    "validate_constraints",
    "validate_unique",
];
