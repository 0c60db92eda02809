//! `dbtruth: ignore[rule, rule] reason` in a comment: what it hides, and whether it still hides anything.

use std::collections::BTreeMap;

use super::Opened;
use crate::diagnostic::{Context, Diagnostic, Severity};
use crate::rules;
use crate::source::{FileId, Language, Location, SourceFile, Sources, Span};

/// One comment.
struct Suppression {
    /// `ignore[…]`, or the whole comment where it is not well formed.
    at: Location,
    /// The rules it names, where, and whether they hid something.
    rules: Vec<(String, Span, bool)>,
}

/// All comments, by file and the line they speak for.
#[derive(Default)]
pub(super) struct Suppressions {
    by_line: BTreeMap<(FileId, u32), Vec<Suppression>>,
}

/// Finds the comments of all files.
pub(super) fn collect(opened: &Opened) -> Suppressions {
    let mut all = Suppressions::default();
    let mut comments: Vec<(FileId, Span)> = Vec::new();
    for (file, module) in &opened.modules {
        comments.extend(module.comments.iter().map(|c| (*file, c.span)));
    }
    for (id, file) in opened.sources.iter() {
        match file.language {
            // SQL inside Python has SQL's comments.
            Language::Sql | Language::Python => comments.extend(marked(file, "--", "\n").map(|s| (id, s))),
            Language::Markdown => comments.extend(marked(file, "<!--", "-->").map(|s| (id, s))),
            Language::Yaml => {}
        }
    }
    for (id, span) in comments {
        let file = opened.sources.get(id);
        if let Some(suppression) = parse(file, Location::new(id, span)) {
            let line = line_spoken_for(file, span);
            all.by_line.entry((id, line)).or_default().push(suppression);
        }
    }
    all
}

/// Comments from `open` to `close` that begin with `dbtruth:`.
fn marked<'a>(file: &'a SourceFile, open: &'static str, close: &'static str) -> impl Iterator<Item = Span> + 'a {
    let text = &*file.text;
    text.match_indices("dbtruth:").filter_map(move |(at, _)| {
        let before = text[..at].trim_end_matches([' ', '\t']);
        let start = before.strip_suffix(open)?.len();
        let end = text[at..].find(close).map_or(text.len(), |n| at + n);
        Some(Span::new(start, end))
    })
}

/// Reads a comment; `None` when it is not addressed to us.
fn parse(file: &SourceFile, comment: Location) -> Option<Suppression> {
    let text = file.slice(comment.span);
    let body = text.trim_start_matches(['#', '-', '<', '!', ' ', '\t']).strip_prefix("dbtruth:")?;
    let mut suppression = Suppression { at: comment, rules: Vec::new() };
    let Some(list) =
        body.trim_start().strip_prefix("ignore").map(str::trim_start).and_then(|b| b.strip_prefix('[')).and_then(|b| b.split_once(']')).map(|(l, _)| l)
    else {
        return Some(suppression);
    };
    let offset = |part: &str| comment.span.start as usize + (part.as_ptr() as usize - text.as_ptr() as usize);
    for part in list.split(',') {
        let name = part.trim();
        if !name.is_empty() {
            suppression.rules.push((name.to_owned(), Span::new(offset(name), offset(name) + name.len()), false));
        }
    }
    Some(suppression)
}

/// The comment's own line, or the next line of code where nothing stands in front of it.
fn line_spoken_for(file: &SourceFile, comment: Span) -> u32 {
    let own = file.position(comment.start).line;
    let alone = file.slice(Span { start: file.line_span(own).start, end: comment.start }).trim().is_empty();
    if !alone {
        return own;
    }
    let last = u32::try_from(file.line_starts().len()).unwrap_or(u32::MAX);
    let is_code = |line: &u32| {
        let text = file.slice(file.line_span(*line)).trim_start();
        !text.is_empty() && !text.starts_with('#') && !text.starts_with("--") && !text.starts_with("<!--")
    };
    (own + 1..=last).find(is_code).unwrap_or(own)
}

impl Suppressions {
    /// Whether a comment hides the finding; remembers that it did.
    pub(super) fn hide(&mut self, sources: &Sources, d: &Diagnostic) -> bool {
        let file = sources.get(d.location.file);
        let lines = [file.position(d.location.span.start).line, file.position(d.location.span.end).line];
        let mut hidden = false;
        for line in lines {
            for suppression in self.by_line.get_mut(&(d.location.file, line)).into_iter().flatten() {
                for (_, _, used) in suppression.rules.iter_mut().filter(|(rule, ..)| rule == d.rule) {
                    *used = true;
                    hidden = true;
                }
            }
        }
        hidden
    }

    /// Findings about the comments themselves. `runs` says whether a rule was on: what never ran cannot be unused.
    pub(super) fn findings(&self, opened: &Opened, runs: impl Fn(&str) -> bool) -> Vec<Diagnostic> {
        let finding = |at: Location, message: String| {
            let context = match opened.sources.get(at.file).language {
                Language::Python => Context::Query,
                Language::Sql => Context::Sql,
                Language::Markdown | Language::Yaml => Context::Docs,
            };
            Diagnostic::new("unused-suppression", Severity::Warning, at, context, message)
        };
        let mut found = Vec::new();
        for suppression in self.by_line.values().flatten() {
            if suppression.rules.is_empty() {
                found.push(finding(suppression.at, "this comment suppresses nothing".to_owned()).help("write `dbtruth: ignore[rule] reason`"));
            }
            for (name, span, used) in &suppression.rules {
                let at = Location::new(suppression.at.file, *span);
                if rules::find(name).is_none() {
                    let near = rules::suggest::best(name, rules::ALL.iter().map(|r| r.name));
                    let mut d = finding(at, format!("there is no rule `{name}`"));
                    d.help = Some(near.map_or_else(|| "`dbtruth rules` lists them".to_owned(), |n| format!("did you mean `{n}`?")));
                    d.suggestion = near.map(str::to_owned);
                    found.push(d);
                } else if !used && runs(name) {
                    found.push(finding(at, format!("nothing to suppress: `{name}` does not fire here")).help("remove it"));
                }
            }
        }
        found
    }
}
