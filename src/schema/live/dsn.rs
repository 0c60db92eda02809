//! Which server: URLs in the spellings that people have, `key=value`, service files, `PG*`.
//!
//! `postgres::Config` takes neither SQLAlchemy's schemes nor half of libpq's parameters, so the text is read here and only known parts go on.
//! Precedence as in libpq: the given text, then the service, then the environment, then defaults.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::{LiveError, passfile};

/// Text that is never shown: printing it in any way gives `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Redacted(String);

impl Redacted {
    /// Hides `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself.
    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<String> for Redacted {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl std::str::FromStr for Redacted {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// libpq's `sslmode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SslMode {
    Disable,
    Allow,
    Prefer,
    /// Encrypted; the certificate is verified only if a root is given, as in libpq.
    Require,
    VerifyCa,
    VerifyFull,
}

/// Everything needed to connect.
#[derive(Clone, Debug)]
pub(super) struct Dsn {
    /// A name, an address, or the folder of a socket.
    pub host: String,
    pub port: u16,
    pub user: String,
    pub password: Option<Redacted>,
    pub database: String,
    pub mode: SslMode,
    /// `sslrootcert`; `system` is the default.
    pub root: Option<PathBuf>,
    pub timeout: Duration,
}

type Parameters = BTreeMap<String, String>;
type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Environment variables of libpq and the parameters they stand for.
const VARIABLES: [(&str, &str); 10] = [
    ("PGHOST", "host"),
    ("PGHOSTADDR", "hostaddr"),
    ("PGPORT", "port"),
    ("PGUSER", "user"),
    ("PGPASSWORD", "password"),
    ("PGDATABASE", "dbname"),
    ("PGSSLMODE", "sslmode"),
    ("PGSSLROOTCERT", "sslrootcert"),
    ("PGCONNECT_TIMEOUT", "connect_timeout"),
    ("PGSERVICE", "service"),
];

/// Puts together what the option, the service and the environment say.
pub(super) fn resolve(url: Option<&Redacted>, env: Environment<'_>) -> Result<Dsn, LiveError> {
    let given = url.cloned().or_else(|| env("DATABASE_URL").filter(|u| !u.is_empty()).map(Redacted::new));
    let mut parameters = match &given {
        Some(text) => parse(text.reveal())?,
        None if ["PGHOST", "PGSERVICE", "PGDATABASE", "PGHOSTADDR"].iter().any(|v| env(v).is_some()) => Parameters::new(),
        None => {
            return Err(LiveError::with_help(
                "no database is named",
                "give `--database-url URL`, or set `DATABASE_URL` or `PGHOST`; `--from PATH` reads a dump or migrations instead",
            ));
        }
    };
    let service = parameters.get("service").cloned().or_else(|| env("PGSERVICE"));
    if let Some(service) = service {
        for (key, value) in passfile::service(&service, env)? {
            parameters.entry(key).or_insert(value);
        }
    }
    for (variable, key) in VARIABLES {
        if let Some(value) = env(variable).filter(|v| !v.is_empty()) {
            parameters.entry(key.to_owned()).or_insert(value);
        }
    }
    build(&parameters, env)
}

fn build(parameters: &Parameters, env: Environment<'_>) -> Result<Dsn, LiveError> {
    let get = |key: &str| parameters.get(key).filter(|v| !v.is_empty()).cloned();
    // Several hosts: the first one; a lock is read from one server.
    let first = |text: String| text.split(',').next().unwrap_or_default().to_owned();
    let host = get("hostaddr").or_else(|| get("host")).map_or_else(|| "localhost".to_owned(), first);
    let port = get("port").map_or_else(|| "5432".to_owned(), first);
    let port = port.parse().map_err(|_| LiveError::new("the port is not a number"))?;
    let user = get("user").or_else(|| env("USER")).unwrap_or_else(|| "postgres".to_owned());
    let database = get("dbname").unwrap_or_else(|| user.clone());
    let mode = match get("sslmode").as_deref() {
        None if is_near(&host) => SslMode::Prefer,
        // Unlike libpq's, our default for a server elsewhere is to know whom we talk to.
        None | Some("verify-full") => SslMode::VerifyFull,
        Some("disable") => SslMode::Disable,
        Some("allow") => SslMode::Allow,
        Some("prefer") => SslMode::Prefer,
        Some("require" | "no-verify") => SslMode::Require,
        Some("verify-ca") => SslMode::VerifyCa,
        Some(_) => return Err(LiveError::with_help("unknown `sslmode`", "expected disable, allow, prefer, require, verify-ca or verify-full")),
    };
    let seconds = get("connect_timeout").and_then(|t| t.parse().ok()).filter(|s| *s > 0).unwrap_or(10);
    let password = get("password").or_else(|| passfile::password(&host, port, &database, &user, get("passfile"), env)).map(Redacted::new);
    let root = get("sslrootcert").filter(|r| r != "system").map(PathBuf::from);
    Ok(Dsn { host, port, user, password, database, mode, root, timeout: Duration::from_secs(seconds) })
}

/// Hosts where a plain connection does not cross a foreign network: this machine, a private address, a bare name as in a compose file.
fn is_near(host: &str) -> bool {
    if host.starts_with('/') || !host.contains(['.', ':']) {
        return true;
    }
    match host.parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V4(ip)) => ip.is_loopback() || ip.is_private(),
        Ok(std::net::IpAddr::V6(ip)) => ip.is_loopback() || ip.is_unique_local(),
        Err(_) => host.ends_with(".local") || host.ends_with(".internal") || host.ends_with(".localhost"),
    }
}

impl Dsn {
    /// A Unix socket.
    pub(super) fn is_socket(&self) -> bool {
        self.host.starts_with('/')
    }

    /// For the driver.
    pub(super) fn config(&self) -> postgres::Config {
        let mut config = postgres::Config::new();
        config.host(&self.host).port(self.port).user(&self.user).dbname(&self.database);
        config.application_name("dbtruth").connect_timeout(self.timeout);
        if let Some(password) = &self.password {
            config.password(password.reveal());
        }
        config
    }

    /// `host:port`, for messages.
    pub(super) fn place(&self) -> String {
        self.redact(&format!("{}:{}", self.host, self.port))
    }

    /// The text without the password, should it be part of it.
    pub(super) fn redact(&self, text: &str) -> String {
        match &self.password {
            Some(password) if password.reveal().len() > 2 => text.replace(password.reveal(), "***"),
            _ => text.to_owned(),
        }
    }
}

/// The parameters in a URL or a `key=value` text.
fn parse(text: &str) -> Result<Parameters, LiveError> {
    let text = text.trim();
    match text.split_once("://") {
        Some((scheme, rest)) if !scheme.contains([' ', '=', '\'']) => parse_url(scheme, rest),
        _ => parse_pairs(text),
    }
}

fn parse_url(scheme: &str, rest: &str) -> Result<Parameters, LiveError> {
    let base = scheme.split('+').next().unwrap_or_default().to_ascii_lowercase();
    if !matches!(base.as_str(), "postgres" | "postgresql" | "postgis" | "cockroachdb") {
        return Err(LiveError::with_help(format!("`{base}://` is not a PostgreSQL URL"), "expected `postgresql://user:password@host:5432/database`"));
    }
    let (main, query) = rest.split_once('?').unwrap_or((rest, ""));
    // Everything up to the last `@` is the user's; a password with a raw `@`, `/` or `#` would otherwise end up in the host, and in messages.
    let (user_info, place) = main.rsplit_once('@').unwrap_or(("", main));
    if user_info.contains(['@', '/', '#', ' ']) || query.split('&').next().is_some_and(|q| q.contains('@')) {
        return Err(LiveError::with_help(
            "the URL cannot be read: its user or password holds `@`, `/`, `#`, `?` or a space as it is",
            "write such characters as `%40`, `%2F`, `%23`, `%3F`, `%20`, or put the password into `PGPASSWORD`",
        ));
    }
    let mut out = Parameters::new();
    let mut put = |key: &str, value: &str| -> Result<(), LiveError> {
        if !value.is_empty() {
            let value =
                decode(value).ok_or_else(|| LiveError::with_help(format!("the {key} in the URL is not well percent-encoded"), "a `%` is written `%25`"))?;
            out.insert(key.to_owned(), value);
        }
        Ok(())
    };
    let (user, password) = user_info.split_once(':').unwrap_or((user_info, ""));
    put("user", user)?;
    put("password", password)?;
    let (hosts, database) = place.split_once('/').unwrap_or((place, ""));
    put("dbname", database.split('#').next().unwrap_or_default())?;
    let first = hosts.split(',').next().unwrap_or_default();
    let (host, port) = match first.strip_prefix('[').and_then(|h| h.split_once(']')) {
        Some((v6, rest)) => (v6, rest.strip_prefix(':').unwrap_or("")),
        None => first.rsplit_once(':').unwrap_or((first, "")),
    };
    put("host", host)?;
    put("port", port)?;
    for pair in query.split('&').filter(|p| !p.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        // asyncpg and some frameworks say `ssl`.
        let (key, value) = if key == "ssl" {
            (
                "sslmode",
                if matches!(value, "true" | "True" | "1") {
                    "verify-full"
                } else if matches!(value, "false" | "False" | "0") {
                    "disable"
                } else {
                    value
                },
            )
        } else {
            (key, value)
        };
        put(key, value)?;
    }
    Ok(out)
}

/// `%41` → `A`
fn decode(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'%' {
            out.push(u8::from_str_radix(text.get(at + 1..at + 3)?, 16).ok()?);
            at += 3;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8(out).ok()
}

/// `host=… password='it\'s'`
fn parse_pairs(text: &str) -> Result<Parameters, LiveError> {
    let broken = || {
        LiveError::with_help(
            "the connection text cannot be read",
            "expected a URL `postgresql://user:password@host:5432/database`, or `host=… dbname=… user=…`",
        )
    };
    let mut out = Parameters::new();
    let mut chars = text.chars().peekable();
    loop {
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        if chars.peek().is_none() {
            return Ok(out);
        }
        let mut key = String::new();
        while let Some(c) = chars.next_if(|c| c.is_ascii_alphanumeric() || *c == '_') {
            key.push(c);
        }
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        if key.is_empty() || chars.next() != Some('=') {
            return Err(broken());
        }
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        let quoted = chars.next_if_eq(&'\'').is_some();
        let mut value = String::new();
        loop {
            match chars.next() {
                Some('\\') => value.push(chars.next().ok_or_else(broken)?),
                Some('\'') if quoted => break,
                Some(c) if !quoted && c.is_whitespace() => break,
                Some(c) => value.push(c),
                None if quoted => return Err(broken()),
                None => break,
            }
        }
        out.insert(key, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(url: &str, env: &[(&str, &str)]) -> Result<Dsn, LiveError> {
        let url = (!url.is_empty()).then(|| Redacted::new(url));
        resolve(url.as_ref(), &|name| env.iter().find(|(k, _)| *k == name).map(|(_, v)| (*v).to_owned()))
    }

    #[test]
    fn urls_in_the_spellings_people_have() {
        for url in [
            "postgresql://me:pw%20%E2%98%83%25%2F%40@example.com:6543/app?sslmode=require&pgbouncer=true",
            "postgresql+psycopg2://me:pw%20%E2%98%83%25%2F%40@example.com:6543/app?sslmode=require&connection_limit=1",
            "postgres://me@example.com:6543/app?sslmode=require&password=pw%20%E2%98%83%25%2F%40",
            "host=example.com port=6543 user=me dbname=app sslmode=require password='pw ☃%/@'",
        ] {
            let dsn = from(url, &[]).unwrap();
            assert_eq!((dsn.host.as_str(), dsn.port, dsn.user.as_str(), dsn.database.as_str()), ("example.com", 6543, "me", "app"), "{url}");
            assert_eq!(dsn.password.as_ref().unwrap().reveal(), "pw ☃%/@");
            assert_eq!(dsn.mode, SslMode::Require);
        }
        let dsn = from("postgresql:///app?host=/run/postgresql", &[("USER", "me")]).unwrap();
        assert!(dsn.is_socket() && dsn.database == "app" && dsn.user == "me");
        assert_eq!(from("postgresql://[::1]:7/x", &[]).unwrap().host, "::1");
    }

    #[test]
    fn a_server_elsewhere_is_verified_unless_told_otherwise() {
        assert_eq!(from("postgresql://u@example.com/x", &[]).unwrap().mode, SslMode::VerifyFull);
        assert_eq!(from("postgresql://u@10.0.0.3/x", &[]).unwrap().mode, SslMode::Prefer);
        assert_eq!(from("postgresql://u@db/x", &[]).unwrap().mode, SslMode::Prefer);
        assert_eq!(from("postgresql://u@example.com/x", &[("PGSSLMODE", "disable")]).unwrap().mode, SslMode::Disable);
        assert!(from("postgresql://u@example.com/x?sslmode=maybe", &[]).is_err());
    }

    #[test]
    fn the_environment_fills_the_gaps() {
        let dsn = from("", &[("PGHOST", "h.example.com"), ("PGPORT", "1"), ("PGUSER", "u"), ("PGPASSWORD", "secret"), ("PGDATABASE", "d")]).unwrap();
        assert_eq!((dsn.host.as_str(), dsn.port, dsn.user.as_str(), dsn.database.as_str()), ("h.example.com", 1, "u", "d"));
        let dsn = from("", &[("DATABASE_URL", "postgres://a@b/c"), ("PGPASSWORD", "secret"), ("PGUSER", "other")]).unwrap();
        assert_eq!((dsn.user.as_str(), dsn.password.unwrap().reveal()), ("a", "secret"));
        assert!(from("", &[]).unwrap_err().help.unwrap().contains("--database-url"));
    }

    #[test]
    fn no_message_holds_the_password() {
        for url in [
            "postgresql://me:canary@word@example.com/x",
            "postgresql://me:canary/word@example.com/x",
            "postgresql://me:canary#word@example.com/x",
            "postgresql://me:canary?word@example.com/x",
            "postgresql://me:canary%zz@example.com/x",
            "mysql://me:canary@example.com/x",
            "me canary",
            "password='canary",
            "postgresql://me:canary@example.com:port/x",
        ] {
            let error = from(url, &[]).unwrap_err();
            assert!(!format!("{error:?} {error}").contains("canary"), "{url}: {error:?}");
        }
        let dsn = from("postgresql://me:canary@example.com/x", &[]).unwrap();
        assert!(!format!("{dsn:?} {}", dsn.redact("failed for canary")).contains("canary"));
    }
}
