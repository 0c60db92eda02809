//! Applies `dbtruth: ignore[rule] reason` comments: what they hide, and whether they still hide anything.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::unsuppress;
use crate::diagnostic::{Context, Diagnostic, Severity};
use crate::facts::{FileFacts, ProblemKind};
use crate::rules;
use crate::source::{FileId, Language, Location, Sources};

/// Which comments hid something: one flag for each rule that a comment names, in the order of the facts.
pub(super) struct Suppressions<'a> {
    sources: &'a Sources,
    facts: &'a [Arc<FileFacts>],
    /// By file; files in which nothing was hidden are left out.
    used: FxHashMap<usize, Vec<Vec<bool>>>,
}

/// No comment of a file has hidden anything.
fn none_used(facts: &FileFacts) -> Vec<Vec<bool>> {
    facts.suppressions.iter().map(|s| vec![false; s.rules.len()]).collect()
}

impl<'a> Suppressions<'a> {
    /// None has hidden anything yet.
    pub(super) fn new(sources: &'a Sources, facts: &'a [Arc<FileFacts>]) -> Self {
        Self { sources, facts, used: FxHashMap::default() }
    }

    /// Whether a comment hides the finding; remembers that it did.
    pub(super) fn hide(&mut self, d: &Diagnostic) -> bool {
        let file = d.location.file.0 as usize;
        let mut hidden = false;
        let facts = &self.facts[file];
        if facts.suppressions.is_empty() {
            return false;
        }
        for (comment, used) in facts.suppressions.iter().zip(self.used.entry(file).or_insert_with(|| none_used(facts))) {
            let covered = comment.whole_file || (comment.covers.start <= d.location.span.start && d.location.span.start <= comment.covers.end);
            if !covered {
                continue;
            }
            for (rule, used) in comment.rules.iter().zip(used) {
                if rule.name == d.rule {
                    *used = true;
                    hidden = true;
                }
            }
        }
        hidden
    }

    /// Findings about the comments themselves, in all files or in one. `runs` says whether a rule was on: what never ran cannot be unused.
    pub(super) fn findings(&self, only: Option<FileId>, runs: impl Fn(&str) -> bool) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        let files = only.map_or(0..self.facts.len(), |file| file.0 as usize..file.0 as usize + 1);
        for n in files {
            let facts = &self.facts[n];
            let file = FileId(u32::try_from(n).unwrap_or(u32::MAX));
            let finding = |span, message: String| {
                let context = context(self.sources.get(file).language);
                Diagnostic::new("unused-suppression", Severity::Warning, Location::new(file, span), context, message)
            };
            found.extend(facts.problems.iter().filter(|p| p.kind == ProblemKind::Suppression).map(|p| finding(p.span, p.message.clone())));
            let used = self.used.get(&n).cloned().unwrap_or_else(|| none_used(facts));
            for (comment, used) in facts.suppressions.iter().zip(&used) {
                let unused: Vec<usize> =
                    (0..used.len()).filter(|&n| !used[n] && rules::find(&comment.rules[n].name).is_some() && runs(&comment.rules[n].name)).collect();
                for (n, (rule, used)) in comment.rules.iter().zip(used).enumerate() {
                    if rules::find(&rule.name).is_none() {
                        let near = rules::suggest::best(&rule.name, rules::ALL.iter().map(|r| r.name));
                        let mut d = finding(rule.span, format!("there is no rule `{}`", rule.name));
                        d.help = Some(near.map_or_else(|| "`dbtruth rules` lists them".to_owned(), |n| format!("did you mean `{n}`?")));
                        d.suggestion = near.map(str::to_owned);
                        found.push(d);
                    } else if !used && runs(&rule.name) {
                        let mut d = finding(rule.span, format!("nothing to suppress: `{}` does not fire here", rule.name)).help("remove it");
                        d.fix = unsuppress::fix(file, self.sources.get(file), comment, &unused, n);
                        found.push(d);
                    }
                }
            }
        }
        found
    }
}

/// The context of a finding about a file as such.
pub(super) fn context(language: Language) -> Context {
    match language {
        Language::Python => Context::Query,
        Language::Sql => Context::Sql,
        Language::Markdown | Language::Yaml => Context::Docs,
    }
}
