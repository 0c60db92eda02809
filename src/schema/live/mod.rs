//! The schema of a running PostgreSQL, versions 12 to 18, from `pg_catalog` alone.
//!
//! Everything is read in one read-only transaction, with the simple protocol: that works through poolers in transaction mode, where prepared
//! statements do not. Nothing of the user's is run, and no secret is ever part of a message.

mod catalog;
mod dsn;
mod passfile;
mod prepare;
mod stream;
mod tls;

use std::fmt;
use std::sync::mpsc;
use std::time::Duration;

use postgres::{Client, NoTls};

use crate::schema::{QualifiedName, Schema};
use dsn::{Dsn, SslMode};

pub use dsn::Redacted;
pub use prepare::{Refusal, prepare};

/// Which database, and what of it.
#[derive(Clone, Debug, Default)]
pub struct DsnOptions {
    /// `--database-url`; without it `DATABASE_URL`, then `PGHOST` and its kin.
    pub url: Option<Redacted>,
    /// Schemas to keep although they belong to the platform (see [`Schema::drop_platform`]).
    pub keep_schemas: Vec<String>,
}

/// Why the database could not be read. The caller exits with 2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveError {
    /// What happened, in one line, without any secret.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl LiveError {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None }
    }

    fn with_help(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: Some(help.into()) }
    }
}

impl fmt::Display for LiveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for LiveError {}

/// What a server tells of its schema. That a view's column is never NULL it does not tell; [`crate::sql::live::pull`] works it out.
#[derive(Debug)]
pub struct Pulled {
    /// The schema.
    pub schema: Schema,
    /// The query of each view, as the server shows it.
    pub(crate) definitions: Vec<(QualifiedName, String)>,
    /// Columns of tables whose NOT NULL does not hold of all that a query gives.
    pub(crate) doubtful: Vec<(QualifiedName, String)>,
}

/// Reads what the database that the options and the environment name tells.
///
/// # Errors
/// When no database is named, it cannot be reached or refuses us, its certificate cannot be verified, it is older than version 12, or any part
/// of its catalog cannot be read: a smaller lock is never given.
pub fn read(options: &DsnOptions) -> Result<Pulled, LiveError> {
    let dsn = dsn::resolve(options.url.as_ref(), &|name| std::env::var(name).ok())?;
    let mut pulled = in_time(dsn)?;
    pulled.schema.drop_platform(&options.keep_schemas);
    pulled.schema.drop_bookkeeping();
    Ok(pulled)
}

/// Beyond the time to connect: for a server to let us in, and to answer everything. Its own `statement_timeout` is over long before.
const ADMISSION: Duration = Duration::from_secs(5);
const ANSWERS: Duration = Duration::from_mins(10);

/// Connects and reads on a thread of its own: a server that takes the connection and says nothing must not keep us for ever.
fn in_time(dsn: Dsn) -> Result<Pulled, LiveError> {
    enum Step {
        Connected,
        Done(Box<Result<Pulled, LiveError>>),
    }
    let (place, admission) = (dsn.place(), dsn.timeout + ADMISSION);
    let (tell, hear) = mpsc::channel();
    let work = move || {
        let step = connect(&dsn).and_then(|mut client| {
            let _ = tell.send(Step::Connected);
            catalog::read(&mut client).map_err(|error| explain(&error, &dsn))?
        });
        let _ = tell.send(Step::Done(Box::new(step)));
    };
    let thread = std::thread::Builder::new().name("database".to_owned()).stack_size(16 << 20).spawn(work);
    thread.map_err(|e| LiveError::new(format!("no thread can be started: {e}")))?;
    let mut limit = admission;
    loop {
        match hear.recv_timeout(limit) {
            Ok(Step::Connected) => limit = ANSWERS,
            Ok(Step::Done(result)) => return *result,
            Err(mpsc::RecvTimeoutError::Timeout) => {
                let message = format!("cannot read the database at {place}: it has not answered for {} s", limit.as_secs());
                return Err(LiveError::with_help(message, "check host and port: something listens there, but does not speak like PostgreSQL"));
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                return Err(LiveError::new(format!("cannot read the database at {place}: what it says makes no sense")));
            }
        }
    }
}

fn connect(dsn: &Dsn) -> Result<Client, LiveError> {
    let mut config = dsn.config();
    let attempt = |config: &postgres::Config| -> Result<Client, LiveError> {
        if dsn.mode == SslMode::Disable || dsn.is_socket() {
            return config.connect(NoTls).map_err(|error| explain(&error, dsn));
        }
        let tls = tls::connector(dsn)?;
        config.connect(tls).map_err(|error| explain(&error, dsn))
    };
    config.ssl_mode(match dsn.mode {
        SslMode::Disable => postgres::config::SslMode::Disable,
        SslMode::Allow | SslMode::Prefer => postgres::config::SslMode::Prefer,
        SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => postgres::config::SslMode::Require,
    });
    if dsn.is_socket() {
        config.ssl_mode(postgres::config::SslMode::Disable);
    }
    attempt(&config)
}

/// A message a person can act on. The password is cut out of whatever the libraries say.
fn explain(error: &postgres::Error, dsn: &Dsn) -> LiveError {
    let mut text = String::new();
    let mut source: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = source {
        let part = error.to_string();
        if !text.contains(&part) {
            text = if text.is_empty() { part } else { format!("{text}: {part}") };
        }
        source = error.source();
    }
    if let Some(server) = error.as_db_error() {
        text = format!("the server says: {} ({})", server.message(), server.code().code());
    }
    let text = dsn.redact(&text);
    let place = dsn.place();
    LiveError { message: format!("cannot read the database at {place}: {text}"), help: help(error, &text, dsn) }
}

fn help(error: &postgres::Error, text: &str, dsn: &Dsn) -> Option<String> {
    let supabase = dsn.host.ends_with(".supabase.co") || dsn.host.ends_with(".pooler.supabase.com");
    let lower = text.to_ascii_lowercase();
    if lower.contains("certificate") || lower.contains("unknownissuer") || lower.contains("unknown issuer") {
        let authority = if supabase {
            "download the project's certificate (Database settings, `prod-ca-2021.crt`)"
        } else {
            "get the certificate of the authority that signed the server's"
        };
        return Some(format!("{authority} and name it: `?sslmode=verify-full&sslrootcert=FILE`; `sslmode=require` encrypts without knowing whom it talks to"));
    }
    if lower.contains("does not support tls") || lower.contains("server does not support") {
        return Some("the server offers no TLS; if the network between is yours, say so: `?sslmode=disable`".to_owned());
    }
    let unreachable =
        ["lookup", "unreachable", "timed out", "timeout", "refused", "no route", "connection closed", "error connecting"].iter().any(|w| lower.contains(w));
    if error.as_db_error().is_none() && unreachable {
        if dsn.host.starts_with("db.") && supabase {
            return Some(
                "Supabase gives this host an IPv6 address only; use the session pooler: host `aws-0-REGION.pooler.supabase.com`, port 5432, user `postgres.PROJECT` (\"Connect\" in the dashboard)".to_owned(),
            );
        }
        return Some(
            "check host and port, and that this machine may reach them; without a network, `dbtruth pull --from PATH` reads a dump or migrations".to_owned(),
        );
    }
    match error.code().map(postgres::error::SqlState::code)? {
        "28P01" | "28000" => Some("check user and password; `PGPASSWORD` or `~/.pgpass` (mode 0600) keep them out of the command line".to_owned()),
        "3D000" => Some("check the name of the database".to_owned()),
        "57014" | "55P03" => Some("the server was busy or a table was locked for too long; try again".to_owned()),
        _ => None,
    }
}
