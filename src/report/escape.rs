//! One place for every kind of escaping, so that no name in a repository can speak for us.
//!
//! A file or a column may be called anything: terminal sequences, right-to-left overrides, lines that a CI runner obeys.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Characters that are invisible or that move what follows: controls, bidirectional marks, zero-width ones, line separators, tags.
pub fn is_hidden(c: char) -> bool {
    matches!(c,
        '\0'..='\x1f' | '\x7f'..='\u{9f}' | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Characters that a comparison by culture does not see. GitHub's runner looks for `::` and `##[` with such comparisons
/// (`string.StartsWith`, `string.IndexOf` of .NET), so what stands between the two signs of a mark does not part them.
pub fn is_ignorable(c: char) -> bool {
    is_hidden(c)
        || matches!(c,
            '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0100}'..='\u{e01ef}')
}

/// Whether a text is nothing but visible characters of ASCII, as most are.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b' '..=b'~'))
}

/// Text for one line of a terminal: hidden characters become `\u{…}`, as Rust writes them; line ends `\n`.
pub fn visible(text: &str) -> Cow<'_, str> {
    if is_plain(text) || !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_hidden(c) { out.extend(c.escape_default()) } else { out.push(c) }
    }
    Cow::Owned(out)
}

/// Source text for a snippet: hidden characters become visible ones of the same length in bytes, so that spans stay right.
/// Line ends and tabs stay; a lone `\r` ends a line too.
pub fn visible_same_length(text: &str) -> Cow<'_, str> {
    let stays = |c: char| matches!(c, '\n' | '\t') || !is_hidden(c);
    if text.bytes().all(|b| matches!(b, b' '..=b'~' | b'\n' | b'\t')) || text.chars().all(stays) {
        return Cow::Borrowed(text);
    }
    let mut next = text.chars().skip(1);
    let stand_in = |c: char| match c.len_utf8() {
        1 => '?',
        2 => '¿',
        3 => '\u{fffd}',
        _ => '🛑',
    };
    let show = |c: char| match (c, next.next()) {
        ('\r', Some('\n')) => c,
        ('\r', _) => '\n',
        (c, _) if stays(c) => c,
        _ => stand_in(c),
    };
    Cow::Owned(text.chars().map(show).collect())
}

/// Makes sure that no line of plain text reads as a command of GitHub Actions (`::cmd::` at a line's start, `##[cmd]` anywhere)
/// or Azure Pipelines (`##vso[`). Keeps the number of columns.
pub fn no_commands(text: &str) -> Cow<'_, str> {
    if !text.contains(':') && !text.contains('#') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let body = line.trim_start_matches(|c: char| c.is_whitespace() || is_ignorable(c));
        if seen(body).take(2).eq([':', ':']) {
            out.push_str(&line[..line.len() - body.len()]);
            out.push_str(": ");
            let second = body[1..].find(':').map_or(1, |at| at + 2);
            break_marks(&body[second..], &mut out);
        } else {
            break_marks(line, &mut out);
        }
    }
    Cow::Owned(out)
}

/// What a comparison by culture sees of a text.
fn seen(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().filter(|c| !is_ignorable(*c))
}

/// Copies a line; the second `#` of what begins `##[` or `##vso[` becomes a space.
fn break_marks(line: &str, out: &mut String) {
    if memchr::memchr(b'#', line.as_bytes()).is_none() {
        return out.push_str(line);
    }
    let mut open = false;
    for (at, c) in line.char_indices() {
        let rest = &line[at + c.len_utf8()..];
        let begins = |mark: &str| seen(rest).take(mark.len()).map(|c| c.to_ascii_lowercase()).eq(mark.chars());
        if c == '#' && open && (begins("[") || begins("vso[")) {
            out.push(' ');
            open = false;
            continue;
        }
        open = c == '#' || (open && is_ignorable(c));
        out.push(c);
    }
}

/// The same for JSON text: inside its strings `#` may be written as an escape, and outside them there is none.
pub fn json_no_commands(text: &str) -> String {
    // A `#` that another follows, whatever stands between them unseen, is one inside a string.
    let mut out = String::with_capacity(text.len());
    let mut open = false;
    for c in text.chars() {
        if c == '#' && open {
            out.push_str("\\u0023");
        } else if c != '\n' && is_hidden(c) {
            // A terminal would obey some of them.
            let mut units = [0; 2];
            c.encode_utf16(&mut units).iter().for_each(|unit| {
                let _ = write!(out, "\\u{unit:04x}");
            });
        } else {
            out.push(c);
        }
        open = c == '#' || (open && is_ignorable(c));
    }
    out
}

/// The data of a GitHub command.
pub fn github_data(text: &str) -> String {
    let text = text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    unmark(&text)
}

/// Without `##`, and without characters that are not seen: a command's own data is searched for commands of the older form too.
fn unmark(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '#' if out.ends_with('#') => out.push(' '),
            c if is_ignorable(c) => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// A property of a GitHub command.
pub fn github_property(text: &str) -> String {
    github_data(text).replace(':', "%3A").replace(',', "%2C")
}

/// The message of an Azure Pipelines command. `%AZP25` is the agent's own word for `%`.
pub fn azure_data(text: &str) -> String {
    let text = text.replace('%', "%AZP25").replace('\r', "%0D").replace('\n', "%0A");
    unmark(&text)
}

/// A property of an Azure Pipelines command.
pub fn azure_property(text: &str) -> String {
    azure_data(text).replace(';', "%3B").replace(']', "%5D")
}

/// Text inside Markdown, on one line, in a table cell too.
pub fn markdown(text: &str) -> String {
    let mut out = String::new();
    for c in visible(text).chars() {
        match c {
            '\\' | '|' | '`' | '*' | '_' | '[' | ']' | '#' | '~' | '!' => {
                out.push('\\');
                out.push(c);
            }
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // A zero-width space would be hidden again; the entity is not read as a mention.
            '@' => out.push_str("&#64;"),
            _ => out.push(c),
        }
    }
    out
}

/// Text as code inside Markdown, on one line: nothing in it is markup or a mention. Not for a table cell, which a `|` ends even there.
pub fn code(text: &str) -> String {
    let text = visible(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    let pad = if text.is_empty() || text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// Text or an attribute in XML 1.0, which has no way to write most control characters at all.
pub fn xml(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '#' => out.push_str("&#35;"),
            ':' if out.is_empty() || out.ends_with(':') => out.push_str("&#58;"),
            '\n' | '\r' | '\t' => {
                let _ = write!(out, "&#{};", c as u32);
            }
            c if is_hidden(c) || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_are_shown() {
        assert_eq!(visible("a\x1b[31mb\u{202e}"), "a\\u{1b}[31mb\\u{202e}");
        assert_eq!(visible_same_length("a\x1b\u{85}\u{202e}\u{e0001}é"), "a?¿\u{fffd}🛑é");
    }

    #[test]
    fn lines_are_not_commands() {
        assert_eq!(no_commands("  ::add-mask::x\nok ##[add-mask]y"), "  : add-mask::x\nok # [add-mask]y");
        assert_eq!(no_commands("a::b\n"), "a::b\n");
        assert_eq!(no_commands(":\u{fe0f}:error::x #\u{fe0f}#[group]"), ": error::x #\u{fe0f} [group]");
        assert_eq!(no_commands("###[group]# ##VSO[x]"), "## [group]# # VSO[x]");
    }

    #[test]
    fn markdown_cannot_break_out_of_its_cell() {
        assert_eq!(markdown("a|b`<img>@me\nx"), "a\\|b\\`&lt;img&gt;&#64;me\\\\nx");
        assert_eq!([code("a_b"), code("`a``b"), code("x\ny")], ["`a_b`", "``` `a``b ```", "`x\\ny`"]);
    }
}
