//! For a pull request or a wiki.

use std::fmt::Write as _;

use super::super::escape;
use super::text::words;
use super::{Report, Source, Standing};

/// Faults of one table that are written out.
const SHOWN: usize = 50;

/// A table of tables, then what is wrong under a heading for each.
pub fn markdown(report: &Report) -> String {
    let mut out = format!("# Conformance\n\n{}.\n\n| table | columns |", escape::markdown(&report.headline()));
    for s in &report.sources {
        let _ = write!(out, " {} |", s.name());
    }
    out.push_str("\n|---|---:|");
    out.push_str(&"---|".repeat(report.sources.len()));
    out.push('\n');
    for r in &report.rows {
        let _ = write!(out, "| {} | {} |", escape::markdown(&r.title()), r.columns);
        for s in &report.sources {
            let cell = r.sources.get(s).map_or_else(|| "–".to_owned(), |c| words(*s, c));
            let bold = r.sources.get(s).is_some_and(|c| c.standing == Standing::Drifts);
            let _ = write!(out, " {} |", if bold { format!("**{cell}**") } else { cell });
        }
        out.push('\n');
    }
    for r in report.rows.iter().filter(|r| r.standing >= Standing::Lacks) {
        let _ = write!(out, "\n## {}\n\n", escape::markdown(&r.title()));
        for (source, cell) in &r.sources {
            if !cell.lacks.is_empty() && !matches!(source, Source::Scripts | Source::Database) {
                let names: Vec<String> = cell.lacks.iter().map(|c| escape::markdown(c)).collect();
                let _ = writeln!(out, "- {} lack {}", source.name(), names.join(", "));
            }
            for f in cell.faults.iter().filter(|f| f.rule != "unmapped-column").take(SHOWN) {
                fault(&mut out, f);
            }
        }
    }
    if !report.elsewhere.is_empty() {
        out.push_str("\n## Elsewhere\n\n");
        report.elsewhere.iter().take(SHOWN).for_each(|f| fault(&mut out, f));
    }
    if !report.summary.skipped.is_empty() {
        out.push_str("\n## Not checked\n\n| reason | times |\n|---|---:|\n");
        for (reason, n) in &report.summary.skipped {
            let _ = writeln!(out, "| {} | {n} |", escape::markdown(reason));
        }
    }
    out
}

fn fault(out: &mut String, f: &super::Fault) {
    let place = f.place.as_ref().map(|p| format!(" ({})", escape::markdown(p))).unwrap_or_default();
    let _ = writeln!(out, "- {}{place}", escape::markdown(&f.message));
}
