//! Development aid: `sql_check check --format json .` in a folder with a lock and `.sql` files, as the judge of the SQL resolver calls it.
use dbtruth::source::{FileId, Language, SourceFile, Span};
use dbtruth::sql::{Options, analyse};
use dbtruth::syntax::sql::template::Template;

fn main() {
    let lock = std::fs::read_to_string("schema.lock.yaml").expect("a lock");
    let schema = dbtruth::schema::lock::read(&lock).map_err(|e| format!("{e:?}")).expect("a good lock");
    let mut names: Vec<_> = std::fs::read_dir(".").expect("a folder").flatten().map(|e| e.file_name().into_string().expect("utf-8")).collect();
    names.sort();
    let mut out = Vec::new();
    let verbose = std::env::var("SKIPPED").is_ok();
    for name in names.iter().filter(|n| n.ends_with(".sql")) {
        let text = std::fs::read_to_string(name).expect("text");
        let file = SourceFile::new(name.clone(), Language::Sql, text.clone());
        let template = Template::from_source(FileId(0), &text, 0);
        let analysis = analyse(&template, &schema, &Options::default());
        if verbose {
            for (skip, span) in &analysis.skipped {
                eprintln!("{skip:?}: {}", &text[span.range()]);
            }
        }
        let place = |offset: u32| {
            let p = file.position(offset);
            serde_json::json!({"line": p.line, "column": p.column, "offset": p.offset})
        };
        for p in analysis.problems {
            let Span { start, end } = p.span;
            out.push(serde_json::json!({"rule": p.kind.rule(), "severity": "error", "message": p.message, "file": name,
                "range": {"start": place(start), "end": place(end)}, "column": p.column, "table": p.table, "suggestion": p.suggestion}));
        }
    }
    println!("{}", serde_json::json!({"version": 1, "diagnostics": out}));
}
