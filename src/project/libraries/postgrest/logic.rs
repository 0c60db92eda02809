//! The grammar of PostgREST's `or=` and `and=` parameters: `a.eq.1,and(b.gt.2,c.not.is.null)`. Pure: text in, column names with their bytes out.

use super::select::Name;

/// The columns that the conditions name, JSON paths cut off.
pub fn columns(text: &str) -> Vec<Name> {
    let (mut found, mut start) = (Vec::new(), 0);
    // What stands around a condition: `Group` for a logical parenthesis, `Value` for a list of values or a quoted text.
    let mut around: Vec<Around> = Vec::new();
    let mut quoted = false;
    for (at, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' | '{' => {
                let word = text[start..at].trim();
                let group = c == '(' && !around.contains(&Around::Value) && (word.is_empty() || is_logic(word));
                around.push(if group { Around::Group } else { Around::Value });
                if group {
                    start = at + 1;
                }
            }
            ')' | '}' => {
                if around.pop() == Some(Around::Group) {
                    found.extend(condition(text, start, at));
                    start = at + 1;
                }
            }
            ',' if !around.contains(&Around::Value) => {
                found.extend(condition(text, start, at));
                start = at + 1;
            }
            _ => {}
        }
    }
    found.extend(condition(text, start, text.len()));
    found
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Around {
    Group,
    Value,
}

/// `and`, `or`, `not.and`, `embed.or`…
fn is_logic(word: &str) -> bool {
    matches!(word.rsplit('.').next(), Some("and" | "or"))
}

/// The column of one condition: everything before the operator, which may stand behind `not.`.
fn condition(text: &str, start: usize, end: usize) -> Option<Name> {
    let whole = &text[start..end];
    let trimmed = whole.trim_start();
    let start = start + whole.len() - trimmed.len();
    let mut at = 0;
    while let Some(dot) = trimmed[at..].find('.').map(|n| at + n) {
        let rest = &trimmed[dot + 1..];
        let rest = rest.strip_prefix("not.").unwrap_or(rest);
        let operator = rest.split(['.', '(']).next().unwrap_or_default();
        if OPERATORS.contains(&operator) {
            let name = &trimmed[..dot];
            // A quoted name; a JSON path behind it.
            let name = name.split("->").next().unwrap_or_default();
            let (from, name) = name.strip_prefix('"').map_or((0, name), |n| (1, n.trim_end_matches('"')));
            return (!name.is_empty()).then(|| Name { text: name.to_owned(), range: start + from..start + from + name.len() });
        }
        at = dot + 1;
    }
    None
}

/// PostgREST's operators.
pub const OPERATORS: &[&str] = &[
    "eq",
    "neq",
    "gt",
    "gte",
    "lt",
    "lte",
    "like",
    "ilike",
    "match",
    "imatch",
    "in",
    "is",
    "isdistinct",
    "fts",
    "plfts",
    "phfts",
    "wfts",
    "cs",
    "cd",
    "ov",
    "sl",
    "sr",
    "nxr",
    "nxl",
    "adj",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        let all = columns(text);
        for n in &all {
            assert_eq!(text[n.range.clone()], n.text);
        }
        all.into_iter().map(|n| n.text).collect()
    }

    #[test]
    fn conditions_groups_and_values() {
        assert_eq!(names("a.eq.1,and(b.gt.2,c.not.is.null)"), ["a", "b", "c"]);
        assert_eq!(names("status.in.(new,open.eq),owner.is.null"), ["status", "owner"]);
        assert_eq!(names("tags.cs.{a.eq.b,c},name.ilike.%x.y%"), ["tags", "name"]);
        assert_eq!(names("name.eq.\"a,b.eq.c\", id.eq.2"), ["name", "id"]);
        assert_eq!(names("data->>kind.eq.x,not.and(a.gte.0,b.lte.9)"), ["data", "a", "b"]);
        assert_eq!(names("customers.tier.eq.gold"), ["customers.tier"]);
        assert_eq!(names("no conditions here"), [""; 0]);
    }
}
