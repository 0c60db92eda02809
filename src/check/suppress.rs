//! Applies `dbtruth: ignore[rule] reason` comments: what they hide, and whether they still hide anything.

use std::sync::Arc;

use super::unsuppress;
use crate::diagnostic::{Context, Diagnostic, Severity};
use crate::facts::{FileFacts, ProblemKind};
use crate::rules;
use crate::source::{FileId, Language, Location, Sources};

/// Which comments hid something: one flag for each rule that a comment names, in the order of the facts.
pub(super) struct Suppressions<'a> {
    sources: &'a Sources,
    facts: &'a [Arc<FileFacts>],
    used: Vec<Vec<Vec<bool>>>,
}

impl<'a> Suppressions<'a> {
    /// None has hidden anything yet.
    pub(super) fn new(sources: &'a Sources, facts: &'a [Arc<FileFacts>]) -> Self {
        let used = facts.iter().map(|f| f.suppressions.iter().map(|s| vec![false; s.rules.len()]).collect()).collect();
        Self { sources, facts, used }
    }

    /// Whether a comment hides the finding; remembers that it did.
    pub(super) fn hide(&mut self, d: &Diagnostic) -> bool {
        let file = d.location.file.0 as usize;
        let mut hidden = false;
        for (comment, used) in self.facts[file].suppressions.iter().zip(&mut self.used[file]) {
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

    /// Findings about the comments themselves. `runs` says whether a rule was on: what never ran cannot be unused.
    pub(super) fn findings(&self, runs: impl Fn(&str) -> bool) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for (n, facts) in self.facts.iter().enumerate() {
            let file = FileId(u32::try_from(n).unwrap_or(u32::MAX));
            let finding = |span, message: String| {
                let context = context(self.sources.get(file).language);
                Diagnostic::new("unused-suppression", Severity::Warning, Location::new(file, span), context, message)
            };
            found.extend(facts.problems.iter().filter(|p| p.kind == ProblemKind::Suppression).map(|p| finding(p.span, p.message.clone())));
            for (comment, used) in facts.suppressions.iter().zip(&self.used[n]) {
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
