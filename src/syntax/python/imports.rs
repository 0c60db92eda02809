//! The modules that a text imports, without a parser.

use memchr::memmem;
use smallvec::SmallVec;

/// A module as an import names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Imported<'t> {
    /// How many dots stand in front.
    pub level: u32,
    /// The dotted name behind them; empty in `from . import x`.
    pub module: &'t str,
}

/// Every module that a statement of the text imports, or a call of `import_module("…")`, in order. Lines in strings that look like imports count too: for who asks what a
/// text may import that is no harm.
pub fn imports(text: &str) -> impl Iterator<Item = Imported<'_>> {
    memmem::find_iter(text.as_bytes(), "import").flat_map(move |at| of_statement(text, at))
}

/// What the statement imports whose word `import` stands there.
fn of_statement(text: &str, at: usize) -> SmallVec<[Imported<'_>; 2]> {
    let line = text[..at].rfind('\n').map_or(0, |n| n + 1);
    let before = &text[line..at];
    let start = before.rfind([';', ':']).map_or(0, |n| n + 1);
    let (before, behind) = (before[start..].trim_start(), &text[at + "import".len()..]);
    if let Some(rest) = behind.strip_prefix("_module(") {
        let rest = rest.trim_start();
        let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''));
        return quote.and_then(|q| rest[1..].split(q).next()).and_then(dotted).into_iter().collect();
    }
    if let Some(from) = before.strip_prefix("from").filter(|f| f.starts_with([' ', '\t', '.'])) {
        return dotted(from.trim()).into_iter().collect();
    }
    if !before.is_empty() || !behind.starts_with([' ', '\t']) {
        return SmallVec::new();
    }
    let end = behind.find(['\n', '\r', ';', '#']).unwrap_or(behind.len());
    behind[..end].split(',').filter_map(|one| dotted(one.split_whitespace().next()?)).collect()
}

/// A name, if it is one.
fn dotted(text: &str) -> Option<Imported<'_>> {
    let module = text.trim_start_matches(['.', ' ']);
    let level = u32::try_from(text[..text.len() - module.len()].matches('.').count()).ok()?;
    let is_name = module.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '.');
    (is_name && (level > 0 || !module.is_empty())).then_some(Imported { level, module })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<String> {
        imports(text).map(|i| format!("{}{}", ".".repeat(i.level as usize), i.module)).collect()
    }

    #[test]
    fn statements_and_calls_name_modules() {
        assert_eq!(all("import a.b as c, d\nfrom x.y import (\n    z,\n)\n    from . import e\nfrom ..f import g"), ["a.b", "d", "x.y", ".", "..f"]);
        assert_eq!(all("try: import q # r\nexcept: from s import(t)\nx = 1; import u"), ["q", "s", "u"]);
        assert_eq!(all("m = importlib.import_module('v.w')\nn = import_module(\"k\", x)\no = import_module(name)"), ["v.w", "k"]);
        assert_eq!(all("important = 1\n# import\nprint('from here to import there')\nimport\nimport é\r\n"), ["é"]);
    }
}
