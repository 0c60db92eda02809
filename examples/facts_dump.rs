use dbtruth::syntax::python::*;
use std::io::{BufRead, Write};
fn esc(s: &str) -> String {
    let mut o = String::new();
    for c in s.chars() {
        if c == '\\' {
            o.push_str("\\\\")
        } else if (c as u32) < 32 || c as u32 == 127 || (c as u32) >= 0x80 {
            o.push_str(&format!("\\u{:x};", c as u32))
        } else {
            o.push(c)
        }
    }
    o
}
fn ex(e: &Expr, o: &mut Vec<String>) {
    match &e.kind {
        ExprKind::Name(n) => o.push(format!("N {} {}", e.span.start, n)),
        ExprKind::Attribute(a) => o.push(format!("A {} {}", a.attr.span.start, a.attr.name)),
        ExprKind::Str(s) => {
            if s.parts.iter().all(|p| matches!(p, StrPart::Text(_))) {
                o.push(format!("S {} {}", e.span.start, esc(&s.constant().unwrap())))
            } else {
                let t: Vec<String> = s
                    .parts
                    .iter()
                    .map(|p| match p {
                        StrPart::Text(t) => esc(&t.text),
                        StrPart::Hole { .. } => "{}".into(),
                    })
                    .collect();
                o.push(format!("F {} {}", e.span.start, t.join("|")))
            }
        }
        ExprKind::Bytes => o.push(format!("B {}", e.span.start)),
        ExprKind::Call(c) => {
            o.push(format!("C {} {}", e.span.start, e.span.end));
            for (k, _) in c.keywords() {
                o.push(format!("K {} {}", k.span.start, k.name))
            }
        }
        ExprKind::Int(i) => o.push(format!("I {} {}", e.span.start, i)),
        ExprKind::Dict(d) => o.push(format!("D {} {}", e.span.start, d.len())),
        ExprKind::Tuple(d) => o.push(format!("T {}", d.len())),
        ExprKind::List(d) => o.push(format!("L {} {}", e.span.start, d.len())),
        ExprKind::Compare(c) => o.push(format!("P {}", c.1.iter().map(|x| x.as_str()).collect::<Vec<_>>().join(","))),
        ExprKind::Lambda(l) => {
            for p in &l.0 {
                o.push(format!("p {} {}", p.name.span.start, p.name.name))
            }
        }
        ExprKind::Named(l) => o.push(format!("N {} {}", l.0.span.start, l.0.name)),
        ExprKind::Opaque => o.push(format!("? {}", e.span.start)),
        _ => {}
    }
    e.each_child(&mut |c| ex(c, o));
}
fn main() {
    let out = std::io::stdout();
    let mut out = std::io::BufWriter::new(out.lock());
    for path in std::io::stdin().lock().lines() {
        let path = path.unwrap();
        let Ok(text) = String::from_utf8(std::fs::read(&path).unwrap()) else { continue };
        let text = text.as_str();
        let m = parse(text);
        let mut o = vec![];
        for s in &m.body {
            s.each(&mut |s| {
                let k = match &s.kind {
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
                    StmtKind::Opaque => "Opaque",
                };
                o.push(format!("s {} {k}", s.span.start));
                match &s.kind {
                    StmtKind::Function(f) => {
                        o.push(format!("f {} {}", f.name.span.start, f.name.name));
                        for p in &f.params {
                            o.push(format!("p {} {}", p.name.span.start, p.name.name))
                        }
                    }
                    StmtKind::Class(f) => {
                        o.push(format!("c {} {}", f.name.span.start, f.name.name));
                        for a in &f.bases {
                            if let ArgKind::Keyword(k) = a.kind {
                                o.push(format!("K {} {}", k.span.start, k.name))
                            }
                        }
                    }
                    StmtKind::Import(n) => {
                        for n in n {
                            o.push(format!("i {} {}", n.module, n.alias.map_or("", |a| a.as_str())))
                        }
                    }
                    StmtKind::ImportFrom(n) => {
                        for x in &n.names {
                            o.push(format!("i {} {} {} {}", n.level, n.module, x.0.name, x.1.map_or("", |a| a.as_str())))
                        }
                    }
                    StmtKind::Global(n) => {
                        for x in n {
                            o.push(format!("g {x}"))
                        }
                    }
                    StmtKind::Try(t) => {
                        for h in &t.handlers {
                            o.push(format!("h {}", h.name.map_or("", |a| a.as_str())))
                        }
                    }
                    StmtKind::TypeAlias(t) => o.push(format!("N {} {}", t.0.span.start, t.0.name)),
                    _ => {}
                }
                s.each_expr(&mut |e| ex(e, &mut o));
            })
        }
        writeln!(out, "FILE {path} {}", m.errors.len()).unwrap();
        for e in &m.errors {
            writeln!(out, "E {} {} {}", e.span.start, e.span.end, e.message).unwrap();
        }
        for l in o {
            writeln!(out, "{l}").unwrap();
        }
    }
}
