//! The tree of a text that someone is typing into: the function that is broken for the moment is parsed by itself, with the patience that takes, and all around it
//! quickly. For answers at once; a whole parse, which may see the broken place in another light, follows.

use super::ast::{Body, Module, Stmt, StmtKind};
use super::parse::parse_part;
use super::quick;
use crate::source::Span;

/// What stands in for the broken part while the rest is read.
const FILLER: &[u8] = b"pass";

/// The tree of a text of which one function or one statement at the top is broken; `None` where that is not so. `at` is the byte where the quick parser stumbled.
pub(super) fn parse(text: &str, at: usize) -> Option<Module> {
    let near = block(text, at)?;
    // An open bracket is only noticed where the next definition begins.
    let before = text.get(..near.start as usize)?.rfind('\n').and_then(|end| block(text, end));
    [Some(near), before].into_iter().flatten().find_map(|part| around(text, part))
}

fn around(text: &str, part: Span) -> Option<Module> {
    let mut rest = text.as_bytes().to_vec();
    let hole = rest.get_mut(part.range()).filter(|hole| hole.len() >= FILLER.len())?;
    hole.iter_mut().filter(|b| !matches!(**b, b'\n' | b'\r')).for_each(|b| *b = b' ');
    hole[..FILLER.len()].copy_from_slice(FILLER);
    let mut module = quick::parse(std::str::from_utf8(&rest).ok()?)?;
    let broken = parse_part(text, part)?;
    fill(&mut module.body, part.start, broken.body)?;
    module.errors.extend(broken.errors);
    Some(module)
}

/// Puts statements in the place of the filler.
fn fill(body: &mut Body, at: u32, statements: Body) -> Option<()> {
    let n = body.partition_point(|s| s.span.start <= at).checked_sub(1)?;
    let Stmt { span, kind } = &mut body[n];
    match kind {
        StmtKind::Nothing if span.start == at => {
            body.splice(n..=n, statements);
            Some(())
        }
        StmtKind::Class(class) => {
            fill(&mut class.body, at, statements)?;
            // It ends where its last statement ends.
            if let Some(last) = class.body.last() {
                span.end = last.span.end;
            }
            Some(())
        }
        _ => None,
    }
}

/// The definition of a function, at the top or in a class, or the statement at the top around a byte; without the blanks in front of it.
fn block(text: &str, at: usize) -> Option<Span> {
    let starts: Vec<usize> = std::iter::once(0).chain(memchr::memchr_iter(b'\n', text.as_bytes()).map(|n| n + 1)).collect();
    let line = |n: usize| text.get(starts[n]..starts.get(n + 1).copied().unwrap_or(text.len())).unwrap_or("").trim_end();
    let indent = |n: usize| line(n).len() - line(n).trim_start().len();
    let says_something = |n: usize| !line(n).is_empty() && !line(n).trim_start().starts_with('#');
    let here = starts.partition_point(|s| *s <= at).checked_sub(1)?;
    // Up to the first line that is not inside of anything but a class.
    let mut first = here;
    let mut margin = usize::MAX;
    loop {
        if says_something(first) && indent(first) < margin {
            margin = indent(first);
            let begins = line(first).trim_start();
            let is_function = begins.starts_with("def ") || begins.starts_with("async def ");
            if margin == 0 || is_function && in_classes_only((0..first).rev().filter(|n| says_something(*n)).map(|n| (indent(n), line(n))), margin) {
                break;
            }
        }
        first = first.checked_sub(1)?;
    }
    while first > 0 && indent(first - 1) == margin && line(first - 1).trim_start().starts_with('@') {
        first -= 1;
    }
    let ends = |n: usize| says_something(n) && indent(n) <= margin && !line(n).trim_start().starts_with([')', ']', '}']);
    let end = (here.max(first) + 1..starts.len()).find(|n| ends(*n)).map_or(text.len(), |n| starts[n]);
    Some(Span::new(starts[first] + margin, end))
}

/// Whether the lines above (nearest first, with their indents) put something at that indent into classes and nothing else.
fn in_classes_only<'t>(above: impl Iterator<Item = (usize, &'t str)>, mut margin: usize) -> bool {
    for (indent, line) in above {
        if margin == 0 {
            break;
        }
        if indent < margin {
            if !line.trim_start().starts_with("class ") {
                return false;
            }
            margin = indent;
        }
    }
    margin == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::python;

    const TEXT: &str = "import a\n\n\nclass C(B):\n    x = 1\n\n    @p\n    def f(self):\n        if self.x:\n            return a.b('é')\n\n    async def g(self):\n        pass\n\n\ndef h():\n    return 2\n\n\ny = h()\n";

    fn parse(text: &str) -> Option<Module> {
        super::parse(text, quick::attempt(text)?.err()?)
    }

    #[test]
    fn around_a_sound_part_nothing_is_another() {
        let whole = python::parse(TEXT);
        for at in 0..TEXT.len() {
            let part = block(TEXT, at).expect("a block");
            let made = around(TEXT, part).unwrap_or_else(|| panic!("{at}: {:?}", &TEXT[part.range()]));
            assert_eq!(made, whole, "{at}: {:?}", &TEXT[part.range()]);
        }
    }

    #[test]
    fn a_broken_function_is_parsed_by_itself() {
        for (broken, whole) in
            [("return a.b('é')", "return a.b('é'"), ("return 2", "return 2 +"), ("y = h()", "y = = h()"), ("if self.x:", "if self.:"), ("def h():", "def h(:")]
        {
            let text = TEXT.replace(broken, whole);
            let made = parse(&text).unwrap_or_else(|| panic!("{whole}"));
            assert!(!made.errors.is_empty(), "{whole}");
            let names = |m: &Module| m.body.iter().map(|s| std::mem::discriminant(&s.kind)).collect::<Vec<_>>();
            assert_eq!(names(&made)[..2], names(&python::parse(TEXT))[..2], "{whole}");
        }
        assert_eq!(parse(TEXT), None, "nothing is broken");
        assert_eq!(parse("x = '''\ndef f(:\n"), None, "an open string may be anything");
    }
}
