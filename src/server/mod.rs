//! `dbtruth server`: the language server, on standard input and output.
//!
//! The main thread reads messages, keeps the open texts and hands work on; it never waits for work. Each folder with a lock has a [`workspace::Workspace`], whose links
//! ([`generation`]) run on threads of their own: one answers while the next is made.

mod actions;
mod completion;
mod documents;
mod generation;
mod lookup;
mod position;
mod publish;
mod session;
mod symbols;
mod transport;
mod uri;
mod workspace;

use std::io;

use lsp_server::Message;

pub use session::Session;
use transport::Incoming;

/// Serves until the client ends the session or closes the stream. 0 where it said goodbye as it should, else 1.
pub fn run() -> io::Result<u8> {
    let (to_session, incoming) = crossbeam_channel::unbounded::<Incoming>();
    let (out, to_client) = crossbeam_channel::unbounded::<Message>();
    // Blocked in a read, this thread may outlive us; the process takes it along.
    std::thread::Builder::new().name("read".to_owned()).spawn(move || transport::read_all(io::stdin().lock(), &to_session))?;
    let writer = std::thread::Builder::new().name("write".to_owned()).spawn(move || transport::write_all(&to_client, io::stdout().lock()))?;
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
