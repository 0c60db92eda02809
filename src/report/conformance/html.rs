//! One page that needs nothing else: no network, no fonts, no images; light and dark; sortable and searchable; readable by a screen reader and without
//! scripts.

use std::fmt::Write as _;

use super::super::escape::xml;
use super::text::words;
use super::{Cell, Fault, Report, Row, Source, Standing};

/// The page.
pub fn html(report: &Report) -> String {
    let mut out = String::from(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n\
         <title>Schema conformance</title>\n<style>\n",
    );
    out.push_str(include_str!("page.css"));
    out.push_str("</style>\n</head>\n<body>\n<header>\n<h1>Schema conformance</h1>\n");
    let _ = write!(out, "<p>{}</p>\n</header>\n<main>\n", xml(&report.headline()));
    tiles(&mut out, report);
    controls(&mut out);
    table(&mut out, report);
    elsewhere(&mut out, report);
    skipped(&mut out, report);
    out.push_str("</main>\n<script>\n");
    out.push_str(include_str!("page.js"));
    out.push_str("</script>\n</body>\n</html>\n");
    out
}

fn tiles(out: &mut String, report: &Report) {
    let coverage = report.coverage().map_or_else(|| "–".to_owned(), |c| format!("{c:.1} %"));
    let tiles = [
        ("drifts", report.count(Standing::Drifts).to_string(), "drift"),
        ("lacks", report.count(Standing::Lacks).to_string(), "leave something out"),
        ("agrees", report.count(Standing::Agrees).to_string(), "agree"),
        ("absent", report.count(Standing::Absent).to_string(), "nobody names"),
        ("plain", coverage, "of references checked"),
    ];
    out.push_str("<ul class=\"tiles\">\n");
    for (class, number, what) in tiles {
        let _ = writeln!(out, "<li class=\"{class}\"><b>{}</b> {what}</li>", xml(&number));
    }
    out.push_str("</ul>\n");
}

fn controls(out: &mut String) {
    out.push_str(
        "<form class=\"controls\" role=\"search\" hidden>\n<label>Search <input type=\"search\" id=\"search\" placeholder=\"table, column, file\" autocomplete=\"off\"></label>\n\
         <label><input type=\"checkbox\" id=\"only\"> only what drifts</label>\n<span id=\"count\" role=\"status\"></span>\n\
         <button type=\"button\" id=\"theme\">Dark or light</button>\n</form>\n",
    );
}

fn table(out: &mut String, report: &Report) {
    out.push_str("<table id=\"tables\">\n<caption>Each table of the lock, and what each source says of it</caption>\n<thead><tr>\n");
    let heads = ["table", "columns"].into_iter().chain(report.sources.iter().map(|s| s.name()));
    for head in heads {
        let _ = writeln!(out, "<th scope=\"col\">{}</th>", xml(head));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for row in &report.rows {
        self::row(out, report, row);
    }
    out.push_str("</tbody>\n</table>\n");
}

fn row(out: &mut String, report: &Report, row: &Row) {
    let _ = write!(out, "<tr class=\"{}\" data-standing=\"{}\">\n<th scope=\"row\">", row.standing.name(), row.standing as u8);
    let kind = if row.kind == "table" { String::new() } else { format!(" <small>{}</small>", xml(row.kind)) };
    let inside = details(report, row);
    if inside.is_empty() {
        let _ = write!(out, "{}{kind}", xml(&row.title()));
    } else {
        let _ = write!(out, "<details><summary>{}{kind}</summary>{inside}</details>", xml(&row.title()));
    }
    let _ = writeln!(out, "</th>\n<td data-sort=\"{0}\">{0}</td>", row.columns);
    for source in &report.sources {
        let cell = row.sources.get(source).cloned().unwrap_or_default();
        let said = words(*source, &cell);
        let weight = cell.standing as usize * 10_000 + cell.faults.len() + cell.lacks.len();
        let _ = writeln!(out, "<td class=\"{}\" data-sort=\"{weight}\">{}</td>", cell.standing.name(), xml(&said));
    }
    out.push_str("</tr>\n");
}

fn details(report: &Report, row: &Row) -> String {
    let mut out = String::new();
    for source in &report.sources {
        let Some(cell) = row.sources.get(source) else { continue };
        out.push_str(&section(*source, cell));
    }
    out
}

fn section(source: Source, cell: &Cell) -> String {
    if cell.standing == Standing::Absent {
        return String::new();
    }
    let mut items = String::new();
    if !cell.models.is_empty() {
        let _ = write!(items, "<li>{}</li>", xml(&cell.models.join(", ")));
    }
    if !cell.lacks.is_empty() && source != Source::Database {
        let word = if source == Source::Scripts { "none names" } else { "lack" };
        let names: Vec<String> = cell.lacks.iter().map(|c| format!("<code>{}</code>", xml(c))).collect();
        let _ = write!(items, "<li>{word} {}</li>", names.join(", "));
    }
    for f in cell.faults.iter().filter(|f| f.rule != "unmapped-column") {
        fault(&mut items, f);
    }
    if items.is_empty() {
        return String::new();
    }
    format!("<h2>{}</h2><ul>{items}</ul>", xml(source.name()))
}

fn fault(out: &mut String, f: &Fault) {
    let severity = match f.severity {
        crate::diagnostic::Severity::Error => "error",
        crate::diagnostic::Severity::Warning => "warning",
        crate::diagnostic::Severity::Info => "info",
    };
    let place = f.place.as_ref().map(|p| format!(" <code>{}</code>", xml(p))).unwrap_or_default();
    let _ = write!(out, "<li class=\"{severity}\"><span>{severity}</span> {}{place} <small>{}</small></li>", xml(&f.message), xml(f.rule));
}

fn elsewhere(out: &mut String, report: &Report) {
    if report.elsewhere.is_empty() {
        return;
    }
    let _ = write!(out, "<section>\n<h2>Elsewhere ({})</h2>\n<ul class=\"faults\">", report.elsewhere.len());
    report.elsewhere.iter().for_each(|f| fault(out, f));
    out.push_str("</ul>\n</section>\n");
}

fn skipped(out: &mut String, report: &Report) {
    let s = &report.summary;
    let _ = write!(
        out,
        "<section>\n<h2>Coverage</h2>\n<p>{} files, {} references, {} of them checked, {} errors, {} warnings.</p>\n",
        s.files, s.references, s.checked, s.errors, s.warnings
    );
    if !s.skipped.is_empty() {
        out.push_str("<table>\n<caption>What was not checked, and why</caption>\n<thead><tr><th scope=\"col\">reason</th><th scope=\"col\">times</th></tr></thead>\n<tbody>\n");
        for (reason, n) in &s.skipped {
            let _ = writeln!(out, "<tr><td>{}</td><td data-sort=\"{n}\">{n}</td></tr>", xml(reason));
        }
        out.push_str("</tbody>\n</table>\n");
    }
    out.push_str("</section>\n");
}
