//! Local names and their values.
//!
//! Where ways through the code part, each goes on from what was known before; most change little of it. So a copy shares what it was copied from, and keeps beside it what
//! it changes; where the ways meet again, only that is compared.

use std::rc::Rc;

use rustc_hash::{FxBuildHasher, FxHashMap};

use super::value::Value;
use crate::symbol::Symbol;

type Names<'a> = FxHashMap<Symbol, Value<'a>>;

/// So many changes are looked through one by one; with more, everything is copied.
const MOST_CHANGES: usize = 8;

/// Room for as many names as most functions have.
const ROOM: usize = 7;

/// Local names and their values.
#[derive(Clone, Debug, Default)]
pub struct Env<'a> {
    /// What is perhaps shared; `None` is nothing.
    shared: Option<Rc<Names<'a>>>,
    /// What is otherwise, each name once; `None` where a name is not bound.
    changes: Vec<(Symbol, Option<Value<'a>>)>,
}

impl<'a> Env<'a> {
    /// What a name is bound to.
    pub fn get(&self, name: &Symbol) -> Option<&Value<'a>> {
        match self.changes.iter().find(|c| c.0 == *name) {
            Some((_, value)) => value.as_ref(),
            None => self.shared.as_ref()?.get(name),
        }
    }

    /// Whether a name is bound.
    pub fn contains_key(&self, name: &Symbol) -> bool {
        self.get(name).is_some()
    }

    /// Binds a name; gives what it was bound to before.
    pub fn insert(&mut self, name: Symbol, value: Value<'a>) -> Option<Value<'a>> {
        match self.own() {
            Some(names) => names.insert(name, value),
            None => self.change(name, Some(value)),
        }
    }

    /// Unbinds a name; gives what it was bound to.
    pub fn remove(&mut self, name: &Symbol) -> Option<Value<'a>> {
        match self.own() {
            Some(names) => names.remove(name),
            None => self.change(*name, None),
        }
    }

    /// Unbinds all names of which that is said.
    pub fn remove_where(&mut self, is_gone: impl Fn(Symbol) -> bool) {
        let gone: Vec<Symbol> = self.iter().map(|(name, _)| name).filter(|name| is_gone(*name)).collect();
        gone.iter().for_each(|name| drop(self.remove(name)));
    }

    /// Changes all values of which that is said.
    pub fn change_where(&mut self, is_meant: impl Fn(&Value<'a>) -> bool, change: impl Fn(&mut Value<'a>)) {
        let meant: Vec<(Symbol, Value<'a>)> = self.iter().filter(|(_, value)| is_meant(value)).map(|(name, value)| (name, value.clone())).collect();
        for (name, mut value) in meant {
            change(&mut value);
            self.insert(name, value);
        }
    }

    /// All names and their values, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (Symbol, &Value<'a>)> {
        let is_changed = |name: &Symbol| self.changes.iter().any(|c| c.0 == *name);
        let kept = self.shared.iter().flat_map(|names| names.iter()).filter(move |(name, _)| !is_changed(name)).map(|(name, value)| (*name, value));
        kept.chain(self.changes.iter().filter_map(|(name, value)| Some((*name, value.as_ref()?))))
    }

    /// What is known where two ways meet: of names that both bind, `both` says what they are (of one that neither has bound anew, it is what it was); others are what
    /// either says.
    #[must_use]
    pub fn meet(mut self, other: Self, both: impl Fn(&Value<'a>, Value<'a>) -> Value<'a>) -> Self {
        let is_one = match (&self.shared, &other.shared) {
            (Some(a), Some(b)) => Rc::ptr_eq(a, b),
            (a, b) => a.is_none() && b.is_none(),
        };
        let met = |name: Symbol, theirs: Value<'a>| {
            let value = match self.get(&name) {
                Some(ours) => both(ours, theirs),
                None => theirs,
            };
            (name, value)
        };
        let names: Vec<(Symbol, Value<'a>)> = if is_one {
            let only_ours = self.changes.iter().filter(|c| other.changes.iter().all(|o| o.0 != c.0));
            let before = only_ours.filter_map(|(name, _)| Some((*name, other.get(name)?.clone())));
            let theirs = other.changes.iter().filter_map(|(name, value)| Some((*name, value.clone()?)));
            before.chain(theirs).map(|(name, value)| met(name, value)).collect()
        } else {
            other.iter().map(|(name, value)| met(name, value.clone())).collect()
        };
        drop(other);
        names.into_iter().for_each(|(name, value)| drop(self.insert(name, value)));
        self
    }

    /// The names, where nobody shares them.
    fn own(&mut self) -> Option<&mut Names<'a>> {
        if self.changes.len() >= MOST_CHANGES
            && let Some(shared) = &mut self.shared
        {
            Rc::make_mut(shared);
        }
        let names = Rc::get_mut(self.shared.get_or_insert_with(|| Rc::new(Names::with_capacity_and_hasher(ROOM, FxBuildHasher))))?;
        for (name, value) in self.changes.drain(..) {
            match value {
                Some(value) => drop(names.insert(name, value)),
                None => drop(names.remove(&name)),
            }
        }
        Some(names)
    }

    fn change(&mut self, name: Symbol, value: Option<Value<'a>>) -> Option<Value<'a>> {
        if let Some(known) = self.changes.iter_mut().find(|c| c.0 == name) {
            return std::mem::replace(&mut known.1, value);
        }
        let before = self.shared.as_ref().and_then(|names| names.get(&name).cloned());
        self.changes.push((name, value));
        before
    }
}

impl<'a> Extend<(Symbol, Value<'a>)> for Env<'a> {
    fn extend<T: IntoIterator<Item = (Symbol, Value<'a>)>>(&mut self, names: T) {
        names.into_iter().for_each(|(name, value)| drop(self.insert(name, value)));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn shown(env: &Env<'_>) -> BTreeMap<Symbol, String> {
        let all: BTreeMap<_, _> = env.iter().map(|(name, value)| (name, format!("{value:?}"))).collect();
        assert_eq!(env.iter().count(), all.len(), "each name once");
        all
    }

    /// Copies that change as a plain table does, and meet as plain tables would.
    #[test]
    fn copies_are_what_plain_tables_would_be() {
        let mut random = 7_u64;
        let mut next = |below: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (random >> 33) % below
        };
        let name = |n: u64| Symbol::from(&format!("n{n}"));
        let both = |a: &Value<'static>, b: Value<'static>| if a.same(&b) { b } else { Value::union([a.clone(), b]) };
        for _ in 0..300 {
            let mut all: Vec<(Env<'static>, FxHashMap<Symbol, Value<'static>>)> = vec![<_>::default()];
            for _ in 0..60 {
                let at = usize::try_from(next(all.len() as u64)).expect("small");
                match next(8) {
                    0 => all.push(all[at].clone()),
                    1 => {
                        let n = name(next(20));
                        let (env, plain) = &mut all[at];
                        assert_eq!(format!("{:?}", env.remove(&n)), format!("{:?}", plain.remove(&n)));
                    }
                    2 if all.len() > 1 => {
                        let (env, plain) = all.swap_remove(at);
                        let (other, theirs) = all.pop().expect("another");
                        let mut met = plain;
                        for (n, v) in theirs {
                            let value = met.get(&n).map_or(v.clone(), |ours| both(ours, v));
                            met.insert(n, value);
                        }
                        all.push((env.meet(other, both), met));
                    }
                    3 => {
                        let (env, plain) = &mut all[at];
                        env.change_where(|v| matches!(v, Value::Int(3)), |v| *v = Value::Int(4));
                        plain.values_mut().filter(|v| matches!(v, Value::Int(3))).for_each(|v| *v = Value::Int(4));
                        env.remove_where(|n| n.ends_with('7'));
                        plain.retain(|n, _| !n.ends_with('7'));
                    }
                    _ => {
                        let (n, v) = (name(next(20)), Value::Int(i64::try_from(next(6)).expect("small")));
                        let (env, plain) = &mut all[at];
                        assert_eq!(format!("{:?}", env.insert(n, v.clone())), format!("{:?}", plain.insert(n, v)));
                    }
                }
                for (env, plain) in &all {
                    assert_eq!(shown(env), plain.iter().map(|(n, v)| (*n, format!("{v:?}"))).collect());
                    assert!((0..20).all(|n| env.contains_key(&name(n)) == plain.contains_key(&name(n))));
                }
            }
        }
    }
}
