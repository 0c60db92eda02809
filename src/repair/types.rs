//! A column's type as the file at hand would write it: with its own prefixes and imports.

use std::collections::BTreeSet;

use super::imports;
use crate::diagnostic::Edit;
use crate::generate;
use crate::rules::Context;
use crate::source::FileId;

/// How a file writes what it takes from SQLAlchemy.
#[derive(Clone, Debug, Default)]
pub(super) struct Style {
    /// `db.` of Flask-SQLAlchemy, where columns are written `db.Column`.
    pub(super) prefix: Option<String>,
    /// `Column(…)` of SQLAlchemy 1.x, whose types of PostgreSQL are those of its dialect.
    pub(super) old: bool,
}

/// An expression, and the imports it needs.
#[derive(Clone, Debug, Default)]
pub(super) struct Written {
    pub(super) text: String,
    pub(super) edits: Vec<Edit>,
}

/// Names that SQLAlchemy 1.x has in its PostgreSQL dialect only.
const OLD: &[(&str, &str)] = &[("sa.Uuid", "pg.UUID(as_uuid=True)"), ("sa.Double", "pg.DOUBLE_PRECISION")];

/// The type object of a column type; `None` where SQLAlchemy has none, or a name it needs means something else in the file.
pub(super) fn sqlalchemy(context: &Context<'_, '_>, file: FileId, ty: &str, style: &Style) -> Option<Written> {
    let mut text = generate::sqlalchemy_type(context.schema, ty)?;
    if style.old {
        for (new, old) in OLD {
            text = text.replace(new, old);
        }
    }
    localise(context, file, &text, style)
}

/// Writes `sa.X` and `pg.X` of an expression as the file does.
pub(super) fn localise(context: &Context<'_, '_>, file: FileId, text: &str, style: &Style) -> Option<Written> {
    let mut out = Written::default();
    let mut quote: Option<char> = None;
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        match quote {
            Some(q) if c == q => quote = None,
            Some(_) if c == '\\' => {
                out.text.push(c);
                at += 1;
                let next = text[at..].chars().next()?;
                out.text.push(next);
                at += next.len_utf8();
                continue;
            }
            None if matches!(c, '"' | '\'') => quote = Some(c),
            None if rest.starts_with("sa.") || rest.starts_with("pg.") => {
                let name: String = rest[3..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                let module = if rest.starts_with("sa.") { "sqlalchemy" } else { "sqlalchemy.dialects.postgresql" };
                at += 3 + name.len();
                match &style.prefix {
                    Some(prefix) if module == "sqlalchemy" => out.text.push_str(&format!("{prefix}{name}")),
                    _ => {
                        let named = imports::name(context, file, module, &name)?;
                        out.text.push_str(&named.name);
                        out.edits.extend(named.edit);
                    }
                }
                continue;
            }
            _ => {}
        }
        out.text.push(c);
        at += c.len_utf8();
    }
    Some(out)
}

/// The annotation of a column type: `datetime.date` as the file imports it. Enums are text.
pub(super) fn python(context: &Context<'_, '_>, file: FileId, ty: &str) -> Option<Written> {
    let mut modules = BTreeSet::new();
    let annotation = generate::python_type(context.schema, ty, &mut modules);
    let mut out = Written { text: annotation.clone(), edits: Vec::new() };
    for module in modules {
        while let Some(found) = find_qualified(&out.text, module) {
            let name: String = out.text[found + module.len() + 1..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            let named = imports::name(context, file, module, &name)?;
            // `import datetime` is there: what is written is right as it is.
            if named.name == format!("{module}.{name}") {
                break;
            }
            out.text.replace_range(found..found + module.len() + 1 + name.len(), &named.name);
            out.edits.extend(named.edit);
        }
    }
    Some(out)
}

fn find_qualified(text: &str, module: &str) -> Option<usize> {
    let dotted = format!("{module}.");
    text.match_indices(&dotted).map(|(at, _)| at).find(|&at| !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '.' || c == '_'))
}

/// `annotation` or nothing, as the file says it.
pub(super) fn optional(context: &Context<'_, '_>, file: FileId, annotation: &str) -> Written {
    let source = context.project.world.sources.get(file);
    if source.text.contains("Optional[")
        && let Some(named) = imports::name(context, file, "typing", "Optional")
    {
        return Written { text: format!("{}[{annotation}]", named.name), edits: named.edit.into_iter().collect() };
    }
    Written { text: format!("{annotation} | None"), edits: Vec::new() }
}
