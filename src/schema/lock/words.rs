//! Looking into SQL text without parsing it: words, names and brackets outside quotes.

/// The words of an SQL fragment that stand outside quotes, parentheses and brackets.
pub(crate) struct Words<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Words<'a> {
    /// From the beginning of `text`.
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// The next word, with the byte at which it begins. Quoted names and literals are no words.
    pub(crate) fn next_word(&mut self) -> Option<(usize, &'a str)> {
        let bytes = self.text.as_bytes();
        let mut depth = 0usize;
        while let Some(&b) = bytes.get(self.at) {
            if is_word(b) {
                let start = self.at;
                self.at += bytes[start..].iter().take_while(|b| is_word(**b)).count();
                let word = &self.text[start..self.at];
                if word.eq_ignore_ascii_case("e") && bytes.get(self.at) == Some(&b'\'') {
                    self.at = end_of_quote(bytes, self.at, true);
                } else if depth == 0 {
                    return Some((start, word));
                }
                continue;
            }
            match b {
                b'\'' | b'"' => {
                    self.at = end_of_quote(bytes, self.at, false);
                    continue;
                }
                b'(' | b'[' => depth += 1,
                b')' | b']' => depth = depth.saturating_sub(1),
                _ => {}
            }
            self.at += 1;
        }
        None
    }
}

pub(super) fn is_word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_' || b == b'$' || b >= 0x80
}

/// The byte behind the quoted token that opens at `at`.
fn end_of_quote(bytes: &[u8], at: usize, backslash: bool) -> usize {
    let quote = bytes[at];
    let mut n = at + 1;
    while n < bytes.len() {
        if backslash && bytes[n] == b'\\' {
            n += 1;
        } else if bytes[n] == quote {
            if bytes.get(n + 1) != Some(&quote) {
                return n + 1;
            }
            n += 1;
        }
        n += 1;
    }
    bytes.len()
}

/// The byte behind the bracket that closes the one at the start of `text`.
pub(crate) fn closing(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut depth = 0usize;
    let mut n = 0;
    while n < bytes.len() {
        match bytes[n] {
            b'\'' => {
                let escapes = n > 0 && matches!(bytes[n - 1], b'e' | b'E') && (n < 2 || !is_word(bytes[n - 2]));
                n = end_of_quote(bytes, n, escapes);
                continue;
            }
            b'"' => {
                n = end_of_quote(bytes, n, false);
                continue;
            }
            b'(' | b'[' => depth += 1,
            b')' | b']' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(n + 1);
                }
            }
            _ => {}
        }
        n += 1;
    }
    None
}

/// The parts of `text` between commas that stand outside quotes and parentheses, trimmed.
pub(crate) fn split_commas(text: &str) -> Vec<&str> {
    let bytes = text.as_bytes();
    let (mut out, mut from, mut n, mut depth) = (Vec::new(), 0, 0, 0usize);
    while n < bytes.len() {
        match bytes[n] {
            b'\'' | b'"' => {
                n = end_of_quote(bytes, n, false);
                continue;
            }
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                out.push(text[from..n].trim());
                from = n + 1;
            }
            _ => {}
        }
        n += 1;
    }
    if !text[from..].trim().is_empty() {
        out.push(text[from..].trim());
    }
    out
}

/// An identifier at the start of `text` (quotes removed, case kept), and the rest.
pub(crate) fn take_identifier(text: &str) -> Option<(String, &str)> {
    let bytes = text.as_bytes();
    if bytes.first() == Some(&b'"') {
        let end = end_of_quote(bytes, 0, false);
        let inner = text.get(1..end - 1).filter(|_| end > 2 && bytes[end - 1] == b'"')?;
        return Some((inner.replace("\"\"", "\""), &text[end..]));
    }
    let end = bytes.iter().take_while(|b| is_word(**b)).count();
    (end > 0).then(|| (text[..end].to_owned(), &text[end..]))
}

/// A name as SQL writes it: bare where PostgreSQL would fold it to itself and it is no keyword, else in quotes.
pub fn quote(name: &str) -> String {
    let simple = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'$';
    let head = |b: &u8| b.is_ascii_lowercase() || *b == b'_';
    if name.bytes().all(simple) && name.as_bytes().first().is_some_and(head) && RESERVED.binary_search(&name).is_err() {
        name.to_owned()
    } else {
        format!("\"{}\"", name.replace('"', "\"\""))
    }
}

/// PostgreSQL's keywords of every class but "unreserved" (`pg_get_keywords()` of version 15): `quote_identifier` in its `ruleutils.c` quotes these.
/// One fixed list whatever the server's version, so that the lock does not depend on it.
const RESERVED: [&str; 151] = [
    "all",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "asymmetric",
    "authorization",
    "between",
    "bigint",
    "binary",
    "bit",
    "boolean",
    "both",
    "case",
    "cast",
    "char",
    "character",
    "check",
    "coalesce",
    "collate",
    "collation",
    "column",
    "concurrently",
    "constraint",
    "create",
    "cross",
    "current_catalog",
    "current_date",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "dec",
    "decimal",
    "default",
    "deferrable",
    "desc",
    "distinct",
    "do",
    "else",
    "end",
    "except",
    "exists",
    "extract",
    "false",
    "fetch",
    "float",
    "for",
    "foreign",
    "freeze",
    "from",
    "full",
    "grant",
    "greatest",
    "group",
    "grouping",
    "having",
    "ilike",
    "in",
    "initially",
    "inner",
    "inout",
    "int",
    "integer",
    "intersect",
    "interval",
    "into",
    "is",
    "isnull",
    "join",
    "lateral",
    "leading",
    "least",
    "left",
    "like",
    "limit",
    "localtime",
    "localtimestamp",
    "national",
    "natural",
    "nchar",
    "none",
    "normalize",
    "not",
    "notnull",
    "null",
    "nullif",
    "numeric",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "out",
    "outer",
    "overlaps",
    "overlay",
    "placing",
    "position",
    "precision",
    "primary",
    "real",
    "references",
    "returning",
    "right",
    "row",
    "select",
    "session_user",
    "setof",
    "similar",
    "smallint",
    "some",
    "substring",
    "symmetric",
    "table",
    "tablesample",
    "then",
    "time",
    "timestamp",
    "to",
    "trailing",
    "treat",
    "trim",
    "true",
    "union",
    "unique",
    "user",
    "using",
    "values",
    "varchar",
    "variadic",
    "verbose",
    "when",
    "where",
    "window",
    "with",
    "xmlattributes",
    "xmlconcat",
    "xmlelement",
    "xmlexists",
    "xmlforest",
    "xmlnamespaces",
    "xmlparse",
    "xmlpi",
    "xmlroot",
    "xmlserialize",
    "xmltable",
];
