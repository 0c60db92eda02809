//! `.pgpass` and `pg_service.conf`, as libpq reads them ("The Password File", "The Connection Service File" in the manual).

use std::path::PathBuf;

use super::LiveError;

type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

fn home(env: Environment<'_>) -> Option<PathBuf> {
    env("HOME").or_else(|| env("USERPROFILE")).map(PathBuf::from)
}

/// The password for that server, if the file has one. A file that others may read is not used, as with libpq.
pub(super) fn password(host: &str, port: u16, database: &str, user: &str, file: Option<String>, env: Environment<'_>) -> Option<String> {
    let path = file.or_else(|| env("PGPASSFILE")).map(PathBuf::from).or_else(|| Some(home(env)?.join(".pgpass")))?;
    if !is_private(&path) {
        return None;
    }
    let text = std::fs::read_to_string(path).ok()?;
    let host = if host.starts_with('/') { "localhost" } else { host };
    let port = port.to_string();
    text.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let fields = fields(line);
        let [file_host, file_port, file_database, file_user, password] = fields.as_slice() else { return None };
        let is = |field: &String, value: &str| field == "*" || field == value;
        (is(file_host, host) && is(file_port, &port) && is(file_database, database) && is(file_user, user)).then(|| password.clone())
    })
}

/// Fields between colons; a backslash takes the next character as it is.
fn fields(line: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut chars = line.trim_end_matches('\r').chars();
    while let Some(c) = chars.next() {
        let last = out.len() - 1;
        match c {
            '\\' => out[last].extend(chars.next()),
            ':' if out.len() < 5 => out.push(String::new()),
            c => out[last].push(c),
        }
    }
    out
}

#[cfg(unix)]
fn is_private(path: &std::path::Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).is_ok_and(|m| m.permissions().mode().trailing_zeros() >= 6)
}

#[cfg(not(unix))]
fn is_private(path: &std::path::Path) -> bool {
    path.exists()
}

/// The parameters of a service.
pub(super) fn service(name: &str, env: Environment<'_>) -> Result<Vec<(String, String)>, LiveError> {
    let own = env("PGSERVICEFILE").map(PathBuf::from).or_else(|| Some(home(env)?.join(".pg_service.conf")));
    let shared = env("PGSYSCONFDIR").map_or_else(|| PathBuf::from("/etc/postgresql-common"), PathBuf::from).join("pg_service.conf");
    for path in own.into_iter().chain([shared]) {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        if let Some(found) = section(&text, name) {
            return Ok(found);
        }
    }
    Err(LiveError::with_help(format!("the service `{name}` stands in no service file"), "put it into `~/.pg_service.conf`, or set `PGSERVICEFILE`"))
}

fn section(text: &str, name: &str) -> Option<Vec<(String, String)>> {
    let mut lines = text.lines().map(str::trim);
    lines.find(|line| line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) == Some(name))?;
    let pairs = lines.take_while(|line| !line.starts_with('[')).filter(|line| !line.starts_with('#'));
    Some(pairs.filter_map(|line| line.split_once('=')).map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_fits_gives_the_password() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pass");
        std::fs::write(&path, "# comment\nother:5432:*:*:no\n*:5432:app:me:pa\\:ss\\\\word\n*:*:*:*:last\n").unwrap();
        let env = |name: &str| (name == "PGPASSFILE").then(|| path.display().to_string());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
            assert_eq!(password("h", 5432, "app", "me", None, &env), None, "others may read it");
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        }
        assert_eq!(password("h", 5432, "app", "me", None, &env).as_deref(), Some("pa:ss\\word"));
        assert_eq!(password("h", 1, "app", "me", None, &env).as_deref(), Some("last"));
    }

    #[test]
    fn services_are_sections() {
        let text = "[a]\nhost=x\n[b]\n# comment\nhost = y\nport=1\n[c]\nhost=z\n";
        assert_eq!(section(text, "b"), Some(vec![("host".into(), "y".into()), ("port".into(), "1".into())]));
        assert_eq!(section(text, "d"), None);
    }
}
