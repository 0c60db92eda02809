//! What can be done about findings: their own repairs, all safe ones at once, or silence.

use std::collections::{BTreeMap, HashMap};

use gen_lsp_types::{CodeAction, CodeActionContext, CodeActionKind, Range, TextEdit, Uri, WorkspaceEdit};
use serde_json::Value;

use super::generation::Generation;
use super::{publish, uri};
use crate::diagnostic::{Diagnostic, Edit, Safety};
use crate::source::{FileId, Language, SourceFile, Span};

/// The kind under which all safe repairs of a file are made at once.
const FIX_ALL: &str = "source.fixAll.dbtruth";

/// `textDocument/codeAction`
pub fn actions(generation: &Generation<'_>, file: FileId, range: Range, context: &CodeActionContext) -> Option<Value> {
    let source = generation.live.sources().get(file);
    let (from, to) = (generation.encoding.offset(source, range.start), generation.encoding.offset(source, range.end));
    let wanted = |kind: &str| context.only.as_ref().is_none_or(|only| only.iter().any(|o| under(kind, o.as_str())));
    let found = generation.findings(file);
    let mut all = Vec::new();
    if wanted("quickfix") {
        let here = found.iter().filter(|d| d.location.span.start as usize <= to && from <= d.location.span.end as usize);
        for d in here {
            all.extend(repair(generation, d));
            all.extend(silence(generation, source, d));
        }
    }
    if wanted(FIX_ALL) {
        all.extend(fix_all(generation, &found));
    }
    serde_json::to_value(all).ok()
}

/// Whether a kind is another or lies below it: `source.fixAll.dbtruth` below `source.fixAll` and `source`.
fn under(kind: &str, of: &str) -> bool {
    of.is_empty() || kind.strip_prefix(of).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn repair(generation: &Generation<'_>, d: &Diagnostic) -> Option<CodeAction> {
    let fix = d.fix.as_ref()?;
    let title = match (&d.suggestion, fix.safety) {
        (Some(name), _) => format!("Change to `{name}`"),
        (None, _) if d.rule == "unused-suppression" => "Remove the unused suppression".to_owned(),
        (None, _) => format!("Fix: {}", d.message),
    };
    Some(CodeAction {
        title,
        kind: Some(CodeActionKind::QuickFix),
        diagnostics: Some(vec![publish::diagnostic(generation, d)]),
        is_preferred: Some(fix.safety == Safety::Safe),
        edit: Some(edit(generation, fix.edits.iter())?),
        ..CodeAction::default()
    })
}

fn fix_all(generation: &Generation<'_>, found: &[Diagnostic]) -> Option<CodeAction> {
    let mut chosen: Vec<&Edit> = Vec::new();
    for fix in found.iter().filter_map(|d| d.fix.as_ref()).filter(|f| f.safety == Safety::Safe) {
        // A repair is made whole or not at all; of two that touch the same bytes the first is made.
        let free = |e: &Edit| {
            chosen.iter().all(|c| {
                c == &e || c.location.file != e.location.file || c.location.span.end < e.location.span.start || e.location.span.end < c.location.span.start
            })
        };
        if fix.edits.iter().all(free) {
            for e in &fix.edits {
                if !chosen.contains(&e) {
                    chosen.push(e);
                }
            }
        }
    }
    let edit = edit(generation, chosen.into_iter())?;
    let title = "Fix all that dbtruth can fix safely".to_owned();
    Some(CodeAction { title, kind: Some(CodeActionKind::from(FIX_ALL.to_owned())), edit: Some(edit), ..CodeAction::default() })
}

/// Edits by file; `None` where there are none, or one of them lies in a file that has no path.
fn edit<'e>(generation: &Generation<'_>, edits: impl Iterator<Item = &'e Edit>) -> Option<WorkspaceEdit> {
    let mut changes: BTreeMap<FileId, Vec<TextEdit>> = BTreeMap::new();
    for e in edits {
        let file = generation.live.sources().get(e.location.file);
        let range = generation.encoding.range(file, e.location.span);
        changes.entry(e.location.file).or_default().push(TextEdit { range, new_text: e.content.clone() });
    }
    let of = |(file, edits)| Some((Uri(uri::of(generation.live.path(file)?)), edits));
    let changes: Option<HashMap<Uri, Vec<TextEdit>>> = changes.into_iter().map(of).collect();
    changes.filter(|c| !c.is_empty()).map(|changes| WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() })
}

/// A comment that silences the finding, on its line.
fn silence(generation: &Generation<'_>, source: &SourceFile, d: &Diagnostic) -> Option<CodeAction> {
    let opener = match source.language {
        Language::Python => "# dbtruth: ignore",
        Language::Sql => "-- dbtruth: ignore",
        Language::Markdown => "<!-- dbtruth: ignore",
        Language::Yaml => return None,
    };
    if matches!(d.rule, "unused-suppression" | "syntax-error") {
        return None;
    }
    let at = comment_place(source, d.location.span)?;
    let line = source.line_span(source.position(u32::try_from(at).ok()?).line);
    let text = source.slice(line);
    // A comment that is there already takes the rule in.
    let (at, content) = match text.find(&format!("{opener}[")) {
        Some(found) => {
            let close = text[found..].find(']')? + found;
            (line.start as usize + close, format!(", {}", d.rule))
        }
        None => (line.end as usize, format!("  {opener}[{}]{}", d.rule, if source.language == Language::Markdown { " -->" } else { "" })),
    };
    let location = crate::source::Location::new(d.location.file, Span::new(at, at));
    Some(CodeAction {
        title: format!("Ignore {} here", d.rule),
        kind: Some(CodeActionKind::QuickFix),
        diagnostics: Some(vec![publish::diagnostic(generation, d)]),
        is_preferred: Some(false),
        edit: Some(edit(generation, std::iter::once(&Edit { location, content }))?),
        ..CodeAction::default()
    })
}

/// A byte of the line that the comment must stand on: the finding's own, or where a Python string of several lines ends that it stands in.
fn comment_place(source: &SourceFile, span: Span) -> Option<usize> {
    let at = span.start as usize;
    if source.language != Language::Python {
        return Some(at);
    }
    let inside = super::completion::string_around(&source.text, at);
    let Some(string) = inside.filter(|s| s.quote.len() == 3) else { return Some(at) };
    let end = source.text.get(at..)?.find(string.quote)? + at;
    Some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_lie_below_each_other() {
        assert!(under(FIX_ALL, "source.fixAll") && under(FIX_ALL, "source") && under(FIX_ALL, FIX_ALL) && under("quickfix", ""));
        assert!(!under(FIX_ALL, "source.fix") && !under("quickfix", "source"));
    }
}
