//! A whole session with the language server out of a text: each line is something the client says.
//!
//! `o N TEXT` opens document N, `w N TEXT` changes it as a whole, `c N L C L C TEXT` a part of it, `x N` closes it, `v N` saves it; `h`, `g`, `r`, `k`, `a`, `i` `N L C` ask for
//! hover, definition, references, completion, actions, findings; `s TEXT` for symbols; `l` says that files changed, `f + NAME` and `f - NAME` that folders came and
//! went, `z` cancels the last request, `m JSON` sends what stands there, `y` waits for all answers, `raw BYTES` ends the session with bytes that are no message.

use std::collections::BTreeSet;
use std::io::{BufReader, Read, Write};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, OnceLock};
use std::time::Duration;

use serde_json::{Value, json};

use super::targets::LOCK;

/// Longer than any answer takes: who waits longer hangs.
const PATIENCE: Duration = Duration::from_mins(1);

/// Requests that are to be answered.
#[derive(Default)]
struct Open {
    ids: Mutex<BTreeSet<i64>>,
    answered: Condvar,
}

impl Open {
    fn wait(&self) {
        let mut ids = self.ids.lock().expect("nobody panics with it");
        while !ids.is_empty() {
            let (left, late) = self.answered.wait_timeout(ids, PATIENCE).expect("nobody panics with it");
            assert!(!late.timed_out(), "never answered: {left:?}");
            ids = left;
        }
    }
}

/// What the client says, one piece after another.
struct Client {
    script: Vec<Said>,
    open: Arc<Open>,
    /// What is being read, and how far.
    now: Vec<u8>,
    at: usize,
}

enum Said {
    Bytes(Vec<u8>),
    Request(i64, Vec<u8>),
    Wait,
}

impl Read for Client {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        while self.at == self.now.len() {
            if self.script.is_empty() {
                return Ok(0);
            }
            self.at = 0;
            self.now = match self.script.remove(0) {
                Said::Bytes(bytes) => bytes,
                Said::Request(id, bytes) => {
                    self.open.ids.lock().expect("nobody panics with it").insert(id);
                    bytes
                }
                Said::Wait => {
                    self.open.wait();
                    Vec::new()
                }
            };
        }
        let count = into.len().min(self.now.len() - self.at);
        into[..count].copy_from_slice(&self.now[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

/// What the server says: whole messages, and each request answered once.
struct Answers {
    kept: Vec<u8>,
    open: Arc<Open>,
}

impl Write for Answers {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.kept.extend_from_slice(bytes);
        while let Some(end) = self.kept.windows(4).position(|w| w == b"\r\n\r\n") {
            let header = std::str::from_utf8(&self.kept[..end]).expect("a header of ours");
            let length: usize = header.strip_prefix("Content-Length: ").expect("a length").parse().expect("a number");
            let (from, to) = (end + 4, end + 4 + length);
            if self.kept.len() < to {
                break;
            }
            let message: Value = serde_json::from_slice(&self.kept[from..to]).expect("JSON");
            self.kept.drain(..to);
            if message.get("method").is_none()
                && let Some(id) = message["id"].as_i64()
            {
                self.open.ids.lock().expect("nobody panics with it").remove(&id);
                self.open.answered.notify_all();
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A folder with a lock, a model and a query; nothing ever writes to it.
fn root() -> &'static Path {
    static ROOT: OnceLock<tempfile::TempDir> = OnceLock::new();
    ROOT.get_or_init(|| {
        let dir = tempfile::tempdir().expect("a folder");
        for (name, text) in [("schema.lock.yaml", LOCK), ("a.py", include_str!("seeds/python/1.py")), ("b.sql", include_str!("seeds/sql/1.sql"))] {
            std::fs::write(dir.path().join(name), text).expect("own file");
        }
        dir
    })
    .path()
}

fn uri(number: usize) -> String {
    let root = root().display();
    match number % 7 {
        0 => format!("file://{root}/a.py"),
        1 => format!("file://{root}/b.sql"),
        2 => "untitled:Untitled-1".to_owned(),
        3 => format!("file://{root}/schema.lock.yaml"),
        4 => format!("file://{root}/new%20one.md"),
        5 => "file:///nowhere/else.sql".to_owned(),
        _ => format!("file://{root}/dbtruth.yaml"),
    }
}

fn language(number: usize) -> &'static str {
    ["python", "sql", "sql", "yaml", "markdown", "sql", "yaml"][number % 7]
}

fn framed(message: &Value) -> Vec<u8> {
    let body = message.to_string();
    format!("Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

struct Writer {
    said: Vec<Said>,
    next: i64,
}

impl Writer {
    fn tell(&mut self, method: &str, params: Value) {
        self.said.push(Said::Bytes(framed(&json!({"jsonrpc": "2.0", "method": method, "params": params}))));
    }

    fn ask(&mut self, method: &str, params: Value) {
        self.next += 1;
        self.said.push(Said::Request(self.next, framed(&json!({"jsonrpc": "2.0", "id": self.next, "method": method, "params": params}))));
    }

    /// One line of the script; `false` where nothing can follow it.
    fn line(&mut self, line: &str) -> bool {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let numbers: Vec<usize> = rest.split(' ').map_while(|n| n.parse().ok()).collect();
        let number = |n: usize| numbers.get(n).copied().unwrap_or(0);
        let text = |after: usize| rest.splitn(after + 1, ' ').nth(after).unwrap_or("").replace("\\n", "\n");
        let (document, language) = (json!({"uri": uri(number(0))}), language(number(0)));
        let position = json!({"line": number(1), "character": number(2)});
        let place = json!({"textDocument": document, "position": position, "context": {"includeDeclaration": true}});
        let version = i64::try_from(self.said.len()).expect("few");
        match word {
            "o" => {
                self.tell(
                    "textDocument/didOpen",
                    json!({"textDocument": {"uri": uri(number(0)), "languageId": language, "version": version, "text": text(1)}}),
                );
            }
            "w" => {
                let changed = json!({"uri": uri(number(0)), "version": version});
                self.tell("textDocument/didChange", json!({"textDocument": changed, "contentChanges": [{"text": text(1)}]}));
            }
            "c" => {
                let changed = json!({"uri": uri(number(0)), "version": version});
                let range = json!({"start": position, "end": {"line": number(3), "character": number(4)}});
                self.tell("textDocument/didChange", json!({"textDocument": changed, "contentChanges": [{"range": range, "text": text(5)}]}));
            }
            "x" => self.tell("textDocument/didClose", json!({"textDocument": document})),
            "v" => self.tell("textDocument/didSave", json!({"textDocument": document})),
            "h" => self.ask("textDocument/hover", place),
            "g" => self.ask("textDocument/definition", place),
            "r" => self.ask("textDocument/references", place),
            "k" => self.ask("textDocument/completion", place),
            "i" => self.ask("textDocument/diagnostic", place),
            "a" => {
                let range = json!({"start": {"line": 0, "character": 0}, "end": position});
                self.ask("textDocument/codeAction", json!({"textDocument": document, "range": range, "context": {"diagnostics": []}}));
            }
            "s" => self.ask("workspace/symbol", json!({"query": rest})),
            "l" => self.tell("workspace/didChangeWatchedFiles", json!({"changes": [{"uri": uri(number(0)), "type": 2}]})),
            "f" => {
                let folder = json!([{"uri": format!("file://{}/{}", root().display(), rest.get(2..).unwrap_or("")), "name": "x"}]);
                let (added, removed) = if rest.starts_with('-') { (json!([]), folder) } else { (folder, json!([])) };
                self.tell("workspace/didChangeWorkspaceFolders", json!({"event": {"added": added, "removed": removed}}));
            }
            "z" => self.tell("$/cancelRequest", json!({"id": self.next})),
            "y" => self.said.push(Said::Wait),
            // Requests with identifiers of their own are not waited for.
            "m" => self.said.push(Said::Bytes(format!("Content-Length: {}\r\n\r\n{rest}", rest.len()).into_bytes())),
            "raw" => {
                self.said.push(Said::Wait);
                self.said.push(Said::Bytes(rest.replace("\\r", "\r").replace("\\n", "\n").into_bytes()));
                return false;
            }
            _ => {}
        }
        true
    }
}

/// Serves the script: every request is answered, every word of the server is a message, and the session ends as the client ends it.
pub fn served(script: &str) {
    let mut writer = Writer { said: Vec::new(), next: 1_000_000 };
    let encodings = ["utf-8", "utf-16", "utf-32"];
    let capabilities = json!({"general": {"positionEncodings": [encodings[script.len() % 3]]}, "textDocument": {"diagnostic": if script.len().is_multiple_of(2) { json!({}) } else { Value::Null }}});
    let folder = json!([{"uri": format!("file://{}", root().display()), "name": "p"}]);
    writer.ask("initialize", json!({"processId": null, "capabilities": capabilities, "workspaceFolders": folder}));
    writer.tell("initialized", json!({}));
    let mut politely = script.lines().take(60).all(|line| writer.line(line));
    if politely {
        writer.said.push(Said::Wait);
        writer.ask("shutdown", Value::Null);
        writer.said.push(Said::Wait);
        writer.tell("exit", Value::Null);
    }
    // What the client says by `m` may be `shutdown` or `exit`.
    politely &= !script.contains("shutdown") && !script.contains("exit");
    let open = Arc::new(Open::default());
    let client = Client { script: writer.said, open: Arc::clone(&open), now: Vec::new(), at: 0 };
    let code = dbtruth::server::serve(BufReader::with_capacity(1, client), Answers { kept: Vec::new(), open: Arc::clone(&open) }).expect("threads can be had");
    if politely {
        assert_eq!(code, 0, "the client said goodbye");
        assert!(open.ids.lock().expect("nobody panics with it").is_empty(), "unanswered");
    }
}
