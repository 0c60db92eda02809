//! What is known of the whole project while it is being linked, phase by phase: definitions, class lineages, models, what functions give.

use std::sync::{OnceLock, PoisonError, RwLock};

use rustc_hash::{FxHashMap, FxHashSet};

use crate::schema::Schema;
use crate::source::{FileId, Sources};
use crate::symbol::Symbol;
use crate::syntax::python::{self, ArgKind, Expr};

use super::again::{Listening, repeat};
use super::beyond::Known;
use super::eval::Evaluator;
use super::index::{Binding, ClassId, FunctionId, Index};
use super::modules::{ModuleRef, external};
use super::rounds::{Rounds, in_headers, reads_headers};
use super::trace::{Inside, Trace};
use super::trail::{Mark, Nested, cuts, note_cut};
use super::value::Value;

/// The scope in which an expression stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The file.
    pub file: FileId,
    /// The class whose body it stands in, or whose method it stands in.
    pub class: Option<ClassId>,
    /// The function it stands in.
    pub function: Option<FunctionId>,
}

impl Place {
    /// The top level of a file.
    pub fn module(file: FileId) -> Self {
        Self { file, class: None, function: None }
    }
}

/// A class's ancestors.
#[derive(Clone, Debug, Default)]
pub struct Lineage<'a> {
    /// Itself and its bases inside the project, in method resolution order.
    pub mro: Vec<ClassId>,
    /// Bases outside the project: externals by path, objects made by calls (`declarative_base()`), in order.
    pub outside: Vec<Value<'a>>,
    /// Some base could not be resolved to anything.
    pub open: bool,
    /// Keywords in the headers of the class itself and of its bases (`table=True`), nearest first.
    pub keywords: Vec<(ClassId, Symbol, &'a Expr)>,
}

impl Lineage<'_> {
    /// Whether a base outside has one of these last names inside one of these root packages.
    pub fn has_outside(&self, root: &str, last: &[&str]) -> bool {
        self.outside.iter().any(|v| {
            let path = v.external().or_else(|| v.object_path()).unwrap_or_default();
            is_from(path, root) && last.contains(&path.rsplit('.').next().unwrap_or_default())
        })
    }
}

/// What one class header names.
#[derive(Debug, Default)]
struct Bases<'a> {
    /// Classes of the project.
    inside: Vec<ClassId>,
    /// Others.
    outside: Vec<Value<'a>>,
    /// Some base could not be resolved to anything.
    open: bool,
}

/// Whether a dotted path lies in the package `root`.
pub fn is_from(path: &str, root: &str) -> bool {
    path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Everything known so far. Later phases fill what earlier ones leave empty.
pub struct World<'a> {
    /// All files.
    pub sources: &'a Sources,
    /// The database.
    pub schema: &'a Schema,
    /// Definitions.
    pub index: Index<'a>,
    /// By class id, as far as they were asked for.
    lineages: Vec<OnceLock<Lineage<'a>>>,
    /// By class id: what its own header names.
    direct: Vec<OnceLock<Bases<'a>>>,
    /// Calls that name tables or take SQL.
    pub calls: super::libraries::calls::Calls,
    /// Mapped classes and table objects.
    pub models: super::models::Models,
    /// Classes that the configuration binds to tables: name → table.
    pub bound: std::collections::BTreeMap<String, String>,
    /// Whether SQL texts are kept beside what they name.
    pub keeps_statements: bool,
    /// Cache keys that the configuration binds to tables.
    pub caches: super::libraries::redis::Bindings,
    /// Models are being collected. See [`World::is_collecting`].
    pub(super) collecting: bool,
    /// Whether a class is mapped, worked out once while models are collected.
    pub(super) mapped: RwLock<FxHashMap<ClassId, bool>>,
    /// How Django's models point at each other.
    pub django: super::libraries::django::graph::Graph,
    /// What was learnt in each round.
    pub(super) rounds: Rounds<'a>,
    /// Which file looks into which, where that is to be noted.
    pub(super) trace: Option<Trace>,
    /// The phase that remembered values belong to: those of another are forgotten when they are next asked for.
    pub(super) phase: u32,
    /// Walks stand for later ones that would show the same. See [`super::again`].
    pub(super) walks_once: bool,
}

impl<'a> World<'a> {
    /// The first phases: definitions are given, lineages are worked out.
    pub fn new(sources: &'a Sources, schema: &'a Schema, index: Index<'a>) -> Self {
        let mut world = World {
            sources,
            schema,
            lineages: Vec::new(),
            direct: Vec::new(),
            calls: super::libraries::calls::Calls::builtin().clone(),
            models: super::models::Models::default(),
            bound: std::collections::BTreeMap::new(),
            keeps_statements: false,
            caches: super::libraries::redis::Bindings::default(),
            collecting: true,
            mapped: RwLock::default(),
            django: super::libraries::django::graph::Graph::default(),
            rounds: Rounds::default(),
            trace: None,
            phase: 0,
            walks_once: !python::is_slow(),
            index,
        };
        world.resize_rounds();
        world.resize_lineages();
        world
    }

    /// Whether a file belongs to the tests, by its path.
    pub fn is_test(&self, file: FileId) -> bool {
        let path = &self.sources.get(file).path;
        let name = path.rsplit('/').next().unwrap_or_default();
        name.starts_with("test_") || name.ends_with("_test.py") || name == "conftest.py" || path.split('/').any(|p| matches!(p, "tests" | "test" | "testing"))
    }

    /// Whether a file is a stub: it says what a package's classes are like, for checkers of types.
    pub fn is_stub(&self, file: FileId) -> bool {
        self.sources.get(file).path.ends_with(".pyi")
    }

    /// Whether a file is a revision of the schema, which speaks of the schema of its own time.
    pub fn is_migration(&self, file: FileId) -> bool {
        let Some(module) = self.index.module_of(file) else { return false };
        let folder = |p: &str| matches!(p, "migrations" | "delta" | "deltas" | "versions") || p.ends_with("_migrations");
        let path = &self.sources.get(file).path;
        module.is_revision() || path.rsplit('/').skip(1).any(folder) || is_dated_step(path)
    }

    /// Works a class's ancestors out.
    fn link_class(&self, id: ClassId) -> Lineage<'a> {
        // A class met again on the way to itself is left out.
        let (mut lineage, mut seen) = (Lineage::default(), FxHashSet::default());
        self.visit(id, &mut seen, &mut lineage);
        // A base shared by two branches comes behind both, as in Python's order.
        let mut kept = FxHashSet::default();
        let mut order: Vec<ClassId> = lineage.mro.iter().rev().copied().filter(|c| kept.insert(*c)).collect();
        order.reverse();
        lineage.mro = order;
        for &c in &lineage.mro {
            let header = &self.index.class(c).node.bases;
            lineage.keywords.extend(header.iter().filter_map(|a| if let ArgKind::Keyword(k) = a.kind { Some((c, k.name, &a.value)) } else { None }));
        }
        lineage
    }

    fn visit(&self, id: ClassId, seen: &mut FxHashSet<ClassId>, lineage: &mut Lineage<'a>) {
        // The depth of a class hierarchy is bounded by what a person writes; a hostile one by this.
        if lineage.mro.len() > 500 {
            lineage.open = true;
            return;
        }
        lineage.mro.push(id);
        if !seen.insert(id) {
            return;
        }
        // What the package's class has, its stub need not say.
        lineage.open |= self.is_stub(self.index.class(id).file);
        let bases = self.direct[id.0 as usize].get_or_init(|| in_headers(|| self.direct_bases(id)));
        lineage.open |= bases.open;
        for v in &bases.outside {
            if !lineage.outside.iter().any(|have| have.same(v)) {
                lineage.outside.push(v.clone());
            }
        }
        for &b in &bases.inside {
            self.visit(b, seen, lineage);
        }
    }

    /// Puts in who the ancestors of classes are that are known without their files, unless these have changed.
    pub(super) fn restore_lineages(&mut self, known: &[Known]) {
        let is_changed = |file| self.index.beyond.is_some_and(|b| b.is_changed(file));
        for (n, class) in known.iter().enumerate().filter(|(_, c)| !is_changed(c.file)) {
            let outside = class.outside.iter().map(|(path, made)| if *made { Value::object(*path) } else { Value::External(*path) });
            let mro = class.mro.iter().map(|c| ClassId(*c)).collect();
            self.lineages[n] = Lineage { mro, outside: outside.collect(), open: class.open, keywords: Vec::new() }.into();
        }
    }

    /// Makes room for the ancestors of every class.
    fn resize_lineages(&mut self) {
        let classes = self.index.classes.len();
        self.lineages.resize_with(classes, OnceLock::new);
        self.direct.resize_with(classes, OnceLock::new);
    }

    /// Forgets who the ancestors of one file's classes are, after its tree was replaced. Those of classes in other files are as they were.
    pub(super) fn relink_classes(&mut self, file: FileId) {
        self.resize_lineages();
        self.resize_rounds();
        let mapped = self.mapped.get_mut().unwrap_or_else(PoisonError::into_inner);
        for id in self.index.classes_of(file) {
            mapped.remove(id);
            self.lineages[id.0 as usize] = OnceLock::new();
            self.direct[id.0 as usize] = OnceLock::new();
        }
    }

    fn direct_bases(&self, id: ClassId) -> Bases<'a> {
        let def = self.index.class(id);
        let _inside = self.inside(def.file);
        let place = Place { file: def.file, class: def.outer_class, function: def.outer_function };
        let (mut inside, mut outside, mut open) = (Vec::new(), Vec::new(), false);
        for base in &def.node.bases {
            match base.kind {
                ArgKind::Positional => {}
                ArgKind::Keyword(_) => continue,
                _ => {
                    open = true;
                    continue;
                }
            }
            // `Base[T]` stands for `Base`; `with_metaclass(Meta, Base)` for its bases.
            let value = Evaluator::quiet(self, place).base_class(&base.value);
            let mut found = false;
            for v in value.alternatives() {
                match v {
                    Value::Class(c) if *c != id => inside.push(*c),
                    Value::Object(o) => {
                        outside.push(v.clone());
                        inside.extend(self.bases_of_base(o).into_iter().filter(|c| *c != id));
                    }
                    Value::External(_) => outside.push(v.clone()),
                    _ => continue,
                }
                found = true;
            }
            open |= !found;
        }
        Bases { inside, outside, open }
    }

    /// What `declarative_base(cls=Base)` makes descends from that class, or from each of several.
    fn bases_of_base(&self, made: &super::value::Object<'a>) -> Vec<ClassId> {
        let name = made.path.as_str().rsplit('.').next().unwrap_or_default();
        let Some((file, call)) = made.call.filter(|_| matches!(name, "declarative_base" | "generate_base" | "automap_base")) else { return Vec::new() };
        let Some(given) = call.keyword("cls") else { return Vec::new() };
        let value = Evaluator::quiet(self, Place::module(file)).eval(given);
        let all = if let Value::Tuple(t) = &value { t.to_vec() } else { vec![value] };
        all.iter().flat_map(Value::alternatives).filter_map(|v| if let Value::Class(c) = v { Some(*c) } else { None }).collect()
    }

    /// A class's ancestors; nothing while headers are being read, from which they are worked out.
    pub fn lineage(&self, id: ClassId) -> Option<&Lineage<'a>> {
        if reads_headers() {
            return None;
        }
        let known = self.lineages.get(id.0 as usize)?;
        Some(known.get_or_init(|| self.link_class(id)))
    }

    /// The class of the lineage that binds a name, with the bindings.
    pub fn class_member(&self, id: ClassId, name: Symbol) -> Option<(ClassId, &[Binding<'a>])> {
        let own = [id];
        let mro = self.lineage(id).map_or(&own[..], |l| &l.mro);
        mro.iter().find_map(|&c| {
            let def = self.index.class(c);
            self.looks_into(def.file);
            def.names.get(&name).map(|b| (c, b.as_slice()))
        })
    }

    /// Whether one class is another or descends from it.
    pub fn is_subclass(&self, id: ClassId, of: ClassId) -> bool {
        id == of || self.lineage(id).is_some_and(|l| l.mro.contains(&of))
    }

    /// The value of a name at the top level of a file.
    pub fn global(&self, file: FileId, name: Symbol) -> Value<'a> {
        self.global_on(file, name, &mut Vec::new())
    }

    /// The same; `trail` holds the names being worked out, so that circles end.
    pub(super) fn global_on(&self, file: FileId, name: Symbol, trail: &mut Vec<Mark>) -> Value<'a> {
        let mark = Mark::Global(file, name);
        if trail.contains(&mark) || trail.len() > 40 {
            note_cut();
            return Value::Unknown;
        }
        self.looks_into(file);
        if let Some(value) = self.plain_global(file, name) {
            return value;
        }
        let always = self.always().and_then(|all| all.globals.get(self.index.slot(file)));
        if let Some((v, _)) = always.and_then(|k| k.get(self.phase, name)) {
            return v;
        }
        let known = self.round().globals.get(self.index.slot(file));
        if let Some((v, asked)) = known.and_then(|k| k.get(self.phase, name)) {
            repeat(&asked);
            return v;
        }
        let Some(module) = self.index.module_of(file) else { return Value::Unknown };
        let listening = Listening::to_answer();
        trail.push(mark);
        let _inside = self.inside(file);
        let cuts = cuts();
        let value = match module.names.get(&name) {
            Some(bindings) => self.bindings_value(Place::module(file), bindings, trail),
            None => self.star_value(file, name, trail),
        };
        trail.pop();
        let heard = listening.is_heard();
        let asked = listening.answered();
        let known = if heard && asked.is_none() { always.or(known) } else { known };
        // A value cut short by a circle depends on where the circle was entered; kept, it would make results depend on which thread came first.
        if let (Some(known), true) = (known, cuts == super::trail::cuts()) {
            known.put(self.phase, name, (value.clone(), asked));
        }
        value
    }

    /// The value of a module-level name where there is nothing to work out, and so nothing to remember.
    fn plain_global(&self, file: FileId, name: Symbol) -> Option<Value<'a>> {
        let module = self.index.module_of(file)?;
        match module.names.get(&name).map(|bindings| bindings.as_slice()) {
            Some([Binding::Class(class)]) => Some(Value::Class(*class)),
            Some([Binding::Function(function)]) => Some(Value::Function(*function)),
            None if module.stars.is_empty() && !self.index.table.is_package(file) => Some(Value::Unknown),
            _ => None,
        }
    }

    /// Notes, while models are collected, that a file is looked into.
    pub(super) fn looks_into(&self, file: FileId) {
        if let Some(trace) = &self.trace
            && self.is_collecting()
        {
            trace.look(file);
        }
    }

    /// What is looked into until the guard goes is looked into for that file's sake.
    pub(super) fn inside(&self, file: FileId) -> Option<Inside> {
        self.trace.as_ref().map(|_| Trace::inside(file))
    }

    fn asks_in_vain(&self, file: FileId, name: Symbol) {
        if let Some(trace) = &self.trace
            && self.index.module_of(file).is_some_and(|m| !m.names.contains_key(&name))
        {
            trace.unbound(file, name);
        }
    }

    fn star_value(&self, file: FileId, name: Symbol, trail: &mut Vec<Mark>) -> Value<'a> {
        let Some(module) = self.index.module_of(file) else { return Value::Unknown };
        for &(level, path) in module.stars.iter().rev() {
            if let ModuleRef::File(other) = self.index.table.resolve(file, level, path)
                && self.index.module_of(other).is_some_and(|m| m.names.contains_key(&name) || !m.stars.is_empty())
            {
                let v = self.global_on(other, name, trail);
                if !v.is_unknown() {
                    return v;
                }
            }
        }
        // A package's submodule that someone imported.
        if self.index.table.is_package(file)
            && let Some(ModuleRef::File(sub)) = self.index.table.submodule(&ModuleRef::File(file), &name)
        {
            return Value::Module(sub);
        }
        for &(level, path) in &module.stars {
            if level == 0 && self.index.table.resolve(file, 0, path) == ModuleRef::External && STAR_LIBRARIES.iter().any(|l| is_from(&path, l)) {
                return Value::External(external(path, name));
            }
        }
        Value::Unknown
    }

    /// The value that a class's own body binds to a name; `mark` is put on the trail while it is worked out.
    pub(super) fn member_value(&self, owner: ClassId, name: Symbol, bindings: &[Binding<'a>], mark: Mark, trail: &mut Vec<Mark>) -> Value<'a> {
        let always = self.always().and_then(|all| all.members.get(owner.0 as usize));
        if let Some((v, _)) = always.and_then(|k| k.get(self.phase, name)) {
            return v;
        }
        // While models are collected a look-up has effects: tables that it makes are noted.
        if !self.is_collecting()
            && let Some((v, asked)) = self.round().members.get(owner.0 as usize).and_then(|k| k.get(self.phase, name))
        {
            repeat(&asked);
            return v;
        }
        let listening = Listening::to_answer();
        let place = Place { file: self.index.class(owner).file, class: Some(owner), function: None };
        let cuts = cuts();
        trail.push(mark);
        let value = self.bindings_value(place, bindings, trail);
        trail.pop();
        let heard = listening.is_heard();
        let asked = listening.answered();
        let known = if heard && asked.is_none() { always } else { self.round().members.get(owner.0 as usize) };
        if let (Some(known), true) = (known, !self.is_collecting() && cuts == super::trail::cuts()) {
            known.put(self.phase, name, (value.clone(), asked));
        }
        value
    }

    /// The union over all bindings of a name in a scope.
    pub(super) fn bindings_value(&self, place: Place, bindings: &[Binding<'a>], trail: &mut Vec<Mark>) -> Value<'a> {
        let Some(_nested) = Nested::enter() else { return Value::Unknown };
        let mut all = Vec::new();
        for b in bindings {
            all.push(match *b {
                Binding::Import { module, whole } => self.import_value(place.file, module, whole),
                Binding::From { level, module, name } => self.from_value(place.file, level, module, name, trail),
                Binding::Class(id) => Value::Class(id),
                Binding::Function(id) => Value::Function(id),
                Binding::Value { value, annotation, .. } => {
                    let mut ev = Evaluator::quiet_on(self, place, trail);
                    let v = ev.eval(value);
                    if v.is_unknown() { annotation.map_or(v, |a| ev.annotation(a)) } else { v }
                }
                Binding::Declared { annotation, .. } => Evaluator::quiet_on(self, place, trail).annotation(annotation),
                Binding::Opaque => Value::Unknown,
            });
        }
        let value = Value::union(all);
        // `X = None` followed by the real thing is the real thing.
        if matches!(value, Value::Union(_)) { value.not_none() } else { value }
    }

    fn import_value(&self, file: FileId, module: Symbol, whole: bool) -> Value<'a> {
        let path = if whole || !module.contains('.') { module } else { Symbol::from(module.as_str().split('.').next().unwrap_or_default()) };
        match self.index.table.resolve(file, 0, path) {
            ModuleRef::File(f) => Value::Module(f),
            ModuleRef::Namespace(p) => Value::Namespace(p.into()),
            ModuleRef::External => Value::External(path),
        }
    }

    fn from_value(&self, file: FileId, level: u32, module: Symbol, name: Symbol, trail: &mut Vec<Mark>) -> Value<'a> {
        let base = self.index.table.resolve(file, level, module);
        match &base {
            ModuleRef::File(f) => {
                // `from . import x` in an `__init__` that itself binds `x` to its submodule is a circle, which ends as unknown.
                let v = self.global_on(*f, name, trail);
                if v.is_unknown() {
                    self.asks_in_vain(*f, name);
                }
                if v.is_unknown()
                    && !self.index.module_of(*f).is_some_and(|m| m.names.contains_key(&name) && *f != file)
                    && let Some(sub) = self.index.table.submodule(&base, &name)
                {
                    return match sub {
                        ModuleRef::File(s) => Value::Module(s),
                        ModuleRef::Namespace(p) => Value::Namespace(p.into()),
                        ModuleRef::External => Value::Unknown,
                    };
                }
                v
            }
            ModuleRef::Namespace(_) => match self.index.table.submodule(&base, &name) {
                Some(ModuleRef::File(s)) => Value::Module(s),
                Some(ModuleRef::Namespace(p)) => Value::Namespace(p.into()),
                _ => Value::Unknown,
            },
            ModuleRef::External if level == 0 => Value::External(external(module, name)),
            ModuleRef::External => Value::Unknown,
        }
    }

    /// `value.name` where the value is a module or something external.
    pub(super) fn module_member(&self, value: &Value<'a>, name: Symbol, trail: &mut Vec<Mark>) -> Option<Value<'a>> {
        let of = match value {
            Value::External(path) => return Some(Value::External(external(*path, name))),
            Value::Module(f) => {
                let v = self.global_on(*f, name, trail);
                if !v.is_unknown() {
                    return Some(v);
                }
                self.asks_in_vain(*f, name);
                ModuleRef::File(*f)
            }
            Value::Namespace(p) => ModuleRef::Namespace(p.to_string()),
            _ => return None,
        };
        Some(match self.index.table.submodule(&of, &name) {
            Some(ModuleRef::File(s)) => Value::Module(s),
            Some(ModuleRef::Namespace(p)) => Value::Namespace(p.into()),
            _ => Value::Unknown,
        })
    }
}

/// Libraries whose names people import with `*`.
const STAR_LIBRARIES: &[&str] = &["sqlalchemy", "sqlmodel", "django", "typing", "peewee"];

/// Whether a script's name says when it ran: by a date (`20160616-snapshots-2.py`), or by a number in a folder of updates. Nobody imports a module of such a name; it was
/// written for the schema of its day, between two steps in SQL.
fn is_dated_step(path: &str) -> bool {
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    let rest = name.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = name.len() - rest.len();
    let of_updates = |f: &str| matches!(f, "update" | "updates" | "upgrade" | "upgrades" | "patches" | "schema_updates" | "revisions" | "migration");
    // Years, months and days, perhaps with dashes between them.
    let dated =
        digits >= 8 || digits == 4 && matches!(name.as_bytes(), [b'1' | b'2', _, _, _, b'-' | b'_', b'0' | b'1', m, b'-' | b'_', ..] if m.is_ascii_digit());
    digits > 0 && rest.starts_with(['-', '_', '.']) && (dated || folders.rsplit('/').any(of_updates))
}
