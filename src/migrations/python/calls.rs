//! Calls of the project's own functions and classes.

use std::rc::Rc;

use crate::symbol::Symbol;

use super::value::{Args, Closure, Code, Instance, Made, Scope, Value};
use super::{Flow, Frame, Host, MAX_CALLS, Machine, methods};
use crate::source::Location;
use crate::syntax::python::{ExprKind, Param, ParamKind};

impl<'a, H: Host<'a>> Machine<'_, 'a, H> {
    /// `function(args)`
    pub(super) fn apply(&mut self, function: &Value<'a>, args: Args<'a>, at: Location) -> Value<'a> {
        match function {
            Value::Function(f) => {
                if H::runs_sql(self, &args, at) {
                    return Value::Unknown;
                }
                self.run(f, args)
            }
            Value::Class(c) => {
                if c.is_enum() {
                    return self.enum_of(c, &args);
                }
                let object = Value::Instance(Rc::new(Instance { class: Rc::clone(c), args: args.clone(), attributes: std::cell::RefCell::default() }));
                if let Some(Value::Function(init)) = self.class_member(c, Symbol::from("__init__")) {
                    let init = Closure { code: init.code, module: init.module, scope: init.scope.clone(), receiver: Some(object.clone()) };
                    self.run(&Rc::new(init), args);
                }
                object
            }
            Value::External(path) => {
                let path = path.as_str();
                if let Some(v) = methods::builtin(self, path, &args, at) {
                    return v;
                }
                H::call(self, path, &args, at).unwrap_or_else(|| Value::Made(Rc::new(Made { path: Symbol::from(path), receiver: None, args, at })))
            }
            Value::Made(m) => {
                let path = Symbol::from(&format!("{}()", m.path));
                Value::Made(Rc::new(Made { path, receiver: Some(function.clone()), args, at }))
            }
            _ => Value::Unknown,
        }
    }

    /// `receiver.name(args)`
    pub(super) fn call_method(&mut self, receiver: &Value<'a>, name: Symbol, args: Args<'a>, at: Location) -> Value<'a> {
        match receiver {
            Value::External(path) => {
                let path = Symbol::from(&format!("{path}.{name}"));
                self.apply(&Value::External(path), args, at)
            }
            Value::Made(m) => {
                if let Some(v) = H::method(self, receiver, name.as_str(), &args, at) {
                    return v;
                }
                if m.path.len() > super::expressions::MAX_PATH {
                    return Value::Unknown;
                }
                let path = Symbol::from(&format!("{}().{name}", m.path.as_str().trim_end_matches("()")));
                Value::Made(Rc::new(Made { path, receiver: Some(receiver.clone()), args, at }))
            }
            Value::Module(_) | Value::Class(_) | Value::Instance(_) => {
                let function = match (receiver, name.as_str()) {
                    (Value::Class(c), _) => match self.class_member(c, name) {
                        Some(Value::Function(f)) if is_classmethod(&f.code) => {
                            Value::Function(Rc::new(Closure { code: f.code, module: f.module, scope: f.scope.clone(), receiver: Some(receiver.clone()) }))
                        }
                        Some(v) => v,
                        None => Value::Unknown,
                    },
                    _ => self.attribute(receiver, name, at.span),
                };
                self.apply(&function, args, at)
            }
            _ => methods::method(self, receiver, name.as_str(), &args, at).unwrap_or_default(),
        }
    }

    fn enum_of(&mut self, class: &Rc<super::ClassValue<'a>>, args: &Args<'a>) -> Value<'a> {
        let Some(wanted) = args.positional.first().map(|p| p.0.clone()) else { return Value::Unknown };
        let members = self.iterate(&Value::Class(Rc::clone(class))).unwrap_or_default().0;
        let value = Symbol::from("value");
        members
            .into_iter()
            .find(|m| matches!(m, Value::Instance(i) if i.attributes.borrow().get(&value).is_some_and(|v| v.equals(&wanted) == Some(true))))
            .unwrap_or_default()
    }

    fn run(&mut self, f: &Rc<Closure<'a>>, mut args: Args<'a>) -> Value<'a> {
        if self.frames.len() > MAX_CALLS || !self.step() {
            return Value::Unknown;
        }
        if let Some(receiver) = &f.receiver {
            let at = self.here();
            args.positional.insert(0, (receiver.clone(), at));
        }
        let params: &'a [Param] = match f.code {
            Code::Def(d) => &d.params,
            Code::Lambda(l) => &l.0,
        };
        let scope = Scope::inside(f.scope.clone());
        let frame = Frame { module: f.module, scope: Some(Rc::clone(&scope)), yields: Rc::default() };
        self.frames.push(frame);
        self.bind_params(params, args);
        let depth = self.doubts.len();
        let value = self.limited(|m| match f.code {
            Code::Def(d) => match m.body(&d.body) {
                Flow::Return(v) => v,
                Flow::Raise => Value::Unknown,
                Flow::Next | Flow::Break | Flow::Continue => Value::None,
            },
            Code::Lambda(l) => m.eval(&l.1),
        });
        // A way out in between makes what is returned at the end one of several values.
        let value = if self.doubts.len() > depth { Value::Unknown } else { value };
        self.doubts.truncate(depth);
        let yields = self.frames.pop().map(|f| f.yields.take()).unwrap_or_default();
        if yields.is_empty() { value } else { Value::list(yields, false) }
    }

    fn bind_params(&mut self, params: &'a [Param], args: Args<'a>) {
        let open = args.open;
        let mut positional = args.positional.into_iter();
        let mut keywords = args.keywords;
        for p in params {
            let mut named = || keywords.iter().position(|k| k.0 == p.name.name).map(|n| keywords.remove(n).1);
            let value = match p.kind {
                ParamKind::Args => Some(Value::list(positional.by_ref().map(|a| a.0).collect(), open)),
                ParamKind::Kwargs => {
                    let at = self.here();
                    let entries = keywords.drain(..).map(|(k, v, _)| (Value::text(k.as_str(), at), v)).collect();
                    Some(Value::dict(entries, open))
                }
                ParamKind::KeywordOnly => named(),
                ParamKind::Plain => positional.next().map(|a| a.0).or_else(named),
            };
            let value = match (value, &p.default) {
                (Some(v), _) => v,
                (None, _) if open => Value::Unknown,
                (None, Some(default)) => self.eval(default),
                (None, None) => Value::Unknown,
            };
            self.bind(p.name.name, value);
        }
    }
}

fn is_classmethod(code: &Code<'_>) -> bool {
    matches!(code, Code::Def(f) if f.decorators.iter().any(|d| matches!(d.kind, ExprKind::Name(n) if n == "classmethod")))
}
