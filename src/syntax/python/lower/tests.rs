//! What source becomes what tree. Every tree is written back in a plain form, with a call as `f(...)` and operators in parentheses.

use crate::syntax::python::{Arg, ArgKind, DictItem, Expr, ExprKind, Module, Param, ParamKind, Stmt, StmtKind, StrPart, parse};

fn list(items: &[Expr]) -> String {
    items.iter().map(expr).collect::<Vec<_>>().join(", ")
}

fn arg(a: &Arg) -> String {
    match a.kind {
        ArgKind::Positional => expr(&a.value),
        ArgKind::Keyword(k) => format!("{}={}", k.name, expr(&a.value)),
        ArgKind::Spread => format!("*{}", expr(&a.value)),
        ArgKind::DoubleSpread => format!("**{}", expr(&a.value)),
    }
}

fn args(all: &[Arg]) -> String {
    all.iter().map(arg).collect::<Vec<_>>().join(", ")
}

fn params(all: &[Param]) -> String {
    let one = |p: &Param| {
        let kind = match p.kind {
            ParamKind::Plain => "",
            ParamKind::KeywordOnly => "kw ",
            ParamKind::Args => "*",
            ParamKind::Kwargs => "**",
        };
        let annotation = p.annotation.as_ref().map_or(String::new(), |a| format!(": {}", expr(a)));
        let default = p.default.as_ref().map_or(String::new(), |d| format!(" = {}", expr(d)));
        format!("{kind}{}{annotation}{default}", p.name.name)
    };
    all.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn expr(e: &Expr) -> String {
    match &e.kind {
        ExprKind::Name(n) => n.to_string(),
        ExprKind::Attribute(a) => format!("{}.{}", expr(&a.value), a.attr.name),
        ExprKind::Call(c) => format!("{}({})", expr(&c.func), args(&c.args)),
        ExprKind::Subscript(s) => format!("{}[{}]", expr(&s.0), expr(&s.1)),
        ExprKind::Str(s) => {
            let part = |p: &StrPart| match p {
                StrPart::Text(t) => t.text.to_string(),
                StrPart::Hole { expr: e, .. } => format!("{{{}}}", expr(e)),
            };
            format!("'{}'", s.parts.iter().map(part).collect::<String>())
        }
        ExprKind::Int(n) => n.to_string(),
        ExprKind::Bool(b) => b.to_string(),
        ExprKind::Tuple(t) => format!("({},)", list(t)),
        ExprKind::List(t) => format!("[{}]", list(t)),
        ExprKind::Set(t) => format!("{{{}}}", list(t)),
        ExprKind::Dict(items) => {
            let item = |i: &DictItem| match i {
                DictItem::Pair(k, v) => format!("{}: {}", expr(k), expr(v)),
                DictItem::Spread(v) => format!("**{}", expr(v)),
            };
            format!("{{{}}}", items.iter().map(item).collect::<Vec<_>>().join(", "))
        }
        ExprKind::Binary(b) => format!("({} {:?} {})", expr(&b.0), b.1, expr(&b.2)),
        ExprKind::BoolOp(b) => format!("({} {} {})", expr(&b.0), if b.1 { "and" } else { "or" }, expr(&b.2)),
        ExprKind::Compare(c) => format!("({} by {})", list(&c.0), c.1.iter().map(|o| o.as_str()).collect::<Vec<_>>().join(" ")),
        ExprKind::Unary(u) => format!("({} {})", u.0, expr(&u.1)),
        ExprKind::Conditional(c) => format!("({} ? {} : {})", expr(&c.0), expr(&c.1), expr(&c.2)),
        ExprKind::Lambda(l) => format!("(lambda {}: {})", params(&l.0), expr(&l.1)),
        ExprKind::Comprehension(c) => {
            let clause = |f: &crate::syntax::python::CompFor| format!(" for {} in {} if [{}]", expr(&f.target), expr(&f.iter), list(&f.conditions));
            let value = c.value.as_ref().map_or(String::new(), |v| format!(": {}", expr(v)));
            format!("{:?}<{}{value}{}>", c.kind, expr(&c.element), c.clauses.iter().map(clause).collect::<String>())
        }
        ExprKind::Await(e) => format!("(await {})", expr(e)),
        ExprKind::Starred(e) => format!("*{}", expr(e)),
        ExprKind::Named(n) => format!("({} := {})", n.0.name, expr(&n.1)),
        other => format!("{other:?}").to_lowercase(),
    }
}

fn only(module: &Module) -> &Stmt {
    assert!(module.errors.is_empty(), "{:?}", module.errors);
    assert_eq!(module.body.len(), 1, "{:?}", module.body);
    &module.body[0]
}

fn shown(source: &str) -> String {
    let module = parse(source);
    match &only(&module).kind {
        StmtKind::Expr(e) => expr(e),
        StmtKind::Assign(a) => format!("{} = {}", list(&a.0), expr(&a.1)),
        StmtKind::AnnAssign(a) => format!("{}: {}{}", expr(&a.0), expr(&a.1), a.2.as_ref().map_or(String::new(), |v| format!(" = {}", expr(v)))),
        StmtKind::AugAssign(a) => format!("{} {:?}= {}", expr(&a.0), a.1, expr(&a.2)),
        StmtKind::TypeAlias(t) => format!("type {} = {}", t.0.name, expr(&t.1)),
        StmtKind::Class(c) => format!("class {}({})", c.name.name, args(&c.bases)),
        StmtKind::Function(f) => {
            let returns = f.returns.as_ref().map_or(String::new(), |r| format!(" -> {}", expr(r)));
            format!("{}{}def {}({}){returns}", list(&f.decorators), if f.is_async { " async " } else { "" }, f.name.name, params(&f.params))
        }
        StmtKind::With(w) => {
            let item = |(e, t): &(Expr, Option<Expr>)| format!("{}{}", expr(e), t.as_ref().map_or(String::new(), |t| format!(" as {}", expr(t))));
            format!("with {}", w.0.iter().map(item).collect::<Vec<_>>().join(", "))
        }
        StmtKind::Try(t) => {
            let handler =
                |h: &crate::syntax::python::Handler| format!("except {} as {}", h.kind.as_ref().map_or(String::new(), expr), h.name.unwrap_or_default());
            t.handlers.iter().map(handler).collect::<Vec<_>>().join("; ")
        }
        StmtKind::Match(m) => {
            let case = |c: &crate::syntax::python::Case| {
                let binds: Vec<_> = c.binds.iter().map(|b| b.as_str()).collect();
                format!("case {} binds [{}]", c.class.as_ref().map_or("-".to_owned(), expr), binds.join(" "))
            };
            format!("match {}: {}", expr(&m.0), m.1.iter().map(case).collect::<Vec<_>>().join("; "))
        }
        other => format!("{other:?}"),
    }
}

#[test]
fn expressions() {
    for (source, tree) in [
        ("a.b(c, *d, e=f, **g)[h]", "a.b(c, *d, e=f, **g)[h]"),
        ("f(x for x in y if z)", "f(Generator<x for x in y if [z]>)"),
        ("{k: v for k, v in m if a if b}", "Dict<k: v for (k, v,) in m if [a, b]>"),
        ("a if b else c", "(b ? a : c)"),
        ("a and b or not c", "((a and b) or (not c))"),
        ("a not in b is  not c", "(a, b, c by not in is not)"),
        ("(a | b) & ~c == d", "(((a BitOr b) BitAnd (~ c)), d by ==)"),
        ("lambda a, *b, c=1, **d: a", "(lambda a, *b, kw c = 1, **d: a)"),
        ("{'a': 1, **b}", "{'a': 1, **b}"),
        ("x[1, ...]", "x[(1, ellipsis,)]"),
        ("a, = b", "(a,) = b"),
        ("(a) = [b, *c] = {d}", "a, [b, *c] = {d}"),
        ("(y := f(x))", "(y := f(x))"),
        ("await q.all()", "(await q.all())"),
        ("0x_ff + 1_000", "(255 Add 1000)"),
        ("f(*a.b(c), d)", "f(*a.b(c), d)"),
        ("(\n  # first\n  a  # second\n  .b()  # third\n)", "a.b()"),
        ("x = a \\\n  + b", "x = (a Add b)"),
        ("f'{a!r}{b:>{c}}{ {d: 1}[e] }'", "'{a}{b}{{d: 1}[e]}'"),
    ] {
        assert_eq!(shown(source), tree, "{source}");
    }
}

#[test]
fn annotations_read_as_the_expressions_they_are() {
    for (source, tree) in [
        ("x: Mapped[int | None] = f()", "x: Mapped[(int BitOr none)] = f()"),
        ("x: a.Mapped[list['B']]", "x: a.Mapped[list['B']]"),
        ("x: dict[str, int]", "x: dict[(str, int,)]"),
        ("def f[T: int](a: T, /, b, *, c: str = 'x', **d) -> list[T]: ...", "def f(a: T, b, kw c: str = 'x', **d) -> list[T]"),
        ("class C[T](Base, metaclass=M): pass", "class C(Base, metaclass=M)"),
        ("type Pair[T] = tuple[T, T]", "type Pair = tuple[(T, T,)]"),
        ("@a.b(c)\n@d\nasync def f(*args: int): pass", "a.b(c), d async def f(*args: int)"),
    ] {
        assert_eq!(shown(source), tree, "{source}");
    }
}

#[test]
fn statements() {
    for (source, tree) in [
        ("x += a + b", "x Add= (a Add b)"),
        ("type(x).y = 1", "type(x).y = 1"),
        ("type = match = 1", "type, match = 1"),
        ("with a() as b, c: pass", "with a() as b, c"),
        ("with (a() as (b, c), d as e): pass", "with a() as (b, c,), d as e"),
        ("try:\n  pass\nexcept (A, B) as e:\n  pass\nexcept* C:\n  pass", "except (A, B,) as e; except C as "),
        ("try: pass\nexcept A, B: pass", "except (A, B,) as "),
        ("match x:\n  case m.C(a, k=[b, *c]) as d: pass\n  case {'k': e, **f} | g.h: pass", "match x: case m.C binds [a b c d]; case - binds [e f]"),
        ("print 'a', b", "print('a', b)"),
        ("print >>f, a", "print(f, a)"),
    ] {
        assert_eq!(shown(source), tree, "{source}");
    }
}

#[test]
fn imports() {
    let module = parse("import a . b as c, d\nfrom ..e import (f as g, h,)\nfrom . import *\n");
    let StmtKind::Import(names) = &module.body[0].kind else { panic!("{:?}", module.body[0]) };
    assert_eq!(names.iter().map(|n| (n.module.as_str(), n.alias.map(|a| a.as_str()))).collect::<Vec<_>>(), [("a.b", Some("c")), ("d", None)]);
    let StmtKind::ImportFrom(from) = &module.body[1].kind else { panic!("{:?}", module.body[1]) };
    assert_eq!((from.level, from.module.as_str(), from.names.len(), from.names[0].1.map(|a| a.as_str())), (2, "e", 2, Some("g")));
    let StmtKind::ImportFrom(star) = &module.body[2].kind else { panic!("{:?}", module.body[2]) };
    assert_eq!((star.level, star.module.as_str(), star.names[0].0.as_str()), (1, "", "*"));
}

#[test]
fn spans_leave_out_parentheses_and_include_decorators() {
    let source = "@a\nclass C: pass\n\nx = ((b.c))\n";
    let module = parse(source);
    assert_eq!(&source[module.body[0].span.range()], "@a\nclass C: pass");
    let StmtKind::Assign(assign) = &module.body[1].kind else { panic!("{:?}", module.body[1]) };
    assert_eq!(&source[assign.1.span.range()], "b.c");
}

#[test]
fn long_chains_of_one_operator_are_balanced() {
    fn height(e: &Expr) -> usize {
        let mut inner = 0;
        e.each_child(&mut |c| inner = inner.max(height(c)));
        inner + 1
    }
    let source = format!("x{}", " + 'a'".repeat(1_000));
    let module = parse(&source);
    let StmtKind::Expr(sum) = &only(&module).kind else { panic!("{:?}", module.body[0]) };
    assert!(height(sum) <= 12, "{}", height(sum));
    let mut text = String::new();
    sum.each(&mut |e| text.push_str(if let ExprKind::Str(_) = e.kind { "a" } else { "" }));
    assert_eq!(text.len(), 1_000);
    assert_eq!(sum.span.range(), 0..source.len());
}

#[test]
fn comments_that_speak_to_us_are_kept() {
    let module = parse("x = 1  # dbtruth: ignore[a]\n# other\ny = '# dbtruth'\n");
    assert_eq!(module.comments.len(), 1);
    assert_eq!(&*module.comments[0].text, " dbtruth: ignore[a]");
}
