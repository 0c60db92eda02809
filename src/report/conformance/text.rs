//! For a terminal.

use std::fmt::Write as _;

use super::super::escape::{no_commands, visible};
use super::{Cell, Report, Source, Standing};

/// Faults of one table that are written out.
const SHOWN: usize = 20;

/// What a cell says in a few words.
pub(super) fn words(source: Source, cell: &Cell) -> String {
    let mut parts = Vec::new();
    if !cell.lacks.is_empty() && source != Source::Scripts {
        parts.push(format!("lacks {}", cell.lacks.len()));
    }
    if !cell.extra.is_empty() {
        parts.push(format!("{} unknown", cell.extra.len()));
    }
    let other = cell.faults.iter().filter(|f| f.rule != "unknown-column" && f.rule != "unmapped-column" && f.rule != "database").count();
    let differs = cell.faults.iter().filter(|f| f.rule == "database").count().saturating_sub(cell.lacks.len() + cell.extra.len());
    if other + differs > 0 {
        parts.push(format!("{} wrong", other + differs));
    }
    match cell.standing {
        Standing::Absent => "–".to_owned(),
        _ if parts.is_empty() => "ok".to_owned(),
        _ => parts.join(", "),
    }
}

/// A table of tables, then what is wrong.
pub fn text(report: &Report) -> String {
    let mut rows = vec![
        std::iter::once("table".to_owned())
            .chain(std::iter::once("columns".to_owned()))
            .chain(report.sources.iter().map(|s| s.name().to_owned()))
            .collect::<Vec<_>>(),
    ];
    for r in &report.rows {
        let cells = report.sources.iter().map(|s| r.sources.get(s).map_or_else(|| "–".to_owned(), |c| words(*s, c)));
        rows.push(std::iter::once(visible(&r.title()).into_owned()).chain(std::iter::once(r.columns.to_string())).chain(cells).collect());
    }
    let width = |n: usize| rows.iter().map(|r| unicode_width::UnicodeWidthStr::width(r[n].as_str())).max().unwrap_or(0);
    let widths: Vec<usize> = (0..rows[0].len()).map(width).collect();
    let mut out = String::new();
    for row in &rows {
        let cells: Vec<String> =
            row.iter().enumerate().map(|(n, c)| format!("{c}{}", " ".repeat(widths[n] - unicode_width::UnicodeWidthStr::width(c.as_str())))).collect();
        let _ = writeln!(out, "{}", cells.join("  ").trim_end());
    }
    for r in report.rows.iter().filter(|r| r.standing >= Standing::Lacks) {
        let mut lines = String::new();
        for (source, cell) in &r.sources {
            if !cell.lacks.is_empty() && !matches!(source, Source::Scripts | Source::Database) {
                let _ = writeln!(lines, "  {} lack {}", source.name(), visible(&cell.lacks.join(", ")));
            }
            for f in cell.faults.iter().filter(|f| f.rule != "unmapped-column").take(SHOWN) {
                let _ = writeln!(lines, "  {}{} [{}]", f.place.as_ref().map(|p| format!("{}: ", visible(p))).unwrap_or_default(), visible(&f.message), f.rule);
            }
            if cell.faults.len() > SHOWN {
                let _ = writeln!(lines, "  and {} more in {}", cell.faults.len() - SHOWN, source.name());
            }
        }
        if !lines.is_empty() {
            let _ = write!(out, "\n{}\n{lines}", visible(&r.title()));
        }
    }
    if !report.elsewhere.is_empty() {
        out.push_str("\nelsewhere\n");
        for f in report.elsewhere.iter().take(SHOWN) {
            let _ = writeln!(out, "  {}{} [{}]", f.place.as_ref().map(|p| format!("{}: ", visible(p))).unwrap_or_default(), visible(&f.message), f.rule);
        }
        if report.elsewhere.len() > SHOWN {
            let _ = writeln!(out, "  and {} more", report.elsewhere.len() - SHOWN);
        }
    }
    let _ = writeln!(out, "\n{}", report.headline());
    for (reason, n) in &report.summary.skipped {
        let _ = writeln!(out, "  not checked: {n} × {}", visible(reason));
    }
    no_commands(&out).into_owned()
}
