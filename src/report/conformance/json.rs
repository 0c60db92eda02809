//! Version 1, for scripts.

use std::collections::BTreeMap;

use serde::Serialize;

use super::super::json::line;
use super::{Fault, Report, Row, Source, Standing};

#[derive(Serialize)]
struct Conformance<'a> {
    version: u32,
    summary: Summary<'a>,
    sources: &'a [Source],
    tables: &'a [Row],
    elsewhere: &'a [Fault],
}

#[derive(Serialize)]
struct Summary<'a> {
    tables: usize,
    agree: usize,
    lack: usize,
    drift: usize,
    absent: usize,
    files: usize,
    references: usize,
    checked: usize,
    skipped: &'a BTreeMap<String, usize>,
    errors: usize,
    warnings: usize,
}

/// `report --format json`, on one line.
pub fn json(report: &Report) -> String {
    let s = &report.summary;
    let summary = Summary {
        tables: report.rows.len(),
        agree: report.count(Standing::Agrees),
        lack: report.count(Standing::Lacks),
        drift: report.count(Standing::Drifts),
        absent: report.count(Standing::Absent),
        files: s.files,
        references: s.references,
        checked: s.checked,
        skipped: &s.skipped,
        errors: s.errors,
        warnings: s.warnings,
    };
    line(&Conformance { version: 1, summary, sources: &report.sources, tables: &report.rows, elsewhere: &report.elsewhere })
}
