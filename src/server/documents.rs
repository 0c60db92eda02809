//! The texts that the editor has open.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gen_lsp_types::{Position, TextDocumentContentChangeEvent};

use super::position::Encoding;
use super::uri;
use crate::check::Buffers;
use crate::source::{Language, SourceFile};

/// One open text.
#[derive(Clone, Debug)]
pub struct Document {
    /// The editor's number of this state.
    pub version: i32,
    /// What it holds.
    pub text: Arc<str>,
}

/// All open texts. One that was never saved (`untitled:`) has a path in the first folder, where no file is, if its language is one of ours; others that have no path are
/// followed and belong to no project.
#[derive(Debug, Default)]
pub struct Documents {
    by_uri: BTreeMap<String, Document>,
    by_path: BTreeMap<PathBuf, String>,
    unsaved: BTreeMap<String, PathBuf>,
}

impl Documents {
    /// The path of a text.
    pub fn path(&self, uri: &str) -> Option<PathBuf> {
        uri::path(uri).or_else(|| self.unsaved.get(uri).cloned())
    }

    /// Gives a text that was never saved a path in a folder.
    pub fn place(&mut self, uri: &str, language: &str, folder: &Path) {
        let Some(name) = uri.strip_prefix("untitled:") else { return };
        let ending = match language {
            "python" => "py",
            "sql" | "postgres" | "postgresql" | "pgsql" | "plpgsql" => "sql",
            "markdown" => "md",
            _ => return,
        };
        let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
        let name: String = name.chars().map(|c| if c.is_alphanumeric() || c == '-' { c } else { '_' }).take(80).collect();
        let taken = |path: &PathBuf| path.exists() || self.by_path.contains_key(path);
        let names = (0..100).map(|n| folder.join(if n == 0 { format!("{name}.{ending}") } else { format!("{name}-{n}.{ending}") }));
        if !self.unsaved.contains_key(uri)
            && let Some(path) = names.into_iter().find(|p| !taken(p))
        {
            self.unsaved.insert(uri.to_owned(), path);
        }
    }

    /// Opens a text; again, if need be.
    pub fn open(&mut self, uri: &str, version: i32, text: &str) {
        if let Some(path) = self.path(uri) {
            self.by_path.insert(path, uri.to_owned());
        }
        self.by_uri.insert(uri.to_owned(), Document { version, text: text.into() });
    }

    /// Changes a text; `false` where it is not open.
    pub fn change(&mut self, uri: &str, version: i32, changes: &[TextDocumentContentChangeEvent], encoding: Encoding) -> bool {
        let Some(document) = self.by_uri.get_mut(uri) else { return false };
        document.version = version;
        for change in changes {
            document.text = match change {
                TextDocumentContentChangeEvent::TextDocumentContentChangeWholeDocument(whole) => whole.text.as_str().into(),
                TextDocumentContentChangeEvent::TextDocumentContentChangePartial(part) => {
                    replaced(&document.text, part.range.start, part.range.end, &part.text, encoding)
                }
            };
        }
        true
    }

    /// Closes a text; gives it back if it was open.
    pub fn close(&mut self, uri: &str) -> Option<Document> {
        if let Some(path) = self.path(uri)
            && self.by_path.get(&path).is_some_and(|u| u == uri)
        {
            self.by_path.remove(&path);
        }
        self.unsaved.remove(uri);
        self.by_uri.remove(uri)
    }

    /// The open text of a path.
    pub fn of_path(&self, path: &Path) -> Option<&Document> {
        self.by_uri.get(self.by_path.get(path)?)
    }

    /// The URI of a path, as the editor spells it where it has.
    pub fn uri_of(&self, path: &Path) -> String {
        self.by_path.get(path).cloned().unwrap_or_else(|| uri::of(path))
    }

    /// The texts below a folder.
    pub fn buffers(&self, root: &Path) -> Buffers {
        let below = self.by_path.iter().filter(|(p, _)| p.starts_with(root));
        below.filter_map(|(p, u)| Some((p.clone(), Arc::clone(&self.by_uri.get(u)?.text)))).collect()
    }
}

fn replaced(text: &Arc<str>, start: Position, end: Position, with: &str, encoding: Encoding) -> Arc<str> {
    let file = SourceFile::new("", Language::Python, Arc::clone(text));
    let (a, b) = (encoding.offset(&file, start), encoding.offset(&file, end));
    let (from, to) = (a.min(b), a.max(b));
    [&text[..from], with, &text[to..]].concat().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use gen_lsp_types::{Range, TextDocumentContentChangePartial};

    fn part(start: (u32, u32), end: (u32, u32), text: &str) -> TextDocumentContentChangeEvent {
        let position = |(line, character)| Position { line, character };
        let range = Range { start: position(start), end: position(end) };
        TextDocumentContentChangePartial { range, text: text.to_owned(), ..Default::default() }.into()
    }

    #[test]
    fn changes_are_applied_one_after_another() {
        let mut documents = Documents::default();
        documents.open("file:///a.py", 1, "a😀b\nc\n");
        let changes = [part((0, 3), (0, 4), "B"), part((1, 0), (1, 0), "x"), part((9, 9), (99, 0), "end"), part((0, 2), (0, 0), "é")];
        assert!(documents.change("file:///a.py", 2, &changes, Encoding::Utf16));
        assert_eq!(&*documents.of_path(Path::new("/a.py")).expect("open").text, "é😀B\nxc\nend");
        assert!(documents.close("file:///a.py").is_some());
        assert!(!documents.change("file:///a.py", 3, &changes, Encoding::Utf16), "closed");
    }

    #[test]
    fn texts_never_saved_have_a_place() {
        let mut documents = Documents::default();
        let folder = Path::new("/nowhere at all");
        for (uri, language) in
            [("untitled:Untitled-1", "python"), ("untitled:/x/../..", "sql"), ("untitled:a b?c", "sql"), ("untitled:x", "rust"), ("git:/x.py", "python")]
        {
            documents.place(uri, language, folder);
            documents.open(uri, 1, "x");
        }
        let path = |uri: &str| documents.path(uri).map(|p| p.strip_prefix(folder).expect("inside").display().to_string());
        assert_eq!(path("untitled:Untitled-1").as_deref(), Some("Untitled-1.py"));
        assert_eq!(path("untitled:/x/../..").as_deref(), Some("__.sql"));
        assert_eq!(path("untitled:a b?c").as_deref(), Some("a_b_c.sql"));
        assert_eq!((path("untitled:x"), path("git:/x.py")), (None, None));
        assert_eq!(documents.uri_of(&folder.join("Untitled-1.py")), "untitled:Untitled-1");
        documents.close("untitled:Untitled-1");
        assert_eq!(documents.path("untitled:Untitled-1"), None);
        assert_eq!(documents.buffers(folder).len(), 2);
    }
}
