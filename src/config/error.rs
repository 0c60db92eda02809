//! A mistake in the configuration, said with its place and what was probably meant.

use std::fmt;

/// Why a configuration cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The file, as reported.
    pub file: String,
    /// Line and column, both from 1, where known.
    pub place: Option<(usize, usize)>,
    /// What is wrong, in one line.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if let Some((line, column)) = self.place {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.message)?;
        if let Some(help) = &self.help {
            write!(f, "\n  help: {help}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

/// Splits serde's "unknown field `x`, expected one of `a`, `b`" into the wrong name and the right ones.
fn unknown(message: &str) -> Option<(&str, Vec<&str>)> {
    let (_, rest) = message.split_once("unknown field `").or_else(|| message.split_once("unknown variant `"))?;
    let (name, rest) = rest.split_once('`')?;
    let expected = rest.split('`').skip(1).step_by(2).collect();
    Some((name, expected))
}

impl ConfigError {
    /// From a parser's message; finds the suggestion in it.
    pub(super) fn parsed(file: &str, message: &str, place: Option<(usize, usize)>) -> Self {
        let message = message.split_once(" at line ").map_or(message, |(head, _)| head);
        let message = message.lines().next().unwrap_or("cannot be read");
        let Some((name, expected)) = unknown(message) else {
            return Self { file: file.to_owned(), place, message: message.to_owned(), help: None };
        };
        let what = if message.contains("unknown variant") { "value" } else { "key" };
        let near = nearest(name, &expected);
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("expected one of {}", expected.iter().map(|e| format!("`{e}`")).collect::<Vec<_>>().join(", ")),
        };
        Self { file: file.to_owned(), place, message: format!("unknown {what} `{name}`"), help: Some(help) }
    }
}

/// The candidate that differs least, if it is near enough to be a slip of the hand.
pub(super) fn nearest<'a>(name: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let limit = (name.len() / 3).max(1);
    candidates.iter().map(|c| (strsim::osa_distance(name, c), *c)).filter(|(d, _)| *d <= limit).min().map(|(_, c)| c)
}
