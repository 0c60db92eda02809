//! Which constants a built-in type cannot read.
//!
//! PostgreSQL's input functions are generous, and newer versions read more: what is called unreadable here is so in every version (`src/backend/utils/adt`:
//! `numutils.c`, `numeric.c`, `float.c`, `bool.c`, `uuid.c`, `datetime.c`, `jsonapi.c`, `arrayfuncs.c`, `rangetypes.c`, `rowtypes.c`).

use super::types::Type;

/// What is wrong with the constant, to be said behind "which"; `None` where it may be read.
pub(super) fn unreadable(ty: &Type, text: &str) -> Option<&'static str> {
    let bare = text.trim_matches(|c: char| c.is_ascii_whitespace() || c == '\x0b');
    match ty {
        Type::Base(name) => {
            if is_template(name, bare) {
                return None;
            }
            base(name, text, bare)
        }
        Type::Array(_) => (!bare.starts_with(['{', '[']) && !is_template("", bare)).then_some("is no array (`{…}`)"),
        Type::Row(_) => (!bare.starts_with('(') && !is_template("", bare)).then_some("is no row (`(…)`)"),
        Type::Unknown | Type::Literal | Type::Enum(_) | Type::Record(_) => None,
    }
}

/// Something is put in there before the text reaches a database, or it stands for a value in an example.
fn is_template(ty: &str, text: &str) -> bool {
    let marked = |marks: &[&str]| marks.iter().any(|m| text.contains(m));
    if matches!(ty, "json" | "jsonb") {
        return marked(&["%s", "%(", "%d", "${", "{{", "{%", "..."])
            || text == "{}"
            || (text.starts_with('{') && text.ends_with('}') && !text.contains(['"', '\'']));
    }
    marked(&["%", "{", "$", "<", "?", "@", "#", "[", "...", "…", "__"]) || text.starts_with(':')
}

fn base(ty: &str, text: &str, bare: &str) -> Option<&'static str> {
    match ty {
        "smallint" => integer(bare, i128::from(i16::MIN), i128::from(i16::MAX)),
        "integer" => integer(bare, i128::from(i32::MIN), i128::from(i32::MAX)),
        "bigint" => integer(bare, i128::from(i64::MIN), i128::from(i64::MAX)),
        "oid" => (integer_digits(bare).is_none()).then_some("is no number"),
        "numeric" | "real" | "double precision" => (!is_number(bare)).then_some("is no number"),
        "boolean" => (!is_boolean(bare)).then_some("is neither true nor false"),
        "uuid" => (!is_uuid(text)).then_some("is no UUID"),
        "date" | "timestamp" | "timestamptz" => (!may_be_date(bare)).then_some("is no date"),
        "time" | "timetz" => (!has_digit_or(bare, &["now", "allballs", "today", "midnight", "noon"])).then_some("is no time of day"),
        "interval" => (!has_digit_or(bare, &["inf"])).then_some("is no interval"),
        "json" | "jsonb" => (!may_be_json(bare)).then_some("is no JSON"),
        "int4range" | "int8range" | "numrange" | "tsrange" | "tstzrange" | "daterange" => {
            let empty = bare.get(..5).is_some_and(|w| w.eq_ignore_ascii_case("empty"));
            (!empty && !bare.starts_with(['[', '('])).then_some("is no range")
        }
        _ => None,
    }
}

/// The digits of an integer without its sign, if it may be one: since version 16 also in other bases and with underscores.
fn integer_digits(bare: &str) -> Option<&str> {
    let digits = bare.strip_prefix(['+', '-']).unwrap_or(bare);
    let plain = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit() || b == b'_') && s.starts_with(|c: char| c.is_ascii_digit());
    let other = digits.len() > 2 && digits.get(..2).is_some_and(|p| ["0x", "0o", "0b"].iter().any(|w| p.eq_ignore_ascii_case(w)));
    let other = other && digits[2..].bytes().all(|b| b.is_ascii_hexdigit() || b == b'_');
    (plain(digits) || other).then_some(digits)
}

fn integer(bare: &str, least: i128, most: i128) -> Option<&'static str> {
    let Some(digits) = integer_digits(bare) else { return Some("is no integer") };
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let value = if digits.len() > 30 { i128::MAX } else { digits.parse::<i128>().unwrap_or(i128::MAX) };
    let value = if bare.starts_with('-') { -value } else { value };
    (value < least || value > most).then_some("is out of range")
}

/// Whether an integer written without quotes fits.
pub(super) fn fits(ty: &Type, number: &str, negative: bool) -> bool {
    let Type::Base(name) = ty else { return true };
    if !matches!(name.as_str(), "smallint" | "integer" | "bigint") || !number.bytes().all(|b| b.is_ascii_digit()) {
        return true;
    }
    base(name, "", &format!("{}{number}", if negative { "-" } else { "" })).is_none()
}

fn is_number(bare: &str) -> bool {
    if integer_digits(bare).is_some() {
        return true;
    }
    let lower = bare.strip_prefix(['+', '-']).unwrap_or(bare).to_ascii_lowercase();
    if lower.starts_with("nan") || lower.starts_with("inf") || lower.starts_with("0x") {
        return true;
    }
    let (mantissa, exponent) = match lower.split_once('e') {
        Some((m, e)) => (m.to_owned(), Some(e.to_owned())),
        None => (lower.clone(), None),
    };
    let digit = |b: u8| b.is_ascii_digit() || b == b'_';
    let whole = mantissa.bytes().any(|b| b.is_ascii_digit()) && mantissa.bytes().all(|b| digit(b) || b == b'.') && mantissa.matches('.').count() <= 1;
    whole && exponent.is_none_or(|e| integer_digits(&e).is_some())
}

fn is_boolean(bare: &str) -> bool {
    let word = bare.to_ascii_lowercase();
    let begins = |all: &str| !word.is_empty() && all.starts_with(&word);
    begins("true") || begins("false") || begins("yes") || begins("no") || matches!(word.as_str(), "on" | "of" | "off" | "1" | "0")
}

/// `string_to_uuid`: 32 digits, a hyphen allowed after each fourth, braces around it; no spaces.
fn is_uuid(text: &str) -> bool {
    let inner = match text.strip_prefix('{') {
        Some(rest) => match rest.strip_suffix('}') {
            Some(inner) => inner,
            None => return false,
        },
        None => text,
    };
    let mut digits = 0;
    let mut hyphen = false;
    for b in inner.bytes() {
        match b {
            b'-' if digits > 0 && digits % 4 == 0 && digits < 32 && !hyphen => hyphen = true,
            _ if b.is_ascii_hexdigit() => {
                digits += 1;
                hyphen = false;
            }
            _ => return false,
        }
    }
    digits == 32 && !hyphen
}

fn has_digit_or(bare: &str, words: &[&str]) -> bool {
    let lower = bare.to_ascii_lowercase();
    lower.bytes().any(|b| b.is_ascii_digit()) || words.iter().any(|w| lower.contains(w))
}

/// Dates are written in too many ways: only what has no digit and no word for a day, and what begins `2024-13-45`, is none.
fn may_be_date(bare: &str) -> bool {
    let special = ["now", "today", "tomorrow", "yesterday", "epoch", "inf", "allballs", "current", "invalid"];
    if !has_digit_or(bare, &special) {
        return false;
    }
    let bytes = bare.as_bytes();
    let number = |from: usize, to: usize| bare.get(from..to).filter(|s| s.bytes().all(|b| b.is_ascii_digit())).and_then(|s| s.parse::<u32>().ok());
    let iso = bytes.get(4) == Some(&b'-') && bytes.get(7) == Some(&b'-') && matches!(bytes.get(10), None | Some(b' ' | b'T'));
    let (true, Some(year), Some(month), Some(day)) = (iso, number(0, 4), number(5, 7), number(8, 10)) else { return true };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 if leap || bare.len() > 10 => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    // `0044-02-29 BC` is counted differently
    (1..=12).contains(&month) && day >= 1 && day <= days
}

fn may_be_json(bare: &str) -> bool {
    // what is no Unicode is told apart by type and version
    if bare.contains("\\u") {
        return true;
    }
    match serde_json::from_str::<serde::de::IgnoredAny>(bare) {
        Ok(_) => true,
        Err(error) => error.to_string().contains("recursion"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn reads(ty: &str, texts: &[&str]) {
        for text in texts {
            assert_eq!(unreadable(&Type::base(ty), text), None, "{ty} {text:?}");
        }
    }

    #[track_caller]
    fn refuses(ty: &str, texts: &[&str]) {
        for text in texts {
            assert!(unreadable(&Type::base(ty), text).is_some(), "{ty} {text:?}");
        }
    }

    /// Each line asked of PostgreSQL 15 and 18, or read by one of them only.
    #[test]
    fn what_types_read() {
        reads("integer", &["1", " -7 ", "+3", "0x1F", "1_000", "2147483647", "%s", "{id}", ":id", "$1"]);
        refuses("integer", &["", "abc", "1.5", "1e3", "2147483648", "1 2", "--1", "'1'", "12a"]);
        refuses("smallint", &["32768", "-32769"]);
        reads("bigint", &["-9223372036854775808"]);
        refuses("bigint", &["9223372036854775808", "99999999999999999999999999999999999999999"]);
        reads("numeric", &["1", ".5", "1.", "-1.5e-7", "NaN", "inf", "-Infinity", " 3 "]);
        refuses("numeric", &["", "abc", "1,5", "1.2.3", "e5", "- 1"]);
        reads("boolean", &["t", "TRUE", "tru", "y", "on", "of", "off", "0", " no "]);
        refuses("boolean", &["", "maybe", "o", "2", "truee", "active"]);
        reads(
            "uuid",
            &[
                "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
                "A0EEBC999C0B4EF8BB6D6BB9BD380A11",
                "{a0eebc99-9c0b4ef8-bb6d6bb9-bd380a11}",
                "a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11",
                "<uuid>",
            ],
        );
        refuses("uuid", &["", "abc", " a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11-"]);
        reads("date", &["2024-02-29", "now", "Jan 8 1999", "epoch", "-infinity", "20240101", "2024-1-5", "0044-03-15 BC", "2024-01-01T10:00"]);
        refuses("date", &["", "abc", "2024-13-01", "2023-02-29", "2024-00-10", "2024-04-31"]);
        refuses("timestamptz", &["never", "2024-02-30 10:00:00+00"]);
        reads("interval", &["1 day", "P1D", "infinity", "-00:01"]);
        refuses("interval", &["", "day", "badly formatted interval"]);
        reads("jsonb", &["{}", "[1, 2.5e3]", " null ", "\"x\"", "{\"a\": [true]}", "\"\\ud83dX\"", "{name}", "{\"a\": %s}"]);
        refuses("jsonb", &["", "abc", "{\"a\"=1}", "[1,2", "{'a': 1}", "nul", "01", "1 2"]);
        reads("int4range", &["[1,2)", "empty", " (,3]"]);
        refuses("int4range", &["1,2", "", "none"]);
        assert!(unreadable(&Type::Array(std::rc::Rc::new(Type::base("text"))), "a,b").is_some());
        assert!(fits(&Type::base("smallint"), "32768", true) && !fits(&Type::base("smallint"), "32768", false));
    }
}
