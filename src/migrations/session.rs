//! The search path that a project's code gives its sessions: `SET search_path TO app, public`, `options='-c search_path=app'`,
//! `server_settings={'search_path': 'app'}`. A database does not tell, and bare names in the code mean what that path reaches.

use std::path::Path;

use crate::schema::Schema;
use crate::syntax::sql::template::HOLE;

/// What a path is set by, as it stands in the code.
const NAME: &str = "search_path";
/// Files that are read for it at most: beyond that the reading would be felt.
const MOST_FILES: usize = 20_000;

/// Gives the schema the search path of the code around `near`, as far as its schemas exist. Where several are set, what they reach comes behind what the
/// database reaches by itself. `of_migrations` are those that the environments of migrations set: what no code says, they say.
pub(super) fn adopt(schema: &mut Schema, near: &Path, of_migrations: &[Vec<String>]) {
    if schema.relations.keys().all(|name| schema.search_path.contains(&name.schema)) {
        return;
    }
    let mut files = Vec::new();
    let near = std::path::absolute(near).unwrap_or_else(|_| near.to_owned());
    if super::find::walk(&super::first::root(&near), 0, &mut files).is_err() {
        return;
    }
    files.sort();
    let mut found: Vec<Vec<String>> = Vec::new();
    let usable = |path: Vec<String>| -> Option<Vec<String>> {
        let path: Vec<String> = path.into_iter().filter(|s| s == "public" || schema.relations.keys().any(|n| n.schema == *s)).collect();
        path.iter().any(|s| s != "public").then_some(path)
    };
    for file in files.iter().filter(|f| is_application(f)).take(MOST_FILES) {
        let Ok(text) = std::fs::read(file) else { continue };
        if memchr::memmem::find(&text, NAME.as_bytes()).is_none() && memchr::memmem::find(&text, b"SEARCH_PATH").is_none() {
            continue;
        }
        let text = String::from_utf8_lossy(&text);
        if text.contains("down_revision") {
            continue;
        }
        for path in paths_in(&text).into_iter().filter_map(usable) {
            if !found.contains(&path) {
                found.push(path);
            }
        }
    }
    if found.is_empty() {
        found.extend(of_migrations.iter().cloned().filter_map(usable));
    }
    let own = std::mem::take(&mut schema.search_path);
    let all: Vec<Vec<String>> = if let [one] = found.as_slice() { vec![one.clone(), own] } else { std::iter::once(own).chain(found).collect() };
    for name in all.into_iter().flatten() {
        if !schema.search_path.contains(&name) {
            schema.search_path.push(name);
        }
    }
}

/// Code that runs beside a database in use: no tests, no migrations.
fn is_application(file: &Path) -> bool {
    let part = |name: &str| matches!(name, "tests" | "test" | "testing" | "migrations" | "versions" | "env.py" | "conftest.py") || name.starts_with("test_");
    file.extension().is_some_and(|e| e == "py") && !file.components().any(|c| c.as_os_str().to_str().is_some_and(part))
}

/// Whether a text sets a search path, be it one that is not known: `SET search_path TO {tenant}`.
pub(super) fn sets_path(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    lower.match_indices(NAME).any(|(at, _)| {
        let before = lower[..at].trim_end_matches(['\'', '"']).trim_end();
        ["set", "set local", "set session", "-c", "set_config("].iter().any(|w| before.ends_with(w))
    })
}

/// Every search path that a text sets in words.
pub(super) fn paths_in(text: &str) -> Vec<Vec<String>> {
    let lower = text.to_ascii_lowercase();
    let mut out = Vec::new();
    for (at, _) in lower.match_indices(NAME) {
        let (before, after) = (&lower[..at], &text[at + NAME.len()..]);
        let quote = before.chars().next_back().filter(|c| matches!(c, '"' | '\''));
        let list = if let Some(quote) = quote {
            // `"search_path": "app,public"`
            let Some(rest) = after.strip_prefix(quote).map(str::trim_start).and_then(|r| r.strip_prefix([':', ',', '='])).map(str::trim_start) else {
                continue;
            };
            let Some(open) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) else { continue };
            let Some((list, _)) = rest[1..].split_once(open) else { continue };
            list
        } else {
            let words: Vec<&str> = before.rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '-').filter(|w| !w.is_empty()).take(2).collect();
            let set = match words.as_slice() {
                ["set" | "-c" | "-csearch", ..] => true,
                [scope, "set", ..] => matches!(*scope, "session" | "local"),
                _ => before.ends_with("-c"),
            };
            let rest = after.trim_start();
            let to = rest.get(..2).filter(|t| t.eq_ignore_ascii_case("to")).map(|_| &rest[2..]).filter(|r| r.starts_with(char::is_whitespace));
            let Some(list) = to.or_else(|| rest.strip_prefix('=')).or_else(|| rest.strip_prefix("%3D")).filter(|_| set) else { continue };
            let end = list.find([';', '\n', ')', '\\']).unwrap_or(list.len());
            &list[..end]
        };
        out.extend(schemas(list));
    }
    out
}

/// The schemas of a list as SQL writes it, up to the quote that ends the text around; `None` where one of them is not known.
fn schemas(list: &str) -> Option<Vec<String>> {
    let mut out = Vec::new();
    for item in list.split(',') {
        let item = item.trim();
        let quoted = item.strip_prefix(['"', '\'']).and_then(|i| i.split(['"', '\'']).next());
        let (name, last) = match (quoted, item.find(['"', '\''])) {
            (Some(name), _) => (name, false),
            // What follows stands behind the text: `"SET search_path TO app", conn)`.
            (None, Some(end)) => (item[..end].trim(), true),
            (None, None) => (item, false),
        };
        let name = name.split_whitespace().next().unwrap_or_default();
        if name == "$user" {
            continue;
        }
        let plain = !name.is_empty() && !name.contains(HOLE) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        plain.then_some(())?;
        out.push(name.to_owned());
        if last {
            break;
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::{paths_in, sets_path};

    #[test]
    fn paths_are_read_where_they_are_set() {
        let of = |text: &str| paths_in(text).into_iter().map(|p| p.join(" ")).collect::<Vec<_>>();
        assert_eq!(of("cur.execute('SET search_path TO app, stock, public')"), ["app stock public"]);
        assert_eq!(of("cur.execute(\"set session search_path = app,public;\", x)"), ["app public"]);
        assert_eq!(of("cur.execute('SET LOCAL search_path TO \"$user\", app', y)"), ["app"]);
        assert_eq!(of("connect(options='-c search_path=app,public')"), ["app public"]);
        assert_eq!(of("connect(options='-csearch_path=app', host='x')"), ["app"]);
        assert_eq!(of("create_pool(server_settings={'search_path': 'app, public'})"), ["app public"]);
        for unknown in [
            "f'SET search_path TO {tenant}, public'",
            "'SET search_path TO %s' % x",
            "search_path = ['a']",
            "show search_path",
            "def set_search_path(x): pass",
            "options=f'-c search_path={s}'",
        ] {
            assert_eq!(of(unknown), [""; 0], "{unknown}");
        }
        assert!(sets_path("set local search_path to {x}") && sets_path("select set_config('search_path', %s, false)") && !sets_path("show search_path"));
    }
}
