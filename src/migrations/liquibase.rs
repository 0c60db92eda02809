//! Changelogs of Liquibase that run files of SQL: `<include file="changes/1.sql"/>`, `<sqlFile path="1.sql"/>`, and the same in YAML
//! (<https://docs.liquibase.com/concepts/changelogs/home.html>). The order of the files is the changelog's, whatever they are called.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::files::Script;
use super::find::slashed;

/// So many changelogs are read that others include.
const MOST: usize = 1000;

/// Changes of tables that stand in a changelog itself. They are not read here, and without them the files give no schema.
const INLINE: &[&str] = &[
    "<createtable",
    "<addcolumn",
    "<dropcolumn",
    "<droptable",
    "<renamecolumn",
    "<renametable",
    "createtable:",
    "addcolumn:",
    "dropcolumn:",
    "create table",
    "alter table",
    "drop table",
];

/// The folder of the changelog with the most files of SQL, and these in its order; none where no changelog has several, or that one has more than files.
pub(super) fn planned(files: &[PathBuf]) -> Option<(String, Vec<Script>)> {
    let changelog = |f: &&PathBuf| f.extension().is_some_and(|e| e == "xml" || e == "yaml" || e == "yml") && read(f).is_some();
    let all = files.iter().filter(changelog).filter_map(|file| Some((file.parent()?, scripts(file)?)));
    let (folder, (scripts, whole)) = all.filter(|(_, found)| found.0.len() > 1).max_by_key(|(_, found)| found.0.len())?;
    whole.then(|| (slashed(folder), scripts.into_iter().map(Script::Sql).collect()))
}

/// The text of a changelog.
fn read(file: &Path) -> Option<String> {
    std::fs::read_to_string(file).ok().filter(|text| text.contains("databaseChangeLog"))
}

/// What a changelog runs, relative to its folder where it lies in it; and whether that is all it does to tables.
fn scripts(changelog: &Path) -> Option<(Vec<String>, bool)> {
    let folder = changelog.parent()?;
    let (mut out, mut seen, mut whole) = (Vec::new(), BTreeSet::new(), true);
    // Files still to come, the next one last.
    let mut open = vec![changelog.to_owned()];
    while let Some(file) = open.pop() {
        if !seen.insert(file.clone()) || seen.len() > MOST {
            continue;
        }
        if file.extension().is_some_and(|e| e == "sql") {
            out.push(slashed(file.strip_prefix(folder).unwrap_or(&file)));
            continue;
        }
        let Some(text) = read(&file).map(|text| without_comments(&text)) else { continue };
        let small = text.to_ascii_lowercase();
        whole &= !INLINE.iter().any(|word| small.contains(word));
        let mut named: Vec<PathBuf> = named(&text).into_iter().filter_map(|name| found(name, &file)).collect();
        named.reverse();
        open.extend(named);
    }
    Some((out, whole))
}

/// The file that a changelog names: beside itself, or from a folder above it.
fn found(name: &str, changelog: &Path) -> Option<PathBuf> {
    let name = name.strip_prefix("classpath:").unwrap_or(name).trim_start_matches('/');
    changelog.ancestors().skip(1).map(|folder| folder.join(name)).find(|path| path.is_file())
}

fn without_comments(text: &str) -> String {
    let mut parts = text.split("<!--");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |out, part| out + part.split_once("-->").map_or("", |p| p.1))
}

/// Values of `file` and `path` that are a script or another changelog, in order.
fn named(text: &str) -> Vec<&str> {
    let mut out = Vec::new();
    for (at, _) in text.match_indices("file").chain(text.match_indices("path")) {
        let before = text[..at].chars().next_back().unwrap_or(' ');
        let rest = text[at + 4..].trim_start();
        let Some(value) = rest.strip_prefix(['=', ':']).filter(|_| before.is_whitespace() || before == '"').map(str::trim_start) else { continue };
        let value = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => value[1..].split(quote).next(),
            _ => value.split(char::is_whitespace).next(),
        };
        let is_ours = |v: &&str| [".sql", ".xml", ".yaml", ".yml"].iter().any(|end| v.ends_with(end));
        out.extend(value.filter(is_ours).map(|v| (at, v)));
    }
    out.sort_unstable();
    out.into_iter().map(|v| v.1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(files: &[(&str, &str)]) -> Option<Vec<String>> {
        let dir = tempfile::tempdir().unwrap();
        let mut all = Vec::new();
        for (path, text) in files {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, text).unwrap();
            all.push(path);
        }
        let scripts = planned(&all)?.1;
        Some(scripts.into_iter().map(|s| if let Script::Sql(path) = s { path } else { String::new() }).collect())
    }

    #[test]
    fn the_order_is_the_changelogs() {
        let head = "<databaseChangeLog xmlns=\"x\">";
        let sql = [("db/sql/10.sql", ""), ("db/sql/9.sql", ""), ("db/sql/a.sql", ""), ("db/more/1.sql", "")];
        let main = format!(
            "{head}<!-- <include file=\"sql/a.sql\"/> --><include file=\"sql/9.sql\" relativeToChangelogFile=\"true\"/><include file='db/more/more.yaml'/><changeSet><sqlFile\n path = \"db/sql/10.sql\"/></changeSet></databaseChangeLog>"
        );
        let more =
            "databaseChangeLog:\n  - changeSet:\n      changes:\n        - sqlFile:\n            path: 1.sql\n            relativeToChangelogFile: true\n";
        let with = |main: &str| order(&[&[("db/main.xml", main), ("db/more/more.yaml", more)], &sql[..]].concat());
        assert_eq!(with(&main).unwrap(), ["sql/9.sql", "more/1.sql", "sql/10.sql"]);
        // Tables that the changelog itself makes are not read.
        assert_eq!(with(&main.replace("<changeSet>", "<changeSet><createTable tableName=\"t\"/>")), None);
        assert_eq!(with("<project><include file=\"sql/9.sql\"/><include file=\"sql/10.sql\"/></project>"), None);
    }
}
