//! `file:` URIs and paths.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::discover::normalise;

/// The path of a `file:` URI; `None` for other schemes (`untitled:`, `git:`) and for what is no URI.
pub fn path(uri: &str) -> Option<PathBuf> {
    let rest = uri.get(..7).filter(|s| s.eq_ignore_ascii_case("file://")).map(|_| &uri[7..])?;
    // An authority may stand in front of the path; only this machine's files are ours.
    let slash = rest.find('/')?;
    if !matches!(&rest[..slash], "" | "localhost") {
        return None;
    }
    let encoded = rest[slash..].split(['?', '#']).next().unwrap_or_default();
    let bytes = decode(encoded)?;
    let path = native(bytes)?;
    path.is_absolute().then(|| normalise(&path, Path::new("/")))
}

/// Takes `%41` for `A`. `None` for a NUL, which no path holds.
fn decode(text: &str) -> Option<Vec<u8>> {
    let hex = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
    let (bytes, mut out, mut at) = (text.as_bytes(), Vec::with_capacity(text.len()), 0);
    while at < bytes.len() {
        let pair = (bytes[at] == b'%').then(|| Some(hex(*bytes.get(at + 1)?)? * 16 + hex(*bytes.get(at + 2)?)?)).flatten();
        out.push(pair.unwrap_or(bytes[at]));
        at += if pair.is_some() { 3 } else { 1 };
    }
    (!out.contains(&0)).then_some(out)
}

#[cfg(unix)]
fn native(bytes: Vec<u8>) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStringExt;
    Some(PathBuf::from(std::ffi::OsString::from_vec(bytes)))
}

#[cfg(not(unix))]
fn native(bytes: Vec<u8>) -> Option<PathBuf> {
    let text = String::from_utf8(bytes).ok()?;
    // `/c:/Users` is `c:\Users`.
    let drive = text.as_bytes().get(1).is_some_and(u8::is_ascii_alphabetic) && text.as_bytes().get(2) == Some(&b':');
    Some(PathBuf::from(if drive { text[1..].replace('/', "\\") } else { text }))
}

/// The URI of an absolute path.
pub fn of(path: &Path) -> String {
    let mut uri = String::from("file://");
    #[cfg(unix)]
    let bytes = std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str()).to_vec();
    #[cfg(not(unix))]
    let bytes = format!("/{}", path.to_string_lossy().replace('\\', "/")).into_bytes();
    for b in bytes {
        if b.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=:@".contains(&b) {
            uri.push(char::from(b));
        } else {
            let _ = write!(uri, "%{b:02X}");
        }
    }
    uri
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn paths_survive_being_uris() {
        for name in ["/a/b.py", "/with space/ü/100%.py", "/a#b?c.py", "/[x]/{y}.sql", "/a%20b.py"] {
            assert_eq!(path(&of(Path::new(name))), Some(PathBuf::from(name)), "{name}");
        }
        assert_eq!(path("file:///a%20b/c.py"), Some(PathBuf::from("/a b/c.py")));
        assert_eq!(path("FILE://localhost/a/../b.py"), Some(PathBuf::from("/b.py")));
        assert_eq!(path("file:///a%zz%2"), Some(PathBuf::from("/a%zz%2")), "no escape: as it stands");
        for bad in ["untitled:Untitled-1", "git:/a.py", "", "file://", "file://server/share/a.py", "file:///a%00b", "é", "file:/é"] {
            assert_eq!(path(bad), None, "{bad}");
        }
    }
}
