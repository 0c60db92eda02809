//! What kind of migrations a folder holds.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::alembic::Tree;
use super::django::Apps;
use super::files::{self, Script};
use crate::syntax::python::{Class, ExprKind, StmtKind, parse};

/// Folders that never hold a project's own migrations.
const SKIPPED: &[&str] = &["node_modules", "site-packages", "__pycache__", "venv", "env", "target", "dist"];
/// How deep folders are searched.
const MAX_DEPTH: usize = 12;

/// Everything found under a path.
#[derive(Clone, Debug, Default)]
pub struct Histories {
    /// Trees of Alembic revisions, sorted by folder.
    pub alembic: Vec<Tree>,
    /// A Django project.
    pub django: Option<Apps>,
    /// A folder of SQL files, and those of it that run, in order.
    pub sql: Option<(String, Vec<Script>)>,
    /// The names of those files say their order.
    pub sql_in_order: bool,
    /// Other folders of SQL migrations, relative to the path.
    pub sql_besides: Vec<String>,
    /// Those of them that stand beside the chosen history, with what runs of each.
    pub left_out: Vec<(String, Vec<Script>)>,
    /// A few scripts here and there that make or change tables, too.
    pub loose: Vec<super::besides::Loose>,
}

/// Looks for migrations under a path.
///
/// # Errors
/// When it cannot be read, or there are none.
pub fn histories(path: &Path) -> Result<Histories, String> {
    let path = std::path::absolute(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let mut files = Vec::new();
    walk(&path, 0, &mut files).map_err(|e| format!("{}: cannot be read: {e}", path.display()))?;
    files.sort();
    let mut trees: BTreeMap<String, Tree> = BTreeMap::new();
    for file in files.iter().filter(|f| f.extension().is_some_and(|e| e == "py")) {
        let Ok(text) = std::fs::read(file) else { continue };
        let text = String::from_utf8_lossy(&text);
        if text.contains("down_revision") && text.contains("def upgrade") {
            let env = environment(file);
            let key = env.clone().unwrap_or_else(|| file.parent().map(slashed).unwrap_or_default());
            let tree = trees.entry(key).or_insert_with(|| Tree { env, files: Vec::new() });
            tree.files.push(slashed(file));
        }
    }
    let mut found = Histories { alembic: trees.into_values().map(ours).collect(), ..Histories::default() };
    found.django = django(&path, &files);
    if found.alembic.is_empty() && found.django.is_none() {
        sql(&path, &files, &mut found);
        if found.sql.as_ref().is_some_and(|f| Path::new(&f.0) != path) {
            found.left_out = super::besides::folders(&path, &files, &found);
            super::besides::piles(&path, &files, &mut found);
            let left_out: Vec<String> = found.left_out.iter().map(|f| f.0.clone()).filter(|f| !found.sql_besides.contains(f)).collect();
            found.sql_besides.extend(left_out);
        }
        if found.sql.is_none() {
            return Err(format!("{}: no migrations were found", path.display()));
        }
    } else {
        found.left_out = super::besides::folders(&path, &files, &found);
        found.sql_besides = found.left_out.iter().map(|f| f.0.clone()).collect();
    }
    found.left_out.iter_mut().for_each(|f| f.0 = slashed(&path.join(&f.0)));
    found.loose.iter_mut().for_each(|f| f.folder = slashed(&path.join(&f.folder)));
    Ok(found)
}

/// Of folders side by side for several databases (`versions/postgresql` beside `versions/sqlite`), those for ours.
pub(super) fn ours(mut tree: Tree) -> Tree {
    let top = tree.env.as_deref().and_then(|e| e.rsplit_once('/')).map_or(String::new(), |e| format!("{}/", e.0));
    let foreign = |path: &String| {
        let inside = path.strip_prefix(&top).unwrap_or(path);
        inside.rsplit_once('/').is_some_and(|(folders, _)| files::is_foreign(folders))
    };
    if tree.files.iter().any(|f| !foreign(f)) {
        tree.files.retain(|f| !foreign(f));
    }
    tree
}

/// Folders whose migrations explain or try something.
pub(super) const ASIDE: &[&str] =
    &["docs", "doc", "examples", "example", "samples", "tests", "test", "testing", "fixtures", "archive", "archived", "legacy", "old"];

/// The folder of SQL migrations under a path: one named `migrations` if there is such a one whose files make or change a table, else the path itself. Of
/// several, the one with the most files is the application's; the others belong to a service beside it, or to a page of documentation.
fn sql(path: &Path, files: &[PathBuf], found: &mut Histories) {
    if let Some(planned) = super::sqitch::planned(files).or_else(|| super::liquibase::planned(files)) {
        (found.sql, found.sql_in_order) = (Some(planned), true);
        return;
    }
    let foreign = |inside: &Path| inside.parent().is_some_and(|p| files::is_foreign(&slashed(p)));
    let files: Vec<&PathBuf> = files.iter().filter(|f| f.strip_prefix(path).is_ok_and(|inside| !foreign(inside))).collect();
    let mut named: BTreeMap<PathBuf, usize> = BTreeMap::new();
    for f in files.iter().filter(|f| files::is_sql(&slashed(f))) {
        let Some(parent) = f.strip_prefix(path).ok().and_then(Path::parent) else { continue };
        if let Some(at) = parent.iter().position(|p| p == "migrations") {
            *named.entry(parent.iter().take(at + 1).collect()).or_default() += 1;
        }
    }
    let shapes = |f: &PathBuf| files::is_sql(&slashed(f)) && files::text(f).is_some_and(|text| super::order::shapes(&text));
    let vain: Vec<PathBuf> = named.keys().map(|f| path.join(f)).filter(|folder| !files.iter().any(|f| f.starts_with(folder) && shapes(f))).collect();
    named.retain(|folder, _| !vain.contains(&path.join(folder)));
    let aside = |folder: &Path| folder.iter().any(|p| p.to_str().is_some_and(|p| ASIDE.contains(&p.to_ascii_lowercase().as_str())));
    // Of equals the first.
    let most = named.iter().max_by_key(|(folder, n)| (!aside(folder), **n, std::cmp::Reverse(*folder))).filter(|m| vain.is_empty() || !aside(m.0));
    let folder = most.map_or_else(|| path.to_owned(), |(folder, _)| path.join(folder));
    let is_vain = |f: &&&PathBuf| vain.iter().any(|v| f.starts_with(v));
    // Where there is nothing else, they are what there is.
    let all = !files.iter().any(|f| !is_vain(&f) && files::is_sql(&slashed(f)));
    let inside = files.iter().filter(|f| all || !is_vain(f)).filter_map(|f| f.strip_prefix(&folder).ok());
    let inside: Vec<String> = inside.map(slashed).collect();
    if !inside.iter().any(|p| files::is_sql(p)) {
        return;
    }
    let text = |inside: &str| files::text(&folder.join(inside));
    let (mut scripts, in_order) = files::plan_surely(&inside, &text);
    if let Some(before) = super::base::of(&folder, &scripts, &files) {
        scripts.retain(|s| !matches!(s, Script::Doubtful(path) if *path == before));
        scripts.insert(0, Script::Sql(before));
    }
    if folder == path && !all {
        let later: Vec<String> = files.iter().filter(is_vain).filter_map(|f| f.strip_prefix(path).ok()).map(slashed).collect();
        scripts.extend(files::plan(&later, &text));
    }
    found.sql_besides = named.keys().filter(|f| !aside(f) && path.join(f) != folder).map(|f| slashed(f)).collect();
    found.sql_in_order = in_order;
    found.sql = (!scripts.is_empty()).then(|| (slashed(&folder), scripts));
}

/// The migrations of a Django project, and what its settings say.
fn django(path: &Path, files: &[PathBuf]) -> Option<Apps> {
    let read = |file: &Path| std::fs::read_to_string(file).ok();
    if files.iter().any(|f| may_be_settings(f)) {
        return apps(files, files, &read);
    }
    if !files.iter().any(|f| in_migrations(f)) {
        return None;
    }
    // The path may be a part of a project, whose settings lie elsewhere.
    let mut all = Vec::new();
    let _ = walk(&super::first::root(path), 0, &mut all);
    apps(files, &all, &read)
}

/// Whether a file lies in a folder of migrations, by its name.
fn in_migrations(file: &Path) -> bool {
    file.parent().and_then(Path::file_name).is_some_and(|n| n.to_string_lossy().contains("migrations"))
}

/// The same of files whose text is read by other means; `all` are those among which the settings are.
pub(super) fn apps(files: &[PathBuf], all: &[PathBuf], read: &dyn Fn(&Path) -> Option<String>) -> Option<Apps> {
    let mut apps = Apps::default();
    // An app's configuration stands in `apps.py`, or in the package itself; the former comes later in the order of names.
    let configuration = |f: &Path| match f.file_name().and_then(|n| n.to_str()) {
        Some("apps.py") => read(f),
        Some("__init__.py") => read(f).filter(|text| text.contains("AppConfig")),
        _ => None,
    };
    let labels: BTreeMap<PathBuf, String> = files.iter().filter_map(|f| Some((f.parent()?.to_owned(), label(&configuration(f)?)?))).collect();
    settings(&mut apps, all, read);
    // `MIGRATION_MODULES` names packages; whatever lies under a folder of that path belongs to that app.
    let moved: Vec<(String, String)> = apps.modules.iter().map(|(label, module)| (format!("/{}", module.replace('.', "/")), label.clone())).collect();
    for file in files.iter().filter(|f| f.extension().is_some_and(|e| e == "py")) {
        let Some(folder) = file.parent() else { continue };
        let named = moved.iter().find(|(end, _)| format!("/{}", slashed(folder)).ends_with(end)).map(|(_, label)| label.clone());
        if named.is_none() && !in_migrations(file) {
            continue;
        }
        let Some(text) = read(file) else { continue };
        if !text.contains("class Migration") {
            continue;
        }
        let Some(app) = folder.parent() else { continue };
        let label = named.or_else(|| labels.get(app).cloned()).or_else(|| app.file_name().map(|n| n.to_string_lossy().into_owned()));
        let name = file.file_stem().map(|n| n.to_string_lossy().into_owned());
        if is_of_south(&text) {
            apps.unread.extend(label);
            continue;
        }
        if let (Some(label), Some(name)) = (label, name) {
            apps.files.push((label, name, slashed(file)));
        }
    }
    if apps.files.is_empty() && apps.unread.is_empty() {
        return None;
    }
    apps.files.sort();
    Some(apps)
}

/// Whether a migration is South's, which is not replayed: Django had none of its own before 1.7.
fn is_of_south(text: &str) -> bool {
    text.lines().any(|l| l.starts_with("from south.") || l.starts_with("import south"))
}

/// Whether a file may hold the project's settings: by its name, or in a folder of configurations.
fn may_be_settings(file: &Path) -> bool {
    let folder = file.parent().and_then(Path::file_name).and_then(|n| n.to_str());
    file.to_string_lossy().contains("settings") || folder.is_some_and(|f| matches!(f, "conf" | "config" | "configs"))
}

/// What the settings among the files say.
fn settings(apps: &mut Apps, files: &[PathBuf], read: &dyn Fn(&Path) -> Option<String>) {
    let mut texts = Vec::new();
    for file in files.iter().filter(|f| f.extension().is_some_and(|e| e == "py") && may_be_settings(f)) {
        let Some(text) = read(file) else { continue };
        apps.user_model = apps.user_model.take().or_else(|| assigned(&text, "AUTH_USER_MODEL"));
        apps.auto_field = apps.auto_field.take().or_else(|| assigned(&text, "DEFAULT_AUTO_FIELD"));
        let lines: Vec<&str> = text.lines().collect();
        for (n, name, value) in lines.iter().enumerate().filter_map(|(n, l)| l.split_once('=').map(|(name, value)| (n, name, value))) {
            if let (name, Some(model)) = (name.trim(), quoted(value))
                && name.ends_with("_MODEL")
                && model.contains('.')
            {
                if is_conditional(&lines, n) {
                    apps.doubtful_settings.insert(name.to_owned());
                }
                apps.model_settings.entry(name.to_owned()).or_insert(model);
            }
        }
        if let Some(dict) = text.split_once("MIGRATION_MODULES").and_then(|(_, rest)| rest.split_once('{')).and_then(|(_, d)| d.split('}').next()) {
            for (label, module) in dict.split(',').filter_map(|pair| pair.split_once(':')) {
                if let (Some(label), Some(module)) = (quoted(label), quoted(module)) {
                    apps.modules.entry(label).or_insert(module);
                }
            }
        }
        // Brackets in comments would end a list.
        texts.push(text.lines().map(|l| l.split('#').next().unwrap_or_default()).collect::<Vec<_>>().join("\n"));
    }
    apps.installed = installed(&texts);
}

/// Whether a line stands under another that is no class: settings may be a class's.
fn is_conditional(lines: &[&str], n: usize) -> bool {
    let depth = |l: &str| l.len() - l.trim_start().len();
    let mut own = depth(lines[n]);
    for line in lines[..n].iter().rev().filter(|l| !l.trim().is_empty() && !l.trim_start().starts_with('#')) {
        if depth(line) < own {
            if !line.trim_start().starts_with("class ") {
                return true;
            }
            own = depth(line);
        }
    }
    false
}

/// What the settings' texts put into `INSTALLED_APPS`: `DJANGO_APPS + OWN_APPS` names its parts, which may do the same. Where nothing is found so, all lists
/// that are named alike count.
fn installed(texts: &[String]) -> BTreeSet<String> {
    let lists: Vec<Named<'_>> = texts.iter().flat_map(|text| named_lists(text)).collect();
    let known: BTreeSet<&str> = lists.iter().map(|l| l.name).collect();
    let mut counted: Vec<&str> = vec!["INSTALLED_APPS"];
    let mut n = 0;
    while let Some(&name) = counted.get(n) {
        n += 1;
        for list in lists.iter().filter(|l| l.name == name) {
            let more: Vec<&str> = known.iter().copied().filter(|other| !counted.contains(other) && names(list.statement, other)).collect();
            counted.extend(more);
        }
    }
    let items =
        |of: &dyn Fn(&&Named<'_>) -> bool| -> BTreeSet<String> { lists.iter().filter(of).flat_map(|l| l.items.split(',').filter_map(quoted)).collect() };
    let found = items(&|l| counted.contains(&l.name));
    if found.is_empty() { items(&|_| true) } else { found }
}

/// A list of apps in a settings file's text.
struct Named<'t> {
    /// What it is called.
    name: &'t str,
    /// What is between the first brackets behind the name.
    items: &'t str,
    /// The statement at the margin around it.
    statement: &'t str,
}

/// The lists whose names end in `_APPS`, wherever they are named: assigned, added to, or handed on.
fn named_lists(text: &str) -> Vec<Named<'_>> {
    let at_margin = |at: &usize| text[at + 1..].starts_with(|c: char| c.is_alphabetic() || c == '_');
    let starts: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).filter(at_margin).collect();
    let mut lists = Vec::new();
    for (n, word) in text.match_indices("_APPS") {
        // `def INSTALLED_APPS(self):` of settings in a class: the list stands in its body.
        let before = text[..n].trim_end_matches(|c: char| c == '_' || c.is_alphanumeric());
        let is_method = before.ends_with("def ");
        let open: &[char] = if is_method { &['['] } else { &['[', '('] };
        let end = n + word.len();
        if text[end..].starts_with(|c: char| c == '_' || c.is_alphanumeric()) {
            continue;
        }
        let next = starts.partition_point(|start| *start < n);
        let from = next.checked_sub(1).map_or(0, |before| starts[before]);
        let to = starts.get(next).map_or(text.len(), |to| *to);
        let mut rest = &text[end..to];
        // `INSTALLED_APPS: tuple[str, ...] = (…)`
        if rest.trim_start().starts_with(':') && !is_method {
            rest = rest.find('=').map_or("", |equals| &rest[equals..]);
        }
        let items = rest.find(open).and_then(|open| rest[open + 1..].split([']', ')']).next()).unwrap_or_default();
        lists.push(Named { name: &text[before.len()..end], items, statement: &text[from..to] });
    }
    lists
}

/// Whether a text has a name in it as a whole word, to take what it holds: `not in EXCLUDED_APPS` leaves that out.
fn names(text: &str, name: &str) -> bool {
    let part = |c: char| c == '_' || c.is_alphanumeric();
    text.match_indices(name)
        .any(|(at, _)| !text[..at].ends_with(part) && !text[at + name.len()..].starts_with(part) && !text[..at].trim_end().ends_with("not in"))
}

/// The text between the quotes of a string literal.
fn quoted(text: &str) -> Option<String> {
    let text = text.trim();
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    text[1..].split(quote).next().map(str::to_owned)
}

/// The label that the class of an app's configuration gives it in its own body.
fn label(text: &str) -> Option<String> {
    // Most have none, and need not be parsed.
    if !text.contains("label") {
        return None;
    }
    let tree = parse(text);
    let is_config = |c: &Class| {
        c.bases.iter().any(|b| {
            matches!(&b.value.kind, ExprKind::Name(n) if n.as_str().ends_with("Config"))
                || matches!(&b.value.kind, ExprKind::Attribute(a) if a.attr.as_str().ends_with("Config"))
        })
    };
    let classes = tree.body.iter().filter_map(|s| if let StmtKind::Class(c) = &s.kind { Some(c) } else { None });
    classes.filter(|c| is_config(c)).flat_map(|c| &c.body).find_map(|s| {
        let (target, value) = match &s.kind {
            StmtKind::Assign(a) => (a.0.first()?, &a.1),
            StmtKind::AnnAssign(a) => (&a.0, a.2.as_ref()?),
            _ => return None,
        };
        let named = matches!(&target.kind, ExprKind::Name(n) if n.as_str() == "label");
        if let (true, ExprKind::Str(s)) = (named, &value.kind) { s.constant().map(std::borrow::Cow::into_owned) } else { None }
    })
}

/// The string that a line `name = "…"` assigns.
fn assigned(text: &str, name: &str) -> Option<String> {
    text.lines().find_map(|l| quoted(l.trim().strip_prefix(name)?.trim_start().strip_prefix('=')?))
}

/// The `env.py` of a revision: beside its folder, or a few folders up.
fn environment(file: &Path) -> Option<String> {
    file.ancestors().skip(1).take(4).map(|dir| dir.join("env.py")).find(|p| p.is_file()).map(|p| slashed(&p))
}

pub(super) fn slashed(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

/// All files under a folder, but those of other projects.
pub(super) fn walk(dir: &Path, depth: usize, out: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if !dir.is_dir() {
        out.push(dir.to_owned());
        return Ok(());
    }
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let kind = entry.file_type()?;
        if kind.is_dir() {
            if depth < MAX_DEPTH && !name.starts_with('.') && !SKIPPED.contains(&&*name) {
                walk(&entry.path(), depth + 1, out)?;
            }
        } else {
            out.push(entry.path());
        }
    }
    Ok(())
}
