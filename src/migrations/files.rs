//! Folders of SQL migrations: which files run on a fresh PostgreSQL, in which order, and which part of each.

use std::cmp::Ordering;
use std::path::Path;

use super::alembic;
use super::database::Database;
use super::jinja;
use super::python::Files;

/// One file to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Script {
    /// SQL.
    Sql(String),
    /// Python that sends SQL.
    Python(String),
    /// SQL that stands beside the steps without being one: whether it runs, nobody can tell.
    Doubtful(String),
}

/// Why the tables that such a file touches are open.
const NO_STEP: &str = "a file without a number beside numbered ones may change it";
/// Larger files are dumps of data.
const LARGEST: u64 = 8 << 20;

impl Script {
    /// The file.
    pub(super) fn path(&self) -> &str {
        match self {
            Self::Sql(path) | Self::Python(path) | Self::Doubtful(path) => path,
        }
    }

    /// Why it may not run.
    pub(super) fn doubt(&self) -> Option<&'static str> {
        matches!(self, Self::Doubtful(_)).then_some(NO_STEP)
    }
}

/// The text of a file of a folder of SQL.
pub(super) fn text(path: &Path) -> Option<String> {
    std::fs::metadata(path).ok().filter(|m| m.len() <= LARGEST)?;
    Some(String::from_utf8_lossy(&std::fs::read(path).ok()?).into_owned())
}

/// Words in a file's name that say it is no step forward.
const BACKWARD: &[&str] = &[
    "down", "undo", "rollback", "revert", "reset", "backup", "restore", "seed", "seeds", "teardown", "cleanup", "drop", "fixtures", "fixture", "sample",
    "example",
];
/// Words that say it makes a whole schema at once.
const WHOLE: &[&str] = &["complete", "full", "schema", "structure", "setup", "init", "initial", "base", "baseline", "dump"];
/// Folders of that name hold what is there before the first step.
const BEFORE: &[&str] = &["init", "initial", "initdb", "base", "baseline", "bootstrap"];
/// Of a whole schema in several files (`create_tables.sql`, `create_foreign_keys.sql`), what each makes, in the order in which it can be made.
const PARTS: &[&[&str]] = &[
    &["extension", "extensions"],
    &["schema", "schemas"],
    &["type", "types", "enum", "enums", "domains"],
    &["table", "tables"],
    &["function", "functions"],
    &["view", "views"],
    &["primary"],
    &["foreign", "keys", "constraints"],
    &["index", "indexes", "indices"],
    &["trigger", "triggers"],
];
/// Where tables stand among them.
const TABLES: usize = 3;
/// Words for other databases.
const FOREIGN: &[&str] = &["sqlite", "sqlite3", "mysql", "mariadb", "mssql", "sqlserver", "oracle", "clickhouse", "duckdb", "cockroach", "snowflake"];
/// Words for ours.
const OURS: &[&str] = &["postgres", "postgresql", "pgsql", "psql", "pg"];

fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_ascii_lowercase)
}

/// Which database a word names: ours (`true`), another.
pub fn database_of(word: &str) -> Option<bool> {
    let word = word.to_ascii_lowercase();
    if OURS.contains(&word.as_str()) { Some(true) } else { FOREIGN.contains(&word.as_str()).then_some(false) }
}

/// Whether words of a path name another database, and none ours.
pub fn is_foreign(path: &str) -> bool {
    words(path).any(|w| FOREIGN.contains(&w.as_str())) && !words(path).any(|w| OURS.contains(&w.as_str()))
}

/// Whether a path is a file of SQL: by its ending, also with a dialect behind it.
pub fn is_sql(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let mut parts = name.rsplit('.');
    let (last, before) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    matches!(last, "sql" | "psql" | "pgsql" | "ddl") || (before == "sql" && (OURS.contains(&last) || FOREIGN.contains(&last)))
}

/// Numbers in a name compare as numbers, so that `10` stands behind `9`.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a, b);
    loop {
        match (a.chars().next(), b.chars().next()) {
            (None, None) => return Ordering::Equal,
            (None, _) => return Ordering::Less,
            (_, None) => return Ordering::Greater,
            (Some(x), Some(y)) if x.is_ascii_digit() && y.is_ascii_digit() => {
                let take = |s: &str| s.find(|c: char| !c.is_ascii_digit()).unwrap_or(s.len());
                let (n, m) = (take(a), take(b));
                let (l, r) = (a[..n].trim_start_matches('0'), b[..m].trim_start_matches('0'));
                match l.len().cmp(&r.len()).then_with(|| l.cmp(r)) {
                    Ordering::Equal => (a, b) = (&a[n..], &b[m..]),
                    other => return other,
                }
            }
            (Some(x), Some(y)) if x == y => (a, b) = (&a[x.len_utf8()..], &b[y.len_utf8()..]),
            (Some(x), Some(y)) => return x.cmp(&y),
        }
    }
}

/// The name of a file, without its folders.
fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The folders of a file.
fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |x| x.0)
}

fn is_numbered(path: &str) -> bool {
    name(path).trim_start_matches(['V', 'v', 'R']).starts_with(|c: char| c.is_ascii_digit())
}

/// Flyway's views and functions, made anew behind the steps.
fn is_repeatable(path: &str) -> bool {
    name(path).starts_with("R__")
}

/// What part of a whole schema a file makes, in the order in which the parts can be made.
fn part(path: &str) -> Option<usize> {
    let name: Vec<String> = words(name(path)).collect();
    PARTS.iter().position(|part| name.iter().any(|w| part.contains(&w.as_str()))).filter(|_| !is_numbered(path) && name.iter().any(|w| w == "create"))
}

/// Whether a file makes a whole schema at once.
fn is_whole(path: &str) -> bool {
    part(path).is_some() || words(name(path)).any(|w| WHOLE.contains(&w.as_str()))
}

/// Whether a file is for another database: a folder says it, an ending (`x.mysql.sql`), or the last word of a name; in the middle of one it says what the step is
/// about.
fn is_for_another(path: &str) -> bool {
    let is = |w: &str| FOREIGN.contains(&w.to_ascii_lowercase().as_str());
    let plain = |part: &&str| !matches!(*part, "up" | "sql" | "down");
    let stem = name(path).split('.').rfind(plain).unwrap_or_default();
    words(folder(path)).any(|w| is(&w)) || name(path).split('.').any(is) || words(stem).last().is_some_and(|w| is(&w))
}

/// Whether a file takes no step forward.
fn is_no_step(path: &str) -> bool {
    let name = name(path);
    let undo = name.starts_with('U') && name[1..].starts_with(|c: char| c.is_ascii_digit()) && name.contains("__");
    // A number makes `0007_drop_old_tables.sql` a step like any other; `.down.sql` stays one back.
    let back = if is_numbered(path) {
        let lower = name.to_ascii_lowercase();
        [".down.", "_down.", "-down.", ".undo.", ".rollback."].iter().any(|w| lower.contains(w)) || lower.contains("rollback.sql")
    } else {
        words(name).any(|w| BACKWARD.contains(&w.as_str()))
    };
    // A folder of steps back: `rollback/1.2.0.sql` beside `upgrade/1.2.0.sql`.
    let back = back || words(folder(path)).any(|w| matches!(w.as_str(), "rollback" | "rollbacks" | "revert" | "reverts" | "undo"));
    undo || back || path.ends_with(".py") && (name == "__init__.py" || name == "conftest.py")
}

/// The files that may run on our database.
fn candidates(paths: &[String]) -> Vec<&String> {
    let stem = |p: &str| {
        let kept: Vec<String> = p.split('.').map(str::to_ascii_lowercase).filter(|w| !OURS.contains(&w.as_str())).collect();
        kept.join(".")
    };
    let ours = |p: &str| words(p).any(|w| OURS.contains(&w.as_str()));
    let mut chosen: Vec<&String> = paths.iter().filter(|p| !is_for_another(p)).filter(|p| is_sql(p) || p.ends_with(".py")).collect();
    // Of `x.sql` and its twin `x.postgres.sql` only the twin runs; `x.sql.postgres` is what comes on top of `x.sql`.
    let on_top = |p: &str| p.rsplit('.').next().is_some_and(|end| OURS.contains(&end));
    let twins: Vec<String> = chosen.iter().filter(|p| ours(p) && !on_top(p)).map(|p| stem(p)).collect();
    chosen.retain(|p| (ours(p) || !twins.contains(&stem(p))) && !is_no_step(p));
    chosen
}

/// Whether the tables of a text are made as only databases with several engines make them: `CREATE TABLE t (…) ENGINE = …`.
fn names_engines(text: &str) -> bool {
    if !["engine", "ENGINE", "Engine"].iter().any(|word| text.contains(word)) {
        return false;
    }
    let text = text.to_ascii_lowercase();
    let behind_table = |(at, word): &(usize, &str)| {
        let named = text[at + word.len()..].trim_start().strip_prefix('=').map_or("", str::trim_start);
        let name = named.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        !name.is_empty() && (text[..*at].trim_end().ends_with(')') || name.ends_with("mergetree"))
    };
    let engines = text.match_indices("engine").filter(behind_table).count();
    engines > 0 && engines * 2 >= text.matches("create table").count()
}

/// The files without those that only another database can read; all of them, where the others make no table.
fn without_strangers<'p>(all: Vec<&'p String>, text: &dyn Fn(&str) -> Option<String>) -> Vec<&'p String> {
    let (strange, ours): (Vec<&String>, Vec<&String>) = all.iter().partition(|p| is_sql(p) && text(p).is_some_and(|t| names_engines(&t)));
    let shapes = |p: &&String| is_sql(p) && text(p).is_some_and(|t| super::order::shapes(&t));
    if !strange.is_empty() && ours.iter().any(shapes) { ours } else { all }
}

/// The files of a folder that run on a fresh PostgreSQL, in order. `paths` are relative to the folder, `text` reads one of them.
pub fn plan(paths: &[String], text: &dyn Fn(&str) -> Option<String>) -> Vec<Script> {
    plan_surely(paths, text).0
}

/// The same, and whether the names of the files say the order.
pub(super) fn plan_surely(paths: &[String], text: &dyn Fn(&str) -> Option<String>) -> (Vec<Script>, bool) {
    let mut chosen = without_strangers(candidates(paths), text);
    if let Some(done) = full_and_deltas(&chosen).or_else(|| extension(&chosen)) {
        return (done, true);
    }
    // What makes today's tables from nothing has the updates of older databases in it.
    if chosen.iter().any(|p| part(p) == Some(TABLES)) {
        chosen.retain(|p| !words(folder(p)).any(|w| matches!(w.as_str(), "update" | "updates" | "upgrade" | "upgrades")));
    }
    // With steps in order beside it, a file without a number is either the whole at once, which comes first, or something for another day. But one number
    // among names makes no order: `3_quick_fixes.sql` beside `pages.sql` and `users.sql`.
    let loose = |p: &String| !is_numbered(p) && !is_whole(p) && !is_repeatable(p);
    let numbered = chosen.iter().filter(|p| is_numbered(p)).count();
    let beside = |p: &String| is_sql(p) && loose(p) && !is_aside(p) && chosen.iter().any(|step| is_numbered(step) && are_near(p, step));
    let others: Vec<&String> = chosen.iter().copied().filter(|p| beside(p)).collect();
    let steps = chosen.iter().any(|p| is_numbered(p) && is_sql(p)) && (others.is_empty() || numbered > 1 && numbered >= others.len());
    let mut aside = Vec::new();
    if steps {
        // Of Python only what has its number among them: `setup.py` makes no schema.
        let among: std::collections::BTreeSet<&str> = chosen.iter().filter(|p| is_sql(p) && is_numbered(p)).map(|p| folder(p)).collect();
        chosen.retain(|p| if is_sql(p) { is_numbered(p) || !loose(p) && !is_aside(p) } else { is_numbered(p) && among.contains(folder(p)) });
        aside = others.into_iter().map(|p| Script::Doubtful(p.clone())).collect();
    } else {
        chosen.retain(|p| is_sql(p));
    }
    let (chosen, sure) = in_order(chosen, steps);
    let scripts = chosen.into_iter().map(|p| script(p)).collect();
    let mut scripts = if sure { scripts } else { super::order::by_need(scripts, text) };
    scripts.append(&mut aside);
    (scripts, sure)
}

/// Whether one of two files lies in a folder around the other.
fn are_near(a: &str, b: &str) -> bool {
    let around = |outer: &str, inner: &str| outer.is_empty() || inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    around(folder(a), folder(b)) || around(folder(b), folder(a))
}

/// Whether a file explains or tries something.
pub(super) fn is_aside(path: &str) -> bool {
    words(path).any(|w| matches!(w.as_str(), "test" | "tests" | "testing" | "testdata" | "doc" | "docs" | "examples" | "samples"))
}

/// The files in the order of their names, as the tool reads it that they are for; and whether that is no guess.
fn in_order(mut chosen: Vec<&String>, steps: bool) -> (Vec<&String>, bool) {
    // Flyway looks through all folders below its locations and runs by version, wherever a file lies
    // (https://documentation.red-gate.com/flyway: "locations are scanned recursively", "versioned migrations are applied in order"). A version that
    // stands twice says that these are several histories.
    let versioned: Vec<(String, &String)> = chosen.iter().filter_map(|p| Some((flyway_version(p)?, *p))).collect();
    let versions: std::collections::BTreeSet<&str> = versioned.iter().map(|v| v.0.as_str()).collect();
    if versioned.len() > 1 && versioned.len() * 2 > chosen.len() && versions.len() == versioned.len() {
        let rank = |p: &str| (flyway_version(p).is_none(), is_repeatable(p));
        let version = |p: &str| flyway_version(p).unwrap_or_default();
        chosen.sort_by(|a, b| rank(a).cmp(&rank(b)).then_with(|| natural(&version(a), &version(b))).then_with(|| a.cmp(b)));
        return (chosen, true);
    }
    // Diesel's folders each hold an `up.sql`; their order is that of the digits before the first `_`, dashes between them apart
    // (https://docs.rs/diesel_migrations: "the version is everything up to the first underscore, with dashes removed").
    if chosen.iter().filter(|p| p.ends_with("/up.sql")).count() * 2 > chosen.len() {
        let version = |p: &str| name(folder(p)).split('_').next().unwrap_or_default().replace('-', "");
        chosen.retain(|p| p.ends_with("/up.sql") || p.as_str() == "up.sql");
        chosen.sort_by(|a, b| version(a).cmp(&version(b)).then_with(|| a.cmp(b)));
        return (chosen, true);
    }
    // Prisma's folders each hold a `migration.sql`; their order is that of their names, letter by letter.
    if chosen.iter().filter(|p| p.ends_with("/migration.sql")).count() * 2 > chosen.len() {
        chosen.retain(|p| p.ends_with("/migration.sql"));
        chosen.sort_by_key(|p| folder(p).to_owned());
        return (chosen, true);
    }
    // `init/1-tables.sql` beside `001-more.sql`: the folder's own numbers begin before those of the steps.
    let before = |p: &str| p.contains('/') && words(name(folder(p))).all(|w| BEFORE.contains(&w.as_str()));
    let rank = |p: &str| (is_repeatable(p), !before(p), if steps { is_numbered(p) } else { !is_whole(p) }, part(p));
    let version = |p: &str| name(p).trim_start_matches(['V', 'v']).to_owned();
    chosen.sort_by(|a, b| rank(a).cmp(&rank(b)).then_with(|| natural(folder(a), folder(b))).then_with(|| natural(&version(a), &version(b))));
    (chosen, steps)
}

/// The version of `V1_2__what.sql`, its parts between dots.
pub(super) fn flyway_version(path: &str) -> Option<String> {
    let (version, _) = path.rsplit('/').next()?.strip_prefix('V')?.split_once("__")?;
    let version = version.replace('_', ".");
    version.bytes().all(|b| b.is_ascii_digit() || b == b'.').then_some(version)
}

fn script(path: &str) -> Script {
    if path.ends_with(".py") { Script::Python(path.to_owned()) } else { Script::Sql(path.to_owned()) }
}

/// Layouts that keep whole schemas by number and steps by number: `…/full…/72/x.sql` beside `…/delta/73/y.sql`. The last whole one runs, then the steps behind it.
fn full_and_deltas(paths: &[&String]) -> Option<Vec<Script>> {
    let split = |p: &str| {
        let (head, _) = p.rsplit_once('/')?;
        let (kind, number) = head.rsplit_once('/')?;
        let number: u64 = number.parse().ok()?;
        Some((kind.to_owned(), number))
    };
    let is_full = |kind: &str| words(kind.rsplit('/').next().unwrap_or(kind)).any(|w| matches!(w.as_str(), "full" | "schemas" | "snapshot" | "snapshots"));
    let placed: Vec<(String, u64, &String)> = paths.iter().filter_map(|p| split(p).map(|(k, n)| (k, n, *p))).collect();
    let fulls: Vec<_> = placed.iter().filter(|p| is_full(&p.0)).collect();
    let latest = fulls.iter().map(|p| p.1).max()?;
    let mut first: Vec<&String> = fulls.iter().filter(|p| p.1 == latest).map(|p| p.2).collect();
    first.sort_by(|a, b| natural(a, b));
    let mut steps: Vec<_> = placed.iter().filter(|p| !is_full(&p.0) && p.1 > latest).collect();
    steps.sort_by(|a, b| a.1.cmp(&b.1).then_with(|| natural(name(a.2), name(b.2))).then_with(|| a.2.cmp(b.2)));
    let loose = paths.iter().filter(|p| split(p).is_none() && is_sql(p)).copied();
    Some(loose.chain(first).chain(steps.into_iter().map(|s| s.2)).map(|p| script(p)).collect())
}

/// Scripts of an extension of PostgreSQL: `shop--1.2.sql` makes that version, `shop--1.1--1.2.sql` leads from one to the next
/// (<https://www.postgresql.org/docs/current/extend-extensions.html>). The last whole one runs, then what leads further.
fn extension(paths: &[&String]) -> Option<Vec<Script>> {
    let parts = |p: &str| -> Option<(String, Option<String>)> {
        let mut parts = name(p).strip_suffix(".sql")?.split("--").skip(1).map(str::to_owned);
        let versions = (parts.next()?, parts.next());
        parts.next().is_none().then_some(versions)
    };
    let read: Vec<(&String, (String, Option<String>))> = paths.iter().filter_map(|p| Some((*p, parts(p)?))).collect();
    // A version in the making is called `unreleased` or so.
    let released = |version: &str| version.starts_with(|c: char| c.is_ascii_digit());
    let whole = read.iter().filter(|(_, v)| v.1.is_none() && released(&v.0)).max_by(|a, b| natural(&a.1.0, &b.1.0))?;
    if read.len() * 2 <= paths.len() {
        return None;
    }
    let (mut out, mut version) = (vec![script(whole.0)], &whole.1.0);
    let next = |version: &String| {
        let further = |v: &(String, Option<String>)| v.0 == *version && v.1.as_ref().is_some_and(|to| released(to) && natural(to, version).is_gt());
        read.iter().find(|(_, v)| further(v))
    };
    while let Some((path, (_, Some(to)))) = next(version) {
        out.push(script(path));
        version = to;
    }
    Some(out)
}

/// What runs forward in a file that holds both ways: between the marks of dbmate, goose, sql-migrate and their kin.
pub fn up_part(text: &str) -> &str {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let mark = line.trim().strip_prefix("--").map(|l| l.trim().to_ascii_lowercase());
        let back = ["migrate:down", "+goose down", "+migrate down", "+micrate down", "//@undo", "!downs", "{{{down", "downgrade --", "down migration"];
        // Aerich, node-pg-migrate, and what people write by hand.
        if mark.is_some_and(|m| back.iter().any(|b| m.starts_with(b)) || matches!(&*m, "down" | "downgrade")) {
            return &text[..at];
        }
        at += line.len();
    }
    text
}

/// Runs the files on a database.
pub fn replay(files: &dyn Files<'_>, folder: &str, scripts: &[Script], mut db: Database) -> Database {
    for (n, s) in scripts.iter().enumerate() {
        let unsure = s.doubt();
        match s {
            Script::Sql(path) | Script::Doubtful(path) => {
                let path = format!("{folder}/{path}");
                let Ok(bytes) = std::fs::read(Path::new(&path)) else { continue };
                let text = String::from_utf8_lossy(&bytes);
                let file = crate::source::FileId(u32::try_from(n).unwrap_or(u32::MAX));
                for (part, doubt) in jinja::parts(file, up_part(&text)) {
                    db.execute(&part, doubt.or(unsure));
                }
                db.end_session();
            }
            Script::Python(path) => db = alembic::run_script(files, &format!("{folder}/{path}"), db),
        }
    }
    db
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(paths: &[&str]) -> Vec<String> {
        let paths: Vec<String> = paths.iter().map(|p| (*p).to_owned()).collect();
        plan(&paths, &|_| None).iter().map(|s| s.path().to_owned()).collect()
    }

    #[test]
    fn one_number_among_names_makes_no_order() {
        assert_eq!(names(&["3_quick.sql", "setup.sql", "add_spaces.sql"]), ["setup.sql", "3_quick.sql", "add_spaces.sql"]);
        assert_eq!(names(&["3_quick.sql", "b.sql", "a.sql", "10_c.sql", "c.sql"]), ["3_quick.sql", "10_c.sql", "a.sql", "b.sql", "c.sql"]);
        // Among steps a file without a number may run, behind them.
        let few = ["db/01_a.sql", "db/02_b.sql", "db/helpers.sql", "db/tests/tables.sql", "bench/tables.sql"].map(str::to_owned);
        let step = |path: &str| Script::Sql(path.to_owned());
        assert_eq!(plan(&few, &|_| None), [step("db/01_a.sql"), step("db/02_b.sql"), Script::Doubtful("db/helpers.sql".to_owned())]);
    }

    #[test]
    fn numbers_count_as_numbers_and_steps_back_stay_out() {
        assert_eq!(names(&["10_c.up.sql", "9_b.up.sql", "9_b.down.sql", "seed.sql"]), ["9_b.up.sql", "10_c.up.sql"]);
        assert_eq!(names(&["V2__b.sql", "V10__c.sql", "V1_1__a.sql", "U2__b.sql", "R__views.sql"]), ["V1_1__a.sql", "V2__b.sql", "V10__c.sql", "R__views.sql"]);
        assert_eq!(names(&["0007_drop_old_tables.sql"]), ["0007_drop_old_tables.sql"]);
    }

    #[test]
    fn folders_with_their_own_up_and_down_run_by_version() {
        let all = ["2017-09-23-182408_b/up.sql", "20140924113530_a/up.sql", "20140924113530_a/down.sql", "2025-01-01-000000-0000_c/up.sql"];
        assert_eq!(names(&all), ["20140924113530_a/up.sql", "2017-09-23-182408_b/up.sql", "2025-01-01-000000-0000_c/up.sql"]);
    }

    #[test]
    fn folders_of_steps_back_stay_out() {
        assert_eq!(names(&["dbs/1.1.0/1.1.0.sql", "dbs/init_schema.sql", "rollback_dbs/1.1.0/1.1.0.sql"]), ["dbs/init_schema.sql", "dbs/1.1.0/1.1.0.sql"]);
    }

    #[test]
    fn versions_count_across_folders_but_for_several_histories() {
        let one = names(&["layers/V0.102__areas.sql", "more/V0.9__first.sql", "inner/V0.279__areas.sql", "R__views.sql"]);
        assert_eq!(one, ["more/V0.9__first.sql", "layers/V0.102__areas.sql", "inner/V0.279__areas.sql", "R__views.sql"]);
        let two = names(&["a/V1__x.sql", "a/V2__x.sql", "b/V1__x.sql", "b/V2__x.sql"]);
        assert_eq!(two, ["a/V1__x.sql", "a/V2__x.sql", "b/V1__x.sql", "b/V2__x.sql"]);
    }

    #[test]
    fn folders_of_one_migration_each_run_by_their_names() {
        let all = ["20250625_b/migration.sql", "20250625110000_a/migration.sql", "20250702080000_c d/migration.sql"];
        assert_eq!(names(&all), ["20250625110000_a/migration.sql", "20250625_b/migration.sql", "20250702080000_c d/migration.sql"]);
    }

    #[test]
    fn a_whole_schema_comes_before_the_steps_on_it() {
        assert_eq!(names(&["1.0/001_a.sql", "RESET.sql", "backup_database.sql", "complete_setup.sql"]), ["complete_setup.sql", "1.0/001_a.sql"]);
    }

    #[test]
    fn a_folder_of_what_is_there_first_comes_first() {
        assert_eq!(names(&["001-x.sql", "init/2-b.sql", "init/1-a.sql", "later/1-c.sql"]), ["init/1-a.sql", "init/2-b.sql", "001-x.sql", "later/1-c.sql"]);
    }

    #[test]
    fn a_whole_schema_in_parts_is_made_in_the_order_that_works() {
        let parts = ["create_foreign_keys.sql", "create_indexes.sql", "create_tables.sql", "create_types.sql", "updates/2024-01-01-more.sql"];
        assert_eq!(names(&parts), ["create_types.sql", "create_tables.sql", "create_foreign_keys.sql", "create_indexes.sql"]);
        // A step is a step, whatever it makes.
        assert_eq!(names(&["1_create_schema.sql", "2_create_tables.sql", "3_more.sql"]), ["1_create_schema.sql", "2_create_tables.sql", "3_more.sql"]);
    }

    #[test]
    fn the_twin_for_postgresql_runs_alone() {
        assert_eq!(names(&["01_a.sql", "02_b.postgres.sql", "02_b.sqlite.sql", "02_b.sql"]), ["01_a.sql", "02_b.postgres.sql"]);
        assert_eq!(names(&["02_b.sql.postgres", "02_b.sql.sqlite", "02_b.sql"]), ["02_b.sql", "02_b.sql.postgres"]);
    }

    #[test]
    fn a_step_about_another_database_is_a_step_of_ours() {
        assert_eq!(
            names(&["007_sqlite_jsonb_cleanup.up.sql", "008_a_sqlite.up.sql", "mysql/009_b.sql", "010_c.mysql.sql"]),
            ["007_sqlite_jsonb_cleanup.up.sql"]
        );
    }

    #[test]
    fn the_last_version_of_an_extension() {
        let all = ["x--0.9.sql", "x--0.10.sql", "x--0.9--0.10.sql", "x--0.10--0.11.sql", "x--0.11--unreleased.sql", "x--unreleased.sql"];
        assert_eq!(names(&all), ["x--0.10.sql", "x--0.10--0.11.sql"]);
    }

    #[test]
    fn python_counts_among_the_steps_alone() {
        assert_eq!(names(&["setup.py", "db/1_a.sql", "db/2_b.py", "work/3_plot.py", "tests/schema.sql"]), ["db/1_a.sql", "db/2_b.py"]);
    }

    #[test]
    fn the_last_full_schema_and_the_deltas_behind_it() {
        let all = ["a/full_schemas/9/full.sql", "a/full_schemas/12/full.sql", "a/delta/12/01x.sql", "a/delta/13/01y.sql", "b/delta/13/00z.sql"];
        assert_eq!(names(&all), ["a/full_schemas/12/full.sql", "b/delta/13/00z.sql", "a/delta/13/01y.sql"]);
    }

    #[test]
    fn only_the_way_forward_runs() {
        assert_eq!(up_part("-- migrate:up\nCREATE TABLE a ();\n-- migrate:down\nDROP TABLE a;\n"), "-- migrate:up\nCREATE TABLE a ();\n");
        assert_eq!(up_part("CREATE TABLE a ();"), "CREATE TABLE a ();");
        for mark in ["-- downgrade --", "-- Down Migration", "-- DOWN"] {
            assert_eq!(up_part(&format!("CREATE TABLE a ();\n{mark}\nDROP TABLE a;\n")), "CREATE TABLE a ();\n");
        }
        assert!(up_part("-- down to earth\nCREATE TABLE a ();").ends_with("a ();"));
    }
}
