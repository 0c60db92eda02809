//! What a link found, told to the client: only what differs from what was said before.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use gen_lsp_types::{Diagnostic, DiagnosticSeverity, PublishDiagnosticsParams, Uri};
use serde_json::{Value, json};

use super::generation::Linked;
use super::session::Session;
use crate::check::Failure;
use crate::discover;

impl Session {
    /// Everything was judged by a new lock.
    pub(super) fn judged(&mut self, root: &Path, id: u64, findings: BTreeMap<PathBuf, Vec<Diagnostic>>) {
        let Some(workspace) = self.workspaces.get_mut(root).filter(|w| w.is_served_by(id)) else { return };
        let before = std::mem::replace(&mut workspace.said, findings.clone());
        for path in before.keys().chain(findings.keys()).collect::<BTreeSet<_>>() {
            if before.get(path) != findings.get(path) && self.root_of(path).is_some_and(|r| r == root) {
                self.say(path, findings.get(path).cloned().unwrap_or_default());
            }
        }
        self.ask_to_ask();
    }

    /// Tells a client that asks for findings that there may be others.
    fn ask_to_ask(&mut self) {
        if self.client.refreshes && self.client.pulls {
            self.request("workspace/diagnostic/refresh", Value::Null);
        }
    }

    pub(super) fn linked(&mut self, linked: Linked) {
        let Linked { root, id, memory, took, findings, watched, notes } = linked;
        let now = self.documents.buffers(&root);
        let Some(workspace) = self.workspaces.get_mut(&root) else { return };
        let Some(changed) = workspace.linked(id, memory, took, watched, &now) else { return };
        let before = std::mem::take(&mut workspace.said);
        let mut say = Vec::new();
        for path in before.keys().chain(findings.keys()).collect::<BTreeSet<_>>() {
            let items = findings.get(path).cloned().unwrap_or_default();
            if !changed.contains(path) && (before.get(path).cloned().unwrap_or_default() != items || now.contains_key(path)) {
                say.push((path.clone(), items));
            }
        }
        // An open text without findings is said to have none.
        say.extend(now.keys().filter(|p| !findings.contains_key(*p) && !before.contains_key(*p) && !changed.contains(*p)).map(|p| (p.clone(), Vec::new())));
        workspace.said = findings;
        for (path, items) in changed.iter().filter_map(|p| Some((p.clone(), before.get(p)?.clone()))) {
            workspace.said.insert(path, items);
        }
        for (path, items) in say {
            if self.root_of(&path).is_some_and(|r| r == root) {
                self.say(&path, items);
            }
        }
        for note in notes {
            self.log(&note);
        }
        self.log(&format!("{} linked in {took:.1?}", root.display()));
        self.ask_to_ask();
    }

    /// A link that could not be made: said at the place that is named, once.
    pub(super) fn failed(&mut self, root: &Path, failure: &Failure) {
        let at = place_named(&failure.message);
        let path = at.as_ref().map(|(name, ..)| discover::normalise(Path::new(name), root)).filter(|p| p.is_file());
        if let (Some(path), Some((_, line, column, message))) = (path, at) {
            let place = json!({"line": line.saturating_sub(1), "character": column.saturating_sub(1)});
            let range = serde_json::from_value(json!({"start": place, "end": place})).unwrap_or_default();
            let message = failure.help.as_ref().map_or_else(|| message.clone(), |help| format!("{message}\nhelp: {help}"));
            let item = Diagnostic {
                range,
                severity: Some(DiagnosticSeverity::Error),
                source: Some("dbtruth".to_owned()),
                message: message.into(),
                ..Diagnostic::default()
            };
            if let Some(workspace) = self.workspaces.get_mut(root) {
                workspace.said.insert(path.clone(), vec![item.clone()]);
            }
            self.publish(&path, &[item]);
        }
        let missing = failure.message.starts_with("no lock");
        let text = format!("dbtruth: {failure}");
        // A folder without a lock is no fault of anyone's.
        if missing { self.log(&text) } else { self.notify("window/showMessage", json!({"type": 1, "message": text})) }
    }

    /// Says findings, unless the client asks for them itself.
    pub(super) fn say(&mut self, path: &Path, items: Vec<Diagnostic>) {
        if !(self.client.pulls && self.documents.of_path(path).is_some()) {
            self.publish_items(path, items);
        }
    }

    pub(super) fn publish(&self, path: &Path, items: &[Diagnostic]) {
        self.publish_items(path, items.to_vec());
    }

    pub(super) fn publish_items(&self, path: &Path, diagnostics: Vec<Diagnostic>) {
        let version = self.documents.of_path(path).map(|d| d.version);
        let params = PublishDiagnosticsParams { uri: Uri(self.documents.uri_of(path)), version, diagnostics };
        if let Ok(params) = serde_json::to_value(params) {
            self.notify("textDocument/publishDiagnostics", params);
        }
    }
}

/// Takes `file:line:column: message` apart.
fn place_named(message: &str) -> Option<(String, u32, u32, String)> {
    let mut parts = message.splitn(4, ':');
    let (file, line, column, rest) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    Some((file.to_owned(), line.trim().parse().ok()?, column.trim().parse().ok()?, rest.trim().to_owned()))
}
