//! The settings of a project: `dbtruth.yaml`, or `[tool.dbtruth]` in `pyproject.toml`.
//!
//! Unknown keys are errors: a misspelt key that does nothing is worse than no key.

mod error;
mod find;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use error::ConfigError;
pub use find::{Loaded, NAMES, find_upwards, parse};

use crate::diagnostic::Severity;

/// The lock's name where the configuration says nothing.
pub const DEFAULT_LOCK: &str = "schema.lock.yaml";

/// A rule's level as people write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Never reported.
    Off,
    /// Said on request; never fails a run.
    Info,
    /// Reported.
    Warning,
    /// Reported as an error.
    Error,
}

impl Level {
    /// The severity it stands for; `None` for `off`.
    pub fn severity(self) -> Option<Severity> {
        match self {
            Self::Off => None,
            Self::Info => Some(Severity::Info),
            Self::Warning => Some(Severity::Warning),
            Self::Error => Some(Severity::Error),
        }
    }
}

/// One wrapper of the user's own around a database library.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Call {
    /// Dotted name of the function, as imported: `app.db.fetch_rows`.
    pub function: String,
    /// Argument (position from 0, or keyword) → what it holds.
    #[serde(default)]
    pub args: BTreeMap<String, Role>,
}

/// What an argument of a wrapper holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// SQL text.
    Sql,
    /// A table's name, perhaps with its schema in front.
    Table,
    /// A schema's name.
    Schema,
    /// A column, or a list of them.
    #[serde(alias = "column")]
    Columns,
    /// A dict by column, read.
    Where,
    /// A dict by column, or a list of them, written.
    #[serde(alias = "rows")]
    Row,
}

/// Everything the configuration can say; every key is optional.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Config {
    /// The lock file, relative to the configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lock: Option<String>,
    /// Paths that are never read: gitignore patterns relative to the configuration.
    pub exclude: Vec<String>,
    /// Rule → level, everywhere.
    pub rules: BTreeMap<String, Level>,
    /// Glob → rule → level; later globs (in the order of their text) win.
    pub per_path: BTreeMap<String, BTreeMap<String, Level>>,
    /// Pydantic class → table.
    pub models: BTreeMap<String, String>,
    /// Redis key pattern → table.
    pub caches: BTreeMap<String, String>,
    /// Table, `table.column` or `schema.table.column` → what to use instead.
    pub deprecated: BTreeMap<String, String>,
    /// Findings that are accepted for now: a file relative to the configuration, as `--baseline` takes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline: Option<String>,
    /// Files that `sync` generates, relative to the configuration: path → `pydantic`, `sqlalchemy` or `sqlmodel`.
    pub generate: BTreeMap<String, String>,
    /// Folders of migrations, relative to the configuration.
    pub migrations: Vec<String>,
    /// The user's own wrappers.
    pub calls: Vec<Call>,
}

impl Config {
    /// The lock's path as configured, or the usual name.
    pub fn lock_name(&self) -> &str {
        self.lock.as_deref().unwrap_or(DEFAULT_LOCK)
    }

    /// Every rule name the configuration mentions.
    pub fn rule_names(&self) -> impl Iterator<Item = &str> {
        self.rules.keys().chain(self.per_path.values().flat_map(BTreeMap::keys)).map(String::as_str)
    }
}
