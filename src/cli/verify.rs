//! `dbtruth verify`

use super::args::{ListFormat, Verify};
use super::check::working_directory;
use super::{Code, out};
use crate::check::{self, Failure, Settings};
use crate::report::verify::{self, Agreement, Finding, StatementEntry, Verified};
use crate::schema::live::{DsnOptions, Redacted, Refusal, prepare};

/// SQLSTATEs of what `check` judges: undefined table, column and alias, ambiguous column, duplicate alias, conflict target, generated column, label of an enum,
/// number of values (which PostgreSQL calls a syntax error).
const JUDGED: [&str; 7] = ["42P01", "42703", "42702", "42712", "42P10", "428C9", "22P02"];

/// SQLSTATEs that say that the types of parameters are missing: a driver would give them.
const UNTYPED: [&str; 2] = ["42P18", "42P08"];

/// Asks a live database about every statement: 0 all agree, 1 something is refused or disputed, 2 could not run.
pub fn run(args: &Verify) -> Result<Code, Failure> {
    let cwd = working_directory()?;
    let settings = Settings { statements: true, ..Settings::worktree(&cwd, &args.paths, args.truth.lock.as_deref())? };
    let opened = check::open(&settings)?;
    let project = opened.project(&settings);
    let mut texts = project.uses.statements.clone();
    texts.retain(|t| t.template.sources().any(|l| opened.path_of(l.file).is_some_and(|p| settings.reports(p))));
    let found = check::statements(&texts, &opened.schema);
    let sent: Vec<String> = found.all.iter().map(|s| s.text.clone()).collect();
    let options = DsnOptions { url: args.truth.database_url.clone().map(Redacted::new), ..DsnOptions::default() };
    let verdicts = prepare(&options, &sent).map_err(|e| Failure { message: e.message, help: e.help })?;
    let statements = found.all.iter().zip(verdicts).map(|(s, verdict)| {
        let agreement = agreement(verdict.as_ref(), !s.problems.is_empty(), s.unread);
        let check = s.problems.iter().map(|p| Finding { rule: p.kind.rule(), message: p.message.clone() }).collect();
        StatementEntry::new(&opened.sources, s.at, agreement, verdict.map(|v| (v.code, v.message)), check)
    });
    let verified = Verified { statements: statements.collect(), skipped: found.skipped };
    out::results(&match args.format {
        ListFormat::Human => verify::text(&verified),
        ListFormat::Json => verify::json(&verified),
    });
    let code = super::listing::finish(&opened);
    Ok(if code == 0 { Code::from(verified.disagrees()) } else { code })
}

fn agreement(server: Option<&Refusal>, finds: bool, unread: bool) -> Agreement {
    match (server, finds) {
        (None, false) => Agreement::Accepted,
        (None, true) => Agreement::CheckOnly,
        (Some(r), _) if UNTYPED.contains(&r.code.as_str()) => Agreement::Undecided,
        (Some(_), true) => Agreement::Refused,
        (Some(r), false) => {
            let arity = r.code == "42601" && r.message.contains("INSERT has more");
            if (JUDGED.contains(&r.code.as_str()) || arity) && !unread { Agreement::ServerOnly } else { Agreement::NotJudged }
        }
    }
}
