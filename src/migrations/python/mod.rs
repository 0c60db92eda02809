//! A small interpreter for what migrations do: statements in order, loops over what is known, helper functions with their arguments.
//!
//! Nothing is imported or run. What cannot be decided is [`Value::Unknown`], and what happens under a condition that cannot be decided happens
//! [uncertainly](Machine::uncertain). Calls of anything outside the project are asked of a [`Host`].

mod calls;
mod comprehensions;
mod expressions;
mod flow;
mod imports;
mod methods;
mod modules;
mod paths;
mod strings;
mod value;

use std::cell::RefCell;
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::source::{FileId, Location, Span};
use crate::symbol::Symbol;
use crate::syntax::python::Module;

pub use flow::Flow;
pub use modules::{Disk, Files, Shelf};
pub use value::{Args, ClassValue, Closure, Code, Instance, Made, Pairs, Scope, Value};

/// Steps (statements and calls) that one replay may take: far beyond what people write, within a second.
const MAX_STEPS: usize = 800_000;
/// Steps that one call of a step of the history may take.
const MAX_UPGRADE: usize = 200_000;
/// Steps that a function may take which such a step calls: what goes further computes rows.
const MAX_CALL: usize = 20_000;
/// Calls inside calls.
const MAX_CALLS: usize = 40;

/// What the libraries outside the project do.
pub trait Host<'a>: Sized {
    /// `path(args)`; `None` keeps the call as it is written.
    fn call(machine: &mut Machine<'_, 'a, Self>, path: &'static str, args: &Args<'a>, at: Location) -> Option<Value<'a>>;
    /// `receiver.name(args)` on something outside.
    fn method(machine: &mut Machine<'_, 'a, Self>, receiver: &Value<'a>, name: &'static str, args: &Args<'a>, at: Location) -> Option<Value<'a>>;
    /// `receiver.name` on something outside.
    fn attribute(machine: &mut Machine<'_, 'a, Self>, receiver: &Value<'a>, name: &'static str, at: Location) -> Option<Value<'a>>;
    /// A function of the project is called with these arguments: whether they are a cursor and SQL, which then was run.
    fn runs_sql(_: &mut Machine<'_, 'a, Self>, _: &Args<'a>, _: Location) -> bool {
        false
    }
    /// A name was looked for among the tables there are, and not found.
    fn asked(_: &mut Machine<'_, 'a, Self>, _: &str) {}
    /// How much was done to the database so far, in whatever unit.
    fn done(&self) -> usize {
        0
    }
    /// Keeps the state before a branch that may not be taken.
    fn save(&self) -> Self;
}

/// A module that was reached.
struct Loaded<'a> {
    path: String,
    file: FileId,
    node: &'a Module,
    globals: Rc<Scope<'a>>,
    resolving: RefCell<FxHashSet<Symbol>>,
}

/// Where code is running.
#[derive(Clone)]
struct Frame<'a> {
    module: usize,
    scope: Option<Rc<Scope<'a>>>,
    yields: Rc<RefCell<Vec<Value<'a>>>>,
}

/// The interpreter.
pub struct Machine<'m, 'a, H> {
    /// What the libraries do.
    pub host: H,
    /// Why what happens now may not happen: the conditions around it that could not be decided.
    pub doubts: Vec<Location>,
    files: &'m dyn Files<'a>,
    modules: Vec<Loaded<'a>>,
    by_path: FxHashMap<String, usize>,
    frames: Vec<Frame<'a>>,
    steps: usize,
    /// Where the code that runs now has to end.
    limit: usize,
    /// Calls that are running.
    calls: usize,
    /// A call that changed the database did not come to its end.
    cut: bool,
    /// A loop may have been left: set by `break` under a condition that cannot be decided.
    left_loop: bool,
}

impl<'m, 'a, H: Host<'a>> Machine<'m, 'a, H> {
    /// An interpreter over those files.
    pub fn new(files: &'m dyn Files<'a>, host: H) -> Self {
        Self {
            host,
            doubts: Vec::new(),
            files,
            modules: Vec::new(),
            by_path: FxHashMap::default(),
            frames: Vec::new(),
            steps: 0,
            limit: MAX_STEPS,
            calls: 0,
            cut: false,
            left_loop: false,
        }
    }

    /// Whether what happens now may not happen.
    pub fn uncertain(&self) -> bool {
        !self.doubts.is_empty()
    }

    /// Whether the budget is spent: what would follow is unknown.
    pub fn exhausted(&self) -> bool {
        self.steps >= MAX_STEPS || self.cut
    }

    /// Runs a call, which may take so many steps and no more; one that changed the database and did not come to its end is remembered.
    fn limited<T>(&mut self, run: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.limit;
        let done = self.host.done();
        let steps = if self.calls == 0 { MAX_UPGRADE } else { MAX_CALL };
        self.limit = outer.min(self.steps.saturating_add(steps));
        self.calls += 1;
        let value = run(self);
        self.calls -= 1;
        self.cut |= self.steps >= self.limit && self.host.done() != done;
        self.limit = outer;
        value
    }

    /// The tree of a module that was reached.
    pub fn tree(&self, module: usize) -> &'a Module {
        self.modules[module].node
    }

    /// Loads a file and runs its top level.
    pub fn run_module(&mut self, path: &str) -> Option<usize> {
        let id = self.load(path)?;
        let node = self.modules[id].node;
        self.frames.push(Frame { module: id, scope: None, yields: Rc::default() });
        self.body(&node.body);
        self.frames.pop();
        Some(id)
    }

    /// Loads a file without running it.
    pub fn load(&mut self, path: &str) -> Option<usize> {
        if let Some(&id) = self.by_path.get(path) {
            return Some(id);
        }
        let (file, node) = self.files.python(path)?;
        let id = self.modules.len();
        self.modules.push(Loaded { path: path.to_owned(), file, node, globals: Rc::default(), resolving: RefCell::default() });
        self.by_path.insert(path.to_owned(), id);
        Some(id)
    }

    /// The name of a module that was run, without looking further than what it bound.
    pub fn global(&mut self, module: usize, name: &str) -> Value<'a> {
        self.module_name(module, Symbol::from(name)).unwrap_or_default()
    }

    /// Calls a value with no arguments.
    pub fn call_value(&mut self, function: &Value<'a>, args: Args<'a>, at: Location) -> Value<'a> {
        self.apply(function, args, at)
    }

    /// What is asked of the machine from now on is asked from a module's top level.
    pub fn enter(&mut self, module: usize) {
        self.frames.push(Frame { module, scope: None, yields: Rc::default() });
    }

    /// Undoes [`Self::enter`].
    pub fn leave(&mut self) {
        self.frames.pop();
    }

    /// The file of a module.
    pub fn file_of(&self, module: usize) -> FileId {
        self.modules[module].file
    }

    /// The statements of a module's top level.
    pub fn body_of(&self, module: usize) -> &'a [crate::syntax::python::Stmt] {
        &self.modules[module].node.body
    }

    /// Evaluates an expression that stands in a module's top level.
    pub fn eval_in(&mut self, module: usize, e: &'a crate::syntax::python::Expr) -> Value<'a> {
        self.frames.push(Frame { module, scope: None, yields: Rc::default() });
        let v = self.eval(e);
        self.frames.pop();
        v
    }

    /// Calls a function from the top level of a module.
    pub fn call_in(&mut self, module: usize, function: &Value<'a>, args: Args<'a>, at: Location) -> Value<'a> {
        self.frames.push(Frame { module, scope: None, yields: Rc::default() });
        let v = self.apply(function, args, at);
        self.frames.pop();
        v
    }

    /// What a loop over a value goes through, as far as known.
    pub fn members_of(&mut self, value: &Value<'a>) -> Vec<Value<'a>> {
        self.iterate(value).map(|i| i.0).unwrap_or_default()
    }

    /// `value.name`
    pub fn attribute_of(&mut self, value: &Value<'a>, name: &str) -> Value<'a> {
        self.attribute(value, Symbol::from(name), Span::default())
    }

    /// Whether a class or a base of it defines a name.
    pub fn has_member(&mut self, class: &Rc<ClassValue<'a>>, name: &str) -> bool {
        self.class_member(class, Symbol::from(name)).is_some()
    }

    /// Calls a method of a class on a value of it.
    pub fn call_member(&mut self, value: &Value<'a>, class: &Rc<ClassValue<'a>>, name: &str, args: Vec<Value<'a>>, at: Location) -> Value<'a> {
        let Some(function) = self.class_member(class, Symbol::from(name)) else { return Value::Unknown };
        let positional = std::iter::once(value.clone()).chain(args).map(|v| (v, at)).collect();
        self.apply(&function, Args { positional, ..Args::default() }, at)
    }

    /// Where a class is defined.
    pub fn place_of(&self, class: &ClassValue<'a>) -> Location {
        Location::new(self.modules[class.module].file, class.node.name.span)
    }

    fn frame(&self) -> &Frame<'a> {
        self.frames.last().expect("code runs inside a module's frame")
    }

    fn at(&self, span: Span) -> Location {
        Location::new(self.frames.last().map_or(FileId(0), |f| self.modules[f.module].file), span)
    }

    fn step(&mut self) -> bool {
        self.steps += 1;
        self.steps < self.limit
    }

    fn bind(&mut self, name: Symbol, value: Value<'a>) {
        match &self.frame().scope {
            Some(scope) => scope.set(name, value),
            None => self.modules[self.frame().module].globals.set(name, value),
        }
    }
}
