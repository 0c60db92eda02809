//! Text to tree: one parser a thread, within a budget of time and size.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use tree_sitter::{ParseOptions, Parser, Point, Range, Tree};

use super::lower::Lowerer;
use super::{Module, SyntaxError, scan};
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
