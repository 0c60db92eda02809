//! SARIF 2.1.0, inside the limits of GitHub code scanning.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::json::line;
use crate::check::{Outcome, fingerprints};
use crate::config::Level;
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules;
use crate::source::{Location, Sources};

/// GitHub refuses a run with more results as a whole.
const MOST_RESULTS: usize = 25_000;

/// GitHub refuses a file above 10 MB compressed. Findings compress tenfold and more; names made to resist it, threefold.
const MOST_BYTES: usize = 30_000_000;

/// GitHub keeps as many related places of a result.
const MOST_RELATED: usize = 100;

pub(super) fn render(outcome: &Outcome) -> String {
    let prints = fingerprints(&outcome.sources, &outcome.diagnostics);
    let mut ordered: Vec<(&Diagnostic, String)> = outcome.diagnostics.iter().zip(prints).collect();
    // Errors first: what does not fit should be the least of it.
    ordered.sort_by_key(|(d, _)| std::cmp::Reverse(d.severity));
    let mut bytes = 0;
    let mut fits = |value: &Value| {
        bytes += value.to_string().len();
        bytes <= MOST_BYTES
    };
    let results: Vec<Value> = ordered.iter().take(MOST_RESULTS).map(|(d, print)| result(d, print, &outcome.sources)).take_while(|v| fits(v)).collect();
    let left_out = ordered.len() - results.len();
    let mut notifications: Vec<Value> = outcome.troubles.iter().map(|t| json!({"level": "error", "message": {"text": t}})).collect();
    if left_out > 0 {
        notifications.push(json!({"level": "warning", "message": {"text": format!("{left_out} more findings do not fit into one SARIF run")}}));
    }
    line(&json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "dbtruth",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules::ALL.iter().map(descriptor).collect::<Vec<_>>(),
            }},
            "automationDetails": {"id": "dbtruth/check/"},
            "columnKind": "unicodeCodePoints",
            "invocations": [{"executionSuccessful": outcome.troubles.is_empty(), "toolExecutionNotifications": notifications}],
            "results": results,
        }],
    }))
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

fn descriptor(rule: &rules::Rule) -> Value {
    let default = rule.level.severity().map_or("none", level);
    json!({
        "id": rule.name,
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": rule.summary},
        "help": {"text": rule.page, "markdown": rule.page},
        "defaultConfiguration": {"enabled": rule.level != Level::Off, "level": default},
        "properties": {"precision": "high", "problem.severity": if default == "error" { "error" } else { "warning" }},
    })
}

fn result(d: &Diagnostic, fingerprint: &str, sources: &Sources) -> Value {
    let index = rules::ALL.iter().position(|r| r.name == d.rule);
    let text = d.help.as_ref().map_or_else(|| d.message.clone(), |help| format!("{}. {help}", d.message));
    let related = d.related.iter().take(MOST_RELATED).enumerate().map(|(n, r)| {
        let mut place = physical(r.location, sources);
        place["id"] = json!(n);
        place["message"] = json!({"text": r.message});
        place
    });
    let related: Vec<Value> = related.collect();
    json!({
        "ruleId": d.rule,
        "ruleIndex": index,
        "level": level(d.severity),
        "message": {"text": text},
        "locations": [physical(d.location, sources)],
        "relatedLocations": related,
        "partialFingerprints": {"primaryLocationLineHash": fingerprint, "dbtruth/v1": fingerprint},
    })
}

fn physical(at: Location, sources: &Sources) -> Value {
    let file = sources.get(at.file);
    let (start, end) = (file.position(at.span.start), file.position(at.span.end));
    json!({"physicalLocation": {
        "artifactLocation": {"uri": uri(&file.path)},
        "region": {"startLine": start.line, "startColumn": start.column, "endLine": end.line, "endColumn": end.column},
    }})
}

/// A relative reference: everything that a URI gives a meaning to, or does not allow, is percent-encoded.
fn uri(path: &str) -> String {
    let mut out = String::new();
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'_' | b'-' | b'~' => out.push(byte as char),
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn paths_are_uris() {
        assert_eq!(uri("a b/é:#%.py"), "a%20b/%C3%A9%3A%23%25.py");
    }
}
