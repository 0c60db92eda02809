//! Noting what a chain names, once.

use crate::symbol::Symbol;

use crate::diagnostic::{Access, Context};
use crate::project::eval::Evaluator;
use crate::project::uses::{Certainty, Reference, RelationName};
use crate::source::Location;

/// The name of the library in references.
pub const VIA: &str = "postgrest";

/// How sure something may be that is seen with a caller's arguments: never more than likely.
pub fn certainty(ev: &Evaluator<'_, '_>, certainty: Certainty) -> Certainty {
    if ev.is_through() { certainty.min(Certainty::Medium) } else { certainty }
}

/// Notes a name of a relation, or of a column of one.
pub fn reference(ev: &mut Evaluator<'_, '_>, at: Option<Location>, relation: RelationName, column: Option<Symbol>, access: Access, sure: Certainty) {
    if !ev.state.apart {
        push(ev, at, relation, column, access, sure);
    }
}

fn push(ev: &mut Evaluator<'_, '_>, at: Option<Location>, relation: RelationName, column: Option<Symbol>, access: Access, sure: Certainty) {
    let Some(location) = at else { return };
    if !ev.notes() || !ev.state.postgrest.noted.insert((location, column, relation.name)) {
        return;
    }
    let certainty = certainty(ev, sure);
    ev.uses.references.push(Reference { location, relation, column, access, context: Context::Query, via: VIA, model: None, attribute: None, certainty });
}

/// Notes a column that is read from a row; a row of SQL is named by the statement's own words.
pub fn row(ev: &mut Evaluator<'_, '_>, at: Location, relation: RelationName, column: Symbol, sure: Certainty, sql: bool) {
    let before = ev.uses.references.len();
    push(ev, Some(at), relation, Some(column), Access::Read, sure);
    if sql && let Some(r) = ev.uses.references.get_mut(before) {
        (r.via, r.context) = ("sql", Context::Sql);
    }
}

/// Counts what could not be followed.
pub fn skip(ev: &mut Evaluator<'_, '_>, reason: &'static str) {
    if !ev.quiet {
        ev.uses.skip(reason);
    }
}
