//! Relations named in strings: `'public.orders'::regclass`.

use crate::symbol::Symbol;

use super::resolve::Resolver;
use crate::diagnostic::Access;
use crate::source::Span;
use crate::syntax::sql::ast::{Ident, ObjectName};

impl Resolver<'_> {
    /// A constant that names a relation, an index or a sequence as `regclassin` reads it. At most doubted: a lock has neither partitions nor all sequences.
    pub(super) fn regclass(&mut self, text: &str, span: Span) {
        // with an escape in it nobody knows here which byte is which
        let plain = self.template.text().get(span.range()).is_some_and(|written| written.strip_prefix('\'').and_then(|w| w.strip_suffix('\'')) == Some(text));
        let parts = parts(text);
        let (Some((name, at)), true) = (parts.last(), plain) else { return };
        if parts.len() > 2 || name.is_empty() || name.contains("seq") || name.contains(crate::syntax::sql::template::HOLE) || !is_name(text) {
            return;
        }
        let start = span.start + 1;
        let ident = |(name, at): &(String, std::ops::Range<u32>)| Ident {
            name: Symbol::from(name),
            span: Span { start: start + at.start, end: start + at.end },
            quoted: false,
        };
        let object =
            ObjectName { name: ident(&(name.clone(), at.clone())), schema: (parts.len() == 2).then(|| ident(&parts[0])), ..ObjectName::bare(ident(&parts[0])) };
        let before = self.problems.len();
        self.find_relation(&object, Access::Read);
        self.problems.iter_mut().skip(before).for_each(|p| p.doubtful = true);
    }
}

/// Not an OID, a `-`, or something to be put in.
fn is_name(text: &str) -> bool {
    text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '"' | '$' | ' ')) && !text.starts_with(|c: char| c.is_ascii_digit() || c == '$')
}

/// The parts of a dotted name, folded as identifiers are, each with its bytes.
fn parts(text: &str) -> Vec<(String, std::ops::Range<u32>)> {
    let mut out = Vec::new();
    let (mut name, mut quoted, mut start) = (String::new(), false, 0);
    for (at, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '.' if !quoted => {
                out.push((std::mem::take(&mut name), start..offset(at)));
                start = offset(at + 1);
            }
            c if quoted => name.push(c),
            c => name.extend(c.to_lowercase()),
        }
    }
    out.push((name, start..offset(text.len())));
    out
}

fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
