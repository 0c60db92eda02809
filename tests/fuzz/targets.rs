//! What is fuzzed: each reader and writer of outside input, and what it promises of any input. `tests/fuzz.rs` runs them shortly and always the same; `libfuzzer/` runs
//! them guided by coverage.

use std::path::Path;

use dbtruth::check::{LockInput, Outcome, Settings};
use dbtruth::diagnostic::Severity;
use dbtruth::discover::{Candidate, Origin};
use dbtruth::fix;
use dbtruth::project::libraries::postgrest::{logic, select};
use dbtruth::report::{Format, Style, render};
use dbtruth::schema::{Schema, lock};
use dbtruth::source::{FileId, Language, Span};
use dbtruth::sql::{Options, analyse, ddl};
use dbtruth::syntax::python;
use dbtruth::syntax::sql::template::Template;

use super::runners;
#[cfg(feature = "server")]
use super::session;

/// The lock that everything is held to.
pub const LOCK: &str = include_str!("seeds/lock/1.lock.yaml");

/// A target: its name (the folder of its seeds, the file of its corpus) and what it does with an input.
pub type Target = (&'static str, fn(&str));

/// All targets.
pub const ALL: &[Target] = &[
    ("python", python_file),
    ("sql", sql_statements),
    ("ddl", ddl_script),
    ("lock", lock_file),
    ("select", postgrest),
    ("annotations", annotations),
    #[cfg(feature = "server")]
    ("server", session::served),
    ("fixes", fixes),
    ("configuration", configuration),
    ("check", whole_check),
];

/// Every place that a Python tree names lies in the text, and on characters' boundaries; the quick parser and tree-sitter agree on the shape of what both read.
fn python_file(text: &str) {
    let module = python::parse(text);
    let lies = |span: Span| assert!(text.get(span.range()).is_some(), "{span:?} is no part of the text");
    module.body.iter().for_each(|s| s.each(&mut |s| s.each_expr(&mut |e| e.each(&mut |e| lies(e.span)))));
    module.errors.iter().for_each(|e| lies(e.span));
    let facts = dbtruth::facts::extract(&dbtruth::source::SourceFile::new("a.py", Language::Python, text));
    facts.problems.iter().for_each(|p| lies(p.span));
}

/// Names of SQL are found at places of the text, and the same ones each time.
fn sql_statements(text: &str) {
    let schema = schema();
    let template = Template::from_source(FileId(0), text, 0);
    let analysis = analyse(&template, &schema, &Options::default());
    for r in &analysis.references {
        if let Some(place) = template.locate(r.span) {
            assert!(text.get(place.span.range()).is_some(), "{place:?} is no part of the text");
        }
    }
    let again = analyse(&template, &schema, &Options::default());
    assert_eq!(analysis.references, again.references, "the same text gives the same names");
}

/// Whatever a script of DDL leaves behind can be written as a lock, and is read back from it unchanged.
fn ddl_script(text: &str) {
    written_and_read(&ddl::load_file(text));
}

/// Every text is a lock or an error with one line; a lock that is read is written, read and written the same.
fn lock_file(text: &str) {
    match lock::read(text) {
        Ok(schema) => written_and_read(&schema),
        Err(error) => assert!(!error.to_string().is_empty() && !error.to_string().contains('\n'), "{error}"),
    }
}

fn written_and_read(schema: &Schema) {
    let first = lock::write(schema);
    let read = lock::read(&first).unwrap_or_else(|e| panic!("our own lock is refused: {e}\n{first}"));
    assert_eq!(lock::write(&read), first, "a lock that was read is written as it was");
}

/// Names of a select string and of a logical filter are the bytes they say; then the string in a chain, through everything.
fn postgrest(text: &str) {
    let mut open = select::parse(text);
    while let Some(item) = open.pop() {
        let mut names: Vec<select::Name> = item.alias.into_iter().collect();
        match item.kind {
            select::ItemKind::Star | select::ItemKind::Count => {}
            select::ItemKind::Column { name, .. } => names.push(name),
            select::ItemKind::Embed { relation, hint, items, .. } => {
                names.push(relation);
                names.extend(hint);
                open.extend(items);
            }
        }
        names.iter().for_each(|n| lies(text, n));
    }
    logic::columns(text).iter().for_each(|n| lies(text, n));
    let literal = format!("{text:?}").replace("\\u{", "\\N{");
    let chain = format!(
        "def f(client):\n    r = client.table('batches').select({literal}).eq('id', 1).or_({literal}).order({literal}).execute()\n    for row in r.data:\n        print(row['made'], row.get('products')[0]['price'])\n"
    );
    check(&[("a.py", Language::Python, &chain)]);
}

fn lies(text: &str, name: &select::Name) {
    let there = text.get(name.range.clone()).unwrap_or_else(|| panic!("{name:?} is no part of the text"));
    // Quotes inside a quoted name are written with a backslash.
    assert!(there == name.text || there.contains(['"', '\\']), "{name:?} is {there:?}");
}

/// No line of any format is a command of a CI runner that we did not mean. Path, text, message and help stand between U+001F.
fn annotations(text: &str) {
    let mut parts = text.split('\u{1f}');
    let mut next = || parts.next().unwrap_or_default();
    let (path, source, message, help) = (next(), next(), next(), next());
    let start = source.len().min(message.len());
    runners::no_line_speaks_for_us(path, source, Span::new(start, source.len().min(start + help.len())), message, help);
}

/// Repairs leave a file that parses no worse, nothing that is repaired again, and no error in what they wrote. (What a wrong table hid, its repair may show.)
fn fixes(text: &str) {
    let files = [("a.py", Language::Python, text), ("b.sql", Language::Sql, text)];
    let before = settings(&files);
    let options = fix::Options { unsafe_fixes: true, ..fix::Options::default() };
    let fixed = fix::run(&before, &options).unwrap_or_else(|e| panic!("{}", e.message));
    let found = dbtruth::check::run(&before).expect("it runs");
    let mistakes = |o: &Outcome| o.diagnostics.iter().filter(|d| d.rule == "syntax-error").count();
    assert!(mistakes(&fixed.outcome) <= mistakes(&found), "a repair broke the syntax: {:?}", fixed.changes);
    for d in fixed.outcome.diagnostics.iter().filter(|d| d.severity == Severity::Error) {
        let named = fixed.outcome.sources.get(d.location.file).text.get(d.location.span.range()).expect("a place in the text");
        assert!(text.contains(named), "a repair wrote what is wrong itself: {d:?}\n{:?}", fixed.changes);
    }
    let mut after = before;
    for file in &mut after.files {
        if let Some(change) = fixed.changes.iter().find(|c| *c.path == *file.path) {
            file.origin = Origin::Memory(change.after.clone());
        }
    }
    let again = fix::run(&after, &options).unwrap_or_else(|e| panic!("{}", e.message));
    assert!(again.changes.is_empty(), "repairs of what was repaired: {:?}", again.changes);
}

/// Every text is a configuration or an error that names its file.
fn configuration(text: &str) {
    for name in ["dbtruth.yaml", "pyproject.toml"] {
        if let Err(error) = dbtruth::config::parse(name, name, text) {
            assert!(error.to_string().starts_with(name), "{error}");
        }
    }
}

/// The whole flow over one file of each language: rules, repairs, reports.
fn whole_check(text: &str) {
    check(&[("a.py", Language::Python, text), ("b.sql", Language::Sql, text), ("c.md", Language::Markdown, text)]);
}

fn check(files: &[(&str, Language, &str)]) {
    let outcome = dbtruth::check::run(&settings(files)).expect("it runs");
    assert!(outcome.troubles.is_empty(), "{:?}", outcome.troubles);
    assert!(!outcome.diagnostics.iter().any(|d| d.rule == "internal-error"), "{:?}", outcome.diagnostics);
    let human = render(Format::Human, &outcome, Style { colour: false, width: 80 });
    assert!(!human.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')), "{human:?}");
    for d in &outcome.diagnostics {
        assert!(outcome.sources.get(d.location.file).text.get(d.location.span.range()).is_some(), "a finding outside the text: {d:?}");
        for edit in d.fix.iter().flat_map(|f| &f.edits) {
            assert!(outcome.sources.get(edit.location.file).text.get(edit.location.span.range()).is_some(), "a repair outside the text: {edit:?}");
        }
    }
}

fn settings(files: &[(&str, Language, &str)]) -> Settings {
    let file = |(path, language, text): &(&str, Language, &str)| Candidate {
        path: (*path).into(),
        absolute: Path::new("/p").join(path).into(),
        language: *language,
        origin: Origin::Memory(text.as_bytes().into()),
    };
    Settings {
        cwd: "/p".into(),
        root: "/p".into(),
        lock: LockInput { path: "/p/schema.lock.yaml".into(), bytes: Some(LOCK.into()), name: None },
        files: files.iter().map(file).collect(),
        report: vec!["/p".into()],
        ..Settings::default()
    }
}

fn schema() -> Schema {
    static SCHEMA: std::sync::OnceLock<Schema> = std::sync::OnceLock::new();
    SCHEMA.get_or_init(|| lock::read(LOCK).expect("a right lock")).clone()
}
