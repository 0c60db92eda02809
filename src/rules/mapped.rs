//! Models beside the relations they stand for.

use super::{Context, Known};
use crate::project::models::{Framework, Model, ModelColumn};
use crate::schema::{Column, QualifiedName, Relation, RelationKind};

/// A mapped class whose table the lock knows in full.
pub(super) struct Mapped<'r> {
    pub(super) model: &'r Model,
    pub(super) name: &'r QualifiedName,
    pub(super) relation: &'r Relation,
}

/// Pydantic classes that the configuration binds to a table: who binds one says that it stands for the row.
pub(super) fn bound<'r>(context: &'r Context<'r, '_>) -> Vec<Mapped<'r>> {
    let models = context.models().filter(|m| m.framework == Framework::Pydantic && !m.foreign);
    models
        .filter_map(|model| match context.relation(model.relation) {
            Known::Closed(name, relation) => Some(Mapped { model, name, relation }),
            _ => None,
        })
        .collect()
}

/// All classes that stand for a table of the lock, whole and in this database, and all `Table` objects that describe it as classes would. Other `Table`
/// objects are often only the part that a script needs, and models of tests what the test needs; neither is held to the table as a whole.
pub(super) fn all<'r>(context: &'r Context<'r, '_>) -> Vec<Mapped<'r>> {
    let world = &context.project.world;
    let whole = |m: &&Model| !m.foreign && !m.reflected && !m.partial && m.framework != Framework::Pydantic;
    let models = context.models().filter(whole).filter(|m| !world.is_test(m.at.file) && !world.is_migration(m.at.file));
    models
        .filter_map(|model| match context.relation(model.relation) {
            Known::Closed(name, relation) if relation.kind == RelationKind::Table => Some(Mapped { model, name, relation }),
            _ => None,
        })
        .collect()
}

impl<'r> Mapped<'r> {
    /// The model's columns that lie in its own table, each with the lock's. A child of joined inheritance repeats its parent's.
    pub(super) fn columns(&self, context: &'r Context<'r, '_>) -> impl Iterator<Item = (&'r ModelColumn, &'r Column)> {
        let (model, relation) = (self.model, self.relation);
        model.columns.iter().filter(move |c| is_own(context, model, c)).filter_map(move |c| Some((c, relation.column(&c.column)?)))
    }
}

/// Whether the column lies in the model's own table and not in that of a mapped parent.
pub(super) fn is_own(context: &Context<'_, '_>, model: &Model, column: &ModelColumn) -> bool {
    let owner = column.owner.filter(|o| Some(*o) != model.class);
    owner.and_then(|o| context.project.world.models.of_class(o)).is_none_or(|(_, parent)| parent.relation == model.relation)
}
