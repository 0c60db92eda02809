//! Finding and reading the configuration file.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::Config;
use super::error::ConfigError;

/// A configuration with the file it came from.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// The settings.
    pub config: Config,
    /// The file; `None` when there was none and the settings are the defaults.
    pub path: Option<PathBuf>,
    /// Its text, for pointing into.
    pub text: String,
}

impl Loaded {
    /// An error about `name`, which the configuration mentions somewhere.
    pub fn error_at(&self, name: &str, message: String, help: Option<String>) -> ConfigError {
        let file = self.path.as_deref().map_or_else(|| "configuration".to_owned(), |p| p.display().to_string());
        ConfigError { file, place: key_places(&self.text, name).first().copied(), message, help }
    }
}

/// Files that can hold the configuration; in one folder the first wins.
pub const NAMES: [&str; 3] = ["dbtruth.yaml", "dbtruth.yml", "pyproject.toml"];

#[derive(Deserialize)]
struct PyProject {
    tool: Option<Tool>,
}

#[derive(Deserialize)]
struct Tool {
    dbtruth: Option<Config>,
}

/// Reads the text of a configuration file; `Ok(None)` when it is a `pyproject.toml` without `[tool.dbtruth]`.
pub fn parse(name: &str, file: &str, text: &str) -> Result<Option<Config>, ConfigError> {
    if name == "pyproject.toml" {
        if !text.contains("dbtruth") {
            return Ok(None);
        }
        let project: PyProject = toml::from_str(text).map_err(|e| {
            let place = e.span().map(|s| place_of(text, s.start));
            ConfigError::parsed(file, e.message(), place)
        })?;
        return Ok(project.tool.and_then(|t| t.dbtruth));
    }
    if let Some(line) = text.lines().position(|l| ["<<<<<<< ", ">>>>>>> ", "======="].iter().any(|m| l.starts_with(m))) {
        let help = Some("resolve the merge conflict".to_owned());
        return Err(ConfigError { file: file.to_owned(), place: Some((line + 1, 1)), message: "conflict markers".to_owned(), help });
    }
    if let Some(line) = nested_too_deep(text) {
        let message = format!("more than {NESTING} brackets inside each other");
        return Err(ConfigError { file: file.to_owned(), place: Some((line, 1)), message, help: None });
    }
    serde_yaml::from_str(text).map(Some).map_err(|e| {
        let message = e.to_string();
        // The parser names the place of the mapping, not of the second key.
        let second = message.split_once("duplicate field `").and_then(|(_, rest)| key_places(text, rest.split('`').next()?).get(1).copied());
        ConfigError::parsed(file, &message, second.or_else(|| e.location().map(|l| (l.line(), l.column()))))
    })
}

/// Brackets inside brackets; the parser takes time quadratic in it.
const NESTING: usize = 64;

/// The line, from 1, on which brackets are nested deeper than anyone writes.
fn nested_too_deep(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (n, line) in text.lines().enumerate() {
        let mut quote = None;
        for c in line.chars() {
            match (quote, c) {
                (Some(q), _) if q == c => quote = None,
                (None, '"' | '\'') => quote = Some(c),
                (None, '[' | '{') => depth += 1,
                (None, ']' | '}') => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth > NESTING {
                return Some(n + 1);
            }
        }
    }
    None
}

/// The configuration in `dir` itself: `dbtruth.yaml` wins over `pyproject.toml`.
pub fn file_in(dir: &Path) -> Result<Option<Loaded>, ConfigError> {
    for name in NAMES {
        let path = dir.join(name);
        if !path.is_file() {
            continue;
        }
        let file = path.display().to_string();
        let text =
            std::fs::read_to_string(&path).map_err(|e| ConfigError { file: file.clone(), place: None, message: format!("cannot be read: {e}"), help: None })?;
        if let Some(config) = parse(name, &file, &text)? {
            return Ok(Some(Loaded { config, path: Some(path), text }));
        }
    }
    Ok(None)
}

/// The nearest configuration in `dir` or above it.
pub fn find_upwards(dir: &Path) -> Result<Option<Loaded>, ConfigError> {
    for dir in dir.ancestors() {
        if let Some(found) = file_in(dir)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

fn place_of(text: &str, offset: usize) -> (usize, usize) {
    let before = &text[..text.floor_char_boundary(offset.min(text.len()))];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(1, |l| l.chars().count() + 1);
    (line, column)
}

/// Where `name` stands as a key, in order: followed by `:` or `=`, quotes allowed.
fn key_places(text: &str, name: &str) -> Vec<(usize, usize)> {
    let word = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    text.match_indices(name)
        .filter(|(at, _)| {
            let after = text[at + name.len()..].trim_start_matches(['"', '\'']).trim_start();
            !text[..*at].ends_with(word) && after.starts_with([':', '='])
        })
        .map(|(at, _)| place_of(text, at))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(name: &str, text: &str) -> String {
        parse(name, name, text).expect_err("must be refused").to_string()
    }

    #[test]
    fn everything_the_design_names_is_read() {
        let text = r#"
lock: schema.lock.yaml
exclude: [legacy/]
rules: {unmapped-table: warning}
per-path: {"tests/**": {unknown-table: off}}
models: {DocumentModel: documents}
caches: {"doc:*": documents}
migrations: [backend/alembic]
calls:
  - function: app.db.fetch_rows
    args: {0: table, columns: columns, where: row}
"#;
        let config = parse("dbtruth.yaml", "dbtruth.yaml", text).unwrap().unwrap();
        assert_eq!(config.calls[0].args["0"], crate::config::Role::Table);
        assert_eq!(config.per_path["tests/**"]["unknown-table"], super::super::Level::Off);
        let toml = "[tool.dbtruth]\nlock = 'a.yaml'\n[tool.dbtruth.rules]\nunmapped-table = 'off'\n";
        assert_eq!(parse("pyproject.toml", "p", toml).unwrap().unwrap().lock_name(), "a.yaml");
    }

    #[test]
    fn an_unknown_key_is_an_error_with_its_place_and_a_suggestion() {
        assert_eq!(error("dbtruth.yaml", "lock: a\nexlude: [b]\n"), "dbtruth.yaml:2:1: unknown key `exlude`\n  help: did you mean `exclude`?");
        assert_eq!(error("pyproject.toml", "[tool.dbtruth]\nloc = 'a'\n"), "pyproject.toml:2:1: unknown key `loc`\n  help: did you mean `lock`?");
        assert_eq!(error("dbtruth.yaml", "rules: {unknown-table: eror}\n"), "dbtruth.yaml:1:24: unknown value `eror`\n  help: did you mean `error`?");
    }

    #[test]
    fn duplicate_keys_and_conflict_markers_are_errors() {
        assert_eq!(error("dbtruth.yaml", "lock: a\nlock: b\n"), "dbtruth.yaml:2:1: duplicate field `lock`");
        assert_eq!(error("dbtruth.yaml", "lock: a\n<<<<<<< HEAD\n"), "dbtruth.yaml:2:1: conflict markers\n  help: resolve the merge conflict");
    }

    #[test]
    fn a_pyproject_of_someone_else_is_no_configuration() {
        assert_eq!(parse("pyproject.toml", "p", "[project]\nname='x'\n").unwrap(), None);
        assert_eq!(parse("pyproject.toml", "p", "[project]\nname='dbtruth-user'\n").unwrap(), None);
    }
}
