//! Who defines what: every module, class and function of the project, and the names each scope binds.
//!
//! Built once from all files' trees; borrowed ever after. Nothing is evaluated here.

use std::sync::{Arc, LazyLock};

use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use crate::source::{FileId, Sources, Span};
use crate::symbol::Symbol;
use crate::syntax::python::{self, Expr, ExprKind, Word};

use super::beyond::{self, Beyond, Table};
use super::modules::ModuleTable;
use super::scope::{Scope, by_adding};

/// The number of a class in [`Index::classes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ClassId(pub u32);

/// The number of a function in [`Index::functions`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FunctionId(pub u32);

/// The number of a unit in [`Index::units`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnitId(pub u32);

/// A piece of code that can be walked by itself: a function that stands directly in a file or in a class, with all that nests in it, or what such functions
/// leave of a file.
#[derive(Clone, Copy, Debug)]
pub struct Unit {
    /// Where it stands.
    pub file: FileId,
    /// The function; `None` for the rest of the file.
    pub function: Option<FunctionId>,
    /// Where it begins, in bytes: units of a file are taken in this order.
    pub(super) start: u32,
}

/// One way a name comes to be in a scope.
#[derive(Clone, Copy, Debug)]
pub enum Binding<'a> {
    /// `import a.b` binds `a`; `import a.b as c` binds the module `a.b` (`whole`).
    Import {
        /// Dotted path.
        module: Symbol,
        /// Whether the whole path is bound, not its first part.
        whole: bool,
    },
    /// `from ..module import name`
    From {
        /// Leading dots.
        level: u32,
        /// Dotted path, may be empty.
        module: Symbol,
        /// The name there.
        name: Symbol,
    },
    /// `class`
    Class(ClassId),
    /// `def`
    Function(FunctionId),
    /// `name: annotation = value`
    Value {
        /// What is assigned.
        value: &'a Expr,
        /// Its annotation.
        annotation: Option<&'a Expr>,
        /// Whole identifier that is bound (for its span).
        target: &'a Expr,
    },
    /// `name: annotation` alone
    Declared {
        /// The annotation.
        annotation: &'a Expr,
        /// The identifier.
        target: &'a Expr,
    },
    /// Bound in a way that is not followed (loop target, `with`, unpacking…).
    Opaque,
}

/// Names of a scope, each with all its bindings in order.
pub type Names<'a> = FxHashMap<Symbol, Bindings<'a>>;

/// All bindings of a name; nearly every name has one.
pub type Bindings<'a> = smallvec::SmallVec<[Binding<'a>; 1]>;

/// A class definition.
#[derive(Debug)]
pub struct ClassDef<'a> {
    /// Where it stands.
    pub file: FileId,
    /// Its tree.
    pub node: &'a python::Class,
    /// `Outer.Inner`; a class inside a function has the function's name in front.
    pub qualname: String,
    /// The class around it, if it stands directly in one.
    pub outer_class: Option<ClassId>,
    /// The function around it, if any.
    pub outer_function: Option<FunctionId>,
    /// What its body binds.
    pub names: Names<'a>,
    /// Names in the order they are first bound.
    pub order: Vec<Symbol>,
    /// Attributes that its methods set on their own object, and where.
    pub stores: Vec<(Symbol, UnitId)>,
    /// Where its methods call a constructor (`super().__init__(…)`), which may set attributes.
    pub constructs: Vec<UnitId>,
    /// It stands under `if TYPE_CHECKING:`, and is not there when the program runs.
    pub for_checkers: bool,
}

/// A function definition.
#[derive(Debug)]
pub struct FunctionDef<'a> {
    /// Where it stands.
    pub file: FileId,
    /// Its tree.
    pub node: &'a python::Function,
    /// `Class.method`, `outer.inner`
    pub qualname: String,
    /// The class whose body holds it directly.
    pub class: Option<ClassId>,
    /// The function around it, if any.
    pub outer: Option<FunctionId>,
    /// What is walked to learn what it gives.
    pub unit: UnitId,
    /// Its name says that it is for another database: `_insert_sqlite`.
    pub for_other_database: bool,
}

impl FunctionDef<'_> {
    /// Whether a decorator of that last name stands on it (`property`, `classmethod`, `x.setter` as `setter`).
    pub fn has_decorator(&self, name: &str) -> bool {
        self.node.decorators.iter().any(|d| last_name(d).is_some_and(|n| n.as_str() == name))
    }
}

fn is_user_loader(def: &FunctionDef<'_>) -> bool {
    super::libraries::flask_login::LOADERS.iter().any(|name| def.has_decorator(name))
}

/// The last identifier of `a.b.c` or `a.b.c(...)`.
pub fn last_name(e: &Expr) -> Option<Symbol> {
    match &e.kind {
        ExprKind::Name(n) => Some(*n),
        ExprKind::Attribute(a) => Some(a.attr.name),
        ExprKind::Call(c) => last_name(&c.func),
        _ => None,
    }
}

/// One Python file.
#[derive(Debug)]
pub struct ModuleDef<'a> {
    /// The file.
    pub file: FileId,
    /// Its tree.
    pub node: &'a python::Module,
    /// What its top level binds.
    pub names: Names<'a>,
    /// Modules imported with `*`: (level, module).
    pub stars: Vec<(u32, Symbol)>,
    /// Attributes that its code sets on an object (`x.name = …`, `setattr(x, "name", …)`) or asks whether it has: an object may have them whatever its
    /// class says.
    pub set_on_objects: FxHashSet<Symbol>,
    /// Attributes that a condition of this file asks for (`if hasattr(x, "name")`): whoever does so knows that they may be missing.
    pub asked_for: FxHashSet<Symbol>,
    /// First parts of its absolute imports, wherever they stand.
    pub packages: Vec<Symbol>,
    /// The last part of each module that it imports, and of each name it imports from one.
    pub imported: Vec<Symbol>,
    /// Attributes set on something other than a method's own object, in [`Index::stores_of`].
    stores: Vec<Symbol>,
    /// Its classes, in source order.
    classes: Vec<ClassId>,
    /// Its functions, likewise.
    functions: Vec<FunctionId>,
}

impl ModuleDef<'_> {
    /// Whether the file is a revision of Alembic.
    pub fn is_revision(&self) -> bool {
        self.names.contains_key(&Symbol::from("down_revision"))
    }
}

/// Everything that is defined.
#[derive(Debug, Default)]
pub struct Index<'a> {
    /// Python files by id.
    pub modules: FxHashMap<FileId, ModuleDef<'a>>,
    /// Python files in order.
    pub order: Vec<FileId>,
    /// All classes, in file and then source order.
    pub classes: Vec<ClassDef<'a>>,
    /// All functions, likewise.
    pub functions: Vec<FunctionDef<'a>>,
    /// What can be walked by itself.
    pub units: Vec<Unit>,
    /// Dotted module paths.
    pub table: Arc<ModuleTable>,
    /// Of a part of all files: where its few files are among themselves.
    slots: Option<FxHashMap<FileId, usize>>,
    /// First parts of all absolute imports: what the project as a whole uses.
    packages: FxHashSet<Symbol>,
    turns_question_marks: bool,
    /// Functions under a decorator by which applications say who their users are, as far as they still are.
    user_loaders: Vec<FunctionId>,
    /// What is known of files that are not among `modules`.
    pub(super) beyond: Option<&'a Beyond>,
    /// In how many files code sets an attribute of a name on an object.
    set_on_objects: FxHashMap<Symbol, u32>,
    /// Attribute → where it is set on something other than a method's own object.
    stores: FxHashMap<Symbol, Vec<UnitId>>,
    by_class: FxHashMap<usize, ClassId>,
    by_function: FxHashMap<usize, FunctionId>,
    /// What was met in the file being read.
    pub(super) met: Met,
    /// While a file's tree is replaced: ids of its old definitions that wait for the new ones, by qualified name, the first at the end.
    waiting_classes: FxHashMap<String, Vec<ClassId>>,
    waiting_functions: FxHashMap<String, Vec<FunctionId>>,
}

/// See [`ModuleDef`].
#[derive(Debug, Default)]
pub(super) struct Met {
    classes: Vec<ClassId>,
    functions: Vec<FunctionId>,
    pub(super) on_objects: FxHashSet<Symbol>,
    pub(super) asked_for: FxHashSet<Symbol>,
    /// Names whose values are the names of fields that are put into classes.
    pub(super) added: Vec<Symbol>,
    pub(super) packages: FxHashSet<Symbol>,
    pub(super) imported: FxHashSet<Symbol>,
    /// Modules whose parts are among `imported`, and whether their first parts are among `packages`.
    pub(super) modules: FxHashSet<(Symbol, bool)>,
}

/// The text that a file's top level binds to a name, where it does so once.
fn constant(names: &Names<'_>, name: Symbol) -> Option<String> {
    match names.get(&name)?.as_slice() {
        [Binding::Value { value: python::Expr { kind: python::ExprKind::Str(s), .. }, .. }] => s.constant().map(std::borrow::Cow::into_owned),
        _ => None,
    }
}

/// Stands in for a class whose file is not read.
static UNREAD: LazyLock<python::Class> = LazyLock::new(|| {
    let name = python::Ident { name: Symbol::from(""), span: Span::default() };
    python::Class { name, decorators: Vec::new(), bases: Vec::new(), body: Vec::new() }
});

fn address<T>(t: &T) -> usize {
    std::ptr::from_ref(t).addr()
}

impl<'a> Index<'a> {
    /// Builds the index over the Python files given.
    pub fn build(sources: &Sources, modules: &[(FileId, &'a python::Module)]) -> Self {
        let mut index = Index { table: Arc::new(ModuleTable::build(sources, modules.iter().map(|m| m.0))), ..Index::default() };
        index.add_all(modules);
        index
    }

    /// The same over a part of the Python files, of which `table` has the names. `known` are the classes that `beyond` speaks of.
    pub fn build_part(table: Arc<ModuleTable>, modules: &[(FileId, &'a python::Module)], beyond: &'a Beyond, known: &[beyond::Known]) -> Self {
        let slots = modules.iter().zip(0..).map(|(m, n)| (m.0, n)).collect();
        let mut index = Index { table, beyond: Some(beyond), slots: Some(slots), ..Index::default() };
        let read: FxHashSet<FileId> = modules.iter().map(|m| m.0).collect();
        let mut waiting: FxHashMap<FileId, Vec<(ClassId, &str)>> = FxHashMap::default();
        for class in known {
            let id = ClassId(u32::try_from(index.classes.len()).unwrap_or(u32::MAX));
            if read.contains(&class.file) {
                waiting.entry(class.file).or_default().push((id, &class.qualname));
            }
            index.classes.push(ClassDef {
                file: class.file,
                node: &UNREAD,
                qualname: class.qualname.clone(),
                outer_class: None,
                outer_function: None,
                names: Names::default(),
                order: Vec::new(),
                stores: Vec::new(),
                constructs: Vec::new(),
                for_checkers: false,
            });
        }
        for one in modules {
            for &(id, name) in waiting.get(&one.0).into_iter().flatten().rev() {
                index.waiting_classes.entry(name.to_owned()).or_default().push(id);
            }
            index.add_all(&[*one]);
            index.waiting_classes.clear();
        }
        index
    }

    /// The place of a file among those of which something is remembered.
    pub(super) fn slot(&self, file: FileId) -> usize {
        match &self.slots {
            Some(slots) => slots.get(&file).copied().unwrap_or(usize::MAX),
            None => file.0 as usize,
        }
    }

    /// How many places there are, with so many files.
    pub(super) fn slots(&self, files: usize) -> usize {
        self.slots.as_ref().map_or(files, FxHashMap::len)
    }

    fn add_all(&mut self, modules: &[(FileId, &'a python::Module)]) {
        for &(file, node) in modules {
            self.order.push(file);
            self.module(file, node);
            self.turns_question_marks |= node.words.has(Word::QuestionMarks);
        }
    }

    /// Whether any file imports a package of that name.
    pub fn uses_package(&self, name: Symbol) -> bool {
        self.packages.contains(&name) || self.beyond.is_some_and(|b| b.any(Table::Packages, name.as_str()))
    }

    /// Whether somewhere `?` is replaced by `%s` in a text: SQL with question marks is PostgreSQL's all the same.
    pub fn turns_question_marks(&self) -> bool {
        self.turns_question_marks
    }

    /// The same is so in a file that is not read.
    pub(super) fn turn_question_marks(&mut self) {
        self.turns_question_marks = true;
    }

    /// Puts a file's new tree in the place of its old one. Definitions keep the ids of those of the same qualified name, so that what other files know of
    /// them stays true; ids of definitions that are gone stay unused.
    pub(super) fn replace(&mut self, file: FileId, node: &'a python::Module) {
        let (mut classes, mut functions) = (FxHashMap::<String, Vec<ClassId>>::default(), FxHashMap::<String, Vec<FunctionId>>::default());
        for &id in self.classes_of(file) {
            classes.entry(self.class(id).qualname.clone()).or_default().insert(0, id);
        }
        for &id in self.modules.get(&file).map_or(&[][..], |m| &m.functions) {
            functions.entry(self.function(id).qualname.clone()).or_default().insert(0, id);
        }
        (self.waiting_classes, self.waiting_functions) = (classes, functions);
        self.module(file, node);
        self.waiting_classes.clear();
        self.waiting_functions.clear();
    }

    fn module(&mut self, file: FileId, node: &'a python::Module) {
        let mut names = Names::default();
        let rest = self.add_unit(Unit { file, function: None, start: 0 });
        let mut scope = Scope {
            index: self,
            file,
            prefix: String::new(),
            class: None,
            function: None,
            unit: rest,
            own: None,
            plain: true,
            for_checkers: false,
            names: Some(&mut names),
            order: &mut Vec::new(),
            stars: Vec::new(),
            stores: Vec::new(),
        };
        scope.body(&node.body);
        let (stars, found) = (scope.stars, scope.stores);
        let mut stores: Vec<Symbol> = found.iter().map(|s| s.0).collect();
        stores.sort_unstable();
        stores.dedup();
        for (name, unit) in found {
            let all = self.stores.entry(name).or_default();
            if all.last() != Some(&unit) {
                all.push(unit);
            }
        }
        let Met { classes, functions, mut on_objects, asked_for, added, packages, imported, .. } = std::mem::take(&mut self.met);
        on_objects.extend(added.iter().filter_map(|name| constant(&names, *name)).map(|name| by_adding(Some(&name))));
        if on_objects.iter().any(|name| name.as_str().starts_with(by_adding(None).as_str())) {
            on_objects.insert(by_adding(None));
        }
        self.packages.extend(packages.iter().copied());
        let (packages, imported) = (packages.into_iter().collect(), imported.into_iter().collect());
        on_objects.extend(asked_for.iter().copied());
        for name in &on_objects {
            *self.set_on_objects.entry(*name).or_default() += 1;
        }
        let def = ModuleDef { file, node, names, stars, set_on_objects: on_objects, asked_for, packages, imported, stores, classes, functions };
        if let Some(old) = self.modules.insert(file, def) {
            for name in &old.set_on_objects {
                self.set_on_objects.entry(*name).and_modify(|n| *n -= 1);
            }
            for name in &old.stores {
                let units = &self.units;
                // Those of the new tree have higher numbers than its own rest.
                self.stores.entry(*name).and_modify(|all| all.retain(|u| units[u.0 as usize].file != file || *u >= rest));
            }
        }
    }

    /// A Python file's definitions.
    pub fn module_of(&self, file: FileId) -> Option<&ModuleDef<'a>> {
        let found = self.modules.get(&file);
        if found.is_none() {
            self.reads(file);
        }
        found
    }

    pub(super) fn add_unit(&mut self, unit: Unit) -> UnitId {
        self.units.push(unit);
        UnitId(u32::try_from(self.units.len() - 1).unwrap_or(u32::MAX))
    }

    /// The classes of a file, in source order.
    pub fn classes_of(&self, file: FileId) -> &[ClassId] {
        self.modules.get(&file).map_or(&[], |m| &m.classes)
    }

    /// The functions of a file, in source order.
    pub fn functions_of(&self, file: FileId) -> &[FunctionId] {
        self.modules.get(&file).map_or(&[], |m| &m.functions)
    }

    /// The unit with that id.
    pub fn unit(&self, id: UnitId) -> Unit {
        self.units[id.0 as usize]
    }

    /// Attributes that a file sets on something other than a method's own object.
    pub fn stores_in(&self, file: FileId) -> &[Symbol] {
        self.modules.get(&file).map_or(&[], |m| &m.stores)
    }

    /// Whether a function is walked by itself.
    pub fn is_unit(&self, id: FunctionId) -> bool {
        self.unit(self.function(id).unit).function == Some(id)
    }

    /// Where an attribute of that name is set on something other than a method's own object.
    pub fn stores_of(&self, attribute: Symbol) -> &[UnitId] {
        self.stores.get(&attribute).map_or(&[], Vec::as_slice)
    }

    /// Whether code may set that attribute of a class's objects.
    pub(super) fn may_store(&self, class: ClassId, attribute: Symbol) -> bool {
        let def = self.class(class);
        self.beyond.is_some() || !def.constructs.is_empty() || def.stores.iter().any(|s| s.0 == attribute) || self.stores.contains_key(&attribute)
    }

    /// Puts units in the order of files and places.
    pub fn sort_units(&self, units: &mut Vec<UnitId>) {
        units.sort_unstable_by_key(|u| (self.unit(*u).file, self.unit(*u).start, u.0));
        units.dedup();
    }

    /// Gives a definition its number: that of the one whose place it takes, else the next.
    pub(super) fn add_class(&mut self, def: ClassDef<'a>) -> ClassId {
        let waiting = self.waiting_classes.get_mut(&def.qualname).and_then(Vec::pop);
        let id = waiting.unwrap_or(ClassId(u32::try_from(self.classes.len()).unwrap_or(u32::MAX)));
        self.by_class.insert(address(def.node), id);
        self.met.classes.push(id);
        match waiting {
            Some(id) => self.classes[id.0 as usize] = def,
            None => self.classes.push(def),
        }
        id
    }

    /// The same for a function.
    pub(super) fn add_function(&mut self, def: FunctionDef<'a>) -> FunctionId {
        let waiting = self.waiting_functions.get_mut(&def.qualname).and_then(Vec::pop);
        let id = waiting.unwrap_or(FunctionId(u32::try_from(self.functions.len()).unwrap_or(u32::MAX)));
        self.by_function.insert(address(def.node), id);
        self.met.functions.push(id);
        if is_user_loader(&def) {
            self.user_loaders.push(id);
        }
        match waiting {
            Some(id) => self.functions[id.0 as usize] = def,
            None => self.functions.push(def),
        }
        id
    }

    /// Whether all files are read that have functions which give an application's users; asks for those that are not.
    pub fn knows_user_loaders(&self) -> bool {
        let Some(beyond) = self.beyond else { return true };
        let files = beyond.lines(Table::Loaders).filter_map(|(file, _)| file.parse().ok().map(FileId));
        let unread: Vec<FileId> = files.filter(|f| self.module_of(*f).is_none()).collect();
        unread.iter().for_each(|f| beyond.miss(*f));
        unread.is_empty()
    }

    /// Functions that give an application's users.
    pub fn user_loaders(&self) -> impl Iterator<Item = FunctionId> {
        let mut all: Vec<_> = self.user_loaders.iter().copied().filter(|f| is_user_loader(self.function(*f))).collect();
        all.sort_unstable();
        all.dedup();
        all.into_iter()
    }

    /// Whether a class may have an attribute that only code gives it while it runs: `setattr(x, "name", …)` says so of any `x`, and what begins with
    /// an underscore is set by hand where columns hardly ever are.
    pub fn is_set_on_classes(&self, attribute: Symbol) -> bool {
        self.is_set_on_objects(super::scope::by_setattr(attribute)) || attribute.as_str().starts_with('_') && self.is_set_on_objects(attribute)
    }

    /// Whether any code sets an attribute of that name on an object.
    pub fn is_set_on_objects(&self, attribute: Symbol) -> bool {
        self.set_on_objects.get(&attribute).is_some_and(|files| *files > 0) || self.beyond.is_some_and(|b| b.any(Table::OnObjects, attribute.as_str()))
    }

    /// The definition with that id.
    pub fn class(&self, id: ClassId) -> &ClassDef<'a> {
        let def = &self.classes[id.0 as usize];
        if self.beyond.is_some() && !self.modules.contains_key(&def.file) {
            self.reads(def.file);
        }
        def
    }

    /// Says that the text of a file is looked at, which need not be Python.
    pub fn reads(&self, file: FileId) {
        if let Some(beyond) = self.beyond {
            beyond.miss(file);
        }
    }

    /// The file and the qualified name of a class; its file need not be read for it.
    pub fn class_name(&self, id: ClassId) -> (FileId, &str) {
        let def = &self.classes[id.0 as usize];
        (def.file, &def.qualname)
    }

    /// The definition with that id.
    pub fn function(&self, id: FunctionId) -> &FunctionDef<'a> {
        &self.functions[id.0 as usize]
    }

    /// The id of a class by its node.
    pub fn class_of(&self, node: &python::Class) -> Option<ClassId> {
        self.by_class.get(&address(node)).copied()
    }

    /// The id of a function by its node.
    pub fn function_of(&self, node: &python::Function) -> Option<FunctionId> {
        self.by_function.get(&address(node)).copied()
    }

    /// All classes of files that are read, in file and then source order.
    pub fn class_ids(&self) -> Vec<ClassId> {
        match self.beyond {
            None => (0..u32::try_from(self.classes.len()).unwrap_or(u32::MAX)).map(ClassId).collect(),
            Some(_) => self.order.iter().flat_map(|f| self.classes_of(*f)).copied().collect(),
        }
    }
}
