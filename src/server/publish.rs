//! Findings in the protocol's words.

use gen_lsp_types::{Code, CodeDescription, Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, DiagnosticTag, Location, Uri};

use super::generation::Generation;
use super::uri;
use crate::diagnostic::{self, Severity};
use crate::source;

/// Where a location is, for the client; `None` for files that have no path.
pub fn location(generation: &Generation<'_>, at: source::Location) -> Option<Location> {
    let path = generation.live.path(at.file)?;
    let file = generation.live.sources().get(at.file);
    Some(Location { uri: Uri(uri::of(path)), range: generation.encoding.range(file, at.span) })
}

/// One finding.
pub fn diagnostic(generation: &Generation<'_>, d: &diagnostic::Diagnostic) -> Diagnostic {
    let file = generation.live.sources().get(d.location.file);
    let message = match &d.help {
        Some(help) => format!("{}\nhelp: {help}", d.message),
        None => d.message.clone(),
    };
    let severity = match d.severity {
        Severity::Error => DiagnosticSeverity::Error,
        Severity::Warning => DiagnosticSeverity::Warning,
        Severity::Info => DiagnosticSeverity::Information,
    };
    let related: Vec<DiagnosticRelatedInformation> = d
        .related
        .iter()
        .filter_map(|r| Some(DiagnosticRelatedInformation { location: location(generation, r.location)?, message: r.message.clone() }))
        .collect();
    let page = format!("{}/blob/main/rules/{}.md", env!("CARGO_PKG_REPOSITORY"), d.rule);
    Diagnostic {
        range: generation.encoding.range(file, d.location.span),
        severity: Some(severity),
        code: Some(Code::String(d.rule.to_owned())),
        code_description: page.starts_with("https://").then_some(CodeDescription { href: Uri(page) }),
        source: Some("dbtruth".to_owned()),
        message: message.into(),
        tags: match d.rule {
            "unused-suppression" => Some(vec![DiagnosticTag::Unnecessary]),
            "deprecated-name" => Some(vec![DiagnosticTag::Deprecated]),
            _ => None,
        },
        related_information: (!related.is_empty()).then_some(related),
        data: None,
    }
}
