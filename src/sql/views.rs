//! Which columns of views can never be NULL: worked out from their queries and from what is known of the tables in the end, whichever way the schema was read.

use crate::schema::{QualifiedName, Schema};

/// Views over views over views: each round proves one more of a chain.
const ROUNDS: usize = 64;

/// Says `not null` of every column of these views that can be proven never to be NULL. `ask` tells it of one view's columns, in their order, given what is known
/// so far; nothing is taken back, so it is asked until it proves no more.
pub(super) fn settle(schema: &mut Schema, views: &[QualifiedName], mut ask: impl FnMut(&QualifiedName, &Schema) -> Option<Vec<bool>>) {
    for _ in 0..ROUNDS {
        let mut proven = false;
        for view in views {
            let Some(relation) = schema.relations.get(view).filter(|r| !r.open && r.columns.iter().any(|c| !c.not_null)) else { continue };
            let Some(order) = relation.physical_order.clone() else { continue };
            let Some(sure) = ask(view, schema).filter(|sure| sure.len() == order.len()) else { continue };
            let Some(relation) = schema.relations.get_mut(view) else { continue };
            for (name, _) in order.iter().zip(sure).filter(|(_, sure)| *sure) {
                if let Some(column) = relation.column_mut(name).filter(|c| !c.not_null) {
                    column.not_null = true;
                    proven = true;
                }
            }
        }
        if !proven {
            break;
        }
    }
}
