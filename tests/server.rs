//! The language server against a client that speaks the protocol byte by byte, and against real ones.
#![cfg(all(unix, feature = "server"))]
#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use common::{LOCK, Project, RIGHT, WRONG};
use serde_json::{Value, json};

/// Longer than any answer takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

struct Client {
    child: Child,
    stdin: Option<ChildStdin>,
    messages: Receiver<Value>,
    next: i64,
    /// What came and was not asked for yet.
    kept: Vec<Value>,
}

impl Client {
    fn start(dir: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_dbtruth"))
            .arg("server")
            .current_dir(dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let (send, messages) = channel();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            loop {
                let mut length = 0;
                loop {
                    let mut line = String::new();
                    if out.read_line(&mut line).unwrap() == 0 {
                        return;
                    }
                    if line.trim().is_empty() {
                        break;
                    }
                    if let Some(n) = line.strip_prefix("Content-Length: ") {
                        length = n.trim().parse().unwrap();
                    }
                }
                let mut body = vec![0; length];
                out.read_exact(&mut body).unwrap();
                if send.send(serde_json::from_slice(&body).unwrap()).is_err() {
                    return;
                }
            }
        });
        Self { stdin: child.stdin.take(), child, messages, next: 0, kept: Vec::new() }
    }

    /// Started and greeted, with these folders and capabilities.
    fn greeted(folders: &[&Path], capabilities: Value) -> (Self, Value) {
        let mut client = Self::start(folders.first().copied().unwrap_or(Path::new("/")));
        let folders: Vec<Value> = folders.iter().map(|f| json!({"uri": uri(f), "name": "x"})).collect();
        let answer = client.ask("initialize", json!({"processId": null, "rootUri": null, "capabilities": capabilities, "workspaceFolders": folders}));
        client.tell("initialized", json!({}));
        (client, answer["result"]["capabilities"].clone())
    }

    fn raw(&mut self, bytes: &[u8]) {
        let stdin = self.stdin.as_mut().unwrap();
        stdin.write_all(bytes).unwrap();
        stdin.flush().unwrap();
    }

    fn send(&mut self, message: &Value) {
        let body = message.to_string();
        self.raw(format!("Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
    }

    fn tell(&mut self, method: &str, params: Value) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
    }

    fn request(&mut self, method: &str, params: Value) -> i64 {
        self.next += 1;
        self.send(&json!({"jsonrpc": "2.0", "id": self.next, "method": method, "params": params}));
        self.next
    }

    #[track_caller]
    fn wait(&mut self, what: &str, is: impl Fn(&Value) -> bool) -> Value {
        if let Some(n) = self.kept.iter().position(&is) {
            return self.kept.remove(n);
        }
        let until = Instant::now() + PATIENCE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.messages.recv_timeout(left) {
                Ok(m) if is(&m) => return m,
                Ok(m) => self.kept.push(m),
                Err(error) => panic!("{error}: nothing came that is {what}; what came: {:#?}", self.kept),
            }
        }
    }

    #[track_caller]
    fn answer(&mut self, id: i64) -> Value {
        self.wait("the answer", |m| m["id"] == id && m.get("method").is_none())
    }

    #[track_caller]
    fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.request(method, params);
        self.answer(id)
    }

    /// Findings published for a file that fulfil a condition.
    #[track_caller]
    fn findings(&mut self, uri: &str, is: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let found = self.wait(&format!("about {uri}"), |m| {
            m["method"] == "textDocument/publishDiagnostics" && m["params"]["uri"] == uri && is(m["params"]["diagnostics"].as_array().unwrap())
        });
        found["params"]["diagnostics"].as_array().unwrap().clone()
    }

    fn open(&mut self, uri: &str, text: &str) {
        self.tell("textDocument/didOpen", json!({"textDocument": {"uri": uri, "languageId": "x", "version": 1, "text": text}}));
    }

    fn change(&mut self, uri: &str, version: i64, changes: Value) {
        self.tell("textDocument/didChange", json!({"textDocument": {"uri": uri, "version": version}, "contentChanges": changes}));
    }

    fn at(&mut self, method: &str, uri: &str, line: u32, character: u32) -> Value {
        let mut params = json!({"textDocument": {"uri": uri}, "position": {"line": line, "character": character}});
        if method.ends_with("references") {
            params["context"] = json!({"includeDeclaration": true});
        }
        self.ask(method, params)["result"].clone()
    }

    fn end(mut self) -> i32 {
        self.ask("shutdown", Value::Null);
        self.tell("exit", Value::Null);
        self.code()
    }

    fn code(&mut self) -> i32 {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().unwrap_or(-1);
            }
            assert!(Instant::now() < until, "the server does not end");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn uri(path: &Path) -> String {
    format!("file://{}", path.to_str().unwrap().replace(' ', "%20"))
}

fn rules(found: &[Value]) -> Vec<&str> {
    found.iter().map(|d| d["code"].as_str().unwrap_or("")).collect()
}

#[test]
fn findings_follow_every_change() {
    let p = Project::new();
    p.write("a.sql", WRONG);
    let (mut c, _) = Client::greeted(&[p.root()], json!({}));
    let a = uri(&p.path("a.sql"));
    // Files that nobody opened are told of, too.
    let found = c.findings(&a, |f| f.len() == 1);
    assert_eq!(rules(&found), ["unknown-column"]);
    assert_eq!(found[0]["range"], json!({"start": {"line": 0, "character": 7}, "end": {"line": 0, "character": 15}}));
    assert!(found[0]["relatedInformation"][0]["location"]["uri"].as_str().unwrap().ends_with("schema.lock.yaml"), "{found:#?}");

    c.open(&a, WRONG);
    c.findings(&a, |f| f.len() == 1);
    c.change(&a, 2, json!([{"text": RIGHT}]));
    c.findings(&a, <[Value]>::is_empty);
    c.change(&a, 3, json!([{"range": {"start": {"line": 0, "character": 7}, "end": {"line": 0, "character": 11}}, "text": "x"}]));
    let found = c.findings(&a, |f| f.iter().any(|d| d["message"].as_str().unwrap().contains("xfacturing_date")));
    assert_eq!(found.len(), 1);
    // The disk still holds the old text: the buffer counts.
    c.tell("textDocument/didClose", json!({"textDocument": {"uri": a}}));
    c.findings(&a, |f| f.iter().any(|d| d["message"].as_str().unwrap().contains("mfg_date")));
    assert_eq!(c.end(), 0);
}

#[test]
fn findings_are_pulled() {
    let p = Project::new();
    let (mut c, capabilities) = Client::greeted(&[p.root()], json!({"textDocument": {"diagnostic": {}}}));
    assert_eq!(capabilities["diagnosticProvider"]["interFileDependencies"], true);
    p.write("a.sql", RIGHT);
    let a = uri(&p.path("a.sql"));
    c.open(&a, WRONG);
    let pull = |c: &mut Client| c.ask("textDocument/diagnostic", json!({"textDocument": {"uri": a}}))["result"].clone();
    // The file may have come after the link began; then the next one tells.
    let until = Instant::now() + PATIENCE;
    while pull(&mut c)["items"].as_array().unwrap().is_empty() {
        assert!(Instant::now() < until);
        std::thread::sleep(Duration::from_millis(20));
    }
    c.change(&a, 2, json!([{"text": RIGHT}]));
    let report = pull(&mut c);
    assert_eq!(report, json!({"kind": "full", "items": []}), "an answer is about the text as it is now");
    assert_eq!(pull(&mut c)["kind"], "full");
    assert_eq!(c.end(), 0);
}

const MODELS: &str = "\
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
class Base(DeclarativeBase): ...
class Batch(Base):
    __tablename__ = 'batches'
    id: Mapped[int] = mapped_column(primary_key=True)
    made: Mapped[str] = mapped_column('manufacturing_date')
";

#[test]
fn other_files_hear_of_a_change() {
    let p = Project::new();
    p.write("models.py", MODELS);
    p.write("use.py", "from sqlalchemy import select\nfrom models import Batch\nq = select(Batch.made)\n");
    let (mut c, _) = Client::greeted(&[p.root()], json!({}));
    let (models, using) = (uri(&p.path("models.py")), uri(&p.path("use.py")));
    c.open(&using, &p.read("use.py"));
    c.open(&models, MODELS);
    c.findings(&using, |_| true);
    c.change(&models, 2, json!([{"text": MODELS.replace("made:", "done:")}]));
    let found = c.findings(&using, |f| !f.is_empty());
    assert_eq!(rules(&found), ["unknown-attribute"]);
    c.change(&models, 3, json!([{"text": MODELS}]));
    c.findings(&using, <[Value]>::is_empty);
    assert_eq!(c.end(), 0);
}

/// Place, rule and message of each finding, as `check` gives them for a folder.
fn checked(p: &Project) -> Vec<(String, u64, u64, String)> {
    let ran = p.run(&["check", "--format", "json"]);
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    let one = |d: &Value| {
        let start = &d["range"]["start"];
        (d["file"].as_str().unwrap().to_owned(), start["line"].as_u64().unwrap(), start["column"].as_u64().unwrap(), d["rule"].as_str().unwrap().to_owned())
    };
    json["diagnostics"].as_array().unwrap().iter().map(one).collect()
}

#[test]
fn what_is_said_in_the_end_is_what_check_says() {
    let (p, q) = (Project::new(), Project::new());
    let using = "from sqlalchemy import select\nfrom models import Batch\ndef made(session):\n    return session.execute(select(Batch.made))\n";
    let query = "import psycopg\ndef f(conn: psycopg.Connection):\n    conn.execute('SELECT x, id FROM batches')\n";
    for folder in [&p, &q] {
        folder.write("models.py", MODELS);
        folder.write("use.py", using);
        folder.write("query.py", query);
        folder.write("a.sql", WRONG);
    }
    let (mut c, _) = Client::greeted(&[p.root()], json!({"general": {"positionEncodings": ["utf-32"]}}));
    let edits = [
        ("use.py", format!("# é\n{using}    select(Batch.lost)\n")),
        ("models.py", MODELS.replace("'manufacturing_date'", "'mfg_date'")),
        ("query.py", query.replace("x, id", "id, y")),
        ("a.sql", format!("-- dbtruth: ignore[unknown-column]\n{WRONG}{WRONG}")),
        ("models.py", MODELS.replace("class Batch(Base)", "class Lot(Base)")),
        ("models.py", MODELS.to_owned()),
        ("use.py", using.replace("Batch.made", "Batch.make")),
    ];
    let names = ["a.sql", "models.py", "query.py", "use.py"];
    for name in names {
        c.open(&uri(&p.path(name)), &p.read(name));
    }
    for (version, (name, text)) in (2..).zip(&edits) {
        q.write(name, text);
        c.change(&uri(&p.path(name)), version, json!([{"text": text}]));
        let wanted = checked(&q);
        let until = Instant::now() + PATIENCE;
        let mut said = std::collections::BTreeMap::new();
        loop {
            let now: Vec<_> = names.iter().filter_map(|n| said.get(*n).cloned()).flatten().collect::<Vec<(String, u64, u64, String)>>();
            if said.len() == names.len() && now == wanted {
                break;
            }
            assert!(Instant::now() < until, "after {name}: {now:#?} instead of {wanted:#?}");
            // Everything is said anew after each link.
            let Ok(m) = c.messages.recv_timeout(Duration::from_millis(100)) else {
                // Nothing new: ask, as the state may have been said before.
                for name in names {
                    let id = c.request("textDocument/diagnostic", json!({"textDocument": {"uri": uri(&p.path(name))}}));
                    let items = c.answer(id)["result"]["items"].as_array().unwrap().clone();
                    let one = |d: &Value| {
                        let start = &d["range"]["start"];
                        let (line, column) = (start["line"].as_u64().unwrap() + 1, start["character"].as_u64().unwrap() + 1);
                        (name.to_owned(), line, column, d["code"].as_str().unwrap().to_owned())
                    };
                    said.insert(name, items.iter().map(one).collect::<Vec<_>>());
                }
                continue;
            };
            drop(m);
        }
    }
    assert_eq!(c.end(), 0);
}

#[test]
fn places_are_counted_as_agreed() {
    for (encoding, start) in [("utf-8", 18), ("utf-16", 14), ("utf-32", 12)] {
        let p = Project::new();
        let (mut c, capabilities) = Client::greeted(&[p.root()], json!({"general": {"positionEncodings": [encoding]}}));
        assert_eq!(capabilities["positionEncoding"], encoding);
        let a = uri(&p.path("with space.sql"));
        c.open(&a, "/* 😀😀 */ SELECT 1, mfg_date FROM batches;");
        let offset = c.findings(&a, |f| !f.is_empty())[0]["range"]["start"]["character"].as_u64().unwrap();
        assert_eq!(offset, start + 7, "{encoding}");
        assert_eq!(c.end(), 0);
    }
}

#[test]
fn the_lock_is_read_again_when_it_changes() {
    let p = Project::new();
    p.write("a.sql", RIGHT);
    let (mut c, _) = Client::greeted(&[p.root()], json!({}));
    let (a, lock) = (uri(&p.path("a.sql")), uri(&p.path("schema.lock.yaml")));
    c.open(&a, RIGHT);
    c.findings(&a, <[Value]>::is_empty);
    // On the disk, unannounced.
    p.write("schema.lock.yaml", LOCK.replace("manufacturing_date", "made_on"));
    c.findings(&a, |f| !f.is_empty());
    // Broken, and back.
    p.write("schema.lock.yaml", "version: 1\n<<<<<<< ours\n");
    c.findings(&lock, |f| f.len() == 1);
    p.write("schema.lock.yaml", LOCK);
    c.findings(&lock, <[Value]>::is_empty);
    c.findings(&a, <[Value]>::is_empty);
    // In a buffer.
    c.open(&lock, &LOCK.replace("manufacturing_date", "x"));
    c.findings(&a, |f| !f.is_empty());
    c.tell("textDocument/didClose", json!({"textDocument": {"uri": lock}}));
    c.findings(&a, <[Value]>::is_empty);
    // The configuration, announced.
    p.write("dbtruth.yaml", "rules: {unknown-column: off}\n");
    c.change(&a, 2, json!([{"text": WRONG}]));
    c.tell("workspace/didChangeWatchedFiles", json!({"changes": [{"uri": uri(&p.path("dbtruth.yaml")), "type": 1}]}));
    c.findings(&a, <[Value]>::is_empty);
    assert_eq!(c.end(), 0);
}

#[test]
fn case_37_each_folder_has_its_own_lock() {
    let (p, q) = (Project::new(), Project::new());
    q.write("schema.lock.yaml", LOCK.replace("manufacturing_date", "mfg_date"));
    let (mut c, _) = Client::greeted(&[p.root(), q.root()], json!({}));
    let (a, b) = (uri(&p.path("a.sql")), uri(&q.path("a.sql")));
    c.open(&a, WRONG);
    c.open(&b, WRONG);
    c.findings(&a, |f| !f.is_empty());
    c.findings(&b, <[Value]>::is_empty);
    let symbols = c.ask("workspace/symbol", json!({"query": "batches"}))["result"].clone();
    assert!(symbols.as_array().unwrap().iter().any(|s| s["name"] == "batches"), "{symbols:#?}");
    assert_eq!(c.end(), 0);
}

#[test]
fn a_lock_below_the_folder_is_found_from_the_file() {
    let p = Project::new();
    std::fs::create_dir(p.path("backend")).unwrap();
    std::fs::rename(p.path("schema.lock.yaml"), p.path("backend/schema.lock.yaml")).unwrap();
    p.write("backend/a.sql", WRONG);
    let (mut c, _) = Client::greeted(&[p.root()], json!({}));
    let a = uri(&p.path("backend/a.sql"));
    c.open(&a, WRONG);
    c.findings(&a, |f| f.len() == 1);
    assert_eq!(c.end(), 0);
}

#[test]
fn what_is_under_the_cursor() {
    let p = Project::new();
    p.write("models.py", MODELS);
    p.write("a.sql", "SELECT b.manufacturing_date FROM batches b;\n");
    let (mut c, _) = Client::greeted(&[p.root()], json!({}));
    let (a, models, lock) = (uri(&p.path("a.sql")), uri(&p.path("models.py")), uri(&p.path("schema.lock.yaml")));
    c.open(&a, &p.read("a.sql"));
    c.findings(&a, <[Value]>::is_empty);
    let hover = c.at("textDocument/hover", &a, 0, 12);
    let text = hover["contents"]["value"].as_str().unwrap();
    assert!(text.contains("batches.manufacturing_date date not null"), "{text}");
    let table = c.at("textDocument/hover", &a, 0, 34);
    assert!(table["contents"]["value"].as_str().unwrap().contains("id bigint not null"), "{table}");
    assert_eq!(c.at("textDocument/hover", &a, 0, 1), Value::Null);

    let places = |v: &Value| -> Vec<(String, u64)> {
        v.as_array().unwrap().iter().map(|l| (l["uri"].as_str().unwrap().to_owned(), l["range"]["start"]["line"].as_u64().unwrap())).collect()
    };
    assert_eq!(places(&c.at("textDocument/definition", &a, 0, 12)), [(lock.clone(), 6), (models.clone(), 5)]);
    let everywhere = places(&c.at("textDocument/references", &a, 0, 12));
    assert_eq!(everywhere, [(lock.clone(), 6), (a.clone(), 0), (models.clone(), 5)]);
    // From the lock itself: who breaks if I drop this?
    let from_lock = places(&c.at("textDocument/references", &lock, 6, 8));
    assert_eq!(from_lock, everywhere);

    c.change(&a, 2, json!([{"text": "SELECT b. FROM batches b;\n"}]));
    let list = c.at("textDocument/completion", &a, 0, 9);
    let labels: Vec<&str> = list["items"].as_array().unwrap().iter().map(|i| i["label"].as_str().unwrap()).collect();
    assert_eq!(labels, ["id", "manufacturing_date"]);
    c.open(&models, MODELS);
    // The attribute is called otherwise than the column; the class than the table.
    assert!(c.at("textDocument/hover", &models, 5, 6)["contents"]["value"].as_str().unwrap().contains("batches.manufacturing_date"));
    assert!(c.at("textDocument/hover", &models, 2, 7)["contents"]["value"].as_str().unwrap().contains("table batches"));
    c.change(&models, 2, json!([{"text": format!("{MODELS}Batch.")}]));
    let list = c.at("textDocument/completion", &models, 6, 6);
    let labels: Vec<&str> = list["items"].as_array().unwrap().iter().map(|i| i["label"].as_str().unwrap()).collect();
    assert_eq!(labels, ["id", "made"]);
    assert_eq!(c.end(), 0);
}

#[test]
fn findings_can_be_fixed_and_silenced() {
    let p = Project::new();
    let (mut c, capabilities) = Client::greeted(&[p.root()], json!({}));
    assert_eq!(capabilities["codeActionProvider"]["codeActionKinds"], json!(["quickfix", "source.fixAll.dbtruth"]));
    let a = uri(&p.path("a.sql"));
    c.open(&a, "SELECT manufacturing_dat FROM batches;\n");
    c.findings(&a, |f| !f.is_empty());
    let range = json!({"start": {"line": 0, "character": 8}, "end": {"line": 0, "character": 8}});
    let mut ask = |only: Value| {
        let context = if only.is_null() { json!({"diagnostics": []}) } else { json!({"diagnostics": [], "only": only}) };
        c.ask("textDocument/codeAction", json!({"textDocument": {"uri": a}, "range": range, "context": context}))["result"].as_array().unwrap().clone()
    };
    let all = ask(Value::Null);
    let titles: Vec<&str> = all.iter().map(|a| a["title"].as_str().unwrap()).collect();
    assert_eq!(titles, ["Change to `manufacturing_date`", "Ignore unknown-column here", "Fix all that dbtruth can fix safely"]);
    assert_eq!(all[0]["edit"]["changes"][&a][0]["newText"], "manufacturing_date");
    assert_eq!(all[1]["edit"]["changes"][&a][0]["newText"], "  -- dbtruth: ignore[unknown-column]");
    let fix_all = ask(json!(["source.fixAll"]));
    assert_eq!(fix_all.len(), 1);
    assert_eq!(fix_all[0]["kind"], "source.fixAll.dbtruth");
    assert_eq!(c.end(), 0);
}

#[test]
fn case_37_hostile_input_ends_nothing() {
    let p = Project::new();
    let (mut c, _) = Client::greeted(&[p.root()], json!({}));
    let a = uri(&p.path("a.sql"));
    c.raw(b"Content-Length: nonsense\r\n\r\n");
    c.raw(b"Content-Length: 7\r\n\r\n{\"bad\":");
    c.raw(b"Content-Length: 2\r\n\r\n[]");
    c.raw(b"\r\nGarbage\r\n\r\n");
    assert_eq!(c.ask("no/such/method", json!({}))["error"]["code"], -32601);
    assert_eq!(c.ask("textDocument/hover", json!({"position": "x"}))["error"]["code"], -32602);
    assert_eq!(c.ask("initialize", json!({"capabilities": {}}))["error"]["code"], -32600);
    c.tell("no/such/notification", json!([1, 2]));
    c.tell("textDocument/didChange", json!("nonsense"));
    c.tell("$/cancelRequest", json!({"id": {"x": 1}}));
    c.tell("$/cancelRequest", json!({"id": 999}));
    c.change(&a, 2, json!([{"text": "never opened"}]));
    c.open(&a, "SELECT 1 FROM batches; -- 😀\n");
    // In the middle of a surrogate pair, behind the end, backwards.
    for (from, to) in [((0, 27), (0, 28)), ((7, 0), (9_000_000, 4_294_967_295_u64)), ((0, 9), (0, 3))] {
        let (from, to) = (json!({"line": from.0, "character": from.1}), json!({"line": to.0, "character": to.1}));
        c.change(&a, 3, json!([{"range": {"start": from, "end": to}, "text": "é"}]));
    }
    c.open("untitled:Untitled-1", WRONG);
    c.change("untitled:Untitled-1", 2, json!([{"text": "x"}]));
    assert_eq!(c.ask("textDocument/diagnostic", json!({"textDocument": {"uri": "untitled:Untitled-1"}}))["result"]["items"], json!([]));
    assert_eq!(c.at("textDocument/hover", "untitled:Untitled-1", 0, 0), Value::Null);
    assert_eq!(c.at("textDocument/hover", &a, 4_000_000_000, 4_000_000_000), Value::Null);
    c.tell("textDocument/didClose", json!({"textDocument": {"uri": a}}));
    c.change(&a, 9, json!([{"text": "closed"}]));
    c.tell("textDocument/didClose", json!({"textDocument": {"uri": a}}));
    // Requests that nobody wants any more are answered all the same.
    let ids: Vec<i64> = (0..200).map(|_| c.request("workspace/symbol", json!({"query": ""}))).collect();
    for id in &ids {
        c.tell("$/cancelRequest", json!({"id": id}));
    }
    for id in ids {
        let answer = c.answer(id);
        assert!(answer.get("result").is_some() || answer["error"]["code"] == -32800, "{answer}");
    }
    c.open(&a, WRONG);
    c.findings(&a, |f| f.len() == 1);
    assert_eq!(c.end(), 0);
}

/// A text that was never saved has a language and no path: it is judged like a file of the first folder.
#[test]
fn texts_never_saved_are_judged() {
    let p = Project::new();
    let (mut c, _) = Client::greeted(&[p.root()], json!({}));
    for (name, language, text, place) in [
        ("untitled:Untitled-1", "sql", "SELECT mfg_date FROM batches;\n", (0, 8)),
        ("untitled:Untitled-2", "python", "import psycopg\npsycopg.connect().cursor().execute('SELECT mfg_date FROM batches')\n", (1, 45)),
    ] {
        let open = json!({"textDocument": {"uri": name, "languageId": language, "version": 1, "text": text}});
        c.tell("textDocument/didOpen", open.clone());
        let found = c.findings(name, |f| f.len() == 1);
        assert!(found[0]["message"].as_str().unwrap().contains("`mfg_date`"), "{found:?}");
        assert_eq!((found[0]["range"]["start"]["line"].as_u64(), found[0]["range"]["start"]["character"].as_u64().unwrap() <= place.1), (Some(place.0), true));
        c.change(name, 2, json!([{"text": text.replace("mfg_date", "manufacturing_date")}]));
        c.findings(name, <[Value]>::is_empty);
        let hover = c.at("textDocument/hover", name, u32::try_from(place.0).unwrap(), u32::try_from(place.1).unwrap() + 1);
        assert!(hover.to_string().contains("date not null"), "{hover}");
        c.change(name, 3, json!([{"text": text}]));
        c.findings(name, |f| f.len() == 1);
        // Closed without saving: nothing is left of it.
        c.tell("textDocument/didClose", json!({"textDocument": {"uri": name}}));
        c.findings(name, <[Value]>::is_empty);
    }
    let nothing = std::fs::read_dir(p.root()).unwrap().map(|e| e.unwrap().file_name()).collect::<Vec<_>>();
    assert_eq!(nothing, ["schema.lock.yaml"], "nothing is written");
    assert_eq!(c.end(), 0);
}

/// 37: keystrokes, a lock that breaks, changes and comes back, and a configuration that comes and goes, all at once. What is said last is what a fresh check says.
#[test]
fn case_37_lock_and_configuration_change_under_a_storm() {
    let p = Project::new();
    p.write("a.sql", WRONG);
    p.write("b.sql", WRONG);
    let (mut c, _) = Client::greeted(&[p.root()], json!({}));
    let (a, b) = (uri(&p.path("a.sql")), uri(&p.path("b.sql")));
    c.open(&a, WRONG);
    c.findings(&a, |f| f.len() == 1);
    let told = |c: &mut Client, name: &str| c.tell("workspace/didChangeWatchedFiles", json!({"changes": [{"uri": uri(&p.path(name)), "type": 2}]}));
    for n in 0..120 {
        c.change(&a, n + 2, json!([{"text": format!("SELECT c{n}, mfg_date FROM batches;\n")}]));
        match n % 12 {
            1 => p.write("schema.lock.yaml", "version: 1\ntables: [\n"),
            3 => p.write("schema.lock.yaml", LOCK.replace("manufacturing_date", "made_on")),
            5 => p.write("dbtruth.yaml", "rules: {unknown-column: nonsense}\n"),
            7 => p.write("dbtruth.yaml", "rules: {unknown-column: off}\n"),
            9 => std::fs::remove_file(p.path("dbtruth.yaml")).unwrap(),
            11 => p.write("schema.lock.yaml", LOCK),
            _ => {}
        }
        if n % 3 == 0 {
            told(&mut c, "schema.lock.yaml");
            told(&mut c, "dbtruth.yaml");
        }
        if n % 10 == 0 {
            let hover = c.request("textDocument/hover", json!({"textDocument": {"uri": a}, "position": {"line": 0, "character": 8}}));
            assert!(c.answer(hover).get("result").is_some());
        }
    }
    // The last word: the lock has one column more, the configuration is gone.
    p.write("schema.lock.yaml", LOCK.replace("      id: bigint", "      c7: text\n      id: bigint"));
    told(&mut c, "schema.lock.yaml");
    c.kept.retain(|m| m["method"] != "textDocument/publishDiagnostics");
    c.change(&a, 500, json!([{"text": "SELECT c7, c8 FROM batches;\n"}]));
    let said = c.findings(&a, |f| f.len() == 1 && f[0]["message"].as_str().unwrap().contains("`c8`"));
    assert_eq!(said[0]["range"]["start"], json!({"line": 0, "character": 11}));
    c.change(&a, 501, json!([{"text": "SELECT c7 FROM batches;\n"}]));
    c.findings(&a, <[Value]>::is_empty);
    c.open(&b, WRONG);
    c.findings(&b, |f| f.len() == 1);
    assert_eq!(c.end(), 0);
}

/// 4: a quote is typed at the start of 400 kB; until it is closed, everything behind it is a string.
#[test]
fn case_04_a_string_left_open_while_typing() {
    let p = Project::new();
    let body = "cur.execute('SELECT id FROM batches')\n".repeat(10_000);
    let text = format!("import psycopg\ncur = psycopg.connect().cursor()\n{body}cur.execute('SELECT mfg_date FROM batches')\n");
    p.write("a.py", &text);
    let (mut c, _) = Client::greeted(&[p.root()], json!({}));
    let a = uri(&p.path("a.py"));
    c.open(&a, &text);
    c.findings(&a, |f| f.len() == 1);
    let at = |line: u32, from: u32, to: u32, text: &str| json!([{"range": {"start": {"line": line, "character": from}, "end": {"line": line, "character": to}}, "text": text}]);
    c.change(&a, 2, at(1, 0, 0, "q = \"\"\""));
    let began = Instant::now();
    c.at("textDocument/hover", &a, 0, 8);
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    c.kept.retain(|m| m["method"] != "textDocument/publishDiagnostics");
    c.change(&a, 3, at(1, 0, 7, ""));
    c.findings(&a, |f| f.len() == 1 && f[0]["message"].as_str().unwrap().contains("`mfg_date`"));
    assert_eq!(c.end(), 0);
}

#[test]
fn case_37_a_burst_of_changes_is_one() {
    let p = Project::new();
    let (mut c, _) = Client::greeted(&[p.root()], json!({}));
    let a = uri(&p.path("a.sql"));
    c.open(&a, RIGHT);
    c.findings(&a, <[Value]>::is_empty);
    let mut burst = Vec::new();
    for version in 2..=500 {
        let text = if version == 500 { "SELECT last FROM batches;".to_owned() } else { format!("SELECT c{version} FROM batches;") };
        let message = json!({"jsonrpc": "2.0", "method": "textDocument/didChange", "params": {"textDocument": {"uri": a, "version": version}, "contentChanges": [{"text": text}]}}).to_string();
        burst.extend(format!("Content-Length: {}\r\n\r\n{message}", message.len()).into_bytes());
    }
    c.raw(&burst);
    let found = c.findings(&a, |f| f.iter().any(|d| d["message"].as_str().unwrap().contains("`last`")));
    assert_eq!(found.len(), 1);
    let published = c.kept.iter().filter(|m| m["method"] == "textDocument/publishDiagnostics" && m["params"]["uri"] == a).count();
    assert!(published < 100, "{published} times for 500 changes");
    assert_eq!(c.end(), 0);
}

#[test]
fn case_37_a_session_ends_as_the_client_ends_it() {
    let p = Project::new();
    let (c, _) = Client::greeted(&[p.root()], json!({}));
    assert_eq!(c.end(), 0);
    let (mut c, _) = Client::greeted(&[p.root()], json!({}));
    c.tell("exit", Value::Null);
    assert_eq!(c.code(), 1, "exit without shutdown");
    let (mut c, _) = Client::greeted(&[p.root()], json!({}));
    drop(c.stdin.take());
    assert_eq!(c.code(), 1, "the stream ended without exit");
    let mut c = Client::start(p.root());
    assert_eq!(c.ask("textDocument/hover", json!({}))["error"]["code"], -32002, "before initialize");
    drop(c.stdin.take());
    assert_eq!(c.code(), 1);
}

#[test]
fn a_folder_without_a_lock_answers_nothing_and_says_why() {
    let p = Project::new();
    std::fs::remove_file(p.path("schema.lock.yaml")).unwrap();
    let (mut c, _) = Client::greeted(&[p.root()], json!({}));
    let a = uri(&p.path("a.sql"));
    c.open(&a, WRONG);
    assert_eq!(c.at("textDocument/hover", &a, 0, 8), Value::Null);
    c.wait("the reason", |m| m["method"] == "window/logMessage" && m["params"]["message"].as_str().unwrap().contains("no lock"));
    // And when it comes, it is read.
    p.write("schema.lock.yaml", LOCK);
    c.findings(&a, |f| f.len() == 1);
    assert_eq!(c.end(), 0);
}

/// What was asked of a folder that leaves before it is linked is answered all the same.
#[test]
fn a_folder_that_leaves_takes_no_answer_with_it() {
    let p = Project::new();
    let (mut c, _) = Client::greeted(&[p.root()], json!({}));
    let a = uri(&p.path("a.sql"));
    c.open(&a, WRONG);
    let asked = c.request("textDocument/hover", json!({"textDocument": {"uri": a}, "position": {"line": 0, "character": 8}}));
    let gone = json!({"added": [], "removed": [{"uri": uri(p.root()), "name": "x"}]});
    c.tell("workspace/didChangeWorkspaceFolders", json!({"event": gone}));
    c.answer(asked);
    assert_eq!(c.end(), 0);
}
