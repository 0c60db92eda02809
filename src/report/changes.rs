//! `diff`: changes of the schema, as text, JSON (version 1) and Markdown.

use std::fmt::Write as _;

use serde::Serialize;

use super::escape::{self, no_commands, visible};
use super::json::line;
use super::listing::RefEntry;
use crate::schema::diff::{Change, Impact};

/// One change.
#[derive(Serialize)]
pub struct ChangeEntry {
    impact: &'static str,
    kind: &'static str,
    schema: String,
    object: String,
    part: Option<String>,
    before: Option<String>,
    after: Option<String>,
    /// Places that name it; `None` when nobody asked.
    references: Option<Vec<RefEntry>>,
    #[serde(skip)]
    sentence: String,
}

impl ChangeEntry {
    /// From a change and, if asked for, the places that name what changed.
    pub fn new(change: &Change, references: Option<Vec<RefEntry>>) -> Self {
        Self {
            impact: match change.impact {
                Impact::Breaking => "breaking",
                Impact::Risky => "risky",
                Impact::Safe => "safe",
            },
            kind: change.kind.name(),
            schema: change.object.schema.clone(),
            object: change.object.name.clone(),
            part: change.part.clone(),
            before: change.before.clone(),
            after: change.after.clone(),
            references,
            sentence: change.to_string(),
        }
    }
}

impl ChangeEntry {
    /// The sentence in Markdown, with its names and definitions as code.
    fn marked(&self) -> String {
        let part = self.part.as_ref().map(|p| format!(".{p}")).unwrap_or_default();
        let mut out = format!("{}: {}", self.kind.replace('-', " "), escape::code(&format!("{}.{}{part}", self.schema, self.object)));
        let renamed = self.kind.ends_with("-renamed");
        match (&self.before, &self.after) {
            (Some(before), Some(after)) if !renamed => {
                let _ = write!(out, " {} → {}", escape::code(before), escape::code(after));
            }
            (_, Some(after)) => {
                let _ = write!(out, " {}{}", if renamed { "probably to " } else { "" }, escape::code(after));
            }
            (Some(before), None) => {
                let _ = write!(out, " {}", escape::code(before));
            }
            (None, None) => {}
        }
        out
    }
}

/// `diff --format json`
pub fn json(changes: &[ChangeEntry]) -> String {
    #[derive(Serialize)]
    struct Changes<'a> {
        version: u32,
        changes: &'a [ChangeEntry],
    }
    line(&Changes { version: 1, changes })
}

/// One line a change, its places below.
pub fn text(changes: &[ChangeEntry]) -> String {
    let mut out = String::new();
    for c in changes {
        let _ = writeln!(out, "{:8}  {}", c.impact, visible(&c.sentence));
        for r in c.references.iter().flatten() {
            let _ = writeln!(out, "            {}", visible(&r.place()));
        }
    }
    if changes.is_empty() {
        out.push_str("no change\n");
    }
    no_commands(&out).into_owned()
}

/// A list for a pull request.
pub fn markdown(changes: &[ChangeEntry]) -> String {
    let mut out = String::new();
    for c in changes {
        let _ = writeln!(out, "- **{}** {}", c.impact, c.marked());
        for r in c.references.iter().flatten() {
            let _ = writeln!(out, "  - {}", escape::code(&r.place()));
        }
    }
    if changes.is_empty() {
        out.push_str("No change of the schema.\n");
    }
    no_commands(&out).into_owned()
}
