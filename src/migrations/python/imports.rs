//! Imports, and the names of modules that were not run: each is looked up when it is asked for.

use std::rc::Rc;

use crate::symbol::Symbol;

use super::modules;
use super::value::{Closure, Code, Value};
use super::{Frame, Host, Machine};
use crate::syntax::python::{ExprKind, ImportFrom, Stmt, StmtKind};

impl<'a, H: Host<'a>> Machine<'_, 'a, H> {
    pub(super) fn import(&mut self, module: Symbol, alias: Option<Symbol>) -> (Symbol, Value<'a>) {
        let first = module.as_str().split('.').next().unwrap_or_default();
        match alias {
            Some(alias) => (alias, self.module_value(0, module.as_str())),
            None => (Symbol::from(first), self.module_value(0, first)),
        }
    }

    /// The module that an import names.
    pub(super) fn module_value(&mut self, level: u32, module: &str) -> Value<'a> {
        let from = self.modules[self.frame().module].path.clone();
        match modules::resolve(self.files, &from, level, module) {
            Some((path, ..)) => self.load(&path).map_or(Value::Unknown, Value::Module),
            None if level == 0 => Value::External(Symbol::from(module)),
            None => Value::Unknown,
        }
    }

    pub(super) fn import_from(&mut self, i: &'a ImportFrom) {
        for (name, alias) in &i.names {
            if name.as_str() == "*" {
                continue;
            }
            let value = self.imported(i.level, i.module, name.name);
            self.bind(alias.unwrap_or(name.name), value);
        }
    }

    /// `from module import name`
    pub(super) fn imported(&mut self, level: u32, module: Symbol, name: Symbol) -> Value<'a> {
        let base = self.module_value(level, module.as_str());
        match base {
            Value::Module(m) => match self.module_name(m, name) {
                Some(v) => v,
                None => self.submodule(m, name).unwrap_or_default(),
            },
            base => {
                let whole = if module.is_empty() { name.as_str().to_owned() } else { format!("{module}.{name}") };
                match self.module_value(level, &whole) {
                    Value::Module(m) => Value::Module(m),
                    _ => match base.path() {
                        Some(path) => Value::External(Symbol::from(&format!("{path}.{name}"))),
                        None => Value::Unknown,
                    },
                }
            }
        }
    }

    /// The module `name` inside a package.
    pub(super) fn submodule(&mut self, package: usize, name: Symbol) -> Option<Value<'a>> {
        let folder = self.modules[package].path.strip_suffix("__init__.py")?.to_owned();
        [format!("{folder}{name}.py"), format!("{folder}{name}/__init__.py")].iter().find_map(|p| self.load(p)).map(Value::Module)
    }

    /// A name of a module: what its run bound, else what its text binds, looked up when it is asked for.
    pub(super) fn module_name(&mut self, module: usize, name: Symbol) -> Option<Value<'a>> {
        if let Some(v) = self.modules[module].globals.names.borrow().get(&name) {
            return Some(v.clone());
        }
        if !self.modules[module].resolving.borrow_mut().insert(name) {
            return None;
        }
        self.frames.push(Frame { module, scope: None, yields: Rc::default() });
        let node = self.modules[module].node;
        let found = self.find_global(&node.body, name);
        self.frames.pop();
        self.modules[module].resolving.borrow_mut().remove(&name);
        if let Some(v) = &found {
            self.modules[module].globals.set(name, v.clone());
        }
        found
    }

    /// The last statement of a module's top level that binds the name.
    fn find_global(&mut self, body: &'a [Stmt], name: Symbol) -> Option<Value<'a>> {
        for stmt in body.iter().rev() {
            let found = match &stmt.kind {
                StmtKind::Assign(a) => a.0.iter().any(|t| matches!(t.kind, ExprKind::Name(n) if n == name)).then(|| self.eval(&a.1)),
                StmtKind::AnnAssign(a) if matches!(a.0.kind, ExprKind::Name(n) if n == name) => a.2.as_ref().map(|v| self.eval(v)),
                StmtKind::Function(f) if f.name.name == name => {
                    Some(Value::Function(Rc::new(Closure { code: Code::Def(f), module: self.frame().module, scope: None, receiver: None })))
                }
                StmtKind::Class(c) if c.name.name == name => Some(self.class(c)),
                StmtKind::Import(names) => names
                    .iter()
                    .find(|n| n.alias.map_or_else(|| n.module.as_str().split('.').next() == Some(name.as_str()), |a| a == name))
                    .map(|n| self.import(n.module, n.alias).1),
                StmtKind::ImportFrom(i) => {
                    let hit = i.names.iter().find(|(n, alias)| alias.unwrap_or(n.name) == name);
                    match hit {
                        Some((n, _)) => Some(self.imported(i.level, i.module, n.name)),
                        None if i.names.iter().any(|(n, _)| n.as_str() == "*") => match self.module_value(i.level, i.module.as_str()) {
                            Value::Module(m) => self.module_name(m, name),
                            _ => None,
                        },
                        None => None,
                    }
                }
                StmtKind::If(_) | StmtKind::Try(_) | StmtKind::With(_) => {
                    let bodies = stmt.bodies();
                    bodies.into_iter().find_map(|b| self.find_global(b, name))
                }
                _ => None,
            };
            if found.is_some() {
                return found;
            }
        }
        None
    }
}
