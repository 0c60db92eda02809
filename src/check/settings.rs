//! Everything a run depends on, decided before it starts.

use std::path::{Path, PathBuf};

use super::{Failure, Member};
use crate::config::{self, Loaded};
use crate::discover::git::{ChangedLines, Git};
use crate::discover::{self, Candidate, ObjectName, Origin, display_path, is_in, language_of, normalise};
use crate::source::{SourceFile, Span};

/// More files and folders are not looked for one by one.
const MOST_LOOKED_FOR: usize = 64;

/// The lock to read.
#[derive(Clone, Debug, Default)]
pub struct LockInput {
    /// Absolute path.
    pub path: PathBuf,
    /// Its bytes, where they do not come from that path (git index).
    pub bytes: Option<Vec<u8>>,
    /// What git calls these bytes.
    pub name: Option<ObjectName>,
}

impl LockInput {
    /// A lock as typed: a file, or `REV:PATH` as git names a file of a revision (from the top of the repository, else from the working directory).
    ///
    /// # Errors
    /// When a revision is meant and git does not have it.
    pub fn typed(typed: &Path, cwd: &Path) -> Result<Self, Failure> {
        let path = normalise(typed, cwd);
        let name = typed.to_string_lossy();
        let Some((revision, inside)) = name.split_once(':').filter(|_| !path.exists()) else { return Ok(Self { path, ..Self::default() }) };
        let git = Git::open(cwd);
        let found = git
            .and_then(|git| git.file_at(revision, &git.top.join(inside)).or_else(|e| git.file_at(revision, &normalise(Path::new(inside), cwd)).map_err(|_| e)));
        let help = "give a file, or a file of a revision: `main:schema.lock.yaml`";
        let bytes = found.map_err(|e| Failure::new(format!("no lock: {name} is no file, and not one of a revision: {}", e.trim())).help(help))?;
        Ok(Self { path, bytes: Some(bytes), name: None })
    }
}

/// Everything a run depends on.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The working directory; reports name files relative to it.
    pub cwd: PathBuf,
    /// The folder whose files are linked together: that of the configuration, else of the lock, else the working directory.
    pub root: PathBuf,
    /// The configuration.
    pub config: Loaded,
    /// The lock.
    pub lock: LockInput,
    /// All files that are linked, sorted.
    pub files: Vec<Candidate>,
    /// Absolute files and folders whose findings are reported.
    pub report: Vec<PathBuf>,
    /// Only findings on these lines, where set.
    pub lines: Option<ChangedLines>,
    /// Only these rules; empty means all.
    pub select: Vec<String>,
    /// Not these rules.
    pub ignore: Vec<String>,
    /// Absolute path of the baseline.
    pub baseline: Option<PathBuf>,
    /// Whether to write the baseline instead of reading it.
    pub update_baseline: bool,
    /// Whether the baseline may accept what it did not accept before.
    pub allow_growth: bool,
    /// Whether SQL texts are kept, for [`super::statements()`].
    pub statements: bool,
    /// Whether what later runs over a part need is kept.
    pub learns: bool,
    /// Whether what each file gives is kept by itself.
    pub apart: bool,
    /// The project that the run is about, where it is one of several.
    pub member: Option<Member>,
    /// Troubles of the walk.
    pub troubles: Vec<String>,
    /// What the user should hear.
    pub notes: Vec<String>,
}

impl Settings {
    /// Settles a run over the worktree. `paths` are as typed; `lock` too.
    pub fn worktree(cwd: &Path, paths: &[PathBuf], lock: Option<&Path>) -> Result<Self, Failure> {
        let targets: Vec<PathBuf> = paths.iter().map(|p| normalise(p, cwd)).collect();
        for (typed, target) in paths.iter().zip(&targets) {
            if !target.exists() {
                return Err(Failure::new(format!("no such file or folder: {}", typed.display())));
            }
        }
        let mut settings = Self::linked(cwd, &targets, lock)?;
        settings.report = if targets.is_empty() { vec![cwd.to_path_buf()] } else { targets };
        if settings.report.iter().any(|p| p.is_file() && settings.concerns_all(p)) {
            settings.report = vec![settings.root.clone()];
        }
        settings.say_when_nothing_matched(paths)?;
        Ok(settings)
    }

    /// All files of the project, be there any or not: for commands that do not live off files alone.
    pub fn everything(cwd: &Path, lock: Option<&Path>) -> Result<Self, Failure> {
        let mut settings = Self::linked(cwd, &[], lock)?;
        settings.report = vec![settings.root.clone()];
        Ok(settings)
    }

    /// The lock alone, for commands that read nothing else.
    pub fn lock_only(cwd: &Path, lock: Option<&Path>) -> Result<Self, Failure> {
        let config = find_config(cwd, &[])?;
        let root = find_root(cwd, &[], &config, lock);
        let lock = lock_input(cwd, lock, &config, &root)?;
        Ok(Self { cwd: cwd.to_path_buf(), lock, config, root, ..Self::default() })
    }

    /// The worktree with one file's text from elsewhere (an editor's buffer); only that file is reported.
    pub fn buffer(cwd: &Path, typed: &Path, bytes: Vec<u8>, lock: Option<&Path>) -> Result<Self, Failure> {
        let absolute = normalise(typed, cwd);
        let Some(language) = language_of(&absolute) else {
            return Err(Failure::new(format!("{}: neither Python, SQL nor Markdown", typed.display())));
        };
        // A folder far above one that does not exist is nobody's project: it may be the root of the whole disk.
        let near = |d: &&Path| d.is_dir() && (d.starts_with(cwd) || absolute.parent() == Some(*d));
        let folder = absolute.ancestors().skip(1).find(near).unwrap_or(cwd).to_path_buf();
        let mut settings = Self::linked(cwd, &[folder], lock)?;
        settings.files.retain(|f| *f.absolute != *absolute);
        let path = display_path(&absolute, cwd);
        // What the configuration leaves out, it leaves out of the editor too.
        let is_excluded = absolute.starts_with(&settings.root)
            && crate::discover::excluder(&settings.root, &settings.config.config.exclude).map_err(Failure::new)?(&absolute);
        if !is_excluded {
            settings.files.push(Candidate { path: path.into(), absolute: absolute.clone().into(), language, origin: Origin::Memory(bytes) });
        }
        settings.files.sort_by(|a, b| a.path.cmp(&b.path));
        settings.report = vec![absolute];
        Ok(settings)
    }

    /// Configuration, root, lock and the files to link; nothing is reported yet.
    pub(super) fn linked(cwd: &Path, targets: &[PathBuf], lock: Option<&Path>) -> Result<Self, Failure> {
        let config = find_config(cwd, targets)?;
        let root = find_root(cwd, targets, &config, lock);
        let lock = lock_input(cwd, lock, &config, &root)?;
        let mut settings = Self { cwd: cwd.to_path_buf(), lock, config, ..Self::default() };
        settings.walk(&root, targets)?;
        settings.root = root;
        Ok(settings)
    }

    /// The baseline that the configuration names.
    pub fn configured_baseline(&self) -> Option<PathBuf> {
        let name = self.config.config.baseline.as_deref()?;
        Some(config_dir(&self.config, &self.root).join(name))
    }

    /// Whether a change of that file can break any other: the lock, the configuration, a migration.
    pub(super) fn concerns_all(&self, file: &Path) -> bool {
        file == self.lock.path || self.config.path.as_deref() == Some(file) || (language_of(file).is_some() && self.is_migration(file))
    }

    /// Whether the file lies in a folder of migrations, configured or of a usual name.
    pub fn is_migration(&self, file: &Path) -> bool {
        let configured = self.config.config.migrations.iter().any(|m| file.starts_with(normalise(Path::new(m), config_dir(&self.config, &self.root))));
        configured || file.strip_prefix(&self.root).is_ok_and(looks_like_migration) || is_of_sqitch(file)
    }

    /// The configured folders of migrations, named as reports name files.
    pub fn migration_folders(&self) -> Vec<String> {
        let dir = config_dir(&self.config, &self.root);
        self.config.config.migrations.iter().map(|m| display_path(&normalise(Path::new(m), dir), &self.cwd)).collect()
    }

    /// Lists the files to link: those of the root, and those of targets outside it.
    fn walk(&mut self, root: &Path, targets: &[PathBuf]) -> Result<(), Failure> {
        let exclude = self.config.config.exclude.clone();
        let mut add = |root: &Path, exclude: &[String]| -> Result<(), Failure> {
            let found = discover::walk(root, &self.cwd, exclude).map_err(Failure::new)?;
            self.files.extend(found.files);
            self.troubles.extend(found.errors);
            if found.outside > 0 {
                self.notes.push(format!("{} symlinks that lead out of {} were not followed", found.outside, root.display()));
            }
            Ok(())
        };
        add(root, &exclude)?;
        for target in targets.iter().filter(|t| !t.starts_with(root)) {
            add(target, &[])?;
        }
        self.files.sort_by(|a, b| a.path.cmp(&b.path));
        self.files.dedup_by(|a, b| a.absolute == b.absolute);
        Ok(())
    }

    /// The files whose findings are reported, by number, in order. Of thousands it is mostly one: that is looked for, and not every file asked.
    pub(super) fn reported(&self) -> Vec<usize> {
        let shown: Vec<String> = self.report.iter().map(|r| display_path(r, &self.cwd)).collect();
        if shown.len() > MOST_LOOKED_FOR || shown.iter().any(|s| s == "." || s.starts_with("..") || s.starts_with('/')) {
            return (0..self.files.len()).filter(|n| self.reports(&self.files[*n].absolute)).collect();
        }
        let begins = |text: &str| self.files.partition_point(|f| f.path.as_str() < text);
        let mut found = Vec::new();
        for one in shown {
            let folder = format!("{one}/");
            let below = begins(&folder);
            let named = begins(&one)..;
            found.extend(named.take_while(|n| self.files.get(*n).is_some_and(|f| f.path == *one)));
            found.extend((below..).take_while(|n| self.files.get(*n).is_some_and(|f| f.path.starts_with(&folder))));
        }
        found.retain(|n| self.reports(&self.files[*n].absolute));
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Whether findings in that file are reported.
    pub fn reports(&self, absolute: &Path) -> bool {
        self.report.iter().any(|r| is_in(absolute, r)) && self.lines.as_ref().is_none_or(|l| l.contains_key(absolute))
    }

    /// Whether a finding at that place of a reported file is.
    pub fn reports_span(&self, absolute: &Path, file: &SourceFile, span: Span) -> bool {
        let Some(lines) = &self.lines else { return true };
        let Some(Some(changed)) = lines.get(absolute) else { return lines.contains_key(absolute) };
        let (first, last) = (file.position(span.start).line, file.position(span.end).line);
        changed.iter().any(|range| *range.start() <= last && first <= *range.end())
    }

    /// Nothing to look at is not success: an error for folders, a note for files (a hook may pass only excluded ones).
    pub(super) fn say_when_nothing_matched(&mut self, paths: &[PathBuf]) -> Result<(), Failure> {
        if self.files.iter().any(|f| self.reports(&f.absolute)) {
            return Ok(());
        }
        let place = paths.iter().map(|p| p.display().to_string()).collect::<Vec<_>>().join(", ");
        if !paths.is_empty() && self.report.iter().all(|p| p.is_file()) {
            self.notes.push(format!("nothing to check: {place} is excluded, ignored, or neither Python, SQL nor Markdown"));
            return Ok(());
        }
        let place = if place.is_empty() { "the working directory".to_owned() } else { place };
        Err(Failure::new(format!("no Python, SQL or Markdown file found in {place}")).help("check the path, `.gitignore` and `exclude` in the configuration"))
    }
}

/// Folders that tools and people keep the steps of a schema's history in.
const HISTORY: [&str; 13] = [
    "alembic",
    "changelog",
    "delta",
    "deltas",
    "flyway",
    "liquibase",
    "migrate",
    "migration",
    "migrations",
    "patches",
    "revisions",
    "schema_migrations",
    "upgrades",
];

/// Whether a path below the root is that of a step in the schema's history: by its folder (`migrations/`, `delta/16/`), or by a numbered name with words behind it
/// (`V3__add_index.sql`, `20240131_orders.sql`), or all steps in one file.
fn looks_like_migration(path: &Path) -> bool {
    let in_history = path.parent().is_some_and(|d| d.components().any(|c| c.as_os_str().to_str().is_some_and(|n| HISTORY.contains(&n))));
    let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
    let whole = matches!(name, "migrations.sql" | "migration.sql" | "upgrades.sql");
    let number = name.strip_prefix(['V', 'v', 'U', 'R']).unwrap_or(name);
    let rest = number.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let numbered = rest.len() < number.len() && rest.starts_with(['_', '-']) && path.extension().is_some_and(|e| e == "sql");
    in_history || numbered || whole
}

/// Whether a script lies beside a plan of Sqitch, which deploys, reverts or verifies it.
fn is_of_sqitch(file: &Path) -> bool {
    let folder = |d: &&Path| d.file_name().and_then(|n| n.to_str()).is_some_and(|n| matches!(n, "deploy" | "revert" | "verify"));
    file.extension().is_some_and(|e| e == "sql") && file.ancestors().filter(folder).any(|d| d.parent().is_some_and(|p| p.join("sqitch.plan").is_file()))
}

/// The lock as typed, else the configuration's.
fn lock_input(cwd: &Path, typed: Option<&Path>, config: &Loaded, root: &Path) -> Result<LockInput, Failure> {
    match typed {
        Some(typed) => LockInput::typed(typed, cwd),
        None => Ok(LockInput { path: config_dir(config, root).join(config.config.lock_name()), ..LockInput::default() }),
    }
}

/// The folder that paths in the configuration are relative to.
pub(super) fn config_dir<'a>(config: &'a Loaded, root: &'a Path) -> &'a Path {
    config.path.as_deref().and_then(Path::parent).unwrap_or(root)
}

/// The nearest configuration above the working directory, else above the first target.
fn find_config(cwd: &Path, targets: &[PathBuf]) -> Result<Loaded, Failure> {
    if let Some(found) = config::find_upwards(cwd)? {
        return Ok(found);
    }
    match targets.first() {
        Some(first) => Ok(config::find_upwards(first)?.unwrap_or_default()),
        None => Ok(Loaded::default()),
    }
}

fn find_root(cwd: &Path, targets: &[PathBuf], config: &Loaded, lock: Option<&Path>) -> PathBuf {
    if let Some(dir) = config.path.as_deref().and_then(Path::parent) {
        return dir.to_path_buf();
    }
    if lock.is_none() {
        let with_lock = |start: &Path| start.ancestors().find(|d| d.join(config.config.lock_name()).is_file()).map(Path::to_path_buf);
        if let Some(dir) = with_lock(cwd).or_else(|| targets.first().and_then(|t| with_lock(t))) {
            return dir;
        }
    }
    match targets.first() {
        Some(first) if !targets.iter().any(|t| t.starts_with(cwd)) => {
            let dir = if first.is_dir() { Some(first.as_path()) } else { first.parent() };
            dir.unwrap_or(cwd).to_path_buf()
        }
        _ => cwd.to_path_buf(),
    }
}

#[cfg(test)]
mod tests {
    use super::{is_of_sqitch, looks_like_migration};
    use std::path::Path;

    #[test]
    fn scripts_beside_a_plan_of_sqitch_are_steps() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("sqitch.plan"), "").unwrap();
        assert!(is_of_sqitch(&dir.path().join("deploy/shop/orders.sql")) && is_of_sqitch(&dir.path().join("revert/orders.sql")));
        assert!(!is_of_sqitch(&dir.path().join("queries/orders.sql")) && !is_of_sqitch(&dir.path().join("other/deploy/orders.sql")));
    }

    #[test]
    fn steps_of_a_history_are_known_by_folder_or_number() {
        for yes in [
            "supabase/migrations/a.sql",
            "app/schema/delta/16/unique.sql",
            "db/V3__add_index.sql",
            "sql/20240131_orders.sql",
            "sql/003-orders.up.sql",
            "migrations.sql",
        ] {
            assert!(looks_like_migration(Path::new(yes)), "{yes}");
        }
        for no in ["queries/orders.sql", "00001.sql", "app/models.py", "sql/top_10_orders.sql"] {
            assert!(!looks_like_migration(Path::new(no)), "{no}");
        }
    }
}
