//! Relations that are read when someone looks at them: a hook looks at three tables of a thousand.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, OnceLock};

use super::{Relation, RelationKind};

/// A relation, or where in a text it stands. Whoever has one has the relation.
pub struct LazyRelation {
    known: OnceLock<Box<Relation>>,
    unread: Option<Unread>,
}

/// Where a relation stands.
#[derive(Clone)]
pub(super) struct Unread {
    /// The text.
    pub text: Arc<str>,
    /// The byte at which the line of its name begins.
    pub at: u32,
    /// What kind of relation stands there.
    pub kind: RelationKind,
    /// Reads it.
    pub read: fn(&Unread) -> Option<Relation>,
}

impl LazyRelation {
    /// One that is not read yet.
    pub(super) fn unread(unread: Unread) -> Self {
        Self { known: OnceLock::new(), unread: Some(unread) }
    }

    /// The relation itself.
    pub fn into_inner(mut self) -> Relation {
        std::mem::replace(&mut *self, Relation::new(RelationKind::Table))
    }

    fn read(&self) -> Box<Relation> {
        // What cannot be read after all may hold anything.
        let unknown = || Relation { open: true, ..Relation::new(RelationKind::Table) };
        Box::new(self.unread.as_ref().and_then(|u| (u.read)(u)).unwrap_or_else(unknown))
    }
}

impl From<Relation> for LazyRelation {
    fn from(relation: Relation) -> Self {
        Self { known: OnceLock::from(Box::new(relation)), unread: None }
    }
}

impl Deref for LazyRelation {
    type Target = Relation;

    fn deref(&self) -> &Relation {
        self.known.get_or_init(|| self.read())
    }
}

impl DerefMut for LazyRelation {
    fn deref_mut(&mut self) -> &mut Relation {
        if self.known.get().is_none() {
            self.known = OnceLock::from(self.read());
        }
        self.known.get_mut().expect("it was just read")
    }
}

impl Clone for LazyRelation {
    fn clone(&self) -> Self {
        Self { known: self.known.clone(), unread: self.unread.clone() }
    }
}

impl PartialEq for LazyRelation {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for LazyRelation {}

impl fmt::Debug for LazyRelation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}
