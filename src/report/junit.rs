//! JUnit XML: one suite a file, one failed case a finding; a file without findings is one passed case.

use std::fmt::Write as _;

use super::concise::level;
use super::escape::xml;
use crate::check::Outcome;
use crate::diagnostic::{Diagnostic, Severity};

pub(super) fn render(outcome: &Outcome) -> String {
    let failed = |d: &&Diagnostic| d.severity >= Severity::Warning;
    let all: Vec<&Diagnostic> = outcome.diagnostics.iter().filter(failed).collect();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let tests = all.len().max(1);
    let _ = writeln!(out, "<testsuites name=\"dbtruth\" tests=\"{tests}\" failures=\"{}\" errors=\"{}\">", all.len(), outcome.troubles.len());
    for chunk in all.chunk_by(|a, b| a.location.file == b.location.file) {
        let file = outcome.sources.get(chunk[0].location.file);
        let name = xml(&file.path);
        let _ = writeln!(out, "  <testsuite name=\"{name}\" tests=\"{0}\" failures=\"{0}\" errors=\"0\">", chunk.len());
        for d in chunk {
            let at = file.position(d.location.span.start);
            let help = d.help.as_deref().map(|h| format!("\nhelp: {h}")).unwrap_or_default();
            let _ = writeln!(
                out,
                "    <testcase name=\"{}\" classname=\"{name}\" file=\"{name}\" line=\"{}\">",
                xml(&format!("{}:{}:{}", d.rule, at.line, at.column)),
                at.line
            );
            let text = xml(&format!("{}{help}", d.message));
            let _ = writeln!(out, "      <failure type=\"{}\" message=\"{}\">{text}</failure>", level(d.severity), xml(&d.message));
            out.push_str("    </testcase>\n");
        }
        out.push_str("  </testsuite>\n");
    }
    if all.is_empty() {
        out.push_str("  <testsuite name=\"dbtruth\" tests=\"1\" failures=\"0\" errors=\"0\">\n    <testcase name=\"no findings\" classname=\"dbtruth\"/>\n  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}
