//! The graph of revisions, and one order in which all of them can run.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// A revision file as far as the graph goes.
#[derive(Clone, Debug, Default)]
pub struct Revision {
    /// Its identifier.
    pub id: String,
    /// Revisions it follows; none for a base.
    pub down: Vec<String>,
    /// Revisions that must have run, without being followed.
    pub depends_on: Vec<String>,
    /// Names of the branch that begins here.
    pub labels: Vec<String>,
    /// The file.
    pub path: String,
    /// The module in the interpreter.
    pub module: usize,
    /// Where `revision = …` writes the identifier.
    pub at: Option<crate::source::Location>,
}

/// All revisions.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// By identifier.
    pub revisions: BTreeMap<String, Revision>,
    /// Two files have one identifier: which of them runs, nobody can tell.
    pub doubled: bool,
}

impl Graph {
    /// Adds a revision; of two with the same identifier the first stays.
    pub fn add(&mut self, revision: Revision) {
        match self.revisions.entry(revision.id.clone()) {
            Entry::Vacant(place) => {
                place.insert(revision);
            }
            Entry::Occupied(_) => self.doubled = true,
        }
    }

    /// The identifier that a reference means: whole, a label, or a unique beginning of one.
    fn resolve(&self, reference: &str) -> Option<&str> {
        if let Some((id, _)) = self.revisions.get_key_value(reference) {
            return Some(id);
        }
        let bare = reference.split('@').next_back().unwrap_or(reference);
        if let Some(r) = self.revisions.values().find(|r| r.labels.iter().any(|l| l == bare)) {
            return Some(&r.id);
        }
        let mut begin = self.revisions.keys().filter(|id| !bare.is_empty() && id.starts_with(bare));
        let first = begin.next()?;
        begin.next().is_none().then_some(first)
    }

    /// What must have run before a revision, resolved; unknown identifiers are left out.
    fn before<'g>(&'g self, r: &'g Revision) -> impl Iterator<Item = &'g str> {
        r.down.iter().chain(&r.depends_on).filter_map(|d| self.resolve(d))
    }

    /// Identifiers that `down_revision` names but no file has.
    pub fn missing(&self) -> BTreeSet<&str> {
        self.revisions.values().flat_map(|r| &r.down).filter(|d| self.resolve(d).is_none()).map(String::as_str).collect()
    }

    /// Revisions that no other follows, sorted.
    pub fn heads(&self) -> Vec<&Revision> {
        let followed: BTreeSet<&str> = self.revisions.values().flat_map(|r| r.down.iter().filter_map(|d| self.resolve(d))).collect();
        self.revisions.values().filter(|r| !followed.contains(r.id.as_str())).collect()
    }

    /// Revisions that a revision follows, itself included; those that it only depends on are others' (`depends_on` joins no branches).
    fn line(&self, id: &str) -> BTreeSet<&str> {
        let mut seen = BTreeSet::new();
        let mut todo: Vec<&str> = self.revisions.get_key_value(id).map(|r| r.0.as_str()).into_iter().collect();
        while let Some(id) = todo.pop() {
            if seen.insert(id) {
                todo.extend(self.revisions[id].down.iter().filter_map(|d| self.resolve(d)));
            }
        }
        seen
    }

    /// Heads that grew out of one revision with one before them. Trees of their own, and branches with a label, are meant to have their own.
    pub fn forks(&self) -> Vec<(&Revision, &Revision)> {
        let heads = self.heads();
        let lines: Vec<BTreeSet<&str>> = heads.iter().map(|h| self.line(&h.id)).collect();
        let labelled = |id: &&str| self.revisions.get(*id).is_some_and(|r| !r.labels.is_empty());
        let fork = |a: &BTreeSet<&str>, b: &BTreeSet<&str>| !a.is_disjoint(b) && !a.symmetric_difference(b).any(labelled);
        let before = |n: usize| (0..n).find(|o| fork(&lines[n], &lines[*o]));
        (0..heads.len()).filter_map(|n| Some((heads[n], heads[before(n)?]))).collect()
    }

    /// Revisions that belong together, by identifier: the same number for all that lead to, or need, one another. Bases that nothing joins are histories of
    /// their own, and may be those of several databases.
    pub fn parts(&self) -> BTreeMap<&str, usize> {
        let mut near: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for r in self.revisions.values() {
            for b in self.before(r) {
                near.entry(&r.id).or_default().push(b);
                near.entry(b).or_default().push(&r.id);
            }
        }
        let mut parts = BTreeMap::new();
        let mut count = 0;
        for id in self.revisions.keys() {
            let mut todo = vec![id.as_str()];
            while let Some(id) = todo.pop() {
                if !parts.contains_key(id) {
                    parts.insert(id, count);
                    todo.extend(near.get(id).into_iter().flatten());
                }
            }
            count = parts.len();
        }
        parts
    }

    /// All revisions, each behind those it needs. Among those that could run next, one that continues the revision just run comes first, so that a
    /// branch stays together; the rest go by identifier. What lies on a circle comes last.
    pub fn order(&self) -> Vec<&Revision> {
        let mut waiting: BTreeMap<&str, BTreeSet<&str>> =
            self.revisions.values().map(|r| (r.id.as_str(), self.before(r).filter(|b| *b != r.id).collect())).collect();
        let mut after: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (id, before) in &waiting {
            for b in before {
                after.entry(b).or_default().push(id);
            }
        }
        let mut out = Vec::new();
        let mut ready: Vec<&str> = waiting.iter().filter(|w| w.1.is_empty()).map(|w| *w.0).rev().collect();
        while let Some(id) = ready.pop() {
            waiting.remove(id);
            out.push(&self.revisions[id]);
            let mut next = Vec::new();
            for a in after.get(id).into_iter().flatten() {
                if let Some(w) = waiting.get_mut(a) {
                    w.remove(id);
                    if w.is_empty() {
                        next.push(*a);
                    }
                }
            }
            ready.extend(next.into_iter().rev());
        }
        out.extend(waiting.keys().map(|id| &self.revisions[*id]));
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(rows: &[(&str, &[&str])]) -> Graph {
        let mut g = Graph::default();
        for (id, down) in rows {
            g.add(Revision { id: (*id).to_owned(), down: down.iter().map(|d| (*d).to_owned()).collect(), ..Revision::default() });
        }
        g
    }

    #[test]
    fn a_merge_runs_behind_both_branches() {
        let g = graph(&[("d", &["b", "c"]), ("c", &["a"]), ("b", &["a"]), ("a", &[])]);
        let order: Vec<_> = g.order().iter().map(|r| r.id.as_str()).collect();
        assert_eq!(order, ["a", "b", "c", "d"]);
        assert_eq!(g.heads().len(), 1);
    }

    #[test]
    fn bases_that_nothing_joins_are_parts_of_their_own() {
        let g = graph(&[("a", &[]), ("b", &["a"]), ("c", &[]), ("d", &["c", "b"]), ("x", &[]), ("y", &["x"])]);
        let parts = g.parts();
        assert_eq!((parts["a"], parts["b"], parts["x"]), (parts["d"], parts["c"], parts["y"]));
        assert_ne!(parts["a"], parts["x"]);
    }

    #[test]
    fn branches_that_depend_on_one_another_stay_branches() {
        let mut g = graph(&[("a", &[]), ("b", &["a"]), ("x", &[]), ("y", &["x"])]);
        let needs = |g: &mut Graph, id: &str, other: &str| g.revisions.get_mut(id).unwrap().depends_on = vec![other.to_owned()];
        needs(&mut g, "x", "a");
        needs(&mut g, "b", "y");
        assert_eq!((g.heads().len(), g.forks().len()), (2, 0));
        let mut g = graph(&[("a", &[]), ("b", &["a"]), ("c", &["a"])]);
        let forks = |g: &Graph| g.forks().iter().map(|(head, other)| format!("{} {}", head.id, other.id)).collect::<Vec<_>>();
        assert_eq!(forks(&g), ["c b"]);
        g.revisions.get_mut("c").unwrap().labels = vec!["more".to_owned()];
        assert!(forks(&g).is_empty());
    }

    #[test]
    fn a_circle_does_not_hang() {
        let g = graph(&[("a", &["b"]), ("b", &["a"])]);
        assert_eq!(g.order().len(), 2);
    }

    #[test]
    fn a_revision_may_be_named_by_its_first_letters() {
        let g = graph(&[("abcdef", &[]), ("f00", &["abc"])]);
        assert!(g.missing().is_empty());
        assert_eq!(g.order()[0].id, "abcdef");
    }
}
