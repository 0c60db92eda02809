//! What every format promises, whatever a repository's names are.

use dbtruth::check::{Outcome, Summary};
use dbtruth::diagnostic::{Context, Diagnostic, Edit, Fix, Safety, Severity};
use dbtruth::report::escape::is_ignorable;
use dbtruth::report::{Format, Style, job_summary, render};
use dbtruth::source::{Language, Location, SourceFile, Span};
use proptest::prelude::*;

const FORMATS: [Format; 10] = [
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

fn outcome(path: &str, text: &str, span: Span, message: &str, help: Option<&str>) -> Outcome {
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
struct Command {
    name: String,
    properties: std::collections::BTreeMap<String, String>,
    data: String,
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
fn github_command(line: &str) -> Option<Command> {
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
fn azure_command(line: &str) -> Option<Command> {
    let line = by_culture(line);
    let at = line.to_lowercase().find("##vso[")?;
    let (info, data) = line.get(at + 6..)?.split_once(']')?;
    let (name, rest) = info.split_once(' ').unwrap_or((info, ""));
    let escapes = [(";", "%3B"), ("\r", "%0D"), ("\n", "%0A"), ("]", "%5D"), ("%", "%AZP25")];
    Some(Command { name: name.to_owned(), properties: properties(rest, ';', &escapes), data: unescape(data, &escapes) })
}

/// What may arrive of a name or a message: what cannot be seen is replaced, and `##` parted.
fn arrived(sent: &str, got: &str) -> bool {
    let plain = |text: &str| text.chars().filter(|c| !is_ignorable(*c) && !matches!(c, '#' | ' ' | '\u{fffd}')).collect::<String>();
    plain(sent) == plain(got)
}

/// Names that try to be something else, and plain ones.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("::".to_owned()),
        Just("::set-output name=x::y".to_owned()),
        Just("##[add-mask]".to_owned()),
        Just("##vso[task.setvariable]".to_owned()),
        Just("###[group]".to_owned()),
        Just("%0A::error::x".to_owned()),
        Just("\n".to_owned()),
        Just("\r".to_owned()),
        Just("\u{2028}".to_owned()),
        Just("\u{85}".to_owned()),
        Just("\x1b]0;x\x07".to_owned()),
        Just("\u{202e}".to_owned()),
        Just(" \t".to_owned()),
        Just("]]>,:]%".to_owned()),
        Just(":\u{fe0f}:error::x".to_owned()),
        Just("#\u{200b}#[warning]".to_owned()),
        Just("\u{3164}::error::x".to_owned()),
        Just("#\u{fe0f}#vso[x.y]".to_owned()),
        Just("##VSO[x.y a=b;]".to_owned()),
        Just("%AZP25;]".to_owned()),
        "[a-z_#:]{0,6}",
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..6).prop_map(|p| p.concat())
}

proptest! {
    #[test]
    fn no_line_is_a_command_that_we_did_not_mean(path in hostile(), text in hostile(), message in hostile(), help in hostile(), start in 0usize..40, len in 0usize..20) {
        let outcome = outcome(&path, &text, Span::new(start, start + len), &message, Some(&help));
        for format in FORMATS {
            let out = render(format, &outcome, Style { colour: false, width: 80 });
            for line in out.split(['\n', '\r']) {
                if let Some(command) = azure_command(line) {
                    prop_assert!(format == Format::Azure && line.starts_with("##vso[task.logissue "), "{format:?}: {line:?}");
                    prop_assert_eq!(&command.name, "task.logissue");
                    prop_assert_eq!(command.properties.keys().map(String::as_str).collect::<Vec<_>>(), ["code", "columnnumber", "linenumber", "sourcepath", "type"]);
                    prop_assert!(arrived(&path, &command.properties["sourcepath"]), "{path:?} {command:?}");
                    prop_assert!(arrived(&format!("unknown-column: {message} ({help})"), &command.data), "{message:?} {command:?}");
                }
                if let Some(command) = github_command(line) {
                    prop_assert!(format == Format::Github && line.starts_with("::error "), "{format:?}: {line:?}");
                    prop_assert_eq!(&command.name, "error");
                    prop_assert!(command.properties.keys().all(|k| ["title", "file", "line", "endLine", "col", "endColumn"].contains(&k.as_str())), "{command:?}");
                    prop_assert!(arrived(&path, command.properties.get("file").map_or("", |f| f)), "{path:?} {command:?}");
                    prop_assert!(arrived(&format!("{message}\nhelp: {help}"), &command.data), "{message:?} {command:?}");
                }
            }
            let commands = |of: fn(&str) -> Option<Command>| out.lines().filter(|l| of(l).is_some()).count();
            prop_assert_eq!(commands(github_command), usize::from(format == Format::Github));
            prop_assert_eq!(commands(azure_command), usize::from(format == Format::Azure));
            if !matches!(format, Format::Json | Format::Sarif | Format::Gitlab | Format::Rdjson) {
                prop_assert!(!out.chars().any(|c| (c.is_control() && c != '\n' && c != '\t') || ('\u{202a}'..='\u{202e}').contains(&c)), "{format:?}: {out:?}");
            }
        }
        let summary = job_summary(&outcome);
        prop_assert!(!summary.contains("\n\n\n"));
        prop_assert_eq!(summary.lines().filter(|l| l.starts_with("| error |")).count(), 1);
        for line in summary.lines() {
            prop_assert!(github_command(line).is_none() && azure_command(line).is_none(), "{line:?}");
        }
    }

    #[test]
    fn json_formats_are_json(path in hostile(), text in hostile(), message in hostile()) {
        let outcome = outcome(&path, &text, Span::new(0, 1), &message, None);
        for format in [Format::Json, Format::Sarif, Format::Gitlab, Format::Rdjson] {
            let out = render(format, &outcome, Style::default());
            let value: serde_json::Value = serde_json::from_str(&out).unwrap();
            if format == Format::Json {
                prop_assert_eq!(value["diagnostics"][0]["message"].as_str().unwrap(), message.as_str());
                prop_assert_eq!(value["diagnostics"][0]["file"].as_str().unwrap(), path.as_str());
            }
        }
    }
}

#[test]
fn json_version_1_does_not_change() {
    let outcome = outcome("app/é.py", "é = b.mfg_date\n", Span::new(7, 15), "column `mfg_date` does not exist", Some("did you mean `manufacturing_date`?"));
    let expected = concat!(
        r#"{"version":1,"diagnostics":[{"rule":"unknown-column","severity":"error","message":"column `mfg_date` does not exist","help":"did you mean `manufacturing_date`?","#,
        r#""file":"app/é.py","range":{"start":{"line":1,"column":7,"offset":7},"end":{"line":1,"column":15,"offset":15}},"schema":"public","table":"batches","column":"mfg_date","#,
        r#""suggestion":"manufacturing_date","context":"query","related":[{"file":"schema.lock.yaml","range":{"start":{"line":3,"column":3,"offset":21},"#,
        r#""end":{"line":3,"column":17,"offset":35}},"message":"`batches` is defined here"}],"fix":{"safety":"unsafe","edits":[{"file":"app/é.py","#,
        r#""range":{"start":{"line":1,"column":7,"offset":7},"end":{"line":1,"column":15,"offset":15}},"content":"manufacturing_date"}]}}],"#,
        r#""summary":{"files":1,"references":2,"checked":1,"skipped":{"only a guess":1},"errors":1,"warnings":0}}"#,
        "\n"
    );
    assert_eq!(render(Format::Json, &outcome, Style::default()), expected);
}

#[test]
fn absent_things_are_null() {
    let mut outcome = outcome("a.py", "x", Span::new(0, 1), "m", None);
    let d = &mut outcome.diagnostics[0];
    (d.schema, d.table, d.column, d.suggestion, d.fix) = (None, None, None, None, None);
    let out: serde_json::Value = serde_json::from_str(&render(Format::Json, &outcome, Style::default())).unwrap();
    for field in ["help", "schema", "table", "column", "suggestion", "fix"] {
        assert!(out["diagnostics"][0].as_object().unwrap()[field].is_null(), "{field}");
    }
}

#[test]
fn github_shows_ten_of_a_level_and_says_so() {
    let mut outcome = outcome("a.py", "x\n", Span::new(0, 1), "m", None);
    let first = outcome.diagnostics[0].clone();
    outcome.diagnostics = (0..25).map(|n| Diagnostic { message: format!("m{n}"), ..first.clone() }).collect();
    let out = render(Format::Github, &outcome, Style::default());
    let lines: Vec<&str> = out.lines().filter(|l| l.starts_with("::")).collect();
    assert_eq!(lines.len(), 10);
    assert_eq!(lines[9], "::error::16 more of this level stand in the job summary");
    assert_eq!(job_summary(&outcome).matches("| error |").count(), 25);
}

#[test]
fn fingerprints_survive_moved_lines() {
    let print = |text: &str, start: usize| {
        let outcome = outcome("a.py", text, Span::new(start, start + 1), "m", None);
        let sarif: serde_json::Value = serde_json::from_str(&render(Format::Sarif, &outcome, Style::default())).unwrap();
        sarif["runs"][0]["results"][0]["partialFingerprints"]["primaryLocationLineHash"].as_str().unwrap().to_owned()
    };
    assert_eq!(print("x\n", 0), print("\n\n\nx\n", 3));
}

/// Ten thousand findings: what is cut is counted, and no format exceeds what its reader takes.
#[test]
fn ten_thousand_findings_fit_everywhere() {
    let mut outcome = outcome("app/models/é.py", &"x = b.mfg_date\n".repeat(30_000), Span::new(4, 14), "m", Some("did you mean `manufacturing_date`?"));
    let first = outcome.diagnostics[0].clone();
    let place = |n: u32| Location::new(first.location.file, Span::new(15 * n as usize + 4, 15 * n as usize + 14));
    outcome.diagnostics = (0..30_000).map(|n| Diagnostic { location: place(n), message: format!("column `c{n}` does not exist"), ..first.clone() }).collect();
    outcome.summary.errors = 30_000;

    let sarif: serde_json::Value = serde_json::from_str(&render(Format::Sarif, &outcome, Style::default())).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap().len();
    assert!((10_000..=25_000).contains(&results), "{results}");
    let left = format!("{} more findings do not fit into one SARIF run", 30_000 - results);
    assert_eq!(sarif["runs"][0]["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"], left);
    assert!(sarif.to_string().len() < 31_000_000);

    let summary = job_summary(&outcome);
    assert!(summary.len() < 1_000_000 && summary.contains(" more findings do not fit here."));
    assert_eq!(render(Format::Github, &outcome, Style::default()).lines().count(), 11);
    let azure = render(Format::Azure, &outcome, Style::default());
    assert_eq!(azure.lines().count(), 1_002);
    assert!(azure.contains("]29000 more findings are not listed here\n"));
    for (format, mark) in [(Format::Checkstyle, "<error "), (Format::Junit, "<failure "), (Format::Concise, "error[unknown-column]")] {
        assert_eq!(render(format, &outcome, Style::default()).matches(mark).count(), 30_000, "{format:?}");
    }
    for (format, list) in [(Format::Gitlab, ""), (Format::Rdjson, "/diagnostics"), (Format::Json, "/diagnostics")] {
        let value: serde_json::Value = serde_json::from_str(&render(format, &outcome, Style::default())).unwrap();
        assert_eq!(value.pointer(list).and_then(serde_json::Value::as_array).map(Vec::len), Some(30_000), "{format:?}");
    }
}

#[test]
fn reviewdog_counts_bytes() {
    let outcome = outcome("app/é.py", "é = b.mfg_date\n", Span::new(7, 15), "m", None);
    let value: serde_json::Value = serde_json::from_str(&render(Format::Rdjson, &outcome, Style::default())).unwrap();
    let d = &value["diagnostics"][0];
    assert_eq!(d["location"]["range"], serde_json::json!({"start": {"line": 1, "column": 8}, "end": {"line": 1, "column": 16}}));
    assert_eq!((d["severity"].as_str(), d["code"]["value"].as_str()), (Some("ERROR"), Some("unknown-column")));
    assert_eq!(d["suggestions"][0]["text"], "manufacturing_date");
}

#[test]
fn checkstyle_and_azure_say_the_place() {
    let outcome = outcome("a;b].py", "x = b.mfg_date\n", Span::new(6, 14), "no \"mfg\"", Some("did you mean x?"));
    let xml = render(Format::Checkstyle, &outcome, Style::default());
    assert!(xml.contains("<file name=\"a;b].py\">\n    <error line=\"1\" column=\"7\" severity=\"error\" message=\"no &quot;mfg&quot; (did you mean x?)\" source=\"dbtruth.unknown-column\"/>"), "{xml}");
    let azure = render(Format::Azure, &outcome, Style::default());
    let expected =
        "##vso[task.logissue type=error;sourcepath=a%3Bb%5D.py;linenumber=1;columnnumber=7;code=unknown-column;]unknown-column: no \"mfg\" (did you mean x?)\n";
    assert!(azure.starts_with(expected), "{azure}");
}
