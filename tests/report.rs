//! What every format promises, whatever a repository's names are.

#[path = "common/runners.rs"]
mod runners;

use dbtruth::diagnostic::Diagnostic;
use dbtruth::report::{Format, Style, job_summary, render};
use dbtruth::source::{Location, Span};
use proptest::prelude::*;
use runners::{no_line_speaks_for_us, outcome};

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
        no_line_speaks_for_us(&path, &text, Span::new(start, start + len), &message, &help);
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
