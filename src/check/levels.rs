//! Levels from the configuration and the command line. Rules grade by certainty; everything the user says is applied here and nowhere else.

use globset::{Glob, GlobMatcher};

use super::{Failure, Opened, Settings};
use crate::config::Level;
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules;

/// Refuses names of rules that do not exist: a misspelt name would silently do nothing.
pub(super) fn names_are_rules(settings: &Settings) -> Result<(), Failure> {
    let unknown = |name: &str| rules::find(name).is_none();
    let help = |name: &str| {
        let near = rules::suggest::best(name, rules::ALL.iter().map(|r| r.name));
        near.map_or_else(|| "`dbtruth rules` lists them".to_owned(), |near| format!("did you mean `{near}`?"))
    };
    for name in settings.config.config.rule_names() {
        if unknown(name) {
            return Err(settings.config.error_at(name, format!("unknown rule `{name}`"), Some(help(name))).into());
        }
    }
    for (flag, names) in [("--select", &settings.select), ("--ignore", &settings.ignore)] {
        if let Some(name) = names.iter().find(|n| unknown(n)) {
            return Err(Failure::new(format!("{flag}: unknown rule `{name}`")).help(help(name)));
        }
    }
    for glob in settings.config.config.per_path.keys() {
        if let Err(error) = Glob::new(glob) {
            return Err(settings.config.error_at(glob, format!("per-path `{glob}`: {}", error.kind()), None).into());
        }
    }
    Ok(())
}

/// Whether findings of the rule can be reported at all.
pub(super) fn runs(settings: &Settings, rule: &str) -> bool {
    let off = |level: Option<&Level>| matches!(level, Some(Level::Off));
    let selected = settings.select.is_empty() || settings.select.iter().any(|s| s == rule);
    selected && !settings.ignore.iter().any(|s| s == rule) && !off(settings.config.config.rules.get(rule))
}

/// Gives every finding its final level, and takes out what is off.
pub(super) fn apply(settings: &Settings, opened: &Opened, diagnostics: &mut Vec<Diagnostic>) {
    let config = &settings.config.config;
    // Names were checked: a glob that cannot be read has been refused.
    let per_path: Vec<(GlobMatcher, _)> = config.per_path.iter().filter_map(|(glob, levels)| Some((Glob::new(glob).ok()?.compile_matcher(), levels))).collect();
    diagnostics.retain_mut(|d| {
        if !settings.select.is_empty() && !settings.select.iter().any(|s| s == d.rule) || settings.ignore.iter().any(|s| s == d.rule) {
            return false;
        }
        let own = rules::find(d.rule).map_or(Level::Error, |r| r.level);
        let path = opened.path_of(d.location.file).and_then(|p| p.strip_prefix(&settings.root).ok());
        let of_path = path.and_then(|p| per_path.iter().rev().filter(|(glob, _)| glob.is_match(p)).find_map(|(_, levels)| levels.get(d.rule)));
        let configured = of_path.or_else(|| config.rules.get(d.rule)).copied();
        let selected_by_name = own == Level::Off && !settings.select.is_empty();
        let level = configured.or((own == Level::Off && !selected_by_name).then_some(Level::Off));
        match level.map(Level::severity) {
            None => true,
            Some(None) => false,
            Some(Some(severity)) => {
                d.severity = graded(d.severity, own, severity);
                true
            }
        }
    });
}

/// The configured level is for findings that are certain; one that the rule itself graded lower stays no higher than it was.
fn graded(given: Severity, own: Level, configured: Severity) -> Severity {
    let usual = own.severity().unwrap_or(Severity::Warning);
    if given >= usual { configured } else { given.min(configured) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configured_level_raises_only_what_is_certain() {
        assert_eq!(graded(Severity::Warning, Level::Warning, Severity::Error), Severity::Error);
        assert_eq!(graded(Severity::Warning, Level::Error, Severity::Error), Severity::Warning);
        assert_eq!(graded(Severity::Error, Level::Error, Severity::Info), Severity::Info);
    }
}
