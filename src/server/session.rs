//! One session with a client: messages in, work handed on, answers out.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, never, select};
use gen_lsp_types::{
    CodeActionParams, CompletionParams, DefinitionParams, DidChangeTextDocumentParams, DidChangeWatchedFilesParams, DidChangeWorkspaceFoldersParams,
    DidCloseTextDocumentParams, DidOpenTextDocumentParams, DidSaveTextDocumentParams, DocumentDiagnosticParams, HoverParams, ReferenceParams, Uri,
    WorkspaceSymbolParams,
};
use lsp_server::{ErrorCode, Message, Notification, Request, RequestId, Response};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::documents::Documents;
use super::generation::{Ask, Event, Job};
use super::position::Encoding;
use super::transport::Incoming;
use super::uri;
use super::workspace::{Means, Workspace};
use crate::{config, discover};

/// How often the lock and the configuration are looked at, for clients that do not watch files.
const LOOK: Duration = Duration::from_secs(1);

/// What is said when we fail ourselves.
const CRASHED: &str = "dbtruth crashed over this message; please report it";

/// What the client can do.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Client {
    /// It asks for findings of open texts itself.
    pub(super) pulls: bool,
    /// It can be told to ask again.
    pub(super) refreshes: bool,
    /// It watches files for us.
    watches: bool,
}

/// A session.
pub struct Session {
    out: Sender<Message>,
    events: Receiver<Event>,
    means: Means,
    pub(super) client: Client,
    pub(super) documents: Documents,
    folders: BTreeSet<PathBuf>,
    pub(super) workspaces: BTreeMap<PathBuf, Workspace>,
    /// Requests that links are working on, and what kind of answer they want.
    pending: BTreeMap<RequestId, Pending>,
    /// Texts that changed since the last time work was handed on.
    changed: BTreeSet<PathBuf>,
    looked: Instant,
    requests: i32,
    shutting_down: bool,
    exit: Option<u8>,
}

/// How an answer is to be wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pending {
    /// As it is.
    Plain,
    /// As a diagnostic report.
    Report,
    /// Together with those of other folders: so many are still to come.
    Several(usize),
}

/// Waits for `initialize` and gives its parameters; `None` where the stream ends or the client leaves before.
pub fn initialize(incoming: &Receiver<Incoming>, out: &Sender<Message>) -> Option<Value> {
    let params = loop {
        match incoming.recv().ok()? {
            Incoming::Message(message) => match *message {
                Message::Request(r) if r.method == "initialize" => {
                    let result = json!({
                        "capabilities": capabilities(encoding(&r.params)),
                        "serverInfo": {"name": "dbtruth", "version": env!("CARGO_PKG_VERSION")},
                    });
                    out.send(Response::new_ok(r.id, result).into()).ok()?;
                    break r.params;
                }
                Message::Request(r) => {
                    let error = Response::new_err(r.id, ErrorCode::ServerNotInitialized as i32, "`initialize` comes first".to_owned());
                    out.send(error.into()).ok()?;
                }
                Message::Notification(n) if n.method == "exit" => return None,
                _ => {}
            },
            Incoming::Bad(_) => {}
        }
    };
    Some(params)
}

fn encoding(params: &Value) -> Encoding {
    let offered = params.pointer("/capabilities/general/positionEncodings").and_then(Value::as_array);
    Encoding::choose(offered.into_iter().flatten().filter_map(Value::as_str))
}

fn capabilities(encoding: Encoding) -> Value {
    json!({
        "positionEncoding": encoding.name(),
        "textDocumentSync": {"openClose": true, "change": 2, "save": true},
        "diagnosticProvider": {"identifier": "dbtruth", "interFileDependencies": true, "workspaceDiagnostics": false},
        "hoverProvider": true,
        "definitionProvider": true,
        "referencesProvider": true,
        "completionProvider": {"triggerCharacters": [".", "\"", "'", ",", "("]},
        "workspaceSymbolProvider": true,
        "codeActionProvider": {"codeActionKinds": ["quickfix", "source.fixAll.dbtruth"]},
        "workspace": {"workspaceFolders": {"supported": true, "changeNotifications": true}},
    })
}

fn folders(params: &Value) -> BTreeSet<PathBuf> {
    let of = |v: Option<&Value>| v.and_then(Value::as_str).and_then(uri::path);
    let listed: BTreeSet<PathBuf> = params.get("workspaceFolders").and_then(Value::as_array).into_iter().flatten().filter_map(|f| of(f.get("uri"))).collect();
    if !listed.is_empty() {
        return listed;
    }
    let root = of(params.get("rootUri")).or_else(|| params.get("rootPath").and_then(Value::as_str).map(PathBuf::from));
    root.filter(|r| r.is_absolute()).into_iter().collect()
}

impl Session {
    /// A session with a client that has sent these parameters of `initialize`.
    pub fn new(params: &Value, out: Sender<Message>) -> io::Result<Self> {
        let (send, events) = crossbeam_channel::unbounded();
        let has = |pointer: &str| params.pointer(pointer).is_some_and(|v| *v == true || v.is_object());
        let client = Client {
            pulls: has("/capabilities/textDocument/diagnostic"),
            refreshes: has("/capabilities/workspace/diagnostics/refreshSupport"),
            watches: has("/capabilities/workspace/didChangeWatchedFiles/dynamicRegistration"),
        };
        let means = Means::new(encoding(params), send).map_err(io::Error::other)?;
        let mut session = Self {
            out,
            events,
            means,
            client,
            documents: Documents::default(),
            folders: folders(params),
            workspaces: BTreeMap::new(),
            pending: BTreeMap::new(),
            changed: BTreeSet::new(),
            looked: Instant::now(),
            requests: 0,
            shutting_down: false,
            exit: None,
        };
        for folder in session.folders.clone() {
            session.adopt(&folder);
        }
        Ok(session)
    }

    /// Serves until the end; gives the exit code.
    pub fn run(mut self, incoming: &Receiver<Incoming>) -> u8 {
        let events = self.events.clone();
        loop {
            self.hand_on();
            let wait = self.workspaces.values().filter_map(Workspace::wakes).min().map_or(LOOK, |due| due.saturating_duration_since(Instant::now()));
            select! {
                recv(incoming) -> message => match message {
                    Ok(message) => {
                        self.incoming(message);
                        // What is here already is taken together: a burst of changes is one.
                        while let (None, Ok(more)) = (self.exit, incoming.try_recv()) {
                            self.incoming(more);
                        }
                    }
                    Err(_) => return u8::from(!self.shutting_down),
                },
                recv(events) -> event => if let Ok(event) = event { self.guarded(|session| session.event(event)); },
                recv(never::<()>()) -> _ => {},
                default(wait.min(LOOK)) => {},
            }
            if let Some(code) = self.exit {
                return code;
            }
            if self.looked.elapsed() >= LOOK {
                self.looked = Instant::now();
                self.workspaces.values_mut().for_each(|w| {
                    w.look();
                });
            }
        }
    }

    /// Gives changed texts to their links, and starts links that are due.
    fn hand_on(&mut self) {
        for path in std::mem::take(&mut self.changed) {
            let Some(document) = self.documents.of_path(&path) else { continue };
            let text = std::sync::Arc::clone(&document.text);
            for w in self.workspaces.values_mut().filter(|w| path.starts_with(&w.root)) {
                if w.watches(&path) {
                    w.decided(&path, &text);
                } else if discover::language_of(&path).is_some() {
                    w.edit(&path, &text);
                }
            }
        }
        let (documents, means) = (&self.documents, &self.means);
        for w in self.workspaces.values_mut() {
            w.start_if_due(|root| documents.buffers(root), means);
        }
    }

    fn send(&self, message: impl Into<Message>) {
        // Where nobody reads any more, the end of the stream follows.
        let _ = self.out.send(message.into());
    }

    pub(super) fn notify(&self, method: &str, params: Value) {
        self.send(Notification { method: method.to_owned(), params });
    }

    pub(super) fn request(&mut self, method: &str, params: Value) {
        self.requests += 1;
        self.send(Request { id: self.requests.into(), method: method.to_owned(), params });
    }

    pub(super) fn log(&self, text: &str) {
        self.notify("window/logMessage", json!({"type": 4, "message": text}));
    }

    /// Whatever crashes over one message is said, and ends nothing.
    fn guarded<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> Option<T> {
        let done = catch_unwind(AssertUnwindSafe(|| work(self))).ok();
        if done.is_none() {
            self.log(CRASHED);
        }
        done
    }

    fn incoming(&mut self, incoming: Incoming) {
        match incoming {
            Incoming::Bad(what) => self.log(&format!("skipped {what}")),
            Incoming::Message(message) => match *message {
                Message::Request(request) => {
                    let id = request.id.clone();
                    if self.guarded(|session| session.asked(request)).is_none() {
                        self.send(Response::new_err(id, ErrorCode::InternalError as i32, CRASHED.to_owned()));
                    }
                }
                Message::Notification(notification) => drop(self.guarded(|session| session.notified(notification))),
                // Answers to what we asked for say nothing that we need.
                Message::Response(_) => {}
            },
        }
    }

    fn asked(&mut self, request: Request) {
        let Request { id, method, params } = request;
        if method == "shutdown" {
            self.shutting_down = true;
            return self.send(Response::new_ok(id, Value::Null));
        }
        if self.shutting_down || method == "initialize" {
            return self.send(Response::new_err(id, ErrorCode::InvalidRequest as i32, format!("`{method}` at this point")));
        }
        let path = |uri: &Uri| self.documents.path(&uri.0);
        let ask = match method.as_str() {
            "textDocument/diagnostic" => parse(params).map(|p: DocumentDiagnosticParams| path(&p.text_document.uri).map(Ask::Findings)),
            "textDocument/hover" => parse(params).map(|p: HoverParams| {
                let at = p.text_document_position_params;
                path(&at.text_document.uri).map(|path| Ask::Hover(path, at.position))
            }),
            "textDocument/definition" => parse(params).map(|p: DefinitionParams| {
                let at = p.text_document_position_params;
                path(&at.text_document.uri).map(|path| Ask::Definition(path, at.position))
            }),
            "textDocument/references" => parse(params).map(|p: ReferenceParams| {
                let at = p.text_document_position_params;
                path(&at.text_document.uri).map(|path| Ask::References(path, at.position, p.context.include_declaration))
            }),
            "textDocument/completion" => parse(params).map(|p: CompletionParams| {
                let at = p.text_document_position_params;
                path(&at.text_document.uri).map(|path| Ask::Completion(path, at.position))
            }),
            "textDocument/codeAction" => {
                parse(params).map(|p: CodeActionParams| path(&p.text_document.uri).map(|path| Ask::Actions(path, p.range, Box::new(p.context))))
            }
            "workspace/symbol" => match parse::<WorkspaceSymbolParams>(params) {
                Ok(p) if cfg!(test) && p.query == "crash-in-asking" => panic!("a crash made by a test"),
                Ok(p) => return self.ask_all(id, &p.query),
                Err(error) => Err(error),
            },
            _ => return self.send(Response::new_err(id, ErrorCode::MethodNotFound as i32, format!("`{method}` is not known here"))),
        };
        match ask {
            Err(error) => self.send(Response::new_err(id, ErrorCode::InvalidParams as i32, error)),
            Ok(ask) => self.ask(id, ask, if method == "textDocument/diagnostic" { Pending::Report } else { Pending::Plain }),
        }
    }

    /// Hands a question to the folder that its text belongs to.
    fn ask(&mut self, id: RequestId, ask: Option<Ask>, wrap: Pending) {
        self.hand_on();
        let of = |ask: &Ask| match ask {
            Ask::Findings(p) | Ask::Hover(p, _) | Ask::Definition(p, _) | Ask::References(p, ..) | Ask::Completion(p, _) | Ask::Actions(p, ..) => p.clone(),
            Ask::Symbols(_) => PathBuf::new(),
        };
        let found = ask.and_then(|ask| {
            let root = self.root_of(&of(&ask))?;
            Some((self.workspaces.get_mut(&root)?, ask))
        });
        match found {
            Some((workspace, ask)) => {
                workspace.ask(Job::Ask(id.clone(), ask));
                self.pending.insert(id, wrap);
            }
            None => self.send(Response::new_ok(id, wrapped(wrap, Value::Null))),
        }
    }

    fn ask_all(&mut self, id: RequestId, query: &str) {
        let mut asked = 0;
        for w in self.workspaces.values_mut().filter(|w| w.is_served()) {
            w.ask(Job::Ask(id.clone(), Ask::Symbols(query.to_owned())));
            asked += 1;
        }
        if asked == 0 {
            return self.send(Response::new_ok(id, json!([])));
        }
        self.pending.insert(id, Pending::Several(asked));
    }

    fn notified(&mut self, notification: Notification) {
        let Notification { method, params } = notification;
        let result = match method.as_str() {
            "exit" => {
                self.exit = Some(u8::from(!self.shutting_down));
                Ok(())
            }
            "initialized" => {
                self.watch_files();
                Ok(())
            }
            "$/cancelRequest" => {
                self.cancel(&params);
                Ok(())
            }
            "textDocument/didOpen" => parse(params).map(|p: DidOpenTextDocumentParams| {
                let d = p.text_document;
                if let Some(folder) = self.folders.first() {
                    let language = serde_json::to_value(&d.language_id).unwrap_or_default();
                    self.documents.place(&d.uri.0, language.as_str().unwrap_or_default(), folder);
                }
                self.documents.open(&d.uri.0, d.version, &d.text);
                self.opened(&d.uri.0);
            }),
            "textDocument/didChange" => parse(params).map(|p: DidChangeTextDocumentParams| {
                let uri = &p.text_document.text_document_identifier.uri.0;
                if self.documents.change(uri, p.text_document.version, &p.content_changes, self.means.encoding) {
                    self.changed.extend(self.documents.path(uri));
                }
            }),
            "textDocument/didSave" => parse(params).map(|p: DidSaveTextDocumentParams| {
                let saved = self.documents.path(&p.text_document.uri.0);
                for w in self.workspaces.values_mut().filter(|w| saved.as_ref().is_some_and(|s| s.starts_with(&w.root))) {
                    w.link_now();
                }
            }),
            "textDocument/didClose" => parse(params).map(|p: DidCloseTextDocumentParams| {
                let uri = &p.text_document.uri.0;
                let closed = self.documents.path(uri);
                if let Some(path) = closed.as_ref().filter(|_| uri::path(uri).is_none()) {
                    // It was never saved: nothing is left of it.
                    self.publish(path, &[]);
                }
                self.documents.close(uri);
                for w in self.workspaces.values_mut().filter(|w| closed.as_ref().is_some_and(|s| s.starts_with(&w.root))) {
                    w.link_soon();
                }
            }),
            "workspace/didChangeWatchedFiles" => parse(params).map(|p: DidChangeWatchedFilesParams| {
                for path in p.changes.iter().filter_map(|c| uri::path(&c.uri.0)) {
                    for w in self.workspaces.values_mut().filter(|w| path.starts_with(&w.root) || w.watches(&path)) {
                        if !w.watches(&path) {
                            w.link_soon();
                        } else if !w.look() {
                            w.link_now();
                        }
                    }
                }
            }),
            "workspace/didChangeWorkspaceFolders" => parse(params).map(|p: DidChangeWorkspaceFoldersParams| {
                for gone in p.event.removed.iter().filter_map(|f| uri::path(&f.uri.0)) {
                    self.leave(&gone);
                }
                for new in p.event.added.iter().filter_map(|f| uri::path(&f.uri.0)) {
                    self.folders.insert(new.clone());
                    self.adopt(&new);
                }
            }),
            _ => Ok(()),
        };
        if let Err(error) = result {
            self.log(&format!("skipped `{method}`: {error}"));
        }
    }

    fn cancel(&mut self, params: &Value) {
        let Some(id) = params.get("id").and_then(|id| serde_json::from_value::<RequestId>(id.clone()).ok()) else { return };
        if self.pending.remove(&id).is_some() {
            self.send(Response::new_err(id, ErrorCode::RequestCanceled as i32, "cancelled".to_owned()));
        }
    }

    fn watch_files(&mut self) {
        if !self.client.watches {
            return;
        }
        let mut globs = vec!["**/*.{py,pyi,sql,psql,pgsql,ddl,md}".to_owned(), "**/*.lock.yaml".to_owned()];
        globs.extend(config::NAMES.iter().map(|n| format!("**/{n}")));
        let watchers: Vec<Value> = globs.into_iter().map(|g| json!({"globPattern": g})).collect();
        let registration = json!({"id": "files", "method": "workspace/didChangeWatchedFiles", "registerOptions": {"watchers": watchers}});
        self.request("client/registerCapability", json!({"registrations": [registration]}));
    }

    /// A text was opened: its project is linked, if it is not yet.
    fn opened(&mut self, uri: &str) {
        let Some(path) = self.documents.path(uri) else { return };
        if discover::language_of(&path).is_none() && !self.workspaces.values().any(|w| w.watches(&path)) {
            return;
        }
        if let Some(root) = self.project_of(&path)
            && !self.workspaces.contains_key(&root)
        {
            self.workspaces.insert(root.clone(), Workspace::new(root));
        }
        if self.client.pulls {
            // From now on the client asks.
            self.publish(&path, &[]);
        } else if let Some(items) = self.root_of(&path).and_then(|r| self.workspaces.get(&r)?.said.get(&path).cloned()) {
            self.publish_items(&path, items);
        }
        self.changed.insert(path);
    }

    /// The folder whose lock holds for a file: the nearest above it with a configuration or a lock, inside the workspace folder where there is one.
    fn project_of(&self, path: &Path) -> Option<PathBuf> {
        let folder = self.folders.iter().filter(|f| path.starts_with(f)).max_by_key(|f| f.as_os_str().len());
        let lock = config::Config::default();
        let is_root = |dir: &Path| {
            dir.join(lock.lock_name()).is_file()
                || config::NAMES.iter().any(|n| config::find_upwards(dir).ok().flatten().and_then(|c| c.path) == Some(dir.join(n)))
        };
        let near = path.ancestors().skip(1).take_while(|d| folder.is_none_or(|f| d.starts_with(f))).find(|d| is_root(d));
        near.map(Path::to_path_buf).or_else(|| folder.cloned())
    }

    /// The linked folder that a file belongs to: the innermost.
    pub(super) fn root_of(&self, path: &Path) -> Option<PathBuf> {
        self.workspaces.keys().filter(|r| path.starts_with(r)).max_by_key(|r| r.as_os_str().len()).cloned()
    }

    fn adopt(&mut self, folder: &Path) {
        self.workspaces.entry(folder.to_path_buf()).or_insert_with(|| Workspace::new(folder.to_path_buf()));
    }

    fn leave(&mut self, folder: &Path) {
        self.folders.remove(folder);
        let gone: Vec<PathBuf> = self.workspaces.keys().filter(|r| r.starts_with(folder) && !self.folders.contains(*r)).cloned().collect();
        for root in gone {
            if let Some(workspace) = self.workspaces.remove(&root) {
                for path in workspace.said.keys() {
                    self.publish(path, &[]);
                }
                self.nobody_answers(workspace.unanswered());
            }
        }
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::Linked(linked) => self.linked(*linked),
            Event::Failed { root, id, memory, failure, watched } => {
                let Some(workspace) = self.workspaces.get_mut(&root) else { return };
                let Some(unanswered) = workspace.failed(id, memory, watched) else { return };
                self.nobody_answers(unanswered);
                self.failed(&root, &failure);
            }
            Event::Findings { root, id, path, text, items } => {
                let current = self.documents.of_path(&path).is_none_or(|d| d.text == text);
                let Some(workspace) = self.workspaces.get_mut(&root).filter(|w| w.is_served_by(id)) else { return };
                workspace.said.insert(path.clone(), items.clone());
                // A newer text is on its way; so are its findings.
                if current && self.root_of(&path).is_some_and(|r| r == root) {
                    self.say(&path, items);
                }
            }
            Event::Judged { root, id, findings } => self.judged(&root, id, findings),
            Event::Outdated { root, id } => {
                if let Some(workspace) = self.workspaces.get_mut(&root).filter(|w| w.is_served_by(id)) {
                    workspace.link_soon();
                }
            }
            Event::Answer(id, value) => self.answer(id, value),
        }
    }

    fn nobody_answers(&mut self, jobs: Vec<Job>) {
        for job in jobs {
            if let Job::Ask(request, _) = job {
                self.answer(request, Value::Null);
            }
        }
    }

    fn answer(&mut self, id: RequestId, value: Value) {
        match self.pending.remove(&id) {
            // Cancelled, or answered.
            None => {}
            Some(Pending::Several(left)) if left > 1 => {
                // The first folder's tables come first; the rest of a workspace with several locks is rarely asked about at once.
                if value.as_array().is_some_and(|a| !a.is_empty()) {
                    self.send(Response::new_ok(id, value));
                } else {
                    self.pending.insert(id, Pending::Several(left - 1));
                }
            }
            Some(wrap) => self.send(Response::new_ok(id, wrapped(wrap, value))),
        }
    }
}

fn parse<T: DeserializeOwned>(params: Value) -> Result<T, String> {
    serde_json::from_value(params).map_err(|e| e.to_string())
}

fn wrapped(wrap: Pending, value: Value) -> Value {
    match wrap {
        Pending::Report => json!({"kind": "full", "items": if value.is_null() { json!([]) } else { value }}),
        Pending::Plain | Pending::Several(_) => value,
    }
}
