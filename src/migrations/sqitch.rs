//! Plans of Sqitch: the changes in order, each with its script under `deploy` (<https://sqitch.org/docs/manual/sqitchchanges/>).

use std::path::PathBuf;

use super::files::Script;
use super::find::slashed;

/// The folder of the first plan among the files whose scripts are there, and the scripts in the order of the plan.
pub(super) fn planned(files: &[PathBuf]) -> Option<(String, Vec<Script>)> {
    files.iter().filter(|f| f.file_name().is_some_and(|n| n == "sqitch.plan")).find_map(|file| {
        let text = std::fs::read_to_string(file).ok()?;
        let folder = file.parent()?;
        let there = |path: &String| folder.join(path).is_file();
        let scripts: Vec<Script> = scripts(&text, &there).into_iter().map(Script::Sql).collect();
        (!scripts.is_empty()).then(|| (slashed(folder), scripts))
    })
}

/// What the plan deploys. A change that stands in it again later has been reworked: its first script carries the last tag between the two
/// (`deploy/orders@v1.sql`).
fn scripts(plan: &str, there: &dyn Fn(&String) -> bool) -> Vec<String> {
    let lines: Vec<&str> = plan
        .lines()
        .map(str::trim)
        .filter(|l| !l.is_empty() && !l.starts_with(['#', '%', '-']))
        .filter_map(|l| l.split_whitespace().next())
        .map(|w| w.trim_start_matches('+'))
        .collect();
    let mut out = Vec::new();
    for (n, name) in lines.iter().enumerate().filter(|(_, l)| !l.starts_with('@')) {
        let again = lines[n + 1..].iter().position(|l| l == name).map(|m| &lines[n + 1..n + 1 + m]);
        let path = match again {
            Some(between) => between.iter().rev().filter(|l| l.starts_with('@')).map(|tag| format!("deploy/{name}{tag}.sql")).find(|p| there(p)),
            None => Some(format!("deploy/{name}.sql")).filter(|p| there(p)),
        };
        out.extend(path);
    }
    out
}
