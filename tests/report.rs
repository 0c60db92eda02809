//! What every format promises, whatever a repository's names are.

use dbtruth::check::{Outcome, Summary};
use dbtruth::diagnostic::{Context, Diagnostic, Edit, Fix, Safety, Severity};
use dbtruth::report::{Format, Style, job_summary, render};
use dbtruth::source::{Language, Location, SourceFile, Span};
use proptest::prelude::*;

const FORMATS: [Format; 7] = [Format::Human, Format::Concise, Format::Json, Format::Github, Format::Sarif, Format::Gitlab, Format::Junit];

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

/// GitHub's reading of a line, after `ActionCommand.TryParseV2` and `TryParse` of actions/runner: the command's name.
fn github_command(line: &str) -> Option<String> {
    const KNOWN: [&str; 14] = [
        "add-mask",
        "add-matcher",
        "remove-matcher",
        "add-path",
        "debug",
        "echo",
        "endgroup",
        "error",
        "group",
        "internal-set-repo-path",
        "notice",
        "save-state",
        "set-env",
        "set-output",
    ];
    let known = |name: &str| {
        (KNOWN.contains(&name.to_lowercase().as_str()) || name.eq_ignore_ascii_case("warning") || name.eq_ignore_ascii_case("stop-commands"))
            .then(|| name.to_owned())
    };
    let second = || {
        let body = line.trim_start().strip_prefix("::")?;
        let (info, _) = body.split_once("::")?;
        known(info.split(' ').next().unwrap_or(info))
    };
    let first = || {
        let (_, body) = line.split_once("##[")?;
        let (info, _) = body.split_once(']')?;
        known(info.split(' ').next().unwrap_or(info))
    };
    second().or_else(first)
}

/// Azure's: `##vso[area.action …]` anywhere in a line.
fn azure_command(line: &str) -> bool {
    line.contains("##vso[")
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
                prop_assert!(!azure_command(line), "{format:?}: {line:?}");
                let ours = format == Format::Github && line.starts_with("::error ");
                prop_assert!(github_command(line).is_none() || ours, "{format:?}: {line:?}");
            }
            if format == Format::Github {
                prop_assert_eq!(out.lines().filter(|l| github_command(l).is_some()).count(), 1);
            }
            if !matches!(format, Format::Json | Format::Sarif | Format::Gitlab) {
                prop_assert!(!out.chars().any(|c| (c.is_control() && c != '\n' && c != '\t') || ('\u{202a}'..='\u{202e}').contains(&c)), "{format:?}: {out:?}");
            }
        }
        prop_assert!(!job_summary(&outcome).contains("\n\n\n"));
    }

    #[test]
    fn json_formats_are_json(path in hostile(), text in hostile(), message in hostile()) {
        let outcome = outcome(&path, &text, Span::new(0, 1), &message, None);
        for format in [Format::Json, Format::Sarif, Format::Gitlab] {
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
