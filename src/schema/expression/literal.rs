//! Literals as PostgreSQL prints them back: it reads a constant at once and keeps the value, not the text.

use crate::schema::types::Family;

/// The text that the output function of a type gives for a literal, where we know it; else the literal as it is.
pub(super) fn canonical(text: &str, family: &Family, ty: &str) -> String {
    match family {
        Family::Uuid => uuid(text),
        Family::Json if ty == "jsonb" => jsonb(text),
        Family::Interval => interval(text),
        Family::Timestamp if ty == "timestamp" => timestamp(text),
        // Printed in the session's time zone, which for us is UTC.
        Family::Timestamp => Some(short(text)),
        Family::Time if ty == "time" => time(text),
        _ => None,
    }
    .unwrap_or_else(|| text.to_owned())
}

/// `true` or `false` as `boolin` reads it.
pub(super) fn boolean(text: &str) -> Option<bool> {
    let lower = text.trim().to_ascii_lowercase();
    let prefix = |word: &str, least: usize| lower.len() >= least && word.starts_with(&lower);
    if prefix("true", 1) || prefix("yes", 1) || prefix("on", 2) || lower == "1" {
        Some(true)
    } else if prefix("false", 1) || prefix("no", 1) || prefix("off", 2) || lower == "0" {
        Some(false)
    } else {
        None
    }
}

/// Whether the text is a plain decimal number.
pub(super) fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, part) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    digits(whole) && digits(part)
}

/// A decimal number as `float8out` prints it: the shortest text of its value. Very large and very small ones get an exponent there and are left as they are.
pub(super) fn float(text: &str) -> Option<String> {
    let value: f64 = text.parse().ok().filter(|_| is_number(text))?;
    let plain = value == 0.0 || (1e-4..1e15).contains(&value.abs());
    plain.then(|| value.to_string())
}

fn uuid(text: &str) -> Option<String> {
    let hex: String = text.trim_matches(['{', '}', ' ']).chars().filter(|c| *c != '-').collect::<String>().to_ascii_lowercase();
    let valid = hex.len() == 32 && hex.bytes().all(|b| b.is_ascii_hexdigit());
    valid.then(|| format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]))
}

/// jsonb keeps the value: keys by length, then by bytes; one space behind `:` and `,`. Numbers are left to those that are plain integers, since
/// PostgreSQL keeps the digits of the others as they were written and we would not.
fn jsonb(text: &str) -> Option<String> {
    let value: serde_json::Value = serde_json::from_str(text).ok()?;
    let mut out = String::new();
    write_json(&mut out, &value)?;
    Some(out)
}

fn write_json(out: &mut String, value: &serde_json::Value) -> Option<()> {
    match value {
        serde_json::Value::Number(n) if !n.is_i64() => return None,
        serde_json::Value::Array(items) => {
            out.push('[');
            for (n, item) in items.iter().enumerate() {
                out.push_str(if n > 0 { ", " } else { "" });
                write_json(out, item)?;
            }
            out.push(']');
        }
        serde_json::Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by(|a, b| (a.0.len(), a.0).cmp(&(b.0.len(), b.0)));
            out.push('{');
            for (n, (key, item)) in entries.into_iter().enumerate() {
                out.push_str(if n > 0 { ", " } else { "" });
                out.push_str(&serde_json::Value::String(key.clone()).to_string());
                out.push_str(": ");
                write_json(out, item)?;
            }
            out.push('}');
        }
        scalar => out.push_str(&scalar.to_string()),
    }
    Some(())
}

/// `2020-01-01` → `2020-01-01 00:00:00`; other ISO forms stay.
fn timestamp(text: &str) -> Option<String> {
    let shape: Vec<u8> = text.bytes().map(|b| if b.is_ascii_digit() { b'0' } else { b }).collect();
    match shape.as_slice() {
        b"0000-00-00" => Some(format!("{text} 00:00:00")),
        b"0000-00-00T00:00:00" => Some(text.replace('T', " ")),
        b"0000-00-00 00:00" => Some(format!("{text}:00")),
        _ => None,
    }
}

/// `10:00` → `10:00:00`
fn time(text: &str) -> Option<String> {
    let shape: Vec<u8> = text.bytes().map(|b| if b.is_ascii_digit() { b'0' } else { b }).collect();
    (shape == b"00:00").then(|| format!("{text}:00"))
}

/// A moment without the parts that say nothing: where a literal stands without its type, midnight is not told from the day, nor UTC from no zone.
pub(super) fn short(text: &str) -> String {
    let day = |head: &str| head.len() == 10 && head.bytes().enumerate().all(|(n, b)| if n == 4 || n == 7 { b == b'-' } else { b.is_ascii_digit() });
    let utc = text.strip_suffix("+00").filter(|t| t.get(..10).is_some_and(day) && t.len() >= 19).unwrap_or(text);
    match utc.strip_suffix(" 00:00:00") {
        Some(head) if day(head) => head.to_owned(),
        _ => utc.to_owned(),
    }
}

/// `1 hour` → `01:00:00`, `2 weeks` → `14 days` (the output style `postgres`, which is the default).
fn interval(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let (mut months, mut days, mut seconds) = (0i64, 0i64, 0i64);
    let mut n = 0;
    while n < words.len() {
        if words[n].contains(':') {
            let parts: Option<Vec<i64>> = words[n].split(':').map(|p| p.parse().ok().filter(|n| *n >= 0)).collect();
            let parts = parts.filter(|p| (2..=3).contains(&p.len()))?;
            seconds =
                seconds.checked_add(parts[0].checked_mul(3600)?)?.checked_add(parts[1].checked_mul(60)?)?.checked_add(parts.get(2).copied().unwrap_or(0))?;
            n += 1;
            continue;
        }
        let digits = words[n].bytes().take_while(|b| b.is_ascii_digit() || *b == b'-').count();
        let count: i64 = words[n][..digits].parse().ok()?;
        let unit = if digits < words[n].len() {
            &words[n][digits..]
        } else {
            n += 1;
            words.get(n)?
        };
        n += 1;
        let unit = unit.to_ascii_lowercase();
        let (field, factor) = match unit.trim_end_matches('s') {
            "year" | "y" | "yr" => (&mut months, 12),
            "month" | "mon" => (&mut months, 1),
            "week" | "w" => (&mut days, 7),
            "day" | "d" => (&mut days, 1),
            "hour" | "h" | "hr" => (&mut seconds, 3600),
            "minute" | "min" | "m" => (&mut seconds, 60),
            "second" | "sec" | "" => (&mut seconds, 1),
            _ => return None,
        };
        *field = field.checked_add(count.checked_mul(factor)?)?;
    }
    if words.is_empty() || months < 0 || days < 0 || seconds < 0 {
        return None;
    }
    let mut out = Vec::new();
    let mut part = |count: i64, name: &str| {
        if count > 0 {
            out.push(format!("{count} {name}{}", if count == 1 { "" } else { "s" }));
        }
    };
    part(months / 12, "year");
    part(months % 12, "mon");
    part(days, "day");
    if seconds > 0 || out.is_empty() {
        out.push(format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60));
    }
    Some(out.join(" "))
}
