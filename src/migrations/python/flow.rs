//! Statements.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::super::files::database_of;
use super::value::{ClassValue, Closure, Code, Scope, Value};
use super::{Frame, Host, Machine};
use crate::symbol::Symbol;
use crate::syntax::python::{BinaryOp, Class, Expr, ExprKind, If, Stmt, StmtKind, Try};

/// How a list of statements ended.
#[derive(Clone, Debug)]
pub enum Flow<'a> {
    /// At its end.
    Next,
    /// `break`
    Break,
    /// `continue`
    Continue,
    /// `return`
    Return(Value<'a>),
    /// `raise`
    Raise,
}

/// Turns of one loop.
const MAX_TURNS: usize = 20_000;
/// Turns of a `while` loop: what counts further than this counts rows.
const MAX_WHILE: usize = 200;

type Names<'a> = FxHashMap<Symbol, Value<'a>>;

impl<'a, H: Host<'a>> Machine<'_, 'a, H> {
    /// Runs statements. A doubt that an early exit leaves behind lasts to the end of the function; the caller takes it back.
    pub(super) fn body(&mut self, body: &'a [Stmt]) -> Flow<'a> {
        for stmt in body {
            if !self.step() {
                return Flow::Raise;
            }
            match self.statement(stmt) {
                Flow::Next => {}
                other => return other,
            }
        }
        Flow::Next
    }

    fn statement(&mut self, stmt: &'a Stmt) -> Flow<'a> {
        match &stmt.kind {
            StmtKind::Prose => {}
            StmtKind::Expr(e) => {
                let value = self.eval(e);
                if self.ends_program(e, &value) {
                    return Flow::Raise;
                }
            }
            StmtKind::Assign(a) => {
                let value = self.eval(&a.1);
                for target in &a.0 {
                    self.assign(target, value.clone());
                }
            }
            StmtKind::AnnAssign(a) => {
                if let Some(value) = &a.2 {
                    let value = self.eval(value);
                    self.assign(&a.0, value);
                }
            }
            StmtKind::AugAssign(a) => {
                let (left, right) = (self.eval(&a.0), self.eval(&a.2));
                // `list += other` changes the list itself.
                if let (BinaryOp::Add, Value::List(l), Some((items, open))) = (a.1, &left, right.items()) {
                    let mut l = l.borrow_mut();
                    l.items.extend(items);
                    l.open |= open;
                } else {
                    let value = self.binary(&left, a.1, &right, stmt.span);
                    self.assign(&a.0, value);
                }
            }
            StmtKind::Return(e) => {
                let value = e.as_deref().map_or(Value::None, |e| self.eval(e));
                return Flow::Return(value);
            }
            StmtKind::Raise(_) => return Flow::Raise,
            StmtKind::Assert(e) => {
                // `assert sessions` after a query: what follows happens only if it held.
                self.eval(e);
            }
            StmtKind::If(i) => return self.branch(i),
            StmtKind::For(f) => return self.for_loop(&f.target, &f.iter, &f.body, &f.orelse),
            StmtKind::While(w) => return self.while_loop(&w.0, &w.1),
            StmtKind::With(w) => return self.with(&w.0, &w.1),
            StmtKind::Try(t) => return self.try_block(t),
            StmtKind::Match(m) => {
                self.eval(&m.0);
                for case in &m.1 {
                    for b in &case.binds {
                        self.bind(b.name, Value::Unknown);
                    }
                    self.doubtfully(m.0.span, &case.body);
                }
            }
            StmtKind::Function(f) => {
                let closure = Closure { code: Code::Def(f), module: self.frame().module, scope: self.frame().scope.clone(), receiver: None };
                self.bind(f.name.name, Value::Function(Rc::new(closure)));
            }
            StmtKind::Class(c) => {
                let class = self.class(c);
                self.bind(c.name.name, class);
            }
            StmtKind::Import(names) => {
                for n in names.iter() {
                    let (name, value) = self.import(n.module, n.alias);
                    self.bind(name, value);
                }
            }
            StmtKind::ImportFrom(i) => self.import_from(i),
            StmtKind::Delete(_) | StmtKind::Global(_) | StmtKind::TypeAlias(_) | StmtKind::Opaque => {}
            StmtKind::Nothing => return self.jump(stmt),
        }
        Flow::Next
    }

    /// `pass`, `break`, `continue` share a kind; their length tells them apart.
    fn jump(&self, stmt: &Stmt) -> Flow<'a> {
        match stmt.span.len() {
            5 => Flow::Break,
            8 => Flow::Continue,
            _ => Flow::Next,
        }
    }

    fn ends_program(&self, e: &Expr, value: &Value<'a>) -> bool {
        matches!(e.kind, ExprKind::Call(_)) && matches!(value.path(), Some("builtins.exit" | "sys.exit" | "os._exit"))
    }

    /// Runs statements that may not happen.
    fn doubtfully(&mut self, span: crate::source::Span, body: &'a [Stmt]) -> Flow<'a> {
        let at = self.at(span);
        let depth = self.doubts.len();
        self.doubts.push(at);
        let flow = self.body(body);
        self.doubts.truncate(depth);
        flow
    }

    fn names(&self) -> Option<Names<'a>> {
        self.frame().scope.as_ref().map(|s| s.names.borrow().clone())
    }

    fn set_names(&self, names: Names<'a>) {
        if let Some(scope) = &self.frame().scope {
            *scope.names.borrow_mut() = names;
        }
    }

    fn branch(&mut self, i: &'a If) -> Flow<'a> {
        let test = self.eval(&i.test);
        match test.truth().or_else(|| about_database(&i.test)) {
            Some(true) => self.body(&i.body),
            Some(false) => self.body(&i.orelse),
            None => self.both(&i.test, &i.body, &i.orelse),
        }
    }

    /// Runs both sides of a condition that cannot be decided. A side that raises is not the one a history that runs has taken.
    fn both(&mut self, test: &'a Expr, body: &'a [Stmt], orelse: &'a [Stmt]) -> Flow<'a> {
        let before = self.names();
        let saved = self.host.save();
        let first = self.doubtfully(test.span, body);
        if matches!(first, Flow::Raise) {
            self.host = saved;
            if let Some(before) = before {
                self.set_names(before);
            }
            return self.body(orelse);
        }
        let after_first = self.names();
        if let Some(before) = before {
            self.set_names(before);
        }
        let saved = self.host.save();
        let second = self.doubtfully(test.span, orelse);
        if matches!(second, Flow::Raise) {
            self.host = saved;
            if let Some(names) = after_first {
                self.set_names(names);
            }
            return first;
        }
        match (&first, &second) {
            (Flow::Next, Flow::Next) => {
                if let (Some(a), Some(b)) = (after_first, self.names()) {
                    self.set_names(merged(&a, &b));
                }
                Flow::Next
            }
            (Flow::Return(a), Flow::Return(b)) => Flow::Return(if a.same(b) { a.clone() } else { Value::Unknown }),
            // One side leaves: what follows may not happen, and if it does, the other side's names hold.
            (_, Flow::Next) => self.stay_in_doubt(test, first),
            (Flow::Next, _) => {
                if let Some(names) = after_first {
                    self.set_names(names);
                }
                self.stay_in_doubt(test, second)
            }
            _ => first,
        }
    }

    /// A way out that may have been taken: the rest of the function (or loop) is in doubt.
    fn stay_in_doubt(&mut self, test: &Expr, left: Flow<'a>) -> Flow<'a> {
        match left {
            Flow::Return(_) => {
                let at = self.at(test.span);
                self.doubts.push(at);
            }
            Flow::Break => self.left_loop = true,
            _ => {}
        }
        Flow::Next
    }

    fn for_loop(&mut self, target: &'a Expr, iter: &'a Expr, body: &'a [Stmt], orelse: &'a [Stmt]) -> Flow<'a> {
        let over = self.eval(iter);
        let (items, open) = self.iterate(&over).unwrap_or((Vec::new(), true));
        let depth = self.doubts.len();
        let mut behind = None;
        for item in items.into_iter().take(MAX_TURNS) {
            self.assign(target, item);
            match self.body(body) {
                Flow::Break => return Flow::Next,
                Flow::Next | Flow::Continue => {}
                other => return other,
            }
            // Turns behind a way out that may have been taken may not happen.
            if std::mem::take(&mut self.left_loop) && behind.is_none() && self.doubts.len() == depth {
                let at = self.at(iter.span);
                self.doubts.push(at);
                behind = Some(depth);
            }
        }
        if let Some(n) = behind {
            self.doubts.remove(n);
        }
        if open {
            self.assign(target, Value::Unknown);
            let flow = self.doubtfully(iter.span, body);
            if let Flow::Return(_) = flow {
                let at = self.at(iter.span);
                self.doubts.push(at);
            }
        }
        self.body(orelse)
    }

    fn while_loop(&mut self, test: &'a Expr, body: &'a [Stmt]) -> Flow<'a> {
        let depth = self.doubts.len();
        for _ in 0..MAX_WHILE {
            match self.eval(test).truth() {
                Some(false) => return Flow::Next,
                Some(true) if self.step() => match self.body(body) {
                    Flow::Break => return Flow::Next,
                    Flow::Next | Flow::Continue => {}
                    other => return other,
                },
                _ => break,
            }
            // A way out that may have been taken: how often it turns is not known.
            if std::mem::take(&mut self.left_loop) || self.doubts.len() > depth {
                return Flow::Next;
            }
        }
        if let Flow::Return(_) = self.doubtfully(test.span, body) {
            let at = self.at(test.span);
            self.doubts.push(at);
        }
        Flow::Next
    }

    fn with(&mut self, items: &'a [(Expr, Option<Expr>)], body: &'a [Stmt]) -> Flow<'a> {
        for (context, target) in items {
            let value = self.eval(context);
            // A function under `@contextmanager` gives what it yields.
            let value = match (&value, &context.kind) {
                (Value::List(l), ExprKind::Call(_)) => l.borrow().items.first().cloned().unwrap_or_default(),
                _ => value,
            };
            if let Some(target) = target {
                self.assign(target, value);
            }
        }
        self.body(body)
    }

    fn try_block(&mut self, t: &'a Try) -> Flow<'a> {
        let mut flow = self.body(&t.body);
        flow = match flow {
            Flow::Raise => match t.handlers.first() {
                Some(h) => {
                    if let Some(name) = h.name {
                        self.bind(name, Value::Unknown);
                    }
                    self.body(&h.body)
                }
                None => Flow::Raise,
            },
            Flow::Next => self.body(&t.orelse),
            other => other,
        };
        match self.body(&t.finally) {
            Flow::Next => flow,
            other => other,
        }
    }

    /// Binds a target.
    pub(super) fn assign(&mut self, target: &'a Expr, value: Value<'a>) {
        match &target.kind {
            ExprKind::Name(n) => self.bind(*n, value),
            ExprKind::Tuple(parts) | ExprKind::List(parts) => {
                let (items, open) = value.items().unwrap_or((Vec::new(), true));
                let starred = parts.iter().any(|p| matches!(p.kind, ExprKind::Starred(_)));
                for (n, part) in parts.iter().enumerate() {
                    let one = if open || starred { Value::Unknown } else { items.get(n).cloned().unwrap_or_default() };
                    self.assign(part, one);
                }
            }
            ExprKind::Starred(inner) => self.assign(inner, Value::Unknown),
            ExprKind::Attribute(a) => {
                if let Value::Instance(i) = self.eval(&a.value) {
                    i.attributes.borrow_mut().insert(a.attr.name, value);
                }
            }
            ExprKind::Subscript(s) => {
                let base = self.eval(&s.0);
                let key = self.eval(&s.1);
                match base {
                    Value::Dict(d) => d.borrow_mut().set(key, value),
                    Value::List(l) => match key {
                        Value::Int(n) if usize::try_from(n).is_ok_and(|n| n < l.borrow().items.len()) => {
                            l.borrow_mut().items[usize::try_from(n).unwrap_or(0)] = value;
                        }
                        _ => l.borrow_mut().open = true,
                    },
                    _ => {}
                }
            }
            _ => {}
        }
    }

    /// Runs a class body.
    pub(super) fn class(&mut self, node: &'a Class) -> Value<'a> {
        let mut bases = Vec::new();
        for b in &node.bases {
            if matches!(b.kind, crate::syntax::python::ArgKind::Positional) {
                bases.push(self.eval(&b.value));
            }
        }
        let members = Scope::inside(self.frame().scope.clone());
        let frame = Frame { module: self.frame().module, scope: Some(Rc::clone(&members)), yields: Rc::default() };
        let depth = self.doubts.len();
        self.frames.push(frame);
        self.body(&node.body);
        self.frames.pop();
        self.doubts.truncate(depth);
        let mut order = Vec::new();
        for stmt in &node.body {
            let target = match &stmt.kind {
                StmtKind::Assign(a) => a.0.first(),
                StmtKind::AnnAssign(a) => Some(&a.0),
                _ => None,
            };
            if let Some(ExprKind::Name(n)) = target.map(|t| &t.kind) {
                order.push(*n);
            }
        }
        Value::Class(Rc::new(ClassValue { node, module: self.frame().module, members, order, bases }))
    }
}

/// Names after two ways: what differs is unknown.
fn merged<'a>(a: &Names<'a>, b: &Names<'a>) -> Names<'a> {
    let mut out = Names::default();
    for (name, v) in a.iter().chain(b.iter()) {
        let same = match (a.get(name), b.get(name)) {
            (Some(x), Some(y)) => x.same(y),
            _ => false,
        };
        out.insert(*name, if same { v.clone() } else { Value::Unknown });
    }
    out
}

/// What a condition asks of the database, by the names in it, when its value is not known: `is_sqlite`, `settings.pg_uri`, `engine == Engine.POSTGRES`. The history
/// runs on PostgreSQL.
fn about_database(test: &Expr) -> Option<bool> {
    let named = |name: &str, whole: bool| {
        let said = name.split('_').find_map(database_of)?;
        let plain = |w: &str| {
            database_of(w).is_some()
                || matches!(w.to_ascii_lowercase().as_str(), "is" | "use" | "uses" | "using" | "on" | "db" | "database" | "engine" | "dialect")
        };
        (!whole || name.split('_').all(plain)).then_some(said)
    };
    match &test.kind {
        ExprKind::Unary(u) if u.0.as_str() == "not" => about_database(&u.1).map(|t| !t),
        ExprKind::Name(n) => named(n.as_str(), true),
        ExprKind::Attribute(a) => {
            let setting = matches!(a.value.kind, ExprKind::Name(n) if matches!(n.as_str(), "settings" | "config" | "conf"));
            named(a.attr.as_str(), !setting)
        }
        ExprKind::Call(c) if c.args.is_empty() => about_database(&c.func),
        ExprKind::Compare(c) => {
            let ([_, right], [op]) = (c.0.as_slice(), c.1.as_slice()) else { return None };
            let ExprKind::Attribute(a) = &right.kind else { return None };
            let ours = named(a.attr.as_str(), true)?;
            match op.as_str() {
                "==" | "is" => Some(ours),
                "!=" | "is not" => Some(!ours),
                _ => None,
            }
        }
        _ => None,
    }
}
