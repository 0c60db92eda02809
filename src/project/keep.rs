//! Writes down what a link of all files learnt, for later links of a part: the tables of [`super::beyond`].

use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hasher;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::source::FileId;
use crate::symbol::Symbol;
use crate::syntax::python::Word;

use super::Project;
use super::beyond::{Known, MOST_CHANGED, TABLES, Table, Whole, key};
use super::index::ClassId;
use super::link::Seen;
use super::models::{Member, Model};
use super::trace::Trace;
use super::value::Value;
use super::world::World;

/// Keys, each with the files behind it.
type Lists = BTreeMap<String, BTreeSet<FileId>>;

/// The tables of a project that was linked with a trace. `None` where some value cannot be written.
pub fn tables(project: &Project<'_>) -> Option<Vec<String>> {
    let world = &project.world;
    let trace = world.trace.as_ref()?;
    let mut numbers = Numbers::default();
    let whole = whole(project, &mut numbers);
    let (of_models, mut headers) = dependents(trace);
    headers.extend(numbers.order.iter().map(|c| world.index.class_name(*c).0));
    let (asked, stored) = world.stored_tables();
    let mut unbound: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (file, name) in trace.asked_in_vain() {
        unbound.entry(key(file)).or_default().push(name.as_str());
    }
    let mut tables = vec![String::new(); TABLES];
    let mut set = |table: Table, text: String| tables[table as usize] = text;
    set(Table::Whole, serde_json::to_string(&whole).ok()?);
    let numbered = |n: u32, json: String| (key(FileId(n)), json);
    let bodies: Option<Vec<String>> = whole.models.iter().map(|m| serde_json::to_string(&*m.body).ok()).collect();
    set(Table::Bodies, lines((0..).zip(bodies?).map(|(n, json)| numbered(n, json)).collect()));
    set(Table::Steps, lines([numbered(0, serde_json::to_string(world.django.steps()).ok()?)].into()));
    let outlines = || world.index.order.iter().filter_map(|f| Some((*f, world.index.module_of(*f)?)));
    let list = |of: &dyn Fn(FileId) -> Vec<Symbol>| {
        let mut all = Lists::new();
        for &file in &world.index.order {
            for name in of(file) {
                all.entry(name.to_string()).or_default().insert(file);
            }
        }
        all
    };
    set(Table::OnObjects, few(&list(&|f| world.index.module_of(f).map(|m| m.set_on_objects.iter().copied().collect()).unwrap_or_default())));
    set(Table::Stores, lists(&list(&|f| world.index.stores_in(f).to_vec())));
    set(Table::Asked, lines(asked.into_iter().map(|k| (k, String::new())).collect()));
    set(Table::Stored, lists(&stored));
    set(Table::Packages, few(&list(&|f| world.index.module_of(f).map(|m| m.packages.clone()).unwrap_or_default())));
    let imported: FxHashSet<Symbol> = outlines().flat_map(|(_, m)| m.imported.iter().copied()).collect();
    set(Table::Imported, lines(imported.into_iter().map(|n| (n.to_string(), String::new())).collect()));
    let (walkers, created) = seen(&project.seen);
    set(Table::Walkers, lists(&walkers));
    set(Table::Created, few(&created));
    set(Table::OfModels, lines(of_models.into_iter().map(|f| (key(f), String::new())).collect()));
    set(Table::Headers, lines(headers.into_iter().map(|f| (key(f), headers_of(world, f))).collect()));
    set(Table::Plain, lines(world.plain_functions().into_iter().map(|(f, names)| (key(f), names)).collect()));
    let loaders = world.index.user_loaders().map(|f| (key(world.index.function(f).file), String::new()));
    set(Table::Loaders, lines(loaders.collect()));
    let [places, own, roots] = world.index.table.tables();
    set(Table::Places, lines(places));
    set(Table::Own, lines(own));
    set(Table::Roots, lines(roots));
    set(Table::Unbound, lines(unbound.into_iter().map(|(k, names)| (k, names.join(" "))).collect()));
    Some(tables)
}

/// Lines in the order in which they are looked for. A name with a line end or a tab in it is none that code could ask for.
fn lines(all: BTreeMap<String, String>) -> String {
    let mut out = String::new();
    for (key, value) in all.into_iter().filter(|(k, v)| !k.contains(['\n', '\t']) && !v.contains('\n')) {
        out.push_str(&key);
        out.push('\t');
        out.push_str(&value);
        out.push('\n');
    }
    out
}

fn joined(files: impl Iterator<Item = FileId>) -> String {
    files.map(|f| f.0.to_string()).collect::<Vec<_>>().join(" ")
}

fn lists(all: &Lists) -> String {
    lines(all.iter().map(|(k, files)| (k.clone(), joined(files.iter().copied()))).collect())
}

/// The same where it only matters whether there is anyone who has not changed.
fn few(all: &Lists) -> String {
    lines(all.iter().map(|(k, files)| (k.clone(), joined(files.iter().copied().take(MOST_CHANGED + 1)))).collect())
}

/// Classes by the numbers that they are given as they are met.
#[derive(Default)]
struct Numbers {
    known: FxHashMap<ClassId, u32>,
    order: Vec<ClassId>,
}

impl Numbers {
    fn of(&mut self, class: ClassId) -> ClassId {
        let next = u32::try_from(self.order.len()).unwrap_or(u32::MAX);
        let number = *self.known.entry(class).or_insert(next);
        if number == next {
            self.order.push(class);
        }
        ClassId(number)
    }
}

fn whole(project: &Project<'_>, numbers: &mut Numbers) -> Whole {
    let world = &project.world;
    let models: Vec<Model> = world.models.all.iter().map(|m| renumbered(m, numbers)).collect();
    let mut graph = world.django.clone();
    graph.renumber(&mut |c| numbers.of(c));
    let mut classes = Vec::new();
    // Ancestors are met on the way.
    while let Some(&class) = numbers.order.get(classes.len()) {
        let def = world.index.class(class);
        let mut known = Known { file: def.file, qualname: def.qualname.clone(), ..Known::default() };
        if let Some(lineage) = world.lineage(class) {
            known.mro = lineage.mro.iter().map(|c| numbers.of(*c).0).collect();
            known.outside = lineage.outside.iter().filter_map(outside).collect();
            known.open = lineage.open;
        }
        classes.push(known);
    }
    let question_marks =
        world.index.order.iter().copied().filter(|f| world.index.module_of(*f).is_some_and(|m| m.node.words.has(Word::QuestionMarks))).collect();
    let created = project.created_by_others.iter().copied().collect();
    Whole { classes, models, unnamed: world.models.unnamed.clone(), graph, question_marks, created }
}

fn outside(v: &Value<'_>) -> Option<(Symbol, bool)> {
    match v {
        Value::External(path) => Some((*path, false)),
        Value::Object(o) => Some((o.path, true)),
        _ => None,
    }
}

fn renumbered(model: &Model, numbers: &mut Numbers) -> Model {
    let mut model = model.clone();
    let one = |class: &mut Option<ClassId>, numbers: &mut Numbers| *class = class.map(|c| numbers.of(c));
    one(&mut model.class, numbers);
    let body = &mut *model.body;
    for column in &mut body.columns {
        one(&mut column.owner, numbers);
        one(&mut column.enum_class, numbers);
    }
    // In an order of their own: numbers are to be the same each time.
    let mut members: Vec<_> = body.members.iter_mut().collect();
    members.sort_unstable_by_key(|m| m.0.as_str());
    for (_, member) in members {
        match member {
            Member::Relationship { target, .. } => one(target, numbers),
            Member::Inherited(parent) => *parent = numbers.of(*parent),
            Member::Column(_) | Member::Synonym(_) | Member::Other => {}
        }
    }
    model.outline = body.outline(model.class);
    model
}

/// Files that models depend on, and files that classes of others depend on.
fn dependents(trace: &Trace) -> (BTreeSet<FileId>, BTreeSet<FileId>) {
    let looks = trace.looks();
    let mut into: FxHashMap<FileId, Vec<FileId>> = FxHashMap::default();
    for &(from, to) in &looks {
        into.entry(from).or_default().push(to);
    }
    let mut of_models = BTreeSet::new();
    let mut todo: Vec<FileId> = trace.model_files().into_iter().collect();
    while let Some(file) = todo.pop() {
        if of_models.insert(file) {
            todo.extend(into.get(&file).into_iter().flatten());
        }
    }
    (of_models, looks.iter().map(|l| l.1).collect())
}

/// The classes of a file, each with a digest of what it descends from.
pub(super) fn headers_of(world: &World<'_>, file: FileId) -> String {
    let classes = world.index.classes_of(file).iter().map(|c| format!("{}={:x}", world.index.class(*c).qualname, header(world, *c)));
    classes.collect::<Vec<_>>().join(" ")
}

fn header(world: &World<'_>, class: ClassId) -> u64 {
    let mut hash = rustc_hash::FxHasher::default();
    let mut word = |text: &str| {
        hash.write(text.as_bytes());
        hash.write_u8(0xff);
    };
    if let Some(lineage) = world.lineage(class) {
        for &c in &lineage.mro {
            let (file, qualname) = world.index.class_name(c);
            word(&key(file));
            word(qualname);
        }
        for (path, made) in lineage.outside.iter().filter_map(outside) {
            word(path.as_str());
            word(if made { "()" } else { "" });
        }
        word(if lineage.open { "open" } else { "" });
    }
    hash.finish()
}

/// A digest of what a file imports.
pub fn imports_of(world: &World<'_>, file: FileId) -> String {
    let mut hash = rustc_hash::FxHasher::default();
    let mut names: Vec<&str> = world.index.module_of(file).map(|m| m.imported.iter().map(Symbol::as_str).collect()).unwrap_or_default();
    names.sort_unstable();
    for name in names {
        hash.write(name.as_bytes());
        hash.write_u8(0xff);
    }
    format!("{:x}", hash.finish())
}

/// The table of the files that migrations reach.
pub fn reached(world: &World<'_>, files: &BTreeSet<FileId>) -> String {
    lines(files.iter().map(|f| (key(*f), imports_of(world, *f))).collect())
}

/// Who walks through whom, and who creates what.
fn seen(all: &[(FileId, Seen)]) -> (Lists, Lists) {
    let (mut walkers, mut created) = (Lists::new(), Lists::new());
    for (file, seen) in all {
        for other in &seen.others {
            walkers.entry(key(*other)).or_default().insert(*file);
        }
        for (table, column) in &seen.created {
            created.entry(column.map_or_else(|| table.to_string(), |c| format!("{table} {c}"))).or_default().insert(*file);
        }
    }
    (walkers, created)
}
