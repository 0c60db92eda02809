//! `dbtruth server`: the language server, on standard input and output.
//!
//! The main thread reads messages, keeps the open texts and hands work on; it never waits for work. Each folder with a lock has a [`workspace::Workspace`], whose links
//! ([`generation`]) run on threads of their own: one answers while the next is made.

mod actions;
mod completion;
mod documents;
mod findings;
mod generation;
mod lookup;
mod position;
mod publish;
mod session;
mod symbols;
mod transport;
mod uri;
mod workspace;

use std::io::{self, BufRead, BufReader, Write};

use lsp_server::Message;

pub use session::Session;
use transport::Incoming;

/// Serves standard input and output until the client ends the session or closes the stream. 0 where it said goodbye as it should, else 1.
pub fn run() -> io::Result<u8> {
    serve(BufReader::new(io::stdin()), io::stdout())
}

/// The same on any two streams.
pub fn serve(from: impl BufRead + Send + 'static, to: impl Write + Send + 'static) -> io::Result<u8> {
    let (to_session, incoming) = crossbeam_channel::unbounded::<Incoming>();
    let (out, to_client) = crossbeam_channel::unbounded::<Message>();
    // Blocked in a read, this thread may outlive us; the process takes it along.
    std::thread::Builder::new().name("read".to_owned()).spawn(move || transport::read_all(from, &to_session))?;
    let writer = std::thread::Builder::new().name("write".to_owned()).spawn(move || transport::write_all(&to_client, to))?;
    let code = match session::initialize(&incoming, &out) {
        Some(params) => Session::new(&params, out)?.run(&incoming),
        None => {
            drop(out);
            1
        }
    };
    let _ = writer.join();
    Ok(code)
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::*;

    /// A stream that one end writes and the other reads.
    struct Pipe(Receiver<Vec<u8>>, Vec<u8>);

    impl Read for Pipe {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            if self.1.is_empty() {
                self.1 = self.0.recv().unwrap_or_default();
            }
            let count = into.len().min(self.1.len());
            into[..count].copy_from_slice(&self.1[..count]);
            self.1.drain(..count);
            Ok(count)
        }
    }

    struct Sink(Sender<Value>, Vec<u8>);

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.1.extend_from_slice(bytes);
            if let Some(body) = self.1.windows(4).position(|w| w == b"\r\n\r\n").map(|n| n + 4)
                && let Ok(message) = serde_json::from_slice(&self.1[body..])
            {
                let _ = self.0.send(message);
                self.1.clear();
            }
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Crashes of ours, made on purpose at every stage, are said and end nothing: the next question is answered, the next change judged.
    #[test]
    fn a_crash_ends_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("own file");
        let lock = "version: 1\nsearch_path: [public]\ntables:\n  public.batches:\n    columns:\n      id: bigint not null\n";
        file("schema.lock.yaml", lock);
        for name in ["crash-in-linking.py", "crash-in-reading.py", "crash-in-answering.sql", "a.sql"] {
            file(name, if name.ends_with("py") { "import psycopg\n" } else { "SELECT nope FROM batches;\n" });
        }
        let (to_server, from_client) = channel();
        let (to_client, from_server) = channel();
        let server = std::thread::spawn(move || serve(BufReader::new(Pipe(from_client, Vec::new())), Sink(to_client, Vec::new())));
        let send = |message: Value| {
            let body = message.to_string();
            to_server.send(format!("Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()).expect("it reads");
        };
        let wait = |what: &dyn Fn(&Value) -> bool| loop {
            let message = from_server.recv_timeout(Duration::from_mins(1)).expect("an answer");
            if what(&message) {
                return message;
            }
        };
        let root = uri::of(folder.path());
        let at = |name: &str| json!({"textDocument": {"uri": format!("{root}/{name}")}, "position": {"line": 0, "character": 18}});
        let mut next = 0;
        let mut ask = |method: &str, params: Value| {
            next += 1;
            send(json!({"jsonrpc": "2.0", "id": next, "method": method, "params": params}));
            let id = next;
            wait(&move |m: &Value| m["id"] == id && m.get("method").is_none())
        };
        ask("initialize", json!({"capabilities": {}, "workspaceFolders": [{"uri": root, "name": "x"}]}));
        // While reading and linking: the other files are judged.
        let found = wait(&|m: &Value| m["params"]["uri"].as_str().is_some_and(|u| u.ends_with("/a.sql")));
        assert_eq!(found["params"]["diagnostics"].as_array().map(Vec::len), Some(1), "{found}");
        // While answering, and in the session itself.
        assert_eq!(ask("textDocument/hover", at("crash-in-answering.sql"))["result"], Value::Null);
        assert_eq!(ask("workspace/symbol", json!({"query": "crash-in-asking"}))["error"]["code"], -32603);
        assert!(ask("textDocument/hover", at("a.sql"))["result"].to_string().contains("batches"));
        // While saying what was found: that link never serves, the one before goes on, and the next one takes over.
        file("schema.lock.yaml", &format!("{lock}  public.crash_in_telling:\n    columns:\n      id: bigint\n"));
        wait(&|m: &Value| m["method"] == "window/showMessage" && m["params"]["message"].to_string().contains("crashed while linking"));
        assert!(ask("textDocument/hover", at("a.sql"))["result"].to_string().contains("batches"));
        file("schema.lock.yaml", &lock.replace("id:", "nope: text\n      id:"));
        wait(&|m: &Value| m["params"]["uri"].as_str().is_some_and(|u| u.ends_with("/a.sql")) && m["params"]["diagnostics"] == json!([]));
        ask("shutdown", Value::Null);
        send(json!({"jsonrpc": "2.0", "method": "exit"}));
        assert_eq!(server.join().expect("no crash").expect("it serves"), 0);
    }
}
