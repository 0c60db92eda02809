//! Checkstyle XML, which Jenkins, reviewdog and most other collectors read.

use std::fmt::Write as _;

use super::concise::level;
use super::escape::xml;
use crate::check::Outcome;

pub(super) fn render(outcome: &Outcome) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<checkstyle version=\"4.3\">\n");
    for chunk in outcome.diagnostics.chunk_by(|a, b| a.location.file == b.location.file) {
        let file = outcome.sources.get(chunk[0].location.file);
        let _ = writeln!(out, "  <file name=\"{}\">", xml(&file.path));
        for d in chunk {
            let at = file.position(d.location.span.start);
            let help = d.help.as_ref().map(|h| format!(" ({h})")).unwrap_or_default();
            let _ = writeln!(
                out,
                "    <error line=\"{}\" column=\"{}\" severity=\"{}\" message=\"{}\" source=\"dbtruth.{}\"/>",
                at.line,
                at.column,
                level(d.severity),
                xml(&format!("{}{help}", d.message)),
                d.rule,
            );
        }
        out.push_str("  </file>\n");
    }
    out.push_str("</checkstyle>\n");
    out
}
