//! The one-line SQL inside a lock: columns, domains, foreign keys, indexes, functions. Each has a writer and the reader that takes it back.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::schema::{ArgMode, Argument, Column, Domain, ForeignKey, Function, Generated, Identity, Index, QualifiedName, Returns};

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

fn is_word(b: u8) -> bool {
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

fn strip_word<'a>(text: &'a str, words: &str) -> Option<&'a str> {
    let head = text.get(..words.len())?;
    let rest = &text[words.len()..];
    (head.eq_ignore_ascii_case(words) && !rest.bytes().next().is_some_and(is_word)).then(|| rest.trim_start())
}

/// The type at the start of a column or domain, and what follows it.
fn split_type<'a>(text: &'a str, clauses: &[&str]) -> (&'a str, &'a str) {
    let mut words = Words::new(text);
    while let Some((start, word)) = words.next_word() {
        // The first word is the type itself, whatever it is called.
        if start > 0 && clauses.iter().any(|c| word.eq_ignore_ascii_case(c)) {
            return (text[..start].trim_end(), &text[start..]);
        }
    }
    (text.trim_end(), "")
}

/// Cuts a trailing `not null` off an expression: people write it behind the default too.
fn take_not_null(expression: &str) -> (&str, bool) {
    let Some(head) = expression.len().checked_sub(8).and_then(|n| expression.get(..n)) else { return (expression, false) };
    let tail = &expression[head.len()..];
    let before = head.trim_end();
    if !tail.eq_ignore_ascii_case("not null") || before.len() == head.len() {
        return (expression, false);
    }
    let mut last = "";
    let mut words = Words::new(before);
    while let Some((_, word)) = words.next_word() {
        last = word;
    }
    if before.ends_with(last) && last.eq_ignore_ascii_case("is") { (expression, false) } else { (before, true) }
}

/// Reads `varchar(64) not null default 'x'::text`; says what it could not read.
pub(super) fn read_column(name: &str, text: &str) -> Result<Column, String> {
    let (ty, mut rest) = split_type(text.trim(), &["not", "null", "default", "generated"]);
    if ty.is_empty() {
        return Err(format!("column `{name}` has no type"));
    }
    let mut column = Column::new(name, ty);
    while !rest.is_empty() {
        if let Some(after) = strip_word(rest, "not null") {
            column.not_null = true;
            rest = after;
        } else if let Some(after) = strip_word(rest, "null") {
            rest = after;
        } else if let Some(after) = strip_word(rest, "generated always as identity") {
            column.identity = Some(Identity::Always);
            rest = after;
        } else if let Some(after) = strip_word(rest, "generated by default as identity") {
            column.identity = Some(Identity::ByDefault);
            rest = after;
        } else if let Some(after) = strip_word(rest, "generated always as").filter(|after| after.starts_with('(')) {
            let end = closing(after).ok_or_else(|| format!("column `{name}`: the parenthesis behind `generated always as` does not close"))?;
            let tail = after[end..].trim_start();
            let virtual_tail = strip_word(tail, "virtual");
            let stored = virtual_tail.is_none();
            column.generated = Some(Generated { expression: after[1..end - 1].trim().to_owned(), stored });
            rest = virtual_tail.or_else(|| strip_word(tail, "stored")).unwrap_or(tail);
        } else if let Some(after) = strip_word(rest, "default").filter(|after| !after.is_empty()) {
            let (expression, not_null) = take_not_null(after);
            column.not_null |= not_null;
            column.default = Some(expression.to_owned());
            rest = "";
        } else {
            return Err(format!("column `{name}`: cannot read `{rest}`"));
        }
    }
    Ok(column)
}

/// The line that [`read_column`] reads.
pub(crate) fn column(column: &Column) -> String {
    let mut out = column.ty.clone();
    if column.not_null {
        out.push_str(" not null");
    }
    if let Some(generated) = &column.generated {
        let kind = if generated.stored { "stored" } else { "virtual" };
        let _ = write!(out, " generated always as ({}) {kind}", generated.expression);
    } else if let Some(identity) = column.identity {
        out.push_str(if identity == Identity::Always { " generated always as identity" } else { " generated by default as identity" });
    } else if let Some(default) = &column.default {
        let _ = write!(out, " default {default}");
    }
    out
}

/// Reads `text not null default ''::text constraint c check (value <> '')`.
pub(super) fn read_domain(text: &str) -> Result<Domain, String> {
    let (base, mut rest) = split_type(text.trim(), &["not", "null", "default", "constraint", "check"]);
    if base.is_empty() {
        return Err("the domain has no base type".to_owned());
    }
    let mut domain = Domain { base: base.to_owned(), not_null: false, default: None, checks: BTreeMap::new() };
    while !rest.is_empty() {
        if let Some(after) = strip_word(rest, "not null") {
            domain.not_null = true;
            rest = after;
        } else if let Some(after) = strip_word(rest, "default").filter(|after| !after.is_empty()) {
            let (expression, tail) = split_type(after, &["constraint", "check"]);
            let (expression, not_null) = take_not_null(expression);
            domain.not_null |= not_null;
            domain.default = Some(expression.to_owned());
            rest = tail;
        } else {
            let named = strip_word(rest, "constraint").and_then(take_identifier);
            let (name, after) = named.unwrap_or_else(|| (format!("check{}", domain.checks.len()), rest));
            let body = strip_word(after.trim_start(), "check").filter(|body| body.starts_with('('));
            let end = body.and_then(closing).ok_or_else(|| format!("cannot read `{rest}` of the domain"))?;
            let body = body.unwrap_or_default();
            domain.checks.insert(name, body[1..end - 1].trim().to_owned());
            rest = body[end..].trim_start();
        }
    }
    Ok(domain)
}

/// The line that [`read_domain`] reads.
pub(crate) fn domain(domain: &Domain) -> String {
    let mut out = domain.base.clone();
    if domain.not_null {
        out.push_str(" not null");
    }
    if let Some(default) = &domain.default {
        let _ = write!(out, " default {default}");
    }
    for (name, condition) in &domain.checks {
        let _ = write!(out, " constraint {} check ({condition})", quote(name));
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

/// `schema.name` in SQL's quoting at the start of `text`, and the rest.
fn take_qualified(text: &str) -> Option<(QualifiedName, &str)> {
    let (schema, rest) = take_identifier(text)?;
    let (name, rest) = take_identifier(rest.strip_prefix('.')?)?;
    Some((QualifiedName::new(schema, name), rest))
}

/// `(a, "B")` at the start of `text`, and the rest.
fn take_columns(text: &str) -> Option<(Vec<String>, &str)> {
    let end = closing(text).filter(|_| text.starts_with('('))?;
    let columns = split_commas(&text[1..end - 1]).into_iter().map(|part| take_identifier(part).filter(|(_, rest)| rest.is_empty()).map(|(name, _)| name));
    Some((columns.collect::<Option<_>>()?, text[end..].trim_start()))
}

/// Reads `(a) references public.t (id) on delete cascade`.
pub(super) fn read_foreign_key(name: &str, text: &str) -> Option<ForeignKey> {
    let (columns, rest) = take_columns(text.trim())?;
    let (target, rest) = take_qualified(strip_word(rest, "references")?)?;
    let (target_columns, actions) = take_columns(rest.trim_start())?;
    Some(ForeignKey { name: name.to_owned(), columns, target, target_columns, actions: actions.to_owned() })
}

/// The line that [`read_foreign_key`] reads.
pub(crate) fn foreign_key(key: &ForeignKey) -> String {
    let space = if key.actions.is_empty() { "" } else { " " };
    let target = format!("{}.{}", quote(&key.target.schema), quote(&key.target.name));
    format!("({}) references {target} ({}){space}{}", quote_all(&key.columns), quote_all(&key.target_columns), key.actions)
}

fn quote_all(names: &[String]) -> String {
    names.iter().map(|n| quote(n)).collect::<Vec<_>>().join(", ")
}

/// Reads `unique btree (lower(email), id desc) where (active)`.
pub(crate) fn read_index(name: &str, text: &str) -> Option<Index> {
    let text = text.trim();
    let (unique, definition) = strip_word(text, "unique").filter(|rest| !rest.starts_with('(')).map_or((false, text), |rest| (true, rest));
    let open = definition.find('(')?;
    let end = open + closing(&definition[open..])?;
    let keys = split_commas(&definition[open + 1..end - 1]).into_iter().map(index_key).collect();
    let mut words = Words::new(&definition[end..]);
    let mut partial = false;
    while let Some((_, word)) = words.next_word() {
        partial |= word.eq_ignore_ascii_case("where");
    }
    Some(Index { name: name.to_owned(), unique, definition: definition.to_owned(), keys, partial })
}

/// The column a key of an index names, if it is no expression; what follows (operator class, order) does not matter here.
fn index_key(text: &str) -> Option<String> {
    let (name, rest) = take_identifier(text)?;
    (rest.is_empty() || rest.starts_with(' ')).then_some(name)
}

/// The line that [`read_index`] reads.
pub(super) fn index(index: &Index) -> String {
    if index.unique { format!("unique {}", index.definition) } else { index.definition.clone() }
}

/// Reads a function's key and value: `public.f(query text, n integer default 10)` and `table(id bigint)`.
pub(super) fn read_function(key: &str, returns: &str) -> Option<(QualifiedName, Function)> {
    let (schema, rest) = schema_part(key)?;
    let quoted = rest.starts_with('"').then(|| take_identifier(rest)).flatten().filter(|(_, after)| after.starts_with('('));
    let (name, arguments) = match quoted {
        Some((name, after)) => (name, after),
        None => rest.find('(').map(|n| (rest[..n].to_owned(), &rest[n..]))?,
    };
    let inner = arguments.strip_prefix('(')?.strip_suffix(')')?;
    let arguments = split_commas(inner).into_iter().map(read_argument).collect::<Option<_>>()?;
    Some((QualifiedName::new(schema, name), Function { arguments, returns: read_returns(returns.trim())?, at: None }))
}

/// The schema before the first dot, and what follows it. A schema that has a dot itself is quoted.
pub(super) fn schema_part(key: &str) -> Option<(String, &str)> {
    if key.starts_with('"')
        && let Some((schema, rest)) = take_identifier(key)
        && let Some(rest) = rest.strip_prefix('.')
    {
        return Some((schema, rest));
    }
    let (schema, rest) = key.split_once('.')?;
    (!schema.is_empty() && !rest.is_empty()).then(|| (schema.to_owned(), rest))
}

/// The key that [`schema_part`] takes apart.
pub(super) fn relation_key(name: &QualifiedName) -> String {
    if name.schema.contains(['.', '"']) { format!("\"{}\".{}", name.schema.replace('"', "\"\""), name.name) } else { name.to_string() }
}

/// Reads one argument as `pg_get_function_arguments` prints it: `[in|out|inout|variadic] [name] type [default expression]`.
pub(crate) fn read_argument(text: &str) -> Option<Argument> {
    let modes = [("inout", ArgMode::InOut), ("in", ArgMode::In), ("out", ArgMode::Out), ("variadic", ArgMode::Variadic)];
    let found = modes.into_iter().find_map(|(word, mode)| strip_word(text, word).filter(|rest| !rest.is_empty()).map(|rest| (mode, rest)));
    let (mode, text) = found.unwrap_or((ArgMode::In, text));
    let (head, tail) = split_type(text, &["default"]);
    let (head, default) = match (strip_word(tail, "default"), head.split_once(" = ")) {
        (Some(default), _) => (head, Some(default.to_owned())),
        (None, Some((head, default))) => (head.trim_end(), Some(default.trim().to_owned())),
        (None, None) => (head, None),
    };
    let (name, ty) = match take_identifier(head) {
        Some((name, rest)) if rest.starts_with(' ') && !is_type_phrase(head) => (Some(name), rest.trim_start()),
        _ => (None, head),
    };
    (!ty.is_empty()).then(|| Argument { name, ty: ty.to_owned(), mode, default })
}

/// Whether `text` as a whole is one of the types whose name has more than one word.
fn is_type_phrase(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let base = lower.split(['(', '[']).next().unwrap_or_default().trim_end();
    let zoned = || {
        let rest = lower.strip_prefix("timestamp").or_else(|| lower.strip_prefix("time"))?.trim_start();
        let rest = if rest.starts_with('(') { rest[closing(rest)?..].trim_start() } else { rest };
        Some(rest.starts_with("with time zone") || rest.starts_with("without time zone"))
    };
    matches!(base, "double precision" | "character varying" | "bit varying" | "national character" | "national character varying")
        || zoned().unwrap_or(false)
        || lower
            .strip_prefix("interval ")
            .is_some_and(|rest| matches!(rest.split([' ', '(']).next(), Some("year" | "month" | "day" | "hour" | "minute" | "second")))
}

fn read_returns(text: &str) -> Option<Returns> {
    if text.is_empty() || text.eq_ignore_ascii_case("procedure") || text == "None" || text == "null" {
        return Some(Returns::Nothing);
    }
    if let Some(rest) = strip_word(text, "setof") {
        return Some(Returns::SetOf(rest.to_owned()));
    }
    let Some(columns) = strip_word(text, "table").filter(|rest| rest.starts_with('(')) else { return Some(Returns::One(text.to_owned())) };
    let inner = columns.strip_prefix('(')?.strip_suffix(')')?;
    let column = |part: &str| take_identifier(part).map(|(name, ty)| (name, ty.trim_start().to_owned())).filter(|(_, ty)| !ty.is_empty());
    Some(Returns::Table(split_commas(inner).into_iter().map(column).collect::<Option<_>>()?))
}

/// The key and the value that [`read_function`] reads.
pub(crate) fn function(name: &QualifiedName, function: &Function) -> (String, String) {
    let odd = name.name.contains(['(', '"']);
    let schema = if name.schema.contains(['.', '"']) { quote(&name.schema) } else { name.schema.clone() };
    let base = if odd { format!("{schema}.\"{}\"", name.name.replace('"', "\"\"")) } else { format!("{schema}.{}", name.name) };
    let arguments = function.arguments.iter().map(argument).collect::<Vec<_>>().join(", ");
    let returns = match &function.returns {
        Returns::One(ty) => ty.clone(),
        Returns::SetOf(ty) => format!("setof {ty}"),
        Returns::Table(columns) => format!("table({})", columns.iter().map(|(name, ty)| format!("{} {ty}", quote(name))).collect::<Vec<_>>().join(", ")),
        Returns::Nothing => "procedure".to_owned(),
    };
    (format!("{base}({arguments})"), returns)
}

/// One argument as [`read_argument`] reads it.
pub(crate) fn argument(argument: &Argument) -> String {
    let mode = match argument.mode {
        ArgMode::In => "",
        ArgMode::Out => "out ",
        ArgMode::InOut => "inout ",
        ArgMode::Variadic => "variadic ",
    };
    let name = argument.name.as_ref().map(|n| quote(n) + " ").unwrap_or_default();
    let default = argument.default.as_ref().map(|d| format!(" default {d}")).unwrap_or_default();
    format!("{mode}{name}{}{default}", argument.ty)
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
