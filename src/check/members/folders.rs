//! Which folders of a repository are projects of their own.

use std::path::Path;

use super::super::Settings;
use crate::discover::below;
use crate::source::Language;

/// A repository with fewer Python files is one project: it is linked in no time, and who takes things apart may tear what belongs together.
pub(super) const LARGE: usize = 2_000;

/// What lies at the top of a project.
const MARKS: [&str; 8] = ["pyproject.toml", "setup.cfg", "requirements.txt", "Pipfile", "poetry.lock", "uv.lock", "alembic.ini", "tox.ini"];

/// Folders that lie beside others of the same project.
const PARTS: [&str; 10] = ["alembic", "docs", "lib", "migrations", "scripts", "sql", "src", "test", "tests", "tools"];

/// The projects of a repository.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::check) struct Folders {
    /// Their folders below the root, with a `/` behind, sorted; none of them lies in another.
    pub all: Vec<String>,
    /// Of each of the settings' files: the number of the folder that it lies in.
    pub of_file: Vec<Option<u32>>,
}

impl Folders {
    /// The projects that a large repository consists of; `None` where it is one.
    pub fn find(settings: &Settings) -> Option<Self> {
        let is_python = |n: &usize| settings.files[*n].language == Language::Python;
        (0..settings.files.len()).filter(is_python).nth(LARGE - 1)?;
        let paths: Vec<Option<&str>> = settings.files.iter().map(|f| below(&f.absolute, &settings.root)).collect();
        let mut python: Vec<&str> = (0..paths.len()).filter(is_python).filter_map(|n| paths[n]).collect();
        if !python.is_sorted() {
            python.sort_unstable();
        }
        let mut all = Vec::new();
        descend(&python, "", &|folder| MARKS.iter().any(|m| settings.root.join(folder).join(m).is_file()), &mut all);
        // In the order in which their files are looked up.
        all.sort_unstable();
        (all.len() > 1).then(|| Self { of_file: numbers(&all, &paths), all })
    }

    /// The folder with that number, as an absolute path.
    pub fn place(&self, root: &Path, n: u32) -> std::path::PathBuf {
        root.join(self.all[n as usize].trim_end_matches('/'))
    }
}

/// Adds the projects among the files below a folder, whose paths all begin with it.
fn descend(files: &[&str], folder: &str, is_marked: &dyn Fn(&str) -> bool, all: &mut Vec<String>) {
    let rest = |file: &str| file.split_at(folder.len()).1.split_once('/').map(|r| r.0.to_owned());
    let mut children: Vec<(String, usize)> = Vec::new();
    let mut own = false;
    let mut at = 0;
    while let Some(file) = files.get(at) {
        let Some(name) = rest(file) else {
            own = true;
            break;
        };
        let child = format!("{folder}{name}/");
        let end = at + files[at..].partition_point(|f| f.starts_with(&child));
        children.push((child, end));
        at = end;
    }
    let is_part = |child: &str| PARTS.contains(&child[folder.len()..].trim_end_matches('/'));
    if own || children.len() > 1 && children.iter().any(|c| is_part(&c.0)) || is_marked(folder) {
        all.push(folder.to_owned());
        return;
    }
    let mut start = 0;
    for (child, end) in children {
        descend(&files[start..end], &child, is_marked, all);
        start = end;
    }
}

/// The folder that each path lies in. Paths that follow each other mostly lie in one.
fn numbers(all: &[String], paths: &[Option<&str>]) -> Vec<Option<u32>> {
    let mut last = 0;
    let mut one = |path: &str| {
        if !path.starts_with(&all[last]) {
            last = all.partition_point(|f| f.as_str() <= path).checked_sub(1)?;
        }
        path.starts_with(&all[last]).then(|| u32::try_from(last).ok()).flatten()
    };
    paths.iter().map(|path| path.and_then(&mut one)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn projects(files: &[&str], marked: &[&str]) -> Vec<String> {
        let mut all = Vec::new();
        let mut files = files.to_vec();
        files.sort_unstable();
        descend(&files, "", &|folder| marked.contains(&folder), &mut all);
        all.sort_unstable();
        all
    }

    #[test]
    fn projects_lie_where_python_or_a_mark_does() {
        assert_eq!(projects(&["a/x.py", "b/c/y.py", "b/d/e/z.py", "b-2/x.py"], &[]), ["a/", "b-2/", "b/c/", "b/d/e/"]);
        assert_eq!(projects(&["a/x.py", "b/c/y.py", "b/d/z.py"], &["b/"]), ["a/", "b/"]);
        assert_eq!(projects(&["a/x.py", "b/src/y.py", "b/d/z.py"], &[]), ["a/", "b/"]);
        assert_eq!(projects(&["a/x.py", "b/y.py", "setup.py"], &[]), [""]);
        assert_eq!(projects(&["app/x.py", "tests/y.py"], &[]), [""]);
        assert_eq!(projects(&["a/x.py", "b/y.py"], &[""]), [""]);
    }

    #[test]
    fn each_file_lies_in_one_project_or_none() {
        let all = ["a/".to_owned(), "b-2/".to_owned(), "b/".to_owned()];
        let paths = ["README.md", "a/x.py", "a/y/z.py", "a.py", "b-2/x.py", "b/x.py", "c/x.py"].map(Some);
        let found = numbers(&all, &paths);
        assert_eq!(found, [None, Some(0), Some(0), None, Some(1), Some(2), None]);
        assert_eq!(numbers(&all, &[None, Some("a/x.py")]), [None, Some(0)]);
    }
}
