//! `verify`: what a server says of the statements in the code, beside what `check` says.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use super::escape::{no_commands, visible};
use super::json::{Range, line};
use crate::source::{Location, Sources};

/// How the two stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Agreement {
    /// Both accept it.
    Accepted,
    /// Both refuse it.
    Refused,
    /// The server refuses a name or a row that `check` should have judged.
    ServerOnly,
    /// The server refuses something that `check` does not judge: types of operators and functions, rights, syntax.
    NotJudged,
    /// `check` finds something that the server accepts.
    CheckOnly,
    /// The server cannot tell without knowing the types of the parameters.
    Undecided,
}

/// One statement.
#[derive(Serialize)]
pub struct StatementEntry {
    file: String,
    range: Range,
    agreement: Agreement,
    sqlstate: Option<String>,
    message: Option<String>,
    check: Vec<Finding>,
}

/// What `check` says.
#[derive(Serialize)]
pub struct Finding {
    /// The rule.
    pub rule: &'static str,
    /// One line.
    pub message: String,
}

impl StatementEntry {
    /// From both verdicts.
    pub fn new(sources: &Sources, at: Location, agreement: Agreement, server: Option<(String, String)>, check: Vec<Finding>) -> Self {
        let (sqlstate, message) = server.unzip();
        Self { file: sources.get(at.file).path.to_string(), range: Range::of(sources, at), agreement, sqlstate, message, check }
    }

    /// How the two stand to each other.
    pub fn agreement(&self) -> Agreement {
        self.agreement
    }
}

/// Everything that was asked.
pub struct Verified {
    /// In order of place.
    pub statements: Vec<StatementEntry>,
    /// Why others were not asked about: reason → how often.
    pub skipped: BTreeMap<&'static str, usize>,
}

impl Verified {
    fn count(&self, agreement: Agreement) -> usize {
        self.statements.iter().filter(|s| s.agreement == agreement).count()
    }

    /// Whether anything was refused or is disputed: exit code 1.
    pub fn disagrees(&self) -> bool {
        self.statements.iter().any(|s| !matches!(s.agreement, Agreement::Accepted | Agreement::Undecided))
    }

    /// One line.
    pub fn headline(&self) -> String {
        let n = |a| self.count(a);
        let parts = [
            (n(Agreement::Accepted), "accepted by both"),
            (n(Agreement::Refused), "refused by both"),
            (n(Agreement::ServerOnly), "refused by the server alone"),
            (n(Agreement::NotJudged), "refused for what check does not judge"),
            (n(Agreement::CheckOnly), "refused by check alone"),
            (n(Agreement::Undecided), "undecided"),
        ];
        let parts: Vec<String> = parts.iter().filter(|p| p.0 > 0).map(|(n, what)| format!("{n} {what}")).collect();
        let skipped: usize = self.skipped.values().sum();
        let skipped = if skipped > 0 { format!("; {skipped} not asked about") } else { String::new() };
        let parts = if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) };
        format!("{}{parts}{skipped}", super::count(self.statements.len(), "statement"))
    }
}

/// Disputed and refused statements, then the counts.
pub fn text(verified: &Verified) -> String {
    let mut out = String::new();
    for s in verified.statements.iter().filter(|s| s.agreement != Agreement::Accepted) {
        let what = match s.agreement {
            Agreement::Refused => "both refuse it",
            Agreement::ServerOnly => "the server refuses it, check is silent",
            Agreement::NotJudged => "the server refuses it, check does not judge this",
            Agreement::CheckOnly => "check refuses it, the server accepts it",
            Agreement::Undecided | Agreement::Accepted => "undecided",
        };
        let _ = writeln!(out, "{}", visible(&format!("{}:{}: {what}", s.file, s.range.place())));
        if let (Some(code), Some(message)) = (&s.sqlstate, &s.message) {
            let _ = writeln!(out, "    server: {} ({code})", visible(message));
        }
        for f in &s.check {
            let _ = writeln!(out, "    check: {} [{}]", visible(&f.message), f.rule);
        }
    }
    let _ = writeln!(out, "{}", verified.headline());
    for (reason, n) in &verified.skipped {
        let _ = writeln!(out, "  not asked about: {n} × {reason}");
    }
    no_commands(&out).into_owned()
}

/// Version 1; statements that both accept are counted only.
pub fn json(verified: &Verified) -> String {
    #[derive(Serialize)]
    struct Verify<'a> {
        version: u32,
        statements: Vec<&'a StatementEntry>,
        summary: Summary<'a>,
    }
    #[derive(Serialize)]
    struct Summary<'a> {
        statements: usize,
        accepted: usize,
        refused: usize,
        server_only: usize,
        not_judged: usize,
        check_only: usize,
        undecided: usize,
        skipped: &'a BTreeMap<&'static str, usize>,
    }
    let n = |a| verified.count(a);
    let summary = Summary {
        statements: verified.statements.len(),
        accepted: n(Agreement::Accepted),
        refused: n(Agreement::Refused),
        server_only: n(Agreement::ServerOnly),
        not_judged: n(Agreement::NotJudged),
        check_only: n(Agreement::CheckOnly),
        undecided: n(Agreement::Undecided),
        skipped: &verified.skipped,
    };
    line(&Verify { version: 1, statements: verified.statements.iter().filter(|s| s.agreement != Agreement::Accepted).collect(), summary })
}
