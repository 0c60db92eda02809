//! Our Python trees against `CPython`'s, item by item: names, attributes, decoded strings, calls, statements, each with its place.
//!
//! By default over the modules of the interpreter's own library; `DBTRUTH_PYTHON_TREE=DIR` compares all files below a directory.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use dbtruth::syntax::python::{ArgKind, Expr, ExprKind, Stmt, StmtKind, StrPart, parse};

#[test]
fn trees_are_cpythons() {
    let files = corpus();
    let theirs = cpython(&files);
    let mut lines = theirs.lines();
    let version: Vec<u32> = lines.next().unwrap_or("").split(' ').skip(1).map(|n| n.parse().expect("a version")).collect();
    let holes = version >= vec![3, 12];
    let (mut compared, mut wrong) = (0, String::new());
    let mut current: Option<(&str, Vec<&str>)> = None;
    for line in lines.chain(["file end"]) {
        if let Some(path) = line.strip_prefix("file ") {
            if let Some((path, items)) = current.replace((path, Vec::new())) {
                compared += items.len();
                compare(path, &items, holes, &mut wrong);
            }
        } else if let Some((_, items)) = &mut current {
            items.push(line);
        }
    }
    assert!(compared > 100_000, "only {compared} items");
    assert!(wrong.is_empty(), "of {compared} items these differ:\n{wrong}");
    println!("{compared} items in {} files are equal", files.len());
}

fn corpus() -> Vec<PathBuf> {
    if let Some(dir) = std::env::var_os("DBTRUTH_PYTHON_TREE") {
        let all = ignore::WalkBuilder::new(dir).standard_filters(false).build().filter_map(Result::ok).map(ignore::DirEntry::into_path);
        return all.filter(|p| is_python(p)).collect();
    }
    let out = Command::new("python3").args(["-c", "import os; print(os.path.dirname(os.__file__))"]).output().expect("python3 runs");
    let dir = String::from_utf8(out.stdout).expect("a path");
    let entries = std::fs::read_dir(dir.trim()).expect("the library's directory");
    let mut files: Vec<PathBuf> = entries.filter_map(Result::ok).map(|e| e.path()).filter(|p| is_python(p)).collect();
    files.sort();
    files
}

fn is_python(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "py") && path.is_file()
}

/// What `CPython`'s parser sees.
fn cpython(files: &[PathBuf]) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/python_tree.py");
    let mut child = Command::new("python3").args(["-W", "ignore"]).arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("python3 runs");
    let names: String = files.iter().fold(String::new(), |all, f| all + &f.to_string_lossy() + "\n");
    child.stdin.take().expect("a pipe").write_all(names.as_bytes()).expect("the script reads");
    let out = child.wait_with_output().expect("the script ends");
    assert!(out.status.success(), "the script failed");
    String::from_utf8(out.stdout).expect("the script prints ASCII and UTF-8 names")
}

fn compare(path: &str, theirs: &[&str], holes: bool, wrong: &mut String) {
    let text = std::fs::read_to_string(path).expect("readable and UTF-8, as CPython found");
    let module = parse(&text);
    let mut printer = Printer { text: &text, holes, out: Vec::new() };
    for stmt in &module.body {
        stmt.each(&mut |s| printer.statement(s));
    }
    let mut balance: BTreeMap<&str, i32> = BTreeMap::new();
    for item in theirs {
        *balance.entry(item).or_default() += 1;
    }
    for item in &printer.out {
        *balance.entry(item).or_default() -= 1;
    }
    for (item, n) in balance.iter().filter(|(_, n)| **n != 0).take(10) {
        let _ = writeln!(wrong, "{path}: {} {item}", if *n > 0 { "missing" } else { "too many" });
    }
    for error in module.errors.iter().take(3) {
        let _ = writeln!(wrong, "{path}: byte {}: {}", error.span.start, error.message);
    }
}

/// Prints our tree in the words of the script.
struct Printer<'a> {
    text: &'a str,
    /// Whether to look into f-strings.
    holes: bool,
    out: Vec<String>,
}

impl Printer<'_> {
    fn put(&mut self, item: String) {
        self.out.push(item);
    }

    fn statement(&mut self, stmt: &Stmt) {
        let kind = match &stmt.kind {
            StmtKind::Import(_) => "Import",
            StmtKind::ImportFrom(_) => "ImportFrom",
            StmtKind::Assign(_) => "Assign",
            StmtKind::AnnAssign(_) => "AnnAssign",
            StmtKind::AugAssign(_) => "AugAssign",
            StmtKind::Expr(_) => "Expr",
            StmtKind::Return(_) => "Return",
            StmtKind::Raise(_) => "Raise",
            StmtKind::Delete(_) => "Delete",
            StmtKind::Assert(_) => "Assert",
            StmtKind::Global(_) => "Global",
            StmtKind::If(_) => "If",
            StmtKind::For(_) => "For",
            StmtKind::While(_) => "While",
            StmtKind::With(_) => "With",
            StmtKind::Try(_) => "Try",
            StmtKind::Match(_) => "Match",
            StmtKind::Function(_) => "FunctionDef",
            StmtKind::Class(_) => "ClassDef",
            StmtKind::TypeAlias(_) => "TypeAlias",
            StmtKind::Nothing => "Nothing",
            StmtKind::Prose => "Prose",
            StmtKind::Opaque => "Opaque",
        };
        self.put(format!("statement {} {kind}", stmt.span.start));
        self.names_of(stmt);
        stmt.each_expr(&mut |e| self.expression(e));
    }

    fn names_of(&mut self, stmt: &Stmt) {
        let or_dash = |name: Option<dbtruth::symbol::Symbol>| name.map_or("-", |n| n.as_str());
        match &stmt.kind {
            StmtKind::Function(f) => {
                self.put(format!("defined {}", f.name.name));
                for p in &f.params {
                    self.put(format!("parameter {} {}", p.name.span.start, p.name.name));
                }
            }
            StmtKind::Class(c) => {
                self.put(format!("defined {}", c.name.name));
                for base in &c.bases {
                    if let ArgKind::Keyword(k) = base.kind {
                        self.put(format!("keyword {} {}", k.span().start, k.name));
                    }
                }
            }
            StmtKind::Import(names) => names.iter().for_each(|n| self.put(format!("import {} {}", n.module, or_dash(n.alias)))),
            StmtKind::ImportFrom(i) => {
                let module = if i.module.is_empty() { "-" } else { i.module.as_str() };
                i.names.iter().for_each(|(n, alias)| self.put(format!("import {} {module} {} {}", i.level, n.name, or_dash(*alias))));
            }
            StmtKind::Global(names) => self.put(names.iter().fold("global".to_owned(), |all, n| all + " " + n)),
            StmtKind::Try(t) => t.handlers.iter().for_each(|h| self.put(format!("handler {}", or_dash(h.name)))),
            StmtKind::TypeAlias(t) => self.put(format!("name {} {}", t.0.span.start, t.0.name)),
            _ => {}
        }
    }

    fn expression(&mut self, e: &Expr) {
        let at = e.span.start;
        let mut inside = true;
        match &e.kind {
            ExprKind::Name(n) => self.put(format!("name {at} {n}")),
            ExprKind::Attribute(a) => self.put(format!("attribute {} {}", a.attr.span.start, a.attr.name)),
            ExprKind::Str(s) => {
                let named = self.text[e.span.range()].contains("\\N{");
                let whole = s.constant();
                let word = if whole.is_some() { "string" } else { "fstring" };
                let parts = s.parts.iter().map(|p| if let StrPart::Text(t) = p { shown(&t.text) } else { "{}".to_owned() });
                let text = if named { "named".to_owned() } else { parts.collect::<Vec<_>>().join("|") };
                self.put(format!("{word} {at} {text}"));
                inside = self.holes;
            }
            ExprKind::Bytes(_) => self.put(format!("bytes {at}")),
            ExprKind::Int(n) => self.put(format!("int {at} {n}")),
            ExprKind::Call(c) => {
                self.put(format!("call {at} {}", e.span.end));
                c.keywords().for_each(|(k, _)| self.put(format!("keyword {} {}", k.span.start, k.name)));
            }
            ExprKind::Dict(items) => self.put(format!("dict {at} {}", items.len())),
            ExprKind::List(items) => self.put(format!("list {at} {}", items.len())),
            ExprKind::Compare(c) => self.put(format!("compare {}", c.1.iter().map(|o| o.as_str()).collect::<Vec<_>>().join(","))),
            ExprKind::Lambda(l) => l.0.iter().for_each(|p| self.put(format!("parameter {} {}", p.name.span.start, p.name.name))),
            ExprKind::Named(n) => self.put(format!("name {} {}", n.0.span.start, n.0.name)),
            ExprKind::Opaque => self.put(format!("opaque {at}")),
            _ => {}
        }
        if inside {
            e.each_child(&mut |child| self.expression(child));
        }
    }
}

fn shown(text: &str) -> String {
    text.chars().fold(String::new(), |mut all, c| {
        if (' '..='~').contains(&c) && c != '\\' {
            all.push(c);
        } else {
            let _ = write!(all, "\\{:x};", u32::from(c));
        }
        all
    })
}
