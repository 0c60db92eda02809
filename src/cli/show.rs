//! `dbtruth show`

use std::collections::BTreeSet;

use super::args::{Show, ShowFormat};
use super::check::working_directory;
use super::{Code, listing, out};
use crate::check::{self, Failure, Settings, read_lock};
use crate::report::listing::RefEntry;
use crate::report::{diagram, show};
use crate::rules::suggest;
use crate::schema::{QualifiedName, Relation, Schema};
use crate::source::Sources;

/// Shows the lock, or one table with the code around it.
pub fn run(args: &Show) -> Result<Code, Failure> {
    let cwd = working_directory()?;
    let settings = Settings::lock_only(&cwd, args.lock.as_deref())?;
    let (schema, _) = read_lock(&settings, &mut Sources::default())?;
    let chosen = args.table.as_deref().map(|t| find(&schema, t)).transpose()?;
    let shown: BTreeSet<&QualifiedName> = match chosen {
        Some((name, relation)) => diagram::around(&schema, name, relation),
        None => schema.relations.keys().collect(),
    };
    let text = match (args.format, chosen) {
        (ShowFormat::Mermaid, _) => diagram::mermaid(&schema, &shown),
        (ShowFormat::Dot, _) => diagram::dot(&schema, &shown),
        (ShowFormat::Text, None) => show::overview(&schema),
        (ShowFormat::Json, None) => {
            let cards: Vec<show::Card<'_>> = schema.relations.iter().map(|(name, relation)| show::Card { name, relation, code: None }).collect();
            show::json(&schema, &cards)
        }
        (format, Some((name, relation))) => {
            let (code, finished) = code(args, name)?;
            let card = show::Card { name, relation, code };
            out::results(&if format == ShowFormat::Json { show::json(&schema, &[card]) } else { show::text(&schema, &card) });
            return Ok(finished);
        }
    };
    out::results(&text);
    Ok(0)
}

/// Where the code names the relation; `None` where there is no code.
fn code(args: &Show, name: &QualifiedName) -> Result<(Option<Vec<RefEntry>>, Code), Failure> {
    let cwd = working_directory()?;
    let Ok(settings) = Settings::worktree(&cwd, &[], args.lock.as_deref()) else { return Ok((None, 0)) };
    let opened = check::open(&settings)?;
    let project = opened.project(&settings);
    let mut references = project.uses.references.clone();
    references.retain(|r| opened.schema.relation(r.relation.schema.as_deref(), &r.relation.name).is_some_and(|(found, _)| found == name));
    references.sort_by_cached_key(|r| (opened.sources.get(r.location.file).path.clone(), r.location.span, r.column, r.access));
    references.dedup();
    let entries = references.iter().map(|r| RefEntry::new(&opened.sources, r, Some(&name.schema))).collect();
    Ok((Some(entries), listing::finish(&opened)))
}

/// The relation that was typed.
fn find<'s>(schema: &'s Schema, typed: &str) -> Result<(&'s QualifiedName, &'s Relation), Failure> {
    let (namespace, name) = typed.split_once('.').map_or((None, typed), |(a, b)| (Some(a), b));
    let exact = schema.relation(namespace, name).or_else(|| schema.relation(None, typed));
    let elsewhere = || schema.named(typed).next().map(|(q, r)| (q, &**r));
    exact.or_else(elsewhere).ok_or_else(|| {
        let near = suggest::best(name, schema.relations.keys().map(|k| k.name.as_str()));
        let failure = Failure::new(format!("the lock has no table or view `{typed}`"));
        match near {
            Some(near) => failure.help(format!("did you mean `{near}`?")),
            None => failure.help("`dbtruth show` lists them"),
        }
    })
}
