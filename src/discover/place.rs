//! Where files lie.

use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::path::{Path, PathBuf};

use crate::source::Shared;

/// An absolute path: of its own, or part of a text that many share.
#[derive(Clone, Debug)]
pub enum Place {
    /// Its own.
    Own(PathBuf),
    /// Part of a text.
    Shared(Shared),
}

impl Deref for Place {
    type Target = Path;

    fn deref(&self) -> &Path {
        match self {
            Place::Own(path) => path,
            Place::Shared(text) => Path::new(&**text),
        }
    }
}

impl AsRef<Path> for Place {
    fn as_ref(&self) -> &Path {
        self
    }
}

impl<T: Into<PathBuf>> From<T> for Place {
    fn from(path: T) -> Self {
        Place::Own(path.into())
    }
}

impl PartialEq for Place {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Place {}

impl PartialEq<Path> for Place {
    fn eq(&self, other: &Path) -> bool {
        **self == *other
    }
}

impl Hash for Place {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}
