//! Views: their columns, and what they are made from.

use super::{Ddl, NoteKind};
use crate::schema::{Column, QualifiedName, Relation, RelationKind};
use crate::source::Span;
use crate::syntax::sql::ast::{CreateView, Query};

/// A column of a view or of a table made by a query.
pub(super) struct OutputColumn {
    pub name: String,
    pub ty: String,
}

/// What a view's query depends on: relations, and columns of theirs.
#[derive(Clone, Debug, Default)]
pub(super) struct Uses(Vec<(QualifiedName, Option<String>)>);

impl Uses {
    pub(super) fn names_relation(&self, name: &QualifiedName) -> bool {
        self.0.iter().any(|(relation, _)| relation == name)
    }

    pub(super) fn names_column(&self, name: &QualifiedName, column: &str) -> bool {
        self.0.iter().any(|(relation, c)| relation == name && c.as_deref() == Some(column))
    }

    pub(super) fn rename_relation(&mut self, old: &QualifiedName, new: &QualifiedName) {
        self.0.iter_mut().filter(|(relation, _)| relation == old).for_each(|(relation, _)| *relation = new.clone());
    }

    pub(super) fn rename_column(&mut self, name: &QualifiedName, old: &str, new: &str) {
        self.0.iter_mut().filter(|(relation, c)| relation == name && c.as_deref() == Some(old)).for_each(|(_, c)| *c = Some(new.to_owned()));
    }
}

/// The type of a column that nobody could work out.
const UNKNOWN: &str = "unknown";

impl Ddl {
    /// The columns of a query, as a view or a table made of it has them; `None` where they cannot be known.
    pub(super) fn outputs(&mut self, query: &Query) -> Option<Vec<OutputColumn>> {
        // Bare names mean what the session's path says at this moment.
        let path = std::mem::replace(&mut self.schema.search_path, self.path.clone());
        let outputs = crate::sql::query_outputs(query, &self.schema);
        self.schema.search_path = path;
        let typed = |output: crate::sql::Output| {
            // A column that is passed through keeps the length and scale of its type.
            let source = output.source.and_then(|(table, column)| Some(self.schema.relations.get(&table)?.column(&column)?.ty.clone()));
            let ty = source.or_else(|| output.ty.map(|ty| self.resolved_text(&ty)));
            OutputColumn { name: output.name, ty: ty.unwrap_or_else(|| UNKNOWN.to_owned()) }
        };
        outputs.map(|columns| columns.into_iter().map(typed).collect())
    }

    /// A type's text with user types looked up on the session's path.
    fn resolved_text(&self, ty: &str) -> String {
        crate::schema::types::parse(ty).map_or_else(|| ty.to_owned(), |parsed| self.resolved(parsed).print(self.unqualified()))
    }

    pub(super) fn create_view(&mut self, create: &CreateView, span: Span) {
        let name = if create.temporary { QualifiedName::new("pg_temp", create.name.name.as_str()) } else { self.new_name(&create.name) };
        let existing = self.schema.relations.get(&name);
        if existing.is_some() && !create.or_replace {
            if !create.if_not_exists {
                self.note(create.name.span(), NoteKind::Exists("relation", name.to_string()));
            }
            return;
        }
        let mut relation = Relation::new(if create.materialized { RelationKind::MaterializedView } else { RelationKind::View });
        // Comments and defaults survive a replacement.
        relation.comment = existing.and_then(|r| r.comment.clone());
        relation.physical_order = Some(Vec::new());
        relation.at = Some(create.name.name.span);
        let old: Vec<Column> = existing.map(|r| r.columns.clone()).unwrap_or_default();
        let uses = self.uses(create.query.as_deref());
        let columns = create.query.as_ref().and_then(|query| self.outputs(query));
        self.schema.relations.insert(name.clone(), relation);
        self.views.insert(name.clone(), uses);
        if create.temporary {
            self.temporary.insert(name.clone());
        }
        let Some(columns) = columns else {
            for column in &create.columns {
                self.put(&name, Column::new(column.as_str(), UNKNOWN));
            }
            self.open(&name, span, "the columns of its query are not known");
            return;
        };
        for (n, output) in columns.into_iter().enumerate() {
            let column = create.columns.get(n).map_or(output.name, |c| c.as_str().to_owned());
            let before = old.iter().find(|c| c.name == column);
            let (comment, default) = (before.and_then(|c| c.comment.clone()), before.and_then(|c| c.default.clone()));
            self.put(&name, Column { default, comment, ..Column::new(column, output.ty) });
        }
    }

    fn uses(&mut self, query: Option<&Query>) -> Uses {
        let path = std::mem::replace(&mut self.schema.search_path, self.path.clone());
        let uses = query.map(|query| crate::sql::query_uses(query, &self.schema)).unwrap_or_default();
        self.schema.search_path = path;
        Uses(uses)
    }
}
