//! How CI runners read what we print: GitHub's two parsers of commands and Azure's, as their sources have them. The oracle of the property test and of fuzzing.
#![allow(dead_code, reason = "each user takes its own part")]

use dbtruth::check::{Outcome, Summary};
use dbtruth::diagnostic::{Context, Diagnostic, Edit, Fix, Safety, Severity};
use dbtruth::report::escape::is_ignorable;
use dbtruth::report::{Format, Style, job_summary, render};
use dbtruth::source::{Language, Location, SourceFile, Span};

/// All formats of reports.
pub const FORMATS: [Format; 10] = [
    Format::Human,
    Format::Concise,
    Format::Json,
    Format::Github,
    Format::Sarif,
    Format::Gitlab,
    Format::Junit,
    Format::Checkstyle,
    Format::Rdjson,
    Format::Azure,
];

/// An outcome with one finding.
pub fn outcome(path: &str, text: &str, span: Span, message: &str, help: Option<&str>) -> Outcome {
    let mut outcome = Outcome::default();
    let file = outcome.sources.add(SourceFile::new(path, Language::Python, text));
    let lock = outcome.sources.add(SourceFile::new("schema.lock.yaml", Language::Yaml, "version: 1\ntables:\n  public.batches:\n"));
    let mut d = Diagnostic::new("unknown-column", Severity::Error, Location::new(file, span), Context::Query, message)
        .about(Some("public"), Some("batches"), Some("mfg_date"))
        .related(Location::new(lock, Span::new(21, 35)), "`batches` is defined here");
    d.help = help.map(str::to_owned);
    d.suggestion = Some("manufacturing_date".to_owned());
    d.fix = Some(Fix { safety: Safety::Unsafe, edits: vec![Edit { location: d.location, content: "manufacturing_date".to_owned() }] });
    outcome.diagnostics.push(d);
    outcome.summary = Summary { files: 1, references: 2, checked: 1, skipped: [("only a guess".to_owned(), 1)].into(), errors: 1, warnings: 0 };
    outcome
}

/// A command as a CI runner reads it.
#[derive(Debug, PartialEq)]
pub struct Command {
    pub name: String,
    pub properties: std::collections::BTreeMap<String, String>,
    pub data: String,
}

/// What the runner sees of a line: its comparisons are by culture, which passes over characters such as these.
fn by_culture(line: &str) -> String {
    line.chars().filter(|c| !is_ignorable(*c)).collect()
}

/// Removes escapes in the runner's order; `%` comes last there.
fn unescape(text: &str, escapes: &[(&str, &str)]) -> String {
    escapes.iter().fold(text.to_owned(), |text, (token, escape)| text.replace(escape, token))
}

fn properties(text: &str, separator: char, escapes: &[(&str, &str)]) -> std::collections::BTreeMap<String, String> {
    let pairs = text.split(separator).filter(|p| !p.is_empty()).filter_map(|p| p.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), unescape(value, escapes))).collect()
}

/// The commands that a runner obeys, old and new.
const KNOWN: [&str; 19] = [
    "add-mask",
    "add-matcher",
    "add-path",
    "debug",
    "echo",
    "endgroup",
    "error",
    "group",
    "internal-set-repo-path",
    "notice",
    "remove-matcher",
    "save-state",
    "section",
    "set-env",
    "set-output",
    "stop-commands",
    "warning",
    "command",
    "x",
];

/// GitHub's reading of a line: `ActionCommand.TryParseV2`, and `TryParse` where that finds nothing.
pub fn github_command(line: &str) -> Option<Command> {
    let line = by_culture(line);
    let known = |name: &str| KNOWN.contains(&name.to_lowercase().as_str());
    let second = || {
        let body = line.trim_start().strip_prefix("::")?;
        let (info, data) = body.split_once("::")?;
        let (name, rest) = info.split_once(' ').unwrap_or((info, ""));
        let of_property = [("\r", "%0D"), ("\n", "%0A"), (":", "%3A"), (",", "%2C"), ("%", "%25")];
        let of_data = [("\r", "%0D"), ("\n", "%0A"), ("%", "%25")];
        known(name).then(|| Command { name: name.to_owned(), properties: properties(rest.trim(), ',', &of_property), data: unescape(data, &of_data) })
    };
    let first = || {
        let (_, body) = line.split_once("##[")?;
        let (info, data) = body.split_once(']')?;
        let (name, rest) = info.split_once(' ').unwrap_or((info, ""));
        let escapes = [(";", "%3B"), ("\r", "%0D"), ("\n", "%0A"), ("]", "%5D"), ("%", "%25")];
        known(name).then(|| Command { name: name.to_owned(), properties: properties(rest, ';', &escapes), data: unescape(data, &escapes) })
    };
    second().or_else(first)
}

/// Azure's reading: `Command.TryParse` of its agent; any area and action counts, in any case of letters.
pub fn azure_command(line: &str) -> Option<Command> {
    let line = by_culture(line);
    let at = line.to_lowercase().find("##vso[")?;
    let (info, data) = line.get(at + 6..)?.split_once(']')?;
    let (name, rest) = info.split_once(' ').unwrap_or((info, ""));
    let escapes = [(";", "%3B"), ("\r", "%0D"), ("\n", "%0A"), ("]", "%5D"), ("%", "%AZP25")];
    Some(Command { name: name.to_owned(), properties: properties(rest, ';', &escapes), data: unescape(data, &escapes) })
}

/// What may arrive of a name or a message: what cannot be seen is replaced, and `##` parted.
pub fn arrived(sent: &str, got: &str) -> bool {
    let plain = |text: &str| text.chars().filter(|c| !is_ignorable(*c) && !matches!(c, '#' | ' ' | '\u{fffd}')).collect::<String>();
    plain(sent) == plain(got)
}

/// Renders the finding in every format and reads each line as GitHub's runner and Azure's agent do: no command but the one that we mean.
pub fn no_line_speaks_for_us(path: &str, text: &str, span: Span, message: &str, help: &str) {
    let outcome = outcome(path, text, span, message, Some(help));
    for format in FORMATS {
        let out = render(format, &outcome, Style { colour: false, width: 80 });
        for line in out.split(['\n', '\r']) {
            if let Some(command) = azure_command(line) {
                assert!(format == Format::Azure && line.starts_with("##vso[task.logissue "), "{format:?}: {line:?}");
                assert_eq!(&command.name, "task.logissue");
                assert_eq!(command.properties.keys().map(String::as_str).collect::<Vec<_>>(), ["code", "columnnumber", "linenumber", "sourcepath", "type"]);
                assert!(arrived(path, &command.properties["sourcepath"]), "{path:?} {command:?}");
                assert!(arrived(&format!("unknown-column: {message} ({help})"), &command.data), "{message:?} {command:?}");
            }
            if let Some(command) = github_command(line) {
                assert!(format == Format::Github && line.starts_with("::error "), "{format:?}: {line:?}");
                assert_eq!(&command.name, "error");
                assert!(command.properties.keys().all(|k| ["title", "file", "line", "endLine", "col", "endColumn"].contains(&k.as_str())), "{command:?}");
                assert!(arrived(path, command.properties.get("file").map_or("", |f| f)), "{path:?} {command:?}");
                assert!(arrived(&format!("{message}\nhelp: {help}"), &command.data), "{message:?} {command:?}");
            }
        }
        let commands = |of: fn(&str) -> Option<Command>| out.lines().filter(|l| of(l).is_some()).count();
        assert_eq!(commands(github_command), usize::from(format == Format::Github), "{out:?}");
        assert_eq!(commands(azure_command), usize::from(format == Format::Azure), "{out:?}");
        if matches!(format, Format::Json | Format::Sarif | Format::Gitlab | Format::Rdjson) {
            let value: serde_json::Value = serde_json::from_str(&out).expect("JSON");
            if format == Format::Json {
                assert_eq!(value["diagnostics"][0]["message"].as_str(), Some(message));
                assert_eq!(value["diagnostics"][0]["file"].as_str(), Some(path));
            }
        } else {
            assert!(!out.chars().any(|c| (c.is_control() && c != '\n' && c != '\t') || ('\u{202a}'..='\u{202e}').contains(&c)), "{format:?}: {out:?}");
        }
    }
    let summary = job_summary(&outcome);
    assert!(!summary.contains("\n\n\n"));
    assert_eq!(summary.lines().filter(|l| l.starts_with("| error |")).count(), 1);
    for line in summary.lines() {
        assert!(github_command(line).is_none() && azure_command(line).is_none(), "{line:?}");
    }
}
