//! `refs TABLE.COLUMN` for people: who breaks if I drop this?

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::escape::{no_commands, visible};
use super::listing::RefEntry;
use crate::diagnostic::{Access, Context};

/// Source lines are cut behind this many characters.
const SHOWN: usize = 100;

/// What a place has to do with the name, in the order in which one wants to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    Defined,
    Written,
    Read,
    Sql,
    Documents,
    Caches,
    Tests,
    Migrations,
}

impl Group {
    fn title(self) -> &'static str {
        match self {
            Group::Defined => "defined",
            Group::Written => "written",
            Group::Read => "read",
            Group::Sql => "in SQL",
            Group::Documents => "in documents",
            Group::Caches => "in caches",
            Group::Tests => "in tests",
            Group::Migrations => "in migrations, which speak of the schema of their own time",
        }
    }
}

/// One place, with what is needed to show it.
pub struct Place {
    /// What names what.
    pub entry: RefEntry,
    /// The source line.
    pub line: String,
    /// Whether it stands in a test.
    pub test: bool,
    /// Whether it stands in a revision of the schema.
    pub migration: bool,
    /// Whether it is only a guess that this names the table of the lock.
    pub guess: bool,
}

impl Place {
    fn group(&self) -> Group {
        match (self.entry.context(), self.entry.access()) {
            (Context::Migration, _) => Group::Migrations,
            _ if self.migration => Group::Migrations,
            (Context::Docs, _) => Group::Documents,
            _ if self.test => Group::Tests,
            (Context::Cache, _) => Group::Caches,
            (Context::Sql, _) => Group::Sql,
            (_, Access::Define | Access::Ddl) => Group::Defined,
            (_, Access::Write) => Group::Written,
            (_, Access::Read) => Group::Read,
        }
    }
}

/// Places by what they do with the name, each with its line; on top, how many would break.
pub fn text(name: &str, in_lock: Option<&str>, places: &[Place]) -> String {
    let mut groups: BTreeMap<Group, Vec<&Place>> = BTreeMap::new();
    for p in places {
        groups.entry(p.group()).or_default().push(p);
    }
    let mut out = String::new();
    let breaks: Vec<&Place> = places.iter().filter(|p| p.group() != Group::Migrations).collect();
    let files: BTreeSet<&str> = breaks.iter().map(|p| p.entry.file()).collect();
    let head = match in_lock {
        Some(definition) => format!("{name}: {definition}"),
        None => format!("{name}: not in the lock"),
    };
    let _ = writeln!(out, "{}", visible(&head));
    let _ = writeln!(out, "named in {} of {}, migrations aside", count(breaks.len(), "place"), count(files.len(), "file"));
    for (group, all) in groups {
        let _ = writeln!(out, "\n{} ({})", group.title(), all.len());
        for p in all {
            let column = p.entry.column().filter(|c| !name.ends_with(&format!(".{c}"))).map_or(String::new(), |c| format!(" [{c}]"));
            let access = if matches!(group, Group::Sql | Group::Tests | Group::Migrations) { format!(" {}", p.entry.access_name()) } else { String::new() };
            let guess = if p.guess && group != Group::Migrations { " perhaps" } else { "" };
            let line: String = p.line.trim().chars().take(SHOWN).collect();
            let _ = writeln!(out, "{}", visible(&format!("  {}{access}{column}{guess}: {line}", p.entry.place())));
        }
    }
    no_commands(&out).into_owned()
}

fn count(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}
