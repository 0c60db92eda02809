//! One walk over a file for the index: what each scope binds, where attributes are set, what can be walked by itself.

use rustc_hash::FxHashSet;

use crate::source::FileId;
use crate::symbol::Symbol;
use crate::syntax::python::{self, Body, Expr, ExprKind, StmtKind};

use super::index::{Binding, ClassDef, ClassId, FunctionDef, FunctionId, Index, Met, Names, Unit, UnitId, last_name};
use super::libraries::sql_text::dialect;

/// How an attribute is noted that is set by `setattr(x, "name", …)`, or on a class by its name, beside its plain name: no attribute has a blank in its name.
pub(super) fn by_setattr(name: Symbol) -> Symbol {
    Symbol::from(&format!("setattr {name}"))
}

/// How a field is noted that code puts into some class, `x.add_to_class("name", …)`, and that it does so at all.
pub(super) fn by_adding(name: Option<&str>) -> Symbol {
    Symbol::from(&format!("add_to_class {}", name.unwrap_or_default()))
}

/// The name in `x.add_to_class(name, field)` and `field.contribute_to_class(x, name)`; a method that hands on its own does not say it.
fn added(call: &python::Call) -> Option<&Expr> {
    let ExprKind::Attribute(f) = &call.func.kind else { return None };
    match f.attr.as_str() {
        "add_to_class" => call.positional(0),
        "contribute_to_class" => call.positional(1),
        _ => None,
    }
}

/// Attributes that a statement sets on something other than a method's own object, and those that it asks for by `hasattr`.
fn set_on_objects(statement: &python::Stmt, met: &mut Met) {
    let Met { on_objects: found, asked_for, added: added_by_name, .. } = met;
    let named = |call: &python::Call, name: &str| matches!(&call.func.kind, ExprKind::Name(n) if n.as_str() == name);
    let literal = |e: Option<&Expr>| match e.map(|e| &e.kind) {
        Some(ExprKind::Str(s)) => s.constant().map(|t| Symbol::from(&t)),
        _ => None,
    };
    match &statement.kind {
        StmtKind::Assign(a) => {
            a.0.iter().for_each(|t| set_on_target(t, found));
            if matches!(a.0.as_slice(), [Expr { kind: ExprKind::Attribute(_), .. }]) {
                found.extend(other_end(&a.1).map(by_setattr));
            }
        }
        StmtKind::AnnAssign(a) => set_on_target(&a.0, found),
        StmtKind::AugAssign(a) => set_on_target(&a.0, found),
        StmtKind::For(f) => set_on_target(&f.target, found),
        StmtKind::With(w) => w.0.iter().filter_map(|(_, t)| t.as_ref()).for_each(|t| set_on_target(t, found)),
        StmtKind::Expr(e) => {
            if let ExprKind::Call(call) = &e.kind
                && named(call, "setattr")
            {
                let name = literal(call.positional(1));
                found.extend(name);
                found.extend(name.map(by_setattr));
            }
            if let ExprKind::Call(call) = &e.kind
                && let Some(name) = added(call)
            {
                match &name.kind {
                    ExprKind::Str(s) => found.extend(s.constant().map(|name| by_adding(Some(&name)))),
                    ExprKind::Name(name) => added_by_name.push(*name),
                    _ => {}
                }
            }
        }
        StmtKind::If(i) => i.test.each(&mut |e| {
            if let ExprKind::Call(call) = &e.kind
                && named(call, "hasattr")
            {
                asked_for.extend(literal(call.positional(1)));
            }
        }),
        _ => {}
    }
}

/// `Author.books = relationship("Book", backref="author")`, behind the class: what the other class gets by it.
fn other_end(value: &Expr) -> Option<Symbol> {
    let ExprKind::Call(call) = &value.kind else { return None };
    let name = match &call.keyword("backref")?.kind {
        ExprKind::Call(inner) => &inner.argument(0, "name")?.kind,
        kind => kind,
    };
    if let ExprKind::Str(s) = name { s.constant().map(|t| Symbol::from(&t)) } else { None }
}

fn set_on_target(target: &Expr, found: &mut FxHashSet<Symbol>) {
    match &target.kind {
        ExprKind::Attribute(a) if !matches!(&a.value.kind, ExprKind::Name(n) if n.as_str() == "self") => {
            found.insert(a.attr.name);
            // `Base.session = session`: all classes below have it.
            if matches!(&a.value.kind, ExprKind::Name(n) if n.as_str().starts_with(|c: char| c.is_uppercase())) {
                found.insert(by_setattr(a.attr.name));
            }
        }
        ExprKind::Tuple(items) | ExprKind::List(items) => items.iter().for_each(|t| set_on_target(t, found)),
        ExprKind::Starred(inner) => set_on_target(inner, found),
        _ => {}
    }
}

/// A walk over the statements of one scope. Recursion is bounded by the tree's own depth.
pub(super) struct Scope<'i, 'a, 'n> {
    pub(super) index: &'i mut Index<'a>,
    pub(super) file: FileId,
    pub(super) prefix: String,
    pub(super) class: Option<ClassId>,
    pub(super) function: Option<FunctionId>,
    pub(super) unit: UnitId,
    /// A method's own object by its name, and the class of it.
    pub(super) own: Option<(Symbol, ClassId)>,
    /// The statements stand directly in a file or class, under no condition or loop.
    pub(super) plain: bool,
    /// Only type checkers read the statements.
    pub(super) for_checkers: bool,
    /// What is bound, and in which order; of a function nobody asks.
    pub(super) names: Option<&'n mut Names<'a>>,
    pub(super) order: &'n mut Vec<Symbol>,
    pub(super) stars: Vec<(u32, Symbol)>,
    /// Attributes set on something other than a method's own object.
    pub(super) stores: Vec<(Symbol, UnitId)>,
}

impl<'a> Scope<'_, 'a, '_> {
    fn bind(&mut self, name: Symbol, binding: Binding<'a>) {
        let Some(names) = &mut self.names else { return };
        let all = names.entry(name).or_default();
        if all.is_empty() {
            self.order.push(name);
        }
        all.push(binding);
    }

    fn target(&mut self, target: &'a Expr, value: Option<&'a Expr>) {
        match (&target.kind, value) {
            (ExprKind::Name(n), Some(value)) => self.bind(*n, Binding::Value { value, annotation: None, target }),
            (ExprKind::Name(n), None) => self.bind(*n, Binding::Opaque),
            (ExprKind::Tuple(items) | ExprKind::List(items), value) => {
                let values = match value.map(|v| &v.kind) {
                    Some(ExprKind::Tuple(v) | ExprKind::List(v)) if v.len() == items.len() => Some(v),
                    _ => None,
                };
                for (n, item) in items.iter().enumerate() {
                    self.target(item, values.map(|v| &v[n]));
                }
            }
            (ExprKind::Starred(inner), _) => self.target(inner, None),
            (ExprKind::Attribute(_), _) => self.store(target),
            _ => {}
        }
    }

    /// `x.attr = …`
    fn store(&mut self, target: &Expr) {
        let ExprKind::Attribute(a) = &target.kind else { return };
        match (&a.value.kind, self.own) {
            (ExprKind::Name(n), Some((own, class))) if *n == own => {
                let stores = &mut self.index.classes[class.0 as usize].stores;
                if stores.last() != Some(&(a.attr.name, self.unit)) {
                    stores.push((a.attr.name, self.unit));
                }
            }
            _ => self.stores.push((a.attr.name, self.unit)),
        }
    }

    /// Statements that may not be run, or more than once.
    fn within(&mut self, body: &'a Body) {
        let plain = std::mem::replace(&mut self.plain, false);
        self.body(body);
        self.plain = plain;
    }

    pub(super) fn body(&mut self, body: &'a Body) {
        for s in body {
            set_on_objects(s, &mut self.index.met);
            self.statement(&s.kind);
        }
    }

    fn statement(&mut self, kind: &'a StmtKind) {
        match kind {
            StmtKind::Import(names) => {
                for n in names.iter() {
                    let first = n.module.as_str().split('.').next().unwrap_or_default();
                    self.imports(n.module, true);
                    let (name, whole) = n.alias.map_or((Symbol::from(first), false), |a| (a, true));
                    self.bind(name, Binding::Import { module: n.module, whole });
                }
            }
            StmtKind::ImportFrom(from) => {
                self.imports(from.module, from.level == 0);
                self.index.met.imported.extend(from.names.iter().map(|n| n.0.name));
                for (name, alias) in &from.names {
                    if name.as_str() == "*" {
                        self.stars.push((from.level, from.module));
                    } else {
                        self.bind(alias.unwrap_or(name.name), Binding::From { level: from.level, module: from.module, name: name.name });
                    }
                }
            }
            StmtKind::Assign(a) => {
                for t in &a.0 {
                    self.target(t, Some(&a.1));
                }
            }
            StmtKind::AnnAssign(a) => {
                if let ExprKind::Name(n) = a.0.kind {
                    let binding = match &a.2 {
                        Some(value) => Binding::Value { value, annotation: Some(&a.1), target: &a.0 },
                        None => Binding::Declared { annotation: &a.1, target: &a.0 },
                    };
                    self.bind(n, binding);
                } else {
                    self.store(&a.0);
                }
            }
            StmtKind::TypeAlias(a) => self.bind(a.0.name, Binding::Value { value: &a.1, annotation: None, target: &a.1 }),
            StmtKind::AugAssign(a) => {
                if let ExprKind::Name(n) = a.0.kind {
                    self.bind(n, Binding::Opaque);
                } else {
                    self.store(&a.0);
                }
            }
            StmtKind::Expr(e) => self.constructor(e),
            StmtKind::Function(f) => {
                let id = self.function_def(f);
                self.bind(f.name.name, Binding::Function(id));
            }
            StmtKind::Class(c) => {
                let id = self.class_def(c);
                self.bind(c.name.name, Binding::Class(id));
            }
            StmtKind::If(i) if last_name(&i.test).is_some_and(|n| n.as_str() == "TYPE_CHECKING") => self.for_checkers(i),
            StmtKind::If(i) => {
                self.within(&i.body);
                self.within(&i.orelse);
            }
            StmtKind::For(f) => {
                self.target(&f.target, None);
                self.within(&f.body);
                self.within(&f.orelse);
            }
            StmtKind::While(w) => {
                self.within(&w.1);
                self.within(&w.2);
            }
            StmtKind::With(w) => {
                for (_, target) in &w.0 {
                    if let Some(t) = target {
                        self.target(t, None);
                    }
                }
                self.within(&w.1);
            }
            StmtKind::Try(t) => {
                self.within(&t.body);
                for h in &t.handlers {
                    self.within(&h.body);
                }
                self.within(&t.orelse);
                self.within(&t.finally);
            }
            StmtKind::Match(m) => {
                for case in &m.1 {
                    for b in &case.binds {
                        self.bind(b.name, Binding::Opaque);
                    }
                    self.within(&case.body);
                }
            }
            _ => {}
        }
    }

    fn imports(&mut self, module: Symbol, absolute: bool) {
        let met = &mut self.index.met;
        // A file takes many names from few modules.
        if met.modules.insert((module, absolute)) {
            met.imported.extend(module.as_str().split('.').map(Symbol::from));
            if absolute {
                met.packages.insert(Symbol::from(module.as_str().split('.').next().unwrap_or_default()));
            }
        }
    }

    /// `super().__init__(…)` sets attributes of a method's own object.
    fn constructor(&mut self, e: &Expr) {
        if let (Some((_, class)), ExprKind::Call(call)) = (self.own, &e.kind)
            && matches!(&call.func.kind, ExprKind::Attribute(a) if a.attr.as_str() == "__init__")
        {
            self.index.classes[class.0 as usize].constructs.push(self.unit);
        }
    }

    /// What a class declares for the type checker alone exists, and is nothing that a library would map.
    fn for_checkers(&mut self, i: &'a python::If) {
        if self.class.is_none() {
            let outside = std::mem::replace(&mut self.for_checkers, true);
            self.within(&i.body);
            self.for_checkers = outside;
            return self.within(&i.orelse);
        }
        let (mut names, mut order) = (Names::default(), Vec::new());
        let (index, prefix) = (&mut *self.index, self.prefix.clone());
        let (stars, stores) = (Vec::new(), Vec::new());
        let mut scope = Scope { index, prefix, names: Some(&mut names), order: &mut order, stars, stores, ..*self };
        scope.within(&i.body);
        self.stores.append(&mut { scope }.stores);
        order.into_iter().for_each(|name| self.bind(name, Binding::Opaque));
        self.within(&i.orelse);
    }

    fn class_def(&mut self, node: &'a python::Class) -> ClassId {
        let qualname = format!("{}{}", self.prefix, node.name.as_str());
        let id = self.index.add_class(ClassDef {
            file: self.file,
            node,
            qualname: qualname.clone(),
            outer_class: self.class,
            outer_function: self.function,
            names: Names::default(),
            order: Vec::new(),
            stores: Vec::new(),
            constructs: Vec::new(),
            for_checkers: self.for_checkers,
        });
        let (mut names, mut order) = (Names::default(), Vec::new());
        let mut inner = Scope {
            index: self.index,
            file: self.file,
            prefix: format!("{qualname}."),
            class: Some(id),
            function: self.function,
            unit: self.unit,
            own: None,
            plain: self.plain,
            for_checkers: self.for_checkers,
            names: Some(&mut names),
            order: &mut order,
            stars: Vec::new(),
            stores: std::mem::take(&mut self.stores),
        };
        inner.body(&node.body);
        self.stores = inner.stores;
        let def = &mut self.index.classes[id.0 as usize];
        (def.names, def.order) = (names, order);
        id
    }

    fn function_def(&mut self, node: &'a python::Function) -> FunctionId {
        let qualname = format!("{}{}", self.prefix, node.name.as_str());
        let def = FunctionDef {
            file: self.file,
            node,
            qualname: qualname.clone(),
            class: self.class,
            outer: self.function,
            unit: self.unit,
            for_other_database: dialect::named_for_other(&qualname),
        };
        let id = self.index.add_function(def);
        let unit = if self.plain { self.index.add_unit(Unit { file: self.file, function: Some(id), start: node.name.span.start }) } else { self.unit };
        self.index.functions[id.0 as usize].unit = unit;
        let method = |class| node.params.first().filter(|_| !self.index.function(id).has_decorator("staticmethod")).map(|p| (p.name.name, class));
        let own = self.class.map_or(self.own, method);
        let mut inner = Scope {
            index: self.index,
            file: self.file,
            prefix: format!("{qualname}."),
            class: None,
            function: Some(id),
            unit,
            own,
            plain: false,
            for_checkers: self.for_checkers,
            names: None,
            order: &mut Vec::new(),
            stars: Vec::new(),
            stores: std::mem::take(&mut self.stores),
        };
        inner.body(&node.body);
        self.stores = inner.stores;
        id
    }
}
