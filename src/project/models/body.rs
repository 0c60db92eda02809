//! What a model has by name: most of it, and seldom looked at by a run over a few files, which reads it when someone does.

use std::ops::{Deref, DerefMut};

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::{Member, Model, ModelColumn, written};
use crate::project::index::ClassId;
use crate::source::{FileId, Location};
use crate::symbol::Symbol;

/// What a model has by name.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Body {
    /// Columns in order of declaration: inherited ones first.
    pub columns: Vec<ModelColumn>,
    /// Unique constraints over its columns, and where they are written.
    pub unique: Vec<(Vec<Symbol>, Location)>,
    /// Everything the class has by name, columns included.
    #[serde(with = "written::members")]
    pub members: FxHashMap<Symbol, Member>,
}

/// What is written down of a [`Body`] beside it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Outline {
    /// Classes other than the model's own that declare columns of it.
    pub owners: Vec<ClassId>,
    /// Files in which a part of it stands.
    pub files: Vec<FileId>,
}

impl Body {
    /// Files in which a part of it stands, each as often as one does.
    fn files(&self) -> impl Iterator<Item = FileId> {
        let of_column = |c: &ModelColumn| [Some(c.at), Some(c.declared), c.type_at].into_iter().flatten();
        let keys = self.columns.iter().flat_map(|c| &c.foreign_keys).map(|k| k.1);
        self.columns.iter().flat_map(of_column).chain(keys).chain(self.unique.iter().map(|u| u.1)).map(|l| l.file)
    }

    /// What is to be known without it. `class` is the model's.
    pub fn outline(&self, class: Option<ClassId>) -> Outline {
        let mut owners: Vec<ClassId> = self.columns.iter().filter_map(|c| c.owner).filter(|o| Some(*o) != class).collect();
        owners.sort_unstable();
        owners.dedup();
        let mut files: Vec<FileId> = self.files().collect();
        files.sort_unstable();
        files.dedup();
        Outline { owners, files }
    }
}

impl Deref for Model {
    type Target = Body;

    fn deref(&self) -> &Body {
        &self.body
    }
}

impl DerefMut for Model {
    fn deref_mut(&mut self) -> &mut Body {
        &mut self.body
    }
}

impl Model {
    /// Whether a part of it stands in one of these files.
    pub fn stands_in(&self, files: &[FileId]) -> bool {
        let is_one = |file: &FileId| files.contains(file);
        is_one(&self.at.file)
            || is_one(&self.relation_at.file)
            || self.body.here().map_or_else(|| self.outline.files.iter().any(is_one), |body| body.files().any(|file| is_one(&file)))
    }
}
