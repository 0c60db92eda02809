//! `deprecated-name`

use super::{Context, Known, Rule, display, grade};
use crate::config::Level;
use crate::diagnostic::{self, Access, Diagnostic, Severity};

pub(super) const RULE: Rule = Rule {
    name: "deprecated-name",
    level: Level::Warning,
    summary: "code uses a table or column that the database or the configuration calls deprecated",
    page: include_str!("../../rules/deprecated-name.md"),
    check,
};

/// The word in a comment that marks what it stands on.
const MARK: &str = "@deprecated";

/// Each use, but not where a model declares the name or a migration changes it: someone has to, until it is gone.
fn check(context: &Context<'_, '_>, found: &mut Vec<Diagnostic>) {
    for r in &context.project.uses.references {
        if matches!(r.access, Access::Define | Access::Ddl) || r.context == diagnostic::Context::Migration {
            continue;
        }
        let (Known::Closed(name, relation), Some(severity)) = (context.relation(r.relation), grade(Severity::Warning, r.certainty)) else { continue };
        let (what, comment, at) = match r.column {
            None => (format!("`{}`", display(name)), &relation.comment, relation.at),
            Some(column) => {
                let Some(column) = relation.column(&column) else { continue };
                (format!("column `{}` of `{}`", column.name, display(name)), &column.comment, column.at)
            }
        };
        let Some(reason) = comment.as_deref().and_then(reason) else { continue };
        let message = format!("{what} is deprecated");
        let mut d = Diagnostic::new(RULE.name, severity, r.location, r.context, message);
        d = d.about(Some(&name.schema), Some(&name.name), r.column.as_ref().map(crate::symbol::Symbol::as_str));
        d.help = (!reason.is_empty()).then(|| reason.to_owned());
        found.push(match context.in_lock(at) {
            Some(at) => d.related(at, "deprecated here"),
            None => d,
        });
    }
}

/// What follows the mark, to the end of its line; `None` where nothing is marked.
fn reason(comment: &str) -> Option<&str> {
    let (_, rest) = comment.split_once(MARK)?;
    let line = rest.lines().next().unwrap_or("");
    // `@deprecatedly` is another word.
    if line.starts_with(|c: char| c.is_alphanumeric() || c == '_') {
        return None;
    }
    Some(line.trim_start_matches([':', ' ', '\t']).trim_end())
}

#[cfg(test)]
mod tests {
    use super::reason;

    #[test]
    fn the_mark_stands_anywhere_in_the_comment() {
        assert_eq!(reason("the old code @deprecated: use `code`\nmore"), Some("use `code`"));
        assert_eq!(reason("@deprecated"), Some(""));
        assert_eq!(reason("@deprecatedly"), None);
        assert_eq!(reason("deprecated"), None);
    }
}
