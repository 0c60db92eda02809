//! Mapped classes and table objects: which relation each stands for, and which column each attribute.

pub mod bases;
mod body;
pub mod construct;
pub mod declarative;
pub mod declared;
pub mod django;
pub mod draft;
pub mod enums;
mod keys;
pub mod made;
mod makers;
mod mapped;
mod members;
pub mod naming;
mod pydantic;
pub mod roots;
mod sqlmodel;
mod tables;
#[cfg(test)]
mod tests;
pub mod types;
mod written;

use std::sync::OnceLock;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use crate::source::{FileId, Location};
use crate::symbol::Symbol;

pub use self::body::{Body, Outline};
use self::draft::Draft;
use super::eval::Evaluator;
use super::index::{ClassId, ModuleDef};
use super::late::Late;
use super::trace::Inside;
use super::uses::RelationName;
use super::value::Value;
use super::world::{Place, World};

/// Among a model's members: it has names that could not be worked out (a backref whose name is computed). No column, no Python name.
pub const ANY_NAME: &str = "*";

/// The library a model is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Framework {
    /// SQLAlchemy declarative, 1.x or 2.0 style, Flask-SQLAlchemy.
    SqlAlchemy,
    /// A SQLAlchemy Core `Table`.
    SqlAlchemyCore,
    /// SQLModel.
    SqlModel,
    /// Django.
    Django,
    /// Pydantic, bound by the configuration.
    Pydantic,
}

impl Framework {
    /// As reports name it.
    pub fn name(self) -> &'static str {
        match self {
            Framework::SqlAlchemy => "sqlalchemy",
            Framework::SqlAlchemyCore => "sqlalchemy-core",
            Framework::SqlModel => "sqlmodel",
            Framework::Django => "django",
            Framework::Pydantic => "pydantic",
        }
    }
}

/// A column as a model declares it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "written::Column", into = "written::Column")]
pub struct ModelColumn {
    /// The attribute's name; the column's for Core tables.
    pub attribute: Symbol,
    /// The column's name in the database.
    pub column: Symbol,
    /// The token that names the column: the renaming string, else the attribute.
    pub at: Location,
    /// The whole declaration.
    pub declared: Location,
    /// The class that declares it (a mixin, perhaps).
    pub owner: Option<ClassId>,
    /// The column's type as the model says it, in PostgreSQL's words (`varchar(64)`, `timestamptz`); `None` where not understood.
    pub ty: Option<String>,
    /// Where the type is written.
    pub type_at: Option<Location>,
    /// Labels, where the type is an enum whose labels are known.
    pub enum_labels: Option<Vec<String>>,
    /// The Python enum that the type is made of.
    pub enum_class: Option<ClassId>,
    /// Whether it may be NULL; `None` where not understood.
    pub nullable: Option<bool>,
    /// Whether it is part of the primary key.
    pub primary_key: bool,
    /// Whether it alone is unique.
    pub unique: bool,
    /// Whether the model or the database fills it by itself (default, server default, autoincrement, computed).
    pub has_default: bool,
    /// Foreign keys: `schema.table.column` as resolved, and where they are written.
    pub foreign_keys: Vec<(String, Location)>,
    /// Its foreign key is the model's alone: the database is asked for no constraint.
    pub unconstrained: bool,
}

/// What a name on a model class is, besides columns.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Member {
    /// The column with that index in [`Model::columns`].
    #[serde(rename = "c")]
    Column(usize),
    /// A relationship to another model.
    #[serde(rename = "r")]
    Relationship {
        /// The other class, where known.
        #[serde(rename = "t")]
        target: Option<ClassId>,
        /// Whether it is a collection; `None` where not known.
        #[serde(rename = "m")]
        many: Option<bool>,
    },
    /// Another name of an attribute (`synonym`), or a proxy.
    #[serde(rename = "s")]
    Synonym(Symbol),
    /// A column of that parent's table (joined inheritance).
    #[serde(rename = "i")]
    Inherited(ClassId),
    /// Something that exists but is no column: method, property, hybrid, nested class, plain attribute.
    Other,
}

/// A mapped class, or a table object.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Model {
    /// The class, unless it is a bare `Table`.
    pub class: Option<ClassId>,
    /// The variable a `Table` is bound to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variable: Option<Symbol>,
    /// Qualified class name inside the module, or the variable's name.
    pub name: Symbol,
    /// The library.
    pub framework: Framework,
    /// The relation it stands for.
    pub relation: RelationName,
    /// The token that names the relation, else the class name.
    pub relation_at: Location,
    /// The class name or the variable.
    pub at: Location,
    /// Its columns and names, which are fields of the model for whoever looks.
    #[serde(skip)]
    pub body: Late<Body>,
    /// What a run that has not read the body knows of it.
    #[serde(default)]
    pub outline: Outline,
    /// Something about it could not be understood: nothing may be called missing from it.
    pub open: bool,
    /// Its columns come from the database at run time (`autoload_with`, automap).
    pub reflected: bool,
    /// It may name only some of the table's columns: a `Table` object made for one purpose.
    pub partial: bool,
    /// The `Table(...)` call that makes it.
    pub call: Option<Location>,
    /// What it is mapped by, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<roots::Root>,
    /// It is mapped to another database (`__bind_key__`), or lives in a test's own metadata: found, but never checked.
    pub foreign: bool,
}

impl Model {
    /// The class's own name, or the variable's.
    fn last_name(&self) -> Symbol {
        Symbol::from(self.name.as_str().rsplit('.').next().unwrap_or_default())
    }

    /// The column behind an attribute.
    pub fn column(&self, attribute: Symbol) -> Option<&ModelColumn> {
        match self.members.get(&attribute)? {
            Member::Column(n) => self.columns.get(*n),
            Member::Synonym(of) if *of != attribute => match self.members.get(of)? {
                Member::Column(n) => self.columns.get(*n),
                _ => None,
            },
            _ => None,
        }
    }
}

/// The number of a model in [`Models::all`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ModelId(pub u32);

/// Columns that a class declares for other classes' tables: (mixin or base, attribute) → where they end up.
pub type ByOwner = FxHashMap<(ClassId, Symbol), Vec<(ModelId, usize)>>;

/// All models.
#[derive(Clone, Debug, Default)]
pub struct Models {
    /// In file and source order.
    pub all: Vec<Model>,
    /// By mapped class.
    pub by_class: FxHashMap<ClassId, ModelId>,
    /// Tables by the place of their `Table(...)` call; one in a helper or a loop makes several.
    pub by_call: FxHashMap<Location, Vec<ModelId>>,
    pub(super) by_owner: OnceLock<ByOwner>,
    /// Every class from which a mapped class descends.
    pub bases: FxHashSet<ClassId>,
    /// Mapped classes by their own names.
    pub by_name: FxHashMap<Symbol, Vec<ModelId>>,
    /// The file of each mapped class whose relation's name could not be worked out: these are not among `all`.
    pub unnamed: Vec<FileId>,
    /// Models by the names of their relations.
    pub by_table: FxHashMap<Symbol, Vec<ModelId>>,
}

impl Models {
    /// The model with that id.
    pub fn get(&self, id: ModelId) -> &Model {
        &self.all[id.0 as usize]
    }

    /// The model of a class.
    pub fn of_class(&self, class: ClassId) -> Option<(ModelId, &Model)> {
        let id = *self.by_class.get(&class)?;
        Some((id, self.get(id)))
    }

    /// Adds a model.
    pub fn add(&mut self, model: Model) -> ModelId {
        let id = ModelId(u32::try_from(self.all.len()).unwrap_or(u32::MAX));
        if let Some(c) = model.class {
            self.by_class.insert(c, id);
        }
        if let Some(at) = model.call {
            self.by_call.entry(at).or_default().push(id);
        }
        self.all.push(model);
        id
    }

    /// Columns by the classes that declare them for others.
    pub fn by_owner(&self) -> &ByOwner {
        self.by_owner.get_or_init(|| {
            let mut all = ByOwner::default();
            for (n, model) in (0..).zip(&self.all) {
                for (at, column) in model.columns.iter().enumerate() {
                    if let Some(owner) = column.owner.filter(|o| Some(*o) != model.class) {
                        all.entry((owner, column.attribute)).or_default().push((ModelId(n), at));
                    }
                }
            }
            all
        })
    }

    /// Fills the ways to look models up, once all are found.
    pub fn index(&mut self, world: &super::world::World<'_>) {
        for (n, model) in self.all.iter().enumerate() {
            let id = ModelId(u32::try_from(n).unwrap_or(u32::MAX));
            self.by_table.entry(model.relation.name).or_default().push(id);
            match model.body.here() {
                Some(body) => self.bases.extend(body.columns.iter().filter_map(|c| c.owner).filter(|o| Some(*o) != model.class)),
                None => self.bases.extend(&model.outline.owners),
            }
            let Some(class) = model.class else { continue };
            self.by_name.entry(model.last_name()).or_default().push(id);
            let lineage = world.lineage(class).map_or(&[][..], |l| &l.mro);
            self.bases.extend(lineage.iter().filter(|c| **c != class));
        }
    }
}

/// Whether a file belongs to a test.
pub fn is_test_path(path: &str) -> bool {
    let mut parts = path.split('/').rev();
    let name = parts.next().unwrap_or_default();
    name.starts_with("test_") || name.ends_with("_test.py") || name == "conftest.py" || parts.any(|p| matches!(p, "tests" | "test" | "testing"))
}

/// Of several mapped classes of one name, the one that a class means: in its own file, else under the same declarative base. Old revisions often keep
/// copies of models under bases of their own.
pub fn nearest(world: &World<'_>, own: ClassId, all: impl Iterator<Item = ClassId> + Clone) -> Option<ClassId> {
    let file = world.index.class(own).file;
    if let Some(here) = all.clone().find(|c| world.index.class(*c).file == file) {
        return Some(here);
    }
    let mut related = all.filter(|c| same_base(world, own, *c));
    match (related.next(), related.next()) {
        (Some(one), None) => Some(one),
        _ => None,
    }
}

fn same_base(world: &World<'_>, a: ClassId, b: ClassId) -> bool {
    let (Some(a), Some(b)) = (world.lineage(a), world.lineage(b)) else { return false };
    let made = |l: &super::world::Lineage<'_>| l.outside.iter().any(|v| matches!(v, Value::Object(_)));
    if made(a) || made(b) {
        return a.outside.iter().any(|x| matches!(x, Value::Object(_)) && b.outside.iter().any(|y| same_call(x, y)));
    }
    a.mro.iter().any(|c| b.mro.contains(c))
}

fn same_call(a: &Value<'_>, b: &Value<'_>) -> bool {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => match (a.call, b.call) {
            (Some((_, x)), Some((_, y))) => std::ptr::eq(x, y),
            _ => a.path == b.path,
        },
        _ => false,
    }
}

/// Finds all models.
pub fn collect<'a>(world: &World<'a>) -> Models {
    let Some(&first) = world.index.order.first() else { return Models::default() };
    let mut ev = Evaluator::quiet(world, Place::module(first));
    let django = django::Django::find(&mut ev);
    let drafts = drafts(&mut ev, django.as_ref(), None);
    linked(&mut ev, drafts)
}

/// What models declare, of all files or of one, before they know each other.
fn drafts<'a>(ev: &mut Evaluator<'_, 'a>, django: Option<&django::Django>, of: Option<FileId>) -> Vec<Draft<'a>> {
    let world = ev.world;
    let asked = |file: FileId| of.is_none_or(|f| f == file);
    let mut drafts = Vec::new();
    for &file in world.index.order.iter().filter(|f| asked(**f)) {
        let _inside = world.inside(file);
        drafts.extend(tables::of_file(ev, file));
        drafts.extend(tables::imperative(ev, file));
    }
    let classes: Vec<ClassId> = of.map_or_else(|| world.index.class_ids(), |file| world.index.classes_of(file).to_vec());
    for class in classes {
        let _inside = note_class(ev, class, django.is_some());
        if world.is_stub(world.index.class(class).file) {
            continue;
        }
        if let Some(django) = django {
            drafts.extend(django.draft(ev, class));
        }
        if sqlmodel::is_sqlmodel(ev, class) {
            drafts.extend(sqlmodel::draft(ev, class));
        } else if declarative::is_declarative(ev, class) {
            drafts.extend(declarative::draft(ev, class));
        }
    }
    let made = made::distinct(std::mem::take(&mut ev.made));
    drafts.extend(made.iter().filter_map(|m| made::draft(ev, m)));
    if of.is_none() {
        drafts.extend(pydantic::drafts(ev, &world.bound));
    }
    if let Some(trace) = &world.trace {
        let of_columns = |c: &ModelColumn| [c.at.file, c.declared.file];
        drafts.iter().flat_map(|d| [d.model.at.file, d.model.relation_at.file].into_iter().chain(d.model.columns.iter().flat_map(of_columns))).for_each(|f| {
            trace.declares(f);
        });
        let settings = |m: &ModuleDef<'_>| ["INSTALLED_APPS", "DEFAULT_AUTO_FIELD", "AUTH_USER_MODEL"].iter().any(|n| m.names.contains_key(&Symbol::from(n)));
        let decides = |f: FileId| world.index.module_of(f).is_some_and(settings) || django::decides(world, f);
        world.index.order.iter().filter(|f| decides(**f)).for_each(|f| trace.declares(*f));
    }
    drafts
}

/// Notes what a class means for the models, where that is to be noted: what is looked into until the guard goes is looked into for it.
fn note_class(ev: &Evaluator<'_, '_>, class: ClassId, django: bool) -> Option<Inside> {
    let world = ev.world;
    let trace = world.trace.as_ref()?;
    let file = world.index.class(class).file;
    let inside = world.inside(file);
    for &c in world.lineage(class).map_or(&[][..], |l| &l.mro) {
        world.looks_into(world.index.class(c).file);
    }
    if may_be_model(ev, class, django) {
        trace.declares(file);
    }
    inside
}

/// Whether a class is a model, or would be one with a little more, or decides about models.
fn may_be_model(ev: &Evaluator<'_, '_>, class: ClassId, django: bool) -> bool {
    let app = || django::apps::is_configuration(ev.world, class);
    sqlmodel::is_sqlmodel(ev, class) || declarative::is_declarative(ev, class) || django && (django::is_model(ev, class) || app())
}

/// Whether a file declares models or tables, or says something that decides about them. The world must be collecting.
pub fn declares_any(world: &World<'_>, file: FileId) -> bool {
    let mut ev = Evaluator::quiet(world, Place::module(file));
    !tables::of_file(&mut ev, file).is_empty()
        || !tables::imperative(&mut ev, file).is_empty()
        || world.index.classes_of(file).iter().any(|c| may_be_model(&ev, *c, true))
        || !ev.made.is_empty()
        || django::decides(world, file)
}

fn linked<'a>(ev: &mut Evaluator<'_, 'a>, mut drafts: Vec<Draft<'a>>) -> Models {
    // `__table__ = Table(...)` is the class's, not a table beside it.
    let own: rustc_hash::FxHashSet<Location> = drafts.iter().filter(|d| d.model.class.is_some()).filter_map(|d| d.model.call).collect();
    drafts.retain(|d| d.model.class.is_some() || d.model.call.is_none_or(|at| !own.contains(&at)));
    draft::place(ev.world, &mut drafts);
    draft::link(ev, &mut drafts);
    draft::set_apart(ev.world, &mut drafts);
    let mut unnamed = Vec::new();
    for class in ev.world.index.class_ids() {
        let declared = !sqlmodel::is_sqlmodel(ev, class) && declarative::is_declarative(ev, class);
        if declared && declarative::is_unnamed(ev, class) {
            unnamed.push(ev.world.index.class(class).file);
        }
    }
    drafts.sort_by_key(|d| (d.model.at, d.model.class));
    let mut models = Models { unnamed, ..Models::default() };
    for d in drafts {
        models.add(d.model);
    }
    models
}

/// What models declare, kept so that one file's part can be replaced.
pub struct Declared<'a> {
    drafts: Vec<Draft<'a>>,
    django: Option<django::Django>,
}

impl<'a> Declared<'a> {
    /// Of all files. The world must be collecting.
    pub(super) fn find(world: &World<'a>) -> Self {
        let Some(&first) = world.index.order.first() else { return Self { drafts: Vec::new(), django: None } };
        let mut ev = Evaluator::quiet(world, Place::module(first));
        let django = django::Django::find(&mut ev);
        let drafts = drafts(&mut ev, django.as_ref(), None);
        Self { drafts, django }
    }

    /// Takes one file's part anew and gives all models linked; `None` where the file has none, before and after. The world must be collecting.
    pub(super) fn replace(&mut self, world: &World<'a>, file: FileId) -> Option<Models> {
        let mut ev = Evaluator::quiet(world, Place::module(file));
        let new = drafts(&mut ev, self.django.as_ref(), Some(file));
        let before = self.drafts.len();
        let ours = |d: &Draft<'a>| d.model.at.file == file && d.model.framework != Framework::Pydantic;
        self.drafts.retain(|d| !ours(d));
        if new.is_empty() && self.drafts.len() == before {
            return None;
        }
        self.drafts.extend(new);
        Some(linked(&mut ev, self.drafts.clone()))
    }
}
