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

/// Text for one line of a terminal: hidden characters become `\u{…}`, as Rust writes them; line ends `\n`.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hidden) {
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
    if text.chars().all(stays) {
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
    if !text.contains("::") && !text.contains("##") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let body = line.trim_start();
        if let Some(rest) = body.strip_prefix("::") {
            out.push_str(&line[..line.len() - body.len()]);
            out.push_str(": ");
            out.push_str(&rest.replace("##", "# "));
        } else {
            out.push_str(&line.replace("##[", "# [").replace("##vso[", "# vso["));
        }
    }
    Cow::Owned(out)
}

/// The same for JSON text: inside its strings `#` may be written as an escape, and outside them there is none.
pub fn json_no_commands(text: &str) -> String {
    text.replace("##[", "#\\u0023[").replace("##vso[", "#\\u0023vso[")
}

/// The data of a GitHub command.
pub fn github_data(text: &str) -> String {
    let text = text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    text.replace("##", "# ").chars().map(|c| if is_hidden(c) { '\u{fffd}' } else { c }).collect()
}

/// A property of a GitHub command.
pub fn github_property(text: &str) -> String {
    github_data(text).replace(':', "%3A").replace(',', "%2C")
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
    }

    #[test]
    fn markdown_cannot_break_out_of_its_cell() {
        assert_eq!(markdown("a|b`<img>@me\nx"), "a\\|b\\`&lt;img&gt;&#64;me\\\\nx");
    }
}
