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
        Family::Timestamp => Some(short(&instant(text).unwrap_or_else(|| text.to_owned()))),
        Family::Date if text.trim().eq_ignore_ascii_case("epoch") => Some("1970-01-01".to_owned()),
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

/// An array of plain texts or numbers as `array_out` prints it: no blanks between the elements, quotes where they are needed. `None` for what is nested or escaped.
pub(super) fn array(text: &str) -> Option<String> {
    let inner = text.trim().strip_prefix('{')?.strip_suffix('}')?;
    if inner.trim().is_empty() {
        return Some("{}".to_owned());
    }
    if inner.contains(['{', '}', '\\']) {
        return None;
    }
    let (mut elements, mut rest) = (Vec::new(), inner);
    loop {
        rest = rest.trim_start();
        let (element, after) = match rest.strip_prefix('"') {
            Some(quoted) => {
                let (element, after) = quoted.split_once('"')?;
                (quote_element(element), after.trim_start())
            }
            None => {
                let end = rest.find(',').unwrap_or(rest.len());
                let element = rest[..end].trim_end();
                if element.is_empty() || element.contains('"') {
                    return None;
                }
                let null = element.eq_ignore_ascii_case("null");
                (if null { "NULL".to_owned() } else { quote_element(element) }, &rest[end..])
            }
        };
        elements.push(element);
        match after.strip_prefix(',') {
            Some(more) => rest = more,
            None if after.is_empty() => return Some(format!("{{{}}}", elements.join(","))),
            None => return None,
        }
    }
}

fn quote_element(element: &str) -> String {
    let plain = !element.is_empty() && !element.eq_ignore_ascii_case("null") && !element.contains([',', '"']) && !element.contains(char::is_whitespace);
    if plain { element.to_owned() } else { format!("\"{element}\"") }
}

/// jsonb keeps the value: keys by length, then by bytes; one space behind `:` and `,`. PostgreSQL keeps the digits of numbers as they were written: where we would
/// not, the text is left as it is.
fn jsonb(text: &str) -> Option<String> {
    let value: serde_json::Value = serde_json::from_str(text).ok()?;
    let mut out = String::new();
    let written = |number: &str| text.split(|c: char| !matches!(c, '0'..='9' | '.' | 'e' | 'E' | '+' | '-')).any(|token| token == number);
    write_json(&mut out, &value, &written)?;
    Some(out)
}

fn write_json(out: &mut String, value: &serde_json::Value, written: &dyn Fn(&str) -> bool) -> Option<()> {
    match value {
        serde_json::Value::Number(n) if !n.is_i64() && (n.to_string().contains(['e', 'E']) || !written(&n.to_string())) => return None,
        serde_json::Value::Array(items) => {
            out.push('[');
            for (n, item) in items.iter().enumerate() {
                out.push_str(if n > 0 { ", " } else { "" });
                write_json(out, item, written)?;
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
                write_json(out, item, written)?;
            }
            out.push('}');
        }
        scalar => out.push_str(&scalar.to_string()),
    }
    Some(())
}

/// `2020-01-01` → `2020-01-01 00:00:00`; other ISO forms stay.
fn timestamp(text: &str) -> Option<String> {
    if text.trim().eq_ignore_ascii_case("epoch") {
        return Some("1970-01-01 00:00:00".to_owned());
    }
    let shape: Vec<u8> = text.bytes().map(|b| if b.is_ascii_digit() { b'0' } else { b }).collect();
    match shape.as_slice() {
        b"0000-00-00" => Some(format!("{text} 00:00:00")),
        b"0000-00-00T00:00:00" => Some(text.replace('T', " ")),
        b"0000-00-00 00:00" => Some(format!("{text}:00")),
        _ => None,
    }
}

/// A moment with or without an offset in UTC: `2024-06-01T12:00+02` → `2024-06-01 10:00:00`. Names of zones would need the tables of their offsets.
fn instant(text: &str) -> Option<String> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("epoch") {
        return Some("1970-01-01 00:00:00".to_owned());
    }
    let number = |s: &str, digits: usize| if s.len() == digits && s.bytes().all(|b| b.is_ascii_digit()) { s.parse::<i64>().ok() } else { None };
    let (date, rest) = (text.get(..10)?, text.get(10..)?);
    let mut parts = date.split('-');
    let (year, month, day) = (number(parts.next()?, 4)?, number(parts.next()?, 2)?, number(parts.next()?, 2)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let rest = rest.strip_prefix(['T', 't', ' ']).unwrap_or(rest).trim();
    let clock_end = rest.find(|c: char| !c.is_ascii_digit() && c != ':' && c != '.').unwrap_or(rest.len());
    let (clock, zone) = (&rest[..clock_end], rest[clock_end..].trim());
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let mut seconds = 0;
    if !clock.is_empty() {
        let parts: Vec<i64> = clock.split(':').map(|p| number(p, 2)).collect::<Option<_>>()?;
        let (2..=3, true) = (parts.len(), parts[0] < 24 && parts.iter().all(|p| *p < 60)) else { return None };
        seconds = parts[0] * 3600 + parts[1] * 60 + parts.get(2).copied().unwrap_or(0);
    }
    let days = days(year, month, day) + (seconds - offset(zone)?).div_euclid(86_400);
    let seconds = (seconds - offset(zone)?).rem_euclid(86_400);
    let (year, month, day) = date_of(days);
    let fraction = fraction.trim_end_matches('0');
    let fraction = if fraction.is_empty() { String::new() } else { format!(".{fraction}") };
    Some(format!("{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}{fraction}", seconds / 3600, seconds / 60 % 60, seconds % 60))
}

/// Seconds that an offset is ahead of UTC: nothing, `Z`, `UTC`, `+02`, `+02:00`, `-0530`.
fn offset(zone: &str) -> Option<i64> {
    if zone.is_empty() || ["z", "utc", "gmt"].contains(&zone.to_ascii_lowercase().as_str()) {
        return Some(0);
    }
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let digits: String = zone.strip_prefix(['+', '-'])?.chars().filter(|c| *c != ':').collect();
    let value: i64 = digits.parse().ok().filter(|n| *n >= 0)?;
    match digits.len() {
        1 | 2 => Some(sign * value * 3600),
        4 => Some(sign * (value / 100 * 3600 + value % 100 * 60)),
        _ => None,
    }
}

/// Days from 1970-01-01 (<https://howardhinnant.github.io/date_algorithms.html>, `days_from_civil`).
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The date so many days behind 1970-01-01 (`civil_from_days`, same source).
fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days - era * 146_097;
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

/// A number without exponent, as `numeric_out` prints it: `-1.5e-7` → `-0.00000015`. What would be longer than a line stays.
pub(super) fn plain(text: &str) -> String {
    let written = || -> Option<String> {
        let (mantissa, exponent) = text.split_once(['e', 'E'])?;
        let exponent: i32 = exponent.trim_start_matches('+').parse().ok().filter(|e: &i32| e.abs() <= 60)?;
        let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{part}");
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let point = i32::try_from(whole.len()).ok()? + exponent;
        let places = usize::try_from(point.max(0)).ok()?;
        let out = if point <= 0 {
            format!("0.{}{digits}", "0".repeat(usize::try_from(-point).ok()?))
        } else if places >= digits.len() {
            format!("{digits}{}", "0".repeat(places - digits.len()))
        } else {
            format!("{}.{}", &digits[..places], &digits[places..])
        };
        let (whole, part) = out.split_once('.').map_or((out.as_str(), None), |(w, p)| (w, Some(p)));
        let whole = whole.trim_start_matches('0');
        let whole = if whole.is_empty() { "0" } else { whole };
        Some(part.map_or_else(|| whole.to_owned(), |p| format!("{whole}.{p}")))
    };
    written().unwrap_or_else(|| text.to_owned())
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
