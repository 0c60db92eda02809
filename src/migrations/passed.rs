//! What `ALTER TABLE IF EXISTS` passed over, because its table was not there yet; and what was added to a table before it was made.
//!
//! A server says nothing of the former, and refuses the latter. But where the order of the files is our guess, the table may have been there: it is then made later in the replay, without the
//! column. Such a column is not lost without a word.

use std::collections::{BTreeMap, BTreeSet};

use crate::schema::{QualifiedName, Schema};
use crate::syntax::sql::ast::{AlterAction, ObjectKind, StatementKind};

/// Columns that were to be added to tables that were not there.
#[derive(Clone, Debug, Default)]
pub(super) struct Passed {
    columns: BTreeMap<QualifiedName, BTreeSet<String>>,
}

impl Passed {
    /// Looks at a statement before it runs. `find` says which relation a name means, and whether it is there.
    pub fn see(&mut self, kind: &StatementKind, find: impl Fn(&crate::syntax::sql::ast::ObjectName) -> (QualifiedName, bool)) {
        match kind {
            StatementKind::AlterRelation(alter) if alter.if_exists && alter.object == ObjectKind::Table => {
                let added = alter.actions.iter().filter_map(|a| if let AlterAction::AddColumn { column, .. } = a { Some(column.name.as_str()) } else { None });
                let added: Vec<String> = added.map(str::to_owned).collect();
                if let (name, false) = find(&alter.name)
                    && !added.is_empty()
                {
                    self.columns.entry(name).or_default().extend(added);
                }
            }
            // What is made anew after this has nothing of what was before.
            StatementKind::Drop(drop) if !self.columns.is_empty() && drop.object == ObjectKind::Table => {
                for name in &drop.names {
                    self.columns.remove(&find(name).0);
                }
            }
            _ => {}
        }
    }

    /// A table is made to which columns were added before.
    pub fn add(&mut self, name: &QualifiedName, columns: impl Iterator<Item = String>) {
        let mut columns = columns.peekable();
        if columns.peek().is_some() {
            self.columns.entry(name.clone()).or_default().extend(columns);
        }
    }

    /// Whether a table of that name was passed over.
    pub fn names(&self, table: &str) -> bool {
        self.columns.keys().any(|n| n.name == table)
    }

    /// Tables that are there in the end without a column that they were to have.
    pub fn confess(self, schema: &mut Schema) {
        for (name, columns) in self.columns {
            let Some(relation) = schema.relations.get_mut(&name).filter(|r| columns.iter().any(|c| r.column(c).is_none())) else { continue };
            relation.open = true;
            schema.mark_incomplete(name.to_string(), "a migration adds columns to it, and it is created only later");
        }
    }
}
