//! `try: select("id, phone") … except: select("id")`: a query that is made once more without a column, should the first one fail.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::Access;
use crate::sql::ProblemKind;
use crate::symbol::Symbol;

use super::uses::{Certainty, RelationName, Uses};

/// How much was noted at some moment.
#[derive(Clone, Copy)]
pub struct Mark {
    references: usize,
    problems: usize,
}

type Columns = BTreeMap<(RelationName, Access), BTreeSet<Symbol>>;

impl Uses {
    /// Where what is noted next will begin.
    pub fn mark(&self) -> Mark {
        Mark { references: self.references.len(), problems: self.sql_problems.len() }
    }

    /// Doubts what was noted of a tried query where a handler (all that was noted since `handled`) makes the same one with fewer columns: whoever wrote it knows that the
    /// others may be missing.
    pub fn doubt_what_is_tried(&mut self, began: Mark, ended: Mark, handled: Mark) {
        let again = self.columns_from(handled.references, self.references.len());
        if again.is_empty() {
            return;
        }
        let tried = self.columns_from(began.references, ended.references);
        let fewer: Columns = again.into_iter().filter(|(key, columns)| tried.get(key).is_some_and(|all| columns.is_subset(all))).collect();
        if let Some(noted) = self.references.get_mut(began.references..ended.references) {
            for r in noted {
                if let (Some(column), Some(kept)) = (r.column, fewer.get(&(r.relation, r.access)))
                    && !kept.contains(&column)
                {
                    r.certainty = r.certainty.min(Certainty::Medium);
                }
            }
        }
        if let Some(noted) = self.sql_problems.get_mut(began.problems..ended.problems).filter(|_| !fewer.is_empty()) {
            for p in noted.iter_mut().filter(|p| p.problem.kind == ProblemKind::UnknownColumn) {
                p.certainty = p.certainty.min(Certainty::Medium);
            }
        }
    }

    fn columns_from(&self, from: usize, to: usize) -> Columns {
        let mut all = Columns::new();
        for r in self.references.get(from..to).unwrap_or_default() {
            if let Some(column) = r.column {
                all.entry((r.relation, r.access)).or_default().insert(column);
            }
        }
        all
    }
}
