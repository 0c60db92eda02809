//! What functions give and what objects' attributes hold, worked out when it is first asked for.
//!
//! Code is walked in rounds. Whoever asks in one round what a function gives is told what it gave in the round before, so that each round sees one more call
//! deep and no question leads back to itself. In the first nothing is known of any function; the last one is the walk that counts. What nobody asks for is never
//! walked before that.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use rustc_hash::FxHashMap;

use crate::source::FileId;
use crate::symbol::Symbol;
use crate::syntax::python::is_slow;

use super::again::{Asked, Listening, Question, Shown, ask};
use super::beyond::key;
use super::eval::Evaluator;
use super::index::{ClassId, FunctionId, UnitId};
use super::isolate::isolated;
use super::libraries;
use super::trail::{cuts, reset_cuts};
use super::value::Value;
use super::world::{Place, World};

/// How many rounds there are.
const ROUNDS: usize = 3;

/// What is remembered while models are collected, which is before the first round: expressions then mean something else.
const COLLECTING: usize = ROUNDS;

/// The same while class headers are read, when no class has ancestors yet.
const HEADERS: usize = ROUNDS + 1;

/// What hangs on no round: values that were worked out without asking what functions give or attributes hold.
const ALWAYS: usize = ROUNDS + 2;

thread_local! {
    /// The round that this thread's walk belongs to.
    static ROUND: Cell<usize> = const { Cell::new(ROUNDS - 1) };
    /// This thread is reading class headers.
    static IN_HEADERS: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is reading class headers.
pub(super) fn reads_headers() -> bool {
    IN_HEADERS.get()
}

/// Reads class headers. Circles inside of them are no circles of who asks.
pub(super) fn in_headers<T>(read: impl FnOnce() -> T) -> T {
    /// Leaves them again, be it by a panic.
    struct Leave(bool, u64);
    impl Drop for Leave {
        fn drop(&mut self) {
            IN_HEADERS.set(self.0);
            reset_cuts(self.1);
        }
    }
    let _leave = Leave(IN_HEADERS.replace(true), cuts());
    read()
}

/// What a function or method is known to give.
#[derive(Clone, Debug, Default)]
pub struct Summary<'a> {
    /// The union of its `return`s.
    pub returns: Value<'a>,
    /// The union of its `yield`s, if it has any.
    pub yields: Option<Value<'a>>,
    /// It hands something on to a library that only its caller knows: a table's name, SQL, a query to go on with. Calls of it are walked through.
    pub hands_on: bool,
}

static NOTHING: Summary<'static> = Summary { returns: Value::Unknown, yields: None, hands_on: false };

/// What walking a unit showed.
#[derive(Debug, Default)]
struct Walked<'a> {
    summaries: Vec<(FunctionId, Summary<'a>)>,
    stores: Vec<(ClassId, Symbol, Value<'a>)>,
    /// What it asked.
    asked: Asked,
    /// What it showed besides.
    shown: Shown<'a>,
}

/// Values that code outside of a class's methods gives one attribute, by class, in the order of units.
type StoredElsewhere<'a> = FxHashMap<ClassId, Vec<(UnitId, Value<'a>)>>;

/// What is learnt in each round, and while models are collected.
#[derive(Debug, Default)]
pub(super) struct Rounds<'a>([Round<'a>; ROUNDS + 3]);

/// What is learnt in one round.
#[derive(Debug, Default)]
pub(super) struct Round<'a> {
    /// By the [slot](super::index::Index::slot) of a file: values of module-level names.
    pub globals: Vec<Remembered<(Value<'a>, Asked)>>,
    /// By class id: values of names that class bodies bind.
    pub members: Vec<Remembered<(Value<'a>, Asked)>>,
    /// By class id: what is stored in attributes of its objects. `None`: nothing ever is.
    attributes: Vec<Remembered<Option<Value<'a>>>>,
    elsewhere: RwLock<FxHashMap<Symbol, Arc<StoredElsewhere<'a>>>>,
    walked: Vec<OnceLock<Arc<Walked<'a>>>>,
    /// Units that `walked` knows: forgetting them takes no longer than learning them did.
    log: Mutex<Vec<UnitId>>,
}

impl Round<'_> {
    /// Drops what is known of one file: names stored in it are `stores`. What other files took from it stays.
    fn forget_file(&mut self, slot: usize, classes: &[ClassId], stores: &[Symbol]) {
        self.globals[slot] = Remembered::default();
        for class in classes {
            self.members[class.0 as usize] = Remembered::default();
            self.attributes[class.0 as usize] = Remembered::default();
        }
        let elsewhere = self.elsewhere.get_mut().unwrap_or_else(PoisonError::into_inner);
        stores.iter().for_each(|name| drop(elsewhere.remove(name)));
    }

    /// Drops what was walked. Remembered values go with their phase.
    fn forget(&mut self) {
        self.elsewhere.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
        for unit in self.log.get_mut().unwrap_or_else(PoisonError::into_inner).drain(..) {
            self.walked[unit.0 as usize].take();
        }
    }

    fn resize(&mut self, files: usize, classes: usize, units: usize) {
        self.globals.resize_with(files, Remembered::default);
        self.members.resize_with(classes, Remembered::default);
        self.attributes.resize_with(classes, Remembered::default);
        self.walked.resize_with(units, OnceLock::new);
    }
}

/// Answers by name, as far as they were asked for in one phase.
#[derive(Debug)]
pub(super) struct Remembered<T>(RwLock<Option<Box<Known<T>>>>);

/// A phase, and what is known in it.
type Known<T> = (u32, FxHashMap<Symbol, T>);

impl<T> Default for Remembered<T> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

impl<T: Clone> Remembered<T> {
    pub fn get(&self, phase: u32, name: Symbol) -> Option<T> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.as_ref().filter(|k| k.0 == phase)?.1.get(&name).cloned()
    }

    pub fn put(&self, phase: u32, name: Symbol, value: T) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let known = known.get_or_insert_default();
        if known.0 != phase {
            **known = (phase, FxHashMap::default());
        }
        known.1.insert(name, value);
    }
}

impl<'a> World<'a> {
    /// What is learnt in the round that this thread's walk belongs to.
    pub(super) fn round(&self) -> &Round<'a> {
        let round = match () {
            () if reads_headers() => HEADERS,
            () if self.collecting => COLLECTING,
            () => ROUND.get(),
        };
        &self.rounds.0[round]
    }

    /// What is known in every round; nothing while models are collected.
    pub(super) fn always(&self) -> Option<&Round<'a>> {
        (!self.is_collecting() && !is_slow()).then(|| &self.rounds.0[ALWAYS])
    }

    /// Models are being collected: calls of the project's own functions are run, and declarations keep what they declare. Few expressions are evaluated
    /// in this phase, so it may cost more for each. Class headers are read in the same way at any time.
    pub fn is_collecting(&self) -> bool {
        self.collecting || reads_headers()
    }

    /// Drops everything remembered, because more is known now.
    pub fn forget(&mut self) {
        self.phase += 1;
        self.rounds.0.iter_mut().for_each(Round::forget);
    }

    /// Drops what is known of one file, whose tree was replaced: `stores` are the attributes set in the old one and the new.
    pub(super) fn forget_file(&mut self, file: FileId, stores: &[Symbol]) {
        let classes = self.index.classes_of(file);
        let slot = self.index.slot(file);
        self.rounds.0.iter_mut().for_each(|round| round.forget_file(slot, classes, stores));
    }

    /// Models are collected: what was remembered on the way is of no more use.
    pub(super) fn end_collecting(&mut self) {
        self.collecting = false;
        self.rounds.0[COLLECTING] = Round::default();
    }

    /// Makes room for what will be learnt of every definition.
    pub(super) fn resize_rounds(&mut self) {
        let (files, classes, units) = (self.index.slots(self.sources.len()), self.index.classes.len(), self.index.units.len());
        for (n, round) in self.rounds.0.iter_mut().enumerate() {
            // Nobody asks what the last round gave.
            let walked = if n + 1 < ROUNDS { units } else { 0 };
            round.resize(files, classes, walked);
        }
    }

    /// What a function or method is known to give.
    pub fn summary(&self, function: FunctionId) -> &Summary<'a> {
        if self.is_collecting() {
            return &NOTHING;
        }
        ask(Question::Gives(function));
        self.summary_in(ROUND.get(), function)
    }

    /// What a walk of that round is told that a function gives.
    pub(super) fn summary_in(&self, round: usize, function: FunctionId) -> &Summary<'a> {
        let Some(before) = round.checked_sub(1) else { return &NOTHING };
        let walked = self.walked(before, self.index.function(function).unit);
        walked.summaries.iter().rev().find(|(f, _)| *f == function).map_or(&NOTHING, |(_, s)| s)
    }

    /// What code stores in an attribute of a class's own objects (`self.x = …`); `None` where none does.
    pub fn attribute(&self, class: ClassId, name: Symbol) -> Option<Value<'a>> {
        if self.is_collecting() || !self.index.may_store(class, name) {
            return None;
        }
        ask(Question::Holds(class, name));
        self.attribute_in(ROUND.get(), class, name)
    }

    /// What a walk of that round is told that an attribute holds.
    pub(super) fn attribute_in(&self, round: usize, class: ClassId, name: Symbol) -> Option<Value<'a>> {
        let before = round.checked_sub(1)?;
        let known = self.rounds.0[before].attributes.get(class.0 as usize)?;
        if let Some(v) = known.get(self.phase, name) {
            return v;
        }
        let v = self.stored(before, class, name);
        known.put(self.phase, name, v.clone());
        v
    }

    fn stored(&self, round: usize, class: ClassId, name: Symbol) -> Option<Value<'a>> {
        let def = self.index.class(class);
        let mut units: Vec<UnitId> = def.stores.iter().filter(|s| s.0 == name).map(|s| s.1).chain(def.constructs.iter().copied()).collect();
        if let Some(beyond) = self.index.beyond {
            let all = beyond.storing(round, name, self.index.class_name(class));
            all.iter().filter(|f| !self.index.modules.contains_key(f)).for_each(|f| beyond.miss(*f));
            let stores = self.index.stores_of(name).iter().copied();
            units.extend(stores.filter(|u| Some(self.index.unit(*u).file).is_some_and(|f| beyond.is_changed(f) || all.contains(&f))));
        } else {
            let elsewhere = self.stored_elsewhere(round, name);
            let others = elsewhere.as_ref().and_then(|e| e.get(&class)).map_or(&[][..], Vec::as_slice);
            units.extend(others.iter().map(|o| o.0));
        }
        self.index.sort_units(&mut units);
        let mut values = Vec::new();
        for unit in units {
            let of_unit = &self.walked(round, unit).stores;
            values.extend(of_unit.iter().filter(|(c, n, _)| *c == class && *n == name).map(|(.., v)| v.clone()));
        }
        (!values.is_empty()).then(|| Value::union(values))
    }

    fn stored_elsewhere(&self, round: usize, name: Symbol) -> Option<Arc<StoredElsewhere<'a>>> {
        let units = self.index.stores_of(name);
        if units.is_empty() {
            return None;
        }
        let known = &self.rounds.0[round].elsewhere;
        if let Some(found) = known.read().unwrap_or_else(PoisonError::into_inner).get(&name) {
            return Some(Arc::clone(found));
        }
        let mut all = StoredElsewhere::default();
        for &unit in units {
            for (class, _, value) in self.walked(round, unit).stores.iter().filter(|s| s.1 == name) {
                all.entry(*class).or_default().push((unit, value.clone()));
            }
        }
        let all = Arc::new(all);
        known.write().unwrap_or_else(PoisonError::into_inner).insert(name, Arc::clone(&all));
        Some(all)
    }

    /// What was learnt of attributes set from elsewhere: rounds and names that were asked for, and where each class's values come from.
    pub(super) fn stored_tables(&self) -> (BTreeSet<String>, BTreeMap<String, BTreeSet<FileId>>) {
        let (mut asked, mut stored) = (BTreeSet::new(), BTreeMap::<String, BTreeSet<FileId>>::new());
        for (round, known) in self.rounds.0.iter().enumerate().take(ROUNDS) {
            for (name, by_class) in known.elsewhere.read().unwrap_or_else(PoisonError::into_inner).iter() {
                asked.insert(format!("{round} {name}"));
                for (class, units) in by_class.iter() {
                    let (file, qualname) = self.index.class_name(*class);
                    let files = units.iter().map(|(u, _)| self.index.unit(*u).file);
                    stored.entry(format!("{round} {name} {} {qualname}", key(file))).or_default().extend(files);
                }
            }
        }
        (asked, stored)
    }

    /// Whether calls of a function with that summary may be walked with their arguments, or make others be.
    pub(super) fn is_followed(&self, summary: &Summary<'_>) -> bool {
        summary.hands_on || self.carries(&summary.returns)
    }

    /// Functions of which the last walk learnt that their calls need not be followed, by file, in order.
    pub(super) fn plain_functions(&self) -> BTreeMap<FileId, String> {
        let mut all: BTreeMap<FileId, BTreeSet<&str>> = BTreeMap::new();
        for walked in self.rounds.0[ROUNDS - 2].walked.iter().filter_map(OnceLock::get) {
            for (function, _) in walked.summaries.iter().filter(|s| !self.is_followed(&s.1)) {
                let def = self.index.function(*function);
                all.entry(def.file).or_default().insert(&def.qualname);
            }
        }
        all.into_iter().map(|(file, names)| (file, names.into_iter().collect::<Vec<_>>().join(" "))).collect()
    }

    fn walked(&self, round: usize, unit: UnitId) -> &Walked<'a> {
        self.rounds.0[round].walked[unit.0 as usize].get_or_init(|| {
            let (asking, cut) = (ROUND.replace(round), cuts());
            let walked = self.walked_before(round, unit).cloned().unwrap_or_else(|| Arc::new(self.walk(unit)));
            ROUND.set(asking);
            // Circles inside of it are no circles of who asks.
            reset_cuts(cut);
            self.rounds.0[round].log.lock().unwrap_or_else(PoisonError::into_inner).push(unit);
            walked
        })
    }

    /// The walk of an earlier round that shows what one of this round would, if there is one.
    fn walked_before(&self, round: usize, unit: UnitId) -> Option<&Arc<Walked<'a>>> {
        let earlier = self.rounds.0[..round].iter().enumerate().rev().filter(|_| self.walks_once);
        let mut made = earlier.filter_map(|(n, r)| Some((n, r.walked.get(unit.0 as usize)?.get()?)));
        made.find(|(n, walked)| self.told_the_same(&walked.asked, *n, round)).map(|m| m.1)
    }

    /// What an earlier walk showed that shows what the last one would.
    pub(super) fn shown(&self, unit: UnitId) -> Option<&Shown<'a>> {
        self.walked_before(ROUND.get(), unit).map(|w| &w.shown)
    }

    fn walk(&self, id: UnitId) -> Walked<'a> {
        let unit = self.index.unit(id);
        let Some(module) = self.index.module_of(unit.file) else { return Walked::default() };
        let listening = Listening::to_walk();
        let walk = || {
            let mut ev = Evaluator::new(self, Place::module(unit.file));
            match unit.function {
                Some(f) => ev.function_alone(f),
                None => {
                    ev.quiet = true;
                    ev.rest_of(module.node);
                }
            }
            let (mut summaries, mut stores) = (std::mem::take(&mut ev.summaries), std::mem::take(&mut ev.stores));
            // Rows that an attribute holds have whatever keys the code put into them by then, or later.
            stores.iter_mut().for_each(|s| s.2 = libraries::given_back(&ev, std::mem::take(&mut s.2)));
            summaries.shrink_to_fit();
            stores.shrink_to_fit();
            let shown = if unit.function.is_some() { Shown::of(ev) } else { Shown::default() };
            Walked { summaries, stores, asked: listening.asked(), shown }
        };
        isolated(self.sources, unit.file, walk).unwrap_or_default()
    }
}
