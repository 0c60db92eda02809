//! Text to tree: one parser a thread, within a budget of time and size.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use tree_sitter::{ParseOptions, Parser, Point, Range, Tree};

use super::lower::Lowerer;
use super::{Module, SyntaxError, Words, patch, quick, scan};
use crate::source::Span;

/// Longer files are not parsed: generated data, and the parser's error recovery is slower than linear.
pub const MAX_BYTES: usize = 2 * 1024 * 1024;

/// How long one file may take.
pub const BUDGET: Duration = Duration::from_secs(2);

/// Why a file has no tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Longer than [`MAX_BYTES`].
    TooLong,
    /// Took longer than the budget.
    TooSlow,
}

impl Refusal {
    /// One line, for people.
    pub fn message(self) -> &'static str {
        match self {
            Refusal::TooLong => "the file is longer than 2 MiB",
            Refusal::TooSlow => "parsing took longer than 2 s",
        }
    }
}

/// The tree of a file. A file that is refused gives an empty tree with one error.
pub fn parse(text: &str) -> Module {
    try_parse(text, BUDGET)
        .unwrap_or_else(|refusal| Module { errors: vec![SyntaxError { span: Span::new(0, 0), message: refusal.message().to_owned() }], ..Module::default() })
}

/// The tree of a file, or why there is none.
///
/// # Errors
/// When the text is longer than [`MAX_BYTES`] or parsing takes longer than `budget`.
pub fn try_parse(text: &str, budget: Duration) -> Result<Module, Refusal> {
    if text.len() > MAX_BYTES {
        return Err(Refusal::TooLong);
    }
    let quick = if is_slow() { None } else { quick::parse(text) };
    let module = quick.map_or_else(|| try_parse_slowly(text, budget), Ok)?;
    Ok(Module { words: Words::of(text), ..module })
}

/// The same of a text that someone is typing into: where a part of it is broken for the moment, that part is parsed by itself.
///
/// # Errors
/// As [`try_parse`].
pub fn try_parse_typed(text: &str, budget: Duration) -> Result<Module, Refusal> {
    if text.len() > MAX_BYTES || is_slow() {
        return try_parse(text, budget);
    }
    let module = match quick::attempt(text) {
        Some(Ok(module)) => module,
        Some(Err(at)) => patch::parse(text, at).map_or_else(|| try_parse_slowly(text, budget), Ok)?,
        None => try_parse_slowly(text, budget)?,
    };
    Ok(Module { words: Words::of(text), ..module })
}

/// Whether shortcuts are to be left alone: `DBTRUTH_SLOW=1` in the environment, for comparing.
pub fn is_slow() -> bool {
    static SLOW: std::sync::LazyLock<bool> = std::sync::LazyLock::new(|| std::env::var_os("DBTRUTH_SLOW").is_some_and(|v| v != "0"));
    *SLOW
}

fn try_parse_slowly(text: &str, budget: Duration) -> Result<Module, Refusal> {
    // An open triple quote would throw the parser into minutes of error recovery. What stands before it is parsed by itself.
    let open = scan::unterminated_triple_quote(text);
    let sound = &text[..open.map_or(text.len(), |at| scan::line_start(text, at))];
    let tree = tree(sound, &[], budget).ok_or(Refusal::TooSlow)?;
    let mut module = Lowerer::new(sound, &tree).module();
    if let Some(at) = open {
        module.errors.push(SyntaxError { span: Span::new(at, at + 3), message: "this triple-quoted string is never closed".to_owned() });
        module.body.push(super::Stmt { span: Span::new(sound.len(), text.len()), kind: super::StmtKind::Opaque });
    }
    Ok(module)
}

/// The tree of a part of `text`, with places in the whole; `None` when it is refused.
pub fn parse_part(text: &str, part: Span) -> Option<Module> {
    let code = text.get(part.range()).filter(|code| code.len() <= MAX_BYTES)?;
    if scan::unterminated_triple_quote(code).is_some() {
        return None;
    }
    // Nothing reads these rows and columns; they only have to be in order.
    let (start_point, end_point) = (Point::new(0, 0), Point::new(usize::MAX, 0));
    let range = Range { start_byte: part.start as usize, end_byte: part.end as usize, start_point, end_point };
    let tree = tree(text, &[range], BUDGET)?;
    Some(Lowerer::new(text, &tree).module())
}

thread_local! {
    static PARSER: RefCell<Option<Parser>> = const { RefCell::new(None) };
}

/// `parts` are the ranges to parse; none means all.
fn tree(text: &str, parts: &[Range], budget: Duration) -> Option<Tree> {
    PARSER.with_borrow_mut(|slot| {
        let parser = slot.get_or_insert_with(|| {
            let mut parser = Parser::new();
            parser.set_language(&tree_sitter_python::LANGUAGE.into()).expect("grammar and library are built for each other");
            parser
        });
        if parser.set_included_ranges(parts).is_err() {
            return None;
        }
        let deadline = Instant::now() + budget;
        let mut watch = |_: &tree_sitter::ParseState| if Instant::now() > deadline { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
        let bytes = text.as_bytes();
        let mut read = |at: usize, _| bytes.get(at..).unwrap_or_default();
        let tree = parser.parse_with_options(&mut read, None, Some(ParseOptions::new().progress_callback(&mut watch)));
        if tree.is_none() {
            // Otherwise the next file would continue this one.
            parser.reset();
        }
        tree
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both ways to a tree, over the modules of the interpreter's library or `DBTRUTH_PYTHON_TREE`.
    #[test]
    fn the_quick_way_gives_the_same_tree() {
        let root = std::env::var("DBTRUTH_PYTHON_TREE").unwrap_or_else(|_| {
            let out = std::process::Command::new("python3").args(["-c", "import os; print(os.path.dirname(os.__file__))"]).output().expect("python3 runs");
            String::from_utf8(out.stdout).expect("a path").trim().to_owned()
        });
        let deep = std::env::var_os("DBTRUTH_PYTHON_TREE").is_some();
        let walk = ignore::WalkBuilder::new(root).standard_filters(false).max_depth(if deep { None } else { Some(1) }).build();
        let (mut files, mut refused, mut wrong) = (0, 0, Vec::new());
        for entry in walk.filter_map(Result::ok).filter(|e| e.path().extension().is_some_and(|x| x == "py")) {
            let Ok(text) = std::fs::read_to_string(entry.path()) else { continue };
            files += 1;
            let Some(quick) = quick::parse(&text) else {
                refused += 1;
                if std::env::var_os("DBTRUTH_SHOW_REFUSED").is_some() {
                    println!("refused {}", entry.path().display());
                }
                continue;
            };
            let slow = try_parse_slowly(&text, BUDGET).expect("parsed");
            if let Some(difference) = difference(&quick, &slow) {
                wrong.push(format!("{}: {difference}", entry.path().display()));
            }
        }
        println!("{files} files, {refused} refused, {} different", wrong.len());
        assert!(files > 100 && refused * 10 < files, "{refused} of {files} refused");
        assert!(wrong.is_empty(), "{}", wrong.iter().take(20).cloned().collect::<Vec<_>>().join("\n"));
    }

    /// Code with a piece taken out is refused by the quick way, or still gives the slow way's tree.
    #[test]
    fn broken_code_gives_the_same_tree_or_none() {
        let out = std::process::Command::new("python3").args(["-c", "import os; print(os.path.dirname(os.__file__))"]).output().expect("python3 runs");
        let root = String::from_utf8(out.stdout).expect("a path");
        let mut names: Vec<_> = std::fs::read_dir(root.trim()).expect("readable").filter_map(Result::ok).map(|e| e.path()).collect();
        names.retain(|p| p.extension().is_some_and(|x| x == "py"));
        names.sort();
        let (mut tried, mut accepted, mut wrong) = (0, 0, Vec::new());
        let mut random = 0x2545_f491_4f6c_dd1d_u64;
        for name in names.iter().take(80) {
            let Ok(text) = std::fs::read_to_string(name) else { continue };
            for chunk in text.split("\n\n\n").filter(|c| c.len() < 1200 && c.is_ascii()).take(12) {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let at = usize::try_from(random >> 33).unwrap_or(0) % chunk.len().max(1);
                let len = 1 + usize::try_from(random >> 61).unwrap_or(0);
                let broken = format!("{}{}", &chunk[..at], chunk.get(at + len..).unwrap_or(""));
                tried += 1;
                let Some(quick) = quick::parse(&broken) else { continue };
                accepted += 1;
                if let Some(difference) = difference(&quick, &try_parse_slowly(&broken, BUDGET).expect("parsed")) {
                    wrong.push(format!("{broken}\n{difference}"));
                }
            }
        }
        println!("{tried} tried, {accepted} accepted, {} different", wrong.len());
        assert!(tried > 200, "{tried}");
        assert!(wrong.is_empty(), "{}", wrong.iter().take(5).cloned().collect::<Vec<_>>().join("\n----\n"));
    }

    #[test]
    fn a_power_in_brackets_is_read_in_one_pass() {
        for code in ["x = 2 ** (a - b)\n", "x = 10 ** ((a) - b) - 1\n", "x = 2 ** (a ** b)\n", "x = (2 ** (a)) ** (b or c)\n", "x = f(2 ** ( # why\n a + 1))\n"]
        {
            let quick = quick::parse(code).expect(code);
            assert_eq!(difference(&quick, &try_parse_slowly(code, BUDGET).expect("parsed")), None, "{code}");
        }
        for code in ["x = a ** b ** c\n", "x = a ** (b) ** c\n", "x = a ** (b - d) ** (c)\n"] {
            assert_eq!(quick::parse(code), None, "{code}");
        }
    }

    #[test]
    fn what_nests_without_end_is_left_to_the_slow_way() {
        for (open, close) in
            [("(", ")"), ("[", "]"), ("f(", ")"), ("not ", ""), ("-", ""), ("lambda: ", ""), ("a if b else ", ""), ("await ", ""), ("{1: ", "}")]
        {
            let deep = format!("x = {}a{}\n", open.repeat(5_000), close.repeat(5_000));
            assert_eq!(quick::parse(&deep), None, "{open}");
        }
        let blocks: String = (0..2_000).map(|n| format!("{}if x:\n", " ".repeat(n))).collect();
        assert_eq!(quick::parse(&format!("{blocks}{}pass\n", " ".repeat(2_000))), None);
    }

    /// The first statement that differs.
    fn difference(a: &Module, b: &Module) -> Option<String> {
        if a == b {
            return None;
        }
        let (a, b) = (format!("{a:#?}"), format!("{b:#?}"));
        let (a, b): (Vec<&str>, Vec<&str>) = (a.lines().collect(), b.lines().collect());
        let at = a.iter().zip(&b).position(|(x, y)| x != y).unwrap_or(a.len().min(b.len()));
        let part = |l: &[&str]| l[at.saturating_sub(4).min(l.len())..(at + 4).min(l.len())].iter().map(|x| x.trim()).collect::<Vec<_>>().join(" ");
        Some(format!("quick {} | slow {}", part(&a), part(&b)))
    }
}
