//! Names inside an expression's text, without parsing it: enough to follow a renamed or dropped column.

use crate::schema::lock::line::take_identifier;
use crate::schema::lock::quote;

/// The text with every mention of the column `old` called `new`.
pub fn rename(text: &str, old: &str, new: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for (start, end, name) in identifiers(text) {
        if name == old {
            out.push_str(&text[from..start]);
            out.push_str(&quote(new));
            from = end;
        }
    }
    out.push_str(&text[from..]);
    out
}

/// Every name in the text that `known` takes for a column, each once, in the order of the first mention.
pub fn columns(text: &str, known: impl Fn(&str) -> bool) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for (_, _, name) in identifiers(text) {
        if known(&name) && !out.contains(&name) {
            out.push(name);
        }
    }
    out
}

/// Bytes and stored names of all identifiers that may be columns: no functions, types or literals.
fn identifiers(text: &str) -> Vec<(usize, usize, String)> {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'\'' => {
                at += 1;
                while at < bytes.len() && bytes[at] != b'\'' {
                    at += 1;
                }
                at += 1;
            }
            b'0'..=b'9' | b'.' => at += bytes[at..].iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'.').count().max(1),
            b if b == b'"' || b.is_ascii_alphabetic() || b == b'_' || b >= 0x80 => {
                let Some((name, rest)) = take_identifier(&text[at..]) else { break };
                let end = text.len() - rest.len();
                let is_type = text[..at].ends_with("::");
                let is_call = rest.starts_with('(');
                if !is_type && !is_call {
                    out.push((at, end, if b == b'"' { name } else { name.to_lowercase() }));
                }
                at = end;
            }
            _ => at += 1,
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_renamed_but_nothing_else() {
        assert_eq!(rename("a > 0 and a(a) = 'a'::a and \"A\" = a1", "a", "B b"), "\"B b\" > 0 and a(\"B b\") = 'a'::a and \"A\" = a1");
        assert_eq!(columns("lower(b) = 'c' and a > b", |n| n.len() == 1), ["b", "a"]);
    }
}
