//! Bytes into text.
//!
//! A UTF-8 file keeps its bytes (and its byte order mark), so spans are offsets on disk. Python files may declare another encoding
//! (PEP 263); those that are known here are turned into UTF-8, and spans are then offsets in that.

use std::fmt;

use crate::source::Language;

/// A file's text and how it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// As UTF-8.
    pub text: String,
    /// As what it stands on disk. Anything but UTF-8 must not be written back from `text`.
    pub encoding: Encoding,
}

/// Encodings that are understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8 with or without a byte order mark; ASCII.
    Utf8,
    /// ISO 8859-1
    Latin1,
    /// Windows-1252
    Windows1252,
}

/// Why bytes are no text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undecodable {
    /// A byte order mark says UTF-16.
    Utf16,
    /// A byte order mark says UTF-32.
    Utf32,
    /// Holds a NUL byte, first at that offset.
    Binary(usize),
    /// Declares an encoding that is not known here, and needs it at that offset.
    Unknown(String, usize),
    /// Declares ASCII or UTF-8, or nothing, and is something else from that offset on.
    Invalid(usize),
}

impl fmt::Display for Undecodable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Utf16 => write!(f, "the file is UTF-16; save it as UTF-8"),
            Self::Utf32 => write!(f, "the file is UTF-32; save it as UTF-8"),
            Self::Binary(at) => write!(f, "the file is not text (NUL at byte {at})"),
            Self::Unknown(name, at) => write!(f, "the file's encoding `{name}` is not supported (byte {at}); save it as UTF-8"),
            Self::Invalid(at) => write!(f, "the file is not UTF-8 (byte {at})"),
        }
    }
}

/// The text of a file.
///
/// # Errors
/// When the bytes are no text in an encoding that is known here.
pub fn decode(bytes: Vec<u8>, language: Language) -> Result<Decoded, Undecodable> {
    // UTF-32's mark begins with UTF-16's.
    if bytes.starts_with(&[0xFF, 0xFE, 0, 0]) || bytes.starts_with(&[0, 0, 0xFE, 0xFF]) {
        return Err(Undecodable::Utf32);
    }
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        return Err(Undecodable::Utf16);
    }
    if let Some(at) = memchr::memchr(0, &bytes) {
        return Err(Undecodable::Binary(at));
    }
    let cookie = if language == Language::Python && !bytes.starts_with(b"\xEF\xBB\xBF") { cookie(&bytes) } else { None };
    match cookie.as_deref() {
        Some("iso-8859-1" | "iso8859-1" | "8859" | "latin-1" | "latin1" | "latin" | "l1" | "cp819" | "iso-latin-1") => {
            Ok(Decoded { text: bytes.iter().map(|&b| b as char).collect(), encoding: Encoding::Latin1 }.or_utf8(&bytes))
        }
        Some("cp1252" | "windows-1252" | "1252") => {
            Ok(Decoded { text: bytes.iter().map(|&b| windows_1252(b)).collect(), encoding: Encoding::Windows1252 }.or_utf8(&bytes))
        }
        known => String::from_utf8(bytes).map(|text| Decoded { text, encoding: Encoding::Utf8 }).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            match known {
                Some(name) if !matches!(name, "utf-8" | "utf8" | "utf-8-sig" | "u8" | "ascii" | "us-ascii") => Undecodable::Unknown(name.to_owned(), at),
                _ => Undecodable::Invalid(at),
            }
        }),
    }
}

impl Decoded {
    /// Plain ASCII is UTF-8 whatever it declares.
    fn or_utf8(mut self, bytes: &[u8]) -> Self {
        if bytes.is_ascii() {
            self.encoding = Encoding::Utf8;
        }
        self
    }
}

/// The encoding that a comment in the first two lines declares, in lower case with `-` for `_`.
///
/// After PEP 263: a comment alone on its line that matches `coding[:=]\s*([-\w.]+)`; the second line counts only behind a comment or an empty line.
fn cookie(bytes: &[u8]) -> Option<String> {
    for line in bytes.split(|&b| b == b'\n').take(2) {
        let body = line.trim_ascii_start();
        if !body.is_empty() && body[0] != b'#' {
            return None;
        }
        let mut from = 0;
        while let Some(found) = memchr::memmem::find(&body[from..], b"coding") {
            from += found + b"coding".len();
            let Some(b':' | b'=') = body.get(from) else { continue };
            let value = body[from + 1..].trim_ascii_start();
            let len = value.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.')).count();
            if len > 0 {
                return Some(String::from_utf8_lossy(&value[..len]).to_ascii_lowercase().replace('_', "-"));
            }
        }
    }
    None
}

/// Windows-1252 after the WHATWG encoding standard: the five unassigned bytes are C1 controls.
fn windows_1252(byte: u8) -> char {
    const HIGH: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8D}', 'Ž', '\u{8F}', '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™',
        'š', '›', 'œ', '\u{9D}', 'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9F => HIGH[byte as usize - 0x80],
        _ => byte as char,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn python(bytes: &[u8]) -> Result<String, Undecodable> {
        decode(bytes.to_vec(), Language::Python).map(|d| d.text)
    }

    #[test]
    fn utf8_keeps_its_bytes() {
        assert_eq!(python("\u{FEFF}é = 1".as_bytes()), Ok("\u{FEFF}é = 1".to_owned()));
    }

    #[test]
    fn declared_encodings() {
        assert_eq!(python(b"# -*- coding: latin-1 -*-\n'\xE9'"), Ok("# -*- coding: latin-1 -*-\n'é'".to_owned()));
        assert_eq!(python(b"#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\n'\x80'").map(|t| t.ends_with("'€'")), Ok(true));
        assert_eq!(python(b"# coding: ascii\n'\xE9'"), Err(Undecodable::Invalid(17)));
        assert_eq!(python(b"# coding: koi8-r\n'\xE9'"), Err(Undecodable::Unknown("koi8-r".to_owned(), 18)));
        assert!(python(b"# coding: koi8-r\n'a'").is_ok(), "nothing but ASCII in it");
        assert_eq!(python(b"\n\n# coding: latin-1\n'\xE9'"), Err(Undecodable::Invalid(21)), "too far down");
        assert_eq!(python(b"x = 1\n# coding: latin-1\n'\xE9'"), Err(Undecodable::Invalid(25)), "behind code");
        assert!(decode(b"# coding: latin-1\n\xE9".to_vec(), Language::Sql).is_err(), "only Python has it");
    }

    #[test]
    fn what_is_no_text_is_named() {
        assert_eq!(python(b"\xFF\xFEa\0"), Err(Undecodable::Utf16));
        assert_eq!(python(b"\xFE\xFF\0a"), Err(Undecodable::Utf16));
        assert_eq!(python(b"\xFF\xFE\0\0a\0\0\0"), Err(Undecodable::Utf32));
        assert_eq!(python(b"ab\0"), Err(Undecodable::Binary(2)));
        assert_eq!(python(b"a\xFF"), Err(Undecodable::Invalid(1)));
        assert_eq!(python(&vec![0; 1 << 20]), Err(Undecodable::Binary(0)));
    }
}
