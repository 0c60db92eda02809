//! Walks that need not be made again.
//!
//! Code is walked in rounds ([`super::rounds`]), and what a walk shows hangs on the code and on what it is told when it asks what functions give and what attributes
//! hold. What each walk asks is noted; one that would be told the same in a later round would show the same, so it stands for that round too, and for the last one,
//! which counts. Whether it would is asked in the order in which the walk asked, up to the first answer that differs: no more is worked out than the walk itself
//! would have.

use std::cell::RefCell;
use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashSet;

use crate::symbol::Symbol;

use super::eval::Evaluator;
use super::index::{ClassId, FunctionId, UnitId};
use super::libraries;
use super::rounds::Summary;
use super::uses::Uses;
use super::value::Value;
use super::world::World;

/// What a walk asks of those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Question {
    /// What a function gives.
    Gives(FunctionId),
    /// What an attribute of a class's objects holds.
    Holds(ClassId, Symbol),
}

/// What was asked, in order, each once; `None` if nothing was.
pub(super) type Asked = Option<Arc<[Question]>>;

thread_local! {
    /// Who is being listened to, innermost last. Nobody is while the last walk goes on.
    static LISTENING: RefCell<Vec<Vec<Question>>> = const { RefCell::new(Vec::new()) };
}

/// Listens to what is asked until it is dropped, or asked what that was.
pub(super) struct Listening {
    /// How many were listened to before; `None` if nobody is.
    before: Option<usize>,
}

impl Listening {
    /// Begins to listen to a walk.
    pub fn to_walk() -> Self {
        LISTENING.with_borrow_mut(|all| {
            all.push(Vec::new());
            Self { before: Some(all.len() - 1) }
        })
    }

    /// Begins to listen to how something is worked out that will be remembered, if whoever works it out is listened to.
    pub fn to_answer() -> Self {
        LISTENING.with_borrow_mut(|all| {
            let before = (!all.is_empty()).then_some(all.len());
            if before.is_some() {
                all.push(Vec::new());
            }
            Self { before }
        })
    }

    /// Whether anybody listens: else nothing is known of what was asked.
    pub fn is_heard(&self) -> bool {
        self.before.is_some()
    }

    /// What was asked; whoever needed the answer has asked it as well.
    pub fn answered(self) -> Asked {
        let asked = self.asked();
        repeat(&asked);
        asked
    }

    /// What was asked.
    pub fn asked(self) -> Asked {
        let mut all = self.before.and_then(|before| {
            LISTENING.with_borrow_mut(|listening| {
                listening.truncate(before + 1);
                listening.pop()
            })
        })?;
        if all.len() > 1 {
            let mut seen = FxHashSet::default();
            all.retain(|q| seen.insert(*q));
        }
        (!all.is_empty()).then(|| all.into())
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        // After a panic others may be left above.
        if let Some(before) = self.before {
            LISTENING.with_borrow_mut(|all| all.truncate(before));
        }
    }
}

/// Says that something is asked.
pub(super) fn ask(question: Question) {
    LISTENING.with_borrow_mut(|all| {
        if let Some(last) = all.last_mut()
            && last.last() != Some(&question)
        {
            last.push(question);
        }
    });
}

/// Says that everything is asked that an answer took when it was worked out.
pub(super) fn repeat(asked: &Asked) {
    let Some(asked) = asked else { return };
    LISTENING.with_borrow_mut(|all| {
        if let Some(last) = all.last_mut() {
            last.extend_from_slice(asked);
        }
    });
}

/// What a walk showed besides what the function gives: what the last walk takes over.
#[derive(Debug, Default)]
pub(super) struct Shown<'a>(Mutex<Taken<'a>>);

#[derive(Debug, Default)]
enum Taken<'a> {
    /// Not to be taken over, or taken over already.
    #[default]
    No,
    /// There is nothing to be seen.
    Nothing,
    Something(Box<(Uses, libraries::State<'a>)>),
}

impl<'a> Shown<'a> {
    /// What an evaluator saw that walked one function and nothing else.
    pub fn of(ev: Evaluator<'_, 'a>) -> Self {
        // What is seen in another function with this one's arguments may be seen again by the next caller, and is to be noted once.
        let taken = match () {
            // What was looked into before in the same file counts here.
            () if ev.walked_through > 0 || !ev.looked_apart.is_empty() => Taken::No,
            () if ev.uses.is_empty() && ev.state.is_untouched() => Taken::Nothing,
            () => Taken::Something(Box::new((ev.uses, ev.state))),
        };
        Self(Mutex::new(taken))
    }
}

impl<'a> World<'a> {
    /// Whether a walk of an earlier round would be told the same now.
    pub(super) fn told_the_same(&self, asked: &Asked, then: usize, now: usize) -> bool {
        asked.iter().flat_map(|a| a.iter()).all(|question| match *question {
            Question::Gives(f) => {
                let (old, new) = (self.summary_in(then, f), self.summary_in(now, f));
                std::ptr::eq(old, new) || identical_summaries(old, new)
            }
            Question::Holds(class, name) => match (self.attribute_in(then, class, name), self.attribute_in(now, class, name)) {
                (None, None) => true,
                (Some(old), Some(new)) => identical(&old, &new),
                _ => false,
            },
        })
    }
}

impl Evaluator<'_, '_> {
    /// Takes over what an earlier walk over a function showed, where this one would show the same; `false` if it must be made.
    pub(super) fn takes_over(&mut self, unit: UnitId) -> bool {
        let is_plain = !self.quiet && self.through.is_empty() && self.trail.is_empty() && self.state.is_plain();
        let Some(shown) = is_plain.then(|| self.world.shown(unit)).flatten() else { return false };
        let mut taken = shown.0.lock().unwrap_or_else(PoisonError::into_inner);
        match std::mem::take(&mut *taken) {
            Taken::No => false,
            Taken::Nothing => true,
            Taken::Something(seen) if self.state.may_add(&seen.1) => {
                let (uses, state) = *seen;
                self.uses.append(uses);
                self.state.add(state);
                true
            }
            Taken::Something(_) => false,
        }
    }
}

fn identical_summaries(a: &Summary<'_>, b: &Summary<'_>) -> bool {
    let yields = match (&a.yields, &b.yields) {
        (None, None) => true,
        (Some(a), Some(b)) => identical(a, b),
        _ => false,
    };
    a.hands_on == b.hands_on && yields && identical(&a.returns, &b.returns)
}

/// Whether two values cannot be told apart. In doubt they can.
fn identical(a: &Value<'_>, b: &Value<'_>) -> bool {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            let calls = match (a.call, b.call) {
                (None, None) => true,
                (Some((file, call)), Some((other, same))) => file == other && std::ptr::eq(call, same),
                _ => false,
            };
            Arc::ptr_eq(a, b) || (a.path == b.path && calls)
        }
        (Value::Method(a), Value::Method(b)) => a.1 == b.1 && identical(&a.0, &b.0),
        (Value::List(a), Value::List(b)) => {
            let rest = match (&a.rest, &b.rest) {
                (None, None) => true,
                (Some(a), Some(b)) => identical(a, b),
                _ => false,
            };
            Arc::ptr_eq(a, b) || (rest && all_identical(&a.items, &b.items))
        }
        (Value::Tuple(a), Value::Tuple(b)) => Arc::ptr_eq(a, b) || all_identical(a, b),
        (Value::Union(a), Value::Union(b)) => Arc::ptr_eq(a, b) || all_identical(a, b),
        (Value::Mapping(a), Value::Mapping(b)) => Arc::ptr_eq(a, b) || (identical(&a.0, &b.0) && identical(&a.1, &b.1)),
        (Value::Type(a), Value::Type(b)) => Arc::ptr_eq(a, b) || identical(a, b),
        // What libraries call the same may differ in what does not matter to them.
        (Value::Library(_), _) => false,
        (Value::Unknown, Value::Unknown)
        | (Value::None, Value::None)
        | (Value::Bool(_), Value::Bool(_))
        | (Value::Int(_), Value::Int(_))
        | (Value::Str(_), Value::Str(_))
        | (Value::Module(_), Value::Module(_))
        | (Value::Namespace(_), Value::Namespace(_))
        | (Value::External(_), Value::External(_))
        | (Value::Class(_), Value::Class(_))
        | (Value::Instance(_), Value::Instance(_))
        | (Value::Function(_), Value::Function(_))
        | (Value::Lambda(_), Value::Lambda(_))
        | (Value::Dict(_), Value::Dict(_)) => a.same(b),
        _ => false,
    }
}

fn all_identical(a: &[Value<'_>], b: &[Value<'_>]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| identical(a, b))
}
