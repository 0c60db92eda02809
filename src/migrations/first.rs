//! Histories that begin with tables made by `create_all`: what the migrations do not create, the models say.
//!
//! Such a table is taken from its model as it is today, stays open, and stands under `incomplete`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::Database;
use crate::project::index::Index;
use crate::project::models::{self, Model, is_test_path};
use crate::project::world::World;
use crate::schema::{Column, QualifiedName, Relation, RelationKind, Schema};
use crate::source::{FileId, Language, SourceFile, Sources};
use crate::syntax::python;

/// Files that mark the top of a project.
const MARKS: &[&str] = &[".git", "pyproject.toml", "setup.py", "setup.cfg", "manage.py", "requirements.txt", "dbtruth.yaml"];

/// Adds the tables of the project's models that the history supposes or leaves out.
pub fn complete(db: &mut Database, revisions: &BTreeSet<String>, near: &Path) {
    let root = root(near);
    let mut files = Vec::new();
    if super::find::walk(&root, 0, &mut files).is_err() {
        return;
    }
    files.sort();
    files.retain(|f| f.extension().is_some_and(|e| e == "py") && !is_test_path(&f.to_string_lossy()));
    let read: Vec<(String, String)> = files
        .par_iter()
        .filter_map(|f| {
            let text = std::fs::read_to_string(f).ok()?;
            let path = f.strip_prefix(&root).unwrap_or(f).to_string_lossy().replace('\\', "/");
            Some((path, text))
        })
        .collect();
    let mut sources = Sources::default();
    for (path, text) in read {
        sources.add(SourceFile::new(path, Language::Python, text));
    }
    let ids: Vec<FileId> = sources.iter().map(|s| s.0).collect();
    let trees: Vec<python::Module> = ids.par_iter().map(|id| python::parse(&sources.get(*id).text)).collect();
    let modules: Vec<_> = ids.iter().copied().zip(&trees).collect();
    let schema = Schema::new();
    let world = World::new(&sources, &schema, Index::build(&sources, &modules));
    let found = models::collect(&world);
    let mut by_table: BTreeMap<QualifiedName, Vec<&Model>> = BTreeMap::new();
    for m in found.all.iter().filter(|m| !m.foreign && !m.reflected && !m.columns.is_empty()) {
        let file = root.join(&sources.get(m.at.file).path).to_string_lossy().replace('\\', "/");
        if revisions.contains(&file) {
            continue;
        }
        let name = QualifiedName::new(m.relation.schema.map_or("public", |s| s.as_str()), m.relation.name.as_str());
        by_table.entry(name).or_default().push(m);
    }
    for (name, candidates) in by_table {
        fill(db, &name, &candidates);
    }
    db.confess_asked();
}

fn fill(db: &mut Database, name: &QualifiedName, candidates: &[&Model]) {
    let phantom = db.phantoms().contains(name);
    if let Some(made) = db.schema().relations.get(name).filter(|r| !phantom && !r.columns.is_empty()) {
        // Which of the two made it, the history or the models, nobody can tell.
        if !candidates.iter().any(|m| agree(made, m)) {
            db.not_understood(Some(name), "the models say otherwise, and they may have made it");
        }
        return;
    }
    // Of several classes for one table (a copy kept for the first migration, an abridged one), the one with most columns is today's.
    let Some(model) = candidates.iter().max_by_key(|m| m.columns.len()) else { return };
    let mut relation = Relation::new(RelationKind::Table);
    relation.open = true;
    for c in candidates.iter().filter(|c| c.class.is_some() && c.relation == model.relation).flat_map(|m| &m.columns).chain(&model.columns) {
        let mut column = Column::new(c.column.as_str(), c.ty.clone().unwrap_or_else(|| "unknown".to_owned()));
        column.not_null = c.primary_key || c.nullable == Some(false);
        relation.put_column(column);
    }
    relation.primary_key = model.columns.iter().filter(|c| c.primary_key).map(|c| c.column.to_string()).collect();
    for c in &model.columns {
        if let (Some(labels), Some(ty)) = (&c.enum_labels, &c.ty)
            && let Some(enumeration) = enum_name(ty)
        {
            db.schema_mut().enums.entry(enumeration).or_insert_with(|| labels.clone());
        }
    }
    let reason = if phantom { crate::schema::NONE_CREATES } else { "no migration creates it" };
    db.put_model(name, relation, &format!("{reason}: taken from the models"));
}

/// Whether a table has the columns that a model says, with the same types.
fn agree(made: &Relation, model: &Model) -> bool {
    let same = |c: &models::ModelColumn| {
        made.column(&c.column).is_some_and(|have| {
            let ty = c.ty.as_deref().is_none_or(|ty| base(ty) == base(&have.ty));
            ty && c.nullable.is_none_or(|n| have.not_null == (!n || c.primary_key))
        })
    };
    made.columns.len() == model.columns.len() && model.columns.iter().all(same)
}

/// A type without its modifiers.
fn base(ty: &str) -> &str {
    ty.split('(').next().unwrap_or(ty).trim()
}

/// The name of an enum type; `None` for a type of another kind.
fn enum_name(ty: &str) -> Option<QualifiedName> {
    let ty = ty.trim_end_matches("[]");
    if ty.contains(['(', ' ']) || matches!(ty, "varchar" | "text" | "char") {
        return None;
    }
    Some(match ty.split_once('.') {
        Some((schema, name)) => QualifiedName::new(schema.trim_matches('"'), name.trim_matches('"')),
        None => QualifiedName::new("public", ty.trim_matches('"')),
    })
}

/// The top of the project that a folder of migrations belongs to: above its package, where a file marks it.
pub fn root(near: &Path) -> PathBuf {
    let mut top = near.to_owned();
    // Out of the package, and out of folders that only hold migrations.
    for dir in near.ancestors().take(12) {
        // What lies around a repository is another's, even where its top is a package.
        if dir.join(".git").exists() {
            return dir.to_owned();
        }
        if dir.join("__init__.py").is_file() {
            dir.parent().unwrap_or(dir).clone_into(&mut top);
        }
    }
    if let Some(marked) = top.ancestors().take(5).find(|d| MARKS.iter().any(|m| d.join(m).exists())) {
        return marked.to_owned();
    }
    top
}
