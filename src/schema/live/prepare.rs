//! What a server says of statements that it is asked to prepare, and never to run.
//!
//! Each is sent by itself in a `Parse` message, which takes exactly one statement, inside a read-only transaction that is rolled back in the end;
//! a savepoint around each keeps one refusal from hiding the next.

use postgres::Client;

use super::{DsnOptions, LiveError, connect, dsn, explain};

/// Nothing waits for long, nothing may write, and nothing stays.
const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SET LOCAL statement_timeout = '10s'; SET LOCAL lock_timeout = '2s'; SET LOCAL idle_in_transaction_session_timeout = '60s'";

/// A server's refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// SQLSTATE.
    pub code: String,
    /// Its message.
    pub message: String,
    /// Where in the text, in characters from 1.
    pub position: Option<usize>,
}

/// Asks the database to prepare each text; `None` where it would.
///
/// # Errors
/// When the database cannot be reached, or the connection is lost on the way.
pub fn prepare(options: &DsnOptions, texts: &[String]) -> Result<Vec<Option<Refusal>>, LiveError> {
    let dsn = dsn::resolve(options.url.as_ref(), &|name| std::env::var(name).ok())?;
    let mut client = connect(&dsn)?;
    let verdicts = ask(&mut client, texts).map_err(|error| explain(&error, &dsn))?;
    // The transaction is gone with the connection, whatever this says.
    let _ = client.batch_execute("ROLLBACK");
    Ok(verdicts)
}

fn ask(client: &mut Client, texts: &[String]) -> Result<Vec<Option<Refusal>>, postgres::Error> {
    client.batch_execute(BEGIN)?;
    let mut verdicts = Vec::with_capacity(texts.len());
    for text in texts {
        client.batch_execute("SAVEPOINT dbtruth")?;
        let verdict = match client.prepare(text) {
            Ok(_) => None,
            Err(error) => match error.as_db_error() {
                Some(server) => Some(Refusal {
                    code: server.code().code().to_owned(),
                    message: server.message().to_owned(),
                    position: match server.position() {
                        Some(postgres::error::ErrorPosition::Original(at)) => usize::try_from(*at).ok(),
                        _ => None,
                    },
                }),
                None => return Err(error),
            },
        };
        client.batch_execute("ROLLBACK TO SAVEPOINT dbtruth")?;
        verdicts.push(verdict);
    }
    Ok(verdicts)
}
