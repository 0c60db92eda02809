//! `unregistered-model`

use std::collections::BTreeSet;

use super::{Context, Rule, display};
use crate::config::Level;
use crate::diagnostic::{self, Diagnostic, Severity};
use crate::project::index::ClassId;
use crate::project::models::Framework;
use crate::project::modules::ModuleRef;
use crate::project::world::World;
use crate::schema::QualifiedName;
use crate::source::FileId;
use crate::syntax::python::{ExprKind, StmtKind};

pub(super) const RULE: Rule = Rule {
    name: "unregistered-model",
    level: Level::Warning,
    summary: "the migration environment never imports a mapped class",
    page: include_str!("../../rules/unregistered-model.md"),
    check,
};

/// Words of code that imports by other means than `import`.
const DYNAMIC: &[&str] = &["import_module", "__import__", "walk_packages", "iter_modules", "find_modules", "import_string", "exec", "autodiscover"];

fn check(context: &Context<'_, '_>, found: &mut Vec<Diagnostic>) {
    let world = &context.project.world;
    let environments: Vec<_> = context.histories().iter().filter_map(|h| Some((h.env?, reach(world, h.env?)?))).collect();
    for (env, reached) in &environments {
        let env = *env;
        let (mut registered, mut told) = (0, Vec::new());
        for model in &world.models.all {
            let declarative = matches!(model.framework, Framework::SqlAlchemy | Framework::SqlModel);
            let Some(class) = model.class.filter(|_| declarative && !model.foreign && !model.open) else { continue };
            let file = world.index.class(class).file;
            let is_reached = |c: ClassId| reached.contains(&world.index.class(c).file);
            // A class that shares the table of one that is registered adds nothing to it that migrations would miss.
            let shared = || world.models.by_table.get(&model.relation.name).into_iter().flatten().filter_map(|m| world.models.get(*m).class).any(is_reached);
            if reached.contains(&file) || shared() {
                registered += 1;
                continue;
            }
            if world.is_test(file) || world.is_migration(file) {
                continue;
            }
            // Of several environments each may look after a part of the models.
            if environments.iter().any(|e| e.1.contains(&file)) {
                continue;
            }
            // A class of another registry is none of this environment's business.
            let Some(lineage) = world.lineage(class) else { continue };
            let mut bases = lineage.mro.iter().filter(|c| world.models.bases.contains(c)).map(|c| world.index.class(*c).file);
            if !bases.any(|f| reached.contains(&f)) {
                continue;
            }
            let name = QualifiedName::new(model.relation.schema.map_or("public", |s| s.as_str()), model.relation.name.as_str());
            let message = format!("the migration environment never imports `{}`, so migrations are made without `{}`", model.name, display(&name));
            let mut d = Diagnostic::new(RULE.name, Severity::Warning, model.at, diagnostic::Context::Model, message);
            d.help = Some(format!("import its module in `{}`, or in a package that it imports", world.sources.get(env).path));
            told.push(d.about(Some(&name.schema), Some(&name.name), None));
        }
        // Where most are not reached, a program imports them before it runs the environment.
        if told.len() <= registered {
            found.append(&mut told);
        }
    }
}

/// Every file that some environment of migrations imports.
pub fn reached(context: &Context<'_, '_>) -> BTreeSet<FileId> {
    let environments = context.histories().iter().filter_map(|h| h.env);
    environments.filter_map(|env| reach(&context.project.world, env)).flatten().collect()
}

/// Every file that running `env.py` imports; `None` where some import cannot be followed, or no model is reached at all.
fn reach(world: &World<'_>, env: FileId) -> Option<BTreeSet<FileId>> {
    let mut reached = BTreeSet::new();
    let mut todo = vec![env];
    while let Some(file) = todo.pop() {
        if !reached.insert(file) {
            continue;
        }
        let module = world.index.module_of(file)?;
        let mut dynamic = false;
        for stmt in &module.node.body {
            stmt.each(&mut |s| match &s.kind {
                StmtKind::Import(names) => names.iter().for_each(|n| follow(world, file, 0, n.module.as_str(), &[], &mut todo)),
                StmtKind::ImportFrom(i) => {
                    let names: Vec<&str> = i.names.iter().map(|n| n.0.as_str()).collect();
                    follow(world, file, i.level, i.module.as_str(), &names, &mut todo);
                }
                _ => s.each_expr(&mut |e| {
                    e.each(&mut |e| {
                        dynamic |= match &e.kind {
                            ExprKind::Name(n) => DYNAMIC.contains(&n.as_str()),
                            ExprKind::Attribute(a) => DYNAMIC.contains(&a.attr.as_str()),
                            _ => false,
                        };
                    });
                }),
            });
        }
        if dynamic {
            return None;
        }
    }
    let models = world.models.all.iter().filter_map(|m| m.class).any(|c| reached.contains(&world.index.class(c).file));
    models.then_some(reached)
}

/// The files that an import runs: the module, the packages around it, and names that are modules themselves.
fn follow(world: &World<'_>, from: FileId, level: u32, module: &str, names: &[&str], todo: &mut Vec<FileId>) {
    let table = &world.index.table;
    for (n, _) in module.match_indices('.').chain([(module.len(), "")]) {
        if let ModuleRef::File(f) = table.resolve(from, level, &module[..n]) {
            todo.push(f);
        }
    }
    let base = table.resolve(from, level, module);
    for name in names {
        if let Some(ModuleRef::File(f)) = table.submodule(&base, name) {
            todo.push(f);
        }
    }
}
