//! The schema of a running server, with what only its views' definitions tell.

use std::collections::BTreeMap;

use super::resolve::never_null;
use super::views::settle;
use crate::schema::live::{DsnOptions, LiveError, read};
use crate::schema::{QualifiedName, Schema};
use crate::source::{FileId, Location, Span};
use crate::syntax::sql::ast::{Query, StatementKind};
use crate::syntax::sql::template::Template;
use crate::syntax::sql::{Parameters, parse};

/// Reads the schema of the database that the options and the environment name.
///
/// # Errors
/// As [`read`] fails.
pub fn pull(options: &DsnOptions) -> Result<Schema, LiveError> {
    let mut pulled = read(options)?;
    let queries: BTreeMap<QualifiedName, Query> = pulled.definitions.iter().filter_map(|(name, text)| Some((name.clone(), query_of(text)?))).collect();
    let views: Vec<QualifiedName> = queries.keys().cloned().collect();
    // what a table declares is not always so: those columns count as nullable here
    let mut known = pulled.schema.clone();
    for (table, column) in &pulled.doubtful {
        if let Some(column) = known.relations.get_mut(table).and_then(|r| r.column_mut(column)) {
            column.not_null = false;
        }
    }
    settle(&mut known, &views, |view, schema| never_null(queries.get(view)?, schema));
    for view in views {
        if let Some(relation) = known.relations.remove(&view) {
            pulled.schema.relations.insert(view, relation);
        }
    }
    Ok(pulled.schema)
}

/// The query that a server shows as a view's definition; `None` where any of it is not read.
fn query_of(text: &str) -> Option<Query> {
    let mut template = Template::default();
    template.push_verbatim(text, Location::new(FileId(0), Span::new(0, text.len())));
    let mut script = parse(&template, Parameters::Dollar);
    if !script.skipped.is_empty() || script.statements.len() != 1 {
        return None;
    }
    match script.statements.pop()?.statement.kind {
        StatementKind::Query(query) => Some(*query),
        _ => None,
    }
}
