//! Deprecations that the configuration adds to those of the database's comments.

use super::{Failure, Settings};
use crate::rules::suggest;
use crate::schema::{QualifiedName, Schema};

/// Marks tables and columns that `deprecated:` names, as a comment in the database would.
///
/// # Errors
/// When a name means nothing in the lock: a misspelt one would silently do nothing.
pub(super) fn apply(settings: &Settings, schema: &mut Schema) -> Result<(), Failure> {
    for (name, reason) in &settings.config.config.deprecated {
        let parts: Vec<&str> = name.split('.').collect();
        let (table, column) = match parts.as_slice() {
            [table] => (find(schema, None, table), None),
            [a, b] => match find(schema, None, a) {
                Some(table) => (Some(table), Some(*b)),
                None => (find(schema, Some(a), b), None),
            },
            [schema_name, table, column] => (find(schema, Some(schema_name), table), Some(*column)),
            _ => (None, None),
        };
        let unknown = |help: Option<String>| settings.config.error_at(name, format!("deprecated `{name}`: the lock has no such table or column"), help);
        let Some(relation) = table.and_then(|t| schema.relations.get_mut(&t)) else {
            return Err(unknown(Some("write `table`, `table.column` or `schema.table.column`".to_owned())).into());
        };
        let mark = format!("@deprecated {reason}");
        match column {
            None => relation.comment = Some(mark),
            Some(column) => {
                let near = suggest::column("", column, relation).map(|n| format!("did you mean `{n}`?"));
                let Some(column) = relation.column_mut(column) else { return Err(unknown(near).into()) };
                column.comment = Some(mark);
            }
        }
    }
    Ok(())
}

fn find(schema: &Schema, namespace: Option<&str>, table: &str) -> Option<QualifiedName> {
    schema.relation(namespace, table).map(|(name, _)| name.clone())
}
