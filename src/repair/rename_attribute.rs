//! A model attribute whose column has another name.
//!
//! Where every place that spells the attribute is known, it is renamed with all of them. Where some other text spells it too (a schema of an API, a template), the attribute
//! stays, and says which column it means.

use std::collections::BTreeSet;

use super::declaration::{self, Declaration, insert_first, quoted, set_keyword};
use super::rename::{is_plain, is_reserved};
use super::{imports, insert, replace};
use crate::diagnostic::{Diagnostic, Edit, Fix};
use crate::project::models::{Framework, Model, ModelColumn};
use crate::rules::Context;
use crate::source::{Language, Location, Span};

/// The repair of an attribute at `d.location` that spells `wrong` for the column `new`.
pub(super) fn fix(context: &Context<'_, '_>, d: &Diagnostic, wrong: &str, new: &str, certain: bool, mended: &BTreeSet<Location>) -> Option<Fix> {
    let world = &context.project.world;
    let owners: Vec<(&Model, &ModelColumn)> =
        world.models.all.iter().flat_map(|m| m.columns.iter().map(move |c| (m, c))).filter(|(_, c)| c.at == d.location).collect();
    let (model, column) = owners.first()?;
    // A mixin's attribute may be right for another table; one that has the right column already would have it twice.
    if owners.iter().any(|(m, _)| m.relation != model.relation) || model.columns.iter().any(|c| c.column.as_str() == new) || column.attribute.as_str() != wrong
    {
        return None;
    }
    let free = is_plain(new) && !is_reserved(new) && !model.members.contains_key(&crate::symbol::Symbol::from(new));
    if free && let Some(edits) = everywhere(context, d.location, model, wrong, new, mended) {
        return super::fix(certain, edits);
    }
    let class = column.owner.or(model.class)?;
    let declaration = declaration::find(context, class, wrong)?;
    if let Some(edits) = named(context, model.framework, &declaration, new) {
        return super::fix(certain, edits);
    }
    (free && model.framework != Framework::Pydantic).then(|| fix_token(d.location, new)).flatten()
}

fn fix_token(at: Location, new: &str) -> Option<Fix> {
    super::fix(false, vec![replace(at, new)])
}

/// Edits of every place, if nothing else in the project spells the name.
fn everywhere(context: &Context<'_, '_>, at: Location, model: &Model, wrong: &str, new: &str, mended: &BTreeSet<Location>) -> Option<Vec<Edit>> {
    let world = &context.project.world;
    let uses = context.project.uses.references.iter();
    let mut places: BTreeSet<Location> =
        uses.filter(|r| r.relation == model.relation && r.model.is_some() && r.column.is_some_and(|c| c.as_str() == wrong)).map(|r| r.location).collect();
    places.insert(at);
    if places.iter().any(|p| world.sources.get(p.file).slice(p.span) != wrong || world.is_migration(p.file)) {
        return None;
    }
    for (file, source) in world.sources.iter() {
        if source.language != Language::Python || world.is_migration(file) {
            continue;
        }
        let spelt = memchr::memmem::find_iter(source.text.as_bytes(), wrong.as_bytes()).map(|n| Span::new(n, n + wrong.len()));
        let word = |s: &Span| {
            let part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
            !part(source.text[..s.start as usize].chars().next_back()) && !part(source.text[s.end as usize..].chars().next())
        };
        for span in spelt.filter(word) {
            let here = Location::new(file, span);
            if !places.contains(&here) && !mended.contains(&here) {
                return None;
            }
        }
    }
    Some(places.into_iter().map(|p| replace(p, new)).collect())
}

/// Edits that leave the attribute and name its column.
fn named(context: &Context<'_, '_>, framework: Framework, d: &Declaration<'_>, new: &str) -> Option<Vec<Edit>> {
    let name = quoted(d.source, new);
    match (framework, d.call()) {
        (Framework::Django, Some((whole, call))) => set_keyword(d.file, d.source, whole, call, "db_column", &name),
        (Framework::SqlAlchemy, Some((whole, call))) if matches!(d.called(), Some("Column" | "mapped_column")) => {
            insert_first(d.file, d.source, whole, call, &name)
        }
        (Framework::SqlAlchemy, None) if d.value.is_none() => {
            let end = d.annotation?.span.end as usize;
            let column = imports::name(context, d.file, "sqlalchemy.orm", "mapped_column")?;
            let mut edits = vec![insert(d.file, end, format!(" = {}({name})", column.name))];
            edits.extend(column.edit);
            Some(edits)
        }
        (Framework::SqlModel, Some((whole, call))) if call.keyword("sa_column").is_none() && call.keyword("sa_column_kwargs").is_none() => {
            let pair = format!("{{{}: {name}}}", quoted(d.source, "name"));
            set_keyword(d.file, d.source, whole, call, "sa_column_kwargs", &pair)
        }
        (Framework::Pydantic, None) => {
            let field = imports::name(context, d.file, "pydantic", "Field")?;
            let edit = match d.value {
                Some(value) => {
                    let made = format!("{}(default={}, alias={name})", field.name, declaration::text(d.source, value));
                    replace(Location::new(d.file, value.span), made)
                }
                None => insert(d.file, d.annotation?.span.end as usize, format!(" = {}(alias={name})", field.name)),
            };
            Some(std::iter::once(edit).chain(field.edit).collect())
        }
        (Framework::Pydantic, Some((whole, call))) if d.called() == Some("Field") && call.keyword("alias").is_none() => {
            set_keyword(d.file, d.source, whole, call, "alias", &name)
        }
        _ => None,
    }
}
