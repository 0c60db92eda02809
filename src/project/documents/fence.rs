//! Code in documents.

use crate::symbol::Symbol;

use crate::diagnostic::{Access, Context};
use crate::facts::Markdown;
use crate::project::eval::Evaluator;
use crate::project::index::Binding;
use crate::project::libraries;
use crate::project::libraries::sql_text::created;
use crate::project::uses::{Certainty, Reference, RelationName, SqlProblem, Uses};
use crate::project::world::{Place, World};
use crate::schema::Schema;
use crate::source::{FileId, Location, Span};
use crate::sql::{Options, analyse};
use crate::syntax::markdown::Fence;
use crate::syntax::python::{Body, StmtKind};
use crate::syntax::sql::template::Template;

/// What the SQL in a fence names.
pub(super) fn sql(schema: &Schema, id: FileId, text: &str, fence: &Fence, certainty: Certainty) -> Uses {
    let mut template = Template::default();
    for line in &fence.lines {
        template.push_verbatim(&text[line.range()], Location::new(id, *line));
        template.push_value("\n", Location::new(id, Span { start: line.end, end: line.end }));
    }
    let analysis = analyse(&template, schema, &Options::default());
    let familiar = analysis.references.iter().any(|r| schema.relations.contains_key(&r.relation));
    let changes = analysis.references.iter().any(|r| r.access == Access::Ddl);
    // SQL that names nothing of this database, or that changes it, shows something else than the schema of today.
    let certainty = if familiar && !changes { certainty } else { Certainty::Low };
    let mut uses = Uses::default();
    created::scan(template.text(), &mut uses.created);
    for r in &analysis.references {
        let Some(location) = template.locate(r.span) else { continue };
        if !schema.relations.contains_key(&r.relation) {
            continue;
        }
        let relation = RelationName { schema: Some(Symbol::from(&r.relation.schema)), name: Symbol::from(&r.relation.name) };
        let column = r.column.as_deref().map(Symbol::from);
        let (access, context) = (r.access, Context::Docs);
        uses.references.push(Reference { location, relation, column, access, context, via: "sql", model: None, attribute: None, certainty });
    }
    // constants in an example are made up
    for problem in analysis.problems.into_iter().filter(|p| p.kind != crate::sql::ProblemKind::TypeMismatch) {
        let Some(location) = template.locate(problem.span) else { continue };
        uses.sql_problems.push(SqlProblem { location, problem, context: Context::Docs, certainty });
    }
    if !analysis.skipped.is_empty() {
        uses.skip("sql in a document that was not understood");
    }
    uses
}

/// What the Python in the fences of a document names. The fences are read one after another, as one session; what they define by themselves
/// (a model, say) is an example and no part of the project.
pub(super) fn python<'a>(world: &World<'a>, id: FileId, document: &'a Markdown, certainty: Certainty) -> Uses {
    if document.python.is_empty() {
        return Uses::default();
    }
    let mut ev = Evaluator::new(world, Place::module(id));
    for snippet in &document.python {
        body(&mut ev, &snippet.module.body, 0);
    }
    libraries::sql_text::finish(&mut ev);
    ev.uses.dedup();
    let seen = ev.uses;
    // What an example leaves out, it leaves out on purpose: rows written are not held to what they lack.
    let mut uses = Uses {
        references: seen.references,
        missing_attributes: seen.missing_attributes,
        literals: seen.literals,
        embeds: seen.embeds,
        calls: seen.calls,
        row_keys: seen.row_keys,
        sql_problems: seen.sql_problems,
        skipped: seen.skipped,
        created: seen.created,
        ..Uses::default()
    };
    let lower = |c: &mut Certainty, context: &mut Context| {
        *c = (*c).min(certainty);
        *context = Context::Docs;
    };
    uses.references.retain(|r| r.location.file == id);
    uses.references.iter_mut().for_each(|r| lower(&mut r.certainty, &mut r.context));
    uses.missing_attributes.iter_mut().for_each(|r| r.certainty = r.certainty.min(certainty));
    uses.literals.iter_mut().for_each(|r| lower(&mut r.certainty, &mut r.context));
    uses.embeds.iter_mut().for_each(|r| lower(&mut r.certainty, &mut r.context));
    uses.calls.iter_mut().for_each(|r| lower(&mut r.certainty, &mut r.context));
    uses.row_keys.iter_mut().for_each(|r| lower(&mut r.certainty, &mut r.context));
    uses.sql_problems.iter_mut().for_each(|r| lower(&mut r.certainty, &mut r.context));
    uses
}

/// Functions inside functions beyond this are not looked into.
const MAX_DEPTH: usize = 4;

/// Walks statements; the body of a function as if it were called where it stands.
fn body<'a>(ev: &mut Evaluator<'_, 'a>, statements: &'a Body, depth: usize) {
    for s in statements {
        match &s.kind {
            StmtKind::Import(names) => {
                for n in names.iter() {
                    let first = n.module.as_str().split('.').next().unwrap_or_default();
                    let (name, whole) = n.alias.map_or((Symbol::from(first), false), |a| (a, true));
                    bind(ev, name, Binding::Import { module: n.module, whole });
                }
            }
            StmtKind::ImportFrom(from) => {
                for (name, alias) in from.names.iter().filter(|(n, _)| n.as_str() != "*") {
                    bind(ev, alias.unwrap_or(name.name), Binding::From { level: from.level, module: from.module, name: name.name });
                }
            }
            StmtKind::Function(f) if depth < MAX_DEPTH => {
                let before = ev.env.clone();
                for p in &f.params {
                    let v = p.annotation.as_ref().map(|a| ev.annotation(a)).unwrap_or_default();
                    ev.env.insert(p.name.name, v);
                }
                body(ev, &f.body, depth + 1);
                ev.env = before;
            }
            StmtKind::Class(_) => {}
            _ => {
                ev.statement(s);
            }
        }
    }
}

fn bind<'a>(ev: &mut Evaluator<'_, 'a>, name: Symbol, binding: Binding<'a>) {
    let value = ev.world.bindings_value(Place::module(ev.place.file), &[binding], &mut Vec::new());
    ev.env.insert(name, value);
}
