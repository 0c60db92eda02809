//! Python that no one writes by hand: it must cost bounded time and stack, and say what was left out.

use std::time::{Duration, Instant};

use dbtruth::source::Span;
use dbtruth::syntax::python::{ExprKind, MAX_BYTES, Module, Refusal, StmtKind, parse, try_parse};

/// Parses on a thread with a small stack, as a careless embedder would have it, and within a time that is generous for a debug build.
fn survives(text: String) -> Module {
    let began = Instant::now();
    let run = move || {
        let module = parse(&text);
        // Whatever walks a tree recurses as deep as the tree.
        for stmt in &module.body {
            stmt.each(&mut |s| s.each_expr(&mut |e| e.each(&mut |e| lies_in(&text, e.span))));
        }
        module.errors.iter().for_each(|e| lies_in(&text, e.span));
        module.clone()
    };
    let module = std::thread::Builder::new().stack_size(2 * 1024 * 1024).spawn(run).expect("a thread").join().expect("no panic");
    assert!(began.elapsed() < Duration::from_secs(20), "took {:?}", began.elapsed());
    module
}

/// Whoever shows a place slices the text there.
fn lies_in(text: &str, span: Span) {
    assert!(text.get(span.range()).is_some(), "{span:?} is no part of the text");
}

fn messages(module: &Module) -> Vec<&str> {
    module.errors.iter().map(|e| e.message.as_str()).collect()
}

#[test]
fn a_hundred_thousand_parentheses() {
    let module = survives(format!("x = {}1{}\ny = 2\n", "(".repeat(100_000), ")".repeat(100_000)));
    assert_eq!(module.body.len(), 2, "the statement behind is kept");
    assert!(messages(&module).iter().any(|m| m.contains("levels deep")), "{:?}", messages(&module));
}

#[test]
fn a_hundred_thousand_open_parentheses() {
    survives("(".repeat(100_000));
    survives("[{(".repeat(30_000));
    survives("f(".repeat(50_000));
    survives(")".repeat(100_000));
}

#[test]
fn a_sum_of_a_hundred_thousand() {
    let module = survives(format!("x = 1{}\n", "+1".repeat(100_000)));
    let StmtKind::Assign(assign) = &module.body[0].kind else { panic!("{:?}", module.body[0].kind) };
    let mut ones = 0;
    assign.1.each(&mut |e| ones += usize::from(e.kind == ExprKind::Int(1)));
    assert_eq!(ones, 100_001, "a balanced tree loses nothing");
    assert!(module.errors.is_empty());
}

#[test]
fn alternating_operators_cannot_be_balanced() {
    let module = survives(format!("x = 1{}\n", "+1-1".repeat(50_000)));
    assert!(messages(&module)[0].contains("levels deep"));
}

#[test]
fn a_chain_of_fifty_thousand_calls() {
    let module = survives(format!("x{}\n", ".a()".repeat(50_000)));
    assert!(messages(&module)[0].contains("levels deep"));
}

#[test]
fn a_chain_of_a_hundred_and_fifty_calls_is_whole() {
    let module = survives(format!("x{}\n", ".a(b)".repeat(150)));
    assert_eq!(messages(&module), [""; 0]);
}

#[test]
fn deep_blocks_and_long_elif_chains() {
    let nested: String = (0..400).map(|n| format!("{}if x:\n", " ".repeat(n))).collect();
    survives(nested + &" ".repeat(400) + "pass\n");
    let module = survives(format!("if x:\n  pass\n{}y = 1\n", "elif z:\n  pass\n".repeat(5_000)));
    assert_eq!(module.body.len(), 2);
}

#[test]
fn deep_comprehensions_lambdas_and_patterns() {
    survives(format!("{}x\n", "lambda: ".repeat(50_000)));
    survives(format!("{}x\n", "not ".repeat(50_000)));
    survives(format!("{}x\n", "-".repeat(50_000)));
    survives(format!("x = {}1\n", "x if y else ".repeat(20_000)));
    survives(format!("{}1\n", "a = ".repeat(20_000)));
    survives(format!("match x:\n  case {}1{}:\n    pass\n", "[".repeat(5_000), "]".repeat(5_000)));
    survives(format!("x: {}int{}\n", "a[".repeat(5_000), "]".repeat(5_000)));
    survives(format!("x: int{}\n", " | int".repeat(20_000)));
    survives(format!("x = {}1{}\n", "f'{".repeat(2_000), "}'".repeat(2_000)));
}

#[test]
fn an_open_triple_quote_keeps_what_stands_before_it() {
    let module = survives(format!("a = 1\nb = '''\n{}", "SELECT id, name FROM users WHERE id = 1\n".repeat(10_000)));
    assert!(matches!(module.body[0].kind, StmtKind::Assign(_)));
    assert!(matches!(module.body.last().map(|s| &s.kind), Some(StmtKind::Opaque)));
    assert!(messages(&module).contains(&"this triple-quoted string is never closed"));
}

#[test]
fn a_long_flat_file_is_read_whole() {
    let module = survives("users = db.table('users').select('id, name')\n".repeat(4_500));
    assert_eq!(module.body.len(), 4_500);
    let one_line = survives(format!("x = [{}]\n", "'a', ".repeat(40_000)));
    assert!(one_line.errors.is_empty());
}

#[test]
fn too_long_or_too_slow_is_said() {
    assert_eq!(try_parse(&" ".repeat(MAX_BYTES + 1), Duration::from_secs(1)), Err(Refusal::TooLong));
    // What only tree-sitter reads, which is the slower of the two.
    let slow = "match x:\n    case 1:\n        pass\n".repeat(60_000);
    assert_eq!(try_parse(&slow, Duration::ZERO), Err(Refusal::TooSlow));
    assert_eq!(parse("x = 1").body.len(), 1, "the next file starts afresh");
    assert!(messages(&parse(&" ".repeat(MAX_BYTES + 1)))[0].contains("2 MiB"));
}

#[test]
fn random_bytes() {
    // A fixed generator: the same bytes every time.
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let noise: Vec<u8> = (0..100_000).map(|_| u8::try_from(next() % 256).expect("below 256")).collect();
    survives(String::from_utf8_lossy(&noise).into_owned());
    let tokens =
        ["(", ")", "[", "]", "{", "}", "'", "\"", "'''", "f'", "\n", "\n  ", " ", "def ", "class ", "x", ":", "=", ",", "\\", "#", "é", "if ", "*", "\t", "0"];
    for _ in 0..40 {
        let soup: String = (0..2_000).map(|_| tokens[usize::try_from(next() % tokens.len() as u64).expect("small")]).collect();
        survives(soup);
    }
}

#[test]
fn only_the_broken_statement_is_lost() {
    let module = survives("a = 1\nb = = 2\nclass C(Base):\n    x = Column(\n    y = Column()\n\ndef f():\n    return 1\n".to_owned());
    assert!(!module.errors.is_empty());
    assert!(matches!(module.body[0].kind, StmtKind::Assign(_)));
    let module = survives("class C(Base):\n    a = 1\n    b = ) 2\n    c = 3\n\nd = 4\n".to_owned());
    let StmtKind::Class(class) = &module.body[0].kind else { panic!("{:?}", module.body) };
    assert!(class.body.iter().any(|s| s.kind == StmtKind::Opaque), "the class is known to be incomplete");
    assert!(matches!(module.body.last().map(|s| &s.kind), Some(StmtKind::Assign(_))));
}

#[test]
fn real_code_with_random_wounds_keeps_its_places() {
    let source = include_str!("data/python_tree.py");
    let wounds = ["(", ")", "'", "\"\"\"", "\n", "\n        ", "{", "f'", "é", "\\", "class ", ":", "\r"];
    for n in 0..200 {
        let at = (n * 7919) % source.len();
        let end = (at + n % 23).min(source.len());
        survives(format!("{}{}{}", &source[..at], wounds[n % wounds.len()], &source[end..]));
    }
}

#[test]
fn line_ends_of_all_kinds() {
    for end in ["\n", "\r\n", "\r", "\x0c\n"] {
        let module = survives(["def f():", "    return 'a'", "", "x = 1", ""].join(end));
        assert!(!module.body.is_empty(), "{end:?}");
    }
}
